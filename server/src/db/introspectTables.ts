import { closingIndex, collectTokens, identifierName } from '../core/catalog/expressionTokens';
import type { Column, Constraint, ForeignKey, Index, IndexKey, PartitionKey, Policy, Table } from '../core/catalog/model';
import { listOf, numberOf, textOf, textsOf } from './introspectRows';
import type { Row } from './session';

/** What the rows of one relation are read with. */
export interface TableParts {
  readonly names: ReadonlyMap<string, string>;
  readonly version: number;
  /** Writes SQL as the user would: without the schemas of the search path. */
  readonly print: (sql: string) => string;
  /** Text is ordered byte by byte by default. */
  readonly bytewise: boolean;
  readonly columns: readonly Row[];
  readonly constraints: readonly Row[];
  readonly indexes: readonly Row[];
  readonly policies: readonly Row[];
  /** Citus. */
  readonly distributionColumn: string | undefined;
}

const kinds: Readonly<Record<string, Table['kind']>> = { r: 'table', p: 'partitioned', v: 'view', m: 'matview', f: 'foreign' };
const strategies: Readonly<Record<string, PartitionKey['strategy']>> = { r: 'range', l: 'list', h: 'hash' };

/** One relation of `relationsQuery` with its columns, keys, indexes and policies. */
export function toTable(row: Row, parts: TableParts): Table {
  const owned = new Map(parts.constraints.filter((item) => item['type'] !== 'f').map((item) => [textOf(item['index']), textOf(item['name'])]));
  const indexes = parts.indexes.map((item) => indexOf(item, owned.get(textOf(item['oid'])), parts));
  const rows = rowsOf(row, parts.version);
  const strategy = strategies[textOf(row['strategy'])];
  const parent = parts.names.get(textOf(row['parent']));
  const policies = parts.policies.map((item) => policyOf(item, parts.print));
  const options = textsOf(row['options']);
  const secured = row['row_security'] === true || row['row_security_forced'] === true || policies.length > 0;
  return {
    schema: textOf(row['schema']),
    name: textOf(row['name']),
    kind: kinds[textOf(row['kind'])] ?? 'table',
    columns: parts.columns.map((item) => columnOf(item, parts.print)),
    constraints: parts.constraints.flatMap((item) => (item['type'] === 'p' || item['type'] === 'u' ? [constraintOf(item, indexes)] : [])),
    foreignKeys: parts.constraints.flatMap((item) => (item['type'] === 'f' ? [foreignKeyOf(item)] : [])),
    indexes,
    ...(strategy === undefined ? {} : { partitionKey: { strategy, columns: partitionColumns(row, parts.print), partitions: 0 } }),
    ...(parent === undefined ? {} : { partitionOf: parent }),
    ...(typeof row['bound'] === 'string' ? { partitionBound: row['bound'] } : {}),
    ...(options.length === 0 ? {} : { options }),
    ...(parts.distributionColumn === undefined ? {} : { distributionColumn: parts.distributionColumn }),
    ...(secured ? { rowSecurity: { enabled: row['row_security'] === true, forced: row['row_security_forced'] === true, policies } } : {}),
    ...(rows === undefined ? {} : { rows, rowsSource: 'statistics' as const }),
    ...(typeof row['definition'] === 'string' ? { definition: row['definition'].trim().replace(/;$/, '') } : {}),
  };
}

/** `reltuples`, or what the statistics collector counted where the table was never analysed (-1; before 14: 0 pages). */
function rowsOf(row: Row, version: number): number | undefined {
  if (row['kind'] !== 'r' && row['kind'] !== 'm') return undefined;
  const tuples = numberOf(row['tuples']) ?? -1;
  if (tuples > 0 || (tuples === 0 && (version >= 140000 || (numberOf(row['pages']) ?? 0) > 0))) return Math.round(tuples);
  const live = numberOf(row['live_tuples']) ?? 0;
  if (live > 0) return live;
  return numberOf(row['bytes']) === 0 ? 0 : undefined;
}

function columnOf(row: Row, print: (sql: string) => string): Column {
  const identity = textOf(row['identity']) !== '';
  const generated = textOf(row['generated']) !== '';
  const expression = row['default_expression'];
  return {
    name: textOf(row['name']),
    type: print(textOf(row['type'])),
    notNull: row['not_null'] === true,
    ...(typeof expression === 'string' ? { default: print(expression) } : {}),
    ...(identity ? { generated: 'identity' as const } : generated ? { generated: 'stored' as const } : {}),
    ...(typeof row['collation'] === 'string' ? { collation: row['collation'] } : {}),
  };
}

function constraintOf(row: Row, indexes: readonly Index[]): Constraint {
  const name = textOf(row['name']);
  const index = indexes.find((item) => item.constraint === name);
  return {
    name, type: row['type'] === 'p' ? 'primary' : 'unique', columns: textsOf(row['columns']),
    ...(index !== undefined && index.include.length > 0 ? { include: index.include } : {}),
    ...(index?.nullsNotDistinct === true ? { nullsNotDistinct: true } : {}),
  };
}

const foreignKeyOf = (row: Row): ForeignKey => ({
  name: textOf(row['name']), columns: textsOf(row['columns']),
  references: { schema: textOf(row['target_schema']), table: textOf(row['target']), columns: textsOf(row['target_columns']) },
});

function indexOf(row: Row, constraint: string | undefined, parts: TableParts): Index {
  const keyCount = numberOf(row['key_count']) ?? 0;
  const columns = listOf(row['columns']);
  const [expressions, opclasses, collations] = [listOf(row['expressions']), listOf(row['opclasses']), listOf(row['collations'])];
  const options = textOf(row['options']).split(' ');
  const keys = columns.slice(0, keyCount).map((column, position): IndexKey => {
    const option = numberOf(options[position]) ?? 0;
    const [expression, opclass, collation] = [expressions[position], opclasses[position], collations[position]];
    const inForce = collation === 'default' ? (parts.bytewise ? 'C' : undefined) : collation;
    return {
      ...(typeof expression === 'string' ? { expression: withoutOuterParentheses(parts.print(expression)) } : { column: textOf(column) }),
      ...(typeof opclass === 'string' ? { opclass } : {}),
      ...(typeof inForce === 'string' ? { collation: inForce } : {}),
      descending: (option & 1) !== 0,
      nullsFirst: (option & 2) !== 0,
    };
  });
  const predicate = row['predicate'];
  return {
    name: textOf(row['name']), method: textOf(row['method']), unique: row['is_unique'] === true, valid: row['is_valid'] === true, keys,
    include: columns.slice(keyCount).map(textOf),
    ...(typeof predicate === 'string' ? { predicate: withoutOuterParentheses(parts.print(predicate)) } : {}),
    ...(constraint === undefined ? {} : { constraint }),
    ...(row['nulls_not_distinct'] === true ? { nullsNotDistinct: true } : {}),
  };
}

/** Expression keys have no column; their text stands in `RANGE (a, lower(b))`, in order. */
function partitionColumns(row: Row, print: (sql: string) => string): readonly string[] {
  const columns = textsOf(row['partition_columns']);
  if (!columns.includes('')) return columns;
  const definition = print(textOf(row['partition_key']));
  const tokens = collectTokens(definition);
  const open = tokens.findIndex((token) => token.text === '(');
  const pieces: string[] = [];
  let start = tokens[open]?.end ?? 0;
  let depth = 0;
  for (const token of tokens.slice(open + 1)) {
    if (token.text === '(' || token.text === '[') depth++;
    else if ((token.text === ')' || token.text === ']') && depth-- > 0) continue;
    else if (depth <= 0 && (token.text === ',' || depth < 0)) { pieces.push(definition.slice(start, token.start).trim()); start = token.end; }
    if (depth < 0) break;
  }
  return columns.map((column, index) => (column === '' ? withoutOuterParentheses(pieces[index] ?? '') : column));
}

const commands: Readonly<Record<string, Policy['command']>> = { '*': 'all', r: 'select', a: 'insert', w: 'update', d: 'delete' };

const policyOf = (row: Row, print: (sql: string) => string): Policy => ({
  name: textOf(row['name']), command: commands[textOf(row['command'])] ?? 'all', permissive: row['permissive'] === true, roles: textsOf(row['roles']),
  ...(typeof row['using_expression'] === 'string' ? { using: withoutOuterParentheses(print(row['using_expression'])) } : {}),
  ...(typeof row['check_expression'] === 'string' ? { check: withoutOuterParentheses(print(row['check_expression'])) } : {}),
});

/** Names printed as `schema.name` for schemas that the user's search path covers, as the user would write them. */
export function withoutSchemas(sql: string, searchPath: readonly string[]): string {
  if (!searchPath.some((schema) => sql.includes(schema))) return sql;
  const tokens = collectTokens(sql);
  let result = '';
  let at = 0;
  tokens.forEach((token, index) => {
    if (tokens[index + 1]?.text !== '.' || tokens[index - 1]?.text === '.' || !searchPath.includes(identifierName(token) ?? '')) return;
    result += sql.slice(at, token.start);
    at = tokens[index + 1]!.end;
  });
  return result + sql.slice(at);
}

function withoutOuterParentheses(sql: string): string {
  const tokens = collectTokens(sql);
  if (tokens[0]?.text !== '(' || closingIndex(tokens, 0) !== tokens.length - 1) return sql;
  return withoutOuterParentheses(sql.slice(tokens[0].end, tokens.at(-1)!.start).trim());
}
