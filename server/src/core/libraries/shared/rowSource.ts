import { callParts, isFunction, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext } from '../adapter';

/** Where a row of an ORM comes from. */
export type RowSource =
  /** Its type as declared, or the element's of a declared array. */
  | { readonly kind: 'type'; readonly type: string }
  /** The call that gave it; `many`: it is one of a list, `path` leads from the call's value to the row or list (`rows` of `findAndCountAll`). */
  | { readonly kind: 'call'; readonly call: SyntaxNode; readonly many: boolean; readonly path: readonly string[] };

const perElement = /^(map|forEach|flatMap|filter|some|every|find|each|mapSeries)$/;

/** Follows a name to the query result or declaration that it stands for: a variable, a parameter, the element of a loop or callback. */
export function rowSource(written: SyntaxNode, context: HostContext): RowSource | undefined {
  const node = unwrap(written, true);
  if (node.type !== 'identifier') return undefined;
  const origin = context.origin(node);
  if (origin.kind === 'parameter' && origin.path.length === 0) {
    if (origin.type !== undefined) return { kind: 'type', type: origin.type };
    const callee = origin.callback && origin.index === 0 ? callParts(origin.callback.call)?.callee : undefined;
    const object = callee && perElement.test(callee.childForFieldName('property')?.text ?? '') ? callee.childForFieldName('object') : undefined;
    return object ? elementOf(object, context) : undefined;
  }
  if (origin.kind === 'call') return { kind: 'call', call: origin.node, many: false, path: origin.path ?? [] };
  if (origin.kind === 'field' && origin.type !== undefined && origin.path.length <= 1) return { kind: 'type', type: origin.type };
  for (let current = node.parent; current && !isFunction(current); current = current.parent) {
    if (current.type === 'for_in_statement' && current.childForFieldName('left')?.text === node.text) {
      const right = current.childForFieldName('right');
      // `in` walks the keys.
      return right && current.childForFieldName('operator')?.text === 'of' ? elementOf(right, context) : undefined;
    }
  }
  return undefined;
}

const ARRAY = /^(?:readonly\s+)?(?:(\w+(?:<[^<>]*>)?)\s*\[\]|(?:Readonly)?Array<\s*(\w+(?:<[^<>]*>)?)\s*>)$/;

function elementOf(list: SyntaxNode, context: HostContext): RowSource | undefined {
  const origin = context.origin(list);
  if (origin.kind === 'call') return { kind: 'call', call: origin.node, many: true, path: origin.path ?? [] };
  const type = origin.kind === 'parameter' && origin.path.length === 0 ? origin.type : origin.kind === 'field' && origin.path.length <= 1 ? origin.type : undefined;
  const array = ARRAY.exec(type?.trim() ?? '');
  const element = array?.[1] ?? array?.[2];
  return element === undefined ? undefined : { kind: 'type', type: element };
}
