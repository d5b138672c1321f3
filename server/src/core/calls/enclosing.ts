import type { CallIr, FunctionIr, HostFile, Loop } from '../hosts/ir';
import { containsSpan, hostSpan, type HostSpan } from '../text/span';
import type { FlowGraph } from './flow';

/**
 * The loops whose turns run this place, innermost first: loops of the same function, and loops outside of function
 * literals that are run where they stand (`db.transaction(async (tx) => …)` in a loop). Calls of the workspace's own
 * helpers that run their callback per element count as loops (their `id` is negative).
 * @param known loops that the host already placed around it.
 */
export function enclosingLoops(flow: FlowGraph, file: HostFile, span: HostSpan, functionId: number | undefined, known: readonly number[] = []): readonly Loop[] {
  const result: Loop[] = file.loops.filter((loop) => containsSpan(loop.body, span));
  const chain = enclosingFunctions(file, functionId);
  let reachable = chain.length;
  for (const [depth, fn] of chain.entries()) {
    const own = file.loops.find((loop) => loop.kind === 'callback' && containsSpan(loop.span, fn.span) && containsSpan(fn.span, loop.body));
    if (own) continue;
    const runs = fn.callback === undefined ? 'never' : flow.runs(file.uri, fn.callback.callId, fn.callback.argument);
    const call = fn.callback === undefined ? undefined : file.calls[fn.callback.callId];
    if (runs === 'each' && call) result.push(helperLoop(call, fn));
    if (runs === 'never' || runs === 'unknown') {
      reachable = depth;
      break;
    }
  }
  const border = chain[reachable];
  return result
    .filter((loop) => border === undefined || known.includes(loop.id) || containsSpan(border.span, loop.span))
    .sort((a, b) => a.body.end - a.body.start - (b.body.end - b.body.start));
}

/** The function, then those around it. */
export function enclosingFunctions(file: HostFile, functionId: number | undefined): readonly FunctionIr[] {
  const result: FunctionIr[] = [];
  for (let id = functionId; id !== undefined && result.length < 20; ) {
    const fn: FunctionIr | undefined = file.functions[id];
    if (!fn) break;
    result.push(fn);
    id = fn.parent;
  }
  return result;
}

function helperLoop(call: CallIr, fn: FunctionIr): Loop {
  // `50`, `ctx` and the like are not what is walked.
  const walked = call.args.find((a) => a.functionId === undefined && a.names.length > 0) ?? call.args.find((a) => a.functionId === undefined);
  return {
    id: -1 - call.id,
    kind: 'callback',
    span: call.span,
    head: hostSpan(call.span.start, call.nameSpan.end),
    body: fn.body,
    functionId: call.functionId,
    iterable: walked && { text: walked.text, span: walked.span, names: walked.names, kind: 'unknown' },
    elements: fn.parameters.map((p) => p.name),
    concurrent: true,
    facts: { assigns: [], exits: [], retries: false },
  };
}
