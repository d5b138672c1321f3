import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import type { PlanFinding } from '../core/plan/findings';
import { parsePlan, type PlanModel, type PlanNode } from '../core/plan/planTree';
import { escapeMarkdown, markdownFence } from '../core/text/markdown';
import { forTerminal } from './terminal';
import type { IndexNotUsed } from '../workspace/whyNotIndex';
import type { VerifiedAdvice } from '../workspace/verifyPlanAdvice';

export interface ExplainedPlan {
  readonly plan: Readonly<Record<string, unknown>>;
  readonly sql: string;
  readonly analyzed: boolean;
  readonly notes: readonly string[];
  readonly connectionLabel: string;
}

/** What was found in a plan, and what the twin says of the advice. */
export interface JudgedPlan extends ExplainedPlan {
  readonly findings: readonly PlanFinding[];
  readonly verified: readonly VerifiedAdvice[];
  /** Indexes that a reader would expect in the plan, and why they are not. */
  readonly notUsed: readonly IndexNotUsed[];
}

/** Columns that are written; a terminal that is narrower wraps. */
const WIDTH = 80;
const BAR = 6;

/** A plan for a terminal: the tree with each node's part of the time (or cost) as a bar, its rows against the estimate, then what was found. */
export function renderPlanText(explained: JudgedPlan, width = WIDTH): string {
  const plan = parsePlan(explained.plan);
  const lines: string[] = [];
  renderNode(plan.root, '', '', { plan, whole: wholeOf(plan), width, findings: explained.findings }, lines);
  return forTerminal([
    ...(explained.sql === '' ? [] : [pc.dim(explained.sql), '']),
    pc.dim(`${'part'.padStart(BAR + 5)}  ${(plan.timed ? 'time' : 'cost').padStart(8)}  node`), ...lines, '',
    ...wrap(`${explained.analyzed ? 'Executed' : 'Estimated'} on ${explained.connectionLabel}${factsOf(plan)}`, width, ''),
    ...[...explained.notes, ...plan.notes].flatMap((note) => wrap(`- ${note}`, width, '  ')),
    ...explained.notUsed.flatMap(({ text }) => wrap(`- ${text}`, width, '  ')),
    ...renderFindings(explained, width), '',
  ].join('\n'));
}

/** The same for a pull request or an issue. */
export function renderPlanMarkdown(explained: JudgedPlan): string {
  const tree = stripVTControlCharacters(renderPlanText({ ...explained, sql: '', findings: [] }, 110)).trim();
  return [
    ...(explained.sql === '' ? [] : [markdownFence(explained.sql, 'sql'), '']), markdownFence(tree, 'text'), '',
    ...explained.findings.flatMap((finding) => [
      `- **${escapeMarkdown(finding.title)}** (${shareOf(finding)}, \`${finding.kind}\`). ${escapeMarkdown(finding.detail)}`,
      ...finding.advice.flatMap((advice, i) => [`  - ${escapeMarkdown(`${advice.text} ${verdictOf(explained, finding, i)}`)}`.trimEnd(), ...(advice.sql === undefined ? [] : [markdownFence(advice.sql, 'sql', '    ')])]),
    ]), ...(explained.findings.length > 0 ? [''] : []),
  ].join('\n');
}

interface Style {
  readonly plan: PlanModel;
  readonly whole: number;
  readonly width: number;
  readonly findings: readonly PlanFinding[];
}

const wholeOf = (plan: PlanModel): number => (plan.timed ? (plan.wholeMs ?? 0) : plan.root.totalCost);

function factsOf(plan: PlanModel): string {
  const facts = [['execution', plan.executionMs], ['planning', plan.planningMs], ['JIT', plan.jitMs], ['triggers', plan.triggersMs], ['serialization', plan.serializationMs]] as const;
  const shown = facts.flatMap(([name, ms]) => (ms === undefined ? [] : [`${name} ${milliseconds(ms)} ms`]));
  return shown.length > 0 ? `: ${shown.join(', ')}` : '';
}

function renderNode(node: PlanNode, indent: string, branch: string, style: Style, lines: string[]): void {
  const { plan, whole } = style;
  const own = plan.timed ? (node.selfMs ?? 0) : node.selfCost;
  const share = whole > 0 && !node.neverExecuted ? Math.min(1, own / whole) : 0;
  const place = [node.relation && `on ${node.relation}${node.alias && node.alias !== node.relation ? ` ${node.alias}` : ''}`, node.index && `using ${node.index}`].filter(Boolean).join(' ');
  const mark = style.findings.findIndex(({ nodeId }) => nodeId === node.id);
  const head = `${node.subplan ? `${node.subplan}: ` : ''}${pc.bold(node.nodeType)}${place ? ` ${place}` : ''}${node.neverExecuted ? pc.dim(' (never executed)') : ''}${mark < 0 ? '' : ` ${pc.yellow(`[${mark + 1}]`)}`}`;
  lines.push(`${bar(share)} ${(share >= 0.005 ? percent(share) : '').padStart(4)}  ${(plan.timed ? (node.neverExecuted ? '' : `${milliseconds(own)} ms`) : own.toFixed(2)).padStart(8)}  ${indent}${branch}${head}`);
  const below = indent + (branch === '' ? '' : branch.startsWith('└') ? '   ' : '│  ');
  const rail = `${' '.repeat(BAR + 17)}${below}${node.children.length > 0 ? '│' : ' '}  `;
  const room = Math.max(24, style.width - rail.length);
  const say = (text: string, paint: (text: string) => string): void => { for (const line of wrap(text, room, '  ')) lines.push(`${rail}${paint(line)}`); };
  say(rowsOf(node, plan), pc.dim);
  for (const { label, text } of node.conditions) say(`${label}: ${text}`, pc.dim);
  if (node.rowsRemoved) say(`${count(node.rowsRemoved)} rows read and thrown away`, pc.yellow);
  node.children.forEach((child, i) => renderNode(child, below, i === node.children.length - 1 ? '└─ ' : '├─ ', style, lines));
}

/** `12 rows (expected 1, ×12 more) in 3 runs, 40 blocks (12 read)`. */
function rowsOf(node: PlanNode, plan: PlanModel): string {
  if (!plan.analyzed) return `${count(node.estimatedRows)} rows expected, total cost ${node.totalCost.toFixed(2)}`;
  if (node.neverExecuted || node.rows === undefined) return '';
  const { factor } = node;
  const off = factor !== undefined && (factor >= 10 || factor <= 0.1) ? `, ×${(factor >= 1 ? factor : 1 / factor).toFixed(0)} ${factor >= 1 ? 'more' : 'fewer'}` : '';
  const blocks = (node.selfHitBlocks ?? 0) + (node.selfReadBlocks ?? 0);
  const parts = [
    `${count(node.rows)} ${node.rows === 1 ? 'row' : 'rows'} (expected ${count(node.estimatedRows)}${off})${(node.loops ?? 1) > 1 ? ` in ${count(node.loops)} runs` : ''}`,
    ...(node.processes !== undefined && node.processes > 1 ? [`${node.processes} processes`] : []),
    ...(blocks > 0 ? [`${count(blocks)} ${blocks === 1 ? 'block' : 'blocks'}${node.selfReadBlocks ? ` (${count(node.selfReadBlocks)} read)` : ''}`] : []),
    ...(node.selfTempBlocks ? [`${count(node.selfTempBlocks)} blocks of temporary files`] : []),
  ];
  return parts.join(', ');
}

function renderFindings(explained: JudgedPlan, width: number): readonly string[] {
  return explained.findings.flatMap((finding, i) => {
    const paint = finding.severity === 'high' ? pc.red : finding.severity === 'medium' ? pc.yellow : pc.cyan;
    const [first = '', ...rest] = wrap(`[${i + 1}] ${finding.title} (${shareOf(finding)})`, width, '    ');
    return [
      '', paint(first), ...rest.map(paint), ...wrap(`    ${finding.detail}`, width, '    '),
      ...finding.advice.flatMap((advice, at) => [
        ...wrap(`    → ${advice.text}`, width, '      '),
        ...(advice.sql === undefined ? [] : advice.sql.split('\n').map((line) => `      ${pc.bold(line)}`)),
        ...wrap(verdictOf(explained, finding, at) === '' ? '' : `      ${verdictOf(explained, finding, at)}`, width, '      '),
      ]),
    ];
  });
}

/** What the twin says of a piece of advice, as a sentence; empty where there is nothing to ask. */
function verdictOf({ verified }: JudgedPlan, finding: PlanFinding, advice: number): string {
  const verdict = verified.find((item) => item.finding === finding && item.advice === advice)?.verdict;
  if (!verdict) return finding.advice[advice]?.whatIf ? 'Not verified.' : '';
  if (verdict.state === 'unverified') return `Not verified: ${verdict.reason}.`;
  if (!verdict.used) return `The twin's planner does not take it (with ${verdict.basis}).`;
  return `Verified in the twin, with ${verdict.basis}: cost ${verdict.before.toFixed(0)} to ${verdict.after.toFixed(0)}.`;
}

function bar(share: number): string {
  const eighths = Math.round(share * BAR * 8);
  const full = Math.floor(eighths / 8);
  const text = `${'█'.repeat(full)}${eighths % 8 > 0 ? ' ▏▎▍▌▋▊▉'[eighths % 8] : ''}`.padEnd(BAR);
  return share >= 0.5 ? pc.red(text) : share >= 0.2 ? pc.yellow(text) : pc.green(text);
}

/** Broken between words; a word that is longer than the line stands alone. */
export function wrap(text: string, width: number, indent: string): readonly string[] {
  if (text.trim() === '') return [];
  const lines: string[] = [];
  let line = /^\s*/.exec(text)![0];
  let empty = true;
  for (const word of text.trim().split(/\s+/)) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

const milliseconds = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
const count = (value: number | undefined): string => (value === undefined ? '' : Math.round(value).toLocaleString('en'));
/** `62%`, `62% of the cost, estimated`. */
const shareOf = (finding: PlanFinding): string => (finding.estimated ? `${finding.share > 0 ? `${percent(finding.share)} of the cost, ` : ''}estimated` : percent(finding.share));
const percent = (share: number): string => `${(share * 100).toFixed(0)}%`;
