import type { CheckOutcome, HealthFinding } from './model';
import { hideConstants } from './statementText';
import type { Thresholds } from './thresholds';
import { column, figure, plural, renderSeconds } from './values';

/** One session that waits, for one of those in its way. */
export interface LockWait {
  readonly pid: number;
  readonly blocker: number;
  readonly mode: string;
  /** Table, or kind of lock. */
  readonly on: string;
  readonly seconds: number;
}

export interface LockSession {
  readonly pid: number;
  readonly user: string;
  readonly application: string;
  readonly state: string;
  readonly query: string;
  readonly transactionAge: number | null;
  readonly autovacuum: boolean;
}

export interface LockFacts {
  readonly waits: readonly LockWait[];
  readonly sessions: ReadonlyMap<number, LockSession>;
  readonly deadlocks: number;
}

/** Who is in whose way, as a tree from those that wait for nobody. */
export function judgeLocks({ waits, sessions, deadlocks }: LockFacts, limits: Thresholds): CheckOutcome {
  const waiting = new Set(waits.map(({ pid }) => pid));
  const waitersOf = (pid: number): readonly LockWait[] => waits.filter(({ blocker }) => blocker === pid);
  const free = [...new Set(waits.map(({ blocker }) => blocker))].filter((pid) => !waiting.has(pid));
  // A ring of waiters is a deadlock that the server is about to break.
  const roots = free.length > 0 ? free : [...new Set(waits.map(({ blocker }) => blocker))].slice(0, 1);
  const below = (pid: number, seen: ReadonlySet<number>): readonly { readonly wait: LockWait; readonly depth: number }[] =>
    waitersOf(pid).filter(({ pid: waiter }) => !seen.has(waiter)).flatMap((wait) => [{ wait, depth: seen.size }, ...below(wait.pid, new Set([...seen, wait.pid]))]);
  const trees = roots.map((root) => ({ root, branches: below(root, new Set([root])) }));
  const longest = Math.max(0, ...waits.map(({ seconds }) => seconds));
  return {
    figures: [figure('waiting', 'Waiting for a lock', 'count', waiting.size), figure('longestWait', 'Longest wait', 'seconds', waiting.size === 0 ? null : longest), figure('blockers', 'Sessions in the way', 'count', roots.length), figure('deadlocks', 'Deadlocks counted', 'count', deadlocks)],
    tables: [{
      name: 'tree', title: 'Who waits for whom', columns: [column('process', 'Process'), column('state', 'State'), column('wants', 'Wants'), column('seconds', 'Waits', 'seconds'), column('statement', 'Statement')],
      rows: trees.flatMap(({ root, branches }) => [
        { process: String(root), pid: root, depth: 0, state: sessions.get(root)?.state ?? null, wants: null, seconds: null, statement: hideConstants(sessions.get(root)?.query ?? '') },
        ...branches.map(({ wait, depth }) => ({ process: `${'  '.repeat(depth - 1)}└ ${wait.pid}`, pid: wait.pid, depth, state: 'waiting', wants: `${wait.mode} on ${wait.on}`, seconds: wait.seconds, statement: hideConstants(sessions.get(wait.pid)?.query ?? '') })),
      ]),
    }],
    findings: trees.flatMap(({ root, branches }) => {
      const waits = Math.max(0, ...branches.map(({ wait }) => wait.seconds));
      return branches.length === 0 || waits <= limits.lockWaitSeconds ? [] : [toFinding(root, branches.map(({ wait }) => wait), waits, sessions.get(root), limits)];
    }),
  };
}

function toFinding(root: number, waits: readonly LockWait[], longest: number, session: LockSession | undefined, limits: Thresholds): Omit<HealthFinding, 'check'> {
  const idle = /^idle in transaction/.test(session?.state ?? '');
  const who = session === undefined || session.user === '' ? `Process ${root}` : `Process ${root} (${[session.user, session.application].filter((part) => part !== '').join(', ')})`;
  const doing = session === undefined || session.state === '' ? '' : idle ? ', idle in a transaction,' : session.state === 'active' ? ', which is running a statement,' : '';
  const on = [...new Set(waits.map((wait) => wait.on))].slice(0, 3).join(', ');
  return {
    id: 'lock-contention', severity: longest > limits.lockWaitCriticalSeconds ? 'critical' : 'warning', subject: `process ${root}`, message: `${who}${doing} keeps ${plural(new Set(waits.map((wait) => wait.pid)).size, 'session')} waiting for ${on}, for up to ${renderSeconds(longest)}.`,
    evidence: { pid: root, state: session?.state ?? null, waiting: waits.map((wait) => String(wait.pid)), longestSeconds: longest, on, transactionSeconds: session?.transactionAge ?? null, statement: hideConstants(session?.query ?? '') },
    recommendation: session?.autovacuum ? 'It is autovacuum: it gives way by itself, unless it works against transaction ID wraparound; then let it finish.'
      : `${session && session.query !== '' ? `${idle ? 'Its last statement was' : 'It runs'}: ${hideConstants(session.query)}. ` : ''}${idle ? 'Its transaction has to end before the others go on.' : 'Wait for its end, or stop it:'} Set lock_timeout where schema changes are made, so that they give up instead of queueing everybody behind them.`,
    ...(session?.autovacuum ? {} : { statement: idle ? `SELECT pg_terminate_backend(${root});` : `SELECT pg_cancel_backend(${root});` }),
  };
}
