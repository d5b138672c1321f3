import { notInSubquery } from '../../server/src/core/rules/not-in-subquery';
import { testRule } from '../support/ruleTester';

testRule(notInSubquery, {
  schema: `
    CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, parent_id bigint);
    CREATE TABLE bans (id bigint PRIMARY KEY, user_id bigint NOT NULL, maybe bigint);
    CREATE TABLE roles (id bigint PRIMARY KEY, name text NOT NULL);
  `,
  settings: { assume: { users: 500_000, bans: 500_000, roles: 12 } },
  flagged: [
    { code: `
SELECT name FROM users WHERE id NOT IN (SELECT user_id FROM bans)
--                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ cannot be planned as a join`, severity: 'warning', fixes: 1, fixed: `
SELECT name FROM users WHERE NOT EXISTS (SELECT 1 FROM bans WHERE user_id = users.id)` },
    { code: `
SELECT u.name FROM users u WHERE u.id NOT IN (SELECT b.maybe FROM bans b WHERE b.id > 3 OR b.id = 1)
--                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ finds nothing as soon as one maybe`, severity: 'warning', fixed: `
SELECT u.name FROM users u WHERE NOT EXISTS (SELECT 1 FROM bans b WHERE (b.id > 3 OR b.id = 1) AND b.maybe = u.id)` },
    // The column is nullable, and a LEFT JOIN makes one.
    { code: `
SELECT u.name FROM users u WHERE u.id NOT IN (SELECT b.user_id FROM roles r LEFT JOIN bans b ON b.id = r.id)
--                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ user_id may be NULL`, severity: 'warning' },
    { code: `
DELETE FROM users WHERE parent_id NOT IN (SELECT user_id FROM bans)
--                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ cannot be planned`, fixes: 1 },
    { code: `
SELECT name FROM people WHERE code NOT IN (SELECT code FROM blocked)
--                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ if it returns one NULL`, severity: 'info' },
    { code: `
SELECT name FROM people WHERE code NOT IN (SELECT code FROM blocked WHERE code IS NOT NULL)
--                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ cannot be planned as a join`, severity: 'hint' },
    // One name for both rows: the inner one would hide the outer.
    { code: `
SELECT name FROM users WHERE id NOT IN (SELECT parent_id FROM users)
--                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ parent_id may be NULL`, fixes: 0 },
    { code: `
SELECT name FROM users WHERE id NOT IN (SELECT maybe FROM bans ORDER BY id LIMIT 10)
--                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ may be NULL`, fixes: 0 },
  ],
  clean: [
    'SELECT name FROM users WHERE id NOT IN (1, 2, 3)',
    'SELECT name FROM users WHERE id IN (SELECT maybe FROM bans)',
    'SELECT name FROM users WHERE id NOT IN (SELECT unnest($1::bigint[]))',
    'SELECT name FROM users WHERE id NOT IN (SELECT id FROM roles)',
    'SELECT name FROM users WHERE id NOT IN (SELECT max(maybe) FROM bans)',
    'SELECT name FROM users WHERE id NOT IN (SELECT user_id FROM bans ORDER BY id LIMIT 10)',
    // One row is checked; and what was just deleted are few.
    'SELECT name FROM users WHERE id = $1 AND id NOT IN (SELECT user_id FROM bans)',
    'WITH gone AS (DELETE FROM bans WHERE id = $1 RETURNING user_id) SELECT name FROM users WHERE id NOT IN (SELECT user_id FROM gone)',
    'SELECT name FROM users WHERE NOT EXISTS (SELECT 1 FROM bans WHERE user_id = users.id)',
    'SELECT typname FROM pg_type WHERE oid NOT IN (SELECT reltype FROM pg_class)',
  ],
});
