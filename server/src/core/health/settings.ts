import type { CheckOutcome, HealthFinding, HealthServer } from './model';
import { column, figure, plural } from './values';

export interface SettingFacts {
  readonly timed: number;
  readonly requested: number;
  /** `setting=value` of roles and databases, which win over the server's. */
  readonly own: readonly { readonly database: string; readonly role: string; readonly setting: string }[];
}

type Finding = Omit<HealthFinding, 'check'>;
type Judged = Pick<Finding, 'severity' | 'message' | 'recommendation' | 'statement'>;

const set = (name: string, value: string, restart = false): string => `ALTER SYSTEM SET ${name} = ${/^(on|off|[\d.]+)$/.test(value) ? value : `'${value}'`};${restart ? ' -- needs a restart' : ' SELECT pg_reload_conf();'}`;

/** Settings whose value is a mistake on any server that matters; matters of taste are left alone. */
const RULES: Readonly<Record<string, (value: string) => Judged | undefined>> = {
  fsync: (value) => (value === 'off' ? { severity: 'critical', message: 'fsync is off: a crash of the machine can destroy the whole cluster.', statement: set('fsync', 'on') } : undefined),
  full_page_writes: (value) => (value === 'off' ? { severity: 'critical', message: 'full_page_writes is off: a crash can leave half-written pages behind.', statement: set('full_page_writes', 'on') } : undefined),
  autovacuum: (value) => (value === 'off' ? { severity: 'critical', message: 'Autovacuum is off: dead rows and transaction IDs pile up, and statistics grow old.', statement: set('autovacuum', 'on') } : undefined),
  track_counts: (value) => (value === 'off' ? { severity: 'critical', message: 'track_counts is off: autovacuum does not know when it is due.', statement: set('track_counts', 'on') } : undefined),
  track_io_timing: (value) => (value === 'off' ? { severity: 'info', message: 'track_io_timing is off: how long reading takes is not measured.', recommendation: 'It costs next to nothing on current machines (pg_test_timing tells).', statement: set('track_io_timing', 'on') } : undefined),
  log_lock_waits: (value) => (value === 'off' ? { severity: 'info', message: 'log_lock_waits is off: who waited for whom is not in the log.', statement: set('log_lock_waits', 'on') } : undefined),
  log_min_duration_statement: (value) => (value === '-1' ? { severity: 'info', message: 'log_min_duration_statement is -1: slow statements are not logged.', statement: set('log_min_duration_statement', '5s') } : undefined),
  shared_buffers: (value) => (value === '128MB' ? { severity: 'info', message: 'shared_buffers is 128MB, the default for any machine.', recommendation: 'About a quarter of the memory of a machine of its own. --memory lets the check cache write the statement.' } : undefined),
};

const LISTED = ['max_connections', 'shared_buffers', 'effective_cache_size', 'work_mem', 'maintenance_work_mem', 'random_page_cost', 'effective_io_concurrency', 'autovacuum', 'autovacuum_max_workers', 'autovacuum_vacuum_scale_factor', 'autovacuum_vacuum_cost_limit', 'autovacuum_naptime', 'checkpoint_timeout', 'max_wal_size', 'wal_compression', 'synchronous_commit', 'track_io_timing', 'statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout', 'log_min_duration_statement', 'log_lock_waits', 'default_statistics_target', 'jit', 'max_slot_wal_keep_size', 'fsync', 'full_page_writes', 'shared_preload_libraries'];

/** Of the role that looks: what others have is only known from settings of databases and roles. */
const OWN = /^(user|database user|session|client)$/;

export function judgeSettings(facts: SettingFacts, server: HealthServer): CheckOutcome {
  const { settings } = server;
  const judged = Object.entries(RULES).flatMap(([name, rule]): readonly Finding[] => {
    const setting = settings[name];
    const found = setting && !OWN.test(setting.source) ? rule(setting.value) : undefined;
    return found ? [{ id: 'settings', subject: name, evidence: { value: setting?.value ?? null, source: setting?.source ?? null }, ...found }] : [];
  });
  const ratio = facts.requested / Math.max(1, facts.timed + facts.requested);
  const checkpoints: readonly Finding[] = facts.timed + facts.requested >= 20 && ratio > 0.5 ? [{
    id: 'settings', severity: 'warning', subject: 'max_wal_size', message: `${Math.round(100 * ratio)} % of ${plural(facts.timed + facts.requested, 'checkpoint')} came because of the amount of WAL, not of time.`, evidence: { timed: facts.timed, requested: facts.requested, maxWalSize: settings['max_wal_size']?.value ?? null },
    recommendation: `Checkpoints in quick succession write every page anew. max_wal_size (${settings['max_wal_size']?.value ?? 'unknown'}) should hold the WAL of one checkpoint_timeout: raise it until checkpoints come by time (twice as much at each step, as the disk allows).`,
  }] : [];
  const timeouts = ['idle_in_transaction_session_timeout', 'statement_timeout'].filter((name) => settings[name]?.value === '0' && !OWN.test(settings[name]?.source ?? '') && !facts.own.some(({ setting }) => setting.startsWith(`${name}=`)));
  const unlimited: readonly Finding[] = timeouts.includes('idle_in_transaction_session_timeout') ? [{
    id: 'settings', severity: 'info', subject: 'idle_in_transaction_session_timeout', message: `No role or database limits how long a transaction may idle${timeouts.includes('statement_timeout') ? ' or a statement run' : ''}.`, evidence: { unset: timeouts },
    recommendation: 'One forgotten transaction then holds its locks and every dead row until somebody looks. Set limits for the role of the application, not for migrations and dumps:',
    statement: [`ALTER ROLE <application> SET idle_in_transaction_session_timeout = '60s';`, ...(timeouts.includes('statement_timeout') ? [`ALTER ROLE <application> SET statement_timeout = '30s';`] : [])].join('\n'),
  }] : [];
  const listed = LISTED.filter((name) => settings[name] !== undefined);
  return {
    figures: [figure('changed', 'Changed from the default', 'count', listed.filter((name) => settings[name]?.source !== 'default').length), figure('checkpointsTimed', 'Checkpoints by time', 'count', facts.timed), figure('checkpointsRequested', 'Checkpoints by WAL', 'count', facts.requested)],
    tables: [
      { name: 'settings', title: 'Settings that matter', columns: [column('name', 'Setting'), column('value', 'Value'), column('source', 'From')], rows: listed.map((name) => ({ name, value: settings[name]?.value ?? null, source: settings[name]?.source ?? null })) },
      // Names with a dot are the application's own: they may be secrets.
      { name: 'own', title: 'Of databases and roles', columns: [column('database', 'Database'), column('role', 'Role'), column('setting', 'Setting')], rows: facts.own.filter(({ setting }) => !/^[^=]*\./.test(setting)).map((o) => ({ ...o })) },
    ],
    findings: [...judged, ...checkpoints, ...unlimited],
  };
}
