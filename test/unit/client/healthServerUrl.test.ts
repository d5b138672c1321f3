import { describe, expect, it } from 'vitest';
import { chooseHealthServers, describeHealthServer, findUnusableHealthServers, healthServerKey, isHealthServerSetting, parseHealthServerUrl, renderHealthServerUrl, saveHealthServer } from '../../../client/src/healthServerUrl';
import type { HealthServerSetting } from '../../../protocol/settings';
import { parseRedisUrl } from '../../../server/src/db/redis/redisUrl';

const cache: HealthServerSetting = { kind: 'redis', host: 'cache.example.org', database: 2, user: 'app', tls: true };
const pooler: HealthServerSetting = { kind: 'pgbouncer', host: '10.0.0.5', user: 'stats' };

describe('a server beside the database', () => {
  it.each([
    ['rediss://app:s%40cret@cache.example.org/2', { server: cache, password: 's@cret' }], ['redis://:s3cret@[::1]:6380', { server: { kind: 'redis', host: '::1', port: 6380 }, password: 's3cret' }],
    ['postgres://stats@10.0.0.5', { server: pooler }], ['postgres://stats:x@10.0.0.5:6432/pgbouncer?sslmode=require', { server: { ...pooler, port: 6432, ssl: 'require' }, password: 'x' }],
    ['postgres://stats@10.0.0.5?sslmode=verify-full&sslrootcert=%2Fca.pem', { server: { ...pooler, ssl: 'verify-full', sslRootCert: '/ca.pem' } }], ['postgres://stats@10.0.0.5?sslmode=verify', undefined],
    ['redis://b%C3%BCro.example.org', { server: { kind: 'redis', host: 'büro.example.org' } }], ['redis://cache:0', undefined], ['redis://cache/99999999', undefined],
    ['redis://cache/orders', undefined], ['postgres://10.0.0.5/pgbouncer', undefined], ['postgres://app@10.0.0.5/orders', undefined], ['mysql://app@host', undefined], ['cache:6379', undefined],
  ])('is read of %s, its password apart', (text, expected) => expect(parseHealthServerUrl(text)).toEqual(expected));

  it('becomes the URL that is connected to, and words without the password', () => {
    expect(parseRedisUrl(renderHealthServerUrl(cache, 'p@:/w'), {})).toEqual({ host: 'cache.example.org', port: 6379, tls: true, database: 2, user: 'app', password: 'p@:/w' });
    expect(parseRedisUrl(renderHealthServerUrl({ kind: 'redis', host: '::1' }, 'x'), {})).toMatchObject({ host: '::1', password: 'x' });
    expect(renderHealthServerUrl(pooler, undefined)).toBe('postgres://stats@10.0.0.5:6432/pgbouncer?sslmode=prefer');
    expect(parseRedisUrl(renderHealthServerUrl({ kind: 'redis', host: 'büro.example.org' }, undefined), {}).host).toBe('büro.example.org');
    for (const [more, query] of [[{ tls: true }, 'require'], [{ ssl: 'verify-ca' }, 'verify-ca'], [{ ssl: 'verify-full', sslRootCert: '/c a.pem' }, 'verify-full&sslrootcert=%2Fc%20a.pem']] as const) expect(renderHealthServerUrl({ ...pooler, ...more }, undefined)).toBe(`postgres://stats@10.0.0.5:6432/pgbouncer?sslmode=${query}`);
    expect([cache, pooler].map(describeHealthServer)).toEqual(['Redis app@cache.example.org:6379/2', 'PgBouncer stats@10.0.0.5:6432']);
  });

  it('has a password of its own wherever that would go elsewhere', () => {
    const key = healthServerKey(cache);
    expect(healthServerKey({ ...cache, port: 6379, databases: ['orders'] })).toBe(key);
    for (const other of [{ host: 'evil.example.org' }, { port: 6380 }, { user: 'other' }, { tls: false }, { kind: 'pgbouncer' as const }]) expect(healthServerKey({ ...cache, ...other })).not.toBe(key);
    const keys = ([{}, { ssl: 'require' }, { ssl: 'verify-full' }, { ssl: 'verify-full', sslRootCert: '/ca.pem' }] as const).map((more) => healthServerKey({ ...pooler, ...more }));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys[1]).toBe(healthServerKey({ ...pooler, tls: true }));
  });

  it('written by hand is taken as far as it is one', () => {
    expect([cache, pooler, { ...cache, databases: ['orders'] }, { kind: 'redis', host: '::1' }, { kind: 'redis', host: 'fd00::1:2' }, { ...pooler, ssl: 'verify-full', sslRootCert: 'system' }].every(isHealthServerSetting)).toBe(true);
    for (const value of [undefined, 'redis://cache', { kind: 'redis' }, { kind: 'pgbouncer', host: 'a' }, { kind: 'redis', host: 'a@b' }, { kind: 'redis', host: 'a', port: 0 }, { kind: 'redis', host: 'a', databases: 'orders' },
      { kind: 'redis', host: 'cache:6379' }, { kind: 'redis', host: '[::1]' }, { kind: 'redis', host: 'fe80::1%eth0' }, { kind: 'redis', host: 'a', ssl: 'verify-full' }, { ...pooler, ssl: 'verify' }]) expect(isHealthServerSetting(value)).toBe(false);
  });

  it('stands beside the databases that it names; what the user wrote comes first where it stands there', () => {
    const forOrders = { ...cache, databases: ['orders'] };
    expect(chooseHealthServers([forOrders], [cache, pooler], 'orders')).toEqual([{ server: forOrders, foreignHost: false }, { server: pooler, foreignHost: true }]);
    expect(chooseHealthServers([forOrders], [cache, pooler], 'shop')).toEqual([{ server: cache, foreignHost: true }, { server: pooler, foreignHost: true }]);
    expect(chooseHealthServers([forOrders, { ...cache, databases: ['shop'] }], [], undefined)).toEqual([{ server: forOrders, foreignHost: false }]);
  });

  it('is saved once, beside the databases of both', () => {
    const other = { kind: 'redis', host: 'cache:6379' };
    expect(saveHealthServer([other, pooler], { ...cache, databases: ['shop'] })).toEqual([other, pooler, { ...cache, databases: ['shop'] }]);
    expect(saveHealthServer([{ ...cache, databases: ['orders'] }, other, { ...cache, databases: ['jobs'] }], { ...cache, databases: ['shop', 'orders'] })).toEqual([{ ...cache, databases: ['orders', 'jobs', 'shop'] }, other]);
    expect(saveHealthServer([cache], { ...cache, databases: ['shop'] })).toEqual([cache]);
    expect(saveHealthServer([{ ...cache, databases: ['shop'] }], cache)).toEqual([cache]);
  });

  it('that cannot be used is told with its host, unless that may hold a password', () => {
    const values = [cache, 'redis://cache', { kind: 'memcached', host: 'a' }, { kind: 'redis', host: 'cache:6379' }, { kind: 'redis', host: 'redis://:s3cret@cache' }, { kind: 'pgbouncer', host: 'a', databases: ['shop'] }, { kind: 'pgbouncer', host: 'b', databases: ['orders'] }];
    expect(findUnusableHealthServers(values, 'shop')).toEqual([{ kind: 'redis', label: 'Redis cache:6379' }, { kind: 'redis', label: 'Redis' }, { kind: 'pgbouncer', label: 'PgBouncer a' }]);
  });
});
