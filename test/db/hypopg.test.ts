import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type RunningPostgres } from '../../scripts/postgres.mjs';
import { toAdviceReport } from '../../server/src/core/advice/adviceReport';
import { chooseIndexSet, type IndexSet } from '../../server/src/core/advice/indexSet';
import { toWorkloadQueries } from '../../server/src/core/advice/workloadQueries';
import { defaultSettings } from '../../server/src/core/lint/defaults';
import { collectNodes, parsePlan } from '../../server/src/core/plan/planTree';
import { explainWhatIf, safeExplain } from '../../server/src/db/explain';
import { findHypopg, type Hypopg } from '../../server/src/db/hypopg';
import { introspect } from '../../server/src/db/introspect';
import { openSession, type DbSession } from '../../server/src/db/session';
import type { AdvisedDatabase } from '../../server/src/workspace/advise';
import { verifyOnServer } from '../../server/src/workspace/verifyAdvice';
import { createDatabase } from '../support/postgres';
import { prove } from '../support/prove';
import { loadReaders } from '../support/readers';
import { createServerPlanner } from '../support/serverPlanner';

/** A Postgres of this machine, 16 or later for GENERIC_PLAN or 15, that has HypoPG: Debian's `postgresql-15-hypopg`. */
function findServer(): string | undefined {
  const root = '/usr/lib/postgresql';
  const majors = existsSync(root) ? readdirSync(root).filter((major) => Number(major) >= 15) : [];
  const found = majors.find((major) => existsSync(`/usr/share/postgresql/${major}/extension/hypopg.control`) && existsSync(`${root}/${major}/bin/initdb`));
  return found === undefined ? undefined : `${root}/${found}`;
}

const binaries = findServer();
if (binaries === undefined) console.warn('HypoPG is not tested: no Postgres of this machine has it. Debian: apt install postgresql-15-hypopg');

const DDL = `
  CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, customer_id bigint NOT NULL, created_at timestamptz NOT NULL, data jsonb NOT NULL);
  INSERT INTO orders SELECT i, i % 20, i % 5000, timestamptz '2024-01-01' + i * interval '1 minute', jsonb_build_object('k', i % 4000) FROM generate_series(1, 60000) i;
  ANALYZE orders;
`;

describe.skipIf(binaries === undefined)('HypoPG on a server that has it', () => {
  let folder: string;
  let server: RunningPostgres;
  let session: DbSession;
  let hypopg: Hypopg | undefined;
  const query = async (sql: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sargable-hypopg-'));
    // The server may run as another user.
    chmodSync(folder, 0o755);
    server = await startPostgres({ dataFolder: join(folder, 'data'), binaries, settings: { fsync: 'off', log_statement: 'all', log_line_prefix: '%a|' } });
    await query(`CREATE SCHEMA "Ext"; CREATE EXTENSION hypopg SCHEMA "Ext"; ${DDL}`);
    session = openSession(server.url);
    hypopg = await findHypopg(session);
  }, 120_000);
  afterAll(async () => {
    await session?.close();
    await server?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const tryIndex = async (sql: string, indexes: readonly string[]): Promise<{ readonly cost: number; readonly used: boolean }> => {
    const { plan, names } = await explainWhatIf(session, sql, { proof: await prove(sql), hypopg: hypopg!, indexes });
    const { root } = parsePlan(plan);
    return { cost: root.totalCost, used: collectNodes(root).some((node) => node.index !== undefined && names.includes(node.index)) };
  };
  /** State of every backend that the session keeps: HypoPG's outlives a transaction. */
  const leftBehind = async (): Promise<readonly unknown[]> => session.withConnection((connection) => connection.query('SELECT * FROM "Ext".hypopg_list_indexes'));

  it('plans with an index that does not exist, and is gone after', async () => {
    const sql = 'SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 20';
    const before = parsePlan((await safeExplain(session, sql, { proof: await prove(sql) })).plan).root.totalCost;
    const tried = await tryIndex(sql, ['CREATE INDEX ON public.orders USING btree (tenant_id, created_at DESC)']);
    expect(tried.used).toBe(true);
    expect(tried.cost).toBeLessThan(before / 10);
    expect(await leftBehind()).toEqual([]);
    await query('CREATE INDEX really ON orders (tenant_id, created_at DESC)');
    const real = parsePlan((await safeExplain(session, sql, { proof: await prove(sql) })).plan).root.totalCost;
    await query('DROP INDEX really');
    expect(Math.abs(tried.cost - real) / real).toBeLessThan(0.15);
  });
  it('is reset after a statement or an index that fails', async () => {
    await expect(tryIndex('SELECT nothing FROM orders', ['CREATE INDEX ON public.orders (tenant_id)'])).rejects.toMatchObject({ sqlState: '42703' });
    expect(await leftBehind()).toEqual([]);
    await expect(tryIndex('SELECT 1 FROM orders', ['CREATE INDEX ON public.orders (tenant_id)', 'CREATE INDEX ON public.orders USING gin (data)'])).rejects.toThrow(/gin/);
    expect(await leftBehind()).toEqual([]);
  });
  it('refuses what is not proved to be one statement', async () => {
    await expect(prove('SELECT 1; DROP TABLE orders')).rejects.toThrow('not one statement');
    await expect(explainWhatIf(session, 'DROP TABLE orders', { proof: await prove('DROP TABLE orders'), hypopg: hypopg!, indexes: [] })).rejects.toMatchObject({ kind: 'refused-statement' });
  });

  it('confirms the advice for a workspace on request', async () => {
    const database = await createDatabase(DDL);
    const advised = await advise(database.url, ['SELECT * FROM orders WHERE customer_id = $1', 'SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 20', "SELECT * FROM orders WHERE data @> '{\"k\": 5}'"]);
    await database.drop();
    const verified = await verifyOnServer(server.url, advised, (await loadReaders()).sql);
    if ('problem' in verified) throw new Error(verified.problem);
    const words = Object.fromEntries(verified.report.indexes.map((i) => [i.columns, i.server]));
    expect(words['(customer_id)']).toMatch(/^verified on your server \(HypoPG 1\.\d.*\): its planner takes it for 1 of 1 queries: cost [\d,]+ to [\d.]+$/);
    expect(words['(tenant_id, created_at DESC)']).toMatch(/^verified on your server/);
    expect(words['(data jsonb_path_ops)']).toMatch(/HypoPG knows no gin index/);
    // Nothing was made for the user, and nothing ran.
    const sent = readFileSync(join(folder, 'data.log'), 'utf8').split('\n').filter((line) => line.startsWith('sargable|'));
    expect(sent.filter((line) => /hypopg_create_index/.test(line)).length).toBeGreaterThan(0);
    expect(sent.filter((line) => /: (create|analyze|drop|insert|update|delete)/i.test(line))).toEqual([]);
    expect(await query('SELECT indexname FROM pg_indexes WHERE tablename = \'orders\'')).toEqual([{ indexname: 'orders_pkey' }]);
  });
});

describe('HypoPG on a server that does not have it', () => {
  it('is a message, and is not installed', async () => {
    const database = await createDatabase(DDL);
    try {
      const advised = await advise(database.url, ['SELECT * FROM orders WHERE customer_id = $1']);
      expect(await verifyOnServer(database.url, advised, (await loadReaders()).sql)).toMatchObject({ problem: expect.stringMatching(/^HypoPG is not installed in .*CREATE EXTENSION hypopg$/) as string });
      expect(await database.query("SELECT extname FROM pg_extension WHERE extname = 'hypopg'")).toEqual([]);
    } finally {
      await database.drop();
    }
  });
});

async function advise(url: string, queries: readonly string[]): Promise<Pick<AdvisedDatabase, 'set' | 'report'>> {
  const { sql: analyser } = await loadReaders();
  const session = openSession(url);
  const catalog = await introspect(session, {}).finally(() => session.close());
  const server = createServerPlanner(url);
  const workload = toWorkloadQueries(queries.map((sql) => ({ sql, model: analyser.analyse({ text: sql, placeholders: 'dollar', interpolations: [] }), sites: 1 })), catalog, defaultSettings);
  let set: IndexSet | undefined;
  while (!set) {
    const answer = chooseIndexSet({ planner: server.planner, queries: workload });
    if (answer.state === 'chosen') set = answer;
    else expect(await server.settle()).toBe(true);
  }
  return { set, report: toAdviceReport({ set, catalog, writes: new Map(), placesOf: () => [] }) };
}
