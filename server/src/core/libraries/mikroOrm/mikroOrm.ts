import type { ModelIr, ModelNames } from '../../hosts/ir';
import { callParts, spanOf, unwrap, wrapped } from '../../hosts/typescript/syntaxTools';
import type { HostLanguage, SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { rawStatements } from '../shared/rawText';
import { relationPairs } from '../shared/entityModel';
import { constantText, readObject, type ObjectValue } from '../shared/hostValues';
import { optionsChain } from '../shared/optionCalls';
import { bind, buildSql, concat, identifier, incomplete, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect } from '../shared/sqlClauses';
import { mikroBatch } from './mikroBatch';
import { isTerminal, renderBuilder } from './mikroBuilder';
import { addMikroLimit, addMikroOrder, addMikroPredicate, loadMikroRelation, mikroKeyset } from './mikroEdits';
import { renderFind } from './mikroFind';
import { dataloaderModel, findEntity } from './mikroNaming';
import { entityNamed, mikroReceiver, rowModel, type MikroReceiver } from './mikroReceiver';
import { createScope, entityColumns, tablePart } from './mikroScope';
import { renderWrite } from './mikroWrite';
import { textHolds } from '../shared/fileText';

const languages: readonly HostLanguage[] = ['typescript', 'tsx', 'javascript'];
const reads = /^(find|findAll|findOne|findOneOrFail|findAndCount|findByCursor|count)$/;
const writes = /^(insert|insertMany|upsert|upsertMany|nativeUpdate|nativeDelete)$/;
const lazy = /^(init|loadItems|loadCount|load|loadOrFail|loadProperty|matching)$/;
/** Packages for other databases; a file that names one and not Postgres' is not read. */
const ownDriver = /@mikro-orm\/postgresql/;
const foreignDriver = /['"]@mikro-orm\/(?:mysql|mariadb|sqlite|better-sqlite|libsql|mssql|mongodb|oracledb)['"]/;

/** MikroORM: entity managers, repositories, query builders, collections and references, raw statements. */
export const mikroOrmAdapter: LibraryAdapter = {
  id: 'mikro-orm',
  languages,
  marks: /mikro-orm|\bem\b|[rR]epo|\.(?:loadItems\(|loadCount\(|loadProperty\(|load\(\)|init\(\))/,
  recognise(call, context) {
    if (call.type !== 'call_expression' || (textHolds(context, foreignDriver) && !textHolds(context, ownDriver))) return undefined;
    return builderCall(call, context) ?? methodCall(call, context);
  },
  addPredicate: addMikroPredicate,
  toKeyset: mikroKeyset,
  addOrder: addMikroOrder,
  addLimit: addMikroLimit,
  batch: mikroBatch,
  loadRelation: loadMikroRelation,
};

type Place = Pick<SiteDraft, 'span' | 'anchor'>;

const opaque = (place: Place, rest: Pick<SiteDraft, 'confidence' | 'access' | 'fetches'> & Partial<SiteDraft>): SiteDraft => ({ library: 'mikro-orm', ...place, executes: 'yes', map: { segments: [] }, binds: [], conditional: [], complete: false, chain: [], eager: [], ...rest });

const built = (draft: SiteDraft, part: SqlPart): SiteDraft => {
  const { source, map, binds, conditional, complete } = buildSql(part);
  return { ...draft, source, map, binds, conditional, complete };
};

const named = (model: ModelIr | undefined): { readonly model?: string; readonly modelNames?: ModelNames } =>
  (model ? { model: model.name, modelNames: { properties: Object.fromEntries(model.columns.filter((column) => column.column !== column.property).map((column) => [column.column, column.property])), uniques: model.uniques ?? [], relations: model.relations.map((relation) => relation.property) } } : {});

function methodCall(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const parts = callParts(call);
  const callee = parts?.callee;
  const method = callee?.type === 'member_expression' ? callee.childForFieldName('property') : null;
  const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
  if (!parts || !callee || !method || !object) return undefined;
  const name = method.text;
  const place = { span: context.span(call), anchor: hostSpan(callee.startIndex, method.endIndex) };
  if (lazy.test(name)) return lazyLoad(object, name, parts.args, place, context);
  if (!reads.test(name) && !writes.test(name) && !/^(execute|populate)$/.test(name)) return undefined;
  const receiver = mikroReceiver(object, context);
  if (!receiver) return undefined;
  if (name === 'execute') return receiver.kind === 'repository' ? undefined : rawStatement(parts.args, place, receiver, context);
  if (receiver.kind === 'connection') return undefined;
  if (name === 'populate') return receiver.kind === 'em' ? [opaque(place, { confidence: receiver.confidence, access: 'read', fetches: 'many', ...populated(parts.args, context) })] : undefined;
  return [methodDraft(call, method, parts.args, receiver, place, context)];
}

function methodDraft(call: SyntaxNode, method: SyntaxNode, args: readonly SyntaxNode[], receiver: MikroReceiver, place: Place, context: HostContext): SiteDraft {
  const name = method.text;
  const read = reads.test(name);
  // `em.insert(user)`, `em.upsert(user)`: a row of its own class.
  const own = receiver.kind === 'em' && writes.test(name) && args.length === 1;
  const entity = receiver.kind === 'repository' ? receiver.entity : own ? undefined : entityNamed(args[0]);
  const rest = receiver.kind === 'em' && !own ? args.slice(1) : args;
  const model = entity === undefined ? undefined : findEntity(entity, context);
  const optionsAt = /^(findAll|findByCursor)$/.test(name) ? 0 : 1;
  const argument = rest[optionsAt];
  const options: ObjectValue | undefined = argument ? readObject(argument, context) : { entries: [], open: false };
  const [first, ...keys] = optionsChain(call, method, rest[0], read ? options : undefined, context);
  const chain = first ? [{ ...first, args: rest.map((arg) => context.argument(arg)) }, ...keys] : [];
  const draft = opaque(place, { confidence: receiver.confidence, access: read ? 'read' : 'write', fetches: read ? (/^find(All|AndCount|ByCursor)?$/.test(name) ? 'many' : 'one') : 'none', chain, ...(entity === undefined ? {} : { model: entity }), ...named(model) });
  if (!model) return draft;
  const scope = createScope(context, model);
  if (!read) {
    const part = renderWrite(name, rest, scope, place.anchor);
    return part ? built(draft, part) : draft;
  }
  const { part, loads } = renderFind(name, optionsAt === 1 ? rest[0] : undefined, options ?? { entries: [], open: true }, scope, place.anchor);
  return { ...built(draft, part), eager: loads.map((load) => load.path), ...(loads.length > 0 ? { loads } : {}) };
}

/** `em.execute('select … ?', [values])`, `em.getConnection().execute(…)`. */
const rawStatement = (args: readonly SyntaxNode[], place: Place, receiver: MikroReceiver, context: HostContext): readonly SiteDraft[] =>
  rawStatements(args, opaque(place, { confidence: receiver.confidence, access: 'unknown', fetches: 'unknown' }), 'question', context);


/** `em.populate(author, ['books'])` of one row. */
function populated([row, paths]: readonly SyntaxNode[], context: HostContext): Pick<SiteDraft, 'lazy'> {
  const model = row?.type === 'identifier' ? rowModel(row, context) : undefined;
  const property = /^\[\s*(['"`])(\w+)\1\s*\]$/.exec(paths?.text ?? '')?.[2];
  const relation = model?.relations.find((candidate) => candidate.property === property);
  return model && row && relation ? { lazy: { owner: model.name, row: row.text, property: relation.property, many: relation.many, once: true } } : {};
}

/** `user.posts.loadItems()`, `post.author.load()`, `wrap(post.author).init()`: a statement per row, by the key of the row. */
function lazyLoad(written: SyntaxNode, method: string, args: readonly SyntaxNode[], place: Place, context: HostContext): readonly SiteDraft[] | undefined {
  const bare = unwrap(written);
  const wrapped = bare.type === 'call_expression' ? callParts(bare) : undefined;
  const object = wrapped?.callee.text === 'wrap' && method === 'init' ? wrapped.args[0] && unwrap(wrapped.args[0]) : bare;
  const row = object?.type === 'member_expression' ? object.childForFieldName('object') : null;
  const property = object?.type === 'member_expression' ? object.childForFieldName('property')?.text : undefined;
  const batched = context.model(dataloaderModel, 'mikro-orm') !== undefined;
  if (!object || !row || property === undefined || (batched && args.length > 0)) return undefined;
  const model = rowModel(row, context);
  const relation = model?.relations.find((candidate) => candidate.property === property);
  if (!model || !relation || (relation.many ? /^load(OrFail|Property)$/.test(method) || wrapped : !wrapped && /^(init|loadItems|loadCount|matching)$/.test(method))) return undefined;
  const target = findEntity(relation.model, context);
  // `init` asks each time; the others only where nothing has been loaded. Options of its own want other rows.
  const load = { owner: model.name, row: row.text, property, many: relation.many, ...(batched ? { batched: true as const } : {}), ...(method === 'init' ? { loaded: object.text } : { once: true as const }) };
  const isPlain = (args.length === 0 || method === 'loadProperty') && !/^(loadCount|matching)$/.test(method);
  const draft = opaque(place, { confidence: 'typed', access: 'read', fetches: relation.many && method !== 'loadCount' ? 'many' : 'one', ...named(target), ...(isPlain ? { lazy: load } : {}) });
  const pair = relation.through ? undefined : relationPairs(relation, model, { model: (name) => findEntity(name, context) })?.[0];
  if (!target || !pair) return [draft];
  const source = { alias: 'e0', model: target };
  const value = bind({ text: `${row.text}.${model.columns.find((column) => column.column === pair[0])?.property ?? pair[0]}`, span: spanOf(row), names: [row.text], origin: 'local' });
  return [built(draft, concat(renderSelect({
    columns: method === 'loadCount' ? [sql('count(*)', place.anchor)] : entityColumns(source), from: concat(tablePart(target, place.anchor), sql(' '), identifier(source.alias)),
    where: [concat(identifier([source.alias, pair[1]], place.anchor), sql(' = ', place.anchor), value)],
  }), method === 'matching' ? incomplete : []))];
}

const builds = /\b(createQueryBuilder|qb)\(/;

/** A chain that begins with `createQueryBuilder` or `qb`. */
function builderCall(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  if (!textHolds(context, builds)) return undefined;
  const chain = context.chain(call);
  const at = chain?.calls.findIndex((link) => /^(createQueryBuilder|qb)$/.test(link.name)) ?? -1;
  const start = chain?.calls[at];
  const callee = start && callParts(start.node)?.callee;
  const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : undefined;
  const receiver = object ? mikroReceiver(object, context) : undefined;
  if (!chain || !start || !object || !receiver || receiver.kind === 'connection') return undefined;
  const entity = receiver.kind === 'repository' ? receiver.entity : entityNamed(start.argNodes[0]);
  const model = entity === undefined ? undefined : findEntity(entity, context);
  const aliasNode = start.argNodes[receiver.kind === 'repository' ? 0 : 1];
  const scope = createScope(context, model, aliasNode ? constantText(aliasNode, context) : undefined);
  const rest = chain.calls.slice(at + 1).map((link) => ({ ...link, span: hostSpan(link.span.start + Math.max(0, context.text.slice(link.span.start, link.nameSpan.start).search(/\S/)), link.span.end) }));
  const anchor = hostSpan(object.startIndex, start.nameSpan.end);
  const query = renderBuilder(rest, scope, anchor);
  const awaited = wrapped(call).parent?.type === 'await_expression';
  const draft = opaque({ span: context.span(call), anchor }, {
    confidence: receiver.confidence, access: query.access, fetches: query.fetches, executes: query.sent || awaited || rest.some((link) => isTerminal(link.name)) ? 'yes' : 'no', ...(entity === undefined ? {} : { model: entity }), ...named(model),
    chain: [start, ...rest].map(({ name, nameSpan, span, args }) => ({ name, nameSpan, span, args })),
  });
  return [model ? built(draft, query.sql) : draft];
}
