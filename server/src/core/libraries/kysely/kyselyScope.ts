import { isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { Chain, HostContext } from '../adapter';
import { bindOf, constantText, readArray } from '../shared/hostValues';
import { concat, hole, identifier, incomplete, nothing, sql, type SqlPart } from '../shared/sqlBuilder';

export type KyselyCall = Chain['calls'][number];

/** What the renderers of one Kysely statement share. */
export interface KyselyScope {
  readonly host: HostContext;
  /** `CamelCasePlugin` is at work: names are written in snake case. */
  readonly snake: boolean;
  /** Names with capitals may be changed by a plugin that was not seen. */
  readonly uncertain: boolean;
  /** SQL of a query builder used inside another query, without parentheses. */
  query(node: SyntaxNode): SqlPart | undefined;
}

const snakeCase = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

/** `table.column`, `schema.table as alias`; a name that a plugin may spell otherwise leaves the statement incomplete. */
export function namePart(text: string, scope: KyselyScope, host?: HostSpan): SqlPart {
  const [, name = text, alias] = /^(.+?)\s+as\s+(.+)$/i.exec(text.trim()) ?? [];
  const spell = (part: string): string => (scope.snake && part !== '*' ? snakeCase(part.trim()) : part.trim());
  const doubt = scope.uncertain && /[A-Z]/.test(text) ? incomplete : nothing;
  return concat(identifier(name.trim().split('.').map(spell), host), alias === undefined ? nothing : concat(sql(' AS ', host), identifier(spell(alias), host)), doubt);
}

/** A reference written as text. Undefined where it is no known text. */
export function referencePart(node: SyntaxNode, scope: KyselyScope, host: HostSpan = spanOf(node)): SqlPart | undefined {
  const text = constantText(node, scope.host);
  return text === undefined ? undefined : namePart(text, scope, host);
}

export const unknownName = (node: SyntaxNode, scope: KyselyScope): SqlPart => hole('identifier', bindOf(node, scope.host));

/** What a callback of one expression gives; other nodes as they are. Undefined for a body of several statements. */
export function callbackBody(node: SyntaxNode): SyntaxNode | undefined {
  const inner = unwrap(node);
  if (!isFunction(inner)) return inner;
  const body = inner.childForFieldName('body');
  if (!body || body.type !== 'statement_block') return body ? unwrap(body) : undefined;
  const statements = body.namedChildren.filter((child) => child.type !== 'comment');
  const value = statements.length === 1 && statements[0]?.type === 'return_statement' ? statements[0].namedChildren[0] : undefined;
  return value && unwrap(value);
}

/** The nodes of an argument that is one expression, a list, or a callback that gives one of these. */
export function listNodes(node: SyntaxNode): { readonly nodes: readonly SyntaxNode[]; readonly open: boolean } {
  const body = callbackBody(node);
  if (!body) return { nodes: [], open: true };
  const list = body.type === 'array' || body.type === 'identifier' ? readArray(body) : undefined;
  return list ? { nodes: list.items.map((item) => item.node), open: list.open } : { nodes: [body], open: false };
}
