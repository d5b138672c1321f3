import { quoteIdentifier, quoteQualified } from '../core/sql/names';
import { escapeMarkdown, markdownFence } from '../core/text/markdown';
import type { ServerAccess } from '../db/access';

/** What is missing, one sentence each; empty: nothing. */
export function collectAccessProblems(access: ServerAccess): readonly string[] {
  const { unreadableCount: count } = access;
  return [
    ...(access.version < 120000 ? ['PostgreSQL before 12 is not supported; some facts may be missing.'] : []),
    ...(access.superuser ? ['You are connected as a superuser; a role that can only read is safer.'] : access.ownsTables ? ['The role owns tables of the application; a role that can only read is safer.'] : []),
    ...(!access.superuser && !access.readOnlyByDefault && !access.ownsTables ? ['The role does not read only by default (default_transaction_read_only).'] : []),
    ...(count > 0 ? [`No SELECT on ${count} ${count === 1 ? 'relation' : 'relations'} (${listed(access.unreadable, count)}): no statistics and no plans for them.`] : []),
    ...(access.closedSchemas.length > 0 ? [`No USAGE on the ${access.closedSchemas.length === 1 ? 'schema' : 'schemas'} ${access.closedSchemas.join(', ')}.`] : []),
    ...(access.seesAllStatistics ? [] : ['The role is no member of pg_monitor: statements and statistics of other roles are not seen.']),
    ...STATEMENTS[access.statements],
    ...(access.pooled ? ['A connection pooler stands between here and the server. It works; a direct connection is quicker to cancel.'] : []),
  ];
}

const STATEMENTS: Readonly<Record<ServerAccess['statements'], readonly string[]>> = {
  'ready': [],
  'not-installed': ['The extension pg_stat_statements is not installed in this database: calls and times of queries are not known.'],
  'not-preloaded': ['pg_stat_statements is neither loaded (shared_preload_libraries) nor installed: calls and times of queries are not known.'],
  'not-loaded': ['pg_stat_statements is installed but not loaded (shared_preload_libraries): calls and times of queries are not known.'],
  'no-access': ['The role may not read pg_stat_statements.'],
};

const listed = (names: readonly string[], count: number): string => `${names.slice(0, 5).join(', ')}${count > 5 ? ' …' : ''}`;

/** The report as a document: what works, what is missing, and the SQL that grants it, to be run by an administrator. */
export function renderAccessReport(label: string, access: ServerAccess): string {
  const problems = collectAccessProblems(access);
  const grants = renderGrants(access);
  const server = renderServerChanges(access);
  return [
    `# ${escapeMarkdown(label)}`, '',
    `Connected to the database ${escapeMarkdown(access.database)} as ${escapeMarkdown(access.user)}: PostgreSQL ${access.versionText}${access.standby ? ', a standby' : ''}.`, '',
    ...(problems.length === 0 ? ['Nothing is missing.', ''] : ['## What is missing', '', ...problems.map((problem) => `- ${escapeMarkdown(problem)}`), '']),
    ...(access.ioTiming ? [] : ['`track_io_timing` is off: EXPLAIN ANALYZE does not measure the time of reading blocks.', '']),
    ...(grants.length === 0 ? [] : [`## Grants for ${escapeMarkdown(access.user)}`, '', 'To be run by an owner of the tables or a superuser:', '', markdownFence(grants.join('\n'), 'sql'), '']),
    ...(server.length === 0 ? [] : ['## pg_stat_statements', '', 'To be run by a superuser:', '', markdownFence(server.join('\n'), 'sql'), '']),
    '## A role of its own', '', 'A role that can read and nothing else, with limits that keep it from being in the way:', '', markdownFence(renderRole(access).join('\n'), 'sql'), '',
  ].join('\n');
}

/** GRANTs for what the connected role lacks. */
export function renderGrants(access: ServerAccess): readonly string[] {
  const role = quoteIdentifier(access.user);
  const lacksTables = access.unreadableCount > 0 || access.closedSchemas.length > 0;
  return [
    ...(lacksTables ? readGrants(access, role) : []),
    ...(access.seesAllStatistics ? [] : [`grant pg_monitor to ${role};`]),
    ...(!access.superuser && !access.ownsTables && !access.readOnlyByDefault ? [`alter role ${role} set default_transaction_read_only = on;`] : []),
  ];
}

/** One role may read everything since 14; before, each schema is granted, and what will be made in it. */
function readGrants({ version, closedSchemas, unreadable, unreadableCount }: ServerAccess, role: string): readonly string[] {
  if (version >= 140000) return [`grant pg_read_all_data to ${role};`, ...(unreadableCount <= unreadable.length ? ['-- or only:', ...singleGrants(closedSchemas, unreadable, role).map((line) => `-- ${line}`)] : [])];
  const schemas = [...new Set([...closedSchemas, ...unreadable.map((name) => name.slice(0, name.indexOf('.')))])];
  return schemas.flatMap((schema) => schemaGrants(schema, role));
}

const singleGrants = (closed: readonly string[], tables: readonly string[], role: string): readonly string[] => [
  ...closed.map((schema) => `grant usage on schema ${quoteIdentifier(schema)} to ${role};`),
  ...tables.map((name) => `grant select on ${quoteQualified(name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1))} to ${role};`),
];

const schemaGrants = (schema: string, role: string): readonly string[] => [
  `grant usage on schema ${quoteIdentifier(schema)} to ${role};`,
  `grant select on all tables in schema ${quoteIdentifier(schema)} to ${role};`,
  `alter default privileges in schema ${quoteIdentifier(schema)} grant select on tables to ${role};`,
];

function renderServerChanges({ statements }: ServerAccess): readonly string[] {
  if (statements === 'ready' || statements === 'no-access') return [];
  return [
    ...(statements === 'not-installed' ? [] : ["alter system set shared_preload_libraries = 'pg_stat_statements'; -- added to what is there; then restart the server"]),
    ...(statements === 'not-loaded' ? [] : ['create extension pg_stat_statements;']),
  ];
}

const renderRole = ({ version, schemas, database }: ServerAccess): readonly string[] => [
  'create role sargable login connection limit 4; -- then \\password sargable',
  `grant connect on database ${quoteIdentifier(database)} to sargable;`,
  ...(version >= 140000 ? ['grant pg_read_all_data, pg_monitor to sargable;'] : ['grant pg_monitor to sargable;', ...schemas.flatMap((schema) => schemaGrants(schema, 'sargable'))]),
  'alter role sargable set default_transaction_read_only = on;', "alter role sargable set statement_timeout = '15s';",
  "alter role sargable set lock_timeout = '500ms';", "alter role sargable set idle_in_transaction_session_timeout = '10s';",
];
