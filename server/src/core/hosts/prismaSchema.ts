import type { ColumnDefinition, SchemaChange } from '../catalog/changes';
import type { ForeignKey, Index, IndexKey } from '../catalog/model';
import { readFileRole } from './fileRole';
import type { HostFile, ModelIr, RelationIr } from './ir';
import { parsePrisma, type PrismaAttribute, type PrismaBlock, type PrismaField, type PrismaValue } from './prismaSyntax';
import { columnDefault, columnType, isScalar, operatorClass, wordOf } from './prismaTypes';
import { readSuppressions } from './suppressions';

/** What the other files of a schema that is split into several declare. */
export interface PrismaNeighbours {
  readonly enums?: ReadonlySet<string>;
  readonly models?: ReadonlySet<string>;
}

const postgres = /^(postgresql|postgres|cockroachdb|prisma\+postgres)$/;

/**
 * Reads a Prisma schema: each model with its table, columns, relations, unique keys and the schema changes that
 * Prisma's migrations would make of it. A schema for another database than Postgres declares no models.
 * @param neighbours decides whether an unknown type is an enum or a model; without it attributes decide.
 */
export function readPrismaSchema(uri: string, text: string, neighbours: PrismaNeighbours = {}): HostFile {
  const document = parsePrisma(text);
  const datasource = document.blocks.find((block) => block.kind === 'datasource')?.settings;
  const provider = datasource?.get('provider');
  const foreign = provider !== undefined && provider !== '' && !postgres.test(provider);
  const schema: Schema = {
    blocks: new Map(document.blocks.filter((block) => block.kind === 'model' || block.kind === 'view').map((block) => [block.name, block])),
    enums: new Map(document.blocks.filter((block) => block.kind === 'enum').map((block) => [block.name, mappedName(block)])),
    neighbours,
    foreignKeys: datasource?.get('relationMode') !== 'prisma',
  };
  return {
    uri,
    language: 'prisma',
    role: readFileRole(uri, text),
    sites: [], loops: [], functions: [], classes: [], calls: [], imports: [], exports: [],
    models: foreign ? [] : [...schema.blocks.values()].map((block) => readModel(block, schema)),
    suppressions: readSuppressions(document.comments),
    errors: document.errors,
  };
}

interface Schema {
  readonly blocks: ReadonlyMap<string, PrismaBlock>;
  /** Name → database name. */
  readonly enums: ReadonlyMap<string, string>;
  readonly neighbours: PrismaNeighbours;
  readonly foreignKeys: boolean;
}

const find = (attributes: readonly PrismaAttribute[], name: string): PrismaAttribute | undefined => attributes.find((attribute) => attribute.name === name);
const argument = (attribute: PrismaAttribute | undefined, name: string, positional = false): PrismaValue | undefined =>
  attribute?.args.find((arg) => arg.name === name)?.value ?? (positional ? attribute?.args.find((arg) => arg.name === undefined)?.value : undefined);
const mappedName = (block: PrismaBlock): string => wordOf(argument(find(block.attributes, 'map'), 'name', true)) ?? block.name;
const columnName = (field: PrismaField): string => wordOf(argument(find(field.attributes, 'map'), 'name', true)) ?? field.name;

/** A relation has no column of its own; what is neither scalar nor known is one unless its attributes say enum. */
function isRelation(field: PrismaField, schema: Schema): boolean {
  if (isScalar(field.type) || schema.enums.has(field.type) || schema.neighbours.enums?.has(field.type)) return false;
  if (schema.blocks.has(field.type) || schema.neighbours.models?.has(field.type) || find(field.attributes, 'relation')) return true;
  return !field.attributes.some((attribute) => /^(default|map|id|unique)$/.test(attribute.name));
}

function readModel(block: PrismaBlock, schema: Schema): ModelIr {
  const table = mappedName(block);
  const database = wordOf(argument(find(block.attributes, 'schema'), 'name', true));
  const fields = block.fields.filter((field) => !find(field.attributes, 'ignore') || isScalar(field.type));
  const scalars = fields.filter((field) => !isRelation(field, schema));
  const relations = fields.filter((field) => isRelation(field, schema)).map((field) => readRelation(field, block, schema));
  return {
    library: 'prisma',
    name: block.name,
    table,
    ...(database === undefined ? {} : { schema: database }),
    span: block.nameSpan,
    columns: scalars.filter((field) => !find(field.attributes, 'ignore') && field.type !== 'Unsupported').map((field) => ({ property: field.name, column: columnName(field), span: field.span })),
    relations,
    uniques: readUniques(block, scalars),
    ...primaryOf(block, scalars),
    changes: block.kind === 'view' ? [] : readChanges(block, table, database, scalars, schema),
  };
}

/** `@id` of a field, `@@id` of the block. */
function primaryOf(block: PrismaBlock, scalars: readonly PrismaField[]): Pick<ModelIr, 'primary'> {
  const compound = block.attributes.find((attribute) => attribute.name === 'id');
  const names = compound ? listed(argument(compound, 'fields', true)) : scalars.filter((field) => find(field.attributes, 'id')).map((field) => field.name);
  const columns = names.map((name) => scalars.find((field) => field.name === name)).map((field) => (field ? columnName(field) : ''));
  return columns.length === 0 || columns.includes('') ? {} : { primary: columns };
}

/** Fields named in `[a, b(sort: Desc)]`. */
const listed = (value: PrismaValue | undefined): readonly string[] => {
  const items = value?.kind === 'list' ? value.items : value ? [value] : [];
  return items.flatMap((item) => (item.kind === 'call' ? [item.name] : item.kind === 'word' ? [item.text] : []));
};

function readUniques(block: PrismaBlock, scalars: readonly PrismaField[]): NonNullable<ModelIr['uniques']> {
  const single = scalars.filter((field) => find(field.attributes, 'id') ?? find(field.attributes, 'unique')).map((field) => ({ name: field.name, properties: [field.name] }));
  const compound = block.attributes.filter((attribute) => attribute.name === 'id' || attribute.name === 'unique').map((attribute) => {
    const properties = listed(argument(attribute, 'fields', true));
    return { name: wordOf(argument(attribute, 'name')) ?? properties.join('_'), properties };
  });
  return [...single, ...compound];
}

function readRelation(field: PrismaField, block: PrismaBlock, schema: Schema): RelationIr {
  const attribute = find(field.attributes, 'relation');
  const name = wordOf(argument(attribute, 'name')) ?? wordOf(attribute?.args.find((arg) => arg.name === undefined && arg.value.kind === 'string')?.value);
  const other = schema.blocks.get(field.type);
  const columnsOf = (owner: PrismaBlock | undefined, names: readonly string[]): readonly string[] => names.map((property) => {
    const found = owner?.fields.find((candidate) => candidate.name === property);
    return found ? columnName(found) : property;
  });
  const own = listed(argument(attribute, 'fields'));
  const base = { property: field.name, model: field.type, many: field.list, eager: false, ...(name === undefined ? {} : { name }) };
  if (own.length > 0) return { ...base, columns: columnsOf(block, own), references: columnsOf(other, listed(argument(attribute, 'references'))) };
  // The foreign key stands on the other side.
  const opposite = other?.fields.find((candidate) => candidate.type === block.name && listed(argument(find(candidate.attributes, 'relation'), 'fields')).length > 0
    && (name === undefined || name === (wordOf(argument(find(candidate.attributes, 'relation'), 'name')) ?? wordOf(find(candidate.attributes, 'relation')?.args.find((arg) => arg.name === undefined)?.value))));
  const back = opposite ? find(opposite.attributes, 'relation') : undefined;
  return { ...base, columns: columnsOf(block, listed(argument(back, 'references'))), references: columnsOf(other, listed(argument(back, 'fields'))) };
}

/** Postgres' limit of 63 bytes, as Prisma cuts: the part before the suffix. */
const generatedName = (table: string, columns: readonly string[], suffix: string): string => `${[table, ...columns].join('_').slice(0, 62 - suffix.length)}_${suffix}`;

function readChanges(block: PrismaBlock, name: string, database: string | undefined, scalars: readonly PrismaField[], schema: Schema): readonly SchemaChange[] {
  const table = { ...(database === undefined ? {} : { schema: database }), name };
  const property = new Map(block.fields.map((field) => [field.name, columnName(field)]));
  const columnsOf = (properties: readonly string[]): readonly string[] => properties.map((key) => property.get(key) ?? key);
  const columns: ColumnDefinition[] = scalars.map((field) => {
    const value = columnDefault(field);
    return { name: columnName(field), type: columnType(field, schema.enums.get(field.type)), notNull: !field.optional && !field.list, ...(value === undefined ? {} : { default: value }) };
  });
  const idField = scalars.find((field) => find(field.attributes, 'id'));
  const idBlock = find(block.attributes, 'id');
  const primary = primaryOf(block, scalars).primary ?? [];
  const idName = wordOf(argument(idField ? find(idField.attributes, 'id') : idBlock, 'map')) ?? `${name}_pkey`;
  const changes: SchemaChange[] = [{
    type: 'create-table', table, ifNotExists: false, temporary: false, columns,
    constraints: primary.length > 0 ? [{ name: idName, type: 'primary', columns: primary }] : [],
    foreignKeys: schema.foreignKeys ? block.fields.flatMap((field) => readForeignKey(field, name, columnsOf, schema)) : [],
    like: [], inherits: [],
  }];
  const addIndex = (index: Index): void => void changes.push({ type: 'create-index', table, index, ifNotExists: false, concurrently: false });
  for (const field of scalars) {
    const unique = find(field.attributes, 'unique');
    if (unique) addIndex(readIndex(unique, [{ column: columnName(field), descending: wordOf(argument(unique, 'sort')) === 'Desc', nullsFirst: wordOf(argument(unique, 'sort')) === 'Desc' }], name, true));
  }
  for (const attribute of block.attributes) {
    if (attribute.name !== 'unique' && attribute.name !== 'index') continue;
    const value = argument(attribute, 'fields', true);
    const keys = (value?.kind === 'list' ? value.items : value ? [value] : []).flatMap((item): IndexKey[] => {
      const own = item.kind === 'call' ? item.name : item.kind === 'word' ? item.text : undefined;
      if (own === undefined) return [];
      const options = item.kind === 'call' ? item.args : [];
      const descending = wordOf(options.find((option) => option.name === 'sort')?.value) === 'Desc';
      const opclass = operatorClass(options.find((option) => option.name === 'ops')?.value);
      return [{ column: property.get(own) ?? own, descending, nullsFirst: descending, ...(opclass === undefined ? {} : { opclass }) }];
    });
    if (keys.length > 0) addIndex(readIndex(attribute, keys, name, attribute.name === 'unique'));
  }
  return changes;
}

function readIndex(attribute: PrismaAttribute, keys: readonly IndexKey[], table: string, unique: boolean): Index {
  const columns = keys.map((key) => key.column ?? '');
  return {
    name: wordOf(argument(attribute, 'map')) ?? generatedName(table, columns, unique ? 'key' : 'idx'),
    method: (wordOf(argument(attribute, 'type')) ?? 'BTree').toLowerCase(),
    unique, valid: true, keys, include: [],
  };
}

function readForeignKey(field: PrismaField, table: string, columnsOf: (properties: readonly string[]) => readonly string[], schema: Schema): readonly ForeignKey[] {
  const attribute = find(field.attributes, 'relation');
  const columns = columnsOf(listed(argument(attribute, 'fields')));
  if (columns.length === 0) return [];
  const other = schema.blocks.get(field.type);
  const referenced = listed(argument(attribute, 'references')).map((name) => {
    const target = other?.fields.find((candidate) => candidate.name === name);
    return target ? columnName(target) : name;
  });
  const database = other && wordOf(argument(find(other.attributes, 'schema'), 'name', true));
  return [{ name: wordOf(argument(attribute, 'map')) ?? generatedName(table, columns, 'fkey'), columns, references: { ...(database === undefined ? {} : { schema: database }), table: other ? mappedName(other) : field.type, columns: referenced } }];
}
