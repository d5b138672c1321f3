import * as mikro from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import type { QuerySite } from '../../../server/src/core/hosts/ir';
import { mikroOrmAdapter } from '../../../server/src/core/libraries/mikroOrm/mikroOrm';
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
import { defineEntity, EntitySchema, p } from '@mikro-orm/core';
export const User = defineEntity({ name: 'User', tableName: 'users', indexes: [{ properties: ['tenantId', 'email'] }], properties: {
  id: p.integer().primary(), tenantId: p.integer(), email: p.string().unique(), name: p.string().nullable(), age: p.integer().default(0), password: p.text().lazy().nullable(),
  joinedAt: p.datetime().fieldName('joined').nullable(), posts: () => p.oneToMany(Post).mappedBy('author'), profile: () => p.oneToOne(Profile).mappedBy('user'),
} });
export const Profile = defineEntity({ name: 'UserProfile', properties: { id: p.integer().primary(), bio: p.string(), user: () => p.oneToOne(User).inversedBy('profile') } });
export const Post = defineEntity({ name: 'Post', tableName: 'posts', uniques: [{ properties: ['slug', 'author'] }], properties: {
  id: p.integer().primary(), title: p.string(), slug: p.string(), status: p.string().nullable().index(), labels: p.array().nullable(), meta: p.json().nullable(), publishedAt: p.datetime().nullable(),
  author: () => p.manyToOne(User), category: () => p.manyToOne(Category).nullable().eager(), tags: () => p.manyToMany(Tag).inversedBy('posts'),
} });
export const Category = defineEntity({ name: 'Category', properties: { id: p.integer().primary(), label: p.string() } });
export const Tag = defineEntity({ name: 'Tag', properties: { id: p.integer().primary(), name: p.string(), posts: () => p.manyToMany(Post).mappedBy('tags') } });
export const Event = new EntitySchema<any>({ name: 'AuditEvent', tableName: 'audit_events', properties: { id: { type: 'number', primary: true }, kind: { type: 'string', index: true }, actorId: { type: 'number', fieldName: 'actor' } } });
`;
/** The same entities as classes with decorators. */
const decorated = `
import { Collection, Ref } from '@mikro-orm/core';
import { Embeddable, Embedded, Entity, Enum, Filter, Index, ManyToMany, ManyToOne, OneToMany, OneToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
abstract class Base { @PrimaryKey() id!: number; }
@Entity({ tableName: 'users' })
@Index({ properties: ['tenantId', 'email'] })
export class User extends Base {
  @Property() tenantId!: number;
  @Property({ unique: true }) email!: string;
  @Property({ nullable: true }) name?: string;
  @Property({ default: 0 }) age: number = 0;
  @Property({ type: 'text', lazy: true, nullable: true }) password?: string;
  @Property({ fieldName: 'joined', nullable: true }) joinedAt?: Date;
  @OneToMany(() => Post, (post) => post.author) posts = new Collection<Post>(this);
  @OneToOne(() => UserProfile, (profile) => profile.user) profile!: Ref<UserProfile>;
  @Property({ persist: false }) score?: number;
}
@Entity()
export class UserProfile extends Base {
  @Property() bio!: string;
  @OneToOne({ entity: () => User, inversedBy: 'profile' }) user!: Ref<User>;
}
@Entity({ tableName: 'posts' })
@Unique({ properties: ['slug', 'author'] })
export class Post extends Base {
  @Property() title!: string;
  @Property() slug!: string;
  @Index() @Property({ nullable: true }) status?: string;
  @Property({ nullable: true }) labels?: string[];
  @Property({ type: 'json', nullable: true }) meta?: object;
  @Property({ nullable: true }) publishedAt?: Date;
  @ManyToOne() author!: Ref<User>;
  @ManyToOne(() => Category, { nullable: true, eager: true }) category?: Category;
  @ManyToMany(() => Tag, 'posts', { owner: true }) tags = new Collection<Tag>(this);
}
@Entity() export class Category extends Base { @Property() label!: string; }
@Entity() export class Tag extends Base { @Property() name!: string; @ManyToMany(() => Post, (post) => post.tags) posts = new Collection<Post>(this); }
`;
const values = { id: 7, ids: [1, 2], email: 'a@b.c', q: 'abc', skip: 40, take: 20, tenantId: 3, status: 'open' };
const parameters = 'id: number, ids: number[], email: string, q: string, skip: number, take: number, tenantId: number, status: string';
const connected = `
import { MikroORM } from '@mikro-orm/postgresql';
const orm = await MikroORM.init({});
const em = orm.em.fork();
const users = em.getRepository(User);
const posts = em.getRepository(Post);
`;
const head = entities + connected;
const read = (body: string, start = head) => readScript(`${start}async function f(${parameters}) {\n${body}\n}`);

const chains: readonly string[] = [
  'em.find(User, {})',
  'em.find(User, { tenantId, age: { $gt: 18 } }, { orderBy: { joinedAt: "DESC", id: "ASC" }, limit: take, offset: skip })',
  'em.findOne(User, { id })',
  'em.findOne(User, id)',
  'em.find(User, ids)',
  'em.findOneOrFail(User, { email: { $ilike: q } }).catch(() => null)',
  'em.find(User, { $or: [{ email }, { name: { $like: "abc%" }, tenantId }] })',
  'em.find(User, { id: { $in: ids }, name: { $ne: "x" }, age: { $gte: 1, $lte: 9 } })',
  'em.find(User, { id: [1, 2, 3] })',
  'em.find(User, { name: null, email: { $ne: null } })',
  'em.find(User, { age: { $nin: [1, 2] } })',
  'em.find(User, { $not: { email: "x", name: "y" } })',
  'em.find(User, { $and: [{ age: { $lt: 5 } }, { email }] })',
  'em.find(User, { posts: { status } })',
  'em.find(User, { posts: { $some: { status } } })',
  'em.find(User, { posts: { $none: { status } } })',
  'em.find(User, { profile: { bio: q } })',
  'em.find(User, { tenantId }, { populate: ["posts"] })',
  'em.find(User, { tenantId }, { populate: ["profile"] })',
  'em.find(User, {}, { fields: ["id", "email"] })',
  'em.find(Post, {})',
  'em.find(Post, { author: id })',
  'em.find(Post, { author: { id } })',
  'em.find(Post, { author: { tenantId } }, { orderBy: { publishedAt: "desc nulls last" } })',
  'em.find(Post, { author: { tenantId } }, { orderBy: { author: { email: "asc" } }, limit: 5 })',
  'em.find(Post, { tags: { name: q } })',
  'em.find(Post, { tags: { name: q } }, { limit: 10, offset: 20, orderBy: { id: "asc" } })',
  'em.find(Post, { status }, { populate: ["author"] })',
  'em.find(Post, { status }, { populate: ["author"], strategy: "select-in" })',
  'em.find(Post, { labels: { $contains: ["a"] } })',
  'em.find(Post, { title: /abc/i })',
  'em.count(Post, { status })',
  'em.count(Post, { author: { email } })',
  'em.count(Post)',
  'em.find(User, { posts: { id } }, { limit: 5 })',
  'em.findAll(User, { where: { tenantId }, limit: 3 })',
  'em.findByCursor(User, { where: { tenantId }, first: 10, orderBy: { id: "desc" } })',
  'em.find(Event, { actorId: id })',
  'em.nativeUpdate(User, { email }, { name: q, age: 3 })',
  'em.nativeUpdate(User, id, { name: q })',
  'em.nativeUpdate(Post, { id: { $in: ids } }, { status, author: 3 })',
  'em.nativeDelete(User, { email })',
  'em.nativeDelete(User, id)',
  'em.nativeDelete(Post, { author: { tenantId } })',
  'em.insert(User, { tenantId, email })',
  'em.insertMany(User, [{ tenantId, email: "a" }, { tenantId, email: "b", name: q }])',
  'em.upsert(User, { tenantId, email: "a", name: q })',
  'em.upsert(User, { tenantId, email: "a", name: q }, { onConflictFields: ["email"], onConflictAction: "merge", onConflictMergeFields: ["name"] })',
  'em.upsertMany(User, [{ tenantId, email: "a", name: q }, { tenantId, email: "b", name: q }])',
  'em.execute("select id from users where email = ?", [email])',
  'em.getConnection().execute("select id from users where email = ?", [email])',
  'users.findOne({ email })',
  'users.find({ tenantId }, { limit: 5 })',
  'users.findAll({ where: { tenantId } })',
  'em.createQueryBuilder(User, "u").where({ tenantId }).getResult()',
  'em.createQueryBuilder(User, "u").select(["u.id", "u.email"]).where({ tenantId }).orderBy({ joinedAt: "desc" }).limit(10).offset(20).getResult()',
  'em.createQueryBuilder(User, "u").select("*").where({ tenantId }).andWhere({ age: { $gt: 4 } }).orWhere({ email }).execute()',
  'em.createQueryBuilder(Post, "p").select("p.*").leftJoin("p.author", "a").where({ "a.email": email }).getResultList()',
  'em.createQueryBuilder(Post, "p").leftJoinAndSelect("p.author", "a").where({ "p.status": status }).getResult()',
  'em.createQueryBuilder(User, "u").count().where({ tenantId }).execute("get")',
  'em.createQueryBuilder(User, "u").where({ tenantId }).getCount()',
  'em.createQueryBuilder(User, "u").where("u.email = ?", [email]).getSingleResult()',
  'em.createQueryBuilder(User).update({ name: q }).where({ id }).execute()',
  'em.createQueryBuilder(User).delete({ id }).execute()',
  'em.qb(User, "u").select("u.tenantId").groupBy("u.tenantId").having({ "u.tenantId": 3 }).execute()',
  'posts.createQueryBuilder("p").where("p.published_at is null").limit(5).getResultList()',
  'em.findAndCount(Post, { status }, { limit: take, offset: skip })',
];

interface Recorded {
  readonly names: Readonly<Record<string, unknown>>;
  readonly em: { clear(): void };
  readonly log: string[];
  close(): Promise<void>;
}

async function connect(database: TestDatabase): Promise<Recorded> {
  const exported = runModule(entities, { '@mikro-orm/core': mikro });
  const log: string[] = [];
  const orm = await mikro.MikroORM.init({ clientUrl: database.url, entities: Object.values(exported) as never[], debug: ['query'], logger: (message: string) => log.push(message), colors: false, allowGlobalContext: true });
  await orm.schema.create();
  const { em } = orm;
  return { log, em, names: { ...exported, ...values, em, users: em.getRepository(exported['User'] as never), posts: em.getRepository(exported['Post'] as never) }, close: () => orm.close() };
}

/** Tables instead of aliases, which MikroORM numbers as it goes; the columns that come back and the order of joins are not compared. */
function shape(text: Parameters<typeof queryShape>[1]): unknown {
  const { blocks, ...rest } = queryShape(sql, text) as { readonly blocks: readonly Record<string, unknown>[] };
  const names = new Map(blocks.flatMap((block) => (block['relations'] as (string | undefined)[][]).map((relation) => [relation[3] ?? relation[2] ?? '', relation[2] ?? ''] as const)));
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll(/\b(\w+)\./g, (whole, alias: string) => (names.get(alias) ? `${names.get(alias) ?? ''}.` : whole)));
  return plain({ ...rest, blocks: blocks.map(({ returning: _, outputs: __, ...block }) => ({ ...block, relations: (block['relations'] as unknown[][]).map((relation) => JSON.stringify([relation[2], relation[4]])).sort() })) });
}

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

describe('MikroORM, the same call sent by MikroORM itself', () => {
  it.each(compared('mikro-orm', chains))('%s', async (chain) => {
    const file = read(`  return await ${chain};`);
    expect(file.sites.map((site) => site.library)).toEqual(['mikro-orm']);
    const [site] = file.sites;
    expect(site).toMatchObject({ executes: 'yes', complete: true, conditional: [] });
    current.log.length = 0;
    current.em.clear();
    await (evaluate(chain, current.names) as Promise<unknown>);
    const sent = current.log.flatMap((line) => (/(begin|commit)\b/.test(line) ? [] : line.replace(/^\[query\] /, '').replace(/ \[took .*$/s, '')));
    // Pages are counted by a statement of their own.
    const first = /findAndCount|Cursor/.test(chain) ? sent.find((text) => !text.includes('count(*)')) : sent[0];
    const numbered = (text: string): string => text.replaceAll('?', () => '$1');
    expect(shape(site?.source ?? ''), `${site?.source?.text}\n${first}`).toEqual(shape(numbered(first ?? '')));
  });
});

function under(file: ReturnType<typeof read>, piece: string, index = 0): string {
  const site = file.sites[index];
  const start = site?.source?.text.indexOf(piece) ?? -1;
  return site && start >= 0 ? file.at(toHostSpan(site.map, sqlSpan(start, start + piece.length))) : `(no ${piece} in ${site?.source?.text})`;
}

describe('MikroORM, places', () => {
  it('marks the property, the option and the call', () => {
    const file = read('await em.find(Post, { author: { tenantId }, title: q }, { orderBy: { publishedAt: "DESC" }, limit: 20, offset: skip });');
    expect(under(file, 'a1.tenant_id')).toBe('tenantId');
    expect(under(file, 'p0.title = ')).toBe('title: q');
    expect(under(file, 'p0.published_at DESC')).toBe('publishedAt: "DESC"');
    expect(under(file, 'OFFSET')).toBe('offset: skip');
    expect(under(file, 'posts')).toBe('em.find');
    expect(file.at(file.sites[0]?.anchor)).toBe('em.find');
    const builder = read('await em.createQueryBuilder(User, "u").where({ tenantId }).andWhere("u.joinedAt > ?", [id]).offset(skip).getResult();');
    expect(under(builder, 'OFFSET')).toBe('.offset(skip)');
    expect(under(builder, 'u.joined >')).toBe('u.joinedAt >');
  });

  it('follows a filter that is built before the call', () => {
    const [site] = read('const where: any = { tenantId };\nif (q) where.email = q;\nreturn em.find(User, where, { limit: 5 });').sites;
    expect(site?.complete).toBe(true);
    expect(site?.source?.text).toMatch(/WHERE u0\.tenant_id = \$\d AND u0\.email = \$\d LIMIT 5$/);
    expect(site?.conditional.map((part) => part.condition)).toEqual(['q']);
  });

  it('knows managers, repositories and rows by type and by where they come from', () => {
    const file = readScript(`${decorated}
import { EntityManager, EntityRepository, MikroORM } from '@mikro-orm/postgresql';
export class UserRepository extends EntityRepository<User> {
  byMail(email: string) { return this.findOne({ email }, { strategy: 'select-in' }); }
  drop(id: number) { return this.em.nativeDelete(User, { id }); }
}
class Service {
  constructor(private readonly em: EntityManager, @InjectRepository(Tag) private readonly tags: EntityRepository<Tag>, private readonly people: UserRepository, private readonly orm: MikroORM) {}
  a(name: string) { return this.tags.find({ name }); }
  b(id: number) { return this.people.count({ id }); }
  c(id: number) { return this.em.transactional(async (tx) => { await tx.nativeUpdate(Tag, { id }, { name: 'x' }); }); }
  d() { return this.orm.em.fork().count(Tag); }
  async e(user: User) { this.em.persist(user); await this.em.flush(); await user.posts.loadItems(); await user.profile.load(); return user.posts.loadCount(); }
}
`);
    expect(file.sites.map((site) => [site.access, site.model, (site.source?.text ?? '').replace(/SELECT (?!count).* FROM/, 'SELECT … FROM')])).toEqual([
      ['read', 'User', 'SELECT … FROM users u0 WHERE u0.email = $1 LIMIT 1'],
      ['write', 'User', 'DELETE FROM users WHERE id = $1'],
      ['read', 'Tag', 'SELECT … FROM tag t0 WHERE t0.name = $1'],
      ['read', 'User', 'SELECT count(*) FROM users u0 WHERE u0.id = $1'],
      ['write', 'Tag', "UPDATE tag SET name = 'x' WHERE id = $1"],
      ['read', 'Tag', 'SELECT count(*) FROM tag t0'],
      ['read', 'Post', 'SELECT … FROM posts e0 WHERE e0.author_id = $1'],
      ['read', 'UserProfile', 'SELECT … FROM user_profile e0 WHERE e0.user_id = $1'],
      ['read', 'Post', 'SELECT count(*) FROM posts e0 WHERE e0.author_id = $1'],
    ]);
  });

  it('says what is loaded with the rows', () => {
    const [site] = read('return em.find(User, { tenantId }, { populate: ["posts", "posts.tags"] });').sites;
    expect(site?.loads?.map((load) => [load.path, load.many])).toEqual([['posts', true], ['posts.tags', undefined]]);
    expect(read('return em.find(User, { tenantId }, { populate: ["*"] });').sites[0]?.complete).toBe(false);
    expect(read('return em.findByCursor(User, { where: { tenantId }, first: 10, after: q, orderBy: { id: "desc" } });').sites[0]?.complete).toBe(false);
  });

  it.each(innocent('mikro-orm', [
    "import { EntityManager } from 'typeorm';\nclass A { constructor(private em: EntityManager) {} f() { return this.em.find(User, { where: { id: 1 } }); } }",
    "const em = new EventEmitter();\nem.find(1); em.count();",
    `${head}\nconst user = em.create(User, { email: 'x' }); em.persist(user); await em.flush(); em.assign(user, {}); em.getReference(User, 1); em.remove(user); em.clear();`,
    `${head}\nconst found = [1, 2].find((one) => one === 1); new Map().count;`,
    "import { MikroORM } from '@mikro-orm/mysql';\nconst orm = await MikroORM.init({});\nawait orm.em.find(User, {});",
    "class S { constructor(private readonly repo: OrderRepository) {} f() { return this.repo.find({ id: 1 }); } }",
    "import { Model } from 'mongoose';\nasync function f(repo: Model<User>) { return repo.find({ a: 1 }); }",
    `${head}\nasync function f(cache: Cache) { await cache.load('x'); await cache.items.init(); await app.init(); }`,
  ]))('leaves other code alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'mikro-orm')).toEqual([]);
  });
});

describe('MikroORM, entities', () => {
  const tablesOf = (text: string) => Object.fromEntries(readScript(text).models.flatMap((model) => model.changes.flatMap((change) => (change.type === 'create-table' ? [[change.table.name, change.columns.map((column) => [column.name, column.type, column.notNull]).sort()] as const] : []))));
  const indexesOf = (text: string) => [...buildCatalog({ source: 'models', label: 'models', steps: readScript(text).models.map((model) => ({ changes: model.changes })), assume: {} }).tables.values()].flatMap((table) => table.indexes.map((index) => `${table.name} ${index.unique} ${index.keys.map((key) => key.column).join()}`)).sort();

  it('declare the tables that MikroORM makes', async () => {
    const tables = tablesOf(entities);
    const real = await database.query("select c.relname as name, json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)) as columns from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by c.relname");
    expect(Object.keys(tables).sort()).toEqual(real.map((row) => String(row['name'])).sort());
    for (const row of real) expect([row['name'], tables[String(row['name'])]]).toEqual([row['name'], (row['columns'] as unknown[]).sort()]);
    const indexes = await database.query("select t.relname as table, x.indisunique as unique, array_agg(a.attname::text order by k.n) as columns from pg_index x join pg_class t on t.oid = x.indrelid cross join unnest(x.indkey::int[]) with ordinality k(attnum, n) join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum where t.relnamespace = 'public'::regnamespace group by x.indexrelid, t.relname, x.indisunique");
    expect(indexesOf(entities)).toEqual(indexes.map((row) => `${String(row['table'])} ${String(row['unique'])} ${(row['columns'] as string[]).join()}`).sort());
  });

  it('are read alike from decorators', () => {
    expect({ ...tablesOf(decorated), audit_events: tablesOf(entities)['audit_events'] }).toEqual(tablesOf(entities));
    expect(indexesOf(decorated)).toEqual(indexesOf(entities).filter((line) => !line.startsWith('audit_events')));
    const chain = 'return em.find(Post, { author: { tenantId }, tags: { name: q } }, { populate: ["author"] });';
    expect(read(chain, decorated + connected).sites[0]?.source?.text).toBe(read(chain).sites[0]?.source?.text);
  });

  it('embed, inherit, filter', () => {
    const code = `
import { Embeddable, Embedded, Entity, Filter, PrimaryKey, Property } from '@mikro-orm/core';
@Embeddable() class Address { @Property() zipCode!: string; @Property({ fieldName: 'town' }) city!: string; }
@Entity() @Filter({ name: 'kept', cond: { deletedAt: null }, default: true }) export class Shop {
  @PrimaryKey({ type: 'uuid' }) id!: string;
  @Embedded(() => Address) address!: Address;
  @Embedded({ entity: () => Address, prefix: 'b_' }) billing!: Address;
  @Embedded({ entity: () => Address, object: true }) raw!: Address;
  @Property({ nullable: true }) deletedAt?: Date;
}
`;
    expect(tablesOf(code)['shop']?.map((column) => column[0])).toEqual(['address_town', 'address_zip_code', 'b_town', 'b_zip_code', 'deleted_at', 'id', 'raw']);
    const text = (body: string) => read(body, code + connected).sites[0]?.source?.text.replace(/SELECT .* FROM/, 'SELECT … FROM');
    expect(text('return em.find(Shop, { address: { city: q } });')).toBe('SELECT … FROM shop s0 WHERE s0.address_town = $1 AND s0.deleted_at IS NULL');
    expect(text('return em.find(Shop, { id: q }, { filters: false });')).toBe('SELECT … FROM shop s0 WHERE s0.id = $1');
  });

  it('are not guessed where names follow another strategy', () => {
    const file = readScript(`${entities}${connected}const options = { namingStrategy: EntityCaseNamingStrategy };\nawait em.find(User, { tenantId: 1 });`);
    expect(file.models.flatMap((model) => model.changes)).toEqual([]);
    expect(file.sites.map((site) => site.source)).toEqual([undefined]);
  });
});

const edited = (code: string, edit: (site: QuerySite, text: string) => readonly Edit[] | undefined): string | undefined => {
  const text = `${head}async function f(${parameters}) {\n${code}\n}`;
  const [site] = readScript(text).sites;
  const edits = site && edit(site, text);
  return edits && applyEdits(text, edits)?.slice(text.indexOf('async function f')).split('\n').slice(1, -1).join('\n');
};

describe('MikroORM, edits', () => {
  it('add a predicate, an order and a limit', () => {
    const predicate = (code: string) => edited(code, (site, text) => mikroOrmAdapter.addPredicate?.(site, { uri: 'u', text, table: 'users', column: 'tenant_id', value: 'tenantId' }));
    expect(predicate('await em.find(User, { email });')).toBe('await em.find(User, { tenantId, email });');
    expect(predicate('await users.findOne({ email });')).toBe('await users.findOne({ tenantId, email });');
    expect(predicate('await em.findAll(User, { where: { email }, limit: 3 });')).toBe('await em.findAll(User, { where: { tenantId, email }, limit: 3 });');
    expect(predicate('await em.findOne(User, id);')).toBeUndefined();
    const order = (code: string) => edited(code, (site, text) => mikroOrmAdapter.addOrder?.(site, { uri: 'u', text, keys: [{ column: 'id', descending: true }] }));
    expect(order('await em.find(User, {}, { orderBy: { joinedAt: "DESC" }, limit: take });')).toBe('await em.find(User, {}, { orderBy: { joinedAt: "DESC", id: \'DESC\' }, limit: take });');
    expect(order('await em.find(User, { email });')).toBe("await em.find(User, { email }, { orderBy: { id: 'DESC' } });");
    const limit = (code: string) => edited(code, (site, text) => mikroOrmAdapter.addLimit?.(site, { uri: 'u', text, count: 50 }));
    expect(limit('await em.find(User, { email });')).toBe('await em.find(User, { email }, { limit: 50 });');
    expect(limit('await users.findAll({ where: { email } });')).toBe('await users.findAll({ where: { email }, limit: 50 });');
    expect(limit('await em.createQueryBuilder(User, "u").getResult();')).toBeUndefined();
  });
});

describe('MikroORM, findings', () => {
  const lint = async (rule: Rule, body: string) => {
    const code = `${head}export async function f(${parameters}) {\n${body}\n}\n`;
    const { findings } = await lintCase([rule], { language: 'typescript', code, models: true, settings: { assume: { posts: 3_000_000, users: 900_000 } } });
    return findings.map((finding) => code.slice(finding.span.start, finding.span.end));
  };
  it('underlines the offset where it is written', async () => {
    expect(await lint(offsetPagination, '  return em.find(User, { tenantId }, { orderBy: { id: "ASC" }, limit: 20, offset: skip * 20 });')).toEqual(['offset: skip * 20']);
    expect(await lint(offsetPagination, '  return em.createQueryBuilder(Post, "p").orderBy({ id: "ASC" }).limit(20).offset(skip).getResult();')).toEqual(['.offset(skip)']);
  });
  it('finds a query per element', async () => {
    expect(await lint(nPlusOne, '  for (const one of ids) { const user = await em.findOne(User, { id: one }); console.log(user); }')).toEqual(['em.findOne']);
    expect(await lint(nPlusOne, '  const found = await em.find(User, { tenantId });\n  for (const user of found) { await user.posts.loadItems(); }')).toEqual(['user.posts.loadItems']);
    expect(await lint(nPlusOne, '  for (const one of ids) { em.persist(em.create(User, { id: one })); }\n  await em.flush();')).toEqual([]);
  });
  it('knows the indexes that the entities declare', async () => {
    expect(await lint(unindexedPredicate, '  return em.find(Post, { title: q });')).toEqual(['title: q']);
    expect(await lint(unindexedPredicate, '  return em.find(Post, { status });')).toEqual([]);
    expect(await lint(unindexedPredicate, '  return em.find(User, { email });')).toEqual([]);
  });
});
