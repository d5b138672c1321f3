import type { CallIr, HostFile, QuerySite } from '../hosts/ir';
import { containsSpan, hostSpan, type HostSpan } from '../text/span';
import { blocksAround, calleeText, methodOf, receiverOf, runsWithin } from './blocks';
import { enclosingFunctions } from './enclosing';
import type { FlowGraph } from './flow';
import { createVersioned } from './versioned';

/** A stretch of code that runs in one transaction. */
export interface Transaction {
  /**
   * `callback`: of a function that it is given · `context`: Python's `with` · `function`: a decorator's ·
   * `statements`: between BEGIN and COMMIT · `object`: between its making (`startTransaction()`) and its commit.
   */
  readonly form: 'callback' | 'context' | 'function' | 'statements' | 'object';
  /** The smallest text that begins it. */
  readonly anchor: HostSpan;
  /** The whole of it, with what begins and ends it. */
  readonly span: HostSpan;
  readonly body: HostSpan;
  /** Function that holds the beginning. */
  readonly functionId?: number;
  /** Function whose code stands in `body`. */
  readonly inner?: number;
  /** `db.transaction`, `BEGIN`. */
  readonly label: string;
  /** Call that begins it, and the one that commits. */
  readonly call?: CallIr;
  readonly commit?: CallIr;
  /** What it is run on: `client`, `trx`. Empty for callbacks and contexts. */
  readonly receiver: string;
  /** Name that a context gives to its session or connection. */
  readonly session?: string;
}

const CALLBACK = /^(transaction|\$transaction|begin|withTransaction|inTransaction|runInTransaction|transactional|executeTransaction)$/;
const CONTEXT = /(^|\.)(atomic|begin|transaction|start_transaction|in_transaction)\(.*\)$|^atomic\(/s;
const DECORATOR = /^(transaction\.)?atomic\b|^(\w+\.)?transactional\b/;
const FOREIGN = /^(mongoose|mongodb|firebase.*|@google-cloud\/firestore|yjs|prosemirror-\w+|@tiptap\/.*|idb|dexie|neo4j-driver|@sentry\/.*|pymongo.*|motor.*|neo4j.*|better-sqlite3|sqlite3?|aiosqlite)$/;

const BEGIN = /^\s*(begin|start\s+transaction)\b/i;
const COMMIT = /^\s*(commit|end)\b/i;
const ROLLBACK = /^\s*(rollback|abort)\b(?!\s+to\b)/i;

const textOf = (file: HostFile, call: CallIr): string => (call.siteId === undefined ? '' : file.sites[call.siteId]?.source?.text ?? '');
/** Does the call send COMMIT, or commit by a method? */
export const isCommit = (file: HostFile, call: CallIr): boolean => /^(commit|commitTransaction)$/.test(methodOf(call)) || COMMIT.test(textOf(file, call));
export const isRollback = (file: HostFile, call: CallIr): boolean => /^(rollback|rollbackTransaction|abort|abortTransaction)$/.test(methodOf(call)) || ROLLBACK.test(textOf(file, call));

const transactionsByFile = createVersioned<HostFile, readonly Transaction[]>();

/** The transactions that a file begins, in order. Of other databases: none. */
export function collectTransactions(flow: FlowGraph, file: HostFile): readonly Transaction[] {
  const known = transactionsByFile(flow);
  const found = known.get(file);
  if (found) return found;
  const result = isPlausible(file) ? find(file).filter((t) => touchesDatabase(flow, file, t)).sort((a, b) => a.span.start - b.span.start) : [];
  known.set(file, result);
  return result;
}

const isPlausible = (file: HostFile): boolean => file.calls.length > 0 && !file.imports.some((i) => FOREIGN.test(i.module));

function find(file: HostFile): readonly Transaction[] {
  return [
    ...file.calls.flatMap((call) => ofCallback(file, call) ?? ofStatements(file, call) ?? ofObject(file, call) ?? []),
    ...(file.blocks ?? []).flatMap((block): Transaction[] => {
      const item = block.kind === 'with' ? block.items.find((i) => CONTEXT.test(i.text)) : undefined;
      return item ? [{ ...(item.alias === undefined ? {} : { session: item.alias }), form: 'context', anchor: item.span, span: block.span, body: block.body, functionId: block.functionId, inner: block.functionId, label: item.text.replace(/\(.*$/s, ''), receiver: '' }] : [];
    }),
    ...file.functions.flatMap((fn): Transaction[] => {
      const decorator = file.language === 'python' ? fn.decorators.find((d) => DECORATOR.test(d)) : undefined;
      return decorator === undefined ? [] : [{ form: 'function', anchor: fn.nameSpan, span: fn.span, body: fn.body, functionId: fn.parent, inner: fn.id, label: `@${decorator}`, receiver: '' }];
    }),
  ];
}

function ofCallback(file: HostFile, call: CallIr): Transaction | undefined {
  const chained = methodOf(call) === 'execute' && call.callee.at(-2) === '()' && call.callee.includes('transaction');
  if ((!chained && !CALLBACK.test(methodOf(call))) || call.callee.length < 2 || file.language === 'python') return undefined;
  const argument = call.args.find((a) => a.functionId !== undefined);
  const fn = argument?.functionId === undefined ? undefined : file.functions[argument.functionId];
  if (!fn || !argument || !containsSpan(argument.span, fn.span)) return undefined;
  return { form: 'callback', anchor: call.nameSpan, span: call.span, body: fn.body, functionId: call.functionId, inner: fn.id, label: calleeText(call), call, receiver: fn.parameters[0]?.name ?? '' };
}

function ofStatements(file: HostFile, call: CallIr): Transaction | undefined {
  if (!BEGIN.test(textOf(file, call))) return undefined;
  return between(file, call, receiverOf(call), 'statements', siteOf(file, call)?.anchor ?? call.nameSpan, 'BEGIN');
}

function ofObject(file: HostFile, call: CallIr): Transaction | undefined {
  const name = methodOf(call);
  if (call.args.some((a) => a.functionId !== undefined)) return undefined;
  // asyncpg: `tr = conn.transaction()`, then `await tr.start()`.
  if (name === 'start' && file.language === 'python' && call.awaited && call.callee.length === 2 && file.calls.some((made) => made.functionId === call.functionId && made.resultName === call.callee[0] && methodOf(made) === 'transaction')) return between(file, call, receiverOf(call), 'object', call.nameSpan, calleeText(call));
  if (name === 'startTransaction' && call.callee.length > 1) return between(file, call, receiverOf(call), 'object', call.nameSpan, calleeText(call));
  if (!/^(transaction|beginTransaction)$/.test(name) || call.resultName === undefined || !call.awaited || call.callee.length < 2) return undefined;
  return between(file, call, call.resultName, 'object', call.nameSpan, calleeText(call));
}

const siteOf = (file: HostFile, call: CallIr): QuerySite | undefined => (call.siteId === undefined ? undefined : file.sites[call.siteId]);

/** From its beginning to the last commit of the same function; without one, to the function's end. */
function between(file: HostFile, call: CallIr, receiver: string, form: Transaction['form'], anchor: HostSpan, label: string): Transaction | undefined {
  const fn = call.functionId === undefined ? undefined : file.functions[call.functionId];
  if (!fn) return undefined;
  const next = file.calls.find((c) => c.functionId === call.functionId && c.span.start > call.span.end && receiverOf(c) === receiver && BEGIN.test(textOf(file, c)))?.span.start ?? fn.body.end;
  const commit = file.calls.filter((c) => c.functionId === call.functionId && c.span.start >= call.span.end && c.span.end <= next && (receiverOf(c) === receiver || file.language === 'python') && isCommit(file, c)).at(-1);
  return { form, anchor, span: hostSpan(call.span.start, commit?.span.end ?? fn.body.end), body: hostSpan(call.span.end, commit?.span.start ?? fn.body.end), functionId: call.functionId, inner: call.functionId, label, call, ...(commit ? { commit } : {}), receiver };
}

/** A query runs in it, here or behind a call: not another library's idea of a transaction. */
function touchesDatabase(flow: FlowGraph, file: HostFile, { body, form, session }: Transaction): boolean {
  if (form === 'statements') return true;
  // What is put into a unit of work is sent when the block ends.
  if (session !== undefined && file.imports.some((i) => /^(sqlalchemy|sqlmodel)(\.|$)/.test(i.module)) && file.calls.some((call) => containsSpan(body, call.span) && receiverOf(call) === session && /^(add|add_all|merge|delete)$/.test(methodOf(call)))) return true;
  return file.sites.some((site) => site.executes !== 'no' && containsSpan(body, site.span)) || file.calls.some((call) => call.siteId === undefined && containsSpan(body, call.span) && flow.executions(file.uri, call.id).length > 0);
}

/** Calls that run inside a transaction, of its own function and of literals that are run where they stand. */
export function callsInside(flow: FlowGraph, file: HostFile, transaction: Transaction): readonly CallIr[] {
  return file.calls.filter((call) => containsSpan(transaction.body, call.span) && runsWithin(flow, file, call, transaction.inner));
}

/** Libraries that send BEGIN along with the first statement: until then no lock is held, and nothing waits. */
const LATE: Readonly<Record<string, RegExp>> = { atomic: /^django\.db/, session: /^(sqlalchemy|sqlmodel)(\.|$)/ };

const beginsLate = (file: HostFile, { form, label, session }: Transaction): boolean => {
  if (form !== 'context' && form !== 'function') return false;
  const pattern = /(^@?|\.)atomic\b/.test(label) ? LATE['atomic'] : session !== undefined && !/engine|conn/i.test(label) ? LATE['session'] : undefined;
  return pattern !== undefined && file.imports.some((i) => pattern.test(i.module));
};

/** Is the transaction open where a call stands? From the beginning, or, where the library begins late, behind a statement: in the text, or in an earlier turn of a loop inside of it. */
export function isOpenAt(flow: FlowGraph, file: HostFile, transaction: Transaction, call: CallIr): boolean {
  if (!beginsLate(file, transaction)) return true;
  const inner = call.loopIds.filter((id) => file.loops[id] !== undefined && containsSpan(transaction.body, file.loops[id].span));
  const before = (at: HostSpan, loopIds: readonly number[]): boolean => containsSpan(transaction.body, at) && (at.start < call.span.start || loopIds.some((id) => inner.includes(id)));
  return file.sites.some((site) => site.executes !== 'no' && before(site.span, site.loopIds)) || file.calls.some((other) => other.siteId === undefined && before(other.span, other.loopIds) && other.id !== call.id && flow.executions(file.uri, other.id).length > 0);
}

/** Does another transaction of the file stand around this one? Then it is a savepoint. */
export function isNested(file: HostFile, all: readonly Transaction[], transaction: Transaction): boolean {
  const outer = new Set(enclosingFunctions(file, transaction.functionId).map((fn) => fn.id));
  return all.some((other) => other !== transaction && containsSpan(other.body, transaction.span) && (other.inner === undefined || outer.has(other.inner)));
}

/** A `try` inside the loop that catches what goes wrong in the transaction: each element succeeds or fails on its own. */
export const isIsolated = (file: HostFile, transaction: Pick<Transaction, 'span' | 'functionId'>, loopBody: HostSpan): boolean =>
  blocksAround(file, transaction.span, transaction.functionId).some((block) => block.kind === 'try' && block.handlers.length > 0 && containsSpan(loopBody, block.span) && containsSpan(block.body, transaction.span));
