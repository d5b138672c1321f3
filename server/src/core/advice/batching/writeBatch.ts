import type { LoopQuery } from '../../calls/loopQueries';
import { findAdapter } from '../../libraries';
import type { FlowContext, Fix } from '../../lint/rule';
import { builderInsertFix, builderKeyedFix } from './builderWrite';
import { plainLoop } from './shape';
import { textInsertFix } from './textInsert';
import { textKeyedFix, textUpdateFix } from './textUpdate';
import { isWholeBody } from './wholeLoop';

/**
 * Replaces a loop that does nothing but write one row per turn by one statement: INSERT from `unnest`, UPDATE and DELETE
 * with `= ANY`, UPDATE with values of its own per row from `unnest`; the library's own form for builders.
 * Undefined where the body does anything else or the result is used.
 */
export function writeBatchFix(context: FlowContext, query: LoopQuery): Fix | undefined {
  const plain = plainLoop(context, query);
  if (!plain || !isWholeBody(plain) || !plain.site.source) return undefined;
  const model = context.sql.analyse(plain.site.source);
  if (findAdapter(plain.site.library)?.batch) return model.kind === 'insert' ? builderInsertFix(context, plain) : model.kind === 'update' || model.kind === 'delete' ? builderKeyedFix(context, plain, model.kind) : undefined;
  const block = model.blocks[0];
  if (!block || model.completeness !== 'full' || block.returning) return undefined;
  if (model.kind === 'insert') return textInsertFix(context, plain);
  if (model.kind !== 'update' && model.kind !== 'delete') return undefined;
  return textKeyedFix(context, plain, model.kind) ?? (model.kind === 'update' ? textUpdateFix(context, plain) : undefined);
}
