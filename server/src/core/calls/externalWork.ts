import type { CallIr, FunctionIr, HostFile, LocalIr } from '../hosts/ir';
import { methodOf } from './blocks';
import { enclosingFunctions } from './enclosing';
import type { FlowGraph, FunctionRef, PathStep } from './flow';
import { createVersioned } from './versioned';

/** Work outside of the database that a call waits for. */
export interface ExternalWork {
  readonly kind: 'network' | 'file' | 'sleep' | 'process';
  /** From the call to the work itself; the last step names it. */
  readonly path: readonly PathStep[];
}

/** Packages whose awaited calls leave the process. Redis and the like answer in less than a query takes and are left out. */
const SCRIPT_MODULES: readonly (readonly [RegExp, ExternalWork['kind']])[] = [
  [/^(axios|got|ky|ofetch|node-fetch|undici|cross-fetch|superagent|needle|stripe|nodemailer|resend|postmark|twilio|openai|googleapis|mailgun(\.js|-js)?|algoliasearch|aws-sdk|plaid|@aws-sdk\/.+|@sendgrid\/.+|@anthropic-ai\/sdk|@octokit\/.+|octokit|@slack\/web-api|@google-cloud\/(storage|pubsub|tasks)|@elastic\/elasticsearch|@nestjs\/axios|@azure\/storage-blob|web-push|google-auth-library|basic-ftp|ssh2-sftp-client)$/, 'network'],
  [/^((node:)?fs(\/promises)?|fs-extra)$/, 'file'],
  [/^(node:)?timers\/promises$/, 'sleep'],
  [/^(node:)?child_process$|^(execa|zx)$/, 'process'],
];

const PYTHON_MODULES: readonly (readonly [RegExp, RegExp, ExternalWork['kind']])[] = [
  [/^(requests|httpx|aiohttp)(\.|$)/, /^(get|post|put|patch|delete|head|options|request|send|stream)$/, 'network'],
  [/^urllib\.request$|^urllib3?$/, /^(urlopen|urlretrieve|request)$/, 'network'],
  [/^(boto3|aioboto3|aiobotocore)(\.|$)/, /^(upload|download|put|get|delete|list|copy|send|publish|invoke|head|create)_\w+$/, 'network'],
  [/^(smtplib|aiosmtplib)(\.|$)/, /^(sendmail|send_message|login|send)$/, 'network'],
  [/^django\.core\.mail$/, /^(send_mail|send_mass_mail|mail_admins|mail_managers)$/, 'network'],
  [/^stripe(\.|$)/, /^(create|retrieve|modify|list|delete|cancel|capture|confirm|refund|search)(_async)?$/, 'network'],
  [/^(openai|anthropic|slack_sdk|sendgrid|twilio|resend)(\.|$)/, /^(create|chat_postMessage|send|retrieve|list|parse)$/, 'network'],
  [/^(paramiko|ftplib|asyncssh)(\.|$)/, /^(connect|put|get|exec_command|storbinary|retrbinary)$/, 'network'],
  [/^(subprocess)$/, /^(run|call|check_call|check_output)$/, 'process'],
  [/^(time|asyncio|anyio|trio)$/, /^sleep$/, 'sleep'],
];

/** Made by these, whatever file makes it. */
const CLIENTS = /^(?:await\s+)?new\s+(Stripe|S3Client|S3|SESClient|SESv2Client|SQSClient|SNSClient|LambdaClient|OpenAI|Anthropic|Resend|Octokit|WebClient|Twilio|PlaidApi|HttpService|ServerClient)\b/;
/** What only looks: no request is made. */
const HARMLESS = /^(isAxiosError|isCancel|existsSync|all|allSettled|race|resolve|stringify|parse|extend|constructEvent|constructEventAsync|createTransport|Session|client|resource)$/;

const MAX_HOPS = 3;

/** The work outside of the database that a call waits for, itself or through functions of the workspace; undefined: none that is known. */
export function findExternalWork(flow: FlowGraph, file: HostFile, call: CallIr, hops = 0): ExternalWork | undefined {
  if (call.siteId !== undefined) return undefined;
  // `execSync` waits by itself. What reads a file so is done before anybody else asks.
  const waited = file.language === 'python' || call.awaited || call.exitsAfter || /^(?:exec|execFile|spawn)Sync$/.test(call.callee.at(-1) ?? '');
  if (!waited) return undefined;
  const kind = directKind(flow, file, call);
  if (kind) return { kind, path: [{ uri: file.uri, span: call.nameSpan, label: call.callee.filter((part) => part !== '()').join('.') }] };
  if (hops >= MAX_HOPS) return undefined;
  const targets = flow.resolve(file.uri, call.id).filter((ref) => ref.confidence !== 'low' && ref.cached !== true);
  const target = targets.length === 1 ? targets[0] : undefined;
  const inner = target && workOf(flow, target, hops + 1);
  if (!target || !inner) return undefined;
  const fn = flow.file(target.uri)?.functions[target.functionId];
  // A generator or a promise that nobody waits for does its work later.
  if (!fn || (file.language === 'python' && fn.async && !call.awaited)) return undefined;
  return { kind: inner.kind, path: [{ uri: file.uri, span: call.nameSpan, label: fn.name || 'callback' }, ...inner.path] };
}

const workByFunction = createVersioned<FunctionIr, ExternalWork | null>();

/** Of a function, wherever it is called; only what it does on every way. */
function workOf(flow: FlowGraph, ref: FunctionRef, hops: number): ExternalWork | undefined {
  const file = flow.file(ref.uri);
  const fn = file?.functions[ref.functionId];
  if (!file || !fn) return undefined;
  const cache = workByFunction(flow);
  const known = cache.get(fn);
  if (known !== undefined) return known ?? undefined;
  cache.set(fn, null);
  let work: ExternalWork | undefined;
  for (const call of file.calls) {
    if (call.functionId !== fn.id || call.conditional || call.onError) continue;
    work = findExternalWork(flow, file, call, hops);
    if (work) break;
  }
  // What was not followed further may be there: not remembered.
  if (work || hops === 1) cache.set(fn, work ?? null);
  else cache.delete(fn);
  return work;
}

function directKind(flow: FlowGraph, file: HostFile, call: CallIr): ExternalWork['kind'] | undefined {
  const method = methodOf(call);
  if (file.language === 'python') return call.constructs ? undefined : pythonKind(file, call, method);
  if (call.constructs) return method === 'Promise' && /\bsetTimeout\s*\(/.test(call.args[0]?.text ?? '') && !/\b(on|once|race|reject)\s*\(/.test(call.args[0]?.text ?? '') ? 'sleep' : undefined;
  if (HARMLESS.test(method)) return undefined;
  if (call.callee.length === 1 && method === 'fetch' && !isOwnName(file, call, 'fetch')) return 'network';
  const module = moduleBehind(flow, file, call);
  const entry = module === undefined ? undefined : SCRIPT_MODULES.find(([pattern]) => pattern.test(module));
  return entry?.[1];
}

function pythonKind(file: HostFile, call: CallIr, method: string): ExternalWork['kind'] | undefined {
  const module = pythonModule(file, call);
  return module === undefined ? undefined : PYTHON_MODULES.find(([pattern, methods]) => pattern.test(module) && methods.test(method))?.[2];
}

const isOwnName = (file: HostFile, call: CallIr, name: string): boolean =>
  file.imports.some((i) => i.local === name) || file.functions.some((fn) => fn.name === name && fn.classId === undefined && fn.owner === undefined) || enclosingFunctions(file, call.functionId).some((fn) => fn.parameters.some((p) => p.name === name || p.name.includes(`${name},`)) || fn.locals.some((l) => l.name === name));

/** The package that the called thing was imported from, or made by: `axios.get`, `s3.send`, `this.stripe.refunds.create`. */
function moduleBehind(flow: FlowGraph, file: HostFile, call: CallIr): string | undefined {
  const [root, second] = call.callee;
  if (root === undefined) return undefined;
  if (root === 'this') {
    const cls = enclosingFunctions(file, call.functionId).find((fn) => fn.classId !== undefined)?.classId;
    const type = cls === undefined ? undefined : file.classes[cls]?.fields.find((f) => f.name === second)?.type;
    return type === undefined || call.callee.length < 3 ? undefined : importOf(file, type.replace(/[^\w$].*$/, ''));
  }
  const shadowed = enclosingFunctions(file, call.functionId).some((fn) => fn.parameters.some((p) => p.name === root));
  if (shadowed) return undefined;
  const imported = importOf(file, root);
  if (imported !== undefined && !imported.startsWith('.')) return imported;
  if (call.callee.length < 2) return undefined;
  const local = localOf(file, call, root);
  if (local) return clientModule(file, local);
  const away = imported === undefined ? undefined : flow.importedLocal(file.uri, root);
  return away && CLIENTS.test(away.text) ? 'stripe' : undefined;
}

const importOf = (file: HostFile, name: string): string | undefined => file.imports.find((i) => i.local === name)?.module;

function localOf(file: HostFile, call: CallIr, name: string): LocalIr | undefined {
  for (const fn of enclosingFunctions(file, call.functionId)) {
    const local = fn.locals.filter((l) => l.name === name).at(-1);
    if (local) return local;
  }
  return file.locals?.find((l) => l.name === name);
}

/** `const s3 = new S3Client({})`: the package that S3Client is imported from. */
function clientModule(file: HostFile, local: LocalIr): string | undefined {
  const maker = /^(?:await\s+)?(?:new\s+)?([A-Za-z_$][\w$]*)(?:\.\w+)*\s*\(/.exec(local.text)?.[1];
  return maker === undefined ? undefined : importOf(file, maker);
}

function pythonModule(file: HostFile, call: CallIr): string | undefined {
  const root = call.callee[0];
  if (root === undefined || root === 'self') return undefined;
  const direct = pythonImport(file, root);
  if (direct !== undefined) return direct;
  const local = call.callee.length > 1 ? localOf(file, call, root) : undefined;
  const held = local ? /^(?:await\s+)?([A-Za-z_]\w*)/.exec(local.text)?.[1] : undefined;
  if (held !== undefined && held !== root) return pythonImport(file, held);
  const managed = (file.blocks ?? []).flatMap((b) => b.items).find((item) => item.alias === root);
  const made = managed ? /^([A-Za-z_]\w*)/.exec(managed.text)?.[1] : undefined;
  return made === undefined ? undefined : pythonImport(file, made);
}

/** `import urllib.request` binds `urllib`; `from time import sleep` binds `sleep` of `time`. */
function pythonImport(file: HostFile, name: string): string | undefined {
  const found = file.imports.find((i) => i.local === name);
  return found && !found.module.startsWith('.') ? found.module : undefined;
}
