import { argumentsOf, calleeName, field, literalValue, parts, receiverOf, spanOf, unwrap } from '../../hosts/python/syntaxTools';
import { resultNameOf } from '../../hosts/python/calls';
import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { argumentValue, draftsOf, fetchesAfter, findDriver, isListedStatement, percentBinds, queryArgument, valuesOf } from '../shared/pythonDrivers';
import { addTextPredicate } from '../shared/pythonTextEdits';

const methods = new Set(['execute', 'executemany', 'stream', 'copy', 'copy_expert']);
/** psycopg2.extras: `execute_values(cur, sql, rows)`. */
const extras = new Set(['execute_values', 'execute_batch']);

/** psycopg 3 and psycopg2: cursors and connections that take SQL text with `%s` and `%(name)s`. */
export const psycopgAdapter: LibraryAdapter = {
  id: 'psycopg',
  languages: ['python'],
  recognise(call, context) {
    if (call.type !== 'call') return undefined;
    const name = calleeName(call)?.text ?? '';
    if (extras.has(name)) return recogniseExtra(call, name, context);
    const receiver = receiverOf(call);
    if (!receiver || !methods.has(name)) return undefined;
    const query = queryArgument(call);
    if (!query) return undefined;
    const text = context.string(query);
    if (!text && isListedStatement(query, context)) return undefined;
    const found = findDriver(receiver, name, text?.text, context);
    if (found?.driver !== 'psycopg') return undefined;
    const { positional, keyword } = argumentsOf(call);
    const parameters = positional[1] ?? keyword.get('params') ?? keyword.get('vars') ?? keyword.get('args');
    const value = parameters && name !== 'executemany' ? argumentValue(parameters, context) : undefined;
    const streams = name === 'stream' || isServerCursor(receiver, context);
    return draftsOf(query, {
      call,
      library: 'psycopg',
      confidence: found.confidence,
      placeholders: 'percent',
      executes: 'yes',
      fetches: () => (streams ? 'stream' : fetchesAfter(call, cursorNames(call, receiver))),
      binds: (sql, skip) => percentBinds(sql, value, skip, context),
      values: name === 'executemany' ? undefined : valuesOf(query, parameters),
    }, context);
  },
  addPredicate: addTextPredicate,
};

/** Rows are read from the cursor itself (`cur.fetchall()`), or from what `execute` returned. */
const cursorNames = (call: SyntaxNode, receiver: SyntaxNode): string[] => {
  const result = resultNameOf(call);
  return [unwrap(receiver).text, ...(result === undefined ? [] : [result])];
};

function recogniseExtra(call: SyntaxNode, name: string, context: HostContext): readonly SiteDraft[] | undefined {
  const origin = context.origin(field(call, 'function') ?? call);
  const proved = origin.kind === 'import' && /^psycopg/.test(origin.module);
  const { positional, keyword } = argumentsOf(call);
  const query = positional[1] ?? keyword.get('sql');
  const text = query && context.string(query);
  if (!query || (!proved && !text)) return undefined;
  const fetch = keyword.get('fetch');
  const fetches: QuerySite['fetches'] = name === 'execute_values' && fetch && literalValue(fetch) === true ? 'many' : 'none';
  return draftsOf(query, { call, library: 'psycopg', confidence: proved ? 'proved' : 'shape', placeholders: 'percent', executes: 'yes', fetches: () => fetches, binds: () => [] }, context)
    .map((draft) => ({ ...draft, anchor: spanOf(calleeName(call) ?? call) }));
}

/** `conn.cursor("name")` and `conn.cursor(name="name")` keep the rows on the server. */
function isServerCursor(receiver: SyntaxNode, context: HostContext): boolean {
  const inner = unwrap(receiver);
  const origin = inner.type === 'call' ? { kind: 'call' as const, node: inner } : context.origin(inner);
  if (origin.kind === 'construct') return /ServerCursor$/.test(origin.callee.at(-1) ?? '');
  if (origin.kind !== 'call' || origin.node.type !== 'call' || calleeName(origin.node)?.text !== 'cursor') return false;
  const { keyword } = argumentsOf(origin.node);
  const first = parts(field(origin.node, 'arguments') ?? origin.node)[0];
  const name = keyword.get('name') ?? (first && first.type !== 'keyword_argument' && typeof literalValue(first) === 'string' ? first : undefined);
  return !!name && literalValue(name) !== null;
}
