import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { DatabaseError } from './errors';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The parameters of one service, as libpq finds it: `PGSERVICEFILE` or `~/.pg_service.conf`, then `pg_service.conf` in
 * `PGSYSCONFDIR`. Keys are libpq's (`host`, `dbname`, `sslmode` …). Throws `DatabaseError` (`bad-url`) when it is not there.
 */
export function readService(name: string, environment: Environment = process.env): ReadonlyMap<string, string> {
  const files = [
    environment['PGSERVICEFILE'] || path.join(environment['HOME'] || homedir(), '.pg_service.conf'),
    ...(environment['PGSYSCONFDIR'] ? [path.join(environment['PGSYSCONFDIR'], 'pg_service.conf')] : []),
  ];
  for (const file of files) {
    const text = readOptional(file);
    const service = text === undefined ? undefined : parseServiceFile(text).get(name);
    if (service) return service;
  }
  throw new DatabaseError('bad-url', `The service "${name}" is not in ${files.join(' nor ')}`);
}

/** Sections of a service file: `[name]`, then `key=value` lines; `#` begins a comment line. The first of equal names counts. */
export function parseServiceFile(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const services = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/).map((part) => part.trim())) {
    const section = /^\[(.+)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      current = new Map();
      if (!services.has(section)) services.set(section, current);
    } else if (current && line !== '' && !line.startsWith('#')) {
      const at = line.indexOf('=');
      const key = at < 0 ? '' : line.slice(0, at).trim().toLowerCase();
      if (key !== '' && !current.has(key)) current.set(key, line.slice(at + 1).trim());
    }
  }
  return services;
}

function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
