import knexOf from 'knex';
import { DataTypes, Sequelize } from 'sequelize';
import { afterAll, describe, expect, it } from 'vitest';
import { buildCatalog } from '../../server/src/core/catalog/build';
import type { Catalog } from '../../server/src/core/catalog/model';
import { collectProgramHistories } from '../../server/src/core/catalog/programMigrations';
import type { HostFile } from '../../server/src/core/hosts/ir';
import type { SequencedMigration } from '../../server/src/core/hosts/migrationIr';
import { splitStatements } from '../../server/src/core/sql/split';
import { introspect } from '../../server/src/db/introspect';
import { openSession } from '../../server/src/db/session';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { plainCatalog } from '../support/programCatalog';
import { loadReaders } from '../support/readers';

interface MigrationModule { up: (handle: unknown, Sequelize?: unknown) => Promise<unknown> }

/** The migration as Node loads it. */
function load(text: string): MigrationModule {
  const module = { exports: {} as MigrationModule };
  new Function('module', 'exports', 'require', text)(module, module.exports, (name: string) => (name === 'sequelize' ? { Sequelize, DataTypes } : {}));
  return module.exports;
}

const databases: TestDatabase[] = [];
const open = async (): Promise<TestDatabase> => {
  const database = await createDatabase();
  databases.push(database);
  return database;
};
afterAll(async () => { for (const database of databases) await database.drop(); });

async function liveCatalog(url: string): Promise<Catalog> {
  const session = openSession(url);
  try {
    return await introspect(session);
  } finally {
    await session.close();
  }
}

/** Tables as a server tells them, without what differs from run to run. */
const shape = (catalog: Catalog): unknown => {
  const { tables, types } = plainCatalog(catalog) as { tables: Record<string, Record<string, unknown>>; types: unknown };
  return { types, tables: Object.fromEntries(Object.entries(tables).map(([key, { rows: _, rowsSource: __, ...table }]) => [key, table])) };
};
/** What every source tells of a table. */
const outline = (catalog: Catalog | undefined): unknown => [...catalog?.tables ?? []].map(([key, table]) => ({
  key, columns: table.columns.map(({ name, type, notNull }) => ({ name, type, notNull })), indexes: table.indexes.map(({ name, unique, predicate }) => ({ name, unique, partial: predicate !== undefined })).sort((a, b) => (a.name < b.name ? -1 : 1)),
  foreignKeys: table.foreignKeys.map(({ columns, references }) => ({ columns, references })).sort((a, b) => (a.columns.join() < b.columns.join() ? -1 : 1)),
})).sort((a, b) => (a.key < b.key ? -1 : 1));

async function readHistory(texts: readonly string[]): Promise<{ readonly files: readonly HostFile[]; readonly catalog: Catalog }> {
  const { read, sql } = await loadReaders();
  const files = texts.map((text, i) => read(`file:///app/migrations/2024010100000${i}_step.js`, text, 'typescript'));
  const [history] = collectProgramHistories(files, { split: splitStatements, schemaChanges: (statement) => sql.schemaChanges(statement) });
  return { files, catalog: buildCatalog({ source: 'migrations', label: '', steps: history?.steps ?? [], incomplete: history?.incomplete, whole: true }) };
}

/** Runs the migrations with the library on one database, what we made of them on another, and compares. */
async function compare(texts: readonly string[], run: (url: string) => Promise<void>): Promise<Catalog> {
  const [theirs, ours] = [await open(), await open()];
  await run(theirs.url);
  const { files, catalog } = await readHistory(texts);
  for (const { migration } of files) for (const step of (migration as SequencedMigration).steps) {
    expect(step).toMatchObject({ sql: expect.any(String) });
    await ours.query(step.sql!);
  }
  const [real, made] = [await liveCatalog(theirs.url), await liveCatalog(ours.url)];
  expect(shape(made)).toEqual(shape(real));
  expect(outline(catalog)).toEqual(outline(real));
  expect(catalog.incomplete).toBeUndefined();
  return real;
}

const knexTexts = [
  `const LENGTH = 80;
exports.up = async function (knex) {
  await knex.schema.raw('CREATE EXTENSION IF NOT EXISTS citext');
  await knex.schema.createSchema('billing');
  await knex.schema
    .createTable('users', (table) => {
      table.increments('id');
      table.string('email', LENGTH).notNullable().unique();
      table.specificType('handle', 'citext');
      table.boolean('active').notNullable().defaultTo(true);
      table.enu('role', ['admin', 'member']).defaultTo('member');
      table.enum('state', ['on', 'off'], { useNative: true, enumName: 'user_state' });
      table.jsonb('settings').defaultTo({ theme: 'dark' });
      table.integer('visits').defaultTo(0).index();
      table.timestamp('seen_at', { useTz: false, precision: 3 });
      table.timestamps(true, true);
    })
    .createTable('teams', function (t) {
      t.uuid('id', { primaryKey: true }).defaultTo(knex.raw('gen_random_uuid()'));
      t.bigInteger('owner').references('id').inTable('users').onDelete('CASCADE').onUpdate('NO ACTION');
      t.decimal('credit', 12, 4).notNullable().defaultTo(1.5);
      t.float('ratio');
      t.double('exact');
      t.binary('logo');
      t.date('since').defaultTo(knex.fn.now());
      t.smallint('rank');
      t.text('note');
      t.check('rank > 0', [], 'rank_positive');
    });
  await knex.schema.createTable('members', (t) => {
    t.integer('user_id').unsigned().notNullable();
    t.uuid('team_id').notNullable();
    t.text('note').nullable();
    t.primary(['user_id', 'team_id']);
    t.foreign('user_id').references('users.id');
    t.foreign(['team_id'], 'members_team').references(['id']).inTable('teams').onDelete('SET NULL');
    t.index(['team_id', 'user_id'], 'members_by_team', 'btree');
  });
  await knex.schema.withSchema('billing').createTable('invoices', (t) => {
    t.bigIncrements();
    t.string('number').notNull();
    t.unique(['number'], { indexName: 'invoice_number' });
  });
};
exports.down = async (knex) => { await knex.schema.dropTable('users'); };`,
  `const COLUMNS = ['first', 'last'];
exports.up = async (knex) => {
  if (!(await knex.schema.hasColumn('users', 'phone'))) {
    await knex.schema.alterTable('users', (t) => {
      t.string('phone', 20);
      for (const name of COLUMNS) t.text(name + '_name');
      t.renameColumn('visits', 'views');
      t.dropColumn('settings');
      t.dropUnique(['email']);
      t.unique(['email'], { predicate: knex.whereNotNull('email').andWhere('active', knex.raw('true')), useConstraint: false, indexName: 'users_active_email' });
      t.index([knex.raw('lower(email)')], 'users_lower_email');
      t.index(['role'], undefined, { predicate: knex.whereNull('seen_at') });
    });
  }
  await knex.schema.table('teams', (t) => {
    t.string('note', 40).notNullable().defaultTo('').alter();
    t.integer('owner').notNullable().alter();
    t.setNullable('credit');
    t.dropNullable('ratio');
    t.text('rank').defaultTo(7).alter({ alterNullable: false, alterType: false });
    t.dropForeign('owner');
  }).catch((error) => { throw error; });
  await knex.schema.renameTable('members', 'memberships').dropTableIfExists('nothing');
  await knex.transaction(async (trx) => {
    await trx.raw('CREATE INDEX ?? ON memberships (note)', ['by_note']);
    await trx('users').update({ active: false });
    await trx.schema.alterTable('memberships', (t) => { t.dropPrimary('members_pkey'); t.dropIndex([], 'members_by_team'); t.dropIndex('note', 'by_note'); });
  });
  return Promise.all(['billing'].map((schema) => knex.schema.withSchema(schema).createTable('notes', (t) => { t.uuid('id').primary(); t.string('body').index(); })));
};`,
];

const sequelizeTexts = [
  `'use strict';
/** @type {import('sequelize-cli').Migration} */
module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.sequelize.query('CREATE EXTENSION IF NOT EXISTS citext');
    await queryInterface.createTable('Users', {
      id: { type: Sequelize.INTEGER, autoIncrement: true, primaryKey: true, allowNull: false },
      email: { type: Sequelize.STRING(120), allowNull: false, unique: true },
      handle: Sequelize.CITEXT,
      role: { type: Sequelize.ENUM('admin', 'member'), defaultValue: 'member' },
      state: { type: Sequelize.ENUM, values: ['on', 'off'], field: 'user_state' },
      tags: { type: Sequelize.ARRAY(Sequelize.STRING), defaultValue: [] },
      balance: { type: Sequelize.DECIMAL(12, 4), defaultValue: 0 },
      total: Sequelize.DECIMAL(78, 0),
      ratio: Sequelize.FLOAT,
      exact: Sequelize.DOUBLE,
      token: { type: Sequelize.UUID, defaultValue: Sequelize.UUIDV4 },
      settings: { type: Sequelize.JSONB, defaultValue: {} },
      active: { type: Sequelize.BOOLEAN, allowNull: false, defaultValue: true },
      period: Sequelize.RANGE(Sequelize.DATE),
      logo: Sequelize.BLOB,
      createdAt: { type: Sequelize.DATE, allowNull: false, defaultValue: Sequelize.literal('CURRENT_TIMESTAMP') },
      updatedAt: { type: Sequelize.DATE, defaultValue: Sequelize.fn('now') },
    });
    await queryInterface.createTable({ tableName: 'Posts' }, {
      id: { type: 'BIGINT', primaryKey: true },
      part: { type: Sequelize.SMALLINT, primaryKey: true },
      user_id: { type: Sequelize.INTEGER, references: { model: 'Users', key: 'id' }, onDelete: 'cascade', onUpdate: 'CASCADE' },
      title: Sequelize.TEXT,
      body: Sequelize.STRING,
    }, { uniqueKeys: { together: { fields: ['title', 'part'] } } });
    await queryInterface.addIndex('Posts', ['user_id', { name: 'title', order: 'DESC' }]);
    await queryInterface.addIndex('Users', [Sequelize.fn('lower', Sequelize.col('email'))], { name: 'users_lower_email', unique: true });
  },
  async down(queryInterface) { await queryInterface.dropTable('Users'); },
};`,
  `const { DataTypes, Op } = require('sequelize');
const TABLE = 'Posts';
module.exports.up = async (queryInterface, Sequelize) => {
  const transaction = await queryInterface.sequelize.transaction();
  try {
    const table = await queryInterface.describeTable(TABLE);
    if (!table.views) await queryInterface.addColumn(TABLE, 'views', { type: Sequelize.BIGINT, allowNull: false, defaultValue: 0 }, { transaction });
    await queryInterface.addColumn(TABLE, 'kind', { type: Sequelize.ENUM(['a', 'b']), allowNull: true }, { transaction });
    for (const column of ['first', 'last']) await queryInterface.addColumn(TABLE, \`\${column}_at\`, Sequelize.DATEONLY, { transaction });
    await queryInterface.changeColumn(TABLE, 'title', { type: Sequelize.STRING(200), allowNull: false, defaultValue: '' }, { transaction });
    await queryInterface.changeColumn('Users', 'ratio', { type: Sequelize.REAL }, { transaction });
    await queryInterface.renameColumn(TABLE, 'body', 'text', { transaction });
    await queryInterface.removeColumn('Users', 'logo', { transaction });
    await queryInterface.addIndex(TABLE, { fields: ['views'], using: 'btree', where: { title: { [Sequelize.Op.ne]: null }, views: 3 }, name: 'popular', transaction });
    await queryInterface.removeIndex(TABLE, ['user_id', 'title'], { transaction });
    await queryInterface.addConstraint(TABLE, { fields: ['views'], type: 'check', where: { views: { [Sequelize.Op.gte]: 0 } }, name: 'views_positive', transaction });
    await queryInterface.addConstraint(TABLE, { fields: ['text'], type: 'unique', transaction });
    await queryInterface.addConstraint('Posts', { fields: ['views'], type: 'foreign key', references: { table: 'Users', field: 'id' }, onDelete: 'set null', transaction });
    await queryInterface.removeConstraint('Users', 'Users_email_key', { transaction });
    await queryInterface.sequelize.query('UPDATE "Posts" SET views = 1', { transaction });
    await queryInterface.bulkInsert('Users', [{ email: 'a@b.c', createdAt: new Date() }], { transaction });
    await transaction.commit();
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
  await queryInterface.renameTable('Posts', 'articles');
  await queryInterface.dropTable('nothing', { cascade: true });
  return Promise.all([queryInterface.sequelize.query('CREATE INDEX by_views ON articles (views)')]);
};`,
];

describe('migrations of JavaScript libraries are the SQL that the library sends', () => {
  it('knex', async () => {
    const real = await compare(knexTexts, async (url) => {
      const knex = knexOf({ client: 'pg', connection: url, pool: { min: 0, max: 2 } });
      try {
        for (const text of knexTexts) await load(text).up(knex);
      } finally {
        await knex.destroy();
      }
    });
    expect([...real.tables.keys()]).toHaveLength(5);
  });

  it('Sequelize', async () => {
    const real = await compare(sequelizeTexts, async (url) => {
      const sequelize = new Sequelize(url, { logging: false, dialect: 'postgres' });
      try {
        for (const text of sequelizeTexts) await load(text).up(sequelize.getQueryInterface(), Sequelize);
      } finally {
        await sequelize.close();
      }
    });
    expect([...real.tables.keys()]).toHaveLength(2);
  });
});
