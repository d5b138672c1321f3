import type { Expression, Output, QueryBlock } from '../../sql/model';
import { hasAggregate } from './sqlForm';
import type { ResultForm } from './resultForms';

/** What a query of aggregates answers for a key that has no rows. */
export interface AggregateRow {
  /** As a JavaScript object: `{ n: 0 }`. */
  readonly object: string;
  /** As a Python row: `{"n": 0}` or `(0,)`. */
  readonly row: string;
  /** The first column in Python. */
  readonly first: string;
}

/** Nothing but aggregates over the rows of one key (no window functions): one row for each key, once they are grouped by it. */
export function isAggregated(block: QueryBlock, sql: string): boolean {
  return block.outputs.length > 0 && block.outputs.every((output) => hasAggregate(output.expression) && !/\bover\b/i.test(sql.slice(output.span.start, output.span.end)));
}

/**
 * The row of an empty group: 0 for `count`, NULL for every other aggregate.
 * Undefined where an output is computed from an aggregate, has no name to read it by, or the statement does more.
 * A `count` that is not cast comes from node-postgres and postgres.js as text.
 */
export function aggregateRow(block: QueryBlock, form: Pick<ResultForm, 'library' | 'rows'>): AggregateRow | undefined {
  if (!isGroupable(block)) return undefined;
  const script = form.library === 'pg' || form.library === 'postgres.js';
  const columns: { readonly name: string; readonly value: string }[] = [];
  for (const output of block.outputs) {
    const name = output.alias ?? nameOf(output.expression);
    const value = emptyValue(output, script);
    if (name === undefined || value === undefined || !/^[A-Za-z_]\w*$/.test(name)) return undefined;
    columns.push({ name, value });
  }
  const values = columns.map((c) => c.value);
  const row = form.rows === 'position' ? `(${values.join(', ')}${values.length === 1 ? ',' : ''})` : `{${columns.map((c) => `"${c.name}": ${c.value}`).join(', ')}}`;
  return { object: `{ ${columns.map((c) => `${c.name}: ${c.value}`).join(', ')} }`, row, first: values[0] ?? 'None' };
}

/** `GROUP BY key` may stand behind its WHERE: nothing follows there. */
function isGroupable(block: QueryBlock): boolean {
  return block.kind === 'select' && block.clauses.where !== undefined && !block.distinct && block.groupBy.length === 0 && block.orderBy.length === 0 && !block.limit && !block.offset && !block.locking && !block.setOperation && !block.clauses.having && !block.clauses.window;
}

const nameOf = (expression: Expression): string | undefined => (expression.kind === 'cast' ? (expression.args?.[0] ? nameOf(expression.args[0]) : undefined) : expression.name);

function emptyValue({ expression }: Output, script: boolean): string | undefined {
  const cast = expression.kind === 'cast' ? expression.type : undefined;
  const aggregate = expression.kind === 'cast' ? expression.args?.[0] : expression;
  if (!aggregate || (aggregate.kind !== 'aggregate' && aggregate.kind !== 'function') || !AGGREGATES.test(aggregate.name ?? '')) return undefined;
  if (aggregate.name !== 'count') return script ? 'null' : 'None';
  if (cast !== undefined && !/^(int|int4|int2|integer|smallint|bigint|int8)$/.test(cast)) return undefined;
  return script && (cast === undefined || /^(bigint|int8)$/.test(cast)) ? "'0'" : '0';
}

const AGGREGATES = /^(count|sum|avg|min|max|array_agg|string_agg|json_agg|jsonb_agg|bool_and|bool_or|every)$/;
