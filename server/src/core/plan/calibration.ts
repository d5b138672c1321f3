import { quoteIdentifier } from '../sql/names';
import type { Catalog, Column, Index, Table } from '../catalog/model';
import type { PlanNode } from './planTree';

/** Two plans of one statement. */
export interface PlanComparison {
  readonly sql: string;
  readonly server: PlanNode;
  readonly twin: PlanNode;
}

/** How well the twin's plans agree with the server's. */
export interface Agreement {
  readonly plans: number;
  /** Plans with the same nodes, join types, indexes and relations. */
  readonly sameShape: number;
  /** Of these, plans that use parallel workers. */
  readonly parallel: number;
  /** Relative error of the total cost at a share of the plans: `costErrorAt(0.5)` is the median. */
  costErrorAt(share: number): number;
  readonly differing: readonly PlanComparison[];
}

/** Nodes, join types, indexes and relations of a plan, as one text. */
export const planShape = (node: PlanNode): string =>
  `${node.nodeType}${node.index === undefined ? '' : `:${node.index}`}${node.relation === undefined ? '' : `@${node.relation}`}${node.children.length > 0 ? `(${node.children.map(planShape).join(',')})` : ''}`;

export const costError = ({ server, twin }: PlanComparison): number => Math.abs(server.totalCost - twin.totalCost) / Math.max(1, server.totalCost);

export function summariseAgreement(comparisons: readonly PlanComparison[]): Agreement {
  const errors = comparisons.map(costError).sort((a, b) => a - b);
  const differing = comparisons.filter((c) => planShape(c.server) !== planShape(c.twin));
  return { plans: comparisons.length, sameShape: comparisons.length - differing.length, differing, parallel: comparisons.filter((c) => !differing.includes(c) && planShape(c.server).includes('Gather')).length, costErrorAt: (share) => errors[Math.min(errors.length - 1, Math.floor(share * errors.length))] ?? 0 };
}

/** Tables that a calibration looks at. */
const MAX_TABLES = 20;

/**
 * Statements made from the catalog alone, to compare the twin with the server it copies: for the largest tables a look-up
 * by each index, a page in an index's order, a count by a column, a join along each foreign key. Parameters only, no value.
 */
export function calibrationQueries(catalog: Catalog, most = 60): readonly string[] {
  const tables = [...catalog.tables.values()]
    .filter((t) => (t.kind === 'table' || t.kind === 'partitioned') && t.partitionOf === undefined && t.columns.length > 0)
    .sort((a, b) => (b.rows ?? 0) - (a.rows ?? 0)).slice(0, MAX_TABLES);
  const perTable = tables.map((table) => queriesOf(catalog, table));
  const rounds = Math.max(0, ...perTable.map((queries) => queries.length));
  // Round by round, so that a limit leaves some of every table.
  return Array.from({ length: rounds }, (_, round) => perTable.flatMap((queries) => queries[round] ?? [])).flat().slice(0, most);
}

function queriesOf(catalog: Catalog, table: Table): readonly string[] {
  const name = nameOf(table);
  const indexes = table.indexes.filter((index) => index.valid && index.method === 'btree' && leading(index) !== undefined);
  const lookUps = indexes.map((index) => `SELECT * FROM ${name} WHERE ${quoteIdentifier(leading(index) ?? '')} = $1`);
  const pages = indexes.filter((index) => index.keys.every((key) => key.column !== undefined)).map((index) => `SELECT * FROM ${name} ORDER BY ${index.keys.map((key) => `${quoteIdentifier(key.column ?? '')}${key.descending ? ' DESC' : ''}`).join(', ')} LIMIT 20`);
  const plain = table.columns.filter(isComparable);
  const scans = plain.filter((column) => !indexes.some((index) => leading(index) === column.name)).slice(0, 2).map((column) => `SELECT count(*) FROM ${name} WHERE ${quoteIdentifier(column.name)} = $1`);
  const groups = plain.slice(-1).map((column) => `SELECT ${quoteIdentifier(column.name)}, count(*) FROM ${name} GROUP BY 1`);
  const joins = table.foreignKeys.flatMap((key) => {
    const target = catalog.tables.get(`${key.references.schema ?? table.schema}.${key.references.table}`);
    const [column, referenced] = [key.columns[0], key.references.columns[0]];
    return target && key.columns.length === 1 && column !== undefined && referenced !== undefined
      ? [`SELECT count(*) FROM ${name} a JOIN ${nameOf(target)} b ON b.${quoteIdentifier(referenced)} = a.${quoteIdentifier(column)}`] : [];
  });
  return interleave([lookUps, pages, scans, joins, groups]);
}

const nameOf = (table: Table): string => `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
const leading = (index: Index): string | undefined => index.keys[0]?.column;
const isComparable = (column: Column): boolean => /^(bigint|integer|smallint|text|character varying|uuid|date|timestamp|boolean|numeric)\b/.test(column.type);

const interleave = (lists: readonly (readonly string[])[]): readonly string[] =>
  Array.from({ length: Math.max(...lists.map((list) => list.length)) }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat();
