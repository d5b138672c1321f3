import { collectIndexCandidates } from '../advice/indexCandidates';
import { indexFixes } from '../advice/indexFix';
import { collectDemand, type RelationDemand } from '../advice/indexDemand';
import { candidateRequest, costliestScan, judgeIndex, renderCosts, type IndexVerdict } from '../advice/indexVerdict';
import { addMissingParts, findPartialMismatch, renderParts, type PartialMismatch } from '../advice/partialIndex';
import { describeScan, editedSql, planEvidence, plannedSql, scansOf } from '../advice/planEvidence';
import { MINIMUM_GAIN } from '../advice/proveIndex';
import { collectReadRelations, isBehind, isPlainlyServed, type ReadRelation } from '../advice/relationDemand';
import { describeRows } from '../advice/size';
import { toHostEdits, type SqlEdit } from '../advice/sqlEdits';
import type { Table } from '../catalog/model';
import { relationKey } from '../catalog/names';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';

const SCHEMA = 'CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, deleted_at timestamptz);\nCREATE UNIQUE INDEX users_live_email ON users (email) WHERE deleted_at IS NULL;';

/** Queries that miss a partial index by one condition. */
export const partialIndexMismatch: StatementRule = {
  id: 'partial-index-mismatch',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['review', 'new'],
  summary: 'A partial index would serve this, but the query does not ask for its rows alone',
  docs: {
    why: 'An index with a WHERE clause holds only the rows that satisfy it. Postgres uses it only for queries whose own conditions imply that clause; without `deleted_at IS NULL` in the query, or with another constant, the index is passed over and the whole table is read.',
    bad: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT id FROM users WHERE email = $1;' },
      { language: 'sql', schema: "CREATE TABLE jobs (id bigint PRIMARY KEY, queue_id bigint NOT NULL, state text NOT NULL);\nCREATE INDEX jobs_ready ON jobs (queue_id) WHERE state = 'ready';", code: "SELECT id FROM jobs WHERE queue_id = $1 AND state = 'failed';" },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT id FROM users WHERE email = $1 AND deleted_at IS NULL;' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT id FROM users WHERE email = $1 AND deleted_at IS NOT NULL;' },
    ],
    whenNot: 'Queries that look at deleted rows on purpose: those that name the column anywhere are not reported.',
    fixSafety: 'Offered for review: the added condition leaves rows out of the result. For another constant a new migration with an index for it is written; results do not change.',
  },
  options: {},
  check(context) {
    for (const read of collectReadRelations(context)) {
      if (!read.table.indexes.some((index) => index.predicate !== undefined) || isPlainlyServed(read) || isBehind(read)) continue;
      const asked = collectDemand(read.scope, read.block, read.index);
      const mismatch = findPartialMismatch(read, asked);
      if (mismatch?.kind === 'live') checkLive(context, read, mismatch);
      else if (mismatch) checkOther(context, read, asked, mismatch);
    }
  },
};

/** The query does not leave the deleted rows out: the plan of the query is compared with that of the query that does. */
function checkLive(context: StatementContext, read: ReadRelation, mismatch: PartialMismatch): void {
  const edits = addMissingParts(read, mismatch.parts);
  if (!edits) return;
  const { table, size } = read;
  const added = renderParts(mismatch.parts);
  const verdict = judgeEdit(context, read, mismatch, edits);
  if (verdict.state === 'silent') return;
  context.report({
    at: { sql: mismatch.by.span },
    severity: size === 'large' ? undefined : 'hint',
    message: `${mismatch.index.name} would serve this condition, but holds only the rows with ${added}.`,
    because: verdict.state === 'proved' ? verdict.because : describe(context, table, `the query asks for the others too, so the whole table is read.`),
    confidence: verdict.state === 'proved' ? 'planner' : size === 'large' ? 'statistics' : 'schema',
    evidence: { table: table.name, index: mismatch.index.name, missing: added, ...(verdict.state === 'proved' ? verdict.evidence : {}) },
    fixes: () => addFix(context, edits, `Add ${added} (rows that are ${describeGone(mismatch)} are no longer returned)`),
  });
}

const describeGone = ({ parts }: PartialMismatch): string => (parts.every((part) => part.operator === 'true') ? 'not active' : 'deleted');

function addFix({ site, file }: StatementContext, changes: readonly SqlEdit[], title: string): readonly Fix[] {
  const edits = site.chain.length === 0 ? toHostEdits(site, file.uri, changes) : undefined;
  return edits ? [{ title, kind: 'review', edits }] : [];
}

type EditVerdict = Exclude<IndexVerdict, { state: 'proved' }> | { readonly state: 'proved'; readonly because: string; readonly evidence: Readonly<Record<string, unknown>> };

function judgeEdit(context: StatementContext, { table, relation }: ReadRelation, { index, parts }: PartialMismatch, edits: readonly SqlEdit[]): EditVerdict {
  const sql = plannedSql(context);
  const changed = editedSql(context, edits);
  if (sql === undefined || changed === undefined || !context.catalog) return { state: 'schema' };
  const [before, after] = [context.planner.plan({ sql }), context.planner.plan({ sql: changed })];
  if (before.state === 'pending' || after.state === 'pending') return { state: 'silent' };
  if (before.state !== 'planned' || after.state !== 'planned') return { state: 'schema' };
  const key = relationKey(table.schema, table.name);
  const reads = scansOf(after.plan, context.catalog, context.model, relation, key);
  const used = reads.some((scan) => scan.index === index.name || (table.kind === 'partitioned' && scan.indexConditions.length > 0));
  const scan = costliestScan(scansOf(before.plan, context.catalog, context.model, relation, key));
  if (!used || !scan || after.plan.cost * MINIMUM_GAIN > before.plan.cost) return { state: 'silent' };
  return {
    state: 'proved',
    because: `${describeScan(before.plan, scan)}; with ${renderParts(parts)} the cost falls from ${renderCosts(before.plan, after.plan)}.`,
    evidence: { ...planEvidence(before.plan, scan), costAfter: after.plan.cost },
  };
}

/** The query asks for rows that the index leaves out: it needs an index of its own, which the planner must take. */
function checkOther(context: StatementContext, read: ReadRelation, demand: RelationDemand, { index, condition, by, parts }: PartialMismatch): void {
  const { table, size } = read;
  const verdict = judgeIndex(context, read, collectIndexCandidates(candidateRequest(context, read, demand)));
  if (verdict.state === 'silent' || !condition) return;
  context.report({
    at: { sql: condition.span },
    severity: size === 'large' ? undefined : 'hint',
    message: `${index.name} holds only the rows with ${renderParts(parts)}: for others the whole table is read.`,
    because: verdict.state === 'proved' ? verdict.because : describe(context, table, `the index would find the rows by ${by.column ?? by.key}.`),
    confidence: verdict.state === 'proved' ? 'planner' : size === 'large' ? 'statistics' : 'schema',
    evidence: { table: table.name, partial: index.name, ...(verdict.state === 'proved' ? verdict.evidence : {}) },
    fixes: () => (context.catalog && verdict.proposal ? indexFixes(verdict.proposal, context.catalog, context.settings) : []),
  });
}

function describe({ settings }: StatementContext, table: Table, rest: string): string {
  const rows = describeRows(table, settings);
  return rows ? `${rows}; ${rest}` : rest.charAt(0).toUpperCase() + rest.slice(1);
}
