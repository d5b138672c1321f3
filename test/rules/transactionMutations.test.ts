import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../server/src/core/lint/defaults';
import { rules } from '../../server/src/core/rules/index.generated';
import { lintCase, type Language } from '../support/readers';

const PG = "import { Pool, Client } from 'pg';\nimport { db } from './db';\nconst pool = new Pool();\n";
const TENANTS = `CREATE TABLE organizations (id bigint PRIMARY KEY);
CREATE TABLE a (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, code text, UNIQUE (organization_id, code));
CREATE TABLE b (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, code text);
CREATE INDEX b_code_idx ON b (code);
CREATE TABLE c (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations);`;

/** Code with its guard is silent; with the guard replaced by the defect it is not. */
const CASES: readonly { readonly rule: string; readonly language?: Language; readonly code: string; readonly guard: string; readonly defect: string; readonly schema?: string }[] = [
  { rule: 'transaction-per-iteration', code: `${PG}export async function run(lines: Line[]) {\n  for (const line of lines) {\n    try {\n      await db.transaction(async () => { await pool.query('DELETE FROM t WHERE id = $1', [line.id]); });\n    } catch (error) { console.error(error); }\n  }\n}\n`, guard: ' catch (error) { console.error(error); }', defect: ' finally { count(); }' },
  { rule: 'io-in-transaction', code: `${PG}export const run = (id: number) => db.transaction(async () => {\n  await pool.query('DELETE FROM t WHERE id = $1', [id]);\n  void fetch('https://example.com');\n});\n`, guard: 'void fetch', defect: 'await fetch' },
  { rule: 'transaction-not-closed', code: `${PG}export async function run(id: number) {\n  const client = await pool.connect();\n  try {\n    await client.query('BEGIN');\n    await client.query('DELETE FROM t WHERE id = $1', [id]);\n    await client.query('COMMIT');\n  } catch (error) {\n    await client.query('ROLLBACK');\n    throw error;\n  } finally {\n    client.release();\n  }\n}\n`, guard: "    await client.query('ROLLBACK');\n", defect: '' },
  { rule: 'transaction-not-closed', language: 'python', code: 'from sqlalchemy.orm import Session\nfrom app.models import Order, engine\n\ndef run(id):\n    with Session(engine) as session:\n        session.add(Order(id=id))\n        session.commit()\n', guard: '        session.commit()\n', defect: '' },
  { rule: 'connection-not-released', code: `${PG}export async function run(id: number) {\n  const client = await pool.connect();\n  try {\n    return await client.query('SELECT 1 FROM t WHERE id = $1', [id]);\n  } finally {\n    client.release();\n  }\n}\n`, guard: '    client.release();\n', defect: '' },
  { rule: 'connection-per-call', code: `${PG}const client = new Client();\nexport async function GET(request: Request) {\n  await client.connect();\n  const found = await client.query('SELECT 1 FROM t LIMIT 1');\n  await client.end();\n  return Response.json(found.rows);\n}\n`, guard: 'const client = new Client();\nexport async function GET(request: Request) {', defect: 'export async function GET(request: Request) {\n  const client = new Client();' },
  { rule: 'session-state-on-pooler', code: "import { Pool } from 'pg';\nconst pool = new Pool({ connectionString: 'postgres://a@h:6543/a' });\nexport const run = (id: number) => pool.query('SELECT pg_advisory_xact_lock($1)', [id]);\n", guard: 'pg_advisory_xact_lock', defect: 'pg_advisory_lock' },
  { rule: 'pool-behind-pooler', language: 'python', code: 'from sqlalchemy import create_engine\nfrom sqlalchemy.pool import NullPool\n\nengine = create_engine("postgresql://a@pgbouncer:6432/a", poolclass=NullPool)\n', guard: ', poolclass=NullPool', defect: '' },
  { rule: 'rls-setting-outside-transaction', code: `${PG}export async function run(tenantId: string) {\n  const client = await pool.connect();\n  await client.query('BEGIN');\n  await client.query("SELECT set_config('app.tenant_id', $1, true)", [tenantId]);\n  await client.query('COMMIT');\n}\n`, guard: '$1, true', defect: '$1, false' },
  { rule: 'cross-tenant-join', language: 'sql', schema: TENANTS, code: 'SELECT a.id FROM a JOIN b ON b.code = a.code AND b.organization_id = a.organization_id WHERE a.organization_id = $1;', guard: ' AND b.organization_id = a.organization_id', defect: '' },
  { rule: 'missing-tenant-filter', language: 'sql', schema: TENANTS, code: 'SELECT b.id FROM a LEFT JOIN b ON b.id = a.id WHERE a.id = $2 AND a.organization_id = $1;', guard: ' AND a.organization_id = $1', defect: '' },
  { rule: 'index-not-led-by-tenant', language: 'sql', schema: TENANTS, code: 'CREATE INDEX b_code_idx ON b (code);\nSELECT id FROM b WHERE code = $2;', guard: 'WHERE code = $2', defect: 'WHERE code = $2 AND organization_id = $1' },
];

describe('the guard makes the rule silent, and nothing else does', () => {
  it.each(CASES.map((c) => [c.rule, c] as const))('%s', async (id, { language = 'typescript', code, guard, defect, schema }) => {
    const rule = rules.filter((r) => r.id === id);
    expect(code).toContain(guard);
    const lint = async (text: string): Promise<readonly string[]> => (await lintCase(rule, { language, code: text, schema, settings: { tenant: { ...defaultSettings.tenant, columns: ['organization_id'] } } })).findings.map((f) => f.rule);
    expect(await lint(code)).toEqual([]);
    expect(await lint(code.replace(guard, () => defect))).toContain(id);
  });
});
