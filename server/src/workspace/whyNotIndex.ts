import type { Catalog } from '../core/catalog/model';
import { columnStatistics } from '../core/catalog/lookup';
import { relationKey } from '../core/catalog/names';
import type { PlanModel } from '../core/plan/planModel';
import { collectNodes, holdsDisabledCost } from '../core/plan/planModel';
import { describeVolumes } from '../core/plan/planner';
import { collectUnusedIndexes, type UnusedIndex } from '../core/plan/unusedIndexes';
import type { PlannedScan } from '../core/plan/plannedScans';
import { TwinError, type Twin } from '../twin/twin';

/** Why a plan reads a relation whole although an index on its condition is there. */
export interface IndexNotUsed {
  /** `schema.name` of the index. */
  readonly index: string;
  readonly node: number;
  /** One sentence. */
  readonly text: string;
}

/** Below this part of the rows the selectivity is no reason. */
const MANY = 0.02;
/** Rows on disk in the order of the column, forwards or backwards, from here on. */
const ORDERED = 0.5;

/**
 * For the whole reads of a plan: why the planner does not take the indexes that a reader would expect. What the way of writing does not
 * explain is asked of the twin, with whole reads switched off and the table's other indexes away; what it does not prove is not said.
 * @param sql the statement of the plan, parameters as `$1`
 */
export async function explainUnusedIndexes(twin: Twin | undefined, catalog: Catalog | undefined, sql: string | undefined, { root }: PlanModel): Promise<readonly IndexNotUsed[]> {
  if (!catalog) return [];
  const told: IndexNotUsed[] = [];
  for (const unused of collectUnusedIndexes(root, catalog)) {
    const text = unused.reason === undefined ? (twin && sql !== undefined ? await askTwin(twin, catalog, sql, unused) : undefined) : `${unused.index.name} is not used: ${unused.reason}.`;
    if (text !== undefined) told.push({ index: relationKey(unused.table.schema, unused.index.name), node: unused.node.id, text });
  }
  return told.filter(({ text }, at) => told.findIndex((other) => other.text === text) === at);
}

async function askTwin(twin: Twin, catalog: Catalog, sql: string, { node, table, index, column }: UnusedIndex): Promise<string | undefined> {
  try {
    const before = await twin.plan(catalog, sql);
    const scanned = before.scans.find((scan) => scan.table === relationKey(table.schema, table.name) && scan.alias === (node.alias ?? node.relation));
    // In the twin it may be used: then there is nothing to explain by it.
    if (!scanned || scanned.method !== 'Seq Scan') return undefined;
    const others = table.indexes.filter((item) => item.name !== index.name && item.valid).map((item) => relationKey(table.schema, item.name));
    const after = await twin.without(catalog, sql, others, { settings: { enable_seqscan: 'off' } });
    if (!collectNodes(after.root).some((item) => item.index === index.name)) {
      const still = after.scans.find((scan) => scan.table === scanned.table && scan.alias === scanned.alias);
      return index.predicate !== undefined && still?.method === 'Seq Scan' ? `${index.name} is not used: the query does not say that ${index.predicate}, and the index has those rows alone.` : undefined;
    }
    // Other relations that are read otherwise, or whole although that is switched off: the difference is not the index's alone.
    if (after.cost <= before.cost || holdsDisabledCost(after.root) || methodsOf(after.scans, scanned) !== methodsOf(before.scans, scanned)) return undefined;
    const part = scanned.rowsRead === undefined || scanned.rowsRead <= 0 ? undefined : scanned.rowsKept / scanned.rowsRead;
    const correlation = columnStatistics(catalog, scanned.table, column)?.correlation;
    const reasons = [
      ...(part === undefined || part < MANY ? [] : [`the condition keeps about ${Math.round(part * 100)} % of the rows`]),
      ...(correlation === undefined || Math.abs(correlation) >= ORDERED ? [] : [`rows of one ${column} are spread over the table (correlation ${correlation.toFixed(2)})`]),
    ];
    return `${index.name} is not used: by it the plan would cost ${round(after.cost)} instead of ${round(before.cost)}${reasons.length > 0 ? `; ${reasons.join(', and ')}` : ''} (asked of the twin, with ${describeVolumes(after.basis)}).`;
  } catch (error) {
    if (error instanceof TwinError) return undefined;
    throw error;
  }
}

/** How the relations beside one are read. */
const methodsOf = (scans: readonly PlannedScan[], { table, alias }: PlannedScan): string =>
  JSON.stringify(scans.filter((scan) => scan.table !== table || scan.alias !== alias).map((scan) => [scan.table, scan.alias, scan.method, scan.index ?? '']).sort());

const round = (cost: number): string => (cost >= 100 ? Math.round(cost).toLocaleString('en') : cost.toFixed(2));
