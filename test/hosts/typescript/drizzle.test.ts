import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import type { Catalog } from '../../../server/src/core/catalog/model';
import { plainCatalog } from '../../support/programCatalog';
import { loadReaders, readCatalog } from '../../support/readers';

const schema = `import { sql, relations } from 'drizzle-orm';
import { bigint, boolean, check, foreignKey, index, integer, jsonb, numeric, pgEnum, pgSchema, pgTable, primaryKey, serial, text, timestamp, unique, uniqueIndex, uuid, varchar, vector } from 'drizzle-orm/pg-core';

export const role = pgEnum('role', ['owner', 'guest']);
export const billing = pgSchema('billing');

const timestamps = {
  createdAt: timestamp('created_at', { withTimezone: true }).defaultNow().notNull(),
  updatedAt: timestamp('updated_at', { precision: 3 }),
};

export const users = pgTable('users', {
  id: serial('id').primaryKey(),
  email: varchar('email', { length: 120 }).notNull().unique(),
  name: text(),
  role: role('role').default('guest').notNull(),
  tags: text('tags').array(),
  score: numeric('score', { precision: 8, scale: 2 }).default('0'),
  profile: jsonb('profile').$type<{ city: string }>(),
  embedding: vector('embedding', { dimensions: 3 }),
  deleted: boolean('deleted').default(false),
  ...timestamps,
}, (table) => [
  index('users_name_idx').on(table.name, table.createdAt.desc()),
  index().on(table.updatedAt),
  uniqueIndex('users_lower_email').on(sql\`lower(\${table.email})\`).where(sql\`\${table.deleted} = false\`),
  index('users_name_trgm').using('gin', table.name.op('gin_trgm_ops')),
  check('score_check', sql\`\${table.score} >= 0\`),
]);

export const orders = pgTable('orders', {
  id: uuid('id').defaultRandom().primaryKey(),
  userId: integer('user_id').notNull().references(() => users.id, { onDelete: 'cascade' }),
  managerId: integer('manager_id'),
  number: bigint('number', { mode: 'number' }).generatedAlwaysAsIdentity(),
  total: numeric('total'),
}, (t) => ({
  byUser: index('orders_user').on(t.userId, t.total.desc().nullsFirst()).concurrently(),
  manager: foreignKey({ columns: [t.managerId], foreignColumns: [users.id], name: 'orders_manager' }),
  once: unique('orders_once').on(t.userId, t.number).nullsNotDistinct(),
}));

export const orderTags = billing.table('order_tags', {
  orderId: uuid('order_id').notNull().references(() => orders.id),
  tag: text('tag').notNull(),
}, (t) => [primaryKey({ columns: [t.orderId, t.tag] })]).enableRLS();

export const usersRelations = relations(users, ({ many }) => ({ orders: many(orders) }));
`;

/** As drizzle-kit writes it for the same schema. */
const generated = `create type role as enum ('owner', 'guest');
create table users (id serial primary key, email varchar(120) not null, name text, role role default 'guest' not null, tags text[], score numeric(8,2) default '0', profile jsonb, embedding vector(3), deleted boolean default false,
  created_at timestamp with time zone default now() not null, updated_at timestamp(3) without time zone, constraint users_email_unique unique (email), constraint score_check check (score >= 0));
create table orders (id uuid primary key default gen_random_uuid() not null, user_id integer not null, manager_id integer, number bigint generated always as identity, total numeric, constraint orders_once unique nulls not distinct (user_id, number));
create table billing.order_tags (order_id uuid not null, tag text not null, constraint order_tags_order_id_tag_pk primary key (order_id, tag));
alter table orders add foreign key (user_id) references users (id);
alter table orders add constraint orders_manager foreign key (manager_id) references users (id);
alter table billing.order_tags add foreign key (order_id) references orders (id);
create index users_name_idx on users using btree (name, created_at desc nulls last);
create index users_updated_at_index on users using btree (updated_at);
create unique index users_lower_email on users using btree (lower(email)) where deleted = false;
create index users_name_trgm on users using gin (name gin_trgm_ops);
create index orders_user on orders using btree (user_id, total desc nulls first)`;

async function catalogOf(code: string): Promise<Catalog | undefined> {
  const { read } = await loadReaders();
  const { models, uri } = read('file:///app/src/schema.ts', code, 'typescript');
  return models.length === 0 ? undefined : buildCatalog({ source: 'models', label: 'models', steps: models.map((model) => ({ changes: model.changes, site: { uri, span: model.span } })) });
}
const small = (columns: string, extra = '', imports = ''): string =>
  `import { pgTable, integer, text, index, primaryKey } from 'drizzle-orm/pg-core';\nimport { sql } from 'drizzle-orm';\n${imports}\nexport const things = pgTable('things', { ${columns} }${extra === '' ? '' : `, (t) => [${extra}]`});`;

describe('a schema of Drizzle', () => {
  it('reads as the SQL that is generated from it', async () => {
    const { sql } = await loadReaders();
    const catalog = await catalogOf(schema);
    expect([...(catalog?.tables.keys() ?? [])]).toEqual(['public.users', 'public.orders', 'billing.order_tags']);
    expect(plainCatalog(catalog)).toEqual(plainCatalog(readCatalog(sql, [generated])));
  });

  it('names tables as a table creator does', async () => {
    const catalog = await catalogOf("import { pgTableCreator, integer } from 'drizzle-orm/pg-core';\nconst make = pgTableCreator((name) => `shop_${name}`);\nexport const items = make('item', { id: integer('id').primaryKey() });");
    expect([...(catalog?.tables.keys() ?? [])]).toEqual(['public.shop_item']);
  });

  it.each([
    ['columns that stand in another file', 'id: integer().primaryKey(), ...audit', '', "import { audit } from './audit';"],
    ['a name that the client makes', 'id: integer().primaryKey(), createdAt: text()'],
    ['an index that is built', 'id: integer().primaryKey()', 'makeIndex(t)'],
    ['a key that is no column', 'id: integer().primaryKey()', 'index("i").on(t.id, other)'],
    ['a predicate with a value', 'id: integer().primaryKey()', 'index("i").on(t.id).where(sql`id > ${limit}`)'],
    ['indexes that are spread', 'id: integer().primaryKey()', '...more(t)'],
  ])('marks the table: %s', async (_, columns, extra?: string, imports?: string) => {
    expect((await catalogOf(small(columns, extra, imports)))?.tables.get('public.things')?.incomplete).toBe(true);
  });

  it('says nothing of other databases, and of tables whose name only the program knows', async () => {
    expect(await catalogOf(schema.replaceAll('pg-core', 'sqlite-core'))).toBeUndefined();
    expect(await catalogOf(small('id: integer()').replace("'things'", 'prefix + name'))).toBeUndefined();
  });
});
