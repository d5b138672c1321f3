import { describe, expect, it } from 'vitest';
import { collectIndexCandidates } from '../../../server/src/core/advice/indexCandidates';
import { proveIndex } from '../../../server/src/core/advice/proveIndex';
import { defaultSettings } from '../../../server/src/core/lint/defaults';
import { createPlanning } from '../../../server/src/workspace/planning';
import { readDdl } from '../../support/ddl';
import { loadReaders } from '../../support/readers';
import { withStatistics } from '../../support/statistics';
import { sharedTwin } from '../../support/twin';

const ddl = 'create table events (id bigint primary key, at timestamptz not null, kind text not null);';
const bare = await readDdl(ddl);
const histogram = `{${Array.from({ length: 11 }, (_, year) => `"${2015 + year}-01-01 00:00:00+00"`).join(',')}}`;
const catalogOf = (rows: number, correlation: number) =>
  withStatistics({ 'public.events': { rows, pages: Math.ceil(rows / 100), columns: [{ column: 'id' }, { column: 'at', correlation, histogramBounds: histogram }, { column: 'kind', distinct: 8, averageWidth: 6 }] } })(bare);

async function candidates(sql: string, catalog: ReturnType<typeof catalogOf>) {
  const { sql: analyser } = await loadReaders();
  const model = analyser.analyse({ text: sql, placeholders: 'dollar', interpolations: [] });
  return collectIndexCandidates({ scope: { model, catalog }, block: model.blocks[0]!, relationIndex: 0, settings: defaultSettings });
}
const brins = async (sql: string, catalog: ReturnType<typeof catalogOf>): Promise<readonly string[]> =>
  (await candidates(sql, catalog)).filter(({ method }) => method === 'brin').map(({ keys }) => keys.map((key) => key.sql).join());

const range = "select count(*) from events where at >= '2019-03-01' and at < '2019-03-02'";

describe('block ranges', () => {
  it('are tried for a range over rows that lie in order, forwards or backwards', async () => {
    expect(await brins(range, catalogOf(50_000_000, 0.99))).toEqual(['at']);
    expect(await brins(range, catalogOf(50_000_000, -0.99))).toEqual(['at']);
    expect(await brins('select count(*) from events where at > $1', catalogOf(1_000_000, 1))).toEqual(['at']);
  });

  it('are not tried for rows that lie otherwise, in smaller tables, for equality, or without statistics', async () => {
    expect(await brins(range, catalogOf(50_000_000, 0.95))).toEqual([]);
    expect(await brins(range, catalogOf(999_999, 1))).toEqual([]);
    expect(await brins('select count(*) from events where at = $1', catalogOf(50_000_000, 1))).toEqual([]);
    expect(await brins(range, { ...bare, statistics: undefined } as ReturnType<typeof catalogOf>)).toEqual([]);
  });

  it('are taken by the planner, and judged by size against the b-tree', async () => {
    const catalog = catalogOf(50_000_000, 0.999);
    const planning = createPlanning(sharedTwin());
    planning.use(catalog);
    const tried = await candidates(range, catalog);
    for (;;) {
      const proved = proveIndex({ planner: planning.planner, sql: range, candidates: tried });
      if (proved.state === 'pending') { await planning.settle(); continue; }
      if (proved.state !== 'proved') throw new Error(proved.state);
      const [brin, btree] = ['brin', 'btree'].map((method) => proved.tried.find((trial) => trial.proposal.method === method && trial.proposal.include.length === 0));
      expect(brin?.used).toBe(true);
      expect(brin!.cost * 5).toBeLessThan(proved.before.cost);
      expect(brin!.pages * 100).toBeLessThan(btree!.pages);
      // Within a fifth of the cheapest the smallest is taken; here the b-tree reads a fraction of the blocks.
      expect(proved.proposal.method).toBe(brin!.cost <= proved.after.cost * 1.2 ? 'brin' : 'btree');
      return;
    }
  });
});
