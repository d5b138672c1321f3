import { catalogOf } from '../catalog/schema';

/** A shop; `Order lines` needs quotes, `audit.events` a schema. */
export const shop = catalogOf(`create schema audit;
create table customers (id bigint primary key, name text not null, email text unique, "createdAt" timestamptz not null default now());
create table orders (id bigint primary key, customer_id bigint not null references customers, status text not null, total numeric, created_at timestamptz not null default now());
create index orders_status_idx on orders (status, created_at);
create table "Order lines" (order_id bigint references orders (id), line int, sku text, primary key (order_id, line));
create table audit.events (id bigint primary key, actor text, payload jsonb);
create view open_orders as select id, customer_id from orders where status = 'open'`);
