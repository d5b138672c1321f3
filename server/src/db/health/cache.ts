import { judgeCache } from '../../core/health/cache';
import { quoteIdentifier } from '../../core/sql/names';
import { numberOf, textOf } from '../introspectRows';
import { cacheByTableQuery, cacheQuery, databaseSizeQuery } from '../queries/healthServer';
import type { Probe } from './probe';

export const cache: Probe = {
  name: 'cache',
  title: 'Cache',
  async read({ rows, blind, server, options, thresholds }) {
    const [counted = {}] = await rows(cacheQuery) ?? [];
    const tables = await rows(cacheByTableQuery) ?? [];
    const [size = {}] = await rows(databaseSizeQuery, [], { what: 'the size of the database', grant: `GRANT CONNECT ON DATABASE ${quoteIdentifier(server.database)} TO ${quoteIdentifier(server.user)};` }) ?? [];
    const [hit, read] = [numberOf(counted['hit']) ?? 0, numberOf(counted['read']) ?? 0];
    if (hit + read < thresholds.cacheMinimumBlocks) blind(`Only ${hit + read} block accesses were counted so far: the hit ratio says nothing yet.`);
    if (options.memory === undefined) blind("How much memory the server's machine has: pass --memory (16GB), or set health.memoryMegabytes.");
    return judgeCache({
      hit, read, sharedBuffers: numberOf(counted['shared_buffers']) ?? 0, ...(numberOf(size['bytes']) === undefined ? {} : { databaseBytes: numberOf(size['bytes']) }), ...(options.memory === undefined ? {} : { memory: options.memory }),
      tables: tables.map((row) => ({ schema: textOf(row['schema']), name: textOf(row['name']), heapHit: numberOf(row['heap_hit']) ?? 0, heapRead: numberOf(row['heap_read']) ?? 0, indexHit: numberOf(row['index_hit']) ?? 0, indexRead: numberOf(row['index_read']) ?? 0 })),
    }, thresholds);
  },
};
