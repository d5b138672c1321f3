import fs from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from '../e2e/browser.mjs';
import type { FromPanel } from '../../protocol/webview';
import { buildPanel, fixturePlan, largePlan, openPanel, planContent, shots, type PanelPage } from './panelPage';
import type { Theme } from './themes';

let browser: Browser;
let built: Awaited<ReturnType<typeof buildPanel>>;
beforeAll(async () => {
  [browser, built] = await Promise.all([launchBrowser(), buildPanel()]);
});
afterAll(() => browser.close());

const axe = fs.readFileSync(path.resolve(import.meta.dirname, '../../node_modules/axe-core/axe.min.js'), 'utf8');

/** What axe finds that keeps somebody out: impact serious or critical. `colours`: contrasts alone. */
async function violations(panel: PanelPage, colours = false): Promise<readonly string[]> {
  if (!(await panel.page.evaluate(() => 'axe' in globalThis))) await panel.page.evaluate(axe);
  return panel.page.evaluate(async (runOnly) => {
    interface Violation { readonly id: string; readonly impact: string; readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[] }
    const { axe: { run } } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: readonly Violation[] }> } };
    const found = await run({ runOnly, resultTypes: ['violations'] });
    return found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 120)} ${failureSummary.split('\n')[1] ?? ''}`).slice(0, 3).join(' | ')}`);
  }, colours ? ['color-contrast'] : ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']);
}

const estimated = (id: string, cost: number, more: object = {}): ReturnType<typeof fixturePlan> => fixturePlan('estimate-only', {
  id, title: id, analyzed: false, source: { kind: 'json', plan: { Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 'orders', Alias: 'o', Filter: '(customer_id = $1)', 'Startup Cost': 0, 'Total Cost': cost, 'Plan Rows': 12, 'Plan Width': 40, ...more } } }, sql: 'SELECT * FROM orders o WHERE customer_id = $1',
});

describe('the plan panel in a browser', () => {
  let panel: PanelPage;
  beforeEach(async () => {
    panel = await openPanel(browser, built);
  });
  afterEach(async () => {
    expect(panel.problems).toEqual([]);
    await panel.close();
  });
  const rows = () => panel.page.locator('tbody tr[data-id]');
  const focused = (): Promise<string | null> => panel.page.evaluate(() => document.activeElement?.getAttribute('data-id') ?? null);
  const tab = (name: string) => panel.page.getByRole('tab', { name }).click();

  it('shows time, planning, buffers and the tree with times of each node alone', async () => {
    await panel.show(planContent(fixturePlan('nested-loop')));
    expect(await panel.page.locator('.totals').innerText()).toMatch(/ms\s+execution[^]*planning[^]*from cache\s+\d\s+nodes/);
    expect(await rows().count()).toBeGreaterThan(2);
    expect(await panel.page.getByRole('treegrid', { name: 'Query plan' }).innerText()).toMatch(/Nested Loop[^]*Index Scan[^]*ms/);
    await panel.page.getByRole('button', { name: 'src/orders.ts:12' }).click();
    expect(await panel.lastSent('revealSource')).toBeDefined();
  });

  it('is used with the keyboard alone', async () => {
    await panel.show(planContent(fixturePlan('hash-join-aggregate')));
    const { keyboard } = panel.page;
    await rows().first().focus();
    await keyboard.press('ArrowDown');
    const second = await focused();
    await keyboard.press('ArrowLeft');
    expect(await rows().nth(1).getAttribute('aria-expanded')).toBe('false');
    const folded = await rows().count();
    await keyboard.press('ArrowRight');
    expect(await rows().count()).toBeGreaterThan(folded);
    await keyboard.press('ArrowRight');
    expect(await focused()).not.toBe(second);
    await keyboard.press('ArrowLeft');
    await keyboard.press('ArrowLeft');
    await keyboard.press('End');
    expect(await rows().last().evaluate((row) => row === document.activeElement)).toBe(true);
    await keyboard.press('*');
    await keyboard.press('Home');
    expect(await focused()).toBe('0');
    expect(await panel.page.getByRole('complementary').isVisible()).toBe(true);
    await keyboard.press('Escape');
    expect(await panel.page.getByRole('complementary').isVisible()).toBe(false);
    await keyboard.press('/');
    await keyboard.type('seq scan');
    await keyboard.press('Enter');
    expect(await panel.page.locator('tr[aria-selected="true"]').innerText()).toContain('Seq Scan');
    expect(await panel.page.locator('.search').innerText()).toMatch(/1 of \d/);
  });

  it('goes from finding to finding, and says which', async () => {
    await panel.show(planContent(fixturePlan('sort-on-disk')));
    expect(await panel.page.locator('tr[aria-selected="true"]').count()).toBe(0);
    // The note that says less than the finding is left out.
    expect(await panel.page.locator('header').innerText()).not.toContain('A sort did not fit work_mem');
    const scan = (table: string, ms: number): object => ({ 'Node Type': 'Seq Scan', 'Relation Name': table, Alias: table, Filter: '(kind = 1)', 'Rows Removed by Filter': 3_000_000, 'Total Cost': 90_000, 'Plan Rows': 3, 'Actual Rows': 3, 'Actual Loops': 1, 'Actual Total Time': ms });
    const plan = { Plan: { 'Node Type': 'Nested Loop', 'Join Type': 'Inner', 'Total Cost': 181_000, 'Plan Rows': 3, 'Actual Rows': 3, 'Actual Loops': 1, 'Actual Total Time': 1000, Plans: [scan('orders', 600), scan('items', 390)] }, 'Execution Time': 1000 };
    await panel.show(planContent(fixturePlan('nested-loop', { id: 'two', source: { kind: 'json', plan } })));
    const said = panel.page.locator('#announcer');
    await panel.page.keyboard.press(']');
    expect(await said.innerText()).toMatch(/^Finding 1 of 2: /);
    const first = await focused();
    await panel.page.keyboard.press(']');
    expect(await said.innerText()).toMatch(/^Finding 2 of 2: /);
    await panel.page.keyboard.press('[');
    expect(await focused()).toBe(first);
    await panel.page.getByLabel('No chart').check();
    expect(await panel.page.locator('canvas').isVisible()).toBe(false);
    await panel.show(planContent(fixturePlan('limit-sort')));
    expect(await panel.page.locator('canvas').isVisible()).toBe(false);
  });

  it('links a node with the document, both ways', async () => {
    await panel.show(planContent(fixturePlan('nested-loop')));
    await panel.send({ type: 'places', nodes: [2] });
    await rows().nth(2).click();
    expect(await panel.lastSent('selectNode')).toEqual({ type: 'selectNode', node: 2, reveal: false });
    await panel.page.getByRole('button', { name: 'Go to source' }).click();
    expect(await panel.lastSent('selectNode')).toEqual({ type: 'selectNode', node: 2, reveal: true });
    await panel.send({ type: 'caret', node: 1 });
    expect(await panel.page.locator('tr[aria-selected="true"]').getAttribute('data-id')).toBe('1');
    expect((await panel.lastSent('selectNode'))?.node).toBe(2);
  });

  it('explains each term of a node', async () => {
    await panel.show(planContent(fixturePlan('sort-on-disk')));
    await rows().filter({ hasText: 'Sort' }).first().click();
    const details = panel.page.getByRole('complementary');
    expect(await details.innerText()).toMatch(/Sorts all its input[^]*Sort Method[^]*external merge writes temporary files/);
    await details.getByRole('button', { name: 'Hide meanings' }).click();
    expect(await details.innerText()).not.toContain('Sorts all its input');
  });

  it('orders by a column, with the way to each node in place of the tree', async () => {
    await panel.show(planContent(fixturePlan('hash-join-aggregate')));
    const header = panel.page.getByRole('columnheader', { name: 'Self' });
    await header.getByRole('button').click();
    expect(await header.getAttribute('aria-sort')).toBe('descending');
    const bars = await rows().locator('td.number:nth-child(2)').evaluateAll((cells) => cells.map((cell) => Number((cell as HTMLElement).style.getPropertyValue('--share') || 0)));
    expect(bars).toEqual([...bars].sort((a, b) => b - a));
    expect(await rows().filter({ hasText: '‹' }).count()).toBeGreaterThan(0);
    await header.getByRole('button').click();
    await header.getByRole('button').click();
    expect(await header.getAttribute('aria-sort')).toBeNull();
  });

  it('sums up by table, by index and by kind of node, the most expensive first', async () => {
    const scan = (table: string, ms: number): object => ({ 'Node Type': 'Index Scan', Schema: 'public', 'Relation Name': table, 'Index Name': `${table}_pkey`, 'Total Cost': 10, 'Plan Rows': 5, 'Actual Rows': 5, 'Actual Loops': 2, 'Actual Total Time': ms, 'Shared Hit Blocks': 128 });
    const plan = { Plan: { 'Node Type': 'Append', 'Total Cost': 100, 'Plan Rows': 50, 'Actual Rows': 30, 'Actual Loops': 1, 'Actual Total Time': 100, 'Shared Hit Blocks': 384, Plans: [scan('items', 5), scan('orders', 20), scan('items', 15)] }, 'Execution Time': 100 };
    await panel.show(planContent(fixturePlan('nested-loop', { id: 'sums', source: { kind: 'json', plan } })));
    await tab('Sums');
    const read = (caption: string): Promise<string> => panel.page.getByRole('table', { name: caption }).locator('tbody').innerText();
    expect((await read('By table')).split(/\s+/).join(' ')).toBe('items 2 40 ms 40 % 20 2.0 MB orders 1 40 ms 40 % 10 1.0 MB');
    expect(await read('By index')).toMatch(/^items_pkey[^]*orders_pkey/);
    expect((await read('By kind of node')).split(/\s+/).join(' ')).toBe('Index Scan 3 80 ms 80 % 30 3.0 MB Append 1 20 ms 20 % 30 0 kB');
  });

  it('folds the scans of partitions into one row', async () => {
    const scan = (index: number): object => ({ 'Node Type': 'Seq Scan', 'Relation Name': `events_${index}`, Alias: `events_${index}`, 'Total Cost': 10, 'Plan Rows': 5, 'Actual Rows': 5, 'Actual Loops': index === 3 ? 0 : 1, 'Actual Total Time': 2 });
    const plan = { Plan: { 'Node Type': 'Append', 'Total Cost': 100, 'Plan Rows': 50, 'Actual Rows': 45, 'Actual Loops': 1, 'Actual Total Time': 20, Plans: Array.from({ length: 10 }, (_, index) => scan(index)) }, 'Execution Time': 21 };
    await panel.show(planContent(fixturePlan('nested-loop', { id: 'partitions', source: { kind: 'json', plan } })));
    expect(await rows().count()).toBe(2);
    expect(await rows().nth(1).innerText()).toMatch(/Seq Scan × 10[^]*events_0 … events_9[^]*1 never run/);
    await rows().nth(1).click();
    await panel.page.keyboard.press('ArrowRight');
    expect(await rows().count()).toBe(12);
  });

  it('compares two plans of a query, and keeps pinned ones', async () => {
    const before = estimated('estimated', 5000);
    const after = estimated('with an index on orders (customer_id)', 12, { 'Node Type': 'Index Scan', 'Index Name': 'new index', 'Index Cond': '(customer_id = $1)', Filter: undefined });
    await panel.show(planContent(after, { history: [after, before], compareWith: before.id }));
    const view = panel.page.getByRole('tabpanel');
    expect(await view.innerText()).toMatch(/The plans differ[^]*cost\s+5,000 → 12\.00\s+417× less/);
    expect(await view.getByRole('treegrid').innerText()).toMatch(/changed[^]*Seq Scan → Index Scan using new index[^]*−4,988/);
    await view.getByRole('button', { name: '☆ Pin' }).last().click();
    expect(await panel.lastSent('pin')).toEqual({ type: 'pin', id: before.id, pinned: true });
    await view.getByRole('treegrid').locator('tbody tr').click();
    const details = panel.page.getByRole('complementary', { name: 'What changed in the node' });
    expect(await details.innerText()).toMatch(/Cost\s+5,000\s+12\.00\s+417× less[^]*Conditions before\s+Filter\s+\(customer_id = \$1\)\s+Conditions after\s+Index Cond/);
    await panel.screenshot('compare');
    await panel.page.keyboard.press('ArrowDown');
    await details.getByRole('button', { name: 'Close the details' }).focus();
    await panel.page.keyboard.press('Escape');
    expect(await details.isVisible()).toBe(false);
    expect(await focused()).toBe('diff-1');
    await panel.page.getByLabel('Rows').check();
    expect(await view.getByRole('treegrid').innerText()).toMatch(/Seq Scan → Index Scan[^]*12\s+12/);
    await view.getByRole('button', { name: 'estimated', exact: true }).click();
    expect(await panel.lastSent('showPlan')).toEqual({ type: 'showPlan', id: before.id });
  });

  it('asks the twin what if, and says why it cannot', async () => {
    await panel.show(planContent(estimated('estimated', 5000)));
    await tab('What if');
    expect(await panel.lastSent('askWhatIf')).toBeDefined();
    await panel.send({ type: 'whatIfOptions', options: { candidates: ['orders (customer_id)'], existing: [{ key: 'public.orders_status', definition: 'public.orders USING btree (status)' }], settings: { work_mem: '4MB', random_page_cost: '4' } } });
    await panel.page.getByLabel('work_mem').fill('64MB');
    await panel.screenshot('what-if');
    await panel.page.getByRole('button', { name: 'Try it' }).click();
    expect(await panel.lastSent('whatIf')).toEqual({ type: 'whatIf', change: { add: ['orders (customer_id)'], settings: { work_mem: '64MB' } } });
    await panel.page.getByRole('button', { name: 'Without orders_status' }).click();
    expect((await panel.lastSent('whatIf'))?.change.drop).toEqual(['public.orders_status']);
    await panel.send({ type: 'problem', message: 'There is no table nowhere.' });
    expect(await panel.page.getByRole('alert').innerText()).toContain('There is no table nowhere.');
  });

  it('has the advice of a finding verified by the twin when somebody reads it', async () => {
    await panel.show(planContent(fixturePlan('sort-on-disk')));
    const finding = panel.page.locator('ol.findings > li').filter({ hasText: 'goes through' });
    expect(await panel.lastSent('verifyAdvice')).toBeUndefined();
    await finding.locator('summary').click();
    await finding.locator('.verification').waitFor(); // opening is told a moment later
    const asked = (await panel.lastSent('verifyAdvice'))!;
    expect(asked.change).toEqual({ settings: { work_mem: '64MB' } });
    await finding.getByText('Asking the planner twin…').waitFor();
    const where = 'the twin of schema.sql';
    await panel.send({ type: 'verdict', key: asked.key, verdict: { before: 900, after: 300, used: true, where } });
    expect(await finding.innerText()).toContain('Verified: cost 900 → 300 (3.0× less) in the twin of schema.sql');
    // The same of the node's own list is not asked again.
    await panel.page.getByRole('complementary').locator('summary').filter({ hasText: 'goes through' }).click();
    await panel.page.getByRole('complementary').locator('.verification').filter({ hasText: 'Verified: cost 900 → 300' }).waitFor();
    expect((await panel.sent()).filter(({ type }) => type === 'verifyAdvice').length).toBe(1);
    await panel.send({ type: 'verdict', key: asked.key, verdict: { before: 900, after: 900, used: true, where } });
    expect(await finding.innerText()).toContain('Not confirmed: the cost stays at 900');
    await panel.send({ type: 'verdict', key: asked.key, verdict: { reason: 'no schema is known here' } });
    expect(await finding.innerText()).toContain('Not verified: no schema is known here');
  });

  it('shows what the schema knows of a plan as soon as it is told, of this plan alone', async () => {
    await panel.show(planContent(estimated('estimated', 5000)));
    const asked = (await panel.lastSent('findInPlan'))!;
    expect(asked.request).toMatchObject({ planned: false, sql: 'SELECT * FROM orders o WHERE customer_id = $1' });
    const finding = { kind: 'estimated-reads', severity: 'high', nodeId: 0, title: 'Nearly all rows of orders are read for nothing', detail: 'Told by the schema.', advice: [], evidence: [], share: 0.9 };
    await panel.send({ type: 'findings', key: 'another 0', findings: [finding] });
    expect(await panel.page.getByText(finding.title).count()).toBe(0);
    await panel.send({ type: 'findings', key: asked.key, findings: [finding] });
    await panel.page.getByText(finding.title).first().waitFor();
    await tab('Export');
    await panel.page.getByRole('button', { name: 'Copy Markdown' }).click();
    expect((await panel.lastSent('copy'))!.text).toContain(`- ${finding.title} (90 %)`);
    expect((await panel.sent()).filter(({ type }) => type === 'findInPlan').length).toBe(1);
  });

  it('puts plans for any, common and rare values side by side', async () => {
    const generic = { ...estimated('estimated', 5000), values: 'generic' as const, parameterTypes: ['bigint'] };
    const common = { ...estimated('estimated, common values', 4000), values: 'common' as const, parameters: ['7'] };
    const rare = { ...estimated('estimated, rare values', 9, { 'Node Type': 'Index Scan', 'Index Name': 'orders_customer' }), values: 'rare' as const, parameters: ['99'] };
    await panel.show(planContent(generic, { history: [rare, common, generic] }));
    await tab('Values');
    const view = panel.page.getByRole('tabpanel');
    expect(await view.innerText()).toMatch(/2 different plans for 3 kinds of values[^]*\$1 = 99[^]*Index Scan using orders_customer/);
    // Another plan of the query comes in: the values stay side by side.
    await panel.show(planContent(rare, { history: [rare, common, generic] }));
    expect(await panel.page.getByRole('tab', { name: 'Values' }).getAttribute('aria-selected')).toBe('true');
    await view.getByRole('button', { name: 'Common and rare' }).click();
    expect(await panel.lastSent('explainFor')).toEqual({ type: 'explainFor', values: ['generic', 'common', 'rare'] });
    await panel.screenshot('values');
    await view.getByRole('button', { name: 'Show the plan for any values' }).click();
    expect(await panel.lastSent('showPlan')).toEqual({ type: 'showPlan', id: generic.id });
    await panel.show(planContent(generic, { history: [rare, common, generic] }));
    expect(await panel.page.getByRole('treegrid', { name: 'Query plan' }).isVisible()).toBe(true);
  });

  it('saves the plan as JSON, a drawing and a picture, under its strict policy', async () => {
    await panel.show(planContent(fixturePlan('hash-join-aggregate')));
    await tab('Export');
    const save = async (format: string): Promise<Extract<FromPanel, { type: 'save' }>> => {
      const before = (await panel.sent()).length;
      await panel.page.getByRole('button', { name: `Save… as ${format}` }).click();
      await panel.page.waitForFunction((count) => (globalThis as unknown as { sent: unknown[] }).sent.length > count, before);
      return (await panel.lastSent('save'))!;
    };
    expect(JSON.parse((await save('JSON')).content)).toEqual(JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '../fixtures/plans/hash-join-aggregate.json'), 'utf8')));
    const svg = await save('SVG');
    expect(svg.content).toMatch(/^<svg [^]*HashAggregate[^]*<\/svg>\s*$/);
    expect(svg.content).not.toMatch(/<script|style=|href/);
    const png = await save('PNG');
    expect(png).toMatchObject({ name: 'plan.png', encoding: 'base64' });
    const bytes = Buffer.from(png.content, 'base64');
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect(bytes.readUInt32BE(16)).toBe(2400);
    expect((await save('Text')).content).toMatch(/^HashAggregate .*\(cost=/);
    expect((await save('Markdown')).content).toMatch(/^\*\*.* execution\*\*[^]*```\nHashAggregate/);
    await panel.page.getByLabel('Without names and values').check();
    const hidden = (await save('Text')).content;
    expect(hidden).toMatch(/HashAggregate[^]*t1/);
    expect(hidden).not.toMatch(/tenant|status/);
    expect(bytes.length).toBeGreaterThan(5000);
    fs.mkdirSync(shots, { recursive: true });
    fs.writeFileSync(path.join(shots, 'export.png'), bytes);
  });

  it('takes a pasted plan, and says why a text is none', async () => {
    await panel.show({ kind: 'empty' });
    const text = fs.readFileSync(path.resolve(import.meta.dirname, '../fixtures/plans/limit-sort.json'), 'utf8');
    await panel.page.getByRole('textbox', { name: 'Plan' }).fill(text);
    await panel.page.getByRole('button', { name: 'Show the plan' }).click();
    expect(await panel.lastSent('paste')).toEqual({ type: 'paste', text });
    const pasted = { id: 'p', title: 'pasted plan', at: 0, analyzed: false, parameterTypes: [], notes: [] };
    const content = (source: string): Parameters<PanelPage['show']>[0] => planContent({ ...pasted, source: { kind: 'text', text: source } }, { sourceLabel: undefined, origin: undefined, abilities: { source: false, explain: false, connected: false } });
    await panel.show(content(text));
    expect(await rows().first().innerText()).toContain('Limit');
    expect(await panel.page.getByRole('tab', { name: 'What if' }).count()).toBe(0);
    await panel.show(content('hello'));
    expect(await panel.page.getByRole('alert').filter({ hasText: 'no plan' }).count()).toBe(1);
    expect(await panel.page.getByRole('textbox', { name: 'Plan' }).isVisible()).toBe(true);
  });

  it('shows hostile names as what they are: text', async () => {
    const hostile = '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>';
    const evil = (id: string, kind: string): ReturnType<typeof fixturePlan> => fixturePlan('nested-loop', {
      id, title: hostile, sql: `SELECT '${hostile}' -- ${hostile}`, notes: [hostile], connectionLabel: hostile, branch: hostile, parameterTypes: [hostile],
      source: { kind: 'json', plan: { Settings: { [hostile]: hostile }, Plan: { 'Node Type': kind, 'Relation Name': hostile, Alias: `${hostile}\u202e\u0000`, 'Index Name': hostile, Filter: hostile, [hostile]: hostile, Output: [hostile], 'Total Cost': 9, 'Plan Rows': 1, 'Actual Rows': 1e9, 'Actual Loops': 1, 'Actual Total Time': 5 }, 'Execution Time': 6 } },
    });
    const [one, other] = [evil('one', 'Seq Scan'), evil('other', hostile)];
    await panel.show(planContent(one, { history: [one, other], compareWith: 'other', sourceLabel: hostile }));
    await panel.page.locator('tbody tr[data-id]').first().click();
    for (const name of await panel.page.getByRole('tab').allInnerTexts()) {
      await tab(name);
      if (name === 'Plan') await rows().first().click();
      if (name === 'What if') await panel.send({ type: 'whatIfOptions', options: { candidates: [hostile], existing: [{ key: hostile, definition: hostile }], settings: { [hostile]: hostile } } });
      expect(await panel.page.evaluate(() => document.querySelectorAll('#app :is(img, script, iframe, object, style, link)').length)).toBe(0);
    }
    await panel.send({ type: 'problem', message: hostile });
    for (const format of ['SVG', 'Markdown']) {
      const before = (await panel.sent()).length;
      await panel.page.getByRole('button', { name: `Save… as ${format}` }).click();
      await panel.page.waitForFunction((count) => (globalThis as unknown as { sent: unknown[] }).sent.length > count, before);
      const { content } = (await panel.lastSent('save'))!;
      expect(content.replace(/```[^]*```/, '')).not.toMatch(/<(?:img|script)/);
    }
    expect(await panel.page.evaluate(() => 'hacked' in globalThis)).toBe(false);
  });

  it('says of a text that is too long, or no text at all, what it is, and stays alive', async () => {
    await panel.show({ kind: 'empty' });
    const paste = (length: number): Promise<void> => panel.page.evaluate((count) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text', 'x '.repeat(count / 2));
      document.querySelector('textarea')?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, length);
    await paste(66 * 1024 * 1024);
    expect(await panel.page.getByRole('alert').filter({ hasText: 'too long: 66 MB' }).innerText()).toContain('keep the part of the log with the plan');
    expect(await panel.lastSent('paste')).toBeUndefined();
    await paste(1_000_000);
    expect((await panel.lastSent('paste'))?.text.length).toBe(1_000_000);
    // The field itself is spared what it would take long over.
    expect(await panel.page.getByRole('textbox', { name: 'Plan' }).inputValue()).toBe('');
    const binary = Array.from({ length: 5000 }, (_, index) => String.fromCharCode((index * 7919) % 256)).join('');
    const text = (source: string): Parameters<PanelPage['show']>[0] => planContent({ id: 'b', title: 'dump.plan', at: 0, analyzed: false, parameterTypes: [], notes: [], source: { kind: 'text', text: source } }, { sourceLabel: undefined, origin: undefined });
    for (const source of [binary, `\u007fELF\u0000\u0000${binary}`, '[{"Plan": 7}]', '['.repeat(200_000)]) {
      await panel.show(text(source));
      expect(await panel.page.getByRole('alert').filter({ hasText: 'no plan' }).count()).toBe(1);
    }
    await panel.show(planContent(fixturePlan('nested-loop')));
    expect(await rows().count()).toBeGreaterThan(2);
  });

  it('shows how long something runs, and cancels it', async () => {
    await panel.show(planContent(fixturePlan('nested-loop')));
    await panel.send({ type: 'busy', title: 'Running EXPLAIN ANALYZE on shop', forMs: 75_000 });
    expect(await panel.page.locator('.busy').innerText()).toMatch(/Running EXPLAIN ANALYZE on shop[^]*[789]\d\.\d s/);
    await panel.page.getByRole('button', { name: 'Cancel' }).click();
    expect(await panel.lastSent('cancel')).toBeDefined();
    await panel.send({ type: 'busy' });
    expect(await panel.page.locator('.busy').innerText()).toBe('');
  });

  it('leaves for a reload what it shows and how, but no values', async () => {
    await panel.show(planContent(fixturePlan('nested-loop')));
    await tab('JSON');
    const state = JSON.parse(JSON.stringify(await panel.state())) as { content: { kind: string }; origin: unknown; view: { tab: string } };
    expect(state).toMatchObject({ content: { kind: 'plan' }, origin: { line: 11 }, view: { tab: 'json' } });
    await panel.show(planContent(fixturePlan('nested-loop', { parameters: ['secret-value'] })));
    expect(JSON.stringify(await panel.state())).not.toContain('Nested Loop');
    expect(await panel.state()).toMatchObject({ content: { kind: 'message', title: 'This plan was not kept' }, origin: { line: 11 } });
  });

  it('shows 5,000 nodes at once, most of them only when they are looked at', async () => {
    const big = { ...fixturePlan('nested-loop'), source: { kind: 'json' as const, plan: largePlan(5000) } };
    await panel.page.evaluate((content) => { (globalThis as unknown as { content: string }).content = content; }, JSON.stringify(planContent(big)));
    const { elements, took } = await panel.page.evaluate(() => new Promise<{ elements: number; took: number }>((resolve) => {
      const content: unknown = JSON.parse((globalThis as unknown as { content: string }).content);
      const started = performance.now();
      globalThis.dispatchEvent(new MessageEvent('message', { data: { type: 'show', content } }));
      requestAnimationFrame(() => setTimeout(() => resolve({ elements: document.querySelectorAll('*').length, took: performance.now() - started })));
    }));
    expect(elements).toBeLessThan(2500);
    expect(took).toBeLessThan(5000);
    await rows().first().focus();
    await panel.page.keyboard.press('End');
    expect(await panel.page.locator('tr[aria-selected="true"]').isVisible()).toBe(true);
    expect(await focused()).not.toBe('0');
    await panel.page.keyboard.press('ArrowUp');
    expect(Number(await panel.page.locator('tr:focus').getAttribute('aria-rowindex'))).toBeGreaterThan(100);
  });
});

describe('the panel for everybody', () => {
  it.each<Theme>(['dark', 'light', 'high-contrast', 'high-contrast-light'])('has nothing in %s that keeps somebody out', async (theme) => {
    const panel = await openPanel(browser, built, { theme });
    const shown = fixturePlan('parallel-hash-join', { notes: ['track_io_timing is off on this server: the time of reading blocks is not measured.'] });
    await panel.show(planContent(shown, { history: [shown, fixturePlan('hash-join-aggregate', { sql: shown.sql })] }));
    await panel.send({ type: 'places', nodes: [5] });
    await panel.page.locator('tr[data-id="5"]').click();
    // Structure is the same in every theme; colours are not.
    const colours = theme !== 'dark';
    const found = [...(await violations(panel, colours))];
    await panel.screenshot(`theme-${theme}`);
    await panel.show(planContent(fixturePlan('sort-on-disk')));
    for (const finding of await panel.page.locator('ol.findings > li > details').all()) await finding.locator('summary').click();
    await panel.page.locator('tr[data-id="1"]').click();
    found.push(...(await violations(panel, colours)));
    await panel.screenshot(`findings-${theme}`);
    const sql = "SELECT id -- those of a customer\n FROM orders WHERE customer_id = $1 AND status = 'open'";
    await panel.show(planContent({ ...shown, sql, parameterTypes: ['bigint'] }, { history: [shown, fixturePlan('hash-join-aggregate', { branch: 'main', pinned: true })] }));
    for (const name of ['Sums', 'Compare', 'What if', 'Values', 'SQL', 'Text', 'Export']) {
      await panel.page.getByRole('tab', { name }).click();
      if (name === 'Compare') await panel.page.getByRole('treegrid').locator('tbody tr').filter({ hasText: 'gone' }).first().click();
      if (name === 'What if') await panel.send({ type: 'whatIfOptions', options: { candidates: ['orders (a)'], existing: [{ key: 'public.i', definition: 'orders (b)' }], settings: { work_mem: '4MB' } } });
      found.push(...(await violations(panel, colours)));
    }
    await panel.send({ type: 'busy', title: 'Running EXPLAIN ANALYZE on shop' });
    await panel.send({ type: 'problem', message: 'There is no table nowhere.' });
    await panel.show(planContent({ ...shown, source: { kind: 'text', text: 'hello' } }));
    found.push(...(await violations(panel, colours)));
    expect(found).toEqual([]);
    expect(panel.problems).toEqual([]);
    await panel.close();
  });

  it.each([['narrow', 300, 700], ['zoomed-200-percent', 550, 400]])('fits into a %s panel', async (name, width, height) => {
    const panel = await openPanel(browser, built, { width, height });
    await panel.show(planContent(fixturePlan('parallel-hash-join')));
    const overflow = (): Promise<number> => panel.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow()).toBe(0);
    await panel.screenshot(name);
    await panel.page.locator('tr[data-id="5"]').click();
    // The details lie over the lower part; the row that they are about does not lie below them.
    const bottom = await panel.page.locator('tr[data-id="5"]').evaluate((row) => row.getBoundingClientRect().bottom);
    expect(bottom).toBeLessThan(await panel.page.getByRole('complementary').evaluate((details) => details.getBoundingClientRect().top) + 1);
    expect(await overflow()).toBe(0);
    await panel.screenshot(`${name}-details`);
    // Rows are no table rows any more here; they are for a screen reader. And no name is squeezed out.
    expect(await violations(panel)).toEqual([]);
    const widths = await panel.page.locator('tbody td.name').evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).offsetWidth));
    expect(Math.min(...widths)).toBeGreaterThan(width - 60);
    for (const tab of await panel.page.getByRole('tab').all()) {
      await tab.click();
      expect(await overflow(), await tab.innerText()).toBe(0);
    }
    await panel.close();
  });
});
