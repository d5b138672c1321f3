import type { DjangoArgumentIr, DjangoValue } from '../../hosts/djangoIr';
import type { HostSpan } from '../../text/span';
import { clause, concat, conditional, group, identifier, joinConditions, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect } from '../shared/sqlClauses';
import { renderExpression, valueOf } from './djangoExpressions';
import { followPath, Joins, type FieldPath } from './djangoJoins';
import { columnPart, readLookup, renderLookup, unknownCondition } from './djangoLookups';
import { keywordOf } from './djangoRead';
import type { Query } from './djangoQuery';

type Condition = DjangoArgumentIr['condition'];
/** Django's tree of conditions. */
interface QNode {
  readonly type: 'node';
  readonly connector: 'AND' | 'OR';
  readonly negated: boolean;
  readonly children: readonly QChild[];
  readonly condition?: Condition;
}
type QChild = QNode | { readonly type: 'lookup'; readonly name: string; readonly value: DjangoValue; readonly span?: HostSpan; readonly condition?: Condition } | { readonly type: 'expression'; readonly value: DjangoValue; readonly condition?: Condition };

interface Built {
  readonly part: SqlPart;
  /** Joins that must find a row for the condition to hold. */
  readonly needed: ReadonlySet<string>;
  readonly aggregate: boolean;
}

/** Conditions of `filter(…)` or `exclude(…)`. */
export const treeOf = (args: readonly DjangoArgumentIr[], negated = false): QNode => ({
  type: 'node', connector: 'AND', negated,
  children: [
    ...args.filter((argument) => argument.name === undefined || argument.name === '**').map((argument) => childOf(argument.value, argument.condition)),
    ...args.filter((argument) => argument.name !== undefined && argument.name !== '**').sort((a, b) => (a.name! < b.name! ? -1 : 1)).map((argument): QChild => ({ type: 'lookup', name: argument.name!, value: argument.value, ...(argument.span ? { span: argument.span } : {}), ...(argument.condition ? { condition: argument.condition } : {}) })),
  ],
});

function childOf(value: DjangoValue, condition?: Condition): QChild {
  const under = condition ? { condition } : {};
  if (value.kind === 'call' && value.name === 'Q') {
    const connector = keywordOf(value.args, '_connector');
    const negated = keywordOf(value.args, '_negated');
    const node = treeOf(value.args.filter((argument) => !argument.name?.startsWith('_') || argument.name === '**'), negated?.kind === 'literal' && negated.value === true);
    return { ...node, connector: /OR/.test(connector?.bind.text ?? '') ? 'OR' : 'AND', ...under };
  }
  if (value.kind === 'operation' && /^[&|]$/.test(value.operator)) {
    const connector = value.operator === '|' ? 'OR' : 'AND';
    const sides = [childOf(value.left), childOf(value.right, value.condition)];
    return { type: 'node', connector, negated: false, children: sides.filter((side) => side.type !== 'node' || side.children.length > 0).flatMap((side) => squash(side, connector)), ...under };
  }
  if (value.kind === 'not') {
    const inner = childOf(value.operand);
    return { type: 'node', connector: 'AND', negated: true, children: squash(inner, 'AND'), ...under };
  }
  return { type: 'expression', value, ...under };
}

const squash = (child: QChild, connector: QNode['connector']): readonly QChild[] =>
  child.type === 'node' && !child.negated && !child.condition && (child.connector === connector || child.children.length === 1) ? child.children : [child];

/** Adds the conditions of one call to a query: joins are shared within it, and those that must find a row become inner. */
export function addConditions(node: QNode, query: Query): readonly { readonly part: SqlPart; readonly aggregate: boolean }[] {
  const before = query.joins.inner;
  const { part, aggregate } = build(node, query, false, false, query.sticky ?? new Set());
  query.joins.demote(before);
  return part.length === 0 ? [] : [{ part, aggregate }];
}

/** Conditions as one expression (`filter=Q(…)`, `When(…)`): its joins take no row away. */
export function renderConditions(args: readonly DjangoArgumentIr[], query: Query): SqlPart {
  const { part, needed } = build(treeOf(args), query, false, false, undefined);
  query.joins.promote(needed);
  return part;
}

function build(node: QNode, query: Query, branchNegated: boolean, negatedBefore: boolean, reusable: Set<string> | undefined): Built {
  const negated = negatedBefore !== node.negated;
  const branch = branchNegated || node.negated;
  const effective = negated ? (node.connector === 'AND' ? 'OR' : 'AND') : node.connector;
  const votes = new Map<string, number>();
  const children = node.children.map((child) => {
    const built = child.type === 'node' ? build(child, query, branch, negated, reusable) : child.type === 'expression' ? expressionCondition(child.value, query) : lookupCondition(child, query, branch, negated, reusable);
    for (const alias of built.needed) votes.set(alias, (votes.get(alias) ?? 0) + 1);
    return { ...built, part: conditional(built.part, child.condition) };
  });
  const demoted = new Set<string>();
  const promoted = new Set<string>();
  for (const [alias, count] of votes) {
    if (effective === 'OR' && count < node.children.length) promoted.add(alias);
    if (effective === 'AND' || count === node.children.length) demoted.add(alias);
  }
  query.joins.promote(promoted);
  query.joins.demote(demoted);
  const parts = children.map((child) => child.part);
  const joined = joinConditions(parts, node.connector);
  const whole = node.connector === 'OR' && parts.length > 1 ? group(joined) : joined;
  return { part: node.negated ? clause(sql('NOT '), group(joined)) : whole, needed: demoted, aggregate: children.some((child) => child.aggregate) };
}

function expressionCondition(value: DjangoValue, query: Query): Built {
  const known = renderExpression(value, query);
  return { part: known?.part ?? unknownCondition(value), needed: new Set(), aggregate: known?.aggregate ?? false };
}

function lookupCondition(child: Extract<QChild, { type: 'lookup' }>, query: Query, branch: boolean, negated: boolean, reusable: Set<string> | undefined): Built {
  const { value, span } = child;
  const names = child.name.split('__');
  const none = new Set<string>();
  const annotation = query.annotations.get(names[0] ?? '');
  if (annotation) {
    const lookup = readLookup({ part: annotation.part }, names.slice(1), query.world, span);
    const part = lookup && renderLookup(lookup, valueOf(value, query), span);
    return { part: part ?? unknownCondition(value), needed: none, aggregate: annotation.aggregate };
  }
  const path = followPath(names, query.model, query.world);
  if (!path) return { part: unknownCondition(value), needed: none, aggregate: false };
  if (branch && path.steps.some((step) => step.many)) return { part: notExists(path, value, span, query), needed: none, aggregate: false };
  const sent = valueOf(value, query);
  const aliases = query.joins.add(path.steps, reusable);
  const { alias, column, kept } = query.joins.trim(aliases, path.column);
  for (const used of kept) reusable?.add(used);
  const lookup = readLookup({ part: columnPart(alias, column, span), ...(path.field ? { field: path.field } : {}) }, path.rest, query.world, span);
  const part = lookup && renderLookup(lookup, sent, span);
  if (!lookup || !part) return { part: unknownCondition(value), needed: new Set(aliases), aggregate: false };
  const isNull = lookup.name === 'isnull' || (value.kind === 'literal' && value.value === null);
  const truth = lookup.name !== 'isnull' || (value.kind === 'literal' && value.value === true);
  const needsRow = !(isNull && truth && !negated) && !(negated && !(isNull && truth));
  const nullable = path.null || query.joins.isOuter(alias);
  // A row without a value is no match: it must not be lost by the negation.
  const whole = negated && !isNull && nullable ? joinConditions([part, concat(columnPart(alias, column), sql(' IS NOT NULL'))], 'AND') : part;
  return { part: whole, needed: needsRow ? new Set(aliases) : none, aggregate: false };
}

/** `exclude(items__qty=1)`: no related row may fit. */
function notExists(path: FieldPath, value: DjangoValue, span: HostSpan | undefined, query: Query): SqlPart {
  const first = path.steps.findIndex((step) => step.many);
  const [before, step, after] = [path.steps.slice(0, first), path.steps[first]!, path.steps.slice(first + 1)];
  const outer = query.joins.trim(query.joins.add(before, undefined), step.from);
  const inner = new Joins(step, query.nextPrefix, first + 1);
  const aliases = inner.add(after, undefined);
  const { alias, column } = inner.trim(aliases, path.column);
  inner.demote(aliases);
  const lookup = readLookup({ part: columnPart(alias, column, span), ...(path.field ? { field: path.field } : {}) }, path.rest, query.world, span);
  const condition = lookup && renderLookup(lookup, valueOf(value, query), span);
  const link = concat(identifier([inner.base, step.to]), sql(' = '), identifier([outer.alias, outer.column]));
  return concat(sql('EXISTS('), renderSelect({ columns: [sql('1 AS a')], from: inner.from(span), joins: inner.render(), where: [condition ?? unknownCondition(value), link], limit: { count: sql('1') } }), sql(')'));
}
