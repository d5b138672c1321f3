import type { SqlSpan } from '../text/span';
import type { Hole } from './source';

/**
 * The neutral query model. Both SQL engines build it; rules see nothing else.
 * All spans are in the text of the one statement (`StatementModel.text`, equal in length to `SqlSource.text`).
 * Spans come from our own tokens, meaning comes from the engine's tree.
 * Names are normalised as Postgres does: unquoted names in lower case, quoted names as written without quotes.
 */
export interface StatementModel {
  readonly kind: StatementKind;
  /** `tokens`: no engine could parse the text; only tables, clauses, star, limit and offset are known. */
  readonly engine: 'pg' | 'pgast' | 'tokens';
  /** Rules about something absent report only on `full`. */
  readonly completeness: 'full' | 'repaired' | 'tokens';
  /** The masked text that was parsed: same length and offsets as the source text, holes filled in. */
  readonly text: string;
  readonly holes: readonly Hole[];
  /** Every query block; index 0 is the statement's own (outermost) block. Empty for DDL and utility statements. */
  readonly blocks: readonly QueryBlock[];
  /** First syntax error, where the text as written did not parse. Reported only for complete texts. */
  readonly error?: { readonly message: string; readonly span: SqlSpan };
}

export type StatementKind = 'select' | 'insert' | 'update' | 'delete' | 'merge' | 'ddl' | 'utility' | 'unknown';

/** One SELECT / VALUES / INSERT / UPDATE / DELETE / MERGE, including sub-queries, CTE bodies and set-operation arms. */
export interface QueryBlock {
  /** Index in `StatementModel.blocks`. */
  readonly index: number;
  readonly kind: 'select' | 'values' | 'insert' | 'update' | 'delete' | 'merge' | 'set-operation';
  readonly role: BlockRole;
  /** Enclosing block; undefined for the outermost. */
  readonly parent?: number;
  readonly span: SqlSpan;
  readonly clauses: ClauseSpans;
  readonly distinct: boolean;
  readonly relations: readonly Relation[];
  readonly outputs: readonly Output[];
  /** AND-conjuncts of WHERE, HAVING and every JOIN … ON, in text order. `USING (c)` becomes an `=` between both sides. */
  readonly conjuncts: readonly Conjunct[];
  readonly groupBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly limit?: RowCount;
  readonly offset?: RowCount;
  readonly locking?: { readonly strength: string; readonly skipLocked: boolean; readonly span: SqlSpan };
  /** For `set-operation`: its arms, left to right; ORDER BY / LIMIT / OFFSET of the whole stand on this block. */
  readonly setOperation?: { readonly operator: 'union' | 'intersect' | 'except'; readonly all: boolean; readonly arms: readonly number[] };
  /** For INSERT: target columns; for UPDATE: assigned columns. `rows` counts VALUES rows where known. */
  readonly write?: { readonly columns: readonly string[]; readonly assignments: readonly Assignment[]; readonly rows?: number; readonly onConflict: boolean; readonly source?: number };
  readonly returning: boolean;
  /** For role `cte`: its name; `materialized` as written. */
  readonly cte?: { readonly name: string; readonly materialized?: boolean; readonly recursive: boolean };
}

export type BlockRole = 'root' | 'cte' | 'derived' | 'arm' | 'scalar' | 'exists' | 'in' | 'any' | 'array' | 'insert-source' | 'lateral';

/** Ranges of the block's clauses: from the keyword to the end of the clause. Absent clause: absent key. */
export type ClauseSpans = { readonly [K in ClauseName]?: { readonly keyword: SqlSpan; readonly body: SqlSpan; readonly span: SqlSpan } };
export type ClauseName =
  | 'with' | 'select' | 'from' | 'where' | 'group' | 'having' | 'window' | 'order' | 'limit' | 'offset' | 'fetch' | 'for'
  | 'insert' | 'values' | 'conflict' | 'update' | 'set' | 'delete' | 'using' | 'returning' | 'merge';

export interface Relation {
  readonly kind: 'table' | 'cte' | 'derived' | 'function' | 'values';
  readonly schema?: string;
  /** Table, CTE or function name; for derived tables the alias. A hole's name is not known: see `hole`. */
  readonly name: string;
  /** Name by which columns refer to it: the alias, else the name. */
  readonly alias: string;
  /** The table's name as it stands (with schema, without alias). */
  readonly span: SqlSpan;
  readonly join?: 'cross' | 'inner' | 'left' | 'right' | 'full';
  readonly lateral: boolean;
  /** Block of a derived table, or of the CTE it refers to. */
  readonly block?: number;
  /** INSERT / UPDATE / DELETE / MERGE target. */
  readonly target: boolean;
  /** Index in `holes` when the name is interpolated. */
  readonly hole?: number;
}

export interface ColumnRef {
  /** Alias or table as written before the dot; undefined where unqualified. */
  readonly qualifier?: string;
  readonly column: string;
  readonly span: SqlSpan;
}

export interface Output {
  /** `*` or `t.*`; `span` covers exactly that. */
  readonly star: boolean;
  readonly qualifier?: string;
  readonly column?: ColumnRef;
  readonly alias?: string;
  readonly expression: Expression;
  readonly span: SqlSpan;
}

/**
 * An expression, as far as rules need it. `columns` lists every column mentioned inside at this query level.
 * - `column` · `constant` (with the value where simple) · `hole` (index in `holes`) · `function` · `cast`
 * - `subquery` (block index) · `array` / `row` (items) · `aggregate` · `other`
 */
export interface Expression {
  readonly kind: 'column' | 'constant' | 'hole' | 'function' | 'aggregate' | 'cast' | 'operator' | 'subquery' | 'array' | 'row' | 'star' | 'other';
  readonly span: SqlSpan;
  readonly columns: readonly ColumnRef[];
  /** `column`. */
  readonly column?: ColumnRef;
  /** `constant`: string, number or boolean; null for NULL. */
  readonly value?: string | number | boolean | null;
  /** `hole`. */
  readonly hole?: number;
  /** `function` / `aggregate`: name in lower case; `operator`: the operator. */
  readonly name?: string;
  /** Arguments, operands, items; for `cast` the one operand. */
  readonly args?: readonly Expression[];
  /** `cast`: the type as written, lower case. */
  readonly type?: string;
  /** `subquery`. */
  readonly block?: number;
}

export type ComparisonOperator = string;

/**
 * One AND-conjunct. Comparison forms have `operator`, `left`, `right`:
 * `=`, `<>`, `<`, `<=`, `>`, `>=`, `~~` (LIKE), `~~*` (ILIKE), `~`, `@>`, `?`, `in` (right is `array` or `subquery`),
 * `any` (`= ANY(x)`, right is x), `all`, `between` (right is `row` of two), `is null`, `is not null` (left only),
 * `exists` (right is `subquery`), `or` (see `branches`), `not` (see `branches`), `is distinct from`, …;
 * `boolean` for a bare expression (left only). Negated LIKE / IN / BETWEEN keep their operator with `negated`.
 */
export interface Conjunct {
  readonly clause: 'where' | 'on' | 'having';
  readonly operator: ComparisonOperator;
  readonly negated: boolean;
  readonly left?: Expression;
  readonly right?: Expression;
  /** For `or`: each branch as its own list of AND-conjuncts. For `not`: one branch. */
  readonly branches?: readonly (readonly Conjunct[])[];
  /** For `on`: index in `relations` of the joined (right-hand) relation. */
  readonly joined?: number;
  readonly span: SqlSpan;
}

export interface OrderItem {
  readonly expression: Expression;
  readonly descending: boolean;
  /** As written; undefined: the default (last when ascending, first when descending). */
  readonly nulls?: 'first' | 'last';
  readonly span: SqlSpan;
}

/** LIMIT, OFFSET or FETCH. `clause` is the clause with its keyword (`OFFSET $2`), `expression` its count. */
export interface RowCount {
  readonly expression: Expression;
  readonly clause: SqlSpan;
  readonly keyword: SqlSpan;
}

export interface Assignment {
  readonly column: string;
  readonly expression?: Expression;
  readonly span: SqlSpan;
}
