import type { SyntaxNode } from '../syntax';
import { returnsOf } from './helpers';
import { isJoined } from './loopForms';
import { parameterList } from './objects';
import { functionOfCallee } from './origins';
import type { Scopes } from './scopes';
import { callParts, unwrap, wrapped } from './syntaxTools';

const settlers = /^(then|catch|finally|asCallback|nodeify)$/;

/** Is the value awaited here (also through `Promise.all([...])`, `for await` or a `.then(…)` behind it)? */
export function isAwaited(node: SyntaxNode): boolean {
  if (callParts(node)?.awaited) return true;
  const outer = wrapped(node);
  const parent = outer.parent;
  if (!parent) return false;
  if (parent.type === 'await_expression') return true;
  if (parent.type === 'for_in_statement') return parent.childForFieldName('right')?.id === outer.id && parent.children.some((child) => child.type === 'await');
  const call = parent.type === 'member_expression' && parent.childForFieldName('object')?.id === outer.id ? parent.parent : null;
  return call?.type === 'call_expression' && settlers.test(parent.childForFieldName('property')?.text ?? '');
}

/**
 * Is a statement sent: awaited, returned, yielded, joined, or held in a variable of which one of these is true?
 * A value passed to an unknown function counts as not sent.
 */
export function isExecuted(node: SyntaxNode, scopes: Scopes, hops = 0): boolean {
  if (isAwaited(node) || isJoined(node)) return true;
  const outer = wrapped(node);
  const parent = outer.parent;
  if (!parent) return false;
  switch (parent.type) {
    case 'return_statement':
    case 'yield_expression':
      return true;
    case 'arrow_function':
      return parent.childForFieldName('body')?.id === outer.id;
    case 'ternary_expression':
    case 'binary_expression':
      return hops < 6 && isExecuted(parent, scopes, hops + 1);
    case 'variable_declarator':
    case 'assignment_expression': {
      const target = parent.childForFieldName(parent.type === 'variable_declarator' ? 'name' : 'left');
      const declaration = target?.type === 'identifier' ? scopes.find(target.text, target) : undefined;
      return declaration !== undefined && hops < 3 && scopes.references(declaration).some((use) => use.startIndex > outer.endIndex && isExecuted(use, scopes, hops + 1));
    }
    case 'arguments': {
      const call = helperCall(node, scopes);
      return call !== undefined && hops < 3 && isExecuted(call, scopes, hops + 1);
    }
    default:
      return false;
  }
}

/**
 * The call of a project's function that goes on with what it is given and returns it: `newest(query, 5)` with
 * `(query, count) => query.orderBy('id').limit(count)`.
 */
export function helperCall(node: SyntaxNode, scopes: Scopes): SyntaxNode | undefined {
  const outer = wrapped(node);
  const call = outer.parent?.type === 'arguments' ? outer.parent.parent : null;
  const parts = call?.type === 'call_expression' ? callParts(call) : undefined;
  const at = parts?.args.findIndex((argument) => argument.id === outer.id) ?? -1;
  const fn = parts && at >= 0 ? functionOfCallee(parts.callee, scopes) : undefined;
  const parameter = fn && parameterList(fn).filter((one) => one.type !== 'comment')[at];
  const name = parameter && (parameter.childForFieldName('pattern') ?? parameter);
  const values = fn && name?.type === 'identifier' ? returnsOf(fn)?.flatMap(({ value }) => value ?? []) : undefined;
  return call && values && values.length > 0 && values.every((value) => chainRoot(value).text === name?.text) ? call : undefined;
}

/** `query` of `query.orderBy('id').limit(5)`. */
function chainRoot(node: SyntaxNode): SyntaxNode {
  let current = unwrap(node, true);
  for (let hops = 0; hops < 60; hops++) {
    const callee = current.type === 'call_expression' ? callParts(current)?.callee : current.type === 'member_expression' ? current : undefined;
    const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
    if (!object) return current;
    current = unwrap(object, true);
  }
  return current;
}
