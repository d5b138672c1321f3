import { expect, it } from 'vitest';
import type { CommonLanguage, SyntaxNode } from '../../../server/src/core/hosts/syntax';
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
const snippets: Readonly<Record<CommonLanguage, readonly (readonly [string, readonly string[]])[]>> = {
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
  java: [
    ['package a; import b.C; import d.*;', ['package_declaration', 'import_declaration', 'scoped_identifier', 'asterisk']],
    ['class A extends B implements C { D d; A(D d) { this.d = d; } }', ['class_declaration', 'superclass', 'super_interfaces', 'type_list', 'field_declaration', 'constructor_declaration', 'formal_parameter', 'assignment_expression', 'field_access']],
    ['interface R extends S<T, U> { @Query("x") T f(); }', ['interface_declaration', 'extends_interfaces', 'annotation', 'annotation_argument_list', 'method_declaration']],
    ['class A { void f(String... x) { for (int i : xs) a.b(i); } }', ['spread_parameter', 'enhanced_for_statement', 'method_invocation', 'argument_list']],
    ['class A { void f() { for (int i = 0; i < n; i++) { break; } while (a) {} do {} while (b); } }', ['for_statement', 'while_statement', 'do_statement', 'break_statement', 'local_variable_declaration', 'variable_declarator']],
    ['class A { void f() { xs.forEach(x -> g(x)); xs.map(this::g); } }', ['lambda_expression', 'method_reference']],
    ['class A { String q = "a" + (String) b + """\n c"""; }', ['string_literal', 'binary_expression', 'cast_expression']],
    ['class A { void f() { try (R r = g()) { } catch (Exception e) { throw e; } } }', ['try_with_resources_statement', 'resource', 'catch_clause', 'catch_formal_parameter', 'throw_statement']],
    ['class A { int f() { if (a) return 1; else return b ? 2 : 3; } }', ['if_statement', 'return_statement', 'ternary_expression', 'parenthesized_expression']],
    ['class A { void f() { switch (a) { case 1: g(); } new B(1); int[] c = {1}; } }', ['switch_block_statement_group', 'object_creation_expression', 'array_initializer']],
  ],
  ruby: [
    ['module A\n class B < C\n  include D\n def f(a, b: 1, *c) a end\n def self.g; end\n end\nend', ['module', 'class', 'superclass', 'method', 'singleton_method', 'method_parameters', 'keyword_parameter', 'body_statement']],
    ['xs.each do |x, (y, z)| f(x) end', ['call', 'do_block', 'block_parameters', 'destructured_parameter']],
    ['xs.map { |x| x.y }', ['block', 'block_body']],
    ['for a in xs do b end', ['for', 'in', 'do']],
    ['while a do b end\nuntil c do d end', ['while', 'until']],
    ['a = <<~SQL\n  SELECT #{b}\nSQL\n', ['heredoc_beginning', 'heredoc_body', 'heredoc_content', 'interpolation', 'heredoc_end', 'assignment']],
    ['a = "b #{c}\\n" \'d\'', ['chained_string', 'string', 'string_content', 'escape_sequence']],
    ['f(a: 1, "b" => :c, **d)', ['argument_list', 'pair', 'hash_key_symbol', 'simple_symbol']],
    ['x = y if z\nreturn unless a', ['if_modifier', 'unless_modifier', 'return']],
    ['if a then b elsif c then d else e end', ['if', 'elsif', 'else', 'then']],
    ['@a ||= B::C.new\nb, c = 1, 2', ['instance_variable', 'operator_assignment', 'scope_resolution', 'constant', 'left_assignment_list', 'right_assignment_list']],
    ['begin\n a\nrescue B => e\n c\nend', ['begin', 'rescue', 'exceptions']],
    ['case a when 1 then 2 else 3 end', ['case', 'when']],
    ['a ? [1] : { b: 2 }', ['conditional', 'array', 'hash']],
  ],
  php: [
    ['<p><?php namespace A; use B\\C; use D\\{E, F as G};', ['text', 'namespace_definition', 'namespace_use_declaration', 'namespace_use_clause', 'namespace_use_group', 'namespace_name']],
    ['<?php class A extends B implements C { use D; const E = 1; private F $f; function __construct(private G $g, $h = 1) {} }', ['class_declaration', 'base_clause', 'class_interface_clause', 'use_declaration', 'const_element', 'property_declaration', 'property_element', 'method_declaration', 'property_promotion_parameter', 'simple_parameter']],
    ['<?php foreach ($a as $k => $v) { b($v); }', ['foreach_statement', 'pair', 'function_call_expression', 'arguments', 'argument', 'variable_name']],
    ['<?php for ($i = 0; $i < 3; $i++) { break; } while ($a) {} do {} while ($b);', ['for_statement', 'while_statement', 'do_statement', 'break_statement', 'update_expression']],
    ['<?php $a->b()->c; A::d(); A::E; $f?->g();', ['member_call_expression', 'member_access_expression', 'scoped_call_expression', 'class_constant_access_expression', 'nullsafe_member_call_expression']],
    ['<?php f(fn($x) => $x, function ($y) use ($z) { return $y; });', ['arrow_function', 'anonymous_function', 'return_statement']],
    ['<?php $a = "b {$c} $d->e" . \'f\'; $a .= 1;', ['encapsed_string', 'string_content', 'string', 'binary_expression', 'augmented_assignment_expression']],
    ['<?php $a = <<<SQL\n SELECT $b\n SQL;\n$c = <<<\'SQL\'\n SELECT 1\n SQL;\n', ['heredoc', 'heredoc_body', 'nowdoc', 'nowdoc_body']],
    ['<?php if ($a) { } elseif ($b) { } else { }', ['if_statement', 'else_if_clause', 'else_clause', 'parenthesized_expression', 'compound_statement']],
    ['<?php try { } catch (A $e) { throw $e; } $b = [1, "c" => 2]; $d = $e ? 1 : 2; new F(1);', ['catch_clause', 'throw_expression', 'array_creation_expression', 'array_element_initializer', 'conditional_expression', 'object_creation_expression']],
  ],
  csharp: [
    ['using A.B; namespace C; class D : E, F { G g; H I { get; set; } D(J j) { } }', ['using_directive', 'qualified_name', 'file_scoped_namespace_declaration', 'class_declaration', 'base_list', 'field_declaration', 'property_declaration', 'constructor_declaration', 'parameter']],
    ['class A { async Task F() { foreach (var x in xs) { await g.H(x); } } }', ['method_declaration', 'foreach_statement', 'await_expression', 'invocation_expression', 'member_access_expression', 'argument_list', 'argument']],
    ['class A { void F() { for (int i = 0; i < 3; i++) { break; } while (a) {} do {} while (b); } }', ['for_statement', 'while_statement', 'do_statement', 'break_statement', 'variable_declaration', 'variable_declarator']],
    ['class A { void F() { xs.Select(x => x.Y).ToList<int>(); } }', ['lambda_expression', 'implicit_parameter', 'generic_name']],
    ['class A { string a = "b\\n" + @"c""d" + $"e{f}"; }', ['string_literal', 'string_literal_content', 'escape_sequence', 'verbatim_string_literal', 'interpolated_string_expression', 'interpolation', 'binary_expression']],
    ['class A { string a = """\n b\n """; }', ['raw_string_literal', 'raw_string_content']],
    ['class A { int F() { if (a) return 1; else return b ? 2 : 3; } int G() => 1; }', ['if_statement', 'return_statement', 'conditional_expression', 'arrow_expression_clause']],
    ['class A { void F() { a?.B(); c[0] = new D(1) { E = 2 }; var h = new { f, G = 1 }; } }', ['conditional_access_expression', 'element_access_expression', 'object_creation_expression', 'initializer_expression', 'anonymous_object_creation_expression']],
    ['class A { void F() { try { } catch (Exception e) { throw; } switch (a) { case 1: break; } } }', ['catch_clause', 'catch_declaration', 'throw_statement', 'switch_section']],
    ['class A(B b) : C { }', ['parameter_list']],
  ],
  rust: [
    ['use a::{self, B as C, d::*};', ['use_declaration', 'scoped_use_list', 'use_list', 'use_as_clause', 'use_wildcard']],
    ['struct A { b: C } impl D for A { async fn f(&self, x: i64) {} }', ['struct_item', 'field_declaration', 'impl_item', 'function_item', 'function_modifiers', 'parameter', 'self_parameter']],
    ['fn f() { for x in xs.iter() { g(x); } }', ['for_expression', 'call_expression', 'field_expression', 'arguments']],
    ['fn f() { while let Some(x) = r.next().await { } loop { break; } }', ['while_expression', 'let_condition', 'await_expression', 'loop_expression', 'break_expression']],
    ['fn f() { xs.iter().map(|x| x.y).collect::<Vec<_>>(); }', ['closure_expression', 'closure_parameters', 'generic_function']],
    ['fn f() { query!("a", b); format!("c {}", d); }', ['macro_invocation', 'token_tree', 'string_literal', 'string_content']],
    ['const Q: &str = r#"a"#; fn f() { let s = "b\\n"; }', ['const_item', 'raw_string_literal', 'let_declaration', 'escape_sequence']],
    ['fn f() { if a { return b?; } else { x += 1; y = *z; } }', ['if_expression', 'return_expression', 'try_expression', 'else_clause', 'compound_assignment_expr', 'assignment_expression', 'unary_expression']],
    ['fn f() { match a { Some(b) => c(), _ => d } }', ['match_arm', 'match_pattern']],
    ['fn f() { A { b, c: 1 }; (1, 2); [&x]; a::b(); }', ['struct_expression', 'field_initializer', 'tuple_expression', 'array_expression', 'reference_expression', 'scoped_identifier']],
  ],
};

it.each(Object.entries(snippets).flatMap(([language, list]) => list.map(([text, types]) => [language as CommonLanguage, text, types] as const)))('%s: %s', async (language, text, types) => {
  await parser.load(language);
  const tree = parser.parse(language, text);
  const found = typesOf(tree.root);
  expect(types.filter((type) => !found.has(type))).toEqual([]);
  expect(tree.root.hasError).toBe(false);
  tree.dispose();
});
