import type { StatementSource } from './source';
import { findAtDepthZero, piecesOf, textBetween, tokenIndexAt } from './source';
import type { Tree } from './tree';
import { contentsAt, flagAt, numberAt, stringsAt, textAt, treeAt } from './tree';

/** Storage parameters as `pg_class.reloptions` has them; those of the TOAST table (`toast.x`) belong to that table. */
export const storageOptions = (tree: Tree | undefined, field: string): readonly string[] =>
  contentsAt(tree, field, 'DefElem').filter((option) => textAt(option, 'defnamespace') === undefined).map((option) => `${textAt(option, 'defname') ?? ''}=${optionValue(treeAt(option, 'arg'))}`);

function optionValue(argument: Tree | undefined): string {
  if (argument === undefined) return 'true';
  const integer = treeAt(argument, 'Integer');
  if (integer !== undefined) return String(numberAt(integer, 'ival'));
  const boolean = treeAt(argument, 'Boolean');
  if (boolean !== undefined) return String(flagAt(boolean, 'boolval'));
  return textAt(treeAt(argument, 'Float'), 'fval') ?? textAt(treeAt(argument, 'String'), 'sval') ?? stringsAt(treeAt(argument, 'TypeName'), 'names').join('.');
}

/** `FOR VALUES …` or `DEFAULT` of a `PartitionBoundSpec`, keywords in capitals, values as written. */
export function partitionBound(bound: Tree | undefined, source: StatementSource): string | undefined {
  if (bound === undefined) return undefined;
  if (flagAt(bound, 'is_default')) return 'DEFAULT';
  const start = tokenIndexAt(source, source.toOffset(numberAt(bound, 'location')));
  const openAfter = (from: number): number => findAtDepthZero(source, from, source.tokens.length, (token) => token.text === '(');
  const valuesAt = (open: number): string =>
    `(${piecesOf(source, open).map(([from, to]) => textBetween(source, from, to).replace(/^(?:minvalue|maxvalue|null|true|false)$/i, (word) => (/^[tf]/i.test(word) ? word.toLowerCase() : word.toUpperCase()))).join(', ')})`;
  switch (textAt(bound, 'strategy')) {
    case 'l': return `FOR VALUES IN ${valuesAt(openAfter(start))}`;
    case 'h': return `FOR VALUES WITH (modulus ${numberAt(bound, 'modulus')}, remainder ${numberAt(bound, 'remainder')})`;
    case 'r': {
      const from = openAfter(start);
      const to = openAfter(findAtDepthZero(source, from, source.tokens.length, (token) => token.text.toLowerCase() === 'to'));
      return `FOR VALUES FROM ${valuesAt(from)} TO ${valuesAt(to)}`;
    }
    default: return undefined;
  }
}
