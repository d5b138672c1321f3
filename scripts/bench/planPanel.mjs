// The plan panel in a browser: time until a plan is painted, and elements on the page.
//   node scripts/bench/planPanel.mjs [--nodes 500,5000] [--runs 3]
import { build } from 'esbuild';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser } from '../../test/e2e/browser.mjs';

const { values: options } = parseArgs({ options: { nodes: { type: 'string', default: '500,5000' }, runs: { type: 'string', default: '3' } } });
const root = path.resolve(import.meta.dirname, '../..');

async function bundleOwn() {
  const { outputFiles } = await build({ absWorkingDir: root, entryPoints: { explain: 'client/webview/explain.ts', explainStyle: 'client/webview/explain.css' }, outdir: 'out', bundle: true, minify: true, write: false, platform: 'browser', format: 'iife', target: 'es2022', logLevel: 'error' });
  return pick(outputFiles);
}

const pick = (files) => ({ script: files.find((file) => file.path.endsWith('.js')).text, style: files.find((file) => file.path.endsWith('.css'))?.text ?? '' });

/** The generated plans are those of the panel's own tests. */
async function loadPlans() {
  const file = path.join(root, '.cache/bench-plans.mjs');
  await build({ absWorkingDir: root, entryPoints: ['test/webview/panelPage.ts'], outfile: file, bundle: true, platform: 'node', format: 'esm', external: ['esbuild', 'playwright-core'], logLevel: 'error' });
  return import(file);
}

/** @returns undefined where the page died, or showed nothing within two minutes */
async function measure(browser, { bundle: { script, style }, show, shows }, plan) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(() => { globalThis.acquireVsCodeApi = () => ({ postMessage() {}, getState() {}, setState() {} }); });
  await page.route('http://bench.test/**', (route) => route.fulfill({ body: `<!DOCTYPE html><html><head><style>${style}</style></head><body class="vscode-dark"><div id="app"></div></body></html>`, contentType: 'text/html' }));
  await page.goto('http://bench.test/');
  await page.addScriptTag({ content: script });
  const result = await page.evaluate(async ({ text, showText, selector }) => {
    const plan = JSON.parse(text);
    const started = performance.now();
    new Function('plan', showText)(plan);
    // Painted when the first node is there and a frame was drawn; at rest when nothing is added for a second.
    while (!document.querySelector(selector)) {
      if (performance.now() - started > 120_000) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const first = performance.now() - started;
    let settled = performance.now();
    const observer = new MutationObserver(() => { settled = performance.now(); });
    observer.observe(document.body, { childList: true, subtree: true });
    while (performance.now() - settled < 1000) await new Promise((resolve) => setTimeout(resolve, 50));
    return { first, settled: Math.max(first, settled - started), elements: document.querySelectorAll('*').length };
  }, { text: JSON.stringify(plan), showText: show, selector: shows }).catch(() => undefined);
  await context.close().catch(() => undefined);
  return result;
}

const ownShow = "dispatchEvent(new MessageEvent('message', { data: { type: 'show', content: { kind: 'plan', shown: { id: 'x', title: 'x', at: 0, source: { kind: 'json', plan }, analyzed: true, parameterTypes: [], notes: [] }, history: [], abilities: { source: false, explain: false, connected: false } } } }))";
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const { largePlan } = await loadPlans();
const viewers = [{ name: 'Sargable', bundle: await bundleOwn(), show: ownShow, shows: 'tbody tr[data-id]' }];
for (const { name, bundle } of viewers) console.log(`${name}: ${Math.round(bundle.script.length / 1024)} kB of script, ${Math.round(bundle.style.length / 1024)} kB of style`);
for (const nodes of options.nodes.split(',').map(Number)) {
  for (const viewer of viewers) {
    const runs = [];
    // A browser of its own each time: a page that takes all memory takes the browser with it.
    for (let run = 0; run < Number(options.runs); run++) {
      const browser = await launchBrowser();
      runs.push(await measure(browser, viewer, largePlan(nodes)));
      await browser.close().catch(() => undefined);
    }
    const done = runs.filter(Boolean);
    if (done.length < runs.length) console.log(`${nodes} nodes, ${viewer.name}: ${runs.length - done.length} of ${runs.length} runs showed nothing within two minutes, or the page died`);
    if (done.length > 0) console.log(`${nodes} nodes, ${viewer.name}: painted after ${Math.round(median(done.map((run) => run.first)))} ms, at rest after ${Math.round(median(done.map((run) => run.settled)))} ms, ${median(done.map((run) => run.elements))} elements`);
  }
}
