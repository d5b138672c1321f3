import { collectDemand } from '../advice/indexDemand';
import { costliestScan } from '../advice/indexVerdict';
import { hasUnknownPart } from '../advice/holes';
import { collectLeaves, judgePruning, type Pruning } from '../advice/partitionPruning';
import { describeScan, planEvidence, planStatement, renderCost, scansOf } from '../advice/planEvidence';
import { isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { describeRows, sizeOf } from '../advice/size';
import { hasServingIndex } from '../catalog/indexMatch';
import type { PartitionKey, Table } from '../catalog/model';
import { findColumn } from '../catalog/lookup';
import { relationKey } from '../catalog/names';
import type { Severity, StatementContext, StatementRule } from '../lint/rule';
import type { QueryBlock, Relation } from '../sql/model';

const SCHEMA = "CREATE TABLE events (id bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE (at);\nCREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');\nCREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');";

/** Queries of a partitioned table that read every partition. */
export const missingPartitionKey: StatementRule = {
  id: 'missing-partition-key',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  summary: 'No condition on the partition key: every partition is read',
  docs: {
    why: 'Postgres leaves a partition out only where a condition compares the partition key itself with a value. Without one, or with the key inside a function or a cast, each partition is locked, planned and read, and every new partition makes the query slower.',
    bad: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT id FROM events WHERE kind = $1;' },
      { language: 'sql', schema: SCHEMA, code: "SELECT count(*) FROM events WHERE date_trunc('day', at) = $1;" },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT id FROM events WHERE kind = $1 AND at >= $2;' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT id FROM events ORDER BY at DESC LIMIT 10;' },
    ],
    whenNot: 'Reports over the whole table, and look-ups by a unique identifier where nothing is known of the time: with an index in each partition they cost one look-up a partition (shown as information).',
  },
  options: {},
  check(context) {
    const { model, catalog, site } = context;
    if (!catalog || model.completeness !== 'full' || !site.complete || hasUnknownPart(model)) return;
    for (const block of model.blocks) {
      if (block.kind === 'select' || block.kind === 'update' || block.kind === 'delete') block.relations.forEach((_, index) => checkRelation(context, block, index));
    }
  },
};

function checkRelation(context: StatementContext, block: QueryBlock, index: number): void {
  const { model, catalog, settings } = context;
  const relation = block.relations[index];
  const table = relation && tableOf(catalog, relation);
  const key = table?.partitionKey;
  if (!catalog || !table || !key || key.partitions <= 1 || isSystemRelation(relation)) return;
  // An expression as a key is compared by its text: what stands for it in a condition is not judged.
  if (key.columns.length === 0 || key.columns.some((column) => !findColumn(table, column))) return;
  const size = sizeOf(table, settings);
  if (size === 'small' || size === 'medium') return;
  const scope: Scope = { model, catalog };
  const pruning = judgePruning(scope, block, index, table, key);
  if (pruning.state === 'prunes') return;
  const read = readPartitions(context, table, relation);
  if (read === 'silent') return;
  const served = read?.served ?? hasServingIndex(table, collectDemand(scope, block, index)) !== 'no';
  const severity: Severity | undefined = size === 'unknown' || read?.served ? 'hint' : served || !block.clauses.where ? 'info' : undefined;
  const rows = describeRows(table, settings);
  context.report({
    at: { sql: pruning.state === 'wrapped' ? pruning.conjunct.span : relation.span },
    severity,
    message: describe(table, key, pruning),
    because: read?.because ?? `${rows ? `${rows}; ` : ''}all ${key.partitions} partitions are ${served ? 'looked into' : 'read'}.`,
    confidence: read ? 'planner' : size === 'unknown' ? 'schema' : 'statistics',
    evidence: { table: table.name, key: key.columns, strategy: key.strategy, partitions: key.partitions, ...read?.evidence },
  });
}

interface ReadPartitions {
  readonly because: string;
  /** An index finds the rows in each of them. */
  readonly served: boolean;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** How many partitions the plan reads; `silent` where some are left out or the planner has not answered, undefined without a planner. */
function readPartitions(context: StatementContext, table: Table, relation: Relation): ReadPartitions | 'silent' | undefined {
  const answer = planStatement(context);
  if (answer.state === 'pending') return 'silent';
  if (answer.state !== 'planned' || !context.catalog) return undefined;
  const { plan } = answer;
  const leaves = collectLeaves(context.catalog, table);
  const scans = scansOf(plan, context.catalog, context.model, relation, relationKey(table.schema, table.name));
  const read = new Set(scans.map((scan) => scan.table));
  const costliest = costliestScan(scans);
  // A plan for any value shows the partitions that run-time pruning may leave out: conditions that allow it were looked at before.
  if (!costliest || read.size < leaves.length) return 'silent';
  return {
    because: `All ${read.size} partitions are read, at a cost of ${renderCost(plan.cost)}; ${describeScan(plan, costliest)}.`,
    served: scans.every((scan) => scan.indexConditions.length > 0),
    evidence: { partitionsRead: read.size, ...planEvidence(plan, costliest) },
  };
}

function describe(table: Table, key: PartitionKey, pruning: Exclude<Pruning, { state: 'prunes' }>): string {
  const first = key.columns[0] ?? '';
  switch (pruning.state) {
    case 'wrapped': return `The partition key ${first} is compared inside an expression: no partition of ${table.name} is left out.`;
    case 'partial': return `${table.name} is partitioned by the hash of (${key.columns.join(', ')}): without ${pruning.columns.join(', ')} every partition is read.`;
    case 'absent': return `No condition on ${key.strategy === 'hash' ? key.columns.join(', ') : first}, by which ${table.name} is partitioned: every partition is read.`;
  }
}
