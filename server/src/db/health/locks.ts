import { judgeLocks, type LockSession, type LockWait } from '../../core/health/locks';
import { numberOf, textOf } from '../introspectRows';
import { deadlocksQuery, lockWaitsQuery, sessionsByPidQuery } from '../queries/healthLocks';
import { grantMonitor, type Probe } from './probe';

export const locks: Probe = {
  name: 'locks',
  title: 'Locks',
  async read({ rows, blind, server, thresholds }) {
    const waits = (await rows(lockWaitsQuery(server.version)) ?? []).map((row): LockWait => ({
      pid: numberOf(row['pid']) ?? 0, blocker: numberOf(row['blocker']) ?? 0, mode: textOf(row['mode']).replace(/Lock$/, ''), on: textOf(row['relation']) || KINDS[textOf(row['type'])] || textOf(row['type']), seconds: numberOf(row['waits']) ?? 0,
    }));
    const pids = [...new Set(waits.flatMap(({ pid, blocker }) => [pid, blocker]))];
    const found = pids.length === 0 ? [] : await rows(sessionsByPidQuery, [pids]) ?? [];
    if (waits.length > 0 && !server.seesAllStatistics) blind('What the sessions of other roles that wait or block run is hidden.', grantMonitor(server));
    const [counted = {}] = await rows(deadlocksQuery) ?? [];
    const sessions = new Map(found.map((row): [number, LockSession] => [numberOf(row['pid']) ?? 0, {
      pid: numberOf(row['pid']) ?? 0, user: textOf(row['user']), application: textOf(row['application']), state: textOf(row['state']), query: textOf(row['query']) === '<insufficient privilege>' ? '' : textOf(row['query']),
      transactionAge: numberOf(row['transaction_age']) ?? null, autovacuum: textOf(row['type']) === 'autovacuum worker',
    }]));
    return judgeLocks({ waits, sessions, deadlocks: numberOf(counted['deadlocks']) ?? 0 }, thresholds);
  },
};

/** What a lock is on where it is no table. */
const KINDS: Readonly<Record<string, string>> = { transactionid: 'a row that it changed', tuple: 'a row that it changed', advisory: 'an advisory lock', virtualxid: 'the end of its transaction' };
