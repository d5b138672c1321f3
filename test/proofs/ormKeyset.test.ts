import 'reflect-metadata';
import { join } from 'node:path';
import { PostgrestClient } from '@supabase/postgrest-js';
import pg from 'pg';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { applyEdits } from '../../server/src/core/text/edit';
import { PAGED_ROWS, PAGED_SCHEMA } from '../support/keysetRows';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';
import { postgrest } from '../support/postgrest';
import { runModule } from '../support/runModule';

type Row = Record<string, unknown>;
interface Paged {
  open(pg: unknown, url: string): Promise<void>;
  close(): Promise<void>;
  page(offset: number, after?: Row): Promise<Row[]>;
}

const PAGE = 4;
/** More pages than the table has: a walk that does not end is a failure. */
const MOST_PAGES = 60;

interface Library {
  /** Module with `open`, `close` and, in place of `PAGE`, the function of a case. */
  readonly head: string;
  /** Expressions of a page; `offset` is its number. A pair where the order is not total: with the key that the fix adds, for comparison. */
  readonly pages: readonly (string | readonly [page: string, total: string])[];
  /** Found, and left as they are. */
  readonly refused: readonly string[];
  readonly modules?: Readonly<Record<string, unknown>>;
}

const typeorm = `import { DataSource, EntitySchema, Repository } from 'typeorm';
interface Order { id: string; tenantId: string; createdAt: Date; total: string; note: string | null }
const OrderSchema = new EntitySchema<Order>({ name: 'Order', tableName: 'orders', columns: { id: { type: 'bigint', primary: true }, tenantId: { type: 'bigint', name: 'tenant_id' }, createdAt: { type: 'timestamptz', name: 'created_at' }, total: { type: 'numeric' }, note: { type: 'text', nullable: true } } });
let orders: Repository<Order>;
let dataSource: DataSource;
export async function open(pg: unknown, url: string) {
  dataSource = new DataSource({ type: 'postgres', driver: pg, url, installExtensions: false, entities: [OrderSchema] });
  await dataSource.initialize();
  orders = dataSource.getRepository(OrderSchema);
}
export const close = () => dataSource.destroy();
`;

const sequelize = `import { DataTypes, Model, Sequelize } from 'sequelize';
class Order extends Model { declare id: string; declare tenantId: string; declare createdAt: Date; declare total: string; declare note: string | null }
let sequelize: Sequelize;
export async function open(pg: object, url: string) {
  sequelize = new Sequelize(url, { dialect: 'postgres', dialectModule: pg, logging: false });
  Order.init({ id: { type: DataTypes.BIGINT, primaryKey: true }, tenantId: { type: DataTypes.BIGINT, field: 'tenant_id' }, createdAt: { type: DataTypes.DATE, field: 'created_at' }, total: DataTypes.DECIMAL, note: DataTypes.TEXT }, { sequelize, modelName: 'Order', tableName: 'orders', timestamps: false });
}
export const close = () => sequelize.close();
`;

const mikro = `import { EntitySchema, MikroORM } from '@mikro-orm/postgresql';
interface Order { id: string; tenantId: string; createdAt: Date; total: string; note: string | null }
const OrderSchema = new EntitySchema<Order>({ name: 'Order', tableName: 'orders', properties: { id: { type: 'bigint', primary: true }, tenantId: { type: 'bigint', fieldName: 'tenant_id' }, createdAt: { type: 'datetime', fieldName: 'created_at' }, total: { type: 'decimal' }, note: { type: 'text', nullable: true } } });
let orm: MikroORM;
export async function open(pg: unknown, url: string) {
  orm = await MikroORM.init({ clientUrl: url, entities: [OrderSchema], allowGlobalContext: true, ensureDatabase: false });
}
export const close = () => orm.close(true);
`;

const supabase = `import { createClient, type SupabaseClient } from '@supabase/supabase-js';
let supabase: SupabaseClient;
export async function open(pg: unknown, url: string) {
  supabase = createClient(url, 'key');
}
export const close = async () => {};
`;

const objection = `import { Model } from 'objection';
import knex from 'knex';
class Order extends Model { static tableName = 'orders'; declare id: string; declare tenant_id: string; declare created_at: Date; declare total: string; declare note: string | null }
let db: ReturnType<typeof knex>;
export async function open(pg: unknown, url: string) {
  db = knex({ client: 'pg', connection: url });
  Model.knex(db);
}
export const close = () => db.destroy();
`;

const pages = (where: string, order: string, more = ''): string => `{ ${where === '' ? '' : `where: { ${where} }, `}order: ${order}, skip: offset, take: ${PAGE}${more} }`;
const libraries: Readonly<Record<string, Library>> = {
  TypeORM: {
    head: `${typeorm}export async function page(offset: number) {\n  return await PAGE;\n}\n`,
    pages: [
      `orders.find(${pages("tenantId: '1'", "{ createdAt: 'DESC', id: 'DESC' }")})`,
      `orders.find(${pages('', "{ id: 'ASC' }")})`,
      [`orders.find(${pages('', "{ createdAt: 'DESC' }")})`, `orders.find(${pages('', "{ createdAt: 'DESC', id: 'DESC' }")})`],
      `dataSource.manager.find(OrderSchema, ${pages("total: '10'", "{ createdAt: 'ASC', total: 'DESC', id: 'ASC' }", ", select: { id: true, createdAt: true, total: true }")})`,
      `orders.find({\n    skip: offset,\n    take: ${PAGE},\n    order: { total: 'DESC', createdAt: 'ASC', id: 'DESC' },\n  })`,
      `orders.createQueryBuilder('o').where('o.tenantId = :t', { t: 2 }).orderBy('o.createdAt', 'DESC').addOrderBy('o.id', 'DESC').skip(offset).take(${PAGE}).getMany()`,
    ],
    refused: [
      `(await orders.findAndCount(${pages('', "{ id: 'ASC' }")}))[0]`,
      `orders.find(${pages('', "{ note: 'ASC' }")})`,
      `orders.find({ where: [{ tenantId: '1' }, { tenantId: '2' }], order: { id: 'ASC' }, skip: offset, take: ${PAGE} })`,
      `orders.find(${pages('', "{ id: 'ASC' }", ', select: { note: true }')})`,
      `orders.find(${pages('', "{ id: offset > 3 ? 'ASC' : 'DESC' }")})`,
      `(await orders.createQueryBuilder('o').orderBy('o.id').skip(offset).take(${PAGE}).getManyAndCount())[0]`,
    ],
  },
};
const withOptions = (call: string, named: 'sequelize' | 'mikro'): Library['pages'] => {
  const order = (keys: readonly (readonly [string, 'ASC' | 'DESC'])[]): string => (named === 'sequelize' ? `order: [${keys.map(([key, way]) => `['${key}', '${way}']`).join(', ')}]` : `orderBy: { ${keys.map(([key, way]) => `${key}: '${way}'`).join(', ')} }`);
  const rest = (keys: readonly (readonly [string, 'ASC' | 'DESC'])[]): string => `${order(keys)}, offset, limit: ${PAGE}`;
  const all = (where: string, options: string): string => (named === 'sequelize' ? `${call}({ ${where === '' ? '' : `where: ${where}, `}${options} })` : `${call}, ${where === '' ? '{}' : where}, { ${options} })`);
  return [
    all("{ tenantId: '1' }", rest([['createdAt', 'DESC'], ['id', 'DESC']])),
    all('', rest([['id', 'ASC']])),
    [all('', rest([['createdAt', 'DESC']])), all('', rest([['createdAt', 'DESC'], ['id', 'DESC']]))],
    all("{ total: '10' }", rest([['createdAt', 'ASC'], ['total', 'DESC'], ['id', 'ASC']])),
  ];
};

Object.assign(libraries, {
  Sequelize: {
    head: `${sequelize}export async function page(offset: number) {\n  return (await PAGE).map((row) => row);\n}\n`,
    pages: [...withOptions('Order.findAll', 'sequelize'), `Order.findAll({\n    limit: ${PAGE},\n    offset,\n    attributes: ['id', 'createdAt'],\n    order: [['createdAt', 'ASC'], ['id', 'ASC']],\n  })`],
    refused: [`Order.findAll({ order: [['note', 'ASC']], offset, limit: ${PAGE} })`, `Order.findAll({ attributes: ['note'], order: [['id', 'ASC']], offset, limit: ${PAGE} })`, `(await Order.findAndCountAll({ order: [['id', 'ASC']], offset, limit: ${PAGE} })).rows`],
  },
  MikroORM: {
    head: `${mikro}export async function page(offset: number) {\n  const em = orm.em.fork();\n  return await PAGE;\n}\n`,
    pages: [...withOptions('em.find(OrderSchema', 'mikro'), `em.find(OrderSchema, {\n    $or: [{ tenantId: '1' }, { total: '20' }],\n  }, { offset, limit: ${PAGE}, orderBy: { total: 'DESC', id: 'ASC' } })`, `em.findAll(OrderSchema, { where: { tenantId: '2' }, orderBy: { id: 'DESC' }, offset, limit: ${PAGE} })`],
    refused: [`em.find(OrderSchema, {}, { orderBy: { note: 'ASC' }, offset, limit: ${PAGE} })`, `(await em.findAndCount(OrderSchema, {}, { orderBy: { id: 'ASC' }, offset, limit: ${PAGE} }))[0]`],
  },
  Objection: {
    head: `${objection}export async function page(offset: number) {\n  return await PAGE;\n}\n`,
    pages: [
      `Order.query().where('tenant_id', 1).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(${PAGE}).offset(offset)`,
      `Order.query().orderBy('id').offset(offset).limit(${PAGE})`,
      `Order.query().select('id', 'total', 'created_at').where('total', '>', 0).orderBy('total').orderBy('created_at', 'desc').orderBy('id').limit(${PAGE}).offset(offset)`,
    ],
    refused: [`(await Order.query().orderBy('id').page(offset / ${PAGE}, ${PAGE})).results`, `Order.query().orderBy('note').limit(${PAGE}).offset(offset)`],
  },
  Supabase: {
    head: `${supabase}export async function page(offset: number) {\n  const { data, error } = await PAGE;\n  if (error) throw error;\n  return data;\n}\n`,
    modules: { '@supabase/supabase-js': { createClient: (url: string) => new PostgrestClient('http://host/rest/v1', { fetch: postgrest(url) }) } },
    pages: [
      `supabase.from('orders').select('*').eq('tenant_id', 1).order('created_at', { ascending: false }).order('id', { ascending: false }).range(offset, offset + ${PAGE} - 1)`,
      `supabase.from('orders').select('id, total').order('id').range(offset, offset + ${PAGE - 1})`,
      [`supabase\n    .from('orders')\n    .select()\n    .order('total')\n    .range(offset, offset + ${PAGE - 1})`, `supabase.from('orders').select().order('total').order('id').range(offset, offset + ${PAGE - 1})`],
      `supabase.from('orders').select('*').order('created_at').order('total', { ascending: false }).order('id').range(offset, offset + ${PAGE - 1})`,
    ],
    refused: [
      `supabase.from('orders').select('*', { count: 'exact' }).order('id').range(offset, offset + ${PAGE - 1})`,
      `supabase.from('orders').select('note').order('id').range(offset, offset + ${PAGE - 1})`,
      `supabase.from('customers').select('*').order('name').order('id').range(offset, offset + ${PAGE - 1})`,
    ],
  },
} satisfies Record<string, Library>);

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(PAGED_SCHEMA + PAGED_ROWS);
});
afterAll(() => database?.drop());

const lint = async (code: string) => (await lintCase([offsetPagination], { language: 'typescript', code, schema: PAGED_SCHEMA })).findings;

/** All pages of a walk, by number or by the last row. */
async function walk(module: Paged, next: (page: number, last: Row | undefined) => Promise<Row[]>): Promise<Row[]> {
  const all: Row[] = [];
  await module.open(pg, database.url);
  try {
    for (let page = 0; page < MOST_PAGES; page++) {
      const rows = await next(page, all.at(-1));
      if (rows.length === 0) break;
      all.push(...rows);
    }
  } finally {
    await module.close();
  }
  return all;
}

const fixed: string[] = [];
for (const [name, { head, pages, refused, modules }] of Object.entries(libraries)) {
  describe(`${name}: keyset rewrite of options`, () => {
    for (const written of pages) {
      const [page, total] = typeof written === 'string' ? [written, written] : written;
      it(page.replaceAll(/\s+/g, ' '), async () => {
        const code = head.replace('PAGE', () => page);
        const fix = (await lint(code))[0]?.fixes()[0];
        expect(fix, 'no fix').toBeDefined();
        const after = applyEdits(code, fix?.edits ?? []) ?? '';
        if (!modules) fixed.push(after);
        const [byNumber, byKey] = [runModule(head.replace('PAGE', () => total), modules), runModule(after, modules)] as unknown as readonly [Paged, Paged];
        const plain = (rows: readonly Row[]): unknown => JSON.parse(JSON.stringify(rows));
        const numbered = await walk(byNumber, (at) => byNumber.page(at * PAGE));
        const keyed = await walk(byKey, (_, last) => byKey.page(0, last));
        expect(numbered.length).toBeGreaterThan(PAGE);
        expect(plain(keyed), after).toEqual(plain(numbered));
      });
    }
    it.each(refused)('leaves %s', async (page) => {
      const findings = await lint(head.replace('PAGE', () => page));
      expect(findings).toHaveLength(1);
      expect(findings[0]?.fixes()).toEqual([]);
    });
  });
}

it.each([
  ['offset * 20, last ? total : offset * 20 + 19', '(last ? total : offset * 20 + 19) - (offset * 20) + 1'],
  ['offset || 0, offset || 0 + 19', '(offset || 0 + 19) - (offset || 0) + 1'],
  ['offset * 20, offset * 20 + 19', '20'],
])('Supabase: the size of a range (%s)', async (range, size) => {
  const code = libraries.Supabase?.head.replace('PAGE', () => `supabase.from('orders').select('id').order('id').range(${range})`) ?? '';
  expect(applyEdits(code, (await lint(code))[0]?.fixes()[0]?.edits ?? [])).toContain(`.limit(${size})`);
});

it('keyset rewrites of options have the right types', () => {
  expect(fixed.length).toBeGreaterThan(15);
  expect(typeErrors(fixed)).toEqual([]);
}, 60_000);

/** What the compiler says of modules that stand beside this file. */
function typeErrors(texts: readonly string[]): readonly string[] {
  const files = new Map(texts.map((text, index) => [join(import.meta.dirname, `case${index}.ts`), text]));
  const options: ts.CompilerOptions = { strict: true, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, esModuleInterop: true, types: [] };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.getSourceFile = (path, ...rest) => (files.has(path) ? ts.createSourceFile(path, files.get(path) ?? '', rest[0]) : getSourceFile(path, ...rest));
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map((found) => `${found.file?.fileName.split('/').at(-1)}: ${ts.flattenDiagnosticMessageText(found.messageText, '\n')} at ${found.file?.text.slice(found.start, (found.start ?? 0) + (found.length ?? 0))}`);
}
