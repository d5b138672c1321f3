import { renderCalls, renderMs, renderShare, type StatementUsage } from '../core/lint/usage';

/** `1,204 calls · 12.3 ms mean · 20 rows · 8 % of total`: rows are those of one call. */
export const describeUsage = (usage: StatementUsage): string =>
  [renderCalls(usage.calls), `${renderMs(usage.meanMs)} mean`, renderRows(usage), `${renderShare(usage.shareOfTotal)} of total`].join(' · ');

/** The same with what a hover has room for. */
export function renderUsage(usage: StatementUsage): string {
  const { blocksHit, blocksRead, since } = usage;
  return [
    `**${describeUsage(usage)}**`,
    `Times: ${renderMs(usage.minMs)} to ${renderMs(usage.maxMs)}, standard deviation ${renderMs(usage.stddevMs)}, ${renderMs(usage.totalMs)} in all${since === undefined ? '' : ` since ${since.slice(0, 10)}`}.`,
    ...(blocksHit + blocksRead > 0 ? [`Blocks: ${blocksHit.toLocaleString('en')} from the cache, ${blocksRead.toLocaleString('en')} read (${renderShare(blocksRead / (blocksHit + blocksRead))}).`] : []),
  ].join('  \n');
}

function renderRows({ rows, calls }: StatementUsage): string {
  const each = calls > 0 ? rows / calls : 0;
  const shown = each >= 10 || Number.isInteger(each) ? Math.round(each).toLocaleString('en') : each.toFixed(1);
  return `${shown} ${shown === '1' ? 'row' : 'rows'}`;
}
