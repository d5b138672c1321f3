import type { QueryBlock, StatementModel } from '../sql/model';

/**
 * A page whose LIMIT is a parameter counts as this many rows: what a list on a screen shows. The planner itself takes a tenth
 * of the result, which no page is.
 */
export const PAGE_ROWS = 20;

/** Rows that a block's LIMIT lets through. */
export const pageRowsOf = ({ limit }: QueryBlock): number => (limit?.expression.kind === 'constant' ? Number(limit.expression.value) : PAGE_ROWS);

/** Rows of a Limit in the plan at most: no bound where all of the statement's are constants. */
export const mostLimitRows = (model: Pick<StatementModel, 'blocks'>): number => (model.blocks.some(({ limit }) => limit && limit.expression.kind !== 'constant') ? PAGE_ROWS : Infinity);
