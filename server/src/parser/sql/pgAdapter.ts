import type { StatementKind } from '../../core/sql/model';
import { placeOf, toExpression, toExpressions, type PgContext } from './pgExpressions';
import { child, flag, list, listAs, number, strings, text, unwrap, type PgNode, type PgValue, type RawStatement } from './pgTree';
import { emptyQuery, offsetIn, type RawCte, type RawExpression, type RawFrom, type RawOrder, type RawOutput, type RawQuery, type RawTable } from './rawTree';

/** Translates one statement of libpg-query. `query` is undefined for DDL and utility statements. */
export function fromPgTree(statement: RawStatement, toOffset: (byte: number) => number): { readonly kind: StatementKind; readonly query?: RawQuery } {
  const found = unwrap(statement.stmt);
  if (!found) return { kind: 'unknown' };
  const context: PgContext = { toOffset, query: (value) => toQuery(context, unwrap(value)) };
  const query = toQuery(context, found);
  if (query) {
    const kind = query.kind === 'values' || query.kind === 'set-operation' ? 'select' : query.kind;
    return { kind, query };
  }
  return { kind: isDdl(found.tag) ? 'ddl' : 'utility' };
}

const isDdl = (tag: string): boolean =>
  /^(?:Create|Alter|Drop|Define|Rename|Index|View|Rule|Comment|Grant|Import|Refresh|Reindex|SecLabel|ReassignOwned)/.test(tag);

function toQuery(context: PgContext, found: { readonly tag: string; readonly node: PgNode } | undefined): RawQuery | undefined {
  switch (found?.tag) {
    case 'SelectStmt': return toSelect(context, found.node);
    case 'InsertStmt': return toInsert(context, found.node);
    case 'UpdateStmt': return toUpdate(context, found.node);
    case 'DeleteStmt': return toDelete(context, found.node);
    case 'MergeStmt': return toMerge(context, found.node);
    default: return undefined;
  }
}

function toSelect(context: PgContext, node: PgNode): RawQuery {
  const common = { ...emptyQuery, ...withClause(context, node), ...tail(context, node) };
  const operation = text(node, 'op');
  if (operation !== undefined && operation !== 'SETOP_NONE') {
    const operator = operation === 'SETOP_UNION' ? 'union' : operation === 'SETOP_INTERSECT' ? 'intersect' : 'except';
    const all = flag(node, 'all');
    const arms = [...toArms(context, child(node, 'larg'), operator, all), ...toArms(context, child(node, 'rarg'), operator, all, true)];
    return { ...common, kind: 'set-operation', setOperation: { operator, all, arms } };
  }
  const rows = list(node, 'valuesLists').map((row) => toExpressions(context, list(unwrap(row)?.node ?? {}, 'items')));
  if (rows.length > 0) return { ...common, kind: 'values', rows, ...at(...rows.flat().slice(0, 3)) };
  const outputs = toOutputs(context, node, 'targetList');
  const from = toFrom(context, list(node, 'fromClause'));
  const where = optional(context, node, 'whereClause');
  const having = optional(context, node, 'havingClause');
  const groupBy = toExpressions(context, list(node, 'groupClause'));
  const windows = listAs(node, 'windowClause', 'WindowDef').flatMap((window) => [...list(window, 'partitionClause'), ...list(window, 'orderClause')]);
  const distinct = list(node, 'distinctClause');
  const on = distinct.filter((item) => unwrap(item)).map((item) => toExpression(context, item));
  const place = outputs[0]?.at ?? fromOffset(from) ?? (where && offsetIn(where));
  return {
    ...common, kind: 'select', outputs, from, groupBy, distinct: distinct.length > 0,
    ...(where ? { where } : {}), ...(having ? { having } : {}), ...(place === undefined ? {} : { at: place }),
    rest: [...on, ...windows.map((part) => toExpression(context, sortTarget(part)))],
  };
}

/** Arms of the same operation in one list: `a UNION b UNION c` has three. */
function toArms(context: PgContext, node: PgNode | undefined, operator: string, all: boolean, right = false): RawQuery[] {
  if (!node) return [];
  const query = toSelect(context, node);
  const inner = query.setOperation;
  const plain = query.ctes.length === 0 && query.orderBy.length === 0 && !query.limit && !query.offset && !query.locking;
  return inner && !right && plain && inner.operator === operator && inner.all === all ? [...inner.arms] : [query];
}

const at = (...expressions: readonly RawExpression[]): { readonly at?: number } => {
  for (const expression of expressions) {
    const offset = offsetIn(expression);
    if (offset !== undefined) return { at: offset };
  }
  return {};
};

function tail(context: PgContext, node: PgNode): Pick<RawQuery, 'orderBy' | 'limit' | 'offset' | 'locking'> {
  const limit = optional(context, node, 'limitCount');
  const offset = optional(context, node, 'limitOffset');
  const lock = listAs(node, 'lockingClause', 'LockingClause')[0];
  const unlimited = limit?.kind === 'constant' && limit.value === null;
  return {
    orderBy: listAs(node, 'sortClause', 'SortBy').map((sort) => toOrder(context, sort)),
    ...(limit && !unlimited ? { limit } : {}), ...(offset ? { offset } : {}),
    ...(lock ? { locking: { strength: strengths[text(lock, 'strength') ?? ''] ?? 'for update', skipLocked: text(lock, 'waitPolicy') === 'LockWaitSkip' } } : {}),
  };
}

const strengths: Readonly<Record<string, string>> = {
  LCS_FORUPDATE: 'for update', LCS_FORNOKEYUPDATE: 'for no key update', LCS_FORSHARE: 'for share', LCS_FORKEYSHARE: 'for key share',
};

function toOrder(context: PgContext, sort: PgNode): RawOrder {
  const nulls = text(sort, 'sortby_nulls');
  return {
    expression: toExpression(context, sort['node']),
    descending: text(sort, 'sortby_dir') === 'SORTBY_DESC',
    ...(nulls === 'SORTBY_NULLS_FIRST' ? { nulls: 'first' } : nulls === 'SORTBY_NULLS_LAST' ? { nulls: 'last' } : {}),
  };
}

const sortTarget = (value: PgValue): PgValue => (unwrap(value)?.tag === 'SortBy' ? unwrap(value)?.node['node'] : value);

function optional(context: PgContext, node: PgNode, field: string): RawExpression | undefined {
  return node[field] === undefined ? undefined : toExpression(context, node[field]);
}

function withClause(context: PgContext, node: PgNode): Pick<RawQuery, 'ctes' | 'recursive'> {
  const clause = child(node, 'withClause');
  if (!clause) return { ctes: [], recursive: false };
  const ctes = listAs(clause, 'ctes', 'CommonTableExpr').flatMap((cte): RawCte[] => {
    const query = context.query(cte['ctequery']);
    const materialized = text(cte, 'ctematerialized');
    return query ? [{ name: text(cte, 'ctename') ?? '', query, ...(materialized === 'CTEMaterializeAlways' ? { materialized: true } : materialized === 'CTEMaterializeNever' ? { materialized: false } : {}) }] : [];
  });
  return { ctes, recursive: flag(clause, 'recursive') };
}

const toOutputs = (context: PgContext, node: PgNode, field: string): RawOutput[] =>
  listAs(node, field, 'ResTarget').map((target) => {
    const alias = text(target, 'name');
    return { expression: toExpression(context, target['val']), ...(alias === undefined ? {} : { alias }), ...placeOf(context, target) };
  });

function fromOffset(items: readonly RawFrom[]): number | undefined {
  let first = items[0];
  while (first?.type === 'join') first = first.left;
  return first && first.type !== 'query' ? first.at : undefined;
}

const toFrom = (context: PgContext, values: readonly PgValue[]): RawFrom[] => values.flatMap((value) => toFromItem(context, value));

function toFromItem(context: PgContext, value: PgValue): RawFrom[] {
  const found = unwrap(value);
  if (!found) return [];
  const { tag, node } = found;
  const name = text(child(node, 'alias') ?? {}, 'aliasname');
  const alias = name === undefined ? {} : { alias: name };
  switch (tag) {
    case 'RangeVar': return [toTable(context, node)];
    case 'RangeSubselect': {
      const query = context.query(node['subquery']);
      return query ? [{ type: 'query', query, ...alias, lateral: flag(node, 'lateral') }] : [];
    }
    case 'RangeFunction': {
      const call = unwrap(list(unwrap(list(node, 'functions')[0])?.node ?? {}, 'items')[0]);
      const expression = call ? toExpression(context, { [call.tag]: call.node }) : undefined;
      const parts = call?.tag === 'FuncCall' ? strings(call.node, 'funcname') : [];
      const schema = parts.length > 1 ? { schema: parts[0] ?? '' } : {};
      const args = expression?.kind === 'function' ? expression.args : expression ? [expression] : [];
      return [{ type: 'function', ...schema, name: parts.at(-1) ?? '', ...alias, args, lateral: flag(node, 'lateral'), ...(expression?.at === undefined ? {} : { at: expression.at }) }];
    }
    case 'RangeTableSample': return toFromItem(context, node['relation']);
    case 'JoinExpr': {
      const [left] = toFromItem(context, node['larg']);
      const [right] = toFromItem(context, node['rarg']);
      if (!left || !right) return [left, right].flatMap((side) => (side ? [side] : []));
      const on = optional(context, node, 'quals');
      const using = strings(node, 'usingClause');
      const type = text(node, 'jointype');
      const join = type === 'JOIN_LEFT' ? 'left' : type === 'JOIN_RIGHT' ? 'right' : type === 'JOIN_FULL' ? 'full' : on || using.length > 0 || flag(node, 'isNatural') ? 'inner' : 'cross';
      return [{ type: 'join', join, left, right, using, ...(on ? { on } : {}) }];
    }
    default: return [];
  }
}

function toTable(context: PgContext, node: PgNode): RawTable {
  const schema = text(node, 'schemaname');
  const alias = text(child(node, 'alias') ?? {}, 'aliasname');
  return { type: 'table', ...(schema === undefined ? {} : { schema }), name: text(node, 'relname') ?? '', ...(alias === undefined ? {} : { alias }), ...placeOf(context, node) };
}

function target(context: PgContext, node: PgNode): Pick<RawQuery, 'target' | 'at'> {
  const relation = child(node, 'relation');
  if (!relation) return {};
  const table = toTable(context, relation);
  return { target: table, ...(table.at === undefined ? {} : { at: table.at }) };
}

const returned = (context: PgContext, node: PgNode): Pick<RawQuery, 'returning' | 'rest'> => {
  const items = listAs(child(node, 'returningClause') ?? {}, 'exprs', 'ResTarget').concat(listAs(node, 'returningList', 'ResTarget'));
  return { returning: items.length > 0, rest: items.map((item) => toExpression(context, item['val'])) };
};

const assignments = (context: PgContext, node: PgNode): RawQuery['assignments'] =>
  listAs(node, 'targetList', 'ResTarget').map((item) => {
    const multiple = unwrap(item['val']);
    const value = multiple?.tag === 'MultiAssignRef' ? partOf(multiple.node) : item['val'];
    return { column: text(item, 'name') ?? '', ...(value === undefined ? {} : { value: toExpression(context, value) }), ...placeOf(context, item) };
  });

/** `SET (a, b) = (1, 2)` assigns the row's items; of `(SELECT …)` the first column gets the whole. */
function partOf(multiple: PgNode): PgValue {
  const column = number(multiple, 'colno') ?? 1;
  const row = unwrap(multiple['source']);
  if (row?.tag === 'RowExpr') return list(row.node, 'args')[column - 1];
  return column === 1 ? multiple['source'] : undefined;
}

function toInsert(context: PgContext, node: PgNode): RawQuery {
  const select = context.query(node['selectStmt']);
  const bare = select?.kind === 'values' && select.ctes.length === 0 && select.orderBy.length === 0 && !select.limit;
  const conflict = child(node, 'onConflictClause');
  const { returning, rest } = returned(context, node);
  const where = conflict?.['whereClause'] === undefined ? [] : [toExpression(context, conflict['whereClause'])];
  return {
    ...emptyQuery, ...withClause(context, node), ...target(context, node), kind: 'insert',
    columns: listAs(node, 'cols', 'ResTarget').map((column) => text(column, 'name') ?? ''),
    assignments: conflict ? assignments(context, conflict) : [],
    ...(select && bare ? { rows: select.rows ?? [] } : select ? { source: select } : {}),
    onConflict: conflict !== undefined, returning, rest: [...rest, ...where],
  };
}

function toUpdate(context: PgContext, node: PgNode): RawQuery {
  const where = optional(context, node, 'whereClause');
  const set = assignments(context, node);
  return {
    ...emptyQuery, ...withClause(context, node), ...target(context, node), ...returned(context, node), kind: 'update',
    from: toFrom(context, list(node, 'fromClause')), assignments: set, columns: set.map((item) => item.column), ...(where ? { where } : {}),
  };
}

function toDelete(context: PgContext, node: PgNode): RawQuery {
  const where = optional(context, node, 'whereClause');
  return {
    ...emptyQuery, ...withClause(context, node), ...target(context, node), ...returned(context, node), kind: 'delete',
    from: toFrom(context, list(node, 'usingClause')), ...(where ? { where } : {}),
  };
}

function toMerge(context: PgContext, node: PgNode): RawQuery {
  const on = optional(context, node, 'joinCondition');
  const whens = listAs(node, 'mergeWhenClauses', 'MergeWhenClause');
  const { returning, rest } = returned(context, node);
  const values = whens.flatMap((when) => [...(when['condition'] === undefined ? [] : [when['condition']]), ...list(when, 'values'), ...listAs(when, 'targetList', 'ResTarget').map((item) => item['val'])]);
  return {
    ...emptyQuery, ...withClause(context, node), ...target(context, node), kind: 'merge', from: toFrom(context, [node['sourceRelation']]), ...(on ? { on } : {}),
    columns: [...new Set(whens.flatMap((when) => listAs(when, 'targetList', 'ResTarget').map((item) => text(item, 'name') ?? '')))],
    returning, rest: [...rest, ...values.filter((value) => value !== undefined).map((value) => toExpression(context, value))],
  };
}
