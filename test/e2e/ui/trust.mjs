// A workspace that is not trusted: linting works, nothing connects.
import assert from 'node:assert/strict';

export const trustTests = [
  {
    name: 'in Restricted Mode it lints, and connects to nothing',
    async run({ workbench, postgres }) {
      const { page } = workbench;
      await page.getByText('Restricted Mode').first().waitFor();
      await workbench.openFile('src/orders.ts');
      await page.locator('.squiggly-warning, .squiggly-error, .squiggly-info').first().waitFor();
      assert.equal(await workbench.offersCommand('Sargable: Connect to a Database'), false);
      await workbench.openFile('src/customers.ts');
      const lens = page.locator('.codelens-decoration a').filter({ hasText: 'Explain' });
      await workbench.until(() => lens.first().click(), page.locator('iframe.webview.ready'));
      await workbench.frame().getByText('Planned in the twin', { exact: false }).waitFor();
      await workbench.screenshot('11-untrusted');
      assert.equal(await postgres.countConnections(), 0);
    },
  },
];
