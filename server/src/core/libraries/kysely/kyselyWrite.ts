import { isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { callbackCalls } from '../knex/knexScope';
import { bindOf, constantValue, readArray, readObject, type Entry } from '../shared/hostValues';
import { bind, concat, conditional, group, hole, incomplete, join, nothing, sql, unconditional, type SqlPart } from '../shared/sqlBuilder';
import { renderWhere } from '../shared/sqlClauses';
import { columnParts, filterParts, ownPart } from './kyselyExpressions';
import { callbackBody, listNodes, namePart, referencePart, unknownName, type KyselyCall, type KyselyScope } from './kyselyScope';

/** A value that is written: an expression of Kysely's, a constant, else one parameter (arrays and objects too). */
function cell(node: SyntaxNode, scope: KyselyScope): SqlPart {
  const own = ownPart(node, scope);
  if (own) return own;
  const known = constantValue(node, scope.host);
  return known === null ? sql('NULL', spanOf(node)) : bind(bindOf(node, scope.host));
}

/** `(a, b) VALUES …`, a sub-query, or DEFAULT VALUES. */
export function insertBody(calls: readonly KyselyCall[], scope: KyselyScope): SqlPart {
  const find = (name: string): KyselyCall | undefined => calls.findLast((call) => call.name === name);
  const columns = find('columns');
  const list = columns ? group(join(columnParts(columns.argNodes, scope), ', ')) : nothing;
  const expression = find('expression')?.argNodes[0];
  if (expression) {
    const body = callbackBody(expression);
    const query = body ? scope.query(body) : undefined;
    return concat(sql(' '), list, list.length > 0 ? sql(' ') : nothing, query ?? concat(sql('SELECT '), hole('fragment', bindOf(expression, scope.host))));
  }
  const data = find('values')?.argNodes[0];
  if (!data) return find('defaultValues') ? sql(' DEFAULT VALUES') : concat(sql(' DEFAULT VALUES'), incomplete);
  const written = callbackBody(data) ?? data;
  const array = readArray(written);
  const rows = array && !array.open ? array.items.map((item) => readObject(item.node)) : [readObject(written)];
  if (rows.length === 0 || rows.some((row) => row === undefined || row.open)) return concat(sql(' VALUES '), hole('list', bindOf(data, scope.host)), incomplete);
  const keys = [...new Set(rows.flatMap((row) => row?.entries.map((entry) => entry.key) ?? []))];
  if (keys.length === 0) return sql(' DEFAULT VALUES');
  const entry = (row: (typeof rows)[number], key: string): Entry | undefined => row?.entries.findLast((item) => item.key === key);
  const names = keys.map((key) => namePart(key, scope, rows.map((row) => entry(row, key)).find((item) => item !== undefined)?.span));
  const values = rows.map((row) => group(join(keys.map((key) => {
    const item = entry(row, key);
    return item ? cell(item.value, scope) : sql('DEFAULT');
  }), ', ')));
  return concat(sql(' '), group(join(names, ', ')), sql(' VALUES '), join(values, ', '));
}

/** Pairs of `set({ … })`, `set('a', value)`, `set((eb) => ({ … }))`. */
export function assignmentParts(args: readonly SyntaxNode[], scope: KyselyScope): readonly SqlPart[] {
  const [first, second] = args;
  if (!first) return [];
  if (second) {
    const column = referencePart(first, scope) ?? unknownName(first, scope);
    return [concat(column, sql(' = ', spanOf(first)), cell(second, scope))];
  }
  const body = callbackBody(first);
  const object = body ? readObject(body) : undefined;
  if (!object) return [hole('assignment', bindOf(first, scope.host))];
  const parts = object.entries.map((entry) => conditional(concat(namePart(entry.key, scope, entry.span), sql(' = ', entry.span), cell(entry.value, scope)), entry.condition));
  return [...(parts.length === 1 && !object.open ? parts.map(unconditional) : parts), ...(object.open ? [hole('assignment', bindOf(first, scope.host))] : [])];
}

/** `onConflict((oc) => oc.column('a').doUpdateSet({ … }))` */
export function conflictPart(calls: readonly KyselyCall[], scope: KyselyScope): SqlPart {
  const call = calls.findLast((item) => item.name === 'onConflict');
  const fn = call?.argNodes[0] && unwrap(call.argNodes[0]);
  if (!call || !fn) return nothing;
  if (!isFunction(fn)) return incomplete;
  const { calls: inner, complete } = callbackCalls(fn, scope);
  const act = inner.findIndex((item) => item.name === 'doNothing' || item.name === 'doUpdateSet');
  const columns = inner.filter((item) => item.name === 'column' || item.name === 'columns').flatMap((item) => item.argNodes.flatMap((node) => listNodes(node).nodes));
  const expression = inner.find((item) => item.name === 'expression')?.argNodes[0];
  const constraint = inner.find((item) => item.name === 'constraint')?.argNodes[0];
  const where = (items: readonly KyselyCall[]): SqlPart => renderWhere(items.filter((item) => item.name === 'where').flatMap((item) => filterParts(item.argNodes, item.span, scope)));
  const target = constraint
    ? concat(sql(' ON CONSTRAINT ', call.span), referencePart(constraint, scope) ?? unknownName(constraint, scope))
    : columns.length > 0
      ? concat(sql(' '), group(join(columns.map((node) => referencePart(node, scope) ?? unknownName(node, scope)), ', ')), where(inner.slice(0, act)))
      : expression ? concat(sql(' '), group(ownPart(expression, scope) ?? incomplete)) : nothing;
  const head = concat(sql(' ON CONFLICT', call.nameSpan), target);
  const action = inner[act];
  if (!action) return concat(head, sql(' DO NOTHING'), incomplete);
  const rest = complete ? nothing : incomplete;
  if (action.name === 'doNothing') return concat(head, sql(' DO NOTHING', action.span), rest);
  return concat(head, sql(' DO UPDATE SET ', action.span), join(assignmentParts(action.argNodes, scope), ', '), where(inner.slice(act)), rest);
}
