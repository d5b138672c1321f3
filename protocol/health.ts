/** Requests about a database's health. As in `requests.ts`: sent by the client. */

/** {@link HealthParams} → {@link HealthResult}. Looks at a connected database when a person asks; cancellable. */
export const healthRequest = 'sargable/health';

export interface HealthParams {
  /** Name of an open connection. */
  readonly connection: string;
  /** Names of checks; left out: all. */
  readonly checks?: readonly string[];
  /** Looked at beside the checks on Postgres, all those of the connection; left out: none this time. */
  readonly servers?: readonly HealthServerParams[];
}

export interface HealthServerParams {
  readonly kind: 'redis' | 'pgbouncer';
  /**
   * May hold a password: no answer repeats it, and the client takes it out of what `sargable.trace.server` logs. Left out: the
   * server's entry in the settings cannot be used, which the report tells.
   */
  readonly url?: string;
  /** How the user knows it, without a password: `Redis cache:6379/0`. */
  readonly label?: string;
  /** The settings of a workspace chose the host: no password of the environment or of a `*` in `.pgpass` goes there. */
  readonly foreignHost?: boolean;
}

export type HealthResult =
  | {
      readonly kind: 'report';
      readonly report: HealthReport;
      /** The same for reading and copying. */
      readonly markdown: string;
    }
  | { readonly kind: 'error'; readonly message: string };

export interface HealthReport {
  /** `user@host:port/database`. */
  readonly label: string;
  /** ISO, by the server's clock. */
  readonly takenAt: string;
  readonly checks: readonly HealthCheck[];
}

export interface HealthCheck {
  readonly name: string;
  readonly title: string;
  readonly figures: readonly { readonly name: string; readonly label: string; readonly unit: HealthUnit; readonly value: HealthValue }[];
  readonly tables: readonly HealthTable[];
  readonly findings: readonly HealthFinding[];
  readonly cannotSee: readonly { readonly reason: string; readonly grant?: string }[];
}

export type HealthSeverity = 'critical' | 'warning' | 'info';
export type HealthValue = string | number | boolean | null | readonly string[];
export type HealthUnit = 'text' | 'count' | 'bytes' | 'seconds' | 'milliseconds' | 'percent' | 'date' | 'flag';

/** A list, the most important row first. */
export interface HealthTable {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly { readonly name: string; readonly label: string; readonly unit: HealthUnit }[];
  readonly rows: readonly Readonly<Record<string, HealthValue>>[];
}

export interface HealthFinding {
  /** `unused-index`. */
  readonly id: string;
  readonly check: string;
  readonly severity: HealthSeverity;
  readonly subject: string;
  readonly message: string;
  readonly recommendation?: string;
  /** Statements to run, one a line; comments allowed. Nobody runs them but the user. */
  readonly statement?: string;
  /** `schema.name` of the table it is about, as the Queries view names it. */
  readonly table?: string;
  /** Its statement belongs into a migration: {@link healthMigrationRequest}. */
  readonly migration?: true;
}

/** {@link HealthMigrationParams} → {@link HealthMigrationResult}: the statement of a finding as a migration of the workspace. Writes nothing. */
export const healthMigrationRequest = 'sargable/healthMigration';

export interface HealthMigrationParams {
  readonly connection: string;
  readonly finding: Pick<HealthFinding, 'id' | 'subject' | 'statement'>;
}

export type HealthMigrationResult =
  | { readonly kind: 'files'; readonly files: readonly { readonly uri: string; readonly text: string }[] }
  /** Half a sentence for the user. */
  | { readonly kind: 'unavailable'; readonly reason: string };
