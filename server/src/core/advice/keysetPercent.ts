import type { QuerySite } from '../hosts/ir';
import type { QueryBlock, StatementModel } from '../sql/model';
import type { Edit } from '../text/edit';
import { containsSpan, hostSpan } from '../text/span';
import { coverHoles } from './holes';
import { renderKeysetCondition, type KeysetKey } from './keyset';

/** A key with the host expression of the last row's value. */
export interface KeyValue {
  readonly key: KeysetKey;
  readonly value: string;
}

export interface PercentPlan {
  readonly condition: string;
  readonly sqlEdits: readonly [];
  readonly hostEdits: readonly Edit[];
}

/**
 * Parameters of psycopg: `%(name)s` from a dictionary, `%s` by place. Each `%s` is a parameter of its own for the server,
 * which cannot infer a type where it is only compared with NULL, so each is written with the column's type.
 * @returns undefined where the arguments are not written out at the call.
 */
export function percentParameters(model: StatementModel, block: QueryBlock, site: QuerySite, values: readonly KeyValue[], uri: string): PercentPlan | undefined {
  const keys = values.map((v) => v.key);
  const written = model.holes.flatMap((hole) => (hole.origin.type === 'placeholder' ? [{ hole, key: hole.origin.key }] : []));
  const binds = written.map((w) => ({ ...w, span: site.binds.find((b) => b.key === w.key)?.span }));
  if (binds.length === 0 || binds.length !== model.holes.length || binds.some((b) => b.span === undefined)) return undefined;
  const last = binds.reduce((a, b) => ((b.span?.end ?? 0) > (a.span?.end ?? 0) ? b : a)).span;
  if (!last) return undefined;
  if (binds.every((b) => !/^\d+$/.test(b.key))) {
    const names = keys.map((k) => `after_${k.column.replace(/\W/g, '_')}`);
    const entries = values.map((v, i) => `, "${names[i]}": ${v.value}`).join('');
    return { condition: renderKeysetCondition(keys, names.map((n) => `%(${n})s`)), sqlEdits: [], hostEdits: [{ uri, span: hostSpan(last.end, last.end), text: entries }] };
  }
  if (binds.some((b) => !/^\d+$/.test(b.key)) || keys.some((k) => k.type === '')) return undefined;
  return byPlace(model, block, values, binds, uri);
}

interface Bound {
  readonly hole: StatementModel['holes'][number];
  readonly span?: { readonly start: number; readonly end: number };
}

/** The values stand where the condition does: behind the parameters of WHERE, before those of LIMIT. */
function byPlace(model: StatementModel, block: QueryBlock, values: readonly KeyValue[], binds: readonly Bound[], uri: string): PercentPlan | undefined {
  const clause = block.offset && coverHoles(model, block.offset.clause);
  const filter = block.clauses.where ?? block.clauses.from;
  if (!clause || !filter) return undefined;
  const filterEnd = coverHoles(model, filter.span).end;
  const removed = binds.filter((b) => containsSpan(clause, b.hole.span));
  const kept = binds.filter((b) => !removed.includes(b));
  // `Marker i` becomes a placeholder each time it occurs, in the order of the text.
  const order: number[] = [];
  const marked = renderKeysetCondition(values.map((v) => v.key), values.map((_, i) => `\u0001${i}\u0001`));
  const condition = marked.replace(/\u0001(\d+)\u0001/g, (_, index: string) => {
    order.push(Number(index));
    return `%s::${values[Number(index)]?.key.type ?? ''}`;
  });
  const inserted = order.map((i) => values[i]?.value ?? 'None');
  const offset = removed[0]?.span;
  const place = kept.filter((b) => b.hole.span.start < filterEnd).length;
  const next = kept[place]?.span;
  const previous = kept[place - 1]?.span;
  if (removed.length > 1) return undefined;
  if (!next) {
    if (offset) return { condition, sqlEdits: [], hostEdits: [{ uri, span: hostSpan(offset.start, offset.end), text: inserted.join(', ') }] };
    return previous && { condition, sqlEdits: [], hostEdits: [{ uri, span: hostSpan(previous.end, previous.end), text: `, ${inserted.join(', ')}` }] };
  }
  const before = offset && kept.filter((b) => (b.span?.end ?? Infinity) <= offset.start).at(-1)?.span;
  if (offset && !before) return undefined;
  const edits: Edit[] = [{ uri, span: hostSpan(next.start, next.start), text: `${inserted.join(', ')}, ` }];
  if (offset && before) edits.push({ uri, span: hostSpan(before.end, offset.end), text: '' });
  return { condition, sqlEdits: [], hostEdits: edits };
}
