import { tokenize, type Token } from '../../sql/lexer';
import { nameOf } from '../../sql/names';
import { TokenRanges, type TokenRange } from '../../sql/tokenRanges';
import type { BodyFacts, LoopDraft, Place } from './drafts';
import { QueryReader, type Surroundings } from './queryReader';
import type { Routine } from './routine';

/** Where a statement of a body stands. */
type Context = Surroundings;

const sqlVerbs = /^(?:select|insert|update|delete|merge|with|values|truncate|refresh|lock|copy|create|alter|drop)$/;
const listEnds = /^(?:end|else|elsif|elseif|when|exception)$/;

/**
 * Reads the body of a routine by its tokens: its queries, loops, assignments and calls. Works on half-typed bodies.
 * Costs one pass of the lexer over the body and one over each of its statements.
 */
export function readBody(routine: Routine): BodyFacts {
  const reader = new BodyReader(routine);
  if (routine.language === 'sql') reader.statements();
  else reader.program();
  return reader.facts();
}

class BodyReader {
  private readonly ranges: TokenRanges;
  private readonly queries: QueryReader;
  private readonly loops: LoopDraft[] = [];
  /** Queries of cursors that are declared with one. */
  private readonly cursors = new Map<string, TokenRange>();

  constructor(private readonly routine: Routine) {
    this.ranges = new TokenRanges(routine.body.text, markCases(tokenize(routine.body.text)));
    this.queries = new QueryReader(this.ranges, routine, this.loops);
  }

  facts(): BodyFacts {
    const { sites, calls, locals, variables } = this.queries;
    return { sites, calls, locals, loops: this.loops, variables: variables.known };
  }

  /** LANGUAGE sql: one statement after the other. */
  statements(): void {
    const parts = this.ranges.split(this.ranges.whole, (word) => word === ';').filter(({ from, to }) => to > from);
    parts.forEach((part, i) => this.queries.statement(part, top, i === parts.length - 1 ? 'unknown' : 'none'));
  }

  program(): void {
    let at = 0;
    // `#variable_conflict use_column` and the like stand before the block.
    while (this.ranges.tokens[at] && !/^(?:declare|begin)$/.test(this.word(at)) && this.word(at) !== '<<') at++;
    this.block(at, top);
  }

  private word(i: number): string {
    return this.ranges.tokens[i]?.kind === 'string' ? '' : this.ranges.word(i);
  }

  private place(from: number, to: number): Place {
    const { start, end } = this.ranges.span({ from, to });
    return { start: this.routine.body.at(start), end: end > start ? this.routine.body.at(end - 1) + 1 : this.routine.body.at(start) };
  }

  /** `[<<label>>] [DECLARE …] BEGIN … [EXCEPTION …] END [label] ;` returns the token behind it. */
  private block(from: number, context: Context): number {
    let at = this.afterLabel(from);
    if (this.word(at) === 'declare') {
      at++;
      while (this.ranges.tokens[at] && this.word(at) !== 'begin') at = this.declaration(at, context);
    }
    if (this.word(at) !== 'begin') return at + 1;
    const handlers = this.handlerOf(at + 1);
    // Of what may fail on its own, rows are meant to be handled one by one.
    const inner = handlers && context.loops.length > 0 ? { ...context, conditional: true } : context;
    at = this.list(at + 1, inner);
    if (this.word(at) === 'exception') {
      at++;
      while (this.word(at) === 'when') {
        const then = this.until(at, /^then$/);
        at = this.list(then + 1, { ...context, conditional: true, onError: true });
      }
    }
    return this.afterSemicolon(at + 1);
  }

  /** Does the block that begins here have an EXCEPTION part? */
  private handlerOf(from: number): boolean {
    let depth = 0;
    for (let i = from; i < this.ranges.tokens.length; i++) {
      const word = this.word(i);
      if (/^(?:begin|if|loop)$/.test(word) && this.word(i - 1) !== 'end' && (word !== 'if' || /^(?:;|then|else|begin|loop|>>)$/.test(this.word(i - 1)))) depth++;
      else if (word === CASE || word === 'case') depth++;
      else if (word === 'end' && depth-- === 0) return false;
      else if (word === 'exception' && depth === 0 && this.word(i - 1) === ';') return true;
    }
    return false;
  }

  private declaration(at: number, context: Context): number {
    const end = this.semicolon(at);
    const token = this.ranges.tokens[at];
    if (!token) return end + 1;
    const name = nameOf(this.ranges.text, token);
    const cursor = this.ranges.findTop({ from: at, to: end }, (word) => word === 'cursor');
    const query = cursor === undefined ? undefined : this.ranges.findTop({ from: cursor, to: end }, (word) => word === 'for' || word === 'is');
    if (query !== undefined) {
      this.cursors.set(name, { from: query + 1, to: end });
      return end + 1;
    }
    const value = this.ranges.findTop({ from: at, to: end }, (word) => word === ':=' || word === '=' || word === 'default');
    if (value !== undefined) this.queries.assignment(name, { from: value + 1, to: end }, context);
    // A default cannot mention the variable that it is for.
    this.queries.variables.known.set(name, 'local');
    return end + 1;
  }

  /** Statements up to a word that ends the list; returns its token. */
  private list(from: number, context: Context): number {
    let at = from;
    while (this.ranges.tokens[at] && !listEnds.test(this.word(at))) {
      const next = this.one(at, context);
      at = next > at ? next : at + 1;
    }
    return at;
  }

  private one(at: number, context: Context): number {
    const word = this.word(at);
    const end = this.semicolon(at);
    const rest = { from: at + 1, to: end };
    switch (word) {
      case ';': return at + 1;
      case '<<': return /^(?:declare|begin)$/.test(this.word(this.afterLabel(at))) ? this.block(at, context) : this.afterLabel(at);
      case 'declare': case 'begin': return this.block(at, context);
      case 'if': return this.branch(at, context, 'if');
      case CASE: return this.branch(at, context, 'case');
      case 'for': case 'foreach': case 'while': case 'loop': return this.loop(at, context);
      case 'exit': case 'continue': {
        const when = this.ranges.findTop(rest, (candidate) => candidate === 'when');
        const condition = when === undefined ? undefined : { from: when + 1, to: end };
        if (condition) this.queries.expression(condition, context);
        if (word === 'exit') this.exit(context, 'break', at, end, condition);
        break;
      }
      case 'return': this.returned(at, end, context); break;
      case 'raise': {
        if (!/^(?:notice|warning|info|log|debug)$/.test(this.word(at + 1))) this.exit(context, 'throw', at, end);
        break;
      }
      case 'execute': this.queries.dynamic({ from: at, to: end }, context, 'none'); break;
      case 'open': {
        const query = this.ranges.findTop(rest, (candidate) => candidate === 'for');
        const bound = this.cursors.get(this.nameAt(at + 1));
        const from = query === undefined ? bound : { from: query + 1, to: end };
        if (from) this.query(from, context, 'stream');
        break;
      }
      case 'fetch': case 'move': case 'close': case 'get': case 'null': case 'commit': case 'rollback': case 'assert': break;
      case 'perform': this.queries.statement({ from: at, to: end }, context, 'none'); break;
      case 'call': this.queries.expression(rest, context); break;
      default: {
        if (sqlVerbs.test(word) && this.word(at + 1) !== ':=' && this.word(at + 1) !== '=') this.queries.statement({ from: at, to: end }, context, 'none');
        else {
          const assigns = this.ranges.findTop({ from: at, to: end }, (candidate) => candidate === ':=' || candidate === '=');
          if (assigns !== undefined) this.queries.assignment(this.nameAt(at), { from: assigns + 1, to: end }, context);
        }
      }
    }
    return end + 1;
  }

  /** IF … ELSIF … ELSE … END IF; CASE … WHEN … END CASE. */
  private branch(from: number, context: Context, kind: 'if' | 'case'): number {
    const inner = { ...context, conditional: true };
    let at = from;
    if (kind === 'case' && this.word(at + 1) !== 'when') {
      const first = this.until(at + 1, /^when$/);
      this.queries.expression({ from: at + 1, to: first }, context);
      at = first;
    } else if (kind === 'case') at++;
    while (this.ranges.tokens[at]) {
      const word = this.word(at);
      if (word === 'end') return this.afterSemicolon(at + 1);
      if (word === 'else') at = this.list(at + 1, inner);
      else {
        const then = this.until(at + 1, /^then$/);
        this.queries.expression({ from: at + 1, to: then }, at === from ? context : inner);
        at = this.list(then + 1, inner);
        if (this.word(at) === 'exception') return at;
      }
    }
    return at;
  }

  private returned(at: number, end: number, context: Context): void {
    if (this.word(at + 1) === 'query') this.query({ from: at + 2, to: end }, context, 'unknown');
    else {
      this.queries.expression({ from: this.word(at + 1) === 'next' ? at + 2 : at + 1, to: end }, context);
      if (this.word(at + 1) !== 'next') this.exit(context, 'return', at, end);
    }
  }

  private query(range: TokenRange, context: Context, fetches: 'stream' | 'unknown'): number | undefined {
    return this.word(range.from) === 'execute' ? this.queries.dynamic(range, context, fetches) : this.queries.statement(range, context, fetches);
  }

  private exit(context: Context, kind: 'break' | 'return' | 'throw', at: number, end: number, condition?: TokenRange): void {
    const conditional = condition !== undefined || context.conditional;
    for (const [depth, id] of context.loops.entries()) {
      if (kind === 'break' && depth > 0) break;
      this.loops[id]?.exits.push({ kind, conditional, span: this.place(at, end), ...(condition ? { condition: this.ranges.textOf(condition) } : {}) });
    }
    if (!conditional && kind !== 'throw') this.queries.leavesAfterLast(context);
  }

  /** FOR, FOREACH, WHILE and plain LOOP; returns the token behind END LOOP. */
  private loop(from: number, context: Context): number {
    const word = this.word(from);
    const open = word === 'loop' ? from : this.until(from + 1, /^loop$/);
    const id = this.loops.length;
    const close = this.endOfLoop(open + 1);
    const draft = this.loopHead(from, open, close, context);
    this.loops.push({ ...draft, span: this.place(from, this.afterSemicolon(close + 1)), head: this.place(from, open === from ? from + 1 : open), body: this.place(open + 1, Math.max(open + 2, close)), ...(context.loops[0] === undefined ? {} : { parent: context.loops[0] }), assigns: [], exits: [] });
    const end = this.list(open + 1, { loops: [id, ...context.loops], conditional: false, onError: context.onError });
    return this.afterSemicolon(end + 1);
  }

  private loopHead(from: number, open: number, close: number, context: Context): Pick<LoopDraft, 'kind' | 'elements' | 'iterable' | 'condition' | 'step'> {
    const word = this.word(from);
    if (word === 'while') {
      this.queries.expression({ from: from + 1, to: open }, context);
      return { kind: 'while', elements: [], condition: this.ranges.textOf({ from: from + 1, to: open }) };
    }
    if (word === 'loop') return this.fetchLoop(open, close) ?? { kind: 'while', elements: [] };
    const within = this.ranges.findTop({ from: from + 1, to: open }, (candidate) => candidate === 'in') ?? open;
    const elements = this.ranges.splitList({ from: from + 1, to: this.word(within - 2) === 'slice' ? within - 2 : within }).map((piece) => this.nameAt(piece.from));
    for (const name of elements) this.queries.variables.known.set(name, 'loop');
    if (word === 'foreach') {
      const array = { from: within + 2, to: open };
      this.queries.expression(array, context);
      const literal = this.word(array.from) === 'array' && this.word(array.from + 1) === '[';
      return { kind: 'for-of', elements, iterable: { text: this.ranges.textOf(array), span: this.place(array.from, array.to), names: this.queries.namesIn(array), kind: literal ? 'literal' : this.word(within - 2) === 'slice' ? 'chunks' : 'local' } };
    }
    const reverse = this.word(within + 1) === 'reverse' ? within + 2 : within + 1;
    const dots = this.ranges.findTop({ from: reverse, to: open }, (candidate) => candidate === '..');
    if (dots !== undefined) return this.numberLoop(elements, reverse, dots, open, context);
    const cursor = this.cursors.get(this.nameAt(within + 1));
    const query = cursor ?? { from: within + 1, to: open };
    const text = this.ranges.textOf(query);
    const site = this.query(query, context, 'stream');
    const values = this.word(query.from) === 'values';
    return { kind: 'for-of', elements, iterable: { text, span: this.place(query.from, query.to), names: this.queries.namesIn(query), kind: values ? 'literal' : 'query', ...(site === undefined ? {} : { site }) } };
  }

  private numberLoop(elements: readonly string[], from: number, dots: number, open: number, context: Context): Pick<LoopDraft, 'kind' | 'elements' | 'iterable' | 'condition' | 'step'> {
    const by = this.ranges.findTop({ from: dots + 1, to: open }, (candidate) => candidate === 'by') ?? open;
    const [first, last] = [{ from, to: dots }, { from: dots + 1, to: by }];
    this.queries.expression(first, context);
    this.queries.expression(last, context);
    const constant = this.queries.namesIn({ from, to: by }).length === 0 && last.to - last.from === 1;
    const step = by < open ? this.ranges.textOf({ from: by + 1, to: open }) : undefined;
    return { kind: 'for', elements, iterable: { text: this.ranges.textOf({ from, to: open }), span: this.place(from, open), names: this.queries.namesIn({ from, to: by }), kind: constant ? 'literal' : 'unknown' }, ...(step === undefined ? {} : { step }) };
  }

  /** `LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; …`: a walk over the rows of a cursor. */
  private fetchLoop(open: number, close: number): Pick<LoopDraft, 'kind' | 'elements' | 'iterable'> | undefined {
    let fetch = -1;
    for (let i = open + 1, depth = 0; i < close; i++) {
      const word = this.word(i);
      if (/^(?:loop|if|begin|case|case statement)$/.test(word) && this.word(i - 1) !== 'end') depth++;
      else if (word === 'end') depth--;
      else if (word === 'fetch' && depth === 0 && this.word(i - 1) !== '.') {
        fetch = i;
        break;
      }
    }
    const end = fetch < 0 ? 0 : this.semicolon(fetch);
    const into = fetch < 0 ? undefined : this.ranges.findTop({ from: fetch, to: end }, (word) => word === 'into');
    // FETCH n takes a batch.
    if (into === undefined || this.ranges.tokens.slice(fetch, into).some(({ kind, word }) => kind === 'number' || word === 'forward' || word === 'all')) return undefined;
    const elements = this.ranges.splitList({ from: into + 1, to: end }).map((piece) => this.nameAt(piece.from));
    for (const name of elements) this.queries.variables.known.set(name, 'loop');
    const cursor = this.nameAt(into - 1);
    const query = this.cursors.get(cursor);
    return { kind: 'for-of', elements, iterable: { text: query ? this.ranges.textOf(query) : cursor, span: this.place(into - 1, into), names: [], kind: 'query' } };
  }

  private nameAt(i: number): string {
    const token = this.ranges.tokens[i];
    return token ? nameOf(this.ranges.text, token) : '';
  }

  private afterLabel(at: number): number {
    return this.word(at) === '<<' ? at + 3 : at;
  }

  /** Token of the `;` that ends a statement; the end of the body where it is missing. */
  private semicolon(from: number): number {
    return this.ranges.findTop({ from, to: this.ranges.tokens.length }, (word) => word === ';') ?? this.ranges.tokens.length;
  }

  /** First token at the top, CASE expressions jumped over. */
  private until(from: number, words: RegExp): number {
    return this.ranges.findTop({ from, to: this.ranges.tokens.length }, (word, i) => words.test(word) && this.ranges.tokens[i]?.kind === 'word') ?? this.ranges.tokens.length;
  }

  private endOfLoop(from: number): number {
    let depth = 0;
    for (let i = from; i < this.ranges.tokens.length; i++) {
      if (this.word(i) === 'loop') depth += this.word(i - 1) === 'end' ? -1 : 1;
      if (depth < 0) return i - 1;
    }
    return this.ranges.tokens.length;
  }

  private afterSemicolon(at: number): number {
    return this.semicolon(at) + 1;
  }
}

/** What CASE as a statement is called here: other than the expression it holds statements up to END CASE. */
const CASE = 'case statement';

function markCases(tokens: readonly Token[]): readonly Token[] {
  return tokens.map((token, i) => {
    if (token.kind !== 'word' || token.word !== 'case') return token;
    const before = tokens[i - 1]?.word ?? ';';
    return before === 'end' ? { ...token, word: 'case end' } : /^(?:;|then|else|loop|begin|>>)$/.test(before) && !isExpression(tokens, i) ? { ...token, word: CASE } : token;
  });
}

/** `… THEN CASE WHEN a THEN b END …`: the first THEN's branch ends without a semicolon. */
function isExpression(tokens: readonly Token[], at: number): boolean {
  const then = tokens.findIndex(({ word, kind }, i) => i > at && kind === 'word' && word === 'then');
  for (let i = then + 1; then >= 0 && i < tokens.length; i++) {
    if (tokens[i]?.word === ';') return false;
    if (tokens[i]?.kind === 'word' && /^(?:end|when|else)$/.test(tokens[i]?.word ?? '')) return true;
  }
  return false;
}

const top: Context = { loops: [], conditional: false, onError: false };
