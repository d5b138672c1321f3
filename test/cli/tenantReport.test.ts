import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli';
import { makeWorkspace } from '../support/workspaceFolder';

const FILES = {
  'schema.sql': `CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE projects (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, name text NOT NULL);
CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, total numeric NOT NULL);
CREATE TABLE notes (id bigint PRIMARY KEY, organization_id bigint NOT NULL, body text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (organization_id = current_setting('app.org')::bigint);
`,
  'src/invoices.ts': `import { Pool } from 'pg';
const pool = new Pool();
export const open = (id: number) => pool.query('SELECT total FROM invoices WHERE id = $1', [id]);
export const own = (id: number, org: number) => pool.query('SELECT total FROM invoices WHERE id = $1 AND organization_id = $2', [id, org]);
export const add = (org: number) => pool.query('INSERT INTO invoices (id, organization_id, total) VALUES (1, $1, 0)', [org]);
export const dynamic = (where: string) => pool.query('SELECT total FROM invoices WHERE ' + where);
export const note = (id: number) => pool.query('SELECT body FROM notes WHERE id = $1', [id]);
export async function guarded(id: number, organizationId: number) {
  const found = await pool.query('SELECT id FROM projects WHERE id = $1 AND organization_id = $2', [id, organizationId]);
  if (found.rowCount === 0) return undefined;
  return pool.query('SELECT name FROM projects WHERE id = $1', [id]);
}
`,
  'src/jobs/sweep.ts': "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const sweep = (total: number) => pool.query('DELETE FROM invoices WHERE total < $1', [total]);\n",
};

let workspace: ReturnType<typeof makeWorkspace>;
beforeAll(() => void (workspace = makeWorkspace(FILES)));
afterAll(() => workspace.remove());

const report = (...args: string[]) => runCli(['check', '--no-database', '--report', 'tenant', ...args], { cwd: workspace.folder });

interface Json {
  readonly version: number;
  readonly tenant: { readonly rows: readonly { path: string; line: number; table: string; access: string; verdict: string; how: string; sql?: string }[]; readonly summary: Readonly<Record<string, number>> };
}

describe('sargable check --report tenant', () => {
  it('says of each use of a tenant’s table how it is held to one tenant, in JSON', async () => {
    const { status, stdout } = await report('--format', 'json');
    const { version, tenant } = JSON.parse(stdout) as Json;
    expect({ status, version }).toEqual({ status: 0, version: 1 });
    expect(tenant.rows.map((row) => `${row.verdict} ${row.path}:${row.line} ${row.table} ${row.access}`)).toEqual([
      'open src/invoices.ts:3 invoices read',
      'unknown src/invoices.ts:6 invoices read',
      'guarded src/invoices.ts:11 projects read',
      'exempt src/jobs/sweep.ts:3 invoices delete',
      'pinned src/invoices.ts:4 invoices read',
      'pinned src/invoices.ts:5 invoices insert',
      'pinned src/invoices.ts:7 notes read',
      'pinned src/invoices.ts:9 projects read',
    ]);
    expect(tenant.summary).toEqual({ open: 1, unknown: 1, guarded: 1, exempt: 1, pinned: 4 });
    expect(tenant.rows.find((row) => row.table === 'notes')?.how).toBe('row-level security (own): not for the table’s owner, nor for roles with BYPASSRLS');
    expect(tenant.rows[0]?.sql).toBe('SELECT total FROM invoices WHERE id = $1');
  });

  it('is a table, and one in Markdown', async () => {
    const [plain, markdown, other] = await Promise.all([report(), report('--format', 'markdown'), report('--format', 'sarif')]);
    expect(plain.stdout).toMatch(/^VERDICT +WHERE +TABLE +ACCESS +HOW\nopen +src\/invoices\.ts:3 +invoices +read +nothing holds organization_id to one value\n/);
    expect(plain.stdout).toContain('8 uses of tenants’ tables: 1 open, 1 unknown, 1 guarded, 1 exempt, 4 pinned.');
    expect(markdown.stdout).toContain('| open | `src/invoices.ts:3` | invoices | read | nothing holds organization_id to one value | `SELECT total FROM invoices WHERE id = $1` |');
    expect(other).toMatchObject({ status: 2 });
    expect(other.stderr).toContain('--report tenant has no format sarif');
  });
});
