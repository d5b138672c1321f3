import type { ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { valuePart } from '../shared/modelChains';
import { bind, concat, group, identifier, incomplete, join, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect } from '../shared/sqlClauses';

const operators: readonly (readonly [RegExp, string, number])[] = [
  [/(?:IsNotNull|NotNull)$/, ' IS NOT NULL', 0], [/(?:IsNull|Null)$/, ' IS NULL', 0], [/(?:IsTrue|True)$/, ' = TRUE', 0], [/(?:IsFalse|False)$/, ' = FALSE', 0],
  [/(?:IsLessThanEqual|LessThanEqual)$/, ' <= ', 1], [/(?:IsLessThan|LessThan|IsBefore|Before)$/, ' < ', 1], [/(?:IsGreaterThanEqual|GreaterThanEqual)$/, ' >= ', 1], [/(?:IsGreaterThan|GreaterThan|IsAfter|After)$/, ' > ', 1],
  [/(?:IsBetween|Between)$/, ' BETWEEN ', 2], [/(?:IsNotIn|NotIn)$/, ' <> ALL(', -1], [/(?:IsIn|In)$/, ' = ANY(', -1], [/(?:IsNotLike|NotLike)$/, ' NOT LIKE ', 1], [/(?:IsLike|Like)$/, ' LIKE ', 1],
  [/(?:IsContaining|Containing|Contains)$/, '%%', 1], [/(?:IsStartingWith|StartingWith|StartsWith)$/, '.%', 1], [/(?:IsEndingWith|EndingWith|EndsWith)$/, '%.', 1], [/(?:IsNot|Not)$/, ' <> ', 1], [/(?:Is|Equals)$/, ' = ', 1],
];

/** The statement that Spring Data derives from a method's name; undefined where a part of it is no property of the entity. */
export function derivedQuery(name: string, args: readonly SyntaxNode[], model: ModelIr, host: HostSpan, context: HostContext): SqlPart | undefined {
  const [, , first, count, predicate = '', orders] = /^(find|get|read|query|search|stream|exists|count)(?:All)?(?:Distinct)?(?:(First|Top)(\d*))?\w*?By([A-Z]\w*?)(?:OrderBy([A-Z]\w*))?$/.exec(name) ?? [];
  if (predicate === '') return undefined;
  let next = 0;
  const take = (): SyntaxNode | undefined => args[next++];
  const column = (property: string): SqlPart | undefined => {
    const wanted = property.charAt(0).toLowerCase() + property.slice(1);
    const found = model.columns.find((candidate) => candidate.property === wanted);
    return found && identifier([found.column], host);
  };
  const condition = (written: string): SqlPart | undefined => {
    const text = written.replace(/(?:IgnoreCase|IgnoringCase)$/, '');
    const plain = column(text);
    const [pattern, operator = ' = ', values = 1] = plain ? [] : operators.find(([candidate]) => candidate.test(text)) ?? [];
    const left = plain ?? (pattern && column(text.replace(pattern, '')));
    if (!left || text !== written) return undefined;
    if (values === 0) return concat(left, sql(operator, host));
    const value = take();
    if (!value) return undefined;
    if (values === -1) return concat(left, sql(operator, host), bind(context.bind(value, '')), sql(')', host));
    if (values === 2) {
      const upper = take();
      return upper && concat(left, sql(operator, host), valuePart(value, context), sql(' AND ', host), valuePart(upper, context));
    }
    if (/^[%.][%.]$/.test(operator)) return concat(left, sql(' LIKE ', host), operator.startsWith('%') ? sql("'%' || ", host) : [], bind(context.bind(value, '')), operator.endsWith('%') ? sql(" || '%'", host) : []);
    return concat(left, sql(operator, host), valuePart(value, context));
  };
  const alternatives = predicate.split(/Or(?=[A-Z])/).map((part) => part.split(/And(?=[A-Z])/).map(condition));
  if (alternatives.some((part) => part.includes(undefined))) return undefined;
  const known = alternatives.map((part) => join(part.flatMap((one) => (one ? [one] : [])), ' AND '));
  const items = orders === undefined ? [] : [...orders.matchAll(/([A-Z]\w*?)(Asc|Desc|$)(?=[A-Z]|$)/g)].map(([, property = '', way]) => {
    const found = column(property);
    return found && concat(found, sql(way === 'Desc' ? ' DESC' : '', host));
  });
  if (items.includes(undefined)) return undefined;
  const rest = args.slice(next);
  const limit = first !== undefined ? sql(count === '' ? '1' : count ?? '1', host) : /^(exists|count)/.test(name) ? sql('1', host) : undefined;
  const select = renderSelect({ from: identifier(model.table, host), where: [known.length === 1 ? known[0] ?? [] : group(join(known.map((part) => group(part)), ' OR '))], orderBy: items.flatMap((item) => (item ? [item] : [])), ...(limit ? { limit: { count: limit, host } } : {}) });
  // What else is given is a page, an order, a projection.
  return concat(select, rest.length > 0 || model.scoped === true || /^count/.test(name) ? incomplete : []);
}

/** `findById(id)`, `getReferenceById(id)`, `existsById(id)`. */
export function byIdQuery(key: SyntaxNode, model: ModelIr, host: HostSpan, context: HostContext): SqlPart | undefined {
  const id = model.columns.find((column) => column.property === 'id');
  return id && concat(renderSelect({ from: identifier(model.table, host), where: [concat(identifier([id.column], host), sql(' = ', host), valuePart(key, context))], limit: { count: sql('1', host), host } }), model.scoped === true ? incomplete : []);
}
