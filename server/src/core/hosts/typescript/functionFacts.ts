import type { FunctionIr, ParameterIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import { leaves } from './steps';
import { collectNames, collectPatternNames, isFunction, spanOf, typeText, unwrap } from './syntaxTools';

const maxText = 240;
export const shortText = (node: SyntaxNode): string => (node.endIndex - node.startIndex > maxText ? node.text.slice(0, maxText) : node.text);

export function readParameters(fn: SyntaxNode): ParameterIr[] {
  const single = fn.childForFieldName('parameter');
  if (single) return [{ name: single.text, field: false, optional: false }];
  const parameters: ParameterIr[] = [];
  for (const parameter of fn.childForFieldName('parameters')?.namedChildren ?? []) {
    if (parameter.type === 'comment' || parameter.type === 'decorator') continue;
    const pattern = parameter.childForFieldName('pattern') ?? parameter.childForFieldName('left') ?? parameter;
    if (pattern.type === 'this') continue;
    parameters.push({
      name: pattern.text,
      type: typeText(parameter.childForFieldName('type')),
      field: parameter.children.some((child) => /^(accessibility_modifier|readonly|override_modifier)$/.test(child.type)),
      optional: parameter.type === 'optional_parameter' || parameter.type === 'assignment_pattern' || parameter.childForFieldName('value') !== null,
    });
  }
  return parameters;
}

/** One value given to a local name; the walk adds the call it comes from. */
export interface LocalObservation {
  readonly name: string;
  readonly names: readonly string[];
  readonly text: string;
  readonly node: SyntaxNode;
  readonly value?: SyntaxNode;
  readonly type?: string;
}

/** Names given to values in a function (nested functions excluded), destructured parameters and loop elements included. */
export function observeLocals(scope: SyntaxNode): LocalObservation[] {
  const locals: LocalObservation[] = [];
  const add = (pattern: SyntaxNode, value: SyntaxNode | undefined, node: SyntaxNode, type?: string): void => {
    const names = value ? collectNames(value) : [];
    const text = value ? shortText(value) : '';
    for (const name of collectPatternNames(pattern)) locals.push({ name, names, text, node, value, type });
  };
  const visit = (node: SyntaxNode, depth: number): void => {
    if ((isFunction(node) && node.id !== scope.id) || depth > 500) return;
    if (node.type === 'variable_declarator') {
      const name = node.childForFieldName('name');
      if (name) add(name, node.childForFieldName('value') ?? undefined, node, typeText(node.childForFieldName('type')));
    } else if (node.type === 'assignment_expression') {
      const left = node.childForFieldName('left');
      if (left && left.type !== 'member_expression') add(left, node.childForFieldName('right') ?? undefined, node);
    } else if (node.type === 'augmented_assignment_expression') {
      const left = node.childForFieldName('left');
      const right = node.childForFieldName('right');
      if (left?.type === 'identifier' && right) locals.push({ name: left.text, names: [left.text, ...collectNames(right)], text: shortText(right), node, value: right });
    } else if (node.type === 'for_in_statement' && node.childForFieldName('kind')) {
      const left = node.childForFieldName('left');
      if (left) add(left, node.childForFieldName('right') ?? undefined, left);
    } else if (/^(object_pattern|array_pattern)$/.test(node.type) && /parameter/.test(node.parent?.type ?? '')) {
      for (const name of collectPatternNames(node)) locals.push({ name, names: [], text: node.text, node });
    }
    for (const child of node.namedChildren) visit(child, depth + 1);
  };
  visit(scope, 0);
  return locals;
}

/** Values returned by a function; an expression body counts. */
export function readReturns(fn: SyntaxNode): FunctionIr['returns'] {
  const returns: { span: ReturnType<typeof spanOf>; names: readonly string[]; text: string }[] = [];
  const body = fn.childForFieldName('body');
  if (!body) return returns;
  const add = (value: SyntaxNode): void => {
    returns.push({ span: spanOf(value), names: collectNames(value), text: shortText(value) });
  };
  if (body.type !== 'statement_block') {
    add(body);
    return returns;
  }
  const visit = (node: SyntaxNode, depth: number): void => {
    if (isFunction(node) || depth > 500) return;
    if (node.type === 'return_statement') {
      const value = node.namedChildren.find((child) => child.type !== 'comment');
      if (value) add(value);
      return;
    }
    for (const child of node.namedChildren) visit(child, depth + 1);
  };
  for (const child of body.namedChildren) visit(child, 0);
  return returns;
}

/** `if (…) return` and `if (…) throw` directly in the body, also inside a `try` that is. */
export function readGuards(fn: SyntaxNode): FunctionIr['guards'] {
  const guards: { condition: string; names: readonly string[]; span: ReturnType<typeof spanOf> }[] = [];
  const visit = (block: SyntaxNode | null): void => {
    for (const statement of block?.namedChildren ?? []) {
      if (statement.type === 'try_statement') visit(statement.childForFieldName('body'));
      const condition = statement.type === 'if_statement' ? statement.childForFieldName('condition') : null;
      if (condition && leaves(statement.childForFieldName('consequence'))) {
        const test = unwrap(condition);
        guards.push({ condition: shortText(test), names: collectNames(test), span: spanOf(statement) });
      }
    }
  };
  const body = fn.childForFieldName('body');
  if (body?.type === 'statement_block') visit(body);
  return guards;
}
