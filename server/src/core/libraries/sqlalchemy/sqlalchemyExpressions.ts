import { scopesOf } from '../../hosts/python/context';
import { listItems } from '../../hosts/python/strings';
import { argumentNodes, argumentsOf, calleeName, field, literalValue, parts, receiverOf, unwrap } from '../../hosts/python/syntaxTools';
import type { RelationIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { bind, clause, concat, conditional, fragment, group, hole, identifier, incomplete, join, joinConditions, literal, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { columnOf, columnPart, expandArguments, findEntity, functionName, libraryFunction, maximumDepth, singleValue, withoutKey, type Entity, type QueryScope } from './sqlalchemyScope';
import { columnType } from './sqlalchemyTypes';
import { containsSpan } from '../../text/span';

const comparisons: Readonly<Record<string, string>> = { '==': ' = ', '!=': ' <> ', '<': ' < ', '<=': ' <= ', '>': ' > ', '>=': ' >= ' };
const arithmetic = /^[-+*/%]$/;

/** Renders an SQL expression; undefined when the node is a value of the host program. */
export function renderExpression(node: SyntaxNode, scope: QueryScope): SqlPart | undefined {
  const inner = unwrap(node);
  if (scope.depth > maximumDepth) return undefined;
  const { context } = scope;
  switch (inner.type) {
    case 'identifier': {
      const value = singleValue(inner, context);
      return value && value.id !== inner.id ? renderExpression(value, deeper(scope)) : undefined;
    }
    case 'attribute':
      return renderAttribute(inner, scope);
    case 'subscript': {
      const value = field(inner, 'value');
      const key = field(inner, 'subscript');
      const base = value && renderExpression(value, scope);
      return base && key && concat(base, sql(' -> ', context.span(inner)), value_(key, scope));
    }
    case 'comparison_operator':
      return renderComparison(inner, scope);
    case 'binary_operator': {
      const left = field(inner, 'left');
      const right = field(inner, 'right');
      const operator = field(inner, 'operator')?.text ?? '';
      if (!left || !right) return undefined;
      const a = renderExpression(left, scope);
      const b = renderExpression(right, scope);
      if (!a && !b) return undefined;
      if (operator === '&' || operator === '|') {
        const sides = [left, right].map((side) => renderCondition(side, scope));
        return operator === '&' ? joinConditions(sides, 'AND') : group(joinConditions(sides, 'OR'));
      }
      if (!arithmetic.test(operator)) return undefined;
      const text = [left, right].some((side) => typeof literalValue(side) === 'string') && operator === '+';
      return group(concat(a ?? value_(left, scope), sql(text ? ' || ' : ` ${operator} `), b ?? value_(right, scope)));
    }
    case 'unary_operator': {
      const argument = field(inner, 'argument') ?? parts(inner)[0];
      const part = argument && renderExpression(argument, scope);
      if (!part) return undefined;
      return inner.text.startsWith('~') ? negatedCondition(argument, part, scope) : concat(sql('-'), part);
    }
    case 'call':
      return renderCall(inner, scope);
    default:
      return undefined;
  }
}

const deeper = (scope: QueryScope): QueryScope => ({ ...scope, depth: scope.depth + 1 });

/** A condition for WHERE, ON or HAVING; SQL of unknown content where the host value is not known. */
export function renderCondition(node: SyntaxNode, scope: QueryScope): SqlPart {
  const known = renderExpression(node, scope);
  if (known) return known;
  const fixed = literalValue(node);
  if (typeof fixed === 'boolean') return literal(fixed, scope.context.span(node));
  return hole('fragment', withoutKey(scope.context.bind(node, '')));
}

/** Conditions of an argument list, `*conditions` included. */
export function renderConditions(nodes: readonly SyntaxNode[], scope: QueryScope): SqlPart[] {
  return expandArguments(nodes, (list) => listOf(list, scope)).map(({ node, condition }) => (node ? conditional(renderCondition(node, scope), condition) : incomplete));
}

export function listOf(node: SyntaxNode, scope: QueryScope): ReturnType<typeof listItems> {
  const scopes = scopesOf(scope.context);
  return scopes && listItems(node, { scopes, bindOrigin: (value) => scope.context.bind(value, '').origin });
}

/**
 * What a column is compared with or set to. A member of an imported class that is no known model, and in no FROM or join, is
 * a value there: `Order.status == Status.OPEN`.
 */
export const operand = (node: SyntaxNode, scope: QueryScope): SqlPart => (isMember(node, scope) ? bind(withoutKey(scope.context.bind(node, ''))) : value_(node, scope));

function isMember(node: SyntaxNode, scope: QueryScope): boolean {
  const found = findEntity(node, scope);
  return found?.entity.guessed === true && found.rest.length > 0 && !isInFrom(found.entity, scope);
}

/** An SQL expression, a literal, or a parameter. */
export function value_(node: SyntaxNode, scope: QueryScope): SqlPart {
  const known = renderExpression(node, scope);
  if (known) return known;
  const fixed = constant(node, scope);
  return fixed === undefined ? bind(withoutKey(scope.context.bind(node, ''))) : literal(fixed, scope.context.span(node));
}

function constant(node: SyntaxNode, scope: QueryScope): string | number | boolean | null | undefined {
  const own = literalValue(node);
  if (own !== undefined) return own;
  const value = unwrap(node).type === 'identifier' ? singleValue(node, scope.context) : undefined;
  return value ? literalValue(value) : undefined;
}

function renderAttribute(node: SyntaxNode, scope: QueryScope): SqlPart | undefined {
  const found = findEntity(node, scope);
  const span = scope.context.span(node);
  if (!found) {
    const object = field(node, 'object');
    const name = field(node, 'attribute')?.text;
    if (!object || name !== 'astext') return undefined;
    const base = unwrap(object);
    const value = base.type === 'subscript' ? field(base, 'value') : undefined;
    const key = base.type === 'subscript' ? field(base, 'subscript') : undefined;
    const part = value && renderExpression(value, scope);
    return part && key && concat(part, sql(' ->> ', span), value_(key, scope));
  }
  const rest = found.rest[0] === 'c' || found.rest[0] === 'columns' ? found.rest.slice(1) : found.rest;
  const [property, ...more] = rest;
  if (property === undefined || more.length > 0 || property.startsWith('__')) return undefined;
  addEntity(found.entity, scope);
  if (columnOf(found.entity, property) === undefined) return undefined;
  return columnPart(found.entity, property, span, scope.context);
}

/** Puts an entity into FROM unless it or an outer query has it already. */
export function addEntity(entity: Entity, scope: QueryScope): void {
  if (!isInFrom(entity, scope)) scope.from.push(entity);
}

function isInFrom(entity: Entity, scope: QueryScope): boolean {
  for (let current: QueryScope | undefined = scope; current; current = current.parent) if (current.from.some((known) => known.host === entity.host)) return true;
  return false;
}

function renderComparison(node: SyntaxNode, scope: QueryScope, turned?: string): SqlPart | undefined {
  const [left, right, more] = parts(node);
  const operator = turned ?? node.children.find((child) => child.type in comparisons)?.type;
  if (!left || !right || more || operator === undefined) return undefined;
  const relation = relationOf(left, scope);
  if (relation) return relationComparison(relation, operator, right, scope);
  const a = renderExpression(left, scope);
  const b = a ? operand(right, scope) : renderExpression(right, scope);
  if (!a && !b) return undefined;
  if (literalValue(right) === null && (operator === '==' || operator === '!=')) return concat(a ?? value_(left, scope), sql(operator === '==' ? ' IS NULL' : ' IS NOT NULL', scope.context.span(right)));
  return concat(a ?? value_(left, scope), sql(comparisons[operator] ?? ' = '), b ?? value_(right, scope));
}

const inverse: Readonly<Record<string, string>> = { '==': '!=', '!=': '==', '<': '>=', '<=': '>', '>': '<=', '>=': '<' };

/** `NOT (…)`; a comparison is turned round, as SQLAlchemy does. */
function negatedCondition(node: SyntaxNode, part: SqlPart, scope: QueryScope): SqlPart {
  const inner = unwrap(node);
  const operator = inner.type === 'comparison_operator' ? inner.children.find((child) => child.type in inverse)?.type : undefined;
  return (operator === undefined ? undefined : renderComparison(inner, scope, inverse[operator])) ?? concat(sql('NOT '), group(part));
}

interface RelationPath {
  readonly entity: Entity;
  readonly relation: RelationIr;
}

/** The relationship that an attribute names. */
export function relationOf(node: SyntaxNode, scope: QueryScope): RelationPath | undefined {
  const found = findEntity(node, scope);
  const property = found?.rest.length === 1 ? found.rest[0] : undefined;
  const relation = found?.entity.model?.relations.find((candidate) => candidate.property === property);
  return found && relation ? { entity: found.entity, relation } : undefined;
}

/** `Order.customer == customer` compares the foreign key. */
function relationComparison({ entity, relation }: RelationPath, operator: string, right: SyntaxNode, scope: QueryScope): SqlPart | undefined {
  const column = relation.columns.length === 1 ? relation.columns[0] : undefined;
  if (column === undefined || relation.many) return hole('fragment', withoutKey(scope.context.bind(right.parent ?? right, '')));
  addEntity(entity, scope);
  const left = columnPart(entity, column, scope.context.span(right.parent ?? right), scope.context);
  if (literalValue(right) === null) return concat(left, sql(operator === '==' ? ' IS NULL' : ' IS NOT NULL'));
  return concat(left, sql(comparisons[operator] ?? ' = '), bind(withoutKey(scope.context.bind(right, ''))));
}

const likeMethods: Readonly<Record<string, { readonly operator: string; readonly before: string; readonly after: string }>> = {
  like: { operator: ' LIKE ', before: '', after: '' }, ilike: { operator: ' ILIKE ', before: '', after: '' },
  notlike: { operator: ' NOT LIKE ', before: '', after: '' }, not_like: { operator: ' NOT LIKE ', before: '', after: '' },
  notilike: { operator: ' NOT ILIKE ', before: '', after: '' }, not_ilike: { operator: ' NOT ILIKE ', before: '', after: '' },
  contains: { operator: ' LIKE ', before: '%', after: '%' }, icontains: { operator: ' ILIKE ', before: '%', after: '%' },
  startswith: { operator: ' LIKE ', before: '', after: '%' }, istartswith: { operator: ' ILIKE ', before: '', after: '%' },
  endswith: { operator: ' LIKE ', before: '%', after: '' }, iendswith: { operator: ' ILIKE ', before: '%', after: '' },
};

const suffixMethods: Readonly<Record<string, string>> = { desc: ' DESC', asc: ' ASC', nulls_last: ' NULLS LAST', nullslast: ' NULLS LAST', nulls_first: ' NULLS FIRST', nullsfirst: ' NULLS FIRST' };
const operatorMethods: Readonly<Record<string, string>> = { overlap: '&&', contained_by: '<@', has_key: '?', has_any: '?|', has_all: '?&', match: '@@', regexp_match: '~', concat: '||', is_distinct_from: 'IS DISTINCT FROM', is_not_distinct_from: 'IS NOT DISTINCT FROM', isnot_distinct_from: 'IS NOT DISTINCT FROM' };

function renderCall(call: SyntaxNode, scope: QueryScope): SqlPart | undefined {
  const { context } = scope;
  const callee = field(call, 'function');
  if (!callee) return undefined;
  const name = functionName(callee, context);
  if (name !== undefined) return renderFunction(name, call, scope);
  if (unwrap(callee).type === 'call') return renderCustomOperator(unwrap(callee), call, scope);
  const library = libraryFunction(callee, context);
  if (library !== undefined) {
    const part = renderLibraryCall(library, call, scope);
    if (part) return part;
  }
  const nested = scope.renderStatement(call, scope);
  if (nested) return nested.expression ? nested.part : group(nested.part);
  const receiver = receiverOf(call);
  const method = calleeName(call)?.text ?? '';
  return receiver && renderMethod(receiver, method, call, scope);
}

function renderFunction(name: string, call: SyntaxNode, scope: QueryScope): SqlPart {
  const args = argumentNodes(call).filter((node) => node.type !== 'keyword_argument');
  const list = args.map((node) => (node.type === 'list_splat' ? hole('fragment', withoutKey(scope.context.bind(node, ''))) : value_(node, scope)));
  const body = name.toLowerCase() === 'count' && list.length === 0 ? sql('*') : join(list, ', ');
  const span = scope.context.span(call);
  if (/^(now|current_timestamp|current_date|localtime|current_user)$/i.test(name) && args.length === 0) return sql(name.toLowerCase() === 'now' ? 'now()' : name.toUpperCase(), span);
  return concat(sql(`${name}(`, span), body, sql(')', span));
}

/** `column.op("@>")(value)` */
function renderCustomOperator(inner: SyntaxNode, call: SyntaxNode, scope: QueryScope): SqlPart | undefined {
  const receiver = receiverOf(inner);
  const operator = literalValue(argumentsOf(inner).positional[0] ?? inner);
  const argument = argumentsOf(call).positional[0];
  const left = receiver && renderExpression(receiver, scope);
  if (!left || !argument || !/^(op|bool_op)$/.test(calleeName(inner)?.text ?? '') || typeof operator !== 'string' || !/^[-+*/<>=~!@#%^&|`?a-zA-Z ]+$/.test(operator)) return undefined;
  return concat(left, sql(` ${operator} `, scope.context.span(inner)), value_(argument, scope));
}

function namedColumn(node: SyntaxNode, scope: QueryScope): SqlPart | undefined {
  const name = literalValue(node);
  return typeof name === 'string' && /^\w+$/.test(name) ? identifier(name, scope.context.span(node)) : undefined;
}

function renderLibraryCall(name: string, call: SyntaxNode, scope: QueryScope): SqlPart | undefined {
  const { context } = scope;
  const { positional, keyword } = argumentsOf(call);
  const [first, second, third] = positional;
  switch (name) {
    case 'and_':
      return joinConditions(renderConditions(argumentNodes(call), scope), 'AND');
    case 'or_':
      return group(joinConditions(renderConditions(argumentNodes(call), scope).map((part) => part), 'OR'));
    case 'not_':
      return first && negatedCondition(first, renderCondition(first, scope), scope);
    case 'cast':
    case 'type_coerce': {
      const type = second && columnType(second);
      if (!first) return undefined;
      return name === 'cast' && type ? concat(sql('CAST('), value_(first, scope), sql(` AS ${type})`, context.span(call))) : name === 'cast' ? hole('fragment', withoutKey(context.bind(call, ''))) : value_(first, scope);
    }
    case 'text':
    case 'literal_column': {
      const text = first && context.string(first);
      return text ? fragment(text) : hole('fragment', withoutKey(context.bind(call, '')));
    }
    case 'literal':
      return first && value_(first, scope);
    case 'bindparam':
      return bind(withoutKey(context.bind(first ?? call, '')));
    // SQLModel's hint for type checkers.
    case 'col':
      return first && renderExpression(first, scope);
    case 'column': {
      const column = first && literalValue(first);
      return typeof column === 'string' ? identifier(column, context.span(call)) : undefined;
    }
    case 'desc':
    case 'asc':
    case 'nulls_last':
    case 'nullslast':
    case 'nulls_first':
    case 'nullsfirst':
      // `desc("created_at")` names a column or a label.
      return first && concat(namedColumn(first, scope) ?? value_(first, scope), sql(suffixMethods[name] ?? '', context.span(call)));
    case 'distinct':
      return first && concat(sql('DISTINCT '), value_(first, scope));
    case 'between':
      return first && second && third && concat(value_(first, scope), sql(' BETWEEN '), value_(second, scope), sql(' AND '), value_(third, scope));
    case 'extract': {
      const part = first && literalValue(first);
      return typeof part === 'string' && second ? concat(sql(`EXTRACT(${part} FROM `, context.span(call)), value_(second, scope), sql(')')) : undefined;
    }
    case 'any_':
    case 'all_':
      return first && concat(sql(name === 'any_' ? 'ANY (' : 'ALL (', context.span(call)), value_(first, scope), sql(')'));
    case 'tuple_':
      return concat(sql('('), join(positional.map((item) => value_(item, scope)), ', '), sql(')'));
    case 'null':
      return sql('NULL', context.span(call));
    case 'true':
    case 'false':
      return sql(name.toUpperCase(), context.span(call));
    case 'case':
      return renderCase(positional, keyword.get('else_'), scope);
    case 'exists': {
      const nested = first && scope.renderStatement(first, scope);
      return nested ? concat(sql('EXISTS ', context.span(call)), group(nested.part)) : undefined;
    }
    default:
      return undefined;
  }
}

function renderCase(whens: readonly SyntaxNode[], otherwise: SyntaxNode | undefined, scope: QueryScope): SqlPart | undefined {
  const pairs = whens.flatMap((when) => (unwrap(when).type === 'list' ? parts(unwrap(when)) : [when])).map((when) => (when.type === 'tuple' ? parts(when) : []));
  if (pairs.length === 0 || pairs.some((pair) => pair.length !== 2)) return undefined;
  const branches = pairs.map(([condition, value]) => (condition && value ? concat(sql(' WHEN '), renderCondition(condition, scope), sql(' THEN '), operand(value, scope)) : nothing));
  return concat(sql('CASE'), ...branches, otherwise ? concat(sql(' ELSE '), operand(otherwise, scope)) : nothing, sql(' END'));
}

function renderMethod(receiver: SyntaxNode, method: string, call: SyntaxNode, scope: QueryScope): SqlPart | undefined {
  const { context } = scope;
  const span = context.span(call);
  const { positional } = argumentsOf(call);
  const [first, second] = positional;
  const relation = /^(any|has|contains)$/.test(method) ? relationOf(receiver, scope) : undefined;
  if (relation) return relationExists(relation, method, call, scope);
  const left = renderExpression(receiver, scope);
  if (!left) return undefined;
  if (Object.hasOwn(likeMethods, method) && first) {
    const like = likeMethods[method];
    const type = method === 'contains' ? typeOf(receiver, scope) : undefined;
    if (type !== undefined && /\[\]$|^jsonb?$/.test(type)) return concat(left, sql(' @> ', span), type.endsWith('[]') ? arrayValue(first, scope) : value_(first, scope));
    return like && concat(left, sql(like.operator, context.span(calleeName(call) ?? call)), renderPattern(first, like.before, like.after, scope));
  }
  if (Object.hasOwn(suffixMethods, method)) return concat(left, sql(suffixMethods[method] ?? '', span));
  if (Object.hasOwn(operatorMethods, method) && first) return concat(left, sql(` ${operatorMethods[method] ?? ''} `, span), operand(first, scope));
  switch (method) {
    case 'in_':
    case 'not_in':
    case 'notin_':
      return first && concat(left, sql(method === 'in_' ? ' IN ' : ' NOT IN ', context.span(calleeName(call) ?? call)), renderList(first, scope));
    case 'is_':
    case 'is_not':
    case 'isnot':
      return first && (isMember(first, scope) || (renderExpression(first, scope) ?? literalValue(first)) === undefined)
        ? concat(left, sql(method === 'is_' ? ' IS NOT DISTINCT FROM ' : ' IS DISTINCT FROM ', span), operand(first, scope))
        : first && concat(left, sql(method === 'is_' ? ' IS ' : ' IS NOT ', span), operand(first, scope));
    case 'between':
      return first && second && concat(left, sql(' BETWEEN ', span), operand(first, scope), sql(' AND '), operand(second, scope));
    case 'label': {
      const label = first && literalValue(first);
      return typeof label === 'string' ? concat(left, sql(' AS '), identifier(label, span)) : left;
    }
    case 'cast': {
      const type = first && columnType(first);
      return type ? concat(sql('CAST('), left, sql(` AS ${type})`, span)) : hole('fragment', withoutKey(context.bind(call, '')));
    }
    case 'distinct':
      return concat(sql('DISTINCT '), left);
    case 'any':
      return first && concat(value_(first, scope), sql(' = ANY (', span), left, sql(')'));
    case 'filter':
      return concat(left, sql(' FILTER (WHERE ', span), joinConditions(renderConditions(argumentNodes(call), scope), 'AND'), sql(')'));
    case 'over':
      return renderOver(left, call, scope);
    case 'self_group':
    case 'as_string':
    case 'op':
      return left;
    case 'collate': {
      const collation = first && literalValue(first);
      return typeof collation === 'string' ? concat(left, sql(` COLLATE "${collation.replaceAll('"', '""')}"`, span)) : left;
    }
    default:
      return hole('fragment', withoutKey(context.bind(call, '')));
  }
}

function renderOver(left: SqlPart, call: SyntaxNode, scope: QueryScope): SqlPart {
  const { keyword } = argumentsOf(call);
  const listed = (node: SyntaxNode | undefined): SqlPart[] => (node ? (/^(list|tuple)$/.test(unwrap(node).type) ? parts(unwrap(node)) : [node]).map((item) => value_(item, scope)) : []);
  const partition = clause(sql('PARTITION BY '), join(listed(keyword.get('partition_by')), ', '));
  const order = clause(sql('ORDER BY '), join(listed(keyword.get('order_by')), ', '));
  return concat(left, sql(' OVER (', scope.context.span(call)), join([partition, order], ' '), sql(')'));
}

/** The list of IN: literal items, a sub-query, or a list parameter. */
export function renderList(node: SyntaxNode, scope: QueryScope): SqlPart {
  const inner = unwrap(node);
  const value = inner.type === 'identifier' ? singleValue(inner, scope.context) : inner;
  const nested = scope.renderStatement(inner, scope);
  if (nested) return group(nested.part);
  const literalList = value && /^(list|tuple|set)$/.test(unwrap(value).type) ? parts(unwrap(value)) : undefined;
  const filled = inner.type === 'identifier' && new RegExp(`\\b${inner.text}\\s*\\.(append|extend|add|update|insert)\\s*\\(`).test(scope.context.text);
  if (literalList && literalList.length > 0 && !filled && !literalList.some((item) => /splat/.test(item.type))) return concat(sql('('), join(literalList.map((item) => operand(item, scope)), ', '), sql(')'));
  return hole('list', withoutKey(scope.context.bind(node, '')));
}

/** A LIKE pattern with what is known of it: `'%' || $1 || '%'`. */
function renderPattern(node: SyntaxNode, before: string, after: string, scope: QueryScope): SqlPart {
  const { context } = scope;
  const span = context.span(node);
  const known = constant(node, scope);
  if (typeof known === 'string') return literal(before + known + after, span);
  const text = context.string(node);
  const pieces: SqlPart[] = before ? [sql(`'${before}'`, span)] : [];
  if (text && text.conditional.length === 0 && text.interpolations.length > 0) {
    let at = 0;
    text.interpolations.forEach((interpolation, index) => {
      if (interpolation.span.start > at) pieces.push(literal(text.text.slice(at, interpolation.span.start), span));
      const found = text.binds.find((candidate) => candidate.interpolation === index);
      // A pattern made lines before is underlined where it is used.
      const here = found?.span && containsSpan(span, found.span) ? found : found && { ...found, span };
      pieces.push(bind(withoutKey(here ?? context.bind(node, ''))));
      at = interpolation.span.end;
    });
    if (at < text.text.length) pieces.push(literal(text.text.slice(at), span));
  } else pieces.push(renderExpression(node, scope) ?? bind(withoutKey(context.bind(node, ''))));
  if (after) pieces.push(sql(`'${after}'`, span));
  return pieces.reduce((all, piece) => concat(all, sql(' || ', span), piece));
}

/** `ARRAY['a', $1]` for a list that is written out, else one parameter. */
function arrayValue(node: SyntaxNode, scope: QueryScope): SqlPart {
  const inner = unwrap(node);
  if (inner.type !== 'list' || parts(inner).length === 0 || parts(inner).some((item) => /splat/.test(item.type))) return value_(node, scope);
  return concat(sql('ARRAY['), join(parts(inner).map((item) => value_(item, scope)), ', '), sql(']'));
}

function typeOf(node: SyntaxNode, scope: QueryScope): string | undefined {
  const found = findEntity(node, scope);
  const property = found?.rest.at(-1);
  const column = found && property !== undefined ? columnOf(found.entity, property) : undefined;
  const created = found?.entity.model?.changes.find((change) => change.type === 'create-table');
  return created?.columns.find((candidate) => candidate.name === column)?.type;
}

/** `Order.items.any(Item.x == 1)` → EXISTS over the related table. */
function relationExists({ entity, relation }: RelationPath, method: string, call: SyntaxNode, scope: QueryScope): SqlPart {
  const { context } = scope;
  const unknown = hole('fragment', withoutKey(context.bind(call, '')));
  const model = context.model(relation.model, 'sqlalchemy');
  if (!model || relation.columns.length === 0) return unknown;
  addEntity(entity, scope);
  const related: Entity = { host: relation.model, alias: model.table, table: { schema: model.schema, name: model.table }, model, span: context.span(call), node: call };
  if (related.alias === entity.alias) return unknown;
  const inner: QueryScope = { ...scope, parent: scope, from: [related], depth: scope.depth + 1 };
  const linked = relation.columns.map((column, index) => concat(columnPart(related, relation.references[index] ?? '', context.span(call), context), sql(' = '), columnPart(entity, column, context.span(call), context)));
  const own = method === 'contains'
    ? [bind(withoutKey(context.bind(argumentsOf(call).positional[0] ?? call, '')))].map((part) => concat(columnPart(related, primaryKey(related) ?? '', undefined, context), sql(' = '), part))
    : [...renderConditions(argumentNodes(call), inner), ...[...argumentsOf(call).keyword].map(([name, value]) => equals(related, name, value, inner))];
  return concat(sql('EXISTS (SELECT 1 FROM ', context.span(call)), identifier(model.schema === undefined ? [model.table] : [model.schema, model.table], context.span(call)), sql(' WHERE '), joinConditions([...linked, ...own], 'AND'), sql(')'));
}

export function primaryKey(entity: Entity): string | undefined {
  const created = entity.model?.changes.find((change) => change.type === 'create-table');
  const key = created?.constraints.find((constraint) => constraint.type === 'primary');
  return key?.columns.length === 1 ? key.columns[0] : undefined;
}

/** `filter_by(name=value)` */
export function equals(entity: Entity, property: string, value: SyntaxNode, scope: QueryScope): SqlPart {
  const { context } = scope;
  const span = context.span(value.parent ?? value);
  const relation = entity.model?.relations.find((candidate) => candidate.property === property);
  const column = relation ? (relation.many ? undefined : relation.columns[0]) : property;
  if (column === undefined) return hole('fragment', withoutKey(context.bind(value, '')));
  const left = columnPart(entity, column, span, context);
  return literalValue(value) === null ? concat(left, sql(' IS NULL', span)) : concat(left, sql(' = '), operand(value, scope));
}

