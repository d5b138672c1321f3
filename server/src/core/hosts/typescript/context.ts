import type { HostContext } from '../../libraries/adapter';
import type { HostEnvironment } from '../host';
import { findModel, type ModelIndex } from '../models';
import type { HostLanguage, SyntaxNode } from '../syntax';
import { splitHostString } from '../shared/statements';
import { renderParts, type HoleExpression } from '../shared/textParts';
import { remembered } from '../shared/remembered';
import { callThrough } from '../shared/through';
import { readElements } from './arrays';
import { chainArgument, flattenChain } from './chains';
import { isExecuted } from './execution';
import { readArray, readObject } from './objects';
import { bindOrigin } from './bindOrigins';
import { traceOrigin } from './origins';
import type { SqlTexts } from '../shared/sqlTexts';
import type { Scopes } from './scopes';
import { createStringReader } from './strings';
import { callSpan, collectNames, loosePath, spanOf, unwrap } from './syntaxTools';

/** The context for one file, plus what the walk needs to know of how the adapters used it. */
export interface TypeScriptContext extends HostContext {
  readonly scopes: Scopes;
  /** Outermost nodes of chains that were followed into another chain. */
  readonly absorbed: Set<number>;
}

/** @param scopes of the same tree; the context dies with it. */
export function createContext(uri: string, text: string, language: HostLanguage, scopes: Scopes, environment: HostEnvironment, own: ModelIndex, sqlTexts?: SqlTexts): TypeScriptContext {
  const absorbed = new Set<number>();
  const expression = (node: SyntaxNode): HoleExpression => {
    // A value from a helper depends on what the helper was given here.
    const given = callThrough(node)?.childForFieldName('arguments');
    if (!given) return { text: node.text, span: spanOf(node), names: collectNames(node), origin: bindOrigin(node, scopes) };
    return { text: node.text, span: spanOf(node), names: [...new Set([...collectNames(given), ...collectNames(node)])], origin: given.namedChildren.length > 0 ? bindOrigin(given, scopes) : bindOrigin(node, scopes) };
  };
  const strings = createStringReader(scopes, expression, sqlTexts);
  return {
    uri,
    text,
    language,
    scopes,
    absorbed,
    span: callSpan,
    path(node) {
      const path = loosePath(node);
      return path?.includes('?') ? undefined : path;
    },
    origin: remembered(scopes, (node) => traceOrigin(node, scopes)),
    string: remembered(scopes, (node) => {
      const found = strings.parts(node);
      return found && renderParts(found.parts, found.complete);
    }),
    chain: remembered(scopes, (node) => flattenChain(node, scopes, absorbed)),
    argument: (node) => chainArgument(node),
    bind: (node, key) => ({ key, ...expression(unwrap(node)) }),
    entries: (node) => readObject(node, scopes),
    items: (node) => readArray(node, scopes),
    executes: (node) => isExecuted(node, scopes),
    model: (name, library) => findModel(own, name, library) ?? findModel(environment.models, name, library, { uri, from: scopes.sourceOf(name) }),
    statements: (whole, placeholders) => splitHostString(whole, placeholders, environment.split),
    elements: (node) => readElements(node, scopes),
    tagged(template, hole) {
      const found = strings.tagged(template, hole);
      return renderParts(found.parts, found.complete);
    },
  };
}
