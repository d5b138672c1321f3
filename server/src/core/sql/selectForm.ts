import { quoteIdentifier } from './names';
import type { SqlAnalyser } from './ports';

/**
 * The SELECT that reads what an UPDATE or DELETE would change: its tables and its WHERE, parameters numbered anew.
 * `parameters[i]` is the index (from 0) that the new `$i+1` had. For measuring a write without writing.
 * @returns undefined for anything else, and where a CTE stands before it.
 */
export function selectForm(sql: SqlAnalyser, statement: string): { readonly sql: string; readonly parameters: readonly number[] } | undefined {
  const model = sql.analyse({ text: statement, placeholders: 'dollar', interpolations: [] });
  const [block] = model.blocks;
  if (model.completeness !== 'full' || !block || (block.kind !== 'update' && block.kind !== 'delete') || block.clauses.with) return undefined;
  const target = block.relations.find((relation) => relation.target);
  if (!target) return undefined;
  const text = (span: { readonly start: number; readonly end: number } | undefined): string => (span ? statement.slice(span.start, span.end) : '');
  const name = `${text(target.span)}${target.alias === target.name ? '' : ` AS ${quoteIdentifier(target.alias)}`}`;
  const more = text(block.kind === 'update' ? block.clauses.from?.body : block.clauses.using?.body).trim();
  const where = text(block.clauses.where?.body).trim();
  const parameters: number[] = [];
  const written = `SELECT 1 FROM ${[name, ...(more === '' ? [] : [more])].join(', ')}${where === '' ? '' : ` WHERE ${where}`}`;
  const numbered = sql.analyse({ text: written, placeholders: 'dollar', interpolations: [] });
  let result = '';
  let at = 0;
  for (const hole of [...numbered.holes].sort((a, b) => a.span.start - b.span.start)) {
    const old = Number(written.slice(hole.span.start, hole.span.end).replace('$', '')) - 1;
    if (!Number.isInteger(old)) return undefined;
    const known = parameters.indexOf(old);
    result += `${written.slice(at, hole.span.start)}$${known >= 0 ? known + 1 : parameters.push(old)}`;
    at = hole.span.end;
  }
  return numbered.completeness === 'full' && numbered.kind === 'select' ? { sql: result + written.slice(at), parameters } : undefined;
}
