import type { LoopQuery } from '../../calls/loopQueries';
import type { Bind, ClassIr, Loop, QuerySite } from '../../hosts/ir';
import { isCommonLanguage, type CommonLanguage } from '../../hosts/syntax';
import type { FlowContext } from '../../lint/rule';
import { applyEdits, type Edit } from '../../text/edit';
import { escapeRegExp } from '../../text/regExp';
import { toHostEditSpan } from '../../text/segmentMap';
import { containsSpan, hostSpan, spanText, sqlSpan } from '../../text/span';
import { indentAt } from './code';
import { isUniqueKey } from './producer';
import { isPlain, mentions, typeOf } from './soleWrite';
import { anyOf, keyCondition, type KeyCondition } from './sqlForm';

/** A loop of one of the six languages that reads by a key of its element, plain enough to read all rows before it. */
export interface ReadLoop {
  readonly loop: Loop;
  readonly site: QuerySite;
  readonly language: CommonLanguage;
  /** The query as written. */
  readonly call: string;
  /** Name of the element, with `$` in PHP. */
  readonly element: string;
  /** The collection as an expression, and its declared type where one is seen. */
  readonly list: string;
  readonly type?: string;
  readonly indent: string;
  /** Text of the body before and behind the query, without its braces. */
  readonly lead: string;
  readonly tail: string;
  readonly bodyStart: number;
  readonly key: Bind;
  readonly condition: KeyCondition;
  /** At most one row has a key. */
  readonly unique: boolean;
}

const heads: Readonly<Record<CommonLanguage, RegExp>> = {
  go: /^for\s+_\s*,\s*(\w+)\s*:=\s*range\s+\u0001\s*$/,
  java: /^for\s*\(\s*(?:final\s+)?[\w<>[\],.? ]+\s(\w+)\s*:\s*\u0001\s*\)\s*$/,
  php: /^foreach\s*\(\s*\u0001\s+as\s+(\$\w+)\s*\)\s*$/,
  csharp: /^foreach\s*\(\s*[\w<>[\],.? ]+\s(\w+)\s+in\s+\u0001\s*\)\s*$/,
  rust: /^for\s+(\w+)\s+in\s+\u0001\s*$/,
  ruby: /^\u0001\.each\s*(?:do|\{)\s*\|\s*(\w+)\s*\|\s*$/,
};

/** What ends a turn or the loop early, or handles a row's error by itself. `return` of an error is looked at by the form. */
const disturbing: Readonly<Record<CommonLanguage, RegExp>> = {
  go: /(?<![\w.])(?:break|goto|defer|recover|go|select)(?!\w)/,
  rust: /(?<![\w.])(?:break|match\s+\w+\.await|spawn)(?!\w)/,
  java: /(?<![\w.])(?:try|catch|break|return|synchronized)(?!\w)/,
  csharp: /(?<![\w.])(?:try|catch|break|return|yield|goto|lock)(?!\w)/,
  php: /(?<![\w$>])(?:try|catch|break|return|yield|goto)(?!\w)/,
  ruby: /(?<![\w.:])(?:begin|rescue|ensure|break|return|yield|retry|redo)(?![\w:?!])/,
};

/** Code without the contents of its texts and comments, same length. */
export const masked = (code: string, language: CommonLanguage): string =>
  code.replaceAll(language === 'rust' ? /"(?:\\.|[^"\\])*"|\/\/[^\n]*/g : language === 'ruby' ? /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|#(?!\{)[^\n]*/g : /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (text) => text.replaceAll(/[^\n]/g, ' '));

/**
 * The loop's parts, where all of this holds: the query stands in its body on every turn, nothing else there is a query, directly
 * or through a call, no turn ends early or handles errors by itself, and only the key depends on the turn.
 */
export function readLoop(context: FlowContext, query: LoopQuery): ReadLoop | undefined {
  const { file, text, flow } = context;
  const { loop, site, dependent, path, call } = query;
  const { language } = file;
  if (!isCommonLanguage(language) || !site?.source || !site.complete || site.lazy || !dependent || path.length !== 1 || loop.id < 0 || !loop.iterable || call?.conditional === true || site.conditional.length > 0) return undefined;
  if (site.functionId !== loop.functionId || loop.concurrent || site.loopIds[0] !== loop.id) return undefined;
  if (file.sites.some((other) => other.id !== site.id && containsSpan(loop.body, other.span)) || file.calls.some((one) => containsSpan(loop.body, one.span) && !containsSpan(site.span, one.span) && one.siteId === undefined && flow.executions(file.uri, one.id).length > 0)) return undefined;
  const indent = indentAt(text, loop.span.start);
  const head = text.slice(loop.span.start, loop.iterable.span.start) + '\u0001' + text.slice(loop.iterable.span.end, loop.body.start).replace(/\{\s*$/, (brace) => (language === 'ruby' ? brace : ''));
  const element = heads[language].exec(head)?.[1];
  const written = loop.iterable.text.trim();
  const list = language === 'rust' ? written.replace(/^&(?:mut\s+)?/, '').replace(/\.(?:iter|into_iter)\(\)$/, '') : written;
  if (indent === undefined || element === undefined || !/^[$A-Za-z_@][\w$]*(?:(?:\.|->)[A-Za-z_]\w*)*$/.test(list) || mentions(list, element)) return undefined;
  const inner = innerOf(spanText(text, loop.body), loop.body.start);
  const lead = text.slice(inner.start, site.span.start);
  const tail = text.slice(site.span.end, inner.end);
  const rest = masked(`${lead}\u0001${tail}`, language);
  if (disturbing[language].test(rest) || changesName(rest, element) || mutates(rest, list)) return undefined;
  const bare = element.replace(/^\$/, '');
  const assigned = loop.facts.assigns.map((one) => one.name);
  const turning = site.binds.filter((bind) => bind.names.some((name) => name === bare || name === element || assigned.includes(name)));
  const [key] = turning;
  if (turning.length !== 1 || !key?.span || !isPlain(key.text, element) || site.binds.some((bind) => bind !== key && bind.names.some((name) => assigned.includes(name)))) return undefined;
  const callText = spanText(text, site.span);
  const without = callText.slice(0, key.span.start - site.span.start) + callText.slice(key.span.end - site.span.start);
  // Ruby's labels (`id:`) are no names.
  if (mentions(masked(language === 'ruby' ? without.replaceAll(/\b\w+:(?!:)/g, '') : without, language), element)) return undefined;
  const model = context.sql.analyse(site.source);
  const condition = keyCondition(model, key);
  if (!condition || model.kind !== 'select' || condition.block.locking || condition.block.offset) return undefined;
  const type = typeOf(list, loop.functionId, context);
  return { loop, site, language, call: callText, element, list, ...(type === undefined ? {} : { type }), indent, lead, tail, bodyStart: inner.start, key, condition, unique: isUniqueKey(context, condition, site) };
}

/** A body without its braces. */
function innerOf(body: string, start: number): { readonly start: number; readonly end: number } {
  return body.startsWith('{') && body.endsWith('}') ? { start: start + 1, end: start + body.length - 1 } : { start, end: start + body.length };
}

const changesName = (code: string, name: string): boolean => new RegExp(`(?<![\\w$.])${escapeRegExp(name)}\\s*(?:[-+*/|&]|\\|\\||\\?\\?|<<)?=(?![=~>])`).test(code);
const mutates = (code: string, list: string): boolean => changesName(code, list) || new RegExp(`(?<![\\w$.])${escapeRegExp(list)}(?:\\s*<<|\\s*\\[[^\\]]*\\]\\s*=[^=]|(?:\\.|->)(?:add|Add|append|push|put|remove|Remove|clear|Clear|delete|insert|concat|shift|pop|sort|forget|prepend)\\w*!?\\b)|=\\s*append\\(\\s*${escapeRegExp(list)}\\b`).test(code);

/**
 * The call with `= ANY(…)` and all keys in place of the one key; `append`: the key's column is added to what is selected, as
 * the last. Undefined where an edit does not fall into written text.
 */
export function anyCall({ text, file }: FlowContext, { site, condition, key }: ReadLoop, list: string, append: boolean): string | undefined {
  const hole = toHostEditSpan(site.map, condition.holeSpan);
  const value = toHostEditSpan(site.map, condition.valueSpan);
  const last = condition.block.outputs.at(-1);
  const output = last && toHostEditSpan(site.map, sqlSpan(last.span.end - 1, last.span.end));
  if (!hole || !value || !key.span || (append && !output) || site.source === undefined) return undefined;
  const edits: Edit[] = [{ uri: file.uri, span: value, text: anyOf(condition, spanText(text, hole)) }, { uri: file.uri, span: key.span, text: list }];
  if (append && output) edits.push({ uri: file.uri, span: hostSpan(output.end, output.end), text: `, ${site.source.text.slice(condition.columnSpan.start, condition.columnSpan.end)}` });
  const inside = edits.map((edit) => ({ ...edit, span: hostSpan(edit.span.start - site.span.start, edit.span.end - site.span.start) }));
  return inside.some((edit) => edit.span.start < 0 || edit.span.end > site.span.end - site.span.start) ? undefined : applyEdits(spanText(text, site.span), inside);
}

/** A class or struct by its name, wherever it is declared in the workspace; undefined where the name is not the only one. */
export function classNamed({ flow }: FlowContext, name: string): ClassIr | undefined {
  const found = [...flow.files()].flatMap((file) => file.classes.filter((one) => one.name === name));
  return found.length === 1 ? found[0] : undefined;
}

/** Type of the key: that of the element, or of its field. */
export function keyType(context: FlowContext, read: ReadLoop, elementType: string | undefined): string | undefined {
  if (elementType === undefined) return undefined;
  const key = read.key.text.trim().replace(/^[&*]+/, '');
  if (key === read.element) return elementType;
  const path = key.slice(read.element.length).split(/\.|->/).slice(1);
  const [property] = path;
  return path.length === 1 && property !== undefined ? classNamed(context, elementType.replace(/^[*&]/, '').split('.').at(-1) ?? '')?.fields.find((one) => one.name === property.replace(/\(\)$/, ''))?.type?.trim() : undefined;
}
