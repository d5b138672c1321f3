import { describe, expect, it } from 'vitest';
import { isForeignDialect } from '../../../server/src/core/sql/dialect';
import { displaySql } from '../../../server/src/core/sql/display';
import { HOLE_SLOT } from '../../../server/src/core/sql/source';
import { sqlSpan, type SqlSpan } from '../../../server/src/core/text/span';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';

describe('isForeignDialect', () => {
  it.each(['SELECT `id` FROM `users`', 'CREATE TABLE t (id int) ENGINE=InnoDB', 'CREATE TABLE t (id int AUTO_INCREMENT)', 'UPDATE t SET a = UNIX_TIMESTAMP(b)', 'PRAGMA foreign_keys = on', 'SELECT 1\nGO\nSELECT 2'])('%s', (text) => {
    expect(isForeignDialect(text)).toBe(true);
  });
  it.each(["SELECT 'a `b` c'", '-- use `id` here\nSELECT 1', 'SELECT "engine" = 1', 'SELECT $$ ENGINE = x $$', 'CREATE TABLE t (id serial)', 'SELECT a FROM t WHERE', '/* auto_increment */ SELECT 1', 'INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING'])('%s', (text) => {
    expect(isForeignDialect(text)).toBe(false);
  });
});

it('displaySql numbers values and names what only the program knows', async () => {
  const sql = await createSqlAnalyser();
  let text = '';
  const interpolations: { span: SqlSpan; hostText: string; kind: 'identifier' | 'value' | 'list' }[] = [];
  const hole = (hostText: string, kind: 'identifier' | 'value' | 'list'): void => {
    interpolations.push({ span: sqlSpan(text.length, text.length + HOLE_SLOT.length), hostText, kind });
    text += HOLE_SLOT;
  };
  text += 'SELECT id FROM ';
  hole('table', 'identifier');
  text += ' WHERE a = ';
  hole('x', 'value');
  text += ' AND b IN ';
  hole('ids', 'list');
  const source = { text, placeholders: 'none' as const, interpolations };
  expect(displaySql(source, sql.analyse(source))).toBe('SELECT id FROM ⟨table⟩ WHERE a = $1 AND b IN ($2)');
});
