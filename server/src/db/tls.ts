import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { DatabaseError } from './errors';
import type { ConnectionTarget } from './url';

/** `false`: no encryption. */
export type TlsAttempt = ConnectionOptions | false;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The ways to connect, to be tried in order, with libpq's meaning of `sslmode`: `prefer` (the default) falls back to plain
 * text, `allow` to encryption; `require` encrypts without looking at the certificate, unless a root certificate is named;
 * `verify-ca` checks the chain, `verify-full` the host name too. Throws `DatabaseError` (`tls`) when a named file cannot be
 * read. Unlike libpq, `verify-*` without any root certificate uses the certificate authorities of Node.
 */
export function tlsAttempts(target: ConnectionTarget, environment: Environment = process.env): readonly TlsAttempt[] {
  const mode = target.sslMode ?? 'prefer';
  if (mode === 'disable' || target.host?.startsWith('/') === true) return [false];
  const folder = path.join(environment['HOME'] || homedir(), '.postgresql');
  const identity = pem('client certificate', target.sslCert, path.join(folder, 'postgresql.crt'));
  const key = identity === undefined ? undefined : pem('client key', target.sslKey, path.join(folder, 'postgresql.key'));
  const root = target.sslRootCert === 'system' ? undefined : pem('root certificate', target.sslRootCert, path.join(folder, 'root.crt'));
  const client = { ...(identity === undefined ? {} : { cert: identity }), ...(key === undefined ? {} : { key }) };
  const unverified: ConnectionOptions = { ...client, rejectUnauthorized: false };
  const host = target.host ?? 'localhost';
  const verified = (name: boolean): ConnectionOptions => ({
    ...client, ...(root === undefined ? {} : { ca: root }), rejectUnauthorized: true,
    // The driver gives no name for an address, and Node would then look for "localhost" in the certificate.
    checkServerIdentity: name ? (_, certificate) => checkServerIdentity(host, certificate) : () => undefined,
  });
  switch (mode) {
    case 'allow': return [false, unverified];
    case 'prefer': return [unverified, false];
    case 'no-verify': return [unverified];
    case 'require': return [target.sslRootCert === undefined ? unverified : verified(false)];
    case 'verify-ca': return [verified(false)];
    case 'verify-full': return [verified(true)];
  }
}

/** A named file must be readable; the usual one counts where it exists. */
function pem(what: string, named: string | undefined, usual: string): string | undefined {
  const file = named ?? (existsSync(usual) ? usual : undefined);
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new DatabaseError('tls', `The ${what} ${file} cannot be read`);
  }
}

/** Errors after which the next way may work: the server speaks no TLS, or lets nobody in without (or with) it. */
export const isEncryptionRefusal = (error: unknown): boolean => {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: unknown; readonly message?: unknown };
  return (typeof message === 'string' && /does not support SSL/.test(message)) || (code === '28000' && typeof message === 'string' && /pg_hba\.conf|no encryption|SSL/.test(message));
};
