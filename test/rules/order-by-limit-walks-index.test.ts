import { orderByLimitWalksIndex } from '../../server/src/core/rules/order-by-limit-walks-index';
import { testRule } from '../support/ruleTester';
import { withStatistics } from '../support/statistics';

const migrations = { folder: 'migrations', format: 'plain' as const, existing: ['0001_init.sql'] };
const schema = `
  CREATE TABLE orders (id bigint PRIMARY KEY, warehouse int NOT NULL, created_at timestamptz NOT NULL, note text);
  CREATE INDEX orders_created ON orders (created_at);
`;

// Without a planner nothing is known of a plan.
testRule(orderByLimitWalksIndex, {
  schema,
  settings: { assume: { orders: 3_000_000 }, migrations },
  flagged: [],
  clean: ['SELECT id FROM orders WHERE warehouse = $1 ORDER BY created_at DESC LIMIT 20'],
});

/** Jobs of one state in two thousand; the others are done. */
const skewed = withStatistics({ 'public.jobs': { rows: 3_000_000, pages: 30_000, columns: [{ column: 'state', distinct: 3, mostCommonValues: '{done,open,failed}', mostCommonFrequencies: [0.9, 0.0995, 0.0005] }] } });

testRule(orderByLimitWalksIndex, {
  schema: `${schema}
  CREATE TABLE jobs (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, state text NOT NULL, created_at timestamptz NOT NULL);
  CREATE INDEX jobs_created ON jobs (created_at);
  CREATE TABLE few (id bigint PRIMARY KEY, warehouse int NOT NULL, created_at timestamptz NOT NULL);
  CREATE INDEX few_created ON few (created_at);`,
  settings: { assume: { orders: 3_000_000, jobs: 3_000_000, few: 900 }, migrations },
  planner: true,
  flagged: [
    { code: `
SELECT id FROM orders WHERE warehouse = $1 ORDER BY created_at DESC LIMIT 20
--                                         ^^^^^^^^^^^^^^^^^^^^^^^^ rows to find 20, for any values (assumed volumes); where fewer than 20 rows match, all 3,000,000. With an index on (warehouse, created_at`, severity: 'warning', fixes: 1 },
    { code: `
SELECT id FROM orders WHERE warehouse = $1 ORDER BY created_at LIMIT $2
--                                         ^^^^^^^^^^^^^^^^^^^`, severity: 'warning', embed: false },
    { code: `
SELECT id FROM orders WHERE warehouse = $1 ORDER BY created_at DESC LIMIT 20
--                                         ^^^^^^^^^^^^^^^^^^^^^^^^`, settings: { migrations }, severity: 'hint', embed: false },
    // Any state costs little, the rarest does not.
    { code: `
SELECT id FROM jobs WHERE state = $1 ORDER BY created_at DESC LIMIT 20
--                                   ^^^^^^^^^^^^^^^^^^^^^^^^ for the rarest known value of state (0.050 % of the rows) about 40,000`, catalog: skewed, severity: 'info', embed: false },
    { code: `
SELECT id FROM jobs WHERE state = 'failed' ORDER BY created_at DESC LIMIT 20
--                                         ^^^^^^^^^^^^^^^^^^^^^^^^ reads about 40,000 rows to find 20 (your server's statistics)`, catalog: skewed, severity: 'warning', embed: false },
  ],
  clean: [
    // The rows of the index are the page's.
    'SELECT id FROM orders ORDER BY created_at DESC LIMIT 20',
    'SELECT id FROM orders WHERE created_at < $1 ORDER BY created_at DESC LIMIT 20',
    'SELECT id FROM orders WHERE id = $1 ORDER BY created_at DESC LIMIT 20',
    { code: "SELECT id FROM jobs WHERE state = 'done' ORDER BY created_at DESC LIMIT 20", catalog: skewed, embed: false },
    { code: 'SELECT id FROM orders WHERE warehouse = $1 ORDER BY created_at DESC', embed: false },
    { code: 'SELECT id FROM few WHERE warehouse = $1 ORDER BY created_at DESC LIMIT 20', embed: false },
    { code: 'SELECT id FROM orders WHERE warehouse = $1 ORDER BY created_at DESC LIMIT 20', schema: `${schema} CREATE INDEX orders_customer ON orders (warehouse, created_at);`, embed: false },
    // Most rows pass such a condition, and no index could serve it.
    { code: 'SELECT id FROM orders WHERE warehouse <> $1 ORDER BY created_at DESC LIMIT 20', embed: false },
  ],
});
