import { quoteIdentifier } from '../../sql/names';
import { escapeRegExp } from '../../text/regExp';
import type { PlanNode } from '../planModel';
import { allOf, baseOf, count, isScan, severityOf, shareOf, type PlanContext } from './context';
import { conjunctsOf } from './predicates';
import type { PlanFinding } from './types';

/** Partitions below which reading all of them is little. */
const PARTITIONS = 4;
const PARTITIONS_SHARE = 0.3;

/** Every partition would be read, because no condition compares the partition key itself with a value. */
export const findUnprunedByCondition = (context: PlanContext): readonly PlanFinding[] => (context.model.analyzed ? [] : context.nodes.flatMap((append): readonly PlanFinding[] => {
  if (!/Append$/.test(append.nodeType)) return [];
  const scans = append.children.flatMap((child) => (child.subplan === undefined && isScan(child) ? [child] : []));
  const [first] = scans;
  const key = first && context.partitionKey(first);
  if (!key || scans.length < PARTITIONS || scans.length < key.partitions || scans.length !== append.children.length || new Set(scans.map(baseOf)).size !== 1) return [];
  // What the planner cannot know yet (a parameter, a function of the clock) still prunes when the statement runs.
  const texts = conditionsOf(first);
  const parts = texts.flatMap(conjunctsOf);
  if (texts.length === 0 || key.columns.some((column) => parts.some((part) => comparesItself(part, quoteIdentifier(column))))) return [];
  const share = shareOf(context, allOf(context, append), PARTITIONS_SHARE);
  if (share === undefined) return [];
  const inside = parts.find((part) => key.columns.some((column) => wordIn(part, quoteIdentifier(column))));
  if (inside === undefined && texts.some((text) => /\bOR\b/.test(text))) return [];
  return [{
    kind: 'unpruned-partitions', severity: severityOf(share / 2), nodeId: append.id, share, estimated: true,
    title: `All ${count(scans.length)} partitions of ${key.table} would be read`,
    detail: inside === undefined ? `No condition says anything of ${key.columns.join(', ')}, by which the table is cut.` : `The planner leaves out partitions only by conditions that compare ${key.columns.join(', ')} itself with a value; here it stands in ${inside}.`,
    advice: [{ text: inside === undefined ? `Add a condition on ${key.columns.join(', ')}, where the rows that are wanted lie in few partitions.` : `Compare ${key.columns.join(', ')} itself, as a range: ${key.columns[0]} >= … AND ${key.columns[0]} < ….` }],
    evidence: [{ label: 'Partitions read', value: count(scans.length) }, { label: 'Partition key', value: key.columns.join(', ') }],
  }];
}));

const wordIn = (text: string, name: string): boolean => new RegExp(`(?:^|[^\\w"])${escapeRegExp(name)}(?![\\w"])`).test(text);
/** `at >= …`, `e.at = …`, `… = e.at`, `at IS NULL`. */
const comparesItself = (part: string, name: string): boolean => new RegExp(`^\\(?(?:[\\w"$]+\\.)?${escapeRegExp(name)}\\)? (?:=|<|>|<=|>=|IS) |(?:^| )(?:=|<|>|<=|>=) \\(?(?:[\\w"$]+\\.)?${escapeRegExp(name)}\\)?$`).test(part);

const conditionsOf = (node: PlanNode): readonly string[] => [node, ...node.children].flatMap((item) => item.conditions.flatMap(({ label, text }) => (['Filter', 'Index Cond', 'Recheck Cond'].includes(label) ? [text] : [])));

/** Milliseconds that compiling a function takes at least, without and with optimization, and what it saves per call at most. */
const COMPILE_MS = { plain: 0.5, optimized: 5 };
const SAVED_MS = 0.0002;
const FUNCTIONS = 20;
/** `cpu_tuple_cost` and an operator: a scan reads no more rows than its cost has room for. */
const ROW_COST = 0.0125;

/** JIT that cannot pay: so many functions for so few rows that compiling takes longer than everything it could save. */
export function findNeedlessJit(context: PlanContext): readonly PlanFinding[] {
  const { functions = 0, optimized = false } = context.model.jit ?? {};
  if (context.model.analyzed || functions < FUNCTIONS) return [];
  const rows = context.nodes.reduce((sum, node) => sum + node.estimatedRows + (isScan(node) ? Math.min(context.relationRows(node) ?? Infinity, node.selfCost / ROW_COST) : 0), 0);
  const perFunction = rows / functions;
  if (perFunction * SAVED_MS >= (optimized ? COMPILE_MS.optimized : COMPILE_MS.plain)) return [];
  return [{
    kind: 'jit-time', severity: 'low', share: 0, estimated: true,
    title: `JIT would compile ${count(functions)} functions${optimized ? ' and optimize them' : ''}, for at most ${count(perFunction)} rows each`,
    detail: 'The plan\'s cost is above jit_above_cost. Compiling a function takes milliseconds and saves a fraction of a microsecond per row: here it cannot pay. Plans over many partitions have many functions.',
    advice: [{ text: 'Switch JIT off for such statements, or raise jit_above_cost (and jit_inline_above_cost, jit_optimize_above_cost).', sql: 'SET jit = off;' }],
    evidence: [{ label: 'Functions', value: count(functions) }, { label: 'Rows, all nodes together, at most', value: count(rows) }],
  }];
}
