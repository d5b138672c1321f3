import type { LoopQuery } from '../../calls/loopQueries';
import type { FlowContext, Fix } from '../../lint/rule';
import { readBatchFix } from './readBatch';
import { writeBatchFix } from './writeBatch';

/** The rewrites of a query in a loop whose preconditions hold; usually one, often none. */
export function batchingFixes(context: FlowContext, query: LoopQuery): readonly Fix[] {
  const fix = query.execution.access === 'write' ? writeBatchFix(context, query) : readBatchFix(context, query);
  return fix ? [fix] : [];
}
