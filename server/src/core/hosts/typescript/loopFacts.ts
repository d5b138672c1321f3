import type { LoopFacts } from '../ir';
import type { SyntaxNode } from '../syntax';
import { leaves } from './steps';
import { collectNames, isFunction, spanOf, unwrap } from './syntaxTools';

/** Observations of a loop; `calls` of an assignment are filled in by the walk, which numbers them. */
export interface LoopObservation extends Omit<LoopFacts, 'assigns'> {
  readonly assigns: readonly { readonly name: string; readonly value: SyntaxNode; readonly names: readonly string[]; readonly node: SyntaxNode }[];
}

const loopTypes = /^(for_statement|for_in_statement|while_statement|do_statement)$/;

/** @param loop a loop statement, or the function literal that a per-element call runs. */
export function observeLoop(loop: SyntaxNode, body: SyntaxNode): LoopObservation {
  const assigns: { name: string; value: SyntaxNode; names: readonly string[]; node: SyntaxNode }[] = [];
  const exits: { kind: 'break' | 'return' | 'throw'; conditional: boolean; span: ReturnType<typeof spanOf>; condition?: string }[] = [];
  const callback = isFunction(loop);

  const visit = (node: SyntaxNode, conditional: boolean, condition: string | undefined, nested: boolean, depth: number): void => {
    if (isFunction(node) || depth > 500) return;
    switch (node.type) {
      case 'assignment_expression':
      case 'augmented_assignment_expression': {
        const left = node.childForFieldName('left');
        const value = node.childForFieldName('right');
        if (left && value) for (const name of targets(left)) assigns.push({ name, value, names: node.type === 'augmented_assignment_expression' ? [name, ...collectNames(value)] : collectNames(value), node });
        break;
      }
      case 'update_expression': {
        const target = node.childForFieldName('argument');
        if (target) assigns.push({ name: target.text, value: target, names: [target.text], node });
        break;
      }
      case 'break_statement':
        if (!nested && !callback) exits.push({ kind: 'break', conditional, span: spanOf(node), condition });
        return;
      case 'return_statement':
        if (!callback) exits.push({ kind: 'return', conditional, span: spanOf(node), condition });
        break;
      case 'throw_statement':
        exits.push({ kind: 'throw', conditional, span: spanOf(node), condition });
        break;
      case 'if_statement':
      case 'ternary_expression': {
        const test = node.childForFieldName('condition');
        const text = test ? unwrap(test).text : undefined;
        for (const child of node.namedChildren) visit(child, child.id !== test?.id || conditional, child.id === test?.id ? condition : text, nested, depth + 1);
        return;
      }
      case 'catch_clause':
      case 'switch_case':
      case 'switch_default':
        for (const child of node.namedChildren) visit(child, true, condition, nested || node.type !== 'catch_clause', depth + 1);
        return;
    }
    const inner = nested || loopTypes.test(node.type);
    const unsure = conditional || loopTypes.test(node.type);
    for (const child of node.namedChildren) visit(child, unsure, condition, inner, depth + 1);
  };
  for (const child of body.type === 'statement_block' ? body.namedChildren : [body]) visit(child, false, undefined, false, 0);

  const test = loop.type === 'for_statement' || loop.type === 'while_statement' || loop.type === 'do_statement' ? loop.childForFieldName('condition') : null;
  const condition = test ? unwrap(test).text.replace(/;$/, '') : undefined;
  const step = stepOf(loop);
  return { ...(condition === undefined || condition === '' ? {} : { condition }), ...(step === undefined ? {} : { step }), assigns, exits, retries: retriesIn(body) };
}

function targets(left: SyntaxNode): string[] {
  if (left.type === 'identifier' || left.type === 'member_expression') return [left.text];
  if (left.type === 'array_pattern' || left.type === 'object_pattern') return left.namedChildren.flatMap((child) => (child.type === 'shorthand_property_identifier_pattern' ? [child.text] : targets(child.childForFieldName('value') ?? child)));
  return [];
}

/** `i += 100` gives `100`; `i++` nothing. */
function stepOf(loop: SyntaxNode): string | undefined {
  const increment = loop.type === 'for_statement' ? loop.childForFieldName('increment') : null;
  if (!increment) return undefined;
  if (increment.type === 'augmented_assignment_expression') {
    const right = increment.childForFieldName('right')?.text;
    return right === '1' ? undefined : right;
  }
  const sum = increment.type === 'assignment_expression' ? increment.childForFieldName('right') : null;
  const added = sum?.type === 'binary_expression' ? sum.childForFieldName('right')?.text : undefined;
  return added === '1' ? undefined : added;
}

/** A `try` directly in the body whose handler neither leaves the loop nor throws. */
function retriesIn(body: SyntaxNode): boolean {
  const statements = body.type === 'statement_block' ? body.namedChildren : [body];
  return statements.some((statement) => {
    const handler = statement.type === 'try_statement' ? statement.childForFieldName('handler') : null;
    const block = handler?.childForFieldName('body');
    if (!block) return false;
    const last = block.namedChildren.at(-1);
    return !leaves(block) || last?.type === 'continue_statement';
  });
}
