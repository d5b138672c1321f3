import { findColumn } from './lookup';
import type { Catalog, Table } from './model';

export interface TenantSettings {
  /** Configured tenant columns; empty: decided by evidence in the catalog. */
  readonly columns: readonly string[];
  /** Tables that are global although they carry a tenant column. */
  readonly globalTables: readonly string[];
  /** Path globs of system code (sweeps, admin) where the rules are silent. */
  readonly systemPaths: readonly string[];
}

/** Column names that evidence may choose, most specific first (RULES.md, Tenancy). */
export const TENANT_COLUMN_NAMES: readonly string[] = ['tenant_id', 'organization_id', 'org_id', 'workspace_id', 'account_id', 'team_id', 'company_id', 'project_id'];

/** Share of the tables that must carry the column NOT NULL to make it the tenant column (RULES.md, Tenancy). */
const evidenceShare = 0.4;
/** "Several" tables with a foreign key to the tenants' own table. */
const evidenceForeignKeys = 3;
/** Below this many tables, a share is no evidence. */
const minimumTables = 3;

/** Citus: this many tables distributed by one column make it the tenant column; one alone may be a log. */
const evidenceDistributed = 2;

/** Why a column is taken for the tenant column. */
export interface TenantEvidence {
  /** The name as it stands in the catalog: `tenant_id` or `tenantId`. */
  readonly column: string;
  readonly source: 'configured' | 'distribution' | 'share' | 'foreign-keys';
  /** Tables that carry it NOT NULL (or are distributed by it), and tables looked at. */
  readonly carriers: number;
  readonly tables: number;
  /** `schema.name` of the table it refers to, where known. */
  readonly tenantTable?: string;
}

/** `tenantId` and `tenant_id` are one name. */
const snakeCase = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
const rootOf = (column: string): string => snakeCase(column).replace(/_id$/, '');

const isBaseTable = (table: Table): boolean => (table.kind === 'table' || table.kind === 'partitioned') && table.partitionOf === undefined;

/** Does a table's name mean the thing that a column's root names: `org` → orgs, organizations? */
function namesTenant(tableName: string, root: string): boolean {
  const name = snakeCase(tableName);
  const roots = root === 'org' ? ['org', 'organization', 'organisation'] : [root];
  return roots.some((item) => name === item || name === `${item}s` || name === `${item.replace(/y$/, 'ie')}s` || name === `${item.replace(/y$/, 'ies')}`);
}

const evidenceCache = new WeakMap<Catalog, TenantEvidence | null>();

/** The tenant column that the catalog itself gives evidence for; undefined: none, and the tenant rules are silent. Cached by catalog. */
export function findTenantEvidence(catalog: Catalog): TenantEvidence | undefined {
  const cached = evidenceCache.get(catalog);
  if (cached !== undefined) return cached ?? undefined;
  const tables = [...catalog.tables.values()].filter(isBaseTable);
  const evidence = findDistribution(tables) ?? judgeCandidates(tables);
  evidenceCache.set(catalog, evidence ?? null);
  return evidence;
}

/**
 * Citus: the column that most tables are spread by, whatever its name: rows are kept together by it on purpose. A table
 * spread by its own single-column primary key (the tenants' own, or one without tenants) says nothing about the others.
 */
function findDistribution(tables: readonly Table[]): TenantEvidence | undefined {
  const counts = new Map<string, number>();
  for (const table of tables) {
    const column = table.distributionColumn;
    const own = table.constraints.some((constraint) => constraint.type === 'primary' && constraint.columns.length === 1 && constraint.columns[0] === column);
    if (column !== undefined && !own) counts.set(column, (counts.get(column) ?? 0) + 1);
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  return best === undefined || best[1] < evidenceDistributed ? undefined : { column: best[0], source: 'distribution', carriers: best[1], tables: tables.length };
}

function judgeCandidates(tables: readonly Table[]): TenantEvidence | undefined {
  const found: TenantEvidence[] = [];
  for (const candidate of TENANT_COLUMN_NAMES) {
    const carriers = tables.flatMap((table) => {
      const column = table.columns.find((item) => snakeCase(item.name) === candidate && item.notNull);
      return column === undefined ? [] : [{ table, column: column.name }];
    });
    const targets = carriers.flatMap(({ table, column }) => table.foreignKeys.filter((foreignKey) => foreignKey.columns.length === 1 && foreignKey.columns[0] === column).map((foreignKey) => `${foreignKey.references.schema ?? 'public'}.${foreignKey.references.table}`));
    const target = targets.find((key) => namesTenant(key.slice(key.indexOf('.') + 1), rootOf(candidate)));
    const foreignKeys = target === undefined ? 0 : targets.filter((key) => key === target).length;
    const first = carriers[0];
    if (first === undefined) continue;
    const common = { column: first.column, carriers: carriers.length, tables: tables.length, ...(target === undefined ? {} : { tenantTable: target }) };
    if (tables.length >= minimumTables && carriers.length >= 2 && carriers.length / tables.length >= evidenceShare) found.push({ ...common, source: 'share' });
    else if (foreignKeys >= evidenceForeignKeys) found.push({ ...common, source: 'foreign-keys' });
  }
  return found.sort((a, b) => b.carriers - a.carriers)[0];
}

const isListed = (table: Table, names: readonly string[]): boolean => names.includes(table.name) || names.includes(`${table.schema}.${table.name}`);

/**
 * Name of the column that holds a table's tenant; undefined: the table has none, is global, is the tenants' own table,
 * or nothing says what the tenant column is. Configured names win over evidence; `tenant_id` configured matches `tenantId`.
 */
export function tenantColumnOf(catalog: Catalog, table: Table, settings: TenantSettings): string | undefined {
  if (isListed(table, settings.globalTables)) return undefined;
  const names = settings.columns.length > 0 ? settings.columns : [findTenantEvidence(catalog)?.column ?? ''];
  for (const name of names) {
    const column = findColumn(table, name) ?? table.columns.find((item) => snakeCase(item.name) === snakeCase(name));
    // What a person has open at the moment: the person belongs to nobody, or to several.
    if (column !== undefined && settings.columns.length === 0 && !column.notNull && /^(?:users?|profiles?|people|persons?)$/i.test(table.name)) continue;
    if (name !== '' && column !== undefined) return column.name;
  }
  return undefined;
}

export type { Catalog, Table };
