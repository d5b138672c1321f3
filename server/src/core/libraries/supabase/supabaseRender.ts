import type { SyntaxNode } from '../../hosts/syntax';
import { spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { HostSpan } from '../../text/span';
import type { Chain, HostContext } from '../adapter';
import { bindOf, constantText, constantValue, patternPart, readArray, readObject, valuePart, type Entry } from '../shared/hostValues';
import { bind, clause, concat, conditional, group, hole, identifier, incomplete, join, joinConditions, literal, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, renderWhere, type RowCountPart } from '../shared/sqlClauses';

export type SupabaseCall = Chain['calls'][number];

export interface SupabaseQuery {
  readonly sql: SqlPart;
  readonly access: 'read' | 'write';
  readonly fetches: 'many' | 'one' | 'none';
  /** Resources embedded in the selection. */
  readonly eager: readonly string[];
}

const comparisons: Readonly<Record<string, string>> = { eq: ' = ', neq: ' <> ', gt: ' > ', gte: ' >= ', lt: ' < ', lte: ' <= ', contains: ' @> ', containedBy: ' <@ ', overlaps: ' && ', cs: ' @> ', cd: ' <@ ', ov: ' && ', rangeGt: ' >> ', rangeLt: ' << ', rangeAdjacent: ' -|- ' };
const neutral = /^(from|rpc|then|catch|finally|throwOnError|abortSignal|returns|overrideTypes|single|maybeSingle|csv|setHeader|select|insert|upsert|update|delete|retry)$/;

/** The statement of a chain that begins with `from` or `rpc`; undefined where nothing is asked for yet. */
export function renderSupabase(calls: readonly SupabaseCall[], schema: string | undefined, host: HostContext): SupabaseQuery | undefined {
  const [first] = calls;
  const target = first?.argNodes[0];
  const name = target ? constantText(target, host) : undefined;
  if (!first || !target || name === undefined) return undefined;
  const find = (called: string): SupabaseCall | undefined => calls.find((call) => call.name === called);
  const write = calls.find((call) => /^(insert|upsert|update|delete)$/.test(call.name));
  const select = find('select');
  if (first.name === 'from' && !write && !select) return undefined;
  const table = identifier(schema === undefined ? name : [schema, name], spanOf(target));
  const selected = select ? selection(select, host) : { columns: [], eager: [], inner: false };
  const where: SqlPart[] = [];
  const orderBy: SqlPart[] = [];
  let limit: RowCountPart | undefined;
  let offset: RowCountPart | undefined;
  let unseen: SqlPart = selected.inner ? incomplete : nothing;
  for (const call of calls) {
    const { argNodes: args, span, condition } = call;
    const [a, b] = args;
    const filter = filterParts(call, host);
    if (filter) {
      where.push(...filter.map((part) => conditional(part, condition)));
      continue;
    }
    switch (call.name) {
      case 'order': {
        const options = b ? readObject(b)?.entries : undefined;
        if (a && !options?.some((entry) => /^(foreignTable|referencedTable)$/.test(entry.key))) orderBy.push(conditional(orderPart(a, options, spanOf(a), host), condition));
        break;
      }
      case 'limit':
        if (a && !b) limit = { count: conditional(valuePart(a, host), condition), host: span };
        break;
      case 'range':
        if (!a || !b) break;
        offset = { count: conditional(valuePart(a, host), condition), host: span };
        limit = { count: conditional(pageSize(a, b, host), condition), host: span };
        break;
      default:
        if (!neutral.test(call.name)) unseen = incomplete;
    }
  }
  const one = calls.some((call) => /^(single|maybeSingle)$/.test(call.name));
  if (first.name === 'rpc') {
    const given = first.argNodes[1];
    const entries = given ? readObject(given)?.entries : [];
    const list = entries ? join(entries.map((entry) => concat(identifier(entry.key, entry.span), sql(' => ', entry.span), bind(bindOf(entry.value, host)))), ', ') : nothing;
    const from = concat(table, sql('(', first.span), list, sql(')', first.span));
    return { sql: concat(renderSelect({ columns: selected.columns, from, where, orderBy, limit, offset }), entries ? unseen : incomplete), access: 'read', fetches: one ? 'one' : 'many', eager: selected.eager };
  }
  if (write) {
    const returning = select ? concat(sql(' RETURNING ', select.span), selected.columns.length > 0 ? join(selected.columns, ', ') : sql('*', select.span)) : nothing;
    return { sql: concat(writePart(write, table, where, host), returning, unseen), access: 'write', fetches: !select ? 'none' : one ? 'one' : 'many', eager: selected.eager };
  }
  const options = select?.argNodes[1] ? readObject(select.argNodes[1])?.entries : undefined;
  const head = options?.find((entry) => entry.key === 'head');
  const counts = head && constantValue(head.value, host) === true;
  const columns = counts ? [sql('count(*)', head.span)] : selected.columns;
  return { sql: concat(renderSelect({ columns, starHost: select?.span, from: table, where, orderBy: counts ? [] : orderBy, limit: counts ? undefined : limit, offset: counts ? undefined : offset }), unseen), access: 'read', fetches: counts || one ? 'one' : 'many', eager: selected.eager };
}

/** `b - a + 1` rows; written out where both are numbers. */
function pageSize(a: SyntaxNode, b: SyntaxNode, host: HostContext): SqlPart {
  const [from, to] = [constantValue(a, host), constantValue(b, host)];
  return typeof from === 'number' && typeof to === 'number' ? literal(to - from + 1, spanOf(b)) : bind(bindOf(b, host));
}

/** `a, b:c, rel(x, y), rel!inner(z)` at its top level. */
function selection(call: SupabaseCall, host: HostContext): { readonly columns: readonly SqlPart[]; readonly eager: readonly string[]; readonly inner: boolean } {
  const node = call.argNodes[0];
  const text = node ? constantText(node, host) : '*';
  if (!node || text === undefined || text.trim() === '' || text.trim() === '*') return { columns: text === undefined && node ? [hole('identifier', bindOf(node, host))] : [], eager: [], inner: false };
  const columns: SqlPart[] = [];
  const eager: string[] = [];
  let inner = false;
  for (const item of splitTop(text)) {
    const embedded = /^(?:\.\.\.)?\s*(?:\w+\s*:\s*)?([\w$]+)((?:![\w$]+)*)\s*\(/.exec(item);
    if (embedded && !/^(count|sum|avg|min|max)$/.test(embedded[1] ?? '') && !/\.(count|sum|avg|min|max)\(\)/.test(item)) {
      eager.push(embedded[1] ?? '');
      inner ||= /!inner/.test(embedded[2] ?? '');
      continue;
    }
    const column = /^(?:"?([\w$]+)"?\s*:\s*)?"?([\w$]+|\*)"?(?:::[\w ]+)?$/.exec(item);
    columns.push(column ? concat(identifier(column[2] ?? '', spanOf(node)), column[1] === undefined ? nothing : concat(sql(' AS '), identifier(column[1], spanOf(node)))) : /count\(\)/.test(item) ? sql('count(*)', spanOf(node)) : sql('NULL', spanOf(node)));
  }
  return { columns: columns.length > 0 ? columns : [sql('1', spanOf(node))], eager, inner };
}

function splitTop(text: string): readonly string[] {
  const items: string[] = [];
  let depth = 0;
  let from = 0;
  for (let index = 0; index <= text.length; index++) {
    const c = text[index];
    if (c === '(') depth++;
    if (c === ')') depth--;
    if (index === text.length || (c === ',' && depth === 0)) {
      items.push(text.slice(from, index).trim());
      from = index + 1;
    }
  }
  return items.filter((item) => item !== '');
}

/** A column of the table; a path into an embedded resource filters that one, not these rows. */
function columnPart(node: SyntaxNode, host: HostContext, span: HostSpan): SqlPart {
  const text = constantText(node, host);
  if (text === undefined) return hole('identifier', bindOf(node, host));
  const path = /^([\w$]+)((?:->>?[\w$]+)+)$/.exec(text);
  if (path) return concat(identifier(path[1] ?? '', span), ...[...(path[2] ?? '').matchAll(/(->>?)([\w$]+)/g)].map((step) => sql(` ${step[1] ?? ''} ${/^\d+$/.test(step[2] ?? '') ? step[2] ?? '' : `'${step[2] ?? ''}'`}`, span)));
  return /^[\w$ ]+$/.test(text) ? identifier(text, span) : incomplete;
}

/** Conditions of a filter call; undefined for calls that are none. */
function filterParts(call: SupabaseCall, host: HostContext): readonly SqlPart[] | undefined {
  const { name, argNodes: args, span } = call;
  const [a, b, c] = args;
  if (!a) return undefined;
  if (name === 'match') {
    const object = readObject(a);
    return object ? [...object.entries.map((entry) => conditional(concat(identifier(entry.key, entry.span), sql(' = ', entry.span), valuePart(entry.value, host)), entry.condition)), object.open ? incomplete : nothing] : [incomplete];
  }
  if (name === 'or') return [orPart(a, args.length > 1, span, host)];
  if (name === 'filter' || name === 'not') {
    const operator = b ? constantText(b, host) : undefined;
    if (operator === undefined || !c) return [incomplete];
    const part = /\./.test(constantText(a, host) ?? '') ? incomplete : condition(operator, columnPart(a, host, span), c, span, host);
    return [name === 'not' ? (operator === 'is' ? concat(columnPart(a, host, span), sql(' IS NOT NULL', span)) : clause(sql('NOT ', span), group(part))) : part];
  }
  if (!Object.hasOwn(comparisons, name) && !/^(is|in|like|ilike|likeAllOf|likeAnyOf|ilikeAllOf|ilikeAnyOf|textSearch|notIn|isDistinct)$/.test(name)) return undefined;
  if (!b || /\./.test(constantText(a, host) ?? '')) return [incomplete];
  return [condition(name, columnPart(a, host, span), b, span, host)];
}

function condition(operator: string, column: SqlPart, value: SyntaxNode, span: HostSpan, host: HostContext): SqlPart {
  if (Object.hasOwn(comparisons, operator)) return concat(column, sql(comparisons[operator] ?? '', span), valuePart(value, host));
  switch (operator) {
    case 'is': {
      const known = constantValue(value, host);
      return concat(column, sql(` IS ${known === true ? 'TRUE' : known === false ? 'FALSE' : 'NULL'}`, span));
    }
    case 'in':
    case 'notIn': {
      const list = readArray(value);
      const keyword = sql(operator === 'in' ? ' IN ' : ' NOT IN ', span);
      return list && !list.open && list.items.length > 0 && !list.items.some((item) => item.condition) ? concat(column, keyword, group(join(list.items.map((item) => valuePart(item.node, host)), ', '), span)) : concat(column, keyword, hole('list', bindOf(value, host)));
    }
    case 'like':
    case 'ilike':
      return concat(column, sql(` ${operator.toUpperCase()} `, span), patternPart(value, host));
    case 'textSearch':
    case 'fts':
    case 'plfts':
    case 'wfts':
      return concat(column, sql(' @@ to_tsquery(', span), bind(bindOf(value, host)), sql(')', span));
    default:
      return incomplete;
  }
}

/** `a.eq.1,b.gt.2`: known where every branch is a plain comparison; values in the text may be interpolated. */
function orPart(node: SyntaxNode, foreign: boolean, span: HostSpan, host: HostContext): SqlPart {
  const text = host.string(node);
  if (!text || foreign || text.conditional.length > 0 || !text.complete) return incomplete;
  // Slots are blanks: a mark in their place keeps the branches apart.
  let marked = text.text;
  for (const slot of text.interpolations) marked = marked.slice(0, slot.span.start) + '\u0001'.repeat(slot.span.end - slot.span.start) + marked.slice(slot.span.end);
  const branches = splitTop(marked).map((branch) => {
    const match = /^([\w$]+)\.(not\.)?(eq|neq|gt|gte|lt|lte|like|ilike|is)\.([^]*)$/.exec(branch);
    if (!match) return undefined;
    const [, column = '', not, operator = '', value = ''] = match;
    const at = marked.indexOf(branch);
    const bound = text.interpolations.findIndex((slot) => slot.span.start >= at && slot.span.end <= at + branch.length);
    const known = text.binds.find((candidate) => (candidate.interpolation ?? Number(candidate.key)) === bound);
    const right = operator === 'is' ? sql(value.toUpperCase(), span) : known ? bind({ text: known.text, span: known.span, names: known.names, origin: known.origin }) : literal(/^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value, span);
    const pattern = known && /like$/.test(operator) ? concat(sql(/^[%*]/.test(value) ? "'%' || " : '', span), right, sql(/[%*]$/.test(value) ? " || '%'" : '', span)) : right;
    const symbol = operator === 'is' ? ' IS ' : /like$/.test(operator) ? ` ${operator.toUpperCase()} ` : comparisons[operator] ?? ' = ';
    const part = concat(identifier(column, span), sql(symbol, span), pattern);
    return not ? clause(sql('NOT ', span), group(part)) : part;
  });
  return branches.every((branch) => branch !== undefined) ? group(joinConditions(branches, 'OR'), span) : incomplete;
}

function orderPart(node: SyntaxNode, options: readonly Entry[] | undefined, span: HostSpan, host: HostContext): SqlPart {
  const find = (key: string): SyntaxNode | undefined => options?.find((entry) => entry.key === key)?.value;
  const [ascending, nulls] = [find('ascending'), find('nullsFirst')];
  const up = ascending ? constantValue(ascending, host) : true;
  const first = nulls ? constantValue(nulls, host) : undefined;
  const direction = typeof up === 'boolean' ? sql(up ? '' : ' DESC', span) : hole('fragment', bindOf(ascending ?? node, host));
  return concat(columnPart(node, host, span), direction, typeof first === 'boolean' ? sql(first ? ' NULLS FIRST' : ' NULLS LAST', span) : nothing);
}

function writePart(call: SupabaseCall, table: SqlPart, where: readonly SqlPart[], host: HostContext): SqlPart {
  const [data, given] = call.argNodes;
  const cell = (node: SyntaxNode): SqlPart => (constantValue(node, host) === null ? sql('NULL', spanOf(node)) : bind(bindOf(node, host)));
  if (call.name === 'delete') return concat(sql('DELETE FROM ', call.nameSpan), table, renderWhere(where));
  if (call.name === 'update') {
    const object = data ? readObject(data) : undefined;
    const set = object?.entries.map((entry) => conditional(concat(identifier(entry.key, entry.span), sql(' = ', entry.span), cell(entry.value)), entry.condition)) ?? [];
    const unknown = data && (!object || object.open || set.length === 0) ? [hole('assignment', bindOf(data, host))] : [];
    return concat(sql('UPDATE ', call.nameSpan), table, sql(' SET '), join([...set, ...unknown], ', '), renderWhere(where));
  }
  const list = data ? readArray(unwrap(data)) : undefined;
  const rows = list && !list.open ? list.items.map((item) => readObject(item.node)) : [data ? readObject(data) : undefined];
  const head = concat(sql('INSERT INTO ', call.nameSpan), table);
  const conflict = call.name === 'upsert' ? conflictPart(given, rows, call.span, host) : nothing;
  if (!data || rows.length === 0 || rows.some((row) => row === undefined || row.open)) return concat(head, sql(' VALUES '), data ? hole('list', bindOf(data, host)) : nothing, conflict, incomplete);
  const keys = [...new Set(rows.flatMap((row) => row?.entries.map((entry) => entry.key) ?? []))];
  const value = (row: (typeof rows)[number], key: string): SqlPart => {
    const entry = row?.entries.findLast((candidate) => candidate.key === key);
    return entry ? cell(entry.value) : sql('DEFAULT');
  };
  return concat(head, sql(' '), group(join(keys.map((key) => identifier(key, rows[0]?.entries.find((entry) => entry.key === key)?.span)), ', ')), sql(' VALUES '), join(rows.map((row) => group(join(keys.map((key) => value(row, key)), ', '))), ', '), conflict);
}

function conflictPart(given: SyntaxNode | undefined, rows: readonly (ReturnType<typeof readObject>)[], span: HostSpan, host: HostContext): SqlPart {
  const options = given ? readObject(given)?.entries : undefined;
  const find = (key: string): SyntaxNode | undefined => options?.find((entry) => entry.key === key)?.value;
  const [target, ignore] = [find('onConflict'), find('ignoreDuplicates')];
  const columns = (target ? constantText(target, host) : undefined)?.split(',').map((name) => identifier(name.trim(), span)) ?? [];
  const place = columns.length > 0 ? concat(sql(' '), group(join(columns, ', '))) : nothing;
  if (ignore && constantValue(ignore, host) === true) return concat(sql(' ON CONFLICT', span), place, sql(' DO NOTHING', span));
  // Without `onConflict` the primary key decides, which the code does not name.
  if (columns.length === 0) return incomplete;
  const set = [...new Set(rows.flatMap((row) => row?.entries.map((entry) => entry.key) ?? []))].map((key) => concat(identifier(key, span), sql(' = excluded.', span), identifier(key, span)));
  return concat(sql(' ON CONFLICT', span), place, set.length > 0 ? concat(sql(' DO UPDATE SET ', span), join(set, ', ')) : sql(' DO NOTHING', span));
}
