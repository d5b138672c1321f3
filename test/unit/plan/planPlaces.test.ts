import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { placePlan } from '../../../server/src/core/plan/planPlaces';
import { collectNodes } from '../../../server/src/core/plan/planTree';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';
import { createProject, type Project } from '../../../server/src/workspace/project';
import { toUri } from '../../../server/src/workspace/paths';
import { sharedTwin } from '../../support/twin';
import { makeWorkspace } from '../../support/workspaceFolder';

const SCHEMA = `create table customers (id bigint primary key, name varchar(80) not null, country text);
create table orders (id bigint primary key, customer_id bigint not null references customers, status varchar(20) not null, total numeric, created_at timestamptz not null, deleted_at timestamptz, tags text[], data jsonb);
create index orders_customer on orders (customer_id);
create index orders_created on orders (created_at);
create table events (id bigint, at date not null, kind text) partition by range (at);
create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01');
create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
`;
let engine: Engine;
let project: Project;
let workspace: ReturnType<typeof makeWorkspace>;
beforeAll(async () => {
  workspace = makeWorkspace({ 'schema.sql': SCHEMA });
  engine = await createEngine();
  project = await createProject({ folder: workspace.folder, engine, settings: { assume: { orders: 500_000, customers: 20_000 } }, threads: 0, twin: sharedTwin() });
  await project.scan({});
});
afterAll(() => workspace.remove());

/** `node.label` → the texts that it stands for, in the plan that Postgres makes. */
async function placesOf(sql: string): Promise<Record<string, string>> {
  const catalog = project.catalogOf(toUri(workspace.path('q.sql')))!;
  const { root } = await sharedTwin().plan(catalog, sql);
  const nodes = collectNodes(root);
  const model = engine.sql.analyse({ text: sql, placeholders: 'dollar', interpolations: [] });
  const places: Record<string, string> = {};
  for (const place of placePlan(root, model)) {
    const node = nodes[place.node]!;
    const key = `${node.relation === undefined ? node.index ?? node.nodeType : node.alias ?? node.relation}.${place.condition === undefined ? place.kind : node.conditions[place.condition]!.label}`;
    places[key] = [...(places[key] === undefined ? [] : [places[key]]), sql.slice(place.span.start, place.span.end)].join(' & ');
  }
  return places;
}

describe('places of a plan in its statement', () => {
  it.each<[string, Record<string, string>]>([
    ['select id from orders where customer_id = $1 and status = $2', { 'orders.relation': 'orders', 'orders.Filter': 'status = $2', 'orders.Recheck Cond': 'customer_id = $1', 'orders_customer.Index Cond': 'customer_id = $1' }],
    ["select o.id from orders o join customers c on c.id = o.customer_id where c.country = 'DE' and o.created_at >= $1 and o.created_at < $2 order by o.created_at limit 20", {
      'o.relation': 'orders', 'c.relation': 'customers', 'c.Filter': "c.country = 'DE'", 'o.Index Cond': 'o.created_at >= $1 & o.created_at < $2', 'Limit.limit': 'limit 20', 'Hash Join.Hash Cond': 'c.id = o.customer_id', 'Sort.Sort Key': 'order by o.created_at',
    }],
    ['select status, count(*) from orders where deleted_at is null group by status order by 2 desc', { 'orders.relation': 'orders', 'orders.Filter': 'deleted_at is null', 'Partial HashAggregate.Group Key': 'group by status', 'Finalize GroupAggregate.Group Key': 'group by status' }],
    ["select id from orders where status in ('open', 'paid') and lower(status) like 'a%' order by total", { 'orders.relation': 'orders', 'orders.Filter': "status in ('open', 'paid') & lower(status) like 'a%'", 'Sort.Sort Key': 'order by total' }],
    ['select id from orders where customer_id = $1 or created_at between \'2024-01-01\' and \'2024-01-02\'', {
      'orders.relation': 'orders', 'orders.Recheck Cond': "customer_id = $1 or created_at between '2024-01-01' and '2024-01-02'", 'orders_customer.Index Cond': 'customer_id = $1', 'orders_created.Index Cond': "created_at between '2024-01-01' and '2024-01-02' & created_at between '2024-01-01' and '2024-01-02'",
    }],
    ['select count(*) from events e where e.kind = $1', { 'e_1.relation': 'events', 'e_1.Filter': 'e.kind = $1', 'e_2.relation': 'events', 'e_2.Filter': 'e.kind = $1' }],
    ['select id from customers c where exists (select 1 from orders o where o.customer_id = c.id and o.total > 100)', { 'c.relation': 'customers', 'o.relation': 'orders', 'o.Filter': 'o.total > 100', 'o.Index Cond': 'o.customer_id = c.id' }],
    ['select a.id from orders a join orders b on b.customer_id = a.customer_id where a.status = $1 and b.status = $2', { 'a.relation': 'orders', 'a.Filter': 'a.status = $1', 'b.relation': 'orders', 'b.Filter': 'b.status = $2', 'Hash Join.Hash Cond': 'b.customer_id = a.customer_id' }],
    ['with recent as materialized (select * from orders where created_at > $1) select count(*) from recent where status = $2', { 'orders.relation': 'orders', 'orders.Index Cond': 'created_at > $1', 'recent.relation': 'recent', 'recent.Filter': 'status = $2' }],
    ['update orders set status = $1 where id = $2', { 'orders.relation': 'orders & orders', 'orders.Index Cond': 'id = $2' }],
    ["select id from orders where data @> '{\"a\": 1}' and tags && array['x'] and total::int > 5", { 'orders.relation': 'orders', 'orders.Filter': "data @> '{\"a\": 1}' & tags && array['x'] & total::int > 5" }],
  ])('%s', async (sql, expected) => {
    expect(await placesOf(sql)).toEqual(expected);
  });
});
