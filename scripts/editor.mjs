// Opens the packaged extension on the examples in a real VS Code, in the browser. Nothing of the user's own editor is touched.
//   node scripts/editor.mjs [FOLDER] [--port N]
import path from 'node:path';
import fs from 'node:fs';
import os from 'node:os';
import { installDependencies } from './prepare.mjs';

installDependencies();
const { installVsCode } = await import('../test/e2e/install.mjs');
const { startServer, workbenchUrl } = await import('../test/e2e/harness.mjs');
const { packageExtension } = await import('./package.mjs');
await installVsCode();

const root = path.resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const portAt = args.indexOf('--port');
const port = portAt >= 0 ? Number(args.splice(portAt, 2)[1]) : 0;
const folder = path.resolve(args[0] ?? path.join(root, 'examples'));

const vsix = await packageExtension(path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-')), 'sargable.vsix'));
const server = await startServer({ vsix: [vsix], port, settings: { 'workbench.colorTheme': 'Default Dark Modern' } });
console.log(`VS Code with Sargable on ${path.relative(process.cwd(), folder) || '.'}:\n\n  ${workbenchUrl(server, { folder })}\n\nCtrl+C stops it.`);
const stop = async () => {
  await server.stop();
  fs.rmSync(path.dirname(vsix), { recursive: true, force: true });
  process.exit(0);
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
