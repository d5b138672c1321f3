import type { HostSpan } from '../text/span';
import type { CatalogStatistics, Routine, ServerFacts, UserType } from './statistics';

/** Where a fact of the catalog was learnt; later entries of a merge yield to earlier ones. */
export type CatalogSource = 'live' | 'snapshot' | 'migrations' | 'schema' | 'models';

/** The relations of one database, as far as they are known. Immutable. */
export interface Catalog {
  readonly source: CatalogSource;
  /** For messages: `migrations/ (14 files)`, `production (PostgreSQL 16)`. */
  readonly label: string;
  /** Changes whenever any content changes; part of cache keys. */
  readonly version: string;
  /** Key: `schema.name`, normalised names. */
  readonly tables: ReadonlyMap<string, Table>;
  /** Schemas searched for an unqualified name, in order; `public` by default. */
  readonly searchPath: readonly string[];
  /** Part of the history is written as programs that are not read: an index that is not here may exist. */
  readonly incomplete?: true;
  /** Where `incomplete` stands for nothing else: indexes of a history on tables that it never made. Another source may know those. */
  readonly missed?: readonly MissedIndex[];
  /** What ANALYZE left, where a server or a snapshot has it. Not part of `version`. */
  readonly statistics?: CatalogStatistics;
  /** Of the server it was read from (live or through a snapshot). */
  readonly server?: ServerFacts;
  /** Enums, domains and other types of the application, where known. */
  readonly types?: readonly UserType[];
  /** Names of the extensions that are installed, where known: `pg_trgm`. */
  readonly extensions?: readonly string[];
  /** Functions of the application, where known; those of extensions are left out. */
  readonly routines?: readonly Routine[];
}

export interface MissedIndex {
  /** `schema.name`. */
  readonly table: string;
  readonly index: string;
}

export interface Table {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'partitioned' | 'view' | 'matview' | 'foreign';
  readonly columns: readonly Column[];
  /** Primary key and UNIQUE constraints; unique indexes without constraint stand in `indexes` only. */
  readonly constraints: readonly Constraint[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Every index, those of constraints included. */
  readonly indexes: readonly Index[];
  readonly partitionKey?: PartitionKey;
  /** `schema.name` of the parent. */
  readonly partitionOf?: string;
  /** Of a partition: `FOR VALUES FROM (…) TO (…)` or `DEFAULT`, where known. */
  readonly partitionBound?: string;
  /** Storage parameters: `parallel_workers=4`, `fillfactor=70`. */
  readonly options?: readonly string[];
  /** Citus: the column by which the rows are spread. */
  readonly distributionColumn?: string;
  readonly rowSecurity?: { readonly enabled: boolean; readonly forced: boolean; readonly policies: readonly Policy[] };
  /** Estimated or assumed rows; undefined: unknown. For partitioned tables the sum of the partitions. */
  readonly rows?: number;
  /** How `rows` is known. */
  readonly rowsSource?: 'statistics' | 'assumed';
  readonly definedAt?: DefinitionSite;
  /** The statement or model that declared each column (by its present name), where known. A map, so that moved text changes no version. */
  readonly columnSites?: ReadonlyMap<string, DefinitionSite>;
  /** The same of each foreign key, by its name: the statement that made it last. Of a replayed history alone. */
  readonly foreignKeySites?: ReadonlyMap<string, DefinitionSite>;
  /** Part of its history is not understood: a column or an index that is not here may exist. See `isIncomplete`. */
  readonly incomplete?: true;
  /** At most one row: a CHECK holds every column of a key to one value. */
  readonly singleRow?: true;
  /** The query of a view or materialized view, where known. */
  readonly definition?: string;
}

export interface DefinitionSite {
  readonly uri: string;
  readonly span: HostSpan;
}

export interface Column {
  readonly name: string;
  /** Canonical type as `format_type` prints it. */
  readonly type: string;
  readonly notNull: boolean;
  readonly default?: string;
  readonly generated?: 'stored' | 'identity';
  /** Where it is not the database's default. */
  readonly collation?: string;
}

export interface Constraint {
  readonly name?: string;
  readonly type: 'primary' | 'unique';
  readonly columns: readonly string[];
  /** Columns of INCLUDE. */
  readonly include?: readonly string[];
  /** UNIQUE NULLS NOT DISTINCT: NULL counts as a value. */
  readonly nullsNotDistinct?: boolean;
}

export interface ForeignKey {
  readonly name?: string;
  readonly columns: readonly string[];
  readonly references: { readonly schema?: string; readonly table: string; readonly columns: readonly string[] };
}

export interface Index {
  readonly name: string;
  /** `btree`, `hash`, `gin`, `gist`, `brin`, … */
  readonly method: string;
  readonly unique: boolean;
  readonly valid: boolean;
  readonly keys: readonly IndexKey[];
  readonly include: readonly string[];
  /** SQL of the WHERE clause of a partial index, without the keyword. */
  readonly predicate?: string;
  /** Name of the constraint that owns it. */
  readonly constraint?: string;
  readonly definedAt?: DefinitionSite;
  /** UNIQUE NULLS NOT DISTINCT: NULL counts as a value. */
  readonly nullsNotDistinct?: boolean;
}

export interface IndexKey {
  readonly column?: string;
  /** SQL of an expression key. */
  readonly expression?: string;
  /** As written or, live, where it is not the type's default. */
  readonly opclass?: string;
  /** The collation in force where it is not the database's default: written on the key, else the column's. */
  readonly collation?: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface PartitionKey {
  readonly strategy: 'range' | 'list' | 'hash';
  /** Column names; an expression key stands as its SQL. */
  readonly columns: readonly string[];
  /** Number of partitions known. */
  readonly partitions: number;
}

export interface Policy {
  readonly name: string;
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete';
  readonly permissive: boolean;
  readonly roles: readonly string[];
  readonly using?: string;
  readonly check?: string;
}
