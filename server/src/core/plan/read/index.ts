import { isRecord, recordIn, textIn, type RawNode } from '../planJson';
import { cleanText, type CleanText } from './clean';
import { explainFailure } from './failure';
import { readJson } from './json';
import { BREAK, readTextPlan, startsTextPlan } from './textPlan';
import { isQualifiedNode } from './textHeader';
import type { PlanFormat, PlanInput, PlanReading } from './types';
import { readXml } from './xml';
import { readYaml } from './yaml';

export type { PlanFormat, PlanInput, PlanReadError, PlanReading } from './types';

/** Longer texts are refused: that is no plan, but a log that someone should cut. */
export const MAX_TEXT = 64 * 1024 * 1024;
/** Plans of one text that are read. */
const MAX_PLANS = 500;

/**
 * Reads every plan of a text: EXPLAIN in text, JSON, YAML or XML, of PostgreSQL 12 to 18, pasted from psql with or without borders,
 * from log entries of auto_explain (stderr, syslog, CSV, JSON), or bare. Of a plan that is cut off, what is there. Never throws.
 */
export function readPlans(text: string): PlanReading {
  if (text.length > MAX_TEXT) return { ok: false, error: { message: `The text is too long: ${Math.round(text.length / 1024 / 1024)} MB.`, advice: `At most ${MAX_TEXT / 1024 / 1024} MB are read: keep the part of the log with the plan.` } };
  const clean = cleanText(text);
  const finder = new Finder(clean);
  const plans = finder.find();
  if (plans.length === 0) return { ok: false, error: explainFailure(text, clean, finder.refused) };
  return { ok: true, plans, problems: finder.full ? [`There are more than ${MAX_PLANS} plans: the first ${MAX_PLANS} are shown.`] : [] };
}

interface Found {
  readonly documents: readonly RawNode[];
  readonly format: PlanFormat;
  /** Line of the clean text behind it. */
  readonly next: number;
  readonly problems: readonly string[];
}

class Finder {
  full = false;
  /** JSON without a plan: where it stands, and its keys. */
  refused: { readonly line: number; readonly keys: readonly string[]; readonly cutAt?: number } | undefined;
  private readonly plans: PlanInput[] = [];
  /** Characters that were read for nothing: what looks like the start of many plans and is none may not take forever. */
  private wasted = 0;
  private readonly whole: string;
  private readonly starts: number[];
  /** What is known of the plan that comes next: a log entry's statement and duration, a command at psql's prompt. */
  private ahead: { sql?: string; parameters?: string; durationMs?: number } = {};

  constructor(private readonly clean: CleanText) {
    this.whole = clean.lines.join('\n');
    let offset = 0;
    this.starts = clean.lines.map((line) => { const start = offset; offset += line.length + 1; return start; });
  }

  find(): readonly PlanInput[] {
    const { lines } = this.clean;
    for (let at = 0; at < lines.length;) {
      const ms = this.clean.entries.get(at);
      if (ms !== undefined) this.ahead = { durationMs: ms };
      const found = lines[at] === BREAK || lines[at] === '' ? undefined : this.planAt(at);
      if (!found) {
        at = this.skip(at);
        continue;
      }
      if (this.plans.length + found.documents.length > MAX_PLANS) {
        this.full = true;
        break;
      }
      this.add(found, at);
      this.ahead = {};
      at = Math.max(found.next, at + 1);
    }
    return this.plans;
  }

  private planAt(at: number): Found | undefined {
    const line = this.clean.lines[at]!;
    const start = line.length - line.trimStart().length;
    const c = line[start];
    if (this.wasted > 2 * this.whole.length + 1_000_000) return undefined;
    if (c === '[' || c === '{') return this.jsonAt(at, start);
    if (c === '<' && line.startsWith('<explain', start)) return this.xmlAt(at, start);
    if (/^\s*(?:- (?:Plan|Query Text):|Plan: ?$|Query Text: ")/.test(line)) return this.yamlAt(at);
    return startsTextPlan(line) ? this.textAt(at) : undefined;
  }

  private jsonAt(at: number, column: number): Found | undefined {
    const offset = this.starts[at]! + column;
    if (!/^[[{]\s*(?:\{\s*)?(?:"|\}|\])/.test(this.whole.slice(offset, offset + 2000))) return undefined;
    const { value, end, cutAt } = readJson(this.whole, offset);
    const items = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    // A node alone, or what auto_explain and some tools wrap around the document.
    const documents = items.filter(isRecord).flatMap((item): RawNode[] => (recordIn(item, 'Plan') ? [item] : textIn(item, 'Node Type') === undefined ? unwrap(item) : [{ Plan: item }]));
    if (documents.length === 0) {
      this.wasted += (cutAt ?? end) - offset;
      this.refused ??= { line: this.lineOf(offset), keys: items.filter(isRecord).flatMap((item) => Object.keys(item)).slice(0, 8), ...(cutAt === undefined ? {} : { cutAt: this.lineOf(cutAt) }) };
      return undefined;
    }
    const problems = cutAt === undefined ? [] : [`The JSON ${cutAt >= this.whole.trimEnd().length ? 'ends' : 'breaks off'} in line ${this.lineOf(cutAt) + 1}: what stands before is shown.`];
    return { documents, format: 'json', next: this.cleanLineOf(Math.max(offset, end - 1)) + 1, problems };
  }

  private xmlAt(at: number, column: number): Found | undefined {
    const offset = this.starts[at]! + column;
    const { documents, end, cut } = readXml(this.whole, offset);
    const plans = documents.filter((document) => recordIn(document, 'Plan'));
    if (plans.length === 0) {
      this.wasted += end - offset;
      return undefined;
    }
    return { documents: plans, format: 'xml', next: this.cleanLineOf(Math.max(offset, end - 1)) + 1, problems: cut ? [`The XML ends in line ${this.lineOf(end) + 1}: what stands before is shown.`] : [] };
  }

  private yamlAt(at: number): Found | undefined {
    const { value, next } = readYaml(this.clean.lines, at);
    const documents = (Array.isArray(value) ? (value as readonly unknown[]) : [value]).filter(isRecord).filter((item) => recordIn(item, 'Plan'));
    if (documents.length === 0) {
      this.wasted += 100 * (next - at);
      return undefined;
    }
    const rest = this.clean.lines[next];
    const cut = rest !== undefined && rest !== BREAK && /^\s/.test(rest) && next > at;
    return { documents, format: 'yaml', next, problems: cut ? [`The YAML is not understood from line ${this.clean.numbers[next]! + 1} on: what stands before is shown.`] : [] };
  }

  private textAt(at: number): Found | undefined {
    const { document, next, problems } = readTextPlan(this.clean.lines, at, this.clean.numbers);
    const root = recordIn(document, 'Plan');
    // A word like "Limit" alone on a line is no plan.
    const isPlan = root && (root['Total Cost'] !== undefined || root['Actual Loops'] !== undefined || Array.isArray(root['Plans']) || isQualifiedNode(this.clean.lines[at]!));
    return isPlan ? { documents: [document], format: 'text', next, problems } : undefined;
  }

  private add({ documents, format, next, problems }: Found, at: number): void {
    const lastLine = this.clean.numbers[Math.min(next, this.clean.numbers.length) - 1] ?? 0;
    documents.forEach((document, i) => {
      const { sql = textIn(document, 'Query Text'), parameters = textIn(document, 'Query Parameters'), durationMs } = this.ahead;
      this.plans.push({
        document, format, firstLine: this.clean.numbers[at] ?? 0, lastLine,
        ...(sql === undefined ? {} : { sql: sql.trim().replace(/;$/, '') }), ...(parameters === undefined ? {} : { parameters }), ...(durationMs === undefined ? {} : { durationMs }),
        problems: i === documents.length - 1 ? problems : [],
      });
    });
  }

  /** Passes a line that starts no plan, and keeps what it says of the next one. @returns the line to go on with */
  private skip(at: number): number {
    const { lines } = this.clean;
    const line = lines[at]!;
    const text = /^\s*Query Text: (.*)$/s.exec(line)?.[1];
    const command = text === undefined ? /^\s*(?:\S*[=\-('"*^][>#]\s*)?explain\b\s*(?:\([^)]*\)|(?:analyze|verbose)\b|\s)*(.*)$/is.exec(line)?.[1] : undefined;
    if (text === undefined && command === undefined) return at + 1;
    const statement = [text ?? command ?? ''];
    let next = at + 1;
    for (; next < lines.length && next - at < 2000 && lines[next] !== BREAK && !this.clean.entries.has(next); next++) {
      const parameters = /^\s*Query Parameters: (.*)$/s.exec(lines[next]!)?.[1];
      if (parameters !== undefined) {
        this.ahead.parameters = parameters;
        next++;
        break;
      }
      if (startsTextPlan(lines[next]!)) break;
      statement.push(lines[next]!.replace(/^\S*[-('"*^][>#] /, ''));
    }
    const sql = statement.join('\n').trim().replace(/;\s*$/, '');
    if (sql !== '') this.ahead.sql = sql;
    return next;
  }

  private cleanLineOf(offset: number): number {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private lineOf(offset: number): number {
    return this.clean.numbers[this.cleanLineOf(offset)] ?? 0;
  }
}

/** `{"QUERY PLAN": [{"Plan": …}]}`, as clients hand a row on; also as text in it. */
function unwrap(item: RawNode): RawNode[] {
  const inner = item['QUERY PLAN'] ?? item['plan'];
  let value: unknown = inner;
  if (typeof inner === 'string' && /^\s*[[{]/.test(inner)) value = readJson(inner, inner.length - inner.trimStart().length).value;
  return (Array.isArray(value) ? (value as readonly unknown[]) : [value]).filter(isRecord).filter((document) => recordIn(document, 'Plan'));
}
