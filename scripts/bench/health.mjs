// The health checks on a database with 2,000 tables and 8,000 indexes: each below two seconds, all together below ten.
//   node scripts/bench/health.mjs
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { startPostgres } from '../postgres.mjs';
import { root } from '../prepare.mjs';
import { prepareDatabase } from './introspection.mjs';

const LOOKS = 3;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

async function loadModules() {
  const outfile = path.join(root, 'dist', 'benchHealth.cjs');
  await build({
    stdin: { contents: ["export { readHealth } from './server/src/workspace/health';", "export { openSession } from './server/src/db/session';", "export { renderHealthMarkdown } from './server/src/core/health/markdown';"].join('\n'), resolveDir: root, loader: 'ts' },
    bundle: true, platform: 'node', format: 'cjs', target: 'node20', outfile, logLevel: 'error', external: ['pg-native'],
  });
  return createRequire(import.meta.url)(outfile);
}

/** Prints milliseconds of each check, the median of three looks, and says where one is slower than it may be. */
export async function benchHealth() {
  console.log('\nHealth of a database of 2,000 tables and 8,000 indexes');
  const server = await startPostgres({ dataFolder: path.join(root, '.cache', 'bench-database'), settings: { fsync: 'off', max_locks_per_transaction: '1024' } });
  try {
    const { readHealth, openSession, renderHealthMarkdown } = await loadModules();
    const session = openSession(await prepareDatabase(server.url));
    const reports = [];
    for (let i = 0; i < LOOKS; i++) {
      const from = performance.now();
      reports.push({ report: await readHealth({ session }), ms: performance.now() - from });
    }
    await session.close();
    const last = reports.at(-1).report;
    for (const { name, findings, tables, cannotSee } of last.checks) {
      const ms = median(reports.map(({ report }) => report.checks.find((check) => check.name === name).durationMs));
      console.log(`${name.padEnd(14)}${String(ms).padStart(6)} ms  ${findings.length} findings, ${tables.reduce((n, { rows }) => n + rows.length, 0)} rows${ms > 2000 ? '  TOO SLOW' : ''}`);
      for (const { reason } of cannotSee.filter(({ reason }) => reason.startsWith('Not seen'))) console.log(`${' '.repeat(14)}${reason}`);
    }
    const all = median(reports.map(({ ms }) => ms));
    const from = performance.now();
    const size = renderHealthMarkdown(last).length;
    console.log(`${'whole report'.padEnd(14)}${all.toFixed(0).padStart(6)} ms${all > 10_000 ? '  TOO SLOW' : ''}; as Markdown ${(performance.now() - from).toFixed(0)} ms, ${Math.round(size / 1024)} kB; as JSON ${Math.round(JSON.stringify(last).length / 1024)} kB`);
  } finally {
    await server.stop();
  }
}

if (process.argv[1] === import.meta.filename) await benchHealth();
