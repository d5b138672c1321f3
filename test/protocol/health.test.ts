import { afterAll, beforeAll, expect, it } from 'vitest';
import { healthMigrationRequest, healthRequest, type HealthFinding, type HealthMigrationResult, type HealthParams, type HealthResult } from '../../protocol/health';
import { connectRequest, type ConnectResult } from '../../protocol/requests';
import { toUri } from '../../server/src/workspace/paths';
import { startFakeRedis } from '../support/fakeRedis';
import { startLspClient, type LspClient } from '../support/lspClient';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

/** The health of a connected database, over the protocol. */
const MIGRATION = 'create table orders (id bigint primary key, customer int, total int);\ncreate index orders_customer on orders (customer);\n';
let database: TestDatabase;
let workspace: ReturnType<typeof makeWorkspace>;
let client: LspClient;
const look = (more: Partial<HealthParams> = {}): Promise<HealthResult> => client.request(healthRequest, { connection: 'shop', ...more });
const findingsIn = (result: HealthResult): readonly HealthFinding[] => (result.kind === 'report' ? result.report.checks.flatMap(({ findings }) => findings) : []);
const migrate = (finding: Pick<HealthFinding, 'id' | 'subject' | 'statement'>): Promise<HealthMigrationResult> => client.request(healthMigrationRequest, { connection: 'shop', finding });

beforeAll(async () => {
  database = await createDatabase(`${MIGRATION}
    create index orders_customer_again on orders (customer);
    create table tickets (id smallserial primary key); select setval('tickets_id_seq', 32700);
    insert into orders select n, n % 100, n from generate_series(1, 5000) n; analyze`);
  workspace = makeWorkspace({ 'migrations/0001_first.up.sql': MIGRATION, 'migrations/0001_first.down.sql': 'drop table orders;', 'sargable.config.json': '{ "health": { "thresholds": { "sequenceCritical": 99.9 } } }', 'src/q.ts': "import { Pool } from 'pg';\nexport const q = (id: number) => new Pool().query('select total from orders where customer = $1', [id]);\n" });
  client = await startLspClient({ folder: workspace.folder, settings: { health: { thresholds: { sequenceCritical: 1, redisHitPercent: 'nonsense', nothing: 1 }, poolSize: 1, maxOverflow: null, memoryMegabytes: null, servers: [] } } });
  await client.ready();
});
afterAll(async () => {
  await client.stop();
  await database.drop();
  workspace.remove();
});

it('without a connection of that name it says so', async () => {
  expect(await look()).toEqual({ kind: 'error', message: "There is no open connection 'shop'. Connect first." });
});

it('is a report with tables to go on to, migrations to write, and the limits of the configuration', async () => {
  expect(await client.request<ConnectResult>(connectRequest, { name: 'shop', url: database.url })).toMatchObject({ ok: true });
  const result = await look();
  const findings = findingsIn(result);
  expect(findings.find(({ id }) => id === 'sequence-exhaustion')).toMatchObject({ severity: 'warning', table: 'public.tickets', migration: true });
  const duplicate = findings.find(({ id }) => id === 'duplicate-index');
  expect(duplicate).toMatchObject({ subject: 'public.orders_customer_again', table: 'public.orders', migration: true });
  expect(result.kind === 'report' && result.markdown).toContain('orders_customer_again');
  expect(client.wire).not.toContain(`:${new URL(database.url).password}@`);

  const written = await migrate(duplicate!);
  expect(written).toEqual({ kind: 'files', files: [
    expect.objectContaining({ uri: toUri(workspace.path('migrations/0002_drop_orders_customer_again.up.sql')), text: expect.stringContaining('DROP INDEX CONCURRENTLY public.orders_customer_again;') as string }),
    expect.objectContaining({ text: expect.stringMatching(/create index concurrently orders_customer_again on public\.orders/i) as string }),
  ] });
  // What the server has not proposed is not written.
  expect(await migrate({ ...duplicate!, statement: 'DROP TABLE orders;' })).toMatchObject({ kind: 'unavailable' });
});

it('looks at the named checks alone, and still knows what it said of the others', async () => {
  const result = await look({ checks: ['connections', 'locks'] });
  expect(result.kind === 'report' && result.report.checks.map(({ name }) => name)).toEqual(['connections', 'locks']);
  const again = findingsIn(await look({ checks: ['indexes'] })).find(({ id }) => id === 'duplicate-index');
  await look({ checks: ['locks'] });
  expect(await migrate(again!)).toMatchObject({ kind: 'files' });
});

it("measures by the editor's limits under the configuration's, and looks at the servers beside the database", async () => {
  const result = await look({ checks: ['sequences', 'connections'], servers: [{ kind: 'redis', url: 'redis://:s3cret@127.0.0.1:1/0' }, { kind: 'pgbouncer', url: 'postgres://stats:s3cret@127.0.0.1:1/pgbouncer', foreignHost: true }, { kind: 'redis', url: 'redis://127.0.0.1:1/7' }] });
  expect(findingsIn(result).filter(({ id }) => /^sequence|^unreachable/.test(id)).map(({ id, severity, check, message }) => [id, severity, check, message])).toEqual([
    // Critical by the editor's limit, and not by the configuration's.
    ['sequence-exhaustion', 'warning', 'sequences', expect.any(String)],
    ['unreachable', 'critical', 'redis', 'Redis 127.0.0.1:1/0 could not be looked at: nothing listens there (connection refused).'],
    ['unreachable', 'critical', 'pgbouncer', 'PgBouncer could not be looked at: stats@127.0.0.1:1/pgbouncer: nothing listens there (connection refused).'],
    ['unreachable', 'critical', 'redis-2', expect.stringContaining('127.0.0.1:1/7') as string],
  ]);
  expect(result.kind === 'report' && result.report.checks.find(({ name }) => name === 'connections')?.figures.find(({ name }) => name === 'poolSize')?.value).toBe(1);
  expect(JSON.stringify(result)).not.toContain('s3cret');
  expect(client.messages.filter((message) => message.includes('setting sargable.health'))).toEqual([]);
});

it('a server whose entry cannot be used is told by its name, and stops nothing else', async () => {
  const result = await look({ checks: ['connections'], servers: [{ kind: 'redis', url: 'redis://:s3cret@[cache:6379]:6379/0', label: 'Redis cache:6379:6379/0' }, { kind: 'pgbouncer', label: 'PgBouncer 10.0.0.5:x' }] });
  expect(result.kind === 'report' && result.report.checks.map(({ name }) => name)).toEqual(['connections', 'redis', 'pgbouncer']);
  expect(findingsIn(result).filter(({ id }) => id === 'unreachable').map(({ check, message }) => [check, message])).toEqual([
    ['redis', expect.stringMatching(/^Redis cache:6379:6379\/0 could not be looked at: The Redis URL cannot be read.*sargable\.health\.servers\.$/)],
    ['pgbouncer', 'PgBouncer 10.0.0.5:x could not be looked at: its entry in the setting sargable.health.servers is not valid.'],
  ]);
  expect(JSON.stringify(result)).not.toContain('s3cret');
});

it('a Redis is remembered from look to look, as long as the connection is open', async () => {
  const redis = await startFakeRedis();
  const walks = (): number => redis.commands.filter((command) => command === 'SCAN').length;
  const lookAt = (database: number) => look({ checks: ['connections'], servers: [{ kind: 'redis', url: `redis://127.0.0.1:${redis.port}/${database}` }] });
  try {
    for (const result of [await lookAt(0), await lookAt(0)]) expect(findingsIn(result).filter(({ id }) => id === 'unreachable')).toEqual([]);
    // A look that asks for no servers, as watching does, forgets none.
    await look({ checks: ['connections'] });
    await lookAt(0);
    expect(walks()).toBe(1);
    await lookAt(1);
    expect(walks()).toBe(2);
    await client.request<ConnectResult>(connectRequest, { name: 'shop', url: database.url });
    await lookAt(1);
    expect(walks()).toBe(3);
  } finally {
    redis.close();
  }
});

it('an untrusted workspace is told why there is none', async () => {
  const other = await startLspClient({ folder: workspace.folder, trusted: false });
  await other.ready();
  expect(await other.request<HealthResult>(healthRequest, { connection: 'shop' })).toMatchObject({ kind: 'error', message: expect.stringContaining('not trusted') as string });
  await other.stop();
});
