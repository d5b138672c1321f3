import type { StepError, StepResult, TwinStep } from './child/protocol';
import type { TwinStatus } from './twin';

/** The Postgres that plans: the embedded one, or a cluster of our own. */
export interface PlanningServer {
  /** Starts it where it does not run. Resolves to the number of the start: what was made before it is gone. Rejects with `TwinError`. */
  start(): Promise<number>;
  /**
   * Runs steps one after the other. Rejects with `StepFailure` where Postgres refuses a step, with `TwinError` where the
   * server had to be ended (`timeout`, `crashed`) or is not there.
   */
  run(steps: readonly TwinStep[], options?: RunOptions): Promise<readonly StepResult[]>;
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
