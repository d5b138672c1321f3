import { figureOf, tableOf, type HealthCheck, type HealthReport, type HealthTable } from './model';

/** Priority that a finding's severity has in the analysis of the indexes. */
const SEVERITY = { critical: 'high', warning: 'medium', info: 'info' } as const;

/**
 * The check of the indexes as a document of its own, in sections: summary, existing, unused, table statistics, missing,
 * duplicates, recommendations. Undefined where the check was not made.
 */
export function toIndexAnalysis(report: HealthReport): Readonly<Record<string, unknown>> | undefined {
  const check = report.checks.find(({ name }) => name === 'indexes');
  if (!check) return undefined;
  const rows = (name: string): HealthTable['rows'] => tableOf(check, name)?.rows ?? [];
  return {
    version: 1, database: report.server?.database, taken_at: report.takenAt, counted_seconds: report.server?.statsSeconds,
    summary: {
      total_indexes: figureOf(check, 'indexes'), total_bytes: figureOf(check, 'bytes'), unused_indexes: figureOf(check, 'unused'), missing_indexes: figureOf(check, 'missing'), duplicate_indexes: figureOf(check, 'duplicates'),
      redundant_indexes: figureOf(check, 'redundant'), invalid_indexes: figureOf(check, 'invalid'), bloated_indexes: figureOf(check, 'bloated'), tables_analyzed: figureOf(check, 'tables'),
    },
    existing_indexes: rows('existing'), unused_indexes: rows('unused'), table_statistics: rows('tableStatistics'),
    missing_indexes: rows('missing').map(({ table, columns, indexName, sql, priority, reason, source }) => ({ table, columns, index_name: indexName, sql, priority, reason, source })),
    duplicate_indexes: rows('duplicates'), redundant_indexes: rows('redundant'), bloated_indexes: rows('bloated'),
    recommendations: recommendations(check), not_seen: check.cannotSee.map(({ reason, grant }) => ({ reason, grant })),
  };
}

const recommendations = ({ findings }: HealthCheck) => [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity)).map((finding) => ({
  severity: finding.id === 'missing-index' && finding.evidence['priority'] === 'high' ? 'high' : SEVERITY[finding.severity], category: finding.id, subject: finding.subject, message: finding.message, action: finding.recommendation, sql: finding.statement,
}));

const ORDER = ['critical', 'warning', 'info'];
