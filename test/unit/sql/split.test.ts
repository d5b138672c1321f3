import { beforeAll, describe, expect, it } from 'vitest';
import { splitStatements } from '../../../server/src/core/sql/split';
import { loadPgQuery, parseTree } from '../../../server/src/parser/sql/pgQuery';
import { corpus } from './corpus';

const split = (text: string, psql = true): string[] => splitStatements(text, { psql }).map(({ start, end }) => text.slice(start, end));

describe('splitting', () => {
  beforeAll(() => loadPgQuery());

  it('agrees with Postgres on the number of statements', () => {
    const text = corpus.join(';\n-- x;y\n');
    expect(split(text)).toEqual(corpus);
    expect(parseTree(text)?.stmts).toHaveLength(corpus.length);
  });

  it('leaves out semicolons, leading blanks and comments', () => {
    expect(split(';; -- a;\n select 1 ; /* ; */ select 2 -- end\n')).toEqual(['select 1', 'select 2']);
    expect(split('\ufeffselect 1')).toEqual(['select 1']);
    expect(split('  -- nothing\n')).toEqual([]);
  });

  it('keeps literals, parentheses and routine bodies whole', () => {
    const statements = [
      "select ';', \";\", $$;$$, $a$ $$;$$ $a$",
      'create rule r as on insert to t do (select 1; select 2)',
      'create or replace function f() returns int language sql begin atomic select case when true then 1 end; select 2; end',
      'create function g() returns int as $$ begin return 1; end $$ language plpgsql',
      'begin', 'commit',
    ];
    expect(split(statements.join(';\n'))).toEqual(statements);
  });

  it('knows psql: commands, COPY data, \\gset and \\;', () => {
    const text = "\\set x 'it''s'\nselect 1 \\gset\nselect 2 \\; select 3;\ncopy t from stdin;\n1\tit's; a\n\\.\nselect 4;\n\\echo done; now\nselect 5";
    expect(split(text)).toEqual(['select 1', 'select 2', 'select 3', 'copy t from stdin', 'select 4', 'select 5']);
    expect(split('copy t from stdin; select 1')).toEqual(['copy t from stdin', 'select 1']);
  });

  it('cuts at query names and migration markers where semicolons are missing', () => {
    expect(split('-- name: A :many\nselect 1\n-- name: B :one\nselect 2\n-- name: c^\nselect 3')).toEqual(['select 1', 'select 2', 'select 3']);
    expect(split('-- one_user --\n-- by its key\nselect 1\n\n-- all_users --\nwith u as (select 2) select 3')).toEqual(['select 1', 'with u as (select 2) select 3']);
    expect(split('select 1 union all\n-- second_half --\nselect 2')).toEqual(['select 1 union all\n-- second_half --\nselect 2']);
    expect(split('select a -- name: of the thing\n, b from t')).toEqual(['select a -- name: of the thing\n, b from t']);
    expect(split('-- +goose Up\n-- +goose StatementBegin\nalter table t add a int\n-- +goose StatementEnd\n-- +goose Down\nalter table t drop a')).toEqual(['alter table t add a int', 'alter table t drop a']);
  });

  it('survives what is not terminated', () => {
    for (const text of ["select 'a; b", 'select (1; select 2', '/* ;', '$x$ ; ', '"a;', 'create function f() begin atomic select 1;']) expect(() => split(text)).not.toThrow();
  });
});
