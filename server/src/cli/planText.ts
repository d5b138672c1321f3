import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { parsePlan, type PlanNode } from '../core/plan/planTree';

export interface ExplainedPlan {
  readonly plan: Readonly<Record<string, unknown>>;
  readonly sql: string;
  readonly analyzed: boolean;
  readonly notes: readonly string[];
  readonly connectionLabel: string;
}

/** A plan as a table for a terminal: the tree with, per node, self time (or cost), rows against the estimate, buffers. */
export function renderPlanText(explained: ExplainedPlan): string {
  const plan = parsePlan(explained.plan);
  const rows = [plan.analyzed ? ['self ms', 'total ms', 'rows', 'estimate', 'loops', 'buffers', ''] : ['self cost', 'total cost', 'rows', '', '', '', '']];
  collectRows(plan.root, '', '', plan.analyzed, rows);
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row, i) => {
    const cells = widths.map((width, column) => (row[column] ?? '').padStart(width)).filter((_, column) => (widths[column] ?? 0) > 0);
    const line = `${cells.join('  ')}  ${row[6] ?? ''}`.trimEnd();
    return i === 0 ? pc.dim(line) : line;
  });
  const facts = [
    plan.executionMs === undefined ? undefined : `execution ${milliseconds(plan.executionMs)} ms`,
    plan.planningMs === undefined ? undefined : `planning ${milliseconds(plan.planningMs)} ms`,
    plan.jitMs === undefined ? undefined : `JIT ${milliseconds(plan.jitMs)} ms`,
  ].filter((fact) => fact !== undefined);
  return [
    ...(explained.sql === '' ? [] : [pc.dim(explained.sql), '']), ...table, '',
    `${explained.analyzed ? 'Executed' : 'Estimated'} on ${explained.connectionLabel}${facts.length > 0 ? `: ${facts.join(', ')}` : ''}`,
    ...[...explained.notes, ...plan.notes].map((note) => `- ${note}`), '',
  ].join('\n');
}

/** The same for a pull request or an issue. */
export const renderPlanMarkdown = (explained: ExplainedPlan): string =>
  [...(explained.sql === '' ? [] : ['```sql', explained.sql, '```', '']), '```text', stripVTControlCharacters(renderPlanText({ ...explained, sql: '' })).trim(), '```', ''].join('\n');

function collectRows(node: PlanNode, indent: string, branch: string, analyzed: boolean, rows: string[][]): void {
  const place = [node.relation && `on ${node.relation}${node.alias && node.alias !== node.relation ? ` ${node.alias}` : ''}`, node.index && `using ${node.index}`].filter(Boolean).join(' ');
  const label = `${indent}${branch}${node.subplan ? `${node.subplan}: ` : ''}${pc.bold(node.nodeType)}${place ? ` ${place}` : ''}${node.neverExecuted ? pc.dim(' (never executed)') : ''}`;
  const factor = node.factor !== undefined && (node.factor >= 10 || node.factor <= 0.1) ? ` (×${node.factor >= 1 ? node.factor.toFixed(0) : (1 / node.factor).toFixed(0)} ${node.factor >= 1 ? 'more' : 'fewer'})` : '';
  const blocks = (node.selfHitBlocks ?? 0) + (node.selfReadBlocks ?? 0);
  rows.push(analyzed
    ? [milliseconds(node.selfMs), milliseconds(node.totalMs), count(node.rows), count(node.estimatedRows) + factor, count(node.loops), blocks > 0 ? `${count(blocks)}${node.selfReadBlocks ? ` (${count(node.selfReadBlocks)} read)` : ''}` : '', label]
    : [node.selfCost.toFixed(2), node.totalCost.toFixed(2), count(node.estimatedRows), '', '', '', label]);
  const below = indent + (branch === '' ? '' : branch.startsWith('└') ? '   ' : '│  ');
  for (const { label: name, text } of node.conditions) rows.push(['', '', '', '', '', '', `${below}${node.children.length > 0 ? '│' : ' '}    ${pc.dim(`${name}: ${text}`)}`]);
  if (node.rowsRemoved) rows.push(['', '', '', '', '', '', `${below}${node.children.length > 0 ? '│' : ' '}    ${pc.yellow(`${count(node.rowsRemoved)} rows read and thrown away`)}`]);
  node.children.forEach((child, i) => collectRows(child, below, i === node.children.length - 1 ? '└─ ' : '├─ ', analyzed, rows));
}

const milliseconds = (value: number | undefined): string => (value === undefined ? '' : value >= 100 ? value.toFixed(0) : value.toFixed(2));
const count = (value: number | undefined): string => (value === undefined ? '' : Math.round(value).toLocaleString('en'));
