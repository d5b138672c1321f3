import { missingPartitionKey } from '../../server/src/core/rules/missing-partition-key';
import { testRule } from '../support/ruleTester';

testRule(missingPartitionKey, {
  schema: `
    CREATE TABLE events (id bigint NOT NULL, session_id uuid NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE orders (id bigint NOT NULL, region varchar(8) NOT NULL, total int NOT NULL) PARTITION BY LIST (region);
    CREATE TABLE orders_eu PARTITION OF orders FOR VALUES IN ('eu');
    CREATE TABLE orders_us PARTITION OF orders FOR VALUES IN ('us');
    CREATE TABLE hits (tenant_id bigint NOT NULL, url text NOT NULL, n int NOT NULL) PARTITION BY HASH (tenant_id, url);
    CREATE TABLE hits_0 PARTITION OF hits FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE hits_1 PARTITION OF hits FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE single (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE single_all PARTITION OF single DEFAULT;
    CREATE TABLE tiny (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE tiny_1 PARTITION OF tiny FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE tiny_2 PARTITION OF tiny DEFAULT;
    CREATE TABLE sessions (id uuid PRIMARY KEY, started_at timestamptz NOT NULL, user_id bigint NOT NULL);
  `,
  settings: { assume: { events: 20_000_000, orders: 900_000, hits: 4_000_000, single: 5_000_000, tiny: 100, sessions: 80_000 } },
  flagged: [
    { code: `
SELECT id FROM events WHERE kind = $1
--             ^^^^^^ No condition on at, by which events is partitioned: every partition is read. events has about 20,000,000 rows (assumed); all 2 partitions are read.`, severity: 'warning' },
    { code: `
SELECT kind FROM events WHERE id = $1
--               ^^^^^^ all 2 partitions are looked into`, severity: 'info' },
    { code: `
SELECT count(*) FROM events WHERE date_trunc('day', at) = $1
--                                ^^^^^^^^^^^^^^^^^^^^^^^^^^ The partition key at is compared inside an expression`, severity: 'warning' },
    `
SELECT id FROM events WHERE at::date = $1 AND kind = 'x'
--                          ^^^^^^^^^^^^^`,
    `
SELECT id FROM events e WHERE e.at + interval '1 day' > $1 AND kind = $2
--                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    `
SELECT id FROM events WHERE extract(year FROM at) = 2024
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    { code: `
SELECT count(*) FROM events
--                   ^^^^^^`, severity: 'info' },
    `
DELETE FROM events WHERE kind = $1
--          ^^^^^^`,
    `
UPDATE orders SET total = $2 WHERE id = $1
--     ^^^^^^`,
    `
SELECT id FROM orders WHERE lower(region) = $1
--                          ^^^^^^^^^^^^^^^^^^`,
    `
SELECT n FROM hits WHERE tenant_id = $1
--            ^^^^ partitioned by the hash of (tenant_id, url): without url`,
    `
SELECT n FROM hits WHERE tenant_id = $1 AND url > $2
--            ^^^^`,
    `
SELECT s.id FROM sessions s WHERE EXISTS (SELECT 1 FROM events e WHERE e.session_id = s.id)
--                                                      ^^^^^^`,
    `
SELECT id FROM events WHERE kind = $1 ORDER BY id LIMIT 10
--             ^^^^^^`,
    `
SELECT id FROM events WHERE kind = $1 AND at IS NOT NULL
--             ^^^^^^`,
    { code: `
SELECT id FROM events WHERE kind = $1
--             ^^^^^^`, severity: 'hint', settings: {} },
  ],
  clean: [
    'SELECT id FROM events WHERE at >= $1',
    'SELECT id FROM events WHERE kind = $1 AND at BETWEEN $2 AND $3',
    "SELECT id FROM events WHERE at > now() - interval '1 day'",
    'SELECT id FROM events WHERE $1 <= at',
    'SELECT id FROM events WHERE at = ANY($1)',
    'SELECT id FROM events WHERE (at, id) < ($1, $2) ORDER BY at DESC, id DESC LIMIT 10',
    'SELECT id FROM events WHERE at >= $1::date',
    'SELECT id FROM events WHERE (at > $1 OR at IS NULL)',
    'SELECT id FROM events WHERE ($1 IS NULL OR at > $1) AND kind = $2',
    'SELECT id FROM events ORDER BY at DESC LIMIT 10',
    'SELECT id FROM events WHERE kind = $1 ORDER BY at DESC LIMIT 10',
    'SELECT max(at) FROM events',
    'INSERT INTO events (id, at) VALUES ($1, $2)',
    "SELECT id FROM orders WHERE region = 'eu'",
    "SELECT id FROM orders WHERE region::text = $1",
    "SELECT id FROM orders WHERE region IN ('eu', 'us')",
    'SELECT n FROM hits WHERE tenant_id = $1 AND url = $2',
    'SELECT id FROM single WHERE id = $1',
    'SELECT id FROM tiny WHERE id = $1',
    'SELECT id FROM events_2024 WHERE kind = $1',
    // Pruned while it runs, where the join is a nested loop.
    'SELECT e.id FROM sessions s JOIN events e ON e.at = s.started_at WHERE s.id = $1',
    'SELECT * FROM (SELECT id, at FROM events) e WHERE e.at > $1',
    'WITH recent AS (SELECT id, at FROM events) SELECT id FROM recent WHERE at > $1',
    'SELECT id FROM sessions WHERE user_id = $1',
    'MERGE INTO events e USING sessions s ON e.session_id = s.id WHEN MATCHED THEN DELETE',
  ],
});

testRule(missingPartitionKey, {
  schema: `
    CREATE TABLE events (id bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (kind);
    CREATE TABLE events_2024_a PARTITION OF events_2024 FOR VALUES IN ('a');
    CREATE TABLE events_2024_rest PARTITION OF events_2024 DEFAULT;
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE sessions (id bigint PRIMARY KEY, event_id bigint NOT NULL);
  `,
  planner: true,
  settings: { assume: { events: 20_000_000, sessions: 50_000 } },
  flagged: [
    { code: `
SELECT count(*) FROM events WHERE date_trunc('day', at) = $1
--                                ^^^^^^^^^^^^^^^^^^^^^^^^^^ All 4 partitions are read, at a cost of`, severity: 'warning' },
    { code: `
SELECT kind FROM events WHERE id = $1
--               ^^^^^^ All 4 partitions are read, at a cost of`, severity: 'hint' },
    { code: `
DELETE FROM events WHERE at::date < $1
--                       ^^^^^^^^^^^^^ All 4 partitions`, severity: 'warning' },
    { code: `
SELECT s.id FROM sessions s JOIN events e ON e.id = s.event_id WHERE s.id = $1
--                               ^^^^^^ All 4 partitions`, severity: 'hint' },
    { code: `
SELECT id FROM events WHERE at::date = $1
--                          ^^^^^^^^^^^^^ (assumed volumes)`, settings: {}, severity: 'hint' },
  ],
  clean: [
    // Left out while the statement is planned, and when it starts to run.
    "SELECT id FROM events WHERE at >= '2025-02-01'",
    'SELECT id FROM events WHERE at >= $1',
    // The partitions of one year are partitioned by kind: only those of the other kinds are left out.
    "SELECT id FROM events WHERE kind = 'b' AND id > 5",
    'SELECT id FROM events ORDER BY at DESC LIMIT 5',
  ],
});
