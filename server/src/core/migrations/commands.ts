import type { QualifiedName } from '../catalog/changes';
import type { ForeignKey } from '../catalog/model';
import type { SqlSpan } from '../text/span';

/** A column as a CREATE TABLE or ADD COLUMN declares it, with its words. Spans are UTF-16 offsets in the statement. */
export interface DeclaredColumn {
  readonly name: string;
  /** Canonical, as `format_type` prints it. */
  readonly type: string;
  /** The last part of the type's name as the grammar has it: `int4`, `bpchar`, `serial`. */
  readonly typeName: string;
  /** The words of the type, modifiers and brackets included. */
  readonly typeSpan: SqlSpan;
  /** Name to the end of the last constraint. */
  readonly span: SqlSpan;
  readonly notNull: boolean;
  /** DEFAULT: its text, its words with the keyword, and the functions that it calls (normalised names, without schema). */
  readonly default?: { readonly text: string; readonly span: SqlSpan; readonly calls: readonly string[] };
  readonly generated?: 'stored' | 'virtual' | 'identity';
  readonly serial: boolean;
  readonly primary: boolean;
  readonly unique: boolean;
  readonly check: boolean;
  readonly references?: QualifiedName;
}

/** A constraint with its words. */
export interface DeclaredConstraint {
  readonly kind: 'primary' | 'unique' | 'foreign' | 'check' | 'exclude' | 'not-null';
  readonly name?: string;
  readonly span: SqlSpan;
  readonly columns: readonly string[];
  /** `NOT VALID`: existing rows are not looked at. */
  readonly notValid: boolean;
  readonly usingIndex?: string;
  readonly foreignKey?: ForeignKey;
  readonly references?: QualifiedName;
  /** CHECK: its expression. */
  readonly expression?: string;
  /** UNIQUE and PRIMARY KEY: more than a list of columns (INCLUDE, NULLS NOT DISTINCT, DEFERRABLE, storage). */
  readonly plain: boolean;
}

/** One command of ALTER TABLE. `span`: its words, without the comma. */
export type AlterAction = { readonly span: SqlSpan } & (
  | { readonly type: 'add-column'; readonly column: DeclaredColumn; readonly ifNotExists: boolean }
  | { readonly type: 'drop-column'; readonly column: string }
  | { readonly type: 'set-type'; readonly column: string; readonly newType: string; readonly using: boolean; readonly typeSpan: SqlSpan }
  | { readonly type: 'set-not-null'; readonly column: string }
  | { readonly type: 'add-constraint'; readonly constraint: DeclaredConstraint }
  | { readonly type: 'validate'; readonly name: string }
  /** SET TABLESPACE, SET LOGGED, SET UNLOGGED, SET ACCESS METHOD. */
  | { readonly type: 'rewrite'; readonly what: string }
  | { readonly type: 'attach-partition'; readonly partition: QualifiedName; readonly default: boolean }
  | { readonly type: 'detach-partition'; readonly concurrently: boolean }
  /** Takes a weaker lock than ACCESS EXCLUSIVE, or none that matters. */
  | { readonly type: 'light' }
  /** SHARE ROW EXCLUSIVE for a moment: triggers are turned on or off. */
  | { readonly type: 'triggers' }
  /** ACCESS EXCLUSIVE for a moment. */
  | { readonly type: 'brief' }
);

/**
 * What one DDL or utility statement does, as far as rules about locks and declarations need it. Plain data.
 * `keyword` are the words that name the command: `CREATE INDEX`.
 */
export type DdlCommand = { readonly keyword: SqlSpan } & (
  | { readonly type: 'begin' }
  /** COMMIT or ROLLBACK. */
  | { readonly type: 'end' }
  | { readonly type: 'set'; readonly name: string; readonly value?: string; readonly local: boolean }
  /** ALTER ROLE / DATABASE … SET. */
  | { readonly type: 'set-default'; readonly name: string }
  | { readonly type: 'create-table'; readonly table: QualifiedName; readonly name: SqlSpan; readonly temporary: boolean; readonly columns: readonly DeclaredColumn[]; readonly constraints: readonly DeclaredConstraint[]; readonly partitionOf?: QualifiedName; readonly filled: boolean; /** LIKE, INHERITS: more than is written. */ readonly derived: boolean }
  | { readonly type: 'create-matview'; readonly view: QualifiedName; readonly filled: boolean }
  | { readonly type: 'create-index'; readonly table: QualifiedName; readonly name?: string; readonly nameSpan?: SqlSpan; readonly unique: boolean; readonly concurrently: boolean; readonly only: boolean; readonly ifNotExists: boolean; /** Where CONCURRENTLY goes. */ readonly afterIndex: number; readonly keysSpan: SqlSpan }
  | { readonly type: 'drop-index'; readonly indexes: readonly QualifiedName[]; readonly concurrently: boolean; readonly afterIndex: number; readonly cascade: boolean }
  | { readonly type: 'reindex'; readonly what: 'index' | 'table' | 'schema' | 'database' | 'system'; readonly relation?: QualifiedName; readonly concurrently: boolean; /** Where CONCURRENTLY goes. */ readonly afterKind: number }
  | { readonly type: 'refresh'; readonly view: QualifiedName; readonly concurrently: boolean; readonly withData: boolean; readonly afterView: number }
  | { readonly type: 'vacuum-full'; readonly tables: readonly QualifiedName[] }
  | { readonly type: 'cluster'; readonly table?: QualifiedName }
  | { readonly type: 'alter-table'; readonly table: QualifiedName; readonly actions: readonly AlterAction[]; readonly kind: 'table' | 'index' | 'view' | 'matview' | 'other' }
  | { readonly type: 'rename'; readonly what: 'table' | 'column' | 'index' | 'view'; readonly relation: QualifiedName; readonly column?: string; readonly to: string; readonly nameSpan: SqlSpan }
  | { readonly type: 'drop'; readonly what: 'table' | 'view' | 'matview'; readonly relations: readonly QualifiedName[]; readonly cascade: boolean }
  | { readonly type: 'truncate' | 'lock'; readonly tables: readonly QualifiedName[] }
  /** Triggers, rules, the names of both and of constraints, a policy that goes, another schema: a lock for a moment. `reads`: of readers, too. */
  | { readonly type: 'attached'; readonly table: QualifiedName; readonly reads: boolean }
  | { readonly type: 'policy'; readonly table: QualifiedName; readonly name: string }
  | { readonly type: 'other' }
);

/** Commands of one statement: several where a DO block that always runs them wraps them (their spans are the whole statement's). */
export type DdlCommands = readonly DdlCommand[];

/** How many `CommandOf`s: the member of a type. */
export type CommandOf<T extends DdlCommand['type']> = Extract<DdlCommand, { readonly type: T }>;
