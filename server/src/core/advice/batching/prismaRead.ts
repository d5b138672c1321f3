import type { FlowContext } from '../../lint/rule';
import { prismaBatch } from '../../libraries/prisma/prismaEdits';
import { isUniqueKey } from './producer';
import type { Rewrite } from './rewrite';
import { collect, type KeyBinds, type PlainLoop } from './shape';
import { builderResult, builderRewrite } from './singleRow';
import type { KeyCondition } from './sqlForm';

/**
 * `findFirst` / `findUnique` / `findMany` by one key: one `findMany` with `{ in: keys }` before the loop.
 * Undefined for the `…OrThrow` forms, for one row of several, and where the key is not written plainly in `where`.
 */
export function prismaListRead(context: FlowContext, plain: PlainLoop, binds: KeyBinds, condition: KeyCondition): Rewrite | undefined {
  const { site } = plain;
  const method = site.chain[0]?.name ?? '';
  const fetch = method === 'findMany' ? 'rows' : 'row';
  if (!/^find(First|Unique|Many)$/.test(method) || (fetch === 'row' && !isUniqueKey(context, condition, site))) return undefined;
  const key = binds.key.text.trim();
  const where = site.chain.find((call) => call.name === 'where')?.args[0];
  const property = where?.items?.find((item) => item.items === undefined && item.text.trim() === key && binds.key.span !== undefined && item.span.start <= binds.key.span.start && binds.key.span.end <= item.span.end)?.name;
  const result = builderResult(context, plain, fetch);
  if (property === undefined || !result || site.chain.some((call) => call.name === 'omit')) return undefined;
  const select = site.chain.find((call) => call.name === 'select')?.args[0];
  const added = select !== undefined && !select.items?.some((item) => item.name === property && item.text.trim() === 'true');
  const rows = prismaBatch(site, property, collect(plain, key), context.text, added ? property : undefined);
  return rows === undefined ? undefined : builderRewrite(context, plain, result, { fetch, rows: `await ${rows}`, condition, property, key, added, missing: ' ?? null' });
}
