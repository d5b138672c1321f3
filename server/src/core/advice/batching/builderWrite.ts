import { findAdapter } from '../../libraries';
import type { BatchCall } from '../../libraries/batch';
import type { FlowContext, Fix } from '../../lint/rule';
import { freshName } from './code';
import { collect, dependsOnTurn, isArray, isPlainValue, keyBinds, type PlainLoop } from './shape';
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
  const list = collect(plain, text === plain.element || plain.language === 'python' ? text : `(${text})`);
  const title = 'Insert all rows with one statement';
  const direct = insert.call(list);
  // What may be no array has no length to ask for: its rows are made first.
  if (!direct.emptyFails || isArray(plain)) return batched(context, plain, direct, title);
  const name = freshName(context.text, 'rows');
  return batched(context, plain, insert.call(name), title, { name, list });
}

/** One update with the same values, or one delete, of all keys. */
export function builderKeyedFix(context: FlowContext, plain: PlainLoop, kind: 'update' | 'delete'): Fix | undefined {
  const binds = keyBinds(plain);
  const model = plain.site.source && context.sql.analyse(plain.site.source);
  const condition = binds && model && keyCondition(model, binds.key);
  if (!binds || !condition || condition.block.relations.length !== 1) return undefined;
  // `n = n + 1` for a key that comes twice counts twice in the loop and once in one statement.
  if (condition.block.write?.assignments.some((a) => (a.expression?.columns.length ?? 1) > 0)) return undefined;
  const call = findAdapter(plain.site.library)?.batch?.writeByKeys?.(plain.site, { uri: context.file.uri, text: context.text, key: binds.key, column: condition.column, list: collect(plain, binds.key.text.trim()), selected: false, unique: false, grouped: false });
  return call && !call.emptyFails ? batched(context, plain, call, `${kind === 'delete' ? 'Delete' : 'Update'} all rows with one statement`) : undefined;
}

function batched(context: FlowContext, plain: PlainLoop, { call, emptyFails, others, note }: BatchCall, title: string, rows?: { readonly name: string; readonly list: string }): Fix | undefined {
  const python = plain.language === 'python';
  const name = rows?.name ?? plain.iterable;
  const guard = !emptyFails ? undefined : python ? `if ${name}: ` : `if (${name}.length > 0) `;
  const before = rows ? [`${python ? '' : 'const '}${rows.name} = ${rows.list}${python ? '' : ';'}`] : [];
  return replaceLoop(context, plain, { title: note === undefined ? title : `${title} (${note})`, call, guard, before, others });
}

/** Each value plain or the same in every turn, no spread and no call; or the element itself. */
function isPlainRow(plain: PlainLoop, row: string, values: readonly string[] | undefined): boolean {
  if (row === plain.element) return true;
  return values !== undefined && values.every((value) => !/[(){}`]|\.\.\./.test(value)) && plain.site.binds.every((bind) => !dependsOnTurn(plain, bind) || isPlainValue(plain, bind));
}
