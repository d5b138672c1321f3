import type { DjangoIndex, DjangoKey } from '../../hosts/migrationIr';
import { argumentsOf, calleeName, field, literalValue, receiverOf } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { renderConstant } from '../../sql/names';
import { elementsOf, flagValue, resolved, textsValue, textValue, type Values } from '../alembic/alembicValues';

const methods: Readonly<Record<string, string>> = { Index: 'btree', BTreeIndex: 'btree', GinIndex: 'gin', GistIndex: 'gist', SpGistIndex: 'spgist', BrinIndex: 'brin', HashIndex: 'hash', BloomIndex: 'bloom' };
/** Functions that stand for one of SQL under the same name, or another. */
const functions: Readonly<Record<string, string>> = { Lower: 'lower', Upper: 'upper', Length: 'length', Trim: 'btrim', MD5: 'md5', Abs: 'abs', Reverse: 'reverse' };
type Condition = NonNullable<DjangoIndex['condition']>;

/** An index or constraint of a model's; of kind `unknown` where a part of it is not understood. */
export function readDjangoIndex(node: SyntaxNode | undefined, values: Values): DjangoIndex {
  const call = node && resolved(node, values);
  const name = call?.type === 'call' ? calleeName(call)?.text ?? '' : '';
  const unknown: DjangoIndex = { kind: 'unknown', name: '', method: 'btree', keys: [], include: [] };
  if (call?.type !== 'call') return unknown;
  const { positional, keyword, spread } = argumentsOf(call);
  const named = { ...unknown, name: textValue(keyword.get('name'), values) ?? '' };
  if (name === 'CheckConstraint') return { ...named, kind: 'check' };
  const method = methods[name];
  if (spread || (method === undefined && name !== 'UniqueConstraint')) return named;
  const fields = keyword.has('fields') ? textsValue(keyword.get('fields'), values) : [];
  const opclasses = keyword.has('opclasses') ? textsValue(keyword.get('opclasses'), values) : [];
  const include = keyword.has('include') ? textsValue(keyword.get('include'), values) : [];
  const expressions = positional.map((expression) => keyOf(expression, values));
  const condition = keyword.has('condition') ? readCondition(keyword.get('condition'), values) : [];
  if (fields === undefined || opclasses === undefined || include === undefined || condition === undefined || !expressions.every((key) => key !== undefined)) return named;
  const keys = [...fields.map((written, index): DjangoKey => ({ field: written.replace(/^-/, ''), descending: written.startsWith('-'), ...(opclasses[index] ? { opclass: opclasses[index] } : {}) })), ...expressions];
  return {
    ...named, kind: name === 'UniqueConstraint' ? 'unique' : 'index', method: method ?? 'btree', keys, include,
    ...(condition.length > 0 ? { condition } : {}),
    ...(keyword.has('nulls_distinct') && flagValue(keyword.get('nulls_distinct'), values) === false ? { nullsNotDistinct: true } : {}),
  };
}

/** `'field'`, `F('field').desc()`, `Lower('field')`, `OpClass(Lower('field'), name='…')`. */
function keyOf(node: SyntaxNode, values: Values): DjangoKey | undefined {
  const inner = resolved(node, values);
  const text = inner.type === 'string' ? textValue(inner, values) : undefined;
  if (text !== undefined) return { field: text.replace(/^-/, ''), descending: text.startsWith('-') };
  if (inner.type !== 'call') return undefined;
  const name = calleeName(inner)?.text ?? '';
  const { positional, keyword } = argumentsOf(inner);
  const receiver = receiverOf(inner);
  if ((name === 'desc' || name === 'asc') && receiver) {
    const key = keyOf(receiver, values);
    const nulls = flagValue(keyword.get('nulls_last'), values) === true ? 'last' : flagValue(keyword.get('nulls_first'), values) === true ? 'first' : undefined;
    return key && { ...key, descending: name === 'desc', ...(nulls === undefined ? {} : { nulls }) };
  }
  const first = positional[0] ?? keyword.get('expression');
  const key = first && keyOf(first, values);
  if (key === undefined) return undefined;
  if (name === 'F') return key;
  if (name === 'OpClass') {
    const opclass = textValue(keyword.get('name') ?? positional[1], values);
    return opclass === undefined ? undefined : { ...key, opclass };
  }
  const call = functions[name];
  return call === undefined || key.call !== undefined || positional.length > 1 ? undefined : { ...key, call };
}

/** `Q(active=True, kind__in=[…])` and its combinations; undefined where a part is not understood. */
function readCondition(node: SyntaxNode | undefined, values: Values): Condition | undefined {
  const inner = node && resolved(node, values);
  if (inner === undefined) return undefined;
  if (inner.type === 'none') return [];
  if (inner.type === 'binary_operator') {
    const [left, right, operator] = [readCondition(field(inner, 'left'), values), readCondition(field(inner, 'right'), values), field(inner, 'operator')?.text];
    return left && right && (operator === '&' || operator === '|') ? ['(', ...left, operator === '&' ? ' AND ' : ' OR ', ...right, ')'] : undefined;
  }
  if (inner.type === 'unary_operator' && inner.text.startsWith('~')) {
    const argument = field(inner, 'argument');
    const condition = readCondition(argument, values);
    // Django adds IS NOT NULL where a compared column may be NULL: only tests for NULL are the same either way.
    return condition && condition.every((part) => typeof part !== 'string' || /^(?: IS (?:NOT )?NULL| AND | OR |[()])$/.test(part)) ? ['NOT (', ...condition, ')'] : undefined;
  }
  if (inner.type !== 'call' || calleeName(inner)?.text !== 'Q') return undefined;
  const { positional, keyword, spread } = argumentsOf(inner);
  const pairs = positional.map((pair): readonly [string, SyntaxNode] | undefined => {
    const [key, value] = elementsOf(pair, values) ?? [];
    const name = textValue(key, values);
    return name === undefined || value === undefined ? undefined : [name, value];
  });
  if (spread || !pairs.every((pair) => pair !== undefined)) return undefined;
  const lookups = [...pairs, ...[...keyword].sort(([a], [b]) => (a < b ? -1 : 1))].map(([key, value]) => lookupOf(key, value, values));
  if (!lookups.every((lookup) => lookup !== undefined)) return undefined;
  const joined = lookups.flatMap((lookup, index) => (index > 0 ? [' AND ', ...lookup] : lookup));
  return lookups.length > 1 ? ['(', ...joined, ')'] : joined;
}

const comparisons: Readonly<Record<string, string>> = { exact: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' };

function lookupOf(key: string, node: SyntaxNode, values: Values): Condition | undefined {
  const [name = '', lookup = 'exact', ...more] = key.split('__');
  const column = { field: name };
  const inner = resolved(node, values);
  const constant = literalValue(inner);
  if (more.length > 0) return undefined;
  if (lookup === 'isnull') return typeof constant === 'boolean' ? [column, constant ? ' IS NULL' : ' IS NOT NULL'] : undefined;
  if (lookup === 'in') {
    const items = elementsOf(inner, values)?.map((item) => literalValue(resolved(item, values)));
    return items?.every((item) => item !== undefined) ? [column, ` IN (${items.map(renderConstant).join(', ')})`] : undefined;
  }
  const operator = comparisons[lookup];
  if (operator === undefined || constant === undefined || (constant === null && lookup !== 'exact')) return undefined;
  if (constant === null) return [column, ' IS NULL'];
  if (typeof constant === 'boolean' && lookup === 'exact') return constant ? [column] : ['NOT ', column];
  return [column, ` ${operator} ${renderConstant(constant)}`];
}
