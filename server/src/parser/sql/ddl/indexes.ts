import type { IndexDefinition, SchemaChange } from '../../../core/catalog/changes';
import { closingIndex } from '../../../core/catalog/expressionTokens';
import type { IndexKey } from '../../../core/catalog/model';
import { figureColumnName } from './queryShape';
import type { StatementSource } from './source';
import { expressionBetween, findAtDepthZero, isWord, keyExpression, piecesOf, tokenIndexAt } from './source';
import type { Tree } from './tree';
import { flagAt, listAt, numberAt, relationName, stringsAt, textAt, treeAt, unwrap } from './tree';

/** CREATE INDEX (`IndexStmt`). Expression keys and the predicate are the source's own text. */
export function createIndex(statement: Tree, source: StatementSource): SchemaChange {
  const relation = treeAt(statement, 'relation');
  const elements = listAt(statement, 'indexParams').map((item) => treeAt(item, 'IndexElem') ?? {});
  const included = listAt(statement, 'indexIncludingParams').flatMap((item) => textAt(treeAt(item, 'IndexElem'), 'name') ?? []);
  const afterTable = tokenIndexAt(source, source.toOffset(numberAt(relation, 'location')));
  const open = findAtDepthZero(source, afterTable, source.tokens.length, (token) => token.text === '(');
  const pieces = piecesOf(source, open);
  const keys = elements.map((element, index): IndexKey => indexKey(element, pieces[index], source));
  const where = treeAt(statement, 'whereClause') === undefined ? source.tokens.length : findAtDepthZero(source, open, source.tokens.length, (token) => isWord(token, 'where'));
  const end = findAtDepthZero(source, where, source.tokens.length, (token) => token.text === ';');
  const predicate = expressionBetween(source, where + 1, end);
  return {
    type: 'create-index',
    table: relationName(relation),
    index: {
      name: textAt(statement, 'idxname') ?? '',
      method: textAt(statement, 'accessMethod') ?? 'btree',
      unique: flagAt(statement, 'unique'),
      valid: true,
      keys,
      include: included,
      ...(predicate === undefined ? {} : { predicate }),
      ...(flagAt(statement, 'nulls_not_distinct') ? { nullsNotDistinct: true } : {}),
    },
    ifNotExists: flagAt(statement, 'if_not_exists'),
    concurrently: flagAt(statement, 'concurrent'),
    ...(flagAt(relation, 'inh') ? {} : { only: true }),
    ...(textAt(statement, 'idxname') === undefined ? { nameParts: [...nameParts(elements), ...included] } : {}),
  };
}

/** The index behind `EXCLUDE USING gist (room WITH =, during WITH &&)`. */
export function exclusionIndex(constraint: Tree, source: StatementSource): IndexDefinition {
  const elements = listAt(constraint, 'exclusions').map((item) => treeAt(listAt(treeAt(item, 'List'), 'items')[0], 'IndexElem') ?? {});
  const start = tokenIndexAt(source, source.toOffset(numberAt(constraint, 'location')));
  const open = findAtDepthZero(source, start, source.tokens.length, (token) => token.text === '(');
  const pieces = piecesOf(source, open);
  const close = closingIndex(source.tokens, open);
  const where = treeAt(constraint, 'where_clause') !== undefined && isWord(source.tokens[close + 1], 'where') ? close + 2 : undefined;
  const predicate = where === undefined ? undefined : expressionBetween(source, where + 1, closingIndex(source.tokens, where));
  return {
    index: {
      name: textAt(constraint, 'conname') ?? '', method: textAt(constraint, 'access_method') ?? 'btree', unique: false, valid: true,
      keys: elements.map((element, index) => indexKey(element, pieces[index], source)), include: stringsAt(constraint, 'including'),
      ...(predicate === undefined ? {} : { predicate }),
    },
    nameParts: nameParts(elements),
  };
}

function indexKey(element: Tree, piece: readonly [number, number] | undefined, source: StatementSource): IndexKey {
  const inner = withoutCollate(treeAt(element, 'expr'));
  const column = textAt(element, 'name') ?? inner.column;
  const written = column === undefined && piece !== undefined ? keyExpression(source, piece) : undefined;
  const expression = inner.collation === undefined ? written : written?.replace(/\s*\bcollate\s+(?:"(?:[^"]|"")+"|[\w.]+)+\s*$/i, '');
  const opclass = stringsAt(element, 'opclass').at(-1);
  const collation = stringsAt(element, 'collation').at(-1) ?? inner.collation;
  const descending = textAt(element, 'ordering') === 'SORTBY_DESC';
  const nulls = textAt(element, 'nulls_ordering');
  return {
    ...(column === undefined ? {} : { column }),
    ...(expression === undefined ? {} : { expression }),
    ...(opclass === undefined ? {} : { opclass }),
    ...(collation === undefined ? {} : { collation }),
    descending,
    nullsFirst: nulls === 'SORTBY_NULLS_FIRST' || (nulls !== 'SORTBY_NULLS_LAST' && descending),
  };
}

/** `(name COLLATE "C")` is the column with a collation, as Postgres stores it; a collation round an expression likewise. */
function withoutCollate(expression: Tree | undefined): { readonly column?: string; readonly collation?: string } {
  const clause = treeAt(expression, 'CollateClause');
  if (clause === undefined) return {};
  const argument = treeAt(clause, 'arg');
  const column = stringsAt(treeAt(argument, 'ColumnRef'), 'fields').at(-1);
  return { ...(column === undefined ? {} : { column }), collation: stringsAt(clause, 'collname').at(-1) };
}

/** Column part of the default name, as ChooseIndexColumnNames does: an expression is `expr` or its figured name, repeats are numbered. */
function nameParts(elements: readonly Tree[]): readonly string[] {
  const names: string[] = [];
  for (const element of elements) {
    const base = textAt(element, 'name') ?? figureColumnName(...unwrap(treeAt(element, 'expr'))) ?? 'expr';
    let name = base;
    for (let number = 1; names.includes(name); number++) name = `${base}${number}`;
    names.push(name);
  }
  return names;
}
