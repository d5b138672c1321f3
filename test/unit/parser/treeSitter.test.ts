import { beforeAll, describe, expect, it } from 'vitest';
import type { HostLanguage, SyntaxNode, SyntaxParser, TextChange } from '../../../server/src/core/hosts/syntax';
import { hostSpan } from '../../../server/src/core/text/span';
import { createSyntaxParser } from '../../../server/src/parser/treeSitter';

let parser: SyntaxParser;
beforeAll(async () => {
  parser = await createSyntaxParser();
});

function nodeTypes(node: SyntaxNode, types = new Set<string>()): Set<string> {
  types.add(node.type);
  for (const child of node.children) nodeTypes(child, types);
  return types;
}

function collect(node: SyntaxNode, type: string): SyntaxNode[] {
  return [...(node.type === type ? [node] : []), ...node.children.flatMap((child) => collect(child, type))];
}

function outline(node: SyntaxNode): string {
  return node.children.length === 0 ? `${node.type}@${node.startIndex}-${node.endIndex}` : `${node.type}@${node.startIndex}-${node.endIndex}(${node.children.map(outline).join(' ')})`;
}

const scripts: [string, string[]][] = [
  ['for (let i = 0; i < n; i++) f(i);', ['for_statement', 'call_expression', 'lexical_declaration']],
  ['for (const x of xs) f(x);', ['for_in_statement']],
  ['for (const k in o) f(k);', ['for_in_statement']],
  ['async function g() { for await (const x of xs) f(x); }', ['for_in_statement', 'await', 'function_declaration']],
  ['while (a) f();', ['while_statement']],
  ['do { f(); } while (a);', ['do_statement']],
  ['xs.map((x) => x.id);', ['arrow_function', 'member_expression', 'arguments']],
  ['xs.map(function (x) { return x; });', ['function_expression', 'return_statement']],
  ['const p = new Pool();', ['new_expression', 'variable_declarator']],
  ['const r = await f();', ['await_expression']],
  ["const s = 'a\\nb';", ['string', 'string_fragment', 'escape_sequence']],
  ['const s = `a${b}c`;', ['template_string', 'template_substitution', 'string_fragment']],
  ['sql`select 1`;', ['call_expression', 'template_string']],
  ["const s = 'a' + b;", ['binary_expression']],
  ['s += "x";', ['augmented_assignment_expression']],
  ['const x = c ? a : b;', ['ternary_expression']],
  ['class A extends B { m() { this.q(); } }', ['class_declaration', 'class_heritage', 'method_definition', 'this']],
  ["import { a as b } from './m'; export { b };", ['import_statement', 'named_imports', 'import_specifier', 'export_statement', 'export_clause', 'export_specifier']],
  ["import * as n from 'm'; import d from 'e';", ['namespace_import', 'import_clause']],
  ['const { a, b: c, ...d } = o;', ['object_pattern', 'shorthand_property_identifier_pattern', 'pair_pattern', 'rest_pattern']],
  ['f({ a, b: 1, ...c, m() {} });', ['object', 'shorthand_property_identifier', 'pair', 'spread_element']],
  ['try { f(); } catch (e) { g(); }', ['try_statement', 'catch_clause']],
  ['switch (a) { case 1: f(); break; default: g(); }', ['switch_statement', 'switch_case', 'switch_default', 'break_statement']],
  ['// note\nf();', ['comment']],
];
const typed: [string, string[]][] = [
  ['class A { constructor(private readonly db: Pool, b?: string) {} }', ['required_parameter', 'optional_parameter', 'accessibility_modifier', 'type_annotation']],
  ['@Controller() class A { @Get() list(@Query() q: Page) {} }', ['decorator']],
  ['const x = y as const; const z = a!; const w = q satisfies T;', ['as_expression', 'non_null_expression', 'satisfies_expression']],
  ['class A { private db: Pool = new Pool(); }', ['public_field_definition']],
];
const python: [string, string[]][] = [
  ['for x in xs:\n    f(x)\n', ['for_statement', 'call', 'argument_list']],
  ['async def g():\n    async for x in xs:\n        await f(x)\n', ['function_definition', 'await', 'async']],
  ['while a:\n    f()\n', ['while_statement']],
  ['[f(x) for x in xs]\n', ['list_comprehension', 'for_in_clause']],
  ['{f(x) for x in xs}\n', ['set_comprehension']],
  ['{x: f(x) for x in xs}\n', ['dictionary_comprehension']],
  ['g(f(x) for x in xs)\n', ['generator_expression']],
  ['lambda x: x\n', ['lambda']],
  ['a.b(c, d=1)\n', ['attribute', 'keyword_argument']],
  ['s = f"a{b}c\\n"\n', ['string', 'string_content', 'interpolation', 'escape_sequence']],
  ['s = ("a"\n     "b")\n', ['concatenated_string']],
  ['s = "a %s" % b\n', ['binary_operator']],
  ['s = t"select {x}"\n', ['string', 'interpolation']],
];

describe('grammars', () => {
  const scriptLanguages: HostLanguage[] = ['typescript', 'tsx', 'javascript'];
  for (const language of scriptLanguages) {
    it.each(language === 'javascript' ? scripts : [...scripts, ...typed])(`${language}: %s`, (text, expected) => {
      const tree = parser.parse(language, text);
      const types = nodeTypes(tree.root);
      expect(tree.root.hasError).toBe(false);
      for (const type of expected) expect(types).toContain(type);
      tree.dispose();
    });
  }
  it('tsx and javascript read JSX', () => {
    for (const language of ['tsx', 'javascript'] as const) {
      const tree = parser.parse(language, 'const a = <List items={xs.map((x) => <Row key={x} />)} />;');
      expect(tree.root.hasError).toBe(false);
      expect(nodeTypes(tree.root)).toContain('jsx_self_closing_element');
      tree.dispose();
    }
  });
  it.each(python)('python: %s', (text, expected) => {
    const tree = parser.parse('python', text);
    const types = nodeTypes(tree.root);
    expect(tree.root.hasError).toBe(false);
    for (const type of expected) expect(types).toContain(type);
    tree.dispose();
  });
});

describe('nodes', () => {
  it('counts UTF-16 units', () => {
    const text = 'const a = "😀é"; const b = q("x");\r\nf();';
    const tree = parser.parse('typescript', text);
    const [first, second] = collect(tree.root, 'call_expression');
    expect(text.slice(first?.startIndex, first?.endIndex)).toBe('q("x")');
    expect(first?.text).toBe('q("x")');
    expect(second?.startIndex).toBe(text.indexOf('f()'));
    tree.dispose();
  });
  it('is one object however it is reached', () => {
    const tree = parser.parse('typescript', 'f(a);');
    const call = collect(tree.root, 'call_expression')[0];
    expect(call?.childForFieldName('function')).toBe(call?.namedChildren[0]);
    expect(call?.namedChildren[0]?.parent).toBe(call);
    expect(call?.childForFieldName('nothing')).toBeNull();
    tree.dispose();
  });
});

describe('incremental parse', () => {
  const before = 'const a = "😀";\r\nfunction f() {\r\n  return q(`select 1`);\r\n}\r\n';
  const change = (text: string, what: string, by: string): TextChange => ({ span: hostSpan(text.indexOf(what), text.indexOf(what) + what.length), text: by });

  it.each([
    ['a name', [['select 1', 'select é 😀 2']]],
    ['a line', [['  return', '  g();\r\n  return']]],
    ['an open brace', [['function f() {', 'function f() { {']]],
    ['two changes in turn', [['"😀"', '"😀😀"'], ['q(', 'longer(']]],
  ])('gives the tree of a full parse after %s', (_name, edits) => {
    let text = before;
    const changes: TextChange[] = [];
    for (const [what, by] of edits as [string, string][]) {
      const next = change(text, what, by);
      changes.push(next);
      text = text.slice(0, next.span.start) + next.text + text.slice(next.span.end);
    }
    const old = parser.parse('typescript', before);
    const oldOutline = outline(old.root);
    const incremental = parser.parse('typescript', text, { tree: old, edits: changes });
    const full = parser.parse('typescript', text);
    expect(outline(incremental.root)).toBe(outline(full.root));
    expect(oldOutline).toBe(outline(old.root));
    for (const tree of [old, incremental, full]) tree.dispose();
  });

  it('parses in full when the edits do not lead to the text', () => {
    const old = parser.parse('typescript', before);
    const tree = parser.parse('typescript', 'f(1);', { tree: old, edits: [change(before, 'select 1', 'select 2')] });
    expect(tree.root.text).toBe('f(1);');
    expect(collect(tree.root, 'call_expression')).toHaveLength(1);
    old.dispose();
    old.dispose();
    tree.dispose();
  });
});
