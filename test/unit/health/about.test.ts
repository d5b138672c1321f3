import { describe, expect, it } from 'vitest';
import { migrationOfFinding, tableOfFinding } from '../../../server/src/core/health/about';
import type { Catalog } from '../../../server/src/core/catalog/model';

const table = (schema: string, name: string, ...indexes: readonly string[]): [string, unknown] => [`${schema}.${name}`, { schema, name, indexes: indexes.map((index) => ({ name: index })) }];
const catalog = { tables: new Map([table('public', 'orders', 'orders_pkey', 'Orders idx'), table('billing', 'Invoices', 'inv_idx')]) } as unknown as Catalog;

describe('the table of a finding', () => {
  it.each([
    ['public.orders', {}, 'public.orders'], ['billing."Invoices"', {}, 'billing.Invoices'], ['public."Orders idx"', {}, 'public.orders'], ['billing.orders_pkey', {}, undefined],
    ['public.orders (customer_id)', {}, 'public.orders'], ['process 4711', {}, undefined], ['max_connections', {}, undefined], ['public.gone', {}, undefined],
    ['orders_customer_fkey', { table: 'public.orders' }, 'public.orders'], ['public.orders_id_seq', { column: 'public.orders.id' }, 'public.orders'], ['public . orders', {}, undefined],
  ])('%s %j: %s', (subject, evidence, expected) => expect(tableOfFinding({ subject, evidence }, catalog)).toBe(expected));
});

describe('the migration of a finding', () => {
  const of = (statement: string | undefined, evidence = {}): ReturnType<typeof migrationOfFinding> => migrationOfFinding({ id: 'unused-index', subject: 'public.a_idx', evidence, ...(statement === undefined ? {} : { statement }) });
  it('drops an index with its definition as the way back', () => {
    expect(of('DROP INDEX CONCURRENTLY a_idx;\n-- to bring it back: CREATE INDEX a_idx ON a (b);', { definition: 'CREATE UNIQUE INDEX a_idx ON public.a USING btree (b)' })).toEqual({
      name: 'drop_a_idx', statements: ['DROP INDEX CONCURRENTLY a_idx'], down: ['CREATE UNIQUE INDEX CONCURRENTLY a_idx ON public.a USING btree (b);'],
    });
  });
  it('creates one, and leaves the undo to the renderer', () => expect(of('CREATE INDEX CONCURRENTLY a_idx ON a (b);')).toEqual({ name: 'a_idx', statements: ['CREATE INDEX CONCURRENTLY a_idx ON a (b)'] }));
  it('changes what it cannot undo without an undo', () => {
    expect(of("ALTER TABLE a SET (autovacuum_vacuum_scale_factor = 0.02);\nALTER SEQUENCE s AS bigint; -- 'x;y'")).toEqual({ name: 'unused-index_a_idx', statements: ['ALTER TABLE a SET (autovacuum_vacuum_scale_factor = 0.02)', 'ALTER SEQUENCE s AS bigint'], down: [] });
  });
  it.each([undefined, '', '-- only a comment', 'VACUUM a;', 'SELECT pg_terminate_backend(1);', 'REINDEX INDEX CONCURRENTLY a_idx;', "ALTER SYSTEM SET work_mem = '64MB';", 'ALTER INDEX a_idx ATTACH PARTITION …;', 'DROP INDEX a; VACUUM a;', 'DROP TABLE a;', 'ALTER DATABASE d SET x = 1;'])('%s is none', (statement) => expect(of(statement)).toBeUndefined());
});
