import { matviewWithoutUniqueIndex } from '../../server/src/core/rules/matview-without-unique-index';
import { testRule } from '../support/ruleTester';

const migrations = { folder: 'db/migrations', format: 'plain' as const, existing: ['0001_init.sql', '0002_x.sql'] };

testRule(matviewWithoutUniqueIndex, {
  schema: `
    CREATE TABLE sales (id bigint PRIMARY KEY, day date NOT NULL, shop_id bigint NOT NULL);
    CREATE MATERIALIZED VIEW daily AS SELECT day, count(*) AS n FROM sales GROUP BY day;
    CREATE INDEX daily_day ON daily (day);
    CREATE MATERIALIZED VIEW ready AS SELECT id, day FROM sales;
    CREATE UNIQUE INDEX ready_id ON ready (id);
  `,
  settings: { migrations }, path: 'db/migrations/0002_x.sql', embed: false,
  flagged: [
    { code: `
CREATE MATERIALIZED VIEW by_shop AS SELECT shop_id AS shop, day, count(*) AS n FROM sales GROUP BY shop_id, 2;
^^^^^^^^^^^^^^^^^^^^^^^^ by_shop has no unique index over plain columns`, creates: 'CREATE UNIQUE INDEX CONCURRENTLY by_shop_shop_day_idx ON by_shop (shop, day);\n' },
    { code: `
CREATE MATERIALIZED VIEW m AS SELECT * FROM sales;
^^^^^^^^^^^^^^^^^^^^^^^^
CREATE UNIQUE INDEX part ON m (id) WHERE id > 5;
CREATE UNIQUE INDEX expression ON m ((id + 1));`, creates: 'CREATE UNIQUE INDEX CONCURRENTLY m_id_idx ON m (id);\n' },
    { code: `
CREATE MATERIALIZED VIEW unclear AS SELECT DISTINCT a.day FROM sales a, sales b;
^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 0 },
    { code: `
REFRESH MATERIALIZED VIEW CONCURRENTLY daily;
^^^^^^^^^^^^^^^^^^^^^^^^^ daily has no unique index over plain columns: CONCURRENTLY fails.`, severity: 'error' },
  ],
  clean: [
    'CREATE MATERIALIZED VIEW m AS SELECT id FROM sales; CREATE UNIQUE INDEX m_id ON m (id);',
    'CREATE MATERIALIZED VIEW m AS SELECT id FROM sales; DROP MATERIALIZED VIEW m;',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY ready;',
    'REFRESH MATERIALIZED VIEW daily;',
    'CREATE VIEW v AS SELECT id FROM sales;',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY unknown_view;',
  ],
});
