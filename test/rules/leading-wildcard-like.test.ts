import { leadingWildcardLike } from '../../server/src/core/rules/leading-wildcard-like';
import { testRule } from '../support/ruleTester';

const migrations = { folder: 'migrations', format: 'plain' as const, existing: ['0001_init.sql'] };

testRule(leadingWildcardLike, {
  schema: `
    CREATE TABLE users (id bigint PRIMARY KEY, org_id bigint NOT NULL, name text NOT NULL, email text NOT NULL, bio text, profile jsonb);
    CREATE INDEX users_profile_name ON users USING gin ((profile ->> 'name'::text) gin_trgm_ops);
    CREATE INDEX users_email ON users (email);
    CREATE INDEX users_org ON users (org_id);
    CREATE INDEX users_bio ON users USING gin (bio gin_trgm_ops);
    CREATE INDEX users_lower_name ON users USING gin (lower(name) gin_trgm_ops);
    CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
  `,
  settings: { assume: { countries: 250 }, migrations },
  flagged: [
    {
      language: 'typescript',
      code: `
export function find(search?: string) {
  const replacements = { limit: 10, search: search ? \`%\${search}%\` : '' };
  return models.sequelize.query('SELECT id FROM users WHERE email ILIKE :search LIMIT :limit', { replacements, type: 'SELECT' });
//                                                          ^^^^^^^^^^^^^^^^^^^
}`,
      severity: 'info',
    },
    {
      language: 'typescript',
      code: `
export const find = (search: string) => models.sequelize.query('SELECT id FROM users WHERE email ILIKE $search', { bind: { ...(search && { search: '%' + search }) } });
//                                                                                         ^^^^^^^^^^^^^^^^^^^`,
    },
    { code: `
SELECT id FROM users WHERE email LIKE '%@example.com'
--                         ^^^^^^^^^^^^^^^^^^^^^^^^^^ users.email has no trigram index`, severity: 'info' },
    { code: `
SELECT id FROM users WHERE email ILIKE '%' || $1 || '%'
--                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ users has about 900,000 rows`, settings: { assume: { users: 900_000 }, migrations }, severity: 'warning', fixes: 1 },
    `
SELECT id FROM users WHERE email LIKE concat('%', $1, '%')
--                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    `
SELECT id FROM users WHERE (name ILIKE '%a%' OR email = $1)
--                          ^^^^^^^^^^^^^^^^`,
    `
SELECT id FROM users WHERE lower(email) LIKE '_a%'
--                         ^^^^^^^^^^^^^^^^^^^^^^^`,
    `
SELECT id FROM users WHERE email ~* 'gmail'
--                         ^^^^^^^^^^^^^^^^`,
    { code: `
SELECT id FROM users WHERE org_id = $1 AND email LIKE '%x'
--                                         ^^^^^^^^^^^^^^^`, severity: 'hint' },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export function search(q: string) {
  const pattern = \`%\${q}%\`;
  return pool.query('SELECT id FROM users WHERE email ILIKE $1', [pattern]);
//                                              ^^^^^^^^^^^^^^
}
export const ends = (q: string) => pool.query('SELECT id FROM users WHERE email LIKE $1', ['%' + q]);
//                                                                        ^^^^^^^^^^^^^`,
    },
    {
      language: 'python',
      code: `
import asyncpg

async def search(conn: asyncpg.Connection, q: str):
    return await conn.fetch("SELECT id FROM users WHERE email ILIKE $1", f"%{q}%")
#                                                       ^^^^^^^^^^^^^^`,
    },
  ],
  clean: [
    {
      language: 'typescript',
      code: `
export const find = (search: string) => models.sequelize.query('SELECT id FROM users WHERE email ILIKE :search LIMIT 10', { replacements: { search: \`\${search}%\` } });`,
    },
    "SELECT id FROM users WHERE email LIKE 'anna%'",
    "SELECT id FROM users WHERE email LIKE $1 || '%'",
    'SELECT id FROM users WHERE email LIKE $1',
    "SELECT id FROM users WHERE bio LIKE '%a%'",
    "SELECT id FROM users WHERE lower(name) LIKE '%a%'",
    "SELECT u.id FROM users u WHERE u.profile->>'name' ILIKE '%a%'",
    "SELECT id FROM users WHERE email NOT LIKE '%a%'",
    "SELECT name FROM countries WHERE name LIKE '%land'",
    "SELECT id FROM users WHERE email ~ '^a'",
    "SELECT id FROM users WHERE id = $1 AND email LIKE '%a%'",
    "SELECT relname FROM pg_class WHERE relname LIKE '%x'",
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export const prefix = (q: string) => pool.query('SELECT id FROM users WHERE email LIKE $1', [\`\${q}%\`]);`,
    },
  ],
});

testRule(leadingWildcardLike, {
  schema: `
    CREATE TABLE users (id bigint PRIMARY KEY, org_id bigint NOT NULL, name text NOT NULL, email text NOT NULL, bio text);
    CREATE INDEX users_org ON users (org_id);
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
  `,
  planner: true,
  settings: { assume: { users: 900_000, notes: 4_000 }, migrations },
  flagged: [
    { code: `
SELECT id FROM users WHERE email LIKE '%@example.com'
--                         ^^^^^^^^^^^^^^^^^^^^^^^^^^ With a gin index on (email gin_trgm_ops) the planner's cost falls from`, severity: 'warning', fixes: 1 },
    { code: `
SELECT id FROM users WHERE email ILIKE '%' || $1 || '%'
--                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ verified in the twin`, severity: 'warning' },
    { code: `
SELECT id FROM users WHERE lower(name) LIKE '%anders%'
--                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ (lower(name) gin_trgm_ops)`, fixes: 1 },
    {
      // An OR needs an index for each of its branches: one alone would not be used.
      code: `
SELECT id FROM users WHERE email ILIKE '%anders%' OR name ILIKE '%anders%'
--                         ^^^^^^^^^^^^^^^^^^^^^^ With indexes on email and name
--                                                   ^^^^^^^^^^^^^^^^^^^^^ With indexes on name and email`,
      fixes: 1,
      creates: 'CREATE EXTENSION IF NOT EXISTS pg_trgm;\n',
    },
    { code: `
SELECT id FROM users WHERE org_id = $1 AND email ILIKE '%anders%'
--                                         ^^^^^^^^^^^^^^^^^^^^^^ Bitmap Heap Scan on users`, severity: 'warning', settings: { assume: { users: 30_000_000 } } },
    { code: `
SELECT id FROM users WHERE email LIKE '%@example.com'
--                         ^^^^^^^^^^^^^^^^^^^^^^^^^^ assumed volumes`, severity: 'info', settings: { migrations } },
    // What the caller leaves out a plan for any value cannot tell.
    { code: `
SELECT id FROM users WHERE ($1::text IS NULL OR email ILIKE '%' || $1 || '%')
--                                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ users.email has no trigram index`, severity: 'warning' },
  ],
  clean: [
    // Fewer than three letters: the index would be read whole.
    "SELECT id FROM users WHERE email ILIKE '%a%'",
    // The other branch has no index, so the table is read anyway.
    "SELECT id FROM users WHERE email ILIKE '%anders%' OR bio = $1",
    "SELECT id FROM users WHERE id = $1 AND email LIKE '%anders%'",
    // 40 blocks are read in no time.
    { code: "SELECT id FROM notes WHERE body LIKE '%anders%'", settings: { assume: { notes: 1_500 }, migrations } },
  ],
});
