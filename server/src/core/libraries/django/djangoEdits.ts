import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest, RelationRequest } from '../adapter';
import { ensureImport } from '../shared/pythonImports';

const terminals = /^a?(get|first|last|earliest|latest|count|exists|contains|aggregate|in_bulk|create|get_or_create|update_or_create|bulk_create|bulk_update|update|delete|iterator|explain)$|^\[\]$/;
const shaping = /^(values|values_list|annotate|alias|distinct|dates|datetimes|union|intersection|difference)$/;

/** The calls that stand in one expression behind the manager, unconditional and next to each other. */
function run(site: QuerySite, text: string): readonly ChainCall[] {
  const found: ChainCall[] = [];
  for (const call of site.chain) {
    const last = found.at(-1);
    const before = last?.span.end ?? site.anchor.end;
    if (call.span.start < before || !/^(?:[\s\\]|#[^\n]*)*$/.test(text.slice(before, call.span.start))) break;
    found.push(call);
  }
  return found;
}

const insertion = (uri: string, at: number, text: string): Edit => ({ uri, span: hostSpan(at, at), text });
/** The line end and indentation before a call that stands on a line of its own. */
const leadOf = (call: ChainCall | undefined, text: string): string => /\r?\n[ \t]*$/.exec(text.slice(0, call?.span.start ?? 0))?.[0] ?? '';

/** The name by which a look-up calls the column of the site's own model; undefined for another table's. */
function fieldOf(site: QuerySite, column: string): string | undefined {
  const names = column.match(/"(?:[^"]|"")*"|[^."]+/g)?.map((name) => name.replaceAll('"', '')) ?? [];
  const name = names.at(-1);
  const root = /\bFROM\s+(?:"?\w+"?\.)?"?(\w+)"?/i.exec(site.source?.text ?? '')?.[1];
  if (name === undefined || (names.length > 1 && names.at(-2) !== root)) return undefined;
  return /^[A-Za-z_]\w*$/.test(name) ? site.modelNames?.properties[name] ?? name : undefined;
}

/** Behind the last filter of the first expression, before what shapes, slices or sends the query. */
function place(site: QuerySite, text: string): { readonly at: number; readonly lead: string } | undefined {
  const calls = run(site, text);
  const stop = calls.findIndex((call) => terminals.test(call.name) || shaping.test(call.name));
  const before = stop < 0 ? calls : calls.slice(0, stop);
  const filter = before.filter((call) => /^(filter|exclude|all|select_related|prefetch_related|get_queryset)$/.test(call.name)).at(-1);
  if (site.chain.length > 0 && calls.length === 0) return undefined;
  if (filter) return { at: filter.span.end, lead: leadOf(filter, text) };
  return /\.\w+$/.test(text.slice(site.anchor.start, site.anchor.end)) ? { at: site.anchor.end, lead: leadOf(calls[0], text) } : undefined;
}

/** `.filter(organization=…)` */
export function addDjangoPredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const { uri, text } = request;
  const name = fieldOf(site, `${request.table}.${request.column}`);
  const written = run(site, text);
  const root = /\b(?:FROM|UPDATE|INTO)\s+(?:"?\w+"?\.)?"?(\w+)"?/i.exec(site.source?.text ?? '')?.[1];
  if (name === undefined || root !== request.table || /^\s*INSERT/i.test(site.source?.text ?? '')) return undefined;
  const condition = `${/(?:_id|\.pk|\.id)$/.test(request.value) && name !== request.column ? request.column : name}=${request.value}`;
  const get = written.find((call) => /^a?get$/.test(call.name));
  if (get && get.args.length > 0 && written.indexOf(get) === 0) {
    const last = get.args.at(-1)!;
    return [insertion(uri, last.span.end, `, ${condition}`)];
  }
  const at = place(site, text);
  return at && [insertion(uri, at.at, `${at.lead}.filter(${condition})`)];
}

/** `order_by('-created', 'id')`: keys added at its end, or the whole call. */
export function addDjangoOrder(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined {
  return orderEdits(site, request.uri, request.text, request.keys);
}

function orderEdits(site: QuerySite, uri: string, text: string, keys: readonly { readonly column: string; readonly descending: boolean }[]): readonly Edit[] | undefined {
  if (keys.length === 0) return [];
  const names = keys.map((key) => fieldOf(site, key.column));
  if (names.some((name) => name === undefined)) return undefined;
  const quote = text.includes('"') && !/'/.test(site.chain.map((call) => call.args.map((argument) => argument.text).join()).join()) ? '"' : "'";
  const written = keys.map((key, index) => `${quote}${key.descending ? '-' : ''}${names[index] ?? ''}${quote}`).join(', ');
  const order = site.chain.filter((call) => call.name === 'order_by').at(-1);
  const last = order?.args.at(-1);
  if (order) return [last ? insertion(uri, last.span.end, `, ${written}`) : insertion(uri, order.span.end - 1, written)];
  // Meta.ordering would no longer count.
  if (/\bORDER BY\b/i.test(site.source?.text ?? '')) return undefined;
  const at = place(site, text);
  return at && [insertion(uri, at.at, `${at.lead}.order_by(${written})`)];
}

/** `[:n]` behind a query that is walked as it stands. */
export function addDjangoLimit(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined {
  const { uri, text, count } = request;
  const calls = run(site, text);
  const last = calls.at(-1);
  if (!last || calls.length !== site.chain.length || calls.some((call) => terminals.test(call.name)) || last.span.end !== site.span.end) return undefined;
  return [insertion(uri, last.span.end, `[:${count}]`)];
}

/** `[offset:offset + n]` becomes a comparison with the last row's keys and `[:n]`. */
export function toDjangoKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const [slice, ...others] = site.chain.filter((call) => call.name === '[]');
  const [start, stop] = [slice?.args.find((argument) => argument.name === 'start'), slice?.args.find((argument) => argument.name === 'stop')];
  if (!slice || !start || !stop || slice.args.length !== 2 || others.length > 0) return undefined;
  const size = sizeOf(start.text, stop.text);
  const edits = size === undefined ? undefined : afterLastRow(site, request, 'django.db.models');
  return edits && [...edits, { uri: request.uri, span: hostSpan(start.span.start, stop.span.end), text: `:${size}` }];
}

/** `.offset(n)` becomes a comparison with the last row's keys. */
export function toTortoiseKeyset(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined {
  const { uri, text } = request;
  const [offset, ...others] = site.chain.filter((call) => call.name === 'offset');
  const edits = offset && others.length === 0 && run(site, text).length === site.chain.length ? afterLastRow(site, request, 'tortoise.expressions') : undefined;
  return offset && edits && [...edits, { uri, span: hostSpan(offset.span.start - leadOf(offset, text).length, offset.span.end), text: '' }];
}

/** The filter on the last row's keys, and the keys that the order lacks. Rows that are no instances have no attributes to begin after. */
function afterLastRow(site: QuerySite, { uri, text, keys, cursor }: KeysetRequest, module: string): readonly Edit[] | undefined {
  const names = keys.map((key) => fieldOf(site, key.column));
  const at = place(site, text);
  if (!at || keys.length === 0 || names.some((name) => name === undefined) || keys.some((key) => key.nullable) || site.chain.some((call) => /^(values|values_list|distinct|union)$/.test(call.name))) return undefined;
  const condition = keysetCondition(names.map((name) => name ?? ''), keys.map((key) => key.descending), cursor, uri, text, module);
  const order = orderEdits(site, uri, text, keys.filter((key) => key.added));
  return order && [...condition.edits, insertion(uri, at.at, `${at.lead}.filter(${condition.text})`), ...order];
}

/** `n` of `offset:offset + n`, `20` of `20:40`. */
function sizeOf(start: string, stop: string): string | undefined {
  if (/^\d+$/.test(start) && /^\d+$/.test(stop)) return String(Number(stop) - Number(start));
  const plain = stop.replaceAll(/\s+/g, '');
  const from = start.replaceAll(/\s+/g, '');
  const behind = plain.startsWith(`${from}+`) ? plain.slice(from.length + 1) : plain.endsWith(`+${from}`) ? plain.slice(0, -from.length - 1) : undefined;
  return behind !== undefined && /^[\w.]+$/.test(behind) ? behind : undefined;
}

/** `Q()` where there is no cursor yet, so that the first page has no condition. */
function keysetCondition(names: readonly string[], descending: readonly boolean[], cursor: string, uri: string, text: string, module: string): { readonly text: string; readonly edits: readonly Edit[] } {
  const q = ensureImport(uri, text, module, 'Q');
  const branches = names.map((name, index) => {
    const equal = names.slice(0, index).map((before) => `${before}=${cursor}.${before}`);
    return `${q.expression}(${[...equal, `${name}__${descending[index] ? 'lt' : 'gt'}=${cursor}.${name}`].join(', ')})`;
  });
  return { text: `${branches.length === 1 ? branches[0] ?? '' : branches.join(' | ')} if ${cursor} else ${q.expression}()`, edits: q.edits };
}

/** `select_related('customer')` while only single rows are on the way, else `prefetch_related('items__product')`. */
export function loadDjangoRelation(site: QuerySite, request: RelationRequest): { readonly edits: readonly Edit[]; readonly by: string } | undefined {
  const { uri, text, path } = request;
  const calls = run(site, text);
  if (site.chain.some((call) => /^(values|values_list)$/.test(call.name)) || calls.length !== site.chain.length) return undefined;
  const method = path.some((step) => step.many) ? 'prefetch_related' : 'select_related';
  const quote = text.includes("'") ? "'" : '"';
  const lookup = `${quote}${path.map((step) => step.property).join('__')}${quote}`;
  const known = calls.find((call) => call.name === method && call.args.length > 0);
  const last = known?.args.at(-1);
  if (last) return { edits: [insertion(uri, last.span.end, `, ${lookup}`)], by: method };
  const at = place(site, text);
  return at && { edits: [insertion(uri, at.at, `${at.lead}.${method}(${lookup})`)], by: method };
}
