import type { StatementKind } from './model';

/**
 * What a statement does beyond reading tables, from its parse tree: every call and every write, wherever it stands
 * (CTEs, sub-queries, RETURNING, ORDER BY). Comments, quotes and spelling make no difference.
 */
export interface StatementEffects {
  readonly kind: StatementKind;
  /** INSERT, UPDATE, DELETE or MERGE, data-modifying CTEs included. */
  readonly writes: readonly WriteTarget[];
  /** FOR UPDATE, FOR SHARE and the like. */
  readonly locksRows: boolean;
  /** SELECT … INTO makes a table. */
  readonly createsTable: boolean;
  readonly calls: readonly Call[];
  /** Operators by name; an operator is a call of its function. */
  readonly operators: readonly NamedObject[];
  /** Tables, views and CTE names that are read or written. */
  readonly relations: readonly NamedObject[];
  /** Highest number of `$1 …`. */
  readonly parameters: number;
}

export interface NamedObject {
  /** As Postgres folds it; undefined: found along the search path. */
  readonly schema?: string;
  readonly name: string;
}

export interface WriteTarget extends NamedObject {
  readonly command: 'insert' | 'update' | 'delete' | 'merge';
}

export interface Call extends NamedObject {
  /**
   * The planner may see nothing but constants in its arguments, so a function that is not VOLATILE runs while the statement
   * is planned. Also true where a column may turn out to be a constant (of a derived table, a CTE, a function in FROM).
   */
  readonly constant: boolean;
  /** `(row).f` and `t.f`: a call only where there is no such column. */
  readonly attribute: boolean;
}

/** It changes data, makes a table or locks rows: what a READ ONLY transaction refuses, or lets others wait for. */
export const isWriting = (effects: StatementEffects): boolean => effects.writes.length > 0 || effects.locksRows || effects.createsTable || effects.kind !== 'select';
