// End-to-end tests: the packaged extension in a real VS Code.
//   node test/e2e/run.mjs [--target web|electron] [--only grammars,api,ui,trust] [--tests NAME,…] [--vsix FILE]
// --tests runs the tests of the interface whose file is of that name (health, plan …): those that stand on their own.
// `web` (default) drives VS Code's server and web workbench, all of it from npm. `electron` runs the API suite in a
// desktop VS Code: VSCODE_EXECUTABLE, or one that @vscode/test-electron downloads.
import { build } from 'esbuild';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { packageExtension } from '../../scripts/package.mjs';
import { runInElectron } from './electron.mjs';
import { grammarTests } from './grammars.mjs';
import { launchBrowser, runInExtensionHost, startServer } from './harness.mjs';
import { installVsCode } from './install.mjs';
import { containsText, startShop } from './postgres.mjs';
import { connectedTests } from './ui/connected.mjs';
import { editingTests } from './ui/editing.mjs';
import { healthTests } from './ui/health.mjs';
import { nameTests } from './ui/names.mjs';
import { panelTests } from './ui/panel.mjs';
import { planFileTests } from './ui/planFiles.mjs';
import { planTests } from './ui/plan.mjs';
import { trustTests } from './ui/trust.mjs';
import { twinTests } from './ui/twin.mjs';
import { openWorkbench } from './ui/workbench.mjs';

const { values: options } = parseArgs({ options: { target: { type: 'string', default: 'web' }, only: { type: 'string' }, tests: { type: 'string' }, vsix: { type: 'string' } } });
const root = path.resolve(import.meta.dirname, '../..');
const results = path.join(root, 'test-results/e2e');
const fixture = path.join(root, 'test/fixtures/shop');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-e2e-'));
fs.chmodSync(scratch, 0o755); // Postgres runs as another user where we are root
const selected = (leg) => !options.only || options.only.split(',').includes(leg);
let passed = 0;
const failures = [];

fs.mkdirSync(results, { recursive: true });
for (const name of fs.readdirSync(results)) if (name !== 'sargable.vsix') fs.rmSync(path.join(results, name), { recursive: true });

function report(name, error) {
  if (error) failures.push({ name, error: error.stack ?? String(error) });
  else passed++;
  console.log(error ? `  ✗ ${name}\n      ${(error.stack ?? String(error)).split('\n').slice(0, 12).join('\n      ')}` : `  ✓ ${name}`);
}

/** After so many failures in a row something basic is broken; each further test would only wait for its time-out. */
const hopeless = 3;

async function runTests(tests, context) {
  let inARow = 0;
  for (const test of tests) {
    if (inARow >= hopeless) {
      report(test.name, 'not run: too many failures before it');
      continue;
    }
    try {
      // On a loaded machine the first key may meet an editor that is not there yet: one more try, which is said.
      await test.run(context).catch(async (error) => {
        console.log(`  … ${test.name}: once more after ${String(error).split('\n')[0]}`);
        for (let keys = 0; keys < 2; keys++) await context.workbench?.page.keyboard.press('Escape').catch(() => undefined);
        await test.run(context);
      });
      report(test.name);
      inARow = 0;
    } catch (error) {
      inARow++;
      await context.workbench?.screenshot(`failed-${test.name.replaceAll(/[^\w]+/g, '-').slice(0, 60)}`).catch(() => undefined);
      await context.workbench?.page.keyboard.press('Escape').catch(() => undefined);
      report(test.name, error);
    }
  }
}

/** A copy of the fixture that a test may change. */
function copyWorkspace(name) {
  const folder = path.join(scratch, name);
  fs.cpSync(fixture, folder, { recursive: true });
  return folder;
}

/** The API suite as an extension of its own: an extension under development must not be the project itself. */
async function buildSuite() {
  const folder = path.join(root, '.vscode-test/suite');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'sargable-e2e', publisher: 'sargable', version: '0.0.0', engines: { vscode: '^1.100.0' } }));
  await build({ absWorkingDir: root, entryPoints: ['test/e2e/suite/index.ts'], outfile: path.join(folder, 'index.js'), bundle: true, platform: 'node', format: 'cjs', target: 'node20', external: ['vscode', 'mocha'], logLevel: 'error' });
  return { developmentPath: folder, testsPath: path.join(folder, 'index.js') };
}

/** Adds the suite's own results; an exit code alone is also what a dead extension host gives. */
function reportSuite(file, outcome, lines) {
  const counted = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
  for (const line of lines) console.log(`  ${line}`);
  passed += counted?.passes ?? 0;
  for (const failure of counted?.failures ?? []) failures.push({ name: failure, error: failure });
  if (!counted || counted.passes === 0) report('the API suite ran', new Error(`no results: ${JSON.stringify(outcome)}`));
}

async function runApiInWeb(vsix, browser) {
  const suite = await buildSuite();
  const server = await startServer({ vsix: [vsix] });
  const file = path.join(results, 'api.json');
  const lines = [];
  try {
    const onLog = (_type, message) => lines.push(...message.split('\n').filter((line) => /^\s*(✔|\d+\)|\w*Error)/.test(line)).map((line) => line.trimEnd().slice(0, 300)));
    const outcome = await runInExtensionHost(server, browser, { ...suite, folder: copyWorkspace('api'), env: { SARGABLE_RESULTS: file }, timeout: 300_000, onLog, screenshot: path.join(results, 'api-timeout.png') });
    reportSuite(file, outcome, lines);
  } finally {
    keepLogs(server, 'api');
    await server.stop();
  }
}

async function runUi(vsix, browser, postgres) {
  const folder = copyWorkspace('ui');
  const server = await startServer({ vsix: [vsix], settings: { 'sargable.databases': [postgres.setting] } });
  const workbench = await openWorkbench(server, browser, { folder, shots: results });
  try {
    const context = { workbench, folder, server, postgres: { ...postgres, findInServerFolder: (text) => containsText(server.folder, text) } };
    const suites = { editing: editingTests, names: nameTests, twin: twinTests, panel: panelTests, planFiles: planFileTests, plan: planTests, connected: connectedTests, health: healthTests };
    await runTests(Object.entries(suites).flatMap(([name, tests]) => (options.tests === undefined || options.tests.split(',').includes(name) ? tests : [])), context);
  } finally {
    await workbench.close();
    keepLogs(server, 'ui');
    await server.stop();
  }
}

async function runTrust(vsix, browser, postgres) {
  const folder = copyWorkspace('trust');
  fs.mkdirSync(path.join(folder, '.vscode'));
  fs.writeFileSync(path.join(folder, '.vscode/settings.json'), JSON.stringify({ 'sargable.databases': [postgres.setting] }));
  const server = await startServer({ vsix: [vsix], trust: true, settings: { 'security.workspace.trust.startupPrompt': 'never' } });
  const workbench = await openWorkbench(server, browser, { folder, shots: results });
  try {
    await runTests(trustTests, { workbench, folder, server, postgres });
  } finally {
    await workbench.close();
    await server.stop();
  }
}

/** What the extension and its server wrote, for whoever looks into a failure. */
function keepLogs(server, name) {
  const logs = path.join(server.folder, 'server/data/logs');
  for (const source of [logs, path.join(server.folder, 'user/logs')]) if (fs.existsSync(source)) fs.cpSync(source, path.join(results, 'logs', name), { recursive: true });
}

async function main() {
  const vsix = options.vsix ? path.resolve(options.vsix) : await packageExtension(path.join(results, 'sargable.vsix'));
  if (options.target === 'electron') {
    console.log('Desktop VS Code');
    const file = path.join(results, 'api.json');
    reportSuite(file, await runInElectron({ vsix, suite: await buildSuite(), folder: copyWorkspace('api'), env: { SARGABLE_RESULTS: file }, scratch }), []);
    return;
  }
  const { root: vscode } = installVsCode();
  console.log('VS Code server and web workbench');
  if (selected('grammars')) await runTests(grammarTests(vscode), {});
  if (!['api', 'ui', 'trust'].some(selected)) return;
  const browser = await launchBrowser();
  let postgres;
  try {
    if (selected('api')) await runApiInWeb(vsix, browser);
    if (selected('ui') || selected('trust')) postgres = await startShop(path.join(scratch, 'postgres'), path.join(fixture, 'schema.sql'));
    if (selected('ui')) await runUi(vsix, browser, postgres);
    if (selected('trust')) {
      await runTrust(vsix, browser, postgres);
    }
  } finally {
    await browser.close();
    await postgres?.stop();
  }
}

try {
  await main();
} catch (error) {
  report('the run itself', error);
}
if (!process.env.E2E_KEEP) fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
fs.writeFileSync(path.join(results, 'results.json'), JSON.stringify({ passed, failed: failures.length, failures }, undefined, 2));
console.log(`\n${options.target}: ${passed} passed, ${failures.length} failed`);
process.exit(failures.length > 0 || passed === 0 ? 1 : 0);
