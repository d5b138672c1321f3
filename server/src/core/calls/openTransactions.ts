import type { BlockIr, CallIr, FunctionIr, HostFile } from '../hosts/ir';
import { containsSpan, hostSpan, type HostSpan } from '../text/span';
import { blocksAround, methodOf, receiverOf, runsWithin } from './blocks';
import type { FlowGraph } from './flow';
import { collectTransactions, isCommit, isRollback, type Transaction } from './transactions';

export type OpenKind = 'never-ended' | 'on-error' | 'on-return' | 'never-committed';

/** A way on which a transaction stays open, or its changes are lost. */
export interface OpenTransaction {
  readonly kind: OpenKind;
  readonly anchor: HostSpan;
  /** `client`, `session`. */
  readonly receiver: string;
  readonly transaction?: Transaction;
  /** The `return` that leaves it open. */
  readonly at?: HostSpan;
  /** `never-committed`: the last change, the statements that it stands among, and whether a commit is awaited. */
  readonly lost?: { readonly last: HostSpan; readonly scope: HostSpan; readonly awaited: boolean };
}

/** The transactions of a file that some way leaves open. What begins or ends elsewhere (a client that was handed in, a helper that is given it) is not judged. */
export function collectOpenTransactions(flow: FlowGraph, file: HostFile, text: string): readonly OpenTransaction[] {
  const begun = collectTransactions(flow, file).flatMap((t) => ((t.form === 'statements' || t.form === 'object') ? (judge(flow, file, text, t) ?? []) : []));
  return file.language === 'python' ? [...begun, ...lostChanges(flow, file, text)] : begun;
}

function judge(flow: FlowGraph, file: HostFile, text: string, transaction: Transaction): OpenTransaction | undefined {
  const { receiver, functionId, call } = transaction;
  const fn = functionId === undefined ? undefined : file.functions[functionId];
  if (!fn || !call || (file.language === 'python' && transaction.form !== 'object') || call.conditional || !isOwn(file, fn, transaction)) return undefined;
  const rest = file.calls.filter((c) => c.span.start > call.span.end && containsSpan(fn.body, c.span));
  const mine = (c: CallIr): boolean => receiverOf(c) === receiver || c.args.some((a) => a.text === receiver || a.names.includes(receiver));
  // Whoever is given it, under a name that says so, may end it.
  const ends = rest.filter((c) => (mine(c) && (isCommit(file, c) || isRollback(file, c))) || (/rollback|commit|abort|finish|end/i.test(methodOf(c)) && c.siteId === undefined && (mine(c) || c.callee.length === 1)));
  const drops = rest.some((c) => receiverOf(c) === receiver && (/^(end|destroy|close)$/.test(methodOf(c)) || (methodOf(c) === 'release' && c.args.length > 0)));
  const found = (kind: OpenKind, at?: HostSpan): OpenTransaction => ({ kind, anchor: transaction.anchor, receiver, transaction, ...(at ? { at } : {}) });
  if (ends.length === 0) return drops || rest.some((c) => mine(c) && c.siteId === undefined && receiverOf(c) !== receiver) || fn.returns.some((r) => r.names.includes(receiver)) || !runsWork(rest, receiver) ? undefined : found('never-ended');
  if (!transaction.commit) return undefined;
  const rollbacks = ends.filter((c) => !isCommit(file, c) || isRollback(file, c));
  const inFinally = ends.some((c) => blocksAround(file, c.span, c.functionId).some((b) => b.finally && containsSpan(b.finally, c.span)));
  if (inFinally || drops) return undefined;
  const last = transaction.commit.span.start;
  const exit = (file.exits ?? []).find((e) => e.functionId === fn.id && e.span.start > call.span.end && e.span.end <= last && !ends.some((c) => c.span.start > call.span.end && c.span.start < e.span.end));
  if (exit) return found('on-return', exit.span);
  const works = rest.some((c) => c.span.end <= last && c.awaited && runsWithin(flow, file, c, fn.id));
  return rollbacks.length === 0 && works && !/\.\s*(catch|finally)\s*\(/.test(text.slice(call.span.start, fn.body.end)) ? found('on-error') : undefined;
}

/** Was the connection, or the transaction, made in this function? Then nobody else ends it. */
function isOwn(file: HostFile, fn: FunctionIr, { form, receiver, call }: Transaction): boolean {
  if (form === 'object' && call?.resultName === receiver) return true;
  const made = file.calls.find((c) => c.functionId === fn.id && c.resultName === receiver);
  return made !== undefined && (made.constructs || /^(connect|acquire|getClient|createQueryRunner|reserve|getConnection|transaction)$/.test(methodOf(made)));
}

const runsWork = (rest: readonly CallIr[], receiver: string): boolean => rest.some((c) => c.siteId !== undefined && (receiverOf(c) === receiver || c.callee[0] === receiver || c.args.some((a) => a.names.includes(receiver))));

const SESSION = /(^|[._])(Session|SessionLocal|SessionFactory|AsyncSessionFactory|session_factory|sessionmaker|session_maker|SessionMaker|async_session|AsyncSession|AsyncSessionLocal|async_session_factory|async_session_maker)$/;
const CHANGES = /^(add|add_all|delete|merge|bulk_insert_mappings|bulk_save_objects|bulk_update_mappings)$/;

/** Does the module make sessions under this name: `sessions = async_sessionmaker(engine)`? One that commits by itself is none. */
const isMaker = (file: HostFile, name: string): boolean =>
  file.locals?.some((local) => local.name === name && /^(?:\w+\.)*(?:async_)?sessionmaker\s*\(/.test(local.text) && !/autocommit/i.test(local.text)) === true;

/** What keeps changes back until they are committed; a `with` of psycopg (and of psycopg2) commits by itself, one of SQLAlchemy does not. */
function holdsBack(file: HostFile, text: string, path: string, block: BlockIr | undefined): 'session' | 'connection' | undefined {
  const imports = (pattern: RegExp): boolean => file.imports.some((i) => pattern.test(i.module));
  if (imports(/^(sqlalchemy|sqlmodel)(\.|$)/)) {
    if ((SESSION.test(path) || isMaker(file, path)) && !/(^|\.)begin$/.test(path)) return 'session';
    // Before 2.0 a connection of an engine that is not asynchronous commits each statement.
    const asynchronous = block !== undefined && text.startsWith('async', block.span.start);
    if (/(^|[._])engine\.connect$/.test(path) && (asynchronous || file.imports.some((i) => MODERN.test(i.imported))) && !/autocommit/i.test(text)) return 'connection';
  }
  return !block && ((path === 'psycopg2.connect' && imports(/^psycopg2$/)) || (/^psycopg\.(?:connect|(?:Async)?Connection\.connect)$/.test(path) && imports(/^psycopg$/))) ? 'connection' : undefined;
}

/** What SQLAlchemy has since 2.0. */
const MODERN = /^(?:DeclarativeBase|DeclarativeBaseNoMeta|Mapped|MappedAsDataclass|mapped_column)$/;

/** A session of SQLAlchemy, or a connection, that is opened here, changes rows, and is never committed. */
function lostChanges(flow: FlowGraph, file: HostFile, text: string): readonly OpenTransaction[] {
  if (!file.imports.some((i) => /^(sqlalchemy|sqlmodel|psycopg2?)(\.|$)/.test(i.module))) return [];
  return file.calls.flatMap((call): OpenTransaction[] => {
    const fn = call.functionId === undefined ? undefined : file.functions[call.functionId];
    const block = (file.blocks ?? []).find((b) => b.kind === 'with' && b.functionId === call.functionId && b.items.some((i) => i.span.start === call.span.start && i.span.end === call.span.end));
    const name = block?.items.find((i) => i.span.start === call.span.start)?.alias ?? call.resultName;
    if (!fn || name === undefined || !/^\w+$/.test(name) || /autocommit/i.test(text.slice(fn.span.start, fn.span.end))) return [];
    const held = holdsBack(file, text, call.callee.filter((p) => p !== '()').join('.'), block);
    if (held === undefined) return [];
    const scope = block?.body ?? fn.body;
    const uses = file.calls.filter((c) => c.span.start > call.span.end && containsSpan(scope, c.span));
    const cursors = new Set([name, ...uses.filter((c) => receiverOf(c) === name && methodOf(c) === 'cursor').flatMap((c) => c.resultName ?? []), ...(file.blocks ?? []).flatMap((b) => b.items).filter((i) => i.text.startsWith(`${name}.cursor`)).flatMap((i) => i.alias ?? [])]);
    const changes = [
      ...uses.filter((c) => cursors.has(receiverOf(c)) && ((held === 'session' && CHANGES.test(methodOf(c))) || (c.siteId !== undefined && file.sites[c.siteId]?.access === 'write'))).map((c) => c.nameSpan),
      ...(held === 'session' ? changedObjects(flow, text, scope, name) : []),
    ];
    const first = changes.sort((a, b) => a.start - b.start)[0];
    // Committed, nested in a block that commits, or given to somebody who may.
    const ended = file.calls.some((c) => c.span.start > call.span.end && containsSpan(fn.body, c.span) && receiverOf(c) === name && /^(commit|begin|begin_nested|rollback|close_all)$/.test(methodOf(c))) || new RegExp(`\\bwith\\s+${name}\\b`).test(text.slice(scope.start, scope.end));
    const handedOn = uses.some((c) => !cursors.has(receiverOf(c)) && c.args.some((a) => a.names.some((n) => cursors.has(n)))) || fn.returns.some((r) => r.names.includes(name) && !r.text.includes(`${name}.`)) || /\byield\b/.test(text.slice(scope.start, scope.end)) || new RegExp(`=\\s*${name}\\s*(\\r?\\n|$)`).test(text.slice(scope.start, scope.end));
    const awaited = block ? text.startsWith('async', block.span.start) : call.awaited || /Async|async_/.test(call.callee.join('.'));
    return first && !ended && !handedOn ? [{ kind: 'never-committed', anchor: first, receiver: name, lost: { last: changes.at(-1) ?? first, scope, awaited } }] : [];
  });
}

/** `user.name = …`, where `user = session.get(User, …)` stands before and `User` declares the attribute: the session would write it when it commits. */
function changedObjects(flow: FlowGraph, text: string, scope: HostSpan, session: string): readonly HostSpan[] {
  const body = text.slice(scope.start, scope.end);
  if (new RegExp(`\\b${session}\\.expunge`).test(body)) return [];
  const loaded = [...body.matchAll(new RegExp(`^[ \\t]*(\\w+)[ \\t]*=[ \\t]*(?:await[ \\t]+)?${session}\\.(?:get|get_one|query)\\([ \\t]*(\\w+)`, 'gm'))];
  return loaded.flatMap((match) => {
    const [, object = '', model = ''] = match;
    return [...body.slice(match.index).matchAll(new RegExp(`^[ \\t]*(${object}\\.(\\w+))[ \\t]*(?:[-+*/]|//)?=(?!=)`, 'gm'))].flatMap((assigned) => {
      const [whole, target = '', attribute = ''] = assigned;
      const start = scope.start + match.index + assigned.index + whole.indexOf(target);
      return isDeclared(flow, model, attribute) ? [hostSpan(start, start + target.length)] : [];
    });
  });
}

const isDeclared = (flow: FlowGraph, model: string, attribute: string): boolean => {
  for (const file of flow.files()) if (file.classes.some((cls) => cls.name === model && cls.fields.some((one) => one.name === attribute))) return true;
  return false;
};
