/**
 * Requests and notifications beyond LSP. Positions and ranges are LSP's: zero-based lines, UTF-16 characters.
 * All requests are sent by the client, all notifications by the server, unless noted.
 */

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** `initializationOptions` of the server. */
export interface InitializationOptions {
  /** False: nothing connects and no project code is run. Raised later by {@link trustGrantedNotification}. */
  readonly trusted: boolean;
  /** Version of the extension, for the log. */
  readonly version: string;
  /** The user's own choice (`sargable.plannerServer`), never a workspace's. Left out: `embedded`. Without trust the embedded one serves. */
  readonly plannerServer?: 'embedded' | 'local';
  /** Folder of the bundled server and its WebAssembly files, as a file path. */
  readonly distPath: string;
}

/** Client to server, no parameters: the workspace became trusted. */
export const trustGrantedNotification = 'sargable/trustGranted';

// ---------------------------------------------------------------- connections

/** {@link ConnectParams} → {@link ConnectResult}. Replaces a connection of the same name; several may be open. */
export const connectRequest = 'sargable/connect';

export interface ConnectParams {
  readonly name: string;
  /** `postgres://user:password@host:port/database?sslmode=…`. In memory only: never in an error text; the client takes the password out of what `sargable.trace.server` logs. */
  readonly url: string;
  /** Globs of the files the connection belongs to; left out: all. */
  readonly paths?: readonly string[];
  /** Every EXPLAIN must be confirmed; those without ANALYZE too, unless `allowEstimatedExplain`. */
  readonly production?: boolean;
  readonly allowEstimatedExplain?: boolean;
  /** The host stands in settings of the workspace: no password goes there but one of `url` or a line of `.pgpass` for that very host. */
  readonly foreignHost?: boolean;
  /** Functions (`schema.name`) that the user allows to run while a statement is planned. */
  readonly allowFunctions?: readonly string[];
  /** Role and settings (`app.tenant_id`, `search_path`) that EXPLAIN assumes, for row-level security. */
  readonly role?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

export type ConnectResult =
  | {
      readonly ok: true;
      /** For example `16.4`. */
      readonly serverVersion: string;
      readonly database: string;
      /** What the status bar shows: `orders (16.4)`. */
      readonly label: string;
      /** What the user should know: connected as superuser, behind a pooler … */
      readonly warnings: readonly string[];
    }
  | {
      readonly ok: false;
      /** Shown to the user; without the password. */
      readonly error: string;
      /** SQLSTATE or Node's code (`ECONNREFUSED`); `28P01` also when the server wants a password and none was given. */
      readonly code?: string;
    };

/** {@link DisconnectParams} → null. Closing a connection that is not open is no error. */
export const disconnectRequest = 'sargable/disconnect';

export interface DisconnectParams {
  readonly name: string;
}

/** {@link TestConnectionParams} → {@link TestConnectionResult}. Opens a connection of its own, looks, and closes it. */
export const testConnectionRequest = 'sargable/testConnection';

export interface TestConnectionParams {
  readonly name: string;
  /** As in {@link ConnectParams}. */
  readonly url: string;
  readonly foreignHost?: boolean;
}

export type TestConnectionResult =
  | {
      readonly ok: true;
      readonly label: string;
      /** What is missing, one sentence each; empty: nothing. */
      readonly problems: readonly string[];
      /** Markdown for the user: what is missing and the GRANTs. */
      readonly report: string;
    }
  | Extract<ConnectResult, { readonly ok: false }>;

// -------------------------------------------------------------------- queries

/** {@link SiteAtParams} → {@link SiteAtResult} or null where no query stands. */
export const siteAtRequest = 'sargable/siteAt';

export interface SiteAtParams {
  readonly uri: string;
  readonly position: Position;
}

export interface SiteAtResult {
  /** The SQL that is sent, with the driver's placeholders turned to `$1, $2 …`. */
  readonly sql: string;
  /** The query in the document. */
  readonly range: Range;
  /** Id of the library that sends it (`pg`, `knex`, `sqlalchemy` …), `sql` for a statement of a .sql file. */
  readonly library: string;
  readonly parameters: readonly QueryParameter[];
  /** Why the SQL is not completely known (interpolated fragments …); such a query cannot be explained. */
  readonly incomplete?: string;
}

/** One parameter of a query, in the order of `$1, $2 …`. */
export interface QueryParameter {
  /** The host expression or name it stands for, when known. */
  readonly name?: string;
  /** Type as Postgres prints it (`bigint`, `text[]`), when known. */
  readonly type?: string;
}

/** {@link ExplainParams} → {@link ExplainResult}. Cancellable: the statement is cancelled at the server too. */
export const explainRequest = 'sargable/explain';

export interface ExplainParams {
  /** The query at a place in a document, or SQL as text. */
  readonly target: { readonly uri: string; readonly position: Position } | { readonly sql: string };
  /** Name of an open connection; left out: planned in the twin, where nothing is executed. */
  readonly connection?: string;
  /** True: the statement is executed. The client has asked the user. */
  readonly analyze: boolean;
  /** True after the user has seen the `reasons` of a refusal with `canOverride` and agreed. Always rolled back. */
  readonly allowWrites?: boolean;
  /** True after the user has been asked about this very request; on a production database it is refused without. */
  readonly confirmed?: boolean;
  /** Functions that the user allows to run this time: those of a refusal whose `consent` is `functions`. */
  readonly allowFunctions?: readonly string[];
  /** Values as text, null for NULL; left out: a generic plan, or with `analyze` a refusal that asks for them. */
  readonly parameters?: readonly (string | null)[];
  /** Where `parameters` is left out: the server takes common or rare values from the statistics. */
  readonly values?: 'common' | 'rare';
  /** In place of the connection's. */
  readonly role?: string;
  /** Beside the connection's. */
  readonly settings?: Readonly<Record<string, string>>;
}

export type ExplainResult =
  | {
      readonly kind: 'plan';
      /** Element 0 of `EXPLAIN (FORMAT JSON)`: `{ Plan, "Planning Time", "Execution Time", … }`. */
      readonly plan: Readonly<Record<string, unknown>>;
      readonly sql: string;
      readonly analyzed: boolean;
      /** Types of `$1, $2 …` as the server resolved them. */
      readonly parameterTypes: readonly string[];
      /** Values that were used, where the statement has parameters; left out: a generic plan. */
      readonly parameters?: readonly (string | null)[];
      /** What the reader must know: generic plan, rolled back, track_io_timing is off … */
      readonly notes: readonly string[];
      /** `orders (16.4)`. */
      readonly connectionLabel: string;
    }
  | {
      readonly kind: 'refused';
      readonly sql?: string;
      readonly message: string;
      /** One sentence each: what the statement would do that a rollback does not undo. */
      readonly reasons: readonly string[];
      /** True: may be sent again after the user agreed, with what `consent` says. */
      readonly canOverride: boolean;
      /** `production`: `confirmed`; `functions`: `allowFunctions` of `functions`; `writes`: `allowWrites`. */
      readonly consent?: 'production' | 'functions' | 'writes';
      readonly functions?: readonly string[];
      /** Of an UPDATE or DELETE: the SELECT that reads the same rows and may be measured instead. */
      readonly alternative?: string;
    }
  | {
      readonly kind: 'parametersNeeded';
      readonly sql: string;
      readonly parameters: readonly NeededParameter[];
    }
  | {
      readonly kind: 'error';
      readonly sql?: string;
      readonly message: string;
      /** SQLSTATE, when it came from the server. */
      readonly code?: string;
    };

export interface NeededParameter extends QueryParameter {
  /** `table.column` it is compared with, when known. */
  readonly column?: string;
  readonly suggestions: readonly ParameterSuggestion[];
}

/** {@link WhatIfParams} → {@link WhatIfResult}: the plan that the planner twin would make; nothing is written and no database is asked. */
export const whatIfRequest = 'sargable/whatIf';

export interface WhatIfParams {
  readonly target: ExplainParams['target'];
  /** Indexes that do not exist: `orders (customer_id)`, or a whole CREATE INDEX. */
  readonly add?: readonly string[];
  /** Indexes that exist (`schema.name`), to plan without. Not together with `add`. */
  readonly drop?: readonly string[];
  /** Planner settings: `{ work_mem: '64MB' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export type WhatIfResult =
  | {
      readonly kind: 'compared';
      /** Plans of the twin without and with the change. */
      readonly before: Extract<ExplainResult, { kind: 'plan' }>;
      readonly after: Extract<ExplainResult, { kind: 'plan' }>;
      /** `with an index on orders (customer_id)`. */
      readonly title: string;
    }
  | Exclude<ExplainResult, { kind: 'plan' }>;

/** {@link WhatIfOptionsParams} → {@link WhatIfOptionsResult}: what is worth trying on the query. */
export const whatIfOptionsRequest = 'sargable/whatIfOptions';

export interface WhatIfOptionsParams {
  readonly target: ExplainParams['target'];
}

export interface WhatIfOptionsResult {
  readonly candidates: readonly string[];
  readonly existing: readonly { readonly key: string; readonly definition: string }[];
  readonly settings: Readonly<Record<string, string>>;
  readonly problem?: string;
}

/** {@link PlanPlacesParams} → {@link PlanPlacesResult}: where the nodes of a plan stand in the document of its query. */
export const planPlacesRequest = 'sargable/planPlaces';

export interface PlanPlacesParams {
  readonly uri: string;
  readonly position: Position;
  /** Element 0 of `EXPLAIN (FORMAT JSON)`. */
  readonly plan: Readonly<Record<string, unknown>>;
  /** The statement that was planned; where another one stands there now, there are no places. */
  readonly sql: string;
}

export interface PlanPlacesResult {
  readonly places: readonly NodePlace[];
}

export interface NodePlace {
  /** Position of the node in the plan, parents before children, from 0. */
  readonly node: number;
  readonly kind: 'relation' | 'condition' | 'order' | 'group' | 'limit';
  readonly range: Range;
}

/** {@link ParameterValuesParams} → {@link ParameterValuesResult}. Values worth trying; reads `pg_stats`. */
export const parameterValuesRequest = 'sargable/parameterValues';

export interface ParameterValuesParams {
  readonly target: ExplainParams['target'];
  readonly connection: string;
  /** Of columns without statistics a few rows are read (`TABLESAMPLE`). */
  readonly sample?: boolean;
}

export type ParameterValuesResult = { readonly parameters: readonly NeededParameter[] } | { readonly error: string };

/** A value worth trying, from the column's statistics. */
export interface ParameterSuggestion {
  /** As text; null for NULL. */
  readonly value: string | null;
  /** `most common`, `rare`, `median` … */
  readonly label: string;
  /** `17 % of rows`. */
  readonly detail?: string;
}

/**
 * {@link CalibrateParams} → {@link CalibrateResult}: how well the planner twin agrees with the server. Sends EXPLAIN of statements
 * made from the catalog, none of the user's. Cancellable.
 */
export const calibrateRequest = 'sargable/calibrate';

export interface CalibrateParams {
  /** Name of an open connection. */
  readonly connection: string;
  /** True after the user has been asked about this very request; on a production database it is refused without. */
  readonly confirmed?: boolean;
}

export type CalibrateResult =
  | {
      readonly kind: 'calibrated';
      /** One line for the user. */
      readonly summary: string;
      /** Markdown: the summary, what was compared, the plans that differ. */
      readonly markdown: string;
    }
  | { readonly kind: 'refused'; readonly message: string; readonly consent: 'production' }
  | { readonly kind: 'error'; readonly message: string };

/** No parameters → null. Reads what the servers of the open connections have counted (pg_stat_statements) anew. */
export const refreshStatisticsRequest = 'sargable/refreshStatistics';

// ------------------------------------------------------------------ workspace

/** {@link LintWorkspaceParams} → {@link LintWorkspaceResult}. Reports `$/progress` on the token; cancellable. */
export const lintWorkspaceRequest = 'sargable/lintWorkspace';

export interface LintWorkspaceParams {
  readonly workDoneToken?: string | number;
}

export interface LintWorkspaceResult {
  readonly files: number;
  readonly queries: number;
  readonly findings: number;
  readonly durationMs: number;
}

/** {@link PlanFindingsParams} → {@link PlanFindingsResult}: what a plan shows to be slow, with what the schema knows of its tables. No database is asked. */
export const planFindingsRequest = 'sargable/planFindings';

export interface PlanFindingsParams {
  /** The query, or where it stands: its database tells the schema. `sql` may be empty: any database of the workspace. */
  readonly target: ExplainParams['target'];
  /** Element 0 of `EXPLAIN (FORMAT JSON)`. */
  readonly plan: Readonly<Record<string, unknown>>;
  /** The plan is the planner twin's own: made for the sizes that the twin takes its tables to have. */
  readonly planned: boolean;
  /** The statement of the plan, where it is known. */
  readonly sql?: string;
}

export interface PlanFindingsResult {
  /** As `findInPlan` gives them; what needed a proof and got none is left out. Undefined: no schema is known. */
  readonly findings?: readonly object[];
}

/**
 * {@link AdviseWorkspaceParams} → {@link AdviseWorkspaceResult}: the smallest set of indexes for the queries of the workspace,
 * tried with the planner. Reports `$/progress` on the token; cancellable.
 */
export const adviseWorkspaceRequest = 'sargable/adviseWorkspace';

export interface AdviseWorkspaceParams {
  readonly workDoneToken?: string | number;
}

export type AdviseWorkspaceResult =
  | {
      readonly kind: 'advice';
      /** Per index: the statements to copy, what it costs, which queries it serves, cost before and after. */
      readonly markdown: string;
    }
  | {
      readonly kind: 'unavailable';
      /** No planner, no schema, no query: half a sentence for the user. */
      readonly reason: string;
    };

/** {@link StatusParams}, server to client, sent whenever something of it changes. */
export const statusNotification = 'sargable/status';

export interface StatusParams {
  /** `starting`: files are still read; `error`: `message` says what is wrong. */
  readonly state: 'starting' | 'ready' | 'error';
  readonly message?: string;
  /** Where the schema comes from: `14 migrations`, `schema.sql`, `orders (16.4)`; undefined: no schema known. */
  readonly catalogLabel?: string;
  /** Tables in the catalog. */
  readonly tables: number;
  /** Files read so far. */
  readonly files: number;
  /** Query sites found so far. */
  readonly queries: number;
  readonly connections: readonly { readonly name: string; readonly label: string; readonly state: 'connected' | 'lost' }[];
  /** The SQL grammar in use: `PostgreSQL 18`, or the fallback. */
  readonly engine: string;
  /** The planner that checks findings: `embedded twin (PGlite, PostgreSQL 18.6)`, `twin (PostgreSQL 16.4 of this machine)`; undefined: switched off. */
  readonly planner?: string;
}

// ------------------------------------------------------------------- commands

/**
 * Commands a server's CodeLens or code action may name; the client registers them.
 * `explainAt` takes one {@link ExplainAtArguments}.
 */
export const clientCommands = {
  explainAt: 'sargable.explainAt',
  showReferences: 'sargable.showReferences',
  openSettings: 'sargable.openSettings',
  refreshStatistics: 'sargable.refreshStatistics',
} as const;

/** Argument of `sargable.explainAt`. */
export interface ExplainAtArguments {
  readonly uri: string;
  readonly position: Position;
  readonly analyze?: boolean;
}

/** Arguments of `sargable.showReferences`: opens a peek view of the locations at the position. */
export type ShowReferencesArguments = readonly [uri: string, position: Position, locations: readonly { readonly uri: string; readonly range: Range }[]];

// --------------------------------------------------------------- Queries view

/** Which queries a list shows; what is left out does not restrict. */
export interface QueryFilter {
  /** Part of a table's name, of the SQL or of the file's path, in any case. */
  readonly text?: string;
  readonly onlyWithFindings?: boolean;
  /** Of this document alone. */
  readonly uri?: string;
}

/** {@link QueryTablesParams} → {@link QueryTablesResult}: the tables of the workspace with how many queries name them. */
export const queryTablesRequest = 'sargable/queryTables';

export interface QueryTablesParams {
  readonly filter: QueryFilter;
}

export interface QueryTablesResult {
  readonly tables: readonly QueryTable[];
  /** Queries that the filter leaves. */
  readonly queries: number;
  /** False: files are still looked at for findings; {@link queriesChangedNotification} follows. */
  readonly settled: boolean;
}

export interface QueryTable {
  /** `schema.name`; empty: queries whose tables are not known. */
  readonly key: string;
  readonly queries: number;
  readonly findings: number;
  readonly worst?: 'error' | 'warning' | 'info' | 'hint';
  /** False: no source of the schema has it. */
  readonly known: boolean;
}

/** {@link TableQueriesParams} → {@link ListedQuery}[]: the queries of one table, by file and place. */
export const tableQueriesRequest = 'sargable/tableQueries';

export interface TableQueriesParams {
  readonly key: string;
  readonly filter: QueryFilter;
}

export interface ListedQuery {
  readonly uri: string;
  /** Relative to its workspace folder. */
  readonly path: string;
  /** What names the query, to be selected on opening. */
  readonly range: Range;
  /** `SELECT`, `UPDATE`; `?`: the SQL could not be rebuilt. */
  readonly verb: string;
  /** One line, cut. */
  readonly sql: string;
  readonly findings: readonly { readonly rule: string; readonly message: string; readonly severity: 'error' | 'warning' | 'info' | 'hint' }[];
}

/** No parameters, server to client: lists that were asked for may look otherwise now. At most twice a second. */
export const queriesChangedNotification = 'sargable/queriesChanged';
