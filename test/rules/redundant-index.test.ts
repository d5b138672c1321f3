import { redundantIndex } from '../../server/src/core/rules/redundant-index';
import { testRule } from '../support/ruleTester';
const path = 'db/migrations/0002_x.sql';
const migrations = { folder: 'db/migrations', format: 'plain' as const, existing: ['0001_init.sql', '0002_x.sql'] };

testRule(redundantIndex, {
  schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, a int, b int, t text, j jsonb); CREATE INDEX orders_a_b ON orders (a, b); CREATE INDEX orders_live ON orders (a) WHERE b IS NULL; CREATE TABLE tiny (a int, b int); CREATE INDEX tiny_a_b ON tiny (a, b);',
  settings: { assume: { tiny: 10 }, migrations }, path, embed: false,
  flagged: [
    { code: `
CREATE INDEX orders_a ON orders (a);
--           ^^^^^^^^ orders_a_b begins with the keys of orders_a and does all that it does.`, severity: 'info', creates: 'DROP INDEX CONCURRENTLY orders_a;\n' },
    `
CREATE INDEX CONCURRENTLY "same" ON orders USING btree (a, b);
--                        ^^^^^^ same is the same as orders_a_b.`,
    `
CREATE INDEX by_id ON orders (id);
--           ^^^^^ by_id is the same as orders_pkey.`,
    `
CREATE INDEX live ON orders (a) WHERE (b IS NULL);
--           ^^^^ orders_live`,
    `
CREATE INDEX g1 ON orders USING gin (j);
CREATE INDEX g2 ON orders USING gin (j);
--           ^^ the same as g1`,
    `
CREATE INDEX l1 ON orders (lower(t));
--           ^^ l2 begins with
CREATE INDEX l2 ON orders (lower(t), a);`,
    // The longer one comes later, in this file: the shorter one is too many.
    `
CREATE INDEX t1 ON orders (t);
--           ^^
CREATE UNIQUE INDEX t2 ON orders (t, id);`,
  ],
  clean: [
    'CREATE UNIQUE INDEX orders_a ON orders (a);', 'CREATE INDEX orders_b ON orders (b);', 'CREATE INDEX orders_a ON orders (a DESC);', 'CREATE INDEX orders_a ON orders (a) WHERE b > 1;',
    'CREATE INDEX orders_a ON orders USING hash (a);', 'CREATE INDEX t1 ON orders (t text_pattern_ops); CREATE INDEX t2 ON orders (t, a);', 'CREATE INDEX t1 ON orders (t COLLATE "C"); CREATE INDEX t2 ON orders (t, a);',
    'CREATE INDEX i ON orders (a) INCLUDE (t);', 'CREATE INDEX j1 ON orders USING gin (j jsonb_path_ops); CREATE INDEX j2 ON orders USING gin (j);', 'CREATE INDEX tiny_a ON tiny (a);',
    'CREATE INDEX orders_a ON orders (a); DROP INDEX orders_a_b;', 'CREATE INDEX orders_a ON orders (a); DROP INDEX orders_a;',
  ],
});
