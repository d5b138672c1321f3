import type { LoopQuery } from '../../calls/loopQueries';
import { rowsOf } from '../../calls/lazyReads';
import type { HostFile, Loop, QuerySite } from '../../hosts/ir';
import type { LazyLoad } from '../../hosts/relationLoads';
import { findAdapter } from '../../libraries';
import type { Fix, FlowContext } from '../../lint/rule';
import type { Edit } from '../../text/edit';
import { containsSpan, hostSpan, type HostSpan } from '../../text/span';
import { codeLanguageOf, maskCode, occurrences } from './code';
import { modelOf } from './producer';
import { withAwait } from './shape';

/**
 * Loads a relation with the query that gives the rows, where a loop loads it row by row: `relations`, `populate`,
 * `withGraphFetched`, `include`. Only where that query stands in the same function, its rows are walked unchanged, the load
 * runs in every turn, nothing between is known to write or not known, and no turn catches its own failure.
 */
export function lazyLoadFix(context: FlowContext, query: LoopQuery): Fix | undefined {
  const { loop, site } = query;
  const { file, text } = context;
  const lazy = site?.lazy;
  const language = codeLanguageOf(file);
  const rows = site && lazy ? rowsOf(file, loop) : undefined;
  if (!site || !lazy || !language || !rows || !query.execution.certain || query.path.length !== 1 || loop.id < 0 || !loop.elements.includes(lazy.row)) return undefined;
  if (rows.library !== site.library || !isOf(context, rows, lazy.owner) || !rows.complete || rows.conditional.length > 0 || rows.functionId !== loop.functionId || rows.span.end > loop.span.start) return undefined;
  // What is deleted softly is left out of the rows in ways of its own.
  if (site.model === undefined || modelOf(context, site)?.softDelete !== undefined) return undefined;
  const masked = maskCode(text, language);
  if (!isSteady(context, masked, rows, loop, site)) return undefined;
  const load = findAdapter(site.library)?.loadRelation?.(rows, { uri: file.uri, text, path: [{ property: lazy.property, many: lazy.many }] });
  const loaded = writtenAs(context, site, lazy);
  if (loaded === undefined) return undefined;
  const use = loaded === '' ? [] : replaceLoad(context, masked, loop, site, loaded);
  if (!load || !use || (lazy.once !== true && !isOnlyWalked(file, masked, loop, rows))) return undefined;
  return { title: `Load \`${lazy.property}\` with the query of \`${loop.iterable?.text.trim() ?? ''}\` (${load.by})`, kind: 'review', edits: [...load.edits, ...use] };
}

/** The rows are the model's: by its name, or by the variable that holds its schema. */
const isOf = (context: FlowContext, rows: QuerySite, owner: string): boolean => rows.model === owner || (rows.model !== undefined && modelOf(context, rows)?.inherits?.[0] === owner);

/** What stands in place of the load; empty where the call stays. In TypeScript a class must declare the property, which may be optional. */
function writtenAs({ file, flow }: FlowContext, site: QuerySite, { loaded, row, owner, property, many }: LazyLoad): string | undefined {
  const typed = file.language === 'typescript' || file.language === 'tsx';
  if (loaded === undefined || loaded === row || !typed || site.library === 'mikro-orm') return loaded ?? '';
  const declared = [...flow.files()].some((other) => other.classes.some((cls) => cls.name === owner && cls.fields.some((field) => field.name === property && field.type !== '')));
  return declared && many ? `(${loaded} ?? [])` : undefined;
}

/** Nothing from the rows' query to the loop's end writes, waits for what is not known, or ends a turn by itself. */
function isSteady({ file, flow }: FlowContext, masked: string, rows: QuerySite, loop: Loop, site: QuerySite): boolean {
  const range = hostSpan(rows.span.end, loop.span.end);
  const inside = (span: HostSpan): boolean => containsSpan(range, span);
  if (file.sites.some((other) => inside(other.span) && other.executes !== 'no' && other.access !== 'read')) return false;
  if (file.blocks?.some((block) => containsSpan(loop.body, block.span) && containsSpan(block.span, site.span))) return false;
  if (loop.facts.exits.length > 0 && loop.kind !== 'callback') return false;
  if (/^\s*\)*\s*\.(then|catch|finally)\b/.test(masked.slice(site.span.end))) return false;
  return file.calls.every((call) => {
    if (!inside(call.span) || call.siteId !== undefined || containsSpan(call.span, loop.span)) return true;
    const executions = flow.executions(file.uri, call.id);
    return executions.length > 0 ? executions.every((execution) => execution.access === 'read') : !call.awaited || containsSpan(site.span, call.span);
  });
}

/** The loaded relation in place of the call; a statement that only loaded goes, and with it a loop that did nothing else. */
function replaceLoad({ file, text }: FlowContext, masked: string, loop: Loop, site: QuerySite, loaded: string): readonly Edit[] | undefined {
  const awaited = withAwait(masked, site.span);
  const whole = statementOf(masked, awaited);
  const edit = (span: HostSpan, replacement: string): Edit => ({ uri: file.uri, span, text: replacement });
  if (!whole) return awaited.start === site.span.start && loop.kind !== 'callback' ? undefined : [edit(awaited, loaded)];
  if (loop.kind === 'callback') return undefined;
  const rest = masked.slice(loop.body.start, loop.body.end);
  const alone = (rest.slice(0, Math.max(0, whole.start - loop.body.start)) + rest.slice(whole.end - loop.body.start)).replace(/[{}\s;]/g, '') === '';
  const span = lines(text, alone ? loop.span : whole);
  return span ? [edit(span, '')] : undefined;
}

/** `await a.books.init();` as a statement of its own. */
function statementOf(masked: string, span: HostSpan): HostSpan | undefined {
  const before = /[{};\n]\s*$|\)\s*$/.test(masked.slice(0, span.start));
  const after = /^[ \t]*(;|(?=\r?\n|\}))/.exec(masked.slice(span.end));
  return before && after ? hostSpan(span.start, span.end + after[0].length) : undefined;
}

/** With the line's blanks and end where nothing else stands on the line. */
function lines(text: string, span: HostSpan): HostSpan | undefined {
  const start = text.lastIndexOf('\n', span.start - 1) + 1;
  const rest = /^[ \t]*\r?\n/.exec(text.slice(span.end))?.[0];
  const own = text.slice(start, span.start).trim() === '' && rest !== undefined;
  return own ? hostSpan(start, span.end + rest.length) : span;
}

/** The rows go nowhere but into loops: that they hold more than before is seen by nobody. */
function isOnlyWalked(file: HostFile, masked: string, loop: Loop, rows: QuerySite): boolean {
  const name = loop.iterable?.text.trim() ?? '';
  const fn = loop.functionId === undefined ? undefined : file.functions[loop.functionId];
  if (!fn || !/^[\w$]+$/.test(name)) return false;
  const body = masked.slice(fn.body.start, fn.body.end);
  const element = loop.elements[0] ?? '';
  const walked = occurrences(body, name).every((at) => {
    const place = fn.body.start + at;
    return place < rows.span.start || file.loops.some((other) => other.iterable !== undefined && other.iterable.span.start <= place && place < other.iterable.span.end) || /^\.length\b/.test(masked.slice(place + name.length));
  });
  return walked && occurrences(masked.slice(loop.body.start, loop.body.end), element).every((at) => /^\??\.[\w$]+(?!\s*=[^=])/.test(masked.slice(loop.body.start + at + element.length)));
}
