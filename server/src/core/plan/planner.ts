import type { PlannedScan } from './plannedScans';
import type { PlanNode } from './planTree';

/**
 * The planner as rules see it. It never waits: an answer is there, or it is `pending` and the statement is looked at again
 * when it has come. A rule is a function of the statement and the answers known, and nothing else.
 */
export interface Planner {
  plan(question: PlanQuestion): PlanAnswer;
  /** Changes when answers may have changed: another schema, other statistics, a planner that came or went. */
  readonly version?: string;
}

/** Equal questions are asked once. */
export interface PlanQuestion {
  /** One SELECT, INSERT, UPDATE, DELETE or MERGE, parameters as `$1 …`: see `plannableSql`. */
  readonly sql: string;
  /** Indexes that do not exist, to plan with. */
  readonly add?: readonly HypotheticalIndex[];
  /** Indexes that exist, to plan without: `schema.name`. */
  readonly drop?: readonly string[];
  /** Planner settings for this question: `{ enable_seqscan: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface HypotheticalIndex {
  /** Key of the table in the catalog: `schema.name`. */
  readonly table: string;
  /** What stands behind the table's name: `USING btree (a, b DESC) INCLUDE (c) WHERE d IS NULL`. */
  readonly definition: string;
}

export type PlanAnswer =
  /** Asked; a later run knows. */
  | { readonly state: 'pending' }
  /** There is no planner here: nothing will ever be known. */
  | { readonly state: 'unavailable' }
  /** The planner cannot plan this statement (an unknown relation, a type error). */
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'planned'; readonly plan: PlannedStatement };

/** One plan of the twin, for any values of the parameters (a generic plan). Costs are the planner's units. */
export interface PlannedStatement {
  readonly root: PlanNode;
  /** Total cost of the root. */
  readonly cost: number;
  /** Every node that reads a relation, parents before children. */
  readonly scans: readonly PlannedScan[];
  /** Of `PlanQuestion.add`, in its order. */
  readonly added: readonly AddedIndex[];
  readonly basis: PlanBasis;
  /** Element 0 of EXPLAIN (FORMAT JSON), for a person who looks at the whole plan. */
  readonly explained?: Readonly<Record<string, unknown>>;
}

export interface AddedIndex {
  readonly index: HypotheticalIndex;
  /** Does the plan use it? */
  readonly used: boolean;
  /** Estimated size, in blocks of 8 kB; with partitions their sum. */
  readonly pages: number;
}

/** How sure a plan is: what stood behind the row counts of the tables it reads. */
export interface PlanBasis {
  /** The weakest source among the relations of the statement. */
  readonly volumes: 'server' | 'snapshot' | 'assumed';
  /** Relations (`schema.name`) whose volumes are assumed, with the rows. */
  readonly assumed: readonly { readonly table: string; readonly rows: number }[];
  /** What else limits the verdict: `planned by PostgreSQL 18, the server is 15`, `no statistics on lower(email)`. */
  readonly caveats: readonly string[];
}

/** As evidence names it. */
export const describeVolumes = (basis: PlanBasis): string =>
  ({ server: "your server's statistics", snapshot: 'the snapshot\'s statistics', assumed: 'assumed volumes' })[basis.volumes];

/** A planner for places that have none. */
export const noPlanner: Planner = { plan: () => ({ state: 'unavailable' }) };
