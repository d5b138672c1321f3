import type { DjangoField } from '../../hosts/migrationIr';
import { argumentsOf, calleeName, field, literalValue, pathOf } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { renderConstant } from '../../sql/names';
import { flagValue, resolved, textValue, type Values } from '../alembic/alembicValues';
import { columnTypes, relationFields } from './djangoTypes';

const numberValue = (node: SyntaxNode | undefined, values: Values): number | undefined => {
  const value = node && literalValue(resolved(node, values));
  return typeof value === 'number' ? value : undefined;
};

/** The class of Django's that a field of another package is named after: `AutoSlugField` is a `SlugField`. */
const baseClass = (name: string): string | undefined =>
  [...Object.keys(columnTypes), ...relationFields].filter((known) => name.endsWith(known)).sort((a, b) => b.length - a.length)[0];

/** `models.CharField(max_length=80)` under its name; undefined where the expression is no call. */
export function readDjangoField(name: string, node: SyntaxNode | undefined, values: Values): DjangoField | undefined {
  const call = node && resolved(node, values);
  if (call?.type !== 'call') return undefined;
  const written = calleeName(call)?.text ?? '';
  const { positional, keyword, spread } = argumentsOf(call);
  const flag = (option: string): boolean | undefined => flagValue(keyword.get(option), values);
  const reference = keyword.get('to') ?? (relationFields.has(written) ? positional[0] : undefined);
  const known = Object.hasOwn(columnTypes, written) || relationFields.has(written);
  const type = known ? written : reference ? (keyword.has('on_delete') ? 'ForeignKey' : 'ManyToManyField') : baseClass(written) ?? written;
  const through = keyword.get('through');
  const [digits, places] = [numberValue(keyword.get('max_digits'), values), numberValue(keyword.get('decimal_places'), values)];
  const base = type === 'ArrayField' ? readDjangoField(name, keyword.get('base_field') ?? positional[0], values) : undefined;
  const output = type === 'GeneratedField' ? readDjangoField(name, keyword.get('output_field'), values) : undefined;
  const standard = keyword.get('db_default');
  const text = (option: string): string | undefined => textValue(keyword.get(option), values);
  const [length, column, table, collation, targetField, index] = [numberValue(keyword.get('max_length'), values), text('db_column'), text('db_table'), text('db_collation'), text('to_field'), flag('db_index')];
  return {
    ...(output ?? {}),
    name, type: output?.type ?? type, null: type === 'GeneratedField' || (flag('null') ?? written === 'NullBooleanField'), unique: flag('unique') ?? false, primary: flag('primary_key') ?? false,
    ...(known && !spread ? {} : { foreign: true }),
    ...(index === undefined ? {} : { index }),
    ...(column === undefined ? {} : { column }),
    ...(length === undefined ? {} : { length }),
    ...(digits === undefined || places === undefined ? {} : { digits: [digits, places] as const }),
    ...(reference === undefined ? {} : { target: modelName(reference, values) }),
    ...(targetField === undefined ? {} : { targetField }),
    ...(table === undefined ? {} : { table }),
    ...(through === undefined ? {} : { through: modelName(through, values) }),
    ...(base === undefined ? {} : { base }),
    ...(standard === undefined ? {} : constantOf(standard, values)),
    ...(collation === undefined ? {} : { collation }),
    ...(flag('db_constraint') === false ? { unconstrained: true } : {}),
    ...(type === 'GeneratedField' ? { generated: true } : {}),
  };
}

/** `app.model` in small letters, or the setting that names it. */
export function modelName(node: SyntaxNode, values: Values): string {
  const text = textValue(node, values);
  if (text !== undefined) return text.toLowerCase();
  const path = pathOf(resolved(node, values)) ?? [];
  return path.includes('settings') ? `settings.${path.at(-1) ?? ''}` : (path.at(-1) ?? '').toLowerCase();
}

function constantOf(node: SyntaxNode, values: Values): { readonly databaseDefault?: string } {
  const inner = resolved(node, values);
  const value = literalValue(inner);
  if (value !== undefined) return { databaseDefault: renderConstant(value) };
  const callee = inner.type === 'call' ? field(inner, 'function')?.text.split('.').at(-1) : undefined;
  return callee === 'Now' ? { databaseDefault: 'statement_timestamp()' } : callee === 'RandomUUID' ? { databaseDefault: 'gen_random_uuid()' } : {};
}
