import { indexNotConcurrent } from '../../server/src/core/rules/index-not-concurrent';
import { testRule, type RuleCase } from '../support/ruleTester';

const migrations = { folder: 'db/migrations', format: 'plain' as const, existing: ['0001_init.sql', '0002_x.sql'] };
const path = 'db/migrations/0002_x.sql';

const program = (language: 'typescript' | 'python', path: string, code: string): RuleCase => ({ language, path, role: 'migration', code });

testRule(indexNotConcurrent, {
  schema: `
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text);
    CREATE INDEX orders_old ON orders (status);
    CREATE TABLE tags (id bigint PRIMARY KEY, name text);
    CREATE INDEX tags_name ON tags (name);
    CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE INDEX events_at ON events (at);
    CREATE TABLE unsized (id bigint);
  `,
  settings: { assume: { orders: 2_000_000, events: 5_000_000, tags: 100 }, migrations }, path, embed: false,
  flagged: [
    {
      code: `
CREATE INDEX orders_customer ON orders (customer_id)
^^^^^^^^^^^^ Writes to orders wait until the index is built. orders has about 2,000,000 rows (assumed).`,
      severity: 'warning', fixes: 1,
      fixed: `
CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id)`,
    },
    {
      code: `
create unique index if not exists "O" on public.orders using btree (customer_id) where status = 'x'
^^^^^^^^^^^^^^^^^^^`,
      fixed: `
create unique index CONCURRENTLY if not exists "O" on public.orders using btree (customer_id) where status = 'x'`,
    },
    {
      code: `
-- +goose Up
CREATE INDEX orders_customer ON orders (customer_id);
^^^^^^^^^^^^
-- +goose Down
DROP INDEX orders_customer;`,
      format: 'goose', embed: false,
      fixed: `-- +goose NO TRANSACTION

-- +goose Up
CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id);
-- +goose Down
DROP INDEX orders_customer;`,
    },
    {
      code: `
-- migrate:up
CREATE INDEX orders_customer ON orders (customer_id);
^^^^^^^^^^^^
-- migrate:down
DROP INDEX orders_customer;`,
      format: 'dbmate', embed: false,
      fixed: `
-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY orders_customer ON orders (customer_id);
-- migrate:down
DROP INDEX orders_customer;`,
    },
    {
      code: `
ALTER TABLE orders ADD COLUMN a int;
CREATE INDEX orders_customer
^^^^^^^^^^^^
  ON orders (customer_id);
ALTER TABLE orders ADD COLUMN b int;`,
      fixes: 1,
      fixed: `
ALTER TABLE orders ADD COLUMN a int;
ALTER TABLE orders ADD COLUMN b int;`,
      creates: 'CREATE INDEX CONCURRENTLY orders_customer\n  ON orders (customer_id);\n',
    },
    { code: `
DROP INDEX orders_old
^^^^^^^^^^ DROP INDEX waits for every query of orders`, severity: 'info', fixed: `
DROP INDEX CONCURRENTLY orders_old` },
    { code: `
DROP INDEX orders_old, orders_pkey
^^^^^^^^^^`, fixes: 0 },
    { code: `
DROP INDEX IF EXISTS somewhere
^^^^^^^^^^`, severity: 'hint' },
    { code: `
REINDEX TABLE orders
^^^^^^^^^^^^^`, fixed: `
REINDEX TABLE CONCURRENTLY orders` },
    `
REINDEX INDEX orders_old
^^^^^^^^^^^^^`,
    `
CREATE INDEX u ON unsized (id)
^^^^^^^^^^^^`,
    {
      code: `
CREATE INDEX events_id ON events (id)
^^^^^^^^^^^^ Writes to events and all its partitions wait until the index is built. events has about 5,000,000 rows (assumed). On a partitioned table CONCURRENTLY is impossible`,
      fixed: `
CREATE INDEX events_id ON ONLY events (id)`,
      creates: 'CREATE INDEX CONCURRENTLY events_1_events_id ON events_1 (id);\n',
    },
    { code: `
CREATE INDEX CONCURRENTLY events_id ON events (id)
^^^^^^^^^^^^ events is partitioned: Postgres cannot build its index CONCURRENTLY.`, severity: 'error', fixed: `
CREATE INDEX events_id ON ONLY events (id)` },
    { code: `
BEGIN;
CREATE INDEX CONCURRENTLY x ON orders (status);
^^^^^^^^^^^^ CONCURRENTLY cannot run in a transaction
COMMIT;`, severity: 'error', embed: false },
    { code: `
-- +goose Up
CREATE INDEX CONCURRENTLY x ON orders (status);
^^^^^^^^^^^^
`, format: 'goose', embed: false, fixed: `-- +goose NO TRANSACTION

-- +goose Up
CREATE INDEX CONCURRENTLY x ON orders (status);
` },
    { code: `
ALTER TABLE orders ADD COLUMN a int;
DROP INDEX CONCURRENTLY orders_old;
^^^^^^^^^^`, format: 'prisma', embed: false, severity: 'error' },
    // Migrations that are programs: in a transaction, unless they say otherwise.
    program('typescript', 'migrations/20260101000000_x.ts', `import type { Knex } from 'knex';
export const up = (knex: Knex) => knex.raw('CREATE INDEX CONCURRENTLY x ON orders (status)');
//                                          ^^^^^^^^^^^^ CONCURRENTLY cannot run in a transaction
`),
    program('typescript', 'src/migrations/1700000000000-X.ts', `import { MigrationInterface, QueryRunner } from 'typeorm';
export class X1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner) {
    await runner.query('CREATE INDEX CONCURRENTLY x ON orders (status)');
//                      ^^^^^^^^^^^^ CONCURRENTLY cannot run in a transaction
  }
}
`),
    program('python', 'alembic/versions/a1.py', `from alembic import op

revision = "a1"
down_revision = None

def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("x", "orders", ["status"], postgresql_concurrently=True)
    op.create_index("y", "orders", ["customer_id"], postgresql_concurrently=True)
#   ^^^^^^^^^^^^^^^ CONCURRENTLY cannot run in a transaction
`),
    // A column of this name ends no transaction.
    program('python', 'alembic/versions/a1.py', `from alembic import op

revision = "a1"
down_revision = None

def upgrade():
    op.drop_column("builds", "commit")
    op.create_index("y", "orders", ["customer_id"], postgresql_concurrently=True)
#   ^^^^^^^^^^^^^^^ CONCURRENTLY cannot run in a transaction
`),
  ],
  clean: [
    program('typescript', 'migrations/20260101000000_x.ts', "import type { Knex } from 'knex';\nexport const config = { transaction: false };\nexport const up = (knex: Knex) => knex.raw('CREATE INDEX CONCURRENTLY x ON orders (status)');\n"),
    program('typescript', 'src/migrations/1700000000000-X.ts', "import { MigrationInterface, QueryRunner } from 'typeorm';\nexport class X implements MigrationInterface {\n  transaction = false;\n  async up(runner: QueryRunner) {\n    await runner.query('CREATE INDEX CONCURRENTLY x ON orders (status)');\n  }\n}\n"),
    program('python', 'alembic/versions/a1.py', 'from alembic import op\n\nrevision = "a1"\ndown_revision = None\n\ndef upgrade():\n    op.execute("COMMIT")\n    op.execute("CREATE INDEX CONCURRENTLY x ON orders (status)")\n'),
    'CREATE INDEX CONCURRENTLY x ON orders (status)',
    'DROP INDEX CONCURRENTLY orders_old',
    'CREATE TABLE notes (id bigint); CREATE INDEX n ON notes (id); DROP INDEX n',
    'CREATE TEMP TABLE w (id bigint); CREATE INDEX n ON w (id)',
    'CREATE INDEX t ON tags (name); DROP INDEX tags_name',
    'CREATE INDEX e ON ONLY events (id); CREATE INDEX CONCURRENTLY e1 ON events_1 (id); ALTER INDEX e ATTACH PARTITION e1',
    'DROP INDEX events_at',
    { code: '-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY x ON orders (status);', format: 'goose', embed: false },
    { code: '-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY x ON orders (status);', format: 'dbmate', embed: false },
    { code: 'CREATE INDEX CONCURRENTLY x ON orders (status);', format: 'prisma', embed: false },
    { code: 'CREATE INDEX CONCURRENTLY x ON orders (status); CREATE INDEX CONCURRENTLY y ON orders (customer_id);', format: 'flyway', embed: false },
    { code: '-- no-transaction\nCREATE INDEX CONCURRENTLY x ON orders (status);', format: 'sqlx', embed: false },
    { code: 'CREATE INDEX x ON orders (status)', later: 12, embed: false },
    'REINDEX INDEX CONCURRENTLY orders_old',
  ],
});
