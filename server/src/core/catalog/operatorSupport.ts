import type { Verdict } from './implication';
import type { IndexPredicate } from './indexPredicates';
import type { IndexKey } from './model';

const comparisons = ['=', '<', '<=', '>', '>=', 'between', 'in', 'any', 'is null', 'is not null'];
const jsonbPath = ['@>', '@?', '@@'];
const trigram = ['~~', '~~*', '~', '~*', '%', '<%', '%>', '<<%', '%>>'];
const arrays = ['@>', '<@', '&&', '='];
const ranges = ['&&', '@>', '<@', '<<', '>>', '&<', '&>', '-|-', '='];

/** Operators of an operator class (pg_amop, PostgreSQL 18), with IS NULL where the method indexes NULLs. */
const classOperators: Readonly<Record<string, readonly string[]>> = {
  'gin jsonb_ops': [...jsonbPath, '?', '?|', '?&'],
  'gin jsonb_path_ops': jsonbPath,
  'gin array_ops': arrays,
  'gin gin__int_ops': [...arrays, '@@'],
  'gin tsvector_ops': ['@@', '@@@'],
  'gin gin_trgm_ops': [...trigram, '='],
  'gist gist_trgm_ops': [...trigram, '=', '<->'],
  'gist tsvector_ops': ['@@'],
  'gist range_ops': ranges,
  'spgist text_ops': ['=', '<', '<=', '>', '>=', '^@', 'between', 'in', 'any', 'is null', 'is not null'],
};

/** The operator class a method uses for a type when none is written; undefined: not known here. */
function defaultClass(method: string, type: string | undefined): string | undefined {
  if (type === undefined) return undefined;
  if (method === 'gin' && type === 'jsonb') return 'jsonb_ops';
  if (method === 'gin' && type.endsWith('[]')) return 'array_ops';
  if (type === 'tsvector') return 'tsvector_ops';
  if (method === 'gist' && /(?:multi)?range$/.test(type)) return 'range_ops';
  return method === 'spgist' && /^(?:text|character varying)/.test(type) ? 'text_ops' : undefined;
}

const isPatternClass = (opclass: string | undefined): boolean => opclass !== undefined && opclass.endsWith('_pattern_ops');
const isBytewise = (key: IndexKey): boolean => isPatternClass(key.opclass) || key.collation === 'C' || key.collation === 'POSIX' || key.collation === 'ucs_basic';
/** Types ordered byte by byte whatever the database's collation. */
const isBytewiseType = (type: string | undefined): boolean => type === 'name' || type === 'bytea';

/** Can a b-tree serve LIKE or a regular expression? Only with a known literal start, in an index ordered byte by byte. */
function patternVerdict(key: IndexKey, predicate: IndexPredicate, type: string | undefined): Verdict {
  const pattern = predicate.values?.[0];
  const regex = predicate.operator === '~';
  const prefix = predicate.operator === '^@';
  if (typeof pattern === 'string' && !prefix && !(regex ? /^\^[^.[({*+?\\|$]/.test(pattern) : /^[^%_]/.test(pattern))) return 'no';
  if (!isBytewise(key) && !isBytewiseType(type)) return key.collation === undefined && typeof pattern === 'string' && !/[%_]/.test(pattern) && !regex && !prefix ? 'yes' : 'no';
  return pattern === undefined ? 'unknown' : 'yes';
}

function btreeVerdict(key: IndexKey, predicate: IndexPredicate, type: string | undefined): Verdict {
  const { operator, negated } = predicate;
  if (negated) return operator === 'boolean' || operator === 'is null' ? 'yes' : 'no';
  if (operator === '~~' || operator === '~' || operator === '^@') return patternVerdict(key, predicate, type);
  if (operator === 'boolean') return 'yes';
  if (isPatternClass(key.opclass)) return ['=', 'in', 'any', 'is null', 'is not null'].includes(operator) ? 'yes' : 'no';
  if (comparisons.includes(operator)) return 'yes';
  return 'no';
}

/**
 * Can an index of this method use this predicate at this key? `type` is the key column's type, undefined for an
 * expression. `unknown`: an operator class that is not in the table above.
 */
export function operatorVerdict(method: string, key: IndexKey, predicate: IndexPredicate, type: string | undefined): Verdict {
  const { operator, negated } = predicate;
  if (method === 'btree') return btreeVerdict(key, predicate, type);
  if (negated) return 'no';
  if (method === 'hash') return ['=', 'in', 'any'].includes(operator) ? 'yes' : 'no';
  if (method === 'brin') return comparisons.includes(operator) ? 'yes' : key.opclass === undefined && !/range$|inet/.test(type ?? 'range') ? 'no' : 'unknown';
  const opclass = key.opclass ?? defaultClass(method, type);
  const operators = opclass === undefined ? undefined : classOperators[`${method} ${opclass}`];
  if (operators === undefined) return 'unknown';
  if (operators.includes(operator)) return 'yes';
  return method === 'gist' && (operator === 'is null' || operator === 'is not null') ? 'yes' : 'no';
}
