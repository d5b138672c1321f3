import { fanOutAggregate } from '../../server/src/core/rules/fan-out-aggregate';
import { testRule } from '../support/ruleTester';

testRule(fanOutAggregate, {
  schema: `
    CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, total numeric NOT NULL);
    CREATE TABLE visits (id bigint PRIMARY KEY, customer_id bigint NOT NULL);
    CREATE TABLE lines (order_id bigint NOT NULL, n int NOT NULL, price numeric NOT NULL, PRIMARY KEY (order_id, n));
    CREATE TABLE profiles (customer_id bigint PRIMARY KEY, score int NOT NULL);
  `,
  flagged: [
    { code: `
SELECT c.id, sum(o.total) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN visits v ON v.customer_id = c.id GROUP BY c.id
--           ^^^^^^^^^^^^ orders and visits both have many rows for each customers`, severity: 'warning', fixed: `
SELECT c.id, max(o.sum) AS sum FROM customers c LEFT JOIN (SELECT o.customer_id, sum(o.total) AS sum FROM orders o GROUP BY o.customer_id) o ON o.customer_id = c.id LEFT JOIN visits v ON v.customer_id = c.id GROUP BY c.id` },
    ...[
      // A condition on the side, another use of it, a group of several customers, an order within the aggregate.
      "WHERE o.total > 3 GROUP BY c.id", 'GROUP BY c.id HAVING max(o.total) > 3', 'GROUP BY c.id ORDER BY max(o.total)', 'GROUP BY c.id, o.id', 'GROUP BY c.name',
    ].map((rest) => ({ code: `\nSELECT sum(o.total) AS total FROM customers c JOIN orders o ON o.customer_id = c.id JOIN visits v ON v.customer_id = c.id ${rest}\n--     ^^^^^^^^^^^^`, fixes: 0 })),
    { code: `
SELECT c.id, count(*) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN visits v ON v.customer_id = c.id GROUP BY c.id
--           ^^^^^^^^`, severity: 'info', fixes: 0 },
    `
SELECT c.name, coalesce(sum(o.total), 0) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN visits v ON v.customer_id = c.id WHERE c.id = $1 GROUP BY c.name
--                      ^^^^^^^^^^^^`,
  ],
  clean: [
    'SELECT c.id, sum(o.total) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id',
    // A chain of joins is no product.
    'SELECT c.id, sum(l.price) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN lines l ON l.order_id = o.id GROUP BY c.id',
    'SELECT c.id, sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN profiles p ON p.customer_id = c.id GROUP BY c.id',
    'SELECT c.id, count(DISTINCT o.id), count(DISTINCT v.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id LEFT JOIN visits v ON v.customer_id = c.id GROUP BY c.id',
    'SELECT c.id, max(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN visits v ON v.customer_id = c.id GROUP BY c.id',
    'SELECT o.id, sum(l.price) FROM orders o JOIN lines l ON l.order_id = o.id JOIN customers c ON c.id = o.customer_id GROUP BY o.id',
    'SELECT c.id, sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN elsewhere v ON v.customer_id = c.id GROUP BY c.id',
  ],
});
