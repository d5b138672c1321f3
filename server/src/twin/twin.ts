import type { Catalog } from '../core/catalog/model';
import type { HypotheticalIndex, PlannedStatement } from '../core/plan/planner';

/**
 * The planner twin: an embedded Postgres that holds the schema, the statistics and the file sizes of a catalog, but no
 * row, and plans statements as the server would. Nothing runs in it and nothing leaves it. Relations are made when a
 * statement first names them. Rejects with `TwinError`.
 */
export interface Twin {
  /** The plan for any values of the parameters (a generic plan). */
  plan(catalog: Catalog, sql: string, options?: TwinPlanOptions): Promise<PlannedStatement>;
  /** One plan per set of hypothetical indexes, in order. Leaves no trace. */
  whatIf(catalog: Catalog, sql: string, sets: readonly (readonly HypotheticalIndex[])[], options?: TwinPlanOptions): Promise<readonly PlannedStatement[]>;
  /** The plan as if these indexes (`schema.name`) did not exist. */
  without(catalog: Catalog, sql: string, indexes: readonly string[], options?: TwinPlanOptions): Promise<PlannedStatement>;
  status(): TwinStatus;
  stop(): Promise<void>;
}

export interface TwinPlanOptions {
  /** Planner settings for this plan alone. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface TwinStatus {
  readonly state: 'stopped' | 'starting' | 'running' | 'failed';
  /** `PGlite, PostgreSQL 18.6` or `PostgreSQL 16.4 of this machine`. */
  readonly engine?: string;
  /** Resident memory of the child process. */
  readonly memoryBytes?: number;
  /** Milliseconds of the last start. */
  readonly startMs?: number;
  /** Why it failed, in words for the user. */
  readonly problem?: string;
}

/** What went wrong in the twin; never holds a statement's text. */
export class TwinError extends Error {
  override readonly name = 'TwinError';
  constructor(
    /** `refused`: the statement cannot be planned. `crashed`, `timeout`: the twin was restarted. `unavailable`: it cannot start here. */
    readonly kind: 'refused' | 'crashed' | 'timeout' | 'unavailable',
    message: string,
    /** SQLSTATE, where Postgres answered. */
    readonly sqlState?: string,
  ) {
    super(message);
  }
}
