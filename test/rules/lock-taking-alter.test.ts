import { lockTakingAlter } from '../../server/src/core/rules/lock-taking-alter';
import { testRule, type RuleCase } from '../support/ruleTester';

const migrations = { folder: 'db/migrations', format: 'plain' as const, existing: ['0001_init.sql', '0002_x.sql'] };
const ofVersion = (version: number): RuleCase['catalog'] => (catalog) => ({ ...catalog, server: { version, versionText: String(version / 10000), settings: {}, extensions: [] } });
const path = 'db/migrations/0002_x.sql';
const large = { assume: { orders: 2_000_000, events: 5_000_000, tags: 100 }, migrations };

testRule(lockTakingAlter, {
  schema: `
    CREATE TABLE tenants (id bigint PRIMARY KEY);
    CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint, status varchar(20), total integer, price numeric(10, 2), "Note" text, paid_at timestamp(3), network cidr, code char(3));
    CREATE UNIQUE INDEX orders_ready ON orders (status, total);
    CREATE TABLE tags (id bigint PRIMARY KEY, name text);
    CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE loose (id bigint, at timestamptz NOT NULL);
    CREATE FUNCTION token() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT random()::text $$;
    CREATE VIEW open_orders AS SELECT id FROM orders;
  `,
  settings: large, path, embed: false,
  flagged: [
    {
      code: `
ALTER TABLE orders ALTER COLUMN tenant_id SET NOT NULL
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Nobody can read or write orders while this reads every row of orders to see that tenant_id is nowhere null. orders has about 2,000,000 rows (assumed).`,
      severity: 'warning', fixes: 1,
      fixed: `
ALTER TABLE orders ADD CONSTRAINT orders_tenant_id_not_null CHECK (tenant_id IS NOT NULL) NOT VALID`,
      creates: 'ALTER TABLE orders VALIDATE CONSTRAINT orders_tenant_id_not_null;\n',
    },
    {
      code: `
ALTER TABLE orders ADD CONSTRAINT tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenants (id)
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Nobody can write to orders or tenants while this reads every row of orders and looks it up in tenants.`,
      fixed: `
ALTER TABLE orders ADD CONSTRAINT tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenants (id) NOT VALID`,
      creates: 'ALTER TABLE orders VALIDATE CONSTRAINT tenant_fk;\n',
    },
    {
      code: `
ALTER TABLE orders ADD FOREIGN KEY (tenant_id) REFERENCES tenants, ADD COLUMN x int;
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
      fixed: `
ALTER TABLE orders ADD CONSTRAINT orders_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants NOT VALID, ADD COLUMN x int;`,
    },
    { code: `
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0)
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ to check the constraint`, fixes: 1 },
    `
ALTER TABLE orders
  ADD CONSTRAINT positive CHECK (
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    total > 0
    AND price > 0
  );`,
    { code: `
ALTER TABLE orders ADD CHECK (total > 0)
--                 ^^^^^^^^^^^^^^^^^^^^^`, fixes: 0 },
    {
      code: `
ALTER TABLE orders ADD CONSTRAINT one UNIQUE (tenant_id, "Note");
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ builds an index of orders`,
      fixed: `
CREATE UNIQUE INDEX CONCURRENTLY one ON orders (tenant_id, "Note");`,
      creates: 'ALTER TABLE orders ADD CONSTRAINT one UNIQUE USING INDEX one;\n',
    },
    {
      // With another statement in the file both steps follow as migrations.
      code: `
CREATE TABLE notes (id bigint PRIMARY KEY);
ALTER TABLE orders ADD UNIQUE (tenant_id);
--                 ^^^^^^^^^^^^^^^^^^^^^^`,
      fixed: `
CREATE TABLE notes (id bigint PRIMARY KEY);
`,
      creates: 'CREATE UNIQUE INDEX CONCURRENTLY orders_tenant_id_key ON orders (tenant_id);\n',
    },
    { code: `
ALTER TABLE orders ADD PRIMARY KEY USING INDEX orders_ready
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ nowhere null`, fixes: 0 },
    {
      code: `
ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ writes orders anew: gen_random_uuid() has another value for every row`,
      fixed: `
ALTER TABLE orders ADD COLUMN token uuid, ALTER COLUMN token SET DEFAULT gen_random_uuid()`,
      creates: 'UPDATE orders SET token = gen_random_uuid() WHERE token IS NULL;\n',
    },
    `
ALTER TABLE orders ADD COLUMN x text DEFAULT lower(token())
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ token() has another value`,
    `
ALTER TABLE orders ADD COLUMN n bigserial
--                 ^^^^^^^^^^^^^^^^^^^^^^ the next number`,
    `
ALTER TABLE orders ADD COLUMN twice int GENERATED ALWAYS AS (total * 2) STORED
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ computed for every row`,
    `
ALTER TABLE orders ALTER COLUMN total TYPE bigint
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ from integer to bigint`,
    `
ALTER TABLE orders ALTER status TYPE varchar(10)
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ to see that it fits`,
    `
ALTER TABLE orders ALTER price TYPE numeric(10, 4), ALTER code TYPE text
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
--                                                  ^^^^^^^^^^^^^^^^^^^^`,
    `
ALTER TABLE orders SET UNLOGGED
--                 ^^^^^^^^^^^^`,
    `
ALTER TABLE events ATTACH PARTITION loose FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Nobody can read or write loose while this reads every row of loose`,
    // The partition for rows of no other is read, too; it is in use.
    { code: `
ALTER TABLE days ATTACH PARTITION days_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')
--               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Nobody can read or write days_rest while this reads every row of days_rest, the default partition`,
      schema: "CREATE TABLE days (at date NOT NULL) PARTITION BY RANGE (at); CREATE TABLE days_rest PARTITION OF days DEFAULT; CREATE TABLE days_2 (at date NOT NULL);", settings: { migrations, assume: { days_rest: 900_000, days_2: 900_000 } }, severity: 'warning', fixes: 0 },
    // Servers before PostgreSQL 11 and 12.
    { code: `
ALTER TABLE orders ADD COLUMN paid boolean NOT NULL DEFAULT false
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ before PostgreSQL 11 a default is written into every row`, catalog: ofVersion(100000), severity: 'warning', fixes: 1 },
    { code: `
ALTER TABLE orders ADD CONSTRAINT c CHECK (tenant_id IS NOT NULL) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT c;
ALTER TABLE orders ALTER tenant_id SET NOT NULL;
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Before PostgreSQL 12 nothing proves it`, catalog: ofVersion(110000), fixes: 0 },
    { code: `
ALTER TABLE events ATTACH PARTITION loose FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Nobody can read or write events while`, catalog: ofVersion(110000) },
    { code: `
ALTER TABLE orders ADD CONSTRAINT ex EXCLUDE USING gist (network inet_ops WITH &&)
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, fixes: 0 },
    // Unknown size: a hint. Unknown table: by its text alone.
    { code: `
ALTER TABLE loose ALTER COLUMN id SET NOT NULL
--                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, severity: 'hint' },
    { code: `
ALTER TABLE elsewhere ADD CHECK (a > 0)
--                    ^^^^^^^^^^^^^^^^^`, severity: 'hint' },
    // The lock of NOT VALID is held to the end of the transaction.
    { code: `
BEGIN;
ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT c;
--                 ^^^^^^^^^^^^^^^^^^^^^ c is validated in the transaction that adds it
COMMIT;`, embed: false },
    // The guard alone is not enough: a CHECK that is not validated proves nothing.
    `
ALTER TABLE orders ADD CONSTRAINT c CHECK (tenant_id IS NOT NULL) NOT VALID;
ALTER TABLE orders ALTER tenant_id SET NOT NULL;
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    // In a DO block that always runs it: the block is marked.
    { code: `
DO $$ BEGIN ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (tenant_id) REFERENCES tenants (id); EXCEPTION WHEN duplicate_object THEN NULL; END $$;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, embed: false },
    // The way up alone, with the tool's marks.
    { code: `
-- +goose Up
ALTER TABLE orders ALTER tenant_id SET NOT NULL;
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^

-- +goose Down
ALTER TABLE orders ALTER total SET NOT NULL;`, format: 'goose', embed: false },
    {
      language: 'typescript', path: 'migrations/20260101000000_x.ts', role: 'migration',
      code: `
import type { Knex } from 'knex';
export async function up(knex: Knex) {
  await knex.raw('ALTER TABLE orders ALTER COLUMN tenant_id SET NOT NULL');
//                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
}
export async function down(knex: Knex) {
  await knex.raw('ALTER TABLE orders ALTER COLUMN total TYPE bigint');
}`,
      fixes: 0,
    },
    {
      language: 'python', path: 'alembic/versions/a1.py', role: 'migration',
      code: `
from alembic import op

revision = "a1"
down_revision = None

def upgrade():
    op.alter_column("orders", "tenant_id", nullable=False)
#   ^^^^^^^^^^^^^^^ nowhere null
`,
      fixes: 0,
    },
  ],
  clean: [
    'ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (tenant_id) REFERENCES tenants (id) NOT VALID',
    'ALTER TABLE orders VALIDATE CONSTRAINT f',
    'ALTER TABLE orders ADD COLUMN a text, ADD COLUMN b boolean NOT NULL DEFAULT false, ADD COLUMN c timestamptz DEFAULT now(), DROP COLUMN total',
    'ALTER TABLE orders ADD COLUMN owner_id bigint REFERENCES tenants (id)',
    'ALTER TABLE orders ALTER COLUMN status TYPE varchar(50), ALTER COLUMN price TYPE numeric(12, 2), ALTER paid_at TYPE timestamp, ALTER network TYPE inet',
    'ALTER TABLE orders ALTER COLUMN status TYPE text',
    'ALTER TABLE orders ALTER COLUMN id SET NOT NULL',
    'ALTER TABLE tags ALTER COLUMN name SET NOT NULL',
    'ALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX orders_ready',
    'ALTER TABLE orders SET (fillfactor = 80)',
    'ALTER VIEW open_orders SET (security_barrier = true)',
    'CREATE TABLE fresh (id bigint, a int); ALTER TABLE fresh ALTER a SET NOT NULL; ALTER TABLE fresh RENAME TO other; ALTER TABLE other ADD CHECK (a > 0)',
    'CREATE TEMP TABLE work AS SELECT 1 AS a; ALTER TABLE work ALTER a SET NOT NULL',
    'ALTER TABLE orders ADD CONSTRAINT c CHECK (tenant_id IS NOT NULL) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT c; ALTER TABLE orders ALTER tenant_id SET NOT NULL; ALTER TABLE orders DROP CONSTRAINT c',
    // A whole schema under a name of its own: without IF NOT EXISTS the table cannot have been there, whatever else declares it.
    'CREATE TABLE orders (id bigint NOT NULL, tenant_id bigint); ALTER TABLE ONLY orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id)',
    // Long run: nothing can be changed there.
    { code: 'ALTER TABLE orders ALTER COLUMN tenant_id SET NOT NULL', later: 10, embed: false },
    { code: 'ALTER TABLE orders ALTER COLUMN tenant_id SET NOT NULL', path: 'db/migrations/0001_x.down.sql', embed: false },
    'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE orders ALTER tenant_id SET NOT NULL; END $$',
  ],
});
