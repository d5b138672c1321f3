import type { OpenTransaction } from '../../calls/openTransactions';
import type { FlowContext, Fix } from '../../lint/rule';
import { hostSpan } from '../../text/span';
import { indentAt, lineEnd } from '../batching/code';

/**
 * `session.commit()` behind the last change. Undefined where that stands in a loop or below a condition, or does not end its line:
 * where the commit belongs is then for a person to say.
 */
export function commitFix({ file, text }: FlowContext, { receiver, lost }: OpenTransaction): Fix | undefined {
  if (!lost || file.language !== 'python') return undefined;
  const call = file.calls.find(({ nameSpan }) => nameSpan.start === lost.last.start);
  if (!call) return undefined;
  const line = text.lastIndexOf('\n', call.span.start) + 1;
  const indent = /^[ \t]*/.exec(text.slice(line))?.[0] ?? '';
  const rest = /^[ \t)]*(?:#.*)?(?=\r?\n|$)/.exec(text.slice(call.span.end));
  if (!rest || indentAt(text, lost.scope.start) !== indent) return undefined;
  const end = call.span.end + rest[0].length;
  const title = `Commit the changes of \`${receiver}\` behind the last of them`;
  return { title, kind: 'review', edits: [{ uri: file.uri, span: hostSpan(end, end), text: `${lineEnd(text)}${indent}${lost.awaited ? 'await ' : ''}${receiver}.commit()` }] };
}
