import { whollyKnownCatalog } from '../advice/known';
import { proposeIndex, renderIndexColumns, type IndexProposal } from '../advice/indexAdvice';
import { ownerTest, toCondition, type Condition } from '../advice/indexDemand';
import { indexFixes } from '../advice/indexFix';
import { collectBranches, rewriteAsUnion, type OrBranch } from '../advice/orUnion';
import { pageRowsOf } from '../advice/pageRows';
import { collectPins } from '../advice/pins';
import { basisEvidence, plannedSql, planStatement, renderCost } from '../advice/planEvidence';
import { toHypothetical } from '../advice/proveIndex';
import { isMuchCheaper, replannedSql } from '../advice/replan';
import { isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { describeRows, renderCount, sizeOf } from '../advice/size';
import { toHostEdits } from '../advice/sqlEdits';
import { isPinnedToOneRow } from '../advice/uniqueness';
import { hasServingIndex } from '../catalog/indexMatch';
import { findColumn } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import { filtersOf, placeNodes } from '../plan/placedNodes';
import { describeVolumes, type PlannedStatement } from '../plan/planner';
import type { PlanNode } from '../plan/planTree';
import type { Conjunct, QueryBlock } from '../sql/model';

const SCHEMA = 'CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL);\nCREATE INDEX customers_email ON customers (email);\nCREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, number text NOT NULL);\nCREATE INDEX orders_customer ON orders (customer_id);';
const NUMBERED = `${SCHEMA}\nCREATE INDEX orders_number ON orders (number);`;
const VOLUMES = { customers: 200_000, orders: 2_000_000 };

/** An OR that no index can answer because its sides ask different tables, or columns of which one has no index. */
export const orAcrossColumns: StatementRule = {
  id: 'or-across-columns',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['review', 'new'],
  summary: 'An OR over different columns or tables is checked row by row',
  docs: {
    why: 'Postgres answers `a = 1 OR b = 2` from two indexes and joins the bitmaps, but only where both columns stand in one table and both have an index. If one side has none, or the sides ask different tables or a sub-query, neither index is of use: every row, or every row of the join, is computed and then checked. Asked separately each side takes its own index, and UNION puts the rows together.',
    bad: [
      { language: 'sql', schema: NUMBERED, assume: VOLUMES, code: 'SELECT o.id, o.number FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 OR o.number = $2;' },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT id FROM orders WHERE customer_id = $1 OR number = $2;' },
    ],
    good: [
      { language: 'sql', schema: NUMBERED, assume: VOLUMES, code: 'SELECT id FROM orders WHERE customer_id = $1 OR number = $2;' },
      { language: 'sql', schema: NUMBERED, assume: VOLUMES, code: 'SELECT o.id, o.number FROM orders o WHERE o.id IN (SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 UNION SELECT o.id FROM orders o WHERE o.number = $2);' },
    ],
    whenNot: 'Small tables, and conditions that most rows meet.',
    fixSafety: 'Offered for review: the OR becomes `key IN (SELECT key … UNION SELECT key …)` over the primary key, which holds for exactly the same rows, duplicates included. Rows without ORDER BY may come in another order. Where one side only lacks an index, the fix is a new migration.',
  },
  options: {},
  check(context) {
    const catalog = whollyKnownCatalog(context);
    if (!catalog) return;
    const { model } = context;
    const scope: Scope = { model, catalog };
    for (const block of model.blocks) {
      if (block.kind !== 'select' && !((block.kind === 'update' || block.kind === 'delete') && block.relations.length === 1)) continue;
      for (const conjunct of block.conjuncts) if (conjunct.operator === 'or' && !conjunct.negated && conjunct.clause === 'where') checkOr(context, scope, block, conjunct);
    }
  },
};

/** An OR that may be a filter, with what would serve its sides. */
interface Or {
  readonly scope: Scope;
  readonly block: QueryBlock;
  readonly conjunct: Conjunct;
  readonly branches: readonly OrBranch[];
  readonly tables: readonly Table[];
  /** The sides ask different tables or sub-queries: no bitmap can answer them. */
  readonly apart: boolean;
  /** Where all sides compare columns of one table: the index that each unserved side lacks. */
  readonly missing?: readonly IndexProposal[];
}

function checkOr(context: StatementContext, scope: Scope, block: QueryBlock, conjunct: Conjunct): void {
  const branches = collectBranches(scope, block, conjunct);
  // A column in every side is a list of values or a position: `a < $1 OR (a = $1 AND id < $2)`.
  if (!branches || [...(branches[0]?.columns ?? [])].some((column) => branches.every((b) => b.columns.has(column)))) return;
  const indexes = [...new Set(branches.flatMap((b) => [...b.relations]))];
  const tables = indexes.flatMap((index) => tableOf(scope.catalog, block.relations[index] ?? block.relations[0]!) ?? []);
  if (tables.length < indexes.length || indexes.some((index) => isSystemRelation(block.relations[index]!)) || tables.some((t) => t.kind === 'view' || t.kind === 'foreign')) return;
  if (!tables.some((t) => ['large', 'unknown'].includes(sizeOf(t, context.settings)))) return;
  const pins = collectPins(scope, block);
  if (indexes.some((index) => isPinnedToOneRow(scope, block, index, pins))) return;
  const single = indexes.length === 1 && branches.every((b) => b.subqueries.length === 0) ? indexes[0] : undefined;
  const sides = single === undefined ? undefined : branches.map((b) => b.conjuncts.flatMap((c) => toCondition(c, scope.model.text, ownerTest(scope, block, single), block)));
  const table = tables[0];
  const unserved = table && sides?.filter((conditions) => hasServingIndex(table, { predicates: conditions }) !== 'yes');
  const proposals = unserved?.map((conditions) => proposeIndex(table!, { predicates: conditions }));
  const missing = proposals?.every((p) => p !== undefined) ? proposals : undefined;
  // For a write an index is what can be offered.
  if (block.kind !== 'select' && !missing?.length) return;
  const or: Or = { scope, block, conjunct, branches, tables, missing, apart: single === undefined };
  const answer = planStatement(context);
  if (answer.state === 'pending') return;
  if (answer.state === 'planned') return judge(context, or, answer.plan);
  // By the schema: each side would find few rows, nothing else narrows them, and one side lacks an index or no bitmap can help.
  if (block.limit && block.orderBy.length > 0) return;
  if (isNarrowed(or, indexes) || (sides && (!missing || missing.length === 0 || !sides.every((conditions) => conditions.some((c) => isSelective(table!, c)))))) return;
  if (!sides && (!unionOf(context, or) || !branches.every((b) => b.conjuncts.some((c) => ['=', 'in', 'any', 'exists'].includes(c.operator) && !c.negated)))) return;
  report(context, or);
}

const isSelective = (table: Table, c: Condition): boolean =>
  !c.negated && ['=', 'in', 'any', '@>', '&&', '@@'].includes(c.operator) && c.values?.every((v) => typeof v === 'boolean') !== true && findColumn(table, c.column ?? '')?.type !== 'boolean';

/** Does an index serve another condition of WHERE on one of the relations? */
function isNarrowed({ scope, block, conjunct, tables }: Or, indexes: readonly number[]): boolean {
  return indexes.some((index, i) => {
    const others = block.conjuncts.filter((c) => c !== conjunct && c.clause === 'where').flatMap((c) => toCondition(c, scope.model.text, ownerTest(scope, block, index), block));
    return tables[i] !== undefined && others.some((c) => !c.joins) && hasServingIndex(tables[i], { predicates: others.filter((c) => !c.joins) }) !== 'no';
  });
}

interface Proof {
  readonly before: PlannedStatement;
  readonly node: PlanNode;
  readonly rows: number;
  readonly after: number;
  readonly how: string;
}

function judge(context: StatementContext, or: Or, before: PlannedStatement): void {
  const sql = plannedSql(context);
  const filter = findFilter(before, or);
  if (sql === undefined || !filter || filter.rows < context.settings.smallTableRows) return;
  const { missing = [] } = or;
  const union = replannedSql(context, ({ model, text }) => {
    const block = model.blocks[or.block.index];
    const conjunct = block?.conjuncts[or.block.conjuncts.indexOf(or.conjunct)];
    const scope: Scope = { model, catalog: or.scope.catalog };
    const branches = block && conjunct && collectBranches(scope, block, conjunct);
    return branches && block.kind === 'select' ? rewriteAsUnion(scope, block, conjunct, branches, text) : undefined;
  });
  const indexed = missing.length > 0 ? context.planner.plan({ sql, add: missing.map(toHypothetical) }) : undefined;
  const rewritten = union === undefined ? undefined : context.planner.plan({ sql: union });
  if (indexed?.state === 'pending' || rewritten?.state === 'pending') return;
  const names = missing.map((p) => `${p.table.name} ${renderIndexColumns(p)}`).join(' and ');
  if (indexed?.state === 'planned' && indexed.plan.added.every((a) => a.used) && isMuchCheaper(before.cost, indexed.plan.cost)) report(context, or, { before, ...filter, after: indexed.plan.cost, how: `with an index on ${names}` });
  else if (rewritten?.state === 'planned' && isMuchCheaper(before.cost, rewritten.plan.cost)) report(context, { ...or, missing: undefined }, { before, ...filter, after: rewritten.plan.cost, how: 'with a UNION of both sides' });
}

/** The node that checks the OR, and the rows that it checks; undefined where indexes answer it. */
function findFilter(plan: PlannedStatement, { block, branches }: Or): { readonly node: PlanNode; readonly rows: number } | undefined {
  const columns = branches.flatMap((b) => [...b.columns].map((c) => c.slice(c.indexOf('.') + 1)));
  const found = placeNodes(plan.root, block.limit ? pageRowsOf(block) : Infinity).find(({ node }) => filtersOf(node).some((text) => text.includes(' OR ') && columns.every((c) => text.includes(c))));
  if (!found) return undefined;
  const scan = plan.scans.find((s) => s.node.id === found.node.id);
  const read = scan ? (scan.rowsRead ?? scan.rowsKept) : found.processes * Math.max(...found.node.children.map((child) => child.estimatedRows));
  return { node: found.node, rows: read * found.share };
}

function unionOf(context: StatementContext, { scope, block, conjunct, branches }: Or): readonly Fix[] | undefined {
  if (context.site.chain.length > 0 || !context.site.source) return undefined;
  const edits = rewriteAsUnion(scope, block, conjunct, branches, context.site.source.text);
  const placed = edits && toHostEdits(context.site, context.file.uri, edits);
  return placed && [{ title: 'Ask each side of the OR on its own and unite the keys (the same rows)', kind: 'review', edits: placed }];
}

function report(context: StatementContext, or: Or, proof?: Proof): void {
  const { tables, missing, branches, conjunct } = or;
  const lacks = missing && missing.length > 0 ? missing.map((p) => `${p.table.name} ${renderIndexColumns(p)}`).join(' and ') : undefined;
  const rows = tables.map((t) => describeRows(t, context.settings)).filter((r) => r !== undefined);
  const cost = proof && `${proof.node.nodeType} checks it on ${renderCount(proof.rows)} rows (${describeVolumes(proof.before.basis)}); ${proof.how} the cost falls from ${renderCost(proof.before.cost)} to ${renderCost(proof.after)}`;
  const because = [...rows, ...(lacks !== undefined && !proof ? [`no index on ${lacks}`] : []), ...(cost ? [cost] : [])];
  const names = [...new Set(tables.map((t) => t.name))].join(' and ');
  const known = tables.every((t) => sizeOf(t, context.settings) !== 'unknown');
  context.report({
    at: { sql: conjunct.span },
    severity: proof && known ? undefined : 'hint',
    message: lacks !== undefined ? (missing?.length === branches.length ? `No side of this OR on ${names} has an index: every row is checked.` : `One side of this OR on ${names} has no index, which makes the other side’s useless: every row is checked.`) : or.apart ? `The sides of this OR on ${names} ask different tables or a sub-query: no index can answer it, it is checked row by row.` : `This OR on ${names} is checked row by row.`,
    because: because.length > 0 ? `${because.join('; ')}.` : undefined,
    confidence: proof ? 'planner' : 'schema',
    evidence: {
      tables: tables.map((t) => t.name), sides: branches.length, ...(lacks === undefined ? {} : { index: lacks }),
      ...(proof ? { node: proof.node.nodeType, rowsChecked: Math.round(proof.rows), cost: proof.before.cost, costAfter: proof.after, ...basisEvidence(proof.before.basis) } : {}),
    },
    fixes: () => (lacks === undefined ? unionOf(context, or) ?? [] : missing?.length === 1 && missing[0] && context.catalog ? indexFixes(missing[0], context.catalog, context.settings) : []),
  });
}
