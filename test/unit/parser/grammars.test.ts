import { expect, it } from 'vitest';
import type { SyntaxNode } from '../../../server/src/core/hosts/syntax';
import { createSyntaxParser } from '../../../server/src/parser/treeSitter';

const parser = await createSyntaxParser({ languages: [] });

function typesOf(node: SyntaxNode, found = new Set<string>()): Set<string> {
  found.add(node.type);
  for (const child of node.children) typesOf(child, found);
  return found;
}

it('loads a grammar when it is asked for, once', async () => {
  expect(parser.isLoaded('go')).toBe(false);
  expect(() => parser.parse('go', 'package a')).toThrow(/not loaded/);
  await Promise.all([parser.load('go'), parser.load('go')]);
  expect(parser.isLoaded('go')).toBe(true);
});

/** What the readers' tables name: a grammar that renames a node would silence them. */
const snippets: Readonly<Record<'go', readonly (readonly [string, readonly string[]])[]>> = {
  go: [
    ['package a\nimport b "x/y"', ['import_spec', 'package_identifier']],
    ['package a\nfunc f(a int) {}', ['function_declaration', 'parameter_declaration']],
    ['package a\nfunc (s *S) f() {}', ['method_declaration']],
    ['package a\ntype S struct { db *sql.DB }', ['type_spec', 'struct_type', 'field_declaration', 'field_identifier']],
    ['package a\nconst q = "a" + `b`', ['const_spec', 'binary_expression', 'interpreted_string_literal', 'raw_string_literal']],
    ['package a\nvar x, y = "a\\n", 1', ['var_spec', 'escape_sequence', 'expression_list', 'int_literal']],
    ['package a\nfunc f() { x := g(1); x += 2; (x)() }', ['short_var_declaration', 'assignment_statement', 'call_expression', 'argument_list', 'parenthesized_expression']],
    ['package a\nfunc f() { s.db.Query(&x, y[0], z[1:]) }', ['selector_expression', 'unary_expression', 'index_expression', 'slice_expression']],
    ['package a\nfunc f() { for i := 0; i < 3; i++ { break } }', ['for_statement', 'for_clause', 'break_statement']],
    ['package a\nfunc f() { for _, x := range xs { return } }', ['range_clause', 'return_statement']],
    ['package a\nfunc f() { go func() {}() }', ['go_statement', 'func_literal']],
    ['package a\nfunc f() { if a { } else { } }', ['if_statement', 'block', 'statement_list']],
    ['package a\nfunc f() { switch a { case 1: default: } }', ['expression_case', 'default_case']],
    ['package a\nvar x = []string{"a"}; var y = U{A: nil, B: true}', ['composite_literal', 'slice_type', 'keyed_element', 'literal_element', 'nil', 'true']],
  ],
};

it.each(Object.entries(snippets).flatMap(([language, list]) => list.map(([text, types]) => [language as 'go', text, types] as const)))('%s: %s', async (language, text, types) => {
  await parser.load(language);
  const tree = parser.parse(language, text);
  const found = typesOf(tree.root);
  expect(types.filter((type) => !found.has(type))).toEqual([]);
  expect(tree.root.hasError).toBe(false);
  tree.dispose();
});
