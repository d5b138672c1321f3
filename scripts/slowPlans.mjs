// Pairs of plans of a real server for every kind of finding: one that is slow in the way of its kind, and its healthy twin, the statement
// after the advice or close to it; measured, and where the kind is found without a run, estimated. In test/corpus/slowPlans.json.br.
//   node scripts/slowPlans.mjs [folder with bin/ of a Postgres that has JIT; without it the plans with JIT stay as they are] [--only=NAME]
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import pg from 'pg';
import { startPostgres } from './postgres.mjs';
import { root } from './prepare.mjs';
import { cases, schema } from './slowPlanCases.mjs';

const file = path.join(root, 'test/corpus/slowPlans.json.br');
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7);
const withJit = process.argv.slice(2).find((argument) => !argument.startsWith('--'));

async function connect(server) {
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function run(server, statements) {
  const client = await connect(server);
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Another session takes rows and keeps them for a while. */
async function holdRows(server, { sql, ms }) {
  const client = await connect(server);
  await client.query('begin');
  await client.query(sql);
  setTimeout(() => void client.query('commit').then(() => client.end()), ms);
}

/** One side of a pair: what it changes before stays for the sides behind it. */
async function explain(server, estimated, { before = [], settings = {}, rival, cold = false, sql }) {
  await run(server, before);
  const client = await connect(server);
  try {
    for (const [name, value] of Object.entries({ max_parallel_workers_per_gather: '0', ...settings })) await client.query('select set_config($1, $2, false)', [name, value]);
    if (!estimated && !cold) {
      await client.query('begin');
      await client.query(sql);
      await client.query('rollback');
    }
    if (rival) await holdRows(server, rival);
    await client.query('begin');
    const { rows } = await client.query(`explain (${estimated ? '' : 'analyze, buffers, '}verbose, settings, format json) ${sql}`);
    await client.query('rollback');
    return rows[0]['QUERY PLAN'][0];
  } finally {
    await client.end();
  }
}

async function collect(wanted, binaries) {
  if (wanted.length === 0) return [];
  const place = mkdtempSync(path.join(tmpdir(), 'sargable-slow-'));
  const server = await startPostgres({ dataFolder: path.join(place, 'data'), binaries, settings: { fsync: 'off', track_io_timing: 'on', jit: 'off', autovacuum: 'off', shared_buffers: '128MB', work_mem: '4MB', max_locks_per_transaction: '1000' } });
  try {
    await run(server, schema);
    const pairs = [];
    for (const { kind, name = kind, estimated, slow, healthy } of wanted) {
      const sides = {};
      if (estimated !== 'only') sides.measured = { slow: await explain(server, false, slow), healthy: await explain(server, false, healthy) };
      if (estimated) sides.estimated = { slow: await explain(server, true, { ...slow, ...(estimated === 'only' ? {} : { before: healthy.undo ?? [] }) }), healthy: await explain(server, true, healthy) };
      pairs.push({ kind, name, sql: slow.sql, ...sides });
      console.log(name);
    }
    return pairs;
  } finally {
    await server.stop();
    rmSync(place, { recursive: true, force: true });
  }
}

const isJit = ({ settings = {} }) => settings.jit === 'on';
const needsJit = ({ slow, healthy }) => isJit(slow) || isJit(healthy);
const nameOf = ({ kind, name = kind }) => name;
const made = cases.filter((item) => (only === undefined ? !needsJit(item) || withJit : nameOf(item) === only));
const kept = existsSync(file) ? JSON.parse(brotliDecompressSync(readFileSync(file))).filter(({ name }) => !made.some((item) => nameOf(item) === name)) : [];
const fresh = [...(await collect(made.filter((item) => !needsJit(item)), undefined)), ...(await collect(made.filter(needsJit), withJit))];
const pairs = cases.flatMap((item) => [...fresh, ...kept].find(({ name }) => name === nameOf(item)) ?? []);
const packed = brotliCompressSync(JSON.stringify(pairs), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } });
writeFileSync(file, packed);
console.log(`${path.relative(root, file)}: ${pairs.length} pairs, ${Math.round(packed.length / 1024)} kB`);
