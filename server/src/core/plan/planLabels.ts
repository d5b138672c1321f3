import type { RawNode } from './planJson';
import { textIn } from './planJson';

const aggregates: Readonly<Record<string, string>> = { Plain: 'Aggregate', Sorted: 'GroupAggregate', Hashed: 'HashAggregate', Mixed: 'MixedAggregate' };

/** The node's name as EXPLAIN's text form has it. */
export function labelOf(raw: RawNode): string {
  const type = textIn(raw, 'Node Type') ?? 'Unknown';
  const parallel = raw['Parallel Aware'] === true ? 'Parallel ' : '';
  const backward = textIn(raw, 'Scan Direction') === 'Backward' ? ' Backward' : '';
  const partial = textIn(raw, 'Partial Mode');
  const mode = partial === undefined || partial === 'Simple' ? '' : `${partial} `;
  return parallel + mode + typeLabel(type, raw) + backward;
}

function typeLabel(type: string, raw: RawNode): string {
  const join = textIn(raw, 'Join Type');
  if (join !== undefined && join !== 'Inner') return type === 'Nested Loop' ? `Nested Loop ${join} Join` : type.replace(/ Join$/, ` ${join} Join`);
  if (type === 'Aggregate') return aggregates[textIn(raw, 'Strategy') ?? ''] ?? type;
  if (type === 'SetOp') return `${textIn(raw, 'Strategy') === 'Hashed' ? 'HashSetOp' : 'SetOp'} ${textIn(raw, 'Command') ?? ''}`.trim();
  if (type === 'ModifyTable') return textIn(raw, 'Operation') ?? type;
  return type;
}

/** In the order of EXPLAIN's text form. */
const conditionKeys = ['Index Cond', 'Recheck Cond', 'TID Cond', 'Hash Cond', 'Merge Cond', 'Join Filter', 'Filter', 'One-Time Filter', 'Order By', 'Sort Key', 'Presorted Key', 'Group Key', 'Hash Key', 'Cache Key', 'Run Condition', 'Conflict Filter', 'Function Call', 'Table Function Call'];

export function conditionsOf(raw: RawNode): readonly { readonly label: string; readonly text: string }[] {
  return conditionKeys.flatMap((label) => {
    const value = raw[label];
    const text = Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string').join(', ') : value;
    return typeof text === 'string' && text !== '' ? [{ label, text }] : [];
  });
}

/** What is shown otherwise: figures, names, conditions, what only machines read. */
const figures = new Set([
  'Node Type', 'Parent Relationship', 'Subplan Name', 'Parallel Aware', 'Async Capable', 'Join Type', 'Strategy', 'Partial Mode', 'Scan Direction', 'Operation', 'Command', 'Schema', 'Relation Name', 'Alias', 'Index Name', 'CTE Name', 'Function Name', 'Plans', 'Workers', 'Target Tables',
  'Startup Cost', 'Total Cost', 'Plan Rows', 'Plan Width', 'Actual Startup Time', 'Actual Total Time', 'Actual Rows', 'Actual Loops', 'Workers Planned', 'Workers Launched', 'Single Copy', 'Disabled', 'Inner Unique',
  ...conditionKeys,
]);

/** Everything else that EXPLAIN says of a node, in its words; what is false or nought is left out. */
export function detailsOf(raw: RawNode): readonly { readonly label: string; readonly text: string }[] {
  return Object.entries(raw).flatMap(([label, value]) => {
    if (figures.has(label) || /(?:Blocks|I\/O (?:Read|Write) Time)$/.test(label) && !/^(?:Exact|Lossy) Heap Blocks$/.test(label)) return [];
    const text = detailText(value, 0);
    return text === undefined ? [] : [{ label, text }];
  });
}

function detailText(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number') return value === 0 ? undefined : value.toLocaleString('en', { useGrouping: true });
  if (typeof value === 'boolean') return value ? 'yes' : undefined;
  if (typeof value !== 'object' || value === null || depth > 4) return undefined;
  const parts = Array.isArray(value) ? value.flatMap((item) => detailText(item, depth + 1) ?? []) : Object.entries(value).flatMap(([key, item]) => { const text = detailText(item, depth + 1); return text === undefined ? [] : [`${key}: ${text}`]; });
  return parts.length > 0 ? parts.join(', ') : undefined;
}
