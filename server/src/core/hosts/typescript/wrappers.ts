import type { LibraryAdapter, SiteDraft } from '../../libraries/adapter';
import { isForeign } from '../../libraries/pg/pgReceiver';
import { containsSpan, hostSpan, type HostSpan } from '../../text/span';
import { placeDraft, writesItself } from '../shared/placement';
import { isTextName } from '../shared/textNames';
import { ASIDE } from '../surface';
import type { SyntaxNode } from '../syntax';
import type { TypeScriptContext } from './context';
import { functionOfCallee } from './origins';
import { callParts, callSpan, collectPatternNames, isFunction, spanOf, unwrap } from './syntaxTools';

const maxLevels = 12;
const maxBody = 4000;

/**
 * A project function that passes a parameter as SQL text to a query is a query function: its call is the query that its
 * body makes of the arguments (`rawQuery(text, params)`, `this.db.run(sql, …)`), through several levels and files.
 * @returns the site of the call, placed at the call; undefined when the callee is no such function.
 */
export function wrapperSites(call: SyntaxNode, context: TypeScriptContext, adapters: readonly LibraryAdapter[], level = 0): readonly SiteDraft[] | undefined {
  const parts = call.type === 'call_expression' ? callParts(call) : undefined;
  if (!parts || parts.template || parts.args.length === 0 || level >= maxLevels) return undefined;
  if (level === 0 && !parts.args.slice(0, 3).some(mayCarrySql)) return undefined;
  const fn = functionOfCallee(parts.callee, context.scopes);
  const sends = fn ? sendingCalls(fn) : [];
  if (!fn || sends.length === 0) return undefined;
  const body = spanOf(fn);
  if (level === 0 && containsSpan(body, spanOf(call))) return undefined;
  const drafts = context.scopes.substitute(fn, parts.args, () => {
    for (const inner of sends) {
      const found = recognise(inner, context, adapters) ?? wrapperSites(inner, context, adapters, level + 1);
      if (found && found.length > 0) return found;
    }
    return undefined;
  });
  // Sent to another database: no query of ours, whatever its text says.
  if (!drafts && level === 0 && sends.some((inner) => isForeign(callParts(inner)?.callee.childForFieldName('object') ?? inner, context))) return [];
  if (!drafts || level > 0) return drafts;
  const away = (span: HostSpan): boolean => span.start >= ASIDE || containsSpan(body, span);
  if (!drafts.every((draft) => writesItself(draft, away))) return undefined;
  const span = callSpan(call);
  const anchor = hostSpan(parts.callee.startIndex, parts.callee.endIndex);
  return drafts.map((draft) => ({ ...placeDraft(draft, span, away), span, anchor, chain: [] }));
}

const verbs = /^\s*(--|\/\*|select|insert|update|delete|with|merge|values|call|\$\{)/i;

/** Cheap: most calls carry no SQL, and their callees need not be looked for in other files. */
function mayCarrySql(argument: SyntaxNode): boolean {
  const node = unwrap(argument);
  switch (node.type) {
    case 'string':
    case 'template_string':
      return verbs.test(node.text.slice(1, 200));
    case 'identifier':
      return isTextName(node.text);
    case 'member_expression':
      return isTextName(node.text);
    case 'call_expression':
    case 'binary_expression':
    case 'ternary_expression':
      return /\b(select|insert|update|delete|with)\b/i.test(node.text.slice(0, 2000)) || isTextName(node.text.slice(0, 60));
    case 'object':
      return node.namedChildren.some((child) => /^(text|sql|query|statement)\b/.test(child.text));
    default:
      return false;
  }
}

function recognise(call: SyntaxNode, context: TypeScriptContext, adapters: readonly LibraryAdapter[]): readonly SiteDraft[] | undefined {
  for (const adapter of adapters) {
    const found = adapter.recognise(call, context);
    if (found) return found;
  }
  return undefined;
}

const known = new WeakMap<SyntaxNode, readonly SyntaxNode[]>();

/** Calls of a function's body, callbacks included, that are given one of its parameters, or text made of one. */
function sendingCalls(fn: SyntaxNode): readonly SyntaxNode[] {
  let found = known.get(fn);
  if (!found) known.set(fn, (found = fn.endIndex - fn.startIndex > maxBody ? [] : findSendingCalls(fn)));
  return found;
}

function findSendingCalls(fn: SyntaxNode): readonly SyntaxNode[] {
  const list = fn.childForFieldName('parameter') ?? fn.childForFieldName('parameters');
  const body = fn.childForFieldName('body');
  const names = new Set(list ? (list.type === 'identifier' ? [list.text] : collectPatternNames(list)) : []);
  const found: SyntaxNode[] = [];
  if (!body || names.size === 0) return found;
  const visit = (node: SyntaxNode): void => {
    if (found.length >= 4 || node.namedChildren.length === 0 || (isFunction(node) && !/^(arrow_function|function_expression)$/.test(node.type))) return;
    for (const child of node.namedChildren) visit(child);
    const parts = node.type === 'call_expression' ? callParts(node) : undefined;
    if (parts && !parts.template && parts.args.slice(0, 3).some((arg) => isGivenText(arg, names))) found.push(node);
  };
  visit(body);
  return found;
}

/** The parameter itself, `sql.trim()`, `` `${sql} LIMIT 1` ``, `sql + tail`, `{ text: sql, values }`. */
function isGivenText(argument: SyntaxNode, names: ReadonlySet<string>): boolean {
  const node = unwrap(argument);
  switch (node.type) {
    case 'identifier':
    case 'shorthand_property_identifier':
      return names.has(node.text);
    case 'object':
      return node.namedChildren.some((child) => (child.type === 'shorthand_property_identifier' && /^(text|sql|query|statement)$/.test(child.text) && names.has(child.text)) || (child.type === 'pair' && /^(text|sql|query|statement)$/.test(child.childForFieldName('key')?.text ?? '') && isGivenText(child.childForFieldName('value') ?? child, names)));
    case 'template_string':
    case 'binary_expression':
      return node.namedChildren.some((child) => isGivenText(child.type === 'template_substitution' ? child.namedChildren[0] ?? child : child, names));
    case 'call_expression': {
      const object = callParts(node)?.callee.childForFieldName('object');
      return object ? isGivenText(object, names) : false;
    }
    case 'member_expression':
      return node.childForFieldName('object')?.type === 'identifier' && names.has(node.childForFieldName('object')?.text ?? '');
    default:
      return false;
  }
}
