import { describe, expect, it } from 'vitest';
import { poolerInConfiguration } from '../../server/src/core/advice/pooler';
import { sessionStateOnPooler } from '../../server/src/core/rules/session-state-on-pooler';
import { testRule, type RuleCase } from '../support/ruleTester';

const HEAD = "import { Pool } from 'pg';\nconst pool = new Pool({ max: 20 });\n";
const pooler = { because: 'pgbouncer.ini: pool_mode = transaction' };
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
    ts("const direct = new Pool({ connectionString: process.env.DIRECT_URL });\nexport const run = () => direct.query('LISTEN changes');\n"),
  ],
});

describe('what tells of a pooler', () => {
  it.each([
    ['pgbouncer.ini', '[pgbouncer]\npool_mode = transaction\n', 'pgbouncer.ini: pool_mode = transaction'],
    ['pgbouncer.ini', '[pgbouncer]\npool_mode = session\n', undefined],
    ['docker-compose.yml', 'services:\n  pool:\n    image: edoburu/pgbouncer\n    environment:\n      POOL_MODE: transaction\n', 'docker-compose.yml: POOL_MODE is transaction'],
    ['docker-compose.yml', 'services:\n  pool:\n    image: edoburu/pgbouncer\n', undefined],
    ['.env', 'DATABASE_URL="postgresql://u:secret@db.example.com:6543/app?pgbouncer=true"\n', '.env: pgbouncer=true in its URL'],
    ['.env', 'DATABASE_URL=postgres://u:secret@ep-cool-1-pooler.eu.example.tech/app\n', '.env: a URL of a pooler'],
    ['.env', '# DATABASE_URL=postgres://u@h:6543/app\nDATABASE_URL=postgres://u@h:5432/app\n', undefined],
  ])('%s %j', (name, text, because) => {
    expect(poolerInConfiguration(name, text)?.because).toBe(because);
  });
});
