import { tenantColumnOf } from '../catalog/tenancy';
import type { Catalog, Table } from '../catalog/model';
import type { TenantSettings } from '../catalog/tenancy';
import type { QueryBlock } from '../sql/model';
import type { SqlAnalyser } from '../sql/ports';
import { containsAggregate, tableOf, traceColumn, walkExpression, type BoundColumn, type Scope } from './scope';
import { collectTenantOccurrences, type TenantColumnOf, type TenantOccurrence } from './tenantEvidence';

/**
 * What a view's definition says of the tenant of its rows. `pinned`: the view itself holds them to one (`WHERE tenant_id =
 * current_setting(…)`, row-level security of the reader). `open` with `column`: the view's column that has the tenant; without:
 * rows of several tenants that no column of the view tells apart (`of`: the tables' own column). `none`: no tenant's rows, or what was
 * counted over all. `unknown`: the definition is not known, or not understood.
 */
export type ViewTenancy =
  | { readonly state: 'pinned'; readonly of: string }
  | { readonly state: 'open'; readonly of: string; readonly column?: string }
  | { readonly state: 'none' | 'unknown' };

export const isView = (table: Table): boolean => table.kind === 'view' || table.kind === 'matview';

/** Values that belong to whoever asks: a materialized view has those of its last refresh. */
const ASKER = /\b(current_setting|session_user|current_user|current_role|auth\.\w+|current_\w+_id|current_tenant\w*)\b/i;

const kept = new WeakMap<Catalog, WeakMap<TenantSettings, TenantColumnOf>>();

/** The tenant column of tables, and of views by their definitions. Made once per catalog and settings. */
export function tenantColumns(catalog: Catalog, settings: TenantSettings, sql: SqlAnalyser): TenantColumnOf {
  const known = kept.get(catalog) ?? new WeakMap<TenantSettings, TenantColumnOf>();
  kept.set(catalog, known);
  const columnOf = known.get(settings) ?? create(catalog, settings, sql);
  known.set(settings, columnOf);
  return columnOf;
}

function create(catalog: Catalog, settings: TenantSettings, sql: SqlAnalyser): TenantColumnOf {
  const views = new Map<Table, ViewTenancy>();
  const tenancyOf = (table: Table): ViewTenancy | undefined => {
    if (!isView(table)) return undefined;
    const found = views.get(table);
    if (found) return found;
    // A view that reads itself by way of others is none that Postgres makes.
    views.set(table, { state: 'unknown' });
    const tenancy = read(table, catalog, settings, sql, columnOf);
    views.set(table, tenancy);
    return tenancy;
  };
  const columnOf: TenantColumnOf = Object.assign((table: Table): string | undefined => {
    const tenancy = tenancyOf(table);
    return tenancy ? (tenancy.state === 'open' ? tenancy.column : undefined) : tenantColumnOf(catalog, table, settings);
  }, { view: tenancyOf });
  return columnOf;
}

function read(view: Table, catalog: Catalog, settings: TenantSettings, sql: SqlAnalyser, columnOf: TenantColumnOf): ViewTenancy {
  if (settings.globalTables.some((name) => name === view.name || name === `${view.schema}.${view.name}`)) return { state: 'none' };
  const text = view.definition?.trim().replace(/;$/, '') ?? '';
  if (text === '' || (view.kind === 'matview' && ASKER.test(text))) return { state: 'unknown' };
  const model = sql.analyse({ text, placeholders: 'none', interpolations: [] });
  const [top] = model.blocks;
  if (model.completeness !== 'full' || !top || (model.kind !== 'select')) return { state: 'unknown' };
  const scope: Scope = { model, catalog };
  const hasUnknown = model.blocks.some((block) => block.relations.some((relation) => { const table = tableOf(catalog, relation); return table !== undefined && columnOf.view?.(table)?.state === 'unknown'; }));
  if (hasUnknown) return { state: 'unknown' };
  // The tables are read with the rights of the view's owner, whom their row-level security lets through, unless it is forced or the view asks as its reader.
  const invoker = view.kind === 'view' && view.options?.some((option) => /^security_invoker(=(true|on|1|yes))?$/i.test(option)) === true;
  const rowSecured = (table: Table): boolean => view.kind === 'view' && (invoker || table.rowSecurity?.forced === true);
  const occurrences = collectTenantOccurrences(scope, columnOf, [], rowSecured);
  const [first] = occurrences;
  if (!first) return { state: 'none' };
  const open = occurrences.filter((occurrence) => occurrence.evidence === 'none');
  if (open.length === 0) return { state: 'pinned', of: first.column };
  const of = open[0]!.column;
  const outputs = outputsOf(scope, top, columnOf);
  const names = view.columns.map((column) => column.name);
  // The column that holds all rows when it is held itself, else the first one that is a tenant's.
  const candidates = outputs.flatMap(({ tenants }, at) => (tenants && names[at] !== undefined ? [{ name: names[at], tenants }] : []));
  const whole = candidates.find(({ tenants }) => collectTenantOccurrences(scope, columnOf, tenants, rowSecured).every((occurrence) => occurrence.evidence !== 'none'));
  const column = (whole ?? candidates[0])?.name;
  if (column !== undefined) return { state: 'open', of, column };
  if (outputs.length !== names.length) return { state: 'unknown' };
  return outputs.some((output) => output.rows) ? { state: 'open', of } : { state: 'none' };
}

/** Per output column: the occurrences whose tenant it is (in each arm), and whether it shows a column of a tenant's row. */
interface Output {
  readonly tenants?: readonly Pick<TenantOccurrence, 'block' | 'relationIndex'>[];
  readonly rows: boolean;
}

function outputsOf(scope: Scope, block: QueryBlock, columnOf: TenantColumnOf): readonly Output[] {
  if (block.setOperation) {
    const arms = block.setOperation.arms.flatMap((index) => scope.model.blocks[index] ?? []).map((arm) => outputsOf(scope, arm, columnOf));
    return (arms[0] ?? []).map((_, at): Output => {
      const tenants = arms.map((arm) => arm[at]?.tenants);
      return { rows: arms.some((arm) => arm[at]?.rows === true), ...(tenants.every((one) => one !== undefined) ? { tenants: tenants.flatMap((one) => one ?? []) } : {}) };
    });
  }
  return block.outputs.flatMap((output): readonly Output[] => {
    if (output.star) {
      const starred = output.qualifier === undefined ? block.relations : block.relations.filter((relation) => relation.alias === output.qualifier);
      return starred.flatMap((relation): readonly Output[] => {
        const inner = relation.block === undefined ? undefined : scope.model.blocks[relation.block];
        if (inner) return outputsOf(scope, inner, columnOf);
        return (tableOf(scope.catalog, relation)?.columns ?? []).map((column) => outputOf(traceColumn(scope, block, { qualifier: relation.alias, column: column.name, span: relation.span }), columnOf));
      });
    }
    if (output.expression.column) return [outputOf(traceColumn(scope, block, output.expression.column), columnOf)];
    const shown = !containsAggregate(output.expression) && [...walkExpression(output.expression)].some((node) => node.columns.some((ref) => outputOf(traceColumn(scope, block, ref), columnOf).rows));
    return [{ rows: shown }];
  });
}

function outputOf(bound: BoundColumn | undefined, columnOf: TenantColumnOf): Output {
  const table = bound?.table;
  if (!bound || !table) return { rows: false };
  const column = columnOf(table);
  const tenancy = columnOf.view?.(table);
  const rows = column !== undefined || (tenancy?.state === 'open');
  return { rows, ...(column !== undefined && column === bound.column ? { tenants: [{ block: bound.block, relationIndex: bound.relationIndex }] } : {}) };
}
