import { escapeMarkdown, markdownCell, markdownFence } from '../text/markdown';
import { escapeRegExp } from '../text/regExp';
import { relationKey } from '../catalog/names';
import type { Catalog, Index } from '../catalog/model';
import type { PlanBasis } from '../plan/planner';
import { describeConfidence, describeSize, rowsReadOf } from './gain';
import { renderIndexColumns, type IndexProposal } from './indexAdvice';
import { renderDropIndex, renderIndexDdl } from './indexFix';
import type { AdvisedIndex, IndexSet } from './indexSet';
import { renderCost } from './planEvidence';
import { renderCount } from './size';
import type { TableWrites } from './workloadQueries';

/** Where a query is sent: path relative to the workspace, line from 1. */
export interface QueryPlace {
  readonly path: string;
  readonly line: number;
}

/** Advice for one database, as plain data: what the command line prints and the editor shows. Costs are the planner's units. */
export interface AdviceReport {
  /** Name of the database; undefined for the one that is not named. */
  readonly database?: string;
  readonly indexes: readonly ReportedIndex[];
  /** Statements that were planned, and those that could not be, with the reason. */
  readonly planned: number;
  readonly refused: readonly { readonly places: readonly QueryPlace[]; readonly reason: string }[];
}

export interface ReportedIndex {
  readonly name: string;
  readonly table: string;
  readonly method: IndexProposal['method'];
  /** `(customer_id, created_at DESC) WHERE deleted_at IS NULL` */
  readonly columns: string;
  /** Makes it without blocking writes; not inside a transaction. */
  readonly statements: readonly string[];
  readonly down?: readonly string[];
  /** Estimate, in bytes. */
  readonly bytes: number;
  readonly queries: readonly ReportedQuery[];
  /** `verified in the twin with your server's statistics`. */
  readonly confidence: string;
  /** What limits the verdict. */
  readonly caveats: readonly string[];
  readonly assumed: Readonly<Record<string, number>>;
  /** What the index costs on writes, as far as the workspace shows it. */
  readonly writes: string;
  /** Existing indexes that it makes redundant, and the statements that drop them; after it is valid. */
  readonly drops: readonly { readonly name: string; readonly statement: string }[];
  /** Answer of the server's own planner with HypoPG, where it was asked. */
  readonly server?: string;
}

export interface ReportedQuery {
  readonly sql: string;
  readonly places: readonly QueryPlace[];
  readonly costBefore: number;
  readonly costAfter: number;
  readonly rowsBefore?: number;
  readonly rowsAfter?: number;
  /** Milliseconds on the server, where pg_stat_statements tells. */
  readonly weight?: number;
}

export interface ReportRequest {
  readonly database?: string;
  readonly set: IndexSet;
  readonly catalog: Catalog;
  readonly writes: ReadonlyMap<string, TableWrites>;
  readonly placesOf: (sql: string) => readonly QueryPlace[];
}

/** The set as plain data. An index for which no statement can be written (too many partitions) is left out. */
export function toAdviceReport({ database, set, catalog, writes, placesOf }: ReportRequest): AdviceReport {
  const taken = new Set<string>();
  const indexes = set.indexes.flatMap((advised): readonly ReportedIndex[] => {
    const ddl = renderIndexDdl(advised.proposal, catalog, taken);
    if (!ddl) return [];
    taken.add(ddl.name);
    const { table, method } = advised.proposal;
    const basis = weakestBasis(advised);
    return [{
      name: ddl.name, table: relationKey(table.schema, table.name), method, columns: renderIndexColumns(advised.proposal),
      statements: ddl.statements, down: ddl.down, bytes: advised.pages * 8192,
      queries: advised.serves.map(({ query, before, after }) => ({
        sql: query.sql, places: placesOf(query.sql), costBefore: before.cost, costAfter: after.cost,
        rowsBefore: rowsReadOf(before, advised.proposal, catalog, query.model), rowsAfter: rowsReadOf(after, advised.proposal, catalog, query.model), weight: query.weight,
      })).sort((a, b) => b.costBefore - b.costAfter - (a.costBefore - a.costAfter)),
      confidence: describeConfidence(basis), caveats: [...new Set(advised.serves.flatMap(({ after }) => after.basis.caveats))],
      assumed: Object.fromEntries(advised.serves.flatMap(({ after }) => after.basis.assumed).map((a) => [a.table, a.rows])),
      writes: describeWrites(advised.proposal, writes.get(relationKey(table.schema, table.name))),
      drops: advised.redundant.map((index) => ({ name: index.name, statement: renderDropIndex(table, index.name, catalog) })),
    }];
  });
  return { database, indexes, planned: set.planned, refused: set.refused.map(({ query, reason }) => ({ places: placesOf(query.sql), reason })) };
}

const RANK: Readonly<Record<PlanBasis['volumes'], number>> = { server: 0, snapshot: 1, assumed: 2 };

const weakestBasis = ({ serves }: AdvisedIndex): PlanBasis | undefined =>
  serves.map(({ after }) => after.basis).sort((a, b) => RANK[b.volumes] - RANK[a.volumes])[0];

/**
 * What an index costs on writes. An UPDATE that changes no column of any index can be heap-only (HOT): it leaves all
 * indexes alone; one that changes a column of the index, its predicate included, writes to every index of the table.
 */
export function describeWrites(proposal: IndexProposal, writes: TableWrites | undefined): string {
  if (!writes || (writes.inserts === 0 && writes.updates.size === 0)) return 'no query of the workspace writes to the table';
  const columns = [...writes.updates.keys()].filter((column) => mentions(proposal, column));
  const known = new Set(proposal.table.indexes.flatMap(columnsOf));
  const fresh = columns.filter((column) => !known.has(column));
  const inserts = writes.inserts === 0 ? 'no INSERT of the workspace' : `${plural(writes.inserts, 'INSERT')} of the workspace ${writes.inserts === 1 ? 'adds' : 'add'} an entry per row`;
  if (columns.length === 0) return `${inserts}; no UPDATE changes its columns`;
  const places = columns.reduce((sum, column) => sum + (writes.updates.get(column) ?? 0), 0);
  return `${inserts}; ${plural(places, 'UPDATE')} ${places === 1 ? 'changes' : 'change'} ${columns.join(', ')}${fresh.length > 0 ? `, which no index holds so far: such updates are not heap-only (HOT) any more` : ''}`;
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

const mentions = (proposal: IndexProposal, column: string): boolean =>
  proposal.include.includes(column) || [...proposal.keys.map((k) => k.sql), proposal.predicate ?? ''].some((sql) => isWord(sql, column));

const isWord = (sql: string, column: string): boolean => new RegExp(`(^|[^\\w"])"?${escapeRegExp(column)}"?($|[^\\w"])`).test(sql);

const columnsOf = (index: Index): readonly string[] => [...index.keys.flatMap((key) => key.column ?? key.expression?.match(/\w+/g) ?? []), ...index.include, ...(index.predicate?.match(/\w+/g) ?? [])];

/** Of all indexes of a report together. */
const totalBytes = (report: AdviceReport): number => report.indexes.reduce((sum, index) => sum + index.bytes, 0);

/** A document with the statements to copy. */
export function renderAdviceMarkdown(reports: readonly AdviceReport[]): string {
  const parts = reports.flatMap((report) => [
    ...(report.database === undefined ? [] : [`# Database ${escapeMarkdown(report.database)}`]),
    ...(report.indexes.length === 0 ? [nothingToAdd(report)] : [summarise(report), ...report.indexes.map(renderIndex)]),
    ...(report.refused.length === 0 ? [] : [`${plural(report.refused.length, 'query').replace('querys', 'queries')} could not be planned:\n\n${report.refused.map(({ places, reason }) => `- ${escapeMarkdown(`${placeList(places)}: ${reason}`)}`).join('\n')}`]),
  ]);
  return `${parts.join('\n\n')}\n`;
}

export const nothingToAdd = (report: AdviceReport): string => `${report.planned} ${report.planned === 1 ? 'query was' : 'queries were'} planned; no further index pays.`;

export const summarise = (report: AdviceReport): string => {
  const served = new Set(report.indexes.flatMap((index) => index.queries.map((q) => q.sql))).size;
  return `${report.indexes.length} ${report.indexes.length === 1 ? 'index' : 'indexes'} (about ${describeSize(totalBytes(report) / 8192)}) for ${served} of ${report.planned} queries.`;
};

function renderIndex(index: ReportedIndex): string {
  const rows = index.queries.map((q) => `| ${markdownCell(placeList(q.places))} | ${renderCost(q.costBefore)} | ${renderCost(q.costAfter)} | ${q.rowsBefore === undefined ? '' : renderCount(q.rowsBefore)} | ${q.rowsAfter === undefined ? '' : renderCount(q.rowsAfter)} |`);
  return [
    `## ${escapeMarkdown(`${index.table.replace(/^public\./, '')} ${index.columns}`)}`,
    markdownFence([...index.statements, ...index.drops.map((d) => `-- when ${index.name} is valid:\n${d.statement}`)].join('\n'), 'sql'),
    `About ${describeSize(index.bytes / 8192)}; ${escapeMarkdown(index.confidence)}. Writes: ${escapeMarkdown(index.writes)}.${index.statements.some((s) => /CONCURRENTLY/.test(s)) ? ' `CONCURRENTLY` does not block writes and cannot run inside a transaction.' : ''}${index.server === undefined ? '' : ` ${escapeMarkdown(index.server)}.`}`,
    ...assumptions(index).map((line) => `> ${escapeMarkdown(line)}`),
    `| Query | Cost before | after | Rows read before | after |\n| --- | ---: | ---: | ---: | ---: |\n${rows.join('\n')}`,
  ].join('\n\n');
}

/** What the verdict rests on that may be wrong. */
export function assumptions(index: ReportedIndex): readonly string[] {
  const assumed = Object.entries(index.assumed).map(([table, rows]) => `${table.replace(/^public\./, '')} ${renderCount(rows)} rows`);
  return [...(assumed.length > 0 ? [`Assumed: ${assumed.join(', ')}.`] : []), ...index.caveats];
}

const placeList = (places: readonly QueryPlace[]): string => places.map(({ path, line }) => `${path}:${line}`).join(', ');
