import { vacuumFull } from '../../server/src/core/rules/vacuum-full';
import { testRule } from '../support/ruleTester';

testRule(vacuumFull, {
  schema: 'CREATE TABLE orders (id bigint PRIMARY KEY); CREATE TABLE tags (id bigint PRIMARY KEY);',
  settings: { assume: { orders: 2_000_000, tags: 10 } },
  flagged: [
    { code: `
VACUUM FULL orders
^^^^^^^^^^^ VACUUM FULL copies orders; nobody can read or write it meanwhile. orders has about 2,000,000 rows (assumed).`, severity: 'warning' },
    `
VACUUM (VERBOSE, FULL) tags, orders
^^^^^^^^^^^^^^^^^^^^^^ copies orders`,
    { code: `
VACUUM FULL
^^^^^^^^^^^ copies every table`, severity: 'info' },
    `
CLUSTER orders USING orders_pkey
^^^^^^^`,
  ],
  clean: ['VACUUM orders', 'VACUUM (ANALYZE, FULL false) orders', 'VACUUM FULL tags', 'ANALYZE orders', { code: 'VACUUM FULL orders', path: 'db/migrations/0001_x.sql', later: 10, embed: false }],
});
