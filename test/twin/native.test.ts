import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, stopPostgres } from '../../scripts/postgres.mjs';
import type { Catalog } from '../../server/src/core/catalog/model';
import type { Routine } from '../../server/src/core/catalog/statistics';
import { introspect } from '../../server/src/db/introspect';
import { findInstallation, type Installation } from '../../server/src/db/planner/installations';
import { createLocalServer, type LocalServerOptions } from '../../server/src/db/planner/localServer';
import { openSession } from '../../server/src/db/session';
import { createTwinOn } from '../../server/src/twin';
import type { PlanningServer } from '../../server/src/twin/planningServer';
import type { Twin } from '../../server/src/twin/twin';
import { createLocalTwin } from '../../server/src/workspace/localTwin';
import { readDdl } from '../support/ddl';
import { compareQueries, compareWhatIfs, openSource, seed, smallScale, throughSnapshot, whatIfCases, type Source } from '../support/fidelity/measure';
import { generateQueries } from '../support/fidelity/queries';

/** The twin on a Postgres of this machine; `SARGABLE_TEST_MAJOR` chooses among several. */
const wanted = process.env['SARGABLE_TEST_MAJOR'];
const majors = wanted === undefined ? [18, 17, 16, 15, 14, 13, 12] : [Number(wanted)];
const installation = (await Promise.all(majors.map((major) => findInstallation(major)))).find((found) => found !== undefined);
if (installation === undefined) console.warn('NOT TESTED: the twin on a local Postgres. None of 12 to 18 is installed on this machine.');

/** A place of our own for what clusters leave. */
const place = mkdtempSync(join(tmpdir(), 'sargable-native-'));
chmodSync(place, 0o755);
process.env['TMPDIR'] = place;
afterAll(() => { rmSync(place, { recursive: true, force: true }); });
const folders = (): readonly string[] => readdirSync(place).filter((name) => name.startsWith('sargable-planner-'));
const until = async (holds: () => boolean): Promise<boolean> => {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (holds()) return true;
    await sleep(50);
  }
  return false;
};

describe.skipIf(installation === undefined || process.platform === 'win32')(`PostgreSQL ${installation?.version} of this machine as the twin`, () => {
  const open = (options: Partial<LocalServerOptions> = {}): { readonly server: PlanningServer; readonly twin: Twin } => {
    const server = createLocalServer({ installation: installation as Installation, ...options });
    return { server, twin: createTwinOn(server, 1_000_000) };
  };

  describe('beside a server of the same major with real rows', () => {
    let folder: string;
    let source: Source;
    let catalog: Catalog;
    let twin: Twin;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sargable-native-'));
      chmodSync(folder, 0o755);
      const { url } = await startPostgres({ dataFolder: join(folder, 'data'), settings: { fsync: 'off', shared_buffers: '32MB', autovacuum: 'off' }, binaries: join(installation!.folder, '..') });
      await seed(url, 30_000, smallScale);
      source = await openSource(url);
      const session = openSession(url);
      catalog = await introspect(session).finally(() => session.close());
      twin = open().twin;
    }, 180_000);
    afterAll(async () => {
      await twin?.stop();
      await source?.close();
      await stopPostgres(join(folder, 'data'));
      rmSync(folder, { recursive: true, force: true });
    });

    it.each([['its statistics', (live: Catalog) => live], ['tokens in place of values', (live: Catalog) => throughSnapshot(live, 'token')]])('plans as it does, with %s', async (what, through) => {
      const agreement = await compareQueries(source, twin, through(catalog), generateQueries(catalog, 100, 11));
      console.info(`PostgreSQL ${source.major} as its own twin, ${what}: ${agreement.sameShape} of ${agreement.plans} plans of the same shape, ${agreement.parallel} parallel, cost error p50 ${agreement.costErrorAt(0.5).toFixed(4)}, p95 ${agreement.costErrorAt(0.95).toFixed(3)}`);
      expect(agreement.plans).toBeGreaterThanOrEqual(90);
      expect(agreement.sameShape / agreement.plans, agreement.differing.map((d) => d.sql).join('\n')).toBeGreaterThanOrEqual(0.98);
      expect(agreement.namingVersions).toBe(0);
      expect(agreement.parallel).toBeGreaterThan(10);
      expect(agreement.costErrorAt(0.5)).toBeLessThan(0.005);
    });

    it('an index that does not exist costs what it costs when it does, and leaves no trace', async () => {
      const plans = async (): Promise<string> => {
        const all = [];
        for (const { sql } of whatIfCases) all.push(await twin.plan(catalog, sql));
        return JSON.stringify(all);
      };
      const before = await plans();
      const results = await compareWhatIfs(source, twin, catalog, whatIfCases);
      for (const result of results.filter(({ kind }) => kind !== 'brin' && kind !== 'expression')) {
        expect(Math.abs(result.twin - result.server) / result.server, `${result.kind} ${result.index.definition}: ${result.twin} in the twin, ${result.server} on the server`).toBeLessThan(0.15);
      }
      expect(await plans()).toBe(before);
    });
  });

  describe('the cluster', () => {
    let schema: Catalog;
    let twin: Twin;
    beforeAll(async () => {
      schema = await readDdl('create table orders (id bigint primary key, email text not null); create table huge (id bigint primary key, code text not null)', { orders: 1_000_000, huge: 300_000_000 });
    });
    const plain = 'select * from orders where email = $1';

    it('sizes of several files, every kind of index and dropped ones leave no trace', async () => {
      twin = open().twin;
      const queries = [plain, 'select * from huge where code = $1', 'select * from huge where id = $1', 'select count(*) from huge'];
      const plans = async (): Promise<string> => {
        const all = [];
        for (const sql of queries) all.push(await twin.plan(schema, sql));
        return JSON.stringify(all);
      };
      const before = await plans();
      for (const definition of ['using btree (code)', 'using brin (code)', 'using hash (code)', 'using gin (code gin_trgm_ops)', 'using gist (code gist_trgm_ops)', 'using spgist (code)', "using btree (lower(code)) where code <> ''"]) {
        const [plan] = await twin.whatIf(schema, 'select * from huge where code = $1', [[{ table: 'public.huge', definition }]]);
        expect(plan!.added).toHaveLength(1);
        expect(await plans()).toBe(before);
      }
      await expect(twin.whatIf(schema, plain, [[{ table: 'public.huge', definition: 'using btree (id)' }, { table: 'public.orders', definition: 'using btree (no_such_column)' }]])).rejects.toMatchObject({ kind: 'refused', sqlState: '42703' });
      await expect(twin.whatIf(schema, plain, [[{ table: 'public.orders', definition: 'using btree (id); drop table orders' }]])).rejects.toMatchObject({ kind: 'refused' });
      await twin.without(schema, 'select * from huge where id = $1', ['public.huge_pkey']);
      expect(await plans()).toBe(before);
      await twin.stop();
    });

    it('ends with its folder: on stop, when nobody asks, when it is killed', async () => {
      const { server, twin: first } = open();
      const before = await first.plan(schema, plain);
      expect(folders()).toHaveLength(1);
      expect(first.status()).toMatchObject({ state: 'running', engine: `PostgreSQL ${installation!.version} of this machine` });
      const [row] = (await server.run([{ type: 'sql', sql: "select pg_catalog.pg_backend_pid() as pid, pg_catalog.current_setting('listen_addresses') as addresses" }]))[0]!.rows;
      expect(row!['addresses']).toBe('');
      const waiting = expect(server.run([{ type: 'sql', sql: 'select count(*) from pg_catalog.generate_series(1, 50000) a, pg_catalog.generate_series(1, 50000) b' }])).rejects.toMatchObject({ kind: 'crashed' });
      await sleep(200);
      // Postgres ends all of a cluster where one of its processes is killed.
      process.kill(Number(row!['pid']), 'SIGKILL');
      await waiting;
      expect(await until(() => first.status().state === 'stopped' && folders().length === 0)).toBe(true);
      expect(await first.plan(schema, plain)).toEqual(before);
      await first.stop();
      expect([first.status().state, folders()]).toEqual(['stopped', []]);

      const { twin: idle } = open({ idleMs: 200 });
      await idle.plan(schema, plain);
      expect(await until(() => idle.status().state === 'stopped' && folders().length === 0)).toBe(true);
      await idle.stop();
    });

    it('ends with our process, however that ends', async () => {
      const script = `
        import { findInstallation } from ${JSON.stringify(join(import.meta.dirname, '../../server/src/db/planner/installations.ts'))};
        import { createLocalServer } from ${JSON.stringify(join(import.meta.dirname, '../../server/src/db/planner/localServer.ts'))};
        const server = createLocalServer({ installation: await findInstallation(${installation!.major}) });
        await server.start();
        server.run([{ type: 'sql', sql: 'select count(*) from pg_catalog.generate_series(1, 50000) a, pg_catalog.generate_series(1, 50000) b' }]).catch(() => undefined);
        console.log('started');
        setInterval(() => undefined, 1000);`;
      const { build } = await import('esbuild');
      const bundle = mkdtempSync(join(tmpdir(), 'sargable-native-'));
      const outfile = join(bundle, 'parent.cjs');
      await build({ stdin: { contents: `(async () => {${script.replace(/import \{ (\w+) \} from ("[^"]+");/g, 'const { $1 } = require($2);')}})();`, resolveDir: join(import.meta.dirname, '../..'), loader: 'ts' }, bundle: true, platform: 'node', format: 'cjs', outfile, external: ['pg-native'] });
      const parent = spawn(process.execPath, [outfile], { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        await new Promise((resolve) => { parent.stdout.once('data', resolve); });
        expect(folders()).toHaveLength(1);
        await sleep(300);
      } finally {
        parent.kill('SIGKILL');
      }
      expect(await until(() => folders().length === 0)).toBe(true);
      rmSync(bundle, { recursive: true });
    });

    it('gives a statement up that takes too long, and plans the next', async () => {
      const { server, twin: limited } = open({ timeoutMs: 4000 });
      const before = await limited.plan(schema, plain);
      await expect(server.run([{ type: 'sql', sql: 'select count(*) from pg_catalog.generate_series(1, 50000) a, pg_catalog.generate_series(1, 50000) b' }])).rejects.toMatchObject({ kind: 'timeout' });
      expect(limited.status().state).toBe('running');
      expect(await limited.plan(schema, plain)).toEqual(before);
      await limited.stop();
    });

    it('plans as a role without privileges, without the bodies of functions, and runs nothing of a schema', async () => {
      const { server, twin: safe } = open();
      const routine = (name: string, more: Partial<Routine>): Routine => ({ schema: 'public', name, arguments: 'n integer', returns: 'integer', kind: 'function', volatility: 'immutable', parallel: 'safe', strict: false, language: 'sql', cost: 100, rows: 0, ...more });
      const hostile: Catalog = {
        ...schema, version: 'hostile', extensions: ['dblink', 'plpython3u', 'pg_trgm; drop schema public'],
        routines: [
          routine('body', { definition: 'create function public.body(n integer) returns integer language sql immutable as $$ select 7 $$' }),
          routine('result', { returns: 'integer language sql as $$ select 7 $$ --' }),
          routine('arguments', { arguments: 'n integer) returns integer language sql as $$ select 7 $$ --' }),
        ],
        tables: new Map([...schema.tables, ['public.parts', { ...schema.tables.get('public.orders')!, name: 'parts', kind: 'partitioned' as const, constraints: [], indexes: [], partitionKey: { strategy: 'list' as const, columns: ['email'], partitions: 1 } }],
          ['public.part', { ...schema.tables.get('public.orders')!, name: 'part', constraints: [], indexes: [], partitionOf: 'public.parts', partitionBound: "FOR VALUES IN (pg_catalog.query_to_xml('create function public.evil() returns int language sql as $$ select 7 $$', true, true, '')::text)" }]]),
      };
      const plan = await safe.plan(hostile, 'select * from orders where id = body(1)');
      expect(plan.basis.caveats).toContain('body() is planned without its body');
      for (const name of ['result', 'arguments']) await expect(safe.plan(hostile, `select ${name}(1) from orders`)).rejects.toMatchObject({ kind: 'refused', sqlState: '42883' });
      await safe.plan(hostile, 'select * from parts where email = $1');
      const ask = async (sql: string): Promise<unknown> => (await server.run([{ type: 'sql', sql }]))[0]!.rows[0];
      expect(await ask('select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as any from pg_catalog.pg_roles where rolname = current_user and current_user = session_user')).toEqual({ any: false });
      expect(await ask("select array_agg(proname::text) as made from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang where p.pronamespace = 'public'::regnamespace and l.lanname = 'sql'")).toEqual({ made: null });
      expect(await ask("select array_agg(extname::text) as extensions from pg_catalog.pg_extension")).toEqual({ extensions: ['plpgsql'] });
      for (const sql of ["select pg_catalog.pg_read_file('postgresql.conf')", "copy (select 1) to program 'true'", 'create extension dblink', "update pg_catalog.pg_class set relpages = 1 where relname = 'pg_class'", "create function f() returns int language c as 'x', 'y'"]) {
        await expect(server.run([{ type: 'sql', sql }]), sql).rejects.toMatchObject({ error: { sqlState: expect.stringMatching(/42501|0A000|58P01/) as string } });
      }
      // What sets statistics runs as the superuser: only on relations of the role itself.
      if (installation!.major < 18) {
        await ask("select pg_catalog.sargable_relation('pg_catalog.pg_class', 1, 1, 1)");
        await ask("select pg_catalog.sargable_column('pg_catalog.pg_class', 'relname', false, 0, 1, 1, null, null, null, null, null, null, null)");
        expect(await ask("select c.reltuples = 1 or s.stadistinct = 1 as changed from pg_catalog.pg_class c join pg_catalog.pg_statistic s on s.starelid = c.oid join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = s.staattnum where c.oid = 'pg_catalog.pg_class'::regclass and a.attname = 'relname'")).not.toEqual({ changed: true });
      }
      await expect(server.run([{ type: 'sql', sql: 'select 1; select 2' }])).rejects.toMatchObject({ error: { sqlState: '42601' } });
      await safe.stop();
    });

    it('is chosen for the version of the server alone, in trusted workspaces, and says when it is not there', async () => {
      const embedded: Twin = { plan: () => Promise.reject(new Error('embedded')), whatIf: () => Promise.reject(new Error('embedded')), without: () => Promise.reject(new Error('embedded')), status: () => ({ state: 'stopped', engine: 'PGlite' }), stop: () => Promise.resolve() };
      const said: string[] = [];
      let trusted = false;
      const routed = createLocalTwin({ embedded, isTrusted: () => trusted, outside: () => [], say: (message) => { said.push(message); }, find: (major) => Promise.resolve(major === installation!.major ? installation : undefined) });
      const of = (major: number): Catalog => ({ ...schema, version: `of ${major}`, server: { version: major * 10_000, versionText: `${major}.0`, settings: {}, extensions: [] } });
      await expect(routed.plan(of(installation!.major), plain)).rejects.toThrow('embedded');
      await expect(routed.plan(schema, plain)).rejects.toThrow('embedded');
      trusted = true;
      expect((await routed.plan(of(installation!.major), plain)).basis.caveats).toEqual([]);
      expect(routed.status().engine).toBe(`PostgreSQL ${installation!.version} of this machine`);
      await expect(routed.plan(schema, plain)).rejects.toThrow('embedded');
      expect(said).toEqual([]);
      for (let i = 0; i < 2; i++) await expect(routed.plan(of(11), plain)).rejects.toThrow('embedded');
      expect(said).toEqual(['PostgreSQL 11, the version of the server, is not installed on this machine; the embedded PostgreSQL 18 plans instead']);
      await routed.stop();
      expect(folders()).toEqual([]);

      const broken = createLocalTwin({ embedded, isTrusted: () => true, outside: () => [], say: (message) => { said.push(message); }, find: () => Promise.resolve({ major: 16, version: '16.1', folder: '/nowhere' }) });
      for (let i = 0; i < 2; i++) await expect(broken.plan(of(16), plain)).rejects.toThrow('embedded');
      expect(said.slice(1)).toEqual(['PostgreSQL 16.1 of this machine cannot make a cluster; the embedded PostgreSQL 18 plans instead']);
      await broken.stop();
      expect(folders()).toEqual([]);
    });
  });
});
