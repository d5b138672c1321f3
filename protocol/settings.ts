/** The settings of the editor, as the `sargable` section holds them (`sargable.enable` is `enable` here). */

/** Severity of a rule in settings; `off` turns the rule off. */
export type RuleSeverity = 'error' | 'warning' | 'info' | 'hint' | 'off';

/** One rule: a severity, or an object with a severity and the rule's options by name. Left out: the rule's own. */
export type RuleSetting = RuleSeverity | ({ readonly severity?: RuleSeverity } & Readonly<Record<string, unknown>>);

/** Kinds of files that are linted besides application code. */
export type FileRole = 'test' | 'migration' | 'seed' | 'script' | 'generated' | 'vendored';

/** How a connection is encrypted; the names and meanings are libpq's `sslmode`. */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** A database the user can connect to. Never holds a password: that lives in the editor's secret storage. */
export interface DatabaseSetting {
  /** Unique; shown in the status bar. */
  readonly name: string;
  /** Section of the user's `pg_service.conf`; then host, port, database and user stand there and not here. */
  readonly service?: string;
  readonly host?: string;
  /** Default 5432. */
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  /** Default `prefer`. */
  readonly ssl?: SslMode;
  /** Files in PEM: the authority that signed the server's certificate, and the user's own certificate and key. */
  readonly sslRootCert?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  /** Globs, relative to the workspace folder, of the files this database belongs to; left out: all files. */
  readonly paths?: readonly string[];
  /** Every EXPLAIN on it is asked for, and the question says that it is production. */
  readonly production?: boolean;
  /** EXPLAIN without ANALYZE may run on a production database without asking. */
  readonly allowEstimatedExplain?: boolean;
  /** Role that EXPLAIN assumes (`SET LOCAL ROLE`), for row-level security. */
  readonly role?: string;
  /** Settings that EXPLAIN assumes: `{ "app.tenant_id": "7" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Functions (`schema.name`) that may run while a statement is planned. */
  readonly allowFunctions?: readonly string[];
}

/** A server that is looked at with a database's health. Never holds a password: that lives in the editor's secret storage. */
export interface HealthServerSetting {
  /** `pgbouncer`: its administration console. */
  readonly kind: 'redis' | 'pgbouncer';
  readonly host: string;
  /** Default 6379 and 6432. */
  readonly port?: number;
  /** Of PgBouncer: one of its admin_users or stats_users. */
  readonly user?: string;
  /** Number of the database of Redis whose keys are looked at; default 0. */
  readonly database?: number;
  /** Of PgBouncer: the same as `ssl` `require`, which counts before it. */
  readonly tls?: boolean;
  /** Of PgBouncer alone. Default `prefer`. */
  readonly ssl?: SslMode;
  /** Of PgBouncer alone: the authority that signed the server's certificate, a file in PEM. */
  readonly sslRootCert?: string;
  /** Names of the databases (`databases`) that it stands beside; left out: all. */
  readonly databases?: readonly string[];
}

/** The whole section. The server asks for it with `workspace/configuration`, scope: the document or folder. */
export interface SargableSettings {
  readonly enable: boolean;
  /** By rule id. */
  readonly rules: Readonly<Record<string, RuleSetting>>;
  readonly tenant: {
    /** Columns that carry the tenant; empty: found by evidence in the catalog. */
    readonly columns: readonly string[];
    /** Tables that have the column but are not separated by tenant. */
    readonly globalTables: readonly string[];
    /** Globs of code that works for all tenants (cron jobs, administration). */
    readonly systemPaths: readonly string[];
  };
  /** DDL files, migration folders or snapshot folders, relative to the workspace folder; empty: discovered. */
  readonly schema: readonly string[];
  /** Assumed row counts by table (`name` or `schema.name`) where there are no statistics. */
  readonly assume: Readonly<Record<string, number>>;
  /** Tables below this many rows are small. */
  readonly smallTableRows: number;
  /** Tables above this many rows are large. */
  readonly largeTableRows: number;
  /** Files to leave out, in .gitignore syntax. */
  readonly exclude: readonly string[];
  readonly include: readonly FileRole[];
  /** Where new migrations are written and in which format; each left out part is discovered. */
  readonly migrations: { readonly folder?: string; readonly format?: 'plain' | 'goose' | 'dbmate' | 'sqlx' | 'prisma' | 'flyway' | 'knex' | 'alembic' | 'rails' | 'laravel' };
  readonly snapshot: {
    /** What `schema pull` writes of the values in the columns: tokens, nothing, or the values themselves. */
    readonly values: 'token' | 'none' | 'all';
  };
  /** `twin`: performance findings are checked by an embedded planner; `off`: by the schema alone. */
  readonly planner: 'twin' | 'off';
  /** `local`: a Postgres of this machine of the server's own version is the twin. Of the machine's settings alone; the client passes it at the start. */
  readonly plannerServer: 'embedded' | 'local';
  /** Ignored as long as the workspace is not trusted. */
  readonly databases: readonly DatabaseSetting[];
  readonly health: {
    /** Limits of the checks, by name; a configuration file's count before them. */
    readonly thresholds?: Readonly<Record<string, number>>;
    readonly poolSize?: number | null;
    readonly maxOverflow?: number | null;
    readonly memoryMegabytes?: number | null;
    /** Ignored as long as the workspace is not trusted. */
    readonly servers?: readonly HealthServerSetting[];
  };
  readonly explain: {
    /** Milliseconds after which a running EXPLAIN is cancelled. */
    readonly timeoutMs: number;
  };
  /** CodeLens above each query that opens its plan, and one with what a connected server has counted for it. */
  readonly codeLens: { readonly enable: boolean };
  /** Tables, columns, aliases and variables of SQL files are coloured by what they are. */
  readonly semanticColors: { readonly enable: boolean };
  /** Tables and columns of the schema are proposed inside SQL. */
  readonly completion: { readonly enable: boolean };
  readonly trace: { readonly server: 'off' | 'messages' | 'verbose' };
}
