import { bindColumn, type Scope, isSystemRelation } from '../advice/scope';
import { bindOfHole } from '../advice/patterns';
import { enclosingFunctions } from '../calls/enclosing';
import type { Bind } from '../hosts/ir';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import type { Edit } from '../text/edit';
import { hostSpan, spanText, sqlSpan, type HostSpan } from '../text/span';
import { toHostEditSpan } from '../text/segmentMap';

const SCHEMA = 'CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);';

/** IN lists that are written out value by value. */
export const largeInList: StatementRule = {
  id: 'large-in-list',
  scope: 'statement',
  category: 'query',
  severity: 'info',
  needs: 'text',
  fixKinds: ['safe', 'review'],
  summary: 'An IN list is written out value by value',
  docs: {
    why: 'A list of another length is another statement: it is parsed and planned anew, `pg_stat_statements` keeps an entry for each, and prepared statements are of no use. Beyond 65,535 parameters the driver fails, and an empty list is a syntax error. One array is one parameter whatever its length: `= ANY($1)`.',
    bad: [
      { language: 'typescript', schema: SCHEMA, code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const find = (ids: number[]) => pool.query(`SELECT name FROM users WHERE id IN (${ids.map((_, i) => `$${i + 1}`).join(', ')})`, ids);" },
      { language: 'typescript', schema: SCHEMA, code: "import postgres from 'postgres';\nconst sql = postgres();\nexport const find = (ids: number[]) => sql`SELECT name FROM users WHERE id IN ${sql(ids)}`;" },
      { language: 'typescript', schema: SCHEMA, code: "import postgres from 'postgres';\nconst sql = postgres();\nexport const others = (ids: number[]) => sql`SELECT name FROM users WHERE id NOT IN ${sql(ids)}`;" },
    ],
    good: [
      { language: 'typescript', schema: SCHEMA, code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const find = (ids: number[]) => pool.query('SELECT name FROM users WHERE id = ANY($1::bigint[])', [ids]);" },
      { language: 'sql', schema: SCHEMA, code: 'SELECT name FROM users WHERE id IN ($1, $2, $3);' },
    ],
    whenNot: 'Lists whose length never changes. Lists that a query builder writes (`whereIn`, `in:`) are its own business and are not reported.',
    fixSafety: 'Safe where the driver’s own way to pass an array is known (pg, postgres.js, psycopg with a column of a known type): the same rows, and an empty list finds none instead of failing. With postgres.js it is for review where the list is not declared as one of numbers or strings, because a list of dates, booleans or bigints fails there; and for NOT IN, because the driver turns an empty list into NULL.',
  },
  options: { values: { type: 'integer', default: 100, description: 'Constants from which a written list is reported.' } },
  check(context) {
    const { model, site } = context;
    // What a library makes of its own objects is its own business.
    if (site.chain.length > 0 || site.model !== undefined || model.completeness !== 'full') return;
    for (const block of model.blocks) if (!(block.relations.length > 0 && block.relations.every(isSystemRelation))) for (const conjunct of inLists(block.conjuncts)) checkList(context, block, conjunct);
  },
};

const inLists = (conjuncts: readonly Conjunct[]): readonly Conjunct[] =>
  conjuncts.flatMap((c) => (c.branches ? inLists(c.branches.flat()) : c.operator === 'in' && c.right?.kind === 'array' ? [c] : []));

function checkList(context: StatementContext, block: QueryBlock, conjunct: Conjunct): void {
  const items = conjunct.right?.args ?? [];
  const limit = context.option<number>('values');
  if (items.length > limit && items.every((item) => item.kind === 'constant' || item.kind === 'hole')) {
    // The parser sees the first thousand items of a list.
    const count = items.length >= 1000 ? 'more than 1,000' : String(items.length);
    return context.report({ at: { sql: conjunct.span }, message: `This list holds ${count} ${items.every((item) => item.kind === 'constant') ? 'constants' : 'values'}: passed as one array it is one parameter, and the statement stays the same whatever its length.`, confidence: 'text', evidence: { values: items.length }, fixes: () => [] });
  }
  // What a list in an SQL file becomes is decided by the tool that reads it.
  if (context.site.library === 'sql') return;
  const [item] = items;
  const bind = items.length === 1 && item?.kind === 'hole' ? bindOfHole(context, item.hole) : undefined;
  const hole = item?.hole === undefined ? undefined : context.model.holes[item.hole];
  if (!bind || !item || !hole || !isList(bind.text, hole.kind) || isConstantName(bind.text)) return;
  const column = conjunct.left?.column?.column;
  context.report({
    at: { sql: conjunct.span },
    message: `This list is written out value by value: each length is another statement, and beyond 65,535 values it fails.`,
    because: column === undefined ? undefined : `One array is one parameter: ${column} ${conjunct.negated ? '<> ALL' : '= ANY'}($1).`,
    confidence: 'text',
    evidence: { column, value: bind.text.slice(0, 200) },
    fixes: () => anyFix(context, block, conjunct, item, bind),
  });
}

/** Is the value a list that becomes as many parameters, or literals, as it has elements? */
const isList = (text: string, kind: string): boolean => kind === 'list' || /\.join\s*\(|^\[?['"]%s['"]\]?\s*\*\s*len\(|^(?:Prisma|sql)\.join\(|^tuple\(/.test(text);

/** `STATES.map(…)`: a list that the source fixes. */
const isConstantName = (text: string): boolean => /(?:^|[\s(.[])[A-Z][A-Z0-9_]{2,}(?:\b|\.)/.test(text);

/** The driver's own way to pass an array; none where it is not certain. */
function anyFix(context: StatementContext, block: QueryBlock, conjunct: Conjunct, item: Expression, bind: Bind): readonly Fix[] {
  const { site, model } = context;
  if (!bind.span || !conjunct.left) return [];
  const scope: Scope = { model, catalog: context.catalog };
  const type = conjunct.left.column && bindColumn(scope, block, conjunct.left.column)?.definition?.type;
  const tag = site.library === 'postgres.js';
  const elements = tag ? elementsOf(context, bind) : 'plain';
  if (elements === 'other') return [];
  const edits = tag ? forPostgresJs(context, conjunct, bind)
    : site.library === 'pg' ? forPg(context, conjunct, item, bind, type)
      : site.library === 'psycopg' && type !== undefined ? forPsycopg(context, conjunct, item, bind, type) : undefined;
  if (!edits) return [];
  const notes = [...(tag && conjunct.negated ? ['with an empty list every row is found instead of none'] : []), ...(elements === 'unknown' ? ['for numbers and strings; a list of dates, booleans or bigints fails'] : [])];
  return [{ title: `Pass the list as one array (${notes.join('; ') || 'the same rows; an empty list no longer fails'})`, kind: notes.length > 0 ? 'review' : 'safe', edits }];
}

/**
 * What postgres.js tells the server is the type of the first element: of numbers and strings none, so that the array takes
 * the column's; a date makes the whole list a timestamp, which is no array.
 */
function elementsOf({ file, site }: StatementContext, { text }: Bind): 'plain' | 'other' | 'unknown' {
  const name = listName(text);
  const functions = enclosingFunctions(file, site.functionId);
  const declared = functions.flatMap((fn) => [...fn.parameters, ...fn.locals]).find((variable) => variable.name === name)?.type?.replace(/\s+/g, '');
  if (declared === undefined || /^(?:any|unknown)\b/.test(declared)) return 'unknown';
  if (/^(?:readonly)?(?:(?:number|string)\[\]|\((?:(?:number|string|null|undefined)\|?)+\)\[\])$|^(?:Readonly)?Array<(?:(?:number|string|null|undefined)\|?)+>$/.test(declared)) return 'plain';
  return /(?:Date|bigint|boolean)\b/.test(declared) ? 'other' : 'unknown';
}

/** `sql(ids)`: the list itself, where it is a name. */
const listName = (text: string): string | undefined => /^\w+\(\s*([A-Za-z_$][\w$.]*)\s*\)$/.exec(text)?.[1];

const operatorText = ({ negated }: Conjunct): string => (negated ? ' <> ALL(' : ' = ANY(');

/** From the compared expression to the list, where nothing but `[NOT] IN` and what may stand before the list is there. */
function operatorSpan({ site, model }: StatementContext, conjunct: Conjunct, to: number, open: RegExp): HostSpan | undefined {
  const from = conjunct.left?.span.end;
  if (from === undefined || !open.test(spanText(model.text, sqlSpan(from, to)))) return undefined;
  return toHostEditSpan(site.map, sqlSpan(from, to));
}

/** `IN ${sql(ids)}` becomes `= ANY(${ids})`. */
function forPostgresJs(context: StatementContext, conjunct: Conjunct, { text, span }: Bind): readonly Edit[] | undefined {
  const { file, text: document } = context;
  const value = listName(text);
  const hole = conjunct.right?.args?.[0];
  const operator = hole && operatorSpan(context, conjunct, hole.span.start, /^\s+(?:not\s+)?in\s*$/i);
  if (value === undefined || !span || !operator || document[span.end] !== '}') return undefined;
  const behind = hostSpan(span.end + 1, span.end + 1);
  return [{ uri: file.uri, span: operator, text: operatorText(conjunct) }, { uri: file.uri, span, text: value }, { uri: file.uri, span: behind, text: ')' }];
}

/** `` IN (${ids.map((_, i) => `$${i + 1}`).join(', ')}) `` with `ids` becomes `= ANY($1)` with `[ids]`. */
function forPg(context: StatementContext, conjunct: Conjunct, item: Expression, { text, span }: Bind, type: string | undefined): readonly Edit[] | undefined {
  const { file, model, site, text: document } = context;
  const [, list, index] = /^([A-Za-z_$][\w$.]*)\.map\(\s*\(\s*\w*\s*,\s*(\w+)\s*\)\s*=>\s*(?:`\$\$\{\s*\2\s*\+\s*1\s*\}`|['"]\$['"]\s*\+\s*\(\s*\2\s*\+\s*1\s*\))\s*\)\s*\.join\(\s*(?:(['"`]),\s*\3)?\s*\)$/.exec(text) ?? [];
  const call = site.callId === undefined ? undefined : file.calls[site.callId];
  const values = call?.args[1];
  // The only parameters of the statement, passed as they are.
  if (index === undefined || !span || !values || values.text !== list || call.args.length !== 2 || model.holes.length !== 1) return undefined;
  const operator = operatorSpan(context, conjunct, item.span.start, /^\s+(?:not\s+)?in\s*\(\s*$/i);
  const open = document.lastIndexOf('${', span.start);
  if (!operator || open < 0 || document.slice(open + 2, span.start).trim() !== '' || document[span.end] !== '}') return undefined;
  return [
    { uri: file.uri, span: operator, text: operatorText(conjunct) },
    { uri: file.uri, span: hostSpan(open, span.end + 1), text: `$1${type === undefined ? '' : `::${type}[]`}` },
    { uri: file.uri, span: values.span, text: `[${values.text}]` },
  ];
}

/** `IN %s` with `tuple(ids)` becomes `= ANY(%s::bigint[])` with `list(ids)`. */
function forPsycopg(context: StatementContext, conjunct: Conjunct, item: Expression, { text, span }: Bind, type: string): readonly Edit[] | undefined {
  const { file, site, model } = context;
  const value = /^tuple\(([^()]*(?:\([^()]*\))?[^()]*)\)$/.exec(text)?.[1];
  const operator = operatorSpan(context, conjunct, item.span.start, /^\s+(?:not\s+)?in\s*\(?$/i);
  const hole = item.hole === undefined ? undefined : model.holes[item.hole];
  const end = hole && toHostEditSpan(site.map, sqlSpan(hole.span.end, hole.span.end));
  if (value === undefined || /\bfor\b/.test(value) || !span || !operator || !end || hole.origin.type !== 'placeholder') return undefined;
  return [{ uri: file.uri, span: operator, text: operatorText(conjunct) }, { uri: file.uri, span: end, text: `::${type}[])` }, { uri: file.uri, span, text: `list(${value})` }];
}
