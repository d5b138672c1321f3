import type { PathStep } from '../../calls/flow';
import type { FlowContext } from '../../lint/rule';
import { createLineIndex, lineAt } from '../../text/lineIndex';
import type { HostSpan } from '../../text/span';

/** `orders.ts:12 → stripe.ts:40 stripe.refunds.create`; undefined for a path of one step. */
export function describePath(context: Pick<FlowContext, 'file' | 'text' | 'flow'>, path: readonly PathStep[]): string | undefined {
  if (path.length < 2) return undefined;
  return path.map((step, k) => `${placeOf(context, step)}${k === path.length - 1 ? ` ${step.label}` : ''}`).join(' → ');
}

function placeOf({ file, text, flow }: Pick<FlowContext, 'file' | 'text' | 'flow'>, { uri, span }: PathStep): string {
  const name = decodeURIComponent(uri.split('/').at(-1) ?? uri);
  const lines = uri === file.uri ? undefined : flow.file(uri)?.lines;
  const line = uri === file.uri ? createLineIndex(text).toLineColumn(span.start).line : lines === undefined || lines.length === 0 ? undefined : lineAt(lines, span.start);
  return line === undefined ? name : `${name}:${line + 1}`;
}

/** `line 12` of the document at hand. */
export const lineOf = ({ text }: Pick<FlowContext, 'text'>, { start }: HostSpan): string => `line ${createLineIndex(text).toLineColumn(start).line + 1}`;
