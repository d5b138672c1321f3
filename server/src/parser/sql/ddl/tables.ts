import type { CheckDefinition, ColumnDefinition, IndexDefinition, LikeClause, SchemaChange } from '../../../core/catalog/changes';
import type { PartitionKey } from '../../../core/catalog/model';
import type { Keys } from './constraints';
import { columnOf, joinKeys, keysOf } from './constraints';
import { checkOf } from './declarations';
import { exclusionIndex } from './indexes';
import { queryShape } from './queryShape';
import type { StatementSource } from './source';
import { findAtDepthZero, keyExpression, piecesOf, tokenIndexAt } from './source';
import { partitionBound, storageOptions } from './storage';
import type { Tree } from './tree';
import { contentsAt, flagAt, listAt, numberAt, relationName, stringsAt, textAt, treeAt, unwrap } from './tree';

/** Bits of `TableLikeClause.options`, from parsenodes.h. */
const likeBits = { defaults: 1 << 3, generated: 1 << 4, identity: 1 << 5, indexes: 1 << 6 };

const isTemporary = (relation: Tree | undefined): boolean => textAt(relation, 'relpersistence') === 't' || textAt(relation, 'schemaname') === 'pg_temp';

/** CREATE TABLE and CREATE FOREIGN TABLE (`statement` is the `CreateStmt`). */
export function createTable(statement: Tree, source: StatementSource, foreign = false): SchemaChange {
  const columns: ColumnDefinition[] = [];
  const keys: Keys[] = [];
  const likes: LikeClause[] = [];
  const exclusions: IndexDefinition[] = [];
  const checks: CheckDefinition[] = [];
  for (const element of listAt(statement, 'tableElts')) {
    const [type, content] = unwrap(element);
    if (type === 'ColumnDef') {
      const defined = columnOf(content, source);
      columns.push(defined.column);
      keys.push(defined.keys);
      checks.push(...contentsAt(content, 'constraints', 'Constraint').flatMap((constraint) => checkOf(constraint, source)));
    } else if (type === 'Constraint') {
      if (textAt(content, 'contype') === 'CONSTR_NOTNULL') requireColumns(columns, stringsAt(content, 'keys'));
      if (textAt(content, 'contype') === 'CONSTR_EXCLUSION') exclusions.push(exclusionIndex(content, source));
      keys.push(keysOf(content));
      checks.push(...checkOf(content, source));
    } else if (type === 'TableLikeClause') {
      const options = numberAt(content, 'options');
      const including = { defaults: (options & likeBits.defaults) !== 0, generated: (options & likeBits.generated) !== 0, identity: (options & likeBits.identity) !== 0, indexes: (options & likeBits.indexes) !== 0 };
      likes.push({ source: relationName(treeAt(content, 'relation')), before: columns.length, including });
    }
  }
  const parents = listAt(statement, 'inhRelations').map((item) => relationName(treeAt(item, 'RangeVar')));
  const partition = treeAt(statement, 'partbound') !== undefined;
  const bound = partitionBound(treeAt(statement, 'partbound'), source);
  const options = storageOptions(statement, 'options');
  const partitionBy = partitionKeyOf(treeAt(statement, 'partspec'), source);
  return {
    type: 'create-table',
    table: relationName(treeAt(statement, 'relation')),
    ifNotExists: flagAt(statement, 'if_not_exists'),
    temporary: isTemporary(treeAt(statement, 'relation')),
    columns,
    ...joinKeys(keys),
    ...(partitionBy === undefined ? {} : { partitionBy }),
    ...(partition && parents[0] !== undefined ? { partitionOf: parents[0] } : {}),
    ...(bound === undefined ? {} : { partitionBound: bound }),
    ...(options.length > 0 ? { options } : {}),
    like: likes.map((like) => like.source),
    ...(likes.length > 0 ? { likeClauses: likes } : {}),
    inherits: partition ? [] : parents,
    ...(exclusions.length > 0 ? { exclusions } : {}),
    ...(checks.length > 0 ? { checks } : {}),
    ...(foreign ? { foreign } : {}),
  };
}

function requireColumns(columns: ColumnDefinition[], names: readonly string[]): void {
  columns.forEach((column, index) => { if (names.includes(column.name)) columns[index] = { ...column, notNull: true }; });
}

/** CREATE TABLE AS and SELECT INTO; `into` is the `IntoClause`. */
export function createTableAs(into: Tree | undefined, select: Tree | undefined, ifNotExists: boolean): SchemaChange {
  const options = storageOptions(into, 'options');
  return {
    type: 'create-table', table: relationName(treeAt(into, 'rel')), ifNotExists, temporary: isTemporary(treeAt(into, 'rel')),
    columns: [], constraints: [], foreignKeys: [], like: [], inherits: [], as: queryShape(select, stringsAt(into, 'colNames')), ...(options.length > 0 ? { options } : {}),
  };
}

const strategies: Readonly<Record<string, PartitionKey['strategy']>> = { PARTITION_STRATEGY_RANGE: 'range', PARTITION_STRATEGY_LIST: 'list', PARTITION_STRATEGY_HASH: 'hash' };

function partitionKeyOf(specification: Tree | undefined, source: StatementSource): PartitionKey | undefined {
  const strategy = strategies[textAt(specification, 'strategy') ?? ''];
  if (specification === undefined || strategy === undefined) return undefined;
  const start = tokenIndexAt(source, source.toOffset(numberAt(specification, 'location')));
  const open = findAtDepthZero(source, start, source.tokens.length, (token) => token.text === '(');
  const pieces = piecesOf(source, open);
  const columns = listAt(specification, 'partParams').flatMap((item, index) => {
    const element = treeAt(item, 'PartitionElem');
    const piece = pieces[index];
    return textAt(element, 'name') ?? (piece === undefined ? undefined : keyExpression(source, piece)) ?? [];
  });
  return { strategy, columns, partitions: 0 };
}
