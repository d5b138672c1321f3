import type { SyntaxNode } from '../../hosts/syntax';
import { callParts } from '../../hosts/typescript/syntaxTools';
import { hostSpan } from '../../text/span';
import type { HostContext, HostString, LibraryAdapter, SiteDraft } from '../adapter';
import { scriptLanguages } from '../pg/pg';
import { bindOf, readObject } from '../shared/hostValues';
import { accessOf, returnsRows } from '../shared/sqlText';
import { readTagged } from '../shared/taggedTemplate';

const runtime = /^@pgtyped\//;

/** PgTyped: `getUser.run(params, client)`, where `getUser` is generated from an `.sql` file (`new PreparedQuery(ir)`) or a `` sql`…` `` of its own. */
export const pgtypedAdapter: LibraryAdapter = {
  id: 'pgtyped',
  languages: scriptLanguages,
  marks: /\.run\(/,
  recognise(call, context) {
    const parts = call.type === 'call_expression' ? callParts(call) : undefined;
    const method = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('property') : null;
    const object = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
    if (!parts || !method || !object || method.text !== 'run' || parts.args.length !== 2) return undefined;
    const text = textOf(object, context);
    if (text === undefined) return undefined;
    const anchor = hostSpan(object.startIndex, method.endIndex);
    const base = { library: 'pgtyped', confidence: 'proved', span: context.span(call), anchor, executes: 'yes', chain: [], eager: [] } as const;
    const access = text ? accessOf(text.text) : 'unknown';
    const named = text && withNames(text);
    if (!named) return [{ ...base, map: { segments: [] }, access, fetches: 'unknown', binds: [], conditional: [], complete: false }];
    const given = parts.args[0] ? readObject(parts.args[0], context)?.entries ?? [] : [];
    return context.statements(named, 'colon').map((statement): SiteDraft => ({
      ...base, source: statement.source, map: statement.map, access: accessOf(statement.source.text), fetches: returnsRows(statement.source.text) ? 'many' : 'none',
      binds: given.map(({ key, value }) => ({ ...bindOf(value, context), key })), conditional: statement.conditional, complete: text.complete,
    }));
  },
};

/** The text of what is run; null where it is PgTyped's and its text is not known, undefined where it is something else. */
function textOf(query: SyntaxNode, context: HostContext): HostString | null | undefined {
  const origin = context.origin(query);
  if (origin.kind === 'construct' && origin.callee.at(-1) === 'PreparedQuery' && (origin.path ?? []).length === 0) {
    const ir = callParts(origin.node)?.args[0];
    const statement = ir && context.entries(ir)?.entries.find((entry) => entry.key === 'statement')?.value;
    return (statement && context.string(statement)) ?? null;
  }
  const made = (origin.kind === 'call' || origin.kind === 'node') && (origin.kind === 'node' || (origin.path ?? []).length === 0) ? origin.node : undefined;
  const tagged = made && readTagged(made);
  const tag = tagged ? tagged.tag : made?.type === 'call_expression' ? callParts(made)?.callee : undefined;
  const maker = tag && context.origin(tag);
  if (maker?.kind !== 'import' || maker.imported !== 'sql' || !runtime.test(maker.module)) return undefined;
  const template = tagged ? tagged.template : made && callParts(made)?.args[0];
  return (template && context.string(template)) ?? null;
}

/** `:id!`, `$id!` and `$$ids` as `:id`, in place; undefined with parameters that are written out as several (`$user(name, age)`). */
function withNames(text: HostString): HostString | undefined {
  const tagged = /(^|[^\w$])\$\$?[A-Za-z_]/.test(text.text);
  if (tagged && /\$\$?[A-Za-z_]\w*\s*\(/.test(text.text)) return undefined;
  const named = tagged
    ? text.text.replace(/(^|[^\w$])\$(\$?)([A-Za-z_]\w*)(!?)/g, (_whole, before: string, spread: string, name: string, required: string) => `${before}${' '.repeat(spread.length)}:${name}${' '.repeat(required.length)}`)
    : text.text.replace(/([^:\w]:[A-Za-z_]\w*)!/g, '$1 ');
  return { ...text, text: named };
}
