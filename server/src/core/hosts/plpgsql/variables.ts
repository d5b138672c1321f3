import { readScope } from '../../editing/scope';
import { endsOperand } from '../../sql/holeForms';
import { nameOf } from '../../sql/names';
import type { TokenRanges } from '../../sql/tokenRanges';
import type { BindOrigin } from '../ir';

/** What a routine's names stand for. */
export interface Variables {
  /** Folded name → where its value comes from. */
  readonly known: Map<string, BindOrigin>;
  /** Name of the routine, which may qualify its parameters. */
  readonly routine: string;
}

/** A variable in SQL text: its tokens, and the variable itself. */
export interface VariableUse {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly origin: BindOrigin;
}

const relationBefore = /^(?:from|join|into|update|table|only|as|\.|::)$/;

/**
 * The variables that a statement or an expression mentions. A name where only a column, a table or an alias can stand is
 * none, and neither is one that an alias of the statement hides. Postgres refuses what is both a variable and a column.
 */
export function variablesIn(ranges: TokenRanges, variables: Variables): readonly VariableUse[] {
  const { blocks } = readScope(ranges, undefined);
  const aliases = new Set(blocks.flatMap(({ relations }) => relations.map(({ alias }) => alias)));
  const taken = new Set<number>();
  for (const { relations } of blocks) {
    for (const { at, aliasAt } of relations) {
      for (let i = at.from; i < at.to; i++) taken.add(i);
      if (aliasAt !== undefined) taken.add(aliasAt);
    }
  }
  for (const { range } of blocks) {
    for (const { name, body } of range.clauses) {
      const inside = ranges.inside(body);
      if (name === 'insert' || name === 'conflict') {
        const open = ranges.findTop(inside, (word) => word === '(');
        if (open !== undefined) for (let i = open; i < ranges.next(open); i++) taken.add(i);
      } else if (name === 'set') {
        for (const piece of ranges.splitList(inside)) {
          const equals = ranges.findTop(piece, (word) => word === '=');
          for (let i = piece.from; i < (equals ?? piece.from); i++) taken.add(i);
        }
      }
    }
  }
  const found: VariableUse[] = [];
  for (let i = 0; i < ranges.tokens.length; i++) {
    const token = ranges.tokens[i];
    if (!token || (token.kind !== 'word' && token.kind !== 'quoted') || taken.has(i) || ranges.word(i + 1) === '(') continue;
    const before = ranges.tokens[i - 1];
    if (before && relationBefore.test(before.word) && (before.word !== 'from' || !isDistinctFrom(ranges, i - 1))) continue;
    const name = nameOf(ranges.text, token);
    if (ranges.word(i + 1) === '.') {
      let last = i + 2;
      while (ranges.word(last + 1) === '.') last += 2;
      const field = ranges.tokens[i + 2];
      const inner = field && (field.kind === 'word' || field.kind === 'quoted') ? nameOf(ranges.text, field) : '';
      if (name === variables.routine && variables.known.has(inner)) found.push({ from: i, to: last + 1, name: inner, origin: variables.known.get(inner) ?? 'unknown' });
      else if (variables.known.has(name) && !aliases.has(name) && inner !== '') found.push({ from: i, to: last + 1, name, origin: variables.known.get(name) ?? 'unknown' });
      i = last;
      continue;
    }
    if (!variables.known.has(name) || aliases.has(name) || endsOperand(before)) continue;
    const end = ranges.word(i + 1) === '[' ? ranges.next(i + 1) : i + 1;
    found.push({ from: i, to: end, name, origin: variables.known.get(name) ?? 'unknown' });
    i = end - 1;
  }
  return found;
}

const isDistinctFrom = (ranges: TokenRanges, from: number): boolean => ranges.word(from - 1) === 'distinct' && /^(?:is|not)$/.test(ranges.word(from - 2));
