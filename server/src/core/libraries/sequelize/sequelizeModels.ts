import type { ForeignKey } from '../../catalog/model';
import type { ModelIr, RelationIr } from '../../hosts/ir';
import { findModel, type ModelIndex } from '../../hosts/models';
import { callParts, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { ModelReader, ModelSource } from '../models';
import { objectOf, textOf } from '../drizzle/drizzleColumns';
import { classNamed, readClasses, type ClassMember, type Decorator, type EntityClass } from '../shared/entityClasses';
import { entityModel, type EntityColumn, type EntityDraft, type EntityKey } from '../shared/entityModel';
import { camelize, pluralize, singularize, underscoredIf } from './sequelizeNaming';
import { isVirtual, sequelizeType } from './sequelizeTypes';

export const sequelizeModels: ModelReader<ModelSource> = { library: 'sequelize', marks: /sequelize|\bDataTypes\b/i, read: readSequelize };

type Options = ReadonlyMap<string, SyntaxNode>;

/** Name of the model that stands for "models are underscored by the options of the connection". */
const namingModel = '(define options)';

interface Draft extends EntityDraft {
  readonly columns: EntityColumn[];
  readonly relations: RelationIr[];
  readonly scoped: boolean;
}

/** Models of `define`, `init` and sequelize-typescript, with the associations that the file sets. */
function readSequelize({ root, known }: ModelSource): readonly ModelIr[] {
  const calls: SyntaxNode[] = [];
  const visit = (node: SyntaxNode, depth: number): void => {
    if (node.type === 'call_expression' || node.type === 'new_expression') calls.push(node);
    if (depth < 60) for (const child of node.namedChildren) visit(child, depth + 1);
  };
  visit(root, 0);
  const global = globalOptions(calls, known);
  const drafts: Draft[] = [];
  const variables = new Map<string, string>();
  for (const call of calls) {
    const parts = callParts(call);
    const method = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('property')?.text : undefined;
    if (method === 'define' && parts) addDefine(call, parts.args, drafts, variables, global);
    else if (method === 'init' && parts && parts.args.length >= 2) addInit(call, parts, drafts, variables, global);
  }
  for (const entity of readClasses(root)) if (entity.decorators.some((item) => item.name === 'Table')) drafts.push(readTable(entity, global));
  for (const call of calls) readAssociation(call, drafts, variables, known);
  const naming: ModelIr[] = global.own ? [{ library: 'sequelize', name: namingModel, table: '', span: spanOf(root), columns: [], relations: [], changes: [], naming: 'snake' }] : [];
  // A model is used by the variable that holds it as well as by its name.
  const held: ModelIr[] = [...variables].filter(([variable, name]) => variable !== name && !drafts.some((draft) => draft.name === variable)).map(([variable, name]) => ({ library: 'sequelize', name: variable, table: '', span: spanOf(root), columns: [], relations: [], changes: [], inherits: [name] }));
  return [...naming, ...held, ...drafts.map((draft) => ({ ...entityModel({ ...draft, relations: withJunctions(draft.relations, drafts, known), foreignKeys: foreignKeys(draft, drafts, known) }), ...(draft.scoped ? { scoped: true } : {}) }))];
}

interface Global {
  readonly underscored: boolean;
  /** Set in this file. */
  readonly own: boolean;
}

/** `new Sequelize(url, { define: { underscored: true } })`. */
function globalOptions(calls: readonly SyntaxNode[], known: ModelIndex): Global {
  const own = calls.some((call) => {
    const parts = callParts(call);
    const define = call.type === 'new_expression' && /(^|\.)Sequelize$/.test(parts?.callee.text ?? '') ? objectOf(objectOf(parts?.args.at(-1))?.entries.get('define'))?.entries : undefined;
    return define?.get('underscored')?.text === 'true';
  });
  return { own, underscored: own || findModel(known, namingModel, 'sequelize') !== undefined };
}

function addDefine(call: SyntaxNode, args: readonly SyntaxNode[], drafts: Draft[], variables: Map<string, string>, global: Global): void {
  const name = textOf(args[0]);
  const attributes = objectOf(args[1]);
  if (name === undefined || !attributes) return;
  const draft = readAttributes(name, attributes, objectOf(args[2])?.entries, call, global, args[2] !== undefined && !objectOf(args[2]));
  drafts.push(draft);
  const declarator = call.parent?.type === 'variable_declarator' ? call.parent : undefined;
  const variable = declarator?.childForFieldName('name')?.text;
  if (variable !== undefined) variables.set(variable, name);
}

function addInit(call: SyntaxNode, parts: NonNullable<ReturnType<typeof callParts>>, drafts: Draft[], variables: Map<string, string>, global: Global): void {
  const object = parts.callee.childForFieldName('object');
  const owner = object?.type === 'identifier' ? object.text : /^(super|this)$/.test(object?.type ?? '') ? classAround(call) : undefined;
  const attributes = objectOf(parts.args[0]);
  const options = objectOf(parts.args[1]);
  if (owner === undefined || !attributes || !options || !options.entries.has('sequelize')) return;
  const name = textOf(options.entries.get('modelName')) ?? owner;
  if (name !== owner) variables.set(owner, name);
  drafts.push(readAttributes(name, attributes, options.entries, call, global, options.spreads.length > 0));
}

function classAround(node: SyntaxNode): string | undefined {
  for (let current = node.parent; current; current = current.parent) if (/^(class_declaration|class)$/.test(current.type)) return current.childForFieldName('name')?.text;
  return undefined;
}

function tableNames(name: string, options: Options | undefined, global: Global): { readonly table: string; readonly schema?: string; readonly underscored: boolean } {
  const underscored = options?.get('underscored') === undefined ? global.underscored : options.get('underscored')?.text === 'true';
  const schema = textOf(options?.get('schema'));
  const table = textOf(options?.get('tableName')) ?? (options?.get('freezeTableName')?.text === 'true' ? name : underscoredIf(pluralize(name), underscored));
  return { table, ...(schema === undefined ? {} : { schema }), underscored };
}

function readAttributes(name: string, attributes: { readonly entries: Options; readonly spreads: readonly SyntaxNode[] }, options: Options | undefined, node: SyntaxNode, global: Global, openOptions: boolean): Draft {
  const { underscored, ...names } = tableNames(name, options, global);
  const columns: EntityColumn[] = [];
  const keys: EntityKey[] = [];
  for (const [property, value] of attributes.entries) {
    const column = objectOf(value)?.entries;
    const type = column ? column.get('type') : value;
    if (type && isVirtual(type)) continue;
    const flag = (key: string): boolean => column?.get(key)?.text === 'true';
    const primary = flag('primaryKey');
    const unique = column?.get('unique');
    const together = textOf(unique);
    const field = textOf(column?.get('field')) ?? underscoredIf(property, underscored);
    columns.push({
      property, node: value, primary, unique: unique !== undefined && together === undefined && unique.text !== 'false',
      definition: { name: field, type: type ? sequelizeType(type) : 'unknown', notNull: primary || column?.get('allowNull')?.text === 'false', ...(flag('autoIncrement') ? { default: 'nextval' } : {}) },
    });
    if (together !== undefined) addTogether(keys, together, field);
  }
  const draft: Draft = { library: 'sequelize', name, ...names, node, columns, relations: [], keys, foreignKeys: [], open: attributes.spreads.length > 0 || openOptions, scoped: objectOf(options?.get('defaultScope'))?.entries.has('where') ?? options?.has('defaultScope') ?? false };
  return withImplied(draft, options, underscored);
}

/** Columns of one name in `unique` make one constraint. */
function addTogether(keys: EntityKey[], name: string, column: string): void {
  const known = keys.findIndex((key) => key.name === name);
  if (known < 0) keys.push({ columns: [column], unique: true, name });
  else keys[known] = { columns: [...(keys[known]?.columns ?? []), column], unique: true, name };
}

/** The key, the times and the indexes that the options add. */
function withImplied(draft: Draft, options: Options | undefined, underscored: boolean, times: ReadonlyMap<string, string> = new Map()): Draft {
  const columns = [...draft.columns];
  const keys = [...draft.keys];
  if (!columns.some((column) => column.primary)) columns.unshift({ property: 'id', node: draft.node, primary: true, unique: false, definition: { name: 'id', type: 'integer', notNull: true, default: 'nextval' } });
  let softDelete: string | undefined;
  const time = (key: string, wanted: boolean, notNull: boolean): string | undefined => {
    const option = options?.get(key);
    if (!wanted || option?.text === 'false') return undefined;
    const property = times.get(key) ?? textOf(option) ?? key;
    const known = columns.find((column) => column.property === property);
    if (known) return known.definition.name;
    const name = underscoredIf(property, underscored);
    columns.push({ property, node: draft.node, primary: false, unique: false, definition: { name, type: 'timestamp with time zone', notNull } });
    return name;
  };
  const timestamps = options?.get('timestamps')?.text !== 'false';
  time('createdAt', timestamps, true);
  time('updatedAt', timestamps, true);
  if (options?.get('paranoid')?.text === 'true' || times.has('deletedAt')) softDelete = time('deletedAt', timestamps, false);
  let open = draft.open;
  const listed = options?.get('indexes');
  for (const item of listed && unwrap(listed).type === 'array' ? unwrap(listed).namedChildren : []) {
    const key = readIndex(item, columns);
    if (key) keys.push(key);
    else if (item.type !== 'comment') open = true;
  }
  if (listed && unwrap(listed).type !== 'array') open = true;
  return { ...draft, columns, keys, open, ...(softDelete === undefined ? {} : { softDelete }) };
}

function readIndex(node: SyntaxNode, columns: readonly EntityColumn[]): EntityKey | undefined {
  const entry = objectOf(node)?.entries;
  const fields = entry?.get('fields');
  if (!fields || unwrap(fields).type !== 'array') return undefined;
  const names = unwrap(fields).namedChildren.map((field) => {
    const name = textOf(field) ?? textOf(objectOf(field)?.entries.get('name')) ?? textOf(objectOf(field)?.entries.get('attribute'));
    const descending = textOf(objectOf(field)?.entries.get('order'))?.toLowerCase() === 'desc';
    const column = columns.find((candidate) => candidate.property === name)?.definition.name ?? name;
    return column === undefined ? undefined : descending ? { column, descending, nullsFirst: true } : column;
  });
  if (names.some((name) => name === undefined) || (entry?.get('where') && entry.get('where')?.text !== '{}')) return undefined;
  const name = textOf(entry?.get('name'));
  const method = textOf(entry?.get('using')) ?? textOf(entry?.get('type'));
  return { columns: names as EntityKey['columns'], unique: entry?.get('unique')?.text === 'true' || method?.toUpperCase() === 'UNIQUE', ...(name === undefined ? {} : { name }), ...(method === undefined || method.toUpperCase() === 'UNIQUE' ? {} : { method: method.toLowerCase() }) };
}

/** sequelize-typescript: `@Table class User extends Model`. */
function readTable(entity: EntityClass, global: Global): Draft {
  const options = objectOf(entity.decorators.find((item) => item.name === 'Table')?.args[0])?.entries;
  const name = textOf(options?.get('modelName')) ?? entity.name;
  const { underscored, ...names } = tableNames(name, options, global);
  const columns: EntityColumn[] = [];
  const relations: RelationIr[] = [];
  const keys: EntityKey[] = [];
  const has = (member: ClassMember, decorator: string): boolean => member.decorators.some((item) => item.name === decorator);
  const times = new Map<string, string>();
  for (const member of entity.members) {
    const column = member.decorators.find((item) => item.name === 'Column');
    for (const [decorator, option] of [['CreatedAt', 'createdAt'], ['UpdatedAt', 'updatedAt'], ['DeletedAt', 'deletedAt']] as const) if (has(member, decorator)) times.set(option, member.name);
    if (column || has(member, 'ForeignKey')) {
      const given = objectOf(column?.args[0])?.entries;
      const type = given?.get('type') ?? (given ? undefined : column?.args[0]);
      const primary = has(member, 'PrimaryKey') || given?.get('primaryKey')?.text === 'true';
      const field = textOf(given?.get('field')) ?? underscoredIf(member.name, underscored);
      columns.push({
        property: member.name, node: member.node, primary, unique: has(member, 'Unique') || given?.get('unique')?.text === 'true',
        definition: { name: field, type: type ? sequelizeType(type) : (inferred[member.type ?? ''] ?? 'unknown'), notNull: primary || given?.get('allowNull')?.text === 'false' || member.decorators.some((item) => item.name === 'AllowNull' && item.args[0]?.text === 'false'), ...(has(member, 'AutoIncrement') || given?.get('autoIncrement')?.text === 'true' ? { default: 'nextval' } : {}) },
      });
      const index = member.decorators.find((item) => item.name === 'Index');
      if (index) keys.push({ columns: [field], unique: objectOf(index.args[0])?.entries.get('unique')?.text === 'true' });
    }
    const relation = member.decorators.find((item) => /^(BelongsTo|HasMany|HasOne|BelongsToMany)$/.test(item.name));
    const target = relation && classNamed(relation.args[0]);
    if (!relation || target === undefined) continue;
    const written = textOf(relation.args[1]) ?? textOf(objectOf(relation.args[1])?.entries.get('foreignKey'));
    const own = entity.members.find((other) => other.decorators.some((item) => item.name === 'ForeignKey' && classNamed(item.args[0]) === target))?.name;
    const key = relation.name === 'BelongsTo' ? written ?? own : undefined;
    const column2 = key === undefined ? undefined : columns.find((item) => item.property === key)?.definition.name ?? underscoredIf(key, underscored);
    relations.push({ property: member.name, model: target, many: /Many$/.test(relation.name), eager: false, columns: column2 === undefined ? [] : [column2], references: column2 === undefined ? [] : ['id'], ...throughOf(relation, written) });
  }
  const draft: Draft = { library: 'sequelize', name, ...names, node: entity.node, columns, relations, keys, foreignKeys: [], open: false, scoped: entity.decorators.some((item) => item.name === 'DefaultScope') };
  return withImplied(draft, options, underscored, times);
}

/** The other side's foreign key is found by the other side; a table between both is named by its class, and looked up when all classes are known. */
function throughOf({ name, args }: Decorator, written: string | undefined): Partial<RelationIr> {
  if (name !== 'BelongsToMany') return name === 'BelongsTo' || written === undefined ? {} : { name: written };
  const options = objectOf(args[1])?.entries;
  const [key, other] = [textOf(options?.get('foreignKey')) ?? textOf(args[2]), textOf(options?.get('otherKey')) ?? textOf(args[3])];
  const between = classNamed(options?.get('through') ?? args[1]);
  return { name: between ?? '', ...(between === undefined || key === undefined || other === undefined ? {} : { through: { table: '', columns: [key], references: [other] } }) };
}

/** Tables between classes by what declares them. */
function withJunctions(relations: readonly RelationIr[], drafts: readonly Draft[], known: ModelIndex): RelationIr[] {
  return relations.map((relation) => {
    if (relation.through?.table !== '') return relation;
    const draft = drafts.find((item) => item.name === relation.name);
    const model = draft ? undefined : findModel(known, relation.name ?? '', 'sequelize');
    const { through, ...rest } = relation;
    const table = draft?.table ?? model?.table;
    if (table === undefined || table === '') return rest;
    const column = (property: string): string => draft?.columns.find((item) => item.property === property)?.definition.name ?? model?.columns.find((item) => item.property === property)?.column ?? property;
    return { ...rest, through: { table, columns: through.columns.map(column), references: through.references.map(column) } };
  });
}

const inferred: Readonly<Record<string, string>> = { string: 'character varying(255)', number: 'integer', boolean: 'boolean', Date: 'timestamp with time zone' };

/** `User.hasMany(Post, { foreignKey: 'userId', as: 'posts' })`, also of `this` and of `models.Post`. */
function readAssociation(call: SyntaxNode, drafts: Draft[], variables: ReadonlyMap<string, string>, known: ModelIndex): void {
  const parts = callParts(call);
  const kind = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('property')?.text : undefined;
  if (!parts || kind === undefined || !/^(belongsTo|hasMany|hasOne|belongsToMany)$/.test(kind)) return;
  const named = (node: SyntaxNode | undefined | null): string | undefined => {
    const name = !node ? undefined : node.type === 'this' ? classAround(call) : node.type === 'member_expression' ? node.childForFieldName('property')?.text : node.text;
    return name === undefined ? undefined : variables.get(name) ?? name;
  };
  const source = named(parts.callee.childForFieldName('object'));
  const target = named(parts.args[0]);
  const draft = drafts.find((item) => item.name === source);
  if (!draft || target === undefined) return;
  const options = objectOf(parts.args[1])?.entries;
  const key = textOf(options?.get('foreignKey')) ?? textOf(objectOf(options?.get('foreignKey'))?.entries.get('name'));
  const as = textOf(options?.get('as'));
  const many = kind === 'hasMany' || kind === 'belongsToMany';
  const property = as ?? (many ? pluralize(target) : singularize(target));
  const other = drafts.find((item) => item.name === target) ?? findModel(known, target, 'sequelize');
  const columnIn = (model: typeof other, name: string): string => (model && 'columns' in model ? (model.columns as readonly { readonly property: string; readonly column?: string; readonly definition?: { readonly name: string } }[]).map((column) => ({ property: column.property, name: column.definition?.name ?? column.column ?? '' })).find((column) => column.property === name || column.name === name)?.name : undefined) ?? name;
  if (kind === 'belongsTo') {
    const own = key ?? camelize(`${as ?? target.charAt(0).toLowerCase() + target.slice(1)}_id`);
    const attribute = draft.columns.find((column) => column.property === own || column.property === `${target}Id` || column.definition.name === own);
    draft.relations.push({ property, model: target, many: false, eager: false, columns: [attribute?.definition.name ?? own], references: [primaryOf(other)] });
    if (!attribute) draft.columns.push({ property: own, node: call, primary: false, unique: false, definition: { name: own, type: 'unknown', notNull: false } });
    return;
  }
  if (kind === 'belongsToMany') {
    const through = textOf(options?.get('through')) ?? named(options?.get('through')) ?? textOf(objectOf(options?.get('through'))?.entries.get('model'));
    const otherKey = textOf(options?.get('otherKey'));
    const junction = drafts.find((item) => item.name === through) ?? (through === undefined ? undefined : findModel(known, through, 'sequelize'));
    if (through === undefined || key === undefined || otherKey === undefined) draft.relations.push({ property, model: target, many, eager: false, columns: [], references: [] });
    else draft.relations.push({ property, model: target, many, eager: false, columns: [], references: [], name: through, through: { table: junction?.table ?? through, columns: [columnIn(junction, key)], references: [columnIn(junction, otherKey)] } });
    return;
  }
  const foreign = key ?? camelize(`${draft.name.charAt(0).toLowerCase() + draft.name.slice(1)}_id`);
  draft.relations.push({ property, model: target, many, eager: false, columns: [draft.columns.find((column) => column.primary)?.definition.name ?? 'id'], references: [columnIn(other, foreign)] });
}

const primaryOf = (model: Draft | ModelIr | undefined): string =>
  (model === undefined ? 'id' : 'keys' in model ? model.columns.find((column) => column.primary)?.definition.name : model.primary?.[0]) ?? 'id';

function foreignKeys(draft: Draft, drafts: readonly Draft[], known: ModelIndex): readonly ForeignKey[] {
  return draft.relations.flatMap((relation): readonly ForeignKey[] => {
    const target = drafts.find((item) => item.name === relation.model) ?? findModel(known, relation.model, 'sequelize');
    const owns = !relation.many && relation.columns.length > 0 && !draft.columns.some((column) => column.primary && relation.columns.includes(column.definition.name));
    return owns && target && target.table !== '' ? [{ columns: relation.columns, references: { table: target.table, columns: relation.references } }] : [];
  });
}
