import type { PartLanguage } from '../shared/parts';
import type { SyntaxNode } from '../syntax';
import { collectPatternNames } from './syntaxTools';

const inner = (node: SyntaxNode): SyntaxNode => (node.type === 'export_statement' ? node.childForFieldName('declaration') ?? node : node);
const isMethod = (node: SyntaxNode): boolean => node.type === 'method_definition';

/** A script by its top-level statements, and the methods of its classes. */
export const scriptParts: PartLanguage = {
  kindOf(node) {
    switch (inner(node).type) {
      case 'function_declaration':
      case 'generator_function_declaration':
      case 'method_definition': return 'function';
      case 'class_declaration':
      case 'abstract_class_declaration': return 'container';
      case 'import_statement':
      case 'hash_bang_line': return 'head';
      case 'comment': return 'comment';
      default: return 'other';
    }
  },
  members: (container) => (inner(container).childForFieldName('body')?.namedChildren ?? []).filter(isMethod),
  names(node) {
    const declaration = inner(node);
    if (/^(lexical|variable)_declaration$/.test(declaration.type)) {
      return declaration.namedChildren.flatMap((declarator) => {
        const pattern = declarator.childForFieldName('name');
        return pattern ? collectPatternNames(pattern) : [];
      });
    }
    const name = declaration.childForFieldName('name')?.text;
    return name === undefined || (name === 'constructor' && isMethod(node)) ? [] : [name];
  },
  setsFields: /^(?:\w+\s+)*constructor\b/,
  writes: /(?:[[{]([\w$\s,]+)[\]}]\s*=(?![=>]))|(?<![.\w$])([\w$]+)\s*(?:(?:[-+*/%|&^]|\*\*|<<|>>>?|\|\||&&|\?\?)?=(?![=>])|\+\+|--|\.(?:push|unshift)\s*\()|(?:\+\+|--|\bfor\s*(?:await\s*)?\()\s*([\w$]+)(?=\s*(?:of\b|in\b|[;),\s]))/g,
};
