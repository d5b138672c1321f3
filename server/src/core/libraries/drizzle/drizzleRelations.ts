import type { ModelIr, RelationIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, collectPatternNames, isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import { objectOf, textOf } from './drizzleColumns';

/** Under this name the relations of a table stand that are declared in another file than the table; their columns are properties. */
export const relationsKey = (table: string): string => `relations of ${table}`;

/** Relations declared by `relations(users, ({ one, many }) => …)` or `defineRelations(schema, (r) => …)`, by the table's variable. */
export function readRelations(constants: ReadonlyMap<string, SyntaxNode>, own: readonly ModelIr[]): ReadonlyMap<string, readonly RelationIr[]> {
  const found = new Map<string, readonly RelationIr[]>();
  const model = (name: string): ModelIr | undefined => own.find((candidate) => candidate.name === name);
  for (const value of constants.values()) {
    const call = callParts(unwrap(value));
    const [first, second] = call?.args ?? [];
    const body = second && isFunction(unwrap(second)) ? resultOf(unwrap(second)) : undefined;
    if (!call || !first || !body) continue;
    if (call.callee.text === 'relations') found.set(lastName(first), [...objectOf(body)?.entries ?? []].flatMap(([property, node]) => readOldRelation(property, node, model) ?? []));
    if (!/^defineRelations(Part)?$/.test(call.callee.text)) continue;
    for (const [table, entries] of objectOf(body)?.entries ?? []) found.set(table, [...objectOf(entries)?.entries ?? []].flatMap(([property, node]) => readRelation(property, node, model) ?? []));
  }
  return found;
}

/** Attached to their tables where these stand in the same file; else as entries of their own, which declare no table. */
export function withRelations(models: readonly ModelIr[], relations: ReadonlyMap<string, readonly RelationIr[]>, root: SyntaxNode): readonly ModelIr[] {
  const rest = [...relations].filter(([table]) => !models.some((model) => model.name === table));
  return [
    ...models.map((model) => ({ ...model, relations: relations.get(model.name) ?? model.relations })),
    ...rest.map(([table, list]): ModelIr => ({ library: 'drizzle', name: relationsKey(table), table: '', span: spanOf(root), relations: list, columns: [], changes: [] })),
  ];
}

type Models = (name: string) => ModelIr | undefined;

const lastName = (node: SyntaxNode): string => unwrap(node).text.split('.').at(-1) ?? '';

function resultOf(fn: SyntaxNode): SyntaxNode | undefined {
  const body = fn.childForFieldName('body');
  if (!body || body.type !== 'statement_block') return body ? unwrap(body) : undefined;
  const value = body.namedChildren.find((child) => child.type === 'return_statement')?.namedChildren[0];
  return value && unwrap(value);
}

/** `users.id` as a column of the table that it names; of a table of another file as the property. */
function columnOf(node: SyntaxNode, model: Models): string | undefined {
  const path = unwrap(node).text.split('.');
  const [table, property] = [path.at(-2), path.at(-1)];
  if (table === undefined || !/^[\w$.]+$/.test(path.join('.'))) return undefined;
  const known = model(table);
  return known ? known.columns.find((column) => column.property === property)?.column : property;
}

function columnsOf(node: SyntaxNode | undefined, model: Models): readonly string[] {
  if (!node) return [];
  const inner = unwrap(node);
  const columns = (inner.type === 'array' ? inner.namedChildren.filter((child) => child.type !== 'comment') : [inner]).map((item) => columnOf(item, model));
  return columns.every((column) => column !== undefined) ? columns : [];
}

/** `many(posts)`, `one(users, { fields: [posts.userId], references: [users.id], relationName: 'author' })` */
function readOldRelation(property: string, node: SyntaxNode, model: Models): RelationIr | undefined {
  const call = callParts(unwrap(node));
  const kind = call?.callee.text.split('.').at(-1);
  const target = call?.args[0];
  if (!call || !target || (kind !== 'one' && kind !== 'many')) return undefined;
  const options = objectOf(call.args[1])?.entries;
  const name = textOf(options?.get('relationName'));
  const [columns, references] = [columnsOf(options?.get('fields'), model), columnsOf(options?.get('references'), model)];
  return { property, model: lastName(target), many: kind === 'many', columns, references, eager: false, ...(name === undefined ? {} : { name }) };
}

/** `r.many.posts({ from: r.users.id, to: r.posts.userId })`; a relation through a third table has no columns. */
function readRelation(property: string, node: SyntaxNode, model: Models): RelationIr | undefined {
  const call = callParts(unwrap(node));
  const path = call?.callee.text.split('.') ?? [];
  const [kind, target] = path.slice(-2);
  if (!call || target === undefined || (kind !== 'one' && kind !== 'many')) return undefined;
  const options = objectOf(call.args[0])?.entries;
  const name = textOf(options?.get('alias'));
  const restricted = options?.get('where') !== undefined;
  const [columns, references] = restricted ? [[], []] : [columnsOf(options?.get('from'), model), columnsOf(options?.get('to'), model)];
  return { property, model: target, many: kind === 'many', columns, references: columns.length === references.length ? references : [], eager: false, ...(name === undefined ? {} : { name }) };
}

/** The pairs of columns that tie a relation, own and other; undefined where neither side tells. */
export function relationPairs(table: string, relation: RelationIr, other: readonly RelationIr[]): readonly (readonly [string, string])[] | undefined {
  const pairs = (own: readonly string[], far: readonly string[]): readonly (readonly [string, string])[] | undefined => (own.length > 0 && own.length === far.length ? own.map((column, index) => [column, far[index] ?? ''] as const) : undefined);
  const back = other.filter((candidate) => candidate.model === table && candidate.columns.length > 0 && candidate.name === relation.name);
  const [only] = back;
  return pairs(relation.columns, relation.references) ?? (only && back.length === 1 ? pairs(only.references, only.columns) : undefined);
}

/** Names that a callback's first parameter, or the properties of its second, bind. */
export const parameterNames = (fn: SyntaxNode): readonly string[] => {
  const list = fn.childForFieldName('parameter') ?? fn.childForFieldName('parameters');
  return list ? collectPatternNames(list) : [];
};
