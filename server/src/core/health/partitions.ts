import { quoteIdentifier } from '../sql/names';
import type { CheckOutcome, HealthFinding, HealthServer } from './model';
import { endOf, findPeriod, nameLike, newName, parseBound, renderTime, type Bound, type Period } from './partitionBounds';
import type { Thresholds } from './thresholds';
import { column, figure, plural, qualified, renderBytes } from './values';

export interface PartitionedTable {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly strategy: 'range' | 'list' | 'hash';
  readonly key: string;
  /** Of a key of one column. */
  readonly column?: string;
  readonly type?: string;
}

export interface Partition {
  /** OID of its table. */
  readonly parent: string;
  readonly schema: string;
  readonly name: string;
  readonly bound: string;
  readonly bytes: number;
  readonly rows: number;
}

type Finding = Omit<HealthFinding, 'check'>;
type Dated = Partition & { readonly range: Bound };

const DAY = 86_400_000;
const DATES = /^(date|timestamp with(out)? time zone)$/;

export function judgePartitions(tables: readonly PartitionedTable[], partitions: readonly Partition[], server: Pick<HealthServer, 'now' | 'version'>, limits: Thresholds): CheckOutcome {
  const now = Date.parse(server.now);
  const looks = tables.map((table) => lookAt(table, partitions.filter(({ parent }) => parent === table.oid), now, server, limits));
  return {
    figures: [
      figure('tables', 'Partitioned tables', 'count', tables.length), figure('partitions', 'Partitions', 'count', partitions.length), figure('bytes', 'Size', 'bytes', partitions.reduce((sum, { bytes }) => sum + bytes, 0)),
      figure('rowsInDefault', 'Rows in default partitions', 'count', partitions.filter(isDefault).reduce((sum, { rows }) => sum + rows, 0)), figure('missing', 'Missing ahead', 'count', looks.reduce((sum, { missing }) => sum + missing, 0)),
    ],
    tables: [
      {
        name: 'partitioned', title: 'Partitioned tables', columns: [column('table', 'Table'), column('key', 'By'), column('partitions', 'Partitions', 'count'), column('bytes', 'Size', 'bytes'), column('period', 'Period'), column('until', 'Until', 'date'), column('archive', 'To archive the oldest')],
        rows: looks.map(({ table, own, period, until, oldest }) => ({ table: qualified(table.schema, table.name), key: table.key, partitions: own.length, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0), period: period ? describePeriod(period) : null, until: until === undefined ? null : new Date(until).toISOString(), archive: oldest ? detach(table, oldest, own, server) : null })),
      },
      { name: 'partitions', title: 'Partitions', columns: [column('table', 'Table'), column('partition', 'Partition'), column('bound', 'Bounds'), column('rows', 'Rows', 'count'), column('bytes', 'Size', 'bytes')], rows: looks.flatMap(({ table, own }) => own.map((p) => ({ table: qualified(table.schema, table.name), partition: qualified(p.schema, p.name), bound: p.bound.replace(/^FOR VALUES /, ''), rows: Math.max(0, Math.round(p.rows)), bytes: p.bytes }))) },
    ],
    findings: looks.flatMap(({ findings }) => findings),
  };
}

interface Look {
  readonly table: PartitionedTable;
  readonly own: readonly Partition[];
  readonly period?: Period;
  readonly until?: number;
  readonly oldest?: Dated;
  readonly missing: number;
  readonly findings: readonly Finding[];
}

const isDefault = ({ bound }: Partition): boolean => bound === 'DEFAULT';

function lookAt(table: PartitionedTable, own: readonly Partition[], now: number, server: Pick<HealthServer, 'version'>, limits: Thresholds): Look {
  const fallback = own.find(isDefault);
  const dated = table.strategy === 'range' && DATES.test(table.type ?? '') ? own.flatMap((p): readonly Dated[] => {
    const range = parseBound(p.bound);
    return range ? [{ ...p, range }] : [];
  }).sort((a, b) => a.range.from - b.range.from) : [];
  const period = findPeriod(dated.map(({ range }) => range));
  const newest = dated.filter(({ range }) => Number.isFinite(range.to)).at(-1);
  const until = dated.some(({ range }) => range.to === Infinity) ? undefined : newest?.range.to;
  const next = period && newest && until !== undefined ? collectMissing(table, newest, dated, period, now, limits.partitionsAhead, new Set(own.map(({ name }) => name))) : [];
  const oldest = dated.find(({ range }) => Number.isFinite(range.from));
  return {
    table, own, ...(period ? { period } : {}), ...(until === undefined ? {} : { until }), ...(oldest ? { oldest } : {}), missing: next.length,
    findings: [
      ...(fallback && fallback.rows > 0 ? [tellDefault(table, fallback, period)] : []),
      ...(next.length > 0 && period && until !== undefined ? [tellMissing(table, next, period, until, now, fallback !== undefined)] : until !== undefined && until <= now && !period ? [tellEnded(table, until, fallback !== undefined)] : []),
      ...(limits.partitionRetentionDays > 0 ? tellOld(table, own, dated, now, limits, server) : []),
      ...(own.length === 0 ? [{ id: 'no-partitions', severity: 'warning' as const, subject: qualified(table.schema, table.name), message: `${qualified(table.schema, table.name)} is partitioned by ${table.key} and has no partition: every INSERT fails.`, evidence: {} }] : []),
    ],
  };
}

interface NewPartition {
  readonly from: number;
  readonly to: number;
  readonly ddl: string;
}

/** Partitions that should exist for the periods after the current one, from the newest that exists on. */
function collectMissing(table: PartitionedTable, newest: Dated, dated: readonly Dated[], period: Period, now: number, ahead: number, taken: ReadonlySet<string>): readonly NewPartition[] {
  const missing: NewPartition[] = [];
  // The end of as many whole periods beyond the current one.
  let needed = dated.filter(({ range }) => Number.isFinite(range.from) && range.from <= now).at(-1)?.range.from ?? newest.range.from;
  while (needed <= now) needed = endOf(needed, period);
  for (let i = 0; i < ahead; i++) needed = endOf(needed, period);
  for (let from = newest.range.to; from < needed && missing.length < 400; from = endOf(from, period)) {
    const to = endOf(from, period);
    const like = nameLike(newest.name, newest.range.from, from);
    const name = like !== undefined && !taken.has(like) ? like : newName(table.name, from, period);
    missing.push({ from, to, ddl: `CREATE TABLE ${qualified(newest.schema, name)} PARTITION OF ${qualified(table.schema, table.name)} FOR VALUES FROM (${renderTime(from, table.type ?? '')}) TO (${renderTime(to, table.type ?? '')});` });
  }
  return missing;
}

function tellMissing(table: PartitionedTable, next: readonly NewPartition[], period: Period, until: number, now: number, fallback: boolean): Finding {
  const name = qualified(table.schema, table.name);
  const ended = until <= now;
  const soon = until <= endOf(now, period);
  return {
    id: 'missing-partition', severity: ended && !fallback ? 'critical' : ended || soon ? 'warning' : 'info', subject: name,
    message: ended ? `${name} has no partition for today: they end on ${day(until)}${fallback ? '; rows go into the default partition' : ', and INSERTs fail'}.` : `The partitions of ${name} end on ${day(until)}; ${next.length} more (each of a ${describePeriod(period)}) ${next.length === 1 ? 'is' : 'are'} due.`,
    evidence: { until: new Date(until).toISOString(), period: describePeriod(period), missing: next.length, hasDefault: fallback },
    recommendation: `Let a job create them ahead of time (pg_partman, pg_cron).${fallback ? ' With rows of those periods in the default partition these statements fail: move them first.' : ''}`, statement: next.slice(0, 12).map(({ ddl }) => ddl).join('\n') + (next.length > 12 ? `\n-- and ${next.length - 12} more` : ''),
  };
}

const tellEnded = (table: PartitionedTable, until: number, fallback: boolean): Finding => ({
  id: 'missing-partition', severity: fallback ? 'warning' : 'critical', subject: qualified(table.schema, table.name), message: `${qualified(table.schema, table.name)} has no partition for today: they end on ${day(until)}${fallback ? '; rows go into the default partition' : ', and INSERTs fail'}.`,
  evidence: { until: new Date(until).toISOString(), hasDefault: fallback }, recommendation: 'Its partitions follow no period in UTC that the last ones share; write the next ones as those before.',
});

function tellDefault(table: PartitionedTable, fallback: Partition, period: Period | undefined): Finding {
  const name = qualified(table.schema, table.name);
  const other = qualified(fallback.schema, fallback.name);
  const key = table.column === undefined ? 'key' : quoteIdentifier(table.column);
  const [from, to] = ['<from>', '<to>'];
  return {
    id: 'rows-in-default-partition', severity: 'warning', subject: other, message: `About ${plural(Math.round(fallback.rows), 'row')} of ${name} ${Math.round(fallback.rows) === 1 ? 'is' : 'are'} in its default partition ${other}.`,
    evidence: { rows: Math.round(fallback.rows), bytes: fallback.bytes }, recommendation: `Queries for other ranges read it too, and every new partition reads it whole under a lock. Move the rows range by range${period ? ` (${describePeriod(period)})` : ''}, each in one transaction:`,
    statement: table.strategy !== 'range' ? `SELECT ${key}, count(*) FROM ${other} GROUP BY 1 ORDER BY 2 DESC; -- the values that lack a partition`
      : [`SELECT min(${key}), max(${key}), count(*) FROM ${other}; -- the ranges that lack a partition`, 'BEGIN;', `ALTER TABLE ${name} DETACH PARTITION ${other};`, `CREATE TABLE <new partition> PARTITION OF ${name} FOR VALUES FROM (${from}) TO (${to});`,
        `WITH moved AS (DELETE FROM ${other} WHERE ${key} >= ${from} AND ${key} < ${to} RETURNING *) INSERT INTO ${name} SELECT * FROM moved;`, `ALTER TABLE ${name} ATTACH PARTITION ${other} DEFAULT;`, 'COMMIT;'].join('\n'),
  };
}

function tellOld(table: PartitionedTable, own: readonly Partition[], dated: readonly Dated[], now: number, limits: Thresholds, server: Pick<HealthServer, 'version'>): readonly Finding[] {
  const old = dated.filter(({ range }) => Number.isFinite(range.from) && range.to < now - limits.partitionRetentionDays * DAY);
  if (old.length === 0) return [];
  const name = qualified(table.schema, table.name);
  return [{
    id: 'old-partitions', severity: 'info', subject: name, message: `${plural(old.length, 'partition')} of ${name} ended more than ${limits.partitionRetentionDays} days ago (${renderBytes(old.reduce((sum, { bytes }) => sum + bytes, 0))}).`,
    evidence: { partitions: old.map((p) => qualified(p.schema, p.name)), bytes: old.reduce((sum, { bytes }) => sum + bytes, 0) }, recommendation: 'Detach, dump (pg_dump -t), then drop. DETACH … CONCURRENTLY lets queries go on (14 and later, without a default partition, outside a transaction).',
    statement: old.slice(0, 12).map((p) => detach(table, p, own, server)).join('\n'),
  }];
}

const detach = (table: PartitionedTable, p: Partition, own: readonly Partition[], { version }: Pick<HealthServer, 'version'>): string =>
  `ALTER TABLE ${qualified(table.schema, table.name)} DETACH PARTITION ${qualified(p.schema, p.name)}${version >= 140000 && !own.some(isDefault) ? ' CONCURRENTLY' : ''}; -- then dump it, and DROP TABLE ${qualified(p.schema, p.name)};`;

const describePeriod = ({ unit, count }: Period): string => (count === 1 ? unit.slice(0, -1) : unit === 'days' && count === 7 ? 'week' : unit === 'months' && count === 3 ? 'quarter' : unit === 'months' && count === 12 ? 'year' : `${count} ${unit}`);
const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
