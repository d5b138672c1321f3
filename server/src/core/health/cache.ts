import type { CheckOutcome, HealthFinding } from './model';
import type { Thresholds } from './thresholds';
import { column, figure, percentOf, qualified, renderBytes, renderPercent } from './values';

export interface CacheFacts {
  readonly hit: number;
  readonly read: number;
  /** Bytes. */
  readonly sharedBuffers: number;
  readonly databaseBytes?: number;
  /** Of the server's machine, in bytes, where it is known. */
  readonly memory?: number;
  readonly tables: readonly { readonly schema: string; readonly name: string; readonly heapHit: number; readonly heapRead: number; readonly indexHit: number; readonly indexRead: number }[];
}

type Finding = Omit<HealthFinding, 'check'>;

/** Blocks found in shared buffers. What the operating system had cached counts as read. */
export function judgeCache(facts: CacheFacts, limits: Thresholds): CheckOutcome {
  const ratio = percentOf(facts.hit, facts.hit + facts.read);
  const sum = (of: (table: CacheFacts['tables'][number]) => number): number => facts.tables.reduce((total, table) => total + of(table), 0);
  const heap = percentOf(sum((t) => t.heapHit), sum((t) => t.heapHit + t.heapRead));
  const index = percentOf(sum((t) => t.indexHit), sum((t) => t.indexHit + t.indexRead));
  const share = facts.memory === undefined ? null : percentOf(facts.sharedBuffers, facts.memory);
  const enough = facts.hit + facts.read >= limits.cacheMinimumBlocks;
  const low = enough && ratio !== null && ratio < limits.cacheHitPercent;
  const rows = facts.tables.map((t) => ({ table: qualified(t.schema, t.name), heapRatio: percentOf(t.heapHit, t.heapHit + t.heapRead), indexRatio: percentOf(t.indexHit, t.indexHit + t.indexRead), read: t.heapRead + t.indexRead, accessed: t.heapHit + t.heapRead + t.indexHit + t.indexRead })).filter((t) => t.accessed > 0);
  const cold = rows.filter((t) => t.read >= limits.cacheMinimumBlocks && (percentOf(t.accessed - t.read, t.accessed) ?? 100) < limits.cacheHitPercent);
  const fits = facts.databaseBytes === undefined || facts.databaseBytes > facts.sharedBuffers;
  const findings: readonly Finding[] = [
    ...(low ? [{
      id: 'cache-hit-ratio', severity: 'warning' as const, subject: 'shared buffers', message: `${renderPercent(ratio)} of the blocks were found in shared buffers (${renderBytes(facts.sharedBuffers)}); ${limits.cacheHitPercent} % are expected.`,
      evidence: { percent: ratio, hit: facts.hit, read: facts.read, sharedBuffers: facts.sharedBuffers, memory: facts.memory ?? null, databaseBytes: facts.databaseBytes ?? null, coldest: cold.slice(0, 3).map((t) => t.table) },
      recommendation: `${cold[0] === undefined ? 'Look' : `Most was read of ${cold.slice(0, 3).map((t) => t.table).join(', ')}: look`} for whole scans there first (the checks indexes and statements).${fits ? ' More shared_buffers helps where the working set is just too large: about a quarter of the memory, and a restart.' : ' The database fits into shared buffers: it may just have been started.'} What the operating system had cached counts as read here.`,
      ...(facts.memory !== undefined && share !== null && share < 20 && fits ? { statement: `ALTER SYSTEM SET shared_buffers = '${Math.floor(facts.memory / 4 / 1024 / 1024)}MB'; -- needs a restart` } : {}),
    }] : []),
  ];
  return {
    figures: [
      figure('hitRatio', 'Found in the cache', 'percent', ratio), figure('tableHitRatio', 'Of tables', 'percent', heap), figure('indexHitRatio', 'Of indexes', 'percent', index),
      figure('sharedBuffers', 'shared_buffers', 'bytes', facts.sharedBuffers), figure('databaseBytes', 'Database', 'bytes', facts.databaseBytes), figure('memory', 'Memory of the machine', 'bytes', facts.memory), figure('memoryShare', 'shared_buffers of it', 'percent', share), figure('accesses', 'Block accesses', 'count', facts.hit + facts.read),
    ],
    tables: [{
      name: 'tables', title: 'Most read from outside the cache', columns: [column('table', 'Table'), column('read', 'Blocks read', 'count'), column('heapRatio', 'Table in the cache', 'percent'), column('indexRatio', 'Indexes in the cache', 'percent')], rows,
    }],
    findings,
  };
}
