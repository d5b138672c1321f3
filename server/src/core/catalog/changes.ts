import type { Constraint, ForeignKey, Index, IndexKey, PartitionKey, Policy } from './model';
import type { Routine, UserType } from './statistics';

/** A table name as written: the schema is undefined where the search path decides. */
export interface QualifiedName {
  readonly schema?: string;
  readonly name: string;
}

export interface ColumnDefinition {
  readonly name: string;
  /** Canonical type as `format_type` prints it (`integer`, `timestamp with time zone`, `character varying(20)`). */
  readonly type: string;
  readonly notNull: boolean;
  readonly default?: string;
  readonly generated?: 'stored' | 'identity';
  /** COLLATE as written. */
  readonly collation?: string;
}

/** One `LIKE source` element of CREATE TABLE. */
export interface LikeClause {
  readonly source: QualifiedName;
  /** Its columns stand before the table's own column of this index. */
  readonly before: number;
  readonly including: { readonly defaults: boolean; readonly generated: boolean; readonly identity: boolean; readonly indexes: boolean };
}

/** An index whose name may be left to Postgres: then `index.name` is empty and `nameParts` are its column part. */
export interface IndexDefinition {
  readonly index: Index;
  readonly nameParts: readonly string[];
}

/** Where a query takes its output columns from, for CREATE VIEW and CREATE TABLE AS: as far as the text tells. */
export interface QueryShape {
  /** Base relations of the top-level FROM; anything else (sub-query, function) makes its columns unknown. */
  readonly from: readonly { readonly alias: string; readonly relation: QualifiedName }[];
  readonly outputs: readonly { readonly name: string; readonly star: boolean; readonly qualifier?: string; readonly column?: string; readonly type?: string }[];
}

/** What a CREATE TYPE or CREATE DOMAIN says, without the name. */
export type TypeDefinition = Omit<UserType, 'schema' | 'name'>;

/** One ALTER TYPE of an enum or a composite type. */
export type TypeAlteration =
  | { readonly type: 'add-label'; readonly label: string; readonly before?: string; readonly after?: string }
  | { readonly type: 'rename-label'; readonly label: string; readonly to: string }
  | { readonly type: 'add-attribute'; readonly name: string; readonly dataType: string }
  | { readonly type: 'drop-attribute'; readonly name: string }
  | { readonly type: 'rename-attribute'; readonly name: string; readonly to: string }
  | { readonly type: 'retype-attribute'; readonly name: string; readonly dataType: string };

/** A routine as CREATE FUNCTION writes it. */
export interface RoutineDefinition extends Omit<Routine, 'schema' | 'name' | 'definition'> {
  /** Types of the arguments by which it is called (IN, INOUT, VARIADIC): with the name they make its identity. */
  readonly inputs: readonly string[];
  /** SQL-language functions: the statement from the parenthesis after the name to its end. */
  readonly tail?: string;
}

/** Facts that ALTER FUNCTION changes. */
export type RoutineAlteration = Partial<Pick<Routine, 'volatility' | 'parallel' | 'strict' | 'cost' | 'rows'>>;

/** A CHECK: its condition as written, without the parentheses. */
export interface CheckDefinition {
  readonly name?: string;
  readonly expression: string;
}

/** One step of a schema's history, in the order in which the statements run. */
export type SchemaChange =
  | { readonly type: 'create-table'; readonly table: QualifiedName; readonly ifNotExists: boolean; readonly temporary: boolean; readonly columns: readonly ColumnDefinition[]; readonly constraints: readonly Constraint[]; readonly foreignKeys: readonly ForeignKey[]; readonly partitionBy?: PartitionKey; readonly partitionOf?: QualifiedName; readonly partitionBound?: string; readonly options?: readonly string[]; readonly like: readonly QualifiedName[]; /** Same order as `like`. */ readonly likeClauses?: readonly LikeClause[]; readonly inherits: readonly QualifiedName[]; /** Indexes of EXCLUDE constraints. */ readonly exclusions?: readonly IndexDefinition[]; readonly checks?: readonly CheckDefinition[]; readonly foreign?: boolean; /** CREATE TABLE AS, SELECT INTO. */ readonly as?: QueryShape }
  | { readonly type: 'create-view'; readonly view: QualifiedName; readonly materialized: boolean; readonly sql: string; readonly columns: readonly string[]; readonly replace?: boolean; readonly ifNotExists?: boolean; readonly query?: QueryShape; readonly options?: readonly string[] }
  | { readonly type: 'drop-relation'; readonly relation: QualifiedName; readonly kind: 'table' | 'view' | 'matview' | 'index'; readonly cascade: boolean }
  | { readonly type: 'rename-relation'; readonly relation: QualifiedName; readonly to: string; readonly kind: 'table' | 'view' | 'matview' | 'index' }
  | { readonly type: 'set-schema'; readonly relation: QualifiedName; readonly schema: string }
  | { readonly type: 'add-column'; readonly table: QualifiedName; readonly column: ColumnDefinition; readonly ifNotExists: boolean; readonly constraints: readonly Constraint[]; readonly foreignKeys: readonly ForeignKey[] }
  | { readonly type: 'drop-column'; readonly table: QualifiedName; readonly column: string }
  | { readonly type: 'rename-column'; readonly table: QualifiedName; readonly column: string; readonly to: string }
  | { readonly type: 'alter-column'; readonly table: QualifiedName; readonly column: string; readonly notNull?: boolean; readonly newType?: string; readonly default?: string | null; /** null: no longer generated. */ readonly generated?: 'stored' | 'identity' | null }
  | { readonly type: 'add-constraint'; readonly table: QualifiedName; readonly constraint?: Constraint; readonly foreignKey?: ForeignKey; /** `UNIQUE USING INDEX` */ readonly usingIndex?: string; /** Index of an EXCLUDE constraint. */ readonly exclusion?: IndexDefinition }
  /** CHECK of an ALTER TABLE; `valid`: of every row, not only of new ones. */
  | { readonly type: 'add-check'; readonly table: QualifiedName; readonly valid: boolean } & CheckDefinition
  | { readonly type: 'validate-constraint'; readonly table: QualifiedName; readonly name: string }
  | { readonly type: 'drop-constraint'; readonly table: QualifiedName; readonly name: string }
  | { readonly type: 'create-index'; readonly table: QualifiedName; readonly index: Index; readonly ifNotExists: boolean; readonly concurrently: boolean; /** `ON ONLY`: not on the partitions. */ readonly only?: boolean; /** For an index without name: the column part of the name Postgres will make. */ readonly nameParts?: readonly string[] }
  | { readonly type: 'attach-partition'; readonly table: QualifiedName; readonly partition: QualifiedName; readonly bound?: string }
  /** Storage parameters as `name=value`; `reset` are names. */
  | { readonly type: 'set-options'; readonly table: QualifiedName; readonly set: readonly string[]; readonly reset: readonly string[] }
  /** Citus spreads the table by this column; undefined: no longer. */
  | { readonly type: 'distribute'; readonly table: QualifiedName; readonly column: string | undefined }
  | { readonly type: 'detach-partition'; readonly table: QualifiedName; readonly partition: QualifiedName }
  | { readonly type: 'row-security'; readonly table: QualifiedName; readonly enabled?: boolean; readonly forced?: boolean }
  | { readonly type: 'create-policy'; readonly table: QualifiedName; readonly policy: Policy }
  | { readonly type: 'drop-policy'; readonly table: QualifiedName; readonly name: string }
  | { readonly type: 'alter-policy'; readonly table: QualifiedName; readonly name: string; readonly to?: string; readonly roles?: readonly string[]; readonly using?: string; readonly check?: string }
  | { readonly type: 'rename-constraint'; readonly table: QualifiedName; readonly name: string; readonly to: string }
  | { readonly type: 'attach-index'; readonly index: QualifiedName; readonly partition: QualifiedName }
  | { readonly type: 'inherit'; readonly table: QualifiedName; readonly parent: QualifiedName; readonly detach: boolean }
  | { readonly type: 'create-type'; readonly name: QualifiedName; readonly definition: TypeDefinition }
  | { readonly type: 'alter-type'; readonly name: QualifiedName; readonly alteration: TypeAlteration }
  | { readonly type: 'drop-type'; readonly name: QualifiedName }
  | { readonly type: 'set-type-schema'; readonly name: QualifiedName; readonly schema: string }
  /** `from` and `to` as they stand in a column's type. */
  | { readonly type: 'rename-type'; readonly from: string; readonly to: string; readonly name: QualifiedName; readonly newName: string }
  | { readonly type: 'create-extension'; readonly extension: string }
  | { readonly type: 'drop-extension'; readonly extension: string }
  | { readonly type: 'create-routine'; readonly name: QualifiedName; readonly routine: RoutineDefinition; readonly replace: boolean }
  /** Without `inputs` the only one of its name is meant. */
  | { readonly type: 'drop-routine'; readonly name: QualifiedName; readonly inputs?: readonly string[] }
  | { readonly type: 'alter-routine'; readonly name: QualifiedName; readonly inputs?: readonly string[]; readonly to?: { readonly schema?: string; readonly name?: string }; readonly alteration?: RoutineAlteration }
  /** A step that may have run or not, or that is not understood: what is known of its table is not the whole truth. */
  | { readonly type: 'uncertain'; readonly table?: QualifiedName; readonly change?: SchemaChange }
  | { readonly type: 'create-schema'; readonly schema: string }
  | { readonly type: 'drop-schema'; readonly schema: string }
  | { readonly type: 'rename-schema'; readonly schema: string; readonly to: string }
  /** An empty list: no schema is searched (pg_dump). `reset`: back to the default. */
  | { readonly type: 'set-search-path'; readonly schemas: readonly string[]; readonly reset?: boolean };

export type { IndexKey };
