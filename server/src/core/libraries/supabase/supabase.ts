import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, spanOf, unwrap, wrapped } from '../../hosts/typescript/syntaxTools';
import { hostSpan } from '../../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { scriptLanguages } from '../pg/pg';
import { fromTheDot, plainCall } from '../shared/chainEdits';
import { constantText } from '../shared/hostValues';
import { buildSql } from '../shared/sqlBuilder';
import { addSupabaseLimit, addSupabaseOrder, addSupabasePredicate, supabaseKeyset } from './supabaseEdits';
import { renderSupabase, type SupabaseCall } from './supabaseRender';

const modules = /^(@supabase\/|.*supabase)/;
const types = /SupabaseClient|PostgrestClient/;
const names = /^_?(supabase\w*|\w+Supabase|supabaseAdmin)$/;

/** supabase-js: the request of a chain, as the statement that PostgREST runs for it. */
export const supabaseAdapter: LibraryAdapter = {
  id: 'supabase',
  languages: scriptLanguages,
  marks: /supabase|postgrest-js/i,
  recognise(call, context) {
    if (call.type !== 'call_expression' && call.type !== 'identifier') return undefined;
    const chain = context.chain(call);
    const start = chain?.calls.findIndex((item) => item.name === 'from' || item.name === 'rpc') ?? -1;
    const first = chain?.calls[start];
    const target = first?.argNodes[0];
    if (!chain || !first || !target || constantText(target, context) === undefined) return undefined;
    const schema = chain.calls[start - 1]?.name === 'schema' ? chain.calls[start - 1] : undefined;
    const callee = callParts((schema ?? first).node)?.callee;
    const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
    const confidence = object ? receiver(unwrap(object), context) : undefined;
    if (!object || !confidence) return undefined;
    const calls = fromTheDot(chain.calls.slice(start), context);
    const query = renderSupabase(calls, schema?.argNodes[0] ? constantText(schema.argNodes[0], context) : undefined, context);
    // `.from('t')` alone asks for nothing.
    if (!query) return [];
    const built = buildSql(query.sql);
    return [{
      library: 'supabase', confidence, source: built.source, map: built.map, span: context.span(call), anchor: hostSpan(object.startIndex, first.span.end),
      executes: executes(call, calls, context), access: query.access, fetches: query.fetches, binds: built.binds, conditional: built.conditional, complete: built.complete,
      chain: calls.map(plainCall), eager: query.eager, consumes: calls.flatMap((item) => item.argNodes.map(spanOf)),
    }];
  },
  addPredicate: addSupabasePredicate,
  toKeyset: supabaseKeyset,
  addOrder: addSupabaseOrder,
  addLimit: addSupabaseLimit,
};

/** A request is sent where it is awaited; one put into a variable is offered by its use. */
function executes(call: SyntaxNode, calls: readonly SupabaseCall[], context: HostContext): SiteDraft['executes'] {
  const parent = wrapped(call).parent;
  if (call.type === 'call_expression' && (parent?.type === 'variable_declarator' || parent?.type === 'assignment_expression')) return 'no';
  return context.executes(call) || calls.some((item) => item.name === 'then') ? 'yes' : 'no';
}

/** A client made by `createClient` and its kin, of a declared type, or called `supabase`; files (`supabase.storage`) are none. */
function receiver(node: SyntaxNode, context: HostContext): QuerySite['confidence'] | undefined {
  const path = context.path(node) ?? [];
  if (path.some((part) => /^(storage|auth|functions|realtime)$/.test(part))) return undefined;
  const origin = context.origin(node);
  switch (origin.kind) {
    case 'call':
    case 'construct': {
      if ((origin.path?.length ?? 0) > 0) return undefined;
      const callee = origin.kind === 'construct' ? origin.node.childForFieldName('constructor') : callParts(origin.node)?.callee;
      const made = callee ? context.origin(callee) : undefined;
      if (made?.kind !== 'import') break;
      if (/^@supabase\//.test(made.module)) return 'proved';
      return /supabase/i.test(made.module) || /supabase/i.test(made.imported) ? 'typed' : undefined;
    }
    case 'parameter':
    case 'field':
      if (origin.type !== undefined && (origin.kind === 'field' || origin.path.length === 0)) return types.test(origin.type) ? 'typed' : undefined;
      break;
    case 'import':
      return modules.test(origin.module) || names.test(origin.imported) ? 'typed' : undefined;
    case 'node':
      return undefined;
  }
  return names.test(path.at(-1) ?? '') ? 'typed' : undefined;
}
