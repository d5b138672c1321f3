import type { RawNode } from '../planJson';

/** One plan in a text. */
export interface PlanInput {
  /** As element 0 of `EXPLAIN (FORMAT JSON)` has it, whatever the format was: `{ Plan, "Planning Time", … }`. For `parsePlan`. */
  readonly document: RawNode;
  readonly format: PlanFormat;
  /** Lines of the text that it takes, from 0, both inclusive. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** The statement, where a log entry has it or it stands above the plan. */
  readonly sql?: string;
  /** Values of its parameters, as auto_explain writes them. */
  readonly parameters?: string;
  /** Duration of the statement in a log entry. */
  readonly durationMs?: number;
  /** What could not be read, as sentences; empty: the plan is whole. */
  readonly problems: readonly string[];
}

export type PlanFormat = 'text' | 'json' | 'yaml' | 'xml';

export type PlanReading =
  /** At least one. */
  | { readonly ok: true; readonly plans: readonly PlanInput[]; /** More than that were there, or something else. */ readonly problems: readonly string[] }
  | { readonly ok: false; readonly error: PlanReadError };

/** Why a text is no plan: what, where, and what to do. */
export interface PlanReadError {
  readonly message: string;
  /** From 0. */
  readonly line?: number;
  readonly advice: string;
}
