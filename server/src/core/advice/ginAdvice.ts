import { quoteIdentifier } from '../sql/names';
import type { IndexPredicate } from '../catalog/indexPredicates';
import { findColumn } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import type { IndexProposal } from './indexAdvice';
import { unquote, words } from './indexKeys';

/** Operators that `jsonb_path_ops` serves; the others need the larger `jsonb_ops`. */
const CONTAINMENT: ReadonlySet<string> = new Set(['@>', '@?', '@@']);
const KEY_OPERATORS: ReadonlySet<string> = new Set(['?', '?|', '?&']);
const ARRAY_OPERATORS: ReadonlySet<string> = new Set(['@>', '<@', '&&']);

/**
 * GIN indexes for the jsonb, array and text-search conditions of a demand, one a column. `jsonb_path_ops`, which is smaller
 * and faster, where the column is only searched by containment: in this demand, and in the workspace as far as `keyed` knows.
 */
export function ginProposals(table: Table, predicates: readonly IndexPredicate[], keyed: (column: string) => boolean = () => false): readonly IndexProposal[] {
  const found: IndexProposal[] = [];
  for (const p of predicates) {
    if (p.negated) continue;
    const proposal = p.column === undefined ? textSearch(table, p) : columnSearch(table, p, p.column, (column) => predicates.some((q) => q.column === column && KEY_OPERATORS.has(q.operator)) || keyed(column));
    if (proposal && !found.some((f) => f.keys[0]?.sql === proposal.keys[0]?.sql)) found.push(proposal);
  }
  return found;
}

/** Is the condition one of jsonb keys, which `jsonb_path_ops` does not serve? */
export const isKeySearch = (p: IndexPredicate): boolean => KEY_OPERATORS.has(p.operator);

function columnSearch(table: Table, p: IndexPredicate, column: string, keyed: (column: string) => boolean): IndexProposal | undefined {
  const type = findColumn(table, column)?.type;
  if (type === undefined) return undefined;
  const jsonb = type === 'jsonb' && (CONTAINMENT.has(p.operator) || KEY_OPERATORS.has(p.operator));
  const array = type.endsWith('[]') && ARRAY_OPERATORS.has(p.operator);
  const search = type === 'tsvector' && p.operator === '@@';
  if (!jsonb && !array && !search) return undefined;
  return { table, method: 'gin', keys: [{ sql: quoteIdentifier(column), name: column, opclass: jsonb && !keyed(column) ? 'jsonb_path_ops' : undefined }], include: [] };
}

/** `to_tsvector('english', body) @@ …`: only with its configuration named is the expression immutable. */
function textSearch(table: Table, p: IndexPredicate): IndexProposal | undefined {
  const column = /^to_tsvector\('[^']+', (?:coalesce\()?("?\w+"?)(?:, '')?\)?\)$/.exec(p.key)?.[1];
  if (p.operator !== '@@' || column === undefined) return undefined;
  return { table, method: 'gin', keys: [{ sql: p.key, name: words(column) }], include: [] };
}

const PATTERNS: ReadonlySet<string> = new Set(['~~', '~~*', '~', '~*']);

/** Is it a search by LIKE, ILIKE or a regular expression? */
export const isPattern = (p: IndexPredicate): boolean => !p.negated && PATTERNS.has(p.operator);

/** A pattern, case-sensitive, whose beginning stands in the statement: a b-tree by characters (`text_pattern_ops`) serves it. */
export function isAnchored(p: IndexPredicate): boolean {
  const pattern = p.values?.length === 1 ? p.values[0] : undefined;
  return typeof pattern === 'string' && (p.operator === '~~' ? /^[^%_\\]/.test(pattern) : p.operator === '~' && /^\^[\w@-]/.test(pattern));
}

/** A trigram index on a text column, or on `lower(column)`, `upper(column)`; undefined for anything else. */
export function trigramProposal(table: Table, key: string): IndexProposal | undefined {
  const match = /^(?:(lower|upper)\()?("(?:[^"]|"")+"|[^()]+)\)?$/.exec(key);
  const column = match?.[2] === undefined ? undefined : unquote(match[2]);
  if (column === undefined || !isText(table, column)) return undefined;
  const bare = quoteIdentifier(column);
  return { table, method: 'gin', keys: [{ sql: match?.[1] === undefined ? bare : `${match[1]}(${bare})`, name: column, opclass: 'gin_trgm_ops' }], include: [] };
}

export const isText = (table: Table, column: string): boolean => /^(text|character varying|character|citext)\b/.test(findColumn(table, column)?.type ?? '');
