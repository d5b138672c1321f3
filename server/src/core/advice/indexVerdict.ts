import type { Catalog, Table } from '../catalog/model';
import { relationKey } from '../catalog/names';
import type { StatementContext } from '../lint/rule';
import type { PlannedScan } from '../plan/plannedScans';
import type { PlannedStatement } from '../plan/planner';
import { describeConfidence, describeGain, gainEvidence } from './gain';
import type { IndexProposal } from './indexAdvice';
import type { CandidateRequest } from './indexCandidates';
import type { RelationDemand } from './indexDemand';
import { asksForKeys } from './jsonb';
import { describeRead, planEvidence, plannedSql, renderCost, scansOf } from './planEvidence';
import { isWorth, proveIndex, toHypothetical } from './proveIndex';
import type { ReadRelation } from './relationDemand';

/** What is to be reported of a relation that no index seems to serve. */
export type IndexVerdict =
  /** Nothing: the planner would not use such an index, or has not answered yet. */
  | { readonly state: 'silent' }
  /** No planner can tell: what the schema says stands, with the first of the candidates. */
  | { readonly state: 'schema'; readonly proposal?: IndexProposal }
  | {
    readonly state: 'proved';
    readonly proposal: IndexProposal;
    /** The second line: the node, rows read and kept, cost before and after, how sure. */
    readonly because: string;
    readonly evidence: Readonly<Record<string, unknown>>;
    /** The plan of today reads the whole table; false where it makes do with an index that does not begin with the condition. */
    readonly whole: boolean;
  };

/**
 * Has the planner decide whether one of the candidates, the preferred first, would serve a relation of the statement.
 * @param minimumGain as of `proveIndex`.
 */
export function judgeIndex(context: StatementContext, { table, relation }: Pick<ReadRelation, 'table' | 'relation'>, candidates: readonly IndexProposal[], minimumGain?: number): IndexVerdict {
  const sql = plannedSql(context);
  const { catalog, planner } = context;
  if (sql === undefined || !catalog || candidates.length === 0) return { state: 'schema', proposal: candidates[0] };
  const proved = proveIndex({ planner, sql, candidates, minimumGain });
  if (proved.state === 'unavailable' || proved.state === 'refused') return { state: 'schema', proposal: candidates[0] };
  if (proved.state !== 'proved') return { state: 'silent' };
  const scan = costliestScan(scansOf(proved.before, catalog, context.model, relation, relationKey(table.schema, table.name)));
  return {
    state: 'proved', proposal: proved.proposal,
    because: `${scan ? `${describeRead(scan)}. ` : ''}${describeGain(proved, catalog, context.model)}`,
    evidence: { table: table.name, ...(scan ? planEvidence(proved.before, scan) : {}), ...gainEvidence(proved, catalog, context.model) },
    whole: scan === undefined || scan.indexConditions.length === 0,
  };
}

/**
 * As `judgeIndex`, for indexes that help only together: the branches of an OR are combined by a bitmap if each has its own.
 * @param indexes the one that is reported first.
 */
export function judgeTogether(context: StatementContext, { table, relation }: Pick<ReadRelation, 'table' | 'relation'>, indexes: readonly IndexProposal[], minimumGain?: number): IndexVerdict {
  const sql = plannedSql(context);
  const { catalog, planner } = context;
  const of = indexes[0];
  if (sql === undefined || !catalog || !of) return { state: 'schema', proposal: of };
  const [before, after] = [planner.plan({ sql }), planner.plan({ sql, add: indexes.map(toHypothetical) })];
  if (before.state === 'pending' || after.state === 'pending') return { state: 'silent' };
  if (before.state !== 'planned' || after.state !== 'planned') return { state: 'schema', proposal: of };
  if (after.plan.added[0]?.used !== true || !isWorth(before.plan, after.plan, of, minimumGain)) return { state: 'silent' };
  const scan = costliestScan(scansOf(before.plan, catalog, context.model, relation, relationKey(table.schema, table.name)));
  const columns = indexes.map((proposal) => proposal.keys.map((k) => k.sql).join(', ')).join(' and ');
  return {
    state: 'proved', proposal: of,
    because: `${scan ? `${describeRead(scan)}. ` : ''}With indexes on ${columns} the planner's cost falls from ${renderCosts(before.plan, after.plan)} (${describeConfidence(after.plan.basis)}).`,
    evidence: { table: table.name, ...(scan ? planEvidence(before.plan, scan) : {}), indexes: indexes.map((proposal) => `${proposal.table.name} ${toHypothetical(proposal).definition}`), costAfter: after.plan.cost },
    whole: scan === undefined || scan.indexConditions.length === 0,
  };
}

/** As `collectIndexCandidates` wants it. */
export const candidateRequest = (context: StatementContext, { scope, block, index }: ReadRelation, demand: RelationDemand): CandidateRequest => ({
  scope, block, relationIndex: index, demand, settings: context.settings,
  usage: { shared: () => 0, keyed: (_, column) => asksForKeys(context, column) },
});

/**
 * What an index must gain where the planner has but a flat guess of how many rows a condition leaves: one in a hundred for
 * jsonb operators (`DEFAULT_MATCHING_SEL`), a fifth for each letter of a pattern (`FIXED_CHAR_SEL`). It guesses far too
 * many, so an index that it takes even so is worth having.
 */
export const GAIN_ON_A_GUESS = 1.1;

/** Has a server, or a snapshot of one, statistics about the table's columns? */
export const hasColumnStatistics = (catalog: Catalog | undefined, table: Table): boolean => (catalog?.statistics?.relations.get(relationKey(table.schema, table.name))?.columns.length ?? 0) > 0;

/** The scan that a plan spends most on: with partitions the largest of them. */
export const costliestScan = (scans: readonly PlannedScan[]): PlannedScan | undefined => scans.reduce<PlannedScan | undefined>((most, scan) => (most && most.cost >= scan.cost ? most : scan), undefined);

/** `43,210 to 12.3`: total costs before and after. */
export const renderCosts = (before: PlannedStatement, after: PlannedStatement): string => `${renderCost(before.cost)} to ${renderCost(after.cost)}`;
