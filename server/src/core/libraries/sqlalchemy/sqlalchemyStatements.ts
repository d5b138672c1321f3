import { boundNames, chainOf, type PythonChain } from '../../hosts/python/chains';
import { scopesOf } from '../../hosts/python/context';
import { argumentsOf, calleeName, field, literalValue, parts, unwrap } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { bind, clause, concat, conditional, group, hole, identifier, incomplete, join, literal, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, renderWith, renderWhere, type RowCountPart } from '../shared/sqlClauses';
import { equals, primaryKey, renderConditions, renderExpression, value_ } from './sqlalchemyExpressions';
import { addEntityFrom, fromPart, joinTarget, joinedTables, renderJoin, type JoinCall } from './sqlalchemyJoins';
import { wholeChain } from './sqlalchemyChains';
import { columnPart, expandArguments, findEntity, libraryFunction, maximumDepth, withoutKey, type Entity, type NestedStatement, type QueryScope } from './sqlalchemyScope';
import { renderInsertValues, renderAssignments, type ValueSource } from './sqlalchemyValues';
import { listOf } from './sqlalchemyExpressions';

type Call = PythonChain['calls'][number];

export type StatementKind = 'select' | 'insert' | 'update' | 'delete' | 'set' | 'exists';

/** A chain that starts a statement of SQLAlchemy. */
export interface StatementChain {
  readonly kind: StatementKind;
  /** `query`: legacy `session.query(…)`, `Model.query`. */
  readonly style: 'core' | 'query';
  readonly start: Call | undefined;
  /** What follows the start. */
  readonly calls: readonly Call[];
  readonly chain: PythonChain;
  /** `orders.insert()`, `Order.query`: the table the chain starts from. */
  readonly subject?: SyntaxNode;
  /** A parameter that holds the statement: its tables and conditions are not known. */
  readonly given?: SyntaxNode;
  /** What names the query: `select(Order)`, `session.query(Order)`. */
  readonly anchor: HostSpan;
}

const dml = /^(insert|update|delete)$/;
const sets: Readonly<Record<string, string>> = { union: 'UNION', union_all: 'UNION ALL', intersect: 'INTERSECT', intersect_all: 'INTERSECT ALL', except_: 'EXCEPT', except_all: 'EXCEPT ALL' };

/** The statement that an expression builds: a chain from `select(…)`, `insert(…)`, …, `session.query(…)`, `Model.query`, `table.select()`. */
export function statementChain(node: SyntaxNode, context: HostContext): StatementChain | undefined {
  const scopes = scopesOf(context);
  const written = scopes && chainOf(node, scopes);
  const chain = written && wholeChain(written, scopes);
  const start = chain?.calls[0];
  if (!chain || !start) return undefined;
  const rest = chain.calls.slice(1);
  const callee = start.node.type === 'call' ? field(start.node, 'function') : undefined;
  const name = callee && libraryFunction(callee, context);
  const anchor = context.span(start.node);
  if (name === 'select' || (name !== undefined && dml.test(name))) return { kind: name as StatementKind, style: 'core', start, calls: rest, chain, anchor };
  if (name !== undefined && Object.hasOwn(sets, name)) return { kind: 'set', style: 'core', start, calls: rest, chain, anchor };
  if (name === 'exists') return { kind: 'exists', style: 'core', start, calls: rest, chain, anchor };
  if (start.name === 'query' && start.argNodes.length > 0 && isSession(chain.rootPath) && start.argNodes[0]?.type !== 'string') return { kind: 'select', style: 'query', start, calls: rest, chain, anchor };
  const path = chain.rootPath;
  if (path.length >= 2 && path.at(-1) === 'query' && /^(cls|[A-Z]\w*)$/.test(path.at(-2) ?? '') && chain.root.type === 'attribute') {
    return { kind: 'select', style: 'query', start: undefined, calls: chain.calls, chain, subject: field(chain.root, 'object'), anchor: context.span(chain.root) };
  }
  if (path.length === 1 && isGivenStatement(chain, context)) return { kind: 'select', style: 'core', start: undefined, calls: chain.calls, chain: { ...chain, complete: false }, given: chain.root, anchor: context.span(chain.root) };
  if (/^(select|insert|update|delete)$/.test(start.name) && (path.at(-1) === '__table__' || (path.length === 1 && context.model(path[0] ?? '', 'sqlalchemy')?.table !== undefined && /^[a-z]/.test(path[0] ?? '')))) {
    const subject = path.at(-1) === '__table__' ? field(chain.root, 'object') : chain.root;
    return { kind: start.name as StatementKind, style: 'core', start, calls: rest, chain, subject, anchor };
  }
  return undefined;
}

/** `statement.limit(n).offset(m)` where `statement: Select[…]` is a parameter: a helper that pages whatever it is given. */
function isGivenStatement(chain: PythonChain, context: HostContext): boolean {
  if (chain.root.type !== 'identifier' || !chain.calls.some((call) => call.name === 'offset')) return false;
  const origin = context.origin(chain.root);
  return origin.kind === 'parameter' && origin.path.length === 0 && /^\W*(?:\w+\.)*(?:Select|SelectOfScalar|Query)\b/.test(origin.type ?? '');
}

/** `session`, `self.db`, `db.session`, `request.state.session`. */
export const isSession = (path: readonly string[]): boolean => /^(?:\w*_)?(?:session|db|sess|s|orm|database|dbsession|sesh|uow)$/i.test(path.filter((part) => part !== '()').at(-1) ?? '');

export interface RenderedStatement {
  readonly part: SqlPart;
  readonly kind: StatementKind;
  readonly entity?: Entity;
  readonly entities: readonly Entity[];
  readonly eager: readonly string[];
  readonly consumes: readonly HostSpan[];
  readonly returning: boolean;
  /** `yield_per`, `execution_options(stream_results=True)`. */
  readonly streams: boolean;
  /** LIMIT 1 by construction (`first()`), or a row by key. */
  readonly one: boolean;
}

/** Everything that the calls of a chain add up to. */
interface Collected {
  readonly columns: SqlPart[];
  readonly joins: SqlPart[];
  readonly joined: Set<string>;
  readonly where: SqlPart[];
  readonly groupBy: SqlPart[];
  readonly having: SqlPart[];
  readonly orderBy: SqlPart[];
  readonly unions: SqlPart[];
  readonly eager: string[];
  readonly returning: SqlPart[];
  readonly values: ValueSource[];
  conflict: SqlPart;
  distinct: SqlPart;
  limit?: RowCountPart;
  offset?: RowCountPart;
  locking: SqlPart;
  last?: Entity;
  streams: boolean;
  one: boolean;
  wrap?: 'exists' | 'count';
  legacyDml?: { readonly kind: 'update' | 'delete'; readonly values?: SyntaxNode };
  more: boolean;
  /** A join whose target is not known: further tables may come from it, not from FROM. */
  openJoin: boolean;
}

/** Renders a statement chain. `parameters`: values given beside it (`session.execute(insert(M), rows)`). */
export function renderChain(statement: StatementChain, context: HostContext, parent?: QueryScope, parameters?: SyntaxNode): RenderedStatement | undefined {
  if ((parent?.depth ?? 0) > maximumDepth) return undefined;
  const scope: QueryScope = {
    context, parent, from: [], consumes: parent?.consumes ?? [], ctes: parent?.ctes ?? new Map(), depth: (parent?.depth ?? 0) + 1,
    renderStatement: (node, outer) => nested(node, context, outer),
  };
  for (const call of statement.chain.calls) scope.consumes.push(context.span(call.node));
  const state: Collected = {
    columns: [], joins: [], joined: new Set(), where: [], groupBy: [], having: [], orderBy: [], unions: [], eager: [], returning: [], values: [],
    conflict: nothing, distinct: nothing, locking: nothing, streams: false, one: false, more: !statement.chain.complete, openJoin: false,
  };
  if (!begin(statement, state, scope)) return undefined;
  const target = scope.from[0];
  state.last = target;
  for (const call of statement.calls) apply(call, statement, state, scope);
  if (parameters && statement.kind === 'insert' && state.values.length === 0) state.values.push({ node: parameters, span: context.span(parameters) });
  const kind = state.legacyDml?.kind ?? statement.kind;
  const part = finish(kind, state, scope, target, parent === undefined);
  return { part: state.more ? concat(part, incomplete) : part, kind, entity: target, entities: scope.from, eager: state.eager, consumes: scope.consumes, returning: state.returning.length > 0, streams: state.streams, one: state.one };
}

function nested(node: SyntaxNode, context: HostContext, parent: QueryScope): NestedStatement | undefined {
  const inner = unwrap(node);
  if (inner.type !== 'call' && inner.type !== 'identifier') return undefined;
  const statement = statementChain(inner, context);
  if (!statement || (dml.test(statement.kind) && statement.calls.every((call) => call.name !== 'cte'))) return undefined;
  const rendered = renderChain(statement, context, parent);
  if (!rendered) return undefined;
  const named = statement.calls.find((call) => /^(subquery|cte|alias|lateral|label)$/.test(call.name));
  const name = named?.argNodes[0] && literalValue(named.argNodes[0]);
  return { part: rendered.part, name: typeof name === 'string' ? name : undefined, expression: rendered.kind === 'exists' || statement.calls.some((call) => call.name === 'exists') };
}

/** Reads the start of the chain: the selected columns, the target of a write. */
function begin(statement: StatementChain, state: Collected, scope: QueryScope): boolean {
  const { context } = scope;
  const { start, subject, given } = statement;
  if (given) {
    const entity: Entity = { host: given.text, span: context.span(given), node: given };
    scope.from.push(entity);
    state.columns.push(allColumns(entity, scope));
    return true;
  }
  if (subject) {
    const found = findEntity(subject, scope);
    if (!found) return false;
    scope.from.push(found.entity);
    if (statement.kind === 'select') state.columns.push(allColumns(found.entity, scope));
    return true;
  }
  if (!start) return false;
  if (statement.kind === 'set') {
    start.argNodes.forEach((argument, index) => {
      const arm = nested(argument, context, { ...scope, from: [], parent: undefined });
      const operator = sets[statement.start?.name ?? ''] ?? 'UNION';
      state.unions.push(concat(index === 0 ? nothing : sql(` ${operator} `, context.span(start.node)), arm ? arm.part : hole('fragment', withoutKey(context.bind(argument, '')))));
    });
    return true;
  }
  if (statement.kind === 'exists') {
    const [first] = start.argNodes;
    const inner = first && nested(first, context, scope);
    if (inner) {
      state.unions.push(inner.part);
      return true;
    }
  }
  if (dml.test(statement.kind)) {
    const [first] = start.argNodes;
    const found = first && findEntity(first, scope);
    if (!found) return false;
    scope.from.push(found.entity);
    const values = argumentsOf(start.node).keyword.get('values');
    if (values) state.values.push({ node: values, span: context.span(values) });
    return true;
  }
  selectColumns(start.argNodes, state, scope, undefined);
  // `db.query(sql)` of another library names no table.
  return statement.style === 'core' || scope.from.length > 0 || statement.calls.some((call) => call.name === 'select_from' || call.name === 'join');
}

function selectColumns(nodes: readonly SyntaxNode[], state: Collected, scope: QueryScope, condition: Call['condition']): void {
  const [fallback] = nodes;
  if (!fallback) return;
  for (const { node } of expandArguments(nodes.flatMap((argument) => (/^(list|tuple)$/.test(argument.type) ? parts(argument) : [argument])), (list) => listOf(list, scope))) {
    if (!node) {
      state.columns.push(hole('identifier', withoutKey(scope.context.bind(fallback, ''))));
      continue;
    }
    const found = findEntity(node, scope);
    if (found && (found.rest.length === 0 || (found.rest.length === 1 && /^(c|__table__)$/.test(found.rest[0] ?? '')))) {
      addEntityFrom(found.entity, scope);
      state.columns.push(conditional(allColumns({ ...found.entity, span: scope.context.span(node), node }, scope), condition));
    } else state.columns.push(conditional(renderExpression(node, scope) ?? hole('identifier', withoutKey(scope.context.bind(node, ''))), condition));
  }
}

/** Every column, as the library writes them; a hole where the model is not known. */
function allColumns(entity: Entity, scope: QueryScope): SqlPart {
  if (!entity.model) return hole('identifier', withoutKey(scope.context.bind(entity.node, '')));
  return join(entity.model.columns.map((column) => columnPart({ ...entity, model: undefined }, column.column, entity.span, scope.context)), ', ');
}

function apply(call: Call, statement: StatementChain, state: Collected, scope: QueryScope): void {
  const { context } = scope;
  const nodes = call.argNodes;
  const [first, second] = nodes;
  const span = call.span;
  const { keyword, positional } = call.node.type === 'call' ? argumentsOf(call.node) : { keyword: new Map<string, SyntaxNode>(), positional: [] };
  const under = (part: SqlPart): SqlPart => conditional(part, call.condition);
  switch (call.name) {
    case 'where':
    case 'filter':
      state.where.push(...renderConditions(nodes, scope).map(under));
      break;
    case 'filter_by':
      for (const [name, value] of keyword) if (state.last) state.where.push(under(equals(state.last, name, value, scope)));
      if (nodes.some((node) => node.type === 'dictionary_splat')) state.where.push(hole('fragment', withoutKey(context.bind(call.node, ''))));
      break;
    case 'having':
      state.having.push(...renderConditions(nodes, scope).map(under));
      break;
    case 'order_by':
      if (first && (literalValue(first) === null || literalValue(first) === false)) state.orderBy.length = 0;
      else state.orderBy.push(...ordered(nodes, scope).map(under));
      break;
    case 'group_by':
      state.groupBy.push(...ordered(nodes, scope).map(under));
      break;
    case 'limit':
    case 'offset':
      if (first && literalValue(first) !== null) state[call.name] = { count: under(value_(first, scope)), host: span };
      break;
    case 'fetch':
      if (first) state.limit = { count: under(value_(first, scope)), host: span };
      break;
    case 'slice':
    case '[]':
      applySlice(call, nodes, state, scope);
      break;
    case 'paginate':
      state.limit = { count: bind({ text: (keyword.get('per_page') ?? second)?.text ?? 'per_page', names: [], origin: 'unknown', span }), host: span };
      state.offset = { count: bind({ text: (keyword.get('page') ?? first)?.text ?? 'page', names: [], origin: 'request', span }), host: span };
      break;
    case 'distinct':
      state.distinct = under(first ? concat(sql('DISTINCT ON ('), join(ordered(nodes, scope), ', '), sql(')')) : sql('DISTINCT', span));
      break;
    case 'with_for_update':
      state.locking = under(locking(keyword, span));
      break;
    case 'select_from':
      for (const node of positional) {
        const { base, joins } = joinedTables(node, scope);
        const target = joinTarget(base, scope, 'anon_1');
        if (target) addEntityFrom(target, scope);
        if (target && statement.start?.name !== 'query') state.last ??= target;
        for (const request of joins) addJoin(request, call.condition, state, scope);
      }
      break;
    case 'join':
    case 'outerjoin':
    case 'join_from':
    case 'outerjoin_from':
      applyJoin(call, state, scope);
      break;
    case 'add_columns':
    case 'add_column':
    case 'column':
      selectColumns(nodes, state, scope, call.condition);
      break;
    case 'with_only_columns':
    case 'with_entities':
      state.columns.length = 0;
      selectColumns(nodes, state, scope, undefined);
      break;
    case 'options':
      state.eager.push(...nodes.flatMap((node) => eagerPaths(node, context)));
      break;
    case 'union':
    case 'union_all':
    case 'intersect':
    case 'except_':
      for (const node of positional) {
        const arm = nested(node, context, { ...scope, from: [], parent: undefined });
        state.unions.push(concat(sql(`${sets[call.name] ?? 'UNION'} `, span), arm ? arm.part : hole('fragment', withoutKey(context.bind(node, '')))));
      }
      break;
    case 'values':
      state.values.push(...nodes.map((node) => ({ node, span, condition: call.condition })));
      break;
    case 'returning':
      for (const node of positional) {
        const found = findEntity(node, scope);
        state.returning.push(found && found.rest.length === 0 ? allColumns({ ...found.entity, node, span: context.span(node) }, scope) : renderExpression(node, scope) ?? hole('identifier', withoutKey(context.bind(node, ''))));
      }
      break;
    case 'on_conflict_do_nothing':
    case 'on_conflict_do_update':
      state.conflict = conflict(call, keyword, scope);
      break;
    case 'yield_per':
      state.streams = true;
      break;
    case 'execution_options':
      state.streams ||= keyword.has('stream_results') || keyword.has('yield_per');
      break;
    case 'get':
    case 'get_or_404':
      if (statement.style === 'query' && first && state.last) {
        state.where.push(concat(columnPart(state.last, primaryKey(state.last) ?? 'id', span, context), sql(' = '), value_(first, scope)));
        state.one = true;
      }
      break;
    case 'first':
    case 'first_or_404':
      if (statement.style === 'query') {
        state.limit = { count: sql('1', context.span(calleeName(call.node) ?? call.node)), host: span };
        state.one = true;
      }
      break;
    case 'one':
    case 'one_or_none':
    case 'scalar':
    case 'scalar_one':
      state.one = true;
      break;
    case 'count':
      if (statement.style === 'query') {
        state.wrap = 'count';
        state.one = true;
      }
      break;
    case 'exists':
      state.wrap = 'exists';
      break;
    case 'delete':
    case 'update':
      if (statement.style === 'query') state.legacyDml = { kind: call.name, values: first };
      break;
    default:
      if (!neutral.has(call.name)) state.more = true;
  }
}

/** Calls that change nothing of the SQL's meaning. */
const neutral = new Set(['all', 'scalars', 'subquery', 'cte', 'alias', 'lateral', 'scalar_subquery', 'as_scalar', 'label', 'correlate', 'correlate_except', 'prefix_with', 'suffix_with', 'with_hint', 'execution_options', 'set_label_style', 'reduce_columns', 'unique', 'params', 'populate_existing', 'enable_eagerloads', 'autoflush', 'with_session', 'select', 'self_group', 'compile', 'return_defaults', 'inline', 'tuples', 'mappings', 'one', 'to_list', 'add_cte', 'with_loader_criteria', 'reset_joinpoint', 'enable_assertions']);

function ordered(nodes: readonly SyntaxNode[], scope: QueryScope): SqlPart[] {
  return expandArguments(nodes, (list) => listOf(list, scope)).map(({ node, condition }) => {
    if (!node) return incomplete;
    const name = literalValue(node);
    if (typeof name === 'string') return conditional(/^-?\w+$/.test(name) ? identifier(name.replace(/^-/, ''), scope.context.span(node)) : sql(name, scope.context.span(node)), condition);
    return conditional(renderExpression(node, scope) ?? hole('fragment', withoutKey(scope.context.bind(node, ''))), condition);
  });
}

function applySlice(call: Call, nodes: readonly SyntaxNode[], state: Collected, scope: QueryScope): void {
  const subscript = call.node.type === 'subscript' ? field(call.node, 'subscript') : undefined;
  const names = subscript?.type === 'slice' ? boundNames(subscript) : call.name === 'slice' ? ['start', 'stop'] : ['index'];
  const at = (name: string): SyntaxNode | undefined => nodes[names.indexOf(name)];
  const [start, stop, index] = [at('start'), at('stop'), at('index')];
  const from = start && literalValue(start);
  const to = stop && literalValue(stop);
  if (index) {
    state.limit = { count: sql('1'), host: call.span };
    state.offset = { count: value_(index, scope), host: call.span };
    state.one = true;
    return;
  }
  if (start && from !== 0 && from !== null) state.offset = { count: value_(start, scope), host: scope.context.span(start) };
  if (!stop || to === null) return;
  const own = scope.context.bind(stop, '');
  const count = !start || from === 0 || from === null ? value_(stop, scope) : typeof from === 'number' && typeof to === 'number' ? literal(to - from, own.span) : bind({ ...withoutKey(own), text: `${stop.text} - ${start.text}` });
  state.limit = { count, host: scope.context.span(stop) };
}

function applyJoin(call: Call, state: Collected, scope: QueryScope): void {
  const { positional, keyword } = argumentsOf(call.node);
  const between = call.name.endsWith('_from');
  const truthy = (name: string): boolean => literalValue(keyword.get(name) ?? call.node) === true;
  if (between && positional[0]) {
    const left = joinTarget(positional[0], scope, 'anon_1');
    if (left) addEntityFrom(left, scope);
  }
  addJoin({ nodes: between ? positional.slice(1) : positional, onclause: keyword.get('onclause'), outer: call.name.startsWith('outerjoin') || truthy('isouter'), full: truthy('full'), span: call.span }, call.condition, state, scope);
}

function addJoin(request: JoinCall, condition: Call['condition'], state: Collected, scope: QueryScope): void {
  for (const made of renderJoin(request, scope, state.joins.length)) {
    state.joins.push(conditional(made.part, condition));
    if (!made.entity) state.openJoin = true;
    else {
      state.joined.add(made.entity.host);
      state.last = made.entity;
    }
  }
}

function locking(keyword: ReadonlyMap<string, SyntaxNode>, span: HostSpan): SqlPart {
  const on = (name: string): boolean => { const value = keyword.get(name); return !!value && literalValue(value) === true; };
  const strength = on('read') ? (on('key_share') ? 'KEY SHARE' : 'SHARE') : on('key_share') ? 'NO KEY UPDATE' : 'UPDATE';
  return sql(`FOR ${strength}${on('nowait') ? ' NOWAIT' : on('skip_locked') ? ' SKIP LOCKED' : ''}`, span);
}

const loaders = /^(joinedload|selectinload|subqueryload|immediateload|contains_eager|eagerload)$/;

/** `selectinload(Order.items).joinedload(Item.product)` → `items`, `items.product`. */
function eagerPaths(node: SyntaxNode, context: HostContext): string[] {
  const scopes = scopesOf(context);
  const chain = scopes && chainOf(node, scopes);
  const found: string[] = [];
  let prefix = '';
  for (const call of chain?.calls ?? []) {
    if (!loaders.test(call.name) && call.name !== 'defaultload') break;
    for (const argument of call.argNodes.filter((candidate) => candidate.type === 'attribute' || candidate.type === 'call')) {
      const attribute = argument.type === 'call' ? field(field(argument, 'function') ?? argument, 'object') ?? argument : argument;
      const property = field(attribute, 'attribute')?.text;
      if (property === undefined) continue;
      prefix = prefix === '' ? property : `${prefix}.${property}`;
      if (loaders.test(call.name)) found.push(prefix);
    }
  }
  return found;
}

function conflict(call: Call, keyword: ReadonlyMap<string, SyntaxNode>, scope: QueryScope): SqlPart {
  const elements = keyword.get('index_elements');
  const target = scope.from[0];
  const columns = elements ? parts(unwrap(elements)).flatMap((item) => {
    const known = literalValue(item);
    const path = findEntity(item, scope);
    const name = typeof known === 'string' ? known : path?.rest.at(-1);
    return name === undefined ? [] : [identifier(name, scope.context.span(item))];
  }) : [];
  const constraint = keyword.get('constraint');
  const constraintName = constraint && literalValue(constraint);
  const on = columns.length > 0 ? concat(sql(' ('), join(columns, ', '), sql(')')) : typeof constraintName === 'string' ? concat(sql(' ON CONSTRAINT '), identifier(constraintName)) : nothing;
  if (call.name === 'on_conflict_do_nothing') return concat(sql(' ON CONFLICT', call.span), on, sql(' DO NOTHING'));
  const set = keyword.get('set_');
  const assignments = set && target ? renderAssignments([{ node: set, span: scope.context.span(set) }], target, scope) : hole('assignment', withoutKey(scope.context.bind(call.node, '')));
  const where = keyword.get('where');
  return concat(sql(' ON CONFLICT', call.span), on, sql(' DO UPDATE SET '), assignments, where ? renderWhere(renderConditions([where], scope)) : nothing);
}

function finish(kind: StatementKind, state: Collected, scope: QueryScope, target: Entity | undefined, outermost: boolean): SqlPart {
  const body = finishBody(kind, state, scope, target);
  const ctes = outermost ? [...scope.ctes].map(([name, part]) => concat(identifier(name), sql(' AS ('), part, sql(')'))) : [];
  return concat(renderWith(ctes), body);
}

function finishBody(kind: StatementKind, state: Collected, scope: QueryScope, target: Entity | undefined): SqlPart {
  const returning = clause(sql(' RETURNING '), join(state.returning, ', '));
  if (kind === 'insert' && target) return concat(sql('INSERT INTO '), tableOnly(target, scope), renderInsertValues(state.values, target, scope), state.conflict, returning);
  if (kind === 'update' && target) {
    const values = state.legacyDml?.values ? [{ node: state.legacyDml.values, span: scope.context.span(state.legacyDml.values) }] : state.values;
    const others = scope.from.filter((entity) => entity.host !== target.host);
    return concat(sql('UPDATE '), fromPart(target, scope), sql(' SET '), renderAssignments(values, target, scope), clause(sql(' FROM '), join(others.map((entity) => fromPart(entity, scope)), ', ')), renderWhere(state.where), returning);
  }
  if (kind === 'delete' && target) {
    const others = scope.from.filter((entity) => entity.host !== target.host);
    return concat(sql('DELETE FROM '), fromPart(target, scope), clause(sql(' USING '), join(others.map((entity) => fromPart(entity, scope)), ', ')), renderWhere(state.where), returning);
  }
  if (kind === 'set') {
    return concat(...state.unions, clause(sql(' ORDER BY '), join(state.orderBy, ', ')), rowCount('LIMIT ', state.limit), rowCount('OFFSET ', state.offset));
  }
  if (kind === 'exists' && state.unions.length > 0) return concat(sql('EXISTS '), group(concat(...state.unions)));
  const roots = scope.from.filter((entity) => !state.joined.has(entity.host));
  const froms = state.openJoin ? roots.slice(0, 1) : roots;
  const select = renderSelect({
    distinct: state.distinct, columns: kind === 'exists' && state.columns.length === 0 ? [sql('*')] : state.columns, from: join(froms.map((entity) => fromPart(entity, scope)), ', '), joins: state.joins, where: state.where, groupBy: state.groupBy,
    having: state.having, unions: state.unions, orderBy: state.orderBy, limit: state.limit, offset: state.offset, locking: state.locking,
  });
  if (state.wrap === 'count') return concat(sql('SELECT count(*) FROM ('), select, sql(') AS anon_1'));
  return state.wrap === 'exists' || kind === 'exists' ? concat(sql('EXISTS '), group(select)) : select;
}

const rowCount = (keyword: string, part: RowCountPart | undefined): SqlPart => (part ? clause(concat(sql(' '), sql(keyword, part.host)), part.count) : nothing);

const tableOnly = (entity: Entity, scope: QueryScope): SqlPart => (entity.table ? identifier(entity.table.schema === undefined ? [entity.table.name] : [entity.table.schema, entity.table.name], entity.span) : hole('identifier', withoutKey(scope.context.bind(entity.node, ''))));

