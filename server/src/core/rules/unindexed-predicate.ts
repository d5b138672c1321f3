import { hasUnknownPart } from '../advice/holes';
import { indexFixes } from '../advice/indexFix';
import { proposeIndex, renderIndexColumns, type IndexProposal } from '../advice/indexAdvice';
import { containsAggregate, bindColumn, isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { describeRows, sizeOf } from '../advice/size';
import { hasServingIndex, type IndexDemand } from '../catalog/indexMatch';
import { indexPredicateOf, sortKeysOf, type IndexPredicate } from '../catalog/indexPredicates';
import { findColumn } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { ColumnRef, Conjunct, QueryBlock } from '../sql/model';
import type { SqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, created_at timestamptz NOT NULL);';

/** Conditions and orders that read a whole large table because no index serves them. */
export const unindexedPredicate: StatementRule = {
  id: 'unindexed-predicate',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fix: 'new',
  summary: 'No index serves this condition',
  docs: {
    why: 'Without an index that begins with one of the compared columns, Postgres reads every row of the table to find the few that match; the query slows down as the table grows.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'SELECT id, created_at FROM orders WHERE customer_id = $1;' }],
    good: [
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX orders_customer_id_idx ON orders (customer_id);`, code: 'SELECT id, created_at FROM orders WHERE customer_id = $1;' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT created_at FROM orders WHERE id = $1;' },
    ],
    whenNot: 'Small tables, and conditions that most rows satisfy: an index would not be used.',
    fixSafety: 'Writes a new migration with CREATE INDEX CONCURRENTLY; results do not change. The index costs space and slows writes to its columns a little.',
  },
  options: {},
  check(context) {
    const scope: Scope = { model: context.model, catalog: context.catalog };
    if (!context.catalog || context.model.completeness !== 'full' || !context.site.complete) return;
    if (hasUnknownPart(context.model)) return;
    if (context.catalog.incomplete) return;
    for (const block of context.model.blocks) block.relations.forEach((_, index) => checkRelation(context, scope, block, index));
  },
};

/** Conditions on one relation with the place each is written at. */
interface Condition extends IndexPredicate {
  readonly span: SqlSpan;
  /** Compares with a column of another relation. */
  readonly joins: boolean;
}

function checkRelation(context: StatementContext, scope: Scope, block: QueryBlock, index: number): void {
  const relation = block.relations[index];
  const table = relation && tableOf(scope.catalog, relation);
  if (!table || table.incomplete || !relation || isSystemRelation(relation) || !['table', 'partitioned', 'matview'].includes(table.kind)) return;
  if (block.kind === 'insert' || block.kind === 'merge') return;
  const size = sizeOf(table, context.settings);
  if (size === 'small' || size === 'medium') return;
  const owns = ownerTest(scope, block, index);
  const conjuncts = block.conjuncts.flatMap(splitRows);
  if (isPlainlyServed(table, conjuncts, owns)) return;
  const conditions = conjuncts.flatMap((c) => toCondition(c, context.model.text, owns, block));
  const demand: IndexDemand = { predicates: conditions, order: boundedOrder(context, block, owns) };
  const chief = chiefCondition(table, conditions, block, scope, index);
  if (!chief && (!demand.order || conditions.length > 0)) return;
  if (size === 'unknown' && !(chief && isParameterEquality(chief))) return;
  if (hasServingIndex(table, demand) !== 'no') return;
  const proposal = proposeIndex(table, demand, coveredColumns(block, index));
  if (!proposal || hasProposed(table, proposal)) return;
  report(context, table, proposal, chief?.span ?? block.clauses.order?.span, chief, size === 'large');
}

/** The common case, decided without normalising any text: an equality on the first column of a whole b-tree index. */
function isPlainlyServed(table: Table, conjuncts: readonly Conjunct[], owns: (column: ColumnRef) => boolean): boolean {
  const leading = new Set(table.indexes.flatMap((index) => (index.valid && index.method === 'btree' && index.predicate === undefined ? [index.keys[0]?.column] : [])));
  return conjuncts.some((c) => c.clause !== 'having' && !c.negated && ['=', 'in', 'any'].includes(c.operator) &&
    [c.left, c.right].some((side) => side?.column !== undefined && leading.has(side.column.column) && owns(side.column) && (c.operator === '=' || side === c.left)));
}

/** Does a column reference belong to this relation? References that cannot be resolved belong to nobody. */
function ownerTest(scope: Scope, block: QueryBlock, index: number): (column: ColumnRef) => boolean {
  return (column) => {
    const bound = bindColumn(scope, block, column);
    return bound?.block.index === block.index && bound.relationIndex === index;
  };
}

/** `(a, b) = (x, y)` and `(a, b) IN (…)` as one condition per column, `(a, b) < (x, y)` as one on the first. */
function splitRows(conjunct: Conjunct): readonly Conjunct[] {
  const { left, right, operator } = conjunct;
  if (left?.kind !== 'row' || conjunct.negated) return [conjunct];
  const items = left.args ?? [];
  if (operator === '=' && right?.kind === 'row') return items.map((item, i) => ({ ...conjunct, left: item, right: right.args?.[i] }));
  if (operator === 'in' || operator === 'any' || operator === '=') return items.map((item) => ({ ...conjunct, operator: 'in', left: item }));
  return /^[<>]=?$/.test(operator) ? [{ ...conjunct, left: items[0], right: right?.args?.[0] ?? right }] : [conjunct];
}

/** Without a known size, only an equality with a value from outside is likely to find few rows. */
const isParameterEquality = (c: IndexPredicate): boolean => ['=', 'in', 'any', '@>', '&&'].includes(c.operator) && c.values === undefined;

function toCondition(conjunct: Conjunct, text: string, owns: (column: ColumnRef) => boolean, block: QueryBlock): readonly Condition[] {
  if (conjunct.clause === 'having') return [];
  // The condition of an outer join filters the joined side only.
  if (conjunct.clause === 'on' && conjunct.joined !== undefined && block.relations[conjunct.joined]?.join === 'full') return [];
  const predicate = indexPredicateOf(conjunct, text, owns);
  if (!predicate) return [];
  const other = [...(conjunct.left?.columns ?? []), ...(conjunct.right?.columns ?? [])].some((c) => !owns(c));
  return [{ ...predicate, span: conjunct.span, joins: other }];
}

/** ORDER BY of the block, where it stands wholly on this relation and LIMIT makes an early stop possible. */
function boundedOrder(context: StatementContext, block: QueryBlock, owns: (column: ColumnRef) => boolean): IndexDemand['order'] {
  if (!block.limit || block.orderBy.length === 0 || block.relations.length !== 1 || block.groupBy.length > 0 || block.distinct) return undefined;
  if (block.outputs.some((o) => containsAggregate(o.expression) || (o.alias !== undefined && block.orderBy.some((item) => item.expression.column?.column === o.alias && o.column?.column !== o.alias)))) return undefined;
  return sortKeysOf(block.orderBy, context.model.text, owns);
}

/**
 * The condition that should find the rows: one that is likely to leave few. Join conditions count when another relation
 * is narrowed, so that the join would look this one up row by row; two whole tables are better joined by a hash.
 */
function chiefCondition(table: Table, conditions: readonly Condition[], block: QueryBlock, scope: Scope, index: number): Condition | undefined {
  const selective = conditions.filter((c) => isSelective(table, c));
  const own = selective.filter((c) => !c.joins);
  const outer = ['scalar', 'exists', 'any', 'array', 'lateral'].includes(block.role);
  const joined = outer || isOtherNarrowed(block, scope, index) ? selective.filter((c) => c.joins) : [];
  return own.find((c) => c.operator === '=' && c.values === undefined) ?? own.find((c) => c.operator === '=') ?? joined.find((c) => c.operator === '=') ?? own[0];
}

function isSelective(table: Table, c: IndexPredicate): boolean {
  if (c.negated || !['=', 'in', 'any', '<', '<=', '>', '>=', 'between', '@>', '&&', '?', '?|', '?&', '@@', '@?'].includes(c.operator)) return false;
  const type = findColumn(table, c.column ?? '')?.type;
  if (c.column !== undefined && (type === undefined || type === 'boolean')) return false;
  // A constant from a short list of states says nothing about how many rows have it.
  const constant = c.values !== undefined && c.operator !== '@>';
  return !(constant && (/(^|_)(status|state|type|kind|role|category|level|priority|deleted|active|enabled)$/i.test(c.column ?? '') || c.values?.every((v) => typeof v === 'boolean' || v === null)));
}

/** Has another relation of the block a condition against a value? */
function isOtherNarrowed(block: QueryBlock, scope: Scope, index: number): boolean {
  return block.conjuncts.some((c) => {
    if (c.clause === 'having' || c.negated || !['=', 'in', 'any', 'between'].includes(c.operator) || !c.left) return false;
    const relations = new Set([...c.left.columns, ...(c.right?.columns ?? [])].map((column) => bindColumn(scope, block, column)?.relationIndex));
    return relations.size === 1 && !relations.has(undefined) && !relations.has(index);
  });
}

/** Columns of the relation that the query returns, for an index that answers alone; empty unless it is the only relation. */
function coveredColumns(block: QueryBlock, index: number): readonly string[] {
  if (block.relations.length !== 1 || index !== 0 || block.kind !== 'select' || block.outputs.some((o) => !o.column)) return [];
  return [...new Set(block.outputs.map((o) => o.column?.column ?? ''))];
}

/** The index exists already under another name: whatever keeps it from serving, another one would not help. */
const hasProposed = (table: Table, proposal: IndexProposal): boolean =>
  proposal.predicate === undefined && table.indexes.some((index) => index.valid && index.method === proposal.method && index.predicate === undefined && proposal.keys.every((key, i) => index.keys[i]?.column === key.name && (key.descending ?? false) === index.keys[i]?.descending));

function report(context: StatementContext, table: Table, proposal: IndexProposal, span: SqlSpan | undefined, chief: Condition | undefined, large: boolean): void {
  if (!span) return;
  const rows = describeRows(table, context.settings);
  const serves = `(${proposal.keys.map((k) => k.sql).join(', ')})`;
  context.report({
    at: { sql: span },
    severity: large ? undefined : 'hint',
    message: chief ? `No index of ${table.name} serves this condition: the whole table is read.` : `No index of ${table.name} gives this order: the whole table is read and sorted for the first rows.`,
    because: `${rows ? `${rows}; ` : ''}an index on ${serves} would serve it.`,
    confidence: large ? 'statistics' : 'schema',
    evidence: { table: table.name, index: `${table.name} USING ${proposal.method} ${renderIndexColumns(proposal)}`, replaces: proposal.extends?.name },
    fixes: () => (context.catalog ? indexFixes(proposal, context.catalog, context.settings) : []),
  });
}
