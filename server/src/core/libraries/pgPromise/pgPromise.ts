import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import { hostSpan } from '../../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { scriptLanguages } from '../pg/pg';
import { readObject } from '../shared/hostValues';
import { buildSql } from '../shared/sqlBuilder';
import { accessOf, isCertainlySql, returnsRows, startsStatement } from '../shared/sqlText';
import { formattedText } from './pgPromiseText';

const methods = /^(none|one|oneOrNone|many|manyOrNone|any|result|query|each|map|multi|multiResult|stream)$/;
/** Methods that no other client has. */
const own = /^(none|oneOrNone|manyOrNone|multiResult)$/;
const types = /(^|[^\w])(pgPromise\.|pgp\.)?(IDatabase|ITask|IBaseProtocol|IConnected|IMain)(?![\w])/;
const names = /^_?(db|database|conn|connection|t|tx|t1|t2|task|pgdb|pg|dbc|client)$/i;

/** pg-promise: `db.any(text, values)` and its kin, tasks and transactions, prepared statements, text made by helpers. */
export const pgPromiseAdapter: LibraryAdapter = {
  id: 'pg-promise',
  languages: scriptLanguages,
  marks: /pg-promise|\.(none|oneOrNone|manyOrNone|multiResult)\(|\b(IDatabase|ITask)\b/,
  recognise(call, context) {
    const parts = call.type === 'call_expression' ? callParts(call) : undefined;
    const method = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('property') : null;
    const object = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
    const [first, second] = parts?.args ?? [];
    if (!parts || !method || !object || !first || !methods.test(method.text)) return undefined;
    const known = receiver(object, context, 0);
    const name = context.path(object)?.at(-1) ?? '';
    const confidence = known === 'other' ? undefined : known ?? (own.test(method.text) && names.test(name) ? 'typed' : undefined);
    if (!confidence) return undefined;
    const anchor = hostSpan(object.startIndex, method.endIndex);
    const base = { library: 'pg-promise', confidence, span: context.span(call), anchor, executes: 'yes', chain: [], eager: [] } as const;
    const written = requestOf(first, second, context);
    const text = written.text ? context.string(written.text) : undefined;
    if (!text || text.text.trim() === '') {
      const made = madeByHelper(first, context);
      if (!made && confidence !== 'proved' && !own.test(method.text)) return undefined;
      return [{ ...base, map: { segments: [] }, access: made ? 'write' : 'unknown', fetches: fetchesOf(method.text, undefined), binds: [], conditional: [], complete: false }];
    }
    if (!startsStatement(text.text) || (known === undefined && !isCertainlySql(text.text, text.interpolations.map((slot) => slot.span)))) return undefined;
    const part = formattedText(text, written.values, context);
    const built = buildSql(part);
    return [{
      ...base, source: built.source, map: built.map, access: accessOf(built.source.text), fetches: fetchesOf(method.text, built.source.text), binds: built.binds, conditional: built.conditional,
      complete: built.complete && text.complete,
    }];
  },
};

function fetchesOf(method: string, text: string | undefined): SiteDraft['fetches'] {
  if (method === 'none') return 'none';
  if (method === 'one' || method === 'oneOrNone') return 'one';
  if (method === 'stream') return 'stream';
  return text === undefined ? 'unknown' : returnsRows(text) ? 'many' : 'none';
}

/** Text and values of `any(text, values)`, `any({ text, values })`, `any(new PreparedStatement({ … }))`. */
function requestOf(first: SyntaxNode, second: SyntaxNode | undefined, context: HostContext): { readonly text?: SyntaxNode; readonly values?: SyntaxNode } {
  const origin = unwrap(first).type === 'identifier' ? context.origin(first) : undefined;
  const node = origin?.kind === 'construct' || (origin?.kind === 'node' && origin.node.type === 'object') ? origin.node : unwrap(first);
  const options = node.type === 'new_expression' ? callParts(node)?.args[0] : node.type === 'object' ? node : undefined;
  if (!options) return { text: first, values: second };
  const entries = readObject(options)?.entries;
  // `new QueryFile(path)`: the text of a file.
  if (node.type === 'new_expression' && /(?:^|\.)QueryFile$/.test(callParts(node)?.callee.text ?? '')) return { text: first, values: second };
  const find = (key: string): SyntaxNode | undefined => entries?.find((entry) => entry.key === key)?.value;
  return { text: find('text'), values: second ?? find('values') };
}

/** `pgp.helpers.insert(rows, columns)`, also with more text behind it or through a variable. */
function madeByHelper(node: SyntaxNode, context: HostContext): boolean {
  const origin = context.origin(node);
  const source = origin.kind === 'call' || origin.kind === 'node' ? origin.node : node;
  return /(^|\.)helpers\.(insert|update|concat)\(/.test(source.text) || /(^|\.)helpers\.(insert|update|concat)\(/.test(node.text);
}

/** `pgp(connection)`, a task or transaction of one, a declared type. */
function receiver(node: SyntaxNode, context: HostContext, hops: number): QuerySite['confidence'] | 'other' | undefined {
  if (hops > 6) return undefined;
  const origin = context.origin(node);
  switch (origin.kind) {
    case 'call': {
      const callee = callParts(origin.node)?.callee;
      const maker = callee ? context.origin(callee) : undefined;
      if (maker?.kind === 'import') return maker.module === 'pg-promise' ? 'proved' : /slonik|mysql|sqlite|mongo|redis/.test(maker.module) ? 'other' : undefined;
      // `const pgp = pgPromise(options); const db = pgp(url);`
      const inner = maker?.kind === 'call' ? callParts(maker.node)?.callee : undefined;
      const root = inner ? context.origin(inner) : undefined;
      return root?.kind === 'import' && root.module === 'pg-promise' ? 'proved' : undefined;
    }
    case 'parameter': {
      if (origin.type !== undefined && origin.path.length === 0) return types.test(origin.type) ? 'typed' : /Pool|Client|Slonik|Kysely|Knex|Prisma/.test(origin.type) ? 'other' : undefined;
      const callee = origin.callback ? callParts(origin.callback.call)?.callee : undefined;
      const object = callee && /^(tx|task|txIf|taskIf)$/.test(callee.childForFieldName('property')?.text ?? '') ? callee.childForFieldName('object') : null;
      return object && origin.index === 0 && origin.path.length === 0 ? receiver(object, context, hops + 1) ?? 'typed' : undefined;
    }
    case 'field':
      return origin.type === undefined ? undefined : types.test(origin.type) ? 'typed' : undefined;
    default:
      return undefined;
  }
}
