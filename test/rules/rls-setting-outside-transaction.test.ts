import { rlsSettingOutsideTransaction } from '../../server/src/core/rules/rls-setting-outside-transaction';
import { testRule, type RuleCase } from '../support/ruleTester';

const HEAD = "import { Pool, Client } from 'pg';\nconst pool = new Pool();\n";
const ts = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'typescript', code: HEAD + code, ...rest });
const SCHEMA = "CREATE TABLE invoices (id bigint PRIMARY KEY, shop bigint NOT NULL); ALTER TABLE invoices ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON invoices USING (shop = current_setting('app.shop')::bigint);";

testRule(rlsSettingOutsideTransaction, {
  flagged: [
    ts(
      `export async function run(tenantId: string) {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query("SELECT set_config('app.tenant_id', $1, false)", [tenantId]);
//      ^^^^^^^^^^^^ SET LOCAL ends with the transaction
  await client.query('SELECT id FROM invoices');
  await client.query('COMMIT');
}
`,
      {
        severity: 'warning',
        fixed: `${HEAD}export async function run(tenantId: string) {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query("SELECT set_config('app.tenant_id', $1, true)", [tenantId]);
  await client.query('SELECT id FROM invoices');
  await client.query('COMMIT');
}
`,
      },
    ),
    ts(`export async function run(client: PoolClient, tenantId: number) {
  await client.query(\`SET app.current_org = '\${tenantId}'\`);
//      ^^^^^^^^^^^^ Nothing begins a transaction here
  return client.query('SELECT id FROM invoices');
}
`, { fixes: 0 }),
    ts(`export async function run(tenantId: string) {
  await pool.query("SELECT set_config('app.tenant_id', $1, true)", [tenantId]);
//      ^^^^^^^^^^ ends with this very statement
  return pool.query('SELECT id FROM invoices');
}
`, { fixes: 0 }),
    // A name that only the policy knows.
    ts(`export async function run(client: PoolClient, shop: string) {
  await client.query("SELECT set_config('app.shop', $1, false)", [shop]);
//      ^^^^^^^^^^^^ is set for the session
}
`, { schema: SCHEMA }),
    {
      language: 'python',
      code: `from sqlalchemy import text
from sqlalchemy.orm import Session

def run(session: Session, tenant_id: str):
    session.execute(text("SET app.tenant_id = :tenant"), {"tenant": tenant_id})
#   ^^^^^^^^^^^^^^^ is set for the session
    return session.execute(text("SELECT id FROM invoices"))
`,
    },
  ],
  clean: [
    ts(`export async function run(tenantId: string) {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query("SELECT set_config('app.tenant_id', $1, true)", [tenantId]);
  await client.query('COMMIT');
}
`),
    // A connection of one's own; a constant; a setting of Postgres; a name that no policy reads.
    ts(`export async function run(tenantId: string, ms: number) {
  const client = new Client();
  await client.query("SELECT set_config('app.tenant_id', $1, false)", [tenantId]);
  await pool.query("SET app.tenant_mode = 'single'");
  await pool.query(\`SET statement_timeout = \${ms}\`);
  await pool.query("SELECT set_config('app.trace', $1, false)", [tenantId]);
}
`),
    // Taken back.
    ts(`export async function run(tenantId: string) {
  const client = await pool.connect();
  try {
    await client.query("SELECT set_config('app.tenant_id', $1, false)", [tenantId]);
    return await client.query('SELECT id FROM invoices');
  } finally {
    await client.query('RESET app.tenant_id');
    client.release();
  }
}
`),
    { language: 'sql', code: "SET app.tenant_id = '7';", embed: false },
  ],
});
