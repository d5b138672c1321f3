import { relationKey } from '../catalog/names';
import type { Catalog } from '../catalog/model';
import { describeVolumes, type PlanBasis, type PlannedStatement } from '../plan/planner';
import type { PlannedScan } from '../plan/plannedScans';
import { collectNodes, type PlanNode } from '../plan/planTree';
import type { StatementModel } from '../sql/model';
import { renderIndexColumns, type IndexProposal } from './indexAdvice';
import { mostLimitRows } from './pageRows';
import { basisEvidence, renderCost } from './planEvidence';
import type { ProvedIndex } from './proveIndex';
import { renderCount, renderRows } from './size';

type Proved = Extract<ProvedIndex, { state: 'proved' }>;

/**
 * `With an index on (customer_id) the planner's cost falls from 32,340 to 74.3, and 120 rows are read instead of
 * 1,000,000 (verified in the twin with your server's statistics).`: for a finding's second line.
 */
export function describeGain(proved: Proved, catalog: Catalog, model: StatementModel): string {
  const { proposal, before, after } = proved;
  const [read, then] = [rowsReadOf(before, proposal, catalog, model), rowsReadOf(after, proposal, catalog, model)];
  const rows = read === undefined || then === undefined || then >= read ? '' : `, and ${renderRows(then)} ${Math.round(then) === 1 ? 'is' : 'are'} read instead of ${renderCount(read)}`;
  return `With ${describeIndex(proposal)} the planner's cost falls from ${renderCost(before.cost)} to ${renderCost(after.cost)}${rows} (${describeConfidence(after.basis)}).`;
}

/** How sure an advice is, by what stood behind the plans; `not verified` without a planner. */
export const describeConfidence = (basis: PlanBasis | undefined): string => (basis ? `verified in the twin with ${describeVolumes(basis)}` : 'not verified');

/** The same as facts, for JSON and hover. Costs are the planner's units; `megabytes` is an estimate. */
export function gainEvidence(proved: Proved, catalog: Catalog, model: StatementModel): Readonly<Record<string, unknown>> {
  const { proposal, before, after, tried } = proved;
  const chosen = tried.find((t) => t.proposal.keys === proposal.keys && t.proposal.include === proposal.include && t.proposal.predicate === proposal.predicate);
  return {
    index: `${proposal.table.name} USING ${proposal.method} ${renderIndexColumns(proposal)}`,
    cost: before.cost, costAfter: after.cost, rowsRead: rowsReadOf(before, proposal, catalog, model), rowsReadAfter: rowsReadOf(after, proposal, catalog, model),
    megabytes: chosen && toMegabytes(chosen.pages), replaces: proposal.extends?.name, verified: describeConfidence(after.basis), ...basisEvidence(after.basis),
  };
}

/** `39 MB`, `512 kB`: of blocks of 8 kB. */
export function describeSize(pages: number): string {
  const megabytes = toMegabytes(pages);
  return megabytes >= 1 ? `${renderCount(megabytes)} MB` : `${renderCount(Math.max(1, pages) * 8)} kB`;
}

const toMegabytes = (pages: number): number => Math.round((pages * 8 * 10) / 1024) / 10;

/** `an index on (customer_id)`, `a gin index on (name gin_trgm_ops)`. */
const describeIndex = (proposal: IndexProposal): string => `${proposal.method === 'btree' ? 'an' : `a ${proposal.method}`} index on ${renderIndexColumns(proposal)}`;

/**
 * Rows of the proposal's table that a plan reads, all scans together; undefined where a scan does not say. A scan below a
 * LIMIT, with nothing between that reads all its input, stops with the limit.
 */
export function rowsReadOf(plan: PlannedStatement, proposal: IndexProposal, catalog: Catalog, model: StatementModel): number | undefined {
  const key = relationKey(proposal.table.schema, proposal.table.name);
  const scans = plan.scans.filter((scan) => scan.table === key || catalog.tables.get(scan.table)?.partitionOf === key);
  if (scans.length === 0 || scans.some((scan) => scan.repeated)) return undefined;
  const read = scans.map((scan) => rowsOfScan(plan.root, scan, mostLimitRows(model)));
  return read.every((rows) => rows !== undefined) ? read.reduce((sum, rows) => sum + rows, 0) : undefined;
}

function rowsOfScan(root: PlanNode, scan: PlannedScan, mostRows: number): number | undefined {
  const whole = scan.rowsRead ?? (scan.filters.length === 0 ? scan.rowsKept : undefined);
  const limit = limitAbove(root, scan.node, mostRows);
  if (limit === undefined || whole === undefined || scan.rowsKept <= 0) return whole;
  // As many as it takes to keep that many.
  return Math.min(whole, Math.ceil((whole * Math.min(limit, scan.rowsKept)) / scan.rowsKept));
}

const READS_ALL: ReadonlySet<string> = new Set(['Sort', 'Incremental Sort', 'Hash', 'HashAggregate', 'Aggregate', 'BitmapAnd', 'BitmapOr', 'Materialize', 'Memoize']);

/** Rows after which a LIMIT stops a node; undefined where none does. */
function limitAbove(root: PlanNode, wanted: PlanNode, mostRows: number): number | undefined {
  let limit: number | undefined;
  for (let at = root; at !== wanted; ) {
    if (at.nodeType === 'Limit') limit = Math.min(limit ?? mostRows, at.estimatedRows);
    else if (READS_ALL.has(at.nodeType) || /Join|Nested Loop|WindowAgg|Append|Gather/.test(at.nodeType)) limit = undefined;
    const next = at.children.find((child) => collectNodes(child).includes(wanted));
    if (!next) return undefined;
    at = next;
  }
  return /Bitmap Heap Scan/.test(wanted.nodeType) ? undefined : limit;
}
