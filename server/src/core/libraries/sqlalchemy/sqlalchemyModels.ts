import type { ColumnDefinition, SchemaChange } from '../../catalog/changes';
import type { Constraint, ForeignKey, Index } from '../../catalog/model';
import type { ModelReader, PythonModelSource } from '../models';
import type { ModelIr, RelationIr } from '../../hosts/ir';
import type { Binding, Scopes } from '../../hosts/python/scopes';
import { argumentsOf, calleeName, field, literalValue, parts, pathOf, spanOf, unwrap, type Arguments } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { inheritedTable, readTableNaming, tableNameOf, type TableNaming } from './sqlalchemyNaming';
import { annotationType, typeArgument } from './sqlalchemyTypes';

/** What one class body or `Table(…)` declares, before foreign keys and relations are tied to other models. */
interface Draft {
  readonly name: string;
  readonly node: SyntaxNode;
  table?: string;
  schema?: string;
  readonly columns: Map<string, ColumnDraft>;
  readonly relations: RelationDraft[];
  readonly constraints: Constraint[];
  readonly foreignKeys: ForeignKey[];
  readonly indexes: Index[];
  /** Names of the base classes that this file does not hold. */
  readonly bases: string[];
  /** Given by a base class of this file, or by the class itself (`namesTables`). */
  naming?: TableNaming;
  namesTables: boolean;
  abstract: boolean;
  /** Has columns or relations that are SQLAlchemy's without doubt (a pydantic model has `Field()` too). */
  declarative: boolean;
}

interface ColumnDraft {
  readonly property: string;
  readonly definition: ColumnDefinition;
  readonly span: ReturnType<typeof spanOf>;
  readonly primary: boolean;
  readonly unique: boolean;
  readonly index: boolean;
  readonly foreignKey?: ForeignKey;
}

interface RelationDraft {
  readonly property: string;
  readonly target: string;
  readonly list?: boolean;
  readonly eager: boolean;
  readonly loading?: RelationIr['loading'];
  readonly backref?: NonNullable<RelationIr['backref']>;
  /** Names in `foreign_keys=`; `secondary` tables leave the columns unknown. */
  readonly foreignKeys: readonly string[];
  readonly secondary: boolean;
}

const columnCalls = /^(mapped_column|Column|Field|column_property|deferred)$/;
const relationCalls = /^(relationship|Relationship|relation|dynamic_loader)$/;
const eagerLoading = /^(joined|selectin|subquery|immediate)$/;

export const sqlalchemyModels: ModelReader<PythonModelSource> = {
  library: 'sqlalchemy',
  marks: /__tablename__|DeclarativeBase|declarative_base|mapped_column|relationship\(|\bColumn\(|table=True|\bTable\(/,
  read: readSqlalchemyModels,
};

/**
 * Declarative classes (with the mixins and bases of the same file), SQLModel tables and `Table(…)` objects as models.
 * A class whose base stands in another file and names the table is a model without one until that base is in `known`;
 * such bases are in the result too.
 */
function readSqlalchemyModels({ classes, scopes, known }: PythonModelSource): ModelIr[] {
  const byName = new Map(classes.flatMap((node): [string, SyntaxNode][] => {
    const name = field(node, 'name')?.text;
    return name ? [[name, node]] : [];
  }));
  const drafts = [...byName].flatMap(([name, node]): Draft[] => {
    const draft = readClass(name, node, byName, scopes, 0);
    if (draft.table !== undefined) return draft.columns.size > 0 ? [draft] : [];
    if (draft.abstract || !draft.declarative || draft.namesTables) return draft.namesTables ? [draft] : [];
    draft.table = draft.naming ? tableNameOf(name, draft.naming) : inheritedTable(name, draft.bases, known);
    return draft.table !== undefined || draft.bases.some((base) => base !== 'object') ? [draft] : [];
  });
  for (const [name, bindings] of scopes.module.bindings) {
    const draft = bindings.length === 1 ? readTable(name, bindings[0]) : undefined;
    if (draft) drafts.push(draft);
  }
  return drafts.map((draft) => toModel(draft, drafts));
}

function emptyDraft(name: string, node: SyntaxNode): Draft {
  return { name, node, columns: new Map(), relations: [], constraints: [], foreignKeys: [], indexes: [], bases: [], namesTables: false, abstract: false, declarative: false };
}

function readClass(name: string, node: SyntaxNode, classes: ReadonlyMap<string, SyntaxNode>, scopes: Scopes, depth: number): Draft {
  const draft = emptyDraft(name, node);
  const superclasses = field(node, 'superclasses');
  const bases = superclasses ? parts(superclasses) : [];
  for (const base of [...bases].reverse()) {
    const inherited = base.type === 'identifier' ? classes.get(base.text) : undefined;
    if (!inherited && base.type !== 'keyword_argument') draft.bases.push(base.text.split('.').at(-1) ?? '');
    if (!inherited || depth > 6 || inherited.id === node.id) continue;
    const from = readClass(base.text, inherited, classes, scopes, depth + 1);
    for (const [property, column] of from.columns) draft.columns.set(property, column);
    draft.relations.push(...from.relations);
    draft.schema ??= from.schema;
    draft.naming ??= from.naming;
    draft.declarative ||= from.declarative;
    draft.bases.push(...from.bases);
    draft.indexes.push(...(from.table === undefined ? from.indexes : []));
  }
  const sqlModel = bases.some((base) => base.type === 'keyword_argument' && base.text.replaceAll(' ', '') === 'table=True');
  if (sqlModel) draft.table = name.toLowerCase();
  else if (bases.some((base) => base.text === 'db.Model')) draft.table = snakeCase(name);
  for (const [property, bindings] of scopes.scopeAt(node)?.bindings ?? []) {
    const binding = bindings[0];
    if (!binding) continue;
    if (property === '__abstract__') draft.abstract = binding.value !== undefined && literalValue(binding.value) === true;
    else if (property === '__tablename__' && binding.kind === 'function') draft.namesTables = (draft.naming = readTableNaming(binding, scopes)) !== undefined;
    else if (property === '__tablename__') draft.table = textValue(binding.value) ?? draft.table;
    else if (property === '__table_args__') readTableArguments(draft, binding.value);
    else if (binding.kind === 'assign') readProperty(draft, property, binding, sqlModel || depth > 0);
  }
  return draft;
}

/** Flask-SQLAlchemy's name of a table without `__tablename__`. */
const snakeCase = (name: string): string => name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toLowerCase();

const textValue = (node: SyntaxNode | undefined): string | undefined => {
  const value = node && literalValue(node);
  return typeof value === 'string' ? value : undefined;
};

function readProperty(draft: Draft, property: string, binding: Binding, plainFields: boolean): void {
  if (property.startsWith('__')) return;
  const value = binding.value && unwrap(binding.value);
  const call = value?.type === 'call' ? value : undefined;
  const callee = call && calleeName(call)?.text;
  draft.declarative ||= callee !== undefined && /^(?:relationship|mapped_column|Column)$/.test(callee);
  if (call && callee && relationCalls.test(callee)) {
    draft.relations.push(readRelation(property, call, binding.type));
    return;
  }
  const annotated = binding.type === undefined ? undefined : annotationType(binding.type);
  const declares = callee !== undefined && columnCalls.test(callee);
  const mapped = /\bMapped\[/.test(binding.type ?? '') || (plainFields && binding.type !== undefined && annotated?.type !== undefined);
  if (declares || (mapped && (!call || annotated?.type))) {
    const column = readColumn(property, declares ? call : undefined, binding, annotated);
    if (column) draft.columns.set(property, column);
  }
}

function readColumn(property: string, call: SyntaxNode | undefined, binding: Binding, annotated: ReturnType<typeof annotationType> | undefined): ColumnDraft | undefined {
  const { positional, keyword } = call ? argumentsOf(call) : ({ positional: [], keyword: new Map() } as unknown as Arguments);
  const inner = keyword.get('sa_column');
  if (inner && unwrap(inner).type === 'call') return readColumn(property, unwrap(inner), binding, annotated);
  const flag = (name: string): boolean | undefined => {
    const value = keyword.get(name);
    const known = value && literalValue(value);
    return typeof known === 'boolean' ? known : undefined;
  };
  const name = textValue(positional[0]) ?? textValue(keyword.get('name')) ?? property;
  const reference = foreignKeyOf(positional) ?? textValue(keyword.get('foreign_key'));
  const primary = flag('primary_key') ?? false;
  const type = (call && typeArgument(call)) ?? annotated?.type ?? (reference === undefined ? 'unknown' : 'integer');
  const nullable = flag('nullable') ?? (primary ? false : annotated === undefined ? true : annotated.optional);
  const server = keyword.get('server_default');
  return {
    property,
    definition: { name, type, notNull: !nullable, default: server ? textValue(server) ?? server.text : primary && type === 'integer' && reference === undefined ? `nextval` : undefined },
    span: spanOf(binding.node),
    primary,
    unique: flag('unique') ?? false,
    index: flag('index') ?? false,
    foreignKey: reference === undefined ? undefined : { columns: [name], references: parseReference(reference) },
  };
}

function foreignKeyOf(positional: readonly SyntaxNode[]): string | undefined {
  for (const argument of positional) {
    const inner = unwrap(argument);
    if (inner.type === 'call' && calleeName(inner)?.text === 'ForeignKey') {
      const first = argumentsOf(inner).positional[0];
      const path = first && pathOf(first)?.filter((part) => part !== 'c');
      return textValue(first) ?? path?.join('.');
    }
  }
  return undefined;
}

function parseReference(text: string): ForeignKey['references'] {
  const steps = text.split('.');
  const column = steps.at(-1) ?? '';
  return { schema: steps.length > 2 ? steps.at(-3) : undefined, table: steps.at(-2) ?? '', columns: [column] };
}

function readRelation(property: string, call: SyntaxNode, annotation: string | undefined): RelationDraft {
  const { positional, keyword } = argumentsOf(call);
  const annotated = annotation === undefined ? undefined : annotationType(annotation);
  const first = positional[0] ?? keyword.get('argument');
  const target = textValue(first)?.split('.').at(-1) ?? (first && pathOf(first)?.at(-1)) ?? annotated?.name ?? '';
  const uselist = keyword.get('uselist');
  const lazy = keyword.get('lazy');
  const foreign = keyword.get('foreign_keys');
  const names = foreign ? (textValue(foreign) ?? foreign.text).match(/\w+/g)?.filter((word) => /^[a-z_]/.test(word)) ?? [] : [];
  return {
    property,
    target: target.replaceAll(/^\W+|\W+$/g, ''),
    list: uselist ? literalValue(uselist) === true : annotated ? annotated.list : undefined,
    ...loadingOf(textValue(lazy), call, annotation),
    ...backrefOf(keyword.get('backref'), keyword.has('secondary'), uselist ? literalValue(uselist) === true : annotated?.list),
    foreignKeys: names,
    secondary: keyword.has('secondary'),
  };
}

function loadingOf(lazy: string | undefined, call?: SyntaxNode, annotation = ''): Pick<RelationDraft, 'eager' | 'loading'> {
  const eager = eagerLoading.test(lazy ?? '');
  if (lazy === 'dynamic' || (call && calleeName(call)?.text) === 'dynamic_loader' || /\bDynamicMapped\[/.test(annotation)) return { eager, loading: 'dynamic' };
  return { eager, ...(/^(raise|raise_on_sql|noload|write_only)$/.test(lazy ?? '') || /\bWriteOnlyMapped\[/.test(annotation) ? { loading: 'never' as const } : {}) };
}

/** `backref='orders'`, `backref=backref('orders', lazy='dynamic')`: the relation that it gives the other class. `list`: what the relation itself is, where it says so. */
function backrefOf(value: SyntaxNode | undefined, secondary: boolean, list: boolean | undefined): Pick<RelationDraft, 'backref'> {
  const inner = value && unwrap(value);
  const { positional, keyword } = inner?.type === 'call' ? argumentsOf(inner) : { positional: inner ? [inner] : [], keyword: new Map<string, SyntaxNode>() };
  const property = textValue(positional[0]);
  const uselist = keyword.get('uselist');
  if (property === undefined) return {};
  return { backref: { property, ...loadingOf(textValue(keyword.get('lazy'))), ...(uselist ? { many: literalValue(uselist) === true } : secondary ? { many: true } : list === undefined ? {} : { many: !list }) } };
}

function readTableArguments(draft: Draft, value: SyntaxNode | undefined): void {
  const inner = value && unwrap(value);
  for (const item of inner?.type === 'tuple' ? parts(inner) : inner ? [inner] : []) {
    if (item.type === 'dictionary') {
      for (const pair of parts(item)) {
        const key = field(pair, 'key');
        if (textValue(key) === 'schema') draft.schema = textValue(field(pair, 'value'));
      }
    } else if (item.type === 'call') readTableItem(draft, item);
  }
}

function readTableItem(draft: Draft, call: SyntaxNode): void {
  const name = calleeName(call)?.text;
  const { positional, keyword } = argumentsOf(call);
  const constraintName = textValue(keyword.get('name'));
  const columnOf = (node: SyntaxNode): string | undefined => {
    const written = textValue(node);
    if (written !== undefined) return written;
    const property = pathOf(node)?.at(-1);
    return property === undefined ? undefined : draft.columns.get(property)?.definition.name ?? property;
  };
  const names = positional.flatMap((argument) => columnOf(argument) ?? []);
  if (name === 'UniqueConstraint' || name === 'PrimaryKeyConstraint') draft.constraints.push({ name: constraintName, type: name === 'UniqueConstraint' ? 'unique' : 'primary', columns: names });
  else if (name === 'ForeignKeyConstraint') {
    const [from, to] = positional.map((argument) => parts(unwrap(argument)).flatMap((item) => textValue(item) ?? []));
    const reference = to?.[0] === undefined ? undefined : parseReference(to[0]);
    if (from && to && reference) draft.foreignKeys.push({ name: constraintName, columns: from, references: { ...reference, columns: to.map((text) => text.split('.').at(-1) ?? '') } });
  } else if (name === 'Index') {
    const [first, ...rest] = positional;
    const where = keyword.get('postgresql_where');
    const include = keyword.get('postgresql_include');
    if (!first || rest.length === 0) return;
    const unique = keyword.get('unique');
    draft.indexes.push({
      name: textValue(first) ?? '',
      method: textValue(keyword.get('postgresql_using')) ?? 'btree',
      unique: !!unique && literalValue(unique) === true,
      valid: true,
      keys: rest.map((argument) => indexKey(argument, columnOf, keyword.get('postgresql_ops'))),
      include: include ? parts(unwrap(include)).flatMap((item) => columnOf(item) ?? []) : [],
      predicate: where ? textValue(argumentsOf(unwrap(where)).positional[0]) ?? where.text : undefined,
    });
  }
}

function indexKey(node: SyntaxNode, columnOf: (node: SyntaxNode) => string | undefined, ops: SyntaxNode | undefined): Index['keys'][number] {
  const inner = unwrap(node);
  let current = inner;
  let descending = false;
  while (current.type === 'call') {
    const name = calleeName(current)?.text;
    if (name === 'desc') descending = true;
    else if (!/^(asc|nulls_last|nulls_first|nullslast|nullsfirst)$/.test(name ?? '')) {
      const argument = argumentsOf(current).positional[0];
      const text = textValue(argument);
      const column = argument && columnOf(argument);
      const expression = name === 'text' ? text : name && column ? `${name}(${column})` : current.text;
      return { expression: expression ?? current.text, descending, nullsFirst: descending };
    }
    const receiver = field(field(current, 'function') ?? current, 'object') ?? argumentsOf(current).positional[0];
    if (!receiver) break;
    current = unwrap(receiver);
  }
  const column = columnOf(current);
  const opclass = ops && column ? parts(unwrap(ops)).map((pair) => (textValue(field(pair, 'key')) === column ? textValue(field(pair, 'value')) : undefined)).find((text) => text !== undefined) : undefined;
  return column === undefined ? { expression: current.text, descending, nullsFirst: descending } : { column, opclass, descending, nullsFirst: descending };
}

function readTable(name: string, binding: Binding | undefined): Draft | undefined {
  const value = binding?.value && unwrap(binding.value);
  if (!binding || value?.type !== 'call' || calleeName(value)?.text !== 'Table') return undefined;
  const { positional, keyword } = argumentsOf(value);
  const table = textValue(positional[0]);
  if (table === undefined) return undefined;
  const draft = emptyDraft(name, binding.node);
  draft.table = table;
  draft.schema = textValue(keyword.get('schema'));
  for (const argument of positional.slice(1)) {
    const inner = unwrap(argument);
    if (inner.type !== 'call') continue;
    if (calleeName(inner)?.text === 'Column') {
      const column = textValue(argumentsOf(inner).positional[0]) ?? '';
      const read = readColumn(column, inner, { ...binding, node: inner }, undefined);
      if (read) draft.columns.set(column, read);
    } else readTableItem(draft, inner);
  }
  return draft.columns.size > 0 ? draft : undefined;
}

function toModel(draft: Draft, all: readonly Draft[]): ModelIr {
  const columns = [...draft.columns.values()];
  const table = { schema: draft.schema, name: draft.table ?? '' };
  const primary = columns.filter((column) => column.primary).map((column) => column.definition.name);
  const constraints: Constraint[] = [
    ...(primary.length > 0 ? [{ name: `${table.name}_pkey`, type: 'primary' as const, columns: primary }] : []),
    ...columns.filter((column) => column.unique && !column.index).map((column) => ({ name: `${table.name}_${column.definition.name}_key`, type: 'unique' as const, columns: [column.definition.name] })),
    ...draft.constraints,
  ];
  const keys = constraints.filter((constraint) => constraint.type === 'primary').flatMap((constraint) => constraint.columns);
  const foreignKeys = [...columns.flatMap((column) => (column.foreignKey ? [column.foreignKey] : [])), ...draft.foreignKeys];
  const changes: SchemaChange[] = [
    {
      type: 'create-table', table, ifNotExists: false, temporary: false,
      columns: columns.map(({ definition }) => ({ ...definition, notNull: definition.notNull || keys.includes(definition.name), default: definition.default === 'nextval' ? `nextval('${table.name}_${definition.name}_seq'::regclass)` : definition.default })),
      constraints, foreignKeys, like: [], inherits: [],
    },
    ...columns.filter((column) => column.index).map((column): SchemaChange => ({
      type: 'create-index', table, ifNotExists: false, concurrently: false,
      index: { name: `ix_${table.name}_${column.definition.name}`, method: 'btree', unique: column.unique, valid: true, keys: [{ column: column.definition.name, descending: false, nullsFirst: false }], include: [] },
    })),
    ...draft.indexes.map((index): SchemaChange => ({ type: 'create-index', table, ifNotExists: false, concurrently: false, index })),
  ];
  const unnamed = draft.table === undefined;
  return {
    library: 'sqlalchemy',
    name: draft.name,
    table: table.name,
    schema: table.schema,
    span: spanOf(draft.node),
    columns: columns.map((column) => ({ property: column.property, column: column.definition.name, span: column.span })),
    relations: draft.relations.map((relation) => toRelation(relation, draft, all)),
    changes: unnamed ? [] : changes,
    ...(unnamed && draft.namesTables ? { naming: draft.naming } : {}),
    ...(unnamed && !draft.namesTables ? { inherits: draft.bases } : {}),
  };
}

/** Columns of a relation by the foreign keys between both tables; unknown where several fit or the other model is elsewhere. */
function toRelation(relation: RelationDraft, own: Draft, all: readonly Draft[]): RelationIr {
  const target = all.find((draft) => draft.name === relation.target);
  const keysOf = (draft: Draft): ForeignKey[] => [...[...draft.columns.values()].flatMap((column) => (column.foreignKey ? [column.foreignKey] : [])), ...draft.foreignKeys];
  const base = { property: relation.property, model: relation.target, eager: relation.eager, ...(relation.loading ? { loading: relation.loading } : {}), ...(relation.backref ? { backref: relation.backref } : {}) };
  const named = (key: ForeignKey): boolean => relation.foreignKeys.length === 0 || key.columns.some((column) => relation.foreignKeys.includes(column));
  const out = target && !relation.secondary ? keysOf(own).filter((key) => key.references.table === target.table && named(key)) : [];
  const back = target && !relation.secondary ? keysOf(target).filter((key) => key.references.table === own.table && named(key)) : [];
  const outgoing = out.length === 1 && relation.list !== true ? out[0] : undefined;
  const incoming = back.length === 1 && relation.list !== false ? back[0] : undefined;
  if (outgoing && (own !== target || relation.list === false)) return { ...base, many: false, columns: outgoing.columns, references: outgoing.references.columns };
  if (incoming) return { ...base, many: relation.list ?? true, columns: incoming.references.columns, references: incoming.columns };
  const byName = target === undefined && relation.list !== true && !relation.secondary ? own.columns.get(`${relation.property}_id`)?.foreignKey : undefined;
  if (byName) return { ...base, many: false, columns: byName.columns, references: byName.references.columns };
  const guessed = target === undefined && relation.list === undefined ? [...own.columns.values()].some((column) => column.property === `${relation.property}_id`) : false;
  return { ...base, many: relation.list ?? (out.length === 0 && !guessed), columns: [], references: [] };
}
