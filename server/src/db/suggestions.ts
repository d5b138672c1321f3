import type { Connection, DbSession } from './session';
import { inRolledBackTransaction } from './session';
import { quoteName } from './explainText';

/** A value worth trying for a parameter, from what ANALYZE left about a column. */
export interface SuggestedValue {
  readonly kind: 'common' | 'rare' | 'median' | 'p99' | 'sample' | 'null';
  /** As text; null for NULL. */
  readonly value: string | null;
  /** Share of the table's rows, 0 to 1, where known. */
  readonly frequency?: number;
}

export interface SuggestedColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** Elements of an array of any type, as text in the type's own form; of columns that are arrays themselves none. */
const statisticsQuery = `
select s.null_frac as nulls, s.most_common_vals::text::text[] as common, s.most_common_freqs as frequencies, s.histogram_bounds::text::text[] as bounds,
  case when c.reltuples > 0 then (1 - s.null_frac - coalesce((select sum(f) from unnest(s.most_common_freqs) f), 0)) / nullif(
    case when s.n_distinct < 0 then -s.n_distinct * c.reltuples else s.n_distinct end - coalesce(array_length(s.most_common_freqs, 1), 0), 0) end as other
from pg_catalog.pg_stats s
join pg_catalog.pg_namespace n on n.nspname = s.schemaname join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = s.tablename
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = s.attname join pg_catalog.pg_type t on t.oid = a.atttypid
where s.schemaname = $1 and s.tablename = $2 and s.attname = $3 and t.typcategory <> 'A' order by s.inherited desc limit 1`;

/**
 * For each column: the most common value, the rarest of the common ones (where there is but one a value of the histogram),
 * median and 99th percentile of the histogram, NULL where there are any. Reads `pg_stats` only, 2 to 30 ms; empty without
 * statistics or the right to see them. With `sample` columns without statistics are read: five values of a few blocks
 * (`TABLESAMPLE`). Rejects with `DatabaseError`.
 */
export const suggestValues = (session: DbSession, columns: readonly (SuggestedColumn | undefined)[], options: { readonly sample?: boolean } = {}): Promise<readonly (readonly SuggestedValue[])[]> =>
  session.withConnection((connection) => inRolledBackTransaction(connection, {}, async () => {
    await connection.query(`set local statement_timeout = '2s'`);
    await connection.query(`set local lock_timeout = '200ms'`);
    const known: (readonly SuggestedValue[])[] = [];
    for (const column of columns) {
      const found = column ? await fromStatistics(connection, column) : [];
      known.push(column && found.length === 0 && options.sample === true ? await fromSample(connection, column) : found);
    }
    return known;
  }));

async function fromStatistics(connection: Connection, { schema, table, column }: SuggestedColumn): Promise<readonly SuggestedValue[]> {
  const [row] = await connection.query(statisticsQuery, [schema, table, column]);
  if (!row) return [];
  const common = texts(row['common']);
  const frequencies = Array.isArray(row['frequencies']) ? row['frequencies'].map(Number) : [];
  const bounds = texts(row['bounds']);
  const other = row['other'] === null ? undefined : Math.max(0, Number(row['other']));
  const outside = other === undefined ? {} : { frequency: other };
  const at = (share: number): string | undefined => bounds[Math.round((bounds.length - 1) * share)];
  const nulls = Number(row['nulls']);
  const values: SuggestedValue[] = [];
  const add = (kind: SuggestedValue['kind'], value: string | undefined, frequency: { readonly frequency?: number }): void => {
    if (value !== undefined && !values.some((known) => known.value === value)) values.push({ kind, value, ...frequency });
  };
  const last = common.length - 1;
  add('common', common[0], { frequency: frequencies[0] });
  if (last > 0) add('rare', common[last], { frequency: frequencies[last] });
  else if (last === 0) add('rare', at(0.25), outside);
  add('median', at(0.5), outside);
  add('p99', at(0.99), outside);
  if (nulls > 0) values.push({ kind: 'null', value: null, frequency: nulls });
  return values;
}

async function fromSample(connection: Connection, { schema, table, column }: SuggestedColumn): Promise<readonly SuggestedValue[]> {
  await connection.query('savepoint sargable_sample');
  try {
    const rows = await connection.query(`select distinct s.value from (select ${quoteName(column)}::text as value from ${quoteName(schema)}.${quoteName(table)} tablesample system (0.01) repeatable (1) limit 5) s`);
    const found = rows.length > 0 ? rows : await connection.query(`select distinct s.value from (select ${quoteName(column)}::text as value from ${quoteName(schema)}.${quoteName(table)} limit 5) s`);
    return found.map((row): SuggestedValue => ({ kind: row['value'] === null ? 'null' : 'sample', value: row['value'] === null ? null : String(row['value']) }));
  } catch {
    await connection.query('rollback to savepoint sargable_sample');
    return [];
  }
}

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
