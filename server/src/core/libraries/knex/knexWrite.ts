import { spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { bindOf, constantText, readArray, readObject, valuePart, type Entry } from '../shared/hostValues';
import { columnPart, rawPart, subqueryPart, tablePart, type KnexCall, type KnexScope } from './knexScope';
import { concat, conditional, group, hole, identifier, incomplete, join, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderWhere } from '../shared/sqlClauses';

/** The writing calls of a chain, in order. */
export interface KnexWrite {
  readonly kind: 'insert' | 'update' | 'delete' | 'truncate';
  readonly calls: readonly KnexCall[];
  readonly scope: KnexScope;
  readonly returning?: { readonly columns: readonly SqlPart[]; readonly host: HostSpan };
}

/** INSERT, UPDATE, DELETE or TRUNCATE of a chain. */
export function renderWrite(write: KnexWrite, table: SqlPart, where: readonly SqlPart[], joins: readonly SqlPart[]): SqlPart {
  const returning = write.returning ? concat(sql(' RETURNING ', write.returning.host), write.returning.columns.length > 0 ? join(write.returning.columns, ', ') : sql('*', write.returning.host)) : nothing;
  switch (write.kind) {
    case 'insert':
      return concat(sql('INSERT INTO ', callSpan(write, /nsert$|upsert/)), table, insertBody(write), conflict(write), returning);
    case 'update':
      return concat(sql('UPDATE ', callSpan(write, /update|crement/)), table, sql(' SET '), assignments(write), from(write), renderWhere(where), returning);
    case 'delete':
      return concat(sql('DELETE FROM ', callSpan(write, /^del/)), table, using(write), ...joins.map((part) => concat(sql(' '), part)), renderWhere(where), returning);
    case 'truncate':
      return concat(sql('TRUNCATE ', callSpan(write, /truncate/)), table);
  }
}

const callSpan = (write: KnexWrite, name: RegExp): HostSpan | undefined => write.calls.find((call) => name.test(call.name))?.nameSpan;
const findCall = (write: KnexWrite, name: RegExp): KnexCall | undefined => write.calls.find((call) => name.test(call.name));

const operand = (node: SyntaxNode, scope: KnexScope): SqlPart => rawPart(node, scope) ?? subqueryPart(node, scope) ?? valuePart(node, scope.host);

function insertBody(write: KnexWrite): SqlPart {
  const { scope } = write;
  const call = findCall(write, /nsert$|upsert/);
  const data = call?.argNodes[call.name === 'batchInsert' ? 1 : 0];
  if (!data) return sql(' DEFAULT VALUES');
  const node = unwrap(data);
  const inner = node.type === 'call_expression' ? scope.query(node) : undefined;
  if (inner) return concat(sql(' '), inner);
  const list = readArray(node, scope.host);
  const rows = list ? list.items.map((item) => readObject(item.node, scope.host)) : [readObject(node, scope.host)];
  const known = rows.every((row) => row !== undefined) && rows.length > 0 && !list?.open;
  if (!known) return concat(sql(' VALUES '), hole('list', bindOf(data, scope.host)), incomplete);
  const keys = [...new Set(rows.flatMap((row) => row?.entries.map((entry) => entry.key) ?? []))];
  if (keys.length === 0) return sql(' DEFAULT VALUES');
  const columns = keys.map((key) => identifier(key, rows[0]?.entries.find((entry) => entry.key === key)?.span));
  const values = rows.map((row) => group(join(keys.map((key) => cell(row?.entries.findLast((entry) => entry.key === key), scope)), ', ')));
  return concat(sql(' '), group(join(columns, ', ')), sql(' VALUES '), join(values, ', '), rows.some((row) => row?.open) ? incomplete : nothing);
}

const cell = (entry: Entry | undefined, scope: KnexScope): SqlPart => (entry ? operand(entry.value, scope) : sql('DEFAULT'));

function assignments(write: KnexWrite): SqlPart {
  const { scope } = write;
  const parts = write.calls.flatMap((call) => {
    const [a, b] = call.argNodes;
    if (/crement$/.test(call.name) && a) {
      const object = readObject(a, scope.host);
      const sign = call.name === 'increment' ? ' + ' : ' - ';
      const one = (column: SqlPart, by: SqlPart, host: HostSpan): SqlPart => concat(column, sql(' = ', host), column, sql(sign, host), by);
      return object ? object.entries.map((entry) => one(identifier(entry.key, entry.span), operand(entry.value, scope), entry.span)) : [one(columnPart(a, scope, call.span), b ? operand(b, scope) : sql('1', call.span), call.span)];
    }
    if (call.name !== 'update' || !a) return [];
    const object = readObject(a, scope.host);
    if (object) return [...setEntries(object.entries, scope), ...(object.open ? [hole('assignment', bindOf(a, scope.host)), incomplete] : [])];
    const column = constantText(a, scope.host);
    return column !== undefined && b ? [concat(identifier(column.split('.'), spanOf(a)), sql(' = ', call.span), operand(b, scope))] : [hole('assignment', bindOf(a, scope.host))];
  });
  return join(parts, ', ');
}

const setEntries = (entries: readonly Entry[], scope: KnexScope): readonly SqlPart[] =>
  entries.map((entry) => conditional(concat(identifier(entry.key.split('.'), entry.span), sql(' = ', entry.span), operand(entry.value, scope)), entry.condition));

function from(write: KnexWrite): SqlPart {
  const table = findCall(write, /^updateFrom$/)?.argNodes[0];
  return table ? concat(sql(' FROM '), tablePart(table, write.scope)) : nothing;
}

function using(write: KnexWrite): SqlPart {
  const table = findCall(write, /^using$/)?.argNodes[0];
  const list = table ? readArray(table, write.scope.host)?.items.map((item) => item.node) ?? [table] : [];
  return list.length > 0 ? concat(sql(' USING '), join(list.map((node) => tablePart(node, write.scope)), ', ')) : nothing;
}

function conflict(write: KnexWrite): SqlPart {
  const call = findCall(write, /^onConflict$/);
  if (!call) return nothing;
  const { scope } = write;
  const target = call.argNodes[0];
  const raw = target ? rawPart(target, scope) : undefined;
  const columns = target ? readArray(target, scope.host)?.items.map((item) => item.node) ?? [target] : [];
  const place = raw ? concat(sql(' '), raw) : columns.length > 0 ? concat(sql(' '), group(join(columns.map((node) => columnPart(node, scope)), ', '))) : nothing;
  const head = concat(sql(' ON CONFLICT', call.span), place);
  const merge = findCall(write, /^merge$/);
  if (!merge) return concat(head, sql(' DO NOTHING', findCall(write, /^ignore$/)?.span));
  const data = merge.argNodes[0];
  const object = data ? readObject(data, scope.host) : undefined;
  const named = data ? readArray(data, scope.host)?.items.map((item) => constantText(item.node, scope.host)) : undefined;
  const excluded = (name: string): SqlPart => concat(identifier(name, merge.span), sql(' = excluded.', merge.span), identifier(name, merge.span));
  const updates = object ? setEntries(object.entries, scope) : (named ?? insertedKeys(write)).flatMap((name) => (name === undefined ? [] : [excluded(name)]));
  return concat(head, sql(' DO UPDATE SET ', merge.span), updates.length > 0 ? join(updates, ', ') : hole('assignment', bindOf(data ?? merge.node, scope.host)));
}

function insertedKeys(write: KnexWrite): readonly string[] {
  const data = findCall(write, /nsert$|upsert/)?.argNodes[0];
  const rows = data ? (readArray(data, write.scope.host)?.items.map((item) => readObject(item.node, write.scope.host)) ?? [readObject(data, write.scope.host)]) : [];
  return [...new Set(rows.flatMap((row) => row?.entries.map((entry) => entry.key) ?? []))];
}
