/**
 * What ANALYZE left about the relations of one database, as far as it is known. Apart from `Catalog.tables`: statistics
 * change every few minutes, the schema seldom.
 */
export interface CatalogStatistics {
  readonly source: 'live' | 'snapshot';
  /** Changes whenever any figure changes; part of cache keys. */
  readonly version: string;
  /** Key: `schema.name` of tables, materialized views and indexes. */
  readonly relations: ReadonlyMap<string, RelationStatistics>;
  /** Of a server that has counted all scans for long enough; undefined: nothing can be said of unused indexes. */
  readonly unused?: UnusedIndexes;
}

/** Indexes that no search has used since the server counts. */
export interface UnusedIndexes {
  /** When it was asked, by its clock; ISO. */
  readonly now: string;
  /** Seconds for which it has counted. */
  readonly seconds: number;
  /** Key: `schema.name` of the index. */
  readonly indexes: ReadonlyMap<string, { readonly bytes: number; readonly writes: number }>;
}

/** One relation, as `pg_class` and `pg_stats` have it. */
export interface RelationStatistics {
  /** `relpages`, in blocks of 8 kB; 0 or -1: never analysed. */
  readonly pages: number;
  /** `reltuples`; -1: never analysed. */
  readonly tuples: number;
  /** `relallvisible`, in blocks. */
  readonly allVisible: number;
  /** Size of the file, in blocks of 8 kB: what the planner really looks at. 0 for partitioned parents. */
  readonly filePages: number;
  /** For an index: its expression keys only, by their attribute names. */
  readonly columns: readonly ColumnStatistics[];
}

/** One row of `pg_stats`. Values stand as Postgres prints the array (`{a,b}`); tokens in a snapshot that hides values. */
export interface ColumnStatistics {
  readonly column: string;
  /** Of the table with its children (`true`) or of the table alone. */
  readonly inherited: boolean;
  /** 0 to 1. */
  readonly nullFraction: number;
  /** Bytes. */
  readonly averageWidth: number;
  /** `n_distinct`: a number of values, or negative: minus the share of the rows. */
  readonly distinct: number;
  /** -1 to 1: how far the rows on disk are in this column's order. */
  readonly correlation?: number;
  readonly mostCommonValues?: string;
  readonly mostCommonFrequencies?: readonly number[];
  readonly histogramBounds?: string;
  readonly mostCommonElements?: string;
  readonly mostCommonElementFrequencies?: readonly number[];
  readonly elementCountHistogram?: readonly number[];
}

/** The server that a catalog was read from. */
export interface ServerFacts {
  /** `server_version_num`: 160004. */
  readonly version: number;
  /** `16.4`. */
  readonly versionText: string;
  /** Settings that the planner reads (`random_page_cost`, `work_mem`, …), as `SHOW` prints them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly extensions: readonly { readonly name: string; readonly schema: string; readonly version: string }[];
}

/** A type that the application declared. */
export interface UserType {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'enum' | 'domain' | 'composite' | 'range';
  /** Enum: its labels in order. */
  readonly labels?: readonly string[];
  /** Domain: the type below it. Range: its subtype. */
  readonly base?: string;
  /** Domain: as declared; its columns have it where they name none. */
  readonly collation?: string;
  /** Composite: its attributes. */
  readonly attributes?: readonly { readonly name: string; readonly type: string }[];
}

/** A function that the application declared, as far as planning a call of it needs. */
export interface Routine {
  readonly schema: string;
  readonly name: string;
  /** `pg_get_function_identity_arguments`: `a integer, b text`. */
  readonly arguments: string;
  /** `pg_get_function_result`: `integer`, `SETOF orders`, `TABLE(id bigint)`; empty for procedures. */
  readonly returns: string;
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window';
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly parallel: 'safe' | 'restricted' | 'unsafe';
  readonly strict: boolean;
  readonly language: string;
  /** `procost`, `prorows`. */
  readonly cost: number;
  readonly rows: number;
  /** The whole CREATE FUNCTION, for SQL-language functions: the planner inlines them. */
  readonly definition?: string;
}
