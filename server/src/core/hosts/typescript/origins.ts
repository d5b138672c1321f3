import type { Origin } from '../../libraries/adapter';
import type { SyntaxNode } from '../syntax';
import { returnsOf } from './helpers';
import type { Declaration, Scopes } from './scopes';
import { callParts, isFunction, keyName, loosePath, typeText, unwrap } from './syntaxTools';

const maxHops = 16;

/** Traces an expression to where its value was made; follows names, members, awaits, fields of the enclosing class. */
export function traceOrigin(node: SyntaxNode, scopes: Scopes, hops = 0, path: readonly string[] = []): Origin {
  const inner = unwrap(node, true);
  if (hops > maxHops) return { kind: 'unknown' };
  switch (inner.type) {
    case 'identifier':
    case 'shorthand_property_identifier': {
      const declaration = scopes.find(inner.text, inner);
      return declaration ? originOfDeclaration(declaration, scopes, hops, path) : { kind: 'unknown' };
    }
    case 'member_expression':
    case 'subscript_expression': {
      const object = inner.childForFieldName('object');
      const property = inner.type === 'member_expression' ? inner.childForFieldName('property')?.text : keyName(inner.childForFieldName('index'));
      if (!object || property === undefined) return { kind: 'unknown' };
      if (object.type === 'this') return originOfField(inner, property, scopes, hops, path);
      return traceOrigin(object, scopes, hops + 1, [property, ...path]);
    }
    case 'this':
      return path[0] === undefined ? { kind: 'unknown' } : originOfField(inner, path[0], scopes, hops, path.slice(1));
    case 'new_expression': {
      const parts = callParts(inner);
      return { kind: 'construct', callee: (parts && loosePath(parts.callee)) ?? [], node: inner, path };
    }
    case 'call_expression': {
      const parts = callParts(inner);
      const made = parts && hops < maxHops ? originOfResult(parts.callee, scopes, hops, path) : undefined;
      return made ?? { kind: 'call', callee: (parts && loosePath(parts.callee)) ?? [], node: inner, path };
    }
    case 'object': {
      // `{ db }.db`: the property's value.
      const value = path[0] === undefined ? undefined : propertyValue(inner, path[0]);
      return value ? traceOrigin(value, scopes, hops + 1, path.slice(1)) : { kind: 'node', node: inner };
    }
    case 'binary_expression': {
      // `trx ?? db`, `global.pool || new Pool()`: the side whose origin is known.
      const operator = inner.childForFieldName('operator')?.type;
      const [left, right] = [inner.childForFieldName('left'), inner.childForFieldName('right')];
      if ((operator === '??' || operator === '||') && left && right) {
        const first = traceOrigin(left, scopes, hops + 1, path);
        return first.kind === 'unknown' || (first.kind === 'parameter' && first.type === undefined) ? traceOrigin(right, scopes, hops + 1, path) : first;
      }
      return { kind: 'node', node: inner };
    }
    default:
      return { kind: 'node', node: inner };
  }
}

function propertyValue(object: SyntaxNode, name: string): SyntaxNode | undefined {
  for (const child of object.namedChildren) {
    if (child.type === 'shorthand_property_identifier' && child.text === name) return child;
    if (child.type === 'pair' && keyName(child.childForFieldName('key')) === name) return child.childForFieldName('value') ?? undefined;
  }
  return undefined;
}

/** What a project function that makes a client returns: `getDb()`, `createPool()`; its declared type where nothing better is known. */
function originOfResult(callee: SyntaxNode, scopes: Scopes, hops: number, path: readonly string[]): Origin | undefined {
  const fn = functionOfCallee(callee, scopes, 3, hops + 3);
  if (!fn) return undefined;
  const returns = returnsOf(fn);
  const [only] = returns?.filter(({ value }) => value !== undefined) ?? [];
  if (only?.value && returns?.length === 1) {
    const origin = traceOrigin(only.value, scopes, hops + 3, path);
    if (origin.kind === 'construct' || origin.kind === 'call' || origin.kind === 'import' || (origin.kind === 'field' && origin.type !== undefined)) return origin;
  }
  const type = typeText(fn.childForFieldName('return_type'))?.replace(/^Promise<([\s\S]*)>$/, '$1');
  return type !== undefined && path.length === 0 && /^[A-Z][\w.]*(<[\s\S]*>)?$/.test(type) ? { kind: 'field', path: [callee.text], type, at: fn } : undefined;
}

function originOfDeclaration(declaration: Declaration, scopes: Scopes, hops: number, path: readonly string[]): Origin {
  const whole = [...declaration.path, ...path];
  if (declaration.kind === 'import' && declaration.import) {
    const linked = hops < maxHops ? scopes.follow(declaration, path) : undefined;
    const origin = linked && originOfDeclaration(linked.declaration, scopes, hops + 1, linked.path);
    return origin && origin.kind !== 'unknown' && !(origin.kind === 'node' && origin.node.type.endsWith('class_declaration')) ? origin : { kind: 'import', ...declaration.import, path: whole };
  }
  if (declaration.kind === 'parameter') {
    const callback = declaration.owner ? callbackOf(declaration.owner) : undefined;
    return { kind: 'parameter', index: declaration.index ?? 0, name: declaration.name, type: declaration.type, path: whole, ...(callback ? { callback } : {}) };
  }
  if (declaration.kind === 'variable') {
    const required = declaration.value ? callParts(unwrap(declaration.value, true)) : undefined;
    const module = required && (required.callee.text === 'require' || required.callee.type === 'import') && required.args[0]?.type === 'string' ? keyName(required.args[0]) : undefined;
    if (module !== undefined) {
      const required: Declaration = { ...declaration, kind: 'import', path: [], import: { module, imported: declaration.path[0] ?? '*' } };
      return originOfDeclaration(required, scopes, hops, [...declaration.path.slice(1), ...path]);
    }
    if (declaration.value) return traceOrigin(declaration.value, scopes, hops + 1, whole);
    if (declaration.type) return { kind: 'field', path: [declaration.name, ...whole], type: declaration.type };
    // `let pool; … pool = new Pool()`: the only assignment says what it is.
    const write = declaration.writes.length === 1 ? declaration.writes[0]?.childForFieldName('right') : undefined;
    return write ? traceOrigin(write, scopes, hops + 1, whole) : { kind: 'unknown' };
  }
  if ((declaration.kind === 'function' || declaration.kind === 'class') && declaration.value) return { kind: 'node', node: declaration.value };
  return { kind: 'unknown' };
}

/** The call a function literal is passed to. */
export function callbackOf(fn: SyntaxNode): { readonly call: SyntaxNode; readonly argument: number } | undefined {
  let node = fn;
  while (node.parent && /^(parenthesized_expression|as_expression)$/.test(node.parent.type)) node = node.parent;
  const call = node.parent?.type === 'arguments' ? node.parent.parent : null;
  const parts = call ? callParts(call) : undefined;
  const argument = parts ? parts.args.findIndex((arg) => arg.id === node.id) : -1;
  return call && argument >= 0 ? { call, argument } : undefined;
}

export function enclosingClass(node: SyntaxNode): SyntaxNode | undefined {
  for (let current = node.parent; current; current = current.parent) {
    if (current.type === 'class_body') return current.parent ?? undefined;
    if (/^function_(declaration|expression)$/.test(current.type)) return undefined;
  }
  return undefined;
}

function originOfField(at: SyntaxNode, name: string, scopes: Scopes, hops: number, path: readonly string[]): Origin {
  const owner = enclosingClass(at);
  const field: FieldFacts | undefined = owner ? findField(owner, name) ?? inheritedField(owner, name, scopes) : undefined;
  if (field?.type !== undefined) return { kind: 'field', path: [name, ...path], type: field.type, ...(field.at ? { at: field.at } : {}) };
  if (field?.value && hops < maxHops) {
    const origin = traceOrigin(field.value, scopes, hops + 1, path);
    if (origin.kind !== 'unknown' && origin.kind !== 'node') return origin;
  }
  return { kind: 'field', path: [name, ...path] };
}

interface FieldFacts {
  readonly type?: string;
  readonly value?: SyntaxNode;
  readonly at?: SyntaxNode;
}

/** A field of a base class, with the class as the place of its type. */
function inheritedField(owner: SyntaxNode, name: string, scopes: Scopes, hops = 0): FieldFacts | undefined {
  const base = hops < 6 ? baseOf(owner, scopes) : undefined;
  const field = base && findField(base, name);
  return field ? { ...field, at: base } : base && inheritedField(base, name, scopes, hops + 1);
}

/** A field of a class: declared, a constructor parameter property, or assigned in the constructor. */
export function findField(owner: SyntaxNode, name: string): { readonly type?: string; readonly value?: SyntaxNode } | undefined {
  return collectFields(owner).find((field) => field.name === name);
}

export function collectFields(owner: SyntaxNode): readonly { readonly name: string; readonly type?: string; readonly value?: SyntaxNode; /** Of injection alone, without `@`. */ readonly decorators?: readonly string[] }[] {
  const fields: { name: string; type?: string; value?: SyntaxNode; decorators?: readonly string[] }[] = [];
  const add = (name: string | undefined, type: string | undefined, value: SyntaxNode | undefined): void => {
    if (name === undefined) return;
    const known = fields.find((field) => field.name === name);
    if (!known) fields.push({ name, type, value });
    else {
      known.type ??= type;
      known.value ??= value;
    }
  };
  for (const member of owner.childForFieldName('body')?.namedChildren ?? []) {
    if (member.type === 'public_field_definition' || member.type === 'field_definition') {
      const name = member.childForFieldName('name') ?? member.childForFieldName('property');
      add(keyName(name), typeText(member.childForFieldName('type')), member.childForFieldName('value') ?? undefined);
      const injected = member.children.flatMap((child) => (child.type === 'decorator' && /^@[iI]nject\b/.test(child.text) ? [child.text] : []));
      const added = injected.length > 0 ? fields.find((field) => field.name === keyName(name)) : undefined;
      if (added) added.decorators = injected.map((text) => text.slice(1));
    } else if (member.type === 'method_definition' && member.childForFieldName('name')?.text === 'constructor') {
      for (const parameter of member.childForFieldName('parameters')?.namedChildren ?? []) {
        const property = parameter.children.some((child) => /^(accessibility_modifier|readonly|override_modifier)$/.test(child.type));
        if (property) add(parameter.childForFieldName('pattern')?.text, typeText(parameter.childForFieldName('type')), undefined);
      }
      for (const statement of member.childForFieldName('body')?.namedChildren ?? []) {
        const assignment = statement.type === 'expression_statement' ? statement.namedChildren[0] : undefined;
        const left = assignment?.type === 'assignment_expression' ? assignment.childForFieldName('left') : null;
        if (left?.type === 'member_expression' && left.childForFieldName('object')?.type === 'this') {
          const right = assignment?.childForFieldName('right') ?? undefined;
          const source = right?.type === 'identifier' ? member.childForFieldName('parameters')?.namedChildren.find((parameter) => parameter.childForFieldName('pattern')?.text === right.text) : undefined;
          add(left.childForFieldName('property')?.text, typeText(source?.childForFieldName('type') ?? null), right);
        }
      }
    }
  }
  return fields;
}

/**
 * The function that a call names, in this file or, through the scopes, in another: `helper(…)`, `this.method(…)` (of a base
 * class too), `helpers.build(…)` of an object literal or a namespace, `Class.method(…)`, `this.repo.find(…)` by the field's class.
 * @param traced steps of the trace that asks: a value made of itself (`row = row.next()`) ends it.
 */
export function functionOfCallee(callee: SyntaxNode, scopes: Scopes | undefined, hops = 0, traced = 0): SyntaxNode | undefined {
  if (!scopes || hops > 6) return undefined;
  if (callee.type === 'identifier') return functionAt(valueOf(callee, scopes, []));
  const object = callee.type === 'member_expression' ? callee.childForFieldName('object') : null;
  const name = callee.childForFieldName('property')?.text;
  if (!object || name === undefined) return undefined;
  if (object.type === 'this' || object.type === 'super') {
    const owner = enclosingClass(callee);
    return owner && methodOf(owner, name, scopes, hops);
  }
  if (object.type === 'identifier') {
    const held = valueOf(object, scopes, [name]);
    const fn = functionAt(held);
    if (fn) return fn;
  }
  const owner = classOfValue(object, scopes, traced);
  return owner && methodOf(owner, name, scopes, hops);
}

const functionAt = (node: SyntaxNode | undefined): SyntaxNode | undefined => (node && isFunction(node) ? node : undefined);

/** What a name, with properties taken of it, is declared as: a function, a class, or a constant's value. */
function valueOf(name: SyntaxNode, scopes: Scopes, path: readonly string[]): SyntaxNode | undefined {
  const found = scopes.find(name.text, name);
  const linked = found?.kind === 'import' ? scopes.follow(found, path) : found && { declaration: found, path };
  if (!linked) return undefined;
  const { declaration } = linked;
  let value = declaration.value && (declaration.constant || declaration.writes.length === 0) && declaration.path.length === 0 ? unwrap(declaration.value) : undefined;
  for (const step of linked.path) {
    if (value?.type === 'object') value = memberOf(value, step, scopes);
    else if (value && classTypes.has(value.type)) value = methodOf(value, step, scopes, 0);
    else return undefined;
  }
  return value;
}

function memberOf(object: SyntaxNode, name: string, scopes: Scopes): SyntaxNode | undefined {
  for (const child of object.namedChildren) {
    if (child.type === 'method_definition' && child.childForFieldName('name')?.text === name) return child;
    if (child.type === 'shorthand_property_identifier' && child.text === name) return valueOf(child, scopes, []);
    const value = child.type === 'pair' && keyName(child.childForFieldName('key')) === name ? child.childForFieldName('value') : null;
    if (value) return value.type === 'identifier' ? valueOf(value, scopes, []) : unwrap(value);
  }
  return undefined;
}

const classTypes = new Set(['class_declaration', 'abstract_class_declaration', 'class']);

/** The class that an expression is an instance of: made by `new`, or of a declared type. */
function classOfValue(object: SyntaxNode, scopes: Scopes, traced: number): SyntaxNode | undefined {
  const origin = traceOrigin(object, scopes, traced);
  if (origin.kind === 'construct' && (origin.path?.length ?? 0) === 0) {
    const made = origin.node.childForFieldName('constructor');
    const owner = made?.type === 'identifier' ? valueOf(made, scopes, []) : undefined;
    return owner && classTypes.has(owner.type) ? owner : undefined;
  }
  const type = origin.kind === 'field' || origin.kind === 'parameter' ? origin.type : undefined;
  const named = type === undefined ? undefined : /^([A-Z]\w*)(<[^|&]*>)?(\s*\|\s*(undefined|null))?$/.exec(type)?.[1];
  const declared = named === undefined ? undefined : scopes.find(named, origin.kind === 'field' ? origin.at ?? object : object);
  const linked = declared?.kind === 'import' ? scopes.follow(declared) : declared && { declaration: declared, path: [] };
  const owner = linked?.path.length === 0 ? linked.declaration.value : undefined;
  return owner && classTypes.has(owner.type) ? owner : undefined;
}

/** A method of a class or of its bases. */
function methodOf(owner: SyntaxNode, name: string, scopes: Scopes, hops: number): SyntaxNode | undefined {
  for (const member of owner.childForFieldName('body')?.namedChildren ?? []) {
    if (member.type === 'method_definition' && member.childForFieldName('name')?.text === name) return member;
    const value = /field_definition$/.test(member.type) && (member.childForFieldName('name') ?? member.childForFieldName('property'))?.text === name ? member.childForFieldName('value') : null;
    if (value && isFunction(unwrap(value))) return unwrap(value);
  }
  const base = hops < 6 ? baseOf(owner, scopes) : undefined;
  return base && methodOf(base, name, scopes, hops + 1);
}

/** The class that another one extends, where its declaration is known; of a mixin call `Mixin(Base)` the first class among both. */
export function baseOf(owner: SyntaxNode, scopes: Scopes): SyntaxNode | undefined {
  const heritage = owner.namedChildren.find((child) => child.type === 'class_heritage');
  const clause = heritage?.namedChildren.find((child) => child.type === 'extends_clause');
  const value = clause ? clause.childForFieldName('value') : heritage?.namedChildren.find((child) => child.type !== 'implements_clause');
  const names = value?.type === 'call_expression' ? (value.childForFieldName('arguments')?.namedChildren ?? []) : value ? [value] : [];
  for (const name of names) {
    const found = name.type === 'identifier' ? valueOf(name, scopes, []) : undefined;
    if (found && classTypes.has(found.type) && found.id !== owner.id) return found;
  }
  return undefined;
}
