import type { ForeignKey } from '../../catalog/model';
import type { ModelIr, RelationIr } from '../../hosts/ir';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { objectOf, textOf } from '../drizzle/drizzleColumns';
import { classNamed } from '../shared/entityClasses';
import { canonicalType, entityModel, type EntityColumn, type EntityKey } from '../shared/entityModel';
import { camelCase, snakeCase } from './typeormNaming';

type Options = ReadonlyMap<string, SyntaxNode>;

/** `new EntitySchema({ name, columns, relations, indices })` in constants of the module. */
export function readSchemas(root: SyntaxNode): readonly ModelIr[] {
  const found: ModelIr[] = [];
  for (const statement of root.namedChildren) {
    const declaration = statement.type === 'export_statement' ? statement.childForFieldName('declaration') : statement;
    for (const declarator of declaration?.type === 'lexical_declaration' ? declaration.namedChildren : []) {
      const value = declarator.childForFieldName('value');
      const call = value && callParts(unwrap(value));
      const options = call?.callee.text === 'EntitySchema' ? objectOf(call.args[0])?.entries : undefined;
      const variable = declarator.childForFieldName('name')?.text;
      const model = value && options && readSchema(options, value, variable);
      if (!model) continue;
      found.push(model);
      // Repositories are asked for by the schema's variable as well as by its name.
      if (variable !== undefined && variable !== model.name) found.push({ library: 'typeorm', name: variable, table: '', span: model.span, columns: [], relations: [], changes: [], inherits: [model.name] });
    }
  }
  return found;
}

function readSchema(options: Options, node: SyntaxNode, variable: string | undefined): ModelIr | undefined {
  const name = textOf(options.get('name')) ?? classNamed(options.get('target')) ?? variable;
  if (name === undefined) return undefined;
  const columns: EntityColumn[] = [];
  const relations: RelationIr[] = [];
  let open = false;
  const listed = objectOf(options.get('columns'));
  if (!listed || listed.spreads.length > 0) open = true;
  for (const [property, value] of listed?.entries ?? []) {
    const column = objectOf(value)?.entries;
    if (!column) {
      open = true;
      continue;
    }
    const flag = (key: string): boolean => column.get(key)?.text === 'true';
    const primary = flag('primary') || flag('objectId');
    const written = column.get('type');
    const type = written === undefined ? 'unknown' : textOf(written) ?? ({ String: 'character varying', Number: 'integer', Boolean: 'boolean', Date: 'timestamp without time zone' } as Readonly<Record<string, string>>)[written.text] ?? 'unknown';
    columns.push({ property, node: value, primary, unique: flag('unique'), definition: { name: textOf(column.get('name')) ?? property, type: canonicalType(type), notNull: primary || !flag('nullable') }, ...(column.get('select')?.text === 'false' ? { hidden: true } : {}) });
  }
  for (const [property, value] of objectOf(options.get('relations'))?.entries ?? []) {
    const relation = objectOf(value)?.entries;
    const kind = textOf(relation?.get('type'));
    const target = classNamed(relation?.get('target'));
    if (!relation || kind === undefined || target === undefined) continue;
    const join = relation.get('joinColumn');
    const owns = kind === 'many-to-one' || (kind === 'one-to-one' && join !== undefined && join.text !== 'false');
    const column = textOf(objectOf(join)?.entries.get('name')) ?? camelCase(`${property}_id`);
    const inverse = textOf(relation.get('inverseSide'));
    relations.push({ property, model: target, many: /-to-many$/.test(kind), eager: relation.get('eager')?.text === 'true', ...(relation.get('lazy')?.text === 'true' ? { lazy: true as const } : {}), columns: owns ? [column] : [], references: owns ? ['id'] : [], ...(inverse === undefined ? {} : { inverse }) });
    if (owns && !columns.some((item) => item.definition.name === column)) columns.push({ property: `${property}.id`, node: value, primary: false, unique: kind === 'one-to-one', definition: { name: column, type: 'unknown', notNull: relation.get('nullable')?.text === 'false' } });
  }
  const keys: EntityKey[] = [];
  for (const list of ['indices', 'uniques']) {
    const written = options.get(list);
    for (const item of written && unwrap(written).type === 'array' ? unwrap(written).namedChildren : []) {
      const entry = objectOf(item)?.entries;
      const names = entry?.get('columns')?.namedChildren.map(textOf);
      const own = names?.map((property) => columns.find((column) => column.property === property)?.definition.name ?? relations.find((relation) => relation.property === property)?.columns[0]);
      const predicate = textOf(entry?.get('where'));
      const indexName = textOf(entry?.get('name'));
      if (!own || own.some((column) => column === undefined)) open = true;
      else keys.push({ columns: own as readonly string[], unique: list === 'uniques' || entry?.get('unique')?.text === 'true', ...(indexName === undefined ? {} : { name: indexName }), ...(predicate === undefined ? {} : { predicate }) });
    }
  }
  const schema = textOf(options.get('schema'));
  const softDelete = columns.find((column) => /\bdeleteDate\s*:\s*true\b/.test(column.node.text))?.definition.name;
  return entityModel({
    library: 'typeorm', name, table: textOf(options.get('tableName')) ?? snakeCase(name), ...(schema === undefined ? {} : { schema }), node, columns, relations, keys,
    foreignKeys: relations.flatMap((relation): readonly ForeignKey[] => (relation.columns.length > 0 ? [{ columns: relation.columns, references: { table: snakeCase(relation.model), columns: relation.references } }] : [])),
    ...(softDelete === undefined ? {} : { softDelete }), open,
  });
}
