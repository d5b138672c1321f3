import type { QualifiedName } from '../../catalog/changes';
import type { Scopes } from '../../hosts/python/scopes';
import { textOf } from '../../hosts/python/strings';
import { argumentsOf, calleeName, field, literalValue, parts, stringPieces, unwrap, type Arguments } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';

/** What names stand for where a migration's code is read: constants of the file, and the values of an unrolled loop or call. */
export interface Values {
  readonly scopes: Scopes;
  /** Of loop variables and parameters. */
  readonly names: ReadonlyMap<string, SyntaxNode>;
}

/** Calls that give back their first argument as text. */
const transparent = new Set(['text', 'f', 'inline_literal', 'literal_column', 'dedent', 'DDL', 'quoted_name']);
const maximumDepth = 12;

/** The expression a name stands for, where it is bound once. */
export function resolved(node: SyntaxNode, values: Values, depth = 0): SyntaxNode {
  const inner = unwrap(node);
  if (inner.type !== 'identifier' || depth > maximumDepth) return inner;
  const known = values.names.get(inner.text);
  if (known !== undefined) return known.id === inner.id ? inner : resolved(known, values, depth + 1);
  const bindings = values.scopes.resolve(inner.text, inner)?.bindings;
  const value = bindings?.length === 1 && bindings[0]?.kind === 'assign' ? bindings[0].value : undefined;
  return value === undefined ? inner : resolved(value, values, depth + 1);
}

/** The text of an expression; undefined where a part of it is not known. */
export function textValue(node: SyntaxNode | undefined, values: Values, depth = 0): string | undefined {
  if (node === undefined || depth > maximumDepth) return undefined;
  const inner = resolved(node, values);
  const next = (child: SyntaxNode | undefined): string | undefined => textValue(child, values, depth + 1);
  if (inner.type === 'string') {
    const pieces = stringPieces(inner)?.map((piece) => ('text' in piece ? piece.text : piece.plain ? next(piece.expression) : undefined));
    return pieces?.every((piece) => piece !== undefined) ? pieces.join('') : undefined;
  }
  if (inner.type === 'concatenated_string') return joined(parts(inner).map(next));
  if (inner.type === 'binary_operator' && field(inner, 'operator')?.text === '+') return joined([next(field(inner, 'left')), next(field(inner, 'right'))]);
  if (inner.type === 'call' && transparent.has(calleeName(inner)?.text ?? '')) return next(argumentsOf(inner).positional[0] ?? argumentsOf(inner).keyword.get('text'));
  const found = textOf(inner, { scopes: values.scopes, bindOrigin: () => 'unknown' });
  return found?.complete ? joined(found.parts.map((part) => (part.kind === 'text' ? part.text : undefined))) : undefined;
}

const joined = (texts: readonly (string | undefined)[]): string | undefined => (texts.every((text) => text !== undefined) ? texts.join('') : undefined);

/** Elements of a list or tuple; undefined where it is none, or is spread. */
export function elementsOf(node: SyntaxNode | undefined, values: Values): readonly SyntaxNode[] | undefined {
  const inner = node && resolved(node, values);
  if (inner === undefined || !['list', 'tuple', 'set', 'expression_list'].includes(inner.type)) return undefined;
  const items = parts(inner);
  return items.some((item) => item.type === 'list_splat') ? undefined : items;
}

/** A list of texts; undefined where one of them is not known. */
export function textsValue(node: SyntaxNode | undefined, values: Values): readonly string[] | undefined {
  const texts = elementsOf(node, values)?.map((item) => textValue(item, values));
  return texts?.every((text) => text !== undefined) ? texts : undefined;
}

/** True, false, or undefined for anything else. */
export function flagValue(node: SyntaxNode | undefined, values: Values): boolean | undefined {
  const value = node && literalValue(resolved(node, values));
  return typeof value === 'boolean' ? value : undefined;
}

/** The entries of a dictionary with text keys. */
export function entriesOf(node: SyntaxNode | undefined, values: Values): ReadonlyMap<string, SyntaxNode> | undefined {
  const inner = node && resolved(node, values);
  if (inner?.type !== 'dictionary') return undefined;
  const found = new Map<string, SyntaxNode>();
  for (const pair of parts(inner)) {
    const [key, value] = [textValue(field(pair, 'key'), values), field(pair, 'value')];
    if (key === undefined || value === undefined) return undefined;
    found.set(key, value);
  }
  return found;
}

/** Arguments by the names of a signature. */
export interface NamedArguments {
  get(name: string): SyntaxNode | undefined;
  text(name: string): string | undefined;
  /** Positional arguments behind the signature. */
  readonly rest: readonly SyntaxNode[];
  readonly all: Arguments;
}

export function namedArguments(call: SyntaxNode, signature: readonly string[], values: Values): NamedArguments {
  const all = argumentsOf(call);
  const get = (name: string): SyntaxNode | undefined => {
    const position = signature.indexOf(name);
    return all.keyword.get(name) ?? (position < 0 ? undefined : all.positional[position]);
  };
  return { get, text: (name) => textValue(get(name), values), rest: all.positional.slice(signature.length), all };
}

export const isNone = (node: SyntaxNode | undefined): boolean => node !== undefined && unwrap(node).type === 'none';

/** A name with the schema, where one is given. */
export const qualified = (name: string, schema: string | undefined): QualifiedName => (schema === undefined ? { name } : { schema, name });
