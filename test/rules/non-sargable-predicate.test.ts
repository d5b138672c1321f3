import { expect, it } from 'vitest';
import { nonSargablePredicate } from '../../server/src/core/rules/non-sargable-predicate';
import { unindexedPredicate } from '../../server/src/core/rules/unindexed-predicate';
import { lintCase } from '../support/readers';
import { testRule } from '../support/ruleTester';

const schema = `
  CREATE TABLE orders (id bigint PRIMARY KEY, token uuid NOT NULL UNIQUE, email text NOT NULL, number int NOT NULL, maybe int, at timestamp NOT NULL, tz timestamptz NOT NULL, due date, note text);
  CREATE INDEX orders_at ON orders (at);
  CREATE INDEX orders_tz ON orders (tz);
  CREATE INDEX orders_email ON orders (email);
  CREATE INDEX orders_number ON orders (number);
  CREATE INDEX orders_maybe ON orders (maybe);
  CREATE INDEX orders_due ON orders (due);
  CREATE TABLE people (id bigint PRIMARY KEY, email text NOT NULL);
  CREATE INDEX people_lower ON people (lower(email));
  CREATE INDEX people_email ON people (email);
`;
const migrations = { folder: 'migrations', format: 'plain' as const, existing: ['0001_init.sql'] };
const assume = { orders: 3_000_000, people: 3_000_000 };

testRule(nonSargablePredicate, {
  schema,
  settings: { assume, migrations },
  flagged: [
    { code: `
SELECT id FROM orders WHERE at::date = '2024-02-29'
--                          ^^^^^^^^^^^^^^^^^^^^^^^ orders.at has an index, which \`at::date\` keeps from being used`, severity: 'warning', fixed: `
SELECT id FROM orders WHERE at >= '2024-02-29' AND at < '2024-03-01'` },
    { code: `
SELECT id FROM orders WHERE date(tz) = $1
--                          ^^^^^^^^^^^^^ orders_tz holds the column`, fixed: `
SELECT id FROM orders WHERE tz >= $1::date AND tz < $1::date + 1` },
    { code: `
SELECT id FROM orders WHERE at::date BETWEEN $1 AND $2
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE at >= $1::date AND at < $2::date + 1` },
    { code: `
SELECT id FROM orders o WHERE date_trunc('month', o.at) = '2024-12-01'
--                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders o WHERE o.at >= '2024-12-01' AND o.at < '2025-01-01'` },
    { code: `
SELECT id FROM orders WHERE date_trunc('day', tz) = date_trunc('day', now())
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE tz >= date_trunc('day', now()) AND tz < date_trunc('day', date_trunc('day', now()) + interval '1 day')` },
    { code: `
SELECT id FROM orders WHERE extract(year FROM due) = 2024
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE due >= '2024-01-01' AND due < '2025-01-01'` },
    { code: `
SELECT id FROM orders WHERE tz + interval '2 hours' < now()
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE tz < now() - interval '2 hours'` },
    { code: `
SELECT id FROM orders WHERE number - 5 > 10
--                          ^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE number > 15` },
    { code: `
SELECT id FROM orders WHERE coalesce(number, 0) = $1
--                          ^^^^^^^^^^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE number = $1` },
    { code: `
SELECT id FROM orders WHERE coalesce(maybe, 0) = 5
--                          ^^^^^^^^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE maybe = 5` },
    { code: `
SELECT id FROM orders WHERE token::text = $1
--                          ^^^^^^^^^^^^^^^^`, fixed: `
SELECT id FROM orders WHERE token = $1::uuid` },
    { code: `
SELECT id FROM orders WHERE lower(email) = $1
--                          ^^^^^^^^^^^^^^^^^`, creates: 'CREATE INDEX CONCURRENTLY orders_lower_email_idx ON orders (lower(email));\n' },
    { code: `
SELECT id FROM orders WHERE at::date = $1
--                          ^^^^^^^^^^^^^`, severity: 'hint', settings: { migrations } },
  ],
  clean: [
    "SELECT id FROM orders WHERE at >= '2024-02-29' AND at < '2024-03-01'",
    'SELECT id FROM orders WHERE email = lower($1)',
    'SELECT id FROM people WHERE lower(email) = $1',
    'SELECT id FROM orders WHERE at = $1::date',
    'SELECT id FROM orders WHERE email::text = $1',
    'SELECT id FROM orders WHERE lower(note) = $1',
    'SELECT id FROM orders WHERE id = $1 AND at::date = $2',
    'SELECT id FROM orders WHERE at::date = due',
    'SELECT id FROM orders WHERE number + maybe > 10',
    'SELECT id FROM orders WHERE at::date <> $1',
    'SELECT at::date, count(*) FROM orders WHERE id > $1 GROUP BY 1 HAVING at::date > $2',
    'SELECT id FROM elsewhere WHERE at::date = $1',
    // 15 is not the start of a month: nothing would be found, and now something is.
    "SELECT id FROM orders WHERE id > 3 AND date_trunc('month', at) = '2024-12-15'",
    { code: "SELECT id FROM orders WHERE at::date = '2024-02-29'", settings: { assume: { orders: 500 } } },
  ],
});

// Each says its own: the indexed column in a function, and the function that no index holds.
testRule(unindexedPredicate, {
  schema,
  settings: { assume, migrations },
  flagged: [{ code: `
SELECT id FROM orders WHERE lower(note) = $1
--                          ^^^^^^^^^^^^^^^^` }],
  clean: ['SELECT id FROM orders WHERE lower(email) = $1'],
});

testRule(nonSargablePredicate, {
  schema,
  planner: true,
  embed: false,
  settings: { assume, migrations },
  flagged: [
    { code: `
SELECT id FROM orders WHERE at::date = $1
--                          ^^^^^^^^^^^^^ Seq Scan on orders reads 3,000,000 rows and keeps 15,000 (assumed volumes); with the column alone the cost falls from`, severity: 'warning' },
    { code: `
SELECT id FROM orders WHERE lower(email) = $1
--                          ^^^^^^^^^^^^^^^^^ With an index on (lower(email)) the planner's cost falls from`, severity: 'warning' },
    { code: `
SELECT id FROM orders WHERE to_char(at, 'YYYY') = $1
--                          ^^^^^^^^^^^^^^^^^^^^^^^^ Seq Scan on orders reads 3,000,000 rows`, severity: 'info', fixes: 0 },
  ],
  clean: [
    // Most rows: the index is of no use either way.
    'SELECT id FROM orders WHERE tz + interval \'2 hours\' < now()',
    'SELECT id FROM orders WHERE token = $1 AND at::date = $2',
  ],
});

it('NULLs of an outer join are found by the default, and not without it', async () => {
  const { findings } = await lintCase([nonSargablePredicate], {
    language: 'sql', settings: { assume: { a: 500_000, o: 500_000 } },
    schema: 'CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE o (id int PRIMARY KEY, number int NOT NULL); CREATE INDEX o_number ON o (number);',
    code: 'SELECT a.id FROM a LEFT JOIN o ON o.id = a.id WHERE coalesce(o.number, 0) = 0',
  });
  expect(findings.flatMap((finding) => finding.fixes()).filter(({ edits }) => edits.length > 0)).toEqual([]);
});
