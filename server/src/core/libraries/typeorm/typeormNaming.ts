import type { ModelIr, RelationIr } from '../../hosts/ir';
import type { HostContext } from '../adapter';

/** TypeORM's own `snakeCase`: `UserProfile` → `user_profile`. */
export const snakeCase = (text: string): string => text.replaceAll(/([A-Z])([A-Z])([a-z])/g, '$1_$2$3').replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

/** TypeORM's own `camelCase`: `author_id` → `authorId`. */
export const camelCase = (text: string): string => text.replaceAll(/^([A-Z])|[\s\-_](\w)/g, (_, first: string | undefined, next: string | undefined) => next?.toUpperCase() ?? first?.toLowerCase() ?? '');

const titleCase = (text: string): string => text.replaceAll(/\w\S*/g, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase());

/** Column of a property, below embedded objects with these prefixes. */
export const columnName = (name: string, prefixes: readonly string[]): string => (prefixes.length > 0 ? camelCase(prefixes.join('_')) + titleCase(name) : name);

/** Name of the model that stands for "the workspace's data source has a SnakeNamingStrategy". */
export const namingModel = '(naming strategy)';

/** An entity, with its names as the workspace's naming strategy makes them. */
export function findEntity(name: string, context: Pick<HostContext, 'model'>): ModelIr | undefined {
  const found = context.model(name, 'typeorm');
  // The variable of an `EntitySchema` stands for the entity that the schema names.
  const model = found?.table === '' && found.inherits?.[0] !== undefined ? context.model(found.inherits[0], 'typeorm') : found;
  return model && context.model(namingModel, 'typeorm') ? snaked(model) : model;
}

/** A name that is written is in snake case already where this strategy is chosen. */
function snaked(model: ModelIr): ModelIr {
  return {
    ...model,
    columns: model.columns.map((column) => ({ ...column, column: snakeCase(column.column) })),
    relations: model.relations.map(snakedRelation),
    ...(model.primary === undefined ? {} : { primary: model.primary.map(snakeCase) }),
    ...(model.softDelete === undefined ? {} : { softDelete: snakeCase(model.softDelete) }),
  };
}

export const snakedRelation = (relation: RelationIr): RelationIr => ({
  ...relation,
  columns: relation.columns.map(snakeCase),
  references: relation.references.map(snakeCase),
  ...(relation.through ? { through: { ...relation.through, columns: relation.through.columns.map(snakeCase), references: relation.through.references.map(snakeCase) } } : {}),
});
