import type { QualifiedName, SchemaChange } from '../../../core/catalog/changes';
import { columnOf, keysOf } from './constraints';
import { declaredConstraint } from './declarations';
import { exclusionIndex } from './indexes';
import type { StatementSource } from './source';
import { expressionBetween, findAtDepthZero, isWord, tokenIndexAt } from './source';
import { partitionBound, storageOptions } from './storage';
import type { Tree } from './tree';
import { firstLocation, flagAt, listAt, relationName, textAt, treeAt } from './tree';
import { canonicalType } from './types';
import { alterAttribute } from './userTypes';

/** ALTER TABLE, ALTER INDEX … ATTACH PARTITION and the same forms of views and foreign tables. */
export function alterTable(statement: Tree, source: StatementSource): readonly SchemaChange[] {
  const table = relationName(treeAt(statement, 'relation'));
  const kind = textAt(statement, 'objtype');
  return listAt(statement, 'cmds').flatMap((item) => {
    const command = treeAt(item, 'AlterTableCmd') ?? {};
    if (kind === 'OBJECT_TYPE') return alterAttribute(table, command);
    return kind === 'OBJECT_INDEX' ? alterIndex(table, command) : alterCommand(table, command, source);
  });
}

function alterIndex(index: QualifiedName, command: Tree): readonly SchemaChange[] {
  if (textAt(command, 'subtype') !== 'AT_AttachPartition') return [];
  const partition = relationName(treeAt(treeAt(treeAt(command, 'def'), 'PartitionCmd'), 'name'));
  return [{ type: 'attach-index', index, partition }];
}

function alterCommand(table: QualifiedName, command: Tree, source: StatementSource): readonly SchemaChange[] {
  const column = textAt(command, 'name') ?? '';
  const definition = treeAt(command, 'def');
  switch (textAt(command, 'subtype')) {
    case 'AT_AddColumn': {
      const added = columnOf(treeAt(definition, 'ColumnDef') ?? {}, source);
      return [{ type: 'add-column', table, column: added.column, ifNotExists: flagAt(command, 'missing_ok'), ...added.keys }];
    }
    case 'AT_DropColumn': return [{ type: 'drop-column', table, column }];
    case 'AT_AlterColumnType':
      return [{ type: 'alter-column', table, column, newType: canonicalType(treeAt(treeAt(definition, 'ColumnDef'), 'typeName')) }];
    case 'AT_SetNotNull': return [{ type: 'alter-column', table, column, notNull: true }];
    case 'AT_DropNotNull': return [{ type: 'alter-column', table, column, notNull: false }];
    case 'AT_ColumnDefault': return [{ type: 'alter-column', table, column, default: definition === undefined ? null : defaultText(definition, source) ?? null }];
    case 'AT_AddIdentity': return [{ type: 'alter-column', table, column, generated: 'identity' }];
    case 'AT_DropIdentity': return [{ type: 'alter-column', table, column, generated: null }];
    case 'AT_DropExpression': return [{ type: 'alter-column', table, column, generated: null, default: null }];
    case 'AT_AddConstraint': return addConstraint(table, treeAt(definition, 'Constraint') ?? {}, source);
    case 'AT_ValidateConstraint': return [{ type: 'validate-constraint', table, name: column }];
    case 'AT_DropConstraint': return [{ type: 'drop-constraint', table, name: column }];
    case 'AT_EnableRowSecurity': return [{ type: 'row-security', table, enabled: true }];
    case 'AT_DisableRowSecurity': return [{ type: 'row-security', table, enabled: false }];
    case 'AT_ForceRowSecurity': return [{ type: 'row-security', table, forced: true }];
    case 'AT_NoForceRowSecurity': return [{ type: 'row-security', table, forced: false }];
    case 'AT_AttachPartition': {
      const command = treeAt(definition, 'PartitionCmd');
      const bound = partitionBound(treeAt(command, 'bound'), source);
      return [{ type: 'attach-partition', table, partition: relationName(treeAt(command, 'name')), ...(bound === undefined ? {} : { bound }) }];
    }
    case 'AT_DetachPartition': return [{ type: 'detach-partition', table, partition: relationName(treeAt(treeAt(definition, 'PartitionCmd'), 'name')) }];
    case 'AT_SetRelOptions': return [{ type: 'set-options', table, set: storageOptions(treeAt(definition, 'List'), 'items'), reset: [] }];
    case 'AT_ResetRelOptions': return [{ type: 'set-options', table, set: [], reset: storageOptions(treeAt(definition, 'List'), 'items').map((option) => option.slice(0, option.indexOf('='))) }];
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      return [{ type: 'inherit', table, parent: relationName(treeAt(definition, 'RangeVar')), detach: textAt(command, 'subtype') === 'AT_DropInherit' }];
    default: return [];
  }
}

function addConstraint(table: QualifiedName, constraint: Tree, source: StatementSource): readonly SchemaChange[] {
  if (textAt(constraint, 'contype') === 'CONSTR_EXCLUSION') return [{ type: 'add-constraint', table, exclusion: exclusionIndex(constraint, source) }];
  if (textAt(constraint, 'contype') === 'CONSTR_NOTNULL')
    return listAt(constraint, 'keys').flatMap((item): SchemaChange[] => {
      const column = textAt(treeAt(item, 'String'), 'sval');
      return column === undefined ? [] : [{ type: 'alter-column', table, column, notNull: true }];
    });
  if (textAt(constraint, 'contype') === 'CONSTR_CHECK') {
    const [check] = declaredConstraint(constraint, source);
    return check?.expression === undefined ? [] : [{ type: 'add-check', table, ...(check.name === undefined ? {} : { name: check.name }), expression: check.expression, valid: !check.notValid }];
  }
  const keys = keysOf(constraint);
  const usingIndex = textAt(constraint, 'indexname');
  return [
    ...keys.constraints.map((item): SchemaChange => ({ type: 'add-constraint', table, constraint: item, ...(usingIndex === undefined ? {} : { usingIndex }) })),
    ...keys.foreignKeys.map((item): SchemaChange => ({ type: 'add-constraint', table, foreignKey: item })),
  ];
}

/** The text behind `SET DEFAULT`: from the keyword before the expression's first token to the next command. */
function defaultText(expression: Tree, source: StatementSource): string | undefined {
  const location = firstLocation(expression);
  if (location === undefined) return undefined;
  let keyword = tokenIndexAt(source, source.toOffset(location));
  while (keyword >= 0 && !isWord(source.tokens[keyword], 'default')) keyword--;
  if (keyword < 0) return undefined;
  return expressionBetween(source, keyword + 1, findAtDepthZero(source, keyword + 1, source.tokens.length, (token) => token.text === ',' || token.text === ';'));
}
