import type { LogOutputChannel } from 'vscode';
import { describe, expect, it } from 'vitest';
import { renderDatabaseUrl } from '../../../client/src/databaseUrl';
import { renderHealthServerUrl } from '../../../client/src/healthServerUrl';
import { redactPasswords, withoutPasswords } from '../../../client/src/traceChannel';

/** As the client library writes a request. */
const traced = (params: unknown): string => `Sending request 'sargable/connect - (3)'.\nParams: ${JSON.stringify(params, null, 4)}\n\n`;
// Every part of it that stands between special characters is looked for.
const password = `s3cret!'"\\ @:/?#&=%s3cret)*~s3cret`;

describe('the trace of the protocol', () => {
  it.each([
    ['a database', { name: 'shop', url: renderDatabaseUrl({ name: 'shop', host: 'db', database: 'shop', user: 'app' }, password), foreignHost: false }],
    ['a service', { name: 'shop', url: renderDatabaseUrl({ name: 'shop', service: 'shop' }, password), foreignHost: false }],
    ['a Redis without a user', { servers: [{ kind: 'redis', url: renderHealthServerUrl({ kind: 'redis', host: '::1' }, password), label: 'Redis' }] }],
    ['a PgBouncer', { servers: [{ kind: 'pgbouncer', url: renderHealthServerUrl({ kind: 'pgbouncer', host: 'db', user: 'stats' }, password) }] }],
    ['a password of its own', { password, name: 'shop' }],
    ['a parameter', { url: `postgres://db/shop?user=app&password=${encodeURIComponent(password)}&sslmode=require` }],
    ['one that was not encoded', { url: 'postgres://app:s3cret@s3cret@db/shop' }],
  ])('has no password of %s', (_, params) => {
    const redacted = redactPasswords(traced(params));
    expect(redacted).not.toContain('s3cret');
    // What is around it stays, and is JSON still.
    expect(Object.keys(JSON.parse(redacted.slice(redacted.indexOf('{'))) as object)).toEqual(Object.keys(params));
    expect(redactPasswords(JSON.stringify(params))).not.toContain('s3cret');
  });

  it('keeps what is none', () => {
    const text = traced({ url: 'postgres://app@db:5432/shop?sslmode=require', uri: 'file:///shop/b.ts', text: "fetch('http://localhost:3000/a@b');\nconst mail = 'x@y';", redis: 'redis://[::1]:6379/0' });
    expect(redactPasswords(text)).toBe(text);
    expect(redactPasswords('"url": "postgres://app:s3cret@db:5432/shop?sslmode=require"')).toBe('"url": "postgres://app:***@db:5432/shop?sslmode=require"');
  });

  it('goes to the channel redacted, with its arguments and its level', () => {
    const written: unknown[] = [];
    const output = { name: 'Sargable', logLevel: 1, trace: (...values: unknown[]) => written.push(values), error: (value: unknown) => written.push(value) } as unknown as LogOutputChannel;
    const channel = withoutPasswords(output);
    channel.trace('redis://:s3cret@host', 1);
    const error = new Error('x');
    channel.error(error);
    expect(written).toEqual([['redis://:***@host', 1], error]);
    expect([channel.name, channel.logLevel]).toEqual(['Sargable', 1]);
  });
});
