import type { LazyRead } from '../../calls/lazyReads';
import { shorten } from '../../calls/loops';
import type { Fix, FindingDraft, FlowContext } from '../../lint/rule';
import { createLineIndex } from '../../text/lineIndex';
import { spanText } from '../../text/span';
import { eagerLoadFix } from './eager';

/** The finding for a relation that is loaded lazily in a loop. */
export function lazyFinding(context: FlowContext, lazy: LazyRead): FindingDraft {
  const { read, loop, site, relation, model } = lazy;
  const name = spanText(context.text, read.span);
  const line = createLineIndex(context.text).toLineColumn(site.anchor.start).line + 1;
  const path = lazy.path.map((p) => p.property).join('.');
  return {
    at: { host: read.span },
    severity: read.conditional ? 'info' : 'warning',
    message: `\`${name}\` is loaded lazily: a query once per element of \`${shorten(loop.iterable?.text ?? '')}\`.`,
    because: `\`${model.name}.${relation.property}\` leads to ${relation.many ? 'many rows' : 'one row'} of ${relation.model}, and the query in line ${line} does not load \`${path}\` along.`,
    confidence: 'text',
    evidence: { loop: loop.iterable?.text, model: model.name, relation: path, many: relation.many },
    related: [
      { uri: context.file.uri, span: loop.head, message: 'The loop' },
      { uri: context.file.uri, span: site.anchor, message: `The query that gives its elements` },
    ],
    fixes: (): readonly Fix[] => {
      const fix = eagerLoadFix(context, lazy);
      return fix ? [fix] : [];
    },
  };
}
