import type { StatementContext } from '../lint/rule';
import type { PlannedStatement } from '../plan/planner';
import type { QueryBlock } from '../sql/model';
import { collectNodes } from '../plan/planTree';
import { planKeyset, renderAfter } from './keyset';
import { PAGE_ROWS, pageRowsOf } from './pageRows';
import { planStatement } from './planEvidence';
import { replannedSql } from './replan';
import type { Scope } from './scope';
import { addCondition, addOrderKeys, removeClause, type SqlEdit } from './sqlEdits';

/** What pages of one list cost, by the planner's estimate. */
export interface PageCost {
  /** The page in the middle of the list: `OFFSET rows / 2`. */
  readonly deep: PlannedStatement;
  /** Rows that its OFFSET discards. */
  readonly skipped: number;
  readonly first: number;
  /** Rows of a page that was asked for. */
  readonly pageRows: number;
  /** The same page by key; undefined where no keyset can be proved. */
  readonly keyset?: number;
  /** The keyset sorts the rest of the list for each page: no index has its order. */
  readonly keysetSorts: boolean;
}

/**
 * Plans the first page, the page half-way through the list and that page by key. Half-way is what a reader, an export or
 * a crawler that walks the whole list reads on average.
 * @returns `pending` while the planner has not answered; undefined where it cannot.
 */
export function planPages(context: StatementContext, scope: Scope, block: QueryBlock): PageCost | 'pending' | undefined {
  const whole = planStatement(context);
  if (whole.state === 'pending') return 'pending';
  if (whole.state !== 'planned') return undefined;
  const rows = listedRows(whole.plan);
  const skipped = rows === undefined ? 0 : Math.floor(rows / 2);
  if (skipped < 1) return undefined;
  const page = (change: (block: QueryBlock, ...rest: Parameters<Parameters<typeof replannedSql>[1]>) => readonly SqlEdit[] | undefined): string | undefined =>
    replannedSql(context, (statement) => {
      const same = statement.model.blocks[block.index];
      const edits = same && change(same, statement);
      return edits && [...edits, ...(same.limit && same.limit.expression.kind !== 'constant' ? [{ span: same.limit.expression.span, text: String(PAGE_ROWS) }] : [])];
    });
  const byOffset = (count: number): string | undefined => page((same) => same.offset && [{ span: same.offset.expression.span, text: String(count) }]);
  const byKey = page((same, { model, free }) => {
    const plan = planKeyset({ model, catalog: scope.catalog }, same);
    const condition = plan && addCondition(model, same, renderAfter(plan.keys, plan.keys.map((_, i) => `$${free + i}`)));
    const order = plan && addOrderKeys(model, same, plan.keys.filter((k) => k.added).map((k) => k.sql + (k.descending ? ' DESC' : '')));
    return condition && order && same.offset ? [...condition, ...order, removeClause(model, same.offset.clause)] : undefined;
  });
  const [deep, first, keyset] = [byOffset(skipped), byOffset(0), byKey].map((sql) => (sql === undefined ? undefined : context.planner.plan({ sql })));
  if ([deep, first, keyset].some((answer) => answer?.state === 'pending')) return 'pending';
  if (deep?.state !== 'planned' || first?.state !== 'planned') return undefined;
  return {
    deep: deep.plan, skipped, first: first.plan.cost, pageRows: pageRowsOf(block),
    ...(keyset?.state === 'planned' ? { keyset: keyset.plan.cost } : {}),
    keysetSorts: keyset?.state === 'planned' && collectNodes(keyset.plan.root).some((node) => node.nodeType === 'Sort'),
  };
}

/** Rows below the outermost Limit: the length of the list. */
const listedRows = (plan: PlannedStatement): number | undefined => collectNodes(plan.root).find((node) => node.nodeType === 'Limit')?.children[0]?.estimatedRows;
