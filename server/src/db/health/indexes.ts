import { judgeIndexes, SMALL_TABLE, type HealthIndex, type IndexBloat } from '../../core/health/indexes';
import type { SequentialScans, UnindexedKey } from '../../core/health/missingIndexes';
import { quoteIdentifier } from '../../core/sql/names';
import { toIndex, toServed } from '../indexUsage';
import { numberOf, textOf, textsOf } from '../introspectRows';
import { definitionsQuery, indexBloatQuery, indexedKeysQuery, indexesHealthQuery, measuredIndexesQuery, sequentialScansQuery, unindexedKeysQuery } from '../queries/healthIndexes';
import type { Row } from '../session';
import { grantMonitor, sizedRows, type Probe, type ProbeContext } from './probe';

/** Indexes whose bloat is measured on request: the largest. */
const MEASURED = 20;
const MOST_DEFINITIONS = 2000;

export const indexes: Probe = {
  name: 'indexes',
  title: 'Indexes',
  async read(context) {
    const { rows, blind, server, thresholds } = context;
    const served = toServed(await rows(indexedKeysQuery) ?? []);
    const all = await withDefinitions(context, (await sizedRows(context, (size, locked) => indexesHealthQuery(server.version, size, locked))).map((row) => toIndex(row, served)));
    const scans = (await rows(sequentialScansQuery) ?? []).map(toScans);
    const unindexedKeys = (await rows(unindexedKeysQuery) ?? []).map(toKey);
    const bloat = await readBloat(context);
    if (server.standby) blind('This is a standby: it counts its own scans, the primary and other standbys theirs. An index is unused only where all of them say so.');
    else if (server.replicas === null) blind('Whether there are replicas, which count their own scans, is hidden: an index that is unused here may be used there.', grantMonitor(server));
    else if (server.replicas > 0) blind(`Scans on ${server.replicas} ${server.replicas === 1 ? 'replica' : 'replicas'}: run this check there before you drop an index.`);
    if (server.statsSeconds < thresholds.unusedIndexDays * 86_400) blind(`What was used before ${server.statsReset === null ? 'the server started' : `the counters were reset on ${server.statsReset.slice(0, 10)}`}: unused indexes are notes until they have run for ${thresholds.unusedIndexDays} days.`);
    return judgeIndexes({ indexes: all, bloat, scans, unindexedKeys }, server, thresholds);
  },
};

/** Of all indexes, or where there are too many of those that may be told: printing one takes its time. */
async function withDefinitions({ rows, blind, thresholds }: ProbeContext, all: readonly HealthIndex[]): Promise<readonly HealthIndex[]> {
  const told = all.length <= MOST_DEFINITIONS ? all : all.filter((index) => !index.valid || (index.scans <= thresholds.unusedIndexScans && index.tableRows >= SMALL_TABLE)).slice(0, MOST_DEFINITIONS);
  const found = await rows(definitionsQuery, [told.map(({ oid }) => oid)], { locked: () => blind('The definitions of the indexes: another session has locked a relation.') }) ?? [];
  const definitions = new Map(found.map((row) => [textOf(row['oid']), textOf(row['definition'])]));
  return all.map((index) => ({ ...index, definition: definitions.get(index.oid) ?? '' }));
}

async function readBloat({ rows, blind, server, options }: ProbeContext): Promise<readonly IndexBloat[]> {
  const found = await rows(indexBloatQuery) ?? [];
  const unknown = found.filter((row) => numberOf(row['width']) === undefined).length;
  if (unknown > 0) blind(`Bloat of ${unknown} ${unknown === 1 ? 'index' : 'indexes'}: columns without statistics (ANALYZE), or tables that ${server.user} may not read.`);
  const measured = await measure(found.slice(0, MEASURED), { rows, blind, server, options });
  return found.flatMap((row): readonly IndexBloat[] => {
    const bytes = (numberOf(row['pages']) ?? 0) * server.blockSize;
    const at = { schema: textOf(row['schema']), table: textOf(row['table_name']), name: textOf(row['name']) };
    const density = measured.get(textOf(row['oid']));
    const fill = (numberOf(row['fillfactor']) ?? 90) / 100;
    if (density !== undefined) return [{ ...at, bytes: density.bytes, percent: Math.max(0, Math.round(100 - density.percent / fill)), measured: true }];
    const width = numberOf(row['width']);
    if (width === undefined) return [];
    // An entry: line pointer, tuple header, the columns aligned to 8 bytes. A page: its header and the special space gone.
    const needed = ((numberOf(row['entries']) ?? 0) * (4 + 8 + 8 * Math.ceil(width / 8))) / ((server.blockSize - 40) * fill) * server.blockSize;
    return [{ ...at, bytes, percent: Math.max(0, Math.round(100 * (1 - needed / bytes))), measured: false }];
  });
}

type Measured = ReadonlyMap<string, { readonly percent: number; readonly bytes: number }>;

async function measure(largest: readonly Row[], { rows, blind, server, options }: Pick<ProbeContext, 'rows' | 'blind' | 'server' | 'options'>): Promise<Measured> {
  if (!options.measureBloat || largest.length === 0) return new Map();
  const schema = server.extensions['pgstattuple'];
  if (schema === undefined) {
    blind('Bloat is estimated, not measured: pgstattuple is not installed in this database.', 'CREATE EXTENSION pgstattuple;');
    return new Map();
  }
  const measured = await rows(measuredIndexesQuery(quoteIdentifier(schema)), [largest.map((row) => textOf(row['oid']))], { what: 'bloat measured by pgstattuple', grant: `GRANT pg_stat_scan_tables TO ${quoteIdentifier(server.user)};` });
  return new Map((measured ?? []).map((row) => [textOf(row['oid']), { percent: numberOf(row['density']) ?? 100, bytes: numberOf(row['bytes']) ?? 0 }]));
}

const toScans = (row: Row): SequentialScans => ({
  schema: textOf(row['schema']), table: textOf(row['table_name']), rows: numberOf(row['rows']) ?? 0, scans: numberOf(row['seq_scans']) ?? 0, rowsRead: numberOf(row['rows_read']) ?? 0, indexScans: numberOf(row['index_scans']) ?? 0, writes: numberOf(row['writes']) ?? 0,
});

const toKey = (row: Row): UnindexedKey => ({
  schema: textOf(row['schema']), table: textOf(row['table_name']), constraint: textOf(row['constraint']), columns: textsOf(row['columns']), target: `${textOf(row['target_schema'])}.${textOf(row['target'])}`, tableRows: Math.max(0, numberOf(row['table_rows']) ?? 0), deletes: numberOf(row['deletes']) ?? 0, partitioned: row['kind'] === 'p',
});
