import { describe, expect, it } from 'vitest';
import { tokenize } from '../../../server/src/core/sql/lexer';
import { nameOf, quoteIdentifier, quoteLiteral, quoteQualified, renderConstant } from '../../../server/src/core/sql/names';

describe('names and literals', () => {
  it('quotes identifiers only where Postgres needs it', () => {
    expect(['id', 'Id', 'user', 'a b', 'a"b', '1a', 'é', 'order', 'name', 'a$1', ''].map(quoteIdentifier)).toEqual(['id', '"Id"', '"user"', '"a b"', '"a""b"', '"1a"', '"é"', '"order"', 'name', 'a$1', '""']);
    expect(quoteQualified('public', 'User')).toBe('public."User"');
    expect(quoteQualified(undefined, 'users')).toBe('users');
  });

  it('reads back what it writes', () => {
    for (const name of ['a', 'A', 'a"b', 'x y', 'select']) {
      const written = quoteIdentifier(name);
      const [token, ...more] = tokenize(written);
      expect(more).toEqual([]);
      expect(token && nameOf(written, token)).toBe(name);
    }
    for (const value of ["it's", 'a\\b', "\\'", '']) {
      const tokens = tokenize(quoteLiteral(value));
      expect(tokens).toHaveLength(1);
      expect(tokens[0]).toMatchObject({ kind: 'string', end: quoteLiteral(value).length });
    }
    expect([null, true, 1.5, 'x'].map(renderConstant)).toEqual(['NULL', 'true', '1.5', "'x'"]);
  });
});
