import type { SyntaxNode } from '../syntax';
import type { Scopes } from './scopes';
import { collectSteps, type Step } from './steps';
import { callParts, unwrap } from './syntaxTools';

export interface ArrayElements {
  readonly nodes: readonly SyntaxNode[];
  readonly literal?: SyntaxNode;
  readonly complete: boolean;
}

/** Elements of an array literal, or of a local array with what was pushed before its use (on any path). */
export function readElements(written: SyntaxNode, scopes: Scopes, hops = 0): ArrayElements | undefined {
  const node = unwrap(written);
  if (node.type === 'array') {
    const nodes: SyntaxNode[] = [];
    for (const child of node.namedChildren) {
      if (child.type === 'comment') continue;
      if (child.type !== 'spread_element') {
        nodes.push(child);
        continue;
      }
      // Behind a spread of unknown length nothing has a known place.
      const inner = child.namedChildren[0];
      const spread = inner && hops < 4 ? readElements(inner, scopes, hops + 1) : undefined;
      if (spread) nodes.push(...spread.nodes);
      if (!spread?.complete) return { nodes, complete: false };
    }
    return { nodes, literal: node, complete: true };
  }
  const declaration = /^(shorthand_property_)?identifier$/.test(node.type) ? scopes.find(node.text, node) : undefined;
  const value = declaration?.kind === 'variable' && declaration.path.length === 0 && declaration.value ? unwrap(declaration.value) : undefined;
  if (!declaration || value?.type !== 'array') return undefined;
  const initial = readElements(value, scopes, hops + 1);
  const steps = collectSteps(declaration, node);
  if (!initial) return undefined;
  if (!steps) return { nodes: initial.nodes, complete: false };
  const pushed: SyntaxNode[] = [];
  let complete = initial.complete;
  const apply = (all: readonly Step[]): void => {
    for (const step of all) {
      if (step.kind === 'write') {
        const call = step.node.type === 'call_expression' ? callParts(step.node) : undefined;
        if (call?.callee.childForFieldName('property')?.text === 'push' && !call.args.some((arg) => arg.type === 'spread_element')) pushed.push(...call.args);
        else complete = false;
      } else if (step.kind === 'choice') {
        apply(step.then);
        apply(step.otherwise);
      } else {
        complete = false;
        apply(step.steps);
      }
    }
  };
  apply(steps);
  return { nodes: [...initial.nodes, ...pushed], ...(pushed.length === 0 ? { literal: value } : {}), complete: complete && (pushed.length === 0 || steps.every((step) => step.kind === 'write')) };
}
