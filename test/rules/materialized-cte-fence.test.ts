import { materializedCteFence } from '../../server/src/core/rules/materialized-cte-fence';
import { testRule } from '../support/ruleTester';

testRule(materializedCteFence, {
  schema: 'CREATE TABLE events (id bigint PRIMARY KEY, user_id bigint NOT NULL, kind text NOT NULL); CREATE INDEX events_user ON events (user_id);',
  settings: { assume: { events: 5_000_000 } },
  planner: true,
  embed: false,
  flagged: [
    { code: `
WITH c AS MATERIALIZED (SELECT id, user_id FROM events) SELECT id FROM c WHERE user_id = $1
--        ^^^^^^^^^^^^ c is computed whole, and only then filtered`, severity: 'warning', fixed: `
WITH c AS NOT MATERIALIZED (SELECT id, user_id FROM events) SELECT id FROM c WHERE user_id = $1` },
    { code: `
WITH c AS (SELECT id, user_id FROM events) SELECT a.id FROM c a JOIN c b ON b.id = a.id WHERE a.user_id = $1 AND b.user_id = $1
--         ^^^^^^ used more than once`, fixes: 1 },
  ],
  clean: [
    'WITH c AS (SELECT id, user_id FROM events) SELECT id FROM c WHERE user_id = $1',
    'WITH c AS MATERIALIZED (SELECT id, user_id FROM events WHERE user_id = $1) SELECT id FROM c WHERE id = $2',
    'WITH c AS MATERIALIZED (SELECT id, user_id FROM events) SELECT id FROM c WHERE id <> $1',
    'WITH c AS MATERIALIZED (SELECT user_id, count(*) AS n FROM events GROUP BY user_id) SELECT n FROM c WHERE user_id = $1',
    'WITH c AS MATERIALIZED (SELECT id, user_id, nextval(\'s\') FROM events) SELECT id FROM c WHERE user_id = $1',
    { code: 'WITH c AS MATERIALIZED (SELECT id, user_id FROM events) SELECT id FROM c WHERE user_id = $1', planner: false },
  ],
});
