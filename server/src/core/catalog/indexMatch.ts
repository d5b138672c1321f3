import { normaliseExpression } from './expressionText';
import type { Verdict } from './implication';
import { impliesPredicate } from './implication';
import type { IndexPredicate, SortKey } from './indexPredicates';
import { findColumn } from './lookup';
import type { Index, IndexKey, Table } from './model';
import { operatorVerdict } from './operatorSupport';

/** What a query asks of one table. */
export interface IndexDemand {
  readonly predicates: readonly IndexPredicate[];
  /** ORDER BY, where it is wholly on this table and bounded by LIMIT or worth a sort saved. */
  readonly order?: readonly SortKey[];
}

/** How far one index serves a demand. */
export interface IndexMatch {
  readonly index: Index;
  /** `yes`: the index can find rows by at least one predicate. `unknown`: an operator class or predicate is not understood. */
  readonly usable: Verdict;
  /** Predicates on the leading keys by equality (`=`, IN, IS NULL), in key order. */
  readonly equality: readonly IndexPredicate[];
  /** Predicates on the key after those that bound a range. */
  readonly range: readonly IndexPredicate[];
  /** Predicates on later keys: checked in the index, not used to narrow the scan. */
  readonly filters: readonly IndexPredicate[];
  /** The index returns rows in the demanded order (forwards or backwards). */
  readonly sorted: boolean;
  /** Whether the query implies the index's predicate; `yes` for a full index. */
  readonly implied: Verdict;
  /** Why it is not usable. */
  readonly reason?: 'invalid' | 'leading-key' | 'operator-class' | 'predicate';
}

/** Normalised text of an index key: the column's name or the expression. */
export function indexKeyText(key: IndexKey): string {
  const known = keyTexts.get(key);
  if (known !== undefined) return known;
  const text = key.column === undefined ? normaliseExpression(key.expression ?? '') : normaliseExpression(`"${key.column.replaceAll('"', '""')}"`);
  keyTexts.set(key, text);
  return text;
}

/** Every statement asks it of every index. */
const keyTexts = new WeakMap<IndexKey, string>();

/** Methods whose keys serve in any order, each on its own. */
const unordered = new Set(['gin', 'gist', 'spgist', 'brin', 'bloom']);
const equalityOperators = new Set(['=', 'in', 'any', 'is null']);

const isEquality = (predicate: IndexPredicate): boolean => !predicate.negated && equalityOperators.has(predicate.operator);

/** How an index serves a demand. `table` gives column types and nullability. Pure; microseconds. */
export function matchIndex(index: Index, demand: IndexDemand, table: Table): IndexMatch {
  const implied = index.predicate === undefined ? 'yes' : impliesPredicate(demand.predicates, index.predicate);
  const none = { index, equality: [], range: [], filters: [], sorted: false, implied };
  if (!index.valid) return { ...none, usable: 'no', reason: 'invalid' };
  const found = unordered.has(index.method) ? matchAnyKey(index, demand, table) : matchLeadingKeys(index, demand, table);
  const sorted = index.method === 'btree' && implied === 'yes' && demand.order !== undefined && servesOrder(index, demand, table);
  if (implied === 'no') return { ...none, usable: 'no', reason: 'predicate' };
  const proved: Verdict = found.usable === 'yes' && implied === 'unknown' ? 'unknown' : found.usable;
  return { index, ...found, sorted, implied, usable: proved };
}

type Found = Pick<IndexMatch, 'usable' | 'equality' | 'range' | 'filters' | 'reason'>;

/** Verdict on one predicate at one key, for predicates about that key's expression. */
const support = (index: Index, key: IndexKey, predicate: IndexPredicate, table: Table): Verdict =>
  predicate.key === indexKeyText(key) ? operatorVerdict(index.method, key, predicate, findColumn(table, key.column ?? '')?.type) : 'no';

function matchLeadingKeys(index: Index, demand: IndexDemand, table: Table): Found {
  const equality: IndexPredicate[] = [];
  let range: IndexPredicate[] = [];
  let unknown = false;
  let position = 0;
  for (; position < index.keys.length; position++) {
    const key = index.keys[position]!;
    const served = demand.predicates.map((predicate) => ({ predicate, verdict: support(index, key, predicate, table) }));
    const equal = served.find(({ predicate, verdict }) => verdict === 'yes' && isEquality(predicate));
    if (equal === undefined) {
      range = served.filter(({ verdict }) => verdict === 'yes').map(({ predicate }) => predicate);
      unknown = range.length === 0 && position === 0 && served.some(({ verdict }) => verdict === 'unknown');
      break;
    }
    equality.push(equal.predicate);
    if (index.method === 'hash') break;
  }
  const usable = equality.length + range.length > 0;
  if (!usable) {
    const leading = index.keys[0];
    const named = leading !== undefined && demand.predicates.some((predicate) => predicate.key === indexKeyText(leading));
    return { usable: unknown ? 'unknown' : 'no', equality, range, filters: [], reason: named ? 'operator-class' : 'leading-key' };
  }
  const later = index.keys.slice(position + 1);
  const filters = demand.predicates.filter((predicate) => later.some((key) => support(index, key, predicate, table) === 'yes'));
  return { usable: 'yes', equality, range, filters };
}

function matchAnyKey(index: Index, demand: IndexDemand, table: Table): Found {
  const verdicts = demand.predicates.map((predicate) => ({ predicate, verdicts: index.keys.map((key) => support(index, key, predicate, table)) }));
  const range = verdicts.filter((item) => item.verdicts.includes('yes')).map((item) => item.predicate);
  if (range.length > 0) return { usable: 'yes', equality: [], range, filters: [] };
  const named = demand.predicates.some((predicate) => index.keys.some((key) => indexKeyText(key) === predicate.key));
  return { usable: verdicts.some((item) => item.verdicts.includes('unknown')) ? 'unknown' : 'no', equality: [], range: [], filters: [], reason: named ? 'operator-class' : 'leading-key' };
}

/**
 * The order keys must follow the index's keys; a key pinned to one value may be left out of either. IN lists and
 * `= ANY` do not pin. All directions must agree or all be reversed; NULLS order matters only where the column is nullable.
 */
function servesOrder(index: Index, demand: IndexDemand, table: Table): boolean {
  const order = demand.order ?? [];
  const pinned = new Set(demand.predicates.filter((predicate) => !predicate.negated && (predicate.operator === '=' || predicate.operator === 'is null')).map((predicate) => predicate.key));
  const wanted = order.filter((key) => !pinned.has(key.key));
  let next = 0;
  let backwards: boolean | undefined;
  for (const key of index.keys) {
    if (next >= wanted.length) break;
    const text = indexKeyText(key);
    const sort = wanted[next]!;
    if (sort.key !== text) {
      if (pinned.has(text)) continue;
      return false;
    }
    const reversed = sort.descending !== key.descending;
    if (backwards !== undefined && reversed !== backwards) return false;
    backwards = reversed;
    const nullable = findColumn(table, key.column ?? '')?.notNull !== true;
    if (nullable && (sort.nullsFirst !== key.nullsFirst) !== reversed) return false;
    next++;
  }
  return next >= wanted.length;
}

/**
 * Can some index find the rows, or return them in the demanded order? `unknown` where one might. This does not say
 * that the planner would choose it: that is a matter of statistics.
 */
export function hasServingIndex(table: Table, demand: IndexDemand): Verdict {
  const matches = table.indexes.map((index) => matchIndex(index, demand, table));
  if (matches.some((match) => match.usable === 'yes' || (match.sorted && match.index.valid))) return 'yes';
  return matches.some((match) => match.usable === 'unknown') ? 'unknown' : 'no';
}
