import type { LoopQuery } from '../../calls/loopQueries';
import type { QuerySite } from '../../hosts/ir';
import type { CommonLanguage } from '../../hosts/syntax';
import { isCommonLanguage } from '../../hosts/syntax';
import type { FlowContext } from '../../lint/rule';
import { escapeRegExp } from '../../text/regExp';
import { containsSpan, hostSpan, spanText, type HostSpan } from '../../text/span';
import { indentAt } from './code';

/** A loop of Go, Java, PHP, C# or Rust whose body is one statement, and that statement one query whose result goes nowhere. */
export interface SoleWrite {
  readonly site: QuerySite;
  readonly language: CommonLanguage;
  /** The query as written: `db.Create(&user)`. */
  readonly call: string;
  /** Name of the element. */
  readonly element: string;
  /** The collection as an expression: `users`, `$orders`, `self.ids`. */
  readonly list: string;
  /** Its declared type, where one is seen. */
  readonly type?: string;
  /** The element is a reference into the collection (Rust). */
  readonly borrowed: boolean;
  /** The whole loop statement. */
  readonly span: HostSpan;
  /** The body's statement with another query in it. */
  statement(call: string): string;
}

const SLOT = '\u0001';

/** What may stand round the query: an error leaves the function at once, so that nothing is isolated per row. */
const frames: Readonly<Partial<Record<CommonLanguage, RegExp>>> = {
  go: /^if (?:_, ?)?(\w*[eE]rr) :?= \u0001(?:\.Error)?; \1 != nil \{\s*return\b[^{}\u0001]*\}$/,
  java: /^\u0001;?$/,
  php: /^\u0001;$/,
  csharp: /^(?:await )?\u0001;?$/,
  rust: /^\u0001(?:\.await)?(?:\?|\.unwrap\(\)|\.expect\("[^"]*"\));?$/,
};

const heads: Readonly<Partial<Record<CommonLanguage, RegExp>>> = {
  go: /^for\s+_\s*,\s*(\w+)\s*:=\s*range\s+$/,
  java: /^for\s*\(\s*(?:final\s+)?[\w<>[\],.? ]+\s(\w+)\s*:\s*$/,
  php: /^foreach\s*\(\s*$/,
  csharp: /^foreach\s*\(\s*[\w<>[\],.? ]+\s(\w+)\s+in\s+$/,
  rust: /^for\s+(\w+)\s+in\s+$/,
};

/** Undefined where the loop, its head or its body are of another form. */
export function soleWrite({ file, text }: FlowContext, { loop, site, dependent, path, call }: LoopQuery): SoleWrite | undefined {
  const { language } = file;
  if (!isCommonLanguage(language) || !site || !dependent || path.length !== 1 || loop.id < 0 || !loop.iterable || call?.conditional === true || site.conditional.length > 0) return undefined;
  if (site.functionId !== loop.functionId || file.sites.some((other) => other.id !== site.id && containsSpan(loop.body, other.span))) return undefined;
  const frame = frames[language];
  const indent = indentAt(text, loop.span.start);
  const body = unbraced(spanText(text, loop.body), loop.body.start);
  if (!frame || indent === undefined || !body || site.span.start < body.start || site.span.end > body.start + body.text.length) return undefined;
  const [before, after] = [body.text.slice(0, site.span.start - body.start), body.text.slice(site.span.end - body.start)];
  const rest = `${before}${SLOT}${after}`;
  if (!frame.test(rest.replaceAll(/\s+/g, ' '))) return undefined;
  const head = headOf(text, loop.span.start, loop.iterable.span, language, loop.kind === 'callback' ? loop.body.start : undefined);
  const element = language === 'php' ? phpElement(text, loop.iterable.span.end) : head;
  if (element === undefined || mentions(rest, element)) return undefined;
  const written = loop.iterable.text.trim();
  const list = language === 'rust' ? written.replace(/^&(?:mut\s+)?/, '').replace(/\.(?:iter|into_iter)\(\)$/, '') : written;
  if (!/^[$A-Za-z_@][\w$]*(?:(?:\.|->)[A-Za-z_]\w*)*$/.test(list) || mentions(list, element)) return undefined;
  const end = loop.kind === 'callback' ? /^\s*;/.exec(text.slice(loop.span.end))?.[0].length : 0;
  if (end === undefined || !/^[ \t]*(?:\r?\n|$)/.test(text.slice(loop.span.end + end))) return undefined;
  const type = typeOf(list, loop.functionId, { file });
  return {
    site, language, call: spanText(text, site.span), element, list, ...(type === undefined ? {} : { type }), borrowed: language === 'rust' && (written.startsWith('&') || written.endsWith('.iter()') || /^&/.test(type ?? '')), span: hostSpan(loop.span.start, loop.span.end + end),
    statement: (replaced) => dedented(`${before}${replaced}${after}${loop.kind === 'callback' && !after.trimEnd().endsWith(';') ? ';' : ''}`.trim(), indent),
  };
}

/** The content of `{ … }`, or a statement without braces; with where it starts. */
function unbraced(body: string, start: number): { readonly text: string; readonly start: number } | undefined {
  const inner = body.startsWith('{') ? (body.endsWith('}') ? body.slice(1, -1) : undefined) : body;
  if (inner === undefined || /\/\/|\/\*|^\s*#/m.test(inner.replaceAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g, ''))) return undefined;
  const lead = inner.length - inner.trimStart().length;
  return { text: inner.trim(), start: start + (body.startsWith('{') ? 1 : 0) + lead };
}

/** The element of `for (T x : xs)`, and of `xs.forEach(x -> …)`. */
function headOf(text: string, start: number, iterable: HostSpan, language: CommonLanguage, callback: number | undefined): string | undefined {
  if (callback !== undefined) return language === 'java' ? /^\.forEach\(\s*\(?(\w+)\)?\s*->\s*$/.exec(text.slice(iterable.end, callback))?.[1] : undefined;
  const found = heads[language]?.exec(text.slice(start, iterable.start));
  return found?.[1];
}

/** `foreach ($xs as $x)`; keys are not followed. */
const phpElement = (text: string, at: number): string | undefined => /^\s+as\s+(\$\w+)\s*\)/.exec(text.slice(at, at + 200))?.[1];

export const mentions = (text: string, name: string): boolean => new RegExp(`(?<![\\w$])${escapeRegExp(name)}(?!\\w)`).test(text);

/** Lines behind the first move as far to the left as the body stood to the right of its loop. */
function dedented(text: string, indent: string): string {
  const lines = text.split('\n');
  const inner = /^[ \t]*/.exec(lines.at(-1) ?? '')?.[0] ?? '';
  const extra = lines.length > 1 && inner.startsWith(indent) ? inner.length - indent.length : 0;
  return lines.map((line, k) => (k === 0 ? line : line.startsWith(inner) ? line.slice(0, indent.length) + line.slice(indent.length + extra) : line)).join('\n');
}

/** Type of a parameter, a local or a field by its plain name. */
export function typeOf(list: string, functionId: number | undefined, { file }: Pick<FlowContext, 'file'>): string | undefined {
  const name = list.replace(/^(?:this|self|\$this)(?:\.|->)/, '').replace(/^\$/, '');
  if (/\.|->/.test(name)) return undefined;
  for (let id = functionId; id !== undefined; id = file.functions[id]?.parent) {
    const fn = file.functions[id];
    const given = fn?.parameters.find((parameter) => parameter.name.replace(/^\$/, '') === name)?.type ?? fn?.locals.find((local) => local.name.replace(/^\$/, '') === name && local.type !== undefined)?.type;
    if (given !== undefined) return given.trim();
    const cls = fn?.classId === undefined ? undefined : file.classes[fn.classId];
    const field = cls?.fields.find((one) => one.name === name)?.type;
    if (field !== undefined) return field.trim();
  }
  return undefined;
}

/** The element, or a field or getter of it: nothing that has an effect. */
export const isPlain = (value: string, element: string): boolean => new RegExp(`^&?${escapeRegExp(element)}(?:(?:\\.|->)\\w+(?:\\(\\))?)*$`).test(value.trim());
