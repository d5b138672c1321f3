import type { LoopQuery } from '../../calls/loopQueries';
import type { FlowContext, Fix } from '../../lint/rule';
import { tableOf } from '../scope';
import { applyEdits, type Edit } from '../../text/edit';
import { toHostEditSpan } from '../../text/segmentMap';
import { hostSpan, spanText, type HostSpan } from '../../text/span';
import { findAdapter } from '../../libraries';
import { builderInsertFix, builderKeyedFix } from './builderWrite';
import { wholeLines } from './code';
import { collect, dependsOnTurn, isPlainValue, keyBinds, plainLoop, type PlainLoop } from './shape';
import { anyOf, keyCondition } from './sqlForm';
import { valueItems } from './values';

/**
 * Replaces a loop that does nothing but write one row per turn by one statement: INSERT from `unnest`, UPDATE and DELETE
 * with `= ANY`. Undefined where the body does anything else or the result is used.
 */
export function writeBatchFix(context: FlowContext, query: LoopQuery): Fix | undefined {
  const plain = plainLoop(context, query);
  if (!plain || !isWholeBody(plain) || !plain.site.source) return undefined;
  const model = context.sql.analyse(plain.site.source);
  if (findAdapter(plain.site.library)?.batch) return model.kind === 'insert' ? builderInsertFix(context, plain) : model.kind === 'update' || model.kind === 'delete' ? builderKeyedFix(context, plain, model.kind) : undefined;
  const block = model.blocks[0];
  if (!block || model.completeness !== 'full' || block.returning) return undefined;
  if (model.kind === 'insert') return insertFix(context, plain);
  return model.kind === 'update' || model.kind === 'delete' ? keyedFix(context, plain) : undefined;
}

/** The query is the only statement of the body, and its result goes nowhere. */
function isWholeBody(plain: PlainLoop): boolean {
  const { loop, awaited } = plain;
  const before = plain.body.slice(0, awaited.start - loop.body.start);
  const after = plain.body.slice(awaited.end - loop.body.start);
  const needsAwait = plain.language === 'javascript' || plain.site.library === 'asyncpg';
  if (needsAwait && plain.awaited.start === plain.site.span.start) return false;
  return /^\s*\{?\s*$/.test(before) && /^\s*;?\s*\}?\s*$/.test(after);
}

function keyedFix(context: FlowContext, plain: PlainLoop): Fix | undefined {
  const binds = keyBinds(plain);
  const source = plain.site.source;
  if (!binds || !source) return undefined;
  const model = context.sql.analyse(source);
  const condition = keyCondition(model, binds.key);
  if (!condition || condition.block.relations.length !== 1) return undefined;
  // `SET n = n + 1` for a key that comes twice counts twice in the loop and once in one statement.
  if (condition.block.write?.assignments.some((a) => (a.expression?.columns.length ?? 1) > 0)) return undefined;
  const hole = toHostEditSpan(plain.site.map, condition.holeSpan);
  const list = collect(plain, binds.key.text.trim());
  const value = toHostEditSpan(plain.site.map, condition.valueSpan);
  if (!hole || !value || !binds.key.span) return undefined;
  const edits = plain.site.library === 'postgres.js' ? [edit(value, anyOf(condition, `\${${list}}`))] : [edit(value, anyOf(condition, spanText(context.text, hole))), edit(binds.key.span, list)];
  return replaceLoop(context, plain, edits, `${model.kind === 'delete' ? 'Delete' : 'Update'} all rows with one statement`);
}

const edit = (span: HostSpan, text: string): Omit<Edit, 'uri'> => ({ span, text });

function insertFix(context: FlowContext, plain: PlainLoop): Fix | undefined {
  const { site } = plain;
  const source = site.source;
  const block = source && context.sql.analyse(source).blocks[0];
  const target = block?.relations.find((r) => r.target);
  const table = target && tableOf(context.catalog, target);
  const write = block?.write;
  const values = block?.clauses.values;
  if (!source || !block || !table || !write || !values || write.columns.length === 0) return undefined;
  // DO UPDATE cannot touch a row twice in one statement.
  if (write.onConflict && !/\bdo\s+nothing\b/i.test(source.text)) return undefined;
  const items = valueItems(source.text, values.span.start + 'values'.length);
  if (!items || items.spans.length !== write.columns.length) return undefined;
  const edits: Omit<Edit, 'uri'>[] = [];
  const selected: string[] = [];
  const arrays: string[] = [];
  const names: string[] = [];
  const holes = context.sql.analyse(source).holes;
  for (const [k, span] of items.spans.entries()) {
    const hole = holes.find((h) => h.span.start >= span.start && h.span.end <= span.end);
    const bind = hole && site.binds.find((b) => (hole.origin.type === 'interpolation' ? b.interpolation === hole.origin.index || (b.interpolation === undefined && b.key === String(hole.origin.index)) : b.key === hole.origin.key));
    const written = source.text.slice(span.start, span.end).trim();
    if (!hole) {
      if (/\bdefault\b/i.test(written)) return undefined;
      selected.push(written);
      continue;
    }
    if (!bind?.span) return undefined;
    if (!dependsOnTurn(plain, bind)) {
      if (site.library === 'postgres.js' || site.library === 'psycopg') return undefined;
      selected.push(written);
      continue;
    }
    const column = table.columns.find((c) => c.name === write.columns[k]);
    if (!column || !isPlainValue(plain, bind) || !ARRAY_SAFE.test(column.type) || hole.span.start !== span.start || hole.span.end !== span.end) return undefined;
    const list = collect(plain, bind.text.trim());
    names.push(`v${names.length + 1}`);
    selected.push(`u.${names.at(-1)}`);
    arrays.push(site.library === 'postgres.js' ? `\${${list}}::${column.type}[]` : `${written}::${column.type}[]`);
    if (site.library !== 'postgres.js') edits.push(edit(bind.span, list));
  }
  const clause = toHostEditSpan(site.map, { start: values.keyword.start, end: items.end });
  if (!clause || arrays.length === 0 || new Set(arrays).size !== arrays.length) return undefined;
  const all = selected.every((s, k) => s === `u.v${k + 1}`);
  edits.push(edit(clause, all ? `SELECT * FROM unnest(${arrays.join(', ')})` : `SELECT ${selected.join(', ')} FROM unnest(${arrays.join(', ')}) AS u(${names.join(', ')})`));
  return replaceLoop(context, plain, edits, 'Insert all rows with one statement');
}

/** Types whose values every driver sends as an array without loss. Arrays of json or of arrays are not among them. */
const ARRAY_SAFE = /^(bigint|integer|smallint|text|uuid|boolean|real|double precision|date|numeric(\(\d+(,\s*\d+)?\))?|character varying(\(\d+\))?|timestamp(\(\d\))? with(out)? time zone)$/;

function replaceLoop(context: FlowContext, plain: PlainLoop, edits: readonly Omit<Edit, 'uri'>[], title: string): Fix | undefined {
  const { site } = plain;
  const { uri } = context.file;
  const inside = edits.map((e) => ({ uri, text: e.text, span: hostSpan(e.span.start - site.span.start, e.span.end - site.span.start) }));
  if (inside.some((e) => e.span.start < 0 || e.span.end > site.span.end - site.span.start)) return undefined;
  const call = applyEdits(spanText(context.text, site.span), inside);
  const lines = wholeLines(context.text, plain.loop.span);
  if (call === undefined || !lines) return undefined;
  const prefix = context.text.slice(plain.awaited.start, site.span.start);
  return { title, kind: 'review', edits: [{ uri, span: hostSpan(lines.start, lines.end), text: `${prefix}${call}${plain.language === 'python' ? '' : ';'}` }] };
}
