import type { ChainCall } from '../../hosts/ir';
import { ensureImport } from '../../libraries/shared/pythonImports';
import { inCondition } from '../../libraries/sqlalchemy/sqlalchemyEdits';
import type { FlowContext } from '../../lint/rule';
import { applyEdits, type Edit } from '../../text/edit';
import { containsSpan, hostSpan, spanText, type HostSpan } from '../../text/span';
import { freshName, snakeName } from './code';
import { isUniqueKey, modelOf, producingSite } from './producer';
import type { Rewrite } from './rewrite';
import { collect, type KeyBinds, type PlainLoop } from './shape';
import type { KeyCondition } from './sqlForm';

/** What the code takes of a query by key. `required`: it raises without a row. */
export interface OrmResult {
  readonly span: HostSpan;
  readonly fetch: 'required' | 'optional' | 'many';
}

const OPTIONAL = /^(first|one_or_none|scalar_one_or_none|scalar)$/;
const REQUIRED = /^(one|scalar_one|get_one)$/;

/** The whole expression that gives the instance (or the list): with its `await` and the calls that take it from the result. */
export function ormResult(context: FlowContext, plain: PlainLoop): OrmResult | undefined {
  const { text } = context;
  const { site, awaited } = plain;
  const method = sessionMethod(context, plain);
  if (method === undefined) return undefined;
  if (method === 'scalar' || method === 'get' || method === 'get_one') return { span: awaited, fetch: method === 'get_one' ? 'required' : 'optional' };
  if (method === 'query') {
    const last = site.chain.at(-1)?.name ?? '';
    return last === 'all' || last === 'first' || last === 'one' || last === 'one_or_none' ? { span: awaited, fetch: fetchOf(last) } : undefined;
  }
  let end: number = site.span.end;
  let { start }: { start: number } = awaited;
  if (awaited.start < site.span.start) {
    const open = /\(\s*$/.exec(text.slice(0, start));
    const close = /^\s*\)/.exec(text.slice(end));
    if (!open || !close) return undefined;
    start = open.index;
    end += close[0].length;
  }
  const tail = (method === 'execute' ? /^\s*(?:\.scalars\(\)\s*\.(first|one|one_or_none|all)|\.(scalar_one|scalar_one_or_none|scalar))\(\)/ : /^\s*\.(first|one|one_or_none|all)\(\)/).exec(text.slice(end));
  const name = tail?.[1] ?? tail?.[2];
  return tail && name !== undefined ? { span: hostSpan(start, end + tail[0].length), fetch: fetchOf(name) } : undefined;
}

const fetchOf = (name: string): OrmResult['fetch'] => (name === 'all' ? 'many' : OPTIONAL.test(name) ? 'optional' : REQUIRED.test(name) ? 'required' : 'many');

/** `execute`, `scalars`, `scalar`, `get`, or `query` for a legacy chain; undefined for anything else. */
function sessionMethod({ file, text }: FlowContext, { site }: PlainLoop): 'execute' | 'scalars' | 'scalar' | 'get' | 'get_one' | 'query' | undefined {
  const call = site.callId === undefined ? undefined : file.calls[site.callId];
  if (site.chain[0]?.name === 'query') return /^[\w.]+$/.test(text.slice(site.span.start, site.chain[0].span.start)) ? 'query' : undefined;
  const name = call?.callee.at(-1);
  const single = name === 'get' || name === 'get_one';
  if (!call || call.span.start !== site.span.start || call.span.end !== site.span.end || call.args.length !== (single ? 2 : 1) || call.args.some((a) => a.name !== undefined)) return undefined;
  return name === 'execute' || name === 'scalars' || name === 'scalar' || single ? name : undefined;
}

/**
 * One `select(Model).where(Model.key.in_(…))` before the loop and a dictionary by key, for a whole model read by one key.
 * Undefined where the statement selects anything else, joins, limits, or loads collections with it.
 */
export function sqlalchemyListRead(context: FlowContext, plain: PlainLoop, binds: KeyBinds, condition: KeyCondition): Rewrite | undefined {
  const { site } = plain;
  const result = ormResult(context, plain);
  const model = modelOf(context, site);
  const property = model?.columns.find((c) => c.column === condition.column)?.property ?? condition.column;
  const method = sessionMethod(context, plain);
  if (!result || !method || condition.block.relations.length !== 1 || (result.fetch !== 'many' && !isUniqueKey(context, condition, site))) return undefined;
  // An eagerly joined collection needs `.unique()`.
  if (!model || model.relations.some((r) => r.many && r.eager) || site.eager.length > 0) return undefined;
  const key = binds.key.text.trim();
  const list = collect(plain, key);
  const call = rowsOf(context, plain, binds, { method, list, property, model: model.name });
  if (!call) return undefined;
  const wait = plain.awaited.start < site.span.start;
  const rows = wait ? (call.suffix === '' ? `await ${call.text}` : `(await ${call.text})${call.suffix}`) : `${call.text}${call.suffix}`;
  const map = freshName(context.text, snakeName(condition.relation.name, 'by', condition.column));
  const row = freshName(context.text, 'row');
  const same = producingSite(context, plain)?.library === 'sqlalchemy';
  const wrap = (value: string): string => (same ? value : `str(${value})`);
  const copy = !plain.isArray && /^\w+$/.test(plain.iterable) ? [`${plain.iterable} = list(${plain.iterable})`] : [];
  const before =
    result.fetch === 'many'
      ? [`${map} = {}`, `for ${row} in ${rows}:`, `    ${map}.setdefault(${wrap(`${row}.${property}`)}, []).append(${row})`]
      : [`${map} = {${wrap(`${row}.${property}`)}: ${row} for ${row} in ${rows}}`];
  const lookUp = result.fetch === 'many' ? `${map}.get(${wrap(key)}, [])` : result.fetch === 'optional' ? `${map}.get(${wrap(key)})` : `${map}[${wrap(key)}]`;
  const title = `Read all rows with one query before the loop${result.fetch === 'required' ? ' (a missing row raises KeyError)' : ''}`;
  return { before: [...copy, ...before], edits: [{ span: result.span, text: lookUp }], others: call.imports, title };
}

interface Wanted {
  readonly method: NonNullable<ReturnType<typeof sessionMethod>>;
  readonly list: string;
  readonly property: string;
  readonly model: string;
}

/** The call that reads the rows of all keys, and what takes the instances out of its result. */
function rowsOf(context: FlowContext, plain: PlainLoop, binds: KeyBinds, { method, list, property, model }: Wanted): { readonly text: string; readonly suffix: string; readonly imports: readonly Edit[] } | undefined {
  const { site } = plain;
  const { text, file } = context;
  if (method === 'get' || method === 'get_one') {
    const entity = file.calls[site.callId ?? -1]?.args[0]?.text.trim();
    const receiver = /^([\w.]+)\.get(_one)?$/.exec(spanText(text, site.anchor))?.[1];
    if (entity === undefined || receiver === undefined || entity.split('.').at(-1) !== model) return undefined;
    const select = ensureImport(file.uri, text, 'sqlalchemy', 'select');
    return { text: `${receiver}.scalars(${select.expression}(${entity}).where(${entity}.${property}.in_(${list})))`, suffix: '', imports: select.edits };
  }
  const statement = batchedStatement(context, plain, binds, list, property);
  if (statement === undefined) return undefined;
  // A chain over several lines needs parentheses around it.
  if (method === 'query') return { text: /\n/.test(statement) ? `(${statement.trimEnd()})` : statement.trimEnd(), suffix: '', imports: [] };
  return { text: method === 'scalar' ? statement.replace(/^([\w.]+)\.scalar\(/, '$1.scalars(') : statement, suffix: method === 'execute' ? '.scalars()' : '', imports: [] };
}

/** The site's own text with `in_` in place of `==`, without the call that takes one row. */
function batchedStatement(context: FlowContext, plain: PlainLoop, { key }: KeyBinds, list: string, property: string): string | undefined {
  const { site } = plain;
  const { text } = context;
  const inside = (call: ChainCall): boolean => containsSpan(site.span, call.span);
  const entity = site.chain[0]?.args[0]?.text.trim();
  const terminal = site.chain[0]?.name === 'query' ? site.chain.at(-1) : undefined;
  const calls = site.chain.filter((c) => c !== terminal);
  if (site.chain[0]?.args.length !== 1 || entity !== site.entities?.[0]?.host || !site.chain.every(inside) || !calls.every((c) => /^(select|query|where|filter|filter_by|order_by)$/.test(c.name))) return undefined;
  const own = calls.find((c) => key.span && containsSpan(c.span, key.span));
  const argument = own?.args.find((a) => key.span && containsSpan(a.span, key.span));
  const condition = inCondition(site, property, list);
  if (!own || !argument || condition === undefined || !condition.startsWith(`${entity}.`)) return undefined;
  const edits: { span: HostSpan; text: string }[] = [];
  if (own.name === 'filter_by') {
    if (own.args.length !== 1 || argument.name !== property) return undefined;
    edits.push({ span: own.span, text: `.${site.chain[0].name === 'query' ? 'filter' : 'where'}(${condition})` });
  } else {
    const written = spanText(text, argument.span).replace(/\s+/g, ' ').trim();
    if (written !== `${entity}.${property} == ${key.text.trim()}`) return undefined;
    edits.push({ span: argument.span, text: condition });
  }
  if (terminal) edits.push({ span: terminal.span, text: '' });
  return applyEdits(spanText(text, site.span), edits.map((e) => ({ uri: '', text: e.text, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) })));
}
