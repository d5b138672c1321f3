import type { LoopQuery } from '../../calls/loopQueries';
import { isCommonLanguage } from '../../hosts/syntax';
import type { FlowContext, Fix } from '../../lint/rule';
import { commonReadFix } from './commonReads';
import { commonWriteFix } from './commonWrites';
import { hoistFix } from './hoist';
import { lazyLoadFix } from './lazyLoadFix';
import { readBatchFixes } from './readBatch';
import { writeBatchFix } from './writeBatch';

/** The rewrites of a query in a loop whose preconditions hold; usually one, often none. */
export function batchingFixes(context: FlowContext, query: LoopQuery): readonly Fix[] {
  // Other rewrites are written in JavaScript and Python alone.
  if (isCommonLanguage(context.file.language)) {
    const fix = !query.dependent || query.site?.lazy ? undefined : query.execution.access === 'read' ? commonReadFix(context, query) : commonWriteFix(context, query);
    return fix ? [fix] : [];
  }
  if (query.site?.lazy) {
    const eager = query.dependent ? lazyLoadFix(context, query) : undefined;
    return eager ? [eager] : [];
  }
  if (!query.dependent) {
    const hoisted = hoistFix(context, query);
    return hoisted ? [hoisted] : [];
  }
  if (query.execution.access !== 'write') return readBatchFixes(context, query);
  const fix = writeBatchFix(context, query);
  return fix ? [fix] : [];
}
