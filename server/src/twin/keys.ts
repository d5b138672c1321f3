import type { Table } from '../core/catalog/model';
import { renderConstraint, renderIndex, type DdlOptions } from '../core/catalog/renderDdl';

/**
 * The statements for a table's keys and indexes, in the order in which the server made them: of two that cost the same the
 * planner takes the later one. Invalid indexes are left out, as the planner leaves them out.
 */
export function renderKeys(table: Table, options: DdlOptions = {}): readonly string[] {
  const owned = new Map(table.constraints.flatMap((constraint) => (constraint.name === undefined ? [] : [[constraint.name, constraint] as const])));
  const done = new Set<string>();
  const statements = table.indexes.flatMap((index) => {
    const constraint = index.constraint === undefined ? undefined : owned.get(index.constraint);
    if (constraint !== undefined) done.add(index.constraint ?? '');
    if (!index.valid) return [];
    // The index of an EXCLUDE constraint serves queries as any other.
    return [constraint === undefined ? renderIndex(table, index, options) : renderConstraint(table, constraint)];
  });
  return [...statements, ...table.constraints.filter((constraint) => constraint.name === undefined || !done.has(constraint.name)).map((constraint) => renderConstraint(table, constraint))];
}
