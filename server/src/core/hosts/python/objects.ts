import type { ListValue, ObjectEntry, ObjectValue, PartCondition } from '../../libraries/adapter';
import type { SyntaxNode } from '../syntax';
import { throughCall } from '../shared/through';
import { functionOf, returnedValue } from './origins';
import type { Scopes } from './scopes';
import { leaves, stepsOf, type Step } from './steps';
import { guardAround } from './strings';
import { argumentNodes, argumentsOf, calleeName, field, literalValue, parts, receiverOf, spanOf, unwrap } from './syntaxTools';

const maxDepth = 8;
const nothing: ObjectValue = { entries: [], open: false };

const both = (outer: PartCondition | undefined, inner: PartCondition | undefined): PartCondition | undefined =>
  outer && inner && outer.text !== inner.text ? { text: `${outer.text} and ${inner.text}`, span: inner.span } : inner ?? outer;
const negated = (text: string): string => (text.startsWith('not ') && !/\b(and|or)\b/.test(text) ? text.slice(4) : /^[\w.]+$/.test(text) ? `not ${text}` : `not (${text})`);
const holds = (node: SyntaxNode, negate = false): PartCondition => ({ text: negate ? negated(node.text) : node.text, span: spanOf(node) });
const under = (entries: readonly ObjectEntry[], condition: PartCondition | undefined): readonly ObjectEntry[] => (condition ? entries.map((entry) => ({ ...entry, condition: both(condition, entry.condition) })) : entries);
const itemsUnder = (items: ListValue['items'], condition: PartCondition | undefined): ListValue['items'] => (condition ? items.map((item) => ({ node: item.node, condition: both(condition, item.condition) })) : items);

/**
 * Reads a dictionary that code builds: `{…}`, `dict(…)`, a variable with `d[k] = v`, `d.update(…)` and `d |= …`, `a | b`,
 * `**spread`, choices, and what a function or method of the file returns.
 * @returns undefined when the expression is not known to be one.
 */
export function readDict(written: SyntaxNode, scopes: Scopes, depth = 0): ObjectValue | undefined {
  const node = unwrap(written);
  if (depth > maxDepth) return undefined;
  const next = (child: SyntaxNode): ObjectValue | undefined => readDict(child, scopes, depth + 1);
  switch (node.type) {
    case 'dictionary':
      return joined(parts(node).map((part) => pairOf(part, next)));
    case 'call': {
      if (calleeName(node)?.text === 'dict' && !receiverOf(node)) return joined(argumentNodes(node).map((part) => pairOf(part, next)));
      const value = resultOf(node, scopes);
      const found = value && next(value);
      return found && { ...found, entries: found.entries.map((entry) => ({ ...entry, value: throughCall(entry.value, node) })) };
    }
    case 'binary_operator': {
      const [left, right] = [field(node, 'left'), field(node, 'right')];
      return field(node, 'operator')?.text === '|' && left && right && (next(left) ?? next(right)) ? joined([next(left), next(right)]) : undefined;
    }
    case 'conditional_expression': {
      const [then, test, otherwise] = parts(node);
      const [a, b] = [then && emptyOr(then, next), otherwise && emptyOr(otherwise, next)];
      return test && a && b ? { entries: [...under(a.entries, holds(test)), ...under(b.entries, holds(test, true))], open: a.open || b.open } : undefined;
    }
    case 'identifier':
      return dictOfName(node, scopes, depth);
    default:
      return undefined;
  }
}

const emptyOr = (node: SyntaxNode, read: (node: SyntaxNode) => ObjectValue | undefined): ObjectValue | undefined => (node.text === 'None' ? nothing : read(node));

function joined(all: readonly (ObjectValue | undefined)[]): ObjectValue {
  const entries: ObjectEntry[] = [];
  for (const entry of all.flatMap((one) => one?.entries ?? [])) {
    const at = entry.condition ? -1 : entries.findIndex((known) => known.key === entry.key);
    if (at >= 0) entries.splice(at, 1);
    entries.push(entry);
  }
  return { entries, open: all.some((one) => !one || one.open) };
}

/** `"k": v`, `k=v`, `**other`, a positional dictionary; undefined: not known what it adds. */
function pairOf(part: SyntaxNode, read: (node: SyntaxNode) => ObjectValue | undefined): ObjectValue | undefined {
  if (part.type === 'dictionary_splat') {
    const inner = parts(part)[0];
    return inner && read(inner);
  }
  if (part.type !== 'pair' && part.type !== 'keyword_argument') return read(part);
  const [key, value] = [field(part, part.type === 'pair' ? 'key' : 'name'), field(part, 'value')];
  const name = key && (part.type === 'pair' ? literalValue(key) : key.text);
  return typeof name === 'string' && value ? { entries: [{ key: name, value, span: spanOf(part) }], open: false } : undefined;
}

function dictOfName(use: SyntaxNode, scopes: Scopes, depth: number): ObjectValue | undefined {
  const steps = stepsOf(use.text, use, scopes);
  const at = steps?.findLastIndex((step) => plainAssign(step) && !step.guard && !step.repeated) ?? -1;
  const base = steps?.[at]?.binding;
  const start = base?.value && readDict(base.value, scopes, depth + 1);
  if (!steps || !base || !start) return undefined;
  const changes: { readonly at: number; readonly value: ObjectValue | undefined; readonly condition?: PartCondition }[] = [];
  for (const step of steps.slice(at + 1)) {
    const value = step.binding.value;
    const added = value && step.binding.kind === 'augmented' && step.binding.operator === '|=' ? readDict(value, scopes, depth + 1) : value && extension(value, use.text, scopes, depth);
    changes.push({ at: step.binding.end, value: step.repeated ? undefined : added, condition: step.guard });
  }
  visitBefore(use, scopes, (node) => {
    if (node.startIndex < base.end) return;
    const change = changeOf(node, use, scopes, depth);
    if (!change) return;
    const guard = guardAround(node, use);
    changes.push({ at: node.endIndex, value: guard.repeated ? undefined : change.value, condition: guard.condition });
  });
  let whole = start;
  for (const change of changes.sort((a, b) => a.at - b.at)) whole = joined([whole, change.value && { ...change.value, entries: under(change.value.entries, change.condition) }]);
  return whole;
}

const plainAssign = (step: Step): boolean => step.binding.kind === 'assign' && step.binding.value !== undefined;

/** `{**d, "k": v}` and `d | {…}` as additions to `d` itself. */
function extension(value: SyntaxNode, name: string, scopes: Scopes, depth: number): ObjectValue | undefined {
  const inner = unwrap(value);
  const rest = (all: readonly SyntaxNode[]): ObjectValue => joined(all.map((part) => pairOf(part, (node) => readDict(node, scopes, depth + 1))));
  if (inner.type === 'dictionary') {
    const [first, ...others] = parts(inner);
    return first?.type === 'dictionary_splat' && parts(first)[0]?.text === name ? rest(others) : undefined;
  }
  const right = inner.type === 'binary_operator' && field(inner, 'operator')?.text === '|' && field(inner, 'left')?.text === name ? field(inner, 'right') : undefined;
  return right && readDict(right, scopes, depth + 1);
}

/** What `d[k] = v`, `d.update(…)`, `d.setdefault(k, v)` add; a value of undefined: something that is not known. */
function changeOf(node: SyntaxNode, use: SyntaxNode, scopes: Scopes, depth: number): { readonly value: ObjectValue | undefined } | undefined {
  if (node.type === 'assignment' || node.type === 'augmented_assignment') {
    const [left, value] = [field(node, 'left'), field(node, 'right')];
    if (left?.type !== 'subscript' || field(left, 'value')?.text !== use.text) return undefined;
    const subscript = field(left, 'subscript');
    const key = subscript && literalValue(subscript);
    return { value: typeof key === 'string' && value && node.type === 'assignment' ? { entries: [{ key, value, span: spanOf(node) }], open: false } : undefined };
  }
  if (node.type !== 'call' || receiverOf(node)?.text !== use.text) return undefined;
  const method = calleeName(node)?.text ?? '';
  if (method === 'update') return { value: joined(argumentNodes(node).map((part) => pairOf(part, (inner) => readDict(inner, scopes, depth + 1)))) };
  return /^(get|keys|values|items|copy)$/.test(method) ? undefined : { value: undefined };
}

/** Every node of the use's own scope that stands before it, in order; nested functions are left out. */
function visitBefore(use: SyntaxNode, scopes: Scopes, act: (node: SyntaxNode) => void): void {
  const home = scopes.resolve(use.text, use)?.scope.node;
  const visit = (node: SyntaxNode): void => {
    if (node.startIndex >= use.startIndex || (node.type === 'function_definition' && node.id !== home?.id)) return;
    // A branch that leaves never reaches the use, unless the use is in it.
    if (node.type === 'block' && node.endIndex <= use.startIndex && leaves(node)) return;
    if (node.endIndex <= use.startIndex) act(node);
    for (const child of node.namedChildren) visit(child);
  };
  for (const child of home?.namedChildren ?? []) visit(child);
}

function resultOf(call: SyntaxNode, scopes: Scopes): SyntaxNode | undefined {
  const fn = functionOf(call, scopes);
  return fn && returnedValue(fn);
}

/**
 * Elements of a list: `[…]`, a variable with `append`, `extend`, `+=` before the use, `*spread`, `a + b`, choices, what a
 * helper of the file returns.
 * @returns undefined when the expression is not known to be one.
 */
export function readList(written: SyntaxNode, scopes: Scopes, depth = 0): ListValue | undefined {
  const node = unwrap(written);
  if (depth > maxDepth) return undefined;
  const next = (child: SyntaxNode): ListValue | undefined => readList(child, scopes, depth + 1);
  switch (node.type) {
    case 'list':
    case 'tuple':
    case 'expression_list':
      return chained(parts(node).map((part) => (part.type === 'list_splat' ? parts(part)[0] && next(parts(part)[0] ?? part) : { items: [{ node: part }], open: false })));
    case 'binary_operator': {
      const [left, right] = [field(node, 'left'), field(node, 'right')];
      return field(node, 'operator')?.text === '+' && left && right && (next(left) ?? next(right)) ? chained([next(left), next(right)]) : undefined;
    }
    case 'conditional_expression': {
      const [then, test, otherwise] = parts(node);
      const [a, b] = [then && next(then), otherwise && next(otherwise)];
      return test && a && b ? { items: [...itemsUnder(a.items, holds(test)), ...itemsUnder(b.items, holds(test, true))], open: a.open || b.open } : undefined;
    }
    case 'call': {
      const value = resultOf(node, scopes);
      const found = value && next(value);
      return found && { ...found, items: found.items.map((item) => ({ ...item, node: throughCall(item.node, node) })) };
    }
    case 'identifier':
      return listOfName(node, scopes, depth);
    default:
      return undefined;
  }
}

const chained = (all: readonly (ListValue | undefined)[]): ListValue => ({ items: all.flatMap((one) => one?.items ?? []), open: all.some((one) => !one || one.open) });

function listOfName(use: SyntaxNode, scopes: Scopes, depth: number): ListValue | undefined {
  const steps = stepsOf(use.text, use, scopes);
  const at = steps?.findLastIndex((step) => plainAssign(step) && !step.guard && !step.repeated) ?? -1;
  const base = steps?.[at]?.binding;
  const start = base?.value && readList(base.value, scopes, depth + 1);
  if (!steps || !base || !start) return undefined;
  const changes: { readonly at: number; readonly value: ListValue | undefined; readonly condition?: PartCondition }[] = [];
  for (const step of steps.slice(at + 1)) {
    const value = step.binding.value && step.binding.kind === 'augmented' && step.binding.operator === '+=' ? readList(step.binding.value, scopes, depth + 1) : undefined;
    changes.push({ at: step.binding.end, value: step.repeated ? undefined : value, condition: step.guard });
  }
  visitBefore(use, scopes, (node) => {
    if (node.type !== 'call' || node.startIndex < base.end || receiverOf(node)?.text !== use.text) return;
    const method = calleeName(node)?.text ?? '';
    const first = argumentsOf(node).positional[0];
    if (/^(index|count|copy)$/.test(method)) return;
    const guard = guardAround(node, use);
    const value = method === 'append' && first ? { items: [{ node: first }], open: false } : method === 'extend' && first ? readList(first, scopes, depth + 1) : undefined;
    changes.push({ at: node.endIndex, value: guard.repeated ? value && { ...value, open: true } : value, condition: guard.condition });
  });
  let whole = start;
  for (const change of changes.sort((a, b) => a.at - b.at)) whole = chained([whole, change.value && { ...change.value, items: itemsUnder(change.value.items, change.condition) }]);
  return whole;
}
