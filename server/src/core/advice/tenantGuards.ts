import type { FlowGraph, PathStep } from '../calls/flow';
import { isBackgroundWork } from '../calls/loopQueries';
import type { Bind, FunctionIr, HostFile, QuerySite } from '../hosts/ir';
import { containsSpan, type HostSpan } from '../text/span';

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
  /** Is a document system code, which works for all tenants? */
  readonly isSystem?: (uri: string) => boolean;
  /** Does this other statement make rows, or read a tenant's table? */
  readonly isTenants?: (site: QuerySite) => boolean;
}

/** Names of functions that check access and throw or return when it is missing. */
const CHECK = /^(assert|check|ensure|require|verify|authori[sz]e|guard|validate|enforce|must|can|has|is)[A-Z_]?.*(access|permission|owner|member|belongs|tenant|org|team|workspace|account|role|auth|policy|scope|allowed|can)|^authori[sz]e|^(assert|ensure|require|verify|check)(Can|Has|Is|User|Auth|_can|_has|_is|_user|_auth)/i;

/** Values that the server itself put there: the session, the authenticated user. */
const SERVER_VALUE = /\b(ctx|session|currentUser|current_user|authUser|auth|principal|claims|jwt)\b|\b(req|request|event|c)\.(user|auth|session|tenant|org|organization|workspace|account|team|state)\b|\bthis\.(user|tenant|session|ctx)/;

/** What hangs on a request's context and is no value of it. */
const HANDLES = /\bctx\.(?:db|database|prisma|drizzle|knex|sql|pg|pool|client|tx|trx|em|orm|redis|cache|log|logger|headers|params|query|body)\b|\bc\.(?:get|var)\b/g;

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
  const place: Place = { file, chain, span: site.span, siteId: site.id, loopIds: site.loopIds, names: new Set(site.binds.flatMap((b) => b.names)), texts: site.binds.map((b) => b.text) };
  if (isLoaded(context, place) || isCheckedAfterwards(context, chain) || isCheckedBefore(context, place)) return true;
  return isGuardedByCallers(context, file, chain.at(-1), HOPS);
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

/** A statement, or the call that leads to it, with the values that go there. */
interface Place {
  readonly file: HostFile;
  readonly chain: readonly FunctionIr[];
  readonly span: HostSpan;
  readonly siteId?: number;
  readonly loopIds: readonly number[];
  readonly names: ReadonlySet<string>;
  readonly texts: readonly string[];
}

/** Rows that were loaded before a place, by a statement or by a call that leads to some. */
interface Load {
  readonly span: HostSpan;
  readonly results: readonly string[];
  readonly texts: readonly string[];
  /** With the tenant. */
  readonly scoped: boolean;
  /** Of a tenant's table, or made there. */
  readonly tenants: boolean;
  /** Throws where nothing is found. */
  readonly throws: boolean;
}

/** Every name that the values are made of, through locals and loop elements. */
function sourceNames({ file, chain, loopIds, names: own }: Place): ReadonlySet<string> {
  const names = new Set(own);
  for (let grown = true; grown; ) {
    grown = false;
    const add = (more: readonly string[]): void => {
      for (const name of more) if (!names.has(name)) { names.add(name); grown = true; }
    };
    for (const fn of chain) for (const local of fn.locals) if (names.has(local.name)) add(local.names);
    for (const id of loopIds) {
      const loop = file.loops[id];
      if (loop?.iterable && loop.elements.some((e) => names.has(e))) add(loop.iterable.names);
    }
  }
  return names;
}

const THROWS = /OrThrow|OrFail|one$|scalar_one$|_or_404$/;

/** What the same function, or those around it, load before this place. */
function loadsBefore(context: GuardContext, { file, chain, span, siteId }: Place): readonly Load[] {
  const ids = new Set(chain.map((fn) => fn.id));
  const runsBefore = (other: { readonly functionId?: number; readonly span: HostSpan }): boolean => other.functionId !== undefined && ids.has(other.functionId) && other.span.start < span.start;
  const sites = file.sites.filter((other) => other.id !== siteId && runsBefore(other)).map((other): Load => ({
    span: other.span, results: resultNames(other, chain), texts: other.binds.map((b) => b.text), scoped: context.isScoped(other), tenants: context.isTenants?.(other) === true,
    throws: other.chain.some((call) => THROWS.test(call.name)),
  }));
  const calls = file.calls.filter((call) => call.siteId === undefined && runsBefore(call) && call.span.end <= span.start).flatMap((call): readonly Load[] => {
    const results = [...(call.resultName === undefined ? [] : [call.resultName]), ...chain.flatMap((fn) => fn.locals.filter((local) => local.callId === call.id).map((local) => local.name))];
    if (results.length === 0) return [];
    const led = context.flow.executions(file.uri, call.id).flatMap((execution) => siteAt(context.flow, execution.path.at(-1)) ?? []);
    const tenants = led.filter((other) => context.isTenants?.(other) === true);
    return led.length === 0 ? [] : [{ span: call.span, results, texts: call.args.map((a) => a.text), scoped: tenants.length > 0 && tenants.every((other) => context.isScoped(other)), tenants: tenants.length > 0, throws: THROWS.test(call.callee.at(-1) ?? '') }];
  });
  return [...sites, ...calls];
}

const siteAt = (flow: FlowGraph, step: PathStep | undefined): QuerySite | undefined =>
  step && flow.file(step.uri)?.sites.find((site) => site.anchor.start === step.span.start || containsSpan(site.span, step.span));

/** The variable that holds a site's rows, and locals taken from it (`const [row] = rows`). */
function resultNames(site: QuerySite, chain: readonly FunctionIr[]): readonly string[] {
  const direct = chain.flatMap((fn) => fn.locals.filter((l) => l.siteId === site.id).map((l) => l.name));
  return site.resultName === undefined ? direct : [site.resultName, ...direct];
}

/** A value comes from rows that were loaded, or the same id was loaded with the tenant and the code leaves where nothing was found. */
function isLoaded(context: GuardContext, place: Place): boolean {
  const names = sourceNames(place);
  const own = idsIn(place.texts, context.column);
  return loadsBefore(context, place).some((load) => {
    if ((load.scoped || load.tenants) && load.results.some((name) => names.has(name))) return true;
    if (!load.scoped || !(load.texts.some((text) => place.texts.includes(text)) || idsIn(load.texts, context.column).some((id) => own.includes(id)))) return false;
    const results = new Set(load.results);
    const derived = place.chain.flatMap((fn) => fn.locals.filter((l) => l.names.some((n) => results.has(n))).map((l) => l.name));
    for (const name of derived) results.add(name);
    return load.throws || place.chain.some((fn) => fn.guards.some((g) => g.span.start > load.span.start && g.span.start < place.span.start && g.names.some((n) => results.has(n))));
  });
}

/** The ids in arguments, as they are written: `input.id` of `{ id: input.id, teamId }`. The tenant's own is none. */
const idsIn = (texts: readonly string[], column: string): readonly string[] =>
  texts.flatMap((text) => [...text.matchAll(/[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)*(?!\s*:)\b/g)].map(([path]) => path).filter((path) => /(?:^|[._a-z])i?[iI]d$/.test(path) && !isTenantText(path, column)));

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
function isCheckedBefore({ column }: GuardContext, { file, chain, span, names }: Place): boolean {
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

/** Of an object literal the values that the statement takes; else the whole. */
function sentValue(text: string, wanted: readonly string[]): string {
  if (!text.startsWith('{')) return text;
  const values = wanted.flatMap((name) => {
    const [, value, short] = new RegExp(`[{,]\\s*(?:${name.replaceAll('$', '\\$')}\\s*:\\s*([^,}]+)|(${name.replaceAll('$', '\\$')})\\s*[,}])`).exec(text) ?? [];
    return value ?? short ?? [];
  });
  return values.length > 0 ? values.join(' ') : text;
}

/** Every known caller checks, or has loaded the row, before it calls, or is work that nobody asks for; what a caller is given itself, its callers check. No known caller proves nothing. */
function isGuardedByCallers(context: GuardContext, home: HostFile, fn: FunctionIr | undefined, hops: number): boolean {
  if (!fn || fn.entry !== undefined || hops === 0) return false;
  // What the statement takes of them: `id` of `params.id`.
  const wanted = context.site.binds.flatMap((bind) => /[\w$]+$/.exec(bind.text)?.[0] ?? []);
  const callers = context.flow.callers({ uri: home.uri, functionId: fn.id }).filter(({ uri }) => context.flow.file(uri)?.role !== 'test');
  return callers.length > 0 && callers.every(({ uri, callId }) => {
    const file = context.flow.file(uri);
    const call = file?.calls[callId];
    if (!file || !call) return false;
    if (context.isSystem?.(uri) === true || isBackgroundWork(file, call.functionId)) return true;
    const chain = functionChain(file, call.functionId);
    const place: Place = { file, chain, span: call.span, loopIds: call.loopIds, names: new Set(call.args.flatMap((a) => a.names)), texts: call.args.map((a) => a.text) };
    return call.args.some((a) => SERVER_VALUE.test(sentValue(a.text, wanted).replace(HANDLES, ''))) || isCheckedBefore(context, place) || isLoaded(context, place) || isGuardedByCallers(context, file, chain.at(-1), hops - 1);
  });
}
