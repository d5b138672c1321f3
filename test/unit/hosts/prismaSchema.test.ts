import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import { readPrismaSchema } from '../../../server/src/core/hosts/prismaSchema';

const schema = `// 😀 wide
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

enum OrderStatus {
  OPEN
  DONE @map("done")
  @@map("order_status")
}

/// sargable-disable-next-line index-not-led-by-tenant: global
model Order {
  id        String      @id @default(cuid())
  number    Int         @default(autoincrement()) @map("order_number")
  teamId    String      @map("team_id") @db.Uuid
  team      Team        @relation(fields: [teamId], references: [id], onDelete: Cascade)
  status    OrderStatus @default(OPEN)
  total     Decimal     @db.Decimal(10, 2)
  note      String?     @db.VarChar(200) // free text
  tags      String[]
  data      Json
  search    Unsupported("tsvector")?
  createdAt DateTime    @default(now()) @map("created_at") @db.Timestamptz(6)
  updatedAt DateTime    @updatedAt
  items     Item[]
  parent    Order?      @relation("tree", fields: [parentId], references: [id])
  parentId  String?
  children  Order[]     @relation("tree")

  @@unique([teamId, number], name: "teamNumber")
  @@index([teamId, createdAt(sort: Desc)])
  @@index([data(ops: JsonbPathOps)], type: Gin)
  @@index([note(ops: raw("gin_trgm_ops"))], type: Gin, map: "note_trgm")
  @@map("orders")
  @@schema("sales")
}

model Team {
  id     String  @id
  slug   String  @unique
  orders Order[]
}

model Item {
  orderId String
  line    Int
  order   Order  @relation(fields: [orderId], references: [id])
  color   Color  @default(RED)
  profile Profile?

  @@id([orderId, line])
}
`;
const file = readPrismaSchema('file:///prisma/schema.prisma', schema);
const model = (name: string) => file.models.find((candidate) => candidate.name === name);

describe('readPrismaSchema', () => {
  it('names tables, columns and their places', () => {
    const order = model('Order');
    expect(order).toMatchObject({ table: 'orders', schema: 'sales' });
    expect(schema.slice(order?.span.start, order?.span.end)).toBe('Order');
    expect(order?.columns.map((c) => [c.property, c.column, schema.slice(c.span.start, c.span.end)])).toEqual(
      [['id', 'id'], ['number', 'order_number'], ['teamId', 'team_id'], ['status', 'status'], ['total', 'total'], ['note', 'note'], ['tags', 'tags'], ['data', 'data'], ['createdAt', 'created_at'], ['updatedAt', 'updatedAt'], ['parentId', 'parentId']].map(([a, b]) => [a, b, a]),
    );
    expect(file.errors).toEqual([]);
    expect(file.suppressions).toMatchObject([{ scope: 'next-line', rules: ['index-not-led-by-tenant'] }]);
  });

  it('ties relations together from both sides', () => {
    expect(model('Order')?.relations).toMatchObject([
      { property: 'team', model: 'Team', many: false, columns: ['team_id'], references: ['id'] },
      { property: 'items', model: 'Item', many: true, columns: ['id'], references: ['orderId'] },
      { property: 'parent', model: 'Order', many: false, columns: ['parentId'], references: ['id'], name: 'tree' },
      { property: 'children', model: 'Order', many: true, columns: ['id'], references: ['parentId'], name: 'tree' },
    ]);
    expect(model('Team')?.relations).toMatchObject([{ property: 'orders', columns: ['id'], references: ['team_id'] }]);
  });

  it('knows unique keys by the names Prisma gives them', () => {
    expect(model('Order')?.uniques).toEqual([{ name: 'id', properties: ['id'] }, { name: 'teamNumber', properties: ['teamId', 'number'] }]);
    expect(model('Item')?.uniques).toEqual([{ name: 'orderId_line', properties: ['orderId', 'line'] }]);
  });

  it('takes a type it does not know for an enum only where its attributes say so', () => {
    expect(model('Item')?.columns.map((c) => c.property)).toEqual(['orderId', 'line', 'color']);
    expect(readPrismaSchema('file:///a.prisma', 'model A {\n  id Int @id\n  c Color?\n}', { enums: new Set(['Color']) }).models[0]?.columns.map((c) => c.property)).toEqual(['id', 'c']);
  });

  it('gives the schema that Prisma migrates to', () => {
    const catalog = buildCatalog({ source: 'models', label: 'schema.prisma', steps: file.models.map(({ changes }) => ({ changes })) });
    const orders = catalog.tables.get('sales.orders');
    expect(orders?.columns.map((c) => [c.name, c.type, c.notNull])).toEqual([
      ['id', 'text', true], ['order_number', 'integer', true], ['team_id', 'uuid', true], ['status', 'order_status', true], ['total', 'numeric(10,2)', true], ['note', 'character varying(200)', false],
      ['tags', 'text[]', false], ['data', 'jsonb', true], ['search', 'tsvector', false], ['created_at', 'timestamp(6) with time zone', true], ['updatedAt', 'timestamp(3) without time zone', true], ['parentId', 'text', false],
    ]);
    expect(orders?.columns.find((c) => c.name === 'created_at')?.default).toBe('CURRENT_TIMESTAMP');
    expect(orders?.constraints).toMatchObject([{ name: 'orders_pkey', type: 'primary', columns: ['id'] }]);
    expect(orders?.foreignKeys).toMatchObject([{ columns: ['team_id'], references: { table: 'Team', columns: ['id'] } }, { columns: ['parentId'], references: { table: 'orders' } }]);
    expect(orders?.indexes.filter((i) => !i.constraint).map((i) => [i.name, i.method, i.unique, i.keys.map((k) => [k.column, k.descending, k.opclass])])).toEqual([
      ['orders_team_id_order_number_key', 'btree', true, [['team_id', false, undefined], ['order_number', false, undefined]]],
      ['orders_team_id_created_at_idx', 'btree', false, [['team_id', false, undefined], ['created_at', true, undefined]]],
      ['orders_data_idx', 'gin', false, [['data', false, 'jsonb_path_ops']]],
      ['note_trgm', 'gin', false, [['note', false, 'gin_trgm_ops']]],
    ]);
    expect(catalog.tables.get('public.Item')?.constraints).toMatchObject([{ columns: ['orderId', 'line'] }]);
  });

  it('declares nothing for another database, and no foreign keys where Prisma keeps them itself', () => {
    expect(readPrismaSchema('file:///a.prisma', 'datasource db {\n provider = "mysql"\n}\nmodel A {\n id Int @id\n}').models).toEqual([]);
    const own = readPrismaSchema('file:///a.prisma', schema.replace('url ', 'relationMode = "prisma"\n  url '));
    expect(own.models.flatMap((m) => m.changes.flatMap((c) => (c.type === 'create-table' ? c.foreignKeys : [])))).toEqual([]);
  });

  it.each(['model', 'model A {', 'model A {\n  id Int @id(\n', '}}}{{', 'model A {\n  id\n  b Int @@ \n  c String @default("x\n}\nmodel B {\n  id Int @id\n}', '@@@@((([[['])('reads what it can of %j', (text) => {
    expect(() => readPrismaSchema('file:///a.prisma', text)).not.toThrow();
  });

  it('goes on behind an error', () => {
    const broken = readPrismaSchema('file:///a.prisma', 'model A {\r\n  id Int @id\r\n  ???\r\n  b Int\r\n}\r\nmodel B {\r\n  id Int @id\r\n}');
    expect(broken.models.map((m) => [m.name, m.columns.map((c) => c.property)])).toEqual([['A', ['id', 'b']], ['B', ['id']]]);
    expect(broken.errors).toHaveLength(1);
  });
});
