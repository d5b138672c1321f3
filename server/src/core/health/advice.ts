import type { AdviceReport, ReportedIndex } from '../advice/adviceReport';
import { renderCost } from '../advice/planEvidence';
import { tableOf, type HealthCheck, type HealthFinding } from './model';
import { PRIORITY, type MissingIndex } from './missingIndexes';
import { plural, renderBytes, renderSeconds } from './values';

/** Indexes for the queries of the workspace, tried in the twin. */
export interface HealthAdvice {
  readonly reports: readonly AdviceReport[];
  /** Why there is no advice, or less than there might be. */
  readonly problem?: string;
}

/** The check of the indexes with those that the workspace's queries lack. */
export function addAdvice(check: HealthCheck, { reports, problem }: HealthAdvice): HealthCheck {
  const known = (tableOf(check, 'missing')?.rows ?? []) as unknown as readonly MissingIndex[];
  const serves = (m: MissingIndex, table: string, columns: string): boolean => m.columns !== '' && m.table === table && (m.columns === columns || columns.startsWith(`${m.columns},`));
  const advised = reports.flatMap(({ indexes }) => indexes.map((index) => toMissing(index, known.filter((m) => serves(m, index.table, inner(index.columns))))));
  // The planner took the advised one: it serves the foreign key, too.
  const covered = (m: MissingIndex): boolean => advised.some(({ missing }) => serves(m, missing.table, missing.columns));
  const dropped = new Set(known.filter(covered).map(({ table, columns }) => `${table} (${columns})`));
  const missing = [...advised.map((a) => a.missing), ...known.filter((m) => !covered(m))].sort((a, b) => PRIORITY[a.priority] - PRIORITY[b.priority]);
  const findings = [...advised.map(({ finding }) => finding), ...check.findings.filter(({ id, subject }) => id !== 'missing-index' || !dropped.has(subject))];
  return {
    ...check, findings,
    figures: check.figures.map((figure) => (figure.name === 'missing' ? { ...figure, value: missing.length } : figure)),
    tables: check.tables.map((table) => (table.name === 'missing' ? { ...table, rows: missing.map((m) => ({ ...m })) } : table)),
    cannotSee: [...check.cannotSee, ...(problem === undefined ? [] : [{ check: check.name, reason: `Indexes that the queries of the workspace lack: ${problem}.` }])],
  };
}

const inner = (columns: string): string => columns.replace(/^\((.*)\)$/, '$1');

/** @param also what it serves besides: foreign keys */
function toMissing(index: ReportedIndex, also: readonly MissingIndex[]): { readonly missing: MissingIndex; readonly finding: HealthFinding } {
  const before = index.queries.reduce((sum, { costBefore }) => sum + costBefore, 0);
  const after = index.queries.reduce((sum, { costAfter }) => sum + costAfter, 0);
  const weight = index.queries.reduce((sum, query) => sum + (query.weight ?? 0), 0);
  const places = [...new Set(index.queries.flatMap((query) => query.places.map(({ path, line }) => `${path}:${line}`)))];
  const own: MissingIndex['priority'] = weight >= 60_000 || before >= 100_000 ? 'high' : before >= 10_000 || weight >= 1000 ? 'medium' : 'low';
  const priority = [own, ...also.map((m) => m.priority)].sort((a, b) => PRIORITY[a] - PRIORITY[b])[0] ?? own;
  const columns = inner(index.columns);
  const reason = `${plural(index.queries.length, 'query', 'queries')} of the workspace (${places.slice(0, 3).join(', ')}${places.length > 3 ? ' …' : ''}): cost ${renderCost(before)} → ${renderCost(after)}${weight > 0 ? `, ${renderSeconds(weight / 1000)} on the server` : ''}${also.map((m) => `; ${m.reason}`).join('')}`;
  const sql = index.statements.join('\n');
  return {
    missing: { priority, table: index.table, columns, reason, indexName: index.name, sql, source: 'workspace' },
    finding: {
      id: 'missing-index', check: 'indexes', severity: priority === 'low' ? 'info' : 'warning', subject: `${index.table} (${columns})`, message: `An index on ${index.table} ${index.columns} would serve ${reason}.`,
      evidence: { priority, costBefore: before, costAfter: after, bytes: index.bytes, places, milliseconds: weight > 0 ? weight : null, confidence: index.confidence },
      recommendation: `About ${renderBytes(index.bytes)}; ${index.confidence}. Writes: ${index.writes}.`, statement: [sql, ...index.drops.map((drop) => `-- when it is valid: ${drop.statement}`)].join('\n'),
    },
  };
}

