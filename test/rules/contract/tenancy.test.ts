import { describe, expect, it } from 'vitest';
import { rules } from '../../../server/src/core/rules/index.generated';
import { verdictOf, type Clauses, type RowCase } from '../../support/contract';

/** The contract of the rules about tenants, clause by clause: what each must say of a case. */

const SCHEMA = `
  CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
  CREATE TABLE projects (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, name text NOT NULL, code text NOT NULL, UNIQUE (organization_id, code));
  CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, project_id bigint NOT NULL REFERENCES projects, code text, due date NOT NULL, total numeric NOT NULL);
  CREATE TABLE lines (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, invoice_id bigint NOT NULL REFERENCES invoices, amount numeric NOT NULL);
  CREATE TABLE api_keys (id bigint PRIMARY KEY, organization_id bigint NOT NULL, key_hash text NOT NULL UNIQUE, stripe_event_id text UNIQUE);
  CREATE TABLE pages (id bigint PRIMARY KEY, organization_id bigint NOT NULL, link_id text, slug text NOT NULL UNIQUE, body text);
  CREATE TABLE oauth_applications (id bigint PRIMARY KEY, organization_id bigint NOT NULL, client_id text NOT NULL UNIQUE, client_secret text NOT NULL);
  CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
  CREATE TABLE secured (id bigint PRIMARY KEY, organization_id bigint NOT NULL);
  ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON secured USING (organization_id = current_setting('app.organization')::bigint);
  CREATE TABLE open_secured (id bigint PRIMARY KEY, organization_id bigint NOT NULL);
  ALTER TABLE open_secured ENABLE ROW LEVEL SECURITY;
  CREATE POLICY everybody ON open_secured USING (true);
`;
const configured = { tenant: { columns: ['organization_id'], globalTables: [], systemPaths: [] } };
const inferred = { tenant: { columns: [], globalTables: [], systemPaths: [] } };

const PG = "import express from 'express';\nimport { Pool } from 'pg';\nconst app = express();\nconst pool = new Pool();\n";
const KNEX = "import knex from 'knex';\nconst db = knex({ client: 'pg' });\n";
const handler = (body: string): RowCase => ({ language: 'typescript', code: `${PG}app.get('/invoices/:id', async (req, res) => {\n  ${body}\n});\n` });
const fn = (body: string, rest = ''): RowCase => ({ language: 'typescript', code: `${PG}async function act(id: string, organizationId: string) {\n  ${body}\n}\n${rest}` });
/** A statement in `act`, which these functions call; `byTenant` loads with the tenant. */
const callers = (first: string, second = 'await one(id, organizationId, 0)'): RowCase => ({ language: 'typescript', code: `${PG}export const act = (id: string) => pool.query('${'DELETE FROM invoices WHERE id = $1'}', [id]);\nconst byTenant = async (id: string, organizationId: string) => (await pool.query('SELECT id FROM invoices WHERE id = $1 AND organization_id = $2', [id, organizationId])).rows[0];\nconst make = async (organizationId: string) => (await pool.query('INSERT INTO invoices (organization_id) VALUES ($1) RETURNING id', [organizationId])).rows[0];\nexport async function one(id: string, organizationId: string, other: string) {\n  ${first}\n}\n${second.startsWith('await one') ? '' : `export async function two(id: string, organizationId: string) {\n  ${second}\n}\n`}` });
const ONE = 'SELECT id FROM invoices WHERE id = $1';
const OWN = 'SELECT id FROM invoices WHERE id = $1 AND organization_id = $2';
const HINT = 'hint/schema/review';
const WARNING = 'warning/schema/review';

const py = (body: string): RowCase => ({ language: 'python', code: `import asyncpg\n\n\n${body}\n` });

/** The same statement under a schema that says what its tenant column is, or does not. */
const evidenceOf = (schema: string, settings: RowCase['settings'] = inferred): RowCase => ({ ...handler("res.json(await pool.query('SELECT id FROM t1 WHERE id = $1', [req.params.id]));"), schema, settings });
const carriers = (column: string, share: readonly [number, number], rest = ''): string => Array.from({ length: share[1] }, (_, i) => `CREATE TABLE t${i + 1} (id bigint PRIMARY KEY, ${i < share[0] ? `${column} ${rest || 'bigint NOT NULL'}` : 'name text'});`).join('\n');

const clauses: Clauses = {
  'missing-tenant-filter': [
    ['fires on a table whose tenant column is not pinned', ONE, HINT],
    ['fires in a sub-query', 'SELECT p.id FROM projects p WHERE p.organization_id = $1 AND EXISTS (SELECT 1 FROM lines l WHERE l.amount > $2)', HINT],
    ['fires in a sub-query of the list', 'SELECT p.id, (SELECT max(l.amount) FROM lines l WHERE l.id = $2) FROM projects p WHERE p.organization_id = $1', HINT],
    ['fires in a CTE', 'WITH x AS (SELECT id FROM lines WHERE amount > $2) SELECT p.id FROM projects p, x WHERE p.organization_id = $1', HINT],
    ['fires in an arm of a set operation', 'SELECT id FROM invoices WHERE organization_id = $1 UNION SELECT id FROM lines WHERE id = $2', HINT],
    ['fires in UPDATE', 'UPDATE invoices SET total = 0 WHERE id = $1', HINT],
    ['fires in UPDATE … FROM', 'UPDATE invoices i SET total = l.amount FROM lines l WHERE l.id = $2 AND i.id = $3 AND i.organization_id = $1', HINT],
    ['fires in DELETE', 'DELETE FROM invoices WHERE id = $1', HINT],
    ['fires in DELETE … USING', 'DELETE FROM invoices i USING lines l WHERE l.id = $2 AND i.id = $3 AND i.organization_id = $1', HINT],
    ['fires on a tenant column that is compared, not pinned', 'SELECT id FROM invoices WHERE organization_id <> $1', HINT],
    ['fires where one branch of OR leaves it open', 'SELECT id FROM invoices WHERE organization_id = $1 OR total > $2', HINT],
    ['fires on a condition of an outer join, which restricts no row', 'SELECT i.id FROM invoices i LEFT JOIN projects p ON p.id = i.project_id AND p.organization_id = $1 WHERE i.id = $2', HINT],
    ['evidence: own predicate', OWN, 'silent'],
    ['evidence: own predicate in a list', 'SELECT id FROM invoices WHERE id = $1 AND organization_id = ANY ($2)', 'silent'],
    ['evidence: equality closure', 'SELECT l.id FROM lines l JOIN invoices i ON l.organization_id = i.organization_id WHERE i.organization_id = $1', 'silent'],
    ['evidence: equality closure over three', 'SELECT l.id FROM lines l, invoices i, projects p WHERE l.organization_id = i.organization_id AND i.organization_id = p.organization_id AND p.organization_id = $1', 'silent'],
    ['evidence: join on a foreign key to a pinned row', 'SELECT l.id FROM lines l JOIN invoices i ON i.id = l.invoice_id WHERE i.organization_id = $1', 'silent'],
    ['evidence: sub-query on a foreign key to a pinned row', 'SELECT id FROM lines WHERE invoice_id IN (SELECT id FROM invoices WHERE organization_id = $1) AND amount > $2', 'silent'],
    ['evidence: the sub-query is not pinned itself', 'SELECT id FROM lines WHERE invoice_id IN (SELECT id FROM invoices WHERE total > $1)', '2 x hint/schema/review'],
    ['evidence: row-level security that pins it', 'SELECT id FROM secured WHERE id = $1', 'silent'],
    ['evidence: a policy that lets everybody through', 'SELECT id FROM open_secured WHERE id = $1', HINT],
    ['evidence: row-level security not enabled', { code: 'SELECT id FROM secured WHERE id = $1', schema: SCHEMA.replace('ALTER TABLE secured ENABLE ROW LEVEL SECURITY;', '') }, HINT],
    ['evidence: the parent loaded under the tenant, early return, then used by id', fn(`const found = await pool.query('${OWN}', [id, organizationId]);\n  if (!found.rows[0]) return;\n  await pool.query('SELECT id FROM lines WHERE invoice_id = $1', [found.rows[0].id]);`), 'silent'],
    ['evidence: the row loaded under the tenant, early return, the same id used', fn(`const found = await pool.query('${OWN}', [id, organizationId]);\n  if (!found.rows[0]) return;\n  await pool.query('DELETE FROM invoices WHERE id = $1', [id]);`), 'silent'],
    ['evidence: loaded under the tenant, but nobody looks', fn(`await pool.query('${OWN}', [id, organizationId]);\n  await pool.query('DELETE FROM invoices WHERE id = $1', [id]);`), HINT],
    ['evidence: another id loaded under the tenant', fn(`const found = await pool.query('${OWN}', [organizationId, organizationId]);\n  if (!found.rows[0]) return;\n  await pool.query('DELETE FROM invoices WHERE id = $1', [id]);`), HINT],
    ['evidence: post-check on the loaded row', fn(`const found = await pool.query('${ONE.replace('id FROM', 'id, organization_id FROM')}', [id]);\n  if (found.rows[0].organization_id !== organizationId) throw new Error('not yours');\n  return found.rows[0];`), 'silent'],
    ['evidence: post-check on something else', fn(`const found = await pool.query('${ONE.replace('id FROM', 'id, total FROM')}', [id]);\n  if (found.rows[0].total !== 0) throw new Error('not free');\n  return found.rows[0];`), HINT],
    ['evidence: a guard in every resolved caller', fn(`return pool.query('${ONE}', [id]);`, "export async function a(id: string) { await assertAccess(id); return act(id, ''); }\nexport async function b(id: string) { await assertAccess(id); return act(id, ''); }\n"), 'silent'],
    ['evidence: a guard in one of two callers', fn(`return pool.query('${ONE}', [id]);`, "export async function a(id: string) { await assertAccess(id); return act(id, ''); }\nexport async function b(id: string) { return act(id, ''); }\n"), HINT],
    ['evidence: every caller has loaded the row under the tenant by a function', callers("const found = await byTenant(id, organizationId);\n  if (!found) return;\n  await act(found.id);", "const found = await byTenant(id, organizationId);\n  if (!found) return;\n  await act(id);"), 'silent'],
    ['evidence: every caller has made the row by a function', callers('const made = await make(organizationId);\n  await act(made.id);'), 'silent'],
    ['evidence: a caller asks for another id', callers('const found = await byTenant(other, organizationId);\n  if (!found) return;\n  await act(id);'), 'hint/schema/text'],
    ['evidence: a caller does not look whether it found something', callers('await byTenant(id, organizationId);\n  await act(id);'), 'hint/schema/text'],
    ['evidence: a caller hands on what its own callers have checked', { ...callers('await act(id);', 'const found = await byTenant(id, organizationId);\n  if (!found) return;\n  await one(id, organizationId, 0);') }, 'silent'],
    ['evidence: the other caller is a worker', { ...callers('const made = await make(organizationId);\n  await act(made.id);'), beside: { 'src/workers/act.ts': "import { act } from '../case';\nexport const run = (job: Job) => act(job.data.id);\n" } }, 'silent'],
    ['evidence: the other caller is none', { ...callers('const made = await make(organizationId);\n  await act(made.id);'), beside: { 'src/other.ts': "import { act } from './case';\nexport const run = (id: string) => act(id);\n" } }, 'hint/schema/text'],
    ['evidence: what the session gives beside the id says nothing of it', callers('await act({ id, by: session.user.id });'), 'hint/schema/text'],
    ['evidence: the id is the session’s', callers('await act({ id: session.invoiceId, by: 0 });'), 'silent'],
    ['evidence: the connection of the context says nothing', callers('await act(id, ctx.db);'), 'hint/schema/text'],
    ['evidence: the value is the session’s', fn("return pool.query('SELECT id FROM invoices WHERE project_id = $1', [session.projectId]);"), 'silent'],
    ['severity: a warning where the id comes from request data', handler(`res.json(await pool.query('${ONE}', [req.params.id]));`), 'warning/schema/text'],
    ['fix review: from the tenant value in scope', handler(`const organizationId = req.organizationId;\n  res.json(await pool.query('${ONE}', [req.params.id]));`), WARNING],
    ['severity: a hint else', fn(`return pool.query('${ONE}', [id]);`), HINT],
    ['severity: a whole table that a handler sends', handler("res.json(await pool.query('SELECT id FROM invoices LIMIT 10'));"), 'warning/schema/text'],
    ['severity: silent on a sweep over all', fn("return pool.query('SELECT id FROM invoices LIMIT 10');"), 'silent'],
    ['silent on tables without a tenant column', 'SELECT name FROM countries WHERE code = $1', 'silent'],
    ['silent on the tenants’ own table', 'SELECT name FROM organizations WHERE id = $1', 'silent'],
    ['silent on global tables of the settings', { code: ONE, settings: { tenant: { ...configured.tenant, globalTables: ['invoices'] } } }, 'silent'],
    ['silent on look-ups by a credential’s hash', 'SELECT organization_id FROM api_keys WHERE key_hash = $1', 'silent'],
    ['silent on look-ups by a link that is given away', 'SELECT body FROM pages WHERE link_id = $1 LIMIT 1', 'silent'],
    ['fires on such a name that may lead to several', 'SELECT body FROM pages WHERE link_id = $1', HINT],
    ['silent on an OAuth application by the id that it sends', 'SELECT organization_id FROM oauth_applications WHERE client_id = $1', 'silent'],
    ['silent on probes for a name that all tenants share', 'SELECT id FROM pages WHERE slug = $1 LIMIT 1', 'silent'],
    ['fires where more than the key is read by it', 'SELECT body FROM pages WHERE slug = $1 LIMIT 1', HINT],
    ['silent on webhooks by a provider’s id', 'UPDATE api_keys SET id = id WHERE stripe_event_id = $1', 'silent'],
    ['fires on such an id that is the tenant’s own name for the row', { code: 'SELECT id FROM customers WHERE external_id = $1', schema: `${SCHEMA}CREATE TABLE customers (id bigint PRIMARY KEY, organization_id bigint NOT NULL, external_id text NOT NULL, UNIQUE (organization_id, external_id));` }, HINT],
    ['silent on cron sweeps', { code: ONE, path: 'src/cron/expire.sql' }, 'silent'],
    ['silent on admin paths', { code: ONE, path: 'src/admin/report.sql' }, 'silent'],
    ['silent on webhooks', { code: ONE, path: 'src/webhooks/paid.sql' }, 'silent'],
    ['silent on system paths of the settings', { code: ONE, path: 'src/back/office.sql', settings: { tenant: { ...configured.tenant, systemPaths: ['src/back/**'] } } }, 'silent'],
    ['silent on a worker that takes jobs of all tenants', 'SELECT id FROM invoices WHERE due < $1 ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED', 'silent'],
    ['silent in migrations', { code: ONE, path: 'db/migrate/2_fill.sql' }, 'silent'],
    ['silent in seeds', { code: ONE, path: 'db/seeds/demo.sql' }, 'silent'],
    ['silent in tests', { code: ONE, path: 'src/invoices.test.sql', role: 'test' }, 'silent'],
    ['silent on INSERT, which reads no row', 'INSERT INTO invoices (id, organization_id, project_id, due, total) VALUES ($1, $2, $3, $4, 0)', 'silent'],
    ['needs schema: no schema', { code: ONE, schema: '' }, 'silent'],
    ['fix review: a builder’s idiom', { language: 'typescript', code: `${KNEX}export const load = (id: string, organizationId: string) => db('invoices').select('id').where('id', id);\n` }, HINT],
    ['fix review: Python', py('async def load(conn: asyncpg.Connection, invoice_id: int, organization_id: int):\n    return await conn.fetch("SELECT id FROM invoices WHERE id = $1", invoice_id)'), HINT],
    ['tenant column: nothing says which, silent', evidenceOf(carriers('owner', [3, 4])), 'silent'],
    ['tenant column: from the settings', evidenceOf(carriers('owner', [3, 4]), { tenant: { ...inferred.tenant, columns: ['owner'] } }), 'warning/schema/text'],
    ...['tenant_id', 'organization_id', 'org_id', 'workspace_id', 'account_id', 'team_id', 'company_id', 'project_id', '"tenantId"', '"workspaceId"'].map((column) => [`tenant column: ${column} of 40 % of the tables`, evidenceOf(carriers(column, [2, 5])), 'warning/schema/text'] as const),
    ['tenant column: of fewer', evidenceOf(carriers('tenant_id', [2, 6])), 'silent'],
    ['tenant column: of fewer, by several foreign keys to the table of that name', evidenceOf(`CREATE TABLE tenants (id bigint PRIMARY KEY);\n${carriers('tenant_id', [3, 9], 'bigint NOT NULL REFERENCES tenants')}`), 'warning/schema/text'],
    ['tenant column: foreign keys to another table', evidenceOf(`CREATE TABLE rentals (id bigint PRIMARY KEY);\n${carriers('tenant_id', [3, 9], 'bigint NOT NULL REFERENCES rentals')}`), 'silent'],
    ['tenant column: may be NULL', evidenceOf(carriers('tenant_id', [4, 5], 'bigint')), 'silent'],
    ['tenant column: Citus’ distribution column counts', evidenceOf(`${carriers('owner', [3, 9])}\nSELECT create_distributed_table('t1', 'owner');\nSELECT create_distributed_table('t2', 'owner');`), 'warning/schema/text'],
  ],
  'conditional-tenant-filter': [
    ['fires where the filter is added on some path', { language: 'typescript', code: `${KNEX}export async function list(organizationId?: string) {\n  let q = db('invoices').select('id');\n  if (organizationId) q = q.where('organization_id', organizationId).where('total', '>', 0);\n  return q.where('id', '>', 4);\n}\n` }, WARNING],
    ['fires where its value may be null: SQL', 'SELECT id FROM invoices WHERE ($1::bigint IS NULL OR organization_id = $1) AND total > $2', WARNING],
    ['silent on a path that throws before', { language: 'typescript', code: `${KNEX}export async function list(organizationId?: string) {\n  if (!organizationId) throw new Error('whose');\n  let q = db('invoices').select('id');\n  if (organizationId) q = q.where('organization_id', organizationId);\n  return q.where('id', '>', 4);\n}\n` }, 'silent'],
    ['silent on a path that returns before', { language: 'typescript', code: `${KNEX}export async function list(organizationId?: string) {\n  if (!organizationId) return [];\n  let q = db('invoices').select('id');\n  if (organizationId) q = q.where('organization_id', organizationId);\n  return q.where('id', '>', 4);\n}\n` }, 'silent'],
    ['silent where the filter always stands', 'SELECT id FROM invoices WHERE organization_id = $1 AND ($2::numeric IS NULL OR total > $2)', 'silent'],
  ],
  'cross-tenant-join': [
    ['fires on two tenant tables joined without tenant equality, by a key of the tenant', 'SELECT i.id FROM invoices i JOIN projects p ON p.code = i.code WHERE i.organization_id = $1', WARNING],
    ['fires, lower, where no key is compared', 'SELECT i.id FROM invoices i JOIN lines l ON l.amount = i.total WHERE i.organization_id = $1', 'info/schema/review'],
    ['silent with tenant equality', 'SELECT i.id FROM invoices i JOIN projects p ON p.code = i.code AND p.organization_id = i.organization_id WHERE i.organization_id = $1', 'silent'],
    ['silent where both are pinned to one value', 'SELECT i.id FROM invoices i JOIN projects p ON p.code = i.code WHERE i.organization_id = $1 AND p.organization_id = $1', 'silent'],
    ['silent on a foreign key', 'SELECT i.id FROM invoices i JOIN projects p ON p.id = i.project_id WHERE i.organization_id = $1', 'silent'],
  ],
  'index-not-led-by-tenant': [
    ['fires where every query pins the tenant', index('CREATE INDEX by_due ON invoices (due);', 'SELECT id FROM invoices WHERE organization_id = $1 AND due < $2;'), 'info/schema/new'],
    ['silent where one query does not', index('CREATE INDEX by_due ON invoices (due);', 'SELECT id FROM invoices WHERE organization_id = $1 AND due < $2;\nSELECT id FROM invoices WHERE due < $1;'), 'silent'],
    ['silent on unique constraints', index('CREATE UNIQUE INDEX by_due ON invoices (due);', 'SELECT id FROM invoices WHERE organization_id = $1 AND due < $2;'), 'silent'],
    ['silent on small tables', { ...index('CREATE INDEX by_due ON invoices (due);', 'SELECT id FROM invoices WHERE organization_id = $1 AND due < $2;'), settings: { ...configured, assume: { invoices: 500 } } }, 'silent'],
    ['silent where the tenant leads', index('CREATE INDEX by_due ON invoices (organization_id, due);', 'SELECT id FROM invoices WHERE organization_id = $1 AND due < $2;'), 'silent'],
  ],
  'rls-setting-outside-transaction': [
    ['fires on set_config(…, false) on a pooled connection', fn("const client = await pool.connect();\n  await client.query(\"SELECT set_config('app.tenant_id', $1, false)\", [organizationId]);\n  client.release();"), 'warning/text/text'],
    ['fires on SET on a pooled connection', fn('const client = await pool.connect();\n  await client.query(`SET app.tenant_id = \'${organizationId}\'`);\n  client.release();'), 'warning/text/text'],
    ['fix review inside of a transaction', fn("const client = await pool.connect();\n  await client.query('BEGIN');\n  await client.query(\"SELECT set_config('app.tenant_id', $1, false)\", [organizationId]);\n  await client.query('COMMIT');\n  client.release();"), 'warning/text/review'],
    ['silent on SET LOCAL', fn('const client = await pool.connect();\n  await client.query(\'BEGIN\');\n  await client.query(`SET LOCAL app.tenant_id = \'${organizationId}\'`);\n  await client.query(\'COMMIT\');\n  client.release();'), 'silent'],
    ['silent on settings that are no tenant’s', fn("const client = await pool.connect();\n  await client.query(\"SELECT set_config('app.trace', $1, false)\", [id]);\n  client.release();"), 'silent'],
  ],
};

/** An index beside the queries that could use it. */
function index(ddl: string, queries: string): RowCase {
  return { code: `${ddl}\n${queries}`, schema: `${SCHEMA}${ddl}`, settings: { ...configured, migrations: { folder: 'migrations', format: 'plain', existing: ['001_init.sql'] } } };
}

describe.each(Object.entries(clauses))('%s', (id, rows) => {
  it.each(rows)('%s', async (_, code, expected) => {
    expect(await verdictOf(id, code, { schema: SCHEMA, settings: configured }), typeof code === 'string' ? code : code.code).toBe(expected);
  });
});

it('every rule of tenancy has its clauses', () => {
  expect(Object.keys(clauses).sort()).toEqual(rules.filter((rule) => rule.category === 'tenancy').map((rule) => rule.id).sort());
});
