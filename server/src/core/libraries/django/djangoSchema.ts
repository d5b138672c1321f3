import { makeObjectName } from '../../catalog/names';
import type { ColumnDefinition, SchemaChange } from '../../catalog/changes';
import type { Constraint, ForeignKey, Index, IndexKey } from '../../catalog/model';
import type { ModelIr, RelationIr } from '../../hosts/ir';
import type { DjangoIndex } from '../../hosts/migrationIr';
import { indexModels, type ModelIndex } from '../../hosts/models';
import type { Conventions } from './djangoConventions';
import { autoFields } from './djangoTypes';
import { isToMany, isToOne, referenced, typeOf, worldOf, type DjangoWorld, type Field, type Model } from './djangoWorld';

/** The classes of a file with tables, columns, relations and schema changes, as far as what they refer to is known. */
export function resolvedModels(found: readonly ModelIr[], known: ModelIndex, conventions?: Conventions): readonly ModelIr[] {
  if (found.length === 0) return found;
  const world = worldOf(indexModels(found), known, conventions);
  const byIr = new Map(world.models().map((model) => [model.ir, model]));
  return found.map((ir) => {
    const model = byIr.get(ir);
    return model ? withTable(ir, model, world) : ir;
  });
}

function withTable(ir: ModelIr, model: Model, world: DjangoWorld): ModelIr {
  const columns = model.fields.filter((field) => !isToMany(field));
  return {
    ...ir, table: model.table, ...(model.schema === undefined ? {} : { schema: model.schema }),
    columns: columns.map((field) => ({ property: isToOne(field) ? field.column : field.name, column: field.column, span: field.source.span })),
    relations: relationsOf(model, world),
    uniques: columns.filter((field) => field.unique).map((field) => ({ name: field.name, properties: [isToOne(field) ? field.column : field.name] })),
    changes: model.managed ? changesOf(model, columns, world) : [],
  };
}

function relationsOf(model: Model, world: DjangoWorld): readonly RelationIr[] {
  const own = model.fields.flatMap((field): readonly RelationIr[] => {
    const target = isToOne(field) || isToMany(field) ? world.target(field) : undefined;
    if (!target) return [];
    const base = { property: field.name, model: world.label(target), eager: false };
    return [isToMany(field) ? { ...base, many: true, columns: [], references: [] } : { ...base, many: false, columns: [field.column], references: [referenced(field, target, world).column] }];
  });
  return [...own, ...world.reverse(model).map(({ accessor, field, many }): RelationIr => ({
    property: accessor, model: world.label(field.owner), many, eager: false, ...(isToMany(field) ? { columns: [], references: [] } : { columns: [referenced(field, model, world).column], references: [field.column] }),
  }))];
}

function changesOf(model: Model, columns: readonly Field[], world: DjangoWorld): readonly SchemaChange[] {
  const table = { ...(model.schema === undefined ? {} : { schema: model.schema }), name: model.table };
  const named = (fields: readonly string[], label: string): string => makeObjectName(model.table, fields.join('_'), label);
  const columnOf = (name: string): string | undefined => (name === 'pk' ? world.pk(model) : columns.find((field) => field.name === name || field.column === name))?.column;
  const groups = (list: readonly (readonly string[])[]): readonly (readonly string[])[] => list.flatMap((group) => {
    const found = group.map(columnOf);
    return found.every((column) => column !== undefined) ? [found] : [];
  });
  const options = model.ir.django?.options;
  const declared = [...(options?.indexes ?? []), ...(options?.constraints ?? [])];
  const indexes = declared.map((index) => declaredIndex(index, columnOf));
  const constraints: Constraint[] = [
    { name: `${model.table}_pkey`, type: 'primary', columns: [world.pk(model).column] },
    ...columns.filter((field) => field.unique && !field.primary).map((field): Constraint => ({ name: named([field.column], 'key'), type: 'unique', columns: [field.column] })),
    ...groups(options?.uniqueTogether ?? []).map((group): Constraint => ({ name: named(group, 'uniq'), type: 'unique', columns: group })),
    ...indexes.flatMap((index) => (typeof index === 'object' && 'type' in index ? [index] : [])),
  ];
  const foreignKeys = columns.flatMap((field): readonly ForeignKey[] => {
    const target = isToOne(field) && !field.source.unconstrained ? world.target(field) : undefined;
    return target ? [{ name: named([field.column], 'fk'), columns: [field.column], references: { ...(target.schema === undefined ? {} : { schema: target.schema }), table: target.table, columns: [referenced(field, target, world).column] } }] : [];
  });
  const single = (field: Field): readonly Index[] => {
    const { index } = field.source;
    const indexed = !field.unique && (index ?? (field.type === 'ForeignKey' || field.type === 'SlugField'));
    const text = /^(?:character varying|text)(?!.*\[)/.exec(typeOf(field, world))?.[0];
    const like: readonly Index[] = text !== undefined && world.conventions.likeIndexes && (indexed || field.unique) ? [plainIndex(named([field.column], 'like'), [{ column: field.column, opclass: `${text === 'text' ? 'text' : 'varchar'}_pattern_ops`, descending: false, nullsFirst: false }])] : [];
    return [...(indexed ? [plainIndex(named([field.column], 'idx'), [keyOf(field.column)])] : []), ...like];
  };
  const made: readonly Index[] = [...columns.flatMap(single), ...groups(options?.indexTogether ?? []).map((group) => plainIndex(named(group, 'idx'), group.map(keyOf))), ...indexes.flatMap((index) => (typeof index === 'object' && 'keys' in index ? [index] : []))];
  const unknown = !model.complete || indexes.some((index) => index === undefined) || columns.some((field) => typeOf(field, world) === 'unknown' && !isToOne(field) && field.type !== 'GeneratedField');
  return [
    { type: 'create-table', table, ifNotExists: true, temporary: false, columns: columns.map((field) => definitionOf(field, world)), constraints, foreignKeys, like: [], inherits: [] },
    ...made.map((index): SchemaChange => ({ type: 'create-index', table, index, ifNotExists: false, concurrently: false })),
    ...model.fields.filter(isToMany).flatMap((field) => throughChanges(field, world)),
    ...(unknown ? [{ type: 'uncertain', table } as const] : []),
  ];
}

const keyOf = (column: string): IndexKey => ({ column, descending: false, nullsFirst: false });
const plainIndex = (name: string, keys: readonly IndexKey[]): Index => ({ name, method: 'btree', unique: false, valid: true, keys, include: [] });

function definitionOf(field: Field, world: DjangoWorld): ColumnDefinition {
  const { databaseDefault, generated, collation } = field.source;
  return {
    name: field.column, type: typeOf(field, world), notNull: !field.null, ...(databaseDefault === undefined ? {} : { default: databaseDefault }),
    ...(autoFields.has(field.type) ? { generated: 'identity' } : generated ? { generated: 'stored' } : {}), ...(collation === undefined ? {} : { collation }),
  };
}

/** A plain unique constraint, or an index; undefined where a part of it is not understood. Check constraints are no concern of the catalog. */
function declaredIndex(index: DjangoIndex, columnOf: (name: string) => string | undefined): Constraint | Index | 'check' | undefined {
  if (index.kind === 'check') return 'check';
  const keys = index.keys.map((key): IndexKey | undefined => {
    const column = columnOf(key.field);
    const rest = { ...(key.opclass === undefined ? {} : { opclass: key.opclass }), descending: key.descending, nullsFirst: key.nulls === undefined ? key.descending : key.nulls === 'first' };
    return column === undefined ? undefined : key.call === undefined ? { column, ...rest } : { expression: `${key.call}(${column})`, ...rest };
  });
  const include = index.include.map(columnOf);
  const predicate = index.condition?.map((part) => (typeof part === 'string' ? part : columnOf(part.field)));
  if (index.kind === 'unknown' || keys.length === 0 || [...keys, ...include, ...(predicate ?? [])].includes(undefined)) return undefined;
  const [known, included] = [keys as readonly IndexKey[], include as readonly string[]];
  if (index.kind === 'unique' && !predicate && known.every((key) => key.column !== undefined && !key.descending && key.opclass === undefined)) {
    return { name: index.name, type: 'unique', columns: known.map((key) => key.column ?? ''), ...(included.length > 0 ? { include: included } : {}), ...(index.nullsNotDistinct ? { nullsNotDistinct: true } : {}) };
  }
  return { name: index.name, method: index.method, unique: index.kind === 'unique', valid: true, keys: known, include: included, ...(predicate ? { predicate: predicate.join('') } : {}) };
}

/** The table of a ManyToManyField that has no model of its own. */
function throughChanges(field: Field, world: DjangoWorld): readonly SchemaChange[] {
  const through = field.source.throughModel === undefined ? world.through(field) : undefined;
  const target = world.target(field);
  if (!through || !target) return [];
  const table = { ...(through.schema === undefined ? {} : { schema: through.schema }), name: through.table };
  const key = world.conventions.pairKeys;
  const sides = [{ column: through.near, model: field.owner }, { column: through.far, model: target }];
  return [
    {
      type: 'create-table', table, ifNotExists: true, temporary: false,
      columns: [...(key ? [{ name: 'id', type: 'bigint', notNull: true, generated: 'identity' } as const] : []), ...sides.map(({ column, model }) => ({ name: column, type: typeOf(world.pk(model), world), notNull: true }))],
      constraints: [...(key ? [{ name: `${through.table}_pkey`, type: 'primary', columns: ['id'] } as const] : []), { name: makeObjectName(through.table, `${through.near}_${through.far}`, 'uniq'), type: 'unique', columns: [through.near, through.far] }],
      foreignKeys: sides.map(({ column, model }) => ({ name: makeObjectName(through.table, column, 'fk'), columns: [column], references: { ...(model.schema === undefined ? {} : { schema: model.schema }), table: model.table, columns: [world.pk(model).column] } })),
      like: [], inherits: [],
    },
    ...(key ? sides : []).map(({ column }): SchemaChange => ({ type: 'create-index', table, index: plainIndex(makeObjectName(through.table, column, 'idx'), [keyOf(column)]), ifNotExists: false, concurrently: false })),
  ];
}
