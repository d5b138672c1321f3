// npm run demo: installs what is missing, builds, and lints the example workspace against an embedded Postgres with real data.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { installDependencies, root, run } from './prepare.mjs';

const started = Date.now();
const elapsed = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
const heading = (text) => console.log(`\n\u001b[1m── ${text}\u001b[0m`);

installDependencies();
heading('Building');
run(process.execPath, ['scripts/build.mjs']);

heading('Starting an embedded Postgres with the example data (the first time takes half a minute)');
const { startExampleDatabase } = await import('./exampleDatabase.mjs');
const database = await startExampleDatabase();
console.log(`${database.seeded ? 'Created and seeded' : 'Ready'} after ${elapsed()}: ${database.url}`);

const sargable = (...args) => spawnSync(process.execPath, [path.join(root, 'dist', 'cli.js'), ...args, '--database', database.url], { cwd: path.join(root, 'examples'), stdio: 'inherit' });
try {
  heading('sargable check: the findings');
  sargable('check');
  heading('sargable check --fix-dry-run --fix-review offset-pagination: a keyset fix as a diff');
  sargable('check', 'db/queries', '--fix-dry-run', '--fix-review', 'offset-pagination');
  heading('sargable check --fix-dry-run --fix-review unindexed-predicate: an index as a migration');
  sargable('check', 'api/src/events.ts', '--fix-dry-run', '--fix-review', 'unindexed-predicate');
  heading('sargable explain api/src/reservations.ts:16');
  sargable('explain', 'api/src/reservations.ts:16');
} finally {
  await database.stop();
}
console.log(`\nDone in ${elapsed()}. Next: npm run editor opens the same example in VS Code.`);
