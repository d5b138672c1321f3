// npm run bench:fidelity: how well the planner twin plans beside the real server it copies.
//   node scripts/bench/fidelity.mjs [--rows 1000000] [--queries 400] [--seeds 7,99,2024] [--only literals,what-if,generated]
// An embedded PostgreSQL 18 gets the example's schema with so many rows in each large table. For each seed so many structurally
// distinct statements are planned there and in the twin: with the server's statistics, and with those of a snapshot whose
// values are tokens. Then statements with literals, and indexes that do not exist beside the same ones really created.
// The server and its rows are gone afterwards; SARGABLE_POSTGRES_BINARIES takes another version.
import { build } from 'esbuild';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { installDependencies, root } from '../prepare.mjs';

installDependencies();
const option = (name, fallback) => (process.argv.includes(`--${name}`) ? process.argv[process.argv.indexOf(`--${name}`) + 1] : fallback);
const rows = Number(option('rows', 1_000_000));
const queries = Number(option('queries', 400));
const seeds = option('seeds', '7,99,2024').split(',').map(Number);
const only = option('only', 'generated,literals,what-if').split(',');

/** The tests' own harness, so that both measure the same. */
async function loadHarness() {
  const outfile = path.join(root, '.cache', `fidelity-${process.pid}.mjs`);
  const sources = ['test/support/fidelity/measure', 'test/support/fidelity/queries', 'test/support/fidelity/literals', 'server/src/twin', 'server/src/db/introspect', 'server/src/db/session'];
  await build({
    stdin: { contents: sources.map((source) => `export * from './${source}';`).join('\n'), resolveDir: root, loader: 'ts' },
    bundle: true, platform: 'node', format: 'esm', target: 'node20', outfile, logLevel: 'error', packages: 'external',
    define: { 'import.meta.dirname': JSON.stringify(path.join(root, 'test/support/fidelity')) },
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    fs.rmSync(outfile, { force: true });
  }
}

const percent = (share) => `${(100 * share).toFixed(2)} %`;
const seconds = (from) => `${((performance.now() - from) / 1000).toFixed(0)} s`;

function printAgreement(label, agreement, from) {
  const errors = [0.5, 0.95, 0.99, 1].map((share) => percent(agreement.costErrorAt(share)).padStart(10)).join('');
  console.log(`${label.padEnd(30)}${`${agreement.sameShape}/${agreement.plans}`.padStart(11)}${percent(agreement.sameShape / agreement.plans).padStart(10)}${String(agreement.parallel).padStart(10)}${errors}   ${seconds(from)}`);
  for (const { sql } of agreement.differing) console.log(`    differs: ${sql}`);
}

const harness = await loadHarness();
const { startPostgres } = await import('../postgres.mjs');
const { buildTwin } = await import('../twin.mjs');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-fidelity-'));
fs.chmodSync(folder, 0o755);
const server = await startPostgres({ dataFolder: path.join(folder, 'data'), settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: '0', max_wal_size: '4GB', shared_buffers: '256MB', autovacuum: 'off' } });
const twin = harness.createTwin({ script: await buildTwin(path.join(root, '.cache/twin')) });
try {
  let from = performance.now();
  await harness.seed(server.url, rows);
  const session = harness.openSession(server.url);
  const live = await harness.introspect(session);
  await session.close();
  const source = await harness.openSource(server.url);
  const total = [...live.tables.values()].filter((table) => table.kind !== 'partitioned').reduce((sum, table) => sum + (table.rows ?? 0), 0);
  console.log(`PostgreSQL ${live.server.versionText}, ${Math.round(total).toLocaleString('en')} rows in ${live.tables.size} relations, made in ${seconds(from)}`);
  const tokens = harness.throughSnapshot(live, 'token');

  console.log('\nplans in the twin             same shape     share  parallel  cost error p50, p95, p99, worst');
  for (const seed of only.includes('generated') ? seeds : []) {
    const statements = harness.generateQueries(live, queries, seed);
    for (const [label, catalog] of [['statistics', live], ['tokens', tokens]]) {
      from = performance.now();
      printAgreement(`seed ${seed}, ${label}`, await harness.compareQueries(source, twin, catalog, statements), from);
    }
  }
  if (only.includes('literals')) {
    from = performance.now();
    printAgreement('literals, statistics', await harness.compareQueries(source, twin, live, harness.literalQueries(live)), from);
    from = performance.now();
    printAgreement('literals, tokens', await harness.compareQueries(source, twin, tokens, harness.literalQueries(live)), from);
  }
  if (only.includes('what-if')) {
    console.log('\nan index that does not exist         without   in the twin   created   error  used');
    for (const { kind, index, before, twin: planned, server: created, used } of await harness.compareWhatIfs(source, twin, live, harness.whatIfCases)) {
      console.log(`${kind.padEnd(12)}${[before, planned, created].map((cost) => cost.toFixed(1).padStart(16)).join('')}${percent(Math.abs(planned - created) / created).padStart(10)}  ${used ? 'yes' : 'no '}  ${index.table} ${index.definition}`);
    }
  }
  const { engine, startMs, memoryBytes } = twin.status();
  console.log(`\n${engine}: started in ${Math.round(startMs ?? 0)} ms, ${Math.round((memoryBytes ?? 0) / 1048576)} MiB resident after all this`);
  await source.close();
} finally {
  await twin.stop();
  await server.stop();
  fs.rmSync(folder, { recursive: true, force: true });
}
