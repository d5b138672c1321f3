import type { Origin } from '../../libraries/adapter';
import type { BindOrigin } from '../ir';
import type { SyntaxNode } from '../syntax';
import { describeEntry } from './entries';
import { perElementCallback } from './loopForms';
import type { Declaration, Scopes } from './scopes';
import { callParts, isInside, keyName, loosePath, typeText, unwrap } from './syntaxTools';

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
      return { kind: 'call', callee: (parts && loosePath(parts.callee)) ?? [], node: inner, path };
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

function originOfDeclaration(declaration: Declaration, scopes: Scopes, hops: number, path: readonly string[]): Origin {
  const whole = [...declaration.path, ...path];
  if (declaration.kind === 'import' && declaration.import) return { kind: 'import', ...declaration.import, path: whole };
  if (declaration.kind === 'parameter') {
    const callback = declaration.owner ? callbackOf(declaration.owner) : undefined;
    return { kind: 'parameter', index: declaration.index ?? 0, name: declaration.name, type: declaration.type, path: whole, ...(callback ? { callback } : {}) };
  }
  if (declaration.kind === 'variable') {
    const required = declaration.value ? callParts(unwrap(declaration.value, true)) : undefined;
    const module = required && (required.callee.text === 'require' || required.callee.type === 'import') && required.args[0]?.type === 'string' ? keyName(required.args[0]) : undefined;
    if (module !== undefined) return { kind: 'import', module, imported: declaration.path[0] ?? '*', path: [...declaration.path.slice(1), ...path] };
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
  const field = owner ? findField(owner, name) : undefined;
  if (field?.type !== undefined) return { kind: 'field', path: [name, ...path], type: field.type };
  if (field?.value && hops < maxHops) {
    const origin = traceOrigin(field.value, scopes, hops + 1, path);
    if (origin.kind !== 'unknown' && origin.kind !== 'node') return origin;
  }
  return { kind: 'field', path: [name, ...path] };
}

/** A field of a class: declared, a constructor parameter property, or assigned in the constructor. */
export function findField(owner: SyntaxNode, name: string): { readonly type?: string; readonly value?: SyntaxNode } | undefined {
  return collectFields(owner).find((field) => field.name === name);
}

export function collectFields(owner: SyntaxNode): readonly { readonly name: string; readonly type?: string; readonly value?: SyntaxNode }[] {
  const fields: { name: string; type?: string; value?: SyntaxNode }[] = [];
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

const literals = /^(string|number|true|false|null|undefined|regex|template_string)$/;
const requestParts = /^(params|query|body|headers|cookies|rawBody|searchParams|nextUrl|input|formData)$/;
const requestNames = /^(req|request|ctx|context|event|c|_req)$/;

/** Where a bound value comes from: the strongest of its names (request before loop before parameter before local). */
export function bindOrigin(node: SyntaxNode, scopes: Scopes): BindOrigin {
  const inner = unwrap(node, true);
  if (literals.test(inner.type) && !inner.namedChildren.some((child) => child.type === 'template_substitution')) return 'literal';
  return originOfNames(inner, scopes, 0);
}

const strength: readonly BindOrigin[] = ['request', 'loop', 'parameter', 'local', 'imported', 'unknown', 'literal'];

function originOfNames(node: SyntaxNode, scopes: Scopes, depth: number): BindOrigin {
  if (depth > 8) return 'unknown';
  if (isRequestData(node, scopes)) return 'request';
  let best: BindOrigin | undefined;
  const found = (origin: BindOrigin): void => {
    if (best === undefined || strength.indexOf(origin) < strength.indexOf(best)) best = origin;
  };
  const visit = (current: SyntaxNode, level: number): void => {
    if (current.type === 'identifier' || current.type === 'shorthand_property_identifier') {
      const declaration = scopes.find(current.text, current);
      found(declaration ? originOfName(declaration, current, scopes, depth) : 'unknown');
      return;
    }
    if ((current.type === 'member_expression' || current.type === 'call_expression') && isRequestData(current, scopes)) {
      found('request');
      return;
    }
    if (current.type === 'member_expression') {
      const object = current.childForFieldName('object');
      if (object?.type === 'this') found('local');
      else if (object && level < 200) visit(object, level + 1);
      return;
    }
    if (level < 200) for (const child of current.namedChildren) visit(child, level + 1);
  };
  visit(node, 0);
  return best ?? (literals.test(node.type) ? 'literal' : 'unknown');
}

function originOfName(declaration: Declaration, use: SyntaxNode, scopes: Scopes, depth: number): BindOrigin {
  switch (declaration.kind) {
    case 'element':
      return 'loop';
    case 'import':
      return 'imported';
    case 'parameter': {
      const fn = declaration.owner;
      if (!fn) return 'parameter';
      if (perElementCallback(fn)) return 'loop';
      return describeEntry(fn) !== undefined && !requestNames.test(declaration.name) && declaration.type !== 'Response' && !/^(res|reply|next|h)$/.test(declaration.name) ? 'request' : 'parameter';
    }
    case 'variable': {
      if (!declaration.value) {
        const write = declaration.writes.find((candidate) => candidate.endIndex <= use.startIndex)?.childForFieldName('right');
        return write && depth < 8 ? weaken(originOfNames(write, scopes, depth + 1)) : 'local';
      }
      const loop = declaration.scope.type === 'for_statement' && isInside(use, declaration.scope);
      if (loop) return 'loop';
      if (requestMember(declaration, scopes)) return 'request';
      const value = unwrap(declaration.value, true);
      if (declaration.scope.type === 'program') return 'local';
      return weaken(originOfNames(value, scopes, depth + 1));
    }
    default:
      return 'local';
  }
}

/** `const { id } = req.params`, `const { params: { id } } = req`. */
function requestMember(declaration: Declaration, scopes: Scopes): boolean {
  const value = declaration.value ? unwrap(declaration.value, true) : undefined;
  if (!value) return false;
  if (isRequestData(value, scopes)) return true;
  return value.type === 'identifier' && requestNames.test(value.text) && declaration.path.some((step) => requestParts.test(step));
}

/** What comes of a literal, an import or an unknown value in a local variable is a local value. */
function weaken(origin: BindOrigin): BindOrigin {
  return origin === 'request' || origin === 'loop' || origin === 'parameter' ? origin : 'local';
}

/** `req.params.id`, `ctx.query`, `c.req.param('id')`, `searchParams.get('q')`, `await request.json()`. */
function isRequestData(node: SyntaxNode, scopes: Scopes): boolean {
  if (node.type !== 'member_expression' && node.type !== 'call_expression' && node.type !== 'subscript_expression') return false;
  const path = loosePath(node);
  if (!path) return false;
  const root = path[0] ?? '';
  if (root === 'searchParams') return true;
  if (!requestNames.test(root)) return path.includes('searchParams');
  const declared = scopes.find(root, node);
  if (declared && declared.kind !== 'parameter') return false;
  if (root === 'event' || root === 'context') return path.some((step) => /^(pathParameters|queryStringParameters|params|body|queryParameters|query)$/.test(step));
  return path.slice(1).some((step) => requestParts.test(step)) || path.some((step) => /^(param|json|formData|queries)$/.test(step)) && path.includes('()');
}

