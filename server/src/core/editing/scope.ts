import { findTable } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import { clauseSpans, findBlocks, type BlockRange, type ClauseRange } from '../sql/clauses';
import { endsOperand } from '../sql/holeForms';
import { nameOf } from '../sql/names';
import type { TokenRange, TokenRanges } from '../sql/tokenRanges';

/**
 * What names mean in a statement, told by its tokens alone, so that it holds while the statement is being typed.
 * The query model answers the same for statements that parse; this answers for all.
 */
export interface TokenScope {
  readonly ranges: TokenRanges;
  readonly catalog: Catalog | undefined;
  readonly blocks: readonly ScopeBlock[];
}

export interface ScopeBlock {
  readonly index: number;
  readonly range: BlockRange;
  /** Relations whose columns can be named here, the target of a write first. */
  readonly relations: readonly ScopeRelation[];
  /** The block whose columns can be named here too: of a correlated sub-query. */
  readonly outer?: number;
}

export interface ScopeRelation {
  readonly kind: 'table' | 'cte' | 'derived' | 'function';
  readonly schema?: string;
  readonly name: string;
  /** Name by which columns refer to it. */
  readonly alias: string;
  /** Token indexes of the relation's name; empty for derived tables. */
  readonly at: TokenRange;
  /** Token index of the alias, where one is written. */
  readonly aliasAt?: number;
  readonly target: boolean;
  /** The table in the catalog. */
  readonly table?: Table;
  /** Its columns; undefined: not known. */
  columns(): readonly ScopeColumn[] | undefined;
}

/** A column as it can be named, and the table's column behind it where it is one. */
export interface ScopeColumn {
  readonly name: string;
  readonly table?: Table;
  readonly column?: string;
}

/** Reads the relations of every block. Columns are worked out when they are asked for. Costs one pass over the tokens. */
export function readScope(ranges: TokenRanges, catalog: Catalog | undefined): TokenScope {
  return new ScopeReader(ranges, catalog).read();
}

/** Columns of a catalog table. */
export const tableColumns = (table: Table): readonly ScopeColumn[] => table.columns.map(({ name }) => ({ name, table, column: name }));

const notAnAlias = /^(?:on|using|join|left|right|inner|full|cross|natural|where|set|values|select|default|group|order|having|limit|offset|fetch|for|window|as|tablesample|overriding|returning|union|intersect|except|with|when|do|not|and|or)$/;
const MAX_DEPTH = 12;

class ScopeReader {
  private readonly ranges: TokenRanges;
  private readonly found: readonly BlockRange[];
  private readonly blocks: ScopeBlock[] = [];
  /** Of blocks whose output is being worked out: a recursive CTE ends here. */
  private readonly open = new Set<number>();

  constructor(ranges: TokenRanges, private readonly catalog: Catalog | undefined) {
    this.ranges = ranges;
    this.found = findBlocks(ranges.tokens);
  }

  read(): TokenScope {
    for (const [index, range] of this.found.entries()) {
      const outer = this.outerOf(range);
      this.blocks.push({ index, range, relations: this.relationsOf(index, range), ...(outer === undefined ? {} : { outer }) });
    }
    return { ranges: this.ranges, catalog: this.catalog, blocks: this.blocks };
  }

  /** A sub-query sees the block around it, unless it stands in FROM without LATERAL, is a CTE, or feeds an INSERT. */
  private outerOf({ span, parent }: BlockRange): number | undefined {
    if (parent === undefined) return undefined;
    const around = this.found[parent];
    if (!around || around.kind === 'insert') return undefined;
    if (around.kind === 'set-operation') return this.outerOf(around);
    const clause = around.clauses.find((candidate) => candidate.body.start <= span.start && span.end <= candidate.body.end);
    if (clause?.name === 'with') return undefined;
    if (clause?.name === 'from' || clause?.name === 'using') {
      const open = this.openingBefore(span.start);
      const before = this.ranges.word(open - 1);
      // Inside an ON condition or a function's argument the sub-query is correlated; directly after FROM, JOIN or a comma it is a table.
      if (/^(?:from|join|,|using|\()$/.test(before) || open < 0) return undefined;
    }
    return parent;
  }

  private openingBefore(offset: number): number {
    let at = this.ranges.indexAt(offset) - 1;
    while (at > 0 && this.ranges.word(at) === '(' && this.ranges.word(at - 1) === '(') at--;
    return this.ranges.word(at) === '(' ? at : -1;
  }

  private relationsOf(index: number, block: BlockRange): ScopeRelation[] {
    const result: ScopeRelation[] = [];
    for (const clause of block.clauses) {
      const body = this.ranges.inside(clause.body);
      if (/^(?:insert|update|delete|merge)$/.test(clause.name)) {
        const relation = this.tableAt(index, this.ranges.word(body.from) === 'only' ? body.from + 1 : body.from, body.to, true);
        if (relation) result.unshift(relation);
      } else if (clause.name === 'from' || clause.name === 'using') result.push(...this.items(index, body));
    }
    const target = block.kind === 'insert' && block.clauses.some(({ name }) => name === 'conflict') ? result[0] : undefined;
    return target ? [...result, { ...target, alias: 'excluded', at: { from: 0, to: 0 }, aliasAt: undefined, target: false }] : result;
  }

  /** The items of a FROM clause, those of joins in parentheses too. */
  private items(block: number, body: TokenRange): ScopeRelation[] {
    const result: ScopeRelation[] = [];
    let expected = true;
    for (let i = body.from; i < body.to; i = this.ranges.next(i)) {
      const word = this.ranges.word(i);
      const isWord = this.ranges.tokens[i]?.kind === 'word';
      if (expected && !(isWord && /^(?:only|lateral)$/.test(word))) {
        expected = false;
        const item = word === '(' ? this.parenthesised(block, i, body.to) : this.tableAt(block, i, body.to, false);
        if (Array.isArray(item)) result.push(...item);
        else if (item) result.push(item);
      }
      if (word === ',' || (isWord && word === 'join')) expected = true;
    }
    return result;
  }

  private parenthesised(block: number, open: number, end: number): ScopeRelation | ScopeRelation[] {
    const inside = this.ranges.insideBracket(open);
    const inner = this.blockInside(inside);
    if (inner === undefined) return this.items(block, inside);
    const { alias, aliasAt, columns } = this.aliasAfter(inside.to + 1, end);
    return { kind: 'derived', name: alias ?? '', alias: alias ?? '', at: { from: open, to: open }, ...(aliasAt === undefined ? {} : { aliasAt }), target: false, columns: () => renamed(this.outputs(inner), columns) };
  }

  /** The outermost block that begins inside a bracket; undefined: no query stands there. */
  private blockInside({ from, to }: TokenRange): number | undefined {
    let first = from;
    while (this.ranges.word(first) === '(') first++;
    if (!/^(?:select|with|values|insert|update|delete|merge|table)$/.test(this.ranges.word(first))) return undefined;
    const start = this.ranges.tokens[from]?.start ?? Infinity;
    const end = this.ranges.tokens[to]?.start ?? Infinity;
    const index = this.found.findIndex((block) => block.span.start >= start && block.span.start < end);
    return index < 0 ? undefined : index;
  }

  private tableAt(block: number, at: number, end: number, target: boolean): ScopeRelation | undefined {
    const { ranges } = this;
    const isName = (i: number): boolean => i < end && (ranges.tokens[i]?.kind === 'word' || ranges.tokens[i]?.kind === 'quoted');
    if (!isName(at) || (ranges.tokens[at]?.kind === 'word' && notAnAlias.test(ranges.word(at)))) return undefined;
    let last = at;
    while (ranges.word(last + 1) === '.' && isName(last + 2)) last += 2;
    const name = this.nameAt(last);
    const schema = last > at ? this.nameAt(last - 2) : undefined;
    const isCall = !target && ranges.word(last + 1) === '(';
    const after = isCall ? ranges.next(last + 1) : last + 1;
    const { alias, aliasAt, columns } = this.aliasAfter(after, end);
    const base = { name, alias: alias ?? name, at: { from: at, to: last + 1 }, ...(schema === undefined ? {} : { schema }), ...(aliasAt === undefined ? {} : { aliasAt }), target };
    if (isCall) return { kind: 'function', ...base, columns: () => columns?.map((column) => ({ name: column })) };
    const cte = schema === undefined && !target ? this.cteFor(block, name, at) : undefined;
    if (cte) return { kind: 'cte', ...base, columns: () => renamed(cte.block === undefined ? undefined : renamed(this.outputs(cte.block), cte.columns), columns) };
    const table = findTable(this.catalog, schema === undefined ? { name } : { schema, name });
    return { kind: 'table', ...base, ...(table ? { table } : {}), columns: () => renamed(table && tableColumns(table), columns) };
  }

  private nameAt(i: number): string {
    const token = this.ranges.tokens[i];
    return token ? nameOf(this.ranges.text, token) : '';
  }

  /** `[WITH ORDINALITY] [AS] alias [(column, …)]`. */
  private aliasAfter(from: number, end: number): { readonly alias?: string; readonly aliasAt?: number; readonly columns?: readonly string[] } {
    const { ranges } = this;
    const start = ranges.word(from) === 'with' && ranges.word(from + 1) === 'ordinality' ? from + 2 : from;
    const at = ranges.word(start) === 'as' ? start + 1 : start;
    const token = ranges.tokens[at];
    if (at >= end || !token || (token.kind !== 'quoted' && (token.kind !== 'word' || notAnAlias.test(token.word)))) return {};
    const list = ranges.word(at + 1) === '(' ? ranges.splitList(ranges.insideBracket(at + 1)).map((piece) => this.nameAt(piece.from)) : undefined;
    return { alias: this.nameAt(at), aliasAt: at, ...(list ? { columns: list } : {}) };
  }

  /** The CTE that a name means in a block; `block` undefined: its body is not there yet. */
  private cteFor(block: number | undefined, name: string, use: number): { readonly block?: number; readonly columns?: readonly string[] } | undefined {
    for (let at = block; at !== undefined; at = this.found[at]?.parent) {
      const clause = this.found[at]?.clauses.find((candidate) => candidate.name === 'with');
      for (const cte of clause ? this.ctesOf(clause) : []) if (cte.name === name && cte.at < use) return cte;
    }
    return undefined;
  }

  private ctesOf(clause: ClauseRange): readonly { readonly name: string; readonly at: number; readonly block?: number; readonly columns?: readonly string[] }[] {
    const { ranges } = this;
    return ranges.splitList(ranges.inside(clause.body)).flatMap((piece) => {
      const name = this.nameAt(piece.from);
      if (name === '') return [];
      const list = ranges.word(piece.from + 1) === '(' ? ranges.splitList(ranges.insideBracket(piece.from + 1)).map((part) => this.nameAt(part.from)) : undefined;
      const open = ranges.findTop({ from: list ? ranges.next(piece.from + 1) : piece.from + 1, to: piece.to }, (word) => word === '(');
      const block = open === undefined ? undefined : this.blockInside(ranges.insideBracket(open));
      return [{ name, at: piece.from, ...(block === undefined ? {} : { block }), ...(list ? { columns: list } : {}) }];
    });
  }

  /** Output columns of a block; undefined where a star stands on something unknown. */
  private outputs(index: number): readonly ScopeColumn[] | undefined {
    const block = this.blocks[index] ?? this.early(index);
    if (!block || this.open.has(index) || this.open.size > MAX_DEPTH) return undefined;
    this.open.add(index);
    try {
      if (block.range.kind === 'set-operation') {
        const arm = this.found.findIndex((candidate, i) => candidate.parent === index && i > index && !this.isInWith(block.range, candidate));
        return arm < 0 ? undefined : this.outputs(arm);
      }
      if (block.range.kind === 'values') return undefined;
      const clauses = clauseSpans(block.range);
      const list = block.range.kind === 'select' ? clauses.select : clauses.returning;
      if (!list) return undefined;
      const body = this.ranges.inside(list.body);
      const columns: ScopeColumn[] = [];
      for (const piece of this.ranges.splitList({ from: this.afterDistinct(body), to: body.to })) {
        const more = this.outputOf(block, piece);
        if (!more) return undefined;
        columns.push(...more);
      }
      return columns;
    } finally {
      this.open.delete(index);
    }
  }

  /** A block asked for before it was read (a derived table stands behind the block that uses it). */
  private early(index: number): ScopeBlock | undefined {
    const range = this.found[index];
    return range && { index, range, relations: this.relationsOf(index, range) };
  }

  private isInWith(block: BlockRange, inner: BlockRange): boolean {
    const clause = block.clauses.find(({ name }) => name === 'with');
    return clause !== undefined && clause.span.start <= inner.span.start && inner.span.end <= clause.span.end;
  }

  private afterDistinct(body: TokenRange): number {
    const word = this.ranges.word(body.from);
    if (word === 'all') return body.from + 1;
    if (word !== 'distinct') return body.from;
    return this.ranges.word(body.from + 1) === 'on' && this.ranges.word(body.from + 2) === '(' ? this.ranges.next(body.from + 2) : body.from + 1;
  }

  private outputOf(block: ScopeBlock, { from, to }: TokenRange): readonly ScopeColumn[] | undefined {
    const { ranges } = this;
    const last = ranges.tokens[to - 1];
    if (!last || to <= from) return [];
    if (ranges.word(to - 1) === '*' && (to - from === 1 || ranges.word(to - 2) === '.')) {
      const qualifier = to - from === 1 ? undefined : this.nameAt(to - 3);
      const starred = qualifier === undefined ? block.relations.filter(({ alias }) => alias !== 'excluded') : block.relations.filter(({ alias }) => alias === qualifier);
      const lists = starred.map((relation) => relation.columns());
      return starred.length === 0 || lists.includes(undefined) ? undefined : lists.flatMap((list) => list ?? []);
    }
    const path = this.pathOf(from, to);
    if (path) return [this.column(block, path.qualifier, path.name)];
    const isName = last.kind === 'word' || last.kind === 'quoted';
    const named = isName && (ranges.word(to - 2) === 'as' || (to - from > 1 && endsOperand(ranges.tokens[to - 2])));
    if (named) {
      const end = ranges.word(to - 2) === 'as' ? to - 2 : to - 1;
      const inner = this.pathOf(from, end);
      const base = inner && this.column(block, inner.qualifier, inner.name);
      return [{ ...(base?.table ? { table: base.table, column: base.column } : {}), name: this.nameAt(to - 1) }];
    }
    const cast = ranges.findTop({ from, to }, (word) => word === '::');
    const call = ranges.findTop({ from, to }, (word, i) => word === '(' && ranges.tokens[i - 1]?.kind === 'word' && i > from);
    if (cast !== undefined) return this.outputOf(block, { from, to: cast });
    return [{ name: call === undefined ? '?column?' : this.nameAt(call - 1) }];
  }

  /** `a`, `t.a` or `s.t.a` and nothing else. */
  private pathOf(from: number, to: number): { readonly qualifier?: string; readonly name: string } | undefined {
    if ((to - from) % 2 === 0 || to - from > 5) return undefined;
    for (let i = from; i < to; i++) {
      const kind = this.ranges.tokens[i]?.kind;
      if ((i - from) % 2 === 0 ? kind !== 'word' && kind !== 'quoted' : this.ranges.word(i) !== '.') return undefined;
    }
    return { name: this.nameAt(to - 1), ...(to - from > 1 ? { qualifier: this.nameAt(to - 3) } : {}) };
  }

  private column(block: ScopeBlock, qualifier: string | undefined, name: string): ScopeColumn {
    const owners = block.relations.filter(({ alias }) => (qualifier === undefined ? alias !== 'excluded' : alias === qualifier));
    const matches = owners.flatMap((relation) => relation.columns()?.filter((column) => column.name === name) ?? []);
    return matches.length === 1 ? matches[0] ?? { name } : { name };
  }
}

/** Columns under the names of an alias' column list. */
function renamed(columns: readonly ScopeColumn[] | undefined, names: readonly string[] | undefined): readonly ScopeColumn[] | undefined {
  if (!names) return columns;
  return columns ? columns.map((column, i) => ({ ...column, name: names[i] ?? column.name })) : names.map((name) => ({ name }));
}

/** The blocks whose columns can be named in a block, itself first. */
export function visibleBlocks(scope: TokenScope, block: ScopeBlock | undefined): readonly ScopeBlock[] {
  const found: ScopeBlock[] = [];
  for (let at = block; at && !found.includes(at); at = at.outer === undefined ? undefined : scope.blocks[at.outer]) found.push(at);
  return found;
}

/** The innermost block around an offset. */
export function blockAround(scope: TokenScope, offset: number): ScopeBlock | undefined {
  let best: ScopeBlock | undefined;
  for (const block of scope.blocks) {
    const { start, end } = block.range.span;
    if (start <= offset && offset <= end && (!best || start >= best.range.span.start)) best = block;
  }
  return best;
}

/** The clause of a block that an offset stands in; in the keyword counts too. */
export const clauseAround = (block: ScopeBlock, offset: number): ClauseRange | undefined =>
  block.range.clauses.findLast(({ span }) => span.start <= offset && offset <= span.end);
