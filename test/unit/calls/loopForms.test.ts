import { describe, expect, it } from 'vitest';
import { createFlowWorkspace } from '../../support/flowWorkspace';

const HEAD = "import { Pool } from 'pg';\nconst pool = new Pool();\n";
const one = 'pool.query(\'SELECT * FROM customers WHERE id = $1\', [KEY])';
const query = (key: string): string => one.replace('KEY', key);

async function anchorsOf(body: string): Promise<readonly string[]> {
  const workspace = await createFlowWorkspace({ 'src/case.ts': `${HEAD}export async function run(orders: Order[], ids: string[], start: Node, n: number) {\n${body}\n}\n` });
  return workspace.anchors('src/case.ts');
}

describe('a query per element', () => {
  const forms: Readonly<Record<string, string>> = {
    'for of': `for (const o of orders) { const c = await ${query('o.customerId')}; use(c); }`,
    'destructured element': `for (const { customerId } of orders) { await ${query('customerId')}; }`,
    'index loop': `for (let i = 0; i < orders.length; i++) { await ${query('orders[i].customerId')}; }`,
    'for in': `for (const id in ids) { await ${query('id')}; }`,
    'through a local': `for (const o of orders) { const key = o.customer.id; const params = key; await ${query('params')}; }`,
    'Promise.all map': `await Promise.all(orders.map(async (o) => { const c = await ${query('o.customerId')}; return c.rows; }))`,
    'Promise.all map, expression body': `return Promise.all(ids.map((id) => ${query('id')}))`,
    'promises kept and awaited later': `const waiting = ids.map((id) => ${query('id')}); await Promise.all(waiting);`,
    forEach: `ids.forEach(async (id) => { await ${query('id')}; })`,
    reduce: `await ids.reduce(async (before, id) => { await before; await ${query('id')}; }, Promise.resolve())`,
    'async.eachLimit': `await async.eachLimit(ids, 5, async (id) => { await ${query('id')}; })`,
    'p-map': `await pMap(ids, async (id) => ${query('id')}, { concurrency: 3 })`,
    'work list': `const queue = [start]; while (queue.length > 0) { const node = queue.shift(); const c = await ${query('node.id')}; queue.push(...c.rows); }`,
    'inner loop over a chunk': `for (let i = 0; i < ids.length; i += 100) { const part = ids.slice(i, i + 100); for (const id of part) { await ${query('id')}; } }`,
    'retry inside a per-element loop': `for (const id of ids) { for (let attempt = 0; attempt < 3; attempt++) { try { await ${query('id')}; break; } catch { continue; } } }`,
    'return only on failure': `for (const id of ids) { const found = await ${query('id')}; if (!found.rows[0]) return false; }`,
    'inside a transaction callback': `for (const o of orders) { await db.transaction(async (tx) => { await ${query('o.customerId')}; }); }`,
    'immediately invoked': `for (const id of ids) { (async () => { await ${query('id')}; })(); }`,
    'fp-ts': `return pipe(ids, A.map((id) => ${query('id')}), TE.sequenceArray)`,
    'fp-ts traverseArray': `return pipe(ids, TE.traverseArray((id) => TE.tryCatch(() => ${query('id')}, toError)))`,
    'Effect.forEach': `return Effect.forEach(ids, (id) => Effect.promise(() => ${query('id')}))`,
    'RxJS mergeMap': `return from(ids).pipe(mergeMap((id) => ${query('id')}))`,
    'p-limit': `const limit = pLimit(4); return Promise.all(ids.map((id) => limit(() => ${query('id')})))`,
    'lodash forEach': `_.forEach(orders, async (o) => { await ${query('o.customerId')}; })`,
    'async.mapLimit': `return async.mapLimit(ids, 3, async (id) => ${query('id')})`,
    'Bluebird each': `return Bluebird.each(ids, (id) => ${query('id')})`,
    'nested callbacks': `await Promise.all(orders.map((o) => Promise.all(o.lines.map((l) => ${query('l.id')}))))`,
  };
  for (const [name, body] of Object.entries(forms)) it(name, async () => expect(await anchorsOf(body)).toEqual(['pool.query']));
});

describe('no query per element', () => {
  const forms: Readonly<Record<string, string>> = {
    'no loop': `await ${query('n')};`,
    'the query is the iterable': `for (const row of (await ${query('n')}).rows) use(row);`,
    'query awaited before map': `(await ${query('n')}).rows.map((row) => use(row))`,
    'chunk loop by step': `for (let i = 0; i < ids.length; i += 100) { await pool.query('SELECT * FROM customers WHERE id = ANY($1)', [ids.slice(i, i + 100)]); }`,
    'chunk loop by helper': `for (const part of chunk(ids, 100)) { await pool.query('SELECT * FROM customers WHERE id = ANY($1)', [part]); }`,
    'splice': `while (ids.length) { const part = ids.splice(0, 100); await pool.query('SELECT * FROM customers WHERE id = ANY($1)', [part]); }`,
    'retry by counter': `for (let attempt = 0; attempt < n; attempt++) { try { return await ${query('n')}; } catch { continue; } }`,
    'retry by constant': `for (let i = 0; i < 3; i++) { await ${query('i')}; }`,
    'retry by name': `for (let i = 0; i < MAX_RETRIES; i++) { await ${query('i')}; }`,
    'uniqueness probe': `let name = 'a'; while ((await ${query('name')}).rows.length > 0) name += '1';`,
    'endless probe': `while (true) { const code = make(); const found = await ${query('code')}; if (found.rows.length === 0) return code; }`,
    'first hit': `for (const id of ids) { const found = await ${query('id')}; if (found.rows[0]) return found.rows[0]; }`,
    'keyset walk': `let last = 0; while (true) { const page = await ${query('last')}; if (page.rows.length === 0) break; last = page.rows[page.rows.length - 1].id; }`,
    'page walk': `for (let page = 0; page < n; page++) { await ${query('page')}; }`,
    'hasMore': `let hasMore = true; let offset = 0; while (hasMore) { const r = await ${query('offset')}; offset += 10; hasMore = r.rows.length === 10; }`,
    'do while cursor': `let cursor; do { const r = await ${query('cursor')}; cursor = r.rows.at(-1)?.id; } while (cursor);`,
    'literal list': `for (const table of ['a', 'b']) { await ${query('table')}; }`,
    'constant list': `const KINDS = ['a', 'b']; for (const kind of KINDS) { await ${query('kind')}; }`,
    'imported constant': `for (const kind of ORDER_KINDS) { await ${query('kind')}; }`,
    'enumeration': `for (const kind of Object.values(OrderKind)) { await ${query('kind')}; }`,
    'at most once': `for (const id of ids) { return await ${query('id')}; }`,
    'break after it': `for (const id of ids) { await ${query('id')}; break; }`,
    'event handler in a loop': `for (const id of ids) { emitter.on('x', async () => { await ${query('id')}; }); }`,
    'function declared in a loop': `for (const id of ids) { const later = async () => ${query('id')}; register(later); }`,
    'transaction control': `for (const id of ids) { await pool.query('BEGIN'); await pool.query('COMMIT'); use(id); }`,
    'polling': `while (running) { await ${query('n')}; await sleep(1000); }`,
    'fp-ts task map': `return pipe(one, TE.map((row) => ${query('row.id')}))`,
    'RxJS switchMap of one value': `return this.http.get('/x').pipe(switchMap((x) => ${query('x.id')}))`,
    'data loader': `await Promise.all(ids.map((id) => customerLoader.load(id)))`,
    'stream of batches': `for await (const batch of source) { await pool.query('SELECT * FROM customers WHERE id = ANY($1)', [batch.map((x) => x.id)]); }`,
  };
  for (const [name, body] of Object.entries(forms)) it(name, async () => expect(await anchorsOf(body)).toEqual([]));
});
