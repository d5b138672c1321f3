import { callParts, isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { Chain, HostContext } from '../adapter';
import { bindOf, bothConditions, constantText, readArray, readObject } from '../shared/hostValues';
import { bind, concat, fragment, hole, identifier, incomplete, nothing, sql, type Condition, type SqlPart } from '../shared/sqlBuilder';
import { escapeRegExp } from '../../text/regExp';

/** One call of a builder chain. */
export type KnexCall = Chain['calls'][number];

/** What the renderers of one knex chain share. */
export interface KnexScope {
  readonly host: HostContext;
  /** SQL of a builder or builder callback used inside another query, without parentheses. */
  query(node: SyntaxNode): SqlPart | undefined;
}

/** A column or table name as written: `t.c`, `t.c as x`, `t.*`; undefined where the expression is no known string. */
export function namePart(node: SyntaxNode, scope: KnexScope, host: HostSpan = spanOf(node)): SqlPart | undefined {
  const text = constantText(node, scope.host);
  return text === undefined ? undefined : aliasedName(text, host);
}

export function aliasedName(text: string, host?: HostSpan): SqlPart {
  const parts = /^(.+?)\s+as\s+(.+)$/is.exec(text.trim());
  const name = (parts?.[1] ?? text).trim();
  return concat(identifier(name.split('.').map((part) => part.trim()), host), parts?.[2] ? concat(sql(' AS ', host), identifier(parts[2].trim(), host)) : nothing);
}

/** A column, raw expression, `ref`, sub-query or computed name in a place for one. */
export function columnPart(written: SyntaxNode, scope: KnexScope, host: HostSpan = spanOf(written)): SqlPart {
  const node = unwrap(written);
  return rawPart(node, scope) ?? namePart(node, scope, host) ?? subqueryPart(node, scope) ?? hole('identifier', bindOf(node, scope.host));
}

/** A table: name, `{ alias: name }`, raw, sub-query (`.as('x')` gives the alias). */
export function tablePart(written: SyntaxNode, scope: KnexScope, schema: SqlPart = nothing): SqlPart {
  const node = unwrap(written);
  const qualified = (part: SqlPart): SqlPart => (schema.length > 0 ? concat(schema, sql('.'), part) : part);
  if (node.type === 'object') {
    const entries = readObject(node, scope.host)?.entries ?? [];
    return entries.map((entry) => concat(tablePart(entry.value, scope, schema), sql(' AS ', entry.span), identifier(entry.key, entry.span))).reduce((all, part) => (all.length > 0 ? concat(all, sql(', '), part) : part), nothing);
  }
  const raw = rawPart(node, scope);
  if (raw) return raw;
  const name = namePart(node, scope);
  if (name) return qualified(name);
  return subqueryPart(node, scope) ?? qualified(hole('identifier', bindOf(node, scope.host)));
}

/** `(SELECT …)` of a builder or callback, with the alias of its `.as('x')`. */
export function subqueryPart(written: SyntaxNode, scope: KnexScope): SqlPart | undefined {
  const node = unwrap(written);
  if (node.type !== 'call_expression' && node.type !== 'identifier' && !isFunction(node)) return undefined;
  const inner = scope.query(node);
  if (!inner) return undefined;
  const chain = isFunction(node) ? undefined : scope.host.chain(node);
  const alias = chain?.calls.findLast((call) => call.name === 'as')?.argNodes[0];
  const name = alias ? constantText(alias, scope.host) : undefined;
  return concat(sql('(', spanOf(node)), inner, sql(')'), name === undefined ? nothing : concat(sql(' AS '), identifier(name, alias ? spanOf(alias) : undefined)));
}

/** `knex.raw(text, bindings)`, `knex.ref('t.c')`, `knex.fn.now()`; also held in a constant. */
export function rawPart(written: SyntaxNode, scope: KnexScope, depth = 0): SqlPart | undefined {
  const node = unwrap(written);
  if (node.type === 'identifier' && depth < 3) {
    const origin = scope.host.origin(node);
    return origin.kind === 'call' && (origin.path?.length ?? 0) === 0 && /^(raw|ref)$/.test(origin.callee.at(-1) ?? '') ? rawPart(origin.node, scope, depth + 1) : undefined;
  }
  const parts = callParts(node);
  const method = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('property')?.text : undefined;
  if (!parts || !method) return undefined;
  if (method === 'wrap' || method === 'as') {
    const object = parts.callee.childForFieldName('object');
    const inner = object ? rawPart(object, scope, depth + 1) : undefined;
    if (!inner || !parts.args[0]) return undefined;
    if (method === 'as') return concat(inner, sql(' AS '), namePart(parts.args[0], scope) ?? hole('identifier', bindOf(parts.args[0], scope.host)));
    return concat(sql(constantText(parts.args[0], scope.host) ?? ''), inner, sql(parts.args[1] ? constantText(parts.args[1], scope.host) ?? '' : ''));
  }
  if (method === 'ref' && parts.args[0]) return namePart(parts.args[0], scope);
  if (method === 'now' && /\bfn\.now$/.test(parts.callee.text)) return sql('CURRENT_TIMESTAMP', spanOf(node));
  return method === 'raw' && parts.args[0] ? rawText(parts.args, scope) : undefined;
}

/** SQL text with knex's own placeholders: `?` and `??` from a list, `:name` and `:name:` from an object. */
export function rawText(args: readonly SyntaxNode[], scope: KnexScope): SqlPart {
  const [first, second] = args;
  if (!first) return nothing;
  const text = scope.host.string(first);
  if (!text) return rawPart(first, scope) ?? hole('fragment', bindOf(first, scope.host));
  if (!second) return fragment(text);
  const named = readObject(second, scope.host);
  const list = readArray(second, scope.host) ?? (named ? undefined : { items: [{ node: second }], open: unwrap(second).type === 'identifier' || unwrap(second).type === 'member_expression' });
  let at = 0;
  let position = 0;
  const parts: SqlPart[] = [];
  const put = (index: number, length: number, part: SqlPart): void => {
    parts.push(fragment(text, at, index), part);
    at = index + length;
  };
  for (const match of text.text.matchAll(named ? /\\?(?::(\w+):(?!:)|:(\w+))/g : /\\\?|\?\??/g)) {
    if (match[0].startsWith('\\')) {
      put(match.index, 1, nothing);
      continue;
    }
    if (named) {
      const entry = named.entries.find((candidate) => candidate.key === (match[1] ?? match[2]));
      if (entry) put(match.index, match[0].length, match[1] === undefined ? rawValue(entry.value, scope) : nameOrHole(entry.value, scope));
      else if (named.open && text.text[match.index - 1] !== ':') put(match.index, match[0].length, bind(bindOf(second, scope.host)));
      continue;
    }
    const item = list?.items[position++]?.node;
    const wanted = match[0] === '??';
    if (item && !(list?.open && list.items.length === 1)) put(match.index, match[0].length, wanted ? nameOrHole(item, scope) : rawValue(item, scope));
    else if (list?.open || !list) put(match.index, match[0].length, wanted ? hole('identifier', bindOf(second, scope.host)) : bind(bindOf(second, scope.host)));
  }
  return concat(...parts, fragment(text, at));
}

const nameOrHole = (node: SyntaxNode, scope: KnexScope): SqlPart => namePart(node, scope) ?? hole('identifier', bindOf(node, scope.host));
const rawValue = (node: SyntaxNode, scope: KnexScope): SqlPart => rawPart(node, scope) ?? subqueryPart(node, scope) ?? bind(bindOf(node, scope.host));

/** Calls that a builder callback makes on its builder (`this` or the first parameter), in order, with their conditions. */
export function callbackCalls(fn: SyntaxNode, scope: Pick<KnexScope, 'host'>, outer?: Condition): { readonly calls: readonly KnexCall[]; readonly complete: boolean } {
  const single = fn.childForFieldName('parameter');
  const first = single ?? fn.childForFieldName('parameters')?.namedChildren.find((child) => child.type !== 'comment');
  const parameter = (first?.childForFieldName('pattern') ?? first)?.text;
  const body = fn.childForFieldName('body');
  const calls: KnexCall[] = [];
  let complete = true;
  const isBuilder = (root: SyntaxNode): boolean => root.type === 'this' || (parameter !== undefined && root.text === parameter);
  const expression = (node: SyntaxNode, condition: Condition | undefined): void => {
    const inner = unwrap(node, true);
    if (inner.type === 'binary_expression' && inner.childForFieldName('operator')?.type === '&&') {
      const [left, right] = [inner.childForFieldName('left'), inner.childForFieldName('right')];
      if (left && right) expression(right, bothConditions(condition, { text: left.text, span: spanOf(left) }));
      return;
    }
    const chain = inner.type === 'call_expression' ? scope.host.chain(inner) : undefined;
    if (chain && isBuilder(chain.root)) for (const call of chain.calls) calls.push(condition ? { ...call, condition: bothConditions(condition, call.condition) } : call);
    else if (mentions(inner)) complete = false;
  };
  const mentions = (node: SyntaxNode): boolean => new RegExp(`\\bthis\\b${parameter === undefined ? '' : `|(^|[^\\w$.])${escapeRegExp(parameter)}(?![\\w$])`}`).test(node.text);
  const statement = (node: SyntaxNode, condition: Condition | undefined): void => {
    switch (node.type) {
      case 'statement_block':
        for (const child of node.namedChildren) statement(child, condition);
        return;
      case 'expression_statement':
      case 'return_statement':
        if (node.namedChildren[0]) expression(node.namedChildren[0], condition);
        return;
      case 'if_statement': {
        const test = node.childForFieldName('condition');
        const then = node.childForFieldName('consequence');
        const otherwise = node.childForFieldName('alternative')?.namedChildren[0];
        if (!test || !then) return;
        const text = unwrap(test).text;
        statement(then, bothConditions(condition, { text, span: spanOf(unwrap(test)) }));
        if (otherwise) statement(otherwise, bothConditions(condition, { text: `!(${text})`, span: spanOf(unwrap(test)) }));
        return;
      }
      case 'comment':
        return;
      default:
        if (mentions(node)) complete = false;
    }
  };
  if (body?.type === 'statement_block') statement(body, outer);
  else if (body) expression(body, outer);
  return { calls, complete };
}

export const incompleteUnless = (complete: boolean): SqlPart => (complete ? nothing : incomplete);
