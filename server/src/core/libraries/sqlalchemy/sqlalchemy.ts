import { isOutermost } from '../../hosts/python/chains';
import { isWalked } from '../../hosts/python/context';
import { resultNameOf } from '../../hosts/python/calls';
import { argumentsOf, calleeName, enclosingFunction, field, pathOf, receiverOf, sameNode, spanOf, unwrap, wrapped } from '../../hosts/python/syntaxTools';
import { sqlalchemyBatch } from './sqlalchemyBatch';
import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { containsSpan } from '../../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { buildSql, concat, sql } from '../shared/sqlBuilder';
import { renderWhere } from '../shared/sqlClauses';
import { addLibraryLimit, addLibraryOrder, addLibraryPredicate, toLibraryKeyset } from './sqlalchemyEdits';
import { fromPart } from './sqlalchemyJoins';
import { primaryKey, value_ } from './sqlalchemyExpressions';
import { columnPart, findEntity, libraryFunction, type QueryScope } from './sqlalchemyScope';
import { isSession, renderChain, statementChain, type RenderedStatement, type StatementChain } from './sqlalchemyStatements';
import { isListedStatement, qualifiedType } from '../shared/pythonDrivers';
import { accessOf, returnsRows, startsStatement } from '../shared/sqlText';
import { textHolds } from '../shared/fileText';

const executors = /^(execute|scalars?|stream|stream_scalars|exec|fetch_all|fetch_one|fetch_val|iterate|execute_many)$/;
const terminals = /^(all|first|one|one_or_none|scalar|count|get|get_or_404|first_or_404|paginate|delete|update|exists|yield_per|iterator|one_or_404)$/;

/** SQLAlchemy 1.4 and 2 (Core, ORM, legacy Query), SQLModel and Flask-SQLAlchemy. */
export const sqlalchemyAdapter: LibraryAdapter = {
  id: 'sqlalchemy',
  languages: ['python'],
  recognise(node, context) {
    if (node.type === 'call') {
      const executed = recogniseExecution(node, context);
      if (executed) return executed;
    }
    return recogniseQuery(node, context) ?? recogniseBuilder(node, context);
  },
  addPredicate: addLibraryPredicate,
  batch: sqlalchemyBatch,
  toKeyset: toLibraryKeyset,
  addOrder: addLibraryOrder,
  addLimit: addLibraryLimit,
};

/** `session.execute(statement)`, `session.get(M, id)`, `session.refresh(row)`, `session.flush()`. */
function recogniseExecution(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const receiver = receiverOf(call);
  const name = calleeName(call)?.text ?? '';
  if (!receiver) return undefined;
  if (executors.test(name)) return recogniseExecute(call, receiver, name, context);
  if (/^(?:paginate|first_or_404|one_or_404)$/.test(name)) return recognisePage(call, receiver, context);
  if (!/^(get|get_one|get_or_404|refresh|flush|commit)$/.test(name) || !isSessionValue(receiver, context)) return undefined;
  const { positional } = argumentsOf(call);
  const [first, second] = positional;
  if (/^get/.test(name)) return first && second && /^[A-Z]\w*[a-z]/.test(pathOf(first)?.at(-1) ?? '') ? [getDraft(call, first, second, context)] : undefined;
  if (name === 'refresh' && !first) return undefined;
  if ((name === 'flush' || name === 'commit') && positional.length > 0) return undefined;
  return [{ ...opaque(call, context), access: name === 'refresh' ? 'read' : 'write', fetches: name === 'refresh' ? 'one' : 'none', confidence: 'typed' }];
}

function recogniseExecute(call: SyntaxNode, receiver: SyntaxNode, name: string, context: HostContext): readonly SiteDraft[] | undefined {
  const { positional, keyword } = argumentsOf(call);
  const first = positional[0] ?? keyword.get('statement') ?? keyword.get('query');
  if (!first) return undefined;
  const statement = statementChain(first, context);
  const fetches = (): QuerySite['fetches'] => fetchesOf(call, name);
  if (statement) {
    const rendered = renderChain(statement, context, undefined, positional[1] ?? keyword.get('params'));
    if (!rendered) return [opaque(call, context)];
    return [draftOf(call, statement, rendered, { executes: 'yes', confidence: 'proved', fetches: rendered.kind === 'select' || rendered.kind === 'set' || rendered.kind === 'exists' || rendered.returning ? (rendered.streams ? 'stream' : fetches()) : 'none' }, context)];
  }
  const session = isSessionValue(receiver, context);
  const text = textCall(first, context) ?? (session && unwrap(first).type !== 'identifier' ? first : undefined);
  const string = text && context.string(text);
  if (!string && isListedStatement(text ?? first, context)) return undefined;
  if (string && (session || textCall(first, context))) {
    const base = { library: 'sqlalchemy', confidence: session ? 'typed' : 'proved', span: spanOf(call), anchor: spanOf(field(call, 'function') ?? call), executes: 'yes', chain: [], eager: [], consumes: [spanOf(unwrap(first))] } as const;
    const parameters = dictionaryOf(positional[1] ?? keyword.get('params'), context);
    return context.statements(string, 'colon').filter((part) => startsStatement(part.source.text)).map((part): SiteDraft => ({
      ...base, source: part.source, map: part.map, conditional: part.conditional, complete: string.complete,
      binds: [...part.binds, ...parameters], access: accessOf(part.source.text), fetches: returnsRows(part.source.text) ? fetches() : 'none',
    }));
  }
  return session && /^(identifier|call|attribute)$/.test(unwrap(first).type) ? [opaque(call, context)] : undefined;
}

/** Flask-SQLAlchemy's `db.paginate(select(…), page=…, per_page=…)`: LIMIT and OFFSET by page number; `db.first_or_404(select(…))`. */
function recognisePage(call: SyntaxNode, receiver: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const [first, ...rest] = argumentsOf(call).positional;
  const statement = first && pathOf(receiver)?.at(-1) === 'db' ? statementChain(first, context) : undefined;
  const name = calleeName(call);
  if (statement?.kind !== 'select' || !name) return undefined;
  if (name.text !== 'paginate') {
    const rendered = renderChain(statement, context);
    return rendered && [draftOf(call, statement, rendered, { executes: 'yes', confidence: 'proved', fetches: 'one' }, context)];
  }
  const page = { name: 'paginate', nameSpan: context.span(name), span: context.span(call), args: [], node: call, argNodes: rest };
  const rendered = renderChain({ ...statement, calls: [...statement.calls, page] }, context);
  return rendered && [draftOf(call, statement, rendered, { executes: 'yes', confidence: 'proved', fetches: 'many' }, context)];
}

/** `{"id": x}` beside `text(":id")`. */
function dictionaryOf(node: SyntaxNode | undefined, context: HostContext): QuerySite['binds'] {
  const inner = node && unwrap(node);
  if (inner?.type !== 'dictionary') return [];
  return inner.namedChildren.flatMap((pair) => {
    const argument = pair.type === 'pair' ? context.argument(pair) : undefined;
    const value = pair.type === 'pair' ? field(pair, 'value') : undefined;
    return argument?.name !== undefined && value ? [context.bind(value, argument.name)] : [];
  });
}

/** The string of `text("…")`, directly, with `.bindparams(…)`, or through a variable. */
function textCall(node: SyntaxNode, context: HostContext, hops = 0): SyntaxNode | undefined {
  const inner = unwrap(node);
  if (hops > 6) return undefined;
  if (inner.type === 'identifier') {
    const origin = context.origin(inner);
    return origin.kind === 'call' || origin.kind === 'node' ? (origin.node.id === inner.id ? undefined : textCall(origin.node, context, hops + 1)) : undefined;
  }
  const callee = inner.type === 'call' ? field(inner, 'function') : undefined;
  if (!callee) return undefined;
  if (libraryFunction(callee, context) === 'text') return argumentsOf(inner).positional[0];
  const receiver = receiverOf(inner);
  return receiver && /^(bindparams|columns|execution_options)$/.test(calleeName(inner)?.text ?? '') ? textCall(receiver, context, hops + 1) : undefined;
}

/** Legacy `session.query(…)…` and `Model.query…` up to the call that sends it. */
function recogniseQuery(node: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const name = node.type === 'call' ? calleeName(node)?.text ?? '' : '[]';
  if (node.type === 'call' && !terminals.test(name) && !isOutermost(node)) return undefined;
  if (node.type === 'subscript' && isOutermost(node) === false) return undefined;
  const statement = statementChain(node, context);
  if (statement?.style !== 'query') return undefined;
  const at = statement.calls.findIndex((call) => terminals.test(call.name) || call.name === '[]');
  const own = statement.calls.findIndex((call) => sameNode(call.node, unwrap(node)));
  if (at >= 0 && at !== own && !(statement.calls[at]?.name === '[]' && own === at + 1)) return undefined;
  if (name === 'exists' && !isOutermost(node)) return undefined;
  const walked = isWalked(node);
  if (at < 0 && node.type === 'call' && !isOutermost(node)) return undefined;
  const executes = at >= 0 && name !== 'exists' && name !== 'yield_per' ? 'yes' : walked ? 'yes' : 'no';
  const rendered = renderChain(statement, context);
  if (!rendered) return executes === 'yes' ? [opaque(node, context)] : undefined;
  const write = rendered.kind === 'update' || rendered.kind === 'delete';
  const fetches = write ? 'none' : rendered.streams ? 'stream' : rendered.one ? 'one' : executes === 'yes' ? 'many' : 'unknown';
  return [draftOf(node, statement, rendered, { executes, confidence: 'typed', fetches }, context)];
}

/** Files that compile statements for another database. */
const otherDialects = /^\s*(?:from|import)\s+(?:clickhouse\w*|snowflake|databricks|trino|pyhive|sqlalchemy_bigquery)\b/m;
const forOtherDialects = new WeakMap<HostContext, boolean>();
const compilesForOtherDialect = (context: HostContext): boolean => {
  const known = forOtherDialects.get(context) ?? otherDialects.test(context.text);
  forOtherDialects.set(context, known);
  return known;
};

/** A statement that is built here and sent elsewhere. */
function recogniseBuilder(node: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  if (node.type !== 'call' || !isOutermost(node) || compilesForOtherDialect(context)) return undefined;
  const statement = statementChain(node, context);
  if (!statement || statement.style !== 'core') return undefined;
  const rendered = renderChain(statement, context);
  return rendered && [draftOf(node, statement, rendered, { executes: 'no', confidence: 'proved', fetches: 'unknown' }, context)];
}

function draftOf(node: SyntaxNode, statement: StatementChain, rendered: RenderedStatement, about: Pick<SiteDraft, 'executes' | 'confidence' | 'fetches'>, context: HostContext): SiteDraft {
  const built = buildSql(rendered.part);
  return {
    library: 'sqlalchemy', ...about,
    source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete,
    span: context.span(node), anchor: anchorOf(node, statement, context),
    access: rendered.kind === 'insert' || rendered.kind === 'update' || rendered.kind === 'delete' ? 'write' : 'read',
    chain: statement.chain.calls.map(({ name, nameSpan, span, args }) => ({ name, nameSpan, span, args })),
    model: rendered.entity?.model?.name ?? rendered.entity?.host,
    eager: rendered.eager,
    entities: rendered.entities.flatMap((entity) => (entity.table && entity.alias !== undefined ? [{ host: entity.host, table: entity.table.name, alias: entity.alias, renamed: entity.model?.columns.filter((column) => column.property !== column.column).map(({ column, property }) => ({ column, property })) ?? [] }] : [])),
    consumes: rendered.consumes,
  };
}

/** What names the query; where a class method begins it, the call of that method. */
function anchorOf(node: SyntaxNode, { anchor }: StatementChain, context: HostContext): SiteDraft['anchor'] {
  const around = enclosingFunction(node);
  const callee = node.type === 'call' ? field(node, 'function') : undefined;
  return around && callee && !containsSpan(context.span(around), anchor) && !containsSpan(context.span(node), anchor) && /^(cls|self)\b/.test(context.text.slice(anchor.start, anchor.end)) ? context.span(callee) : anchor;
}

function opaque(node: SyntaxNode, context: HostContext): SiteDraft {
  const callee = node.type === 'call' ? field(node, 'function') : undefined;
  return { library: 'sqlalchemy', confidence: 'typed', map: { segments: [] }, span: context.span(node), anchor: context.span(callee ?? node), executes: 'yes', access: 'unknown', fetches: 'unknown', binds: [], conditional: [], complete: false, chain: [], eager: [] };
}

function getDraft(call: SyntaxNode, model: SyntaxNode, key: SyntaxNode, context: HostContext): SiteDraft {
  const scope: QueryScope = { context, from: [], consumes: [], ctes: new Map(), depth: 0, renderStatement: () => undefined };
  const found = findEntity(model, scope);
  const entity = found?.rest.length === 0 ? found.entity : undefined;
  const column = entity && (primaryKey(entity) ?? (entity.model ? undefined : 'id'));
  const base = { ...opaque(call, context), access: 'read', fetches: 'one', model: entity?.model?.name ?? pathOf(model)?.at(-1) } as const;
  if (!entity || column === undefined) return base;
  const columns = entity.model ? entity.model.columns.map((c) => columnPart({ ...entity, model: undefined }, c.column, entity.span, context)) : [columnPart(entity, column, entity.span, context)];
  const condition = concat(columnPart({ ...entity, model: undefined }, column, context.span(key), context), sql(' = '), value_(key, scope));
  const list = columns.flatMap((part, index) => [...(index === 0 ? [] : sql(', ')), ...part]);
  const built = buildSql(concat(sql('SELECT '), list, sql(' FROM '), fromPart(entity, scope), renderWhere([condition])));
  return { ...base, confidence: 'proved', source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete };
}

const coreImports = /^\s*(?:from|import)\s+(?:sqlalchemy|sqlmodel)\b/m;
const ownImports = /^\s*(?:from|import)\s+(?:sqlalchemy|sqlmodel|flask_sqlalchemy)\b/m;
const sessions = /\bdb\.session\b|\b(?:db_session|SessionDep|AsyncSession)\b/;

/** A value that is a session by type, construction or name. */
function isSessionValue(node: SyntaxNode, context: HostContext): boolean {
  const origin = context.origin(node);
  if ((origin.kind === 'parameter' || origin.kind === 'field') && origin.type !== undefined) {
    // `psycopg.Connection` and `asyncpg.Connection` are the drivers' own.
    const type = qualifiedType(origin.type, context);
    if (/asyncpg|psycopg|aiopg|sqlite|aiohttp|requests\b|httpx|redis/i.test(type)) return false;
    if (/\bConnection\b/.test(type) && !/sqlalchemy|sqlmodel/.test(type) && !textHolds(context, coreImports)) return false;
    return /Session|SessionDep|AsyncConnection|\bConnection\b|\bEngine\b/.test(type) || (isSession(pathOf(node) ?? []) && !/Client|Cursor/i.test(type));
  }
  if ((origin.kind === 'call' || origin.kind === 'construct') && /session|sessionmaker/i.test(origin.callee.join('.'))) return !/aiohttp|requests|boto|ClientSession/.test(origin.callee.join('.'));
  return isSession(pathOf(node) ?? []) && textHolds(context, ownImports) || (isSession(pathOf(node) ?? []) && textHolds(context, sessions));
}

/** Rows that the application takes: by the executor, the rest of the chain, or what is done with the result's name. */
function fetchesOf(call: SyntaxNode, name: string): QuerySite['fetches'] {
  if (/^stream|^iterate$/.test(name)) return 'stream';
  if (/^(scalar|fetch_one|fetch_val)$/.test(name)) return 'one';
  if (name === 'fetch_all') return 'many';
  const own = kindOf(methodsAfter(call));
  if (own) return own;
  const result = resultNameOf(call);
  const scope = enclosingFunction(call);
  const body = scope && field(scope, 'body');
  if (result !== undefined && body) {
    let found: QuerySite['fetches'] | undefined;
    const visit = (node: SyntaxNode): void => {
      if (found !== undefined || node.endIndex < call.endIndex) return;
      if ((node.type === 'for_statement' || node.type === 'for_in_clause') && unwrap(field(node, 'right') ?? node).text === result) found = 'many';
      else if (node.type === 'call' && node.startIndex > call.endIndex && receiverOf(node) && unwrap(receiverOf(node) ?? node).text === result) found = kindOf([calleeName(node)?.text ?? '', ...methodsAfter(node)]);
      for (const child of node.namedChildren) visit(child);
    };
    visit(body);
    if (found !== undefined) return found;
  }
  // The driver has the rows in memory by now, whoever reads them.
  return name === 'scalars' || name === 'exec' || isIterated(call) || result !== undefined ? 'many' : 'unknown';
}

const isIterated = (call: SyntaxNode): boolean => /^for_(?:statement|in_clause)$/.test(wrapped(call).parent?.type ?? '');

function methodsAfter(call: SyntaxNode): string[] {
  const names: string[] = [];
  for (let current = wrapped(call); current.parent?.type === 'attribute' && current.parent.parent?.type === 'call' && sameNode(field(current.parent.parent, 'function'), current.parent); current = wrapped(current.parent.parent)) names.push(field(current.parent, 'attribute')?.text ?? '');
  return names;
}

function kindOf(methods: readonly string[]): QuerySite['fetches'] | undefined {
  if (methods.some((method) => /^(first|one|one_or_none|scalar|scalar_one|scalar_one_or_none|fetchone)$/.test(method))) return 'one';
  if (methods.some((method) => /^(partitions|yield_per)$/.test(method))) return 'stream';
  if (methods.some((method) => /^(all|fetchall|fetchmany|mappings|scalars|unique|tuples)$/.test(method))) return 'many';
  return undefined;
}
