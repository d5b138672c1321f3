import type { Catalog } from '../catalog/model';
import type { StatementContext } from '../lint/rule';
import { hasUnknownPart } from './holes';
import { tableOf } from './scope';

/**
 * The catalog, where the statement and the history of every table it names are wholly known: what rules about something
 * absent (an index, an order) ask first. Undefined: they have no answer.
 */
export function whollyKnownCatalog({ model, catalog, site }: Pick<StatementContext, 'model' | 'catalog' | 'site'>): Catalog | undefined {
  if (!catalog || catalog.incomplete || model.completeness !== 'full' || !site.complete || hasUnknownPart(model)) return undefined;
  return model.blocks.some((block) => block.relations.some((relation) => tableOf(catalog, relation)?.incomplete)) ? undefined : catalog;
}
