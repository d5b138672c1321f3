import type { Catalog } from '../catalog/model';
import type { HostFile, QuerySite } from '../hosts/ir';
import type { MigrationFile } from '../migrations/migrationFile';
import type { StatementModel } from '../sql/model';
import type { Edit } from '../text/edit';
import type { HostSpan, SqlSpan } from '../text/span';
import type { FlowGraph } from '../calls/flow';
import type { Planner } from '../plan/planner';
import type { SqlAnalyser } from '../sql/ports';
import type { TenantSettings } from '../catalog/tenancy';

export type Severity = 'error' | 'warning' | 'info' | 'hint';
export type RuleCategory = 'query' | 'tenancy' | 'loops' | 'schema';
/** `safe`: provably the same result; `review`: results, API or order may change; `new`: writes a new statement or file. */
export type FixKind = 'safe' | 'review' | 'new';
export type Confidence = 'text' | 'schema' | 'statistics' | 'planner';

/** One example of the documentation. Executed by the tests: `bad` fires exactly once, `good` is silent. */
export interface Example {
  readonly language: 'sql' | 'typescript' | 'python';
  /** DDL of the catalog the example is linted against. */
  readonly schema?: string;
  /** Rows to assume, by table. */
  readonly assume?: Readonly<Record<string, number>>;
  /** The catalog is a server's: at this time, with these indexes left invalid or never used. The code is one of the migrations that were run there. */
  readonly server?: { readonly now?: string; readonly invalid?: readonly string[]; readonly unused?: readonly string[] };
  readonly code: string;
}

/** The rule as data. Everything that names a rule elsewhere (settings, docs, catalogue) is generated from it. */
export interface RuleDescription {
  readonly id: string;
  readonly category: RuleCategory;
  /** Severity with full evidence; a check may lower it. */
  readonly severity: Severity;
  readonly needs: 'text' | 'schema' | 'statistics' | 'planner';
  /** Every kind of fix that the rule may offer, the most certain first; absent: advice only. */
  readonly fixKinds?: readonly FixKind[];
  readonly summary: string;
  readonly docs: {
    readonly why: string;
    readonly bad: readonly Example[];
    readonly good: readonly Example[];
    readonly whenNot: string;
    readonly fixSafety?: string;
  };
  /** Options with their defaults, as a JSON schema property each. */
  readonly options: Readonly<Record<string, RuleOption>>;
  /** File roles the rule looks at; absent: application code and scripts. `LintSettings.includeRoles` still decides. */
  readonly roles?: readonly HostFile['role'][];
}

export interface RuleOption {
  readonly type: 'integer' | 'boolean' | 'string' | 'string-list';
  readonly default: number | boolean | string | readonly string[];
  readonly description: string;
}

/** Looks at one statement. Called once per site whose SQL is known. */
export interface StatementRule extends RuleDescription {
  readonly scope: 'statement';
  check(context: StatementContext): void;
}

/** Looks at one file with the workspace's call graph. */
export interface FlowRule extends RuleDescription {
  readonly scope: 'flow';
  check(context: FlowContext): void;
}

/** Looks at a file that changes the schema, statement by statement, each a step over the schema so far. */
export interface MigrationRule extends RuleDescription {
  readonly scope: 'migration';
  check(context: MigrationContext): void;
}

export type Rule = StatementRule | FlowRule | MigrationRule;

export interface RuleContext {
  readonly file: HostFile;
  /** Text of the document, for edits. */
  readonly text: string;
  readonly catalog: Catalog | undefined;
  readonly settings: LintSettings;
  readonly sql: SqlAnalyser;
  readonly flow: FlowGraph;
  /** Answers at once or not yet: while it is `pending`, say nothing that the plan could refute. */
  readonly planner: Planner;
  option<T extends RuleOption['default']>(name: string): T;
  report(finding: FindingDraft): void;
}

/** Asked of the document and the workspace. One function for one question (not one a statement), which holds on to no document. */
export type Question = (around: Pick<RuleContext, 'file' | 'text' | 'flow' | 'sql'>) => boolean;

/**
 * What a rule says of a statement is kept while statement, site, catalog, settings and the planner's answers are the same.
 * A check that reads `file`, `text` or `flow` is run again at every keystroke: it asks for them last, and fixes ask by themselves.
 */
export interface StatementContext extends RuleContext {
  /** Of the document. */
  readonly uri: string;
  readonly role: HostFile['role'];
  readonly site: QuerySite;
  readonly model: StatementModel;
  /** What the rule says is kept while the answer is the same. */
  ask(question: Question): boolean;
}

export interface FlowContext extends RuleContext {
  /** Text of a document of the workspace, for fixes that belong there; undefined where it is not known. */
  textOf(uri: string): string | undefined;
}

export interface MigrationContext extends RuleContext {
  readonly migration: MigrationFile;
}

/** A finding as a rule reports it. `at` is in the statement (mapped by the linter) or already in the document. */
export interface FindingDraft {
  readonly at: { readonly sql: SqlSpan } | { readonly host: HostSpan };
  /** For a place in the document: the statement that it is about. */
  readonly site?: QuerySite;
  /** The rule's default when left out; configuration overrides both. */
  readonly severity?: Severity;
  /** One sentence: what is wrong. */
  readonly message: string;
  /** Second line: the facts that prove it. */
  readonly because?: string;
  readonly confidence: Confidence;
  /** Facts for JSON output and hover. */
  readonly evidence?: Readonly<Record<string, unknown>>;
  readonly related?: readonly RelatedPlace[];
  /** For a finding about code: where the query stands that it is about. */
  readonly query?: { readonly uri: string; readonly span: HostSpan };
  /** Computed on demand. Every fix is verified (applied, re-parsed, re-linted) by the linter before it is offered. */
  fixes?(): readonly Fix[];
}

export interface RelatedPlace {
  readonly uri: string;
  readonly span: HostSpan;
  readonly message: string;
}

export interface Fix {
  readonly title: string;
  readonly kind: FixKind;
  readonly edits: readonly Edit[];
  /** New files; the path is relative to the workspace folder. */
  readonly creates?: readonly CreatedFile[];
}

export interface CreatedFile {
  readonly path: string;
  readonly text: string;
  /** The DDL that the files of the fix run, on the first of them (empty on the others): the text may be a program, or undo itself below. */
  readonly sql?: string;
}

/** A finding with its place in the document. `span` is in host offsets of `uri`. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly uri: string;
  readonly span: HostSpan;
  readonly message: string;
  readonly because?: string;
  readonly confidence: Confidence;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly related: readonly RelatedPlace[];
  /** SQL of the statement; undefined for findings about code. */
  readonly sql?: string;
  /** Stable while lines move: rule, path, normalised statement and occurrence. Key of baselines and SARIF. */
  readonly fingerprint: string;
  /** Verified fixes where the linter was given a way to re-read the file; otherwise as the rule offers them. */
  fixes(): readonly Fix[];
}

/** A pooler that stands before the database, and where it says so. */
export interface PoolerEvidence {
  /** `pgbouncer.ini: pool_mode = transaction`. Never a URL. */
  readonly because: string;
  /** Set where a configuration is all that is known: nothing says that the application connects through it, or it keeps sessions. */
  readonly unproved?: true;
  /** `session`: each client keeps its server connection. Undefined: no configuration says. */
  readonly mode?: 'shared' | 'session';
  /** Where it listens, as far as its configuration says: a URL with one of them leads to it. */
  readonly ports?: readonly number[];
  readonly hosts?: readonly string[];
}

export interface LintSettings {
  /** Per rule: severity or off; options. Absent: the rule's own. */
  readonly rules: Readonly<Record<string, { readonly severity?: Severity | 'off'; readonly options?: Readonly<Record<string, unknown>> }>>;
  /** Tables below this many rows are small. */
  readonly smallTableRows: number;
  /** Tables above this many rows are large. */
  readonly largeTableRows: number;
  /** Assumed row counts by table name (`name` or `schema.name`). */
  readonly assume: Readonly<Record<string, number>>;
  readonly tenant: TenantSettings;
  /** File roles that are linted; `application` always is. */
  readonly includeRoles: readonly HostFile['role'][];
  /** The pooler that the files of the workspace tell of; undefined: none does. */
  readonly pooler?: PoolerEvidence;
  /** The file of the workspace that sets lock_timeout for the application's own connections. */
  readonly lockTimeout?: string;
  /** Where new migrations go and in which format; undefined: no migration can be written. */
  readonly migrations?: MigrationTarget;
}

/** The workspace's own migration format, for fixes that create files. */
export interface MigrationTarget {
  /** Folder relative to the workspace. */
  readonly folder: string;
  readonly format: 'plain' | 'goose' | 'dbmate' | 'sqlx' | 'prisma' | 'flyway' | 'knex' | 'alembic' | 'rails' | 'laravel';
  /** Names of the existing migrations, sorted. */
  readonly existing: readonly string[];
  /** ISO time for the version of a new migration; without it the version follows the newest one's. */
  readonly now?: string;
  /** For alembic: revision id of the newest migration; for Rails the version in `ActiveRecord::Migration[8.0]`. */
  readonly head?: string;
}
