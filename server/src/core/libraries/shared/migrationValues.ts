import type { QualifiedName } from '../../catalog/changes';
import type { CallForm } from '../../hosts/common/forms';
import type { Source } from '../../hosts/common/source';
import type { Insertion, MigrationStep } from '../../hosts/migrationIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { quoteLiteral, quoteQualified, renderConstant } from '../../sql/names';
import type { HostSpan } from '../../text/span';

/** What an expression of a migration in Ruby or PHP stands for. */
export type Value = string | number | boolean | null | RawSql | readonly (Value | undefined)[] | ReadonlyMap<string, Value | undefined>;

/** SQL text that stands where a value may: `-> { 'now()' }`, `DB::raw('now()')`. */
export interface RawSql { readonly sql: string }

/** The file, and what its names stand for at one place. */
export interface Evaluation {
  readonly source: Source;
  /** Variables, constants and `self::X` by name; undefined: bound to something that is not known. */
  readonly names: ReadonlyMap<string, Value | undefined>;
}

const maximumDepth = 12;
/** Calls through which a text passes unchanged, apart from blanks. */
const transparent = /^(?:squish|strip|strip_heredoc|freeze|to_s|to_sym|dup|trim|chomp)$/;

/** How a body ends: it goes on, it returns, or it may have returned; `failed`: with an error, behind which nothing runs. */
export type Ending = 'on' | 'returned' | 'unsure' | 'failed';

/** Reads statements one after the other; behind one that may have returned nothing is certain. */
export function readStatements<Place extends { readonly certain: boolean }>(statements: readonly SyntaxNode[], place: Place, read: (statement: SyntaxNode, place: Place) => Ending): Ending {
  let { certain } = place;
  for (const statement of statements) {
    const ending = read(statement, { ...place, certain });
    if (ending === 'returned' || ending === 'failed') return ending;
    if (ending === 'unsure') certain = false;
  }
  return certain === place.certain ? 'on' : 'unsure';
}

/**
 * Outside of a transaction only a migration of one statement fails as a whole; others keep it.
 * @param statements of its body: those on data make no step
 */
export function inTransaction(steps: readonly MigrationStep[], statements: number, disable: Insertion | undefined): readonly MigrationStep[] {
  if (disable === undefined) return steps;
  return steps.length === 1 && statements === 1 ? steps.map((step) => ({ ...step, leave: [disable] })) : steps.map(({ concurrently: _, ...step }) => step);
}

/** undefined: not known. */
export function valueOf(node: SyntaxNode | undefined, place: Evaluation, depth = 0): Value | undefined {
  if (node === undefined || depth > maximumDepth) return undefined;
  const { source, names } = place;
  const next = (child: SyntaxNode | undefined): Value | undefined => valueOf(child, place, depth + 1);
  const inner = source.unwrap(node);
  if (inner.type === 'bare_string' || inner.type === 'bare_symbol') return inner.text;
  if (inner.type === 'delimited_symbol') return /^:"([^"#\\]*)"$/.exec(inner.text)?.[1];
  const form = source.form(inner);
  switch (form?.kind) {
    case 'value': return form.value;
    case 'text': return joined(form.pieces.map((piece) => ('text' in piece ? piece.text : next(piece.expression))));
    case 'join': return joined(form.parts.map(next));
    case 'name': return names.get(form.name);
    case 'field': return names.get(form.name);
    case 'member': return names.get(form.name.text.replace(/^\$/, ''));
    case 'list': return form.items.map(next);
    case 'record': return new Map(form.entries.map(({ key, value }) => [key, next(value)]));
    case 'function': {
      const text = inner.type === 'lambda' ? next(lastExpression(form.body)) : undefined;
      return typeof text === 'string' ? { sql: text } : undefined;
    }
    case 'call': return calledValue(form, next, source);
    default: return undefined;
  }
}

/** What a Ruby block gives back. */
function lastExpression(node: SyntaxNode | undefined): SyntaxNode | undefined {
  let current = node;
  while (current && /^(?:block|do_block|block_body|body_statement)$/.test(current.type)) current = current.namedChildren.at(-1);
  return current;
}

function calledValue(form: CallForm, next: (node: SyntaxNode | undefined) => Value | undefined, source: Source): Value | undefined {
  const name = form.name.text;
  if (transparent.test(name) && form.receiver) return next(form.receiver);
  const [first] = form.args;
  if (name === 'getTablePrefix') return '';
  if (first && (name === 'Expression' || (form.receiver && /^(?:raw|sql)$/.test(name)))) {
    const text = next(first.node);
    return typeof text === 'string' ? { sql: text } : undefined;
  }
  return first && name === 'trim' && source.spec.language === 'php' ? next(first.node) : undefined;
}

const joined = (texts: readonly (Value | undefined)[]): string | undefined => (texts.every((text) => typeof text === 'string' || typeof text === 'number') ? texts.join('') : undefined);

export const isMap = (value: Value | undefined): value is ReadonlyMap<string, Value | undefined> => value instanceof Map;
export const isList = (value: Value | undefined): value is readonly (Value | undefined)[] => Array.isArray(value);
export const isRaw = (value: Value | undefined): value is RawSql => typeof value === 'object' && value !== null && 'sql' in value;
export const textOf = (value: Value | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** One text, or a list of them; undefined where one is not known. */
export function textsOf(value: Value | undefined): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  return isList(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

/** `billing.invoices` has its schema before the dot. */
export function tableNameOf(name: string): QualifiedName {
  const dot = name.indexOf('.');
  return dot < 0 ? { name } : { schema: name.slice(0, dot), name: name.slice(dot + 1) };
}

export const quoteTable = (name: string): string => {
  const { schema, name: own } = tableNameOf(name);
  return quoteQualified(schema, own);
};

/** CREATE TABLE of columns that stand on lines of their own. @param fixed what stands before them, without a place */
export function createTableStep(head: string, fixed: string, columns: readonly { readonly sql: string; readonly span: HostSpan }[], span: HostSpan, tail = ''): MigrationStep {
  let sql = `${head} (${fixed}`;
  const places = columns.map((column) => {
    if (!sql.endsWith('(')) sql += ', ';
    const start = sql.length;
    sql += column.sql;
    return { start, end: sql.length, span: column.span };
  });
  return { span, sql: `${sql})${tail}`, places };
}

/** A constant as a column's default; '' where there is none or it is not known: what a program computes is a constant for Postgres. */
export function defaultClause(value: Value | undefined): string {
  if (value === undefined || value === null) return '';
  if (isRaw(value)) return ` DEFAULT ${value.sql}`;
  if (isMap(value)) return " DEFAULT '{}'";
  if (isList(value)) return ` DEFAULT ${quoteLiteral(`{${value.filter((item) => typeof item === 'string' || typeof item === 'number').join(',')}}`)}`;
  return ` DEFAULT ${renderConstant(value)}`;
}
