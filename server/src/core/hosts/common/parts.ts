import type { PartLanguage } from '../shared/parts';
import type { SyntaxNode } from '../syntax';
import type { ClassForm, Form, FunctionForm, LanguageSpec } from './forms';
import { isComment } from './syntaxTools';

/** What stands round declarations and has no form of its own. */
const spaces = /^(namespace_declaration|namespace_definition|mod_item|impl_item)$/;
const heads = /^(package_clause|package_declaration|import_declaration|use_declaration|namespace_use_declaration|using_directive|file_scoped_namespace_declaration|php_tag|extern_crate_declaration)$/;

/** Files of a language of the common reader by their functions, classes and methods. */
export function commonParts(spec: LanguageSpec): PartLanguage {
  const formOf = (node: SyntaxNode): Form | undefined => spec.forms[node.type]?.(node);
  const named = (node: SyntaxNode): FunctionForm | ClassForm | undefined => {
    const form = formOf(node);
    return form?.kind === 'class' || (form?.kind === 'function' && form.name !== undefined) ? form : undefined;
  };
  const bodyOf = (node: SyntaxNode): SyntaxNode | undefined => node.childForFieldName('body') ?? undefined;
  const kindOf: PartLanguage['kindOf'] = (node) => {
    if (isComment(node) || node.type === 'attribute_item') return 'comment';
    const form = named(node);
    if (form?.kind === 'function') return 'function';
    if ((form || spaces.test(node.type)) && bodyOf(node)) return 'container';
    return heads.test(node.type) || node.type === 'namespace_definition' || formOf(node)?.kind === 'import' ? 'head' : 'other';
  };
  return {
    kindOf,
    word,
    methodsByName: true,
    members: (container) => (bodyOf(container)?.namedChildren ?? []).filter((node) => /^(function|container)$/.test(kindOf(node))),
    names(node) {
      const form = named(node);
      if (form) return spellings(form.kind === 'function' ? form.name?.text ?? '' : form.name);
      if (kindOf(node) !== 'other') return [];
      const { text } = node;
      const found = new Set([...text.matchAll(declares)].map(([, one, other]) => one ?? other ?? ''));
      return found.size > 0 ? [...found] : [...new Set(text.match(/\w+/g) ?? [])];
    },
    setsFields: /\b(?:this|self)\.\w+\s*=(?!=)|\$this->\w+\s*=(?!=)|@\w+\s*(?:\|\|)?=(?!=)|\b_\w+\s*=(?!=)|\b__construct\b/,
    writes: /(?<![.>\w])\$?(\w+)\s*(?:[-+|?*/.]|\|\||\?\?|<<)?=(?![=>~])/g,
  };
}

/** Without the `$` of PHP, and the `?` and `!` that names of Ruby end with. */
const word = /[\w\u0080-\uffff]+/g;

/** A name, and what of it is a word. */
const spellings = (name: string): readonly string[] => [...new Set([name, ...(name.match(word) ?? []).slice(-1)])];

/** `var x`, `type X`, a line `x = …`, and a line of a group of declarations. */
const declares = /\b(?:var|let|const|static|type|struct|trait|enum)\s+(?:mut\s+|ref\s+)?(\w+)|^\s*\$?(\w+)\b[ \t]*(?:[\w.*[\]<>]+[ \t]*)?(?:=(?!=)|struct\b|interface\b)/gm;
