import type { Bind, QuerySite } from '../../hosts/ir';
import type { HostLanguage, SyntaxNode } from '../../hosts/syntax';
import { callParts } from '../../hosts/typescript/syntaxTools';
import type { SegmentMap } from '../../text/segmentMap';
import { hostSpan } from '../../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { pgReceiver } from './pgReceiver';
import { addConditionEdits, highestPlaceholder } from '../shared/sqlTextEdits';
import { accessOf, isCertainlySql, returnsRows, startsStatement } from '../shared/sqlText';

export const scriptLanguages: readonly HostLanguage[] = ['typescript', 'tsx', 'javascript'];
const emptyMap: SegmentMap = { segments: [] };
const streams = /^(Cursor|QueryStream|PgQueryStream|pgCursor)$/;

/** node-postgres: `pool.query(text, values)`, `client.query({ text, values })`, cursors and query streams. */
export const pgAdapter: LibraryAdapter = {
  id: 'pg',
  languages: scriptLanguages,
  recognise(call, context) {
    if (call.type !== 'call_expression') return undefined;
    const { callee, args } = callParts(call) ?? { callee: undefined, args: [] };
    const method = callee?.type === 'member_expression' ? callee.childForFieldName('property') : null;
    const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
    if (!callee || !method || !object || method.text !== 'query') return undefined;
    const first = args[0];
    if (!first) return undefined;
    const confidence = pgReceiver(object, context);
    if (confidence === undefined) return undefined;
    return readQuery(call, hostSpan(callee.startIndex, method.endIndex), first, args[1], confidence, context);
  },
  addPredicate(site, request) {
    const { values, source } = site;
    const number = source ? highestPlaceholder(source.text) + 1 : 0;
    if (!values || number !== values.count + 1 || source?.placeholders !== 'dollar') return undefined;
    const edits = addConditionEdits(site, request, `$${number}`);
    const value = values.missing ? `, [${request.value}]` : values.count === 0 ? request.value : `, ${request.value}`;
    return edits && [...edits, { uri: request.uri, span: hostSpan(values.insertAt, values.insertAt), text: value }];
  },
};

export const argumentsOf = (call: SyntaxNode): readonly SyntaxNode[] => (call.childForFieldName('arguments')?.namedChildren ?? []).filter((child) => child.type !== 'comment');

function readQuery(call: SyntaxNode, anchor: ReturnType<typeof hostSpan>, first: SyntaxNode, second: SyntaxNode | undefined, confidence: QuerySite['confidence'], context: HostContext): readonly SiteDraft[] | undefined {
  const request = findRequest(first, second, context);
  const base = { library: 'pg', confidence, span: context.span(call), anchor, executes: 'yes', chain: [], eager: [] } as const;
  const text = request.text ? context.string(request.text) : undefined;
  if (!text || (text.text.trim() === '' && text.interpolations.length > 0)) {
    // Something is sent, but what is not known; by name alone that is no query.
    return confidence === 'proved' ? [{ ...base, map: emptyMap, access: 'unknown', fetches: 'unknown', binds: [], conditional: [], complete: false }] : undefined;
  }
  if (confidence !== 'proved' && !startsStatement(text.text)) return undefined;
  if (confidence === 'typed' && !isCertainlySql(text.text) && !startsStatement(text.text)) return undefined;
  // Behind the text of `query('SELECT …')` an array can be written; a request object or a cursor is left alone.
  const end = request.text?.endIndex ?? 0;
  const values: Values | undefined = request.values ? readValues(request.values, context) : request.text?.id === first.id ? { binds: [], list: { span: hostSpan(end, end), count: 0, insertAt: end, missing: true } } : undefined;
  // Written out: with spreads at both ends the object is a hash table, ten times slower here and in every copy made of it.
  return context.statements(text, 'dollar').map((statement): SiteDraft => ({
    library: 'pg', confidence, span: base.span, anchor, executes: 'yes', chain: [], eager: [],
    source: statement.source,
    map: statement.map,
    access: accessOf(statement.source.text),
    fetches: request.stream ? 'stream' : returnsRows(statement.source.text) ? 'many' : 'none',
    binds: [...(values?.binds ?? []), ...statement.binds],
    conditional: statement.conditional,
    complete: text.complete,
    values: values?.list,
  }));
}

interface QueryRequest {
  readonly text?: SyntaxNode;
  readonly values?: SyntaxNode;
  readonly stream: boolean;
}

/** The text and the values of `query(text, values)`, `query({ text, values })`, `query(new Cursor(text, values))`. */
function findRequest(first: SyntaxNode, second: SyntaxNode | undefined, context: HostContext): QueryRequest {
  const origin = first.type === 'identifier' ? context.origin(first) : undefined;
  const node = origin?.kind === 'node' || origin?.kind === 'construct' ? origin.node : first;
  if (node.type === 'object') {
    const property = (name: string): SyntaxNode | undefined => {
      for (const child of node.namedChildren) {
        if (child.type === 'shorthand_property_identifier' && child.text === name) return child;
        if (child.type === 'pair' && child.childForFieldName('key')?.text === name) return child.childForFieldName('value') ?? undefined;
      }
      return undefined;
    };
    return { text: property('text'), values: property('values') ?? second, stream: false };
  }
  if (node.type === 'new_expression') {
    const args = argumentsOf(node);
    return streams.test(node.childForFieldName('constructor')?.text ?? '') ? { text: args[0], values: args[1], stream: true } : { stream: false };
  }
  return { text: first, values: second, stream: false };
}

export interface Values {
  readonly binds: readonly Bind[];
  readonly list?: NonNullable<SiteDraft['values']>;
}

/** Binds of a values array: a literal, or a local array that was filled by `push`. */
export function readValues(node: SyntaxNode, context: HostContext): Values | undefined {
  const elements = context.elements?.(node);
  if (!elements) return undefined;
  const binds = elements.nodes.map((element, index) => context.bind(element, String(index + 1)));
  const last = elements.literal?.namedChildren.filter((child) => child.type !== 'comment').at(-1);
  const { literal } = elements;
  return {
    binds,
    ...(literal && elements.complete ? { list: { span: context.span(literal), count: binds.length, insertAt: last ? last.endIndex : literal.startIndex + 1 } } : {}),
  };
}
