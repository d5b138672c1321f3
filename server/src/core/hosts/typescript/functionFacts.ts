import type { FunctionIr, MemberIr, ParameterIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import { decoratorsOf } from './entries';
import { leaves } from './steps';
import { collectNames, collectPatternNames, isFunction, keyName, loosePath, spanOf, typeText, unwrap } from './syntaxTools';

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
    const decorators = decoratorsOf(parameter).map((decorator) => decorator.replace(/^@/, ''));
    parameters.push({
      name: pattern.text,
      type: typeText(parameter.childForFieldName('type')),
      field: parameter.children.some((child) => /^(accessibility_modifier|readonly|override_modifier)$/.test(child.type)),
      optional: parameter.type === 'optional_parameter' || parameter.type === 'assignment_pattern' || parameter.childForFieldName('value') !== null,
      ...(decorators.length > 0 ? { decorators } : {}),
    });
  }
  return parameters;
}

const maxMembers = 80;

/** What an object literal holds by name, as far as it is made of names and calls; undefined for other values. */
export function readMembers(value: SyntaxNode | undefined): readonly MemberIr[] | undefined {
  const object = value && unwrap(value);
  if (object?.type !== 'object') return undefined;
  const members: MemberIr[] = [];
  for (const child of object.namedChildren.slice(0, maxMembers)) {
    if (child.type === 'shorthand_property_identifier') members.push({ name: child.text, path: [child.text] });
    const held = child.type === 'spread_element' ? child.namedChildren[0] : child.type === 'pair' ? child.childForFieldName('value') : undefined;
    const path = held && /^(identifier|member_expression|call_expression|new_expression|as_expression|await_expression)$/.test(held.type) ? loosePath(held) : undefined;
    const name = child.type === 'spread_element' ? '...' : child.type === 'pair' ? keyName(child.childForFieldName('key')) : undefined;
    if (path && name !== undefined && !path.includes('?')) members.push({ name, path });
  }
  return members.length > 0 ? members : undefined;
}

/** One value given to a local name; the walk adds the call it comes from. */
export interface LocalObservation {
  readonly name: string;
  readonly names: readonly string[];
  readonly text: string;
  readonly node: SyntaxNode;
  readonly value?: SyntaxNode;
  readonly type?: string;
  readonly property?: string;
}

/** Names given to values in a function (nested functions excluded), destructured parameters and loop elements included. */
export function observeLocals(scope: SyntaxNode): LocalObservation[] {
  const locals: LocalObservation[] = [];
  const add = (pattern: SyntaxNode, value: SyntaxNode | undefined, node: SyntaxNode, type?: string): void => {
    const names = value ? collectNames(value) : [];
    const text = value ? shortText(value) : '';
    // `{ find: findUser }`: the property has another name.
    const renamed = new Map(pattern.type === 'object_pattern' ? pattern.namedChildren.flatMap((child): [string, string][] => { const [key, bound] = child.type === 'pair_pattern' ? [keyName(child.childForFieldName('key')), child.childForFieldName('value')] : []; return key !== undefined && bound?.type === 'identifier' ? [[bound.text, key]] : []; }) : []);
    for (const name of collectPatternNames(pattern)) locals.push({ name, names, text, node, value, type, ...(renamed.has(name) ? { property: renamed.get(name)! } : {}) });
  };
  /** `export default new Users()`: a value under the name `default`; a name or a function is exported as such. */
  const addDefault = (value: SyntaxNode | null, node: SyntaxNode): void => {
    if (value && value.type !== 'identifier' && !isFunction(value)) locals.push({ name: 'default', names: collectNames(value), text: shortText(value), node, value });
  };
  const visit = (node: SyntaxNode, depth: number): void => {
    if ((isFunction(node) && node.id !== scope.id) || depth > 500) return;
    if (node.type === 'variable_declarator') {
      const name = node.childForFieldName('name');
      if (name) add(name, node.childForFieldName('value') ?? undefined, node, typeText(node.childForFieldName('type')));
    } else if (node.type === 'assignment_expression') {
      const left = node.childForFieldName('left');
      if (left && left.type !== 'member_expression') add(left, node.childForFieldName('right') ?? undefined, node);
      if (left?.text === 'module.exports') addDefault(node.childForFieldName('right'), node);
    } else if (node.type === 'export_statement' && scope.type === 'program') {
      addDefault(node.childForFieldName('value'), node);
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
  const returns: { span: ReturnType<typeof spanOf>; names: readonly string[]; text: string; members?: readonly MemberIr[] }[] = [];
  const body = fn.childForFieldName('body');
  if (!body) return returns;
  const add = (value: SyntaxNode): void => {
    const members = readMembers(value);
    returns.push({ span: spanOf(value), names: collectNames(value), text: shortText(value), ...(members ? { members } : {}) });
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
