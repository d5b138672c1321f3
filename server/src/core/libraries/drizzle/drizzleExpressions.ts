import { negated } from '../../hosts/shared/textParts';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { HostSpan } from '../../text/span';
import { bindOf, constantText, findLocal, isUndefined, patternPart, readArray, valuePart } from '../shared/hostValues';
import { bind, clause, concat, conditional, fragment, group, hole, identifier, incomplete, isEmpty, join, joinConditions, nothing, sql, type Condition, type SqlPart } from '../shared/sqlBuilder';
import { readTagged } from '../shared/taggedTemplate';
import { columnPart, readTable, type DrizzleScope } from './drizzleTables';
import { escapeRegExp } from '../../text/regExp';

const comparisons: Readonly<Record<string, string>> = {
  eq: ' = ', ne: ' <> ', gt: ' > ', gte: ' >= ', lt: ' < ', lte: ' <= ', like: ' LIKE ', ilike: ' ILIKE ', notLike: ' NOT LIKE ', notIlike: ' NOT ILIKE ',
  arrayContains: ' @> ', arrayContained: ' <@ ', arrayOverlaps: ' && ', l2Distance: ' <-> ', l1Distance: ' <+> ', innerProduct: ' <#> ', cosineDistance: ' <=> ', hammingDistance: ' <~> ', jaccardDistance: ' <%> ',
};
const conditionNames = new Set([...Object.keys(comparisons), 'and', 'or', 'not', 'isNull', 'isNotNull', 'inArray', 'notInArray', 'between', 'notBetween', 'exists', 'notExists']);
const aggregates = new Set(['count', 'countDistinct', 'sum', 'sumDistinct', 'avg', 'avgDistinct', 'max', 'min']);
const maxHops = 6;

const conditionText = (node: SyntaxNode, negate = false): Condition => ({ text: negate ? negated(node.text) : node.text, span: spanOf(node) });

/** Name of an operator that is called: imported (from Drizzle or handed on), or given by a callback (`(t, { eq }) => …`); not a function of this file. */
function operatorName(callee: SyntaxNode, scope: DrizzleScope): string | undefined {
  const name = callee.type === 'identifier' ? callee.text : callee.type === 'member_expression' ? callee.childForFieldName('property')?.text : undefined;
  if (name === undefined) return undefined;
  const origin = scope.host.origin(callee);
  if (origin.kind === 'import') return origin.path.at(-1) ?? (origin.imported === '*' || origin.imported === 'default' ? name : origin.imported);
  return origin.kind === 'parameter' ? name : undefined;
}

/** AND-conjuncts of a condition; parts under a condition of the host code carry it. Empty where there is none. */
export function conditionParts(written: SyntaxNode, scope: DrizzleScope, hops = 0): readonly SqlPart[] {
  const node = unwrap(written);
  if (isUndefined(node) || node.type === 'null') return [];
  const unknown = [hole('fragment', bindOf(node, scope.host))];
  if (hops > maxHops) return unknown;
  switch (node.type) {
    case 'ternary_expression': {
      const [test, then, otherwise] = [node.childForFieldName('condition'), node.childForFieldName('consequence'), node.childForFieldName('alternative')];
      if (!test || !then || !otherwise) return unknown;
      const under = (branch: SyntaxNode, negate: boolean): SqlPart => conditional(joinConditions(conditionParts(branch, scope, hops + 1), 'AND'), conditionText(unwrap(test), negate));
      return [under(then, false), under(otherwise, true)];
    }
    case 'binary_expression': {
      const [left, right] = [node.childForFieldName('left'), node.childForFieldName('right')];
      const text = sqlTemplate(node, scope);
      if (text) return [loose(text)];
      if (node.childForFieldName('operator')?.type !== '&&' || !left || !right) return unknown;
      return [conditional(joinConditions(conditionParts(right, scope, hops + 1), 'AND'), conditionText(unwrap(left)))];
    }
    case 'identifier':
    case 'shorthand_property_identifier': {
      const local = findLocal(node);
      if (!local?.value || !(local.constant || !isAssigned(local.name, local.scope, local.node))) return unknown;
      return conditionParts(local.value, scope, hops + 1);
    }
    case 'call_expression':
      return readTagged(node) ? [loose(sqlTemplate(node, scope) ?? hole('fragment', bindOf(node, scope.host)))] : conditionCall(node, scope, hops) ?? unknown;
    default:
      return unknown;
  }
}

const isAssigned = (name: string, scope: SyntaxNode, declaration: SyntaxNode): boolean => new RegExp(`(^|[^\\w$.])${escapeRegExp(name)}\\s*=[^=>]`).test(scope.text.slice(declaration.endIndex - scope.startIndex + 3));

/** SQL text with an OR of its own keeps to itself. */
const loose = (part: SqlPart): SqlPart => (part.some((atom) => atom.type === 'text' && /\bor\b/i.test(atom.text)) ? group(part) : part);

function conditionCall(node: SyntaxNode, scope: DrizzleScope, hops: number): readonly SqlPart[] | undefined {
  const parts = callParts(node);
  const name = parts && operatorName(parts.callee, scope);
  if (!parts || name === undefined || !conditionNames.has(name)) return undefined;
  const host = spanOf(node);
  const [a, b, c] = parts.args;
  const operand = (arg: SyntaxNode | undefined): SqlPart => (arg ? expressionPart(arg, scope) : incomplete);
  switch (name) {
    case 'and':
      return conditionList(parts.args, scope, hops).flatMap((item) => item);
    case 'or': {
      const branches = conditionList(parts.args, scope, hops).map((item) => (item.length > 1 ? group(joinConditions(item, 'AND')) : joinConditions(item, 'AND')));
      const present = branches.filter((branch) => !isEmpty(branch));
      return [present.length > 1 ? group(joinConditions(branches, 'OR'), host) : concat(...branches)];
    }
    case 'not':
      return [a ? clause(sql('NOT ', host), group(joinConditions(conditionParts(a, scope, hops + 1), 'AND'))) : nothing];
    case 'isNull':
    case 'isNotNull':
      return [concat(operand(a), sql(name === 'isNull' ? ' IS NULL' : ' IS NOT NULL', host))];
    case 'inArray':
    case 'notInArray':
      return [membership(operand(a), b, name === 'notInArray', host, scope)];
    case 'between':
    case 'notBetween':
      return [concat(operand(a), sql(name === 'between' ? ' BETWEEN ' : ' NOT BETWEEN ', host), operand(b), sql(' AND ', host), operand(c))];
    case 'exists':
    case 'notExists':
      return [a ? concat(sql(name === 'exists' ? 'EXISTS ' : 'NOT EXISTS ', host), subqueryPart(a, scope) ?? hole('fragment', bindOf(a, scope.host))) : incomplete];
    case 'like':
    case 'ilike':
    case 'notLike':
    case 'notIlike':
      return [concat(operand(a), sql(comparisons[name] ?? '', host), b ? columnPart(b, scope) ?? sqlPart(b, scope) ?? patternPart(b, scope.host) : incomplete)];
    default:
      return [concat(operand(a), sql(comparisons[name] ?? '', host), operand(b))];
  }
}

/** The arguments of `and` / `or`, each as its conjuncts: `...conditions` element by element. */
function conditionList(args: readonly SyntaxNode[], scope: DrizzleScope, hops: number): readonly (readonly SqlPart[])[] {
  return args.flatMap((arg): readonly (readonly SqlPart[])[] => {
    if (arg.type !== 'spread_element') return [conditionParts(arg, scope, hops + 1)];
    const list = arg.namedChildren[0] ? readArray(arg.namedChildren[0]) : undefined;
    if (!list) return [[hole('fragment', bindOf(arg.namedChildren[0] ?? arg, scope.host))]];
    const items = list.items.map((item) => conditionParts(item.node, scope, hops + 1).map((part) => conditional(part, item.condition)));
    return list.open ? [...items, [incomplete]] : items;
  });
}

/** `IN (…)`: written elements one by one, an array of unknown length as a list, or a sub-query. */
export function membership(column: SqlPart, values: SyntaxNode | undefined, not: boolean, host: HostSpan, scope: DrizzleScope): SqlPart {
  if (!values) return incomplete;
  const keyword = sql(not ? ' NOT IN ' : ' IN ', host);
  const inner = subqueryPart(values, scope) ?? sqlPart(values, scope);
  if (inner) return concat(column, keyword, inner);
  const list = readArray(values);
  if (list && !list.open && list.items.length === 0) return sql(not ? 'TRUE' : 'FALSE', host);
  if (list && !list.open && !list.items.some((item) => item.condition)) return concat(column, keyword, group(join(list.items.map((item) => expressionPart(item.node, scope)), ', '), host));
  return concat(column, keyword, hole('list', bindOf(values, scope.host)));
}

/** `(SELECT …)` of a query builder, also held in a variable. */
export function subqueryPart(written: SyntaxNode, scope: DrizzleScope): SqlPart | undefined {
  const node = unwrap(written);
  const inner = node.type === 'call_expression' || node.type === 'identifier' ? scope.query(node) : undefined;
  return inner && concat(sql('(', spanOf(node)), inner, sql(')'));
}

/** A column, SQL text, aggregate, sub-query or condition; else the value as a parameter. */
export function expressionPart(written: SyntaxNode, scope: DrizzleScope): SqlPart {
  const node = unwrap(written);
  return columnPart(node, scope) ?? sqlPart(node, scope) ?? subqueryPart(node, scope) ?? valuePart(node, scope.host);
}

/** What Drizzle itself writes as SQL: templates, `sql.…` helpers, aggregates and conditions; undefined for values. */
export function sqlPart(written: SyntaxNode, scope: DrizzleScope, hops = 0): SqlPart | undefined {
  const node = unwrap(written);
  if (hops > maxHops) return undefined;
  if (node.type === 'identifier' || node.type === 'shorthand_property_identifier') {
    const local = findLocal(node);
    const value = local?.value && local.constant ? unwrap(local.value) : undefined;
    return value && /^(call|binary)_expression$/.test(value.type) ? sqlPart(value, scope, hops + 1) : undefined;
  }
  const tagged = sqlTemplate(node, scope);
  if (tagged) return tagged;
  if (node.type !== 'call_expression') return undefined;
  const parts = callParts(node);
  if (!parts) return undefined;
  const host = spanOf(node);
  if (parts.template) return undefined;
  const object = parts.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
  const method = parts.callee.type === 'member_expression' ? parts.callee.childForFieldName('property')?.text ?? '' : '';
  const [first] = parts.args;
  if (object && /^(mapWith|inlineParams|getSQL|as)$/.test(method)) return sqlPart(object, scope, hops + 1);
  if (object && isSqlTag(object, scope)) return sqlHelper(method, parts.args, node, scope);
  if (method === '$count' && first) {
    const table = readTable(first, scope);
    const where = parts.args[1] ? conditionParts(parts.args[1], { ...scope, qualified: true }) : [];
    return table && concat(sql('(SELECT count(*) FROM ', host), table.from, clause(sql(' WHERE '), joinConditions(where, 'AND')), sql(')'));
  }
  const name = operatorName(parts.callee, scope);
  if (name === undefined) return undefined;
  if (aggregates.has(name)) {
    const distinct = name.endsWith('Distinct');
    return concat(sql(`${name.replace('Distinct', '')}(${distinct ? 'DISTINCT ' : ''}`, host), first ? expressionPart(first, scope) : sql('*', host), sql(')', host));
  }
  return conditionNames.has(name) ? joinConditions(conditionParts(node, scope), 'AND') : undefined;
}

/** Is this the tag `sql` of Drizzle (imported, or given by a callback)? */
export function isSqlTag(node: SyntaxNode, scope: DrizzleScope): boolean {
  if (node.type !== 'identifier' && node.type !== 'member_expression') return false;
  const origin = scope.host.origin(node);
  return (origin.kind === 'import' && (origin.path.at(-1) ?? origin.imported) === 'sql') || (origin.kind === 'parameter' && /^sql$/.test(node.text.split('.').at(-1) ?? ''));
}

function sqlHelper(method: string, args: readonly SyntaxNode[], node: SyntaxNode, scope: DrizzleScope): SqlPart {
  const [first, second] = args;
  const unknown = hole('fragment', bindOf(node, scope.host));
  switch (method) {
    case 'raw': {
      const text = first ? scope.host.string(first) : undefined;
      return text ? fragment(text) : unknown;
    }
    case 'identifier': {
      const name = first ? constantText(first, scope.host) : undefined;
      return name === undefined ? hole('identifier', bindOf(first ?? node, scope.host)) : identifier(name, spanOf(node));
    }
    case 'placeholder':
    case 'param':
      return bind(bindOf(method === 'param' && first ? first : node, scope.host));
    case 'empty':
      return nothing;
    case 'join': {
      const list = first ? readArray(first) : undefined;
      const separator = second ? sqlPart(second, scope) : nothing;
      if (!list || list.open || list.items.some((item) => item.condition) || !separator || separator.some((atom) => atom.type !== 'text')) return hole('list', bindOf(first ?? node, scope.host));
      return concat(...list.items.flatMap((item, index) => (index === 0 ? [expressionPart(item.node, scope)] : [separator, expressionPart(item.node, scope)])));
    }
    default:
      return unknown;
  }
}

/** `` sql`lower(${users.name})` ``: names, fragments and sub-queries stand in the text, values are parameters. Undefined for another tag. */
export function sqlTemplate(node: SyntaxNode, scope: DrizzleScope): SqlPart | undefined {
  const parts = readTagged(node);
  if (!parts || !isSqlTag(parts.tag, scope)) return undefined;
  const written = new Map<number, SyntaxNode>();
  const text = scope.host.tagged?.(parts.template, (expression) => {
    const own = readTagged(expression);
    if (own && isSqlTag(own.tag, scope)) return { inline: own.template };
    written.set(expression.startIndex, expression);
    if (readTable(expression, scope) || columnPart(expression, scope)) return { kind: 'identifier' };
    return { kind: /\bin\s*\(?\s*$/i.test(textBefore(expression, scope)) ? 'list' : 'value' };
  });
  if (!text) return undefined;
  // A choice of texts keeps its parts together: names in it stay open.
  if (text.conditional.length > 0) return fragment(text);
  const pieces: SqlPart[] = [];
  let at = 0;
  text.interpolations.forEach((interpolation, index) => {
    const known = text.binds.find((candidate) => (candidate.interpolation ?? Number(candidate.key)) === index);
    const expression = known?.span ? written.get(known.span.start) : undefined;
    pieces.push(fragment(text, at, interpolation.span.start), (expression && insertedPart(expression, interpolation.kind === 'list', scope)) ?? fragment(text, interpolation.span.start, interpolation.span.end));
    at = interpolation.span.end;
  });
  return concat(...pieces, fragment(text, at), text.complete ? nothing : incomplete);
}

function insertedPart(expression: SyntaxNode, list: boolean, scope: DrizzleScope): SqlPart | undefined {
  const column = columnPart(expression, scope);
  if (column) return column;
  const table = readTable(expression, scope);
  if (table) return table.from.some((atom) => atom.type === 'text' && atom.text.startsWith('(')) && table.name !== undefined ? identifier(table.name, spanOf(expression)) : table.from;
  const own = sqlPart(expression, scope) ?? subqueryPart(expression, scope);
  if (own) return own;
  return list ? undefined : bind(bindOf(expression, scope.host));
}

function textBefore(node: SyntaxNode, scope: DrizzleScope): string {
  let slot: SyntaxNode | null = node;
  while (slot && slot.type !== 'template_substitution') slot = slot.parent;
  return slot ? scope.host.text.slice(Math.max(0, slot.startIndex - 40), slot.startIndex) : '';
}

/** Items of ORDER BY: columns, `asc`, `desc`, SQL text; a callback gets the fields. */
export function orderParts(args: readonly SyntaxNode[], scope: DrizzleScope): readonly SqlPart[] {
  return args.flatMap((written): readonly SqlPart[] => {
    if (written.type === 'spread_element' || unwrap(written).type === 'array') {
      const list = readArray(written.type === 'spread_element' ? written.namedChildren[0] ?? written : written);
      if (!list) return [hole('fragment', bindOf(written.namedChildren[0] ?? written, scope.host))];
      return [...list.items.flatMap((item) => orderParts([item.node], scope).map((part) => conditional(part, item.condition))), list.open ? incomplete : nothing];
    }
    const node = unwrap(written);
    const local = node.type === 'identifier' ? findLocal(node) : undefined;
    if (local?.value && local.constant && !columnPart(node, scope)) return orderParts([local.value], scope);
    if (isFunction(node)) {
      const body = node.childForFieldName('body');
      return body && body.type !== 'statement_block' ? orderParts([body], scope) : [incomplete];
    }
    const call = callParts(node);
    const name = call && !call.template ? operatorName(call.callee, scope) : undefined;
    const [first] = call?.args ?? [];
    if (first && (name === 'asc' || name === 'desc')) return [concat(expressionPart(first, scope), sql(name === 'desc' ? ' DESC' : '', spanOf(node)))];
    return [columnPart(node, scope) ?? sqlPart(node, scope) ?? hole('fragment', bindOf(node, scope.host))];
  });
}
