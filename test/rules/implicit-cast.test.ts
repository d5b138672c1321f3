import { implicitCast } from '../../server/src/core/rules/implicit-cast';
import { testRule } from '../support/ruleTester';

const schema = `
  CREATE TABLE orders (id bigint PRIMARY KEY, number int NOT NULL, total numeric NOT NULL, code char(8) NOT NULL, mail citext NOT NULL, at timestamptz NOT NULL, free int);
  CREATE INDEX orders_number ON orders (number);
  CREATE INDEX orders_total ON orders (total);
  CREATE INDEX orders_code ON orders (code);
  CREATE INDEX orders_mail ON orders (mail);
  CREATE INDEX orders_at ON orders (at);
`;
const assume = { orders: 3_000_000 };

testRule(implicitCast, {
  schema,
  settings: { assume },
  flagged: [
    { code: `
SELECT id FROM orders WHERE number = 42.0
--                          ^^^^^^^^^^^^^ orders.number (integer) is converted to numeric for every row`, severity: 'warning', fixed: `
SELECT id FROM orders WHERE number = 42` },
    { code: `
SELECT id FROM orders WHERE number = $1::numeric
--                          ^^^^^^^^^^^^^^^^^^^^ converted to numeric`, fixed: `
SELECT id FROM orders WHERE number = $1::integer` },
    { code: `
SELECT id FROM orders WHERE id = ANY($1::numeric[])
--                          ^^^^^^^^^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE id = ANY($1::bigint[])` },
    { code: `
SELECT id FROM orders WHERE total > $1::float8
--                          ^^^^^^^^^^^^^^^^^^ converted to double precision`, fixes: 1 },
    { code: `
SELECT id FROM orders WHERE code = $1::text
--                          ^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE code = $1::bpchar` },
    { code: `
SELECT id FROM orders WHERE mail = $1::text
--                          ^^^^^^^^^^^^^^^`, fixes: 1 },
    { code: `
SELECT id FROM orders WHERE number IN (1, 2.5)
--                          ^^^^^^^^^^^^^^^^^^`, fixes: 0 },
  ],
  clean: [
    'SELECT id FROM orders WHERE number = 42',
    'SELECT id FROM orders WHERE number = $1',
    'SELECT id FROM orders WHERE number = $1::bigint',
    'SELECT id FROM orders WHERE total = 42',
    "SELECT id FROM orders WHERE code = 'x'",
    'SELECT id FROM orders WHERE code = $1',
    'SELECT id FROM orders WHERE mail = $1',
    "SELECT id FROM orders WHERE at > '2024-01-01'::date",
    'SELECT id FROM orders WHERE free = 42.0',
    'SELECT id FROM orders WHERE id = $1 AND number = 42.0',
    'SELECT id FROM elsewhere WHERE number = 42.0',
  ],
});

testRule(implicitCast, {
  schema: schema.replace('mail citext', 'mail text'),
  planner: true,
  embed: false,
  settings: { assume },
  flagged: [{ code: `
SELECT at FROM orders WHERE number = 42.0
--                          ^^^^^^^^^^^^^ with the value converted instead the cost falls from`, severity: 'warning' }],
  clean: [],
});
