import { spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { bindOf, constantValue, readArray, readObject, type Entry } from '../shared/hostValues';
import { bind, clause, concat, conditional, group, hole, identifier, incomplete, isEmpty, join, joinConditions, nothing, sql, unconditional, type SqlPart } from '../shared/sqlBuilder';
import { renderWhere, renderWith } from '../shared/sqlClauses';
import { conditionParts, sqlPart, subqueryPart } from './drizzleExpressions';
import { callbackBody, fieldParts, joinPart, neutral, tablePart, withParts, type DrizzleCall, type DrizzleQuery } from './drizzleSelect';
import { allColumns, columnPart, readColumn, type DrizzleScope, type DrizzleTable } from './drizzleTables';

/** INSERT, UPDATE or DELETE of a chain. */
export function renderWriteChain(calls: readonly DrizzleCall[], outer: DrizzleScope): DrizzleQuery | undefined {
  const first = calls.find((call) => /^(insert|update|delete)$/.test(call.name));
  const target = first?.argNodes[0];
  if (!first || !target) return undefined;
  const scope: DrizzleScope = { ...outer, qualified: true };
  const { part, table } = tablePart(target, scope);
  const find = (name: string): DrizzleCall | undefined => calls.findLast((call) => call.name === name);
  const ctes = find('with');
  const head = renderWith(ctes ? withParts(ctes, scope) : []);
  const where = find('where');
  const conditions = where?.argNodes[0] ? conditionParts(callbackBody(where.argNodes[0]), scope).map((item) => conditional(item, where.condition)) : [];
  const unseen = calls.every((call) => call === first || neutral.test(call.name) || /^(with|values|select|set|from|where|returning|onConflictDoNothing|onConflictDoUpdate|overridingSystemValue)$|Join$/.test(call.name)) ? nothing : incomplete;
  const returning = find('returning');
  const result = returning ? returningPart(returning, table, { ...outer, qualified: false }) : nothing;
  const body = ((): SqlPart => {
    switch (first.name) {
      case 'insert':
        return concat(sql('INSERT INTO ', first.nameSpan), part, insertBody(calls, table, scope), conflictPart(calls, table, scope));
      case 'update': {
        const from = find('from')?.argNodes[0];
        const joins = calls.map((call) => joinPart(call, scope)?.part ?? nothing).filter((item) => !isEmpty(item));
        return concat(sql('UPDATE ', first.nameSpan), part, sql(' SET '), assignments(find('set')?.argNodes[0], table, scope), from ? concat(sql(' FROM '), tablePart(from, scope).part) : nothing, ...joins.map((item) => concat(sql(' '), item)), renderWhere(conditions));
      }
      default:
        return concat(sql('DELETE FROM ', first.nameSpan), part, renderWhere(conditions));
    }
  })();
  return { sql: concat(head, body, result, unseen), access: 'write', fetches: returning ? 'many' : 'none', ...(table ? { table } : {}) };
}

function returningPart(call: DrizzleCall, table: DrizzleTable | undefined, scope: DrizzleScope): SqlPart {
  const fields = call.argNodes[0];
  const columns = fields ? fieldParts(fields, scope) : table ? allColumns(table, scope, call.span) : [];
  return concat(sql(' RETURNING ', call.span), columns.some((item) => !isEmpty(item)) ? join(columns, ', ') : sql('*', call.span));
}

const columnName = (table: DrizzleTable | undefined, entry: Entry, scope: DrizzleScope): SqlPart => {
  const column = table?.column(entry.key);
  return column === undefined ? hole('identifier', bindOf(entry.value, scope.host)) : identifier(column, entry.span);
};

/** A value that is written: SQL of its own, a constant, else one parameter (objects and arrays too). */
function cell(node: SyntaxNode, scope: DrizzleScope): SqlPart {
  const own = columnPart(node, scope) ?? sqlPart(node, scope) ?? subqueryPart(node, scope);
  if (own) return own;
  const known = constantValue(node, scope.host);
  return known === undefined || typeof known === 'object' ? (known === null ? sql('NULL', spanOf(node)) : bind(bindOf(node, scope.host))) : sql(typeof known === 'string' ? `'${known.replaceAll("'", "''")}'` : String(known), spanOf(node));
}

function insertBody(calls: readonly DrizzleCall[], table: DrizzleTable | undefined, scope: DrizzleScope): SqlPart {
  const from = calls.find((call) => call.name === 'select')?.argNodes[0];
  if (from) {
    const inner = scope.query(callbackBody(from)) ?? sqlPart(callbackBody(from), scope);
    return inner ? concat(sql(' '), inner) : concat(sql(' SELECT '), hole('fragment', bindOf(from, scope.host)));
  }
  const data = calls.findLast((call) => call.name === 'values')?.argNodes[0];
  if (!data) return concat(sql(' DEFAULT VALUES'), incomplete);
  const list = readArray(data);
  const rows = list && !list.open ? list.items.map((item) => readObject(item.node)) : [readObject(data)];
  if (rows.length === 0 || rows.some((row) => row === undefined || row.open) || !table) return concat(sql(' VALUES '), hole('list', bindOf(data, scope.host)), incomplete);
  const keys = [...new Set(rows.flatMap((row) => row?.entries.map((entry) => entry.key) ?? []))];
  if (keys.length === 0) return sql(' DEFAULT VALUES');
  const find = (row: (typeof rows)[number], key: string): Entry | undefined => row?.entries.findLast((entry) => entry.key === key);
  const names = keys.map((key) => {
    const entry = rows.map((row) => find(row, key)).find((known) => known !== undefined);
    return entry ? columnName(table, entry, scope) : nothing;
  });
  const values = rows.map((row) => group(join(keys.map((key) => {
    const entry = find(row, key);
    return entry ? cell(entry.value, scope) : sql('DEFAULT');
  }), ', ')));
  return concat(sql(' '), group(join(names, ', ')), sql(' VALUES '), join(values, ', '));
}

function assignments(data: SyntaxNode | undefined, table: DrizzleTable | undefined, scope: DrizzleScope): SqlPart {
  const object = data ? readObject(data) : undefined;
  if (!data) return hole('assignment', { text: 'set', names: [], origin: 'unknown' });
  if (!object) return hole('assignment', bindOf(data, scope.host));
  const set = object.entries.map((entry) => conditional(concat(columnName(table, entry, scope), sql(' = ', entry.span), cell(entry.value, scope)), entry.condition));
  const parts = set.length === 1 && !object.open ? set.map(unconditional) : set;
  return join([...parts, ...(object.open || parts.length === 0 ? [hole('assignment', bindOf(data, scope.host))] : [])], ', ');
}

function conflictPart(calls: readonly DrizzleCall[], table: DrizzleTable | undefined, scope: DrizzleScope): SqlPart {
  const call = calls.findLast((item) => /^onConflict/.test(item.name));
  if (!call) return nothing;
  const entries = call.argNodes[0] ? readObject(call.argNodes[0])?.entries : [];
  const find = (key: string): Entry | undefined => entries?.find((entry) => entry.key === key);
  const target = find('target');
  const list = target ? readArray(target.value)?.items.map((item) => item.node) ?? [target.value] : [];
  const columns = list.map((node) => {
    const column = readColumn(node, scope);
    return column?.column === undefined ? sqlPart(node, scope) ?? hole('identifier', bindOf(node, scope.host)) : identifier(column.column, column.span);
  });
  const condition = (key: string): SqlPart => {
    const entry = find(key);
    return entry ? clause(sql(' WHERE ', entry.span), joinConditions(conditionParts(entry.value, scope), 'AND')) : nothing;
  };
  const head = concat(sql(' ON CONFLICT', call.nameSpan), columns.length > 0 ? concat(sql(' '), group(join(columns, ', ')), condition('targetWhere')) : nothing);
  if (call.name === 'onConflictDoNothing') return concat(head, columns.length > 0 ? condition('where') : nothing, sql(' DO NOTHING', call.nameSpan), entries ? nothing : incomplete);
  return concat(head, sql(' DO UPDATE SET ', call.nameSpan), assignments(find('set')?.value ?? unwrap(call.argNodes[0] ?? call.node), table, scope), condition(find('setWhere') ? 'setWhere' : 'where'));
}
