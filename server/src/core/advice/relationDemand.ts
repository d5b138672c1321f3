import type { IndexPredicate } from '../catalog/indexPredicates';
import { findColumn } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import type { LintSettings, StatementContext } from '../lint/rule';
import type { ColumnRef, Conjunct, QueryBlock, Relation } from '../sql/model';
import { hasUnknownPart } from './holes';
import { ownerTest, splitRows, type Condition } from './indexDemand';
import { isJsonbPredicate } from './jsonb';
import { bindColumn, isSystemRelation, sidesOf, tableOf, type Scope } from './scope';
import { sizeOf, type TableSize } from './size';

/** One relation of a block that reads a table which may be large, before its conditions are looked at. */
export interface ReadRelation {
  readonly scope: Scope;
  readonly block: QueryBlock;
  /** Index in `block.relations`. */
  readonly index: number;
  readonly relation: Relation;
  readonly table: Table;
  readonly size: Extract<TableSize, 'large' | 'unknown'>;
  /** Of the block, rows taken apart. */
  readonly conjuncts: readonly Conjunct[];
  /** Does a column reference belong to this relation? */
  readonly owns: (column: ColumnRef) => boolean;
}

/** The relations of a statement in which a missing index would be felt; empty where parts of the statement or the schema are not known. */
export function collectReadRelations({ model, catalog, site, settings }: Pick<StatementContext, 'model' | 'catalog' | 'site' | 'settings'>): readonly ReadRelation[] {
  if (!catalog || catalog.incomplete || model.completeness !== 'full' || !site.complete || hasUnknownPart(model)) return [];
  const scope: Scope = { model, catalog };
  return model.blocks.flatMap((block) => (block.kind === 'insert' || block.kind === 'merge' ? [] : block.relations.flatMap((_, index) => readRelation(scope, block, index, settings) ?? [])));
}

function readRelation(scope: Scope, block: QueryBlock, index: number, settings: LintSettings): ReadRelation | undefined {
  const relation = block.relations[index];
  const table = relation && tableOf(scope.catalog, relation);
  if (!table || table.incomplete || isSystemRelation(relation) || !['table', 'partitioned', 'matview'].includes(table.kind)) return undefined;
  const size = sizeOf(table, settings);
  if (size === 'small' || size === 'medium') return undefined;
  return { scope, block, index, relation, table, size, conjuncts: block.conjuncts.flatMap(splitRows), owns: ownerTest(scope, block, index) };
}

const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid', 'oid']);

/**
 * Does a condition name a column that the catalog's table has not? Then the schema is older than the query, and an index
 * may exist that is not known either.
 */
export function isBehind({ scope, block, relation, table, conjuncts }: ReadRelation): boolean {
  const columns = conjuncts.flatMap((c) => [...(c.left?.columns ?? []), ...(c.right?.columns ?? [])]);
  return columns.some((ref) => {
    const own = ref.qualifier === undefined ? block.relations.length === 1 && bindColumn(scope, block, ref) === undefined : ref.qualifier === relation.alias;
    return own && !SYSTEM_COLUMNS.has(ref.column) && findColumn(table, ref.column) === undefined;
  });
}

/**
 * The common case, decided without normalising any text: an equality on the first column of a whole b-tree index. A join does
 * not count where this is the relation that the query starts from: its key is then looked up in the other one.
 */
export function isPlainlyServed(read: ReadRelation): boolean {
  const { table, owns } = read;
  const leading = new Set(table.indexes.flatMap((index) => (index.valid && index.method === 'btree' && index.predicate === undefined ? [index.keys[0]?.column] : [])));
  return withoutLeadingJoins(read).some((c) => c.clause !== 'having' && !c.negated && ['=', 'in', 'any'].includes(c.operator) &&
    [c.left, c.right].some((side) => side?.column !== undefined && leading.has(side.column.column) && owns(side.column) && (c.operator === '=' || side === c.left)));
}

/** The conditions by which an index may find rows: joins with relations of the same block only where one of those may be narrowed to few rows. */
function withoutLeadingJoins(read: ReadRelation): readonly Conjunct[] {
  return isStart(read) ? read.conjuncts.filter((c) => !joinsHere(read, c)) : read.conjuncts;
}

/** Does the query start from this relation? No other one has a condition of its own, or is anything but a table. */
export function isStart({ scope, block, index }: ReadRelation): boolean {
  if (block.relations.length < 2) return false;
  const others = block.relations.every((r, i) => i === index || (r.kind === 'table' && !r.lateral && !isSystemRelation(r) && tableOf(scope.catalog, r) !== undefined));
  return others && !block.conjuncts.some((c) => {
    if (c.clause === 'having') return false;
    const owners = new Set(sidesOf(c).flatMap((side) => side.columns).map((column) => bindColumn(scope, block, column)).map((b) => (b?.block.index === block.index ? b.relationIndex : undefined)));
    return ![...owners].every((owner) => owner !== undefined) || (owners.size === 1 && !owners.has(index));
  });
}

/** Does a condition compare with another relation of the same block? */
const joinsHere = ({ scope, block, index }: ReadRelation, c: Conjunct): boolean =>
  sidesOf(c).flatMap((side) => side.columns).some((column) => {
    const bound = bindColumn(scope, block, column);
    return bound?.block.index === block.index && bound.relationIndex !== index;
  });

/**
 * The condition that should find the rows: one that is likely to leave few. Join conditions count when another relation
 * is narrowed, so that the join would look this one up row by row; two whole tables are better joined by a hash.
 * @param weak also conditions that only statistics can tell to be selective: a constant of a short list of states.
 */
export function chiefCondition(read: ReadRelation, conditions: readonly Condition[], weak = false): Condition | undefined {
  const selective = conditions.filter((c) => isComparable(read.table, c) && (weak || !isState(c)));
  const own = selective.filter((c) => !c.joins);
  const outer = ['scalar', 'exists', 'any', 'array', 'lateral'].includes(read.block.role);
  const joined = outer || isOtherNarrowed(read) ? selective.filter((c) => c.joins) : [];
  return own.find((c) => c.operator === '=' && c.values === undefined) ?? own.find((c) => c.operator === '=') ?? joined.find((c) => c.operator === '=') ?? own[0];
}

/** A comparison of one value or column that an index can serve, the inside of jsonb apart. */
function isComparable(table: Table, c: IndexPredicate): boolean {
  if (c.negated || isJsonbPredicate(table, c) || !['=', 'in', 'any', '<', '<=', '>', '>=', 'between', '@>', '&&', '@@'].includes(c.operator)) return false;
  const type = findColumn(table, c.column ?? '')?.type;
  return c.column === undefined || (type !== undefined && type !== 'boolean');
}

/** A constant from a short list of states says nothing about how many rows have it. */
const isState = (c: IndexPredicate): boolean =>
  c.values !== undefined && c.operator !== '@>' && (/(^|_)(status|state|type|kind|role|category|level|priority|deleted|active|enabled)$/i.test(c.column ?? '') || c.values.every((v) => typeof v === 'boolean' || v === null));

/** Without a known size, only an equality with a value from outside is likely to find few rows. */
export const isParameterEquality = (c: IndexPredicate): boolean => ['=', 'in', 'any', '@>', '&&'].includes(c.operator) && c.values === undefined;

/** Has another relation of the block a condition against a value? */
function isOtherNarrowed({ scope, block, index }: ReadRelation): boolean {
  return block.conjuncts.some((c) => {
    if (c.clause === 'having' || c.negated || !['=', 'in', 'any', 'between'].includes(c.operator) || !c.left) return false;
    const relations = new Set([...c.left.columns, ...(c.right?.columns ?? [])].map((column) => bindColumn(scope, block, column)?.relationIndex));
    return relations.size === 1 && !relations.has(undefined) && !relations.has(index);
  });
}
