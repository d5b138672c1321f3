import { judgeReplication, type ReplicationFacts } from '../../core/health/replication';
import { numberOf, textOf } from '../introspectRows';
import { replicasQuery, slotsQuery, standbyQuery } from '../queries/healthServer';
import { grantMonitor, type Probe } from './probe';

export const replication: Probe = {
  name: 'replication',
  title: 'Replication',
  async read({ rows, blind, server, thresholds }) {
    const replicas = await rows(replicasQuery) ?? [];
    const hidden = replicas.filter((row) => row['hidden'] === true).length;
    if (hidden > 0) blind(`State and lag of ${hidden} ${hidden === 1 ? 'replica' : 'replicas'} are hidden.`, grantMonitor(server));
    const slots = await rows(slotsQuery(server.version)) ?? [];
    const [standby] = server.standby ? await rows(standbyQuery) ?? [] : [];
    const facts: ReplicationFacts = {
      replicas: replicas.filter((row) => row['hidden'] !== true).map((row) => ({
        application: textOf(row['application']), address: textOf(row['address']), state: textOf(row['state']), syncState: textOf(row['sync_state']), unsent: numberOf(row['unsent']) ?? null, behind: numberOf(row['behind']) ?? null, seconds: numberOf(row['lag']) ?? null,
      })),
      slots: slots.map((row) => ({
        name: textOf(row['name']), type: textOf(row['type']), active: row['active'] === true, database: textOf(row['database']), walStatus: textOf(row['wal_status']), retained: numberOf(row['retained']) ?? null, catalogAge: numberOf(row['catalog_age']) ?? null,
      })),
      ...(standby ? { standby: { seconds: numberOf(standby['seconds']) ?? null, unreplayed: numberOf(standby['unreplayed']) ?? null, paused: standby['paused'] === true, receiving: (numberOf(standby['receivers']) ?? 0) > 0 } } : {}),
      unlimitedSlots: server.settings['max_slot_wal_keep_size']?.value === '-1',
    };
    return judgeReplication(facts, server, thresholds);
  },
};
