import { findAdapter } from '../../libraries';
import type { FlowContext } from '../../lint/rule';
import { aggregateRow, isAggregated } from './grouped';
import { noteOf, withList } from './list';
import { isUniqueKey } from './producer';
import type { Rewrite } from './rewrite';
import type { KeyBinds, PlainLoop } from './shape';
import { builderResult, builderRewrite } from './singleRow';
import { outputOf, type KeyCondition } from './sqlForm';

/**
 * A chain of a JavaScript builder or ORM that reads by one key: one query with all keys before the loop, in the library's own
 * idiom, and a look-up in its place; aggregates are grouped by the key. Undefined for joins, limits and locks, for one row
 * of several, and where the library has no such form.
 */
export function builderListRead(context: FlowContext, plain: PlainLoop, binds: KeyBinds, condition: KeyCondition): Rewrite | undefined {
  const { site } = plain;
  const { block } = condition;
  const fetch = site.fetches === 'one' ? 'row' : site.fetches === 'many' ? 'rows' : undefined;
  const idiom = findAdapter(site.library)?.batch;
  if (!idiom?.readByKeys || !fetch || block.offset || block.locking || block.relations.length !== 1) return undefined;
  const grouped = isAggregated(block, site.source?.text ?? '');
  const none = grouped ? aggregateRow({ ...block, limit: undefined }, { library: 'pg', rows: 'name' }) : undefined;
  const unique = !grouped && isUniqueKey(context, condition, site);
  if (grouped ? !none || fetch !== 'row' : !unique && (fetch === 'row' || block.limit)) return undefined;
  const result = builderResult(context, plain, fetch);
  const key = binds.key.text.trim();
  if (!result) return undefined;
  const read = withList(context, plain, key, 'keys', (list) => idiom.readByKeys?.(site, { uri: context.file.uri, text: context.text, key: binds.key, column: condition.column, list, selected: outputOf(block, condition) !== undefined, unique, grouped }));
  if (!read) return undefined;
  const rows = read.guard === undefined ? `await ${read.call}` : `${read.guard} ? await ${read.call} : []`;
  const rewrite = builderRewrite(context, plain, result, { fetch, rows, condition, property: read.property, key, added: read.added, missing: none ? ` ?? ${none.object}` : read.missing, ...(read.instances ? { instances: true } : {}) });
  const note = noteOf(context, condition, read);
  return rewrite && { ...rewrite, before: [...read.before, ...rewrite.before], ...(read.others ? { others: read.others } : {}), ...(note === undefined ? {} : { title: `Read all rows with one query before the loop (${note})` }) };
}
