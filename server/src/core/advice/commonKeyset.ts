import type { FunctionIr, QuerySite } from '../hosts/ir';
import { isCommonLanguage, type CommonLanguage } from '../hosts/syntax';
import { afterKeys, cursorName, cursorTypeOf } from '../libraries/shared/commonKeyset';
import type { Fix } from '../lint/rule';
import type { Edit } from '../text/edit';
import { escapeRegExp } from '../text/regExp';
import { containsSpan, hostSpan, spanText } from '../text/span';
import { coverHoles } from './holes';
import { masked } from './batching/readLoop';
import { planKeyset, type KeysetKey } from './keyset';
import type { KeysetFixRequest } from './keysetFix';
import { offsetBind } from './keysetWalk';
import { outputNames } from './scope';
import { addCondition, addOrderKeys, removeClause, toHostEdits } from './sqlEdits';

/**
 * A page by OFFSET in Go, Java, Ruby, PHP, C# or Rust becomes one by key: the parameter that gave the number gives way to the
 * last row's keys, empty for the first page. Only where the number is a parameter of the query's own function and is used for
 * nothing else, no key can be NULL, and the language has a type for each.
 */
export function commonKeysetFixes(request: KeysetFixRequest): readonly Fix[] {
  const { scope, site, block, file, uri, text, adapter } = request;
  const { language } = file;
  const owner = site.functionId === undefined ? undefined : file.functions[site.functionId];
  const plan = planKeyset(scope, block);
  const offset = offsetBind({ site, model: scope.model, block });
  if (!isCommonLanguage(language) || !plan || !owner || owner.callback || owner.entry !== undefined || !offset?.span || site.conditional.length > 0) return [];
  // A loop that counts would never leave its first page.
  if (site.loopIds.length > 0 || plan.keys.some((key) => key.nullable || !/^[\w."]+$/.test(key.sql) || key.type === '')) return [];
  const page = pageParameter(owner, offset, text, language);
  const rows = language === 'ruby' || (language === 'php' && site.chain.length > 0);
  const parameters = page && (rows ? rowParameter(language, page) : plan.keys.map((key) => typed(language, key, page.last)));
  if (!page || !parameters || parameters.includes(undefined)) return [];
  const names = rows ? ['after'] : plan.keys.map((key) => cursorName(language, key.column));
  const known = new Set([...owner.parameters, ...owner.locals].map((one) => one.name.replace(/^\$/, '')));
  if (names.some((name) => known.has(name))) return [];
  const keys = plan.keys.map((key) => ({ column: key.sql, descending: key.descending, nullable: key.nullable, added: key.added, type: key.type }));
  const edits = site.chain.length > 0 ? adapter?.toKeyset?.(site, { uri, text, keys, cursor: 'after' }) : textEdits(request, language, plan.keys, offset);
  const imports = language === 'go' && parameters.some((one) => one?.includes('time.Time')) && !/"time"/.test(text) ? goTime(text, uri) : [];
  if (!edits || !imports) return [];
  const columns = plan.keys.map((key) => key.column).join(', ');
  const head = page.edits(parameters.filter((one) => one !== undefined).join(', '));
  return [{ title: `Page by key instead of OFFSET: callers pass ${columns} of the last row (none for the first page)`, kind: 'review', edits: [...imports, ...head.map((edit) => ({ ...edit, uri })), ...edits] }];
}

interface PageParameter {
  /** It is the last of the list. */
  readonly last: boolean;
  readonly written: string;
  edits(parameters: string): readonly Omit<Edit, 'uri'>[];
}

/** The parameter of which the number is made, and nothing else; its part of the list as written. */
function pageParameter(owner: FunctionIr, offset: QuerySite['binds'][number], text: string, language: CommonLanguage): PageParameter | undefined {
  const inside = masked(spanText(text, owner.body), language);
  const at = (offset.span?.start ?? 0) - owner.body.start;
  const rest = inside.slice(0, at) + inside.slice(at + offset.text.length);
  const used = (name: string): boolean => new RegExp(`(?<![\\w$.]|->)\\$?${escapeRegExp(name)}(?!\\w)`).test(language === 'ruby' ? rest.replaceAll(/\b\w+:(?!:)/g, '') : rest);
  const names = [...new Set(offset.names.map((name) => name.replace(/^\$/, '')))];
  const free = names.filter((name) => !used(name));
  const [name] = free;
  if (name === undefined || free.length !== 1 || !owner.parameters.some((one) => one.name.replace(/^\$/, '') === name) || /\(/.test(offset.text.replace(/^\(|\($/g, '').replaceAll(/\((?=[\w$\s*+-]+\))/g, ''))) return undefined;
  const open = text.indexOf('(', owner.nameSpan.end);
  const close = open < 0 ? -1 : closing(text, open);
  if (open < 0 || close < 0 || close > owner.body.start || /[@[\]{}#]|\.\.\./.test(text.slice(open + 1, close).replaceAll('[]', ''))) return undefined;
  const parts = split(text, open + 1, close);
  const index = parts.findIndex((part) => new RegExp(`(?<![\\w$])\\$?${escapeRegExp(name)}(?!\\w)`).test(part.text.replace(/=.*$/s, '').replace(language === 'rust' || language === 'ruby' ? /:.*$/s : /$^/, '')));
  const part = parts[index];
  if (!part) return undefined;
  const blank = /^\s*/.exec(part.text)?.[0].length ?? 0;
  const span = hostSpan(part.start + blank, part.start + part.text.trimEnd().length);
  const written = part.text.trim();
  const before = parts[index - 1];
  // `limit, offset int`: what stands before shared the type.
  const shared = language === 'go' && before && /^\s*\w+\s*$/.test(before.text) ? /^\w+\s+(.*)$/s.exec(written)?.[1] : undefined;
  return { last: index === parts.length - 1, written, edits: (parameters) => [...(shared === undefined || !before ? [] : [{ span: hostSpan(before.start + before.text.trimEnd().length, before.start + before.text.trimEnd().length), text: ` ${shared}` }]), { span, text: parameters }] };
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at;
  }
  return -1;
}

/** Parts of a list between commas that stand in no brackets. */
function split(text: string, from: number, to: number): readonly { readonly start: number; readonly text: string }[] {
  const parts: { start: number; text: string }[] = [];
  let depth = 0;
  let start = from;
  for (let at = from; at <= to; at++) {
    const c = text[at] ?? '';
    if (/[(<[{]/.test(c)) depth++;
    else if (/[>\]}]/.test(c) || (c === ')' && at < to)) depth--;
    if (at === to || (c === ',' && depth === 0)) {
      parts.push({ start, text: text.slice(start, at) });
      start = at + 1;
    }
  }
  return parts;
}

/** Ruby and Laravel pass the row itself. */
function rowParameter(language: CommonLanguage, page: PageParameter): readonly (string | undefined)[] {
  if (language === 'php') return [`?object $after${page.last ? ' = null' : ''}`];
  return [/^\w+:/.test(page.written) ? (page.written.endsWith(':') ? 'after:' : 'after: nil') : /=/.test(page.written) ? 'after = nil' : 'after'];
}

function typed(language: CommonLanguage, key: KeysetKey, last: boolean): string | undefined {
  const type = cursorTypeOf(language, key.type);
  const name = cursorName(language, key.column);
  if (type === undefined) return undefined;
  if (language === 'php') return `${type} $${name}${last ? ' = null' : ''}`;
  return language === 'go' ? `${name} ${type}` : language === 'rust' ? `${name}: ${type}` : `${type} ${name}`;
}

/** Adds `"time"` to the import list. */
function goTime(text: string, uri: string): readonly Edit[] | undefined {
  const list = /^import \(\n/m.exec(text);
  if (!list) return undefined;
  const at = list.index + list[0].length;
  return [{ uri, span: hostSpan(at, at), text: '\t"time"\n' }];
}

/** The rewrite in SQL text: `$n`, `@name` of a record, or `?` by place. */
function textEdits(request: KeysetFixRequest, language: CommonLanguage, keys: readonly KeysetKey[], offset: QuerySite['binds'][number]): readonly Edit[] | undefined {
  const { scope, site, block, uri } = request;
  const { model } = scope;
  // A quoted name may end the host's literal.
  if (keys.some((key) => key.sql.includes('"'))) return undefined;
  const selected = outputNames(scope, block);
  if (!(selected ? keys.every((key) => block.outputs.some((one) => one.column?.column === key.column)) : block.outputs.some((one) => one.star && one.qualifier === undefined)) || !block.offset || !offset.span) return undefined;
  const holes = model.holes.map((hole) => ({ hole, text: site.source ? spanText(site.source.text, hole.span) : '' }));
  const plan = holes.every((one) => /^\$\d+$/.test(one.text)) ? numbered(request, language, keys, offset)
    : holes.every((one) => /^@\w+$/.test(one.text)) && language === 'csharp' ? recorded(request, keys, offset)
    : holes.every((one) => one.text === '?') && (language === 'java' || language === 'php') ? byPlace(request, language, keys, offset) : undefined;
  const condition = plan && addCondition(model, block, plan.condition);
  const order = addOrderKeys(model, block, keys.filter((key) => key.added).map((key) => key.sql + (key.descending ? ' DESC' : '')));
  const edits = condition && order && toHostEdits(site, uri, [...condition, ...order, removeClause(model, block.offset.clause)]);
  return edits && plan ? [...edits, ...plan.edits.map((edit) => ({ ...edit, uri }))] : undefined;
}

interface Bound {
  readonly condition: string;
  readonly edits: readonly Omit<Edit, 'uri'>[];
}

const asKeys = (keys: readonly KeysetKey[]): Parameters<typeof afterKeys>[0] => keys.map((key) => ({ column: key.sql, descending: key.descending, nullable: false, added: key.added, type: key.type }));
const valueOf = (language: CommonLanguage, key: KeysetKey): string => (language === 'ruby' ? `after && after['${key.column}']` : language === 'php' ? `$${cursorName('php', key.column)}` : cursorName(language, key.column));

/** `$n`: OFFSET's number is the last one, and is the first key's from now on. */
function numbered({ scope, site, text }: KeysetFixRequest, language: CommonLanguage, keys: readonly KeysetKey[], offset: QuerySite['binds'][number]): Bound | undefined {
  const numbers = scope.model.holes.map((hole) => (hole.origin.type === 'placeholder' ? Number(hole.origin.key) : 0));
  const number = Number(offset.key);
  if (!offset.span || numbers.some((one) => one < 1) || number !== Math.max(...numbers) || numbers.filter((one) => one === number).length !== 1 || site.binds.length !== new Set(numbers).size) return undefined;
  const value = (index: number): string => `$${number + index}`;
  // `.bind(a).bind(b)`, `&[&a, &b]`, `a, b`.
  const before = text.slice(0, offset.span.start);
  const chained = /\.bind\(\s*$/.test(before);
  const sigil = language === 'rust' && !chained && /&\s*$/.test(before) ? '&' : '';
  const start = /^&/.test(spanText(text, offset.span)) ? '&' : '';
  const values = keys.map((key) => valueOf(language, key));
  return { condition: `(${afterKeys(asKeys(keys), value)} OR ${value(keys.length - 1)} IS NULL)`, edits: [{ span: offset.span, text: start + values.join(chained ? ').bind(' : `, ${sigil}${start}`) }] };
}

/** Dapper: names of a record. */
function recorded({ text }: KeysetFixRequest, keys: readonly KeysetKey[], offset: QuerySite['binds'][number]): Bound | undefined {
  if (!offset.span) return undefined;
  const named = /(?:(?<=[{,]\s*)|^)\w+\s*=\s*$/.exec(text.slice(offset.span.start - 60, offset.span.start))?.[0].length ?? 0;
  const name = (index: number): string => `@${cursorName('csharp', keys[index]?.column ?? '')}`;
  return { condition: `(${afterKeys(asKeys(keys), name)} OR ${name(keys.length - 1)} IS NULL)`, edits: [{ span: hostSpan(offset.span.start - named, offset.span.end), text: keys.map((key) => cursorName('csharp', key.column)).join(', ') }] };
}

/** `?`: each is a value of its own, in the order of the text, and says its type. */
function byPlace({ scope, site, block, text }: KeysetFixRequest, language: CommonLanguage, keys: readonly KeysetKey[], offset: QuerySite['binds'][number]): Bound | undefined {
  const { model } = scope;
  const filter = block.clauses.where ?? block.clauses.from;
  const clause = block.offset && coverHoles(model, block.offset.clause);
  const binds = model.holes.map((hole, index) => ({ hole, span: site.binds[index]?.span }));
  if (!filter || !clause || !offset.span || site.binds.length !== model.holes.length || binds.some((one) => one.span === undefined)) return undefined;
  const end = coverHoles(model, filter.span).end;
  const order: number[] = [];
  const value = (index: number): string => {
    order.push(index);
    return `CAST(? AS ${keys[index]?.type ?? ''})`;
  };
  const condition = `(${afterKeys(asKeys(keys), value)} OR ${value(keys.length - 1)} IS NULL)`;
  const values = order.map((index) => (keys[index] ? valueOf(language, keys[index]) : '')).join(', ');
  const kept = binds.filter((one) => !containsSpan(clause, one.hole.span));
  const next = kept.find((one) => one.hole.span.start >= end)?.span;
  // LIMIT stands between: its value comes behind the keys.
  if (!next) return { condition, edits: [{ span: offset.span, text: values }] };
  const gap = text.slice(next.end, offset.span.start);
  return next.end <= offset.span.start && /^\s*,\s*$/.test(gap) ? { condition, edits: [{ span: hostSpan(next.start, next.start), text: `${values}, ` }, { span: hostSpan(next.end, offset.span.end), text: '' }] } : undefined;
}
