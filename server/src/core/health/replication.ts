import { quoteLiteral } from '../sql/names';
import type { CheckOutcome, HealthFinding, HealthServer } from './model';
import type { Thresholds } from './thresholds';
import { column, figure, renderBytes, renderNumber, renderSeconds } from './values';

export interface Replica {
  readonly application: string;
  readonly address: string;
  readonly state: string;
  readonly syncState: string;
  /** Bytes of WAL; null on a standby that has standbys of its own. */
  readonly unsent: number | null;
  readonly behind: number | null;
  readonly seconds: number | null;
}

export interface Slot {
  readonly name: string;
  readonly type: string;
  readonly active: boolean;
  readonly database: string;
  /** `reserved`, `extended`, `unreserved`, `lost`; empty before version 13. */
  readonly walStatus: string;
  readonly retained: number | null;
  readonly catalogAge: number | null;
}

export interface ReplicationFacts {
  readonly replicas: readonly Replica[];
  readonly slots: readonly Slot[];
  readonly standby?: { readonly seconds: number | null; readonly unreplayed: number | null; readonly paused: boolean; readonly receiving: boolean };
  /** `max_slot_wal_keep_size` is -1: a slot keeps WAL until the disk is full. */
  readonly unlimitedSlots: boolean;
}

type Finding = Omit<HealthFinding, 'check'>;

export function judgeReplication(facts: ReplicationFacts, server: Pick<HealthServer, 'standby' | 'version'>, limits: Thresholds): CheckOutcome {
  const { replicas, slots, standby } = facts;
  const worst = Math.max(0, ...replicas.map(({ behind }) => behind ?? 0));
  const retained = Math.max(0, ...slots.map((slot) => slot.retained ?? 0));
  return {
    figures: [
      figure('standby', 'This is a standby', 'flag', server.standby), figure('replicas', 'Replicas', 'count', replicas.length), figure('lagBytes', 'Furthest behind', 'bytes', replicas.length === 0 ? null : worst),
      figure('lagSeconds', standby ? 'Behind the primary' : 'Longest replay lag', 'seconds', standby ? standby.seconds : replicas.length === 0 ? null : Math.max(0, ...replicas.map(({ seconds }) => seconds ?? 0))), figure('unreplayed', 'Received, not replayed', 'bytes', standby?.unreplayed),
      figure('slots', 'Slots', 'count', slots.length), figure('inactiveSlots', 'Inactive slots', 'count', slots.filter((slot) => !slot.active).length), figure('retained', 'WAL kept for slots', 'bytes', slots.length === 0 ? null : retained),
    ],
    tables: [
      { name: 'replicas', title: 'Replicas', columns: [column('application', 'Application'), column('address', 'Address'), column('state', 'State'), column('syncState', 'Sync'), column('unsent', 'Not sent', 'bytes'), column('behind', 'Not replayed', 'bytes'), column('seconds', 'Lag', 'seconds')], rows: replicas.map((r) => ({ ...r })) },
      { name: 'slots', title: 'Slots', columns: [column('name', 'Slot'), column('type', 'Kind'), column('active', 'Active', 'flag'), column('walStatus', 'WAL'), column('retained', 'Kept', 'bytes'), column('catalogAge', 'Catalog age', 'count')], rows: slots.map((s) => ({ ...s })) },
    ],
    findings: [...replicas.flatMap((replica) => tellLag(replica, limits)), ...(standby ? tellStandby(standby, limits) : []), ...slots.flatMap((slot) => tellSlot(slot, facts, server, limits))],
  };
}

function tellLag(replica: Replica, limits: Thresholds): readonly Finding[] {
  const { behind, seconds } = replica;
  if ((behind ?? 0) <= limits.replicationLagBytes && !(replica.state !== '' && replica.state !== 'streaming')) return [];
  const name = `${replica.application} (${replica.address})`;
  const notStreaming = replica.state !== 'streaming';
  return [{
    id: 'replication-lag', severity: (behind ?? 0) > 100 * limits.replicationLagBytes ? 'critical' : notStreaming && (behind ?? 0) <= limits.replicationLagBytes ? 'info' : 'warning', subject: name,
    message: `The replica ${name} ${notStreaming ? `is in state ${replica.state} and ` : ''}is ${renderBytes(behind ?? 0)} of WAL behind${seconds === null ? '' : ` (${renderSeconds(seconds)})`}.`,
    evidence: { bytes: behind, unsentBytes: replica.unsent, seconds, state: replica.state },
    recommendation: `${(replica.unsent ?? 0) > (behind ?? 0) / 2 ? 'Most of it was not even sent: the network or the sender is the brake.' : 'It was sent and not replayed: a long query on the replica may hold replay back (max_standby_streaming_delay), or its disk is slow.'} Reads there see old rows, and a failover would lose what was not sent.`,
  }];
}

function tellStandby(standby: NonNullable<ReplicationFacts['standby']>, limits: Thresholds): readonly Finding[] {
  return [
    ...(standby.paused ? [{ id: 'replay-paused', severity: 'warning' as const, subject: 'this standby', message: 'Replay is paused on this standby.', evidence: {}, recommendation: 'Reads see an old state, and WAL piles up.', statement: 'SELECT pg_wal_replay_resume();' }] : []),
    ...(standby.receiving ? [] : [{ id: 'replication-broken', severity: 'warning' as const, subject: 'this standby', message: 'This standby receives nothing: no WAL receiver runs.', evidence: {}, recommendation: 'It may be fed from an archive; otherwise look at its log, at primary_conninfo, and at whether its slot still exists on the primary.' }]),
    ...((standby.seconds ?? 0) > limits.replicationLagSeconds || (standby.unreplayed ?? 0) > limits.replicationLagBytes ? [{
      id: 'replication-lag', severity: 'warning' as const, subject: 'this standby', message: `This standby is ${renderSeconds(standby.seconds ?? 0)} behind (${renderBytes(standby.unreplayed ?? 0)} received and not replayed).`, evidence: { seconds: standby.seconds, bytes: standby.unreplayed },
      recommendation: 'A long query here may hold replay back (max_standby_streaming_delay), or the disk is slow.',
    }] : []),
  ];
}

function tellSlot(slot: Slot, { unlimitedSlots }: ReplicationFacts, server: Pick<HealthServer, 'version'>, limits: Thresholds): readonly Finding[] {
  const lost = slot.walStatus === 'lost';
  const much = (slot.retained ?? 0) > limits.slotRetainedMegabytes * 1024 * 1024;
  if (slot.active && !much && slot.walStatus !== 'unreserved') return [];
  const id = slot.active ? 'slot-behind' : 'inactive-replication-slot';
  return [{
    id, severity: lost ? 'warning' : much ? 'critical' : 'warning', subject: slot.name,
    message: lost ? `The replication slot ${slot.name} is lost: the WAL that its consumer needs is gone.` : `The replication slot ${slot.name} ${slot.active ? 'is in use, and' : 'is not in use, and'} ${renderBytes(slot.retained ?? 0)} of WAL are kept for it.`,
    evidence: { type: slot.type, active: slot.active, retainedBytes: slot.retained, walStatus: slot.walStatus, catalogAge: slot.catalogAge },
    recommendation: `${lost ? 'Its consumer has to be set up anew.' : slot.active ? 'Its consumer is too slow, or stuck.' : `If its consumer is gone for good, drop the slot; otherwise the disk fills up${(slot.catalogAge ?? 0) > 0 ? `, and VACUUM cannot clean what is younger than ${renderNumber(slot.catalogAge ?? 0)} transactions` : ''}.`}${unlimitedSlots && !lost && server.version >= 130000 ? ' Nothing limits what slots keep: max_slot_wal_keep_size is -1.' : ''}`,
    ...(slot.active ? {} : { statement: `SELECT pg_drop_replication_slot(${quoteLiteral(slot.name)});` }),
  }];
}
