import { afterEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';
import { createProject, type Project } from '../../../server/src/workspace/project';
import { applyEdits } from '../../../server/src/core/text/edit';
import { makeWorkspace } from '../../support/workspaceFolder';

const workspaces: ReturnType<typeof makeWorkspace>[] = [];
afterEach(() => workspaces.splice(0).forEach((workspace) => workspace.remove()));

async function open(files: Readonly<Record<string, string>>): Promise<{ readonly project: Project; readonly workspace: ReturnType<typeof makeWorkspace> }> {
  const workspace = makeWorkspace(files);
  workspaces.push(workspace);
  const project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: { assume: { orders: 5_000_000, customers: 5_000_000 } } });
  await project.scan();
  return { project, workspace };
}

/** `rule: marked text` of each finding. */
async function findingsOf({ project, workspace }: Awaited<ReturnType<typeof open>>, file: string) {
  const result = await project.lint(workspace.path(file));
  if (!('findings' in result)) throw new Error(result.reason);
  const text = workspace.read(file);
  return result.findings.map((finding) => ({ finding, said: `${finding.rule}: ${text.slice(finding.span.start, finding.span.end)}` }));
}
const saidOf = async (opened: Awaited<ReturnType<typeof open>>, file: string): Promise<readonly string[]> => (await findingsOf(opened, file)).map(({ said }) => said);

const rails = (name: string, body: string, head = ''): string => `class ${name} < ActiveRecord::Migration[7.1]\n${head}  def change\n${body.split('\n').map((line) => `    ${line}\n`).join('')}  end\nend\n`;
const laravel = (body: string, head = ''): string => `<?php\n\nuse Illuminate\\Database\\Migrations\\Migration;\n\nreturn new class extends Migration\n{\n${head}    public function up(): void\n    {\n        ${body}\n    }\n};\n`;

const railsFiles = {
  'Gemfile': "gem 'rails'\ngem 'pg'\n",
  'db/migrate/20240101000000_create_orders.rb': rails('CreateOrders', 'create_table :customers do |t|\n  t.string :email\nend\ncreate_table :orders do |t|\n  t.references :customer, foreign_key: true, index: false\n  t.string :state\n  t.integer :total\nend'),
  'db/migrate/20240102000000_index_orders.rb': rails('IndexOrders', 'add_index :orders, :state'),
  'db/migrate/20240103000000_keys.rb': rails('Keys', 'change_column :orders, :total, :bigint\nadd_foreign_key :orders, :customers, column: :state\nadd_index :orders, :total, algorithm: :concurrently\nsafety_assured { add_index :orders, [:state, :total] }\nremove_index :orders, name: :never_made, if_exists: true'),
};
const laravelFiles = {
  '.env.example': 'DB_CONNECTION=pgsql\n',
  'database/migrations/2024_01_01_000000_create_orders.php': laravel("Schema::create('customers', function (Blueprint $table) { $table->id(); });\n        Schema::create('orders', function (Blueprint $table) {\n            $table->id();\n            $table->string('state');\n            $table->foreignId('customer_id')->constrained();\n        });"),
  'database/migrations/2024_01_02_000000_index_orders.php': laravel("Schema::table('orders', function (Blueprint $table) {\n            $table->index('state');\n        });"),
};

describe('migrations of Rails', () => {
  it('are the schema, and are judged where they stand', async () => {
    const opened = await open(railsFiles);
    expect(opened.project.catalog).toMatchObject({ source: 'migrations', label: 'db/migrate (3 migrations)' });
    expect(opened.project.catalog?.tables.get('public.orders')?.indexes.map(({ name }) => name)).toEqual(['orders_pkey', 'index_orders_on_state', 'index_orders_on_total', 'index_orders_on_state_and_total']);
    expect(await saidOf(opened, 'db/migrate/20240101000000_create_orders.rb')).toEqual(['foreign-key-without-index: t.references :customer, foreign_key: true, index: false']);
    expect(await saidOf(opened, 'db/migrate/20240103000000_keys.rb')).toEqual([
      'lock-taking-alter: change_column :orders, :total, :bigint', 'lock-taking-alter: add_foreign_key :orders, :customers, column: :state', 'index-not-concurrent: add_index :orders, :total, algorithm: :concurrently',
    ]);
  });

  it('name the queries that a column is taken from', async () => {
    const opened = await open({
      ...railsFiles, 'app/models/order.rb': 'class Order < ApplicationRecord\nend\n', 'app/services/find.rb': 'class Find\n  def call\n    Order.where(state: "open").to_a\n  end\nend\n',
      'db/migrate/20240104000000_drop.rb': rails('Drop', 'remove_column :orders, :state'),
    });
    const [found] = await findingsOf(opened, 'db/migrate/20240104000000_drop.rb');
    expect([found?.said, found?.finding.message]).toEqual(['dropped-object-in-use: remove_column :orders, :state', 'orders.state is dropped, but a query still uses it.']);
  });

  it('an index is built CONCURRENTLY in Rails’ own words, a key validated in a migration of its own', async () => {
    const opened = await open(railsFiles);
    const file = 'db/migrate/20240102000000_index_orders.rb';
    const [found] = await findingsOf(opened, file);
    expect(found?.said).toBe('index-not-concurrent: add_index :orders, :state');
    const [fix] = found!.finding.fixes();
    expect(applyEdits(opened.workspace.read(file), fix!.edits)).toBe(rails('IndexOrders', 'add_index :orders, :state, algorithm: :concurrently', '  disable_ddl_transaction!\n\n'));
    const keys = 'db/migrate/20240103000000_keys.rb';
    const key = (await findingsOf(opened, keys)).find(({ said }) => said.includes('add_foreign_key'));
    const [staged] = key!.finding.fixes();
    expect(applyEdits(opened.workspace.read(keys), staged!.edits)).toContain('add_foreign_key :orders, :customers, column: :state, validate: false\n');
    expect(staged?.creates?.map(({ path, text }) => [path.replace(/\d{14}/, 'N'), text.replace(/fk_rails_\w+/g, 'fk').replace(/FkRails\w+/, 'Fk')])).toEqual([[
      expect.stringMatching(/^db\/migrate\/N_validate_fk_rails_/), 'class ValidateFk < ActiveRecord::Migration[7.1]\n  def up\n    validate_constraint :orders, :fk\n  end\n\n  def down\n  end\nend\n',
    ]]);
  });

  it('are silent where ten later ones follow, and where the application speaks to another database', async () => {
    const later = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`db/migrate/202402${String(i + 10)}000000_a${i}.rb`, rails(`A${i}`, `create_table :a${i}`)]));
    expect(await saidOf(await open({ ...railsFiles, ...later }), 'db/migrate/20240102000000_index_orders.rb')).toEqual(['redundant-index: add_index :orders, :state']);
    const foreign = await open({ ...railsFiles, Gemfile: "gem 'rails'\ngem 'mysql2'\n" });
    expect(foreign.project.catalog).toBeUndefined();
    expect(await saidOf(foreign, 'db/migrate/20240103000000_keys.rb')).toEqual([]);
  });
});

it('a strong lock wants a lock_timeout, which the connection or the migration may set', async () => {
  const next = 'db/migrate/20240104000000_next.rb';
  const timeouts = async (files: Readonly<Record<string, string>>, file: string): Promise<readonly string[]> => {
    const found = await findingsOf(await open(files), file);
    return found.filter(({ finding }) => finding.rule === 'lock-timeout-missing').map(({ finding, said }) => `${finding.severity} ${said} ${finding.fixes().length}`);
  };
  const column = (body: string): Record<string, string> => ({ ...railsFiles, [next]: rails('Next', body) });
  expect(await timeouts(column('add_column :orders, :note, :text'), next)).toEqual(['hint lock-timeout-missing: add_column :orders, :note, :text 0']);
  expect(await timeouts({ ...column('add_column :orders, :note, :text'), 'config/database.yml': "default:\n  # lock_timeout: 5s\n  adapter: postgresql\n" }, next)).toHaveLength(1);
  expect(await timeouts({ ...column('add_column :orders, :note, :text'), 'config/database.yml': 'default:\n  adapter: postgresql\n  variables:\n    lock_timeout: 5s\n' }, next)).toEqual([]);
  expect(await timeouts({ ...column('add_column :orders, :note, :text'), 'config/initializers/strong_migrations.rb': 'StrongMigrations.lock_timeout = 10.seconds\n' }, next)).toEqual([]);
  expect(await timeouts(column('execute "SET lock_timeout = \'5s\'"\nadd_column :orders, :note, :text'), next)).toEqual([]);
  expect(await timeouts(column('create_table :tags do |t|\n  t.string :name\nend'), next)).toEqual([]);
  const more = 'database/migrations/2024_01_03_000000_more.php';
  const table = "Schema::table('orders', function (Blueprint $table) {\n            $table->text('note')->nullable();\n        });";
  expect(await timeouts({ ...laravelFiles, [more]: laravel(table) }, more)).toHaveLength(1);
  expect(await timeouts({ ...laravelFiles, [more]: laravel(`DB::statement("SET lock_timeout = '5s'");\n        ${table}`) }, more)).toEqual([]);
});

describe('migrations of Laravel', () => {
  it('are the schema, and are judged where they stand', async () => {
    const opened = await open(laravelFiles);
    expect(opened.project.catalog).toMatchObject({ source: 'migrations', label: 'database/migrations (2 migrations)' });
    expect(await saidOf(opened, 'database/migrations/2024_01_01_000000_create_orders.php')).toEqual(["foreign-key-without-index: $table->foreignId('customer_id')->constrained()"]);
    const file = 'database/migrations/2024_01_02_000000_index_orders.php';
    const [found] = await findingsOf(opened, file);
    expect(found?.said).toBe("index-not-concurrent: $table->index('state')");
    const [fix] = found!.finding.fixes();
    expect(applyEdits(opened.workspace.read(file), fix!.edits)).toContain("$table->index('state')->online();");
    expect(applyEdits(opened.workspace.read(file), fix!.edits)).toContain('{\n    public $withinTransaction = false;\n\n    public function up(): void');
  });

  it('a missing index becomes one of them', async () => {
    const opened = await open(laravelFiles);
    const file = 'database/migrations/2024_01_01_000000_create_orders.php';
    const [found] = await findingsOf(opened, file);
    const [fix] = found!.finding.fixes();
    expect(fix?.creates?.map(({ path, text }) => [/^database\/migrations\/\d{4}_\d\d_\d\d_\d{6}_\w+\.php$/.test(path), text.includes("public $withinTransaction = false;"), text.includes("DB::statement('CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id)');")])).toEqual([[true, true, true]]);
  });

  it('are silent where the application speaks to another database', async () => {
    const foreign = await open({ ...laravelFiles, '.env.example': 'DB_CONNECTION=mysql\n', 'config/database.php': "<?php return ['default' => env('DB_CONNECTION', 'mysql'), 'connections' => ['mysql' => ['driver' => 'mysql']]];" });
    expect(foreign.project.catalog).toBeUndefined();
    expect(await saidOf(foreign, 'database/migrations/2024_01_02_000000_index_orders.php')).toEqual([]);
  });
});

describe('migrations of knex and Sequelize', () => {
  const step = (body: string, tail = ''): string => `exports.up = async (knex) => {\n  ${body}\n};\n\nexports.down = async () => {};\n${tail}`;
  const change = (body: string): string => `module.exports = {\n  async up(queryInterface, Sequelize) {\n    ${body}\n  },\n  async down() {},\n};\n`;
  const knexFiles = {
    'package.json': '{ "dependencies": { "knex": "3", "pg": "8" } }',
    'migrations/20240101000000_orders.js': step("await knex.schema.createTable('customers', (t) => { t.bigIncrements('id'); }).createTable('orders', (t) => {\n    t.bigIncrements('id');\n    t.bigInteger('customer_id').references('id').inTable('customers');\n    t.integer('total');\n  });"),
    'migrations/20240102000000_index.js': step("await knex.schema.alterTable('orders', (t) => {\n    t.index(['total'], 'by_total');\n    t.bigInteger('total').alter();\n  });\n  await knex.raw('CREATE INDEX CONCURRENTLY by_customer ON orders (customer_id)');"),
    'migrations/20240103000000_alone.js': step("await knex.raw('CREATE INDEX CONCURRENTLY twice ON orders (customer_id, total)');", 'exports.config = { transaction: false };\n'),
  };

  it('are the schema, and are judged where they stand', async () => {
    const opened = await open(knexFiles);
    expect(opened.project.catalog).toMatchObject({ source: 'migrations', label: 'migrations (3 migrations)' });
    expect(opened.project.catalog?.tables.get('public.orders')?.indexes.map(({ name }) => name)).toEqual(['orders_pkey', 'by_total', 'by_customer', 'twice']);
    expect(await saidOf(opened, 'migrations/20240101000000_orders.js')).toEqual([]);
    expect(await saidOf(opened, 'migrations/20240102000000_index.js')).toEqual(['index-not-concurrent: t.index', 'lock-taking-alter: t.bigInteger', 'index-not-concurrent: CREATE INDEX', 'redundant-index: by_customer']);
    expect(await saidOf(opened, 'migrations/20240103000000_alone.js')).toEqual([]);
  });

  it('name the queries that a column is taken from', async () => {
    const opened = await open({ ...knexFiles, 'src/find.js': "const knex = require('knex')({ client: 'pg' });\nmodule.exports = (total) => knex('orders').where({ total }).select('id');\n", 'migrations/20240104000000_drop.js': step("await knex.schema.table('orders', (t) => { t.dropColumn('total'); });") });
    expect(await saidOf(opened, 'migrations/20240104000000_drop.js')).toContain('dropped-object-in-use: t.dropColumn');
  });

  it('an index is built CONCURRENTLY in Sequelize’s own words, where no transaction is open', async () => {
    const opened = await open({
      'package.json': '{ "dependencies": { "sequelize": "6", "pg": "8" } }',
      'migrations/20240101000000-orders.js': change("await queryInterface.createTable('orders', { id: { type: Sequelize.BIGINT, primaryKey: true }, total: Sequelize.INTEGER });"),
      'migrations/20240102000000-index.js': change("await queryInterface.addIndex('orders', ['total']);"),
      'migrations/20240103000000-both.js': change("await queryInterface.sequelize.transaction(async (transaction) => {\n      await queryInterface.addIndex('orders', ['total', 'id'], { transaction });\n      await queryInterface.addIndex('orders', ['id', 'total'], { concurrently: true, transaction });\n    });"),
    });
    const file = 'migrations/20240102000000-index.js';
    const [found] = await findingsOf(opened, file);
    expect(found?.said).toBe('index-not-concurrent: queryInterface.addIndex');
    expect(found!.finding.fixes().map(({ edits }) => applyEdits(opened.workspace.read(file), edits))).toEqual([change("await queryInterface.addIndex('orders', ['total'], { concurrently: true });")]);
    const both = (await findingsOf(opened, 'migrations/20240103000000-both.js')).filter(({ finding }) => finding.rule === 'index-not-concurrent');
    expect(both.map(({ finding }) => [finding.severity, finding.message, finding.fixes().length])).toEqual([
      ['warning', 'Writes to orders wait until the index is built.', 0], ['error', 'CONCURRENTLY cannot run in a transaction, and this file is run in one.', 0],
    ]);
  });
});
