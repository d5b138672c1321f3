import { refreshBlocksReaders } from '../../server/src/core/rules/refresh-blocks-readers';
import { testRule } from '../support/ruleTester';

testRule(refreshBlocksReaders, {
  schema: `
    CREATE TABLE sales (id bigint PRIMARY KEY, day date NOT NULL);
    CREATE MATERIALIZED VIEW daily AS SELECT day, count(*) AS n FROM sales GROUP BY day;
    CREATE UNIQUE INDEX daily_day ON daily (day);
    CREATE MATERIALIZED VIEW plain AS SELECT day FROM sales;
    CREATE UNIQUE INDEX plain_part ON plain (day) WHERE day > '2020-01-01';
    CREATE MATERIALIZED VIEW tiny AS SELECT 1 AS one;
  `,
  settings: { assume: { daily: 50_000, tiny: 5 } },
  flagged: [
    { code: `
REFRESH MATERIALIZED VIEW daily
^^^^^^^^^^^^^^^^^^^^^^^^^ Readers of daily wait while it is refreshed. daily has about 50,000 rows (assumed). CONCURRENTLY lets them go on.`, severity: 'warning', embed: false, fixed: `
REFRESH MATERIALIZED VIEW CONCURRENTLY daily` },
    { code: `
REFRESH MATERIALIZED VIEW plain WITH DATA
^^^^^^^^^^^^^^^^^^^^^^^^^ CONCURRENTLY needs a unique index`, severity: 'info', fixes: 0 },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export const refresh = () => pool.query('REFRESH MATERIALIZED VIEW daily');
//                                       ^^^^^^^^^^^^^^^^^^^^^^^^^ Readers of daily wait`,
    },
    { code: `
CREATE FUNCTION refresh_all() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  REFRESH MATERIALIZED VIEW daily;
  ^^^^^^^^^^^^^^^^^^^^^^^^^
END $$;`, embed: false },
  ],
  clean: [
    'REFRESH MATERIALIZED VIEW CONCURRENTLY daily',
    'REFRESH MATERIALIZED VIEW daily WITH NO DATA',
    'REFRESH MATERIALIZED VIEW tiny',
    'CREATE MATERIALIZED VIEW fresh AS SELECT 1 AS one WITH NO DATA; REFRESH MATERIALIZED VIEW fresh',
    { code: 'REFRESH MATERIALIZED VIEW daily', path: 'db/migrations/0001_x.sql', later: 20, embed: false },
  ],
});
