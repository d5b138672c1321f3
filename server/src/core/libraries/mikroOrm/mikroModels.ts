import type { ColumnDefinition } from '../../catalog/changes';
import type { ForeignKey } from '../../catalog/model';
import type { ModelIr, RelationIr } from '../../hosts/ir';
import { findModel, type ModelIndex } from '../../hosts/models';
import { callParts, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { ModelReader, ModelSource } from '../models';
import { objectOf, textOf } from '../drizzle/drizzleColumns';
import { classNamed, readClasses, type EntityClass } from '../shared/entityClasses';
import { canonicalType, entityModel, type EntityColumn, type EntityKey } from '../shared/entityModel';
import { dataloaderModel, namingModel, underscore } from './mikroNaming';
import { decoratedProperty, flag, optionText, schemaProperty, type MikroOptions, type MikroProperty } from './mikroProperties';

export const mikroModels: ModelReader<ModelSource> = { library: 'mikro-orm', marks: /['"]@mikro-orm\/|extends\s+\w*EntityRepository\s*</, read: readMikro };

/** An entity or base class as declared, before names and keys of others are put in. */
interface Declared {
  readonly name: string;
  readonly node: SyntaxNode;
  readonly table?: string;
  readonly schema?: string;
  readonly isEntity: boolean;
  readonly base?: string;
  readonly properties: readonly MikroProperty[];
  readonly keys: readonly { readonly properties: readonly string[]; readonly unique: boolean; readonly name?: string }[];
  readonly deletedFilter?: string;
  readonly open: boolean;
}

type Key = { readonly property: string; readonly column: string; readonly type: string };

/** Entities (decorators, `EntitySchema`, `defineEntity`), the classes they inherit from, repositories. */
function readMikro({ root, text, known }: ModelSource): readonly ModelIr[] {
  const other = /\bnamingStrategy\s*:\s*(?!\w*Underscore)[A-Z]\w+/.test(text);
  const marker = (name: string, node: SyntaxNode, rest: Partial<ModelIr>): ModelIr => ({ library: 'mikro-orm', name, table: '', span: spanOf(node), columns: [], relations: [], changes: [], ...rest });
  if (other || findModel(known, namingModel, 'mikro-orm')) return other ? [marker(namingModel, root, {})] : [];
  const classes = readClasses(root);
  const repositories: ModelIr[] = classes.flatMap((entity) => {
    const target = /EntityRepository$/.test(entity.base ?? '') ? /^\w+$/.exec(entity.baseArguments[0] ?? '')?.[0] : undefined;
    return target === undefined ? [] : [marker(entity.name, entity.node, { repositoryOf: target })];
  });
  // Only a configuration has both.
  const batches = /\bMikroORM\.init\b|\bdefineConfig\b|\bentities\s*:/.test(text) && /\bdataloader\s*:\s*(?!false|DataloaderType\.NONE|['"]?none)/i.test(text);
  if (batches) repositories.push(marker(dataloaderModel, root, {}));
  if (!/['"]@mikro-orm\//.test(text)) return repositories;
  const schemas = readSchemas(root);
  const declared = [...classes.flatMap((entity) => declaredClass(entity) ?? []), ...schemas.map((schema) => schema.declared)];
  const reader = createReader(new Map(declared.map((item) => [item.name, item])), known);
  const aliases = schemas.flatMap(({ variable, declared: item }) => (variable !== undefined && variable !== item.name ? [marker(variable, item.node, { inherits: [item.name] })] : []));
  return [...repositories, ...declared.map((item) => reader.model(item)), ...aliases];
}

function declaredClass(entity: EntityClass): Declared | undefined {
  const decorator = entity.decorators.find((item) => item.name === 'Entity');
  const properties = entity.members.flatMap((member) => decoratedProperty(member) ?? []);
  const embeddable = entity.decorators.some((item) => item.name === 'Embeddable');
  if (!decorator && !embeddable && properties.length === 0) return undefined;
  const options = objectOf(decorator?.args[0])?.entries;
  const read = (items: readonly { readonly name: string; readonly args: readonly SyntaxNode[] }[], own?: string) => items.filter((item) => /^(Index|Unique)$/.test(item.name)).map((item) => keyOf(item.args[0], item.name === 'Unique', own));
  const keys = [...read(entity.decorators), ...entity.members.flatMap((member) => read(member.decorators, member.name))];
  const table = textOf(options?.get('tableName')) ?? textOf(options?.get('collection'));
  const schema = textOf(options?.get('schema'));
  const deleted = entity.decorators.filter((item) => item.name === 'Filter').map((item) => deletedFilter(item.args[0])).find((name) => name !== undefined);
  return {
    name: entity.name, node: entity.node, isEntity: decorator !== undefined && options?.get('abstract')?.text !== 'true', properties,
    ...(table === undefined ? {} : { table }), ...(schema === undefined ? {} : { schema }), ...(entity.base === undefined || entity.base === 'BaseEntity' ? {} : { base: entity.base }),
    ...(deleted === undefined ? {} : { deletedFilter: deleted }), keys: keys.flatMap((key) => key ?? []), open: keys.some((key) => key === undefined),
  };
}

/** `{ properties: ['a', 'b'], name }`; undefined where the columns are not told. */
function keyOf(node: SyntaxNode | undefined, unique: boolean, own?: string): Declared['keys'][number] | undefined {
  const options = objectOf(node)?.entries;
  const written = options?.get('properties');
  const list = written && unwrap(written);
  const properties = own !== undefined && !written ? [own] : list?.type === 'array' ? list.namedChildren.filter((child) => child.type !== 'comment').map(textOf) : [textOf(list)];
  const name = textOf(options?.get('name'));
  if (options?.has('expression') || options?.has('where') || options?.has('columns') || properties.some((property) => property === undefined)) return undefined;
  return { properties: properties as readonly string[], unique, ...(name === undefined ? {} : { name }) };
}

/** The property of `@Filter({ cond: { deletedAt: null }, default: true })`. */
function deletedFilter(node: SyntaxNode | undefined): string | undefined {
  const options = objectOf(node)?.entries;
  const [condition, ...more] = options?.get('default')?.text === 'true' ? [...(objectOf(options.get('cond'))?.entries ?? [])] : [];
  return condition && more.length === 0 && condition[1].text === 'null' ? condition[0] : undefined;
}

/** Constants of the module that hold `new EntitySchema({…})` or `defineEntity({…})`. */
function readSchemas(root: SyntaxNode): readonly { readonly variable: string | undefined; readonly declared: Declared }[] {
  return root.namedChildren.flatMap((statement) => {
    const declaration = statement.type === 'export_statement' ? statement.childForFieldName('declaration') : statement;
    return (declaration?.type === 'lexical_declaration' ? declaration.namedChildren : []).flatMap((declarator) => {
      const value = declarator.childForFieldName('value');
      const call = value && callParts(unwrap(value));
      const options = call && /^(EntitySchema|defineEntity)$/.test(call.callee.text.split('.').at(-1) ?? '') ? objectOf(call.args[0])?.entries : undefined;
      const variable = declarator.childForFieldName('name')?.text;
      const declared = value && options && declaredSchema(options, value, variable);
      return declared ? [{ variable, declared }] : [];
    });
  });
}

function declaredSchema(options: ReadonlyMap<string, SyntaxNode>, node: SyntaxNode, variable: string | undefined): Declared | undefined {
  const name = textOf(options.get('name')) ?? classNamed(options.get('class')) ?? variable;
  if (name === undefined) return undefined;
  const written = options.get('properties');
  const inner = written && unwrap(written);
  const list = objectOf(inner?.type === 'arrow_function' ? inner.childForFieldName('body') ?? undefined : inner);
  const properties = [...(list?.entries ?? [])].map(([property, value]) => schemaProperty(property, value));
  const keys = [...keyList(options.get('indexes'), false), ...keyList(options.get('uniques'), true)];
  const table = textOf(options.get('tableName')) ?? textOf(options.get('collection'));
  const schema = textOf(options.get('schema'));
  const base = classNamed(options.get('extends'));
  return {
    name, node, isEntity: options.get('abstract')?.text !== 'true' && !options.has('embeddable'), properties: properties.flatMap((property) => property ?? []), keys: keys.flatMap((key) => key ?? []),
    ...(table === undefined ? {} : { table }), ...(schema === undefined ? {} : { schema }), ...(base === undefined ? {} : { base }),
    open: !list || list.spreads.length > 0 || properties.some((property) => property === undefined) || keys.some((key) => key === undefined),
  };
}

const keyList = (node: SyntaxNode | undefined, unique: boolean): readonly (Declared['keys'][number] | undefined)[] => {
  const list = node && unwrap(node);
  return list === undefined ? [] : list.type === 'array' ? list.namedChildren.filter((child) => child.type !== 'comment').map((child) => keyOf(child, unique)) : [undefined];
};

interface Parts {
  readonly columns: readonly EntityColumn[];
  readonly relations: readonly RelationIr[];
  readonly keys: readonly EntityKey[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly open: boolean;
}

function createReader(classes: ReadonlyMap<string, Declared>, known: ModelIndex) {
  const tableOf = (name: string): string => {
    const own = classes.get(name);
    return own ? own.table ?? underscore(own.name) : findModel(known, name, 'mikro-orm')?.table || underscore(name);
  };

  /** Primary key of an entity: of this file, else of the workspace; `id` where nothing is known. */
  function primaryOf(name: string, depth = 0): readonly Key[] {
    const own = classes.get(name);
    const columns = own?.properties.filter((property) => property.primary).flatMap((property): readonly Key[] => (property.kind === 'scalar' ? [{ property: property.name, column: columnName(property), type: typeOf(property) }] : property.target !== undefined && depth < 4 ? foreignColumns(property, depth + 1).map((key) => ({ ...key, property: property.name })) : [])) ?? [];
    if (columns.length > 0) return columns;
    if (own?.base !== undefined && depth < 6) return primaryOf(own.base, depth + 1);
    const model = findModel(known, name, 'mikro-orm');
    const create = model?.changes.find((change) => change.type === 'create-table');
    const types = create?.type === 'create-table' ? create.columns : model?.inherited?.columns;
    const found = (model?.primary ?? []).map((column) => ({ property: model?.columns.find((item) => item.column === column)?.property ?? column, column, type: types?.find((item) => item.name === column)?.type ?? 'unknown' }));
    return found.length > 0 ? found : [{ property: 'id', column: 'id', type: 'unknown' }];
  }

  /** Columns of a foreign key, with the property of the other side. */
  function foreignColumns(property: MikroProperty, depth: number): readonly Key[] {
    const keys = primaryOf(property.target ?? '', depth);
    const written = optionText(property.options, 'joinColumn', 'fieldName', 'name');
    const list = textList(property.options, 'joinColumns') ?? textList(property.options, 'fieldNames');
    return keys.map((key, index) => ({ ...key, column: (keys.length === 1 ? written : undefined) ?? list?.[index] ?? `${underscore(property.name)}_${key.column}` }));
  }

  function partsOf(item: Declared, depth: number): Parts {
    const base = item.base === undefined ? undefined : baseParts(item.base, item.node, depth);
    const own = ownParts(item, depth);
    const names = new Set(own.columns.map((column) => column.property));
    const columns = [...(base?.columns.filter((column) => !names.has(column.property)) ?? []), ...own.columns];
    const relations = [...(base?.relations ?? []), ...own.relations];
    const keys = item.keys.map((key) => ({ ...key, columns: key.properties.map((name) => columns.find((column) => column.property === name)?.definition.name ?? relations.find((relation) => relation.property === name)?.columns[0]) }));
    const unread = keys.some((key) => key.columns.some((column) => column === undefined));
    return {
      columns, relations, foreignKeys: [...(base?.foreignKeys ?? []), ...own.foreignKeys],
      keys: [...(base?.keys ?? []), ...own.keys, ...keys.flatMap((key) => (key.columns.some((column) => column === undefined) ? [] : [{ columns: key.columns as readonly string[], unique: key.unique, ...(key.name === undefined ? {} : { name: key.name }) }]))],
      open: item.open || own.open || unread || (item.base !== undefined && (!base || base.open)),
    };
  }

  function baseParts(name: string, node: SyntaxNode, depth: number): Parts | undefined {
    const local = classes.get(name);
    if (local) return depth > 8 ? undefined : partsOf(local, depth + 1);
    const model = findModel(known, name, 'mikro-orm');
    if (!model?.inherited) return undefined;
    const columns = model.inherited.columns.map((definition): EntityColumn => ({ property: model.columns.find((column) => column.column === definition.name)?.property ?? definition.name, definition, node, primary: model.primary?.includes(definition.name) ?? false, unique: false }));
    return { columns, relations: model.relations, keys: model.inherited.keys, foreignKeys: [], open: false };
  }

  function ownParts(item: Declared, depth: number, path = '', prefix = ''): Parts {
    const columns: EntityColumn[] = [];
    const relations: RelationIr[] = [];
    const keys: EntityKey[] = [];
    const foreignKeys: ForeignKey[] = [];
    let open = false;
    for (const property of item.properties) {
      if (property.kind === 'none' || optionNode(property.options, 'persist')?.text === 'false' || property.options.has('formula')) continue;
      if (property.kind === 'embedded') {
        const parts = embedded(property, path, prefix, depth);
        columns.push(...(parts?.columns ?? []));
        open ||= parts === undefined;
      } else if (property.kind === 'scalar') columns.push(column(property, path, prefix));
      else readRelation(item, property, columns, relations, foreignKeys);
      const own = property.kind === 'scalar' ? [prefix + columnName(property)] : property.owner && property.kind !== 'm:n' ? foreignColumns(property, 0).map((key) => key.column) : [];
      for (const kind of ['index', 'unique']) {
        const written = property.options.get(kind);
        if (written === undefined || own.length === 0 || (written !== true && written.text === 'false')) continue;
        const name = written === true ? undefined : textOf(written);
        keys.push({ columns: own, unique: kind === 'unique', ...(name === undefined ? {} : { name }) });
      }
      if (property.kind === '1:1' && property.owner && !property.primary && own.length > 0) keys.push({ columns: own, unique: true });
    }
    return { columns, relations, keys, foreignKeys, open };
  }

  function embedded(property: MikroProperty, path: string, prefix: string, depth: number): Parts | undefined {
    if (flag(property.options, 'object') || flag(property.options, 'array')) return { columns: [{ property: path + property.name, node: property.node, primary: false, unique: false, definition: { name: prefix + columnName(property), type: 'jsonb', notNull: false } }], relations: [], keys: [], foreignKeys: [], open: false };
    const target = classes.get(property.target ?? '');
    const written = optionNode(property.options, 'prefix');
    const inner = prefix + (written?.text === 'false' ? '' : textOf(written) ?? `${underscore(property.name)}_`);
    if (target) return depth > 6 ? undefined : ownParts(target, depth + 1, `${path}${property.name}.`, inner);
    const model = findModel(known, property.target ?? '', 'mikro-orm');
    const found = model?.inherited?.columns.map((definition): EntityColumn => ({ property: `${path}${property.name}.${model.columns.find((item) => item.column === definition.name)?.property ?? definition.name}`, definition: { ...definition, name: inner + definition.name, notNull: false }, node: property.node, primary: false, unique: false }));
    return found && { columns: found, relations: [], keys: [], foreignKeys: [], open: false };
  }

  function column(property: MikroProperty, path: string, prefix: string): EntityColumn {
    const type = typeOf(property);
    const written = optionNode(property.options, 'default') ?? optionNode(property.options, 'defaultRaw');
    const value = property.primary && /int|serial/.test(type) ? 'nextval' : written && (textOf(written) ?? written.text);
    const definition: ColumnDefinition = { name: prefix + columnName(property), type, notNull: property.primary || (!flag(property.options, 'nullable') && !property.optional && prefix === ''), ...(value === undefined ? {} : { default: value }) };
    return { property: path + property.name, definition, node: property.node, primary: property.primary, unique: false, ...(flag(property.options, 'lazy') ? { hidden: true } : {}) };
  }

  function readRelation(item: Declared, property: MikroProperty, columns: EntityColumn[], relations: RelationIr[], foreignKeys: ForeignKey[]): void {
    const target = property.target;
    if (target === undefined) return;
    const base = { property: property.name, model: target, many: /m$|n$/.test(property.kind), eager: flag(property.options, 'eager'), ...(property.inverse === undefined ? {} : { inverse: property.inverse }) };
    if (property.kind === 'm:n') {
      relations.push({ ...base, columns: [], references: [], ...(property.owner ? { through: throughOf(item, property, target) } : {}) });
      return;
    }
    if (!property.owner || property.kind === '1:m') {
      relations.push({ ...base, columns: [], references: [] });
      return;
    }
    const keys = foreignColumns(property, 0);
    const references = primaryOf(target).map((key) => key.column);
    const required = property.primary || (!flag(property.options, 'nullable') && !property.optional);
    keys.forEach((key, index) => columns.push({ property: `${property.name}.${primaryOf(target)[index]?.property ?? 'id'}`, definition: { name: key.column, type: key.type, notNull: required }, node: property.node, primary: property.primary, unique: false }));
    relations.push({ ...base, columns: keys.map((key) => key.column), references, ...(required ? { required: true } : {}) });
    foreignKeys.push({ columns: keys.map((key) => key.column), references: { table: tableOf(target), columns: references } });
  }

  function throughOf(item: Declared, property: MikroProperty, target: string): NonNullable<RelationIr['through']> {
    const pivot = optionNode(property.options, 'pivotEntity');
    const table = pivot ? tableOf(classNamed(pivot) ?? '') : optionText(property.options, 'pivotTable') ?? `${tableOf(item.name)}_${underscore(property.name)}`;
    const side = (option: string, name: string): readonly string[] => {
      const written = optionText(property.options, option);
      return written !== undefined ? [written] : textList(property.options, `${option}s`) ?? primaryOf(name).map((key) => `${underscore(name)}_${key.column}`);
    };
    const columns = side('joinColumn', item.name);
    const references = side('inverseJoinColumn', target);
    const doubled = columns.join() === references.join();
    return { table, columns: doubled ? columns.map((name) => `${name.replace(/_id$/, '')}_1`) : columns, references: doubled ? references.map((name) => `${name.replace(/_id$/, '')}_2`) : references };
  }

  return {
    model(item: Declared): ModelIr {
      const parts = partsOf(item, 0);
      const deletedProperty = item.deletedFilter;
      const softDelete = parts.columns.find((column) => column.property === deletedProperty)?.definition.name;
      const plain = { library: 'mikro-orm' as const, name: item.name, span: spanOf(item.node), relations: parts.relations, primary: parts.columns.filter((column) => column.primary).map((column) => column.definition.name) };
      if (!item.isEntity) {
        return { ...plain, table: '', changes: [], columns: parts.columns.map((column) => ({ property: column.property, column: column.definition.name, span: spanOf(column.node) })), inherited: { columns: parts.columns.map((column) => column.definition), keys: parts.keys.map((key) => ({ columns: key.columns.map(String), unique: key.unique, ...(key.name === undefined ? {} : { name: key.name }) })) } };
      }
      const parent = item.base === undefined ? undefined : classes.get(item.base);
      const single = parent?.isEntity === true;
      const full = entityModel({
        library: 'mikro-orm', name: item.name, table: item.table ?? (single && parent ? tableOf(parent.name) : underscore(item.name)), ...(item.schema === undefined || item.schema === '*' ? {} : { schema: item.schema }), node: item.node,
        columns: parts.columns, relations: parts.relations, keys: parts.keys, foreignKeys: parts.foreignKeys,
        junctions: parts.relations.flatMap((relation) => (relation.through && !item.properties.some((property) => property.name === relation.property && property.options.has('pivotEntity')) ? [junction(relation, item.name, relation.through)] : [])),
        ...(softDelete === undefined ? {} : { softDelete }), open: parts.open,
      });
      // Classes that share a table: each names some of its columns only.
      return single ? { ...full, changes: [{ type: 'uncertain', table: { name: full.table } }] } : full;
    },
  };

  function junction(relation: RelationIr, entity: string, through: NonNullable<RelationIr['through']>) {
    const [own, other] = [primaryOf(entity), primaryOf(relation.model)];
    const make = (name: string, type: string | undefined): ColumnDefinition => ({ name, type: type ?? 'unknown', notNull: true });
    return {
      table: through.table, columns: [...through.columns.map((name, index) => make(name, own[index]?.type)), ...through.references.map((name, index) => make(name, other[index]?.type))],
      foreignKeys: [{ columns: through.columns, references: { table: tableOf(entity), columns: own.map((key) => key.column) } }, { columns: through.references, references: { table: tableOf(relation.model), columns: other.map((key) => key.column) } }],
    };
  }
}

const optionNode = (options: MikroOptions, key: string): SyntaxNode | undefined => {
  const value = options.get(key);
  return value === true ? undefined : value;
};
const textList = (options: MikroOptions, key: string): readonly string[] | undefined => {
  const list = optionNode(options, key);
  const names = list && unwrap(list).type === 'array' ? unwrap(list).namedChildren.map(textOf) : undefined;
  return names?.every((name) => name !== undefined) ? names : undefined;
};
const columnName = (property: MikroProperty): string => optionText(property.options, 'fieldName', 'name') ?? underscore(property.name);

const types: Readonly<Record<string, string>> = {
  number: 'integer', integer: 'integer', string: 'character varying(255)', text: 'text', boolean: 'boolean', Date: 'timestamp with time zone', datetime: 'timestamp with time zone', date: 'date', json: 'jsonb', object: 'jsonb', array: 'text[]', uuid: 'uuid', bigint: 'bigint', blob: 'bytea', double: 'double precision', float: 'real', smallint: 'smallint',
  Number: 'integer', String: 'character varying(255)', Boolean: 'boolean', 'string[]': 'text[]', JsonType: 'jsonb', UuidType: 'uuid', BigIntType: 'bigint', TextType: 'text', DateType: 'date', ArrayType: 'text[]',
};

/** The column's type in Postgres; `unknown` where a class or an enum decides. */
function typeOf(property: MikroProperty): string {
  if (property.type === undefined) return 'unknown';
  const length = optionNode(property.options, 'length')?.text;
  const mapped = types[property.type];
  if (mapped === undefined) return canonicalType(property.type);
  if (length !== undefined && /^\d+$/.test(length)) return mapped.startsWith('character') ? `character varying(${length})` : mapped.startsWith('timestamp') ? `timestamp(${length}) with time zone` : mapped;
  return mapped;
}
