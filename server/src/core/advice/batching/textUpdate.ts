import { tableOf } from '../scope';
import type { Bind } from '../../hosts/ir';
import type { FlowContext, Fix } from '../../lint/rule';
import type { Conjunct, Expression, StatementModel } from '../../sql/model';
import { toHostEditSpan } from '../../text/segmentMap';
import { spanText, sqlSpan } from '../../text/span';
import { freshName, camelName, snakeName } from './code';
import { collect, dependsOnTurn, isPlainValue, keyBinds, type PlainLoop } from './shape';
import { anyOf, keyCondition } from './sqlForm';
import { ARRAY_SAFE, arrayType, bindOf, edit, editedCall, type SiteEdit } from './textWrite';
import { lastOfEachKey, replaceLoop } from './wholeLoop';

/** The same update, or a delete, for all keys: `= ANY(…)`. */
export function textKeyedFix(context: FlowContext, plain: PlainLoop, kind: 'update' | 'delete'): Fix | undefined {
  const binds = keyBinds(plain);
  const source = plain.site.source;
  if (!binds || !source) return undefined;
  const condition = keyCondition(context.sql.analyse(source), binds.key);
  if (!condition || condition.block.relations.length !== 1) return undefined;
  // `SET n = n + 1` for a key that comes twice counts twice in the loop and once in one statement.
  if (condition.block.write?.assignments.some((a) => (a.expression?.columns.length ?? 1) > 0)) return undefined;
  const hole = toHostEditSpan(plain.site.map, condition.holeSpan);
  const list = collect(plain, binds.key.text.trim());
  const value = toHostEditSpan(plain.site.map, condition.valueSpan);
  if (!hole || !value || !binds.key.span) return undefined;
  const edits = plain.site.library === 'postgres.js' ? [edit(value, anyOf(condition, `\${${list}}`))] : [edit(value, anyOf(condition, spanText(context.text, hole))), edit(binds.key.span, list)];
  const call = editedCall(context, plain, edits);
  return call === undefined ? undefined : replaceLoop(context, plain, { title: `${kind === 'delete' ? 'Delete' : 'Update'} all rows with one statement`, call });
}

/** Where a value of the element goes: set in a column, or compared with one. */
interface Place {
  readonly hole: number;
  readonly column: string;
  readonly key: boolean;
}

/**
 * `UPDATE t SET a = u.v1 FROM unnest(…) AS u(v1, v2) WHERE id = u.v2`: another value for each row. The last element of a key
 * wins, as it did in the loop. Undefined where a value of the element stands anywhere but in `SET c = value` and
 * `WHERE c = value`, or a new value depends on the old one.
 */
export function textUpdateFix(context: FlowContext, plain: PlainLoop): Fix | undefined {
  const { site } = plain;
  const model = site.source && context.sql.analyse(site.source);
  const block = model?.blocks[0];
  const [target] = block?.relations ?? [];
  const table = target && tableOf(context.catalog, target);
  const where = block?.clauses.where;
  if (!model || !block?.write || !table || !where || model.blocks.length !== 1 || block.relations.length !== 1) return undefined;
  const places = placesOf(model, plain);
  const keys = places?.filter((place) => place.key) ?? [];
  if (!places || keys.length === 0 || keys.length === places.length) return undefined;
  if (block.write.assignments.some((a) => !places.some((p) => !p.key && contains(a.expression, p.hole)) && (a.expression?.columns.length ?? 1) > 0)) return undefined;
  // What one turn has set must not decide whether a later turn finds the row.
  const set = block.write.assignments.map((a) => a.column);
  if (block.conjuncts.flatMap(columnsOf).some((column) => set.includes(column))) return undefined;
  const style = site.source.placeholders;
  // Placeholders without a name are told by their order, which the list of arrays changes.
  if (style === 'percent' && model.holes.some((_, k) => !places.some((p) => p.hole === k))) return undefined;
  const keyTexts = keys.map((place) => bindAt(model, plain, place.hole)?.text.trim() ?? '');
  const name = freshName(context.text, plain.language === 'python' ? snakeName('last', table.name) : camelName('last', table.name));
  const last = lastOfEachKey(plain, keyTexts, name);
  if (!last) return undefined;
  const edits: SiteEdit[] = [];
  const arrays = new Map<string, { readonly text: string; readonly name: string; readonly type: string }>();
  for (const place of [...places].sort((a, b) => a.hole - b.hole)) {
    const hole = model.holes[place.hole];
    const bind = bindAt(model, plain, place.hole);
    const type = table.columns.find((c) => c.name === place.column)?.type;
    const at = hole && toHostEditSpan(site.map, hole.span);
    if (!hole || !bind?.span || !at || type === undefined || !ARRAY_SAFE.test(type)) return undefined;
    const list = collect(last.plain, bind.text.trim());
    const key = hole.origin.type === 'placeholder' ? `$${hole.origin.key}` : String(place.hole);
    const known = arrays.get(key);
    if (known && known.type !== type) return undefined;
    const column = known?.name ?? freshColumn(table.columns.map((c) => c.name), arrays.size);
    edits.push(edit(at, `u.${column}`));
    if (known) continue;
    arrays.set(key, { name: column, type, text: `${hole.origin.type === 'interpolation' ? `\${${list}}` : spanText(context.text, at)}::${arrayType(type)}` });
    if (hole.origin.type === 'placeholder') edits.push(edit(bind.span, list));
  }
  const before = toHostEditSpan(site.map, sqlSpan(where.keyword.start, where.keyword.end));
  if (!before) return undefined;
  const columns = [...arrays.values()];
  edits.push(edit(before, `FROM unnest(${columns.map((c) => c.text).join(', ')}) AS u(${columns.map((c) => c.name).join(', ')}) ${spanText(context.text, before)}`));
  const call = editedCall(context, plain, edits);
  return call === undefined ? undefined : replaceLoop(context, plain, { title: 'Update all rows with one statement', call, before: last.before });
}

const columnsOf = (conjunct: Conjunct): readonly string[] => [
  ...[conjunct.left, conjunct.right].flatMap((side) => side?.columns.map((ref) => ref.column) ?? []),
  ...(conjunct.branches ?? []).flat().flatMap(columnsOf),
];

const bindAt = (model: StatementModel, { site }: PlainLoop, hole: number): Bind | undefined => {
  const found = model.holes[hole];
  return found && bindOf(site, found);
};

/** Every hole with a value of the element, where it is of one of the two forms; undefined where one is of another. */
function placesOf(model: StatementModel, plain: PlainLoop): readonly Place[] | undefined {
  const block = model.blocks[0];
  const places: Place[] = [];
  for (const [k, hole] of model.holes.entries()) {
    const bind = bindOf(plain.site, hole);
    if (!bind) return undefined;
    if (!dependsOnTurn(plain, bind)) continue;
    const assigned = block?.write?.assignments.find((a) => a.expression && holeOf(a.expression) === k);
    const compared = block?.conjuncts.find((c) => c.clause === 'where' && c.operator === '=' && !c.negated && c.left?.kind === 'column' && c.right && holeOf(c.right) === k);
    const column = assigned?.column ?? compared?.left?.column?.column;
    if (column === undefined || !isPlainValue(plain, bind)) return undefined;
    places.push({ hole: k, column, key: !assigned });
  }
  return places;
}

/** `$1` and `$1::text`. */
const holeOf = (expression: Expression): number | undefined => (expression.kind === 'cast' ? expression.args?.[0]?.hole : expression.kind === 'hole' ? expression.hole : undefined);

const contains = (expression: Expression | undefined, hole: number): boolean => expression !== undefined && holeOf(expression) === hole;

function freshColumn(taken: readonly string[], count: number): string {
  let name = `v${count + 1}`;
  while (taken.includes(name)) name += '_';
  return name;
}
