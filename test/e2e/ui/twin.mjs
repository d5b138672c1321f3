// Findings and plans of the planner twin, as they look where no database is connected.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

const file = 'src/invoices.ts';
const call = 'customer_id = $1';

export const twinTests = [
  {
    name: 'without a database a finding of the planner says the cost before and after',
    async run({ workbench }) {
      const { page } = workbench;
      await workbench.openFile(file);
      await page.locator('.squiggly-warning').first().waitFor();
      const hover = page.locator('.monaco-hover:visible').filter({ hasText: 'unindexed-predicate' });
      await workbench.until(() => workbench.hoverText(call), hover.first());
      assert.match(await hover.first().innerText(), /Seq Scan on invoices reads 2,000,000 rows[^]*cost falls from [\d,.]+ to [\d,.]+[^]*assumed volumes/);
      await workbench.screenshot('12-twin-finding');
    },
  },
  {
    name: 'its quick-fix writes the migration of the index',
    async run({ workbench, folder }) {
      const { page } = workbench;
      const line = fs.readFileSync(path.join(folder, file), 'utf8').split('\n').findIndex((text) => text.includes(call)) + 1;
      const column = fs.readFileSync(path.join(folder, file), 'utf8').split('\n')[line - 1].indexOf(call) + 2;
      const action = page.locator('.action-widget').getByText('on invoices (customer_id)').first();
      await workbench.until(async () => {
        await workbench.goTo(line, column);
        await page.keyboard.press('Control+.');
      }, action);
      await workbench.screenshot('12-twin-fixes');
      await action.click();
      const migrations = path.join(folder, 'migrations');
      const written = () => (fs.existsSync(migrations) ? fs.readdirSync(migrations).map((name) => fs.readFileSync(path.join(migrations, name), 'utf8')).join('') : '');
      for (let waited = 0; written() === '' && waited < 10_000; waited += 100) {
        await page.keyboard.press('Control+S'); // the new file may be open and not saved
        await page.waitForTimeout(100);
      }
      assert.match(written(), /CREATE INDEX CONCURRENTLY \S+ ON invoices \(customer_id\)/);
      fs.rmSync(migrations, { recursive: true });
    },
  },
  {
    name: 'the status bar names the schema and the planner',
    async run({ workbench }) {
      const tooltip = await workbench.statusTooltip();
      assert.match(tooltip, /schema\.sql/);
      assert.match(tooltip, /Planner: .*PGlite/);
      assert.match(tooltip, /not connected/);
      await workbench.screenshot('12-twin-status');
    },
  },
  {
    name: 'a CodeLens shows the plan of the twin with what it rests on',
    async run({ workbench }) {
      const { page } = workbench;
      await workbench.openFile(file);
      const lens = page.locator('.codelens-decoration a').filter({ hasText: 'Explain' });
      await workbench.until(() => lens.first().click(), page.locator('iframe.webview.ready'));
      const frame = workbench.frame();
      await frame.getByRole('treegrid', { name: 'Query plan' }).waitFor();
      const text = await frame.locator('body').innerText();
      assert.match(text, /Planned in the twin with assumed volumes; nothing was executed/);
      assert.match(text, /invoices 2,000,000 rows/);
      await workbench.screenshot('12-twin-plan');
      await page.keyboard.press('Control+1');
    },
  },
  {
    name: 'the indexes of the workspace are advised in a document',
    async run({ workbench }) {
      const { page } = workbench;
      await workbench.runCommand('Sargable: Advise Indexes for the Workspace');
      await page.locator('.tab.active').filter({ hasText: 'Index Advice' }).waitFor();
      assert.match(await workbench.editorText(), /CREATE INDEX CONCURRENTLY \S+ ON invoices \(customer_id\)/);
      await workbench.screenshot('12-advice');
    },
  },
];
