import { blockAt, clauseSpans, findBlocks, type BlockRange } from '../../core/sql/clauses';
import type { MaskedHole } from '../../core/sql/mask';
import type { BlockRole, ClauseSpans, Conjunct, Expression, OrderItem, Output, QueryBlock, Relation, RowCount } from '../../core/sql/model';
import type { TokenRanges} from '../../core/sql/tokenRanges';
import { type TokenRange } from '../../core/sql/tokenRanges';
import { sqlSpan } from '../../core/text/span';
import { buildConjuncts } from './buildConjuncts';
import { conditionAround, usingColumns } from './joinRanges';
import { buildExpression, nameEnd, type ExpressionContext } from './buildExpression';
import type { RawExpression, RawFrom, RawQuery } from './rawTree';

type ScopeEntry = ReadonlyMap<string, number>;

/** Builds the blocks of a statement: meaning from the tree, ranges from the tokens. Block 0 is the outermost. */
export function buildBlocks(ranges: TokenRanges, holes: readonly MaskedHole[], root: RawQuery): QueryBlock[] {
  return new BlockBuilder(ranges, holes).build(root);
}

class BlockBuilder {
  private readonly found: readonly BlockRange[];
  private readonly blocks: (QueryBlock | undefined)[] = [];
  private readonly used = new Set<number>();

  constructor(private readonly ranges: TokenRanges, private readonly holes: readonly MaskedHole[]) {
    this.found = findBlocks(ranges.tokens);
  }

  build(root: RawQuery): QueryBlock[] {
    this.block(root, 'root', undefined, new Map(), undefined);
    return this.blocks.flatMap((block) => (block ? [block] : []));
  }

  private block(raw: RawQuery, role: BlockRole, parent: number | undefined, outer: ScopeEntry, cte: QueryBlock['cte']): number {
    const index = this.blocks.length;
    this.blocks.push(undefined);
    const place = this.placeOf(raw);
    const clauses = clauseSpans(place);
    const scope = this.commonTables(raw, index, outer);
    const context: ExpressionContext = {
      ranges: this.ranges,
      holes: this.holes,
      subquery: (query, kind) => this.block(query, kind, index, scope, undefined),
    };
    const relations: Relation[] = [];
    const conjuncts: Conjunct[] = [];
    this.targetRelation(raw, relations);
    for (const item of raw.from) this.fromItem(item, undefined, { context, scope, index, relations, conjuncts, clauses });
    if (raw.on) conjuncts.push(...buildConjuncts(context, raw.on, conditionAround(this.ranges, raw.on, clauses.using?.span ?? place.span), 'on', relations.length - 1));
    const body = (name: keyof ClauseSpans): TokenRange => this.ranges.inside(clauses[name]?.body ?? place.span);
    if (raw.where) conjuncts.push(...buildConjuncts(context, raw.where, body('where'), 'where'));
    if (raw.having) conjuncts.push(...buildConjuncts(context, raw.having, body('having'), 'having'));
    const arms = raw.setOperation?.arms.map((arm) => this.block(arm, 'arm', index, scope, undefined));
    const outputs = this.outputs(raw, context, clauses);
    const groupBy = this.list(raw.groupBy, context, body('group'));
    const orderBy = this.orderBy(raw, context, body('order'));
    const source = raw.source ? this.block(raw.source, 'insert-source', index, scope, undefined) : undefined;
    const write = raw.target ? this.write(raw, context, clauses, source) : undefined;
    if (raw.kind === 'values') this.rows(raw, context, body('values'));
    for (const rest of raw.rest) buildExpression(context, rest, this.ranges.inside(place.span));
    const limit = this.rowCount(raw.limit, context, clauses.limit ?? clauses.fetch);
    const offset = this.rowCount(raw.offset, context, clauses.offset);
    this.blocks[index] = {
      index, kind: raw.kind, role, ...(parent === undefined ? {} : { parent }), span: place.span, clauses, distinct: raw.distinct,
      relations, outputs, conjuncts, groupBy, orderBy, ...(limit ? { limit } : {}), ...(offset ? { offset } : {}),
      ...(raw.locking ? { locking: { ...raw.locking, span: clauses.for?.span ?? place.span } } : {}),
      ...(raw.setOperation && arms ? { setOperation: { operator: raw.setOperation.operator, all: raw.setOperation.all, arms } } : {}),
      ...(write ? { write } : {}), returning: raw.returning, ...(cte ? { cte } : {}),
    };
    return index;
  }

  /** The tokens' block for a query of the tree. */
  private placeOf(raw: RawQuery): Pick<BlockRange, 'span' | 'clauses'> {
    const nothing = { span: sqlSpan(0, this.ranges.text.length), clauses: [] };
    if (raw.setOperation) {
      const arms = raw.setOperation.arms;
      const first = this.leafPlace(arms[0]);
      const last = this.leafPlace(arms.at(-1));
      if (first === undefined || last === undefined) return nothing;
      const ends = this.found[last]?.span.end ?? 0;
      let up: number | undefined = first;
      while (up !== undefined) {
        const block: BlockRange | undefined = this.found[up];
        if (block?.kind === 'set-operation' && block.span.end >= ends && !this.used.has(up)) {
          this.used.add(up);
          return block;
        }
        up = block?.parent;
      }
      return { span: sqlSpan(this.found[first]?.span.start ?? 0, ends), clauses: [] };
    }
    const at = this.leafPlace(raw);
    return at === undefined ? nothing : this.found[at] ?? nothing;
  }

  private leafPlace(raw: RawQuery | undefined): number | undefined {
    let leaf = raw;
    while (leaf?.setOperation) leaf = leaf.setOperation.arms[0];
    if (!leaf) return undefined;
    const offset = leaf.at;
    if (offset === undefined) {
      const same = this.found.findIndex((block, i) => block.kind === leaf.kind && !this.used.has(i));
      return same < 0 ? undefined : same;
    }
    let index = blockAt(this.found, offset);
    while (index !== undefined && this.found[index]?.kind !== leaf.kind) index = this.found[index]?.parent;
    return index ?? blockAt(this.found, offset);
  }

  private commonTables(raw: RawQuery, index: number, outer: ScopeEntry): ScopeEntry {
    if (raw.ctes.length === 0) return outer;
    const scope = new Map(outer);
    for (const { name, query, materialized } of raw.ctes) {
      if (raw.recursive) scope.set(name, this.blocks.length);
      const at = this.block(query, 'cte', index, scope, { name, recursive: raw.recursive, ...(materialized === undefined ? {} : { materialized }) });
      scope.set(name, at);
    }
    return scope;
  }

  private targetRelation(raw: RawQuery, relations: Relation[]): void {
    const target = raw.target;
    if (target) relations.push(this.table(target, new Map(), true, undefined));
  }

  private table(raw: Extract<RawFrom, { type: 'table' }>, scope: ScopeEntry, target: boolean, join: Relation['join']): Relation {
    const first = raw.at === undefined ? undefined : this.ranges.indexAt(raw.at);
    const span = first === undefined ? sqlSpan(0, 0) : this.ranges.span({ from: first, to: nameEnd(this.ranges, first) });
    const block = raw.schema === undefined ? scope.get(raw.name) : undefined;
    const hole = this.holes.findIndex((candidate) => candidate.region.start < span.end && candidate.region.end > span.start);
    return {
      kind: block === undefined ? 'table' : 'cte', ...(raw.schema === undefined ? {} : { schema: raw.schema }), name: raw.name, alias: raw.alias ?? raw.name,
      span, ...(join ? { join } : {}), lateral: false, ...(block === undefined ? {} : { block }), target, ...(hole < 0 ? {} : { hole }),
    };
  }

  /** Adds the relations of one FROM item; returns the index of its first. */
  private fromItem(raw: RawFrom, join: Relation['join'], to: FromTarget): number {
    const { relations } = to;
    const first = relations.length;
    const kind = join ?? (first > 0 ? 'cross' : undefined);
    switch (raw.type) {
      case 'table':
        relations.push(this.table(raw, to.scope, false, kind));
        return first;
      case 'function': {
        const at = raw.at === undefined ? undefined : this.ranges.indexAt(raw.at);
        const span = at === undefined ? sqlSpan(0, 0) : this.ranges.span({ from: at, to: nameEnd(this.ranges, at) });
        relations.push({ kind: 'function', ...(raw.schema === undefined ? {} : { schema: raw.schema }), name: raw.name, alias: raw.alias ?? raw.name, span, ...(kind ? { join: kind } : {}), lateral: raw.lateral, target: false });
        const range = at === undefined ? this.ranges.whole : { from: at, to: this.ranges.next(nameEnd(this.ranges, at)) };
        buildExpression(to.context, { kind: 'function', name: raw.name, aggregate: false, args: raw.args, ...(raw.at === undefined ? {} : { at: raw.at }) }, range);
        return first;
      }
      case 'query': {
        const block = this.block(raw.query, raw.lateral ? 'lateral' : 'derived', to.index, to.scope, undefined);
        const span = this.blocks[block]?.span ?? sqlSpan(0, 0);
        const name = raw.alias ?? '';
        relations.push({ kind: raw.query.kind === 'values' ? 'values' : 'derived', name, alias: name, span, ...(kind ? { join: kind } : {}), lateral: raw.lateral, block, target: false });
        return first;
      }
      case 'join': {
        this.fromItem(raw.left, kind, to);
        const joined = this.fromItem(raw.right, raw.join, to);
        if (raw.on) to.conjuncts.push(...buildConjuncts(to.context, raw.on, conditionAround(this.ranges, raw.on, to.clauses.from?.body ?? to.clauses.using?.body ?? sqlSpan(0, this.ranges.text.length)), 'on', joined));
        this.using(raw.using, first, joined, to);
        return first;
      }
    }
  }

  /** `USING (c)` as an equality of both sides. */
  private using(columns: readonly string[], first: number, joined: number, { relations, conjuncts, clauses }: FromTarget): void {
    const right = relations[joined];
    const left = joined - first === 1 ? relations[first] : undefined;
    if (!right) return;
    const places = columns.length > 0 ? usingColumns(this.ranges, right.span.end, clauses.from?.body ?? clauses.using?.body) : [];
    columns.forEach((column, i) => {
      const span = places[i] ?? right.span;
      const side = (qualifier: string | undefined): Expression => {
        const ref = { ...(qualifier ? { qualifier } : {}), column, span };
        return { kind: 'column', span, columns: [ref], column: ref };
      };
      const known = left?.alias ?? conjuncts.find((c) => c.clause === 'on' && c.left?.span === c.right?.span && c.right?.column?.column === column)?.right?.column?.qualifier;
      conjuncts.push({ clause: 'on', operator: '=', negated: false, left: side(known), right: side(right.alias), joined, span });
    });
  }

  private outputs(raw: RawQuery, context: ExpressionContext, clauses: ClauseSpans): Output[] {
    const body = this.selectList(this.ranges.inside(clauses.select?.body ?? sqlSpan(0, this.ranges.text.length)));
    const pieces = this.ranges.splitList(body);
    return raw.outputs.map((output, i) => {
      const piece = pieces.length === raw.outputs.length ? pieces[i] ?? body : body;
      const own = output.alias === undefined ? piece : this.withoutAlias(piece);
      const expression = buildExpression(context, output.expression, own);
      const star = expression.kind === 'star';
      return {
        star, expression, span: star ? expression.span : this.ranges.span(piece),
        ...(star && expression.name ? { qualifier: expression.name } : {}),
        ...(expression.column ? { column: expression.column } : {}),
        ...(output.alias === undefined ? {} : { alias: output.alias }),
      };
    });
  }

  /** Without ALL, DISTINCT and DISTINCT ON (…), and without INTO. */
  private selectList(body: TokenRange): TokenRange {
    let from = body.from;
    if (this.ranges.word(from) === 'all') from++;
    if (this.ranges.word(from) === 'distinct') from = this.ranges.word(from + 1) === 'on' ? this.ranges.next(from + 2) : from + 1;
    const into = this.ranges.findTop({ from, to: body.to }, (word, i) => word === 'into' && this.ranges.tokens[i]?.kind === 'word');
    return { from, to: into ?? body.to };
  }

  private withoutAlias(piece: TokenRange): TokenRange {
    const as = this.ranges.word(piece.to - 2) === 'as';
    return { from: piece.from, to: Math.max(piece.from, piece.to - (as ? 2 : 1)) };
  }

  private list(items: readonly RawExpression[], context: ExpressionContext, body: TokenRange): Expression[] {
    const from = /^(?:all|distinct)$/.test(this.ranges.word(body.from)) ? body.from + 1 : body.from;
    const pieces = this.ranges.splitList({ from, to: body.to });
    return items.map((item, i) => buildExpression(context, item, pieces.length === items.length ? pieces[i] ?? body : body));
  }

  private orderBy(raw: RawQuery, context: ExpressionContext, body: TokenRange): OrderItem[] {
    const pieces = this.ranges.splitList(body);
    return raw.orderBy.map((item, i) => {
      const piece = pieces.length === raw.orderBy.length ? pieces[i] ?? body : body;
      const end = this.ranges.findTop(piece, (word, at) => at > piece.from && /^(?:asc|desc|using|nulls)$/.test(word) && this.ranges.tokens[at]?.kind === 'word');
      const expression = buildExpression(context, item.expression, { from: piece.from, to: end ?? piece.to });
      return { expression, descending: item.descending, ...(item.nulls ? { nulls: item.nulls } : {}), span: this.ranges.span(piece) };
    });
  }

  private rowCount(raw: RawExpression | undefined, context: ExpressionContext, clause: ClauseSpans['limit']): RowCount | undefined {
    if (!raw || !clause) return undefined;
    const body = this.ranges.inside(clause.body);
    const to = this.ranges.findTop(body, (word, i) => /^(?:row|rows)$/.test(word) && i > body.from) ?? body.to;
    return { expression: buildExpression(context, raw, { from: body.from, to }), clause: clause.span, keyword: clause.keyword };
  }

  private rows(raw: RawQuery, context: ExpressionContext, body: TokenRange): void {
    const pieces = this.ranges.splitList(body);
    raw.rows?.forEach((row, i) => {
      const piece = pieces[i] ?? body;
      buildExpression(context, { kind: 'row', items: row, ...(this.ranges.tokens[piece.from] ? { at: this.ranges.tokens[piece.from]?.start ?? 0 } : {}) }, piece);
    });
  }

  private write(raw: RawQuery, context: ExpressionContext, clauses: ClauseSpans, source: number | undefined): QueryBlock['write'] {
    const values = this.ranges.inside(clauses.values?.body ?? sqlSpan(0, 0));
    if (raw.kind === 'insert' && raw.rows) this.rows(raw, context, values);
    const body = this.ranges.inside(clauses.set?.body ?? sqlSpan(0, this.ranges.text.length));
    const pieces = this.ranges.splitList(body);
    const assignments = raw.assignments.map(({ column, value, at }, i) => {
      const index = at === undefined ? -1 : this.ranges.indexAt(at);
      const piece = pieces.find((candidate) => candidate.from <= index && index < candidate.to) ?? (pieces.length === raw.assignments.length ? pieces[i] : undefined) ?? body;
      const equals = this.ranges.findTop(piece, (word) => word === '=');
      const expression = value && buildExpression(context, value, equals === undefined ? piece : { from: equals + 1, to: piece.to });
      return { column, ...(expression ? { expression } : {}), span: this.ranges.span(piece) };
    });
    return {
      columns: raw.columns, assignments, onConflict: raw.onConflict,
      ...(raw.rows ? { rows: Math.max(raw.rows.length, this.ranges.splitList(values).length) } : {}), ...(source === undefined ? {} : { source }),
    };
  }
}

interface FromTarget {
  readonly context: ExpressionContext;
  readonly scope: ScopeEntry;
  readonly index: number;
  readonly relations: Relation[];
  readonly conjuncts: Conjunct[];
  readonly clauses: ClauseSpans;
}
