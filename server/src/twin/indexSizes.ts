import { assumeExpression } from '../core/catalog/assumedExpressions';
import { assumeIndexPages } from '../core/catalog/assumedStatistics';
import type { Catalog } from '../core/catalog/model';
import { relationKey } from '../core/catalog/names';
import type { ColumnStatistics, RelationStatistics } from '../core/catalog/statistics';
import { quoteLiteral, quoteQualified } from '../core/sql/names';
import type { PlanningServer } from './planningServer';
import { restoreHeight } from './statistics';

/** An index as it stands in the twin. */
export interface TwinIndex {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly method: string;
  /** The index of a partitioned table has no file. */
  readonly partitioned: boolean;
  /** Bytes of a tuple's keys and included columns, by the statistics of the table. */
  readonly width: number;
  /** Of the keys alone: included columns do not stand above the leaves of a b-tree. */
  readonly keyWidth: number;
  readonly predicate?: string;
  /** Name of the index of the partitioned parent that it is part of. */
  readonly parent?: string;
  /** Attributes that are expressions: name and SQL. */
  readonly expressions: readonly { readonly attribute: string; readonly sql: string }[];
}

/** The indexes of some relations (`regclass` texts), in the order in which they were made. */
export async function readIndexes(server: PlanningServer, relations: readonly string[]): Promise<readonly TwinIndex[]> {
  if (relations.length === 0) return [];
  const [result] = await server.run([{ type: 'sql', sql: indexesQuery(relations) }]);
  return (result?.rows ?? []).map((row): TwinIndex => {
    const expressions = Array.isArray(row['expressions']) ? (row['expressions'] as readonly { readonly a: string; readonly e: string }[]) : [];
    return {
      schema: String(row['schema']), table: String(row['table_name']), name: String(row['name']), method: String(row['method']), partitioned: row['kind'] === 'I', width: Number(row['width']), keyWidth: Number(row['key_width']),
      ...(typeof row['predicate'] === 'string' ? { predicate: row['predicate'] } : {}), ...(typeof row['parent'] === 'string' ? { parent: row['parent'] } : {}),
      expressions: expressions.map(({ a, e }) => ({ attribute: a, sql: e })),
    };
  });
}

const indexesQuery = (relations: readonly string[]): string => `
select n.nspname::text as schema, t.relname::text as table_name, x.relname::text as name, x.relkind::text as kind, am.amname::text as method, pg_catalog.pg_get_expr(i.indpred, i.indrelid) as predicate,
       (select px.relname::text from pg_catalog.pg_inherits h join pg_catalog.pg_class px on px.oid = h.inhparent where h.inhrelid = x.oid) as parent,
       w.width::float8 as width, w.key_width::float8 as key_width,
       (select pg_catalog.json_agg(pg_catalog.json_build_object('a', a.attname, 'e', pg_catalog.pg_get_indexdef(x.oid, a.attnum, false)) order by a.attnum)
          from pg_catalog.pg_attribute a where a.attrelid = x.oid and i.indkey[a.attnum - 1] = 0) as expressions
from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid join pg_catalog.pg_class t on t.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = t.relnamespace
join pg_catalog.pg_am am on am.oid = x.relam
cross join lateral (select pg_catalog.sum(e.bytes) as width, pg_catalog.sum(e.bytes) filter (where e.attnum <= i.indnkeyatts) as key_width
  from (select a.attnum, coalesce(s.stawidth, case when y.typlen > 0 then y.typlen else 32 end) as bytes
    from pg_catalog.pg_attribute a join pg_catalog.pg_type y on y.oid = a.atttypid
    left join pg_catalog.pg_statistic s on s.starelid = i.indrelid and s.staattnum = i.indkey[a.attnum - 1] and s.staattnum > 0 and not s.stainherit
    where a.attrelid = x.oid) e) w
where i.indrelid = any (array[${relations.map((name) => `${quoteLiteral(name)}::regclass`).join(', ')}]::oid[])
order by x.oid`;

/**
 * Tuples and blocks of new indexes about which nothing is known, in order; their trees get their height. `tuples` and `pages` are those of their tables; a
 * partial index holds as many rows as the planner expects of its predicate.
 */
export async function estimateIndexes(server: PlanningServer, indexes: readonly TwinIndex[], tableOf: (index: TwinIndex) => { readonly tuples: number; readonly pages: number }): Promise<readonly { readonly tuples: number; readonly pages: number }[]> {
  // Before the planner sees them: it keeps what it reads. A partial index counts as a tenth of its table.
  const heights = indexes.flatMap((index) => restoreHeight(index, assumeIndexPages(index.method, tableOf(index).tuples / (index.predicate === undefined ? 1 : 10), index.width, tableOf(index).pages)));
  if (heights.length > 0) await server.run(heights);
  const partial = indexes.filter((index) => index.predicate !== undefined && !index.partitioned);
  const results = partial.length === 0 ? [] : await server.run(partial.map((index) => ({ type: 'sql', sql: `explain (format json) select from only ${quoteQualified(index.schema, index.table)} where ${index.predicate ?? 'true'}`, optional: true })));
  const kept = new Map(partial.map((index, position) => [index, plannedRows(results[position]?.rows[0])]));
  return indexes.map((index) => {
    const table = tableOf(index);
    const tuples = Math.min(table.tuples, kept.get(index) ?? table.tuples);
    return { tuples, pages: index.partitioned ? 0 : assumeIndexPages(index.method, tuples, index.width, table.pages) };
  });
}

/** Statistics of an index's expression keys, which ANALYZE would only make once the index is there. */
export function assumeExpressions(catalog: Catalog, index: TwinIndex, stats: RelationStatistics | undefined): { readonly columns: readonly ColumnStatistics[]; readonly caveats: readonly string[] } {
  const table = catalog.tables.get(relationKey(index.schema, index.table));
  const columns: ColumnStatistics[] = [];
  const caveats: string[] = [];
  for (const { attribute, sql } of index.expressions) {
    const assumed = table === undefined || stats === undefined ? undefined : assumeExpression(table, sql, stats);
    if (assumed !== undefined) columns.push({ ...assumed, column: attribute });
    caveats.push(assumed === undefined ? `no statistics of ${sql}` : `the statistics of ${sql} are assumed`);
  }
  return { columns, caveats };
}

function plannedRows(row: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const rows = (row?.['QUERY PLAN'] as readonly { readonly Plan?: { readonly 'Plan Rows'?: number } }[] | undefined)?.[0]?.Plan?.['Plan Rows'];
  return typeof rows === 'number' ? rows : undefined;
}
