import { describe, expect, it } from 'vitest';
import { rules } from '../../../server/src/core/rules/index.generated';
import { ruleOf, verdictOf, type Clauses, type RowCase } from '../../support/contract';
import { lintCase } from '../../support/readers';
import { asLive, onServer } from '../../support/serverCatalog';

/** The contract of the rules about schema and migrations, clause by clause: what each must say of a case. */

const SCHEMA = `
  CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, active boolean NOT NULL, team_id bigint);
  CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total integer, note text, data jsonb);
  CREATE INDEX orders_total ON orders (total);
  CREATE TABLE middling (id bigint PRIMARY KEY, a integer);
  CREATE TABLE few (id bigint PRIMARY KEY, a integer);
  CREATE TABLE unsized (id bigint PRIMARY KEY, a integer);
  CREATE TABLE shops (tenant bigint, no bigint, PRIMARY KEY (tenant, no));
  CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE (at);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE MATERIALIZED VIEW plain_view AS SELECT team_id, count(*) AS n FROM users GROUP BY team_id;
  CREATE MATERIALIZED VIEW keyed_view AS SELECT team_id, count(*) AS n FROM users GROUP BY team_id;
  CREATE UNIQUE INDEX keyed_view_team ON keyed_view (team_id);
`;
const assume = { users: 500_000, orders: 3_000_000, middling: 5_000, few: 20, events: 5_000_000 };
const migrations = { folder: 'db/migrations', format: 'plain' as const, existing: ['0001_init.sql', '0002_x.sql'] };
const settings = { assume, migrations };
const path = 'db/migrations/0002_x.sql';

const GOOSE: Partial<RowCase> = { settings: { assume, migrations: { ...migrations, format: 'goose' } }, format: 'goose' };
const server = (state: Parameters<typeof onServer>[1], code: string, schema = ''): RowCase => ({ ...onServer({ language: 'sql', code, schema }, state), code, schema });
const january = "CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');";
const visits = 'CREATE TABLE visits (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);';
const used = (drop: string, query: string): RowCase => ({ code: `${drop}\nCREATE FUNCTION f(bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN ${query}; END $$;`, path: 'db/statements.sql' });

/** A migration in TypeScript. */
const program = (body: string): RowCase => ({ language: 'typescript', path: 'src/migrations/0002_more.ts', code: `import { Client } from 'pg';\nconst client = new Client();\nexport async function up(name: string) {\n  ${body}\n}\n` });

/** Each of them alone is a strong lock; what Postgres' documentation says of its level stands before it. */
const STRONG: readonly (readonly [level: string, sql: string])[] = [
  ['ACCESS EXCLUSIVE', 'DROP TABLE orders;'],
  ['ACCESS EXCLUSIVE', 'TRUNCATE orders;'],
  ['ACCESS EXCLUSIVE', 'REINDEX TABLE orders;'],
  ['ACCESS EXCLUSIVE', 'CLUSTER orders USING orders_pkey;'],
  ['ACCESS EXCLUSIVE', 'VACUUM FULL orders;'],
  ['ACCESS EXCLUSIVE', 'REFRESH MATERIALIZED VIEW plain_view;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE orders ADD COLUMN more text;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE orders DROP COLUMN note;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE orders ALTER COLUMN note SET NOT NULL;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE orders ALTER COLUMN total TYPE bigint;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE orders ENABLE ROW LEVEL SECURITY;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE orders RENAME TO purchases;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE orders RENAME COLUMN note TO remark;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE orders RENAME CONSTRAINT orders_pkey TO orders_key;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE orders SET SCHEMA archive;'],
  ['ACCESS EXCLUSIVE', 'DROP INDEX orders_total;'],
  ['ACCESS EXCLUSIVE', 'DROP TRIGGER t ON orders;'],
  ['ACCESS EXCLUSIVE', 'CREATE POLICY p ON orders USING (id > 0);'],
  ['ACCESS EXCLUSIVE', 'DROP POLICY p ON orders;'],
  ['ACCESS EXCLUSIVE', 'ALTER POLICY p ON orders USING (id > 1);'],
  ['ACCESS EXCLUSIVE', 'CREATE RULE r AS ON INSERT TO orders DO NOTHING;'],
  ['ACCESS EXCLUSIVE', 'DROP RULE r ON orders;'],
  ['ACCESS EXCLUSIVE', 'LOCK TABLE orders;'],
  ['EXCLUSIVE', 'LOCK TABLE orders IN EXCLUSIVE MODE;'],
    ['SHARE ROW EXCLUSIVE', 'CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION f();'],
  ['SHARE ROW EXCLUSIVE', 'ALTER TABLE orders DISABLE TRIGGER t;'],
  ['SHARE ROW EXCLUSIVE', 'ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE orders REPLICA IDENTITY FULL;'],
  ['ACCESS EXCLUSIVE', 'ALTER TRIGGER t ON orders RENAME TO u;'],
  ['ACCESS EXCLUSIVE', 'ALTER TABLE events DETACH PARTITION events_1;'],
  ['SHARE', 'CREATE INDEX orders_note ON orders (note);'],
];
/** Weaker ones, which let queries and writes pass. */
const WEAK: readonly (readonly [level: string, sql: string])[] = [
  // Nobody but another refresh writes to it.
  ['EXCLUSIVE', 'REFRESH MATERIALIZED VIEW CONCURRENTLY keyed_view;'],
  ['SHARE UPDATE EXCLUSIVE', "CREATE TABLE next (id bigint NOT NULL, at timestamptz NOT NULL); ALTER TABLE events ATTACH PARTITION next FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"],
  ['SHARE UPDATE EXCLUSIVE', 'CREATE INDEX CONCURRENTLY orders_note ON orders (note);'],
  ['SHARE UPDATE EXCLUSIVE', 'DROP INDEX CONCURRENTLY orders_total;'],
  ['SHARE UPDATE EXCLUSIVE', 'REINDEX TABLE CONCURRENTLY orders;'],
  ['SHARE UPDATE EXCLUSIVE', 'ANALYZE orders;'],
  ['SHARE UPDATE EXCLUSIVE', 'VACUUM orders;'],
  ['SHARE UPDATE EXCLUSIVE', 'CREATE STATISTICS s ON user_id, total FROM orders;'],
  ['SHARE UPDATE EXCLUSIVE', 'COMMENT ON TABLE orders IS \'x\';'],
  ['SHARE UPDATE EXCLUSIVE', 'ALTER TABLE orders VALIDATE CONSTRAINT c;'],
  ['SHARE UPDATE EXCLUSIVE', 'ALTER TABLE orders SET (fillfactor = 90);'],
  ['SHARE UPDATE EXCLUSIVE', 'ALTER TABLE orders ALTER COLUMN note SET STATISTICS 500;'],
  ['SHARE UPDATE EXCLUSIVE', 'ALTER INDEX orders_total RENAME TO by_total;'],
  ['ROW EXCLUSIVE', 'UPDATE orders SET total = 0 WHERE id = 1;'],
  ['ROW SHARE', 'LOCK TABLE orders IN ROW SHARE MODE;'],
];

const clauses: Clauses = {
  'index-not-concurrent': [
    ['fires on CREATE INDEX', 'CREATE INDEX i ON orders (note);', 'warning/statistics/review'],
    ['fires on DROP INDEX', 'DROP INDEX orders_total;', 'info/statistics/review'],
    ['fires on REINDEX TABLE', 'REINDEX TABLE orders;', 'warning/statistics/review'],
    ['fires on REINDEX INDEX', 'REINDEX INDEX orders_total;', 'warning/statistics/review'],
    ['fires on CONCURRENTLY inside a transaction', 'BEGIN;\nCREATE INDEX CONCURRENTLY i ON orders (note);\nCOMMIT;', 'error/text/review'],
    ['fires on CONCURRENTLY inside the tool’s transaction', { code: '-- +goose Up\nCREATE INDEX CONCURRENTLY i ON orders (note);', ...GOOSE }, 'error/text/review'],
    ['fires on DROP INDEX CONCURRENTLY inside a transaction', 'BEGIN;\nDROP INDEX CONCURRENTLY orders_total;\nCOMMIT;', 'error/text/review'],
    ['fires on a partitioned parent, with the recipe per partition', 'CREATE INDEX i ON events (id);', 'warning/statistics/review'],
    ['fires on CONCURRENTLY on a partitioned parent, which is impossible', 'CREATE INDEX CONCURRENTLY i ON events (id);', 'error/schema/review'],
    ['needs text → stats: size unknown', 'CREATE INDEX i ON unsized (a);', 'hint/schema/review'],
    ['needs text → stats: table unknown', 'CREATE INDEX i ON elsewhere (a);', 'hint/text/review'],
    ['needs text → stats: neither small nor large', 'CREATE INDEX i ON middling (a);', 'info/statistics/review'],
    ['fires in a program', program("await client.query('CREATE TABLE fresh (a int)');\n  await client.query('CREATE INDEX i ON elsewhere (a)');"), 'hint/text/text'],
    ['silent where a program makes a table whose name it puts together', program('await client.query(`CREATE TABLE IF NOT EXISTS ${name}_new (a int)`);\n  await client.query(\'CREATE INDEX i ON elsewhere (a)\');'), 'silent'],
    ['silent with CONCURRENTLY', 'CREATE INDEX CONCURRENTLY i ON orders (note);', 'silent'],
    ['silent on tables created in the same migration', 'CREATE TABLE fresh (id bigint PRIMARY KEY, a int);\nCREATE INDEX i ON fresh (a);', 'silent'],
    ['silent on empty and small tables', 'CREATE INDEX i ON few (a);', 'silent'],
    ['silent on one partition’s parent alone', 'CREATE INDEX i ON ONLY events (id);', 'silent'],
  ],
  'foreign-key-without-index': [
    ['fires where no index begins with the column', 'CREATE TABLE t (id bigint PRIMARY KEY, user_id bigint REFERENCES users);', 'hint/schema/new'],
    ['fires on ALTER TABLE', 'ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users NOT VALID;', 'warning/statistics/new'],
    ['fires where the column stands behind another', 'CREATE TABLE t (id bigint PRIMARY KEY, user_id bigint REFERENCES users);\nCREATE INDEX i ON t (id, user_id);', 'hint/schema/new'],
    ['fires where an index has a part of the columns', 'CREATE TABLE t (id bigint PRIMARY KEY, tenant bigint, no bigint, FOREIGN KEY (tenant, no) REFERENCES shops);\nCREATE INDEX i ON t (tenant, id);', 'hint/schema/new'],
    ['fires where the index is partial', 'CREATE TABLE t (id bigint PRIMARY KEY, user_id bigint REFERENCES users);\nCREATE INDEX i ON t (user_id) WHERE id > 4;', 'hint/schema/new'],
    ['silent on a prefix of an index', 'CREATE TABLE t (id bigint PRIMARY KEY, user_id bigint REFERENCES users);\nCREATE INDEX i ON t (user_id, id);', 'silent'],
    ['silent on the columns of an index in another order', 'CREATE TABLE t (id bigint PRIMARY KEY, tenant bigint, no bigint, FOREIGN KEY (tenant, no) REFERENCES shops);\nCREATE INDEX i ON t (no, tenant);', 'silent'],
    ['severity: lower where an index narrows it', 'ALTER TABLE orders ADD COLUMN tenant bigint, ADD COLUMN no bigint;\nCREATE INDEX i ON orders (tenant);\nALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (tenant, no) REFERENCES shops NOT VALID;', 'info/statistics/new'],
    ['silent on parents that are kinds', 'CREATE TABLE order_types (id bigint PRIMARY KEY);\nCREATE TABLE t (id bigint PRIMARY KEY, type_id bigint REFERENCES order_types);', 'silent'],
    ['silent on tiny parents', 'CREATE TABLE t (id bigint PRIMARY KEY, few_id bigint REFERENCES few);', 'silent'],
    ['needs schema: the index may be elsewhere', 'CREATE TABLE t (id bigint PRIMARY KEY, user_id bigint REFERENCES users);\nDO $$ BEGIN IF now() > now() THEN CREATE INDEX i ON t (user_id); END IF; END $$;', 'silent'],
  ],
  'redundant-index': [
    ['fires on a duplicate', 'CREATE INDEX a ON orders (user_id);\nCREATE INDEX b ON orders (user_id);', 'info/statistics/new'],
    ['fires on a strict prefix', 'CREATE INDEX a ON orders (user_id);\nCREATE INDEX b ON orders (user_id, total);', 'info/statistics/new'],
    ['silent on another method', 'CREATE INDEX a ON orders USING hash (user_id);\nCREATE INDEX b ON orders (user_id, total);', 'silent'],
    ['silent on another opclass', 'CREATE INDEX a ON orders (note text_pattern_ops);\nCREATE INDEX b ON orders (note, total);', 'silent'],
    ['silent on another collation', 'CREATE INDEX a ON orders (note COLLATE "C");\nCREATE INDEX b ON orders (note, total);', 'silent'],
    ['silent on another predicate', 'CREATE INDEX a ON orders (user_id) WHERE total > 0;\nCREATE INDEX b ON orders (user_id, total);', 'silent'],
    ['silent on another direction', 'CREATE INDEX a ON orders (user_id DESC);\nCREATE INDEX b ON orders (user_id, total);', 'silent'],
    ['silent on unique indexes', 'CREATE UNIQUE INDEX a ON orders (user_id);\nCREATE INDEX b ON orders (user_id, total);', 'silent'],
    ['silent on constraint-owning indexes', 'ALTER TABLE orders ADD CONSTRAINT a UNIQUE (user_id);\nCREATE INDEX b ON orders (user_id, total);', 'silent'],
  ],
  'unused-index': [
    ['fires on no scans over a known statistics window', server({ unused: ['made'] }, 'CREATE INDEX made ON orders (note);', SCHEMA), 'info/statistics/new'],
    ['silent on unique indexes', server({ unused: ['made'] }, 'CREATE UNIQUE INDEX made ON orders (note);', SCHEMA), 'silent'],
    ['silent on constraint indexes', server({ unused: ['made'] }, 'ALTER TABLE orders ADD CONSTRAINT made UNIQUE (note);', SCHEMA), 'silent'],
    ['silent on indexes with scans', server({ unused: [] }, 'CREATE INDEX made ON orders (note);', SCHEMA), 'silent'],
    ['needs server', 'CREATE INDEX made ON orders (note);', 'silent'],
  ],
  'invalid-index': [
    ['fires on what a failed CONCURRENTLY left', { ...server({ invalid: ['made'] }, 'CREATE INDEX CONCURRENTLY made ON orders (note);', SCHEMA), later: 1 }, 'warning/schema/new'],
    ['silent on valid ones', { code: 'CREATE INDEX CONCURRENTLY made ON orders (note);', catalog: (catalog) => asLive(catalog, []) }, 'silent'],
    ['silent where no server says so', 'CREATE INDEX CONCURRENTLY made ON orders (note);', 'silent'],
  ],
  'refresh-blocks-readers': [
    ['fires without CONCURRENTLY, where the unique index is there', 'REFRESH MATERIALIZED VIEW keyed_view;', 'info/schema/review'],
    ['fires without CONCURRENTLY, where it is not', 'REFRESH MATERIALIZED VIEW plain_view;', 'info/schema/text'],
    ['silent with CONCURRENTLY', 'REFRESH MATERIALIZED VIEW CONCURRENTLY keyed_view;', 'silent'],
    ['silent on first population', 'CREATE MATERIALIZED VIEW fresh AS SELECT id FROM users WITH NO DATA;\nREFRESH MATERIALIZED VIEW fresh;', 'silent'],
    ['silent on WITH NO DATA', 'REFRESH MATERIALIZED VIEW keyed_view WITH NO DATA;', 'silent'],
  ],
  'matview-without-unique-index': [
    ['fires where CONCURRENTLY is impossible', 'REFRESH MATERIALIZED VIEW CONCURRENTLY plain_view;', 'error/schema/new'],
    ['fires where the unique index is partial', 'CREATE UNIQUE INDEX u ON plain_view (team_id) WHERE n > 0;\nREFRESH MATERIALIZED VIEW CONCURRENTLY plain_view;', 'error/schema/new'],
    ['fires where the unique index is on an expression', 'CREATE UNIQUE INDEX u ON plain_view ((team_id + 0));\nREFRESH MATERIALIZED VIEW CONCURRENTLY plain_view;', 'error/schema/new'],
    ['silent with a plain unique index', 'REFRESH MATERIALIZED VIEW CONCURRENTLY keyed_view;', 'silent'],
  ],
  'lock-taking-alter': [
    ['fires on a rewrite', 'ALTER TABLE orders ALTER COLUMN total TYPE bigint;', 'warning/statistics/text'],
    ['fires on a scan: CHECK', 'ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0);', 'warning/statistics/review'],
    ['fires on a scan: foreign key', 'ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users;', 'warning/statistics/review'],
    ['fires on a scan: NOT NULL', 'ALTER TABLE orders ALTER COLUMN note SET NOT NULL;', 'warning/statistics/review'],
    ['fires on an index that a constraint builds', 'ALTER TABLE orders ADD CONSTRAINT u UNIQUE (note);', 'warning/statistics/review'],
    ['fires on a volatile default', 'ALTER TABLE orders ADD COLUMN r double precision NOT NULL DEFAULT random();', 'warning/statistics/review'],
    ['needs text → stats: size unknown', 'ALTER TABLE unsized ALTER COLUMN a TYPE bigint;', 'hint/schema/text'],
    ['silent on new tables', 'CREATE TABLE fresh (id bigint PRIMARY KEY, a int);\nALTER TABLE fresh ADD CHECK (a > 0);', 'silent'],
    ['silent on empty and small tables', 'ALTER TABLE few ALTER COLUMN a TYPE bigint;', 'silent'],
    ['silent on a column without default', 'ALTER TABLE orders ADD COLUMN more text;', 'silent'],
    ['silent on a constant default', 'ALTER TABLE orders ADD COLUMN more int NOT NULL DEFAULT 0;', 'silent'],
    ['silent on NOT VALID', 'ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID;', 'silent'],
  ],
  'lock-timeout-missing': [
    ...STRONG.map(([level, sql]) => [`fires on ${level}: ${sql}`, sql, /plain_view|keyed_view/.test(sql) ? 'hint/schema/safe' : 'info/statistics/safe'] as const),
    ...WEAK.map(([level, sql]) => [`silent on ${level}: ${sql}`, sql, 'silent'] as const),
    ['once per file', 'DROP TABLE orders;\nDROP TABLE users;', 'info/statistics/safe'],
    ['silent with SET', "SET lock_timeout = '5s';\nDROP TABLE orders;", 'silent'],
    ['silent with SET LOCAL', "BEGIN;\nSET LOCAL lock_timeout = '5s';\nDROP TABLE orders;\nCOMMIT;", 'silent'],
    ['silent with set_config', "SELECT set_config('lock_timeout', '5s', false);\nDROP TABLE orders;", 'silent'],
    ['fires where it is turned off', 'SET lock_timeout = 0;\nDROP TABLE orders;', 'info/statistics/safe'],
    ['silent on new tables', 'CREATE TABLE fresh (id bigint);\nALTER TABLE fresh ADD COLUMN a int;', 'silent'],
    ['silent on small tables', 'ALTER TABLE few ADD COLUMN b int;', 'silent'],
  ],
  'vacuum-full': [
    ['fires on VACUUM FULL', 'VACUUM FULL orders;', 'warning/statistics/text'],
    ['fires on CLUSTER', 'CLUSTER orders USING orders_pkey;', 'warning/statistics/text'],
    ['silent on VACUUM', 'VACUUM (ANALYZE) orders;', 'silent'],
    ['silent on what is new', 'CREATE TABLE fresh (id bigint PRIMARY KEY);\nCLUSTER fresh USING fresh_pkey;', 'silent'],
  ],
  'timestamp-without-time-zone': [
    ['fires as named', 'CREATE TABLE t (id bigint PRIMARY KEY, at timestamp NOT NULL);', 'hint/schema/review'],
    ['silent on timestamptz', 'CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz NOT NULL);', 'silent'],
  ],
  'int-primary-key': [
    ['fires as named', 'CREATE TABLE t (id serial PRIMARY KEY, at timestamptz);', 'hint/schema/review'],
    ['needs schema → stats: many rows', { code: 'CREATE TABLE t (id serial PRIMARY KEY, at timestamptz);', settings: { migrations, assume: { t: 900_000_000 } } }, 'warning/statistics/review'],
    ['silent on tables of kinds by their name', 'CREATE TABLE case_priority (id serial PRIMARY KEY, at timestamptz);', 'silent'],
    ['silent on tables that the migration fills with constants', "CREATE TABLE t (id serial PRIMARY KEY, tongue text);\nINSERT INTO t (tongue) VALUES ('de'), ('en');", 'silent'],
    ['fires where the rows are copied', 'CREATE TABLE t (id serial PRIMARY KEY, tongue text);\nINSERT INTO t (tongue) SELECT note FROM orders;', 'hint/schema/review'],
    ['fires on kinds that are many', { code: 'CREATE TABLE case_priority (id serial PRIMARY KEY);', settings: { migrations, assume: { case_priority: 900_000_000 } } }, 'warning/statistics/review'],
    ['silent on bigint', 'CREATE TABLE t (id bigserial PRIMARY KEY, at timestamptz);', 'silent'],
    ['silent on small tables', { code: 'CREATE TABLE t (id serial PRIMARY KEY, at timestamptz);', settings: { migrations, assume: { t: 50 } } }, 'silent'],
  ],
  'json-not-jsonb': [
    ['fires as named', 'CREATE TABLE t (id bigint PRIMARY KEY, data json);', 'hint/schema/review'],
    ['silent on jsonb', 'CREATE TABLE t (id bigint PRIMARY KEY, data jsonb);', 'silent'],
  ],
  'char-or-money-type': [
    ['fires on char(n)', 'CREATE TABLE t (id bigint PRIMARY KEY, a char(3));', 'hint/schema/review'],
    ['fires on money', 'CREATE TABLE t (id bigint PRIMARY KEY, a money);', 'hint/schema/review'],
    ['silent on text and numeric', 'CREATE TABLE t (id bigint PRIMARY KEY, a text, b numeric);', 'silent'],
  ],
  'missing-primary-key': [
    ['fires as named', 'CREATE TABLE t (user_id bigint NOT NULL, at timestamptz);', 'info/schema/text'],
    ['silent with a key', 'CREATE TABLE t (user_id bigint PRIMARY KEY);', 'silent'],
    ['silent with a unique key that is not null', 'CREATE TABLE t (user_id bigint NOT NULL UNIQUE);', 'silent'],
  ],
  'low-cardinality-index': [
    ['fires as named', 'CREATE INDEX i ON users (active);', 'hint/schema/text'],
    ['silent where it is one of several columns', 'CREATE INDEX i ON users (active, email);', 'silent'],
    ['silent on a partial index', 'CREATE INDEX i ON users (email) WHERE active;', 'silent'],
    ['silent on small tables', 'ALTER TABLE few ADD COLUMN on_off boolean;\nCREATE INDEX i ON few (on_off);', 'silent'],
  ],
  'partition-key-not-in-unique': [
    ['fires on a unique key without the partition key', 'CREATE TABLE e (id bigint, at date NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (at);', 'error/schema/text'],
    ['fires on a unique index without it', 'CREATE UNIQUE INDEX i ON events (id);', 'error/schema/text'],
    ['silent with it', 'CREATE TABLE e (id bigint, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);', 'silent'],
  ],
  'missing-next-partition': [
    ['fires where no partition is there for the coming period', { ...server({ now: '2026-01-20T00:00:00Z' }, visits, january), catalog: (catalog) => asLive(catalog, []) }, 'warning/schema/new'],
    ['silent where there is one', { ...server({ now: '2026-01-20T00:00:00Z' }, visits, `${january}\nCREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');`), catalog: (catalog) => asLive(catalog, []) }, 'silent'],
    ['needs server', { code: visits, schema: january }, 'silent'],
  ],
  'rls-function-per-row': [
    ['fires on a function per row', 'CREATE POLICY own ON orders USING (user_id = auth.uid());', 'warning/schema/review'],
    ['fix new where the migration has been run', { code: 'CREATE POLICY own ON orders USING (user_id = auth.uid());', later: 3 }, 'warning/schema/new'],
    ['silent on (SELECT f())', 'CREATE POLICY own ON orders USING (user_id = (SELECT auth.uid()));', 'silent'],
  ],
  'dropped-object-in-use': [
    ['fires on a dropped column', used('ALTER TABLE orders DROP COLUMN note;', 'PERFORM note FROM orders'), 'warning/schema/text'],
    ['fires on a renamed column', used('ALTER TABLE orders RENAME COLUMN note TO remark;', 'PERFORM note FROM orders'), 'warning/schema/text'],
    ['fires on a dropped table', used('DROP TABLE few;', 'PERFORM a FROM few'), 'warning/schema/text'],
    ['fires on a renamed table', used('ALTER TABLE few RENAME TO several;', 'PERFORM a FROM few'), 'warning/schema/text'],
    ['silent where nobody uses it', used('ALTER TABLE orders DROP COLUMN note;', 'PERFORM total FROM orders'), 'silent'],
  ],
};

describe.each(Object.entries(clauses))('%s', (id, rows) => {
  it.each(rows)('%s', async (_, code, expected) => {
    const row: RowCase = typeof code === 'string' ? { code } : code;
    expect(await verdictOf(id, { path, ...row }, { schema: SCHEMA, settings }), row.code).toBe(expected);
  });
});

it('a foreign key that an index serves partly reads the rows of the same part', async () => {
  const { findings } = await lintCase([ruleOf('foreign-key-without-index')], { language: 'sql', path, schema: SCHEMA, settings, code: 'CREATE TABLE t (id bigint PRIMARY KEY, tenant bigint, no bigint, FOREIGN KEY (tenant, no) REFERENCES shops);\nCREATE INDEX i ON t (tenant, id);' });
  expect(findings.map((finding) => finding.message)).toEqual(['No index begins with tenant, no: deleting a row of shops reads every row of t with the same tenant (by i).']);
});

it('every rule of schema and migrations has its clauses', () => {
  expect(Object.keys(clauses).sort()).toEqual(rules.filter((rule) => rule.category === 'schema').map((rule) => rule.id).sort());
});
