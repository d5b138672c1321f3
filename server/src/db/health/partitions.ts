import { judgePartitions, type PartitionedTable } from '../../core/health/partitions';
import { numberOf, textOf } from '../introspectRows';
import { partitionedQuery, partitionsQuery, relationNamesQuery } from '../queries/healthObjects';
import { sizedRows, type Probe } from './probe';

const STRATEGIES: Readonly<Record<string, PartitionedTable['strategy']>> = { r: 'range', l: 'list', h: 'hash' };

export const partitions: Probe = {
  name: 'partitions',
  title: 'Partitions',
  async read(context) {
    const { rows, server, thresholds } = context;
    const tables = await rows(partitionedQuery) ?? [];
    const parts = tables.length === 0 ? [] : await sizedRows(context, partitionsQuery);
    const names = tables.length === 0 ? [] : await rows(relationNamesQuery) ?? [];
    return judgePartitions({
      names: new Set(names.map((row) => `${textOf(row['schema'])}.${textOf(row['name'])}`)),
      tables: tables.map((row) => ({
        oid: textOf(row['oid']), schema: textOf(row['schema']), name: textOf(row['name']), strategy: STRATEGIES[textOf(row['strategy'])] ?? 'range', key: textOf(row['key']),
        ...(typeof row['key_column'] === 'string' ? { column: row['key_column'] } : {}), ...(typeof row['key_type'] === 'string' ? { type: row['key_type'] } : {}),
      })),
      partitions: parts.map((row) => ({ parent: textOf(row['parent']), schema: textOf(row['schema']), name: textOf(row['name']), bound: textOf(row['bound']), bytes: numberOf(row['bytes']) ?? 0, rows: Math.max(0, numberOf(row['rows']) ?? 0, row['bound'] === 'DEFAULT' ? numberOf(row['live']) ?? 0 : 0) })),
    }, server, thresholds);
  },
};
