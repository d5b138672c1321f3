import type { BindOrigin } from '../ir';
import type { HoleKind } from '../../sql/source';
import { placeParts } from '../shared/placement';
import type { HoleExpression, TextPart } from '../shared/textParts';
import type { SqlTexts } from '../shared/sqlTexts';
import type { SyntaxNode } from '../syntax';
import { embeddedSql } from './embeddedSql';
import { formatBraces, formatPercent } from './format';
import { argumentsByName, enclosingClass, functionOf, originOf, returnedValue } from './origins';
import type { Binding, Scopes } from './scopes';
import { stepsOf, type Step } from './steps';
import { argumentsOf, calleeName, field, freeNames, literalValue, parts, pathOf, receiverOf, spanOf, stringPieces, unwrap } from './syntaxTools';

/** Text rebuilt from an expression. `complete` is false where unseen code may add more. */
export interface HostText {
  readonly parts: readonly TextPart[];
  readonly complete: boolean;
}

export interface TextEnvironment {
  readonly scopes: Scopes;
  bindOrigin(node: SyntaxNode): BindOrigin;
  readonly sqlTexts?: SqlTexts;
}

const maximumDepth = 24;
/** Methods and functions whose result holds the same SQL. */
const transparentMethods = new Set(['strip', 'lstrip', 'rstrip', 'encode', 'as_string', 'expandtabs']);
const transparentFunctions = new Set(['dedent', 'cleandoc', 'str', 'text', 'SQL', 'cast', 'TextClause', 'RawSQL']);

/** Rebuilds the text of an expression; undefined when it is not text. */
export function textOf(node: SyntaxNode, environment: TextEnvironment, depth = 0): HostText | undefined {
  if (depth > maximumDepth) return undefined;
  const inner = unwrap(node);
  const next = (child: SyntaxNode): HostText | undefined => textOf(child, environment, depth + 1);
  switch (inner.type) {
    case 'string':
      return literalText(inner, environment, depth);
    case 'concatenated_string':
      return joined(parts(inner).map((child) => next(child) ?? hole(child, environment)));
    case 'binary_operator':
      return operatorText(inner, environment, next);
    case 'conditional_expression': {
      const [then, condition, otherwise] = parts(inner);
      if (!then || !condition || !otherwise) return undefined;
      const a = next(then);
      const b = next(otherwise);
      if (!a && !b) return undefined;
      return choice({ text: condition.text, span: spanOf(condition) }, a ?? hole(then, environment), b ?? hole(otherwise, environment));
    }
    case 'list_splat': {
      const rest = parts(inner)[0];
      return rest?.type === 'identifier' ? nameText(rest, environment, depth) : undefined;
    }
    case 'call':
      return callText(inner, environment, next) ?? helperText(inner, environment, depth) ?? embedded(inner, environment);
    case 'identifier':
      return nameText(inner, environment, depth) ?? embedded(inner, environment);
    case 'attribute':
      return constantText(inner, environment, depth) ?? embedded(inner, environment);
    default:
      return undefined;
  }
}

/** Its place is in its own file, where it is judged. */
function embedded(node: SyntaxNode, { scopes, sqlTexts }: TextEnvironment): HostText | undefined {
  const text = sqlTexts && embeddedSql(node, scopes, sqlTexts);
  return text === undefined ? undefined : { parts: [{ kind: 'text', text, form: 'verbatim' }], complete: true };
}

export function holeExpression(node: SyntaxNode, environment: TextEnvironment): HoleExpression {
  return { text: node.text, span: spanOf(node), names: freeNames(node), origin: environment.bindOrigin(node) };
}

const hole = (node: SyntaxNode, environment: TextEnvironment, kind?: HoleKind): HostText => ({
  parts: [{ kind: 'hole', expression: holeExpression(node, environment), hole: kind }],
  complete: true,
});

const joined = (texts: readonly HostText[]): HostText => ({ parts: texts.flatMap((text) => text.parts), complete: texts.every((text) => text.complete) });

const choice = (condition: { text: string; span: ReturnType<typeof spanOf> }, then: HostText, otherwise: HostText): HostText => ({
  parts: [{ kind: 'choice', condition, then: then.parts, otherwise: otherwise.parts }],
  complete: then.complete && otherwise.complete,
});

function literalText(node: SyntaxNode, environment: TextEnvironment, depth: number): HostText | undefined {
  const pieces = stringPieces(node);
  if (!pieces) return undefined;
  return joined(pieces.map((piece): HostText => {
    if ('text' in piece) return { parts: [{ kind: 'text', text: piece.text, form: piece.escaped ? 'escaped' : 'verbatim', span: piece.span }], complete: true };
    const inlined = piece.plain ? inlineText(piece.expression, environment, depth + 1) : undefined;
    return inlined ?? { parts: [{ kind: 'hole', expression: { ...holeExpression(piece.expression, environment), span: piece.span } }], complete: true };
  }));
}

/** Text of an interpolated expression, where it is known to be SQL text rather than a value. */
function inlineText(node: SyntaxNode, environment: TextEnvironment, depth: number): HostText | undefined {
  const found = textOf(node, environment, depth);
  return found && found.parts.length > 0 ? found : undefined;
}

function operatorText(node: SyntaxNode, environment: TextEnvironment, next: (node: SyntaxNode) => HostText | undefined): HostText | undefined {
  const left = field(node, 'left');
  const right = field(node, 'right');
  const operator = field(node, 'operator')?.text;
  if (!left || !right) return undefined;
  if (operator === '+') {
    const a = next(left);
    const b = next(right);
    if (!a && !b) return undefined;
    return joined([a ?? hole(left, environment), b ?? hole(right, environment)]);
  }
  if (operator === '%') {
    const template = next(left);
    return template && formatPercent(template, unwrap(right), (argument) => next(argument) ?? hole(argument, environment));
  }
  if (operator === '*' && (next(left) ?? next(right))) return hole(node, environment, 'fragment');
  return undefined;
}

function callText(call: SyntaxNode, environment: TextEnvironment, next: (node: SyntaxNode) => HostText | undefined): HostText | undefined {
  const name = calleeName(call)?.text ?? '';
  const { positional, keyword } = argumentsOf(call);
  const receiver = receiverOf(call);
  const first = positional[0];
  const composed = composedPart(call, name, environment, next);
  if (composed) return composed;
  if (receiver) {
    if (transparentMethods.has(name)) return next(receiver);
    if (name === 'format') {
      const template = next(receiver);
      return template && formatBraces(template, positional, keyword, (argument) => next(argument) ?? hole(argument, environment));
    }
    if (name === 'join' && first) {
      const separator = next(receiver);
      return separator && joinText(separator, first, environment, next);
    }
    if (name === 'replace') {
      const base = next(receiver);
      return base && { ...base, complete: false };
    }
  }
  if (transparentFunctions.has(name)) {
    const argument = name === 'cast' ? positional[1] : first;
    return argument && next(argument);
  }
  return undefined;
}

/** `sql.SQL`, `sql.Identifier`, `sql.Literal`, `sql.Placeholder`, `sql.Composed` of psycopg. */
function composedPart(call: SyntaxNode, name: string, environment: TextEnvironment, next: (node: SyntaxNode) => HostText | undefined): HostText | undefined {
  if (!/^(Identifier|Literal|Placeholder|Composed)$/.test(name)) return undefined;
  const callee = field(call, 'function');
  const origin = callee && originOf(callee, environment.scopes);
  if (origin?.kind !== 'import' || !/^psycopg/.test(origin.module)) return undefined;
  const { positional } = argumentsOf(call);
  const first = positional[0];
  if (name === 'Composed' && first) return first.type === 'list' || first.type === 'tuple' ? joined(parts(first).map((item) => next(item) ?? hole(item, environment))) : hole(first, environment, 'fragment');
  if (name === 'Placeholder') {
    const key = first && literalValue(first);
    return { parts: [{ kind: 'text', text: typeof key === 'string' ? `%(${key})s` : '%s', form: 'rendered', span: spanOf(call) }], complete: true };
  }
  if (!first) return undefined;
  if (name === 'Literal') return hole(first, environment, 'value');
  const names = positional.map((item) => literalValue(item));
  if (names.every((value) => typeof value === 'string')) {
    const text = names.map((value) => `"${value.replaceAll('"', '""')}"`).join('.');
    return { parts: [{ kind: 'text', text, form: 'rendered', span: spanOf(call) }], complete: true };
  }
  return { parts: [{ kind: 'hole', expression: { ...holeExpression(first, environment), span: spanOf(call) }, hole: 'identifier' }], complete: true };
}

function joinText(separator: HostText, list: SyntaxNode, environment: TextEnvironment, next: (node: SyntaxNode) => HostText | undefined): HostText {
  const items = listItems(unwrap(list), environment);
  if (!items) return { parts: [{ kind: 'hole', expression: holeExpression(list, environment), hole: 'fragment' }], complete: true };
  const texts: HostText[] = [];
  for (const item of items.elements) {
    const text = next(item.node) ?? hole(item.node, environment, 'fragment');
    const piece = texts.length > 0 || item.guard ? joined([texts.length > 0 ? separator : { parts: [], complete: true }, text]) : text;
    texts.push(item.guard ? choice(item.guard, piece, { parts: [], complete: true }) : piece);
  }
  return { ...joined(texts), complete: items.complete && texts.every((text) => text.complete) };
}

interface ListItems {
  readonly elements: readonly { readonly node: SyntaxNode; readonly guard?: { readonly text: string; readonly span: ReturnType<typeof spanOf> } }[];
  readonly complete: boolean;
}

/** Elements of a list literal, or of a list variable that is filled by `append` and `+=` before its use. */
export function listItems(node: SyntaxNode, environment: TextEnvironment): ListItems | undefined {
  if (node.type === 'list' || node.type === 'tuple') {
    const elements = parts(node);
    const splat = elements.some((element) => element.type === 'list_splat');
    return { elements: elements.filter((element) => element.type !== 'list_splat').map((element) => ({ node: element })), complete: !splat };
  }
  if (node.type !== 'identifier') return undefined;
  const steps = stepsOf(node.text, node, environment.scopes);
  const resolved = environment.scopes.resolve(node.text, node);
  const base = steps?.find((step) => step.binding.kind === 'assign' && !step.guard && step.binding.value && /^(list|tuple)$/.test(unwrap(step.binding.value).type));
  if (!steps || !resolved || !base?.binding.value) return undefined;
  const initial = listItems(unwrap(base.binding.value), environment);
  if (!initial) return undefined;
  const appended = appendsTo(node, base, environment);
  return { elements: [...initial.elements, ...appended.elements], complete: initial.complete && appended.complete && steps.length === 1 };
}

function appendsTo(use: SyntaxNode, base: Step, environment: TextEnvironment): ListItems {
  const elements: { node: SyntaxNode; guard?: { text: string; span: ReturnType<typeof spanOf> } }[] = [];
  let complete = true;
  const scopeNode = environment.scopes.resolve(use.text, use)?.scope.node;
  const visit = (node: SyntaxNode): void => {
    if (node.startIndex >= use.startIndex) return;
    if (node.type === 'function_definition' && node.id !== scopeNode?.id) return;
    if (node.type === 'call' && node.startIndex > base.binding.end && receiverOf(node)?.text === use.text) {
      const method = calleeName(node)?.text;
      const first = argumentsOf(node).positional[0];
      if (method === 'append' && first) {
        const guard = guardAround(node, use);
        if (guard.repeated) complete = false;
        else elements.push({ node: first, guard: guard.condition });
      } else if (method === 'extend' || method === 'insert' || method === 'pop' || method === 'remove') complete = false;
      return;
    }
    for (const child of node.namedChildren) visit(child);
  };
  if (scopeNode) for (const child of scopeNode.namedChildren) visit(child);
  return { elements, complete };
}

/** The innermost `if` (and any loop) around a statement that does not contain the use. */
export function guardAround(node: SyntaxNode, use: SyntaxNode): { condition?: { text: string; span: ReturnType<typeof spanOf> }; repeated: boolean } {
  let condition: { text: string; span: ReturnType<typeof spanOf> } | undefined;
  let repeated = false;
  for (let child = node, current = node.parent; current && !(current.startIndex <= use.startIndex && use.endIndex <= current.endIndex); child = current, current = current.parent) {
    if (current.type === 'for_statement' || current.type === 'while_statement') repeated = true;
    const test = /^(if_statement|elif_clause)$/.test(current.type) && child.type === 'block' ? field(current, 'condition') : undefined;
    if (test) condition = { text: condition ? `${test.text} and ${condition.text}` : test.text, span: spanOf(test) };
    else if (current.type === 'else_clause') condition ??= { text: 'else', span: spanOf(child) };
  }
  return { condition, repeated };
}

/** `self.SQL`, `cls.SQL`, `Queries.SQL`: a constant of a class in this file. */
function constantText(node: SyntaxNode, environment: TextEnvironment, depth: number): HostText | undefined {
  const path = pathOf(node);
  const [object, name] = path ?? [];
  if (path?.length !== 2 || !object || !name) return undefined;
  const named = node.type === 'attribute' ? field(node, 'object') : undefined;
  const bindings = named?.type === 'identifier' ? environment.scopes.resolve(object, named)?.bindings : undefined;
  const only = bindings?.length === 1 ? bindings[0] : undefined;
  if (only?.import) {
    const linked = environment.scopes.follow(only.node, only.import.module, only.import.imported, [name]);
    if (linked) return linkedText(node, linked, environment, depth);
    const holder = environment.scopes.follow(only.node, only.import.module, only.import.imported);
    const shared = holder?.kind === 'class' ? environment.scopes.scopeAt(holder.node)?.bindings.get(name) : undefined;
    return shared?.length === 1 ? linkedText(node, shared[0], environment, depth) : undefined;
  }
  const owner = object === 'self' || object === 'cls' ? enclosingClass(node) : environment.scopes.module.bindings.get(object)?.find((binding) => binding.kind === 'class')?.node;
  const values = owner && environment.scopes.scopeAt(owner)?.bindings.get(name);
  const value = values?.length === 1 ? values[0]?.value : undefined;
  return value && textOf(value, environment, depth + 1);
}

/** Text of a constant of another file, placed where this one names it. */
function linkedText(use: SyntaxNode, binding: Binding | undefined, environment: TextEnvironment, depth: number): HostText | undefined {
  const found = binding?.kind === 'assign' && binding.value ? textOf(binding.value, environment, depth + 1) : undefined;
  return found && placeParts(use, found, freeNames(use));
}

/** Text of a function that does nothing but return it; its parameters stand for what it is given. */
function helperText(call: SyntaxNode, environment: TextEnvironment, depth: number): HostText | undefined {
  const fn = depth < maximumDepth ? functionOf(call, environment.scopes) : undefined;
  const value = fn && returnedValue(fn);
  const body = fn && field(fn, 'body');
  if (!fn || !value || !body || parts(body).filter((statement) => !(statement.type === 'expression_statement' && parts(statement)[0]?.type === 'string')).length > 1) return undefined;
  const found = environment.scopes.substitute(fn, argumentsByName(call, fn, environment.scopes), () => textOf(value, environment, depth + 2));
  return found && placeParts(call, found, freeNames(call));
}

function nameText(node: SyntaxNode, environment: TextEnvironment, depth: number): HostText | undefined {
  const steps = stepsOf(node.text, node, environment.scopes);
  if (!steps || steps.length === 0) return undefined;
  const only = steps.length === 1 ? steps[0]?.binding : undefined;
  if (only?.import) return linkedText(node, environment.scopes.follow(only.node, only.import.module, only.import.imported), environment, depth);
  let current: HostText | undefined;
  let before: { readonly step: Step; readonly base: HostText | undefined; readonly appended: HostText } | undefined;
  for (const step of steps) {
    const { binding, guard } = step;
    const value = binding.value;
    if (!value || (binding.kind !== 'assign' && binding.kind !== 'augmented')) {
      current = undefined;
      continue;
    }
    if (step.repeated) {
      if (current) current = { parts: [...current.parts, { kind: 'hole', expression: holeExpression(value, environment), hole: 'fragment' }], complete: false };
      continue;
    }
    if (binding.kind === 'augmented') {
      if (!current) return undefined;
      const added = binding.operator === '+=' ? textOf(value, environment, depth + 1) ?? hole(value, environment, 'fragment') : hole(value, environment, 'fragment');
      if (guard?.branch === 'else' && before?.base && before.step.guard?.statement?.id === guard.statement?.id && before.step.guard?.branch === 'if' && before.step.guard) {
        current = joined([before.base, choice(before.step.guard, before.appended, added)]);
      } else {
        before = { step, base: current, appended: added };
        current = joined([current, guard ? choice(guard, added, { parts: [], complete: true }) : added]);
      }
      continue;
    }
    const assigned = textOf(value, environment, depth + 1);
    if (!guard) current = assigned;
    else if (assigned && current && startsWithParts(assigned, current)) {
      current = joined([current, choice(guard, { parts: assigned.parts.slice(current.parts.length), complete: assigned.complete }, { parts: [], complete: true })]);
    } else if (guard.branch === 'else' && before && before.step.guard?.statement?.id === guard.statement?.id && before.step.guard && assigned) {
      current = choice(before.step.guard, before.appended, assigned);
    } else if (assigned) {
      before = { step, base: undefined, appended: assigned };
      current = current ? choice(guard, assigned, current) : { ...assigned, complete: false };
    }
  }
  return current;
}

const startsWithParts = (whole: HostText, start: HostText): boolean =>
  whole.parts.length > start.parts.length && start.parts.every((part, index) => JSON.stringify(part) === JSON.stringify(whole.parts[index]));
