import { relationKey } from '../catalog/names';
import { matchIndex } from '../catalog/indexMatch';
import type { Index, Table } from '../catalog/model';
import type { PlanAnswer, PlannedStatement, Planner } from '../plan/planner';
import { redundantIndexes, renderIndexColumns, toIndex, type IndexProposal } from './indexAdvice';
import { COVERING_GAIN, EQUAL_COST, isWorth, MINIMUM_GAIN, MINIMUM_SAVING, proveIndex, toHypothetical } from './proveIndex';
import type { WorkloadQuery } from './workloadQueries';

/** An index of the set, with the queries that the planner uses it for. */
export interface AdvisedIndex {
  readonly proposal: IndexProposal;
  /** Estimated size, in blocks of 8 kB. */
  readonly pages: number;
  readonly serves: readonly ServedQuery[];
  /** Existing indexes that nothing needs beside it. */
  readonly redundant: readonly Index[];
}

/** Plans of one query without any and with all indexes of the set. */
export interface ServedQuery {
  readonly query: WorkloadQuery;
  readonly before: PlannedStatement;
  readonly after: PlannedStatement;
}

export interface IndexSet {
  readonly state: 'chosen';
  /** The most valuable first. */
  readonly indexes: readonly AdvisedIndex[];
  /** Statements that were planned. */
  readonly planned: number;
  /** Statements that the planner could not plan. */
  readonly refused: readonly { readonly query: WorkloadQuery; readonly reason: string }[];
}

export type IndexSetAnswer = { readonly state: 'pending' } | { readonly state: 'unavailable' } | IndexSet;

/** Further candidates a query brings beside its best one: another query may share one of them. */
const ALTERNATIVES = 3;

/**
 * The smallest set of indexes that serves all queries: what the planner takes for each is tried for every other query on
 * the table, then the index that saves most of what is still spent is taken until none pays (greedy set cover, within
 * ln n of the optimum). Of indexes whose keys begin another's at most one is taken. At last every query is planned with
 * the whole set, and an index that no plan uses is left out. Saved is weighed by `weight` where any query has one (then the
 * others count nothing), else by the places that send the query.
 * @param max at most so many indexes.
 */
export function chooseIndexSet({ planner, queries, max = Infinity }: { readonly planner: Planner; readonly queries: readonly WorkloadQuery[]; readonly max?: number }): IndexSetAnswer {
  const plans = queries.map((query) => ({ query, answer: planner.plan({ sql: query.sql }) }));
  const first = settled(plans.map((p) => p.answer));
  if (first) return first;
  const planned = plans.flatMap(({ query, answer }) => (answer.state === 'planned' ? [{ query, before: answer.plan }] : []));
  const refused = plans.flatMap(({ query, answer }) => (answer.state === 'refused' ? [{ query, reason: answer.reason }] : []));
  const pool = collectPool(planner, planned);
  if (!Array.isArray(pool)) return pool as IndexSetAnswer;
  const weighted = queries.some((q) => q.weight !== undefined);
  const rows = tryPool(planner, planned, pool as readonly PoolIndex[], weighted);
  if ('state' in rows) return rows;
  const chosen = cover(rows.rows, pool as readonly PoolIndex[], max);
  const checked = check(planner, rows.rows, chosen);
  return 'state' in checked ? checked : { state: 'chosen', indexes: checked.indexes, planned: planned.length, refused };
}

interface Planned {
  readonly query: WorkloadQuery;
  readonly before: PlannedStatement;
}

interface PoolIndex {
  readonly proposal: IndexProposal;
  readonly key: string;
  /** For which queries alone it may be chosen: a covering index pays only where it saves five-fold. */
  readonly covering: boolean;
}

/** A query with what each index of the pool would save it. */
interface Row extends Planned {
  /** Worth of one unit of cost. */
  readonly worth: number;
  readonly saved: ReadonlyMap<string, { readonly cost: number; readonly pages: number }>;
}

function settled(answers: readonly PlanAnswer[]): { readonly state: 'pending' | 'unavailable' } | undefined {
  return answers.some((a) => a.state === 'unavailable') ? { state: 'unavailable' } : answers.some((a) => a.state === 'pending') ? { state: 'pending' } : undefined;
}

const keyOf = (proposal: IndexProposal): string => `${relationKey(proposal.table.schema, proposal.table.name)} ${proposal.method} ${renderIndexColumns(proposal)}`;

/** What the planner chose for each query alone, and the next best. */
function collectPool(planner: Planner, planned: readonly Planned[]): readonly PoolIndex[] | { readonly state: 'pending' | 'unavailable' } {
  const pool = new Map<string, PoolIndex>();
  let open: { readonly state: 'pending' | 'unavailable' } | undefined;
  const add = (proposal: IndexProposal): void => void pool.set(keyOf(proposal), { proposal, key: keyOf(proposal), covering: proposal.include.length > 0 });
  for (const { query, before } of planned) {
    if (before.cost < MINIMUM_SAVING) continue;
    for (const { candidates } of query.relations) {
      if (candidates.length === 0) continue;
      const proved = proveIndex({ planner, sql: query.sql, candidates });
      if (proved.state === 'pending' || proved.state === 'unavailable') open = proved;
      if (proved.state !== 'proved') continue;
      add(proved.proposal);
      const others = proved.tried.filter((t) => t.used && t.proposal.include.length === 0 && t.cost * MINIMUM_GAIN <= before.cost).sort((a, b) => a.cost - b.cost);
      for (const { proposal } of others.slice(0, ALTERNATIVES)) add(proposal);
    }
  }
  return open ?? [...pool.values()];
}

/** Plans each query with each index of the pool that might serve it. */
function tryPool(planner: Planner, planned: readonly Planned[], pool: readonly PoolIndex[], weighted: boolean): { readonly rows: readonly Row[] } | { readonly state: 'pending' | 'unavailable' } {
  const rows: Row[] = [];
  let open: { readonly state: 'pending' | 'unavailable' } | undefined;
  for (const { query, before } of planned) {
    const fitting = before.cost < MINIMUM_SAVING ? [] : pool.filter(({ proposal }) => mayServe(query, proposal));
    const answers = fitting.map(({ proposal }) => planner.plan({ sql: query.sql, add: [toHypothetical(proposal)] }));
    open = settled(answers) ?? open;
    const saved = new Map(fitting.flatMap(({ key, proposal, covering }, i) => {
      const answer = answers[i];
      const added = answer?.state === 'planned' ? answer.plan.added[0] : undefined;
      if (answer?.state !== 'planned' || !added?.used || !isWorth(before, answer.plan, proposal, MINIMUM_GAIN)) return [];
      if (covering && answer.plan.cost * COVERING_GAIN > before.cost) return [];
      return [[key, { cost: before.cost - answer.plan.cost, pages: added.pages }] as const];
    }));
    rows.push({ query, before, worth: weighted ? (query.weight ?? 0) / before.cost : query.sites, saved });
  }
  return open ?? { rows };
}

function mayServe(query: WorkloadQuery, proposal: IndexProposal): boolean {
  const index = toIndex(proposal);
  return query.relations.some(({ table, demand, candidates }) => isSame(table, proposal.table) && (candidates.some((c) => keyOf(c) === keyOf(proposal)) || serves(index, demand, table)));
}

function serves(index: Index, demand: WorkloadQuery['relations'][number]['demand'], table: Table): boolean {
  const match = matchIndex(index, demand, table);
  return match.usable !== 'no' || match.sorted;
}

const isSame = (a: Table, b: Table): boolean => a.schema === b.schema && a.name === b.name;

/** What a query saves with a set: per table the best index, the tables' savings together, never more than all. */
function savedBy(row: Row, chosen: readonly PoolIndex[]): number {
  const byTable = new Map<string, number>();
  for (const { key, proposal } of chosen) {
    const table = relationKey(proposal.table.schema, proposal.table.name);
    byTable.set(table, Math.max(byTable.get(table) ?? 0, row.saved.get(key)?.cost ?? 0));
  }
  return Math.min(row.before.cost, [...byTable.values()].reduce((sum, cost) => sum + cost, 0));
}

/** Greedy: the index whose addition saves most; of those within a fifth the smallest. */
function cover(rows: readonly Row[], pool: readonly PoolIndex[], max: number): readonly PoolIndex[] {
  let chosen: readonly PoolIndex[] = [];
  let rest = pool;
  while (rest.length > 0) {
    const options = rest.flatMap((index) => {
      const next = withIndex(chosen, index);
      if (next.length > max) return [];
      const value = gainOf(rows, chosen, next);
      return value > 0 ? [{ index, next, value }] : [];
    });
    const best = Math.max(...options.map((o) => o.value));
    const near = options.filter((o) => o.value * EQUAL_COST >= best);
    const [taken] = near.sort((a, b) => pagesOf(rows, a.index) - pagesOf(rows, b.index));
    if (!taken) break;
    chosen = taken.next;
    rest = rest.filter((index) => !chosen.includes(index));
  }
  return chosen;
}

/** The set with one more index, which takes the place of those whose keys begin its own. */
const withIndex = (chosen: readonly PoolIndex[], index: PoolIndex): readonly PoolIndex[] => [...chosen.filter((c) => !isPrefix(c.proposal, index.proposal) && !isPrefix(index.proposal, c.proposal)), index];

function isPrefix(a: IndexProposal, b: IndexProposal): boolean {
  return isSame(a.table, b.table) && a.method === 'btree' && b.method === 'btree' && a.predicate === b.predicate && a.keys.length <= b.keys.length &&
    a.keys.every((k, i) => k.sql === b.keys[i]?.sql && k.opclass === b.keys[i]?.opclass && k.descending === b.keys[i]?.descending && k.nullsFirst === b.keys[i]?.nullsFirst);
}

/**
 * Worth of the change from one set to another; 0 where no query gains enough to pay for an index: a query that the set
 * serves already must gain five-fold once more.
 */
function gainOf(rows: readonly Row[], from: readonly PoolIndex[], to: readonly PoolIndex[]): number {
  let value = 0;
  let pays = false;
  for (const row of rows) {
    if (row.saved.size === 0) continue;
    const [before, after] = [row.before.cost - savedBy(row, from), row.before.cost - savedBy(row, to)];
    value += (before - after) * row.worth;
    pays ||= row.worth > 0 && before - after >= MINIMUM_SAVING && (savedBy(row, from) === 0 || after * COVERING_GAIN <= before);
  }
  return pays ? value : 0;
}

const pagesOf = (rows: readonly Row[], index: PoolIndex): number => rows.map((row) => row.saved.get(index.key)?.pages).find((pages) => pages !== undefined) ?? Infinity;

/** Plans every query with all indexes chosen, and leaves out those that no plan uses. */
function check(planner: Planner, rows: readonly Row[], chosen: readonly PoolIndex[]): { readonly indexes: readonly AdvisedIndex[] } | { readonly state: 'pending' | 'unavailable' } {
  const served = rows.map((row) => {
    const own = chosen.filter((index) => row.saved.has(index.key));
    return { row, own, answer: own.length === 0 ? undefined : planner.plan({ sql: row.query.sql, add: own.map((index) => toHypothetical(index.proposal)) }) };
  });
  const open = settled(served.flatMap(({ answer }) => answer ?? []));
  if (open) return open;
  const indexes = chosen.map((index): AdvisedIndex => ({
    proposal: index.proposal, pages: pagesOf(rows, index), redundant: redundantIndexes(index.proposal),
    serves: served.flatMap(({ row, own, answer }): readonly ServedQuery[] =>
      (answer?.state === 'planned' && answer.plan.added[own.indexOf(index)]?.used && answer.plan.cost < row.before.cost ? [{ query: row.query, before: row.before, after: answer.plan }] : [])),
  }));
  const used = chosen.filter((_, i) => (indexes[i]?.serves.length ?? 0) > 0);
  const value = ({ serves }: AdvisedIndex): number => serves.reduce((sum, { query, before, after }) => sum + (before.cost - after.cost) * (rows.find((row) => row.query === query)?.worth ?? 0), 0);
  return used.length < chosen.length ? check(planner, rows, used) : { indexes: [...indexes].sort((a, b) => value(b) - value(a)) };
}
