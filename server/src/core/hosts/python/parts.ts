import type { PartLanguage } from '../shared/parts';
import type { SyntaxNode } from '../syntax';
import { field, parts, targetNames } from './syntaxTools';

const inner = (node: SyntaxNode): SyntaxNode => (node.type === 'decorated_definition' ? field(node, 'definition') ?? node : node);
const isDefinition = (node: SyntaxNode): boolean => /^(function|class)_definition$/.test(inner(node).type);

/** A Python module by its functions, classes and methods. */
export const pythonParts: PartLanguage = {
  kindOf(node) {
    switch (inner(node).type) {
      case 'function_definition': return 'function';
      case 'class_definition': return 'container';
      case 'import_statement':
      case 'import_from_statement':
      case 'future_import_statement': return 'head';
      case 'comment': return 'comment';
      default: return 'other';
    }
  },
  members: (container) => (field(inner(container), 'body')?.namedChildren ?? []).filter(isDefinition),
  names(node) {
    const definition = inner(node);
    if (isDefinition(node)) return [field(definition, 'name')?.text ?? ''];
    const found = new Set<string>();
    collectBound(node, found);
    return [...found];
  },
  setsFields: /\bdef\s+__\w+__\b|\bself\.\w+\s*(:[^=\n]+)?=(?!=)/,
  writes: /\bglobal\s+([\w, ]+)|\b(?<!\.)(\w+)\s*(?:\.(?:append|extend|insert|add|update|put|setdefault)\s*\(|\[[^\]\n]*\]\s*=(?!=))/g,
};

const mutates = /^(append|extend|insert|add|update|put|setdefault)$/;

/** What a statement outside of functions binds or fills. */
function collectBound(node: SyntaxNode, found: Set<string>): void {
  switch (node.type) {
    case 'function_definition':
    case 'class_definition':
      found.add(field(node, 'name')?.text ?? '');
      return;
    case 'assignment':
    case 'augmented_assignment':
    case 'for_statement': {
      const left = field(node, 'left');
      for (const name of targetNames(left)) found.add(name);
      if (left?.type === 'subscript') found.add(field(left, 'value')?.text ?? '');
      break;
    }
    case 'import_statement':
    case 'import_from_statement':
    case 'as_pattern_target':
      for (const name of node.text.match(/\w+/g) ?? []) found.add(name);
      return;
    case 'named_expression':
      found.add(field(node, 'name')?.text ?? '');
      break;
    case 'call': {
      const callee = field(node, 'function');
      const object = callee?.type === 'attribute' && mutates.test(field(callee, 'attribute')?.text ?? '') ? field(callee, 'object') : undefined;
      if (object?.type === 'identifier') found.add(object.text);
    }
  }
  for (const child of parts(node)) collectBound(child, found);
}
