import type { ColumnRef, Expression } from '../../core/sql/model';
import type { MaskedHole } from '../../core/sql/mask';
import type { TokenRange, TokenRanges } from '../../core/sql/tokenRanges';
import { partsOf, type RawExpression, type RawQuery } from './rawTree';

/** What the builder of expressions needs of the builder of blocks. */
export interface ExpressionContext {
  readonly ranges: TokenRanges;
  readonly holes: readonly MaskedHole[];
  /** Builds a sub-query's block and returns its index. */
  subquery(query: RawQuery, role: 'scalar' | 'exists' | 'in' | 'any' | 'array'): number;
}

/**
 * Gives an expression its ranges, from the outside in: `range` is where the expression stands, operators cut it.
 * Where the tokens do not show a part's borders, the part keeps the range of its parent.
 */
export function buildExpression(context: ExpressionContext, raw: RawExpression, range: TokenRange): Expression {
  const { ranges } = context;
  // The parentheses of a list or sub-query are its own.
  const bracketed = (raw.kind === 'array' || raw.kind === 'row' || raw.kind === 'subquery') && raw.at === undefined;
  const inner = bracketed ? range : ranges.strip(range);
  return leaf(context, raw, inner) ?? compound(context, raw, inner);
}

/** Index of the hole at an offset; undefined where there is none. */
export function holeAt(holes: readonly MaskedHole[], offset: number | undefined): number | undefined {
  if (offset === undefined || holes.length === 0) return undefined;
  let low = 0;
  let high = holes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((holes[middle]?.region.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return (holes[low]?.region.start ?? Infinity) <= offset ? low : undefined;
}

function leaf(context: ExpressionContext, raw: RawExpression, range: TokenRange): Expression | undefined {
  const { ranges, holes } = context;
  const first = raw.at === undefined ? range.from : ranges.indexAt(raw.at);
  const at = ranges.tokens[first]?.start;
  switch (raw.kind) {
    case 'column': {
      const hole = holeAt(holes, raw.at);
      if (hole !== undefined && raw.parts.length === 1 && !raw.star && covers(holes[hole], ranges, first)) {
        return { kind: 'hole', hole, span: holes[hole]?.span ?? ranges.span(range), columns: [] };
      }
      const span = ranges.span(raw.at === undefined ? range : { from: first, to: nameEnd(ranges, first) });
      const qualifier = raw.parts.at(raw.star ? -1 : -2);
      if (raw.star) return { kind: 'star', span, columns: [], ...(qualifier === undefined ? {} : { name: qualifier }) };
      const column: ColumnRef = { ...(qualifier === undefined ? {} : { qualifier }), column: raw.parts.at(-1) ?? '', span };
      return { kind: 'column', span, columns: [column], column };
    }
    case 'parameter':
    case 'constant': {
      const hole = holeAt(holes, raw.at ?? (range.to - range.from === 1 ? at : undefined));
      if (hole !== undefined && holes[hole]?.kind !== 'string') return { kind: 'hole', hole, span: holes[hole]?.span ?? ranges.span(range), columns: [] };
      const signed = /^[-+]$/.test(ranges.word(first)) ? 2 : 1;
      const single = raw.at === undefined ? range : { from: first, to: first + signed };
      if (raw.kind === 'parameter') return { kind: 'other', span: ranges.span(single), columns: [] };
      const within = typeof raw.value !== 'string' ? -1 : holes.findIndex((candidate) => candidate.kind === 'string' && candidate.span.start >= ranges.span(single).start && candidate.span.end <= ranges.span(single).end);
      return { kind: 'constant', value: raw.value, span: ranges.span(single), columns: [], ...(within < 0 ? {} : { hole: within }) };
    }
    default:
      return undefined;
  }
}

/** A hole glued to other characters (`prefix_${x}`) names a column, it is not the hole alone. */
const covers = (hole: MaskedHole | undefined, ranges: TokenRanges, token: number): boolean =>
  hole !== undefined && (ranges.tokens[token]?.start ?? 0) >= hole.region.start && (ranges.tokens[token]?.end ?? Infinity) <= hole.region.end;

/** Behind the last part of a dotted name. */
export function nameEnd(ranges: TokenRanges, first: number): number {
  let i = first + 1;
  while (ranges.word(i) === '.' && ranges.tokens[i + 1]) i += 2;
  return i;
}

function compound(context: ExpressionContext, raw: RawExpression, range: TokenRange): Expression {
  const { ranges } = context;
  const parts = partsOf(raw);
  const places = partRanges(ranges, raw, range);
  const args = parts.map((part, i) => buildExpression(context, part, places.parts[i] ?? range));
  const extras = raw.kind === 'function' ? (raw.extras ?? []).map((extra) => buildExpression(context, extra, places.whole)) : [];
  const base = { span: ranges.span(places.whole), columns: [...args, ...extras].flatMap((arg) => arg.columns), args };
  switch (raw.kind) {
    case 'function': return { ...base, kind: raw.aggregate ? 'aggregate' : 'function', name: raw.name };
    case 'cast': return { ...base, kind: 'cast', type: raw.type };
    case 'operator': case 'comparison': return { ...base, kind: 'operator', name: raw.name };
    case 'and': case 'or': case 'not': return { ...base, kind: 'operator', name: raw.kind };
    case 'array': case 'row': return { ...base, kind: raw.kind };
    case 'subquery': return { kind: 'subquery', span: base.span, columns: [], block: context.subquery(raw.query, raw.role) };
    default: return { ...base, kind: 'other', ...(raw.kind === 'other' && raw.name ? { name: raw.name } : {}) };
  }
}

interface PartRanges {
  readonly whole: TokenRange;
  readonly parts: readonly (TokenRange | undefined)[];
}

/** Where the operands of an expression stand. */
export function partRanges(ranges: TokenRanges, raw: RawExpression, range: TokenRange): PartRanges {
  const at = raw.at === undefined ? undefined : ranges.indexAt(raw.at);
  const inRange = at !== undefined && at >= range.from && at < range.to ? at : undefined;
  switch (raw.kind) {
    case 'operator': {
      if (inRange === undefined) return { whole: range, parts: [] };
      const right = { from: ranges.word(inRange) === 'operator' ? ranges.next(inRange + 1) : inRange + 1, to: range.to };
      return { whole: range, parts: raw.left ? [{ from: range.from, to: inRange }, right] : [right] };
    }
    case 'comparison':
      return inRange === undefined ? { whole: range, parts: [] } : { whole: range, parts: [{ from: range.from, to: inRange }, comparisonRight(ranges, raw.name, { from: inRange, to: range.to })] };
    case 'and': return { whole: range, parts: sameLength(ranges.splitAnd(range), raw.args.length) };
    case 'or': return { whole: range, parts: sameLength(ranges.splitOr(range), raw.args.length) };
    case 'not': return { whole: range, parts: [ranges.word(range.from) === 'not' ? { from: range.from + 1, to: range.to } : range] };
    case 'cast': return castRanges(ranges, at, range);
    case 'function': return at === undefined ? { whole: range, parts: [] } : functionRanges(ranges, at, range, raw.args.length);
    case 'array': case 'row': return itemRanges(ranges, at ?? range.from, range, raw.items.length);
    case 'subquery': return { whole: at === undefined ? range : subqueryRange(ranges, at, range), parts: [] };
    default: return { whole: range, parts: [] };
  }
}

const sameLength = (parts: readonly TokenRange[], length: number): readonly TokenRange[] => (parts.length === length ? parts : []);

/** `operator` is where the comparison's first word stands (`NOT`, `IN`, `IS`, `=` …). */
function comparisonRight(ranges: TokenRanges, name: string, range: TokenRange): TokenRange {
  let i = range.from + 1;
  while (i < range.to && ranges.tokens[i]?.kind === 'word' && /^(?:not|in|like|ilike|similar|to|is|distinct|from|any|some|all|between|symmetric|asymmetric)$/.test(ranges.word(i))) i++;
  const escape = name.startsWith('~~') || name === 'similar to' ? ranges.findTop({ from: i, to: range.to }, (word, at) => word === 'escape' && ranges.tokens[at]?.kind === 'word') : undefined;
  return { from: i, to: escape ?? range.to };
}

function castRanges(ranges: TokenRanges, at: number | undefined, range: TokenRange): PartRanges {
  if (at !== undefined && ranges.word(at) === '::' && at > range.from) return { whole: range, parts: [{ from: range.from, to: at }] };
  const start = at ?? range.from;
  if (ranges.word(start) === 'cast' && ranges.word(start + 1) === '(') {
    const inner = ranges.insideBracket(start + 1);
    const as = ranges.findTop(inner, (word) => word === 'as');
    return { whole: { from: start, to: inner.to + 1 }, parts: [{ from: inner.from, to: as ?? inner.to }] };
  }
  return { whole: range, parts: [] };
}

function functionRanges(ranges: TokenRanges, at: number, range: TokenRange, count: number): PartRanges {
  const open = nameEnd(ranges, at);
  if (ranges.word(at) === 'at' && at > range.from && at < range.to) {
    // x AT TIME ZONE z is the call timezone(z, x).
    return { whole: range, parts: [{ from: at + (ranges.word(at + 1) === 'local' ? 2 : 3), to: range.to }, { from: range.from, to: at }] };
  }
  if (ranges.word(open) !== '(') return { whole: { from: at, to: open }, parts: [] };
  const inner = ranges.insideBracket(open);
  let end = inner.to + 1;
  while (/^(?:filter|over|within)$/.test(ranges.word(end))) {
    const bracket = ranges.findTop({ from: end + 1, to: Math.min(end + 4, ranges.tokens.length) }, (word) => word === '(');
    end = bracket === undefined ? end + 2 : ranges.next(bracket);
  }
  const list = withoutModifiers(ranges, inner);
  const items = ranges.splitList(list).map((item) => (ranges.word(item.from + 1) === '=>' || ranges.word(item.from + 1) === ':=' ? { from: item.from + 2, to: item.to } : item));
  return { whole: { from: at, to: end }, parts: items.length === count ? items : Array.from({ length: count }, () => list) };
}

/** `DISTINCT a ORDER BY b` without its key words. */
function withoutModifiers(ranges: TokenRanges, inner: TokenRange): TokenRange {
  const from = /^(?:distinct|all|variadic)$/.test(ranges.word(inner.from)) ? inner.from + 1 : inner.from;
  const order = ranges.findTop({ from, to: inner.to }, (word, i) => word === 'order' && ranges.word(i + 1) === 'by');
  return { from, to: order ?? inner.to };
}

/** `ARRAY[…]`, `[…]`, `ROW(…)`, `(…)`. */
function itemRanges(ranges: TokenRanges, at: number, range: TokenRange, count: number): PartRanges {
  const opens = (i: number): boolean => ranges.word(i) === '(' || ranges.word(i) === '[';
  // `strip` took the parentheses of a row that fills the range.
  const bracket = opens(at) ? at : opens(at + 1) && /^(?:array|row)$/.test(ranges.word(at)) ? at + 1 : undefined;
  const inner = bracket === undefined ? range : ranges.insideBracket(bracket);
  const items = ranges.splitList(inner);
  const whole = bracket === undefined ? range : { from: at, to: inner.to + 1 };
  return items.length === count ? { whole, parts: items } : { whole: range, parts: sameLength(ranges.splitList(range), count) };
}

/** The parentheses of a sub-query with its EXISTS or ARRAY. */
function subqueryRange(ranges: TokenRanges, at: number, range: TokenRange): TokenRange {
  const open = ranges.word(at) === '(' ? at : ranges.word(at + 1) === '(' ? at + 1 : undefined;
  return open === undefined ? range : { from: at, to: ranges.next(open) };
}
