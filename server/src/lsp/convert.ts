import { DiagnosticSeverity, PositionEncodingKind, type Position, type Range } from 'vscode-languageserver/node';
import type { Severity } from '../core/lint/rule';
import { createLineIndex, type LineIndex } from '../core/text/lineIndex';
import { hostSpan, type HostOffset, type HostSpan } from '../core/text/span';

/** The only place that knows LSP positions: a text with its line index and the negotiated encoding. */
export interface PositionMapper {
  toPosition(offset: HostOffset): Position;
  toRange(span: HostSpan): Range;
  /** Positions beyond a line's or the text's end are clamped, as the specification says. */
  toOffset(position: Position): HostOffset;
  toSpan(range: Range): HostSpan;
}

export type Encoding = 'utf-16' | 'utf-8' | 'utf-32';

/** UTF-16 whenever the client takes it (it always does unless it lists encodings without it), else its first choice that we know. */
export function negotiateEncoding(offered: readonly string[] | undefined): Encoding {
  if (!offered || offered.length === 0 || offered.includes(PositionEncodingKind.UTF16)) return 'utf-16';
  return offered.find((e): e is Encoding => e === PositionEncodingKind.UTF8 || e === PositionEncodingKind.UTF32) ?? 'utf-16';
}

export function createPositionMapper(text: string, encoding: Encoding, lines: LineIndex = createLineIndex(text)): PositionMapper {
  const lineText = (line: number): string => text.slice(lines.lineStart(line), lines.lineStart(line + 1));
  const toPosition = (offset: HostOffset): Position => {
    const { line, column } = lines.toLineColumn(offset);
    return { line, character: encoding === 'utf-16' ? column : unitsIn(lineText(line).slice(0, column), encoding) };
  };
  const toOffset = ({ line, character }: Position): HostOffset =>
    lines.toOffset({ line, column: encoding === 'utf-16' ? character : utf16Column(lineText(line), character, encoding) });
  return {
    toPosition,
    toOffset,
    toRange: (span) => ({ start: toPosition(span.start), end: toPosition(span.end) }),
    toSpan: (range) => hostSpan(toOffset(range.start), toOffset(range.end)),
  };
}

const unitsIn = (text: string, encoding: Encoding): number => (encoding === 'utf-8' ? new TextEncoder().encode(text).length : [...text].length);

function utf16Column(line: string, units: number, encoding: Encoding): number {
  let column = 0;
  let seen = 0;
  for (const character of line) {
    if (seen >= units) break;
    seen += encoding === 'utf-8' ? new TextEncoder().encode(character).length : 1;
    column += character.length;
  }
  return column;
}

const SEVERITIES: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error, warning: DiagnosticSeverity.Warning, info: DiagnosticSeverity.Information, hint: DiagnosticSeverity.Hint,
};
export const toSeverity = (severity: Severity): DiagnosticSeverity => SEVERITIES[severity];
