// Connecting to a real Postgres and reading plans.
import assert from 'node:assert/strict';
import { explainInvoices, panelViolations } from './panel.mjs';

const themes = { dark: 'Default Dark Modern', light: 'Default Light Modern', contrast: 'Default High Contrast', 'contrast-light': 'Default High Contrast Light' };

export const planTests = [
  {
    name: 'connects with a password that goes to no file',
    async run({ workbench, postgres }) {
      const { page, quickInput } = workbench;
      await workbench.openFile('src/customers.ts');
      await workbench.runCommand('Sargable: Connect to a Database');
      await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'shop' }).first().waitFor();
      await page.keyboard.press('Enter');
      await page.locator('.quick-input-title').filter({ hasText: 'Password for' }).waitFor();
      await quickInput.fill(postgres.password);
      await page.keyboard.press('Enter');
      await page.locator('[id="sargable.sargable.sargable.status"], .statusbar-item').filter({ hasText: postgres.database }).first().waitFor();
      assert.ok(!postgres.findInServerFolder(postgres.password), 'the password is in no file');
      await workbench.screenshot('6-connected');
    },
  },
  {
    name: 'a CodeLens opens the plan of a real server',
    async run({ workbench }) {
      const { page } = workbench;
      await workbench.openFile('src/customers.ts');
      const lens = page.locator('.codelens-decoration a').filter({ hasText: 'Explain' });
      await workbench.until(() => lens.last().click(), page.locator('iframe.webview.ready'));
      const frame = workbench.frame();
      await frame.getByRole('treegrid', { name: 'Query plan' }).waitFor();
      await frame.getByText('orders', { exact: false }).first().waitFor();
      assert.match(await frame.locator('header').innerText(), /not executed/);
      assert.ok((await frame.getByRole('row').count()) >= 3, 'a header and at least two nodes');
      await workbench.screenshot('7-plan');
    },
  },
  {
    name: 'the plan is read with the keyboard',
    async run({ workbench }) {
      const frame = workbench.frame();
      const rows = frame.locator('tbody tr');
      await rows.first().focus();
      await rows.first().press('ArrowLeft');
      assert.equal(await rows.first().getAttribute('aria-expanded'), 'false');
      assert.equal(await rows.nth(1).isVisible(), false);
      await rows.first().press('ArrowRight');
      assert.equal(await rows.nth(1).isVisible(), true);
      await rows.first().press('ArrowRight');
      assert.equal(await rows.nth(1).evaluate((row) => row === document.activeElement), true);
      await rows.nth(1).press('ArrowLeft');
      await rows.nth(1).press('Home');
      assert.equal(await rows.first().evaluate((row) => row === document.activeElement), true);
    },
  },
  {
    name: 'ANALYZE asks first, then shows measured times',
    async run({ workbench, postgres }) {
      const { page, quickInput } = workbench;
      const frame = workbench.frame();
      const executed = await postgres.countExecutions();
      await frame.getByRole('button', { name: 'Run with ANALYZE' }).click();
      const dialog = page.locator('.monaco-dialog-box');
      await dialog.filter({ hasText: 'Run this query on shop' }).waitFor();
      await workbench.screenshot('8-analyze-question');
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      assert.equal(await postgres.countExecutions(), executed, 'nothing was executed');
      await frame.getByRole('button', { name: 'Run with ANALYZE' }).click();
      await dialog.getByRole('button', { name: 'Run the Query' }).click();
      await page.locator('.quick-input-title').filter({ hasText: 'Value of $1' }).waitFor();
      await quickInput.fill('1');
      await page.keyboard.press('Enter');
      await frame.getByRole('columnheader', { name: 'Self', exact: true }).waitFor();
      assert.match(await frame.locator('header').innerText(), /Executed on/);
      assert.match(await frame.getByRole('treegrid').innerText(), /ms/);
      await page.waitForTimeout(300); // the input box fades out
      await workbench.screenshot('9-analyzed');
    },
  },
  {
    name: 'a query that runs shows for how long, and is cancelled from the panel',
    async run({ workbench, postgres }) {
      const { page } = workbench;
      const frame = workbench.frame();
      const restore = await postgres.slowDown();
      try {
        await frame.getByRole('button', { name: /analyze/i }).click();
        await page.locator('.monaco-dialog-box').getByRole('button', { name: 'Run the Query' }).click();
        await page.locator('.quick-input-title').filter({ hasText: 'Value of $1' }).waitFor();
        await page.keyboard.press('Enter');
        const busy = frame.locator('.busy').filter({ hasText: 'Running EXPLAIN ANALYZE on shop' });
        await busy.filter({ hasText: /[1-9]\.\d s/ }).waitFor();
        assert.equal(await postgres.countRunning(), 1);
        await workbench.screenshot('9-running');
        await busy.getByRole('button', { name: 'Cancel' }).click();
        await frame.getByRole('alert').filter({ hasText: 'Cancelled' }).waitFor();
        assert.match(await frame.getByRole('treegrid', { name: 'Query plan' }).innerText(), /pg_sleep/, 'the estimate stays');
        for (let waited = 0; (await postgres.countRunning()) > 0; waited += 50) {
          assert.ok(waited < 5000, 'the server runs it no more');
          await page.waitForTimeout(50);
        }
        assert.equal(await frame.locator('.busy').innerText(), '');
      } finally {
        await restore();
      }
    },
  },
  {
    name: 'plans for any, common and rare values stand side by side',
    async run({ workbench }) {
      const frame = await explainInvoices(workbench);
      await frame.getByRole('tab', { name: 'Values' }).click();
      await frame.getByRole('button', { name: 'Common and rare, side by side' }).click();
      await frame.locator('.verdict').filter({ hasText: /3 (plans|kinds)/ }).waitFor();
      const row = (name) => frame.getByRole('row').filter({ has: frame.getByRole('rowheader', { name }) });
      assert.match(await row('Common values').innerText(), /\$1 = 1\s/);
      assert.match(await row('Rare values').innerText(), /\$1 = \d+\s/);
      await workbench.screenshot('9-values');
    },
  },
  {
    name: 'a statement that writes is refused, or rolled back after a second question',
    async run({ workbench, postgres }) {
      const { page, quickInput } = workbench;
      const frame = workbench.frame();
      const dialog = page.locator('.monaco-dialog-box');
      const before = await postgres.countOrders('archived');
      await page.keyboard.press('Control+1'); // the group of the sources, not the panel's
      await workbench.openFile('src/archive.ts');
      const analyze = async () => {
        await page.keyboard.press('Control+1');
        await workbench.goTo(7, 10);
        await workbench.runCommand('Sargable: Explain Query with ANALYZE');
        await dialog.filter({ hasText: 'Run this query on shop' }).waitFor();
        await dialog.getByRole('button', { name: 'Run the Query' }).click();
      };
      const answerWrites = async (button) => {
        const value = page.locator('.quick-input-title').filter({ hasText: 'Value of $1' });
        const question = dialog.filter({ hasText: 'it writes' });
        await value.waitFor();
        await quickInput.fill('1');
        await page.keyboard.press('Enter');
        await question.waitFor();
        await workbench.screenshot('9-write-question');
        await dialog.getByRole('button', { name: button }).click();
      };
      await analyze();
      await answerWrites('Cancel');
      await frame.getByText('Not run').waitFor();
      await analyze();
      await answerWrites('Run and Roll Back');
      const done = frame.getByText('Executed on shop');
      await done.waitFor();
      await frame.getByText('Update', { exact: false }).first().waitFor();
      assert.equal(await postgres.countOrders('archived'), before, 'rolled back');
      await workbench.screenshot('9-write-analyzed');
    },
  },
  ...Object.entries(themes).map(([name, theme]) => ({
    name: `the panel follows the theme ${theme}`,
    async run({ workbench }) {
      const frame = workbench.frame();
      workbench.writeSettings({ 'workbench.colorTheme': theme });
      const kind = theme.includes('High Contrast Light') ? 'vscode-high-contrast-light' : theme.includes('High Contrast') ? 'vscode-high-contrast' : theme.includes('Light') ? 'vscode-light' : 'vscode-dark';
      await frame.locator(`body.${kind}`).waitFor();
      const { background, variable } = await frame.locator('body').evaluate((body) => {
        const probe = document.createElement('div');
        probe.style.background = 'var(--vscode-editor-background)';
        body.append(probe);
        const variable = getComputedStyle(probe).backgroundColor;
        probe.remove();
        return { background: getComputedStyle(body).backgroundColor, variable };
      });
      assert.equal(background, variable);
      assert.deepEqual(await panelViolations(workbench), []);
      await workbench.screenshot(`10-theme-${name}`);
    },
  })),
  {
    name: 'the panel runs under a policy without inline code',
    async run({ workbench }) {
      const policy = await workbench.frame().locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
      assert.match(policy ?? '', /default-src 'none'/);
      assert.doesNotMatch(policy ?? '', /unsafe/);
    },
  },
];
