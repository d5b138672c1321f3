import { describe, expect, it } from 'vitest';
import { exactKey, looseKey } from '../../../server/src/core/sql/statementKeys';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { fingerprintWithPgQuery } from '../../../server/src/parser/sql/pgQuery';

const sql = await createSqlAnalyser();
const keys = (text: string) => ({ exact: exactKey(text), loose: looseKey(text, (plain) => sql.fingerprint(plain)) });

/** Source text, and what pg_stat_statements of PostgreSQL 18 (12 where it says so) printed for it. */
const exact: readonly (readonly [about: string, source: string, server: string])[] = [
  ['literals', "SELECT id, total FROM orders WHERE customer = 7 AND note LIKE 'a%' LIMIT 20", 'SELECT id, total FROM orders WHERE customer = $1 AND note LIKE $2 LIMIT $3'],
  ['parameters', 'SELECT id FROM orders WHERE customer = $1', 'SELECT id FROM orders WHERE customer = $1'],
  ['layout, comments and a semicolon', '/* app */ select  id\n  from orders -- why\n where id = 5;', 'SELECT id FROM orders WHERE id = $1 -- tail'],
  ['lists', 'SELECT total FROM orders WHERE id IN (1, 2, 3)', 'SELECT total FROM orders WHERE id IN ($1 /*, ... */)'],
  ['lists before 18', 'SELECT total FROM orders WHERE id IN ($1)', 'SELECT total FROM orders WHERE id IN ($1, $2, $3)'],
  ['lists of pairs', 'SELECT id FROM orders WHERE (customer, total) IN ((1, 2), (3, 4))', 'SELECT id FROM orders WHERE (customer, total) IN (($1,$2),($3,$4),($5,$6))'],
  ['lists of typed parameters', 'SELECT id FROM orders WHERE id IN ($1)', 'SELECT id FROM orders WHERE id IN ($1::INTEGER, $2::INTEGER)'],
  ['lists with a column in them', 'SELECT id FROM orders WHERE total IN (1, 2, total)', 'SELECT id FROM orders WHERE total IN ($1, $2, total)'],
  ['arrays', 'SELECT id FROM orders WHERE id = ANY(ARRAY[1,2])', 'SELECT id FROM orders WHERE id = ANY(ARRAY[$1 /*, ... */])'],
  ['rows', 'INSERT INTO orders (customer, note) VALUES ($1, $2)', 'INSERT INTO orders (customer, note) VALUES ($1, $2), ($3, $4), ($5,$6)'],
  ['rows with defaults', 'INSERT INTO t (a, b) VALUES (1, DEFAULT), (2, 3)', 'INSERT INTO t (a, b) VALUES ($1, DEFAULT), ($2, $3), ($4, DEFAULT)'],
  ['negative numbers', 'SELECT id FROM orders WHERE total > -5 AND a = - 3 AND b - 3 > 0 AND c BETWEEN -1 AND -2', 'SELECT id FROM orders WHERE total > $1 AND a = $2 AND b - $3 > $4 AND c BETWEEN $5 AND $6'],
  ['typed literals', "SELECT count(*) FROM orders WHERE created_at > now() - interval '1 day' AND at > '2024-01-01'::timestamptz AND d = date '2024-01-01'", 'SELECT count(*) FROM orders WHERE created_at > now() - interval $1 AND at > $2::timestamptz AND d = date $3'],
  ['true, false and null', "SELECT CASE WHEN total > 5 THEN 'x' END, true, NULL FROM orders WHERE a IS NOT NULL AND b IS TRUE AND c = false", 'SELECT CASE WHEN total > $1 THEN $2 END, $3, $4 FROM orders WHERE a IS NOT NULL AND b IS TRUE AND c = $5'],
  ['positions in GROUP BY and ORDER BY', "SELECT date_trunc('day', created_at), sum(total) FROM orders GROUP BY 1 ORDER BY 2 DESC LIMIT 3", 'SELECT date_trunc($1, created_at), sum(total) FROM orders GROUP BY 1 ORDER BY 2 DESC LIMIT $2'],
  ['quoted names', 'select "id" from "public"."orders" where "id" = $1 for update', 'SELECT id FROM public.orders WHERE id = $1 FOR UPDATE'],
  ['type modifiers', 'SELECT id FROM orders WHERE total::numeric(10,2) = 3', 'SELECT id FROM orders WHERE total::numeric(10,2) = $1'],
  ['FETCH FIRST', 'SELECT id FROM orders FETCH FIRST 3 ROWS ONLY', 'SELECT id FROM orders FETCH FIRST $1 ROWS ONLY'],
  ['jsonb', `SELECT data->'a'->>'b' FROM orders WHERE data @> '{"a":1}' AND data ? 'k'`, 'SELECT data->$1->>$2 FROM orders WHERE data @> $3 AND data ? $4'],
  ['MERGE', "MERGE INTO c USING (SELECT 1 AS id) s ON c.id = s.id WHEN MATCHED THEN UPDATE SET name = 'n'", 'MERGE INTO c USING (SELECT $1 AS id) s ON c.id = s.id WHEN MATCHED THEN UPDATE SET name = $2'],
  ['joins', 'SELECT a.id FROM a JOIN b ON a.id = b.id LEFT JOIN c ON c.id != b.id', 'SELECT a.id FROM a INNER JOIN b ON a.id = b.id LEFT OUTER JOIN c ON c.id <> b.id'],
  ['knex', 'select "o"."id", "c"."name" from "orders" as "o" inner join "customers" as "c" on "c"."id" = "o"."customer" where "o"."total" > 3 limit 5 offset 5', 'select "o"."id", "c"."name" from "orders" as "o" inner join "customers" as "c" on "c"."id" = "o"."customer" where "o"."total" > $1 limit $2 offset $3'],
];

/** What we rebuild, and what the library itself was seen to send (SQLAlchemy 2.1 on three drivers, Prisma 6.19). */
const loose: readonly (readonly [about: string, source: string, server: string])[] = [
  ['asyncpg names the types of parameters', 'SELECT customers.id, customers.name FROM customers WHERE customers.name = $1 ORDER BY customers.id DESC LIMIT $2 OFFSET $3', 'SELECT customers.id, customers.name \nFROM customers \nWHERE customers.name = $1::VARCHAR ORDER BY customers.id DESC \n LIMIT $2::INTEGER OFFSET $3::INTEGER'],
  ['with a type of several words', 'SELECT t.id FROM t WHERE t.at > $1 AND t.v = $2 AND t.a = $3', 'SELECT t.id \nFROM t \nWHERE t.at > $1::TIMESTAMP WITH TIME ZONE AND t.v = $2::DOUBLE PRECISION AND t.a = $3::VARCHAR(20)[]'],
  ['the legacy query labels its columns', 'SELECT customers.id, customers.name FROM customers WHERE customers.name = $1 ORDER BY customers.id LIMIT 2', 'SELECT customers.id AS customers_id, customers.name AS customers_name \nFROM customers \nWHERE customers.name = $1 ORDER BY customers.id \n LIMIT $2'],
  ['func.count() is labelled', 'SELECT count(*) FROM customers', 'SELECT count(*) AS count_1 \nFROM customers'],
  ['a pattern is one value', "SELECT customers.id FROM customers WHERE customers.name ILIKE '%' || $1 || '%'", 'SELECT customers.id \nFROM customers \nWHERE customers.name ILIKE $1::VARCHAR'],
  ['SQLAlchemy inserts', 'INSERT INTO customers (name) VALUES ($1) RETURNING customers.id', 'INSERT INTO customers (name) VALUES ($1::VARCHAR) RETURNING customers.id'],
  ['Prisma findMany', 'SELECT orders.id FROM orders WHERE orders.team_id = $1 AND orders.status = $2 ORDER BY orders.number DESC LIMIT 2 OFFSET $3', 'SELECT "public"."orders"."id" FROM "public"."orders" WHERE ("public"."orders"."team_id" = $1 AND "public"."orders"."status" = $2) ORDER BY "public"."orders"."number" DESC LIMIT $3 OFFSET $4'],
  ['Prisma, no filter', 'SELECT orders.id FROM orders OFFSET 0', 'SELECT "public"."orders"."id" FROM "public"."orders" WHERE $2=$3 OFFSET $1'],
  ['Prisma findUnique', 'SELECT orders.id FROM orders WHERE orders.id = $1 LIMIT 1 OFFSET 0', 'SELECT "public"."orders"."id" FROM "public"."orders" WHERE ("public"."orders"."id" = $1 AND $4=$5) LIMIT $2 OFFSET $3'],
  ['Prisma filters', "SELECT orders.id FROM orders WHERE (orders.name ILIKE '%' || $1 || '%' OR orders.status IN ('a', 'b')) AND NOT (orders.status = 'x') LIMIT 1 OFFSET 0", 'SELECT "public"."orders"."id" FROM "public"."orders" WHERE (("public"."orders"."name" ILIKE $1 OR "public"."orders"."status" IN ($2 /*, ... */)) AND (NOT "public"."orders"."status" = $3)) LIMIT $4 OFFSET $5'],
  ['Prisma startsWith', "SELECT orders.id FROM orders WHERE orders.name LIKE $1 || '%' OFFSET 0", 'SELECT "public"."orders"."id" FROM "public"."orders" WHERE "public"."orders"."name"::text LIKE $1 OFFSET $2'],
  ['Prisma count', 'SELECT COUNT(*) FROM orders WHERE orders.team_id = $1 OFFSET 0', 'SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."orders"."id" FROM "public"."orders" WHERE "public"."orders"."team_id" = $1 OFFSET $2) AS "sub"'],
  ['Prisma groupBy', 'SELECT orders.status, COUNT(*) FROM orders WHERE orders.team_id = $1 GROUP BY orders.status OFFSET 0', 'SELECT COUNT(*) AS "_count$_all", "public"."orders"."status" FROM "public"."orders" WHERE "public"."orders"."team_id" = $1 GROUP BY "public"."orders"."status" OFFSET $2'],
  ['Prisma create', "INSERT INTO orders (id, team_id, status) VALUES ($1, $2, 'open') RETURNING orders.id", 'INSERT INTO "public"."orders" ("id","team_id","status") VALUES ($1,$2,$3) RETURNING "public"."orders"."id"'],
  ['Prisma update', "UPDATE orders SET status = 'done' WHERE orders.id = $1 RETURNING orders.id", 'UPDATE "public"."orders" SET "status" = $1 WHERE ("public"."orders"."id" = $2 AND $3=$4) RETURNING "public"."orders"."id"'],
  ['redundant parentheses', 'SELECT id FROM orders WHERE (a = $1) AND ((b = $2))', 'SELECT id FROM orders WHERE (a = $1 AND b = $2)'],
];

/** Must not be taken for one another; Postgres' fingerprint alone is equal for most. */
const different: readonly (readonly [string, string])[] = [
  ['SELECT id FROM log_2024 WHERE a = 1', 'SELECT id FROM log_2025 WHERE a = 1'],
  ['SELECT id FROM a.orders', 'SELECT id FROM b.orders'],
  ['SELECT f(1)', 'SELECT f(1, 2)'],
  ['SELECT 1', "SELECT interval '1' day, timestamp '2020-01-01'"],
  ['SELECT id FROM t ORDER BY 1', 'SELECT id FROM t ORDER BY 2'],
  ['SELECT id FROM t WHERE x IN (1, 2)', 'SELECT id FROM t WHERE x = 1'],
  ['SELECT id FROM t WHERE x IN ($1)', 'SELECT id FROM t WHERE x = ANY($1)'],
  ['SELECT id FROM t WHERE x = 1 AND (y = 2 OR z = 3)', 'SELECT id FROM t WHERE (x = 1 AND y = 2) OR z = 3'],
  ['SELECT id FROM t WHERE x > 1', 'SELECT id FROM t WHERE x < 1'],
  ['SELECT id FROM t LIMIT 1', 'SELECT id FROM t LIMIT 1 OFFSET 5'],
  ['SELECT id FROM t ORDER BY a', 'SELECT id FROM t ORDER BY a DESC'],
  ['SELECT id FROM t', 'SELECT id FROM t FOR UPDATE'],
  ['SELECT id FROM t FOR UPDATE', 'SELECT id FROM t FOR UPDATE SKIP LOCKED'],
  ['SELECT id FROM t WHERE a = $1', 'SELECT id FROM t WHERE lower(a) = $1'],
  ['SELECT id FROM t WHERE a = $1', 'SELECT id FROM t WHERE a::date = $1'],
  ['SELECT id FROM t WHERE a LIKE $1', 'SELECT id FROM t WHERE a ILIKE $1'],
  ['SELECT id FROM t WHERE a IS NULL', 'SELECT id FROM t WHERE a IS NOT NULL'],
  ['SELECT id FROM t JOIN u ON true', 'SELECT id FROM t LEFT JOIN u ON true'],
  ['SELECT "User" FROM t', 'SELECT "user" FROM t'],
  ['SELECT "user" FROM t', 'SELECT user FROM t'],
  ['SELECT count(*) AS total FROM t', 'SELECT count(*) FROM t'],
  ['INSERT INTO t (a) VALUES (1)', 'INSERT INTO t (a) VALUES (DEFAULT)'],
];

describe('keys of a statement', () => {
  it.each(exact)('as the server prints it: %s', (_, source, server) => expect(keys(source).exact).toBe(keys(server).exact));

  it.each(loose)('as the library writes it: %s', (_, source, server) => {
    const [ours, theirs] = [keys(source), keys(server)];
    expect(ours.loose).toBeDefined();
    expect(ours.loose).toBe(theirs.loose);
    expect(ours.exact).not.toBe(theirs.exact);
  });

  it.each(different)('%s is not %s', (a, b) => {
    expect(keys(a).exact).not.toBe(keys(b).exact);
    expect(keys(a).loose).not.toBe(keys(b).loose);
    expect([keys(a).loose, keys(b).loose]).not.toContain(undefined);
  });

  it('texts that do not parse have no loose key, and none throws', () => {
    for (const text of ['', ';', 'SELECT FROM WHERE', '<insufficient privilege>', `SELECT ${'('.repeat(5000)}1`, 'VALUES (', 'SELECT x IN (']) expect(keys(text).loose, text.slice(0, 40)).toBeUndefined();
  });
});

describe('fingerprint', () => {
  it('is Postgres\' own, of text that parses alone', () => {
    expect(sql.fingerprint('SELECT a FROM t WHERE x = 1')).toMatch(/^[0-9a-f]{16}$/);
    expect(sql.fingerprint('SELECT a FROM t WHERE x = 1')).toBe(sql.fingerprint('select a from t where x = $1'));
    for (const text of ['', "SELECT 'open", 'SELECT $99999999999', 'SELEC 1']) expect(sql.fingerprint(text)).toBeUndefined();
  });

  it('survives an engine that dies on a text', () => {
    const killer = `SELECT ${'('.repeat(200_000)}1${')'.repeat(200_000)}`;
    for (let i = 0; i < 3; i++) expect(fingerprintWithPgQuery(killer)).toBeUndefined();
    expect(fingerprintWithPgQuery('SELECT 1')).toMatch(/^[0-9a-f]{16}$/);
    expect(sql.fingerprint(killer)).toBeUndefined();
  });
});
