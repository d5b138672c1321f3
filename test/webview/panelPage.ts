import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { renderPage } from '../../client/src/panelPage';
import type { FromPanel, PanelContent, ShownPlan, ToPanel } from '../../protocol/webview';
import { bodyClass, themes, type Theme } from './themes';

const root = path.resolve(import.meta.dirname, '../..');
export const shots = path.join(root, 'test-results/webview');

/** The panel as the extension bundles it. */
export async function buildPanel(): Promise<{ readonly script: string; readonly style: string }> {
  const { outputFiles } = await build({ absWorkingDir: root, entryPoints: { explain: 'client/webview/explain.ts', explainStyle: 'client/webview/explain.css' }, outdir: 'dist/webview', bundle: true, minify: true, write: false, platform: 'browser', format: 'iife', target: 'es2022', logLevel: 'error' });
  const text = (extension: string): string => outputFiles.find((file) => file.path.endsWith(extension))!.text;
  return { script: text('.js'), style: text('.css') };
}

export interface PanelPage {
  readonly page: Page;
  /** What the panel asked of the extension, the newest last. */
  sent(): Promise<readonly FromPanel[]>;
  lastSent<T extends FromPanel['type']>(type: T): Promise<Extract<FromPanel, { type: T }> | undefined>;
  send(message: ToPanel): Promise<void>;
  show(content: PanelContent): Promise<void>;
  setTheme(theme: Theme): Promise<void>;
  /** What the page left for a reload. */
  state(): Promise<unknown>;
  /** Problems of the page: errors, and what its policy refused. */
  readonly problems: readonly string[];
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens the panel's own page under its own policy, with VS Code's side of it played by the test. */
export async function openPanel(browser: Browser, { script, style }: { readonly script: string; readonly style: string }, options: { readonly theme?: Theme; readonly width?: number; readonly height?: number; readonly state?: unknown } = {}): Promise<PanelPage> {
  const context = await browser.newContext({ viewport: { width: options.width ?? 1100, height: options.height ?? 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text()); });
  await page.route('http://panel.test/**', (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/explain.js') return route.fulfill({ body: script, contentType: 'text/javascript' });
    if (pathname === '/explainStyle.css') return route.fulfill({ body: style, contentType: 'text/css' });
    if (pathname !== '/') return route.fulfill({ status: 204 });
    return route.fulfill({ body: renderPage({ title: 'Query Plan', root: 'div', pictures: true, nonce: 'test', cspSource: 'http://panel.test', script: '/explain.js', style: '/explainStyle.css' }), contentType: 'text/html' });
  });
  await page.addInitScript(({ state, theme, variables }) => {
    const world = globalThis as unknown as { sent: unknown[]; kept: unknown; acquireVsCodeApi: unknown };
    world.sent = [];
    world.kept = state;
    world.acquireVsCodeApi = () => ({ postMessage: (message: unknown) => world.sent.push(message), getState: () => world.kept, setState: (next: unknown) => { world.kept = next; } });
    document.addEventListener('DOMContentLoaded', () => {
      document.body.className = theme;
      for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty(`--vscode-${name}`, value);
    });
  }, { state: options.state, theme: bodyClass[options.theme ?? 'dark'], variables: themes[options.theme ?? 'dark'] });
  await page.goto('http://panel.test/');

  const sent = (): Promise<readonly FromPanel[]> => page.evaluate(() => (globalThis as unknown as { sent: FromPanel[] }).sent);
  const self: PanelPage = {
    page, problems, sent,
    async lastSent(type) {
      const found = (await sent()).filter((message) => message.type === type).at(-1);
      return found as Extract<FromPanel, { type: typeof type }> | undefined;
    },
    // As text: the browser's driver takes long over deep objects.
    send: (message) => page.evaluate((text) => new Promise<void>((resolve) => {
      // After the panel's own listener, which was there first: a timer alone may come before the message.
      globalThis.addEventListener('message', () => setTimeout(resolve), { once: true });
      globalThis.postMessage(JSON.parse(text), '*');
    }), JSON.stringify(message)),
    show: (content) => self.send({ type: 'show', content }),
    setTheme: (theme) => page.evaluate(({ name, variables }) => {
      document.documentElement.removeAttribute('style');
      for (const [key, value] of Object.entries(variables)) document.documentElement.style.setProperty(`--vscode-${key}`, value);
      document.body.className = name;
    }, { name: bodyClass[theme], variables: themes[theme] }),
    state: () => page.evaluate(() => (globalThis as unknown as { kept: unknown }).kept),
    async screenshot(name) {
      fs.mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: path.join(shots, `${name}.png`) });
    },
    close: () => context.close(),
  };
  return self;
}

/** A plan of the fixtures as the extension would show it. */
export function fixturePlan(name: string, more: Partial<ShownPlan> = {}): ShownPlan {
  const [plan] = JSON.parse(fs.readFileSync(path.join(root, 'test/fixtures/plans', `${name}.json`), 'utf8')) as Record<string, unknown>[];
  return { id: name, title: name, at: 1_750_000_000_000, source: { kind: 'json', plan: plan! }, analyzed: true, parameterTypes: [], notes: [], connectionLabel: 'shop (16.4)', sql: 'SELECT 1', ...more };
}

export const planContent = (shown: ShownPlan, more: Partial<Extract<PanelContent, { kind: 'plan' }>> = {}): PanelContent => ({
  kind: 'plan', shown, history: [shown], sourceLabel: 'src/orders.ts:12', origin: { uri: 'file:///w/src/orders.ts', line: 11, character: 4 }, abilities: { source: true, explain: true, connected: true }, ...more,
});

/** A measured plan of so many nodes: joins over partitioned tables, the scans of their partitions different enough not to fold. */
export function largePlan(nodes: number): Record<string, unknown> {
  let made = 0;
  const figures = (ms: number, rows: number): Record<string, unknown> => ({ 'Startup Cost': 0.4, 'Total Cost': ms * 90, 'Plan Rows': Math.max(1, rows), 'Plan Width': 40, 'Actual Startup Time': 0.01, 'Actual Total Time': ms, 'Actual Rows': rows, 'Actual Loops': 1, 'Shared Hit Blocks': Math.round(ms * 7), 'Shared Read Blocks': Math.round(ms) });
  const scan = (table: string, index: number): Record<string, unknown> => {
    made++;
    return { 'Node Type': index % 3 === 0 ? 'Seq Scan' : 'Index Scan', 'Relation Name': `${table}_${index}`, Alias: `${table}_${index}`, ...(index % 3 === 0 ? { Filter: `(kind = ${index})`, 'Rows Removed by Filter': 1000 * (index % 7) } : { 'Index Name': `${table}_${index}_idx`, 'Index Cond': `(id = ${index})` }), ...figures(1 + (index % 11), 10 * index) };
  };
  const append = (table: string, count: number): Record<string, unknown> => {
    made++;
    const children = Array.from({ length: count }, (_, index) => scan(table, index));
    return { 'Node Type': 'Append', ...figures(children.reduce((sum, child) => sum + (child['Actual Total Time'] as number), 1), 1000), Plans: children };
  };
  let tree = append('t0', 40);
  for (let level = 1; made < nodes - 2; level++) {
    const right = append(`t${level}`, Math.min(40, nodes - made - 3));
    made++;
    tree = { 'Node Type': 'Hash Join', 'Join Type': 'Inner', 'Hash Cond': `(a${level}.id = b${level}.id)`, ...figures((tree['Actual Total Time'] as number) + (right['Actual Total Time'] as number) + 3, 5000), Plans: [tree, right] };
  }
  return { Plan: { 'Node Type': 'Aggregate', Strategy: 'Plain', ...figures((tree['Actual Total Time'] as number) + 1, 1), Plans: [tree] }, 'Planning Time': 12.5, 'Execution Time': (tree['Actual Total Time'] as number) + 2 };
}
