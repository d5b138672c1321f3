import type { TemplateRead } from '../../calls/rowReads';
import type { Fix, FindingDraft, FlowContext } from '../../lint/rule';
import { createLineIndex } from '../../text/lineIndex';
import { hostSpan, spanText, type HostOffset } from '../../text/span';
import { eagerLoadFix } from './eager';

/** The finding for a template or serializer that sends a query per element; its fix stands where the rows are read. */
export function templateFinding(context: FlowContext, read: TemplateRead): FindingDraft {
  const { loop, source, relation, model, method } = read;
  const name = spanText(context.text, read.span);
  const path = read.path.map((step) => step.property).join('.');
  const [view] = read.trail;
  const query = method?.steps.at(-1);
  const what = read.kind === 'method' ? 'sends a query' : read.kind === 'count' ? 'is a query of its own' : method ? `reads \`${relation?.property ?? path}\`, which is loaded lazily` : 'is loaded lazily';
  const by = relation ? `\`${model.name}.${relation.property}\` leads to ${relation.many ? 'many rows' : 'one row'} of ${relation.model}, and the query in ${placeOf(context, source.file.uri, source.span.start)} does not load \`${path}\` along.` : `\`${method?.name ?? name}\` sends ${query?.label ?? 'a query'}.`;
  return {
    at: { host: read.span },
    severity: read.conditional ? 'info' : 'warning',
    message: `\`${name}\` ${what}: a query once per ${loop.shown ? 'object that' : 'element of'} \`${loop.text}\`${loop.shown ? ' shows' : ''}.`,
    because: `${by}${view ? ` ${loop.shown || view.label === 'shows' ? 'The rows are shown' : 'The template is filled'} in ${placeOf(context, view.uri, view.span.start)}.` : ''}`,
    confidence: 'text',
    evidence: { loop: loop.text, model: model.name, ...(relation ? { relation: path, many: relation.many } : {}), ...(method ? { method: method.name } : {}), view: view?.uri, hops: read.trail.length },
    related: [
      { uri: loop.uri, span: loop.span, message: 'The loop' },
      ...read.trail.map((step) => ({ uri: step.uri, span: step.span, message: step === view ? (step.label === 'shows' ? 'The rows are shown here' : 'The template is filled here') : `The way to this template: ${step.label} it` })),
      { uri: source.file.uri, span: source.span, message: 'The query that gives its elements' },
      ...(method?.steps ?? []).map((step) => ({ uri: step.uri, span: step.span, message: step === query && read.kind === 'method' ? `The query: ${step.label}` : `Runs ${step.label}` })),
    ],
    ...(query && read.kind === 'method' ? { query } : { query: { uri: source.file.uri, span: source.span } }),
    fixes: () => {
      const fix = fixFor(context, read);
      return fix ? [fix] : [];
    },
  };
}

/** `views.py:12` */
function placeOf(context: FlowContext, uri: string, offset: HostOffset): string {
  const lines = context.flow.file(uri)?.lines ?? [];
  const file = decodeURIComponent(uri.split('/').at(-1) ?? '');
  const text = lines.length > 0 ? undefined : context.textOf(uri);
  const line = lines.length > 0 ? lines.findLastIndex((start) => start <= offset) : text === undefined ? -1 : createLineIndex(text).toLineColumn(offset).line;
  return line < 0 ? file : `${file}:${line + 1}`;
}

/** Eager loading in the view. A queryset's `first` or `last` is asked again even where its rows are there. */
function fixFor(context: FlowContext, { kind, source, path, span }: TemplateRead): Fix | undefined {
  if (kind === 'method' || (kind === 'count' && !/\.(count|exists)(\(\))?$/.test(spanText(context.text, span)))) return undefined;
  const text = context.textOf(source.file.uri);
  if (text === undefined) return undefined;
  if (source.site) {
    // The adapters ask for nothing of a loop: the rows' query is enough.
    return eagerLoadFix({ ...context, file: source.file, text }, { site: source.site, path });
  }
  // `model = Order`: the view's query becomes one that is written.
  const line = spanText(text, source.span);
  const model = /^\s*model\s*=\s*([\w.]+)\s*$/.exec(line)?.[1];
  if (model === undefined) return undefined;
  const before = text.slice(text.lastIndexOf('\n', source.span.start) + 1, source.span.start);
  if (before.trim() !== '') return undefined;
  const method = path.some((step) => step.many) ? 'prefetch_related' : 'select_related';
  const quote = text.includes("'") ? "'" : '"';
  const lookup = path.map((step) => step.property).join('__');
  return {
    title: `Load \`${path.map((step) => step.property).join('.')}\` with the query (${method})`, kind: 'review',
    edits: [{ uri: source.file.uri, span: hostSpan(source.span.end, source.span.end), text: `${/\r\n/.test(text) ? '\r\n' : '\n'}${before}queryset = ${model}.objects.${method}(${quote}${lookup}${quote})` }],
  };
}
