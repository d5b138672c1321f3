import { arrayContainmentDirection } from '../../server/src/core/rules/array-containment-direction';
import { betweenTimestamps } from '../../server/src/core/rules/between-timestamps';
import { countForExistence } from '../../server/src/core/rules/count-for-existence';
import { distinctHidesFanOut } from '../../server/src/core/rules/distinct-hides-fan-out';
import { implicitCast } from '../../server/src/core/rules/implicit-cast';
import { nonSargablePredicate } from '../../server/src/core/rules/non-sargable-predicate';
import { notInSubquery } from '../../server/src/core/rules/not-in-subquery';
import { unionDedup } from '../../server/src/core/rules/union-dedup';
import { proveRewrites } from '../support/proveRewrites';

const prove = proveRewrites({
  schema: `
    CREATE TABLE users (id bigint PRIMARY KEY, tenant_id int NOT NULL, name text, code text NOT NULL, born date, score int NOT NULL);
    CREATE TABLE bans (id bigint PRIMARY KEY, user_id bigint NOT NULL, tenant_id int NOT NULL, maybe bigint, reason text);
    CREATE TABLE nothing (id bigint PRIMARY KEY, user_id bigint NOT NULL);
    CREATE TABLE events (id bigint PRIMARY KEY, user_id bigint NOT NULL, at timestamp NOT NULL, tz timestamptz NOT NULL, note text);
    CREATE TABLE moments (id bigint PRIMARY KEY, at timestamp NOT NULL, tz timestamptz NOT NULL, due date, number int NOT NULL, maybe int, big bigint NOT NULL, token uuid NOT NULL, status text NOT NULL, tags text[], codes int[]);
    CREATE INDEX moments_at ON moments (at);
    CREATE INDEX moments_tz ON moments (tz);
    CREATE INDEX moments_due ON moments (due);
    CREATE INDEX moments_number ON moments (number);
    CREATE INDEX moments_maybe ON moments (maybe);
    CREATE INDEX moments_big ON moments (big);
    CREATE INDEX moments_token ON moments (token);
    CREATE INDEX moments_tags ON moments USING gin (tags);
    CREATE INDEX moments_codes ON moments USING gin (codes);
  `,
  rows: `
    INSERT INTO users SELECT i, i % 3, CASE WHEN i % 4 = 0 THEN NULL WHEN i % 5 = 0 THEN '日本語 🐘' ELSE 'n' || i % 6 END, 'c' || i % 7, CASE WHEN i % 6 = 0 THEN NULL ELSE date '2024-01-01' + i END, i % 5 FROM generate_series(1, 40) i;
    INSERT INTO bans SELECT i, 1 + i % 9, i % 3, CASE WHEN i % 3 = 0 THEN NULL ELSE i % 12 END, CASE WHEN i % 2 = 0 THEN '日本語 🐘' END FROM generate_series(1, 25) i;
    INSERT INTO events SELECT i, 1 + i % 9, timestamp '2024-01-30' + i * interval '97 minutes', timestamptz '2024-01-30 00:00+00' + i * interval '97 minutes', CASE WHEN i % 3 = 0 THEN NULL ELSE 'x' END FROM generate_series(0, 60) i;
    INSERT INTO events VALUES (100, 1, '2024-01-31 00:00', '2024-01-31 00:00+00', 'edge'), (101, 1, '2024-01-31 23:59:59.5', '2024-01-31 23:59:59.5+00', 'edge'), (102, 1, '2024-02-01 00:00', '2024-02-01 00:00+00', 'edge');
    -- Every half hour of nights in which the clock skips or repeats midnight, in a zone that does so, and the borders of a year.
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''America/Sao_Paulo''', current_database()); END $$;
    INSERT INTO moments SELECT row_number() OVER (), t AT TIME ZONE 'UTC', t, CASE WHEN i % 5 = 0 THEN NULL ELSE (t AT TIME ZONE 'UTC')::date END, i % 9 - 4, CASE WHEN i % 3 = 0 THEN NULL ELSE i % 5 END, i % 7, ('00000000-0000-4000-8000-00000000000' || i % 8)::uuid, CASE i % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'late' ELSE '日本語 🐘' END,
      CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '{}' WHEN 2 THEN ARRAY['a', NULL] WHEN 3 THEN ARRAY['a', '日本語 🐘', 'a'] ELSE ARRAY['b'] END, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '{{1,2},{3,4}}' ELSE ARRAY[i % 6] END
      FROM (SELECT timestamptz '2018-11-03 18:00+00' + i * interval '30 minutes' AS t, i FROM generate_series(0, 70) i UNION ALL SELECT timestamptz '2018-02-17 18:00+00' + i * interval '30 minutes', i FROM generate_series(0, 70) i UNION ALL SELECT timestamptz '2018-12-31 20:00+00' + i * interval '30 minutes', i FROM generate_series(0, 30) i UNION ALL SELECT timestamptz '2018-11-30 20:00+00' + i * interval '30 minutes', i FROM generate_series(0, 30) i) s;
  `,
  settings: { assume: { users: 500_000, bans: 500_000, nothing: 500_000, events: 500_000, moments: 500_000 } },
});

prove(notInSubquery, [
  'SELECT id, name FROM users WHERE id NOT IN (SELECT user_id FROM bans)',
  'SELECT u.name FROM users u WHERE u.score > 1 AND NOT u.id IN (SELECT user_id FROM bans)'.replace('NOT u.id IN', 'u.id NOT IN'),
  'SELECT u.id FROM users u WHERE u.id NOT IN (SELECT b.user_id FROM bans b WHERE b.reason IS NULL OR b.id < 4)',
  'SELECT u.id FROM users u WHERE u.id NOT IN (SELECT b.user_id FROM bans b WHERE b.tenant_id = u.tenant_id)',
  'SELECT u.id FROM users u WHERE (u.id, u.tenant_id) NOT IN (SELECT b.user_id, b.tenant_id FROM bans b)',
  'SELECT u.id FROM users u WHERE u.id NOT IN (SELECT DISTINCT maybe FROM bans WHERE maybe > 2)',
  'SELECT u.id FROM users u WHERE u.score = 4 OR u.id NOT IN (SELECT user_id FROM bans)',
  'SELECT u.id FROM users u WHERE u.id NOT IN (SELECT user_id FROM nothing)',
  'SELECT u.id FROM users u WHERE u.id <> ALL (SELECT user_id FROM bans)',
  { sql: 'SELECT id FROM users WHERE id NOT IN (SELECT maybe FROM bans)', changes: 'a NULL in the sub-query no longer empties the result' },
  { sql: 'SELECT b.id FROM bans b WHERE b.maybe NOT IN (SELECT u.id FROM users u WHERE u.score = 1)', changes: 'rows whose own value is NULL are found' },
]);

prove(countForExistence, [
  'SELECT name FROM users u WHERE (SELECT count(*) FROM bans b WHERE b.user_id = u.id) > 0',
  'SELECT name FROM users u WHERE (SELECT count(1) FROM bans b WHERE b.user_id = u.id) = 0',
  'SELECT name FROM users u WHERE 0 < (SELECT count(b.user_id) FROM bans b JOIN events e ON e.user_id = b.user_id WHERE b.user_id = u.id)',
  'SELECT name FROM users u WHERE u.score = 2 OR 1 <= (SELECT count(*) FROM bans b WHERE b.user_id = u.id OR b.reason IS NULL AND b.id = u.id)',
  'SELECT name FROM users u WHERE (SELECT count(*) FROM nothing b WHERE b.user_id = u.id) < 1',
  'SELECT u.id, (SELECT count(*) FROM bans b WHERE b.user_id = u.id) > 0 AS banned FROM users u',
  'SELECT count(*) > 0 AS taken FROM bans WHERE reason IS NOT NULL',
  'SELECT count(*) > 0 AS taken FROM nothing',
  'SELECT COUNT(*) = 0 AS free FROM nothing WHERE id = 3 OR user_id = 4',
  { sql: 'SELECT count(*) >= 1 FROM bans', kind: 'review' },
]);

prove(betweenTimestamps, [
  { sql: "SELECT id FROM events WHERE at BETWEEN '2024-01-30' AND '2024-01-31'", changes: 'all of 2024-01-31 is found' },
  { sql: "SELECT id FROM events WHERE at >= '2024-01-31' AND at <= '2024-01-31 23:59:59'", changes: 'all of 2024-01-31 is found' },
  { sql: 'SELECT id FROM events WHERE at BETWEEN $1 AND $2', values: ['2024-01-30', '2024-01-31 00:00'], changes: 'rows at exactly the end are no longer found' },
  { sql: 'SELECT id FROM events WHERE at BETWEEN $1 AND $2', values: ['2024-01-30', '2024-01-31 00:00:01'], kind: 'review' },
]);

const days = ['2018-11-03', '2018-11-04', '2018-11-05', '2018-02-17', '2018-02-18', '2018-12-31', '2019-01-01'];
prove(nonSargablePredicate, [
  ...days.map((day) => ({ sql: `SELECT id FROM moments WHERE tz::date = '${day}'`, kind: 'review' as const })),
  ...days.slice(0, 2).flatMap((day) => ['<', '<=', '>', '>='].map((operator) => ({ sql: `SELECT id FROM moments WHERE tz::date ${operator} '${day}'`, kind: 'review' as const }))),
  ...['2018-11-04', '2018-02-17'].map((day) => ({ sql: 'SELECT id FROM moments WHERE date(tz) = $1', values: [day], kind: 'review' as const })),
  // UTC puts no clock back; a zone of its own does, and then the title says so.
  ...['2018-11-04', '2018-02-18'].flatMap((day) => ["'UTC'", "'Etc/UTC'"].map((zone) => `SELECT id FROM moments WHERE (tz AT TIME ZONE ${zone})::date = '${day}'`)),
  "SELECT id FROM moments WHERE date_trunc('day', tz AT TIME ZONE 'UTC') >= '2018-11-04'",
  "SELECT id FROM moments WHERE (tz AT TIME ZONE 'UTC')::date BETWEEN '2018-11-03' AND '2018-11-04'",
  { sql: "SELECT id FROM moments WHERE (tz AT TIME ZONE 'UTC')::date = $1", values: ['2018-11-04'], kind: 'review' },
  { sql: "SELECT id FROM moments WHERE date_trunc('day', tz AT TIME ZONE 'Asia/Tokyo') = '2018-11-04'", kind: 'review' },
  "SELECT id FROM moments WHERE date(at) = DATE '2018-11-04'",
  "SELECT id FROM moments WHERE '2018-11-04' >= at::date",
  { sql: "SELECT id FROM moments WHERE tz::date BETWEEN '2018-11-04' AND '2018-11-05'", kind: 'review' },
  { sql: 'SELECT id FROM moments WHERE at::date BETWEEN $1 AND $2', values: ['2018-02-18', '2018-11-04'], kind: 'review' },
  { sql: "SELECT id FROM moments WHERE date_trunc('month', tz) = '2018-12-01'", kind: 'review' },
  { sql: "SELECT id FROM moments WHERE date_trunc('day', tz) <= '2018-11-04'", kind: 'review' },
  "SELECT id FROM moments WHERE date_trunc('year', at) > '2018-01-01'",
  "SELECT id FROM moments WHERE date_trunc('month', tz) < date_trunc('month', now())",
  { sql: "SELECT id FROM moments WHERE date_trunc('day', tz) = $1", values: ['2018-11-04'], kind: 'review' },
  { sql: 'SELECT id FROM moments WHERE extract(year FROM tz) = 2019', kind: 'review' },
  "SELECT id FROM moments WHERE date_part('year', due) = 2018",
  "SELECT id FROM moments WHERE tz + interval '36 hours' > '2018-11-05 13:00+00'",
  "SELECT id FROM moments WHERE at - interval '2 days' <= '2018-11-02 13:00'",
  'SELECT id FROM moments WHERE number + 3 > 4',
  'SELECT id FROM moments WHERE 2 >= number - 1',
  'SELECT id FROM moments WHERE coalesce(number, 0) = $1'.replace('$1', '2'),
  'SELECT id FROM moments WHERE coalesce(maybe, 0) = 2',
  "SELECT id FROM moments WHERE big::text = '5'",
  "SELECT id FROM moments WHERE token::text = '00000000-0000-4000-8000-000000000003'",
  { sql: 'SELECT id FROM moments WHERE token::text = ANY($1)', values: [['00000000-0000-4000-8000-000000000003']], kind: 'review' },
]);

prove(implicitCast, [
  'SELECT id FROM moments WHERE number = 2.0',
  'SELECT id FROM moments WHERE big >= 5.0',
  { sql: 'SELECT id FROM moments WHERE big = $1::numeric', values: [5], kind: 'review' },
]);

prove(unionDedup, [
  "SELECT 'u' AS kind, id FROM users UNION SELECT 'b', id FROM bans",
  "SELECT id, status FROM moments WHERE status = 'open' UNION SELECT id, status FROM moments WHERE status = 'late'",
  'SELECT 1, u.id, u.name FROM users u UNION SELECT 2, b.id, b.reason FROM bans b',
  'SELECT 1, u.id FROM users u UNION SELECT 2, b.id FROM bans b UNION DISTINCT SELECT 3, n.id FROM nothing n',
]);

prove(arrayContainmentDirection, [
  { sql: 'SELECT id FROM moments WHERE $1 = ANY(tags)', values: ['a'] },
  "SELECT id FROM moments WHERE '日本語 🐘' = ANY(tags) OR id = 3",
  'SELECT id FROM moments WHERE 3 = ANY(codes)',
  'SELECT u.name, m.id FROM users u JOIN moments m ON u.score = ANY(m.codes)',
]);

prove(distinctHidesFanOut, [
  { sql: 'SELECT DISTINCT u.id, u.name FROM users u JOIN bans b ON b.user_id = u.id', kind: 'review' },
  { sql: 'SELECT DISTINCT u.name FROM users u JOIN bans b ON b.user_id = u.id WHERE b.tenant_id = $1 AND u.score > 1', values: [1], kind: 'review' },
  { sql: 'SELECT DISTINCT u.id FROM users u INNER JOIN events e ON e.user_id = u.id AND e.note IS NULL WHERE u.tenant_id = 1 ORDER BY u.id', kind: 'review', ordered: true },
]);
