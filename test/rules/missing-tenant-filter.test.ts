import { missingTenantFilter } from '../../server/src/core/rules/missing-tenant-filter';
import { testRule } from '../support/ruleTester';

testRule(missingTenantFilter, {
  schema: `
    CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE TABLE projects (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, name text NOT NULL);
    CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, project_id bigint NOT NULL REFERENCES projects, total numeric NOT NULL);
    CREATE TABLE invoice_lines (id bigint PRIMARY KEY, organization_id bigint NOT NULL, invoice_id bigint NOT NULL REFERENCES invoices, amount numeric NOT NULL);
    CREATE TABLE api_keys (id bigint PRIMARY KEY, organization_id bigint NOT NULL, key_hash text NOT NULL UNIQUE);
    CREATE TABLE payments (id bigint PRIMARY KEY, organization_id bigint NOT NULL, stripe_charge_id text NOT NULL UNIQUE);
    CREATE TABLE grants (id bigint PRIMARY KEY, organization_id bigint NOT NULL, user_id bigint NOT NULL);
    CREATE TABLE secrets (id bigint PRIMARY KEY, organization_id bigint NOT NULL, value text NOT NULL);
    ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON secrets USING (organization_id = current_setting('app.organization')::bigint);
    CREATE TABLE links (id bigint PRIMARY KEY, organization_id bigint NOT NULL, short_id text NOT NULL UNIQUE, client_id bigint NOT NULL UNIQUE, share_key text NOT NULL);
    CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
    CREATE VIEW invoice_totals AS SELECT id, total FROM invoices;
    CREATE VIEW open_invoices AS SELECT id, organization_id AS owner, total FROM invoices WHERE total > 0;
    CREATE VIEW my_invoices AS SELECT id, total FROM invoices WHERE organization_id = current_setting('app.organization')::bigint;
  `,
  settings: { tenant: { columns: ['organization_id'], globalTables: [], systemPaths: [] } },
  flagged: [
    // The session's tenant in another place of the statement says nothing of these rows.
    {
      language: 'typescript',
      code: `import express from 'express';
import { Pool } from 'pg';
const [app, pool] = [express(), new Pool()];
app.get('/a/:id', async (req, res) => {
  res.json(await pool.query('SELECT p.id, (SELECT count(*) FROM invoices i WHERE i.total > 5) FROM projects p WHERE p.id = $1 AND p.organization_id = $2', [req.params.id, req.org.id]));
//                                                              ^^^^^^^^
  res.json(await pool.query('SELECT id FROM projects WHERE organization_id = $2 AND id = $1 UNION ALL SELECT id FROM invoices WHERE project_id = $1', [req.params.id, req.org.id]));
//                                                                                                                   ^^^^^^^^
  res.json(await pool.query('SELECT i.id FROM invoices i LEFT JOIN projects p ON p.id = i.project_id AND p.organization_id = $2 WHERE i.id = $1', [req.params.id, req.org.id]));
//                                            ^^^^^^^^
});
`,
    },
    // A key that is no text, and one that is not unique, are guessed, or lead to several.
    `
SELECT id FROM links WHERE client_id = $1;
--             ^^^^^
SELECT id FROM links WHERE share_key = $1;
--             ^^^^^`,
    {
      code: `
SELECT total FROM invoice_totals WHERE id = $1
--                ^^^^^^^^^^^^^^ the view lets rows of every organization_id through`,
      embed: false,
      fixes: 0,
    },
    {
      code: `
SELECT total FROM open_invoices WHERE id = $1
--                ^^^^^^^^^^^^^ nothing holds owner to one value`,
      embed: false,
      fixed: `
SELECT total FROM open_invoices WHERE id = $1 AND owner = $2`,
    },
    {
      // One gap: with the tenant of the invoice the lines are tied too.
      code: `
SELECT l.amount FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE i.id = $1
--                   ^^^^^^^^`,
    },
    {
      code: `
SELECT i.id FROM invoices i LEFT JOIN organizations o ON o.id = i.organization_id AND o.id = $2 WHERE i.id = $1
--               ^^^^^^^^`,
    },
    {
      code: `
SELECT id, total FROM invoices WHERE id = $1
--                    ^^^^^^^^ invoices is read without its tenant`,
      embed: false,
      severity: 'hint',
      fixed: `
SELECT id, total FROM invoices WHERE id = $1 AND organization_id = $2`,
    },
    { code: `
UPDATE invoices SET total = $2 WHERE id = $1
--     ^^^^^^^^ is updated without its tenant`, embed: false },
    { code: `
DELETE FROM invoices WHERE id = $1
--          ^^^^^^^^ is deleted from`, embed: false },
    { code: `
SELECT i.id FROM invoices i JOIN countries c ON true WHERE i.id = $1
--               ^^^^^^^^`, embed: false },
    { code: `
WITH recent AS (SELECT id FROM invoices WHERE total > $1) SELECT id FROM recent
--                             ^^^^^^^^`, embed: false },
    { code: `
SELECT id FROM invoices WHERE organization_id = $1 UNION ALL SELECT id FROM projects WHERE name = $2
--                                                                          ^^^^^^^^`, embed: false },
    { code: `
SELECT id FROM invoices WHERE organization_id IS NOT NULL AND id = $1
--             ^^^^^^^^`, embed: false },
    {
      language: 'typescript',
      severity: 'hint',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function load(id: string, organizationId: string) {
  const { rows } = await pool.query('SELECT id, total FROM invoices WHERE id = $1', [id]);
//                                                         ^^^^^^^^
  return rows[0];
}`,
      fixed: `
import { Pool } from 'pg';
const pool = new Pool();
export async function load(id: string, organizationId: string) {
  const { rows } = await pool.query('SELECT id, total FROM invoices WHERE id = $1 AND organization_id = $2', [id, organizationId]);
  return rows[0];
}`,
    },
    {
      language: 'typescript',
      severity: 'warning',
      code: `
import express from 'express';
import { Pool } from 'pg';
const app = express();
const pool = new Pool();
app.get('/invoices/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT id, total FROM invoices WHERE id = $1', [req.params.id]);
//                                                         ^^^^^^^^
  res.json(rows[0]);
});`,
    },
    {
      // The other handlers show where the tenant is found.
      language: 'typescript',
      severity: 'warning',
      fixes: 1,
      code: `
import express from 'express';
import { Pool } from 'pg';
const app = express();
const pool = new Pool();
app.get('/projects/:id', async (req, res) => {
  res.json(await pool.query('SELECT id FROM projects WHERE id = $1 AND organization_id = $2', [req.params.id, req.organizationId]));
});
app.get('/invoices/:id', async (req, res) => {
  res.json(await pool.query('SELECT id, total FROM invoices WHERE id = $1', [req.params.id]));
//                                                 ^^^^^^^^
});`,
      fixed: `
import express from 'express';
import { Pool } from 'pg';
const app = express();
const pool = new Pool();
app.get('/projects/:id', async (req, res) => {
  res.json(await pool.query('SELECT id FROM projects WHERE id = $1 AND organization_id = $2', [req.params.id, req.organizationId]));
});
app.get('/invoices/:id', async (req, res) => {
  res.json(await pool.query('SELECT id, total FROM invoices WHERE id = $1 AND organization_id = $2', [req.params.id, req.organizationId]));
});`,
    },
  ],
  clean: [
    // Given away to whoever is to see the row.
    'SELECT id FROM links WHERE short_id = $1',
    'SELECT total FROM my_invoices WHERE id = $1',
    'SELECT total FROM open_invoices WHERE id = $1 AND owner = $2',
    'SELECT t.total FROM invoice_totals t JOIN invoices i ON i.id = t.id WHERE i.organization_id = $1',
    'WITH made AS (INSERT INTO invoices (id, organization_id, project_id, total) VALUES ($1, $2, $3, $4) RETURNING id) SELECT l.amount FROM made JOIN invoice_lines l ON l.invoice_id = made.id',
    'SELECT i.id FROM invoices i JOIN organizations o ON o.id = i.organization_id WHERE i.id = $1 AND o.id = $2',
    'SELECT i.id FROM invoices i LEFT JOIN organizations o ON o.id = i.organization_id WHERE i.id = $1 AND o.id = $2',
    'SELECT id FROM invoices WHERE id = $1 AND organization_id = $2',
    'SELECT id FROM invoices WHERE organization_id = ANY($1) AND id = $2',
    'SELECT i.id FROM invoices i JOIN projects p ON p.organization_id = i.organization_id WHERE p.organization_id = $1 AND i.id = $2',
    'SELECT i.id FROM invoices i JOIN projects p ON p.id = i.project_id WHERE p.organization_id = $1 AND i.id = $2',
    'SELECT l.id FROM invoice_lines l WHERE l.invoice_id IN (SELECT id FROM invoices WHERE organization_id = $1) AND l.amount > $2',
    'SELECT l.id FROM invoice_lines l WHERE EXISTS (SELECT 1 FROM invoices i WHERE i.id = l.invoice_id AND i.organization_id = $1) AND l.amount > $2',
    'SELECT i.id, (SELECT count(*) FROM invoice_lines l WHERE l.invoice_id = i.id) FROM invoices i WHERE i.organization_id = $1',
    'SELECT x.id FROM (SELECT id, organization_id FROM invoices) x WHERE x.organization_id = $1',
    'WITH own AS (SELECT id FROM projects WHERE organization_id = $1) SELECT i.id FROM invoices i JOIN own ON own.id = i.project_id',
    'SELECT organization_id FROM api_keys WHERE key_hash = $1',
    'UPDATE payments SET id = id WHERE stripe_charge_id = $1',
    'SELECT value FROM secrets WHERE id = $1',
    'SELECT name FROM countries WHERE code = $1',
    'SELECT id FROM grants WHERE user_id = $1',
    'SELECT name FROM organizations WHERE id = $1',
    'INSERT INTO invoices (id, organization_id, project_id, total) VALUES ($1, $2, $3, $4)',
    'DELETE FROM invoices WHERE total < 0',
    'UPDATE invoices i SET total = 0 FROM projects p WHERE p.id = i.project_id AND p.organization_id = $1',
    { code: 'SELECT id FROM invoices WHERE id = $1', path: 'src/cron/sweep.sql', embed: false },
    { code: 'SELECT id FROM invoices WHERE id = $1', path: 'src/back/office.sql', embed: false, settings: { tenant: { columns: ['organization_id'], globalTables: [], systemPaths: ['src/back/**'] } } },
    // The tenant column is only inferred: what the callers checked is not known.
    { code: 'SELECT id FROM invoices WHERE id = $1', embed: false, settings: { tenant: { columns: [], globalTables: [], systemPaths: [] } } },
    {
      // A row that was made here; one that was read before is the gap itself.
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function create(organizationId: string, projectId: string) {
  const made = await pool.query('INSERT INTO invoices (organization_id, project_id, total) VALUES ($1, $2, 0) RETURNING id', [organizationId, projectId]);
  await pool.query('UPDATE invoices SET total = 1 WHERE id = $1', [made.rows[0].id]);
}`,
    },
    { code: 'SELECT id FROM invoices WHERE id = $1', embed: false, schema: 'CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric);' },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function lines(id: string, organizationId: string) {
  const { rows } = await pool.query('SELECT id FROM invoices WHERE id = $1 AND organization_id = $2', [id, organizationId]);
  const invoice = rows[0];
  if (!invoice) throw new Error('not found');
  return pool.query('SELECT amount FROM invoice_lines WHERE invoice_id = $1', [invoice.id]);
}`,
    },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function remove(id: string, organizationId: string) {
  const found = await pool.query('SELECT id FROM invoices WHERE id = $1 AND organization_id = $2', [id, organizationId]);
  if (found.rowCount === 0) throw new Error('not found');
  await pool.query('DELETE FROM invoice_lines WHERE invoice_id = $1', [id]);
}`,
    },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function show(id: string, ctx: { organizationId: string }) {
  const result = await pool.query('SELECT id, organization_id FROM invoices WHERE id = $1', [id]);
  if (result.rows[0].organization_id !== ctx.organizationId) throw new Error('forbidden');
  return result.rows[0];
}`,
    },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
import { assertCanAccess } from './access';
const pool = new Pool();
export async function show(id: string, user: string) {
  await assertCanAccess(user, id);
  return pool.query('SELECT id FROM invoices WHERE id = $1', [id]);
}`,
    },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function mine(req: { user: { projectId: string } }) {
  return pool.query('SELECT id FROM invoices WHERE project_id = $1', [req.user.projectId]);
}`,
    },
  ],
});
