import { describe, expect, it } from 'vitest';
import { describeHealthServer, healthServerKey, isHealthServerSetting, parseHealthServerUrl, renderHealthServerUrl } from '../../../client/src/healthServerUrl';
import type { HealthServerSetting } from '../../../protocol/settings';
import { parseRedisUrl } from '../../../server/src/db/redis/redisUrl';

const cache: HealthServerSetting = { kind: 'redis', host: 'cache.example.org', database: 2, user: 'app', tls: true };
const pooler: HealthServerSetting = { kind: 'pgbouncer', host: '10.0.0.5', user: 'stats' };

describe('a server beside the database', () => {
  it.each([
    ['rediss://app:s%40cret@cache.example.org/2', { server: cache, password: 's@cret' }], ['redis://:s3cret@[::1]:6380', { server: { kind: 'redis', host: '::1', port: 6380 }, password: 's3cret' }],
    ['postgres://stats@10.0.0.5', { server: pooler }], ['postgres://stats:x@10.0.0.5:6432/pgbouncer?sslmode=require', { server: { ...pooler, port: 6432, tls: true }, password: 'x' }],
    ['redis://cache/orders', undefined], ['postgres://10.0.0.5/pgbouncer', undefined], ['postgres://app@10.0.0.5/orders', undefined], ['mysql://app@host', undefined], ['cache:6379', undefined],
  ])('is read of %s, its password apart', (text, expected) => expect(parseHealthServerUrl(text)).toEqual(expected));

  it('becomes the URL that is connected to, and words without the password', () => {
    expect(parseRedisUrl(renderHealthServerUrl(cache, 'p@:/w'), {})).toEqual({ host: 'cache.example.org', port: 6379, tls: true, database: 2, user: 'app', password: 'p@:/w' });
    expect(parseRedisUrl(renderHealthServerUrl({ kind: 'redis', host: '::1' }, 'x'), {})).toMatchObject({ host: '::1', password: 'x' });
    expect(renderHealthServerUrl(pooler, undefined)).toBe('postgres://stats@10.0.0.5:6432/pgbouncer?sslmode=prefer');
    expect([cache, pooler].map(describeHealthServer)).toEqual(['Redis app@cache.example.org:6379/2', 'PgBouncer stats@10.0.0.5:6432']);
  });

  it('has a password of its own wherever that would go elsewhere', () => {
    const key = healthServerKey(cache);
    expect(healthServerKey({ ...cache, port: 6379, databases: ['orders'] })).toBe(key);
    for (const other of [{ host: 'evil.example.org' }, { port: 6380 }, { user: 'other' }, { tls: false }, { kind: 'pgbouncer' as const }]) expect(healthServerKey({ ...cache, ...other })).not.toBe(key);
  });

  it('written by hand is taken as far as it is one', () => {
    expect([cache, pooler, { ...cache, databases: ['orders'] }].every(isHealthServerSetting)).toBe(true);
    for (const value of [undefined, 'redis://cache', { kind: 'redis' }, { kind: 'pgbouncer', host: 'a' }, { kind: 'redis', host: 'a@b' }, { kind: 'redis', host: 'a', port: 0 }, { kind: 'redis', host: 'a', databases: 'orders' }]) expect(isHealthServerSetting(value)).toBe(false);
  });
});
