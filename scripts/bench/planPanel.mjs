// The plan panel in a browser beside pev2 (explain.dalibo.com), both in the same browser of the same run: time until a plan
// is painted, and elements on the page. Prints ratios: machines are noisy, ratios of one run are not.
//   node scripts/bench/planPanel.mjs [--nodes 500,5000] [--runs 3] [--patience 120]
// pev2 is installed from npm into .cache/ the first time; where that fails (no network), the panel is measured alone.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser } from '../../test/e2e/browser.mjs';

const { values: options } = parseArgs({ options: { nodes: { type: 'string', default: '500,5000' }, runs: { type: 'string', default: '3' }, patience: { type: 'string', default: '120' } } });
const root = path.resolve(import.meta.dirname, '../..');
const rivals = { pev2: '1.21.0', vue: '3.5.45', bootstrap: '5.3.9' };
const patience = 1000 * Number(options.patience);

const bundling = { bundle: true, minify: true, write: false, platform: 'browser', format: 'iife', target: 'es2022', logLevel: 'error' };
const pick = (files) => ({ script: files.find((file) => file.path.endsWith('.js')).text, style: files.find((file) => file.path.endsWith('.css'))?.text ?? '' });

async function bundleOwn() {
  const { outputFiles } = await build({ ...bundling, absWorkingDir: root, entryPoints: { explain: 'client/webview/explain.ts', explainStyle: 'client/webview/explain.css' }, outdir: 'out' });
  return pick(outputFiles);
}

/** pev2 as its documentation embeds it: a Vue component below Bootstrap's style. @returns undefined where it cannot be installed */
async function bundlePev2() {
  const folder = path.join(root, '.cache/pev2');
  const installed = (name) => fs.existsSync(path.join(folder, 'node_modules', name, 'package.json'));
  if (!Object.keys(rivals).every(installed)) {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: rivals }));
    const { status } = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
    if (status !== 0) return undefined;
  }
  const contents = `
    import { createApp, h } from 'vue';
    import { Plan } from 'pev2';
    import 'bootstrap/dist/css/bootstrap.min.css';
    import 'pev2/dist/pev2.css';
    globalThis.showPev2 = (planSource) => createApp({ render: () => h(Plan, { planSource, planQuery: '' }) }).mount('#app');`;
  const define = { 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' };
  const { outputFiles } = await build({ ...bundling, absWorkingDir: folder, stdin: { contents, resolveDir: folder }, outdir: 'out', define });
  return pick(outputFiles);
}

/** The generated plans are those of the panel's own tests. */
async function loadPlans() {
  const file = path.join(root, '.cache/bench-plans.mjs');
  await build({ absWorkingDir: root, entryPoints: ['test/webview/panelPage.ts'], outfile: file, bundle: true, platform: 'node', format: 'esm', external: ['esbuild', 'playwright-core'], logLevel: 'error' });
  return import(file);
}

/** @returns undefined where the page died, or showed nothing as long as we wait */
async function measure(browser, { bundle: { script, style }, show, shows }, plan) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(() => { globalThis.acquireVsCodeApi = () => ({ postMessage() {}, getState() {}, setState() {} }); });
  await page.route('http://bench.test/**', (route) => route.fulfill({ body: `<!DOCTYPE html><html><head><style>${style}</style></head><body class="vscode-dark"><div id="app" class="d-flex flex-column vh-100"></div></body></html>`, contentType: 'text/html' }));
  await page.goto('http://bench.test/');
  await page.addScriptTag({ content: script });
  const measured = page.evaluate(async ({ text, showText, selector }) => {
    const show = new Function('text', showText);
    const started = performance.now();
    show(text);
    // Painted when the first node is there and a frame was drawn; at rest when nothing is added for a second.
    while (!document.querySelector(selector)) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const first = performance.now() - started;
    let settled = performance.now();
    const observer = new MutationObserver(() => { settled = performance.now(); });
    observer.observe(document.body, { childList: true, subtree: true });
    while (performance.now() - settled < 1000) await new Promise((resolve) => setTimeout(resolve, 50));
    return { first, settled: Math.max(first, settled - started), elements: document.querySelectorAll('*').length };
  }, { text: JSON.stringify(plan), showText: show, selector: shows }).catch(() => undefined);
  let timer;
  const result = await Promise.race([measured, new Promise((resolve) => { timer = setTimeout(resolve, patience); })]);
  clearTimeout(timer);
  return result;
}

const ownShow = `
  const shown = { id: 'x', title: 'x', at: 0, source: { kind: 'json', plan: JSON.parse(text) }, analyzed: true, parameterTypes: [], notes: [] };
  dispatchEvent(new MessageEvent('message', { data: { type: 'show', content: { kind: 'plan', shown, history: [], abilities: { source: false, explain: false, connected: false } } } }));`;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const { largePlan } = await loadPlans();
const viewers = [{ name: 'Sargable', bundle: await bundleOwn(), show: ownShow, shows: 'tbody tr[data-id]' }];
const pev2 = await bundlePev2();
// Its list of nodes and its tree: whichever is there first.
if (pev2) viewers.push({ name: `pev2 ${rivals.pev2}`, bundle: pev2, show: "showPev2('[' + text + ']')", shows: '.plan-diagram tr, .plan-node' });
else console.log('pev2 could not be installed: the panel alone.');
for (const { name, bundle } of viewers) console.log(`${name}: ${Math.round(bundle.script.length / 1024)} kB of script, ${Math.round(bundle.style.length / 1024)} kB of style`);

for (const nodes of options.nodes.split(',').map(Number)) {
  const results = [];
  for (const viewer of viewers) {
    const runs = [];
    // A browser of its own each time: a page that takes all memory takes the browser with it.
    for (let run = 0; run < Number(options.runs) && runs.every(Boolean); run++) {
      const browser = await launchBrowser();
      runs.push(await measure(browser, viewer, largePlan(nodes)));
      await browser.close().catch(() => undefined);
    }
    const done = runs.filter(Boolean);
    const result = done.length === runs.length && { first: median(done.map((run) => run.first)), settled: median(done.map((run) => run.settled)), elements: median(done.map((run) => run.elements)) };
    results.push(result);
    console.log(`${nodes} nodes, ${viewer.name}: ${result ? `painted after ${Math.round(result.first)} ms, at rest after ${Math.round(result.settled)} ms, ${result.elements} elements` : `showed nothing within ${options.patience} s, or the page died`}`);
  }
  const [own, other] = results;
  if (own && viewers.length > 1) console.log(`${nodes} nodes: ${other ? `pev2 takes ${(other.first / own.first).toFixed(1)} times as long and ${(other.elements / own.elements).toFixed(1)} times the elements` : `pev2 takes more than ${Math.floor(patience / own.first)} times as long`}`);
}
