import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonbIndexMismatch } from '../../server/src/core/rules/jsonb-index-mismatch';
import { leadingWildcardLike } from '../../server/src/core/rules/leading-wildcard-like';
import { unindexedPredicate } from '../../server/src/core/rules/unindexed-predicate';
import { splitStatements } from '../../server/src/core/sql/split';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';

const SCHEMA = `
  CREATE TABLE orders (
    id bigint PRIMARY KEY, tenant_id bigint NOT NULL, customer_id bigint NOT NULL, status text NOT NULL, email text NOT NULL,
    created_at timestamptz NOT NULL, shipped_at timestamptz, deleted_at timestamptz, data jsonb NOT NULL, tags text[] NOT NULL
  );
  CREATE TABLE events (id bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
`;
const ROWS = `
  INSERT INTO orders SELECT i, i % 20, i % 997, CASE WHEN i % 50 = 0 THEN 'open' ELSE 'done' END, 'user' || i || '@example.com',
    timestamptz '2024-01-01' + i * interval '1 minute', NULL, CASE WHEN i % 3 = 0 THEN now() END, jsonb_build_object('k', i % 500), ARRAY['t' || i % 300]
    FROM generate_series(1, 20000) i;
  INSERT INTO events SELECT i, 'kind' || i % 400, timestamptz '2024-01-01' + i * interval '30 minutes' FROM generate_series(1, 20000) i;
  ANALYZE;
`;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(SCHEMA + ROWS);
});
afterAll(() => database?.drop());

/** Each advice is created as the migration says, and the planner must take it for the query it was given for. */
const queries = [
  'SELECT * FROM orders WHERE customer_id = $1',
  'SELECT * FROM orders WHERE tenant_id = $1 AND customer_id = $2 ORDER BY created_at DESC LIMIT 10',
  'SELECT * FROM orders WHERE customer_id = $1 AND created_at > $2',
  'SELECT * FROM orders ORDER BY created_at DESC LIMIT 10',
  'SELECT * FROM orders WHERE customer_id = $1 AND deleted_at IS NULL ORDER BY shipped_at DESC NULLS LAST LIMIT 5',
  'SELECT * FROM orders WHERE lower(email) = $1',
  'SELECT * FROM orders WHERE data @> $1',
  "SELECT * FROM orders WHERE data ? 'k7'",
  "SELECT * FROM orders WHERE data ->> 'k' = $1",
  "SELECT * FROM orders WHERE data -> 'a' @> $1",
  "SELECT * FROM orders WHERE data #>> '{a,b}' = $1",
  'SELECT * FROM orders WHERE tags && $1',
  'SELECT id FROM events WHERE kind = $1',
  "SELECT id FROM orders WHERE email LIKE '%7@example%'",
  "SELECT id FROM orders WHERE lower(email) LIKE '%r77%'",
];

describe('an advised index', () => {
  for (const sql of queries) {
    it(`is built and used for ${sql}`, async () => {
      const { findings } = await lintCase([jsonbIndexMismatch, unindexedPredicate, leadingWildcardLike], {
        language: 'sql', code: sql, schema: SCHEMA,
        settings: { assume: { orders: 500_000, events: 500_000 }, migrations: { folder: 'migrations', format: 'goose', existing: [] } },
      });
      const fix = findings[0]?.fixes()[0];
      const ddl = fix?.creates?.[0]?.sql ?? '';
      expect(ddl, sql).not.toBe('');
      for (const span of splitStatements(ddl, { psql: false })) await database.query(ddl.slice(span.start, span.end));
      const explained = await database.query(`EXPLAIN (GENERIC_PLAN, FORMAT TEXT) ${sql}`);
      const plan = explained.map((row) => String(row['QUERY PLAN'])).join('\n');
      expect(plan).toMatch(/Index/);
      expect(plan).not.toMatch(/Seq Scan/);
      const invalid = await database.query('SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid');
      expect(invalid).toEqual([]);
      for (const [, name] of ddl.matchAll(/CREATE INDEX (?:CONCURRENTLY )?(\S+) ON (?!ONLY)(?!events_)/g)) await database.query(`DROP INDEX ${name}`);
    });
  }
});
