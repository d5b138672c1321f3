import { describe, expect, it } from 'vitest';
import { accessOf, isCertainlySql, placeholderStyle, returnsRows } from '../../../server/src/core/libraries/shared/sqlText';

describe('isCertainlySql', () => {
  it.each([
    'SELECT id FROM users',
    'select * from a',
    'SELECT a.id, b.name AS n FROM a JOIN b ON a.id = b.id WHERE a.x = $1',
    'SELECT count(*) FROM t',
    'SELECT now()',
    'SELECT $1::int',
    '-- newest first\nSELECT id FROM t',
    '/* list */ (SELECT 1 FROM t) UNION (SELECT 2 FROM u)',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'INSERT INTO t (a) VALUES ($1)',
    'INSERT INTO t SELECT * FROM u',
    'UPDATE t SET a = 1',
    'DELETE FROM t WHERE id = 1',
    'CREATE TABLE t (id int)',
    'ALTER TABLE t ADD COLUMN a int',
    'TRUNCATE TABLE t',
  ])('%s', (text) => expect(isCertainlySql(text)).toBe(true));

  it.each([
    'Select a plan',
    'Select a plan from the list',
    'Select one or more items from your cart',
    'Delete from cart',
    'Delete from cart?',
    'Update set of tags',
    'Update your settings',
    'Insert into the slot',
    'With love',
    'Create table reservation',
    'Set up billing',
    'Show more',
    'Begin here',
    'select-none text-[var(--x)]',
    'SELECT',
    '',
    'Drop files here',
    'Call me (maybe)',
  ])('not: %s', (text) => expect(isCertainlySql(text)).toBe(false));
});

describe('placeholderStyle', () => {
  it.each([
    ['SELECT 1 FROM t WHERE a = $1', 'dollar'],
    ['SELECT 1 FROM t', 'dollar'],
    ["SELECT a::text, '10:30' FROM t WHERE b = :name", 'colon'],
    ['SELECT a[1:2] FROM t', 'dollar'],
    ['SELECT 1 FROM t WHERE a = ? AND b IN (?)', 'question'],
    ["SELECT 1 FROM t WHERE tags ? 'x'", 'dollar'],
    ['SELECT 1 FROM t WHERE a = @name', 'at'],
    ["SELECT 1 FROM t WHERE data @> '{}'", 'dollar'],
    ['SELECT 1 FROM t WHERE a = $name', 'dollar-name'],
    ['SELECT $tag$ :x ? $tag$', 'dollar'],
  ])('%s: %s', (text, style) => expect(placeholderStyle(text)).toBe(style));
});

describe('access', () => {
  it.each([
    ['SELECT 1', 'read', true],
    ['INSERT INTO t VALUES (1)', 'write', false],
    ['INSERT INTO t VALUES (1) RETURNING id', 'write', true],
    ['WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d', 'write', true],
    ['WITH d AS (SELECT 1) UPDATE t SET a = 1', 'write', false],
    ['WITH d AS (SELECT 1) SELECT * FROM d', 'read', true],
    ['COMMIT', 'unknown', false],
  ])('%s: %s', (text, access, rows) => {
    expect(accessOf(text)).toBe(access);
    expect(returnsRows(text)).toBe(rows);
  });
});
