import { expect, it } from 'vitest';
import { displaySql, plannableSql, withHostNames } from '../../../server/src/core/sql/display';
import { HOLE_SLOT } from '../../../server/src/core/sql/source';
import { sqlSpan, type SqlSpan } from '../../../server/src/core/text/span';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';

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
  const model = sql.analyse(source);
  expect(withHostNames(`Reads ${model.blocks[0]?.relations[0]?.name} whole.`, source, model)).toBe('Reads ⟨table⟩ whole.');
  expect(displaySql(source, model)).toBe('SELECT id FROM ⟨table⟩ WHERE a = $1 AND b IN ($2)');
});

it('what sqlc writes columns for is a relation\'s columns', async () => {
  const sql = await createSqlAnalyser();
  const source = { text: `SELECT sqlc.embed(w), sqlc.embed( "Step" ), 'sqlc.embed(w)' AS x FROM workers w, "Step" WHERE w.id = sqlc.arg('id')::uuid`, placeholders: 'file' as const, interpolations: [] };
  expect(plannableSql(source, sql.analyse(source))).toBe(`SELECT w.*, "Step".*, 'sqlc.embed(w)' AS x FROM workers w, "Step" WHERE w.id = $1::uuid`);
  const call = { ...source, text: 'SELECT sqlc.embed(w) FROM w', placeholders: 'dollar' as const };
  expect(plannableSql(call, sql.analyse(call))).toBe('SELECT sqlc.embed(w) FROM w');
});
