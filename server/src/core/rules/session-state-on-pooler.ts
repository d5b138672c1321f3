import { findSharingPooler } from '../advice/pooler';
import { findSessionFeatures, type SessionFeature } from '../health/pgbouncer/sessionFeatures';
import type { StatementRule } from '../lint/rule';

const WHAT: Readonly<Record<SessionFeature, string>> = {
  'LISTEN': 'LISTEN waits on a connection that is given to others: its notifications never arrive',
  'SET': 'SET stays on a connection that is given to others: the next client has the setting, this one may not',
  'PREPARE': 'PREPARE belongs to a connection that is given to others: EXECUTE may not find it',
  'WITH HOLD cursor': 'a cursor WITH HOLD stays on a connection that is given to others',
  'temporary table': 'a temporary table stays on a connection that is given to others: the next statement may not see it',
  'LOAD': 'LOAD loads into a connection that is given to others',
  'session advisory lock': 'a session’s advisory lock stays on a connection that is given to others: whoever unlocks may not be the one who holds it',
};

const INSTEAD: Partial<Readonly<Record<SessionFeature, string>>> = {
  'SET': 'SET LOCAL, or set_config(…, true), in a transaction ends with it.',
  'session advisory lock': 'pg_advisory_xact_lock ends with its transaction.',
  'temporary table': 'ON COMMIT DROP, inside of one transaction, keeps it there.',
  'LISTEN': 'Open a connection of its own, past the pooler, for notifications.',
};

/** What lasts as long as a session, where sessions are shared. */
export const sessionStateOnPooler: StatementRule = {
  id: 'session-state-on-pooler',
  scope: 'statement',
  category: 'loops',
  severity: 'warning',
  needs: 'text',
  roles: ['application'],
  summary: 'State of the session behind a pooler that shares sessions between clients',
  docs: {
    why: 'With transaction pooling PgBouncer gives the server connection to the next client after each transaction. What belongs to the session (SET, LISTEN, temporary tables, advisory locks of the session, prepared statements) is lost to who made it and met by who comes next. It works on the developer’s machine, where no pooler stands between.',
    bad: [{
      language: 'typescript',
      code: "import { Pool } from 'pg';\nconst pool = new Pool({ connectionString: 'postgres://app@db.internal:6543/app' });\nexport async function nightly(id: number) {\n  await pool.query('SELECT pg_advisory_lock($1)', [id]);\n}",
    }],
    good: [{
      language: 'typescript',
      code: "import { Pool } from 'pg';\nconst pool = new Pool({ connectionString: 'postgres://app@db.internal:6543/app' });\nexport async function nightly(client: { query(sql: string, values?: unknown[]): Promise<unknown> }, id: number) {\n  await client.query('SELECT pg_advisory_xact_lock($1)', [id]);\n}",
    }],
    whenNot: 'Code whose connection goes past the pooler (a `DIRECT_URL`). Files that name one are passed over.',
  },
  options: {},
  check(context) {
    const { site } = context;
    const text = site.source?.text ?? '';
    if (site.executes === 'no' || site.library === 'sql' || !/\b(listen|load|set|set_config|prepare|declare|create|\w*advisory_lock\w*)\b/i.test(text)) return;
    const features = findSessionFeatures(text);
    if (features.length === 0) return;
    const pooler = findSharingPooler(context.settings, () => context.text);
    if (!pooler || /direct_?(database_?)?(url|connection|client)|unpooled|non_?pooling/i.test(context.text)) return;
    for (const feature of features) {
      context.report({
        at: { host: site.anchor },
        message: `${WHAT[feature].replace(/^./, (c) => c.toUpperCase())}.`,
        because: [`A pooler stands before the database (${pooler.because}).`, INSTEAD[feature]].filter(Boolean).join(' '),
        confidence: 'text',
        evidence: { feature, pooler: pooler.because },
      });
    }
  },
};
