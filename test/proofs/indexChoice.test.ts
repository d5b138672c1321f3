import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectIndexCandidates } from '../../server/src/core/advice/indexCandidates';
import { renderIndexColumns } from '../../server/src/core/advice/indexAdvice';
import { describeGain } from '../../server/src/core/advice/gain';
import { proveIndex, type ProvedIndex } from '../../server/src/core/advice/proveIndex';
import type { Catalog } from '../../server/src/core/catalog/model';
import { defaultSettings } from '../../server/src/core/lint/defaults';
import type { StatementModel } from '../../server/src/core/sql/model';
import { introspect } from '../../server/src/db/introspect';
import { openSession } from '../../server/src/db/session';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { loadReaders } from '../support/readers';
import { createServerPlanner, type ServerPlanner } from '../support/serverPlanner';

const DDL = `
  CREATE EXTENSION pg_trgm;
  CREATE TABLE sessions (
    id bigint PRIMARY KEY, tenant_id bigint NOT NULL, user_id bigint NOT NULL, status text NOT NULL, email text NOT NULL,
    created_at timestamptz NOT NULL, deleted_at timestamptz, state jsonb NOT NULL, tags text[] NOT NULL, note text NOT NULL
  );
  CREATE INDEX sessions_user ON sessions (user_id);
  INSERT INTO sessions SELECT i, i % 50, i % 5000, (ARRAY['active', 'expired', 'revoked', 'new'])[1 + i % 4], 'User' || i || '@example.com',
    timestamptz '2024-01-01' + i * interval '1 minute', CASE WHEN i % 10 = 0 THEN now() END, jsonb_build_object('ref', 'r' || i % 5000), ARRAY['t' || i % 3000], repeat('x', 60)
    FROM generate_series(1, 120000) i;
  VACUUM ANALYZE sessions;
`;

let database: TestDatabase;
let server: ServerPlanner;
let catalog: Catalog;
beforeAll(async () => {
  database = await createDatabase();
  for (const statement of DDL.split(';').filter((s) => s.trim() !== '')) await database.query(statement);
  server = createServerPlanner(database.url);
  const session = openSession(database.url);
  catalog = await introspect(session, {});
  await session.close();
}, 60_000);
afterAll(() => database?.drop());

async function prove(sql: string): Promise<{ readonly proved: ProvedIndex; readonly rounds: number; readonly model: StatementModel }> {
  const { sql: analyser } = await loadReaders();
  const model = analyser.analyse({ text: sql, placeholders: 'dollar', interpolations: [] });
  const [block] = model.blocks;
  const candidates = block ? collectIndexCandidates({ scope: { model, catalog }, block, relationIndex: 0, settings: defaultSettings }) : [];
  const before = server.rounds;
  for (;;) {
    const proved = proveIndex({ planner: server.planner, sql, candidates });
    if (proved.state !== 'pending') return { proved, rounds: server.rounds - before, model };
    await server.settle();
  }
}

const columns = ({ proved }: { readonly proved: ProvedIndex }): string => (proved.state === 'proved' ? `${proved.proposal.method} ${renderIndexColumns(proved.proposal)}` : proved.state);

describe('the index that is chosen, tried on a real server', () => {
  const cases: readonly [string, string | RegExp][] = [
    ['SELECT * FROM sessions WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 20', 'btree (tenant_id, created_at DESC)'],
    ["SELECT * FROM sessions WHERE tenant_id = $1 AND status = $2 AND deleted_at IS NULL AND created_at > $3 ORDER BY created_at DESC LIMIT 50", /^btree \(tenant_id, status, created_at DESC\)/],
    ['SELECT * FROM sessions WHERE lower(email) = $1', 'btree (lower(email))'],
    ["SELECT * FROM sessions WHERE state->>'ref' = $1", "btree ((state ->> 'ref'))"],
    // A value that is in no row is no bound of the histogram either: one time in fifty ANALYZE makes one of any that is.
    ["SELECT * FROM sessions WHERE state @> '{\"ref\":\"r5000\"}'", 'gin (state jsonb_path_ops)'],
    ["SELECT * FROM sessions WHERE tags @> ARRAY['t5']", 'gin (tags)'],
    // Any array may overlap a hundredth of the rows: on so many pages that is no gain worth an index.
    ['SELECT * FROM sessions WHERE tags && $1', 'none'],
    ["SELECT * FROM sessions WHERE email ILIKE '%user55@%'", 'gin (email gin_trgm_ops)'],
    ["SELECT * FROM sessions WHERE email LIKE 'User5599%'", 'btree (email text_pattern_ops)'],
    ['SELECT max(created_at) FROM sessions WHERE tenant_id = $1', /^btree \(tenant_id, created_at( DESC)?\)/],
    ['SELECT * FROM sessions WHERE user_id = $1 ORDER BY created_at DESC LIMIT 5', 'none'],
    ['SELECT * FROM sessions WHERE status = $1', 'none'],
    ['SELECT * FROM sessions WHERE id = $1', 'none'],
    ['SELECT count(*) FROM sessions', 'none'],
  ];
  for (const [sql, expected] of cases) {
    it(`${sql} → ${String(expected)}`, async () => {
      const result = await prove(sql);
      expect(columns(result)).toMatch(typeof expected === 'string' ? new RegExp(`^${expected.replaceAll(/[^\w ]/g, '\\$&')}$`) : expected);
      expect(result.rounds).toBeLessThanOrEqual(2);
      if (result.proved.state === 'proved') expect(describeGain(result.proved, catalog, result.model)).toMatch(/the planner's cost falls from [\d,]+ to [\d,.]+.* \(verified in the twin with your server's statistics\)/);
    });
  }
});
