import { largeInList } from '../../server/src/core/rules/large-in-list';
import { testRule } from '../support/ruleTester';

const pg = (text: string, values: string): string => `
import { Pool } from 'pg';
const pool = new Pool();
const STATES = ['a', 'b'];
export const find = (ids: number[], name: string) => pool.query(${text}, ${values});
`;
const js = (text: string): string => `
import postgres from 'postgres';
const sql = postgres();
export const find = (ids: number[]) => sql\`${text}\`;
`;
const python = (text: string, values: string): string => `
import psycopg2

def find(cur: psycopg2.extensions.cursor, ids):
    cur.execute(${text}, ${values})
`;
/** The case with carets under a text of it. */
const mark = (code: string, text: string, comment = '//'): string => {
  const line = code.split('\n').find((l) => l.includes(text)) ?? '';
  return code.replace(line, () => `${line}\n${comment}${' '.repeat(Math.max(0, line.indexOf(text) - comment.length))}${'^'.repeat(text.length)}`);
};
const many = Array.from({ length: 101 }, (_, i) => i).join(', ');

testRule(largeInList, {
  schema: 'CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, token uuid NOT NULL);',
  flagged: [
    { code: `
SELECT name FROM users WHERE id IN (${many})
--                           ${'^'.repeat(many.length + 8)} 101 constants`, severity: 'info', fixes: 0 },
    { language: 'typescript', code: mark(pg("`SELECT name FROM users WHERE id IN (${ids.map((_, i) => `$${i + 1}`).join(', ')})`", 'ids'), "id IN (${ids.map((_, i) => `$${i + 1}`).join(', ')})"), fixed: pg("`SELECT name FROM users WHERE id = ANY($1::bigint[])`", '[ids]') },
    { language: 'typescript', code: mark(js('SELECT name FROM users WHERE id IN ${sql(ids)}'), 'id IN ${sql(ids)}'), fixed: js('SELECT name FROM users WHERE id = ANY(${ids})') },
    { language: 'python', code: mark(python('"SELECT name FROM users WHERE token IN %s AND name = %s"', '(tuple(ids), "x")'), 'token IN %s', '#'), fixed: python('"SELECT name FROM users WHERE token = ANY(%s::uuid[]) AND name = %s"', '(list(ids), "x")') },
    // The values hold more than the list.
    { language: 'typescript', code: mark(pg("`SELECT name FROM users WHERE name = $1 AND id IN (${ids.map((_, i) => `$${i + 2}`).join(',')})`", '[name, ...ids]'), "id IN (${ids.map((_, i) => `$${i + 2}`).join(',')})"), fixes: 0 },
  ],
  clean: [
    { language: 'typescript', code: `
import { Pool } from 'pg';
const pool = new Pool();
export const columns = (schemas: string[]) => pool.query('SELECT column_name FROM information_schema.columns WHERE table_schema IN (' + schemas.map((s) => \`'\${s}'\`).join(',') + ')');` },
    'SELECT name FROM users WHERE id IN (1, 2, 3)',
    'SELECT name FROM users WHERE id IN ($1, $2)',
    'SELECT name FROM users WHERE id = ANY($1)',
    { language: 'typescript', code: pg('`SELECT name FROM users WHERE name IN (${STATES.map((s) => `\'${s}\'`).join(\', \')})`', '[]') },
    { language: 'typescript', code: pg("'SELECT name FROM users WHERE id = ANY($1)'", '[ids]') },
    // Written by the library, with a condition that comes and goes.
    { language: 'typescript', code: "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\nexport const find = (ids?: number[], more?: object) => prisma.users.findMany({ where: { ...(ids && { id: { in: ids } }), OR: [{ name: { in: ids } }] }, ...more });" },
  ],
});
