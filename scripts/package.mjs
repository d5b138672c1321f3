// Builds the extension and packs it into a .vsix; prints its path and what is inside.
//   node scripts/package.mjs [--out FILE]
import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');

/** Builds and packs. Everything the extension runs is bundled, so no node_modules go in. Returns the path of the .vsix. */
export async function packageExtension(out = path.join(root, `${manifest().name}-${manifest().version}.vsix`)) {
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs')], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('The build failed.');
  fs.mkdirSync(path.dirname(out), { recursive: true });
  await createVSIX({ cwd: root, packagePath: out, dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false });
  return out;
}

function manifest() {
  return JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const at = process.argv.indexOf('--out');
  const file = await packageExtension(at > 0 ? path.resolve(process.argv[at + 1]) : undefined);
  for (const name of await listFiles({ cwd: root, packageManager: PackageManager.None })) {
    console.log(`${String(fs.statSync(path.join(root, name)).size).padStart(10)}  ${name}`);
  }
  console.log(`${path.relative(process.cwd(), file)}: ${(fs.statSync(file).size / 1024 / 1024).toFixed(1)} MB`);
}
