import type { ModelIr, ModelNames } from '../../hosts/ir';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { HostLanguage, SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { readArray, readObject, type ObjectValue } from '../shared/hostValues';
import { optionsChain } from '../shared/optionCalls';
import { buildSql, concat, incomplete, nothing } from '../shared/sqlBuilder';
import { accessOf, returnsRows } from '../shared/sqlText';
import { sequelizeBatch } from './sequelizeBatch';
import { addSequelizeLimit, addSequelizeOrder, addSequelizePredicate, loadSequelizeRelation, sequelizeKeyset } from './sequelizeEdits';
import { optionOf, renderFind } from './sequelizeFind';
import { instanceQuery } from './sequelizeInstance';
import { instanceModel, isConnection, modelReceiver, type ModelReceiver } from './sequelizeReceiver';
import type { SequelizeScope } from './sequelizeScope';
import { renderWrite } from './sequelizeWrite';
import { textHolds } from '../shared/fileText';

const languages: readonly HostLanguage[] = ['typescript', 'tsx', 'javascript'];
const reads = /^(findAll|findOne|findByPk|findAndCountAll|count|max|min|sum)$/;
const writes = /^(create|bulkCreate|update|destroy|restore|truncate|increment|decrement|upsert|findOrCreate|findCreateFind)$/;
const instanceMethods = /^(save|update|destroy|restore|increment|decrement|reload|\$(?:get|count|has|add|set|create|remove)|(?:get|count|has|add|set|create|remove)[A-Z]\w*)$/;
const foreignDialect = /\bdialect\s*:\s*['"](?:mysql|mariadb|sqlite|mssql|oracle|db2|snowflake|ibmi)['"]/;

/** Sequelize and sequelize-typescript: finders, writes, rows with their associations, raw statements. */
export const sequelizeAdapter: LibraryAdapter = {
  id: 'sequelize',
  languages,
  marks: /[sS]equelize|\.(?:findAll|findByPk|findAndCountAll|findOrCreate|bulkCreate|findOne|destroy|reload|increment|\$get)\(|\b(?:models|db)\.[A-Z]\w*\.|\b[A-Z]\w*\.(?:count|create|update|max|min|sum|upsert|scope|unscoped)\(|\.(?:get|count|add|set|save)[A-Z]\w*\(|\.save\(/,
  recognise(call, context) {
    if (call.type !== 'call_expression' || textHolds(context, foreignDialect)) return undefined;
    const parts = callParts(call);
    const callee = parts?.callee;
    const method = callee?.type === 'member_expression' ? callee.childForFieldName('property') : null;
    const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
    if (!parts || !callee || !method || !object) return undefined;
    const base = { span: context.span(call), anchor: hostSpan(callee.startIndex, method.endIndex) };
    if (method.text === 'query') return rawStatement(object, parts.args, base, context);
    if (reads.test(method.text) || writes.test(method.text)) {
      const receiver = modelReceiver(object, method.text, context);
      if (receiver) return [methodDraft(call, method, parts.args, receiver, base, context)];
    }
    const model = instanceMethods.test(method.text) ? instanceModel(object, context) : undefined;
    return model && rowStatement(call, method, object, parts.args, model, base, context);
  },
  addPredicate: addSequelizePredicate,
  toKeyset: sequelizeKeyset,
  addOrder: addSequelizeOrder,
  addLimit: addSequelizeLimit,
  batch: sequelizeBatch,
  loadRelation: loadSequelizeRelation,
};

type Place = Pick<SiteDraft, 'span' | 'anchor'>;

const opaque = (place: Place, rest: Pick<SiteDraft, 'confidence' | 'access' | 'fetches'> & Partial<SiteDraft>): SiteDraft => ({ library: 'sequelize', ...place, executes: 'yes', map: { segments: [] }, binds: [], conditional: [], complete: false, chain: [], eager: [], ...rest });

function methodDraft(call: SyntaxNode, method: SyntaxNode, args: readonly SyntaxNode[], receiver: ModelReceiver, place: Place, context: HostContext): SiteDraft {
  const name = method.text;
  const read = reads.test(name);
  const aggregate = /^(max|min|sum)$/.test(name);
  const argument = name === 'findByPk' || aggregate ? args[1] : /^(update|bulkCreate)$/.test(name) ? args[1] : args[0];
  const options: ObjectValue | undefined = argument ? readObject(argument, context) : { entries: [], open: false };
  const chain = optionsChain(call, method, args[0], /^(create|upsert|increment|decrement)$/.test(name) ? undefined : options, context);
  const draft = opaque(place, {
    confidence: receiver.confidence, access: read ? 'read' : 'write', fetches: read ? (/^find(All|AndCountAll)$/.test(name) ? 'many' : 'one') : name === 'create' || /^find/.test(name) ? 'one' : 'none', chain,
    ...(receiver.model ? { model: receiver.model.name, modelNames: modelNames(receiver.model) } : {}),
  });
  if (!receiver.model) return draft;
  const scope: SequelizeScope = { host: context, main: { alias: receiver.model.name, model: receiver.model }, qualified: read };
  const unseen = receiver.scoped ? incomplete : nothing;
  if (!read) {
    const written = renderWrite(name, args, scope, place.anchor);
    if (!written) return draft;
    const built = buildSql(concat(written, unseen));
    return { ...draft, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete };
  }
  const { part, loads } = renderFind(name, options ?? { entries: [], open: true }, scope, place.anchor, name === 'findByPk' ? { key: args[0] } : aggregate ? { column: args[0] } : {});
  const built = buildSql(concat(part, unseen));
  return { ...draft, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete, eager: loads.map((load) => load.path), ...(loads.length > 0 ? { loads } : {}) };
}

const modelNames = (model: ModelIr): ModelNames => ({ properties: Object.fromEntries(model.columns.filter((column) => column.column !== column.property).map((column) => [column.column, column.property])), uniques: model.uniques ?? [] });

function rowStatement(call: SyntaxNode, method: SyntaxNode, object: SyntaxNode, args: readonly SyntaxNode[], model: ModelIr, place: Place, context: HostContext): readonly SiteDraft[] | undefined {
  const query = instanceQuery(method.text, object, args, model, context, place.anchor);
  if (!query) return undefined;
  const draft = opaque(place, { confidence: 'typed', access: query.access, fetches: query.fetches, model: query.model.name, ...(query.lazy ? { lazy: query.lazy } : {}) });
  if (!query.sql) return [draft];
  const built = buildSql(query.sql);
  return [{ ...draft, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete, chain: optionsChain(call, method, args[0], undefined, context) }];
}

/** `sequelize.query(text, { replacements, bind, type })`. */
function rawStatement(object: SyntaxNode, args: readonly SyntaxNode[], place: Place, context: HostContext): readonly SiteDraft[] | undefined {
  const confidence = isConnection(object, context);
  const [first, second] = args;
  if (!confidence || !first) return undefined;
  const given = readObject(first);
  const text = given ? optionOf(given, 'query')?.value : first;
  const written = text ? context.string(text) : undefined;
  if (!written) return [opaque(place, { confidence, access: 'unknown', fetches: 'unknown' })];
  const options = second ? readObject(second) : undefined;
  const values = (key: string): SyntaxNode | undefined => options && optionOf(options, key) ? unwrap(optionOf(options, key)?.value ?? first) : undefined;
  const replacements = values('replacements');
  const bind = values('bind');
  const source = replacements ?? bind;
  const named = source && readObject(source);
  const list = source && !named ? readArray(source) : undefined;
  // Replacements in a variable: the text tells whether they have names.
  const byName = named !== undefined || (!list && replacements !== undefined && !/\?/.test(written.text));
  const style = replacements ? (byName ? 'colon' : 'question') : bind ? (named ? 'dollar-name' : 'dollar') : options?.open ? (/(^|[^:\w]):[a-z_]\w*/i.test(written.text) ? 'colon' : 'dollar') : 'dollar';
  const binds = [...(list?.items.map((item, index) => context.bind(item.node, String(index + 1))) ?? []), ...(named?.entries.map((entry) => context.bind(entry.value, entry.key)) ?? [])];
  return context.statements(written, style).map((statement): SiteDraft => ({
    ...opaque(place, { confidence, access: accessOf(statement.source.text), fetches: returnsRows(statement.source.text) ? 'many' : 'none' }),
    source: statement.source, map: statement.map, binds: [...binds, ...statement.binds], conditional: statement.conditional, complete: written.complete,
  }));
}
