import type { LoopQuery } from '../../calls/loopQueries';
import type { Bind } from '../../hosts/ir';
import type { Fix, FlowContext } from '../../lint/rule';
import { applyEdits } from '../../text/edit';
import { escapeRegExp } from '../../text/regExp';
import { toHostEditSpan } from '../../text/segmentMap';
import { hostSpan, spanText, type HostSpan } from '../../text/span';
import { indentAt, lineEnd, maskCode } from './code';
import { unnestCall } from './commonInserts';
import { isPlain, mentions, soleWrite, type SoleWrite } from './soleWrite';
import { anyOf, keyCondition } from './sqlForm';

interface Batch {
  readonly title: string;
  readonly call: string;
}

/** Writes of Go, Java, PHP, C# and Rust, row by row, become one call: the library's own for many rows, `= ANY` for keys. */
export function commonWriteFix(context: FlowContext, query: LoopQuery): Fix | undefined {
  if (query.site?.library === 'ef-core') return saveOnce(context, query);
  const sole = soleWrite(context, query);
  const batch = sole && (gorm(sole) ?? springData(sole) ?? jdbcTemplate(context, sole) ?? laravel(sole) ?? diesel(sole) ?? byKeys(context, sole) ?? rows(context, sole));
  return batch && { title: batch.title, kind: 'review', edits: [{ uri: context.file.uri, span: sole.span, text: sole.statement(batch.call) }] };
}

/** `db.Create(&user)`: gorm inserts slices, and runs the hooks of each element. */
function gorm({ site, call, element, list, type }: SoleWrite): Batch | undefined {
  if (site.library !== 'gorm' || type === undefined || !type.startsWith('[]')) return undefined;
  const receiver = new RegExp(`^([\\s\\S]+)\\.Create\\(&?${escapeRegExp(element)}\\)$`).exec(call)?.[1];
  return receiver === undefined || mentions(receiver, element) || /OnConflict/.test(receiver) ? undefined : { title: 'Insert all rows in batches (CreateInBatches)', call: `${receiver}.CreateInBatches(${list}, 1000)` };
}

/** `orders.save(order)`. */
function springData({ site, call, element, list, type }: SoleWrite): Batch | undefined {
  if (site.library !== 'jpa' || type === undefined || !collections.test(type)) return undefined;
  const receiver = new RegExp(`^([\\w.]+)\\.save\\(${escapeRegExp(element)}\\)$`).exec(call)?.[1];
  return receiver === undefined || receiver === element ? undefined : { title: 'Save all rows with saveAll (one transaction; fewer statements where hibernate.jdbc.batch_size is set)', call: `${receiver}.saveAll(${list})` };
}

const collections = /^(?:java\.util\.)?(?:List|Set|Collection|ArrayList|LinkedList|HashSet|LinkedHashSet|Iterable)</;

/** `jdbc.update("…?", x.id(), x.name())`: the same statements in one round trip. */
function jdbcTemplate({ file, text }: FlowContext, { site, call, element, list, type }: SoleWrite): Batch | undefined {
  if (site.library !== 'jdbc' || site.confidence !== 'proved' || site.source?.placeholders !== 'question' || type === undefined || !collections.test(type) || type.startsWith('Iterable')) return undefined;
  const sent = site.callId === undefined ? undefined : file.calls[site.callId];
  const receiver = /^([\w.]+)\.update\(/.exec(call)?.[1];
  const [statement, ...values] = sent?.args ?? [];
  if (!statement || receiver === undefined || values.length === 0 || mentions(spanText(text, statement.span), element)) return undefined;
  if (!values.every((value) => isPlain(value.text, element) || /^(?:-?\d+L?|true|false|null|"[^"]*")$/.test(value.text))) return undefined;
  return { title: 'Send all rows in one batch (batchUpdate)', call: `${receiver}.batchUpdate(${spanText(text, statement.span)}, ${list}.stream().map(${element} -> new Object[] { ${values.map((value) => value.text).join(', ')} }).toList())` };
}

/** Each value is a parameter there, and a statement of Postgres has no more than these. */
const most = ' (65,535 values at most: longer lists in chunks)';

/** `DB::table('t')->insert([…])`: the query builder takes a list of rows; no events are involved. An arrow function has copies: what counts or assigns stays. */
function laravel({ site, call, element, list, type }: SoleWrite): Batch | undefined {
  if (site.library !== 'eloquent' && site.library !== 'pdo') return undefined;
  const [, start, row] = /^(DB::table\(\s*(?:'[^']*'|"[^"$]*")\s*\)->insert)\(\s*(\[[\s\S]*\])\s*\)$/.exec(call) ?? [];
  if (start === undefined || row === undefined || !/^\[\s*(?:'\w+'|"\w+")\s*=>/.test(row) || /\.\.\.|\bawait\b|\byield\b|\+\+|--|(?<![=!<>])=(?![=>])/.test(row)) return undefined;
  const rows = type === 'array' ? `array_map(fn (${element}) => ${row}, ${list})` : `collect(${list})->map(fn (${element}) => ${row})->all()`;
  return { title: `Insert all rows with one statement${most}`, call: `${start}(${rows})` };
}

/** `diesel::insert_into(t::table).values(&row).execute(conn)`: a `Vec` is insertable where its elements are. */
function diesel({ site, call, element, list, type }: SoleWrite): Batch | undefined {
  if (site.library !== 'diesel' || type === undefined || /do_update/.test(call)) return undefined;
  const all = /^&?(?:mut\s+)?Vec</.test(type) ? (type.startsWith('&') ? list : `&${list}`) : /^&(?:mut\s+)?\[/.test(type) ? list : undefined;
  const [, start, end] = new RegExp(`^((?:diesel::)?insert_into\\([\\s\\S]*?\\)\\s*\\.values\\()&?${escapeRegExp(element)}(\\)[\\s\\S]*\\.execute\\([^()]*(?:\\([^()]*\\))?[^()]*\\))$`).exec(call) ?? [];
  return all === undefined || start === undefined || end === undefined || mentions(start + end, element) ? undefined : { title: `Insert all rows with one statement${most}`, call: `${start}${all}${end}` };
}

const isOf = (element: string, bind: Bind): boolean => bind.names.some((name) => name === element || name === element.replace(/^\$/, ''));

const listOf = (context: FlowContext, sole: SoleWrite, bind: Bind): string | undefined =>
  sole.language === 'go' ? goList(context, sole, bind.text) : sole.language === 'rust' ? rustList(sole, bind.text) : sole.language === 'csharp' ? csharpList(context, sole, bind) : undefined;

/** One `INSERT … SELECT … FROM unnest(…)` for the rows of all elements. */
function rows(context: FlowContext, sole: SoleWrite): Batch | undefined {
  const call = unnestCall(context, sole, (bind) => isOf(sole.element, bind), (bind) => listOf(context, sole, bind));
  return call === undefined ? undefined : { title: 'Insert all rows with one statement', call };
}

/** Names of columns are no names of the code. */
const withoutTexts = (code: string): string => code.replaceAll(/"(?:\\.|[^"\\])*"|`[^`]*`/g, '');

/** Types of elements that drivers send as an array of the column's type. */
const goElements = /^\[\](?:u?int(?:16|32|64)?|string|bool|float(?:32|64)|uuid\.UUID|time\.Time)$/;
const rustElements = /^(?:&(?:mut\s+)?)?(?:Vec<|\[)\s*(?:i16|i32|i64|String|&(?:'\w+\s+)?str|bool|f32|f64|(?:uuid::)?Uuid)\s*[>\]]$/;
const csharpLists = /^(?:(?:I?ReadOnly|I)?(?:List|Collection)<\w+>|\w+\[\])$/;

/** `DELETE … WHERE id = $1` and the same update for each key: `= ANY($1)` with all keys. */
function byKeys(context: FlowContext, sole: SoleWrite): Batch | undefined {
  const { site, element } = sole;
  const { source } = site;
  const model = source && context.sql.analyse(source);
  if (!model || (model.kind !== 'update' && model.kind !== 'delete') || !site.complete) return undefined;
  const keys = site.binds.filter((bind) => isOf(element, bind));
  const [key] = keys;
  const condition = key && keys.length === 1 && key.span ? keyCondition(model, key) : undefined;
  if (!condition || !key?.span || condition.block.relations.length !== 1 || condition.block.returning) return undefined;
  if (condition.block.write?.assignments.some((a) => (a.expression?.columns.length ?? 1) > 0)) return undefined;
  const hole = toHostEditSpan(site.map, condition.holeSpan);
  const value = toHostEditSpan(site.map, condition.valueSpan);
  const list = listOf(context, sole, key);
  if (!hole || !value || list === undefined) return undefined;
  const inside = [[value, anyOf(condition, spanText(context.text, hole))], [key.span, list]] as const;
  const edits = inside.map(([span, written]) => ({ uri: '', text: written, span: hostSpan(span.start - site.span.start, span.end - site.span.start) }));
  if (edits.some((edit) => edit.span.start < 0 || edit.span.end > site.span.end - site.span.start)) return undefined;
  const call = applyEdits(sole.call, edits);
  return call === undefined || mentions(withoutTexts(call.replace(list, '')), element) ? undefined : { title: `${model.kind === 'delete' ? 'Delete' : 'Update'} all rows with one statement`, call };
}

function goList({ text }: FlowContext, { site, element, list, type }: SoleWrite, key: string): string | undefined {
  if (key !== element || type === undefined || !goElements.test(type)) return undefined;
  if (site.library === 'pgx' || /jackc\/pgx/.test(text)) return list;
  return /"github\.com\/lib\/pq"/.test(text) && !/_ "github\.com\/lib\/pq"/.test(text) ? `pq.Array(${list})` : undefined;
}

function rustList({ site, element, list, type }: SoleWrite, key: string): string | undefined {
  if (key.replace(/^[*&]+/, '') !== element || type === undefined || !rustElements.test(type)) return undefined;
  return site.library === 'tokio-postgres' ? list : `&${list}[..]`;
}

/** In `new { id }` and `new { x.Id }` the name goes with the value. */
function csharpList({ text }: FlowContext, { element, list, type }: SoleWrite, key: { readonly text: string; readonly span?: HostSpan }): string | undefined {
  if (type === undefined || !csharpLists.test(type) || !key.span || !isPlain(key.text, element)) return undefined;
  const named = /[\w\]]\s*=\s*$/.test(text.slice(0, key.span.start));
  const name = key.text.split('.').at(-1) ?? key.text;
  if (key.text !== element && !/\busing System\.Linq;/.test(text)) return undefined;
  const all = key.text === element ? list : `${list}.Select(${element} => ${key.text}).ToArray()`;
  return named ? all : `${name} = ${all}`;
}

/** EF Core: the changes of all turns are saved behind the loop, where saving is the last thing that a turn does. */
function saveOnce({ file, text }: FlowContext, { loop, site, path, call }: LoopQuery): Fix | undefined {
  if (!site || path.length !== 1 || loop.id < 0 || file.language !== 'csharp' || call?.conditional === true || loop.kind !== 'for-of' || site.functionId !== loop.functionId) return undefined;
  const save = spanText(text, site.span);
  if (!/^[\w.]+\.SaveChanges(?:Async)?\([\w.]*\)$/.test(save) || mentionsAny(save, loop.elements)) return undefined;
  const body = spanText(text, loop.body);
  const masked = maskCode(body, 'javascript');
  const [, lead, tail] = /^(\{[\s\S]*?)(\s*(?:await\s+)?\u0001;\s*\})$/.exec(masked.slice(0, site.span.start - loop.body.start) + '\u0001' + masked.slice(site.span.end - loop.body.start)) ?? [];
  if (lead === undefined || tail === undefined || /\u0001/.test(lead) || !/[;}]$/.test(lead) || /(?<![\w.])(?:try|catch|break|continue|return|throw|goto|yield)(?!\w)/.test(masked)) return undefined;
  // What is read in the loop may be what the turn before has saved.
  if (file.sites.some((other) => other.id !== site.id && other.executes !== 'no' && other.span.start >= loop.body.start && other.span.end <= loop.body.end)) return undefined;
  const indent = indentAt(text, loop.span.start);
  if (indent === undefined || !/^[ \t]*(?:\r?\n|$)/.test(text.slice(loop.span.end))) return undefined;
  const from = loop.body.start + lead.length;
  const waits = /await\s+$/.test(text.slice(from, site.span.start)) ? 'await ' : '';
  return {
    title: 'Save the changes of all turns once, behind the loop (one transaction)',
    kind: 'review',
    edits: [
      { uri: file.uri, span: hostSpan(from, site.span.end + 1), text: '' },
      { uri: file.uri, span: hostSpan(loop.span.end, loop.span.end), text: `${lineEnd(text)}${indent}${waits}${save};` },
    ],
  };
}

const mentionsAny = (text: string, names: readonly string[]): boolean => names.some((name) => mentions(text, name));
