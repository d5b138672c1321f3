import type { HostContext, HostString } from '../../libraries/adapter';
import { findModel, type ModelIndex } from '../models';
import { withTable } from '../../libraries/sqlalchemy/sqlalchemyNaming';
import type { Bind, BindOrigin } from '../ir';
import type { HostEnvironment } from '../host';
import { splitHostString } from '../shared/statements';
import { renderParts } from '../shared/textParts';
import { remembered } from '../shared/remembered';
import type { SqlTexts } from '../shared/sqlTexts';
import { callThrough } from '../shared/through';
import type { SyntaxNode } from '../syntax';
import { argumentOf, chainOf } from './chains';
import { entryOf } from './entries';
import { readDict, readList } from './objects';
import { bindOriginOf, originOf } from './origins';
import type { Scopes } from './scopes';
import { textOf, type TextEnvironment } from './strings';
import { field, freeNames, pathOf, spanOf, wrapped } from './syntaxTools';

/** Calls that walk their argument to the end. */
const walkers = /^(list|tuple|set|dict|sorted|len|next|iter|enumerate|zip|max|min|sum|any|all|bool)$/;

const registry = new WeakMap<HostContext, Scopes>();

const indexes = new WeakMap<HostContext, { readonly own: ModelIndex; readonly known: ModelIndex }>();

/** The model declarations that a Python context looks into: the file's own, and the workspace's. */
export const modelsOf = (context: HostContext): { readonly own: ModelIndex; readonly known: ModelIndex } | undefined => indexes.get(context);

/** The scopes behind a Python context, for adapters that follow variables themselves. */
export const scopesOf = (context: HostContext): Scopes | undefined => registry.get(context);

/** What the library adapters may ask of a Python file. Valid as long as the tree. */
export function createContext(uri: string, text: string, scopes: Scopes, environment: HostEnvironment, own: ModelIndex, sqlTexts?: SqlTexts): HostContext {
  const entries = new Map<number, boolean>();
  const isEntry = (fn: SyntaxNode): boolean => {
    const known = entries.get(fn.id) ?? entryOf(fn) !== undefined;
    entries.set(fn.id, known);
    return known;
  };
  const bindOrigin = (node: SyntaxNode): BindOrigin => bindOriginOf(node, scopes, isEntry);
  const texts: TextEnvironment = { scopes, bindOrigin, ...(sqlTexts ? { sqlTexts } : {}) };
  const context: HostContext = {
    uri,
    text,
    language: 'python',
    ...(sqlTexts ? { sqlTexts } : {}),
    span: spanOf,
    path: pathOf,
    origin: remembered(scopes, (node) => originOf(node, scopes)),
    string: remembered(scopes, (node): HostString | undefined => {
      const found = textOf(node, texts);
      return found && renderParts(found.parts, found.complete);
    }),
    chain: remembered(scopes, (node) => chainOf(node, scopes)),
    argument: argumentOf,
    bind(node, key): Bind {
      // A value from a helper depends on what the helper was given here.
      const given = callThrough(node);
      const list = given && field(given, 'arguments');
      const names = list ? [...new Set([...freeNames(list), ...freeNames(node)])] : freeNames(node);
      return { key, text: node.text, span: spanOf(node), names, origin: bindOrigin(list && list.namedChildren.length > 0 ? list : node) };
    },
    entries: (node) => readDict(node, scopes),
    items: (node) => readList(node, scopes),
    executes: isWalked,
    model(name, library) {
      const model = findModel(own, name, library) ?? findModel(environment.models, name, library, { uri });
      return library === 'sqlalchemy' ? withTable(model, environment.models) : model;
    },
    statements: (whole, placeholders) => splitHostString(whole, placeholders, environment.split),
  };
  registry.set(context, scopes);
  indexes.set(context, { own, known: environment.models });
  return context;
}

/** Awaited, iterated by a loop, or given to a function that walks it. */
export function isWalked(node: SyntaxNode): boolean {
  const outer = wrapped(node);
  if (outer.id !== node.id && outer.type === 'await') return true;
  const parent = outer.parent;
  if (!parent) return false;
  if (parent.type === 'await') return true;
  if (parent.type === 'for_statement' || parent.type === 'for_in_clause') return field(parent, 'right')?.id === outer.id;
  if (parent.type === 'list_splat') return true;
  return parent.type === 'argument_list' && parent.parent?.type === 'call' && walkers.test(field(parent.parent, 'function')?.text ?? '');
}
