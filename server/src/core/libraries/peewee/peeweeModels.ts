import type { ColumnDefinition, SchemaChange } from '../../catalog/changes';
import type { Constraint } from '../../catalog/model';
import { findModel, type ModelIndex } from '../../hosts/models';
import type { ModelIr, RelationIr } from '../../hosts/ir';
import { argumentsOf, calleeName, field, literalValue, parts, pathOf, spanOf, unwrap } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { elementsOf, flagValue, textValue, textsValue, type Values } from '../alembic/alembicValues';
import type { ModelReader, PythonModelSource } from '../models';

const types: Readonly<Record<string, string>> = {
  AutoField: 'integer', PrimaryKeyField: 'integer', BigAutoField: 'bigint', IdentityField: 'integer', IntegerField: 'integer', BigIntegerField: 'bigint', SmallIntegerField: 'smallint', BooleanField: 'boolean',
  CharField: 'character varying', FixedCharField: 'character', TextField: 'text', FloatField: 'real', DoubleField: 'double precision', DecimalField: 'numeric', DateTimeField: 'timestamp without time zone', DateField: 'date',
  TimeField: 'time without time zone', TimestampField: 'integer', UUIDField: 'uuid', BinaryUUIDField: 'bytea', BlobField: 'bytea', BigBitField: 'bytea', BitField: 'bigint', IPField: 'bigint', BinaryJSONField: 'jsonb', JSONField: 'json',
  ArrayField: 'unknown', TSVectorField: 'tsvector', HStoreField: 'hstore', DateTimeTZField: 'timestamp with time zone', IntervalField: 'interval', ForeignKeyField: 'unknown', DeferredForeignKey: 'unknown',
};

interface FieldDraft {
  readonly name: string;
  readonly column: string;
  readonly type: string;
  readonly null: boolean;
  readonly unique: boolean;
  readonly index: boolean;
  readonly primary: boolean;
  readonly target?: string;
  readonly backref?: string;
  readonly span: ReturnType<typeof spanOf>;
}

export const peeweeModels: ModelReader<PythonModelSource> = { library: 'peewee', marks: /\bpeewee\b|\bplayhouse\b/, read: readPeeweeModels };

/** Classes with Peewee's fields. Keys are known as far as what they point to stands in this file or is known already. */
function readPeeweeModels({ classes, scopes, known }: PythonModelSource): readonly ModelIr[] {
  const values: Values = { scopes, names: new Map() };
  const byName = new Map(classes.map((node) => [field(node, 'name')?.text ?? '', node]));
  const drafts = classes.flatMap((node) => {
    const fields = fieldsOf(node, byName, values, 0);
    return fields.length > 0 ? [{ node, name: field(node, 'name')?.text ?? '', fields, ...metaOf(node, values) }] : [];
  });
  const tables = new Map(drafts.map((draft) => [draft.name, draft]));
  const keyOf = (name: string): { readonly table: string; readonly column: string; readonly type: string } | undefined => {
    const own = tables.get(name);
    const key = own?.fields.find((item) => item.primary);
    if (own) return { table: own.table, column: key?.column ?? 'id', type: key?.type ?? 'integer' };
    const other = findModel(known as ModelIndex, name, 'peewee');
    const change = other?.changes[0];
    const column = change?.type === 'create-table' ? change.columns.find((item) => change.constraints.some((c) => c.type === 'primary' && c.columns.includes(item.name))) : undefined;
    return other && column ? { table: other.table, column: column.name, type: column.type } : undefined;
  };
  return drafts.map((draft): ModelIr => {
    const auto: readonly FieldDraft[] = draft.fields.some((item) => item.primary) || draft.keys !== undefined ? [] : [{ name: 'id', column: 'id', type: 'integer', null: false, unique: false, index: false, primary: true, span: spanOf(draft.node) }];
    const fields = [...auto, ...draft.fields].map((item) => (item.target === undefined ? item : { ...item, type: keyOf(item.target === 'self' ? draft.name : item.target)?.type ?? item.type }));
    const backs = drafts.flatMap((other) => other.fields.filter((item) => item.target === draft.name || (item.target === 'self' && other === draft)).map((item): RelationIr => ({
      property: item.backref ?? `${other.name.toLowerCase()}_set`, model: other.name, many: true, columns: [keyOf(draft.name)?.column ?? 'id'], references: [item.column], eager: false,
    })));
    return {
      library: 'peewee', name: draft.name, table: draft.table, ...(draft.schema === undefined ? {} : { schema: draft.schema }), span: spanOf(draft.node),
      columns: fields.flatMap((item) => [{ property: item.name, column: item.column, span: item.span }, ...(item.target !== undefined && item.column !== item.name ? [{ property: item.column, column: item.column, span: item.span }] : [])]),
      relations: [...fields.flatMap((item): readonly RelationIr[] => (item.target === undefined ? [] : [{ property: item.name, model: item.target === 'self' ? draft.name : item.target, many: false, columns: [item.column], references: [keyOf(item.target === 'self' ? draft.name : item.target)?.column ?? 'id'], eager: false }])), ...backs],
      changes: changesOf(draft, fields, keyOf),
    };
  });
}

interface Meta {
  readonly table: string;
  readonly schema?: string;
  /** Columns of a CompositeKey, by field name; empty: no key at all. */
  readonly keys?: readonly string[];
  readonly indexes: readonly { readonly fields: readonly string[]; readonly unique: boolean }[];
}

function metaOf(node: SyntaxNode, values: Values): Meta {
  const meta = parts(field(node, 'body') ?? node).find((item) => item.type === 'class_definition' && field(item, 'name')?.text === 'Meta');
  const bindings = meta && values.scopes.scopeAt(meta)?.bindings;
  const get = (name: string): SyntaxNode | undefined => bindings?.get(name)?.at(-1)?.value;
  const schema = textValue(get('schema'), values);
  const key = get('primary_key');
  const keys = key === undefined ? undefined : unwrap(key).type === 'call' ? argumentsOf(unwrap(key)).positional.flatMap((item) => textValue(item, values) ?? []) : flagValue(key, values) === false ? [] : undefined;
  const indexes = (elementsOf(get('indexes'), values) ?? []).flatMap((item) => {
    const [fields, unique] = elementsOf(item, values) ?? [];
    const names = textsValue(fields, values);
    return names ? [{ fields: names, unique: flagValue(unique, values) ?? false }] : [];
  });
  return { table: textValue(get('table_name') ?? get('db_table'), values) ?? (field(node, 'name')?.text ?? '').toLowerCase(), indexes, ...(schema === undefined ? {} : { schema }), ...(keys === undefined ? {} : { keys }) };
}

function fieldsOf(node: SyntaxNode, classes: ReadonlyMap<string, SyntaxNode>, values: Values, depth: number): readonly FieldDraft[] {
  const bases = field(node, 'superclasses');
  const inherited = depth > 5 ? [] : (bases ? parts(bases) : []).flatMap((base) => {
    const known = base.type === 'identifier' ? classes.get(base.text) : undefined;
    return known && known.id !== node.id ? fieldsOf(known, classes, values, depth + 1) : [];
  });
  const own = [...(values.scopes.scopeAt(node)?.bindings ?? [])].flatMap(([name, bindings]): readonly FieldDraft[] => {
    const call = bindings[0]?.kind === 'assign' && bindings[0].value ? unwrap(bindings[0].value) : undefined;
    const type = call?.type === 'call' ? calleeName(call)?.text ?? '' : '';
    if (!call || !Object.hasOwn(types, type) || /^(models|forms|serializers|fields)\./.test(call.text)) return [];
    const { positional, keyword } = argumentsOf(call);
    const flag = (option: string): boolean => flagValue(keyword.get(option), values) ?? false;
    const foreign = type === 'ForeignKeyField' || type === 'DeferredForeignKey';
    const model = foreign ? positional[0] ?? keyword.get('model') : undefined;
    const backref = textValue(keyword.get('backref') ?? keyword.get('related_name'), values);
    const length = literalValue(keyword.get('max_length') ?? call);
    return [{
      name, column: textValue(keyword.get('column_name') ?? keyword.get('db_column'), values) ?? (foreign ? `${name}_id` : name), null: flag('null'), unique: flag('unique'), index: flag('index') || foreign,
      type: type === 'CharField' ? `character varying(${typeof length === 'number' ? length : 255})` : types[type] ?? 'unknown', primary: flag('primary_key') || /^(Auto|BigAuto|PrimaryKey|Identity)Field$/.test(type),
      ...(model ? { target: textValue(model, values) ?? pathOf(model)?.at(-1) ?? '' } : {}), ...(backref === undefined ? {} : { backref }), span: spanOf(call.parent ?? call),
    }];
  });
  return [...inherited.filter((item) => own.every((other) => other.name !== item.name)), ...own];
}

function changesOf(draft: Meta, fields: readonly FieldDraft[], keyOf: (name: string) => { readonly table: string; readonly column: string } | undefined): readonly SchemaChange[] {
  const table = { ...(draft.schema === undefined ? {} : { schema: draft.schema }), name: draft.table };
  const columnsOf = (names: readonly string[]): readonly string[] => names.flatMap((name) => fields.find((item) => item.name === name)?.column ?? []);
  const keys = draft.keys ? columnsOf(draft.keys) : fields.filter((item) => item.primary).map((item) => item.column);
  const columns = fields.map((item): ColumnDefinition => ({ name: item.column, type: item.type, notNull: !item.null, ...(item.primary && item.name === 'id' ? { default: `nextval('${draft.table}_id_seq'::regclass)` } : {}) }));
  const constraints: readonly Constraint[] = keys.length > 0 ? [{ name: `${draft.table}_pkey`, type: 'primary', columns: keys }] : [];
  const foreignKeys = fields.flatMap((item) => {
    const key = item.target === undefined ? undefined : item.target === 'self' ? { table: draft.table, column: keys[0] ?? 'id' } : keyOf(item.target);
    return key ? [{ columns: [item.column], references: { table: key.table, columns: [key.column] } }] : [];
  });
  const indexes = [...fields.filter((item) => !item.primary && (item.unique || item.index)).map((item) => ({ columns: [item.column], unique: item.unique })), ...draft.indexes.map((item) => ({ columns: columnsOf(item.fields), unique: item.unique }))];
  return [
    { type: 'create-table', table, ifNotExists: true, temporary: false, columns, constraints, foreignKeys, like: [], inherits: [] },
    ...indexes.map(({ columns: names, unique }): SchemaChange => ({
      type: 'create-index', table, ifNotExists: false, concurrently: false,
      index: { name: `${draft.table}_${names.join('_')}`, method: 'btree', unique, valid: true, keys: names.map((column) => ({ column, descending: false, nullsFirst: false })), include: [] },
    })),
  ];
}
