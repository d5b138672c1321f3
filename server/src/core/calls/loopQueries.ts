import type { CallIr, HostFile, Loop, QuerySite } from '../hosts/ir';
import { containsSpan, type HostSpan } from '../text/span';
import { calleeSpan } from './blocks';
import { dependentNames } from './dependence';
import { enclosingFunctions, enclosingLoops } from './enclosing';
import type { Execution, FlowGraph, PathStep } from './flow';
import { isLoadedBefore } from './lazyLoads';
import { classifyLoop, PARENT, type LoopClass, type LoopSubject } from './loops';
import { choosesSchema, namesTable } from './loopTables';
import { perObjectLoop } from './perObject';
import { isOpaqueLabel, siteExecution } from './summaries';
import { createVersioned } from './versioned';

/** A query that runs in a loop, with everything that the loop rules say of it. */
export interface LoopQuery {
  readonly loop: Loop;
  readonly form: LoopClass;
  /** Smallest text that names the query or the call that leads to it. */
  readonly anchor: HostSpan;
  readonly execution: Execution;
  /** From this place to the query; the first step stands in this file. */
  readonly path: readonly PathStep[];
  readonly call?: CallIr;
  /** Where the query itself stands in the loop. */
  readonly site?: QuerySite;
  /** False: it gives the same in each turn. */
  readonly dependent: boolean;
  /** Why it is less than sure. */
  readonly doubts: readonly Doubt[];
  /** Where the loop does the same again: it is one finding. */
  readonly alike?: readonly HostSpan[];
}

export type Doubt = 'deep' | 'opaque' | 'conditional' | 'guessed' | 'shape' | 'background' | 'chain' | 'bounded' | 'chunk' | 'unlisted';

/** Folders and file names of work that nobody waits for. `commands`, `tasks` and the like are often the domain's own words. */
const BACKGROUND = /\/(crons?|jobs?|workers?|queues?|consumers?|schedulers?|scheduled|background|sweepers?|backfills?|cli|management)\/|\/([\w-]+[._-])?(cron|job|worker|consumer|scheduler|scheduled|sweep|backfill|cli|tasks)\.\w+$|\/backfill[_-][\w-]+\.\w+$/i;

/** Is a place in work that nobody waits for: a job, a worker, a command? */
export const isBackgroundWork = (file: HostFile, functionId: number | undefined): boolean =>
  enclosingFunctions(file, functionId).some((fn) => fn.background === true) || BACKGROUND.test(`/${file.uri.split('/').slice(-8).join('/')}`);

/** Two rules ask for them: reads and writes. */
const queriesByFile = createVersioned<HostFile, readonly LoopQuery[]>();

/**
 * The queries of a file that run once per turn of a loop: directly, or through calls. One entry per loop and callee;
 * a query in nested loops is reported for the innermost loop that it depends on. Loops that RULES.md calls innocent are left out.
 */
export function collectLoopQueries(flow: FlowGraph, file: HostFile): readonly LoopQuery[] {
  const known = queriesByFile(flow);
  let found = known.get(file);
  if (!found) known.set(file, (found = findLoopQueries(flow, file)));
  return found;
}

function findLoopQueries(flow: FlowGraph, file: HostFile): readonly LoopQuery[] {
  const perObject = file.functions.some((fn) => fn.perObject !== undefined);
  if (file.loops.length === 0 && !file.calls.some((c) => c.args.some((a) => a.functionId !== undefined || PARENT.test(a.text))) && !perObject) return [];
  const result = new Map<string, LoopQuery>();
  const add = (query: LoopQuery | undefined): void => {
    if (!query) return;
    const key = `${query.loop.id}:${query.call?.callee.join('.') ?? query.site?.id}:${query.dependent}:${query.call?.callee.length === 1 || query.call?.siteId === undefined ? '' : statementKind(query.site)}`;
    const known = result.get(key);
    const first = known && (known.doubts.length < query.doubts.length || (known.doubts.length === query.doubts.length && known.anchor.start <= query.anchor.start)) ? known : query;
    result.set(key, known ? { ...first, alike: [...known.alike ?? [], ...(query.anchor.start === known.anchor.start ? [] : [first === known ? query.anchor : known.anchor])] } : query);
  };
  for (const site of file.sites) {
    const execution = siteExecution({ file }, site);
    const call = site.callId === undefined ? undefined : file.calls[site.callId];
    if (!execution) continue;
    if (perObject) add(perObjectQuery(flow, file, execution, site.functionId, site.anchor, call, site));
    const subject: LoopSubject = { span: site.span, functionId: site.functionId, loopIds: site.loopIds, call, resultName: site.resultName ?? call?.resultName, sql: site.source?.text, names: namesOf(execution, call) };
    add(judge(flow, file, subject, execution, site.anchor, site));
  }
  for (const call of file.calls) {
    if (call.siteId !== undefined || isBatcher(call)) continue;
    const executions = flow.executions(file.uri, call.id);
    if (executions.length === 0) continue;
    const recursion = walksUp(flow, file, call);
    for (const execution of executions) {
      if (perObject) add(perObjectQuery(flow, file, execution, call.functionId, calleeSpan(call), call, undefined));
      if (recursion) add({ loop: recursion, form: { form: 'chain', reason: 'once per level, from child to parent' }, anchor: calleeSpan(call), execution, path: execution.path, call, dependent: true, doubts: [...doubtsOf(file, { form: 'chain', reason: '' }, recursion, execution, undefined)] });
      const at = execution.path[0]?.span ?? call.nameSpan;
      const byName = !containsSpan(call.nameSpan, at);
      const subject: LoopSubject = { span: byName ? at : call.span, functionId: call.functionId, loopIds: call.loopIds, call, resultName: call.resultName, names: byName ? [] : namesOf(execution, call), byName };
      add(judge(flow, file, subject, execution, byName ? at : calleeSpan(call), undefined));
    }
  }
  return [...result.values()].sort((a, b) => a.anchor.start - b.anchor.start);
}

function perObjectQuery(flow: FlowGraph, file: HostFile, execution: Execution, functionId: number | undefined, anchor: HostSpan, call: CallIr | undefined, site: QuerySite | undefined): LoopQuery | undefined {
  const found = perObjectLoop(flow, file, functionId, namesOf(execution, call));
  if (!found || execution.access === 'write' || (call && isBatcher(call)) || execution.path.some((step) => /loader/i.test(step.label))) return undefined;
  const { loop, form, listed } = found;
  if (mergedByPrisma(flow, file, { ...loop, concurrent: true }, execution, site)) return undefined;
  return { loop, form, anchor, execution, path: execution.path, call, site, dependent: true, doubts: [...doubtsOf(file, form, loop, execution, site), ...(listed ? [] : ['unlisted' as const])] };
}

/** Writes of one kind to one table are one thing to mend; each read wants its own. */
const statementKind = (site: QuerySite | undefined): string => {
  const text = site?.source?.text;
  return text === undefined ? site?.access ?? '' : /^\s*(?:insert\s+into|update|delete\s+from)\s+(?:only\s+)?[\w."$]+/i.exec(text)?.[0].replace(/\s+/g, ' ').toLowerCase() ?? text.slice(0, 40);
};

function namesOf(execution: Execution, call: CallIr | undefined): readonly string[] {
  const receiver = call?.callee[0];
  return [...new Set([...execution.names, ...(call?.args.flatMap((a) => a.names) ?? []), ...(receiver === undefined || receiver === 'this' || receiver === 'self' ? [] : [receiver])])];
}

/** `foreach ($idsByType as $type => $ids) { …->whereIn('id', $ids) }`: a statement per group, with all of its elements. */
function takesGroup(loop: Loop, site: QuerySite | undefined): boolean {
  if (loop.elements.length < 2 || !site) return false;
  const isElement = (text: string): boolean => loop.elements.some((element) => element.replace(/^\$/, '') === text.replace(/^[$&*]+/, ''));
  const text = site.source?.text ?? '';
  return site.chain.some((call) => /^(?:whereIn|whereIntegerInRaw|orWhereIn|is_in|eq_any|in_)$/.test(call.name) && call.args.some((argument) => isElement(argument.text)))
    || site.binds.some((bind) => isElement(bind.text) && new RegExp(`\\bany\\s*\\(\\s*[$:@]${bind.key}\\b`, 'i').test(text));
}

function judge(flow: FlowGraph, file: HostFile, subject: LoopSubject, execution: Execution, anchor: HostSpan, site: QuerySite | undefined): LoopQuery | undefined {
  if (enclosingFunctions(file, subject.functionId).some((fn) => file.errors.some((e) => fn.span.start <= e.start && e.end <= fn.span.end))) return undefined;
  if (subject.call?.onError === true) return undefined;
  const loops = enclosingLoops(flow, file, subject.span, subject.functionId, subject.loopIds);
  let invariant: { loop: Loop; form: LoopClass } | undefined;
  let takesChunk = false;
  for (const [depth, loop] of loops.entries()) {
    if (walksImportedConstant(flow, file, loop)) continue;
    const form = classifyLoop(file, loop, subject);
    if (form.form === 'chunk') {
      const parts = dependentNames(file, loop.span, seedsOf(file, loop));
      takesChunk ||= subject.names.some((n) => parts.has(n));
    }
    if (form.form !== 'per-element' && form.form !== 'chain') continue;
    const derived = dependentNames(file, loop.span, seedsOf(file, loop));
    const dependent = subject.byName === true || subject.names.some((n) => derived.has(n)) || sendsWork(file, loop, subject, derived);
    if (!dependent) {
      if (depth === 0) invariant = { loop, form };
      continue;
    }
    if (site && (isLoadedBefore(file, loop, site) || (site.lazy?.batched && loop.concurrent))) return undefined;
    if (mergedByPrisma(flow, file, loop, execution, site) || namesTable(flow, site, subject.call, execution, derived) || choosesSchema(file, loop, derived) || walksStatements(subject.call, site, execution, derived)) return undefined;
    return { loop, form, anchor, execution, path: execution.path, call: subject.call, site, dependent: true, doubts: [...doubtsOf(file, form, loop, execution, site), ...(takesChunk || takesGroup(loop, site) ? ['chunk' as const] : [])] };
  }
  if (!invariant || !canHoist(flow, file, invariant.loop, execution, subject, site)) return undefined;
  return { ...invariant, anchor, execution, path: execution.path, call: subject.call, site, dependent: false, doubts: doubtsOf(file, invariant.form, invariant.loop, execution, site) };
}

/**
 * `for (const sql of statements) await client.query(sql)`: what the loop walks are the statements, and nothing is common to them.
 * Through a function of the workspace only where a name says so.
 */
function walksStatements(call: CallIr | undefined, site: QuerySite | undefined, execution: Execution, derived: ReadonlySet<string>): boolean {
  const [, root, member] = /^(\w+)(?:(?:\.|->)(\w+)|\[['"](\w+)['"]\])?$/.exec(call?.args[0]?.text.trim() ?? '') ?? [];
  // What a prepared statement is given is a value.
  if (root === undefined || !derived.has(root) || site?.binds.some((bind) => bind.text === call?.args[0]?.text.trim())) return false;
  const said = STATEMENT.test(member ?? root);
  return site === undefined ? execution.access === 'both' && said : site.source === undefined && (said || (member === undefined && SENDS_TEXT.test(call?.callee.at(-1) ?? '')));
}

const SENDS_TEXT = /^(?:query|exec|execute|raw|unsafe|multi|none|\$(?:query|execute)RawUnsafe)$/i;
/** Names of SQL text. */
const STATEMENT = /^(?:text|ddl)$|sql|quer(?:y|ies)|statement|stmt/i;

/**
 * A function that queries and calls itself for the parent: `return pathOf(folder.parentId)`. The function is the loop.
 * Undefined for other recursions: retries and page walks call themselves too, trees are walked by a loop.
 */
function walksUp(flow: FlowGraph, file: HostFile, call: CallIr): Loop | undefined {
  if (call.loopIds.length > 0 || !call.args.some((a) => PARENT.test(a.text)) || call.args.some((a) => /attempt|retr|\bpage|cursor|offset/i.test(a.text))) return undefined;
  const fn = enclosingFunctions(file, call.functionId).find((f) => flow.resolve(file.uri, call.id).some((ref) => ref.uri === file.uri && ref.functionId === f.id));
  // The parent comes out of the function's own query, not from an argument that is handed on.
  if (!fn || call.args.every((a) => fn.parameters.some((p) => p.name === a.text))) return undefined;
  if (!file.sites.some((s) => s.executes !== 'no' && containsSpan(fn.body, s.span)) && !file.calls.some((c) => c.id !== call.id && containsSpan(fn.body, c.span) && flow.executions(file.uri, c.id).length > 0)) return undefined;
  return { id: -1_000_000 - call.id, kind: 'while', span: fn.span, head: fn.nameSpan, body: fn.body, functionId: fn.id, elements: [], concurrent: false, facts: { condition: fn.name, assigns: [], exits: [], retries: false } };
}

/** `for (const p of defaultPriorities)` where the name is imported and stands for a literal list. */
function walksImportedConstant(flow: FlowGraph, file: HostFile, loop: Loop): boolean {
  const name = loop.iterable?.text.trim() ?? '';
  if (!file.imports.some((i) => i.local === name)) return false;
  const text = flow.importedLocal(file.uri, name)?.text.trim() ?? '';
  return /^[[({]/.test(text) && !/^[[({]\s*[\])}]$|\.\.\.|\bfor\b.+\bin\b/.test(text);
}

/** Names that differ from turn to turn. */
function seedsOf(file: HostFile, loop: Loop): readonly string[] {
  const seeds = [...loop.elements];
  if (loop.iterable === undefined) {
    seeds.push(...loop.facts.assigns.map((a) => a.name));
    const counter = /^\(?\s*([A-Za-z_$][\w$]*)\s*(?:[<>]|!=)/.exec(loop.facts.condition ?? '')?.[1];
    if (counter !== undefined && loop.kind === 'for') seeds.push(counter);
    for (const fn of file.functions) for (const local of fn.locals) if (containsSpan(loop.body, local.span) && local.callId !== undefined) seeds.push(local.name);
  } else seeds.push(...loop.facts.assigns.filter((a) => a.names.includes(a.name)).map((a) => a.name));
  return seeds;
}

/** `session.commit()`, `em.flush()`: sends what the turn has put into the unit of work. */
function sendsWork(file: HostFile, loop: Loop, subject: LoopSubject, derived: ReadonlySet<string>): boolean {
  if (!/^(commit|flush)$/.test(subject.call?.callee.at(-1) ?? '') || subject.sql !== undefined) return false;
  return file.calls.some((c) => containsSpan(loop.body, c.span) && c.span.start < subject.span.start && /^(add|add_all|delete|merge|persist|remove|assign|setattr)$/.test(c.callee.at(-1) ?? '') && c.args.some((a) => a.names.some((n) => derived.has(n))));
}

/** Prisma sends `findUnique` calls of one tick as one statement; also where a function stands between, that waits for nothing before. */
function mergedByPrisma(flow: FlowGraph, file: HostFile, loop: Loop, execution: Execution, site: QuerySite | undefined): boolean {
  if (!loop.concurrent || loop.kind !== 'callback' || execution.path.length > 3) return false;
  const last = execution.path.at(-1);
  const home = site || last === undefined ? file : flow.file(last.uri);
  const query = site ?? home?.sites.find((s) => s.anchor.start === last?.span.start && s.anchor.end === last.span.end);
  if (query?.library !== 'prisma' || !home) return false;
  const call = query.callId === undefined ? undefined : home.calls[query.callId];
  // `findUnique(…).posts()` too.
  if (!(call?.callee ?? [query.chain.at(-1)?.name ?? '']).some((part) => /^findUnique(OrThrow)?$/.test(part))) return false;
  const waits = (where: HostFile, span: HostSpan | undefined, before: number): boolean => span === undefined || where.calls.some((c) => c.awaited && containsSpan(span, c.span) && c.span.end < before);
  if (waits(file, loop.body, site?.span.start ?? execution.path[0]?.span.start ?? loop.body.start)) return false;
  return site !== undefined || !execution.path.slice(1).some((step) => {
    const where = flow.file(step.uri);
    const around = where?.functions.filter((fn) => containsSpan(fn.body, step.span)).sort((a, b) => a.body.end - a.body.start - (b.body.end - b.body.start))[0];
    return !where || waits(where, around?.body, step.span.start);
  });
}

/** DataLoader and its kind collect the keys of one tick. */
const isBatcher = (call: CallIr): boolean => /^(load|loadMany|load_many|prime)$/.test(call.callee.at(-1) ?? '') && call.callee.slice(0, -1).some((part) => /loader/i.test(part));

/**
 * May the query stand before the loop? Only a plain read in a walk over a collection whose body writes nothing, whose
 * text is wholly known, and whose parameters nothing in the body assigns.
 */
function canHoist(flow: FlowGraph, file: HostFile, loop: Loop, execution: Execution, subject: LoopSubject, site: QuerySite | undefined): boolean {
  if (!site?.source || !site.complete || execution.access !== 'read' || !execution.certain || loop.iterable === undefined) return false;
  if (site.model !== undefined && site.binds.length === 0) return false;
  if (/\b(for\s+update|for\s+share|nextval|random|clock_timestamp|gen_random_uuid|skip\s+locked|pg_)/i.test(site.source.text)) return false;
  const assigned = new Set(loop.facts.assigns.map((a) => a.name));
  for (const fn of file.functions) for (const local of fn.locals) if (containsSpan(loop.body, local.span)) assigned.add(local.name);
  if (subject.names.some((n) => assigned.has(n))) return false;
  if (file.sites.some((s) => containsSpan(loop.body, s.span) && s.access !== 'read')) return false;
  return !file.calls.some((c) => c.siteId === undefined && containsSpan(loop.body, c.span) && flow.executions(file.uri, c.id).some((e) => e.access !== 'read'));
}

function doubtsOf(file: HostFile, form: LoopClass, loop: Loop, execution: Execution, site: QuerySite | undefined): readonly Doubt[] {
  const doubts: Doubt[] = [];
  if (execution.path.length > 2) doubts.push('deep');
  if (execution.guessed === true) doubts.push('guessed');
  else if (!execution.certain) doubts.push('conditional');
  if (execution.access === 'both' && isOpaqueLabel(execution.path.at(-1)?.label ?? '')) doubts.push('opaque');
  if (form.form === 'chain') doubts.push('chain');
  if (site?.confidence === 'shape') doubts.push('shape');
  if (isBackgroundWork(file, loop.functionId)) doubts.push('background');
  if (loop.iterable && /\.slice\(\s*0\s*,\s*\d+\s*\)$|\[:\d+\]$/.test(loop.iterable.text)) doubts.push('bounded');
  return doubts;
}
