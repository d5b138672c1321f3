import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/postgres.mjs';
import { DatabaseError } from '../../server/src/db/errors';
import { openSession } from '../../server/src/db/session';
import { serverUrl } from '../support/postgres';

const hasOpenssl = ((): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('test/db/tls.test.ts: no openssl here; SSL modes are not tested\n');
    return false;
  }
})();

describe.skipIf(!hasOpenssl)('sslmode', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sargable-tls-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let plain = '';

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    for (const name of ['ca', 'other']) openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`);
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
    // The name is localhost, not the address that the server is reached by.
    writeFileSync(file('names'), 'subjectAltName=DNS:localhost\n');
    openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-out', 'server.crt', '-extfile', 'names');
    // The embedded server may run as another user than this test.
    chmodSync(file('server.key'), 0o600);
    const dataFolder = file('data');
    server = await startPostgres({ dataFolder });
    await server.stop();
    for (const name of ['server.key', 'server.crt']) {
      execFileSync('cp', [file(name), join(dataFolder, name)]);
      execFileSync('chown', [`--reference=${dataFolder}`, join(dataFolder, name)]);
      chmodSync(join(dataFolder, name), 0o600);
    }
    server = await startPostgres({ dataFolder, settings: { ssl: 'on' } });
    plain = await serverUrl();
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** `true`: encrypted, `false`: plain text, else the kind of the failure. */
  const outcome = async (url: string, parameters: Record<string, string>, environment: Record<string, string> = {}): Promise<boolean | string> => {
    const target = new URL(url);
    for (const [key, value] of Object.entries(parameters)) target.searchParams.set(key, value);
    try {
      const session = openSession(target.href, { environment: { HOME: folder, ...environment } });
      try {
        const [row] = await session.withConnection((connection) => connection.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()'));
        return row?.['ssl'] === true;
      } finally {
        await session.close();
      }
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      return error.kind;
    }
  };
  const at = (host: string): string => server.url.replace('127.0.0.1', host);

  it.each<[string, Record<string, string>, boolean | string]>([
    ['prefer', {}, true], ['allow', {}, false], ['disable', {}, false], ['require', {}, true], ['no-verify', {}, true],
    ['require', { sslrootcert: 'ca.crt' }, true], ['require', { sslrootcert: 'other.crt' }, 'tls'],
    ['verify-ca', { sslrootcert: 'ca.crt' }, true], ['verify-ca', { sslrootcert: 'other.crt' }, 'tls'], ['verify-ca', {}, 'tls'], ['verify-ca', { sslrootcert: 'missing.crt' }, 'tls'],
    ['verify-full', { sslrootcert: 'ca.crt' }, 'tls'], ['verify-full', { sslrootcert: 'system' }, 'tls'],
  ])('%s with %j against a server with TLS, by its address', async (mode, { sslrootcert }, expected) => {
    expect(await outcome(at('127.0.0.1'), { sslmode: mode, ...(sslrootcert === undefined ? {} : { sslrootcert: sslrootcert.endsWith('.crt') ? file(sslrootcert) : sslrootcert }) })).toBe(expected);
  });
  it('verify-full takes the name on the certificate, verify-ca any', async () => {
    expect(await outcome(at('localhost'), { sslmode: 'verify-full', sslrootcert: file('ca.crt') })).toBe(true);
    expect(await outcome('postgres://?', { host: 'localhost', hostaddr: '127.0.0.1', port: String(server.port), user: 'postgres', password: new URL(server.url).password, dbname: 'postgres', sslmode: 'verify-full', sslrootcert: file('ca.crt') })).toBe(true);
  });
  it('comes from PG* variables too, and is prefer by default', async () => {
    expect(await outcome(at('127.0.0.1'), {})).toBe(true);
    expect(await outcome(at('127.0.0.1'), {}, { PGSSLMODE: 'disable' })).toBe(false);
    expect(await outcome(at('127.0.0.1'), {}, { PGSSLMODE: 'verify-ca', PGSSLROOTCERT: file('ca.crt') })).toBe(true);
  });
  it.each<[string, boolean | string]>([['prefer', false], ['allow', false], ['disable', false], ['require', 'tls'], ['verify-full', 'tls']])('%s against a server without TLS', async (mode, expected) => {
    expect(await outcome(plain, { sslmode: mode })).toBe(expected);
  });
});
