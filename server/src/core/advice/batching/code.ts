import type { HostFile } from '../../hosts/ir';
import type { HostSpan } from '../../text/span';
import { escapeRegExp } from '../../text/regExp';

export type CodeLanguage = 'javascript' | 'python';

/** Undefined for languages whose code is read and not written. */
export const codeLanguageOf = ({ language }: Pick<HostFile, 'language'>): CodeLanguage | undefined =>
  language === 'python' ? 'python' : language === 'typescript' || language === 'tsx' || language === 'javascript' ? 'javascript' : undefined;

/**
 * Code with comments and the contents of strings blanked, same length and line structure, so that words can be looked for.
 * Expressions inside template literals stay. Regular expression literals are not told from division: a quote inside one
 * blanks too much, which can only hide a fix.
 */
export function maskCode(text: string, language: CodeLanguage): string {
  return language === 'python' ? maskPython(text) : maskJavaScript(text);
}

const blank = (text: string): string => text.replace(/[^\r\n]/g, ' ');

function maskPython(text: string): string {
  return text.replace(/#[^\r\n]*|("""|''')[\s\S]*?\1|"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'/g, blank);
}

function maskJavaScript(text: string): string {
  let result = '';
  let i = 0;
  /** Depth of braces for each open template literal. */
  const templates: number[] = [];
  const template = (): void => {
    while (i < text.length) {
      if (text[i] === '\\') {
        result += '  ';
        i += 2;
      } else if (text[i] === '`') {
        result += ' ';
        i++;
        return;
      } else if (text[i] === '$' && text[i + 1] === '{') {
        result += '${';
        i += 2;
        templates.push(0);
        return;
      } else result += blank(text[i++] ?? '');
    }
  };
  while (i < text.length) {
    const rest = text.slice(i, i + 2);
    const match = rest === '//' ? /^\/\/[^\r\n]*/.exec(text.slice(i)) : rest === '/*' ? /^\/\*[\s\S]*?(?:\*\/|$)/.exec(text.slice(i)) : text[i] === '"' || text[i] === "'" ? /^(["'])(?:\\[\s\S]|(?!\1)[^\\\r\n])*\1?/.exec(text.slice(i)) : undefined;
    if (match) {
      result += blank(match[0]);
      i += match[0].length;
      continue;
    }
    const c = text[i++] ?? '';
    result += c === '`' ? ' ' : c;
    const depth = templates.length - 1;
    if (c === '`') template();
    else if (depth >= 0 && c === '{') templates[depth] = (templates[depth] ?? 0) + 1;
    else if (depth >= 0 && c === '}') {
      if (templates[depth] === 0) {
        templates.pop();
        template();
      } else templates[depth] = (templates[depth] ?? 0) - 1;
    }
  }
  return result;
}

/** Offsets of a name as a whole word in masked code; properties (`.name`) left out. */
export function occurrences(masked: string, name: string): readonly number[] {
  const found: number[] = [];
  const pattern = new RegExp(`(?<![\\w$.])${escapeRegExp(name)}(?![\\w$])`, 'g');
  for (let match = pattern.exec(masked); match; match = pattern.exec(masked)) found.push(match.index);
  return found;
}

/** Blanks before the first character of the offset's line, or undefined where something else stands before it. */
export function indentAt(text: string, offset: number): string | undefined {
  const start = Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
  const before = text.slice(start, offset);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

export const lineEnd = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** From the first character of the first line to the end of the last line, its line end excluded. */
export function wholeLines(text: string, span: HostSpan): { readonly start: number; readonly end: number } | undefined {
  const indent = indentAt(text, span.start);
  const rest = /^[ \t]*;?[ \t]*(?=\r?\n|$)/.exec(text.slice(span.end));
  return indent === undefined || !rest ? undefined : { start: span.start, end: span.end + rest[0].length };
}

/** A name that the text does not use yet. */
export function freshName(text: string, wanted: string): string {
  let name = wanted;
  for (let n = 2; new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(text); n++) name = `${wanted}${n}`;
  return name;
}

const words = (name: string): readonly string[] => name.replace(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase().split(/[^a-z\d]+/).filter((w) => w !== '');

export function camelName(...parts: readonly string[]): string {
  const all = parts.flatMap(words);
  const name = all.map((w, k) => (k === 0 ? w : w[0]?.toUpperCase() + w.slice(1))).join('');
  return /^[a-z]/.test(name) ? name : `rows${name}`;
}

export function snakeName(...parts: readonly string[]): string {
  const name = parts.flatMap(words).join('_');
  return /^[a-z]/.test(name) ? name : `rows_${name}`;
}
