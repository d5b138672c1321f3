import { assumedFor } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import type { LintSettings } from '../lint/rule';
import type { QueryBlock } from '../sql/model';
import { tableOf, type Scope } from './scope';

/** `unknown` is an answer of its own: neither small nor large. */
export type TableSize = 'small' | 'medium' | 'large' | 'unknown';

/** Rows of a table: statistics, else an assumption of the settings, else what the catalog says; undefined: unknown. */
export function rowsOf(table: Table | undefined, settings: LintSettings): number | undefined {
  if (!table) return undefined;
  if (table.singleRow) return 1;
  return table.rowsSource === 'statistics' ? table.rows : (assumedFor(settings.assume, table) ?? table.rows);
}

export function sizeOf(table: Table | undefined, settings: LintSettings): TableSize {
  const rows = rowsOf(table, settings);
  if (rows === undefined) return 'unknown';
  if (rows < settings.smallTableRows) return 'small';
  return rows > settings.largeTableRows ? 'large' : 'medium';
}

/** The size of the largest table that a block reads, derived tables and CTEs included; `unknown` when one is unknown and none is large. */
export function blockSize(scope: Scope, block: QueryBlock, settings: LintSettings, seen = new Set<number>()): TableSize {
  if (seen.has(block.index)) return 'unknown';
  seen.add(block.index);
  const inner = block.setOperation?.arms.map((arm) => scope.model.blocks[arm]) ?? [];
  const sizes = block.relations.map((relation): TableSize => {
    if (relation.kind === 'table') return sizeOf(tableOf(scope.catalog, relation), settings);
    if (relation.kind === 'values') return 'small';
    const body = relation.block === undefined ? undefined : scope.model.blocks[relation.block];
    return body ? blockSize(scope, body, settings, seen) : 'unknown';
  });
  for (const arm of inner) if (arm) sizes.push(blockSize(scope, arm, settings, seen));
  return (['large', 'unknown', 'medium', 'small'] as const).find((size) => sizes.includes(size)) ?? 'unknown';
}

/** `2,000,000`: digits grouped as in English, independent of the machine's locale. */
export const renderCount = (rows: number): string => String(Math.round(rows)).replace(/\B(?=(\d{3})+$)/g, ',');

/** `2,000,000 rows`, `1 row`. */
export const renderRows = (rows: number): string => `${renderCount(rows)} ${Math.round(rows) === 1 ? 'row' : 'rows'}`;

/** `orders has about 2,000,000 rows (statistics)`, for a finding's second line; undefined when nothing is known. */
export function describeRows(table: Table | undefined, settings: LintSettings): string | undefined {
  const rows = rowsOf(table, settings);
  if (!table || rows === undefined) return undefined;
  const assumed = table.rowsSource !== 'statistics';
  return `${table.name} has about ${renderRows(rows)} (${assumed ? 'assumed' : 'statistics'})`;
}
