import { findColumn } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import type { LintSettings } from '../lint/rule';
import type { Conjunct, QueryBlock, Relation } from '../sql/model';
import type { SqlAnalyser } from '../sql/ports';
import { collectPins } from './pins';
import { bindColumn, containsAggregate, isSystemRelation, tableOf, walkExpression, type Scope } from './scope';
import { rowsOf, sizeOf, type TableSize } from './size';
import { coversUniqueKey, isPinnedToOneRow, joinsAreToOne } from './uniqueness';

/** How the number of a block's rows follows the tables that it reads. */
export interface Growth {
  /** Of the largest table whose rows come through; `unknown` when one is unknown and none is large. */
  readonly size: TableSize;
  /** A condition on the way leaves a part of the rows. */
  readonly narrowed: boolean;
  /** The tables whose rows come through, as far as they are known. */
  readonly tables: readonly Table[];
  /** The first of them, where it stands in the statement; a view's stand for its tables. */
  readonly at: Relation;
}

/** What is asked of a block's rows. */
export interface GrowthRequest {
  readonly sql: SqlAnalyser;
  readonly settings: LintSettings;
}

/** Views in views in sub-queries: deeper than this nobody writes. */
const MAX_DEPTH = 8;

/**
 * Follows a block's rows to the tables they come from: through sub-queries, CTEs, the arms of a set operation and views.
 * @returns undefined when their number does not grow with a table (a LIMIT, an aggregate, a unique key, a list of keys, row-level
 * security), or nothing is known of it.
 */
export function growthOf(request: GrowthRequest, scope: Scope, block: QueryBlock, depth = 0): Growth | undefined {
  if (depth > MAX_DEPTH || block.limit || block.cte?.recursive === true) return undefined;
  if (block.kind === 'set-operation') return growthOfArms(request, scope, block, depth);
  if (block.kind !== 'select' || block.relations.length === 0 || isReduced(scope, block) || block.conjuncts.some((c) => isListOfKeys(c) || isNever(c) || isRank(scope, block, c))) return undefined;
  const grown: Growth[] = [];
  for (const relation of block.relations) {
    const own = growthOfRelation(request, scope, relation, depth);
    // A list, one row, or what is not known is joined: the rows may be as few as that.
    if (!own) return undefined;
    grown.push(own);
  }
  if (isPinned(scope, block) || pinsInside(request, scope, block)) return undefined;
  return combined(grown, block.conjuncts.some((c) => c.clause === 'where'));
}

function growthOfArms(request: GrowthRequest, scope: Scope, { setOperation }: QueryBlock, depth: number): Growth | undefined {
  const arms = (setOperation?.arms ?? []).map((arm) => scope.model.blocks[arm]).map((arm) => (arm ? growthOf(request, scope, arm, depth + 1) : undefined));
  const [first] = arms;
  // INTERSECT and EXCEPT give no more rows than their first arm has, and may give few.
  if (setOperation?.operator !== 'union') return first && arms.every((arm) => arm !== undefined) ? { ...first, narrowed: true } : undefined;
  const known = arms.flatMap((arm) => arm ?? []);
  return known.length > 0 ? combined(known.filter((arm) => !arm.narrowed).length > 0 ? known.filter((arm) => !arm.narrowed) : known, false) : undefined;
}

function growthOfRelation(request: GrowthRequest, scope: Scope, relation: Relation, depth: number): Growth | undefined {
  if (relation.kind === 'table') {
    if (isSystemRelation(relation)) return undefined;
    const table = tableOf(scope.catalog, relation);
    if (isBookkeeping(relation, table, request.settings) || (table && isRowSecured(table))) return undefined;
    const view = table && viewOf(request, table, scope.catalog);
    // A materialized view has rows of its own, which may have been counted.
    if (!view || rowsOf(table, request.settings) !== undefined) return { size: sizeOf(table, request.settings), narrowed: false, tables: table ? [table] : [], at: relation };
    const inner = growthOf(request, view.scope, view.block, depth + 1);
    return inner && { ...inner, at: relation };
  }
  const body = relation.kind === 'cte' || relation.kind === 'derived' ? scope.model.blocks[relation.block ?? -1] : undefined;
  return body && growthOf(request, scope, body, depth + 1);
}

function combined(parts: readonly Growth[], narrowed: boolean): Growth | undefined {
  const [first] = parts;
  const size = (['large', 'unknown', 'medium', 'small'] as const).find((one) => parts.some((part) => part.size === one)) ?? 'unknown';
  return first && { size, narrowed: narrowed || parts.some((part) => part.narrowed), tables: [...new Set(parts.flatMap((part) => part.tables))], at: first.at };
}

/** Rows that are counted, grouped, or made distinct by something that is no key: as many as there are values. */
function isReduced(scope: Scope, block: QueryBlock): boolean {
  if (block.groupBy.length > 0 || block.outputs.some((o) => containsAggregate(o.expression))) return true;
  return block.distinct && (/^select\s+distinct\s+on\b/i.test(scope.model.text.slice(block.clauses.select?.span.start ?? 0, block.clauses.select?.span.end)) || !showsKey(scope, block));
}

/** Does the output hold a unique key of one of the tables? Then DISTINCT takes no row of that table away. */
const showsKey = (scope: Scope, block: QueryBlock): boolean => block.relations.some((relation, index) => {
  const table = tableOf(scope.catalog, relation);
  if (!table) return false;
  const shown = new Set(block.outputs.flatMap((o) => {
    if (o.star) return o.qualifier === undefined || o.qualifier === relation.alias ? table.columns.map((c) => c.name) : [];
    const bound = o.expression.column && bindColumn(scope, block, o.expression.column);
    return bound?.relationIndex === index && bound.block.index === block.index ? [bound.column] : [];
  }));
  return coversUniqueKey(table, shown, new Set());
});

function isPinned(scope: Scope, block: QueryBlock): boolean {
  const pins = collectPins(scope, block);
  return block.relations.some((relation, index) => isPinnedToOneRow(scope, block, index, pins) && tableOf(scope.catalog, relation) !== undefined && (block.relations.length === 1 || joinsAreToOne(scope, block, index)));
}

/** `… FROM (SELECT id FROM t) x WHERE x.id = $1`: a unique key of the table below is held to one value. */
function pinsInside(request: GrowthRequest, scope: Scope, block: QueryBlock): boolean {
  const pins = collectPins(scope, block);
  return block.relations.some((relation, index) => {
    const pinned = [...pins.columns(index)].flatMap((column) => traceDown(request, scope, relation, column, 0) ?? []);
    const tables = new Set(pinned.map(({ table }) => table));
    return [...tables].some((table) => { const columns = new Set(pinned.filter((p) => p.table === table).map((p) => p.column)); return coversUniqueKey(table, columns, columns); });
  });
}

/** The table's column that a sub-query, CTE or view gives out under this name; undefined for tables themselves and computed columns. */
function traceDown(request: GrowthRequest, scope: Scope, relation: Relation, column: string, depth: number): { readonly table: Table; readonly column: string } | undefined {
  const table = tableOf(scope.catalog, relation);
  const view = table && viewOf(request, table, scope.catalog);
  const inner = view ?? (relation.block === undefined ? undefined : { scope, block: scope.model.blocks[relation.block] });
  const at = table && view ? table.columns.findIndex((c) => c.name === column) : -1;
  if (!inner?.block || depth > MAX_DEPTH) return undefined;
  const { scope: within, block } = inner;
  const star = block.outputs.find((o) => o.star);
  const output = at >= 0 && !star ? block.outputs[at] : block.outputs.find((o) => !o.star && (o.alias ?? o.column?.column) === column);
  const ref = output?.expression.column ?? (star ? { qualifier: star.qualifier, column, span: star.span } : undefined);
  const bound = ref && bindColumn(within, block, ref);
  if (!bound) return undefined;
  return traceDown(request, within, bound.relation, bound.column, depth + 1) ?? (bound.table && findColumn(bound.table, bound.column) ? { table: bound.table, column: bound.column } : undefined);
}

/** The query of a view, read as one of its own; undefined for tables, and where it is not known or not understood. */
function viewOf({ sql }: GrowthRequest, table: Table, catalog: Catalog | undefined): { readonly scope: Scope; readonly block: QueryBlock } | undefined {
  const text = table.kind === 'view' || table.kind === 'matview' ? table.definition?.trim().replace(/;$/, '') : undefined;
  if (text === undefined || text === '') return undefined;
  const model = sql.analyse({ text, placeholders: 'none', interpolations: [] });
  const [block] = model.blocks;
  return model.completeness === 'full' && model.kind === 'select' && block ? { scope: { model, catalog }, block } : undefined;
}

/** What migration tools keep for themselves: a row, or one for each migration. */
const bookkeeping = /^(?:alembic_version|schema_migrations|ar_internal_metadata|django_migrations|migrations|knex_migrations(?:_lock)?|_prisma_migrations|__drizzle_migrations|flyway_schema_history|databasechangelog(?:lock)?|goose_db_version|_sqlx_migrations|__diesel_schema_migrations|"?SequelizeMeta"?)$/;
/** Columns of the tables that tools call `migrations` (TypeORM, Laravel, db-migrate, postgres-migrations): with others it is the application's own. */
const KEPT = /^(?:id|name|migration|batch|version|timestamp|hash|checksum|run_on|(?:executed|applied|created|migrated|run)_?at|batch_time|migration_time)$/i;

const isBookkeeping = ({ name }: Relation, table: Table | undefined, settings: LintSettings): boolean =>
  bookkeeping.test(name) && sizeOf(table, settings) !== 'large' && (name !== 'migrations' || (table?.columns ?? []).every((column) => KEPT.test(column.name)));

/** Row-level security that leaves a role some of the rows: whether the reader is one that it holds for is not known, so nothing is said. */
function isRowSecured({ rowSecurity }: Table): boolean {
  if (rowSecurity?.enabled !== true) return false;
  const applies = rowSecurity.policies.filter(({ command }) => command === 'all' || command === 'select');
  const open = (using: string | undefined): boolean => using === undefined || /^\s*\(*\s*true\s*\)*\s*$/i.test(using);
  return applies.some((policy) => !policy.permissive && !open(policy.using)) || (applies.some(({ permissive }) => permissive) && applies.every((policy) => !policy.permissive || !open(policy.using)));
}

/** `c IN ($1, $2)`, `c = ANY($1)`: as many rows as the caller asks for, where c is a key. */
const isListOfKeys = (c: Conjunct): boolean => c.clause === 'where' && !c.negated && (c.operator === 'any' || (c.operator === 'in' && c.right?.kind !== 'subquery'));

/** `WHERE false`: columns without rows. */
const isNever = (c: Conjunct): boolean => c.clause === 'where' && c.operator === 'boolean' && c.left?.kind === 'constant' && (c.left.value === false || c.left.value === null);

/** `WHERE n <= 20` with `row_number() OVER (…) AS n` inside: a LIMIT in other words. */
function isRank(scope: Scope, block: QueryBlock, { clause, operator, left }: Conjunct): boolean {
  if (clause !== 'where' || !/^(?:<=?|=|between)$/.test(operator) || !left?.column) return false;
  const bound = bindColumn(scope, block, left.column);
  const inner = bound?.relation.block === undefined ? undefined : scope.model.blocks[bound.relation.block];
  const output = inner?.outputs.find((o) => !o.star && o.alias === bound?.column);
  return output !== undefined && [...walkExpression(output.expression)].some((e) => e.kind === 'function' && /^(?:row_number|rank|dense_rank)$/.test(e.name ?? ''));
}
