import { tableOf } from '../scope';
import type { FlowContext, Fix } from '../../lint/rule';
import { toHostEditSpan } from '../../text/segmentMap';
import { camelName, freshName, snakeName } from './code';
import { collect, dependsOnTurn, isPlainValue, type PlainLoop } from './shape';
import { ARRAY_SAFE, arrayType, bindOf, edit, editedCall, type SiteEdit } from './textWrite';
import { valueItems } from './values';
import { lastOfEachKey, replaceLoop } from './wholeLoop';

/**
 * One `INSERT … SELECT … FROM unnest(…)` of all rows. With `ON CONFLICT (k) DO UPDATE SET c = EXCLUDED.c` the last element of
 * each key is written, which is what the loop left behind. Undefined for other upserts and for types that no array carries.
 */
export function textInsertFix(context: FlowContext, whole: PlainLoop): Fix | undefined {
  const { site } = whole;
  const source = site.source;
  const model = source && context.sql.analyse(source);
  const block = model?.blocks[0];
  const target = block?.relations.find((r) => r.target);
  const table = target && tableOf(context.catalog, target);
  const write = block?.write;
  const values = block?.clauses.values;
  if (!source || !block || !table || !write || !values || write.columns.length === 0) return undefined;
  const items = valueItems(source.text, values.span.start + 'values'.length);
  if (!items || items.spans.length !== write.columns.length) return undefined;
  const written = items.spans.map((span) => {
    const hole = model.holes.find((h) => h.span.start >= span.start && h.span.end <= span.end);
    return { span, hole, bind: hole && bindOf(site, hole), text: source.text.slice(span.start, span.end).trim() };
  });
  let plain = whole;
  let before: readonly string[] = [];
  if (write.onConflict && !/\bdo\s+nothing\b/i.test(source.text)) {
    const keys = replacedKeys(source.text.slice(items.end), write.columns, new Map(written.flatMap(({ bind, text }, k) => (bind && dependsOnTurn(whole, bind) ? [] : [[write.columns[k] ?? '', text] as const]))));
    const parts = keys?.map((key) => written[write.columns.indexOf(key)]?.bind);
    if (!keys || !parts?.every((bind) => bind !== undefined && dependsOnTurn(whole, bind))) return undefined;
    const last = lastOfEachKey(whole, parts.map((bind) => bind?.text.trim() ?? ''), freshName(context.text, whole.language === 'python' ? snakeName('last', table.name) : camelName('last', table.name)));
    if (!last) return undefined;
    ({ plain, before } = last);
  }
  const edits: SiteEdit[] = [];
  const selected: string[] = [];
  const arrays: string[] = [];
  const names: string[] = [];
  for (const [k, { span, hole, bind, text }] of written.entries()) {
    if (!hole) {
      if (/\bdefault\b/i.test(text)) return undefined;
      selected.push(text);
      continue;
    }
    if (!bind?.span) return undefined;
    if (!dependsOnTurn(whole, bind)) {
      if (site.library === 'postgres.js' || site.library === 'psycopg') return undefined;
      selected.push(text);
      continue;
    }
    const column = table.columns.find((c) => c.name === write.columns[k]);
    if (!column || !isPlainValue(whole, bind) || !ARRAY_SAFE.test(column.type) || hole.span.start !== span.start || hole.span.end !== span.end) return undefined;
    const list = collect(plain, bind.text.trim());
    names.push(`v${names.length + 1}`);
    selected.push(`u.${names.at(-1)}`);
    arrays.push(site.library === 'postgres.js' ? `\${${list}}::${arrayType(column.type)}` : `${text}::${arrayType(column.type)}`);
    if (site.library !== 'postgres.js') edits.push(edit(bind.span, list));
  }
  const clause = toHostEditSpan(site.map, { start: values.keyword.start, end: items.end });
  if (!clause || arrays.length === 0 || new Set(arrays).size !== arrays.length || model.holes.some((hole) => hole.span.start >= items.end)) return undefined;
  const all = selected.every((s, k) => s === `u.v${k + 1}`);
  edits.push(edit(clause, all ? `SELECT * FROM unnest(${arrays.join(', ')})` : `SELECT ${selected.join(', ')} FROM unnest(${arrays.join(', ')}) AS u(${names.join(', ')})`));
  const call = editedCall(context, plain, edits);
  return call === undefined ? undefined : replaceLoop(context, plain, { title: `${write.onConflict && before.length > 0 ? 'Upsert' : 'Insert'} all rows with one statement`, call, before });
}

/**
 * The conflict's columns, where the row that is there becomes the row that was to be inserted: then the last row of a key leaves
 * what all of them in order do.
 * @param steady columns that are given the same value in every turn, with that value's SQL.
 */
function replacedKeys(rest: string, written: readonly string[], steady: ReadonlyMap<string, string>): readonly string[] | undefined {
  const found = /^\s*on\s+conflict\s*\(([\w\s,]+)\)\s*do\s+update\s+set\s+([\s\S]+?)\s*;?\s*$/i.exec(rest);
  const keys = found?.[1]?.split(',').map((key) => key.trim().toLowerCase());
  const assigned = found?.[2]?.split(/,(?![^(]*\))/).map((part) => /^\s*(\w+)\s*=\s*([\s\S]+?)\s*$/.exec(part));
  if (!keys?.every((key) => written.includes(key)) || !assigned) return undefined;
  const replaced = new Set<string>();
  for (const part of assigned) {
    const column = part?.[1]?.toLowerCase() ?? '';
    if (part?.[2]?.toLowerCase() !== `excluded.${column}` && (part?.[2] === undefined || steady.get(column) !== part[2])) return undefined;
    replaced.add(column);
  }
  return written.every((column) => keys.includes(column) || replaced.has(column) || steady.has(column)) ? keys : undefined;
}
