// Bundles the extension, the language server, the command line and the webview into dist/.
//   node scripts/build.mjs [--watch] [--sourcemap]
import { build, context } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { copyTwinAssets, twinBundle } from './twin.mjs';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');
const flags = new Set(process.argv.slice(2));
const watch = flags.has('--watch');

/** Files the bundles load at run time from their own folder. */
const assets = [
  'node_modules/libpg-query/wasm/libpg-query.wasm',
  'node_modules/jiti/dist/babel.cjs', // what reads a configuration written in TypeScript
  ...['tree-sitter', 'tree-sitter-typescript', 'tree-sitter-tsx', 'tree-sitter-javascript', 'tree-sitter-python', 'tree-sitter-go', 'tree-sitter-java', 'tree-sitter-ruby', 'tree-sitter-php', 'tree-sitter-c-sharp', 'tree-sitter-rust'].map((name) => `node_modules/@vscode/tree-sitter-wasm/wasm/${name}.wasm`),
];

const common = {
  absWorkingDir: root,
  bundle: true,
  // Names stay as they are: stack traces stay readable, and esbuild's keepNames calls a function for every closure that is made.
  minifySyntax: !watch,
  minifyWhitespace: !watch,
  sourcemap: watch || flags.has('--sourcemap') ? 'linked' : false,
  legalComments: 'none',
  logLevel: watch ? 'info' : 'warning',
  metafile: true,
};
/** ECMAScript modules among the libraries ask where they are; the bundles are CommonJS. */
const importMetaUrl = { define: { 'import.meta.url': '__importMetaUrl' }, banner: { js: "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;" } };
const node = { ...common, ...importMetaUrl, platform: 'node', format: 'cjs', target: 'node20', external: ['vscode', 'pg-native'], alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' } }; // its UMD build cannot be bundled

const bundles = [
  // VS Code's extension host resolves the CommonJS builds; both halves of the LSP libraries must come from one of them.
  { ...node, entryPoints: { extension: 'client/src/extension.ts' } },
  { ...node, entryPoints: { server: 'server/src/lsp/main.ts' } },
  { ...node, entryPoints: { cli: 'server/src/cli/main.ts' }, banner: { js: `#!/usr/bin/env node\n${importMetaUrl.banner.js}` } },
  { ...node, entryPoints: { worker: 'server/src/workspace/worker.ts' } },
  { ...node, ...twinBundle },
  { ...common, platform: 'browser', format: 'iife', target: 'es2022', minifyIdentifiers: !watch, entryPoints: { 'webview/explain': 'client/webview/explain.ts', 'webview/explainStyle': 'client/webview/explain.css', 'webview/health': 'client/webview/health.ts', 'webview/healthStyle': 'client/webview/health.css' } },
]
  .map((options) => ({ ...options, outdir: dist }))
  .filter((options) => Object.values(options.entryPoints).every((entry) => fs.existsSync(path.join(root, entry))));

fs.rmSync(dist, { recursive: true, force: true });
fs.mkdirSync(dist, { recursive: true });
for (const asset of assets) fs.copyFileSync(path.join(root, asset), path.join(dist, path.basename(asset)));
await copyTwinAssets(dist);

if (watch) {
  await Promise.all(bundles.map(async (options) => (await context(options)).watch()));
} else {
  await Promise.all(bundles.map((options) => build(options)));
  const cli = path.join(dist, 'cli.js');
  if (fs.existsSync(cli)) fs.chmodSync(cli, 0o755);
}
