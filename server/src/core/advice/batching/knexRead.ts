import type { ChainCall } from '../../hosts/ir';
import type { FlowContext } from '../../lint/rule';
import { applyEdits, type Edit } from '../../text/edit';
import { containsSpan, hostSpan, spanText, type HostSpan } from '../../text/span';
import { aggregateRow, isAggregated } from './grouped';
import { isUniqueKey } from './producer';
import type { Rewrite } from './rewrite';
import { collect, type KeyBinds, type PlainLoop } from './shape';
import { builderResult, builderRewrite } from './singleRow';
import { outputOf, type KeyCondition } from './sqlForm';

const KEPT = /^(from|table|into|select|column|columns|where|andWhere|whereNot|whereNull|whereNotNull|whereIn|whereNotIn|whereRaw|andWhereRaw|whereILike|whereLike|whereBetween|orderBy|first|transacting|withSchema|max|min|sum|avg|count|countDistinct)$/;

/**
 * `await knex('t').where({ id }).first()` and its kin: one chain with `whereIn` before the loop; aggregates are grouped by
 * the key. Undefined for chains that join, limit or lock, and for one row of several.
 */
export function knexListRead(context: FlowContext, plain: PlainLoop, binds: KeyBinds, condition: KeyCondition): Rewrite | undefined {
  const { site } = plain;
  const { block } = condition;
  const first = site.chain.at(-1)?.name === 'first' ? site.chain.at(-1) : undefined;
  const calls = site.chain.slice(1);
  if (!calls.every((call) => KEPT.test(call.name)) || (first && first.args.length > 0) || (!first && block.limit) || block.offset || block.relations.length !== 1) return undefined;
  const grouped = isAggregated(block, site.source?.text ?? '');
  const fetch = first ? 'row' : 'rows';
  const missing = grouped ? aggregateRow({ ...block, limit: undefined }, { library: 'pg', rows: 'name' }) : undefined;
  if (grouped ? !missing || !first : first && !isUniqueKey(context, condition, site)) return undefined;
  const result = builderResult(context, plain, fetch);
  const key = binds.key.text.trim();
  const filter = keyFilter(context, plain, binds, collect(plain, key));
  if (!result || !filter) return undefined;
  const added = outputOf(block, condition) === undefined;
  const tail = `${grouped ? `.groupBy('${filter.column}')` : ''}${added ? `.select('${filter.column}')` : ''}`;
  const end = first?.span.start ?? site.span.end;
  const edits: Edit[] = [...filter.edits.map((edit) => ({ ...edit, uri: '' })), { uri: '', span: hostSpan(end, site.span.end), text: tail }];
  const rows = applyEdits(spanText(context.text, site.span), edits.map((e) => ({ ...e, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) })));
  if (rows === undefined) return undefined;
  return builderRewrite(context, plain, result, { fetch, rows: `await ${rows}`, condition, property: filter.column, key, added, missing: missing ? ` ?? ${missing.object}` : '' });
}

interface KeyFilter {
  /** As the code writes it. */
  readonly column: string;
  readonly edits: readonly Omit<Edit, 'uri'>[];
}

/** The call with the key (`.where({ id: x.id, kind })`, `.where('id', x.id)`) and its `whereIn`. */
function keyFilter(context: FlowContext, plain: PlainLoop, { key }: KeyBinds, list: string): KeyFilter | undefined {
  const { span } = key;
  const call = span && plain.site.chain.find((c) => /^(where|andWhere)$/.test(c.name) && containsSpan(c.span, span));
  if (!span || !call) return undefined;
  const [head] = call.args;
  if (call.args.length === 1 && head?.items) return objectFilter(context, call, span, list);
  const value = call.args.at(-1);
  const operator = call.args.length === 3 ? call.args[1]?.literal : '=';
  if (typeof head?.literal !== 'string' || !/^\w+$/.test(head.literal) || operator !== '=' || !value || call.args.length < 2 || value.text.trim() !== key.text.trim()) return undefined;
  return { column: head.literal, edits: [{ span: call.nameSpan, text: 'whereIn' }, { span: hostSpan(call.args[1]?.span.start ?? value.span.start, value.span.end), text: list }] };
}

function objectFilter(context: FlowContext, call: ChainCall, span: HostSpan, list: string): KeyFilter | undefined {
  const items = call.args[0]?.items ?? [];
  const own = items.find((item) => containsSpan(item.span, span));
  if (own?.name === undefined || !/^\w+$/.test(own.name) || items.some((item) => item.name === undefined || !/^\w+$/.test(item.name))) return undefined;
  const rest = items.filter((item) => item !== own).map((item) => (item.text === item.name ? item.name : `${item.name}: ${item.text}`));
  const whereIn = `whereIn('${own.name}', ${list})`;
  const text = rest.length === 0 ? `.${whereIn}` : `.${spanText(context.text, call.nameSpan)}({ ${rest.join(', ')} }).${whereIn}`;
  return { column: own.name, edits: [{ span: call.span, text }] };
}
