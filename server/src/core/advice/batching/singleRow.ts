import type { FlowContext } from '../../lint/rule';
import type { HostSpan } from '../../text/span';
import { freshName, camelName } from './code';
import { isPrimitiveKey, producingSite } from './producer';
import { groupLines, uniqueLines, type Rewrite } from './rewrite';
import type { PlainLoop } from './shape';
import type { KeyCondition } from './sqlForm';
import { bodyAfter, declaredBefore, readsProperties, readsRows } from './uses';

/** How JavaScript code takes the rows of a builder's query. */
export interface BuilderResult {
  /** The query with its `await`, or the whole value of a turn of `Promise.all`. */
  readonly span: HostSpan;
  /** Another property in the rows goes unnoticed. */
  readonly extendable: boolean;
  /** The expression stands where `a ?? b` needs no parentheses. */
  readonly alone: boolean;
}

/** Undefined where the query is neither awaited nor the value of a concurrent turn. */
export function builderResult(context: FlowContext, plain: PlainLoop, fetch: 'row' | 'rows'): BuilderResult | undefined {
  const { site, awaited, loop } = plain;
  if (awaited.start === site.span.start) {
    const value = plain.body.slice(0, site.span.start - loop.body.start);
    const whole = plain.concurrent && /^\s*(\{\s*return\s)?\s*$/.test(value) && /^\s*;?\s*\}?\s*$/.test(plain.body.slice(site.span.end - loop.body.start));
    return whole ? { span: site.span, extendable: false, alone: true } : undefined;
  }
  const declared = declaredBefore(context, awaited);
  const rest = bodyAfter(plain, awaited.end);
  const alone = (declared !== undefined && /^\s*(;|\r?\n|$)/.test(rest)) || (/\(\s*$/.test(context.text.slice(0, awaited.start)) && /^\s*\)/.test(rest));
  if (declared === undefined || !/^[\w$]+$/.test(declared)) {
    const row = /^\[\s*([\w$]+)\s*\]$/.exec(declared ?? '')?.[1];
    const property = /^\s*\)\s*[?!]?\.[\w$]+(?!\s*=[^=])/.test(rest);
    return { span: awaited, extendable: fetch === 'row' ? property : row !== undefined && readsProperties(plain, row), alone };
  }
  // `const name = (await …)?.name`: the row itself has no name.
  const inner = /^\s*\)/.test(rest);
  const extendable = inner ? /^\s*\)\s*[?!]?\.[\w$]+/.test(rest) : fetch === 'row' ? readsProperties(plain, declared) : readsRows(plain, declared);
  return { span: awaited, extendable, alone };
}

/** One row, or the rows, by key from a `Map` that is filled before the loop. */
export interface BuilderRead {
  readonly fetch: 'row' | 'rows';
  /** Expression with the rows of all keys, awaited. */
  readonly rows: string;
  readonly condition: KeyCondition;
  /** The key in the rows and in the loop. */
  readonly property: string;
  readonly key: string;
  /** The key was added to the columns. */
  readonly added: boolean;
  /** What a look-up without a row gives: ` ?? null`, nothing for undefined, a row of aggregates. */
  readonly missing: string;
  /** The rows are instances of a class. */
  readonly instances?: boolean;
}

export function builderRewrite(context: FlowContext, plain: PlainLoop, result: BuilderResult, read: BuilderRead): Rewrite | undefined {
  const { fetch, added, property, key } = read;
  if (!/^[A-Za-z_$][\w$]*$/.test(property) || (added && !result.extendable && (fetch === 'rows' || read.instances))) return undefined;
  const map = freshName(context.text, camelName(read.condition.relation.name, 'by', property));
  // Keys that the same library read from the same database are equal as they are; others may be text here and numbers there.
  const same = isPrimitiveKey(context, read.condition) && producingSite(context, plain)?.library === plain.site.library && key.includes('.');
  const wrap = (value: string): string => (same ? value : `String(${value})`);
  const before = fetch === 'row' ? uniqueLines(map, read.rows, property, added && !result.extendable, wrap) : groupLines(context, map, read.condition.relation.name, read.rows, wrap(`row.${property}`));
  const lookUp = `${map}.get(${wrap(key)})${fetch === 'rows' ? ' ?? []' : read.missing}`;
  return { before, edits: [{ span: result.span, text: result.alone || !lookUp.includes('??') ? lookUp : `(${lookUp})` }] };
}
