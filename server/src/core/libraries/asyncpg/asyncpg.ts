import { argumentsOf, calleeName, receiverOf } from '../../hosts/python/syntaxTools';
import type { Bind, QuerySite } from '../../hosts/ir';
import type { LibraryAdapter } from '../adapter';
import { draftsOf, findDriver, isListedStatement, queryArgument } from '../shared/pythonDrivers';
import { findPlaceholders } from '../../sql/placeholders';
import { hostSpan } from '../../text/span';
import { addTextPredicate } from '../shared/pythonTextEdits';

const fetchesOf: Readonly<Record<string, QuerySite['fetches']>> = {
  fetch: 'many', fetchmany: 'many', fetchrow: 'one', fetchval: 'one', execute: 'none', executemany: 'none', cursor: 'stream', prepare: 'unknown',
};

/** asyncpg: pools and connections that take SQL text with `$1` and the values as further arguments. */
export const asyncpgAdapter: LibraryAdapter = {
  id: 'asyncpg',
  languages: ['python'],
  recognise(call, context) {
    if (call.type !== 'call') return undefined;
    const name = calleeName(call)?.text ?? '';
    const fetches = Object.hasOwn(fetchesOf, name) ? fetchesOf[name] : undefined;
    const receiver = receiverOf(call);
    const query = queryArgument(call);
    if (!receiver || !fetches || !query) return undefined;
    const text = context.string(query);
    if (!text && isListedStatement(query, context)) return undefined;
    const found = findDriver(receiver, name, text?.text, context);
    if (found?.driver !== 'asyncpg') return undefined;
    const values = argumentsOf(call).positional.slice(1);
    const splat = values.findIndex((value) => value.type === 'list_splat');
    const known = splat >= 0 ? values.slice(0, splat) : values;
    return draftsOf(query, {
      call,
      library: 'asyncpg',
      confidence: found.confidence,
      placeholders: 'dollar',
      executes: name === 'prepare' ? 'no' : 'yes',
      fetches: () => fetches,
      binds: (sql) => (name === 'executemany' ? [] : [...new Set(findPlaceholders(sql, 'dollar').map((placeholder) => placeholder.key))].flatMap((key): Bind[] => {
        const value = known[Number(key) - 1];
        return value ? [context.bind(value, key)] : [];
      })),
      values: splat >= 0 || name === 'executemany' ? undefined : { span: hostSpan(query.endIndex, values.at(-1)?.endIndex ?? query.endIndex), count: values.length, insertAt: values.at(-1)?.endIndex ?? query.endIndex },
    }, context);
  },
  addPredicate: addTextPredicate,
};
