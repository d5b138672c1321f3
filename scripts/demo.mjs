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

/** Nothing in the environment names a database here. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'SARGABLE_DATABASE_URL' && !name.startsWith('PG')));
const offline = (...args) => spawnSync(process.execPath, [path.join(root, 'dist', 'cli.js'), ...args], { cwd: path.join(root, 'examples'), stdio: 'inherit', env: environment });
const sargable = (...args) => offline(...args, '--database', database.url);
/** One page by OFFSET and one condition without an index. */
const judged = ['db/queries/reports.sql', 'api/src/events.ts'];
const planned = ['--rule', 'n-plus-one=off', '--rule', 'missing-partition-key=off', '--rule', 'leading-wildcard-like=off'];
try {
  heading('sargable check: the findings');
  sargable('check');
  heading('sargable check --fix-dry-run --fix-review offset-pagination: a keyset fix as a diff');
  sargable('check', 'db/queries', '--fix-dry-run', '--fix-review', 'offset-pagination');
  heading('The planner: what a page by OFFSET costs and what an index saves, with the statistics of this server');
  sargable('check', ...judged, ...planned);
  heading('The same without any database: schema from the migrations, volumes assumed');
  offline('check', ...judged, ...planned, '--no-database');
  heading('sargable advise: the smallest set of indexes for these queries, each tried in the planner twin, no database');
  offline('advise', 'api/src/events.ts', 'api/src/guests.ts', '--no-database');
  heading('sargable check --fix-dry-run --fix-review unindexed-predicate: an index as a migration');
  sargable('check', 'api/src/events.ts', '--fix-dry-run', '--fix-review', 'unindexed-predicate');
  heading('sargable explain api/src/reservations.ts:16');
  sargable('explain', 'api/src/reservations.ts:16');
  heading('sargable explain api/src/events.ts:5, planned in the twin without a database');
  offline('explain', 'api/src/events.ts:5');
} finally {
  await database.stop();
}
console.log(`\nDone in ${elapsed()}. Next: npm run editor opens the same example in VS Code.`);
