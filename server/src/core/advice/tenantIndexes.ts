import type { FlowGraph } from '../calls/flow';
import { createVersioned } from '../calls/versioned';
import { isIncomplete } from '../catalog/lookup';
import type { Catalog, Index, Table } from '../catalog/model';
import type { LintSettings } from '../lint/rule';
import type { SqlAnalyser } from '../sql/ports';
import { hasUnknownPart } from './holes';
import { collectPins } from './pins';
import { bindColumn, sidesOf, tableOf, type Scope } from './scope';
import { sizeOf } from './size';
import type { TenantColumnOf } from './tenantEvidence';

/** An index on a tenants' table that could begin with the tenant. */
export interface TenantlessIndex {
  readonly table: Table;
  readonly index: Index;
  readonly tenant: string;
}

/**
 * Plain b-tree indexes of tenants' tables that another column leads. Left out: unique ones and those of constraints, those
 * that a foreign key needs or that another row's id leads, partial ones and expressions, small tables, and where an index with the tenant in front exists.
 */
export function collectTenantlessIndexes(catalog: Catalog, settings: LintSettings, columnOf: TenantColumnOf): readonly TenantlessIndex[] {
  const known = tenantless.get(catalog);
  if (known?.settings === settings) return known.indexes;
  const indexes = findTenantless(catalog, settings, columnOf);
  tenantless.set(catalog, { settings, indexes });
  return indexes;
}

/** The same for every file. */
const tenantless = new WeakMap<Catalog, { readonly settings: LintSettings; readonly indexes: readonly TenantlessIndex[] }>();

function findTenantless(catalog: Catalog, settings: LintSettings, columnOf: TenantColumnOf): readonly TenantlessIndex[] {
  return [...catalog.tables.values()].flatMap((table) => {
    const tenant = columnOf(table);
    if (tenant === undefined || table.kind === 'view' || table.kind === 'matview' || table.partitionOf !== undefined || isIncomplete(catalog, table) || sizeOf(table, settings) === 'small') return [];
    return table.indexes.flatMap((index): TenantlessIndex[] => {
      const columns = index.keys.map((key) => key.column);
      const first = columns[0];
      if (index.method !== 'btree' || index.unique || index.constraint !== undefined || index.predicate !== undefined || first === undefined || columns.includes(undefined) || columns.includes(tenant)) return [];
      // What refers to a row of one tenant finds rows of that tenant alone.
      if (/(?:_id|[a-z\d]Id)$/.test(first) || table.foreignKeys.some((key) => key.columns[0] === first)) return [];
      const led = table.indexes.some((other) => other.method === 'btree' && other.keys[0]?.column === tenant && columns.every((column, at) => other.keys[at + 1]?.column === column));
      return led ? [] : [{ table, index, tenant }];
    });
  });
}

/** Where a query reads a tenants' table: columns that its conditions and its order mention, and whether the tenant is held to a value. */
interface TableUse {
  readonly mentions: ReadonlySet<string>;
  readonly pinned: boolean;
}

/** By table; null: some query is not wholly known. */
const usesByCatalog = createVersioned<Catalog, Map<Table, readonly TableUse[] | null>>();

/** How many queries of the workspace look for the index's first column; undefined: one of them does not hold the tenant to a value, or is not wholly known. */
export function countTenantUses(flow: FlowGraph, sql: SqlAnalyser, catalog: Catalog, { table, index, tenant }: TenantlessIndex): number | undefined {
  const byCatalog = usesByCatalog(flow);
  let byTable = byCatalog.get(catalog);
  if (!byTable) byCatalog.set(catalog, (byTable = new Map()));
  let uses = byTable.get(table);
  if (uses === undefined) byTable.set(table, (uses = usesOf(flow, sql, catalog, table, tenant) ?? null));
  const found = uses?.filter(({ mentions }) => mentions.has(index.keys[0]?.column ?? ''));
  return found?.every(({ pinned }) => pinned) === true ? found.length : undefined;
}

function usesOf(flow: FlowGraph, sql: SqlAnalyser, catalog: Catalog, table: Table, tenant: string): readonly TableUse[] | undefined {
  const uses: TableUse[] = [];
  for (const file of flow.files()) {
    if (file.role !== 'application' || file.foreign) continue;
    for (const site of file.sites) {
      if (!site.source?.text.includes(table.name)) continue;
      const model = sql.analyse(site.source);
      if (model.kind === 'ddl' || model.kind === 'utility') continue;
      const scope: Scope = { model, catalog };
      for (const block of model.blocks) {
        for (const [at, relation] of block.relations.entries()) {
          if (tableOf(catalog, relation) !== table || (relation.target && block.kind === 'insert')) continue;
          if (model.completeness !== 'full' || hasUnknownPart(model) || !site.complete) return undefined;
          const refs = [...block.conjuncts.flatMap(sidesOf), ...block.orderBy.map((o) => o.expression)].flatMap((e) => e.columns);
          uses.push({ mentions: new Set(refs.filter((ref) => bindColumn(scope, block, ref)?.relationIndex === at).map((ref) => ref.column)), pinned: collectPins(scope, block).has(at, tenant) });
        }
      }
    }
  }
  return uses;
}
