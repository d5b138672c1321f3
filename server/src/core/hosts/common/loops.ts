import { hostSpan } from '../../text/span';
import type { IterableKind, Loop, LoopFacts } from '../ir';
import type { SyntaxNode } from '../syntax';
import { ANY_ELEMENT } from './calls';
import type { Links } from './functions';
import type { Names } from './names';
import type { Source } from './source';
import { constantOf } from './strings';
import { spanOf } from './syntaxTools';

/** The loops of a file in the order of `source.loops`. */
export function readLoops(source: Source, names: Names, links: Links): Loop[] {
  return source.loops.map((node, id): Loop => {
    const statement = source.loopForm(node);
    const element = statement ? undefined : source.elementLoop(node);
    const call = source.callForm(node);
    const fn = source.functionOf(node);
    const body = statement?.body ?? element?.closure?.body ?? element?.run ?? node;
    const headEnd = statement ? statement.headEnd ?? statement.iterable?.endIndex ?? statement.condition?.endIndex ?? statement.body.startIndex : call?.name.endIndex ?? node.endIndex;
    const iterable = statement?.iterable ?? element?.iterable;
    return {
      id,
      kind: statement?.loop ?? (source.spec.blocksAreLoops && element?.closure ? 'for-of' : 'callback'),
      span: spanOf(node),
      head: hostSpan(node.startIndex, Math.max(node.startIndex, headEnd)),
      body: spanOf(body),
      functionId: fn && source.functionId(fn),
      parent: source.loopsOf(node)[0],
      iterable: iterable && (ownQuery(node, iterable, headEnd, element?.chunks === true, names, links) ?? readIterable(iterable, element?.chunks ? 'chunks' : statement?.size === undefined ? undefined : 'literal', statement?.size, source, names, links)),
      elements: statement?.elements ?? element?.closure?.parameters.map((parameter) => parameter.name) ?? (element ? [ANY_ELEMENT] : []),
      concurrent: isConcurrent(node, call?.name.text, source),
      facts: factsOf(node, source, names),
    };
  });
}

/** `User.find_each { … }`: the call that walks is the query. */
function ownQuery(loop: SyntaxNode, iterable: SyntaxNode, head: number, chunks: boolean, names: Names, links: Links): Loop['iterable'] {
  const siteId = chunks ? undefined : links.siteOf(loop);
  return siteId === undefined ? undefined : { text: loop.text.slice(0, Math.max(iterable.text.length, head - loop.startIndex)), span: spanOf(iterable), names: names.free(iterable), kind: 'query', siteId };
}

interface KindOf {
  readonly kind: IterableKind;
  readonly size?: number;
  readonly siteId?: number;
}

const chunkers = /^(\w*_)?(chunks?|chunked|chunk_?by_?id|batch(es|ed)?|in_batches|in_groups_of|each_slice|each_batch|partition|array_chunk|chunks_exact|find_in_batches)$|^(Chunk|Batch|Partition|ListPartition|Lists\.partition)$/i;

function readIterable(node: SyntaxNode, kind: IterableKind | undefined, size: number | undefined, source: Source, names: Names, links: Links): NonNullable<Loop['iterable']> {
  const found: KindOf = kind === undefined ? iterableKind(node, source, names, links, 0) : { kind, size };
  return { text: node.text, span: spanOf(node), names: names.free(node), ...found };
}

function iterableKind(node: SyntaxNode, source: Source, names: Names, links: Links, hops: number): KindOf {
  if (hops > 6) return { kind: 'unknown' };
  const inner = source.unwrap(node);
  const next = (child: SyntaxNode): KindOf => iterableKind(child, source, names, links, hops + 1);
  const siteId = links.siteOf(inner);
  if (siteId !== undefined) return { kind: 'query', siteId };
  const form = source.form(inner);
  switch (form?.kind) {
    case 'list':
      return form.items.some((item) => /splat|spread|variadic/.test(item.type)) ? { kind: 'unknown' } : { kind: 'literal', size: form.items.length };
    case 'record':
      return { kind: 'literal', size: form.entries.length };
    case 'value':
      return typeof form.value === 'number' ? { kind: 'literal', size: form.value } : { kind: 'unknown' };
    case 'text':
      return { kind: 'literal' };
    case 'index':
      return next(form.object);
    case 'call': {
      const name = form.name.text;
      if (chunkers.test(name)) return { kind: 'chunks' };
      const first = form.args[0];
      if (form.receiver && source.spec.lookThrough.test(name)) return next(/^[A-Z]\w*$/.test(form.receiver.text) && first ? first.node : form.receiver);
      if (!form.receiver && first && source.spec.lookThrough.test(name)) return next(first.node);
      if (form.receiver && source.spec.perElement.test(name) && source.elementLoop(inner)) return next(form.receiver);
      if (form.receiver && /^(values|keys|entrySet|keySet|entries|Keys|Values|each_pair)$/.test(name)) {
        const walked = next(form.receiver);
        return walked.kind === 'constant' || walked.kind === 'literal' ? walked : { kind: 'entries' };
      }
      if (form.receiver && /^(List|Set|Arrays|Stream|ImmutableList|Lists)$/.test(form.receiver.text) && /^(of|asList|newArrayList)$/.test(name)) return { kind: 'literal', size: form.args.length };
      return { kind: 'call' };
    }
    case 'member':
    case 'reference':
      if (/^[A-Z][A-Z0-9_]+$/.test(form.name.text)) return { kind: 'constant' };
      return { kind: 'local' };
    case 'field':
      return { kind: 'local' };
    case 'name':
      return nameKind(form.name, inner, source, names, links, hops);
    default:
      // `1..3`, `0...n`
      if (/range/.test(inner.type)) return inner.namedChildren.length > 0 && inner.namedChildren.every((end) => typeof constantOf(end, source) === 'number') ? { kind: 'literal' } : { kind: 'unknown' };
      return { kind: 'unknown' };
  }
}

function nameKind(name: string, node: SyntaxNode, source: Source, names: Names, links: Links, hops: number): KindOf {
  const found = names.bindings(name, node);
  if (!found) return { kind: source.spec.constants?.test(name) ? 'constant' : 'unknown' };
  const before = found.top ? found.list : found.list.filter((binding) => binding.start < node.startIndex);
  const last = before.filter((binding) => binding.kind !== 'adds' && binding.kind !== 'append').at(-1);
  if (!last) return { kind: 'local' };
  if (last.kind === 'parameter') return { kind: 'parameter' };
  if (last.kind !== 'assign' || !last.value) return { kind: 'local' };
  if (last.index > 0) return { kind: 'local' };
  const made = iterableKind(last.value, source, names, links, hops + 1);
  if (made.kind !== 'literal') return made.kind === 'unknown' ? { kind: 'local' } : made;
  const grows = found.list.length > 1 || (!found.top && isFilled(name, found.fn ?? source.root));
  return grows || (!found.top && made.size === 0) ? { kind: 'local' } : { ...made, kind: 'constant' };
}

/** A list that something is put into later. */
const isFilled = (name: string, scope: SyntaxNode): boolean =>
  new RegExp(`(?<![\\w$])[$]?${name}\\s*(?:(?:\\.|->|\\?\\.)(?:add|addAll|push|push_back|append|extend|insert|put|concat|Add|AddRange|Insert|push_str|unshift|merge)\\b|<<|\\[[^\\]]*\\]\\s*=[^=]|=\\s*append\\()`).test(scope.text);

function isConcurrent(loop: SyntaxNode, method: string | undefined, source: Source): boolean {
  if (method !== undefined && source.spec.concurrent?.test(method)) return true;
  if (method !== undefined && /^(Select|map)$/.test(method)) {
    for (let current = loop.parent, depth = 0; current && depth < 6; current = current.parent, depth++) {
      const call = source.callForm(current);
      if (call && /^(WhenAll|WhenAny|join_all|try_join_all|FuturesUnordered|buffer_unordered|for_each_concurrent)$/.test(call.name.text)) return true;
    }
    return false;
  }
  const body = source.loopForm(loop)?.body;
  return body !== undefined && startsWork(body, source);
}

/** `go func() { … }()`, `g.Go(…)`, `executor.submit(…)`, `tokio::spawn(…)` in the body itself. */
function startsWork(node: SyntaxNode, source: Source): boolean {
  if (node.type === 'go_statement') return true;
  const call = source.callForm(node);
  if (call && (/^(spawn|submit|supplyAsync|runAsync|StartNew)$/.test(call.name.text) || (call.name.text === 'Go' && call.receiver !== undefined) || (call.name.text === 'Run' && call.receiver?.text === 'Task'))) return true;
  return node.namedChildren.some((child) => startsWork(child, source));
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function factsOf(loop: SyntaxNode, source: Source, names: Names): LoopFacts {
  const statement = source.loopForm(loop);
  const assigns: Mutable<LoopFacts['assigns'][number]>[] = [];
  const exits: Mutable<LoopFacts['exits'][number]>[] = [];
  let retries = false;
  const body = statement?.body;
  const closure = statement ? undefined : source.elementLoop(loop)?.closure?.body;
  const visit = (node: SyntaxNode, condition: string | undefined, conditional: boolean, nested: boolean): void => {
    const form = source.form(node);
    if (form?.kind === 'function' || form?.kind === 'class') return;
    if (form?.kind === 'assign') {
      form.targets.forEach((target, index) => {
        const value = form.values[Math.min(index, form.values.length - 1)];
        const own = value ? names.free(value) : [];
        for (const name of names.free(target).slice(0, 1)) assigns.push({ name, names: form.adds ? [...new Set([name, ...own])] : own, span: spanOf(node), calls: value ? callsIn(value, source) : [] });
      });
    }
    if (form?.kind === 'exit' && (statement || source.spec.blocksAreLoops) && (form.exit !== 'break' || !nested)) exits.push({ kind: form.exit, conditional, span: spanOf(node), condition });
    if (form?.kind === 'handler' && !nested && form.body && !leaves(form.body, source)) retries = true;
    const inner = nested || form?.kind === 'loop' || (form?.kind === 'branch' && /switch|case|section/.test(node.type));
    for (const child of node.namedChildren) {
      const within = (part: SyntaxNode | undefined): boolean => part !== undefined && part.startIndex <= child.startIndex && child.endIndex <= part.endIndex;
      if (form?.kind === 'if') {
        const then = within(form.then);
        visit(child, then || form.otherwise.some(within) ? form.condition?.text ?? condition : condition, conditional || then || form.otherwise.some(within), inner);
      } else visit(child, condition, conditional || form?.kind === 'branch' || form?.kind === 'handler', inner);
    }
  };
  const start = body ?? closure;
  if (start) for (const child of [start]) visit(child, undefined, false, false);
  const condition = statement?.condition && statement.iterable === undefined ? statement.condition.text : undefined;
  return { condition, step: statement?.step, assigns, exits, retries };
}

function leaves(block: SyntaxNode, source: Source): boolean {
  const form = source.form(block);
  if (form?.kind === 'exit') return true;
  if (form?.kind === 'function') return false;
  const last = block.namedChildren.at(-1);
  return last !== undefined && leaves(last, source);
}

export function callsIn(node: SyntaxNode, source: Source): number[] {
  const found: number[] = [];
  const visit = (current: SyntaxNode): void => {
    if (source.functionForm(current)) return;
    const id = source.callId(current);
    if (id !== undefined) found.push(id);
    for (const child of current.namedChildren) visit(child);
  };
  visit(node);
  return found;
}
