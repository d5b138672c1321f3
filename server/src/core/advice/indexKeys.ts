import { quoteIdentifier } from '../sql/names';
import type { IndexPredicate, SortKey } from '../catalog/indexPredicates';
import { findColumn } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import { TENANT_COLUMN_NAMES } from '../catalog/tenancy';

/** One key of a proposed index. */
export interface ProposedKey {
  /** Column or expression as an index key writes it (`lower(email)`, `(data ->> 'x')`). */
  readonly sql: string;
  /** Words for the index's name; the column's name where it is one. */
  readonly name: string;
  readonly opclass?: string;
  readonly descending?: boolean;
  /** Written only where it differs from the direction's default. */
  readonly nullsFirst?: boolean;
}

/** What puts one column before another where both are compared by equality. */
export interface KeyPreference {
  /** The table's tenant column; left out: told by the usual names. */
  readonly tenant?: string;
  /** How many queries of the workspace compare the column by equality: columns that many share lead. */
  readonly shared?: (column: string) => number;
}

export const isEquality = (p: IndexPredicate): boolean => !p.negated && ['=', 'in', 'any'].includes(p.operator);
export const isRange = (p: IndexPredicate): boolean => !p.negated && ['<', '<=', '>', '>=', 'between'].includes(p.operator);

/** One condition per key, the first written. */
export const unique = <P extends IndexPredicate>(predicates: readonly P[]): readonly P[] => predicates.filter((p, i) => predicates.findIndex((q) => q.key === p.key) === i);

/** The tenant leads, values from outside follow, constants (a few states, mostly) come last; then what the workspace shares most. */
export function tenantFirst<P extends IndexPredicate>(predicates: readonly P[], preference: KeyPreference = {}): readonly P[] {
  const shared = (p: IndexPredicate): number => (p.column === undefined ? 0 : preference.shared?.(p.column) ?? 0);
  return [...predicates].sort((a, b) => keyRank(a, preference) - keyRank(b, preference) || shared(b) - shared(a));
}

export const isTenant = (p: IndexPredicate, { tenant }: KeyPreference): boolean =>
  tenant === undefined ? TENANT_COLUMN_NAMES.includes((p.column ?? '').replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()) : p.column === tenant;

const keyRank = (p: IndexPredicate, preference: KeyPreference): number => (isTenant(p, preference) ? 0 : p.values === undefined ? 1 : 2);

/** Plain columns of a type that compares, and expressions known to be immutable. */
export function isIndexable(table: Table, p: IndexPredicate): boolean {
  if (p.column !== undefined) {
    const type = findColumn(table, p.column)?.type;
    return type !== undefined && !/^(json|jsonb|xml|point|box|polygon|tsvector|geometry|geography|vector)\b/.test(type) && !isBoolean(table, p);
  }
  return /^(lower|upper)\("?\w+"?\)$/.test(p.key) || /^\(?"?\w+"? ->> '[^']*'\)?$/.test(p.key);
}

const isBoolean = (table: Table, p: IndexPredicate): boolean => findColumn(table, p.column ?? '')?.type === 'boolean';

/** Conditions with one possible answer per row: worth a smaller index, not a key. */
export function isPartialCondition(table: Table, p: IndexPredicate): boolean {
  if (p.column === undefined || findColumn(table, p.column) === undefined) return false;
  if (p.operator === 'is null' || p.operator === 'is not null') return !p.negated;
  return isBoolean(table, p) && (p.operator === 'boolean' || (p.operator === '=' && p.values !== undefined));
}

export const unquote = (key: string): string => (key.startsWith('"') ? key.slice(1, -1).replaceAll('""', '"') : key);
export const words = (sql: string): string => sql.replace(/\W+/g, '_').replace(/^_+|_+$/g, '');

export function toKey(p: IndexPredicate): ProposedKey {
  if (p.column !== undefined) return { sql: quoteIdentifier(p.column), name: p.column };
  return { sql: /^\w+\(/.test(p.key) ? p.key : `(${p.key.replace(/^\((.*)\)$/, '$1')})`, name: words(p.key) };
}

export function sortKey(table: Table, key: SortKey): ProposedKey {
  const column = findColumn(table, unquote(key.key));
  const name = column?.name ?? key.key;
  const unusual = key.nullsFirst !== key.descending && column?.notNull !== true;
  return { sql: quoteIdentifier(name), name, descending: key.descending || undefined, nullsFirst: unusual ? key.nullsFirst : undefined };
}

/** Can an index of the table's columns give this order? */
export const isSortable = (table: Table, order: readonly SortKey[]): boolean => order.length > 0 && order.every((key) => findColumn(table, unquote(key.key)) !== undefined);

/** Few and narrow columns, which let the index answer alone; empty where they are more than `most` or one is wide. */
export function includable(table: Table, covered: readonly string[], keys: readonly ProposedKey[], most: number): readonly string[] {
  const further = covered.filter((c) => !keys.some((k) => k.name === c));
  const narrow = (c: string): boolean => /^(smallint|integer|bigint|uuid|boolean|date|timestamp\b.*|real|double precision|numeric\b.*)$/.test(findColumn(table, c)?.type ?? '');
  return further.length > 0 && further.length <= most && further.every(narrow) ? further : [];
}
