import { argumentsOf, calleeName, field, literalValue, parts, pathOf, receiverOf, unwrap } from '../../hosts/python/syntaxTools';
import type { Bind, QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { findPlaceholders } from '../../sql/placeholders';
import type { HostContext, LibraryAdapter } from '../adapter';
import { draftsOf, isListedStatement, qualifiedType, queryArgument } from '../shared/pythonDrivers';
import { startsStatement } from '../shared/sqlText';

const fetchesOf: Readonly<Record<string, QuerySite['fetches']>> = { fetch_all: 'many', fetch_one: 'one', fetch_val: 'one', iterate: 'stream', execute: 'none', execute_many: 'none' };

/** encode/databases: SQL text with `:name` and the values as a dictionary. Its SQLAlchemy expressions are that adapter's. */
export const databasesAdapter: LibraryAdapter = {
  id: 'databases',
  languages: ['python'],
  recognise(call, context) {
    if (call.type !== 'call') return undefined;
    const name = calleeName(call)?.text ?? '';
    const fetches = Object.hasOwn(fetchesOf, name) ? fetchesOf[name] : undefined;
    const receiver = receiverOf(call);
    const query = queryArgument(call);
    if (!receiver || !fetches || !query || isListedStatement(query, context)) return undefined;
    const text = context.string(query);
    if (!text || !startsStatement(text.text)) return undefined;
    const confidence = confidenceOf(receiver, name, context);
    if (!confidence) return undefined;
    const { positional, keyword } = argumentsOf(call);
    const values = name === 'execute_many' ? undefined : positional[1] ?? keyword.get('values');
    return draftsOf(query, { call, library: 'databases', confidence, placeholders: 'colon', executes: 'yes', fetches: () => fetches, binds: (sql) => bindsOf(sql, values, context), values: undefined }, context);
  },
};

/** By where the receiver was made or its type; else by its name and a method that only this library has. */
function confidenceOf(receiver: SyntaxNode, method: string, context: HostContext): 'proved' | 'typed' | undefined {
  const origin = context.origin(receiver);
  if (origin.kind === 'call' || origin.kind === 'construct') {
    if (!/^(?:databases\.)?Database$/.test(origin.callee.join('.'))) return undefined;
    const url = origin.node.type === 'call' ? argumentsOf(origin.node).positional[0] : undefined;
    const written = url && literalValue(url);
    return typeof written === 'string' && /^(?:mysql|sqlite)/.test(written) ? undefined : /\bdatabases\b/.test(context.text) ? 'proved' : undefined;
  }
  if (origin.kind === 'parameter' || origin.kind === 'field') {
    if (origin.type !== undefined) return /\bdatabases\.Database\b/.test(qualifiedType(origin.type, context)) ? 'proved' : undefined;
  }
  return /_/.test(method) && /^(?:\w*_)?(?:database|db)$/i.test(pathOf(receiver)?.at(-1) ?? '') ? 'typed' : undefined;
}

function bindsOf(sql: string, values: SyntaxNode | undefined, context: HostContext): readonly Bind[] {
  const inner = values && unwrap(values);
  const entries = inner?.type === 'dictionary' ? parts(inner).flatMap((pair): [unknown, SyntaxNode][] => { const [key, value] = [field(pair, 'key'), field(pair, 'value')]; return key && value ? [[literalValue(key), value]] : []; }) : [];
  return [...new Set(findPlaceholders(sql, 'colon').map(({ key }) => key))].flatMap((key) => { const found = entries.find(([name]) => name === key); return found ? [context.bind(found[1], key)] : []; });
}
