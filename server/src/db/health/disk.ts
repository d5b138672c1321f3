import { judgeDisk } from '../../core/health/disk';
import { numberOf, textOf } from '../introspectRows';
import { databaseSizesQuery, tableSizesQuery, tempQuery, walQuery } from '../queries/healthServer';
import { sizedRows, type Probe } from './probe';

export const disk: Probe = {
  name: 'disk',
  title: 'Disk',
  async read(context) {
    const { rows, blind, server, thresholds } = context;
    const databases = await rows(databaseSizesQuery) ?? [];
    const tables = await sizedRows(context, tableSizesQuery);
    const [wal] = await rows(walQuery, [], { what: 'the size of pg_wal' }) ?? [];
    const [temporary = {}] = await rows(tempQuery) ?? [];
    blind('How much room is left on the disk: the server does not tell.');
    return judgeDisk({
      databases: databases.map((row) => ({ name: textOf(row['name']), bytes: numberOf(row['bytes']) ?? null })),
      tables: tables.map((row) => ({ schema: textOf(row['schema']), name: textOf(row['name']), heap: numberOf(row['heap']) ?? 0, toast: numberOf(row['toast']) ?? 0, indexes: numberOf(row['indexes']) ?? 0, total: numberOf(row['total']) ?? 0 })),
      ...(wal ? { wal: { files: numberOf(wal['files']) ?? 0, bytes: numberOf(wal['bytes']) ?? 0 } } : {}), temporary: { files: numberOf(temporary['files']) ?? 0, bytes: numberOf(temporary['bytes']) ?? 0 },
      ...(toBytes(server.settings['max_wal_size']?.value) === undefined ? {} : { maxWal: toBytes(server.settings['max_wal_size']?.value) }),
    }, server, thresholds);
  },
};

const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };

/** `1GB` of pg_settings in bytes. */
function toBytes(setting: string | undefined): number | undefined {
  const match = /^(\d+)(B|kB|MB|GB|TB)$/.exec(setting ?? '');
  return match ? Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1) : undefined;
}
