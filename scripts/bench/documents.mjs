// Generated documents for the latency benchmark: deterministic, shaped like application SQL.
const TABLES = ['users', 'orders', 'order_items', 'products', 'invoices', 'events', 'sessions', 'memberships', 'projects', 'comments'];
const COLUMNS = ['id', 'tenant_id', 'created_at', 'updated_at', 'status', 'email', 'name', 'amount', 'user_id', 'payload'];

/** xorshift32: the same numbers on every machine. */
export function createRandom(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}

function statement(random, i) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const [t, u, c, d] = [pick(TABLES), pick(TABLES), pick(COLUMNS), pick(COLUMNS)];
  switch (Math.floor(random() * 8)) {
    case 0: return [`select a.id, a.${c}, b.${d}`, `from ${t} a`, `join ${u} b on b.id = a.user_id`, 'where a.tenant_id = 42', `  and lower(a.email) = 'x${i}@example.com'`, 'order by a.created_at desc', `limit 20 offset ${i * 20};`];
    case 1: return [`select * from ${t} where ${c} = 'v${i}' or ${d} is null;`];
    case 2: return [`update ${t}`, "set status = 'done', updated_at = now()", `where id = ${i} and tenant_id = 42;`];
    case 3: return [`insert into ${t} (id, tenant_id, ${c === 'id' || c === 'tenant_id' ? 'name' : c})`, `values (${i}, 42, 'x'), (${i + 1}, 42, 'y')`, 'on conflict (id) do nothing;'];
    case 4: return [`create table t_${i} (`, '  id bigint generated always as identity primary key,', '  tenant_id bigint not null,', '  email text not null,', '  created_at timestamptz not null default now()', ');'];
    case 5: return ['with recent as (', '  select user_id, count(*) as n', `  from ${t}`, "  where created_at > now() - interval '1 day'", '  group by user_id', ')', 'select r.n, (select max(o.amount) from orders o where o.user_id = r.user_id)', `from recent r where r.n > ${i % 7};`];
    case 6: return [`create index idx_${i} on ${t} (tenant_id, ${c});`];
    default: return [`-- statement ${i}`, `delete from ${t} where id in (select id from ${u} where ${c} < 'z' limit 10);`];
  }
}

/** An SQL file of exactly this many lines; never ends inside a statement. */
export function generateSql(lines, seed = 1) {
  const random = createRandom(seed * 7919 + lines);
  const out = [];
  for (let i = 0; ; i++) {
    const next = [...statement(random, i), ''];
    if (out.length + next.length > lines) break;
    out.push(...next);
  }
  while (out.length < lines) out.push('-- pad');
  return `${out.join('\n')}\n`;
}

function generateCode(lines, seed, { head, open, close, comment }) {
  const random = createRandom(seed * 7919 + lines);
  const out = [...head, ''];
  for (let i = 0; ; i++) {
    const body = statement(random, i).map((line) => `    ${line}`);
    body[body.length - 1] = body.at(-1).replace(/;$/, '');
    const next = [...open(i), ...body, ...close, ''];
    if (out.length + next.length > lines) break;
    out.push(...next);
  }
  while (out.length < lines) out.push(`${comment} pad`);
  return `${out.join('\n')}\n`;
}

/** A TypeScript file of exactly this many lines: one function with one query each. */
export const generateTypeScript = (lines, seed = 1) => generateCode(lines, seed, {
  head: ["import { Pool } from 'pg';", 'const db = new Pool();'],
  open: (i) => [`export async function q${i}(tenantId: number) {`, '  return db.query(`'],
  close: ['  `);', '}'],
  comment: '//',
});

/** The same in Python. */
export const generatePython = (lines, seed = 1) => generateCode(lines, seed, {
  head: ['import psycopg', '', "db = psycopg.connect('dbname=app')", ''],
  open: (i) => [`def q${i}(tenant_id: int):`, '    return db.execute("""'],
  close: ['    """).fetchall()', ''],
  comment: '#',
});

/** The same in Go, with methods. */
export const generateGo = (lines, seed = 1) => generateCode(lines, seed, {
  head: ['package store', '', 'import "database/sql"', '', 'type Store struct { db *sql.DB }'],
  open: (i) => [`func (s *Store) Q${i}(tenantID int64) (*sql.Rows, error) {`, '\treturn s.db.Query(`'],
  close: ['\t`)', '}'],
  comment: '//',
});
