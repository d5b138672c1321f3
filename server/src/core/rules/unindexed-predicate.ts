import { hasIndexLike, proposeIndex, renderIndexColumns, type IndexProposal } from '../advice/indexAdvice';
import { collectIndexCandidates } from '../advice/indexCandidates';
import { collectDemand, type Condition, type RelationDemand } from '../advice/indexDemand';
import { indexFixes } from '../advice/indexFix';
import { candidateRequest, hasColumnStatistics, judgeIndex } from '../advice/indexVerdict';
import { findPartialMismatch } from '../advice/partialIndex';
import { chiefCondition, collectReadRelations, isBehind, isParameterEquality, isPlainlyServed, isStart, type ReadRelation } from '../advice/relationDemand';
import { describeRows } from '../advice/size';
import { findWrapped, leadsIndex } from '../advice/wrappedColumn';
import { normaliseExpression } from '../catalog/expressionText';
import { hasServingIndex } from '../catalog/indexMatch';
import type { Table } from '../catalog/model';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { SqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, created_at timestamptz NOT NULL);';

/** Conditions and orders that read a whole large table because no index serves them. */
export const unindexedPredicate: StatementRule = {
  id: 'unindexed-predicate',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['new'],
  summary: 'No index serves this condition',
  docs: {
    why: 'Without an index that begins with one of the compared columns, Postgres reads every row of the table to find the few that match; the query slows down as the table grows. Where a planner is at hand it is asked: an index that it would not use is not advised, and the costs before and after stand in the finding.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'SELECT id, created_at FROM orders WHERE customer_id = $1;' }],
    good: [
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX orders_customer_id_idx ON orders (customer_id);`, code: 'SELECT id, created_at FROM orders WHERE customer_id = $1;' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT created_at FROM orders WHERE id = $1;' },
    ],
    whenNot: 'Small tables, and conditions that most rows satisfy: an index would not be used.',
    fixSafety: 'Writes a new migration with CREATE INDEX CONCURRENTLY; results do not change. The index costs space and slows writes to its columns a little.',
  },
  options: {},
  check(context) {
    for (const read of collectReadRelations(context)) checkRelation(context, read);
  },
};

function checkRelation(context: StatementContext, read: ReadRelation): void {
  const { table, size } = read;
  if (isPlainlyServed(read)) return;
  const demand = collectDemand(read.scope, read.block, read.index);
  const strong = chiefCondition(read, demand.predicates);
  // Statistics tell which constants are rare; without them a constant of a list of states is no reason to speak.
  const chief = strong ?? (hasColumnStatistics(context.catalog, table) ? chiefCondition(read, demand.predicates, true) : undefined);
  // An indexed column inside a function is the business of non-sargable-predicate.
  if (chief && chief.column === undefined && read.conjuncts.some((c) => c.span.start === chief.span.start && leadsIndex(table, findWrapped(read, c)?.column.name ?? ''))) return;
  const order = chief ? undefined : wholeOrder(read, demand);
  if (!chief && !order) return;
  if (size === 'unknown' && !(chief && isParameterEquality(chief))) return;
  const finding = isStart(read) ? { ...demand, predicates: demand.predicates.filter((c) => !c.joins) } : demand;
  if (hasServingIndex(table, finding) !== 'no' || isBehind(read) || findPartialMismatch(read, demand)) return;
  const preferred = proposeIndex(table, demand, demand.covered);
  if (!preferred || hasIndexLike(preferred)) return;
  const verdict = judgeIndex(context, read, collectIndexCandidates(candidateRequest(context, read, demand)).filter((candidate) => finds(candidate, demand)));
  const span = chief?.span ?? order;
  if (verdict.state === 'silent' || !verdict.proposal || !span || (verdict.state === 'schema' && chief !== strong)) return;
  const { proposal } = verdict;
  context.report({
    at: { sql: span },
    severity: size !== 'large' || isGuess(context, table, chief, demand) ? 'hint' : undefined,
    message: verdict.state === 'proved' && !verdict.whole ? `No index of ${table.name} begins with what is compared here: another one is searched throughout.` : chief ? `No index of ${table.name} serves this condition: the whole table is read.` : `No index of ${table.name} gives this order: the whole table is read and sorted for the first rows.`,
    ...(verdict.state === 'proved'
      ? { because: verdict.because, confidence: 'planner', evidence: verdict.evidence }
      : { because: describe(table, proposal, context), confidence: size === 'large' ? 'statistics' : 'schema', evidence: { table: table.name, index: `${table.name} USING ${proposal.method} ${renderIndexColumns(proposal)}`, replaces: proposal.extends?.name } }),
    fixes: () => (context.catalog ? indexFixes(proposal, context.catalog, context.settings) : []),
  });
}

/** Without statistics the rows that a range leaves are a flat guess, unless the index gives the order of the first rows too. */
const isGuess = ({ catalog }: StatementContext, table: Table, chief: Condition | undefined, { order }: RelationDemand): boolean =>
  chief !== undefined && /^[<>]=?$/.test(chief.operator) && !hasColumnStatistics(catalog, table) && order?.[0]?.key !== chief.key;

/** ORDER BY under LIMIT over the whole of one table, or its one `min` or `max`: the first rows in an order that no index gives. */
function wholeOrder({ block }: ReadRelation, demand: RelationDemand): SqlSpan | undefined {
  if (!demand.order || demand.predicates.length > 0 || block.relations.length !== 1) return undefined;
  return block.clauses.order?.span ?? block.outputs[0]?.span;
}

/**
 * Does the index find rows by a condition, or give the order? A partial index over another column is only a smaller table:
 * how much of the real one its rows are spread over the planner does not know, and takes too little.
 */
const finds = ({ keys }: IndexProposal, { predicates, order = [] }: RelationDemand): boolean =>
  keys.some((key) => [...predicates, ...order].some((p) => p.key === normaliseExpression(key.sql)));

function describe(table: Table, proposal: IndexProposal, { settings }: StatementContext): string {
  const rows = describeRows(table, settings);
  return `${rows ? `${rows}; ` : ''}an index on (${proposal.keys.map((k) => k.sql).join(', ')}) would serve it.`;
}
