import type { HostSpan } from '../../text/span';
import type { UnitLanguage, UnitNode } from '../shared/units';
import type { SyntaxNode } from '../syntax';
import type { Scopes } from './scopes';
import { collectPatternNames, isFunction } from './syntaxTools';

/** The units of a script (see `hosts/shared/units.ts`). @param scopes of the tree whose root will be asked about */
export const scriptUnits = (scopes: Scopes): UnitLanguage => ({
  units: (root) => root.namedChildren.map(toUnit),
  isInFunction,
  writes: () => scopes.moduleWrites,
});

function toUnit(node: SyntaxNode): UnitNode {
  const declaration = node.type === 'export_statement' ? node.childForFieldName('declaration') ?? node : node;
  const name = declaration.childForFieldName('name');
  switch (declaration.type) {
    case 'lexical_declaration':
    case 'variable_declaration':
      return { node, names: declaration.namedChildren.flatMap((declarator) => { const pattern = declarator.childForFieldName('name'); return pattern ? collectPatternNames(pattern) : []; }) };
    case 'class_declaration':
    case 'abstract_class_declaration':
      return { node, names: name ? [name.text] : [], members: (declaration.childForFieldName('body')?.namedChildren ?? []).filter(isMethodUnit).map(toMember) };
    default:
      return { node, names: name ? [name.text] : [] };
  }
}

/** A method of a class of the module's top level. */
export const isMethodUnit = (node: SyntaxNode): boolean => node.type === 'method_definition';

function toMember(node: SyntaxNode): UnitNode {
  const name = node.childForFieldName('name')?.text ?? '';
  return { node, names: name === 'constructor' ? [] : [name], sets: name === 'constructor' };
}

function isInFunction(unit: SyntaxNode, span: HostSpan): boolean {
  let node: SyntaxNode | undefined = unit.type === 'export_statement' ? unit.childForFieldName('declaration') ?? unit : unit;
  while (node && !isFunction(node)) node = node.namedChildren.find((child) => child.startIndex <= span.start && span.end <= child.endIndex);
  return node !== undefined && node.startIndex <= span.start && span.end <= node.endIndex;
}
