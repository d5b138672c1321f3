// Findings and fixes as a person sees them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

const squiggles = '.squiggly-warning, .squiggly-error, .squiggly-info';

export const editingTests = [
  {
    name: 'a squiggle stands exactly under .offset(…)',
    async run({ workbench }) {
      const { page, boxOfText } = workbench;
      await workbench.openFile('src/orders.ts');
      await page.locator(squiggles).first().waitFor();
      const call = 'offset((page - 1) * size)';
      const near = (a, b, tolerance = 1.5) => Math.abs(a - b) <= tolerance;
      let seen;
      // The line moves down when the lenses above it arrive: text and squiggle are measured until they stand still.
      for (let turn = 0; turn < 20 && !seen?.exact; turn++) {
        const text = await boxOfText(call);
        const withDot = await boxOfText(`.${call}`);
        assert.ok(text && withDot);
        const boxes = await page.locator(squiggles).evaluateAll((elements) => elements.map((element) => element.getBoundingClientRect().toJSON()));
        seen = { text, boxes, exact: boxes.find(({ left, right, bottom }) => (near(left, text.left) || near(left, withDot.left)) && near(right, text.right) && near(bottom, text.bottom, 4)) };
        if (!seen.exact) await page.waitForTimeout(500);
      }
      assert.ok(seen?.exact, `squiggles ${JSON.stringify(seen?.boxes)}, text ${JSON.stringify(seen?.text)}`);
      await workbench.screenshot('1-squiggle');
    },
  },
  {
    name: 'the Problems panel lists a query per row across two files',
    async run({ workbench }) {
      const { page, until } = workbench;
      await workbench.openFile('src/report.ts');
      await page.locator(squiggles).first().waitFor();
      const panel = page.locator('.markers-panel');
      await until(() => page.keyboard.press('Control+Shift+M'), panel.getByText('n-plus-one').first());
      await panel.getByText('customers.ts').first().waitFor();
      await workbench.screenshot('2-problems');
      await page.keyboard.press('Control+J');
    },
  },
  {
    name: 'the keyset fix is applied and saved with the keyboard alone',
    async run({ workbench, folder }) {
      const { page, until } = workbench;
      const file = path.join(folder, 'src/orders.ts');
      const before = fs.readFileSync(file, 'utf8');
      await workbench.openFile('src/orders.ts');
      await page.locator(squiggles).first().waitFor();
      const line = before.split('\n').findIndex((text) => text.includes('.offset(')) + 1;
      const action = page.locator('.action-widget').getByText('Page by key').first();
      await until(async () => {
        await workbench.goTo(line, 8);
        await page.keyboard.press('Control+.');
      }, action);
      await workbench.screenshot('3-quick-fix');
      await page.keyboard.press('Enter');
      await page.locator('.view-line').filter({ hasText: '.offset(' }).waitFor({ state: 'detached' });
      await page.keyboard.press('Control+S');
      let after = before;
      for (let waited = 0; after.includes('.offset(') && waited < 10_000; waited += 100) {
        await page.waitForTimeout(100);
        after = fs.readFileSync(file, 'utf8');
      }
      assert.ok(!after.includes('.offset('), after);
      assert.match(after, /created_at/);
      await workbench.screenshot('4-fixed');
      fs.writeFileSync(file, before);
    },
  },
  {
    name: 'a rule turned off in the settings is silent at once',
    async run({ workbench }) {
      const { page } = workbench;
      await workbench.openFile('src/orders.ts');
      await page.locator(squiggles).first().waitFor();
      workbench.writeSettings({ 'sargable.rules': { 'offset-pagination': 'off' } });
      await page.locator(squiggles).first().waitFor({ state: 'detached' });
      workbench.writeSettings({});
      await page.locator(squiggles).first().waitFor();
    },
  },
  {
    name: 'SQL inside strings is coloured',
    async run({ workbench }) {
      const { page } = workbench;
      await workbench.openFile('src/customers.ts');
      const keyword = page.locator('.view-line span').filter({ hasText: /^SELECT$/ }).first();
      await keyword.waitFor();
      const colours = await keyword.evaluate((element) => {
        const colourOf = (node) => getComputedStyle(node).color;
        const plain = [...(element.closest('.view-line')?.querySelectorAll('span span') ?? [])].find((other) => /id, name/.test((other.textContent ?? '').replaceAll('\u00a0', ' ')));
        return { keyword: colourOf(element), columns: plain ? colourOf(plain) : undefined };
      });
      assert.notEqual(colours.columns, undefined);
      assert.notEqual(colours.keyword, colours.columns);
    },
  },
  {
    name: 'the output channel opens and the server restarts',
    async run({ workbench }) {
      const { page } = workbench;
      await workbench.runCommand('Sargable: Restart Language Server');
      await workbench.openFile('src/orders.ts');
      await page.locator(squiggles).first().waitFor();
      await workbench.runCommand('Sargable: Show Output');
      await page.locator('.part.panel .monaco-editor').first().waitFor();
      await workbench.screenshot('5-output');
      await page.keyboard.press('Control+J');
    },
  },
];
