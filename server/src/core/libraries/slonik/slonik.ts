import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, enclosingFunction } from '../../hosts/typescript/syntaxTools';
import type { HostContext, LibraryAdapter, TaggedHole } from '../adapter';
import { scriptLanguages } from '../pg/pg';
import { constantText, readArray } from '../shared/hostValues';
import { recogniseTagged, tagConfidence, type TagDriver } from '../postgresJs/postgresJs';
import { addTagPredicate } from '../postgresJs/postgresJsEdits';
import { escapeRegExp } from '../../text/regExp';

const methods = 'any|anyFirst|many|manyFirst|maybeOne|maybeOneFirst|one|oneFirst|query|exists|stream';
const sends = new RegExp(`^(${methods})$`);

const driver: TagDriver = {
  library: 'slonik',
  modules: /^(slonik|@slonik\/.*|.*\/slonik)$/,
  types: /(^|[^\w])(SqlTag|SqlTaggedTemplate|QuerySqlToken)(?![\w])/,
  byName: false,
  hole,
  name,
  isRun,
};

/** slonik: `` sql.type(schema)`…` ``, `` sql.unsafe`…` ``, older `` sql`…` ``, sent by `pool.any(…)` and its kin. */
export const slonikAdapter: LibraryAdapter = {
  id: 'slonik',
  languages: scriptLanguages,
  marks: /slonik/,
  recognise: (call, context) => recogniseTagged(call, context, driver),
  addPredicate: addTagPredicate,
};

/** What slonik's helpers put into the text; names of tables and columns are told by where they stand. */
function hole(expression: SyntaxNode, context: HostContext): TaggedHole | undefined {
  const parts = expression.type === 'call_expression' ? callParts(expression) : undefined;
  if (parts?.template) return tagConfidence(parts.callee, context, driver) === undefined ? undefined : { inline: parts.template };
  const path = parts ? context.path(parts.callee) ?? [] : [];
  const owner = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
  if (parts && owner && tagConfidence(owner, context, driver) !== undefined) {
    switch (path.at(-1)) {
      case 'identifier': return { kind: 'identifier' };
      case 'join': return { kind: joinsConditions(parts.args[1], expression, context) ? 'fragment' : 'list' };
      case 'unnest': return { kind: 'fragment' };
      default: return { kind: 'value' };
    }
  }
  const { before, after } = around(expression, context);
  if (/\b(from|join|update|into|table)\s*$/i.test(before)) return { kind: parts ? 'fragment' : 'identifier' };
  if (parts && /\b(where|and|or|by|select|set|returning)\s*$|[)}\w]\s*$/i.test(before) && !/^\s*(=|<|>|::)/.test(after) && !/(=|<|>|\bin|\blike|\bilike|\blimit|\boffset|,|\()\s*$/i.test(before)) return { kind: 'fragment' };
  // `${fields.id} = ${id}`: names that a schema object was turned into.
  return expression.type === 'member_expression' && /(^|\.)(fields|columns|table)\.\w+$/.test(expression.text) ? { kind: 'identifier' } : undefined;
}

/** `sql.identifier(['public', 'orders'])` */
function name(expression: SyntaxNode, context: HostContext): readonly string[] | undefined {
  const parts = expression.type === 'call_expression' ? callParts(expression) : undefined;
  const list = parts && /\.identifier$/.test(parts.callee.text) && parts.args[0] ? readArray(parts.args[0]) : undefined;
  const names = list && !list.open ? list.items.map((item) => constantText(item.node, context)) : [];
  return names.length > 0 && names.every((part) => part !== undefined) ? names : undefined;
}

/** `sql.join(conditions, sql.fragment` AND `)`, a list of columns to set, or an order: not a list of values. */
function joinsConditions(separator: SyntaxNode | undefined, expression: SyntaxNode, context: HostContext): boolean {
  return /`\s*(and|or)\s*`/i.test(separator?.text ?? '') || /\b(where|and|or|set|by|select|returning)\s*$/i.test(around(expression, context).before);
}

function around(node: SyntaxNode, context: HostContext): { readonly before: string; readonly after: string } {
  let slot: SyntaxNode | null = node;
  while (slot && slot.type !== 'template_substitution') slot = slot.parent;
  return slot ? { before: context.text.slice(Math.max(0, slot.startIndex - 60), slot.startIndex), after: context.text.slice(slot.endIndex, slot.endIndex + 20) } : { before: '', after: '' };
}

/** An argument of the pool's methods, directly or through a variable of the function. */
function isRun(node: SyntaxNode): boolean {
  const call = node.parent?.type === 'arguments' ? node.parent.parent : null;
  const callee = call ? callParts(call)?.callee : undefined;
  if (callee?.type === 'member_expression' && sends.test(callee.childForFieldName('property')?.text ?? '')) return true;
  const name = node.parent?.type === 'variable_declarator' ? node.parent.childForFieldName('name')?.text : undefined;
  return name !== undefined && new RegExp(`\\.(${methods})\\(\\s*${escapeRegExp(name)}\\s*[,)]`).test(enclosingFunction(node)?.text ?? '');
}
