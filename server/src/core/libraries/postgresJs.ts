import type { QuerySite } from '../hosts/ir';
import type { SyntaxNode } from '../hosts/syntax';
import { hostSpan } from '../text/span';
import type { HostContext, LibraryAdapter, SiteDraft, TaggedHole } from './adapter';
import { addTagPredicate, toTagKeyset } from './postgresJsEdits';
import { argumentsOf, scriptLanguages } from './pg';
import { accessOf, returnsRows, startsStatement } from './sqlText';

const modules = /^(postgres|@vercel\/postgres|@neondatabase\/serverless|slonik|@nearform\/sql|porsager-postgres|bun)$/;
const foreignModules = /^(drizzle-orm|kysely|@prisma|sequelize|typeorm|@mikro-orm|knex|@databases\/|sql-template)/;
const sqlTypes = /(^|[^\w])(postgres\.)?(Sql|TransactionSql|ReservedSql|ISql|NeonQueryFunction|PostgresSql)(?![\w])/;
const methods = /^(then|catch|finally|execute|values|raw|simple|describe|cursor|forEach|readable|writable)$/;

/** postgres.js and drivers that share its tag: `` sql`…` ``, `sql.unsafe(text, values)`, `` tx`…` `` in `sql.begin(tx => …)`. */
export const postgresJsAdapter: LibraryAdapter = {
  id: 'postgres.js',
  languages: scriptLanguages,
  recognise(call, context) {
    if (call.type !== 'call_expression') return undefined;
    const inner = findTag(call);
    if (inner) return recogniseTag(call, inner, context);
    return recogniseUnsafe(call, context);
  },
  addPredicate: addTagPredicate,
  toKeyset: toTagKeyset,
};

interface Tag {
  /** The tagged template itself. */
  readonly node: SyntaxNode;
  readonly tag: SyntaxNode;
  readonly template: SyntaxNode;
  /** Methods called on the query: `cursor`, `forEach`. */
  readonly methods: readonly string[];
}

/** The tagged template at the bottom of `` sql`…`.cursor(10) ``. */
function findTag(call: SyntaxNode): Tag | undefined {
  const called: string[] = [];
  let node = call;
  for (let hops = 0; hops < 6; hops++) {
    const template = node.childForFieldName('arguments');
    const callee = node.childForFieldName('function');
    if (!callee) return undefined;
    if (template?.type === 'template_string') return { node, tag: bareTag(callee), template, methods: called };
    const object = callee.type === 'member_expression' ? callee.childForFieldName('object') : null;
    const name = callee.childForFieldName('property')?.text ?? '';
    if (object?.type !== 'call_expression' || !methods.test(name)) return undefined;
    called.unshift(name);
    node = object;
  }
  return undefined;
}

/** The tag without type arguments, `!`, or the `await` that the grammar puts inside `` await sql<Row[]>`…` ``. */
function bareTag(callee: SyntaxNode): SyntaxNode {
  let node = callee;
  while (/^(non_null_expression|instantiation_expression|await_expression|parenthesized_expression)$/.test(node.type)) {
    const next = node.namedChildren[0];
    if (!next) break;
    node = next;
  }
  return node;
}

function recogniseTag(call: SyntaxNode, { node, tag, template, methods: called }: Tag, context: HostContext): readonly SiteDraft[] | undefined {
  const confidence = tagConfidence(tag, context);
  if (confidence === undefined) return undefined;
  if (isNested(node)) return [];
  const text = context.tagged?.(template, (expression) => classifyHole(expression, context));
  if (!text || !startsStatement(text.text)) return [];
  const [statement] = context.statements(text, 'none');
  if (!statement) return [];
  const stream = called.some((name) => /^(cursor|forEach|readable)$/.test(name));
  const draft: SiteDraft = {
    library: 'postgres.js',
    confidence,
    source: statement.source,
    map: statement.map,
    span: context.span(call),
    anchor: hostSpan(tag.startIndex, tag.endIndex),
    // A query runs when it is awaited; the tag alone may be a fragment for another query.
    executes: called.length > 0 || awaitedTag(node) || context.executes(call) ? 'yes' : 'no',
    access: accessOf(statement.source.text),
    fetches: stream ? 'stream' : returnsRows(statement.source.text) ? 'many' : 'none',
    binds: statement.binds,
    conditional: statement.conditional,
    complete: text.complete,
    chain: [],
    eager: [],
  };
  return [draft];
}

const awaitedTag = (node: SyntaxNode): boolean => {
  for (let current = node.childForFieldName('function'); current; current = current.namedChildren[0] ?? null) {
    if (current.type === 'await_expression') return true;
    if (!/^(non_null_expression|instantiation_expression)$/.test(current.type)) return false;
  }
  return false;
};

/** Is the template part of another one (directly, in a choice, or as the value of a fragment helper)? */
function isNested(node: SyntaxNode): boolean {
  for (let parent = node.parent; parent; parent = parent.parent) {
    if (parent.type === 'template_substitution') return parent.parent?.parent?.type === 'call_expression';
    if (!/^(parenthesized_expression|ternary_expression|binary_expression|arrow_function|arguments|call_expression|as_expression|non_null_expression|array)$/.test(parent.type)) return false;
  }
  return false;
}

/** What `${…}` is in a postgres.js query. */
function classifyHole(expression: SyntaxNode, context: HostContext): TaggedHole | undefined {
  if (expression.type !== 'call_expression') return undefined;
  const callee = expression.childForFieldName('function');
  const template = expression.childForFieldName('arguments');
  if (!callee) return undefined;
  if (template?.type === 'template_string') {
    const tag = bareTag(callee);
    const last = context.path(tag)?.at(-1) ?? '';
    return tagConfidence(tag, context) !== undefined || /^(fragment|sql)$/.test(last) ? { inline: template } : undefined;
  }
  const path = context.path(callee) ?? [];
  const last = path.at(-1) ?? '';
  if (/^(unsafe|join|raw|file)$/.test(last)) return { kind: last === 'join' ? 'list' : 'fragment' };
  if (/^(identifier|ref|table|id)$/.test(last) && path.length > 1) return { kind: 'identifier' };
  if (/^(array|json|jsonb|typed|binary|date|timestamp)$/.test(last) && path.length > 1) return { kind: 'value' };
  if (tagConfidence(callee, context) === undefined) return undefined;
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

/** Is this expression a postgres.js tag? Names alone count for `sql` only. */
function tagConfidence(tag: SyntaxNode, context: HostContext): QuerySite['confidence'] | undefined {
  const path = context.path(tag);
  if (!path) return undefined;
  const origin = context.origin(tag);
  switch (origin.kind) {
    case 'call': {
      const callee = origin.node.childForFieldName('function');
      const made = callee ? context.origin(callee) : undefined;
      if (made?.kind === 'import') {
        if (modules.test(made.module)) return 'proved';
        if (foreignModules.test(made.module)) return undefined;
      }
      break;
    }
    case 'construct':
      return /^SQL$/.test(origin.callee.at(-1) ?? '') ? 'proved' : undefined;
    case 'import':
      if (modules.test(origin.module)) return /^(sql|default)$/.test(origin.imported) ? 'proved' : undefined;
      if (foreignModules.test(origin.module)) return undefined;
      break;
    case 'parameter': {
      if (origin.type !== undefined) return sqlTypes.test(origin.type) ? 'typed' : undefined;
      const call = origin.callback?.call;
      const callee = call?.childForFieldName('function');
      const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
      if (object && /^(begin|savepoint|reserve|transaction)$/.test(callee?.childForFieldName('property')?.text ?? '')) return tagConfidence(object, context);
      break;
    }
    case 'field':
      if (origin.type !== undefined) return sqlTypes.test(origin.type) ? 'typed' : undefined;
      break;
  }
  const last = path.at(-1) ?? '';
  return /^_?sql$/i.test(last) && path.length <= 3 ? 'typed' : undefined;
}

/** `sql.unsafe(text, values)`. */
function recogniseUnsafe(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const callee = call.childForFieldName('function');
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
