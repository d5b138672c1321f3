import { matchIndex } from '../catalog/indexMatch';
import { relationKey } from '../catalog/names';
import { columnStatistics } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import type { LintSettings } from '../lint/rule';
import { filtersOf, placeNodes } from '../plan/placedNodes';
import type { PlannedScan } from '../plan/plannedScans';
import type { PlannedStatement } from '../plan/planner';
import type { QueryBlock, Relation, StatementModel } from '../sql/model';
import type { RelationDemand } from './indexDemand';
import { pageRowsOf } from './pageRows';
import { scansOf } from './planEvidence';
import { rowsOf } from './size';

/** An index read in the order of an ORDER BY until LIMIT is full, rows that a condition rejects thrown away. */
export interface IndexWalk {
  readonly scan: PlannedScan;
  /** Rows that LIMIT lets through; a page's where it is a parameter. */
  readonly page: number;
  /** Rows read until then, for any values: the rows that are kept lie evenly in the index. */
  readonly read: number;
  /** Rows of the index that the scan may reach, where no row is kept. */
  readonly whole: number;
  /** The condition on the rarest value that the statistics know, and the rows read for it. */
  readonly rare?: { readonly column: string; readonly share: number; readonly read: number };
}

/** Scans of one relation that read an index under a LIMIT and check rows by a filter; empty where any scan of it does something else. */
export function collectWalks(plan: PlannedStatement, catalog: Catalog, model: StatementModel, relation: Relation, key: string): readonly PlannedScan[] {
  const scans = scansOf(plan, catalog, model, relation, key).filter((scan) => scan.method.startsWith('Index') && !scan.repeated);
  if (!scans.some((scan) => filtersOf(scan.node).length > 0)) return [];
  const placed = placeNodes(plan.root);
  const walks = scans.filter((scan) => filtersOf(scan.node).length > 0 && placed.some(({ node, limit }) => node.id === scan.node.id && limit !== undefined));
  return walks.length === scans.length ? walks : [];
}

/** The walk of a block's relation in a plan; undefined where there is none, or the rows of the index cannot be told. */
export function findIndexWalk(plan: PlannedStatement, catalog: Catalog, model: StatementModel, table: Table, block: QueryBlock, relation: Relation, demand: RelationDemand, settings: LintSettings): IndexWalk | undefined {
  const key = relationKey(table.schema, table.name);
  const all = collectWalks(plan, catalog, model, relation, key);
  const walks = all.filter((scan) => givesOrder(table, catalog, scan, demand));
  const scan = walks[0];
  if (!scan || walks.length < all.length) return undefined;
  const tuples = rowsOf(table, settings) ?? scan.rowsRead;
  const bound = walks.some((walk) => walk.indexConditions.length > 0);
  const whole = !bound ? tuples : tuples === undefined ? undefined : boundRows(catalog, key, tuples, table, scan, demand);
  const kept = walks.reduce((sum, walk) => sum + walk.rowsKept, 0);
  if (whole === undefined || whole < 1) return undefined;
  const page = pageRowsOf(block);
  const readFor = (share: number): number => Math.min(whole, Math.ceil(page / Math.max(share, page / whole / 1e6)));
  const rare = rarest(catalog, key, demand, scan);
  return { scan, page, whole, read: readFor(Math.max(1, kept) / whole), ...(rare ? { rare: { ...rare, read: readFor(rare.share) } } : {}) };
}

/** Does the scan's index give the block's order? Of a partition by the same name of the parent's, or by its own keys. */
function givesOrder(table: Table, catalog: Catalog, scan: PlannedScan, demand: RelationDemand): boolean {
  const owner = catalog.tables.get(scan.table) ?? table;
  const index = owner.indexes.find((candidate) => candidate.name === scan.index);
  return index === undefined ? owner !== table : matchIndex(index, demand, owner).sorted;
}

/** Rows with one value of the columns that the index pins: what the planner itself expects of `column = $1`. */
function boundRows(catalog: Catalog, key: string, tuples: number, table: Table, scan: PlannedScan, demand: RelationDemand): number | undefined {
  const index = table.indexes.find((candidate) => candidate.name === scan.index);
  const match = index && matchIndex(index, demand, table);
  if (!match || match.range.length > 0 || match.equality.some((p) => p.operator !== '=')) return undefined;
  let rows = tuples;
  for (const { column } of match.equality) {
    const known = columnStatistics(catalog, key, column);
    const values = known && (known.distinct < 0 ? -known.distinct * tuples : known.distinct);
    if (!values) return undefined;
    rows = (rows * (1 - known.nullFraction)) / values;
  }
  return rows;
}

/** The rarest value among the conditions `column = $1` that the walk checks row by row. */
function rarest(catalog: Catalog, key: string, demand: RelationDemand, scan: PlannedScan): { readonly column: string; readonly share: number } | undefined {
  const filters = filtersOf(scan.node).join(' ');
  let found: { readonly column: string; readonly share: number } | undefined;
  for (const { column, operator, negated, values } of demand.predicates) {
    if (operator !== '=' || negated || column === undefined || values !== undefined || !filters.includes(column)) continue;
    const known = columnStatistics(catalog, key, column);
    const common = known?.mostCommonFrequencies ?? [];
    const share = Math.min(...common);
    if (common.length > 0 && share > 0 && (found === undefined || share < found.share)) found = { column, share };
  }
  return found;
}
