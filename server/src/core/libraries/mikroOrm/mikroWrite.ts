import { spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { bindOf, constantText, constantValue, readArray, readObject, valuePart, type Entry, type ObjectValue } from '../shared/hostValues';
import { bind, concat, conditional, group, hole, identifier, incomplete, join, nothing, sql, unconditional, type SqlPart } from '../shared/sqlBuilder';
import { renderWhere } from '../shared/sqlClauses';
import { keyAmong, optionOf } from './mikroFind';
import { columnsOf, relationOf, tablePart, type MikroScope } from './mikroScope';

/** The statement of `insert`, `upsert`, `nativeUpdate`, … `args` are those behind the entity. Undefined: it cannot be told. */
export function renderWrite(method: string, args: readonly SyntaxNode[], scope: MikroScope, host: HostSpan): SqlPart | undefined {
  const [first, second] = args;
  if (!first) return undefined;
  const table = tablePart(scope.main.model, host);
  switch (method) {
    case 'insert':
    case 'insertMany':
      return renderInsert(table, first, scope, nothing);
    case 'upsert':
    case 'upsertMany':
      return renderInsert(table, first, scope, conflictPart(first, second, scope));
    case 'nativeUpdate':
      return second && renderUpdate(table, second, keyAmong(first, scope, host), scope);
    case 'nativeDelete':
      return concat(sql('DELETE FROM '), table, renderWhere([keyAmong(first, scope, host)]));
    default:
      return undefined;
  }
}

export const renderUpdate = (table: SqlPart, values: SyntaxNode, where: SqlPart, scope: MikroScope): SqlPart =>
  concat(sql('UPDATE '), table, sql(' SET '), assignments(values, scope), renderWhere([where]));

function rowsOf(written: SyntaxNode, scope: MikroScope): readonly ObjectValue[] | undefined {
  const node = unwrap(written);
  const object = readObject(node, scope.host);
  if (object) return [object];
  const list = readArray(node, scope.host);
  const rows = list?.items.map((item) => readObject(item.node, scope.host));
  return !rows || list?.open || rows.some((row) => row === undefined) ? undefined : (rows as readonly ObjectValue[]);
}

const columnOf = (scope: MikroScope, property: string): string => columnsOf(scope.main, property)?.[0] ?? property;

export function renderInsert(table: SqlPart, values: SyntaxNode, scope: MikroScope, conflict: SqlPart): SqlPart {
  const rows = rowsOf(values, scope);
  if (!rows || rows.length === 0 || rows.some((row) => row.open)) return concat(sql('INSERT INTO '), table, sql(' VALUES '), hole('list', bindOf(values, scope.host)), conflict, incomplete);
  const cells = rows.map((row) => row.entries.map((entry) => ({ column: columnOf(scope, entry.key), entry })));
  const columns = [...new Set(cells.flatMap((row) => row.map((cell) => cell.column)))];
  if (columns.length === 0) return concat(sql('INSERT INTO '), table, sql(' DEFAULT VALUES'), conflict);
  const names = columns.map((column) => identifier(column, cells[0]?.find((cell) => cell.column === column)?.entry.span));
  const lines = cells.map((row) => group(join(columns.map((column) => {
    const cell = row.findLast((candidate) => candidate.column === column);
    return cell ? cellValue(cell.entry, scope) : sql('DEFAULT');
  }), ', ')));
  return concat(sql('INSERT INTO '), table, sql(' '), group(join(names, ', ')), sql(' VALUES '), join(lines, ', '), conflict);
}

function cellValue(entry: Entry, scope: MikroScope): SqlPart {
  const nested = relationOf(scope.main, entry.key) ? readObject(entry.value, scope.host) : undefined;
  const only = nested?.entries.length === 1 ? nested.entries[0] : undefined;
  const value = only?.value ?? entry.value;
  return constantValue(value, scope.host) === undefined ? bind(bindOf(value, scope.host)) : valuePart(value, scope.host);
}

function assignments(written: SyntaxNode, scope: MikroScope): SqlPart {
  const object = readObject(written, scope.host);
  if (!object) return hole('assignment', bindOf(written, scope.host));
  const parts = object.entries.map((entry) => conditional(concat(identifier(columnOf(scope, entry.key), entry.span), sql(' = ', entry.span), cellValue(entry, scope)), entry.condition));
  const set = parts.length === 1 && !object.open ? parts.map(unconditional) : parts;
  return join([...set, ...(object.open || set.length === 0 ? [hole('assignment', bindOf(written, scope.host))] : [])], ', ');
}

/** `ON CONFLICT (…) DO UPDATE SET …`: by the fields named, else by the primary key or a unique one that the rows have. */
function conflictPart(values: SyntaxNode, written: SyntaxNode | undefined, scope: MikroScope): SqlPart {
  const options = written && readObject(written, scope.host);
  const list = (key: string): readonly string[] | undefined => {
    const entry = options && optionOf(options, key);
    const names = entry && readArray(entry.value, scope.host)?.items.map((item) => constantText(item.node, scope.host));
    return names?.every((name) => name !== undefined) ? names : undefined;
  };
  const rows = rowsOf(values, scope) ?? [];
  const given = [...new Set(rows.flatMap((row) => row.entries.map((entry) => entry.key)))];
  const keys = list('onConflictFields') ?? scope.main.model?.uniques?.map((unique) => unique.properties).find((names) => names.length > 0 && names.every((name) => given.includes(name)));
  if (!keys || (written && !options) || options?.open) return concat(sql(' ON CONFLICT DO NOTHING'), incomplete);
  const target = concat(sql(' ON CONFLICT ', written && spanOf(written)), group(join(keys.map((key) => identifier(columnOf(scope, key))), ', ')));
  if (options && optionOf(options, 'onConflictAction')?.value.text.includes('ignore')) return concat(target, sql(' DO NOTHING'));
  const excluded = list('onConflictExcludeFields') ?? [];
  const set = list('onConflictMergeFields') ?? given.filter((key) => !keys.includes(key) && !excluded.includes(key));
  if (set.length === 0) return concat(target, sql(' DO NOTHING'));
  return concat(target, sql(' DO UPDATE SET '), join(set.map((key) => concat(identifier(columnOf(scope, key)), sql(' = EXCLUDED.'), identifier(columnOf(scope, key)))), ', '));
}
