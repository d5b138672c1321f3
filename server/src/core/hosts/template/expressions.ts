import { hostSpan } from '../../text/span';
import type { TemplateBinding, TemplatePath } from '../templateIr';

interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'mark';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Paths of a text between a tag's marks, in order; `bindings`: those behind `name=`. */
export interface Expression {
  readonly paths: readonly TemplatePath[];
  readonly bindings: readonly TemplateBinding[];
  /** The path that is the whole expression. */
  readonly whole?: TemplatePath;
  readonly words: readonly { readonly text: string; readonly start: number; readonly end: number; readonly isString: boolean }[];
}

const keywords = /^(and|or|not|in|is|if|else|elif|true|false|none|True|False|None|as|with|only|by|recursive|ignore|missing|without|context|reversed|from|import|asvar|trimmed|count|silent)$/;
/** Names that a path may begin with though they are words of tags. */
const nameable = /^(count|context|missing|silent)$/;

/** Calls and brackets inside each other that are read; what stands deeper is left out. */
const MAX_DEPTH = 32;

/** Reads the paths of an expression. Offsets are the document's. Never throws: what is not understood is left out. */
export function readExpression(text: string, start: number, end: number): Expression {
  const tokens = tokensOf(text, start, end);
  const paths: TemplatePath[] = [];
  const bindings: TemplateBinding[] = [];
  let at = 0;
  let first: { readonly path: TemplatePath; readonly from: number; readonly to: number } | undefined;
  while (at < tokens.length) {
    const token = tokens[at]!;
    const next = tokens[at + 1];
    if (token.kind === 'name' && next?.text === '=' ) {
      const inner = readPath(tokens, at + 2, paths);
      bindings.push({ name: token.text, ...(inner ? { path: inner.path } : {}) });
      if (inner) paths.push(inner.path);
      at = inner ? inner.to : at + 3;
      continue;
    }
    const found = isTest(tokens, at) ? undefined : readPath(tokens, at, paths);
    if (found) {
      paths.push(found.path);
      first ??= { path: found.path, from: at, to: found.to };
      at = found.to;
    } else at++;
  }
  const whole = first?.from === 0 && first.to === tokens.length ? first.path : undefined;
  return { paths, bindings, ...(whole ? { whole } : {}), words: tokens.filter((token) => token.kind === 'name' || token.kind === 'string').map(({ kind, text: word, start: from, end: to }) => ({ text: kind === 'string' ? word.slice(1, -1) : word, start: from, end: to, isString: kind === 'string' })) };
}

/** `is defined`, `is not none`: a test's name is no variable. */
const isTest = (tokens: readonly Token[], at: number): boolean => tokens[at - 1]?.text === 'is' || (tokens[at - 1]?.text === 'not' && tokens[at - 2]?.text === 'is');

/** @param inner takes the paths of arguments. @param filtered false: a filter behind the path is not its own. */
function readPath(tokens: readonly Token[], from: number, inner: TemplatePath[], depth = 0, filtered = true): { readonly path: TemplatePath; readonly to: number } | undefined {
  const root = tokens[from];
  if (root?.kind !== 'name' || (keywords.test(root.text) && !(nameable.test(root.text) && tokens[from + 1]?.text === '.'))) return undefined;
  const steps: { name: string; span: TemplatePath['span']; called: boolean }[] = [{ name: root.text, span: hostSpan(root.start, root.end), called: false }];
  const filters: string[] = [];
  let args: readonly TemplateBinding[] | undefined;
  let size: number | undefined;
  let end = root.end;
  let at = from + 1;
  for (;;) {
    const mark = tokens[at];
    const next = tokens[at + 1];
    if (mark?.text === '.' && next && (next.kind === 'name' || next.kind === 'number') && filters.length === 0) {
      steps.push({ name: next.text, span: hostSpan(next.start, next.end), called: false });
      end = next.end;
      at += 2;
    } else if (mark?.text === '(' && filters.length === 0 && mark.start === tokens[at - 1]?.end) {
      const close = closing(tokens, at);
      const call = argumentsOf(tokens, at + 1, close, inner, depth + 1);
      const last = steps.at(-1)!;
      last.called = true;
      args = call;
      if (close > at + 1) steps.push({ name: '()', span: last.span, called: true });
      end = tokens[close]?.end ?? end;
      at = close + 1;
    } else if (mark?.text === '[' && filters.length === 0 && mark.start === tokens[at - 1]?.end) {
      const close = closing(tokens, at);
      const content = tokens.slice(at + 1, close);
      const [key] = content;
      if (content.length === 1 && key?.kind === 'string') steps.push({ name: key.text.slice(1, -1), span: hostSpan(key.start, key.end), called: false });
      else if (content.length === 1 && key?.kind === 'number') steps.push({ name: key.text, span: hostSpan(key.start, key.end), called: false });
      else if (key?.text === ':' && content.length === 2 && content[1]?.kind === 'number') size = Math.min(size ?? Infinity, Number(content[1].text));
      else if (!content.some((token) => token.text === ':')) {
        argumentsOf(tokens, at + 1, close, inner, depth + 1);
        steps.push({ name: '[]', span: steps.at(-1)!.span, called: false });
      }
      end = tokens[close]?.end ?? end;
      at = close + 1;
    } else if (filtered && mark?.text === '|' && next?.kind === 'name') {
      filters.push(next.text);
      at += 2;
      if (tokens[at]?.text === ':') {
        const argument = tokens[at + 1];
        const bound = next.text === 'slice' && argument?.kind === 'string' ? /^.:(\d+).$/.exec(argument.text)?.[1] : undefined;
        if (bound !== undefined) size = Math.min(size ?? Infinity, Number(bound));
        // A filter behind a path that is an argument belongs to the value before it.
        const path = readPath(tokens, at + 1, inner, depth, false);
        if (path) inner.push(path.path);
        at = path ? path.to : at + 2;
      } else if (tokens[at]?.text === '(') {
        const close = closing(tokens, at);
        argumentsOf(tokens, at + 1, close, inner, depth + 1);
        at = close + 1;
      }
    } else break;
  }
  return { path: { steps, span: hostSpan(root.start, end), filters, ...(size === undefined ? {} : { size }), ...(args && args.length > 0 ? { args } : {}) }, to: at };
}

/** Arguments between brackets: those that are paths, in order, with their keyword. */
function argumentsOf(tokens: readonly Token[], from: number, to: number, inner: TemplatePath[], depth: number): readonly TemplateBinding[] {
  if (depth > MAX_DEPTH) return [];
  const found: TemplateBinding[] = [];
  let at = from;
  while (at < to) {
    const keyword = tokens[at]?.kind === 'name' && tokens[at + 1]?.text === '=' ? tokens[at]?.text : undefined;
    if (keyword !== undefined) at += 2;
    const end = argumentEnd(tokens, at, to);
    let whole: TemplatePath | undefined;
    for (let rest = at; rest < end;) {
      const path = isTest(tokens, rest) ? undefined : readPath(tokens, rest, inner, depth);
      if (path) inner.push(path.path);
      if (rest === at && path?.to === end) whole = path.path;
      rest = path ? path.to : rest + 1;
    }
    found.push({ name: keyword ?? '', ...(whole ? { path: whole } : {}) });
    at = end + 1;
  }
  return found;
}

function argumentEnd(tokens: readonly Token[], from: number, to: number): number {
  let depth = 0;
  for (let at = from; at < to; at++) {
    const { text } = tokens[at]!;
    if (/^[([{]$/.test(text)) depth++;
    else if (/^[)\]}]$/.test(text)) depth--;
    else if (text === ',' && depth === 0) return at;
  }
  return to;
}

function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const { text, kind } = tokens[at]!;
    if (kind === 'mark' && /^[([{]$/.test(text)) depth++;
    else if (kind === 'mark' && /^[)\]}]$/.test(text) && --depth === 0) return at;
  }
  return tokens.length;
}

function tokensOf(text: string, start: number, end: number): readonly Token[] {
  const source = text.slice(start, end);
  const pattern = /[A-Za-z_]\w*|\d+|[=!<>]=|\*\*|\/\/|[^\s\w]/g;
  // Behind a quote that nothing closes no other of its kind is closed either.
  const quotes = new Map([['"', /"(?:[^"\\]|\\[^])*"/y], ["'", /'(?:[^'\\]|\\[^])*'/y]]);
  const tokens: Token[] = [];
  for (let match = pattern.exec(source); match; match = pattern.exec(source)) {
    let [word] = match;
    const quoted = quotes.get(word);
    if (quoted) {
      quoted.lastIndex = match.index;
      const whole = quoted.exec(source)?.[0];
      if (whole === undefined) quotes.delete(word);
      else word = whole;
    }
    pattern.lastIndex = match.index + word.length;
    const kind = /^["']/.test(word) && word.length > 1 ? 'string' : /^[A-Za-z_]/.test(word) ? 'name' : /^\d/.test(word) ? 'number' : 'mark';
    tokens.push({ kind, text: word, start: start + match.index, end: start + match.index + word.length });
  }
  return tokens;
}
