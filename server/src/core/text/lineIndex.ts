import type { HostOffset } from './span';

/** Zero-based line and column; the column counts UTF-16 units. */
export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

/** Translates offsets of one text to lines and back. Lines end at `\n`, `\r\n` or a lone `\r`, as in the LSP. */
export interface LineIndex {
  readonly lineCount: number;
  /** Offset of the first character of a zero-based line; clamped to the text. */
  lineStart(line: number): HostOffset;
  toLineColumn(offset: HostOffset): LineColumn;
  /** Clamped to the line's end when the column lies beyond it. */
  toOffset(position: LineColumn): HostOffset;
}

/** Offset of each line's first character; the first is 0. */
export function collectLineStarts(text: string): readonly number[] {
  const starts: number[] = [0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 13 && text.charCodeAt(i + 1) === 10) continue;
    if (code === 10 || code === 13) starts.push(i + 1);
  }
  return starts;
}

/** Zero-based line of an offset, by the starts of the lines. */
export function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

export function createLineIndex(text: string): LineIndex {
  const starts = collectLineStarts(text);
  const startOf = (line: number): number => (line <= 0 ? 0 : starts[line] ?? text.length);
  return {
    lineCount: starts.length,
    lineStart: (line) => startOf(line) as HostOffset,
    toLineColumn(offset) {
      const clamped = Math.max(0, Math.min(offset, text.length));
      const line = lineAt(starts, clamped);
      return { line, column: clamped - startOf(line) };
    },
    toOffset({ line, column }) {
      if (line >= starts.length) return text.length as HostOffset;
      const start = startOf(line);
      let end = line + 1 < starts.length ? startOf(line + 1) : text.length;
      while (end > start && line + 1 < starts.length && /[\r\n]/.test(text[end - 1] ?? '')) end--;
      return Math.min(start + Math.max(0, column), end) as HostOffset;
    },
  };
}
