import { describe, expect, it } from 'vitest';
import { renderExposition, type MetricFamily } from '../../../server/src/core/health/exposition';
import { toMetrics, toUnreachable } from '../../../server/src/core/health/metrics';
import type { HealthCheck, HealthReport } from '../../../server/src/core/health/model';
import { parseExposition } from '../../support/exposition';

const AWKWARD = 'a "quoted" name\\with\nlines, ünï 漢😀';
const families: readonly MetricFamily[] = [
  { name: 'sargable_plain', type: 'gauge', help: 'One \\ value\nin two lines.', samples: [{ value: 0.125 }] },
  { name: 'sargable_labelled_total', type: 'counter', help: 'Some.', samples: [{ labels: { table: AWKWARD }, value: 3 }, { labels: { table: 'b', schema: '' }, value: 1e21 }, { labels: { table: 'b', schema: '' }, value: 7 }] },
  { name: 'sargable_odd', type: 'gauge', help: 'Odd.', samples: [{ labels: { n: '1' }, value: Infinity }, { labels: { n: '2' }, value: -Infinity }, { labels: { n: '3' }, value: NaN }] },
  { name: 'sargable_empty', type: 'gauge', help: 'Nothing.', samples: [] },
];

describe('the text format of Prometheus', () => {
  it('is written with HELP and TYPE, escapes, and each series once', () => {
    const [, , help] = renderExposition(families.slice(1)).split('\n');
    expect(renderExposition(families).split('\n')).toEqual([
      '# HELP sargable_plain One \\\\ value\\nin two lines.', '# TYPE sargable_plain gauge', 'sargable_plain 0.125',
      '# HELP sargable_labelled_total Some.', '# TYPE sargable_labelled_total counter', help, 'sargable_labelled_total{table="b",schema=""} 1e+21',
      '# HELP sargable_odd Odd.', '# TYPE sargable_odd gauge', 'sargable_odd{n="1"} +Inf', 'sargable_odd{n="2"} -Inf', '',
    ]);
    expect(help).toBe('sargable_labelled_total{table="a \\"quoted\\" name\\\\with\\nlines, ünï 漢😀"} 3');
    expect(renderExposition([{ name: 'a', type: 'gauge', help: 'x', samples: [{ labels: { l: 'lone \ud83d half' }, value: 1 }] }])).toContain('lone \ufffd half');
  });

  it("is read back by Prometheus' own parser", ({ skip }) => {
    const parsed = parseExposition(renderExposition(families));
    if (parsed === undefined) skip(); // said by the helper
    expect(parsed?.map(({ name, type }) => `${name} ${type}`)).toEqual(['sargable_plain gauge', 'sargable_labelled counter', 'sargable_odd gauge']);
    expect(parsed?.[1]?.samples).toEqual([{ name: 'sargable_labelled_total', labels: { table: AWKWARD }, value: 3 }, { name: 'sargable_labelled_total', labels: { table: 'b', schema: '' }, value: 1e21 }]);
  });
});

describe('a report as metrics', () => {
  const check = (name: string, more: Partial<HealthCheck>): HealthCheck => ({ name, title: name, figures: [], tables: [], findings: [], cannotSee: [], durationMs: 1500, ...more });
  const report: HealthReport = {
    version: 1, label: 'app@host:5432/shop', takenAt: '2026-01-02T03:04:05Z', server: { database: 'shop' } as NonNullable<HealthReport['server']>,
    checks: [check('connections', {
      figures: [{ name: 'active', label: '', unit: 'count', value: 3 }, { name: 'utilisation', label: '', unit: 'percent', value: 62.5 }, { name: 'oldestIdleInTransaction', label: '', unit: 'seconds', value: null }],
      findings: [{ id: 'x', check: 'connections', severity: 'critical', subject: 'secret subject', message: 'secret message', evidence: {} }],
    })],
  };
  it('has base units, the database as label, findings by severity, and no texts', () => {
    const text = renderExposition(toMetrics(report));
    expect(text).toContain('sargable_pg_connections{state="active",database="shop"} 3\n');
    expect(text).toContain('sargable_pg_connections_utilization_ratio{database="shop"} 0.625\n');
    expect(text).not.toContain('oldest_idle');
    expect(text).toContain('sargable_health_findings{check="connections",severity="critical"} 1\n');
    expect(text).toContain('sargable_health_check_duration_seconds{check="connections"} 1.5\n');
    expect(text).toContain('sargable_health_last_look_timestamp_seconds 1767323045\n');
    expect(text).toContain('sargable_health_up 1\n');
    expect(text).not.toContain('secret');
    expect(renderExposition(toUnreachable())).toContain('sargable_health_up 0\n');
  });
});
