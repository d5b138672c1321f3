import { expect, it } from 'vitest';
import type { AdviceReport } from '../../../server/src/core/advice/adviceReport';
import { addAdvice } from '../../../server/src/core/health/advice';
import { toChecklist } from '../../../server/src/core/health/checklist';
import { toIndexAnalysis } from '../../../server/src/core/health/indexAnalysis';
import { tableOf, type HealthCheck, type HealthReport } from '../../../server/src/core/health/model';
import { endOf, findPeriod, nameLike, parseBound, renderTime } from '../../../server/src/core/health/partitionBounds';
import { hideConstants } from '../../../server/src/core/health/statementText';

const missing = (table: string, columns: string) => ({ priority: 'high', table, columns, reason: 'foreign key', indexName: 'x', sql: 'CREATE INDEX …', source: 'foreign-key' });
const indexes: HealthCheck = {
  name: 'indexes', title: 'Indexes', durationMs: 1, cannotSee: [], figures: [{ name: 'missing', label: 'Missing', unit: 'count', value: 2 }],
  tables: [{ name: 'missing', title: 'Missing', columns: [], rows: [missing('public.orders', 'customer_id'), missing('public.lines', 'order_id')] }],
  findings: ['public.orders (customer_id)', 'public.lines (order_id)'].map((subject) => ({ id: 'missing-index', check: 'indexes', severity: 'warning', subject, message: '', evidence: {} })),
};
const advice: AdviceReport = {
  planned: 3, refused: [],
  indexes: [{
    name: 'orders_idx', table: 'public.orders', method: 'btree', columns: '(customer_id, created_at DESC)', statements: ['CREATE INDEX CONCURRENTLY orders_idx ON orders (customer_id, created_at DESC);'], bytes: 8192, confidence: 'verified', caveats: [], assumed: {}, writes: 'no INSERT', drops: [],
    queries: [{ sql: '', places: [{ path: 'src/a.ts', line: 3 }], costBefore: 500, costAfter: 4 }],
  }],
};

it('an index for the queries of the workspace takes the place of the one for the foreign key that it serves, with its priority', () => {
  const check = addAdvice(indexes, { reports: [advice], problem: 'one query could not be planned' });
  expect(tableOf(check, 'missing')?.rows.map(({ table, columns, priority, source }) => [table, columns, priority, source])).toEqual([['public.orders', 'customer_id, created_at DESC', 'high', 'workspace'], ['public.lines', 'order_id', 'high', 'foreign-key']]);
  expect(check.findings.map(({ subject, severity }) => [subject, severity])).toEqual([['public.orders (customer_id, created_at DESC)', 'warning'], ['public.lines (order_id)', 'warning']]);
  expect(check.findings[0]?.message).toBe('An index on public.orders (customer_id, created_at DESC) would serve 1 query of the workspace (src/a.ts:3): cost 500 → 4.0; foreign key.');
  expect(check.cannotSee.map(({ reason }) => reason)).toEqual(['Indexes that the queries of the workspace lack: one query could not be planned.']);
  const report: HealthReport = { version: 1, label: '', takenAt: '', checks: [check] };
  expect(toIndexAnalysis(report)).toMatchObject({ summary: { missing_indexes: 2 }, missing_indexes: [{ index_name: 'orders_idx', priority: 'high', sql: expect.stringContaining('CONCURRENTLY') as string }, {}], recommendations: [{ severity: 'high', category: 'missing-index' }, {}] });
});

it('the checklist ticks by evidence, and says where there is none', () => {
  const size = (bytes: number): HealthCheck => ({ ...indexes, name: 'disk', figures: [{ name: 'database', label: '', unit: 'bytes', value: bytes }], tables: [], findings: [] });
  const report = (takenAt: string, bytes: number): HealthReport => ({ version: 1, label: '', takenAt, checks: [indexes, size(bytes)] });
  const now = report('2025-03-31T00:00:00.000Z', 3 * 1024 ** 3);
  const states = (items: ReturnType<typeof toChecklist>) => items.map(({ state }) => state);
  expect(states(toChecklist('quarterly', { report: now, retentionDays: 0 }))).toEqual(['open', 'unknown', 'unknown', 'unknown']);
  expect(toChecklist('quarterly', { report: now, earlier: report('2025-03-01T00:00:00.000Z', 2 * 1024 ** 3), retentionDays: 0 }).at(-1)).toEqual({ item: 'Plan capacity by growth', state: 'done', evidence: '2 GB → 3 GB in 30 days: +1 GB a month' });
  // Seconds apart: a month of it would be made up.
  expect(toChecklist('quarterly', { report: now, earlier: report('2025-03-30T23:59:20.000Z', 2 * 1024 ** 3), retentionDays: 0 }).at(-1)).toEqual({ item: 'Plan capacity by growth', state: 'unknown', evidence: '3 GB now; the earlier report is 40 s older, and growth is told from 7 days on' });
  expect(states(toChecklist('daily', { report: now, retentionDays: 0 }))).toEqual(['unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown']);
});

it('partition bounds become periods of the calendar, names go on in their manner', () => {
  const month = (from: string, to: string) => parseBound(`FOR VALUES FROM ('${from}') TO ('${to}')`);
  const bounds = [month('2024-12-01 00:00:00+00', '2025-01-01 00:00:00+00'), month('2025-01-01', '2025-02-01')].flatMap((b) => b ?? []);
  expect(findPeriod(bounds)).toEqual({ unit: 'months', count: 1 });
  expect(new Date(endOf(Date.UTC(2025, 0, 1), { unit: 'months', count: 3 })).toISOString()).toBe('2025-04-01T00:00:00.000Z');
  expect(findPeriod([parseBound("FOR VALUES FROM ('2025-03-03') TO ('2025-03-10')")].flatMap((b) => b ?? []))).toEqual({ unit: 'days', count: 7 });
  // Months of a place that is not in UTC: no period is made up.
  expect(findPeriod([month('2024-12-31 23:00:00+00', '2025-01-31 23:00:00+00'), month('2025-01-31 23:00:00+00', '2025-02-28 23:00:00+00')].flatMap((b) => b ?? []))).toBeUndefined();
  expect([parseBound("FOR VALUES FROM ('a') TO ('b')"), parseBound("FOR VALUES FROM (1) TO (10)"), parseBound('DEFAULT')]).toEqual([undefined, undefined, undefined]);
  const [january, february] = [Date.UTC(2025, 0, 1), Date.UTC(2025, 1, 1)];
  const monthly = { unit: 'months', count: 1 } as const;
  expect(['events_2025_01', 'events_p202501', 'events_20250101', 'events_y2025m01', 'events_2025q1', 'events_2025', 'p1'].map((name) => nameLike([{ name, from: january }], monthly)?.(february))).toEqual(['events_2025_02', 'events_p202502', 'events_20250201', 'events_y2025m02', undefined, undefined, undefined]);
  expect(nameLike([{ name: 'events_2025q1', from: january }], { unit: 'months', count: 3 })?.(Date.UTC(2025, 3, 1))).toBe('events_2025q2');
  // A number that is the month by chance.
  expect(nameLike([{ name: 'events_0_202412', from: january }, { name: 'events_1_202502', from: february }], monthly)).toBeUndefined();
  expect(findPeriod([month('2025-01-05 23:00:00+00', '2025-01-12 23:00:00+00')].flatMap((b) => b ?? []))).toBeUndefined();
  expect([parseBound("FOR VALUES FROM ('-infinity') TO ('infinity')"), parseBound("FOR VALUES FROM ('2025-01-01 00:00:00.5') TO (MAXVALUE)")]).toEqual([{ from: -Infinity, to: Infinity }, undefined]);
  expect(['date', 'timestamp without time zone', 'timestamp with time zone'].map((type) => renderTime(january, type))).toEqual(["'2025-01-01'", "'2025-01-01'", "'2025-01-01 00:00:00+00'"]);
});

it('statements of other sessions are shown without their constants, also where they are cut off', () => {
  expect(hideConstants("select *\n from t -- secret\n where a = 'x''y' and b = 3.5 and c = $1 and d = 'cut o")).toBe('select * from t where a = ? and b = ? and c = $1 and d = ?');
  expect(hideConstants('select 1, 2, 3', 10)).toBe('select ?,…');
});
