import { quoteIdentifier } from '../sql/names';
import { normaliseExpression } from '../catalog/expressionText';
import { indexKeyText, type IndexDemand } from '../catalog/indexMatch';
import type { IndexPredicate, SortKey } from '../catalog/indexPredicates';
import { findColumn } from '../catalog/lookup';
import type { Index, Table } from '../catalog/model';
import { TENANT_COLUMN_NAMES } from '../catalog/tenancy';

/** An index that would serve a demand. */
export interface IndexProposal {
  readonly table: Table;
  readonly method: 'btree' | 'gin' | 'brin' | 'hash';
  readonly keys: readonly ProposedKey[];
  readonly include: readonly string[];
  /** SQL of the WHERE clause of a partial index. */
  readonly predicate?: string;
  /** An existing index that the new one makes redundant: a prefix of it, or the same without its INCLUDE. */
  readonly extends?: Index;
}

export interface ProposedKey {
  /** Column or expression as an index key writes it (`lower(email)`, `(data ->> 'x')`). */
  readonly sql: string;
  /** Words for the index's name. */
  readonly name: string;
  readonly opclass?: string;
  readonly descending?: boolean;
  /** Written only where it differs from the direction's default. */
  readonly nullsFirst?: boolean;
}

/** Keys beyond the fourth rarely narrow a scan and always cost space. */
const MAX_KEYS = 4;

/**
 * The index for a demand: columns compared by equality (the tenant first), then the order, then one range. IS NULL and
 * boolean conditions become the predicate of a partial index. jsonb, array and text-search operators get a GIN index.
 * @param covered further columns the query reads, for INCLUDE; left out when they are many or wide.
 * @returns undefined when no condition or order could be served.
 */
export function proposeIndex(table: Table, demand: IndexDemand, covered: readonly string[] = []): IndexProposal | undefined {
  const { predicates } = demand;
  const equality = unique(predicates.filter((p) => isEquality(p) && isIndexable(table, p)));
  const single = equality.filter((p) => p.operator === '=');
  const listed = equality.filter((p) => p.operator !== '=');
  const ranges = unique(predicates.filter((p) => isRange(p) && isIndexable(table, p) && !equality.some((e) => e.key === p.key)));
  const partial = predicates.filter((p) => isPartialCondition(table, p));
  // A list of values returns its rows value by value: behind it an index is not in order any more.
  const order = (demand.order ?? []).filter((key) => !single.some((p) => p.key === key.key));
  const sorts = order.length > 0 && order.every((key) => findColumn(table, unquote(key.key)) !== undefined);
  const keys: ProposedKey[] = tenantFirst(single).map((p) => toKey(p));
  if (sorts) keys.push(...order.map((key) => sortKey(table, key)));
  for (const p of listed) if (!keys.some((k) => k.sql === toKey(p).sql)) keys.splice(sorts ? keys.length : single.length, 0, toKey(p));
  const range = ranges[0];
  if (range && !keys.some((k) => k.sql === toKey(range).sql)) keys.push(toKey(range));
  if (keys.length === 0) return proposeGin(table, predicates);
  const shown = keys.slice(0, MAX_KEYS);
  const predicate = partial.length > 0 ? partial.map((p) => p.text).join(' AND ') : undefined;
  const include = shown.length <= 2 ? includable(table, covered, shown) : [];
  const proposal = { table, method: 'btree', keys: shown, include, predicate } as const;
  return { ...proposal, extends: extendedIndex(proposal) };
}

const isEquality = (p: IndexPredicate): boolean => !p.negated && ['=', 'in', 'any'].includes(p.operator);
const isRange = (p: IndexPredicate): boolean => !p.negated && ['<', '<=', '>', '>=', 'between'].includes(p.operator);

function unique(predicates: readonly IndexPredicate[]): readonly IndexPredicate[] {
  return predicates.filter((p, i) => predicates.findIndex((q) => q.key === p.key) === i);
}

/** The tenant leads, values from outside follow, constants (a few states, mostly) come last. */
const tenantFirst = (predicates: readonly IndexPredicate[]): readonly IndexPredicate[] => [...predicates].sort((a, b) => keyRank(a) - keyRank(b));

function keyRank(p: IndexPredicate): number {
  if (TENANT_COLUMN_NAMES.includes((p.column ?? '').replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase())) return 0;
  return p.values === undefined ? 1 : 2;
}

/** Plain columns of a type that compares, and expressions known to be immutable. */
function isIndexable(table: Table, p: IndexPredicate): boolean {
  if (p.column !== undefined) {
    const type = findColumn(table, p.column)?.type;
    return type !== undefined && !/^(json|jsonb|xml|point|box|polygon|tsvector|geometry|geography|vector)\b/.test(type) && !isBoolean(table, p);
  }
  return /^(lower|upper)\("?\w+"?\)$/.test(p.key) || /^\(?"?\w+"? ->> '[^']*'\)?$/.test(p.key);
}

const isBoolean = (table: Table, p: IndexPredicate): boolean => findColumn(table, p.column ?? '')?.type === 'boolean';

/** Conditions with one possible answer per row: worth a smaller index, not a key. */
function isPartialCondition(table: Table, p: IndexPredicate): boolean {
  if (p.column === undefined || findColumn(table, p.column) === undefined) return false;
  if (p.operator === 'is null' || p.operator === 'is not null') return !p.negated;
  return isBoolean(table, p) && (p.operator === 'boolean' || (p.operator === '=' && p.values !== undefined));
}

const unquote = (key: string): string => (key.startsWith('"') ? key.slice(1, -1).replaceAll('""', '"') : key);
const words = (sql: string): string => sql.replace(/\W+/g, '_').replace(/^_+|_+$/g, '');

function toKey(p: IndexPredicate): ProposedKey {
  if (p.column !== undefined) return { sql: quoteIdentifier(p.column), name: p.column };
  return { sql: /^\w+\(/.test(p.key) ? p.key : `(${p.key.replace(/^\((.*)\)$/, '$1')})`, name: words(p.key) };
}

function sortKey(table: Table, key: SortKey): ProposedKey {
  const column = findColumn(table, unquote(key.key));
  const name = column?.name ?? key.key;
  const unusual = key.nullsFirst !== key.descending && column?.notNull !== true;
  return { sql: quoteIdentifier(name), name, descending: key.descending || undefined, nullsFirst: unusual ? key.nullsFirst : undefined };
}

/** Few and narrow columns, which let the index answer alone. */
function includable(table: Table, covered: readonly string[], keys: readonly ProposedKey[]): readonly string[] {
  const further = covered.filter((c) => !keys.some((k) => k.name === c));
  const narrow = (c: string): boolean => /^(smallint|integer|bigint|uuid|boolean|date|timestamp\b.*|real|double precision)$/.test(findColumn(table, c)?.type ?? '');
  return further.length > 0 && further.length <= 2 && further.every(narrow) ? further : [];
}

function proposeGin(table: Table, predicates: readonly IndexPredicate[]): IndexProposal | undefined {
  for (const p of predicates) {
    const type = p.column === undefined || p.negated ? undefined : findColumn(table, p.column)?.type;
    if (type === undefined || p.column === undefined) continue;
    const contains = type === 'jsonb' && ['@>', '@?', '@@'].includes(p.operator);
    const keyed = type === 'jsonb' && ['?', '?|', '?&'].includes(p.operator);
    const array = type.endsWith('[]') && ['@>', '<@', '&&'].includes(p.operator);
    const search = type === 'tsvector' && p.operator === '@@';
    if (!contains && !keyed && !array && !search) continue;
    return { table, method: 'gin', keys: [{ sql: quoteIdentifier(p.column), name: p.column, opclass: contains ? 'jsonb_path_ops' : undefined }], include: [] };
  }
  return undefined;
}

/**
 * An ordinary index (not unique, of no constraint) that the proposal makes redundant: its keys begin the proposal's, or are
 * the same and only columns of INCLUDE come on top.
 */
export function extendedIndex({ table, method, keys, include, predicate }: Omit<IndexProposal, 'extends'>): Index | undefined {
  if (method !== 'btree') return undefined;
  const present = new Set([...keys.map((k) => k.name), ...include]);
  return table.indexes.find((index) => !index.unique && index.constraint === undefined && index.method === 'btree' && index.keys.length <= keys.length &&
    (index.keys.length < keys.length || include.length > index.include.length) && index.include.every((c) => present.has(c)) &&
    (index.predicate === undefined ? predicate === undefined : predicate !== undefined && normaliseExpression(index.predicate) === normaliseExpression(predicate)) &&
    index.keys.every((key, i) => indexKeyText(key) === normaliseExpression(keys[i]?.sql ?? '') && key.opclass === keys[i]?.opclass && key.descending === (keys[i]?.descending ?? false)));
}

/** `(customer_id, created_at DESC) INCLUDE (total) WHERE deleted_at IS NULL` */
export function renderIndexColumns(proposal: IndexProposal): string {
  const keys = proposal.keys.map((k) => [k.sql, k.opclass, k.descending ? 'DESC' : undefined, k.nullsFirst === undefined ? undefined : k.nullsFirst ? 'NULLS FIRST' : 'NULLS LAST'].filter((part) => part !== undefined).join(' '));
  const include = proposal.include.length > 0 ? ` INCLUDE (${proposal.include.map(quoteIdentifier).join(', ')})` : '';
  return `(${keys.join(', ')})${include}${proposal.predicate === undefined ? '' : ` WHERE ${proposal.predicate}`}`;
}
