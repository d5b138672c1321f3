import type { FlowGraph } from '../calls/flow';
import type { Catalog, Table } from '../catalog/model';
import type { HostFile, QuerySite } from '../hosts/ir';
import type { LintSettings } from '../lint/rule';
import { displaySql } from '../sql/display';
import type { StatementModel } from '../sql/model';
import type { SqlAnalyser } from '../sql/ports';
import type { HostSpan } from '../text/span';
import { hasUnknownPart } from './holes';
import { tableOf } from './scope';
import { collectTenantOccurrences, type TenantColumnOf, type TenantEvidence, type TenantOccurrence } from './tenantEvidence';
import { isGuarded } from './tenantGuards';
import { findTenantColumns, guardQuestions, isSystemPath } from './tenantScope';
import { isView } from './tenantViews';

/**
 * `pinned`: held to one tenant by the statement or the database · `guarded`: by the code around it · `exempt`: system code ·
 * `open`: by nothing that is known · `unknown`: the statement, or part of it, is not known.
 */
export type TenantVerdict = 'pinned' | 'guarded' | 'exempt' | 'open' | 'unknown';

/** One use of a tenant's table by one query. */
export interface TenantRow {
  readonly uri: string;
  readonly span: HostSpan;
  /** Empty where the statement is not known. */
  readonly table: string;
  readonly access: 'read' | 'insert' | 'update' | 'delete' | 'merge' | 'unknown';
  readonly verdict: TenantVerdict;
  /** How it is pinned, or why not. */
  readonly how: string;
  /** Of the statement, where it is known. */
  readonly sql?: string;
}

export interface TenantReportInput {
  readonly file: HostFile;
  readonly catalog: Catalog | undefined;
  readonly settings: LintSettings;
  readonly sql: SqlAnalyser;
  readonly flow: FlowGraph;
}

/** For every query of a file that uses a tenant's table: how its rows are held to one tenant. Undefined: nothing says what the tenant is. Files that are no application code have none. */
export function collectTenantRows(input: TenantReportInput): readonly TenantRow[] | undefined {
  const { file, catalog, sql, settings } = input;
  const tenant = findTenantColumns({ catalog, settings, sql });
  if (!tenant || !catalog) return undefined;
  if (file.role !== 'application') return [];
  const exempt = isSystemPath(file.uri, settings.tenant.systemPaths);
  return file.sites.flatMap((site): readonly TenantRow[] => {
    const common = { uri: file.uri, span: site.anchor };
    if (!site.source) return site.executes === 'no' ? [] : [{ ...common, table: '', access: 'unknown', verdict: 'unknown', how: 'its SQL is put together by code that was not followed' }];
    const model = sql.analyse(site.source);
    const text = displaySql(site.source, model).replace(/\s+/g, ' ').trim();
    const inserts = insertRows(model, catalog, tenant.columnOf).map((row) => ({ ...common, ...row, sql: text }));
    const occurrences = collectTenantOccurrences({ model, catalog }, tenant.columnOf);
    let guarded: boolean | undefined;
    const isCodeGuarded = (column: string): boolean => (guarded ??= site.library !== 'sql' && isGuarded({ file, site, flow: input.flow, column, ...guardQuestions({ catalog, settings, sql }, tenant.columnOf) }));
    return [...inserts, ...unknownViews(model, catalog, tenant.columnOf).map((row) => ({ ...common, ...row, sql: text })), ...occurrences.map((occurrence): TenantRow => ({ ...common, table: nameOf(occurrence.table), access: accessOf(occurrence), sql: text, ...judge(site, model, occurrence, exempt, isCodeGuarded) }))];
  });
}

const nameOf = (table: Table): string => (table.schema === 'public' ? table.name : `${table.schema}.${table.name}`);

function accessOf({ block, relationIndex }: TenantOccurrence): TenantRow['access'] {
  const target = block.relations[relationIndex]?.target === true;
  return target && (block.kind === 'update' || block.kind === 'delete' || block.kind === 'merge') ? block.kind : 'read';
}

function judge(site: QuerySite, model: StatementModel, occurrence: TenantOccurrence, exempt: boolean, isCodeGuarded: (column: string) => boolean): Pick<TenantRow, 'verdict' | 'how'> {
  const { evidence, column, table } = occurrence;
  if (evidence !== 'none') return { verdict: 'pinned', how: describe(evidence, column, table) };
  if (model.completeness !== 'full' || hasUnknownPart(model) || !site.complete) return { verdict: 'unknown', how: 'part of the statement is not known: a condition may be added there' };
  if (exempt) return { verdict: 'exempt', how: 'system code by its path' };
  if (isCodeGuarded(column)) return { verdict: 'guarded', how: 'the code checks the row, its parent or the caller first' };
  const request = site.binds.some((b) => b.origin === 'request');
  return { verdict: 'open', how: `${occurrence.hidden ? `the view does not show ${column}, and nothing ties its rows` : `nothing holds ${column} to one value`}${request ? '; a value comes from the request' : model.holes.length === 0 ? '; it has no parameter: all tenants' : ''}` };
}

function describe(evidence: TenantEvidence, column: string, table: Table): string {
  switch (evidence) {
    case 'predicate': return `${column} is held to a value`;
    case 'equality': return `${column} is equal to that of a pinned row`;
    case 'join': return 'joined by its key to a pinned row';
    case 'sub-query': return 'taken from a sub-query of pinned rows';
    case 'row-security': return `row-level security (${(table.rowSecurity?.policies ?? []).map((p) => p.name).join(', ')})${table.rowSecurity?.forced === true ? ', forced' : ': not for the table’s owner, nor for roles with BYPASSRLS'}`;
    case 'view': return `the view holds ${column} to one value`;
    case 'secret': return 'found by a secret of its owner';
    case 'owner': return 'found by the id of its person';
    case 'none': return '';
  }
}

/** Views whose definition is not known, or not understood. */
const unknownViews = (model: StatementModel, catalog: Catalog, columnOf: TenantColumnOf): readonly Pick<TenantRow, 'table' | 'access' | 'verdict' | 'how'>[] => model.blocks.flatMap((block) => block.relations.flatMap((relation): readonly Pick<TenantRow, 'table' | 'access' | 'verdict' | 'how'>[] => {
  const table = tableOf(catalog, relation);
  return table && columnOf.view?.(table)?.state === 'unknown' ? [{ table: nameOf(table), access: 'read', verdict: 'unknown', how: 'the view’s definition is not known' }] : [];
}));

/** An INSERT pins what it writes when it writes the column. */
function insertRows(model: StatementModel, catalog: Catalog, columnOf: TenantColumnOf): readonly Pick<TenantRow, 'table' | 'access' | 'verdict' | 'how'>[] {
  return model.blocks.flatMap((block) => {
    const relation = block.kind === 'insert' ? block.relations.find((r) => r.target) : undefined;
    const table = relation && tableOf(catalog, relation);
    const column = table && !isView(table) ? columnOf(table) : undefined;
    if (!table || column === undefined) return [];
    const columns = block.write?.columns ?? [];
    const known = columns.length > 0;
    const written = columns.includes(column);
    const fallback = table.columns.find((c) => c.name === column)?.default;
    return [{
      table: nameOf(table), access: 'insert' as const,
      verdict: written ? ('pinned' as const) : !known || model.completeness !== 'full' ? ('unknown' as const) : fallback === undefined ? ('open' as const) : ('pinned' as const),
      how: written ? `writes ${column}` : !known ? 'its columns are not known' : fallback === undefined ? `${column} is not written` : `${column} comes from its default, ${fallback}`,
    }];
  });
}
