import type { QueryBlock, Relation } from '../../core/sql/model';

/**
 * What both engines are translated to: the meaning of a statement without any range. `at` is one UTF-16 offset per
 * node (the operator for operators, the first character for everything else); the builder finds the ranges in our tokens.
 */
export type RawExpression =
  | { readonly kind: 'column'; readonly parts: readonly string[]; readonly star: boolean; readonly at?: number }
  | { readonly kind: 'constant'; readonly value: string | number | boolean | null; readonly at?: number }
  | { readonly kind: 'parameter'; readonly at?: number }
  | { readonly kind: 'function'; readonly name: string; readonly aggregate: boolean; readonly args: readonly RawExpression[]; /** FILTER, ORDER BY, OVER (…). */ readonly extras?: readonly RawExpression[]; readonly at?: number }
  | { readonly kind: 'cast'; readonly type: string; readonly operand: RawExpression; readonly at?: number }
  /** A binary or prefix operator. */
  | { readonly kind: 'operator'; readonly name: string; readonly left?: RawExpression; readonly right: RawExpression; readonly at?: number }
  /** A comparison with words: `in`, `~~`, `between`, `any`, `is null` …; named as in `Conjunct.operator`. */
  | { readonly kind: 'comparison'; readonly name: string; readonly negated: boolean; readonly left: RawExpression; readonly right?: RawExpression; readonly at?: number }
  | { readonly kind: 'and' | 'or'; readonly args: readonly RawExpression[]; readonly at?: number }
  | { readonly kind: 'not'; readonly operand: RawExpression; readonly at?: number }
  | { readonly kind: 'subquery'; readonly role: 'scalar' | 'exists' | 'in' | 'any' | 'array'; readonly query: RawQuery; readonly at?: number }
  | { readonly kind: 'array' | 'row'; readonly items: readonly RawExpression[]; readonly at?: number }
  | { readonly kind: 'other'; readonly name: string; readonly args: readonly RawExpression[]; readonly at?: number };

export interface RawQuery {
  readonly kind: QueryBlock['kind'];
  /** An offset inside this query that lies in no inner query. */
  readonly at?: number;
  readonly ctes: readonly RawCte[];
  readonly recursive: boolean;
  readonly distinct: boolean;
  readonly outputs: readonly RawOutput[];
  readonly target?: RawTable;
  readonly from: readonly RawFrom[];
  readonly where?: RawExpression;
  readonly having?: RawExpression;
  /** MERGE … ON. */
  readonly on?: RawExpression;
  readonly groupBy: readonly RawExpression[];
  readonly orderBy: readonly RawOrder[];
  readonly limit?: RawExpression;
  readonly offset?: RawExpression;
  readonly locking?: { readonly strength: string; readonly skipLocked: boolean };
  readonly setOperation?: { readonly operator: 'union' | 'intersect' | 'except'; readonly all: boolean; readonly arms: readonly RawQuery[] };
  readonly columns: readonly string[];
  readonly assignments: readonly { readonly column: string; readonly value?: RawExpression; readonly at?: number }[];
  /** VALUES rows, of an INSERT or of a VALUES query. */
  readonly rows?: readonly (readonly RawExpression[])[];
  readonly source?: RawQuery;
  readonly onConflict: boolean;
  readonly returning: boolean;
  /** Sub-queries in places the model has no field for (RETURNING, conflict action, window definitions). */
  readonly rest: readonly RawExpression[];
}

export const emptyQuery = {
  ctes: [], recursive: false, distinct: false, outputs: [], from: [], groupBy: [], orderBy: [], columns: [], assignments: [],
  onConflict: false, returning: false, rest: [],
} as const satisfies Partial<RawQuery>;

export interface RawCte {
  readonly name: string;
  readonly materialized?: boolean;
  readonly query: RawQuery;
}

export interface RawOutput {
  readonly alias?: string;
  readonly expression: RawExpression;
  readonly at?: number;
}

export interface RawOrder {
  readonly expression: RawExpression;
  readonly descending: boolean;
  readonly nulls?: 'first' | 'last';
}

export interface RawTable {
  readonly type: 'table';
  readonly schema?: string;
  readonly name: string;
  readonly alias?: string;
  readonly at?: number;
}

export type RawFrom =
  | RawTable
  | { readonly type: 'function'; readonly schema?: string; readonly name: string; readonly alias?: string; readonly args: readonly RawExpression[]; readonly lateral: boolean; readonly at?: number }
  | { readonly type: 'query'; readonly query: RawQuery; readonly alias?: string; readonly lateral: boolean }
  | { readonly type: 'join'; readonly join: NonNullable<Relation['join']>; readonly left: RawFrom; readonly right: RawFrom; readonly on?: RawExpression; readonly using: readonly string[] };

/** Any offset inside the expression; undefined where nothing in it has a place. */
export function offsetIn(expression: RawExpression): number | undefined {
  if (expression.at !== undefined) return expression.at;
  for (const part of partsOf(expression)) {
    const found = offsetIn(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Direct operands, in the order of the tree. */
export function partsOf(expression: RawExpression): readonly RawExpression[] {
  switch (expression.kind) {
    case 'function': case 'and': case 'or': case 'other': return expression.args;
    case 'array': case 'row': return expression.items;
    case 'cast': case 'not': return [expression.operand];
    case 'operator': return expression.left ? [expression.left, expression.right] : [expression.right];
    case 'comparison': return expression.right ? [expression.left, expression.right] : [expression.left];
    default: return [];
  }
}
