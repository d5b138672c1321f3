import { callParts, isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import { bindOf, constantValue, patternPart, readArray, readObject, valuePart, type Entry } from '../shared/hostValues';
import { bind, concat, conditional, fragment, group, hole, incomplete, isEmpty, join, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { columnPart, columnsOf, joinRelation, sourceOf, textPart, type EntitySource, type TypeormScope } from './typeormScope';

const maxDepth = 8;
export const operatorNames = /^(In|Not|Like|ILike|Equal|Between|LessThan|LessThanOrEqual|MoreThan|MoreThanOrEqual|IsNull|Any|ArrayContains|ArrayContainedBy|ArrayOverlap|JsonContains|Raw|And|Or)$/;

/** Condition of a `where`: an object, or a list of alternatives. */
export function wherePart(written: SyntaxNode, scope: TypeormScope, source: EntitySource, path = '', depth = 0): SqlPart {
  const node = unwrap(written);
  if (depth > maxDepth) return incomplete;
  const list = readArray(node, scope.host);
  if (list) {
    const branches = list.items.map((item) => {
      const part = wherePart(item.node, scope, source, path, depth + 1);
      return conditional(list.items.length > 1 && hasSeveral(item.node) ? group(part) : part, item.condition);
    });
    const joined = joinConditions(branches, 'OR');
    return concat(branches.length > 1 ? group(joined) : joined, list.open ? incomplete : nothing);
  }
  const object = readObject(node, scope.host);
  if (!object) return /^(undefined|null)$/.test(node.text) ? nothing : incomplete;
  return concat(joinConditions(object.entries.map((entry) => conditional(entryPart(entry, scope, source, path, depth), entry.condition)), 'AND'), object.open ? incomplete : nothing);
}

const hasSeveral = (node: SyntaxNode): boolean => (readObject(node)?.entries.length ?? 2) > 1;

function entryPart(entry: Entry, scope: TypeormScope, source: EntitySource, path: string, depth: number): SqlPart {
  const property = path + entry.key;
  const nested = readObject(entry.value, scope.host);
  const relation = source.model?.relations.find((candidate) => candidate.property === property);
  if (relation && (nested || readArray(entry.value, scope.host))) {
    if (nested?.entries.length === 0 && !nested.open) return nothing;
    const alias = `${source.alias}__${source.alias}_${property.replace('.', '_')}`;
    const joined = sourceOf(scope, alias) ?? (scope.qualified ? joinRelation(scope, source, relation, alias, { inner: innerJoined(scope, source, relation), selected: false, host: entry.span }) : undefined);
    return joined ? wherePart(entry.value, scope, joined, '', depth + 1) : incomplete;
  }
  if (source.model?.columns.some((column) => column.property.startsWith(`${property}.`)) && nested && !relation) return wherePart(entry.value, scope, source, `${property}.`, depth + 1);
  // Without the entity an object is a relation or an embedded one: its columns are not known.
  if (!source.model && nested) return incomplete;
  if (relation && !columnsOf(source, property)) return incomplete;
  return operatorPart(columnPart(scope, source, property, entry.span), entry.value, entry.span, scope);
}

/** TypeORM 1 joins what cannot be missing with INNER JOIN, below what is joined so itself. */
export function innerJoined(scope: TypeormScope, source: EntitySource, relation: { readonly required?: boolean; readonly model: string }): boolean {
  const parent = scope.joins.find((join) => join.alias === source.alias);
  if (parent && !parent.inner) return false;
  return relation.required === true && (scope.host.model(relation.model, 'typeorm')?.softDelete === undefined || scope.withDeleted);
}

const comparisons: Readonly<Record<string, string>> = { Equal: ' = ', LessThan: ' < ', LessThanOrEqual: ' <= ', MoreThan: ' > ', MoreThanOrEqual: ' >= ' };
const arrays: Readonly<Record<string, string>> = { ArrayContains: ' @> ', ArrayContainedBy: ' <@ ', ArrayOverlap: ' && ', JsonContains: ' @> ' };

/** One column against a value or a find operator. */
export function operatorPart(column: SqlPart, written: SyntaxNode, span: HostSpan, scope: TypeormScope, depth = 0): SqlPart {
  const { host } = scope;
  const node = unwrap(written);
  const call = operatorCall(node, scope);
  // Version 0.3 leaves a null out, version 1 rejects it.
  if (!call) return constantValue(node, host) === null ? nothing : concat(column, sql(' = ', span), valuePart(node, host));
  const name = call.callee.text.split('.').at(-1) ?? '';
  const [first, second] = call.args;
  if (name === 'IsNull') return concat(column, sql(' IS NULL', span));
  if (!first || depth > maxDepth) return incomplete;
  const compared = comparisons[name];
  if (compared !== undefined) return operatorCall(unwrap(first), scope) ? operatorPart(column, first, span, scope, depth + 1) : concat(column, sql(compared, span), valuePart(first, host));
  const array = arrays[name];
  if (array !== undefined) return concat(column, name === 'JsonContains' ? sql('::jsonb', span) : nothing, sql(array, span), bind(bindOf(first, host)));
  switch (name) {
    case 'In':
      return concat(column, sql(' IN ', span), listPart(first, span, scope));
    case 'Any':
      return concat(column, sql(' = ANY(', span), bind(bindOf(first, host)), sql(')', span));
    case 'Like':
    case 'ILike':
      return concat(column, sql(name === 'Like' ? ' LIKE ' : ' ILIKE ', span), patternPart(first, host));
    case 'Between':
      return second ? concat(column, sql(' BETWEEN ', span), valuePart(first, host), sql(' AND ', span), valuePart(second, host)) : incomplete;
    case 'Not': {
      if (!operatorCall(unwrap(first), scope)) return concat(column, sql(' <> ', span), valuePart(first, host));
      return concat(sql('NOT ', span), group(operatorPart(column, first, span, scope, depth + 1), span));
    }
    case 'And':
    case 'Or':
      return group(joinConditions(call.args.map((arg) => operatorPart(column, arg, spanOf(arg), scope, depth + 1)), name === 'And' ? 'AND' : 'OR'));
    default:
      return rawPart(column, first, second, span, scope);
  }
}

/** `In(ids)` itself or in a constant. */
function operatorCall(node: SyntaxNode, scope: TypeormScope) {
  const origin = node.type === 'identifier' ? scope.host.origin(node) : undefined;
  const call = callParts(origin?.kind === 'call' && (origin.path?.length ?? 0) === 0 ? origin.node : node);
  return call && !call.template && operatorNames.test(call.callee.text.split('.').at(-1) ?? '') ? call : undefined;
}

function listPart(written: SyntaxNode, span: HostSpan, { host }: TypeormScope): SqlPart {
  const list = readArray(written, host);
  if (!list || list.open || list.items.length === 0 || list.items.some((item) => item.condition)) return hole('list', bindOf(written, host));
  return concat(sql('(', span), join(list.items.map((item) => valuePart(item.node, host)), ', '), sql(')', span));
}

/** `Raw((alias) => `${alias} > NOW()`, { … })`. */
function rawPart(column: SqlPart, first: SyntaxNode, second: SyntaxNode | undefined, span: HostSpan, scope: TypeormScope): SqlPart {
  const node = unwrap(first);
  const parameters = new Map(readObject(second ?? node)?.entries.map((entry) => [entry.key, entry.value]) ?? []);
  const inner: TypeormScope = { ...scope, parameters };
  if (!isFunction(node)) {
    const text = scope.host.string(node);
    return text ? concat(column, sql(' = ', span), textPart(text, inner)) : incomplete;
  }
  const parameter = (node.childForFieldName('parameter') ?? node.childForFieldName('parameters')?.namedChildren[0])?.text.replace(/[?:].*$/s, '').trim();
  const body = node.childForFieldName('body');
  const result = body?.type === 'statement_block' ? body.namedChildren.find((child) => child.type === 'return_statement')?.namedChildren[0] : body;
  const text = result ? scope.host.string(result) : undefined;
  if (!text || parameter === undefined || text.conditional.length > 0) return incomplete;
  const parts: SqlPart[] = [];
  let at = 0;
  for (const interpolation of text.interpolations) {
    if (interpolation.hostText.trim() !== parameter) continue;
    parts.push(namedText(text, at, interpolation.span.start, first, inner), column);
    at = interpolation.span.end;
  }
  const whole = concat(...parts, namedText(text, at, text.text.length, first, inner));
  return isEmpty(whole) ? incomplete : whole;
}

/** A stretch of the text with its named parameters; properties behind an alias become columns. */
function namedText(text: Parameters<typeof fragment>[0], from: number, to: number, host: SyntaxNode, scope: TypeormScope): SqlPart {
  const parts: SqlPart[] = [];
  let at = from;
  for (const match of text.text.slice(from, to).matchAll(/(?<![:\w]):(\.\.\.)?(\w+)|(?<![\w".:'])([A-Za-z_]\w*)\.([A-Za-z_][\w.]*)(?![\w"(])/g)) {
    const source = match[3] === undefined ? undefined : sourceOf(scope, match[3]);
    if (source && match[4] !== undefined) {
      parts.push(fragment(text, at, from + match.index), columnPart(scope, source, match[4], scope.host.span(host)));
      at = from + match.index + match[0].length;
      continue;
    }
    const value = scope.parameters.get(match[2] ?? '');
    if (!value) continue;
    parts.push(fragment(text, at, from + match.index), match[1] === undefined ? valuePart(value, scope.host) : hole('list', bindOf(value, scope.host)));
    at = from + match.index + match[0].length;
  }
  return concat(...parts, fragment(text, at, to));
}
