import { unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { Chain } from '../adapter';
import { constantText, readArray, valuePart } from '../shared/hostValues';
import { concat, conditional, group, hole, identifier, incomplete, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, renderWhere, type RowCountPart } from '../shared/sqlClauses';
import { orderItems } from './mikroFind';
import { columnPart, entityColumns, joinRelation, relationOf, tablePart, type MikroScope, type MikroSource } from './mikroScope';
import { textPart, wherePart } from './mikroWhere';
import { renderInsert, renderUpdate } from './mikroWrite';

type Call = Chain['calls'][number];

export interface BuiltQuery {
  readonly sql: SqlPart;
  readonly access: 'read' | 'write';
  readonly fetches: 'many' | 'one' | 'none';
  /** A terminal was called. */
  readonly sent: boolean;
}

const terminals: Readonly<Record<string, BuiltQuery['fetches']>> = { getResult: 'many', getResultList: 'many', getResultAndCount: 'many', execute: 'many', getSingleResult: 'one', getCount: 'one', stream: 'many' };
export const isTerminal = (name: string): boolean => Object.hasOwn(terminals, name);
const silent = /^(setFlag|unsetFlag|cache|getKnex|getFormattedQuery|getQuery|getParams|clone|then|catch|finally|comment|hintComment|setLoggerContext)$/;

/** The calls behind `createQueryBuilder(User, 'u')`. */
export function renderBuilder(calls: readonly Call[], scope: MikroScope, host: HostSpan): BuiltQuery {
  let kind: 'select' | 'insert' | 'update' | 'delete' | 'count' = 'select';
  let where: SqlPart = nothing;
  let having: SqlPart = nothing;
  let values: SyntaxNode | undefined;
  let limit: RowCountPart | undefined;
  let offset: RowCountPart | undefined;
  let distinct: SqlPart = nothing;
  let conflict: SqlPart = nothing;
  let unseen: SqlPart = nothing;
  let fetches: BuiltQuery['fetches'] = 'many';
  let sent = false;
  let columns: SqlPart[] | undefined;
  const orderBy: SqlPart[] = [];
  const groupBy: SqlPart[] = [];
  const condition = (call: Call, qualified: MikroScope): SqlPart => {
    const [first, second] = call.argNodes;
    const text = first && /^(string|template_string|binary_expression)$/.test(unwrap(first).type) ? qualified.host.string(first) : undefined;
    return conditional(text ? group(textPart(text, second, qualified)) : first ? wherePart(first, qualified, qualified.main) : incomplete, call.condition);
  };
  const writes = calls.find((call) => /^(insert|update|delete|truncate)$/.test(call.name));
  const inner: MikroScope = writes ? { ...scope, qualified: false } : scope;
  for (const call of calls) {
    const [first, second, third] = call.argNodes;
    switch (call.name) {
      case 'select':
      case 'addSelect':
        columns = [...(call.name === 'addSelect' ? columns ?? [] : []), ...selectItems(first, scope)];
        if (second?.text === 'true') distinct = sql('DISTINCT');
        break;
      case 'distinct':
        distinct = sql('DISTINCT', call.span);
        break;
      case 'where':
      case 'andWhere': {
        const part = condition(call, inner);
        where = where.length > 0 ? joinConditions([where, part], 'AND') : part;
        break;
      }
      case 'orWhere':
        where = where.length > 0 ? group(joinConditions([group(where), condition(call, inner)], 'OR')) : condition(call, inner);
        break;
      case 'having':
      case 'andHaving':
        having = joinConditions([having, condition(call, inner)], 'AND');
        break;
      case 'groupBy':
        groupBy.push(...selectItems(first, scope));
        break;
      case 'orderBy':
      case 'andOrderBy':
        if (call.name === 'orderBy') orderBy.length = 0;
        if (first) orderBy.push(...orderItems(first, scope, scope.main, call.condition));
        break;
      case 'limit':
        limit = first && { count: conditional(valuePart(first, scope.host), call.condition), host: call.span };
        if (second) offset = { count: valuePart(second, scope.host), host: call.span };
        break;
      case 'offset':
        offset = first && { count: conditional(valuePart(first, scope.host), call.condition), host: call.span };
        break;
      case 'count':
        kind = 'count';
        fetches = 'one';
        if (first) unseen = incomplete;
        break;
      case 'insert':
      case 'update':
        kind = call.name;
        values = first;
        break;
      case 'delete':
      case 'truncate':
        kind = 'delete';
        if (first) where = wherePart(first, inner, inner.main);
        break;
      case 'onConflict':
        conflict = concat(sql(' ON CONFLICT DO NOTHING'), incomplete);
        break;
      case 'join':
      case 'leftJoin':
      case 'innerJoin':
      case 'joinAndSelect':
      case 'leftJoinAndSelect':
      case 'innerJoinAndSelect':
        if (!first || !second || !joinCall(call, first, second, third, scope)) unseen = incomplete;
        break;
      case 'getCount':
        kind = 'count';
        fetches = 'one';
        sent = true;
        break;
      case 'getSingleResult':
        limit ??= { count: sql('1', call.span), host: call.span };
        fetches = 'one';
        sent = true;
        break;
      default:
        if (isTerminal(call.name)) {
          sent = true;
          fetches = call.name === 'execute' && /['"]get['"]/.test(first?.text ?? '') ? 'one' : fetches;
        } else if (!silent.test(call.name)) unseen = incomplete;
    }
  }
  const table = tablePart(scope.main.model, host);
  const read = kind === 'select' || kind === 'count';
  return { sql: concat(statement(), unseen), access: read ? 'read' : 'write', fetches: read ? fetches : 'none', sent };

  function statement(): SqlPart {
    if (kind === 'insert') return values ? renderInsert(table, values, inner, conflict) : concat(sql('INSERT INTO '), table, incomplete);
    if (kind === 'update') return values ? renderUpdate(table, values, where, inner) : concat(sql('UPDATE '), table, sql(' SET '), hole('assignment', { text: 'values', names: [], origin: 'unknown' }), renderWhere([where]));
    if (kind === 'delete') return concat(sql('DELETE FROM '), table, renderWhere([where]));
    const loaded = scope.joins.filter((item) => item.loaded).flatMap((item) => entityColumns(item));
    return renderSelect({
      distinct, columns: kind === 'count' ? [sql('count(*)', host)] : [...(columns ?? entityColumns(scope.main)), ...loaded],
      from: concat(table, sql(' '), identifier(scope.main.alias)), joins: scope.joins.map((item) => item.part), where: [where], groupBy, having: [having],
      ...(kind === 'count' ? {} : { orderBy, limit, offset }),
    });
  }
}

function selectItems(written: SyntaxNode | undefined, scope: MikroScope): readonly SqlPart[] {
  if (!written) return entityColumns(scope.main);
  const list = readArray(written, scope.host);
  const nodes = list ? list.items.map((item) => item.node) : [written];
  return [...nodes.map((node) => {
    const text = constantText(node, scope.host);
    const [alias = '', ...rest] = text?.split('.') ?? [];
    const source = [scope.main, ...scope.joins].find((candidate) => candidate.alias === alias);
    if (text === undefined || /[^\w.*$]/.test(text)) return text === undefined ? hole('fragment', { text: node.text, names: [], origin: 'unknown' }) : sql(text, scope.host.span(node));
    if (text === '*') return identifier([scope.main.alias, '*'], scope.host.span(node));
    return source && rest.length > 0 ? columnPart(scope, source, rest.join('.'), scope.host.span(node)) : columnPart(scope, scope.main, text, scope.host.span(node));
  }), ...(list?.open ? [incomplete] : [])];
}

/** `leftJoin('u.posts', 'p', { 'p.status': 1 })`. */
function joinCall(call: Call, path: SyntaxNode, aliasNode: SyntaxNode, condition: SyntaxNode | undefined, scope: MikroScope): boolean {
  const text = constantText(path, scope.host);
  const alias = constantText(aliasNode, scope.host);
  const steps = text?.split('.') ?? [];
  const parent: MikroSource | undefined = steps.length === 2 ? [scope.main, ...scope.joins].find((candidate) => candidate.alias === steps[0]) : steps.length === 1 ? scope.main : undefined;
  const relation = parent && relationOf(parent, steps.at(-1) ?? '');
  if (!parent || !relation || alias === undefined || call.condition) return false;
  return joinRelation(scope, parent, relation, {
    inner: !/^left/.test(call.name), loaded: /AndSelect$/.test(call.name), alias, host: call.span,
    ...(condition ? { condition: (joined: MikroSource) => wherePart(condition, { ...scope, joins: [...scope.joins, joined as MikroScope['joins'][number]] }, joined) } : {}),
  }) !== undefined;
}
