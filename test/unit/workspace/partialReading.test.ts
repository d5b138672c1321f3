import { beforeAll, describe, expect, it } from 'vitest';
import { hostSpan } from '../../../server/src/core/text/span';
import type { HostFile } from '../../../server/src/core/hosts/ir';
import { createEngine, type Engine, type OpenReader } from '../../../server/src/workspace/engine';
import { languageOf, toUri } from '../../../server/src/workspace/paths';
import { generateSql, generateTypeScript } from '../../../scripts/bench/documents.mjs';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});

/** mulberry32: the same edits in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A document in an editor, beside one that is read whole at each edit. */
class Pair {
  readonly reader: OpenReader;
  private readonly whole: OpenReader;

  constructor(path: string, public text: string) {
    const language = languageOf(path);
    if (!language) throw new Error(`no language: ${path}`);
    this.reader = engine.open(toUri(path), text, language);
    this.whole = engine.open(toUri(path), text, language);
  }

  /** Replaces a stretch; both readings have to be the same. @returns whether the first one was partial */
  edit(start: number, end: number, inserted: string): boolean {
    const change = { span: hostSpan(start, end), text: inserted };
    this.text = this.text.slice(0, start) + inserted + this.text.slice(end);
    const file = this.reader.update(this.text, [change]);
    // Of the same incremental parse, but with other models, though there are none: nothing is taken over.
    const expected = file.language === 'sql' ? engine.read(file.uri, this.text, 'sql') : this.whole.update(this.text, [change], { models: new Map() });
    expect(this.whole.partial).toBe(false);
    if (this.reader.partial) expect(file).toEqual(expected);
    return this.reader.partial;
  }

  replace(old: string, text: string): boolean {
    const at = this.text.indexOf(old);
    if (at < 0 || this.text.includes(old, at + 1)) throw new Error(`not once: ${old}`);
    return this.edit(at, at + old.length, text);
  }

  get file(): HostFile {
    return this.reader.file;
  }

  dispose(): void {
    this.reader.dispose();
    this.whole.dispose();
  }
}

function typeInto(path: string, text: string, snippets: readonly string[], edits: number): number {
  const pair = new Pair(path, text);
  const random = randomFrom(text.length);
  let partial = 0;
  let undo: { start: number; end: number; text: string } | undefined;
  for (let i = 0; i < edits; i++) {
    const start = undo?.start ?? Math.floor(random() * pair.text.length);
    const end = undo?.end ?? Math.min(pair.text.length, start + Math.floor(random() * 2) * Math.floor(random() * 6));
    const inserted = undo?.text ?? snippets[Math.floor(random() * snippets.length)] ?? '';
    undo = undo ? undefined : { start, end: start + inserted.length, text: pair.text.slice(start, end) };
    if (pair.edit(start, end, inserted)) partial++;
  }
  pair.dispose();
  return partial;
}

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
  it('gives what reading the whole text gives: a script with classes, wrappers and builders', () => {
    expect(typeInto('/w/src/orders.ts', service, hostSnippets, 120)).toBeGreaterThan(40);
  });

  it('gives what reading the whole text gives: generated scripts and SQL files', () => {
    expect(typeInto('/w/src/queries.ts', generateTypeScript(300), hostSnippets, 40)).toBeGreaterThan(20);
    expect(typeInto('/w/db/queries.sql', generateSql(300), sqlSnippets, 100)).toBeGreaterThan(25);
  });

  it('takes over what stands elsewhere: the same objects before the edit, moved ones behind it', () => {
    const pair = new Pair('/w/src/orders.ts', service);
    const before = pair.file;
    expect(pair.replace('select * from orders where id = $1', 'select id, total from orders where id = $1')).toBe(true);
    const siteOf = (file: HostFile, word: string) => file.sites.find(({ source }) => source?.text.includes(word));
    expect(siteOf(pair.file, 'created_at')?.source).toBe(siteOf(before, 'created_at')?.source);
    expect(siteOf(pair.file, 'created_at')?.span.start).toBe((siteOf(before, 'created_at')?.span.start ?? 0) + 'id, total'.length - 1);
    expect(siteOf(pair.file, 'total')).toBeDefined();
    pair.dispose();
  });

  it('reads callers again when what they call is edited', () => {
    const pair = new Pair('/w/src/orders.ts', service);
    const last = () => pair.file.sites.find(({ source }) => source?.text.includes('max(id)'))?.confidence;
    expect(last()).toBe('proved');
    expect(pair.replace('pool.query(text, values)', 'console.log(text, values)')).toBe(true);
    expect(last()).not.toBe('proved');
    expect(pair.replace('console.log(text, values)', 'pool.query(text, values)')).toBe(true);
    expect(last()).toBe('proved');
    pair.dispose();
  });

  it('judges a builder anew when the function that sent it no longer does', () => {
    const pair = new Pair('/w/src/orders.ts', service);
    const offered = (): number => pair.file.sites.filter(({ source }) => source?.text.includes('"status"')).length;
    const before = offered();
    expect(pair.replace("openOrders(customer).orderBy('id').limit(20).offset(page * 20)", 'customer + page')).toBe(true);
    expect(offered()).toBe(before);
    expect(pair.file.sites.find(({ source }) => source?.text.includes('"status"'))?.executes).not.toBe('yes');
    pair.dispose();
  });

  it('reads the file whole where an edit reaches further', () => {
    const pair = new Pair('/w/src/orders.ts', service);
    expect(pair.replace("const TABLE = 'orders'", "const TABLE = 'invoices'")).toBe(false);
    expect(pair.replace("import knex from 'knex';\n", '')).toBe(false);
    expect(pair.replace('private readonly pool: Pool;', 'private readonly pool: any;')).toBe(false);
    pair.dispose();
    const sql = new Pair('/w/db/a.sql', "select 1;\n\nselect 2;\n\nselect 'x';\n\nselect 4;\n");
    expect(sql.replace('2;', '22;')).toBe(true);
    expect(sql.replace('22;', "'22;")).toBe(false);
    sql.dispose();
  });
});
