import type { CallIr, HostFile, Loop } from '../hosts/ir';
import { escapeRegExp } from '../text/regExp';
import { containsSpan, type HostSpan } from '../text/span';

/**
 * What a loop does with the things it walks, as far as a query in its body is concerned.
 * `per-element`: one turn per element of a collection of unknown size; `per-object`: a framework's turn per object of an
 * answer; `chain`: one turn per level of a tree. All others are innocent, `unknown` included.
 */
export type LoopForm = 'per-element' | 'per-object' | 'chain' | 'chunk' | 'retry' | 'page-walk' | 'constant' | 'at-most-once' | 'probe' | 'unknown';

export interface LoopClass {
  readonly form: LoopForm;
  /** One clause for the message or the evidence. */
  readonly reason: string;
}

/** The call or site in the loop body that is judged. */
export interface LoopSubject {
  readonly span: HostSpan;
  /** Function that contains it. */
  readonly functionId?: number;
  readonly call?: CallIr;
  /** Loops that the host found around it. */
  readonly loopIds: readonly number[];
  /** Name that its result is assigned to. */
  readonly resultName?: string;
  /** SQL text, where it is known. */
  readonly sql?: string;
  /** Names that reach the query. */
  readonly names: readonly string[];
  /** A function passed by its name to the call that is the loop (`ids.map(loadUser)`). */
  readonly byName?: boolean;
}

const RETRY = /attempt|retr(y|ies)|\btries\b|backoff|maxTries|num_tries/i;
const PAGE = /(^|[^a-z])(page|pages|pageNo|pageNumber|pageIndex|offset|skip|cursor|nextCursor|nextPage|hasMore|hasNext|has_more|has_next|next_page|next_cursor|startAfter|lastId|last_id|after|pageToken|nextToken|continuationToken)([^a-z]|$)/i;
/** `inChunksOf(ids, 100)`, `toBatches(rows)`: the plural says that it gives several of them. */
const CHUNKER = /\b\w*(chunks|chunked|chunkify|chunkArray|chunkBy|batches|batched)\w*\s*(<[^()]*>)?\(/i;
const CHUNK = /\b(chunk|chunks|chunked|chunkArray|toChunks|splitIntoChunks|batched|batches|batch_iter|iter_batches|in_batches|inBatches|splitEvery|sliding|grouper|partition_all|ichunked|createBatches|getBatches|makeBatches)\b/i;
const CHUNK_ELEMENT = /^(chunk|batch|slice|page|group|partition|bucket|rows|records|chunkOf\w+|\w+Chunk|\w+Batch|\w+_chunk|\w+_batch|\w+Page|\w+_page)$/;
/** `payloadRanges`: each has a lower and an upper bound. */
const RANGES = /(?:^|[.\w])(?:ranges|Ranges)$/;
const UPPER = /^[A-Z][A-Z\d]*(_[A-Z\d]+)*$/;

/**
 * Decides how often the subject runs in one go through the loop. The order of the checks is the order of certainty:
 * what is provably bounded first, then what walks pages or retries, last what runs per element.
 */
export function classifyLoop(file: HostFile, loop: Loop, subject: LoopSubject): LoopClass {
  return atMostOnce(file, loop, subject) ?? constantSize(loop) ?? chunk(file, loop) ?? retry(loop) ?? pageWalk(file, loop, subject) ?? probe(file, loop, subject) ?? perElement(file, loop, subject) ?? { form: 'unknown', reason: 'what the loop walks is not known' };
}

const sameFunction = (loop: Loop, subject: LoopSubject): boolean => loop.kind !== 'callback' && loop.kind !== 'comprehension' && loop.functionId === subject.functionId;

function atMostOnce(file: HostFile, loop: Loop, subject: LoopSubject): LoopClass | undefined {
  if (!sameFunction(loop, subject)) return undefined;
  const innermost = innermostLoop(file, subject);
  const own = innermost === undefined || innermost.id === loop.id;
  if (own && subject.call?.exitsAfter === true) return { form: 'at-most-once', reason: 'the loop is left right after it' };
  const leaves = (l: Loop, kinds: RegExp) => l.facts.exits.some((e) => !e.conditional && kinds.test(e.kind) && e.span.end >= subject.span.end);
  if (leaves(loop, own ? /^(return|break)$/ : /^return$/) || (innermost && !own && leaves(innermost, /^return$/))) return { form: 'at-most-once', reason: 'the loop is always left in its first turn' };
  return undefined;
}

/** Smallest loop of the subject's own function around it. */
function innermostLoop(file: HostFile, subject: LoopSubject): Loop | undefined {
  let best: Loop | undefined;
  for (const loop of file.loops) {
    if (loop.functionId !== subject.functionId || loop.kind === 'callback' || !containsSpan(loop.body, subject.span)) continue;
    if (!best || loop.body.end - loop.body.start < best.body.end - best.body.start) best = loop;
  }
  return best;
}

function constantSize(loop: Loop): LoopClass | undefined {
  const constant = (reason: string): LoopClass => ({ form: 'constant', reason });
  const iterable = loop.iterable;
  if (iterable) {
    if (iterable.kind === 'literal' || iterable.kind === 'constant') return constant(`it walks a constant${iterable.size === undefined ? '' : ` of ${iterable.size} elements`}`);
    const text = iterable.text.trim();
    const last = text.replace(/\.(values|keys|items|entries)\(\)$/, '').split('.').at(-1) ?? '';
    if (UPPER.test(last) && last.length > 1) return constant(`\`${text}\` is a constant`);
    // Each is other SQL, and they run one after the other on purpose.
    if (/^(?:\w+\.)*(?:pending|sorted|undeployed|available)?(?:migrations|alterations)(?:\.slice\(\)|\.(?:reverse|toReversed|toSorted|values)\(\))*$/i.test(text)) return constant('it runs migrations');
    if (/^Object\.(values|keys|entries)\(\s*[A-Z]\w*(\.[A-Z]\w*)*\s*\)$/.test(text)) return constant('it walks the values of an enumeration');
    if (/^(list\()?[A-Z][a-z]\w*\)?$/.test(text) && loop.kind !== 'callback') return constant(`\`${text}\` is an enumeration`);
    if (/^x?range\(\s*\d+\s*(,\s*\d+\s*)?\)$/.test(text) || /^x?range\(\s*[A-Z][A-Z\d_]+\s*\)$/.test(text)) return constant('a fixed number of turns');
    if (/^(\[\.\.\.\s*)?(Array|new Array)\(\s*(\d+|[A-Z][A-Z\d_]+)\s*\)|^Array\.from\(\s*\{\s*length:\s*(\d+|[A-Z][A-Z\d_]+)\s*\}/.test(text)) return constant('a fixed number of turns');
    if (/^\[/.test(text) && !text.includes('...') && !text.includes('*')) return constant('it walks a literal list');
  }
  if (loop.kind === 'for' && loop.facts.condition !== undefined && /[<>]=?\s*(\d+|[A-Z][A-Z\d_]+)\s*$/.test(loop.facts.condition)) return constant('a fixed number of turns');
  return undefined;
}

/** Does each turn take a part of a collection, not an element of it? */
export const walksChunks = (file: HostFile, loop: Loop): boolean => chunk(file, loop) !== undefined;

function chunk(file: HostFile, loop: Loop): LoopClass | undefined {
  const found = (reason: string): LoopClass => ({ form: 'chunk', reason });
  if (loop.iterable?.kind === 'chunks') return found('it walks chunks');
  if (loop.facts.step !== undefined && !/^-?1$/.test(loop.facts.step.trim())) return found(`its step is ${loop.facts.step.trim()}`);
  if (loop.iterable) {
    if (CHUNK.test(loop.iterable.text) || CHUNKER.test(loop.iterable.text)) return found('it walks chunks');
    if (/range\([^,]+,[^,]+,\s*(?!-?1\s*\))[^)]+\)$/.test(loop.iterable.text)) return found('it walks in steps');
    if (loop.elements.length > 0 && loop.elements.every((e) => CHUNK_ELEMENT.test(e)) && (loop.kind === 'for-await' || !/^(group|page|slice|partition|bucket)$/.test(loop.elements[0] ?? ''))) return found(`each \`${loop.elements.join(', ')}\` is a chunk`);
    if (RANGES.test(loop.iterable.text.trim()) || loop.elements.some((e) => /^\w*[a-z](Range|_range)$/.test(e))) return found('it walks ranges');
    if (loop.kind === 'for-await' && loop.elements.length === 1 && /(list|[^s]s)$/i.test(loop.elements[0] ?? '') && !/(status|address|class|process|alias|bus|news)$/i.test(loop.elements[0] ?? '')) return found('each turn gets a list');
  }
  if (loop.kind === 'for' && /[<>]=?\s*\w*(batch|chunk|page)\w*\.(length|size)/i.test(loop.facts.condition ?? '')) return found('it walks chunks');
  if (loop.iterable && /range\(\s*(0\s*,\s*)?len\(\w*(batch|chunk|page)\w*\)/i.test(loop.iterable.text)) return found('it walks chunks');
  const takes = callsIn(file, loop).find((call) => /^(splice|islice|fetchmany|take|popMany|drain|read_batch|getBatch|nextBatch|get_batch|next_batch|takeBatch)$/.test(call.callee.at(-1) ?? '') && loop.iterable === undefined);
  return takes ? found('each turn takes a batch') : undefined;
}

function retry(loop: Loop): LoopClass | undefined {
  const words = [loop.facts.condition ?? '', ...loop.elements, loop.iterable?.kind === 'call' || loop.iterable?.kind === 'unknown' ? loop.iterable.text : ''].join(' ');
  if (RETRY.test(words)) return { form: 'retry', reason: 'it retries' };
  if (loop.facts.retries && loop.iterable === undefined && isEndless(loop)) return { form: 'retry', reason: 'it retries after errors' };
  return undefined;
}

function pageWalk(file: HostFile, loop: Loop, subject: LoopSubject): LoopClass | undefined {
  const walk = (reason: string): LoopClass => ({ form: 'page-walk', reason });
  const head = [loop.facts.condition ?? '', ...(loop.iterable === undefined || /range|count\(/.test(loop.iterable.text) ? loop.elements : [])].join(' ');
  if (PAGE.test(head)) return walk('it walks pages');
  if (loop.iterable && /\bcount\(/.test(loop.iterable.text) && /^(itertools\.)?count\(/.test(loop.iterable.text)) return walk('it counts without an end');
  if (loop.iterable && /range\(/.test(loop.iterable.text) && subject.sql !== undefined && /\b(limit|offset)\b/i.test(subject.sql)) return walk('it walks pages');
  if (loop.iterable !== undefined) return undefined;
  if (loop.facts.assigns.some((a) => PAGE.test(` ${a.name} `) && subject.names.includes(a.name))) return walk('it walks pages');
  // The value of one turn is where the next one starts.
  if (subject.resultName !== undefined && isEndless(loop) && loop.facts.exits.some((e) => e.condition?.includes(subject.resultName ?? '') === true) && !popsFrom(file, loop)) return walk('it goes on until the query gives nothing more');
  return undefined;
}

/** `if (found) return found`: the loop looks for the first hit. A return on failure is no probe. */
function probe(file: HostFile, loop: Loop, subject: LoopSubject): LoopClass | undefined {
  const result = subject.resultName;
  if (!sameFunction(loop, subject)) return undefined;
  // Go asks for the error: `if err := row.Scan(&x); err == nil { return x }`.
  if (file.language === 'go' && loop.facts.exits.some((e) => e.conditional && e.kind !== 'throw' && e.span.start >= subject.span.end && /^\s*(?:\w*[eE]rr)\s*==\s*nil\s*$/.test(e.condition ?? ''))) return { form: 'probe', reason: 'it ends with the first hit' };
  if (result === undefined) return undefined;
  const hit = loop.facts.exits.find((e) => e.conditional && e.kind !== 'throw' && e.span.start >= subject.span.end && e.condition !== undefined && e.condition.includes(result) && !isFailure(e.condition));
  return hit ? { form: 'probe', reason: 'it ends with the first hit' } : undefined;
}

const isFailure = (condition: string): boolean => /^\s*\(?\s*!(?!=)|\bnot\s|is None|[!=]==?\s*(null|undefined|0|false)|length\s*(<|===?\s*0)|rowCount\s*(<|===?\s*0)|<\s*1\b|\.(error|is_err)\b/.test(condition) && !/!==?\s*(null|undefined|0)|is not None|length\s*!==?\s*0/.test(condition);

function perElement(file: HostFile, loop: Loop, subject: LoopSubject): LoopClass | undefined {
  const found = (reason: string): LoopClass => ({ form: 'per-element', reason });
  if (loop.iterable) {
    if (subject.byName !== true && (loop.elements.length === 0 || loop.elements.every((e) => /^_+$/.test(e)))) return undefined;
    const text = shorten(loop.iterable.text);
    return found(`once per element of \`${text}\``);
  }
  const condition = loop.facts.condition ?? '';
  if (loop.kind === 'for') {
    const bound = /[<>]=?\s*([\w$.[\]]+\.(?:length|size)|[\w$.]+)\s*$/.exec(condition)?.[1];
    return bound === undefined ? undefined : found(`once per turn, up to \`${bound}\``);
  }
  const popped = popsFrom(file, loop);
  if (popped !== undefined) return found(`once per element taken from \`${popped}\``);
  if (/(<|!==?)\s*(len\(|[\w$.]+\.length)/.test(condition)) return found(`once per turn of \`while (${shorten(condition)})\``);
  const rows = loop.facts.assigns.find((a) => subject.names.includes(a.name) && a.calls.some((id) => /^(fetchone|next|readRow|read)$/.test(file.calls[id]?.callee.at(-1) ?? '')));
  if (rows) return found('once per row of the cursor');
  const parent = loop.facts.assigns.find((a) => (subject.resultName === a.name || a.names.includes(subject.resultName ?? '')) && PARENT.test(`${subject.names.join(' ')} ${subject.call?.args.map((x) => x.text).join(' ') ?? ''} ${condition}`));
  if (parent) return { form: 'chain', reason: 'once per level, from child to parent' };
  return undefined;
}

/** Names of what leads from a child to its parent. */
export const PARENT = /parent|ancestor|manager_?id|superior|belongsTo|replyTo|reply_to/i;

/** The work list that a `while` loop takes its elements from. */
function popsFrom(file: HostFile, loop: Loop): string | undefined {
  if (loop.kind !== 'while' && loop.kind !== 'do') return undefined;
  const condition = `${loop.facts.condition ?? ''} ${loop.facts.exits.map((e) => e.condition ?? '').join(' ')}`;
  for (const call of callsIn(file, loop)) {
    const list = call.callee.slice(0, -1).join('.');
    if (/^(shift|pop|popleft|popFirst|dequeue|pollFirst)$/.test(call.callee.at(-1) ?? '') && list !== '' && new RegExp(`(^|[^\\w$])${escapeRegExp(list)}([^\\w$]|$)`).test(condition)) return list;
  }
  return undefined;
}

const isEndless = (loop: Loop): boolean => loop.iterable === undefined && (loop.facts.condition === undefined || /^\(?\s*(true|True|1|;;)?\s*\)?$/.test(loop.facts.condition));

function callsIn(file: HostFile, loop: Loop): readonly CallIr[] {
  return file.calls.filter((call) => containsSpan(loop.span, call.span));
}

export const shorten = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 48 ? `${line.slice(0, 45)}…` : line;
};
