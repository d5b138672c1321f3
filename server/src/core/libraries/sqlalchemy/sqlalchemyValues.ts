import { field, literalValue, parts } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { concat, conditional, group, hole, identifier, join, sql, type Condition, type SqlPart } from '../shared/sqlBuilder';
import { operand } from './sqlalchemyExpressions';
import { columnOf, findEntity, singleValue, withoutKey, type Entity, type QueryScope } from './sqlalchemyScope';

/** An argument of `.values(…)`: a dictionary, a list of them, or one keyword. */
export interface ValueSource {
  readonly node: SyntaxNode;
  readonly span: HostSpan;
  readonly condition?: Condition;
}

interface Assigned {
  readonly column: string;
  readonly value: SyntaxNode;
  readonly span: HostSpan;
  readonly condition?: Condition;
}

/** Columns and values; undefined where keys are not known (`**data`, a dictionary from elsewhere). */
function assignmentsOf(source: ValueSource, target: Entity, scope: QueryScope): readonly Assigned[] | undefined {
  const { context } = scope;
  if (source.node.type === 'keyword_argument') {
    const name = field(source.node, 'name')?.text;
    const value = field(source.node, 'value');
    return name !== undefined && value ? [{ column: columnOf(target, name) ?? name, value, span: context.span(source.node), condition: source.condition }] : undefined;
  }
  const inner = singleValue(source.node, context);
  if (inner?.type !== 'dictionary') return undefined;
  const found: Assigned[] = [];
  for (const pair of parts(inner)) {
    const key = pair.type === 'pair' ? field(pair, 'key') : undefined;
    const value = pair.type === 'pair' ? field(pair, 'value') : undefined;
    const text = key && literalValue(key);
    const path = key && typeof text !== 'string' ? findEntity(key, scope) : undefined;
    const property = typeof text === 'string' ? text : path?.rest.at(-1);
    if (!value || property === undefined) return undefined;
    found.push({ column: columnOf(target, property) ?? property, value, span: context.span(pair), condition: source.condition });
  }
  return found;
}

const flatten = (sources: readonly ValueSource[], target: Entity, scope: QueryScope): readonly Assigned[] | undefined => {
  const lists = sources.map((source) => assignmentsOf(source, target, scope));
  return lists.length > 0 && lists.every((list) => list !== undefined) ? lists.flat() : undefined;
};

/** ` (a, b) VALUES ($1, $2)`, several rows for a list of dictionaries, a hole where columns or rows come from elsewhere. */
export function renderInsertValues(sources: readonly ValueSource[], target: Entity, scope: QueryScope): SqlPart {
  const { context } = scope;
  const only = sources.length === 1 ? sources[0] : undefined;
  const list = only ? singleValue(only.node, context) : undefined;
  if (only && list?.type === 'list' && parts(list).length > 0) {
    const rows = parts(list).map((item) => assignmentsOf({ node: item, span: context.span(item) }, target, scope));
    const [first] = rows;
    if (first && first.length > 0 && rows.every((row) => row && row.length === first.length && row.every((cell, index) => cell.column === first[index]?.column))) {
      return concat(sql(' ('), columnNames(first), sql(') VALUES '), join(rows.map((row) => group(join((row ?? []).map((cell) => operand(cell.value, scope)), ', '))), ', '));
    }
  }
  const assigned = flatten(sources, target, scope);
  if (!assigned || assigned.length === 0) return concat(sql(' '), hole('fragment', withoutKey(context.bind(sources[0]?.node ?? target.node, ''))));
  return concat(sql(' ('), columnNames(assigned), sql(') VALUES ('), join(assigned.map((cell) => operand(cell.value, scope)), ', '), sql(')'));
}

const columnNames = (assigned: readonly Assigned[]): SqlPart => join(assigned.map((cell) => identifier(cell.column, cell.span)), ', ');

/** `a = $1, b = $2` of SET. */
export function renderAssignments(sources: readonly ValueSource[], target: Entity, scope: QueryScope): SqlPart {
  const assigned = flatten(sources, target, scope);
  if (!assigned || assigned.length === 0) return hole('assignment', withoutKey(scope.context.bind(sources[0]?.node ?? target.node, '')));
  return join(assigned.map((cell) => conditional(concat(identifier(cell.column, cell.span), sql(' = '), operand(cell.value, scope)), cell.condition)), ', ');
}
