import { lockTimeoutMissing } from '../../server/src/core/rules/lock-timeout-missing';
import { testRule } from '../support/ruleTester';

testRule(lockTimeoutMissing, {
  schema: 'CREATE TABLE tenants (id bigint PRIMARY KEY); CREATE TABLE orders (id bigint PRIMARY KEY, total integer); CREATE TABLE tags (id bigint PRIMARY KEY); CREATE TABLE unsized (id bigint); CREATE INDEX orders_total ON orders (total);',
  settings: { assume: { orders: 2_000_000, tags: 10 } }, path: 'db/migrations/0002_x.sql', embed: false,
  flagged: [
    {
      code: `
ALTER TABLE orders ADD COLUMN note text;
^^^^^^^^^^^ This may wait for its lock on orders without end, and all other queries of the table behind it: no lock_timeout is set.
DROP TABLE orders;`,
      severity: 'info',
      fixed: `
SET lock_timeout = '5s';
ALTER TABLE orders ADD COLUMN note text;
DROP TABLE orders;`,
    },
    {
      code: `
BEGIN;
  DROP INDEX orders_total;
  ^^^^^^^^^^
COMMIT;`,
      fixed: `
BEGIN;
  SET LOCAL lock_timeout = '5s';
  DROP INDEX orders_total;
COMMIT;`,
    },
    // Reads pass: SHARE and SHARE ROW EXCLUSIVE.
    `
CREATE INDEX i ON orders (total);
^^^^^^^^^^^^ and all other writes of the table behind it`,
    `
ALTER TABLE orders ADD FOREIGN KEY (total) REFERENCES tags;
^^^^^^^^^^^ and all other writes of the table behind it`,
    { code: `
ALTER TABLE unsized RENAME TO other;
^^^^^^^^^^^`, severity: 'hint' },
    `
ALTER TABLE orders RENAME COLUMN total TO amount; SET lock_timeout = '1s';
^^^^^^^^^^^`,
    `
SET statement_timeout = '5s'; TRUNCATE orders;
                              ^^^^^^^^`,
    { code: `
-- migrate:up
alter table orders drop column total;
^^^^^^^^^^^
-- migrate:down`, settings: { assume: { orders: 2_000_000 }, rules: { 'lock-timeout-missing': { options: { timeout: '3s' } } } }, fixed: `
-- migrate:up
SET LOCAL lock_timeout = '3s';
alter table orders drop column total;
-- migrate:down` },
  ],
  clean: [
    // A schema in files, of no history.
    { code: 'CREATE TABLE notes (id bigint, order_id bigint REFERENCES orders); CREATE TRIGGER t BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION f();', path: 'packages/schemas/tables/notes.sql', embed: false },
    "SET lock_timeout = '5s'; ALTER TABLE orders ADD COLUMN note text;",
    "SET LOCAL lock_timeout TO '5s'; ALTER TABLE orders ADD COLUMN note text;",
    "SELECT set_config('lock_timeout', '5s', true); ALTER TABLE orders ADD COLUMN note text;",
    'CREATE TABLE notes (id bigint PRIMARY KEY); ALTER TABLE notes ADD COLUMN a int;',
    'ALTER TABLE tags ADD COLUMN a int;',
    // A weaker lock, for a moment.
    'CREATE TABLE lines (id bigint, order_id bigint REFERENCES orders (id));',
    'CREATE INDEX CONCURRENTLY i ON orders (total);',
    'ALTER TABLE orders VALIDATE CONSTRAINT c;',
    'ALTER TABLE orders SET (fillfactor = 90);',
    { code: 'ALTER TABLE orders ADD COLUMN note text;', later: 11 },
  ],
});
