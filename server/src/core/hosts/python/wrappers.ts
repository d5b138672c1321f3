import type { HostContext, LibraryAdapter, SiteDraft } from '../../libraries/adapter';
import { containsSpan, type HostSpan } from '../../text/span';
import { placeDraft, writesItself } from '../shared/placement';
import { isTextName } from '../shared/textNames';
import { ASIDE } from '../surface';
import type { SyntaxNode } from '../syntax';
import { argumentsByName, functionOf } from './origins';
import type { Scopes } from './scopes';
import { argumentNodes, argumentsOf, field, parameterName, parts, receiverOf, spanOf, unwrap } from './syntaxTools';

const maxLevels = 12;
const maxBody = 4000;

/**
 * A project function that passes a parameter as SQL text to a query is a query function: its call is the query that its
 * body makes of the arguments (`fetch_all(text, params)`, `self.db.run(sql, …)`), through several levels and files.
 * @returns the site of the call, placed at the call; undefined when the callee is no such function.
 */
export function wrapperSites(call: SyntaxNode, context: HostContext, scopes: Scopes, adapters: readonly LibraryAdapter[], level = 0): readonly SiteDraft[] | undefined {
  if (call.type !== 'call' || level >= maxLevels) return undefined;
  const { positional, keyword } = argumentsOf(call);
  if (level === 0 && ![...positional.slice(0, 3), ...keyword.values()].some(mayCarrySql)) return undefined;
  const fn = functionOf(call, scopes);
  const sends = fn ? sendingCalls(fn) : [];
  if (!fn || sends.length === 0) return undefined;
  const body = spanOf(fn);
  if (level === 0 && containsSpan(body, spanOf(call))) return undefined;
  const drafts = scopes.substitute(fn, argumentsByName(call, fn, scopes), () => {
    for (const inner of sends) {
      const found = recognise(inner, context, adapters) ?? wrapperSites(inner, context, scopes, adapters, level + 1);
      if (found && found.length > 0) return found;
    }
    return undefined;
  });
  if (!drafts || level > 0) return drafts;
  const away = (span: HostSpan): boolean => span.start >= ASIDE || containsSpan(body, span);
  if (!drafts.every((draft) => writesItself(draft, away))) return undefined;
  const span = spanOf(call);
  const callee = field(call, 'function');
  return drafts.map((draft) => ({ ...placeDraft(draft, span, away), span, anchor: callee ? spanOf(callee) : span, chain: [] }));
}

function recognise(call: SyntaxNode, context: HostContext, adapters: readonly LibraryAdapter[]): readonly SiteDraft[] | undefined {
  for (const adapter of adapters) {
    const found = adapter.recognise(call, context);
    if (found) return found;
  }
  return undefined;
}

const verbs = /^[rRfFbBuU]{0,2}("""|'''|"|')\s*(--|\/\*|select|insert|update|delete|with|merge|values|\{)/i;

/** Cheap: most calls carry no SQL, and their callees need not be looked for in other files. */
function mayCarrySql(argument: SyntaxNode): boolean {
  const node = unwrap(argument);
  switch (node.type) {
    case 'string':
    case 'concatenated_string':
      return verbs.test(node.text.slice(0, 200));
    case 'identifier':
    case 'attribute':
      return isTextName(node.text);
    case 'call':
    case 'binary_operator':
      return /\b(select|insert|update|delete|with)\b/i.test(node.text.slice(0, 2000));
    default:
      return false;
  }
}

const known = new WeakMap<SyntaxNode, readonly SyntaxNode[]>();

/** Calls of a function's body that are given one of its parameters, or text made of one. */
function sendingCalls(fn: SyntaxNode): readonly SyntaxNode[] {
  let found = known.get(fn);
  if (!found) known.set(fn, (found = fn.endIndex - fn.startIndex > maxBody ? [] : findSendingCalls(fn)));
  return found;
}

function findSendingCalls(fn: SyntaxNode): readonly SyntaxNode[] {
  const body = field(fn, 'body');
  const list = field(fn, 'parameters');
  const names = new Set((list ? parts(list) : []).flatMap((parameter) => parameterName(parameter)?.text ?? []).filter((name) => name !== 'self' && name !== 'cls'));
  const found: SyntaxNode[] = [];
  if (!body || names.size === 0) return found;
  const visit = (node: SyntaxNode): void => {
    if (found.length >= 4 || node.type === 'class_definition') return;
    for (const child of node.namedChildren) visit(child);
    if (node.type === 'call' && argumentNodes(node).slice(0, 3).some((arg) => isGivenText(arg.type === 'keyword_argument' ? field(arg, 'value') ?? arg : arg, names))) found.push(node);
  };
  visit(body);
  return found;
}

/** The parameter itself, `text(sql)`, `sql.strip()`, `sql + tail`, `f"{sql} LIMIT 1"`. */
function isGivenText(argument: SyntaxNode, names: ReadonlySet<string>): boolean {
  const node = unwrap(argument);
  switch (node.type) {
    case 'identifier':
      return names.has(node.text);
    case 'list_splat':
    case 'binary_operator':
    case 'string':
    case 'interpolation':
      return node.namedChildren.some((child) => isGivenText(child, names));
    case 'call': {
      const receiver = receiverOf(node);
      return (receiver !== undefined && isGivenText(receiver, names)) || (!receiver && argumentNodes(node).slice(0, 1).some((arg) => isGivenText(arg, names)));
    }
    default:
      return false;
  }
}
