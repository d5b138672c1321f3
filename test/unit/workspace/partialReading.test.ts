import { beforeAll, describe, expect, it } from 'vitest';
import type { HostFile } from '../../../server/src/core/hosts/ir';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';
import { generateSql, generateTypeScript } from '../../../scripts/bench/documents.mjs';
import { ReadingPair, typeInto } from '../../support/readingPair';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});

const service = `import { Pool } from 'pg';
import knex from 'knex';
const pool = new Pool();
const db = knex({ client: 'pg' });
const TABLE = 'orders';
let filters: string[] = [];

/** Builds without sending. */
function openOrders(customer: number) {
  return db('orders').where({ customer, status: 'open' });
}
export const activeCustomers = () => db('customers').where('active', true);

export async function run(text: string, values: unknown[]) {
  return pool.query(text, values);
}

export class OrderService {
  private readonly pool: Pool;
  constructor(pool: Pool) {
    this.pool = pool;
  }

  async find(id: number) {
    const { rows } = await this.pool.query('select * from orders where id = $1', [id]);
    return rows[0];
  }

  async findAll(ids: number[]) {
    const found = [];
    for (const id of ids) found.push(await this.find(id));
    return found;
  }

  async page(page: number) {
    return this.pool.query(\`select * from \${TABLE} order by created_at limit 20 offset \${page * 20}\`);
  }
}

export async function listOpen(customer: number, page: number) {
  return openOrders(customer).orderBy('id').limit(20).offset(page * 20);
}

export async function report(ids: number[]) {
  filters.push('status');
  await Promise.all(ids.map((id) => run('update orders set seen = true where id = $1', [id])));
  return new OrderService(pool).findAll(ids);
}

export const api = { report, listOpen, async last() { return run('select max(id) from orders', []); } };
`;

const hostSnippets = ['x', ' ', '', ';', '\n', "await pool.query('select id from orders where id = $1', [1]);", 'return run(TABLE, []);', 'this.find(1);', '.limit(10)', '{', '}', '// note\n', 'filters = [];', 'openOrders(1)', 'await '];
const sqlSnippets = ['x', ' ', ';', '\n', "'", '(', ')', '--', '-- name: GetX :one\n', '/*', '$$', 'select 1;', 'where id = $1', '-- sargable-disable-next-line\n', 'copy t from stdin;', '\\d', 'create function f() returns int language plpgsql as $$ begin return 1; end $$;'];

describe('reading again after an edit', () => {
  it('knows what follows a class whose fields are read again', () => {
    const fillers = Array.from({ length: 8 }, (_, i) => `export function filler${i}() {\n  return ${i};\n}\n`).join('');
    const pair = new ReadingPair(engine, '/w/src/store.ts', `import { Pool } from 'pg';
const db = new Pool();
class Store {
  rows = start('orders');
  constructor() {
    this.kind = 'store';
  }
}
const other = 'customers';
throw new Store();
${fillers}`);
    expect(pair.replace("'store'", "'shop'")).toBe(true);
    expect(pair.file.calls.find(({ callee }) => callee.join('.') === 'start')?.exitsAfter).toBe(false);
    pair.dispose();
  });

  it('gives what reading the whole text gives: a script with classes, wrappers and builders', () => {
    expect(typeInto(engine, '/w/src/orders.ts', service, hostSnippets, 120)).toBeGreaterThan(40);
  });

  it('gives what reading the whole text gives: generated scripts and SQL files', () => {
    expect(typeInto(engine, '/w/src/queries.ts', generateTypeScript(300), hostSnippets, 40)).toBeGreaterThan(20);
    expect(typeInto(engine, '/w/db/queries.sql', generateSql(300), sqlSnippets, 100)).toBeGreaterThan(25);
  });

  it('takes over what stands elsewhere: the same objects before the edit, moved ones behind it', () => {
    const pair = new ReadingPair(engine, '/w/src/orders.ts', service);
    const before = pair.file;
    expect(pair.replace('select * from orders where id = $1', 'select id, total from orders where id = $1')).toBe(true);
    const siteOf = (file: HostFile, word: string) => file.sites.find(({ source }) => source?.text.includes(word));
    expect(siteOf(pair.file, 'created_at')?.source).toBe(siteOf(before, 'created_at')?.source);
    expect(siteOf(pair.file, 'created_at')?.span.start).toBe((siteOf(before, 'created_at')?.span.start ?? 0) + 'id, total'.length - 1);
    expect(siteOf(pair.file, 'total')).toBeDefined();
    pair.dispose();
  });

  it('reads callers again when what they call is edited', () => {
    const pair = new ReadingPair(engine, '/w/src/orders.ts', service);
    const last = () => pair.file.sites.find(({ source }) => source?.text.includes('max(id)'))?.confidence;
    expect(last()).toBe('proved');
    expect(pair.replace('pool.query(text, values)', 'console.log(text, values)')).toBe(true);
    expect(last()).not.toBe('proved');
    expect(pair.replace('console.log(text, values)', 'pool.query(text, values)')).toBe(true);
    expect(last()).toBe('proved');
    pair.dispose();
  });

  it('judges a builder anew when the function that sent it no longer does', () => {
    const pair = new ReadingPair(engine, '/w/src/orders.ts', service);
    const offered = (): number => pair.file.sites.filter(({ source }) => source?.text.includes('"status"')).length;
    const before = offered();
    expect(pair.replace("openOrders(customer).orderBy('id').limit(20).offset(page * 20)", 'customer + page')).toBe(true);
    expect(offered()).toBe(before);
    expect(pair.file.sites.find(({ source }) => source?.text.includes('"status"'))?.executes).not.toBe('yes');
    pair.dispose();
  });

  it('reads the file whole where an edit reaches further', () => {
    const pair = new ReadingPair(engine, '/w/src/orders.ts', service);
    expect(pair.replace("const TABLE = 'orders'", "const TABLE = 'invoices'")).toBe(false);
    expect(pair.replace("import knex from 'knex';\n", '')).toBe(false);
    expect(pair.replace('private readonly pool: Pool;', 'private readonly pool: any;')).toBe(false);
    pair.dispose();
    const sql = new ReadingPair(engine, '/w/db/a.sql', "select 1;\n\nselect 2;\n\nselect 'x';\n\nselect 4;\n");
    expect(sql.replace('2;', '22;')).toBe(true);
    expect(sql.replace('22;', "'22;")).toBe(false);
    sql.dispose();
  });
});
