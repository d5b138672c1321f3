import type { SyntaxNode } from '../syntax';
import type { Declaration } from './scopes';
import { enclosingFunction, isFunction, isInside, unwrap } from './syntaxTools';

/** What happens to a variable between its declaration and a use, in order. */
export type Step =
  | { readonly kind: 'write'; readonly node: SyntaxNode }
  | { readonly kind: 'choice'; readonly condition: SyntaxNode; readonly then: readonly Step[]; readonly otherwise: readonly Step[]; /** That branch leaves the function: what it wrote does not reach the use. */ readonly thenLeaves: boolean; readonly otherwiseLeaves: boolean }
  | { readonly kind: 'repeat'; readonly steps: readonly Step[] };

/** True when the last statement of a branch leaves: return, throw, continue, break. */
export function leaves(branch: SyntaxNode | null | undefined): boolean {
  if (!branch) return false;
  const last = branch.type === 'statement_block' ? branch.namedChildren.filter((child) => child.type !== 'comment').at(-1) : branch;
  return last !== undefined && /^(return|throw|continue|break)_statement$/.test(last.type);
}

/** The statement below `else`; an `else if` gives the inner `if`. */
export const elseBranch = (statement: SyntaxNode): SyntaxNode | undefined => statement.childForFieldName('alternative')?.namedChildren.find((child) => child.type !== 'comment');

/**
 * Writes of a local variable before `use`, structured by the conditions and loops they stand in.
 * @returns undefined when a write stands in another function than the declaration: its moment is unknown.
 */
export function collectSteps(declaration: Declaration, use: SyntaxNode): readonly Step[] | undefined {
  const home = enclosingFunction(declaration.node);
  const before = declaration.writes.filter((write) => write.endIndex <= use.startIndex || isInside(use, write));
  const own = before.filter((write) => !isInside(use, write));
  if (own.length === 0) return [];
  if (own.some((write) => enclosingFunction(write)?.id !== home?.id)) return undefined;
  const contains = (node: SyntaxNode): boolean => own.some((write) => isInside(write, node));

  const stepsOf = (node: SyntaxNode | null | undefined): Step[] => {
    if (!node || isFunction(node) || !contains(node)) return [];
    const through = isInside(use, node);
    switch (node.type) {
      case 'if_statement': {
        const condition = node.childForFieldName('condition');
        const consequence = node.childForFieldName('consequence');
        const alternative = elseBranch(node);
        const head = stepsOf(condition);
        if (through) {
          if (consequence && isInside(use, consequence)) return [...head, ...stepsOf(consequence)];
          if (alternative && isInside(use, alternative)) return [...head, ...stepsOf(alternative)];
        }
        if (!condition) return head;
        return [...head, { kind: 'choice', condition: unwrap(condition), then: stepsOf(consequence), otherwise: stepsOf(alternative), thenLeaves: leaves(consequence), otherwiseLeaves: leaves(alternative) }];
      }
      case 'ternary_expression': {
        const condition = node.childForFieldName('condition');
        if (through || !condition) break;
        return [{ kind: 'choice', condition: unwrap(condition), then: stepsOf(node.childForFieldName('consequence')), otherwise: stepsOf(node.childForFieldName('alternative')), thenLeaves: false, otherwiseLeaves: false }];
      }
      case 'binary_expression': {
        const right = node.childForFieldName('right');
        const left = node.childForFieldName('left');
        if (node.childForFieldName('operator')?.type === '&&' && right && left && contains(right)) return [{ kind: 'choice', condition: unwrap(left), then: stepsOf(right), otherwise: [], thenLeaves: false, otherwiseLeaves: false }];
        break;
      }
      case 'switch_case':
      case 'switch_default': {
        if (through) break;
        const value = node.childForFieldName('value') ?? node;
        return [{ kind: 'choice', condition: value, then: node.namedChildren.flatMap(stepsOf), otherwise: [], thenLeaves: false, otherwiseLeaves: false }];
      }
      case 'catch_clause':
        if (!through) return [{ kind: 'repeat', steps: node.namedChildren.flatMap(stepsOf) }];
        break;
      case 'for_statement':
      case 'for_in_statement':
      case 'while_statement':
      case 'do_statement': {
        const steps = node.namedChildren.flatMap(stepsOf);
        return declaration.node.startIndex >= node.startIndex && isInside(declaration.node, node) ? steps : [{ kind: 'repeat', steps }];
      }
    }
    if (own.some((write) => write.id === node.id)) return [{ kind: 'write', node }];
    return node.namedChildren.flatMap(stepsOf);
  };
  const { scope } = declaration;
  return isFunction(scope) ? stepsOf(scope.childForFieldName('body')) : stepsOf(scope);
}
