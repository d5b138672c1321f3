import type { SyntaxNode } from '../syntax';

/** Reads a node once, however many libraries ask; anew while parameters stand for what one call gives them. */
export function remembered<T>(scopes: { readonly substituting: boolean }, read: (node: SyntaxNode) => T): (node: SyntaxNode) => T {
  const known = new WeakMap<SyntaxNode, { readonly value: T }>();
  return (node) => {
    if (scopes.substituting) return read(node);
    let found = known.get(node);
    if (!found) known.set(node, (found = { value: read(node) }));
    return found.value;
  };
}
