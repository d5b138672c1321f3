import type { ModelIr } from '../../hosts/ir';
import type { HostContext } from '../adapter';
import { snakeCase } from '../shared/modelChains';
import { classKey, configurationKey, namingKey } from './efCoreModels';

/**
 * A set by its name or its entity's, with what other files say of the entity: its class, its configuration, and a naming
 * convention of the application. Code outweighs attributes, attributes outweigh conventions.
 */
export function entityModel(name: string, context: HostContext): ModelIr | undefined {
  const set = context.model(name, 'ef-core');
  if (!set?.entity) return set;
  const { entity } = set;
  const declared = set.columns.length + set.relations.length === 0 ? context.model(classKey(entity.name), 'ef-core') : undefined;
  const configured = context.model(configurationKey(entity.name), 'ef-core');
  const snake = context.model(namingKey, 'ef-core') !== undefined;
  if (!declared && !configured && !snake) return set;
  const known = declared ?? set;
  const columns = known.columns.map((column) => {
    const named = configured?.columns.find((one) => one.property === column.property)?.column;
    return { ...column, column: named ?? (snake && column.column === column.property ? snakeCase(column.property) : column.column) };
  });
  const more = configured?.columns.filter((one) => !columns.some((column) => column.property === one.property)) ?? [];
  const table = nonEmpty(configured?.table) ?? (entity.named ? set.table : nonEmpty(declared?.table) ?? (snake ? snakeCase(set.table) : set.table));
  return { ...set, table, columns: [...columns, ...more], relations: known.relations, ...(configured?.scoped === true ? { scoped: true } : {}) };
}

const nonEmpty = (text: string | undefined): string | undefined => (text === undefined || text === '' ? undefined : text);

/** The column of a property that no class was read for. */
export const conventional = (property: string, context: HostContext): string => (context.model(namingKey, 'ef-core') ? snakeCase(property) : property);
