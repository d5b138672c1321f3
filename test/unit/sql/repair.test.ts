import { beforeAll, describe, expect, it } from 'vitest';
import { analyse, createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import type { StatementModel } from '../../../server/src/core/sql/model';
import { tokenize } from '../../../server/src/core/sql/lexer';
import { combinations, corpus } from './corpus';
import { interpolated } from './interpolated';

const model = (text: string): StatementModel => analyse({ text, placeholders: 'dollar', interpolations: [] });
const tables = (found: StatementModel): string[] => found.blocks.flatMap((block) => block.relations.map((relation) => relation.name));

describe('half-typed SQL', () => {
  beforeAll(() => createSqlAnalyser());

  it.each([
    ['select * from users where a = ', ['users']],
    ['select a, from users u where u.id = 1', ['users']],
    ['select * from users u join orders o on o.', ['users', 'orders']],
    ["select * from users where name like '%a", ['users']],
    ['with x as (select * from users where id in (select', ['users']],
    ['insert into users (a, b', ['users']],
    ['update users set ', ['users']],
    ['delete from users where', ['users']],
    ['select * from users where a = 1 and and b = 2 order by c limit 5', ['users']],
    ['select count( from users group by x', ['users']],
  ])('%s', (text, expected) => {
    const found = model(text);
    expect(found.completeness).toBe('repaired');
    expect(tables(found)).toEqual(expect.arrayContaining(expected));
    expect(found.error).toBeDefined();
    expect(found.text).toHaveLength(text.length);
  });

  it('never throws on any prefix, stays inside the text, and keeps the tables written so far', () => {
    let total = 0;
    let kept = 0;
    for (const text of [...corpus.filter((_, i) => i % 2 === 0), ...combinations(20)]) {
      const whole = model(text);
      for (const { end } of tokenize(text)) {
        const cut = model(text.slice(0, end));
        for (const block of cut.blocks) {
          for (const span of [block.span, ...block.conjuncts.map((c) => c.span), ...block.relations.map((r) => r.span), ...block.outputs.map((o) => o.span)]) {
            expect(span.start).toBeLessThanOrEqual(span.end);
          }
        }
        const written = new Set(whole.blocks.flatMap((block) => block.relations.filter((r) => r.kind === 'table' && r.span.end < end).map((r) => r.name)));
        total += written.size;
        const found = new Set(tables(cut));
        kept += [...written].filter((name) => found.has(name)).length;
      }
    }
    expect(kept / total).toBeGreaterThan(0.95);
  });

  it('tells where the first error is', () => {
    const text = "select 'ä𝒳' from t where and x = 1";
    const { error } = model(text);
    expect(error?.message).toContain('syntax error');
    expect(error && text.slice(error.span.start, error.span.end)).toBe('and');
  });

  it('falls back to the tokens', () => {
    const found = model('selct * frm users');
    expect(found).toMatchObject({ engine: 'tokens', completeness: 'tokens' });
    const prose = model('select * from t where ((((] offset 5 limit 3 fromage');
    expect(prose.completeness).not.toBe('full');
  });

  it('finds the form of a hole by the error', () => {
    for (const template of ['select * from t where a = 1 {more} order by b', 'select a {rest}', 'select * from t {join} where x = {x}', 'select {list}, b from t group by {group} {tail}', '{query}', 'insert into t {body}', 'select * from t where a = {a} and {cond} limit 5', 'select * from t order by a {direction} limit 1']) {
      const found = analyse(interpolated(template));
      expect(found.completeness, template).toBe('full');
      expect(found.holes, template).toHaveLength(template.match(/\{/g)?.length ?? 0);
    }
  });
});
