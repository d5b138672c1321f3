import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { comparePlans, type DiffNode, type PlanDiff } from '../core/plan/compare';
import { describeTotal, judgeDiff, summariseDiff, type PlanVerdict } from '../core/plan/compareSummary';
import { collectNodes, parsePlan, type PlanNode } from '../core/plan/planTree';
import { relateStatements } from '../core/plan/sameStatement';
import { escapeMarkdown, markdownFence } from '../core/text/markdown';
import { wrap } from './planText';
import { forTerminal } from './terminal';
import { UsageError } from './usage';

/** One side of a comparison: element 0 of EXPLAIN (FORMAT JSON), and where it comes from. */
export interface ComparedPlan {
  readonly plan: Readonly<Record<string, unknown>>;
  readonly label: string;
  /** The statement, where it is known. */
  readonly sql?: string;
}

export interface PlanComparison {
  readonly before: ComparedPlan;
  readonly after: ComparedPlan;
  readonly diff: PlanDiff;
  readonly verdict: PlanVerdict;
  /** The statements are written otherwise, and read the same relations. */
  readonly rewritten: boolean;
}

/**
 * @param fingerprint Postgres' fingerprint of a text, undefined where it does not parse
 * @throws UsageError where the plans are of two statements
 */
export function compareTwo(before: ComparedPlan, after: ComparedPlan, fingerprint: (sql: string) => string | undefined): PlanComparison {
  const [old, fresh] = [parsePlan(before.plan), parsePlan(after.plan)];
  const related = relateStatements({ model: old, sql: before.sql }, { model: fresh, sql: after.sql }, fingerprint);
  if (related === 'other') throw new UsageError(`the plans are of two statements and cannot be compared: ${describeSide(before)}; ${describeSide(after)}. Pass --compare a plan of the same statement; other constants make no difference.`);
  return { before, after, diff: comparePlans(old, fresh), verdict: judgeDiff(old, fresh), rewritten: related === 'rewritten' };
}

const describeSide = ({ label, plan, sql }: ComparedPlan): string => {
  const text = sql?.replaceAll(/\s+/g, ' ').trim();
  return `${label} ${text === undefined ? `reads ${[...new Set(collectNodes(parsePlan(plan).root).flatMap(({ relation }) => relation ?? []))].join(', ')}` : `is of ${text.length > 100 ? `${text.slice(0, 99)}…` : text}`}`;
};

const REWRITTEN = 'The statements are not written alike: the comparison holds where both are meant to give the same rows.';

const WIDTH = 80;
const SIGNS = { same: ' ', changed: '≠', added: '+', removed: '−' } as const;
const PAINT = { same: (text: string) => text, changed: pc.yellow, added: pc.green, removed: pc.red } as const;
/** Figures before, after and their difference. */
const COLUMN = 10;

/** The plan after as a tree, what is gone in its place, each node with its own figure before and after. */
export function renderCompareText(comparison: PlanComparison, width = WIDTH): string {
  const { before, after, diff, verdict, rewritten } = comparison;
  const sql = after.sql ?? '';
  const lines: string[] = [];
  const timed = verdict.metric === 'time';
  for (const root of diff.roots) renderNode(root, '', '', { timed, rows: diff.rows, width, lines });
  const unlike = parsePlan(before.plan).analyzed !== parsePlan(after.plan).analyzed;
  return forTerminal([
    ...(sql === '' ? [] : [pc.dim(sql), '']),
    ...wrap(`before: ${before.label}`, width, '  '), ...wrap(`after:  ${after.label}`, width, '  '), '',
    pc.dim(`${'before'.padStart(COLUMN)}${'after'.padStart(COLUMN)}${'change'.padStart(COLUMN)}    ${timed ? 'time in ms' : 'cost'} of the node alone`),
    ...lines, '',
    ...wrap(summariseDiff(diff, verdict), width, '  ').map({ better: pc.green, worse: pc.red, same: (text: string) => text }[verdict.verdict]),
    ...diff.totals.filter(({ label, before: old, after: fresh }) => label !== (timed ? 'execution' : 'cost') && (old > 0 || fresh > 0)).flatMap((total) => wrap(`- ${describeTotal(total)}`, width, '  ')),
    ...(rewritten ? wrap(`- ${REWRITTEN}`, width, '  ') : []),
    ...(unlike ? wrap('- One plan was run and the other was not: they are compared by what the planner expected of both.', width, '  ') : []), '',
  ].join('\n'));
}

/** The same for a pull request: the verdict, the totals, the tree. */
export function renderCompareMarkdown(comparison: PlanComparison): string {
  const { diff, verdict, before, after: { sql: statement, ...after }, rewritten } = comparison;
  const sql = statement ?? '';
  const text = stripVTControlCharacters(renderCompareText({ ...comparison, after }, 110));
  const tree = text.slice(text.indexOf('\n\n') + 2).split('\n\n')[0] ?? '';
  return [
    `**${escapeMarkdown(summariseDiff(diff, verdict))}**`, '',
    ...(sql === '' ? [] : [markdownFence(sql, 'sql'), '']),
    ...(rewritten ? [`- ${REWRITTEN}`] : []), `- Before: ${escapeMarkdown(before.label)}`, `- After: ${escapeMarkdown(after.label)}`, ...diff.totals.filter(({ before: old, after: fresh }) => old > 0 || fresh > 0).map((total) => `- ${escapeMarkdown(describeTotal(total))}`), '',
    markdownFence(tree, 'text'), '',
  ].join('\n');
}

/** Plain data for programs; the figures of a node are its own. */
export function toCompareJson({ before, after, diff, verdict, rewritten }: PlanComparison): unknown {
  const side = (node: PlanNode | undefined, rows: number | undefined): unknown => node && { node: nameOf(node), selfCost: node.selfCost, selfMs: node.selfMs, rows };
  const toNode = (node: DiffNode): unknown => ({ status: node.status, before: side(node.before, node.rows.before), after: side(node.after, node.rows.after), changes: node.changes, delta: node.delta, children: node.children.map(toNode) });
  return { version: 1, ...(after.sql === undefined ? {} : { sql: after.sql }), ...(rewritten ? { rewritten } : {}), before: before.label, after: after.label, verdict: verdict.verdict, ...(verdict.note === undefined ? {} : { note: verdict.note }), metric: verdict.metric, figures: { before: verdict.before, after: verdict.after }, sameShape: diff.sameShape, rows: diff.rows, totals: diff.totals, nodes: diff.roots.map(toNode) };
}

interface Style {
  readonly timed: boolean;
  readonly rows: PlanDiff['rows'];
  readonly width: number;
  readonly lines: string[];
}

const nameOf = ({ nodeType, relation, alias, index, subplan }: PlanNode): string =>
  `${subplan === undefined ? '' : `${subplan}: `}${nodeType}${relation === undefined ? '' : ` on ${relation}${alias !== undefined && alias !== relation ? ` ${alias}` : ''}`}${index === undefined ? '' : ` using ${index}`}`;

function renderNode(node: DiffNode, indent: string, branch: string, style: Style): void {
  const { before, after, status, changes, children } = node;
  const named = (after ?? before)!;
  const own = (item: PlanNode | undefined): number | undefined => (item === undefined ? undefined : style.timed ? item.selfMs : item.selfCost);
  const [old, fresh] = [own(before), own(after)];
  const delta = old !== undefined && fresh !== undefined ? fresh - old : undefined;
  const head = `${SIGNS[status]} ${nameOf(named)}`;
  const left = `${figure(old)}${figure(fresh)}${delta === undefined || Math.abs(delta) < 0.005 ? ' '.repeat(COLUMN) : paintDelta(delta)}`;
  const room = Math.max(24, style.width - 3 * COLUMN - 2 - indent.length - branch.length);
  const below = indent + (branch === '' ? '' : branch.startsWith('└') ? '   ' : '│  ');
  const blank = ' '.repeat(3 * COLUMN + 2);
  const rail = `${blank}${below}${children.length > 0 ? '│' : ' '}   `;
  const [first = '', ...rest] = wrap(head, room, '    ');
  style.lines.push(`${left}  ${indent}${branch}${PAINT[status](first.trimEnd())}`, ...rest.map((line) => `${rail}${PAINT[status](line.trim())}`));
  const say = (text: string): void => { for (const line of wrap(text, Math.max(24, style.width - rail.length), '  ')) style.lines.push(`${rail}${pc.dim(line)}`); };
  for (const change of changes) say(change);
  const rows = rowsOf(node, style.rows);
  if (rows !== undefined) say(rows);
  children.forEach((child, i) => renderNode(child, below, i === children.length - 1 ? '└─ ' : '├─ ', style));
}

/** Only where they changed. */
function rowsOf({ rows: { before: old, after: fresh } }: DiffNode, kind: PlanDiff['rows']): string | undefined {
  if (old === undefined || fresh === undefined || old === fresh) return undefined;
  return `rows${kind === 'actual' ? '' : ' expected'}: ${Math.round(old).toLocaleString('en')} → ${Math.round(fresh).toLocaleString('en')}`;
}

const short = (value: number): string => { const size = Math.abs(value); return size >= 1e7 ? value.toExponential(1) : size >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2); };
const figure = (value: number | undefined): string => (value === undefined ? '' : short(value)).padStart(COLUMN);
const paintDelta = (delta: number): string => (delta > 0 ? pc.red : pc.green)(`${delta > 0 ? '+' : '−'}${short(Math.abs(delta))}`.padStart(COLUMN));
