import { quoteIdentifier } from '../sql/names';
import type { CheckOutcome, HealthFinding, HealthServer } from './model';
import { hideConstants } from './statementText';
import type { Thresholds } from './thresholds';
import { column, figure, percentOf, plural, renderSeconds } from './values';

/** Client sessions of the cluster by who holds them. `state` null: hidden from this role. */
export interface SessionGroup {
  readonly database: string;
  readonly user: string;
  readonly application: string;
  readonly address: string;
  readonly state: string | null;
  readonly sessions: number;
}

/** One session that runs or holds something; ages in seconds. */
export interface Session {
  readonly pid: number;
  readonly database: string;
  readonly user: string;
  readonly application: string;
  readonly state: string;
  /** `Lock`, `IO` … */
  readonly waitType: string;
  readonly queryAge: number;
  readonly stateAge: number;
  readonly transactionAge: number | null;
  readonly query: string;
}

export interface ConnectionFacts {
  readonly groups: readonly SessionGroup[];
  readonly sessions: readonly Session[];
  readonly maxConnections: number;
  /** Of those, kept for superusers and reserved roles. */
  readonly reserved: number;
  readonly poolSize?: number;
  readonly maxOverflow?: number;
}

const IDLE_IN_TRANSACTION = /^idle in transaction/;

/** Sessions of the cluster against max_connections, those of this database against the application's pool. */
export function judgeConnections(facts: ConnectionFacts, server: Pick<HealthServer, 'database'>, limits: Thresholds): CheckOutcome {
  const { groups, sessions, maxConnections, reserved } = facts;
  const count = (test: (group: SessionGroup) => boolean): number => groups.filter(test).reduce((sum, group) => sum + group.sessions, 0);
  const here = (group: SessionGroup): boolean => group.database === server.database;
  const total = count(() => true);
  const inDatabase = count(here);
  const idleInTransaction = count((g) => here(g) && IDLE_IN_TRANSACTION.test(g.state ?? ''));
  const usable = Math.max(1, maxConnections - reserved);
  const capacity = facts.poolSize === undefined ? undefined : facts.poolSize + (facts.maxOverflow ?? 0);
  const long = sessions.filter((s) => s.state === 'active' && s.queryAge > limits.longQuerySeconds);
  const slow = sessions.filter((s) => s.state === 'active' && s.queryAge > limits.slowQuerySeconds && s.queryAge <= limits.longQuerySeconds);
  const oldest = Math.max(0, ...sessions.filter((s) => IDLE_IN_TRANSACTION.test(s.state)).map((s) => s.stateAge));
  const findings = [
    ...utilisation('connections-near-limit', 'max_connections', total, usable, limits, holders(groups),
      `A pooler (PgBouncer in transaction mode) lets many clients share few connections; end sessions that idle; raise max_connections only with memory to spare (it needs a restart).`),
    ...(capacity === undefined ? [] : utilisation('pool-near-limit', `the pool (${facts.poolSize ?? 0} + ${facts.maxOverflow ?? 0} overflow)`, inDatabase, capacity, limits, holders(groups.filter(here)),
      'New requests will wait for a connection and time out. Look for leaks first (idle in transaction, long queries below), then raise pool size and overflow together with max_connections. The pools of all processes of the application count: pass their sum.')),
    ...idle(facts, server, idleInTransaction, limits),
    ...long.map((session) => running(session, 'warning', limits)), ...slow.map((session) => running(session, 'info', limits)),
  ];
  return {
    figures: [
      figure('total', 'Connections', 'count', total), figure('database', `In ${server.database}`, 'count', inDatabase),
      figure('active', 'Active', 'count', count((g) => here(g) && g.state === 'active')), figure('idle', 'Idle', 'count', count((g) => here(g) && g.state === 'idle')),
      figure('idleInTransaction', 'Idle in transaction', 'count', idleInTransaction), figure('oldestIdleInTransaction', 'Oldest idle in transaction', 'seconds', idleInTransaction === 0 ? null : oldest),
      figure('longRunning', `Running for more than ${renderSeconds(limits.longQuerySeconds)}`, 'count', long.length),
      figure('maxConnections', 'max_connections', 'count', maxConnections), figure('reserved', 'Reserved', 'count', reserved), figure('utilisation', 'Of max_connections in use', 'percent', percentOf(total, usable)),
      ...(capacity === undefined ? [] : [
        figure('poolSize', 'Pool size', 'count', facts.poolSize), figure('maxOverflow', 'Overflow allowed', 'count', facts.maxOverflow ?? 0),
        figure('overflow', 'Overflow in use', 'count', Math.max(0, inDatabase - (facts.poolSize ?? 0))), figure('poolUtilisation', 'Of the pool in use', 'percent', percentOf(inDatabase, capacity)),
      ]),
    ],
    tables: [
      {
        name: 'holders', title: 'Who holds connections', columns: [column('database', 'Database'), column('user', 'Role'), column('application', 'Application'), column('address', 'Client'), column('state', 'State'), column('sessions', 'Sessions', 'count')],
        rows: [...groups].sort((a, b) => b.sessions - a.sessions).map((g) => ({ ...g })),
      },
      {
        name: 'sessions', title: 'What runs, and what holds a transaction open', columns: [column('pid', 'Process', 'text'), column('state', 'State'), column('seconds', 'For', 'seconds'), column('transactionSeconds', 'Transaction', 'seconds'), column('user', 'Role'), column('application', 'Application'), column('waits', 'Waits for'), column('query', 'Statement')],
        rows: sessions.map((s) => ({ pid: String(s.pid), state: s.state, seconds: s.state === 'active' ? s.queryAge : s.stateAge, transactionSeconds: s.transactionAge, user: s.user, application: s.application, waits: s.waitType, query: hideConstants(s.query) })),
      },
    ],
    findings,
  };
}

type Finding = Omit<HealthFinding, 'check'>;

function utilisation(id: string, of: string, used: number, capacity: number, limits: Thresholds, who: string, recommendation: string): readonly Finding[] {
  const percent = percentOf(used, capacity) ?? 0;
  if (percent <= limits.poolWarning) return [];
  return [{
    id, severity: percent > limits.poolCritical ? 'critical' : 'warning', subject: of, message: `${plural(used, 'connection')} of ${capacity} that ${of} allows are in use (${percent} %).`,
    evidence: { used, capacity, percent, holders: who }, recommendation: `Held by ${who}. ${recommendation}`,
  }];
}

const holders = (groups: readonly SessionGroup[]): string => {
  const sums = new Map<string, number>();
  for (const { user, application, sessions } of groups) {
    const key = application === '' ? user : `${user} (${application})`;
    sums.set(key, (sums.get(key) ?? 0) + sessions);
  }
  return [...sums].sort((a, b) => b[1] - a[1]).slice(0, 3).map(([who, sessions]) => `${who}: ${sessions}`).join(', ');
};

function idle({ sessions }: ConnectionFacts, { database }: Pick<HealthServer, 'database'>, idleInTransaction: number, limits: Thresholds): readonly Finding[] {
  const named = sessions.filter((s) => IDLE_IN_TRANSACTION.test(s.state) && s.stateAge > limits.idleInTransactionSeconds);
  const many: readonly Finding[] = idleInTransaction <= limits.idleInTransaction ? [] : [{
    id: 'idle-in-transaction', severity: 'warning', subject: database, message: `${plural(idleInTransaction, 'session')} of ${database} ${idleInTransaction === 1 ? 'is' : 'are'} idle in a transaction.`,
    evidence: { sessions: idleInTransaction, oldestSeconds: Math.max(0, ...sessions.filter((s) => IDLE_IN_TRANSACTION.test(s.state)).map((s) => s.stateAge)) },
    recommendation: 'They hold their locks and keep VACUUM from removing dead rows. Look for paths on which neither COMMIT nor ROLLBACK is reached, and for calls to other services inside a transaction. The server can end such sessions by itself.',
    statement: `ALTER DATABASE ${quoteIdentifier(database)} SET idle_in_transaction_session_timeout = '60s';`,
  }];
  return [...many, ...named.map((session): Finding => ({
    id: 'idle-in-transaction', severity: 'warning', subject: `process ${session.pid}`, message: `Process ${session.pid} (${who(session)}) has been idle in a transaction for ${renderSeconds(session.stateAge)}.`,
    evidence: { pid: session.pid, user: session.user, application: session.application, seconds: session.stateAge, transactionSeconds: session.transactionAge, lastStatement: hideConstants(session.query) },
    recommendation: `Its last statement was: ${hideConstants(session.query)}. The transaction holds its locks and the rows that it saw; whoever owns it should end it. To end it by force:`,
    statement: `SELECT pg_terminate_backend(${session.pid});`,
  }))];
}

const who = ({ user, application }: Session): string => (application === '' ? user : `${user}, ${application}`);

const running = (session: Session, severity: 'warning' | 'info', limits: Thresholds): Finding => ({
  id: 'long-running-query', severity, subject: `process ${session.pid}`,
  message: `Process ${session.pid} (${who(session)}) has been running a statement for ${renderSeconds(session.queryAge)}${session.waitType === 'Lock' ? ', waiting for a lock' : ''}.`,
  evidence: { pid: session.pid, user: session.user, application: session.application, seconds: session.queryAge, threshold: severity === 'warning' ? limits.longQuerySeconds : limits.slowQuerySeconds, waits: session.waitType, statement: hideConstants(session.query) },
  recommendation: `${hideConstants(session.query)}. ${session.waitType === 'Lock' ? 'Whom it waits for, the check locks says.' : 'Explain it, and see the missing indexes.'} To stop the statement and keep the session:`,
  statement: `SELECT pg_cancel_backend(${session.pid});`,
});
