import { quoteIdentifier } from '../sql/names';
import { relationKey } from '../catalog/names';
import { columnStatistics, findColumn } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import { tenantColumnOf } from '../catalog/tenancy';
import type { LintSettings } from '../lint/rule';
import type { QueryBlock } from '../sql/model';
import { ginProposals, isAnchored, isPattern, isText, trigramProposal } from './ginAdvice';
import { btree, hasIndexLike, MAX_KEYS, proposeIndex, renderIndexColumns, type IndexProposal } from './indexAdvice';
import { collectDemand, type Condition, type RelationDemand } from './indexDemand';
import { includable, isEquality, isIndexable, isPartialCondition, isRange, isSortable, isTenant, sortKey, tenantFirst, toKey, unique, type KeyPreference, type ProposedKey } from './indexKeys';
import { tableOf, type Scope } from './scope';
import { rowsOf } from './size';

/** What the other queries of the workspace say about a table's columns. */
export interface ColumnUsage {
  /** Queries that compare the column by equality. */
  shared(table: Table, column: string): number;
  /** Is a key of the jsonb column searched anywhere (`?`, `?|`, `?&`)? */
  keyed(table: Table, column: string): boolean;
}

export interface CandidateRequest {
  readonly scope: Scope;
  readonly block: QueryBlock;
  readonly relationIndex: number;
  /** Where the caller has it already. */
  readonly demand?: RelationDemand;
  readonly settings: LintSettings;
  readonly usage?: ColumnUsage;
}

/** Each candidate is planned with alone. */
const MAX_CANDIDATES = 16;
/** A constant compared with a column of so many values is a state: `status = 'open'`. */
const STATES = 20;
/** pg_stats.correlation above which a block range says where a value lies (`index advice`, facts §4.3). */
const BRIN_CORRELATION = 0.95;
/** Below this many rows a b-tree is small enough. */
const BRIN_ROWS = 1_000_000;

/**
 * Indexes that might serve what a block asks of one relation, the preferred first; the planner decides between them
 * (`proveIndex`). Equality columns lead, the tenant's before all, then the columns that the workspace shares; behind them the
 * order of a LIMIT, one range or one list; IS NULL, booleans and constant states also as predicates of partial indexes; few
 * narrow columns also in INCLUDE. jsonb, arrays, text search and patterns get GIN, ranges over rows that lie in order BRIN.
 * Indexes that exist are left out. Empty where the relation is no table of the catalog or nothing could be served.
 */
export function collectIndexCandidates({ scope, block, relationIndex, demand: given, settings, usage }: CandidateRequest): readonly IndexProposal[] {
  const relation = block.relations[relationIndex];
  const table = relation && tableOf(scope.catalog, relation);
  const { catalog } = scope;
  if (!catalog || !table || block.kind === 'insert' || block.kind === 'merge' || !['table', 'partitioned', 'matview'].includes(table.kind)) return [];
  const demand = given ?? collectDemand(scope, block, relationIndex);
  const preference: KeyPreference = { tenant: tenantColumnOf(catalog, table, settings.tenant), shared: usage && ((column) => usage.shared(table, column)) };
  const facts = { catalog, table, demand, preference };
  const shapes = keyShapes(facts);
  const first = proposeIndex(table, demand, demand.covered, preference);
  const btrees = [...(first?.method === 'btree' ? [first] : []), ...shapes.map((keys) => btree(table, keys)), ...partials(facts, shapes), ...coverings(facts, shapes)];
  const gins = [...ginProposals(table, demand.predicates, usage && ((column) => usage.keyed(table, column))), ...patterns(table, demand.predicates)];
  return distinct([...distinct(btrees).slice(0, MAX_CANDIDATES), ...gins, ...brins(facts, settings)]);
}

interface Facts {
  readonly catalog: Catalog;
  readonly table: Table;
  readonly demand: RelationDemand;
  readonly preference: KeyPreference;
}

/** Each once, and none that exists under another name. */
function distinct(proposals: readonly IndexProposal[]): readonly IndexProposal[] {
  const text = (p: IndexProposal): string => `${p.method} ${renderIndexColumns(p)}`;
  return proposals.filter((p, i) => !hasIndexLike(p) && proposals.findIndex((q) => text(q) === text(p)) === i);
}

/** Lists of keys, the preferred first: all equalities with each tail, then fewer of them, then the tails alone. */
function keyShapes({ catalog, table, demand, preference }: Facts): readonly (readonly ProposedKey[])[] {
  const equality = unique(demand.predicates.filter((p) => isEquality(p) && isIndexable(table, p)));
  const single = tenantFirst(equality.filter((p) => p.operator === '='), preference);
  const listed = equality.filter((p) => p.operator !== '=');
  const order = (demand.order ?? []).filter((key) => !single.some((p) => p.key === key.key));
  const sorted = isSortable(table, order) ? order.map((key) => sortKey(table, key)) : [];
  const ranges = unique(demand.predicates.filter((p) => isRange(p) && isIndexable(table, p) && !equality.some((e) => e.key === p.key))).map(toKey).filter((k) => k.sql !== sorted[0]?.sql).slice(0, 2);
  const tails = [...(sorted.length > 0 ? [sorted, ...ranges.map((r) => [...sorted, r])] : []), ...ranges.map((r) => [r]), ...listed.map((p) => [toKey(p)]), ...listed.flatMap((p) => [...sorted.slice(0, 1), ...ranges].map((r) => [toKey(p), r]))];
  const bases = equalityBases(catalog, table, single, preference).map((base) => base.map(toKey));
  // An index for the order alone would walk past the rows of all others: fast for a common value, endless for a rare one.
  const alone = single.some((p) => !p.joins) ? tails.filter((tail) => tail[0] !== sorted[0]) : tails;
  const shapes = [...bases.filter((base) => base.length > 0).flatMap((base) => [...tails.map((tail) => [...base, ...tail]), base]), ...alone];
  return shapes.filter((keys) => keys.length > 0).map((keys) => keys.filter((k, i) => keys.findIndex((other) => other.sql === k.sql) === i).slice(0, MAX_KEYS));
}

/**
 * Sets of equality columns worth trying, each beginning with the tenant where it is compared: all, without the constant
 * states, without the joins, the joins alone, and each alone.
 */
function equalityBases(catalog: Catalog, table: Table, single: readonly Condition[], preference: KeyPreference): readonly (readonly Condition[])[] {
  const tenant = single.filter((p) => !p.joins && isTenant(p, preference)).slice(0, 1);
  const rest = single.filter((p) => !tenant.includes(p));
  const led = (some: readonly Condition[]): readonly Condition[] => [...tenant, ...some];
  return [single, led(rest.filter((p) => !isState(catalog, table, p))), led(rest.filter((p) => !p.joins)), led(rest.filter((p) => p.joins)), rest.filter((p) => p.joins), ...rest.map((p) => led([p])), tenant];
}

/** The same keys under the predicate that the conditions with one answer make, its columns taken out of the keys. */
function partials({ catalog, table, demand }: Facts, shapes: readonly (readonly ProposedKey[])[]): readonly IndexProposal[] {
  const plain = demand.predicates.filter((p) => isPartialCondition(table, p));
  const states = demand.predicates.filter((p) => isState(catalog, table, p) && !plain.includes(p));
  const sets = [[...plain, ...states], plain, states].filter((set, i, all) => set.length > 0 && all.findIndex((other) => other.length === set.length) === i);
  return sets.flatMap((set) => {
    const columns = new Set(set.filter((p) => p.operator !== 'is not null').map((p) => p.column));
    const kept = shapes.map((keys) => keys.filter((k) => !columns.has(k.name))).filter((keys) => keys.length > 0).slice(0, 4);
    const primary = table.constraints.find((c) => c.type === 'primary')?.columns[0];
    const keys = kept.length > 0 || primary === undefined ? kept : [[{ sql: quoteIdentifier(primary), name: primary }]];
    return keys.map((k) => btree(table, k, set.map((p) => p.text).join(' AND ')));
  });
}

/** The two preferred, plain and partial, with what else the query reads. */
function coverings(facts: Facts, shapes: readonly (readonly ProposedKey[])[]): readonly IndexProposal[] {
  return [...shapes.slice(0, 2).map((keys) => btree(facts.table, keys)), ...partials(facts, shapes).slice(0, 1)].flatMap((proposal) => {
    const include = includable(facts.table, facts.demand.covered, proposal.keys, 3);
    return include.length > 0 ? [btree(facts.table, proposal.keys, proposal.predicate, include)] : [];
  });
}

/** An equality with a constant that a large part of the rows may have: by the statistics, an enum, else by the column's name. */
function isState(catalog: Catalog, table: Table, p: Condition): boolean {
  if (p.negated || p.operator !== '=' || p.values?.length !== 1 || p.values[0] === null || p.column === undefined) return false;
  const statistics = columnStatistics(catalog, relationKey(table.schema, table.name), p.column);
  if (statistics) return statistics.distinct > 0 && statistics.distinct <= STATES;
  const type = findColumn(table, p.column)?.type ?? '';
  return catalog.types?.some((t) => t.kind === 'enum' && (t.name === type || `${t.schema}.${t.name}` === type)) === true || /(^|_)(status|state|type|kind|role|category|level|priority|stage|phase)$/i.test(p.column);
}

/** Trigrams for patterns that may begin anywhere, a b-tree by characters for those that do not. */
function patterns(table: Table, predicates: readonly Condition[]): readonly IndexProposal[] {
  return predicates.filter(isPattern).flatMap((p) => {
    if (!isAnchored(p)) return trigramProposal(table, p.key) ?? [];
    return p.column !== undefined && isText(table, p.column) ? [btree(table, [{ ...toKey(p), opclass: 'text_pattern_ops' }])] : [];
  });
}

/** Ranges over a column in whose order the rows lie on disk: events by time. Only statistics can say so. */
function brins({ catalog, table, demand }: Facts, settings: LintSettings): readonly IndexProposal[] {
  if ((rowsOf(table, settings) ?? 0) < BRIN_ROWS) return [];
  return unique(demand.predicates.filter((p) => isRange(p) && p.column !== undefined && isIndexable(table, p) && Math.abs(columnStatistics(catalog, relationKey(table.schema, table.name), p.column)?.correlation ?? 0) > BRIN_CORRELATION))
    .map((p): IndexProposal => ({ table, method: 'brin', keys: [toKey(p)], include: [] }));
}
