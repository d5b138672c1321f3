import { indexKeyText, matchIndex } from '../catalog/indexMatch';
import { sortKeysOf } from '../catalog/indexPredicates';
import { findColumn } from '../catalog/lookup';
import type { Index, Table } from '../catalog/model';
import type { OrderItem, QueryBlock, StatementModel } from '../sql/model';
import { sqlSpan } from '../text/span';
import { coverHoles } from './holes';
import { collectDemand, ownerTest, type RelationDemand } from './indexDemand';
import { orderExpression } from './keyset';
import { collectPins } from './pins';
import { containsAggregate, isSystemRelation, tableOf, type Scope } from './scope';
import type { SqlEdit } from './sqlEdits';
import { isPinnedToOneRow } from './uniqueness';

/** An ORDER BY under LIMIT whose columns an index has, in directions that no index has. */
export interface SortMismatch {
  readonly scope: Scope;
  readonly block: QueryBlock;
  readonly relation: number;
  readonly table: Table;
  readonly demand: RelationDemand;
  /** Has the columns of the order. */
  readonly index: Index;
  /** Order items whose NULLS order says nothing (the column is NOT NULL) and is all that is in the way. */
  readonly idle: readonly OrderItem[];
}

/** The relation of the block that is sorted although an index has the columns; undefined where an index gives the order, or none has its columns. */
export function findSortMismatch(scope: Scope, block: QueryBlock): SortMismatch | undefined {
  if (block.outputs.some((o) => containsAggregate(o.expression))) return undefined;
  const items = block.orderBy.map((item) => ({ ...item, expression: orderExpression(block, item) ?? item.expression }));
  for (const [relation, target] of block.relations.entries()) {
    const table = tableOf(scope.catalog, target);
    if (!table || isSystemRelation(target) || !['table', 'partitioned', 'matview'].includes(table.kind) || table.indexes.length === 0) continue;
    if (!mayMismatch(items, table)) continue;
    const order = sortKeysOf(items, scope.model.text, ownerTest(scope, block, relation));
    if (!order || isPinnedToOneRow(scope, block, relation, collectPins(scope, block))) continue;
    const strict = asPlannerSees(table);
    const candidates = table.indexes.filter((index) => index.method === 'btree' && index.valid);
    const demand = { ...collectDemand(scope, block, relation), order };
    if (candidates.some((index) => matchIndex(index, demand, strict).sorted)) return undefined;
    const fitting = candidates.flatMap((index) => {
      const match = matchIndex(turned(index, demand), demand, table);
      return match.sorted ? [{ index, narrows: match.equality.length }] : [];
    });
    const index = fitting.sort((a, b) => b.narrows - a.narrows)[0]?.index;
    return index && { scope, block, relation, table, demand, index, idle: idleNulls(block, relation, table, demand, items) };
  }
  return undefined;
}

/** Directions that differ, or NULLS in an unusual place, in the order or in an index that has its first column. Decided by names alone. */
function mayMismatch(items: readonly OrderItem[], table: Table): boolean {
  const first = items[0]?.expression.column?.column;
  const indexes = table.indexes.filter((index) => index.method === 'btree' && index.valid && index.keys.some((key) => (first === undefined ? key.column === undefined : key.column === first)));
  const unusual = items.some((item) => item.descending !== items[0]?.descending || (item.nulls !== undefined && (item.nulls === 'first') !== item.descending));
  return indexes.some((index) => unusual || index.keys.some((key) => key.descending !== index.keys[0]?.descending || key.nullsFirst !== key.descending));
}

/** The planner compares NULLS orders of NOT NULL columns too (pathkeys know nothing of constraints). */
const asPlannerSees = (table: Table): Table => ({ ...table, columns: table.columns.map((column) => ({ ...column, notNull: false })) });

/** The index with the directions that the query asks for: does it have the right columns at all? */
const turned = (index: Index, { order = [] }: RelationDemand): Index => ({
  ...index,
  keys: index.keys.map((key) => {
    const wanted = order.find((sort) => sort.key === indexKeyText(key));
    return wanted ? { ...key, descending: wanted.descending, nullsFirst: wanted.nullsFirst } : key;
  }),
});

function idleNulls(block: QueryBlock, relation: number, table: Table, demand: RelationDemand, items: readonly OrderItem[]): readonly OrderItem[] {
  const outer = block.relations[relation]?.join === 'left' || block.relations.some((r) => r.join === 'full' || r.join === 'right');
  if (outer || !table.indexes.some((index) => matchIndex(index, demand, table).sorted)) return [];
  return items.filter((item) => item.nulls !== undefined && (item.nulls === 'first') !== item.descending && findColumn(table, item.expression.column?.column ?? '')?.notNull === true);
}

/** Takes `NULLS FIRST` or `NULLS LAST` off the items at these positions; undefined where it does not end the item. */
export function removeNulls(model: StatementModel, items: readonly OrderItem[], positions: readonly number[]): readonly SqlEdit[] | undefined {
  const edits = positions.flatMap((position) => {
    const item = items[position];
    const span = item && coverHoles(model, item.span);
    const tail = span && /\s+nulls\s+(?:first|last)$/i.exec(model.text.slice(span.start, span.end));
    return tail ? [{ span: sqlSpan(span.end - tail[0].length, span.end), text: '' }] : [];
  });
  return edits.length === positions.length ? edits : undefined;
}
