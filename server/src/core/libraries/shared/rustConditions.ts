import type { CommonFile } from '../../hosts/common/context';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext } from '../adapter';
import { valuePart } from './modelChains';
import { bind, concat, group, join, literal, sql, type SqlPart } from './sqlBuilder';

/** How a Rust library writes conditions: columns are its own, methods on them mostly the same. */
export interface RustWords {
  column(node: SyntaxNode): SqlPart | undefined;
  /** Methods that look for a text inside a text: what stands before and behind it in the pattern. */
  readonly patterns?: Readonly<Record<string, readonly [before: string, after: string]>>;
  /** Further operators between a column and a value, by the method's name. */
  readonly operators?: Readonly<Record<string, string>>;
}

const comparisons: Readonly<Record<string, string>> = { eq: '=', ne: '<>', gt: '>', ge: '>=', gte: '>=', lt: '<', le: '<=', lte: '<=', like: 'LIKE', ilike: 'ILIKE', not_like: 'NOT LIKE', is_not_distinct_from: 'IS NOT DISTINCT FROM', is_distinct_from: 'IS DISTINCT FROM' };
const lists: Readonly<Record<string, string>> = { eq_any: ' = ANY(', is_in: ' = ANY(', ne_all: ' <> ALL(', is_not_in: ' <> ALL(' };

/** `users::name.eq(name).and(users::age.gt(18))`; undefined where a part is not understood. */
export function rustCondition(node: SyntaxNode, words: RustWords, file: CommonFile, context: HostContext, depth = 0): SqlPart | undefined {
  const inner = file.source.unwrap(node);
  const host = spanOf(inner);
  const form = file.source.callForm(inner);
  if (depth > 12) return undefined;
  if (!form) return words.column(inner);
  const name = form.name.text;
  const [first, second] = form.args.map((argument) => argument.node);
  const nested = (one: SyntaxNode | undefined): SqlPart | undefined => one && rustCondition(one, words, file, context, depth + 1);
  if (name === 'not' && !second) {
    const part = nested(form.receiver && !first ? form.receiver : first);
    return part && concat(sql('NOT ', host), group(part));
  }
  if (!form.receiver) return undefined;
  if ((name === 'and' || name === 'or') && first && !second) {
    const [left, right] = [nested(form.receiver), nested(first)];
    return left && right && group(join([left, right], ` ${name.toUpperCase()} `));
  }
  const column = words.column(file.source.unwrap(form.receiver));
  if (!column) return undefined;
  const none = first !== undefined && /^None\b/.test(first.text);
  if (Object.hasOwn(comparisons, name) && first && !second) {
    if (isColumn(first, words, file)) return concat(column, sql(` ${comparisons[name] ?? '='} `, host), words.column(file.source.unwrap(first)) ?? []);
    if (file.source.callForm(file.source.unwrap(first)) && /::table\b|Query::|\.select\(/.test(first.text)) return undefined;
    return none && /^(eq|ne)$/.test(name) ? undefined : concat(column, sql(` ${comparisons[name] ?? '='} `, host), valuePart(first, context));
  }
  if (Object.hasOwn(lists, name) && first && !second) return /::table\b|\.select\(|\.into_query\(/.test(first.text) ? undefined : concat(column, sql(lists[name] ?? '', host), bind(context.bind(first, '')), sql(')', host));
  if (name === 'is_null' || name === 'is_not_null') return concat(column, sql(name === 'is_null' ? ' IS NULL' : ' IS NOT NULL', host));
  if (name === 'between' && first && second) return concat(column, sql(' BETWEEN ', host), valuePart(first, context), sql(' AND ', host), valuePart(second, context));
  const operator = words.operators && Object.hasOwn(words.operators, name) ? words.operators[name] : undefined;
  if (operator !== undefined && first && !second) return concat(column, sql(` ${operator} `, host), isColumn(first, words, file) ? words.column(file.source.unwrap(first)) ?? [] : bind(context.bind(first, '')));
  const pattern = words.patterns && Object.hasOwn(words.patterns, name) ? words.patterns[name] : undefined;
  if (!pattern || !first) return undefined;
  const known = context.argument(first).literal;
  const [before, after] = pattern;
  if (typeof known === 'string') return concat(column, sql(' LIKE ', host), literal(before + known.replaceAll(/[\\%_]/g, '\\$&') + after, host));
  return concat(column, sql(' LIKE ', host), before === '' ? [] : sql(`'${before}' || `, host), bind(context.bind(first, '')), after === '' ? [] : sql(` || '${after}'`, host));
}

const isColumn = (node: SyntaxNode, words: RustWords, file: CommonFile): boolean => file.source.unwrap(node).type === 'scoped_identifier' && words.column(file.source.unwrap(node)) !== undefined;
