import { findAdapter } from '../libraries';
import { coverHoles, hasUnknownPart } from '../advice/holes';
import { collectPins } from '../advice/pins';
import { containsAggregate, isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { blockSize, describeRows } from '../advice/size';
import { toHostEdits } from '../advice/sqlEdits';
import { isPinnedToOneRow, joinsAreToOne } from '../advice/uniqueness';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import type { Conjunct, QueryBlock } from '../sql/model';
import { sqlSpan } from '../text/span';

/** Reads a whole table, or a share of it that grows with the table, into the application's memory. */
export const unboundedSelect: StatementRule = {
  id: 'unbounded-select',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  summary: 'Fetches a number of rows that grows with the table',
  docs: {
    why: 'Without LIMIT the result grows with the table: what is 50 rows today is 500,000 in two years, all of them sent and held in memory for one request.',
    bad: [
      { language: 'typescript', schema: 'CREATE TABLE events (id bigint PRIMARY KEY, name text NOT NULL);', code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function all() {\n  const { rows } = await pool.query('SELECT id, name FROM events');\n  return rows;\n}" },
    ],
    good: [
      { language: 'typescript', schema: 'CREATE TABLE events (id bigint PRIMARY KEY, name text NOT NULL);', code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function first() {\n  const { rows } = await pool.query('SELECT id, name FROM events ORDER BY id LIMIT 100');\n  return rows;\n}" },
      { language: 'typescript', schema: 'CREATE TABLE events (id bigint PRIMARY KEY, name text NOT NULL);', code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function one(id: string) {\n  const { rows } = await pool.query('SELECT id, name FROM events WHERE id = $1', [id]);\n  return rows;\n}" },
    ],
    whenNot: 'Look-up tables that cannot grow, and exports; those better use a cursor or a stream.',
    fixSafety: 'Offered for review: with a LIMIT the caller gets fewer rows.',
  },
  options: { limit: { type: 'integer', default: 100, description: 'The LIMIT that the fix writes.' } },
  check(context) {
    const { site, model } = context;
    const root = model.blocks[0];
    if (!root || model.completeness !== 'full' || !site.complete || site.fetches !== 'many' || site.executes === 'no') return;
    if (model.kind !== 'select' || root.kind !== 'select' || root.limit || root.locking?.skipLocked) return;
    // SQL of unknown content (`FROM t {clause}`) may bring a condition or a LIMIT.
    if (hasUnknownPart(model) || isKept(root, model.text)) return;
    const scope: Scope = { model, catalog: context.catalog };
    if (isBounded(scope, root)) return;
    const size = blockSize(scope, root, context.settings);
    const narrowed = root.conjuncts.some((c) => c.clause === 'where');
    // An SQL file does not say who reads the rows; there only a table known to be large is worth a word.
    if (size === 'small' || size === 'medium' || (size === 'unknown' && (narrowed || site.library === 'sql'))) return;
    report(context, scope, root, size === 'large', narrowed);
  },
};

/** What migration tools keep for themselves: a row, or one for each migration. */
const bookkeeping = /^(?:alembic_version|schema_migrations|ar_internal_metadata|django_migrations|migrations|knex_migrations(?:_lock)?|_prisma_migrations|__drizzle_migrations|flyway_schema_history|databasechangelog(?:lock)?|goose_db_version|_sqlx_migrations|__diesel_schema_migrations|"?SequelizeMeta"?)$/;

/** `SELECT … INTO t`, and a sample of the table: no rows of it all reach the application. */
function isKept({ clauses, outputs }: QueryBlock, text: string): boolean {
  const from = clauses.from?.span;
  const last = outputs.at(-1)?.span;
  return from !== undefined && (/\btablesample\b/i.test(text.slice(from.start, from.end)) || (last !== undefined && /^\s*into\b/i.test(text.slice(last.end, from.start))));
}

/** True when the number of rows does not grow with a table, as far as can be shown. */
function isBounded(scope: Scope, block: QueryBlock): boolean {
  const aggregates = block.outputs.some((o) => containsAggregate(o.expression));
  if (aggregates || block.groupBy.length > 0 || block.distinct) return true;
  if (block.relations.length === 0 || block.relations.some((r) => r.kind !== 'table' || isSystemRelation(r) || bookkeeping.test(r.name))) return true;
  if (block.conjuncts.some((c) => isListOfKeys(c) || isNever(c))) return true;
  const pins = collectPins(scope, block);
  return block.relations.some((relation, index) => {
    if (!isPinnedToOneRow(scope, block, index, pins)) return false;
    const table = tableOf(scope.catalog, relation);
    return table !== undefined && (block.relations.length === 1 || joinsAreToOne(scope, block, index));
  });
}

/** `c IN ($1, $2)`, `c = ANY($1)`: as many rows as the caller asks for, where c is a key. */
const isListOfKeys = (c: Conjunct): boolean => c.clause === 'where' && !c.negated && (c.operator === 'any' || (c.operator === 'in' && c.right?.kind !== 'subquery'));

/** `WHERE false`: columns without rows. */
const isNever = (c: Conjunct): boolean => c.clause === 'where' && c.operator === 'boolean' && c.left?.kind === 'constant' && (c.left.value === false || c.left.value === null);

function report(context: StatementContext, scope: Scope, block: QueryBlock, large: boolean, narrowed: boolean): void {
  const keyword = block.clauses.select?.keyword;
  const from = block.relations[0]?.span;
  if (!keyword || !from) return;
  const rows = block.relations.map((r) => describeRows(tableOf(scope.catalog, r), context.settings)).filter((r) => r !== undefined);
  context.report({
    at: { sql: from },
    severity: large ? (narrowed ? 'info' : 'warning') : 'hint',
    message: narrowed ? 'Fetches all matching rows: their number grows with the table.' : block.clauses.limit ? 'Fetches the whole table: LIMIT ALL sets no limit, and there is no condition.' : 'Fetches the whole table: there is no LIMIT and no condition.',
    because: rows.length > 0 ? `${rows.join('; ')}.` : undefined,
    confidence: large ? 'statistics' : 'text',
    evidence: { tables: block.relations.map((r) => r.name) },
    fixes: () => limitFix(context, block),
  });
}

function limitFix(context: StatementContext, block: QueryBlock): readonly Fix[] {
  const { site, file, text } = context;
  const count = context.option<number>('limit');
  const last = (block.clauses.order ?? block.clauses.window ?? block.clauses.having ?? block.clauses.group ?? block.clauses.where ?? block.clauses.from)?.span;
  if (!last || block.offset || block.clauses.limit) return [];
  const at = coverHoles(context.model, last).end;
  const library = site.chain.length > 0 ? findAdapter(site.library)?.addLimit?.(site, { uri: file.uri, text, count }) : undefined;
  const edits = library ?? (site.chain.length === 0 ? toHostEdits(site, file.uri, [{ span: sqlSpan(at, at), text: ` LIMIT ${count}` }]) : undefined);
  return edits ? [{ title: `Add LIMIT ${count} (the caller gets fewer rows)`, kind: 'review', edits }] : [];
}
