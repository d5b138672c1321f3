import { quoteIdentifier } from '../../sql/names';
import { collectNodes, type PlanNode } from '../planModel';
import { allOf, count, fact, isScan, nameOf, ownOf, severityOf, shareOf, tableOf, type PlanContext } from './context';
import { estimatedRuns } from './estimatedReads';
import { adviseIndex } from './indexAdvice';
import { comparedColumns } from './predicates';
import type { PlanAdvice, PlanFinding } from './types';

/** Estimates that are off by ten are notable, by a hundred wrong (the steps of explain.depesz.com). */
const OFF = 10;
const FAR_OFF = 100;
/** Fewer rows mislead nobody. */
const ROWS = 1000;
/** Part of the time that goes into what the planner chose by the estimate. */
const CONSEQUENCE_SHARE = 0.2;

/** Nodes whose row count is not an estimate of their own, or is not counted. */
const NO_ESTIMATE = /^(?:Parallel )?(?:Hash|Sort|Incremental Sort|Materialize|Memoize|Gather|Gather Merge|BitmapAnd|BitmapOr|Bitmap Index Scan|Insert|Update|Delete|Merge|Limit|Result|LockRows|Subquery Scan|Append|Merge Append|WindowAgg|CTE Scan|WorkTable Scan)$/;

/** Row estimates that are wrong where they begin, and that led to something slow. */
export const findMisestimates = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((node): readonly PlanFinding[] => {
  const factor = node.factor;
  if (!context.timed || factor === undefined || (factor < OFF && factor > 1 / OFF) || NO_ESTIMATE.test(node.nodeType)) return [];
  const [rows, loops] = [node.rows ?? 0, Math.max(1, node.loops ?? 1)];
  if (Math.max(rows, node.estimatedRows) < ROWS) return [];
  // What is wrong below is wrong here too: it begins there.
  if (node.children.some((child) => child.subplan === undefined && child.factor !== undefined && (factor > 1 ? child.factor > OFF / 2 : child.factor < 2 / OFF))) return [];
  const consequence = consequenceOf(context, node, factor);
  if (!consequence) return [];
  const under = factor > 1;
  const size = under ? factor : 1 / factor;
  return [{
    kind: 'misestimate', severity: size >= FAR_OFF ? severityOf(consequence.share) : severityOf(consequence.share / 2), nodeId: node.id, share: consequence.share,
    title: `${isScan(node) ? nameOf([node]) : node.nodeType}: ${count(rows / loops)} rows came${loops > 1 ? ' per run' : ''}, ${count(node.estimatedRowsPerLoop ?? 0)} ${node.estimatedRowsPerLoop === 1 ? 'was' : 'were'} expected`,
    detail: `The planner ${under ? 'under' : 'over'}estimates ${count(size)}-fold here; by that figure it chose ${consequence.text}. ${causeOf(node)}`,
    advice: adviceOn(node),
    evidence: [{ label: 'Expected rows', value: count(node.estimatedRowsPerLoop ?? 0) }, { label: 'Actual rows', value: count(rows / loops) }, ...node.conditions.slice(0, 2).map(({ label, text }) => ({ label, value: text }))],
  }];
});

/** What a wrong estimate led to, above the node. */
function consequenceOf(context: PlanContext, node: PlanNode, factor: number): { readonly text: string; readonly share: number } | undefined {
  let child = node;
  for (let parent = context.parentOf(node); parent; child = parent, parent = context.parentOf(parent)) {
    if (factor > 1 && parent.nodeType.startsWith('Nested Loop')) {
      const inner = parent.children.filter((item) => item.subplan === undefined)[1];
      const share = inner && inner !== child ? shareOf(context, allOf(context, inner), CONSEQUENCE_SHARE) : undefined;
      if (inner && share !== undefined && (inner.loops ?? 0) >= ROWS) return { text: `a nested loop, whose inner side ran ${count(inner.loops ?? 0)} times`, share };
    }
    const spilled = factor > 1 && (fact(parent, 'Hash Batches') > Math.max(1, fact(parent, 'Original Hash Batches')) || parent.raw?.['Sort Space Type'] === 'Disk');
    const share = spilled ? shareOf(context, allOf(context, parent), CONSEQUENCE_SHARE) : undefined;
    if (share !== undefined) return { text: `${/Hash/.test(parent.nodeType) ? 'a hash table' : 'a sort'} that outgrew its memory`, share };
    if (child.subplan !== undefined) return undefined;
  }
  return undefined;
}

const filtersOf = (node: PlanNode): string | undefined => {
  const texts = node.conditions.filter(({ label }) => ['Filter', 'Index Cond', 'Recheck Cond'].includes(label)).map(({ text }) => text);
  return texts.length === 0 ? undefined : [...new Set(texts)].map((text) => `(${text})`).join(' AND ');
};

function causeOf(node: PlanNode): string {
  const filter = filtersOf(node);
  if (isScan(node) && filter !== undefined) {
    const { columns, expressions } = comparedColumns(node, filter);
    if (expressions.length > 0 && columns.length === 0) return 'There are no statistics on the expression: a fixed part of the rows is assumed.';
    if (columns.length > 1) return 'The conditions are taken to be independent of each other; where the columns go together, far more rows match.';
    return 'The statistics of the column are old, or do not have the value.';
  }
  if (node.nodeType === 'Function Scan') return 'Of a function the planner knows no more than its ROWS, 1,000 where nothing was said.';
  if (/Join|Nested Loop/.test(node.nodeType)) return 'Both inputs are estimated well: their keys match more often, or less, than the statistics of each alone tell.';
  if (/Aggregate|Group|Unique/.test(node.nodeType)) return 'The number of groups is estimated from the columns one by one.';
  return '';
}

function adviceOn(node: PlanNode): readonly PlanAdvice[] {
  const filter = filtersOf(node);
  if (isScan(node)) {
    const { columns, expressions } = filter === undefined ? { columns: [], expressions: [] } : comparedColumns(node, filter);
    const analyze: PlanAdvice = { text: 'Gather the statistics anew; if that does not help, give the column a finer histogram (ALTER TABLE … ALTER COLUMN … SET STATISTICS 1000).', sql: `ANALYZE ${tableOf(node)};` };
    if (columns.length > 1) return [{ text: `Let the planner know how ${columns.join(' and ')} go together.`, sql: `CREATE STATISTICS (dependencies, mcv) ON ${columns.slice(0, 8).join(', ')} FROM ${tableOf(node)};\nANALYZE ${tableOf(node)};`.replace('CREATE STATISTICS (', `CREATE STATISTICS ${quoteIdentifier(`${node.relation ?? 't'}_${columns.map((column) => column.replaceAll('"', '')).join('_')}`.slice(0, 60))} (`) }, analyze];
    if (expressions.length > 0) return [{ text: 'Gather statistics on the expression (PostgreSQL 14 and later; before that an index on it does the same).', sql: `CREATE STATISTICS ${quoteIdentifier(`${node.relation ?? 't'}_expression`)} ON ${expressions[0]} FROM ${tableOf(node)};\nANALYZE ${tableOf(node)};` }];
    return [analyze];
  }
  if (node.nodeType === 'Function Scan') return [{ text: `Tell the planner how many rows the function returns, if it is one of your own: ALTER FUNCTION … ROWS ${Math.max(1, Math.round((node.rows ?? 0) / Math.max(1, node.loops ?? 1)))}.` }];
  return [];
}

/** How often a nested loop, or a sub-query, runs its inside before it is worth a look. */
const LOOPS = 1000;
const LOOP_SHARE = 0.3;

/** An index finds a row at a lower cost than this: a smaller relation is as well read whole. */
const SCAN_COST = 10;

/** Nested loops that read a whole relation again and again, or compare every pair of rows. */
export const findNestedLoops = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((loop): readonly PlanFinding[] => {
  const measured = context.model.analyzed;
  if (!loop.nodeType.startsWith('Nested Loop') || loop.neverExecuted || (measured && !context.timed)) return [];
  const [outer, inner] = loop.children.filter((child) => child.subplan === undefined);
  if (!outer || !inner) return [];
  const scan = [inner, ...inner.children].find((node) => /Seq Scan$/.test(node.nodeType));
  const condition = loop.conditions.find(({ label }) => label === 'Join Filter')?.text ?? scan?.conditions.find(({ label }) => label === 'Filter')?.text;
  if (!scan || (!measured && (condition === undefined || scan.totalCost < SCAN_COST))) return [];
  const runs = measured ? (inner.loops ?? 0) : inner === scan ? estimatedRuns(context, inner) : outer.estimatedRows * estimatedRuns(context, loop);
  const rows = measured ? (loop.rows ?? 0) : loop.estimatedRows * estimatedRuns(context, loop);
  const pairs = measured ? fact(loop, 'Rows Removed by Join Filter') * (loop.loops ?? 1) : Math.max(0, runs * inner.estimatedRows - rows);
  const share = shareOf(context, ownOf(context, loop) + allOf(context, inner), LOOP_SHARE);
  const compares = pairs >= 100 * ROWS && pairs >= 10 * Math.max(1, rows);
  if (share === undefined || !(inner === scan ? runs >= LOOPS / 10 : compares)) return [];
  const verb = measured ? ['is', 'are'] : ['would be', 'would be'];
  return [{
    kind: 'nested-loop', severity: severityOf(share), nodeId: loop.id, share, ...(measured ? {} : { estimated: true as const }),
    title: inner === scan ? `${nameOf([scan])} ${verb[0]} read whole ${measured ? '' : 'about '}${count(runs)} times, once for each row of the outer side` : `${measured ? '' : 'About '}${count(pairs + rows)} pairs of rows ${verb[1]} compared to join ${count(rows)}`,
    detail: condition === undefined ? 'There is no join condition: every row meets every other.' : `Nothing leads from a row of one side to those of ${nameOf([scan])} that match ${condition}, so all are looked at.`,
    advice: condition === undefined ? [{ text: 'Is a join condition missing?' }] : joinAdvice(scan, condition),
    evidence: [{ label: 'Runs of the inner side', value: count(runs) }, ...(pairs > 0 && (measured || inner !== scan) ? [{ label: measured ? 'Rows removed by the join filter' : 'Pairs that do not match', value: count(pairs) }] : []), { label: 'Rows of the outer side', value: measured ? `${count(outer.rows ?? 0)} (expected ${count(outer.estimatedRows)})` : `${count(outer.estimatedRows)} expected` }],
  }];
});

const joinAdvice = (scan: PlanNode, condition: string): readonly PlanAdvice[] => {
  const index = adviseIndex(scan, [condition]);
  return index ? [index] : [{ text: 'Neither a hash nor an index can serve this join condition: an equality of columns of one type would be (an OR of equalities can become a UNION of two joins).' }];
};

/** Sub-queries that run once per row; in a plan that was not run those that read a whole relation each time. */
export const findRepeatedSubplans = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((node): readonly PlanFinding[] => {
  const measured = context.model.analyzed;
  if (!/^SubPlan /.test(node.subplan ?? '') || node.neverExecuted || (measured && !context.timed)) return [];
  const runs = measured ? (node.loops ?? 0) : estimatedRuns(context, node);
  const share = runs < LOOPS ? undefined : shareOf(context, allOf(context, node), LOOP_SHARE);
  const scan = collectNodes(node).find((item) => /Seq Scan$/.test(item.nodeType));
  if (share === undefined || (!measured && (!scan || scan.totalCost < SCAN_COST))) return [];
  const index = scan && adviseIndex(scan, scan.conditions.filter(({ label }) => label === 'Filter').map(({ text }) => text));
  return [{
    kind: 'repeated-subplan', severity: severityOf(share), nodeId: node.id, share, ...(measured ? {} : { estimated: true as const }),
    title: `${node.subplan} ${measured ? 'runs' : 'would run about'} ${count(runs)} times, once per row`,
    detail: `A sub-query that depends on the row around it is run anew for each${scan ? `, and reads ${nameOf([scan])} whole every time` : ''}.`,
    advice: [...(index ? [index] : []), { text: 'Written as a join with a grouped sub-query (or LEFT JOIN LATERAL) it is computed for all rows at once.' }],
    evidence: [{ label: 'Runs', value: count(runs) }],
  }];
});
