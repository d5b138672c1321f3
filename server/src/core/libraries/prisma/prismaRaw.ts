import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';
import type { HostContext, HostString, SiteDraft, TaggedHole } from '../adapter';
import { prismaClient } from './prismaReceiver';
import { accessOf, returnsRows } from '../shared/sqlText';

const methods = /^\$(queryRaw|executeRaw|queryRawUnsafe|executeRawUnsafe|queryRawTyped)$/;

/** `` $queryRaw`…` ``, `$queryRaw(Prisma.sql`…`)`, `$queryRawUnsafe(text, …values)` and their `$executeRaw` forms. */
export function rawStatements(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const parts = callParts(call);
  const callee = parts?.callee;
  const method = callee?.type === 'member_expression' ? callee.childForFieldName('property') : null;
  const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
  if (!parts || !callee || !method || !object || !methods.test(method.text)) return undefined;
  const receiver = prismaClient(object, context);
  const confidence = receiver?.confidence ?? 'typed';
  const base = { library: 'prisma', confidence, span: context.span(call), anchor: hostSpan(callee.startIndex, method.endIndex), executes: 'yes', chain: [], eager: [] } as const;
  const opaque: SiteDraft = { ...base, map: { segments: [] }, access: 'unknown', fetches: 'unknown', binds: [], conditional: [], complete: false };
  // TypedSQL: the text stands in a file under `prisma/sql`, where it is read by itself; here counts that it is sent.
  if (method.text === '$queryRawTyped') return [{ ...opaque, access: 'read', fetches: 'many' }];
  const unsafe = /Unsafe$/.test(method.text);
  const first = parts.args[0];
  const template = parts.template ?? (first && !unsafe ? templateOf(first, context) : undefined);
  const text = template ? context.tagged?.(template, hole(context)) : unsafe && first ? context.string(first) : undefined;
  if (!text) return [opaque];
  const values = unsafe ? parts.args.slice(1).map((node, index) => context.bind(node, String(index + 1))) : [];
  return context.statements(text, unsafe ? 'dollar' : 'none').map((statement): SiteDraft => ({
    ...base,
    source: statement.source,
    map: statement.map,
    access: accessOf(statement.source.text),
    fetches: /^\$execute/.test(method.text) ? 'none' : returnsRows(statement.source.text) ? 'many' : 'none',
    binds: [...values, ...statement.binds],
    conditional: statement.conditional,
    complete: text.complete && !hasFragment(text),
  }));
}

const hasFragment = (text: HostString): boolean => text.interpolations.some((interpolation) => interpolation.kind === 'fragment');

/** `Prisma.sql`…`` itself or held in a variable. */
function templateOf(written: SyntaxNode, context: HostContext): SyntaxNode | undefined {
  const node = unwrap(written);
  const origin = node.type === 'identifier' ? context.origin(node) : undefined;
  const call = origin?.kind === 'call' && (origin.path?.length ?? 0) === 0 ? origin.node : node;
  const parts = callParts(call);
  return parts?.template && isSqlTag(parts.callee) ? parts.template : undefined;
}

const isSqlTag = (callee: SyntaxNode): boolean => /(^|\.)(sql|Sql)$/.test(callee.text);

/** What an interpolation of the tag stands for. */
const hole = (context: HostContext) => (expression: SyntaxNode): TaggedHole | undefined => {
  const node = unwrap(expression);
  const parts = callParts(node);
  if (parts?.template && isSqlTag(parts.callee)) return { inline: parts.template };
  if (/^(Prisma\.)?empty$/.test(node.text)) return { kind: 'fragment' };
  const name = parts?.callee.text ?? '';
  if (/^(Prisma\.)?join$/.test(name)) {
    const items = parts?.args[0] ? unwrap(parts.args[0]) : undefined;
    // Joined fragments are SQL; joined values are a list of parameters.
    const separated = parts?.args[1] !== undefined && !/^['"`]\s*,\s*['"`]$/.test(parts.args[1].text);
    return { kind: separated || (items !== undefined && /\bsql\s*(<[^>]*>)?`/.test(items.text)) ? 'fragment' : 'value' };
  }
  if (/^(Prisma\.)?raw$/.test(name)) return { kind: 'fragment' };
  const origin = node.type === 'identifier' ? context.origin(node) : undefined;
  if (origin?.kind === 'call' && /^(Prisma\.)?(raw|join)$/.test(origin.callee.join('.'))) return { kind: 'fragment' };
  return undefined;
};
