import type { Chain } from '../../libraries/adapter';
import type { ChainArgument } from '../ir';
import type { SyntaxNode } from '../syntax';
import { negated } from '../shared/textParts';
import { hostSpan } from '../../text/span';
import type { Scopes } from './scopes';
import { collectSteps, type Step } from './steps';
import { callParts, isFunction, keyName, loosePath, spanOf, unwrap } from './syntaxTools';

type Link = Chain['calls'][number];
type Condition = Link['condition'];
interface Flat {
  root: SyntaxNode;
  calls: Link[];
}
const maxHops = 12;
/** Nobody writes such a chain by hand, and each of its calls is looked at as the end of a chain. */
const maxCalls = 200;

/**
 * Flattens `db('t').where(a).limit(1)` and follows a builder held in a variable: its initial value, and each
 * `q = q.where(…)` or bare `q.where(…)` before the use, with the condition it stands under.
 * @param absorbed gets the ids of the outermost nodes of the chains that were followed into this one.
 * @returns undefined when the expression is no chain or its variable is written where the order is unknown.
 */
export function flattenChain(node: SyntaxNode, scopes: Scopes, absorbed: Set<number>): Chain | undefined {
  const flat = flatten(node, scopes, absorbed, 0);
  if (!flat || flat.calls.length === 0) return undefined;
  return { root: flat.root, rootPath: loosePath(flat.root) ?? [], calls: flat.calls };
}

function flatten(node: SyntaxNode, scopes: Scopes, absorbed: Set<number>, hops: number): Flat | undefined {
  const calls: Link[] = [];
  let current = unwrap(node, hops === 0);
  while (true) {
    const parts = callParts(current);
    if (calls.length > maxCalls) return undefined;
    if (!parts || current.type === 'new_expression') break;
    const { callee } = parts;
    const property = callee.type === 'member_expression' ? callee.childForFieldName('property') : null;
    const object = callee.type === 'member_expression' ? callee.childForFieldName('object') : null;
    if (property && object) {
      calls.unshift(link(current, property, object.endIndex, parts.args, parts.template));
      current = unwrap(object);
    } else if (callee.type === 'identifier') {
      // `db('t')`: the root call belongs to the chain under its own name.
      calls.unshift(link(current, callee, callee.startIndex, parts.args, parts.template));
      current = callee;
      return { root: current, calls };
    } else break;
  }
  if (current.type !== 'identifier') return { root: current, calls };
  const declaration = scopes.find(current.text, current);
  const value = declaration?.kind === 'variable' && declaration.path.length === 0 && declaration.value ? unwrap(declaration.value) : undefined;
  if (!declaration || !value || hops > maxHops || !isBuilder(value)) return { root: current, calls };
  const base = flatten(value, scopes, absorbed, hops + 1);
  if (!base || base.calls.length === 0) return { root: current, calls };
  const steps = collectSteps(declaration, current);
  if (!steps) return undefined;
  const name = current.text;
  const followed: number[] = [value.id];
  const replayed = replay(base, [...mergeBareCalls(steps, declaration, current, scopes)], name, scopes, absorbed, hops, undefined, followed);
  if (!replayed) return undefined;
  for (const id of followed) absorbed.add(id);
  return { root: replayed.root, calls: [...replayed.calls, ...calls] };
}

/** A call chain or a choice of chains; an awaited value is a result, not a builder. */
function isBuilder(value: SyntaxNode): boolean {
  return value.type === 'call_expression' || value.type === 'identifier';
}

/** Knex builders are mutable: a bare statement `q.where(…)` adds to the builder as `q = q.where(…)` does. */
function mergeBareCalls(steps: readonly Step[], declaration: { readonly name: string; readonly node: SyntaxNode }, use: SyntaxNode, scopes: Scopes): readonly Step[] {
  const found = scopes.find(declaration.name, use);
  if (!found) return steps;
  const bare = scopes.references(found).flatMap((reference) => {
    if (reference.startIndex >= use.startIndex) return [];
    let node: SyntaxNode = reference;
    while (node.parent && ((node.parent.type === 'member_expression' && node.parent.childForFieldName('object')?.id === node.id) || (node.parent.type === 'call_expression' && node.parent.childForFieldName('function')?.id === node.id))) node = node.parent;
    return node.type === 'call_expression' && node.parent?.type === 'expression_statement' ? [node] : [];
  });
  if (bare.length === 0) return steps;
  return collectSteps({ ...found, writes: [...found.writes, ...bare].sort((a, b) => a.startIndex - b.startIndex) }, use) ?? steps;
}

function replay(base: Flat, steps: readonly Step[], name: string, scopes: Scopes, absorbed: Set<number>, hops: number, condition: Condition, followed: number[]): Flat | undefined {
  let flat = base;
  for (const step of steps) {
    if (step.kind === 'repeat') return undefined;
    if (step.kind === 'choice') {
      const text = step.condition.text;
      const join = (own: string): Condition => ({ text: condition ? `${condition.text} && ${own}` : own, span: spanOf(step.condition), choice: step.condition.startIndex });
      if (!step.thenLeaves) {
        const then = replay(flat, step.then, name, scopes, absorbed, hops, step.otherwiseLeaves ? condition : join(text), followed);
        if (!then) return undefined;
        flat = then;
      }
      if (!step.otherwiseLeaves) {
        const otherwise = replay(flat, step.otherwise, name, scopes, absorbed, hops, step.thenLeaves ? condition : join(negated(text)), followed);
        if (!otherwise) return undefined;
        flat = otherwise;
      }
      continue;
    }
    const right = step.node.type === 'call_expression' ? step.node : step.node.type === 'assignment_expression' ? step.node.childForFieldName('right') : null;
    const added = right ? extension(unwrap(right), name) : undefined;
    if (added) {
      flat = { root: flat.root, calls: [...flat.calls, ...added.map((call) => (condition ? { ...call, condition } : call))] };
      followed.push(unwrap(right ?? step.node).id);
    } else {
      // Another builder altogether: known only when it replaces the old one for certain.
      const other = right && !condition ? flatten(right, scopes, absorbed, hops + 1) : undefined;
      if (!other || !right) return undefined;
      followed.push(unwrap(right).id);
      flat = other;
    }
  }
  return flat;
}

/** Calls that `q.where(…).limit(1)` adds to `q`. */
function extension(node: SyntaxNode, name: string): Link[] | undefined {
  const calls: Link[] = [];
  let current = node;
  while (current.type === 'call_expression') {
    const parts = callParts(current);
    const property = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('property') : null;
    const object = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
    if (!parts || !property || !object) return undefined;
    calls.unshift(link(current, property, object.endIndex, parts.args, parts.template));
    current = unwrap(object);
  }
  return current.type === 'identifier' && current.text === name && calls.length > 0 ? calls : undefined;
}

function link(node: SyntaxNode, name: SyntaxNode, start: number, args: readonly SyntaxNode[], template: SyntaxNode | undefined): Link {
  const argNodes = template ? [template] : args;
  let read: readonly ChainArgument[] | undefined;
  return {
    name: name.text,
    nameSpan: spanOf(name),
    span: hostSpan(start, node.endIndex),
    // Most chains are no query and nobody looks at their arguments.
    get args() {
      read ??= argNodes.map((arg) => chainArgument(arg));
      return read;
    },
    node,
    argNodes,
  };
}

const maxItems = 400;

/** Plain data of an argument: literal value, properties of an object, elements of an array. */
export function chainArgument(node: SyntaxNode, name?: string, depth = 0): ChainArgument {
  const inner = unwrap(node);
  const base: ChainArgument = { text: node.text.length > 4000 ? node.text.slice(0, 4000) : node.text, span: spanOf(node), ...(name === undefined ? {} : { name }) };
  switch (inner.type) {
    case 'string':
      return inner.namedChildren.every((child) => child.type === 'string_fragment') ? { ...base, literal: inner.text.slice(1, -1) } : base;
    case 'template_string':
      return inner.namedChildren.every((child) => child.type === 'string_fragment') ? { ...base, literal: inner.text.slice(1, -1) } : base;
    case 'number': {
      const value = Number(inner.text.replaceAll('_', ''));
      return Number.isNaN(value) ? base : { ...base, literal: value };
    }
    case 'unary_expression': {
      const value = Number(inner.text.replaceAll('_', '').replace(/^-\s+/, '-'));
      return /^-/.test(inner.text) && !Number.isNaN(value) ? { ...base, literal: value } : base;
    }
    case 'true':
    case 'false':
      return { ...base, literal: inner.type === 'true' };
    case 'null':
      return { ...base, literal: null };
    case 'array':
      return depth > 12 ? base : { ...base, items: inner.namedChildren.filter((child) => child.type !== 'comment').slice(0, maxItems).map((child) => chainArgument(child, undefined, depth + 1)) };
    case 'object':
      return depth > 12 ? base : { ...base, items: inner.namedChildren.slice(0, maxItems).flatMap((child) => property(child, depth)) };
    default:
      return base;
  }
}

function property(child: SyntaxNode, depth: number): ChainArgument[] {
  if (child.type === 'shorthand_property_identifier') return [chainArgument(child, child.text, depth + 1)];
  if (child.type === 'pair') {
    const value = child.childForFieldName('value');
    return value ? [chainArgument(value, keyName(child.childForFieldName('key')) ?? '?', depth + 1)] : [];
  }
  if (child.type === 'spread_element') return [{ text: child.text, span: spanOf(child), name: '...' }];
  if (isFunction(child)) return [{ text: child.text, span: spanOf(child), name: child.childForFieldName('name')?.text ?? '?' }];
  return [];
}
