import type { ModelIr, RelationIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { bindOf, constantText, readObject } from '../shared/hostValues';
import { concat, hole, identifier, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { readTagged } from '../shared/taggedTemplate';
import { relationsKey } from './drizzleRelations';

/** What stands in FROM: a table, an aliased one, a sub-query or a CTE. */
export interface DrizzleTable {
  /** Name by which columns are qualified; undefined where the table is not known. */
  readonly name?: string;
  /** As FROM and JOIN write it. */
  readonly from: SqlPart;
  readonly model?: ModelIr;
  /** Column of a property; undefined where not known. */
  column(property: string): string | undefined;
  /** Properties in order; undefined where not known. */
  readonly properties?: readonly string[];
}

/** What the renderers of one Drizzle statement share. */
export interface DrizzleScope {
  readonly host: HostContext;
  /** Tables that parameters of callbacks name (`where: (users, { eq }) => …`). */
  readonly named: ReadonlyMap<string, DrizzleTable>;
  /** False in the fields of a SELECT without joins, where Drizzle leaves the table out. */
  readonly qualified: boolean;
  readonly depth: number;
  /** SQL of a query builder used inside another query, without parentheses. */
  query(node: SyntaxNode): SqlPart | undefined;
}

const maxHops = 6;

/** The declared name of a table: exported, imported, a property of the schema object. */
function modelName(node: SyntaxNode, context: HostContext): string | undefined {
  const origin = context.origin(node);
  if (origin.kind === 'import') return origin.path.length > 1 ? undefined : origin.path[0] ?? (origin.imported === 'default' || origin.imported === '*' ? undefined : origin.imported);
  if (origin.kind !== 'call' || (origin.path?.length ?? 0) > 0) return undefined;
  const declarator = origin.node.parent?.type === 'variable_declarator' ? origin.node.parent : undefined;
  return declarator?.childForFieldName('name')?.text;
}

/** The table that an expression names; undefined where it is no table of Drizzle's for Postgres. */
export function readTable(written: SyntaxNode, scope: DrizzleScope, hops = 0): DrizzleTable | undefined {
  const node = unwrap(written);
  if (hops > maxHops) return undefined;
  const named = node.type === 'identifier' ? scope.named.get(node.text) : undefined;
  if (named) return named;
  if (node.type === 'call_expression') return readMadeTable(node, spanOf(node), scope, hops);
  if (!/^(identifier|member_expression|shorthand_property_identifier)$/.test(node.type)) return undefined;
  const name = modelName(node, scope.host);
  const model = name === undefined ? undefined : scope.host.model(name, 'drizzle');
  if (model?.table) return tableOfModel(model, spanOf(node));
  const origin = scope.host.origin(node);
  return origin.kind === 'call' && (origin.path?.length ?? 0) === 0 ? readMadeTable(origin.node, spanOf(node), scope, hops + 1) : undefined;
}

export function tableOfModel(model: ModelIr, span: HostSpan, alias?: string): DrizzleTable {
  const own = identifier(model.schema === undefined ? model.table : [model.schema, model.table], span);
  return {
    name: alias ?? model.table, model,
    from: alias === undefined ? own : concat(own, sql(' AS ', span), identifier(alias, span)),
    column: (property) => model.columns.find((column) => column.property === property)?.column,
    properties: model.columns.map((column) => column.property),
  };
}

/** `alias(users, 'u')`, `db.select(…).as('x')`, `db.$with('x').as(…)`. */
function readMadeTable(call: SyntaxNode, span: HostSpan, scope: DrizzleScope, hops: number): DrizzleTable | undefined {
  const parts = callParts(call);
  if (!parts || parts.template) return undefined;
  const [first, second] = parts.args;
  if (/^(alias|aliasedTable)$/.test(parts.callee.text) && first && second) {
    const table = readTable(first, scope, hops + 1);
    const name = constantText(second, scope.host);
    return table?.model && name !== undefined ? tableOfModel(table.model, span, name) : undefined;
  }
  const object = parts.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
  if (!object || !first || parts.callee.childForFieldName('property')?.text !== 'as') return undefined;
  const cte = cteOf(call, scope);
  if (cte) return { name: cte.name, from: identifier(cte.name, span), ...fieldsOf(cte.body, scope, hops) };
  const name = constantText(first, scope.host);
  const inner = name === undefined ? undefined : scope.query(object);
  return inner && name !== undefined ? { name, from: concat(sql('(', span), inner, sql(') AS '), identifier(name, span)), ...fieldsOf(object, scope, hops) } : undefined;
}

/** Name and query of `db.$with('x').as(query)`. */
export function cteOf(call: SyntaxNode, scope: DrizzleScope): { readonly name: string; readonly body: SyntaxNode } | undefined {
  const parts = callParts(call);
  const maker = parts?.callee.type === 'member_expression' && parts.callee.childForFieldName('property')?.text === 'as' ? callParts(unwrap(parts.callee.childForFieldName('object') ?? call)) : undefined;
  const name = maker?.args[0] && maker.callee.childForFieldName('property')?.text === '$with' ? constantText(maker.args[0], scope.host) : undefined;
  const written = parts?.args[0] && unwrap(parts.args[0]);
  const body = written?.type === 'arrow_function' ? written.childForFieldName('body') : written;
  return name !== undefined && body ? { name, body: unwrap(body) } : undefined;
}

/** The columns that a sub-query gives, by the property they are selected under. */
function fieldsOf(query: SyntaxNode, scope: DrizzleScope, hops: number): Pick<DrizzleTable, 'column' | 'properties'> {
  const chain = scope.host.chain(query);
  const select = chain?.calls.find((call) => /^select(Distinct|DistinctOn)?$/.test(call.name));
  const fields = select?.argNodes[select.name === 'selectDistinctOn' ? 1 : 0];
  if (fields) {
    const entries = readObject(fields)?.entries;
    const names = new Map(entries?.map((entry) => [entry.key, fieldName(entry.key, entry.value, scope)]));
    return { column: (property) => names.get(property), properties: entries?.map((entry) => entry.key) };
  }
  const from = chain?.calls.find((call) => call.name === 'from')?.argNodes[0];
  const table = from && hops < maxHops && !chain?.calls.some((call) => /Join$/.test(call.name)) ? readTable(from, scope, hops + 1) : undefined;
  return { column: (property) => table?.column(property), properties: table?.properties };
}

function fieldName(key: string, value: SyntaxNode, scope: DrizzleScope): string | undefined {
  const node = unwrap(value);
  const column = node.type === 'member_expression' ? readColumn(node, scope) : undefined;
  if (column) return column.column;
  const tagged = readTagged(node)?.methods.find((method) => method.name === 'as')?.args[0];
  if (tagged) return constantText(tagged, scope.host);
  const alias = node.type === 'call_expression' && callParts(node)?.callee.childForFieldName('property')?.text === 'as' ? callParts(node)?.args[0] : undefined;
  return alias ? constantText(alias, scope.host) : key;
}

/** `users.id`: its table and column; undefined where the object is no table. `column` is undefined where the model does not say. */
export function readColumn(written: SyntaxNode, scope: DrizzleScope): { readonly table: DrizzleTable; readonly property: string; readonly column?: string; readonly span: HostSpan } | undefined {
  const node = unwrap(written);
  if (node.type === 'identifier') {
    // `const column = users.name;`
    const origin = scope.host.origin(node);
    const value = origin.kind === 'node' && origin.node.type === 'member_expression' ? origin.node : undefined;
    return value ? readColumn(value, scope) : undefined;
  }
  if (node.type !== 'member_expression') return undefined;
  const [object, property] = [node.childForFieldName('object'), node.childForFieldName('property')];
  const table = object && property ? readTable(object, scope) : undefined;
  return table && property ? { table, property: property.text, column: table.column(property.text), span: spanOf(node) } : undefined;
}

/** The column as SQL; a name of unknown spelling becomes a hole. */
export function columnPart(node: SyntaxNode, scope: DrizzleScope, host?: HostSpan): SqlPart | undefined {
  const column = readColumn(node, scope);
  if (!column) return undefined;
  if (column.column === undefined) return hole('identifier', bindOf(node, scope.host));
  return namedColumn(column.table, column.column, scope, host ?? column.span);
}

export const namedColumn = (table: DrizzleTable, column: string, scope: DrizzleScope, host: HostSpan): SqlPart =>
  identifier(scope.qualified && table.name !== undefined ? [table.name, column] : column, host);

/** Every column of a table; nothing where they are not known. */
export const allColumns = (table: DrizzleTable, scope: DrizzleScope, host: HostSpan): readonly SqlPart[] =>
  table.properties?.flatMap((property) => {
    const column = table.column(property);
    return column === undefined ? [] : [namedColumn(table, column, scope, host)];
  }) ?? [nothing];

/** Relations of a table, declared beside it or in another file; there a column may be named by its property. */
export function relationsOf(model: ModelIr, context: HostContext): readonly RelationIr[] {
  const named = (names: readonly string[], owner: ModelIr | undefined): readonly string[] => {
    const columns = names.map((name) => owner?.columns.find((column) => column.column === name || column.property === name)?.column);
    return columns.every((column) => column !== undefined) ? columns : [];
  };
  const declared = model.relations.length > 0 ? model.relations : context.model(relationsKey(model.name), 'drizzle')?.relations ?? [];
  return declared.map((relation) => ({ ...relation, columns: named(relation.columns, model), references: named(relation.references, context.model(relation.model, 'drizzle')) }));
}
