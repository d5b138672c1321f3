/** What the parent asks the twin's process; answered in order. */
export interface TwinRequest {
  readonly id: number;
  readonly steps: readonly TwinStep[];
  /** Run at the end whatever happened: `ROLLBACK`. */
  readonly finally?: string;
}

export type TwinStep =
  /** One statement, through the simple protocol. `optional`: an error is its result, and the steps go on. */
  | { readonly type: 'sql'; readonly sql: string; readonly optional?: boolean }
  /** Makes the file of a relation (name as `regclass` reads it) as long as `pages` blocks, without content. */
  | { readonly type: 'size'; readonly relation: string; readonly pages: number }
  /** The levels above the leaves of an empty b-tree. Before the planner looks at it. */
  | { readonly type: 'height'; readonly relation: string; readonly level: number }
  /** The relation's first segment seems empty until `size` is set again: an index on it is built in no time. */
  | { readonly type: 'hide'; readonly relation: string };

export interface TwinReply {
  readonly id: number;
  /** One per step that ran. */
  readonly results: readonly StepResult[];
  /** Why the steps stopped. */
  readonly error?: StepError;
  /** Resident memory of the process. */
  readonly memoryBytes: number;
}

export interface StepResult {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Of an optional step. */
  readonly error?: StepError;
}

/** As Postgres reports it, without the statement. */
export interface StepError {
  /** Index of the step. */
  readonly step: number;
  readonly sqlState?: string;
  readonly message: string;
  /** Where in the step's SQL, in code points from 1. */
  readonly position?: number;
}

/** Sent once the database is open, or cannot be opened. */
export interface TwinGreeting {
  readonly ready: boolean;
  readonly problem?: string;
  readonly memoryBytes: number;
}
