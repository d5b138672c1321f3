import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../server/src/core/lint/rule';
import { describeHeat, HOT_SHARE, hotFirst, renderMs, renderShare, usageEvidence, type StatementUsage } from '../../../server/src/core/lint/usage';
import { hostSpan } from '../../../server/src/core/text/span';
import { describeUsage, renderUsage } from '../../../server/src/lsp/usageText';

const usage: StatementUsage = { calls: 1204, totalMs: 14_809.2, meanMs: 12.3, minMs: 0.412, maxMs: 1234.5, stddevMs: 3.333, rows: 24_080, shareOfTotal: 0.0812, blocksHit: 9000, blocksRead: 1000, since: '2026-05-01T10:00:00.000Z' };
const finding = (uri: string, rule: string, shareOfTotal?: number): Finding =>
  ({ rule, severity: 'info', uri, span: hostSpan(0, 1), message: rule, confidence: 'text', evidence: shareOfTotal === undefined ? {} : { shareOfTotal }, related: [], fingerprint: rule, fixes: () => [] });

describe('what is shown of the counters', () => {
  it('in a lens, in a hover, in a finding', () => {
    expect(describeUsage(usage)).toBe('1,204 calls · 12.3 ms mean · 20 rows · 8 % of total');
    expect(renderUsage(usage)).toBe('**1,204 calls · 12.3 ms mean · 20 rows · 8 % of total**  \nTimes: 0.41 ms to 1,235 ms, standard deviation 3.33 ms, 14,809 ms in all since 2026-05-01.  \nBlocks: 9,000 from the cache, 1,000 read (10 %).');
    expect(describeHeat(usage)).toBe("Hot: 8 % of the database's time (1,204 calls, 12.3 ms each).");
    expect(describeHeat({ ...usage, shareOfTotal: HOT_SHARE / 2 })).toBeUndefined();
    expect(usageEvidence(usage)).toEqual({ calls: 1204, meanMs: 12.3, shareOfTotal: 0.081 });
  });

  it('with one of each, with fractions, without blocks', () => {
    expect(describeUsage({ ...usage, calls: 1, rows: 1, meanMs: 0.0049, shareOfTotal: 0.00001 })).toBe('1 call · under 0.01 ms mean · 1 row · under 0.1 % of total');
    expect(describeUsage({ ...usage, calls: 3, rows: 1 })).toContain(' · 0.3 rows · ');
    expect(renderUsage({ ...usage, blocksHit: 0, blocksRead: 0, since: undefined })).not.toMatch(/Blocks|since/);
    expect([renderMs(0.25), renderMs(9.999), renderMs(99.96), renderMs(0)]).toEqual(['0.25 ms', '10 ms', '100 ms', '0 ms']);
    expect([renderShare(1), renderShare(0.0099), renderShare(0.004), renderShare(0)]).toEqual(['100 %', '1 %', '0.4 %', '0 %']);
  });
});

describe('hot queries first', () => {
  it('files by their hottest finding, findings by their share, the rest as it was', () => {
    const order = hotFirst([finding('a', 'a1'), finding('a', 'a2', 0.01), finding('b', 'b1'), finding('b', 'b2', 0.1), finding('b', 'b3', 0.3), finding('c', 'c1', 0.2), finding('d', 'd1')]);
    expect(order.map((f) => f.rule)).toEqual(['b3', 'b2', 'b1', 'c1', 'a1', 'a2', 'd1']);
  });
  it('without counters nothing moves', () => {
    const findings = [finding('b', '1'), finding('a', '2'), finding('b', '3')];
    expect(hotFirst([findings[0]!, findings[2]!, findings[1]!]).map((f) => f.rule)).toEqual(['1', '3', '2']);
    expect(hotFirst([])).toEqual([]);
  });
});
