import type { BlockIr, CallIr, FunctionIr, HostFile } from '../hosts/ir';
import { containsSpan, hostSpan, spanLength, type HostSpan } from '../text/span';
import { enclosingFunctions } from './enclosing';
import type { FlowGraph } from './flow';

/** `try` and `with` statements around a place in its own function, innermost first. */
export function blocksAround(file: HostFile, span: HostSpan, functionId: number | undefined): readonly BlockIr[] {
  return (file.blocks ?? []).filter((block) => block.functionId === functionId && containsSpan(block.span, span)).sort((a, b) => spanLength(a.span) - spanLength(b.span));
}

/** Does a call run when the function runs: in it, or in function literals that are run where they stand? */
export function runsWithin(flow: FlowGraph, file: HostFile, call: Pick<CallIr, 'functionId'>, functionId: number | undefined): boolean {
  for (const fn of enclosingFunctions(file, call.functionId)) {
    if (fn.id === functionId) return true;
    if (!runsInPlace(flow, file, fn)) return false;
  }
  return functionId === undefined;
}

function runsInPlace(flow: FlowGraph, file: HostFile, fn: FunctionIr): boolean {
  if (file.loops.some((loop) => loop.kind === 'callback' && containsSpan(loop.span, fn.span) && containsSpan(fn.span, loop.body))) return true;
  const runs = fn.callback === undefined ? 'never' : flow.runs(file.uri, fn.callback.callId, fn.callback.argument);
  return runs === 'once' || runs === 'each';
}

/** `this.db.transaction` as text. */
export const calleeText = (call: CallIr): string => call.callee.join('.').replaceAll('.()', '()');
/** What a method is called on: `client` of `client.query(…)`. */
export const receiverOf = (call: CallIr): string => call.callee.slice(0, -1).join('.');
export const methodOf = (call: CallIr): string => call.callee.at(-1) ?? '';
/** The smallest text that names a call: `this.users.findById`; the name alone where what it is called on contains calls or is long. */
export function calleeSpan(call: CallIr): HostSpan {
  const plain = call.callee.every((part) => part !== '()' && part !== '?') && call.nameSpan.end - call.span.start <= 60;
  return plain ? hostSpan(call.span.start, call.nameSpan.end) : call.nameSpan;
}
