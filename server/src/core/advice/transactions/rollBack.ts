import type { OpenTransaction } from '../../calls/openTransactions';
import { isCommit } from '../../calls/transactions';
import { blocksAround } from '../../calls/blocks';
import type { FlowContext, Fix } from '../../lint/rule';
import type { Edit } from '../../text/edit';
import { hostSpan, spanText } from '../../text/span';
import { codeLanguageOf, indentAt, lineEnd, maskCode } from '../batching/code';

/** Adds the ROLLBACK that is missing: before the `return`, or in the handler of the `try` that holds the COMMIT. */
export function rollBackFix(context: FlowContext, open: OpenTransaction): Fix | undefined {
  const { file, text } = context;
  const { transaction } = open;
  if (!transaction?.commit || codeLanguageOf(file) !== 'javascript') return undefined;
  const statement = `await ${rollbackText(context, open)};`;
  const edit = open.kind === 'on-return' ? beforeReturn(text, open, statement) : inHandler(context, open, statement);
  return edit && { title: 'Roll back on this way', kind: 'review', edits: [{ ...edit, uri: file.uri }] };
}

/** In the words of the COMMIT: `client.query('ROLLBACK')`, `trx.rollback()`. */
function rollbackText({ file, text }: FlowContext, { transaction, receiver }: OpenTransaction): string {
  const commit = transaction?.commit;
  if (!commit || !isCommit(file, commit)) return `${receiver}.rollback()`;
  const written = spanText(text, commit.span);
  return commit.siteId !== undefined ? written.replace(/commit|end/i, (word) => (word === word.toLowerCase() ? 'rollback' : 'ROLLBACK')).replace(new RegExp(`^[\\w$.]+\\.(?=\\w+\\()`), `${receiver}.`) : written.replace(/\.commit(Transaction)?\(/, (_, long: string | undefined) => `.rollback${long ?? ''}(`);
}

type Change = Omit<Edit, 'uri'> | undefined;

function beforeReturn(text: string, { at }: OpenTransaction, statement: string): Change {
  if (!at) return undefined;
  const indent = indentAt(text, at.start);
  if (indent !== undefined) {
    const before = text.slice(0, at.start).trimEnd();
    if (/[{};]$/.test(before)) return { span: hostSpan(at.start, at.start), text: `${statement}${lineEnd(text)}${indent}` };
    return undefined;
  }
  return /\)\s*$/.test(text.slice(0, at.start)) ? { span: at, text: `{ ${statement} ${spanText(text, at)} }` } : /\{\s*$/.test(text.slice(0, at.start)) ? { span: hostSpan(at.start, at.start), text: `${statement} ` } : undefined;
}

function inHandler({ file, text }: FlowContext, { transaction }: OpenTransaction, statement: string): Change {
  const commit = transaction?.commit;
  const block = commit && blocksAround(file, commit.span, commit.functionId).find((b) => b.kind === 'try' && b.body.start <= commit.span.start && commit.span.end <= b.body.end);
  if (!commit || !block) return undefined;
  const masked = maskCode(text, 'javascript');
  const eol = lineEnd(text);
  const outer = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', block.span.start) + 1))?.[0] ?? '';
  const step = outer.includes('\t') || /\n\t/.test(text) ? '\t' : '  ';
  const [handler] = block.handlers;
  if (handler) {
    const open = masked.indexOf('{', handler.start);
    return open < 0 || open >= handler.end ? undefined : { span: hostSpan(open + 1, open + 1), text: `${eol}${outer}${step}${statement}` };
  }
  return { span: hostSpan(block.body.end, block.body.end), text: ` catch (error) {${eol}${outer}${step}${statement}${eol}${outer}${step}throw error;${eol}${outer}}` };
}
