import { describe, expect, it } from 'vitest';
import type { SequencedMigration } from '../../../server/src/core/hosts/migrationIr';
import { readScript } from '../../support/readScript';

const read = (text: string, path = 'migrations/20240101000000_change.ts'): SequencedMigration | undefined => readScript(text, path).migration as SequencedMigration | undefined;
const knex = (body: string, head = '', tail = ''): SequencedMigration | undefined => read(`import type { Knex } from 'knex';\n${head}export async function up(knex: Knex): Promise<void> {\n${body}\n}\n\nexport async function down(knex: Knex) {\n  await knex.schema.dropTable('nothing');\n}\n${tail}`);
const sequelize = (body: string, head = ''): SequencedMigration | undefined => read(`${head}module.exports = {\n  async up(queryInterface, Sequelize) {\n${body}\n  },\n  down: async (queryInterface) => { await queryInterface.dropTable('nothing'); },\n};\n`, 'migrations/20240101000000-change.js');
/** Statements; `?` before what may not run, `!table` where a table may be otherwise. */
const said = (migration: SequencedMigration | undefined): readonly string[] | undefined => migration?.steps.map(({ sql, uncertain, tables }) => `${uncertain ? '?' : ''}${sql?.trim() ?? `!${tables === 'any' ? 'any' : (tables ?? []).map(({ name }) => name).join()}`}`);

describe('a migration of knex', () => {
  it.each<[string, string, readonly string[]]>([
    ['guards take effect, other conditions may not', "if (!(await knex.schema.hasTable('a'))) { await knex.schema.dropTable('a'); }\nconst has = await knex.schema.hasColumn('b', 'c');\nif (has) return;\nawait knex.schema.dropTable('b');\nif (process.env.X) await knex.schema.dropTable('c');\nif (odd) return;\nawait knex.schema.dropTable('d');", ['DROP TABLE a', 'DROP TABLE b', '?DROP TABLE c', '?DROP TABLE d']],
    ['answers of promises', "return knex.schema.hasTable('a').then((exists) => { if (!exists) { return knex.schema.dropTable('a'); } }).then(() => knex.schema.dropTable('b'));", ['DROP TABLE a', 'DROP TABLE b']],
    ['another database goes its own way', "if (knex.client.config.client === 'pg') { await knex.schema.dropTable('a'); } else { await knex.schema.dropTable('b'); }\nif (knex.client.dialect !== 'sqlite3') await knex.schema.dropTable('c');", ['DROP TABLE a', 'DROP TABLE c']],
    ['loops over lists, constants, functions of the file', "for (const { name, type } of [{ name: 'a', type: 'int' }, { name: 'b', type: 'text' }]) await knex.schema.alterTable(TABLE, (t) => { t.specificType(name, type); });\nawait Promise.all(['x', 'y'].map((table) => knex.schema.dropTable(table)));\nawait addTo(knex, 'orders');", ['ALTER TABLE orders ADD COLUMN a int', 'ALTER TABLE orders ADD COLUMN b text', 'DROP TABLE x', 'DROP TABLE y', 'ALTER TABLE orders ADD COLUMN added timestamptz', 'ALTER TABLE orders ADD COLUMN by integer']],
    ['what may end early', "try { await knex.schema.dropTable('a'); } catch (e) { console.log(e); }\ntry { await knex.schema.dropTable('b'); } catch (e) { await report(e); throw e; }", ['?DROP TABLE a', 'DROP TABLE b']],
    ['what is not understood', "await knex.schema.alterTable(name, (t) => { t.text('a'); });\nawait knex.schema.alterTable('orders', (t) => { if (odd) t.text('a'); });\nawait knex.schema.alterTable('lines', (t) => { helper(t); t.text('b'); });\nawait knex.raw(sql);\nawait elsewhere(knex);\nawait knex.schema.createTableLike('copy', 'orders');\nawait knex.schema.alterTable('marks', (t) => { t.money('c'); });", ['!any', '!orders', 'ALTER TABLE lines ADD COLUMN b text', '!lines', '!any', '!any', '!copy', '!marks']],
    ['rows are no schema', "await knex('users').where({ a: 1 }).update({ b: 2 });\nconst rows = await knex.select('id').from('users');\nawait knex.raw('UPDATE users SET a = 1');\nawait knex.raw(`INSERT INTO users (a) VALUES (${value})`);\nawait knex.batchInsert('users', rows);\nfor (const row of rows) await knex('users').insert(row);", []],
    ['SQL', "await knex.raw('CREATE INDEX ?? ON ?? (a)', ['i', 'orders']);\nawait knex.schema.raw(`ALTER TABLE ${TABLE} ADD COLUMN z int`);\nawait knex.raw(`\n-- why\nCREATE INDEX j ON orders (b)`);", ['CREATE INDEX i ON orders (a)', 'ALTER TABLE orders ADD COLUMN z int', '-- why\nCREATE INDEX j ON orders (b)']],
  ])('%s', (_, body, expected) => {
    expect(said(knex(body, "const TABLE = 'orders';\nconst addTo = async (db: Knex, table: string) => {\n  await db.schema.alterTable(table, (t) => { stamps(t); });\n};\nfunction stamps(t: Knex.TableBuilder) { t.timestamp('added'); t.integer('by'); }\n"))).toEqual(expected);
  });

  it('runs in a transaction unless it says otherwise', () => {
    expect(knex("await knex.schema.dropTable('a');")?.transaction).toBe(true);
    expect(knex("await knex.schema.dropTable('a');", '', 'export const config = { transaction: false };\n')?.transaction).toBe(false);
  });

  it('stands at its lines', () => {
    const text = "exports.up = (knex) => knex.schema.createTable('orders', (t) => {\n  t.increments();\n  t.text('note').index();\n}).dropTable('old');\n";
    const steps = read(text)!.steps;
    expect(steps.map(({ span }) => text.slice(span.start, span.end))).toEqual(["createTable('orders', ", "t.text('note').index()", "dropTable('old')"]);
    expect(steps[0]?.places?.map(({ start, end, span }) => [steps[0]?.sql?.slice(start, end), text.slice(span.start, span.end)])).toEqual([['id serial PRIMARY KEY', 't.increments()'], ['note text', "t.text('note').index()"]]);
  });
});

describe('a migration of Sequelize', () => {
  it.each<[string, string, readonly string[]]>([
    ['guards', "const table = await queryInterface.describeTable('orders');\nif (!table.a) await queryInterface.addColumn('orders', 'a', Sequelize.TEXT);\nif (queryInterface.sequelize.getDialect() === 'postgres') await queryInterface.dropTable('x');\nif (odd) await queryInterface.dropTable('y');", ['ALTER TABLE orders ADD COLUMN a text', 'DROP TABLE IF EXISTS x', '?DROP TABLE IF EXISTS y']],
    ['types by other names', "await queryInterface.addColumn('orders', 'a', { type: DataTypes.STRING });\nawait queryInterface.addColumn('orders', 'b', JSONB);\nawait queryInterface.addColumn('orders', 'c', { type: new Sequelize.DECIMAL(10, 2), ...required });", ['ALTER TABLE orders ADD COLUMN a varchar(255)', 'ALTER TABLE orders ADD COLUMN b jsonb', 'ALTER TABLE orders ADD COLUMN c decimal(10, 2) NOT NULL']],
    ['what is not understood', "await queryInterface.addColumn('orders', 'a', { type: own });\nawait queryInterface.addColumn(name, 'b', Sequelize.TEXT);\nawait queryInterface.createTable('lines', columns());\nawait queryInterface.createTable('marks', { a: Sequelize.TEXT, b: { type: Sequelize.MAGIC } });\nawait queryInterface.sequelize.query(text);\nawait queryInterface.addIndex('orders', ['a'], { where: { b: { [Sequelize.Op.contains]: [1] } } });\nawait elsewhere(queryInterface);\nawait queryInterface.sequelize.sync();", ['!orders', '!any', '!lines', 'CREATE TABLE IF NOT EXISTS marks (a text)', '!marks', '!any', '!orders', '!any', '!any']],
    ['rows are no schema', "await queryInterface.bulkInsert('orders', [{ a: 1 }]);\nawait queryInterface.sequelize.query('UPDATE orders SET a = :a', { replacements: { a: 1 } });\nconst [rows] = await queryInterface.sequelize.query('SELECT 1');", []],
    ['many at once', "await Promise.all([queryInterface.removeColumn('orders', 'a'), queryInterface.removeColumn('orders', 'b')]);\nawait Promise.all(COLUMNS.map((column) => queryInterface.removeColumn('orders', column)));", ['ALTER TABLE orders DROP COLUMN a', 'ALTER TABLE orders DROP COLUMN b', 'ALTER TABLE orders DROP COLUMN c', 'ALTER TABLE orders DROP COLUMN d']],
    ['tables of a schema', "await queryInterface.createTable({ tableName: 'orders', schema: 'shop' }, { id: { type: Sequelize.BIGINT, primaryKey: true, autoIncrement: true }, user_id: { type: Sequelize.INTEGER, references: { model: { tableName: 'users', schema: 'app' } } } });\nawait queryInterface.addConstraint('shop.orders', ['user_id'], { type: 'unique', name: 'u' });", ['CREATE TABLE IF NOT EXISTS shop.orders (id bigserial, user_id integer REFERENCES app.users (id), PRIMARY KEY (id))', 'ALTER TABLE shop.orders ADD CONSTRAINT u UNIQUE (user_id)']],
  ])('%s', (_, body, expected) => {
    expect(said(sequelize(body, "const { DataTypes, JSONB } = require('sequelize');\nconst COLUMNS = ['c', 'd'];\nconst required = { allowNull: false };\n"))).toEqual(expected);
  });

  it('runs in a transaction where a call is told of one', () => {
    const body = "await queryInterface.addIndex('orders', ['a'], { name: 'i' });\nawait queryInterface.addIndex('orders', ['b']);\nawait queryInterface.sequelize.transaction(async (transaction) => {\n  await queryInterface.addIndex('orders', ['c'], { transaction });\n});\nawait queryInterface.removeIndex('orders', 'j');";
    const migration = sequelize(body);
    expect([migration?.transaction, migration?.transacted?.length]).toEqual([false, 1]);
    expect(migration?.steps.map(({ concurrently }) => concurrently?.map(({ text }) => text))).toEqual([[' concurrently: true,'], [', { concurrently: true }'], undefined, [', { concurrently: true }']]);
  });

  it('is read as umzug and TypeScript write it', () => {
    expect(said(read("import { QueryInterface, DataTypes } from 'sequelize';\nexport const up = async ({ context }: { context: QueryInterface }) => { await context.addColumn('orders', 'a', { type: DataTypes.INTEGER }); };\n"))).toEqual(['ALTER TABLE orders ADD COLUMN a integer']);
    expect(said(read("import { DataTypes, type Sequelize } from 'sequelize';\nexport const up = async ({ context: db }: { context: Sequelize }) => { const queryInterface = db.getQueryInterface(); await queryInterface.dropTable('a'); await db.query('DROP TABLE b'); };\n"))).toEqual(['DROP TABLE IF EXISTS a', 'DROP TABLE b']);
    expect(said(read("export default { up: (queryInterface) => queryInterface.dropTable('a'), down() {} };\n", 'migrations/1.js'))).toEqual(['DROP TABLE IF EXISTS a']);
  });
});

it('is none elsewhere', () => {
  expect(read("export async function up(knex) { await knex.schema.dropTable('a'); }", 'src/schema.ts')).toBeUndefined();
  expect(read("export const run = (knex) => knex.schema.dropTable('a');")).toBeUndefined();
  expect(read("export async function up(client) { await client.query('DROP TABLE a'); }")).toBeUndefined();
});
