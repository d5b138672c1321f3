import { quoteIdentifier } from '../sql/names';
import type { CheckOutcome, HealthFinding, HealthServer } from './model';
import { endOf, findPeriod, parseBound, renderTime, type Bound, type Period } from './partitionBounds';
import { findGaps, type MissingPartition } from './partitionGaps';
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

export interface PartitionFacts {
  readonly tables: readonly PartitionedTable[];
  readonly partitions: readonly Partition[];
  /** Names of relations in the schemas of the partitions, `schema.name`. */
  readonly names: ReadonlySet<string>;
}

export function judgePartitions(facts: PartitionFacts, server: Pick<HealthServer, 'now' | 'version'>, limits: Thresholds): CheckOutcome {
  const { tables, partitions } = facts;
  const now = Date.parse(server.now);
  const looks = tables.map((table) => lookAt(table, facts, now, server, limits));
  return {
    figures: [
      figure('tables', 'Partitioned tables', 'count', tables.length), figure('partitions', 'Partitions', 'count', partitions.length), figure('bytes', 'Size', 'bytes', partitions.reduce((sum, { bytes }) => sum + bytes, 0)),
      figure('rowsInDefault', 'Rows in default partitions', 'count', partitions.filter(isDefault).reduce((sum, { rows }) => sum + rows, 0)), figure('missing', 'Missing now and ahead', 'count', looks.reduce((sum, { missing }) => sum + missing, 0)), figure('gaps', 'Missing in the past', 'count', looks.reduce((sum, { gaps }) => sum + gaps, 0)),
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
  readonly gaps: number;
  readonly findings: readonly Finding[];
}

const isDefault = ({ bound }: Partition): boolean => bound === 'DEFAULT';

const hasDates = (table: PartitionedTable): boolean => table.strategy === 'range' && DATES.test(table.type ?? '');

function lookAt(table: PartitionedTable, { tables, partitions, names }: PartitionFacts, now: number, server: Pick<HealthServer, 'version'>, limits: Thresholds): Look {
  const own = partitions.filter(({ parent }) => parent === table.oid);
  const fallback = own.find(isDefault);
  const dated = hasDates(table) ? own.flatMap((p): readonly Dated[] => {
    const range = parseBound(p.bound);
    return range ? [{ ...p, range }] : [];
  }).sort((a, b) => a.range.from - b.range.from) : [];
  const period = findPeriod(dated.map(({ range }) => range));
  const newest = dated.filter(({ range }) => Number.isFinite(range.to)).at(-1);
  const until = dated.some(({ range }) => range.to === Infinity) ? undefined : newest?.range.to;
  // A bound that is not understood may be what fills a gap.
  const whole = dated.length > 0 && dated.length === own.filter((p) => !isDefault(p)).length;
  const schema = newest?.schema ?? table.schema;
  const found = !whole ? [] : findGaps({
    table: table.name, dated, period, now, ahead: limits.partitionsAhead, within: boundOf(table, tables, partitions),
    taken: new Set([...names].flatMap((name) => (name.startsWith(`${schema}.`) ? [name.slice(schema.length + 1)] : []))),
  });
  const ending = until === undefined ? Infinity : until;
  // What lacks from the newest partition on lacks as one piece, also where it began long ago.
  const past = found.filter(({ from, to }) => to <= now && from < ending);
  const next = found.filter((m) => !past.includes(m));
  const oldest = dated.find(({ range }) => Number.isFinite(range.from));
  const create = (m: MissingPartition): string => createPartition(table, m, schema, tables.find(({ name, schema: of }) => name === newest?.name && of === newest.schema));
  return {
    table, own, ...(period ? { period } : {}), ...(until === undefined ? {} : { until }), ...(oldest ? { oldest } : {}), missing: next.length, gaps: past.length,
    findings: [
      ...(fallback && fallback.rows > 0 ? [tellDefault(table, fallback, period)] : []),
      ...(next.length > 0 ? [tellMissing(table, next, { period, until, now, fallback: fallback !== undefined, create })] : whole && until !== undefined && until <= now && !period && isReached(table, tables, partitions, now) ? [tellEnded(table, until, fallback !== undefined)] : []),
      ...(past.length > 0 ? [tellGaps(table, past, fallback !== undefined, create)] : []),
      ...(limits.partitionRetentionDays > 0 ? tellOld(table, own, dated, now, limits, server) : []),
      ...(own.length === 0 ? [{ id: 'no-partitions', severity: 'warning' as const, subject: qualified(table.schema, table.name), message: `${qualified(table.schema, table.name)} is partitioned by ${table.key} and has no partition: every INSERT fails.`, evidence: {} }] : []),
    ],
  };
}

/** The bound of a partitioned table that is itself a partition by the same column of dates. */
function boundOf(table: PartitionedTable, tables: readonly PartitionedTable[], partitions: readonly Partition[]): Bound | undefined {
  const self = partitions.find(({ schema, name }) => schema === table.schema && name === table.name);
  const parent = self && tables.find(({ oid }) => oid === self.parent);
  return self && parent && hasDates(parent) && parent.column === table.column ? parseBound(self.bound) : undefined;
}

/** Do rows of now reach it? */
function isReached(table: PartitionedTable, tables: readonly PartitionedTable[], partitions: readonly Partition[], now: number): boolean {
  const within = boundOf(table, tables, partitions);
  return within === undefined || (within.from <= now && now < within.to);
}

/** @param like the newest partition, where it is partitioned itself: the new ones are too */
const createPartition = (table: PartitionedTable, { from, to, name }: MissingPartition, schema: string, like: PartitionedTable | undefined): string =>
  `CREATE TABLE ${qualified(schema, name)} PARTITION OF ${qualified(table.schema, table.name)} FOR VALUES FROM (${renderTime(from, table.type ?? '')}) TO (${renderTime(to, table.type ?? '')})${like ? ` PARTITION BY ${like.key}; -- and then its own partitions` : ';'}`;

interface Missing {
  readonly period: Period | undefined;
  readonly until: number | undefined;
  readonly now: number;
  readonly fallback: boolean;
  create(missing: MissingPartition): string;
}

const SHOWN = 12;
const statementsOf = (missing: readonly MissingPartition[], create: Missing['create']): string => missing.slice(0, SHOWN).map(create).join('\n') + (missing.length > SHOWN ? `\n-- and ${missing.length - SHOWN} more` : '');
const noPartitionToday = (name: string, fallback: boolean): string => `${name}; ${fallback ? 'rows go into the default partition' : 'INSERTs fail'}.`;

function tellMissing(table: PartitionedTable, next: readonly MissingPartition[], { period, until, now, fallback, create }: Missing): Finding {
  const name = qualified(table.schema, table.name);
  const start = Math.min(...next.map(({ from }) => from));
  const current = next.find(({ from, to }) => from <= now && now < to);
  const ended = until !== undefined && until <= now;
  const soon = period !== undefined && start <= endOf(now, period);
  const of = period ? ` (each of a ${describePeriod(period)})` : '';
  return {
    id: 'missing-partition', severity: current && !fallback ? 'critical' : current || soon ? 'warning' : 'info', subject: name,
    message: current ? noPartitionToday(`${name} has no partition for today: ${ended && until !== undefined ? `they end on ${day(until)}` : `${day(current.from)} to ${day(current.to)} is left out`}`, fallback)
      : until !== undefined && start >= until ? `The partitions of ${name} end on ${day(until)}; ${next.length} more${of} ${next.length === 1 ? 'is' : 'are'} due.` : `The partitions of ${name} leave out a time that comes, from ${day(start)} on; ${next.length} more${of} ${next.length === 1 ? 'is' : 'are'} due.`,
    evidence: { from: new Date(start).toISOString(), ...(until === undefined ? {} : { until: new Date(until).toISOString() }), ...(period ? { period: describePeriod(period) } : {}), missing: next.length, hasDefault: fallback },
    recommendation: `Let a job create them ahead of time (pg_partman, pg_cron).${fallback ? ' With rows of those periods in the default partition these statements fail: move them first.' : ''}`, statement: statementsOf(next, create),
  };
}

/** Rows of the past come late, in imports and back-fills. */
function tellGaps(table: PartitionedTable, past: readonly MissingPartition[], fallback: boolean, create: Missing['create']): Finding {
  const name = qualified(table.schema, table.name);
  const [first] = past;
  return {
    id: 'partition-gap', severity: 'info', subject: name, message: `Between the partitions of ${name} ${past.length === 1 ? 'one is' : `${past.length} are`} missing${first ? `, ${past.length === 1 ? '' : 'the first '}from ${day(first.from)} to ${day(first.to)}` : ''}: rows of that time ${fallback ? 'go into the default partition' : 'are refused'}.`,
    evidence: { missing: past.length, hasDefault: fallback }, recommendation: `Where they were dropped on purpose, nothing is to be done.${fallback ? ' With rows of that time in the default partition these statements fail: move them first.' : ''}`, statement: statementsOf(past, create),
  };
}

const tellEnded = (table: PartitionedTable, until: number, fallback: boolean): Finding => ({
  id: 'missing-partition', severity: fallback ? 'warning' : 'critical', subject: qualified(table.schema, table.name), message: noPartitionToday(`${qualified(table.schema, table.name)} has no partition for today: they end on ${day(until)}`, fallback),
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
