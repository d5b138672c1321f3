// Measures the rules over labelled cases and over real code.
//   npm run corpus                       recall and false rate of the labelled suite
//   npm run corpus -- folder…            findings per rule and file of these folders, with a sample to review, as Markdown
//   npm run corpus -- --clone name…      the same over repositories of corpus.json, cloned at pinned commits into .cache/corpus
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

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { clone: { type: 'boolean' }, rule: { type: 'string', multiple: true }, sample: { type: 'string' }, seed: { type: 'string' }, out: { type: 'string' } },
});

installDependencies();
run(process.execPath, ['scripts/build.mjs'], { stdio: 'ignore' });
const report = positionals.length === 0 && !options.clone ? suiteReport() : (options.clone ? cloned(positionals) : positionals).map(folderReport).join('\n');
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

function folderReport(folder) {
  const started = performance.now();
  const check = spawnSync(process.execPath, [path.join(root, 'dist/cli.js'), 'check', '--no-database', '--format', 'json', '.'], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 30 });
  const seconds = (performance.now() - started) / 1000;
  if (check.status === null || check.status > 1) throw new Error(`${folder} cannot be checked: ${check.stderr.trim() || check.error?.message}`);
  const result = JSON.parse(check.stdout);
  const rules = groupBy(result.findings.filter((f) => !options.rule || options.rule.includes(f.rule)), (f) => f.rule);
  const lines = [`## ${path.basename(path.resolve(folder))}`, '', `${result.summary.files} files, ${result.summary.queries} queries in ${seconds.toFixed(1)} s.`, '', '| rule | findings | warning | info | hint | files |', '| --- | ---: | ---: | ---: | ---: | ---: |'];
  const count = (findings, severity) => findings.filter((f) => f.severity === severity).length;
  for (const [rule, findings] of [...rules].sort((a, b) => b[1].length - a[1].length)) {
    lines.push(`| ${rule} | ${findings.length} | ${count(findings, 'error') + count(findings, 'warning')} | ${count(findings, 'info')} | ${count(findings, 'hint')} | ${new Set(findings.map((f) => f.path)).size} |`);
  }
  for (const [rule, findings] of [...rules].sort()) {
    const files = [...groupBy(findings, (f) => f.path)].sort((a, b) => b[1].length - a[1].length).slice(0, 5);
    lines.push('', `### ${rule}`, '', `Most in: ${files.map(([file, own]) => `${shown(folder, file)} (${own.length})`).join(', ')}`, '');
    for (const finding of sample(findings, Number(options.sample ?? 10))) {
      lines.push(`- ${shown(folder, finding.path)}:${finding.range.start.line} **${finding.severity}** ${finding.message.replace(/\s+/g, ' ')}`, `  \`${sourceLine(folder, finding).replaceAll('`', "'")}\``, ...(finding.evidence?.because ? [`  ${finding.evidence.because.replace(/\s+/g, ' ')}`] : []));
    }
  }
  return `${lines.join('\n')}\n`;
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
