import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { HostSpan } from '../../text/span';
import { bindOf, constantText, constantValue, readArray, readObject, valuePart, type Entry, type ObjectValue } from '../shared/hostValues';
import { bind, concat, conditional, group, hole, identifier, incomplete, join, nothing, sql, unconditional, type SqlPart } from '../shared/sqlBuilder';
import { renderWhere } from '../shared/sqlClauses';
import { columnsOf, sqlText, tablePart, type EntitySource, type TypeormScope } from './typeormScope';
import { wherePart } from './typeormWhere';

/** `UPDATE`, `DELETE` and `INSERT` of a repository's own methods. `args` are those behind the entity. Undefined: the statement cannot be told. */
export function renderWriteMethod(method: string, args: readonly SyntaxNode[], scope: TypeormScope, host: HostSpan): SqlPart | undefined {
  const [first, second, third] = args;
  const table = tablePart(scope.main.model, scope.main.name, host);
  const column = (property: string, at: HostSpan): SqlPart => identifier(columnsOf(scope.main, property)?.[0] ?? property, at);
  switch (method) {
    case 'insert':
      return first && renderInsert(table, first, scope, nothing);
    case 'save':
      return first && savedRows(first, scope) ? renderInsert(table, first, scope, nothing) : undefined;
    case 'upsert':
      return first && second && renderInsert(table, first, scope, upsertClause(first, second, scope));
    case 'update':
      return first && second && concat(sql('UPDATE '), table, sql(' SET '), assignments(second, scope), renderWhere([criteria(first, scope)]));
    case 'updateAll':
      return first && concat(sql('UPDATE '), table, sql(' SET '), assignments(first, scope));
    case 'increment':
    case 'decrement': {
      const property = second && constantText(second, scope.host);
      if (!first || property === undefined || !second || !third) return undefined;
      const name = column(property, spanOf(second));
      return concat(sql('UPDATE '), table, sql(' SET '), name, sql(' = '), name, sql(method === 'increment' ? ' + ' : ' - ', host), valuePart(third, scope.host), renderWhere([criteria(first, scope)]));
    }
    case 'delete':
      return first && concat(sql('DELETE FROM '), table, renderWhere([criteria(first, scope)]));
    case 'deleteAll':
      return concat(sql('DELETE FROM '), table);
    case 'clear':
      return concat(sql('TRUNCATE TABLE '), table);
    case 'softDelete':
    case 'restore': {
      const deleted = scope.main.model?.softDelete;
      if (!first || deleted === undefined) return undefined;
      return concat(sql('UPDATE '), table, sql(' SET '), identifier(deleted, host), sql(method === 'softDelete' ? ' = CURRENT_TIMESTAMP' : ' = NULL', host), renderWhere([criteria(first, scope), concat(identifier(deleted, host), sql(method === 'softDelete' ? ' IS NULL' : ' IS NOT NULL', host))]));
    }
    default:
      return undefined;
  }
}

/** A key, a list of keys, or a filter. */
export function criteria(written: SyntaxNode, scope: TypeormScope): SqlPart {
  const node = unwrap(written);
  const key = identifier(scope.main.model?.primary?.[0] ?? 'id', spanOf(node));
  if (readObject(node, scope.host)) return wherePart(node, scope, scope.main);
  const list = readArray(node, scope.host);
  if (list) return list.items.some((item) => readObject(item.node)) ? wherePart(node, scope, scope.main) : concat(key, sql(' IN ', spanOf(node)), list.open || list.items.length === 0 ? hole('list', bindOf(node, scope.host)) : group(join(list.items.map((item) => valuePart(item.node, scope.host)), ', ')));
  // `update(ids, …)`, `update(where, …)`: what the name holds decides.
  if (/(Ids|ids|IDs|List|Keys)$/.test(node.text)) return concat(key, sql(' IN ', spanOf(node)), hole('list', bindOf(node, scope.host)));
  if (/(where|criteria|conditions?|filters?|options|query)$/i.test(node.text) || node.type === 'call_expression') return incomplete;
  return concat(key, sql(' = ', spanOf(node)), valuePart(node, scope.host));
}

/** Object literals without the key are inserted; with it TypeORM looks first whether the row is there. */
function savedRows(written: SyntaxNode, scope: TypeormScope): boolean {
  const key = scope.main.model?.columns.find((column) => column.column === scope.main.model?.primary?.[0])?.property ?? 'id';
  const rows = rowsOf(written, scope);
  return rows !== undefined && rows.length > 0 && rows.every((row) => !row.open && row.entries.length > 0 && !row.entries.some((entry) => entry.key === key));
}

/** The rows that are written: an object, a list of objects, and what `repo.create({…})` makes of one. */
function rowsOf(written: SyntaxNode, scope: TypeormScope): readonly ObjectValue[] | undefined {
  const node = unwrap(written, true);
  const list = readArray(node);
  if (list) {
    const rows = list.items.map((item) => readObject(item.node));
    return list.open || rows.some((row) => row === undefined) ? undefined : (rows as readonly ObjectValue[]);
  }
  const object = readObject(node);
  if (object) return [object];
  const origin = node.type === 'identifier' || node.type === 'call_expression' ? scope.host.origin(node) : undefined;
  const made = origin?.kind === 'call' && (origin.path?.length ?? 0) === 0 && origin.callee.at(-1) === 'create' ? callParts(origin.node)?.args.at(-1) : undefined;
  // A created entity held in a variable may be changed before it is saved.
  if (!made || made.id === node.id) return undefined;
  return node.type === 'call_expression' ? rowsOf(made, scope) : rowsOf(made, scope)?.map((row) => ({ ...row, open: true }));
}

export function renderInsert(table: SqlPart, values: SyntaxNode, scope: TypeormScope, conflict: SqlPart): SqlPart {
  const rows = rowsOf(values, scope);
  if (!rows || rows.length === 0 || rows.some((row) => row.open)) return concat(sql('INSERT INTO '), table, sql(' VALUES '), hole('list', bindOf(values, scope.host)), conflict, incomplete);
  const cells = rows.map((row) => row.entries.flatMap((entry) => {
    const columns = columnsOf(scope.main, entry.key);
    const relation = scope.main.model?.relations.find((candidate) => candidate.property === entry.key);
    if (relation && !columns) return [];
    return [{ column: columns?.[0] ?? entry.key, entry, value: cellValue(entry, relation !== undefined, scope) }];
  }));
  const generated = scope.main.model?.changes.flatMap((change) => (change.type === 'create-table' ? change.columns.filter((column) => column.default === 'nextval').map((column) => column.name) : [])) ?? [];
  const given = new Set(cells.flatMap((row) => row.map((cell) => cell.column)));
  // A number that the database counts up is not named unless it is given.
  const all = scope.main.model?.columns.map((column) => column.column).filter((column) => given.has(column) || !generated.includes(column)) ?? [];
  const named = [...new Set(cells.flatMap((row) => row.map((cell) => cell.column)))];
  const columns = all.length > 0 ? [...all, ...named.filter((name) => !all.includes(name))] : named;
  if (columns.length === 0) return concat(sql('INSERT INTO '), table, sql(' DEFAULT VALUES'), conflict);
  const names = columns.map((column) => identifier(column, cells[0]?.find((cell) => cell.column === column)?.entry.span));
  const lines = cells.map((row) => group(join(columns.map((column) => row.findLast((cell) => cell.column === column)?.value ?? sql('DEFAULT')), ', ')));
  return concat(sql('INSERT INTO '), table, sql(' '), group(join(names, ', ')), sql(' VALUES '), join(lines, ', '), conflict);
}

function cellValue(entry: Entry, relation: boolean, scope: TypeormScope): SqlPart {
  const node = unwrap(entry.value);
  if (isFunction(node)) {
    const body = node.childForFieldName('body');
    const text = body && scope.host.string(body);
    return text ? sqlText(body ?? node, scope) : bind(bindOf(node, scope.host));
  }
  const nested = relation ? readObject(node) : undefined;
  const only = nested?.entries.length === 1 ? nested.entries[0] : undefined;
  if (only) return valuePart(only.value, scope.host);
  return constantValue(node, scope.host) === undefined ? bind(bindOf(node, scope.host)) : valuePart(node, scope.host);
}

/** `ON CONFLICT (…) DO UPDATE SET …` of `upsert`. */
function upsertClause(values: SyntaxNode, written: SyntaxNode, scope: TypeormScope): SqlPart {
  const options = readObject(written);
  const paths = options ? options.entries.find((entry) => entry.key === 'conflictPaths')?.value : written;
  const list = paths && readArray(paths);
  const names = list && !list.open ? list.items.map((item) => constantText(item.node, scope.host)) : paths && readObject(paths)?.entries.map((entry) => entry.key);
  if (!names || names.some((name) => name === undefined)) return concat(sql(' ON CONFLICT DO NOTHING'), incomplete);
  const column = (name: string | undefined): string => columnsOf(scope.main, name ?? '')?.[0] ?? name ?? '';
  const keys = names.map(column);
  const set = [...new Set([...keys, ...(rowsOf(values, scope) ?? []).flatMap((row) => row.entries.map((entry) => column(entry.key)))])];
  return concat(sql(' ON CONFLICT ', spanOf(written)), group(join(keys.map((key) => identifier(key, spanOf(written))), ', ')), sql(' DO UPDATE SET '), join(set.map((name) => concat(identifier(name), sql(' = EXCLUDED.'), identifier(name))), ', '));
}

export function assignments(written: SyntaxNode, scope: TypeormScope): SqlPart {
  const object = readObject(written, scope.host);
  if (!object) return hole('assignment', bindOf(written, scope.host));
  const parts = object.entries.map((entry) => {
    const relation = scope.main.model?.relations.some((candidate) => candidate.property === entry.key) ?? false;
    return conditional(concat(identifier(columnsOf(scope.main, entry.key)?.[0] ?? entry.key, entry.span), sql(' = ', entry.span), cellValue(entry, relation, scope)), entry.condition);
  });
  const set = parts.length === 1 && !object.open ? parts.map(unconditional) : parts;
  return join([...set, ...(object.open || set.length === 0 ? [hole('assignment', bindOf(written, scope.host))] : [])], ', ');
}

export type { EntitySource };
