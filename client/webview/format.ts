/** Numbers as the panel prints them: short, and never a zero that isn't one. */

const blockBytes = 8192;

export function formatMs(ms: number): string {
  if (ms >= 60_000) return `${(ms / 60_000).toFixed(1)} min`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 10) return `${ms.toFixed(0)} ms`;
  if (ms >= 0.01) return `${ms.toFixed(2)} ms`;
  return ms > 0 ? '<0.01 ms' : '0 ms';
}

export function formatCount(value: number): string {
  return value > 0 && value < 1 ? value.toFixed(2) : Math.round(value).toLocaleString('en');
}

export function formatCost(cost: number): string {
  return cost >= 1e9 ? cost.toExponential(2) : cost >= 100 ? Math.round(cost).toLocaleString('en') : cost.toFixed(2);
}

/** Blocks as bytes: `512 kB`, `1.2 GB`. */
export function formatBlocks(blocks: number): string {
  const kilobytes = (blocks * blockBytes) / 1024;
  if (kilobytes >= 1024 * 1024) return `${(kilobytes / 1024 / 1024).toFixed(1)} GB`;
  if (kilobytes >= 1024) return `${(kilobytes / 1024).toFixed(kilobytes >= 10_240 ? 0 : 1)} MB`;
  return `${Math.round(kilobytes)} kB`;
}

/** How far the estimate is off, with its direction: `12× more`, `3.0× fewer` rows than estimated. */
export function formatFactor(factor: number): string {
  const size = factor >= 1 ? factor : 1 / factor;
  return `${size >= 10 ? formatCount(size) : size.toFixed(1)}× ${factor >= 1 ? 'more' : 'fewer'}`;
}

/** `12× less`, `+3 %`; empty where nothing, or nothing that can be put so, changed. */
export function formatChange(before: number, after: number): string {
  if (before <= 0 || after <= 0 || before === after) return '';
  const factor = after / before;
  const times = (value: number): string => `${value >= 10 ? formatCount(value) : value.toFixed(1)}×`;
  if (factor >= 2) return `${times(factor)} more`;
  if (factor <= 0.5) return `${times(1 / factor)} less`;
  const percent = Math.round(Math.abs(factor - 1) * 100);
  return percent === 0 ? '' : `${factor > 1 ? '+' : '−'}${percent} %`;
}

export function formatShare(share: number): string {
  const percent = 100 * share;
  return percent >= 1 ? `${percent.toFixed(0)} %` : percent > 0 ? '<1 %' : '0 %';
}
