// Introspection of a database with 2,000 tables, 8,000 indexes and some 22,000 rows of statistics, and what its catalog
// costs a keystroke beside an empty one. The database is made once and kept under .cache/.
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { startPostgres } from '../postgres.mjs';
import { root } from '../prepare.mjs';
import { createRandom, generateSql } from './documents.mjs';

const TABLES = 2000;
const EDITS = 60;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Connection URL of the database, made and analysed where it is not there yet. */
export async function prepareDatabase(serverUrl) {
  const url = new URL(serverUrl);
  url.pathname = '/large_catalog';
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  const made = (await admin.query("select 1 from pg_database where datname = 'large_catalog' and datallowconn and pg_catalog.shobj_description(oid, 'pg_database') = 'complete'")).rowCount;
  if (!made) {
    await admin.query('drop database if exists large_catalog with (force)');
    await admin.query('create database large_catalog');
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    for (let first = 0; first < TABLES; first += 50) {
      const parts = Array.from({ length: 50 }, (_, i) => `
        create table t${first + i} (id bigint primary key, tenant_id bigint not null, user_id bigint, status text, email text, name text, amount numeric, payload jsonb, created_at timestamptz not null, updated_at timestamptz, note text);
        create index on t${first + i} (tenant_id, created_at desc); create index on t${first + i} (user_id) where status = 'open'; create index on t${first + i} (lower(email));
        insert into t${first + i} select n, n % 20, n % 150, 's' || n % 5, 'mail' || n % 200 || '@example.com', 'name ' || n % 90, n * 1.5, '{"a":1}', timestamptz '2024-01-01' + n * interval '1 hour', null, repeat('x', n % 40) from generate_series(1, 300) n;`);
      await client.query(parts.join('\n'));
    }
    await client.query('analyze');
    await client.end();
    await admin.query("comment on database large_catalog is 'complete'");
  }
  await admin.end();
  return url.href;
}

async function loadModules() {
  const outfile = path.join(root, 'dist', 'benchIntrospection.cjs');
  await build({
    stdin: { contents: ["export { introspect } from './server/src/db/introspect';", "export { openSession } from './server/src/db/session';", "export { createEngine } from './server/src/workspace/engine';", "export { createProject } from './server/src/workspace/project';"].join('\n'), resolveDir: root, loader: 'ts' },
    bundle: true, platform: 'node', format: 'cjs', target: 'node20', outfile, logLevel: 'error', external: ['pg-native'], alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    define: { 'import.meta.url': '__importMetaUrl' }, banner: { js: "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  return createRequire(import.meta.url)(outfile);
}

/** Median milliseconds of a one-character edit in a document of 500 lines, from the change to the findings. */
async function measureKeystroke({ createProject }, engine, catalog) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-bench-'));
  const project = await createProject({ folder, engine, settings: {}, threads: 0 });
  await project.scan();
  if (catalog) await project.setLive([{ name: 'bench', catalog }]);
  const uri = pathToFileURL(path.join(folder, 'document.sql')).href;
  let text = generateSql(500).replaceAll(/\b(users|orders|order_items|products|invoices|events|sessions|memberships|projects|comments)\b/g, (name) => `t${name.length * 97}`);
  project.open(uri, text);
  project.lintOpen(uri);
  const random = createRandom(104729);
  const times = [];
  for (let i = 0; i < EDITS; i++) {
    let offset;
    do offset = 1 + Math.floor(random() * (text.length - 2));
    while (!/[a-z_]{2}/.test(text.slice(offset - 1, offset + 1)));
    for (const [start, end, inserted] of [[offset, offset, 'x'], [offset, offset + 1, '']]) {
      text = text.slice(0, start) + inserted + text.slice(end);
      const from = performance.now();
      project.change(uri, text, [{ span: { start, end }, text: inserted }]);
      project.lintOpen(uri);
      times.push(performance.now() - from);
    }
  }
  fs.rmSync(folder, { recursive: true, force: true });
  return median(times.slice(10));
}

/** Prints the figures. `dist/` must be built: the grammars are read from it. */
export async function benchIntrospection() {
  console.log(`\nCatalog of ${TABLES} tables`);
  const server = await startPostgres({ dataFolder: path.join(root, '.cache', 'bench-database'), settings: { fsync: 'off', max_locks_per_transaction: '1024' } });
  try {
    const url = await prepareDatabase(server.url);
    const modules = await loadModules();
    const session = modules.openSession(url);
    const times = [];
    let catalog;
    for (let i = 0; i < 4; i++) {
      const from = performance.now();
      catalog = await modules.introspect(session);
      times.push(performance.now() - from);
    }
    const baseline = performance.now();
    await session.withConnection((connection) => connection.query('select s.*, s.most_common_vals::text, s.histogram_bounds::text from pg_stats s'));
    const plain = performance.now() - baseline;
    await session.close();
    const tables = [...catalog.tables.values()];
    const statistics = [...(catalog.statistics?.relations.values() ?? [])];
    console.log(`${tables.length} tables, ${tables.reduce((n, t) => n + t.indexes.length, 0)} indexes, ${statistics.reduce((n, r) => n + r.columns.length, 0)} statistics rows`);
    console.log(`introspection: first ${times[0].toFixed(0)} ms, then ${median(times.slice(1)).toFixed(0)} ms; reading pg_stats alone ${plain.toFixed(0)} ms (ratio ${(median(times.slice(1)) / plain).toFixed(2)})`);
    const engine = await modules.createEngine();
    await measureKeystroke(modules, engine, undefined); // warms up
    const empty = await measureKeystroke(modules, engine, undefined);
    const large = await measureKeystroke(modules, engine, catalog);
    console.log(`keystroke in 500 lines of SQL: ${empty.toFixed(2)} ms without a catalog, ${large.toFixed(2)} ms with it (ratio ${(large / empty).toFixed(2)})`);
  } finally {
    await server.stop();
  }
}

if (process.argv[1] === import.meta.filename) await benchIntrospection();
