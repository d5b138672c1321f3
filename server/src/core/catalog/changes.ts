import type { Constraint, ForeignKey, Index, IndexKey, PartitionKey, Policy } from './model';

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
}

/** One step of a schema's history, in the order in which the statements run. */
export type SchemaChange =
  | { readonly type: 'create-table'; readonly table: QualifiedName; readonly ifNotExists: boolean; readonly temporary: boolean; readonly columns: readonly ColumnDefinition[]; readonly constraints: readonly Constraint[]; readonly foreignKeys: readonly ForeignKey[]; readonly partitionBy?: PartitionKey; readonly partitionOf?: QualifiedName; readonly like: readonly QualifiedName[]; readonly inherits: readonly QualifiedName[] }
  | { readonly type: 'create-view'; readonly view: QualifiedName; readonly materialized: boolean; readonly sql: string; readonly columns: readonly string[] }
  | { readonly type: 'drop-relation'; readonly relation: QualifiedName; readonly kind: 'table' | 'view' | 'matview' | 'index'; readonly cascade: boolean }
  | { readonly type: 'rename-relation'; readonly relation: QualifiedName; readonly to: string; readonly kind: 'table' | 'view' | 'matview' | 'index' }
  | { readonly type: 'set-schema'; readonly relation: QualifiedName; readonly schema: string }
  | { readonly type: 'add-column'; readonly table: QualifiedName; readonly column: ColumnDefinition; readonly ifNotExists: boolean; readonly constraints: readonly Constraint[]; readonly foreignKeys: readonly ForeignKey[] }
  | { readonly type: 'drop-column'; readonly table: QualifiedName; readonly column: string }
  | { readonly type: 'rename-column'; readonly table: QualifiedName; readonly column: string; readonly to: string }
  | { readonly type: 'alter-column'; readonly table: QualifiedName; readonly column: string; readonly notNull?: boolean; readonly newType?: string; readonly default?: string | null }
  | { readonly type: 'add-constraint'; readonly table: QualifiedName; readonly constraint?: Constraint; readonly foreignKey?: ForeignKey; /** `UNIQUE USING INDEX` */ readonly usingIndex?: string }
  | { readonly type: 'drop-constraint'; readonly table: QualifiedName; readonly name: string }
  | { readonly type: 'create-index'; readonly table: QualifiedName; readonly index: Index; readonly ifNotExists: boolean; readonly concurrently: boolean }
  | { readonly type: 'attach-partition'; readonly table: QualifiedName; readonly partition: QualifiedName }
  | { readonly type: 'detach-partition'; readonly table: QualifiedName; readonly partition: QualifiedName }
  | { readonly type: 'row-security'; readonly table: QualifiedName; readonly enabled?: boolean; readonly forced?: boolean }
  | { readonly type: 'create-policy'; readonly table: QualifiedName; readonly policy: Policy }
  | { readonly type: 'drop-policy'; readonly table: QualifiedName; readonly name: string }
  | { readonly type: 'set-search-path'; readonly schemas: readonly string[] };

export type { IndexKey };
