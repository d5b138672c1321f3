import { MAX_DEPTH } from '../planWork';
import { isExpression, readDetail } from './textDetails';
import { isNodeName, readHeader, readNodeName, type DraftNode } from './textHeader';
import { readSummary } from './textSummary';

/** A plan that was found in lines. */
export interface TextPlan {
  readonly document: DraftNode;
  /** Line behind it. */
  readonly next: number;
  readonly problems: readonly string[];
}

/** Stands for a line where no plan goes on: the row count under a table, the next log entry. */
export const BREAK = '\u0000';

/** Lines that one expression, or one node's head, may be wrapped to. */
const MAX_JOINED = 400;

const ARROW = /^(\s*)->\s+(\S.*)$/s;
const SUBPLAN = /^(?:CTE [^:]+|(?:InitPlan|SubPlan) [\w.]+(?: \(returns [^)]*\))?)$/;

/** Can a plan in text form start with this line? */
export function startsTextPlan(line: string): boolean {
  const text = ARROW.exec(line)?.[2] ?? line.trim();
  return /^[A-Z]/.test(text) && (readHeader(text) !== undefined || (/^(?:\s{0,3}\S|\s*->)/.test(line) && headless(text) !== undefined));
}

/**
 * Reads the plan that starts with a line (see `startsTextPlan`). Never throws.
 * @param numbers what the lines are called in problems, from 0; left out: by their position
 */
export const readTextPlan = (lines: readonly string[], from: number, numbers?: readonly number[]): TextPlan => new TextReader(lines, from, numbers).read();

interface Open {
  readonly node: DraftNode;
  readonly column: number;
}

class TextReader {
  private readonly document: DraftNode = {};
  private readonly problems: string[] = [];
  private readonly unread: number[] = [];
  /** The node and those it hangs below, by the column of their names. */
  private readonly open: Open[] = [];
  private root: DraftNode | undefined;
  private rootColumn = 0;
  private pendingSubplan: { readonly name: string; readonly column: number } | undefined;
  /** What details belong to, where it is not the node: a worker, `Planning:`, `JIT:`. */
  private inner: { readonly target: DraftNode; readonly column: number; readonly kind: 'worker' | 'summary' } | undefined;
  /** An open quote or bracket was looked for its end, in vain, up to here. */
  private joinedInVain = 0;
  private at: number;

  constructor(private readonly lines: readonly string[], from: number, private readonly numbers?: readonly number[]) {
    this.at = from;
  }

  read(): TextPlan {
    while (this.at < this.lines.length && this.line()) { /* the next one */ }
    if (this.unread.length > 0) this.problems.push(`${this.unread.length === 1 ? 'A line was' : `${this.unread.length} lines were`} not understood, first line ${this.name(this.unread[0]!)}.`);
    this.document['Plan'] = this.root ?? {};
    relate(this.root, 0);
    return { document: this.document, next: this.at, problems: this.problems };
  }

  private name(line: number): number {
    return (this.numbers?.[line] ?? line) + 1;
  }

  /** Reads the line that comes next, with those that it was wrapped to. @returns false at the plan's end */
  private line(): boolean {
    const first = this.lines[this.at]!;
    if (first === BREAK) return false;
    if (first.trim() === '') {
      this.at++;
      return true;
    }
    const { text, next } = this.join();
    const arrow = ARROW.exec(text);
    const content = arrow?.[2] ?? text.trim();
    const column = arrow ? text.length - content.length : indentOf(text);
    const ends = !arrow && this.root !== undefined && column <= this.rootColumn + 1 && readHeader(content) !== undefined;
    if (ends) return false;
    const start = this.at;
    this.at = next;
    if (this.readNode(content, column, arrow !== null, start) || this.readOther(content, column)) return true;
    if (!this.goesOn(next)) {
      if (arrow || next >= this.lines.length) this.unread.push(start);
      else this.at = start;
      return arrow !== null;
    }
    this.unread.push(start);
    return true;
  }

  private readNode(content: string, column: number, arrow: boolean, line: number): boolean {
    const whole = readHeader(content);
    const header = whole ? { ...whole, cut: false } : arrow || this.root === undefined ? headless(content) : undefined;
    if (!header) return false;
    const name = header.name.trim();
    const node: DraftNode = { ...readNodeName(name), ...header.figures };
    if (header.cut) this.problems.push(`Line ${this.name(line)} is cut off.`);
    if (this.pendingSubplan && column > this.pendingSubplan.column) node['Subplan Name'] = this.pendingSubplan.name;
    this.pendingSubplan = undefined;
    this.inner = undefined;
    this.place(node, column, arrow);
    return true;
  }

  private place(node: DraftNode, column: number, arrow: boolean): void {
    const arrowColumn = arrow ? column - 4 : column;
    while (this.open.length > 0 && this.open.at(-1)!.column >= Math.max(arrowColumn, 1)) this.open.pop();
    if (this.root === undefined) {
      this.root = node;
      this.rootColumn = column;
      if (arrow) this.problems.push('The top of the plan is missing.');
    } else if (this.open.length === 0) {
      // Beside the first node: what both hang on was not pasted.
      if (this.root['Node Type'] !== undefined) {
        this.root = { Plans: [this.root] };
        if (!this.problems.includes('The top of the plan is missing.')) this.problems.push('The top of the plan is missing.');
      }
      (this.root['Plans'] as DraftNode[]).push(node);
    } else {
      const parent = this.open.at(-1)!.node;
      const siblings = (parent['Plans'] ??= []) as DraftNode[];
      siblings.push(node);
    }
    if (this.open.length >= MAX_DEPTH) this.open.pop();
    this.open.push({ node, column });
  }

  private readOther(content: string, column: number): boolean {
    const current = this.open.at(-1)?.node;
    if (!current) return false;
    if (SUBPLAN.test(content)) {
      this.pendingSubplan = { name: content, column };
      return true;
    }
    const worker = /^Worker (\d+): +(.*)$/s.exec(content);
    if (worker) return this.readWorker(current, Number(worker[1]), worker[2] ?? '', column);
    const inWorker = this.inner?.kind === 'worker' && column > this.inner.column;
    const summary = readSummary(inWorker && this.inner ? this.inner.target : this.document, content, this.inner?.kind === 'summary' ? this.inner.target : undefined);
    if (summary) {
      if (summary !== true) this.inner = { target: summary, column, kind: 'summary' };
      return true;
    }
    if (inWorker && this.inner) return readDetail(this.inner.target, content);
    this.inner = undefined;
    return readDetail(current, content);
  }

  private readWorker(node: DraftNode, number: number, text: string, column: number): boolean {
    const workers = (node['Workers'] as DraftNode[] | undefined) ?? [];
    node['Workers'] = workers;
    let worker = workers.find((item) => item['Worker Number'] === number);
    if (!worker) workers.push((worker = { 'Worker Number': number }));
    this.inner = { target: worker, column, kind: 'worker' };
    const actual = /^actual (?:time=([\d.]+)\.\.([\d.]+) )?rows=([\d.]+) loops=(\d+)$/.exec(text);
    if (!actual) return readDetail(worker, text);
    if (actual[1] !== undefined) Object.assign(worker, { 'Actual Startup Time': Number(actual[1]), 'Actual Total Time': Number(actual[2]) });
    Object.assign(worker, { 'Actual Rows': Number(actual[3]), 'Actual Loops': Number(actual[4]) });
    return true;
  }

  /** Does the plan go on behind a line that was not understood? */
  private goesOn(next: number): boolean {
    for (const line of this.lines.slice(next, next + 4)) {
      if (line === BREAK) return false;
      if (ARROW.test(line) || /^\s*(?:Planning|Execution) Time: [\d.]+ ms$/i.test(line)) return true;
    }
    return false;
  }

  /** The line that comes next, together with those that a terminal, a mail or a line break in a string made of it. */
  private join(): { readonly text: string; readonly next: number } {
    const text = this.lines[this.at]!.trimEnd();
    const next = this.at + 1;
    const alone = { text, next };
    if (this.at < this.joinedInVain) return alone;
    const content = ARROW.exec(text)?.[2] ?? text.trim();
    const isHead = ARROW.test(text) || this.root === undefined || (/\((?:cost=|actual )/.test(content) && !isExpression(labelOf(content)));
    if (isHead && readHeader(content) === undefined) return this.joinHead(text) ?? alone;
    if (isHead) {
      const following = this.lines[next]?.trim() ?? '';
      return /^\((?:actual |never executed)/.test(following) && readHeader(`${content} ${following}`) ? { text: `${text} ${following}`, next: next + 1 } : alone;
    }
    if (!isExpression(labelOf(content))) return alone;
    const joined = this.joinExpression(text);
    if (joined) return joined;
    this.joinedInVain = next + MAX_JOINED;
    return alone;
  }

  private joinHead(text: string): { readonly text: string; readonly next: number } | undefined {
    let joined = [text];
    for (let next = this.at + 1; next <= this.at + 4 && next < this.lines.length; next++) {
      const line = this.lines[next]!.trim();
      if (line === '' || line === BREAK || ARROW.test(this.lines[next]!)) return undefined;
      // Broken between words or within one: only one of the two reads as figures.
      joined = joined.flatMap((before) => [`${before} ${line}`, `${before}${line}`]);
      const whole = joined.find((candidate) => readHeader(ARROW.exec(candidate)?.[2] ?? candidate.trim()) !== undefined);
      if (whole === undefined) continue;
      const following = this.lines[next + 1]?.trim() ?? '';
      const more = /^\((?:actual |never executed)/.test(following) && readHeader(`${whole} ${following}`.trim()) !== undefined;
      return more ? { text: `${whole} ${following}`, next: next + 2 } : { text: whole, next: next + 1 };
    }
    return undefined;
  }

  private joinExpression(text: string): { readonly text: string; readonly next: number } | undefined {
    const state: Balance = { quote: '', depth: 0 };
    weigh(text, state);
    let joined = text;
    let next = this.at + 1;
    for (; state.quote !== '' || state.depth > 0; next++) {
      const line = this.lines[next];
      if (line === undefined || line === BREAK || next - this.at > MAX_JOINED || (state.quote === '' && (ARROW.test(line) || /^\s*[A-Z][\w ]*: /.test(line)))) return undefined;
      // In a string the line break is the string's own.
      const part = state.quote === '' ? ` ${line.trim()}` : `\n${line}`;
      joined += part;
      weigh(part, state);
    }
    return { text: joined, next };
  }
}

interface Balance { quote: string; depth: number }

function weigh(text: string, state: Balance): void {
  for (const c of text) {
    if (state.quote !== '') { if (c === state.quote) state.quote = ''; }
    else if (c === "'" || c === '"') state.quote = c;
    else if (c === '(') state.depth++;
    else if (c === ')') state.depth--;
  }
}

const labelOf = (content: string): string => /^([A-Z][^:]{0,60}): /.exec(content)?.[1] ?? '';
const indentOf = (text: string): number => text.length - text.trimStart().length;

/** A node without figures (COSTS OFF), or whose figures are cut off. */
function headless(content: string): { readonly name: string; readonly figures: DraftNode; readonly cut: boolean } | undefined {
  if (isNodeName(content)) return { name: content, figures: {}, cut: false };
  const cutAt = Math.max(content.indexOf('  ('), content.indexOf(' (cost'));
  const name = cutAt > 0 ? content.slice(0, cutAt).trim() : undefined;
  return name !== undefined && isNodeName(name) ? { name, figures: {}, cut: true } : undefined;
}

/** How children hang on their parents, as the JSON form tells. */
function relate(node: DraftNode | undefined, depth: number): void {
  const children = (node?.['Plans'] as DraftNode[] | undefined) ?? [];
  const type = String(node?.['Node Type'] ?? '');
  let inputs = 0;
  for (const child of children) {
    const subplan = child['Subplan Name'];
    if (typeof subplan === 'string') child['Parent Relationship'] = subplan.startsWith('SubPlan') ? 'SubPlan' : 'InitPlan';
    else child['Parent Relationship'] = /Append$|^Bitmap(?:And|Or)$/.test(type) ? 'Member' : type === 'Subquery Scan' ? 'Subquery' : inputs++ === 0 ? 'Outer' : type === 'ModifyTable' ? 'Member' : 'Inner';
    if (depth < MAX_DEPTH) relate(child, depth + 1);
  }
}
