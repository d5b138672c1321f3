import type { Finding, Fix, Severity } from '../core/lint/rule';
import { createLineIndex, type LineIndex } from '../core/text/lineIndex';
import type { HostSpan } from '../core/text/span';
import type { Timing } from './timing';
import { relativePath, toPath } from '../workspace/paths';

/** One-based; columns count UTF-16 units; the end is exclusive. */
export interface ReportRange {
  readonly start: { readonly line: number; readonly column: number };
  readonly end: { readonly line: number; readonly column: number };
}

/** A finding with everything a formatter prints. */
export interface ReportFinding {
  readonly finding: Finding;
  readonly path: string;
  readonly range: ReportRange;
  /** The source line on which it starts, without its line end. */
  readonly sourceLine: string;
  readonly related: readonly { readonly path: string; readonly range: ReportRange; readonly message: string }[];
  /** Computed only where the format shows them. */
  readonly fixes: readonly ReportFix[];
}

export interface ReportFix {
  readonly title: string;
  readonly kind: Fix['kind'];
  readonly edits: readonly { readonly path: string; readonly range: ReportRange; readonly text: string }[];
  readonly creates: NonNullable<Fix['creates']>;
}

export interface Report {
  readonly findings: readonly ReportFinding[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly summary: ReportSummary;
  /** Where it was asked for. */
  readonly timing?: Timing;
}

export interface ReportSummary {
  readonly files: number;
  readonly queries: number;
  /** Queries whose SQL could not be rebuilt or parsed: loops around them were still looked at. */
  readonly unanalysed: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  readonly byRule: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

/** Texts by URI, with their lines indexed once. */
export interface Texts {
  text(uri: string): string | undefined;
}

/** Turns findings into what formatters print. @param withFixes computes and verifies every fix, which costs a lint each. */
export function toReportFindings(findings: readonly Finding[], folder: string, texts: Texts, withFixes: boolean): ReportFinding[] {
  const indexes = new Map<string, LineIndex>();
  const rangeIn = (uri: string, span: HostSpan): ReportRange => {
    let index = indexes.get(uri);
    if (!index) indexes.set(uri, (index = createLineIndex(texts.text(uri) ?? '')));
    const start = index.toLineColumn(span.start);
    const end = index.toLineColumn(span.end);
    return { start: { line: start.line + 1, column: start.column + 1 }, end: { line: end.line + 1, column: end.column + 1 } };
  };
  const pathOf = (uri: string): string => relativePath(folder, toPath(uri) ?? uri);
  return findings.map((finding) => {
    const text = texts.text(finding.uri) ?? '';
    const lineStart = text.lastIndexOf('\n', finding.span.start - 1) + 1;
    return {
      finding,
      path: pathOf(finding.uri),
      range: rangeIn(finding.uri, finding.span),
      sourceLine: /^[^\r\n]*/.exec(text.slice(lineStart))?.[0] ?? '',
      related: finding.related.map((r) => ({ path: pathOf(r.uri), range: rangeIn(r.uri, r.span), message: r.message })),
      fixes: !withFixes ? [] : finding.fixes().map((fix) => ({
        title: fix.title, kind: fix.kind, creates: fix.creates ?? [],
        edits: fix.edits.map((e) => ({ path: pathOf(e.uri), range: rangeIn(e.uri, e.span), text: e.text })),
      })),
    };
  });
}

export function summarise(findings: readonly Finding[], counts: { files: number; queries: number; unanalysed: number; durationMs: number }): ReportSummary {
  const bySeverity: Record<Severity, number> = { error: 0, warning: 0, info: 0, hint: 0 };
  const byRule: Record<string, number> = {};
  for (const { severity, rule } of findings) {
    bySeverity[severity]++;
    byRule[rule] = (byRule[rule] ?? 0) + 1;
  }
  return { ...counts, bySeverity, byRule };
}
