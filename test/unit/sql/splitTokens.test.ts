import { describe, expect, it } from 'vitest';
import { tokenize } from '../../../server/src/core/sql/lexer';
import { splitStatements } from '../../../server/src/core/sql/split';
import { createTextMemo } from '../../../server/src/core/text/textMemo';

const texts = [
  'SELECT 1; SELECT 2 -- a\n; /* b */ SELECT 3',
  '\\echo it\'s\nSELECT 1;\nSELECT 2 \\g\nSELECT 3 \\; SELECT 4;',
  "COPY t FROM stdin;\na'b -- no comment\n\\.\nSELECT 'x;y';",
  "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT $$ ; $$;",
  '-- name: a :one\nSELECT 1\n-- name: b :many\nSELECT 2',
];

describe('tokens that are known already', () => {
  for (const psql of [true, false]) {
    it(`split as the text does (psql: ${psql})`, () => {
      for (const text of texts) expect(splitStatements(text, { psql, tokens: tokenize(text, { psql, comments: true }) })).toEqual(splitStatements(text, { psql }));
    });
  }
});

describe('what follows from a text', () => {
  it('is computed once per text, and forgotten only after a generation without a question', () => {
    const asked: string[] = [];
    const length = createTextMemo(10, (text) => (asked.push(text), text.length));
    expect([length('aaaa'), length('aaaa'), length('bbbb')]).toEqual([4, 4, 4]);
    expect(asked).toEqual(['aaaa', 'bbbb']);
    length('cccc'); // A new generation; the older one still answers.
    length('aaaa');
    expect(asked).toEqual(['aaaa', 'bbbb', 'cccc']);
    for (const text of ['dddd', 'eeee', 'ffff', 'gggg']) length(text);
    length('bbbb');
    expect(asked.at(-1)).toBe('bbbb');
  });

  it('remembers false and zero too', () => {
    let count = 0;
    const never = createTextMemo(100, () => (count++, false));
    expect([never('a'), never('a')]).toEqual([false, false]);
    expect(count).toBe(1);
  });
});
