import { hostSpan } from '../../text/span';
import type { TemplateBinding, TemplatePath } from '../templateIr';

/** How a language writes a path of members. */
export interface PathSyntax {
  /** Sticky: what a path begins with. */
  readonly root: RegExp;
  /** Sticky: the next member, its name in the first group. */
  readonly member: RegExp;
  /** Name of the root as templates know it. */
  rootName(text: string): string;
  /** Marks round a text in which expressions may stand. */
  readonly interpolation?: { readonly open: string; readonly close: string };
  /** Sticky: words that look like a path and are none (a key, a symbol). */
  readonly skip: RegExp;
}

/** One path with where it ends in the text. */
interface Found {
  readonly path: TemplatePath;
  readonly end: number;
}

const MAX_DEPTH = 24;

/**
 * The paths of an expression in Ruby or PHP, in order, those in arguments and interpolations too. A call of a member has its name
 * with `called`; what follows a call with arguments hangs on a step named `()`.
 */
export function memberPaths(text: string, start: number, end: number, syntax: PathSyntax, depth = 0): readonly TemplatePath[] {
  const found: TemplatePath[] = [];
  let at = start;
  while (at < end && depth < MAX_DEPTH) {
    const quote = text[at];
    if (quote === '"' || quote === "'") {
      const close = stringEnd(text, at, end);
      if (quote === '"' && syntax.interpolation) found.push(...interpolated(text, at + 1, close - 1, syntax, depth));
      at = close;
      continue;
    }
    const skipped = match(syntax.skip, text, at);
    if (skipped) {
      at += skipped[0].length;
      continue;
    }
    const path = readPath(text, at, end, syntax, found, depth);
    if (path) {
      found.push(path.path);
      at = path.end;
    } else at++;
  }
  return found;
}

/** The path that is the whole expression; undefined: it is more than that. */
export function wholePath(text: string, start: number, end: number, syntax: PathSyntax): TemplatePath | undefined {
  let [from, to] = [start, end];
  while (from < to && /\s/.test(text[from] ?? '')) from++;
  while (to > from && /\s/.test(text[to - 1] ?? '')) to--;
  const path = readPath(text, from, to, syntax, [], 0);
  return path?.end === to ? path.path : undefined;
}

function readPath(text: string, at: number, end: number, syntax: PathSyntax, inner: TemplatePath[], depth: number): Found | undefined {
  const root = match(syntax.root, text, at);
  if (!root || (at > 0 && /[\w$@]/.test(text[at - 1] ?? ''))) return undefined;
  const steps: { name: string; span: TemplatePath['span']; called: boolean }[] = [{ name: syntax.rootName(root[0]), span: hostSpan(at, at + root[0].length), called: false }];
  let position = at + root[0].length;
  let pathEnd = position;
  while (position < end) {
    const member = match(syntax.member, text, position);
    if (member?.[1] !== undefined && position + member[0].length <= end) {
      position += member[0].length;
      steps.push({ name: member[1], span: hostSpan(position - member[1].length, position), called: false });
      pathEnd = position;
    } else if (text[position] === '(' || text[position] === '[' ) {
      const close = bracketEnd(text, position, end);
      inner.push(...memberPaths(text, position + 1, close - 1, syntax, depth + 1));
      const last = steps.at(-1)!;
      const empty = text.slice(position + 1, close - 1).trim() === '';
      if (text[position] === '(') last.called = true;
      if (text[position] === '[' || !empty) steps.push({ name: '()', span: last.span, called: true });
      position = close;
      pathEnd = close;
    } else break;
  }
  return { path: { steps, span: hostSpan(at, pathEnd), filters: [] }, end: position };
}

function interpolated(text: string, start: number, end: number, syntax: PathSyntax, depth: number): readonly TemplatePath[] {
  const { open, close } = syntax.interpolation!;
  const found: TemplatePath[] = [];
  for (let at = text.indexOf(open, start); at >= 0 && at < end; at = text.indexOf(open, at + open.length)) {
    const to = text.indexOf(close, at);
    if (to < 0 || to > end) break;
    found.push(...memberPaths(text, at + open.length, to, syntax, depth + 1));
  }
  return found;
}

/** `order: order, user: @user`, `['order' => $order]`: what stands behind each key. */
export function keyedPaths(text: string, start: number, end: number, key: RegExp, syntax: PathSyntax): readonly TemplateBinding[] {
  const found: TemplateBinding[] = [];
  for (const [from, to] of argumentsIn(text, start, end)) {
    const named = new RegExp(`^\\s*${key.source}`).exec(text.slice(from, to));
    if (named?.[1] === undefined) continue;
    const path = wholePath(text, from + named[0].length, to, syntax);
    found.push({ name: named[1], ...(path ? { path } : {}) });
  }
  return found;
}

/** Arguments between commas that stand in no bracket or string. */
export function argumentsIn(text: string, start: number, end: number): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  let from = start;
  let at = start;
  while (at < end) {
    const char = text[at]!;
    if (char === '"' || char === "'") at = stringEnd(text, at, end);
    else if (/[([{]/.test(char)) at = bracketEnd(text, at, end);
    else {
      if (char === ',') {
        found.push([from, at]);
        from = at + 1;
      }
      at++;
    }
  }
  if (text.slice(from, end).trim() !== '') found.push([from, end]);
  return found;
}

/** Behind the bracket that closes the one at `at`. */
export function bracketEnd(text: string, at: number, end: number): number {
  let depth = 0;
  for (let i = at; i < end; i++) {
    const char = text[i]!;
    if (char === '"' || char === "'") i = stringEnd(text, i, end) - 1;
    else if (char === '(' || char === '[' || char === '{') depth++;
    else if ((char === ')' || char === ']' || char === '}') && --depth === 0) return i + 1;
  }
  return end;
}

function stringEnd(text: string, at: number, end: number): number {
  const quote = text[at];
  for (let i = at + 1; i < end; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) return i + 1;
  }
  return end;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
