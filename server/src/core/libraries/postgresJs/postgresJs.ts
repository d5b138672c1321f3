import type { LibraryId, QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts } from '../../hosts/typescript/syntaxTools';
import { hostSpan } from '../../text/span';
import type { HostContext, HostString, LibraryAdapter, SiteDraft, TaggedHole } from '../adapter';
import { addTagPredicate, toTagKeyset } from './postgresJsEdits';
import { argumentsOf, scriptLanguages } from '../pg/pg';
import { buildSql, concat, fragment, identifier, type SqlPart } from '../shared/sqlBuilder';
import { accessOf, returnsRows, startsStatement } from '../shared/sqlText';

/** A driver whose queries are tagged templates: what tells its tag, and what stands in the templates. */
export interface TagDriver {
  readonly library: LibraryId;
  readonly modules: RegExp;
  /** Types of the tag. */
  readonly types: RegExp;
  /** Does a tag of unknown origin belong to it by its name? */
  readonly byName: boolean;
  /** What `${…}` is where the shared forms do not tell. */
  hole?(expression: SyntaxNode, context: HostContext): TaggedHole | undefined;
  /** The name that an interpolation puts into the text, where the code tells it. */
  name?(expression: SyntaxNode, context: HostContext): readonly string[] | undefined;
  /** Is what the tag makes sent, besides by awaiting it? */
  isRun?(node: SyntaxNode, context: HostContext): boolean;
}

const foreignModules = /^(drizzle-orm|kysely|@prisma|sequelize|typeorm|@mikro-orm|knex|@databases\/|sql-template|@pgtyped)/;
const otherDrivers = /^(postgres|@nearform\/sql|porsager-postgres|bun|@vercel\/postgres|@neondatabase\/serverless|slonik|@slonik\/.*|.*\/slonik)$/;
const driver: TagDriver = {
  library: 'postgres.js',
  modules: /^(postgres|@nearform\/sql|porsager-postgres|bun)$/,
  types: /(^|[^\w])(postgres\.)?(Sql|TransactionSql|ReservedSql|ISql|PostgresSql)(?![\w])/,
  byName: true,
};
const methods = /^(then|catch|finally|execute|values|raw|simple|describe|cursor|forEach|readable|writable)$/;

/** postgres.js: `` sql`…` ``, `sql.unsafe(text, values)`, `` tx`…` `` in `sql.begin(tx => …)`. */
export const postgresJsAdapter: LibraryAdapter = {
  id: 'postgres.js',
  languages: scriptLanguages,
  recognise(call, context) {
    return recogniseTagged(call, context, driver) ?? recogniseUnsafe(call, context);
  },
  addPredicate: addTagPredicate,
  toKeyset: toTagKeyset,
};

/** The query of a tagged template of a driver; undefined where the tag is not its own. */
export function recogniseTagged(call: SyntaxNode, context: HostContext, own: TagDriver): readonly SiteDraft[] | undefined {
  const inner = findTag(call);
  return inner && recogniseTag(call, inner, context, own);
}

interface Tag {
  /** The tagged template itself. */
  readonly node: SyntaxNode;
  readonly tag: SyntaxNode;
  readonly template: SyntaxNode;
  /** Methods called on the query: `cursor`, `forEach`. */
  readonly methods: readonly string[];
  readonly awaited: boolean;
}

/** The tagged template at the bottom of `` sql`…`.cursor(10) ``; `` sql<Row>`…` `` is read as two comparisons. */
function findTag(call: SyntaxNode): Tag | undefined {
  if (call.type === 'binary_expression') {
    const [left, template] = [call.childForFieldName('left'), call.childForFieldName('right')];
    const tag = left?.type === 'binary_expression' && left.childForFieldName('operator')?.type === '<' ? left.childForFieldName('left') : null;
    if (!tag || template?.type !== 'template_string' || call.childForFieldName('operator')?.type !== '>') return undefined;
    return { node: call, tag: tag.type === 'await_expression' ? tag.namedChildren[0] ?? tag : tag, template, methods: [], awaited: tag.type === 'await_expression' };
  }
  const called: string[] = [];
  let node = call;
  for (let hops = 0; hops < 6; hops++) {
    const parts = callParts(node);
    if (!parts) return undefined;
    if (parts.template) return { node, tag: parts.callee, template: parts.template, methods: called, awaited: parts.awaited };
    const object = parts.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
    const name = parts.callee.childForFieldName('property')?.text ?? '';
    if (object?.type !== 'call_expression' || !methods.test(name)) return undefined;
    called.unshift(name);
    node = object;
  }
  return undefined;
}

function recogniseTag(call: SyntaxNode, { node, tag, template, methods: called, awaited }: Tag, context: HostContext, own: TagDriver): readonly SiteDraft[] | undefined {
  const confidence = tagConfidence(tag, context, own);
  if (confidence === undefined) return undefined;
  if (isNested(node)) return [];
  const names = new Map<number, readonly string[]>();
  const tagged = context.tagged?.(template, (expression) => {
    const name = own.name?.(expression, context);
    if (name) names.set(expression.startIndex, name);
    return own.hole?.(expression, context) ?? classifyHole(expression, context, own);
  });
  const text = tagged && names.size > 0 ? withNames(tagged, names) : tagged;
  if (!text || !startsStatement(text.text)) return [];
  const stream = called.some((name) => /^(cursor|forEach|readable)$/.test(name));
  // A text without parameters may hold several statements, as migrations do.
  return context.statements(text, 'none').map((statement): SiteDraft => ({
    library: own.library,
    confidence,
    source: statement.source,
    map: statement.map,
    span: hostSpan(tag.startIndex, call.endIndex),
    anchor: hostSpan(tag.startIndex, tag.endIndex),
    // A query runs when it is awaited; the tag alone may be a fragment for another query.
    executes: called.length > 0 || awaited || own.isRun?.(call, context) === true || context.executes(call) ? 'yes' : 'no',
    access: accessOf(statement.source.text),
    fetches: stream ? 'stream' : returnsRows(statement.source.text) ? 'many' : 'none',
    binds: statement.binds,
    conditional: statement.conditional,
    complete: text.complete,
    chain: [],
    eager: [],
  }));
}

/** The text with the names that are known in it. A text with choices is left as it is. */
function withNames(text: HostString, names: ReadonlyMap<number, readonly string[]>): HostString {
  if (text.conditional.length > 0) return text;
  const pieces: SqlPart[] = [];
  let at = 0;
  text.interpolations.forEach((interpolation, index) => {
    const place = text.binds.find((bind) => (bind.interpolation ?? Number(bind.key)) === index)?.span;
    const name = place && names.get(place.start);
    if (!name) return;
    pieces.push(fragment(text, at, interpolation.span.start), identifier(name, place));
    at = interpolation.span.end;
  });
  const built = buildSql(concat(...pieces, fragment(text, at)));
  return { text: built.source.text, map: built.map, interpolations: built.source.interpolations, binds: built.binds, conditional: built.conditional, complete: text.complete };
}

/** Is the template part of another one (directly, in a choice, or as the value of a fragment helper)? */
function isNested(node: SyntaxNode): boolean {
  for (let parent = node.parent; parent; parent = parent.parent) {
    if (parent.type === 'template_substitution') return /^(call|binary)_expression$/.test(parent.parent?.parent?.type ?? '');
    if (!/^(parenthesized_expression|ternary_expression|binary_expression|arrow_function|arguments|call_expression|as_expression|non_null_expression|array)$/.test(parent.type)) return false;
  }
  return false;
}

/** What `${…}` is in a postgres.js query. */
function classifyHole(expression: SyntaxNode, context: HostContext, own: TagDriver): TaggedHole | undefined {
  const parts = callParts(expression);
  if (!parts || expression.type !== 'call_expression') return undefined;
  const { callee, template } = parts;
  if (template) {
    const last = context.path(callee)?.at(-1) ?? '';
    return tagConfidence(callee, context, own) !== undefined || /^(fragment|sql)$/.test(last) ? { inline: template } : undefined;
  }
  const path = context.path(callee) ?? [];
  const last = path.at(-1) ?? '';
  if (/^(unsafe|join|raw|file)$/.test(last)) return { kind: last === 'join' ? 'list' : 'fragment' };
  if (/^(identifier|ref|table|id)$/.test(last) && path.length > 1) return { kind: 'identifier' };
  if (/^(array|json|jsonb|typed|binary|date|timestamp)$/.test(last) && path.length > 1) return { kind: 'value' };
  if (tagConfidence(callee, context, own) === undefined) return undefined;
  return { kind: helperKind(expression, context) };
}

/** `sql(ids)` in `IN`, `sql(rows, 'a', 'b')` behind INSERT, `sql(values)` behind SET, `sql('column')`. */
function helperKind(call: SyntaxNode, context: HostContext): 'list' | 'identifier' | 'assignment' | 'fragment' {
  const first = argumentsOf(call)[0];
  const before = textBefore(call, context);
  if (/\bset\s*$/i.test(before)) return 'assignment';
  if (/\bin\s*\(?\s*$/i.test(before)) return 'list';
  if (first?.type === 'string' || first?.type === 'template_string') return 'identifier';
  if (/\b(insert\s+into\s+[\w".]+|into\s+\S+|values)\s*$/i.test(before)) return 'fragment';
  return /\b(from|join|update|into|by|select|,)\s*$/i.test(before) ? 'identifier' : 'list';
}

function textBefore(node: SyntaxNode, context: HostContext): string {
  let template: SyntaxNode | null = node.parent;
  while (template && template.type !== 'template_substitution') template = template.parent;
  return template ? context.text.slice(Math.max(0, template.startIndex - 80), template.startIndex) : '';
}

/** Is this expression a driver's tag? Names alone count for `sql` only; slonik's `sql.unsafe`, `sql.type(schema)` too. */
export function tagConfidence(written: SyntaxNode, context: HostContext, own: TagDriver = driver): QuerySite['confidence'] | undefined {
  const made = written.type === 'call_expression' ? callParts(written)?.callee : written;
  const slonik = made?.type === 'member_expression' && /^(unsafe|fragment|type|typeAlias)$/.test(made.childForFieldName('property')?.text ?? '') ? made.childForFieldName('object') : null;
  if (written.type === 'call_expression' && !slonik) return undefined;
  const tag = slonik ?? written;
  const path = context.path(tag);
  if (!path) return undefined;
  const origin = context.origin(tag);
  switch (origin.kind) {
    case 'call': {
      const callee = callParts(origin.node)?.callee;
      const made = callee ? context.origin(callee) : undefined;
      if (made?.kind === 'import') {
        if (own.modules.test(made.module)) return 'proved';
        if (otherDrivers.test(made.module) || foreignModules.test(made.module)) return undefined;
      }
      break;
    }
    case 'construct':
      return own.byName && /^SQL$/.test(origin.callee.at(-1) ?? '') ? 'proved' : undefined;
    case 'import':
      if (own.modules.test(origin.module)) return /^(sql|default)$/.test(origin.imported) ? 'proved' : undefined;
      if (otherDrivers.test(origin.module) || foreignModules.test(origin.module)) return undefined;
      break;
    case 'parameter': {
      if (origin.type !== undefined) return own.types.test(origin.type) ? 'typed' : undefined;
      const call = origin.callback?.call;
      const callee = call ? callParts(call)?.callee : undefined;
      const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
      if (object && /^(begin|savepoint|reserve|transaction)$/.test(callee?.childForFieldName('property')?.text ?? '')) return tagConfidence(object, context, own);
      break;
    }
    case 'field':
      if (origin.type !== undefined) return own.types.test(origin.type) ? 'typed' : undefined;
      break;
  }
  const last = path.at(-1) ?? '';
  return own.byName && /^_?sql$/i.test(last) && path.length <= 3 && slonik === null ? 'typed' : undefined;
}

/** `sql.unsafe(text, values)`. */
function recogniseUnsafe(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const callee = callParts(call)?.callee;
  const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
  const method = callee?.type === 'member_expression' ? callee.childForFieldName('property') : null;
  if (!object || !method || method.text !== 'unsafe') return undefined;
  const confidence = tagConfidence(object, context);
  const [first, second] = argumentsOf(call);
  const text = confidence && first && !isNested(call) ? context.string(first) : undefined;
  if (!confidence || !text || !startsStatement(text.text)) return undefined;
  const values = second ? context.elements?.(second)?.nodes.map((element, index) => context.bind(element, String(index + 1))) ?? [] : [];
  return context.statements(text, 'dollar').map((statement): SiteDraft => ({
    library: 'postgres.js',
    confidence,
    source: statement.source,
    map: statement.map,
    span: context.span(call),
    anchor: hostSpan(object.startIndex, method.endIndex),
    executes: context.executes(call) ? 'yes' : 'unknown',
    access: accessOf(statement.source.text),
    fetches: returnsRows(statement.source.text) ? 'many' : 'none',
    binds: [...values, ...statement.binds],
    conditional: statement.conditional,
    complete: text.complete,
    chain: [],
    eager: [],
  }));
}
