import { judgeConnections, type Session, type SessionGroup } from '../../core/health/connections';
import { numberOf, textOf } from '../introspectRows';
import { connectionLimitsQuery, sessionGroupsQuery, sessionsQuery } from '../queries/healthSessions';
import { grantMonitor, type Probe } from './probe';

export const connections: Probe = {
  name: 'connections',
  title: 'Connections',
  async read({ rows, blind, server, thresholds, options }) {
    const groups = await rows(sessionGroupsQuery) ?? [];
    const sessions = await rows(sessionsQuery) ?? [];
    const [limits = {}] = await rows(connectionLimitsQuery) ?? [];
    const hidden = groups.filter((row) => row['hidden'] === true).reduce((sum, row) => sum + (numberOf(row['sessions']) ?? 0), 0);
    if (hidden > 0) blind(`State and statements of ${hidden} ${hidden === 1 ? 'session' : 'sessions'} of other roles are hidden: idle transactions and long queries may be among them.`, grantMonitor(server));
    return judgeConnections({
      groups: groups.map((row): SessionGroup => ({
        database: textOf(row['database']), user: textOf(row['user']), application: textOf(row['application']), address: textOf(row['address']),
        state: typeof row['state'] === 'string' ? row['state'] : null, sessions: numberOf(row['sessions']) ?? 0,
      })),
      sessions: sessions.map((row): Session => ({
        pid: numberOf(row['pid']) ?? 0, database: textOf(row['database']), user: textOf(row['user']), application: textOf(row['application']), state: textOf(row['state']), waitType: textOf(row['wait_type']),
        queryAge: numberOf(row['query_age']) ?? 0, stateAge: numberOf(row['state_age']) ?? 0, transactionAge: numberOf(row['transaction_age']) ?? null, query: textOf(row['query']),
      })),
      maxConnections: numberOf(limits['max_connections']) ?? 0, reserved: numberOf(limits['reserved']) ?? 0,
      ...(options.poolSize === undefined ? {} : { poolSize: options.poolSize }), ...(options.maxOverflow === undefined ? {} : { maxOverflow: options.maxOverflow }),
    }, server, thresholds);
  },
};
