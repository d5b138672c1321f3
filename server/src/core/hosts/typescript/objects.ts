import type { ListValue, ObjectEntry, ObjectValue, PartCondition } from '../../libraries/adapter';
import { negated } from '../shared/textParts';
import { throughCall } from '../shared/through';
import type { SyntaxNode } from '../syntax';
import { returnsOf } from './helpers';
import { functionOfCallee } from './origins';
import type { Scopes } from './scopes';
import { callParts, isFunction, keyName, spanOf, unwrap } from './syntaxTools';
import { escapeRegExp } from '../../text/regExp';

const maxDepth = 8;
const emptyObject: ObjectValue = { entries: [], open: false };

/** Both conditions; undefined where there is none. */
export const bothConditions = (outer: PartCondition | undefined, inner: PartCondition | undefined): PartCondition | undefined =>
  outer && inner && outer.text !== inner.text ? { text: `${outer.text} && ${inner.text}`, span: inner.span } : inner ?? outer;

const conditionOf = (node: SyntaxNode, negate = false): PartCondition => ({ text: negate ? negated(node.text) : node.text, span: spanOf(node) });

export const isUndefined = (node: SyntaxNode): boolean => /^(undefined|void 0)$/.test(unwrap(node).text);

/**
 * Reads an object that code builds: a literal, a variable with later `o.k = v`, `Object.assign(o, …)` and
 * `o = { ...o, … }`, choices, spreads, a property of such an object, and what a function or method of the file returns.
 * @returns undefined when the expression is not known to be an object literal.
 */
export function readObject(written: SyntaxNode, scopes?: Scopes, depth = 0): ObjectValue | undefined {
  const node = unwrap(written, true);
  if (depth > maxDepth) return undefined;
  switch (node.type) {
    case 'object':
      return literalObject(node, scopes, depth);
    case 'identifier':
    case 'shorthand_property_identifier': {
      const local = findLocal(node);
      const start = local?.value ? readObject(local.value, scopes, depth + 1) : undefined;
      if (!local) return elsewhere(node, scopes, (value) => readObject(value, scopes, depth + 1));
      return start ? withAssignments(local, node, start, scopes, depth) : undefined;
    }
    case 'member_expression': {
      const object = node.childForFieldName('object');
      const key = node.childForFieldName('property')?.text;
      const whole = object && object.type !== 'this' ? readObject(object, scopes, depth + 1) : undefined;
      const own = whole?.entries.filter((entry) => entry.key === key);
      const [only] = own ?? [];
      if (!whole || whole.open || own?.length !== 1 || !only) return undefined;
      const inner = readObject(only.value, scopes, depth + 1);
      return inner && { entries: under(inner.entries, only.condition), open: inner.open };
    }
    case 'ternary_expression': {
      const parts = choiceOf(node);
      const then = parts && readChoice(parts.then, scopes, depth);
      const otherwise = parts && readChoice(parts.otherwise, scopes, depth);
      if (!parts || !then || !otherwise) return undefined;
      return { entries: [...under(then.entries, conditionOf(parts.condition)), ...under(otherwise.entries, conditionOf(parts.condition, true))], open: then.open || otherwise.open };
    }
    case 'binary_expression': {
      const [left, right] = [node.childForFieldName('left'), node.childForFieldName('right')];
      const operator = node.childForFieldName('operator')?.type;
      if (!left || !right) return undefined;
      if (operator === '&&') {
        const then = readObject(right, scopes, depth + 1);
        return then && { entries: under(then.entries, conditionOf(unwrap(left))), open: then.open };
      }
      // `filter ?? {}`: the other side adds nothing.
      if (operator === '??' || operator === '||') {
        const other = readObject(right, scopes, depth + 1);
        return other && other.entries.length === 0 && !other.open ? readObject(left, scopes, depth + 1) : undefined;
      }
      return undefined;
    }
    case 'call_expression':
      return returnedObject(node, scopes, depth);
    default:
      return undefined;
  }
}

/** A constant of another file, or a parameter that stands for an argument. */
function elsewhere<T>(name: SyntaxNode, scopes: Scopes | undefined, read: (value: SyntaxNode) => T | undefined): T | undefined {
  const found = scopes?.find(name.text, name);
  const linked = found?.kind === 'import' ? scopes?.follow(found) : found && { declaration: found, path: [] };
  const declaration = linked?.path.length === 0 ? linked.declaration : undefined;
  return declaration?.kind === 'variable' && declaration.constant && declaration.value && declaration.path.length === 0 && declaration.value.id !== name.id ? read(declaration.value) : undefined;
}

const readChoice = (node: SyntaxNode, scopes: Scopes | undefined, depth: number): ObjectValue | undefined => (isUndefined(node) || node.text === 'null' ? emptyObject : readObject(node, scopes, depth + 1));
const under = (entries: readonly ObjectEntry[], condition: PartCondition | undefined): ObjectEntry[] => (condition ? entries.map((entry) => ({ ...entry, condition: bothConditions(condition, entry.condition) })) : [...entries]);

export function choiceOf(node: SyntaxNode): { readonly condition: SyntaxNode; readonly then: SyntaxNode; readonly otherwise: SyntaxNode } | undefined {
  const [condition, then, otherwise] = [node.childForFieldName('condition'), node.childForFieldName('consequence'), node.childForFieldName('alternative')];
  return condition && then && otherwise ? { condition: unwrap(condition), then, otherwise } : undefined;
}

/** What a helper of the file returns: `buildTeamWhere(user)`, `this.scope(id)`, `Object.assign({}, a, b)`. */
function returnedObject(call: SyntaxNode, scopes: Scopes | undefined, depth: number): ObjectValue | undefined {
  const parts = callParts(call);
  if (!parts || parts.template) return undefined;
  if (parts.callee.text === 'Object.assign') return merged(parts.args, scopes, depth);
  if (/^(Object\.freeze|structuredClone)$/.test(parts.callee.text)) return parts.args[0] ? readObject(parts.args[0], scopes, depth + 1) : undefined;
  const fn = functionOfCallee(parts.callee, scopes);
  const returns = fn && returnsOf(fn);
  if (!returns) return undefined;
  let open = false;
  const entries: ObjectEntry[] = [];
  for (const { value, conditions } of returns) {
    const found = value ? readChoice(value, scopes, depth + 1) : emptyObject;
    if (!found) return undefined;
    open ||= found.open;
    const condition = conditions.reduce<PartCondition | undefined>((all, own) => bothConditions(all, conditionOf(own.node, own.negated)), undefined);
    entries.push(...under(found.entries, condition).map((entry) => ({ ...entry, value: throughCall(unwrap(entry.value), call) })));
  }
  return { entries, open };
}

function merged(args: readonly SyntaxNode[], scopes: Scopes | undefined, depth: number): ObjectValue | undefined {
  const all = args.map((arg) => readObject(arg, scopes, depth + 1));
  if (!all.some((one) => one)) return undefined;
  return { entries: all.flatMap((one) => one?.entries ?? []), open: all.some((one) => !one || one.open) };
}

/** `[Op.gt]`: a symbol of the library's own, which stands as it is written. */
const operatorKey = (key: SyntaxNode | null): string | undefined => (key?.type === 'computed_property_name' ? /^\[\s*(?:\w+\.)*(Op\.\w+)\s*\]$/.exec(key.text)?.[1] : undefined);

function literalObject(node: SyntaxNode, scopes: Scopes | undefined, depth: number): ObjectValue {
  const entries: ObjectEntry[] = [];
  let open = false;
  const set = (entry: ObjectEntry): void => {
    const at = entries.findIndex((known) => known.key === entry.key);
    if (at >= 0 && !entry.condition) entries.splice(at, 1);
    entries.push(entry);
  };
  for (const child of node.namedChildren) {
    if (child.type === 'comment') continue;
    if (child.type === 'shorthand_property_identifier') set({ key: child.text, value: child, span: spanOf(child) });
    else if (child.type === 'pair') {
      const key = child.childForFieldName('key');
      const value = child.childForFieldName('value');
      const name = key?.type === 'computed_property_name' && keyName(key) === key.text ? undefined : operatorKey(key) ?? keyName(key);
      if (name === undefined || !value) open = true;
      else if (!isUndefined(value)) set({ key: name, value, span: spanOf(child) });
    } else if (child.type === 'spread_element') {
      const inner = child.namedChildren[0];
      const spread = inner ? readObject(inner, scopes, depth + 1) : undefined;
      if (!spread) open = true;
      else {
        open ||= spread.open;
        for (const entry of spread.entries) set(entry);
      }
    } else open = true;
  }
  return { entries, open };
}

interface Local {
  readonly name: string;
  readonly node: SyntaxNode;
  readonly value?: SyntaxNode;
  /** Function body, block or program in which the name lives. */
  readonly scope: SyntaxNode;
  readonly constant: boolean;
}

const wordPattern = (name: string, after = '(?![\\w$])'): RegExp => new RegExp(`(^|[^\\w$.])${escapeRegExp(name)}${after}`);

/** The variable of this file that an identifier means; undefined for parameters, imports and destructured names. */
export function findLocal(identifier: SyntaxNode): Local | undefined {
  const name = identifier.text;
  for (let scope = identifier.parent; scope; scope = scope.parent) {
    if (isFunction(scope) && bindsParameter(scope, name)) return undefined;
    if (scope.type !== 'statement_block' && scope.type !== 'program' && scope.type !== 'switch_case') continue;
    for (const statement of scope.namedChildren) {
      const declaration = statement.type === 'export_statement' ? statement.childForFieldName('declaration') ?? statement : statement;
      if (declaration.type !== 'lexical_declaration' && declaration.type !== 'variable_declaration') continue;
      for (const declarator of declaration.namedChildren) {
        const target = declarator.childForFieldName('name');
        if (target?.type === 'identifier' && target.text === name) return { name, node: target, value: declarator.childForFieldName('value') ?? undefined, scope, constant: declaration.children[0]?.type === 'const' };
        if (target && target.type !== 'identifier' && wordPattern(name).test(target.text)) return undefined;
      }
    }
  }
  return undefined;
}

export const parameterList = (fn: SyntaxNode): readonly SyntaxNode[] => {
  const single = fn.childForFieldName('parameter');
  return single ? [single] : fn.childForFieldName('parameters')?.namedChildren ?? [];
};

export function bindsParameter(fn: SyntaxNode, name: string): boolean {
  return parameterList(fn).some((parameter) => {
    const pattern = parameter.childForFieldName('pattern') ?? parameter;
    return pattern.type === 'identifier' ? pattern.text === name : wordPattern(name).test(pattern.text);
  });
}

/** `o.k = v`, `o['k'] = v`, `o = { ...o, k: v }`, `Object.assign(o, {…})` between the declaration and the use; anything else that may write makes it open. */
function withAssignments(local: Local, use: SyntaxNode, start: ObjectValue, scopes: Scopes | undefined, depth: number): ObjectValue | undefined {
  const entries = [...start.entries];
  let open = start.open;
  const drop = (key: string): void => void entries.splice(0, entries.length, ...entries.filter((entry) => entry.key !== key));
  const add = (added: ObjectValue | undefined, at: SyntaxNode): void => {
    if (!added || added.open || insideLoop(at, local.scope)) open = true;
    const condition = conditionAround(at, local.scope, use);
    for (const entry of under(added?.entries ?? [], condition)) {
      if (!entry.condition) drop(entry.key);
      entries.push(entry);
    }
  };
  const assign = (node: SyntaxNode, left: SyntaxNode, right: SyntaxNode): void => {
    const object = left.childForFieldName('object');
    if (left.type === 'identifier' && left.text === local.name) {
      const extension = ownExtension(unwrap(right), local.name);
      if (extension) add(literalObject(extension, scopes, depth + 1), node);
      else open = true;
    } else if (object?.type === 'identifier' && object.text === local.name) {
      const key = left.type === 'member_expression' ? left.childForFieldName('property')?.text : left.childForFieldName('index')?.type === 'string' ? keyName(left.childForFieldName('index')) : undefined;
      if (key === undefined || insideLoop(node, local.scope)) open = true;
      else {
        const condition = conditionAround(node, local.scope, use);
        if (!condition) drop(key);
        if (!isUndefined(right)) entries.push({ key, value: right, span: spanOf(node), condition });
      }
    } else if (new RegExp(`^${escapeRegExp(local.name)}(?![\\w$])`).test(left.text)) open = true;
  };
  const visit = (node: SyntaxNode): void => {
    if (node.startIndex >= use.startIndex || node.namedChildren.length === 0) return;
    if (node.type === 'assignment_expression') {
      const [left, right] = [node.childForFieldName('left'), node.childForFieldName('right')];
      if (left && right) assign(node, left, right);
    } else if (node.type === 'call_expression') {
      const args = node.childForFieldName('arguments')?.namedChildren ?? [];
      const callee = node.childForFieldName('function');
      if (callee?.text === 'Object.assign' && args[0]?.text === local.name) for (const arg of args.slice(1)) add(readObject(arg, scopes, depth + 1), node);
      // The statement that the object is built for may be that very call.
      else if (node.endIndex <= use.startIndex && !isHarmless(callee) && (args.some((arg) => arg.text === local.name) || callee?.text.startsWith(`${local.name}.`))) open = true;
    }
    for (const child of node.namedChildren) visit(child);
  };
  for (const child of local.scope.namedChildren) if (child.endIndex > local.node.startIndex) visit(child);
  return { entries, open };
}

/** Functions and methods that change none of their arguments. */
const isHarmless = (callee: SyntaxNode | null): boolean => /^(console|logger|log|this\.logger|JSON|Object)\.\w+$/.test(callee?.text ?? '') && callee?.text !== 'Object.defineProperty' || /\.(find\w*|count|aggregate|groupBy)$/.test(callee?.text ?? '');

/** `{ ...o, k: v }` as an extension of `o` itself. */
function ownExtension(value: SyntaxNode, name: string): SyntaxNode | undefined {
  const first = value.type === 'object' ? value.namedChildren.find((child) => child.type !== 'comment') : undefined;
  return first?.type === 'spread_element' && first.namedChildren[0]?.text === name ? withoutFirst(value, first) : undefined;
}

/** The object literal as it would read without its first spread. */
function withoutFirst(object: SyntaxNode, first: SyntaxNode): SyntaxNode {
  const rest = object.namedChildren.filter((child) => child !== first);
  return Object.create(object, { namedChildren: { value: rest } }) as SyntaxNode;
}

function insideLoop(node: SyntaxNode, scope: SyntaxNode): boolean {
  for (let current = node.parent; current && current.id !== scope.id; current = current.parent) {
    if (isFunction(current) || /^(for_statement|for_in_statement|while_statement|do_statement|catch_clause|switch_statement)$/.test(current.type)) return true;
  }
  return false;
}

/** The condition under which a statement of `scope` runs; branches that also hold the use do not count. */
function conditionAround(node: SyntaxNode, scope: SyntaxNode, use: SyntaxNode): PartCondition | undefined {
  let condition: PartCondition | undefined;
  for (let current: SyntaxNode = node; current.parent && current.id !== scope.id; current = current.parent) {
    const parent = current.parent;
    if (parent.startIndex <= use.startIndex && use.endIndex <= parent.endIndex) continue;
    const lazy = parent.type === 'binary_expression' && parent.childForFieldName('operator')?.type === '&&';
    const test = parent.type === 'if_statement' ? parent.childForFieldName('condition') : lazy ? parent.childForFieldName('left') : null;
    if (test && test.id !== current.id) condition = bothConditions(conditionOf(unwrap(test), !lazy && parent.childForFieldName('alternative')?.id === current.id), condition);
  }
  return condition;
}

/**
 * Elements of an array: a literal, a variable with what is pushed before the use, a choice, what a helper of the file
 * returns, `[…].filter(Boolean)`; spreads of unknown arrays leave it open.
 */
export function readArray(written: SyntaxNode, scopes?: Scopes, depth = 0): ListValue | undefined {
  const node = unwrap(written, true);
  if (depth > maxDepth) return undefined;
  switch (node.type) {
    case 'array':
      return literalArray(node, scopes, depth);
    case 'identifier':
    case 'shorthand_property_identifier': {
      const local = findLocal(node);
      const value = local?.value ? readArray(local.value, scopes, depth + 1) : undefined;
      if (!local) return elsewhere(node, scopes, (inner) => readArray(inner, scopes, depth + 1));
      return value ? withPushes(local, node, value, scopes, depth) : undefined;
    }
    case 'ternary_expression': {
      const parts = choiceOf(node);
      const then = parts && readArray(parts.then, scopes, depth + 1);
      const otherwise = parts && readArray(parts.otherwise, scopes, depth + 1);
      if (!parts || !then || !otherwise) return undefined;
      return { items: [...itemsUnder(then.items, conditionOf(parts.condition)), ...itemsUnder(otherwise.items, conditionOf(parts.condition, true))], open: then.open || otherwise.open };
    }
    case 'binary_expression': {
      const [left, right] = [node.childForFieldName('left'), node.childForFieldName('right')];
      const then = node.childForFieldName('operator')?.type === '&&' && right ? readArray(right, scopes, depth + 1) : undefined;
      return left && then ? { items: itemsUnder(then.items, conditionOf(unwrap(left))), open: then.open } : undefined;
    }
    case 'call_expression':
      return calledArray(node, scopes, depth);
    default:
      return undefined;
  }
}

const itemsUnder = (items: ListValue['items'], condition: PartCondition | undefined): ListValue['items'] => (condition ? items.map((item) => ({ node: item.node, condition: bothConditions(condition, item.condition) })) : items);

function literalArray(node: SyntaxNode, scopes: Scopes | undefined, depth: number): ListValue {
  const items: { node: SyntaxNode; condition?: PartCondition }[] = [];
  let open = false;
  for (const child of node.namedChildren) {
    if (child.type === 'comment') continue;
    if (child.type !== 'spread_element') items.push({ node: child });
    else {
      const spread = child.namedChildren[0] ? readArray(child.namedChildren[0], scopes, depth + 1) : undefined;
      if (!spread) open = true;
      else {
        items.push(...spread.items);
        open ||= spread.open;
      }
    }
  }
  return { items, open };
}

/** `[…].filter(Boolean)` keeps what is there: `a && b` in it counts where `a` holds. */
function calledArray(call: SyntaxNode, scopes: Scopes | undefined, depth: number): ListValue | undefined {
  const parts = callParts(call);
  const method = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('property')?.text : undefined;
  const object = parts?.callee.childForFieldName('object');
  if (!parts || parts.template) return undefined;
  if (method === 'filter' && object && /^(Boolean|\(?\w+\)?\s*=>\s*(\w+|!!\w+|Boolean\(\w+\)|\w+\s*!==?\s*(undefined|null)))$/.test(parts.args[0]?.text ?? '')) {
    const inner = readArray(object, scopes, depth + 1);
    return inner && { ...inner, items: inner.items.flatMap(whereThere) };
  }
  if (method === 'concat' && object) {
    const all = [object, ...parts.args].map((arg) => readArray(arg, scopes, depth + 1));
    return all[0] && { items: all.flatMap((one) => one?.items ?? []), open: all.some((one) => !one || one.open) };
  }
  const fn = functionOfCallee(parts.callee, scopes);
  const returns = fn && returnsOf(fn);
  if (!returns) return undefined;
  const found = returns.map(({ value, conditions }) => {
    const list = value ? readArray(value, scopes, depth + 1) : undefined;
    const condition = conditions.reduce<PartCondition | undefined>((all, own) => bothConditions(all, conditionOf(own.node, own.negated)), undefined);
    return list && { open: list.open, items: itemsUnder(list.items, condition).map((item) => ({ ...item, node: throughCall(unwrap(item.node), call) })) };
  });
  if (found.some((list) => !list)) return undefined;
  return { items: found.flatMap((list) => list?.items ?? []), open: found.some((list) => list?.open) };
}

function whereThere(item: ListValue['items'][number]): ListValue['items'] {
  const node = unwrap(item.node);
  if (node.type === 'binary_expression' && node.childForFieldName('operator')?.type === '&&') {
    const [left, right] = [node.childForFieldName('left'), node.childForFieldName('right')];
    if (left && right) return [{ node: right, condition: bothConditions(item.condition, conditionOf(unwrap(left))) }];
  }
  const choice = node.type === 'ternary_expression' ? choiceOf(node) : undefined;
  if (!choice) return /^(undefined|null|false)$/.test(node.text) ? [] : [item];
  return [{ node: choice.then, condition: bothConditions(item.condition, conditionOf(choice.condition)) }, { node: choice.otherwise, condition: bothConditions(item.condition, conditionOf(choice.condition, true)) }].flatMap(whereThere);
}

/** Pushes between the declaration and the use, each with the condition it stands under; a loop or any other write leaves it open. */
function withPushes(local: Local, use: SyntaxNode, start: ListValue, scopes: Scopes | undefined, depth: number): ListValue {
  const items = [...start.items];
  let open = start.open;
  const push = (node: SyntaxNode, args: readonly SyntaxNode[]): void => {
    if (insideLoop(node, local.scope)) open = true;
    const condition = conditionAround(node, local.scope, use);
    for (const arg of args) {
      if (arg.type !== 'spread_element') items.push({ node: arg, condition });
      else {
        const spread = arg.namedChildren[0] ? readArray(arg.namedChildren[0], scopes, depth + 1) : undefined;
        if (!spread || spread.open) open = true;
        items.push(...itemsUnder(spread?.items ?? [], condition));
      }
    }
  };
  const visit = (node: SyntaxNode): void => {
    if (node.startIndex >= use.startIndex || node.namedChildren.length === 0) return;
    if (node.type === 'assignment_expression' || node.type === 'augmented_assignment_expression') {
      if (node.childForFieldName('left')?.text.match(new RegExp(`^${escapeRegExp(local.name)}(?![\\w$])`))) open = true;
    } else if (node.type === 'call_expression') {
      const parts = callParts(node);
      const object = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
      const method = parts?.callee.childForFieldName('property')?.text ?? '';
      if (object?.type === 'identifier' && object.text === local.name) {
        if (method === 'push') push(node, parts?.args ?? []);
        else if (/^(unshift|splice|pop|shift|fill|sort|reverse|copyWithin)$/.test(method) && node.endIndex <= use.startIndex) open = true;
      } else if (node.endIndex <= use.startIndex && parts?.args.some((arg) => arg.type === 'identifier' && arg.text === local.name) && functionOfCallee(parts.callee, scopes)) open = true;
    }
    for (const child of node.namedChildren) visit(child);
  };
  for (const child of local.scope.namedChildren) if (child.endIndex > local.node.startIndex) visit(child);
  return { items, open };
}
