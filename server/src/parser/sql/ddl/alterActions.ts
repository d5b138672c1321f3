import type { AlterAction } from '../../../core/migrations/commands';
import type { SqlSpan } from '../../../core/text/span';
import { declaredColumn, declaredConstraint, pieceEnd, spanOf, typeSpan } from './declarations';
import { tokenIndexAt, type StatementSource } from './source';
import { canonicalType } from './types';
import { flagAt, listAt, numberAt, relationName, textAt, treeAt, type Tree } from './tree';

/** The commands of an ALTER TABLE, each with its words. */
export function alterActions(statement: Tree, source: StatementSource): readonly AlterAction[] {
  const commands = listAt(statement, 'cmds').map((item) => treeAt(item, 'AlterTableCmd') ?? {});
  const pieces = piecesAfterName(treeAt(statement, 'relation'), source);
  const whole = spanOf(source, 0, source.tokens.length);
  return commands.map((command, index): AlterAction => {
    const piece = pieces.length === commands.length ? pieces[index] : undefined;
    return { ...actionOf(command, source, piece?.[1] ?? source.tokens.length), span: piece === undefined ? whole : spanOf(source, ...piece) } as AlterAction;
  });
}

/** Token ranges of the commands: they follow the table's name, separated by commas. */
function piecesAfterName(relation: Tree | undefined, source: StatementSource): readonly (readonly [number, number])[] {
  let start = tokenIndexAt(source, source.toOffset(numberAt(relation, 'location')));
  while (source.tokens[start + 1]?.text === '.') start += 2;
  start++;
  if (source.tokens[start]?.text === '*') start++;
  const pieces: (readonly [number, number])[] = [];
  while (start < source.tokens.length && source.tokens[start]?.text !== ';') {
    const end = pieceEnd(source, start);
    pieces.push([start, end]);
    if (source.tokens[end]?.text !== ',') break;
    start = end + 1;
  }
  return pieces;
}

type Action = AlterAction extends infer A ? (A extends AlterAction ? Omit<A, 'span'> : never) : never;

const rewrites: Readonly<Record<string, string>> = { AT_SetTableSpace: 'SET TABLESPACE', AT_SetLogged: 'SET LOGGED', AT_SetUnLogged: 'SET UNLOGGED', AT_SetAccessMethod: 'SET ACCESS METHOD' };
/** SHARE UPDATE EXCLUSIVE (AlterTableGetLockLevel in tablecmds.c). */
const light = new Set(['AT_SetStatistics', 'AT_ClusterOn', 'AT_DropCluster', 'AT_SetOptions', 'AT_ResetOptions', 'AT_SetRelOptions', 'AT_ResetRelOptions']);

function actionOf(command: Tree, source: StatementSource, end: number): Action {
  const subtype = textAt(command, 'subtype') ?? '';
  const name = textAt(command, 'name') ?? '';
  const definition = treeAt(command, 'def');
  const partition = treeAt(definition, 'PartitionCmd');
  switch (subtype) {
    case 'AT_AddColumn': return { type: 'add-column', column: declaredColumn(treeAt(definition, 'ColumnDef') ?? {}, source), ifNotExists: flagAt(command, 'missing_ok') };
    case 'AT_DropColumn': return { type: 'drop-column', column: name };
    case 'AT_AlterColumnType': {
      const column = treeAt(definition, 'ColumnDef');
      return { type: 'set-type', column: name, newType: canonicalType(treeAt(column, 'typeName')), using: treeAt(column, 'raw_default') !== undefined, typeSpan: typeSpan(source, treeAt(column, 'typeName'), end) satisfies SqlSpan };
    }
    case 'AT_SetNotNull': return { type: 'set-not-null', column: name };
    case 'AT_AddConstraint': {
      const [constraint] = declaredConstraint(treeAt(definition, 'Constraint') ?? {}, source);
      return constraint === undefined ? { type: 'brief' } : { type: 'add-constraint', constraint };
    }
    case 'AT_ValidateConstraint': return { type: 'validate', name };
    case 'AT_AttachPartition': return { type: 'attach-partition', partition: relationName(treeAt(partition, 'name')), default: flagAt(treeAt(partition, 'bound'), 'is_default') };
    case 'AT_DetachPartition': return { type: 'detach-partition', concurrently: flagAt(partition, 'concurrent') };
    case 'AT_DetachPartitionFinalize': return { type: 'light' };
    default: {
      const what = rewrites[subtype];
      return what !== undefined ? { type: 'rewrite', what } : { type: light.has(subtype) ? 'light' : /^AT_(?:En|Dis)able\w*Trig/.test(subtype) ? 'triggers' : 'brief' };
    }
  }
}
