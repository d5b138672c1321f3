import { findBlocks } from '../../sql/clauses';
import { readScope } from '../../editing/scope';
import { findPlaceholders } from '../../sql/placeholders';
import { isReserved, nameOf } from '../../sql/names';
import { TokenRanges, type TokenRange } from '../../sql/tokenRanges';
import type { BindOrigin, QuerySite } from '../ir';
import { SqlText } from './bodyText';
import type { CallDraft, LocalDraft, LoopDraft, Place, SiteDraft } from './drafts';
import { readDynamicSql } from './dynamicSql';
import type { Routine } from './routine';
import { variablesIn, type Variables } from './variables';

/** The loops around a statement, innermost first, and whether it runs at all. */
export interface Surroundings {
  readonly loops: readonly number[];
  readonly conditional: boolean;
  readonly onError: boolean;
}

/** Set by the language: what they hold is not known when the routine is read. */
const SPECIAL = ['new', 'old', 'found', 'sqlstate', 'sqlerrm', 'tg_op', 'tg_table_name', 'tg_table_schema', 'tg_relid', 'tg_name', 'tg_argv', 'tg_nargs', 'tg_when', 'tg_level'];
const queryStart = /^(?:select|with|values|insert|update|delete|merge|table)$/;
/** Names that a SQL function's parameter has lest a column be meant. */
const unmistakable = /^(?:_|p_|v_|in_|arg_|param_|i_)|_$/;

/** Turns statements and expressions of a body into queries, calls and assignments. */
export class QueryReader {
  readonly sites: SiteDraft[] = [];
  readonly calls: CallDraft[] = [];
  readonly locals: LocalDraft[] = [];
  readonly variables: Variables;

  constructor(private readonly ranges: TokenRanges, private readonly routine: Routine, private readonly loops: readonly LoopDraft[]) {
    const known = new Map<string, BindOrigin>();
    for (const { name } of routine.parameters) if (name !== '') known.set(name, 'parameter');
    if (routine.language === 'plpgsql') for (const name of SPECIAL) known.set(name, 'parameter');
    this.variables = { known, routine: routine.name };
  }

  /** A statement; returns the index of its site. `PERFORM x` counts as `SELECT x`. */
  statement(range: TokenRange, around: Surroundings, fetches: QuerySite['fetches']): number | undefined {
    const { ranges } = this;
    if (range.to <= range.from) return undefined;
    const into = this.intoOf(range);
    const performs = ranges.word(range.from) === 'perform';
    const sql = new SqlText();
    const head = this.place(range.from, range.from + 1);
    if (performs) sql.rendered('SELECT', head.start, head.end);
    const names = this.write(sql, performs ? { from: range.from + 1, to: range.to } : range, into?.removed, performs ? ranges.tokens[range.from]?.end : undefined);
    this.callsIn(range, around);
    const target = into?.targets[0];
    if (into) for (const name of into.targets) this.assigned(name, names.map(({ name: used }) => used), range, around);
    if (!this.reads(range)) return undefined;
    return this.site({ sql, range, around, uses: names, fetches: into ? 'one' : fetches, complete: this.isCertain(names.map(({ name }) => name)), ...(target === undefined ? {} : { resultName: target }) });
  }

  /** `EXECUTE expression [INTO …] [USING …]`. */
  dynamic(range: TokenRange, around: Surroundings, fetches: QuerySite['fetches']): number | undefined {
    const { ranges } = this;
    const clause = (word: string): number | undefined => ranges.findTop(range, (candidate, i) => candidate === word && i > range.from);
    const [into, using] = [clause('into'), clause('using')];
    const end = Math.min(into ?? range.to, using ?? range.to);
    const expression = { from: range.from + 1, to: end };
    const values = using === undefined ? [] : ranges.splitList({ from: using + 1, to: into !== undefined && into > using ? into : range.to });
    const known = readDynamicSql(ranges, this.routine.body, expression);
    this.callsIn(expression, around);
    const result = into === undefined ? undefined : this.nameAt(ranges.word(into + 1) === 'strict' ? into + 2 : into + 1);
    const names = values.flatMap((value) => this.namesIn(value));
    const dynamicNames = known ? known.parts.flatMap((part) => this.namesIn(part)) : this.namesIn(expression);
    if (result) this.assigned(result, [...names, ...dynamicNames], range, around);
    const uses = (known?.parts ?? []).map((part, index) => ({ index, ...this.useOf(part) }));
    const id = this.site({
      ...(known ? { sql: known.built } : {}), range, around, uses, fetches: result ? 'one' : fetches, complete: known?.complete === true, anchorTo: range.from + 1,
      placeholders: values.map((value) => this.useOf(value)), ...(result ? { resultName: result } : {}),
    });
    return id;
  }

  /** An expression: sub-queries in it, `count(*) FROM t`, calls. */
  expression(range: TokenRange, around: Surroundings): void {
    const { ranges } = this;
    if (range.to <= range.from) return;
    if (queryStart.test(ranges.word(range.from)) && ranges.tokens[range.from]?.kind === 'word') {
      this.statement(range, around, 'one');
      return;
    }
    const from = ranges.findTop(range, (word, i) => word === 'from' && ranges.tokens[i]?.kind === 'word' && ranges.word(i - 1) !== 'distinct');
    if (from !== undefined) {
      const sql = new SqlText();
      const { start } = this.place(range.from, range.from + 1);
      sql.rendered('SELECT ', start, start);
      const uses = this.write(sql, range, undefined, undefined);
      this.callsIn(range, around);
      this.site({ sql, range, around, uses, fetches: 'one', complete: true });
      return;
    }
    const nested: TokenRange[] = [];
    for (let i = range.from; i < range.to; i++) {
      if (ranges.word(i) !== '(' || !queryStart.test(ranges.word(i + 1)) || ranges.tokens[i + 1]?.kind !== 'word') continue;
      const inner = { from: i + 1, to: Math.min(ranges.insideBracket(i).to, range.to) };
      nested.push(inner);
      this.statement(inner, around, 'one');
      i = inner.to;
    }
    this.callsIn(range, around, nested);
  }

  /** `name := expression`. */
  assignment(name: string, range: TokenRange, around: Surroundings): void {
    const before = this.sites.length;
    this.expression(range, around);
    this.assigned(name, this.namesIn(range), range, around, this.sites.length === before + 1 ? before : undefined);
  }

  /** Variables that are mentioned. */
  namesIn(range: TokenRange): readonly string[] {
    return [...new Set(variablesIn(this.sub(range), this.variables).map(({ name }) => name))];
  }

  /** The statement before leaves the loop right after it. */
  leavesAfterLast(around: Surroundings): void {
    const last = this.calls.at(-1);
    if (last && around.loops.length > 0 && last.loops[0] === around.loops[0]) last.exitsAfter = true;
  }

  private assigned(name: string, names: readonly string[], range: TokenRange, around: Surroundings, site?: number): void {
    if (name === '') return;
    const span = this.place(range.from, range.to);
    this.locals.push({ name, names, text: this.ranges.textOf(range), span, ...(site === undefined ? {} : { siteId: site }) });
    for (const id of around.loops) this.loops[id]?.assigns.push({ name, names, span });
  }

  private sub(range: TokenRange): TokenRanges {
    return new TokenRanges(this.ranges.text, this.ranges.tokens.slice(range.from, range.to));
  }

  private place(from: number, to: number): Place {
    const { start, end } = this.ranges.span({ from, to });
    const { body } = this.routine;
    return { start: body.at(start), end: end > start ? body.at(end - 1) + 1 : body.at(start) };
  }

  private nameAt(i: number): string {
    const token = this.ranges.tokens[i];
    return token ? nameOf(this.ranges.text, token) : '';
  }

  private useOf(range: TokenRange): { readonly name: string; readonly names: readonly string[]; readonly text: string; readonly span: Place; readonly origin: BindOrigin } {
    const names = this.namesIn(range);
    const origins = names.map((name) => this.variables.known.get(name) ?? 'unknown');
    const literal = names.length === 0 && range.to - range.from === 1;
    return { name: names[0] ?? '', names, text: this.ranges.textOf(range), span: this.place(range.from, range.to), origin: origins.includes('loop') ? 'loop' : origins[0] ?? (literal ? 'literal' : 'unknown') };
  }

  /** Does the statement touch a table at all? `PERFORM f(x)` does not. */
  private reads(range: TokenRange): boolean {
    const relations = readScope(this.sub(range), undefined).blocks.flatMap((block) => block.relations).filter(({ kind }) => kind === 'table');
    // What a routine asks of the system catalogs is about the schema, not about the application's data.
    if (relations.length > 0 && relations.every(({ schema, name }) => schema === 'pg_catalog' || schema === 'information_schema' || (schema === undefined && name.startsWith('pg_')))) return false;
    const blocks = findBlocks(this.ranges.tokens.slice(range.from, range.to));
    return blocks.some(({ kind, clauses }) => kind === 'insert' || kind === 'update' || kind === 'delete' || kind === 'merge' || clauses.some(({ name }) => name === 'from')) ||
      (this.ranges.word(range.from) === 'perform' && this.ranges.findTop(range, (word) => word === 'from') !== undefined) || /^(?:truncate|refresh)$/.test(this.ranges.word(range.from));
  }

  /** PL/pgSQL's own INTO: what it assigns, and the tokens that are no SQL. */
  private intoOf(range: TokenRange): { readonly removed: TokenRange; readonly targets: readonly string[] } | undefined {
    const { ranges } = this;
    const at = ranges.findTop(range, (word, i) => word === 'into' && ranges.tokens[i]?.kind === 'word' && !/^(?:insert|merge)$/.test(ranges.word(i - 1)));
    if (at === undefined || this.routine.language !== 'plpgsql') return undefined;
    let i = ranges.word(at + 1) === 'strict' ? at + 2 : at + 1;
    const targets: string[] = [];
    for (;;) {
      targets.push(this.nameAt(i));
      i++;
      while (ranges.word(i) === '.' || ranges.word(i) === '[') i = ranges.word(i) === '.' ? i + 2 : ranges.next(i);
      if (ranges.word(i) !== ',' || i >= range.to) break;
      i++;
    }
    return { removed: { from: at, to: Math.min(i, range.to) }, targets };
  }

  /** Copies a statement with its variables as holes. `from`: offset of the body to begin at, where it is not the first token's. */
  private write(sql: SqlText, range: TokenRange, removed: TokenRange | undefined, from: number | undefined): readonly { readonly index: number; readonly name: string; readonly names: readonly string[]; readonly text: string; readonly span: Place; readonly origin: BindOrigin }[] {
    const { ranges, routine: { body } } = this;
    const used = variablesIn(this.sub(range), this.variables).map((use) => ({ ...use, from: use.from + range.from, to: use.to + range.from }));
    const whole = ranges.span(range);
    let at: number = from ?? whole.start;
    const result = [];
    const cut = removed && ranges.span(removed);
    const copy = (to: number): void => {
      if (cut && at <= cut.start && cut.end <= to) {
        sql.copy(body, at, cut.start);
        at = cut.end;
      }
      sql.copy(body, at, Math.max(at, to));
      at = Math.max(at, to);
    };
    for (const use of used) {
      if (removed && use.from >= removed.from && use.from < removed.to) continue;
      const { start, end } = ranges.span({ from: use.from, to: use.to });
      copy(start);
      const span = this.place(use.from, use.to);
      const text = body.text.slice(start, end);
      sql.hole('value', text, span.start, span.end);
      result.push({ index: sql.interpolations.length - 1, name: use.name, names: [...new Set([use.name, ...this.namesIn({ from: use.from + 1, to: use.to })])], text, span, origin: use.origin });
      at = end;
    }
    copy(whole.end);
    return result;
  }

  /** In a function of LANGUAGE sql a column hides the parameter of its name: what is absent is then not known. */
  private isCertain(names: readonly string[]): boolean {
    return this.routine.language === 'plpgsql' ? !/#variable_conflict\s+use_column/.test(this.ranges.text) : names.every((name) => unmistakable.test(name));
  }

  private site(given: {
    readonly sql?: SqlText; readonly range: TokenRange; readonly around: Surroundings; readonly fetches: QuerySite['fetches']; readonly complete: boolean; readonly anchorTo?: number; readonly resultName?: string;
    readonly uses: readonly { readonly index: number; readonly names: readonly string[]; readonly text: string; readonly span: Place; readonly origin: BindOrigin }[];
    readonly placeholders?: readonly { readonly names: readonly string[]; readonly text: string; readonly span: Place; readonly origin: BindOrigin }[];
  }): number {
    const { sql, range, around } = given;
    const span = this.place(range.from, range.to);
    const first = this.ranges.tokens.slice(range.from, range.to).findIndex(({ kind }) => kind === 'word');
    const anchor = this.place(range.from + Math.max(0, first), range.from + Math.max(0, first) + 1);
    const holes = given.uses.map(({ index, names, text, span: place, origin }) => ({ key: String(index), interpolation: index, text, span: place, names, origin }));
    const parameters = sql ? findPlaceholders(sql.text, 'dollar').map(({ key }) => {
      const value = given.placeholders?.[Number(key) - 1];
      const parameter = given.placeholders ? undefined : this.routine.parameters[Number(key) - 1]?.name;
      return { key, text: value?.text ?? parameter ?? `$${key}`, span: value?.span ?? span, names: value?.names ?? (parameter ? [parameter] : []), origin: value?.origin ?? 'parameter' as const };
    }) : [];
    const binds = [...holes, ...parameters.filter((bind, i) => parameters.findIndex(({ key }) => key === bind.key) === i)];
    const call = this.calls.length;
    const names = [...new Set([...binds.flatMap((bind) => bind.names), ...(sql ? [] : this.namesIn(range))])];
    const id = this.sites.length;
    this.calls.push({ name: '?', span, nameSpan: anchor, args: [{ text: this.ranges.textOf(range), span, names }], loops: around.loops, conditional: around.conditional, onError: around.onError, exitsAfter: false, site: id, ...(given.resultName ? { resultName: given.resultName } : {}) });
    this.sites.push({ ...(sql ? { sql } : {}), span, anchor, complete: given.complete, fetches: given.fetches, binds, loops: around.loops, call, ...(given.resultName ? { resultName: given.resultName } : {}) });
    return id;
  }

  /** Functions that are called; those of Postgres are resolved by nobody. */
  private callsIn(range: TokenRange, around: Surroundings, except: readonly TokenRange[] = []): void {
    const { ranges } = this;
    for (let i = range.from; i < range.to; i++) {
      const skipped = except.find(({ from, to }) => from <= i && i < to);
      if (skipped) i = skipped.to;
      const token = ranges.tokens[i];
      if (!token || (token.kind !== 'word' && token.kind !== 'quoted') || ranges.word(i + 1) !== '(' || (token.kind === 'word' && (isReserved(token.word) || queryStart.test(token.word) || token.word === 'into'))) continue;
      if (/^(?:into|table|update|exists)$/.test(ranges.word(i - 1)) || token.word === 'exists') continue;
      const inner = ranges.insideBracket(i + 1);
      const args = ranges.splitList(inner).map((part) => ({ text: ranges.textOf(part), span: this.place(part.from, part.to), names: this.namesIn(part) }));
      let head = i;
      while (ranges.word(head - 1) === '.') head -= 2;
      this.calls.push({ name: nameOf(ranges.text, token), span: this.place(head, Math.min(inner.to + 1, ranges.tokens.length)), nameSpan: this.place(i, i + 1), args, loops: around.loops, conditional: around.conditional, onError: around.onError, exitsAfter: false });
    }
  }
}
