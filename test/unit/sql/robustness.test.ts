import { beforeAll, describe, expect, it } from 'vitest';
import { tokenize } from '../../../server/src/core/sql/lexer';
import type { StatementModel } from '../../../server/src/core/sql/model';
import { splitStatements } from '../../../server/src/core/sql/split';
import { analyse, createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { parseTree, parseWithPgQuery } from '../../../server/src/parser/sql/pgQuery';
import { corpus } from './corpus';

const model = (text: string): StatementModel => analyse({ text, placeholders: 'dollar', interpolations: [] });

describe('robustness', () => {
  beforeAll(() => createSqlAnalyser());

  it('reads 20,000 nested parentheses', () => {
    const text = `SELECT * FROM t WHERE a = ${'('.repeat(20_000)}1${')'.repeat(20_000)} LIMIT 5`;
    expect(model(text)).toMatchObject({ engine: 'tokens', blocks: [{ relations: [{ name: 't' }], limit: {} }] });
    expect(model(`SELECT ${'('.repeat(20_000)}`)).toMatchObject({ engine: 'tokens' });
    expect(model(`SELECT ${'(SELECT '.repeat(3_000)}1`).engine).toBe('tokens');
  });

  it('reads nesting below the limit in full', () => {
    expect(model(`SELECT ${'('.repeat(300)}a${')'.repeat(300)} FROM t`)).toMatchObject({ engine: 'pg', completeness: 'full' });
  });

  it('reads lists of 100,000 values', () => {
    const values = Array.from({ length: 100_000 }, (_, i) => String(i)).join(', ');
    const text = `SELECT * FROM t WHERE a IN (${values}) AND b = 1 LIMIT 7`;
    const found = model(text);
    expect(found).toMatchObject({ engine: 'pg', completeness: 'full' });
    expect(found.blocks[0]?.conjuncts.map((c) => c.operator)).toEqual(['in', '=']);
    expect(found.blocks[0]?.limit?.clause).toEqual({ start: text.length - 7, end: text.length });
    const rows = Array.from({ length: 20_000 }, (_, i) => `(${i}, 'x', $1)`).join(',');
    expect(model(`INSERT INTO t (a, b, c) VALUES ${rows} RETURNING a`)).toMatchObject({ completeness: 'full', blocks: [{ write: { rows: 20_000 }, returning: true }] });
  });

  it('reads long chains', () => {
    expect(model(`SELECT 1 FROM t WHERE ${Array.from({ length: 2_000 }, (_, i) => `a = ${i}`).join(' OR ')}`).blocks[0]?.conjuncts[0]?.branches).toHaveLength(2_000);
    expect(model(`SELECT 1${' + 1'.repeat(30_000)} FROM t`)).toMatchObject({ engine: 'tokens', blocks: [{ relations: [{ name: 't' }] }] });
    expect(() => model(`SELECT 1${' + 1'.repeat(3_900)} FROM t`)).not.toThrow();
    expect(() => model(Array.from({ length: 1_500 }, () => 'SELECT 1').join(' UNION ALL '))).not.toThrow();
  });

  it('stays alive after many stack overflows inside the engine', () => {
    const deep = `SELECT 1${' + 1'.repeat(40_000)}`;
    let failures = 0;
    for (let i = 0; i < 35; i++) {
      const result = parseWithPgQuery(deep);
      if (!result || 'dead' in result) failures++;
      expect(model('SELECT a FROM t WHERE b = 1')).toMatchObject({ kind: 'select', blocks: [{ relations: [{ name: 't' }], conjuncts: [{ operator: '=' }] }] });
    }
    expect(failures).toBe(35);
  });

  it('makes a new engine in the background', async () => {
    for (let tries = 0; tries < 50 && !parseTree('SELECT 1'); tries++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(parseTree('SELECT 1')?.stmts).toHaveLength(1);
    expect(model('SELECT a FROM t')).toMatchObject({ engine: 'pg' });
  });

  it('never throws on garbage', () => {
    const pieces = ['select', '*', 'from', '(', ')', "'", '"', '$$', '$1', '?', ':', '::', '[', ']', ',', ';', 'union', 'with', 'as', 'case', 'end', 'limit', '/*', '--', '\n', 'é', '𝒳', '\ud800', '\u0000', '.', 'join', 'on', 'values', 'insert into', 'order by', '%', '@'];
    let seed = 42;
    const random = (n: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
    for (let i = 0; i < 400; i++) {
      const text = Array.from({ length: 1 + random(25) }, () => pieces[random(pieces.length)]).join(random(2) ? ' ' : '');
      for (const placeholders of ['dollar', 'question', 'percent', 'colon', 'at', 'dollar-name', 'file', 'none'] as const) {
        if (i % 8 === 0 || placeholders === 'dollar') {
          const found = analyse({ text, placeholders, interpolations: [] });
          expect(found.text).toHaveLength(text.length);
        }
      }
      splitStatements(text, { psql: true });
    }
  });

  it('never throws when a token is missing or doubled', () => {
    for (const text of corpus.filter((_, i) => i % 3 === 0)) {
      for (const token of tokenize(text)) {
        model(text.slice(0, token.start) + text.slice(token.end));
        model(text.slice(0, token.end) + ' ' + text.slice(token.start));
      }
    }
    expect(model('SELECT 1').completeness).toBe('full');
  });
});
