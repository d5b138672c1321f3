import { quoteIdentifier } from '../sql/names';
import { normaliseExpression } from '../catalog/expressionText';
import { indexKeyText, type IndexDemand } from '../catalog/indexMatch';
import { findColumn } from '../catalog/lookup';
import type { Index, IndexKey, Table } from '../catalog/model';
import { ginProposals } from './ginAdvice';
import { includable, isEquality, isIndexable, isPartialCondition, isRange, isSortable, sortKey, tenantFirst, toKey, unique, type KeyPreference, type ProposedKey } from './indexKeys';

/** An index that would serve a demand. */
export interface IndexProposal {
  readonly table: Table;
  readonly method: 'btree' | 'gin' | 'brin';
  readonly keys: readonly ProposedKey[];
  readonly include: readonly string[];
  /** SQL of the WHERE clause of a partial index. */
  readonly predicate?: string;
  /** An existing index that the new one makes redundant: a prefix of it, or the same without its INCLUDE. */
  readonly extends?: Index;
}

/** Keys beyond the fourth rarely narrow a scan and always cost space. */
export const MAX_KEYS = 4;

/**
 * The index for a demand by rule alone, where no planner can be asked: columns compared by equality (the tenant first),
 * then the order, then one range. IS NULL and boolean conditions become the predicate of a partial index. jsonb, array and
 * text-search operators get a GIN index. It is the first of `collectIndexCandidates`.
 * @param covered further columns the query reads, for INCLUDE; left out when they are many or wide.
 * @returns undefined when no condition or order could be served.
 */
export function proposeIndex(table: Table, demand: IndexDemand, covered: readonly string[] = [], preference: KeyPreference = {}): IndexProposal | undefined {
  const { predicates } = demand;
  const equality = unique(predicates.filter((p) => isEquality(p) && isIndexable(table, p)));
  const single = equality.filter((p) => p.operator === '=');
  const listed = equality.filter((p) => p.operator !== '=');
  const ranges = unique(predicates.filter((p) => isRange(p) && isIndexable(table, p) && !equality.some((e) => e.key === p.key)));
  const partial = predicates.filter((p) => isPartialCondition(table, p));
  // A list of values returns its rows value by value: behind it an index is not in order any more.
  const order = (demand.order ?? []).filter((key) => !single.some((p) => p.key === key.key));
  const sorts = isSortable(table, order);
  const keys: ProposedKey[] = tenantFirst(single, preference).map((p) => toKey(p));
  if (sorts) keys.push(...order.map((key) => sortKey(table, key)));
  for (const p of listed) if (!keys.some((k) => k.sql === toKey(p).sql)) keys.splice(sorts ? keys.length : single.length, 0, toKey(p));
  const range = ranges[0];
  if (range && !keys.some((k) => k.sql === toKey(range).sql)) keys.push(toKey(range));
  if (keys.length === 0) return ginProposals(table, predicates)[0];
  const shown = keys.slice(0, MAX_KEYS);
  const predicate = partial.length > 0 ? partial.map((p) => p.text).join(' AND ') : undefined;
  return btree(table, shown, predicate, shown.length <= 2 ? includable(table, covered, shown, 2) : []);
}

/** A b-tree proposal, with the existing index that it extends. */
export function btree(table: Table, keys: readonly ProposedKey[], predicate?: string, include: readonly string[] = []): IndexProposal {
  const proposal = { table, method: 'btree', keys, include, predicate } as const;
  return { ...proposal, extends: extendedIndex(proposal) };
}

/** The first of `redundantIndexes`: the one to name as replaced. */
export const extendedIndex = (proposal: Omit<IndexProposal, 'extends'>): Index | undefined => redundantIndexes(proposal)[0];

/**
 * Ordinary indexes (not unique, of no constraint) that the proposal makes redundant: their keys begin the proposal's, or are
 * the same and only columns of INCLUDE come on top.
 */
export function redundantIndexes(proposal: Omit<IndexProposal, 'extends'>): readonly Index[] {
  const { table, method, keys, include } = proposal;
  if (method !== 'btree') return [];
  const present = new Set([...keys.map((k) => k.name), ...include]);
  return table.indexes.filter((index) => !index.unique && index.constraint === undefined && index.method === 'btree' && index.keys.length <= keys.length &&
    (index.keys.length < keys.length || include.length > index.include.length) && index.include.every((c) => present.has(c)) &&
    hasPredicate(index, proposal) && index.keys.every((key, i) => isSameKey(key, keys[i])));
}

/** The proposal as the catalog would have it, for matching it with other queries. */
export function toIndex(proposal: IndexProposal): Index {
  const { table, method, include, predicate } = proposal;
  const keys = proposal.keys.map((k): IndexKey => {
    const column = findColumn(table, k.name)?.name;
    const plain = column !== undefined && quoteIdentifier(column) === k.sql;
    const descending = k.descending ?? false;
    return { ...(plain ? { column } : { expression: k.sql }), opclass: k.opclass, descending, nullsFirst: k.nullsFirst ?? descending };
  });
  return { name: '', method, unique: false, valid: true, keys, include, predicate };
}

/** Does an index of the table hold all that the proposal would, under whatever name? Another one would not help. */
export function hasIndexLike(proposal: Omit<IndexProposal, 'extends'>): boolean {
  return proposal.table.indexes.some((index) => index.valid && index.method === proposal.method && hasPredicate(index, proposal) && index.keys.length >= proposal.keys.length &&
    proposal.keys.every((key, i) => index.keys[i] !== undefined && isSameKey(index.keys[i], key)) &&
    proposal.include.every((column) => index.include.includes(column) || index.keys.some((key) => key.column === column)));
}

const hasPredicate = (index: Index, { predicate }: Pick<IndexProposal, 'predicate'>): boolean =>
  index.predicate === undefined || predicate === undefined ? index.predicate === predicate : normaliseExpression(index.predicate) === normaliseExpression(predicate);

const isSameKey = (key: IndexKey, proposed: ProposedKey | undefined): boolean =>
  proposed !== undefined && indexKeyText(key) === normaliseExpression(proposed.sql) && key.opclass === proposed.opclass && key.descending === (proposed.descending ?? false);

/** `(customer_id, created_at DESC) INCLUDE (total) WHERE deleted_at IS NULL` */
export function renderIndexColumns(proposal: IndexProposal): string {
  const keys = proposal.keys.map((k) => [k.sql, k.opclass, k.descending ? 'DESC' : undefined, k.nullsFirst === undefined ? undefined : k.nullsFirst ? 'NULLS FIRST' : 'NULLS LAST'].filter((part) => part !== undefined).join(' '));
  const include = proposal.include.length > 0 ? ` INCLUDE (${proposal.include.map(quoteIdentifier).join(', ')})` : '';
  return `(${keys.join(', ')})${include}${proposal.predicate === undefined ? '' : ` WHERE ${proposal.predicate}`}`;
}
