import type { LoopQuery } from '../../calls/loopQueries';
import type { FlowContext, Fix } from '../../lint/rule';
import { applyEdits, type Edit } from '../../text/edit';
import { hostSpan, spanText, sqlSpan, type HostSpan } from '../../text/span';
import { toHostEditSpan } from '../../text/segmentMap';
import { camelName, freshName, lineEnd, occurrences, snakeName } from './code';
import { collect, keyBinds, plainLoop, type PlainLoop } from './shape';
import { anyOf, isPerKeySelect, keyCondition, outputOf, type KeyCondition } from './sqlForm';

/**
 * Reads all rows with one `= ANY(…)` before the loop and looks them up by key in it. For SQL text sent through pg,
 * postgres.js, psycopg or asyncpg; undefined where the loop or the statement is not of that plain form.
 */
export function readBatchFix(context: FlowContext, query: LoopQuery): Fix | undefined {
  const plain = plainLoop(context, query);
  const binds = plain && keyBinds(plain);
  const source = plain?.site.source;
  if (!plain || !binds || !source) return undefined;
  const condition = keyCondition(context.sql.analyse(source), binds.key);
  if (!condition || !isPerKeySelect(condition.block)) return undefined;
  const form = resultForm(context, plain);
  const keyColumn = outputOf(condition.block, condition);
  if (!form || (keyColumn === undefined && !form.extendable)) return undefined;
  const key = binds.key.text.trim();
  const hoisted = hoistedCall(context, plain, condition, key, binds.key.span, keyColumn === undefined);
  if (hoisted === undefined) return undefined;
  const text = context.text;
  const eol = lineEnd(text);
  const name = (plain.language === 'python' ? snakeName : camelName)(condition.relation.name, 'by', condition.column);
  const map = freshName(text, name);
  const written = plain.language === 'python' ? python(context, plain, form, hoisted, map, key, keyAccess(condition, keyColumn, form)) : javascript(form, hoisted, map, key, keyColumn ?? condition.column);
  if (!written) return undefined;
  const at = plain.loop.span.start;
  return {
    title: 'Read all rows with one query before the loop',
    kind: 'review',
    edits: [
      { uri: context.file.uri, span: hostSpan(at, at), text: written.before.map((line, k) => (k === 0 ? '' : plain.indent) + line).join(eol) + eol + plain.indent },
      ...written.edits.map((edit) => ({ ...edit, uri: context.file.uri })),
    ],
  };
}

/** How the body takes the rows: which expression is replaced, and what stands there afterwards. */
interface ResultForm {
  readonly library: 'pg' | 'postgres.js' | 'psycopg' | 'asyncpg';
  /** Expression that the look-up replaces. */
  readonly span: HostSpan;
  readonly fetch: 'result' | 'rows' | 'row' | 'value';
  /** `rowCount` is read too. */
  readonly counts: boolean;
  /** Another column in the rows goes unnoticed: they are only read by name or position. */
  readonly extendable: boolean;
  /** psycopg: how rows are read. */
  readonly rows: 'name' | 'position' | 'unknown';
  /** psycopg: an `execute` statement of its own, removed with its line. */
  readonly remove?: HostSpan;
  /** psycopg: the method that fetches, for the hoisted query. */
  readonly async: boolean;
}

function resultForm(context: FlowContext, plain: PlainLoop): ResultForm | undefined {
  const { site, awaited } = plain;
  switch (site.library) {
    case 'pg':
      return awaited.start === site.span.start ? undefined : pgForm(context, plain);
    case 'postgres.js':
      return awaited.start === site.span.start ? undefined : postgresForm(context, plain);
    case 'asyncpg':
      return awaited.start === site.span.start ? undefined : asyncpgForm(context, plain);
    case 'psycopg':
      return psycopgForm(context, plain);
    default:
      return undefined;
  }
}

/** Text that declares the result: `const found = `, `const { rows } = `, `const [user] = `, `row = `. */
function target(context: FlowContext, span: HostSpan): string | undefined {
  const line = context.text.slice(Math.max(context.text.lastIndexOf('\n', span.start - 1), 0), span.start);
  return /^\s*(?:const\s+|let\s+)?([\w$]+|\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}|\[[^[\]]*\])\s*(?::\s*[^=]+)?=\s*$/.exec(line)?.[1];
}

function pgForm(context: FlowContext, plain: PlainLoop): ResultForm | undefined {
  const form: ResultForm = { library: 'pg', span: plain.awaited, fetch: 'result', counts: false, extendable: false, rows: 'name', async: true };
  const declared = target(context, plain.awaited);
  if (declared?.startsWith('{')) {
    const names = declared.slice(1, -1).split(',').map((n) => n.split(':')[0]?.trim());
    if (!names.every((n) => n === 'rows' || n === 'rowCount')) return undefined;
    const row = /rows\s*:\s*\[\s*([\w$]+)/.exec(declared)?.[1];
    const rows = row === undefined ? /rows\s*:\s*([\w$]+)/.exec(declared)?.[1] ?? 'rows' : undefined;
    return { ...form, counts: names.includes('rowCount'), extendable: row !== undefined ? readsProperties(plain, row) : readsRows(plain, rows ?? 'rows') };
  }
  if (declared === undefined || declared.startsWith('[')) return undefined;
  const after = bodyAfter(plain);
  const uses = occurrences(after, declared).map((at) => after.slice(at + declared.length));
  if (!uses.every((rest) => /^\s*\??\.(rows|rowCount)(?![\w$])/.test(rest)) || uses.some((rest) => /^\.rows(\[\d+\])?(\.\w+)*\s*=[^=]/.test(rest))) return undefined;
  return { ...form, counts: uses.some((rest) => /^\s*\??\.rowCount/.test(rest)), extendable: uses.every((rest) => /^\??\.(rowCount|rows(\?\.)?(\.length|\[\d+\]!?\??\.[\w$]+))/.test(rest)) };
}

function postgresForm(context: FlowContext, plain: PlainLoop): ResultForm | undefined {
  const declared = target(context, plain.awaited);
  if (declared === undefined || declared.startsWith('{')) return undefined;
  const row = /^\[\s*([\w$]+)\s*\]$/.exec(declared)?.[1];
  return { library: 'postgres.js', span: plain.awaited, fetch: 'rows', counts: false, extendable: row === undefined ? readsRows(plain, declared) : readsProperties(plain, row), rows: 'name', async: true };
}

function asyncpgForm(context: FlowContext, plain: PlainLoop): ResultForm | undefined {
  const method = /\.(fetch|fetchrow|fetchval)$/.exec(spanText(context.text, plain.site.anchor))?.[1] ?? plain.site.chain.at(-1)?.name;
  const fetch = method === 'fetch' ? 'rows' : method === 'fetchrow' ? 'row' : method === 'fetchval' ? 'value' : undefined;
  const declared = target(context, plain.awaited);
  if (fetch === undefined) return undefined;
  const extendable = fetch === 'value' || (declared !== undefined && readsItems(plain, declared) !== undefined);
  return { library: 'asyncpg', span: plain.awaited, fetch, counts: false, extendable, rows: 'name', async: true };
}

function psycopgForm(context: FlowContext, plain: PlainLoop): ResultForm | undefined {
  const { text } = context;
  const rest = text.slice(plain.site.span.end);
  const isAsync = plain.awaited.start < plain.site.span.start;
  const chained = isAsync ? undefined : /^\s*\.(fetchone|fetchall)\(\)/.exec(rest);
  if (!chained) return undefined;
  const span = hostSpan(plain.site.span.start, plain.site.span.end + chained[0].length);
  const declared = target(context, span);
  const items = declared === undefined ? undefined : readsItems(plain, declared);
  if (items === undefined) return undefined;
  return { library: 'psycopg', span, fetch: chained[1] === 'fetchone' ? 'row' : 'rows', counts: false, extendable: true, rows: items, async: false };
}

const bodyAfter = (plain: PlainLoop): string => plain.body.slice(plain.awaited.end - plain.bodyStart);

/** Every use of a row is `row.property`. */
function readsProperties(plain: PlainLoop, row: string): boolean {
  const after = bodyAfter(plain);
  return occurrences(after, row).every((at) => /^(!|\?)?\.[\w$]+(?!\s*=[^=])/.test(after.slice(at + row.length)) || /^\s*(\)|&&|\?[^.]|===|!==)/.test(after.slice(at + row.length)));
}

function readsRows(plain: PlainLoop, rows: string): boolean {
  const after = bodyAfter(plain);
  return occurrences(after, rows).every((at) => /^\??(\.length|\[\d+\]!?\??\.[\w$]+)(?!\s*=[^=])/.test(after.slice(at + rows.length)));
}

/** Python: every use is `row[0]`, `row["name"]` or a test for None; how the row is read, undefined for any other use. */
function readsItems(plain: PlainLoop, row: string): 'name' | 'position' | 'unknown' | undefined {
  const after = bodyAfter(plain);
  const uses = occurrences(after, row).map((at) => after.slice(at + row.length));
  const items = uses.filter((rest) => /^\[/.test(rest));
  if (!uses.every((rest) => /^\[/.test(rest) || /^\s*(is\s|:|and\s|or\s|$)/.test(rest)) || uses.some((rest) => /^\[[^\]]*\]\s*=[^=]/.test(rest))) return undefined;
  if (items.length === 0) return 'unknown';
  if (items.every((rest) => /^\[\s*\d+\s*\]/.test(rest))) return 'position';
  return items.some((rest) => /^\[\s*-?\d/.test(rest)) ? undefined : 'name';
}

/** The call with `= ANY(…)` and the list of keys in place of the one key. Undefined where an edit does not fall into written text. */
function hoistedCall(context: FlowContext, plain: PlainLoop, condition: KeyCondition, key: string, keySpan: HostSpan | undefined, addKey: boolean): string | undefined {
  const { site } = plain;
  const { text, file } = context;
  const hole = toHostEditSpan(site.map, condition.holeSpan);
  const value = toHostEditSpan(site.map, condition.valueSpan);
  const last = condition.block.outputs.at(-1);
  const output = last && toHostEditSpan(site.map, sqlSpan(last.span.end - 1, last.span.end));
  if (!hole || !value || !keySpan || (addKey && !output)) return undefined;
  const list = collect(plain, key);
  const edits: Edit[] = [];
  const isInterpolation = site.library === 'postgres.js';
  if (isInterpolation) edits.push({ uri: file.uri, span: value, text: anyOf(condition, `\${${list}}`) });
  else {
    edits.push({ uri: file.uri, span: value, text: anyOf(condition, spanText(text, hole)) });
    edits.push({ uri: file.uri, span: keySpan, text: list });
  }
  if (addKey && output) {
    const at = output.end;
    edits.push({ uri: file.uri, span: hostSpan(at, at), text: `, ${site.source?.text.slice(condition.columnSpan.start, condition.columnSpan.end) ?? condition.column}` });
  }
  const inside = edits.map((e) => ({ ...e, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) }));
  if (inside.some((e) => e.span.start < 0 || e.span.end > site.span.end - site.span.start)) return undefined;
  return applyEdits(spanText(text, site.span), inside);
}

interface Written {
  readonly before: readonly string[];
  readonly edits: readonly Omit<Edit, 'uri'>[];
}

function javascript(form: ResultForm, hoisted: string, map: string, key: string, column: string): Written | undefined {
  if (/[^\w$]/.test(column)) return undefined;
  const rows = form.library === 'pg' ? `(await ${hoisted}).rows` : `await ${hoisted}`;
  const lookUp = `${map}.get(String(${key})) ?? []`;
  const replacement = form.library === 'pg' ? (form.counts ? `{ rows: ${lookUp}, rowCount: (${lookUp}).length }` : `{ rows: ${lookUp} }`) : lookUp;
  return {
    before: [
      `const ${map} = new Map();`,
      `for (const row of ${rows}) {`,
      `  const known = ${map}.get(String(row.${column}));`,
      '  if (known) known.push(row);',
      `  else ${map}.set(String(row.${column}), [row]);`,
      '}',
    ],
    edits: [{ span: form.span, text: replacement }],
  };
}

/** How Python reads the key from a row: by name, or by its position (last where it was added). */
function keyAccess(condition: KeyCondition, keyColumn: string | undefined, form: ResultForm): string | undefined {
  if (form.rows === 'name') return `"${keyColumn ?? condition.column}"`;
  if (form.rows === 'unknown') return undefined;
  if (keyColumn === undefined) return '-1';
  const { outputs } = condition.block;
  const at = outputs.findIndex((o) => o.star || (o.alias ?? o.column?.column) === keyColumn);
  return at < 0 || outputs[at]?.star ? undefined : String(at);
}

function python(context: FlowContext, plain: PlainLoop, form: ResultForm, hoisted: string, map: string, key: string, item: string | undefined): Written | undefined {
  if (item === undefined) return undefined;
  const row = freshName(context.text, 'found');
  const access = `${row}[${item}]`;
  const rows = form.library === 'asyncpg' ? `await ${hoisted.replace(/\.(fetchrow|fetchval)(\s*\()/, '.fetch$2')}` : `${hoisted}.fetchall()`;
  const lookUp = `${map}.get(str(${key}))`;
  const replacement = form.fetch === 'rows' ? `${map}.get(str(${key}), [])` : form.fetch === 'row' ? `(${lookUp} or [None])[0]` : `(${lookUp} or [[None]])[0][0]`;
  const copy = !plain.isArray && /^\w+$/.test(plain.iterable) ? [`${plain.iterable} = list(${plain.iterable})`] : [];
  return {
    before: [...copy, `${map} = {}`, `for ${row} in ${rows}:`, `    ${map}.setdefault(str(${access}), []).append(${row})`],
    edits: [{ span: form.span, text: replacement }],
  };
}
