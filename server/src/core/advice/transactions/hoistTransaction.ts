import type { LoopTransaction } from '../../calls/loopTransactions';
import type { FlowContext, Fix } from '../../lint/rule';
import type { Edit } from '../../text/edit';
import { containsSpan, hostSpan, spanText } from '../../text/span';
import { codeLanguageOf, indentAt, lineEnd, maskCode, wholeLines } from '../batching/code';
import { escapeRegExp } from '../../text/regExp';

const TITLE = 'Begin the transaction before the loop: all elements are then written, or none';

/**
 * Puts the transaction round the loop, where it is all that the loop's body does. Head and head, end and end change places,
 * so that no line moves otherwise. Undefined where a `return` would end more than a turn, or the body does anything else.
 */
export function hoistTransaction({ file, text }: FlowContext, { loop, transaction }: LoopTransaction): Fix | undefined {
  const language = codeLanguageOf(file);
  if (!transaction || language === undefined || loop.kind === 'callback' || loop.kind === 'comprehension' || loop.kind === 'for-await' || indentAt(text, loop.span.start) === undefined) return undefined;
  if ((file.exits ?? []).some((exit) => containsSpan(loop.body, exit.span)) || file.loops.some((other) => other.id !== loop.id && other.parent === loop.parent && containsSpan(other.body, loop.span) && other.functionId === loop.functionId)) return undefined;
  const edits = language === 'python' ? pythonEdits(text, loop, transaction) : scriptEdits(text, maskCode(text, language), loop, transaction);
  return edits && { title: TITLE, kind: 'review', edits: edits.map((edit) => ({ ...edit, uri: file.uri })) };
}

type Edits = readonly Omit<Edit, 'uri'>[] | undefined;

/** `for x in xs:` and `with …:` on a line each, one right below the other. */
function pythonEdits(text: string, loop: LoopTransaction['loop'], transaction: NonNullable<LoopTransaction['transaction']>): Edits {
  if (transaction.form !== 'context' || transaction.span.end !== loop.body.end || transaction.span.start !== loop.body.start) return undefined;
  const head = lineAt(text, loop.span.start);
  const inner = lineAt(text, transaction.span.start);
  // The name that the manager gives is the same for every turn; the manager itself may not depend on the element.
  if (!head || !inner || head.end > inner.start || loop.elements.some((e) => new RegExp(`\\b${e}\\b`).test(inner.text)) || text.slice(head.end, inner.start).trim() !== '') return undefined;
  return [{ span: hostSpan(head.start, head.end), text: inner.text }, { span: hostSpan(inner.start, inner.end), text: head.text }];
}

/** A line from its first character, where it ends with a colon. */
function lineAt(text: string, from: number): { readonly start: number; readonly end: number; readonly text: string } | undefined {
  const line = /^[^\r\n]*/.exec(text.slice(from))?.[0].trimEnd() ?? '';
  return line.endsWith(':') ? { start: from, end: from + line.length, text: line } : undefined;
}

function scriptEdits(text: string, masked: string, loop: LoopTransaction['loop'], transaction: NonNullable<LoopTransaction['transaction']>): Edits {
  if (masked[loop.body.start] !== '{' || !/^\{\s*(await\s+)?$/.test(masked.slice(loop.body.start, transaction.span.start))) return undefined;
  if (transaction.form === 'callback') return callbackEdits(text, masked, loop, transaction);
  return transaction.form === 'statements' && transaction.commit ? statementEdits(text, masked, loop, transaction) : undefined;
}

function callbackEdits(text: string, masked: string, loop: LoopTransaction['loop'], transaction: NonNullable<LoopTransaction['transaction']>): Edits {
  const { body, span } = transaction;
  const start = loop.body.start + (/^\{\s*/.exec(masked.slice(loop.body.start))?.[0].length ?? 1);
  const tail = /^\s*;?\s*\}$/.exec(masked.slice(span.end, loop.body.end))?.[0];
  if (tail === undefined || masked[body.start] !== '{' || !/^\s*await\b/.test(masked.slice(start - 1))) return undefined;
  const outer = text.slice(loop.span.start, loop.body.start + 1);
  const inner = text.slice(start, body.start + 1);
  if (loop.elements.some((e) => new RegExp(`(?<![\\w$.])${escapeRegExp(e)}(?![\\w$])`).test(inner))) return undefined;
  const close = body.end - 1;
  const innerEnd = text.slice(close, span.end) + (/^\s*;/.test(tail) ? ';' : '');
  const last = loop.body.end - 1;
  return [
    { span: hostSpan(loop.span.start, loop.body.start + 1), text: inner },
    { span: hostSpan(start, body.start + 1), text: outer },
    { span: hostSpan(close, span.end + (/^\s*;/.exec(tail)?.[0].length ?? 0)), text: '}' },
    { span: hostSpan(last, last + 1), text: innerEnd },
  ];
}

/** BEGIN as the first line of the body, COMMIT as its last: the lines move out. */
function statementEdits(text: string, masked: string, loop: LoopTransaction['loop'], { call, commit }: NonNullable<LoopTransaction['transaction']>): Edits {
  if (!call || !commit) return undefined;
  const wait = (at: number): number => at - (/await\s+$/.exec(masked.slice(0, at))?.[0].length ?? 0);
  const first = wholeLines(text, hostSpan(wait(call.span.start), call.span.end));
  const last = wholeLines(text, hostSpan(wait(commit.span.start), commit.span.end));
  const indent = indentAt(text, loop.span.start);
  if (!first || !last || indent === undefined || !/^\s*\}$/.test(masked.slice(last.end, loop.body.end))) return undefined;
  const eol = lineEnd(text);
  return [
    { span: hostSpan(loop.span.start, loop.span.start), text: spanText(text, first) + eol + indent },
    { span: hostSpan(text.lastIndexOf('\n', first.start - 1) + 1, text.indexOf('\n', first.end) + 1), text: '' },
    { span: hostSpan(text.lastIndexOf('\n', last.start - 1) + 1, text.indexOf('\n', last.end) + 1), text: '' },
    { span: hostSpan(loop.span.end, loop.span.end), text: eol + indent + spanText(text, last) },
  ];
}
