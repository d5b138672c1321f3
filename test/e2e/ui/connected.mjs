// What a connection adds to findings, lenses and plans. Comes after the tests that connect.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const file = 'src/invoices.ts';
const cli = path.resolve(import.meta.dirname, '../../../dist/cli.js');
const row = (page, text) => page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text });

async function openInvoices(workbench) {
  await workbench.page.keyboard.press('Control+1'); // the group of the sources, not the panel's
  await workbench.openFile(file);
}

export const connectedTests = [
  {
    name: "connected, the finding rests on the server's statistics",
    async run({ workbench }) {
      const { page } = workbench;
      await openInvoices(workbench);
      const hover = page.locator('.monaco-hover:visible').filter({ hasText: 'unindexed-predicate' }).filter({ hasText: "your server's statistics" });
      await workbench.until(() => workbench.hoverText('customer_id = $1'), hover.first());
      assert.match(await hover.first().innerText(), /reads 100,000 rows/);
      await workbench.screenshot('13-server-finding');
      await page.keyboard.press('Escape');
    },
  },
  {
    name: 'a CodeLens says how often the server ran the query',
    async run({ workbench }) {
      const { page } = workbench;
      const lens = page.locator('.codelens-decoration').filter({ hasText: /7 calls · .* mean/ });
      await lens.first().waitFor();
      await workbench.screenshot('13-usage');
    },
  },
  {
    name: 'values are proposed from the statistics, with their share of the rows',
    async run({ workbench }) {
      const { page } = workbench;
      await workbench.runCommand('Sargable: Explain Query with ANALYZE');
      await page.locator('.monaco-dialog-box').getByRole('button', { name: 'Run the Query' }).click();
      await page.locator('.quick-input-title').filter({ hasText: 'Value of $1' }).waitFor();
      await row(page, /most common · 40 % of rows/).waitFor();
      await row(page, /rare · 10 % of rows/).waitFor();
      await row(page, /median/).waitFor();
      await workbench.screenshot('13-values');
      await row(page, /rare · 10 %/).click();
      await workbench.frame().getByRole('columnheader', { name: 'Self', exact: true }).waitFor();
    },
  },
  {
    name: 'the planner twin is compared with the server',
    async run({ workbench }) {
      const { page } = workbench;
      await workbench.runCommand('Sargable: Compare the Planner Twin with the Server');
      await workbench.waitForNotification('plans are the same in the twin and on the server');
      await workbench.screenshot('13-calibration');
      await page.locator('.notifications-center').getByRole('button', { name: 'Show Details' }).first().click();
      await page.locator('.tab.active').filter({ hasText: 'Planner Twin and shop' }).waitFor();
      assert.match(await workbench.editorText(), /Your own queries were not sent/);
      await workbench.screenshot('13-calibration-details');
    },
  },
  {
    name: 'a production database asks before each plan',
    async run({ workbench, postgres }) {
      const { page } = workbench;
      workbench.writeSettings({ 'sargable.databases': [{ ...postgres.setting, name: 'live', production: true }] });
      await workbench.until(() => workbench.runCommand('Sargable: Switch Database'), row(page, 'production').first());
      await row(page, 'production').first().click();
      await page.locator('[id="sargable.sargable.sargable.status"]').filter({ hasText: 'live' }).waitFor();
      await openInvoices(workbench);
      await page.locator('.codelens-decoration a').filter({ hasText: 'Explain' }).first().click();
      const dialog = page.locator('.monaco-dialog-box').filter({ hasText: 'Plan this query on PRODUCTION database live' });
      await dialog.waitFor();
      await workbench.screenshot('13-production');
      await dialog.getByRole('button', { name: 'Plan the Query' }).click();
      await workbench.frame().getByText('Estimated on live').waitFor();
    },
  },
  {
    name: 'a connection is tested, and the document has the GRANTs',
    async run({ workbench }) {
      const { page } = workbench;
      await page.keyboard.press('Control+1');
      await workbench.runCommand('Sargable: Test a Connection');
      await row(page, 'shop').first().click();
      await page.locator('.tab.active').filter({ hasText: 'Connection Test of shop' }).waitFor();
      assert.match(await workbench.editorText(), /## A role of its own.* grant /i);
      await workbench.screenshot('13-connection-test');
    },
  },
  {
    name: 'disconnected, the snapshot in the workspace is what findings rest on',
    async run({ workbench, folder, postgres }) {
      const { page } = workbench;
      workbench.writeSettings({});
      await workbench.runCommand('Sargable: Disconnect from the Database');
      const pulled = spawnSync(process.execPath, [cli, 'schema', 'pull', '--values', 'none', '--database', postgres.url], { cwd: folder, encoding: 'utf8' });
      assert.equal(pulled.status, 0, pulled.stderr);
      await page.locator('[id="sargable.sargable.sargable.status"]').filter({ hasText: 'snapshot' }).waitFor();
      assert.match(await workbench.statusTooltip(), /snapshot/);
      await workbench.screenshot('14-snapshot');
      await openInvoices(workbench);
      const hover = page.locator('.monaco-hover:visible').filter({ hasText: "the snapshot's statistics" });
      await workbench.until(() => workbench.hoverText('customer_id = $1'), hover.first());
    },
  },
];
