import type { LoopQuery } from '../../calls/loopQueries';
import { enclosingFunctions } from '../../calls/enclosing';
import type { HostFile, Loop, QuerySite } from '../../hosts/ir';
import type { FlowContext } from '../../lint/rule';
import { tableOf } from '../scope';
import { rowsOf } from '../size';

/** The rows that a loop walks, as far as they are one table's. */
export interface LoopRows {
  readonly table: string;
  readonly rows: number;
  /** Of the whole table: a condition lets fewer through. */
  readonly atMost: boolean;
  readonly assumed: boolean;
}

/** Loops over this many rows are not worth a finding. */
export const FEW_ROWS = 5;

/** How many rows the loop runs over, where it walks what a query of one table gives and the table's size is known. */
export function loopRows({ file, catalog, settings, sql }: FlowContext, { loop }: Pick<LoopQuery, 'loop'>): LoopRows | undefined {
  const source = walkedSite(file, loop)?.source;
  if (!source || !catalog) return undefined;
  const model = sql.analyse(source);
  const [block] = model.blocks;
  const [relation, second] = block?.relations ?? [];
  if (model.completeness !== 'full' || !block || !relation || second || block.setOperation) return undefined;
  const table = tableOf(catalog, relation);
  const rows = table && rowsOf(table, settings);
  if (!table || rows === undefined) return undefined;
  const limit = block.limit?.expression.value;
  const bounded = typeof limit === 'number' && limit < rows;
  return { table: table.name, rows: bounded ? limit : rows, atMost: bounded || block.conjuncts.length > 0, assumed: table.rowsSource !== 'statistics' };
}

/** The query whose rows are walked: the iterable itself, or the variable that holds them. */
function walkedSite(file: HostFile, loop: Loop): QuerySite | undefined {
  if (loop.iterable?.siteId !== undefined) return file.sites[loop.iterable.siteId];
  const name = /^([A-Za-z_$][\w$]*)(?:\.rows)?$/.exec(loop.iterable?.text.trim() ?? '')?.[1];
  if (name === undefined) return undefined;
  for (const fn of enclosingFunctions(file, loop.functionId)) {
    const given = fn.locals.filter((local) => local.name === name);
    if (given.length > 0) return given.length === 1 && given[0]?.siteId !== undefined ? file.sites[given[0].siteId] : undefined;
  }
  return undefined;
}
