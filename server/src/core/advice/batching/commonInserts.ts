import { tableOf } from '../scope';
import type { Bind } from '../../hosts/ir';
import type { FlowContext } from '../../lint/rule';
import { applyEdits } from '../../text/edit';
import { toHostEditSpan } from '../../text/segmentMap';
import { hostSpan } from '../../text/span';
import type { SoleWrite } from './soleWrite';
import { ARRAY_SAFE, arrayType, bindOf, edit, type SiteEdit } from './textWrite';
import { valueItems } from './values';

/**
 * `INSERT … SELECT … FROM unnest(@Id::bigint[], …)` with the values of all elements. Undefined for upserts, for values that
 * are no plain ones of the element or constants of the text, and for types that no array carries.
 * @param listOf host expression with the value of every element, and what it needs to be written in the bind's place
 */
export function unnestCall(context: FlowContext, sole: SoleWrite, isElement: (bind: Bind) => boolean, listOf: (bind: Bind) => string | undefined): string | undefined {
  const { site } = sole;
  const { source } = site;
  const model = source && context.sql.analyse(source);
  const block = model?.blocks[0];
  const target = block?.relations.find((r) => r.target);
  const table = target && tableOf(context.catalog, target);
  const values = block?.clauses.values;
  if (!source || model?.kind !== 'insert' || model.completeness !== 'full' || !site.complete || !block?.write || !table || !values || block.returning || block.write.columns.length === 0) return undefined;
  if (block.write.onConflict && !/\bdo\s+nothing\b/i.test(source.text)) return undefined;
  const items = valueItems(source.text, values.span.start + 'values'.length);
  if (!items || items.spans.length !== block.write.columns.length || model.holes.some((hole) => hole.span.start >= items.end)) return undefined;
  const edits: SiteEdit[] = [];
  const selected: string[] = [];
  const arrays: string[] = [];
  for (const [k, span] of items.spans.entries()) {
    const text = source.text.slice(span.start, span.end).trim();
    const hole = model.holes.find((h) => h.span.start >= span.start && h.span.end <= span.end);
    const bind = hole && bindOf(site, hole);
    if (!hole) {
      if (/\bdefault\b/i.test(text)) return undefined;
      selected.push(text);
      continue;
    }
    const type = table.columns.find((c) => c.name === block.write?.columns[k])?.type;
    const list = bind && isElement(bind) ? listOf(bind) : undefined;
    if (!bind?.span || list === undefined || type === undefined || !ARRAY_SAFE.test(type) || hole.span.start !== span.start || hole.span.end !== span.end) return undefined;
    selected.push(`u.v${arrays.length + 1}`);
    arrays.push(`${text}::${arrayType(type)}`);
    edits.push(edit(bind.span, list));
  }
  const clause = toHostEditSpan(site.map, { start: values.keyword.start, end: items.end });
  if (!clause || arrays.length === 0 || new Set(arrays).size !== arrays.length) return undefined;
  const names = arrays.map((_, k) => `v${k + 1}`);
  edits.push(edit(clause, selected.every((s, k) => s === `u.v${k + 1}`) ? `SELECT * FROM unnest(${arrays.join(', ')})` : `SELECT ${selected.join(', ')} FROM unnest(${arrays.join(', ')}) AS u(${names.join(', ')})`));
  const inside = edits.map((e) => ({ uri: '', text: e.text, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) }));
  return inside.some((e) => e.span.start < 0 || e.span.end > site.span.end - site.span.start) ? undefined : applyEdits(sole.call, inside);
}
