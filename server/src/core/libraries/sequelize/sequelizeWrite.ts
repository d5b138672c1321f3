import { unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { bindOf, constantText, constantValue, readArray, readObject, valuePart, type Entry, type ObjectValue } from '../shared/hostValues';
import { bind, concat, conditional, group, hole, identifier, incomplete, join, nothing, sql, unconditional, type SqlPart } from '../shared/sqlBuilder';
import { renderWhere } from '../shared/sqlClauses';
import { optionOf } from './sequelizeFind';
import { columnOf, methodPart, tablePart, type SequelizeScope } from './sequelizeScope';
import { wherePart } from './sequelizeWhere';

/** Statement of a writing method of a model; undefined where it cannot be told. */
export function renderWrite(method: string, args: readonly SyntaxNode[], scope: SequelizeScope, host: HostSpan): SqlPart | undefined {
  const [first, second] = args;
  const table = tablePart(scope.main.model, host);
  switch (method) {
    case 'create':
    case 'bulkCreate':
      return first && insert(table, first, second, method === 'bulkCreate', scope);
    case 'update':
      return first && concat(sql('UPDATE '), table, sql(' SET '), assignments(first, scope, true), filter(second, scope, nothing));
    case 'destroy': {
      const options = first ? readObject(first) : undefined;
      if (options && optionOf(options, 'truncate')?.value.text === 'true') return concat(sql('TRUNCATE '), table);
      const deleted = scope.main.model.softDelete;
      if (deleted === undefined || (options && optionOf(options, 'force')?.value.text === 'true')) return concat(sql('DELETE FROM '), table, filter(first, scope, nothing));
      return concat(sql('UPDATE '), table, sql(' SET '), identifier(deleted, host), sql(' = CURRENT_TIMESTAMP', host), filter(first, scope, concat(identifier(deleted, host), sql(' IS NULL', host))));
    }
    case 'restore': {
      const deleted = scope.main.model.softDelete;
      return deleted === undefined ? undefined : concat(sql('UPDATE '), table, sql(' SET '), identifier(deleted, host), sql(' = NULL', host), filter(first, scope, nothing));
    }
    case 'truncate':
      return concat(sql('TRUNCATE '), table);
    case 'increment':
    case 'decrement':
      return first && counted(table, method === 'increment' ? ' + ' : ' - ', first, second, scope);
    default:
      return undefined;
  }
}

function filter(options: SyntaxNode | undefined, scope: SequelizeScope, further: SqlPart): SqlPart {
  const object = options ? readObject(options) : { entries: [], open: false };
  if (!object) return concat(renderWhere([further]), incomplete);
  const where = object.entries.filter((entry) => entry.key === 'where').map((entry) => conditional(wherePart(entry.value, scope, scope.main), entry.condition));
  return concat(renderWhere([further, ...where]), object.open ? incomplete : nothing);
}

const timesOf = (scope: SequelizeScope, properties: readonly string[]): readonly string[] => scope.main.model.columns.filter((column) => properties.includes(column.property)).map((column) => column.column);

/** `SET` list of an object; `touched` adds the time of the last change. */
export function assignments(written: SyntaxNode, scope: SequelizeScope, touched: boolean): SqlPart {
  const object = readObject(written);
  if (!object) return hole('assignment', bindOf(written, scope.host));
  const parts = object.entries.map((entry) => conditional(concat(identifier(columnOf(scope.main.model, entry.key), entry.span), sql(' = ', entry.span), cell(entry, scope)), entry.condition));
  const time = touched ? timesOf(scope, ['updatedAt', 'updated_at'])[0] : undefined;
  const set = parts.length === 1 && !object.open ? parts.map(unconditional) : parts;
  return join([...set, ...(time === undefined || object.entries.some((entry) => columnOf(scope.main.model, entry.key) === time) ? [] : [concat(identifier(time), sql(' = CURRENT_TIMESTAMP'))]), ...(object.open || parts.length === 0 ? [hole('assignment', bindOf(written, scope.host))] : [])], ', ');
}

function cell(entry: Entry, scope: SequelizeScope): SqlPart {
  const raw = methodPart(entry.value, scope);
  if (raw) return raw;
  return constantValue(entry.value, scope.host) === undefined ? bind(bindOf(entry.value, scope.host)) : valuePart(entry.value, scope.host);
}

function insert(table: SqlPart, values: SyntaxNode, options: SyntaxNode | undefined, many: boolean, scope: SequelizeScope): SqlPart {
  const list = many ? readArray(values) : undefined;
  const rows: readonly (ObjectValue | undefined)[] = many ? (list && !list.open ? list.items.map((item) => readObject(item.node)) : [undefined]) : [readObject(unwrap(values))];
  const conflict = options ? conflictOf(options, scope) : nothing;
  if (rows.length === 0 || rows.some((row) => !row || row.open)) return concat(sql('INSERT INTO '), table, sql(' VALUES '), hole('list', bindOf(values, scope.host)), conflict, incomplete);
  const known = rows as readonly ObjectValue[];
  const { model } = scope.main;
  const isColumn = (entry: Entry): boolean => !model.relations.some((relation) => relation.property === entry.key);
  const given = [...new Set(known.flatMap((row) => row.entries.filter(isColumn).map((entry) => columnOf(model, entry.key))))];
  const generated = model.changes.flatMap((change) => (change.type === 'create-table' ? change.columns.filter((column) => column.default === 'nextval').map((column) => column.name) : [])).filter((name) => !given.includes(name));
  const times = timesOf(scope, ['createdAt', 'updatedAt', 'created_at', 'updated_at']).filter((name) => !given.includes(name));
  const columns = [...generated, ...given, ...times];
  const value = (row: ObjectValue, column: string): SqlPart => {
    const entry = row.entries.findLast((candidate) => columnOf(model, candidate.key) === column);
    return entry ? cell(entry, scope) : sql(times.includes(column) ? 'CURRENT_TIMESTAMP' : generated.includes(column) ? 'DEFAULT' : 'NULL');
  };
  const names = columns.map((column) => identifier(column, known[0]?.entries.find((entry) => columnOf(model, entry.key) === column)?.span));
  return concat(sql('INSERT INTO '), table, sql(' '), group(join(names, ', ')), sql(' VALUES '), join(known.map((row) => group(join(columns.map((column) => value(row, column)), ', '))), ', '), conflict);
}

/** `ignoreDuplicates`, `updateOnDuplicate` with its key. */
function conflictOf(written: SyntaxNode, scope: SequelizeScope): SqlPart {
  const options = readObject(written);
  if (!options) return incomplete;
  if (optionOf(options, 'ignoreDuplicates')?.value.text === 'true') return sql(' ON CONFLICT DO NOTHING', optionOf(options, 'ignoreDuplicates')?.span);
  const update = optionOf(options, 'updateOnDuplicate');
  if (!update) return nothing;
  const names = (node: SyntaxNode | undefined): readonly string[] | undefined => {
    const list = node && readArray(node);
    const found = list && !list.open ? list.items.map((item) => constantText(item.node, scope.host)) : undefined;
    return found?.every((name) => name !== undefined) ? found.map((name) => columnOf(scope.main.model, name)) : undefined;
  };
  const columns = names(update.value);
  const keys = names(optionOf(options, 'conflictAttributes')?.value) ?? scope.main.model.primary ?? ['id'];
  if (!columns) return concat(sql(' ON CONFLICT DO NOTHING', update.span), incomplete);
  const time = timesOf(scope, ['updatedAt', 'updated_at']).filter((name) => !columns.includes(name));
  return concat(sql(' ON CONFLICT ', update.span), group(join(keys.map((key) => identifier(key, update.span)), ', ')), sql(' DO UPDATE SET '), join([...columns, ...time].map((column) => concat(identifier(column), sql(' = EXCLUDED.'), identifier(column))), ', '));
}

/** `increment('n', { by: 2, where })`, `increment({ n: 2 }, { where })`, `increment(['a', 'b'], …)`. */
function counted(table: SqlPart, operator: string, first: SyntaxNode, options: SyntaxNode | undefined, scope: SequelizeScope): SqlPart | undefined {
  const given = options ? readObject(options) : undefined;
  const by = given && optionOf(given, 'by');
  const column = (property: string): SqlPart => identifier(columnOf(scope.main.model, property));
  const amount = by ? valuePart(by.value, scope.host) : sql('1');
  const text = constantText(first, scope.host);
  const names = text === undefined ? readArray(first)?.items.map((item) => constantText(item.node, scope.host)) : [text];
  const object = readObject(first);
  const set = object ? object.entries.map((entry) => concat(column(entry.key), sql(' = '), column(entry.key), sql(operator), valuePart(entry.value, scope.host))) : names?.map((name) => (name === undefined ? nothing : concat(column(name), sql(' = '), column(name), sql(operator), amount)));
  const time = timesOf(scope, ['updatedAt', 'updated_at'])[0];
  return set && concat(sql('UPDATE '), table, sql(' SET '), join([...set, ...(time === undefined ? [] : [concat(identifier(time), sql(' = CURRENT_TIMESTAMP'))])], ', '), filter(options, scope, nothing));
}
