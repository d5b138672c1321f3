import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderIndexColumns } from '../../server/src/core/advice/indexAdvice';
import { collectIndexCandidates } from '../../server/src/core/advice/indexCandidates';
import { proveIndex, toHypothetical } from '../../server/src/core/advice/proveIndex';
import type { Catalog } from '../../server/src/core/catalog/model';
import { defaultSettings } from '../../server/src/core/lint/defaults';
import type { PlanAnswer } from '../../server/src/core/plan/planner';
import { introspect } from '../../server/src/db/introspect';
import { openSession } from '../../server/src/db/session';
import { createPlanning, type Planning } from '../../server/src/workspace/planning';
import { seed, smallScale } from '../support/fidelity/measure';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { loadReaders } from '../support/readers';
import { createServerPlanner, type ServerPlanner } from '../support/serverPlanner';
import { sharedTwin } from '../support/twin';

/** Advice proved in the twin, beside the same index really built on the server that the twin copies. */
let database: TestDatabase;
let catalog: Catalog;
let planning: Planning;
let server: ServerPlanner;

beforeAll(async () => {
  database = await createDatabase();
  await seed(database.url, 30_000, smallScale);
  const session = openSession(database.url);
  catalog = await introspect(session).finally(() => session.close());
  planning = createPlanning(sharedTwin());
  planning.use(catalog);
  server = createServerPlanner(database.url);
}, 180_000);
afterAll(() => database?.drop());

async function prove(sql: string): Promise<ReturnType<typeof proveIndex>> {
  const { sql: analyser } = await loadReaders();
  const model = analyser.analyse({ text: sql, placeholders: 'dollar', interpolations: [] });
  const candidates = model.blocks.flatMap((block) => block.relations.flatMap((_, relationIndex) => collectIndexCandidates({ scope: { model, catalog }, block, relationIndex, settings: defaultSettings })));
  for (;;) {
    const proved = proveIndex({ planner: planning.planner, sql, candidates });
    if (proved.state !== 'pending') return proved;
    expect(await planning.settle()).toBe(true);
  }
}

async function reallyBuilt(sql: string, index: ReturnType<typeof toHypothetical>): Promise<PlanAnswer> {
  for (;;) {
    const answer = server.planner.plan({ sql, add: [index] });
    if (answer.state !== 'pending') return answer;
    await server.settle();
  }
}

const cases: readonly [kind: string, sql: string, method: string, columns: string][] = [
  ['b-tree', 'SELECT id, resource FROM audit_logs WHERE user_id = $1', 'btree', '(user_id)'],
  ['b-tree for an order', 'SELECT id, resource FROM audit_logs WHERE resource = $1 AND severity = $2 ORDER BY created_at DESC LIMIT 20', 'btree', '(resource)'],
  ['partial', "SELECT * FROM audit_logs WHERE severity = 'critical' AND created_at > $1 ORDER BY created_at LIMIT 100", 'btree', "(created_at) WHERE severity = 'critical'"],
  ['covering', 'SELECT check_in, sum(total_cents) FROM reservations WHERE tenant_id = $1 GROUP BY check_in', 'btree', '(tenant_id) INCLUDE (check_in, total_cents)'],
  ['GIN', "SELECT id FROM audit_logs WHERE details @> '{\"ip\": \"10.0.0.1\"}'", 'gin', '(details jsonb_path_ops)'],
  ['trigram', "SELECT id FROM reservations WHERE confirmation_code ILIKE '%A1B2%'", 'gin', '(confirmation_code gin_trgm_ops)'],
];

describe('advice from the twin', () => {
  for (const [kind, sql, method, columns] of cases) {
    it(`${kind}: the same plan, at the same cost, as with the index really built`, async () => {
      const proved = await prove(sql);
      if (proved.state !== 'proved') throw new Error(proved.state);
      expect([proved.proposal.method, renderIndexColumns(proved.proposal)]).toEqual([method, columns]);
      const real = await reallyBuilt(sql, toHypothetical(proved.proposal));
      if (real.state !== 'planned') throw new Error(real.state);
      expect(real.plan.added[0]?.used).toBe(true);
      expect(Math.abs(proved.after.cost - real.plan.cost) / real.plan.cost, `${proved.after.cost} in the twin, ${real.plan.cost} on the server`).toBeLessThan(0.15);
      expect(proved.after.basis.volumes).toBe('server');
    });
  }
  it('is none where most rows are kept, or an index serves already', async () => {
    expect((await prove('SELECT * FROM audit_logs WHERE event_type <> $1 AND severity = $2')).state).toBe('none');
    expect((await prove('SELECT * FROM sessions WHERE guest_id = $1')).state).toBe('none');
  });
});
