/*
 * What a look at a database's health gives: figures, lists, findings, and what could not be seen. Plain data; every front
 * end prints it, and nothing of it is ever run for the user.
 */

/** `critical`: something stands still or will soon; `warning`: worth an hour of work; `info`: worth knowing. */
export type HealthSeverity = 'critical' | 'warning' | 'info';

export type HealthValue = string | number | boolean | null | readonly string[];

/** How a value is printed. `bytes`, `seconds`, `milliseconds` and `percent` are plain numbers in that unit; `date` is ISO text. */
export type HealthUnit = 'text' | 'count' | 'bytes' | 'seconds' | 'milliseconds' | 'percent' | 'date' | 'flag';

/** One number or word of a check. Null: not known. */
export interface HealthFigure {
  /** Stable, camelCase: `idleInTransaction`. */
  readonly name: string;
  readonly label: string;
  readonly unit: HealthUnit;
  readonly value: HealthValue;
}

export interface HealthColumn {
  readonly name: string;
  readonly label: string;
  readonly unit: HealthUnit;
}

/** A list of a check, most important row first. Renderers for people print the first rows. */
export interface HealthTable {
  /** Stable, camelCase: `unused`. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly HealthColumn[];
  readonly rows: readonly Readonly<Record<string, HealthValue>>[];
}

export interface HealthFinding {
  /** Stable, kebab-case: `unused-index`. */
  readonly id: string;
  readonly check: string;
  readonly severity: HealthSeverity;
  /** What it is about: `public.orders`, `public.orders_total_idx`, `process 4711`. */
  readonly subject: string;
  /** One sentence. */
  readonly message: string;
  readonly evidence: Readonly<Record<string, HealthValue>>;
  /** What to do, and what to look at before. */
  readonly recommendation?: string;
  /** The exact statements to run, one a line; comments allowed. */
  readonly statement?: string;
}

/** Something that a check did not see, so that silence about it means nothing. */
export interface CannotSee {
  readonly check: string;
  readonly reason: string;
  /** The statement with which an administrator changes that. */
  readonly grant?: string;
}

export interface HealthCheck {
  /** `indexes`, `connections` … */
  readonly name: string;
  readonly title: string;
  readonly figures: readonly HealthFigure[];
  readonly tables: readonly HealthTable[];
  readonly findings: readonly HealthFinding[];
  readonly cannotSee: readonly CannotSee[];
  readonly durationMs: number;
}

/** What the interpretation of a check gives; the runner adds name, title and duration. */
export type CheckOutcome = Pick<HealthCheck, 'figures' | 'tables'> & { readonly findings: readonly Omit<HealthFinding, 'check'>[] };

export interface ServerSetting {
  /** In the server's own notation with its unit: `128MB`. */
  readonly value: string;
  /** `default`, `configuration file`, `user` (of this very role: others may have another) … */
  readonly source: string;
}

/** The server that was looked at. */
export interface HealthServer {
  /** `server_version_num`. */
  readonly version: number;
  readonly versionText: string;
  readonly database: string;
  readonly user: string;
  readonly superuser: boolean;
  /** May see what other sessions run and every statistic. */
  readonly seesAllStatistics: boolean;
  readonly standby: boolean;
  /** When the look was taken, by the server's clock; ISO. */
  readonly now: string;
  readonly startedAt: string;
  /** Since when this database's counters run; null: since the cluster was made or never reset. */
  readonly statsReset: string | null;
  /** Seconds that the counters have been running: since the reset, else since the server's start (which may be too few). */
  readonly statsSeconds: number;
  readonly blockSize: number;
  /** Streaming replicas connected now; null: may not be seen. */
  readonly replicas: number | null;
  /** Schema of each installed extension by name. */
  readonly extensions: Readonly<Record<string, string>>;
  /** What this role sees of pg_settings, by name. */
  readonly settings: Readonly<Record<string, ServerSetting>>;
}

export interface HealthReport {
  readonly version: 1;
  /** `user@host:port/database`; never a password. */
  readonly label: string;
  readonly takenAt: string;
  /** Undefined where no Postgres was looked at. */
  readonly server?: HealthServer;
  readonly checks: readonly HealthCheck[];
}

const ORDER: Readonly<Record<HealthSeverity, number>> = { critical: 0, warning: 1, info: 2 };

/** All findings of a report, the worst first; within a severity in the order of the checks. */
export const collectFindings = (report: Pick<HealthReport, 'checks'>): readonly HealthFinding[] =>
  report.checks.flatMap((check) => check.findings).sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);

export const countSeverities = (findings: readonly Pick<HealthFinding, 'severity'>[]): Readonly<Record<HealthSeverity, number>> => ({
  critical: findings.filter((f) => f.severity === 'critical').length,
  warning: findings.filter((f) => f.severity === 'warning').length,
  info: findings.filter((f) => f.severity === 'info').length,
});

/** A figure of a check by its name; undefined where the check has none. */
export const figureOf = (check: Pick<HealthCheck, 'figures'> | undefined, name: string): HealthValue | undefined => check?.figures.find((f) => f.name === name)?.value;

/** A list of a check by its name. */
export const tableOf = (check: Pick<HealthCheck, 'tables'> | undefined, name: string): HealthTable | undefined => check?.tables.find((t) => t.name === name);
