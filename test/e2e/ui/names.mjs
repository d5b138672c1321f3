// Names of tables and columns as a person meets them: completion, hover, definition, references, the Queries view.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

const CODE = [
  "import { Pool } from 'pg';",
  'const pool = new Pool();',
  'export const find = (id: string) => pool.query(`SELECT o.id, o.total FROM orders o WHERE o.customer_id = $1`, [id]);',
  'export const draft = () => pool.query(`SELECT o. FROM orders o JOIN customers c ON `);',
  '',
].join('\n');
const FILE = 'src/names.ts';

async function openCode({ workbench, folder }) {
  fs.writeFileSync(path.join(folder, FILE), CODE);
  await workbench.openFile(FILE);
}
const columnOf = (line, text) => CODE.split('\n')[line - 1].indexOf(text) + text.length + 1;

export const nameTests = [
  {
    name: 'columns are proposed after an alias, and the foreign key after ON',
    async run(context) {
      const { workbench } = context;
      const { page, until } = workbench;
      await openCode(context);
      const widget = page.locator('.suggest-widget.visible');
      await workbench.goTo(4, columnOf(4, 'SELECT o.'));
      await until(() => page.keyboard.press('Control+Space'), widget.getByText('customer_id').first());
      await workbench.screenshot('n1-columns');
      await page.keyboard.press('Escape');
      await workbench.goTo(4, columnOf(4, ' ON '));
      await until(() => page.keyboard.press('Control+Space'), widget.getByText('o.customer_id = c.id').first());
      await page.keyboard.press('Enter');
      await page.locator('.view-line').filter({ hasText: 'o.customer_id = c.id' }).first().waitFor();
      await workbench.screenshot('n2-join');
      await workbench.runCommand('File: Revert File');
    },
  },
  {
    name: 'a column tells of its type, keys and indexes under the mouse',
    async run(context) {
      const { workbench } = context;
      await openCode(context);
      const hover = workbench.page.locator('.monaco-hover:visible').filter({ hasText: 'orders.total' });
      await workbench.until(() => workbench.hoverText('total'), hover.first());
      await workbench.screenshot('n3-hover');
      await workbench.page.keyboard.press('Escape');
    },
  },
  {
    name: 'F12 leads from a table to its statement, Shift+F12 to its queries',
    async run(context) {
      const { workbench } = context;
      const { page, until } = workbench;
      await openCode(context);
      await until(async () => {
        await workbench.goTo(3, columnOf(3, 'FROM ord'));
        await page.keyboard.press('Shift+F12');
      }, page.locator('.peekview-widget .ref-tree').first());
      const counted = await page.locator('.peekview-widget .ref-tree').first().innerText();
      assert.match(counted.replaceAll('\u00a0', ' '), /orders\.ts|schema\.sql/);
      await workbench.screenshot('n4-references');
      await page.keyboard.press('Escape');
      await until(async () => {
        await workbench.goTo(3, columnOf(3, 'FROM ord'));
        await page.keyboard.press('F12');
      }, page.locator('.tab.active').filter({ hasText: 'schema.sql' }));
    },
  },
  {
    name: 'the Queries view lists queries by table, opens them, and is legible in every theme',
    async run(context) {
      const { workbench, folder } = context;
      const { page, until } = workbench;
      await openCode(context);
      const view = page.locator('.pane').filter({ hasText: /SQL Queries/i }).first();
      const table = view.locator('.monaco-list-row').filter({ hasText: /^.*orders/ }).first();
      await until(() => workbench.runCommand('Explorer: Focus on SQL Queries View'), table);
      // Findings of closed files come a little later.
      await view.locator('.monaco-list-row').filter({ hasText: 'finding' }).first().waitFor();
      const query = view.locator('.monaco-list-row').filter({ hasText: 'names.ts' }).first();
      await until(async () => {
        // A click on an open row closes it.
        if ((await table.count()) > 0 && (await table.getAttribute('aria-expanded')) !== 'true') return table.click();
        // The view shares the side bar with others: a row further down is made when it is scrolled to.
        await view.locator('.monaco-list').hover();
        await page.mouse.wheel(0, 66);
      }, query, { tries: 25, wait: 1200 });
      for (const [name, theme] of [['dark', 'Default Dark Modern'], ['light', 'Default Light Modern'], ['contrast', 'Default High Contrast']]) {
        workbench.writeSettings({ 'workbench.colorTheme': theme });
        await page.waitForTimeout(1500);
        await workbench.screenshot(`n5-queries-${name}`);
      }
      workbench.writeSettings({});
      await workbench.openFile('schema.sql');
      await until(() => query.click(), page.locator('.tab.active').filter({ hasText: 'names.ts' }));
      fs.rmSync(path.join(folder, FILE));
      await page.keyboard.press('Control+B');
    },
  },
];
