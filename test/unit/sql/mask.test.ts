import { describe, expect, it } from 'vitest';
import { maskSource } from '../../../server/src/core/sql/mask';
import type { HoleKind, PlaceholderStyle, SqlSource } from '../../../server/src/core/sql/source';
import { interpolated } from './interpolated';

const source = (text: string, placeholders: PlaceholderStyle): SqlSource => ({ text, placeholders, interpolations: [] });

const keys = (text: string, style: PlaceholderStyle): string[] => maskSource(source(text, style)).holes.map(({ span, kind, origin }) => `${origin.type === 'placeholder' ? origin.key : ''} ${kind} ${text.slice(span.start, span.end)}`);

describe('masking', () => {
  it.each<[PlaceholderStyle, string, string[]]>([
    ['dollar', 'select $1::int, $2', ['1 value $1', '2 value $2']],
    ['question', 'select ? from t where a=? and b in (?, ?) limit ?', ['1 value ?', '2 value ?', '3 value ?', '4 value ?', '5 value ?']],
    ['question', 'select ?? from ?? where ??.a = ?', ['1 identifier ??', '2 identifier ??', '3 identifier ??', '4 value ?']],
    ['question', "select data ? 'k', data ?| array['a'], data ?& ?, d ? ? from t", ['1 value ?', '2 value ?']],
    ['question', "select data \\? 'k' from t where a = ?", ['1 value ?']],
    ['question', "select '?' || ?||? -- ?\n, \"?\" from t", ['1 value ?', '2 value ?']],
    ['percent', 'select %s, %(name)s::text, a %% 2 from t where x=%s and y in %s', ['1 value %s', 'name value %(name)s', '2 value %s', '3 list %s']],
    ['percent', 'insert into t values %s', ['1 list %s']],
    ['percent', 'select a % b, c %s_x from t', []],
    ['colon', 'select :id::int, a[1:2], a[:n], t from x where b = :b and c in :cs', ['id value :id', 'n value :n', 'b value :b', 'cs list :cs']],
    ['colon', 'select * from :table: where a = :a', ['table identifier :table:', 'a value :a']],
    ['dollar-name', 'select $id, $$x$$, $tag$ $a $tag$', ['id value $id']],
    ['at', 'select @id, @ -5, a @> b from t where x=@x', ['id value @id', 'x value @x']],
    ['file', "select :v, :'lit', :\"name\", @arg, sqlc.arg(x), :ids!, $1, d ? 'k'", ['v value :v', "lit value :'lit'", 'name identifier :"name"', 'arg value @arg', 'x value sqlc.arg(x)', 'ids value :ids!', '1 value $1']],
    ['file', 'select @tenantId::uuid from {schema}.t where a = %(a)s', ['tenantId value @tenantId', 'schema identifier {schema}', 'a value %(a)s']],
    ['none', "select a ? 'x', b from t", []],
  ])('%s: %s', (style, text, expected) => {
    expect(keys(text, style)).toEqual(expected);
  });

  it('keeps the length and everything outside the holes', () => {
    const text = 'select ?, b from ?? where c = ? and d in (?) -- ?';
    const masked = maskSource(source(text, 'question'));
    expect(masked.text).toHaveLength(text.length);
    let at = 0;
    for (const { region } of masked.holes) {
      expect(masked.text.slice(at, region.start)).toBe(text.slice(at, region.start));
      at = region.end;
    }
    expect(masked.text.slice(at)).toBe(text.slice(at));
  });

  it.each<[string, HoleKind[]]>([
    ['select * from {table} where a = {a}', ['identifier', 'value']],
    ['select {columns} from t order by {column} limit {n} offset {m}', ['identifier', 'identifier', 'value', 'value']],
    ['select * from t where a in {list} and b > {b}', ['list', 'value']],
    ['select * from t where {condition}', ['fragment']],
    ['select * from t where {column} = 1', ['identifier']],
    ['select * from t {where} {order}', ['fragment', 'fragment']],
    ["select * from t where a like '%{q}%'", ['string']],
    ['select * from "{schema}".t', ['identifier']],
    ['select * from {schema}.users_{suffix}', ['identifier', 'identifier']],
    ['update t set {assignments}', ['assignment']],
    ['insert into t (a) values {rows}', ['list']],
    ['select ${i}, interval {x}', ['value', 'value']],
    ['{query}', ['value']],
    ['select 1 -- {x}\n, {y}', ['value']],
  ])('interpolations: %s', (template, kinds) => {
    expect(maskSource(interpolated(template)).holes.map((hole) => hole.kind)).toEqual(kinds);
  });

  it('trusts what the host knows', () => {
    const { holes } = maskSource(interpolated('select * from t where {x}', 'none', 'value'));
    expect(holes[0]).toMatchObject({ kind: 'value', form: 'value' });
    const fragments = maskSource(interpolated('select * from t where a = 1 and {x} {y}', 'none', 'fragment'));
    expect(fragments.holes.map(({ kind, form }) => [kind, form])).toEqual([['fragment', 'name'], ['fragment', 'blank']]);
  });
});
