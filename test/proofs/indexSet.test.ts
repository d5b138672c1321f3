import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderAdviceMarkdown, toAdviceReport, type AdviceReport } from '../../server/src/core/advice/adviceReport';
import { renderIndexColumns } from '../../server/src/core/advice/indexAdvice';
import { chooseIndexSet, type IndexSet } from '../../server/src/core/advice/indexSet';
import { collectWrites, toWorkloadQueries, type WorkloadStatement } from '../../server/src/core/advice/workloadQueries';
import type { Catalog } from '../../server/src/core/catalog/model';
import { defaultSettings } from '../../server/src/core/lint/defaults';
import { introspect } from '../../server/src/db/introspect';
import { openSession } from '../../server/src/db/session';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { loadReaders } from '../support/readers';
import { createServerPlanner, type ServerPlanner } from '../support/serverPlanner';

const DDL = `
  CREATE TABLE customers (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, email text NOT NULL);
  CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, customer_id bigint NOT NULL, status text NOT NULL, total numeric NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz, note text NOT NULL);
  CREATE INDEX orders_customer ON orders (customer_id);
  INSERT INTO customers SELECT i, i % 20, 'user' || i || '@example.com' FROM generate_series(1, 30000) i;
  INSERT INTO orders SELECT i, i % 20, i % 400, (ARRAY['open', 'paid', 'sent', 'closed'])[1 + i % 4], i, timestamptz '2024-01-01' + i * interval '1 minute', NULL, repeat('x', 80) FROM generate_series(1, 100000) i;
  VACUUM ANALYZE;
`;
const QUERIES = [
  'SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 20',
  'SELECT * FROM orders WHERE tenant_id = $1 AND created_at > $2 ORDER BY created_at DESC LIMIT 50',
  'SELECT * FROM orders WHERE tenant_id = $1 AND status = $2 ORDER BY created_at DESC LIMIT 20',
  'SELECT * FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 10',
  'SELECT c.email, o.total FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.email = $1',
  'SELECT id FROM customers WHERE email = $1',
  'SELECT id, total FROM orders WHERE id = $1',
  'UPDATE orders SET status = $2, updated_at = now() WHERE id = $1',
  'INSERT INTO orders (id, tenant_id) VALUES ($1, $2)',
];

let database: TestDatabase;
let server: ServerPlanner;
let catalog: Catalog;
beforeAll(async () => {
  database = await createDatabase();
  for (const statement of DDL.split(';').filter((s) => s.trim() !== '')) await database.query(statement);
  server = createServerPlanner(database.url);
  const session = openSession(database.url);
  catalog = await introspect(session, {});
  await session.close();
}, 60_000);
afterAll(() => database?.drop());

async function toStatements(queries: readonly (string | readonly [string, Partial<WorkloadStatement>])[]): Promise<readonly WorkloadStatement[]> {
  const { sql: analyser } = await loadReaders();
  return queries.map((query) => {
    const [sql, more] = typeof query === 'string' ? [query, {}] : query;
    return { sql, model: analyser.analyse({ text: sql, placeholders: 'dollar', interpolations: [] }), sites: 1, ...more };
  });
}

async function choose(statements: readonly WorkloadStatement[], max?: number): Promise<IndexSet> {
  const queries = toWorkloadQueries(statements, catalog, defaultSettings);
  for (;;) {
    const set = chooseIndexSet({ planner: server.planner, queries, max });
    if (set.state === 'chosen') return set;
    expect(set.state).toBe('pending');
    expect(await server.settle()).toBe(true);
  }
}

const shown = (set: IndexSet): readonly string[] => set.indexes.map(({ proposal }) => `${proposal.table.name} ${renderIndexColumns(proposal)}`);

describe('the index set of a workspace, tried on a real server', () => {
  let report: AdviceReport;
  it('is small, serves every query that an index can serve, and holds one index of a prefix family', async () => {
    const statements = await toStatements(QUERIES);
    const set = await choose(statements);
    report = toAdviceReport({ set, catalog, writes: collectWrites(statements, catalog), placesOf: (sql) => [{ path: 'queries.sql', line: QUERIES.indexOf(sql) + 1 }] });
    expect([...shown(set)].sort()).toEqual(['customers (email)', 'orders (customer_id, created_at DESC)', 'orders (tenant_id, created_at DESC)']);
    expect(new Set(set.indexes.flatMap((i) => i.serves.map((s) => s.query.sql)))).toEqual(new Set(QUERIES.slice(0, 6)));
    for (const { serves } of set.indexes) for (const { before, after } of serves) expect(after.cost).toBeLessThan(before.cost);
  });
  it('reports statements to copy, what becomes redundant, and what writes cost', () => {
    const document = renderAdviceMarkdown([report]);
    expect(document).toContain('CREATE INDEX CONCURRENTLY orders_customer_id_created_at_idx ON orders (customer_id, created_at DESC);\n-- when orders_customer_id_created_at_idx is valid:\nDROP INDEX CONCURRENTLY orders_customer;');
    expect(document).toMatch(/\| queries\.sql:1 \| [\d,]+ \| [\d.]+ \| 100,000 \| 20 \|/);
    expect(report.indexes.find((i) => i.table === 'public.orders')?.writes).toBe('1 INSERT of the workspace adds an entry per row; no UPDATE changes its columns');
  });
  it('puts first what the server spends most time on', async () => {
    const statements = await toStatements([[QUERIES[0]!, { weight: 10 }], [QUERIES[5]!, { weight: 60_000 }], QUERIES[3]!]);
    expect(shown(await choose(statements, 1))).toEqual(['customers (email)']);
    // What the server never saw is worth nothing there.
    expect([...shown(await choose(statements))].sort()).toEqual(['customers (email)', 'orders (tenant_id, created_at DESC)']);
  });
  it('names the updates that an index ends the heap-only path for', async () => {
    const statements = await toStatements(['SELECT * FROM orders WHERE updated_at > $1 ORDER BY updated_at LIMIT 10', ...QUERIES]);
    const set = await choose(statements);
    const all = toAdviceReport({ set, catalog, writes: collectWrites(statements, catalog), placesOf: () => [] });
    expect(all.indexes.find((i) => i.columns.startsWith('(updated_at'))?.writes).toBe('1 INSERT of the workspace adds an entry per row; 1 UPDATE changes updated_at, which no index holds so far: such updates are not heap-only (HOT) any more');
  });
  it('advises nothing where everything is served', async () => {
    const set = await choose(await toStatements([QUERIES[6]!, QUERIES[7]!]));
    expect(set).toMatchObject({ indexes: [], planned: 2, refused: [] });
  });
});
