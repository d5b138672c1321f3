import { judgeTables, type HealthTableFacts, type TableBloat } from '../../core/health/tables';
import { quoteIdentifier } from '../../core/sql/names';
import { isoOf, numberOf, textOf } from '../introspectRows';
import { freezeAgeQuery, measuredTablesQuery, tableBloatQuery, tablesHealthQuery, xminHoldersQuery } from '../queries/healthTables';
import type { Row } from '../session';
import { grantMonitor, sizedRows, type Probe, type ProbeContext } from './probe';

const MEASURED = 20;

export const tables: Probe = {
  name: 'tables',
  title: 'Tables',
  async read(context) {
    const { rows, blind, server, thresholds } = context;
    const all = await sizedRows(context, (size) => tablesHealthQuery(server.version, size));
    const [age = {}] = await rows(freezeAgeQuery) ?? [];
    const holders = await rows(xminHoldersQuery) ?? [];
    if (!server.seesAllStatistics) blind('Snapshots of other roles, which keep dead rows from being removed, are hidden.', grantMonitor(server));
    if (server.settings['track_counts']?.value === 'off') blind('Nothing is counted on this server (track_counts is off): neither dead rows nor changes.', 'ALTER SYSTEM SET track_counts = on;');
    return judgeTables({
      tables: all.map((row) => toTable(row, context)), bloat: await readBloat(context), xidAge: numberOf(age['xid_age']) ?? 0, mxidAge: numberOf(age['mxid_age']) ?? 0,
      holders: holders.map((row) => ({ holder: textOf(row['holder']), about: textOf(row['about']), age: numberOf(row['xmin_age']) ?? 0, seconds: numberOf(row['seconds']) ?? null, release: textOf(row['release']) })),
    }, server, thresholds);
  },
};

async function readBloat({ rows, blind, server, options }: ProbeContext): Promise<readonly TableBloat[]> {
  const found = await rows(tableBloatQuery) ?? [];
  const unknown = found.filter((row) => numberOf(row['width']) === undefined).length;
  if (unknown > 0) blind(`Bloat of ${unknown} ${unknown === 1 ? 'table' : 'tables'}: columns without statistics (ANALYZE), or tables that ${server.user} may not read.`);
  const measured = new Map<string, Row>();
  const schema = server.extensions['pgstattuple'];
  if (options.measureBloat && schema === undefined) blind('Bloat is estimated, not measured: pgstattuple is not installed in this database.', 'CREATE EXTENSION pgstattuple;');
  if (options.measureBloat && schema !== undefined && found.length > 0) {
    const answer = await rows(measuredTablesQuery(quoteIdentifier(schema)), [found.slice(0, MEASURED).map((row) => textOf(row['oid']))], { what: 'bloat measured by pgstattuple', grant: `GRANT pg_stat_scan_tables TO ${quoteIdentifier(server.user)};` });
    for (const row of answer ?? []) measured.set(textOf(row['oid']), row);
  }
  return found.flatMap((row): readonly TableBloat[] => {
    const at = { schema: textOf(row['schema']), name: textOf(row['name']) };
    const exact = measured.get(textOf(row['oid']));
    if (exact) return [{ ...at, bytes: numberOf(exact['bytes']) ?? 0, percent: Math.round(numberOf(exact['percent']) ?? 0), measured: true }];
    const width = numberOf(row['width']);
    const bytes = (numberOf(row['pages']) ?? 0) * server.blockSize;
    if (width === undefined || bytes === 0) return [];
    // A row: line pointer, header of 24 bytes, its columns aligned to 8. A page: without its header.
    const needed = ((numberOf(row['tuples']) ?? 0) * (4 + 24 + 8 * Math.ceil(width / 8))) / ((server.blockSize - 24) * ((numberOf(row['fillfactor']) ?? 100) / 100)) * server.blockSize;
    return [{ ...at, bytes, percent: Math.max(0, Math.round(100 * (1 - needed / bytes))), measured: false }];
  });
}

function toTable(row: Row, { server }: ProbeContext): HealthTableFacts {
  const own = (name: string, otherwise: number): number => Number(row[name] ?? server.settings[name]?.value ?? otherwise);
  const maximum = own('autovacuum_vacuum_max_threshold', -1);
  return {
    schema: textOf(row['schema']), name: textOf(row['name']), tuples: numberOf(row['tuples']) ?? 0, live: numberOf(row['live']) ?? 0, dead: numberOf(row['dead']) ?? 0, modified: numberOf(row['modified']) ?? 0,
    ...(isoOf(row['last_analyze']) === undefined ? {} : { lastAnalyze: isoOf(row['last_analyze']) }), ...(isoOf(row['last_vacuum']) === undefined ? {} : { lastVacuum: isoOf(row['last_vacuum']) }),
    xidAge: numberOf(row['xid_age']) ?? 0, mxidAge: numberOf(row['mxid_age']) ?? 0, bytes: numberOf(row['bytes']) ?? 0, totalBytes: numberOf(row['total_bytes']) ?? 0, updates: numberOf(row['updates']) ?? 0, hotUpdates: numberOf(row['hot_updates']) ?? 0,
    autovacuum: {
      enabled: row['autovacuum_enabled'] === null || row['autovacuum_enabled'] === undefined || /^(on|true|yes|1|t)$/i.test(textOf(row['autovacuum_enabled'])),
      vacuumThreshold: own('autovacuum_vacuum_threshold', 50), vacuumScaleFactor: own('autovacuum_vacuum_scale_factor', 0.2), vacuumMaximum: maximum < 0 ? Infinity : maximum,
      analyzeThreshold: own('autovacuum_analyze_threshold', 50), analyzeScaleFactor: own('autovacuum_analyze_scale_factor', 0.1),
    },
  };
}
