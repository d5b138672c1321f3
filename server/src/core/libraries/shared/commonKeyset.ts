import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { CommonLanguage } from '../../hosts/syntax';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import type { KeysetRequest } from '../adapter';

/** Type of an optional argument for a column, by the column's type; undefined where the language's drivers disagree on it. */
export function cursorTypeOf(language: CommonLanguage, type: string): string | undefined {
  const kind = /^bigint/.test(type) ? 0 : /^integer/.test(type) ? 1 : /^(?:text|character varying)/.test(type) ? 2 : /^timestamp with time zone/.test(type) ? 3 : undefined;
  return kind === undefined ? undefined : types[language]?.[kind];
}

/** `bigint`, `integer`, text, `timestamptz`. */
const types: Readonly<Partial<Record<CommonLanguage, readonly (string | undefined)[]>>> = {
  go: ['*int64', '*int32', '*string', '*time.Time'],
  java: ['Long', 'Integer', 'String', 'java.time.OffsetDateTime'],
  csharp: ['long?', 'int?', 'string', 'DateTime?'],
  rust: ['Option<i64>', 'Option<i32>', 'Option<String>', undefined],
  php: ['?int', '?int', '?string', '?string'],
};

const bare = (column: string): string => column.replaceAll('"', '').split('.').at(-1) ?? column;

/** `afterCreatedAt`, `after_created_at`: the argument with a column's value in the last row; `$` is not part of it. */
export function cursorName(language: CommonLanguage, column: string): string {
  const words = `after_${bare(column).replace(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase()}`;
  return language === 'rust' || language === 'ruby' ? words : words.replaceAll(/_+([a-z\d])/g, (_, letter: string) => letter.toUpperCase());
}

/** `(created_at, id) < (…)`, for keys that are never null; `value` writes one key's value each time it is needed. */
export function afterKeys(keys: KeysetRequest['keys'], value: (index: number) => string): string {
  const operator = (descending: boolean): string => (descending ? '<' : '>');
  const [first] = keys;
  if (keys.length === 1 && first) return `${first.column} ${operator(first.descending)} ${value(0)}`;
  if (keys.every((key) => key.descending === first?.descending)) return `(${keys.map((key) => key.column).join(', ')}) ${operator(first?.descending === true)} (${keys.map((_, index) => value(index)).join(', ')})`;
  return `(${keys.map((key, at) => [...keys.slice(0, at).map((before, index) => `${before.column} = ${value(index)}`), `${key.column} ${operator(key.descending)} ${value(at)}`].join(' AND ')).join(' OR ')})`;
}

interface Placed {
  readonly offset: ChainCall;
  /** Calls between the table and the one that sends. */
  readonly calls: readonly ChainCall[];
}

/** The one call that skips rows; undefined where the chain does what a page by key does not keep, or what is ordered behind it. */
function placed(site: QuerySite, { keys }: KeysetRequest, names: RegExp, orders: RegExp, foreign: RegExp): Placed | undefined {
  const offsets = site.chain.filter((call) => names.test(call.name));
  const [offset] = offsets;
  if (!offset || offsets.length !== 1 || offset.args.length !== 1 || site.conditional.length > 0 || keys.some((key) => key.nullable) || site.chain.some((call) => foreign.test(call.name))) return undefined;
  return site.chain.some((call) => orders.test(call.name) && call.span.start > offset.span.start) ? undefined : { offset, calls: site.chain };
}

const replaced = (call: ChainCall, text: string, { uri }: KeysetRequest): Edit => ({ uri, span: call.span, text });

/** A call's text with its dot or arrow, on a line of its own where the replaced one is. */
const lead = (call: ChainCall, { text }: KeysetRequest): string => text.slice(call.span.start, call.nameSpan.start);

/** gorm: `.Offset(n)` becomes `.Where(…)`, which holds for the first page too. */
export function gormKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const found = placed(site, request, /^Offset$/, /^Order$/, /^(?:Or|Not|Select|Joins|Group|Having|Distinct|Scopes|Count|Pluck|Rows|Row|Scan|Table|Raw)$/);
  if (!found || found.calls.at(-1)?.name !== 'Find') return undefined;
  const used: number[] = [];
  const cast = (index: number): string => {
    used.push(index);
    return `CAST(? AS ${request.keys[index]?.type ?? ''})`;
  };
  const last = request.keys.length - 1;
  const condition = `${cast(last)} IS NULL OR ${afterKeys(request.keys, cast)}`;
  const before = lead(found.offset, request);
  const added = request.keys.filter((key) => key.added).map((key) => `${before}Order("${key.column}${key.descending ? ' DESC' : ''}")`);
  return [replaced(found.offset, `${before}Where("${condition}", ${used.map((index) => cursorName('go', request.keys[index]?.column ?? '')).join(', ')})${added.join('')}`, request)];
}

/** ActiveRecord: `.offset(n)` becomes a condition where there is a last row. */
export function rubyKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const found = placed(site, request, /^offset$/, /^(?:order|reorder)$/, /^(?:or|not|select|pluck|pick|ids|joins|left_joins|group|having|distinct|from|merge|unscope|count|sum|page|find_each|in_batches)$/);
  if (!found) return undefined;
  const { cursor } = request;
  const used: number[] = [];
  const mark = (index: number): string => {
    used.push(index);
    return '?';
  };
  const condition = afterKeys(request.keys, mark);
  const before = lead(found.offset, request);
  const added = request.keys.filter((key) => key.added).map((key) => `${before}order(${key.descending ? `${bare(key.column)}: :desc` : `:${bare(key.column)}`})`);
  return [replaced(found.offset, `${before}then { |rows| ${cursor} ? rows.where("${condition}", ${used.map((index) => `${cursor}.${bare(request.keys[index]?.column ?? '')}`).join(', ')}) : rows }${added.join('')}`, request)];
}

/** Laravel: `->offset($n)` becomes `->when($after, …)`. A model's dates would lose their microseconds: the text from the database is compared. */
export function phpKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const found = placed(site, request, /^(?:offset|skip)$/, /^(?:orderBy|orderByDesc|latest|oldest)$/, /^(?:or[A-Z]\w*|select\w*|pluck|value|count|join|leftJoin|crossJoin|groupBy|having\w*|distinct|union|paginate|simplePaginate|forPage|first|when|unless|inRandomOrder|reorder)$/);
  if (!found || found.calls.at(-1)?.name !== 'get') return undefined;
  const cursor = `$${request.cursor}`;
  const value = (index: number): string => {
    const key = request.keys[index];
    const property = bare(key?.column ?? '');
    return site.model !== undefined && /^(?:timestamp|date)/.test(key?.type ?? 'timestamp') ? `${cursor}->getRawOriginal('${property}')` : `${cursor}->${property}`;
  };
  const used: number[] = [];
  const condition = afterKeys(request.keys, (index) => {
    used.push(index);
    return '?';
  });
  const before = lead(found.offset, request);
  const added = request.keys.filter((key) => key.added).map((key) => `${before}orderBy('${bare(key.column)}'${key.descending ? ", 'desc'" : ''})`);
  return [replaced(found.offset, `${before}when(${cursor}, fn ($query) => $query->whereRaw('${condition}', [${used.map(value).join(', ')}]))${added.join('')}`, request)];
}

/** EF Core: `.Skip(n)` becomes `.Where(…)`; only numbers and times are compared by operators in C#. */
export function csharpKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const found = placed(site, request, /^Skip$/, /^(?:OrderBy|OrderByDescending|ThenBy|ThenByDescending|Take)$/, /^(?:Select|GroupBy|Join|Distinct|Union|Concat|Count\w*|Any\w*|Last\w*|First\w*|Single\w*)$/);
  const takes = site.chain.find((call) => call.name === 'Take');
  const orders = site.chain.filter((call) => /^(?:OrderBy|OrderByDescending|ThenBy|ThenByDescending)$/.test(call.name));
  // `.Take` stands behind: only then are rows skipped first.
  const offset = found?.offset ?? site.chain.find((call) => call.name === 'Skip');
  if (!offset || !takes || takes.span.start < offset.span.start || orders.length === 0 || orders.some((call) => call.span.start > offset.span.start) || site.chain.filter((call) => call.name === 'Skip').length !== 1 || site.conditional.length > 0) return undefined;
  if (site.chain.some((call) => /^(?:Select|GroupBy|Join|Distinct|Union|Concat|Count\w*|Any\w*|Last\w*|First\w*|Single\w*)$/.test(call.name)) || request.keys.some((key) => key.nullable || !/^(?:bigint|integer|timestamp with time zone)/.test(key.type ?? ''))) return undefined;
  const written = orders.map((call) => /^\s*(\w+)\s*=>\s*\1\.(\w+)\s*$/.exec(call.args[0]?.text ?? '')?.[2]);
  const properties = request.keys.map((key, index) => (key.added ? (/^[A-Z]\w*$/.test(bare(key.column)) ? bare(key.column) : bare(key.column) === 'id' ? 'Id' : undefined) : written[index]));
  if (written.includes(undefined) || properties.includes(undefined) || request.keys.filter((key) => !key.added).length !== written.length) return undefined;
  const letter = /^\s*(\w+)\s*=>/.exec(orders[0]?.args[0]?.text ?? '')?.[1] ?? 'x';
  const names = request.keys.map((key) => cursorName('csharp', key.column));
  const terms = request.keys.map((key, at) => [...names.slice(0, at).map((name, index) => `${letter}.${properties[index]} == ${name}`), `${letter}.${properties[at]} ${key.descending ? '<' : '>'} ${names[at]}`].join(' && '));
  const before = lead(offset, request);
  const edits: Edit[] = [replaced(offset, `${before}Where(${letter} => ${names.at(-1)} == null || ${terms.map((term, at) => (at === 0 ? term : `(${term})`)).join(' || ')})`, request)];
  const added = request.keys.flatMap((key, index) => (key.added ? [`.ThenBy${key.descending ? 'Descending' : ''}(${letter} => ${letter}.${properties[index]})`] : []));
  const end = orders.at(-1)?.span.end;
  if (added.length > 0 && end !== undefined) edits.push({ uri: request.uri, span: hostSpan(end, end), text: added.join('') });
  return edits;
}
