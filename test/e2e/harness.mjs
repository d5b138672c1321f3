// Starts a real VS Code (server and web workbench) with the packaged extension, and a browser to look at it.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import util from 'node:util';
import { installVsCode } from './install.mjs';

export { launchBrowser } from './browser.mjs';

/** Quiet: no welcome page, no trust question, no chat, nothing that takes the focus or asks the network. */
const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.colorTheme': 'Default Dark Modern',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true,
  'files.hotExit': 'off',
  'files.simpleDialog.enable': true,
  'git.enabled': false,
  'editor.accessibilitySupport': 'off',
};

/** Built-in extensions the tests need; fewer start faster. */
const builtinExtensions = ['sql', 'typescript-basics', 'javascript', 'python', 'theme-defaults', 'theme-seti', 'markdown-basics', 'markdown-language-features'];

/**
 * Starts a server on a free port, with fresh user data. `trust: true` leaves workspace trust on, so that an opened
 * folder is in Restricted Mode. `host` is the address to listen on.
 */
export async function startServer({ vsix = [], settings = {}, env = {}, trust = false, host = '127.0.0.1', port = 0 } = {}) {
  const { node, root } = installVsCode();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'e2e-vscode-')); // short: sockets live in it
  const settingsPath = path.join(folder, 'user/User/settings.json');
  fs.mkdirSync(path.dirname(settingsPath), { recursive: true });
  fs.writeFileSync(settingsPath, JSON.stringify({ ...quietSettings, 'security.workspace.trust.enabled': trust, ...settings }, undefined, 1));
  fs.mkdirSync(path.join(folder, 'builtin'));
  for (const name of builtinExtensions) fs.symlinkSync(path.join(root, 'extensions', name), path.join(folder, 'builtin', name));

  const main = path.join(root, 'out/server-main.js');
  const common = ['--accept-server-license-terms', '--server-data-dir', path.join(folder, 'server'), '--user-data-dir', path.join(folder, 'user'), '--extensions-dir', path.join(folder, 'ext'), '--builtin-extensions-dir', path.join(folder, 'builtin')];
  const childEnv = cleanEnvironment({ ...env, HOME: folder, TMPDIR: folder, EXTENSIONS_GALLERY: '{}' });
  for (const file of vsix) {
    const { stdout, stderr } = spawnSync(node, [main, ...common, '--install-extension', file], { encoding: 'utf8', env: childEnv });
    if (!/successfully installed/.test(stdout)) throw new Error(`Installing ${file} failed: ${stdout}${stderr}`);
  }

  const logPath = path.join(folder, 'server.log');
  const log = fs.openSync(logPath, 'w');
  const flags = ['--host', host, '--port', String(port), '--without-connection-token', '--telemetry-level', 'off', '--disable-telemetry', '--disable-experiments', '--enable-smoke-test-driver', '--reconnection-grace-time', '1'];
  const child = spawn(node, [main, ...common, ...flags, ...(trust ? [] : ['--disable-workspace-trust'])], { cwd: folder, env: childEnv, stdio: ['ignore', 'pipe', log], detached: true });
  const killGroup = (signal) => {
    try {
      process.kill(-child.pid, signal); // its own group: extension host and language server go with it
    } catch {
      // already gone
    }
  };
  process.once('exit', () => killGroup('SIGKILL'));
  const actualPort = await waitForPort(child, log, logPath);

  return {
    origin: `http://127.0.0.1:${actualPort}`,
    folder,
    uri: (file) => `vscode-remote://127.0.0.1:${actualPort}${file}`,
    async stop() {
      killGroup('SIGTERM');
      await new Promise((resolve) => setTimeout(resolve, 300));
      killGroup('SIGKILL');
      if (!process.env.E2E_KEEP) fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What npm, Node options and an editor around this process have set would change the one under test. */
function cleanEnvironment(extra) {
  return Object.fromEntries(Object.entries({ ...process.env, ...extra }).filter(([name]) => !/^(npm_|NODE_OPTIONS$|VSCODE_|ELECTRON_|XDG_|PG[A-Z]+$)/.test(name)));
}

async function waitForPort(child, log, logPath) {
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
    fs.writeSync(log, data);
  });
  const deadline = Date.now() + 30_000;
  for (;;) {
    const port = /(?:Web UI available at http:\/\/[^:\s]+:|agent listening on )(\d+)/.exec(output)?.[1];
    if (port) return Number(port);
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`The VS Code server did not start:\n${fs.readFileSync(logPath, 'utf8')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Address of the workbench with a folder, optionally with a file opened in it. */
export function workbenchUrl(server, { folder, open, payload = [] }) {
  const entries = [...payload, ...(open ? [['openFile', server.uri(open)]] : [])];
  return `${server.origin}/?folder=${encodeURIComponent(folder)}${entries.length > 0 ? `&payload=${encodeURIComponent(JSON.stringify(entries))}` : ''}`;
}

/** Runs a module that exports `run()` inside the extension host; resolves with its exit code or why there is none. */
export async function runInExtensionHost(server, browser, { developmentPath, testsPath, folder, env = {}, timeout = 120_000, onLog, screenshot }) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  try {
    let finish;
    const finished = new Promise((resolve) => {
      finish = resolve;
    });
    await page.exposeFunction('codeAutomationExit', (code) => finish({ code }));
    await page.exposeFunction('codeAutomationLog', (type, args) => onLog?.(type, util.format(...(Array.isArray(args) ? args : [args]))));
    page.on('crash', () => finish({ code: 1, error: 'the page crashed' }));
    const payload = [['extensionDevelopmentPath', server.uri(developmentPath)], ['extensionTestsPath', server.uri(testsPath)], ['extensionEnvironment', JSON.stringify(env)]];
    await page.goto(workbenchUrl(server, { folder, payload }));
    const timer = setTimeout(() => finish({ code: 1, error: `no result after ${timeout} ms` }), timeout);
    const result = await finished;
    clearTimeout(timer);
    if (result.error && screenshot) await page.screenshot({ path: screenshot }).catch(() => undefined);
    return result;
  } finally {
    await context.close();
  }
}
