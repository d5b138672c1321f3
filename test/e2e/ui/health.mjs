// The health of a database: the view, its report, and what goes on from a finding. Connects by itself.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

const themes = { dark: 'Default Dark Modern', light: 'Default Light Modern', contrast: 'Default High Contrast', 'contrast-light': 'Default High Contrast Light' };
const bodyOf = (theme) => (theme.includes('High Contrast Light') ? 'vscode-high-contrast-light' : theme.includes('High Contrast') ? 'vscode-high-contrast' : theme.includes('Light') ? 'vscode-light' : 'vscode-dark');
const tree = (page) => page.locator('.pane', { has: page.locator('.pane-header', { hasText: 'Database Health' }) });
const mark = (page) => page.locator('[id="sargable.sargable.sargable.health"]');

/** By the stored password, where an earlier test has typed it. */
async function connect({ workbench, postgres }) {
  const { page, quickInput } = workbench;
  const connected = page.locator('[id="sargable.sargable.sargable.status"]').filter({ hasText: /shop \(PostgreSQL/ });
  await workbench.runCommand('Sargable: Connect to a Database');
  await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'shop' }).first().click();
  const password = page.locator('.quick-input-title').filter({ hasText: 'Password for' });
  await password.or(connected).first().waitFor();
  if (await password.isVisible()) {
    await quickInput.fill(postgres.password);
    await page.keyboard.press('Enter');
  }
  await connected.first().waitFor();
}

export const healthTests = [
  {
    name: "a database's health is looked at on request, in a view by severity",
    async run(context) {
      const { workbench } = context;
      const { page } = workbench;
      workbench.writeSettings({});
      await workbench.runCommand('View: Close All Editors');
      await workbench.openFile('src/orders.ts'); // starts the extension where nothing has before
      await connect(context);
      await workbench.runCommand('Focus on Database Health View');
      await tree(page).getByText('Nothing is looked at before you ask').waitFor();
      assert.equal(await mark(page).count(), 0);
      await workbench.screenshot('15-health-welcome');
      await tree(page).getByRole('button', { name: 'Look at the Health' }).click();
      const critical = tree(page).getByRole('treeitem', { name: /^Critical, \d+ finding/ });
      await critical.waitFor();
      await tree(page).getByRole('treeitem', { name: /fsync is off/ }).waitFor();
      assert.match(await mark(page).innerText(), /1/);
      assert.match((await mark(page).locator('a').getAttribute('aria-label')) ?? '', /1 critical finding on shop/);
      await workbench.screenshot('15-health-view');
    },
  },
  {
    name: 'a finding opens in the report by the keyboard',
    async run({ workbench }) {
      const { page } = workbench;
      // The command palette gives the focus back to the editor, sometimes after the view has taken it.
      await workbench.until(() => workbench.runCommand('Focus on Database Health View'), tree(page).locator('.monaco-list:focus').first());
      await page.waitForTimeout(300);
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowDown');
      await workbench.until(() => page.keyboard.press('Enter'), page.locator('iframe.webview.ready'));
      const frame = workbench.frame();
      await frame.getByRole('heading', { name: 'What to do' }).waitFor();
      const summary = frame.locator('summary').filter({ hasText: 'fsync is off' });
      await summary.waitFor();
      for (let waited = 0; waited < 5000 && !(await summary.evaluate((element) => element === document.activeElement)); waited += 100) await page.waitForTimeout(100);
      assert.equal(await summary.evaluate((element) => element === document.activeElement), true, 'the finding has the focus');
      await summary.press('Enter');
      assert.equal(await frame.getByText('ALTER SYSTEM SET fsync').isVisible(), false, 'folded');
      await summary.press('Enter');
      assert.ok((await frame.getByRole('img', { name: /Blocks found in shared buffers/ }).count()) === 1);
      assert.ok((await frame.getByRole('img', { name: /indexes by size and scans/ }).count()) === 1);
      const policy = await frame.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
      assert.match(policy ?? '', /default-src 'none'/);
      assert.doesNotMatch(policy ?? '', /unsafe/);
      await workbench.screenshot('15-health-report');
    },
  },
  {
    name: 'watching draws the sessions, and ends with the panel',
    async run({ workbench }) {
      const { page } = workbench;
      const frame = workbench.frame();
      await frame.getByRole('button', { name: 'Watch sessions' }).click();
      await frame.getByRole('img', { name: /^Sessions of the database from/ }).waitFor();
      await frame.getByRole('button', { name: 'Stop watching', pressed: true }).waitFor();
      await page.locator('.pane-header').filter({ hasText: 'watching' }).waitFor();
      await frame.locator('header').evaluate((element) => element.scrollIntoView());
      await workbench.screenshot('15-health-watching');
    },
  },
  ...Object.entries(themes).map(([name, theme]) => ({
    name: `the report follows the theme ${theme}`,
    async run({ workbench }) {
      const frame = workbench.frame();
      workbench.writeSettings({ 'workbench.colorTheme': theme });
      await frame.locator(`body.${bodyOf(theme)}`).waitFor();
      await workbench.screenshot(`16-health-${name}`);
      await frame.locator('dt').filter({ hasText: /^Connections$/ }).first().evaluate((element) => element.scrollIntoView({ block: 'end' }));
      await workbench.screenshot(`16-health-${name}-charts`);
      await frame.locator('header').evaluate((element) => element.scrollIntoView());
    },
  })),
  {
    name: 'from a finding to the queries of its table and to a migration',
    async run({ workbench, folder }) {
      const { page } = workbench;
      const frame = workbench.frame();
      workbench.writeSettings({});
      const finding = frame.locator('details.finding').filter({ hasText: 'orders_created_at_id_idx' }).first();
      const press = async (name) => {
        await finding.waitFor();
        if (!(await finding.evaluate((element) => element.open))) await finding.locator('summary').click();
        await finding.getByRole('button', { name }).click();
      };
      await press('Queries of orders');
      const query = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'src/orders.ts' }).first();
      await query.waitFor();
      await workbench.screenshot('15-health-queries');
      await query.click();
      await page.locator('.tab.active').filter({ hasText: 'orders.ts' }).waitFor();
      await page.locator('.tab').filter({ hasText: 'Database Health' }).first().click();
      await press('Create migration');
      const migrations = path.join(folder, 'migrations');
      const written = () => (fs.existsSync(migrations) ? fs.readdirSync(migrations).map((name) => fs.readFileSync(path.join(migrations, name), 'utf8')).join('') : '');
      for (let waited = 0; !written().includes('DROP INDEX') && waited < 10_000; waited += 100) await page.waitForTimeout(100);
      assert.match(written(), /DROP INDEX CONCURRENTLY public\.orders_created_at_id_idx;/);
      await workbench.screenshot('15-health-migration');
      fs.rmSync(migrations, { recursive: true });
      await workbench.runCommand('View: Close All Editors');
      await page.locator('.pane-header').filter({ hasText: 'watching' }).waitFor({ state: 'hidden' });
      await workbench.runCommand('Sargable: Disconnect from the Database');
      await mark(page).waitFor({ state: 'hidden' });
      await tree(page).getByRole('button', { name: 'Connect to a Database' }).waitFor();
    },
  },
];
