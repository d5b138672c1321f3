import type { ColumnDefinition } from '../../catalog/changes';
import { callParts, keyName, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { quoteIdentifier, renderConstant } from '../../sql/names';

/** One step of a builder chain: `text('name')`, `.notNull()`. */
export interface BuilderCall {
  readonly name: string;
  readonly args: readonly SyntaxNode[];
}

/** The calls of `text('a').notNull().unique()` in order; undefined for any other expression. */
export function builderCalls(node: SyntaxNode): readonly BuilderCall[] | undefined {
  const calls: BuilderCall[] = [];
  let current = unwrap(node);
  for (;;) {
    const call = callParts(current);
    if (call === undefined || call.template) return undefined;
    if (call.callee.type === 'identifier') return [{ name: call.callee.text, args: call.args }, ...calls];
    const [object, property] = [call.callee.childForFieldName('object'), call.callee.childForFieldName('property')];
    if (call.callee.type !== 'member_expression' || !object || !property) return undefined;
    calls.unshift({ name: property.text, args: call.args });
    const inner = unwrap(object);
    if (inner.type === 'identifier') return calls;
    current = inner;
  }
}

/** A text that stands in the code. */
export function textOf(node: SyntaxNode | undefined): string | undefined {
  const inner = node && unwrap(node);
  if (inner?.type === 'string') return keyName(inner);
  return inner?.type === 'template_string' && !inner.namedChildren.some((child) => child.type === 'template_substitution') ? inner.text.slice(1, -1) : undefined;
}

/** The entries of an object literal, spreads apart. */
export function objectOf(node: SyntaxNode | undefined): { readonly entries: ReadonlyMap<string, SyntaxNode>; readonly spreads: readonly SyntaxNode[] } | undefined {
  const inner = node && unwrap(node);
  if (inner?.type !== 'object') return undefined;
  const entries = new Map<string, SyntaxNode>();
  const spreads: SyntaxNode[] = [];
  for (const child of inner.namedChildren) {
    const [name, value] = [keyName(child.childForFieldName('key')), child.childForFieldName('value')];
    if (child.type === 'spread_element') spreads.push(...child.namedChildren.slice(0, 1));
    else if (child.type === 'shorthand_property_identifier') entries.set(child.text, child);
    else if (name !== undefined && value) entries.set(name, value);
  }
  return { entries, spreads };
}

const numberOf = (node: SyntaxNode | undefined): number | undefined => (node?.type === 'number' ? Number(node.text) : undefined);

/** Column builders of `drizzle-orm/pg-core` without options of their own. */
const plain: Readonly<Record<string, string>> = {
  integer: 'integer', smallint: 'smallint', bigint: 'bigint', serial: 'integer', bigserial: 'bigint', smallserial: 'smallint', boolean: 'boolean', text: 'text', real: 'real', doublePrecision: 'double precision',
  json: 'json', jsonb: 'jsonb', uuid: 'uuid', date: 'date', inet: 'inet', cidr: 'cidr', macaddr: 'macaddr', macaddr8: 'macaddr8', point: 'point', line: 'line', interval: 'interval', bytea: 'bytea',
};
const sized: Readonly<Record<string, string>> = { varchar: 'character varying', char: 'character', vector: 'vector', halfvec: 'halfvec', bit: 'bit', sparsevec: 'sparsevec' };
const serials = new Set(['serial', 'bigserial', 'smallserial']);

function typeOf(builder: string, options: ReadonlyMap<string, SyntaxNode> | undefined): string | undefined {
  const option = (name: string): number | undefined => numberOf(options?.get(name));
  if (Object.hasOwn(plain, builder)) return plain[builder];
  if (Object.hasOwn(sized, builder)) {
    const size = option('length') ?? option('dimensions');
    return size === undefined ? sized[builder] : `${sized[builder] ?? ''}(${size})`;
  }
  if (builder === 'numeric' || builder === 'decimal') return option('precision') === undefined ? 'numeric' : `numeric(${option('precision') ?? 0},${option('scale') ?? 0})`;
  if (builder !== 'timestamp' && builder !== 'time') return undefined;
  const precision = option('precision');
  return `${builder}${precision === undefined ? '' : `(${precision})`} ${options?.get('withTimezone')?.text === 'true' ? 'with' : 'without'} time zone`;
}

/** A column of a table, with what stands on it. */
export interface DrizzleColumn {
  readonly key: string;
  readonly definition: ColumnDefinition;
  readonly node: SyntaxNode;
  readonly primary: boolean;
  readonly unique?: { readonly name?: string; readonly nullsNotDistinct: boolean };
  /** The function in `.references(() => users.id)`. */
  readonly references?: SyntaxNode;
}

/** Constants of the file that columns are built with. */
export interface DrizzleNames {
  /** Builder as imported → its own name. */
  readonly builders: ReadonlyMap<string, string>;
  /** Variable of a `pgEnum` → its type, as a column prints it. */
  readonly enums: ReadonlyMap<string, string>;
}

/** One property of the columns' object; undefined where its name in the database cannot be told, or it is no column. */
export function readDrizzleColumn(key: string, node: SyntaxNode, names: DrizzleNames): DrizzleColumn | undefined {
  const calls = builderCalls(node);
  const [first, ...rest] = calls ?? [];
  if (first === undefined) return undefined;
  const builder = names.builders.get(first.name) ?? first.name;
  const written = textOf(first.args[0]);
  // A name that is not written follows the `casing` that the client is set to.
  if (written === undefined && key !== key.toLowerCase()) return undefined;
  const options = objectOf(first.args.at(-1))?.entries;
  const find = (name: string): BuilderCall | undefined => rest.find((call) => call.name === name);
  const type = names.enums.get(first.name) ?? typeOf(builder, options) ?? 'unknown';
  const identity = find('generatedAlwaysAsIdentity') ?? find('generatedByDefaultAsIdentity');
  const primary = find('primaryKey') !== undefined;
  const unique = find('unique');
  const value = defaultOf(rest, serials.has(builder));
  const [uniqueName, nulls] = [textOf(unique?.args[0]), objectOf(unique?.args[1])?.entries.get('nulls')];
  const references = find('references')?.args[0];
  return {
    key, node, primary,
    definition: {
      name: written ?? key, type: find('array') === undefined ? type : `${type}[]`,
      notNull: primary || serials.has(builder) || identity !== undefined || find('notNull') !== undefined,
      ...(value === undefined ? {} : { default: value }),
      ...(identity ? { generated: 'identity' as const } : find('generatedAlwaysAs') ? { generated: 'stored' as const } : {}),
    },
    ...(unique === undefined ? {} : { unique: { ...(uniqueName === undefined ? {} : { name: uniqueName }), nullsNotDistinct: textOf(nulls) === 'not distinct' } }),
    ...(references === undefined ? {} : { references }),
  };
}

function defaultOf(calls: readonly BuilderCall[], serial: boolean): string | undefined {
  if (serial) return 'nextval';
  if (calls.some((call) => call.name === 'defaultNow')) return 'now()';
  if (calls.some((call) => call.name === 'defaultRandom')) return 'gen_random_uuid()';
  const value = calls.find((call) => call.name === 'default')?.args[0];
  if (value === undefined) return undefined;
  const text = textOf(value);
  if (text !== undefined) return renderConstant(text);
  if (/^(?:true|false|number)$/.test(value.type)) return value.text;
  return sqlText(value, () => undefined);
}

/** The text of sql`…`, columns in it by their names; undefined where something else is put in. */
export function sqlText(node: SyntaxNode, columnOf: (node: SyntaxNode) => string | undefined): string | undefined {
  const call = callParts(unwrap(node));
  if (call?.template === undefined || call.callee.text !== 'sql') return undefined;
  let text = '';
  let at = call.template.startIndex + 1;
  for (const child of call.template.namedChildren) {
    if (child.type !== 'template_substitution') continue;
    const inner = child.namedChildren[0];
    const column = inner && columnOf(inner);
    if (column === undefined) return undefined;
    text += call.template.text.slice(at - call.template.startIndex, child.startIndex - call.template.startIndex) + quoteIdentifier(column);
    at = child.endIndex;
  }
  return (text + call.template.text.slice(at - call.template.startIndex, -1)).replaceAll(/\s+/g, ' ').trim();
}
