import { calleeText, receiverOf } from '../calls/blocks';
import { enclosingFunctions } from '../calls/enclosing';
import type { CallIr, HostFile, QuerySite } from '../hosts/ir';
import { sqlSpan, type SqlSpan } from '../text/span';

/** A statement that sets a configuration parameter. */
export interface SessionSetting {
  readonly name: string;
  /** For the transaction alone. */
  readonly local: boolean;
  /** Where `LOCAL` is or would be written: the keyword SET or SESSION, or the last argument of `set_config`. */
  readonly scope: SqlSpan;
  readonly form: 'set' | 'set_config';
}

/** Reads `SET [SESSION | LOCAL] name = …` and `set_config('name', …, true | false)`; undefined for other statements. */
export function readSessionSetting(text: string): SessionSetting | undefined {
  const set = /^(\s*)(set)\b(?:(\s+)(session|local)\b)?\s+("?[\w.]+"?)\s*(?:=|\bto\b)/i.exec(text);
  if (set) {
    const start = (set[1] ?? '').length;
    const end = start + 3 + (set[3] ?? '').length + (set[4] ?? '').length;
    return { name: (set[5] ?? '').replaceAll('"', '').toLowerCase(), local: /local/i.test(set[4] ?? ''), scope: sqlSpan(start, end), form: 'set' };
  }
  const call = /\bset_config\s*\(\s*'([\w.]+)'\s*,[^;]*?,\s*(true|false)\s*\)/i.exec(text);
  if (!call) return undefined;
  const end = call.index + call[0].length - (/\s*\)$/.exec(call[0])?.[0].length ?? 1);
  const value = call[2] ?? '';
  return { name: (call[1] ?? '').toLowerCase(), local: /true/i.test(value), scope: sqlSpan(end - value.length, end), form: 'set_config' };
}

const POOLED = new Set<QuerySite['library']>(['knex', 'objection', 'kysely', 'drizzle', 'prisma', 'typeorm', 'sequelize', 'mikro-orm', 'postgres.js', 'sqlalchemy', 'django']);

/**
 * Does the statement run on a connection that others get afterwards? `pool`: on any of the pool, each statement on its own;
 * `client`: on one that was taken from a pool. Undefined: not known.
 */
export function pooledAs(file: HostFile, site: QuerySite): 'pool' | 'client' | undefined {
  const call = site.callId === undefined ? undefined : file.calls[site.callId];
  if (!call) return undefined;
  if (site.library === 'pg' || site.library === 'neon') return pgReceiver(file, call);
  if (site.library === 'asyncpg') return /pool/i.test(receiverOf(call)) ? 'pool' : acquired(file, call) ? 'client' : undefined;
  if (!POOLED.has(site.library)) return undefined;
  return /(^|\.)(prisma|knex|db|sequelize|dataSource|sql)\.?\w*$|^sql$/i.test(calleeText(call)) && !/tx|trx|transaction/i.test(receiverOf(call)) ? 'pool' : 'client';
}

function pgReceiver(file: HostFile, call: CallIr): 'pool' | 'client' | undefined {
  const receiver = receiverOf(call);
  if (/pool$/i.test(receiver)) return 'pool';
  for (const fn of enclosingFunctions(file, call.functionId)) {
    const typed = fn.parameters.find((p) => p.name === receiver)?.type;
    if (typed !== undefined) return /PoolClient/.test(typed) ? 'client' : /\bPool\b/.test(typed) ? 'pool' : undefined;
    const local = fn.locals.find((l) => l.name === receiver);
    if (local) return /\.connect\(\s*\)/.test(local.text) && !/new\s+Client/.test(local.text) ? 'client' : undefined;
  }
  const made = file.locals?.find((l) => l.name === receiver)?.text ?? '';
  return /^new\s+(pg\.)?Pool\b/.test(made) ? 'pool' : undefined;
}

const acquired = (file: HostFile, call: CallIr): boolean => {
  const receiver = receiverOf(call);
  return (file.blocks ?? []).some((b) => b.items.some((i) => i.alias === receiver && /pool.*\.acquire\(/i.test(i.text))) || enclosingFunctions(file, call.functionId).some((fn) => fn.locals.some((l) => l.name === receiver && /pool.*\.acquire\(/i.test(l.text)));
};
