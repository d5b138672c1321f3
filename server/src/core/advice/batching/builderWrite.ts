import { findAdapter } from '../../libraries';
import type { BatchCall } from '../../libraries/batch';
import type { FlowContext, Fix } from '../../lint/rule';
import { noteOf, withList, type Guarded } from './list';
import { dependsOnTurn, isPlainValue, keyBinds, type PlainLoop } from './shape';
import { keyCondition } from './sqlForm';
import { replaceLoop } from './wholeLoop';

/**
 * One insert of all rows in the builder's own idiom: knex `.insert([…])`, Prisma `createMany({ data: […] })`.
 * Undefined unless the row is made of plain values and nothing is asked back.
 */
export function builderInsertFix(context: FlowContext, plain: PlainLoop): Fix | undefined {
  const insert = findAdapter(plain.site.library)?.batch?.insertRows?.(plain.site, { uri: context.file.uri, text: context.text });
  if (!insert || !isPlainRow(plain, insert.row, insert.values)) return undefined;
  const text = insert.row;
  const call = withList(context, plain, text === plain.element || plain.language === 'python' ? text : `(${text})`, 'rows', insert.call);
  return call && batched(context, plain, call, 'Insert all rows with one statement');
}

/** One update with the same values, or one delete, of all keys. */
export function builderKeyedFix(context: FlowContext, plain: PlainLoop, kind: 'update' | 'delete'): Fix | undefined {
  const binds = keyBinds(plain);
  const model = plain.site.source && context.sql.analyse(plain.site.source);
  const condition = binds && model && keyCondition(model, binds.key);
  if (!binds || !condition || condition.block.relations.length !== 1) return undefined;
  // `n = n + 1` for a key that comes twice counts twice in the loop and once in one statement.
  if (condition.block.write?.assignments.some((a) => (a.expression?.columns.length ?? 1) > 0)) return undefined;
  const write = findAdapter(plain.site.library)?.batch?.writeByKeys;
  const call = write && withList(context, plain, binds.key.text.trim(), 'keys', (list) => write(plain.site, { uri: context.file.uri, text: context.text, key: binds.key, column: condition.column, list, selected: false, unique: false, grouped: false }));
  return call && batched(context, plain, { ...call, note: noteOf(context, condition, call) }, `${kind === 'delete' ? 'Delete' : 'Update'} all rows with one statement`);
}

function batched(context: FlowContext, plain: PlainLoop, { call, guard, before, others, note }: BatchCall & Guarded, title: string): Fix | undefined {
  const condition = guard === undefined ? undefined : plain.language === 'python' ? `if ${guard}: ` : `if (${guard}) `;
  return replaceLoop(context, plain, { title: note === undefined ? title : `${title} (${note})`, call, guard: condition, before, others });
}

/** Each value plain or the same in every turn, no spread and no call; or the element itself. */
function isPlainRow(plain: PlainLoop, row: string, values: readonly string[] | undefined): boolean {
  if (row === plain.element) return true;
  return values !== undefined && values.every((value) => !/[(){}`]|\.\.\./.test(value)) && plain.site.binds.every((bind) => !dependsOnTurn(plain, bind) || isPlainValue(plain, bind));
}
