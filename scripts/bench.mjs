// npm run bench: keystroke to diagnostics (SQL, TypeScript, Python and Go, 50 / 500 / 2,000 / 5,000 lines) beside squawk's server in the same run,
// workspace scan, the catalog of 2,000 tables, and resident memory. Prints ratios: machines are noisy, ratios of one run are not.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { Client } from './bench/client.mjs';
import { printPlanner } from './bench/planner.mjs';
import { createRandom, generateGo, generatePython, generateSql, generateTypeScript } from './bench/documents.mjs';
import { benchHealth } from './bench/health.mjs';
import { benchIntrospection } from './bench/introspection.mjs';
import { benchScan } from './bench/scan.mjs';
import { installDependencies, root, run } from './prepare.mjs';

const SIZES = [50, 500, 2000, 5000];
/** The first edits run code that V8 has not compiled yet: they have a column of their own. */
const FIRST = 60;
const EDITS = 260;
const WARMUP = 8;
const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))];
const show = (ms) => (ms === undefined ? '–' : ms >= 100 ? ms.toFixed(0) : ms.toFixed(1)).padStart(8);

/** Opens a document and times single-character edits, insert then delete, at pseudo-random places inside words. */
async function measure(command, text, extension, languageId) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-bench-'));
  const file = path.join(folder, `document${extension}`);
  fs.writeFileSync(file, text);
  const client = new Client(command, folder);
  await client.start();
  const uri = pathToFileURL(file).href;
  let version = 1;
  let current = text;
  let sent = performance.now();
  let waiting = client.pull ? undefined : client.diagnostics(uri, 1, sent);
  client.notify('textDocument/didOpen', { textDocument: { uri, languageId, version, text } });
  const open = await (waiting ?? client.diagnostics(uri, 1, sent));
  const result = { open: open.at - sent, diagnostics: open.count, edits: [] };
  const random = createRandom(104729 + text.length);
  const change = async (offset, removed, inserted) => {
    const before = current.slice(0, offset);
    const start = { line: before.split('\n').length - 1, character: offset - (before.lastIndexOf('\n') + 1) };
    current = before + inserted + current.slice(offset + removed);
    version++;
    sent = performance.now();
    waiting = client.pull ? undefined : client.diagnostics(uri, version, sent);
    const range = { start, end: { line: start.line, character: start.character + removed } };
    client.notify('textDocument/didChange', { textDocument: { uri, version }, contentChanges: client.full ? [{ text: current }] : [{ range, text: inserted }] });
    return (await (waiting ?? client.diagnostics(uri, version, sent))).at - sent;
  };
  for (let i = 0; i < EDITS + WARMUP; i += 2) {
    let offset;
    do offset = 1 + Math.floor(random() * (current.length - 2));
    while (!/[a-z_]{2}/.test(current.slice(offset - 1, offset + 1)));
    const both = [await change(offset, 0, 'x'), await change(offset, 1, '')];
    if (i >= WARMUP) result.edits.push(...both);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await client.stop();
  fs.rmSync(folder, { recursive: true, force: true });
  const [first, later] = [result.edits.slice(0, FIRST), result.edits.slice(FIRST)];
  return { ...result, first: quantile(first, 0.5), median: quantile(later, 0.5), p95: quantile(result.edits, 0.95), mib: client.peakKib / 1024 };
}

/** squawk's server, installed on demand into the cache; undefined where it cannot be had. */
function findSquawk() {
  const folder = path.join(root, '.cache', 'squawk');
  const binary = () => spawnSync('find', [folder, '-type', 'f', '-name', 'squawk*', '-perm', '-u+x'], { encoding: 'utf8' }).stdout.split('\n').find((f) => /squawk(-[\w-]+)?$/.test(f) && !f.endsWith('.js'));
  if (!fs.existsSync(folder) || !binary()) {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'package.json'), '{"private":true}');
    spawnSync('npm', ['install', 'squawk-cli@2', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'ignore' });
  }
  const found = binary();
  return found && spawnSync(found, ['--version']).status === 0 ? found : undefined;
}

installDependencies();
run(process.execPath, ['scripts/build.mjs']);
// As the extension starts it.
const ours = [process.execPath, '--min-semi-space-size=16', path.join(root, 'dist', 'cli.js'), 'lsp', '--stdio'];
const squawk = findSquawk();

console.log(`\nKeystroke to diagnostics, ms (medians of the first ${FIRST} edits and of the ${EDITS - FIRST} after them)${squawk ? '' : '; squawk could not be installed here'}`);
console.log('document              open    first    later      p95   findings   MiB');
for (const [label, generate, extension, language] of [['SQL', generateSql, '.sql', 'sql'], ['TypeScript', generateTypeScript, '.ts', 'typescript'], ['Python', generatePython, '.py', 'python'], ['Go', generateGo, '.go', 'go']]) {
  for (const lines of SIZES) {
    const text = generate(lines);
    const own = await measure(ours, text, extension, language);
    console.log(`${`${label} ${lines}`.padEnd(17)}${show(own.open)} ${show(own.first)} ${show(own.median)} ${show(own.p95)}   ${String(own.diagnostics).padStart(8)} ${own.mib.toFixed(0).padStart(5)}`);
    if (squawk && language === 'sql') {
      const other = await measure([squawk, 'server'], text, extension, language).catch((error) => void console.log(`  squawk: ${error.message}`));
      if (other) console.log(`${`  squawk ${lines}`.padEnd(17)}${show(other.open)} ${show(other.first)} ${show(other.median)} ${show(other.p95)}   ${String(other.diagnostics).padStart(8)} ${other.mib.toFixed(0).padStart(5)}   ours / squawk: ${(own.median / other.median).toFixed(2)}`);
    }
  }
}

await printPlanner(ours);

await benchScan(path.join(root, 'dist', 'cli.js'), root, process.argv[2] && path.resolve(process.argv[2]));
await benchIntrospection();
await benchHealth();
