import { editDistance } from '../../text/editDistance';
import type { CheckOutcome } from '../model';
import { plural, renderNumber } from '../values';
import { KNOWN_SETTINGS } from './knownSettings';
import { numberOf, type PooledDatabase, type PoolerSettings } from './poolerSettings';
import type { SessionFeature } from './sessionFeatures';

type Finding = CheckOutcome['findings'][number];

/** What else is known when a configuration is looked at. */
export interface PoolerContext {
  /** Connections that the Postgres behind it gives to ordinary roles; undefined: not known. */
  readonly serverConnections?: number;
  /** What the code of the workspace uses, with places (`src/jobs.ts:12`). */
  readonly uses: readonly { readonly feature: SessionFeature; readonly places: readonly string[] }[];
}

const AUTH_TYPES = ['cert', 'md5', 'scram-sha-256', 'plain', 'trust', 'any', 'hba', 'ldap', 'pam'];
const POOL_MODES = ['session', 'transaction', 'statement'];
/** Letters by which a misspelt setting may differ from the one that is meant. */
const MOST_SLIPS = 2;
/** Places that one finding names. */
const NAMED_PLACES = 5;

/** What the manual of PgBouncer says against a configuration: https://www.pgbouncer.org/config.html */
export function lintPooler(settings: PoolerSettings, context: PoolerContext): Finding[] {
  const findings = [...lintWords(settings), ...lintModes(settings, context), ...lintAccess(settings), ...lintSizes(settings, context), ...lintWaiting(settings)];
  return findings.map((finding) => (finding.subject.includes(':') ? { ...finding, message: `${finding.subject}: ${finding.message}` } : finding));
}

const warn = (id: string, subject: string, message: string, recommendation: string, evidence: Finding['evidence'] = {}): Finding => ({ id, severity: 'warning', subject, message, recommendation, evidence });

/** What PgBouncer would not start with. */
function lintWords(settings: PoolerSettings): Finding[] {
  const findings: Finding[] = [];
  for (const name of settings.names) {
    const meant = KNOWN_SETTINGS.includes(name) ? undefined : KNOWN_SETTINGS.find((known) => editDistance(name, known) <= MOST_SLIPS);
    if (meant !== undefined) findings.push(warn('pgbouncer-unknown-setting', settings.place(name), `PgBouncer knows no setting ${name}.`, `Is ${meant} meant?`, { name }));
  }
  for (const [name, words] of [['auth_type', AUTH_TYPES], ['pool_mode', POOL_MODES]] as const) {
    const value = settings.value(name);
    if (value !== undefined && !words.includes(value)) findings.push(warn('pgbouncer-unknown-value', settings.place(name), `${name} is ${value}, which PgBouncer does not know.`, `It is one of ${words.join(', ')}.`, { value }));
  }
  return findings;
}

const isShort = (mode: string): boolean => mode === 'transaction' || mode === 'statement';
/** A pool gives the server connection to the next client after each transaction or statement. */
export const givesAway = (settings: PoolerSettings): boolean => [settings.value('pool_mode') ?? 'session', ...settings.databases.map(({ poolMode }) => poolMode)].some(isShort);

function lintModes(settings: PoolerSettings, { uses }: PoolerContext): Finding[] {
  const findings: Finding[] = [];
  const general = settings.value('pool_mode') ?? 'session';
  const places = [...new Set([...(isShort(general) ? [settings.place('pool_mode')] : []), ...settings.databases.filter(({ poolMode }) => isShort(poolMode) && poolMode !== general).map(({ place }) => place)])];
  const [place] = places;
  if (place !== undefined) {
    for (const { feature, places: where } of uses) {
      const more = where.length - NAMED_PLACES;
      findings.push({
        ...warn('pgbouncer-session-feature', place, `The pool gives the server connection away after each ${general === 'statement' ? 'statement' : 'transaction'}, and the code uses ${feature}, which needs the same connection longer: ${where.slice(0, NAMED_PLACES).join(', ')}${more > 0 ? ` and ${plural(more, 'other place', 'other places')}` : ''}.`, ADVICE[feature], { feature, places: [...where], poolModeAt: places }),
      });
    }
    if (settings.value('max_prepared_statements') === '0') {
      findings.push(warn('pgbouncer-prepared-statements', settings.place('max_prepared_statements'), 'max_prepared_statements is 0: a driver that prepares statements by name (asyncpg, JDBC, pgx and Npgsql do by themselves) fails in transaction pooling with "prepared statement does not exist".', 'Leave the default, or switch prepared statements off in every driver.'));
    }
    if (settings.value('server_reset_query_always') === '1') {
      findings.push(warn('pgbouncer-reset-always', settings.place('server_reset_query_always'), 'server_reset_query_always costs a round trip after each transaction; it is meant for applications that use session features over transaction pooling, which lose their state then each time.', 'Take the session features out of the code, or pool those clients by session.'));
    }
  } else if (settings.value('server_reset_query') === '') {
    findings.push(warn('pgbouncer-no-reset', settings.place('server_reset_query'), 'server_reset_query is empty in session pooling: settings, temporary tables, locks and the role of one client reach the next.', 'Leave the default, DISCARD ALL.'));
  }
  return findings;
}

const ADVICE: Readonly<Record<SessionFeature, string>> = {
  LISTEN: 'Listen over a connection of its own, directly to Postgres or through a database entry with pool_mode=session.',
  SET: 'Use SET LOCAL (or set_config(…, true)) inside the transaction, or ALTER ROLE … SET. A setting of another client may hold meanwhile: with a tenant in it, that is a leak.',
  PREPARE: "Prepare through the driver's protocol (max_prepared_statements, 1.21 and later, keeps track of it), not by PREPARE in SQL.",
  'WITH HOLD cursor': 'Read the rows inside one transaction, or page by key.',
  'temporary table': 'Make it ON COMMIT DROP inside one transaction.',
  LOAD: 'Load the library for the role or the database: ALTER ROLE … SET session_preload_libraries.',
  'session advisory lock': 'Use pg_advisory_xact_lock inside the transaction: a session lock stays with the server connection, and who gets it next holds it.',
};

/** True where only this machine can connect. */
function isLocal(settings: PoolerSettings): boolean {
  const addresses = (settings.value('listen_addr') ?? '').split(',').map((address) => address.trim()).filter((address) => address !== '');
  return addresses.every((address) => /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(address));
}

function lintAccess(settings: PoolerSettings): Finding[] {
  const findings: Finding[] = [];
  const type = settings.value('auth_type');
  const place = settings.place('auth_type');
  const local = isLocal(settings);
  if (type === 'trust' || type === 'any') {
    findings.push({
      id: 'pgbouncer-auth', severity: local ? 'warning' : 'critical', subject: place, evidence: { authType: type, listenAddr: settings.value('listen_addr') ?? null },
      message: `auth_type is ${type}: ${type === 'any' ? 'whoever connects is let in, to the administration console too' : "no password is asked of whoever knows a user's name"}${local ? ', from this machine' : `, and it listens on ${settings.value('listen_addr') ?? ''}`}.`,
      recommendation: 'Use scram-sha-256, or hba with rules for each way in.',
    });
  } else if (type === 'plain') {
    findings.push(warn('pgbouncer-auth', place, 'auth_type is plain: passwords go over the wire as they are.', 'Use scram-sha-256.', { authType: type }));
  } else if (type === 'md5') {
    findings.push({ id: 'pgbouncer-auth', severity: 'info', subject: place, evidence: { authType: type }, message: 'auth_type is md5: a stolen md5 hash is as good as the password, and Postgres deprecates md5 passwords from version 18 on.', recommendation: 'Store SCRAM secrets (with password_encryption = scram-sha-256) and set auth_type = scram-sha-256. Users with a SCRAM secret already use SCRAM.' });
  }
  for (const { name, place: where } of settings.passwords) {
    findings.push({ id: 'pgbouncer-password', severity: 'info', subject: where, evidence: { database: name }, message: `The password for ${name} stands in the configuration in plain text.`, recommendation: 'Keep it in auth_file, readable by PgBouncer alone.' });
  }
  return findings;
}

/** Server connections that one pool of a database may open. */
const sizeOf = ({ poolSize, reserveSize, maxConnections }: PooledDatabase): number => (maxConnections > 0 ? Math.min(poolSize + reserveSize, maxConnections) : poolSize + reserveSize);

function lintSizes(settings: PoolerSettings, { serverConnections }: PoolerContext): Finding[] {
  const findings: Finding[] = [];
  const clients = numberOf(settings, 'max_client_conn');
  const reported = new Set<string>();
  const once = (finding: Finding): void => {
    if (!reported.has(`${finding.id} ${finding.subject}`)) findings.push(finding);
    reported.add(`${finding.id} ${finding.subject}`);
  };
  for (const { name, place, poolSize, minPoolSize, maxConnections, reserveSize } of settings.databases) {
    const evidence = { database: name, poolSize, minPoolSize, maxConnections, reserveSize, maxClients: clients };
    if (maxConnections > 0 && poolSize > maxConnections) once({ id: 'pgbouncer-pool-capped', severity: 'info', subject: place, evidence, message: `The pool size of ${name}, ${poolSize}, is never reached: max_db_connections is ${maxConnections}.` });
    if (minPoolSize > poolSize) once({ id: 'pgbouncer-pool-capped', severity: 'info', subject: place, evidence, message: `min_pool_size of ${name}, ${minPoolSize}, is capped at its pool size, ${poolSize}.` });
    if (clients < poolSize) once(warn('pgbouncer-clients-below-pool', settings.place('max_client_conn'), `max_client_conn is ${clients}, less than the pool size of ${name}, ${poolSize}: clients are refused while server connections are free.`, 'A pooler serves many clients with few connections: raise max_client_conn.', evidence));
  }
  if (numberOf(settings, 'reserve_pool_timeout') === 0 && settings.databases.some(({ reserveSize }) => reserveSize > 0)) {
    findings.push(warn('pgbouncer-reserve-unused', settings.place('reserve_pool_timeout'), 'reserve_pool_timeout is 0, which switches the reserve off: reserve_pool_size has no effect.', 'Set the seconds that a client waits before the reserve is opened.'));
  }
  const limits = ['max_db_connections', 'max_user_connections'] as const;
  for (const limit of limits) {
    const queue = limit === 'max_db_connections' ? 'max_db_client_connections' : 'max_user_client_connections';
    const waiting = Number(settings.value(queue) ?? 0);
    if (waiting > 0 && waiting < numberOf(settings, limit)) findings.push(warn('pgbouncer-queue-below-limit', settings.place(queue), `${queue} (${waiting}) is below ${limit} (${numberOf(settings, limit)}): clients are refused while server connections are free.`, `Make it larger than ${limit}: the difference is who may wait.`));
  }
  return serverConnections === undefined ? findings : [...findings, ...lintServerLimit(settings, serverConnections)];
}

/** What the pools may open, with one user for each database (there may be more), against what the server gives. */
function lintServerLimit(settings: PoolerSettings, serverConnections: number): Finding[] {
  const findings: Finding[] = [];
  const targets = new Map<string, PooledDatabase[]>();
  for (const database of settings.databases) targets.set(database.target, [...(targets.get(database.target) ?? []), database]);
  // Behind several targets the limit that is known belongs to one of them, and which is not known.
  if (targets.size !== 1) return findings;
  const databases = settings.databases;
  const wanted = databases.reduce((sum, database) => sum + sizeOf(database), 0);
  if (wanted <= serverConnections) return findings;
  const [largest] = [...databases].sort((a, b) => sizeOf(b) - sizeOf(a));
  const alone = largest !== undefined && sizeOf(largest) > serverConnections;
  findings.push({
    ...warn('pgbouncer-above-server', alone ? largest.place : settings.place('default_pool_size'), `${alone ? `The pool of ${largest.name}` : `The pools of ${plural(databases.length, 'database')}, with one user each,`} may open ${renderNumber(alone ? sizeOf(largest) : wanted)} server connections; Postgres gives ${renderNumber(serverConnections)} to ordinary roles.`, 'Make the pools smaller: a pool seldom needs more than a few connections for each core of the server. Clients wait in PgBouncer instead of getting "too many clients".', { wanted, serverConnections, databases: databases.map(({ name }) => name) }),
    severity: alone ? 'critical' : 'warning',
  });
  return findings;
}

function lintWaiting(settings: PoolerSettings): Finding[] {
  return settings.value('query_wait_timeout') !== undefined && numberOf(settings, 'query_wait_timeout') === 0
    ? [warn('pgbouncer-endless-wait', settings.place('query_wait_timeout'), 'query_wait_timeout is 0: clients wait for a server connection without end, also when Postgres is gone.', "Set it below the application's own time-out.")]
    : [];
}
