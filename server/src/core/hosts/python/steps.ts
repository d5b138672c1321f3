import { hostSpan, type HostSpan } from '../../text/span';
import type { SyntaxNode } from '../syntax';
import type { Binding, Scopes } from './scopes';
import { contains, field, parts } from './syntaxTools';

export interface Guard {
  readonly text: string;
  readonly span: HostSpan;
  /** The `if` statement, when the step is directly in one of its branches; for pairing `if` with `else`. */
  readonly statement?: SyntaxNode;
  readonly branch: 'if' | 'elif' | 'else' | 'other';
}

/** One binding that can reach a use, in program order. */
export interface Step {
  readonly binding: Binding;
  /** Undefined: always runs when the use runs. */
  readonly guard?: Guard;
  /** In a loop that does not contain the use: any number of times. */
  readonly repeated: boolean;
}

/**
 * The bindings of a name that can reach its use at `node`, in order, without those in a branch that excludes the use or
 * leaves the function. For a name of an outer scope: all of its bindings.
 */
export function stepsOf(name: string, node: SyntaxNode, scopes: Scopes): readonly Step[] | undefined {
  const resolved = scopes.resolve(name, node);
  if (!resolved) return undefined;
  const own = contains(resolved.scope.node, node) && sameFunction(resolved.scope.node, node, scopes);
  const steps: Step[] = [];
  for (const binding of resolved.bindings) {
    if (own && binding.end > node.startIndex) continue;
    const step = reach(binding, own ? node : undefined);
    if (step) steps.push(step);
  }
  return steps;
}

function sameFunction(scopeNode: SyntaxNode, node: SyntaxNode, scopes: Scopes): boolean {
  let scope = scopes.scopeOf(node);
  while (scope.kind === 'comprehension' && scope.parent) {
    if (scope.node.id === scopeNode.id) return true;
    scope = scope.parent;
  }
  return scope.node.id === scopeNode.id;
}

function reach(binding: Binding, use: SyntaxNode | undefined): Step | undefined {
  const conditions: { text: string; start: number; end: number }[] = [];
  let statement: SyntaxNode | undefined;
  let branch: Guard['branch'] = 'other';
  let repeated = false;
  const covers = (node: SyntaxNode): boolean => (use ? contains(node, use) : node.type === 'module' || node.type === 'function_definition');
  for (let child: SyntaxNode = binding.node, current = binding.node.parent; current; child = current, current = current.parent) {
    if (covers(current)) {
      const exclusive = current.type === 'if_statement' && use && !contains(child, use) && child.id !== field(current, 'condition')?.id && use.startIndex >= child.endIndex;
      if (exclusive) return undefined;
      break;
    }
    if (child.type === 'block' && leaves(child)) return undefined;
    const guard = guardOf(child, current);
    if (guard) {
      conditions.unshift(guard);
      statement = conditions.length === 1 ? guard.statement : undefined;
      branch = guard.branch;
    }
    repeated ||= current.type === 'for_statement' || current.type === 'while_statement';
  }
  const first = conditions[0];
  const last = conditions.at(-1);
  if (!first || !last) return { binding, repeated };
  const text = conditions.map((condition) => (conditions.length > 1 && /\b(or|if)\b/.test(condition.text) ? `(${condition.text})` : condition.text)).join(' and ');
  return { binding, repeated, guard: { text, span: hostSpan(last.start, last.end), statement, branch: statement ? branch : 'other' } };
}

function guardOf(child: SyntaxNode, parent: SyntaxNode): { text: string; start: number; end: number; statement?: SyntaxNode; branch: Guard['branch'] } | undefined {
  const from = (condition: SyntaxNode | undefined, branch: Guard['branch'], statement?: SyntaxNode, negate = false) =>
    condition && { text: negate ? negate_(condition.text) : condition.text, start: condition.startIndex, end: condition.endIndex, statement, branch };
  if (parent.type === 'if_statement' && child.id === field(parent, 'consequence')?.id) return from(field(parent, 'condition'), 'if', parent);
  if (parent.type === 'elif_clause' && child.type === 'block') return from(field(parent, 'condition'), 'elif', parent.parent ?? undefined);
  if (parent.type === 'else_clause' && parent.parent?.type === 'if_statement') {
    const statement = parent.parent;
    const simple = !statement.namedChildren.some((clause) => clause.type === 'elif_clause');
    return from(field(statement, 'condition'), simple ? 'else' : 'elif', statement, true);
  }
  if (parent.type === 'except_clause' || parent.type === 'case_clause') {
    const head = parts(parent)[0] ?? parent;
    return { text: `${parent.type === 'case_clause' ? 'case' : 'except'} ${head.id === child.id ? '' : head.text}`.trim(), start: head.startIndex, end: head.endIndex, branch: 'other' };
  }
  return undefined;
}

const negate_ = (condition: string): string => (condition.startsWith('not ') && !/\b(and|or)\b/.test(condition) ? condition.slice(4) : /^[\w.]+$/.test(condition) ? `not ${condition}` : `not (${condition})`);

/** True when a block always ends in return, raise, break or continue. */
export function leaves(block: SyntaxNode): boolean {
  const last = parts(block).at(-1);
  return !!last && /^(return|raise|break|continue)_statement$/.test(last.type);
}
