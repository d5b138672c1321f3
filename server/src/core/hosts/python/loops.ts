import type { IterableKind, Loop, LoopFacts } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { Outline } from './outline';
import type { Scopes } from './scopes';
import { linksOf, type ValueLinks } from './functions';
import { stepsOf } from './steps';
import { argumentsOf, calleeName, field, freeNames, isComprehension, isFunction, literalValue, parameterNames, parts, receiverOf, spanOf, targetNames, unwrap } from './syntaxTools';
import { hostSpan } from '../../text/span';

type Iterable = NonNullable<Loop['iterable']>;

export function readLoops(outline: Outline, scopes: Scopes, links: ValueLinks): Loop[] {
  return outline.loops.map((node, id): Loop => {
    const shape = shapeOf(node);
    return {
      id,
      kind: shape.kind,
      span: spanOf(node),
      head: hostSpan(shape.headStart, shape.headEnd),
      body: spanOf(shape.body),
      functionId: outline.functionOf(node),
      parent: outline.loopsOf(node)[0],
      iterable: shape.iterable && readIterable(shape.iterable, scopes, links),
      elements: shape.elements,
      concurrent: isConcurrent(node, scopes),
      facts: factsOf(node, shape.iterable, outline),
    };
  });
}

interface Shape {
  readonly kind: Loop['kind'];
  readonly headStart: number;
  readonly headEnd: number;
  readonly body: SyntaxNode;
  readonly iterable?: SyntaxNode;
  readonly elements: readonly string[];
}

function shapeOf(node: SyntaxNode): Shape {
  const isAsync = (clause: SyntaxNode): boolean => clause.children.some((child) => child.type === 'async');
  if (node.type === 'for_statement') {
    const iterable = field(node, 'right');
    return { kind: isAsync(node) ? 'for-await' : 'for-of', headStart: node.startIndex, headEnd: iterable?.endIndex ?? node.endIndex, body: field(node, 'body') ?? node, iterable, elements: targetNames(field(node, 'left')) };
  }
  if (node.type === 'while_statement') {
    return { kind: 'while', headStart: node.startIndex, headEnd: field(node, 'condition')?.endIndex ?? node.endIndex, body: field(node, 'body') ?? node, elements: [] };
  }
  if (node.type === 'call') {
    const list = field(node, 'arguments');
    const [first, iterable] = list ? parts(list) : [];
    const elements = first?.type === 'lambda' ? parameterNames(field(first, 'parameters')) : ['(element)'];
    return { kind: 'callback', headStart: node.startIndex, headEnd: field(node, 'function')?.endIndex ?? node.endIndex, body: first ?? node, iterable, elements };
  }
  const clauses = node.namedChildren.filter((child) => child.type === 'for_in_clause');
  const first = clauses[0] ?? node;
  return {
    kind: clauses.some(isAsync) ? 'for-await' : 'comprehension',
    headStart: first.startIndex,
    headEnd: first.endIndex,
    body: field(node, 'body') ?? node,
    iterable: field(first, 'right'),
    elements: clauses.flatMap((clause) => targetNames(field(clause, 'left'))),
  };
}

/** Calls that walk their first argument and nothing else. */
const lookThrough = /^(enumerate|sorted|list|tuple|set|reversed|iter|zip|tqdm|filter|frozenset|as_completed|progressbar|track)$/;
const chunkers = /^(\w*_)?(chunks?|chunked|batch(es|ed)?|batch_iter|in_batches|grouper|partition(s|ed)?|split_every|ichunked)(_\w+)?$/i;

function readIterable(node: SyntaxNode, scopes: Scopes, links: ValueLinks): Iterable {
  return { text: node.text, span: spanOf(node), names: freeNames(node), ...iterableKind(node, scopes, links, 0) };
}

function iterableKind(node: SyntaxNode, scopes: Scopes, links: ValueLinks, hops: number): { kind: IterableKind; size?: number; siteId?: number } {
  const inner = unwrap(node);
  if (hops > 6) return { kind: 'unknown' };
  const next = (child: SyntaxNode) => iterableKind(child, scopes, links, hops + 1);
  switch (inner.type) {
    case 'list':
    case 'tuple':
    case 'set':
    case 'dictionary':
    case 'expression_list': {
      const items = parts(inner);
      return items.some((item) => /splat/.test(item.type)) ? { kind: 'unknown' } : { kind: 'literal', size: items.length };
    }
    case 'string':
      return { kind: 'literal' };
    case 'subscript': {
      const value = field(inner, 'value');
      return value ? next(value) : { kind: 'unknown' };
    }
    case 'attribute': {
      const object = field(inner, 'object');
      const site = object && linksOf(inner, links).siteId;
      if (site !== undefined) return { kind: 'query', siteId: site };
      if (/^[A-Z][A-Z0-9_]+$/.test(field(inner, 'attribute')?.text ?? '')) return { kind: 'constant' };
      return { kind: 'local' };
    }
    case 'identifier':
      return nameKind(inner, scopes, links, hops);
    case 'call':
      return callKind(inner, links, next);
    default:
      if (isComprehension(inner)) {
        const source = inner.namedChildren.find((child) => child.type === 'for_in_clause');
        const walked = source && field(source, 'right');
        return walked ? next(walked) : { kind: 'unknown' };
      }
      return { kind: 'unknown' };
  }
}

function callKind(call: SyntaxNode, links: ValueLinks, next: (node: SyntaxNode) => { kind: IterableKind; size?: number; siteId?: number }): { kind: IterableKind; size?: number; siteId?: number } {
  const site = linksOf(call, links).siteId;
  if (site !== undefined) return { kind: 'query', siteId: site };
  const name = calleeName(call)?.text ?? '';
  const { positional } = argumentsOf(call);
  const receiver = receiverOf(call);
  const first = positional[0];
  if (name === 'range') {
    const values = positional.map(literalValue);
    if (values.length > 0 && values.every((value) => typeof value === 'number')) {
      const [a = 0, b, step = 1] = values as number[];
      return { kind: 'literal', size: Math.max(0, Math.ceil(((b ?? a) - (b === undefined ? 0 : a)) / (step || 1))) };
    }
    return { kind: positional.length === 3 && literalValue(positional[2] ?? call) !== 1 ? 'chunks' : 'unknown' };
  }
  if (chunkers.test(name)) return { kind: 'chunks' };
  if (!receiver && lookThrough.test(name) && first) return next(first);
  if (receiver && /^(items|values|keys)$/.test(name) && positional.length === 0) {
    const walked = next(receiver);
    return walked.kind === 'constant' || walked.kind === 'literal' ? walked : { kind: 'entries' };
  }
  if (receiver && /^(scalars|all|fetchall|mappings|unique|partitions|yield_per|tuples|copy|fetchmany)$/.test(name)) {
    const walked = next(receiver);
    if (walked.kind === 'query') return name === 'partitions' ? { kind: 'chunks', siteId: walked.siteId } : walked;
  }
  return { kind: 'call' };
}

function nameKind(node: SyntaxNode, scopes: Scopes, links: ValueLinks, hops: number): { kind: IterableKind; size?: number; siteId?: number } {
  const resolved = scopes.resolve(node.text, node);
  const steps = stepsOf(node.text, node, scopes)?.filter((step) => step.binding.kind !== 'augmented');
  const binding = steps?.at(-1)?.binding ?? resolved?.bindings[0];
  if (!binding || !resolved) return { kind: 'unknown' };
  if (binding.kind === 'parameter') return { kind: 'parameter' };
  if (binding.kind === 'import') return { kind: /^[A-Z][A-Z0-9_]+$/.test(node.text) ? 'constant' : 'unknown' };
  if (binding.kind === 'class') return { kind: 'constant' };
  if (!binding.value || (binding.kind !== 'assign' && binding.kind !== 'with')) return { kind: 'local' };
  const made = iterableKind(binding.value, scopes, links, hops + 1);
  if (resolved.scope.kind === 'module' || resolved.scope.kind === 'class') return made.kind === 'literal' ? { ...made, kind: 'constant' } : made;
  const grows = resolved.bindings.length > 1 || isFilled(node, resolved.scope.node);
  if (made.kind === 'literal') return grows ? { kind: 'local' } : { ...made, kind: 'constant' };
  return made.kind === 'unknown' ? { kind: 'local' } : made;
}

/** A list that starts empty and is filled by methods. */
function isFilled(name: SyntaxNode, scope: SyntaxNode): boolean {
  return new RegExp(`\\b${name.text}\\s*(?:\\.(?:append|extend|insert|add|update|put|setdefault)\\s*\\(|\\[[^\\]]*\\]\\s*=[^=])`).test(scope.text);
}

/** Under `gather`, in a task group, or started as a task: the turns run at the same time. */
function isConcurrent(loop: SyntaxNode, scopes: Scopes): boolean {
  let current: SyntaxNode = loop;
  while (current.parent?.type === 'list_splat' || current.parent?.type === 'parenthesized_expression') current = current.parent;
  const call = current.parent?.type === 'argument_list' ? current.parent.parent : undefined;
  if (call?.type === 'call' && /^(gather|wait|as_completed)$/.test(calleeName(call)?.text ?? '')) return true;
  if (loop.type === 'call') return field(loop, 'function')?.type === 'attribute';
  if (starts(loop, /^(create_task|ensure_future|start_soon|submit|run_coroutine_threadsafe)$/)) return true;
  const collected = isComprehension(loop) ? (current.parent?.type === 'assignment' ? field(current.parent, 'left')?.text : undefined) : appendedName(loop);
  if (!collected || !/^\w+$/.test(collected)) return false;
  const scope = scopes.scopeOf(loop).node;
  return new RegExp(`\\b(?:gather|wait|as_completed)\\s*\\(\\s*\\*?\\s*${collected}\\b`).test(scope.text);
}

function starts(loop: SyntaxNode, method: RegExp): boolean {
  let found = false;
  const visit = (node: SyntaxNode): void => {
    if (found || node.type === 'function_definition') return;
    if (node.type === 'call' && method.test(calleeName(node)?.text ?? '')) found = true;
    for (const child of node.namedChildren) visit(child);
  };
  const body = field(loop, 'body');
  if (body) visit(body);
  return found;
}

/** `tasks` of `tasks.append(coroutine(x))` in the loop's body. */
function appendedName(loop: SyntaxNode): string | undefined {
  const body = field(loop, 'body');
  for (const statement of body ? parts(body) : []) {
    const call = statement.type === 'expression_statement' ? parts(statement)[0] : undefined;
    if (call?.type !== 'call' || calleeName(call)?.text !== 'append') continue;
    const first = argumentsOf(call).positional[0];
    if (first?.type === 'call') return receiverOf(call)?.text;
  }
  return undefined;
}

function factsOf(loop: SyntaxNode, iterable: SyntaxNode | undefined, outline: Outline): LoopFacts {
  const assigns: { name: string; names: readonly string[]; span: ReturnType<typeof spanOf>; calls: readonly number[] }[] = [];
  const exits: { kind: 'break' | 'return' | 'throw'; conditional: boolean; span: ReturnType<typeof spanOf>; condition?: string }[] = [];
  let retries = false;
  const visit = (node: SyntaxNode, condition: string | undefined, conditional: boolean, nested: boolean): void => {
    if (isFunction(node) || node.type === 'class_definition') return;
    if (node.type === 'assignment' || node.type === 'augmented_assignment' || node.type === 'named_expression') {
      const value = field(node, 'right') ?? field(node, 'value');
      const left = field(node, 'left') ?? field(node, 'name');
      const names = value ? freeNames(value) : [];
      for (const name of targetNames(left)) assigns.push({ name, names: node.type === 'augmented_assignment' ? [...new Set([name, ...names])] : names, span: spanOf(node), calls: value ? callsIn(value, outline) : [] });
    }
    if (node.type === 'break_statement' && !nested) exits.push({ kind: 'break', conditional, span: spanOf(node), condition });
    if (node.type === 'return_statement') exits.push({ kind: 'return', conditional, span: spanOf(node), condition });
    if (node.type === 'raise_statement') exits.push({ kind: 'throw', conditional, span: spanOf(node), condition });
    if (node.type === 'try_statement' && !nested && node.namedChildren.some((clause) => clause.type === 'except_clause' && !parts(clause).some((block) => block.type === 'block' && /^(raise|return|break)_statement$/.test(parts(block).at(-1)?.type ?? '')))) retries = true;
    const inner = nested || node.type === 'for_statement' || node.type === 'while_statement';
    for (const child of node.namedChildren) {
      const test = (node.type === 'if_statement' || node.type === 'elif_clause') && child.type === 'block' ? field(node, 'condition')?.text : undefined;
      visit(child, test ?? condition, conditional || test !== undefined || /^(else_clause|elif_clause|except_clause|case_clause)$/.test(child.type), inner);
    }
  };
  const body = loop.type === 'call' ? undefined : field(loop, 'body');
  const test = loop.type === 'while_statement' ? field(loop, 'condition') : undefined;
  if (test) visit(test, undefined, false, false);
  if (body) visit(body, undefined, false, false);
  const range = iterable && unwrap(iterable);
  const step = range?.type === 'call' && calleeName(range)?.text === 'range' ? argumentsOf(range).positional[2] : undefined;
  return {
    condition: loop.type === 'while_statement' ? field(loop, 'condition')?.text : undefined,
    step: step && literalValue(step) !== 1 ? step.text : undefined,
    assigns,
    exits,
    retries,
  };
}

function callsIn(node: SyntaxNode, outline: Outline): number[] {
  const found: number[] = [];
  const visit = (current: SyntaxNode): void => {
    if (isFunction(current)) return;
    const id = current.type === 'call' ? outline.callId(current) : undefined;
    if (id !== undefined) found.push(id);
    for (const child of current.namedChildren) visit(child);
  };
  visit(node);
  return found;
}
