import type { ChainCall } from '../../hosts/ir';
import { callParts, isFunction, unwrap, wrapped } from '../../hosts/typescript/syntaxTools';
import type { HostLanguage, SyntaxNode } from '../../hosts/syntax';
import { hostSpan, type HostSpan } from '../../text/span';
import type { Chain, HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { bindOf, readArray, readObject } from '../shared/hostValues';
import { knexBatch } from './knexBatch';
import { addKnexLimit, addKnexOrder, addKnexPredicate, knexKeyset } from './knexEdits';
import { isBuilderArgument, isKnexFactory, knexReceiver, type KnexReceiver } from './knexReceiver';
import { renderKnex, type KnexQuery } from './knexRender';
import { callbackCalls, incompleteUnless, rawText, type KnexCall, type KnexScope } from './knexScope';
import { buildSql, concat, type SqlPart } from '../shared/sqlBuilder';
import { accessOf, returnsRows } from '../shared/sqlText';

const languages: readonly HostLanguage[] = ['typescript', 'tsx', 'javascript'];
const maxNesting = 8;
const unsent = /^(toSQL|toString|toQuery|toNative|clone|as)$/;

/** knex: builder chains (also held in variables and extended under conditions) and `raw` statements. */
export const knexAdapter: LibraryAdapter = {
  id: 'knex',
  languages,
  recognise(call, context) {
    if ((call.type !== 'call_expression' && call.type !== 'identifier') || !mayUseKnex(context)) return undefined;
    const chain = knexChain(call, context);
    const receiver = chain && knexReceiver(chain, context);
    if (!chain || !receiver) return undefined;
    if (call.type === 'call_expression' && isBuilderArgument(call)) return [];
    if (chain.calls[0]?.name === 'raw' && receiver.tableCall < 0) return rawStatement(call, chain, receiver, context);
    const query = renderKnex(chain.calls, (_, index) => index === receiver.tableCall, createScope(context, 0));
    if (!query.known) return undefined;
    return [draft(call, chain, receiver, query, context)];
  },
  addPredicate: addKnexPredicate,
  toKeyset: knexKeyset,
  addOrder: addKnexOrder,
  addLimit: addKnexLimit,
  batch: knexBatch,
};

/** The names of `looseNames` in knexReceiver, called. */
const looseTableCall = /(?:^|[^\w$])_?(?:db|trx|tx|transaction|database|conn|connection|replica|primary|readDb|writeDb|dbConn|dbClient|pg|qb|t|client)\s*(?:<[^<>()]*>)?\(/i;
const seen = new WeakMap<HostContext, boolean>();
/** A chain is knex's by the name or type `knex`, or by `db('table')`: a file with neither is not looked at. */
function mayUseKnex(context: HostContext): boolean {
  const known = seen.get(context);
  if (known !== undefined) return known;
  const found = /knex/i.test(context.text) || looseTableCall.test(context.text);
  seen.set(context, found);
  return found;
}

function draft(call: SyntaxNode, chain: Chain, receiver: KnexReceiver, query: KnexQuery, context: HostContext): SiteDraft {
  const built = buildSql(query.sql);
  return {
    library: 'knex',
    confidence: receiver.confidence,
    source: built.source,
    map: built.map,
    span: context.span(call),
    anchor: anchorOf(chain, receiver),
    executes: executes(call, chain, context),
    access: query.access,
    fetches: query.fetches,
    binds: built.binds,
    conditional: built.conditional,
    complete: built.complete,
    chain: chain.calls.map(plainCall),
    eager: [],
  };
}

/**
 * The chain with the spans of its calls from the dot on, so that a call on a line of its own is underlined there, and
 * without the call that makes the knex object (`const db = knex({…}); db.select(…)`).
 */
function knexChain(node: SyntaxNode, context: HostContext): Chain | undefined {
  const chain = context.chain(node);
  const first = chain?.calls[0];
  const factory = first && chain.calls.length > 1 && isKnexFactory(first.node, context) ? 1 : 0;
  return chain && { ...chain, calls: chain.calls.slice(factory).map((call) => ({ ...call, span: hostSpan(call.span.start + Math.max(0, context.text.slice(call.span.start, call.nameSpan.start).search(/\S/)), call.span.end) })) };
}

const plainCall = ({ name, nameSpan, span, args }: KnexCall): ChainCall => ({ name, nameSpan, span, args });

/** `knex('orders')`, or `knex.select` where the table comes later. */
function anchorOf(chain: Chain, receiver: KnexReceiver): HostSpan {
  const first = chain.calls[0];
  if (!first) return hostSpan(chain.root.startIndex, chain.root.endIndex);
  return hostSpan(chain.root.startIndex, receiver.tableCall === 0 ? first.span.end : first.nameSpan.end);
}

/** A builder put into a variable is not sent there but where the variable is awaited; that place is offered by itself. */
function executes(call: SyntaxNode, chain: Chain, context: HostContext): SiteDraft['executes'] {
  const parent = wrapped(call).parent;
  if (call.type === 'call_expression' && (parent?.type === 'variable_declarator' || parent?.type === 'assignment_expression')) return 'no';
  if (unsent.test(chain.calls.at(-1)?.name ?? '')) return 'no';
  return context.executes(call) || chain.calls.some((link) => /^(then|catch|finally|stream|asCallback|pipe)$/.test(link.name)) ? 'yes' : 'no';
}

/** `await knex.raw('SELECT …', bindings)`: SQL text with knex's placeholders as they are written. */
function rawStatement(call: SyntaxNode, chain: Chain, receiver: KnexReceiver, context: HostContext): readonly SiteDraft[] {
  const first = chain.calls[0];
  const [text, values] = first?.argNodes ?? [];
  const sent = executes(call, chain, context);
  const base = { library: 'knex', confidence: receiver.confidence, span: context.span(call), anchor: anchorOf(chain, receiver), chain: [], eager: [] } as const;
  const written = text ? context.string(text) : undefined;
  if (!written) return sent === 'yes' ? [{ ...base, map: { segments: [] }, executes: sent, access: 'unknown', fetches: 'unknown', binds: [], conditional: [], complete: false }] : [];
  const named = values ? readObject(values, context) : undefined;
  const list = values && !named ? readArray(values, context) : undefined;
  const positional = list?.items.map((item, index) => ({ ...context.bind(item.node, String(index + 1)), ...mark(item.node, context) })) ?? [];
  const byName = named?.entries.map((entry) => ({ ...context.bind(entry.value, entry.key), ...mark(entry.value, context) })) ?? [];
  return context.statements(written, named ? 'colon' : values ? 'question' : 'none').map((statement): SiteDraft => ({
    ...base,
    source: statement.source,
    map: statement.map,
    executes: sent,
    access: accessOf(statement.source.text),
    fetches: returnsRows(statement.source.text) ? 'many' : 'none',
    binds: [...positional, ...byName, ...statement.binds],
    conditional: statement.conditional,
    complete: written.complete,
  }));
}

const mark = (node: SyntaxNode, context: HostContext): { readonly mayBeUndefined?: true } => (bindOf(node, context).mayBeUndefined ? { mayBeUndefined: true } : {});

function createScope(host: HostContext, depth: number): KnexScope {
  const scope: KnexScope = {
    host,
    query(written): SqlPart | undefined {
      const node = unwrap(written);
      if (depth > maxNesting) return undefined;
      const inner = createScope(host, depth + 1);
      if (isFunction(node)) {
        const { calls, complete } = callbackCalls(node, inner);
        const query = calls.length > 0 ? renderKnex(calls, () => false, inner) : undefined;
        return query?.known ? concat(query.sql, incompleteUnless(complete)) : undefined;
      }
      if (node.type !== 'call_expression' && node.type !== 'identifier') return undefined;
      const chain = knexChain(node, host);
      if (!chain || chain.calls.length === 0) return undefined;
      if (chain.calls[0]?.name === 'raw') return rawText(chain.calls[0].argNodes, inner);
      const receiver = knexReceiver(chain, host);
      const byParameter = !receiver && startsQuery(chain);
      if (!receiver && !byParameter) return undefined;
      const query = renderKnex(chain.calls, (_, index) => index === (receiver?.tableCall ?? -1), inner);
      return query.known ? query.sql : undefined;
    },
  };
  return scope;
}

/** A builder of unknown origin inside a knex chain (`qb.select('id').from('t')`): there it can be nothing else. */
function startsQuery(chain: Chain): boolean {
  const callee = chain.calls[0] ? callParts(chain.calls[0].node)?.callee : undefined;
  return callee?.type === 'member_expression' && chain.calls.some((call) => call.name === 'from');
}
