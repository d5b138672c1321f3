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

export type { Catalog, Table };
