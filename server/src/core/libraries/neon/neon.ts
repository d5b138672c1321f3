import type { SyntaxNode } from '../../hosts/syntax';
import { callParts } from '../../hosts/typescript/syntaxTools';
import { hostSpan } from '../../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { argumentsOf, pgAdapter, readValues, scriptLanguages } from '../pg/pg';
import { recogniseTagged, tagConfidence, type TagDriver } from '../postgresJs/postgresJs';
import { addTagPredicate, toTagKeyset } from '../postgresJs/postgresJsEdits';
import { accessOf, returnsRows, startsStatement } from '../shared/sqlText';

const driver: TagDriver = {
  library: 'neon',
  modules: /^(@vercel\/postgres|@neondatabase\/serverless)$/,
  types: /(^|[^\w])(NeonQueryFunction(InTransaction)?|NeonSql|VercelPoolClient)(?![\w])/,
  byName: false,
  isRun: (node) => inTransaction(node),
};

/** Neon's and Vercel's HTTP drivers: `` sql`…` ``, `sql.query(text, values)`, `` sql.transaction([sql`…`]) ``. */
export const neonAdapter: LibraryAdapter = {
  id: 'neon',
  languages: scriptLanguages,
  marks: /@neondatabase\/serverless|@vercel\/postgres|\bNeon\w*</,
  recognise: (call, context) => recogniseTagged(call, context, driver) ?? recogniseQuery(call, context),
  addPredicate: (site, request) => addTagPredicate(site, request) ?? pgAdapter.addPredicate?.(site, request),
  // Vercel's tag knows no fragments.
  toKeyset: (site, request) => (/@vercel\/postgres/.test(request.text) ? undefined : toTagKeyset(site, request)),
};

/** An element of the array that `transaction` is given, or that its callback returns: the statements go together in one request. */
function inTransaction(node: SyntaxNode): boolean {
  let list = node.parent;
  if (list?.type !== 'array') return false;
  while (list && /^(array|parenthesized_expression|arrow_function)$/.test(list.type)) list = list.parent;
  const call = list?.type === 'arguments' ? list.parent : null;
  return call !== null && /\.transaction$/.test((call && callParts(call)?.callee.text) ?? '');
}

/** `sql.query('SELECT … $1', [id])` */
function recogniseQuery(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const callee = call.type === 'call_expression' ? callParts(call)?.callee : undefined;
  const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
  const method = callee?.type === 'member_expression' ? callee.childForFieldName('property') : null;
  const [first, second] = argumentsOf(call);
  if (!callee || !object || !first || method?.text !== 'query') return undefined;
  const confidence = tagConfidence(object, context, driver);
  const text = confidence ? context.string(first) : undefined;
  if (!confidence || !text || !startsStatement(text.text)) return undefined;
  const end = first.endIndex;
  const values = second ? readValues(second, context) : { binds: [], list: { span: hostSpan(end, end), count: 0, insertAt: end, missing: true } };
  return context.statements(text, 'dollar').map((statement): SiteDraft => ({
    library: 'neon', confidence, source: statement.source, map: statement.map, span: context.span(call), anchor: hostSpan(object.startIndex, method.endIndex),
    executes: inTransaction(call) || context.executes(call) ? 'yes' : 'no', access: accessOf(statement.source.text), fetches: returnsRows(statement.source.text) ? 'many' : 'none',
    binds: [...(values?.binds ?? []), ...statement.binds], conditional: statement.conditional, complete: text.complete, chain: [], eager: [], ...(values?.list ? { values: values.list } : {}),
  }));
}
