import type { HostFile } from '../hosts/ir';
import type { Question } from '../lint/rule';
import type { SqlAnalyser } from '../sql/ports';
import { createTextMemo } from '../text/textMemo';

/** Queries that leave the deleted rows out, before one that does not is worth a word. */
const MINIMUM = 3;
/** Their share of all that read the table. */
const USUAL = 0.75;

/**
 * Do most queries of the workspace that read a table name its column of deleted rows? Cost: once a file and table a search in
 * its texts, and a model of those that name the table.
 */
export const usuallyFilters = (table: string, column: string): Question => filterQuestion(`${table}\n${column}`);

const filterQuestion = createTextMemo(20_000, (key): Question => {
  const [table = '', column = ''] = key.split('\n');
  return ({ file, flow, sql }) => {
    let [named, all] = [0, 0];
    const add = (known: HostFile): void => {
      const counts = countFile(known, sql, table, column);
      named += counts.named;
      all += counts.all;
    };
    add(file);
    for (const known of flow.files()) if (known.uri !== file.uri) add(known);
    return named >= MINIMUM && named / all >= USUAL;
  };
});

/** A file that was read again is another object. */
const counted = new WeakMap<HostFile, Map<string, { readonly named: number; readonly all: number }>>();

function countFile(file: HostFile, sql: SqlAnalyser, table: string, column: string): { readonly named: number; readonly all: number } {
  const known = counted.get(file) ?? new Map<string, { readonly named: number; readonly all: number }>();
  const key = `${table}\n${column}`;
  const found = known.get(key);
  if (found) return found;
  let [named, all] = [0, 0];
  for (const { source } of file.role === 'application' ? file.sites : []) {
    if (!source?.text.includes(table)) continue;
    const reads = sql.analyse(source).blocks.some((b) => b.kind === 'select' && b.relations.some((r) => r.kind === 'table' && r.name === table));
    if (!reads) continue;
    all++;
    if (source.text.includes(column)) named++;
  }
  const counts = { named, all };
  counted.set(file, known.set(key, counts));
  return counts;
}
