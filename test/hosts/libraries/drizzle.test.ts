import * as drizzle0 from 'drizzle-orm';
import * as core0 from 'drizzle-orm/pg-core';
import { drizzle as proxy0 } from 'drizzle-orm/pg-proxy';
import * as drizzle1 from 'drizzle-orm-1';
import * as core1 from 'drizzle-orm-1/pg-core';
import { drizzle as proxy1 } from 'drizzle-orm-1/pg-proxy';
import { describe, expect, it } from 'vitest';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { readScript } from '../../support/readScript';

const sql = await createSqlAnalyser();

const tables = `
export const users = pgTable('users', { id: serial('id').primaryKey(), name: text('name').notNull(), teamId: integer('team_id'), email: text('email'), tags: text('tags').array(), createdAt: timestamp('created_at') });
export const posts = pgTable('posts', { id: serial('id').primaryKey(), userId: integer('user_id').notNull(), title: text('title'), views: integer('views') });
export const comments = pgTable('comments', { id: serial('id').primaryKey(), postId: integer('post_id').notNull(), body: text('body') });
`;
const oldRelations = `
export const usersRelations = relations(users, ({ many }) => ({ posts: many(posts) }));
export const postsRelations = relations(posts, ({ one, many }) => ({ user: one(users, { fields: [posts.userId], references: [users.id] }), comments: many(comments) }));
export const commentsRelations = relations(comments, ({ one }) => ({ post: one(posts, { fields: [comments.postId], references: [posts.id] }) }));
`;
const newRelations = `
export const all = defineRelations({ users, posts, comments }, (r) => ({
  users: { posts: r.many.posts({ from: r.users.id, to: r.posts.userId }) },
  posts: { user: r.one.users({ from: r.posts.userId, to: r.users.id }), comments: r.many.comments() },
  comments: { post: r.one.posts({ from: r.comments.postId, to: r.posts.id }) },
}));
`;
const columns = 'pgTable, serial, text, integer, timestamp, alias';
const operators = 'sql, eq, ne, gt, gte, lt, lte, and, or, not, isNull, isNotNull, inArray, notInArray, exists, notExists, between, notBetween, like, ilike, notIlike, arrayContains, arrayOverlaps, asc, desc, count, countDistinct, sum, max, getTableColumns';
const head = (relations: string): string => `import { ${operators}, relations, defineRelations } from 'drizzle-orm';
import { ${columns} } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/node-postgres';
${tables}${relations}
const db = drizzle(pool);
`;
const values = { id: 7, ids: [1, 2], q: 'abc', skip: 40, take: 20, teamId: 3, row: { name: 'a' }, cond: true };

const shared = `const u = alias(users, 'u');
const counts = db.select({ userId: posts.userId, n: count().as('n') }).from(posts).groupBy(posts.userId).as('counts');
const recent = db.$with('recent').as(db.select().from(users).where(eq(users.teamId, teamId)));
const lowered = sql\`lower(\${users.name})\`;
`;

interface Built {
  toSQL(): { readonly sql: string };
}
type Library = readonly [core: object, library: object, make: (tables: object) => unknown];
const majors: Readonly<Record<'0.45' | '1.0', Library>> = {
  '0.45': [core0, drizzle0, (schema) => proxy0(async () => ({ rows: [] }), { schema: schema as Record<string, unknown> })],
  '1.0': [core1, drizzle1, (schema) => proxy1(async () => ({ rows: [] }), { relations: (schema as { all: never }).all })],
};

/** What Drizzle itself sends for the same expression. */
function sent(major: keyof typeof majors, expression: string, prelude = shared): string {
  const [core, library, make] = majors[major];
  const names = { ...core, ...library, ...values } as Record<string, unknown>;
  const plain = (text: string): string => text.replaceAll('export const', 'const');
  const build = new Function('make', ...Object.keys(names), `${plain(tables)}${plain(major === '0.45' ? oldRelations : newRelations)}
    const db = make(${major === '0.45' ? '{ users, posts, comments, usersRelations, postsRelations, commentsRelations }' : '{ all }'});
    ${prelude}
    return (${expression.replace('<number>', '')});`) as (...args: unknown[]) => Built;
  return build(make, ...Object.values(names)).toSQL().sql;
}

/** Drizzle lists every column in an INSERT, with DEFAULT for those that are not given. */
function withoutDefaults(text: string): string {
  return text.replace(/^(.*insert into "\w+") \(([^)]*)\) values (.*?)( on conflict| returning|$)/, (_, start: string, names: string, rows: string, rest: string) => {
    const lists = [...rows.matchAll(/\(((?:[^()]|\([^()]*\))*)\)/g)].map((match) => (match[1] ?? '').split(/, (?![^()]*\))/));
    const kept = names.split(', ').map((_name, index) => lists.some((list) => list[index] !== 'default'));
    const pick = (list: readonly string[]): string => list.filter((_item, index) => kept[index]).join(', ');
    return `${start} (${pick(names.split(', '))}) values ${lists.map((list) => `(${pick(list)})`).join(', ')}${rest}`;
  });
}

const read = (body: string, relations = oldRelations) => readScript(`${head(relations)}async function f(id: number, ids: number[], q: string, skip: number, take: number, teamId: number, row: Row, cond: boolean) {\n${shared}${body}\n}`);

const chains: readonly string[] = [
  'db.select().from(users)',
  'db.select({ id: users.id, name: users.name }).from(users).where(eq(users.teamId, teamId))',
  'db.select().from(users).where(and(eq(users.teamId, teamId), gt(users.id, id), lte(users.id, 5))).orderBy(desc(users.createdAt), users.id).limit(take).offset(skip)',
  "db.select().from(users).where(or(eq(users.name, 'a'), and(isNull(users.email), isNotNull(users.teamId))))",
  'db.select().from(users).where(inArray(users.id, ids))',
  'db.select().from(users).where(notInArray(users.id, [1, 2, 3]))',
  'db.select().from(users).where(inArray(users.id, db.select({ id: posts.userId }).from(posts).where(gt(posts.views, 3))))',
  'db.select().from(users).where(exists(db.select().from(posts).where(eq(posts.userId, users.id))))',
  'db.select().from(users).where(notExists(db.select({ one: sql`1` }).from(posts).where(eq(posts.userId, users.id))))',
  'db.select().from(users).where(between(users.id, 1, id))',
  'db.select().from(users).where(not(eq(users.id, id)))',
  'db.select().from(users).where(ilike(users.name, `%${q}%`))',
  "db.select().from(users).where(and(like(users.name, 'a%'), notIlike(users.email, q)))",
  'db.select().from(users).where(and(ne(users.id, id), undefined, lt(users.id, 9), gte(users.id, 1)))',
  'db.select().from(users).where(sql`lower(${users.name}) = ${q}`)',
  'db.select().from(users).where(eq(lowered, q))',
  'db.select({ id: users.id, title: posts.title }).from(users).innerJoin(posts, eq(posts.userId, users.id)).where(eq(users.teamId, teamId))',
  'db.select({ id: users.id, user: users }).from(users).leftJoin(posts, and(eq(posts.userId, users.id), gt(posts.views, 5))).orderBy(asc(posts.views))',
  'db.select().from(posts).rightJoin(users, eq(posts.userId, users.id)).fullJoin(comments, eq(comments.postId, posts.id))',
  'db.select().from(u).where(eq(u.teamId, teamId)).limit(1)',
  'db.select({ a: users.name, b: u.name }).from(users).innerJoin(u, eq(u.teamId, users.teamId))',
  'db.select({ n: count() }).from(users).where(eq(users.teamId, teamId))',
  'db.select({ teamId: users.teamId, n: count(users.id), d: countDistinct(users.name), m: max(users.createdAt) }).from(users).groupBy(users.teamId).having(gt(count(users.id), 3)).orderBy(desc(count(users.id)))',
  'db.select({ s: sum(posts.views), t: sql<number>`count(*)::int` }).from(posts)',
  'db.selectDistinct({ teamId: users.teamId }).from(users)',
  'db.selectDistinctOn([users.teamId], { teamId: users.teamId, id: users.id }).from(users).orderBy(users.teamId, desc(users.id))',
  "db.select().from(users).where(eq(users.id, id)).for('update', { skipLocked: true })",
  'db.with(recent).select().from(recent)',
  'db.with(recent).select({ n: recent.name }).from(recent).where(gt(recent.id, id)).limit(5)',
  'db.select({ id: users.id, c: db.$count(posts, eq(posts.userId, users.id)) }).from(users)',
  'db.select({ ...getTableColumns(users), extra: sql`now()`.as(\'extra\') }).from(users)',
  'db.select().from(users).where(eq(users.id, id)).$dynamic().limit(10)',
  'db.select({ id: users.id }).from(users).where(sql`${users.id} IN ${ids}`)',
  'db.select().from(users).where(arrayContains(users.tags, [q]))',
  'db.select().from(users).where(sql`${users.tags} && ${q}`).orderBy(sql`${users.name} desc nulls last`)',
  'db.select().from(users).limit(sql.placeholder(\'limit\')).offset(sql.placeholder(\'offset\'))',
  'db.insert(users).values({ name: q, teamId })',
  "db.insert(users).values([{ name: 'a' }, { name: 'b', teamId: 1 }]).returning({ id: users.id })",
  'db.insert(users).values({ id, name: q }).onConflictDoNothing()',
  'db.insert(users).values({ id, name: q }).onConflictDoNothing({ target: users.id })',
  'db.insert(users).values({ id, name: q }).onConflictDoUpdate({ target: [users.id, users.teamId], set: { name: sql`excluded.name` } }).returning()',
  'db.insert(users).values({ id, name: q }).onConflictDoUpdate({ target: users.id, set: { name: q }, setWhere: eq(users.teamId, teamId) })',
  'db.update(users).set({ name: q, teamId: sql`${users.teamId} + 1` }).where(eq(users.id, id))',
  'db.update(users).set({ name: q }).where(and(eq(users.id, id), inArray(users.teamId, [1, 2]))).returning({ id: users.id, name: users.name })',
  'db.update(users).set({ name: posts.title }).from(posts).where(eq(posts.userId, users.id))',
  'db.delete(users).where(eq(users.id, id))',
  'db.delete(posts).where(inArray(posts.userId, db.select({ id: users.id }).from(users))).returning()',
];

describe.each(['0.45', '1.0'] as const)('Drizzle %s, the same chain rendered by Drizzle itself', (major) => {
  it.each(compared(`drizzle ${major}`, chains))('%s', (chain) => {
    const file = read(`  return await ${chain};`, major === '0.45' ? oldRelations : newRelations);
    const [site, ...rest] = file.sites.filter((found) => found.executes === 'yes');
    expect(rest).toEqual([]);
    expect(site).toMatchObject({ library: 'drizzle', confidence: 'proved', complete: true, conditional: [] });
    expect(queryShape(sql, site?.source ?? '')).toEqual(queryShape(sql, withoutDefaults(sent(major, chain))));
  });
});

describe('Drizzle, sub-queries and sets', () => {
  it.each([
    ['1.0', 'db.select({ name: users.name, n: counts.n }).from(users).leftJoin(counts, eq(counts.userId, users.id))'],
    ['0.45', 'db.select({ name: users.name }).from(users).innerJoin(counts, eq(counts.userId, users.id)).where(gt(counts.userId, id))'],
  ] as const)('%s: %s', (major, chain) => {
    const [site] = read(`  return await ${chain};`).sites.filter((found) => found.executes === 'yes');
    expect(queryShape(sql, site?.source ?? '')).toEqual(queryShape(sql, sent(major, chain)));
  });
  it('reads set operations', () => {
    const [site] = read('  return await db.select({ id: users.id }).from(users).unionAll(db.select({ id: posts.userId }).from(posts)).limit(take);').sites;
    expect(site?.source?.text).toBe('SELECT id FROM users UNION ALL SELECT user_id FROM posts LIMIT $1');
  });
});

/** Tables with the columns their conditions name, the order, and the counts: what a relational query asks for, however it is nested. */
function asked(text: string): unknown {
  const shape = sql.analyse({ text, placeholders: 'dollar', interpolations: [] });
  expect(shape.error).toBeUndefined();
  const plain = text.replaceAll('"', '').toLowerCase();
  return {
    tables: [...plain.matchAll(/(?:from|join) (users|posts|comments)\b/g)].map((match) => match[1]).sort(),
    conditions: [...plain.matchAll(/\b\w+\.(\w+) (=|<>|>=|<=|>|<|ilike|like|is not null|is null|in|between)(?= |\)|$)(?: \w+\.(\w+))?/g)].map((match) => [match[1], match[3]].sort().join(' ') + match[2]).sort(),
    order: [...new Set([...plain.matchAll(/order by \w+\.(\w+)( desc)?/g)].map((match) => `${match[1]}${match[2] ?? ''}`))],
    limits: (plain.match(/\blimit\b/g) ?? []).length,
    offsets: (plain.match(/\boffset\b/g) ?? []).length,
  };
}

describe('Drizzle, relational queries', () => {
  it.each(compared('drizzle 0.45 relational', [
    'db.query.users.findMany()',
    'db.query.users.findMany({ where: eq(users.teamId, teamId), orderBy: [desc(users.id)], limit: take, offset: skip })',
    'db.query.users.findMany({ where: (users, { eq, and }) => and(eq(users.teamId, teamId), eq(users.name, q)), orderBy: (t, { desc }) => [desc(t.createdAt)] })',
    'db.query.users.findFirst({ where: eq(users.id, id), columns: { id: true, name: true } })',
    'db.query.users.findFirst({ where: (row, ops) => ops.eq(row.email, q), columns: { email: false } })',
    'db.query.users.findMany({ with: { posts: true } })',
    'db.query.users.findMany({ where: eq(users.teamId, teamId), with: { posts: { where: gt(posts.views, 3), limit: 5, orderBy: desc(posts.id) } } })',
    'db.query.posts.findMany({ with: { user: true, comments: { columns: { body: true } } }, limit: 10 })',
    'db.query.users.findMany({ with: { posts: { with: { comments: { where: ilike(comments.body, q) } } } } })',
    'db.query.posts.findMany({ where: inArray(posts.userId, [1, 2]), columns: { id: true } })',
    'db.query.posts.findMany({ where: (post, { between, isNull, or }) => or(between(post.views, 1, 9), isNull(post.title)), limit: 3 })',
    'db.query.comments.findFirst({ with: { post: { with: { user: true } } }, orderBy: (comments, { desc }) => desc(comments.id) })',
    'db.query.users.findMany({ with: { posts: { columns: { title: true }, with: { comments: true } } }, offset: skip, limit: take })',
    'db.query.posts.findMany({ where: not(eq(posts.userId, id)), with: { user: { columns: { name: true } } } })',
    "db.query.users.findMany({ where: like(users.name, 'a%'), orderBy: [asc(users.name), desc(users.id)] })",
  ]))('0.45: %s', (chain) => {
    const [site] = read(`  return await ${chain};`).sites;
    expect(site).toMatchObject({ library: 'drizzle', confidence: 'proved', executes: 'yes', complete: true, access: 'read' });
    expect(asked(site?.source?.text ?? '')).toEqual(asked(sent('0.45', chain)));
  });
  it.each(compared('drizzle 1.0 relational', [
    'db.query.users.findMany({ where: { teamId, name: { ilike: q } }, orderBy: { id: \'desc\' }, limit: take })',
    'db.query.users.findMany({ where: { OR: [{ id: { in: [1, 2] } }, { name: { like: \'a%\' }, teamId: 3 }], NOT: { email: { isNull: true } } } })',
    'db.query.users.findMany({ where: { posts: { title: q } } })',
    'db.query.users.findFirst({ where: { id, createdAt: { isNotNull: true }, RAW: (t, { gt }) => gt(t.teamId, 4) }, with: { posts: { where: { views: { gte: 3 } }, limit: 5 } } })',
    'db.query.posts.findMany({ with: { user: true, comments: { limit: 3 } }, where: { views: { gt: 1, lt: 9 } } })',
    'db.query.users.findMany()',
    'db.query.users.findMany({ where: { id: { in: [1, 2] } }, columns: { id: true, name: true } })',
    'db.query.users.findMany({ with: { posts: true } })',
    'db.query.users.findMany({ where: { teamId }, with: { posts: { with: { comments: { where: { body: { ilike: q } } } } } } })',
    "db.query.posts.findMany({ where: { user: { name: q } }, orderBy: { views: 'desc', id: 'asc' }, offset: skip, limit: take })",
    "db.query.users.findFirst({ where: { email: { like: 'a%' } }, orderBy: { id: 'asc' } })",
    'db.query.users.findMany({ where: { AND: [{ teamId }, { id: { gte: 2 } }] } })',
    'db.query.posts.findMany({ where: { title: { isNull: true } }, with: { comments: true } })',
    'db.query.comments.findFirst({ with: { post: { with: { user: true } } } })',
    'db.query.users.findMany({ where: { RAW: (t, { sql }) => sql`lower(${t.name}) = ${q}` } })',
  ]))('1.0: %s', (chain) => {
    const [site] = read(`  return await ${chain};`, newRelations).sites;
    expect(site).toMatchObject({ library: 'drizzle', executes: 'yes', complete: true });
    const [mine, theirs] = [asked(site?.source?.text ?? ''), asked(sent('1.0', chain))];
    expect(mine).toEqual(theirs);
  });
  it('names the relations that are loaded', () => {
    const file = read('  await db.query.users.findMany({ with: { posts: { with: { comments: true } } } });\n  await db.query.users.findMany({ with: { posts: { limit: 3 } }, limit: 5 });');
    expect(file.sites.map((site) => site.eager)).toEqual([['posts', 'posts.comments'], ['posts']]);
  });
});

function under(file: ReturnType<typeof read>, piece: string, index = 0): string {
  const site = file.sites[index];
  const start = site?.source?.text.indexOf(piece) ?? -1;
  return site && start >= 0 ? file.at(toHostSpan(site.map, sqlSpan(start, start + piece.length))) : `(no ${piece} in ${site?.source?.text})`;
}

describe('Drizzle, places', () => {
  it('maps clauses to their calls', () => {
    const file = read('  return await db\n    .select({ id: users.id })\n    .from(users)\n    .where(and(eq(users.teamId, teamId), gt(users.id, id)))\n    .orderBy(desc(users.createdAt))\n    .limit(take)\n    .offset(skip);');
    expect(file.sites[0]?.source?.text).toBe('SELECT id FROM users WHERE users.team_id = $1 AND users.id > $2 ORDER BY users.created_at DESC LIMIT $3 OFFSET $4');
    expect(under(file, 'OFFSET $4')).toBe('.offset(skip)');
    expect(under(file, 'LIMIT $3')).toBe('.limit(take)');
    expect(under(file, 'users.team_id = $1')).toBe('eq(users.teamId, teamId)');
    expect(under(file, 'users.id > $2')).toBe('gt(users.id, id)');
    expect(under(file, 'users.created_at DESC')).toBe('desc(users.createdAt)');
    expect(under(file, 'users WHERE')).toContain('users');
    expect(file.at(file.sites[0]?.anchor)).toBe('db\n    .select');
    expect(file.sites[0]?.chain.map((call) => file.at(call.span))).toEqual(['.select({ id: users.id })', '.from(users)', '.where(and(eq(users.teamId, teamId), gt(users.id, id)))', '.orderBy(desc(users.createdAt))', '.limit(take)', '.offset(skip)']);
  });
  it('maps keys of relational queries, and text in templates', () => {
    const file = read('  await db.query.users.findMany({ where: eq(users.teamId, teamId), limit: take, offset: skip });\n  await db.execute(sql`SELECT id FROM ${users} WHERE ${users.teamId} = ${teamId} OFFSET ${skip}`);');
    expect(under(file, 'OFFSET $3')).toBe('offset: skip');
    expect(under(file, 'LIMIT $2')).toBe('limit: take');
    expect(file.sites[1]?.source?.text).toBe('SELECT id FROM users WHERE users.team_id = $1 OFFSET $2');
    expect(under(file, 'OFFSET $2', 1)).toBe('OFFSET ${skip');
    expect(under(file, 'SELECT id', 1)).toBe('SELECT id');
  });
});

describe('Drizzle, what is known', () => {
  it('keeps conditional parts apart', () => {
    const file = read("  const conditions: SQL[] = [eq(users.teamId, teamId)];\n  if (q) conditions.push(ilike(users.name, `%${q}%`));\n  const rows = await db.select().from(users).where(and(...conditions, cond ? gt(users.id, 3) : undefined));\n  return rows;");
    const [site] = file.sites.filter((found) => found.executes === 'yes');
    expect(site?.source?.text).toBe("SELECT id, name, team_id, email, tags, created_at FROM users WHERE users.team_id = $1 AND users.name ILIKE '%' || $2 || '%' AND users.id > 3");
    expect(site?.conditional.map((part) => part.condition)).toEqual(['q', 'cond']);
    expect(site).toMatchObject({ complete: true, resultName: 'rows' });
  });
  it('follows builders in variables and prepared statements', () => {
    const file = read("  let query = db.select().from(users).$dynamic();\n  if (q) query = query.where(eq(users.name, q));\n  await query.limit(take);\n  const one = db.select({ id: users.id }).from(users).where(eq(users.id, sql.placeholder('id'))).prepare('one');\n  for (const x of ids) await one.execute({ id: x });");
    const sent = file.sites.filter((site) => site.executes === 'yes');
    expect(sent.map((site) => site.source?.text)).toEqual(['SELECT id, name, team_id, email, tags, created_at FROM users WHERE users.name = $1 LIMIT $2', 'SELECT id FROM users WHERE users.id = $1']);
    expect(sent[1]?.loopIds).toHaveLength(1);
  });
  it.each([
    ['await db.select().from(users).where(filters(q))', false],
    ['await db.select().from(users).where(row)', false],
    ['await db.select().from(users).where(and(...more))', false],
    ['await db.select().from(users).orderBy(order(q))', false],
    ['await db.select().from(users).where(eq(users.id, id))', true],
  ])('%s is complete: %s', (statement, complete) => {
    expect(read(`  return ${statement};`).sites).toMatchObject([{ complete }]);
  });
  it('takes transactions, typed fields, batches and tables of other files', () => {
    const file = readScript(`${head('')}
class Repo { constructor(private readonly database: NodePgDatabase<typeof schema>) {}
  async one(id: number) { return this.database.select({ id: users.id }).from(users).where(eq(users.id, id)).limit(1); } }
export const move = (id: number) => db.transaction(async (tx) => { await tx.update(users).set({ name: 'x' }).where(eq(users.id, id)); await tx.execute(sql\`select 1 from \${users} for update\`); });
export const both = (client: any) => client.batch([client.delete(users).where(eq(users.id, 1)), client.select({ n: count() }).from(posts)]);
export const total = async () => await db.$count(users, eq(users.teamId, 1));`);
    expect(file.sites.map((site) => [site.confidence, site.executes, site.access, site.source?.text])).toEqual([
      ['typed', 'yes', 'read', 'SELECT id FROM users WHERE users.id = $1 LIMIT 1'],
      ['proved', 'yes', 'write', "UPDATE users SET name = 'x' WHERE users.id = $1"],
      ['proved', 'yes', 'read', 'select 1 from users for update'],
      ['typed', 'yes', 'write', 'DELETE FROM users WHERE users.id = 1'],
      ['typed', 'yes', 'read', 'SELECT count(*) FROM posts'],
      ['proved', 'yes', 'read', 'SELECT count(*) FROM users WHERE users.team_id = 1'],
    ]);
  });
  it('makes no site of parts of a query', () => {
    const file = read('  const sub = db.select({ id: posts.userId }).from(posts);\n  return await db.with(recent).select().from(users).leftJoin(counts, eq(counts.userId, users.id)).where(inArray(users.id, sub));');
    expect(file.sites).toHaveLength(1);
  });
});

describe('Drizzle, other code', () => {
  it.each(innocent('drizzle', [
    "import { sqliteTable, integer } from 'drizzle-orm/sqlite-core';\nconst users = sqliteTable('users', { id: integer('id') });\nawait db.select().from(users).limit(5).offset(10);",
    "import { eq } from 'drizzle-orm';\nimport { drizzle } from 'drizzle-orm/mysql2';\nimport { users } from './schema';\nconst db = drizzle(pool);\nawait db.select().from(users).where(eq(users.id, 1));",
    "import { eq, db } from '@acme/db';\nimport { users } from '@acme/db/schema';\nawait db.select().from(users).where(eq(users.id, 1));",
    "await supabase.from('orders').select('id').eq('a', 1);",
    "import { Kysely } from 'kysely';\nconst db = new Kysely<DB>({}); await db.selectFrom('a').where('x', '=', 1).execute();",
    "await prisma.query.users.findMany({ where: { id: 1 } });",
    "const rows = list.select((x) => x.a).from(other).where(q);",
    "import knexModule from 'knex';\nconst db = knexModule({ client: 'pg' });\nawait db.select('id').from('users').where('a', 1);",
    "map.delete(key); set.delete(x); store.update(row).set({ a: 1 }); form.insert(x).values(y);",
    "const result = await client.execute('createUser', payload);",
  ]))('is left alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'drizzle')).toEqual([]);
  });
});
