import { replaceDirectives } from '../shared/formatText';
import type { SyntaxNode } from '../syntax';
import type { HostText } from './strings';
import { field, literalValue, parts } from './syntaxTools';

type Resolve = (argument: SyntaxNode) => HostText;

const percentDirective = /%(?:\((\w+)\))?[-#0 +]*(?:\d+|\*)?(?:\.\d+)?([sdrifxeg%])/g;
const braceDirective = /\{\{|\}\}|\{([^{}!:]*)(?:![rsa])?(?::[^{}]*)?\}/g;

/** `template % value`. A directive whose argument is not seen (`% params`) becomes a hole for the whole argument. */
export function formatPercent(template: HostText, value: SyntaxNode, resolve: Resolve): HostText {
  const items = value.type === 'tuple' ? parts(value) : undefined;
  const named = value.type === 'dictionary' ? dictionaryItems(value) : undefined;
  let used = 0;
  return replaceDirectives(template, percentDirective, (match) => {
    if (match[2] === '%') return '%';
    const argument = match[1] !== undefined ? named?.get(match[1]) : items ? items[used++] : undefined;
    return resolve(argument ?? value);
  });
}

/** `template.format(…)`. */
export function formatBraces(template: HostText, positional: readonly SyntaxNode[], keyword: ReadonlyMap<string, SyntaxNode>, resolve: Resolve): HostText {
  let used = 0;
  let complete = true;
  const text = replaceDirectives(template, braceDirective, (match) => {
    if (match[0] === '{{') return '{';
    if (match[0] === '}}') return '}';
    const key = match[1] ?? '';
    const name = /^\w*/.exec(key)?.[0] ?? '';
    const argument = name === '' ? positional[used++] : /^\d+$/.test(name) ? positional[Number(name)] : keyword.get(name);
    if (argument) return resolve(argument);
    complete = false;
    return { parts: [], complete: false };
  });
  return complete ? text : { ...text, complete: false };
}

function dictionaryItems(node: SyntaxNode): ReadonlyMap<string, SyntaxNode> {
  const items = new Map<string, SyntaxNode>();
  for (const pair of parts(node)) {
    const key = pair.type === 'pair' ? field(pair, 'key') : undefined;
    const value = pair.type === 'pair' ? field(pair, 'value') : undefined;
    const name = key && literalValue(key);
    if (typeof name === 'string' && value) items.set(name, value);
  }
  return items;
}
