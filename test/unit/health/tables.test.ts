import { expect, it } from 'vitest';
import type { HealthServer } from '../../../server/src/core/health/model';
import { judgeTables, type HealthTableFacts, type TablesFacts } from '../../../server/src/core/health/tables';
import { toThresholds } from '../../../server/src/core/health/thresholds';

const table = (name: string, more: Partial<HealthTableFacts>): HealthTableFacts => ({
  schema: 'public', name, tuples: 0, live: 0, dead: 0, modified: 0, xidAge: 0, mxidAge: 0, bytes: 0, totalBytes: 0, updates: 0, hotUpdates: 0,
  autovacuum: { enabled: true, vacuumThreshold: 50, vacuumScaleFactor: 0.2, vacuumMaximum: Infinity, analyzeThreshold: 50, analyzeScaleFactor: 0.1 }, ...more,
});
const server = (settings: Readonly<Record<string, string>>): HealthServer => ({ settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, { value, source: 'default' }])) }) as unknown as HealthServer;
const judge = (facts: Partial<TablesFacts>, settings: Readonly<Record<string, string>> = {}) => judgeTables({ tables: [], bloat: [], holders: [], xidAge: 0, mxidAge: 0, ...facts }, server(settings), toThresholds()).findings;

it('the age of multixact IDs is told by its own setting and its own oldest tables', () => {
  const tables = [table('by_xid', { xidAge: 900_000_000, mxidAge: 5 }), table('by_mxid', { xidAge: 5, mxidAge: 1_000_000_000 })];
  const [finding, ...others] = judge({ tables, mxidAge: 1_000_000_000 }, { autovacuum_multixact_freeze_max_age: '400000000' });
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    id: 'transaction-id-age', subject: 'multixact IDs', severity: 'warning', evidence: { setting: 'autovacuum_multixact_freeze_max_age', forcedAt: 400_000_000, oldest: ['public.by_mxid: 1,000,000,000', 'public.by_xid: 5'] },
    recommendation: 'Autovacuum should have frozen the oldest tables long ago (autovacuum_multixact_freeze_max_age is 400,000,000).',
  });
  expect(finding?.statement?.split('\n')[0]).toBe('VACUUM (FREEZE, VERBOSE) public.by_mxid;');
  // Set so high that nothing was due so far.
  expect(judge({ tables, xidAge: 900_000_000 }, { autovacuum_freeze_max_age: '1500000000' })[0]).toMatchObject({ subject: 'transaction IDs', recommendation: 'Autovacuum freezes tables by force from autovacuum_freeze_max_age on (1,500,000,000), which is not reached: lower it.' });
});

it('the share of changed rows is of the rows that there are, also before the first ANALYZE has counted them', () => {
  const [finding] = judge({ tables: [table('orders', { tuples: -1, live: 2000, modified: 1500, lastAnalyze: '2025-03-01T00:00:00.000Z' })] });
  expect(finding).toMatchObject({ id: 'stale-statistics', message: '1,500 rows of public.orders changed since its statistics were taken on 2025-03-01 (75 %).', evidence: { rows: 2000 } });
});
