import type { CheckOutcome, HealthValue } from '../model';
import type { Thresholds } from '../thresholds';
import { column, figure, percentOf, plural, renderNumber, renderPercent, renderSeconds } from '../values';
import { DEFAULTS, type PooledDatabase, type PoolerSettings } from './poolerSettings';

/** A row of the console, by column; columns differ from version to version. */
export type PoolerRow = Readonly<Record<string, string | null>>;

/** What the administration console of PgBouncer said. */
export interface PoolerFacts {
  readonly label: string;
  readonly version: string | undefined;
  readonly pools: readonly PoolerRow[];
  readonly stats: readonly PoolerRow[];
  readonly databases: readonly PoolerRow[];
  readonly lists: readonly PoolerRow[];
  readonly config: readonly PoolerRow[];
  /** Commands that were not answered, with the reason. */
  readonly refused: readonly string[];
}

type Finding = CheckOutcome['findings'][number];

const MICRO = 1_000_000;
const numberIn = (row: PoolerRow | undefined, name: string): number | undefined => {
  const text = row?.[name];
  const value = text === undefined || text === null || text === '' ? NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
};
const inSeconds = (row: PoolerRow, name: string): number | null => {
  const microseconds = numberIn(row, name);
  return microseconds === undefined ? null : microseconds / MICRO;
};
/** The console's own database is no pool of the application. */
const isConsole = ({ database, name }: PoolerRow): boolean => (database ?? name) === 'pgbouncer' && (name === undefined || name === 'pgbouncer');

/** Seconds that the first client in the queue has waited. */
const waitOf = (pool: PoolerRow): number => (numberIn(pool, 'maxwait') ?? 0) + (numberIn(pool, 'maxwait_us') ?? 0) / MICRO;

/** The configuration of the running PgBouncer, for the same look as at its file. */
export function readRunningSettings({ config, databases }: PoolerFacts): PoolerSettings {
  // What has its default was not set by anybody.
  const set = new Map(config.filter((row) => row['value'] !== row['default']).map((row) => [row['key'] ?? '', row['value'] ?? '']));
  const all = new Map(config.map((row) => [row['key'] ?? '', row['value'] ?? '']));
  return {
    value: (name) => set.get(name), place: (name) => name, names: [],
    databases: databases.filter((row) => !isConsole(row)).map((row): PooledDatabase => ({
      name: row['name'] ?? '', place: `database ${row['name'] ?? ''}`, target: `${row['host'] ?? ''}:${row['port'] ?? ''}`,
      poolSize: numberIn(row, 'pool_size') ?? 0, reserveSize: numberIn(row, 'reserve_pool') ?? numberIn(row, 'reserve_pool_size') ?? 0, minPoolSize: numberIn(row, 'min_pool_size') ?? 0,
      maxConnections: numberIn(row, 'max_connections') ?? 0, poolMode: row['pool_mode'] || (all.get('pool_mode') ?? DEFAULTS.pool_mode),
    })),
    passwords: [],
  };
}

/** Figures, lists and findings of a PgBouncer at work. */
export function judgePools(facts: PoolerFacts, thresholds: Thresholds): CheckOutcome {
  const pools = facts.pools.filter((row) => !isConsole(row));
  const stats = facts.stats.filter((row) => !isConsole(row));
  const sum = (name: string): number => pools.reduce((total, pool) => total + (numberIn(pool, name) ?? 0), 0);
  const list = (name: string): number | undefined => numberIn(facts.lists.find((row) => row['list'] === name), 'items');
  const maxClients = numberIn(facts.config.find((row) => row['key'] === 'max_client_conn'), 'value');
  const clients = list('used_clients');
  const sizeOf = (pool: PoolerRow): number | undefined => numberIn(facts.databases.find((row) => row['name'] === pool['database']), 'pool_size');
  const usage = (pool: PoolerRow): number | null => percentOf((numberIn(pool, 'sv_active') ?? 0), sizeOf(pool) ?? 0);
  return {
    figures: [
      figure('version', 'Version', 'text', facts.version),
      figure('clientsActive', 'Clients that are served or idle', 'count', sum('cl_active')),
      figure('clientsWaiting', 'Clients that wait for a server connection', 'count', sum('cl_waiting')),
      figure('serversActive', 'Server connections at work', 'count', sum('sv_active')),
      figure('serversIdle', 'Server connections idle', 'count', sum('sv_idle')),
      figure('longestWaitSeconds', 'Longest wait', 'seconds', pools.reduce((longest, pool) => Math.max(longest, waitOf(pool)), 0)),
      figure('clients', 'Clients', 'count', clients),
      figure('maxClients', 'max_client_conn', 'count', maxClients),
    ],
    tables: [
      {
        name: 'pools', title: 'Pools',
        columns: [
          column('database', 'Database'), column('user', 'User'), column('poolMode', 'Mode'), column('clientsActive', 'Clients', 'count'), column('clientsWaiting', 'Waiting', 'count'),
          column('serversActive', 'Servers active', 'count'), column('serversIdle', 'Idle', 'count'), column('poolSize', 'Pool size', 'count'), column('usedPercent', 'In use', 'percent'), column('waitSeconds', 'Longest wait', 'seconds'),
        ],
        rows: [...pools].sort((a, b) => (usage(b) ?? 0) - (usage(a) ?? 0)).map((pool) => ({
          database: pool['database'] ?? null, user: pool['user'] ?? null, poolMode: pool['pool_mode'] ?? null, clientsActive: numberIn(pool, 'cl_active') ?? null, clientsWaiting: numberIn(pool, 'cl_waiting') ?? null,
          serversActive: numberIn(pool, 'sv_active') ?? null, serversIdle: numberIn(pool, 'sv_idle') ?? null, poolSize: sizeOf(pool) ?? null, usedPercent: usage(pool), waitSeconds: waitOf(pool),
        })),
      },
      {
        name: 'traffic', title: 'Traffic by database',
        columns: [
          column('database', 'Database'), column('transactions', 'Transactions', 'count'), column('queries', 'Queries', 'count'), column('queriesPerSecond', 'Queries a second', 'count'),
          column('averageQuerySeconds', 'Mean query', 'seconds'), column('averageTransactionSeconds', 'Mean transaction', 'seconds'), column('averageWaitSeconds', 'Mean wait', 'seconds'), column('totalWaitSeconds', 'Waited in all', 'seconds'),
        ],
        rows: stats.map((row): Readonly<Record<string, HealthValue>> => ({
          database: row['database'] ?? null, transactions: numberIn(row, 'total_xact_count') ?? null, queries: numberIn(row, 'total_query_count') ?? null, queriesPerSecond: numberIn(row, 'avg_query_count') ?? null,
          averageQuerySeconds: inSeconds(row, 'avg_query_time'), averageTransactionSeconds: inSeconds(row, 'avg_xact_time'), averageWaitSeconds: inSeconds(row, 'avg_wait_time'), totalWaitSeconds: inSeconds(row, 'total_wait_time'),
        })),
      },
    ],
    findings: [...pools.flatMap((pool) => judgePool(pool, sizeOf(pool), usage(pool), thresholds)), ...judgeDatabases(facts.databases), ...judgeClients(clients, maxClients, thresholds)],
  };
}

function judgePool(pool: PoolerRow, size: number | undefined, percent: number | null, thresholds: Thresholds): Finding[] {
  const subject = `${pool['database'] ?? ''} as ${pool['user'] ?? ''}`;
  const waiting = numberIn(pool, 'cl_waiting') ?? 0;
  const waited = waitOf(pool);
  const idle = numberIn(pool, 'sv_idle') ?? 0;
  const evidence = { clientsWaiting: waiting, waitSeconds: waited, serversActive: numberIn(pool, 'sv_active') ?? null, serversIdle: idle, poolSize: size ?? null };
  if (waiting > 0 && waited > thresholds.poolerWaitSeconds) {
    return [{
      id: 'pgbouncer-clients-wait', severity: waited > thresholds.poolerWaitCriticalSeconds ? 'critical' : 'warning', subject, evidence,
      message: `${plural(waiting, 'client waits', 'clients wait')} for a server connection of the pool ${subject}, the first for ${renderSeconds(waited)}.`,
      recommendation: 'Either transactions are too long (look for sessions idle in a transaction and slow statements: the check connections), or the server does not answer, or the pool is too small for it.',
    }];
  }
  if (percent === null || percent <= thresholds.poolWarning) return [];
  return [{
    id: 'pgbouncer-pool-usage', severity: percent > thresholds.poolCritical ? 'critical' : 'warning', subject, evidence: { ...evidence, usedPercent: percent },
    message: `${renderPercent(percent)} of the pool ${subject} (${plural(size ?? 0, 'connection')}) are at work; clients wait when it is full.`,
    recommendation: 'Shorten transactions first. A larger pool helps only while the server has cores and disks idle.',
  }];
}

function judgeDatabases(databases: readonly PoolerRow[]): Finding[] {
  return databases.flatMap((row): Finding[] => (['paused', 'disabled'] as const).flatMap((state) => (row[state] === '1' && !isConsole(row)
    ? [{ id: `pgbouncer-${state}`, severity: 'warning', subject: `database ${row['name'] ?? ''}`, evidence: { database: row['name'] ?? null }, message: `The database ${row['name'] ?? ''} is ${state}: ${state === 'paused' ? 'its clients wait' : 'new clients are refused'}.`, statement: `${state === 'paused' ? 'RESUME' : 'ENABLE'} ${row['name'] ?? ''};` }]
    : [])));
}

function judgeClients(clients: number | undefined, limit: number | undefined, thresholds: Thresholds): Finding[] {
  const percent = clients === undefined || limit === undefined ? null : percentOf(clients, limit);
  if (percent === null || percent <= thresholds.poolWarning) return [];
  return [{
    id: 'pgbouncer-clients', severity: percent > thresholds.poolCritical ? 'critical' : 'warning', subject: 'max_client_conn', evidence: { clients: clients ?? null, maxClients: limit ?? null },
    message: `${renderPercent(percent)} of max_client_conn (${renderNumber(limit ?? 0)}) is in use; beyond it clients are refused.`, recommendation: 'Raise max_client_conn: clients cost PgBouncer little (and a file descriptor each).',
  }];
}
