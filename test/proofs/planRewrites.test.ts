import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { correlatedSubquery } from '../../server/src/core/rules/correlated-subquery';
import { orAcrossColumns } from '../../server/src/core/rules/or-across-columns';
import { sortDirectionMismatch } from '../../server/src/core/rules/sort-direction-mismatch';
import type { Rule } from '../../server/src/core/lint/rule';
import { applyEdits } from '../../server/src/core/text/edit';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';

/** Rows that show a difference where there is one: NULLs on both sides, ties, equal rows, keys without rows, two-column keys, an empty table. */
const SCHEMA = `
  CREATE TABLE customers (id bigint PRIMARY KEY, email text, region int NOT NULL);
  CREATE INDEX customers_email ON customers (email);
  CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, number text, total numeric NOT NULL, note text);
  CREATE INDEX orders_customer ON orders (customer_id);
  CREATE INDEX orders_number ON orders (number);
  CREATE INDEX orders_total ON orders (total);
  CREATE TABLE lines (order_id bigint NOT NULL, position int NOT NULL, product text, quantity int, PRIMARY KEY (order_id, position));
  CREATE INDEX lines_product ON lines (product);
  CREATE TABLE nothing (id bigint PRIMARY KEY, order_id bigint NOT NULL, amount int);
`;
const ROWS = `
  INSERT INTO customers SELECT i, CASE WHEN i % 4 = 0 THEN NULL ELSE 'mail ' || i % 5 END, i % 3 FROM generate_series(1, 12) i;
  INSERT INTO orders SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE 1 + i % 15 END, CASE WHEN i % 5 = 0 THEN NULL ELSE 'n' || i % 6 END, (i % 4) * 10, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'same' END FROM generate_series(1, 60) i;
  INSERT INTO lines SELECT 1 + i % 40, i, CASE WHEN i % 6 = 0 THEN NULL ELSE 'p' || i % 4 END, CASE WHEN i % 5 = 0 THEN NULL ELSE i % 7 END FROM generate_series(1, 150) i;
`;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(SCHEMA + ROWS);
});
afterAll(() => database?.drop());

interface Proof {
  readonly sql: string;
  readonly values?: readonly unknown[];
  /** The order is part of the result. */
  readonly ordered?: boolean;
}

function prove(rule: Rule, kind: 'safe' | 'review', proofs: readonly Proof[]): void {
  describe(`the rewrite of ${rule.id} returns the same rows`, () => {
    for (const { sql, values = [], ordered = false } of proofs) {
      it(sql.slice(0, 140), async () => {
        const { findings } = await lintCase([rule], { language: 'sql', code: sql, schema: SCHEMA });
        const fix = findings[0]?.fixes().find((f) => f.edits.length > 0);
        expect(fix?.kind, 'the rewrite that is offered').toBe(kind);
        const rewritten = applyEdits(sql, fix?.edits ?? []) ?? '';
        expect(rewritten).not.toBe(sql);
        const [before, after] = [await database.query(sql, values), await database.query(rewritten, values)];
        const bag = (rows: readonly Record<string, unknown>[]): readonly string[] => rows.map((row) => JSON.stringify(row)).sort();
        expect(ordered ? after : bag(after)).toEqual(ordered ? before : bag(before));
        expect(before.length, 'the statement finds rows').toBeGreaterThan(0);
      });
    }
  });
}

prove(orAcrossColumns, 'review', [
  { sql: 'SELECT o.id, o.number FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 OR o.number = $2', values: ['mail 2', 'n3'] },
  // Equal rows in the select list stay as many as they were.
  { sql: 'SELECT o.total, c.region FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 OR o.number = $2', values: ['mail 1', 'n1'] },
  { sql: 'SELECT o.note FROM orders o LEFT JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 OR o.number = $2', values: ['mail 3', 'n4'] },
  { sql: 'SELECT note FROM orders WHERE number = $1 OR customer_id IN (SELECT id FROM customers WHERE email = $2)', values: ['n2', 'mail 1'] },
  { sql: 'SELECT o.note, o.total FROM orders o WHERE o.note IS NOT NULL AND (o.number = $1 OR EXISTS (SELECT 1 FROM customers c WHERE c.id = o.customer_id AND c.email = $2))', values: ['n2', 'mail 1'] },
  { sql: 'SELECT l.product FROM lines l WHERE l.product = $1 OR l.order_id IN (SELECT id FROM orders WHERE number = $2)', values: ['p1', 'n2'] },
  { sql: 'SELECT l.product, l.quantity FROM lines l JOIN orders o ON o.id = l.order_id LEFT JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 OR o.number = $2 OR (l.product = $3 AND l.quantity = 3)', values: ['mail 2', 'n1', 'p3'] },
  { sql: 'SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE (c.email = $1) OR ((o.number = $2) AND (o.total = 10))', values: ['mail 2', 'n1'] },
  { sql: 'SELECT DISTINCT o.total FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 OR o.number = $1', values: ['mail 2'] },
]);

prove(correlatedSubquery, 'review', [
  { sql: 'SELECT o.id, (SELECT count(*) FROM lines l WHERE l.order_id = o.id) FROM orders o' },
  { sql: 'SELECT o.id, (SELECT count(l.quantity)::int FROM lines l WHERE l.order_id = o.id AND l.product = $1) AS n FROM orders o', values: ['p1'] },
  { sql: 'SELECT o.note, (SELECT sum(l.quantity) FROM lines l WHERE l.order_id = o.id) FROM orders o' },
  { sql: 'SELECT o.id, coalesce((SELECT sum(l.quantity) FROM lines l WHERE l.order_id = o.id), -1) FROM orders o' },
  { sql: 'SELECT o.id, (SELECT coalesce(sum(l.quantity), 7) FROM lines l WHERE l.order_id = o.id) FROM orders o' },
  { sql: 'SELECT o.id, (SELECT coalesce(count(*), 7) FROM lines l WHERE l.order_id = o.id) FROM orders o' },
  { sql: 'SELECT o.id, (SELECT max(l.product) FROM lines l WHERE l.order_id = o.id) m, (SELECT min(n.amount) FROM nothing n WHERE n.order_id = o.id) FROM orders o' },
  { sql: 'SELECT o.id, (SELECT count(*) FILTER (WHERE l.quantity > 2) FROM lines l WHERE l.order_id = o.id) FROM orders o' },
  // NULL keys outside, keys inside that nothing asks for.
  { sql: 'SELECT o.id, (SELECT c.email FROM customers c WHERE c.id = o.customer_id) FROM orders o' },
  { sql: 'SELECT o.id, (SELECT c.email FROM customers c WHERE c.id = o.customer_id AND c.region = 1) AS mail FROM orders o ORDER BY o.total, o.id', ordered: true },
  { sql: 'SELECT c.id, (SELECT count(*) FROM orders o JOIN lines l ON l.order_id = o.id WHERE o.customer_id = c.id) FROM customers c' },
  { sql: 'SELECT o.id FROM orders o WHERE (SELECT count(*) FROM lines l WHERE l.order_id = o.id) < 4' },
  { sql: 'SELECT o.id FROM orders o LEFT JOIN customers c ON c.id = o.customer_id WHERE (SELECT coalesce(sum(x.total), 0) FROM orders x WHERE x.customer_id = c.id) = 0' },
  { sql: 'SELECT DISTINCT o.total, (SELECT bool_or(l.quantity > 5) FROM lines l WHERE l.order_id = o.id) FROM orders o' },
  { sql: 'SELECT l.product, (SELECT avg(m.quantity) FROM lines m WHERE m.order_id = l.order_id AND m.product = l.product) FROM lines l' },
]);

prove(sortDirectionMismatch, 'safe', [
  { sql: 'SELECT total FROM orders ORDER BY total DESC NULLS LAST LIMIT 30', ordered: true },
  { sql: 'SELECT total FROM orders ORDER BY total NULLS FIRST LIMIT 30', ordered: true },
]);
