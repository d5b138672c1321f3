import { finishCatalog } from '../core/catalog/build';
import type { Catalog, Table } from '../core/catalog/model';
import type { CatalogStatistics } from '../core/catalog/statistics';
import { DatabaseError } from './errors';
import { readDistribution, readRoutines, readServer, readTypes } from './introspectObjects';
import { byRelation, numberOf, textOf, textsOf } from './introspectRows';
import { readStatistics } from './introspectStatistics';
import { toTable, withoutSchemas } from './introspectTables';
import { columnsQuery, constraintsQuery, indexesQuery, policiesQuery, relationsQuery, serverQuery } from './queries/catalog';
import { settingsQuery } from './queries/catalogObjects';
import type { Connection, DbSession, Row } from './session';
import { inRolledBackTransaction } from './session';

export interface IntrospectOptions {
  /** For `Catalog.label`; default the database's name. The server's version is added. */
  readonly name?: string;
  /** Rows to assume where the server has no statistics. */
  readonly assume?: Readonly<Record<string, number>>;
}

/**
 * The live catalog with its statistics: our own queries in one read-only transaction. A role without privileges sees the
 * schema whole and the statistics of what it may read.
 * Rejects with `DatabaseError`.
 */
export const introspect = (session: DbSession, options: IntrospectOptions = {}): Promise<Catalog> =>
  inCatalogTransaction(session, (connection) => readCatalog(connection, options));

/** The statistics alone, for a catalog whose schema is known to be unchanged. Rejects with `DatabaseError`. */
export const introspectStatistics = (session: DbSession): Promise<CatalogStatistics> =>
  inCatalogTransaction(session, async (connection) => {
    await connection.query(ownSettings);
    return readStatistics(connection);
  });

const lockNotAvailable = '55P03';

async function inCatalogTransaction<T>(session: DbSession, work: (connection: Connection) => Promise<T>): Promise<T> {
  try {
    return await session.withConnection((connection) => inRolledBackTransaction(connection, { isolation: 'repeatable read' }, () => work(connection)));
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.sqlState !== lockNotAvailable) throw error;
    throw new DatabaseError('query', `${session.label}: a relation is locked by another session (ALTER TABLE, VACUUM FULL, a migration that runs); its catalog can be read when that is done`, lockNotAvailable);
  }
}

/** In force to the end of the transaction. What is printed must not depend on the role: dates, numbers, names. */
const ownSettings = `select ${Object.entries({
  statement_timeout: '30s', lock_timeout: '500ms', search_path: 'pg_catalog', jit: 'off', DateStyle: 'ISO, YMD', IntervalStyle: 'postgres', TimeZone: 'UTC', extra_float_digits: '1', bytea_output: 'hex',
}).map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`).join(', ')}`;

async function readCatalog(connection: Connection, options: IntrospectOptions): Promise<Catalog> {
  const [server] = await connection.query(serverQuery);
  const settings = await connection.query(settingsQuery);
  const version = numberOf(server?.['version']) ?? 0;
  const searchPath = textsOf(server?.['search_path']);
  await connection.query(ownSettings);
  const relations = await connection.query(relationsQuery);
  const columns = byRelation(await connection.query(columnsQuery));
  const constraints = byRelation(await connection.query(constraintsQuery));
  const indexes = byRelation(await connection.query(indexesQuery(version)));
  const policies = byRelation(await connection.query(policiesQuery));
  const distribution = await readDistribution(connection);

  const names = new Map(relations.map((row) => [textOf(row['oid']), `${textOf(row['schema'])}.${textOf(row['name'])}`]));
  const print = (sql: string): string => withoutSchemas(sql, searchPath);
  const bytewise = isBytewise(server?.['settings']);
  const tables = relations.map((row): Table => {
    const oid = textOf(row['oid']);
    return toTable(row, {
      names, version, print, bytewise, distributionColumn: distribution.get(oid),
      columns: columns.get(oid) ?? [], constraints: constraints.get(oid) ?? [], indexes: indexes.get(oid) ?? [], policies: policies.get(oid) ?? [],
    });
  });
  const facts = {
    server: await readServer(connection, server ?? {}, settings), types: await readTypes(connection, print), routines: await readRoutines(connection, print),
    statistics: await readStatistics(connection),
  };
  const label = `${options.name ?? textOf(server?.['database'])} (PostgreSQL ${facts.server.versionText})`;
  return finishCatalog({ source: 'live', label, searchPath, tables, ...facts, ...(options.assume === undefined ? {} : { assume: options.assume }) });
}

/** Does this database order text byte by byte by default (`C`, `POSIX`, the built-in provider)? */
function isBytewise(settings: unknown): boolean {
  const row = (typeof settings === 'object' && settings !== null ? settings : {}) as Row;
  const provider = row['datlocprovider'] ?? 'c';
  return provider === 'b' || (provider === 'c' && (row['datcollate'] === 'C' || row['datcollate'] === 'POSIX'));
}
