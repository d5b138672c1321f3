import type { SyntaxNode } from '../syntax';
import { isFunction, keyName, unwrap } from './syntaxTools';

/** What a function is called where it is defined. */
export interface FunctionName {
  readonly name: string;
  /** Node to point at: the name, or the function's first token. */
  readonly node: SyntaxNode;
  /** Object literal or factory that holds it. */
  readonly owner?: string;
}

/** Name of a function: its own, of the variable, property or field it is the value of. */
export function nameFunction(fn: SyntaxNode): FunctionName {
  const own = fn.childForFieldName('name');
  const start = own ?? fn.children[0] ?? fn;
  if (fn.type === 'method_definition') return { name: keyName(own) ?? '', node: start, owner: fn.parent?.type === 'object' ? ownerOf(fn.parent) : undefined };
  if (own && /declaration$/.test(fn.type)) return { name: own.text, node: own };
  let node = fn;
  while (node.parent && /^(parenthesized_expression|as_expression|satisfies_expression)$/.test(node.parent.type)) node = node.parent;
  // `const find = cache(async (id) => …)`, `memoize`, `useCallback`: the variable stands for the function inside.
  const parent = node.parent;
  switch (parent?.type) {
    case 'variable_declarator': {
      const name = parent.childForFieldName('name');
      return name?.type === 'identifier' ? { name: name.text, node: name } : { name: '', node: start };
    }
    case 'assignment_expression': {
      const left = parent.childForFieldName('left');
      const property = left?.type === 'member_expression' ? left.childForFieldName('property') : left;
      return property ? { name: property.text, node: property, owner: left?.type === 'member_expression' ? exportedOwner(left.childForFieldName('object')?.text) : undefined } : { name: '', node: start };
    }
    case 'pair': {
      const key = parent.childForFieldName('key');
      return key ? { name: keyName(key) ?? '', node: key, owner: parent.parent ? ownerOf(parent.parent) : undefined } : { name: '', node: start };
    }
    case 'public_field_definition':
    case 'field_definition': {
      const name = parent.childForFieldName('name') ?? parent.childForFieldName('property');
      return name ? { name: name.text, node: name } : { name: '', node: start };
    }
    default:
      return { name: own?.text ?? '', node: start };
  }
}

/** `exports.find = …` is a function of the module, `Users.find = …` one of `Users`. */
const exportedOwner = (object: string | undefined): string | undefined => (object === 'exports' || object === 'module.exports' || object === 'this' ? undefined : object?.replace(/\.prototype$/, ''));

/** Name of an object literal: the variable it initialises, or the function that returns it. */
function ownerOf(object: SyntaxNode): string | undefined {
  let node = object;
  while (node.parent && /^(parenthesized_expression|as_expression|satisfies_expression)$/.test(node.parent.type)) node = node.parent;
  const parent = node.parent;
  if (parent?.type === 'variable_declarator') return parent.childForFieldName('name')?.text;
  if (parent?.type === 'return_statement' || (parent && isFunction(parent))) {
    for (let current: SyntaxNode | null = parent; current; current = current.parent) {
      if (isFunction(current)) return nameFunction(current).name || undefined;
    }
  }
  if (parent?.type === 'pair') return keyName(parent.childForFieldName('key'));
  if (parent?.type === 'export_statement') return 'default';
  if (parent?.type === 'assignment_expression') return parent.childForFieldName('left')?.text.replace(/^(module\.exports|exports)\.?/, '') || undefined;
  return undefined;
}

/** Name that the result of a call is bound to; through `await`, casts, `.rows`, `[0]`. */
export function resultNameOf(call: SyntaxNode): string | undefined {
  let node = call;
  for (let parent = node.parent; parent; node = parent, parent = parent.parent) {
    if (parent.type === 'variable_declarator' || parent.type === 'assignment_expression') {
      const target = parent.childForFieldName(parent.type === 'variable_declarator' ? 'name' : 'left');
      if (!target || (parent.childForFieldName('value') ?? parent.childForFieldName('right'))?.id !== node.id) return undefined;
      if (target.type === 'identifier') return target.text;
      const names = target.type === 'object_pattern' || target.type === 'array_pattern' ? target.namedChildren : [];
      if (names.length !== 1) return undefined;
      const only = names[0];
      if (only?.type === 'pair_pattern') return only.childForFieldName('value')?.text;
      return only?.type === 'identifier' || only?.type === 'shorthand_property_identifier_pattern' ? only.text : undefined;
    }
    if (/^(await_expression|parenthesized_expression|as_expression|non_null_expression|satisfies_expression)$/.test(parent.type)) continue;
    if ((parent.type === 'member_expression' || parent.type === 'subscript_expression') && parent.childForFieldName('object')?.id === node.id && parent.parent?.type !== 'call_expression') continue;
    if (parent.type === 'binary_expression' && /^(\?\?|\|\|)$/.test(parent.childForFieldName('operator')?.type ?? '') && parent.childForFieldName('left')?.id === node.id) continue;
    return undefined;
  }
  return undefined;
}

/** The call at the bottom of a value: `(await pool.query(…)).rows[0] ?? null`. */
export function rootCall(value: SyntaxNode): SyntaxNode | undefined {
  let node = unwrap(value, true);
  for (let hops = 0; hops < 20; hops++) {
    if (node.type === 'call_expression' || node.type === 'new_expression') return node;
    const next = node.type === 'member_expression' || node.type === 'subscript_expression' ? node.childForFieldName('object') : node.type === 'binary_expression' ? node.childForFieldName('left') : null;
    if (!next) return undefined;
    node = unwrap(next, true);
  }
  return undefined;
}
