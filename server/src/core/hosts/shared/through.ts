import type { SyntaxNode } from '../syntax';

const calls = new WeakMap<SyntaxNode, SyntaxNode>();

/**
 * A node of a helper's body as it counts for one call of the helper: its value depends on the call's arguments.
 * The node is the same in every other respect.
 */
export function throughCall(node: SyntaxNode, call: SyntaxNode): SyntaxNode {
  const derived = Object.create(node) as SyntaxNode;
  calls.set(derived, call);
  return derived;
}

/** The call in the using function that a node's value came through. */
export const callThrough = (node: SyntaxNode): SyntaxNode | undefined => calls.get(node);
