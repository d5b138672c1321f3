import type { FlowGraph } from '../calls/flow';
import type { Bind, FunctionIr, HostFile, QuerySite } from '../hosts/ir';
import type { HostSpan } from '../text/span';

/** Where a statement without a tenant stands, and how to ask whether another one has its own. */
export interface GuardContext {
  readonly file: HostFile;
  readonly site: QuerySite;
  readonly flow: FlowGraph;
  /** The tenant column. */
  readonly column: string;
  /** Values that the statement holds a tenant column to: they say nothing of the rows that it leaves open. */
  readonly tenantBinds?: ReadonlySet<Bind>;
  /** Does this other statement pin the tenant itself? */
  readonly isScoped: (site: QuerySite) => boolean;
  /** Does this other statement make rows, or read a tenant's table? */
  readonly isTenants?: (site: QuerySite) => boolean;
}

/** Names of functions that check access and throw or return when it is missing. */
const CHECK = /^(assert|check|ensure|require|verify|authori[sz]e|guard|validate|enforce|must|can|has|is)[A-Z_]?.*(access|permission|owner|member|belongs|tenant|org|team|workspace|account|role|auth|policy|scope|allowed|can)|^authori[sz]e|^(assert|ensure|require|verify|check)(Can|Has|Is|User|Auth|_can|_has|_is|_user|_auth)/i;

/** Values that the server itself put there: the session, the authenticated user. */
const SERVER_VALUE = /\b(ctx|session|currentUser|current_user|authUser|auth|principal|claims|jwt)\b|\b(req|request|event|c)\.(user|auth|session|tenant|org|organization|workspace|account|team|state)\b|\bthis\.(user|tenant|session|ctx)/;

/**
 * Guard, then act: is the row (or its parent) known to belong to the tenant before this statement runs?
 * - a value comes from rows that were loaded with the tenant, or from the session; from rows of a tenant's table that an earlier
 *   statement loaded without it, which is the gap then
 * - the same id was loaded with the tenant before, and the code leaves early when nothing was found
 * - the loaded row's tenant is compared afterwards, and the code leaves when it differs
 * - an access check was called before with the id, here or in every caller that is known
 */
export function isGuarded(context: GuardContext): boolean {
  const { site, file } = context;
  if (site.binds.some((bind) => context.tenantBinds?.has(bind) !== true && SERVER_VALUE.test(bind.text))) return true;
  const chain = functionChain(file, site.functionId);
  if (comesFromScopedRow(context, chain) || isCheckedAfterwards(context, chain)) return true;
  if (isLoadedBefore(context, chain) || isCheckedBefore(context, chain, site.span, idNames(site))) return true;
  return isGuardedByCallers(context, chain.at(-1));
}

/** The function a site stands in and those around it, innermost first. */
function functionChain(file: HostFile, id: number | undefined): readonly FunctionIr[] {
  const chain: FunctionIr[] = [];
  for (let at = id === undefined ? undefined : file.functions[id]; at; at = at.parent === undefined ? undefined : file.functions[at.parent]) {
    chain.push(at);
    if (chain.length > 16) break;
  }
  return chain;
}

const idNames = (site: QuerySite): ReadonlySet<string> => new Set(site.binds.flatMap((b) => b.names));

/** Every name that the bound values are made of, through locals and loop elements. */
function sourceNames(context: GuardContext, chain: readonly FunctionIr[]): ReadonlySet<string> {
  const { file, site } = context;
  const names = new Set(idNames(site));
  for (let grown = true; grown; ) {
    grown = false;
    const add = (more: readonly string[]): void => {
      for (const name of more) if (!names.has(name)) { names.add(name); grown = true; }
    };
    for (const fn of chain) for (const local of fn.locals) if (names.has(local.name)) add(local.names);
    for (const id of site.loopIds) {
      const loop = file.loops[id];
      if (loop?.iterable && loop.elements.some((e) => names.has(e))) add(loop.iterable.names);
    }
  }
  return names;
}

/** Statements of the same function (or those around it) that run before this one. */
function sitesBefore({ file, site }: GuardContext, chain: readonly FunctionIr[]): readonly QuerySite[] {
  const ids = new Set(chain.map((fn) => fn.id));
  return file.sites.filter((other) => other.id !== site.id && other.functionId !== undefined && ids.has(other.functionId) && other.span.start < site.span.start);
}

/** Those of them that pin the tenant. */
const scopedBefore = (context: GuardContext, chain: readonly FunctionIr[]): readonly QuerySite[] => sitesBefore(context, chain).filter(context.isScoped);

function comesFromScopedRow(context: GuardContext, chain: readonly FunctionIr[]): boolean {
  const names = sourceNames(context, chain);
  return sitesBefore(context, chain).some((other) => resultNames(other, chain).some((name) => names.has(name)) && (context.isScoped(other) || context.isTenants?.(other) === true));
}

/** The variable that holds a site's rows, and locals taken from it (`const [row] = rows`). */
function resultNames(site: QuerySite, chain: readonly FunctionIr[]): readonly string[] {
  const direct = chain.flatMap((fn) => fn.locals.filter((l) => l.siteId === site.id).map((l) => l.name));
  return site.resultName === undefined ? direct : [site.resultName, ...direct];
}

function isLoadedBefore(context: GuardContext, chain: readonly FunctionIr[]): boolean {
  const own = new Set(context.site.binds.map((b) => b.text));
  return scopedBefore(context, chain).some((other) => {
    if (!other.binds.some((b) => own.has(b.text))) return false;
    const results = new Set(resultNames(other, chain));
    const derived = chain.flatMap((fn) => fn.locals.filter((l) => l.names.some((n) => results.has(n))).map((l) => l.name));
    for (const name of derived) results.add(name);
    const leaves = chain.some((fn) => fn.guards.some((g) => g.span.start > other.span.start && g.span.start < context.site.span.start && g.names.some((n) => results.has(n))));
    return leaves || other.chain.some((call) => /OrThrow|OrFail|one$|scalar_one$/.test(call.name));
  });
}

const isTenantText = (text: string, column: string): boolean => {
  const squash = (value: string): string => value.replace(/_/g, '').toLowerCase();
  const wanted = squash(column);
  const root = wanted.replace(/id$/, '');
  const found = squash(text);
  return found.includes(wanted) || found.includes(`${root}.id`);
};

/** Is the tenant of a site's rows compared after they were loaded, and does the code leave where it differs? */
export const isTenantCheckedAfter = (file: HostFile, site: QuerySite, column: string): boolean => isCheckedAfterwards({ site, column }, functionChain(file, site.functionId));

function isCheckedAfterwards({ site, column }: Pick<GuardContext, 'site' | 'column'>, chain: readonly FunctionIr[]): boolean {
  const results = new Set(resultNames(site, chain));
  return chain.some((fn) => fn.guards.some((g) => g.span.start > site.span.start && isTenantText(g.condition, column) && g.names.some((n) => results.has(n) || fn.locals.some((l) => l.name === n && l.names.some((m) => results.has(m))))));
}

/** An access check before this place that is given one of the names, or a guard on the tenant. */
function isCheckedBefore({ file, column }: GuardContext, chain: readonly FunctionIr[], span: HostSpan, names: ReadonlySet<string>): boolean {
  const ids = new Set(chain.map((fn) => fn.id));
  const called = file.calls.some((call) => call.functionId !== undefined && ids.has(call.functionId) && call.span.end <= span.start && CHECK.test(call.callee.at(-1) ?? '') && (names.size === 0 || call.args.some((a) => a.names.some((n) => names.has(n)))));
  return called || chain.some((fn) => fn.guards.some((g) => g.span.end <= span.start && isTenantText(g.condition, column) && g.names.some((n) => names.has(n))));
}

/** Calls between a handler and the statement that are looked through. */
const HOPS = 3;

/** Does a handler of requests run the statement's function, directly or through others? */
export function isReachedByRequest({ file, site, flow }: Pick<GuardContext, 'file' | 'site' | 'flow'>): boolean {
  let calls: readonly { readonly file: HostFile; readonly functionId: number | undefined }[] = [{ file, functionId: site.functionId }];
  const seen = new Set<string>();
  for (let hop = 0; hop <= HOPS; hop++) {
    const chains = calls.map((call) => ({ file: call.file, chain: functionChain(call.file, call.functionId) }));
    if (chains.some(({ chain }) => chain.some((fn) => fn.entry !== undefined))) return true;
    calls = chains.flatMap(({ file: own, chain }) => {
      const fn = chain.at(-1);
      const key = `${own.uri}#${fn?.id}`;
      if (fn === undefined || seen.has(key)) return [];
      seen.add(key);
      return flow.callers({ uri: own.uri, functionId: fn.id }).flatMap(({ uri, callId }) => {
        const caller = flow.file(uri);
        return caller?.role === 'application' ? [{ file: caller, functionId: caller.calls[callId]?.functionId }] : [];
      });
    });
  }
  return false;
}

/** Every known caller checks, or has pinned the tenant itself, before it calls. No known caller proves nothing. */
function isGuardedByCallers(context: GuardContext, fn: FunctionIr | undefined): boolean {
  if (!fn || fn.entry !== undefined) return false;
  const callers = context.flow.callers({ uri: context.file.uri, functionId: fn.id });
  return callers.length > 0 && callers.every(({ uri, callId }) => {
    const file = context.flow.file(uri);
    const call = file?.calls[callId];
    if (!file || !call) return false;
    const chain = functionChain(file, call.functionId);
    const names = new Set(call.args.flatMap((a) => a.names));
    const before = file.sites.some((s) => s.functionId !== undefined && chain.some((f) => f.id === s.functionId) && s.span.start < call.span.start && context.isScoped(s) && s.binds.some((b) => b.names.some((n) => names.has(n))));
    return before || call.args.some((a) => SERVER_VALUE.test(a.text)) || isCheckedBefore({ ...context, file }, chain, call.span, names);
  });
}
