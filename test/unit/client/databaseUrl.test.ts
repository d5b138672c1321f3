import { describe, expect, it } from 'vitest';
import { describeDatabase, isDatabaseSetting, parseDatabaseUrl, renderDatabaseUrl, secretKey } from '../../../client/src/databaseUrl';
import type { DatabaseSetting } from '../../../protocol/settings';

const orders: DatabaseSetting = { name: 'orders', host: 'db.example.org', port: 6432, database: 'orders', user: 'app' };

describe('parseDatabaseUrl', () => {
  it('keeps the password apart from the database', () => {
    expect(parseDatabaseUrl('postgres://app:s%40cret@db.example.org:6432/orders?sslmode=require')).toEqual({
      database: { host: 'db.example.org', port: 6432, database: 'orders', user: 'app', ssl: 'require' },
      password: 's@cret',
    });
  });
  it.each([
    ['postgresql://app@[::1]/orders', { host: '::1', database: 'orders', user: 'app' }],
    ['postgres://app@%2Fvar%2Frun%2Fpostgresql/orders', { host: '/var/run/postgresql', database: 'orders', user: 'app' }],
    ['  postgres://a%20b@localhost/my%20db  ', { host: 'localhost', database: 'my db', user: 'a b' }],
    ['postgres://app@localhost/orders?sslmode=nonsense', { host: 'localhost', database: 'orders', user: 'app' }],
  ])('reads %s', (text, database) => {
    expect(parseDatabaseUrl(text)).toEqual({ database });
  });
  it.each(['', 'orders', 'mysql://app@localhost/orders', 'postgres://localhost/orders', 'postgres://app@localhost', 'postgres://app@localhost/', 'postgres://app@localhost/a/b', 'postgres://%E0%A4%A@localhost/orders'])('refuses %j', (text) => {
    expect(parseDatabaseUrl(text)).toBeUndefined();
  });
});

describe('renderDatabaseUrl', () => {
  it.each<[DatabaseSetting, string | undefined]>([
    [orders, 'p@ss:w/rd?#%'],
    [orders, undefined],
    [{ ...orders, host: '::1', port: undefined, ssl: 'verify-full' }, 'x'],
    [{ ...orders, database: 'my db', user: 'a@b' }, 'ü 😀'],
    [{ ...orders, host: '/var/run/postgresql' }, 'x'],
  ])('is read back as it was: %j', (database, password) => {
    const parsed = parseDatabaseUrl(renderDatabaseUrl(database, password));
    const { name, ...rest } = database;
    expect(parsed, name).toEqual({ database: { ...rest, port: database.port ?? 5432, ssl: database.ssl ?? 'prefer' }, ...(password ? { password } : {}) });
  });
});

describe('secretKey', () => {
  it('does not depend on the name, nor on defaults being written out', () => {
    expect(secretKey({ ...orders, name: 'other' })).toBe(secretKey(orders));
    expect(secretKey({ ...orders, port: 5432, ssl: 'prefer' })).toBe(secretKey({ ...orders, port: undefined }));
    expect(secretKey({ ...orders, host: 'DB.example.org' })).toBe(secretKey(orders));
  });
  it.each<Partial<DatabaseSetting>>([{ host: 'evil.example.org' }, { port: 5432 }, { user: 'admin' }, { database: 'other' }, { ssl: 'disable' }])('is another for %j', (change) => {
    expect(secretKey({ ...orders, ...change })).not.toBe(secretKey(orders));
  });
  it('can not be forged by a part that contains another', () => {
    expect(secretKey({ ...orders, host: 'a","b', user: 'c' })).not.toBe(secretKey({ ...orders, host: 'a', user: 'b","c' }));
  });
});

describe('isDatabaseSetting', () => {
  it('accepts what the settings schema accepts', () => {
    expect(isDatabaseSetting(orders)).toBe(true);
  });
  it.each([undefined, null, 'x', {}, { ...orders, host: '' }, { ...orders, port: '5432' }, { ...orders, port: 70_000 }, { ...orders, ssl: 'maybe' }, { ...orders, name: 1 }])('refuses %j', (value) => {
    expect(isDatabaseSetting(value)).toBe(false);
  });
});

it('describes a database without its name', () => {
  expect(describeDatabase(orders)).toBe('app@db.example.org:6432/orders');
});

describe('services and certificates', () => {
  it('a service stands alone: nothing beside it may say where its password goes', () => {
    expect(parseDatabaseUrl(' service=prod ')).toEqual({ database: { service: 'prod' } });
    expect(isDatabaseSetting({ name: 'a', service: 'prod' })).toBe(true);
    for (const more of [{ host: 'evil.example' }, { user: 'x' }, { port: 1 }, { ssl: 'disable' }]) expect(isDatabaseSetting({ name: 'a', service: 'prod', ...more })).toBe(false);
    expect(renderDatabaseUrl({ name: 'a', service: 'prod' }, "it's \\")).toBe("service='prod' password='it\\'s \\\\'");
    expect(describeDatabase({ service: 'prod' })).toBe('service prod');
    expect(secretKey({ name: 'a', service: 'prod' })).not.toBe(secretKey({ name: 'a', service: 'other' }));
  });
  it('certificates go with the URL, and another root certificate finds no password', () => {
    const parsed = parseDatabaseUrl('postgres://u@h/d?sslmode=verify-full&sslrootcert=/a%20b/ca.crt&sslcert=/c&sslkey=/k');
    expect(parsed?.database).toMatchObject({ ssl: 'verify-full', sslRootCert: '/a b/ca.crt', sslCert: '/c', sslKey: '/k' });
    expect(parseDatabaseUrl(renderDatabaseUrl({ name: 'x', ...parsed!.database }, undefined))?.database).toMatchObject(parsed!.database);
    expect(secretKey({ ...orders, sslRootCert: '/mine' })).not.toBe(secretKey(orders));
  });
  it('several hosts are no database', () => {
    expect(parseDatabaseUrl('postgres://u@a%2Cb/d')).toBeUndefined();
  });
});
