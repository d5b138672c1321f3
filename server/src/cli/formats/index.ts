import { version } from '../../../../package.json';
import type { Report } from '../report';
import { formatGithub } from './github';
import { formatGitlab } from './gitlab';
import { formatJson } from './json';
import { formatJunit } from './junit';
import { formatMarkdown } from './markdown';
import { formatSarif } from './sarif';
import { formatStylish } from './stylish';

export const FORMATS = ['stylish', 'json', 'sarif', 'github', 'gitlab', 'junit', 'markdown'] as const;
export type Format = (typeof FORMATS)[number];

/** Formats whose output contains the fixes. */
export const SHOWS_FIXES: readonly Format[] = ['json', 'sarif'];

export function render(report: Report, format: Format): string {
  switch (format) {
    case 'stylish': return formatStylish(report);
    case 'json': return formatJson(report);
    case 'sarif': return formatSarif(report, version);
    case 'github': return formatGithub(report);
    case 'gitlab': return formatGitlab(report);
    case 'junit': return formatJunit(report);
    case 'markdown': return formatMarkdown(report);
  }
}
