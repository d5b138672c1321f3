import { PAGE_ROWS } from '../core/advice/pageRows';
import { collectParameterColumns, collectRowCounts, type ParameterColumn } from '../core/advice/parameterColumns';
import type { Catalog } from '../core/catalog/model';
import type { DbSession } from '../db/session';
import { suggestValues, type SuggestedValue } from '../db/suggestions';
import type { ExplainableQuery } from './queryAt';

/** One parameter with values worth trying. */
export interface ParameterProposal {
  /** Host expression, where known. */
  readonly name?: string;
  readonly type?: string;
  /** `table.column` it is compared with, where known. */
  readonly column?: string;
  readonly suggestions: readonly { readonly value: string | null; readonly label: string; readonly detail?: string }[];
}

export interface SuggestOptions {
  readonly types?: readonly string[];
  /** Columns without statistics are read: a few rows of a few blocks. */
  readonly sample?: boolean;
}

/** Values for each parameter from the server's statistics of the column it meets. Rejects with `DatabaseError`. */
export async function suggestParameters(session: DbSession, catalog: Catalog, query: ExplainableQuery, options: SuggestOptions = {}): Promise<readonly ParameterProposal[]> {
  const columns = columnsOf(catalog, query);
  const values = await valuesOf(session, query, columns, options);
  return columns.map((column, i): ParameterProposal => {
    const [name, type] = [query.names[i], options.types?.[i]];
    return {
      ...(name === undefined ? {} : { name }), ...(type === undefined ? {} : { type }), ...(column ? { column: `${column.table}.${column.column}` } : {}),
      suggestions: (values[i] ?? []).map(({ kind, value, frequency }) => ({ value, label: LABELS[kind], ...(frequency === undefined ? {} : { detail: `${percentOf(frequency)} of rows` }) })),
    };
  });
}

/** A common or a rare value for every parameter; undefined where the statistics of one say nothing. Rejects with `DatabaseError`. */
export async function chooseValues(session: DbSession, catalog: Catalog, query: ExplainableQuery, wanted: 'common' | 'rare'): Promise<readonly (string | null)[] | undefined> {
  const values = await valuesOf(session, query, columnsOf(catalog, query));
  const chosen = values.map((known) => (known.find(({ kind }) => kind === wanted) ?? known.find(({ value }) => value !== null))?.value);
  return chosen.includes(undefined) ? undefined : chosen.map((value) => value ?? null);
}

function columnsOf(catalog: Catalog, query: ExplainableQuery): readonly (ParameterColumn | undefined)[] {
  const found = collectParameterColumns({ model: query.model, catalog });
  return query.parameters.map((key) => found.get(key));
}

type Proposed = Omit<SuggestedValue, 'kind'> & { readonly kind: SuggestedValue['kind'] | 'page' | 'first' | 'deep' };

/** Of the statistics; of LIMIT and OFFSET what a page has, because no column says it. */
async function valuesOf(session: DbSession, query: ExplainableQuery, columns: readonly (ParameterColumn | undefined)[], options: SuggestOptions = {}): Promise<readonly (readonly Proposed[])[]> {
  const found = await suggestValues(session, columns, options);
  const { limits, offsets } = collectRowCounts(query.model);
  return query.parameters.map((key, i): readonly Proposed[] =>
    limits.has(key) ? [{ kind: 'page', value: String(PAGE_ROWS) }] : offsets.has(key) ? [{ kind: 'first', value: '0' }, { kind: 'deep', value: '10000' }] : found[i] ?? []);
}

const LABELS: Readonly<Record<Proposed['kind'], string>> = {
  page: 'a page', first: 'first page', deep: 'a late page', common: 'most common', rare: 'rare', median: 'median', p99: '99th percentile', sample: 'found in the table', null: 'null' };

/** `17 %`, `0.3 %`, `< 0.01 %`. */
const percentOf = (share: number): string => (share >= 0.1 ? `${Math.round(share * 100)} %` : share >= 0.0001 ? `${Number((share * 100).toPrecision(1))} %` : '< 0.01 %');
