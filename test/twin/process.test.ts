import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Catalog } from '../../server/src/core/catalog/model';
import type { Routine } from '../../server/src/core/catalog/statistics';
import { createTwin } from '../../server/src/twin';
import type { Twin } from '../../server/src/twin/twin';
import { readDdl } from '../support/ddl';
import { startTwin, twinScript } from '../support/twin';

const schema = await readDdl('create table orders (id bigint primary key, email text not null)');
/** Postgres calls it while it plans: the call has constants alone, and the function is declared immutable. */
const endless: Routine = {
  schema: 'public', name: 'endless', arguments: 'n integer', returns: 'bigint', kind: 'function', volatility: 'immutable', parallel: 'safe', strict: false, language: 'sql', cost: 100, rows: 0,
  definition: 'create function public.endless(n integer) returns bigint language sql immutable as $$ select count(*) from generate_series(1, 1000000000000) $$',
};
const catalog: Catalog = { ...schema, version: 'endless', routines: [endless] };
const plain = 'select * from orders where email = $1';

/** Process ids of our own children that run the twin's program. */
/** Twins that this file started: other files of the worker may have left theirs running. */
const others = new Set(children(process.pid));
const own = (): readonly number[] => children(process.pid).filter((pid) => !others.has(pid));

function children(parent: number): readonly number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[1] === String(parent) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('twin.js');
    } catch {
      return false;
    }
  });
}

const until = async (holds: () => boolean): Promise<boolean> => {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (holds()) return true;
    await sleep(50);
  }
  return false;
};

describe.skipIf(process.platform !== 'linux')('the process of the twin', () => {
  let twin: Twin | undefined;
  afterEach(() => twin?.stop());

  test('a statement that never ends is given up, and the next one is planned', async () => {
    twin = startTwin({ timeoutMs: 3_000 });
    const before = await twin.plan(catalog, plain);
    await expect(twin.plan(catalog, 'select * from orders where id = endless(1)')).rejects.toMatchObject({ kind: 'timeout' });
    expect(await twin.plan(catalog, plain)).toEqual(before);
    expect(twin.status().state).toBe('running');
  });

  test('a process that is killed is started again; nobody waits for ever', async () => {
    twin = startTwin();
    const before = await twin.plan(catalog, plain);
    const [pid] = own();
    const waiting = expect(twin.plan(catalog, 'select endless(1)')).rejects.toMatchObject({ kind: 'crashed' });
    await sleep(300);
    process.kill(pid!, 'SIGKILL');
    await waiting;
    expect(await twin.plan(catalog, plain)).toEqual(before);
  });

  test('it ends when nobody asks, and starts again', async () => {
    twin = startTwin({ idleMs: 200 });
    const before = await twin.plan(catalog, plain);
    expect(twin.status().memoryBytes).toBeGreaterThan(100_000_000);
    expect(await until(() => twin!.status().state === 'stopped' && own().length === 0)).toBe(true);
    expect(await twin.plan(catalog, plain)).toEqual(before);
  });

  test('stop ends it', async () => {
    twin = startTwin();
    await twin.plan(catalog, plain);
    await twin.stop();
    expect([twin.status().state, own()]).toEqual(['stopped', []]);
  });

  test('a program that does not start is tried three times, then the twin says so', async () => {
    twin = createTwin({ script: process.execPath, startTimeoutMs: 20_000 });
    for (let attempt = 0; attempt < 3; attempt++) await expect(twin.plan(catalog, plain)).rejects.toMatchObject({ kind: 'crashed' });
    await expect(twin.plan(catalog, plain)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(twin.status()).toMatchObject({ state: 'failed' });
    expect(twin.status().problem).toMatch(/3 times/);
    const missing = createTwin({ script: '/no/such/file.js' });
    await expect(missing.plan(catalog, plain)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(missing.status()).toMatchObject({ state: 'failed', problem: 'the planner was not built into this installation' });
  });

  test('after a while it is tried again: whatever ended it may be over', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sargable-twin-'));
    const script = join(folder, 'twin.cjs');
    try {
      writeFileSync(script, 'process.exit(1)');
      twin = createTwin({ script, retryMs: 50 });
      for (let attempt = 0; attempt < 3; attempt++) await expect(twin.plan(catalog, plain)).rejects.toMatchObject({ kind: 'crashed' });
      writeFileSync(script, `process.chdir(${JSON.stringify(folder)}); require(${JSON.stringify(await twinScript())});`);
      expect(await until(() => twin!.status().state === 'stopped')).toBe(true);
      expect((await twin.plan(catalog, plain)).scans).toHaveLength(1);
      expect(twin.status()).toMatchObject({ state: 'running' });
      expect(twin.status().problem).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('it sees nothing of our environment', async () => {
    process.env['TWIN_TEST_SECRET'] = 'secret-of-the-environment';
    try {
      twin = startTwin();
      await twin.plan(catalog, plain);
      const [pid] = own();
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/secret-of-the-environment|PATH=/);
    } finally {
      delete process.env['TWIN_TEST_SECRET'];
    }
  });

  test('it ends with its parent, even while it plans', async () => {
    const script = await twinScript();
    const loop = "select count(*) from generate_series(1, 1000000000000)";
    const parent = spawn(process.execPath, ['-e', `const c = require('child_process').fork(${JSON.stringify(script)}, [], { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      c.once('message', () => { c.send({ id: 1, steps: [{ type: 'sql', sql: ${JSON.stringify(loop)} }] }); console.log(c.pid); }); setInterval(() => {}, 1000);`], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = await new Promise<number>((resolve) => { parent.stdout.once('data', (data: Buffer) => { resolve(Number(data.toString())); }); });
    await sleep(300);
    parent.kill('SIGKILL');
    const gone = (): boolean => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.startsWith('Z');
      } catch {
        return true;
      }
    };
    expect(await until(gone)).toBe(true);
  });
});
