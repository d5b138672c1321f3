import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { read } from './support';

const folder = join(__dirname, '../../fixtures/python/peewee');
const { statements } = JSON.parse(readFileSync(join(folder, 'statements.json'), 'utf8')) as { statements: readonly { readonly source: string; readonly sql: string }[] };
const models = readFileSync(join(folder, 'models.py'), 'utf8');
const analyser = await createSqlAnalyser();

function shape(sql: string): unknown {
  const whole = queryShape(analyser, sql) as { blocks: { outputs: string[] }[] };
  return { ...whole, blocks: whole.blocks.map((block) => ({ ...block, outputs: [...block.outputs].sort() })) };
}

const use = (body: string): string => `${models}\n\ndef run(page, rows, pk):\n    ${body}\n`;
const sitesOf = (body: string): { sql: string | undefined; anchor: string; executes: string; fetches: string }[] => {
  const text = use(body);
  return read(text).sites.map((site) => ({ sql: site.source?.text, anchor: text.slice(site.anchor.start, site.anchor.end), executes: site.executes, fetches: site.fetches }));
};

describe('statements mean what Peewee compiles', () => {
  it.each(compared('peewee', statements))('$source', ({ source, sql }) => {
    const write = /^\w+\.(?:update|delete|insert)/.test(source);
    const sites = sitesOf(write ? `${source}.execute()` : `return list(${source})`);
    expect(sites.map((site) => site.executes)).toEqual(['yes']);
    expect(shape(sites[0]?.sql ?? ''), `${sites[0]?.sql ?? ''}\n${sql}`).toEqual(shape(sql));
  });

  it.each([
    ['return Order.get_by_id(pk)', 'SELECT t1.id, t1.customer_id, t1.status, t1.total, t1.created FROM orders AS t1 WHERE t1.id = $1 LIMIT 1', 'Order.get_by_id', 'one'],
    ["return Order.get_or_none(state='x')", "SELECT t1.id, t1.customer_id, t1.status, t1.total, t1.created FROM orders AS t1 WHERE t1.status = 'x' LIMIT 1", 'Order.get_or_none', 'one'],
    ['return Order.select().where(Order.total > 1).count()', 'SELECT COUNT(1) FROM (SELECT t1.id, t1.customer_id, t1.status, t1.total, t1.created FROM orders AS t1 WHERE t1.total > 1) AS _wrapped', 'Order.select', 'one'],
    ['Item.create(order=pk, qty=2)', 'INSERT INTO item (order_id, qty) VALUES ($1, 2) RETURNING item.id', 'Item.create', 'none'],
    ['return list(Order.select(Order.id)[page:page + 5])', 'SELECT t1.id FROM orders AS t1 LIMIT $1 OFFSET $2', 'Order.select', 'many'],
  ])('%s', (body, sql, anchor, fetches) => {
    expect(sitesOf(body)).toEqual([{ sql, anchor, executes: 'yes', fetches }]);
  });

  it('a query is sent where its name is walked, and once', () => {
    expect(sitesOf('found = Order.select()\n    found = found.where(Order.total > 1)\n    for order in found:\n        print(order)').map((site) => [site.executes, site.anchor])).toEqual([['yes', 'found.where']]);
    expect(sitesOf('return Order.select()').map((site) => site.executes)).toEqual(['no']);
  });

  it.each(innocent('peewee', ["return rows.select('a')", 'return {}.get(pk)', "return Order.state.contains('x')", 'return Order(total=1)', 'rows.update(a=1)']))('no query: %s', (body) => {
    expect(sitesOf(body)).toEqual([]);
  });

  it('classes are models, with their tables, keys and indexes', () => {
    const order = read(models).models.find((model) => model.name === 'Order');
    expect([order?.library, order?.table]).toEqual(['peewee', 'orders']);
    expect(order?.changes.map((change) => (change.type === 'create-index' ? [change.index.name, change.index.keys.map((key) => key.column)] : change.type))).toEqual(['create-table', ['orders_customer_id', ['customer_id']], ['orders_status_created', ['status', 'created']]]);
    expect(order?.relations.map((relation) => [relation.property, relation.model, relation.many])).toEqual([['customer', 'Customer', false], ['items', 'Item', true]]);
  });
});
