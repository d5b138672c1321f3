import { closingIndex } from '../../../core/catalog/expressionTokens';
import type { QualifiedName } from '../../../core/catalog/changes';
import type { DdlCommand, DdlCommands } from '../../../core/migrations/commands';
import { sqlSpan, type SqlSpan } from '../../../core/text/span';
import { parseTree } from '../pgQuery';
import { alterActions } from './alterActions';
import { declaredColumn, declaredConstraint } from './declarations';
import { staticStatement } from './doBlock';
import { createStatementSource, findAtDepthZero, isWord, tokenIndexAt, type StatementSource } from './source';
import { contentsAt, flagAt, listAt, nameFromParts, numberAt, relationName, stringsAt, textAt, treeAt, unwrap, type Tree } from './tree';

/** What the statement does; empty where the text does not parse as one statement. Never throws. */
export function collectDdlCommands(tree: unknown, statementText: string): DdlCommands {
  const statements = typeof tree === 'object' && tree !== null && Array.isArray((tree as Tree)['stmts']) ? contentsAt(tree as Tree, 'stmts', 'stmt') : [];
  if (statements.length !== 1) return [];
  const [type, content] = unwrap(statements[0]);
  if (type === 'DoStmt') return insideBlock(content, statementText);
  const source = createStatementSource(statementText);
  const command = commandOf(type, content, source);
  return command === undefined ? [] : [{ ...command, keyword: keywordOf(source, type) } as DdlCommand];
}

/** Statements in a DO block have no places of their own. */
function insideBlock(content: Tree, text: string): DdlCommands {
  const inner = staticStatement(content);
  const tree = inner === undefined ? undefined : (parseTree(inner) as unknown as Tree | undefined);
  if (inner === undefined || tree === undefined) return [];
  const whole = sqlSpan(0, text.length);
  const source = createStatementSource(inner);
  return contentsAt(tree, 'stmts', 'stmt').flatMap((statement): readonly DdlCommand[] => {
    const command = commandOf(...unwrap(statement), source);
    return command === undefined ? [] : [placedAt(whole, { ...command, keyword: whole } as DdlCommand)];
  });
}

/** The command with every span replaced by one. */
function placedAt(whole: SqlSpan, command: DdlCommand): DdlCommand {
  const replace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, /(?:^s|S)pan$|^keyword$/.test(key) || (key === 'name' && typeof inner === 'object') ? whole : replace(inner)]));
  };
  return replace(command) as DdlCommand;
}

type Command = DdlCommand extends infer C ? (C extends DdlCommand ? Omit<C, 'keyword'> : never) : never;

const relations: Readonly<Record<string, 'table' | 'view' | 'matview' | 'index'>> = { OBJECT_TABLE: 'table', OBJECT_FOREIGN_TABLE: 'table', OBJECT_VIEW: 'view', OBJECT_MATVIEW: 'matview', OBJECT_INDEX: 'index' };

function commandOf(type: string, content: Tree, source: StatementSource): Command | undefined {
  switch (type) {
    case 'TransactionStmt': {
      const kind = textAt(content, 'kind') ?? '';
      return /BEGIN|START/.test(kind) ? { type: 'begin' } : /COMMIT$|ROLLBACK$/.test(kind) ? { type: 'end' } : { type: 'other' };
    }
    case 'VariableSetStmt': return { type: 'set', name: (textAt(content, 'name') ?? '').toLowerCase(), ...valueOf(content), local: flagAt(content, 'is_local') };
    case 'SelectStmt': return setConfig(content);
    case 'AlterRoleSetStmt': case 'AlterDatabaseSetStmt': return { type: 'set-default', name: (textAt(treeAt(content, 'setstmt'), 'name') ?? '').toLowerCase() };
    case 'CreateStmt': return createTable(content, source);
    case 'CreateTableAsStmt': return createAs(content, source);
    case 'IndexStmt': return createIndex(content, source);
    case 'DropStmt': return drop(content, source);
    case 'ReindexStmt': return reindex(content, source);
    case 'RefreshMatViewStmt': {
      return { type: 'refresh', view: relationName(treeAt(content, 'relation')), concurrently: flagAt(content, 'concurrent'), withData: !flagAt(content, 'skipData'), afterView: wordEnd(source, 'view') };
    }
    case 'VacuumStmt': {
      if (!flagAt(content, 'is_vacuumcmd') || !contentsAt(content, 'options', 'DefElem').some(isFull)) return { type: 'other' };
      return { type: 'vacuum-full', tables: contentsAt(content, 'rels', 'VacuumRelation').map((item) => relationName(treeAt(item, 'relation'))) };
    }
    case 'ClusterStmt': return { type: 'cluster', ...(treeAt(content, 'relation') === undefined ? {} : { table: relationName(treeAt(content, 'relation')) }) };
    case 'AlterTableStmt': return { type: 'alter-table', table: relationName(treeAt(content, 'relation')), kind: alteredKind(content), actions: alterActions(content, source) };
    case 'RenameStmt': return rename(content, source);
    case 'TruncateStmt': return { type: 'truncate', tables: relationsAt(content, 'relations') };
    // The weak modes of LOCK let others read and write: ROW SHARE and ROW EXCLUSIVE (lockdefs.h).
    case 'LockStmt': return numberAt(content, 'mode') <= 3 ? { type: 'other' } : { type: 'lock', tables: relationsAt(content, 'relations') };
    case 'CreateTrigStmt': return { type: 'attached', table: relationName(treeAt(content, 'relation')), reads: false };
    case 'RuleStmt': return { type: 'attached', table: relationName(treeAt(content, 'relation')), reads: true };
    case 'AlterObjectSchemaStmt': return textAt(content, 'objectType') === 'OBJECT_TABLE' ? { type: 'attached', table: relationName(treeAt(content, 'relation')), reads: true } : { type: 'other' };
    case 'CreatePolicyStmt': case 'AlterPolicyStmt': return { type: 'policy', table: relationName(treeAt(content, 'table')), name: textAt(content, 'policy_name') ?? '' };
    default: return { type: 'other' };
  }
}

const relationsAt = (content: Tree, field: string): readonly QualifiedName[] => contentsAt(content, field, 'RangeVar').map(relationName);

/** `VACUUM FULL`, `VACUUM (FULL)`; `(FULL false)` is none. */
const isFull = (option: Tree): boolean => textAt(option, 'defname') === 'full' && !/^(?:false|off|0)$/i.test(argumentText(option));

function argumentText(option: Tree): string {
  const [type, value] = unwrap(treeAt(option, 'arg'));
  return type === 'Boolean' ? String(flagAt(value, 'boolval')) : type === 'Integer' ? String(numberAt(value, 'ival')) : textAt(value, 'sval') ?? '';
}

function valueOf(content: Tree): { readonly value?: string } {
  const constant = treeAt(listAt(content, 'args')[0], 'A_Const');
  const text = textAt(treeAt(constant, 'sval'), 'sval') ?? (treeAt(constant, 'ival') === undefined ? undefined : String(numberAt(treeAt(constant, 'ival'), 'ival')));
  return text === undefined ? {} : { value: text };
}

/** `SELECT set_config('lock_timeout', '5s', true)`. */
function setConfig(content: Tree): Command {
  for (const item of listAt(content, 'targetList')) {
    const call = treeAt(treeAt(treeAt(item, 'ResTarget'), 'val'), 'FuncCall');
    if (stringsAt(call, 'funcname').at(-1) !== 'set_config') continue;
    const [name, value, local] = listAt(call, 'args').map((argument) => treeAt(argument, 'A_Const'));
    return { type: 'set', name: (textAt(treeAt(name, 'sval'), 'sval') ?? '').toLowerCase(), value: textAt(treeAt(value, 'sval'), 'sval'), local: flagAt(treeAt(local, 'boolval'), 'boolval') };
  }
  return { type: 'other' };
}

function createTable(content: Tree, source: StatementSource): Command {
  const relation = treeAt(content, 'relation');
  const elements = listAt(content, 'tableElts').map((item) => unwrap(item));
  const partition = treeAt(content, 'partbound') !== undefined;
  const parents = listAt(content, 'inhRelations').map((item) => relationName(treeAt(item, 'RangeVar')));
  return {
    type: 'create-table', table: relationName(relation), name: nameSpan(source, relation), temporary: textAt(relation, 'relpersistence') === 't' || textAt(relation, 'schemaname') === 'pg_temp',
    columns: elements.flatMap(([type, item]) => (type === 'ColumnDef' ? [declaredColumn(item, source)] : [])),
    constraints: elements.flatMap(([type, item]) => (type === 'Constraint' ? declaredConstraint(item, source) : [])),
    ...(partition && parents[0] !== undefined ? { partitionOf: parents[0] } : {}), filled: false,
    derived: partition || parents.length > 0 || treeAt(content, 'ofTypename') !== undefined || elements.some(([type]) => type === 'TableLikeClause'),
  };
}

function createAs(content: Tree, source: StatementSource): Command {
  const into = treeAt(content, 'into');
  const relation = treeAt(into, 'rel');
  const filled = !flagAt(into, 'skipData');
  if (textAt(content, 'objtype') === 'OBJECT_MATVIEW') return { type: 'create-matview', view: relationName(relation), filled };
  return { type: 'create-table', table: relationName(relation), name: nameSpan(source, relation), temporary: textAt(relation, 'relpersistence') === 't', columns: [], constraints: [], filled, derived: true };
}

function createIndex(content: Tree, source: StatementSource): Command {
  const relation = treeAt(content, 'relation');
  const after = tokenIndexAt(source, source.toOffset(numberAt(relation, 'location')));
  const open = source.tokens[findAtDepthZero(source, after, source.tokens.length, (token) => token.text === '(')];
  const name = textAt(content, 'idxname');
  const on = source.tokens.findIndex((token, index) => index > 1 && index <= after && isWord(token, 'on'));
  const named = name === undefined ? undefined : source.tokens[on - 1];
  const end = source.tokens.at(-1);
  return {
    type: 'create-index', table: relationName(relation), ...(name === undefined ? {} : { name }), ...(named === undefined ? {} : { nameSpan: sqlSpan(named.start, named.end) }),
    unique: flagAt(content, 'unique'), concurrently: flagAt(content, 'concurrent'), only: !flagAt(relation, 'inh'), ifNotExists: flagAt(content, 'if_not_exists'),
    afterIndex: wordEnd(source, 'index'), keysSpan: sqlSpan(open?.start ?? 0, end?.text === ';' ? end.start : end?.end ?? source.text.length),
  };
}

/** What hangs on a table. */
const ATTACHED: ReadonlySet<string> = new Set(['OBJECT_TRIGGER', 'OBJECT_RULE', 'OBJECT_POLICY', 'OBJECT_TABCONSTRAINT']);

function drop(content: Tree, source: StatementSource): Command {
  const kind = relations[textAt(content, 'removeType') ?? ''];
  const names = listAt(content, 'objects').map((item) => nameFromParts(stringsAt(treeAt(item, 'List'), 'items')));
  const cascade = textAt(content, 'behavior') === 'DROP_CASCADE';
  if (kind === 'index') return { type: 'drop-index', indexes: names, concurrently: flagAt(content, 'concurrent'), afterIndex: wordEnd(source, 'index'), cascade };
  // Behind the table's name stands that of what goes.
  const [attached] = ATTACHED.has(textAt(content, 'removeType') ?? '') ? listAt(content, 'objects').map((item) => stringsAt(treeAt(item, 'List'), 'items').slice(0, -1)) : [];
  if (attached !== undefined) return { type: 'attached', table: nameFromParts(attached), reads: true };
  return kind === undefined ? { type: 'other' } : { type: 'drop', what: kind, relations: names, cascade };
}

const reindexed: Readonly<Record<string, 'index' | 'table' | 'schema' | 'database' | 'system'>> = { REINDEX_OBJECT_INDEX: 'index', REINDEX_OBJECT_TABLE: 'table', REINDEX_OBJECT_SCHEMA: 'schema', REINDEX_OBJECT_DATABASE: 'database', REINDEX_OBJECT_SYSTEM: 'system' };

function reindex(content: Tree, source: StatementSource): Command {
  const what = reindexed[textAt(content, 'kind') ?? ''] ?? 'index';
  const relation = treeAt(content, 'relation');
  const concurrently = contentsAt(content, 'params', 'DefElem').some((option) => textAt(option, 'defname') === 'concurrently' && !/^(?:false|off|0)$/i.test(argumentText(option)));
  return { type: 'reindex', what, ...(relation === undefined ? {} : { relation: relationName(relation) }), concurrently, afterKind: wordEnd(source, what) };
}

const alteredKind = (content: Tree): 'table' | 'index' | 'view' | 'matview' | 'other' => relations[textAt(content, 'objtype') ?? ''] ?? 'other';

function rename(content: Tree, source: StatementSource): Command {
  const type = textAt(content, 'renameType') ?? '';
  const relation = relationName(treeAt(content, 'relation'));
  const to = textAt(content, 'newname') ?? '';
  const at = treeAt(content, 'relation');
  const kind = relations[type];
  if (kind !== undefined) return { type: 'rename', what: kind === 'matview' ? 'view' : kind, relation, to, nameSpan: nameSpan(source, at) };
  if (ATTACHED.has(type)) return { type: 'attached', table: relation, reads: true };
  if (type !== 'OBJECT_COLUMN') return { type: 'other' };
  const last = source.tokens.findLastIndex((token) => isWord(token, 'to'));
  const named = source.tokens[last - 1];
  return { type: 'rename', what: 'column', relation, column: textAt(content, 'subname') ?? '', to, nameSpan: named === undefined ? nameSpan(source, at) : sqlSpan(named.start, named.end) };
}

/** The words of a relation's name, schema included. */
function nameSpan(source: StatementSource, relation: Tree | undefined): SqlSpan {
  let index = tokenIndexAt(source, source.toOffset(numberAt(relation, 'location')));
  const start = source.tokens[index];
  while (source.tokens[index + 1]?.text === '.') index += 2;
  return sqlSpan(start?.start ?? 0, source.tokens[index]?.end ?? source.text.length);
}

/** End of the first occurrence of a word. */
const wordEnd = (source: StatementSource, word: string): number => source.tokens.find((token) => isWord(token, word))?.end ?? 0;

/** `CREATE INDEX`, `ALTER TABLE`, `REFRESH MATERIALIZED VIEW`: up to the kind of the object. */
function keywordOf(source: StatementSource, type: string): SqlSpan {
  const last: Readonly<Record<string, string>> = { IndexStmt: 'index', DropStmt: '', ReindexStmt: '', RefreshMatViewStmt: 'view', AlterTableStmt: 'table', RenameStmt: '', CreateStmt: 'table', CreateTableAsStmt: 'as', CreatePolicyStmt: 'policy', AlterPolicyStmt: 'policy', VacuumStmt: 'full' };
  const first = source.tokens[0];
  const word = last[type];
  if (word === 'as') return sqlSpan(first?.start ?? 0, source.tokens.find((token) => isWord(token, 'view') || isWord(token, 'table'))?.end ?? first?.end ?? 0);
  const found = word ? source.tokens.find((token) => isWord(token, word)) : word === '' ? source.tokens[1] : first;
  const closing = type === 'VacuumStmt' && found !== undefined && source.tokens[1]?.text === '(' ? source.tokens[closingIndex(source.tokens, 1)] : undefined;
  return sqlSpan(first?.start ?? 0, (closing ?? found ?? first)?.end ?? source.text.length);
}
