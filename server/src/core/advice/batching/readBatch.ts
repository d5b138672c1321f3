import type { LoopQuery } from '../../calls/loopQueries';
import type { FlowContext, Fix } from '../../lint/rule';
import { applyEdits, type Edit } from '../../text/edit';
import { hostSpan, spanText, sqlSpan, type HostSpan } from '../../text/span';
import { toHostEditSpan } from '../../text/segmentMap';
import { findAdapter } from '../../libraries';
import { coverHoles } from '../holes';
import { builderListRead } from './builderRead';
import { camelName, freshName, snakeName } from './code';
import { aggregateRow, isAggregated, type AggregateRow } from './grouped';
import { resultForm, type ResultForm } from './resultForms';
import { groupLines, rewriteFix, type Rewrite } from './rewrite';
import { collect, keyBinds, plainLoop, type KeyBinds, type PlainLoop } from './shape';
import { pythonListRead } from './pythonRead';
import { relationRead } from './relationRead';
import { sqlalchemyListRead } from './sqlalchemyRead';
import { anyOf, isPerKeySelect, keyCondition, outputOf, type KeyCondition } from './sqlForm';

/**
 * Reads all rows before the loop and looks them up by key in it: undefined where the loop or the statement is not of that
 * plain form. With an ORM the relation may be loaded with the elements instead; that comes first.
 */
export function readBatchFixes(context: FlowContext, query: LoopQuery): readonly Fix[] {
  const plain = plainLoop(context, query);
  const binds = plain && keyBinds(plain);
  const source = plain?.site.source;
  const condition = binds && source && keyCondition(context.sql.analyse(source), binds.key);
  if (!plain || !binds || !condition) return [];
  return rewrites(context, plain, binds, condition).flatMap((rewrite) => (rewrite ? [rewriteFix(context, plain, rewrite)] : []));
}

function rewrites(context: FlowContext, plain: PlainLoop, binds: KeyBinds, condition: KeyCondition): readonly (Rewrite | undefined)[] {
  const { library } = plain.site;
  if (library === 'sqlalchemy') return [relationRead(context, plain, binds, condition), sqlalchemyListRead(context, plain, binds, condition)];
  if (findAdapter(library)?.batch?.readByKeys) return [relationRead(context, plain, binds, condition), (plain.language === 'python' ? pythonListRead : builderListRead)(context, plain, binds, condition)];
  return [textRead(context, plain, binds, condition)];
}

/** One `= ANY(…)` for SQL text sent through pg, postgres.js, psycopg or asyncpg; aggregates are grouped by the key. */
function textRead(context: FlowContext, plain: PlainLoop, binds: KeyBinds, condition: KeyCondition): Rewrite | undefined {
  const form = resultForm(context, plain);
  if (!form) return undefined;
  const grouped = isAggregated(condition.block, plain.site.source?.text ?? '');
  const missing = grouped ? aggregateRow(condition.block, form) : undefined;
  if (grouped ? !missing : !isPerKeySelect(condition.block)) return undefined;
  const keyColumn = outputOf(condition.block, condition);
  if (keyColumn === undefined && !form.extendable) return undefined;
  const key = binds.key.text.trim();
  const hoisted = hoistedCall(context, plain, condition, key, binds.key.span, keyColumn === undefined, grouped);
  if (hoisted === undefined) return undefined;
  const name = (plain.language === 'python' ? snakeName : camelName)(condition.relation.name, 'by', condition.column);
  const map = freshName(context.text, name);
  return plain.language === 'python' ? python(context, plain, form, hoisted, map, key, keyAccess(condition, keyColumn, form), missing) : javascript(context, form, hoisted, { map, relation: condition.relation.name }, key, keyColumn ?? condition.column, missing);
}

/** The call with `= ANY(…)` and the list of keys in place of the one key. Undefined where an edit does not fall into written text. */
function hoistedCall(context: FlowContext, plain: PlainLoop, condition: KeyCondition, key: string, keySpan: HostSpan | undefined, addKey: boolean, grouped: boolean): string | undefined {
  const { site } = plain;
  const { text, file } = context;
  const { block } = condition;
  const hole = toHostEditSpan(site.map, condition.holeSpan);
  const value = toHostEditSpan(site.map, condition.valueSpan);
  const last = block.outputs.at(-1);
  const output = last && toHostEditSpan(site.map, sqlSpan(last.span.end - 1, last.span.end));
  if (!hole || !value || !keySpan || (addKey && !output)) return undefined;
  const list = collect(plain, key);
  const column = site.source?.text.slice(condition.columnSpan.start, condition.columnSpan.end) ?? condition.column;
  const edits: Edit[] = [];
  const where = block.clauses.where && site.source ? coverHoles(context.sql.analyse(site.source), block.clauses.where.span).end : 0;
  const group = grouped ? ` GROUP BY ${column}` : '';
  // The key at the very end of WHERE: the grouping follows its list.
  const tail = condition.valueSpan.end === where ? group : '';
  const isInterpolation = site.library === 'postgres.js';
  if (isInterpolation) edits.push({ uri: file.uri, span: value, text: anyOf(condition, `\${${list}}`) + tail });
  else {
    edits.push({ uri: file.uri, span: value, text: anyOf(condition, spanText(text, hole)) + tail });
    edits.push({ uri: file.uri, span: keySpan, text: list });
  }
  if (group !== '' && tail === '') {
    const end = toHostEditSpan(site.map, sqlSpan(where, where)) ?? toHostEditSpan(site.map, sqlSpan(where - 1, where));
    if (!end) return undefined;
    edits.push({ uri: file.uri, span: hostSpan(end.end, end.end), text: group });
  }
  if (addKey && output) edits.push({ uri: file.uri, span: hostSpan(output.end, output.end), text: `, ${column}` });
  const inside = edits.map((e) => ({ ...e, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) }));
  if (inside.some((e) => e.span.start < 0 || e.span.end > site.span.end - site.span.start)) return undefined;
  return applyEdits(spanText(text, site.span), inside);
}

function javascript(context: FlowContext, form: ResultForm, hoisted: string, { map, relation }: { readonly map: string; readonly relation: string }, key: string, column: string, missing: AggregateRow | undefined): Rewrite | undefined {
  if (/[^\w$]/.test(column)) return undefined;
  const rows = form.library === 'pg' ? `(await ${hoisted}).rows` : `await ${hoisted}`;
  const lookUp = `${map}.get(String(${key})) ?? [${missing?.object ?? ''}]`;
  const replacement = form.library === 'pg' ? (form.counts ? `{ rows: ${lookUp}, rowCount: (${lookUp}).length }` : `{ rows: ${lookUp} }`) : lookUp;
  return { before: groupLines(context, map, relation, rows, `String(row.${column})`), edits: [{ span: form.span, text: replacement }] };
}

/** How Python reads the key from a row: by name, or by its position (last where it was added). */
function keyAccess(condition: KeyCondition, keyColumn: string | undefined, form: ResultForm): string | undefined {
  if (form.library === 'asyncpg' || form.rows === 'name') return `"${keyColumn ?? condition.column}"`;
  if (form.rows === 'unknown') return undefined;
  if (keyColumn === undefined) return '-1';
  const { outputs } = condition.block;
  const at = outputs.findIndex((o) => o.star || (o.alias ?? o.column?.column) === keyColumn);
  return at < 0 || outputs[at]?.star ? undefined : String(at);
}

function python(context: FlowContext, plain: PlainLoop, form: ResultForm, hoisted: string, map: string, key: string, item: string | undefined, missing: AggregateRow | undefined): Rewrite | undefined {
  if (item === undefined) return undefined;
  const row = freshName(context.text, 'found');
  const awaited = plain.awaited.start < plain.site.span.start ? 'await ' : '';
  const before: string[] = !plain.isArray && /^\w+$/.test(plain.iterable) ? [`${plain.iterable} = list(${plain.iterable})`] : [];
  if (form.cursor !== undefined) before.push(`${awaited}${hoisted}`);
  const rows = form.library === 'asyncpg' ? `await ${hoisted.replace(/\.(fetchrow|fetchval)(\s*\()/, '.fetch$2')}` : form.cursor !== undefined ? `${awaited}${form.cursor}.fetchall()` : awaited === '' ? `${hoisted}.fetchall()` : `await (await ${hoisted}).fetchall()`;
  before.push(`${map} = {}`, `for ${row} in ${rows}:`, `    ${map}.setdefault(str(${row}[${item}]), []).append(${row})`);
  const lookUp = `${map}.get(str(${key}))`;
  const none = missing?.row ?? 'None';
  const replacement =
    form.fetch === 'rows' ? `${map}.get(str(${key}), [${missing?.row ?? ''}])`
    : form.fetch === 'row' ? `(${lookUp} or [${none}])[0]`
    : `(${lookUp} or [[${missing?.first ?? 'None'}]])[0][0]`;
  return { before, edits: [...(form.remove ? [{ span: form.remove, text: '' }] : []), { span: form.span, text: replacement }] };
}
