/** A finding as a test writes it: carets under the text, the message behind them. */
export interface Mark {
  readonly text: string;
  readonly message: string;
}

/** A comment that holds nothing but carets and a message, or bare carets for text at the start of a line. */
const MARK_LINE = /^\s*(?:--|\/\/|#)?\s*(\^+)[ \t]*(.*)$/;

/** The marks of a case in order of position. Carets stand under the text they mark, in columns of UTF-16 units. */
export function collectMarks(code: string): readonly Mark[] {
  const marks: (Mark & { readonly line: number; readonly column: number })[] = [];
  let above = '';
  let line = 0;
  for (const text of code.split('\n')) {
    const match = MARK_LINE.exec(text);
    if (!match) {
      above = text;
      line++;
      continue;
    }
    const column = text.indexOf('^');
    marks.push({ text: above.slice(column, column + (match[1] ?? '').length), message: (match[2] ?? '').trim(), line, column });
  }
  return marks.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** The case without its mark lines: what is linted. */
export const stripMarks = (code: string): string => code.split('\n').filter((line) => !MARK_LINE.test(line)).join('\n');
