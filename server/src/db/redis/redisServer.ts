import { createClient, RESP_TYPES } from '@redis/client';
import { groupKeys, type MeasuredKey } from '../../core/health/redis/keyPatterns';
import type { KeySample } from '../../core/health/redis/judgeRedis';
import { parseRedisInfo, type RedisInfo } from '../../core/health/redis/info';
import { DatabaseError, type DatabaseErrorKind } from '../errors';
import { describeRedis, type RedisTarget } from './redisUrl';

/** What may be spent on a look at the keys. */
export interface KeyBudget {
  /** Keys to measure at most. */
  readonly keys: number;
  /** Milliseconds after which no further keys are asked for. */
  readonly milliseconds: number;
}

/** What one look at the keys gave. */
export interface SampledKeys {
  readonly sample: KeySample;
  /** What the role may not do. Holds no name of a key. */
  readonly refused: readonly string[];
}

/** A connection to one Redis server. Sends INFO, SCAN, PTTL and MEMORY USAGE, and nothing that writes or stops others. */
export interface RedisServer {
  readonly label: string;
  info(): Promise<RedisInfo>;
  /**
   * Walks the keys of the URL's database within the budget. Each PTTL counts as a hit in the server's own figures, so
   * read `info` before. Undefined: the role may not walk; `refused` says so. Rejects with the reason of `signal` once that ends it.
   */
  sampleKeys(budget: KeyBudget, signal?: AbortSignal): Promise<SampledKeys | { readonly refused: readonly string[] }>;
  close(): void;
}

/** Names in one step of a walk; each step takes the server a moment in which others wait. */
const STEP = 200;
const CONNECT_TIMEOUT = 5000;
const ANSWER_TIMEOUT = 15_000;

/** Connects. Rejects with `DatabaseError`, which never holds the password. */
export async function openRedis(target: RedisTarget): Promise<RedisServer> {
  const label = describeRedis(target);
  const client = createClient({
    socket: { host: target.host, port: target.port, connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: false, ...(target.tls ? { tls: true } : {}) },
    ...(target.user === undefined ? {} : { username: target.user }), ...(target.password === undefined ? {} : { password: target.password }),
    database: target.database, RESP: 2, disableOfflineQueue: true, disableClientInfo: true, maintNotifications: 'disabled',
  });
  // Without a listener an error would end the process; whoever waits for an answer gets it too.
  client.on('error', () => undefined);
  const ask = <T>(what: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new DatabaseError('timeout', `${label}: no answer in time`)), ANSWER_TIMEOUT);
    });
    return Promise.race([what, late]).catch((error: unknown) => {
      throw toRedisError(error, label);
    }).finally(() => clearTimeout(timer));
  };
  const send: Send = (command) => client.sendCommand(command);
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  try {
    await ask(client.connect());
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw error;
  }
  // So that the server's own lists name us; a role that may not, goes without.
  await ask(send(['CLIENT', 'SETNAME', 'sargable'])).catch(() => undefined);

  return {
    label,
    // `all` has the counters of commands, which the plain answer leaves out.
    info: async () => parseRedisInfo(String(await ask(send(['INFO', 'all'])))),
    async sampleKeys(budget, signal) {
      const measured = new Map<string, MeasuredKey>();
      const refused = new Set<string>();
      const deadline = Date.now() + budget.milliseconds;
      let cursor = '0';
      let cut = false;
      try {
        do {
          signal?.throwIfAborted();
          const [next, names] = (await ask(bytes.sendCommand(['SCAN', cursor, 'COUNT', String(Math.min(STEP, budget.keys))]))) as [Buffer | string, Buffer[]];
          cursor = String(next);
          // While the server grows its table a walk may meet a key twice.
          const fresh = names.filter((name) => !measured.has(identify(name)));
          const room = budget.keys - measured.size;
          cut ||= fresh.length > room;
          for (const [id, key] of await ask(measure(send, fresh.slice(0, room), refused))) measured.set(id, key);
        } while (cursor !== '0' && measured.size < budget.keys && Date.now() < deadline);
      } catch (error) {
        if (error instanceof DatabaseError && (error.kind === 'permission' || error.kind === 'query')) return { refused: [error.message] };
        throw error;
      }
      const keys = [...measured.values()];
      return { sample: { database: target.database, measured: keys.length, complete: cursor === '0' && !cut, patterns: groupKeys(keys) }, refused: [...refused] };
    },
    close: () => {
      if (client.isOpen) client.destroy();
    },
  };
}

type Send = (command: (string | Buffer)[]) => Promise<unknown>;

/** A name byte by byte: it need not be text. */
const identify = (name: Buffer): string => name.toString('latin1');

/**
 * Time to live and size of each key, in one round trip. Keys that went away meanwhile are left out. What the server says of a
 * command that it refuses may repeat the key (`unknown command … with args beginning with`): it goes nowhere.
 */
async function measure(send: Send, names: readonly Buffer[], refused: Set<string>): Promise<[string, MeasuredKey][]> {
  const askOf = async (command: readonly string[], name: Buffer): Promise<unknown> => {
    try {
      return await send([...command, name]);
    } catch (error) {
      const { kind } = toRedisError(error, '');
      if (kind !== 'permission' && kind !== 'query') throw error;
      const words = command.join(' ');
      throw new DatabaseError(kind, kind === 'permission' ? `the role may not run ${words} on these keys` : `this server does not answer ${words}`);
    }
  };
  const sizeOf = (name: Buffer): Promise<unknown> =>
    // It looks at five elements of a collection; with SAMPLES 0 it would walk all of them.
    askOf(['MEMORY', 'USAGE'], name).catch((error: unknown) => {
      if (!(error instanceof DatabaseError)) throw error;
      refused.add(error.message);
      return null;
    });
  const found = await Promise.all(names.map(async (name): Promise<[string, MeasuredKey] | undefined> => {
    const [ttl, size] = await Promise.all([askOf(['PTTL'], name), sizeOf(name)]);
    const milliseconds = Number(ttl);
    if (milliseconds === -2) return undefined;
    return [identify(name), { name: name.toString('utf8'), ttl: milliseconds < 0 ? null : milliseconds / 1000, ...(size === null ? {} : { bytes: Number(size) }) }];
  }));
  return found.filter((key) => key !== undefined);
}

const KINDS: readonly (readonly [RegExp, DatabaseErrorKind, string?])[] = [
  [/^(?:NOAUTH|WRONGPASS|ERR invalid password|ERR AUTH)/, 'authentication'],
  [/^NOPERM/, 'permission'],
  [/^ERR (?:DB index is out of range|invalid DB index|SELECT is not allowed)/, 'missing-database'],
  [/^ERR max number of clients/, 'too-many-connections'],
  [/^LOADING/, 'timeout'],
];

/** What went wrong, in words for people. */
function toRedisError(error: unknown, label: string): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { code, message = 'unknown error' } = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: string; readonly message?: string };
  const kind = KINDS.find(([pattern]) => pattern.test(message))?.[1];
  if (kind === 'authentication') return new DatabaseError(kind, `${label}: the server refused the log-in (${message.replace(/\s+/g, ' ')})`);
  if (kind !== undefined) return new DatabaseError(kind, `${label}: ${message}`);
  if (code === 'ECONNREFUSED') return new DatabaseError('refused', `${label}: nothing listens there (connection refused)`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new DatabaseError('unknown-host', `${label}: the host name is not known`);
  if (code === 'ETIMEDOUT' || /timeout/i.test(message)) return new DatabaseError('timeout', `${label}: no answer in time`);
  if (/SSL|TLS|certificate/i.test(message) || code?.startsWith('ERR_TLS') === true) return new DatabaseError('tls', `${label}: ${message}`);
  if (code === 'ECONNRESET' || code === 'EPIPE' || /socket closed|client is closed|disconnect/i.test(message)) return new DatabaseError('connection-lost', `${label}: the connection was lost`);
  return new DatabaseError('query', `${label}: ${message}`);
}
