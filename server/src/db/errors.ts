/** What went wrong with a database, in words for people; never holds a password or a statement's text. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  constructor(
    readonly kind: DatabaseErrorKind,
    message: string,
    /** SQLSTATE, where the server answered. */
    readonly sqlState?: string,
    /** Offset of the error in the statement sent, in code points from 0. */
    readonly position?: number,
  ) {
    super(message);
  }
}

/** The planner would run functions of the application; nothing of the statement was sent. */
export class PlanTimeCallsError extends DatabaseError {
  constructor(readonly functions: readonly ReachedFunction[]) {
    super('refused-statement', 'Planning this statement would run functions of the application');
  }
}

/** A function that is not the server's own, and that a statement reaches. */
export interface ReachedFunction {
  /** `schema.name`, as an allow-list names it. */
  readonly name: string;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly language: string;
  /** Called in the statement itself, or by a view, rule or policy of a relation in it. */
  readonly through: 'call' | 'operator' | 'cast' | 'relation';
  /** It may run while the statement is planned. */
  readonly atPlanTime: boolean;
  /** Of this extension. */
  readonly extension?: string;
}

export type DatabaseErrorKind = 'bad-url' | 'refused' | 'unknown-host' | 'authentication' | 'missing-database' | 'timeout' | 'too-many-connections' | 'tls' | 'connection-lost' | 'cancelled' | 'refused-statement' | 'permission' | 'query';

interface Raised {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly position?: unknown;
  readonly errors?: unknown;
}

const bySqlState: readonly (readonly [RegExp, DatabaseErrorKind])[] = [
  [/^28/, 'authentication'], [/^3D000$/, 'missing-database'], [/^53300$/, 'too-many-connections'], [/^57014$/, 'cancelled'], [/^57P0/, 'connection-lost'], [/^08/, 'connection-lost'], [/^42501$/, 'permission'],
];

/** `where` names the connection without its password: `app@db.example:5432/shop`. */
export function toDatabaseError(error: unknown, where: string): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const raised = (typeof error === 'object' && error !== null ? error : {}) as Raised;
  const code = typeof raised.code === 'string' ? raised.code : undefined;
  const message = typeof raised.message === 'string' && raised.message !== '' ? raised.message : firstMessage(raised.errors) ?? 'unknown error';
  if (/bad packet|unsupported pkt type|admin console/i.test(message)) return new DatabaseError('connection-lost', `${where}: this is the administration console of a connection pooler, not a database`);
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code)) {
    const kind = bySqlState.find(([pattern]) => pattern.test(code))?.[1] ?? 'query';
    const text = kind === 'authentication' ? `${where}: the server refused the log-in (${message})` : kind === 'missing-database' ? `${where}: ${message}` : message;
    return new DatabaseError(kind, text, code, typeof raised.position === 'string' ? Number(raised.position) - 1 : undefined);
  }
  if (code === 'ECONNREFUSED') return new DatabaseError('refused', `${where}: nothing listens there (connection refused)`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new DatabaseError('unknown-host', `${where}: the host name is not known`);
  if (code === 'ETIMEDOUT' || /timeout/i.test(message)) return new DatabaseError('timeout', `${where}: no answer in time`);
  if (/SSL|TLS|certificate/i.test(message)) return new DatabaseError('tls', `${where}: ${message}`);
  if (/password|SASL|SCRAM/i.test(message)) return new DatabaseError('authentication', `${where}: a password is needed and none was given`, '28P01');
  if (code === 'ECONNRESET' || code === 'EPIPE' || /terminat|closed|not queryable|Client was closed/i.test(message)) return new DatabaseError('connection-lost', `${where}: the connection was lost`);
  return new DatabaseError('query', message);
}

const firstMessage = (errors: unknown): string | undefined => {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return first instanceof Error ? first.message : undefined;
};
