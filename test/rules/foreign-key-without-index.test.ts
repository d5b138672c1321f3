import { foreignKeyWithoutIndex } from '../../server/src/core/rules/foreign-key-without-index';
import { testRule } from '../support/ruleTester';
const path = 'db/migrations/0002_x.sql';
const migrations = { folder: 'db/migrations', format: 'plain' as const, existing: ['0001_init.sql', '0002_x.sql'] };

testRule(foreignKeyWithoutIndex, {
  schema: 'CREATE TABLE customers (id bigint PRIMARY KEY); CREATE TABLE shops (tenant bigint, no bigint, PRIMARY KEY (tenant, no)); CREATE TABLE kinds (id int PRIMARY KEY); CREATE TABLE big (id bigint PRIMARY KEY, customer_id bigint);',
  settings: { assume: { big: 3_000_000, kinds: 12, little: 200 }, migrations }, path, embed: false,
  flagged: [
    { code: `
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers (id), note text);
--                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ No index begins with customer_id: deleting a row of customers reads all of orders.`, severity: 'hint', creates: 'CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);\n' },
    { code: `
ALTER TABLE big ADD CONSTRAINT f FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ big has about 3,000,000 rows (assumed).`, severity: 'warning', fixes: 1 },
    `
CREATE TABLE orders (id bigint PRIMARY KEY, tenant bigint, shop bigint, FOREIGN KEY (tenant, shop) REFERENCES shops (tenant, no));
--                                                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
CREATE INDEX o ON orders (tenant, id, shop);`,
    `
CREATE TABLE orders (id bigint, tenant bigint, shop bigint, FOREIGN KEY (tenant, shop) REFERENCES shops (tenant, no));
--                                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
CREATE INDEX o ON orders (tenant, shop) WHERE tenant IS NOT NULL AND id IS NOT NULL;
CREATE INDEX p ON orders (tenant, shop) WHERE tenant IS NOT NULL OR shop IS NOT NULL;
CREATE INDEX h ON orders USING hash (tenant);`,
    `
CREATE TABLE orders (id bigint PRIMARY KEY, c bigint REFERENCES customers);
--                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
CREATE INDEX o ON orders (id, c);
CREATE INDEX part ON orders (c) WHERE id > 5;
CREATE INDEX gone ON orders (c);
DROP INDEX gone;`,
    // Dropped and made again: what counts is the one that is there in the end.
    `
ALTER TABLE big ADD CONSTRAINT f FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;
ALTER TABLE big DROP CONSTRAINT f;
ALTER TABLE big ADD CONSTRAINT f FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ deleting a row of customers reads all of big`,
    `
CREATE TABLE orders (id bigint PRIMARY KEY, a bigint REFERENCES customers, b bigint REFERENCES customers);
--                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ No index begins with a:
--                                                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ No index begins with b:`,
  ],
  clean: [
    { code: 'ALTER TABLE big ADD CONSTRAINT f FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;', after: [{ path: 'db/migrations/0003_cascade.sql', text: 'ALTER TABLE big DROP CONSTRAINT f;\nALTER TABLE big ADD CONSTRAINT f FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;' }] },
    'CREATE TABLE orders (id bigint PRIMARY KEY, c bigint REFERENCES customers); CREATE INDEX o ON orders (c, id);',
    'CREATE TABLE orders (id bigint PRIMARY KEY, c bigint REFERENCES customers); CREATE INDEX o ON orders (c) WHERE c IS NOT NULL;',
    'CREATE TABLE orders (id bigint PRIMARY KEY, c bigint UNIQUE REFERENCES customers);',
    'CREATE TABLE orders (id bigint PRIMARY KEY REFERENCES customers);',
    'CREATE TABLE orders (tenant bigint, shop bigint, FOREIGN KEY (tenant, shop) REFERENCES shops); CREATE INDEX o ON orders (shop, tenant);',
    'CREATE TABLE orders (tenant bigint, "Shop No" bigint, FOREIGN KEY (tenant, "Shop No") REFERENCES shops); CREATE INDEX o ON orders ("Shop No", tenant) WHERE (tenant IS NOT NULL) AND ("Shop No" IS NOT NULL);',
    'CREATE TABLE orders (id bigint PRIMARY KEY, c bigint REFERENCES customers); CREATE INDEX o ON orders USING hash (c) WHERE orders.c IS NOT NULL;',
    'CREATE TABLE orders (id bigint PRIMARY KEY, kind int REFERENCES kinds);',
    'CREATE TABLE little (id bigint PRIMARY KEY, c bigint REFERENCES customers);',
    'CREATE TABLE orders (id bigint PRIMARY KEY, c bigint REFERENCES customers); ALTER TABLE orders DROP CONSTRAINT orders_c_fkey;',
    'CREATE TABLE orders (id bigint PRIMARY KEY, c bigint REFERENCES customers); DROP TABLE orders;',
    // What the block makes is not known.
    "CREATE TABLE orders (id bigint PRIMARY KEY, c bigint REFERENCES customers); DO $$ BEGIN IF to_regclass('o') IS NULL THEN CREATE INDEX o ON orders (c); END IF; END $$;",
  ],
});
