import { findColumn } from '../../catalog/lookup';
import type { BatchCall } from '../../libraries/batch';
import type { FlowContext } from '../../lint/rule';
import { tableOf } from '../scope';
import { freshName, maskCode } from './code';
import { changes, collect, isArray, type PlainLoop } from './shape';
import type { KeyCondition } from './sqlForm';

/** What must stand around a call that an empty list would break. */
export interface Guarded {
  /** Statements before it, each on a line. */
  readonly before: readonly string[];
  /** Host expression that is true where the list holds something; absent where the call may see an empty one. */
  readonly guard?: string;
}

/**
 * The library's call with a list that is collected from the elements, and what keeps it from an empty one. Undefined where
 * something else in the call depends on the turn: a transaction, a schema.
 * @param value the item that one element gives.
 * @param wanted name for the list, where it needs one.
 */
export function withList<Call extends BatchCall>(context: FlowContext, plain: PlainLoop, value: string, wanted: 'keys' | 'rows', make: (list: string) => Call | undefined): (Call & Guarded) | undefined {
  const list = collect(plain, value);
  const probe = make('list');
  if (!probe || namesOf(plain, probe.call).some((name) => changes(plain, name))) return undefined;
  const direct = make(list);
  const python = plain.language === 'python';
  if (!direct?.emptyFails) return direct && { ...direct, before: [] };
  const holds = (name: string): string => (python ? name : `${name}.length > 0`);
  if (isArray(plain)) return { ...direct, before: [], guard: holds(plain.iterable) };
  // What may be no array has no length to ask for: its list is made first.
  const name = freshName(context.text, wanted);
  const named = make(name);
  return named && { ...named, before: [python ? `${name} = ${list}` : `const ${name} = ${list};`], guard: holds(name) };
}

/** Names in an expression; keys of objects and of keyword arguments are none. */
const namesOf = ({ language }: PlainLoop, code: string): readonly string[] => maskCode(code, language).match(/(?<![\w$.])[A-Za-z_$][\w$]*(?![\w$]|\s*(:|=[^=>]))/g) ?? [];

/** The call's note with what becomes of a null key, where the column may hold NULL. */
export function noteOf(context: FlowContext, { column, relation }: KeyCondition, { note, nullMatches }: BatchCall): string | undefined {
  const table = tableOf(context.catalog, relation);
  const never = table ? findColumn(table, column)?.notNull === true : column === 'id';
  return nullMatches && !never ? [...(note === undefined ? [] : [note]), 'a null key matches no row'].join('; ') : note;
}
