import { scopesOf } from '../../hosts/python/context';
import { enclosingClass } from '../../hosts/python/origins';
import { stepsOf } from '../../hosts/python/steps';
import { argumentsOf, calleeName, field, literalValue, parts, pathOf, unwrap } from '../../hosts/python/syntaxTools';
import type { ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { hole, identifier, type SqlPart } from '../shared/sqlBuilder';

/** A table, alias, sub-query or CTE of one statement. */
export interface Entity {
  /** How the host code names it: `Order`, `models.Order`, `order_alias`. */
  readonly host: string;
  /** Name by which columns refer to it in SQL; undefined where only the host knows the table. */
  readonly alias?: string;
  readonly table?: { readonly schema?: string; readonly name: string };
  readonly model?: ModelIr;
  /** An imported class of which no model is known: it may be an enum as well, unless it stands where only an entity can. */
  readonly guessed?: boolean;
  /** Sub-query or CTE: its rendered statement. */
  readonly derived?: { readonly kind: 'subquery' | 'cte'; readonly body: SqlPart };
  readonly span: HostSpan;
  readonly node: SyntaxNode;
}

/** One SELECT / INSERT / UPDATE / DELETE while it is rendered. */
export interface QueryScope {
  readonly context: HostContext;
  readonly parent?: QueryScope;
  /** In the FROM list or a join, in order. */
  readonly from: Entity[];
  /** Places of statements that became part of this one. */
  readonly consumes: HostSpan[];
  readonly ctes: Map<string, SqlPart>;
  readonly depth: number;
  /** Renders a nested statement; set by the statement renderer. */
  readonly renderStatement: (node: SyntaxNode, parent: QueryScope) => NestedStatement | undefined;
}

/** A statement inside another one, without parentheses. */
export interface NestedStatement {
  readonly part: SqlPart;
  /** Name given to `.subquery("x")`, `.cte("x")`. */
  readonly name?: string;
  /** True: an expression by itself (`EXISTS (…)`), not a SELECT. */
  readonly expression: boolean;
}

const libraryModule = /^(sqlalchemy|sqlmodel|flask_sqlalchemy|geoalchemy2)\b/;
export const maximumDepth = 12;

/** The function of SQLAlchemy that a callee names: `select` for `select(…)`, `sa.select(…)`, `db.select(…)`; undefined for any other. */
export function libraryFunction(callee: SyntaxNode, context: HostContext): string | undefined {
  const inner = unwrap(callee);
  const path = pathOf(inner);
  if (!path || path.length > 3 || path.includes('()')) return undefined;
  const origin = context.origin(inner);
  if (origin.kind === 'import' && libraryModule.test(origin.module)) return origin.path.at(-1) ?? origin.imported;
  if (path.length === 2 && path[0] === 'db' && /^(select|insert|update|delete|text|func|and_|or_|not_|exists|case|cast|desc|asc)$/.test(path[1] ?? '')) return path[1];
  return undefined;
}

/** `func.lower` → `lower`; undefined when the callee is no SQL function. */
export function functionName(callee: SyntaxNode, context: HostContext): string | undefined {
  const path = pathOf(callee);
  const at = path?.indexOf('func') ?? -1;
  if (!path || at < 0 || at > 1 || at === path.length - 1) return undefined;
  const [root] = path;
  if (root === 'db' || root === 'sa') return path.slice(at + 1).join('.');
  const origin = context.origin(callee);
  return origin.kind === 'import' && libraryModule.test(origin.module) ? path.slice(at + 1).join('.') : undefined;
}

/** The value of a variable that is assigned once and unconditionally; the node itself when it is no name. */
export function singleValue(node: SyntaxNode, context: HostContext): SyntaxNode | undefined {
  const inner = unwrap(node);
  if (inner.type !== 'identifier') return inner;
  const scopes = scopesOf(context);
  const steps = scopes && stepsOf(inner.text, inner, scopes);
  const only = steps?.length === 1 ? steps[0] : undefined;
  return only && !only.guard && !only.repeated && only.binding.kind === 'assign' ? only.binding.value : undefined;
}

export interface EntityPath {
  readonly entity: Entity;
  /** Path behind the entity: `['id']` of `Order.id`, `['c', 'id']` of a sub-query's column. */
  readonly rest: readonly string[];
}

/** The entity that a name or attribute starts with. Unknown imported classes are entities whose table is not known. */
export function findEntity(node: SyntaxNode, scope: QueryScope): EntityPath | undefined {
  const inner = unwrap(node);
  const path = pathOf(inner);
  if (!path || path.includes('()') || path.includes('[]')) return undefined;
  const { context } = scope;
  const root = rootName(inner);
  if (!root) return undefined;
  for (let current: QueryScope | undefined = scope; current; current = current.parent) {
    const known = current.from.find((entity) => path.length >= entity.host.split('.').length && entity.host.split('.').every((part, index) => part === path[index]));
    if (known) return { entity: known, rest: path.slice(known.host.split('.').length) };
  }
  const generic = /^(self|cls)\.(_?model|_?model_class|model_cls|entity|_?entity_class|table)(?=\.|$)/.exec(path.join('.'))?.[0];
  if (generic !== undefined) {
    const host = generic;
    return { entity: { host, span: context.span(inner), node: inner }, rest: path.slice(2) };
  }
  if (path[0] === 'cls' || path[0] === 'self') {
    const owner = path[0] === 'cls' || path.length > 1 ? enclosingClass(inner) : undefined;
    const name = owner && field(owner, 'name')?.text;
    const model = name === undefined ? undefined : context.model(name, 'sqlalchemy');
    return model && path[0] === 'cls' ? { entity: tableEntity('cls', model, inner, context), rest: path.slice(1) } : undefined;
  }
  return importedEntity(path, root, inner, scope);
}

function rootName(node: SyntaxNode): SyntaxNode | undefined {
  let current = node;
  while (current.type === 'attribute') {
    const object = field(current, 'object');
    if (!object) return undefined;
    current = unwrap(object);
  }
  return current.type === 'identifier' ? current : undefined;
}

function tableEntity(host: string, model: ModelIr, node: SyntaxNode, context: HostContext): Entity {
  return { host, alias: model.table, table: { schema: model.schema, name: model.table }, model, span: context.span(node), node };
}

function importedEntity(path: readonly string[], root: SyntaxNode, node: SyntaxNode, scope: QueryScope): EntityPath | undefined {
  const { context } = scope;
  const [first = '', second] = path;
  const origin = context.origin(root);
  const imported = origin.kind === 'import' ? (origin.imported === '*' ? first : origin.imported) : first;
  if (origin.kind === 'import' && libraryModule.test(origin.module)) return undefined;
  const own = context.model(imported, 'sqlalchemy');
  if (own && (origin.kind === 'import' || isModuleName(root, context))) return { entity: tableEntity(first, own, node, context), rest: path.slice(1) };
  const qualified = origin.kind === 'import' && second !== undefined && /^[a-z_]/.test(first) ? context.model(second, 'sqlalchemy') : undefined;
  if (qualified) return { entity: tableEntity(`${first}.${second}`, qualified, node, context), rest: path.slice(2) };
  const value = singleValue(root, context);
  const made = value && value.id !== root.id ? madeEntity(first, value, scope) : undefined;
  if (made) return { entity: made, rest: path.slice(1) };
  if (/^[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$/.test(first) && (origin.kind === 'import' || origin.kind === 'unknown')) return { entity: { host: first, alias: first, table: { name: first }, guessed: true, span: context.span(node), node }, rest: path.slice(1) };
  if (origin.kind === 'import' && second !== undefined && /^[A-Z][A-Za-z0-9]*[a-z]/.test(second)) return { entity: { host: `${first}.${second}`, alias: second, table: { name: second }, guessed: true, span: context.span(node), node }, rest: path.slice(2) };
  if (genericModel.test(first) && origin.kind !== 'import' && path.length <= 2 && !isModuleName(root, context)) return { entity: { host: first, span: context.span(root), node: root }, rest: path.slice(1) };
  return undefined;
}

/** Parameters and variables that hold a model: which one only the caller knows. */
const genericModel = /^(?:_?model|model_?cls|model_?class|orm_model|db_model|entity|entity_?cls|entity_?class|klass)$/;

/** A class or table of the module itself, not a local variable of the same name. */
function isModuleName(root: SyntaxNode, context: HostContext): boolean {
  const resolved = scopesOf(context)?.resolve(root.text, root);
  return !resolved || resolved.scope.kind === 'module';
}

/** `aliased(Order)`, `Order.__table__.alias()`, `select(…).subquery()`, `select(…).cte("x")`. */
function madeEntity(host: string, value: SyntaxNode, scope: QueryScope): Entity | undefined {
  const inner = unwrap(value);
  if (scope.depth > maximumDepth) return undefined;
  const { context } = scope;
  if (inner.type === 'identifier' || inner.type === 'attribute') {
    const same = findEntity(inner, { ...scope, depth: scope.depth + 1 });
    return same && same.rest.length === 0 ? { ...same.entity, host } : undefined;
  }
  if (inner.type !== 'call') return undefined;
  const callee = field(inner, 'function');
  const name = calleeName(inner)?.text;
  const { positional, keyword } = argumentsOf(inner);
  if (callee && name === 'aliased' && libraryFunction(callee, context) === 'aliased' && positional[0]) {
    const of = findEntity(positional[0], { ...scope, from: [], parent: undefined, depth: scope.depth + 1 });
    const given = keyword.get('name');
    const text = given ? literalValue(given) : undefined;
    if (of && of.rest.length === 0 && of.entity.table) return { ...of.entity, host, alias: typeof text === 'string' ? text : host };
    const derived = scope.renderStatement(positional[0], { ...scope, depth: scope.depth + 1 });
    return derived && { host, alias: host, derived: { kind: 'subquery', body: derived.part }, span: context.span(inner), node: inner };
  }
  if (name === 'subquery' || name === 'cte' || name === 'alias' || name === 'lateral') {
    const made = scope.renderStatement(inner, { ...scope, from: [], parent: undefined, depth: scope.depth + 1 });
    if (!made) return undefined;
    return { host, alias: made.name ?? host, derived: { kind: name === 'cte' ? 'cte' : 'subquery', body: made.part }, span: context.span(inner), node: inner };
  }
  return undefined;
}

/** The column of an entity's attribute; undefined for relationships. */
export function columnOf(entity: Entity, property: string): string | undefined {
  if (!entity.model) return property;
  const known = entity.model.columns.find((column) => column.property === property);
  if (known) return known.column;
  return entity.model.relations.some((relation) => relation.property === property) ? undefined : entity.model.columns.find((column) => column.column === property)?.column ?? property;
}

/** `orders.id`; for a table only the host knows, a hole. */
export function columnPart(entity: Entity, property: string, span: HostSpan | undefined, context: HostContext): SqlPart {
  const column = columnOf(entity, property) ?? property;
  if (entity.alias !== undefined) return identifier([entity.alias, column], span);
  const draft = context.bind(entity.node, '');
  return column === '' ? hole('identifier', withoutKey(draft)) : identifier([column], span);
}

export function withoutKey(bind: ReturnType<HostContext['bind']>): Omit<ReturnType<HostContext['bind']>, 'key' | 'interpolation'> {
  const { text, span, names, origin } = bind;
  return { text, span, names, origin };
}

/** Elements of an argument list with `*conditions` filled in; `undefined` node: more that is not known. */
export function expandArguments(nodes: readonly SyntaxNode[], items: (node: SyntaxNode) => { readonly elements: readonly { readonly node: SyntaxNode; readonly guard?: { readonly text: string; readonly span: HostSpan } }[]; readonly complete: boolean } | undefined): readonly { readonly node?: SyntaxNode; readonly condition?: { readonly text: string; readonly span: HostSpan } }[] {
  return nodes.flatMap((node): { node?: SyntaxNode; condition?: { text: string; span: HostSpan } }[] => {
    if (node.type === 'keyword_argument' || node.type === 'dictionary_splat') return [];
    if (node.type !== 'list_splat') return [{ node }];
    const inner = parts(node)[0];
    const found = inner && items(unwrap(inner));
    if (!found) return [{ node: undefined }];
    return [...found.elements.map((element) => ({ node: element.node, condition: element.guard })), ...(found.complete ? [] : [{ node: undefined }])];
  });
}
