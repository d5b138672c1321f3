import 'reflect-metadata';
import * as typeorm from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import type { QuerySite } from '../../../server/src/core/hosts/ir';
import { typeormAdapter } from '../../../server/src/core/libraries/typeorm/typeorm';
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
const entities = `
import { BaseEntity, Column, CreateDateColumn, DeleteDateColumn, Entity, EntitySchema, Index, JoinColumn, JoinTable, ManyToMany, ManyToOne, OneToMany, OneToOne, PrimaryGeneratedColumn, Relation, Repository, Unique } from 'typeorm';

export abstract class Base extends BaseEntity {
  @PrimaryGeneratedColumn() id: number;
  @CreateDateColumn() createdAt: Date;
}
export class Address {
  @Column({ nullable: true }) city: string;
  @Column({ name: 'zip', nullable: true }) zipCode: string;
}
@Entity('users')
@Index(['tenantId', 'email'])
export class User extends Base {
  @Column({ name: 'tenant_id' }) tenantId: number;
  @Column({ unique: true }) email: string;
  @Column({ nullable: true }) name: string;
  @Column({ type: 'int', default: 0 }) age: number;
  @Column({ select: false, nullable: true }) password: string;
  @Column(() => Address) address: Address;
  @OneToMany(() => Post, (post) => post.author) posts: Post[];
  @OneToOne(() => Profile, (profile) => profile.user) profile: Relation<Profile>;
}
@Entity()
export class Profile extends Base {
  @Column() bio: string;
  @OneToOne(() => User, (user) => user.profile, { nullable: false }) @JoinColumn({ name: 'user_id' }) user: User;
}
@Entity({ name: 'posts' })
@Unique(['slug', 'author'])
export class Post extends Base {
  @Column() title: string;
  @Column() slug: string;
  @Index() @Column({ nullable: true }) status: string;
  @Column('simple-array', { nullable: true }) labels: string[];
  @Column('text', { array: true, nullable: true }) tags2: string[];
  @Column({ type: 'jsonb', nullable: true }) meta: object;
  @Column({ nullable: true }) publishedAt: Date;
  @DeleteDateColumn() deletedAt: Date;
  @Column() authorId: number;
  @ManyToOne(() => User, (user) => user.posts, { nullable: false }) author: User;
  @ManyToOne(() => Category, { eager: true, nullable: true }) category: Relation<Category>;
  @ManyToMany(() => Tag, (tag) => tag.posts) @JoinTable() tags: Tag[];
}
@Entity()
export class Category extends Base {
  @Column() label: string;
}
@Entity()
export class Tag extends Base {
  @Column() name: string;
  @ManyToMany(() => Post, (post) => post.tags) posts: Post[];
}
export const Event = new EntitySchema<any>({ name: 'AuditEvent', tableName: 'audit_events', columns: { id: { type: 'int', primary: true, generated: true }, kind: { type: String }, actorId: { type: 'int', name: 'actor_id' } }, indices: [{ columns: ['kind'] }] });
export class UserRepository extends Repository<User> {}
`;
const values = { id: 7, ids: [1, 2], email: 'a@b.c', q: 'abc', skip: 40, take: 20, tenantId: 3, status: 'open', from: new Date('2024-01-01'), to: new Date('2024-02-01'), after: { id: 3 } };
const parameters = 'id: number, ids: number[], email: string, q: string, skip: number, take: number, tenantId: number, status: string, from: Date, to: Date, after: Post';
const head = `${entities}
import { DataSource, In, Like, ILike, Between, MoreThan, MoreThanOrEqual, LessThan, Not, IsNull, Raw, ArrayContains, Any, Brackets, Equal } from 'typeorm';
const dataSource = new DataSource({ type: 'postgres' });
const users = dataSource.getRepository(User);
const posts = dataSource.getRepository(Post);
const events = dataSource.getRepository(Event);
const manager = dataSource.manager;
`;
const read = (body: string) => readScript(`${head}async function f(${parameters}) {\n${body}\n}`);

const chains: readonly string[] = [
  'users.find()',
  'users.find({ where: { tenantId, age: MoreThan(18) }, order: { createdAt: "DESC", id: "ASC" }, take, skip })',
  'users.findBy({ email })',
  'users.findOneBy({ id })',
  'users.findOne({ where: { email: ILike(q) } })',
  'users.findOneOrFail({ where: { id: 1 } }).catch(() => null)',
  'users.find({ where: [{ email }, { name: Like("abc%"), tenantId }] })',
  'users.find({ where: { id: In(ids), name: Not("x"), age: Between(1, 9) } })',
  'users.find({ where: { name: IsNull(), email: Not(IsNull()) } })',
  'users.find({ where: { age: Raw((alias) => `${alias} > :min AND ${alias} < 90`, { min: 5 }) } })',
  'users.find({ where: { address: { city: q } } })',
  'users.find({ select: { id: true, email: true } })',
  'users.find({ where: { posts: { status } } })',
  'users.find({ relations: { posts: true } })',
  'users.find({ relations: { posts: { tags: true } }, where: { tenantId } })',
  'users.find({ relations: { posts: true }, order: { createdAt: "DESC" }, take: 10, skip: 20 })',
  'posts.find()',
  'posts.find({ where: { author: { tenantId } }, order: { publishedAt: { direction: "DESC", nulls: "LAST" } } })',
  'posts.find({ where: { authorId: id }, loadEagerRelations: false, take: 5 })',
  'posts.find({ withDeleted: true, loadEagerRelations: false })',
  'posts.find({ where: { tags2: ArrayContains(["a"]) }, loadEagerRelations: false })',
  'posts.find({ where: { tags: { name: q } }, loadEagerRelations: false })',
  'posts.findOne({ where: { slug: q } })',
  'posts.findAndCount({ where: { status }, loadEagerRelations: false, take, skip })',
  'posts.countBy({ status })',
  'posts.count({ where: { author: { email } } })',
  'users.exists({ where: { email } })',
  'users.existsBy({ email })',
  'users.sum("age", { tenantId })',
  'users.maximum("age")',
  'manager.find(User, { where: { tenantId }, take: 3 })',
  'manager.findOneBy(User, { id })',
  'manager.count(User, { where: { tenantId } })',
  'dataSource.getRepository(User).findBy({ tenantId })',
  'events.find({ where: { actorId: id } })',
  'User.find({ where: { tenantId } })',
  'User.findOneBy({ email })',
  'users.insert({ tenantId, email })',
  'users.insert([{ tenantId, email: "a" }, { tenantId, email: "b", name: q }])',
  'users.update({ email }, { name: q, age: () => "age + 1" })',
  'users.update(id, { name: q })',
  'users.update(ids, { name: q })',
  'users.delete({ email })',
  'users.delete(id)',
  'users.delete([1, 2])',
  'posts.softDelete(id)',
  'posts.restore({ slug: q })',
  'users.increment({ id }, "age", 2)',
  'users.upsert({ tenantId, email, name: q }, ["email"])',
  'users.createQueryBuilder("u").where("u.tenantId = :tenantId", { tenantId }).andWhere("u.email LIKE :q", { q: `%${q}%` }).getMany()',
  'users.createQueryBuilder("u").where("u.id IN (:...ids)", { ids }).orderBy("u.createdAt", "DESC").addOrderBy("u.id").skip(skip).take(take).getMany()',
  'users.createQueryBuilder("u").where({ tenantId }).orWhere("u.age > 5 AND u.name IS NULL").getOne()',
  'users.createQueryBuilder("u").where(new Brackets((qb) => { qb.where("u.name = :q", { q }).orWhere("u.email = :email", { email }); })).andWhere("u.tenantId = :t", { t: tenantId }).getMany()',
  'users.createQueryBuilder("u").leftJoinAndSelect("u.posts", "p").where("p.status = :status", { status }).getMany()',
  'users.createQueryBuilder("u").leftJoinAndSelect("u.posts", "p", "p.status = :status", { status }).orderBy("u.id", "ASC").take(10).skip(20).getMany()',
  'posts.createQueryBuilder("p").innerJoin("p.author", "a").leftJoin("p.tags", "t").where("a.tenantId = :tenantId").andWhere("t.name = :q").setParameters({ tenantId, q }).limit(10).offset(30).getMany()',
  'posts.createQueryBuilder("p").innerJoin(User, "u", "u.id = p.authorId AND u.tenantId = :tenantId", { tenantId }).getMany()',
  'posts.createQueryBuilder("p").select("p.status", "status").addSelect("COUNT(*)", "n").groupBy("p.status").having("COUNT(*) > :min", { min: 2 }).orderBy("n", "DESC").getRawMany()',
  'posts.createQueryBuilder("p").select(["p.id", "p.title"]).distinctOn(["p.status"]).getMany()',
  'posts.createQueryBuilder("p").where("p.publishedAt BETWEEN :from AND :to", { from, to }).getCount()',
  'posts.createQueryBuilder("p").leftJoin("p.tags", "t").where("t.name = :q", { q }).getCount()',
  'posts.createQueryBuilder("p").where("p.status = :status", { status }).getExists()',
  'posts.createQueryBuilder("p").withDeleted().where("p.slug = :q", { q }).getOne()',
  'manager.createQueryBuilder(User, "u").where("u.email = :email", { email }).getOne()',
  'dataSource.createQueryBuilder().select("u").from(User, "u").where("u.id = :id", { id }).getOne()',
  'dataSource.createQueryBuilder().insert().into(User).values([{ tenantId, email }]).orIgnore().execute()',
  'dataSource.createQueryBuilder().update(User).set({ name: q }).where("id = :id", { id }).execute()',
  'dataSource.createQueryBuilder().delete().from(User).where("email = :email", { email }).execute()',
  'posts.createQueryBuilder("p").update().set({ status }).where("authorId = :id", { id }).andWhere("status IS NULL").execute().catch(() => null)',
  'User.createQueryBuilder("u").where("u.email = :email", { email }).getOne()',
  'dataSource.query("SELECT id FROM users WHERE email = $1", [email])',
  'manager.query(`SELECT * FROM users WHERE tenant_id = $1 ORDER BY id LIMIT 5 OFFSET $2`, [tenantId, skip])',
];

interface Recorded {
  readonly names: Readonly<Record<string, unknown>>;
  readonly log: string[];
  close(): Promise<void>;
}

async function connect(database: TestDatabase, module: typeof typeorm): Promise<Recorded> {
  // Both versions keep what decorators say in one global place.
  delete (globalThis as { typeormMetadataArgsStorage?: unknown }).typeormMetadataArgsStorage;
  const exported = runModule(entities, { typeorm: module });
  const log: string[] = [];
  const { User, Profile, Post, Category, Tag, Event } = exported;
  const logger = { logQuery: (query: string) => log.push(query), logQueryError: () => undefined, logQuerySlow: () => undefined, logSchemaBuild: () => undefined, logMigration: () => undefined, log: () => undefined };
  const dataSource = new module.DataSource({ type: 'postgres', url: database.url, entities: [User, Profile, Post, Category, Tag, Event] as never[], synchronize: true, logging: ['query'], logger });
  await dataSource.initialize();
  log.length = 0;
  const { In, Like, ILike, Between, MoreThan, MoreThanOrEqual, LessThan, Not, IsNull, Raw, ArrayContains, Any, Brackets, Equal } = module;
  return {
    log,
    names: { ...exported, ...values, In, Like, ILike, Between, MoreThan, MoreThanOrEqual, LessThan, Not, IsNull, Raw, ArrayContains, Any, Brackets, Equal, dataSource, users: dataSource.getRepository(User as never), posts: dataSource.getRepository(Post as never), events: dataSource.getRepository(Event as never), manager: dataSource.manager },
    close: () => dataSource.destroy(),
  };
}

const typeless = (expression: string): string => expression.replaceAll(' as any', '');
/** Statements that the library sends for an expression, without those of its transactions. */
async function sent(connection: Recorded, expression: string): Promise<readonly string[]> {
  connection.log.length = 0;
  await (evaluate(typeless(expression), connection.names) as Promise<unknown>);
  return connection.log.filter((text) => !/^(START|COMMIT|ROLLBACK|BEGIN|SAVEPOINT)/i.test(text));
}

/** The order of the columns and of joins, and what a write gives back, is not compared. */
function shape(text: Parameters<typeof queryShape>[1]): unknown {
  const { blocks, ...rest } = queryShape(sql, text) as { readonly blocks: readonly Record<string, unknown>[] };
  return { ...rest, blocks: blocks.map(({ returning: _, ...block }) => ({ ...block, outputs: [...(block['outputs'] as string[])].sort(), relations: [...(block['relations'] as unknown[])].map((relation) => JSON.stringify(relation)).sort() })) };
}

describe('TypeORM, the same call sent by TypeORM itself', () => {
  let database: TestDatabase;
  let current: Recorded;
  beforeAll(async () => {
    database = await createDatabase();
    current = await connect(database, typeorm);
  });
  afterAll(async () => {
    await current.close();
    await database.drop();
  });
  it.each(compared('typeorm 1', chains))('%s', async (chain) => {
    const file = read(`  return await ${chain};`);
    expect(file.sites.map((site) => site.library)).toEqual(['typeorm']);
    const [site] = file.sites;
    expect(site).toMatchObject({ executes: 'yes', complete: true, conditional: [] });
    const [first] = await sent(current, chain);
    expect(shape(site?.source ?? ''), `${site?.source?.text}\n${first}`).toEqual(shape(first ?? ''));
  });
});

/** Version 0.3 joins everything by LEFT JOIN, has no condition on what is deleted in `softDelete`, and takes one key as a list. */
const older: readonly string[] = [
  ...chains.filter((chain) => !/softDelete|restore|\.(sum|maximum)\(|relations: \{ posts|posts\.(find\(\)|findOne\()|getExists|exists|update\(id|delete\(id/.test(chain)),
  'users.find({ select: ["id", "email"] as any, where: { tenantId } })',
  'users.find({ relations: ["profile"] as any })',
  'users.exist({ where: { email } })',
];

describe('TypeORM 0.3, the same call sent by it', () => {
  let database: TestDatabase;
  let current: Recorded;
  beforeAll(async () => {
    database = await createDatabase();
    current = await connect(database, (await import('typeorm-0.3')) as unknown as typeof typeorm);
  });
  afterAll(async () => {
    await current.close();
    await database.drop();
  });
  const leftOnly = (found: unknown): unknown => JSON.parse(JSON.stringify(found).replaceAll('\\"inner\\"', '\\"left\\"'));
  it.each(compared('typeorm 0.3', older))('%s', async (chain) => {
    const [site] = read(`  return await ${chain};`).sites;
    const [first] = await sent(current, chain);
    expect(leftOnly(shape(site?.source ?? '')), `${site?.source?.text}\n${first}`).toEqual(leftOnly(shape(first ?? '')));
  });
});

function under(file: ReturnType<typeof read>, piece: string, index = 0): string {
  const site = file.sites[index];
  const start = site?.source?.text.indexOf(piece) ?? -1;
  return site && start >= 0 ? file.at(toHostSpan(site.map, sqlSpan(start, start + piece.length))) : `(no ${piece} in ${site?.source?.text})`;
}

describe('TypeORM, places', () => {
  it('follows filters that a helper or earlier statements build', () => {
    const helped = readScript(`${head}function scoped(tenant: number, mail: string) { return { tenantId: tenant, email: mail }; }\nexport const f = (tenantId: number, email: string) => users.find({ where: scoped(tenantId, email) });`).sites[0];
    expect(helped?.complete).toBe(true);
    expect(helped?.source?.text).toMatch(/WHERE "User"\.tenant_id = \$\d AND "User"\.email = \$\d$/);
    const grown = read('const where: any = { tenantId };\n  if (q) where.name = q;\n  return users.find({ where });').sites[0];
    expect(grown?.complete).toBe(true);
    expect(grown?.conditional.map((part) => part.condition)).toEqual(['q']);
  });

  it('maps the clauses of find to its options', () => {
    const file = read('  return await users.find({ where: { tenantId, age: MoreThan(18) }, order: { createdAt: "DESC" }, take, skip });');
    expect(under(file, 'OFFSET $3')).toBe('skip');
    expect(under(file, 'LIMIT $2')).toBe('take');
    expect(under(file, '"User".age > 18')).toBe('age: MoreThan(18)');
    expect(under(file, '"User"."createdAt" DESC')).toBe('createdAt: "DESC"');
    expect(under(file, 'users')).toBe('users.find');
    expect(file.at(file.sites[0]?.anchor)).toBe('users.find');
  });

  it('maps the text of a builder to itself', () => {
    const file = read('  return await users.createQueryBuilder("u")\n    .where("u.tenantId = :tenantId AND u.age > 5", { tenantId })\n    .orderBy("u.createdAt", "DESC")\n    .skip(skip)\n    .getMany();');
    expect(file.sites[0]?.source?.text).toContain('WHERE u.tenant_id = $1 AND u.age > 5 ORDER BY u."createdAt" DESC OFFSET $2');
    expect(under(file, 'OFFSET $2')).toBe('.skip(skip)');
    expect(under(file, 'u.tenant_id =')).toBe('u.tenantId =');
    expect(under(file, '> 5')).toBe('> 5');
    expect(file.at(file.sites[0]?.anchor)).toBe('users.createQueryBuilder');
  });
});

describe('TypeORM, what is known', () => {
  it('follows a builder in a variable, with conditions', () => {
    const file = read('  const qb = users.createQueryBuilder("u").where("u.tenantId = :tenantId", { tenantId });\n  if (q) qb.andWhere("u.name ILIKE :q", { q: `%${q}%` });\n  if (take) { qb.take(take); }\n  const rows = await qb.getMany();\n  return rows;');
    expect(file.sites).toHaveLength(1);
    expect(file.sites[0]).toMatchObject({ complete: true, executes: 'yes', resultName: 'rows', model: 'User' });
    expect(file.sites[0]?.source?.text).toMatch(/WHERE u\.tenant_id = \$1 AND u\.name ILIKE '%' \|\| \$2 \|\| '%' LIMIT \$3$/);
    expect(file.sites[0]?.conditional.map((part) => part.condition)).toEqual(['q', 'take']);
  });

  it.each([
    ['users.find(options)', false],
    ['users.find({ where })', false],
    ['users.find({ where: { ...filter, tenantId } })', false],
    ['users.createQueryBuilder("u").where(makeFilter()).getMany()', false],
    ['users.createQueryBuilder("u").where("u.id = " + subquery(q)).getMany()', false],
    ['users.find({ where: { tenantId } })', true],
  ])('%s is complete: %s', (call, complete) => {
    expect(read(`  return await ${call};`).sites).toMatchObject([{ library: 'typeorm', complete }]);
  });

  it('takes injected repositories, managers of transactions, repository classes and types', () => {
    const file = readScript(`${head}
@Injectable()
class UserService {
  constructor(@InjectRepository(User) private readonly users: Repository<User>, private readonly custom: UserRepository, private readonly data: DataSource) {}
  async a(id: number) { return this.users.findOneBy({ id }); }
  async b(id: number) { return this.custom.findOneBy({ id }); }
  async c(id: number) { await this.data.transaction(async (em) => { await em.delete(User, { id }); await em.getRepository(User).insert({ email: 'x' }); }); }
  async d(runner: QueryRunner) { await runner.query('SELECT 1'); await runner.manager.update(User, { id: 1 }, { name: 'x' }); }
  async e(user: User) { await this.users.save(user); await user.save(); return this.users.create({ name: 'x' }); }
}
class Posts extends Repository<Post> { recent() { return this.find({ take: 5, loadEagerRelations: false }); } }
`);
    expect(file.sites.map((site) => [site.library, site.access, site.model, (site.source?.text ?? '').replace(/SELECT "\\w+".*? FROM/, 'SELECT … FROM').replace(/^SELECT .* FROM/, 'SELECT … FROM').replace(/\(id.*|\("createdAt.*/, '…')])).toEqual([
      ['typeorm', 'read', 'User', 'SELECT … FROM users "User" WHERE "User".id = $1 LIMIT 1'],
      ['typeorm', 'read', 'User', 'SELECT … FROM users "User" WHERE "User".id = $1 LIMIT 1'],
      ['typeorm', 'write', 'User', 'DELETE FROM users WHERE id = $1'],
      ['typeorm', 'write', 'User', 'INSERT INTO users …'],
      ['typeorm', 'read', undefined, 'SELECT 1'],
      ['typeorm', 'write', 'User', "UPDATE users SET name = 'x' WHERE id = 1"],
      ['typeorm', 'write', 'User', ''],
      ['typeorm', 'read', 'Post', 'SELECT … FROM posts "Post" WHERE "Post"."deletedAt" IS NULL LIMIT 5'],
    ]);
  });

  it.each(innocent('typeorm', [
    "import { Model } from 'mongoose';\nasync function f(userModel: Model<User>) { return userModel.find({ where: 1 }); }",
    "import mongoose from 'mongoose';\nconst User = mongoose.model('User');\nawait User.find({ email: 'x' });\nawait User.findOne({ email: 'x' });",
    "const found = items.find((item) => item.id === 1);\nArray.from(xs).find(Boolean);",
    "import { EntityManager } from '@mikro-orm/core';\nclass A { constructor(private em: EntityManager) {} f() { return this.em.find(User, { id: 1 }); } }",
    "class OrderService { constructor(private readonly orderRepository: OrderRepository) {} f() { return this.orderRepository.findBy({ id: 1 }); } }",
    "import { DataSource } from 'typeorm';\nexport const ds = new DataSource({ type: 'mysql', host: 'x' });\nawait ds.query('SELECT * FROM users WHERE id = ?', [1]);",
    "import { User } from './user';\nawait User.find({ where: { id: 1 } });\nUser.create({ a: 1 });",
    "await cache.delete('x'); map.delete(id); registry.count(); set.clear(); store.save({ a: 1 });",
  ]))('leaves other code alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'typeorm')).toEqual([]);
  });
});

describe('TypeORM, entities', () => {
  it('declare the tables that TypeORM makes', async () => {
    const file = read('');
    const database = await createDatabase();
    const connection = await connect(database, typeorm);
    try {
      const tables = Object.fromEntries(file.models.flatMap((model) => model.changes.flatMap((change) => (change.type === 'create-table' ? [[change.table.name, change.columns.map((column) => [column.name, column.type === 'unknown' ? 'unknown' : column.type, column.notNull]).sort()] as const] : []))));
      const real = await database.query("select c.relname as name, json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)) as columns from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by c.relname");
      expect(Object.keys(tables).sort()).toEqual(real.map((row) => String(row['name'])).sort());
      for (const row of real) {
        const own = tables[String(row['name'])] ?? [];
        const wanted = (row['columns'] as [string, string, boolean][]).map(([name, type, notNull]) => [name, own.find((column) => column[0] === name)?.[1] === 'unknown' ? 'unknown' : type, notNull]).sort();
        expect([row['name'], own]).toEqual([row['name'], wanted]);
      }
      const indexes = await database.query("select t.relname as table, x.indisunique as unique, array_agg(a.attname::text order by k.n) as columns from pg_index x join pg_class t on t.oid = x.indrelid cross join unnest(x.indkey::int[]) with ordinality k(attnum, n) join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum where t.relnamespace = 'public'::regnamespace group by x.indexrelid, t.relname, x.indisunique");
      const catalog = buildCatalog({ source: 'models', label: 'models', steps: file.models.map((model) => ({ changes: model.changes })), assume: {} });
      const ours = [...catalog.tables.values()].flatMap((table) => table.indexes.map((index) => `${table.name} ${index.unique} ${index.keys.map((key) => key.column).join()}`)).sort();
      expect(ours).toEqual(indexes.map((row) => `${String(row['table'])} ${String(row['unique'])} ${(row['columns'] as string[]).join()}`).sort());
    } finally {
      await connection.close();
      await database.drop();
    }
  });

  it('follow a snake case strategy', () => {
    const file = readScript(`${entities}\nnew DataSource({ namingStrategy: new SnakeNamingStrategy() });\nimport { DataSource } from 'typeorm';\nconst posts = new DataSource({}).getRepository(Post);\nexport const f = () => posts.findBy({ authorId: 1 });`);
    expect(file.sites[0]?.source?.text).toMatch(/"Post"\.published_at AS "Post_published_at".* WHERE "Post"\.author_id = 1 AND "Post"\.deleted_at IS NULL$/);
  });
});

const edited = (code: string, edit: (site: QuerySite, text: string) => readonly Edit[] | undefined): string | undefined => {
  const text = `${head}async function f(${parameters}) {\n${code}\n}`;
  const [site] = readScript(text).sites;
  const edits = site && edit(site, text);
  return edits && applyEdits(text, edits)?.slice(text.indexOf('async function f')).split('\n').slice(1, -1).join('\n');
};

describe('TypeORM, edits', () => {
  it('add a predicate, an order and a limit', () => {
    const predicate = (code: string) => edited(code, (site, text) => typeormAdapter.addPredicate?.(site, { uri: 'u', text, table: 'users', column: 'tenant_id', value: 'tenantId' }));
    expect(predicate('await users.find({ where: { email } });')).toBe('await users.find({ where: { tenantId, email } });');
    expect(predicate('await users.find({ take });')).toBe('await users.find({ where: { tenantId }, take });');
    expect(predicate('await users.findOneBy({ id });')).toBe('await users.findOneBy({ tenantId, id });');
    expect(predicate('await users.createQueryBuilder("u").where("u.id = :id", { id }).getMany();')).toBe("await users.createQueryBuilder(\"u\").where(\"u.id = :id\", { id }).andWhere('u.tenantId = :tenantId', { tenantId }).getMany();");
    expect(predicate('await users.createQueryBuilder("u").where("u.id = :id OR u.age > 3", { id }).getMany();')).toBeUndefined();
    const order = (code: string) => edited(code, (site, text) => typeormAdapter.addOrder?.(site, { uri: 'u', text, keys: [{ column: 'id', descending: true }] }));
    expect(order('await users.find({ order: { createdAt: "DESC" }, take });')).toBe('await users.find({ order: { createdAt: "DESC", id: \'DESC\' }, take });');
    expect(order('await users.createQueryBuilder("u").orderBy("u.age").getMany();')).toBe("await users.createQueryBuilder(\"u\").orderBy(\"u.age\").addOrderBy('u.id', 'DESC').getMany();");
    const limit = (code: string) => edited(code, (site, text) => typeormAdapter.addLimit?.(site, { uri: 'u', text, count: 50 }));
    expect(limit('await users.find({ where: { email } });')).toBe('await users.find({ where: { email }, take: 50 });');
    expect(limit('await users.createQueryBuilder("u").getMany();')).toBe('await users.createQueryBuilder("u").limit(50).getMany();');
  });

  it('load a relation once, whatever its name', () => {
    const load = (code: string) => edited(code, (site, text) => typeormAdapter.loadRelation?.(site, { uri: 'u', text, path: [{ property: '$owner', many: false }] })?.edits);
    expect(load('await users.createQueryBuilder("u").getMany();')).toBe("await users.createQueryBuilder(\"u\").leftJoinAndSelect('u.$owner', '$owner').getMany();");
    expect(load('await users.createQueryBuilder("u").where("u.age > 3", { by: "$owner" }).getMany();')).toBeUndefined();
  });

  it('turn an offset of a builder into a keyset', () => {
    const keyset = (code: string) => edited(code, (site, text) => typeormAdapter.toKeyset?.(site, { uri: 'u', text, cursor: 'after', keys: [{ column: '"createdAt"', descending: true, nullable: false, added: false }, { column: 'id', descending: true, nullable: false, added: true }] }));
    expect(keyset('await users.createQueryBuilder("u").where("u.age > 3").orderBy("u.createdAt", "DESC").skip(skip).take(take).getMany();')).toBe("await users.createQueryBuilder(\"u\").where(\"u.age > 3\").andWhere(after ? '(u.createdAt, u.id) < (:createdAtAfter, :idAfter)' : 'TRUE', { createdAtAfter: after?.createdAt, idAfter: after?.id }).orderBy(\"u.createdAt\", \"DESC\").addOrderBy('u.id', 'DESC').take(take).getMany();");
    expect(keyset('await users.findAndCount({ order: { createdAt: "DESC" }, skip, take });')).toBeUndefined();
    expect(keyset('await users.createQueryBuilder("u").orderBy("u.createdAt", "DESC").skip(skip).take(take).getManyAndCount();')).toBeUndefined();
  });
});

describe('TypeORM, findings', () => {
  const lint = async (rule: Rule, body: string) => {
    const code = `${head}export async function f(${parameters}) {\n${body}\n}\n`;
    const { findings } = await lintCase([rule], { language: 'typescript', code, models: true, settings: { assume: { posts: 3_000_000, users: 900_000 } } });
    return findings.map((finding) => code.slice(finding.span.start, finding.span.end));
  };
  it('underlines the offset where it is written', async () => {
    expect(await lint(offsetPagination, '  return posts.find({ order: { id: "ASC" }, loadEagerRelations: false, take: 20, skip: skip * 20 });')).toEqual(['skip: skip * 20']);
    expect(await lint(offsetPagination, '  return posts.createQueryBuilder("p").orderBy("p.id").limit(20).offset(skip).getMany();')).toEqual(['.offset(skip)']);
  });
  it('finds a query per element', async () => {
    expect(await lint(nPlusOne, '  for (const one of ids) { const user = await users.findOneBy({ id: one }); console.log(user); }')).toEqual(['users.findOneBy']);
  });
  it('knows the indexes that the entities declare', async () => {
    expect(await lint(unindexedPredicate, '  return posts.find({ where: { title: q }, loadEagerRelations: false });')).toEqual(['title: q']);
    expect(await lint(unindexedPredicate, '  return posts.find({ where: { status }, loadEagerRelations: false });')).toEqual([]);
    expect(await lint(unindexedPredicate, '  return users.find({ where: { email } });')).toEqual([]);
  });
});
