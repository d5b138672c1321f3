import type { ModelIr, RelationIr } from '../../hosts/ir';
import { unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { ModelReader, ModelSource } from '../models';
import { objectOf, textOf } from '../drizzle/drizzleColumns';
import { classNamed, readClasses, type ClassMember, type EntityClass } from '../shared/entityClasses';
import { entityModel, type EntityColumn } from '../shared/entityModel';

export const objectionModels: ModelReader<ModelSource> = { library: 'objection', marks: /\btableName\b/, read: readObjection };

/** Classes with a static `tableName`, as Objection's models have it. */
function readObjection({ root, text }: ModelSource): readonly ModelIr[] {
  if (!/objection/.test(text) && !/\brelationMappings\b|\bjsonSchema\b|\bidColumn\b/.test(text)) return [];
  return readClasses(root).flatMap((entity) => readModel(entity) ?? []);
}

const member = (entity: EntityClass, name: string): ClassMember | undefined => entity.members.find((item) => item.static && item.name === name);

/** `static x = value`, `static get x() { return value; }`, `static x = () => value`. */
function valueOf(entity: EntityClass, name: string): SyntaxNode | undefined {
  const found = member(entity, name);
  const value = found?.value && unwrap(found.value);
  const body = value?.type === 'arrow_function' ? value.childForFieldName('body') : found?.node.type === 'method_definition' ? found.node.childForFieldName('body') : undefined;
  if (!body) return value;
  const inner = unwrap(body);
  return inner.type === 'statement_block' ? inner.namedChildren.find((child) => child.type === 'return_statement')?.namedChildren[0] : inner;
}

const types: Readonly<Record<string, string>> = { integer: 'integer', boolean: 'boolean', string: 'unknown', number: 'unknown', object: 'jsonb', array: 'jsonb' };

function readModel(entity: EntityClass): ModelIr | undefined {
  const written = textOf(valueOf(entity, 'tableName'));
  if (written === undefined || entity.base === undefined) return undefined;
  const [table = written, schema] = written.split('.').reverse();
  const id = valueOf(entity, 'idColumn');
  const keys = id && unwrap(id).type === 'array' ? unwrap(id).namedChildren.flatMap((child) => textOf(child) ?? []) : [textOf(id) ?? 'id'];
  const schemaObject = objectOf(valueOf(entity, 'jsonSchema'))?.entries;
  const required = schemaObject?.get('required')?.namedChildren.map(textOf) ?? [];
  const columns: EntityColumn[] = keys.map((name) => ({ property: name, node: entity.node, primary: true, unique: false, definition: { name, type: 'unknown', notNull: true } }));
  for (const [name, value] of objectOf(schemaObject?.get('properties'))?.entries ?? []) {
    const type = textOf(objectOf(value)?.entries.get('type')) ?? '';
    const known = columns.findIndex((column) => column.property === name);
    const column: EntityColumn = { property: name, node: value, primary: known >= 0, unique: false, definition: { name, type: types[type] ?? 'unknown', notNull: known >= 0 || required.includes(name) } };
    if (known >= 0) columns[known] = column;
    else columns.push(column);
  }
  const relations = [...(objectOf(valueOf(entity, 'relationMappings'))?.entries ?? [])].flatMap(([property, value]) => readRelation(property, value) ?? []);
  // The JSON schema tells what is checked, not what the table has.
  return entityModel({ library: 'objection', name: entity.name, table, ...(schema === undefined ? {} : { schema }), node: entity.node, columns, relations, keys: [], foreignKeys: [], open: true });
}

function readRelation(property: string, value: SyntaxNode): RelationIr | undefined {
  const options = objectOf(value)?.entries;
  const kind = options?.get('relation')?.text.split('.').at(-1) ?? '';
  const target = classNamed(options?.get('modelClass'));
  const join = objectOf(options?.get('join'))?.entries;
  const column = (node: SyntaxNode | undefined): string | undefined => textOf(node)?.split('.').at(-1);
  const [from, to] = [column(join?.get('from')), column(join?.get('to'))];
  if (target === undefined || from === undefined || to === undefined) return undefined;
  const through = objectOf(join?.get('through'))?.entries;
  const many = /^(HasMany|ManyToMany)Relation$/.test(kind);
  const base = { property, model: target.split('/').at(-1) ?? target, many, eager: false };
  if (!through) return { ...base, columns: [from], references: [to] };
  const [near, far] = [textOf(through.get('from')), textOf(through.get('to'))];
  return near === undefined || far === undefined ? { ...base, columns: [], references: [] } : { ...base, columns: [], references: [], through: { table: near.split('.').at(-2) ?? '', columns: [near.split('.').at(-1) ?? ''], references: [far.split('.').at(-1) ?? ''] } };
}
