import type { Report } from '../report';

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
  // XML 1.0 has no place for most control characters, not even escaped.
  .replace(/\p{Cc}/gu, (c) => (c === '\n' || c === '\t' ? c : ' '));

/** JUnit XML: a suite per file, a failed case per finding. */
export function formatJunit({ findings, summary }: Report): string {
  const files = [...new Set(findings.map((f) => f.path))];
  const suites = files.map((file) => {
    const own = findings.filter((f) => f.path === file);
    const cases = own.map(({ finding, range }) => `    <testcase classname="${escape(file)}" name="${escape(`${finding.rule} ${range.start.line}:${range.start.column}`)}">\n      <failure type="${finding.severity}" message="${escape(finding.message)}">${escape(`${file}:${range.start.line}:${range.start.column} ${finding.because ?? ''}`)}</failure>\n    </testcase>`);
    return `  <testsuite name="${escape(file)}" tests="${own.length}" failures="${own.length}">\n${cases.join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="sargable" tests="${findings.length}" failures="${findings.length}" time="${(summary.durationMs / 1000).toFixed(3)}">\n${suites.join('\n')}${suites.length > 0 ? '\n' : ''}</testsuites>\n`;
}
