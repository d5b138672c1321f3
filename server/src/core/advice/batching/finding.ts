import { enclosingFunctions } from '../../calls/enclosing';
import type { LoopQuery } from '../../calls/loopQueries';
import { shorten } from '../../calls/loops';
import { worksOutside } from '../../calls/loopTransactions';
import { collectTransactions, isIsolated } from '../../calls/transactions';
import type { FlowContext, FindingDraft, RelatedPlace, Severity } from '../../lint/rule';
import { createLineIndex, lineAt, type LineIndex } from '../../text/lineIndex';
import { renderRows } from '../size';
import { loopRows, type LoopRows } from './loopRows';
import { containsSpan, spanText, type HostSpan } from '../../text/span';
import { batchingFixes } from './fixes';

/** The finding that both loop rules report; they differ in what they pick and in the verb. */
export function loopFinding(context: FlowContext, query: LoopQuery, verb: string): FindingDraft {
  const name = spanText(context.text, query.anchor).replace(/\s+/g, '');
  const places = createPlaces(context);
  const rows = loopRows(context, query);
  return {
    at: { host: query.anchor },
    severity: severityOf(context, query),
    message: query.dependent ? `\`${name}\` ${verb} ${often(query)}.${together(context, query)}${context.file.language === 'sql' ? setBased(query) : ''}` : `\`${name}\` gives the same result in every turn of the loop: run it once before.`,
    because: `${query.path.map((step, k) => (k === query.path.length - 1 ? `${places.of(step.uri, step.span)} ${step.label}` : places.of(step.uri, step.span))).join(' → ')}${doubtText(query)}${wayOut(context, query)}${apart(context, query).map((reason) => `; ${reason}`).join('')}${rows ? `; the loop runs over ${sizeText(rows)}${copyText(query, rows)}` : ''}`,
    confidence: 'text',
    evidence: {
      loop: query.loop.iterable?.text ?? query.loop.facts.condition ?? query.loop.kind,
      form: query.form.form,
      hops: query.path.length - 1,
      concurrent: query.loop.concurrent,
      ...(rows ? { rows: rows.rows, table: rows.table } : {}),
      path: query.path.map((step) => ({ place: places.of(step.uri, step.span), label: step.label })),
    },
    related: related(context, query),
    query: query.path.at(-1),
    fixes: () => batchingFixes(context, query),
  };
}

/** `about 12,000 rows of orders (statistics)`. */
const sizeText = ({ table, rows, atMost, assumed }: LoopRows): string => `${atMost ? 'up to' : 'about'} ${renderRows(rows)} of ${table} (${assumed ? 'assumed' : 'statistics'})`;

/** Over this many rows one statement is not the fastest way either. */
const COPY_ROWS = 10_000;

const copyText = (query: LoopQuery, { rows }: LoopRows): string => (rows > COPY_ROWS && /^insert\b/i.test(query.path.at(-1)?.label ?? '') ? ', which COPY loads fastest' : '');

/** `once per element of \`orders\`` and its kin, from the loop's class. */
const often = (query: LoopQuery): string => query.form.reason;

const together = (context: FlowContext, query: LoopQuery): string =>
  query.loop.concurrent && query.loop.id >= 0 && !query.path.some((s) => /\bBEGIN\b/.test(s.label)) && takesConnections(context, query) ? ' All at the same time: one request can take every connection of the pool.' : '';

/** Names that code gives to one connection. */
const ONE_CONNECTION = /^(?:tx|trx|t|transaction|client|conn|connection|session|em|manager|queryRunner|qr|cur|cursor)$/;

/** False where the turns share a connection (a transaction round the loop), or something lets only a few of them run at a time. */
function takesConnections({ file, flow, text }: FlowContext, { loop, call, site }: LoopQuery): boolean {
  const root = call?.callee[0] ?? site?.chain[0]?.name ?? '';
  // `{ transaction }`, `updateInvoice(tx, …)`
  if (call?.args.some((argument) => argument.names.some((name) => /^(?:tx|trx|txn|transaction)$/.test(name)))) return false;
  if (ONE_CONNECTION.test(root) || /\b(?:Bounded)?Semaphore\(/.test(text) || /\bconcurrency\b|(?<![\w.])\w*[lL]imit(?:er)?\s*\(|\w(?:Limit|Series)\s*\(|[qQ]ueue\.add\(|\bsema?(?:phore)?\b/.test(spanText(text, loop.span))) return false;
  if (file.calls.some((around) => around.callee.at(-1) === '$transaction' && containsSpan(around.span, loop.span) && around.args[0]?.functionId === undefined)) return false;
  return !collectTransactions(flow, file).some((transaction) => containsSpan(transaction.body, loop.span));
}

/** In a routine the way out is a statement over the rows that the loop walks. */
function setBased(query: LoopQuery): string {
  const verb = query.path.length === 1 ? /^\s*(?:update|delete|insert|merge)\b/i.exec(query.site?.source?.text ?? '')?.[0].trim().toLowerCase() : undefined;
  const forms: Readonly<Record<string, string>> = { update: '`UPDATE … FROM`', delete: '`DELETE … USING`', insert: '`INSERT … SELECT`', merge: 'one `MERGE`' };
  const form = verb === undefined ? (query.execution.access === 'read' ? 'a join' : 'statements over all rows') : forms[verb];
  return ` In place of the loop ${form} over the same rows does it at once.`;
}

/** Why one write for all elements may not be wanted: each has its own `try`, or waits for something else that costs more. */
function apart({ flow, file }: FlowContext, { execution, loop, anchor, call, site }: LoopQuery): readonly string[] {
  if (execution.access !== 'write' || loop.id < 0) return [];
  return [
    ...(isIsolated(file, { span: anchor, functionId: site?.functionId ?? call?.functionId }, loop.body) ? ['each element may fail on its own'] : []),
    ...(worksOutside(flow, file, loop) ? ['each element waits for other work, too'] : []),
  ];
}

function severityOf(context: FlowContext, query: LoopQuery): Severity {
  const { doubts } = query;
  const reasons = apart(context, query).length;
  if (reasons > 1) return 'hint';
  if (doubts.includes('guessed') || doubts.includes('bounded') || doubts.includes('chunk') || doubts.includes('unlisted')) return 'hint';
  if (!query.dependent || doubts.length > 0 || reasons > 0) return 'info';
  return 'warning';
}

function doubtText(query: LoopQuery): string {
  if (query.doubts.includes('guessed')) return '; the callee is known by its name only';
  if (query.site?.lazy?.once && query.doubts.includes('conditional')) return '; unless the relation came with the rows';
  if (query.doubts.includes('conditional')) return '; only under a condition';
  return '';
}

function related(context: FlowContext, query: LoopQuery): readonly RelatedPlace[] {
  const head: RelatedPlace = { uri: context.file.uri, span: query.loop.head, message: `The loop: ${shorten(query.form.reason)}` };
  const hops = query.path.filter((step, k) => k > 0 || step.uri !== context.file.uri || step.span.start !== query.anchor.start);
  const again = (query.alike ?? []).map((span): RelatedPlace => ({ uri: context.file.uri, span, message: 'The same again in this loop' }));
  return [head, ...again, ...hops.map((step) => ({ uri: step.uri, span: step.span, message: step === query.path.at(-1) ? `The query: ${step.label}` : `Calls ${step.label}` }))];
}

/** What one statement for all would be, where no rewrite of the loop can say it. */
function wayOut({ file, text }: FlowContext, { form, call, execution }: LoopQuery): string {
  if (execution.access === 'write') return '';
  if (form.form === 'chain') return '; `WITH RECURSIVE` reads the whole chain with one statement';
  if (form.form === 'per-object') return file.language === 'python' && /\bSerializer\b|serializers\b/.test(text) ? '; the view’s queryset can bring it for all objects (annotate, prefetch_related)' : '; a DataLoader of the request reads the rows of all objects with one statement';
  const name = call && /^(?:this\.|self\.)?\w+$/.test(call.callee.join('.')) ? call.callee.at(-1) : undefined;
  return name !== undefined && enclosingFunctions(file, call?.functionId).some((fn) => fn.name === name) ? '; `WITH RECURSIVE` reads the whole tree with one statement, or all rows are read once and walked in memory' : '';
}

/** `users.ts:40`; the line is left out where the other file's lines are not known. */
function createPlaces(context: FlowContext): { of(uri: string, span: HostSpan): string } {
  let own: LineIndex | undefined;
  return {
    of(uri, span) {
      const name = decodeURIComponent(uri.split('/').at(-1) ?? uri);
      const line = uri === context.file.uri ? (own ??= createLineIndex(context.text)).toLineColumn(span.start).line : lineIn(context.flow.file(uri)?.lines, span.start);
      return line === undefined ? name : `${name}:${line + 1}`;
    },
  };
}

const lineIn = (starts: readonly number[] | undefined, offset: number): number | undefined =>
  !starts || starts.length === 0 ? undefined : lineAt(starts, offset);
