import type { HostSpan } from './span';

/** Replaces the text of `span` by `text` in the document `uri`. */
export interface Edit {
  readonly uri: string;
  readonly span: HostSpan;
  readonly text: string;
}

/**
 * Applies edits that all belong to one document.
 * @returns undefined when two edits overlap (two insertions at one place keep their order and do not overlap).
 */
export function applyEdits(text: string, edits: readonly Edit[]): string | undefined {
  const sorted = edits.map((edit, index) => ({ edit, index })).sort((a, b) => a.edit.span.start - b.edit.span.start || a.edit.span.end - b.edit.span.end || a.index - b.index);
  let result = '';
  let at = 0;
  for (const { edit } of sorted) {
    if (edit.span.start < at || edit.span.end > text.length) return undefined;
    result += text.slice(at, edit.span.start) + edit.text;
    at = edit.span.end;
  }
  return result + text.slice(at);
}
