import type { ChainCall, QuerySite, SiteEntity } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, spanOf, unwrap, wrapped } from '../../hosts/typescript/syntaxTools';
import { hostSpan, type HostSpan } from '../../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { scriptLanguages } from '../pg/pg';
import { fromTheDot, plainCall } from '../shared/chainEdits';
import { findLocal, readObject } from '../shared/hostValues';
import { buildSql, fragment, incomplete, type SqlPart } from '../shared/sqlBuilder';
import { accessOf, returnsRows, startsStatement } from '../shared/sqlText';
import { readTagged } from '../shared/taggedTemplate';
import { drizzleBatch } from './drizzleBatch';
import { addDrizzleLimit, addDrizzleOrder, addDrizzlePredicate, drizzleKeyset } from './drizzleEdits';
import { isSqlTag, sqlPart } from './drizzleExpressions';
import { drizzleReceiver, isForeignDrizzle } from './drizzleReceiver';
import { renderRelational } from './drizzleRelational';
import { renderSelectChain, type DrizzleCall, type DrizzleQuery } from './drizzleSelect';
import { readTable, type DrizzleScope } from './drizzleTables';
import { renderWriteChain } from './drizzleWrite';

const starters = /^(select|selectDistinct|selectDistinctOn|with|insert|update|delete|execute|\$count|findMany|findFirst)$/;
const maxNesting = 8;

/** Drizzle for Postgres: query builders, relational queries of both generations, and `` sql`…` ``. */
export const drizzleAdapter: LibraryAdapter = {
  id: 'drizzle',
  languages: scriptLanguages,
  marks: /drizzle|\.(select|selectDistinct|selectDistinctOn|insert|update|delete)\(|\.query\??\.\w+\s*\.find|\.\$count\(/,
  recognise(call, context) {
    if ((call.type !== 'call_expression' && call.type !== 'identifier') || isForeignDrizzle(context)) return undefined;
    const found = findQuery(call, context);
    if (!found) return undefined;
    const { calls, receiver, method } = found;
    if (method === 'execute') return executeCall(call, calls, receiver, context);
    if (method === '$count') return countCall(call, calls, receiver, context);
    return method === 'findMany' || method === 'findFirst' ? relationalCall(call, calls, context) : builderCall(call, calls, receiver, context);
  },
  addPredicate: addDrizzlePredicate,
  toKeyset: drizzleKeyset,
  addOrder: addDrizzleOrder,
  addLimit: addDrizzleLimit,
  batch: drizzleBatch,
};

interface Found {
  /** From the one that starts the query on. */
  readonly calls: readonly DrizzleCall[];
  readonly receiver: SyntaxNode;
  readonly method: string;
}

/** The calls of a chain from the one on with which a query starts, and what that one is called on. */
function findQuery(node: SyntaxNode, context: HostContext): Found | undefined {
  const chain = context.chain(node);
  const start = chain?.calls.findIndex((call) => starters.test(call.name)) ?? -1;
  const first = chain?.calls[start];
  if (!chain || !first) return undefined;
  const callee = callParts(first.node)?.callee;
  const receiver = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
  const method = first.name === 'with' ? chain.calls[start + 1]?.name ?? '' : first.name;
  if (!receiver || (/^select/.test(method) && !chain.calls.some((call) => call.name === 'from'))) return undefined;
  if (method === 'insert' && !chain.calls.some((call) => call.name === 'values' || call.name === 'select')) return undefined;
  if (method === 'update' && !chain.calls.some((call) => call.name === 'set')) return undefined;
  return { calls: fromTheDot(chain.calls.slice(start), context), receiver: unwrap(receiver), method };
}

/** @param parts gets the places of the queries that were put into this one. */
function createScope(host: HostContext, parts: HostSpan[], depth = 0): DrizzleScope {
  return {
    host, named: new Map(), qualified: true, depth,
    query(written): SqlPart | undefined {
      const node = unwrap(written);
      if (depth > maxNesting || (node.type !== 'call_expression' && node.type !== 'identifier')) return undefined;
      const found = findQuery(node, host);
      if (!found || found.method === 'execute' || /^(find|\$)/.test(found.method)) return undefined;
      parts.push(spanOf(node));
      return render(found, createScope(host, parts, depth + 1))?.sql;
    },
  };
}

const render = ({ calls, method }: Found, scope: DrizzleScope): DrizzleQuery | undefined => (/^select/.test(method) ? renderSelectChain(calls, scope) : renderWriteChain(calls, scope));

function builderCall(call: SyntaxNode, calls: readonly DrizzleCall[], receiver: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const parts: HostSpan[] = [];
  const method = calls[0]?.name === 'with' ? calls[1]?.name ?? '' : calls[0]?.name ?? '';
  const scope = createScope(context, parts);
  const target = calls.find((item) => item.name === (/^select/.test(method) ? 'from' : method))?.argNodes[0];
  const confidence = confidenceOf(receiver, target, scope);
  if (confidence === undefined) return undefined;
  // Part of the query that uses it.
  if (calls.at(-1)?.name === 'as' || isNamedQuery(call)) return [];
  const query = render({ calls, receiver, method }, scope);
  if (!query) return undefined;
  const built = buildSql(query.sql);
  const [first] = calls;
  return [{
    library: 'drizzle', confidence, source: built.source, map: built.map, span: context.span(call),
    anchor: hostSpan(receiver.startIndex, (calls.find((item) => item.name === method) ?? first)?.nameSpan.end ?? call.endIndex),
    executes: executes(call, calls, context), access: query.access, fetches: query.fetches, binds: built.binds, conditional: built.conditional, complete: built.complete,
    chain: calls.map(plainCall), eager: [], entities: entitiesOf(calls, scope), consumes: [...parts, ...calls.flatMap((item) => item.argNodes.map(spanOf))],
  }];
}

/** The body of `db.$with('x').as(…)`. */
function isNamedQuery(call: SyntaxNode): boolean {
  const outer = call.parent?.type === 'arguments' ? call.parent.parent : null;
  const callee = outer ? callParts(outer)?.callee : undefined;
  return callee?.childForFieldName('property')?.text === 'as' && /\$with\w*\(/.test(callee.text);
}

/** By the receiver, or by the table: one declared for Postgres is queried by Drizzle alone. */
function confidenceOf(receiver: SyntaxNode, target: SyntaxNode | undefined, scope: DrizzleScope): QuerySite['confidence'] | undefined {
  const known = drizzleReceiver(receiver, scope.host);
  if (known === 'other') return undefined;
  return known ?? (target && readTable(target, scope) ? 'typed' : undefined);
}

/** How the code names the tables, for edits. */
function entitiesOf(calls: readonly DrizzleCall[], scope: DrizzleScope): readonly SiteEntity[] {
  return calls.filter((call) => /^(from|update|delete)$|Join(Lateral)?$/.test(call.name)).flatMap((call) => {
    const node = call.argNodes[0];
    const table = node && /^(identifier|member_expression)$/.test(unwrap(node).type) ? readTable(node, scope) : undefined;
    if (!node || !table?.model || table.name === undefined) return [];
    return [{ host: unwrap(node).text, table: table.model.table, alias: table.name, renamed: table.model.columns.filter((column) => column.column !== column.property).map(({ column, property }) => ({ column, property })) }];
  });
}

/** A builder put into a variable is sent where that is awaited; `.prepare()` gives a statement that is sent by its own calls. */
function executes(call: SyntaxNode, calls: readonly DrizzleCall[], context: HostContext): SiteDraft['executes'] {
  const names = calls.map((item) => item.name);
  if (names.includes('prepare')) return names.at(-1) === 'execute' || names.includes('then') ? 'yes' : 'no';
  if (/^(toSQL|getSQL|\$dynamic|as)$/.test(names.at(-1) ?? '')) return 'no';
  const parent = wrapped(call).parent;
  if (call.type === 'call_expression' && (parent?.type === 'variable_declarator' || parent?.type === 'assignment_expression') && !names.includes('execute')) return 'no';
  if (parent?.type === 'array' && isBatch(parent)) return 'yes';
  return context.executes(call) || names.some((name) => /^(execute|then|catch|finally)$/.test(name)) ? 'yes' : 'no';
}

/** `db.batch([…])` */
function isBatch(array: SyntaxNode): boolean {
  const call = array.parent?.type === 'arguments' ? array.parent.parent : null;
  return call !== null && /\.batch$/.test(callParts(call)?.callee.text ?? '');
}

/** `` db.execute(sql`…`) `` */
function executeCall(call: SyntaxNode, calls: readonly DrizzleCall[], receiver: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const argument = calls[0]?.argNodes[0];
  const scope = createScope(context, []);
  const known = drizzleReceiver(receiver, context);
  if (!argument || known === 'other') return undefined;
  const node = unwrap(argument);
  const local = node.type === 'identifier' ? findLocal(node)?.value : undefined;
  const value = local ? unwrap(local) : node;
  const tag = readTagged(value)?.tag ?? callParts(value)?.callee.childForFieldName('object') ?? undefined;
  const own = tag !== undefined && isSqlTag(tag, scope);
  const text = own ? undefined : known ? context.string(argument) : undefined;
  const part = own ? sqlPart(argument, scope) : text ? fragment(text) : known ? incomplete : undefined;
  const built = part && buildSql(part);
  if (!built || (own && known === undefined && !isDrizzleSql(tag, context))) return undefined;
  const base = { library: 'drizzle', confidence: known ?? 'typed', span: context.span(call), anchor: hostSpan(receiver.startIndex, calls[0]?.nameSpan.end ?? call.endIndex), executes: 'yes', chain: [], eager: [], consumes: [spanOf(argument)] } as const;
  if (!startsStatement(built.source.text)) return known && part !== undefined && !own ? [{ ...base, map: { segments: [] }, access: 'unknown', fetches: 'unknown', binds: [], conditional: [], complete: false }] : [];
  return [{ ...base, source: built.source, map: built.map, access: accessOf(built.source.text), fetches: returnsRows(built.source.text) ? 'many' : 'none', binds: built.binds, conditional: built.conditional, complete: built.complete }];
}

/** `sql` of Drizzle itself, in a file that names Postgres' Drizzle or nothing of another database. */
function isDrizzleSql(tag: SyntaxNode | undefined, context: HostContext): boolean {
  const origin = tag && context.origin(tag);
  return origin?.kind === 'import' && /^drizzle-orm(-1)?$/.test(origin.module);
}

/** `db.$count(users, eq(…))`, awaited by itself. */
function countCall(call: SyntaxNode, calls: readonly DrizzleCall[], receiver: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const parts: HostSpan[] = [];
  const scope = createScope(context, parts);
  const [first] = calls;
  const confidence = confidenceOf(receiver, first?.argNodes[0], scope);
  const inner = confidence && first ? sqlPart(first.node, scope) : undefined;
  if (!confidence || !first || !inner) return undefined;
  if (!context.executes(call)) return [];
  const text = inner.flatMap((atom) => (atom.type === 'text' && atom.text === '(SELECT count(*) FROM ' ? [{ ...atom, text: 'SELECT count(*) FROM ' }] : [atom])).slice(0, -1);
  const built = buildSql(text);
  return [{
    library: 'drizzle', confidence, source: built.source, map: built.map, span: context.span(call), anchor: hostSpan(receiver.startIndex, first.nameSpan.end),
    executes: 'yes', access: 'read', fetches: 'one', binds: built.binds, conditional: built.conditional, complete: built.complete, chain: calls.map(plainCall), eager: [], consumes: [...parts, ...first.argNodes.map(spanOf)],
  }];
}

/** `db.query.users.findMany({ … })` */
function relationalCall(call: SyntaxNode, calls: readonly DrizzleCall[], context: HostContext): readonly SiteDraft[] | undefined {
  const [first] = calls;
  const callee = first ? callParts(first.node)?.callee : undefined;
  const place = callee?.childForFieldName('object');
  const name = place?.type === 'member_expression' ? place.childForFieldName('property')?.text : undefined;
  const query = place?.childForFieldName('object');
  if (!first || !callee || !query || name === undefined || query.type !== 'member_expression' || !/^_?query$/.test(query.childForFieldName('property')?.text ?? '')) return undefined;
  const receiver = query.childForFieldName('object');
  const known = receiver ? drizzleReceiver(receiver, context) : undefined;
  const model = context.model(name, 'drizzle');
  if (known === 'other' || (!model?.table && known === undefined) || first.argNodes.length > 1) return undefined;
  const anchor = hostSpan(callee.startIndex, first.nameSpan.end);
  const base = {
    library: 'drizzle', confidence: known ?? 'typed', span: context.span(call), anchor, access: 'read', fetches: first.name === 'findFirst' ? 'one' : 'many',
    executes: executes(call, calls, context), consumes: first.argNodes.map(spanOf),
  } as const;
  const argument = first.argNodes[0];
  const args = argument ? readObject(argument) : { entries: [], open: false };
  if (!model?.table || !args) return [{ ...base, map: { segments: [] }, binds: [], conditional: [], complete: false, chain: calls.map(plainCall), eager: [] }];
  const parts: HostSpan[] = [];
  const { sql, eager } = renderRelational(first.name, model, args, anchor, createScope(context, parts));
  const built = buildSql(sql);
  const keys = args.entries.map((entry): ChainCall => ({ name: entry.key, nameSpan: hostSpan(entry.span.start, entry.span.start + entry.key.length), span: entry.span, args: [context.argument(entry.value)] }));
  const entity: SiteEntity = { host: name, table: model.table, alias: model.table, renamed: model.columns.filter((column) => column.column !== column.property).map(({ column, property }) => ({ column, property })) };
  return [{
    ...base, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete,
    chain: [plainCall(first), ...keys], eager, entities: [entity], consumes: [...parts, ...base.consumes],
  }];
}
