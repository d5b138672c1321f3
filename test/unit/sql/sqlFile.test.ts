import { describe, expect, it } from 'vitest';
import { readSqlFile } from '../../../server/src/core/hosts/sqlFile';
import { migrationSections, readQueryName } from '../../../server/src/core/sql/migrationDialect';
import { splitStatements } from '../../../server/src/core/sql/split';
import type { HostFile } from '../../../server/src/core/hosts/ir';

const read = (text: string, uri = 'file:///app/db/queries.sql'): HostFile => readSqlFile(uri, text, { split: splitStatements });
const statements = (text: string, uri?: string): (string | undefined)[] => read(text, uri).sites.map((site) => site.source?.text);

describe('SQL files', () => {
  it('makes a site of each statement', () => {
    const text = '\ufeff-- é\r\nSELECT *\r\nFROM t;\r\n\r\nWITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x;\r\n(SELECT 1);\r\nSET a = 1;\r\n';
    const file = read(text);
    expect(file).toMatchObject({ language: 'sql', role: 'application' });
    expect(file.sites.map((site) => [text.slice(site.span.start, site.span.end), text.slice(site.anchor.start, site.anchor.end), site.access, site.fetches])).toEqual([
      ['SELECT *\r\nFROM t', 'SELECT', 'read', 'many'],
      ['WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x', 'WITH', 'write', 'many'],
      ['(SELECT 1)', 'SELECT', 'read', 'many'],
      ['SET a = 1', 'SET', 'unknown', 'none'],
    ]);
    for (const site of file.sites) expect(text.slice(site.span.start, site.span.end)).toBe(site.source?.text);
    expect(file.sites.map((site) => site.id)).toEqual([0, 1, 2, 3]);
  });

  it('lists placeholders with their place', () => {
    const text = 'SELECT 1;\nSELECT * FROM t WHERE a = $1 AND b = :b AND c = @c';
    const site = read(text).sites[1];
    expect(site?.binds.map(({ key, span }) => [key, span && text.slice(span.start, span.end)])).toEqual([['1', '$1'], ['b', ':b'], ['c', '@c']]);
  });

  it('reads what a query file says of its queries', () => {
    const text = '-- name: One :one\nSELECT * FROM a;\n-- name: many :many\n-- comment\nSELECT * FROM b;\n-- name: gone! \nDELETE FROM c;\n-- name: last^\nSELECT * FROM d\n-- name: x$\nSELECT count(*) FROM e\n';
    expect(read(text).sites.map((site) => site.fetches)).toEqual(['one', 'many', 'none', 'one', 'one']);
    expect(readQueryName('/* @name GetUsers */')).toEqual({ name: 'GetUsers' });
    expect(readQueryName('-- names: all')).toBeUndefined();
  });

  it('reads blocks of a home-made reader, with the names that it fills', () => {
    const file = read('-- BLOCK get_user\nSELECT id FROM users WHERE id = $id\n\n-- BLOCK list_users\nSELECT id FROM users WHERE tag = $t$a$t$ LIMIT $limit OFFSET $offset');
    expect(file.sites.map((site) => [site.source?.text.slice(0, 20), site.binds.map((bind) => bind.text)])).toEqual([['SELECT id FROM users', ['$id']], ['SELECT id FROM users', ['$limit', '$offset']]]);
  });

  it('finds suppressions, but not inside literals', () => {
    const text = "-- sargable-disable-next-line select-star: small table\nSELECT * FROM t; -- sargable-disable-line\nSELECT '-- sargable-disable-file';\n/* sargable-disable-file offset-pagination */";
    expect(read(text).suppressions.map(({ scope, rules, reason }) => [scope, rules, reason])).toEqual([
      ['next-line', ['select-star'], 'small table'], ['line', [], undefined], ['file', ['offset-pagination'], undefined],
    ]);
  });

  it('leaves out what undoes a migration', () => {
    expect(statements('-- +goose Up\nCREATE TABLE a (x int);\n-- +goose Down\nDROP TABLE a;', 'file:///m/migrations/1_a.sql')).toEqual(['CREATE TABLE a (x int)']);
    expect(statements('-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON a (x);\n\n-- migrate:down\nDROP INDEX i;\n')).toEqual(['CREATE INDEX CONCURRENTLY i ON a (x)']);
    expect(statements('DROP TABLE a;', 'file:///m/migrations/20240101_a.down.sql')).toEqual([]);
    expect(statements('DROP TABLE a;', 'file:///m/migrations/2024_a/down.sql')).toEqual([]);
    expect(statements('DROP TABLE a;', 'file:///m/migrations/2024_a/up.sql')).toEqual(['DROP TABLE a']);
    expect(statements('CREATE TABLE a (x int);\n---- create above / drop below ----\nDROP TABLE a;')).toEqual(['CREATE TABLE a (x int)']);
    expect(read('SELECT 1', 'file:///m/migrations/1_a.sql').role).toBe('migration');
  });

  it('survives anything', () => {
    for (const text of ['', ';', '\ufeff', "'", '/*', '$$', '(((', '\\', '\\copy x', '-- name:', '\u0000']) expect(() => read(text)).not.toThrow();
  });
});

describe('migration sections', () => {
  it('gives the parts in order with their transaction', () => {
    const text = '-- +goose NO TRANSACTION\n-- +goose Up\nA;\n-- +goose Down\nB;\n';
    expect(migrationSections(text).map(({ direction, span, transaction }) => [direction, text.slice(span.start, span.end).trim(), transaction])).toEqual([['up', 'A;', false], ['down', 'B;', false]]);
    const dbmate = '-- migrate:up transaction:false\nA;\n-- migrate:down\nB;';
    expect(migrationSections(dbmate).map(({ direction, transaction }) => [direction, transaction])).toEqual([['up', false], ['down', true]]);
  });

  it('takes a file without markers as one part', () => {
    expect(migrationSections('SELECT 1', 'V1__a.sql')).toEqual([{ direction: 'up', span: { start: 0, end: 8 } }]);
    expect(migrationSections('SELECT 1', 'db/U1__a.sql')[0]?.direction).toBe('down');
    expect(migrationSections("SELECT '-- +goose Down'")).toHaveLength(1);
    expect(migrationSections('-- no-transaction\nSELECT 1')[0]?.transaction).toBe(false);
  });
});
