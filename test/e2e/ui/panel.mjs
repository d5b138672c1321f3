// The plan panel inside VS Code: both ways between node and source, what-ifs, plans from elsewhere, a reload.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

const file = 'src/invoices.ts';
const predicate = 'customer_id = $1';
const axe = fs.readFileSync(path.resolve(import.meta.dirname, '../../../node_modules/axe-core/axe.min.js'), 'utf8');

/** What axe finds in the panel, in the theme at hand, that keeps somebody out. */
export async function panelViolations(workbench) {
  const frame = await (await workbench.frame().locator('body').elementHandle()).ownerFrame();
  await frame.evaluate(axe);
  const found = await frame.evaluate(() => globalThis.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] }));
  return found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).slice(0, 2).join(' | ')}`);
}

/** Places that the panel has marked in the editor. */
const marks = (page) => page.locator('.monaco-editor .view-overlays [class*="TextEditorDecorationType"]');

/** Shows the plan of the query in the fixture's invoices, by the twin or by the server that is connected. */
export async function explainInvoices(workbench) {
  const { page } = workbench;
  await page.keyboard.press('Control+1');
  await workbench.openFile(file);
  const frame = workbench.frame();
  // A lens that is drawn anew takes no click; and the plan of before may still be there.
  // Another editor may stand beside it, with lenses of its own.
  await workbench.until(() => page.locator('.monaco-editor[data-uri$="invoices.ts"] .codelens-decoration a').filter({ hasText: 'Explain' }).first().click(), frame.getByRole('button', { name: /src\/invoices\.ts:\d+/ }));
  await frame.getByRole('treegrid', { name: 'Query plan' }).waitFor();
  return frame;
}

export const panelTests = [
  {
    name: 'a node of the plan marks its predicate in the editor, and the caret finds the node',
    async run({ workbench, folder }) {
      const { page } = workbench;
      const frame = await explainInvoices(workbench);
      const scan = frame.locator('tbody tr').filter({ hasText: 'invoices' }).first();
      await workbench.until(() => scan.click(), marks(page).first());
      await frame.getByRole('button', { name: 'Go to source' }).waitFor();
      await workbench.screenshot('15-node-to-source');
      await frame.locator('tbody tr').first().click();
      assert.notEqual(await scan.getAttribute('aria-selected'), 'true');
      const lines = fs.readFileSync(path.join(folder, file), 'utf8').split('\n');
      const line = lines.findIndex((text) => text.includes(predicate));
      await page.keyboard.press('Control+1');
      await workbench.goTo(line + 1, lines[line].indexOf(predicate) + 3);
      await frame.locator('tr[aria-selected="true"]').filter({ hasText: 'invoices' }).waitFor();
    },
  },
  {
    name: 'what if an index existed: the planner twin answers, and the plans are laid over each other',
    async run({ workbench }) {
      const frame = await explainInvoices(workbench);
      await frame.getByRole('tab', { name: 'What if' }).click();
      const input = frame.getByLabel('Index on');
      await input.waitFor();
      assert.match(await input.inputValue(), /invoices \(customer_id/);
      await frame.getByRole('button', { name: 'Try it' }).click();
      const verdict = frame.locator('.verdict').filter({ hasText: 'The plans differ' });
      await verdict.waitFor();
      assert.match(await verdict.innerText(), /cost\s+[\d,.]+ → [\d,.]+\s+[\d,.]+× less/);
      await frame.getByText('new index on invoices').first().waitFor();
      await workbench.screenshot('15-what-if');
      assert.deepEqual(await panelViolations(workbench), []);
    },
  },
  {
    name: 'a plan from a file and a pasted one are shown',
    async run({ workbench, folder }) {
      const { page } = workbench;
      const plan = fs.readFileSync(path.resolve(import.meta.dirname, '../../fixtures/plans/sort-on-disk.json'), 'utf8');
      fs.writeFileSync(path.join(folder, 'slow-report.json'), plan);
      await page.keyboard.press('Control+1');
      await workbench.openFile('slow-report.json');
      await workbench.runCommand('Sargable: Show as Query Plan');
      const frame = workbench.frame();
      await frame.locator('tbody tr').filter({ hasText: 'Sort' }).first().waitFor();
      assert.match(await frame.locator('header').innerText(), /slow-report\.json/);
      await workbench.screenshot('15-plan-file');
      await workbench.runCommand('Sargable: Paste a Query Plan');
      await frame.getByRole('textbox', { name: 'Plan' }).fill(plan);
      await frame.getByRole('button', { name: 'Show the plan' }).click();
      await frame.getByText('pasted plan').first().waitFor();
      fs.rmSync(path.join(folder, 'slow-report.json'));
    },
  },
  {
    name: 'after a reload the panel shows the plan it showed, and the way to its query',
    async run({ workbench }) {
      const { page } = workbench;
      await explainInvoices(workbench);
      await page.waitForTimeout(6500); // in a browser VS Code writes what it keeps every five seconds
      await page.reload();
      await page.locator('.monaco-workbench').waitFor();
      const frame = workbench.frame();
      await frame.locator('tbody tr').filter({ hasText: 'invoices' }).first().waitFor();
      const source = frame.getByRole('button', { name: /src\/invoices\.ts:\d+/ });
      await source.waitFor();
      await workbench.screenshot('15-reloaded');
    },
  },
];
