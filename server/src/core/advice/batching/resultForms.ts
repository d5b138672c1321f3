import type { FlowContext } from '../../lint/rule';
import { hostSpan, spanText, type HostSpan } from '../../text/span';
import { occurrences, wholeLines } from './code';
import type { PlainLoop } from './shape';
import { bodyAfter, declaredBefore, readsItems, readsProperties, readsRowItems, readsRows } from './uses';

/** How the body takes the rows of a query sent as text: which expression is replaced, and what stands there afterwards. */
export interface ResultForm {
  readonly library: 'pg' | 'postgres.js' | 'psycopg' | 'asyncpg';
  /** Expression that the look-up replaces. */
  readonly span: HostSpan;
  readonly fetch: 'result' | 'rows' | 'row' | 'value';
  /** `rowCount` is read too. */
  readonly counts: boolean;
  /** Another column in the rows goes unnoticed: they are only read by name or position. */
  readonly extendable: boolean;
  /** Python: how rows are read. */
  readonly rows: 'name' | 'position' | 'unknown';
  /** psycopg: the statement that executes, a line of its own that goes. */
  readonly remove?: HostSpan;
  /** psycopg: `cur.execute(…)` is a statement and the rows are fetched from this cursor. */
  readonly cursor?: string;
}

/** Undefined where the rows are taken in a way that no look-up can stand for. */
export function resultForm(context: FlowContext, plain: PlainLoop): ResultForm | undefined {
  const { site, awaited } = plain;
  if (site.library === 'psycopg') return psycopgForm(context, plain);
  if (awaited.start === site.span.start) return undefined;
  if (site.library === 'pg') return pgForm(context, plain);
  if (site.library === 'postgres.js') return postgresForm(context, plain);
  return site.library === 'asyncpg' ? asyncpgForm(context, plain) : undefined;
}

function pgForm(context: FlowContext, plain: PlainLoop): ResultForm | undefined {
  const form: ResultForm = { library: 'pg', span: plain.awaited, fetch: 'result', counts: false, extendable: false, rows: 'name' };
  const declared = declaredBefore(context, plain.awaited);
  if (declared?.startsWith('{')) {
    const names = declared.slice(1, -1).split(',').map((n) => n.split(':')[0]?.trim());
    if (!names.every((n) => n === 'rows' || n === 'rowCount')) return undefined;
    const row = /rows\s*:\s*\[\s*([\w$]+)/.exec(declared)?.[1];
    const rows = row === undefined ? /rows\s*:\s*([\w$]+)/.exec(declared)?.[1] ?? 'rows' : undefined;
    return { ...form, counts: names.includes('rowCount'), extendable: row !== undefined ? readsProperties(plain, row) : readsRows(plain, rows ?? 'rows') };
  }
  if (declared === undefined || declared.startsWith('[')) return undefined;
  const after = bodyAfter(plain, plain.awaited.end);
  const uses = occurrences(after, declared).map((at) => after.slice(at + declared.length));
  if (!uses.every((rest) => /^\s*\??\.(rows|rowCount)(?![\w$])/.test(rest)) || uses.some((rest) => /^\.rows(\[\d+\])?(\.\w+)*\s*=[^=]/.test(rest))) return undefined;
  return { ...form, counts: uses.some((rest) => /^\s*\??\.rowCount/.test(rest)), extendable: uses.every((rest) => /^\??\.(rowCount|rows(\?\.)?(\.length|\[\d+\]!?\??\.[\w$]+))/.test(rest)) };
}

function postgresForm(context: FlowContext, plain: PlainLoop): ResultForm | undefined {
  const declared = declaredBefore(context, plain.awaited);
  if (declared === undefined || declared.startsWith('{')) return undefined;
  const row = /^\[\s*([\w$]+)\s*\]$/.exec(declared)?.[1];
  return { library: 'postgres.js', span: plain.awaited, fetch: 'rows', counts: false, extendable: row === undefined ? readsRows(plain, declared) : readsProperties(plain, row), rows: 'name' };
}

function asyncpgForm(context: FlowContext, plain: PlainLoop): ResultForm | undefined {
  const method = /\.(fetch|fetchrow|fetchval)$/.exec(spanText(context.text, plain.site.anchor))?.[1] ?? plain.site.chain.at(-1)?.name;
  const fetch = method === 'fetch' ? 'rows' : method === 'fetchrow' ? 'row' : method === 'fetchval' ? 'value' : undefined;
  const declared = declaredBefore(context, plain.awaited);
  if (fetch === undefined) return undefined;
  const items = declared === undefined || fetch !== 'row' ? undefined : readsItems(plain, declared);
  const extendable = fetch === 'value' || items !== undefined || (declared !== undefined && fetch === 'rows' && !readsRowItems(plain, declared, plain.awaited.end).whole);
  return { library: 'asyncpg', span: plain.awaited, fetch, counts: false, extendable, rows: items === 'position' ? 'position' : 'name' };
}

/**
 * `conn.execute(…).fetchone()`, awaited or not, and in two statements: `cur.execute(…)` or `cur = conn.execute(…)`, then
 * `row = cur.fetchone()`.
 */
function psycopgForm(context: FlowContext, plain: PlainLoop): ResultForm | undefined {
  const { text } = context;
  const { site, awaited } = plain;
  const isAsync = awaited.start < site.span.start;
  const rest = text.slice(site.span.end);
  const chained = isAsync ? /^\s*\)\s*\.(fetchone|fetchall)\(\)/.exec(rest) : /^\s*\.(fetchone|fetchall)\(\)/.exec(rest);
  const form = (span: HostSpan, method: string | undefined): ResultForm | undefined => {
    const declared = declaredBefore(context, span);
    if (declared === undefined || !/^\w+$/.test(declared)) return undefined;
    if (method === 'fetchone') {
      const rows = readsItems(plain, declared, span.end);
      return rows && { library: 'psycopg', span, fetch: 'row', counts: false, extendable: true, rows };
    }
    const { by, whole } = readsRowItems(plain, declared, span.end);
    // Rows are tuples unless somebody says otherwise.
    const rows = by === 'unknown' && !/dict_?row|row_factory|RealDict/i.test(text) ? 'position' : by;
    return { library: 'psycopg', span, fetch: 'rows', counts: false, extendable: !whole, rows };
  };
  if (chained) {
    const open = isAsync ? /await\s*\(\s*$/.exec(text.slice(0, awaited.start)) : undefined;
    if (isAsync && !open) return undefined;
    return form(hostSpan(open?.index ?? awaited.start, site.span.end + chained[0].length), chained[1]);
  }
  return twoStatements(context, plain, form);
}

function twoStatements(context: FlowContext, plain: PlainLoop, form: (span: HostSpan, method: string | undefined) => ResultForm | undefined): ResultForm | undefined {
  const { text } = context;
  const { site, awaited } = plain;
  const lineStart = text.lastIndexOf('\n', awaited.start - 1) + 1;
  const assigned = /^[ \t]*(?:(\w+)\s*=\s*)?$/.exec(text.slice(lineStart, awaited.start));
  const receiver = /^(\w+)\.execute$/.exec(spanText(text, site.anchor))?.[1];
  const cursor = assigned?.[1] ?? receiver;
  const fetched = /^[ \t]*\r?\n([ \t]*)(\w+)([ \t]*=[ \t]*)((?:await[ \t]+)?(\w+)\.(fetchone|fetchall)\(\))[ \t]*(?=\r?\n|$)/.exec(text.slice(site.span.end));
  if (!assigned || cursor === undefined || !fetched || fetched[5] !== cursor || /\bawait\b/.test(fetched[4] ?? '') !== awaited.start < site.span.start) return undefined;
  const start = site.span.end + fetched[0].length - (/[ \t]*$/.exec(fetched[0])?.[0].length ?? 0) - (fetched[4]?.length ?? 0);
  const span = hostSpan(start, start + (fetched[4]?.length ?? 0));
  // The cursor is used for nothing else in the loop; one that the loop made is not used behind it either.
  const behind = assigned[1] === undefined ? plain.body.slice(span.end - plain.bodyStart) : restOfFunction(context, plain, span.end);
  const ahead = plain.body.slice(0, awaited.start - plain.bodyStart).replace(/\w+\s*=\s*$/, '');
  if (occurrences(behind, cursor).length > 0 || occurrences(ahead, cursor).length > 0) return undefined;
  const lines = wholeLines(text, hostSpan(lineStart + (/^[ \t]*/.exec(text.slice(lineStart))?.[0].length ?? 0), site.span.end));
  const found = form(span, fetched[6]);
  if (!lines || !found) return undefined;
  const removed = hostSpan(lines.start, site.span.end + (/^[ \t]*\r?\n[ \t]*/.exec(text.slice(site.span.end))?.[0].length ?? 0));
  return { ...found, remove: removed, cursor: assigned[1] === undefined ? cursor : undefined };
}

/** The text of the function behind an offset; strings and comments are left in, which can only hide a fix. */
function restOfFunction({ file, text }: FlowContext, plain: PlainLoop, from: number): string {
  const fn = plain.loop.functionId === undefined ? undefined : file.functions[plain.loop.functionId];
  return text.slice(from, fn?.body.end ?? text.length);
}
