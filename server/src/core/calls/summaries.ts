import type { CallIr, FunctionIr, Loop, QuerySite } from '../hosts/ir';
import { containsSpan, type HostSpan } from '../text/span';
import { calleeText } from './blocks';
import { isCacheGuard, isKnownRunner, isMemoDecorator, isMemoiser, runsByName, type Runs } from './callbacks';
import { dependentNames } from './dependence';
import type { FileIndex } from './fileIndex';
import type { Execution, FunctionRef, FunctionSummary } from './flow';
import { walksChunks } from './loops';

/** Longest call path that is followed (steps, the query included). */
export const MAX_STEPS = 7;

export const NO_QUERY: FunctionSummary = { executes: 'no', access: 'none', path: [], keyed: [], runs: [], sqlParameters: [] };

/** What a summary is made from: the callee's present summaries. */
export interface SummaryInput {
  readonly index: FileIndex;
  resolve(call: CallIr): readonly FunctionRef[];
  /** Functions that an argument names (`loadUser`, `this.load`); empty for anything else. */
  resolveArgument(call: CallIr, k: number): readonly FunctionRef[];
  summary(ref: FunctionRef): FunctionSummary;
  functionName(ref: FunctionRef): string;
}

/** Labels of queries whose text is not known are the call's name. */
export const isOpaqueLabel = (label: string): boolean => !/\s/.test(label);

export type Access = FunctionSummary['access'];

/** The effect of one function from its own sites and the present summaries of what it calls. Pure; one step of the fixed point. */
export function summarise(input: SummaryInput, fn: FunctionIr): FunctionSummary {
  const { index } = input;
  if (index.broken.has(fn.id)) return NO_QUERY;
  const executions: Execution[] = [];
  const parameters = fn.parameters.map((p) => p.name.replace(/^[*.]+/, ''));
  const sqlParameters = new Set<number>();
  const runs = new Map<number, boolean>();

  // What `with session_scope()` commits is the work of its body.
  const givesSession = fn.decorators.some((d) => /contextmanager/i.test(d)) || /session|transaction|unit_?of_?work/i.test(fn.name);

  for (const site of index.sitesIn.get(fn.id) ?? []) {
    const execution = siteExecution(index, site);
    if (!execution || (givesSession && isSessionEnd(index, site))) continue;
    executions.push(execution);
    const text = site.source === undefined ? argumentText(index, site) : undefined;
    const parameter = text === undefined ? -1 : parameters.indexOf(text);
    if (parameter >= 0) sqlParameters.add(parameter);
  }
  for (const call of index.callsIn.get(fn.id) ?? []) {
    if (call.siteId === undefined) executions.push(...callExecutions(input, call), ...callbackExecutions(input, call));
    collectRuns(input, call, parameters, runs);
    for (const ref of input.resolve(call)) {
      for (const k of input.summary(ref).sqlParameters) {
        const parameter = parameters.indexOf(call.args[k]?.text ?? '');
        if (parameter >= 0) sqlParameters.add(parameter);
      }
    }
  }
  if (executions.length === 0) return { ...NO_QUERY, runs: sortedRuns(runs), sqlParameters: [...sqlParameters].sort() };

  const guarded = fn.decorators.some(isMemoDecorator) || fn.guards.some((g) => isCacheGuard(g.condition));
  const certain = executions.filter((e) => e.certain);
  const shortest = [...(certain.length > 0 ? certain : executions)].sort((a, b) => a.path.length - b.path.length || start(a) - start(b))[0];
  if (!shortest) return NO_QUERY;
  return {
    executes: certain.length > 0 && !guarded ? 'yes' : 'maybe',
    access: executions.map((e): Access => e.access).reduce(joinAccess),
    path: shortest.path,
    keyed: parameters.flatMap((name, k) => (executions.some((e) => e.names.length > 0 && reaches(index, fn, name, e.names)) ? [k] : [])),
    runs: sortedRuns(runs),
    sqlParameters: [...sqlParameters].sort(),
  };
}

/** The execution of a site; undefined when it sends nothing, or no query but a utility statement. */
export function siteExecution(index: Pick<FileIndex, 'file'>, site: QuerySite): Execution | undefined {
  if (site.executes === 'no' || isUtility(site)) return undefined;
  const call = site.callId === undefined ? undefined : index.file.calls[site.callId];
  return {
    certain: (site.executes === 'yes' || call?.awaited === true || call?.exitsAfter === true) && call?.conditional !== true,
    access: siteAccess(site),
    path: [{ uri: index.file.uri, span: site.anchor, label: site.source ? firstWords(withHoles(site.source)) : (call ? calleeText(call) : site.lazy ? `${site.lazy.row}.${site.lazy.property}` : 'query') }],
    names: [...site.binds.flatMap((b) => b.names), ...(site.lazy ? [site.lazy.row] : []), ...(site.binds.length === 0 ? (call?.args.flatMap((a) => a.names) ?? []) : [])],
  };
}

/** Executions behind a call: its targets, and functions passed by name that it runs. */
export function callExecutions(input: SummaryInput, call: CallIr): readonly Execution[] {
  const result = targetExecutions(input, call, input.resolve(call), (k, keyed) => keyed.length === 0 || keyed.includes(k));
  const byName = call.args.flatMap((argument, k) => {
    if (isLiteral(input.index, argument) || hasOwnCall(input.index, argument.span) || !runsArgument(callbackRuns(input, call, k))) return [];
    return targetExecutions(input, call, input.resolveArgument(call, k), () => true, argument.span);
  });
  return byName.length === 0 ? result : [...result, ...byName];
}

/** A function written where it is passed; others are passed by their name. */
const isLiteral = (index: FileIndex, argument: CallIr['args'][number]): boolean => {
  const fn = argument.functionId === undefined ? undefined : index.file.functions[argument.functionId];
  return fn !== undefined && containsSpan(argument.span, fn.span);
};

/** Hosts note `ids.map(load)` as a call of `load` in the loop; then it is counted there. */
const hasOwnCall = (index: FileIndex, span: HostSpan): boolean => index.isCall(span);

function targetExecutions(input: SummaryInput, call: CallIr, targets: readonly FunctionRef[], counts: (k: number, keyed: readonly number[]) => boolean, at = call.nameSpan): readonly Execution[] {
  return targets.flatMap((ref) => {
    const summary = input.summary(ref);
    if (summary.executes === 'no' || summary.path.length >= MAX_STEPS) return [];
    return [{
      certain: summary.executes === 'yes' && !call.conditional && ref.confidence !== 'low' && ref.cached !== true && targets.length === 1,
      access: wrapperAccess(summary, call),
      path: [{ uri: input.index.file.uri, span: at, label: input.functionName(ref) }, ...summary.path],
      names: call.args.filter((_, k) => counts(k, summary.keyed)).flatMap((a) => a.names),
      ...(ref.confidence === 'low' ? { guessed: true } : {}),
    }];
  });
}

/** Executions of function literals that the call runs. */
function callbackExecutions(input: SummaryInput, call: CallIr): readonly Execution[] {
  return call.args.flatMap((argument, k) => {
    if (argument.functionId === undefined || !runsArgument(callbackRuns(input, call, k))) return [];
    const summary = input.summary({ uri: input.index.file.uri, functionId: argument.functionId });
    if (summary.executes === 'no') return [];
    const fn = input.index.file.functions[argument.functionId];
    return [{
      certain: summary.executes === 'yes' && !call.conditional && !isMemoiser(call),
      access: summary.access === 'none' ? 'both' as const : summary.access,
      path: summary.path,
      names: [...argument.names, ...(fn?.locals.flatMap((l) => l.names) ?? [])],
    }];
  });
}

const runsArgument = (runs: Runs): boolean => runs === 'once' || runs === 'each';

/** How often a call runs its k-th argument: a function literal, or the name of a function. */
export function callbackRuns(input: SummaryInput, call: CallIr, k: number): Runs {
  const functionId = call.args[k]?.functionId;
  const fn = functionId === undefined ? undefined : input.index.file.functions[functionId];
  const loop = input.index.loopOfCall.get(call.id);
  if (loop && (fn ? containsSpan(fn.span, loop.body) : containsSpan(call.args[k]?.span ?? call.nameSpan, loop.body))) return 'each';
  const targets = input.resolve(call);
  if (targets.length > 0) {
    const known = targets.flatMap((ref) => input.summary(ref).runs.filter((r) => r.parameter === k));
    if (known.some((r) => r.perElement)) return 'each';
    return known.length > 0 ? 'once' : 'never';
  }
  const byName = runsByName(call);
  // A name among the arguments of an unknown call is data far more often than a function to run.
  return fn || (byName === 'once' && isKnownRunner(call)) ? byName : 'unknown';
}

/** Notes parameters that the function calls, or hands on to something that calls them. */
function collectRuns(input: SummaryInput, call: CallIr, parameters: readonly string[], runs: Map<number, boolean>): void {
  const note = (k: number, each: boolean): void => void (k >= 0 && runs.set(k, (runs.get(k) ?? false) || each));
  // Most functions are given nothing that could be run.
  if (parameters.length === 0) return;
  const inLoop = isInElementLoop(input.index, call);
  if (call.callee.length === 1 && call.callee[0] !== undefined) note(parameters.indexOf(call.callee[0]), inLoop);
  if (call.callee.length === 2 && (call.callee[1] === 'call' || call.callee[1] === 'apply') && call.callee[0] !== undefined) note(parameters.indexOf(call.callee[0]), inLoop);
  const targets = input.resolve(call);
  for (const [k, argument] of call.args.entries()) {
    if (argument.functionId !== undefined) {
      const inner = input.index.file.functions[argument.functionId];
      const how = inner ? callbackRuns(input, call, k) : 'never';
      if (!inner || how === 'never' || how === 'unknown') continue;
      for (const nested of input.index.callsIn.get(inner.id) ?? []) {
        if (nested.callee.length === 1 && nested.callee[0] !== undefined) note(parameters.indexOf(nested.callee[0]), how === 'each' || inLoop || isInElementLoop(input.index, nested));
      }
      continue;
    }
    const parameter = parameters.indexOf(argument.text.replace(/^[*&]+/, ''));
    if (parameter < 0) continue;
    const loop = input.index.loopOfCall.get(call.id);
    if (loop) note(parameter, true);
    else if (targets.length > 0) for (const ref of targets) for (const r of input.summary(ref).runs) if (r.parameter === k) note(parameter, r.perElement || inLoop);
    if (targets.length === 0 && /^(cb|fn|func|callback|handler|task|work|block|action|operation|closure|mapper|iteratee)$/i.test(argument.text) && runsByName(call) === 'once') note(parameter, inLoop);
  }
}

/** Is the call in a loop of its own function that walks a collection? Retry loops run a callback once, and what gets a chunk is no loop over elements. */
function isInElementLoop(index: FileIndex, call: CallIr): boolean {
  return call.loopIds.some((id) => {
    const loop: Loop | undefined = index.file.loops[id];
    return loop !== undefined && loop.kind !== 'while' && loop.kind !== 'do' && !walksChunks(index.file, loop) && !(loop.kind === 'for' && /attempt|retr|tries/i.test(loop.facts.condition ?? '')) && !/attempt|retr|tries/i.test(loop.elements.join(' '));
  });
}

/** A wrapper whose parameter is the SQL text reads or writes what that text says. */
function wrapperAccess(summary: FunctionSummary, call: CallIr): Exclude<Access, 'none'> {
  for (const k of summary.sqlParameters) {
    const access = textAccess(call.args[k]?.text.replace(/^[rfbu]*["'`]+\s*/i, '') ?? '');
    if (access) return access;
  }
  return summary.access === 'none' ? 'both' : summary.access;
}

function siteAccess(site: QuerySite): Exclude<Access, 'none'> {
  if (site.access !== 'unknown') return site.access;
  return (site.source && textAccess(site.source.text)) || 'both';
}

function textAccess(sql: string): 'read' | 'write' | undefined {
  const word = /^\s*([a-z]+)/i.exec(sql)?.[1]?.toLowerCase();
  if (word === 'insert' || word === 'update' || word === 'delete' || word === 'merge') return 'write';
  return word === 'select' || word === 'values' || word === 'with' ? 'read' : undefined;
}

/** Transaction control, DDL and the like: not a query per row, whatever loop it stands in. */
export const isUtility = (site: QuerySite): boolean =>
  site.source !== undefined && /^\s*(begin|commit|rollback|savepoint|release|start\s+transaction|set|reset|show|listen|unlisten|notify|discard|create|drop|alter|refresh|vacuum|analyze|reindex|cluster|comment|grant|revoke|truncate|lock|prepare|deallocate|explain|do|call|copy)\b/i.test(site.source.text);

export function joinAccess(a: Access, b: Access): Access {
  if (a === b || b === 'none') return a;
  return a === 'none' ? b : 'both';
}

/** `session.commit()`, `session.flush()`: sends what others have put into the session. */
function isSessionEnd(index: FileIndex, site: QuerySite): boolean {
  const call = site.callId === undefined ? undefined : index.file.calls[site.callId];
  return site.source === undefined && /^(commit|flush|rollback|close)$/.test(call?.callee.at(-1) ?? '');
}

/** Text of the first argument of the call that sends an opaque site. */
function argumentText(index: FileIndex, site: QuerySite): string | undefined {
  const call = site.callId === undefined ? undefined : index.file.calls[site.callId];
  return call?.args[0]?.text;
}

function reaches(index: FileIndex, fn: FunctionIr, parameter: string, names: readonly string[]): boolean {
  const dependent = dependentNames(index.file, fn.span, [parameter]);
  return names.some((n) => dependent.has(n));
}

const sortedRuns = (runs: ReadonlyMap<number, boolean>): FunctionSummary['runs'] => [...runs].sort((a, b) => a[0] - b[0]).map(([parameter, perElement]) => ({ parameter, perElement }));
const start = (e: Execution): number => e.path[0]?.span.start ?? 0;
/** Interpolations stand as blanks in the text; a reader needs to see them. */
function withHoles(source: NonNullable<QuerySite['source']>): string {
  let text = source.text;
  for (const { span } of [...source.interpolations].sort((a, b) => b.span.start - a.span.start)) text = `${text.slice(0, span.start)}…${text.slice(span.end)}`;
  return text;
}

const firstWords = (sql: string): string => {
  const line = sql.replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
};
