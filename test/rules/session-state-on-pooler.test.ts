import { describe, expect, it } from 'vitest';
import { poolerInFiles } from '../../server/src/core/advice/pooler';
import { sessionStateOnPooler } from '../../server/src/core/rules/session-state-on-pooler';
import { testRule, type RuleCase } from '../support/ruleTester';

const HEAD = "import { Pool } from 'pg';\nconst pool = new Pool({ max: 20 });\n";
const pooler = { because: 'pgbouncer.ini: pool_mode = transaction' };
const composed = { because: 'the service pool of compose.yaml', unproved: true as const, ports: [6432], hosts: ['pool'] };
const ts = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'typescript', code: HEAD + code, settings: { pooler }, ...rest });

testRule(sessionStateOnPooler, {
  flagged: [
    ts(`export async function run(id: number) {
  await pool.query('SELECT pg_advisory_lock($1)', [id]);
//      ^^^^^^^^^^ pgbouncer.ini: pool_mode = transaction
  await pool.query('LISTEN changes');
//      ^^^^^^^^^^ its notifications never arrive
  await pool.query("SET search_path = app");
//      ^^^^^^^^^^ SET LOCAL
  await pool.query('CREATE TEMP TABLE seen (id bigint)');
//      ^^^^^^^^^^ A temporary table stays
}
`, { severity: 'warning' }),
    // The port of the workspace's own pooler, in a URL or an object.
    ts(`const other = new Pool({ connectionString: 'postgres://app@localhost:6432/app' });
export const run = () => other.query('LISTEN changes');
//                       ^^^^^^^^^^^ its URL leads to the service pool of compose.yaml
`, { settings: { pooler: composed } }),
    ts(`const other = new Pool({ host: '127.0.0.1', port: 6432 });
export const run = () => other.query('LISTEN changes');
//                       ^^^^^^^^^^^ its port is that of the service pool of compose.yaml
`, { settings: { pooler: composed } }),
  ],
  clean: [
    ts(`export async function run(id: number) {
  await pool.query('SELECT pg_advisory_xact_lock($1)', [id]);
  await pool.query('SET LOCAL search_path = app');
  await pool.query("SELECT set_config('app.org', $1, true)", [id]);
  await pool.query('CREATE TEMP TABLE seen (id bigint) ON COMMIT DROP');
}
`),
    // Nothing says that a pooler is there; a connection past it.
    ts("export const run = (id: number) => pool.query('SELECT pg_advisory_lock($1)', [id]);\n", { settings: {} }),
    // The workspace's pooler keeps sessions, or the document connects past it.
    ts("const other = new Pool({ connectionString: 'postgres://app@localhost:6432/app' });\nexport const run = () => other.query('LISTEN changes');\n", { settings: { pooler: { because: 'pgbouncer.ini configures PgBouncer', unproved: true, mode: 'session', ports: [6432] } } }),
    ts("const other = new Pool({ connectionString: 'postgres://app@localhost:5432/app' });\nexport const run = () => other.query('LISTEN changes');\n", { settings: { pooler: composed } }),
    ts("const direct = new Pool({ connectionString: process.env.DIRECT_URL });\nexport const run = () => direct.query('LISTEN changes');\n"),
  ],
});

describe('what tells of a pooler', () => {
  const INI = '[databases]\napp = host=db\n[pgbouncer]\n';
  const COMPOSE = 'services:\n  db:\n    image: postgres:17\n    ports: ["5432:5432"]\n  pooler:\n    image: bitnami/pgcat:1.2\n    ports:\n      - "6543:5432"\n      - 127.0.0.1:${POOL_PORT:-6433}:5432\n';
  it.each<readonly [string, string, string | undefined]>([
    ['pgbouncer.ini', `${INI}pool_mode = transaction\n`, 'pgbouncer.ini: pool_mode = transaction'],
    ['pgbouncer.ini', '[databases]\napp = host=db pool_mode=statement\n[pgbouncer]\npool_mode = session\n', 'pgbouncer.ini: pool_mode = statement'],
    ['pgcat.toml', '[pools.app]\npool_mode = "transaction"\n', 'pgcat.toml: pool_mode = transaction'],
    ['docker-compose.yml', 'services:\n  pool:\n    image: edoburu/pgbouncer\n    environment:\n      POOL_MODE: transaction\n', 'docker-compose.yml: POOL_MODE is transaction'],
    ['docker-compose.yml', 'services:\n  pgbouncer:\n    build: .\n    environment:\n      - PGBOUNCER_POOL_MODE=${MODE:-transaction}\n', 'docker-compose.yml: POOL_MODE is transaction'],
    ['.env', 'DATABASE_URL="postgresql://u:secret@db.example.com:6543/app?pgbouncer=true"\n', '.env: pgbouncer=true in its URL'],
    ['.env', 'DATABASE_URL=postgres://u:secret@ep-cool-1-pooler.eu.example.tech/app\n', '.env: a URL of a pooler'],
    ['.env', '# DATABASE_URL=postgres://u@h:6543/app\nDATABASE_URL=postgres://u@h:5432/app\n', undefined],
    ['.env', 'DATABASE_URL=postgres://u@localhost:6432/app\n', undefined],
  ])('%s %j', (name, text, because) => {
    expect(poolerInFiles([{ name, text }])?.because).toBe(because);
  });
  it('a configuration that keeps sessions, or says nothing, proves no sharing', () => {
    for (const text of [`${INI}pool_mode = session\n`, `${INI}listen_port = 7000\n`]) expect(poolerInFiles([{ name: 'pgbouncer.ini', text }])).toMatchObject({ unproved: true, mode: 'session' });
    expect(poolerInFiles([{ name: 'compose.yaml', text: COMPOSE }])).toEqual({ because: 'the service pooler of compose.yaml', unproved: true, ports: [6543, 6433], hosts: ['pooler'] });
    // PgBouncer keeps sessions where nothing else is set.
    expect(poolerInFiles([{ name: 'compose.yaml', text: COMPOSE.replace('bitnami/pgcat:1.2', 'edoburu/pgbouncer:1.24') }])).toMatchObject({ unproved: true, mode: 'session' });
    expect(poolerInFiles([{ name: 'compose.yaml', text: COMPOSE.replace('bitnami/pgcat:1.2', 'redis').replace('pooler:', 'cache:') }])).toBeUndefined();
  });
  it.each<readonly [string, string | undefined]>([
    ['DATABASE_URL=postgres://u:secret@localhost:6433/app\n', '.env: its URL leads to the service pooler of compose.yaml'],
    ['DB_HOST=localhost\nDB_PORT=6433\n', '.env: its port is that of the service pooler of compose.yaml'],
    ['DATABASE_URL=postgres://u:secret@pooler/app\n', '.env: its URL leads to the service pooler of compose.yaml'],
    ['DATABASE_URL=postgres://u:secret@localhost:5432/app\nREDIS_PORT=6379\nPGBOUNCER_PORT=6433\n', undefined],
  ])('the application connects to the pooler of the compose file: %j', (env, because) => {
    const found = poolerInFiles([{ name: 'compose.yaml', text: COMPOSE }, { name: '.env', text: env }]);
    expect(found?.unproved === true ? undefined : found?.because).toBe(because);
  });
});
