import { quoteIdentifier } from '../sql/names';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import { containsSpan, sqlSpan, spanText } from '../text/span';
import { coverHoles } from './holes';
import { collectPins } from './pins';
import { bindColumn, expressionsIn, isSystemRelation, withoutCasts, type BoundColumn, type Scope } from './scope';
import { isSteady } from './steady';
import type { SqlEdit } from './sqlEdits';
import { isPinnedToOneRow, joinsAreToOne } from './uniqueness';

/** Where a scalar sub-query stands in the block around it. */
export interface SubqueryPlace {
  readonly outer: QueryBlock;
  readonly inner: QueryBlock;
  readonly at: 'output' | 'where' | 'order';
  /** The output that it is, but for casts; undefined inside a larger expression. */
  readonly output?: QueryBlock['outputs'][number];
}

/** `inner.column = outer.column`: what ties a sub-query to the row around it. */
interface Tie {
  readonly conjunct: Conjunct;
  readonly inner: BoundColumn;
  readonly innerSql: string;
  readonly outerSql: string;
}

/** Columns of the outer block's own relations that a sub-query mentions, at any depth. */
export function collectOuterColumns(scope: Scope, outer: QueryBlock, inner: QueryBlock): readonly BoundColumn[] {
  return scope.model.blocks.filter((b) => containsSpan(inner.span, b.span)).flatMap((block) => expressionsIn(block).flatMap(columnsIn).flatMap((ref) => {
    const bound = bindColumn(scope, block, ref);
    return bound?.block.index === outer.index ? [bound] : [];
  }));
}

const columnsIn = (expression: Expression): Expression['columns'] => expression.columns;

/** What the aggregate is for no rows at all: `0` for counts, otherwise NULL; undefined for aggregates that depend on order. */
const EMPTY: Readonly<Record<string, 'null' | '0'>> = { count: '0', sum: 'null', min: 'null', max: 'null', avg: 'null', bool_and: 'null', bool_or: 'null', every: 'null' };

/**
 * Rewrites a correlated scalar sub-query as a LEFT JOIN of a derived table that has one row per key: an aggregate grouped by
 * the columns that tie it to the outer row, or the one row that a unique key leaves. Groups that have no row give NULL, which
 * is what the aggregate gives, or the constant that stands for it (`coalesce(…, 0)` for counts).
 * @param text the statement's text as it stands, with the model's offsets.
 * @returns undefined where the result is not provably the same.
 */
export function rewriteAsJoin(scope: Scope, { outer, inner, output }: SubqueryPlace, text: string): readonly SqlEdit[] | undefined {
  const value = inner.outputs.length === 1 ? inner.outputs[0] : undefined;
  // The rows of an array keep an order; UPDATE has no join of its target.
  if (inner.role !== 'scalar' || outer.kind !== 'select') return undefined;
  if (!value || value.star || !isPlainBlock(scope, inner) || !takesJoin(outer, text)) return undefined;
  const ties = findTies(scope, outer, inner, text);
  const from = outer.clauses.from?.span;
  const innerFrom = inner.clauses.from?.body;
  const place = findParentheses(text, inner);
  if (!ties || ties.length === 0 || !from || !innerFrom || !place || (ties.some((tie) => /\b(?:only|tablesample)\b/i.test(tie.innerSql)))) return undefined;
  const aggregate = findAggregate(value.expression);
  if (aggregate === undefined ? !isOneRow(scope, inner, ties) : aggregate.empty === undefined) return undefined;
  if (!isSteady(spanText(text, inner.span)) || /--|\/\*/.test(spanText(text, inner.span)) || !mayMove(scope, inner, text)) return undefined;
  const alias = freeName(text, `${inner.relations[0]?.name ?? 'rows'}_by_${ties.map((tie) => tie.inner.column).join('_')}`);
  const names = ties.map((_, i) => freeName(text, ties.length === 1 ? 'key' : `key_${i + 1}`));
  const result = freeName(text, 'value');
  const rest = inner.conjuncts.filter((c) => c.clause === 'where' && !ties.some((tie) => tie.conjunct === c)).map((c) => spanText(text, coverHoles(scope.model, c.span)));
  const keys = ties.map((tie, i) => `${tie.innerSql} AS ${names[i] ?? ''}`);
  const select = `SELECT ${keys.join(', ')}, ${spanText(text, coverHoles(scope.model, value.expression.span))} AS ${result} FROM ${spanText(text, coverHoles(scope.model, innerFrom)).trim()}`;
  const where = rest.length > 0 ? ` WHERE ${rest.join(' AND ')}` : '';
  const group = aggregate ? ` GROUP BY ${ties.map((tie) => tie.innerSql).join(', ')}` : '';
  const on = ties.map((tie, i) => `${quoteIdentifier(alias)}.${names[i] ?? ''} = ${tie.outerSql}`).join(' AND ');
  const read = `${quoteIdentifier(alias)}.${result}`;
  const shown = aggregate?.empty === undefined || aggregate.empty === 'null' ? read : `coalesce(${read}, ${aggregate.empty})`;
  const end = coverHoles(scope.model, from).end;
  return [
    { span: place, text: shown + (output && output.alias === undefined ? ` AS ${quoteIdentifier(columnName(value) ?? '?column?')}` : '') },
    { span: sqlSpan(end, end), text: ` LEFT JOIN (${select}${where}${group}) ${quoteIdentifier(alias)} ON ${on}` },
  ].sort((a, b) => a.span.start - b.span.start);
}

/** One SELECT over tables, without anything that orders, cuts or groups; no sub-query of its own. */
const isPlainBlock = (scope: Scope, block: QueryBlock): boolean =>
  block.kind === 'select' && !block.distinct && block.groupBy.length === 0 && block.orderBy.length === 0 && !block.limit && !block.offset && !block.locking && !block.clauses.having && !block.clauses.window && !block.clauses.with &&
  block.relations.length > 0 && block.relations.every((r) => r.kind === 'table' && !r.lateral && !isSystemRelation(r)) && !scope.model.blocks.some((b) => b.index !== block.index && containsSpan(block.span, b.span));

/** Can a LEFT JOIN be appended to the FROM clause without changing what else the block says? */
function takesJoin(block: QueryBlock, text: string): boolean {
  const body = block.clauses.from?.body;
  if (!body || block.kind !== 'select' || block.locking || block.groupBy.length > 0 || block.clauses.having || block.outputs.some((o) => o.star && o.qualifier === undefined)) return false;
  // Behind a comma the join would not see the relations before it.
  return block.relations.length > 0 && block.relations.slice(1).every((r) => r.join !== undefined && (r.join !== 'cross' || /\bcross\s+join\b/i.test(spanText(text, body)))) && !hasComma(spanText(text, body));
}

/** A comma between items, not inside parentheses or quotes. */
function hasComma(text: string): boolean {
  let depth = 0;
  for (const c of text.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '')) {
    if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === ',' && depth === 0) return true;
  }
  return false;
}

/** Every mention of the outer row as an equality of two columns of one type in WHERE; undefined where one is anything else. */
function findTies(scope: Scope, outer: QueryBlock, inner: QueryBlock, text: string): readonly Tie[] | undefined {
  const ties: Tie[] = [];
  for (const conjunct of inner.conjuncts) {
    const { left, right } = conjunct;
    if (conjunct.clause !== 'where' || conjunct.operator !== '=' || conjunct.negated || !left?.column || !right?.column) continue;
    const [l, r] = [bindColumn(scope, inner, left.column), bindColumn(scope, inner, right.column)];
    if (!l || !r) return undefined;
    const [own, other, ownSide, otherSide] = l.block.index === inner.index ? [l, r, left, right] : [r, l, right, left];
    if (own.block.index !== inner.index || other.block.index !== outer.index) continue;
    if (!own.definition || !other.definition || !sameType(own.definition.type, other.definition.type)) return undefined;
    ties.push({ conjunct, inner: own, innerSql: spanText(text, ownSide.span), outerSql: spanText(text, otherSide.span) });
  }
  // A name that cannot be resolved may be the outer row's.
  if (expressionsIn(inner).flatMap(columnsIn).some((ref) => bindColumn(scope, inner, ref) === undefined)) return undefined;
  return collectOuterColumns(scope, outer, inner).length === ties.length ? ties : undefined;
}

const INTEGER = /^(smallint|integer|bigint)$/;
/** Types whose `=` and GROUP BY agree between the two sides. */
const sameType = (a: string, b: string): boolean => a === b || (INTEGER.test(a) && INTEGER.test(b)) || (/^(text|character varying)/.test(a) && /^(text|character varying)/.test(b));

/** The aggregate that the value is, under casts and `coalesce(…, constant)`; undefined where it holds none. */
function findAggregate(expression: Expression): { readonly empty?: string } | undefined {
  const bare = withoutCasts(expression);
  if (bare.kind === 'aggregate') {
    const empty = EMPTY[bare.name ?? ''];
    return empty === undefined ? {} : { empty };
  }
  if (bare.kind === 'function' && bare.name === 'coalesce' && bare.args?.length === 2) {
    const [first, second] = bare.args;
    const inner = first && findAggregate(first);
    if (!inner) return (bare.args ?? []).some(holdsAggregate) ? {} : undefined;
    if (second?.kind !== 'constant' || typeof second.value !== 'number' || inner.empty === undefined) return {};
    return { empty: inner.empty === 'null' ? String(second.value) : inner.empty };
  }
  return holdsAggregate(bare) ? {} : undefined;
}

const holdsAggregate = (expression: Expression): boolean => expression.kind === 'aggregate' || (expression.args ?? []).some(holdsAggregate);

/** Does each key find at most one row: the ties and the constants hold a unique key, and the joins add none? */
function isOneRow(scope: Scope, inner: QueryBlock, ties: readonly Tie[]): boolean {
  const pins = collectPins(scope, inner);
  return inner.relations.some((_, index) => ties.every((tie) => tie.inner.relationIndex === index) && isPinnedToOneRow(scope, inner, index, pins) && joinsAreToOne(scope, inner, index));
}

const columnName = ({ alias, expression }: QueryBlock['outputs'][number]): string | undefined => {
  const bare = withoutCasts(expression);
  return alias ?? bare.column?.column ?? (bare.kind === 'aggregate' || bare.kind === 'function' ? bare.name : undefined);
};

/** Parameters that keep their meaning in another place: numbered or named ones. */
const mayMove = ({ model }: Scope, inner: QueryBlock, text: string): boolean =>
  model.holes.filter((hole) => containsSpan(inner.span, hole.span)).every((hole) => hole.origin.type === 'placeholder' && /^(?:[$:@]\w|%\()/.test(spanText(text, hole.span)));

/** The sub-query with its parentheses. */
function findParentheses(text: string, inner: QueryBlock): ReturnType<typeof sqlSpan> | undefined {
  let start: number = inner.span.start;
  let end: number = inner.span.end;
  while (/\s/.test(text[start - 1] ?? '')) start--;
  while (/\s/.test(text[end] ?? '')) end++;
  return text[start - 1] === '(' && text[end] === ')' ? sqlSpan(start - 1, end + 1) : undefined;
}

/** A name that the statement does not use: no column of it can become ambiguous. */
function freeName(text: string, wanted: string): string {
  const used = new Set((text.toLowerCase().match(/[a-z_][\w$]*/g) ?? []));
  let name = wanted;
  for (let i = 2; used.has(name.toLowerCase()); i++) name = `${wanted}_${i}`;
  return name;
}
