import { quoteIdentifier } from '../sql/names';
import { renderIndexWork } from './indexWork';
import type { CheckOutcome, HealthFinding, HealthServer, HealthTable } from './model';
import { judgeMissing, type MissingIndex, type SequentialScans, type UnindexedKey } from './missingIndexes';
import type { Thresholds } from './thresholds';
import { column, figure, plural, qualified, renderBytes, renderNumber, renderSeconds } from './values';

/** An index as the server describes and counts it. */
export interface HealthIndex {
  readonly oid: string;
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  /** Of a partitioned table: it has no storage, its children have. */
  readonly partitioned: boolean;
  readonly method: string;
  /** Empty where its table is locked, or where there are very many indexes and nothing is told of this one. */
  readonly definition: string;
  readonly primary: boolean;
  readonly unique: boolean;
  readonly exclusion: boolean;
  /** Replica identity, or the order of CLUSTER. */
  readonly marked: boolean;
  readonly valid: boolean;
  /** Constraint that owns it. */
  readonly constraint?: string;
  /** A foreign key points at it. */
  readonly referenced: boolean;
  /** OID of the partitioned index that it belongs to. */
  readonly parent?: string;
  readonly keyCount: number;
  readonly columnCount: number;
  /** Space-separated lists as in pg_index, one entry for each column. */
  readonly keys: string;
  readonly classes: string;
  readonly collations: string;
  readonly options: string;
  readonly expressions: string;
  readonly predicate: string;
  readonly nullsNotDistinct: boolean;
  readonly bytes: number;
  readonly scans: number;
  /** ISO; PostgreSQL 16. */
  readonly lastScan?: string;
  readonly tableRows: number;
  /** Rows written to its table that write to every index. */
  readonly writes: number;
  readonly building: boolean | 'unknown';
  /** Foreign keys that it serves: `orders_customer_fkey`. */
  readonly servesKeys: readonly string[];
}

/** A B-tree with the size that its entries need. */
export interface IndexBloat {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly bytes: number;
  /** Share of it that is not needed, in percent. */
  readonly percent: number;
  readonly measured: boolean;
}

export interface IndexFacts {
  readonly indexes: readonly HealthIndex[];
  readonly bloat: readonly IndexBloat[];
  readonly scans: readonly SequentialScans[];
  readonly unindexedKeys: readonly UnindexedKey[];
}

type Finding = Omit<HealthFinding, 'check'>;

/** Tables below this many rows are read whole whatever indexes they have. */
export const SMALL_TABLE = 1000;
/** Findings of one kind that are told one by one; the lists hold all. */
const MOST = 25;

export function judgeIndexes(facts: IndexFacts, server: HealthServer, limits: Thresholds): CheckOutcome {
  const { indexes, duplicates, doubled, redundant, unused, told } = judgeUse(facts.indexes, limits);
  const invalid = indexes.filter((index) => !index.valid && index.building !== true);
  const large = indexes.filter((index) => index.bytes > limits.indexSizeReviewMegabytes * 1024 * 1024 && !index.partitioned).sort((a, b) => b.bytes - a.bytes);
  const bloated = facts.bloat.filter((b) => b.percent > limits.bloatPercent && (b.bytes * b.percent) / 100 > limits.bloatMegabytes * 1024 * 1024).sort((a, b) => b.bytes * b.percent - a.bytes * a.percent);
  const missing = judgeMissing(facts, server, limits);
  const findings: readonly Finding[] = [
    ...invalid.map(tellInvalid), ...duplicates.flatMap(tellDuplicate), ...redundant.map(tellRedundant), ...told.slice(0, MOST).map((index) => tellUnused(index, server, limits)),
    ...bloated.slice(0, MOST).map(tellBloated), ...missing.findings.slice(0, MOST), ...tellLarge(large, limits),
  ];
  const wasted = told.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    figures: [
      figure('indexes', 'Indexes', 'count', indexes.length), figure('bytes', 'Size', 'bytes', indexes.filter((i) => i.parent === undefined).reduce((sum, { bytes }) => sum + bytes, 0)),
      figure('unused', 'Unused', 'count', unused.length), figure('unusedBytes', 'Size of those on tables that are not small', 'bytes', wasted), figure('missing', 'Missing', 'count', missing.indexes.length),
      figure('duplicates', 'Duplicate', 'count', doubled.size), figure('redundant', 'Prefix of another', 'count', redundant.length), figure('invalid', 'Invalid', 'count', invalid.length), figure('bloated', 'Bloated', 'count', bloated.length),
      figure('tables', 'Tables looked at', 'count', new Set(facts.scans.map(({ schema, table }) => `${schema}.${table}`)).size), figure('counted', 'Counted for', 'seconds', server.statsSeconds),
    ],
    tables: toTables({ indexes, unused, large, bloated, duplicates, redundant, missing: missing.indexes, scans: facts.scans }),
    findings,
  };
}

interface Use {
  /** With what their partitions count. */
  readonly indexes: readonly HealthIndex[];
  readonly duplicates: readonly Duplicates[];
  /** OIDs of those that a twin replaces. */
  readonly doubled: ReadonlySet<string>;
  readonly redundant: readonly Redundant[];
  readonly unused: readonly HealthIndex[];
  /** Unused ones on tables that are not small, which no other reason to drop them names; the largest first. */
  readonly told: readonly HealthIndex[];
}

function judgeUse(all: readonly HealthIndex[], limits: Thresholds): Use {
  const indexes = sumUpPartitions(all);
  const duplicates = findDuplicates(indexes.filter((index) => index.valid));
  const doubled = new Set(duplicates.flatMap(({ drop }) => drop.map(({ oid }) => oid)));
  const redundant = findRedundant(indexes.filter((index) => index.valid && !doubled.has(index.oid)));
  const named = new Set([...doubled, ...redundant.map(({ index }) => index.oid)]);
  const unused = indexes.filter((index) => isUnused(index, limits));
  // What another index is dropped in favour of stays, whoever used it so far.
  const needed = new Set([...duplicates.map(({ keep }) => keep.oid), ...redundant.map(({ coveredBy }) => coveredBy.oid)]);
  const told = unused.filter((index) => !named.has(index.oid) && !needed.has(index.oid) && index.tableRows >= SMALL_TABLE).sort((a, b) => b.bytes - a.bytes);
  return { indexes, duplicates, doubled, redundant, unused, told };
}

/** How long and where scans were counted. */
export type CountedScans = Pick<HealthServer, 'standby' | 'replicas' | 'statsSeconds'>;

const isYoung = ({ statsSeconds }: CountedScans, limits: Thresholds): boolean => statsSeconds < limits.unusedIndexDays * 86_400;

/** Can unused indexes be told at all: has this server alone run the queries, for long enough? */
export const isCountedWhole = (server: CountedScans, limits: Thresholds): boolean => !server.standby && server.replicas === 0 && !isYoung(server, limits);

/** Indexes that nothing would miss by all that the server counted: as a check warns of them, without a doubt. */
export const findUnused = (all: readonly HealthIndex[], server: CountedScans, limits: Thresholds): readonly HealthIndex[] =>
  isCountedWhole(server, limits) ? judgeUse(all, limits).told.filter((index) => !isDoubtful(index)) : [];

/** It may serve without being scanned: its expression has statistics, a DELETE in a referenced table would look for a key. */
const isDoubtful = (index: HealthIndex): boolean => index.expressions !== '' || index.servesKeys.length > 0;

/** An index of a partitioned table stands for its children: their scans and sizes added up. */
function sumUpPartitions(indexes: readonly HealthIndex[]): readonly HealthIndex[] {
  const children = new Map<string, HealthIndex[]>();
  for (const index of indexes) if (index.parent !== undefined) children.set(index.parent, [...(children.get(index.parent) ?? []), index]);
  const sum = (index: HealthIndex): HealthIndex => {
    const own = (children.get(index.oid) ?? []).map(sum);
    if (own.length === 0) return index;
    const add = (of: (child: HealthIndex) => number): number => own.reduce((total, child) => total + of(child), 0);
    const lastScan = own.flatMap((child) => child.lastScan ?? []).sort().at(-1);
    return { ...index, scans: add((c) => c.scans), bytes: add((c) => c.bytes), tableRows: add((c) => c.tableRows), writes: add((c) => c.writes), ...(lastScan === undefined ? {} : { lastScan }) };
  };
  return indexes.map(sum);
}

/** Nothing but searches would miss it, and the server counted none. A partition's index is judged with its parent. */
const isUnused = (index: HealthIndex, limits: Thresholds): boolean =>
  index.valid && index.parent === undefined && index.scans <= limits.unusedIndexScans && !index.unique && !index.exclusion && !index.marked && index.constraint === undefined && !index.referenced;

/** Can it be dropped by itself, without a constraint, a replica identity or a partitioned index in the way? */
const isFree = (index: HealthIndex): boolean => index.constraint === undefined && !index.marked && !index.referenced && index.parent === undefined;

export interface Duplicates {
  readonly keep: HealthIndex;
  readonly drop: readonly HealthIndex[];
}

function findDuplicates(indexes: readonly HealthIndex[]): readonly Duplicates[] {
  const groups = new Map<string, HealthIndex[]>();
  for (const index of indexes) {
    const signature = [index.schema, index.table, index.method, index.keyCount, index.keys, index.classes, index.collations, index.options, index.expressions, index.predicate].join('\u0000');
    groups.set(signature, [...(groups.get(signature) ?? []), index]);
  }
  return [...groups.values()].flatMap((group): readonly Duplicates[] => {
    const [keep, ...others] = [...group].sort((a, b) => rank(b) - rank(a) || b.scans - a.scans || Number(a.oid) - Number(b.oid));
    // A unique index forbids more than its twin: only another that forbids the same replaces it.
    const drop = others.filter((index) => isFree(index) && (!index.unique || (keep?.unique === true && (!keep.nullsNotDistinct ? !index.nullsNotDistinct : true))));
    return keep && drop.length > 0 ? [{ keep, drop }] : [];
  });
}

const rank = (index: HealthIndex): number => (index.primary ? 16 : 0) + (index.referenced ? 8 : 0) + (index.constraint !== undefined ? 4 : 0) + (index.parent !== undefined || index.marked ? 2 : 0) + (index.unique ? 1 : 0);

interface Redundant {
  readonly index: HealthIndex;
  readonly coveredBy: HealthIndex;
}

function findRedundant(indexes: readonly HealthIndex[]): readonly Redundant[] {
  const byTable = new Map<string, HealthIndex[]>();
  for (const index of indexes) if (index.method === 'btree' && index.expressions === '') byTable.set(`${index.schema}.${index.table}`, [...(byTable.get(`${index.schema}.${index.table}`) ?? []), index]);
  return [...byTable.values()].flatMap((group) => group.filter((index) => !index.unique && isFree(index) && index.columnCount === index.keyCount).flatMap((index): readonly Redundant[] => {
    const coveredBy = group.filter((other) => other.keyCount > index.keyCount && other.predicate === index.predicate && startsWith(other, index)).sort((a, b) => a.bytes - b.bytes)[0];
    return coveredBy ? [{ index, coveredBy }] : [];
  }));
}

const startsWith = (longer: HealthIndex, shorter: HealthIndex): boolean =>
  (['keys', 'classes', 'collations', 'options'] as const).every((part) => {
    const [a, b] = [longer[part].split(' '), shorter[part].split(' ')];
    return b.slice(0, shorter.keyCount).every((value, i) => value === a[i]);
  });

const nameOf = (index: Pick<HealthIndex, 'schema' | 'name'>): string => qualified(index.schema, index.name);
const tableName = (index: Pick<HealthIndex, 'schema' | 'table'>): string => qualified(index.schema, index.table);

/** CONCURRENTLY blocks nobody; a partitioned index has to go without, and takes its children along. */
const dropIndex = (index: HealthIndex): string => (index.partitioned ? `DROP INDEX ${nameOf(index)}; -- locks the table and its partitions for a moment; CONCURRENTLY is not possible here` : `DROP INDEX CONCURRENTLY ${nameOf(index)};`);

function tellUnused(index: HealthIndex, server: HealthServer, limits: Thresholds): Finding {
  const young = isYoung(server, limits);
  const expression = index.expressions !== '';
  const serves = index.servesKeys;
  const elsewhere = server.standby ? ' This is a standby: its primary counts its own scans.' : (server.replicas ?? 0) > 0 ? ` ${plural(server.replicas ?? 0, 'replica')} count${server.replicas === 1 ? 's' : ''} scans of their own: run this there too.` : '';
  return {
    id: 'unused-index', severity: young || isDoubtful(index) ? 'info' : 'warning', subject: nameOf(index),
    message: `${nameOf(index)} on ${tableName(index)} (${renderBytes(index.bytes)}) was ${index.scans === 0 ? 'never used' : `used ${plural(index.scans, 'time')}`} in ${renderSeconds(server.statsSeconds)}${index.writes > 0 ? `, and ${plural(index.writes, 'row')} were written to it` : ''}.`,
    evidence: { bytes: index.bytes, scans: index.scans, lastScan: index.lastScan ?? null, writes: index.writes, countedSeconds: server.statsSeconds, definition: index.definition, servesForeignKeys: serves },
    recommendation: `${young ? `The counters have been running for less than ${plural(limits.unusedIndexDays, 'day')}: look again later, a monthly job may need it.` : 'Every write to the table pays for it.'}${expression ? ' Its expression also feeds the planner statistics; plans of other queries may rest on them.' : ''}${serves.length > 0 ? ` It serves the foreign key ${serves.join(', ')}: without it, a DELETE in the referenced table reads this one whole.` : ''}${elsewhere}`,
    statement: `${dropIndex(index)}${index.definition === '' ? '' : `\n-- to bring it back: ${renderIndexWork(index.definition)}`}`,
  };
}

function tellInvalid(index: HealthIndex): Finding {
  const leftOver = /_cc(new|old)\d*$/.test(index.name);
  const name = nameOf(index);
  const base = { id: 'invalid-index', subject: name, evidence: { bytes: index.bytes, definition: index.definition, building: index.building === 'unknown' ? null : false } };
  if (index.partitioned) {
    return { ...base, severity: 'info', message: `${name} on the partitioned table ${tableName(index)} is not valid: at least one partition has no index of it.`, recommendation: `Create the index on each partition with CREATE INDEX CONCURRENTLY, then attach it: ALTER INDEX ${name} ATTACH PARTITION …` };
  }
  return {
    ...base, severity: 'warning', message: `${name} on ${tableName(index)} is invalid: no query uses it, every write pays for it (${renderBytes(index.bytes)})${index.unique ? ', and what it is to keep unique may hold duplicates' : ''}.`,
    recommendation: `${index.building === 'unknown' ? 'A CREATE INDEX of another role is running, perhaps of this one: wait for its end. ' : ''}${leftOver ? 'REINDEX CONCURRENTLY left it behind.' : `CREATE INDEX CONCURRENTLY failed half-way${index.unique ? ', probably on duplicate values: find them first' : ''}.`}`,
    statement: leftOver ? `DROP INDEX CONCURRENTLY ${name};` : `REINDEX INDEX CONCURRENTLY ${name};\n-- or, if it is not wanted: DROP INDEX CONCURRENTLY ${name};`,
  };
}

const tellDuplicate = ({ keep, drop }: Duplicates): readonly Finding[] => drop.map((index) => ({
  id: 'duplicate-index', severity: 'warning', subject: nameOf(index), message: `${nameOf(index)} on ${tableName(index)} (${renderBytes(index.bytes)}) is the same as ${nameOf(keep)}.`,
  evidence: { bytes: index.bytes, scans: index.scans, keep: nameOf(keep), keepScans: keep.scans, definition: index.definition },
  recommendation: `Every search that uses one can use the other${keep.constraint === undefined ? '' : `; ${nameOf(keep)} belongs to the constraint ${quoteIdentifier(keep.constraint)} and stays`}.`, statement: dropIndex(index),
}));

const tellRedundant = ({ index, coveredBy }: Redundant): Finding => ({
  id: 'redundant-index', severity: coveredBy.bytes > 3 * index.bytes && index.bytes > 0 ? 'info' : 'warning', subject: nameOf(index),
  message: `${nameOf(index)} on ${tableName(index)} (${renderBytes(index.bytes)}) is a prefix of ${nameOf(coveredBy)}.`,
  evidence: { bytes: index.bytes, scans: index.scans, coveredBy: nameOf(coveredBy), coveredByBytes: coveredBy.bytes, definition: index.definition },
  recommendation: `${index.scans === 0 ? 'Searches' : `Its ${plural(index.scans, 'scan')}`} would go to ${nameOf(coveredBy)} (${renderBytes(coveredBy.bytes)})${coveredBy.bytes > 3 * index.bytes ? '; that one is much larger, so keep the small one if it is scanned widely' : ''}.`, statement: dropIndex(index),
});

const tellBloated = ({ schema, table, name, bytes, percent, measured }: IndexBloat): Finding => ({
  id: 'index-bloat', severity: 'warning', subject: qualified(schema, name), message: `About ${percent} % of ${qualified(schema, name)} on ${qualified(schema, table)} (${renderBytes(bytes)}) is empty space (${measured ? 'measured' : 'estimated from the statistics'}).`,
  evidence: { bytes, percent, wastedBytes: Math.round((bytes * percent) / 100), measured }, recommendation: `Rebuilding it gives back about ${renderBytes((bytes * percent) / 100)}; it needs the room for a second copy meanwhile.${measured ? '' : ' With pgstattuple installed, --measure-bloat measures instead.'}`,
  statement: `REINDEX INDEX CONCURRENTLY ${qualified(schema, name)};`,
});

const tellLarge = (large: readonly HealthIndex[], limits: Thresholds): readonly Finding[] => large.length === 0 ? [] : [{
  id: 'large-indexes', severity: 'info', subject: plural(large.length, 'index', 'indexes'), message: `${plural(large.length, 'index is', 'indexes are')} larger than ${renderNumber(limits.indexSizeReviewMegabytes)} MB (${renderBytes(large.reduce((sum, { bytes }) => sum + bytes, 0))} together).`,
  evidence: { indexes: large.slice(0, 20).map((index) => `${nameOf(index)}: ${renderBytes(index.bytes)}`) }, recommendation: 'Review whether each is worth its size: fewer columns, a partial index, BRIN for append-only time columns.',
}];

interface Lists {
  readonly indexes: readonly HealthIndex[];
  readonly unused: readonly HealthIndex[];
  readonly large: readonly HealthIndex[];
  readonly bloated: readonly IndexBloat[];
  readonly duplicates: readonly Duplicates[];
  readonly redundant: readonly Redundant[];
  readonly missing: readonly MissingIndex[];
  readonly scans: readonly SequentialScans[];
}

function toTables({ indexes, unused, bloated, duplicates, redundant, missing, scans }: Lists): readonly HealthTable[] {
  const where = [column('index', 'Index'), column('table', 'Table')];
  return [
    { name: 'missing', title: 'Missing', columns: [column('priority', 'Priority'), column('table', 'Table'), column('columns', 'Columns'), column('reason', 'Reason')], rows: missing.map((m) => ({ ...m })) },
    { name: 'unused', title: 'Never used', columns: [...where, column('bytes', 'Size', 'bytes'), column('tableRows', 'Rows of the table', 'count'), column('scans', 'Scans', 'count'), column('lastScan', 'Last', 'date')], rows: [...unused].sort((a, b) => b.bytes - a.bytes).map((i) => ({ index: nameOf(i), table: tableName(i), bytes: i.bytes, tableRows: Math.round(i.tableRows), scans: i.scans, lastScan: i.lastScan ?? null, definition: i.definition || null })) },
    { name: 'duplicates', title: 'Duplicates', columns: [column('index', 'Index'), column('keep', 'Same as'), column('bytes', 'Size', 'bytes')], rows: duplicates.flatMap(({ keep, drop }) => drop.map((i) => ({ index: nameOf(i), table: tableName(i), keep: nameOf(keep), bytes: i.bytes }))) },
    { name: 'redundant', title: 'Prefixes of another', columns: [column('index', 'Index'), column('coveredBy', 'Prefix of'), column('bytes', 'Size', 'bytes'), column('scans', 'Scans', 'count')], rows: redundant.map(({ index: i, coveredBy }) => ({ index: nameOf(i), table: tableName(i), coveredBy: nameOf(coveredBy), bytes: i.bytes, scans: i.scans })) },
    { name: 'bloated', title: 'Bloated', columns: [...where, column('bytes', 'Size', 'bytes'), column('percent', 'Empty', 'percent'), column('measured', 'Measured', 'flag')], rows: bloated.map((b) => ({ index: qualified(b.schema, b.name), table: qualified(b.schema, b.table), bytes: b.bytes, percent: b.percent, measured: b.measured })) },
    {
      name: 'existing', title: 'Largest', columns: [...where, column('bytes', 'Size', 'bytes'), column('scans', 'Scans', 'count'), column('kind', 'Kind')],
      rows: [...indexes].sort((a, b) => b.bytes - a.bytes).map((i) => ({ index: nameOf(i), table: tableName(i), bytes: i.bytes, scans: i.scans, kind: [i.primary ? 'primary key' : i.unique ? 'unique' : i.method, ...(i.valid ? [] : ['invalid'])].join(', '), definition: i.definition || null })),
    },
    {
      name: 'tableStatistics', title: 'Tables by rows read in whole scans', columns: [column('table', 'Table'), column('rows', 'Rows', 'count'), column('seqScans', 'Whole scans', 'count'), column('rowsRead', 'Rows read', 'count'), column('indexScans', 'Index scans', 'count'), column('writes', 'Writes', 'count')],
      rows: scans.map((s) => ({ table: qualified(s.schema, s.table), rows: Math.max(0, Math.round(s.rows)), seqScans: s.scans, rowsRead: s.rowsRead, indexScans: s.indexScans, writes: s.writes })),
    },
  ];
}
