import { describe, expect, it } from 'vitest';
import { readTemplate } from '../../../server/src/core/hosts/template';
import type { TemplateNode } from '../../../server/src/core/hosts/templateIr';
import type { HostFile } from '../../../server/src/core/hosts/ir';

const read = (text: string, uri = 'file:///shop/templates/page.html'): HostFile => readTemplate(uri, text);
const shown = (nodes: readonly TemplateNode[]): readonly string[] =>
  nodes.flatMap((node) => (node.kind === 'read' ? [node.path.steps.map((step) => step.name).join('.')] : 'body' in node ? shown(node.body) : []));
const reads = (text: string, uri?: string): readonly string[] => shown(read(text, uri).template?.nodes ?? []);

describe('a template that nobody would write', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('has a tag %s, which is none', (name) => {
    expect(reads(`{% ${name} %}{{ a.b }}`)).toEqual(['a.b']);
    expect(Object.hasOwn(Object.prototype, 'lastIndex') || Object.hasOwn(Object, 'lastIndex')).toBe(false);
  });

  it('has many filters, calls inside each other, and marks that nothing closes', () => {
    const started = performance.now();
    const filters = reads(`{{ x${'|add:y.z|floatformat'.repeat(3000)} }}`);
    expect([filters.length, filters.at(-1), filters[0]]).toEqual([3001, 'x', 'y.z']);
    const deep = reads(`{{ ${'f('.repeat(500)}x${')'.repeat(500)} }}{{ after }}`);
    expect([new Set(deep), deep.at(-1)]).toEqual([new Set(['f.()', 'after']), 'after']);
    expect(reads(`{{ ${'f('.repeat(20)}x${')'.repeat(20)} }}`)).toHaveLength(21);
    expect(reads(`{{ f(${'a, '.repeat(100_000)}b) }}`)).toHaveLength(100_002);
    expect(reads(`{{ a }}${'{#'.repeat(200_000)}`)).toEqual(['a']);
    expect(reads(`{{ a }}${'<!-- '.repeat(100_000)}-->`)).toEqual(['a']);
    expect(reads(`{{ a }}${'{% set x %}'.repeat(99)}${'{% endset %}'.repeat(99)}${'{% '.repeat(100_000)}`)).toEqual(['a']);
    expect(reads(`{{ a ${'\\"'.repeat(100_000)} b }}`)).toEqual(['a', 'b']);
    const nested = read('{% if a %}'.repeat(20_000) + '{% endif %}'.repeat(20_000));
    expect([nested.template, nested.errors.length]).toEqual([undefined, 1]);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

describe('a template of Rails or Laravel that nobody would write', () => {
  const [erb, blade] = ['file:///app/views/a/b.html.erb', 'file:///resources/views/a.blade.php'];
  it('has marks and brackets that nothing closes', () => {
    const started = performance.now();
    expect(reads(`<%= a.b %>${'<% '.repeat(100_000)}`, erb)).toEqual(['a.b']);
    expect(reads(`<% a.b do${' '.repeat(100_000)}x %><% for x in${' '.repeat(100_000)} %><%= c.d %>`, erb)).toContain('c.d');
    expect(reads(`<%= ${'f('.repeat(50_000)} %><%= a.b %>`, erb).at(-1)).toBe('a.b');
    expect(reads(`<%= "${'#{'.repeat(50_000)}" %><%= a.b %>`, erb).at(-1)).toBe('a.b');
    expect(reads(`{{ $a->b }}${'@if('.repeat(50_000)}`, blade)[0]).toBe('a.b');
    expect(reads(`{{ $a->b }}${'{{ '.repeat(100_000)}${'{!! '.repeat(100_000)}${'{{-- '.repeat(100_000)}${'@php '.repeat(50_000)}`, blade)).toEqual(['a.b']);
    expect(reads(`@foreach (${' '.repeat(1500)}as $x)`.repeat(100), blade)).toEqual([]);
    expect(read('<% if a %>'.repeat(5000), erb).template).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

describe('arguments and filters', () => {
  it('a path in an argument is read once, with its place', () => {
    expect(reads('{{ card(order.customer, [line.item], size=page.size|int) }}')).toEqual(['order.customer', 'line.item', 'page.size', 'card.()']);
    const [, , call] = read('{{ card(order.customer, wide=page.wide) }}').template?.nodes ?? [];
    expect(call?.kind === 'read' && call.path.args?.map(({ name, path }) => [name, path?.steps.length])).toEqual([['', 2], ['wide', 2]]);
  });
  it("a filter's argument has no filter of its own", () => {
    const nodes = read('{{ order.total|default:order.customer.name|upper }}').template?.nodes ?? [];
    expect(nodes.map((node) => node.kind === 'read' && [node.path.steps.length, node.path.filters])).toEqual([[3, []], [2, ['default', 'upper']]]);
  });
});

describe('comments over several lines', () => {
  const text = '{# {{ order.customer }}\n{{ order.items }} #}{{ order.id }}';
  it("are none of Django's", () => {
    expect(reads(text)).toEqual(['order.customer', 'order.items', 'order.id']);
    expect(reads('{# {{ a }} #}\n{# {{ b }}\n{{ c }} {# {{ d }} #}')).toEqual(['b', 'c']);
  });
  it.each(['file:///app/templates/page.html.j2', 'file:///app/page.jinja', 'file:///app/jinja2/page.html'])("are Jinja's: %s", (uri) => expect(reads(text, uri)).toEqual(['order.id']));
  it.each(['{%- if a %}{% endif %}', '{% set a = 1 %}', "{{ url_for('page') }}"])('are what %s stands beside', (sign) => expect(reads(`${sign}${text}`)).not.toContain('order.customer'));
});
