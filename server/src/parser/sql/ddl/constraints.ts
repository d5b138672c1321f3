import type { ColumnDefinition } from '../../../core/catalog/changes';
import type { Constraint, ForeignKey } from '../../../core/catalog/model';
import { closingIndex } from '../../../core/catalog/expressionTokens';
import type { StatementSource } from './source';
import { expressionBetween, findAtDepthZero, isWord, tokenIndexAt } from './source';
import type { Tree } from './tree';
import { contentsAt, flagAt, relationName, stringsAt, textAt, treeAt } from './tree';
import { canonicalType, isSerial } from './types';

/** The constraints that the catalog keeps, of one column or table definition. */
export interface Keys {
  readonly constraints: readonly Constraint[];
  readonly foreignKeys: readonly ForeignKey[];
}

export const noKeys: Keys = { constraints: [], foreignKeys: [] };
export const joinKeys = (all: readonly Keys[]): Keys => ({
  constraints: all.flatMap((keys) => keys.constraints),
  foreignKeys: all.flatMap((keys) => keys.foreignKeys),
});

const named = (constraint: Tree): { name?: string } => {
  const name = textAt(constraint, 'conname');
  return name === undefined ? {} : { name };
};

/** A `Constraint` node as keys; `column` for an inline constraint, which does not list its column. CHECK and EXCLUDE give none. */
export function keysOf(constraint: Tree, column?: string): Keys {
  const listed = (field: string): readonly string[] => (column === undefined ? stringsAt(constraint, field) : [column]);
  switch (textAt(constraint, 'contype')) {
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE': {
      const type = textAt(constraint, 'contype') === 'CONSTR_PRIMARY' ? 'primary' : 'unique';
      const include = stringsAt(constraint, 'including');
      const nullsNotDistinct = flagAt(constraint, 'nulls_not_distinct');
      return {
        constraints: [{ ...named(constraint), type, columns: listed('keys'), ...(include.length > 0 ? { include } : {}), ...(nullsNotDistinct ? { nullsNotDistinct } : {}) }],
        foreignKeys: [],
      };
    }
    case 'CONSTR_FOREIGN': {
      const target = relationName(treeAt(constraint, 'pktable'));
      const references = { ...(target.schema === undefined ? {} : { schema: target.schema }), table: target.name, columns: stringsAt(constraint, 'pk_attrs') };
      return { constraints: [], foreignKeys: [{ ...named(constraint), columns: listed('fk_attrs'), references }] };
    }
    default:
      return noKeys;
  }
}

/** A `ColumnDef` node with what its inline constraints say. */
export function columnOf(definition: Tree, source: StatementSource): { readonly column: ColumnDefinition; readonly keys: Keys } {
  const name = textAt(definition, 'colname') ?? '';
  const inline = contentsAt(definition, 'constraints', 'Constraint');
  const has = (type: string): boolean => inline.some((constraint) => textAt(constraint, 'contype') === type);
  const serial = isSerial(treeAt(definition, 'typeName'));
  const generated = has('CONSTR_IDENTITY') ? 'identity' : has('CONSTR_GENERATED') ? 'stored' : undefined;
  const collation = stringsAt(treeAt(definition, 'collClause'), 'collname').at(-1);
  const expression = defaultOf(inline, definition, source);
  const column: ColumnDefinition = {
    name,
    type: canonicalType(treeAt(definition, 'typeName')),
    notNull: has('CONSTR_NOTNULL') || has('CONSTR_PRIMARY') || generated === 'identity' || serial,
    ...(expression !== undefined ? { default: expression } : serial ? { default: 'nextval' } : {}),
    ...(generated === undefined ? {} : { generated }),
    ...(collation === undefined || collation === 'default' ? {} : { collation }),
  };
  return { column, keys: joinKeys(inline.map((constraint) => keysOf(constraint, name))) };
}

/** Text of a DEFAULT or GENERATED ALWAYS AS expression. */
function defaultOf(inline: readonly Tree[], definition: Tree, source: StatementSource): string | undefined {
  const constraint = inline.find((item) => ['CONSTR_DEFAULT', 'CONSTR_GENERATED'].includes(textAt(item, 'contype') ?? ''));
  if (constraint === undefined) return undefined;
  const start = tokenIndexAt(source, source.toOffset(locationOf(constraint)));
  if (textAt(constraint, 'contype') === 'CONSTR_GENERATED') {
    const open = findAtDepthZero(source, start, source.tokens.length, (token) => token.text === '(');
    return expressionBetween(source, open + 1, closingIndex(source.tokens, open));
  }
  const others = [...inline, treeAt(definition, 'collClause') ?? {}].map((item) => locationOf(item)).filter((location) => location > locationOf(constraint));
  const limit = others.length === 0 ? source.tokens.length : tokenIndexAt(source, source.toOffset(Math.min(...others)));
  const keyword = findAtDepthZero(source, start, limit, (token) => isWord(token, 'default'));
  return expressionBetween(source, keyword + 1, findAtDepthZero(source, keyword + 1, limit, (token) => token.text === ',' || token.text === ';'));
}

const locationOf = (tree: Tree): number => (typeof tree['location'] === 'number' ? tree['location'] : -1);
