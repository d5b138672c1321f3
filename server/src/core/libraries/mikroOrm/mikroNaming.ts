import type { ModelIr } from '../../hosts/ir';
import type { HostContext } from '../adapter';

/** MikroORM's own `UnderscoreNamingStrategy`: `tenantId` → `tenant_id`. */
export const underscore = (name: string): string => name.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();

/** Name of the model that stands for "the workspace names its columns by another strategy". */
export const namingModel = '(naming strategy)';

/** Name of the model that stands for "the workspace loads relations of one tick together". */
export const dataloaderModel = '(dataloader)';

/** An entity by its class, by its schema's variable or by its name. Undefined where the workspace's naming strategy is not the default one. */
export function findEntity(name: string, context: Pick<HostContext, 'model'>): ModelIr | undefined {
  if (context.model(namingModel, 'mikro-orm')) return undefined;
  const found = context.model(name, 'mikro-orm');
  const model = found?.table === '' && found.inherits?.[0] !== undefined ? context.model(found.inherits[0], 'mikro-orm') : found;
  return model?.table === '' ? undefined : model;
}
