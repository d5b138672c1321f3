import { expect, test } from 'vitest';
import { scansOf } from '../../server/src/core/advice/planEvidence';
import type { Catalog } from '../../server/src/core/catalog/model';
import { readDdl } from '../support/ddl';
import { loadReaders } from '../support/readers';
import { sharedTwin } from '../support/twin';

const catalog: Catalog = await readDdl(`
create table orders (id bigint primary key, customer_id bigint not null, status text not null, total int not null);
create index orders_customer on orders (customer_id);
create table items (id bigint primary key, order_id bigint not null);
create table parts (id bigint not null, at int not null, primary key (id, at)) partition by range (at);
create table parts_a partition of parts for values from (0) to (10);
create table parts_b partition of parts for values from (10) to (20);
`, { orders: 1_000_000, items: 5_000_000, parts: 2_000_000 });

/** The scans of every relation of this table, block by block: how each reads it. */
async function scans(sql: string, table = 'orders'): Promise<readonly string[]> {
  const { sql: analyser } = await loadReaders();
  const model = analyser.analyse({ text: sql, placeholders: 'dollar', interpolations: [] });
  const plan = await sharedTwin().plan(catalog, sql);
  return model.blocks.flatMap((block) => block.relations.filter((r) => r.name === table && r.kind === 'table').map((relation) => scansOf(plan, catalog, model, relation, `public.${table}`).map((scan) => `${scan.method} ${scan.index ?? ''}`.trim()).join(', ')));
}

test.each([
  ['one relation', 'select * from orders o where customer_id = $1', ['Bitmap Heap Scan orders_customer']],
  ['different names', 'select b.total from orders a join orders b on b.id = a.customer_id where a.total = $1 limit 5', ['Seq Scan', 'Index Scan orders_pkey']],
  ['a sub-query of the same name that runs for itself', 'select (select max(o.total) from orders o where o.id = i.order_id) from items i where exists (select 1 from orders o where o.customer_id = $1)', ['', '']],
  ['the outer query and a sub-plan', 'select o.id, (select max(o.total) from orders o where o.customer_id = $1) from orders o where o.total = $2', ['Seq Scan', 'Bitmap Heap Scan orders_customer']],
  ['the outer query and a CTE that stands by itself', 'with x as materialized (select o.id from orders o where o.customer_id = $1) select * from orders o where o.total = $2 and o.id not in (select id from x)', ['Seq Scan', 'Bitmap Heap Scan orders_customer']],
  ['a CTE that was taken in', 'with x as (select o.id from orders o where o.customer_id = $1) select * from x join orders o on o.id = x.id', ['', '']],
  ['a sub-query that became a join', 'select * from orders o join items i on i.order_id = o.id where o.customer_id = $1 and exists (select 1 from orders o where o.id = i.id and o.total = $2)', ['', '']],
  ['both sides of a UNION', 'select o.id from orders o where o.customer_id = $1 union select o.id from orders o where o.total = $2', ['', '']],
])('%s', async (_, sql, expected) => {
  expect([...await scans(sql)].sort()).toEqual([...expected].sort());
});

test('partitions stand for their table', async () => {
  expect(await scans('select count(*) from parts p where id = $1', 'parts')).toEqual(['Index Only Scan parts_a_pkey, Index Only Scan parts_b_pkey']);
});
