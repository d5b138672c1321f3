import { describe, expect, it } from 'vitest';
import { rules } from '../../server/src/core/rules/index.generated';
import { lintCase } from '../support/readers';

/** Clauses of the rules' contract that only combinations show: each statement fires, or is silent, under its one rule. */

const SCHEMA = `
  CREATE TABLE users (id bigint PRIMARY KEY, team_id bigint NOT NULL, name text NOT NULL, bio text, tags text[] NOT NULL, at timestamp NOT NULL);
  CREATE INDEX users_tags ON users USING gin (tags);
  CREATE INDEX users_bio ON users USING gin (bio gin_trgm_ops);
  CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, note text);
  CREATE INDEX orders_user ON orders (user_id);
  CREATE TABLE profiles (user_id bigint PRIMARY KEY, score int NOT NULL);
`;
const settings = { assume: { users: 3_000_000, orders: 5_000_000, profiles: 3_000_000 } };

const CASES: Readonly<Record<string, { readonly fires: readonly string[]; readonly silent: readonly string[] }>> = {
  'unindexed-predicate': {
    fires: [
      'SELECT u.id, o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.team_id = $1',
      'SELECT u.id FROM users u LEFT JOIN profiles p ON p.user_id = u.id WHERE u.team_id = $1',
      'UPDATE profiles SET score = 1 FROM users u WHERE u.id = profiles.user_id AND u.team_id = $1',
      'SELECT o.id FROM orders o, users u WHERE u.id = o.user_id AND o.note = $1',
    ],
    silent: [
      'SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id WHERE o.id = $1 AND u.team_id = $2',
      'SELECT u.id FROM users u JOIN unnest($2::bigint[]) x(id) ON x.id = u.id WHERE u.team_id = $1',
      'SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = $1 AND u.team_id = $2',
      'SELECT u.id FROM users u WHERE u.id = $1 AND EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.note = $2)',
    ],
  },
  'unstable-pagination': {
    fires: ['SELECT id FROM users ORDER BY lower(id::text) LIMIT 20 OFFSET 20', 'SELECT id FROM users ORDER BY id::varchar(2) LIMIT 20 OFFSET 20', 'SELECT id, row_number() OVER (PARTITION BY team_id ORDER BY id) AS rn FROM users ORDER BY rn LIMIT 20 OFFSET 20', 'SELECT id, rank() OVER (ORDER BY at) AS rn FROM users ORDER BY rn LIMIT 20 OFFSET 20'],
    silent: ['SELECT id FROM users ORDER BY id::text LIMIT 20 OFFSET 20', 'SELECT u.id FROM users u ORDER BY u.name, CAST(u.id AS text) LIMIT 20 OFFSET 20', 'SELECT id, row_number() OVER (ORDER BY at, id) AS rn FROM users ORDER BY rn LIMIT 20 OFFSET 20', 'SELECT id FROM users ORDER BY row_number() OVER () LIMIT 20 OFFSET 20'],
  },
  'offset-pagination': {
    fires: ['SELECT id FROM users WHERE id >= $1 ORDER BY id LIMIT 20 OFFSET 2', 'SELECT id FROM users WHERE id <= $1 ORDER BY id LIMIT 20 OFFSET 1'],
    silent: ['SELECT id FROM users WHERE id >= $1 ORDER BY id LIMIT 20 OFFSET 1', 'SELECT id FROM users WHERE (at, id) <= ($1, $2) ORDER BY at DESC, id DESC LIMIT 20 OFFSET 1'],
  },
  'order-by-random': {
    fires: ['SELECT id, random() AS r FROM users ORDER BY r LIMIT 3', 'SELECT id, random() FROM users ORDER BY 2 LIMIT 3'],
    silent: ['SELECT id FROM users TABLESAMPLE SYSTEM (0.1) ORDER BY random() LIMIT 3', 'SELECT id, random() AS r FROM users ORDER BY id LIMIT 3'],
  },
  'array-containment-direction': {
    fires: ["SELECT id FROM users WHERE team_id = $1 AND 'x' = ANY(tags)"],
    silent: ["SELECT id FROM users WHERE id = $1 AND 'x' = ANY(tags)"],
  },
  'unbounded-select': {
    fires: ['SELECT id FROM users', 'SELECT id FROM users LIMIT ALL OFFSET 0', 'SELECT id FROM users WHERE name <> $1'],
    silent: ['SELECT id FROM users WHERE false', 'SELECT id FROM users TABLESAMPLE SYSTEM (0.1)', 'SELECT id INTO TEMP t FROM users'],
  },
  'leading-wildcard-like': {
    fires: ["SELECT id FROM users WHERE name SIMILAR TO '%(a|b)'", "SELECT id FROM users WHERE name ILIKE ANY (ARRAY['x%', '%a%'])", "SELECT id FROM users WHERE name LIKE ANY (ARRAY['%a%']::text[])", "SELECT id FROM users WHERE name ILIKE format('%%%s%%', $1)", "SELECT u.id FROM users u, unnest($1::text[]) x WHERE x = u.name AND u.name LIKE '%y'"],
    silent: ["SELECT id FROM users WHERE name SIMILAR TO '(a|b)%'", "SELECT id FROM users WHERE name NOT SIMILAR TO '%x'", "SELECT id FROM users WHERE name LIKE ANY (ARRAY['x%', $1])", "SELECT id FROM users WHERE bio ILIKE ANY (ARRAY['%a%'])", "SELECT id FROM users WHERE name ILIKE format('%s%%', $1)", "SELECT x FROM unnest($1::text[]) x WHERE x LIKE '%y%'", "SELECT v.name FROM (VALUES ('a'), ('b')) v(name) WHERE v.name LIKE '%y%'"],
  },
};

const lint = async (id: string, code: string) => {
  const rule = rules.find((r) => r.id === id);
  if (!rule) throw new Error(`no rule ${id}`);
  const result = await lintCase([rule], { language: 'sql', code, schema: SCHEMA, settings });
  expect([result.failures, result.errors], code).toEqual([[], 0]);
  return result.findings;
};

describe('query shape: what combinations of clauses mean', () => {
  it.each(Object.entries(CASES))('%s', async (id, { fires, silent }) => {
    for (const code of fires) expect(await lint(id, code), code).toHaveLength(1);
    for (const code of silent) expect(await lint(id, code), code).toHaveLength(0);
  });

  it('names the trigram index that holds the column, and not what is asked', async () => {
    const [finding] = await lint('leading-wildcard-like', "SELECT id FROM users WHERE lower(bio) LIKE '%needle%'");
    expect(finding?.because).toMatch(/users_bio is on bio itself, not on lower\(bio\)\.$/);
  });

  it('only hints at a range whose rows no statistics count, unless the index gives the order of a page', async () => {
    const severity = async (code: string) => (await lint('unindexed-predicate', code)).map((f) => f.severity);
    expect(await severity('SELECT count(*) FROM users WHERE team_id > 0')).toEqual(['hint']);
    expect(await severity('SELECT id FROM users WHERE team_id > $1 ORDER BY team_id LIMIT 20')).toEqual(['warning']);
    expect(await severity('SELECT id FROM users WHERE team_id = $1 AND at > $2')).toEqual(['warning']);
  });

  it('says that LIMIT ALL is none', async () => {
    const [finding] = await lint('unbounded-select', 'SELECT id FROM users LIMIT ALL');
    expect([finding?.message, finding?.fixes?.()]).toEqual(['Fetches the whole table: LIMIT ALL sets no limit, and there is no condition.', []]);
  });

  it('knows a table that its CHECK holds to one row, however it is declared', async () => {
    const size = async (schema: string) => {
      const rule = rules.find((r) => r.id === 'unbounded-select');
      const result = await lintCase(rule ? [rule] : [], { language: 'sql', code: 'SELECT * FROM t', schema, settings: { assume: { t: 2_000_000 } } });
      return result.findings.length === 0 ? 'one row' : 'many';
    };
    for (const single of [
      "CREATE TABLE t (name text PRIMARY KEY CHECK (name = 'default'), v int)",
      "CREATE TABLE t (name text PRIMARY KEY DEFAULT 'x, y' CONSTRAINT one CHECK (((name)::text = 'default'::text) AND true), v int, id boolean UNIQUE NOT NULL CHECK (id))",
      'CREATE TABLE t (id boolean PRIMARY KEY DEFAULT true, v int, CONSTRAINT one CHECK (id))',
      'CREATE TABLE t (v int, id int, PRIMARY KEY (id), CHECK (id = 1))',
      'CREATE TABLE t (v int, no int PRIMARY KEY CHECK (no = 1)); ALTER TABLE t RENAME COLUMN no TO id;',
      'CREATE TABLE t (id int PRIMARY KEY, v int); ALTER TABLE t ADD CONSTRAINT one CHECK (id = 1);',
    ]) expect(await size(single), single).toBe('one row');
    for (const many of [
      'CREATE TABLE t (id int UNIQUE CHECK (id = 1), v int)',
      'CREATE TABLE t (id int PRIMARY KEY, v int CHECK (v = 1))',
      'CREATE TABLE t (id int PRIMARY KEY CHECK (id = 1 OR id = 2), v int)',
      'CREATE TABLE t (id int PRIMARY KEY CHECK (id > 0), v int)',
      'CREATE TABLE t (id int, v int, PRIMARY KEY (id, v), CHECK (id = 1))',
      'CREATE TABLE t (id int PRIMARY KEY CHECK (id = 1)); ALTER TABLE t DROP CONSTRAINT t_id_check;',
      'CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t ADD CONSTRAINT one CHECK (id = 1) NOT VALID;',
      'CREATE TABLE t (v int, id int PRIMARY KEY CHECK (id = 1)); ALTER TABLE t DROP COLUMN id; ALTER TABLE t ADD COLUMN id int PRIMARY KEY;',
      'CREATE TABLE t (v int, id int PRIMARY KEY CHECK (id = 1)); ALTER TABLE t RENAME COLUMN id TO no; ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD COLUMN id int PRIMARY KEY;',
      'CREATE TABLE t (id int PRIMARY KEY CHECK (id = 1)); CREATE TABLE u () INHERITS (t);',
    ]) expect(await size(many), many).toBe('many');
  });
});
