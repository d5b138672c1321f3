import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { HostContext } from '../adapter';

const types = /(^|[^\w])(Kysely|Transaction|ControlledTransaction|QueryCreator|KyselyTransaction)\s*</;
const foreignDialect = /(Mysql|MySQL|Sqlite|SQLite|Mssql|MSSQL|LibSQL|Libsql|LibsqlDialect|D1|PlanetScale|Planetscale|BunSqlite|Turso|SingleStore|Clickhouse|SQLocal)\w*Dialect\b/;
const foreignFiles = new WeakMap<HostContext, boolean>();

/** Does the file make a Kysely for another database? */
export function isForeignKysely(context: HostContext): boolean {
  let known = foreignFiles.get(context);
  if (known === undefined) foreignFiles.set(context, known = foreignDialect.test(context.text));
  return known;
}

export interface KyselyReceiver {
  readonly confidence: QuerySite['confidence'];
  /** How names are written, where the object was made in this file. */
  readonly plugins?: 'none' | 'snake';
  /** A parameter of a callback inside another query: `eb.selectFrom`, `with('x', (db) => …)`. */
  readonly inner: boolean;
}

const inside = /^(where|having|select|from|innerJoin|leftJoin|rightJoin|fullJoin|innerJoinLateral|leftJoinLateral|crossJoinLateral|with|withRecursive|\$if|\$call|set|values|expression|orderBy|groupBy|union|unionAll|intersect|except|on|doUpdateSet|returning|using)$/;

/** What a query is started on. The methods with which Kysely starts one are its alone. */
export function kyselyReceiver(node: SyntaxNode, context: HostContext, hops = 0): KyselyReceiver | undefined {
  const inner = unwrap(node);
  const call = inner.type === 'call_expression' ? callParts(inner) : undefined;
  // `db.with(…)`, `db.withSchema('x')`
  if (call && /^(with|withRecursive|withSchema|withPlugin|withoutPlugins|withTables)$/.test(call.callee.childForFieldName('property')?.text ?? '') && hops < 8) {
    const object = call.callee.childForFieldName('object');
    return object ? kyselyReceiver(object, context, hops + 1) : undefined;
  }
  const origin = context.origin(node);
  switch (origin.kind) {
    case 'construct': {
      const target = origin.node.childForFieldName('constructor');
      const made = target ? context.origin(target) : undefined;
      if (made?.kind !== 'import' || made.module !== 'kysely') return { confidence: 'typed', inner: false };
      return { confidence: 'proved', inner: false, plugins: /CamelCasePlugin/.test(origin.node.text) ? 'snake' : /\bplugins\b|\.\.\./.test(origin.node.text) ? undefined : 'none' };
    }
    case 'parameter': {
      if (origin.type !== undefined && origin.path.length === 0) return types.test(`${origin.type}<`) ? { confidence: 'typed', inner: false } : { confidence: 'typed', inner: /Builder/.test(origin.type) };
      const callee = origin.callback ? callParts(origin.callback.call)?.callee : undefined;
      const method = callee?.childForFieldName('property')?.text ?? '';
      if (inside.test(method)) return { confidence: 'typed', inner: true };
      const object = callee?.childForFieldName('object');
      const starter = method === 'execute' && object ? callParts(unwrap(object)) : undefined;
      const database = starter && /^(transaction|connection|setIsolationLevel|startTransaction)$/.test(starter.callee.childForFieldName('property')?.text ?? '') ? rootOf(starter.callee) : undefined;
      return database && hops < 8 ? { ...(kyselyReceiver(database, context, hops + 1) ?? { confidence: 'typed' }), inner: false } : { confidence: 'typed', inner: false };
    }
    default:
      return { confidence: 'typed', inner: false };
  }
}

/** `db` of `db.transaction().setIsolationLevel(…)`. */
function rootOf(callee: SyntaxNode): SyntaxNode | undefined {
  const object = callee.childForFieldName('object');
  const call = object ? callParts(unwrap(object)) : undefined;
  return call ? rootOf(call.callee) : object ?? undefined;
}
