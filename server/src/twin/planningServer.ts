import type { ColumnStatistics, RelationStatistics } from '../core/catalog/statistics';
import type { StepError, StepResult, TwinStep } from './child/protocol';
import type { TwinStatus } from './twin';

/** What a planning server is asked to do; each has one result. How it is done is the server's matter: versions differ. */
export type PlanningStep =
  | TwinStep
  /** EXPLAIN (VERBOSE, FORMAT JSON) for any values of the parameters, in a transaction. One statement that is proved to be one; positions of errors count in it. */
  | { readonly type: 'explain'; readonly statement: string }
  /** What ANALYZE leaves in `pg_class`. */
  | { readonly type: 'relation'; readonly schema: string; readonly name: string; readonly stats: Pick<RelationStatistics, 'pages' | 'tuples' | 'allVisible'> }
  /** What ANALYZE leaves in `pg_statistic`. */
  | { readonly type: 'column'; readonly schema: string; readonly name: string; readonly stats: ColumnStatistics }
  /** Forgets the statistics of a column. */
  | { readonly type: 'forget'; readonly schema: string; readonly name: string; readonly column: string; readonly inherited: boolean }
  /** One of the extensions of `isLoadable`. Not in a transaction. */
  | { readonly type: 'extension'; readonly name: string; readonly schema: string };

/** The Postgres that plans: the embedded one, or a cluster of our own. */
export interface PlanningServer {
  /** Major version of its planner. */
  readonly major: number;
  /** May SQL functions of the catalog be made with their bodies? Where not, they stand as functions that do nothing. */
  readonly takesBodies: boolean;
  /** Starts it where it does not run. Resolves to the number of the start: what was made before it is gone. Rejects with `TwinError`. */
  start(): Promise<number>;
  /**
   * Runs steps one after the other; an error ends them, unless the step is optional or sets statistics. Rejects with `StepFailure` where Postgres refuses a step, with `TwinError` where the
   * server had to be ended (`timeout`, `crashed`) or is not there.
   */
  run(steps: readonly PlanningStep[], options?: RunOptions): Promise<readonly StepResult[]>;
  status(): TwinStatus;
  stop(): Promise<void>;
}

export interface RunOptions {
  /** A statement that runs at the end whatever happened: `rollback`. */
  readonly finally?: string;
  /** After this the server is ended by force. */
  readonly timeoutMs?: number;
}

/** What Postgres said about a step. Stays inside the twin: the message may quote the statement. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  constructor(readonly error: StepError) {
    super(error.message);
  }
}
