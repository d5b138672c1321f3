import { findUnused, isCountedWhole, type HealthIndex } from '../core/health/indexes';
import { toThresholds, type Thresholds } from '../core/health/thresholds';
import type { UnusedIndexes } from '../core/catalog/statistics';
import { DatabaseError } from './errors';
import { isoOf, numberOf, textOf } from './introspectRows';
import { countedScansQuery } from './queries/health';
import { indexedKeysQuery, indexesHealthQuery } from './queries/healthIndexes';
import type { Connection, Row } from './session';

const BLOCK = 8192;

/**
 * What a health check would warn of as unused. Undefined where the server has counted for too short a time, or others count too.
 * To be called inside a transaction with `search_path = pg_catalog`; sizes are those that the last VACUUM noted, so that nothing
 * waits for a lock.
 */
export async function readUnusedIndexes(connection: Connection, limits: Thresholds = toThresholds()): Promise<UnusedIndexes | undefined> {
  await connection.query('savepoint sargable_usage');
  try {
    const [row = {}] = await connection.query(countedScansQuery);
    const server = { standby: row['standby'] !== false, replicas: numberOf(row['replicas']) ?? null, statsSeconds: numberOf(row['stats_seconds']) ?? 0 };
    const indexes = isCountedWhole(server, limits) ? findUnused(await readIndexes(connection), server, limits) : undefined;
    await connection.query('release savepoint sargable_usage');
    return indexes && { now: isoOf(row['now']) ?? '', seconds: server.statsSeconds, indexes: new Map(indexes.map(({ schema, name, bytes, writes }) => [`${schema}.${name}`, { bytes, writes }])) };
  } catch (error) {
    // The rest of the statistics does without it, where the server still answers.
    if (!(error instanceof DatabaseError) || error.sqlState === undefined) throw error;
    await connection.query('rollback to savepoint sargable_usage');
    return undefined;
  }
}

async function readIndexes(connection: Connection): Promise<readonly HealthIndex[]> {
  const served = toServed(await connection.query(indexedKeysQuery));
  const [version] = await connection.query("select current_setting('server_version_num')::int as version");
  const rows = await connection.query(indexesHealthQuery(numberOf(version?.['version']) ?? 0, (oid) => `((select p.relpages from pg_class p where p.oid = ${oid})::bigint * ${BLOCK})`, true));
  return rows.map((row) => toIndex(row, served));
}

/** Foreign keys by the OID of an index that serves them; of `indexedKeysQuery`. */
export function toServed(rows: readonly Row[]): ReadonlyMap<string, readonly string[]> {
  const served = new Map<string, string[]>();
  for (const row of rows) served.set(textOf(row['oid']), [...(served.get(textOf(row['oid'])) ?? []), textOf(row['constraint'])]);
  return served;
}

/** A row of `indexesHealthQuery`. */
export const toIndex = (row: Row, served: ReadonlyMap<string, readonly string[]>): HealthIndex => ({
  oid: textOf(row['oid']), schema: textOf(row['schema']), table: textOf(row['table_name']), name: textOf(row['name']), partitioned: row['kind'] === 'I', method: textOf(row['method']), definition: '',
  primary: row['is_primary'] === true, unique: row['is_unique'] === true, exclusion: row['is_exclusion'] === true, marked: row['is_marked'] === true, valid: row['is_valid'] === true, referenced: row['referenced'] === true,
  ...(typeof row['constraint'] === 'string' ? { constraint: row['constraint'] } : {}), ...(typeof row['parent'] === 'string' ? { parent: row['parent'] } : {}),
  keyCount: numberOf(row['key_count']) ?? 0, columnCount: numberOf(row['column_count']) ?? 0, keys: textOf(row['keys']), classes: textOf(row['classes']), collations: textOf(row['collations']), options: textOf(row['options']),
  expressions: textOf(row['expressions']), predicate: textOf(row['predicate']), nullsNotDistinct: row['nulls_not_distinct'] === true, bytes: numberOf(row['bytes']) ?? 0, scans: numberOf(row['scans']) ?? 0,
  ...(isoOf(row['last_scan']) === undefined ? {} : { lastScan: isoOf(row['last_scan']) }), tableRows: Math.max(0, numberOf(row['table_rows']) ?? 0), writes: numberOf(row['writes']) ?? 0,
  building: row['building'] === true ? true : row['maybe_building'] === true ? 'unknown' : false, servesKeys: served.get(textOf(row['oid'])) ?? [],
});
