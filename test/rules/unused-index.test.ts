import { unusedIndex } from '../../server/src/core/rules/unused-index';
import { testRule, type RuleCase } from '../support/ruleTester';
import { onServer } from '../support/serverCatalog';

const schema = 'CREATE TABLE orders (id bigint PRIMARY KEY, status text, code text);';
const on = (code: string, file?: string, unused: readonly string[] = ['orders_status', 'orders_code']): RuleCase => ({ ...onServer({ language: 'sql', code: '' }, { unused }, file), schema, code });
const goose = (one: RuleCase): RuleCase => ({ ...one, settings: { ...one.settings, migrations: { ...one.settings!.migrations!, format: 'goose' } } });
const PLAIN = 'CREATE INDEX CONCURRENTLY orders_status ON orders (status);';

testRule(unusedIndex, {
  schema, embed: false,
  flagged: [
    {
      ...on(`
CREATE INDEX orders_status ON orders (status) WHERE status <> 'done';
--           ^^^^^^^^^^^^^ No search has used orders_status (5 MB) in the 40 days that production has counted.
CREATE INDEX orders_id_status ON orders (id, status);`), severity: 'info', fixes: 1, creates: 'DROP INDEX CONCURRENTLY orders_status;\n',
    },
    { ...goose(on('create index if not exists orders_status on orders (status);\n--                         ^^^^^^^^^^^^^ No search')), creates: '-- +goose NO TRANSACTION\n-- +goose Up\nDROP INDEX CONCURRENTLY orders_status;\n\n-- +goose Down\nCREATE INDEX CONCURRENTLY orders_status on orders (status);\n' },
    on(PLAIN.replace('orders_status ON', 'orders_status\n--                        ^^^^^^^^^^^^^ No search has used orders_status\n ON'), '1735689600000-Status.sql'),
    // Undated itself, it runs before one that is dated.
    { ...on(PLAIN.replace('orders_status ON', 'orders_status\n--                        ^^^^^^^^^^^^^ No search has used orders_status\n ON'), '0_init/migration.sql'), after: [{ path: 'db/migrations/20250301101500_more/migration.sql', text: 'ALTER TABLE orders ADD COLUMN note text;' }] },
    on(PLAIN.replace('orders_status ON', 'orders_status\n--                        ^^^^^^^^^^^^^ No search has used orders_status\n ON'), 'Migration20250101101500.sql'),
  ],
  clean: [
    { ...on(PLAIN, '0002_run.sql'), after: [{ path: 'db/migrations/20260110000000_more.sql', text: 'ALTER TABLE orders ADD COLUMN note text;' }] },
    // Made less than a month ago, or nobody knows when.
    on(PLAIN, '20260110000000_run.sql'), on(PLAIN, '0002_run.sql'), on(PLAIN, 'schema.sql'), on(PLAIN, '20251301000000_run.sql'),
    // Used, unique, of a constraint; no server that counts.
    on(PLAIN, undefined, []), on('CREATE UNIQUE INDEX orders_status ON orders (status);'), on('ALTER TABLE orders ADD CONSTRAINT orders_code UNIQUE (code);'), PLAIN,
    on(`${PLAIN}\nDROP INDEX orders_status;`),
  ],
});
