import type { FlowContext } from '../../lint/rule';
import type { HostSpan } from '../../text/span';
import { occurrences } from './code';
import type { PlainLoop } from './shape';

/** Text that declares the result: `found` of `const found = `, `{ rows }`, `[user]`, `row` of `row = `. */
export function declaredBefore(context: FlowContext, span: HostSpan): string | undefined {
  const line = context.text.slice(context.text.lastIndexOf('\n', span.start - 1) + 1, span.start);
  return /^\s*(?:\{\s*)?(?:const\s+|let\s+)?([\w$]+|\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}|\[[^[\]]*\])\s*(?::\s*[^=]+)?=\s*\(?\s*$/.exec(line)?.[1];
}

/** Masked text of the body behind an offset of the document. */
export const bodyAfter = (plain: PlainLoop, offset: number): string => plain.body.slice(offset - plain.bodyStart);

/** Every use of a row is `row.property`, or a test whether there is one. */
export function readsProperties(plain: PlainLoop, row: string, from: number = plain.awaited.end): boolean {
  const after = bodyAfter(plain, from);
  return occurrences(after, row).every((at) => {
    const rest = after.slice(at + row.length);
    return /^(!|\?)?\.[\w$]+(?!\s*=[^=])/.test(rest) || /^\s*(&&|\?[^.]|===|!==)/.test(rest) || (/^\s*\)/.test(rest) && /(?<![\w$.])if\s*\(\s*!?\s*$/.test(after.slice(0, at)));
  });
}

/** Every use of the rows is `rows[0].property` or `rows.length`. */
export function readsRows(plain: PlainLoop, rows: string, from: number = plain.awaited.end): boolean {
  const after = bodyAfter(plain, from);
  return occurrences(after, rows).every((at) => /^\??(\.length|\[\d+\]!?\??\.[\w$]+)(?!\s*=[^=])/.test(after.slice(at + rows.length)));
}

/** Python: every use is `row[0]`, `row["name"]` or a test for None; how the row is read, undefined for any other use. */
export function readsItems(plain: PlainLoop, row: string, from: number = plain.awaited.end): 'name' | 'position' | 'unknown' | undefined {
  const after = bodyAfter(plain, from);
  const uses = occurrences(after, row).map((at) => after.slice(at + row.length));
  const items = uses.filter((rest) => /^\[/.test(rest));
  if (!uses.every((rest) => /^\[/.test(rest) || /^\s*(is\s|:|and\s|or\s)/.test(rest)) || uses.some((rest) => /^\[[^\]]*\]\s*=[^=]/.test(rest))) return undefined;
  if (items.length === 0) return 'unknown';
  if (items.every((rest) => /^\[\s*\d+\s*\]/.test(rest))) return 'position';
  return items.some((rest) => /^\[\s*-?\d/.test(rest)) ? undefined : 'name';
}

/** Python: every use of the rows is `rows[0][…]` or `len(rows)`; how a row is read. `whole`: rows are used in other ways too. */
export function readsRowItems(plain: PlainLoop, rows: string, from: number): { readonly by: 'name' | 'position' | 'unknown'; readonly whole: boolean } {
  const after = bodyAfter(plain, from);
  const items = occurrences(after, rows).map((at) => /^\[\s*-?\d+\s*\]\[(\s*\d+\s*\])?/.exec(after.slice(at + rows.length)));
  const whole = occurrences(after, rows).some((at, k) => !items[k] && !/(?<![\w.])len\(\s*$/.test(after.slice(0, at)));
  const known = items.filter((item) => item !== null);
  return { by: known.length === 0 ? 'unknown' : known.every((item) => item[1] !== undefined) ? 'position' : known.some((item) => item[1] !== undefined) ? 'unknown' : 'name', whole };
}
