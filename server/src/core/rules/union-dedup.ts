import { isSystemRelation, tableOf, withoutCasts, type Scope } from '../advice/scope';
import { blockSize } from '../advice/size';
import { sqlFix } from '../advice/sqlFix';
import { joinsAreToOne } from '../advice/uniqueness';
import { uniqueKeys } from '../catalog/lookup';
import { baseType, findType } from '../catalog/userTypes';
import { mirrorOperator } from '../sql/operators';
import type { Catalog, Column } from '../catalog/model';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { Expression, QueryBlock, StatementModel } from '../sql/model';
import { sqlSpan, type SqlSpan } from '../text/span';

const SCHEMA = "CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric NOT NULL);\nCREATE TABLE refunds (id bigint PRIMARY KEY, total numeric NOT NULL);";

/** UNION that looks for duplicates where none can be. */
export const unionDedup: StatementRule = {
  id: 'union-dedup',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['safe'],
  summary: 'UNION removes duplicates that cannot exist',
  docs: {
    why: 'UNION sorts or hashes all rows of both sides to leave duplicates out, and gives back none before it has read them all. Where each side returns its rows once and no row can come from both, UNION ALL returns the same without that work.',
    bad: [{ language: 'sql', schema: SCHEMA, code: "SELECT 'invoice' AS kind, id, total FROM invoices UNION SELECT 'refund', id, total FROM refunds;" }],
    good: [
      { language: 'sql', schema: SCHEMA, code: "SELECT 'invoice' AS kind, id, total FROM invoices UNION ALL SELECT 'refund', id, total FROM refunds;" },
      { language: 'sql', schema: SCHEMA, code: 'SELECT id, total FROM invoices UNION SELECT id, total FROM refunds;' },
      { language: 'sql', schema: SCHEMA, code: "SELECT 'invoice' AS kind, total FROM invoices UNION SELECT 'refund', total FROM refunds;" },
    ],
    whenNot: 'A few rows.',
    fixSafety: 'Safe: each side returns a unique key, and a constant or a condition keeps the sides apart, so there are no duplicates. Rows without ORDER BY may come in another order.',
  },
  options: {},
  check(context) {
    const { model, catalog, site } = context;
    if (!catalog || model.completeness !== 'full' || !site.complete) return;
    const scope: Scope = { model, catalog };
    for (const block of model.blocks) {
      if (block.setOperation?.operator !== 'union' || block.setOperation.all || block.cte?.recursive === true) continue;
      const leaves = leavesOf(model, block);
      if (!leaves || leaves.some((leaf) => leaf.relations.some(isSystemRelation) || !isUnique(scope, leaf))) continue;
      const reason = keptApart(scope, leaves);
      const size = blockSize(scope, block, context.settings);
      if (reason === undefined || size === 'small') continue;
      for (const keyword of keywordsOf(model, block)) report(context, keyword, { reason, leaves, large: size === 'large' });
    }
  },
};

/** The SELECTs that a UNION puts together; undefined where another kind of block is among them. */
function leavesOf(model: StatementModel, block: QueryBlock): readonly QueryBlock[] | undefined {
  if (block.kind === 'select') return [block];
  if (block.setOperation?.operator !== 'union' || (block.limit && block.role !== 'root')) return undefined;
  const leaves = block.setOperation.arms.map((arm) => (model.blocks[arm] ? leavesOf(model, model.blocks[arm]) : undefined));
  return leaves.every((l) => l !== undefined) ? leaves.flat() : undefined;
}

/** Are the rows of a SELECT all different? */
function isUnique(scope: Scope, block: QueryBlock): boolean {
  // A function in the SELECT list may return several rows.
  if (block.outputs.length === 0 || block.outputs.some((o) => o.star || !['column', 'constant'].includes(withoutCasts(o.expression).kind))) return false;
  const columns = block.outputs.flatMap((o) => (o.column ? [o.column] : []));
  if (block.groupBy.length > 0) return false;
  return block.relations.some((relation, index) => {
    const table = tableOf(scope.catalog, relation);
    if (!table || table.kind === 'view' || table.incomplete || relation.join === 'left' || relation.join === 'full' || !joinsAreToOne(scope, block, index)) return false;
    const own = new Set(columns.filter((c) => c.qualifier === relation.alias || (c.qualifier === undefined && block.relations.length === 1)).map((c) => c.column));
    return uniqueKeys(table).some((key) => key.coversNulls && key.columns.every((c) => own.has(c)));
  });
}

/** Why no row can come from two of them; undefined where one may. */
function keptApart(scope: Scope, leaves: readonly QueryBlock[]): string | undefined {
  const width = leaves[0]?.outputs.length ?? 0;
  for (let i = 0; i < width; i++) {
    const values: readonly unknown[] = leaves.map((leaf) => (leaf.outputs[i]?.expression.kind === 'constant' && leaf.outputs[i]?.expression.hole === undefined ? leaf.outputs[i]?.expression.value : undefined));
    if (values.every((v) => typeof v === 'string') || values.every((v) => typeof v === 'number')) {
      if (new Set<unknown>(values).size === values.length) return `column ${i + 1} is ${values.map((v) => JSON.stringify(v)).join(', ')}`;
    }
  }
  return byCondition(scope, leaves);
}

/** Rows of one table by its key, of which a column is held to another constant on each side. */
function byCondition({ catalog, model }: Scope, leaves: readonly QueryBlock[]): string | undefined {
  const [first] = leaves;
  const relation = first?.relations[0];
  const table = relation && tableOf(catalog, relation);
  if (!table || leaves.some((leaf) => leaf.relations.length !== 1 || !leaf.relations[0] || tableOf(catalog, leaf.relations[0]) !== table)) return undefined;
  const key = uniqueKeys(table).find((k) => k.coversNulls && k.columns.every((c) => leaves.every((leaf) => leaf.outputs.findIndex((o) => o.column?.column === c) === first?.outputs.findIndex((o) => o.column?.column === c) && leaf.outputs.some((o) => o.column?.column === c))));
  if (!key) return undefined;
  for (const column of table.columns) {
    const held = leaves.map((leaf) => heldTo(catalog, leaf, column));
    const values = held.every((v) => v !== undefined) ? held : [];
    if (values.length > 0 && new Set(values.flat()).size === values.flat().length) return `${column.name} is ${values.map((v) => v.join(' or ')).join(', ')}`;
    const ranges = leaves.flatMap((leaf) => rangeOf(model.text, leaf, column) ?? []);
    if (ranges.length === leaves.length && ranges.every((a, i) => ranges.every((b, j) => i === j || isBefore(a, b) || isBefore(b, a)))) return `the ranges of ${column.name} do not overlap`;
  }
  return undefined;
}

interface ColumnCondition {
  readonly operator: string;
  readonly right?: Expression;
  readonly negated: boolean;
}

/** The conditions of WHERE on a column of the only table. */
const conditionsOn = (block: QueryBlock, name: string): readonly ColumnCondition[] => {
  const alias = block.relations[0]?.alias;
  const isColumn = (e: Expression | undefined): boolean => e?.column?.column === name && (e.column.qualifier === undefined || e.column.qualifier === alias);
  return block.conjuncts.flatMap((c): readonly ColumnCondition[] => {
    const inner = c.operator === 'not' && c.branches?.length === 1 && c.branches[0]?.length === 1 ? c.branches[0][0] : undefined;
    if (c.clause !== 'where' || c.negated) return [];
    if (inner?.operator === 'boolean' && !inner.negated && isColumn(inner.left)) return [{ operator: 'boolean', negated: true }];
    if (isColumn(c.left)) return [{ operator: c.operator, right: c.right, negated: false }];
    const turned = isColumn(c.right) ? mirrorOperator(c.operator) : undefined;
    return turned === undefined ? [] : [{ operator: turned, right: c.left, negated: false }];
  });
};

const isWritten = (e: Expression | undefined): e is Expression => e?.kind === 'constant' && e.hole === undefined;

/** `status = 'open'`, `active`: the constants that WHERE holds a column to. Written in the column's own type alone: `'1'` and `'01'` are one number. */
function heldTo(catalog: Catalog | undefined, block: QueryBlock, { name, type, collation }: Column): readonly string[] | undefined {
  // A collation of its own may take different texts for equal.
  const named = (collation === undefined && /^(?:text|character varying)\b/.test(type)) || findType(catalog, baseType(catalog, type))?.kind === 'enum';
  const wanted = type === 'boolean' ? 'boolean' : named ? 'string' : /^(?:smallint|integer|bigint)\b/.test(type) ? 'number' : undefined;
  if (wanted === undefined) return undefined;
  for (const { operator, right, negated } of conditionsOn(block, name)) {
    if (wanted === 'boolean' && (operator === 'boolean' || operator === 'is true' || operator === 'is false')) return [String(operator === 'is true' || (operator === 'boolean' && !negated))];
    const values = operator === '=' ? [right] : operator === 'in' && right?.kind === 'array' ? right.args ?? [] : [];
    // The parser sees the first thousand items of a list.
    if (values.length > 0 && values.length < 1000 && values.every((v) => isWritten(v) && typeof v.value === wanted)) return [...new Set(values.map((v) => JSON.stringify(v?.value)))];
  }
  return undefined;
}

interface Range {
  readonly low?: Bound;
  readonly high?: Bound;
}

interface Bound {
  readonly value: number | string;
  readonly included: boolean;
}

/** `n >= 10 AND n < 20`, BETWEEN: whole numbers (others do not survive as they are written), and days written in full, whose order is that of their text. */
function rangeOf(text: string, block: QueryBlock, { name, type }: Column): Range | undefined {
  const number = /^(?:smallint|integer|bigint|numeric)\b/.test(type);
  if (!number && !/^(?:date|timestamp)\b/.test(type)) return undefined;
  const bound = (e: Expression | undefined, included: boolean): Bound | undefined => {
    if (!isWritten(e)) return undefined;
    const { value } = e;
    return (number ? Number.isSafeInteger(value) && /^\s*-?\s*\d+\s*$/.test(text.slice(e.span.start, e.span.end)) : typeof value === 'string' && /^[12]\d{3}-\d{2}-\d{2}$/.test(value)) ? { value: value as number | string, included } : undefined;
  };
  let range: Range = {};
  for (const { operator, right } of conditionsOn(block, name)) {
    if (operator === '>' || operator === '>=') range = { ...range, low: range.low ?? bound(right, operator === '>=') };
    else if (operator === '<' || operator === '<=') range = { ...range, high: range.high ?? bound(right, operator === '<=') };
    // BETWEEN SYMMETRIC takes its ends in either order: only ends in order say anything.
    else if (operator === 'between') {
      const own = inOrder({ low: bound(right?.args?.[0], true), high: bound(right?.args?.[1], true) });
      range = { low: range.low ?? own.low, high: range.high ?? own.high };
    }
  }
  return range.low || range.high ? range : undefined;
}

const inOrder = (range: Range): Range => (range.low && range.high && range.low.value <= range.high.value ? range : {});

const isBefore = ({ high }: Range, { low }: Range): boolean =>
  high !== undefined && low !== undefined && (high.value < low.value || (high.value === low.value && !(high.included && low.included)));

/** The words UNION between the sides: a chain (`a UNION b UNION c`) is one block with a side each. */
function keywordsOf({ blocks, text }: StatementModel, { setOperation }: QueryBlock): readonly SqlSpan[] {
  const arms = (setOperation?.arms ?? []).map((arm) => blocks[arm]);
  return arms.slice(1).flatMap((right, i) => {
    const left = arms[i];
    if (!left || !right) return [];
    const match = /^([\s)]*)(union(?:\s+distinct)?)[\s(]*$/i.exec(text.slice(left.span.end, right.span.start));
    const at = left.span.end + (match?.[1]?.length ?? 0);
    return match?.[2] === undefined ? [] : [sqlSpan(at, at + match[2].length)];
  });
}

function report(context: StatementContext, keyword: SqlSpan, { reason, leaves, large }: { readonly reason: string; readonly leaves: readonly QueryBlock[]; readonly large: boolean }): void {
  context.report({
    at: { sql: keyword },
    severity: large ? undefined : 'hint',
    message: 'UNION looks for duplicates that cannot exist: UNION ALL returns the same rows.',
    because: `Each side returns a unique key, and ${reason}.`,
    confidence: large ? 'statistics' : 'schema',
    evidence: { tables: [...new Set(leaves.flatMap((leaf) => leaf.relations.map((r) => r.name)))], reason },
    fixes: () => sqlFix(context, 'Use UNION ALL (the same rows)', 'safe', [{ span: sqlSpan(keyword.start, keyword.end), text: 'UNION ALL' }]),
  });
}
