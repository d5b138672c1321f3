import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectFindings, figureOf, tableOf, type HealthReport } from '../../server/src/core/health/model';
import { toThresholds } from '../../server/src/core/health/thresholds';
import { toMetrics } from '../../server/src/core/health/metrics';
import { openRedis } from '../../server/src/db/redis/redisServer';
import { parseRedisUrl } from '../../server/src/db/redis/redisUrl';
import { openSession } from '../../server/src/db/session';
import { readHealth } from '../../server/src/workspace/health';
import { createRedisSource } from '../../server/src/workspace/redisHealth';
import { startFakeRedis } from '../support/fakeRedis';

const found = spawnSync('redis-server', ['--version']).status === 0;
if (!found) process.stderr.write('test/db/redis.test.ts: SKIPPED, no Redis here (apt-get install redis-server)\n');

describe.skipIf(!found)('a Redis server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sargable-redis-'));
  let server: ChildProcess;
  let port = 0;
  let admin: ReturnType<typeof createClient>;
  const url = (more = ''): string => `redis://:s3cret@127.0.0.1:${port}/${more}`;
  const look = async (at: string, keys = 5000, thresholds: Record<string, number> = {}): Promise<HealthReport> => readHealth({ sources: [createRedisSource(at, { keys })], thresholds });
  const lua = (script: string): Promise<unknown> => admin.sendCommand(['EVAL', script, '0']);
  const info = async (): Promise<string> => String(await admin.sendCommand(['INFO', 'all']));

  beforeAll(async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    port = (probe.address() as AddressInfo).port;
    await new Promise((resolve) => probe.close(resolve));
    server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder, '--requirepass', 's3cret'], { stdio: 'ignore' });
    admin = createClient({ url: `redis://:s3cret@127.0.0.1:${port}`, socket: { reconnectStrategy: () => 50 } });
    admin.on('error', () => undefined);
    await admin.connect();
    await lua(`
      for i = 1, 1200 do redis.call('set', 'session:' .. redis.sha1hex(tostring(i)), 'x', 'ex', 1000 + i) end
      for i = 1, 600 do redis.call('set', 'availability:hotel:' .. i .. ':rooms', string.rep('r', 200)) end
      for i = 1, 200 do redis.call('set', 'availability:hotel:' .. (i + 1000) .. ':rooms', 'r', 'ex', 60) end
      for i = 1, 40 do redis.call('hset', 'user:' .. string.char(97 + i % 26) .. string.char(97 + math.floor(i / 2)) .. 'name:profile', 'a', 1) end
      for i = 1, 3 do redis.call('set', 'tenant:' .. i .. ':config', 'c') end
      for i = 1, 100 do redis.call('rpush', 'queue', string.rep('q', 120000)) end
      redis.call('set', 'mail:someone@example.com', 1)
      redis.call('set', '\\255\\254 not text', 1)`);
  });
  afterAll(async () => {
    admin?.destroy();
    server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is read by patterns of keys, with what lives for ever and what is large', async () => {
    const report = await look(url(), 5000, { redisKeysWithoutTtl: 100 });
    const [check] = report.checks;
    expect(report.label).toBe(`Redis 127.0.0.1:${port}/0`);
    expect(JSON.stringify(report)).not.toContain('s3cret');
    expect(check?.cannotSee).toEqual([]);
    expect(figureOf(check, 'sampleComplete')).toBe(true);
    expect(figureOf(check, 'keys')).toBe(2046);
    const patterns = tableOf(check, 'patterns')?.rows ?? [];
    expect(patterns.slice(0, 4).map(({ pattern, keys, withoutTtl }) => `${String(pattern)} ${String(keys)} ${String(withoutTtl)}`)).toEqual(['session:* 1200 0', 'availability:hotel:*:rooms 800 600', 'user:*:profile 40 40', 'tenant:*:config 3 3']);
    expect(patterns.map(({ pattern }) => pattern)).toContain('mail:*');
    const session = patterns[0];
    expect([session?.['minTtl'], session?.['averageTtl'], session?.['maxTtl']].map(Number)).toEqual([expect.closeTo(1000, -2), expect.closeTo(1600, -2), expect.closeTo(2200, -2)]);
    expect(Number(patterns[1]?.['bytes'])).toBeGreaterThan(600 * 200);
    // Nothing was read so far and no limit of the memory is set; every other metric finds its figures.
    expect(toMetrics(report).filter(({ name, samples }) => name.startsWith('sargable_redis_') && samples.length === 0).map(({ name }) => name)).toEqual(['sargable_redis_hit_ratio', 'sargable_redis_memory_max_bytes']);
    const findings = collectFindings(report);
    expect(findings.map(({ id, subject }) => `${id} ${subject}`)).toEqual(['redis-keys-without-ttl availability:hotel:*:rooms', 'redis-large-key queue', 'redis-no-memory-limit maxmemory']);
    expect(findings[0]?.message).toBe('600 of 800 keys availability:hotel:*:rooms have no time to live: they stay until something deletes them.');
  });

  it('is looked at also where the Postgres beside it is not there, and the other way round', async () => {
    const session = openSession('postgres://nobody@127.0.0.1:1/shop');
    try {
      const report = await readHealth({ session, sources: [createRedisSource(url(), { keys: 0 }), createRedisSource('redis://127.0.0.1:1', { keys: 0 })] });
      expect(report.checks.map(({ name, findings }) => [name, findings.filter(({ id }) => id === 'unreachable').map(({ severity, message }) => [severity, message])])).toEqual([
        ['postgres', [['critical', 'PostgreSQL could not be looked at: nobody@127.0.0.1:1/shop: nothing listens there (connection refused).']]],
        ['redis', []],
        ['redis', [['critical', 'Redis 127.0.0.1:1/0 could not be looked at: nothing listens there (connection refused).']]],
      ]);
      expect(figureOf(report.checks[1], 'keys')).toBe(2046);
      expect(toMetrics(report).find(({ name }) => name === 'sargable_health_up')?.samples).toEqual([{ value: 0 }]);
      await expect(readHealth({ session, sources: [createRedisSource('redis://127.0.0.1:1', { keys: 0 })] })).rejects.toThrow('nobody@127.0.0.1:1/shop: nothing listens there (connection refused); 127.0.0.1:1/0: nothing listens there');
    } finally {
      await session.close();
    }
  });

  it('is not read beyond the budget, and counts are estimates then', async () => {
    const report = await look(url(), 500);
    const [check] = report.checks;
    expect(figureOf(check, 'sampleComplete')).toBe(false);
    expect(figureOf(check, 'keysMeasured')).toBe(500);
    // Within four standard errors.
    expect(Math.abs(Number(tableOf(check, 'patterns')?.rows[0]?.['keys']) - 1200)).toBeLessThan(190);
    expect(tableOf(check, 'patterns')?.title).toBe('Keys by pattern, estimated from 500 keys');
  });

  it('says in watching what happened between two looks, without its own lookups', async () => {
    const source = createRedisSource(url(), { keys: 1000 });
    await readHealth({ sources: [source] });
    await lua(`for i = 1, 1500 do redis.call('get', 'nothing') end for i = 1, 500 do redis.call('get', 'mail:someone@example.com') end`);
    const report = await readHealth({ sources: [source] });
    const [check] = report.checks;
    expect(figureOf(check, 'recentHitPercent')).toBe(25);
    expect(Number(figureOf(check, 'hitPercent'))).toBeGreaterThan(25);
    const [finding] = collectFindings(report).filter(({ id }) => id === 'redis-hit-ratio');
    expect(finding?.message).toBe('25 % of 2,000 reads found their key, below 70 %.');
    expect(finding?.recommendation).toContain('not written, or deleted by the application');
  });

  it('with a full memory: what refuses writes is critical, what evicts is a cache at work', async () => {
    const used = Number(/used_memory:(\d+)/.exec(await info())?.[1]);
    const set = (name: string, value: string): Promise<unknown> => admin.sendCommand(['CONFIG', 'SET', name, value]);
    await set('maxmemory', String(Math.round(used * 1.05)));
    const full = collectFindings(await look(url(), 0)).filter(({ check }) => check === 'redis');
    expect(full[0]).toMatchObject({ id: 'redis-memory-full', severity: 'critical', recommendation: expect.stringContaining('where every key may be lost') });
    await set('maxmemory', String(used * 4));
    expect(collectFindings(await look(url(), 0)).map(({ id }) => id)).toContain('redis-policy');
    await set('maxmemory-policy', 'allkeys-lru');
    expect(collectFindings(await look(url(), 0)).map(({ id }) => id).filter((id) => /memory|policy/.test(id))).toEqual([]);
    await set('maxmemory', String(Math.round(used * 1.02)));
    expect(collectFindings(await look(url(), 0)).map(({ id }) => id).filter((id) => /memory|policy/.test(id))).toEqual([]);
    await set('maxmemory', '0');
  });

  it('is asked nothing that writes, walks at once or watches', async () => {
    await admin.sendCommand(['CONFIG', 'RESETSTAT']);
    await look(url(), 100);
    const commands = [...(await info()).matchAll(/^cmdstat_([\w|]+)/gm)].map(([, name]) => name).sort();
    expect(commands.filter((name) => !['auth', 'config|resetstat'].includes(name ?? ''))).toEqual(['client|setname', 'info', 'memory|usage', 'pttl', 'scan']);
  });

  it('what a role may not do is said, and the rest is read', async () => {
    await admin.sendCommand(['ACL', 'SETUSER', 'reader', 'on', '>pa:ss/w', '~*', '+info']);
    const [check] = (await look(`redis://reader:pa%3Ass%2Fw@127.0.0.1:${port}`, 100)).checks;
    expect(figureOf(check, 'keys')).toBe(2046);
    expect(tableOf(check, 'patterns')).toBeUndefined();
    expect(check?.cannotSee).toEqual([{ check: 'redis', reason: expect.stringContaining("'scan'"), grant: expect.stringContaining('ACL SETUSER') as string }]);
    await admin.sendCommand(['ACL', 'SETUSER', 'reader', '+scan', '+pttl']);
    const [more] = (await look(`redis://reader:pa%3Ass%2Fw@127.0.0.1:${port}`, 100)).checks;
    expect(tableOf(more, 'patterns')?.rows[0]).toMatchObject({ bytes: null });
    expect(more?.cannotSee.map(({ reason }) => reason)).toEqual(['Not seen: the memory of keys (the role may not run MEMORY USAGE on these keys).']);
  });

  it('of a kind without MEMORY repeats the key in its answer: that reaches nobody', async () => {
    const old = await startFakeRedis({ MEMORY: "-ERR unknown command 'MEMORY', with args beginning with: 'USAGE' 'mail:anna' \r\n" });
    try {
      const [check] = (await look(`redis://127.0.0.1:${old.port}`)).checks;
      expect(tableOf(check, 'patterns')?.rows).toMatchObject([{ keys: 1, bytes: null }]);
      expect(check?.cannotSee.map(({ reason }) => reason)).toEqual(['Not seen: the memory of keys (this server does not answer MEMORY USAGE).']);
    } finally {
      old.close();
    }
  });

  it('is walked no further once nobody waits for it', async () => {
    const abort = new AbortController();
    let scans = 0;
    // A walk without an end.
    const endless = await startFakeRedis({ SCAN: '*2\r\n$1\r\n1\r\n*1\r\n$9\r\nmail:anna\r\n' }, (command) => {
      if (command === 'SCAN' && ++scans === 3) abort.abort();
    });
    try {
      const source = createRedisSource(`redis://127.0.0.1:${endless.port}`, { keys: 5000 });
      await expect(readHealth({ sources: [source], signal: abort.signal })).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
      expect(scans).toBe(3);
      const again = AbortSignal.abort();
      await expect(source.run(toThresholds(), undefined, again)).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
      expect(scans).toBe(3);
    } finally {
      endless.close();
    }
  });

  it('that cannot be used is named without its password', async () => {
    const failing = async (at: string): Promise<unknown> => openRedis(parseRedisUrl(at)).then((opened) => opened.close(), (error: unknown) => error);
    expect(await failing(`redis://:wr0ng@127.0.0.1:${port}`)).toMatchObject({ kind: 'authentication', message: expect.not.stringContaining('wr0ng') });
    expect(await failing(url('99'))).toMatchObject({ kind: 'missing-database' });
    expect(await failing('redis://:s3cret@127.0.0.1:1')).toMatchObject({ kind: 'refused', message: '127.0.0.1:1/0: nothing listens there (connection refused)' });
    // A host that a workspace's settings chose gets no password of the environment.
    const before = process.env['REDISCLI_AUTH'];
    process.env['REDISCLI_AUTH'] = 's3cret';
    try {
      const to = (foreignHost: boolean): Promise<HealthReport> => readHealth({ sources: [createRedisSource(`redis://127.0.0.1:${port}`, { keys: 0, foreignHost })] });
      expect(figureOf((await to(false)).checks[0], 'keys')).toBeGreaterThan(0);
      await expect(to(true)).rejects.toThrow('NOAUTH');
    } finally {
      if (before === undefined) delete process.env['REDISCLI_AUTH'];
      else process.env['REDISCLI_AUTH'] = before;
    }
    expect(() => parseRedisUrl('redis://:s3cret@host:port')).toThrow(/^(?!.*s3cret)/);
    expect(() => parseRedisUrl('postgres://host')).toThrow('expected redis://');
    expect(parseRedisUrl('redis://b%C3%BCro.example.org', {}).host).toBe('büro.example.org');
  });
});
