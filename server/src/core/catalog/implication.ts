import { predicateParts } from './expressionText';
import { collectTokens } from './expressionTokens';
import type { ConstantValue, IndexPredicate } from './indexPredicates';

/** Three-valued: `unknown` where the predicate is outside what is understood. */
export type Verdict = 'yes' | 'no' | 'unknown';

/** One AND-part of a partial index's predicate that is understood. */
interface Atom {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly ConstantValue[];
}

/** Operators that give NULL, hence no row, when their left side is NULL. */
const strictOperators = new Set(['=', '<>', '<', '<=', '>', '>=', '~~', '~~*', '~', '~*', '@>', '<@', '&&', '?', '?|', '?&', '@@', '@?', 'in', 'any', 'between', 'boolean', 'contains element']);

/** The IS [NOT] tests, however the model or the DDL spells them. */
const isTests: readonly (readonly [RegExp, string])[] = [
  [/^(.+) is not null$/, 'is not null'], [/^(.+) is null$/, 'is null'],
  [/^(.+) is not (?:true|false|unknown)$/, ''], [/^(.+) is true$/, 'true'], [/^(.+) is false$/, 'false'],
];

function constantOf(text: string): ConstantValue | undefined {
  if (/^'(?:[^']|'')*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  if (/^-?\s?\d[\d_]*(?:\.\d+)?$/.test(text)) return Number(text.replaceAll(/[\s_]/g, ''));
  if (text === 'true' || text === 'false') return text === 'true';
  return undefined;
}

/** A part of a predicate as key, operator and constants; undefined where it has another form. */
function atomOf(part: string): Atom | undefined {
  if (/\bor\b/.test(part)) return undefined;
  for (const [pattern, operator] of isTests) {
    const key = pattern.exec(part)?.[1];
    if (key !== undefined) return operator === '' ? undefined : { key, operator, values: [] };
  }
  const list = /^(.+?) = any\(array\[(.*)\]\)$/.exec(part);
  if (list?.[1] !== undefined) {
    const values = collectListItems(list[2] ?? '').map(constantOf);
    return values.every((value): value is ConstantValue => value !== undefined) ? { key: list[1], operator: 'in', values } : undefined;
  }
  const comparison = /^(.+?) (=|<>|<=|>=|<|>) (.+)$/.exec(part);
  if (comparison?.[1] !== undefined) {
    const value = constantOf(comparison[3] ?? '');
    return value === undefined ? undefined : { key: comparison[1], operator: comparison[2] ?? '', values: [value] };
  }
  if (/^not [\w"]+$/.test(part)) return { key: part.slice(4), operator: 'false', values: [] };
  return /^[\w"]+$/.test(part) ? { key: part, operator: 'true', values: [] } : undefined;
}

function collectListItems(text: string): readonly string[] {
  const items: string[] = [''];
  let end = 0;
  for (const token of collectTokens(text)) {
    if (token.text === ',') items.push('');
    else items[items.length - 1] += token.text;
    end = token.end;
  }
  return end === 0 ? [] : items;
}

/** The order of two constants of one kind; undefined where it is not certain (text order depends on the collation). */
function compare(a: ConstantValue, b: ConstantValue): number | undefined {
  if (a === b) return 0;
  return typeof a === 'number' && typeof b === 'number' ? a - b : undefined;
}

/** Does `value operator bound` hold? undefined: not certain. */
function holds(value: ConstantValue, operator: string, bound: ConstantValue): boolean | undefined {
  if (operator === '=') return value === bound;
  if (operator === '<>') return value !== bound;
  const order = compare(value, bound);
  if (order === undefined) return undefined;
  return operator === '<' ? order < 0 : operator === '<=' ? order <= 0 : operator === '>' ? order > 0 : order >= 0;
}

/** What one query condition says about one atom on the same key. */
function implies(predicate: IndexPredicate, atom: Atom): boolean {
  const { operator, negated, values } = predicate;
  if (atom.operator === 'is null') return operator === 'is null' && !negated;
  if (atom.operator === 'is not null') return operator === 'is not null' || strictOperators.has(operator);
  if (atom.operator === 'true' || atom.operator === 'false') return impliesBoolean(predicate, atom.operator === 'true');
  if (atom.operator === '=' && typeof atom.values[0] === 'boolean') return impliesBoolean(predicate, atom.values[0]);
  if (values === undefined) return false;
  const bound = atom.values[0] ?? null;
  const allHold = (tested: readonly ConstantValue[]): boolean => tested.every((value) => value !== null && (atom.operator === 'in' ? atom.values.includes(value) : holds(value, atom.operator, bound) === true));
  if (negated) return operator === 'in' && atom.operator === '<>' && values.includes(bound);
  if (operator === '=' || operator === 'in' || operator === 'any') return values.length > 0 && allHold(values);
  if (operator === '<>') return atom.operator === '<>' && values[0] === bound;
  if (operator === 'between') return allHold(atom.operator.startsWith('<') ? values.slice(1, 2) : atom.operator.startsWith('>') ? values.slice(0, 1) : ['', null]);
  return impliesRange(operator, values[0] ?? null, atom.operator, bound);
}

/** `x operator value` implies `x atomOperator bound`, for ranges in the same direction. */
function impliesRange(operator: string, value: ConstantValue, atomOperator: string, bound: ConstantValue): boolean {
  const order = compare(value, bound);
  if (order === undefined || !/^[<>]=?$/.test(operator)) return false;
  const down = operator.startsWith('<');
  const strictEnough = operator.length === 1 || atomOperator.length === 2;
  if (atomOperator === '<>') return order === 0 ? operator.length === 1 : down ? order < 0 : order > 0;
  if (atomOperator.startsWith('<') !== down || !/^[<>]=?$/.test(atomOperator)) return false;
  return order === 0 ? strictEnough : down ? order < 0 : order > 0;
}

function impliesBoolean(predicate: IndexPredicate, wanted: boolean): boolean {
  const { operator, negated, values, text, key } = predicate;
  if (operator === 'boolean') return negated !== wanted;
  if (operator === '=' && values?.length === 1) return (values[0] === wanted) !== negated && typeof values[0] === 'boolean';
  return text === `${key} is ${String(wanted)}`;
}

/**
 * Whether a query's conditions imply a partial index's predicate, as the planner proves it: constants, IS [NOT] NULL,
 * comparisons of numbers, IN lists, booleans, or the same text. A parameter never implies a constant.
 */
export function impliesPredicate(predicates: readonly IndexPredicate[], indexPredicate: string): Verdict {
  let verdict: Verdict = 'yes';
  for (const part of predicateParts(indexPredicate)) {
    if (predicates.some((predicate) => predicate.text === part)) continue;
    const atom = atomOf(part);
    if (atom === undefined) verdict = verdict === 'no' ? 'no' : 'unknown';
    else if (!predicates.some((predicate) => predicate.key === atom.key && implies(predicate, atom))) verdict = 'no';
  }
  return verdict;
}

/** A part of a partial index's predicate that a query's conditions do not imply. */
export interface MissingPart {
  /** Normalised SQL of the part. */
  readonly text: string;
  /** What it is about: a column's name or an expression, normalised. */
  readonly key: string;
  /** As in `Conjunct.operator`; `true` and `false` for booleans. */
  readonly operator: string;
}

/** The parts that keep a query from a partial index; undefined where one is not understood. */
export function collectMissingParts(predicates: readonly IndexPredicate[], indexPredicate: string): readonly MissingPart[] | undefined {
  const missing: MissingPart[] = [];
  for (const part of predicateParts(indexPredicate)) {
    if (impliesPredicate(predicates, part) === 'yes') continue;
    const atom = atomOf(part);
    if (atom === undefined) return undefined;
    const truth = atom.operator === '=' && typeof atom.values[0] === 'boolean' ? String(atom.values[0]) : atom.operator;
    missing.push({ text: part, key: atom.key, operator: truth });
  }
  return missing;
}
