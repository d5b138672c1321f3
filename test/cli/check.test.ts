import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli';
import { makeWorkspace } from '../support/workspaceFolder';

interface JsonReport {
  version: number;
  findings: { rule: string; severity: string; path: string; range: { start: { line: number; column: number }; end: { line: number; column: number } }; message: string; evidence: { confidence: string }; fixes: { kind: string; edits: unknown[] }[]; fingerprint: string }[];
  skipped: { path: string; reason: string }[];
  summary: { files: number; queries: number; bySeverity: Record<string, number>; byRule: Record<string, number> };
}

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, created_at timestamptz NOT NULL, note text);\n';
const PAGE = 'SELECT id, note FROM orders WHERE tenant_id = 1 ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET 400;\n';

let workspace: ReturnType<typeof makeWorkspace> | undefined;
afterEach(() => workspace?.remove());

async function check(files: Record<string, string | Uint8Array>, ...args: string[]): Promise<{ status: number | null; report: JsonReport; stderr: string }> {
  workspace?.remove();
  workspace = makeWorkspace(files);
  const { status, stdout, stderr } = await runCli(['check', '--no-database', '--format', 'json', ...args], { cwd: workspace.folder });
  return { status, report: JSON.parse(stdout) as JsonReport, stderr };
}

describe('sargable check', () => {
  it('--timing tells the time, the statements and the findings of each rule, as a table and in the report', async () => {
    const { report, stderr } = await check({ 'schema.sql': SCHEMA, 'a.sql': PAGE, 'b.sql': PAGE }, '--timing');
    const timing = (report as unknown as { timing: { stages: Record<string, number>; rules: { rule: string; ms: number; statements: number; findings: number; fixMs: number }[] } }).timing;
    expect(Object.keys(timing.stages)).toEqual(expect.arrayContaining(['read', 'lint']));
    const row = timing.rules.find(({ rule }) => rule === 'offset-pagination');
    expect(row).toMatchObject({ findings: 2 });
    expect(row?.statements).toBeGreaterThanOrEqual(2);
    // The JSON report holds the fixes, which were computed and checked for it.
    expect(row?.fixMs).toBeGreaterThan(0);
    expect(timing.rules.map(({ ms, fixMs }) => ms + fixMs).every((own, i, all) => i === 0 || own <= (all[i - 1] ?? 0) + 0.2)).toBe(true);
    expect(stderr).toMatch(/^rule +ms +statements +findings +fixes ms$/m);
    expect(stderr).toMatch(/^offset-pagination +[\d.]+ +\d+ +2 +[\d.]+$/m);
  });
  it('reports findings with exact one-based ranges, exclusive ends', async () => {
    const { report } = await check({ 'schema.sql': SCHEMA, 'a.sql': `-- 😀\n${PAGE}` });
    const finding = report.findings.find((f) => f.rule === 'offset-pagination');
    expect(finding).toMatchObject({ path: 'a.sql', range: { start: { line: 2, column: PAGE.indexOf('OFFSET') + 1 }, end: { line: 2, column: PAGE.indexOf(';') + 1 } } });
    expect(report.version).toBe(1);
    expect(finding?.fingerprint).toMatch(/\S{8,}/);
  });

  it('keeps fingerprints when lines move', async () => {
    const before = await check({ 'schema.sql': SCHEMA, 'a.sql': PAGE });
    const after = await check({ 'schema.sql': SCHEMA, 'a.sql': `\n\n-- moved\n${PAGE}` });
    expect(after.report.findings.map((f) => f.fingerprint)).toEqual(before.report.findings.map((f) => f.fingerprint));
    expect(before.report.findings.length).toBeGreaterThan(0);
  });

  it('takes a folder outside the current one for the project, with its configuration and schema', async () => {
    const other = makeWorkspace({ 'schema.sql': SCHEMA, 'sargable.config.json': '{ "rules": { "offset-pagination": "error" } }', 'queries/a.sql': PAGE });
    try {
      workspace = makeWorkspace({ 'b.sql': PAGE });
      const { status, stdout } = await runCli(['check', '--no-database', '--format', 'json', `${other.folder}/queries`], { cwd: workspace.folder });
      const report = JSON.parse(stdout) as JsonReport;
      expect(report.findings.filter((f) => f.rule === 'offset-pagination')).toMatchObject([{ path: 'queries/a.sql', severity: 'error' }]);
      expect({ status, files: report.summary.files }).toEqual({ status: 1, files: 1 });
    } finally {
      other.remove();
    }
  });

  it('exits 0 on warnings, 1 beyond --max-warnings, 1 on errors', async () => {
    const files = { 'schema.sql': SCHEMA, 'a.sql': PAGE };
    expect((await check(files, '--rule', 'offset-pagination=warning')).status).toBe(0);
    expect((await check(files, '--rule', 'offset-pagination=warning', '--max-warnings', '0')).status).toBe(1);
    expect((await check(files, '--rule', 'offset-pagination=error')).status).toBe(1);
    expect((await check(files, '--rule', 'offset-pagination=off')).report.findings.filter((f) => f.rule === 'offset-pagination')).toEqual([]);
  });

  it('goes on past files that cannot be read, and says why', async () => {
    const { status, report } = await check({ 'latin1.sql': Buffer.from("SELECT 'caf\xe9'", 'latin1'), 'utf16.sql': Buffer.from('\ufeffSELECT 1', 'utf16le'), 'a.sql': PAGE, 'bom.sql': `\ufeff${PAGE}` });
    expect(report.skipped).toEqual([{ path: 'latin1.sql', reason: 'not valid UTF-8; save it as UTF-8' }, { path: 'utf16.sql', reason: 'encoded as UTF-16; save it as UTF-8' }]);
    expect(status).toBe(0);
    expect(report.findings.filter((f) => f.rule === 'offset-pagination').map((f) => [f.path, f.range.start.column])).toEqual([['a.sql', PAGE.indexOf('OFFSET') + 1], ['bom.sql', PAGE.indexOf('OFFSET') + 1]]);
  });

  it('skips a 50 MB file and survives 20,000 parentheses', async () => {
    const { report } = await check({ 'huge.sql': Buffer.alloc(50 * 1024 * 1024, 'SELECT 1;\n'), 'deep.sql': `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)};\n${PAGE}` });
    expect(report.skipped[0]?.reason).toMatch(/larger than 5\.0 MiB \(50 MiB\)/);
    expect(report.findings.some((f) => f.path === 'deep.sql' && f.rule === 'offset-pagination')).toBe(true);
  });

  it('skips minified code, and reads code with one long line', async () => {
    const query = "import { Pool } from 'pg';export const page=(n)=>new Pool().query('SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1',[n]);";
    const { report } = await check({ 'package.json': '{"dependencies":{"pg":"8"}}', 'bundle.js': query.repeat(200), 'migration.ts': query.repeat(200), 'lines.js': `${query}\n`.repeat(200), 'data.js': `const data = '${'x'.repeat(9_000)}';\n${`${query}\n`.repeat(200)}` });
    expect(report.skipped).toEqual([{ path: 'bundle.js', reason: 'minified: most of it stands in lines longer than 1000 characters' }]);
    expect(new Set(report.findings.filter((f) => f.rule === 'offset-pagination').map((f) => f.path))).toEqual(new Set(['data.js', 'lines.js', 'migration.ts']));
  });

  it('says nothing of the test modules of a Rust file', async () => {
    const page = 'pub async fn page(pool: &sqlx::PgPool, n: i64) {\n    sqlx::query("SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1").bind(n).fetch_all(pool).await;\n}\n';
    const { report } = await check({ 'Cargo.toml': '[dependencies]\nsqlx = { version = "0.8", features = ["postgres"] }\n', 'src/a.rs': `${page}\n#[cfg(test)]\n#[allow(unused)]\nmod tests {\n${page.replace(/^(?=.)/gm, '    ')}}\n\n${page.replace('page', 'other')}` });
    expect(report.findings.filter((f) => f.rule === 'offset-pagination').map((f) => f.range.start.line)).toEqual([2, 14]);
  });

  it('silences by comment and reports a comment that silences nothing', async () => {
    const { report } = await check({ 'a.sql': `-- sargable-disable-next-line offset-pagination: three rows\n${PAGE}-- sargable-disable-next-line offset-pagination: nothing\nSELECT 1 AS one;\n` });
    expect(report.findings.map((f) => f.rule)).not.toContain('offset-pagination');
    expect(report.findings.filter((f) => f.rule === 'unused-suppression').map((f) => f.range.start.line)).toEqual([3]);
  });

  it('honours .gitignore, also where nothing is a repository', async () => {
    const { report } = await check({ '.gitignore': 'legacy/\n', 'legacy/a.sql': PAGE, 'b.sql': PAGE });
    expect(report.summary.files).toBe(1);
  });

  it('reads standard input under a name', async () => {
    workspace = makeWorkspace({ 'schema.sql': SCHEMA });
    const { stdout } = await runCli(['check', '--stdin', '--stdin-filename', 'new.sql', '--format', 'json', '--no-database'], { cwd: workspace.folder, stdin: PAGE });
    expect((JSON.parse(stdout) as JsonReport).findings.map((f) => [f.path, f.rule])).toContainEqual(['new.sql', 'offset-pagination']);
  });

  it('keeps known findings out with a baseline that may only shrink', async () => {
    const { findings } = (await check({ 'a.sql': PAGE })).report;
    expect(findings.length).toBeGreaterThan(0);
    const cwd = workspace?.folder ?? '';
    const grow = await runCli(['check', '--baseline', 'base.json', '--update-baseline'], { cwd });
    expect(grow.status).toBe(2);
    expect(grow.stderr).toMatch(/would make the baseline grow/);
    expect((await runCli(['check', '--baseline', 'base.json', '--update-baseline', '--allow-growth'], { cwd })).status).toBe(0);
    const again = await runCli(['check', '--baseline', 'base.json', '--format', 'json'], { cwd });
    expect((JSON.parse(again.stdout) as JsonReport).findings).toEqual([]);
    workspace?.write('b.sql', PAGE.replace('400', '800'));
    const more = await runCli(['check', '--baseline', 'base.json', '--format', 'json'], { cwd });
    expect((JSON.parse(more.stdout) as JsonReport).findings.every((f) => f.path === 'b.sql')).toBe(true);
  });

  it.each([
    ['sargable.config.ts', "const severity: string = 'off';\nexport default { rules: { 'offset-pagination': severity } };\n"],
    ['sargable.config.mjs', "export default { rules: { 'offset-pagination': 'off' } };\n"],
    ['sargable.config.yaml', 'rules:\n  offset-pagination: "off"\n'],
  ])('obeys %s', async (name, config) => {
    const { report, status, stderr } = await check({ [name]: config, 'a.sql': PAGE });
    expect([status, stderr]).toEqual([0, '']);
    expect(report.findings.map((f) => f.rule)).not.toContain('offset-pagination');
  });

  it('looks only at what differs from the main branch, new files included', async () => {
    workspace = makeWorkspace({ 'a.sql': PAGE, 'b.sql': PAGE });
    const cwd = workspace.folder;
    const git = (...args: string[]): void => void execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd, stdio: 'ignore' });
    git('init', '-b', 'main');
    git('add', '.');
    git('commit', '-m', 'first');
    git('checkout', '-b', 'feature');
    workspace.write('b.sql', `${PAGE}-- more\n`);
    workspace.write('c.sql', PAGE);
    const { stdout } = await runCli(['check', '--changed', '--format', 'json', '--no-database'], { cwd });
    expect([...new Set((JSON.parse(stdout) as JsonReport).findings.map((f) => f.path))]).toEqual(['b.sql', 'c.sql']);
    expect((await runCli(['check', '--changed', 'nowhere'], { cwd })).stderr).toContain("git knows no reference 'nowhere'");
  });

  it('writes safe fixes, keeps line ends and the byte order mark', async () => {
    const text = '\ufeffSELECT id FROM orders WHERE tenant_id = 7 ORDER BY created_at DESC LIMIT $1;\r\n-- end\r\n';
    workspace = makeWorkspace({ 'schema.sql': SCHEMA, 'a.sql': text });
    const dry = await runCli(['check', '--fix-dry-run', '--no-database'], { cwd: workspace.folder });
    expect(dry.stdout).toContain('+SELECT id FROM orders WHERE tenant_id = 7 ORDER BY created_at DESC, id DESC LIMIT $1;');
    expect(workspace.read('a.sql')).toBe(text);
    await runCli(['check', '--fix', '--no-database'], { cwd: workspace.folder });
    expect(workspace.read('a.sql')).toBe(text.replace('created_at DESC', 'created_at DESC, id DESC'));
  });

  it.each([
    [['check', '--rule', 'select-star'], /write it as ID=SEVERITY/],
    [['check', '--rule', 'selct-star=off'], /did you mean 'select-star'/],
    [['check', '--assume', 'orders=lots'], /is not a number of rows/],
    [['check', 'nowhere'], /nowhere: it does not exist/],
    [['check', '--format', 'xml'], /Allowed choices are/],
    [['check', '--frmat', 'json'], /unknown option '--frmat'/],
    [['check', '--database', 'postgres://u:secret@127.0.0.1:1/x'], /127\.0\.0\.1/],
    [['check', '--database', 'not a url'], /database/i],
    [['rules', 'selct-star'], /did you mean 'select-star'/],
    [['explain', 'x'], /FILE:LINE/],
  ] as const)('%j is wrong usage', async (args, message) => {
    workspace = makeWorkspace({ 'a.sql': PAGE });
    const { status, stderr } = await runCli(args, { cwd: workspace.folder });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('secret');
    expect(status).toBe(2);
  });
});

it.skipIf(process.platform === 'win32')('is quiet when its reader has seen enough', () => {
  const { stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${path.resolve(import.meta.dirname, '../../dist/cli.js')}" rules | true`], { encoding: 'utf8' });
  expect(stderr).toBe('');
});

describe('formats', () => {
  const files = { 'schema.sql': SCHEMA, 'a.sql': PAGE };
  const run = async (format: string): Promise<string> => {
    workspace = makeWorkspace(files);
    return (await runCli(['check', 'a.sql', '--format', format, '--no-database'], { cwd: workspace.folder })).stdout;
  };
  it('sarif holds rules, regions and fingerprints', async () => {
    const sarif = JSON.parse(await run('sarif')) as { version: string; runs: { results: { ruleId: string; ruleIndex: number; locations: { physicalLocation: { region: object } }[]; partialFingerprints: object }[]; tool: { driver: { rules: { id: string }[] } } }[] };
    const [only] = sarif.runs;
    const result = only?.results.find((r) => r.ruleId === 'offset-pagination');
    expect(sarif.version).toBe('2.1.0');
    expect(only?.tool.driver.rules[result?.ruleIndex ?? -1]?.id).toBe('offset-pagination');
    expect(result?.locations[0]?.physicalLocation.region).toEqual({ startLine: 1, startColumn: PAGE.indexOf('OFFSET') + 1, endLine: 1, endColumn: PAGE.indexOf(';') + 1 });
  });
  it('github escapes what the workflow command would misread', async () => {
    expect(await run('github')).toMatch(/^::(warning|notice) file=a\.sql,line=1,endLine=1,col=\d+,endColumn=\d+,title=sargable offset-pagination::/m);
  });
  it('gitlab, junit and markdown are well-formed', async () => {
    expect((JSON.parse(await run('gitlab')) as { check_name: string }[]).some((f) => f.check_name === 'offset-pagination')).toBe(true);
    expect(await run('junit')).toMatch(/<testsuites name="sargable" tests="\d+"[\s\S]*<\/testsuites>/);
    expect(await run('markdown')).toMatch(/\| `a\.sql:1` \|/);
  });
  it('stylish underlines exactly the clause', async () => {
    const lines = (await run('stylish')).split('\n');
    const at = lines.findIndex((l) => l.includes('offset-pagination'));
    const marks = lines[at + 2] ?? '';
    expect(lines[at + 1]?.slice(marks.indexOf('^'), marks.lastIndexOf('^') + 1)).toBe('OFFSET 400');
  });
});

it('rules prints the catalogue and a page', async () => {
  const cwd = fs.realpathSync('.');
  expect((await runCli(['rules'], { cwd })).stdout).toMatch(/^offset-pagination/m);
  expect((await runCli(['rules', 'offset-pagination'], { cwd })).stdout).toContain('## Why');
});
