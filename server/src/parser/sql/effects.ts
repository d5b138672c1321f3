import type { Call, NamedObject, StatementEffects, WriteTarget } from '../../core/sql/effects';
import { fromPgTree } from './pgAdapter';
import { child, isNode, list, number, strings, text, type ParseResult, type PgNode, type PgValue } from './pgTree';

interface Found {
  readonly writes: WriteTarget[];
  readonly calls: { readonly name: NamedObject; readonly holdsColumn: boolean; readonly attribute: boolean }[];
  readonly operators: NamedObject[];
  readonly relations: NamedObject[];
  locksRows: boolean;
  createsTable: boolean;
  /** A derived table, CTE or function in FROM: the planner may put its constants in place of columns. */
  derived: boolean;
  parameters: number;
}

/**
 * The effects of exactly one statement. The walk looks at every node of Postgres' own tree, whatever its tag, so that
 * nothing hides in a place the query model has no field for.
 * @returns undefined for none or several statements.
 */
export function collectEffects(tree: ParseResult): StatementEffects | undefined {
  const [statement, ...more] = tree.stmts;
  if (!statement || more.length > 0) return undefined;
  const found: Found = { writes: [], calls: [], operators: [], relations: [], locksRows: false, createsTable: false, derived: false, parameters: 0 };
  walk(statement.stmt, found);
  const { calls, derived, ...rest } = found;
  return {
    kind: fromPgTree(statement, (byte) => byte).kind, ...rest,
    calls: calls.map(({ name, holdsColumn, attribute }): Call => ({ ...name, constant: !holdsColumn || derived, attribute })),
  };
}

const commands: Readonly<Record<string, WriteTarget['command']>> = { InsertStmt: 'insert', UpdateStmt: 'update', DeleteStmt: 'delete', MergeStmt: 'merge' };

/** Looks at a wrapped node, a bare one or a list of either. An explicit stack: expressions may be thousands deep. */
function walk(root: PgValue, found: Found): void {
  const waiting: PgValue[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (Array.isArray(value)) waiting.push(...(value as readonly PgValue[]));
    else if (isNode(value)) {
      for (const [field, inner] of Object.entries(value)) {
        if (isNode(inner)) visit(field, inner, found);
        waiting.push(inner);
      }
    }
  }
}

/** `field` is the node's tag, or the field it stands in where the grammar allows one tag only. */
function visit(field: string, node: PgNode, found: Found): void {
  const command = commands[field];
  const target = command && child(node, 'relation');
  if (command && target) {
    found.writes.push({ ...relationOf(target), command });
    if (text(child(node, 'onConflictClause') ?? {}, 'action') === 'ONCONFLICT_UPDATE') found.writes.push({ ...relationOf(target), command: 'update' });
  }
  switch (field) {
    case 'FuncCall': {
      found.calls.push({ name: qualified(strings(node, 'funcname')), holdsColumn: holdsColumn(list(node, 'args')), attribute: false });
      break;
    }
    case 'A_Expr': found.operators.push(qualified(strings(node, 'name'))); break;
    case 'SubLink': if (list(node, 'operName').length > 0) found.operators.push(qualified(strings(node, 'operName'))); break;
    case 'SortBy': if (list(node, 'useOp').length > 0) found.operators.push(qualified(strings(node, 'useOp'))); break;
    case 'ColumnRef': {
      const parts = strings(node, 'fields');
      const last = parts.at(-1);
      if (parts.length > 1 && last !== undefined) found.calls.push({ name: { name: last }, holdsColumn: true, attribute: true });
      break;
    }
    case 'A_Indirection':
      for (const name of strings(node, 'indirection')) found.calls.push({ name: { name }, holdsColumn: holdsColumn(node['arg']), attribute: true });
      break;
    case 'ParamRef': found.parameters = Math.max(found.parameters, number(node, 'number') ?? 0); break;
    case 'intoClause': case 'IntoClause': found.createsTable = true; break;
    case 'LockingClause': found.locksRows = true; break;
    case 'RangeSubselect': case 'RangeFunction': case 'RangeTableFunc': case 'JsonTable': case 'CommonTableExpr': found.derived = true; break;
    case 'RangeVar': case 'relation': if (text(node, 'relname') !== undefined) found.relations.push(relationOf(node)); break;
    default:
  }
}

function holdsColumn(value: PgValue): boolean {
  const waiting: PgValue[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (Array.isArray(next)) waiting.push(...(next as readonly PgValue[]));
    else if (isNode(next)) {
      if ('ColumnRef' in next) return true;
      waiting.push(...Object.values(next));
    }
  }
  return false;
}

const qualified = (parts: readonly string[]): NamedObject => ({ ...(parts.length > 1 ? { schema: parts.at(-2) ?? '' } : {}), name: parts.at(-1) ?? '' });

const relationOf = (node: PgNode): NamedObject => {
  const schema = text(node, 'schemaname');
  return { ...(schema === undefined ? {} : { schema }), name: text(node, 'relname') ?? '' };
};
