import type { HostFile, QuerySite } from '../hosts/ir';
import { applyEdits, type Edit } from '../text/edit';
import { containsSpan, hostSpan } from '../text/span';
import { codeLanguageOf, indentAt, maskCode, occurrences } from './batching/code';

/** Numbers, names, properties and what only calculates. */
const CALCULATES = /^[\w$.\s+\-*/%()?:|&<>=!,[\]"']*$/;
const CALLS = /[\w$\])]\s*\(/;
const PURE_CALLS = /\b(?:Number|parseInt|parseFloat|Math\.\w+|int|max|min)\(/g;

/**
 * Removes the declaration of a name of which a rewrite took the last use: `const offset = (page - 1) * size;` on lines of its own,
 * in the query's function. One that calls anything stays.
 * @param rewrite the edits that are made besides; none of them may touch the declaration.
 */
export function removeUnused(file: HostFile, text: string, site: QuerySite, names: readonly string[], rewrite: readonly Edit[]): readonly Edit[] {
  const language = codeLanguageOf(file);
  const fn = site.functionId === undefined ? undefined : file.functions[site.functionId];
  if (!language || !fn) return [];
  const here = rewrite.filter((edit) => edit.uri === file.uri);
  const after = applyEdits(text, here);
  const grown = here.reduce((sum, edit) => sum + edit.text.length - (edit.span.end - edit.span.start), 0);
  if (after === undefined) return [];
  const rest = maskCode(after, language).slice(fn.body.start, fn.body.end + grown);
  return [...new Set(names)].flatMap((name) => {
    const [local, ...others] = fn.locals.filter((known) => known.name === name);
    if (!local || others.length > 0 || !containsSpan(fn.body, local.span) || !CALCULATES.test(local.text) || CALLS.test(local.text.replaceAll(PURE_CALLS, '('))) return [];
    const uses = occurrences(rest, name).filter((at) => !isKey(rest, at, name));
    const span = uses.length === 1 ? statementAt(text, local.span.start, local.span.end, name) : undefined;
    return span ? [{ uri: file.uri, span, text: '' }] : [];
  });
}

/** `skip: 1`: a property of the same name. */
const isKey = (text: string, at: number, name: string): boolean => /^\s*:(?!:)/.test(text.slice(at + name.length)) && /[{,]\s*$/.test(text.slice(0, at));

/** Whole lines of `const name = value;`, the line end behind them included. */
function statementAt(text: string, start: number, end: number, name: string) {
  const keyword = /(?:(?:const|let|var)[ \t]+)?$/.exec(text.slice(0, start))?.[0].length ?? 0;
  const from = start - keyword;
  const indent = indentAt(text, from);
  const behind = /^[ \t]*;?[ \t]*(?:\r?\n)/.exec(text.slice(end));
  const left = text.slice(start, start + name.length) === name && /^\s*(?::[^=]+)?=[^=]/.test(text.slice(start + name.length, end));
  return indent === undefined || !behind || !left ? undefined : hostSpan(from - indent.length, end + behind[0].length);
}
