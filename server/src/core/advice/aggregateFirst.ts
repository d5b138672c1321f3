import { quoteIdentifier } from '../sql/names';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import { escapeRegExp } from '../text/regExp';
import { containsSpan, spanText, type SqlSpan } from '../text/span';
import { collectPins } from './pins';
import { bindColumn, expressionsIn, tableOf, walkExpression, type Scope } from './scope';
import type { SqlEdit } from './sqlEdits';
import { coversUniqueKey } from './uniqueness';

/** Aggregates that `max` over one and the same value gives back. */
const KEPT: ReadonlySet<string> = new Set(['sum', 'count', 'avg']);

/**
 * Aggregates one side of a product on its own: its table becomes a derived table with one row per key under the same alias, and
 * each aggregate over it the one value of its group. What the join drops or keeps stays as it is.
 * @param side relation whose aggregates see each row several times
 * @param parent relation whose row is one group
 * @returns undefined where the side is used in another way, or a group may hold several rows of the parent.
 */
export function aggregateFirst(scope: Scope, block: QueryBlock, side: number, parent: number): readonly SqlEdit[] | undefined {
  const { model: { text, holes }, catalog } = scope;
  const [relation, above] = [block.relations[side], block.relations[parent]];
  const table = above && tableOf(catalog, above);
  if (!relation || !table || block.relations.length !== 3 || side === 0 || relation.hole !== undefined || block.clauses.with) return undefined;
  const indexOf = (expression: Expression): readonly (number | undefined)[] => expression.columns.map((column) => {
    const bound = bindColumn(scope, block, column);
    return bound?.block.index === block.index ? bound.relationIndex : undefined;
  });
  const all = expressionsIn(block);
  if (all.some((expression) => indexOf(expression).includes(undefined) || [...walkExpression(expression)].some((e) => e.kind === 'subquery'))) return undefined;
  // A group is one row of the parent.
  const fixed = new Set([...collectPins(scope, block).columns(parent), ...block.groupBy.flatMap((key) => (key.column && bindColumn(scope, block, key.column)?.relationIndex === parent ? [key.column.column] : []))]);
  if (block.groupBy.length === 0 || !coversUniqueKey(table, fixed, fixed)) return undefined;
  const mentions = (expression: Expression | undefined): boolean => expression !== undefined && indexOf(expression).includes(side);
  const ties = tiesOf(scope, block, side, mentions);
  const aggregates = block.outputs.filter((output) => mentions(output.expression)).map((output) => aggregatesOf(output.expression, mentions, text));
  if (!ties || aggregates.length === 0 || aggregates.includes(undefined) || [...block.groupBy, ...block.orderBy.map((item) => item.expression)].some(mentions) || block.clauses.having) return undefined;
  if (isNarrowed(block, mentions)) return undefined;
  const found = aggregates.flatMap((own) => own ?? []);
  if (holes.some((hole) => found.some((a) => containsSpan(a.span, hole.span)))) return undefined;
  const alias = quoteIdentifier(relation.alias);
  const names = found.map((a, i) => (found.length === 1 ? a.name ?? '' : `${a.name}_${i + 1}`));
  // A name that something else of the block has would be ambiguous, or another column.
  const columnNames = new Set([...ties, ...block.relations.flatMap((one, i) => (i === side ? [] : tableOf(catalog, one)?.columns.map(({ name }) => name) ?? [])), ...all.flatMap((e) => e.columns.map(({ column }) => column))]);
  if (names.some((name) => columnNames.has(name))) return undefined;
  const keys = ties.map((column) => `${alias}.${quoteIdentifier(column)}`);
  const own = spanText(text, relation.span);
  const derived = `(SELECT ${[...keys, ...found.map((a, i) => `${spanText(text, a.span)} AS ${names[i]}`)].join(', ')} FROM ${own}${relation.alias === relation.name ? '' : ` ${alias}`} GROUP BY ${keys.join(', ')})`;
  const named = isNamed(text, relation.span, relation.alias);
  return [
    { span: relation.span, text: named ? derived : `${derived} ${alias}` },
    ...found.map((a, i): SqlEdit => {
      const value = `max(${alias}.${names[i]})`;
      const whole = block.outputs.some((output) => output.alias === undefined && output.expression.span.start === a.span.start && output.expression.span.end === a.span.end);
      return { span: a.span, text: `${a.name === 'count' ? `coalesce(${value}, 0)` : value}${whole ? ` AS ${a.name}` : ''}` };
    }),
  ].sort((a, b) => a.span.start - b.span.start);
}

/**
 * Does a condition leave few rows of the others? Then the side is looked up for those now, and would be aggregated whole. A constant for
 * what it is joined by reaches into the derived table.
 */
function isNarrowed(block: QueryBlock, mentions: (e: Expression | undefined) => boolean): boolean {
  const isJoin = ({ left, right, operator }: Conjunct): boolean => operator === '=' && left?.column !== undefined && right?.column !== undefined;
  const tied = new Set(block.conjuncts.filter(isJoin).flatMap(({ left, right }) => (mentions(left) ? [columnKey(right)] : mentions(right) ? [columnKey(left)] : [])));
  return block.conjuncts.some((conjunct) => !isJoin(conjunct) && !(conjunct.operator === '=' && !conjunct.negated && !conjunct.branches && [conjunct.left, conjunct.right].some((side) => side?.column && tied.has(columnKey(side)))));
}

const columnKey = (expression: Expression | undefined): string => `${expression?.column?.qualifier ?? ''}.${expression?.column?.column ?? ''}`;

/** Does an alias stand behind the table's name? */
const isNamed = (text: string, span: SqlSpan, alias: string): boolean =>
  new RegExp(`^\\s+(?:as\\s+)?"?${escapeRegExp(alias)}"?(?![\\w$])`, 'i').test(text.slice(span.end));

/** Columns by which the side is joined; undefined where a condition asks for anything else of it. */
function tiesOf(scope: Scope, block: QueryBlock, side: number, mentions: (e: Expression | undefined) => boolean): readonly string[] | undefined {
  const ties: string[] = [];
  const flat = (conjunct: Conjunct): readonly Conjunct[] => [conjunct, ...(conjunct.branches ?? []).flat().flatMap(flat)];
  for (const conjunct of block.conjuncts) {
    if (!flat(conjunct).some(({ left, right }) => mentions(left) || mentions(right))) continue;
    const { left, right, operator } = conjunct;
    const [own, other] = mentions(left) ? [left, right] : [right, left];
    if (operator !== '=' || conjunct.negated || conjunct.branches || !own?.column || !other?.column || mentions(other)) return undefined;
    ties.push(own.column.column);
  }
  return ties.length > 0 && ties.every((tie, i) => ties.indexOf(tie) === i) && bindColumn(scope, block, { column: ties[0] ?? '', qualifier: block.relations[side]?.alias, span: block.span }) !== undefined ? ties : undefined;
}

/** The aggregates over the side that an output is made of; undefined where it mentions the side outside of one, or in one that cannot be moved. */
function aggregatesOf(expression: Expression, mentions: (e: Expression) => boolean, text: string): readonly Expression[] | undefined {
  if (expression.kind === 'aggregate') {
    const written = spanText(text, expression.span);
    const moves = KEPT.has(expression.name ?? '') && expression.columns.length > 0 && /^\w+\s*\((?!\s*distinct\b)[\w\s."]*\)$/i.test(written);
    return moves ? [expression] : undefined;
  }
  if (expression.kind === 'column') return undefined;
  const parts = (expression.args ?? []).filter(mentions).map((part) => aggregatesOf(part, mentions, text));
  return parts.length > 0 && parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}
