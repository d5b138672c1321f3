import { orderByRandom } from '../../server/src/core/rules/order-by-random';
import { testRule } from '../support/ruleTester';

testRule(orderByRandom, {
  schema: 'CREATE TABLE products (id bigint PRIMARY KEY, shop_id bigint NOT NULL, name text NOT NULL); CREATE TABLE tips (id int PRIMARY KEY, text text);',
  settings: { assume: { products: 500_000, tips: 40 } },
  flagged: [
    { code: `
SELECT id FROM products ORDER BY random() LIMIT 5
--                               ^^^^^^^^ Every row of products is given a random number`, severity: 'warning', fixes: 0 },
    { code: `
SELECT id FROM products WHERE shop_id = $1 ORDER BY random() LIMIT 5
--                                                  ^^^^^^^^ that the conditions leave`, severity: 'hint' },
    { code: `
SELECT id FROM products ORDER BY md5(random()::text)
--                               ^^^^^^^^^^^^^^^^^^^`, severity: 'warning' },
    { code: `
SELECT id FROM elsewhere ORDER BY gen_random_uuid() LIMIT 1
--                                ^^^^^^^^^^^^^^^^^`, severity: 'info' },
  ],
  clean: [
    'SELECT id FROM products ORDER BY id LIMIT 5',
    'SELECT id FROM tips ORDER BY random() LIMIT 1',
    'SELECT g FROM generate_series(1, 100) g ORDER BY random()',
    'SELECT id, random() FROM products ORDER BY id LIMIT 5',
    'SELECT id FROM products ORDER BY md5(name) LIMIT 5',
  ],
});
