// What the corpus of plans is made of (scripts/plans.mjs).

export const schema = `
create table customers (id int primary key, name text not null, country text not null, note text);
create table orders (id int primary key, customer int not null references customers, at timestamptz not null, status text not null, total numeric not null);
create table items (id int primary key, order_id int not null references orders on delete cascade, product int not null, quantity int not null, flags jsonb);
create index orders_customer on orders (customer);
create index orders_at on orders (at);
create index items_order on items (order_id);
create index items_product on items (product);
create table events (id int not null, at date not null, kind text) partition by range (at);
create table events_1 partition of events for values from ('2025-01-01') to ('2025-02-01');
create table events_2 partition of events for values from ('2025-02-01') to ('2025-03-01');
create table events_3 partition of events for values from ('2025-03-01') to ('2025-04-01');
create table "Odd ""name""" ("Weird Column" text, "<b>html</b>" text, "a, b" int, "percent%" int);
create table log (id serial primary key, what text);
create function touch() returns trigger language plpgsql as $$ begin new.status := lower(new.status); return new; end $$;
create function record_change() returns trigger language plpgsql as $$ begin insert into log (what) values (new.status); return null; end $$;
create trigger orders_touch before update on orders for each row execute function touch();
create trigger "orders log" after update on orders for each row execute function record_change();
insert into customers select n, 'name ' || n, (array['de', 'fr', 'us', 'it'])[1 + n % 4], case when n % 5 = 0 then 'note' end from generate_series(1, 2000) n;
insert into orders select n, 1 + n % 2000, timestamptz '2025-01-01' + n * interval '5 minutes', (array['open', 'paid', 'sent'])[1 + n % 3], n % 500 from generate_series(1, 20000) n;
insert into items select n, 1 + n % 20000, n % 300, n % 7, '{"a": 1}' from generate_series(1, 40000) n;
insert into events select n, date '2025-01-01' + n % 90, 'kind ' || n % 3 from generate_series(1, 6000) n;
insert into "Odd ""name""" select 'x' || n, '<i>' || n, n, n from generate_series(1, 500) n;
`;

/** `since`: the major version that knows it. `alone`: also with workers that do not come. */
export const statements = [
  { name: 'seq-scan', alone: true, sql: `select * from orders where status = 'open' and total > 490` },
  { name: 'index-scan', sql: `select * from orders where customer = 7` },
  { name: 'index-scan-backward', sql: `select * from orders order by at desc limit 10` },
  { name: 'index-only-scan', sql: `select customer from orders where customer < 20`, settings: { enable_bitmapscan: 'off', enable_seqscan: 'off' } },
  { name: 'bitmap-and', alone: true, sql: `select count(*) from items where product between 10 and 60 and order_id < 9000`, settings: { enable_seqscan: 'off', enable_indexscan: 'off' } },
  { name: 'bitmap-or', sql: `select * from items where product = 3 or order_id = 9` },
  { name: 'bitmap-lossy', sql: `select count(total) from orders where at > '2025-01-05'`, settings: { enable_seqscan: 'off', enable_indexscan: 'off', work_mem: '64kB' } },
  { name: 'nested-loop', sql: `select o.id, i.id from orders o join items i on i.order_id = o.id where o.customer = 7` },
  { name: 'nested-loop-many', alone: true, sql: `select count(*) from orders o join items i on i.order_id = o.id where o.total < 250`, settings: { enable_hashjoin: 'off', enable_mergejoin: 'off' } },
  { name: 'hash-left-join', alone: true, sql: `select o.id, c.name from orders o left join customers c on c.id = o.customer and c.country = 'de'` },
  { name: 'hash-spill', sql: `select count(*) from items a join items b on a.id = b.id + 1`, settings: { work_mem: '64kB', enable_mergejoin: 'off' } },
  { name: 'merge-full-join', sql: `select count(*) from customers c full join orders o on o.customer = c.id`, settings: { enable_hashjoin: 'off' } },
  { name: 'semi-join', sql: `select * from customers c where exists (select 1 from orders o where o.customer = c.id and o.total > 498)` },
  { name: 'anti-join', sql: `select c.id from customers c where not exists (select 1 from orders o where o.customer = c.id and o.status = 'lost')` },
  { name: 'hash-aggregate', alone: true, sql: `select status, count(*), sum(total) from orders group by status` },
  { name: 'group-aggregate', sql: `select customer, array_agg(id order by at) from orders group by customer having count(*) > 9`, settings: { enable_hashagg: 'off' } },
  { name: 'hash-aggregate-spill', sql: `select id, count(*) from items group by id`, settings: { work_mem: '64kB', enable_sort: 'off' } },
  { name: 'grouping-sets', sql: `select country, note, count(*) from customers group by grouping sets ((country, note), (country), (note), ())` },
  { name: 'grouping-sets-sorted', sql: `select country, note, count(*) from customers group by rollup (country, note)`, settings: { enable_hashagg: 'off' } },
  { name: 'distinct', sql: `select distinct status, customer % 3 from orders` },
  { name: 'unique', sql: `select distinct on (customer) customer, at from orders order by customer, at desc` },
  { name: 'window', sql: `select id, row_number() over (partition by customer order by at), sum(total) over (partition by customer) from orders where customer < 50` },
  { name: 'window-run-condition', since: 15, sql: `select * from (select id, row_number() over (order by at) as n from orders) x where n < 5` },
  { name: 'top-n', sql: `select * from orders order by total, id limit 10` },
  { name: 'sort-on-disk', sql: `select * from items order by quantity, id`, settings: { work_mem: '64kB' } },
  { name: 'incremental-sort', since: 13, sql: `select * from orders order by at, total limit 50`, settings: { enable_sort: 'off' } },
  { name: 'cte-twice', sql: `with c as materialized (select customer, sum(total) as total from orders group by customer) select count(*) from c a join c b on a.customer = b.customer + 1` },
  { name: 'cte-recursive', sql: `with recursive r (n) as (select 1 union all select n + 1 from r where n < 500) select sum(n) from r` },
  { name: 'cte-writing-unread', sql: `with gone as (delete from log returning id) select count(*) from customers` },
  { name: 'cte-writing', sql: `with made as (insert into log (what) select status from orders where id < 500 returning id) select max(id) from made` },
  { name: 'init-plan', alone: true, sql: `select id from orders where total > (select avg(total) from orders) and customer = (select max(id) from customers)` },
  { name: 'init-plan-in-output', sql: `select id, (select count(*) from items) as n from customers where id < 5` },
  { name: 'subplan', sql: `select c.id, (select count(*) from orders o where o.customer = c.id) from customers c where c.id < 100` },
  { name: 'subplan-hashed', sql: `select * from customers where id not in (select customer from orders where total > 480)` },
  { name: 'subplan-exists', sql: `select * from customers c where country = 'de' or exists (select 1 from orders o where o.customer = c.id and o.total > 498)` },
  { name: 'never-executed', sql: `select * from customers c join orders o on o.customer = c.id where c.id = -1` },
  { name: 'one-time-filter', sql: `select * from customers where false` },
  { name: 'one-time-filter-true', sql: `select * from customers where current_setting('search_path') is null` },
  { name: 'partitions', sql: `select count(*) from events where at >= '2025-02-10'` },
  { name: 'partitions-removed', sql: `select * from events where at = (current_date - current_date + date '2025-02-10')` },
  { name: 'parallel-append', alone: true, sql: `select count(*) from (select id from orders where total > 3 union all select id from items where quantity > 1 union all select id from customers) x` },
  { name: 'merge-append', sql: `select * from (select id from orders union all select id from items) x order by id limit 20` },
  { name: 'except', sql: `select customer from orders except select id from customers where country = 'de'` },
  { name: 'intersect-all', sql: `select customer from orders intersect all select id from customers` },
  { name: 'memoize', since: 14, sql: `select count(*) from orders o join lateral (select name from customers c where c.id = o.customer % 50 + 1) x on true`, settings: { enable_hashjoin: 'off', enable_mergejoin: 'off' } },
  { name: 'materialize', sql: `select count(*) from customers a join customers b on a.id < b.id where a.id < 100`, settings: { enable_indexscan: 'off', enable_bitmapscan: 'off' } },
  { name: 'values', sql: `select * from (values (1, 'a'), (2, 'b')) v (n, t) join customers c on c.id = v.n` },
  { name: 'function-scan', sql: `select g, json_build_object('a', g) from generate_series(1, 1000) g where g % 7 = 0` },
  { name: 'project-set', sql: `select generate_series(1, 3), id from customers where id < 10` },
  { name: 'xmltable', sql: `select x.* from xmltable('/a/b' passing xml '<a><b>1</b><b>2</b></a>' columns v int path '.') x` },
  { name: 'rows-from', sql: `select * from rows from (generate_series(1, 3), unnest(array['x', 'y'])) as r (a, b)` },
  { name: 'tid-scan', sql: `select * from customers where ctid = '(0,1)'` },
  { name: 'tid-range-scan', since: 14, sql: `select * from customers where ctid < '(2,1)'` },
  { name: 'sample', sql: `select count(*) from orders tablesample system (20) repeatable (3)` },
  { name: 'lock-rows', sql: `select * from customers where id < 5 for update` },
  { name: 'insert', sql: `insert into log (what) values ('a'), ('b')` },
  { name: 'insert-conflict', sql: `insert into customers values (1, 'a', 'de'), (99999, 'b', 'fr') on conflict (id) do update set name = excluded.name where customers.country <> 'us'` },
  { name: 'update-triggers', sql: `update orders set status = 'sent' where customer < 100` },
  { name: 'update-partitions', sql: `update events set kind = 'x' where id < 50` },
  { name: 'delete-cascade', sql: `delete from orders where customer = 7` },
  { name: 'merge', since: 15, sql: `merge into items i using (select n as id from generate_series(39990, 40010) n) s on s.id = i.id when matched and i.id < 39995 then delete when matched then update set quantity = 0 when not matched then insert values (s.id, 1, 1, 1)` },
  { name: 'odd-names', sql: `select "Weird Column", "<b>html</b>", "a, b" + 1 from "Odd ""name""" as "the alias" where "Weird Column" <> 'it''s (cost=1..2 rows=3) -> "x": & <' and "a, b" > 3 order by "a, b", "<b>html</b>" desc nulls last` },
  { name: 'line-break', sql: `select count(*) from customers where name <> 'one\ntwo  (cost=0.00..1.00 rows=1 width=1)\n  ->  three' and note is distinct from E'tab\\there'` },
  { name: 'jit', alone: true, sql: `select sum(total * 2), count(*) filter (where status = 'open') from orders where id % 3 = 1`, settings: { jit: 'on', jit_above_cost: '0', jit_optimize_above_cost: '0', jit_inline_above_cost: '0' } },
  { name: 'subquery-scan', sql: `select x.n from (select customer, count(*) as n from orders group by customer offset 0) x where x.n > 9` },
  { name: 'disabled', sql: `select * from customers where name = 'x'`, settings: { enable_seqscan: 'off' } },
  { name: 'parallel-index-only', sql: `select count(customer) from orders where customer > 100`, settings: { enable_seqscan: 'off', enable_bitmapscan: 'off' } },
  { name: 'parallel-hash', alone: true, sql: `select count(*) from orders o join items i on i.order_id = o.id where i.quantity > 2` },
  { name: 'gather-merge', sql: `select * from items where quantity > 2 order by product, id limit 100` },
  { name: 'subplan-parallel', sql: `select count(*) from orders o where total > 300 and exists (select 1 from items i where i.order_id = o.id and i.quantity = o.total % 7 offset 0)` },
  { name: 'lateral-limit', sql: `select c.id, x.at from customers c cross join lateral (select at from orders o where o.customer = c.id order by at desc limit 1) x where c.id < 200` },
];
