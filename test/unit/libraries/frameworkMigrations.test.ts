import { describe, expect, it } from 'vitest';
import type { SequencedMigration } from '../../../server/src/core/hosts/migrationIr';
import { readCode } from '../../support/readCommon';

const rails = async (body: string, head = '', version = '7.1'): Promise<SequencedMigration> => {
  const text = `class Change < ActiveRecord::Migration[${version}]\n${head}  def up\n${body.split('\n').map((line) => `    ${line}\n`).join('')}  end\n\n  def down\n    drop_table :nothing\n  end\nend\n`;
  return (await readCode('db/migrate/20240101000000_change.rb', text)).migration as SequencedMigration;
};
const laravel = async (body: string, head = ''): Promise<SequencedMigration> => {
  const text = `<?php\n\nuse Illuminate\\Database\\Migrations\\Migration;\n\nreturn new class extends Migration\n{\n${head}    public function up(): void\n    {\n${body}\n    }\n\n    public function down(): void\n    {\n        Schema::drop('nothing');\n    }\n};\n`;
  return (await readCode('database/migrations/2024_01_01_000000_change.php', text)).migration as SequencedMigration;
};
/** Statements; `?` before what may not run, `!table` where a table may be otherwise. */
const said = ({ steps }: SequencedMigration): readonly string[] => steps.map(({ sql, uncertain, tables }) => `${uncertain ? '?' : ''}${sql?.trim() ?? `!${tables === 'any' ? 'any' : (tables ?? []).map(({ name }) => name).join()}`}`);

describe('a migration of Rails is the SQL that ActiveRecord sends', () => {
  it.each<[string, string, string[]]>([
    ['create_table', 'create_table :orders do |t|\n  t.string :name, limit: 80, null: false\n  t.integer :count, default: 0, limit: 8\n  t.decimal :total, precision: 10, scale: 2\n  t.jsonb :data, null: false, default: {}\n  t.string :tags, array: true, default: ["a"]\n  t.timestamps\nend', [
      'CREATE TABLE orders (id bigserial PRIMARY KEY, name character varying(80) NOT NULL, count bigint DEFAULT 0, total numeric(10, 2), data jsonb DEFAULT \'{}\' NOT NULL, tags character varying[] DEFAULT \'{a}\', created_at timestamp without time zone NOT NULL, updated_at timestamp without time zone NOT NULL)']],
    ['create_table with references', 'create_table :lines, id: :uuid do |t|\n  t.references :order, null: false, foreign_key: { on_delete: :cascade }, type: :uuid\n  t.belongs_to :owner, polymorphic: true\n  t.index %i[order_id owner_id], unique: true, where: "owner_id IS NOT NULL"\nend', [
      'CREATE TABLE lines (id uuid DEFAULT gen_random_uuid() PRIMARY KEY, order_id uuid NOT NULL, owner_id bigint, owner_type character varying)', 'CREATE INDEX index_lines_on_order_id ON lines (order_id)',
      'ALTER TABLE lines ADD CONSTRAINT FK FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE', 'CREATE INDEX index_lines_on_owner ON lines (owner_type, owner_id)', 'CREATE UNIQUE INDEX index_lines_on_order_id_and_owner_id ON lines (order_id, owner_id) WHERE owner_id IS NOT NULL']],
    ['no key, another key', 'create_table(:a, id: false) { |t| t.bigint :b }\ncreate_table :c, primary_key: :code, id: :string', ['CREATE TABLE a (b bigint)', 'CREATE TABLE c (code character varying PRIMARY KEY)']],
    ['columns', 'add_column :orders, :note, :text, null: false, default: ""\nremove_column :orders, :a, :string\nremove_columns :orders, :b, :c\nrename_column :orders, :d, :e', [
      "ALTER TABLE orders ADD COLUMN note text DEFAULT '' NOT NULL", 'ALTER TABLE orders DROP COLUMN a', 'ALTER TABLE orders DROP COLUMN b', 'ALTER TABLE orders DROP COLUMN c', 'ALTER TABLE orders RENAME COLUMN d TO e']],
    ['changes of columns', 'change_column :orders, :total, :bigint\nchange_column_null :orders, :total, false\nchange_column_default :orders, :total, from: nil, to: 5\nchange_column_default :orders, :total, nil', [
      'ALTER TABLE orders ALTER COLUMN total TYPE bigint', 'ALTER TABLE orders ALTER COLUMN total SET NOT NULL', 'ALTER TABLE orders ALTER COLUMN total SET DEFAULT 5', 'ALTER TABLE orders ALTER COLUMN total DROP DEFAULT']],
    ['a default that the database computes', 'add_column :orders, :token, :uuid, default: -> { "gen_random_uuid()" }', ['ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()']],
    ['indexes', 'add_index :orders, [:a, :b], name: "i", order: { b: :desc }, using: :btree, algorithm: :concurrently, if_not_exists: true\nadd_index :orders, "lower(email)", unique: true\nremove_index :orders, :a\nremove_index :orders, name: :j, algorithm: :concurrently', [
      'CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders USING btree (a, b DESC)', 'CREATE UNIQUE INDEX index_orders_on_lower_email ON orders (lower(email))', 'DROP INDEX index_orders_on_a', 'DROP INDEX CONCURRENTLY j']],
    ['a name that is too long', 'add_index :customers_invoice_custom_sections, [:billing_entity_id, :customer_id, :invoice_custom_section_id]', ['CREATE INDEX idx_on_billing_entity_id_customer_id_invoice_custom_NAME ON customers_invoice_custom_sections (billing_entity_id, customer_id, invoice_custom_section_id)']],
    ['foreign keys', 'add_foreign_key :orders, :people, column: :owner_id, name: "fk", validate: false\nvalidate_foreign_key :orders, name: "fk"\nremove_foreign_key :orders, name: "fk"', [
      'ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (owner_id) REFERENCES people (id) NOT VALID', 'ALTER TABLE orders VALIDATE CONSTRAINT fk', 'ALTER TABLE orders DROP CONSTRAINT IF EXISTS fk']],
    ['checks', 'add_check_constraint :orders, "total > 0", name: "c", validate: false\nvalidate_check_constraint :orders, name: "c"\nremove_check_constraint :orders, name: "c"', [
      'ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID', 'ALTER TABLE orders VALIDATE CONSTRAINT c', 'ALTER TABLE orders DROP CONSTRAINT c']],
    ['add_reference', 'add_reference :orders, :customer, index: { algorithm: :concurrently }', ['ALTER TABLE orders ADD COLUMN customer_id bigint', 'CREATE INDEX CONCURRENTLY index_orders_on_customer_id ON orders (customer_id)']],
    ['change_table', 'change_table :orders, bulk: true do |t|\n  t.string :code, index: true\n  t.remove :a\n  t.rename :b, :c\n  t.change_null :d, true\nend', [
      'ALTER TABLE orders ADD COLUMN code character varying', 'CREATE INDEX index_orders_on_code ON orders (code)', 'ALTER TABLE orders DROP COLUMN a', 'ALTER TABLE orders RENAME COLUMN b TO c', 'ALTER TABLE orders ALTER COLUMN d DROP NOT NULL']],
    ['SQL, rows apart', 'execute <<~SQL\n  ALTER TABLE orders ADD COLUMN x int\nSQL\nexecute "UPDATE orders SET x = 1"\nOrder.update_all(x: 2)', ['ALTER TABLE orders ADD COLUMN x int']],
    ['what blocks run', 'safety_assured { remove_column :orders, :a }\nreversible do |dir|\n  dir.up { execute "DROP TABLE x" }\n  dir.down { execute "DROP TABLE y" }\nend\nup_only { drop_table :z, if_exists: true }', ['ALTER TABLE orders DROP COLUMN a', 'DROP TABLE x', 'DROP TABLE IF EXISTS z']],
    ['guards take effect, other conditions may not', 'add_column :orders, :a, :date unless column_exists?(:orders, :a)\nraise "no" if wrong?\ndrop_table :x if Rails.env.test?\nreturn if odd\ndrop_table :y', ['ALTER TABLE orders ADD COLUMN a date', '?DROP TABLE x', '?DROP TABLE y']],
    ['another database goes its own way', "return unless connection.adapter_name == 'PostgreSQL'\nif adapter_name =~ /mysql/i\n  drop_table :m\nelse\n  drop_table :p\nend\ndrop_table :q\nreturn if adapter_name == 'PostgreSQL'\ndrop_table :r", ['?DROP TABLE p', 'DROP TABLE q']],
    ['loops over lists, constants, own methods', '%w[a b].each { |name| add_index TABLE, name, name: "by_#{name}" }\nfill(:c)', ['CREATE INDEX by_a ON orders (a)', 'CREATE INDEX by_b ON orders (b)', 'ALTER TABLE orders ADD COLUMN c text']],
    ['what is not understood', 'add_column table, :a, :text\nadd_column :orders, name, :text\nadd_concurrent_thing :orders\nexecute File.read("x.sql")', ['!any', '!orders', '!any', '!any']],
    ['lines that do not name the table', 'create_table :a do |t|\n  t.text :b\n  puts "not it"\nend\ncreate_table :c do |t|\n  fill(t)\nend', ['CREATE TABLE a (id bigserial PRIMARY KEY, b text)', 'CREATE TABLE c (id bigserial PRIMARY KEY)', '!c']],
    ['enums and extensions', 'create_enum :state, %w[open paid]\nadd_enum_value :state, "late"\nenable_extension "citext"\nadd_column :orders, :state, :enum, enum_type: :state', ["CREATE TYPE state AS ENUM ('open', 'paid')", "ALTER TYPE state ADD VALUE IF NOT EXISTS 'late'", 'CREATE EXTENSION IF NOT EXISTS citext', 'ALTER TABLE orders ADD COLUMN state state']],
  ])('%s', async (_, body, expected) => {
    const migration = await rails(body, '  TABLE = :orders\n\n  def fill(name)\n    add_column TABLE, name, :text\n  end\n\n');
    expect(said(migration).map((sql) => sql.replace(/fk_rails_[0-9a-f]{10}/, 'FK').replace(/_[0-9a-f]{10} ON/, '_NAME ON'))).toEqual(expected);
  });

  it('says what runs in a transaction, and what its authors vouch for', async () => {
    expect((await rails('drop_table :a', '  disable_ddl_transaction!\n\n')).transaction).toBe(false);
    const { transaction, steps } = await rails('safety_assured do\n  drop_table :a\nend\ndrop_table :b');
    expect([transaction, steps.map(({ assured }) => assured)]).toEqual([true, [true, undefined]]);
  });

  it('has the defaults of its version', async () => {
    expect(said(await rails('create_table :a do |t|\n  t.references :b\n  t.timestamps\nend', '', '4.2'))).toEqual(['CREATE TABLE a (id serial PRIMARY KEY, b_id integer, created_at timestamp without time zone, updated_at timestamp without time zone)']);
  });

  it('is none elsewhere', async () => {
    for (const [path, text] of [['app/models/a.rb', 'class A < ActiveRecord::Migration[7.0]\n def change\n drop_table :a\n end\nend'], ['db/migrate/1_a.rb', 'class A < Base\n def change\n drop_table :a\n end\nend'], ['db/clickhouse_migrate/1_a.rb', 'class A < ActiveRecord::Migration[7.0]\n def change\n drop_table :a\n end\nend']] as const) {
      expect((await readCode(path, text)).migration).toBeUndefined();
    }
  });
});

describe('a migration of Laravel is the SQL that its grammar for Postgres makes', () => {
  it.each<[string, string, string[]]>([
    ['create', "Schema::create('orders', function (Blueprint $table) { $table->id(); $table->string('name', 80)->nullable(); $table->unsignedBigInteger('count')->default(0); $table->decimal('total', 10, 2); $table->enum('state', ['open', 'paid'])->default('open'); $table->timestamps(); $table->softDeletes(); });", [
      "CREATE TABLE orders (id bigserial PRIMARY KEY, name varchar(80), count bigint DEFAULT 0 NOT NULL, total decimal(10, 2) NOT NULL, state varchar(255) CHECK (state IN ('open', 'paid')) DEFAULT 'open' NOT NULL, created_at timestamp(0) without time zone, updated_at timestamp(0) without time zone, deleted_at timestamp(0) without time zone)"]],
    ['foreign keys', "Schema::create('lines', function (Blueprint $table) { $table->foreignId('order_id')->constrained()->cascadeOnDelete(); $table->foreignUuid('owner')->nullable()->constrained('people', 'id', 'fk'); $table->foreign(['a', 'b'])->references(['c', 'd'])->on('others')->onDelete('set null'); });", [
      'CREATE TABLE lines (order_id bigint NOT NULL, owner uuid)', 'ALTER TABLE lines ADD CONSTRAINT lines_order_id_foreign FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE', 'ALTER TABLE lines ADD CONSTRAINT fk FOREIGN KEY (owner) REFERENCES people (id)', 'ALTER TABLE lines ADD CONSTRAINT lines_a_b_foreign FOREIGN KEY (a, b) REFERENCES others (c, d) ON DELETE SET NULL']],
    ['keys and indexes', "Schema::table('orders', function (Blueprint $table) { $table->index(['a', 'b'], 'i'); $table->unique('email'); $table->string('code')->unique()->index(); $table->dropIndex(['a', 'b']); $table->dropUnique('u'); $table->primary(['a', 'b']); $table->index('c')->online(); });", [
      'CREATE INDEX i ON orders (a, b)', 'ALTER TABLE orders ADD CONSTRAINT orders_email_unique UNIQUE (email)', 'ALTER TABLE orders ADD COLUMN code varchar(255) NOT NULL', 'ALTER TABLE orders ADD CONSTRAINT orders_code_unique UNIQUE (code)', 'CREATE INDEX orders_code_index ON orders (code)', 'DROP INDEX orders_a_b_index', 'ALTER TABLE orders DROP CONSTRAINT u', 'ALTER TABLE orders ADD PRIMARY KEY (a, b)', 'CREATE INDEX CONCURRENTLY orders_c_index ON orders (c)']],
    ['columns', "Schema::table('orders', function (Blueprint $table) { $table->dropColumn(['a', 'b']); $table->dropColumn('c', 'd'); $table->renameColumn('e', 'f'); $table->string('name', 50)->nullable()->change(); $table->dropConstrainedForeignId('x_id'); $table->dropTimestamps(); });", [
      'ALTER TABLE orders DROP COLUMN a, DROP COLUMN b', 'ALTER TABLE orders DROP COLUMN c, DROP COLUMN d', 'ALTER TABLE orders RENAME COLUMN e TO f', 'ALTER TABLE orders ALTER COLUMN name TYPE varchar(50)', 'ALTER TABLE orders ALTER COLUMN name DROP NOT NULL', 'ALTER TABLE orders DROP CONSTRAINT orders_x_id_foreign', 'ALTER TABLE orders DROP COLUMN x_id', 'ALTER TABLE orders DROP COLUMN created_at, DROP COLUMN updated_at']],
    ['tables and SQL', "Schema::rename('a', 'b'); Schema::dropIfExists('c'); DB::statement('CREATE INDEX CONCURRENTLY i ON orders (a)'); DB::table('orders')->update(['a' => 1]); DB::statement('UPDATE orders SET a = 1');", ['ALTER TABLE a RENAME TO b', 'DROP TABLE IF EXISTS c', 'CREATE INDEX CONCURRENTLY i ON orders (a)']],
    ['a default that the database computes', "Schema::table('orders', fn (Blueprint $table) => $table->uuid('token')->default(DB::raw('gen_random_uuid()')));", ['ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid() NOT NULL']],
    ['morphs', "Schema::create('notes', function (Blueprint $table) { $table->nullableMorphs('owner'); });", ['CREATE TABLE notes (owner_type varchar(255), owner_id bigint)', 'CREATE INDEX notes_owner_type_owner_id_index ON notes (owner_type, owner_id)']],
    ['guards, drivers, other conditions', "if (! Schema::hasColumn('orders', 'a')) { Schema::table('orders', function (Blueprint $table) { $table->text('a'); }); } if (DB::getDriverName() === 'pgsql') { DB::statement('DROP TABLE x'); } else { DB::statement('DROP TABLE y'); } if (config('z')) { Schema::drop('z'); }", ['ALTER TABLE orders ADD COLUMN a text NOT NULL', 'DROP TABLE x', '?DROP TABLE z']],
    ['loops, properties, closures in variables', "foreach (['a', 'b'] as $name) { Schema::table($this->where, function (Blueprint $table) use ($name) { $table->index($name); }); } $add = fn (Blueprint $table) => $table->text('n'); Schema::table('c', $add);", ['CREATE INDEX orders_a_index ON orders (a)', 'CREATE INDEX orders_b_index ON orders (b)', 'ALTER TABLE c ADD COLUMN n text NOT NULL']],
    ['what is not understood', "Schema::table($name, fn ($table) => $table->text('a')); Schema::table('orders', function (Blueprint $table) { $table->money('x'); if ($y) { $table->text('z'); } }); DB::statement($sql);", ['!any', '!orders', '!any']],
    ['lines that do not name the blueprint', "Schema::table('a', function (Blueprint $t) { $t->text('b'); $this->log($total); }); Schema::table('c', function (Blueprint $t) { $this->fill($t); });", ['ALTER TABLE a ADD COLUMN b text NOT NULL', '!c']],
    ['another database', "Schema::connection('mysql')->create('x', function (Blueprint $table) { $table->id(); });", []],
  ])('%s', async (_, body, expected) => {
    expect(said(await laravel(body, "    private string $where = 'orders';\n\n"))).toEqual(expected);
  });

  it('says whether it runs in a transaction, and is none where it names another database', async () => {
    expect((await laravel("Schema::drop('a');")).transaction).toBe(true);
    expect((await laravel("Schema::drop('a');", '    public $withinTransaction = false;\n')).transaction).toBe(false);
    expect(await laravel("Schema::drop('a');", "    protected $connection = 'mysql';\n")).toBeUndefined();
  });
});

it('leaves the transaction only where one statement is all: what changes data has no step, and a class that decides by itself is left alone', async () => {
  const leaves = ({ steps }: SequencedMigration): readonly number[] => steps.map(({ leave }) => leave?.length ?? 0);
  expect(leaves(await rails('add_index :users, :email'))).toEqual([1]);
  expect(leaves(await rails('execute "UPDATE users SET email = lower(email)"\nadd_index :users, :email'))).toEqual([0]);
  const index = "Schema::table('users', function (Blueprint $table) { $table->index('email'); });";
  expect(leaves(await laravel(index))).toEqual([1]);
  expect(leaves(await laravel(`DB::table('users')->update(['a' => 1]);\n${index}`))).toEqual([0]);
  expect(leaves(await laravel(index, '    public $withinTransaction = true;\n'))).toEqual([0]);
});
