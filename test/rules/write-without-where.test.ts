import { writeWithoutWhere } from '../../server/src/core/rules/write-without-where';
import { testRule } from '../support/ruleTester';

const script = (name: string, sql: string): string => `
import { Pool } from 'pg';
const pool = new Pool();
export async function ${name}() {
  await pool.query('${sql}');
}`;

testRule(writeWithoutWhere, {
  schema: 'CREATE TABLE users (id bigint PRIMARY KEY, active boolean NOT NULL); CREATE TABLE roles (id int PRIMARY KEY, value text);',
  settings: { assume: { users: 500_000, roles: 4 } },
  flagged: [
    { code: `
UPDATE users SET active = false
^^^^^^^^^^^^ Changes every row of users: it has no WHERE. users has about 500,000 rows`, severity: 'warning', fixes: 0 },
    { code: `
DELETE FROM users WHERE 1 = 1
^^^^^^^^^^^^^^^^^ its condition is always true`, severity: 'error' },
    { code: `
DELETE FROM users WHERE true
^^^^^^^^^^^^^^^^^`, severity: 'error' },
    { code: `
WITH gone AS (DELETE FROM users) SELECT 1
--            ^^^^^^^^^^^^^^^^^`, severity: 'warning' },
    { code: `
UPDATE roles SET value = $1
^^^^^^^^^^^^`, severity: 'info' },
    { code: `
UPDATE users SET active = false;
^^^^^^^^^^^^ batches by key`, path: 'db/migrations/0002_backfill.sql', role: 'migration', severity: 'info', embed: false },
    { language: 'typescript', code: script('remove', 'DELETE FROM "a(b"').replace(/\n\}$/, '\n//                  ^^^^^^^^^^^^^^^^^ Deletes every row of a(b\n}'), embed: false },
    { code: `
CREATE TEMP TABLE batch (id bigint);
DELETE FROM "a(b";
^^^^^^^^^^^^^^^^^`, embed: false },
    { language: 'typescript', code: script('remove', 'DELETE FROM users').replace(/\n\}$/, '\n//                  ^^^^^^^^^^^^^^^^^\n}') },
  ],
  clean: [
    'UPDATE users SET active = false WHERE id = $1',
    'DELETE FROM users WHERE id = ANY($1)',
    'DELETE FROM users USING roles WHERE users.id = roles.id',
    'UPDATE users SET active = false FROM roles s WHERE s.id = users.id',
    'DELETE FROM users WHERE CURRENT OF cursor',
    'DELETE FROM users WHERE $1',
    'WITH moved AS (DELETE FROM users RETURNING id) SELECT count(*) FROM moved',
    { code: 'CREATE TEMP TABLE batch (id bigint);\nDELETE FROM batch;', embed: false },
    'DELETE FROM tmp_users',
    { code: 'DELETE FROM users;', role: 'migration', embed: false },
    { code: 'DELETE FROM users;', path: 'storage/schema/delta/54/users.sql', embed: false },
    'UPDATE local_site SET users = $1',
    { code: 'UPDATE users SET active = false;', role: 'script', embed: false },
    { code: 'UPDATE roles SET value = 1;', role: 'migration', embed: false },
    // Its rows are replaced.
    { language: 'typescript', code: script('apply', 'DELETE FROM users').replace(/\n\}$/, "\n  await pool.query('INSERT INTO users (id, active) VALUES ($1, true)', [1]);\n}") },
    { language: 'typescript', code: script('apply', 'DELETE FROM "a(b"').replace(/\n\}$/, "\n  await pool.query('INSERT INTO \"a(b\" (id) VALUES ($1)', [1]);\n}") },
    { language: 'typescript', code: script('clearUsers', 'DELETE FROM users') },
    { language: 'typescript', code: script('deleteAllUsers', 'DELETE FROM users') },
  ],
});
