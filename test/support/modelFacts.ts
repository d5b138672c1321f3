import type { Conjunct, Expression, StatementModel } from '../../server/src/core/sql/model';
import type { SqlSpan } from '../../server/src/core/text/span';

/** What both engines have to agree on, one line per fact: blocks, relations, conditions, order, limits, writes, ranges. */
export function facts(model: StatementModel): string[] {
  const at = (span: SqlSpan): string => `${span.start}-${span.end}`;
  const inner = (expression: Expression | undefined): string => {
    if (!expression) return '';
    const { kind, column, value, hole, name, args = [] } = expression;
    if (kind === 'column') return [column?.qualifier, column?.column].filter(Boolean).join('.');
    if (kind === 'constant') return JSON.stringify(value);
    if (kind === 'hole') return `#${hole ?? ''}`;
    if (kind === 'subquery' || kind === 'star' || kind === 'other') return kind;
    return `${kind === 'operator' || kind === 'function' || kind === 'aggregate' ? name ?? '' : kind}(${args.map(inner).join(',')})`;
  };
  const conjunct = (c: Conjunct): string =>
    `${c.clause} ${c.negated ? 'not ' : ''}${c.operator} ${inner(c.left)} | ${inner(c.right)} @${at(c.span)}${(c.branches ?? []).map((branch) => ` {${branch.map(conjunct).join(' & ')}}`).join('')}`;
  return [
    `kind ${model.kind}`,
    ...model.blocks.flatMap((block) => {
      const here = `${block.kind} ${at(block.span)}`;
      return [
        `${here} ${block.role} distinct=${String(block.distinct)} returning=${String(block.returning)} cte=${block.cte?.name ?? ''} ${block.setOperation ? `${block.setOperation.operator} all=${String(block.setOperation.all)} arms=${block.setOperation.arms.length}` : ''}`,
        ...block.relations.map((r) => `${here} relation ${r.kind} ${r.schema ?? ''}.${r.name} as ${r.alias} ${r.join ?? ''} ${String(r.target)} lateral=${String(r.lateral)} @${at(r.span)}`),
        ...block.outputs.map((o) => `${here} output ${o.star ? '*' : inner(o.expression)} ${o.qualifier ?? ''} as ${o.alias ?? ''} @${at(o.span)}`),
        ...block.conjuncts.map((c) => `${here} ${conjunct(c)}`),
        ...block.groupBy.map((e) => `${here} group ${inner(e)} @${at(e.span)}`),
        ...block.orderBy.map((o) => `${here} order ${inner(o.expression)} ${String(o.descending)} ${o.nulls ?? ''} @${at(o.span)}`),
        ...(block.limit ? [`${here} limit ${inner(block.limit.expression)} @${at(block.limit.clause)}`] : []),
        ...(block.offset ? [`${here} offset ${inner(block.offset.expression)} @${at(block.offset.clause)}`] : []),
        ...(block.locking ? [`${here} ${block.locking.strength} ${String(block.locking.skipLocked)}`] : []),
        ...(block.write ? [`${here} write ${block.write.columns.join()} rows=${block.write.rows ?? ''} conflict=${String(block.write.onConflict)} set ${block.write.assignments.map((a) => `${a.column}=${inner(a.expression)}@${at(a.span)}`).join()}`] : []),
      ];
    }),
  ];
}
