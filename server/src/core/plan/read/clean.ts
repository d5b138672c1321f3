import { BREAK } from './textPlan';

/** A text without what psql, terminals and log files put around plans. */
export interface CleanText {
  readonly lines: readonly string[];
  /** Line of the original for each, from 0. */
  readonly numbers: readonly number[];
  /** What a log entry says before its plan, by the line that it ends at. */
  readonly entries: ReadonlyMap<number, number>;
}

const HEADER = /^[\s|│║]*QUERY PLAN[\s|│║]*$/;
/** A rule of a table, in ASCII or Unicode. */
const isRule = (line: string): boolean => /^[-+|=─━═┌┐└┘├┤┬┴┼╔╗╚╝╠╣╪╫╬╞╡]{3,}$/.test(line.trim()) && /---|───|━━━|═══/.test(line);
/** A line that begins a quoted field of CSV. */
const FIELD = /^"\s*(?:[[{<-]|[A-Z])/;
const ROW_COUNT = /^\(\d+ [^()]{1,30}\)$/;
const RECORD = /^[-─*+├┌]+\[ ?RECORD \d+ ?\]/;
/** `duration: 12.3 ms  plan:` of auto_explain, with what stands before and after it. */
const ENTRY = /^(.*?)duration: ([\d.]+) ms\s+plan:\s*(.*)$/s;
/** The start of a log line, as log_line_prefix is commonly set. */
const LOG_LINE = /^(?:\d{4}-\d\d-\d\d[ T]\d\d:\d\d|[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d )/;
const SYSLOG = /^[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d \S+ \S*postgres\S*: \[\d+-\d+\] ?/;

/** Takes borders, continuation marks, row counts and log prefixes off. Line by line, in one pass. */
export function cleanText(text: string): CleanText {
  const cleaner = new Cleaner(text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/));
  return cleaner.run();
}

class Cleaner {
  private readonly lines: string[] = [];
  private readonly numbers: number[] = [];
  private readonly entries = new Map<number, number>();
  /** Width of the table of psql, between its sides; undefined outside of one. */
  private frame: number | undefined;
  /** Inside the quoted field of CSV: quotes are doubled. */
  private quoted = false;
  private inEntry = false;
  /** Lines may be quoted, as fields of CSV are. */
  private csv: boolean;
  /** The line before goes on in this one. */
  private wrapping = false;

  constructor(private readonly source: readonly string[]) {
    this.csv = FIELD.test(source.find((line) => line.trim() !== '') ?? '');
  }

  run(): CleanText {
    for (let at = 0; at < this.source.length; at++) this.take(this.source[at]!, at);
    return { lines: this.lines, numbers: this.numbers, entries: this.entries };
  }

  private push(line: string, at: number): void {
    this.lines.push(line);
    this.numbers.push(at);
  }

  private take(raw: string, at: number): void {
    const syslog = SYSLOG.test(raw);
    let line = syslog || raw.includes('#011') ? raw.replace(SYSLOG, '').replaceAll('#011', '\t') : raw;
    if (this.quoted) return this.takeQuoted(line, at);
    const message = jsonLogMessage(line);
    if (message !== undefined) {
      for (const part of message.split('\n')) this.takePlain(part, at);
      return this.push(BREAK, at);
    }
    const entry = line.length < 2_000_000 ? ENTRY.exec(line) : null;
    if (entry) return this.takeEntry(entry[1] ?? '', Number(entry[2]), entry[3] ?? '', at);
    if (this.inEntry && line.startsWith('\t')) line = line.slice(1);
    else if (syslog || LOG_LINE.test(line)) {
      this.inEntry = false;
      return this.push(BREAK, at);
    }
    this.takePlain(line, at);
  }

  private takeEntry(before: string, ms: number, rest: string, at: number): void {
    this.inEntry = true;
    this.push(BREAK, at);
    this.entries.set(this.lines.length, ms);
    this.quoted = /,"$/.test(before);
    if (rest === '') return;
    if (this.quoted) this.takeQuoted(rest, at);
    else this.push(rest, at);
  }

  /** A quote that is not doubled ends the field. */
  private takeQuoted(line: string, at: number): void {
    for (let i = line.indexOf('"'); i >= 0; i = line.indexOf('"', i + 2)) {
      if (line[i + 1] === '"') continue;
      this.quoted = false;
      this.push(line.slice(0, i).replaceAll('""', '"'), at);
      return this.push(BREAK, at);
    }
    this.push(line.replaceAll('""', '"'), at);
  }

  private takePlain(raw: string, at: number): void {
    const entry = ENTRY.exec(raw);
    if (entry && raw.startsWith('duration:')) return this.takeEntry('', Number(entry[2]), entry[3] ?? '', at);
    const trimmed = raw.trim();
    if (HEADER.test(raw) || trimmed === '"QUERY PLAN"') {
      const rule = this.source[at + 1] ?? '';
      this.frame = isRule(rule) ? rule.trim().length : undefined;
      this.csv = this.frame === undefined;
      return this.push(BREAK, at);
    }
    if (RECORD.test(trimmed)) return;
    if (isRule(raw)) return this.push('', at);
    if (ROW_COUNT.test(trimmed)) {
      this.frame = undefined;
      this.csv = false;
      return this.push(BREAK, at);
    }
    const field = this.csv ? /^"(.*)"[,;]?$/s.exec(trimmed)?.[1] : undefined;
    if (field !== undefined && !field.replaceAll('""', '').includes('"')) return this.push(field.replaceAll('""', '"'), at);
    if (this.csv && FIELD.test(raw)) {
      this.quoted = true;
      return this.takeQuoted(raw.slice(1), at);
    }
    this.takeCell(raw, at);
  }

  /** A line of a table: its sides, the mark that it goes on below, and the blank before it go. */
  private takeCell(raw: string, at: number): void {
    const sides = /^\s*[|│║](.*)[|│║]\s*$/s.exec(raw)?.[1];
    const cell = sides ?? raw;
    const expanded = /^(?:\s{0,2}QUERY PLAN|\s{10,12}) ?[|│] ?(.*)$/s.exec(cell)?.[1];
    if (expanded !== undefined) return this.push(this.isMarked(raw, at) ? expanded.trimEnd().slice(0, -1).trimEnd() : unmark(expanded), at);
    const width = this.frame === undefined ? undefined : this.frame - (sides === undefined ? 0 : 2);
    const wrapped = width !== undefined && /[.…]$/.test(cell) && cell.length === width;
    const continues = this.wrapping && /^[.…]/.test(cell);
    this.wrapping = wrapped;
    // In a table of known width the last column is the mark's.
    const marked = cell.length === width && /[+↵]$/.test(cell);
    const body = wrapped ? cell.slice(0, -1) : marked || this.isMarked(raw, at) ? cell.slice(0, -1).trimEnd() : unmark(cell);
    if (continues) this.lines[this.lines.length - 1] += body.slice(1);
    else this.push((sides !== undefined || this.frame !== undefined) && body.startsWith(' ') ? body.slice(1) : body, at);
  }

  /** The mark stands in one column in all lines that go on. */
  private isMarked(raw: string, at: number): boolean {
    const mark = raw.at(-1);
    return (mark === '+' || mark === '↵') && [this.source[at - 1], this.source[at + 1]].some((line) => line?.length === raw.length && line.endsWith(mark));
  }
}

/** The mark of a cell that goes on in the next line. */
const unmark = (cell: string): string => (/(?:\s\+|↵)\s*$/.test(cell) ? cell.replace(/[+↵]\s*$/, '').trimEnd() : cell.trimEnd());

/** The message of a line of jsonlog that holds a plan. */
function jsonLogMessage(line: string): string | undefined {
  if (!/^\s*\{".*"message":"duration: [\d.]+ ms\s+plan:\\n/.test(line.slice(0, 4000))) return undefined;
  try {
    const { message } = JSON.parse(line) as { readonly message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
