import type { LazyRead } from '../../calls/lazyReads';
import { shorten } from '../../calls/loops';
import type { PropertyRead } from '../../calls/propertyReads';
import type { Fix, FindingDraft, FlowContext } from '../../lint/rule';
import { createLineIndex } from '../../text/lineIndex';
import { spanText } from '../../text/span';
import { eagerLoadFix } from './eager';

/** The finding for a property that queries, read in a loop. */
export function propertyFinding(context: FlowContext, { read, loop, name, summary }: PropertyRead): FindingDraft {
  const query = summary.path.at(-1);
  return {
    at: { host: read.span },
    severity: read.conditional || summary.executes !== 'yes' || summary.path.length > 2 ? 'info' : 'warning',
    message: `\`${spanText(context.text, read.span)}\` is a property that queries: once per element of \`${shorten(loop.iterable?.text ?? '')}\`.`,
    because: `\`${name}\` sends ${query?.label ?? 'a query'}`,
    confidence: 'text',
    evidence: { loop: loop.iterable?.text, property: name, hops: summary.path.length },
    related: [{ uri: context.file.uri, span: loop.head, message: 'The loop' }, ...summary.path.map((step) => ({ uri: step.uri, span: step.span, message: step === query ? `The query: ${step.label}` : `Calls ${step.label}` }))],
    query,
    fixes: () => [],
  };
}

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
