import { describe, expect, it } from 'vitest';
import { bind, buildSql, concat, conditional, fragment, identifier, literal, literalText, sql } from '../../../server/src/core/libraries/shared/sqlBuilder';
import { renderSelect } from '../../../server/src/core/libraries/shared/sqlClauses';
import { toHostSpan, verbatimMap } from '../../../server/src/core/text/segmentMap';
import { hostSpan, spanText, sqlSpan } from '../../../server/src/core/text/span';

const host = "db('orders').where('status', s).orderBy('id').limit(20).offset(skip)";
const at = (text: string, from = 0) => hostSpan(host.indexOf(text, from), host.indexOf(text, from) + text.length);
const value = (text: string, from = host.indexOf(', s')) => bind({ text, span: at(text, from), names: [text], origin: 'local' });

const page = buildSql(renderSelect({
  from: identifier('orders', at("'orders'")),
  where: [concat(identifier('status', at(".where('status', s)")), sql(' = ', at(".where('status', s)")), value('s'))],
  orderBy: [identifier('id', at("'id'"))],
  limit: { count: literal(20, at('20')), host: at('.limit(20)') },
  offset: { count: value('skip'), host: at('.offset(skip)') },
}));
const underlined = (text: string) => {
  const start = page.source.text.indexOf(text);
  const span = toHostSpan(page.map, sqlSpan(start, start + text.length));
  return span && spanText(host, span);
};

describe('buildSql', () => {
  it('renders the clauses in order with numbered parameters', () => {
    expect(page.source.text).toBe('SELECT * FROM orders WHERE status = $1 ORDER BY id LIMIT 20 OFFSET $2');
    expect(page.binds.map((b) => [b.key, b.text])).toEqual([['1', 's'], ['2', 'skip']]);
    expect(page.source.placeholders).toBe('dollar');
  });

  it('maps each piece to its call', () => {
    expect(underlined('OFFSET $2')).toBe('.offset(skip)');
    expect(underlined('LIMIT 20')).toBe('.limit(20)');
    expect(underlined('status = $1')).toBe(".where('status', s)");
    expect(underlined('ORDER BY id')).toBe("'id'");
    expect(underlined('SELECT')).toBeUndefined();
  });

  it.each([[true, false], [false, true], [true, true], [false, false]])('keeps every variant of conditional conjuncts valid (%s, %s)', (first, second) => {
    const condition = (text: string, on: boolean) => (on ? { text, span: hostSpan(0, 1) } : undefined);
    const built = buildSql(renderSelect({ from: identifier('t'), where: [conditional(sql('a = 1'), condition('a', first)), conditional(sql('b = 2'), condition('b', second))] }));
    expect(built.source.text).toBe('SELECT * FROM t WHERE a = 1 AND b = 2');
    const without = (names: readonly string[]) => built.conditional.reduceRight((text, part) => (names.includes(part.condition) ? text.slice(0, part.sql.start) + part.otherwise + text.slice(part.sql.end) : text), built.source.text);
    if (first) expect(without(['a'])).toBe(second ? 'SELECT * FROM t WHERE TRUE AND b = 2' : 'SELECT * FROM t WHERE b = 2');
    if (second) expect(without(['b'])).toBe('SELECT * FROM t WHERE a = 1');
    if (first && second) expect(without(['a', 'b'])).toBe('SELECT * FROM t WHERE TRUE');
  });

  it('drops the keyword with the only conjunct', () => {
    const built = buildSql(renderSelect({ from: identifier('t'), where: [conditional(sql('a = 1'), { text: 'x', span: hostSpan(0, 1) })] }));
    expect(built.conditional.map((part) => built.source.text.slice(part.sql.start, part.sql.end))).toEqual([' WHERE a = 1']);
  });

  it('keeps raw text verbatim and its interpolations as slots', () => {
    const text = `lower(name) = ${' '.repeat(10)}`;
    const raw = { text, map: { segments: [...verbatimMap(100, 14).segments, { kind: 'hole' as const, sql: sqlSpan(14, 24), host: hostSpan(116, 120) }] }, interpolations: [{ span: sqlSpan(14, 24), hostText: 'q' }], binds: [{ key: '0', text: 'q', names: ['q'], origin: 'local' as const, span: hostSpan(116, 120) }], conditional: [], complete: true };
    const built = buildSql(concat(sql('SELECT 1 WHERE '), fragment(raw)));
    expect(built.source.interpolations).toMatchObject([{ span: sqlSpan(29, 39), hostText: 'q' }]);
    expect(built.source.placeholders).toBe('none');
    expect(toHostSpan(built.map, sqlSpan(15, 26))).toEqual(hostSpan(100, 111));
    expect(buildSql(fragment(raw, 6, 10)).source.text).toBe('name');
  });
});

describe('literalText', () => {
  it.each([["it's", "'it''s'"], ['a\\b', "E'a\\\\b'"], [5, '5'], [true, 'TRUE'], [null, 'NULL'], [NaN, "'NaN'"]])('writes %j as %s', (value, text) => {
    expect(literalText(value)).toBe(text);
  });
});
