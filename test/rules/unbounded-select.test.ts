import { unboundedSelect } from '../../server/src/core/rules/unbounded-select';
import { testRule, type RuleCase } from '../support/ruleTester';

const query = (sql: string, args = ''): string => `
import { Pool } from 'pg';
const pool = new Pool();
export async function list(a: string, b: string[]) {
  const { rows } = await pool.query('${sql}'${args});
  return rows;
}`;
const ts = (sql: string, args = ''): RuleCase => ({ language: 'typescript', code: query(sql, args) });

testRule(unboundedSelect, {
  schema: `
    CREATE TABLE events (id bigint PRIMARY KEY, kind text NOT NULL, name text NOT NULL);
    CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
  `,
  settings: { assume: { countries: 250 } },
  embed: false,
  flagged: [
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function list() {
  const { rows } = await pool.query('SELECT id, name FROM events');
//                                                        ^^^^^^ the whole table
  return rows;
}`,
      severity: 'hint',
      fixed: `
import { Pool } from 'pg';
const pool = new Pool();
export async function list() {
  const { rows } = await pool.query('SELECT id, name FROM events LIMIT 100');
  return rows;
}`,
    },
    {
      language: 'typescript',
      settings: { assume: { events: 2_000_000 } },
      severity: 'warning',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export const list = async () => (await pool.query('SELECT id, name FROM events ORDER BY id')).rows;
//                                                                      ^^^^^^ events has about 2,000,000 rows (assumed).`,
    },
    {
      language: 'python',
      settings: { assume: { events: 2_000_000 } },
      severity: 'info',
      code: `
import asyncpg

async def listing(conn: asyncpg.Connection, kind: str):
    return await conn.fetch("SELECT id, name FROM events WHERE kind = $1", kind)
#                                                 ^^^^^^ all matching rows`,
    },
  ],
  clean: [
    ts('SELECT id FROM events LIMIT 10'),
    ts('SELECT count(*) FROM events'),
    ts('SELECT kind, count(*) FROM events GROUP BY kind'),
    ts('SELECT name FROM events WHERE id = $1', ', [a]'),
    ts('SELECT name FROM events WHERE id = ANY($1)', ', [b]'),
    ts('SELECT name FROM countries'),
    ts('SELECT name FROM events WHERE kind = $1', ', [a]'),
    ts('INSERT INTO events (id, kind, name) SELECT id, kind, name FROM events'),
    ts('SELECT relname FROM pg_class'),
    ts('SELECT version_num FROM alembic_version'),
    'SELECT id, name FROM events',
    { language: 'python', code: 'import psycopg\n\ndef f(cur: psycopg.Cursor, clause: str):\n    cur.execute(f"SELECT id, name FROM events {clause}")\n    return cur.fetchall()\n' },
    { language: 'python', code: 'import psycopg\nfrom .parts import NEWEST\n\ndef f(cur: psycopg.Cursor):\n    cur.execute("SELECT id, name FROM events e " + NEWEST)\n    return cur.fetchall()\n' },
    { language: 'python', code: 'import psycopg\n\ndef f(cur: psycopg.Cursor, clause: str):\n    cur.execute("SELECT id, name FROM events {} ORDER BY id".format(clause))\n    return cur.fetchall()\n' },
    { language: 'python', code: 'import psycopg\n\ndef f(cur: psycopg.Cursor, clause: str):\n    cur.execute("SELECT id, name FROM events WHERE %s" % clause)\n    return cur.fetchall()\n' },
  ],
});
