import type { LoopQuery } from '../../calls/loopQueries';
import type { Bind, Loop, QuerySite } from '../../hosts/ir';
import { findAdapter } from '../../libraries';
import type { FlowContext } from '../../lint/rule';
import { escapeRegExp } from '../../text/regExp';
import { containsSpan, hostSpan, spanText, type HostSpan } from '../../text/span';
import { codeLanguageOf, indentAt, maskCode, type CodeLanguage } from './code';

/** A loop that is plain enough to take a query out of it, with everything that the rewrites need. */
export interface PlainLoop {
  readonly loop: Loop;
  readonly site: QuerySite;
  readonly language: CodeLanguage;
  readonly indent: string;
  /** The element as written in the head: `order`, `{ id, name }`, `i, order`. */
  readonly element: string;
  readonly elements: readonly string[];
  /** The collection as written: `orders`, `result.rows`. */
  readonly iterable: string;
  /** Annotation or value say that it is an array (TypeScript) or a list (Python). */
  readonly isArray: boolean;
  /** Masked text of the body, and where it starts. */
  readonly body: string;
  readonly bodyStart: number;
  /** The query with its `await`, if it has one. */
  readonly awaited: HostSpan;
  /** Where statements that run before the loop are written, with `indent`. */
  readonly at: number;
  /** TypeScript. */
  readonly typed: boolean;
  /** The turns of `Promise.all(xs.map(…))`: nothing is carried over, a `return` ends its own turn only. */
  readonly concurrent: boolean;
}

/**
 * Recognises the loop form that may be rewritten: `for … of` / `for … in` over a plain collection, the query direct in its
 * body on every turn, no other query or awaited work, no `try`, no early exit, no value carried over turns.
 */
export function plainLoop(context: FlowContext, query: LoopQuery): PlainLoop | undefined {
  const { loop, site } = query;
  const { file, text } = context;
  if (!site?.source || (!site.complete && !insertsElement(context, site, loop)) || !query.dependent || query.path.length !== 1 || loop.id < 0 || site.conditional.length > 0 || !loop.iterable) return undefined;
  // `em.find(Line, …)` itself looks like a method that takes a function.
  const isQuery = (other: Loop): boolean => other.span.start === site.span.start && other.span.end === site.span.end;
  if (query.call?.conditional === true || file.loops.some((other) => other.id !== loop.id && !isQuery(other) && containsSpan(loop.body, other.span) && containsSpan(other.span, site.span) && !(other.iterable && containsSpan(other.iterable.span, site.span)))) return undefined;
  const language = codeLanguageOf(file);
  if (!language) return undefined;
  const masked = maskCode(text, language);
  const place = loop.concurrent ? concurrentPlace(context, loop, site, masked) : statementPlace(context, loop, site, language, masked);
  const iterable = loop.iterable.text.trim();
  if (!place || !/^[A-Za-z_$][\w$]*(\??\.[A-Za-z_$][\w$]*)*$/.test(iterable)) return undefined;
  const body = masked.slice(loop.body.start, loop.body.end);
  const awaited = withAwait(masked, site.span);
  const plain: PlainLoop = { loop, site, language, ...place, elements: loop.elements, iterable, isArray: isKnownList(context, loop, iterable), body, bodyStart: loop.body.start, awaited, typed: file.language === 'typescript' || file.language === 'tsx', concurrent: loop.concurrent };
  return isUndisturbed(context, plain) ? plain : undefined;
}

/** `knex('t').insert(entry)`: which columns it writes is not known, and need not be. */
const insertsElement = ({ file, text }: FlowContext, site: QuerySite, loop: Loop): boolean =>
  loop.elements.includes(findAdapter(site.library)?.batch?.insertRows?.(site, { uri: file.uri, text })?.row ?? '');

type LoopPlace = Pick<PlainLoop, 'at' | 'indent' | 'element'>;

/** `for (const x of xs)` and `for x in xs:` that start a line of their own. */
export function statementPlace({ text }: FlowContext, loop: Loop, site: QuerySite, language: CodeLanguage, masked: string): LoopPlace | undefined {
  if (!loop.iterable || (loop.kind !== 'for-of' && loop.kind !== 'for') || loop.functionId !== site.functionId) return undefined;
  const indent = indentAt(text, loop.span.start);
  const head = /^(?:async\s+)?for\s+(?:await\s*)?\(?\s*(?:(?:const|let|var)\s+)?([\s\S]+?)\s+(?:of|in)\s/.exec(text.slice(loop.span.start, loop.iterable.span.start));
  const element = head?.[1];
  if (indent === undefined || element === undefined || /^(async\s+)?for\s+await|^async/.test(text.slice(loop.span.start))) return undefined;
  if (language === 'javascript' && isSoleBody(masked.slice(0, loop.span.start))) return undefined;
  return { at: loop.span.start, indent, element };
}

/** `return Promise.all(xs.map(async (x) => …))`, `const ys = await Promise.all(…)`: a statement of its own in an async function. */
function concurrentPlace({ file, text }: FlowContext, loop: Loop, site: QuerySite, masked: string): LoopPlace | undefined {
  const callback = site.functionId === undefined ? undefined : file.functions[site.functionId];
  if (loop.kind !== 'callback' || loop.functionId === undefined || file.functions[loop.functionId]?.async !== true || !/\.map$/.test(spanText(text, loop.head).trimEnd())) return undefined;
  if (callback && callback.id !== loop.functionId && callback.parent !== loop.functionId) return undefined;
  const head = masked.slice(loop.head.end, loop.body.start);
  const element = /^\s*\(\s*(?:async\s*)?(?:\(\s*([\s\S]+?)\s*\)|([\w$]+))\s*(?::[^=]*)?=>\s*$/.exec(head);
  const name = element?.[1] ?? element?.[2];
  if (name === undefined || !/^([\w$]+|\{[^{}]*\}|\[[^[\]]*\])(\s*:[^,()]*)?$/.test(name)) return undefined;
  const before = /(?:^|\n)[ \t]*((?:return\s+|(?:const|let|var)\s+[^=;]*?=\s*|[\w$.]+\s*=\s*)?(?:await\s+)?Promise\.all\(\s*)$/.exec(masked.slice(0, loop.span.start));
  const statement = before?.[1];
  if (statement === undefined || !/^\s*,?\s*\)[ \t]*(;|\r?\n|\}|$)/.test(masked.slice(loop.span.end))) return undefined;
  const at = loop.span.start - statement.length;
  const rest = masked.slice(0, at).trimEnd();
  const indent = indentAt(text, at);
  // The line before must have come to its end.
  return indent === undefined || /[=,(?:&|+>[.]$/.test(rest) || isSoleBody(rest) ? undefined : { at, indent, element: name };
}

/** Is what follows the unbraced body of `if (…)`, `else` or another loop? A statement more would fall out of it. */
function isSoleBody(before: string): boolean {
  const text = before.trimEnd();
  if (/(^|[^\w$.])(else|do)$|=>$|:$/.test(text)) return true;
  if (!text.endsWith(')')) return false;
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i--) {
    if (text[i] === ')') depth++;
    else if (text[i] === '(' && --depth === 0) return /(^|[^\w$.])(if|for|while|with|await)\s*$/.test(text.slice(0, i));
  }
  return true;
}

function isKnownList(context: FlowContext, loop: Loop, name: string): boolean {
  for (const fn of context.file.functions) {
    if (!containsSpan(fn.span, loop.span)) continue;
    const type = fn.parameters.find((p) => p.name === name)?.type ?? fn.locals.find((l) => l.name === name)?.type;
    if (type !== undefined && /\[\]\s*$|^(readonly\s+)?(Readonly)?Array<|^(list|List|Sequence|tuple)\b/.test(type.replace(/^:\s*/, '').trim())) return true;
    const value = fn.locals.find((l) => l.name === name)?.text.trim();
    if (value !== undefined && (/^\[|\.(rows|fetchall\(\)|all\(\))$|^list\(|^sorted\(/.test(value) || (/^await\s/.test(value) && /\.fetch\(/.test(value)) || isMappedArray(value, context))) return true;
  }
  return false;
}

/** `orders.map(…)`, `orders.filter(…)`: JavaScript's own methods, which give arrays. */
function isMappedArray(value: string, { file }: FlowContext): boolean {
  if (file.language === 'python' || /^await\s/.test(value)) return false;
  let flat = maskCode(value, 'javascript');
  for (let next = ''; next !== flat; flat = flat.replace(/\([^()]*\)/g, '#')) next = flat;
  return /\.(map|filter|flatMap|slice)#\s*$/.test(flat);
}

/** The span with the `await` before it. */
export function withAwait(masked: string, span: HostSpan): HostSpan {
  const before = /\bawait\s+$/.exec(masked.slice(0, span.start));
  return before ? hostSpan(before.index, span.end) : span;
}

function isUndisturbed(context: FlowContext, plain: PlainLoop): boolean {
  const { file, flow } = context;
  const { body, loop, site } = plain;
  if (/(?<![\w$.])(try|catch|except|finally|break|throw|raise|yield|with|goto)(?![\w$])/.test(body)) return false;
  if (!plain.concurrent && /(?<![\w$.])return(?![\w$])/.test(body)) return false;
  // `await cur.fetchone()` and `await (await …)` belong to the query.
  const own = /(?<![\w$.])await\s+[\w.]+\.fetch(one|all)\(\)|(?<![\w$.])await\s*\(\s*(?=await(?![\w$]))/g;
  const awaits = plain.language === 'python' ? body.replace(own, '') : body;
  if ((awaits.match(/(?<![\w$.])await(?![\w$])/g) ?? []).length > (plain.awaited.start < site.span.start ? 1 : 0)) return false;
  const inBody = (span: HostSpan): boolean => containsSpan(loop.body, span);
  if (file.sites.some((s) => s.id !== site.id && inBody(s.span) && s.executes !== 'no')) return false;
  if (file.calls.some((c) => inBody(c.span) && !containsSpan(site.span, c.span) && flow.executions(file.uri, c.id).length > 0)) return false;
  // The collection and the query's receiver must be the same in every turn, and known before the first.
  const receiver = maskCode(spanText(context.text, site.anchor), plain.language).match(/(?<![\w$.])[A-Za-z_$][\w$]*/g) ?? [];
  if (loop.facts.assigns.some((a) => a.name === plain.iterable.split(/\??\./)[0]) || receiver.some((name) => changes(plain, name))) return false;
  const walked = escapeRegExp(plain.iterable);
  return !new RegExp(`(?<![\\w$.])${walked}\\.(splice|append|push|pop|shift|unshift|remove|extend|insert|clear|sort|reverse)\\s*\\(`).test(body);
}

/** The binds of a query in a loop: the one with the key of the element, and those that are the same in every turn. */
export interface KeyBinds {
  readonly key: Bind;
  readonly rest: readonly Bind[];
}

/** Splits the binds. Undefined unless exactly one depends on the loop, and it is the element or a plain property of it. */
export function keyBinds(plain: PlainLoop): KeyBinds | undefined {
  const dependent = plain.site.binds.filter((b) => dependsOnTurn(plain, b));
  const key = dependent[0];
  if (dependent.length !== 1 || !key?.span || !isPlainValue(plain, key)) return undefined;
  return { key, rest: plain.site.binds.filter((b) => b !== key) };
}

/** The element itself or a plain property of it; nothing that could have an effect or differ when it is read again. */
export function isPlainValue(plain: PlainLoop, bind: Bind): boolean {
  const root = /^([A-Za-z_$][\w$]*)(\.[A-Za-z_$][\w$]*|\[(["'])[\w-]+\3\])*$/.exec(bind.text.trim())?.[1];
  return root !== undefined && plain.elements.includes(root) && !plain.loop.facts.assigns.some((a) => a.name === root);
}

export const dependsOnTurn = (plain: PlainLoop, bind: Bind): boolean => bind.names.some((name) => changes(plain, name));

/** Is the name the element's, or given a value in the body? */
export function changes(plain: PlainLoop, name: string): boolean {
  const n = escapeRegExp(name);
  return plain.elements.includes(name) || plain.loop.facts.assigns.some((a) => a.name === name)
    || new RegExp(`(?<![\\w$.])(const|let|var)\\s+[^=;]*(?<![\\w$])${n}(?![\\w$])[^=;]*=|^\\s*${n}\\s*(:[^=]*)?=[^=]`, 'm').test(plain.body);
}

/** `orders.map((order) => order.customerId)` or `[order.customer_id for order in orders]`. */
export function collect(plain: PlainLoop, value: string): string {
  if (value === plain.element) return plain.language === 'python' ? (plain.isArray ? plain.iterable : `list(${plain.iterable})`) : isArray(plain) ? plain.iterable : `Array.from(${plain.iterable})`;
  if (plain.language === 'python') return `[${value} for ${plain.element} in ${plain.iterable}]`;
  const parameter = plain.element.replace(/:\s*[\w<>[\]. |]+$/, '');
  return isArray(plain) ? `${plain.iterable}.map((${parameter}) => ${value})` : `Array.from(${plain.iterable}, (${parameter}) => ${value})`;
}

/** Does the text show that the collection is an array? `Array.from` serves everything else that can be walked twice. */
export function isArray(plain: PlainLoop): boolean {
  return plain.isArray || plain.loop.iterable?.kind === 'query' || /\.rows$/.test(plain.iterable);
}
