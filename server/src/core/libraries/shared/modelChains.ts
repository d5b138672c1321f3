import { commonFile, type CommonFile } from '../../hosts/common/context';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { ChainCall, LibraryId, ModelIr, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import type { CommonLanguage, SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';
import type { Chain, HostContext, LibraryAdapter, RelationRequest, SiteDraft } from '../adapter';
import { speaksOther } from './driverCalls';
import { bind, buildSql, concat, fragment, group, identifier, incomplete, join, literal, sql, type SqlPart } from './sqlBuilder';
import { renderSelect } from './sqlClauses';

export type ChainLink = Chain['calls'][number];

/** What a chain starts from. */
export interface ChainStart {
  /** Undefined where the class is not known: the query is seen, its table is not. */
  readonly model?: ModelIr;
  readonly table?: string | undefined;
  /** First call of the chain that belongs to the query. */
  readonly first: number;
  readonly confidence: SiteDraft['confidence'];
  /** It starts from a relation or a variable: conditions stand there that are not rendered. */
  readonly open?: boolean;
  /** What the last call does, where that hangs on what it is sent to (`user.save`). */
  readonly terminal?: ReturnType<ChainLibrary['terminal']>;
  /** Where the table is named; default: the first call. */
  readonly at?: SiteDraft['span'];
}

/** What a call of the chain adds; absent: nothing that SQL on rows shows (`select`, `includes`). */
export interface ChainPart {
  readonly where?: SqlPart;
  /** An alternative to all conditions before it; not known: nothing is said of them any more. */
  readonly or?: SqlPart | 'unknown';
  readonly order?: readonly SqlPart[];
  /** It takes the place of the orders before it. */
  readonly reorders?: boolean;
  /** Order of a chain that has none (`first`); `reversed`: an order that it has is read backwards (`last`). */
  readonly byKey?: { readonly order: SqlPart; readonly reversed?: boolean };
  readonly limit?: SqlPart;
  readonly offset?: SqlPart;
  readonly eager?: readonly string[];
  /** The columns that are taken of the rows. */
  readonly columns?: readonly SqlPart[];
  readonly distinct?: SqlPart;
  /** The rows are counted: `count(*)`, where nothing changes what is counted. */
  readonly counts?: SqlPart;
  readonly locking?: SqlPart;
  /** More is in the statement than is rendered. */
  readonly open?: boolean;
}

/** A query builder over models, as a table. */
export interface ChainLibrary {
  readonly id: LibraryId;
  readonly languages: readonly CommonLanguage[];
  readonly marks: RegExp;
  /** What the last call of a chain does; undefined: the chain only builds. */
  terminal(name: string, call: ChainLink, calls: readonly ChainLink[]): { readonly access: 'read' | 'write'; readonly fetches: QuerySite['fetches']; /** Its own arguments are a filter. */ readonly filters?: boolean } | undefined;
  start(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined;
  /** Undefined: a call that the table does not know, so that the statement may be another. */
  part(call: ChainLink, file: CommonFile, context: HostContext, model?: ModelIr, table?: string): ChainPart | undefined;
  /** See `LibraryAdapter.toKeyset`. */
  readonly toKeyset?: LibraryAdapter['toKeyset'];
  /** The call that loads relations with the rows, by their path; `by` is its name. It is written in front of the chain's first call, or behind one that begins anew. */
  readonly eager?: { readonly by: string; readonly joint: '.' | '->'; readonly behind: RegExp; write(path: readonly string[]): string };
}

const emptyMap: SiteDraft['map'] = { segments: [] };
/** Calls that take back what the model's declaration adds to every query. */
const lifted = /^(?:unscoped|Unscoped|with_deleted|only_deleted|with_discarded|withTrashed|onlyTrashed|withoutGlobalScopes?|IgnoreQueryFilters)$/;

/** Chains of a library become sites: with SQL where the table is known and the statement is a read, else opaque. */
export function createChains(library: ChainLibrary): LibraryAdapter {
  return {
    id: library.id,
    languages: library.languages,
    marks: library.marks,
    recognise(call, context) {
      const file = commonFile(context);
      const form = file?.source.callForm(call);
      if (!file || !form || speaksOther(context)) return undefined;
      const chain = context.chain(call);
      const start = chain && library.start(chain, file, context);
      const last = chain?.calls.at(-1);
      if (!chain || !start || !last) return undefined;
      const calls = chain.calls.slice(start.first);
      if (calls.length === 0) return undefined;
      const terminal = start.terminal ?? library.terminal(last.name, last, calls);
      return [draft(call, calls, terminal, start, library, file, context)];
    },
    ...(library.toKeyset ? { toKeyset: library.toKeyset } : {}),
    ...(library.eager ? { loadRelation: (site, request) => loadRelation(site, request, library.eager) } : {}),
  };
}

function loadRelation(site: QuerySite, { uri, text, path }: RelationRequest, eager: ChainLibrary['eager']): { readonly edits: readonly Edit[]; readonly by: string } | undefined {
  const [first] = site.chain;
  // Only behind the class itself: in front of a relation's name stands a row.
  if (!first || !eager || !/^\\?[A-Z][\w:\\]*(?:\.|->|::)$/.test(text.slice(site.span.start, first.nameSpan.start).replaceAll(/\s+/g, ''))) return undefined;
  const written = eager.write(path.map((step) => step.property));
  if (eager.behind.test(first.name)) return { edits: [{ uri, span: hostSpan(first.span.end, first.span.end), text: `${eager.joint}${written}` }], by: eager.by };
  return { edits: [{ uri, span: hostSpan(first.nameSpan.start, first.nameSpan.start), text: `${written}${eager.joint}` }], by: eager.by };
}

function draft(call: SyntaxNode, calls: readonly ChainLink[], terminal: ReturnType<ChainLibrary['terminal']>, start: ChainStart, library: ChainLibrary, file: CommonFile, context: HostContext): SiteDraft {
  const access = terminal?.access ?? 'read';
  const read = calls.map((link) => library.part(link, file, context, start.model, start.table));
  const parts = read.map((part) => part ?? { open: true });
  const order = orderOf(parts);
  if (start.open || !order) parts.push({ open: true });
  const scopes = calls.some((link) => lifted.test(link.name)) ? undefined : start.model;
  if (scopes?.scoped === true) parts.push({ open: true });
  if (scopes?.softDelete !== undefined) parts.push({ where: concat(identifier([scopes.softDelete], spanOf(call)), sql(' IS NULL', spanOf(call))) });
  const base = {
    library: library.id, confidence: start.confidence, span: spanOf(call), anchor: anchorOf(call, calls),
    executes: terminal ? 'yes' : 'no', access, fetches: terminal?.fetches ?? 'unknown', conditional: [], chain: calls.map(plainCall), eager: parts.flatMap((part) => part.eager ?? []),
    ...(start.model ? { model: start.model.name } : {}),
  } as const;
  const values = calls.flatMap((link) => link.argNodes);
  const opaque: SiteDraft = { ...base, map: emptyMap, binds: values.map((node, index) => context.bind(node, String(index + 1))), complete: false };
  if (access !== 'read' || start.table === undefined || parts.length === 0) return opaque;
  const first = calls[0];
  const anchor = first ? first.nameSpan : spanOf(call);
  const limit = parts.map((part) => part.limit).filter((part) => part !== undefined).at(-1);
  const offset = parts.map((part) => part.offset).filter((part) => part !== undefined).at(-1);
  const at = (key: 'limit' | 'offset'): ReturnType<typeof hostSpan> => {
    const index = parts.findLastIndex((part) => part[key] !== undefined);
    return calls[index]?.span ?? anchor;
  };
  const distinct = parts.find((part) => part.distinct)?.distinct;
  const counts = limit || offset || distinct ? undefined : parts.find((part) => part.counts)?.counts;
  const columns = counts ? [counts] : parts.find((part) => part.columns)?.columns;
  // `lock.first` takes one row, whichever it is: only an order that is written makes it the first of a queue.
  const locking = parts.some((part) => part.order) ? parts.find((part) => part.locking)?.locking : undefined;
  const select = renderSelect({
    ...(distinct ? { distinct } : {}),
    ...(columns ? { columns } : {}),
    ...(locking ? { locking } : {}),
    from: identifier(start.table, start.at ?? anchor),
    where: conditionsOf(parts),
    orderBy: counts ? [] : order ?? [],
    ...(limit ? { limit: { count: limit, host: at('limit') } } : {}),
    ...(offset ? { offset: { count: offset, host: at('offset') } } : {}),
  });
  const built = buildSql(concat(select, parts.some((part) => part.open) ? incomplete : []));
  // Nothing but conditions, orders and pages may be otherwise: what is loaded along is all here.
  const loadsKnown = start.open !== true && scopes?.scoped !== true && calls.every((link, index) => read[index] !== undefined && (read[index].open !== true || filtering.test(link.name)));
  return { ...base, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete, ...(!built.complete && loadsKnown ? { filtered: true as const } : {}) };
}

/** Calls that choose among the rows and their order. */
const filtering = /^(?:(?:or)?[wW]here\w*|page|per|paginate|simplePaginate|order\w*|reorder|latest|oldest|limit|take|offset|skip|forPage|find(?:_by!?|OrFail)?)$/;

/** Keys of the calls in order; undefined where they are turned round. */
function orderOf(parts: readonly ChainPart[]): readonly SqlPart[] | undefined {
  let order: SqlPart[] = [];
  for (const part of parts) {
    if (part.reorders) order = [];
    order.push(...(part.order ?? []));
    if (part.byKey && order.length > 0 && part.byKey.reversed) return undefined;
    if (part.byKey && order.length === 0) order.push(part.byKey.order);
  }
  return order;
}

/** Conditions of the calls, joined by AND; an alternative stands beside all that came before it. */
function conditionsOf(parts: readonly ChainPart[]): readonly SqlPart[] {
  let where: SqlPart[] = [];
  for (const part of parts) {
    if (part.or === 'unknown') where = [];
    else if (part.or) where = where.length === 0 ? [part.or] : [group(join([group(join(where, ' AND ')), part.or], ' OR '))];
    if (part.where) where.push(part.where);
  }
  return where;
}

const plainCall = ({ name, nameSpan, span, args }: ChainLink): ChainCall => ({ name, nameSpan, span, args });

/** `User.where`, `db.Where(…).Find`: from the root to the first call's name, or the last call's where that is far away. */
function anchorOf(call: SyntaxNode, calls: readonly ChainLink[]): SiteDraft['anchor'] {
  const first = calls[0];
  return first ? hostSpan(Math.max(call.startIndex, first.span.start > call.startIndex && first.nameSpan.end - call.startIndex > 60 ? first.nameSpan.start : call.startIndex), first.nameSpan.end) : spanOf(call);
}

/** A value as a literal of the statement, else as a bound parameter. */
export function valuePart(node: SyntaxNode, context: HostContext): SqlPart {
  const { literal: known, span } = context.argument(node);
  return known === undefined ? bind(context.bind(node, '')) : literal(known, span);
}

/** The page number that a paginator takes from the request by itself. */
export const requestPage = (call: ChainLink): SqlPart => bind({ text: 'page', span: call.span, names: [], origin: 'request' });

/** `column = value`, `column = ANY(list)`, `column IS NULL`. */
export function equals(column: string, node: SyntaxNode, host: ReturnType<typeof spanOf>, context: HostContext): SqlPart {
  const { literal: known, items } = context.argument(node);
  const name = identifier(column.split('.'), host);
  if (known === null) return concat(name, sql(' IS NULL', host));
  if (items?.some((item) => item.name !== undefined || (item.literal === null && item.text !== ''))) return concat(sql('TRUE', host), incomplete);
  if (items || isList(node, context)) return among(column, node, host, context);
  return concat(name, sql(' = ', host), valuePart(node, context));
}

/** `column = ANY(list)`; negated: `column <> ALL(list)`. */
export const among = (column: string, node: SyntaxNode, host: ReturnType<typeof spanOf>, context: HostContext, negated = false): SqlPart =>
  concat(identifier(column.split('.'), host), sql(negated ? ' <> ALL(' : ' = ANY(', host), bind(context.bind(node, '')), sql(')', host));

/** A value that is a list by its declared type, or, where the language declares none, by its name: `ids`, `user_ids`. */
export function isList(node: SyntaxNode, context: HostContext): boolean {
  const file = commonFile(context);
  const type = file?.names.typeOf(file.source.unwrap(node));
  return type === undefined ? /^[@$]?(?:\w*_)?ids$/.test(node.text) : /^(?:\??array|(?:\w+\\)*Collection|\[\].*|.*\[\])$/.test(type);
}

/** A condition written as SQL with `?` for the values that follow; undefined where the text is not known. */
export function textCondition(node: SyntaxNode, values: readonly SyntaxNode[], context: HostContext): SqlPart | undefined {
  const text = context.string(node);
  if (!text || /[@:]\w/.test(text.text.replaceAll('::', ''))) return undefined;
  const marks = [...text.text.replaceAll(/'[^']*'/g, (quoted) => ' '.repeat(quoted.length)).matchAll(/\?/g)];
  if (marks.length !== values.length) return undefined;
  const built: SqlPart[] = [sql('(')];
  let at = 0;
  for (const [index, mark] of marks.entries()) {
    const value = values[index];
    if (!value) return undefined;
    // `id IN ?` takes a list without parentheses.
    const list = /\b(NOT\s+)?IN\s+$/i.exec(text.text.slice(at, mark.index));
    if (list) built.push(fragment(text, at, at + list.index), sql(list[1] === undefined ? '= ANY(' : '<> ALL('), bind(context.bind(value, '')), sql(')'));
    else built.push(fragment(text, at, mark.index), valuePart(value, context));
    at = mark.index + 1;
  }
  return concat(...built, fragment(text, at), sql(')'));
}

const irregular: Readonly<Record<string, string>> = { person: 'people', child: 'children', man: 'men', woman: 'women', mouse: 'mice', goose: 'geese', tooth: 'teeth', foot: 'feet', ox: 'oxen', quiz: 'quizzes', move: 'moves', datum: 'data', medium: 'media', index: 'indices', vertex: 'vertices', matrix: 'matrices', analysis: 'analyses', criterion: 'criteria', alias: 'aliases', status: 'statuses', octopus: 'octopi', bus: 'buses', axis: 'axes', testis: 'testes', crisis: 'crises' };
const unchanged = /^(?:equipment|information|rice|money|species|series|fish|sheep|jeans|police|news|metadata|feedback|staff)$/;

/** The plural that Rails', Laravel's and gorm's inflectors give an English noun; the last word of a name in snake case. */
export function pluralize(word: string): string {
  const cut = word.lastIndexOf('_') + 1;
  const [head, noun] = [word.slice(0, cut), word.slice(cut)];
  if (unchanged.test(noun)) return word;
  const known = Object.hasOwn(irregular, noun) ? irregular[noun] : undefined;
  if (known !== undefined) return head + known;
  if (/(?:s|x|z|ch|sh)$/.test(noun)) return /s$/.test(noun) && !/(?:ss|us|is|as|os)$/.test(noun) ? word : `${word}es`;
  if (/[^aeiou]y$/.test(noun)) return `${word.slice(0, -1)}ies`;
  if (/(?:[^f]fe|[lr]f)$/.test(noun)) return word.replace(/fe?$/, 'ves');
  if (/(?:buffal|tomat|potat|her|ech)o$/.test(noun)) return `${word}es`;
  return `${word}s`;
}

export const snakeCase = (name: string): string => name.replaceAll('::', '_').replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2').replace(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase();
