import type { DjangoField, DjangoKey } from '../hosts/migrationIr';
import { autoFields, columnTypes, fieldType, relationFields } from '../libraries/django/djangoTypes';
import { quoteIdentifier } from '../sql/names';
import type { QualifiedName } from './changes';
import { makeObjectName } from './names';

/** A field with the names of what the database keeps for it. */
export interface FieldState {
  readonly field: DjangoField;
  readonly unique?: string;
  readonly index?: string;
  /** Index for LIKE, that Django makes beside every index on text. */
  readonly like?: string;
  readonly foreignKey?: string;
}

export interface ModelState {
  readonly app: string;
  readonly name: string;
  readonly table: string;
  /** `db_table` names it. */
  readonly named: boolean;
  /** False for proxies and models whose table someone else makes. */
  readonly managed: boolean;
  readonly fields: ReadonlyMap<string, FieldState>;
  /** Fields joined by `,` → name of the constraint or index. */
  readonly uniqueTogether: ReadonlyMap<string, string>;
  readonly indexTogether: ReadonlyMap<string, string>;
  /** Of `indexes` and `constraints`, by name. */
  readonly declared: ReadonlyMap<string, 'index' | 'constraint' | 'check' | 'unknown'>;
}

/** The models of a project while its migrations are replayed. */
export interface ModelWorld {
  /** Key: `app.model`. */
  readonly models: Map<string, ModelState>;
  /** Names of constraints and indexes given so far. */
  readonly names: Set<string>;
  /** `AUTH_USER_MODEL` and `DEFAULT_AUTO_FIELD`, in small letters, where they are known. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Models of Django's own apps: their primary keys are 32 bits wide. */
const djangoApps = /^(?:auth\.(?:user|group|permission)|contenttypes\.contenttype|sites\.site|admin\.logentry)$/;

export const modelKey = (app: string, model: string): string => `${app}.${model}`;
export const isRelation = (field: DjangoField): boolean => field.type === 'ForeignKey' || field.type === 'OneToOneField';
export const isMany = (field: DjangoField): boolean => field.type === 'ManyToManyField';
/** A class that is none of Django's, nor named after one. */
export const isUnknownField = (field: DjangoField): boolean => !Object.hasOwn(columnTypes, field.type) && !relationFields.has(field.type);
export const columnName = (field: DjangoField): string => field.column ?? (isRelation(field) ? `${field.name}_id` : field.name);

/** `"schema"."table"` is a way to name a schema that Django lets through. */
export function tableName(table: string): QualifiedName {
  const [schema, name] = table.replaceAll(/^"|"$/g, '').split('"."');
  return name === undefined ? { name: schema ?? table } : { schema, name };
}
export const tableSql = (table: string): string => {
  const { schema, name } = tableName(table);
  return schema === undefined ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
};

/** A name that is not taken yet. Django's own ends in a hash; which name it is seldom matters, that it is there does. */
export function newName(world: ModelWorld, table: string, columns: readonly string[], label: string): string {
  for (let number = 0; ; number++) {
    const name = makeObjectName(tableName(table).name, columns.join('_'), number === 0 ? label : `${label}${number}`);
    if (world.names.has(name)) continue;
    world.names.add(name);
    return name;
  }
}

/** Key of the model that a relation points to. */
export function targetKey(world: ModelWorld, model: Pick<ModelState, 'app' | 'name'>, target: string): string {
  if (target === 'self') return modelKey(model.app, model.name);
  const setting = /^settings\.(.*)$/.exec(target)?.[1];
  if (setting !== undefined) return world.settings[setting] ?? 'auth.user';
  return target.includes('.') ? target : modelKey(model.app, target);
}

export const primaryField = (model: ModelState | undefined): DjangoField | undefined => [...(model?.fields.values() ?? [])].find(({ field }) => field.primary)?.field;

/** What a foreign key points to. */
export function targetOf(world: ModelWorld, model: Pick<ModelState, 'app' | 'name'>, field: DjangoField): { readonly key: string; readonly table: string; readonly column?: string; readonly type: string } {
  const key = targetKey(world, model, field.target ?? '');
  const target = world.models.get(key);
  if (target === undefined) return { key, table: key.replace('.', '_'), ...(djangoApps.test(key) ? { column: 'id', type: 'integer' } : { type: 'unknown' }) };
  const pointed = field.targetField === undefined ? primaryField(target) : target.fields.get(field.targetField)?.field;
  if (pointed === undefined) return { key, table: target.table, column: 'id', type: 'integer' };
  return { key, table: target.table, column: columnName(pointed), type: columnType(world, target, pointed) };
}

/** Type of a field's column. */
export const columnType = (world: ModelWorld, model: Pick<ModelState, 'app' | 'name'>, field: DjangoField, depth = 0): string =>
  !isRelation(field) ? fieldType(field) : depth > 8 ? 'unknown' : targetOf(world, model, field).type;

/** A column as CREATE TABLE and ADD COLUMN write it. */
export function columnSql(world: ModelWorld, model: Pick<ModelState, 'app' | 'name'>, field: DjangoField): string {
  return [
    quoteIdentifier(columnName(field)), columnType(world, model, field),
    field.collation === undefined ? '' : `COLLATE ${quoteIdentifier(field.collation)}`,
    field.databaseDefault === undefined ? '' : `DEFAULT ${field.databaseDefault}`,
    autoFields.has(field.type) ? 'GENERATED BY DEFAULT AS IDENTITY' : field.generated ? 'GENERATED ALWAYS AS (NULL) STORED' : '',
    field.null ? '' : 'NOT NULL',
  ].filter((part) => part !== '').join(' ');
}

/** The table of a ManyToManyField without a model of its own. */
export function manyTable(world: ModelWorld, model: ModelState, field: DjangoField): { readonly table: string; readonly columns: readonly [string, string]; readonly target: string } | undefined {
  if (!isMany(field) || field.through !== undefined) return undefined;
  const target = targetKey(world, model, field.target ?? '');
  const self = target === modelKey(model.app, model.name);
  const other = target.slice(target.indexOf('.') + 1);
  return { table: field.table ?? `${model.table}_${field.name}`, columns: self ? [`from_${model.name}_id`, `to_${model.name}_id`] : [`${model.name}_id`, `${other}_id`], target };
}

/** One key of an index, in SQL; undefined where its field is not known. */
export function keySql(model: ModelState, key: DjangoKey): string | undefined {
  const field = key.field === 'pk' ? primaryField(model) : model.fields.get(key.field)?.field;
  if (field === undefined || isMany(field)) return undefined;
  const column = quoteIdentifier(columnName(field));
  return [
    key.call === undefined ? column : `${key.call}(${column})`, key.opclass ?? '', key.descending ? 'DESC' : '', key.nulls === undefined ? '' : `NULLS ${key.nulls.toUpperCase()}`,
  ].filter((part) => part !== '').join(' ');
}
