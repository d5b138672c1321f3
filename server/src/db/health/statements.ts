import { judgeStatements } from '../../core/health/statements';
import { quoteIdentifier } from '../../core/sql/names';
import { readStatementsOf } from '../statements';
import type { Probe } from './probe';

export const statements: Probe = {
  name: 'statements',
  title: 'Statements',
  async read({ connection, blind, server, options, thresholds }) {
    const { rows, totalMs, since, notes } = await readStatementsOf(connection);
    for (const note of notes) blind(...splitNote(note, server.user));
    return judgeStatements({
      statements: rows.map((row) => ({
        sql: row.sql, calls: row.calls, totalMs: row.totalMs, meanMs: row.calls > 0 ? row.totalMs / row.calls : 0, maxMs: row.maxMs, stddevMs: row.stddevMs, rows: row.rows, blocksHit: row.blocksHit, blocksRead: row.blocksRead, places: options.placesOf?.(row.sql) ?? [],
      })),
      totalMs, ...(since === undefined ? {} : { since }),
    }, server, thresholds);
  },
};

/** The statement that helps stands at the end of a note. */
function splitNote(note: string, user: string): [string, string?] {
  const at = note.search(/(Run: |run: |To see them: |As its owner: )?(GRANT|CREATE EXTENSION) /);
  if (at < 0) return [note];
  const help = note.slice(at).replace(/^(Run: |run: |To see them: |As its owner: )/, '').replaceAll('<role>', () => quoteIdentifier(user)).replace('; and ', ';\n');
  return [note.slice(0, at).replace(/[,;]? ?(then )?$/, '').replace(/([^.])$/, '$1.'), help];
}
