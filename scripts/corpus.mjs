// Measures the rules over labelled cases and over real code.
//   npm run corpus                       recall and false rate of the labelled suite
//   npm run corpus -- folder…            findings per rule and file of these folders, with a sample to review, as Markdown
//   npm run corpus -- --clone name…      the same over repositories of corpus.json, cloned at pinned commits into .cache/corpus
//   … --summary                          counts alone, and what readers judged of the findings (corpusVerdicts.json): docs/precision.md
//   … --unjudged                         only findings without a verdict, so many that each rule comes to --sample of them (default 20)
// Options: --rule <id> (repeatable), --sample <n> (per rule, default 10), --seed <text>, --out <file>. Nothing of a corpus is committed.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installDependencies, root, run } from './prepare.mjs';

/** Development repositories at the commits that the figures of the last report were made from. */
const PINNED = JSON.parse(readFileSync(path.join(root, 'scripts/corpus.json'), 'utf8'));
/** What a reader of the source said of a finding: `right`, or `wrong: why`, `doubtful: why`. Key: `<rule> <path>:<line>` at the pinned commit. */
const VERDICTS = JSON.parse(readFileSync(path.join(root, 'scripts/corpusVerdicts.json'), 'utf8'));
/** Where the migrations of the common tools lie. */
const MIGRATIONS = ['**/{migrations,migration,migrate,alterations,delta}/**/*.{sql,py,ts,js,rb,php}', '**/versions/*.py'];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { clone: { type: 'boolean' }, rule: { type: 'string', multiple: true }, sample: { type: 'string' }, seed: { type: 'string' }, out: { type: 'string' }, summary: { type: 'boolean' }, unjudged: { type: 'boolean' } },
});

installDependencies();
run(process.execPath, ['scripts/build.mjs'], { stdio: 'ignore' });
const folders = options.clone ? cloned(positionals) : positionals;
const report = folders.length === 0 ? suiteReport() : options.summary ? await summaryReport(folders) : options.unjudged ? unjudgedReport(folders) : folders.map(folderReport).join('\n');
if (options.out) writeFileSync(options.out, report);
else process.stdout.write(`${report}\n`);

function suiteReport() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sargable-corpus-'));
  const file = path.join(folder, 'report.md');
  try {
    const suite = spawnSync(process.execPath, [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'test/corpus/nPlusOne.test.ts', '--reporter=dot'], { cwd: root, env: { ...process.env, SARGABLE_CORPUS_REPORT: file }, encoding: 'utf8' });
    if (suite.status !== 0) {
      process.exitCode = 1;
      process.stderr.write(suite.stdout + suite.stderr);
    }
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Findings of a folder, with the name of the repository and the verdict on each. */
function check(folder) {
  const started = performance.now();
  const run = spawnSync(process.execPath, [path.join(root, 'dist/cli.js'), 'check', '--no-database', '--format', 'json', '.'], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 30 });
  if (run.status === null || run.status > 1) throw new Error(`${folder} cannot be checked: ${run.stderr.trim() || run.error?.message}`);
  const result = JSON.parse(run.stdout);
  const base = path.basename(path.resolve(folder));
  const name = Object.keys(PINNED).find((full) => full.split('/')[1] === base || full.replace('/', '-') === base) ?? base;
  const findings = result.findings.filter((f) => !options.rule || options.rule.includes(f.rule)).map((f) => ({ ...f, repository: name, folder, verdict: VERDICTS[name]?.[`${f.rule} ${f.path}:${f.range.start.line}`] }));
  return { name, folder, findings, summary: result.summary, seconds: (performance.now() - started) / 1000 };
}

function unjudgedReport(folders) {
  const rules = groupBy(folders.flatMap((folder) => check(folder).findings), (f) => f.rule);
  return [...rules].sort().flatMap(([rule, findings]) => {
    const open = sample(findings.filter((f) => f.verdict === undefined), Math.max(0, Number(options.sample ?? 20) - findings.filter((f) => f.verdict !== undefined).length));
    return open.length === 0 ? [] : [`### ${rule}`, '', ...open.flatMap((f) => [`- ${f.repository} ${f.path}:${f.range.start.line} **${f.severity}** ${oneLine(f.message)}`, `  \`${sourceLine(f.folder, f).replaceAll('`', "'")}\``]), ''];
  }).join('\n');
}

/** Holds counts and names of files, nothing of their content. */
async function summaryReport(folders) {
  const { glob } = await import('tinyglobby');
  const checks = folders.map(check);
  const lines = ['# How often findings are right', '', 'Findings of `npm run corpus -- --summary` (`--clone` fetches the repositories) at default settings without a database, over the development repositories at the commits of `scripts/corpus.json`. Verdicts (`scripts/corpusVerdicts.json`) are of readers of the source around a sample of findings, made before the causes of what was wrong were mended: of what was read then, the second table holds what is still reported.', '', verdictTotals(), '', '## Repositories', '', '| repository | files | queries | findings | migration files | findings per migration file |', '| --- | ---: | ---: | ---: | ---: | ---: |'];
  const total = { files: 0, findings: 0 };
  for (const { name, folder, findings, summary } of checks) {
    const migrations = new Set(await glob(MIGRATIONS, { cwd: folder, ignore: ['**/node_modules/**', '**/__init__.py', '**/*.down.sql', '**/tests/**', '**/test/**'], expandDirectories: false }));
    const inside = findings.filter((f) => migrations.has(f.path)).length;
    total.files += migrations.size;
    total.findings += inside;
    lines.push(`| ${name} | ${summary.files} | ${summary.queries} | ${findings.length} | ${migrations.size} | ${migrations.size === 0 ? '–' : (inside / migrations.size).toFixed(2)} |`);
  }
  lines.push('', `Together ${(total.findings / Math.max(1, total.files)).toFixed(2)} findings per migration file (${total.files} files).`, '', '## Rules', '', '| rule | findings | read | right | doubtful | wrong |', '| --- | ---: | ---: | ---: | ---: | ---: |');
  const all = checks.flatMap(({ findings }) => findings);
  const said = (findings, word) => findings.filter((f) => f.verdict?.startsWith(word)).length;
  const row = (rule, findings) => `| ${rule} | ${findings.length} | ${findings.filter((f) => f.verdict).length} | ${said(findings, 'right')} | ${said(findings, 'doubtful')} | ${said(findings, 'wrong')} |`;
  for (const [rule, findings] of [...groupBy(all, (f) => f.rule)].sort()) lines.push(row(rule, findings));
  lines.push(row('**all**', all));
  const held = all.filter((f) => f.verdict && !f.verdict.startsWith('right'));
  lines.push('', '## Wrong or doubtful', '', ...(held.length === 0 ? ['None of those read.'] : held.map((f) => `- ${f.rule}, ${f.repository} ${f.path}:${f.range.start.line}: ${f.verdict}`)));
  return `${lines.join('\n')}\n`;
}

function folderReport(folder) {
  const { findings: found, summary, seconds } = check(folder);
  const rules = groupBy(found, (f) => f.rule);
  const lines = [`## ${path.basename(path.resolve(folder))}`, '', `${summary.files} files, ${summary.queries} queries in ${seconds.toFixed(1)} s.`, '', '| rule | findings | warning | info | hint | files |', '| --- | ---: | ---: | ---: | ---: | ---: |'];
  const count = (findings, severity) => findings.filter((f) => f.severity === severity).length;
  for (const [rule, findings] of [...rules].sort((a, b) => b[1].length - a[1].length)) {
    lines.push(`| ${rule} | ${findings.length} | ${count(findings, 'error') + count(findings, 'warning')} | ${count(findings, 'info')} | ${count(findings, 'hint')} | ${new Set(findings.map((f) => f.path)).size} |`);
  }
  for (const [rule, findings] of [...rules].sort()) {
    const files = [...groupBy(findings, (f) => f.path)].sort((a, b) => b[1].length - a[1].length).slice(0, 5);
    lines.push('', `### ${rule}`, '', `Most in: ${files.map(([file, own]) => `${shown(folder, file)} (${own.length})`).join(', ')}`, '');
    for (const finding of sample(findings, Number(options.sample ?? 10))) {
      lines.push(`- ${shown(folder, finding.path)}:${finding.range.start.line} **${finding.severity}** ${oneLine(finding.message)}`, `  \`${sourceLine(folder, finding).replaceAll('`', "'")}\``, ...(finding.evidence?.because ? [`  ${oneLine(finding.evidence.because)}`] : []));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Of everything that was ever judged. */
function verdictTotals() {
  const said = Object.values(VERDICTS).flatMap((findings) => Object.values(findings));
  const count = (word) => said.filter((verdict) => verdict.startsWith(word)).length;
  return `Judged at the time of reading: ${said.length} findings, ${count('right')} right, ${count('doubtful')} doubtful (true, yet unwelcome), ${count('wrong')} wrong.`;
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ');
}

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function shown(folder, file) {
  return path.relative(path.resolve(folder), path.resolve(folder, file));
}

function sourceLine(folder, finding) {
  return (readFileSync(path.resolve(folder, finding.path), 'utf8').split('\n')[finding.range.start.line - 1] ?? '').trim().slice(0, 160);
}

/** Random, but the same for the same seed and findings. */
function sample(findings, size) {
  const rank = (f) => createHash('sha256').update(`${options.seed ?? 'sargable'}\0${f.path}\0${f.range.start.line}\0${f.range.start.column}\0${f.rule}`).digest('hex');
  return findings.map((f) => [rank(f), f]).sort((a, b) => (a[0] < b[0] ? -1 : 1)).slice(0, size).map(([, f]) => f);
}

/** Clones (once) and checks out the pinned commits. */
function cloned(names) {
  const wanted = names.length === 0 ? Object.keys(PINNED) : names;
  return wanted.map((name) => {
    const commit = PINNED[name];
    if (!commit) throw new Error(`${name} is none of: ${Object.keys(PINNED).join(', ')}`);
    const folder = path.join(root, '.cache/corpus', name.replace('/', '-'));
    const git = (...args) => execFileSync('git', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    if (!existsSync(path.join(folder, '.git'))) {
      mkdirSync(folder, { recursive: true });
      git('init', '--quiet');
      git('remote', 'add', 'origin', `https://github.com/${name}.git`);
    }
    git('fetch', '--quiet', '--depth', '1', 'origin', commit);
    git('checkout', '--quiet', '--force', commit);
    return folder;
  });
}
