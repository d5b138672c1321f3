import type { LoopQuery } from '../../calls/loopQueries';
import type { FlowContext, Fix } from '../../lint/rule';
import { hoistFix } from './hoist';
import { readBatchFixes } from './readBatch';
import { writeBatchFix } from './writeBatch';

/** The rewrites of a query in a loop whose preconditions hold; usually one, often none. */
export function batchingFixes(context: FlowContext, query: LoopQuery): readonly Fix[] {
  if (!query.dependent) {
    const hoisted = hoistFix(context, query);
    return hoisted ? [hoisted] : [];
  }
  if (query.execution.access !== 'write') return readBatchFixes(context, query);
  const fix = writeBatchFix(context, query);
  return fix ? [fix] : [];
}
