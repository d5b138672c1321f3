import type { CallIr, HostFile } from '../hosts/ir';
import { containsSpan, type HostSpan } from '../text/span';
import { blocksAround, methodOf, receiverOf } from './blocks';
import { enclosingFunctions } from './enclosing';
import { escapeRegExp } from '../text/regExp';

/** A connection that is taken from a pool and has to be given back. */
export interface Checkout {
  readonly call: CallIr;
  /** Variable that holds it. */
  readonly name: string;
  /** How it is given back: `client.release()`, `pool.putconn(conn)`. */
  readonly giveBack: string;
  readonly releases: readonly CallIr[];
}

export type LeakKind = 'never' | 'on-error' | 'on-return';

/** A way on which the connection does not come back. */
export interface Leak {
  readonly checkout: Checkout;
  readonly kind: LeakKind;
  /** The first place that leaves without giving it back: a call that may fail, or a `return`. */
  readonly at?: HostSpan;
}

const RELEASES = /^(release|releaseConnection|putconn|close|end|destroy|__aexit__|__exit__)$/;

/** Connections that a function takes from a pool and does not give back on every way. A connection that goes elsewhere (returned, stored, handed on) is somebody else's to give back. */
export function collectLeaks(file: HostFile, text: string): readonly Leak[] {
  return file.calls.flatMap((call) => {
    const checkout = toCheckout(file, text, call);
    return checkout ? (findLeak(file, text, checkout) ?? []) : [];
  });
}

function toCheckout(file: HostFile, text: string, call: CallIr): Checkout | undefined {
  const name = call.resultName;
  if (name === undefined || call.functionId === undefined || call.constructs) return undefined;
  const receiver = receiverOf(call);
  const form = checkoutForm(file, call, receiver);
  if (form === undefined || /\busing\s+[\w$]+(\s*:[^=]+)?\s*=\s*(await\s*)?$/.test(text.slice(Math.max(0, call.span.start - 80), call.span.start))) return undefined;
  // Python: a context manager gives it back.
  if ((file.blocks ?? []).some((block) => block.kind === 'with' && block.items.some((item) => containsSpan(item.span, call.span)))) return undefined;
  const releases = file.calls.filter((other) => RELEASES.test(methodOf(other)) && (receiverOf(other) === name || other.args.some((a) => a.text === name)));
  return { call, name, giveBack: form.replace('NAME', name).replace('POOL', receiver), releases };
}

/** The form that gives such a connection back; undefined: no connection of a pool. */
function checkoutForm(file: HostFile, call: CallIr, receiver: string): string | undefined {
  const method = methodOf(call);
  if (file.language === 'python') {
    if (method === 'getconn' && /pool/i.test(receiver)) return 'POOL.putconn(NAME)';
    if (method === 'acquire' && call.awaited && /pool/i.test(receiver) && file.imports.some((i) => /^asyncpg/.test(i.module))) return 'await POOL.release(NAME)';
    return method === 'connect' && /(^|\.)_?engine$/.test(receiver) && file.imports.some((i) => /^(sqlalchemy|sqlmodel)/.test(i.module)) ? (call.awaited ? 'await NAME.close()' : 'NAME.close()') : undefined;
  }
  if (!call.awaited && method !== 'createQueryRunner') return undefined;
  if (method === 'connect' && call.args.length === 0 && isPool(file, call, receiver)) return 'NAME.release()';
  if (method === 'createQueryRunner') return 'await NAME.release()';
  return method === 'reserve' && file.imports.some((i) => i.module === 'postgres') ? 'NAME.release()' : undefined;
}

/** A pool of node-postgres: made by `new Pool`, typed as one, or called so. */
function isPool(file: HostFile, call: CallIr, receiver: string): boolean {
  if (file.imports.some((i) => /redis|mongo|mysql|mssql|amqp|tedious|oracledb/i.test(i.module))) return false;
  const last = receiver.split('.').at(-1) ?? '';
  if (/pool/i.test(last)) return true;
  const local = enclosingFunctions(file, call.functionId).flatMap((fn) => fn.locals).find((l) => l.name === receiver) ?? file.locals?.find((l) => l.name === receiver);
  return local !== undefined && /^new\s+(pg\.)?Pool\b/.test(local.text);
}

function findLeak(file: HostFile, text: string, checkout: Checkout): Leak | undefined {
  const { call, name, releases } = checkout;
  const fn = call.functionId === undefined ? undefined : file.functions[call.functionId];
  if (!fn || fn.returns.some((r) => r.names.includes(name) && !new RegExp(`\\b${escapeRegExp(name)}\\s*\\.`).test(r.text)) || isStored(text.slice(call.span.end, fn.body.end), name)) return undefined;
  // What is made of it may own it: `new Transaction(client)`.
  if (file.calls.some((other) => other.constructs && other.span.start > call.span.end && containsSpan(fn.body, other.span) && other.args.some((a) => a.text === name))) return undefined;
  // A command of the command line ends with its process.
  if (fn.decorators.some((d) => /(^|\.)(command|callback|group)\b/.test(d))) return undefined;
  const inside = releases.filter((r) => containsSpan(fn.body, r.span));
  if (inside.length === 0) {
    // Whoever is given it may give it back.
    const handedOn = file.calls.some((other) => containsSpan(fn.body, other.span) && other.span.start > call.span.end && other.args.some((a) => a.names.includes(name) && new RegExp(`(^|[^\\w$.])${escapeRegExp(name)}(?![\\w$.])`).test(a.text)));
    return handedOn || enclosingFunctions(file, fn.id).length > 1 || isUsedByInner(file, fn.id, name) ? undefined : { checkout, kind: 'never' };
  }
  // Given back by a callback (`.finally(() => …)`, `stream.on('end', …)`): when is not known.
  if (inside.some((r) => r.functionId !== fn.id)) return undefined;
  const guarded = inside.flatMap((r) => blocksAround(file, r.span, fn.id).filter((b) => b.finally && containsSpan(b.finally, r.span)));
  if (guarded.length > 0) return leakBefore(file, text, checkout, Math.min(...guarded.map((b) => b.span.start)));
  const last = Math.max(...inside.map((r) => r.span.start));
  const first = Math.min(...inside.map((r) => r.span.start));
  const exit = (file.exits ?? []).find((e) => e.functionId === fn.id && e.span.start > call.span.end && e.span.start < last && !inside.some((r) => r.span.start < e.span.end) && !isWithoutConnection(text, checkout, e.span));
  const failing = file.calls.find((other) => other.functionId === fn.id && other.span.start > call.span.end && other.span.start < first && mayFail(file, other) && !isCaught(file, text, other, inside));
  if (failing) return { checkout, kind: 'on-error', at: failing.nameSpan };
  return exit ? { checkout, kind: 'on-return', at: exit.span } : undefined;
}

/** What stands between the checkout and the `try` whose `finally` gives it back: a `return`, or a query that fails. BEGIN stands there in many a manual. */
function leakBefore(file: HostFile, text: string, checkout: Checkout, guarded: number): Leak | undefined {
  const { call, releases, name } = checkout;
  const between = ({ span, functionId }: { readonly span: HostSpan; readonly functionId?: number }): boolean => functionId === call.functionId && span.start > call.span.end && span.end <= guarded;
  if (releases.some(between)) return undefined;
  const exit = file.exits?.find((e) => between(e) && !isWithoutConnection(text, checkout, e.span));
  if (exit) return { checkout, kind: 'on-return', at: exit.span };
  const failing = file.calls.find((other) => between(other) && other.siteId !== undefined && receiverOf(other) === name && !/^\s*(?:begin|start|set|savepoint|lock)\b/i.test(file.sites[other.siteId]?.source?.text ?? ''));
  return failing && { checkout, kind: 'on-error', at: failing.nameSpan };
}

/** `if (!client) return`: there is nothing to give back. */
function isWithoutConnection(text: string, { call, name }: Checkout, exit: HostSpan): boolean {
  const word = escapeRegExp(name);
  const none = `(?:!\\s*${word}|not\\s+${word}|${word}\\s*(?:===?|is)\\s*(?:null|undefined|None))`;
  return new RegExp(`\\bif\\s*\\(?\\s*${none}\\s*(?:\\)|:)(?:(?!\\bif\\b)[^}])*$`).test(text.slice(call.span.end, exit.start));
}

const isUsedByInner = (file: HostFile, functionId: number, name: string): boolean => file.functions.some((inner) => inner.parent === functionId && file.calls.some((c) => c.functionId === inner.id && c.callee[0] === name));

/** `this.client = client`, `clients.push(client)`, `{ client }`. */
const isStored = (after: string, name: string): boolean => {
  const word = escapeRegExp(name);
  return new RegExp(`[\\]\\w$]\\s*=\\s*${word}\\s*(;|,|\\r?\\n|$)|\\b(push|add|set|append|resolve|register|yield)\\b\\s*\\(?[^()\\n]*\\b${word}\\s*[,)\\n]|[{,]\\s*${word}\\s*[,}]`).test(after);
};

/** Sends something to the database, or waits. */
const mayFail = (file: HostFile, call: CallIr): boolean => call.siteId !== undefined || (file.language === 'python' ? call.awaited || /^(execute|executemany|fetch\w*|commit)$/.test(methodOf(call)) : call.awaited);

/** In a `try` after which the connection is given back on both ways. */
function isCaught(file: HostFile, text: string, call: CallIr, releases: readonly CallIr[]): boolean {
  return blocksAround(file, call.span, call.functionId).some((block) => block.kind === 'try' && block.handlers.length > 0 && containsSpan(block.body, call.span) && block.handlers.every((handler) => {
    const given = releases.some((r) => containsSpan(handler, r.span));
    return given || (!/\b(throw|raise|return)\b/.test(text.slice(handler.start, handler.end)) && releases.some((r) => r.span.start > block.body.end));
  }));
}
