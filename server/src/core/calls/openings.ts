import type { CallIr, FunctionIr, HostFile } from '../hosts/ir';
import { containsSpan } from '../text/span';
import { methodOf, receiverOf } from './blocks';
import { enclosingFunctions } from './enclosing';
import type { FlowGraph } from './flow';
import { isMemoDecorator } from './callbacks';

/** A connection or a pool that is opened each time a function runs. */
export interface Opening {
  readonly call: CallIr;
  /** `new Client`, `create_engine`. */
  readonly label: string;
  readonly what: 'connection' | 'pool';
  /** How it is known that the function runs often: a framework's entry point, or it closes what it opened. */
  readonly reason: string;
  readonly sure: boolean;
}

const SCRIPT: readonly (readonly [RegExp, RegExp, Opening['what']])[] = [
  [/^pg$/, /^(Client)$/, 'connection'], [/^pg$/, /^(Pool)$/, 'pool'],
  [/^postgres$/, /^postgres$|^sql$/, 'pool'], [/^@prisma\/client$/, /^PrismaClient$/, 'pool'],
  [/^knex$/, /^knex$/i, 'pool'], [/^sequelize$/, /^Sequelize$/, 'pool'], [/^typeorm$/, /^DataSource$/, 'pool'], [/^pg-promise$/, /^pgp$/, 'pool'],
];
const PYTHON: readonly (readonly [RegExp, RegExp, Opening['what']])[] = [
  [/^(psycopg2?|psycopg2\.\w+)$/, /^connect$/, 'connection'], [/^asyncpg$/, /^connect$/, 'connection'], [/^asyncpg$/, /^create_pool$/, 'pool'],
  [/^psycopg_pool$|^psycopg2\.pool$/, /Pool$/, 'pool'], [/^(sqlalchemy(\..+)?|sqlmodel)$/, /^create_(async_)?engine$/, 'pool'],
];
/** Where a process begins, ends, or sets itself up. */
const ONCE = /^(main|run|start|init|initiali[sz]e|setup|bootstrap|boot|serve|configure|create[A-Z_]?\w*|make[A-Z_]?\w*|build[A-Z_]?\w*|get[A-Z_]?\w*|connect\w*|open\w*|new\w*|lifespan|startup|on_?startup|on(Module)?Init|onApplicationBootstrap|migrate\w*|seed\w*|listen\w*|subscribe\w*|constructor|__init__|run_migrations\w*|up|down|cli|command|handle_command|health\w*|test\w*|check\w*|wait_?for\w*|ping|copy\w*|dump\w*|restore\w*|import\w*|export\w*|backup\w*)$/i;

/** Connections that are opened once per request or call. Start-up, factories, memoised getters and scripts are left out. */
export function collectOpenings(flow: FlowGraph, file: HostFile): readonly Opening[] {
  const kinds = file.language === 'python' ? PYTHON : SCRIPT;
  if (!file.imports.some((i) => kinds.some(([module]) => module.test(i.module))) || file.imports.some((i) => /neondatabase|cloudflare|@prisma\/adapter|hyperdrive|^(commander|yargs|argparse|click|typer|oclif|@oclif\/core)$/i.test(i.module))) return [];
  if (/\/(tester|testing|test-?utils|testkit|test_?support)\//i.test(file.uri)) return [];
  return file.calls.flatMap((call) => {
    const what = kindOf(file, call, kinds);
    const fn = call.functionId === undefined ? undefined : file.functions[call.functionId];
    const reason = what && fn && !isMemoised(file, fn) ? reasonFor(flow, file, call, fn) : undefined;
    return what && reason ? [{ call, what, label: `${call.constructs && file.language !== 'python' ? 'new ' : ''}${call.callee.join('.')}`, ...reason }] : [];
  });
}

function kindOf(file: HostFile, call: CallIr, kinds: typeof SCRIPT): Opening['what'] | undefined {
  const [root] = call.callee;
  const entry = file.imports.find((i) => i.local === root);
  if (!entry || root === undefined || call.callee.length > 2 || call.args.some((a) => /\benv\.|HYPERDRIVE|\bctx\.|\bc\.env/.test(a.text))) return undefined;
  const name = call.callee.length === 2 ? methodOf(call) : entry.imported === 'default' || entry.imported === '*' ? root : entry.imported;
  return kinds.find(([module, names]) => module.test(entry.module) && names.test(name))?.[2];
}

const isMemoised = (file: HostFile, fn: FunctionIr): boolean => enclosingFunctions(file, fn.id).some((f) => f.decorators.some((d) => isMemoDecorator(d) || /fixture|command|task|event/.test(d)));

function reasonFor(flow: FlowGraph, file: HostFile, call: CallIr, fn: FunctionIr): Pick<Opening, 'reason' | 'sure'> | undefined {
  const around = enclosingFunctions(file, fn.id);
  const name = call.resultName ?? (file.blocks ?? []).flatMap((b) => b.items).find((i) => i.span.start <= call.span.start && call.span.end <= i.span.end)?.alias;
  // Kept beyond the call: a cache, a field, a global.
  if (call.conditional || around.some((f) => f.background === true && f.entry === undefined) || (name === undefined && !inWith(file, call))) return undefined;
  if (name !== undefined && fn.returns.some((r) => r.names.includes(name) && !r.text.includes(`${name}.`))) return undefined;
  const entry = around.find((f) => f.entry !== undefined);
  if (entry?.entry !== undefined && around.indexOf(entry) === 0) return { reason: 'once per request', sure: true };
  if (around.some((f) => ONCE.test(f.name)) || around.every((f) => f.name === '')) return undefined;
  const closed = inWith(file, call) || (name !== undefined && file.calls.some((c) => c.functionId === fn.id && receiverOf(c) === name && /^(end|close|dispose|destroy|\$disconnect)$/.test(methodOf(c))));
  const queries = file.sites.some((s) => s.functionId !== undefined && s.executes !== 'no' && containsSpan(fn.body, s.span) && s.span.start > call.span.start);
  if (!closed || !queries) return undefined;
  const callers = flow.callers({ uri: file.uri, functionId: fn.id });
  const served = callers.some(({ uri, callId }) => {
    const home = flow.file(uri);
    const from = home?.calls[callId];
    return home?.role === 'application' && from?.functionId !== undefined && enclosingFunctions(home, from.functionId).some((f) => f.entry !== undefined);
  });
  return served ? { reason: 'once per request that calls it', sure: true } : callers.length > 0 && callers.every(({ uri, callId }) => flow.file(uri)?.calls[callId]?.functionId === undefined) ? undefined : { reason: 'each time the function is called', sure: false };
}

const inWith = (file: HostFile, call: CallIr): boolean => (file.blocks ?? []).some((b) => b.kind === 'with' && b.items.some((i) => containsSpan(i.span, call.span)));
