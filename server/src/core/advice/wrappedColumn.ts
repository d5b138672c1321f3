import { findColumn } from '../catalog/lookup';
import type { Column } from '../catalog/model';
import type { ColumnRef, Conjunct, Expression } from '../sql/model';
import { mirrorOperator } from '../sql/operators';
import { walkExpression } from './scope';
import type { ReadRelation } from './relationDemand';

/** A comparison whose column stands inside a function, a cast or an operator: no index on the column serves it. */
export interface WrappedColumn {
  readonly conjunct: Conjunct;
  /** As if the wrapped side stood on the left. */
  readonly operator: string;
  /** The side with the column. */
  readonly wrapped: Expression;
  /** The other side: for `between` a row of two. */
  readonly other: Expression;
  readonly ref: ColumnRef;
  readonly column: Column;
}

const COMPARED: ReadonlySet<string> = new Set(['=', '<', '<=', '>', '>=', 'between', 'in', 'any']);
/** Functions whose answer is compared instead of the column. Others may have an index method or a meaning of their own. */
const FUNCTIONS: ReadonlySet<string> = new Set('lower upper trim btrim ltrim rtrim date date_trunc date_part extract to_char to_date coalesce nullif timezone substring substr left right md5 length char_length abs floor ceil round replace concat unaccent age'.split(' '));
const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '||']);

/** The wrapped column of one condition of a relation; undefined where the column stands alone, or the other side has columns of the relation too. */
export function findWrapped({ table, owns }: Pick<ReadRelation, 'table' | 'owns'>, conjunct: Conjunct): WrappedColumn | undefined {
  const { left, right, operator } = conjunct;
  if (conjunct.negated || conjunct.clause === 'having' || !left || !right || !COMPARED.has(operator)) return undefined;
  const mine = (e: Expression): boolean => e.columns.length > 0 && e.columns.every(owns);
  const foreign = (e: Expression): boolean => !e.columns.some(owns) && ![...walkExpression(e)].some((n) => n.kind === 'subquery');
  const turned = mirrorOperator(operator);
  const sides = mine(left) && foreign(right) ? { wrapped: left, other: right, seen: operator } : turned !== undefined && mine(right) && foreign(left) ? { wrapped: right, other: left, seen: turned } : undefined;
  const ref = sides?.wrapped.columns[0];
  if (!sides || !ref) return undefined;
  const { wrapped, other, seen } = sides;
  if (wrapped.kind === 'column' || wrapped.columns.length !== 1) return undefined;
  const column = findColumn(table, ref.column);
  return column && isWrapper(wrapped, column) ? { conjunct, operator: seen, wrapped, other, ref, column } : undefined;
}

/** Functions, casts and arithmetic down to the column, all of kinds that we know. */
function isWrapper(expression: Expression, column: Column): boolean {
  if (expression.kind === 'column') return true;
  const inner = (expression.args ?? []).find((e) => e.columns.length > 0);
  if (!inner || !isWrapper(inner, column)) return false;
  switch (expression.kind) {
    case 'cast': return inner.kind !== 'column' || !isSameType(expression.type ?? '', column.type);
    case 'function': return FUNCTIONS.has(expression.name ?? '');
    case 'operator': return ARITHMETIC.has(expression.name ?? '');
    default: return false;
  }
}

const TEXT = /^(?:text|character varying|varchar)(?:\(\d+\))?$/;

/** Casts that change nothing an index would notice. */
const isSameType = (a: string, b: string): boolean => a === b || (TEXT.test(a) && TEXT.test(b)) || (/^timestamp\b/.test(a) && a.replace(/\(\d\)/, '') === b.replace(/\(\d\)/, ''));

/** Does an index of the table begin with this column, so that the comparison would use it if the column stood alone? */
export const leadsIndex = (table: ReadRelation['table'], column: string): boolean =>
  table.indexes.some((index) => index.valid && index.method === 'btree' && index.predicate === undefined && index.keys[0]?.column === column);
