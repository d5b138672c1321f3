import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/postgres.mjs';
import { DatabaseError } from '../../server/src/db/errors';
import { introspect } from '../../server/src/db/introspect';
import { findPassword } from '../../server/src/db/passwordFile';
import { openSession } from '../../server/src/db/session';
import { describeConnection, parseConnection } from '../../server/src/db/url';
import { createDatabase, serverUrl } from '../support/postgres';

const failure = async (work: Promise<unknown>): Promise<DatabaseError> => {
  const error = await work.then(() => undefined, (raised: unknown) => raised);
  if (!(error instanceof DatabaseError)) throw new Error(`expected a DatabaseError, got ${String(error)}`);
  return error;
};

describe('connection strings', () => {
  it('reads URLs, drivers, keywords', () => {
    expect(parseConnection('postgresql+psycopg://u%40x:p%23w@[::1]:5433/db?sslmode=require&schema=app')).toEqual({ host: '::1', port: 5433, database: 'db', user: 'u@x', password: 'p#w', sslMode: 'require' });
    expect(parseConnection(`host=h port=1 dbname=d user=u password='a b\\'c'`)).toEqual({ host: 'h', port: 1, database: 'd', user: 'u', password: "a b'c" });
    expect(parseConnection('')).toEqual({});
    expect(describeConnection(parseConnection('postgres://u:secret@h/d'), {})).toBe('u@h:5432/d');
    expect(describeConnection({}, { PGHOST: 'h', PGUSER: 'me' })).toBe('me@h:5432/me');
  });
  it.each(['mysql://h/d', 'postgres://u:p@h:99999/d', 'postgres://h:x/d', 'postgres://u:%zz@h/d', 'nonsense'])('refuses %s without repeating it', (text) => {
    expect(() => parseConnection(text)).toThrow(DatabaseError);
    expect(() => parseConnection(text)).not.toThrow(text);
  });
});

describe('a session that cannot connect', () => {
  it('says why, without the password, and backs off', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    let clock = 0;
    const session = openSession(`postgres://u:hunter2@127.0.0.1:${port}/d`, { now: () => clock });
    const first = await failure(session.withConnection((connection) => connection.query('select 1')));
    expect(first.kind).toBe('refused');
    expect(first.message).toContain(`u@127.0.0.1:${port}/d`);
    expect(first.message).not.toContain('hunter2');
    expect(await failure(session.withConnection(async () => 1))).toBe(first);
    clock = 1001;
    expect(await failure(session.withConnection(async () => 1))).not.toBe(first);
    await session.close();
  });
  it('knows a wrong password and a missing database', async () => {
    const url = await serverUrl();
    const wrong = openSession(url.replace(/:[^:@]*@/, ':wrong@'));
    expect(await failure(wrong.withConnection(async () => 1))).toMatchObject({ kind: 'authentication', sqlState: '28P01' });
    const missing = openSession(url.replace(/\/postgres$/, '/no_such_database'));
    expect(await failure(missing.withConnection(async () => 1))).toMatchObject({ kind: 'missing-database' });
    await Promise.all([wrong.close(), missing.close()]);
  });
});

describe('passwords', () => {
  it('without one the connection is not left half-way', async () => {
    const url = new URL(await serverUrl());
    let hangUp: (ended: boolean) => void = () => undefined;
    const hungUp = new Promise<boolean>((resolve) => { hangUp = resolve; });
    const between = createServer((client) => {
      const server = createConnection(Number(url.port), '127.0.0.1');
      for (const socket of [client, server]) socket.on('error', () => undefined);
      client.on('end', () => hangUp(true));
      client.pipe(server).pipe(client);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => between.once('listening', resolve));
    const session = openSession(`postgres://postgres@127.0.0.1:${(between.address() as AddressInfo).port}/postgres`, { environment: { PGPASSFILE: '/dev/null' } });
    expect(await failure(session.withConnection(async () => 1))).toMatchObject({ kind: 'authentication' });
    expect(await hungUp).toBe(true);
    await session.close();
    between.close();
  });
  it('come from the password file as libpq reads it, and to a host that somebody else chose only by its name', async () => {
    const url = new URL(await serverUrl());
    const folder = mkdtempSync(join(tmpdir(), 'sargable-pass-'));
    const file = join(folder, 'pass');
    const place = { host: '127.0.0.1', port: Number(url.port), database: 'postgres', user: 'postgres' };
    const find = (lines: readonly string[], more: object = {}, options: object = {}): string | undefined => {
      writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
      return findPassword({ ...place, ...more }, { PGPASSFILE: file }, options);
    };
    expect(find(['# 127.0.0.1:*:*:*:comment', 'other:*:*:*:no', '127.0.0.1:*:*:postgres:yes', '*:*:*:*:late'])).toBe('yes');
    expect(find(['*:*:*:*:a\\:b\\\\c'])).toBe('a:b\\c');
    expect(find(['localhost:5432:db:u:socket'], { host: '/run/postgresql', port: undefined, database: 'db', user: 'u' })).toBe('socket');
    expect(find(['*:*:*:*:any'], {}, { literalHost: true })).toBeUndefined();
    expect(find(['127.0.0.1:*:*:*:named'], {}, { literalHost: true })).toBe('named');
    const bare = `postgres://postgres@127.0.0.1:${url.port}/postgres`;
    const open = async (environment: Record<string, string>, foreignHost = false): Promise<unknown> => {
      const session = openSession(bare, { environment, foreignHost });
      return session.withConnection((connection) => connection.query('select 1 as one')).catch((error: unknown) => error).finally(() => session.close());
    };
    find([`*:*:*:*:${url.password}`]);
    expect(await open({ PGPASSFILE: file })).toEqual([{ one: 1 }]);
    expect(await open({ PGPASSFILE: file }, true)).toMatchObject({ kind: 'authentication', sqlState: '28P01' });
    expect(await open({ PGPASSWORD: url.password })).toEqual([{ one: 1 }]);
    expect(await open({ PGPASSWORD: url.password }, true)).toMatchObject({ kind: 'authentication', sqlState: '28P01' });
    chmodSync(file, 0o644);
    expect(await open({ PGPASSFILE: file })).toMatchObject({ kind: 'authentication' });
    rmSync(folder, { recursive: true });
  });
});

describe('a session', () => {
  it('uses two connections at most, and one statement at a time', async () => {
    const database = await createDatabase();
    const session = openSession(database.url);
    const pids = await Promise.all(Array.from({ length: 6 }, () => session.withConnection(async (connection) => { await connection.query('select pg_sleep(0.02)'); return connection.pid; })));
    expect(new Set(pids).size).toBeLessThanOrEqual(2);
    expect(await failure(session.withConnection((connection) => connection.query('select 1; select 2')))).toMatchObject({ sqlState: '42601' });
    await session.close();
    await database.drop();
  });

  it('survives the end of its server and connects again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sargable-killed-'));
    chmodSync(folder, 0o755);
    const dataFolder = join(folder, 'data');
    const server = await startPostgres({ dataFolder });
    let clock = 0;
    const session = openSession(server.url, { now: () => clock });
    try {
      expect((await introspect(session)).tables.size).toBe(0);
      const running = failure(session.withConnection((connection) => connection.query('select pg_sleep(30)')));
      await session.withConnection(async (connection) => {
        while ((await connection.query(`select 1 from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active' and pid <> pg_backend_pid()`)).length === 0);
      });
      process.kill(server.pid, 'SIGQUIT');
      expect(await running).toMatchObject({ kind: 'connection-lost' });
      await server.stop();
      expect((await failure(introspect(session))).kind).toMatch(/refused|connection-lost/);
      await startPostgres({ dataFolder, port: server.port });
      clock = 120_000;
      expect((await introspect(session)).tables.size).toBe(0);
    } finally {
      await session.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
