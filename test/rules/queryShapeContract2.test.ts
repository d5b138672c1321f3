import { describe, expect, it } from 'vitest';
import { rules } from '../../server/src/core/rules/index.generated';
import { lintCase } from '../support/readers';

/** More clauses of the rules' contract: each statement fires, or is silent, under its one rule. */

const SCHEMA = `
  CREATE SCHEMA app;
  CREATE TYPE st AS ENUM ('open', 'paid', 'void');
  CREATE TABLE users (id bigint PRIMARY KEY, team_id bigint NOT NULL, name text NOT NULL, active boolean NOT NULL, score int NOT NULL, day date NOT NULL, status st NOT NULL, maybe boolean);
  CREATE TABLE app.orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, note text, total numeric NOT NULL);
  CREATE INDEX orders_user ON app.orders (user_id);
  CREATE TABLE jobs (id bigint PRIMARY KEY, status text NOT NULL, run_at timestamptz NOT NULL);
  CREATE TABLE settings (id int PRIMARY KEY, v text);
  CREATE DOMAIN num AS bigint;
  CREATE TABLE docs (id bigint PRIMARY KEY, data jsonb NOT NULL, n num NOT NULL, owner bigint NOT NULL);
  CREATE INDEX docs_n ON docs (n);
  CREATE INDEX docs_owner ON docs (owner);
  CREATE TABLE ext (id bigint PRIMARY KEY, uid uuid NOT NULL, doc int NOT NULL, code text NOT NULL);
  CREATE INDEX ext_uid ON ext (uid);
  CREATE INDEX ext_code ON ext (code);
  CREATE TABLE ext2 (id bigint PRIMARY KEY, uid uuid NOT NULL, doc bigint NOT NULL);
  CREATE INDEX ext2_uid ON ext2 (uid);
  CREATE TABLE jdocs (id bigint PRIMARY KEY, data jsonb NOT NULL);
  CREATE INDEX jdocs_n ON jdocs (((data->>'n')::int));
`;
const settings = { assume: { users: 3_000_000, 'app.orders': 5_000_000, jobs: 1_000_000, settings: 1, docs: 3_000_000, jdocs: 3_000_000, ext: 1_000_000, ext2: 1_000_000 } };

const CASES: Readonly<Record<string, { readonly fires: readonly string[]; readonly silent: readonly string[] }>> = {
  'large-in-list': {
    fires: [`SELECT id FROM users WHERE id IN (${Array.from({ length: 150 }, (_, i) => `$${i + 1}`).join(', ')})`],
    silent: ['SELECT id FROM users WHERE id IN ($1, $2, $3)'],
  },
  'cartesian-join': {
    fires: [
      'WITH s AS (SELECT v FROM settings WHERE id > 1) SELECT u.id, s.v FROM users u, s',
    ],
    silent: [
      'WITH s AS (SELECT v FROM settings WHERE id = 1) SELECT u.id, s.v FROM users u, s',
    ],
  },
  'queue-without-skip-locked': {
    fires: [
      "SELECT id FROM jobs WHERE run_at <= $1 AND status = 'ready' ORDER BY run_at LIMIT 1 FOR UPDATE",
    ],
    silent: [
      'SELECT id FROM jobs WHERE id > $1 ORDER BY id LIMIT 100 FOR UPDATE',
      'SELECT id FROM jobs WHERE id < $1 ORDER BY id DESC LIMIT 100 FOR UPDATE',
    ],
  },
  'write-without-where': {
    fires: [
      'DELETE FROM users WHERE true OR id = $1',
      'DELETE FROM users WHERE NOT false',
    ],
    silent: [
      'DELETE FROM users WHERE NOT true',
      'DELETE FROM users WHERE id = 3 OR maybe',
      'DELETE FROM users WHERE NOT (false AND id = 3) AND id = 4',
    ],
  },
  'union-dedup': {
    fires: [
      'SELECT id, name FROM users WHERE active UNION SELECT id, name FROM users WHERE NOT active',
      'SELECT id FROM users u WHERE u.active UNION SELECT id FROM users WHERE active IS FALSE',
      "SELECT id FROM users WHERE status = 'open' UNION SELECT id FROM users x WHERE x.status IN ('paid', 'void')",
      'SELECT id FROM users WHERE score < 10 UNION SELECT id FROM users WHERE score >= 10',
      'SELECT id FROM users WHERE score BETWEEN 1 AND 9 UNION SELECT id FROM users WHERE score BETWEEN 10 AND 19 UNION SELECT id FROM users WHERE 20 <= score',
      "SELECT id FROM users WHERE day < '2024-01-01' UNION SELECT id FROM users WHERE day >= '2024-01-01'",
      'SELECT id FROM users WHERE active = true UNION SELECT id FROM users WHERE active = false',
    ],
    silent: [
      'SELECT id FROM users WHERE active UNION SELECT id FROM users WHERE maybe',
      'SELECT id FROM users WHERE score <= 10 UNION SELECT id FROM users WHERE score >= 10',
      'SELECT name FROM users WHERE active UNION SELECT name FROM users WHERE NOT active',
      "SELECT id FROM users WHERE status = 'open' UNION SELECT id FROM users WHERE status IN ('open', 'void')",
      'SELECT id FROM users WHERE score BETWEEN SYMMETRIC 9 AND 1 UNION SELECT id FROM users WHERE score BETWEEN 5 AND 19',
      'SELECT id FROM users WHERE score > 10 UNION SELECT id FROM users WHERE score > 20',
      'SELECT id FROM users WHERE active OR score = 3 UNION SELECT id FROM users WHERE NOT active',
      "SELECT id FROM users WHERE day < '2024-1-1' UNION SELECT id FROM users WHERE day >= '2024-01-01'",
      'SELECT id FROM users WHERE NOT (active AND score = 1) UNION SELECT id FROM users WHERE active',
      'SELECT id, team_id FROM users WHERE active UNION SELECT team_id, id FROM users WHERE NOT active',
      'SELECT id FROM users WHERE score NOT BETWEEN 1 AND 9 UNION SELECT id FROM users WHERE score BETWEEN 10 AND 19',
    ],
  },
  'count-total-per-page': {
    fires: [
      'SELECT id, (SELECT count(*) FROM users) AS total FROM users ORDER BY id LIMIT 20',
      'WITH p AS (SELECT id, count(*) OVER () AS total FROM users ORDER BY id LIMIT 20) SELECT * FROM p',
      'SELECT * FROM (SELECT u.id, count(*) OVER () AS total FROM users u ORDER BY id LIMIT $1) t',
      'SELECT id, (SELECT count(*) FROM users x WHERE x.active)::int FROM users WHERE active ORDER BY id LIMIT 20',
    ],
    silent: [
      'SELECT id, (SELECT count(*) FROM app.orders o WHERE o.user_id = u.id) FROM users u ORDER BY id LIMIT 20',
      'SELECT id, (SELECT count(*) FROM users x WHERE x.team_id = u.team_id) FROM users u ORDER BY id LIMIT 20',
      'SELECT id, (SELECT count(*) FROM (SELECT 1 FROM users LIMIT 1001) t) FROM users ORDER BY id LIMIT 20',
      'SELECT id, (SELECT count(*) FROM settings) FROM users ORDER BY id LIMIT 20',
      'SELECT id, (SELECT count(*) FROM users) FROM users',
      'WITH p AS (SELECT id, count(*) OVER (PARTITION BY team_id) AS total FROM users ORDER BY id LIMIT 20) SELECT * FROM p',
      'SELECT id FROM users WHERE score > (SELECT count(*) FROM users) LIMIT 20',
    ],
  },
  'distinct-hides-fan-out': {
    fires: [
      'SELECT count(DISTINCT u.id) FROM users u JOIN app.orders o ON o.user_id = u.id',
      'SELECT count(DISTINCT u.id) AS n FROM users u JOIN app.orders o ON o.user_id = u.id WHERE o.note = $1',
    ],
    silent: [
      'SELECT count(DISTINCT u.id), count(*) FROM users u JOIN app.orders o ON o.user_id = u.id',
      'SELECT count(DISTINCT o.note) FROM users u JOIN app.orders o ON o.user_id = u.id',
      'SELECT count(DISTINCT o.id) FROM app.orders o JOIN users u ON o.user_id = u.id',
      'SELECT count(DISTINCT u.id), sum(o.total) FROM users u JOIN app.orders o ON o.user_id = u.id',
      "SELECT count(DISTINCT u.id) FILTER (WHERE o.note = 'x') FROM users u JOIN app.orders o ON o.user_id = u.id",
      'SELECT o.note, count(DISTINCT u.id) FROM users u JOIN app.orders o ON o.user_id = u.id GROUP BY o.note',
      'SELECT count(u.id) FROM users u JOIN app.orders o ON o.user_id = u.id',
      'SELECT count(DISTINCT u.id) FROM users u JOIN app.orders o ON o.user_id = u.id GROUP BY o.note',
      'SELECT count(DISTINCT u.id) FROM users u LEFT JOIN app.orders o ON o.user_id = u.id',
    ],
  },
};

/** What the planner of the twin has to agree with. */
const PLANNED: typeof CASES = {
  'or-across-columns': {
    fires: ['DELETE FROM app.orders WHERE user_id = $1 OR note = $2', "UPDATE app.orders o SET total = 0 WHERE o.user_id = $1 OR o.note = 'x'"],
    silent: [
      'DELETE FROM app.orders WHERE user_id = $1 OR id = $2',
      'DELETE FROM app.orders WHERE id = $1 AND (user_id = $2 OR note = $3)',
      'UPDATE app.orders SET total = 0 WHERE user_id = $1 OR id IN (SELECT id FROM jobs WHERE status = $2)',
      'DELETE FROM app.orders USING users u WHERE u.id = user_id AND (u.id = $1 OR note = $2)',
    ],
  },
  'jsonb-index-mismatch': {
    fires: [
      "SELECT id FROM docs WHERE (data->>'n')::int = 5",
      "SELECT id FROM docs d WHERE 5 = (d.data->>'n')::int",
      "SELECT id FROM docs WHERE (data->'a'->>'n')::uuid = $1",
      "SELECT id FROM docs WHERE CAST(data->>'n' AS bigint) IN (1, 2)",
    ],
    silent: [
      "SELECT id FROM jdocs WHERE (data->>'n')::int = 5",
      "SELECT id FROM docs WHERE (data->>'n')::timestamptz = now()",
      "SELECT id FROM docs WHERE (data->'n')::int = 5",
      "SELECT id FROM docs WHERE id = 3 AND (data->>'n')::int = 5",
    ],
  },
  'implicit-cast': {
    fires: ['SELECT id FROM docs WHERE n = 42.0', 'SELECT id FROM docs WHERE n = $1::numeric'],
    silent: ['SELECT id FROM docs WHERE n = 42', 'SELECT id FROM docs WHERE n = $1', 'SELECT id FROM docs WHERE n = $1::int'],
  },
  'non-sargable-predicate': {
    fires: ['SELECT a.id FROM ext a JOIN ext2 b ON a.uid::text = b.uid::text WHERE b.id = $1', 'SELECT a.id FROM docs a JOIN ext b ON b.doc::text = a.owner::text WHERE b.id = $1'],
    silent: ['SELECT a.id FROM ext a JOIN ext2 b ON a.uid::text = b.doc::text WHERE b.id = $1', 'SELECT a.id FROM ext a JOIN ext2 b ON a.code = b.uid::text WHERE b.id = $1'],
  },
  'correlated-subquery': {
    fires: [
      'SELECT u.id, ARRAY(SELECT o.note FROM app.orders o WHERE o.user_id = u.id) FROM users u',
      'UPDATE users u SET score = (SELECT count(*) FROM app.orders o WHERE o.user_id = u.id) WHERE active',
      'SELECT u.id FROM users u ORDER BY (SELECT max(o.total) FROM app.orders o WHERE o.user_id = u.id) DESC LIMIT 20',
    ],
    silent: [
      'SELECT u.id, ARRAY(SELECT o.note FROM app.orders o WHERE o.user_id = u.id) FROM users u ORDER BY u.id LIMIT 20',
      'UPDATE users u SET score = (SELECT count(*) FROM app.orders o WHERE o.user_id = u.id) WHERE u.id IN (1, 2)',
      'UPDATE users u SET score = (SELECT count(*) FROM app.orders o WHERE o.user_id = 5)',
    ],
  },
};

const lint = async (id: string, code: string, planner = false) => {
  const rule = rules.find((r) => r.id === id);
  if (!rule) throw new Error(`no rule ${id}`);
  const result = await lintCase([rule], { language: 'sql', code, schema: SCHEMA, settings, planner });
  expect([result.failures, result.errors], code).toEqual([[], 0]);
  return result.findings;
};

describe('query shape: more of what combinations of clauses mean', () => {
  it.each(Object.entries(CASES))('%s', async (id, { fires, silent }) => {
    for (const code of fires) expect((await lint(id, code)).length, code).toBeGreaterThan(0);
    for (const code of silent) expect(await lint(id, code), code).toHaveLength(0);
  });

  it.each(Object.entries(PLANNED))('%s, as the planner sees it', async (id, { fires, silent }) => {
    for (const code of fires) expect(await lint(id, code, true), code).toHaveLength(1);
    for (const code of silent) expect(await lint(id, code, true), code).toHaveLength(0);
  });

  it('says what an index on a converted text refuses', async () => {
    const [finding] = await lint('jsonb-index-mismatch', "SELECT id FROM docs WHERE (data->>'n')::int = 5", true);
    expect(finding?.message).toBe('No index is on this value of docs.data as integer: every value is read, taken apart and converted.');
    expect(finding?.because).toMatch(/A text that is no integer can then no longer be stored there\.$/);
  });

  it('takes both casts away, and makes a join of the order', async () => {
    const both = await lint('non-sargable-predicate', 'SELECT a.id FROM ext a JOIN ext2 b ON a.uid::text = b.uid::text WHERE b.id = $1', true);
    expect(both[0]?.fixes().flatMap((fix) => fix.edits?.map((edit) => edit.text) ?? [])).toEqual(['a.uid = b.uid']);
    const order = await lint('correlated-subquery', 'SELECT u.id FROM users u ORDER BY (SELECT max(o.total) FROM app.orders o WHERE o.user_id = u.id) DESC LIMIT 20', true);
    expect(order[0]?.fixes().flatMap((fix) => fix.edits?.map((edit) => edit.text) ?? [])).toEqual([expect.stringContaining('LEFT JOIN'), expect.stringMatching(/^orders_by_user_id\.value$/)]);
    const update = await lint('correlated-subquery', 'UPDATE users u SET score = (SELECT count(*) FROM app.orders o WHERE o.user_id = u.id) WHERE active', true);
    expect(update.map((finding) => finding.fixes())).toEqual([[]]);
  });
});
