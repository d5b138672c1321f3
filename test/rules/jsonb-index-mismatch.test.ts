import { jsonbIndexMismatch } from '../../server/src/core/rules/jsonb-index-mismatch';
import { testRule } from '../support/ruleTester';

const migrations = { folder: 'migrations', format: 'plain' as const, existing: ['0001_init.sql'] };
const large = { events: 3_000_000, docs: 2_000_000, sessions: 900_000, notes: 400 };

testRule(jsonbIndexMismatch, {
  schema: `
    CREATE TABLE events (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, code text NOT NULL, data jsonb NOT NULL, meta json);
    CREATE INDEX events_tenant ON events (tenant_id);
    CREATE TABLE docs (id bigint PRIMARY KEY, body jsonb NOT NULL, "extraInfo" jsonb);
    CREATE INDEX docs_body ON docs USING gin (body jsonb_path_ops);
    CREATE INDEX docs_lang ON docs ((body ->> 'lang'));
    CREATE TABLE sessions (id uuid PRIMARY KEY, state jsonb NOT NULL, closed boolean NOT NULL, search tsvector);
    CREATE INDEX sessions_state ON sessions USING gin (state);
    CREATE TABLE notes (id bigint PRIMARY KEY, data jsonb NOT NULL);
    CREATE TABLE sized (id bigint PRIMARY KEY, data jsonb NOT NULL);
    CREATE INDEX sized_data ON sized USING gin (data jsonb_path_ops);
    CREATE TABLE unsized (id bigint PRIMARY KEY, data jsonb NOT NULL);
  `,
  settings: { assume: large, migrations },
  flagged: [
    {
      code: `
SELECT id FROM events WHERE data @> $1
--                          ^^^^^^^^^^ No index answers @> on events.data`,
      severity: 'warning', fixes: 1,
      creates: `CREATE INDEX CONCURRENTLY events_data_idx ON events USING gin (data jsonb_path_ops);\n`,
    },
    {
      // The same statement asks for keys: one index for both.
      code: `
SELECT id FROM events WHERE data @> $1 AND data ? 'error'
--                          ^^^^^^^^^^ events has about 3,000,000 rows (assumed); an index using gin on (data)`,
      creates: `CREATE INDEX CONCURRENTLY events_data_idx ON events USING gin (data);\n`, embed: false,
    },
    { code: `
SELECT id FROM docs WHERE body ? 'draft'
--                        ^^^^^^^^^^^^^^ docs_body is of the class jsonb_path_ops, which does not answer ?:`, fixes: 1, embed: false },
    { code: `
SELECT id FROM docs WHERE body ?| ARRAY['a', 'b']
--                        ^^^^^^^^^^^^^^^^^^^^^^^ does not answer ?|`, embed: false },
    { code: `
SELECT id FROM docs WHERE body ?& $1
--                        ^^^^^^^^^^ does not answer ?&`, embed: false },
    {
      code: `
SELECT id FROM docs WHERE body ->> 'author' = $1
--                        ^^^^^^^^^^^^^^^^^^^^^^ docs_body answers containment (@>), not the comparison of a text`,
      severity: 'warning', fixes: 2,
      creates: `CREATE INDEX CONCURRENTLY docs_body_author_idx ON docs ((body ->> 'author'));\n`,
    },
    `
SELECT id FROM sessions s WHERE s.state ->> 'user' = 'ann' AND NOT closed
--                              ^^^^^^^^^^^^^^^^^^^^^^^^^^ sessions_state answers containment`,
    `
SELECT id FROM sessions WHERE state #>> '{a,b}' = $1
--                            ^^^^^^^^^^^^^^^^^^^^^^`,
    `
SELECT id FROM events WHERE data ->> 'kind' = $1
--                          ^^^^^^^^^^^^^^^^^^^^ No index is on this text of events.data`,
    `
SELECT id FROM events WHERE data ->> 'kind' IN ($1, $2)
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    {
      code: `
SELECT id FROM events WHERE data -> 'a' ->> 'b' = $1 AND data ->> 'c' = $2
--                          ^^^^^^^^^^^^^^^^^^^^^^^^`,
      creates: `CREATE INDEX CONCURRENTLY events_data_a_b_data_c_idx ON events ((data -> 'a' ->> 'b'), (data ->> 'c'));\n`,
    },
    {
      code: `
SELECT id FROM events WHERE data -> 'tags' @> $1
--                          ^^^^^^^^^^^^^^^^^^^^`,
      creates: `CREATE INDEX CONCURRENTLY events_data_tags_idx ON events USING gin ((data -> 'tags') jsonb_path_ops);\n`,
    },
    { code: `
SELECT id FROM events WHERE data @? '$.items[*] ? (@.price > 10)'
--                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`, embed: false },
    `
SELECT id FROM docs WHERE "extraInfo" @> $1
--                        ^^^^^^^^^^^^^^^^^`,
    `
SELECT id FROM events WHERE $1 <@ data
--                          ^^^^^^^^^^`,
    `
DELETE FROM events WHERE data @> $1
--                       ^^^^^^^^^^`,
    `
SELECT t.id FROM docs t JOIN events e ON t.id = 1 WHERE e.data @> $1
--                                                      ^^^^^^^^^^^^`,
    { code: `
SELECT id FROM unsized WHERE data @> $1
--                           ^^^^^^^^^^`, severity: 'hint', settings: { migrations }, fixes: 1 },
    { code: `
SELECT id FROM sized WHERE data ? 'a'
--                         ^^^^^^^^^^`, severity: 'hint', settings: { migrations }, embed: false },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export const find = (author: string) => pool.query("SELECT id FROM docs WHERE body ->> 'author' = $1", [author]);
//                                                                            ^^^^^^^^^^^^^^^^^^^^^^`,
      fixes: 2,
    },
    {
      // Another statement of the workspace asks the column for keys.
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export const one = () => pool.query("SELECT id FROM events WHERE data @> $1", [{}]);
//                                                               ^^^^^^^^^^ using gin on (data)
export const two = () => pool.query("SELECT id FROM events WHERE tenant_id = 1 AND data ? 'error'");`,
      creates: `CREATE INDEX CONCURRENTLY events_data_idx ON events USING gin (data);\n`,
    },
  ],
  clean: [
    'SELECT id FROM docs WHERE body @> $1',
    { code: "SELECT id FROM docs WHERE body @? '$.a'", embed: false },
    "SELECT id FROM docs WHERE body ->> 'lang' = $1",
    "SELECT id FROM docs WHERE (body ->> 'lang')::text = $1",
    { code: "SELECT id FROM sessions WHERE state ? 'a'", embed: false },
    'SELECT id FROM sessions WHERE state @> $1',
    "SELECT id FROM docs WHERE body @> $1 AND body ->> 'author' = $2",
    // Another index narrows; whether it is enough only a planner can say.
    'SELECT id FROM events WHERE tenant_id = $1 AND data @> $2',
    'SELECT t.id FROM docs t JOIN events e ON e.id = t.id WHERE e.data @> $1',
    // unindexed-predicate reports the plain column.
    'SELECT id FROM events WHERE code = $1 AND data @> $2',
    'SELECT id FROM events WHERE id = $1 AND data @> $2',
    'SELECT id FROM notes WHERE data @> $1',
    'SELECT id FROM events WHERE NOT data @> $1',
    "SELECT id FROM events WHERE data ->> 'kind' <> $1",
    "SELECT id FROM events WHERE data ->> $2 = $1",
    "SELECT data ->> 'kind' FROM events WHERE id = $1",
    "SELECT data ->> 'kind', count(*) FROM events GROUP BY 1 HAVING data ->> 'kind' = 'x'",
    "SELECT id FROM events WHERE meta ->> 'kind' = $1",
    'SELECT id FROM sessions WHERE search @@ $1',
    { code: "SELECT id FROM unsized WHERE data @> '{\"a\": 1}'", settings: { migrations } },
    'SELECT id FROM unknown_table WHERE data @> $1',
    'SELECT id FROM events e WHERE EXISTS (SELECT 1 FROM docs d WHERE d.body @> e.data)',
  ],
});

testRule(jsonbIndexMismatch, {
  schema: `
    CREATE TABLE events (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, data jsonb NOT NULL);
    CREATE INDEX events_tenant ON events (tenant_id);
    CREATE TABLE docs (id bigint PRIMARY KEY, body jsonb NOT NULL);
    CREATE INDEX docs_body ON docs USING gin (body jsonb_path_ops);
  `,
  planner: true,
  embed: false,
  settings: { assume: { events: 3_000_000, docs: 2_000_000 }, migrations },
  flagged: [
    { code: `
SELECT id FROM events WHERE data @> $1
--                          ^^^^^^^^^^ Seq Scan on events reads 3,000,000 rows and keeps 30,000. With a gin index on (data jsonb_path_ops) the planner's cost falls from`, severity: 'warning', fixes: 1 },
    { code: `
SELECT id FROM docs WHERE body ? 'draft'
--                        ^^^^^^^^^^^^^^ docs_body is of the class jsonb_path_ops, which does not answer ?`, fixes: 1 },
    { code: `
SELECT id FROM docs WHERE body ->> 'author' = 'ann'
--                        ^^^^^^^^^^^^^^^^^^^^^^^^^ With an index on ((body ->> 'author'))`, fixes: 2 },
    { code: `
SELECT id FROM events WHERE data -> 'tags' @> $1
--                          ^^^^^^^^^^^^^^^^^^^^`, fixes: 1 },
    // Beside an index that leaves too many rows.
    { code: `
SELECT id FROM events WHERE tenant_id = $1 AND data @> $2
--                                             ^^^^^^^^^^ Seq Scan on events reads 3,000,000 rows and keeps 3,000`, catalog: (c) => ({ ...c, version: `${c.version} tenants`, statistics: { source: 'live', version: '1', relations: new Map([['public.events', { pages: 200_000, tuples: 3_000_000, allVisible: 0, filePages: 200_000, columns: [{ column: 'tenant_id', inherited: false, nullFraction: 0, averageWidth: 8, distinct: 10 }] }]]) } }) },
    { code: `
SELECT id FROM events WHERE data @> $1
--                          ^^^^^^^^^^ assumed volumes`, settings: { migrations }, severity: 'hint' },
  ],
  clean: [
    'SELECT id FROM docs WHERE body @> $1',
    // The other index leaves few rows already.
    { code: 'SELECT id FROM events WHERE tenant_id = $1 AND data @> $2', catalog: (c) => ({ ...c, version: `${c.version} tenants`, statistics: { source: 'live', version: '2', relations: new Map([['public.events', { pages: 200_000, tuples: 3_000_000, allVisible: 0, filePages: 200_000, columns: [{ column: 'tenant_id', inherited: false, nullFraction: 0, averageWidth: 8, distinct: -0.5 }] }]]) } }) },
    'SELECT id FROM events WHERE id = $1 AND data @> $2',
  ],
});
