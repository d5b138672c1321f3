import { isForeignSql } from '../../sql/foreignDialect';
import type { Bind, QuerySite } from '../../hosts/ir';
import { argumentsOf, calleeName, enclosingFunction, field, literalValue, parts, pathOf, receiverOf, spanOf, unwrap, wrapped } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { scopesOf } from '../../hosts/python/context';
import { stepsOf } from '../../hosts/python/steps';
import { findPlaceholders } from '../../sql/placeholders';
import type { PlaceholderStyle } from '../../sql/source';
import { hostSpan } from '../../text/span';
import type { HostContext, SiteDraft } from '../adapter';
import { accessOf, isCertainlySql, returnsRows, startsStatement } from './sqlText';

export type Driver = 'psycopg' | 'asyncpg';

export interface DriverEvidence {
  readonly driver: Driver;
  readonly confidence: SiteDraft['confidence'];
}

const receivers = /^(?:\w*_)?(?:cur|curs|cursor|conn|connection|con|pool|tx|txn|trans|transaction|pg|pgconn|pg_conn|dbconn|db_conn)\d*$/i;
const foreignDrivers = /^\s*(?:from|import)\s+(?:sqlite3|aiosqlite|MySQLdb|pymysql|mysql|aiomysql|clickhouse_driver|clickhouse_connect|snowflake|pyodbc|cx_Oracle|oracledb|duckdb|redis)\b/m;
const imports = new WeakMap<HostContext, { readonly psycopg: boolean; readonly asyncpg: boolean; readonly foreign: boolean }>();

function importsOf(context: HostContext): { readonly psycopg: boolean; readonly asyncpg: boolean; readonly foreign: boolean } {
  const known = imports.get(context);
  if (known) return known;
  const found = {
    psycopg: /^\s*(?:from|import)\s+(?:psycopg2?|psycopg_pool|aiopg|django\.db)\b/m.test(context.text),
    asyncpg: /^\s*(?:from|import)\s+asyncpg\b/m.test(context.text),
    foreign: foreignDrivers.test(context.text),
  };
  imports.set(context, found);
  return found;
}

/** `self.sqlite_store`: a name says which of a script's two databases it is. */
const isForeignName = (path: readonly string[]): boolean => path.some((part) => /sqlite|mysql|mariadb|clickhouse|duckdb/i.test(part) && !/postgres|psycopg|(?:^|_)pg(?:_|$)/i.test(part));

/** Where the receiver's value was made, as far as it names a driver. */
function originEvidence(receiver: SyntaxNode, context: HostContext, hops = 0): DriverEvidence | 'other' | undefined {
  const origin = context.origin(receiver);
  if (origin.kind === 'import') {
    if (/^(psycopg|aiopg)/.test(origin.module)) return { driver: 'psycopg', confidence: 'proved' };
    if (origin.module === 'django.db') return { driver: 'psycopg', confidence: 'typed' };
    if (origin.module.startsWith('asyncpg')) return { driver: 'asyncpg', confidence: 'proved' };
    return undefined;
  }
  if (origin.kind === 'parameter' || origin.kind === 'field') return origin.type === undefined ? undefined : typeEvidence(origin.type, context);
  if ((origin.kind !== 'call' && origin.kind !== 'construct') || hops > 5) return undefined;
  const path = origin.callee.filter((part) => part !== '()');
  if (/^(sqlite3|aiosqlite|MySQLdb|pymysql|duckdb)$/.test(path[0] ?? '') || isForeignName(path)) return 'other';
  if (/^(psycopg2?|psycopg_pool|aiopg|psycopg2_pool)$/.test(path[0] ?? '')) return { driver: 'psycopg', confidence: 'proved' };
  if (path[0] === 'asyncpg') return { driver: 'asyncpg', confidence: 'proved' };
  if (/^(Async)?(ConnectionPool|NullConnectionPool)$|^(Simple|Threaded)ConnectionPool$/.test(path.at(-1) ?? '')) return { driver: 'psycopg', confidence: 'proved' };
  const inner = origin.node.type === 'call' ? receiverOf(origin.node) : undefined;
  if (inner && /^(cursor|acquire|connection|transaction|getconn|connect|prepare|pipeline)$/.test(path.at(-1) ?? '')) {
    const known = originEvidence(inner, context, hops + 1);
    if (known) return known;
    if (path.at(-1) === 'cursor') return importsOf(context).foreign ? undefined : { driver: 'psycopg', confidence: 'typed' };
    if (path.at(-1) === 'acquire') return { driver: 'asyncpg', confidence: 'typed' };
  }
  return undefined;
}

/** An annotation with the modules that its names were imported from: `Connection` → `asyncpg.Connection`. */
export function qualifiedType(type: string, context: HostContext): string {
  const imported = scopesOf(context)?.module.bindings;
  return type.replaceAll(/(?<![\w.])[A-Za-z_]\w*/g, (name) => {
    const from = imported?.get(name)?.find((binding) => binding.kind === 'import')?.import;
    return !from ? name : from.imported === '*' ? from.module : `${from.module}.${from.imported}`;
  });
}

function typeEvidence(written: string, context: HostContext): DriverEvidence | 'other' | undefined {
  const type = qualifiedType(written, context);
  if (/\basyncpg\b/.test(type)) return { driver: 'asyncpg', confidence: 'proved' };
  if (/\b(psycopg2?|aiopg)\b/.test(type)) return { driver: 'psycopg', confidence: 'proved' };
  if (/Session|\bEngine\b|\b(?:sa|sqlalchemy|sqlmodel|sqlite3|aiosqlite)\./.test(type)) return 'other';
  if (/\b(Async)?(Server)?Cursor\b|RealDictCursor|DictCursor|LoggingTransaction/.test(type)) return { driver: 'psycopg', confidence: 'typed' };
  const file = importsOf(context);
  if (/Connection|Pool\b/.test(type) && file.asyncpg !== file.psycopg) return { driver: file.asyncpg ? 'asyncpg' : 'psycopg', confidence: 'typed' };
  return undefined;
}

/**
 * Which driver a call on `receiver` goes to: by the receiver's origin or type, else by name together with the text,
 * else by the text alone. Undefined when it is another database's or no SQL.
 * @param text SQL where it is known; only proof by origin is accepted without.
 */
export function findDriver(receiver: SyntaxNode, method: string, text: string | undefined, context: HostContext): DriverEvidence | undefined {
  const proved = originEvidence(receiver, context);
  if (proved === 'other' || isForeignName(pathOf(receiver) ?? []) || (text !== undefined && isForeignSql(text))) return undefined;
  if (proved) return text === undefined || startsStatement(text) || proved.confidence === 'proved' ? proved : undefined;
  if (text === undefined || !startsStatement(text)) return undefined;
  const file = importsOf(context);
  if (file.foreign && !file.psycopg && !file.asyncpg) return undefined;
  if (/(?:^|[^:\w]):[a-z_]\w*/i.test(text.replaceAll(/'[^']*'/g, '')) && !/%s|%\(|\$\d/.test(text)) return undefined;
  const only: Driver | undefined = file.asyncpg !== file.psycopg ? (file.asyncpg ? 'asyncpg' : 'psycopg') : undefined;
  const driver = /\$\d/.test(text) ? 'asyncpg' : /%s|%\(\w+\)s/.test(text) ? 'psycopg' : only ?? (/^fetch(row|val)?$/.test(method) ? 'asyncpg' : 'psycopg');
  const name = pathOf(receiver)?.filter((part) => part !== '()').at(-1) ?? '';
  if (receivers.test(name)) return { driver, confidence: 'typed' };
  return isCertainlySql(text) ? { driver, confidence: 'shape' } : undefined;
}

/** How rows are taken from the cursor or result behind this call: by the rest of the chain, or by later calls on the same name. */
export function fetchesAfter(call: SyntaxNode, names: readonly string[]): QuerySite['fetches'] {
  const outer = wrapped(call).parent;
  const chained = outer?.type === 'attribute' ? field(outer, 'attribute')?.text : undefined;
  if (chained) return fetchKind(chained) ?? 'unknown';
  const parent = wrapped(call).parent;
  if (parent?.type === 'for_statement' || parent?.type === 'for_in_clause') return 'many';
  const scope = enclosingFunction(call);
  const body = scope ? field(scope, 'body') : undefined;
  if (!body || names.length === 0) return 'unknown';
  let found: QuerySite['fetches'] | undefined;
  const visit = (node: SyntaxNode): void => {
    if (found !== undefined || node.endIndex <= call.endIndex) return;
    if (node.type === 'call' && node.startIndex > call.startIndex) {
      const receiver = receiverOf(node);
      const name = receiver && names.includes(unwrap(receiver).text) ? calleeName(node)?.text : undefined;
      if (name && /^execute/.test(name)) found = 'unknown';
      else if (name) found ??= fetchKind(name);
    }
    if ((node.type === 'for_statement' || node.type === 'for_in_clause') && node.startIndex > call.startIndex && names.includes(unwrap(field(node, 'right') ?? node).text)) found ??= 'many';
    for (const child of node.namedChildren) visit(child);
  };
  visit(body);
  return found ?? 'unknown';
}

function fetchKind(method: string): QuerySite['fetches'] | undefined {
  if (/^(fetchone|first|scalar|one|one_or_none|scalar_one|scalar_one_or_none|fetchval|fetchrow)$/.test(method)) return 'one';
  if (/^(fetchall|fetchmany|all|fetch|mappings|scalars)$/.test(method)) return 'many';
  return undefined;
}

/** The tuple, list or dictionary behind an argument: itself, or the value a local variable was given. */
export function argumentValue(node: SyntaxNode, context: HostContext): SyntaxNode | undefined {
  const inner = unwrap(node);
  if (/^(tuple|list|dictionary)$/.test(inner.type)) return inner;
  if (inner.type !== 'identifier') return undefined;
  const origin = context.origin(inner);
  return origin.kind === 'node' && /^(tuple|list|dictionary)$/.test(origin.node.type) ? origin.node : undefined;
}

/** Parameters of `%s` and `%(name)s`, by placeholder key. `skip` placeholders of earlier statements come before. */
export function percentBinds(text: string, parameters: SyntaxNode | undefined, skip: number, context: HostContext): Bind[] {
  if (!parameters) return [];
  const items = parts(parameters);
  const splat = items.findIndex((item) => /splat/.test(item.type));
  return findPlaceholders(text, 'percent').flatMap(({ key }): Bind[] => {
    if (parameters.type === 'dictionary') {
      const pair = items.find((item) => item.type === 'pair' && literalValue(field(item, 'key') ?? item) === key);
      const value = pair && field(pair, 'value');
      return value ? [context.bind(value, key)] : [];
    }
    const index = Number(key) - 1 + skip;
    const value = splat >= 0 && index >= splat ? undefined : items[index];
    return value ? [context.bind(value, key)] : [];
  });
}

export interface CallShape {
  readonly call: SyntaxNode;
  readonly library: Driver | 'databases';
  readonly confidence: SiteDraft['confidence'];
  readonly placeholders: PlaceholderStyle;
  readonly executes: SiteDraft['executes'];
  /** Undefined: decided by `fetches` per statement. */
  readonly fetches: (text: string) => QuerySite['fetches'];
  readonly binds: (text: string, skip: number) => readonly Bind[];
  /** Where a bound value can be added; for texts of one statement. */
  readonly values?: QuerySite['values'];
}

/** One draft per statement in the text; one opaque draft when the text is not known. */
export function draftsOf(query: SyntaxNode, shape: CallShape, context: HostContext): readonly SiteDraft[] {
  const { call } = shape;
  const base = { library: shape.library, confidence: shape.confidence, span: spanOf(call), anchor: spanOf(field(call, 'function') ?? call), executes: shape.executes, chain: [], eager: [] } as const;
  const text = context.string(query);
  if (!text) return [{ ...base, map: { segments: [] }, access: 'unknown', fetches: 'unknown', binds: [], conditional: [], complete: false }];
  let skip = 0;
  const statements = context.statements(text, shape.placeholders);
  return statements.map((statement): SiteDraft => {
    const sql = statement.source.text;
    const binds = [...statement.binds, ...shape.binds(sql, skip)];
    if (shape.placeholders === 'percent') skip += findPlaceholders(sql, 'percent').filter((placeholder) => /^\d+$/.test(placeholder.key)).length;
    return { ...base, source: statement.source, map: statement.map, conditional: statement.conditional, access: accessOf(sql), fetches: returnsRows(sql) ? shape.fetches(sql) : 'none', binds, complete: text.complete, values: statements.length === 1 ? shape.values : undefined };
  });
}

/** Place for one more value: in the tuple, list or dictionary that is written at the call, or behind the query where none is. */
export function valuesOf(query: SyntaxNode, parameters: SyntaxNode | undefined): QuerySite['values'] {
  if (!parameters) return { span: hostSpan(query.endIndex, query.endIndex), count: 0, insertAt: query.endIndex, missing: true };
  const inner = unwrap(parameters);
  const items = /^(tuple|list|dictionary)$/.test(inner.type) ? parts(inner) : [];
  const last = items.at(-1);
  return last && !items.some((item) => /splat/.test(item.type)) ? { span: spanOf(inner), count: items.length, insertAt: last.endIndex } : undefined;
}

/** `for statement in statements: cur.execute(statement)`: the statements of a list, each one another. */
export function isListedStatement(query: SyntaxNode, context: HostContext): boolean {
  const inner = unwrap(query);
  const scopes = scopesOf(context);
  return inner.type === 'identifier' && scopes !== undefined && stepsOf(inner.text, inner, scopes)?.at(-1)?.binding.kind === 'for';
}

/** The SQL argument: first positional (of `*args` the first), or by keyword. */
export const queryArgument = (call: SyntaxNode): SyntaxNode | undefined => {
  const { positional, keyword } = argumentsOf(call);
  return positional[0] ?? keyword.get('query') ?? keyword.get('sql');
};
