/**
 * Offsets carry their unit in their type, so that mixing two units does not compile.
 *
 * `SqlOffset` counts UTF-16 units in the text of one SQL statement (`SqlSource.text`),
 * `HostOffset` counts UTF-16 units in the document that contains it. Byte offsets and
 * code points exist only inside `parser/`, LSP positions only inside `lsp/convert.ts`.
 */
declare const unit: unique symbol;

/** UTF-16 offset in the text of one SQL source. */
export type SqlOffset = number & { readonly [unit]: 'sql' };
/** UTF-16 offset in a host document. */
export type HostOffset = number & { readonly [unit]: 'host' };

/** Half-open range `[start, end)`. */
export interface Span<O extends number = number> {
  readonly start: O;
  readonly end: O;
}
export type SqlSpan = Span<SqlOffset>;
export type HostSpan = Span<HostOffset>;

export const sqlSpan = (start: number, end: number): SqlSpan => ({ start: start as SqlOffset, end: end as SqlOffset });
export const hostSpan = (start: number, end: number): HostSpan => ({ start: start as HostOffset, end: end as HostOffset });

export const spanLength = (span: Span): number => span.end - span.start;
export const spanText = (text: string, span: Span): string => text.slice(span.start, span.end);
/** True when `inner` lies within `outer`; equal spans contain each other. */
export const containsSpan = <O extends number>(outer: Span<O>, inner: Span<O>): boolean =>
  outer.start <= inner.start && inner.end <= outer.end;
export const containsOffset = <O extends number>(span: Span<O>, offset: O): boolean =>
  span.start <= offset && offset <= span.end;
/** True when the two spans share at least one character. Touching spans do not overlap. */
export const overlaps = <O extends number>(a: Span<O>, b: Span<O>): boolean => a.start < b.end && b.start < a.end;
