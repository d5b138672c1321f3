import { describe, expect, it } from 'vitest';
import { findTable, isLarge, isNullable, isUniqueWithin, uniqueKeys } from '../../../server/src/core/catalog/lookup';
import { mergeCatalogs } from '../../../server/src/core/catalog/merge';
import { findTenantEvidence, tenantColumnOf } from '../../../server/src/core/catalog/tenancy';
import { catalogOf, tableOf } from './schema';

describe('lookup', () => {
  it('searches the path', () => {
    const catalog = catalogOf('create table a.t (x int);\ncreate table b.t (y int)', { searchPath: ['b', 'a'] });
    expect(findTable(catalog, { name: 't' })?.schema).toBe('b');
    expect(findTable(catalog, { schema: 'a', name: 't' })?.schema).toBe('a');
    expect(findTable(undefined, { name: 't' })).toBeUndefined();
  });

  it('knows what is unique', () => {
    const table = tableOf('create table t (id int primary key, a int not null, b int, c int, unique (a, b));\ncreate unique index on t (c) where b is null;\ncreate unique index on t (lower(c::text));\ncreate unique index u on t (a, c)', 'public.t');
    expect(uniqueKeys(table).map((key) => [key.columns.join(), key.coversNulls])).toEqual([['id', true], ['a,b', false], ['a,c', false]]);
    expect(isUniqueWithin(table, ['a', 'b'])).toBe(false);
    expect(isUniqueWithin(table, ['b', 'a', 'c'], { pinned: true })).toBe(true);
    expect(isUniqueWithin(table, ['c', 'id'])).toBe(true);
    expect([isNullable(table, 'b'), isNullable(table, 'a'), isNullable(table, 'nothing')]).toEqual([true, false, undefined]);
  });

  it('says unknown where rows are unknown', () => {
    const limits = { smallTableRows: 1000, largeTableRows: 10_000 };
    const sized = catalogOf('create table t (a int);\ncreate table u (a int)', { assume: { 'public.t': 5000 } });
    expect([isLarge(sized.tables.get('public.t'), limits), isLarge(sized.tables.get('public.u'), limits)]).toEqual([false, undefined]);
  });
});

describe('mergeCatalogs', () => {
  const migrations = catalogOf('create table t (a int);\ncreate table u (a int)', { source: 'migrations', label: 'migrations', assume: { t: 7 } });
  it('prefers the better source, whole tables', () => {
    const models = catalogOf('create table t (b int);\ncreate table v (a int)', { source: 'models', label: 'models' });
    const merged = mergeCatalogs([models, migrations]);
    expect([merged?.source, merged?.label]).toEqual(['migrations', 'migrations + models']);
    expect([...(merged?.tables.keys() ?? [])]).toEqual(['public.t', 'public.u', 'public.v']);
    expect(merged?.tables.get('public.t')?.columns).toMatchObject([{ name: 'a' }]);
  });
  it('adds nothing to a live catalog but rows', () => {
    const merged = mergeCatalogs([migrations, catalogOf('create table t (a int)', { source: 'live', label: 'production' })]);
    expect([...(merged?.tables.keys() ?? [])]).toEqual(['public.t']);
    expect([merged?.label, merged?.tables.get('public.t')?.rows]).toEqual(['production', 7]);
    expect(mergeCatalogs([])).toBeUndefined();
  });
});

describe('tenancy', () => {
  const settings = { columns: [], globalTables: [], systemPaths: [] };
  it('takes a column that 40 % of the tables carry', () => {
    const catalog = catalogOf('create table tenants (id int primary key);\ncreate table a ("tenantId" int not null);\ncreate table b ("tenantId" int not null);\ncreate table c (x int)');
    expect(findTenantEvidence(catalog)).toMatchObject({ column: 'tenantId', source: 'share', carriers: 2, tables: 4 });
    expect(tenantColumnOf(catalog, catalog.tables.get('public.a')!, settings)).toBe('tenantId');
    expect(tenantColumnOf(catalog, catalog.tables.get('public.c')!, settings)).toBeUndefined();
    expect(tenantColumnOf(catalog, catalog.tables.get('public.a')!, { ...settings, globalTables: ['a'] })).toBeUndefined();
  });
  it('takes several foreign keys to the table of that name', () => {
    const many = Array.from({ length: 12 }, (_, index) => `create table x${index} (a int)`).join(';\n');
    const catalog = catalogOf(`create table companies (id int primary key);\n${many};\n${['a', 'b', 'c'].map((name) => `create table ${name} (company_id int not null references companies)`).join(';\n')}`);
    expect(findTenantEvidence(catalog)).toMatchObject({ column: 'company_id', source: 'foreign-keys', tenantTable: 'public.companies' });
  });
  it('is silent without evidence and follows the configuration', () => {
    const catalog = catalogOf('create table a (tenant_id int);\ncreate table b (x int);\ncreate table c (y int, shop_id int)');
    expect(findTenantEvidence(catalog)).toBeUndefined();
    expect(tenantColumnOf(catalog, catalog.tables.get('public.c')!, { ...settings, columns: ['shopId'] })).toBe('shop_id');
  });
});
