// What a person does in the workbench, for the tests of the user interface.
import fs from 'node:fs';
import path from 'node:path';
import { workbenchUrl } from '../harness.mjs';

/** The part of the workbench the tests use. Layout races with input: a trigger is repeated until its effect is there. */
export async function openWorkbench(server, browser, { folder, open, shots }) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(workbenchUrl(server, { folder, open }));
  await page.locator('.monaco-workbench').waitFor();
  await page.keyboard.press('Control+B'); // more room for the editors
  const quickInput = page.locator('.quick-input-widget input.input');

  const until = async (trigger, locator, { tries = 8, wait = 2500 } = {}) => {
    for (let attempt = 1; ; attempt++) {
      await trigger();
      try {
        await locator.waitFor({ timeout: wait });
        return;
      } catch (error) {
        if (attempt >= tries) throw error;
        await page.keyboard.press('Escape');
      }
    }
  };
  const showQuickInput = async (key) => {
    await until(() => page.keyboard.press(key), quickInput);
  };

  const self = {
    page,
    quickInput,
    until,
    close: () => context.close(),
    /** Screenshots are for people: they prove nothing by themselves. */
    async screenshot(name) {
      fs.mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: path.join(shots, `${name}.png`) });
    },
    async runCommand(title) {
      await showQuickInput('F1');
      await quickInput.fill(`>${title}`);
      await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first().waitFor();
      await page.keyboard.press('Enter');
    },
    /** True if the palette offers a command of this title. */
    async offersCommand(title) {
      await showQuickInput('F1');
      await quickInput.fill(`>${title}`);
      await page.waitForTimeout(500);
      const offered = await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).count();
      await page.keyboard.press('Escape');
      return offered > 0;
    },
    async openFile(name) {
      const search = async () => {
        await showQuickInput('Control+P');
        await quickInput.fill(name);
        await page.waitForTimeout(300); // until then the list holds the files opened last
        await page.keyboard.press('Enter');
      };
      await until(search, page.locator('.tab.active').filter({ hasText: path.basename(name) }));
    },
    async goTo(line, column = 1) {
      for (let attempt = 1; ; attempt++) {
        await showQuickInput('Control+G');
        await quickInput.fill(`:${line}:${column}`);
        await page.waitForTimeout(200); // until then Enter may meet the list of before
        await page.keyboard.press('Enter');
        try {
          return await quickInput.waitFor({ state: 'hidden', timeout: 4000 });
        } catch (error) {
          if (attempt >= 4) throw error;
          await page.keyboard.press('Escape');
        }
      }
    },
    /** Box on the screen of a text that stands on one line of the editor. */
    boxOfText: (text) => page.evaluate(findTextBox, text),
    /** Rests the mouse on a text of the editor. */
    async hoverText(text) {
      const box = await page.evaluate(findTextBox, text);
      if (!box) return;
      await page.mouse.move(box.left + 2, box.top - 60);
      await page.mouse.move((box.left + box.right) / 2, (box.top + box.bottom) / 2, { steps: 4 });
    },
    /** Settings of the workspace; VS Code notices the file. */
    writeSettings(values) {
      fs.mkdirSync(path.join(folder, '.vscode'), { recursive: true });
      fs.writeFileSync(path.join(folder, '.vscode/settings.json'), JSON.stringify(values));
    },
    /** The tooltip of our item in the status bar. */
    async statusTooltip() {
      const hover = page.locator('.monaco-hover:visible').filter({ hasText: 'Sargable' });
      await until(async () => {
        await page.mouse.move(700, 300);
        await page.locator('[id="sargable.sargable.sargable.status"]').first().hover();
      }, hover.first());
      return (await hover.first().innerText()).replaceAll('\u00a0', ' ');
    },
    /** What the editor with the focus shows, in one line: long lines are folded on the screen. */
    async editorText() {
      const lines = page.locator('.editor-group-container.active .view-lines').first();
      await lines.locator('.view-line').nth(3).waitFor();
      return lines.evaluate((element) => [...element.querySelectorAll('.view-line')].sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top).map((line) => line.textContent).join(' ').replaceAll(/\s+/g, ' '));
    },
    frame: () => page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame'),
    /** Opens the list of notifications: in a window without the focus they don't pop up by themselves. */
    async waitForNotification(text) {
      await self.runCommand('Notifications: Show Notifications');
      await page.locator('.notifications-center').getByText(text).first().waitFor();
    },
  };
  return self;
}

/** Runs in the page. The editor renders a line as several spans, and blanks as no-break spaces. */
function findTextBox(text) {
  for (const line of document.querySelectorAll('.view-line')) {
    const at = (line.textContent ?? '').replaceAll('\u00a0', ' ').indexOf(text);
    if (at < 0) continue;
    const range = document.createRange();
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    let offset = 0;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const length = node.data.length;
      if (at >= offset && at < offset + length) range.setStart(node, at - offset);
      if (at + text.length > offset && at + text.length <= offset + length) range.setEnd(node, at + text.length - offset);
      offset += length;
    }
    const { left, right, top, bottom } = range.getBoundingClientRect();
    return { left, right, top, bottom };
  }
  return undefined;
}
