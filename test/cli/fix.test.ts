import fs from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli';
import { makeWorkspace } from '../support/workspaceFolder';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, created_at timestamptz NOT NULL, note text);\n';
const QUERY = 'SELECT id FROM orders WHERE tenant_id = 7 ORDER BY created_at DESC LIMIT $1;';
const FIXED = QUERY.replace('created_at DESC', 'created_at DESC, id DESC');

let workspace: ReturnType<typeof makeWorkspace> | undefined;
afterEach(() => workspace?.remove());

const run = async (...args: string[]): ReturnType<typeof runCli> => runCli(['check', '--no-database', ...args], { cwd: workspace?.folder ?? '' });

describe('check --fix', () => {
  it('keeps encodings, line ends, comments and quotes of every file; a second run changes nothing', async () => {
    const utf16 = Buffer.from(`\ufeff${QUERY}`, 'utf16le');
    const host = `import { Pool } from 'pg';\r\nconst pool = new Pool();\r\nexport const page = () => pool.query("${QUERY.replace(';', '')}", [5]); // “quoted” 😀\r\n`;
    workspace = makeWorkspace({
      'db/schema.sql': SCHEMA, 'bom.sql': `\ufeff-- ünï 😀\r\n\t${QUERY}\r\n/* end */`, 'plain.sql': `  ${QUERY}  -- why\n${QUERY}`, 'host.ts': host, 'wide.sql': utf16,
      // The row that is not ours: it does not parse, and stays as it is.
      'broken.sql': `SELEC id FRM;\n${QUERY}\n`,
    });
    const file = (name: string): string => fs.readFileSync(`${workspace?.folder}/${name}`, 'utf8');
    await run('--fix');
    const after = (): readonly string[] => ['bom.sql', 'plain.sql', 'host.ts', 'broken.sql'].map(file);
    expect(after()).toEqual([`\ufeff-- ünï 😀\r\n\t${FIXED}\r\n/* end */`, `  ${FIXED}  -- why\n${FIXED}`, host.replace('created_at DESC', 'created_at DESC, id DESC'), `SELEC id FRM;\n${FIXED}\n`]);
    expect(fs.readFileSync(`${workspace.folder}/wide.sql`).equals(utf16)).toBe(true);
    const once = after();
    await run('--fix');
    expect(after()).toEqual(once);
  });

  it('applies the review fixes of the rules that are named, with the migrations that they need; --fix-dry-run writes nothing', async () => {
    const migration = '-- the tenant\r\nALTER TABLE orders ADD CONSTRAINT t FOREIGN KEY (tenant_id) REFERENCES tenants (id);\r\n';
    const files = { 'db/migrations/0001_init.sql': `CREATE TABLE tenants (id bigint PRIMARY KEY);\n${SCHEMA}`, 'db/migrations/0002_tenant.sql': migration };
    workspace = makeWorkspace(files);
    const list = (): readonly string[] => fs.readdirSync(`${workspace?.folder}/db/migrations`).sort();
    const only = ['--rule', 'foreign-key-without-index=off', '--rule', 'lock-timeout-missing=off'];
    const dry = await run('--fix-dry-run', '--fix-review', 'lock-taking-alter', ...only);
    expect(dry.stdout).toContain('+ALTER TABLE orders ADD CONSTRAINT t FOREIGN KEY (tenant_id) REFERENCES tenants (id) NOT VALID;');
    expect(dry.stdout).toContain('+ALTER TABLE orders VALIDATE CONSTRAINT t;');
    expect([workspace.read('db/migrations/0002_tenant.sql'), list()]).toEqual([migration, ['0001_init.sql', '0002_tenant.sql']]);
    await run('--fix', ...only);
    expect(workspace.read('db/migrations/0002_tenant.sql')).toBe(migration);
    await run('--fix', '--fix-review', 'lock-taking-alter', ...only);
    expect(workspace.read('db/migrations/0002_tenant.sql')).toBe(migration.replace('(id);', '(id) NOT VALID;'));
    expect(list()).toEqual(['0001_init.sql', '0002_tenant.sql', '0003_validate_t.sql']);
    expect(workspace.read('db/migrations/0003_validate_t.sql')).toBe('ALTER TABLE orders VALIDATE CONSTRAINT t;\n');
  });

  it('takes fixes that touch each other one after the other, and ends lines as the file does', async () => {
    const text = `SET statement_timeout = 0;\r\nALTER TABLE orders ADD COLUMN a int;\r\n${QUERY}\r\n${QUERY}\r\n`;
    workspace = makeWorkspace({ 'db/migrations/0001_init.sql': SCHEMA, 'db/migrations/0002_more.sql': text });
    await run('--fix');
    const fixed = workspace.read('db/migrations/0002_more.sql');
    expect(fixed).toContain("SET lock_timeout = '5s';\r\nALTER TABLE orders");
    expect(fixed.replaceAll('\r\n', '')).not.toContain('\n');
  });
});
