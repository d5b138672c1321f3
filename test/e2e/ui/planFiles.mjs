// Plans that come from elsewhere and go elsewhere: the explorer, a log in the editor, comparison and history, exports on disk.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { explainInvoices } from './panel.mjs';

/** A plan whose every name and value is a word that no plan has by itself. */
const secretPlan = {
  Plan: {
    'Node Type': 'Limit', 'Startup Cost': 0, 'Total Cost': 90, 'Plan Rows': 1, 'Plan Width': 8, 'Actual Startup Time': 12, 'Actual Total Time': 30, 'Actual Rows': 1, 'Actual Loops': 1, Output: ['zebra_alias.giraffe_id'],
    Plans: [{
      'Node Type': 'Seq Scan', 'Parent Relationship': 'Outer', 'Relation Name': 'zebra_table', Schema: 'zebra_schema', Alias: 'zebra_alias', Output: ['zebra_alias.giraffe_id'], Filter: "((zebra_alias.giraffe_mail)::text = 'okapi@example.org'::text) AND (zebra_alias.giraffe_id > 987654)",
      'Startup Cost': 0, 'Total Cost': 90, 'Plan Rows': 1, 'Plan Width': 8, 'Actual Startup Time': 11, 'Actual Total Time': 29, 'Actual Rows': 1, 'Actual Loops': 1, 'Rows Removed by Filter': 50_000,
    }],
  },
  'Query Text': "SELECT giraffe_id FROM zebra_table WHERE giraffe_mail = 'okapi@example.org'", 'Planning Time': 0.2, 'Execution Time': 30.5,
};
const secrets = /zebra|giraffe|okapi|987654/i;

const logged = `2026-11-30 10:00:00.000 UTC [7] LOG:  connection authorized: user=shop
2026-11-30 10:00:01.000 UTC [7] LOG:  duration: 412.000 ms  plan:
	Query Text: SELECT id, total FROM invoices WHERE customer_id = 42
	Seq Scan on invoices  (cost=0.00..35811.00 rows=10 width=12) (actual time=0.210..411.200 rows=7 loops=1)
	  Filter: (customer_id = 42)
	  Rows Removed by Filter: 1999993
2026-11-30 10:00:02.000 UTC [7] LOG:  disconnection: session time: 0:00:01.100
`;

/** Saves by way of the dialog: it proposes a file of the workspace first, and checks a path before it takes Enter. */
async function save({ page, quickInput }, frame, format, file) {
  const proposed = path.join(file, '../..', `plan${path.extname(file)}`);
  await frame.getByRole('button', { name: `Save… as ${format}` }).click();
  await page.waitForFunction((name) => document.querySelector('.quick-input-widget input.input')?.value === name, proposed);
  await quickInput.fill(file);
  for (let waited = 0; !fs.existsSync(file) || fs.statSync(file).size === 0; waited += 50) {
    assert.ok(waited < 20_000, `${file} is written`);
    if (waited % 500 === 0 && (await quickInput.isVisible())) await page.keyboard.press('Enter');
    await page.waitForTimeout(50);
  }
}

export const planFileTests = [
  {
    name: 'plans are opened from the explorer, whatever their ending, and from a selection in a log',
    async run({ workbench, folder }) {
      const { page } = workbench;
      const frame = workbench.frame();
      const entry = (name) => page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: name });
      const menuItem = (title) => page.locator('.monaco-menu .action-label').filter({ hasText: title });
      const files = { 'badger.plan': 'Seq Scan on badger  (cost=0.00..35.50 rows=10 width=4)', 'ferret.txt': '                QUERY PLAN\n------------------------------\n Seq Scan on ferret  (cost=0.00..35.50 rows=10 width=4)\n(1 row)\n', 'weasel.json': JSON.stringify([{ Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 'weasel', 'Total Cost': 35, 'Plan Rows': 10 } }]) };
      for (const [name, text] of Object.entries({ ...files, 'walrus.log': logged })) fs.writeFileSync(path.join(folder, name), text);
      try {
        await workbench.until(() => page.keyboard.press('Control+Shift+E'), entry('badger.plan'));
        for (const name of Object.keys(files)) {
          // A menu takes no click right after it opened, and stays open over the list then.
          await workbench.until(async () => {
            await page.keyboard.press('Escape');
            await entry(name).click({ button: 'right', timeout: 3_000 }).catch(() => undefined);
            await menuItem('Open Query Plan').click({ delay: 100, timeout: 3_000 }).catch(() => undefined);
          }, frame.locator('tbody tr').filter({ hasText: name.replace(/\..*/, '') }).first());
          await frame.locator('header').getByText(name).waitFor();
        }
        await page.keyboard.press('Control+B');
        await page.keyboard.press('Control+1');
        await workbench.openFile('walrus.log');
        await workbench.until(async () => {
          await page.keyboard.press('Escape');
          await workbench.goTo(2);
          for (let line = 0; line < 5; line++) await page.keyboard.press('Shift+ArrowDown');
          await page.keyboard.press('Shift+F10');
          await menuItem('Show as Query Plan').click({ delay: 100, timeout: 3_000 }).catch(() => undefined);
        }, frame.locator('tbody tr').filter({ hasText: 'invoices' }).first());
        assert.match(await frame.locator('header').innerText(), /411 ms\s+execution[^]*walrus\.log:2/);
        await frame.getByRole('tab', { name: 'SQL' }).click();
        assert.equal(await frame.locator('pre').innerText(), 'SELECT id, total FROM invoices WHERE customer_id = 42');
        // Its advice is verified by the twin, on the schema of the workspace.
        await frame.getByRole('tab', { name: 'Plan' }).click();
        await frame.locator('ol.findings summary').first().click();
        await frame.locator('.verification').filter({ hasText: /Verified: cost [\d,.]+ → [\d,.]+ \([\d,.]+× less\)/ }).waitFor();
        await workbench.screenshot('16-log-selection');
      } finally {
        for (const name of [...Object.keys(files), 'walrus.log']) fs.rmSync(path.join(folder, name));
      }
    },
  },
  {
    name: 'plans before and after a what-if are compared node by node; one is pinned and shown again from the history',
    async run({ workbench }) {
      const frame = await explainInvoices(workbench);
      await frame.getByRole('tab', { name: 'What if' }).click();
      await frame.getByRole('button', { name: 'Try it' }).click();
      await frame.locator('.verdict').filter({ hasText: 'The plans differ' }).waitFor();
      const changed = frame.getByRole('treegrid', { name: 'Comparison of two plans' }).locator('tbody tr').filter({ hasText: 'changed' });
      await changed.click();
      const details = frame.getByRole('complementary', { name: 'What changed in the node' });
      assert.match(await details.innerText(), /Seq Scan → Index [^]*Cost\s+[\d,.]+\s+[\d,.]+\s+[\d,.]+× less[^]*Conditions before[^]*Filter[^]*Conditions after[^]*Index Cond/);
      const before = frame.getByRole('row').filter({ has: frame.getByRole('button', { name: 'in the twin, as it is', exact: true }) });
      if ((await before.getByRole('button', { name: '★ Pinned' }).count()) === 0) await before.getByRole('button', { name: '☆ Pin' }).click();
      await before.getByRole('button', { name: '★ Pinned' }).waitFor();
      await frame.getByRole('button', { name: '⇄ Swap' }).click();
      await frame.locator('.verdict').filter({ hasText: '× more' }).waitFor();
      await workbench.screenshot('16-compare');
      await before.getByRole('button', { name: 'in the twin, as it is', exact: true }).click();
      await frame.getByRole('treegrid', { name: 'Query plan' }).locator('tr').filter({ hasText: 'Seq Scan' }).waitFor();
      await frame.getByRole('tab', { name: 'Compare' }).click();
      await frame.getByRole('button', { name: '★ Pinned' }).first().waitFor();
    },
  },
  {
    name: 'a plan is saved in every form, and without names and values on request',
    async run({ workbench, folder }) {
      const { page } = workbench;
      const frame = workbench.frame();
      const out = path.join(folder, 'exported');
      fs.rmSync(out, { recursive: true, force: true });
      fs.mkdirSync(out);
      fs.writeFileSync(path.join(folder, 'zebra.json'), JSON.stringify([secretPlan]));
      try {
        await page.keyboard.press('Control+1');
        await workbench.openFile('zebra.json');
        await workbench.runCommand('Sargable: Show as Query Plan');
        await frame.locator('tbody tr').filter({ hasText: 'zebra_table' }).first().waitFor();
        await frame.getByRole('tab', { name: 'Export' }).click();
        const read = (name) => fs.readFileSync(path.join(out, name));
        await save(workbench, frame, 'JSON', path.join(out, 'open.json'));
        assert.deepEqual(JSON.parse(read('open.json')), [secretPlan]);
        await frame.getByLabel('Without names and values').check();
        for (const [format, name] of [['JSON', 'plan.json'], ['Text', 'plan.txt'], ['Markdown', 'plan.md'], ['SVG', 'plan.svg'], ['PNG', 'plan.png']]) await save(workbench, frame, format, path.join(out, name));
        assert.equal(JSON.parse(read('plan.json'))[0].Plan.Plans[0]['Relation Name'], 't1');
        assert.match(String(read('plan.txt')), /^Limit .*\n[^]*->  Seq Scan on s1\.t1 a1 [^]*Rows Removed by Filter: 50000[^]*Execution Time: 30\.500 ms/);
        assert.match(String(read('plan.md')), /^\*\*\d+(\.\d+)? ms execution\*\*[^]*```\nLimit/);
        assert.match(String(read('plan.svg')), /^<svg [^]*Seq Scan t1[^]*<\/svg>\s*$/);
        assert.equal(read('plan.png').subarray(1, 4).toString(), 'PNG');
        for (const name of fs.readdirSync(out).filter((name) => name !== 'open.json')) assert.doesNotMatch(String(read(name)), secrets, name);
        await workbench.screenshot('16-export');
      } finally {
        fs.rmSync(out, { recursive: true });
        fs.rmSync(path.join(folder, 'zebra.json'));
      }
    },
  },
];
