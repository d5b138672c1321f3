import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import { hostSpan, type HostSpan } from '../../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { scriptLanguages } from '../pg/pg';
import { fromTheDot, plainCall } from '../shared/chainEdits';
import { buildSql, type SqlPart } from '../shared/sqlBuilder';
import { accessOf, returnsRows, startsStatement } from '../shared/sqlText';
import { readTagged } from '../shared/taggedTemplate';
import { kyselyBatch } from './kyselyBatch';
import { addKyselyLimit, addKyselyOrder, addKyselyPredicate, kyselyKeyset } from './kyselyEdits';
import { isKyselySql, sqlTemplate } from './kyselyExpressions';
import { isForeignKysely, kyselyReceiver, type KyselyReceiver } from './kyselyReceiver';
import { renderKysely, starters } from './kyselyRender';
import type { KyselyCall, KyselyScope } from './kyselyScope';

const sends = /^(execute|executeTakeFirst|executeTakeFirstOrThrow|stream)$/;
const maxNesting = 8;

/** Kysely: builder chains (also in variables, extended under conditions or by `$if`) and `` sql`…`.execute(db) ``. */
export const kyselyAdapter: LibraryAdapter = {
  id: 'kysely',
  languages: scriptLanguages,
  marks: /\.(selectFrom|insertInto|updateTable|deleteFrom)\s*(<[^>]*>)?\(|from ['"]kysely['"]/,
  recognise(call, context) {
    if ((call.type !== 'call_expression' && call.type !== 'identifier') || isForeignKysely(context)) return undefined;
    return builderCall(call, context) ?? templateCall(call, context);
  },
  addPredicate: addKyselyPredicate,
  toKeyset: kyselyKeyset,
  addOrder: addKyselyOrder,
  addLimit: addKyselyLimit,
  batch: kyselyBatch,
};

interface Found {
  readonly calls: readonly KyselyCall[];
  readonly root: SyntaxNode;
  readonly receiver: KyselyReceiver;
}

/** The calls of a query from the one on that starts it, `with` and `withSchema` before it included. */
function findQuery(node: SyntaxNode, context: HostContext): Found | undefined {
  const chain = context.chain(node);
  const at = chain?.calls.findIndex((call) => starters.test(call.name)) ?? -1;
  if (!chain || at < 0) return undefined;
  let from = at;
  while (from > 0 && /^(with|withRecursive|withSchema|withPlugin|withoutPlugins)$/.test(chain.calls[from - 1]?.name ?? '')) from--;
  const first = chain.calls[from];
  const callee = first ? callParts(first.node)?.callee : undefined;
  const root = callee?.type === 'member_expression' ? callee.childForFieldName('object') : callee;
  const receiver = root ? kyselyReceiver(root, context) : undefined;
  // `selectFrom(…)` alone is the destructured parameter of a callback.
  if (!root || !receiver || (callee?.type === 'identifier' && context.origin(callee).kind !== 'parameter')) return undefined;
  return { calls: fromTheDot(chain.calls.slice(from), context), root, receiver: callee?.type === 'identifier' ? { ...receiver, inner: true } : receiver };
}

function createScope(host: HostContext, plugins: KyselyReceiver['plugins'], parts: HostSpan[], depth = 0): KyselyScope {
  return {
    host, snake: plugins === 'snake', uncertain: plugins === undefined,
    query(written): SqlPart | undefined {
      const node = unwrap(written);
      if (depth > maxNesting || (node.type !== 'call_expression' && node.type !== 'identifier')) return undefined;
      const found = findQuery(node, host);
      if (!found) return undefined;
      parts.push(spanOf(node));
      return renderKysely(found.calls, createScope(host, plugins, parts, depth + 1))?.sql;
    },
  };
}

function builderCall(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const found = findQuery(call, context);
  if (!found) return undefined;
  const { calls, root, receiver } = found;
  // Part of the query that the callback belongs to, or named for use in one.
  if (receiver.inner || calls.at(-1)?.name === 'as') return [];
  const parts: HostSpan[] = [];
  const query = renderKysely(calls, createScope(context, receiver.plugins, parts));
  // Another database's statement: the calls below it are no query of ours either.
  if (!query) return [];
  const built = buildSql(query.sql);
  const last = calls.findLast((item) => sends.test(item.name))?.name;
  const start = calls.find((item) => starters.test(item.name));
  return [{
    library: 'kysely', confidence: receiver.confidence, source: built.source, map: built.map, span: context.span(call),
    anchor: hostSpan(root.startIndex, start?.nameSpan.end ?? call.endIndex),
    executes: last === undefined ? 'no' : 'yes', access: query.access,
    fetches: last === 'stream' ? 'stream' : !query.returns ? 'none' : last !== undefined && last !== 'execute' ? 'one' : 'many',
    binds: built.binds, conditional: built.conditional, complete: built.complete, chain: calls.map(plainCall), eager: [],
    consumes: [...parts, ...calls.flatMap((item) => item.argNodes.map(spanOf))],
  }];
}

/** `` sql<Row>`SELECT …`.execute(db) `` */
function templateCall(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  if (call.type !== 'call_expression') return undefined;
  const outer = call.parent?.type === 'binary_expression' && call.parent.childForFieldName('right')?.id === call.id ? call.parent : call;
  const tagged = readTagged(call) ?? readTagged(outer);
  if (!tagged || !isKyselySql(tagged.tag, { host: context })) return undefined;
  if (!tagged.methods.some((method) => method.name === 'execute')) return [];
  const parts: HostSpan[] = [];
  const part = sqlTemplate(readTagged(call) ? call : outer, createScope(context, 'none', parts));
  const built = part && buildSql(part);
  if (!built || !startsStatement(built.source.text)) return [];
  return [{
    library: 'kysely', confidence: 'proved', source: built.source, map: built.map, span: hostSpan(tagged.tag.startIndex, call.endIndex), anchor: spanOf(tagged.tag),
    executes: 'yes', access: accessOf(built.source.text), fetches: returnsRows(built.source.text) ? 'many' : 'none', binds: built.binds, conditional: built.conditional, complete: built.complete,
    chain: [], eager: [], consumes: [...parts, spanOf(tagged.template)],
  }];
}
