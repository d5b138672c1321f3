import { findAdapter } from '../../libraries';
import type { FlowContext } from '../../lint/rule';
import { hostSpan, type HostSpan } from '../../text/span';
import { freshName, snakeName } from './code';
import { noteOf } from './list';
import { isUniqueKey, producingSite } from './producer';
import type { Rewrite } from './rewrite';
import { collect, type KeyBinds, type PlainLoop } from './shape';
import type { KeyCondition } from './sqlForm';

/**
 * A Python ORM's instance (or instances) by one key: one query with all keys before the loop, in the library's own idiom, and a
 * dictionary. Undefined where a collection is not walked at once: what else a lazy set of rows is asked cannot be seen.
 */
export function pythonListRead(context: FlowContext, plain: PlainLoop, binds: KeyBinds, condition: KeyCondition): Rewrite | undefined {
  const { site } = plain;
  const { block } = condition;
  const many = site.fetches === 'many';
  const readByKeys = findAdapter(site.library)?.batch?.readByKeys;
  if (!readByKeys || (!many && site.fetches !== 'one') || block.offset || block.locking || block.relations.length !== 1 || site.eager.length > 0) return undefined;
  const unique = isUniqueKey(context, condition, site);
  const span = many ? walked(plain) : plain.awaited;
  if (!span || (many ? block.limit !== undefined : !unique)) return undefined;
  const key = binds.key.text.trim();
  const read = readByKeys(site, { uri: context.file.uri, text: context.text, key: binds.key, column: condition.column, list: collect(plain, key), selected: true, unique, grouped: false });
  if (!read || read.emptyFails) return undefined;
  const wait = plain.awaited.start < site.span.start ? 'await ' : '';
  const map = freshName(context.text, snakeName(condition.relation.name, 'by', condition.column));
  const row = freshName(context.text, 'row');
  const same = producingSite(context, plain)?.library === site.library;
  const wrap = (value: string): string => (same ? value : `str(${value})`);
  const copy = !plain.isArray && /^\w+$/.test(plain.iterable) ? [`${plain.iterable} = list(${plain.iterable})`] : [];
  const before = many
    ? [`${map} = {}`, `for ${row} in ${wait}${read.call}:`, `    ${map}.setdefault(${wrap(`${row}.${read.property}`)}, []).append(${row})`]
    : [`${map} = {${wrap(`${row}.${read.property}`)}: ${row} for ${row} in ${wait}${read.call}}`];
  const lookUp = many ? `${map}.get(${wrap(key)}, [])` : read.raises ? `${map}[${wrap(key)}]` : `${map}.get(${wrap(key)})`;
  const notes = [read.raises ? 'a missing row raises KeyError' : undefined, noteOf(context, condition, read)].filter((note) => note !== undefined);
  const title = `Read all rows with one query before the loop${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
  return { before: [...copy, ...before], edits: [{ span, text: lookUp }], others: read.others, title };
}

/** `for line in <query>:` and `list(<query>)` */
function walked({ body, bodyStart, site, awaited }: PlainLoop): HostSpan | undefined {
  const before = body.slice(0, awaited.start - bodyStart);
  const after = body.slice(awaited.end - bodyStart);
  if (/(^|\n)[ \t]*for\s+[\w\s,()]+\sin\s+$/.test(before) && /^\s*:/.test(after)) return awaited;
  const open = /(?<![\w.])list\(\s*$/.exec(before);
  const close = /^\s*\)/.exec(after);
  return open && close && awaited.start === site.span.start ? hostSpan(bodyStart + open.index, awaited.end + close[0].length) : undefined;
}
