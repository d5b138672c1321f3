import type { Severity } from '../../core/lint/rule';
import type { Report } from '../report';

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice', hint: 'notice' };
const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** Workflow commands that GitHub Actions shows as annotations in a pull request. */
export function formatGithub({ findings, skipped }: Report): string {
  const lines = findings.map(({ finding, path, range }) => {
    const sameLine = range.start.line === range.end.line;
    const place = [`file=${property(path)}`, `line=${range.start.line}`, `endLine=${range.end.line}`, ...(sameLine ? [`col=${range.start.column}`, `endColumn=${range.end.column}`] : []), `title=${property(`sargable ${finding.rule}`)}`];
    return `::${COMMANDS[finding.severity]} ${place.join(',')}::${data(finding.because ? `${finding.message}\n${finding.because}` : finding.message)}`;
  });
  return [...lines, ...skipped.map((s) => `::warning file=${property(s.path)},title=sargable skipped::${data(s.reason)}`)].map((l) => `${l}\n`).join('');
}
