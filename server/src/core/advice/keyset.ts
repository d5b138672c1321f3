import { quoteIdentifier } from '../sql/names';
import type { OrderItem, QueryBlock } from '../sql/model';
import { overlaps, spanText } from '../text/span';
import { findColumn, uniqueKeys } from '../catalog/lookup';
import { containsAggregate, bindColumn, tableOf, type BoundColumn, type Scope } from './scope';
import { collectPins } from './pins';
import { coversUniqueKey, joinsAreToOne } from './uniqueness';

/** One key of a keyset: the column that orders, and how. */
export interface KeysetKey {
  /** The column as it is written in the query (`o.created_at`). */
  readonly sql: string;
  /** The bare column name. */
  readonly column: string;
  readonly descending: boolean;
  readonly nullable: boolean;
  /** Where NULLs sort; matters for nullable keys. */
  readonly nullsFirst: boolean;
  /** The column's type; empty where unknown. */
  readonly type: string;
  /** Not part of the ORDER BY yet: the tie-breaker. */
  readonly added: boolean;
}

/** Everything that is needed to turn a page by number into a page by key. */
export interface KeysetPlan {
  readonly block: QueryBlock;
  /** ORDER BY plus the tie-breaker: unique together, the last one NOT NULL. */
  readonly keys: readonly KeysetKey[];
}

/** The order of a block, item by item, as columns; undefined where an item is not a plain column. */
export function resolveOrder(scope: Scope, block: QueryBlock): readonly { readonly item: OrderItem; readonly bound: BoundColumn; readonly sql: string }[] | undefined {
  const result: { item: OrderItem; bound: BoundColumn; sql: string }[] = [];
  for (const item of block.orderBy) {
    const expression = orderExpression(block, item);
    const bound = expression?.column && bindColumn(scope, block, expression.column);
    if (!bound || bound.block.index !== block.index) return undefined;
    result.push({ item, bound, sql: spanText(scope.model.text, expression.span) });
  }
  return result;
}

/** What an ORDER BY item sorts by: `ORDER BY 2` and output aliases are looked up in the select list. */
export function orderExpression(block: QueryBlock, item: OrderItem): OrderItem['expression'] | undefined {
  const { expression } = item;
  if (expression.kind === 'constant' && typeof expression.value === 'number') {
    return block.outputs.some((o) => o.star) ? undefined : block.outputs[expression.value - 1]?.expression;
  }
  const name = expression.column;
  if (!name || name.qualifier !== undefined) return expression;
  return block.outputs.find((o) => o.alias === name.column)?.expression ?? expression;
}

/**
 * Which columns to append so that ORDER BY decides between any two rows of the block.
 * @returns an empty list when it already does, undefined when that cannot be known: grouped or set results, to-many
 *   joins, tables whose unique keys are unknown.
 * @param nulls what is true of rows that have NULL in a unique key: they may repeat, or there are none.
 */
export function missingTieBreaker(scope: Scope, block: QueryBlock, nulls: 'repeat' | 'none' = 'repeat'): readonly { readonly sql: string; readonly column: string; readonly relation: number }[] | undefined {
  if (block.kind !== 'select' || block.distinct || block.groupBy.length > 0 || block.relations.length === 0) return undefined;
  if (block.outputs.some((o) => containsAggregate(o.expression)) || block.orderBy.some((item) => isFilledIn(scope, item))) return undefined;
  if (block.orderBy.some((item) => isRowNumber(scope, orderExpression(block, item)))) return [];
  const pins = collectPins(scope, block);
  const ordered = block.orderBy.flatMap((item) => {
    const column = orderedColumn(scope, block, orderExpression(block, item));
    const found = column && bindColumn(scope, block, column);
    return found && found.block.index === block.index ? [found] : [];
  });
  const seeds = block.relations.flatMap((relation, index) => (tableOf(scope.catalog, relation) && relation.join !== 'left' && relation.join !== 'full' && joinsAreToOne(scope, block, index) ? [index] : []));
  if (seeds.length === 0) return undefined;
  // A sequence gives each row a number of its own, though nothing enforces it.
  if (ordered.some((o) => seeds.includes(o.relationIndex) && isNumbered(o))) return [];
  for (const seed of seeds) {
    const relation = block.relations[seed];
    const table = relation && tableOf(scope.catalog, relation);
    const pinned = pins.columns(seed);
    const fixed = new Set([...pinned, ...ordered.filter((o) => o.relationIndex === seed).map((o) => o.column)]);
    if (table && coversUniqueKey(table, fixed, nulls === 'none' ? fixed : pinned)) return [];
  }
  for (const seed of seeds) {
    const relation = block.relations[seed];
    const table = relation && tableOf(scope.catalog, relation);
    const key = table && uniqueKeys(table).find((k) => k.coversNulls && k.columns.every((c) => findColumn(table, c)?.notNull));
    if (!relation || !table || !key) continue;
    const fixed = new Set([...pins.columns(seed), ...ordered.filter((o) => o.relationIndex === seed).map((o) => o.column)]);
    const qualify = block.relations.length > 1 || ordered.some((o) => o.relationIndex === seed && isQualified(block, o.column));
    return key.columns.filter((c) => !fixed.has(c)).map((column) => ({ column, relation: seed, sql: (qualify ? `${quoteIdentifier(relation.alias)}.` : '') + quoteIdentifier(column) }));
  }
  return undefined;
}

/** The host names the key (`ORDER BY ${column}`): it may be a unique one. */
export const isFilledIn = ({ model }: Scope, item: OrderItem): boolean =>
  model.holes.some((hole) => hole.origin.type === 'interpolation' && hole.kind !== 'value' && overlaps(hole.span, item.expression.span));

/** Types whose unequal values are never written alike. */
const HAS_ITS_OWN_TEXT = /^(?:uuid|smallint|integer|bigint|text|character varying\b.*)$/;

/** Numbers the rows of the block: no two have the same one. Which row gets it is another question, that no key after it decides. */
export const isRowNumber = ({ model }: Scope, expression: OrderItem['expression'] | undefined): boolean =>
  expression?.name === 'row_number' && /^row_number\s*\(\s*\)\s*over\s*\((?!.*\bpartition\b)/is.test(spanText(model.text, expression.span));

/** The column that an order item compares, under a COLLATE too (equal under one deterministic collation is equal under all), or as text. */
function orderedColumn(scope: Scope, block: QueryBlock, expression: OrderItem['expression'] | undefined): OrderItem['expression']['column'] {
  if (!expression || expression.column) return expression?.column;
  const inner = expression.kind === 'cast' ? expression.args?.[0]?.column : undefined;
  const type = inner && bindColumn(scope, block, inner)?.definition?.type;
  if (type !== undefined && expression.type === 'text' && HAS_ITS_OWN_TEXT.test(type)) return inner;
  return expression.columns.length === 1 && /^[\w."]+\s+collate\s+\S+$/i.test(spanText(scope.model.text, expression.span)) ? expression.columns[0] : undefined;
}

const isNumbered = (bound: BoundColumn): boolean => bound.definition?.generated === 'identity' || /^nextval\b/.test(bound.definition?.default ?? '');

const isQualified = (block: QueryBlock, column: string): boolean =>
  block.orderBy.some((item) => item.expression.column?.column === column && item.expression.column.qualifier !== undefined);

/**
 * Plans a keyset for a paged block: its ORDER BY, completed by the tie-breaker in the direction of the last key.
 * @returns undefined when an order key is not a plain column, or no unique tie-breaker can be proved.
 */
export function planKeyset(scope: Scope, block: QueryBlock): KeysetPlan | undefined {
  const order = resolveOrder(scope, block);
  const missing = missingTieBreaker(scope, block);
  if (!order || !missing) return undefined;
  const descending = order.at(-1)?.item.descending ?? false;
  const keys: KeysetKey[] = order.map(({ item, bound, sql }) => ({
    sql,
    column: bound.column,
    descending: item.descending,
    nullable: isNullable(bound),
    nullsFirst: (item.nulls ?? (item.descending ? 'first' : 'last')) === 'first',
    type: bound.definition?.type ?? '',
    added: false,
  }));
  keys.push(...missing.map((m) => ({ sql: m.sql, column: m.column, descending, nullable: false, nullsFirst: descending, type: typeOf(scope, block, m), added: true })));
  // The last key tells the first page from the others, so a NULL there must be impossible.
  const last = keys.at(-1);
  return last && !last.nullable ? { block, keys } : undefined;
}

function typeOf(scope: Scope, block: QueryBlock, key: { readonly relation: number; readonly column: string }): string {
  const relation = block.relations[key.relation];
  return findColumn(relation && tableOf(scope.catalog, relation), key.column)?.type ?? '';
}

function isNullable(bound: BoundColumn): boolean {
  const outer = bound.block.relations.some((r) => r.join === 'full' || r.join === 'right') || bound.relation.join === 'left';
  return outer || findColumn(bound.table, bound.column)?.notNull !== true;
}

/**
 * Renders "comes after the row with these key values". One direction and no NULLs: a row comparison, which an index on
 * the keys serves as it is. Otherwise the expanded form, led by a bound on the first key that an index can use.
 * Each parameter is first compared with its column, so that Postgres infers its type from there.
 * @param values SQL of the last row's values, in order of the keys.
 */
export function renderAfter(keys: readonly KeysetKey[], values: readonly string[]): string {
  const first = keys[0];
  if (!first) return 'true';
  const sameDirection = keys.every((k) => k.descending === first.descending && !k.nullable);
  if (sameDirection && keys.length === 1) return `${first.sql} ${operator(first)} ${values[0]}`;
  if (sameDirection) return `(${keys.map((k) => k.sql).join(', ')}) ${operator(first)} (${values.join(', ')})`;
  const branches = keys.map((key, i) => {
    const equal = keys.slice(0, i).map((k, j) => (k.nullable ? `${k.sql} IS NOT DISTINCT FROM ${values[j]}` : `${k.sql} = ${values[j]}`));
    const after = renderKeyAfter(key, values[i] ?? '');
    return equal.length === 0 ? after : `(${[...equal, after].join(' AND ')})`;
  });
  const expanded = `(${branches.join(' OR ')})`;
  return first.nullable ? expanded : `(${first.sql} ${operator(first)}= ${values[0]} AND ${expanded})`;
}

function renderKeyAfter(key: KeysetKey, value: string): string {
  const compare = `${key.sql} ${operator(key)} ${value}`;
  if (!key.nullable) return compare;
  return key.nullsFirst
    ? `(${compare} OR (${value} IS NULL AND ${key.sql} IS NOT NULL))`
    : `(${compare} OR (${key.sql} IS NULL AND ${value} IS NOT NULL))`;
}

const operator = (key: KeysetKey): '<' | '>' => (key.descending ? '<' : '>');

/**
 * The condition of a keyset page for one statement that serves the first page too: the cursor is NULL there.
 * Postgres plans unnamed and custom-plan statements with the values in hand, so the branch folds away.
 */
export function renderKeysetCondition(keys: readonly KeysetKey[], values: readonly string[]): string {
  return `(${renderAfter(keys, values)} OR ${values.at(-1) ?? 'NULL'} IS NULL)`;
}
