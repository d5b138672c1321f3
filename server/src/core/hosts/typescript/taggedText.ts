import type { TaggedHole } from '../../libraries/adapter';
import type { SyntaxNode } from '../syntax';
import type { Scopes } from './scopes';
import { collectSteps, type Step } from './steps';
import { maxDepth, sharedPrefix, type Pieces, type StringParts } from './stringPieces';
import { callParts, isFunction, unwrap } from './syntaxTools';

/**
 * Parts of a tagged template whose tag gives its interpolations a meaning: values, identifiers, or SQL of their own,
 * which is followed through choices, local variables and functions of the file.
 */
export function readTagged(template: SyntaxNode, decide: (expression: SyntaxNode) => TaggedHole | undefined, scopes: Scopes, { fragments, choice, hole }: Pieces): StringParts {
  const substitute = (written: SyntaxNode, depth: number): StringParts => {
    const node = unwrap(written);
    if (depth > maxDepth) return hole(node, 'fragment');
    if (node.type === 'ternary_expression') {
      const [condition, yes, no] = [node.childForFieldName('condition'), node.childForFieldName('consequence'), node.childForFieldName('alternative')];
      // Only where a branch is SQL: `${flag ? 1 : 2}` is one parameter.
      if (condition && yes && no && [yes, no].some((branch) => isInline(unwrap(branch)))) return choice(unwrap(condition), substitute(yes, depth + 1), substitute(no, depth + 1));
    }
    if (node.type === 'binary_expression' && node.childForFieldName('operator')?.type === '&&') {
      const [condition, then] = [node.childForFieldName('left'), node.childForFieldName('right')];
      if (condition && then && isInline(unwrap(then))) return choice(unwrap(condition), substitute(then, depth + 1), { parts: [], complete: true });
    }
    const decided = decide(node);
    if (decided && 'inline' in decided) return fragments(decided.inline, (inner) => substitute(inner, depth + 1));
    if (decided) return hole(node, decided.kind);
    if (node.type === 'identifier') {
      const declaration = scopes.find(node.text, node);
      const value = declaration?.kind === 'variable' && declaration.path.length === 0 ? declaration.value : undefined;
      if (declaration && value && hasInline(unwrap(value))) {
        const steps = collectSteps(declaration, node);
        const start = substitute(value, depth + 1);
        if (steps?.length === 0) return start;
        const known = steps && taggedSteps(declaration.name, start, steps, depth);
        return known ?? { parts: hole(node, 'fragment').parts, complete: false };
      }
    }
    if (node.type === 'call_expression' && callParts(node)?.callee.type === 'identifier') {
      const body = helperBody(callParts(node)?.callee);
      if (body && hasInline(body)) return substitute(body, depth + 2);
    }
    return hole(node, 'value');
  };
  const isInline = (node: SyntaxNode): boolean => {
    const decided = decide(node);
    return decided !== undefined && 'inline' in decided;
  };
  const hasInline = (node: SyntaxNode): boolean => isInline(node) || (node.type === 'ternary_expression' && ['consequence', 'alternative'].some((field) => {
    const branch = node.childForFieldName(field);
    return branch !== null && isInline(unwrap(branch));
  }));
  const helperBody = (callee: SyntaxNode | undefined): SyntaxNode | undefined => {
    const declaration = callee ? scopes.find(callee.text, callee) : undefined;
    const fn = declaration?.constant && declaration.value && declaration.path.length === 0 ? unwrap(declaration.value) : undefined;
    const body = fn && isFunction(fn) ? fn.childForFieldName('body') : null;
    if (!body) return undefined;
    if (body.type !== 'statement_block') return unwrap(body);
    const statements = body.namedChildren.filter((child) => child.type !== 'comment');
    const value = statements.length === 1 && statements[0]?.type === 'return_statement' ? statements[0].namedChildren[0] : undefined;
    return value ? unwrap(value) : undefined;
  };
  /** `where = sql`${where} AND …`` under conditions. */
  const taggedSteps = (name: string, initial: StringParts, steps: readonly Step[], depth: number): StringParts | undefined => {
    let whole = initial;
    for (const step of steps) {
      if (step.kind === 'repeat') return undefined;
      if (step.kind === 'write') {
        const right = step.node.type === 'assignment_expression' ? step.node.childForFieldName('right') : null;
        const decided = right ? decide(unwrap(right)) : undefined;
        if (!decided || !('inline' in decided)) return undefined;
        const before = whole;
        whole = fragments(decided.inline, (inner) => (unwrap(inner).type === 'identifier' && inner.text === name ? before : substitute(inner, depth + 1)));
        continue;
      }
      const then = taggedSteps(name, whole, step.then, depth);
      const otherwise = taggedSteps(name, whole, step.otherwise, depth);
      if (!then || !otherwise) return undefined;
      if (step.thenLeaves) whole = otherwise;
      else if (step.otherwiseLeaves) whole = then;
      else {
        const common = sharedPrefix(whole.parts, then.parts, otherwise.parts);
        whole = { parts: [...then.parts.slice(0, common), ...choice(step.condition, { parts: then.parts.slice(common), complete: true }, { parts: otherwise.parts.slice(common), complete: true }).parts], complete: whole.complete && then.complete && otherwise.complete };
      }
    }
    return whole;
  };
  return fragments(template, (inner) => substitute(inner, 0));
}
