import { loadModule, scanSync } from 'libpg-query';
import { beforeAll, describe, expect, it } from 'vitest';
import { tokenize } from '../../../server/src/core/sql/lexer';
import { createByteMap } from '../../../server/src/parser/sql/byteOffsets';
import { combinations, corpus } from './corpus';

const words = (sql: string): string[] => tokenize(sql).map(({ start, end }) => sql.slice(start, end));

describe('lexer', () => {
  beforeAll(() => loadModule());

  it("cuts every statement where Postgres' scanner does", () => {
    for (const sql of [...corpus, ...combinations(120)]) {
      const toOffset = createByteMap(sql);
      expect(tokenize(sql, { comments: true }).map((token) => [token.start, token.end]), sql).toEqual(sql === '' ? [] : scanSync(sql).tokens.map((token) => [toOffset(token.start), toOffset(token.end)]));
    }
  });

  it('continues a literal on the next line', () => {
    expect(words("select 'a'\n'b' 'c'")).toEqual(['select', "'a'\n'b'", "'c'"]);
    expect(words("select 'a' -- x\n  'b'")).toEqual(['select', "'a'", "'b'"]);
    expect(words("select E'a\\''\n'b\\'c'")).toEqual(['select', "E'a\\''\n'b\\'c'"]);
  });

  it('tells parameters from dollar quotes', () => {
    expect(words('$1::int $a$ $1 $a$ $$;$$ $12')).toEqual(['$1', '::', 'int', '$a$ $1 $a$', '$$;$$', '$12']);
  });

  it('gives operators back their trailing signs', () => {
    expect(words('a=-1 b@-1 c<>-d e--f')).toEqual(['a', '=', '-', '1', 'b', '@-', '1', 'c', '<>', '-', 'd', 'e']);
  });

  it('folds ASCII letters only', () => {
    expect(tokenize('SELECT ÄB').map((token) => token.word)).toEqual(['select', 'Äb']);
  });

  it('marks what is not terminated', () => {
    for (const sql of ["'a", '"a', '/* /* */', '$x$ a', "E'\\'"]) {
      const [token] = tokenize(sql, { comments: true });
      expect(token).toMatchObject({ open: true, end: sql.length });
    }
  });

  it('reads any characters without a gap or an endless loop', () => {
    const text = Array.from({ length: 3000 }, (_, i) => String.fromCharCode((i * 7919) % 700)).join('');
    let last = 0;
    for (const { start, end } of tokenize(text, { comments: true, psql: true })) {
      expect(start).toBeGreaterThanOrEqual(last);
      expect(end).toBeGreaterThan(start);
      last = end;
    }
  });
});
