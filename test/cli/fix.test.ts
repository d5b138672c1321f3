import fs from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { fixFiles } from '../../server/src/cli/fix';
import type { Fix } from '../../server/src/core/lint/rule';
import { hostSpan } from '../../server/src/core/text/span';
import type { Linted, Project } from '../../server/src/workspace/project';
import { toUri } from '../../server/src/workspace/paths';
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

  it.each([['overlaps itself', 'both'], ['breaks the text', '!!']])('a fix that %s keeps back none of the others of its file, and is told', async (_, bad) => {
    workspace = makeWorkspace({ 'a.sql': 'one two bad three' });
    const uri = toUri(`${workspace.folder}/a.sql`);
    /** A project whose every word but a number is a finding that becomes one; texts with `!!` do not parse. */
    const previewed = (_uri: string, text: string): Linted => ({
      text, file: { uri, errors: text.includes('!!') ? [hostSpan(0, 1)] : [] },
      findings: [...text.matchAll(/[a-z]+/g)].map(([word], k, all) => {
        const edits = word === 'bad' && bad === 'both' ? [8, 9].map((at) => ({ uri, span: hostSpan(at, 11), text: 'x' })) : [{ uri, span: hostSpan(all[k]!.index, all[k]!.index + word.length), text: word === 'bad' ? '!!' : '1' }];
        return { rule: 'some-rule', fingerprint: word, fixes: (): readonly Fix[] => [{ title: `Replace ${word}`, kind: 'safe', edits }] };
      }),
    }) as unknown as Linted;
    const project = { folder: workspace.folder, previewSettled: (...args: [string, string]) => Promise.resolve(previewed(...args)) } as unknown as Project;
    const outcome = await fixFiles(project, [previewed(uri, 'one two bad three')], { dryRun: false, review: [] });
    expect([workspace.read('a.sql'), outcome.applied]).toEqual(['1 1 bad 1', 3]);
    expect(outcome.refused).toEqual(['a.sql: the fix "Replace bad" of some-rule is left out: the text would not stand with it']);
  });
});
