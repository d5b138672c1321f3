import { countTotalPerPage } from '../../server/src/core/rules/count-total-per-page';
import { testRule } from '../support/ruleTester';

const page = (rows: string, total: string): string => `
import { Pool } from 'pg';
const pool = new Pool();
export async function page(team: string, after: string) {
  const { rows } = await pool.query('${rows}', [team, after]);
  const total = await pool.query('${total}');
  return { rows, total: total.rows[0].count };
}`;

testRule(countTotalPerPage, {
  schema: 'CREATE TABLE events (id bigint PRIMARY KEY, team_id bigint NOT NULL, name text NOT NULL); CREATE TABLE kinds (id int PRIMARY KEY, name text);',
  settings: { assume: { events: 5_000_000, kinds: 9 } },
  embed: false,
  flagged: [
    { language: 'typescript', code: page('SELECT id FROM events WHERE team_id = $1 ORDER BY id LIMIT 20', 'SELECT count(*) FROM events').replace(/(count\(\*\) FROM events'\);)/, '$1\n//                                       ^^^^^^^^ counted for every page'), severity: 'warning', fixes: 0 },
    { language: 'typescript', code: page('SELECT id FROM events WHERE team_id = $1 ORDER BY id LIMIT 20', 'SELECT count(*) FROM events WHERE team_id = $1').replace(/(count\(\*\) FROM events WHERE team_id = \$1'\);)/, '$1\n//                                       ^^^^^^^^'), severity: 'hint' },
    { code: `
SELECT id, count(*) OVER () AS total FROM events ORDER BY id LIMIT 20 OFFSET $1
--         ^^^^^^^^^^^^^^^^`, severity: 'warning' },
  ],
  clean: [
    'SELECT count(*) FROM events',
    'SELECT id, count(*) OVER () AS total FROM kinds ORDER BY id LIMIT 20',
    'SELECT id, count(*) OVER (PARTITION BY team_id) AS total FROM events ORDER BY id LIMIT 20',
    'SELECT id, count(*) OVER () AS total FROM events',
    { language: 'typescript', code: page('SELECT id FROM kinds ORDER BY id LIMIT 20', 'SELECT count(*) FROM events') },
    { language: 'typescript', code: page('SELECT id FROM events ORDER BY id DESC LIMIT 1', 'SELECT count(*) FROM events') },
    { language: 'typescript', code: page('SELECT id FROM kinds ORDER BY id LIMIT 20', 'SELECT count(*) FROM kinds') },
  ],
});
