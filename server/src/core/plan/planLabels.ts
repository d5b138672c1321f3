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
