import { argumentsOf, calleeName, field, receiverOf, unwrap } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { ForeignKey } from '../../catalog/model';
import type { ModelIr } from '../../hosts/ir';
import type { HostSpan } from '../../text/span';
import { concat, group, hole, identifier, incomplete, joinConditions, sql, type SqlPart } from '../shared/sqlBuilder';
import { addEntity, relationOf, renderCondition } from './sqlalchemyExpressions';
import { columnPart, findEntity, libraryFunction, withoutKey, type Entity, type QueryScope } from './sqlalchemyScope';

/** `.join(target, on)` with its flags. */
export interface JoinCall {
  readonly nodes: readonly SyntaxNode[];
  readonly onclause?: SyntaxNode;
  readonly outer: boolean;
  readonly full: boolean;
  readonly span: HostSpan;
}

export const addEntityFrom = (entity: Entity, scope: QueryScope): void => {
  if (!scope.from.some((known) => known.host === entity.host)) scope.from.push(entity);
};

/** How an entity stands in FROM: `orders`, `orders AS o`, `(SELECT …) AS anon_1`; a CTE also goes to WITH. */
export function fromPart(entity: Entity, scope: QueryScope): SqlPart {
  if (entity.derived) {
    const name = entity.alias ?? entity.host;
    if (entity.derived.kind === 'cte') {
      if (!scope.ctes.has(name)) scope.ctes.set(name, entity.derived.body);
      return identifier(name, entity.span);
    }
    return concat(group(entity.derived.body), sql(' AS '), identifier(name, entity.span));
  }
  if (!entity.table) return hole('identifier', withoutKey(scope.context.bind(entity.node, '')));
  const table = identifier(entity.table.schema === undefined ? [entity.table.name] : [entity.table.schema, entity.table.name], entity.span);
  return entity.alias === undefined || entity.alias === entity.table.name ? table : concat(table, sql(' AS '), identifier(entity.alias, entity.span));
}

/** The entity of a join or `select_from`: a model, an alias, a sub-query written in place. */
export function joinTarget(node: SyntaxNode, scope: QueryScope, fallback: string): Entity | undefined {
  const inner = unwrap(node);
  const found = findEntity(inner, scope);
  if (found && found.rest.length === 0) return found.entity;
  if (inner.type !== 'call') return undefined;
  const callee = field(inner, 'function');
  const library = callee && libraryFunction(callee, scope.context);
  if (library === 'join' || library === 'outerjoin') return undefined;
  const name = calleeName(inner)?.text;
  const nested = scope.renderStatement(inner, { ...scope, from: [], parent: undefined, depth: scope.depth + 1 });
  if (!nested || nested.expression) return undefined;
  return { host: inner.text, alias: nested.name ?? fallback, derived: { kind: name === 'cte' ? 'cte' : 'subquery', body: nested.part }, span: scope.context.span(inner), node: inner };
}

/** `orders.outerjoin(lines, on).join(…)`, `join(orders, lines, on)` inside `select_from`: the first table, and what is joined to it. */
export function joinedTables(node: SyntaxNode, scope: QueryScope): { readonly base: SyntaxNode; readonly joins: readonly JoinCall[] } {
  const inner = unwrap(node);
  const callee = inner.type === 'call' ? field(inner, 'function') : undefined;
  const name = inner.type === 'call' ? calleeName(inner)?.text ?? '' : '';
  if (!callee || !/^(?:outer)?join$/.test(name)) return { base: node, joins: [] };
  const { positional, keyword } = argumentsOf(inner);
  const receiver = receiverOf(inner);
  const left = libraryFunction(callee, scope.context) === name ? positional[0] : receiver;
  if (!left) return { base: node, joins: [] };
  const { base, joins } = joinedTables(left, scope);
  const truthy = (key: string): boolean => keyword.get(key)?.text === 'True';
  return { base, joins: [...joins, { nodes: left === receiver ? positional : positional.slice(1), onclause: keyword.get('onclause'), outer: name === 'outerjoin' || truthy('isouter'), full: truthy('full'), span: scope.context.span(inner) }] };
}

/** Renders the join; a relationship gives its own ON, two models are joined on their only foreign key. */
export function renderJoin(call: JoinCall, scope: QueryScope, index: number): readonly { readonly part: SqlPart; readonly entity?: Entity }[] {
  const { context } = scope;
  const [first, second] = call.nodes;
  if (!first) return [];
  const keyword = call.full ? 'FULL JOIN ' : call.outer ? 'LEFT JOIN ' : 'JOIN ';
  const on = call.onclause ?? second;
  const make = (entity: Entity, condition: SqlPart): { part: SqlPart; entity: Entity } => ({ part: concat(sql(keyword, call.span), fromPart(entity, scope), sql(' ON ', call.span), condition), entity });
  const unknownOn = (): SqlPart => concat(hole('value', withoutKey(context.bind(first, ''))), incomplete);

  const relation = relationOf(relationshipNode(first), scope);
  if (relation) {
    addEntity(relation.entity, scope);
    const model = context.model(relation.relation.model, 'sqlalchemy');
    const aliasNode = aliasOfType(first);
    const given = aliasNode && joinTarget(aliasNode, scope, `anon_${index + 1}`);
    const target: Entity = given ?? (model ? { host: relation.relation.model, alias: model.table, table: { schema: model.schema, name: model.table }, model, span: context.span(first), node: first } : { host: relation.relation.model, alias: relation.relation.model, table: { name: relation.relation.model }, span: context.span(first), node: first });
    addEntityFrom(target, scope);
    return [make(target, relationCondition(relation.entity, relation.relation, target, call.span, scope) ?? foreignKeyCondition([relation.entity], target, call.span, scope) ?? unknownOn())];
  }
  const target = joinTarget(first, scope, `anon_${index + 1}`);
  if (!target) return [{ part: concat(sql(keyword, call.span), hole('identifier', withoutKey(context.bind(first, ''))), sql(' ON '), on ? renderCondition(on, scope) : unknownOn()) }];
  const others = scope.from.filter((entity) => entity.host !== target.host);
  addEntityFrom(target, scope);
  if (on) {
    const through = relationOf(relationshipNode(on), scope);
    if (through) {
      addEntity(through.entity, scope);
      return [make(target, relationCondition(through.entity, through.relation, target, call.span, scope) ?? foreignKeyCondition([through.entity], target, call.span, scope) ?? unknownOn())];
    }
    return [make(target, renderCondition(on, scope))];
  }
  return [make(target, foreignKeyCondition(others, target, call.span, scope) ?? unknownOn())];
}

/** `Order.items` of `Order.items.of_type(item_alias)` and `Order.items.and_(…)`. */
function relationshipNode(node: SyntaxNode): SyntaxNode {
  const inner = unwrap(node);
  if (inner.type !== 'call' || !/^(of_type|and_)$/.test(calleeName(inner)?.text ?? '')) return inner;
  return field(field(inner, 'function') ?? inner, 'object') ?? inner;
}

function aliasOfType(node: SyntaxNode): SyntaxNode | undefined {
  const inner = unwrap(node);
  return inner.type === 'call' && calleeName(inner)?.text === 'of_type' ? argumentsOf(inner).positional[0] : undefined;
}

function relationCondition(entity: Entity, relation: { readonly columns: readonly string[]; readonly references: readonly string[] }, target: Entity, span: HostSpan, scope: QueryScope): SqlPart | undefined {
  if (relation.columns.length === 0 || relation.columns.length !== relation.references.length) return undefined;
  return joinConditions(relation.columns.map((column, index) => concat(columnPart({ ...entity, model: undefined }, column, span, scope.context), sql(' = '), columnPart({ ...target, model: undefined }, relation.references[index] ?? '', span, scope.context))), 'AND');
}

const keysOf = (model: ModelIr | undefined): readonly ForeignKey[] => model?.changes.flatMap((change) => (change.type === 'create-table' ? change.foreignKeys : [])) ?? [];

function foreignKeyCondition(others: readonly Entity[], target: Entity, span: HostSpan, scope: QueryScope): SqlPart | undefined {
  const candidates = others.flatMap((other) => [
    ...keysOf(other.model).filter((key) => target.table && key.references.table === target.table.name).map((key) => ({ other, own: key.columns, foreign: key.references.columns })),
    ...keysOf(target.model).filter((key) => other.table && key.references.table === other.table.name).map((key) => ({ other, own: key.references.columns, foreign: key.columns })),
  ]);
  const only = candidates.length === 1 ? candidates[0] : undefined;
  return only && relationCondition(only.other, { columns: only.own, references: only.foreign }, target, span, scope);
}
