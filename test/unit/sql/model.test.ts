import { beforeAll, describe, expect, it } from 'vitest';
import type { Conjunct, Expression, QueryBlock, StatementModel } from '../../../server/src/core/sql/model';
import type { SqlAnalyser } from '../../../server/src/core/sql/ports';
import type { PlaceholderStyle } from '../../../server/src/core/sql/source';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import type { SqlSpan } from '../../../server/src/core/text/span';

let sql: SqlAnalyser;
const model = (text: string, placeholders: PlaceholderStyle = 'dollar'): StatementModel => sql.analyse({ text, placeholders, interpolations: [] });
const block = (text: string, index = 0): QueryBlock => {
  const found = model(text).blocks[index];
  if (!found) throw new Error(`no block ${index} in ${text}`);
  return found;
};
const cut = (text: string, span: SqlSpan | undefined): string | undefined => span && text.slice(span.start, span.end);

describe('statement model', () => {
  beforeAll(async () => {
    sql = await createSqlAnalyser();
  });

  it('gives clauses, limit and offset their exact ranges', () => {
    const text = 'SELECT *\nFROM   s.orders o\nWHERE a = $1\nORDER BY b\nLIMIT 10 OFFSET $2 -- end';
    const found = block(text);
    expect(Object.fromEntries(Object.entries(found.clauses).map(([name, clause]) => [name, cut(text, clause.span)]))).toEqual({
      select: 'SELECT *', from: 'FROM   s.orders o', where: 'WHERE a = $1', order: 'ORDER BY b', limit: 'LIMIT 10', offset: 'OFFSET $2',
    });
    expect(cut(text, found.offset?.clause)).toBe('OFFSET $2');
    expect(cut(text, found.offset?.keyword)).toBe('OFFSET');
    expect(found.offset?.expression).toMatchObject({ kind: 'hole', hole: 1 });
    expect(found.limit?.expression).toMatchObject({ kind: 'constant', value: 10 });
    expect(cut(text, found.relations[0]?.span)).toBe('s.orders');
    expect(cut(text, found.outputs[0]?.span)).toBe('*');
  });

  it('places everything right behind wide characters', () => {
    const text = "SELECT '𝒳ä', é FROM größe g WHERE g.naïve = '𝒳' AND lower(g.x) LIKE '%ß'";
    const found = block(text);
    expect(found.conjuncts.map((conjunct) => cut(text, conjunct.span))).toEqual(["g.naïve = '𝒳'", "lower(g.x) LIKE '%ß'"]);
    expect(found.relations[0]).toMatchObject({ name: 'größe', alias: 'g' });
    expect(cut(text, found.outputs[1]?.span)).toBe('é');
  });

  const conjunct = (condition: string): { text: string; conjuncts: readonly Conjunct[] } => {
    const text = `SELECT 1 FROM t WHERE ${condition} ORDER BY 1`;
    return { text, conjuncts: block(text).conjuncts };
  };

  it.each<[string, Partial<Conjunct>, string | undefined, string | undefined]>([
    ['a = 1', { operator: '=' }, 'a', '1'],
    ['t.a <> $1', { operator: '<>' }, 't.a', '$1'],
    ['a != 2', { operator: '<>' }, 'a', '2'],
    ["name LIKE '%x'", { operator: '~~' }, 'name', "'%x'"],
    ["name NOT ILIKE 'x%' ESCAPE '!'", { operator: '~~*', negated: true }, 'name', "'x%'"],
    ["name !~ 'x'", { operator: '~', negated: true }, 'name', "'x'"],
    ['a IN (1, 2)', { operator: 'in', negated: false }, 'a', '(1, 2)'],
    ['a NOT IN (1, 2)', { operator: 'in', negated: true }, 'a', '(1, 2)'],
    ['a NOT IN (SELECT b FROM u)', { operator: 'in', negated: true }, 'a', '(SELECT b FROM u)'],
    ['a = ANY($1::int[])', { operator: 'any' }, 'a', '$1::int[]'],
    ['a > ALL(b)', { operator: '> all' }, 'a', 'b'],
    ['a BETWEEN 1 AND 2 + 3', { operator: 'between' }, 'a', '1 AND 2 + 3'],
    ['a NOT BETWEEN 1 AND 2', { operator: 'between', negated: true }, 'a', '1 AND 2'],
    ['a IS NULL', { operator: 'is null' }, 'a', undefined],
    ['a IS NOT NULL', { operator: 'is not null' }, 'a', undefined],
    ['(a + b) * 2 IS TRUE', { operator: 'is true' }, '(a + b) * 2', undefined],
    ['a IS NOT DISTINCT FROM b', { operator: 'is not distinct from' }, 'a', 'b'],
    ['EXISTS (SELECT 1 FROM u)', { operator: 'exists', negated: false }, undefined, 'EXISTS (SELECT 1 FROM u)'],
    ['NOT EXISTS (SELECT 1 FROM u)', { operator: 'exists', negated: true }, undefined, 'EXISTS (SELECT 1 FROM u)'],
    ["data @> '{}'", { operator: '@>' }, 'data', "'{}'"],
    ["data ? 'k'", { operator: '?' }, 'data', "'k'"],
    ['active', { operator: 'boolean' }, 'active', undefined],
    ['((a = 1))', { operator: '=' }, 'a', '1'],
    ['(a, b) < ($1, $2)', { operator: '<' }, '(a, b)', '($1, $2)'],
    ["a::date >= date '2024-01-01'", { operator: '>=' }, 'a::date', "date '2024-01-01'"],
    ["a AT TIME ZONE 'utc' > now()", { operator: '>' }, "a AT TIME ZONE 'utc'", 'now()'],
    ["a ->> 'b' = 'c'", { operator: '=' }, "a ->> 'b'", "'c'"],
    ['CASE WHEN a = 1 AND b = 2 THEN 1 END = 3', { operator: '=' }, 'CASE WHEN a = 1 AND b = 2 THEN 1 END', '3'],
  ])('conjunct %s', (condition, expected, left, right) => {
    const { text, conjuncts } = conjunct(condition);
    expect(conjuncts).toHaveLength(1);
    expect(conjuncts[0]).toMatchObject(expected);
    expect(cut(text, conjuncts[0]?.span)).toBe(condition);
    expect(cut(text, conjuncts[0]?.left?.span)).toBe(left);
    expect(cut(text, conjuncts[0]?.right?.span)).toBe(right);
  });

  it('cuts conditions at their ANDs and keeps ORs as branches', () => {
    const { text, conjuncts } = conjunct('a BETWEEN 1 AND 2 AND (b = 1 OR (c = 2 AND d = 3)) AND (e AND (f = 1 AND g))');
    expect(conjuncts.map((c) => cut(text, c.span))).toEqual(['a BETWEEN 1 AND 2', '(b = 1 OR (c = 2 AND d = 3))', 'e', 'f = 1', 'g']);
    expect(conjuncts[1]?.branches?.map((branch) => branch.map((c) => cut(text, c.span)))).toEqual([['b = 1'], ['c = 2', 'd = 3']]);
  });

  it('ties join conditions to the relation they join', () => {
    const text = 'SELECT 1 FROM a JOIN b ON b.x = a.x AND (b.y OR b.z) LEFT JOIN c USING (k) RIGHT JOIN (d JOIN e ON e.d = d.id) ON d.q = c.q, f';
    const found = block(text);
    expect(found.relations.map(({ name, join }) => [name, join])).toEqual([['a', undefined], ['b', 'inner'], ['c', 'left'], ['d', 'right'], ['e', 'inner'], ['f', 'cross']]);
    expect(found.conjuncts.map((c) => [c.joined, cut(text, c.span)])).toEqual([[1, 'b.x = a.x'], [1, '(b.y OR b.z)'], [2, 'k'], [4, 'e.d = d.id'], [3, 'd.q = c.q']]);
    expect(found.conjuncts[2]).toMatchObject({ operator: '=', right: { column: { qualifier: 'c', column: 'k' } } });
  });

  it('links sub-queries, common tables and set operations', () => {
    const text = 'WITH x AS (SELECT id FROM a), y AS MATERIALIZED (SELECT id FROM x) SELECT id FROM y WHERE id IN (SELECT id FROM b) UNION ALL SELECT (SELECT max(id) FROM c) FROM s.x ORDER BY 1 LIMIT 3';
    const { blocks } = model(text);
    expect(blocks.map(({ kind, role, parent, cte }) => [kind, role, parent, cte?.name])).toEqual([
      ['set-operation', 'root', undefined, undefined], ['select', 'cte', 0, 'x'], ['select', 'cte', 0, 'y'], ['select', 'arm', 0, undefined],
      ['select', 'in', 3, undefined], ['select', 'arm', 0, undefined], ['select', 'scalar', 5, undefined],
    ]);
    expect(blocks[0]).toMatchObject({ setOperation: { operator: 'union', all: true, arms: [3, 5] }, limit: { expression: { value: 3 } } });
    expect(blocks[3]?.relations[0]).toMatchObject({ kind: 'cte', block: 2 });
    expect(blocks[5]?.relations[0]).toMatchObject({ kind: 'table', schema: 's', name: 'x' });
    expect(blocks[2]?.cte?.materialized).toBe(true);
  });

  it('knows what writes write', () => {
    const insert = "INSERT INTO t (a, b) VALUES ($1, now()), (2, 'x;') ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING a";
    expect(block(insert)).toMatchObject({ kind: 'insert', returning: true, outputs: [], write: { columns: ['a', 'b'], rows: 2, onConflict: true, assignments: [{ column: 'b' }] }, relations: [{ name: 't', target: true }] });
    const text = 'UPDATE t SET a = $1, b = lower(c) FROM u WHERE u.id = t.id';
    const update = block(text);
    expect(update.write?.assignments.map((a) => [a.column, cut(text, a.span), cut(text, a.expression?.span)])).toEqual([['a', 'a = $1', '$1'], ['b', 'b = lower(c)', 'lower(c)']]);
    expect(update.relations.map((r) => [r.name, r.target, r.join])).toEqual([['t', true, undefined], ['u', false, 'cross']]);
    const { blocks } = model('INSERT INTO t (a) SELECT a FROM u LIMIT 5 ON CONFLICT DO NOTHING');
    expect(blocks).toMatchObject([{ kind: 'insert', write: { source: 1 } }, { kind: 'select', role: 'insert-source', parent: 0, limit: {} }]);
    expect(blocks[0]?.limit).toBeUndefined();
  });

  it('describes expressions', () => {
    const text = "SELECT count(DISTINCT u.id) AS n, coalesce(a, 'x', $1), -5, x::numeric(10, 2), ARRAY[1, 2], f(a, g(b, 1)), sum(c) OVER (PARTITION BY d) FROM t u";
    const outputs = block(text).outputs.map((output) => output.expression);
    const short = (e: Expression | undefined): unknown => e && [e.kind, e.name ?? e.value ?? e.type, e.columns.map((c) => c.column).join(), cut(text, e.span)];
    expect(outputs.map(short)).toEqual([
      ['aggregate', 'count', 'id', 'count(DISTINCT u.id)'], ['function', 'coalesce', 'a', "coalesce(a, 'x', $1)"], ['constant', -5, '', '-5'], ['cast', 'numeric', 'x', 'x::numeric(10, 2)'],
      ['array', undefined, '', 'ARRAY[1, 2]'], ['function', 'f', 'a,b', 'f(a, g(b, 1))'], ['function', 'sum', 'c,d', 'sum(c) OVER (PARTITION BY d)'],
    ]);
    expect(outputs[0]?.args?.map(short)).toEqual([['column', undefined, 'id', 'u.id']]);
    expect(outputs[1]?.args?.[2]).toMatchObject({ kind: 'hole', hole: 0 });
  });

  it('normalises names as Postgres does', () => {
    const found = block('SELECT "Id" AS "A""b", NAME FROM "Public"."User" U WHERE U."tenantId" = 1');
    expect(found.outputs.map((o) => [o.alias, o.column?.column])).toEqual([['A"b', 'Id'], [undefined, 'name']]);
    expect(found.relations[0]).toMatchObject({ schema: 'Public', name: 'User', alias: 'u' });
    expect(found.conjuncts[0]?.left?.column).toMatchObject({ qualifier: 'u', column: 'tenantId' });
  });

  it('tells holes from literals', () => {
    expect(block('SELECT 1 FROM t WHERE a = ? AND b = 0 LIMIT ?').limit?.expression.kind).toBeDefined();
    const found = model('SELECT 1 FROM t WHERE a = ? AND b = 0 LIMIT ?', 'question').blocks[0];
    expect(found?.conjuncts.map((c) => c.right?.kind)).toEqual(['hole', 'constant']);
    expect(found?.limit?.expression).toMatchObject({ kind: 'hole', hole: 1 });
    expect(model('SELECT 1 FROM t WHERE a IN %s', 'percent').blocks[0]?.conjuncts[0]).toMatchObject({ operator: 'in', right: { args: [{ kind: 'hole' }] } });
  });

  it('names the kinds of other statements', () => {
    for (const [text, kind] of [['CREATE TABLE t (a int)', 'ddl'], ['ALTER TABLE t ADD b int', 'ddl'], ['DROP INDEX i', 'ddl'], ['BEGIN', 'utility'], ['SET x = 1', 'utility'], ['VACUUM FULL t', 'utility'], ['EXPLAIN SELECT 1', 'utility'], ['TABLE t', 'select'], ['VALUES (1)', 'select'], ['-- x', 'unknown']] as const) {
      expect(model(text), text).toMatchObject({ kind, completeness: 'full' });
    }
    expect(model('CREATE TABLE t (a int)').blocks).toEqual([]);
  });

  it('keeps models by text and style', () => {
    expect(model('SELECT 1 FROM t WHERE a = $1')).toBe(model('SELECT 1 FROM t WHERE a = $1'));
    expect(model('SELECT 1 FROM t WHERE a = $1')).not.toBe(model('SELECT 1 FROM t WHERE a = $1', 'question'));
  });
});
