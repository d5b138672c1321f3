import type { ModelNames, QuerySite } from '../../hosts/ir';
import { callParts, unwrap, wrapped } from '../../hosts/typescript/syntaxTools';
import type { HostLanguage, SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';
import type { Chain, HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { rawStatements } from '../shared/rawText';
import { readObject, type ObjectValue } from '../shared/hostValues';
import { optionsChain } from '../shared/optionCalls';
import { buildSql, concat, incomplete, nothing } from '../shared/sqlBuilder';
import { typeormBatch } from './typeormBatch';
import { isTerminal, renderBuilder } from './typeormBuilder';
import { lazyRead } from './typeormLazy';
import { addTypeormLimit, addTypeormOrder, addTypeormPredicate, loadTypeormRelation, typeormKeyset } from './typeormEdits';
import { loadedRelations, renderFind, type FindArguments } from './typeormFind';
import { findEntity } from './typeormNaming';
import { activeRecord, typeormReceiver, type TypeormReceiver } from './typeormReceiver';
import { createScope, entityNamed, type EntitySource } from './typeormScope';
import { renderWriteMethod } from './typeormWrite';
import { textHolds } from '../shared/fileText';

const languages: readonly HostLanguage[] = ['typescript', 'tsx', 'javascript'];
const reads = /^(find|findBy|findOne|findOneBy|findOneOrFail|findOneByOrFail|findAndCount|findAndCountBy|findByIds|findOneById|count|countBy|exist|exists|existsBy|sum|average|minimum|maximum)$/;
const writes = /^(save|insert|update|updateAll|upsert|delete|deleteAll|remove|softDelete|softRemove|restore|recover|increment|decrement|clear|preload)$/;
const foreignDialect = /\btype\s*:\s*['"](?:mysql|mariadb|sqlite|better-sqlite3|sqljs|mssql|oracle|mongodb|cordova|expo|spanner|sap)['"]/;

/** TypeORM: repositories, entity managers, Active Record, query builders and raw statements. */
export const typeormAdapter: LibraryAdapter = {
  id: 'typeorm',
  languages,
  marks: /typeorm|Repositor|[rR]epo\b|\bawait\s+\w+\.\w+\s*[;,.)\]]|\b[A-Z]\w*\.(?:find|count|exists?|save|insert|update|delete|createQueryBuilder)\w*\(/,
  recognise(call, context) {
    if (call.type !== 'call_expression' || isForeign(context)) return undefined;
    return builderCall(call, context) ?? methodCall(call, context);
  },
  recogniseRead: (member, context) => (isForeign(context) ? undefined : lazyRead(member, context)),
  loadRelation: loadTypeormRelation,
  addPredicate: addTypeormPredicate,
  toKeyset: typeormKeyset,
  addOrder: addTypeormOrder,
  addLimit: addTypeormLimit,
  batch: typeormBatch,
};

const builds = /createQueryBuilder/;
const mikroOrm = /@mikro-orm\//;
const foreign = new WeakMap<HostContext, boolean>();
/** The file sets up a data source of another database. */
function isForeign(context: HostContext): boolean {
  const known = foreign.get(context);
  if (known !== undefined) return known;
  const found = foreignDialect.test(context.text) && !/\btype\s*:\s*['"](?:postgres|aurora-postgres|cockroachdb)['"]/.test(context.text);
  foreign.set(context, found);
  return found;
}

function methodCall(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const parts = callParts(call);
  const callee = parts?.callee;
  const method = callee?.type === 'member_expression' ? callee.childForFieldName('property') : null;
  const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
  if (!parts || !callee || !method || !object) return undefined;
  const name = method.text;
  if (!reads.test(name) && !writes.test(name) && name !== 'query') return undefined;
  const receiver = receiverOf(object, name, context);
  if (!receiver) return undefined;
  const base = { library: 'typeorm', confidence: receiver.confidence, span: context.span(call), anchor: hostSpan(callee.startIndex, method.endIndex), executes: 'yes' } as const;
  if (name === 'query') return rawStatement(parts.args, base, context);
  if (receiver.kind === 'runner') return undefined;
  const manager = receiver.kind === 'manager';
  const entity = manager ? (parts.args.length > 1 || /^(find|count|exists?|clear|deleteAll)/.test(name) ? entityNamed(parts.args[0], context) : undefined) : receiver.entity === undefined ? undefined : { name: receiver.entity, model: findEntity(receiver.entity, context) };
  if (manager && entity && !entity.model && !/^[A-Z]/.test(entity.name)) return undefined;
  const args = manager && entity ? parts.args.slice(1) : parts.args;
  return [methodDraft(call, method, args, entity?.name, base, context)];
}

function receiverOf(object: SyntaxNode, method: string, context: HostContext): TypeormReceiver | undefined {
  const found = typeormReceiver(object, context);
  if (found) return found;
  const entity = activeRecord(object, context);
  return entity === undefined || method === 'remove' || method === 'preload' ? undefined : { kind: 'repository', confidence: 'typed', entity };
}

type Base = Pick<SiteDraft, 'library' | 'confidence' | 'span' | 'anchor' | 'executes'>;

function methodDraft(call: SyntaxNode, method: SyntaxNode, args: readonly SyntaxNode[], entity: string | undefined, base: Base, context: HostContext): SiteDraft {
  const name = method.text;
  const model = entity === undefined ? undefined : findEntity(entity, context);
  const read = reads.test(name);
  const aggregate = /^(sum|average|minimum|maximum)$/.test(name);
  const bare = /By$|ByOrFail$/.test(name) || aggregate;
  const argument = aggregate ? args[1] : args[0];
  const options: ObjectValue | undefined = argument ? readObject(argument, context) : { entries: [], open: false };
  const main: EntitySource = { alias: model?.name ?? entity ?? 'Entity', name: entity, model };
  const common = {
    ...base, access: read ? 'read' : 'write', fetches: read ? (/^find(AndCount)?(By|ByIds)?$/.test(name) ? 'many' : 'one') : 'none', ...(entity === undefined ? {} : { model: entity }),
    ...(model ? { modelNames: modelNames(main) } : {}),
  } as const;
  const chain = optionsChain(call, method, argument, read ? options : undefined, context);
  const opaque: SiteDraft = { ...common, map: { segments: [] }, binds: [], conditional: [], complete: false, chain, eager: [] };
  if (entity === undefined) return opaque;
  if (!read) {
    const scope = createScope(context, main, false);
    const written = renderWriteMethod(name, args, scope, base.anchor);
    if (!written) return opaque;
    const built = buildSql(concat(written, scope.open ? incomplete : nothing));
    return { ...opaque, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete };
  }
  // Options that are not written in the code: what is filtered is not known, the table is.
  const find: FindArguments = bare || /^find(ByIds|OneById)$/.test(name) ? { options: { entries: [], open: false }, ...(argument ? { where: argument } : {}) } : { options: options ?? { entries: [], open: true } };
  const scope = createScope(context, main);
  const part = /ByIds$/.test(name) ? undefined : renderFind(name, find, scope, base.anchor, aggregate ? args[0] : undefined);
  if (!part) return opaque;
  const built = buildSql(concat(part, scope.open ? incomplete : nothing));
  const loads = loadedRelations(find, scope);
  return { ...opaque, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete, eager: loads.map((load) => load.path), ...(loads.length > 0 ? { loads } : {}) };
}

function modelNames({ model }: EntitySource): ModelNames {
  return { properties: Object.fromEntries(model?.columns.filter((column) => column.column !== column.property).map((column) => [column.column, column.property]) ?? []), uniques: model?.uniques ?? [] };
}

/** `dataSource.query('SELECT …', [values])`. */
const rawStatement = (args: readonly SyntaxNode[], base: Base, context: HostContext): readonly SiteDraft[] =>
  rawStatements(args, { ...base, map: { segments: [] }, access: 'unknown', fetches: 'unknown', binds: [], conditional: [], complete: false, chain: [], eager: [] }, 'dollar', context);

/** A chain that begins with `createQueryBuilder`. */
function builderCall(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  if (!textHolds(context, builds)) return undefined;
  const chain = fromDots(context.chain(call), context);
  const at = chain?.calls.findIndex((link) => link.name === 'createQueryBuilder') ?? -1;
  const start = chain?.calls[at];
  const callee = start && callParts(start.node)?.callee;
  const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : undefined;
  if (!chain || !start || !callee || !object) return undefined;
  const [first, second] = start.argNodes;
  const receiver = typeormReceiver(object, context) ?? recordReceiver(object, context);
  // Only TypeORM has `createQueryBuilder('alias')` with these calls behind it; MikroORM's begins with the entity.
  const rest = chain.calls.slice(at + 1);
  const own = receiver ?? (rest.some((link) => /^(getMany|getOne|getRawMany|getRawOne|getManyAndCount|leftJoinAndSelect|innerJoinAndSelect|setParameters?|andWhere)$/.test(link.name)) && !textHolds(context, mikroOrm) ? { kind: 'repository' as const, confidence: 'typed' as const } : undefined);
  if (!own) return undefined;
  const named = own.kind === 'repository' ? (own.entity === undefined ? undefined : { name: own.entity, model: findEntity(own.entity, context) }) : first && !/^(string|template_string)$/.test(unwrap(first).type) ? entityNamed(first, context) : first ? entityNamed(first, context) : undefined;
  const aliasNode = own.kind === 'repository' ? first : second;
  const alias = aliasNode ? context.string(aliasNode)?.text : named?.model?.name ?? named?.name;
  const main: EntitySource = { alias: alias ?? named?.name ?? 'entity', name: named?.name, model: named?.model };
  const anchor = hostSpan(object.startIndex, start.nameSpan.end);
  const query = renderBuilder(rest, main, context, anchor);
  const terminal = rest.find((link) => isTerminal(link.name));
  const sent = terminal !== undefined;
  if (!sent && /^(subQuery|getQuery|getSql|getParameters)$/.test(rest.at(-1)?.name ?? '')) return [];
  const entity = query?.entity ?? named?.name;
  const model = entity === undefined ? undefined : findEntity(entity, context);
  const draft = {
    library: 'typeorm', confidence: own.confidence, span: context.span(call), anchor, executes: sent && !isHeld(call, terminal) ? 'yes' : 'no',
    access: query?.access ?? 'unknown', fetches: query?.fetches ?? 'unknown', eager: joinedRelations(rest, alias), ...(entity === undefined ? {} : { model: entity }),
    ...(model ? { modelNames: modelNames({ ...main, model }) } : {}),
    chain: chain.calls.slice(at).map(({ name, nameSpan, span, args }) => ({ name, nameSpan, span, args })),
  } as const;
  if (!query || (entity === undefined && query.access === 'read' && main.name === undefined && !rest.some((link) => link.name === 'from'))) return [{ ...draft, map: { segments: [] }, binds: [], conditional: [], complete: false }];
  const built = buildSql(query.sql);
  return [{ ...draft, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete }];
}

/** Relations that a builder's rows come with: `leftJoinAndSelect('o.customer', 'c')`, then `c.team`. `*`: some that are not written here. */
function joinedRelations(rest: Chain['calls'], alias: string | undefined): readonly string[] {
  const paths = new Map([[alias, '']]);
  const found: string[] = [];
  for (const { name, args } of rest) {
    if (!/^(left|inner)JoinAnd(Select|MapOne|MapMany)$/.test(name)) continue;
    const at = /Map/.test(name) ? 1 : 0;
    const [owner, property] = String(args[at]?.literal ?? '').split('.');
    const before = paths.get(owner);
    const path = before === undefined || property === undefined ? '*' : `${before}${property}`;
    found.push(path);
    const joined = args[at + 1]?.literal;
    if (path !== '*' && typeof joined === 'string') paths.set(joined, `${path}.`);
  }
  return found;
}

/** A chain that goes on behind its terminal is asked about by itself. */
const isHeld = (call: SyntaxNode, terminal: { readonly node: SyntaxNode } | undefined): boolean => terminal === undefined && wrapped(call).parent?.type === 'variable_declarator';

function recordReceiver(object: SyntaxNode, context: HostContext): { readonly kind: 'repository'; readonly confidence: QuerySite['confidence']; readonly entity: string } | undefined {
  const entity = activeRecord(object, context);
  return entity === undefined ? undefined : { kind: 'repository', confidence: 'typed', entity };
}

/** The calls from their dots on, so that a call on a line of its own is underlined there. */
const fromDots = (chain: Chain | undefined, context: HostContext): Chain | undefined =>
  chain && { ...chain, calls: chain.calls.map((call) => ({ ...call, span: hostSpan(call.span.start + Math.max(0, context.text.slice(call.span.start, call.nameSpan.start).search(/\S/)), call.span.end) })) };
