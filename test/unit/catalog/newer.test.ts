import { describe, expect, it } from 'vitest';
import { buildCatalog, type SchemaStep } from '../../../server/src/core/catalog/build';
import { mergeCatalogs } from '../../../server/src/core/catalog/merge';
import type { Catalog } from '../../../server/src/core/catalog/model';
import type { CatalogStatistics, ServerFacts } from '../../../server/src/core/catalog/statistics';
import { catalogOf, changesOf, statementsOf } from './schema';

const statistics: CatalogStatistics = { source: 'snapshot', version: '1', relations: new Map([['public.orders', { pages: 100, tuples: 5000, allVisible: 0, filePages: 100, columns: [{ column: 'total', inherited: false, nullFraction: 0, averageWidth: 8, distinct: -1 }] }]]) };
const server: ServerFacts = { version: 160004, versionText: '16.4', settings: {}, extensions: [] };
const base = 'create table orders (id bigint primary key, total numeric(10,2) not null, note text);\ncreate index orders_note on orders (note);\ncreate table carts (id int)';

const snapshotOf = (ddl: string): Catalog => ({ ...catalogOf(ddl, { source: 'snapshot', label: 'snapshot (PostgreSQL 16.4)' }), statistics, server });

/** Migrations by file, merged onto a snapshot of the first. */
function merged(snapshot: string, ...files: readonly string[]): Catalog {
  const steps = files.flatMap((ddl, i) => statementsOf(ddl).map((statement): SchemaStep => ({ changes: changesOf(statement), site: { uri: `file:///db/${i}.sql`, span: { start: 0, end: 1 } as never } })));
  const migrations = buildCatalog({ source: 'migrations', label: `db (${files.length} migrations)`, steps });
  return mergeCatalogs([snapshotOf(snapshot), migrations], { history: steps })!;
}

const indexNames = (catalog: Catalog, table: string): readonly string[] | undefined => catalog.tables.get(table)?.indexes.map(({ name }) => name);
const columnNames = (catalog: Catalog, table: string): readonly string[] | undefined => catalog.tables.get(table)?.columns.map(({ name }) => name);

describe('a snapshot and migrations', () => {
  it('that agree are the snapshot, with the places of the migrations', () => {
    const catalog = merged(base, base);
    expect([catalog.source, catalog.label]).toEqual(['snapshot', 'snapshot (PostgreSQL 16.4)']);
    expect(catalog.tables.get('public.orders')?.definedAt?.uri).toBe('file:///db/0.sql');
    expect([catalog.statistics, catalog.server]).toEqual([statistics, server]);
  });

  it('of a branch show what the branch adds, with the statistics of what was there', () => {
    const catalog = merged(base, base, 'create table refunds (id int primary key, order_id bigint references orders);\nalter table orders add column refunded_at timestamptz', 'create index orders_refunded on orders (refunded_at)', 'alter table orders add constraint u unique (note)');
    expect(catalog.label).toBe('snapshot (PostgreSQL 16.4) + 3 newer migrations');
    expect([...catalog.tables.keys()].sort()).toEqual(['public.carts', 'public.orders', 'public.refunds']);
    expect(columnNames(catalog, 'public.orders')).toEqual(['id', 'total', 'note', 'refunded_at']);
    expect(indexNames(catalog, 'public.orders')).toEqual(['orders_pkey', 'orders_note', 'orders_refunded', 'u']);
    expect(catalog.tables.get('public.orders')?.constraints.map(({ type, columns }) => `${type} ${columns.join()}`)).toEqual(['primary id', 'unique note']);
    expect(catalog.statistics?.relations.get('public.orders')?.tuples).toBe(5000);
  });

  it('take away what the history dropped or renamed, and keep what it never knew', () => {
    const catalog = merged(
      `${base};\ncreate index by_hand on orders (total);\ncreate table unknown (a int)`, base,
      'drop table carts;\nalter table orders drop column note;\nalter table orders rename column total to amount',
    );
    expect([...catalog.tables.keys()].sort()).toEqual(['public.orders', 'public.unknown']);
    expect(columnNames(catalog, 'public.orders')).toEqual(['id', 'amount']);
    expect(indexNames(catalog, 'public.orders')).toEqual(['orders_pkey']);
    expect(catalog.label).toBe('snapshot (PostgreSQL 16.4) + 1 newer migration');
  });

  it('keep the index that was made by hand, and one that has another name in the files', () => {
    const catalog = merged(`${base};\ncreate index by_hand on orders (total desc)`, base, 'create index orders_total on orders (total desc)');
    expect(indexNames(catalog, 'public.orders')).toEqual(['orders_pkey', 'orders_note', 'by_hand']);
    expect(catalog.label).toBe('snapshot (PostgreSQL 16.4)');
  });

  it('believe the server where both have a column', () => {
    expect(merged(base, base.replace('numeric(10,2) not null', 'numeric')).tables.get('public.orders')?.columns[1]).toMatchObject({ type: 'numeric(10,2)', notNull: true });
  });

  it('hand new columns and indexes down to partitions that only the server has', () => {
    const parent = 'create table e (id int, at date) partition by range (at)';
    const catalog = merged(`${parent};\ncreate table e_2024 partition of e for values from ('2024-01-01') to ('2025-01-01')`, parent, 'alter table e add column kind text;\ncreate index on e (kind, at)');
    expect(columnNames(catalog, 'public.e_2024')).toEqual(['id', 'at', 'kind']);
    expect(indexNames(catalog, 'public.e_2024')).toEqual(['e_2024_kind_at_idx']);
  });

  it('add policies, and row security that a migration turns on', () => {
    const catalog = merged(base, base, 'alter table orders enable row level security;\ncreate policy own on orders using (id > 0)');
    expect(catalog.tables.get('public.orders')?.rowSecurity).toMatchObject({ enabled: true, policies: [{ name: 'own' }] });
  });

  it('stay silent below a live catalog', () => {
    const live = catalogOf('create table orders (id bigint primary key)', { source: 'live', label: 'production' });
    const catalog = mergeCatalogs([live, snapshotOf(base), catalogOf(`${base};\ncreate table more (a int)`, { source: 'migrations', label: 'm' })])!;
    expect([[...catalog.tables.keys()], catalog.label, columnNames(catalog, 'public.orders')]).toEqual([['public.orders'], 'production', ['id']]);
    expect(catalog.statistics).toBe(statistics);
  });

  it('keep the version of what did not change', () => {
    expect(merged(base, base).version).toBe(merged(base, base).version);
    expect(merged(base, base).version).not.toBe(merged(base, base, 'create index i on carts (id)').version);
  });
});
