import type { Finding } from '../core/lint/rule';
import type { RuleTime } from '../core/lint/ruleTimer';

/** Where the time of a run went; milliseconds. */
export interface Timing {
  readonly stages: Readonly<Record<string, number>>;
  /** The most expensive first. `statements`: how often the rule was asked, once per statement and look, or once per file. */
  readonly rules: readonly { readonly rule: string; readonly ms: number; readonly statements: number; readonly findings: number; readonly fixMs: number }[];
}

const round = (ms: number): number => Math.round(ms * 10) / 10;

export function toTiming(stages: ReadonlyMap<string, number>, times: readonly RuleTime[], findings: readonly Finding[]): Timing {
  const counts = new Map<string, number>();
  for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return {
    stages: Object.fromEntries([...stages].map(([name, ms]) => [name, round(ms)])),
    rules: times.map(({ rule, ms, asked, fixMs }) => ({ rule, ms: round(ms), statements: asked, findings: counts.get(rule) ?? 0, fixMs: round(fixMs) })),
  };
}

/** Two tables: the stages, then the rules. */
export function renderTiming({ stages, rules }: Timing): string {
  const width = Math.max(4, ...rules.map(({ rule }) => rule.length));
  const row = (cells: readonly string[]): string => [cells[0]?.padEnd(width), ...cells.slice(1).map((cell, i) => cell.padStart([9, 11, 9, 9][i] ?? 9))].join(' ').trimEnd();
  return `${[
    ...Object.entries(stages).map(([name, ms]) => `${name.padEnd(8)} ${ms.toFixed(0).padStart(6)} ms`), '',
    row(['rule', 'ms', 'statements', 'findings', 'fixes ms']),
    ...rules.map(({ rule, ms, statements, findings, fixMs }) => row([rule, ms.toFixed(1), String(statements), String(findings), fixMs === 0 ? '' : fixMs.toFixed(1)])),
  ].join('\n')}\n`;
}
