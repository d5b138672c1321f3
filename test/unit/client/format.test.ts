import { describe, expect, it } from 'vitest';
import { formatBlocks, formatCost, formatCount, formatFactor, formatMs, formatShare } from '../../../client/webview/format';

describe('numbers of the plan panel', () => {
  it.each([[0, '0 ms'], [0.004, '<0.01 ms'], [0.35, '0.35 ms'], [9.999, '10.00 ms'], [412.4, '412 ms'], [1234, '1.23 s'], [90_000, '1.5 min']])('%d ms', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });
  it.each([[0, '0'], [0.25, '0.25'], [1.6, '2'], [91_000, '91,000']])('count %d', (value, text) => {
    expect(formatCount(value)).toBe(text);
  });
  it.each([[0, '0.00'], [8.3, '8.30'], [1234.5, '1,235'], [3.1e9, '3.10e+9']])('cost %d', (cost, text) => {
    expect(formatCost(cost)).toBe(text);
  });
  it.each([[1, '8 kB'], [100, '800 kB'], [800, '6.3 MB'], [2560, '20 MB'], [200_000, '1.5 GB']])('%d blocks', (blocks, text) => {
    expect(formatBlocks(blocks)).toBe(text);
  });
  it.each([[1011, '1,011× more'], [2.5, '2.5× more'], [0.1, '10× fewer'], [1, '1.0× more']])('factor %d', (factor, text) => {
    expect(formatFactor(factor)).toBe(text);
  });
  it.each([[0, '0 %'], [0.004, '<1 %'], [0.92, '92 %'], [1, '100 %']])('share %d', (share, text) => {
    expect(formatShare(share)).toBe(text);
  });
});
