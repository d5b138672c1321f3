import type { DjangoArgumentIr, DjangoClassIr, DjangoModelField, DjangoModelOptions } from '../../hosts/djangoIr';
import type { ModelIr } from '../../hosts/ir';
import { argumentsOf, calleeName, field, freeNames, literalValue, parts, pathOf, spanOf, unwrap } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { elementsOf, flagValue, resolved, textsValue, textValue, type Values } from '../alembic/alembicValues';
import { readDjangoIndex } from '../django/djangoIndexes';
import { appOf } from '../django/djangoModels';
import { readDjangoValue } from '../django/djangoRead';
import { resolvedModels } from '../django/djangoSchema';
import type { ModelReader, PythonModelSource } from '../models';
import { tortoiseConventions } from './tortoiseConventions';

/** Column types that Tortoise gives PostgreSQL, without length. */
const types: Readonly<Record<string, string>> = {
  IntField: 'integer', BigIntField: 'bigint', SmallIntField: 'smallint', CharField: 'character varying', TextField: 'text', BooleanField: 'boolean', DecimalField: 'numeric', DatetimeField: 'timestamp with time zone',
  DateField: 'date', TimeField: 'time with time zone', TimeDeltaField: 'bigint', FloatField: 'double precision', JSONField: 'jsonb', UUIDField: 'uuid', BinaryField: 'bytea', IntEnumField: 'smallint',
  CharEnumField: 'character varying', TSVectorField: 'tsvector', ArrayField: 'unknown',
};
const keys: Readonly<Record<string, string>> = { IntField: 'AutoField', BigIntField: 'BigAutoField', SmallIntField: 'SmallAutoField' };
const relations: Readonly<Record<string, string>> = { ForeignKeyField: 'ForeignKey', OneToOneField: 'OneToOneField', ManyToManyField: 'ManyToManyField' };

export const tortoiseModels: ModelReader<PythonModelSource> = { library: 'tortoise', marks: /^\s*(?:from|import)\s+tortoise\b/m, read: readTortoiseModels };

/** Classes with Tortoise's fields. Tables and relations are known as far as `known` has what they refer to. */
function readTortoiseModels({ uri, classes, scopes, known }: PythonModelSource): readonly ModelIr[] {
  const values: Values = { scopes, names: new Map() };
  const found = classes.flatMap((node): readonly ModelIr[] => {
    const django = readClass(node, appOf(uri), values);
    return django ? [{ library: 'tortoise', name: field(node, 'name')?.text ?? '', table: '', span: spanOf(node), columns: [], relations: [], changes: [], django }] : [];
  });
  return resolvedModels(found, known, tortoiseConventions);
}

function readClass(node: SyntaxNode, app: string, values: Values): DjangoClassIr | undefined {
  const list = field(node, 'superclasses');
  const bases = (list ? parts(list) : []).flatMap((base) => (base.type === 'keyword_argument' ? [] : [pathOf(base)?.at(-1) ?? '']));
  const fields = [...(values.scopes.scopeAt(node)?.bindings ?? [])].flatMap(([name, bindings]): readonly DjangoModelField[] => {
    const binding = bindings.at(-1);
    const call = binding?.kind === 'assign' && binding.value ? unwrap(binding.value) : undefined;
    const read = call?.type === 'call' ? readField(name, call, values) : undefined;
    return read ? [read] : [];
  });
  const meta = parts(field(node, 'body') ?? node).find((item) => item.type === 'class_definition' && field(item, 'name')?.text === 'Meta');
  if (bases.length === 0 || (fields.length === 0 && !bases.includes('Model') && !meta)) return undefined;
  const bindings = meta && values.scopes.scopeAt(meta)?.bindings;
  const get = (name: string): SyntaxNode | undefined => bindings?.get(name)?.at(-1)?.value;
  const options = meta && readMeta(get, field(node, 'name')?.text ?? '', values);
  const manager = get('manager');
  const className = manager && unwrap(manager).type === 'call' ? calleeName(unwrap(manager))?.text : undefined;
  return {
    kind: 'model', app: textValue(get('app'), values) ?? app, bases, abstract: flagValue(get('abstract'), values) ?? false, fields, ...(options ? { options } : {}),
    managers: className === undefined || className === 'Manager' ? [] : [{ name: 'objects', classes: [className] }], methods: [],
  };
}

function readField(name: string, call: SyntaxNode, values: Values): DjangoModelField | undefined {
  const written = calleeName(call)?.text ?? '';
  const relation = Object.hasOwn(relations, written) ? relations[written] : undefined;
  if (relation === undefined && !Object.hasOwn(types, written)) return undefined;
  const { positional, keyword } = argumentsOf(call);
  const flag = (option: string): boolean => flagValue(keyword.get(option), values) ?? false;
  const text = (option: string): string | undefined => textValue(keyword.get(option), values);
  const number = (option: string, at: number): number | undefined => {
    const given = keyword.get(option) ?? positional[at];
    const value = given && literalValue(resolved(given, values));
    return typeof value === 'number' ? value : undefined;
  };
  const primary = flag('primary_key') || flag('pk');
  const automatic = primary && keys[written] !== undefined && flagValue(keyword.get('generated'), values) !== false;
  const base = types[written] ?? 'unknown';
  const [length, digits, places] = [base === 'character varying' ? number('max_length', written === 'CharField' ? 0 : 9) : undefined, number('max_digits', 0), number('decimal_places', 1)];
  const databaseType = length !== undefined ? `${base}(${length})` : base === 'numeric' && digits !== undefined && places !== undefined ? `numeric(${digits},${places})` : base;
  const reference = relation === undefined ? undefined : keyword.get('model_name') ?? keyword.get('to') ?? positional[0];
  const to = reference && (textValue(reference, values) ?? pathOf(unwrap(reference))?.at(-1));
  const [column, related, table, targetField, near, far] = [text('source_field'), keyword.get('related_name') ?? (relation === 'ManyToManyField' ? undefined : positional[1]), text('through'), text('to_field'), text('backward_key'), text('forward_key')];
  const relatedName = related && (literalValue(resolved(related, values)) === false ? '+' : textValue(related, values));
  return {
    name, type: relation ?? (automatic ? keys[written] ?? written : written), null: flag('null'), unique: flag('unique'), primary, index: flag('db_index') || flag('index'), span: spanOf(call.parent ?? call),
    ...(relation === undefined && !automatic ? { databaseType } : {}), ...(column === undefined ? {} : { column }), ...(to === undefined ? {} : { to }), ...(relatedName === undefined ? {} : { relatedName }),
    ...(table === undefined ? {} : { table }), ...(targetField === undefined ? {} : { targetField }), ...(near === undefined && far === undefined ? {} : { pairColumns: { ...(near === undefined ? {} : { near }), ...(far === undefined ? {} : { far }) } }),
    ...(flagValue(keyword.get('db_constraint'), values) === false ? { unconstrained: true } : {}),
  };
}

function readMeta(get: (name: string) => SyntaxNode | undefined, name: string, values: Values): DjangoModelOptions {
  const table = textValue(get('table'), values);
  const schema = textValue(get('schema'), values);
  const groups = (node: SyntaxNode | undefined): readonly (readonly string[])[] => {
    const single = textsValue(node, values);
    return single ? (single.length > 0 ? [single] : []) : (elementsOf(node, values) ?? []).flatMap((group) => { const names = textsValue(group, values); return names ? [names] : []; });
  };
  const listed = (elementsOf(get('indexes'), values) ?? []).filter((item) => resolved(item, values).type === 'call').map((item) => readDjangoIndex(item, values));
  const ordering = get('ordering');
  const reading = { scopes: values.scopes, bind: (node: SyntaxNode) => ({ text: node.text, span: spanOf(node), names: freeNames(node), origin: 'unknown' as const }) };
  const own = table ?? name.toLowerCase();
  return {
    managed: true, proxy: false, inherits: false, constraints: [], uniqueTogether: groups(get('unique_together')), indexTogether: groups(get('indexes')),
    indexes: listed.map((index) => ({ ...index, name: index.name === '' ? `idx_${own}_${index.keys.map((key) => key.field).join('_')}` : index.name })),
    ...(schema !== undefined ? { table: `"${schema}"."${own}"` } : table === undefined ? {} : { table }),
    ...(ordering ? { ordering: (elementsOf(ordering, values) ?? []).map((item): DjangoArgumentIr => ({ value: readDjangoValue(item, reading), span: spanOf(item) })) } : {}),
    ...(get('table') && table === undefined ? { unknown: true } : {}),
  };
}
