import { betweenTimestamps } from '../../server/src/core/rules/between-timestamps';
import { testRule } from '../support/ruleTester';

testRule(betweenTimestamps, {
  schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL, paid_at timestamp, due date NOT NULL, n int);',
  flagged: [
    { code: `
SELECT id FROM orders WHERE created_at BETWEEN '2024-01-01' AND '2024-12-31'
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the day itself is left out`, severity: 'warning', fixed: `
SELECT id FROM orders WHERE created_at >= '2024-01-01' AND created_at < '2025-01-01'` },
    { code: `
SELECT id FROM orders o WHERE o.n = 1 OR o.paid_at <= '2024-02-28 23:59:59'
--                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leaves out the last second`, severity: 'warning', fixed: `
SELECT id FROM orders o WHERE o.n = 1 OR o.paid_at < '2024-02-29'` },
    { code: `
SELECT id FROM orders WHERE created_at BETWEEN $1 AND $2
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ belongs to the next range too`, severity: 'hint', fixed: `
SELECT id FROM orders WHERE created_at >= $1 AND created_at < $2` },
    { code: `
SELECT id FROM orders WHERE created_at BETWEEN $1::date AND DATE '2024-01-31'
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, severity: 'warning' },
  ],
  clean: [
    "SELECT id FROM orders WHERE created_at >= '2024-01-01' AND created_at < '2024-02-01'",
    "SELECT id FROM orders WHERE due BETWEEN '2024-01-01' AND '2024-01-31'",
    'SELECT id FROM orders WHERE n BETWEEN 1 AND 5',
    "SELECT id FROM orders WHERE created_at BETWEEN now() - interval '1 day' AND now()",
    "SELECT id FROM orders WHERE created_at BETWEEN '2024-01-01' AND '2024-01-31 12:00:00'",
    "SELECT id FROM orders WHERE created_at NOT BETWEEN '2024-01-01' AND '2024-01-31'",
    "SELECT id FROM orders WHERE created_at::date BETWEEN '2024-01-01' AND '2024-01-31'",
    "SELECT id FROM elsewhere WHERE created_at BETWEEN '2024-01-01' AND '2024-01-31'",
    'SELECT id FROM orders WHERE created_at <= $1',
  ],
});
