import { describe, expect, it } from 'vitest';
import { normaliseExpression, predicateParts } from '../../../server/src/core/catalog/expressionText';
import { impliesPredicate } from '../../../server/src/core/catalog/implication';
import { hasServingIndex, matchIndex } from '../../../server/src/core/catalog/indexMatch';
import type { ConstantValue, IndexPredicate, SortKey } from '../../../server/src/core/catalog/indexPredicates';
import { tableOf } from './schema';

const p = (key: string, operator: string, values?: readonly ConstantValue[], negated = false): IndexPredicate => ({ key, column: key, operator, negated, ...(values ? { values } : {}), text: `${key} ${operator} …` });
const sort = (key: string, descending = false, nullsFirst = descending): SortKey => ({ key, descending, nullsFirst });

const table = tableOf(`create table t (id bigint primary key, tenant_id int not null, status text not null, email text, created_at timestamptz not null, deleted_at timestamptz, active boolean, n int, data jsonb, tags text[], doc tsvector, name varchar(40), c text collate "C");
create index by_tenant on t (tenant_id, status, created_at desc);
create index live on t (tenant_id, created_at) where deleted_at is null and status = 'open';
create index mail on t (lower(email));
create index name_prefix on t (name text_pattern_ops);
create index c_plain on t (c);
create index data_path on t using gin (data jsonb_path_ops);
create index tags_gin on t using gin (tags);
create index email_trgm on t using gin (email gin_trgm_ops);
create index n_brin on t using brin (n);
create index st_hash on t using hash (status);
create index geo on t using gist (doc some_ops)`, 'public.t');
const index = (name: string) => {
  const found = table.indexes.find((item) => item.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};
const match = (name: string, predicates: readonly IndexPredicate[], order?: readonly SortKey[]) => matchIndex(index(name), { predicates, order }, table);

describe('normaliseExpression', () => {
  it.each([
    ['lower((email)::text)', 'lower(email)'], ['LOWER( t."email" )', 'lower(email)'], ["(data ->> 'k'::text)", "data ->> 'k'"], ["(data->>'k')", "data ->> 'k'"],
    ['((a))', 'a'], ['(a + b) * c', '( a + b) * c'.replace('( ', '(')], ["CAST(created_at AS date)", 'created_at::date'], ['(created_at)::date', 'created_at::date'],
    ["(status)::text = 'x'::text", "status = 'x'"], ['a != 1', 'a <> 1'], ['public.f(a, b)', 'f(a, b)'], ['id::text', 'id::text'], ["date_trunc('day'::text, at)", "date_trunc('day', at)"], ['(deleted_at IS NULL)', 'deleted_at is null'],
    ["((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))", "kind = any(array['a', 'b'])"],
  ])('%s', (from, to) => expect(normaliseExpression(from)).toBe(to));

  it('splits a predicate at its ANDs', () => {
    expect(predicateParts('((a is null) AND (b between 1 and 2) and c = 3)')).toEqual(['a is null', 'b between 1 and 2', 'c = 3']);
    expect(predicateParts('a = 1 or b = 2 and c = 3')).toEqual(['a = 1 or b = 2 and c = 3']);
  });
});

describe('impliesPredicate', () => {
  const yes: readonly (readonly [IndexPredicate, string])[] = [
    [p('deleted_at', 'is null'), 'deleted_at IS NULL'], [p('deleted_at', 'is not null'), '(deleted_at IS NOT NULL)'], [p('n', '='), 'n is not null'], [p('email', '~~', undefined, true), 'email is not null'],
    [p('status', '=', ['open']), "(status)::text = 'open'::text"], [p('status', 'in', ['a', 'b']), "status in ('a', 'b', 'c')"], [p('status', '=', ['a']), "status = ANY (ARRAY['a'::text, 'b'::text])"],
    [p('n', '=', [5]), 'n > 3'], [p('n', '>', [5]), 'n > 3'], [p('n', '>', [5]), 'n >= 5'], [p('n', '<=', [5]), 'n < 6'], [p('n', 'between', [4, 6]), 'n > 3'], [p('n', '<>', [0]), 'n <> 0'], [p('n', '>', [0]), 'n <> 0'],
    [p('active', 'boolean'), 'active'], [p('active', '=', [true]), 'active'], [p('active', 'boolean', undefined, true), 'NOT active'], [p('active', '=', [false]), 'active = false'], [p('status', '=', ['b']), "status <> 'a'"],
    [p('n', 'in', [1, 2], true), 'n <> 1'], [p('active', 'boolean'), 'active = true'],
  ];
  it.each(yes)('%o implies %s', (predicate, where) => expect(impliesPredicate([predicate], where)).toBe('yes'));

  const no: readonly (readonly [IndexPredicate, string])[] = [
    [p('status', '='), "status = 'open'"], [p('status', '=', ['closed']), "status = 'open'"], [p('n', '>', [3]), 'n > 5'], [p('n', '>=', [5]), 'n > 5'], [p('deleted_at', 'is not distinct from'), 'deleted_at is not null'],
    [p('deleted_at', '='), 'deleted_at is null'], [p('active', '='), 'active'], [p('n', '=', [null]), 'n is null'], [p('status', '>', ['b']), "status > 'a'"], [p('n', '<', [5]), 'n > 3'], [p('active', 'boolean', undefined, true), 'active'], [p('n', 'between', [4, 6]), 'n = 5'],
  ];
  it.each(no)('%o does not imply %s', (predicate, where) => expect(impliesPredicate([predicate], where)).toBe('no'));

  it('needs every part, knows equal text, and says unknown for the rest', () => {
    expect(impliesPredicate([p('deleted_at', 'is null')], "deleted_at is null and status = 'open'")).toBe('no');
    expect(impliesPredicate([p('deleted_at', 'is null'), p('status', '=', ['open'])], "deleted_at is null and status = 'open'")).toBe('yes');
    expect(impliesPredicate([{ ...p('x', 'or'), text: normaliseExpression('a = 1 or b = 2') }], '((a = 1) OR (b = 2))')).toBe('yes');
    expect(impliesPredicate([p('a', '=', [1])], 'a = 1 or b = 2')).toBe('unknown');
    expect(impliesPredicate([p('a', '=', [1])], 'length(a) > b')).toBe('unknown');
  });
});

describe('matchIndex', () => {
  it('uses leading keys: equalities, then one range', () => {
    expect(match('by_tenant', [p('tenant_id', '='), p('status', '='), p('created_at', '>')])).toMatchObject({ usable: 'yes', equality: [{ key: 'tenant_id' }, { key: 'status' }], range: [{ key: 'created_at' }] });
    expect(match('by_tenant', [p('tenant_id', '='), p('created_at', '>')])).toMatchObject({ usable: 'yes', equality: [{ key: 'tenant_id' }], range: [], filters: [{ key: 'created_at' }] });
    expect(match('by_tenant', [p('status', '=')])).toMatchObject({ usable: 'no', reason: 'leading-key' });
    expect(match('by_tenant', [p('tenant_id', '=', [1], true)])).toMatchObject({ usable: 'no', reason: 'operator-class' });
  });

  it('gives the order of the keys after the pinned ones, forwards or backwards', () => {
    const pinned = [p('tenant_id', '='), p('status', '=')];
    expect(match('by_tenant', pinned, [sort('created_at', true)]).sorted).toBe(true);
    expect(match('by_tenant', pinned, [sort('created_at')]).sorted).toBe(true);
    expect(match('by_tenant', [p('tenant_id', '=')], [sort('created_at', true)]).sorted).toBe(false);
    expect(match('by_tenant', [p('tenant_id', 'in', [1, 2]), p('status', '=')], [sort('created_at')]).sorted).toBe(false);
    expect(match('by_tenant', [p('tenant_id', '=')], [sort('status'), sort('created_at', true)]).sorted).toBe(true);
    expect(match('by_tenant', [p('tenant_id', '=')], [sort('status'), sort('created_at')]).sorted).toBe(false);
    expect(match('c_plain', [], [sort('c', true)]).sorted).toBe(true);
    expect(match('c_plain', [], [sort('c', true, false)]).sorted).toBe(false);
  });

  it('takes a partial index only where its predicate is implied', () => {
    expect(match('live', [p('tenant_id', '='), p('deleted_at', 'is null')])).toMatchObject({ usable: 'no', implied: 'no', reason: 'predicate' });
    expect(match('live', [p('tenant_id', '='), p('deleted_at', 'is null'), p('status', '=', ['open'])])).toMatchObject({ usable: 'yes', implied: 'yes' });
  });

  it('knows expressions and operator classes', () => {
    expect(match('mail', [p('lower(email)', '=')]).usable).toBe('yes');
    expect(match('mail', [p('email', '=')]).usable).toBe('no');
    expect(match('name_prefix', [p('name', '~~', ['ab%'])]).usable).toBe('yes');
    expect(match('name_prefix', [p('name', '~~', ['%ab'])]).usable).toBe('no');
    expect(match('name_prefix', [p('name', '~~')]).usable).toBe('unknown');
    expect(match('name_prefix', [p('name', '<')]).usable).toBe('no');
    expect(match('by_tenant', [p('tenant_id', '='), p('status', '~~', ['ab%'])])).toMatchObject({ range: [] });
    expect(match('data_path', [p('data', '@>')]).usable).toBe('yes');
    expect(match('data_path', [p('data', '?')])).toMatchObject({ usable: 'no', reason: 'operator-class' });
    expect(match('tags_gin', [p('tags', '&&')]).usable).toBe('yes');
    expect(match('tags_gin', [p('tags', 'contains element')]).usable).toBe('no');
    expect(match('email_trgm', [p('email', '~~*', ['%x%'])]).usable).toBe('yes');
    expect(match('n_brin', [p('n', '>=')]).usable).toBe('yes');
    expect(match('st_hash', [p('status', '=')]).usable).toBe('yes');
    expect(match('st_hash', [p('status', '>')]).usable).toBe('no');
    expect(match('geo', [p('doc', '@@')]).usable).toBe('unknown');
  });

  it('answers for the table', () => {
    expect(hasServingIndex(table, { predicates: [p('tenant_id', '='), p('status', '=')] })).toBe('yes');
    expect(hasServingIndex(table, { predicates: [p('deleted_at', '=')] })).toBe('no');
    expect(hasServingIndex(table, { predicates: [p('doc', '@@')] })).toBe('unknown');
    expect(hasServingIndex(table, { predicates: [], order: [sort('id', true)] })).toBe('yes');
  });
});
