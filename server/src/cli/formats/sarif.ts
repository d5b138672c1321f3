import type { Severity } from '../../core/lint/rule';
import { rules } from '../../core/rules/index.generated';
import type { Report, ReportFinding, ReportRange } from '../report';

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note', hint: 'note' };
const region = ({ start, end }: ReportRange) => ({ startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column });
const physical = (path: string, range: ReportRange) => ({ artifactLocation: { uri: encodeURI(path), uriBaseId: 'SRCROOT' }, region: region(range) });

/** SARIF 2.1.0 (OASIS), as code-scanning services read it: rules with help, call paths as related locations, safe fixes. */
export function formatSarif(report: Report, version: string): string {
  const used = rules.filter((rule) => report.findings.some((f) => f.finding.rule === rule.id));
  return `${JSON.stringify({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      columnKind: 'utf16CodeUnits',
      tool: { driver: {
        name: 'Sargable', version,
        rules: used.map((rule) => ({
          id: rule.id, shortDescription: { text: rule.summary }, fullDescription: { text: rule.docs.why },
          help: { text: `${rule.docs.why}\n\nWhen not: ${rule.docs.whenNot}` },
          defaultConfiguration: { level: LEVELS[rule.severity] }, properties: { category: rule.category },
        })),
      } },
      results: report.findings.map((item) => toResult(item, used.findIndex((r) => r.id === item.finding.rule))),
      invocations: [{ executionSuccessful: true, toolExecutionNotifications: report.skipped.map((s) => ({ level: 'warning', message: { text: `${s.path}: ${s.reason}` } })) }],
    }],
  }, undefined, 2)}\n`;
}

function toResult({ finding, path, range, related, fixes }: ReportFinding, ruleIndex: number): unknown {
  return {
    ruleId: finding.rule, ...(ruleIndex >= 0 ? { ruleIndex } : {}), level: LEVELS[finding.severity],
    message: { text: finding.because ? `${finding.message}\n${finding.because}` : finding.message },
    locations: [{ physicalLocation: physical(path, range) }],
    ...(related.length > 0 ? { relatedLocations: related.map((r, id) => ({ id, physicalLocation: physical(r.path, r.range), message: { text: r.message } })) } : {}),
    partialFingerprints: { 'sargable/v1': finding.fingerprint },
    ...(fixes.some((f) => f.edits.length > 0) ? { fixes: fixes.filter((f) => f.edits.length > 0).map((fix) => ({
      description: { text: fix.title },
      artifactChanges: [...new Set(fix.edits.map((e) => e.path))].map((file) => ({
        artifactLocation: { uri: encodeURI(file), uriBaseId: 'SRCROOT' },
        replacements: fix.edits.filter((e) => e.path === file).map((e) => ({ deletedRegion: region(e.range), insertedContent: { text: e.text } })),
      })),
    })) } : {}),
  };
}
