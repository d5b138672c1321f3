import type { PlanNode } from '../planModel';
import { tableOf } from './context';
import { columnOf, conjunctsOf, indexableConditions } from './predicates';
import type { PlanAdvice } from './types';

/** Keys after which a longer index gains little. */
const MAX_KEYS = 4;

/**
 * The index that would answer a node's conditions: columns compared with `=` first, then what the rows are ordered by, or one range.
 * @param conditions as the plan writes them
 * @param order keys of ORDER BY, as CREATE INDEX writes them
 */
export function adviseIndex(node: PlanNode, conditions: readonly string[], order: readonly string[] = []): PlanAdvice | undefined {
  if (node.relation === undefined) return undefined;
  const found = conditions.flatMap((text) => indexableConditions(node, text));
  // One of several values is found by an index, but behind it the rows are not in order.
  const equal = [...new Set(found.filter(({ kind, several }) => kind === 'equality' && !(several && order.length > 0)).map(({ key }) => key))].slice(0, MAX_KEYS);
  const range = found.find(({ kind, key }) => kind === 'range' && !equal.includes(key))?.key;
  const rest = order.length > 0 ? order.filter((key) => !equal.includes(key.replace(/ .*$/, ''))) : range === undefined ? [] : [range];
  const keys = order.length > 0 ? [...equal, ...rest] : [...equal, ...rest].slice(0, MAX_KEYS);
  if (keys.length === 0 || (order.length > 0 && rest.length === 0)) return undefined;
  const table = tableOf(node);
  const definition = `USING btree (${keys.join(', ')})`;
  const sql = `CREATE INDEX CONCURRENTLY ON ${table} (${keys.join(', ')});`;
  return {
    text: order.length > 0 ? `An index on ${keys.join(', ')} returns the rows in order: the first ones are found without reading the others.` : `An index on ${keys.join(', ')} reads only the rows that match.`,
    whatIf: { kind: 'index', sql, table: node.schema === undefined ? node.relation : `${node.schema}.${node.relation}`, definition }, sql,
  };
}

/** The GIN index that would answer `column @> value`, where the value's type tells that it is jsonb or an array. */
export function adviseGin(node: PlanNode, filter: string): PlanAdvice | undefined {
  if (node.relation === undefined) return undefined;
  for (const part of conjunctsOf(filter)) {
    const [, left, type] = /^(.+?) @> .+::(jsonb|[\w ."]+\[\])$/s.exec(part) ?? [];
    const column = left === undefined ? undefined : columnOf(node, left);
    if (column === undefined || type === undefined) continue;
    const keys = type === 'jsonb' ? `${column} jsonb_path_ops` : column;
    const sql = `CREATE INDEX CONCURRENTLY ON ${tableOf(node)} USING gin (${keys});`;
    return { text: `A GIN index on ${column} finds the rows whose value contains another.`, whatIf: { kind: 'index', sql, table: node.schema === undefined ? node.relation : `${node.schema}.${node.relation}`, definition: `USING gin (${keys})` }, sql };
  }
  return undefined;
}
