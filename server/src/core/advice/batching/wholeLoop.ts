import type { FlowContext, Fix } from '../../lint/rule';
import type { Edit } from '../../text/edit';
import { hostSpan, type HostSpan } from '../../text/span';
import { lineEnd, maskCode, wholeLines } from './code';
import type { PlainLoop } from './shape';

/** The query is the only statement of the body, and its result goes nowhere. */
export function isWholeBody(plain: PlainLoop): boolean {
  const { loop, awaited, site } = plain;
  const before = plain.body.slice(0, awaited.start - loop.body.start);
  const after = plain.body.slice(awaited.end - loop.body.start);
  // A turn of `Promise.all` may give the promise itself.
  if (plain.concurrent) return /^\s*(\{\s*(return\s)?)?\s*$/.test(before) && /^\s*;?\s*\}?\s*$/.test(after);
  const needsAwait = plain.language === 'javascript' || site.library === 'asyncpg';
  return !(needsAwait && awaited.start === site.span.start) && /^\s*\{?\s*$/.test(before) && /^\s*;?\s*\}?\s*$/.test(after);
}

/** From the first to the last character of the loop's statement: `for …`, or `await Promise.all(xs.map(…));` whose value nobody takes. */
export function loopStatement({ text }: FlowContext, plain: PlainLoop): HostSpan | undefined {
  if (!plain.concurrent) {
    const lines = wholeLines(text, plain.loop.span);
    return lines && hostSpan(lines.start, lines.end);
  }
  const masked = maskCode(text, plain.language);
  const end = /^\s*,?\s*\)[ \t]*;?/.exec(masked.slice(plain.loop.span.end))?.[0];
  if (end === undefined || !/^await\s+Promise\.all\(\s*$/.test(masked.slice(plain.at, plain.loop.span.start))) return undefined;
  return /^[ \t]*(\r?\n|$)/.test(masked.slice(plain.loop.span.end + end.length)) ? hostSpan(plain.at, plain.loop.span.end + end.length) : undefined;
}

export interface LoopReplacement {
  readonly title: string;
  /** Host expression that sends the one statement, not awaited. */
  readonly call: string;
  /** Statements before it, each on a line. */
  readonly before?: readonly string[];
  /** In front of the statement on its line: `if (rows.length > 0) `. */
  readonly guard?: string;
  /** Changes elsewhere. */
  readonly others?: readonly Edit[];
}

/** One statement in place of the loop. Undefined where the loop shares its lines with something else. */
export function replaceLoop(context: FlowContext, plain: PlainLoop, { title, call, before = [], guard = '', others = [] }: LoopReplacement): Fix | undefined {
  const span = loopStatement(context, plain);
  if (!span) return undefined;
  const { uri } = context.file;
  const wait = plain.concurrent || plain.awaited.start < plain.site.span.start ? 'await ' : '';
  const text = [...before, `${guard}${wait}${call}${plain.language === 'python' ? '' : ';'}`].join(lineEnd(context.text) + plain.indent);
  return { title, kind: 'review', edits: [...others, { uri, span, text }] };
}

/** The element as an expression: its name, or a pattern that holds names alone. Undefined for a pattern that renames or leaves out. */
export function elementValue(plain: PlainLoop): string | undefined {
  const { language } = plain;
  const element = plain.element.replace(/:\s*[\w<>[\]. |]+$/, '');
  if (/^[A-Za-z_$][\w$]*$/.test(element)) return element;
  if (language === 'python') return /^\(?\w+(\s*,\s*\w+)+\)?$/.test(element) ? `(${element.replace(/^\(|\)$/g, '')})` : undefined;
  return /^\{\s*[\w$]+(\s*,\s*[\w$]+)*\s*,?\s*\}$/.test(element) ? element : undefined;
}

/**
 * The last element of each key, in a variable of its own: what the loop wrote last stands, and one statement writes no row twice.
 * @param keys host expressions of the key's parts.
 */
export function lastOfEachKey(plain: PlainLoop, keys: readonly string[], name: string): { readonly before: readonly string[]; readonly plain: PlainLoop } | undefined {
  const value = elementValue(plain);
  const [key] = keys;
  if (value === undefined || key === undefined) return undefined;
  const whole = plain.language === 'python' ? (keys.length === 1 ? key : `(${keys.join(', ')})`) : keys.length === 1 ? key : `JSON.stringify([${keys.join(', ')}])`;
  const parameter = plain.element.replace(/:\s*[\w<>[\]. |]+$/, '');
  const walked = plain.isArray || plain.loop.iterable?.kind === 'query' ? `${plain.iterable}.map(` : `Array.from(${plain.iterable}, `;
  // TypeScript takes `[a, b]` for an array of either; `as const` makes it the pair that `Map` wants.
  const line = plain.language === 'python'
    ? `${name} = list({${whole}: ${value} for ${parameter} in ${plain.iterable}}.values())`
    : `const ${name} = [...new Map(${walked}(${parameter}) => [${whole}, ${value}]${plain.typed ? ' as const' : ''})).values()];`;
  return { before: [line], plain: { ...plain, iterable: name, isArray: true } };
}
