import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitStatements } from '../../../server/src/core/sql/split';

/** Our own statements: every form of query that the model knows, some hard to read on purpose. */
export const corpus: readonly string[] = readCorpus();

function readCorpus(): string[] {
  const text = readFileSync(join(__dirname, '../../fixtures/sql/corpus.sql'), 'utf8');
  return splitStatements(text, { psql: false }).map(({ start, end }) => text.slice(start, end));
}

const outputs = ['*', 'o.*', 'o.id, o.total AS t', 'count(*)', 'DISTINCT o.status', 'lower(o.name) AS n, o.total * 2'];
const sources = [
  'orders o', 'public.orders AS o', 'orders o JOIN users u ON u.id = o.user_id', 'orders o LEFT JOIN lines l ON l.order_id = o.id AND (l.qty > 1 OR l.free)',
  'orders o, users u', 'orders o JOIN users u USING (user_id)', '(SELECT * FROM orders WHERE total > 5) o', 'orders o CROSS JOIN LATERAL (SELECT 1 AS x FROM lines l WHERE l.order_id = o.id LIMIT 1) s',
];
const conditions = [
  '', 'o.id = $1', "o.status = 'open' AND o.total > 10", "o.name ILIKE '%x%' OR o.id IN (1, 2)", 'o.total BETWEEN 1 AND 2 AND o.paid', 'NOT (o.a = 1 AND o.b = 2)',
  'o.id IN (SELECT order_id FROM lines WHERE qty > 3)', 'o.deleted_at IS NULL AND EXISTS (SELECT 1 FROM users x WHERE x.id = o.user_id)', "(o.a = 1 OR (o.b = 2 AND o.c = 3)) AND o.created_at::date >= '2024-01-01'",
  'o.id = ANY($1) AND o.kind NOT IN (1, 2)', "o.data ->> 'k' = 'v' AND o.data @> '{}'", 'coalesce(o.x, 0) + 1 > o.y',
];
const tails = ['', 'ORDER BY o.id', 'ORDER BY o.created_at DESC NULLS LAST, o.id LIMIT 10', 'LIMIT 10 OFFSET $2', 'GROUP BY 1, o.status HAVING count(*) > 1', 'LIMIT 1 FOR UPDATE SKIP LOCKED'];

/** Combinations of clauses, spread evenly. */
export function combinations(count: number): string[] {
  const total = outputs.length * sources.length * conditions.length * tails.length;
  return Array.from({ length: count }, (_, i) => {
    let n = Math.floor((i * total) / count);
    const pick = (list: readonly string[]): string => {
      const item = list[n % list.length] ?? '';
      n = Math.floor(n / list.length);
      return item;
    };
    const [tail, condition, source, output] = [pick(tails), pick(conditions), pick(sources), pick(outputs)];
    return `SELECT ${output} FROM ${source}${condition ? ` WHERE ${condition}` : ''}${tail ? ` ${tail}` : ''}`;
  });
}
