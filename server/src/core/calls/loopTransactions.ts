import type { CallIr, HostFile, Loop } from '../hosts/ir';
import { containsSpan, type HostSpan } from '../text/span';

import { dependentNames } from './dependence';
import { enclosingFunctions, enclosingLoops } from './enclosing';
import { findExternalWork } from './externalWork';
import type { FlowGraph, PathStep } from './flow';
import { isBackgroundWork } from './loopQueries';
import { classifyLoop, type LoopSubject } from './loops';
import { collectTransactions, isIsolated, isNested, type Transaction } from './transactions';

/** A transaction that is begun and committed once per element of a collection. */
export interface LoopTransaction {
  readonly loop: Loop;
  /** `once per element of …`. */
  readonly reason: string;
  readonly anchor: HostSpan;
  /** From this place to what begins the transaction. */
  readonly path: readonly PathStep[];
  /** Where it stands in the loop itself. */
  readonly transaction?: Transaction;
  readonly background: boolean;
}

/** Transactions in the loops of a file, directly or in a function that the loop calls. Chunks, retries and loops with work outside of the database in them are left out: there a transaction each is right. */
export function collectLoopTransactions(flow: FlowGraph, file: HostFile): readonly LoopTransaction[] {
  if (file.loops.length === 0) return [];
  const all = collectTransactions(flow, file);
  const found: LoopTransaction[] = [];
  const add = (at: HostSpan, anchor: HostSpan, call: CallIr | undefined, functionId: number | undefined, names: readonly string[], path: readonly PathStep[], transaction?: Transaction): void => {
    const subject: LoopSubject = { span: at, functionId, loopIds: call?.loopIds ?? [], call, resultName: call?.resultName, names };
    const loop = enclosingLoops(flow, file, at, functionId, subject.loopIds)[0];
    const form = loop && classifyLoop(file, loop, subject);
    if (!loop || form?.form !== 'per-element' || loop.facts.retries || loop.facts.exits.some((exit) => exit.kind !== 'throw') || enclosingFunctions(file, loop.functionId).some((fn) => fn.name === 'main')) return;
    if (!dependsOn(file, loop, names) || isIsolated(file, { span: at, functionId }, loop.body) || isSettled(file, loop) || worksOutside(flow, file, loop)) return;
    found.push({ loop, reason: form.reason, anchor, path, ...(transaction ? { transaction } : {}), background: isBackgroundWork(file, loop.functionId) });
  };
  for (const transaction of all) {
    if (transaction.form === 'function' || isNested(file, all, transaction) || (transaction.form !== 'callback' && transaction.form !== 'context' && !transaction.commit)) continue;
    const names = namesIn(file, transaction.body);
    const call = transaction.call ?? file.calls.find((c) => containsSpan(transaction.anchor, c.span));
    add(transaction.span, transaction.anchor, call, transaction.functionId, names, [{ uri: file.uri, span: transaction.anchor, label: transaction.label }], transaction);
  }
  for (const call of file.calls) {
    if (call.loopIds.length === 0 || call.siteId !== undefined || call.conditional || all.some((t) => containsSpan(t.span, call.span))) continue;
    const target = flow.resolve(file.uri, call.id).filter((ref) => ref.confidence !== 'low');
    const ref = target.length === 1 ? target[0] : undefined;
    const home = ref && flow.file(ref.uri);
    const fn = ref && home?.functions[ref.functionId];
    if (!home || !fn) continue;
    const inner = ownTransaction(flow, home, fn.id);
    if (!inner) continue;
    const names = call.args.flatMap((a) => a.names);
    add(call.span, call.nameSpan, call, call.functionId, names, [{ uri: file.uri, span: call.nameSpan, label: fn.name }, { uri: home.uri, span: inner.anchor, label: inner.label }]);
  }
  return found;
}

/** The transaction that a function always runs its work in, and that joins none of its caller's. */
function ownTransaction(flow: FlowGraph, file: HostFile, functionId: number): Transaction | undefined {
  const fn = file.functions[functionId];
  if (!fn) return undefined;
  const handed = fn.parameters.some((p) => /^(tx|trx|t|transaction|client|conn|connection|session|em|manager)$/i.test(p.name) || /Transaction|PoolClient|Connection|Session|EntityManager/.test(p.type ?? ''));
  // A written BEGIN joins nobody's transaction.
  return collectTransactions(flow, file).find((t) => (!handed || t.form === 'statements') && (t.form === 'function' ? t.inner === functionId : t.functionId === functionId && t.form !== 'context') && (t.call === undefined || !t.call.conditional) && fn.async === (file.language !== 'python'));
}

const namesIn = (file: HostFile, body: HostSpan): readonly string[] => [...file.calls.filter((c) => containsSpan(body, c.span)).flatMap((c) => [...c.args.flatMap((a) => a.names), c.callee[0] ?? '']), ...file.sites.filter((s) => containsSpan(body, s.span)).flatMap((s) => s.binds.flatMap((b) => b.names))];

function dependsOn(file: HostFile, loop: Loop, names: readonly string[]): boolean {
  const derived = dependentNames(file, loop.span, loop.elements);
  return names.some((name) => derived.has(name));
}

/** `Promise.allSettled`, `gather(return_exceptions=True)`: each one may fail on its own. */
const isSettled = (file: HostFile, loop: Loop): boolean =>
  file.calls.some((call) => containsSpan(call.span, loop.span) && (call.callee.at(-1) === 'allSettled' || call.args.some((a) => a.name === 'return_exceptions')));

/** Work outside of the database in the loop: held open over it, one transaction would keep its locks. */
export const worksOutside = (flow: FlowGraph, file: HostFile, loop: Loop): boolean =>
  file.calls.some((call) => containsSpan(loop.body, call.span) && (findExternalWork(flow, file, call) !== undefined || /^(send|publish|enqueue|emit|notify|dispatch|delay|apply_async|perform_(?:later|async|in|at|after_commit)|upload|download)/i.test(call.callee.at(-1) ?? '')));

