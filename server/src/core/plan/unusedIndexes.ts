import { findTable } from '../catalog/lookup';
import type { Catalog, Index, Table } from '../catalog/model';
import { quoteIdentifier } from '../sql/names';
import { escapeRegExp } from '../text/regExp';
import { conjunctsOf, indexableConditions } from './findings/predicates';
import type { PlanNode } from './planModel';
import { collectNodes } from './planModel';

/** An index on a column of a condition that is checked row by row, in a scan that reads its relation whole. */
export interface UnusedIndex {
  readonly node: PlanNode;
  readonly table: Table;
  readonly index: Index;
  /** The column it begins with. */
  readonly column: string;
  /** Why it cannot answer the condition as it is written, as a clause; undefined where it could, and only the planner knows why it does not. */
  readonly reason?: string;
}

/** More are not asked about. */
const MAX_SCANS = 5;
const MAX_INDEXES = 3;

/** Indexes that a reader of the plan would expect to be used: valid b-trees that begin with a column of a whole read's filter. */
export function collectUnusedIndexes(root: PlanNode, catalog: Catalog): readonly UnusedIndex[] {
  const scans = collectNodes(root).filter((node) => /^(?:Parallel )?Seq Scan$/.test(node.nodeType) && filterOf(node) !== undefined);
  return scans.slice(0, MAX_SCANS).flatMap((node): readonly UnusedIndex[] => {
    const table = findTable(catalog, { name: node.relation ?? '', ...(node.schema === undefined ? {} : { schema: node.schema }) });
    const filter = filterOf(node)!;
    return (table?.indexes ?? []).flatMap((index): readonly UnusedIndex[] => {
      const column = index.keys[0]?.column;
      if (!index.valid || index.method !== 'btree' || column === undefined) return [];
      const use = useOf(node, table!, column, filter);
      return use === undefined ? [] : [{ node, table: table!, index, column, ...(use.reason === undefined ? {} : { reason: use.reason }) }];
    }).slice(0, MAX_INDEXES);
  });
}

const filterOf = (node: PlanNode): string | undefined => node.conditions.find(({ label }) => label === 'Filter')?.text;
const TEXTS = /^(?:text|character varying|character|name|citext)\b/;

/** Can an index on the column answer a part of the filter? Undefined where no part speaks of the column, or it is not clear why it cannot. */
function useOf(node: PlanNode, table: Table, column: string, filter: string): { readonly reason?: string } | undefined {
  const name = quoteIdentifier(column);
  const type = table.columns.find((item) => item.name === column)?.type ?? '';
  // The relation's own column alone: `c.id`, as a join gives it, is another's, and so is `customer_id`.
  const bare = `(?:${escapeRegExp(quoteIdentifier(node.alias ?? node.relation ?? ''))}\\.)?${escapeRegExp(name)}`;
  const own = `(?:^|[^\\w"$.])${bare}(?![\\w"$])`;
  for (const part of conjunctsOf(filter)) {
    if (!new RegExp(own).test(part)) continue;
    const cast = new RegExp(`${own}\\)?::([a-z][a-z ]*[a-z](?:\\[\\])?)`).exec(part)?.[1];
    // Postgres compares varchar as the text that it is; any other cast makes another value of the column.
    if (cast !== undefined && cast !== type.replace(/\([^)]*\)/, '') && !(TEXTS.test(type) && TEXTS.test(cast))) return { reason: `the condition compares ${column} as ${cast}, the column is ${type || 'of another type'}` };
    if (indexableConditions(node, part).some(({ key }) => key === name)) return {};
    if (/ OR /.test(part) && part.split(' OR ').every((side) => new RegExp(own).test(side))) continue;
    if (/ OR /.test(part)) return { reason: `${column} stands in an OR whose other side it does not answer` };
    const call = new RegExp(`^([a-z_][\\w.]*)\\(\\(?${bare}\\)?(?:::[a-z ]+)?[,)]`).exec(part)?.[1];
    if (call !== undefined) return { reason: `the condition compares ${call}(${column}), the index has ${column} itself` };
    const operator = new RegExp(`^\\(?${bare}\\)?(?:::[a-z ]+)? (<>|!~~\\*?|~~\\*?|!~\\*?|~\\*?|@>|<@|&&|\\?[|&]?) `).exec(part)?.[1];
    if (operator === '<>') return { reason: 'no index answers <>: it would lead to nearly all rows' };
    if (operator === '~~' && /~~ '[%_]/.test(part)) return { reason: 'the pattern begins with a wildcard: a b-tree has no place to start from' };
    if (operator !== undefined && operator !== '~~') return { reason: `a b-tree index does not answer ${({ '~~*': 'ILIKE', '!~~': 'NOT LIKE', '!~~*': 'NOT ILIKE' } as Record<string, string>)[operator] ?? operator}` };
    if (/ IS NOT NULL$/.test(part)) return {};
  }
  return undefined;
}
