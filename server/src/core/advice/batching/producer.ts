import { tableOf } from '../scope';
import { findColumn, isUniqueWithin } from '../../catalog/lookup';
import type { ModelIr, QuerySite } from '../../hosts/ir';
import type { FlowContext } from '../../lint/rule';
import { containsSpan } from '../../text/span';
import type { PlainLoop } from './shape';
import type { KeyCondition } from './sqlForm';

/** The query of this function whose rows the loop walks; undefined where the rows may come from anywhere else. */
export function producingSite(context: FlowContext, plain: PlainLoop): QuerySite | undefined {
  const { file } = context;
  const name = plain.iterable;
  const locals = file.functions.filter((f) => containsSpan(f.span, plain.loop.span)).flatMap((f) => f.locals.filter((l) => l.name === name));
  const local = locals[0];
  if (!local || locals.length !== 1 || local.siteId === undefined || local.span.end > plain.loop.span.start) return undefined;
  const site = file.sites[local.siteId];
  // `session.execute(select(Order))` gives rows with an instance in each, not the instances.
  if (site?.library === 'sqlalchemy' && /\.execute\(/.test(local.text) && !/\.scalars\(\)/.test(local.text)) return undefined;
  return site && site.fetches !== 'one' && site.functionId === plain.loop.functionId ? site : undefined;
}

/** The model that a site reads, declared anywhere in the workspace for the site's library. */
export function modelOf(context: FlowContext, site: QuerySite, name: string | undefined = site.model): ModelIr | undefined {
  if (name === undefined) return undefined;
  for (const file of context.flow.files()) {
    const model = file.models.find((m) => m.name === name && m.library === site.library);
    if (model) return model;
  }
  return undefined;
}

/**
 * Is there at most one row for each key, given the statement's other conditions? From the catalog, else from the model's
 * keys; where neither is known a column called `id` is taken for one.
 */
export function isUniqueKey(context: FlowContext, condition: KeyCondition, site: QuerySite): boolean {
  if (condition.block.relations.length !== 1) return false;
  const table = tableOf(context.catalog, condition.relation);
  const pinned = condition.block.conjuncts.flatMap((c) => (c.clause === 'where' && c.operator === '=' && !c.negated && c.left?.column ? [c.left.column.column] : []));
  if (table) return isUniqueWithin(table, pinned, { pinned: true });
  const uniques = site.modelNames?.uniques ?? modelOf(context, site)?.uniques;
  if (uniques && uniques.length > 0) {
    const property = site.modelNames?.properties[condition.column] ?? condition.column;
    return uniques.some((unique) => unique.properties.length === 1 && unique.properties[0] === property);
  }
  return condition.column === 'id';
}

/** Values of this column are compared by `===` in a `Map`: numbers, big integers, text. False where the type is not known. */
export function isPrimitiveKey(context: FlowContext, condition: KeyCondition): boolean {
  const type = findColumn(tableOf(context.catalog, condition.relation), condition.column)?.type;
  return type !== undefined && /^(bigint|integer|smallint|text|uuid|character varying(\(\d+\))?)$/.test(type);
}
