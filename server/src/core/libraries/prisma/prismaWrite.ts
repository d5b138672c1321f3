import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { bindOf, constantValue, readArray, readObject, valuePart, type Entry, type ObjectValue } from '../shared/hostValues';
import { selectedColumns, whereOf, type PrismaArguments } from './prismaRead';
import { columnOf, relationColumns, tableOf, type PrismaScope } from './prismaWhere';
import { bind, concat, conditional, group, hole, identifier, incomplete, join, nothing, sql, unconditional, type SqlPart } from '../shared/sqlBuilder';
import { renderWhere } from '../shared/sqlClauses';

/** INSERT, UPDATE or DELETE of a writing method. Nested writes are statements of their own and are left out. */
export function renderPrismaWrite(method: string, args: PrismaArguments, scope: PrismaScope, host: HostSpan): SqlPart {
  const table = tableOf(scope.model, scope.name, host);
  const unseen = args.object.open ? incomplete : nothing;
  const returning = /Many$/.test(method) ? nothing : concat(sql(' RETURNING '), join(selectedColumns(args, scope), ', '));
  switch (method) {
    case 'create':
    case 'createMany':
    case 'createManyAndReturn': {
      const ignore = args.find('skipDuplicates');
      return concat(sql('INSERT INTO '), table, insertBody(args.find('data'), scope), ignore && ignore.value.text !== 'false' ? sql(' ON CONFLICT DO NOTHING', ignore.span) : nothing, returning, unseen);
    }
    case 'upsert': {
      const keys = args.find('where');
      const unique = keys ? readObject(keys.value, scope.host)?.entries.flatMap((entry) => (isCompound(entry, scope) ? readObject(entry.value, scope.host)?.entries ?? [entry] : [entry])) ?? [] : [];
      const update = args.find('update');
      const set = update ? assignments(update.value, scope) : nothing;
      const target = group(join(unique.map((entry) => identifier(columnOf(scope, entry.key), entry.span)), ', '));
      return concat(sql('INSERT INTO '), table, insertBody(args.find('create'), scope), sql(' ON CONFLICT '), target, set.length > 0 ? concat(sql(' DO UPDATE SET ', update?.span), set) : sql(' DO NOTHING', update?.span), returning, unseen);
    }
    case 'update':
    case 'updateMany':
    case 'updateManyAndReturn': {
      const data = args.find('data');
      const set = data ? assignments(data.value, scope) : nothing;
      return concat(sql('UPDATE '), table, sql(' SET '), set.length > 0 ? set : hole('assignment', data ? bindOf(data.value, scope.host) : { text: 'data', names: [], origin: 'unknown' }), renderWhere(whereOf(args, scope)), returning, unseen);
    }
    default:
      return concat(sql('DELETE FROM '), table, renderWhere(whereOf(args, scope)), returning, unseen);
  }
}

const isCompound = (entry: Entry, scope: PrismaScope): boolean => readObject(entry.value, scope.host) !== undefined && (scope.model?.uniques?.some((unique) => unique.name === entry.key && unique.properties.length > 1) ?? entry.key.includes('_'));

interface Cell {
  readonly column: string;
  readonly value: SqlPart;
  readonly entry: Entry;
}

/** Columns that a data object sets: scalars, and foreign keys through `connect`. */
function cells(object: ObjectValue, scope: PrismaScope): readonly Cell[] {
  return object.entries.flatMap((entry): readonly Cell[] => {
    const relation = scope.model?.relations.find((candidate) => candidate.property === entry.key);
    const nested = readObject(entry.value, scope.host);
    const connect = nested?.entries.find((inner) => inner.key === 'connect');
    if (relation || connect || nested?.entries.some((inner) => /^(create|createMany|connectOrCreate|disconnect)$/.test(inner.key))) {
      const keys = connect ? readObject(connect.value, scope.host)?.entries : undefined;
      const pairs = relation && !relation.many ? relationColumns(relation, scope) : undefined;
      const only = keys?.length === 1 ? keys[0] : undefined;
      const pair = pairs?.length === 1 ? pairs[0] : undefined;
      return only && pair && relation?.columns.includes(pair[0]) ? [{ column: pair[0], value: valuePart(only.value, scope.host), entry }] : [];
    }
    return [{ column: columnOf(scope, entry.key), value: cellValue(entry, nested, scope), entry }];
  });
}

const arithmetic: Readonly<Record<string, string>> = { increment: ' + ', decrement: ' - ', multiply: ' * ', divide: ' / ' };

function cellValue(entry: Entry, nested: ObjectValue | undefined, scope: PrismaScope): SqlPart {
  const [inner] = nested?.entries ?? [];
  if (inner && nested?.entries.length === 1) {
    const column = identifier(columnOf(scope, entry.key), entry.span);
    if (inner.key === 'set') return valuePart(inner.value, scope.host);
    if (inner.key === 'push') return concat(sql('array_append(', entry.span), column, sql(', '), valuePart(inner.value, scope.host), sql(')', entry.span));
    const operator = arithmetic[inner.key];
    if (operator && constantOrScalar(inner.value)) return concat(column, sql(operator, entry.span), valuePart(inner.value, scope.host));
  }
  // A JSON value or an array is one parameter.
  return constantValue(entry.value, scope.host) === undefined ? bind(bindOf(entry.value, scope.host)) : valuePart(entry.value, scope.host);
}

const constantOrScalar = (node: SyntaxNode): boolean => node.type !== 'object' && node.type !== 'array';

function assignments(data: SyntaxNode, scope: PrismaScope): SqlPart {
  const object = readObject(data, scope.host);
  if (!object) return hole('assignment', bindOf(data, scope.host));
  const set = cells(object, scope).map(({ column, value, entry }) => conditional(concat(identifier(column, entry.span), sql(' = ', entry.span), value), entry.condition));
  // Prisma sends no UPDATE that sets nothing.
  const parts = set.length === 1 && !object.open ? set.map(unconditional) : set;
  return join([...parts, ...(object.open ? [hole('assignment', bindOf(data, scope.host))] : [])], ', ');
}

function insertBody(data: Entry | undefined, scope: PrismaScope): SqlPart {
  if (!data) return sql(' DEFAULT VALUES');
  const list = readArray(data.value, scope.host);
  const rows = list && !list.open ? list.items.map((item) => readObject(item.node, scope.host)) : [readObject(data.value, scope.host)];
  if (rows.length === 0 || rows.some((row) => row === undefined || row.open)) return concat(sql(' VALUES '), hole('list', bindOf(data.value, scope.host)), incomplete);
  const known = rows.map((row) => cells(row ?? { entries: [], open: false }, scope));
  const columns = [...new Set(known.flatMap((row) => row.map((cell) => cell.column)))];
  if (columns.length === 0) return sql(' DEFAULT VALUES');
  const names = columns.map((column) => identifier(column, known[0]?.find((cell) => cell.column === column)?.entry.span));
  const values = known.map((row) => group(join(columns.map((column) => row.findLast((cell) => cell.column === column)?.value ?? sql('DEFAULT')), ', ')));
  return concat(sql(' '), group(join(names, ', ')), sql(' VALUES '), join(values, ', '));
}
