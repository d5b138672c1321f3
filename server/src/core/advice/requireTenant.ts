import type { ConditionalPart, FunctionIr, HostFile, QuerySite } from '../hosts/ir';
import { isCommonLanguage } from '../hosts/syntax';
import type { Fix } from '../lint/rule';
import type { Edit } from '../text/edit';
import { containsSpan, hostSpan, type HostSpan } from '../text/span';
import { indentAt, lineEnd, maskCode, type CodeLanguage } from './batching/code';

interface Place {
  readonly file: HostFile;
  /** Text of the document. */
  readonly text: string;
  readonly site: QuerySite;
}

/**
 * Requires the value that a filter stands or falls with: the function throws without it, and where the filter stands under
 * a plain `if` of its own, the `if` goes.
 * @param column the filter's column.
 * @returns undefined where the condition is anything but a test whether the filter's own value is there (a switch such as
 *   `if (scoped)`), and where the value is neither a parameter nor tested by such an `if`.
 */
export function requireValueFix(place: Place, part: Pick<ConditionalPart, 'condition' | 'conditionSpan'>, column: string | undefined): Fix | undefined {
  const { file, text } = place;
  if (isCommonLanguage(file.language)) return undefined;
  const language: CodeLanguage = file.language === 'python' ? 'python' : 'javascript';
  const test = missingTest(part.condition.trim(), language);
  if (!test || !isFilterValue(place.site, test.value, column)) return undefined;
  const masked = maskCode(text, language);
  const branch = plainBranch(text, masked, part.conditionSpan, language);
  const named = owner(place, test.value);
  const fn = named && containsSpan(named.span, part.conditionSpan) ? named : undefined;
  const guard = fn && guardAt(text, masked, fn, language);
  const lines = (indent: string): string => guardText(test, language, indent, lineEnd(text));
  const title = `Require \`${test.value}\`: throw without it`.replace('throw', language === 'python' ? 'raise' : 'throw');
  const edits: Omit<Edit, 'uri'>[] = guard ? [{ span: hostSpan(guard.at, guard.at), text: lines(guard.indent) + lineEnd(text) + guard.indent }] : [];
  if (!guard && !branch) return undefined;
  if (branch) {
    const lead = guard ? '' : lines(branch.indent) + lineEnd(text) + branch.indent;
    edits.push({ span: branch.span, text: lead + branch.body });
  }
  return { title, kind: 'review', edits: edits.map((edit) => ({ ...edit, uri: file.uri })) };
}

/** Bound in the statement as it is, or called like the column. */
function isFilterValue(site: QuerySite, value: string, column: string | undefined): boolean {
  const squash = (name: string | undefined): string => (name ?? '').replace(/_/g, '').toLowerCase();
  return site.binds.some((bind) => bind.text.trim() === value) || (column !== undefined && squash(value.split(/\??\./).at(-1)) === squash(column));
}

interface MissingTest {
  readonly value: string;
  /** Holds when the value is missing. */
  readonly missing: string;
}

function missingTest(condition: string, language: CodeLanguage): MissingTest | undefined {
  const path = '[A-Za-z_$][\\w$]*(?:\\??\\.[A-Za-z_$][\\w$]*)*';
  if (language === 'python') {
    const match = new RegExp(`^(${path})( is not None)?$`).exec(condition);
    return match?.[1] === undefined ? undefined : { value: match[1], missing: match[2] === undefined ? `not ${match[1]}` : `${match[1]} is None` };
  }
  const plain = new RegExp(`^(?:!!\\s*)?(${path})$`).exec(condition)?.[1];
  if (plain !== undefined) return { value: plain, missing: `!${plain}` };
  const compared = new RegExp(`^(${path})\\s*(!==?)\\s*(undefined|null)$`).exec(condition);
  return compared?.[1] === undefined ? undefined : { value: compared[1], missing: `${compared[1]} ${compared[2] === '!=' ? '==' : '==='} ${compared[3]}` };
}

function guardText({ value, missing }: MissingTest, language: CodeLanguage, indent: string, eol: string): string {
  return language === 'python' ? `if ${missing}:${eol}${indent}    raise ValueError("${value} is required")` : `if (${missing}) throw new Error('${value} is required');`;
}

/** The innermost function around the query that has the value as a parameter. */
function owner({ file, site }: Place, value: string): FunctionIr | undefined {
  const root = value.split(/\??\./)[0];
  for (let id = site.functionId; id !== undefined; id = file.functions[id]?.parent) {
    const fn = file.functions[id];
    if (fn?.parameters.some((p) => p.name === root)) return fn;
    if (fn?.locals.some((l) => l.name === root)) return undefined;
  }
  return undefined;
}

/** Before the first statement of a function, behind its docstring. Undefined for bodies on the line of their head. */
function guardAt(text: string, masked: string, fn: FunctionIr, language: CodeLanguage): { readonly at: number; readonly indent: string } | undefined {
  let at: number = fn.body.start;
  if (language === 'python') {
    const doc = /^(?:[rR]?"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\r\n]*")[ \t]*(?:\r?\n[ \t]*)+/.exec(text.slice(at));
    at += doc?.[0].length ?? 0;
  } else {
    if (masked[at] !== '{') return undefined;
    at += 1 + (/^[ \t]*(?:\r?\n[ \t]*)+/.exec(text.slice(at + 1))?.[0].length ?? 0);
  }
  const indent = indentAt(text, at);
  return indent === undefined || at >= fn.body.end ? undefined : { at, indent };
}

/** `if (value) …` that stands on lines of its own without an `else`: the whole of it, and what it holds on the `if`'s own level. */
function plainBranch(text: string, masked: string, condition: HostSpan, language: CodeLanguage): { readonly span: HostSpan; readonly body: string; readonly indent: string } | undefined {
  const head = (language === 'python' ? /(?<![\w])if\s+\(?$/ : /(?<![\w$.])if\s*\(\s*$/).exec(masked.slice(0, condition.start));
  const start = head ? condition.start - head[0].length : 0;
  const indent = head ? indentAt(text, start) : undefined;
  if (!head || indent === undefined || /(?<![\w$])else\s*$/.test(masked.slice(0, start))) return undefined;
  const found = language === 'python' ? pythonBody(masked, condition.end, indent) : scriptBody(masked, condition.end);
  if (!found || /^\s*(else|elif)(?![\w$])/.test(masked.slice(found.end))) return undefined;
  const inner = text.slice(found.span.start, found.span.end);
  const multiline = /\r?\n/.test(inner);
  if (multiline && /`|"""|'''/.test(inner)) return undefined;
  const now = indentAt(text, found.span.start) ?? indent;
  const body = inner.split(/\r?\n/).map((line, k) => (k > 0 && line.startsWith(now) ? indent + line.slice(now.length) : line)).join(lineEnd(text));
  return { span: hostSpan(start, found.end), body, indent };
}

interface Body {
  /** The statements. */
  readonly span: HostSpan;
  /** Where the `if` ends. */
  readonly end: number;
}

function scriptBody(masked: string, from: number): Body | undefined {
  const close = /^\s*\)\s*/.exec(masked.slice(from));
  if (!close) return undefined;
  const start = from + close[0].length;
  if (masked[start] !== '{') {
    const line = /^[^\n;{}]*;/.exec(masked.slice(start));
    return line ? { span: hostSpan(start, start + line[0].length), end: start + line[0].length } : undefined;
  }
  let depth = 0;
  for (let i = start; i < masked.length; i++) {
    if (masked[i] === '{') depth++;
    else if (masked[i] === '}' && --depth === 0) {
      const inner = masked.slice(start + 1, i);
      // A name declared in the block would leak into the function.
      if (inner.trim() === '' || /(?<![\w$.])(const|let|class|function)(?![\w$])/.test(inner)) return undefined;
      return { span: hostSpan(start + 1 + (inner.length - inner.trimStart().length), start + 1 + inner.trimEnd().length), end: i + 1 };
    }
  }
  return undefined;
}

function pythonBody(masked: string, from: number, indent: string): Body | undefined {
  const colon = /^\)?:[ \t]*\r?\n/.exec(masked.slice(from));
  if (!colon) return undefined;
  const lines = masked.slice(from + colon[0].length).split('\n');
  let length = 0;
  let end = 0;
  for (const line of lines) {
    const blank = line.trim() === '';
    if (!blank && !(line.startsWith(indent) && /^[ \t]/.test(line.slice(indent.length)))) break;
    length += line.length + 1;
    if (!blank) end = length - (line.length - line.trimEnd().length) - 1;
  }
  if (end === 0) return undefined;
  const first = from + colon[0].length + (/^\s*/.exec(masked.slice(from + colon[0].length))?.[0].length ?? 0);
  return { span: hostSpan(first, from + colon[0].length + end), end: from + colon[0].length + end };
}

