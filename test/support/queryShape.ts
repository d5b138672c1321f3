import type { SqlAnalyser } from '../../server/src/core/sql/ports';
import type { Conjunct, Expression } from '../../server/src/core/sql/model';
import type { SqlSource } from '../../server/src/core/sql/source';

/** What a statement means, without its parameters' values and its spelling: for comparing two texts of one query. */
export function queryShape(sql: SqlAnalyser, source: SqlSource | string): unknown {
  const model = sql.analyse(typeof source === 'string' ? { text: source, placeholders: 'dollar', interpolations: [] } : source);
  return {
    kind: model.kind,
    error: model.error?.message,
    blocks: model.blocks.map((block) => ({
      kind: block.kind,
      role: block.role,
      distinct: block.distinct,
      relations: block.relations.map((r) => [r.kind, r.schema, r.name, r.alias, r.join, r.target]),
      outputs: block.outputs.map((o) => (o.star ? `${o.qualifier ?? ''}*` : `${expression(o.expression)}${o.alias === undefined ? '' : ` as ${o.alias}`}`)),
      conjuncts: block.conjuncts.map(conjunct).sort(),
      groupBy: block.groupBy.map(expression),
      orderBy: block.orderBy.map((item) => `${expression(item.expression)} ${item.descending} ${item.nulls}`),
      limit: block.limit && expression(block.limit.expression),
      offset: block.offset && expression(block.offset.expression),
      locking: block.locking && [block.locking.strength, block.locking.skipLocked],
      set: block.setOperation && [block.setOperation.operator, block.setOperation.all],
      write: block.write && [[...block.write.columns].sort(), block.write.rows, block.write.onConflict],
      returning: block.returning,
      cte: block.cte?.name,
    })),
  };
}

function conjunct(c: Conjunct): string {
  const branches = c.branches?.map((branch) => branch.map(conjunct).sort().join(' & ')).join(' | ');
  return `${c.clause} ${c.negated ? 'not ' : ''}${c.left ? expression(c.left) : ''} ${c.operator} ${c.right ? expression(c.right) : ''}${branches === undefined ? '' : `(${branches})`}`;
}

function expression(e: Expression): string {
  if (e.kind === 'hole' || (e.kind === 'constant' && e.value !== null)) return '?';
  if (e.kind === 'column') return `${e.column?.qualifier ?? ''}.${e.column?.column}`;
  // A pattern is sent as one parameter.
  if (e.kind === 'operator' && e.name === '||' && e.args?.every((item) => expression(item) === '?')) return '?';
  // A list parameter stands for its elements.
  if (e.kind === 'array' && e.args?.every((item) => item.kind === 'hole' || item.kind === 'constant')) return '[?]';
  return `${e.kind}:${e.name ?? e.type ?? ''}(${(e.args ?? []).map(expression).join(',')})`;
}

