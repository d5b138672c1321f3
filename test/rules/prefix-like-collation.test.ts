import { prefixLikeCollation } from '../../server/src/core/rules/prefix-like-collation';
import { testRule } from '../support/ruleTester';

const migrations = { folder: 'migrations', format: 'plain' as const, existing: ['0001_init.sql'] };
const schema = `
  CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, phone varchar(40), note text, code text COLLATE "C", nick text);
  CREATE INDEX users_email ON users (email);
  CREATE INDEX users_phone ON users (phone);
  CREATE INDEX users_code ON users (code);
  CREATE INDEX users_nick ON users (nick text_pattern_ops);
`;

testRule(prefixLikeCollation, {
  schema,
  settings: { assume: { users: 3_000_000 }, migrations },
  flagged: [
    { code: `
SELECT id FROM users WHERE email LIKE 'anna%'
--                         ^^^^^^^^^^^^^^^^^^ users_email is in the order of the database's language`, severity: 'info', creates: 'CREATE INDEX CONCURRENTLY users_email_idx ON users (email text_pattern_ops);\n' },
    { code: `
SELECT id FROM users WHERE phone LIKE $1 || '%'
--                         ^^^^^^^^^^^^^^^^^^^^`, creates: 'CREATE INDEX CONCURRENTLY users_phone_idx ON users (phone varchar_pattern_ops);\n' },
    { code: `
SELECT id FROM users WHERE email LIKE 'ann\\_%'
--                         ^^^^^^^^^^^^^^^^^^^^`, creates: 'CREATE INDEX CONCURRENTLY users_email_idx ON users (email text_pattern_ops);\n' },
    { code: `
SELECT id FROM users WHERE email ~ '^ann'
--                         ^^^^^^^^^^^^^^`, creates: 'CREATE INDEX CONCURRENTLY users_email_idx ON users (email text_pattern_ops);\n' },
    { language: 'typescript', code: `
import { Pool } from 'pg';
const pool = new Pool();
export const find = (q: string) => pool.query('SELECT id FROM users WHERE email LIKE $1', [\`\${q}%\`]);
//                                                                        ^^^^^^^^^^^^^` },
  ],
  clean: [
    "SELECT id FROM users WHERE email LIKE '%anna'",
    "SELECT id FROM users WHERE email LIKE 'anna'",
    "SELECT id FROM users WHERE email ~ 'anna'",
    "SELECT id FROM users WHERE email ~ '^a?nna'",
    "SELECT id FROM users WHERE email ~ '^anna|bob'",
    "SELECT id FROM users WHERE email ~* '^anna'",
    "SELECT id FROM users WHERE code ~ '^anna'",
    "SELECT id FROM users WHERE email NOT LIKE 'anna%'",
    "SELECT id FROM users WHERE email ILIKE 'anna%'",
    "SELECT id FROM users WHERE code LIKE 'anna%'",
    "SELECT id FROM users WHERE nick LIKE 'anna%'",
    "SELECT id FROM users WHERE note LIKE 'anna%'",
    "SELECT id FROM users WHERE id = $1 AND email LIKE 'anna%'",
    { code: "SELECT id FROM users WHERE email LIKE 'anna%'", settings: { assume: { users: 100 } } },
    { code: "SELECT id FROM users WHERE email LIKE 'anna%'", catalog: (c) => ({ ...c, server: { version: 160004, versionText: '16.4', extensions: [], settings: { lc_collate: 'C.UTF-8' } } }), embed: false },
  ],
});

testRule(prefixLikeCollation, {
  schema,
  planner: true,
  embed: false,
  settings: { assume: { users: 3_000_000 }, migrations },
  flagged: ["email ~ '^anna'", "phone LIKE 'ann\\_%'"].map((condition) => ({ code: `
SELECT id FROM users WHERE ${condition}
--                         ${'^'.repeat(condition.length)} verified in the twin`, severity: 'warning' as const })),
  clean: ["SELECT id FROM users WHERE code LIKE 'anna%'"],
});
