/** What findings are about; `docs/plan-findings.md` has a line for each. */
export const PLAN_FINDING_KINDS = [
  'wasted-reads', 'sort-spill', 'hash-spill', 'temp-files', 'misestimate', 'nested-loop', 'sort-could-use-index', 'discarded-rows', 'lossy-bitmap', 'heap-fetches', 'unpruned-partitions',
  'planning-time', 'jit-time', 'workers-not-launched', 'outside-nodes', 'slow-trigger', 'foreign-key-trigger', 'repeated-subplan', 'io-wait', 'lock-wait', 'never-true',
] as const;
export type PlanFindingKind = (typeof PLAN_FINDING_KINDS)[number];

/** `high`: at least half of the time (or cost). */
export type PlanSeverity = 'high' | 'medium' | 'low';

/** Something about a plan that costs time, with what shows it and what may help. */
export interface PlanFinding {
  readonly kind: PlanFindingKind;
  readonly severity: PlanSeverity;
  /** `PlanNode.id`; undefined where it is about the whole plan. */
  readonly nodeId?: number;
  /** One short sentence: `orders is read whole for 12 of 1,000,000 rows`. */
  readonly title: string;
  /** Why that is slow, for a person who does not read plans every day. */
  readonly detail: string;
  /** The best first; empty where nothing general helps. */
  readonly advice: readonly PlanAdvice[];
  /** Figures of the plan that show it. */
  readonly evidence: readonly PlanEvidence[];
  /** Part of the plan's time (or cost, where it was not run) that is at stake, 0 to 1. The findings are ordered by it. */
  readonly share: number;
  /** The statement was not run: all figures are the planner's estimates. */
  readonly estimated?: true;
  /** Estimates alone do not bear it out: to be shown only where a what-if of its advice comes out cheaper. */
  readonly needsProof?: true;
}

export interface PlanEvidence {
  readonly label: string;
  readonly value: string;
}

/** What a person can do. */
export interface PlanAdvice {
  /** A sentence. */
  readonly text: string;
  /** What can be tried on the planner twin, without touching a database; advice without one cannot be verified. */
  readonly whatIf?: PlanWhatIf;
  /** A statement to copy: DDL, ANALYZE, SET. Never run by this program. */
  readonly sql?: string;
}

export type PlanWhatIf =
  /** `table`: as the plan names it, `schema.name` where it says the schema; `definition`: what stands behind the table's name in CREATE INDEX. */
  | { readonly kind: 'index'; readonly sql: string; readonly table: string; readonly definition: string }
  | { readonly kind: 'setting'; readonly name: string; readonly value: string }
  /** The statement written otherwise. */
  | { readonly kind: 'statement'; readonly sql: string };

/** What the twin says of a what-if. */
export type PlanAdviceVerdict =
  /** `used`: the plan takes the index (or is another plan under the setting). Costs are the planner's units. */
  | { readonly state: 'verified'; readonly before: number; readonly after: number; readonly used: boolean; readonly basis: string }
  | { readonly state: 'unverified'; readonly reason: string };
