import { findTable } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import { nameOf } from '../sql/names';
import type { TokenRange, TokenRanges } from '../sql/tokenRanges';
import { sqlSpan } from '../text/span';
import type { NameUse } from './nameUses';

interface DdlUses {
  readonly uses: readonly NameUse[];
  /** Token indexes that are accounted for. */
  readonly taken: ReadonlySet<number>;
}

const nothing: DdlUses = { uses: [], taken: new Set() };
const constraintWords = /^(?:constraint|primary|unique|foreign|check|exclude|like|period)$/;
const relationKinds = /^(?:table|view|index|sequence)$/;

/** The tables and columns that a DDL statement names. Works on half-typed statements; costs one pass over the tokens. */
export function collectDdlUses(ranges: TokenRanges, catalog: Catalog | undefined): DdlUses {
  const first = ranges.word(0);
  if (!/^(?:create|alter|drop|truncate|comment|grant|revoke|lock|copy|analyze|vacuum|refresh|cluster|reindex)$/.test(first)) return nothing;
  return new DdlReader(ranges, catalog).read(first);
}

class DdlReader {
  private readonly uses: NameUse[] = [];
  private readonly taken = new Set<number>();

  constructor(private readonly ranges: TokenRanges, private readonly catalog: Catalog | undefined) {}

  read(first: string): DdlUses {
    const { ranges } = this;
    if (first === 'create') this.create();
    else if (first === 'alter') this.alter();
    else if (first === 'drop') this.dropped();
    else if (first === 'comment') this.comment();
    else if (first === 'truncate' || first === 'lock' || first === 'analyze' || first === 'vacuum') this.tableList(this.skip(1, /^(?:table|only|verbose|full|analyze|freeze)$/));
    else if (first === 'refresh' || first === 'cluster') this.table(this.skip(1, /^(?:materialized|view|concurrently)$/));
    else if (first === 'copy' && ranges.word(1) !== '(') {
      const target = this.table(1);
      if (target && ranges.word(target.next) === '(') this.columns(ranges.insideBracket(target.next), target.use);
    } else if (first === 'grant' || first === 'revoke') {
      const on = ranges.findTop(ranges.whole, (word) => word === 'on');
      if (on !== undefined && !/^(?:schema|database|sequence|function|all|type|language|procedure|routine)$/.test(ranges.word(on + 1))) this.tableList(this.skip(on + 1, /^table$/));
    }
    this.references();
    return { uses: this.uses, taken: this.taken };
  }

  private create(): void {
    const { ranges } = this;
    const kind = this.skip(1, /^(?:or|replace|temp|temporary|unlogged|global|local|unique|recursive|materialized|foreign|constraint)$/);
    const word = ranges.word(kind);
    if (word === 'table') {
      const made = this.table(this.skip(kind + 1, /^(?:if|not|exists)$/), true);
      if (made && ranges.word(made.next) === '(') this.definitions(ranges.insideBracket(made.next), made.use);
      if (made && ranges.word(made.next) === 'partition') this.table(made.next + 2);
    } else if (word === 'view') this.table(this.skip(kind + 1, /^(?:if|not|exists)$/), true);
    else if (word === 'index' || word === 'trigger' || word === 'policy' || word === 'rule') {
      const on = ranges.findTop({ from: kind + 1, to: ranges.tokens.length }, (candidate, i) => candidate === 'on' && i > kind);
      const target = on === undefined ? undefined : this.table(this.skip(on + 1, /^only$/));
      if (target && word === 'index') this.expressions({ from: target.next, to: ranges.tokens.length }, target.use);
    }
  }

  private alter(): void {
    const { ranges } = this;
    const kind = this.skip(1, /^(?:materialized|foreign)$/);
    if (!/^(?:table|view)$/.test(ranges.word(kind))) return;
    const altered = this.table(this.skip(kind + 1, /^(?:if|exists|only)$/));
    if (!altered) return;
    for (const piece of ranges.splitList({ from: altered.next, to: ranges.tokens.length })) this.alteration(piece, altered.use);
  }

  private alteration(piece: TokenRange, table: NameUse): void {
    const { ranges } = this;
    const word = ranges.word(piece.from);
    const at = this.skip(piece.from + 1, /^(?:column|if|not|exists)$/);
    if (word === 'add') {
      if (constraintWords.test(ranges.word(at)) && ranges.word(piece.from + 1) !== 'column') this.tableConstraint({ from: at, to: piece.to }, table);
      else this.column(at, table, true);
    } else if ((word === 'drop' || word === 'alter') && ranges.word(piece.from + 1) !== 'constraint') this.column(at, table);
    else if (word === 'rename') {
      const to = ranges.findTop(piece, (candidate) => candidate === 'to');
      if (ranges.word(piece.from + 1) === 'constraint') return;
      if (to !== undefined && to === piece.from + 1) this.table(to + 1, true, table.relation.schema);
      else {
        this.column(at, table);
        if (to !== undefined) this.column(to + 1, table, true);
      }
    }
  }

  private dropped(): void {
    const kind = this.skip(1, /^(?:materialized|foreign)$/);
    if (/^(?:trigger|policy|rule)$/.test(this.ranges.word(kind))) {
      const on = this.ranges.findTop(this.ranges.whole, (word) => word === 'on');
      if (on !== undefined) this.table(on + 1);
    } else if (/^(?:table|view)$/.test(this.ranges.word(kind))) this.tableList(this.skip(kind + 1, /^(?:if|exists)$/));
  }

  private comment(): void {
    const { ranges } = this;
    const kind = this.skip(2, /^(?:materialized|foreign)$/);
    if (/^(?:table|view)$/.test(ranges.word(kind))) this.table(kind + 1);
    if (ranges.word(kind) !== 'column') return;
    let last = kind + 1;
    while (ranges.word(last + 1) === '.' && this.isName(last + 2)) last += 2;
    const table = last > kind + 1 ? this.named({ from: kind + 1, to: last - 1 }) : undefined;
    if (table) this.column(last, table);
  }

  /** The items between the parentheses of CREATE TABLE. */
  private definitions(body: TokenRange, table: NameUse): void {
    for (const piece of this.ranges.splitList(body)) {
      const word = this.ranges.word(piece.from);
      if (this.ranges.tokens[piece.from]?.kind === 'word' && constraintWords.test(word)) this.tableConstraint(piece, table);
      else this.column(piece.from, table, true);
    }
  }

  private tableConstraint({ from, to }: TokenRange, table: NameUse): void {
    const { ranges } = this;
    const kind = ranges.word(from) === 'constraint' ? from + 2 : from;
    if (ranges.word(from) === 'like') {
      this.table(from + 1);
      return;
    }
    const open = ranges.findTop({ from: kind, to }, (word) => word === '(');
    if (open === undefined) return;
    if (/^(?:primary|unique|foreign)$/.test(ranges.word(kind))) this.columns(ranges.insideBracket(open), table);
    else this.expressions(ranges.insideBracket(open), table);
  }

  private references(): void {
    const { ranges } = this;
    for (let i = 0; i < ranges.tokens.length; i++) {
      if (ranges.tokens[i]?.kind !== 'word' || ranges.word(i) !== 'references' || this.taken.has(i)) continue;
      const target = this.table(i + 1);
      if (target && ranges.word(target.next) === '(') this.columns(ranges.insideBracket(target.next), target.use);
    }
  }

  private columns(body: TokenRange, table: NameUse): void {
    for (const piece of this.ranges.splitList(body)) this.column(piece.from, table);
  }

  /** Every name in an expression over one table that is a column of it. */
  private expressions({ from, to }: TokenRange, table: NameUse): void {
    const known = table.table?.columns;
    for (let i = from; i < to; i++) {
      if (!this.isName(i) || this.ranges.word(i + 1) === '(' || this.ranges.word(i - 1) === '.' || this.ranges.word(i - 1) === '::') continue;
      const name = this.nameAt(i);
      if (known?.some((column) => column.name === name) === true) this.column(i, table);
    }
  }

  private column(at: number, table: NameUse, declares = false): void {
    if (!this.isName(at) || this.taken.has(at)) return;
    this.taken.add(at);
    const { start, end } = this.ranges.span({ from: at, to: at + 1 });
    this.uses.push({ kind: 'column', span: sqlSpan(start, end), name: this.nameAt(at), relation: table.relation, ...(table.table ? { table: table.table } : {}), ...(declares ? { declares: true } : {}) });
  }

  private tableList(from: number): void {
    for (const piece of this.ranges.splitList({ from, to: this.ranges.tokens.length })) this.table(piece.from);
  }

  /** The table named at a token; `next`: the token behind the name. */
  private table(at: number, declares = false, schema?: string): { readonly use: NameUse; readonly next: number } | undefined {
    const { ranges } = this;
    if (!this.isName(at) || relationKinds.test(ranges.word(at))) return undefined;
    let last = at;
    while (ranges.word(last + 1) === '.' && this.isName(last + 2)) last += 2;
    const use = this.named({ from: at, to: last + 1 }, declares, schema);
    if (!use) return undefined;
    for (let i = at; i <= last; i++) this.taken.add(i);
    this.uses.push(use);
    return { use, next: last + 1 };
  }

  private named({ from, to }: TokenRange, declares = false, inSchema?: string): NameUse | undefined {
    if (!this.isName(to - 1)) return undefined;
    const name = this.nameAt(to - 1);
    const schema = to - from > 1 ? this.nameAt(to - 3) : inSchema;
    const relation = { name, ...(schema === undefined ? {} : { schema }) };
    const table: Table | undefined = findTable(this.catalog, relation);
    const { start, end } = this.ranges.span({ from: to - 1, to });
    return { kind: 'table', span: sqlSpan(start, end), name, relation, ...(table ? { table } : {}), ...(declares ? { declares: true } : {}) };
  }

  private skip(from: number, words: RegExp): number {
    let i = from;
    while (this.ranges.tokens[i]?.kind === 'word' && words.test(this.ranges.word(i))) i++;
    return i;
  }

  private isName(i: number): boolean {
    return this.ranges.tokens[i]?.kind === 'word' || this.ranges.tokens[i]?.kind === 'quoted';
  }

  private nameAt(i: number): string {
    const token = this.ranges.tokens[i];
    return token ? nameOf(this.ranges.text, token) : '';
  }
}
