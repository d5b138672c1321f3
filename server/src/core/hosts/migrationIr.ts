import type { QualifiedName } from '../catalog/changes';
import type { HostSpan } from '../text/span';

/** One file of a history that a tool's programs write. */
export type ProgramMigration = AlembicMigration | DjangoMigration | SequencedMigration;

/** A migration of Rails, Laravel, knex or Sequelize, which run by their files' names: what `up` or `change` does, as SQL. */
export interface SequencedMigration {
  readonly tool: 'rails' | 'laravel' | 'knex' | 'sequelize';
  /** False: the tool runs it outside a transaction, by itself or because it is told to. */
  readonly transaction: boolean;
  /** Calls that are told of a transaction which the migration has begun itself. */
  readonly transacted?: readonly HostSpan[];
  readonly steps: readonly MigrationStep[];
}

/** An Alembic revision: what `upgrade()` does, as SQL. */
export interface AlembicMigration {
  readonly tool: 'alembic';
  readonly revision: string;
  /** `down_revision` and `depends_on`; undefined: written in a way that is not understood. */
  readonly after: readonly string[] | undefined;
  readonly steps: readonly MigrationStep[];
}

/** One operation of a migration. */
export interface MigrationStep {
  readonly span: HostSpan;
  /** The statements it runs. */
  readonly sql?: string;
  /** It may run or not (below an `if`), or does more than is understood: the tables of `sql` and `tables` may be otherwise. */
  readonly uncertain?: true;
  /** Tables that it changes beside `sql`, in a way that is not understood; `any`: which ones is not known either. */
  readonly tables?: readonly QualifiedName[] | 'any';
  /** Stretches of `sql` that lines of their own stand for. */
  readonly places?: readonly { readonly start: number; readonly end: number; readonly span: HostSpan }[];
  /** Its SQL stands in the code, where it is a query site too. */
  readonly raw?: true;
  /** The authors say that it is safe as it stands (`safety_assured`). */
  readonly assured?: true;
  /** Texts put in by which the tool does it CONCURRENTLY, outside a transaction. Absent: it cannot, or not here. */
  readonly concurrently?: readonly Insertion[];
  /** Texts put in by which the file runs outside a transaction. Absent: it does, or holds more than this step. */
  readonly leave?: readonly Insertion[];
  /** Texts put in by which the constraint is added NOT VALID, and the statement that validates it later. */
  readonly notValid?: { readonly edits: readonly Insertion[]; readonly name: string };
}

/** Text that is put in at one place, in UTF-16 units of the document. */
export interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** A migration of a Django app: operations on models, which become SQL together with those of the other files. */
export interface DjangoMigration {
  readonly tool: 'django';
  readonly app: string;
  /** File name without extension. */
  readonly name: string;
  /** `app.name`, `app.__first__`; undefined: written in a way that is not understood. */
  readonly after: readonly string[] | undefined;
  /** `app.name` of the migrations that this one stands for (a squashed one). */
  readonly replaces: readonly string[];
  readonly operations: readonly DjangoOperation[];
}

export type DjangoOperation = { readonly span: HostSpan } & (
  | { readonly type: 'create-model'; readonly model: string; readonly fields: readonly DjangoField[]; readonly options: DjangoOptions }
  | { readonly type: 'delete-model'; readonly model: string }
  | { readonly type: 'rename-model'; readonly model: string; readonly to: string }
  | { readonly type: 'add-field' | 'alter-field'; readonly model: string; readonly field: DjangoField }
  | { readonly type: 'remove-field'; readonly model: string; readonly field: string }
  | { readonly type: 'rename-field'; readonly model: string; readonly field: string; readonly to: string }
  /** Without a table: back to the default name. */
  | { readonly type: 'alter-table'; readonly model: string; readonly table?: string }
  | { readonly type: 'alter-together'; readonly model: string; readonly option: 'uniqueTogether' | 'indexTogether'; readonly groups: readonly (readonly string[])[] }
  | { readonly type: 'add-index'; readonly model: string; readonly index: DjangoIndex; readonly concurrently: boolean }
  | { readonly type: 'remove-index'; readonly model: string; readonly name: string; readonly concurrently: boolean }
  | { readonly type: 'rename-index'; readonly model: string; readonly name?: string; readonly fields?: readonly string[]; readonly to: string }
  | { readonly type: 'add-constraint'; readonly model: string; readonly constraint: DjangoIndex; readonly notValid: boolean }
  | { readonly type: 'remove-constraint'; readonly model: string; readonly name: string }
  | { readonly type: 'sql'; readonly sql: string }
  | { readonly type: 'extension'; readonly extension: string }
  /** The database alone, or the state alone, does the operations. */
  | { readonly type: 'separate'; readonly database: readonly DjangoOperation[]; readonly state: readonly DjangoOperation[] }
  /** Not understood: of one model, or of any. */
  | { readonly type: 'unknown'; readonly model?: string }
);

export interface DjangoField {
  readonly name: string;
  /** Class: `CharField`, `ForeignKey`; those of other packages by the class they are named after. */
  readonly type: string;
  /** Not one of Django's own: it may bring more than is seen. */
  readonly foreign?: true;
  readonly null: boolean;
  readonly unique: boolean;
  /** undefined: the field's own default (a ForeignKey has an index). */
  readonly index?: boolean;
  readonly primary: boolean;
  readonly column?: string;
  readonly length?: number;
  readonly digits?: readonly [number, number];
  /** `app.model`, `model` of the same app, `self`, or the setting that names it (`settings.AUTH_USER_MODEL`). */
  readonly target?: string;
  readonly targetField?: string;
  /** Table of a ManyToManyField. */
  readonly table?: string;
  /** Model that keeps the pairs of a ManyToManyField. */
  readonly through?: string;
  /** ArrayField: what it holds. */
  readonly base?: DjangoField;
  /** `db_default`, as SQL. */
  readonly databaseDefault?: string;
  readonly collation?: string;
  /** GeneratedField: stored, from an expression that is not read. */
  readonly generated?: true;
  /** `db_constraint=False`: no foreign key. */
  readonly unconstrained?: true;
}

export interface DjangoOptions {
  readonly table?: string;
  readonly managed: boolean;
  readonly proxy: boolean;
  readonly uniqueTogether: readonly (readonly string[])[];
  readonly indexTogether: readonly (readonly string[])[];
  readonly indexes: readonly DjangoIndex[];
  readonly constraints: readonly DjangoIndex[];
  /** Something in it is not understood. */
  readonly unknown?: true;
}

/** A field, or a function of one (`Lower('email')`). */
export interface DjangoKey {
  readonly field: string;
  readonly call?: string;
  readonly descending: boolean;
  readonly nulls?: 'first' | 'last';
  readonly opclass?: string;
}

/** `models.Index`, one of django.contrib.postgres, or a UniqueConstraint. A CheckConstraint has no keys. */
export interface DjangoIndex {
  readonly kind: 'index' | 'unique' | 'check' | 'unknown';
  readonly name: string;
  readonly method: string;
  readonly keys: readonly DjangoKey[];
  readonly include: readonly string[];
  /** The condition in SQL, fields apart; undefined: none. */
  readonly condition?: readonly (string | { readonly field: string })[];
  readonly nullsNotDistinct?: boolean;
}
