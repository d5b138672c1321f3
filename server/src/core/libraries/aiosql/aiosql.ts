import { wordsOf } from '../../hosts/python/embeddedSql';
import { argumentsOf, calleeName, receiverOf, spanOf } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';
import type { HostContext, LibraryAdapter } from '../adapter';
import { accessOf } from '../shared/sqlText';

const loaders = /^from_(path|str)$/;
const otherDrivers = /^["']?(sqlite3|aiosqlite|apsw|pymysql|mysql|mariadb|duckdb|asyncmy)/;
/** What the object of queries has besides them. */
const own = /^_|^(add_query|add_queries|add_child_queries|available_queries|sql_operation_types|load_from_list|load_from_tree)$/;
/** Behind the name: `^` one row, `$` one value, `!` and `<!` a write, `*!` many writes, `#` a script. */
const title = /^[ \t]*--[ \t]*name[ \t]*:[ \t]*([\w-]+)(\^|\$|<!|\*!|!|#)?.*$/gm;

/** aiosql: `queries.get_user(conn, id=1)`, where `queries` was loaded from `.sql` files or a text whose statements have names. */
export const aiosqlAdapter: LibraryAdapter = {
  id: 'aiosql',
  languages: ['python'],
  marks: /\baiosql\b|\bqueries\b/,
  recognise(call, context) {
    if (call.type !== 'call') return undefined;
    const name = calleeName(call)?.text ?? '';
    const receiver = receiverOf(call);
    if (!receiver || name === '' || own.test(name) || loaders.test(name)) return undefined;
    const given = argumentsOf(call).positional;
    // The connection goes first.
    if (given.length === 0) return undefined;
    const loader = loaderOf(receiver, context);
    if (!loader) return undefined;
    if (loader.other) return [];
    const base = { library: 'aiosql', confidence: 'proved', span: spanOf(call), anchor: hostSpan(receiver.startIndex, calleeName(call)?.endIndex ?? receiver.endIndex), executes: 'yes', chain: [], eager: [] } as const;
    const named = loader.text ? statementOf(loader.text, name, context) : loader.path ? statementInFile(loader.path, name, context) : undefined;
    if (!named) return [{ ...base, map: { segments: [] }, access: 'unknown', fetches: 'unknown', binds: [], conditional: [], complete: false }];
    const { statement, sign } = named;
    return [{
      ...base, source: statement.source, map: statement.map, access: accessOf(statement.source.text), fetches: sign === '^' || sign === '$' || sign === '<!' ? 'one' : sign === '' ? 'many' : 'none',
      binds: [...argumentsOf(call).keyword].map(([key, value]) => context.bind(value, key)), conditional: statement.conditional, complete: true,
    }];
  },
};

interface Loader {
  readonly text?: SyntaxNode;
  /** Arguments of `from_path`. */
  readonly path?: SyntaxNode;
  readonly other: boolean;
}

/** `aiosql.from_path("sql", "psycopg")` behind the receiver or behind what it is an attribute of (`queries.users`). */
function loaderOf(receiver: SyntaxNode, context: HostContext): Loader | undefined {
  const origin = context.origin(receiver);
  if (origin.kind !== 'call') {
    const outer = receiver.type === 'attribute' ? receiver.childForFieldName('object') : null;
    return outer ? loaderOf(outer, context) : undefined;
  }
  const maker = origin.callee.at(-1) ?? '';
  const from = origin.node.childForFieldName('function');
  const imported = from && context.origin(from);
  if (!loaders.test(maker) || !(origin.callee[0] === 'aiosql' || (imported?.kind === 'import' && imported.module === 'aiosql'))) return undefined;
  const { positional, keyword } = argumentsOf(origin.node);
  const driver = positional[1] ?? keyword.get('driver_adapter');
  return { ...(maker === 'from_str' ? { text: positional[0] } : { path: origin.node.childForFieldName('arguments') ?? undefined }), other: driver !== undefined && otherDrivers.test(driver.text) };
}

/** A statement that stands in a file has its place there. */
function statementInFile(path: SyntaxNode, name: string, context: HostContext): ReturnType<typeof statementOf> {
  const found = context.sqlTexts?.block(name, wordsOf(path));
  const text = found && { text: found.text, map: { segments: [] }, interpolations: [], binds: [], conditional: [], complete: true };
  const [statement, ...more] = text ? context.statements(text, 'colon') : [];
  return statement && more.length === 0 ? { statement, sign: found?.sign ?? '' } : undefined;
}

function statementOf(node: SyntaxNode, name: string, context: HostContext): { readonly statement: ReturnType<HostContext['statements']>[number]; readonly sign: string } | undefined {
  const text = context.string(node);
  if (!text?.complete || text.interpolations.length > 0) return undefined;
  const titles = [...text.text.matchAll(title)];
  const at = titles.findIndex((match) => match[1]?.replaceAll('-', '_') === name);
  const found = titles[at];
  if (!found) return undefined;
  const body = text.text.slice(found.index + found[0].length, titles[at + 1]?.index);
  const statement = context.statements(text, 'colon').find((one) => body.includes(one.source.text.replace(/^(\s*--.*\n)+/, '').trim()));
  return statement && { statement, sign: found[2] ?? '' };
}
