import type { CheckDefinition } from '../../../core/catalog/changes';
import { closingIndex, identifierName } from '../../../core/catalog/expressionTokens';
import type { DeclaredColumn, DeclaredConstraint } from '../../../core/migrations/commands';
import { sqlSpan, type SqlSpan } from '../../../core/text/span';
import { columnOf, keysOf } from './constraints';
import { expressionBetween, findAtDepthZero, isWord, tokenIndexAt, type StatementSource } from './source';
import { contentsAt, flagAt, listAt, numberAt, relationName, stringsAt, textAt, treeAt, type Tree } from './tree';
import { isSerial } from './types';

/** Words that end a column's type. */
const afterType = new Set(['not', 'null', 'default', 'primary', 'unique', 'references', 'check', 'constraint', 'collate', 'generated', 'using', 'storage', 'compression', 'deferrable', 'initially', 'options', 'no', 'as', 'encoding']);

/** A `ColumnDef` with its words. */
export function declaredColumn(definition: Tree, source: StatementSource): DeclaredColumn {
  const { column } = columnOf(definition, source);
  const inline = contentsAt(definition, 'constraints', 'Constraint');
  const of = (type: string): Tree | undefined => inline.find((constraint) => textAt(constraint, 'contype') === type);
  const start = tokenIndexAt(source, source.toOffset(numberAt(definition, 'location')));
  const typeName = treeAt(definition, 'typeName');
  const end = pieceEnd(source, start);
  const foreign = of('CONSTR_FOREIGN');
  const stored = of('CONSTR_GENERATED');
  return {
    name: column.name, type: column.type, typeName: stringsAt(typeName, 'names').at(-1) ?? '', typeSpan: typeSpan(source, typeName, end), span: spanOf(source, start, end),
    notNull: column.notNull, serial: isSerial(typeName),
    ...(of('CONSTR_DEFAULT') === undefined || column.default === undefined ? {} : { default: { text: column.default, span: defaultSpan(source, of('CONSTR_DEFAULT')!, end), calls: callsIn(of('CONSTR_DEFAULT')) } }),
    ...(of('CONSTR_IDENTITY') !== undefined ? { generated: 'identity' as const } : stored !== undefined ? { generated: textAt(stored, 'generated_kind') === 'v' ? ('virtual' as const) : ('stored' as const) } : {}),
    primary: of('CONSTR_PRIMARY') !== undefined, unique: of('CONSTR_UNIQUE') !== undefined, check: of('CONSTR_CHECK') !== undefined,
    ...(foreign === undefined ? {} : { references: relationName(treeAt(foreign, 'pktable')) }),
  };
}

const kinds: Readonly<Record<string, DeclaredConstraint['kind']>> = { CONSTR_PRIMARY: 'primary', CONSTR_UNIQUE: 'unique', CONSTR_FOREIGN: 'foreign', CONSTR_CHECK: 'check', CONSTR_EXCLUSION: 'exclude', CONSTR_NOTNULL: 'not-null' };

/** A table constraint; empty for what is none (`DEFERRABLE` on its own). */
export function declaredConstraint(constraint: Tree, source: StatementSource): readonly DeclaredConstraint[] {
  const kind = kinds[textAt(constraint, 'contype') ?? ''];
  if (kind === undefined) return [];
  const start = tokenIndexAt(source, source.toOffset(numberAt(constraint, 'location')));
  const end = pieceEnd(source, start);
  const [foreignKey] = keysOf(constraint).foreignKeys;
  const name = textAt(constraint, 'conname');
  const usingIndex = textAt(constraint, 'indexname');
  const open = kind === 'check' ? findAtDepthZero(source, start, end, (token) => token.text === '(') : end;
  const expression = open < end ? expressionBetween(source, open + 1, closingIndex(source.tokens, open)) : undefined;
  return [{
    kind, span: spanOf(source, start, end), columns: foreignKey?.columns ?? stringsAt(constraint, 'keys'), notValid: flagAt(constraint, 'skip_validation') && kind !== 'primary' && kind !== 'unique',
    ...(name === undefined ? {} : { name }), ...(usingIndex === undefined ? {} : { usingIndex }), ...(foreignKey === undefined ? {} : { foreignKey, references: { ...(foreignKey.references.schema === undefined ? {} : { schema: foreignKey.references.schema }), name: foreignKey.references.table } }),
    ...(expression === undefined ? {} : { expression }),
    plain: stringsAt(constraint, 'including').length === 0 && !flagAt(constraint, 'nulls_not_distinct') && !flagAt(constraint, 'deferrable') && listAt(constraint, 'options').length === 0 && textAt(constraint, 'indexspace') === undefined && !flagAt(constraint, 'without_overlaps'),
  }];
}

/** A CHECK with its condition; empty for any other constraint. */
export function checkOf(constraint: Tree, source: StatementSource): readonly CheckDefinition[] {
  const declared = textAt(constraint, 'contype') === 'CONSTR_CHECK' ? declaredConstraint(constraint, source) : [];
  return declared.flatMap(({ name, expression }) => (expression === undefined ? [] : [{ ...(name === undefined ? {} : { name }), expression }]));
}

/** Index of the token behind a piece of a comma-separated list. */
export const pieceEnd = (source: StatementSource, start: number): number => findAtDepthZero(source, start, source.tokens.length, (token) => token.text === ',' || token.text === ';');

export const spanOf = (source: StatementSource, start: number, end: number): SqlSpan => {
  const [first, last] = [source.tokens[start], source.tokens[end - 1]];
  return sqlSpan(first?.start ?? 0, Math.max(last?.end ?? source.text.length, first?.start ?? 0));
};

/** The words of a type: from its name to the next clause. */
export function typeSpan(source: StatementSource, typeName: Tree | undefined, end: number): SqlSpan {
  const start = tokenIndexAt(source, source.toOffset(numberAt(typeName, 'location')));
  // `timestamp WITHOUT TIME ZONE`: none of its words ends it.
  const stop = findAtDepthZero(source, start + 1, end, (token) => token.kind === 'word' && afterType.has(identifierName(token) ?? ''));
  return spanOf(source, start, Math.max(stop, start + 1));
}

/** `DEFAULT …` to the next constraint. */
function defaultSpan(source: StatementSource, constraint: Tree, end: number): SqlSpan {
  const start = tokenIndexAt(source, source.toOffset(numberAt(constraint, 'location')));
  const keyword = findAtDepthZero(source, start, end, (token) => isWord(token, 'default'));
  let at = keyword + 1;
  // An expression may hold NOT or NULL at its beginning; a constraint that follows it begins with one of these words.
  do at = findAtDepthZero(source, at + 1, end, (token) => token.kind === 'word' && nextConstraint.has(identifierName(token) ?? ''));
  while (at < end && isWord(source.tokens[at], 'not') && !isWord(source.tokens[at + 1], 'null'));
  return spanOf(source, keyword, at);
}
const nextConstraint = new Set(['not', 'null', 'primary', 'unique', 'references', 'check', 'constraint', 'collate', 'generated']);

/** Names of the functions that are called anywhere in a tree. */
export function callsIn(tree: unknown): readonly string[] {
  if (Array.isArray(tree)) return tree.flatMap(callsIn);
  if (typeof tree !== 'object' || tree === null) return [];
  const own = stringsAt(treeAt(tree as Tree, 'FuncCall'), 'funcname').at(-1);
  return [...(own === undefined ? [] : [own]), ...Object.values(tree).flatMap(callsIn)];
}
