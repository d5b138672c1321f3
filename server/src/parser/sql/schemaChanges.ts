import type { QualifiedName, SchemaChange } from '../../core/catalog/changes';
import type { Policy } from '../../core/catalog/model';
import { tokenize } from '../../core/sql/lexer';
import { nameOf } from '../../core/sql/names';
import { closingIndex } from '../../core/catalog/expressionTokens';
import { alterTable } from './ddl/alter';
import { staticStatement } from './ddl/doBlock';
import { createIndex } from './ddl/indexes';
import { queryShape } from './ddl/queryShape';
import type { StatementSource } from './ddl/source';
import { createStatementSource, expressionBetween, findAtDepthZero, isWord, tokenIndexAt } from './ddl/source';
import { alterRoutine, createAggregate, createRoutine, routineReference } from './ddl/routines';
import { storageOptions } from './ddl/storage';
import { createTable, createTableAs } from './ddl/tables';
import { alterEnum, createComposite, createDomain, createEnum, createRange, droppedTypes } from './ddl/userTypes';
import type { Tree } from './ddl/tree';
import { quotePart } from './ddl/types';
import { contentsAt, flagAt, listAt, nameFromParts, numberAt, relationName, stringsAt, textAt, treeAt, unwrap } from './ddl/tree';
import { parseTree } from './pgQuery';

/**
 * The schema changes of one statement, in order; empty for anything that is not DDL the catalog follows (DO blocks
 * that decide something, triggers, grants). `tree` is libpg-query's result for exactly `statementText`, either the whole result (`stmts`) or
 * one statement node. Never throws.
 */
export function collectSchemaChanges(tree: unknown, statementText: string): readonly SchemaChange[] {
  if (typeof tree !== 'object' || tree === null) return [];
  const root = tree as Tree;
  const statements = Array.isArray(root['stmts']) ? contentsAt(root, 'stmts', 'stmt') : [treeAt(root, 'stmt') ?? root];
  if (statements.length === 0) return [];
  const source = createStatementSource(statementText);
  return statements.flatMap((statement) => changesOf(...unwrap(statement), source));
}

function changesOf(type: string, content: Tree, source: StatementSource): readonly SchemaChange[] {
  switch (type) {
    case 'CreateStmt': return [createTable(content, source)];
    case 'CreateForeignTableStmt': return [createTable(treeAt(content, 'base') ?? {}, source, true)];
    case 'CreateTableAsStmt': return createAs(content, source);
    case 'SelectStmt': return selectChanges(content);
    case 'ViewStmt': return [createView(content, source)];
    case 'IndexStmt': return [createIndex(content, source)];
    case 'AlterTableStmt': return alterTable(content, source);
    case 'RenameStmt': return rename(content);
    case 'AlterObjectSchemaStmt': return setSchema(content);
    case 'DropStmt': return drop(content);
    case 'CreatePolicyStmt': return [{ type: 'create-policy', table: relationName(treeAt(content, 'table')), policy: policyOf(content, source) }];
    case 'AlterPolicyStmt': return [alterPolicy(content, source)];
    case 'CreateSchemaStmt': return createSchema(content, source);
    case 'VariableSetStmt': return setVariable(content);
    case 'DoStmt': return doChanges(content);
    case 'CreateEnumStmt': return [createEnum(content)];
    case 'CompositeTypeStmt': return [createComposite(content)];
    case 'CreateRangeStmt': return createRange(content);
    case 'CreateDomainStmt': return [createDomain(content)];
    case 'AlterEnumStmt': return alterEnum(content);
    case 'CreateExtensionStmt': return [{ type: 'create-extension', extension: textAt(content, 'extname') ?? '' }];
    case 'CreateFunctionStmt': return [createRoutine(content, source)];
    case 'DefineStmt': return createAggregate(content);
    case 'AlterFunctionStmt': return alterRoutine(content);
    default: return [];
  }
}

/** The usual guard round one statement is read as that statement; any other DO block may do anything and is left out. */
function doChanges(content: Tree): readonly SchemaChange[] {
  const inner = staticStatement(content);
  return inner === undefined ? [] : collectSchemaChanges(parseTree(inner), inner);
}

const relationKinds: Readonly<Record<string, 'table' | 'view' | 'matview' | 'index'>> = {
  OBJECT_TABLE: 'table', OBJECT_FOREIGN_TABLE: 'table', OBJECT_VIEW: 'view', OBJECT_MATVIEW: 'matview', OBJECT_INDEX: 'index',
};

function createAs(content: Tree, source: StatementSource): readonly SchemaChange[] {
  const into = treeAt(content, 'into');
  const query = treeAt(content, 'query');
  if (treeAt(query, 'SelectStmt') === undefined && textAt(content, 'objtype') === 'OBJECT_MATVIEW') return [];
  if (textAt(content, 'objtype') !== 'OBJECT_MATVIEW') return [createTableAs(into, query, flagAt(content, 'if_not_exists'))];
  const shape = queryShape(query, stringsAt(into, 'colNames'));
  const sql = queryText(treeAt(into, 'rel'), source).replace(/\s*\bwith\s+(?:no\s+)?data\s*$/i, '');
  return [{ type: 'create-view', view: relationName(treeAt(into, 'rel')), materialized: true, sql, columns: shape.outputs.map((output) => output.name), ifNotExists: flagAt(content, 'if_not_exists'), query: shape, options: storageOptions(into, 'options') }];
}

function createView(content: Tree, source: StatementSource): SchemaChange {
  const shape = queryShape(treeAt(content, 'query'), stringsAt(content, 'aliases'));
  return {
    type: 'create-view', view: relationName(treeAt(content, 'view')), materialized: false, sql: queryText(treeAt(content, 'view'), source),
    columns: shape.outputs.map((output) => output.name), replace: flagAt(content, 'replace'), query: shape, options: viewOptions(content),
  };
}

/** WITH CHECK OPTION is stored as a parameter. */
const viewOptions = (content: Tree): readonly string[] => {
  const check = /^(LOCAL|CASCADED)_/.exec(textAt(content, 'withCheckOption') ?? '')?.[1]?.toLowerCase();
  return [...storageOptions(content, 'options'), ...(check === undefined ? [] : [`check_option=${check}`])];
};

/** The text after AS, to the end of the statement. */
function queryText(relation: Tree | undefined, source: StatementSource): string {
  const start = tokenIndexAt(source, source.toOffset(numberAt(relation, 'location')));
  const as = findAtDepthZero(source, start, source.tokens.length, (token) => isWord(token, 'as'));
  const first = source.tokens[as + 1];
  return first === undefined ? '' : source.text.slice(first.start).replace(/[;\s]+$/, '');
}

/** SELECT INTO creates a table; `SELECT set_config('search_path', …)` is how pg_dump sets the search path; Citus spreads tables by calls. */
function selectChanges(content: Tree): readonly SchemaChange[] {
  const into = treeAt(content, 'intoClause');
  if (into !== undefined) return [createTableAs(into, content, false)];
  return listAt(content, 'targetList').flatMap((item): SchemaChange[] => {
    const call = treeAt(treeAt(treeAt(item, 'ResTarget'), 'val'), 'FuncCall');
    const called = stringsAt(call, 'funcname').at(-1) ?? '';
    const [name, value] = listAt(call, 'args').map((argument) => treeAt(treeAt(argument, 'A_Const'), 'sval'));
    if (DISTRIBUTING.has(called)) return [...distribution(called, textAt(name, 'sval'), textAt(value, 'sval'))];
    if (called !== 'set_config') return [];
    if (textAt(name, 'sval') !== 'search_path' || value === undefined) return [];
    const schemas = (textAt(value, 'sval') ?? '').split(',').map((part) => part.trim().replace(/^"|"$/g, '')).filter((part) => part !== '');
    return [{ type: 'set-search-path', schemas }];
  });
}

const DISTRIBUTING: ReadonlySet<string> = new Set(['create_distributed_table', 'create_distributed_table_concurrently', 'undistribute_table']);

function distribution(called: string, table: string | undefined, column: string | undefined): readonly SchemaChange[] {
  if (table === undefined || (called !== 'undistribute_table' && column === undefined)) return [];
  const parts = tokenize(table).filter((token) => token.kind === 'word' || token.kind === 'quoted').map((token) => nameOf(table, token));
  return [{ type: 'distribute', table: nameFromParts(parts), column: called === 'undistribute_table' ? undefined : column }];
}

function rename(content: Tree): readonly SchemaChange[] {
  const relation = relationName(treeAt(content, 'relation'));
  const to = textAt(content, 'newname') ?? '';
  const from = textAt(content, 'subname') ?? '';
  const type = textAt(content, 'renameType') ?? '';
  const kind = relationKinds[type];
  if (kind !== undefined) return [{ type: 'rename-relation', relation, to, kind }];
  if (type === 'OBJECT_COLUMN') return [{ type: 'rename-column', table: relation, column: from, to }];
  if (type === 'OBJECT_TABCONSTRAINT') return [{ type: 'rename-constraint', table: relation, name: from, to }];
  if (type === 'OBJECT_SCHEMA') return [{ type: 'rename-schema', schema: from, to }];
  if (type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN') {
    const written = stringsAt(treeAt(treeAt(content, 'object'), 'List'), 'items');
    const parts = written.map(quotePart);
    return [{ type: 'rename-type', from: parts.join('.'), to: [...parts.slice(0, -1), quotePart(to)].join('.'), name: nameFromParts(written), newName: to }];
  }
  if (type === 'OBJECT_ATTRIBUTE') return [{ type: 'alter-type', name: relation, alteration: { type: 'rename-attribute', name: from, to } }];
  if (routineKinds.has(type)) return [{ type: 'alter-routine', ...routineReference(treeAt(treeAt(content, 'object'), 'ObjectWithArgs')), to: { name: to } }];
  if (type === 'OBJECT_POLICY') return [{ type: 'alter-policy', table: relation, name: from, to }];
  return [];
}

const routineKinds: ReadonlySet<string> = new Set(['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE', 'OBJECT_AGGREGATE']);

function setSchema(content: Tree): readonly SchemaChange[] {
  const type = textAt(content, 'objectType') ?? '';
  const schema = textAt(content, 'newschema') ?? '';
  const object = treeAt(content, 'object');
  if (relationKinds[type] !== undefined) return [{ type: 'set-schema', relation: relationName(treeAt(content, 'relation')), schema }];
  if (type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN') return [{ type: 'set-type-schema', name: nameFromParts(stringsAt(treeAt(object, 'List'), 'items')), schema }];
  return routineKinds.has(type) ? [{ type: 'alter-routine', ...routineReference(treeAt(object, 'ObjectWithArgs')), to: { schema } }] : [];
}

function drop(content: Tree): readonly SchemaChange[] {
  const cascade = textAt(content, 'behavior') === 'DROP_CASCADE';
  const kind = relationKinds[textAt(content, 'removeType') ?? ''];
  const names = listAt(content, 'objects').map((item) => (treeAt(item, 'List') === undefined ? [textAt(treeAt(item, 'String'), 'sval') ?? ''] : stringsAt(treeAt(item, 'List'), 'items')));
  if (kind !== undefined) return names.map((parts) => ({ type: 'drop-relation', relation: nameFromParts(parts), kind, cascade }));
  const type = textAt(content, 'removeType') ?? '';
  if (type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN') return droppedTypes(content);
  if (type === 'OBJECT_EXTENSION') return names.map((parts) => ({ type: 'drop-extension', extension: parts.at(-1) ?? '' }));
  if (routineKinds.has(type)) return listAt(content, 'objects').map((item) => ({ type: 'drop-routine', ...routineReference(treeAt(item, 'ObjectWithArgs')) }));
  if (type === 'OBJECT_SCHEMA') return names.map((parts) => ({ type: 'drop-schema', schema: parts.at(-1) ?? '' }));
  if (type === 'OBJECT_POLICY') return names.map((parts) => ({ type: 'drop-policy', table: nameFromParts(parts.slice(0, -1)), name: parts.at(-1) ?? '' }));
  return [];
}

const commands: Readonly<Record<string, Policy['command']>> = { all: 'all', select: 'select', insert: 'insert', update: 'update', delete: 'delete' };

function policyOf(content: Tree, source: StatementSource): Policy {
  const { using, check } = policyExpressions(content, source);
  return {
    name: textAt(content, 'policy_name') ?? '',
    command: commands[textAt(content, 'cmd_name') ?? 'all'] ?? 'all',
    permissive: flagAt(content, 'permissive'),
    roles: rolesOf(content),
    ...(using === undefined ? {} : { using }),
    ...(check === undefined ? {} : { check }),
  };
}

const rolesOf = (content: Tree): readonly string[] =>
  listAt(content, 'roles').map((item) => {
    const role = treeAt(item, 'RoleSpec');
    return textAt(role, 'rolename') ?? (textAt(role, 'roletype') ?? 'public').replace('ROLESPEC_', '').toLowerCase();
  });

function policyExpressions(content: Tree, source: StatementSource): { readonly using: string | undefined; readonly check: string | undefined } {
  const start = tokenIndexAt(source, source.toOffset(numberAt(treeAt(content, 'table'), 'location')));
  const bodyOf = (keyword: string): string | undefined => {
    const at = findAtDepthZero(source, start, source.tokens.length, (token) => isWord(token, keyword));
    return source.tokens[at + 1]?.text === '(' ? expressionBetween(source, at + 2, closingIndex(source.tokens, at + 1)) : undefined;
  };
  return { using: bodyOf('using'), check: bodyOf('check') };
}

function alterPolicy(content: Tree, source: StatementSource): SchemaChange {
  const { using, check } = policyExpressions(content, source);
  const roles = rolesOf(content);
  return {
    type: 'alter-policy', table: relationName(treeAt(content, 'table')), name: textAt(content, 'policy_name') ?? '',
    ...(roles.length > 0 ? { roles } : {}), ...(using === undefined ? {} : { using }), ...(check === undefined ? {} : { check }),
  };
}

function createSchema(content: Tree, source: StatementSource): readonly SchemaChange[] {
  const schema = textAt(content, 'schemaname');
  if (schema === undefined) return [];
  const within = (name: QualifiedName): QualifiedName => ({ schema, ...name });
  const inner = listAt(content, 'schemaElts').flatMap((item) => changesOf(...unwrap(item), source)).map((change): SchemaChange => {
    if (change.type === 'create-type' || change.type === 'create-routine') return { ...change, name: within(change.name) };
    if (change.type === 'create-table' || change.type === 'create-index') return { ...change, table: within(change.table) };
    return change.type === 'create-view' ? { ...change, view: within(change.view) } : change;
  });
  return [{ type: 'create-schema', schema }, ...inner];
}

function setVariable(content: Tree): readonly SchemaChange[] {
  const kind = textAt(content, 'kind');
  const all = kind === 'VAR_RESET_ALL';
  if (!all && textAt(content, 'name') !== 'search_path') return [];
  if (all || kind === 'VAR_RESET' || kind === 'VAR_SET_DEFAULT') return [{ type: 'set-search-path', schemas: [], reset: true }];
  const values = listAt(content, 'args').flatMap((item) => {
    const constant = treeAt(treeAt(item, 'A_Const'), 'sval');
    return constant === undefined ? [] : [textAt(constant, 'sval') ?? ''];
  });
  return [{ type: 'set-search-path', schemas: values.flatMap((value) => value.split(',')).map((value) => value.trim()).filter((value) => value !== '') }];
}
