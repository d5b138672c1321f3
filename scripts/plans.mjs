// The corpus of plans: statements, serial and parallel, as PostgreSQL 12 to 18 explain them in text, JSON, YAML and XML, in test/corpus/plans.json.br.
// Figures differ from run to run: only the versions that are named are made anew, the others stay as they are in the file.
//   node scripts/plans.mjs 12 15 …
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import pg from 'pg';
import { fetchBinaries, majors } from './majors.mjs';
import { startPostgres } from './postgres.mjs';
import { root } from './prepare.mjs';
import { schema, statements } from './planStatements.mjs';

const file = path.join(root, 'test/corpus/plans.json.br');
/** Versions with all modes; what the others have of their own shows in serial plans, and in one parallel run. */
const complete = ['12', '15', '18'];
const formats = ['text', 'json', 'yaml', 'xml'];
/** Serial plans; parallel ones, made for tables of any size; and those whose workers do not come. */
const modes = {
  serial: { max_parallel_workers_per_gather: '0' },
  parallel: { max_parallel_workers_per_gather: '2', parallel_setup_cost: '0', parallel_tuple_cost: '0', min_parallel_table_scan_size: '0', min_parallel_index_scan_size: '0' },
  alone: { max_parallel_workers_per_gather: '2', parallel_setup_cost: '0', parallel_tuple_cost: '0', min_parallel_table_scan_size: '0', min_parallel_index_scan_size: '0', max_parallel_workers: '0' },
};

async function explain(client, sql, options, format) {
  const { rows } = await client.query(`explain (${[...options, `format ${format}`].join(', ')}) ${sql}`);
  const lines = rows.map((row) => row['QUERY PLAN']);
  return format === 'json' ? lines[0] : lines.join('\n');
}

/** What one statement's plans are in one mode: estimated and run without times in all formats, run with times in JSON and as text. */
async function explainAll(client, { name, sql, settings = {} }, mode, version) {
  const run = async (options, format) => {
    await client.query('begin');
    try {
      for (const [key, value] of Object.entries({ ...modes[mode], ...settings })) await client.query(`select set_config($1, $2, true)`, [key, value]);
      return await explain(client, sql, options, format);
    } finally {
      await client.query('rollback');
    }
  };
  const estimated = await run(['verbose on'], 'json');
  if (mode !== 'serial' && !JSON.stringify(estimated).includes('"Gather')) return [];
  const timed = ['analyze', 'buffers', 'verbose', 'settings', ...(version >= 17 ? ['serialize text', 'memory'] : [])];
  const runTimed = async () => ({ name, mode, kind: 'timed', json: await run(timed, 'json'), text: await run(timed, 'text') });
  if (mode !== 'serial' && !complete.includes(String(version))) return mode === 'parallel' ? [await runTimed()] : [];
  const untimed = ['analyze', 'buffers', 'timing off', 'summary off', 'costs on', ...(version >= 13 ? ['wal'] : [])];
  // The caches are warm after the first run: all formats show the same.
  await run(untimed, 'json');
  const all = { };
  for (const format of formats) all[format] = await run(untimed, format);
  const cases = [{ name, mode, kind: 'untimed', ...all }];
  if (mode === 'serial') {
    const plain = {};
    for (const format of formats) plain[format] = await run(['verbose on'], format);
    cases.push({ name, mode, kind: 'estimated', ...plain });
  }
  cases.push(await runTimed());
  // Without VERBOSE workers do not tell what each of them did.
  if (mode !== 'serial') cases.push({ name, mode, kind: 'timed-plain', json: await run(['analyze', 'buffers'], 'json'), text: await run(['analyze', 'buffers'], 'text') });
  return cases;
}

async function collect(major) {
  process.env.SARGABLE_POSTGRES_BINARIES = fetchBinaries(major);
  const place = mkdtempSync(path.join(tmpdir(), 'sargable-plans-'));
  const server = await startPostgres({ dataFolder: path.join(place, 'data'), settings: { fsync: 'off', track_io_timing: 'on', jit: 'off', shared_buffers: '64MB', work_mem: '4MB', max_worker_processes: '8' } });
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(schema);
    await client.query('vacuum analyze');
    const cases = [];
    for (const statement of statements) {
      if ((statement.since ?? 0) > major) continue;
      for (const mode of Object.keys(modes)) {
        if (mode === 'alone' && !statement.alone) continue;
        try {
          cases.push(...(await explainAll(client, statement, mode, major)));
        } catch (error) {
          throw new Error(`${statement.name}, ${mode}: ${error.message}`);
        }
      }
    }
    return cases;
  } finally {
    await client.end();
    await server.stop();
    rmSync(place, { recursive: true, force: true });
  }
}

/** All versions in one packed file, plans of one statement side by side: what is alike in them is written once. */
const wanted = process.argv.slice(2).filter((argument) => majors.includes(argument));
if (wanted.length === 0) throw new Error(`name the versions to make anew: ${majors.join(', ')}`);
const kept = existsSync(file) ? JSON.parse(brotliDecompressSync(readFileSync(file))).filter(({ major }) => !wanted.includes(major)) : [];
for (const major of wanted) {
  const made = await collect(Number(major));
  kept.push(...made.map((plan) => ({ major, ...plan })));
  console.log(`PostgreSQL ${major}: ${made.length} plans`);
}
const kinds = ['untimed', 'estimated', 'timed', 'timed-plain'];
const place = ({ name, mode, kind, major }) => [statements.findIndex((statement) => statement.name === name), Object.keys(modes).indexOf(mode), kinds.indexOf(kind), majors.indexOf(major)].map((at) => String(at).padStart(3, '0')).join(' ');
kept.sort((a, b) => (place(a) < place(b) ? -1 : 1));
const packed = brotliCompressSync(JSON.stringify(kept), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } });
writeFileSync(file, packed);
console.log(`${path.relative(root, file)}: ${Math.round(packed.length / 1024)} kB`);
