import type { Finding } from '../core/lint/rule';
import type { Edit } from '../core/text/edit';
import { hostSpan } from '../core/text/span';
import type { DocumentLanguage } from './paths';

/**
 * Writes a `sargable-disable-next-line` comment above the line of a finding, with that line's indentation and line end.
 * Where that line lies inside a string of the host, the comment goes above the line on which the string begins.
 */
export function suppressionEdit(text: string, finding: Pick<Finding, 'uri' | 'span' | 'rule'>, language: DocumentLanguage): Edit {
  let at = text.lastIndexOf('\n', finding.span.start - 1) + 1;
  const opening = language === 'sql' || language === 'template' ? undefined : openString(text.slice(0, at), language);
  if (opening !== undefined) at = text.lastIndexOf('\n', opening - 1) + 1;
  const indentation = /^[ \t]*/.exec(text.slice(at))?.[0] ?? '';
  const newline = /\r\n|\n/.exec(text)?.[0] ?? '\n';
  const comment = `sargable-disable-next-line ${finding.rule}: reason`;
  if (language === 'template') {
    const [open, close] = /\.erb$/i.test(finding.uri) ? ['<%#', '%>'] : /\.blade\.php$/i.test(finding.uri) ? ['{{--', '--}}'] : ['{#', '#}'];
    return { uri: finding.uri, span: hostSpan(at, at), text: `${indentation}${open} ${comment} ${close}${newline}` };
  }
  const marker = language === 'sql' ? '--' : language === 'python' || language === 'ruby' ? '#' : '//';
  return { uri: finding.uri, span: hostSpan(at, at), text: `${indentation}${marker} ${comment}${newline}` };
}

/** Offset of the template literal or triple-quoted string that is still open at the end of the text. */
function openString(text: string, language: DocumentLanguage): number | undefined {
  if (language === 'ruby' || language === 'php') return openHeredoc(text);
  const delimiters = language === 'python' ? /"""|'''/g : language === 'java' || language === 'csharp' ? /"""/g : language === 'rust' ? /r#+"|"#+/g : /(?<!\\)`/g;
  let open: { at: number; delimiter: string } | undefined;
  for (const match of text.matchAll(delimiters)) {
    if (!open) open = { at: match.index, delimiter: match[0] };
    else if (open.delimiter === match[0] || language === 'rust') open = undefined;
  }
  return open?.at;
}

/** Offset of a heredoc whose end has not come. */
function openHeredoc(text: string): number | undefined {
  for (const match of [...text.matchAll(/<<[-~<]?\s*(["']?)([A-Z_]\w*)\1/g)].reverse()) {
    const rest = text.slice(match.index + match[0].length);
    return new RegExp(`\\n[ \\t]*${match[2]}\\b`).test(rest) ? undefined : match.index;
  }
  return undefined;
}
