import { createRequire } from 'node:module';
import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import type { QuerySite } from '../../../server/src/core/hosts/ir';
import { sequelizeAdapter } from '../../../server/src/core/libraries/sequelize/sequelize';
import { pluralize, singularize, underscore } from '../../../server/src/core/libraries/sequelize/sequelizeNaming';
import type { Rule } from '../../../server/src/core/lint/rule';
import { nPlusOne } from '../../../server/src/core/rules/n-plus-one';
import { offsetPagination } from '../../../server/src/core/rules/offset-pagination';
import { unindexedPredicate } from '../../../server/src/core/rules/unindexed-predicate';
import { applyEdits, type Edit } from '../../../server/src/core/text/edit';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { createDatabase, type TestDatabase } from '../../support/postgres';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { lintCase } from '../../support/readers';
import { readScript } from '../../support/readScript';
import { evaluate, runModule } from '../../support/runModule';

const sql = await createSqlAnalyser();
const models = `
import { Sequelize, DataTypes, Model, Op } from 'sequelize';
export const sequelize = new Sequelize(process.env.URL, { dialect: 'postgres' });
export class User extends Model {}
User.init({
  id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
  tenantId: { type: DataTypes.INTEGER, field: 'tenant_id', allowNull: false },
  email: { type: DataTypes.STRING, unique: true },
  name: DataTypes.STRING(64),
  age: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
  tags: DataTypes.ARRAY(DataTypes.TEXT),
}, { sequelize, modelName: 'User', indexes: [{ fields: ['tenant_id', 'email'] }, { fields: [{ name: 'age', order: 'DESC' }] }] });
export const Post = sequelize.define('Post', {
  title: { type: DataTypes.STRING, allowNull: false },
  status: DataTypes.STRING,
  userId: { type: DataTypes.INTEGER },
  publishedAt: DataTypes.DATE,
}, { tableName: 'posts', underscored: true, paranoid: true, indexes: [{ fields: ['status'] }] });
export const Tag = sequelize.define('Tag', { name: DataTypes.STRING }, { timestamps: false });
export const PostTag = sequelize.define('PostTag', { postId: DataTypes.INTEGER, tagId: DataTypes.INTEGER }, { timestamps: false, freezeTableName: true });
User.hasMany(Post, { foreignKey: 'userId', as: 'posts' });
Post.belongsTo(User, { foreignKey: 'userId', as: 'author' });
Post.belongsToMany(Tag, { through: PostTag, foreignKey: 'postId', otherKey: 'tagId', as: 'tags' });
Tag.belongsToMany(Post, { through: PostTag, foreignKey: 'tagId', otherKey: 'postId', as: 'posts' });
`;
const head = `${models}\nimport { literal, fn, col, where, cast } from 'sequelize';\n`;
const values = { id: 7, ids: [1, 2], email: 'a@b.c', q: 'abc', offset: 40, limit: 20, tenantId: 3, status: 'open', from: new Date('2024-01-01'), to: new Date('2024-02-01') };
const parameters = 'id: number, ids: number[], email: string, q: string, offset: number, limit: number, tenantId: number, status: string, from: Date, to: Date';
const read = (body: string) => readScript(`${head}async function f(${parameters}) {\n${body}\n}`);

const chains: readonly string[] = [
  'User.findAll()',
  'User.findAll({ where: { tenantId, age: { [Op.gt]: 18 } }, order: [["createdAt", "DESC"], ["id", "ASC"]], limit, offset })',
  'User.findOne({ where: { name: q } })',
  'User.findOne({ where: { email } })',
  'User.findByPk(id)',
  'User.findByPk(id, { attributes: ["id", "tenantId"] })',
  'User.findAll({ where: { [Op.or]: [{ email }, { name: q, tenantId }] } })',
  'User.findAll({ where: { tenantId, [Op.or]: { email, name: q } } })',
  'User.findAll({ where: { [Op.and]: [{ email }, { age: { [Op.lte]: 9, [Op.gte]: 2 } }] } })',
  'User.findAll({ where: { id: { [Op.in]: ids }, name: { [Op.ne]: "x" }, age: { [Op.between]: [1, 9] } } })',
  'User.findAll({ where: { id: [1, 2], name: null, email: { [Op.not]: null } } })',
  'User.findAll({ where: { email: { [Op.iLike]: `%${q}%` }, name: { [Op.startsWith]: "ab" } } })',
  'User.findAll({ where: { name: { [Op.substring]: "ab" }, id: { [Op.notIn]: [3, 4] } } })',
  'User.findAll({ where: { [Op.not]: { email } } })',
  'User.findAll({ where: { name: { [Op.or]: [q, null] } } })',
  'User.findAll({ where: { id: { [Op.in]: literal("(SELECT user_id FROM posts)") } } })',
  'User.findAll({ where: where(fn("lower", col("email")), q) })',
  'User.findAll({ where: { [Op.and]: [{ tenantId }, literal("age % 2 = 0")] } })',
  'User.findAll({ attributes: ["id", ["email", "mail"], [fn("COUNT", col("id")), "n"]], group: ["id", "email"] })',
  'User.findAll({ attributes: { exclude: ["tags"] } })',
  'User.findAll({ attributes: ["age", [fn("COUNT", "*"), "n"]], group: "age", having: where(fn("COUNT", "*"), { [Op.gt]: 2 }), order: literal("n DESC") })',
  'User.findAll({ include: [{ model: Post, as: "posts" }], where: { tenantId } })',
  'User.findAll({ include: { association: "posts", where: { status }, attributes: ["id", "title"] } })',
  'User.findAll({ include: [{ model: Post, as: "posts", required: true, include: [{ model: Tag, as: "tags" }] }] })',
  'Post.findAll({ include: ["author"], order: [["title", "DESC"], [{ model: User, as: "author" }, "name", "ASC"]], limit, offset })',
  'User.findAll({ include: [{ model: Post, as: "posts", separate: true }], limit: 5 })',
  'User.findAll({ include: [{ model: Post, as: "posts" }], order: [["id", "ASC"]], limit: 10, offset: 20 })',
  'Post.findAll()',
  'Post.findAll({ paranoid: false })',
  'Post.findAll({ where: { "$author.email$": email }, include: [{ model: User, as: "author" }] })',
  'Post.findAndCountAll({ where: { status }, limit, offset })',
  'Post.findAll({ where: { publishedAt: { [Op.gte]: from, [Op.lt]: to } } })',
  'User.count({ where: { tenantId } })',
  'Post.count({ include: [{ model: User, as: "author", where: { tenantId } }], distinct: true })',
  'User.max("age", { where: { tenantId } })',
  'User.sum("age")',
  'User.create({ tenantId, email: "c@d.e", age: 4 })',
  'User.bulkCreate([{ tenantId, email: "b1", age: 1 }, { tenantId, email: "b2", age: 2 }])',
  'User.bulkCreate([{ tenantId, email: "b3", age: 1 }], { ignoreDuplicates: true })',
  'User.update({ name: q }, { where: { tenantId } })',
  'User.destroy({ where: { email } })',
  'Post.destroy({ where: { status } })',
  'Post.destroy({ where: { status }, force: true })',
  'User.increment("age", { by: 2, where: { id } })',
  'User.unscoped().findAll({ where: { tenantId } })',
  'sequelize.models.User.findAll({ where: { tenantId } })',
  'User.findAll({ where: { tenantId }, lock: true, skipLocked: true })',
  'sequelize.query("SELECT id FROM \\"Users\\" WHERE email = $1", { bind: [email] })',
];

interface Recorded {
  readonly names: Readonly<Record<string, unknown>>;
  readonly log: string[];
  close(): Promise<void>;
}

async function connect(database: TestDatabase, declared = models): Promise<Recorded> {
  process.env['URL'] = database.url;
  const exported = runModule(`${declared}\nexport { Op, literal, fn, col, where, cast } from 'sequelize';`);
  const sequelize = exported['sequelize'] as { options: { logging: unknown }; sync(options: object): Promise<unknown>; close(): Promise<void> };
  const log: string[] = [];
  sequelize.options.logging = (text: string) => log.push(text.replace(/^Executing \([^)]*\): /, ''));
  await sequelize.sync({});
  log.length = 0;
  return { log, names: { ...exported, ...values }, close: () => sequelize.close() };
}

async function sent(connection: Recorded, expression: string): Promise<readonly string[]> {
  connection.log.length = 0;
  await (evaluate(expression, connection.names) as Promise<unknown>);
  return connection.log.filter((text) => !/^(START|COMMIT|ROLLBACK|BEGIN)/i.test(text));
}

/** The order of columns and joins, the rows given back, and what only the library's own time adds are not compared. */
function shape(text: Parameters<typeof queryShape>[1]): unknown {
  const { blocks, ...rest } = queryShape(sql, text) as { readonly blocks: readonly Record<string, unknown>[] };
  return { ...rest, blocks: blocks.map(({ returning: _, ...block }) => ({ ...block, outputs: [...(block['outputs'] as string[])].sort(), relations: [...(block['relations'] as unknown[])].map((relation) => JSON.stringify(relation)).sort() })) };
}
const native = (text: string): string => text.replace(/; -- .*$/s, '').replace(/;$/, '');

describe('Sequelize, the same call sent by Sequelize itself', () => {
  let database: TestDatabase;
  let current: Recorded;
  beforeAll(async () => {
    database = await createDatabase();
    current = await connect(database);
  });
  afterAll(async () => {
    await current.close();
    await database.drop();
  });
  it.each(compared('sequelize', chains))('%s', async (chain) => {
    const file = read(`  return await ${chain};`);
    expect(file.sites.map((site) => site.library)).toEqual(['sequelize']);
    const [site] = file.sites;
    expect(site).toMatchObject({ executes: 'yes', complete: true, conditional: [] });
    const log = await sent(current, chain);
    const wanted = native((chain.startsWith('Post.findAndCountAll') ? log.find((text) => !/count\(/.test(text)) : log[0]) ?? '');
    expect(shape(site?.source ?? ''), `${site?.source?.text}\n${wanted}`).toEqual(shape(wanted));
  });
});

function under(file: ReturnType<typeof read>, piece: string, index = 0): string {
  const site = file.sites[index];
  const start = site?.source?.text.indexOf(piece) ?? -1;
  return site && start >= 0 ? file.at(toHostSpan(site.map, sqlSpan(start, start + piece.length))) : `(no ${piece} in ${site?.source?.text})`;
}

const decorated = `
import { AllowNull, AutoIncrement, BelongsTo, BelongsToMany, Column, DataType, Default, ForeignKey, HasMany, Index, Model, PrimaryKey, Sequelize, Table, Unique } from 'sequelize-typescript';
@Table({ tableName: 'Users', indexes: [{ fields: ['tenant_id', 'email'] }] })
export class User extends Model {
  @PrimaryKey @AutoIncrement @Column(DataType.INTEGER) declare id: number;
  @AllowNull(false) @Column({ type: DataType.INTEGER, field: 'tenant_id' }) declare tenantId: number;
  @Unique @Column(DataType.STRING) declare email: string;
  @Column(DataType.STRING(64)) declare name: string;
  @AllowNull(false) @Default(0) @Column(DataType.INTEGER) declare age: number;
  @Column(DataType.ARRAY(DataType.TEXT)) declare tags: string[];
  @HasMany(() => Post, { foreignKey: 'userId', as: 'posts' }) declare posts: Post[];
}
@Table({ tableName: 'posts', underscored: true, paranoid: true })
export class Post extends Model {
  @AllowNull(false) @Column(DataType.STRING) declare title: string;
  @Index @Column(DataType.STRING) declare status: string;
  @ForeignKey(() => User) @Column(DataType.INTEGER) declare userId: number;
  @Column(DataType.DATE) declare publishedAt: Date;
  @BelongsTo(() => User, { foreignKey: 'userId', as: 'author' }) declare author: User;
  @BelongsToMany(() => Tag, { through: () => PostTag, foreignKey: 'postId', otherKey: 'tagId', as: 'tags' }) declare tags: Tag[];
}
@Table({ tableName: 'Tags', timestamps: false })
export class Tag extends Model {
  @Column(DataType.STRING) declare name: string;
  @BelongsToMany(() => Post, { through: () => PostTag, foreignKey: 'tagId', otherKey: 'postId', as: 'posts' }) declare posts: Post[];
}
@Table({ timestamps: false, freezeTableName: true })
export class PostTag extends Model {
  @ForeignKey(() => Post) @Column(DataType.INTEGER) declare postId: number;
  @ForeignKey(() => Tag) @Column(DataType.INTEGER) declare tagId: number;
}
export const sequelize = new Sequelize(process.env.URL!, { models: [User, Post, Tag, PostTag], logging: false });
`;

describe('sequelize-typescript, the same call sent by it', () => {
  let database: TestDatabase;
  let current: Recorded;
  beforeAll(async () => {
    database = await createDatabase();
    current = await connect(database, decorated);
  });
  afterAll(async () => {
    await current.close();
    await database.drop();
  });
  it.each(compared('sequelize sequelize-typescript', chains.filter((chain) => !chain.includes('sequelize.'))))('%s', async (chain) => {
    const [site, ...rest] = readScript(`${decorated}import { Op, literal, fn, col, where, cast } from 'sequelize';\nasync function f(${parameters}) {\n  return await ${chain};\n}`).sites;
    expect(rest).toEqual([]);
    expect(site).toMatchObject({ library: 'sequelize', executes: 'yes', complete: true, conditional: [] });
    const log = await sent(current, chain);
    const wanted = native((chain.startsWith('Post.findAndCountAll') ? log.find((text) => !/count\(/.test(text)) : log[0]) ?? '');
    expect(shape(site?.source ?? ''), `${site?.source?.text}\n${wanted}`).toEqual(shape(wanted));
  });
});

describe('Sequelize, what is known', () => {
  it('maps clauses to their options', () => {
    const file = read('  return await User.findAll({ where: { tenantId, age: { [Op.gt]: 18 } }, order: [["createdAt", "DESC"]], limit, offset });');
    expect(under(file, 'OFFSET $3')).toBe('offset');
    expect(under(file, 'LIMIT $2')).toBe('limit');
    expect(under(file, '"User".age > 18')).toBe('age: { [Op.gt]: 18 }');
    expect(under(file, '"User"."createdAt" DESC')).toBe('["createdAt", "DESC"]');
    expect(file.at(file.sites[0]?.anchor)).toBe('User.findAll');
  });

  it.each([
    ['User.findAll(options)', false],
    ['User.findAll({ where })', false],
    ['User.findAll({ where: { ...filter, tenantId } })', false],
    ['User.scope("active").findAll()', false],
    ['User.findAll({ include: [{ model: Unknown }] })', false],
    ['User.findAll({ where: { tenantId } })', true],
  ])('%s is complete: %s', (call, complete) => {
    expect(read(`  return await ${call};`).sites).toMatchObject([{ library: 'sequelize', complete }]);
  });

  it('keeps filters that are built under conditions apart', () => {
    const file = read('  const where: any = { tenantId };\n  if (status) where.status = status;\n  return await Post.findAll({ where: { status, ...(q && { title: { [Op.iLike]: `%${q}%` } }) }, paranoid: false });');
    expect(file.sites[0]?.source?.text).toMatch(/WHERE "Post"\.status = \$1 AND "Post"\.title ILIKE '%' \|\| \$2 \|\| '%'$/);
    expect(file.sites[0]?.conditional.map((part) => part.condition)).toEqual(['q']);
  });

  it('takes a key for no row', () => {
    expect(read('  const rows = await User.findAll();\n  for (const row in rows) await row.getPosts();\n  for (const row of rows) await row.getPosts();').sites.map((site) => site.model)).toEqual(['User', 'Post']);
  });

  it('takes rows, lists of rows and associations', () => {
    const file = read(`  const user = await User.findByPk(id);
  await user.update({ name: q });
  await user.save();
  const posts = await user.getPosts();
  for (const post of await Post.findAll({ paranoid: false })) { await post.getAuthor(); await post.destroy(); }
  const users = await User.findAll({ where: { tenantId } });
  await Promise.all(users.map((one) => one.increment('age')));`);
    expect(file.sites.map((site) => [site.access, site.model, (site.source?.text ?? '').replace(/SELECT .* FROM/, 'SELECT … FROM')])).toEqual([
      ['read', 'User', 'SELECT … FROM "Users" AS "User" WHERE "User".id = $1'],
      ['write', 'User', 'UPDATE "Users" SET name = $1, "updatedAt" = CURRENT_TIMESTAMP WHERE id = $2'],
      ['write', 'User', ''],
      ['read', 'Post', 'SELECT … FROM posts AS "Post" WHERE "Post".deleted_at IS NULL AND "Post".user_id = $1'],
      ['read', 'Post', 'SELECT … FROM posts AS "Post"'],
      ['read', 'User', 'SELECT … FROM "Users" AS "User" WHERE "User".id = $1'],
      ['write', 'Post', 'UPDATE posts SET deleted_at = CURRENT_TIMESTAMP WHERE id = $1'],
      ['read', 'User', 'SELECT … FROM "Users" AS "User" WHERE "User".tenant_id = $1'],
      ['write', 'User', ''],
    ]);
  });

  it('reads raw statements with their placeholders', () => {
    const file = read("  await sequelize.query('SELECT 1 FROM \"Users\" WHERE id = :id AND age::int > 3', { replacements: { id }, type: QueryTypes.SELECT });\n  await sequelize.query('SELECT 1 FROM \"Users\" WHERE id IN (?)', { replacements: [ids] });\n  await sequelize.query('SELECT 1 FROM \"Users\" WHERE id = $id', { bind: { id } });");
    expect(file.sites.map((site) => [site.library, site.source?.placeholders, site.binds.map((b) => b.text)])).toEqual([['sequelize', 'colon', ['id']], ['sequelize', 'question', ['ids']], ['sequelize', 'dollar-name', ['id']]]);
  });

  it.each(innocent('sequelize', [
    "import mongoose from 'mongoose';\nconst User = mongoose.model('User');\nawait User.findOne({ email: 'x' });\nawait User.create({ a: 1 });",
    "const found = items.find((item) => item.id === 1);\nawait cache.get('x'); await map.set('a', 1); store.destroy();",
    "import { Sequelize } from 'sequelize';\nexport const s = new Sequelize({ dialect: 'sqlite' });\nawait s.query('SELECT 1');",
    "await prisma.user.count({ where: { id: 1 } }); await prisma.user.create({ data: {} });",
    "await client.query('SELECT 1'); await User.count(); Math.max(1, 2); Object.create(null);",
    "import { Repository } from 'typeorm';\nclass S { constructor(private repo: Repository<Thing>) {} f() { return this.repo.count(); } }",
  ]))('leaves other code alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'sequelize')).toEqual([]);
  });

  it('names tables as Sequelize does', async () => {
    const inflection = createRequire(import.meta.url)('inflection') as { pluralize(text: string): string; singularize(text: string): string; underscore(text: string): string };
    const names = 'User Person Address Category Box Status Bus Child News Series Datum Medium Analysis Knife Leaf Hero Photo Day Quiz Mouse Index Matrix Virus Bonus Cache Money Tax Sheep People Users Foot Drive Move Octopus Match Company Crisis BlogPost PostTag'.split(' ');
    expect(names.map(pluralize)).toEqual(names.map((name) => inflection.pluralize(name)));
    expect(names.map((name) => singularize(pluralize(name))).filter((name, index) => name === names[index]).length).toBeGreaterThan(20);
    expect(['createdAt', 'HTTPServer', 'userId'].map(underscore)).toEqual(['createdAt', 'HTTPServer', 'userId'].map((name) => inflection.underscore(name)));
  });
});

describe('Sequelize, models', () => {
  it('declare the tables that Sequelize makes', async () => {
    const database = await createDatabase();
    const connection = await connect(database);
    try {
      const file = read('');
      const tables = Object.fromEntries(file.models.flatMap((model) => model.changes.flatMap((change) => (change.type === 'create-table' ? [[change.table.name, change.columns.map((column) => [column.name, column.type, column.notNull]).sort()] as const] : []))));
      const real = await database.query("select c.relname as name, json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)) as columns from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by c.relname");
      expect(Object.keys(tables).sort()).toEqual(real.map((row) => String(row['name'])).sort());
      for (const row of real.filter((found) => found['name'] !== 'PostTag')) expect([row['name'], tables[String(row['name'])]]).toEqual([row['name'], (row['columns'] as unknown[]).sort()]);
      const indexes = await database.query("select t.relname as table, x.indisunique as unique, array_agg(a.attname::text order by k.n) as columns from pg_index x join pg_class t on t.oid = x.indrelid cross join unnest(x.indkey::int[]) with ordinality k(attnum, n) join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum where t.relnamespace = 'public'::regnamespace and t.relname <> 'PostTag' group by x.indexrelid, t.relname, x.indisunique");
      const catalog = buildCatalog({ source: 'models', label: 'models', steps: file.models.map((model) => ({ changes: model.changes })), assume: {} });
      const ours = [...catalog.tables.values()].filter((table) => table.name !== 'PostTag').flatMap((table) => table.indexes.map((index) => `${table.name} ${index.unique} ${index.keys.map((key) => key.column).join()}`)).sort();
      expect(ours).toEqual(indexes.map((row) => `${String(row['table'])} ${String(row['unique'])} ${(row['columns'] as string[]).join()}`).sort());
    } finally {
      await connection.close();
      await database.drop();
    }
  });

  it('are read from sequelize-typescript', async () => {
    const text = `
import { AllowNull, AutoIncrement, BelongsTo, Column, CreatedAt, DataType, ForeignKey, HasMany, Index, Model, PrimaryKey, Sequelize, Table, Unique } from 'sequelize-typescript';
@Table({ tableName: 'accounts', underscored: true })
export class Account extends Model {
  @PrimaryKey @AutoIncrement @Column declare id: number;
  @AllowNull(false) @Unique @Column(DataType.STRING(80)) declare loginName: string;
  @HasMany(() => Invoice) declare invoices: Invoice[];
}
@Table({ updatedAt: false, paranoid: true })
export class Invoice extends Model {
  @ForeignKey(() => Account) @Index @Column declare accountId: number;
  @Column({ type: DataType.DECIMAL(10, 2), field: 'amount_total' }) declare amount: number;
  @BelongsTo(() => Account) declare account: Account;
}
`;
    const database = await createDatabase();
    const exported = runModule(`${text}\nexport const make = (url: string) => new Sequelize(url, { models: [Account, Invoice], logging: false });`);
    const connection = (exported['make'] as (url: string) => { sync(): Promise<unknown>; close(): Promise<void> })(database.url);
    try {
      await connection.sync();
      const file = readScript(`${text}\nexport const f = () => Invoice.findAll({ where: { accountId: 1 }, include: [Account] });`);
      const real = await database.query("select c.relname as name, json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)) as columns from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by c.relname");
      const ours = Object.fromEntries(file.models.flatMap((model) => model.changes.flatMap((change) => (change.type === 'create-table' ? [[change.table.name, change.columns.map((column) => [column.name, column.type, column.notNull]).sort()] as const] : []))));
      expect(ours).toEqual(Object.fromEntries(real.map((row) => [String(row['name']), (row['columns'] as unknown[]).sort()])));
      expect(file.sites[0]?.source?.text).toMatch(/FROM "Invoices" AS "Invoice" LEFT OUTER JOIN accounts AS account ON "Invoice"."accountId" = account.id WHERE "Invoice"."deletedAt" IS NULL AND "Invoice"."accountId" = 1$/);
    } finally {
      await connection.close();
      await database.drop();
    }
  });
});

const edited = (code: string, edit: (site: QuerySite, text: string) => readonly Edit[] | undefined): string | undefined => {
  const text = `${head}async function f(${parameters}) {\n${code}\n}`;
  const [site] = readScript(text).sites;
  const edits = site && edit(site, text);
  return edits && applyEdits(text, edits)?.slice(text.indexOf('async function f')).split('\n').slice(1, -1).join('\n');
};

describe('Sequelize, edits', () => {
  it('add a predicate, an order and a limit', () => {
    const predicate = (code: string) => edited(code, (site, text) => sequelizeAdapter.addPredicate?.(site, { uri: 'u', text, table: 'Users', column: 'tenant_id', value: 'tenantId' }));
    expect(predicate('await User.findAll({ where: { email } });')).toBe('await User.findAll({ where: { tenantId, email } });');
    expect(predicate('await User.count();')).toBe('await User.count({ where: { tenantId } });');
    expect(predicate('await User.findByPk(id);')).toBeUndefined();
    expect(edited('await User.findAll({ order: [["age", "DESC"]], limit });', (site, text) => sequelizeAdapter.addOrder?.(site, { uri: 'u', text, keys: [{ column: 'id', descending: true }] }))).toBe('await User.findAll({ order: [["age", "DESC"], [\'id\', \'DESC\']], limit });');
    expect(edited('await User.findAll({ where: { email } });', (site, text) => sequelizeAdapter.addLimit?.(site, { uri: 'u', text, count: 50 }))).toBe('await User.findAll({ where: { email }, limit: 50 });');
  });
});

describe('Sequelize, findings', () => {
  const lint = async (rule: Rule, body: string) => {
    const code = `${head}export async function f(${parameters}) {\n${body}\n}\n`;
    const { findings } = await lintCase([rule], { language: 'typescript', code, models: true, settings: { assume: { posts: 3_000_000, Users: 900_000 } } });
    return findings.map((finding) => code.slice(finding.span.start, finding.span.end));
  };
  it('underlines the offset where it is written', async () => {
    expect(await lint(offsetPagination, '  return Post.findAll({ order: [["id", "ASC"]], limit: 20, offset: offset * 20 });')).toEqual(['offset: offset * 20']);
  });
  it('finds a query per element, of rows too', async () => {
    expect(await lint(nPlusOne, '  for (const one of ids) { const user = await User.findByPk(one); console.log(user); }')).toEqual(['User.findByPk']);
    expect(await lint(nPlusOne, '  const users = await User.findAll({ where: { tenantId } });\n  for (const user of users) { console.log(await user.getPosts()); }')).toEqual(['user.getPosts']);
  });
  it('knows the indexes that the models declare', async () => {
    expect(await lint(unindexedPredicate, '  return Post.findAll({ where: { title: q } });')).toEqual(['title: q']);
    expect(await lint(unindexedPredicate, '  return Post.findAll({ where: { status } });')).toEqual([]);
    expect(await lint(unindexedPredicate, '  return User.findAll({ where: { email } });')).toEqual([]);
  });
});
