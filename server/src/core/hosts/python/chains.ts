import type { Chain } from '../../libraries/adapter';
import { hostSpan, type HostSpan } from '../../text/span';
import type { ChainArgument } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { Scopes } from './scopes';
import { stepsOf, type Step } from './steps';
import { argumentNodes, field, literalValue, parts, pathOf, sameNode, spanOf, unwrap } from './syntaxTools';

type Call = Chain['calls'][number];
type Condition = NonNullable<Call['condition']>;

/** A chain with what its reader has to know of the variables it came through. */
export interface PythonChain extends Chain {
  /** False: unseen code may add calls (a loop, a helper the statement was passed to, a parameter). */
  readonly complete: boolean;
}

const maximumDepth = 24;

/** An argument as plain data. Lists, tuples, sets and dictionaries keep their items; keyword arguments their name. */
export function argumentOf(node: SyntaxNode): ChainArgument {
  const value = node.type === 'keyword_argument' || node.type === 'pair' ? field(node, 'value') : node;
  const keyNode = node.type === 'keyword_argument' ? field(node, 'name') : node.type === 'pair' ? field(node, 'key') : undefined;
  const key = node.type === 'pair' && keyNode ? literalValue(keyNode) : keyNode?.text;
  const inner = value ? unwrap(value) : undefined;
  const listed = inner && /^(list|tuple|set|dictionary)$/.test(inner.type) ? parts(inner).map(argumentOf) : undefined;
  return {
    text: node.text,
    span: spanOf(node),
    name: typeof key === 'string' ? key : undefined,
    literal: inner ? literalValue(inner) : undefined,
    items: listed,
  };
}

/**
 * Flattens `root.a(…).b(…)[x:y]`, following a builder in a variable through its assignments (`q = q.where(…)`; under `if`
 * the calls carry the condition). Undefined when the expression is neither a call, a slice nor a name that leads to one.
 */
export function chainOf(node: SyntaxNode, scopes: Scopes, depth = 0): PythonChain | undefined {
  const inner = unwrap(node);
  if (depth > maximumDepth) return undefined;
  if (depth > 0) return readChain(inner, scopes, depth);
  const known = chains.get(scopes) ?? new Map<number, PythonChain | undefined>();
  chains.set(scopes, known);
  if (!known.has(inner.id)) known.set(inner.id, readChain(inner, scopes, 0));
  return known.get(inner.id);
}

/** Several adapters ask for the same chain. */
const chains = new WeakMap<Scopes, Map<number, PythonChain | undefined>>();

function readChain(inner: SyntaxNode, scopes: Scopes, depth: number): PythonChain | undefined {
  if (inner.type === 'identifier') return chainOfName(inner, scopes, depth);
  if (inner.type !== 'call' && inner.type !== 'subscript') return undefined;
  const calls: Call[] = [];
  let current: SyntaxNode = inner;
  for (;;) {
    current = unwrap(current);
    if (current.type === 'call') {
      const callee = field(current, 'function');
      if (!callee) return undefined;
      const function_ = unwrap(callee);
      const object = function_.type === 'attribute' ? field(function_, 'object') : undefined;
      const name = function_.type === 'attribute' ? field(function_, 'attribute') : function_;
      if (!name) return undefined;
      calls.unshift(callOf(current, name, hostSpan(object ? dotOf(function_).startIndex : current.startIndex, current.endIndex)));
      if (!object) return { root: function_, rootPath: pathOf(function_) ?? [], calls, complete: true };
      current = object;
      continue;
    }
    if (current.type === 'subscript') {
      const value = field(current, 'value');
      const index = field(current, 'subscript');
      if (!value) return undefined;
      const bounds = index?.type === 'slice' ? sliceBounds(index) : index ? [index] : [];
      const args = bounds.map((bound, at) => ({ ...argumentOf(bound), name: index?.type === 'slice' ? boundNames(index)[at] : undefined }));
      const span = hostSpan((current.children.find((child) => child.type === '[') ?? value).startIndex, current.endIndex);
      calls.unshift({ name: '[]', nameSpan: span, span, args, node: current, argNodes: bounds });
      current = value;
      continue;
    }
    if (current.type === 'identifier') {
      const before = chainOfName(current, scopes, depth + 1);
      if (before) return { ...before, calls: [...before.calls, ...calls] };
    }
    const path = pathOf(current);
    return path && { root: current, rootPath: path, calls, complete: true };
  }
}

/** Where a call of a chain begins: not at the end of the line before, nor at a comment between both. */
const dotOf = (attribute: SyntaxNode): SyntaxNode => attribute.children.find((child) => child.type === '.') ?? attribute;

function callOf(node: SyntaxNode, name: SyntaxNode, span: HostSpan, condition?: Condition): Call {
  const argNodes = argumentNodes(node);
  return { name: name.text, nameSpan: spanOf(name), span, args: argNodes.map(argumentOf), node, argNodes, condition };
}

/** The written bounds of a slice, in order. */
export const sliceBounds = (slice: SyntaxNode): readonly SyntaxNode[] => parts(slice);

/** For each written bound `start`, `stop` or `step`. */
export function boundNames(slice: SyntaxNode): readonly string[] {
  const names: string[] = [];
  let at = 0;
  for (const child of slice.children) {
    if (child.type === ':') at++;
    else if (child.type !== 'comment') names.push(['start', 'stop', 'step'][at] ?? 'step');
  }
  return names;
}

function chainOfName(node: SyntaxNode, scopes: Scopes, depth: number): PythonChain | undefined {
  const steps = stepsOf(node.text, node, scopes);
  const resolved = scopes.resolve(node.text, node);
  if (!steps || !resolved || resolved.scope.kind === 'module') {
    const only = resolved?.scope.kind === 'module' && steps?.length === 1 ? steps[0]?.binding : undefined;
    return only?.kind === 'assign' && only.value ? valueChain(only.value, scopes, depth + 1) : undefined;
  }
  return chainOfSteps(node.text, steps, scopes, depth);
}

function valueChain(value: SyntaxNode, scopes: Scopes, depth: number): PythonChain | undefined {
  const inner = unwrap(value);
  return /^(call|subscript|identifier)$/.test(inner.type) ? chainOf(inner, scopes, depth) : undefined;
}

/** Builds the chain from the last step backwards: a conditional step adds calls, an unconditional one is the base. */
function chainOfSteps(name: string, steps: readonly Step[], scopes: Scopes, depth: number): PythonChain | undefined {
  const last = steps.at(-1);
  const value = last?.binding.value;
  const before = steps.slice(0, -1);
  if (!last || !value || depth > maximumDepth) return undefined;
  if (last.binding.kind === 'unpack' && passes(name, value)) {
    const base = chainOfSteps(name, before, scopes, depth + 1);
    return base && { ...base, complete: false };
  }
  if (last.binding.kind !== 'assign') return undefined;
  const extension = extensionOf(name, unwrap(value), scopes, depth);
  if (!extension) {
    const own = valueChain(value, scopes, depth + 1);
    if (!last.guard && !last.repeated) return own;
    const base = chainOfSteps(name, before, scopes, depth + 1);
    return base ? { ...base, complete: false } : own && { ...own, complete: false };
  }
  const base = chainOfSteps(name, before, scopes, depth + 1);
  if (!base) return undefined;
  const guard = last.guard && { text: last.guard.text, span: last.guard.span, choice: last.guard.statement?.startIndex };
  const condition = combine(guard, extension.condition) ?? (last.repeated ? { text: 'in a loop', span: spanOf(last.binding.node) } : undefined);
  return {
    ...base,
    complete: base.complete && extension.complete && !last.repeated,
    calls: [...base.calls, ...extension.calls.map((call) => ({ ...call, condition: combine(condition, call.condition) }))],
  };
}

const combine = (outer: Condition | undefined, inner: Condition | undefined): Condition | undefined =>
  outer && inner ? { text: `${outer.text} and ${inner.text}`, span: outer.span, choice: outer.choice } : outer ?? inner;

/** The calls that `value` adds to the variable itself: `q.where(x).limit(1)`, `q.where(x) if c else q`, `helper(q)`. */
function extensionOf(name: string, value: SyntaxNode, scopes: Scopes, depth: number): { calls: readonly Call[]; complete: boolean; condition?: Condition } | undefined {
  if (value.type === 'identifier') return value.text === name ? { calls: [], complete: true } : undefined;
  if (value.type === 'conditional_expression') {
    const [then, test, otherwise] = parts(value);
    if (!then || !test || !otherwise) return undefined;
    const a = extensionOf(name, unwrap(then), scopes, depth + 1);
    const b = extensionOf(name, unwrap(otherwise), scopes, depth + 1);
    if (!a || !b) return undefined;
    if (b.calls.length === 0) return { ...a, condition: { text: test.text, span: spanOf(test) } };
    if (a.calls.length === 0) return { ...b, condition: { text: `not (${test.text})`, span: spanOf(test) } };
    return { calls: [], complete: false };
  }
  if (value.type !== 'call' && value.type !== 'subscript') return undefined;
  const calls: Call[] = [];
  let current = value;
  while (current.type === 'call' || current.type === 'subscript') {
    const flat = oneCall(current);
    if (!flat) break;
    calls.unshift(flat.call);
    current = unwrap(flat.receiver);
  }
  if (current.type === 'identifier' && current.text === name && calls.length > 0) return { calls, complete: true };
  return passes(name, current) ? { calls, complete: false } : undefined;
}

/** `helper(q, spec)`, `q, pages = paginate(q, page)`: unseen code extends the statement. */
function passes(name: string, value: SyntaxNode): boolean {
  const call = unwrap(value);
  const passed = call.type === 'call' && argumentNodes(call).some((argument) => {
    const inner = unwrap(argument.type === 'keyword_argument' ? field(argument, 'value') ?? argument : argument);
    return inner.type === 'identifier' && inner.text === name;
  });
  return passed && !pathOf(call)?.some((part) => statementStarts.has(part));
}

/** A statement that takes another one as an argument is a new statement, not an extension. */
const statementStarts = new Set(['select', 'insert', 'update', 'delete', 'exists', 'union', 'union_all', 'query', 'execute', 'scalars', 'scalar', 'exec', 'fetch', 'fetchrow', 'fetchval']);

function oneCall(node: SyntaxNode): { call: Call; receiver: SyntaxNode } | undefined {
  if (node.type === 'subscript') return undefined;
  const callee = field(node, 'function');
  const receiver = callee?.type === 'attribute' ? field(callee, 'object') : undefined;
  const name = callee?.type === 'attribute' ? field(callee, 'attribute') : undefined;
  return callee && receiver && name ? { call: callOf(node, name, hostSpan(dotOf(callee).startIndex, node.endIndex)), receiver } : undefined;
}

/** True when this call or slice is the outermost of its chain. */
export function isOutermost(node: SyntaxNode): boolean {
  let current = node;
  while (current.parent?.type === 'parenthesized_expression' || current.parent?.type === 'await') current = current.parent;
  const parent = current.parent;
  if (parent?.type === 'subscript') return !sameNode(field(parent, 'value'), current);
  if (parent?.type !== 'attribute') return true;
  return !(parent.parent?.type === 'call' && sameNode(field(parent.parent, 'function'), parent));
}
