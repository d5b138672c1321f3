import type { TextPart } from '../shared/textParts';
import { hostSpan, type HostSpan } from '../../text/span';
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
  return replaceIn(template, percentDirective, (match) => {
    if (match[2] === '%') return '%';
    const argument = match[1] !== undefined ? named?.get(match[1]) : items ? items[used++] : undefined;
    return resolve(argument ?? value);
  });
}

/** `template.format(…)`. */
export function formatBraces(template: HostText, positional: readonly SyntaxNode[], keyword: ReadonlyMap<string, SyntaxNode>, resolve: Resolve): HostText {
  let used = 0;
  let complete = true;
  const text = replaceIn(template, braceDirective, (match) => {
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

/** Replaces each match in the text parts; a string result stands as escaped text at the directive's place. */
function replaceIn(template: HostText, directive: RegExp, replacement: (match: RegExpMatchArray) => string | HostText): HostText {
  let complete = template.complete;
  const rewrite = (list: readonly TextPart[]): TextPart[] =>
    list.flatMap((part): TextPart[] => {
      if (part.kind === 'choice') return [{ ...part, then: rewrite(part.then), otherwise: rewrite(part.otherwise) }];
      if (part.kind !== 'text') return [part];
      const result: TextPart[] = [];
      let at = 0;
      const piece = (from: number, to: number): HostSpan | undefined =>
        part.span && (part.form === 'verbatim' ? hostSpan(part.span.start + from, part.span.start + to) : part.span);
      for (const match of part.text.matchAll(directive)) {
        const start = match.index;
        if (start > at) result.push({ ...part, text: part.text.slice(at, start), span: piece(at, start) });
        at = start + match[0].length;
        const made = replacement(match);
        if (typeof made === 'string') result.push({ kind: 'text', text: made, form: 'escaped', span: piece(start, at) });
        else {
          complete &&= made.complete;
          result.push(...made.parts);
        }
      }
      if (at < part.text.length) result.push({ ...part, text: part.text.slice(at), span: piece(at, part.text.length) });
      return result;
    });
  return { parts: rewrite(template.parts), complete };
}
