import type { QualifiedName } from '../../catalog/changes';
import { argumentsOf, calleeName, literalValue, pathOf } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../sql/names';
import { elementsOf, flagValue, isNone, resolved, textsValue, textValue, type Values } from '../alembic/alembicValues';
import { columnType } from './sqlalchemyTypes';

/** A type in SQL, with the enum that has to be there before it is used. */
export interface TypeSql {
  readonly sql: string;
  readonly enum?: { readonly name: QualifiedName; readonly labels: readonly string[] };
}

/** One column of CREATE TABLE or ADD COLUMN. */
export interface ColumnSql {
  readonly name: string;
  readonly type: TypeSql;
  readonly primary: boolean;
  readonly unique: boolean;
  readonly index: boolean;
  readonly notNull: boolean;
  readonly default?: string;
  readonly generated?: string;
  readonly references?: string;
  /** `autoincrement`: a serial where it is the one column of the primary key. */
  readonly serial: boolean;
}

/** Not in the models' list of types. `unknown` where a type is not known: a name that Postgres' grammar takes. */
const further: Readonly<Record<string, string>> = {
  TSRANGE: 'tsrange', TSTZRANGE: 'tstzrange', DATERANGE: 'daterange', INT4RANGE: 'int4range', INT8RANGE: 'int8range', NUMRANGE: 'numrange', BIT: 'bit', XML: 'xml', MACADDR8: 'macaddr8',
  JSONType: 'json', UUIDType: 'uuid', LtreeType: 'ltree', EmailType: 'citext', IPAddressType: 'character varying(50)', Geometry: 'geometry', Geography: 'geography', ARROWTYPE: 'timestamp without time zone',
};
const enumCalls = /^(?:Enum|ENUM)$/;

/** The type an expression makes on Postgres. */
export function typeSql(node: SyntaxNode | undefined, values: Values): TypeSql {
  const inner = node && resolved(node, values);
  if (inner === undefined) return { sql: 'unknown' };
  const call = inner.type === 'call' ? inner : undefined;
  const name = (call ? calleeName(call)?.text : pathOf(inner)?.at(-1)) ?? '';
  const args = call && argumentsOf(call);
  if (call && args && name === 'with_variant') {
    const receiver = call.childForFieldName('function')?.childForFieldName('object');
    return args.positional.slice(1).some((dialect) => textValue(dialect, values) === 'postgresql') ? typeSql(args.positional[0], values) : typeSql(receiver ?? undefined, values);
  }
  if (call && args && enumCalls.test(name)) return enumSql(call, values);
  if (args && name === 'ARRAY') {
    const element = typeSql(args.positional[0] ?? args.keyword.get('item_type'), values);
    return { ...element, sql: element.sql === 'unknown' ? 'unknown' : `${element.sql}[]` };
  }
  if (args && name === 'DOMAIN') return { sql: quoteIdentifier(textValue(args.positional[0] ?? args.keyword.get('name'), values) ?? 'unknown') };
  return { sql: columnType(inner) ?? (Object.hasOwn(further, name) ? further[name] : undefined) ?? 'unknown' };
}

/** `sa.Enum('a', 'b', name='mood')`; without a native type it is text as long as the longest label. */
function enumSql(call: SyntaxNode, values: Values): TypeSql {
  const { positional, keyword } = argumentsOf(call);
  const labels = positional.map((label) => textValue(label, values));
  const known = labels.every((label) => label !== undefined) ? labels : undefined;
  const name = textValue(keyword.get('name'), values);
  if (flagValue(keyword.get('native_enum'), values) === false) {
    const length = literalValue(keyword.get('length') ?? call);
    const longest = Math.max(...(known ?? []).map((label) => label.length));
    return { sql: typeof length === 'number' ? `character varying(${length})` : known && known.length > 0 ? `character varying(${longest})` : 'character varying' };
  }
  if (name === undefined) return { sql: 'unknown' };
  const schema = textValue(keyword.get('schema'), values);
  const created = flagValue(keyword.get('create_type'), values) !== false && known !== undefined && known.length > 0;
  return { sql: quoteQualified(schema, name), ...(created ? { enum: { name: { schema, name }, labels: known } } : {}) };
}

export const createEnumSql = ({ name, labels }: NonNullable<TypeSql['enum']>): string => `CREATE TYPE ${quoteQualified(name.schema, name.name)} AS ENUM (${labels.map(quoteLiteral).join(', ')})`;

const typeCalls = /^(?:ForeignKey|Identity|Computed|FetchedValue|Sequence|CheckConstraint)$/;

/** A `Column(…)` call; undefined where its name is not known. */
export function columnSql(node: SyntaxNode, values: Values): ColumnSql | undefined {
  const call = resolved(node, values);
  if (call.type !== 'call' || !/^(?:Column|mapped_column)$/.test(calleeName(call)?.text ?? '')) return undefined;
  const { positional, keyword } = argumentsOf(call);
  const name = textValue(keyword.get('name') ?? positional[0], values);
  if (name === undefined) return undefined;
  const items = positional.slice(keyword.has('name') ? 0 : 1).map((item) => resolved(item, values));
  const called = (wanted: string): SyntaxNode | undefined => items.find((item) => item.type === 'call' && calleeName(item)?.text === wanted);
  const typed = keyword.get('type_') ?? items.find((item) => !(item.type === 'call' && typeCalls.test(calleeName(item)?.text ?? '')));
  const reference = called('ForeignKey');
  const identity = called('Identity');
  const computed = called('Computed');
  const primary = flagValue(keyword.get('primary_key'), values) ?? false;
  const expression = computed && textValue(argumentsOf(computed).positional[0], values);
  const server = keyword.get('server_default');
  return {
    name, type: typed === undefined && reference ? { sql: 'integer' } : typeSql(typed, values), primary,
    unique: flagValue(keyword.get('unique'), values) ?? false,
    index: flagValue(keyword.get('index'), values) ?? false,
    notNull: !(flagValue(keyword.get('nullable'), values) ?? !primary),
    ...(server === undefined || isNone(server) ? {} : { default: defaultSql(server, values) }),
    ...(identity ? { generated: `GENERATED ${flagValue(argumentsOf(identity).keyword.get('always'), values) === true ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY` } : expression === undefined ? {} : { generated: `GENERATED ALWAYS AS (${expression}) STORED` }),
    ...(reference ? { references: referenceSql(reference, values) } : {}),
    serial: !reference && !identity && flagValue(keyword.get('autoincrement'), values) !== false,
  };
}

/** `server_default`: a string is a literal, anything else an expression; undefined where it is not known. */
export function defaultSql(node: SyntaxNode, values: Values): string | undefined {
  const inner = resolved(node, values);
  if (inner.type === 'string' || inner.type === 'concatenated_string') {
    const text = textValue(inner, values);
    return text === undefined ? undefined : quoteLiteral(text);
  }
  if (inner.type !== 'call') return undefined;
  const path = pathOf(inner.childForFieldName('function') ?? inner) ?? [];
  const name = path.at(-1) ?? '';
  if (name === 'true' || name === 'false' || name === 'null') return name;
  if (path.at(-2) === 'func') {
    const args = argumentsOf(inner).positional.map((argument) => textValue(argument, values));
    return args.every((argument) => argument !== undefined) ? `${name}(${args.map(quoteLiteral).join(', ')})` : undefined;
  }
  return textValue(inner, values);
}

function referenceSql(call: SyntaxNode, values: Values): string | undefined {
  const { positional, keyword } = argumentsOf(call);
  const target = textValue(positional[0] ?? keyword.get('column'), values);
  if (target === undefined) return undefined;
  const steps = target.split('.');
  const column = steps.length > 1 ? steps.at(-1) : undefined;
  const [table, schema] = column === undefined ? [steps[0] ?? '', undefined] : [steps.at(-2) ?? '', steps.at(-3)];
  const name = textValue(keyword.get('name'), values);
  return `${name === undefined ? '' : `CONSTRAINT ${quoteIdentifier(name)} `}REFERENCES ${quoteQualified(schema, table)}${column === undefined ? '' : ` (${quoteIdentifier(column)})`}`;
}

const list = (names: readonly string[]): string => `(${names.map(quoteIdentifier).join(', ')})`;

/** A table constraint; empty for a CHECK, which the catalog does not keep; undefined where it is not understood. */
export function constraintSql(node: SyntaxNode, values: Values): string | undefined {
  const call = resolved(node, values);
  const kind = call.type === 'call' ? calleeName(call)?.text : undefined;
  if (kind === undefined) return undefined;
  const { positional, keyword } = argumentsOf(call);
  const name = textValue(keyword.get('name'), values);
  const named = name === undefined ? '' : `CONSTRAINT ${quoteIdentifier(name)} `;
  if (kind === 'CheckConstraint') return '';
  if (kind === 'PrimaryKeyConstraint' || kind === 'UniqueConstraint') {
    const columns = positional.map((column) => textValue(column, values));
    const include = keyword.has('postgresql_include') ? textsValue(keyword.get('postgresql_include'), values) : [];
    if (columns.length === 0 || !columns.every((column) => column !== undefined) || include === undefined) return undefined;
    const nulls = flagValue(keyword.get('postgresql_nulls_not_distinct'), values) === true ? ' NULLS NOT DISTINCT' : '';
    return `${named}${kind === 'UniqueConstraint' ? `UNIQUE${nulls}` : 'PRIMARY KEY'} ${list(columns)}${include.length > 0 ? ` INCLUDE ${list(include)}` : ''}`;
  }
  if (kind !== 'ForeignKeyConstraint') return undefined;
  const [from, to] = [textsValue(positional[0], values), textsValue(positional[1], values)];
  const steps = to?.map((target) => target.split('.'));
  const [first] = steps ?? [];
  if (from === undefined || steps === undefined || first === undefined) return undefined;
  return `${named}FOREIGN KEY ${list(from)} REFERENCES ${quoteQualified(first.at(-3), first.at(-2) ?? '')} ${list(steps.map((step) => step.at(-1) ?? ''))}`;
}

/** The keys of an index: names, or SQL expressions; undefined where one is not understood. */
export function indexKeysSql(node: SyntaxNode | undefined, operators: ReadonlyMap<string, SyntaxNode> | undefined, values: Values): readonly string[] | undefined {
  const keys = elementsOf(node, values)?.map((element) => {
    const inner = resolved(element, values);
    const text = textValue(inner, values);
    if (text === undefined) return undefined;
    const operator = operators?.get(text);
    const opclass = operator === undefined ? '' : ` ${textValue(operator, values) ?? ''}`;
    const plain = inner.type === 'string' || inner.type === 'concatenated_string' || (inner.type === 'call' && calleeName(inner)?.text === 'f');
    return plain ? quoteIdentifier(text) + opclass : text;
  });
  return keys?.every((key) => key !== undefined) ? keys : undefined;
}
