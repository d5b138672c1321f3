import { whollyKnownCatalog } from '../advice/known';
import { proposeIndex } from '../advice/indexAdvice';
import { indexFixes } from '../advice/indexFix';
import { planEvidence, plannedSql, renderCost, scansOf } from '../advice/planEvidence';
import { proveIndex, toHypothetical } from '../advice/proveIndex';
import { isMuchCheaper, replannedSql } from '../advice/replan';
import type { Scope } from '../advice/scope';
import { describeRows, renderCount, sizeOf } from '../advice/size';
import { findSortMismatch, removeNulls, type SortMismatch } from '../advice/sortMismatch';
import { toHostEdits } from '../advice/sqlEdits';
import { matchIndex } from '../catalog/indexMatch';
import { relationKey } from '../catalog/names';
import type { Index } from '../catalog/model';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import { isSort, placeNodes } from '../plan/placedNodes';
import { describeVolumes, type PlannedStatement } from '../plan/planner';
import type { PlanNode } from '../plan/planTree';
import type { OrderItem } from '../sql/model';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, shipped_at timestamptz, created_at timestamptz NOT NULL);';

/** Orders that an index on the same columns cannot give, in whichever direction it is read. */
export const sortDirectionMismatch: StatementRule = {
  id: 'sort-direction-mismatch',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['safe', 'new'],
  summary: 'An index has the columns of the ORDER BY, but not their directions',
  docs: {
    why: 'A b-tree is read forwards or backwards, all its keys together: an index on `(a, b)` gives `a, b` and `a DESC, b DESC`, never `a, b DESC`. NULLs come last in an ascending index and first when it is read backwards, so `ORDER BY a DESC NULLS LAST` needs an index that says so. Where no index fits, all matching rows are read and sorted for the few that LIMIT lets through. PostgreSQL compares the NULLS order even where the column is NOT NULL.',
    bad: [
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX orders_shipped_at ON orders (shipped_at);`, code: 'SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 20;' },
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX orders_created_at ON orders (created_at);`, code: 'SELECT id FROM orders ORDER BY created_at DESC NULLS LAST LIMIT 20;' },
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX orders_customer_shipped ON orders (customer_id, shipped_at);`, code: 'SELECT id FROM orders ORDER BY customer_id, shipped_at DESC LIMIT 20;' },
    ],
    good: [
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX orders_shipped_at ON orders (shipped_at DESC NULLS LAST);`, code: 'SELECT id FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 20;' },
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX orders_shipped_at ON orders (shipped_at);`, code: 'SELECT id FROM orders ORDER BY shipped_at DESC LIMIT 20;' },
    ],
    whenNot: 'Small tables, and orders that are asked for seldom.',
    fixSafety: 'Writes a new migration with an index in the query’s directions; results do not change. Where only the NULLS order of NOT NULL columns is in the way, it is taken out of the query instead: there are no NULLs to order.',
  },
  options: {},
  check(context) {
    const catalog = whollyKnownCatalog(context);
    if (!catalog) return;
    const { model, settings } = context;
    const scope: Scope = { model, catalog };
    for (const block of model.blocks) {
      if (!block.limit || block.orderBy.length === 0 || block.kind !== 'select' || block.groupBy.length > 0 || block.distinct) continue;
      const mismatch = findSortMismatch(scope, block);
      const size = sizeOf(mismatch?.table, settings);
      if (mismatch && size !== 'small' && size !== 'medium') judge(context, mismatch);
    }
  },
};

function judge(context: StatementContext, mismatch: SortMismatch): void {
  const { table, demand, block, idle } = mismatch;
  const sql = plannedSql(context);
  const known = sql === undefined ? undefined : context.planner.plan({ sql });
  if (known?.state === 'pending') return;
  if (known?.state !== 'planned') {
    // Rows that another index finds may be few.
    const found = table.indexes.some((index) => index !== mismatch.index && matchIndex(index, demand, table).usable !== 'no');
    if (block.relations.length === 1 && !found) report(context, mismatch, { severity: 'hint', confidence: 'schema' });
    return;
  }
  const sorted = sortedRows(known.plan, context, mismatch);
  if (sql === undefined || sorted === undefined || sorted.rows < context.settings.smallTableRows) return;
  if (idle.length > 0) {
    const changed = replannedSql(context, ({ model }) => removeNulls(model, model.blocks[block.index]?.orderBy ?? [], idle.map((item) => block.orderBy.findIndex((o) => o.span === item.span))));
    const after = changed === undefined ? undefined : context.planner.plan({ sql: changed });
    if (after?.state !== 'planned' || !isMuchCheaper(known.plan.cost, after.plan.cost)) return;
    report(context, mismatch, { ...proof(context, mismatch, known.plan, sorted, after.plan.cost), change: 'without it' });
    return;
  }
  const proposal = proposeIndex(table, { predicates: demand.predicates, order: demand.order });
  const proved = proposal && proveIndex({ planner: context.planner, sql, candidates: [proposal] });
  if (proved?.state !== 'proved' || countSorts(proved.after) >= countSorts(known.plan)) return;
  report(context, mismatch, { ...proof(context, mismatch, known.plan, sorted, proved.after.cost), change: `with an index on ${toHypothetical(proved.proposal).definition.replace(/^USING btree /, '')}` });
}

interface Verdict {
  readonly severity?: 'hint';
  readonly confidence: 'schema' | 'planner';
  readonly change?: string;
  readonly proof?: { readonly text: string; readonly before: number; readonly after: number; readonly facts: Readonly<Record<string, unknown>> };
}

const countSorts = (plan: PlannedStatement): number => placeNodes(plan.root).filter(({ node }) => isSort(node)).length;

/** The sort under a LIMIT that orders rows of the relation, and how many rows it takes in. */
function sortedRows(plan: PlannedStatement, context: StatementContext, { table, block, relation }: SortMismatch): { readonly node: PlanNode; readonly rows: number } | undefined {
  const own = block.relations[relation];
  const scans = context.catalog && own ? scansOf(plan, context.catalog, context.model, own, relationKey(table.schema, table.name)) : [];
  const ids = new Set(scans.map((scan) => scan.node.id));
  const holds = (node: PlanNode): boolean => ids.has(node.id) || node.children.some(holds);
  const sort = placeNodes(plan.root).find(({ node, limit }) => limit !== undefined && isSort(node) && holds(node));
  if (!sort) return undefined;
  // An incremental sort stops after the groups that fill the page: as much of it as of its cost.
  const share = sort.node.nodeType === 'Incremental Sort' ? (sort.limit?.totalCost ?? 0) / sort.node.totalCost : 1;
  return { node: sort.node, rows: (sort.node.children[0]?.estimatedRows ?? 0) * sort.processes * share };
}

function proof(context: StatementContext, { table, block, relation }: SortMismatch, plan: PlannedStatement, sort: { readonly node: PlanNode; readonly rows: number }, after: number): Verdict {
  const own = block.relations[relation];
  const scan = context.catalog && own && scansOf(plan, context.catalog, context.model, own, relationKey(table.schema, table.name))[0];
  return {
    ...(sizeOf(table, context.settings) === 'unknown' ? { severity: 'hint' as const } : {}),
    confidence: 'planner',
    proof: {
      text: `the ${sort.node.nodeType} takes in ${renderCount(sort.rows)} rows for the first few (${describeVolumes(plan.basis)})`,
      before: plan.cost, after, facts: { ...(scan ? planEvidence(plan, scan) : {}), sort: sort.node.nodeType, rowsSorted: Math.round(sort.rows) },
    },
  };
}

function report(context: StatementContext, mismatch: SortMismatch, { severity, confidence, change, proof: proved }: Verdict): void {
  const { table, block, index, idle } = mismatch;
  const clause = block.clauses.order?.span;
  if (!clause) return;
  const rows = describeRows(table, context.settings);
  const says = idle.length > 0 ? `NULLS ${idle[0]?.nulls?.toUpperCase()} keeps ${index.name} from giving this order, though ${idle.map((item) => item.expression.column?.column).join(', ')} cannot be NULL` : `${index.name} ${describeKeys(index)} has these columns, but gives them in other directions`;
  const costs = proved && `${proved.text}; ${change} the cost falls from ${renderCost(proved.before)} to ${renderCost(proved.after)}`;
  context.report({
    at: { sql: clause },
    severity,
    message: idle.length > 0 ? `The NULLS order keeps the index on ${table.name} from giving this order: all rows are sorted.` : `No index on ${table.name} gives this order: the rows are sorted for the first few.`,
    because: `${[rows, says, costs].filter((part) => part !== undefined).join('; ')}.`,
    confidence,
    evidence: { table: table.name, index: index.name, ...(proved ? { ...proved.facts, cost: proved.before, costAfter: proved.after } : {}) },
    fixes: () => (idle.length > 0 ? dropNulls(context, idle) : createIndex(context, mismatch)),
  });
}

function createIndex({ catalog, settings }: StatementContext, { table, demand }: SortMismatch): readonly Fix[] {
  const proposal = proposeIndex(table, { predicates: demand.predicates, order: demand.order });
  return proposal && catalog ? indexFixes(proposal, catalog, settings) : [];
}

const describeKeys = (index: Index): string =>
  `(${index.keys.map((key) => (key.column ?? key.expression ?? '') + (key.descending ? ' DESC' : '') + (key.nullsFirst === key.descending ? '' : key.nullsFirst ? ' NULLS FIRST' : ' NULLS LAST')).join(', ')})`;

function dropNulls(context: StatementContext, idle: readonly OrderItem[]): readonly Fix[] {
  if (context.site.chain.length > 0) return [];
  const edits = removeNulls(context.model, idle, idle.map((_, i) => i));
  const placed = edits && toHostEdits(context.site, context.file.uri, edits);
  return placed ? [{ title: 'Remove the NULLS order: the column cannot be NULL', kind: 'safe', edits: placed }] : [];
}
