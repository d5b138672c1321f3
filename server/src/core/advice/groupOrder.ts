import type { Expression, QueryBlock } from '../sql/model';
import { quoteIdentifier } from '../sql/names';
import { spanText } from '../text/span';
import { uniqueKeys } from '../catalog/lookup';
import { isFilledIn, isRowNumber, orderExpression } from './keyset';
import { collectEqualities, collectPins } from './pins';
import { bindColumn, containsAggregate, isRowIndependent, tableOf, walkExpression, withoutCasts, type Scope } from './scope';
import { coversUniqueKey } from './uniqueness';

/** A key of grouped or distinct rows that the order does not decide. */
export interface GroupKey {
  /** For ORDER BY: the key as it is grouped by, or its number; undefined where it cannot be said again (a value of its own stands in it). */
  readonly sql?: string;
  /** For messages. */
  readonly column: string;
}

/**
 * Which keys of a grouped or DISTINCT block ORDER BY leaves open: the group keys are unique together, NULLs included.
 * @returns an empty list when the order decides between any two rows, undefined for other blocks and where it cannot be known.
 */
export function missingGroupKeys(scope: Scope, block: QueryBlock): readonly GroupKey[] | undefined {
  const keys = groupKeys(scope, block);
  if (!keys || block.orderBy.some((item) => isFilledIn(scope, item))) return undefined;
  const ordered = block.orderBy.map((item) => orderExpression(block, item));
  if (ordered.some((e) => e === undefined)) return undefined;
  if (ordered.some((e) => isRowNumber(scope, e) || (e && isOfOneGroup(scope, block, e)))) return [];
  const decided = new Set(ordered.flatMap((e) => (e ? [nameOf(scope, block, e)] : [])));
  const pins = collectPins(scope, block);
  for (const [index] of block.relations.entries()) for (const column of pins.columns(index)) decided.add(`${index}.${column}`);
  const missing: GroupKey[] = [];
  for (const { expression, sql } of keys) {
    close(scope, block, decided);
    const name = nameOf(scope, block, expression);
    if (decided.has(name) || isRowIndependent(scope, block, expression)) continue;
    decided.add(name);
    missing.push({ sql: !/^\d+$/.test(sql) && [...walkExpression(expression)].some((e) => e.kind === 'hole' || e.kind === 'subquery') ? undefined : sql, column: spanText(scope.model.text, expression.span) });
  }
  return missing;
}

/** The keys, unique ones of a table first: what depends on them need not be named. */
function groupKeys(scope: Scope, block: QueryBlock): readonly { readonly expression: Expression; readonly sql: string }[] | undefined {
  const { text } = scope.model;
  const { group, select } = block.clauses;
  if (block.kind !== 'select' || block.relations.length === 0) return undefined;
  const found = block.groupBy.length > 0 ? grouped(scope, block) : block.distinct ? distinct(scope, block) : undefined;
  if (!found || (group && /\b(?:rollup|cube|grouping\s+sets)\b/i.test(spanText(text, group.span))) || (select && /^select\s+distinct\s+on\b/i.test(spanText(text, select.span)))) return undefined;
  const isKey = ({ expression }: { readonly expression: Expression }): boolean => {
    const bound = expression.column && bindColumn(scope, block, expression.column);
    return bound?.table !== undefined && uniqueKeys(bound.table).some((key) => key.columns.includes(bound.column));
  };
  return [...found].sort((a, b) => Number(isKey(b)) - Number(isKey(a)));
}

function grouped(scope: Scope, block: QueryBlock): readonly { readonly expression: Expression; readonly sql: string }[] | undefined {
  const keys = block.groupBy.map((key) => {
    const output = key.kind === 'constant' && typeof key.value === 'number' ? block.outputs[key.value - 1] : undefined;
    // A name that is no column of the tables is an output's.
    const alias = key.column?.qualifier === undefined && key.column && !bindColumn(scope, block, key.column) ? block.outputs.find((o) => o.alias === key.column?.column) : undefined;
    return { expression: output?.expression ?? alias?.expression ?? key, sql: spanText(scope.model.text, key.span) };
  });
  return block.outputs.some((o) => o.star) && block.groupBy.some((key) => key.kind === 'constant') ? undefined : keys;
}

/** Rows that DISTINCT makes out of aggregates without groups are one; stars have columns that are not written. */
function distinct({ model }: Scope, block: QueryBlock): readonly { readonly expression: Expression; readonly sql: string }[] | undefined {
  if (block.outputs.some((o) => o.star || containsAggregate(o.expression))) return undefined;
  return block.outputs.map((o, at) => ({ expression: o.expression, sql: o.alias !== undefined ? quoteIdentifier(o.alias) : o.expression.column ? spanText(model.text, o.expression.span) : String(at + 1) }));
}

/** `0.team_id` for a column of the block's first relation, else the text without spaces. */
function nameOf(scope: Scope, block: QueryBlock, expression: Expression): string {
  const bound = expression.column && bindColumn(scope, block, expression.column);
  return bound ? `${bound.relationIndex}.${bound.column}` : spanText(scope.model.text, expression.span).replace(/\s+/g, '').toLowerCase();
}

/** Adds what follows from the decided columns: the other side of an equality, and all columns of a table whose unique key is decided. */
function close(scope: Scope, block: QueryBlock, decided: Set<string>): void {
  const equal = collectEqualities(block).map(({ left, right }) => [nameOf(scope, block, withoutCasts(left)), nameOf(scope, block, withoutCasts(right))] as const);
  for (let before = -1; before !== decided.size; ) {
    before = decided.size;
    for (const [a, b] of equal) if (decided.has(a) || decided.has(b)) decided.add(a).add(b);
    for (const [index, relation] of block.relations.entries()) {
      const table = tableOf(scope.catalog, relation);
      const columns = new Set((table?.columns ?? []).map((c) => c.name).filter((name) => decided.has(`${index}.${name}`)));
      if (table && coversUniqueKey(table, columns, new Set())) for (const { name } of table.columns) decided.add(`${index}.${name}`);
    }
  }
}

/** `max(o.id)`: no two groups have the same one, where the column is a key. */
function isOfOneGroup(scope: Scope, block: QueryBlock, expression: Expression): boolean {
  const column = expression.kind === 'aggregate' && /^(?:min|max)$/.test(expression.name ?? '') ? expression.args?.[0]?.column : undefined;
  const bound = column && bindColumn(scope, block, column);
  return bound?.table !== undefined && coversUniqueKey(bound.table, new Set([bound.column]), new Set());
}
