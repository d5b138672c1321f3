import { uniqueKeys } from '../catalog/lookup';
import { quoteIdentifier } from '../sql/names';
import type { Conjunct, QueryBlock } from '../sql/model';
import { containsSpan, sqlSpan, spanText, type SqlSpan } from '../text/span';
import { bindColumn, expressionsIn, sidesOf, tableOf, walkExpression, type Scope } from './scope';
import type { SqlEdit } from './sqlEdits';
import { isSteady } from './steady';
import { joinsAreToOne } from './uniqueness';

/** One side of an OR. */
export interface OrBranch {
  readonly conjuncts: readonly Conjunct[];
  readonly span: SqlSpan;
  /** Relations of the block whose columns it mentions, sub-queries included. */
  readonly relations: ReadonlySet<number>;
  /** `relation.column` of the block's own columns, sub-queries left out. */
  readonly columns: ReadonlySet<string>;
  /** Sub-queries inside: a filter that no bitmap can replace. */
  readonly subqueries: readonly number[];
}

/** The sides of an OR conjunct; undefined where a column cannot be resolved or a side compares none. */
export function collectBranches(scope: Scope, block: QueryBlock, conjunct: Conjunct): readonly OrBranch[] | undefined {
  const branches = (conjunct.branches ?? []).map((conjuncts) => toBranch(scope, block, conjuncts));
  return branches.length >= 2 && branches.every((b) => b !== undefined) ? branches : undefined;
}

function toBranch(scope: Scope, block: QueryBlock, conjuncts: readonly Conjunct[]): OrBranch | undefined {
  const [first, last] = [conjuncts[0], conjuncts.at(-1)];
  if (!first || !last) return undefined;
  const span = sqlSpan(first.span.start, last.span.end);
  const relations = new Set<number>();
  const columns = new Set<string>();
  const subqueries: number[] = [];
  const outer: ReadonlySet<number> = new Set(scope.model.blocks.filter((b) => b.index !== block.index && containsSpan(span, b.span)).map((b) => b.index));
  for (const expression of conjuncts.flatMap(sidesOf)) {
    for (const node of walkExpression(expression)) {
      if (node.kind === 'subquery' && node.block !== undefined) subqueries.push(node.block);
      for (const column of node.columns) {
        const bound = bindColumn(scope, block, column);
        if (bound?.block.index !== block.index) return undefined;
        relations.add(bound.relationIndex);
        columns.add(`${bound.relationIndex}.${bound.column}`);
      }
    }
  }
  for (const index of outer) {
    const inner = scope.model.blocks[index];
    for (const ref of inner ? expressionsIn(inner).flatMap((e) => e.columns) : []) {
      const bound = inner && bindColumn(scope, inner, ref);
      if (!bound) return undefined;
      if (bound.block.index === block.index) relations.add(bound.relationIndex);
    }
  }
  return relations.size > 0 ? { conjuncts, span, relations, columns, subqueries } : undefined;
}

/**
 * Rewrites `(A OR B)` in WHERE as `key IN (SELECT key … WHERE A UNION SELECT key … WHERE B)`, which holds for the same rows:
 * each row of the block is one row of the relation whose primary key is taken, and A OR B is true where A is or B is.
 * Sides on that relation alone read it alone, others the whole FROM clause.
 * @param text the statement's text as it stands, with the model's offsets.
 * @returns undefined where a row is not told by one key, or a condition may give another answer when it is asked again.
 */
export function rewriteAsUnion(scope: Scope, block: QueryBlock, conjunct: Conjunct, branches: readonly OrBranch[], text: string): readonly SqlEdit[] | undefined {
  if (block.kind !== 'select' || block.locking || conjunct.clause !== 'where' || block.relations.some((r) => r.join === 'full' || r.join === 'right' || r.lateral || r.kind !== 'table')) return undefined;
  if (!branches.every((branch) => isSteady(spanText(text, branch.span)))) return undefined;
  // `ONLY t` and a sample are other rows than `t`.
  if (/\b(?:only|tablesample)\b/i.test(spanText(text, block.clauses.from?.body ?? block.span))) return undefined;
  const whole = joinText(scope, block, text);
  for (const [index, seed] of block.relations.entries()) {
    const table = tableOf(scope.catalog, seed);
    const key = table && uniqueKeys(table).find((k) => k.primary);
    if (!key || table.kind === 'view' || seed.join === 'left' || !joinsAreToOne(scope, block, index)) continue;
    const columns = key.columns.map((column) => `${quoteIdentifier(seed.alias)}.${quoteIdentifier(column)}`);
    const own = `${spanText(text, seed.span)}${seed.alias === seed.name ? '' : ` ${quoteIdentifier(seed.alias)}`}`;
    const froms = branches.map((branch) => ([...branch.relations].every((r) => r === index) && isPlain(branch, block) ? own : whole));
    if (froms.some((from) => from === undefined)) continue;
    const listed = columns.length === 1 ? columns[0] ?? '' : `(${columns.join(', ')})`;
    const selects = froms.map((from) => `SELECT ${columns.join(', ')} FROM ${from} WHERE `);
    return placeUnion(conjunct, branches, text, listed, selects);
  }
  return undefined;
}

/** Unqualified names mean the same in a FROM clause of one relation only where there was but one. */
const isPlain = (branch: OrBranch, block: QueryBlock): boolean =>
  block.relations.length === 1 || (branch.subqueries.length === 0 && branch.conjuncts.flatMap(sidesOf).every((e) => [...walkExpression(e)].every((n) => n.columns.every((c) => c.qualifier !== undefined))));

/** The FROM clause where it can be repeated: joins by ON or USING without parameters, conditions apart from WHERE. */
function joinText(scope: Scope, block: QueryBlock, text: string): string | undefined {
  const body = block.clauses.from?.body;
  if (!body || block.relations.slice(1).some((r) => r.join !== 'inner' && r.join !== 'left')) return undefined;
  if (scope.model.holes.some((hole) => containsSpan(body, hole.span))) return undefined;
  const written = spanText(text, body).trim();
  return isSteady(written.replace(/\busing\s*\(/gi, '(').replace(/\bon\s*\(/gi, '(').replace(/\bjoin\s*\(/gi, '(')) ? written : undefined;
}

/** Puts the selects round the sides where they stand, so that their parameters stay in place and in order. */
function placeUnion(conjunct: Conjunct, branches: readonly OrBranch[], text: string, listed: string, selects: readonly string[]): readonly SqlEdit[] | undefined {
  const edits: SqlEdit[] = [];
  let at: number = conjunct.span.start;
  for (const [i, branch] of branches.entries()) {
    if (!isGap(text.slice(at, branch.span.start)) || !isBalanced(spanText(text, branch.span))) return undefined;
    edits.push({ span: sqlSpan(at, branch.span.start), text: `${i === 0 ? `${listed} IN (` : ' UNION '}${selects[i] ?? ''}` });
    at = branch.span.end;
  }
  if (!isGap(text.slice(at, conjunct.span.end))) return undefined;
  return [...edits, { span: sqlSpan(at, conjunct.span.end), text: ')' }];
}

const isGap = (text: string): boolean => /^[\s()]*(?:or)?[\s()]*$/i.test(text);

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const c of text.replace(/'(?:[^']|'')*'/g, '')) {
    if (c === '(') depth++;
    else if (c === ')' && --depth < 0) return false;
  }
  return depth === 0;
}
