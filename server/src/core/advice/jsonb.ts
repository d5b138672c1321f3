import { findColumn } from '../catalog/lookup';
import type { Index, IndexKey, Table } from '../catalog/model';
import { operatorVerdict } from '../catalog/operatorSupport';
import type { IndexPredicate } from '../catalog/indexPredicates';
import type { HostFile } from '../hosts/ir';
import type { Question, StatementContext } from '../lint/rule';
import type { ColumnRef, Conjunct, Expression, StatementModel } from '../sql/model';
import type { SqlAnalyser } from '../sql/ports';
import { createTextMemo } from '../text/textMemo';
import { unquote } from './indexKeys';
import { withoutCasts } from './scope';

/** A place in a JSON column: the column itself, `data -> 'a'`, `data['a']`, `data ->> 'k'`, `data #>> '{a,b}'`. */
export interface JsonPlace {
  readonly column: ColumnRef;
  /** Object keys from the column inwards. Undefined where one is a position in an array or may be one. */
  readonly path?: readonly string[];
  /** Gives text: its last step is `->>` or `#>>`. */
  readonly text: boolean;
  readonly expression: Expression;
}

/** Operators of jsonb that only GIN indexes serve. */
const GIN_OPERATORS: ReadonlySet<string> = new Set(['@>', '?', '?|', '?&', '@?', '@@']);
const KEY_OPERATORS: ReadonlySet<string> = new Set(['?', '?|', '?&']);
const EQUALITY: ReadonlySet<string> = new Set(['=', 'in', 'any']);

/** Casts of a text that may stand in an index: they depend on no setting. */
const NUMBERS = /^(?:smallint|integer|bigint|numeric|uuid)$/;

/** The place an expression names with constant steps; undefined for any other expression. */
export function toJsonPlace(expression: Expression): JsonPlace | undefined {
  if (expression.kind === 'cast' && /^(text|varchar|character varying)$/.test(expression.type ?? '')) return expression.args?.[0] && textPlace(toJsonPlace(expression.args[0]));
  const cast = expression.kind === 'cast' && NUMBERS.test(expression.type ?? '') ? expression.args?.[0] && toJsonPlace(expression.args[0]) : undefined;
  if (cast?.text) return { ...cast, path: undefined, expression };
  if (expression.column) return { column: expression.column, path: [], text: false, expression };
  if (expression.kind === 'other' && expression.name === 'indirection') return subscriptPlace(expression);
  const [from, step] = expression.args ?? [];
  if (expression.kind !== 'operator' || !from || !step) return undefined;
  const base = toJsonPlace(from);
  const key = withoutCasts(step);
  if (!base || base.text || key.kind !== 'constant') return undefined;
  switch (expression.name) {
    case '->': case '->>': return { column: base.column, path: typeof key.value === 'string' ? extend(base.path, [key.value]) : undefined, text: expression.name === '->>', expression };
    // A number in a path may be an object's key as well as a position.
    case '#>': case '#>>': return { column: base.column, path: typeof key.value === 'string' ? extend(base.path, pathKeys(key.value)) : undefined, text: expression.name === '#>>', expression };
    default: return undefined;
  }
}

/** `data['a']['b']`: each step is one constant in brackets. */
function subscriptPlace(expression: Expression): JsonPlace | undefined {
  const [from, ...steps] = expression.args ?? [];
  const base = from && toJsonPlace(from);
  if (!base || base.text) return undefined;
  let path = base.path;
  for (const step of steps) {
    const key = step.name === 'a_indices' && step.args?.length === 1 ? step.args[0] : undefined;
    if (key?.kind !== 'constant') return undefined;
    path = typeof key.value === 'string' ? extend(path, [key.value]) : undefined;
  }
  return { column: base.column, path, text: false, expression };
}

/** A cast to text changes nothing on `->>`, and everything on `->`. */
const textPlace = (place: JsonPlace | undefined): JsonPlace | undefined => (place?.text ? place : undefined);

const extend = (path: readonly string[] | undefined, keys: readonly string[] | undefined): readonly string[] | undefined => (path && keys ? [...path, ...keys] : undefined);

/** The keys of `{a,b}`; undefined where they are quoted or may be positions. */
function pathKeys(text: string): readonly string[] | undefined {
  const keys = /^\{([^{}"\\]*)\}$/.exec(text)?.[1]?.split(',').map((key) => key.trim());
  return keys?.every((key) => /^[A-Za-z_][\w-]*$/.test(key)) ? keys : undefined;
}

/** The jsonb place that a condition compares: by an operator that GIN serves, or what is taken out of it by equality. */
export function jsonbPlaceOf(table: Table, { operator, left, right }: Pick<Conjunct, 'operator' | 'left' | 'right'>): JsonPlace | undefined {
  for (const [side, as] of [[left, operator], [right, operator === '<@' ? '@>' : operator === '=' ? '=' : '']] as const) {
    const place = side && toJsonPlace(side);
    if (!place || findColumn(table, place.column.column)?.type !== 'jsonb') continue;
    if (place.text || EQUALITY.has(as) ? EQUALITY.has(as) && place.expression.kind !== 'column' : GIN_OPERATORS.has(as)) return place;
  }
  return undefined;
}

/** Is a condition about the inside of a jsonb value: an operator that GIN serves, or a text taken out of it? */
export function isJsonbPredicate(table: Table, { key, column, operator }: IndexPredicate): boolean {
  const root = column ?? /^\(*("(?:[^"]|"")+"|\w+)(?: (?:->>?|#>>?) |\[)/.exec(key)?.[1];
  if (root === undefined || findColumn(table, column ?? unquote(root))?.type !== 'jsonb') return false;
  return GIN_OPERATORS.has(operator) || (column === undefined && EQUALITY.has(operator));
}

/** GIN indexes over a column whose operator class has no such operator. */
export const ginWithout = (table: Table, column: string, predicate: IndexPredicate): readonly { readonly index: Index; readonly opclass: string }[] =>
  table.indexes.flatMap((index) => {
    const key = index.valid && index.method === 'gin' ? index.keys.find((k) => k.column === column) : undefined;
    return key && operatorVerdict('gin', key, { ...predicate, negated: false }, 'jsonb') === 'no' ? [{ index, opclass: opclassOf(key) }] : [];
  });

/** A valid, whole GIN index that answers containment on the column. */
export const findContainmentIndex = (table: Table, column: string): Index | undefined =>
  table.indexes.find((index) => index.valid && index.method === 'gin' && index.predicate === undefined && index.keys.some((key) => key.column === column && ['jsonb_ops', 'jsonb_path_ops'].includes(opclassOf(key))));

const opclassOf = (key: IndexKey): string => key.opclass ?? 'jsonb_ops';

/**
 * Does some known statement of the workspace ask a column of this name for keys (`?`, `?|`, `?&`)? `jsonb_path_ops` is
 * smaller and faster, and cannot answer that. Cost: once a file and column a search in its texts and a model of those that match.
 */
export const asksForKeys = (context: Pick<StatementContext, 'model' | 'ask'>, column: string): boolean => hasKeyTest(context.model, column) || context.ask(keyQuestion(column));

/** The same question for the same name: it is answered once a run. */
const keyQuestion = createTextMemo(20_000, (column): Question => ({ file, flow, sql }) => {
  if (fileAsksForKeys(file, sql, column)) return true;
  for (const known of flow.files()) if (fileAsksForKeys(known, sql, column)) return true;
  return false;
});

/** By column. A file that was read again is another object. */
const keyTests = new WeakMap<HostFile, Map<string, boolean>>();

function fileAsksForKeys(file: HostFile, sql: SqlAnalyser, column: string): boolean {
  const columns = keyTests.get(file) ?? new Map<string, boolean>();
  const known = columns.get(column);
  if (known !== undefined) return known;
  const found = file.sites.some(({ source }) => source?.text.includes('?') && source.text.includes(column) && hasKeyTest(sql.analyse(source), column));
  keyTests.set(file, columns.set(column, found));
  return found;
}

const hasKeyTest = (model: StatementModel, column: string): boolean => model.blocks.some((block) => block.conjuncts.some((c) => isKeyTest(c, column)));

const isKeyTest = (conjunct: Conjunct, column: string): boolean =>
  (conjunct.branches ?? []).flat().some((c) => isKeyTest(c, column)) || (KEY_OPERATORS.has(conjunct.operator) && conjunct.left?.columns.some((c) => c.column === column) === true);

/** Can text be nothing but a JSON string's? A number, `true`, an object or an array could have the same text. */
export const isStringOnly = (text: string): boolean => !/^\s*(-?\d|true$|false$|[[{])/.test(text);

/** `jsonb_build_object('a', jsonb_build_object('b', value))`: the smallest document that contains the value at the path. */
export const renderContained = (path: readonly string[], value: string): string =>
  path.reduceRight((inner, key) => `jsonb_build_object('${key.replaceAll("'", "''")}', ${inner})`, value);
