import type { ChainArgument, ChainCall, QuerySite, SiteEntity } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { containsSpan, hostSpan } from '../../text/span';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest } from '../adapter';
import { importEdits, insertCalls, ownCalls, propertyAccess, removeCall } from '../shared/chainEdits';

interface Place {
  readonly uri: string;
  readonly text: string;
}

const module = /^drizzle-orm(-1)?$/;
const relational = /^find(Many|First)$/;
const unions = /^(union|intersect|except)/;
const closers = /^(\$dynamic|prepare|execute|then|catch|finally|as|toSQL|\$withCache)$/;

/** `users.createdAt` for a column of a table that the statement reads once. */
function columnText(site: QuerySite, column: string, table?: string): string | undefined {
  const [name, qualifier] = column.replaceAll('"', '').split('.').reverse();
  const entities = (site.entities ?? []).filter((entity) => (table === undefined || entity.table === table) && (qualifier === undefined || entity.alias === qualifier));
  const [entity] = entities;
  if (!entity || entities.length !== 1 || name === undefined) return undefined;
  return propertyAccess(entity.host, propertyOf(entity, name));
}

const propertyOf = (entity: SiteEntity, column: string): string => entity.renamed.find((pair) => pair.column === column)?.property ?? column;

/** Puts a condition into the statement's `where`, or gives it one. */
function conditionEdits(calls: readonly ChainCall[], condition: string, names: readonly string[], place: Place): readonly Edit[] | undefined {
  const wheres = calls.filter((call) => call.name === 'where');
  const [where] = wheres;
  if (wheres.length > 1) return undefined;
  if (!where) {
    const at = calls.findLast((call) => /^(from|set|delete)$|Join(Lateral)?$/.test(call.name));
    const imports = importEdits(names, module, place);
    return at && imports && [...imports, insertCalls(at, [`.where(${condition})`], place)];
  }
  const argument = where.args[0];
  if (!argument || where.args.length !== 1) return undefined;
  const edits = insideCondition(argument, condition, place);
  const imports = edits && importEdits(edits.wraps ? [...names, 'and'] : names, module, place);
  return edits && imports && [...imports, ...edits.edits];
}

/** `and(a, b)` takes one more; any other condition becomes `and(condition, …)`. */
function insideCondition(argument: ChainArgument, condition: string, place: Place): { readonly edits: readonly Edit[]; readonly wraps: boolean } | undefined {
  const text = place.text.slice(argument.span.start, argument.span.end);
  if (/^and\([^]*\)$/.test(text) && closesAtEnd(text)) {
    const inner = /[\s,]*\)$/.exec(text)?.[0].length ?? 1;
    const at = argument.span.end - inner;
    const empty = /^and\(\s*\)$/.test(text);
    return { wraps: false, edits: [{ uri: place.uri, span: hostSpan(at, at), text: empty ? condition : `, ${condition}` }] };
  }
  return { wraps: true, edits: [{ uri: place.uri, span: hostSpan(argument.span.start, argument.span.start), text: 'and(' }, { uri: place.uri, span: hostSpan(argument.span.end, argument.span.end), text: `, ${condition})` }] };
}

/** Does the first parenthesis of the text close with its last character? Text with quotes or comments is left alone. */
function closesAtEnd(text: string): boolean {
  if (/['"`/]/.test(text)) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '(') depth++;
    if (text[index] === ')' && --depth === 0) return index === text.length - 1;
  }
  return false;
}

/** `.where(and(…, eq(orders.tenantId, tenantId)))`. */
export function addDrizzlePredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  if (!calls || site.chain.some((call) => unions.test(call.name) || call.name === 'insert')) return undefined;
  if (relational.test(site.chain[0]?.name ?? '')) return addObjectPredicate(site, request);
  const column = columnText(site, request.column, request.table);
  return column === undefined ? undefined : conditionEdits(calls, `eq(${column}, ${request.value})`, ['eq'], request);
}

/** In the filter object of a relational query: `where: { tenantId, … }`. */
function addObjectPredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const entity = site.entities?.find((candidate) => candidate.table === request.table);
  const where = site.chain.slice(1).find((call) => call.name === 'where')?.args[0];
  if (!entity || !where || !/^\{[^]*\}$/.test(where.text) || !containsSpan(site.span, where.span)) return undefined;
  const property = propertyOf(entity, request.column);
  const pair = property === request.value ? property : `${property}: ${request.value}`;
  const at = where.span.start + 1;
  return [{ uri: request.uri, span: hostSpan(at, at), text: where.items?.length === 0 ? ` ${pair} ` : ` ${pair},` }];
}

/**
 * `.offset(n)` becomes a condition that is there from the second page on. Values go through the columns (`sql.param`), so
 * that dates are sent as Drizzle sends them elsewhere.
 */
export function drizzleKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const offsets = site.chain.filter((call) => call.name === 'offset');
  const [offset] = offsets;
  if (!calls || !offset || offsets.length !== 1 || !calls.includes(offset) || request.keys.some((key) => key.nullable)) return undefined;
  if (site.chain.some((call) => unions.test(call.name) || /^(groupBy|selectDistinct|selectDistinctOn)$/.test(call.name))) return undefined;
  const keys = request.keys.map((key) => ({ ...key, host: columnText(site, key.column) }));
  const values = keys.map((key) => (key.host === undefined ? undefined : selectedAs(site, key.host)));
  if (keys.some((key) => key.host === undefined) || values.some((value) => value === undefined)) return undefined;
  const after = keysetCondition(keys.map((key, index) => ({ host: key.host ?? '', descending: key.descending, value: propertyAccess(request.cursor, values[index] ?? '') })));
  const condition = conditionEdits(calls, `${request.cursor} ? ${after.text} : undefined`, after.names, request);
  const added = keys.filter((key) => key.added);
  const order = added.length > 0 ? orderEdits(calls, added.map((key) => ({ host: key.host ?? '', descending: key.descending })), request) : [];
  if (!condition || !order) return undefined;
  return mergeImports([...condition, ...order, removeCall(offset, request)]);
}

interface Key {
  readonly host: string;
  readonly descending: boolean;
  readonly value: string;
}

function keysetCondition(keys: readonly Key[]): { readonly text: string; readonly names: readonly string[] } {
  const [first] = keys;
  const operator = (key: Key): string => (key.descending ? 'lt' : 'gt');
  if (!first) return { text: 'undefined', names: [] };
  if (keys.length === 1) return { text: `${operator(first)}(${first.host}, ${first.value})`, names: [operator(first)] };
  if (keys.every((key) => key.descending === first.descending)) {
    return { text: `sql\`(${keys.map((key) => `\${${key.host}}`).join(', ')}) ${first.descending ? '<' : '>'} (${keys.map((key) => `\${sql.param(${key.value}, ${key.host})}`).join(', ')})\``, names: ['sql'] };
  }
  const branches = keys.map((key, index) => {
    const own = `${operator(key)}(${key.host}, ${key.value})`;
    return index === 0 ? own : `and(${keys.slice(0, index).map((before) => `eq(${before.host}, ${before.value})`).join(', ')}, ${own})`;
  });
  return { text: `or(${branches.join(', ')})`, names: ['or', 'and', 'eq', ...keys.map(operator)] };
}

/** Property of the rows that carries a column; undefined where they do not, or where it cannot be told. */
function selectedAs(site: QuerySite, host: string): string | undefined {
  const select = site.chain.find((call) => call.name === 'select');
  if (!select) return undefined;
  const [fields] = select.args;
  if (!fields) return site.chain.some((call) => /Join/.test(call.name)) ? undefined : host.split('.').at(-1);
  const item = fields.items?.find((candidate) => candidate.text.trim() === host);
  return item?.name;
}

/** Appends keys to the order, or orders the query. */
export function addDrizzleOrder(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  if (!calls || relational.test(site.chain[0]?.name ?? '') || site.chain.some((call) => unions.test(call.name))) return undefined;
  const keys = request.keys.map((key) => ({ host: columnText(site, key.column), descending: key.descending }));
  return keys.every((key) => key.host !== undefined) ? orderEdits(calls, keys.map((key) => ({ host: key.host ?? '', descending: key.descending })), request) : undefined;
}

function orderEdits(calls: readonly ChainCall[], keys: readonly { readonly host: string; readonly descending: boolean }[], place: Place): readonly Edit[] | undefined {
  const text = keys.map((key) => (key.descending ? `desc(${key.host})` : `asc(${key.host})`)).join(', ');
  const imports = importEdits(keys.map((key) => (key.descending ? 'desc' : 'asc')), module, place);
  const order = calls.findLast((call) => call.name === 'orderBy');
  if (!imports) return undefined;
  if (!order) {
    const at = calls.findLast((call) => /^(having|groupBy|where|from)$|Join(Lateral)?$/.test(call.name));
    return at && [...imports, insertCalls(at, [`.orderBy(${text})`], place)];
  }
  const last = order.args.at(-1);
  // An array, a callback or a spread is not added to.
  if (!last || /^(\[|\(|\.\.\.|async\b|\w+\s*=>)/.test(last.text) || order.args.some((argument) => argument.text.startsWith('...'))) return undefined;
  return [...imports, { uri: place.uri, span: hostSpan(last.span.end, last.span.end), text: `, ${text}` }];
}

/** Imports wanted at one place become one edit. */
function mergeImports(edits: readonly Edit[]): readonly Edit[] {
  const merged: Edit[] = [];
  for (const edit of edits) {
    const same = merged.findIndex((known) => known.span.start === edit.span.start && known.span.end === edit.span.end && edit.span.start === edit.span.end && /,$/.test(known.text) && /,$/.test(edit.text));
    const known = merged[same];
    if (!known) merged.push(edit);
    else {
      const names = [...new Set([...known.text.split(','), ...edit.text.split(',')].map((name) => name.trim()).filter((name) => name !== ''))];
      merged[same] = { ...known, text: ` ${names.join(', ')},` };
    }
  }
  return merged;
}

/** `.limit(n)`, or `limit: n` in a relational query. */
export function addDrizzleLimit(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined {
  const calls = ownCalls(site, request.text);
  const [first] = site.chain;
  if (!calls || !first) return undefined;
  if (relational.test(first.name)) {
    const object = first.args[0];
    if (!object) return [{ uri: request.uri, span: hostSpan(first.span.end - 1, first.span.end - 1), text: `{ limit: ${request.count} }` }];
    const last = object.items?.at(-1);
    if (first.name !== 'findMany' || !/^\{[^]*\}$/.test(object.text) || object.items?.some((item) => item.name === 'limit' || item.name === '...')) return undefined;
    const at = last ? last.span.end : object.span.start + 1;
    return [{ uri: request.uri, span: hostSpan(at, at), text: last ? `, limit: ${request.count}` : ` limit: ${request.count} ` }];
  }
  const end = calls.findIndex((call) => closers.test(call.name));
  const at = end < 0 ? calls.at(-1) : calls[end - 1];
  return at && calls.some((call) => call.name === 'from') ? [insertCalls(at, [`.limit(${request.count})`], request)] : undefined;
}
