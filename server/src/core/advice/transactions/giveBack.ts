import type { Leak } from '../../calls/checkouts';
import type { FlowContext, Fix } from '../../lint/rule';
import { hostSpan } from '../../text/span';
import { codeLanguageOf, indentAt, lineEnd, maskCode, wholeLines } from '../batching/code';

/**
 * `try { … } finally { client.release() }` from behind the checkout to the end of its block; what gave the connection
 * back before goes. Undefined where lines are shared with something else, or a text of several lines would be moved.
 */
export function giveBackFix({ file, text }: FlowContext, { checkout }: Leak): Fix | undefined {
  const language = codeLanguageOf(file);
  const { call, releases, giveBack } = checkout;
  if (language === undefined) return undefined;
  const masked = maskCode(text, language);
  const start = statementEnd(text, masked, call.span.end);
  const line = text.lastIndexOf('\n', call.span.start) + 1;
  const indent = /^[ \t]*/.exec(text.slice(line))?.[0] ?? '';
  const end = start === undefined ? undefined : language === 'python' ? pythonEnd(text, masked, start, indent) : scriptEnd(text, masked, start);
  if (start === undefined || end === undefined) return undefined;
  const eol = lineEnd(text);
  const body = text.slice(start, end).replace(/^\r?\n/, '').trimEnd();
  const offset = start + (/^\r?\n/.exec(text.slice(start))?.[0].length ?? 0);
  if (body.trim() === '' || /"""|'''/.test(body) || body.split('`').some((part, k) => k % 2 === 1 && part.includes('\n'))) return undefined;
  let rest = body;
  for (const release of [...releases].sort((a, b) => b.span.start - a.span.start)) {
    const from = release.span.start - (/await\s+$/.exec(text.slice(0, release.span.start))?.[0].length ?? 0);
    const whole = wholeLines(text, hostSpan(from, release.span.end));
    if (!whole || whole.start < offset || whole.end > offset + body.length || indentAt(text, whole.start) !== indent) return undefined;
    const lineStart = text.lastIndexOf('\n', whole.start - 1) + 1 - offset;
    const next = text.indexOf('\n', whole.end);
    rest = rest.slice(0, Math.max(0, lineStart)) + rest.slice(next < 0 ? rest.length : next + 1 - offset);
  }
  if (rest.trim() === '') return undefined;
  const unit = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  const step = language === 'python' ? (unit.length < 8 && unit.startsWith(' ') ? '    ' : unit) : unit.startsWith('\t') ? '\t' : unit.length % 4 === 0 && unit.length === 4 ? '    ' : '  ';
  const moved = rest.trimEnd().split(/\r?\n/).map((l) => (l.trim() === '' ? l : step + l)).join(eol);
  const [open, close] = language === 'python' ? ['try:', ['finally:', `${step}${giveBack}`]] : ['try {', [`} finally {`, `${step}${giveBack};`, '}']];
  const added = [`${indent}${open}`, moved, ...close.map((l) => indent + l)].join(eol);
  return { title: `Give it back on every way: \`finally\` with \`${giveBack}\``, kind: 'review', edits: [{ uri: file.uri, span: hostSpan(offset, offset + body.length), text: added }] };
}

/** The end of the line on which a statement ends, where nothing else follows on it. */
function statementEnd(text: string, masked: string, from: number): number | undefined {
  const rest = /^[ \t)]*;?[ \t]*(?=\r?\n)/.exec(masked.slice(from));
  return rest && !/\S/.test(text.slice(from, from + rest[0].length).replace(/[;)\s]/g, '')) ? from + rest[0].length : undefined;
}

/** The last line before the bracket that closes the block. */
function scriptEnd(text: string, masked: string, from: number): number | undefined {
  let depth = 0;
  for (let i = from; i < masked.length; i++) {
    if (masked[i] === '{' || masked[i] === '(' || masked[i] === '[') depth++;
    else if (masked[i] === '}' || masked[i] === ')' || masked[i] === ']') {
      if (depth === 0) return masked[i] === '}' && indentAt(text, i) !== undefined ? text.lastIndexOf('\n', i) : undefined;
      depth--;
    }
  }
  return undefined;
}

function pythonEnd(text: string, masked: string, from: number, indent: string): number {
  const lines = masked.slice(from + 1).split('\n');
  let end = from + 1;
  let last = end;
  for (const line of lines) {
    if (line.trim() !== '' && !(line.startsWith(indent) && (indent !== '' || !/^\S/.test(line)))) break;
    end += line.length + 1;
    if (line.trim() !== '') last = end - 1;
  }
  return Math.min(last, text.length);
}
