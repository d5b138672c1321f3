import { syntaxError } from '../../server/src/core/rules/syntax-error';
import { testRule } from '../support/ruleTester';

testRule(syntaxError, {
  embed: false,
  flagged: [
    { code: `
SELECT id FROM orders WHERE created_at > ORDER BY id;
--                                       ^^^^^ syntax error`, severity: 'error' },
    `
SELECT 1;
<<<<<<< HEAD
^^^^^^^ syntax error
SELECT 2;`,
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export const bad = () => pool.query('SELECT id FORM orders WHERE id = 1');
//                                                  ^^^^^^ syntax error`,
    },
  ],
  clean: [
    'SELECT id FROM orders WHERE created_at > now();',
    "SELECT $body$ it's fine $body$;",
    '../../schema/full.sql.postgres',
    'SELECT id FROM {{ ref("orders") }} WHERE id = 1;',
    'SELECT id FROM ${table} WHERE id = 1;',
    'SELECT id FROM orders WHERE id = ? LIMIT ?;',
    'INSERT INTO orders (id, note) VALUES (?, ?);',
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export const some = (where: string) => pool.query(\`SELECT id FROM orders \${where} LIMIT\`);`,
    },
  ],
});
