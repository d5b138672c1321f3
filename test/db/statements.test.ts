import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import knex from 'knex';
import pg from 'pg';
import type { CodeLens, Hover } from 'vscode-languageserver/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectRequest, disconnectRequest, refreshStatisticsRequest } from '../../protocol/requests';
import { startPostgres } from '../../scripts/postgres.mjs';
import type { StatementUsage } from '../../server/src/core/lint/usage';
import { readStatements } from '../../server/src/db/statements';
import { openSession } from '../../server/src/db/session';
import { createConnections } from '../../server/src/workspace/connections';
import { createEngine } from '../../server/src/workspace/engine';
import { toUri } from '../../server/src/workspace/paths';
import { createProject, type Project } from '../../server/src/workspace/project';
import { createStatementReader, STATEMENTS_MAX_AGE_MS } from '../../server/src/workspace/statementReader';
import { collectWeights } from '../../server/src/workspace/statementStats';
import { runCli } from '../support/cli';
import { startLspClient } from '../support/lspClient';
import { createDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

const SCHEMA = 'CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint NOT NULL, total integer NOT NULL, note text);\nCREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL);\n';
const ROWS = "INSERT INTO orders (customer, total, note) SELECT n % 900, n, 'note ' || n FROM generate_series(1, 30000) n;\nINSERT INTO customers SELECT n, 'name ' || n FROM generate_series(1, 50) n;\nANALYZE;";

const FILES = {
  'schema.sql': SCHEMA,
  'app.ts': `import { Pool } from 'pg';
const pool = new Pool();
export const byCustomer = (customer: number) => pool.query('SELECT id, total FROM orders WHERE customer = $1 ORDER BY id LIMIT 3', [customer]);
export const byIds = (ids: number[]) => pool.query(\`SELECT note FROM orders WHERE id IN (\${ids.map((_, i) => '$' + (i + 1)).join(', ')})\`, ids);
export const never = () => pool.query('SELECT max(total) FROM orders');
export async function find(customer: number, note?: string) {
  let sql = 'SELECT id FROM orders WHERE customer = $1';
  if (note) sql += ' AND note = $2';
  return pool.query(sql, note ? [customer, note] : [customer]);
}
`,
  'builder.ts': `import knex from 'knex';
const db = knex({ client: 'pg' });
export const recent = (customer: number) => db('orders').where({ customer }).orderBy('id').limit(10);
export const some = (ids: number[]) => db('orders').whereIn('id', ids).select('id', 'note');
export const add = (rows: object[]) => db('orders').insert([{ customer: 1, total: 2 }, { customer: 3, total: 4 }]);
export const rename = (id: number) => db('orders').where('id', id).update({ note: 'renamed' });
`,
  'loop.ts': `import { byCustomer } from './app';
export async function all(customers: number[]) {
  for (const customer of customers) await byCustomer(customer);
}
`,
  'schema.prisma': `datasource db { provider = "postgresql" }
generator client { provider = "prisma-client-js" }
model Customer {
  id   Int    @id
  name String
  @@map("customers")
}
`,
  'prisma.ts': `import { PrismaClient } from '@prisma/client';
const prisma = new PrismaClient();
export const search = (q: string, take: number) => prisma.customer.findMany({ where: { name: { contains: q } }, orderBy: { id: 'desc' }, take });
export const count = (name: string) => prisma.customer.count({ where: { name } });
`,
  'models.py': `from sqlalchemy import String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))

async def named(session, name):
    return await session.scalars(select(Customer).where(Customer.name == name).order_by(Customer.id.desc()).limit(3))

def legacy(session, name):
    return session.query(Customer).filter(Customer.name == name).order_by(Customer.id).limit(2).all()
`,
  'slow.sql': "SELECT id FROM orders WHERE note LIKE '%77%';\n",
  'a.sql': "SELECT id FROM customers WHERE name LIKE '%zebra%';\nSELECT id, total FROM orders WHERE note LIKE '%zebra%' ORDER BY id;\n",
};

// A server of its own: the library has to be loaded when it starts.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-statements-'));
let server: Awaited<ReturnType<typeof startPostgres>>;
let workspace: ReturnType<typeof makeWorkspace>;
/** Extension 1.9 (PostgreSQL 14) tells since when it counts, and which statements ran inside functions. */
let tellsMore = true;
const urlOf = (database: string, role = 'postgres:sargable'): string => `postgres://${role}@127.0.0.1:${server.port}/${database}`;

async function run(url: string, ...statements: readonly (string | pg.QueryConfig)[]): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  fs.chmodSync(folder, 0o755);
  server = await startPostgres({ dataFolder: path.join(folder, 'data'), settings: { fsync: 'off', shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'all' } });
  const probe = openSession(server.url);
  const [version] = await probe.withConnection((c) => c.query("select current_setting('server_version_num')::int as number"));
  await probe.close();
  tellsMore = Number(version?.['number']) >= 140000;
  await run(server.url, 'CREATE DATABASE shop', 'CREATE DATABASE other', "CREATE ROLE plain LOGIN PASSWORD 'plain'", "CREATE ROLE shut LOGIN PASSWORD 'shut'");
  await run(urlOf('shop'), 'CREATE SCHEMA "Ext"', 'CREATE EXTENSION pg_stat_statements SCHEMA "Ext"', 'GRANT USAGE ON SCHEMA "Ext" TO plain', SCHEMA, ROWS, 'GRANT SELECT ON orders TO plain',
    "CREATE FUNCTION counted() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM customers WHERE name = 'nested'); END $$",
    'SELECT "Ext".pg_stat_statements_reset()');
  await runTraffic();
  workspace = makeWorkspace(FILES);
});
afterAll(async () => {
  workspace?.remove();
  await server.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** What the application of FILES sends, by the libraries themselves. */
async function runTraffic(): Promise<void> {
  const url = urlOf('shop');
  const slow = Array.from({ length: 80 }, (_, i) => `SELECT id FROM orders WHERE note LIKE '%${i}7%'`);
  await run(url, ...slow,
    ...[1, 2, 3, 4].map((customer) => ({ text: 'SELECT id, total FROM orders WHERE customer = $1 ORDER BY id LIMIT 3', values: [customer] })),
    { text: 'SELECT note FROM orders WHERE id IN ($1, $2)', values: [1, 2] }, { text: 'SELECT note FROM orders WHERE id IN ($1, $2, $3)', values: [1, 2, 3] },
    { text: 'SELECT id FROM orders WHERE customer = $1', values: [1] }, { text: 'SELECT id FROM orders WHERE customer = $1 AND note = $2', values: [1, 'x'] },
    "SELECT id FROM customers WHERE name LIKE '%zz%'", 'SELECT counted()',
    // Word by word what Prisma 6.19, SQLAlchemy 2.1 on asyncpg and its legacy query on psycopg were seen to send.
    { text: 'SELECT "public"."customers"."id", "public"."customers"."name" FROM "public"."customers" WHERE "public"."customers"."name"::text LIKE $1 ORDER BY "public"."customers"."id" DESC LIMIT $2 OFFSET $3', values: ['%1%', 7, 0] },
    { text: 'SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."customers"."id" FROM "public"."customers" WHERE "public"."customers"."name" = $1 OFFSET $2) AS "sub"', values: ['x', 0] },
    { text: 'SELECT customers.id, customers.name \nFROM customers \nWHERE customers.name = $1::VARCHAR ORDER BY customers.id DESC \n LIMIT $2::INTEGER', values: ['name 3', 3] },
    'SELECT customers.id AS customers_id, customers.name AS customers_name \nFROM customers \nWHERE customers.name = \'x\' ORDER BY customers.id \n LIMIT 2');
  await run(urlOf('shop', 'plain:plain'), "SELECT id FROM orders WHERE note LIKE '%plain%'");
  const db = knex({ client: 'pg', connection: url });
  try {
    for (const customer of [5, 6]) await db('orders').where({ customer }).orderBy('id').limit(10);
    await db('orders').whereIn('id', [1, 2, 3, 4]).select('id', 'note');
    await db('orders').insert([{ customer: 1, total: 2 }, { customer: 3, total: 4 }]);
    await db('orders').where('id', 1).update({ note: 'renamed' });
  } finally {
    await db.destroy();
  }
}

/** Reads as a role and closes the connection. */
async function read(url: string) {
  const session = openSession(url);
  try {
    return await readStatements(session);
  } finally {
    await session.close();
  }
}

describe('reading pg_stat_statements', () => {
  it('gives the statements of this database, wherever the extension is, without utility statements', async () => {
    const { rows, totalMs, since, notes } = await read(urlOf('shop'));
    expect(notes).toEqual([]);
    expect(Date.parse(since ?? '') > 0).toBe(tellsMore);
    const found = rows.filter((row) => row.sql === 'SELECT id FROM orders WHERE note LIKE $1');
    expect(found.map((row) => row.calls).sort()).toEqual([1, 80]);
    const slow = found.find((row) => row.calls === 80);
    expect(slow && 0 < slow.minMs && slow.minMs <= slow.maxMs && slow.maxMs < slow.totalMs).toBe(true);
    expect(slow && slow.blocksHit + slow.blocksRead).toBeGreaterThan(80);
    expect(totalMs).toBeGreaterThanOrEqual(rows.reduce((sum, row) => sum + row.totalMs, 0) * 0.999);
    expect(rows.filter((row) => /^\s*(begin|set|create|analyze|rollback)/i.test(row.sql))).toEqual([]);
    // A statement inside a function is part of the call's time.
    expect(rows.filter((row) => row.sql.includes('count(*) FROM customers WHERE name = '))).toHaveLength(tellsMore ? 0 : 1);
    expect(rows.some((row) => row.sql.includes('counted()'))).toBe(true);
  });

  it('says what is missing, and how to get it', async () => {
    expect((await read(urlOf('other'))).notes).toEqual([expect.stringMatching(/loaded, but not installed in this database\. Run: CREATE EXTENSION/)]);
    const hidden = await read(urlOf('shop', 'plain:plain'));
    expect(hidden.notes).toEqual([expect.stringMatching(/^Statements of other roles are hidden \(\d+ % of the database's time\)\. .*GRANT pg_read_all_stats/)]);
    expect(hidden.rows.map((row) => row.sql)).toContain('SELECT id FROM orders WHERE note LIKE $1');
    expect(hidden.rows.map((row) => row.sql).join('\n')).not.toContain('insufficient privilege');
    await run(urlOf('shop'), 'REVOKE SELECT ON "Ext".pg_stat_statements FROM PUBLIC');
    expect((await read(urlOf('shop', 'shut:shut'))).notes).toEqual([expect.stringContaining('may not read pg_stat_statements')]);
    await run(urlOf('shop'), 'GRANT SELECT ON "Ext".pg_stat_statements TO PUBLIC');
  });

  it('reads the columns of every version of the extension, PostgreSQL 12 to 18', async () => {
    const columnsOf = async (version: string): Promise<void> => run(urlOf('versions'), 'DROP EXTENSION IF EXISTS pg_stat_statements', `CREATE EXTENSION pg_stat_statements VERSION '${version}'`, 'SELECT 1 AS one');
    await run(server.url, 'CREATE DATABASE versions');
    const session = openSession(server.url);
    const known = await session.withConnection((c) => c.query("select version from pg_available_extension_versions where name = 'pg_stat_statements'"));
    await session.close();
    // Those that PostgreSQL 12 to 18 come with; an older server of a matrix run has not heard of the newer ones.
    const versions = ['1.7', '1.8', '1.9', '1.10', '1.11', '1.12'].filter((version) => known.some((row) => row['version'] === version));
    expect(versions).toContain('1.7');
    for (const version of versions) {
      await columnsOf(version);
      const { rows, since, notes } = await read(urlOf('versions'));
      expect(rows.find((row) => row.sql === 'SELECT $1 AS one')?.calls, version).toBeGreaterThan(0);
      expect([notes, since !== undefined], version).toEqual([[], !['1.7', '1.8'].includes(version)]);
    }
  });

  it('a role without the schema is told so too', async () => {
    expect((await read(urlOf('shop', 'shut:shut'))).notes).toEqual([expect.stringContaining('may not read pg_stat_statements')]);
  });

  it('a server that has not loaded the library is a note', async () => {
    const unloaded = await createDatabase('CREATE EXTENSION pg_stat_statements');
    const bare = await createDatabase();
    try {
      expect((await read(unloaded.url)).notes).toEqual([expect.stringContaining('shared_preload_libraries')]);
      expect((await read(bare.url)).notes).toEqual([expect.stringMatching(/not installed\. Add it to shared_preload_libraries/)]);
    } finally {
      await unloaded.drop();
      await bare.drop();
    }
  });

  it('asks a server once a minute at most, and again after a new connection', async () => {
    const connections = createConnections();
    let now = 1_000_000;
    const reader = createStatementReader(connections, () => now);
    try {
      expect(await reader.read(STATEMENTS_MAX_AGE_MS)).toBeUndefined();
      await connections.connect({ name: 'shop', url: urlOf('shop') });
      expect((await reader.read(STATEMENTS_MAX_AGE_MS))?.get('shop')?.rows.length).toBeGreaterThan(5);
      now += STATEMENTS_MAX_AGE_MS - 1;
      expect(await reader.read(STATEMENTS_MAX_AGE_MS)).toBeUndefined();
      now += 1;
      expect(await reader.read(STATEMENTS_MAX_AGE_MS)).toBeDefined();
      await connections.connect({ name: 'shop', url: urlOf('other') });
      expect((await reader.read(STATEMENTS_MAX_AGE_MS))?.get('shop')).toMatchObject({ rows: [], notes: [expect.stringContaining('not installed')] });
      await connections.disconnect('shop');
      expect(await reader.read(STATEMENTS_MAX_AGE_MS)).toEqual(new Map());
      expect(await reader.read(STATEMENTS_MAX_AGE_MS)).toBeUndefined();
    } finally {
      await connections.close();
    }
  });
});

describe('joined to the source', () => {
  let project: Project;
  let usages: Map<string, StatementUsage>;
  const engine = createEngine();

  beforeAll(async () => {
    project = await createProject({ folder: workspace.folder, engine: await engine, settings: {}, threads: 0 });
    const connections = createConnections();
    try {
      await connections.connect({ name: 'shop', url: urlOf('shop') });
      await project.setLive(connections.catalogs());
      const readings = await createStatementReader(connections).read(0);
      await project.setStatements(readings ?? new Map());
    } finally {
      await connections.close();
    }
    // The files come after the counters: the scan joins them.
    await project.scan();
    usages = new Map();
    for (const file of project.files.values()) {
      for (const site of file.sites) {
        const usage = project.usageOf(file.uri, site);
        const text = project.textOf(file.uri)?.slice(site.span.start, site.span.end) ?? '';
        if (usage) usages.set(text, usage);
      }
    }
  });
  const usageOf = (part: string): StatementUsage | undefined => [...usages].find(([text]) => text.includes(part))?.[1];

  it('node-postgres: literals and parameters, lists of any length, rows of several roles', () => {
    expect(usageOf('ORDER BY id LIMIT 3')).toMatchObject({ calls: 4, rows: 12 });
    expect(usageOf('SELECT note FROM orders WHERE id IN')).toMatchObject({ calls: 2, rows: 5 });
    expect(usageOf("LIKE '%77%'")).toMatchObject({ calls: 81 });
    expect(usageOf('max(total)')).toBeUndefined();
  });

  it('each text that conditions allow counts', () => {
    expect(usageOf('pool.query(sql')).toMatchObject({ calls: 2 });
  });

  it('knex: reads, lists, inserts of several rows, updates', () => {
    expect(usageOf("orderBy('id')")).toMatchObject({ calls: 2, rows: 20 });
    expect(usageOf('whereIn')).toMatchObject({ calls: 1, rows: 4 });
    expect(usageOf('insert')).toMatchObject({ calls: 1, rows: 2 });
    expect(usageOf('update')).toMatchObject({ calls: 1, rows: 1 });
  });

  it('what Prisma and SQLAlchemy write otherwise than we rebuild it', () => {
    expect(usageOf('findMany')).toMatchObject({ calls: 1, rows: 7 });
    expect(usageOf('customer.count')).toMatchObject({ calls: 1, rows: 1 });
    expect(usageOf('select(Customer)')).toMatchObject({ calls: 1, rows: 1 });
    expect(usageOf('session.query(Customer)')).toMatchObject({ calls: 1, rows: 0 });
  });

  it('a loop around a query in another file has the counters of that query', async () => {
    const loop = await project.lint(workspace.path('loop.ts'));
    const finding = 'findings' in loop ? loop.findings.find((f) => f.rule === 'n-plus-one') : undefined;
    expect(finding?.evidence).toMatchObject({ calls: 4 });
  });

  it('adds up to a share of all time, with extremes over all rows', () => {
    const slow = usageOf("LIKE '%77%'");
    const shares = [...usages.values()].map((usage) => usage.shareOfTotal);
    expect(shares.every((share) => share > 0 && share <= 1)).toBe(true);
    expect(slow?.shareOfTotal).toBe(Math.max(...shares));
    expect(slow && slow.minMs <= slow.meanMs && slow.meanMs <= slow.maxMs).toBe(true);
    expect(slow?.totalMs).toBeCloseTo((slow?.meanMs ?? 0) * 81);
  });

  it('weighs the statements for index advice', async () => {
    const weights = collectWeights(project, (await engine).sql);
    expect(weights.get('SELECT id, total FROM orders WHERE customer = $1 ORDER BY id LIMIT 3')).toBeGreaterThan(0);
    expect([...weights.keys()].some((sql) => sql.includes('max(total)'))).toBe(false);
  });

  it('findings know how hot their query is; what is not counted has no figures', async () => {
    const slow = await project.lint(workspace.path('slow.sql'));
    const finding = 'findings' in slow ? slow.findings.find((f) => f.rule === 'leading-wildcard-like') : undefined;
    expect(finding?.evidence).toMatchObject({ calls: 81, meanMs: expect.any(Number) as number, shareOfTotal: expect.any(Number) as number });
    expect(finding?.because).toMatch(/^Hot: \d+ % of the database's time \(81 calls, [\d.]+ ms each\)\./);
    const other = await project.lint(workspace.path('a.sql'));
    const cold = 'findings' in other ? other.findings.filter((f) => f.rule === 'leading-wildcard-like') : [];
    expect(cold.length).toBeGreaterThan(0);
    for (const { because, evidence } of cold) expect([because ?? '', evidence['shareOfTotal'] ?? 0].join()).not.toMatch(/Hot:/);
  });
});

describe('in the editor', () => {
  let client: Awaited<ReturnType<typeof startLspClient>> | undefined;
  afterEach(async () => {
    await client?.stop();
    client = undefined;
  });

  it('lenses and hovers show the counters of the connection, and go with it', async () => {
    client = await startLspClient({ folder: workspace.folder });
    await client.ready();
    const c = client;
    const uri = toUri(workspace.path('app.ts'));
    await c.open(uri, 'typescript', FILES['app.ts']);
    const titles = async (): Promise<string[]> => (await c.request<CodeLens[]>('textDocument/codeLens', { textDocument: { uri } })).flatMap((lens) => lens.command?.title ?? []);
    const counted = async (): Promise<string[]> => (await titles()).filter((title) => title !== 'Explain');
    const eventually = async (test: (titles: string[]) => boolean): Promise<string[]> => {
      let now = await counted();
      for (let i = 0; i < 200 && !test(now); i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        now = await counted();
      }
      return now;
    };
    expect(await counted()).toEqual([]);
    await c.request(connectRequest, { name: 'shop', url: urlOf('shop') });
    const shown = await eventually((now) => now.length > 0);
    expect(shown[0]).toMatch(/^4 calls · [\d.]+ ms mean · 3 rows · (\d+(\.\d)? %|under 0\.1 %) of total$/);
    expect(shown).toHaveLength(3);
    const at = { line: 2, character: FILES['app.ts'].split('\n')[2]?.indexOf('pool.query') ?? 0 };
    const hover = await c.request<Hover>('textDocument/hover', { textDocument: { uri }, position: at });
    expect(JSON.stringify(hover.contents)).toMatch(/4 calls .*Times: [\d.]+ ms to [\d.]+ ms, standard deviation (under )?[\d.]+ ms, .*Blocks: [\d,]+ from the cache/);
    expect(/ since \d{4}-\d\d-\d\d/.test(JSON.stringify(hover.contents))).toBe(tellsMore);
    await run(urlOf('shop'), { text: 'SELECT id, total FROM orders WHERE customer = $1 ORDER BY id LIMIT 3', values: [9] });
    expect((await counted())[0]).toMatch(/^4 calls/);
    await c.request(refreshStatisticsRequest, {});
    expect((await counted())[0]).toMatch(/^5 calls/);
    await c.configure({ codeLens: { enable: false } });
    expect(await eventually((now) => now.length === 0)).toEqual([]);
    await c.configure({ codeLens: { enable: true } });
    await eventually((now) => now.length > 0);
    await c.request(disconnectRequest, { name: 'shop' });
    expect(await eventually((now) => now.length === 0)).toEqual([]);
    expect(c.messages).toEqual([]);
  });
});

describe('on the command line', () => {
  it('files and findings with hot queries come first, in every format', async () => {
    const check = async (...args: string[]): Promise<string> => (await runCli(['check', ...args, '--rule', 'select-star=off'], { cwd: workspace.folder })).stdout;
    const json = JSON.parse(await check('--database', urlOf('shop'), '--format', 'json')) as { findings: { path: string; rule: string; evidence: { shareOfTotal?: number; calls?: number } }[] };
    expect(json.findings[0]).toMatchObject({ path: 'slow.sql', evidence: { calls: 81 } });
    expect(json.findings.map((f) => f.path)).toContain('a.sql');
    expect(await check('--database', urlOf('shop'))).toMatch(/^slow\.sql\n[\s\S]*Hot: \d+ % of the database's time/);
    expect(await check('--database', urlOf('shop'), '--format', 'markdown')).toMatch(/`slow\.sql:1` [^\n]*Hot: /);
    const without = JSON.parse(await check('--no-database', '--format', 'json')) as typeof json;
    expect(without.findings[0]?.path).toBe('a.sql');
    expect(without.findings.every((f) => f.evidence.calls === undefined)).toBe(true);
  });
});
