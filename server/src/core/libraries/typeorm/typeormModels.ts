import type { ColumnDefinition } from '../../catalog/changes';
import type { ForeignKey } from '../../catalog/model';
import type { ModelIr, RelationIr } from '../../hosts/ir';
import { findModel, type ModelIndex } from '../../hosts/models';
import { spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { ModelReader, ModelSource } from '../models';
import { objectOf, textOf } from '../drizzle/drizzleColumns';
import { classNamed, propertyNamed, readClasses, type ClassMember, type Decorator, type EntityClass } from '../shared/entityClasses';
import { canonicalType, entityModel, type EntityColumn, type EntityDraft, type EntityKey } from '../shared/entityModel';
import { readSchemas } from './typeormSchemas';
import { camelCase, columnName, namingModel, snakeCase, snakedRelation } from './typeormNaming';

export const typeormModels: ModelReader<ModelSource> = { library: 'typeorm', marks: /['"]typeorm(?:-naming-strategies)?['"]|extends\s+Repository\s*</, read: readTypeorm };

const columnDecorators = /^(Column|PrimaryColumn|PrimaryGeneratedColumn|CreateDateColumn|UpdateDateColumn|DeleteDateColumn|VersionColumn|TreeLevelColumn|TreeParent)$/;
const relationDecorators = /^(ManyToOne|OneToOne|OneToMany|ManyToMany|TreeParent|TreeChildren)$/;

/** Properties of a class before its table is known. */
export interface ClassParts {
  readonly columns: readonly EntityColumn[];
  readonly relations: readonly RelationIr[];
  readonly keys: readonly EntityKey[];
  /** Relations with a foreign key of their own, by property. */
  readonly open: boolean;
}

/** Entities (decorators and `EntitySchema`), the classes they inherit from, repositories, and the choice of a naming strategy. */
function readTypeorm({ root, text, known }: ModelSource): readonly ModelIr[] {
  const snake = /new\s+SnakeNamingStrategy\b/.test(text);
  const naming: readonly ModelIr[] = snake ? [{ library: 'typeorm', name: namingModel, table: '', span: spanOf(root), columns: [], relations: [], changes: [] }] : [];
  const classes = readClasses(root);
  const byName = new Map(classes.map((entity) => [entity.name, entity]));
  const reader = createReader(byName, known, snake || findModel(known, namingModel, 'typeorm') !== undefined);
  return [
    ...naming,
    ...classes.flatMap((entity): readonly ModelIr[] => {
      if (/^(Tree)?Repository$/.test(entity.base ?? '')) {
        const target = /^\w+$/.exec(entity.baseArguments[0] ?? '')?.[0];
        return target === undefined ? [] : [{ library: 'typeorm', name: entity.name, table: '', span: spanOf(entity.node), columns: [], relations: [], changes: [], repositoryOf: target }];
      }
      const model = reader.model(entity);
      return model ? [model] : [];
    }),
    ...readSchemas(root),
  ];
}

const decorator = (list: readonly Decorator[], name: string): Decorator | undefined => list.find((item) => item.name === name);

function createReader(classes: ReadonlyMap<string, EntityClass>, known: ModelIndex, snake: boolean) {
  const named = (name: string): string => (snake ? snakeCase(name) : name);

  /** Primary key of an entity: of this file, else of the workspace; `id` where nothing is known. */
  function primaryOf(name: string | undefined): readonly { readonly property: string; readonly column: string; readonly type: string }[] {
    const own = name === undefined ? undefined : classes.get(name);
    const columns = own ? ownPrimary(own, 0) : [];
    if (columns.length > 0) return columns;
    const model = name === undefined ? undefined : findModel(known, name, 'typeorm');
    const create = model?.changes.find((change) => change.type === 'create-table');
    const found = (model?.primary ?? []).map((column) => ({ property: model?.columns.find((item) => item.column === column)?.property ?? column, column: named(column), type: create?.type === 'create-table' ? create.columns.find((item) => item.name === column)?.type ?? 'unknown' : 'unknown' }));
    return found.length > 0 ? found : [{ property: 'id', column: 'id', type: 'unknown' }];
  }

  /** Written in the class or above it; relations that are part of a key are not followed, they may lead back here. */
  function ownPrimary(entity: EntityClass, depth: number): readonly { readonly property: string; readonly column: string; readonly type: string }[] {
    const found = entity.members.flatMap((member) => {
      const column = member.decorators.find((item) => /^Primary/.test(item.name));
      return column && !member.decorators.some((item) => relationDecorators.test(item.name)) ? [readColumn(member, column, [], '')] : [];
    });
    if (found.length > 0) return found.map((column) => ({ property: column.property, column: column.definition.name, type: column.definition.type }));
    const base = entity.base === undefined || depth > 8 ? undefined : classes.get(entity.base);
    if (base) return ownPrimary(base, depth + 1);
    const model = entity.base === undefined ? undefined : findModel(known, entity.base, 'typeorm');
    return (model?.primary ?? []).map((column) => ({ property: model?.columns.find((item) => item.column === column)?.property ?? column, column: named(column), type: model?.inherited?.columns.find((item) => item.name === column)?.type ?? 'unknown' }));
  }

  /** Own and inherited properties. */
  function partsOf(entity: EntityClass, depth: number): ClassParts {
    const base = entity.base === undefined || /^BaseEntity$/.test(entity.base) || depth > 8 ? undefined : baseParts(entity.base, depth);
    const own = ownParts(entity, [], '', depth);
    if (entity.base !== undefined && !/^BaseEntity$/.test(entity.base) && !base) return { ...own, open: true };
    const properties = new Set(own.columns.map((column) => column.property));
    return { columns: [...(base?.columns.filter((column) => !properties.has(column.property)) ?? []), ...own.columns], relations: [...(base?.relations ?? []), ...own.relations], keys: [...(base?.keys ?? []), ...own.keys], open: own.open || (base?.open ?? false) };
  }

  function baseParts(name: string, depth: number): ClassParts | undefined {
    const local = classes.get(name);
    if (local) return partsOf(local, depth + 1);
    const model = findModel(known, name, 'typeorm');
    if (!model?.inherited) return undefined;
    const { columns, keys } = model.inherited;
    const node = [...classes.values()][0]?.node;
    return node && {
      columns: columns.map((definition) => ({ property: model.columns.find((column) => column.column === definition.name)?.property ?? definition.name, definition: { ...definition, name: named(definition.name) }, node, primary: model.primary?.includes(definition.name) ?? false, unique: false })),
      relations: model.relations, keys, open: false,
    };
  }

  /** @param path property path of the embedded object, with its dot. */
  function ownParts(entity: EntityClass, prefixes: readonly string[], path: string, depth: number): ClassParts {
    const columns: EntityColumn[] = [];
    const relations: RelationIr[] = [];
    const keys: EntityKey[] = [];
    let open = false;
    for (const member of entity.members) {
      const column = member.decorators.find((item) => columnDecorators.test(item.name));
      const relation = member.decorators.find((item) => relationDecorators.test(item.name));
      const embedded = column && classNamed(column.args[0]?.type === 'arrow_function' ? column.args[0] : undefined);
      if (embedded !== undefined && column) {
        const parts = depth > 6 ? undefined : embeddedParts(embedded, column, member, prefixes, path, depth);
        if (parts) {
          columns.push(...parts.columns);
          keys.push(...parts.keys);
        } else open = true;
      } else if (relation) readRelation(entity, member, relation, path, columns, relations);
      else if (column) columns.push(readColumn(member, column, prefixes, path));
      for (const index of member.decorators.filter((item) => item.name === 'Index')) {
        const own = columns.filter((item) => item.property === path + member.name).map((item) => item.definition.name);
        const joined = own.length > 0 ? own : relations.find((item) => item.property === path + member.name)?.columns ?? [];
        const options = objectOf(index.args.at(-1))?.entries;
        if (joined.length === 0 || options?.get('synchronize')?.text === 'false') open = true;
        else keys.push(indexKey(joined, index, options));
      }
    }
    for (const item of entity.decorators.filter(({ name }) => name === 'Index' || name === 'Unique')) {
      const list = item.args.find((arg) => /^(array|arrow_function)$/.test(unwrap(arg).type));
      const properties = list && propertyList(list);
      const found = properties?.map((property) => columns.find((column) => column.property === property)?.definition.name ?? relations.find((relation) => relation.property === property)?.columns[0]);
      const options = objectOf(item.args.at(-1))?.entries;
      // Columns of a base class are seen once the class is whole.
      if (!found || found.some((name) => name === undefined) || options?.get('synchronize')?.text === 'false') {
        const late = properties?.every((property) => /^\w+$/.test(property)) && entity.base !== undefined && options?.get('synchronize')?.text !== 'false';
        if (late && properties) keys.push(indexKey(properties.map(named), item, options));
        else open = true;
      } else keys.push(indexKey(found as readonly string[], item, options));
    }
    return { columns: withoutDoubles(columns), relations, keys, open };
  }

  function embeddedParts(name: string, column: Decorator, member: ClassMember, prefixes: readonly string[], path: string, depth: number): ClassParts | undefined {
    const options = objectOf(column.args[1])?.entries.get('prefix');
    const prefix = options === undefined || options.text === 'true' ? member.name : options.text === 'false' ? undefined : textOf(options);
    const target = classes.get(name);
    const inner = prefix === undefined ? prefixes : [...prefixes, prefix];
    if (target) return ownParts(target, inner, `${path}${member.name}.`, depth + 1);
    const model = findModel(known, name, 'typeorm');
    if (!model?.inherited) return undefined;
    return { columns: model.inherited.columns.map((definition) => ({ property: `${path}${member.name}.${model.columns.find((item) => item.column === definition.name)?.property ?? definition.name}`, definition: { ...definition, name: named(columnName(definition.name, inner)) }, node: member.node, primary: false, unique: false })), relations: [], keys: [], open: false };
  }

  function readColumn(member: ClassMember, column: Decorator, prefixes: readonly string[], path: string): EntityColumn {
    const options = objectOf(column.args.at(-1))?.entries;
    const written = textOf(options?.get('name'));
    const primary = /^Primary/.test(column.name) || options?.get('primary')?.text === 'true';
    const nullable = options?.get('nullable')?.text === 'true' || column.name === 'DeleteDateColumn';
    const generated = /^PrimaryGenerated/.test(column.name) || decorator(member.decorators, 'Generated') !== undefined;
    const value = options?.get('default');
    const special = /^(Create|Update)DateColumn$/.test(column.name) ? 'now()' : generated ? (typeOf(member, column, options) === 'uuid' ? 'gen_random_uuid()' : 'nextval') : value ? textOf(value) ?? value.text : undefined;
    const definition: ColumnDefinition = { name: written === undefined ? named(columnName(member.name, prefixes)) : named(columnName(written, prefixes)), type: typeOf(member, column, options), notNull: primary || !nullable, ...(special === undefined ? {} : { default: special }) };
    return { property: path + member.name, definition, node: member.node, primary, unique: options?.get('unique')?.text === 'true', ...(options?.get('select')?.text === 'false' ? { hidden: true } : {}) };
  }

  function readRelation(entity: EntityClass, member: ClassMember, relation: Decorator, path: string, columns: EntityColumn[], relations: RelationIr[]): void {
    const tree = /^Tree/.test(relation.name);
    const target = tree ? entity.name : classNamed(relation.args[0]);
    if (target === undefined) return;
    const inverse = tree ? undefined : propertyNamed(relation.args[1]?.type === 'object' ? undefined : relation.args[1]);
    const options = objectOf(relation.args.at(-1))?.entries;
    const eager = options?.get('eager')?.text === 'true';
    const many = /ToMany$|TreeChildren/.test(relation.name);
    const lazy = /^Promise\s*</.test(member.type ?? '') || options?.get('lazy')?.text === 'true';
    const base = { property: path + member.name, model: target, many, eager, ...(lazy ? { lazy: true as const } : {}), ...(inverse === undefined ? {} : { inverse }) };
    if (relation.name === 'ManyToMany') {
      relations.push({ ...base, columns: [], references: [], ...throughOf(entity, member, target) });
      return;
    }
    const joins = member.decorators.filter((item) => item.name === 'JoinColumn').flatMap((item): readonly (SyntaxNode | undefined)[] => {
      const [node] = item.args;
      return node && unwrap(node).type === 'array' ? unwrap(node).namedChildren : [node];
    }).map((node) => objectOf(node)?.entries);
    const owns = relation.name === 'ManyToOne' || relation.name === 'TreeParent' || (relation.name === 'OneToOne' && decorator(member.decorators, 'JoinColumn') !== undefined);
    if (!owns) {
      relations.push({ ...base, columns: [], references: [] });
      return;
    }
    const keys = primaryOf(target);
    const referenced = joins.length > 0 && joins.some((join) => join?.get('referencedColumnName')) ? joins.map((join) => ({ property: textOf(join?.get('referencedColumnName')) ?? 'id', column: named(textOf(join?.get('referencedColumnName')) ?? 'id'), type: 'unknown' })) : keys;
    const own = referenced.map((key, index) => named(textOf(joins[index]?.get('name')) ?? camelCase(`${member.name}_${key.property}`)));
    const required = options?.get('nullable')?.text === 'false' || options?.get('primary')?.text === 'true' || decorator(member.decorators, 'PrimaryColumn') !== undefined;
    own.forEach((name, index) => {
      columns.push({ property: `${path}${member.name}.${referenced[index]?.property ?? 'id'}`, definition: { name, type: referenced[index]?.type ?? 'unknown', notNull: required }, node: member.node, primary: decorator(member.decorators, 'PrimaryColumn') !== undefined || options?.get('primary')?.text === 'true', unique: relation.name === 'OneToOne' });
    });
    relations.push({ ...base, columns: own, references: referenced.map((key) => key.column), ...(required ? { required: true } : {}) });
  }

  function throughOf(entity: EntityClass, member: ClassMember, target: string): Pick<RelationIr, 'through'> {
    const join = decorator(member.decorators, 'JoinTable');
    if (!join) return {};
    const options = objectOf(join.args[0])?.entries;
    const [own, other] = [tableOf(entity.name), tableOf(target)];
    const name = textOf(join.args[0]) ?? textOf(options?.get('name')) ?? snakeCase(`${own}_${member.name.replaceAll('.', '_')}_${other}`);
    const side = (option: string, table: string, entityName: string): readonly string[] => {
      const written = textOf(objectOf(options?.get(option))?.entries.get('name'));
      return written === undefined ? primaryOf(entityName).map((key) => named(camelCase(`${table}_${key.column}`))) : [named(written)];
    };
    const schema = textOf(options?.get('schema'));
    const columns = side('joinColumn', own, entity.name);
    const references = side('inverseJoinColumn', other, target);
    const doubled = entity.name === target && columns.join() === references.join();
    return { through: { ...(schema === undefined ? {} : { schema }), table: name, columns: doubled ? columns.map((column) => `${column}_1`) : columns, references: doubled ? references.map((column) => `${column}_2`) : references } };
  }

  const tableOf = (name: string): string => {
    const entity = classes.get(name);
    return entity ? tableName(entity, classes) ?? snakeCase(name) : findModel(known, name, 'typeorm')?.table || snakeCase(name);
  };

  return {
    /** Undefined for a class that has nothing to do with TypeORM. */
    model(entity: EntityClass): ModelIr | undefined {
      const isEntity = entity.decorators.some((item) => /^(Entity|ViewEntity|ChildEntity)$/.test(item.name));
      const columns = entity.members.some((member) => member.decorators.some((item) => columnDecorators.test(item.name) || relationDecorators.test(item.name)));
      if (!isEntity && !columns) return undefined;
      const parts = partsOf(entity, 0);
      const relations = snake ? parts.relations.map(snakedRelation) : parts.relations;
      const plain = { library: 'typeorm' as const, name: entity.name, span: spanOf(entity.node), relations, columns: parts.columns.map((column) => ({ property: column.property, column: column.definition.name, span: spanOf(column.node), ...(column.hidden ? { hidden: true } : {}) })), primary: parts.columns.filter((column) => column.primary).map((column) => column.definition.name) };
      const deleted = entity.members.find((member) => decorator(member.decorators, 'DeleteDateColumn'));
      const softDelete = parts.columns.find((column) => column.property === deleted?.name)?.definition.name ?? (entity.base === undefined ? undefined : findModel(known, entity.base, 'typeorm')?.softDelete ?? inheritedDelete(entity));
      if (!isEntity) return { ...plain, table: '', changes: [], ...(softDelete === undefined ? {} : { softDelete }), inherited: { columns: parts.columns.map((column) => column.definition), keys: parts.keys.map((key) => ({ columns: key.columns.map(String), unique: key.unique, ...(key.name === undefined ? {} : { name: key.name }) })) } };
      const table = tableName(entity, classes);
      const view = decorator(entity.decorators, 'ViewEntity') !== undefined || decorator(entity.decorators, 'ChildEntity') !== undefined;
      if (table === undefined) return undefined;
      const schema = schemaOf(entity);
      const model: EntityDraft = {
        library: 'typeorm', name: entity.name, table, ...(schema === undefined ? {} : { schema }), node: entity.node, columns: parts.columns, relations, keys: parts.keys,
        foreignKeys: relations.flatMap((relation): readonly ForeignKey[] => (relation.columns.length > 0 ? [{ columns: relation.columns, references: { table: tableOf(relation.model), columns: relation.references } }] : [])),
        junctions: relations.flatMap((relation) => (relation.through ? [junction(relation, entity.name)] : [])),
        ...(softDelete === undefined ? {} : { softDelete }), open: parts.open,
      };
      const full = entityModel(model);
      return view ? { ...full, changes: [] } : full;
    },
  };

  function inheritedDelete(entity: EntityClass): string | undefined {
    const base = entity.base === undefined ? undefined : classes.get(entity.base);
    const member = base?.members.find((item) => decorator(item.decorators, 'DeleteDateColumn'));
    if (base && member) return ownParts(base, [], '', 0).columns.find((column) => column.property === member.name)?.definition.name;
    return base && inheritedDelete(base);
  }

  function junction(relation: RelationIr, entity: string) {
    const through = relation.through ?? { table: '', columns: [], references: [] };
    const own = primaryOf(entity);
    const other = primaryOf(relation.model);
    const column = (name: string, type: string | undefined): ColumnDefinition => ({ name, type: type ?? 'unknown', notNull: true });
    return {
      ...(through.schema === undefined ? {} : { schema: through.schema }), table: through.table, indexed: true,
      columns: [...through.columns.map((name, index) => column(name, own[index]?.type)), ...through.references.map((name, index) => column(name, other[index]?.type))],
      foreignKeys: [{ columns: through.columns, references: { table: tableOf(entity), columns: own.map((key) => key.column) } }, { columns: through.references, references: { table: tableOf(relation.model), columns: other.map((key) => key.column) } }],
    };
  }
}

/** `@Column() authorId` beside the relation that has the same column: one column. */
const withoutDoubles = (columns: readonly EntityColumn[]): readonly EntityColumn[] =>
  columns.filter((column) => !column.property.includes('.') || !columns.some((other) => other !== column && other.definition.name === column.definition.name && !other.property.includes('.')));

function indexKey(columns: readonly string[], index: Decorator, options: ReadonlyMap<string, SyntaxNode> | undefined): EntityKey {
  const name = textOf(index.args[0]);
  const predicate = textOf(options?.get('where'));
  const method = textOf(options?.get('type')) ?? (options?.get('spatial')?.text === 'true' ? 'gist' : undefined);
  return { columns, unique: index.name === 'Unique' || options?.get('unique')?.text === 'true', ...(name === undefined ? {} : { name }), ...(predicate === undefined ? {} : { predicate }), ...(method === undefined ? {} : { method }) };
}

/** `['a', 'b']`, `(user) => [user.a, user.b]`. */
function propertyList(node: SyntaxNode): readonly string[] | undefined {
  const inner = unwrap(node);
  const list = inner.type === 'array' ? inner : unwrap(inner.childForFieldName('body') ?? inner);
  if (list.type !== 'array') return undefined;
  const names = list.namedChildren.filter((child) => child.type !== 'comment').map((child) => (child.type === 'member_expression' ? child.text.split('.').slice(1).join('.') : textOf(child)));
  return names.every((name) => name !== undefined) ? names : undefined;
}

function schemaOf(entity: EntityClass): string | undefined {
  const options = objectOf(entity.decorators.find((item) => /^(View)?Entity$/.test(item.name))?.args.at(-1))?.entries;
  return textOf(options?.get('schema'));
}

function tableName(entity: EntityClass, classes: ReadonlyMap<string, EntityClass>): string | undefined {
  const child = decorator(entity.decorators, 'ChildEntity');
  if (child) {
    const base = entity.base === undefined ? undefined : classes.get(entity.base);
    return base && tableName(base, classes);
  }
  const [first, second] = entity.decorators.find((item) => /^(View)?Entity$/.test(item.name))?.args ?? [];
  if (first && textOf(first) === undefined && !objectOf(first)) return undefined;
  return textOf(first) ?? textOf(objectOf(first)?.entries.get('name')) ?? textOf(objectOf(second)?.entries.get('name')) ?? snakeCase(entity.name);
}

const reflected: Readonly<Record<string, string>> = { number: 'integer', string: 'character varying', boolean: 'boolean', Date: 'timestamp without time zone' };

/** The type that the column has in the database: as written, else what TypeORM takes for the property's own type. */
function typeOf(member: ClassMember, column: Decorator, options: ReadonlyMap<string, SyntaxNode> | undefined): string {
  const written = textOf(column.args[0]) ?? textOf(options?.get('type'));
  const array = options?.get('array')?.text === 'true' ? '[]' : '';
  if (column.name === 'PrimaryGeneratedColumn' || decorator(member.decorators, 'Generated')) {
    const type = textOf(options?.get('type'));
    return written === 'uuid' || decorator(member.decorators, 'Generated')?.args[0]?.text.includes('uuid') ? 'uuid' : type === undefined || type === written ? (written !== undefined && written !== 'increment' && written !== 'identity' ? canonicalType(written) : 'integer') : canonicalType(type);
  }
  if (written !== undefined) return canonicalType(written, options?.get('length')?.text.replaceAll(/['"]/g, '')) + array;
  if (/DateColumn$/.test(column.name)) return 'timestamp without time zone';
  if (column.name === 'VersionColumn') return 'integer';
  const type = (member.type ?? '').split('|').map((part) => part.trim()).filter((part) => !/^(null|undefined)$/.test(part));
  return type.length === 1 && options?.get('type') === undefined && options?.get('enum') === undefined ? (reflected[type[0] ?? ''] ?? 'unknown') + array : 'unknown';
}
