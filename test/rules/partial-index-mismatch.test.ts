import { partialIndexMismatch } from '../../server/src/core/rules/partial-index-mismatch';
import { testRule } from '../support/ruleTester';
import { withStatistics } from '../support/statistics';

const migrations = { folder: 'migrations', format: 'plain' as const, existing: ['0001_init.sql'] };
const large = { users: 2_000_000, orders: 3_000_000, jobs: 5_000_000, members: 700_000, tags: 300, invoices: 1_000_000 };

testRule(partialIndexMismatch, {
  schema: `
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, org_id bigint NOT NULL, name text NOT NULL, deleted_at timestamptz);
    CREATE UNIQUE INDEX users_live_email ON users (email) WHERE deleted_at IS NULL;
    CREATE INDEX users_live_org ON users (org_id, name) WHERE (deleted_at IS NULL);
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text NOT NULL, total int NOT NULL, "isDeleted" boolean NOT NULL);
    CREATE INDEX orders_live ON orders (user_id) WHERE "isDeleted" = false;
    CREATE TABLE jobs (id bigint PRIMARY KEY, queue_id bigint NOT NULL, state text NOT NULL, run_at timestamptz NOT NULL);
    CREATE INDEX jobs_ready ON jobs (queue_id, run_at) WHERE state = 'ready';
    CREATE TABLE members (id bigint PRIMARY KEY, team_id bigint NOT NULL, user_id bigint NOT NULL, active boolean NOT NULL, archived_at timestamptz);
    CREATE INDEX members_active ON members (team_id) WHERE active AND archived_at IS NULL;
    CREATE INDEX members_user ON members (user_id) WHERE archived_at IS NULL;
    CREATE INDEX members_user_all ON members (user_id, team_id);
    CREATE TABLE tags (id bigint PRIMARY KEY, name text NOT NULL, deleted_at timestamptz);
    CREATE INDEX tags_name ON tags (name) WHERE deleted_at IS NULL;
    CREATE TABLE sized (id bigint PRIMARY KEY, name text NOT NULL, removed_at timestamptz);
    CREATE INDEX sized_name ON sized (name) WHERE removed_at IS NULL;
    CREATE TABLE invoices (id bigint PRIMARY KEY, customer_id bigint NOT NULL, paid_at timestamptz, amount int NOT NULL);
    CREATE INDEX invoices_unpaid ON invoices (customer_id) WHERE paid_at IS NULL;
    CREATE INDEX invoices_big ON invoices (amount) WHERE amount > 1000;
  `,
  settings: { assume: large, migrations },
  flagged: [
    {
      code: `
SELECT id FROM users WHERE email = $1
--                         ^^^^^^^^^^ users_live_email would serve this condition, but holds only the rows with deleted_at IS NULL.`,
      severity: 'warning', fixes: 1,
      fixed: `
SELECT id FROM users WHERE email = $1 AND deleted_at IS NULL`,
    },
    {
      code: `
SELECT u.name FROM users u JOIN orders o ON o.id = $2 WHERE u.org_id = $1
--                                                          ^^^^^^^^^^^^^ users_live_org`,
      fixed: `
SELECT u.name FROM users u JOIN orders o ON o.id = $2 WHERE u.org_id = $1 AND u.deleted_at IS NULL`,
    },
    {
      code: `
SELECT total FROM orders WHERE user_id = $1
--                             ^^^^^^^^^^^^ only the rows with NOT "isDeleted"`,
      embed: false,
      fixed: `
SELECT total FROM orders WHERE user_id = $1 AND NOT "isDeleted"`,
    },
    `
UPDATE users SET name = $2 WHERE email = $1
--                               ^^^^^^^^^^`,
    `
SELECT id FROM members WHERE team_id = $1
--                           ^^^^^^^^^^^^ active AND archived_at IS NULL`,
    `
SELECT id FROM users WHERE org_id = $1 AND name LIKE 'a%'
--                         ^^^^^^^^^^^`,
    {
      code: `
SELECT id FROM jobs WHERE queue_id = $1 AND state = 'failed'
--                                          ^^^^^^^^^^^^^^^^ jobs_ready holds only the rows with state = 'ready'`,
      severity: 'warning', fixes: 1,
    },
    `
SELECT id FROM jobs WHERE queue_id = $1 AND state IN ('ready', 'running') AND run_at < now()
--                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    { code: `
SELECT id FROM sized WHERE name = $1
--                         ^^^^^^^^^`, severity: 'hint', settings: { migrations }, fixes: 1 },
    {
      // The condition of an outer join belongs into ON; the other table's column is its own business.
      code: `
SELECT o.id, u.name FROM orders o LEFT JOIN users u ON u.email = $1 WHERE o.id = $2 AND o."isDeleted" = false
--                                                     ^^^^^^^^^^^^`,
      embed: false,
      fixed: `
SELECT o.id, u.name FROM orders o LEFT JOIN users u ON u.email = $1 AND u.deleted_at IS NULL WHERE o.id = $2 AND o."isDeleted" = false`,
    },
    `
SELECT u.id FROM users u, members m WHERE m.id = $2 AND m.archived_at IS NULL AND u.org_id = $1
--                                                                                ^^^^^^^^^^^^^`,
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export const find = (email: string) => pool.query('SELECT id FROM users WHERE email = $1', [email]);
//                                                                            ^^^^^^^^^^`,
      fixes: 1,
    },
    {
      language: 'python',
      code: `
import asyncpg

async def find(conn: asyncpg.Connection, email: str):
    return await conn.fetch("SELECT id FROM users WHERE email = $1", email)
#                                                       ^^^^^^^^^^`,
      fixes: 1,
    },
  ],
  clean: [
    'SELECT id FROM users WHERE email = $1 AND deleted_at IS NULL',
    'SELECT id FROM users WHERE email = $1 AND deleted_at IS NOT NULL',
    'SELECT id FROM users WHERE email = $1 AND (deleted_at IS NULL OR deleted_at > $2)',
    'SELECT id, deleted_at FROM users WHERE email = $1',
    'UPDATE users SET deleted_at = NULL WHERE email = $1',
    'UPDATE users SET deleted_at = now() WHERE email = $1',
    'SELECT * FROM (SELECT * FROM users WHERE org_id = $1) u WHERE u.deleted_at IS NULL',
    'SELECT id FROM users WHERE id = $1',
    'SELECT id FROM users WHERE id = $1 AND email = $2',
    'SELECT total FROM orders WHERE user_id = $1 AND NOT "isDeleted"',
    'SELECT total FROM orders WHERE user_id = $1 AND "isDeleted" = true',
    "SELECT id FROM jobs WHERE queue_id = $1 AND state = 'ready'",
    // A parameter may be 'ready': the plan for its value may use the index.
    'SELECT id FROM jobs WHERE queue_id = $1 AND state = $2',
    // The index is for other rows altogether: unindexed-predicate advises an index for these.
    'SELECT id FROM jobs WHERE queue_id = $1',
    'SELECT id FROM invoices WHERE customer_id = $1',
    // Another index serves.
    'SELECT id FROM members WHERE user_id = $1',
    'SELECT name FROM users WHERE email = $1 OR org_id = $2',
    'SELECT id FROM tags WHERE name = $1',
    'SELECT id FROM users WHERE name = $1',
    'SELECT o.id FROM orders o RIGHT JOIN users u ON u.email = $1 WHERE o.id = $2',
    'SELECT u.id FROM users u JOIN tags t ON t.id = $1 WHERE u.email = $2 AND deleted_at IS NULL',
    'INSERT INTO users (email) VALUES ($1)',
    { code: "SELECT id FROM sized WHERE name = 'a'", settings: { migrations } },
    { code: "SELECT id FROM sized WHERE name > $1", settings: { migrations } },
  ],
});

testRule(partialIndexMismatch, {
  schema: `
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, country text NOT NULL, deleted_at timestamptz);
    CREATE UNIQUE INDEX users_live_email ON users (email) WHERE deleted_at IS NULL;
    CREATE INDEX users_live_country ON users (country) WHERE deleted_at IS NULL;
    CREATE TABLE jobs (id bigint PRIMARY KEY, queue_id bigint NOT NULL, state text NOT NULL);
    CREATE INDEX jobs_ready ON jobs (queue_id) WHERE state = 'ready';
  `,
  planner: true,
  settings: { assume: { users: 2_000_000, jobs: 5_000_000 }, migrations },
  flagged: [
    { code: `
SELECT id FROM users WHERE email = $1
--                         ^^^^^^^^^^ Seq Scan on users reads 2,000,000 rows and keeps 2 (assumed volumes); with deleted_at IS NULL the cost falls from`, severity: 'warning', fixes: 1 },
    { code: `
UPDATE users SET country = $2 WHERE email = $1
--                                  ^^^^^^^^^^ with deleted_at IS NULL the cost falls from`, fixes: 1 },
    { code: `
SELECT j.id FROM jobs j LEFT JOIN users u ON u.email = $2 WHERE j.id = $1
--                                           ^^^^^^^^^^^^ with deleted_at IS NULL the cost falls from`, fixes: 1 },
    { code: `
SELECT id FROM jobs WHERE queue_id = $1 AND state = 'failed'
--                                          ^^^^^^^^^^^^^^^^ the planner's cost falls from`, fixes: 1 },
    { code: `
SELECT id FROM users WHERE email = $1
--                         ^^^^^^^^^^`, settings: { migrations }, severity: 'hint' },
  ],
  clean: [
    // Half of the users live there: the partial index would not be used either.
    { code: 'SELECT * FROM users WHERE country = $1', catalog: withStatistics({ 'public.users': { rows: 2_000_000, pages: 20_000, columns: [{ column: 'country', averageWidth: 3, distinct: 2, mostCommonValues: '{de,fr}', mostCommonFrequencies: [0.5, 0.5], correlation: 0.5 }, { column: 'deleted_at', nullFraction: 0.9 }] } }) },
    'SELECT id FROM users WHERE email = $1 AND deleted_at IS NULL',
  ],
});
