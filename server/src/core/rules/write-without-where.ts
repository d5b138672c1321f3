import { hasUnknownPart } from '../advice/holes';
import { isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { describeRows, sizeOf } from '../advice/size';
import type { Severity, StatementContext, StatementRule } from '../lint/rule';
import type { Conjunct, Expression, QueryBlock, Relation } from '../sql/model';
import { escapeRegExp } from '../text/regExp';

const SCHEMA = 'CREATE TABLE users (id bigint PRIMARY KEY, active boolean NOT NULL);';

/** UPDATE and DELETE that reach every row of a table. */
export const writeWithoutWhere: StatementRule = {
  id: 'write-without-where',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'text',
  roles: ['application', 'migration'],
  summary: 'An UPDATE or DELETE without a condition changes every row',
  docs: {
    why: 'Without WHERE, or with one that is always true, the statement reaches every row of the table, locks them all until it commits, and leaves as many dead rows behind. A forgotten condition cannot be taken back once committed.',
    bad: [
      { language: 'sql', schema: SCHEMA, code: 'UPDATE users SET active = false;' },
      { language: 'typescript', schema: SCHEMA, code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const remove = (id: string) => pool.query('DELETE FROM users WHERE 1 = 1');" },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, code: 'UPDATE users SET active = false WHERE id = $1;' },
      { language: 'sql', schema: SCHEMA, code: 'CREATE TEMP TABLE batch (id bigint);\nDELETE FROM batch;' },
      { language: 'typescript', schema: SCHEMA, code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const deleteAllUsers = () => pool.query('DELETE FROM users');" },
    ],
    whenNot: 'Tables that are emptied on purpose: a function whose name says so (`clear`, `reset`, `deleteAll`) is not reported, nor are temporary tables, nor one that the same function fills again with INSERT. To empty a table TRUNCATE is faster. Scripts are run by hand and not looked at. Migrations are reported only where they update a large table in one go: batches keep the locks short. An UPDATE of a table that by its name has one row (`settings`, `local_site`) is not reported.',
  },
  options: {},
  check(context) {
    const { model, site } = context;
    if ((model.kind !== 'update' && model.kind !== 'delete' && model.kind !== 'select' && model.kind !== 'insert') || model.completeness !== 'full' || !site.complete || site.executes === 'no' || hasUnknownPart(model)) return;
    for (const block of model.blocks) {
      const target = block.relations.find((r) => r.target);
      if ((block.kind !== 'update' && block.kind !== 'delete') || !target || isSystemRelation(target) || !isUnbounded(block)) continue;
      // `WITH moved AS (DELETE … RETURNING *)` takes all rows somewhere else.
      if (block.role === 'cte' && block.returning) continue;
      report(context, block, target);
    }
  },
};

/** No WHERE, or one that every row satisfies. */
function isUnbounded(block: QueryBlock): boolean {
  const where = block.conjuncts.filter((c) => c.clause === 'where');
  return block.clauses.where ? where.length > 0 && where.every(isAlwaysTrue) : !block.conjuncts.some((c) => c.clause === 'on') && block.relations.length === 1;
}

const isAlwaysTrue = (c: Conjunct): boolean =>
  c.operator === 'or' ? !c.negated && (c.branches ?? []).some((branch) => branch.length > 0 && branch.every(isAlwaysTrue))
    : c.operator === 'not' ? !c.negated && c.branches?.length === 1 && c.branches[0]?.length === 1 && isConstantFalse(c.branches[0][0])
    : !c.negated && ((c.operator === 'boolean' && isConstant(c.left) && c.left?.value === true) || (c.operator === '=' && isConstant(c.left) && isConstant(c.right) && c.left?.value === c.right?.value && c.left?.value !== null));

const isConstantFalse = (c: Conjunct | undefined): boolean => c?.operator === 'boolean' && !c.negated && isConstant(c.left) && c.left?.value === false;

const isConstant = (e: Expression | undefined): boolean => e?.kind === 'constant' && e.hole === undefined;

/** Tables that by their name hold one row. */
const SINGLE = /(?:^|_)(?:settings?|config|configuration|site|singleton|globals?|metadata|preferences|state|stats|statistics|totals?|counters?|version)$/i;

function report(context: StatementContext, block: QueryBlock, target: Relation): void {
  // A folder of schema changes that no tool's conventions tell.
  const role = /\/(?:deltas?|upgrades?)\//.test(context.uri) ? 'migration' : context.role;
  const scope: Scope = { model: context.model, catalog: context.catalog };
  const table = tableOf(scope.catalog, target);
  const size = sizeOf(table, context.settings);
  if (target.schema === 'pg_temp' || /^(?:te?mp|staging|stg|scratch)_|_(?:te?mp|staging|scratch)$/.test(target.name)) return;
  if (block.kind === 'update' && !block.clauses.where && size !== 'large' && SINGLE.test(target.name)) return;
  if (role === 'migration' && (block.kind === 'delete' || size !== 'large')) return;
  if (role !== 'migration' && (isTemporary(context, target) || isMeant(context) || (block.kind === 'delete' && !block.clauses.where && isRefilled(context, target)))) return;
  const rows = describeRows(table, context.settings);
  const keyword = (block.clauses.update ?? block.clauses.delete)?.keyword;
  // Emptying a table on purpose is what most of these do in published code; a condition that is always true is meant by nobody.
  const severity: Severity | undefined = role === 'migration' ? 'info' : block.clauses.where ? 'error' : size === 'small' ? 'info' : undefined;
  context.report({
    at: { sql: keyword ? { start: keyword.start, end: target.span.end } : target.span },
    severity,
    message: role === 'migration' ? `Updates every row of ${target.name} in one transaction: batches by key keep the locks short.` : block.kind === 'delete' ? `Deletes every row of ${target.name}: ${where(block)}.` : `Changes every row of ${target.name}: ${where(block)}.`,
    because: rows ? `${rows}.` : undefined,
    confidence: 'text',
    evidence: { table: target.name, size },
  });
}

const where = (block: QueryBlock): string => (block.clauses.where ? 'its condition is always true' : 'it has no WHERE');

/** Is it made by CREATE TEMP TABLE in the same document? */
function isTemporary({ text }: StatementContext, { name }: Relation): boolean {
  const lower = text.toLowerCase();
  return /\btemp(?:orary)?\s+table\b/.test(lower) && new RegExp(`\\btemp(?:orary)?\\s+table\\s+(?:if\\s+not\\s+exists\\s+)?"?${escapeRegExp(name.toLowerCase())}(?![\\w$])`).test(lower);
}

/** The function fills the table again: its rows are replaced. */
function isRefilled({ file, site }: StatementContext, { name }: Relation): boolean {
  const into = new RegExp(`^\\s*insert\\s+into\\s+(?:"?\\w+"?\\.)?"?${escapeRegExp(name)}"?\\s*\\(`, 'i');
  return site.functionId !== undefined && file.sites.some((other) => other.functionId === site.functionId && other.span.start > site.span.start && other.source !== undefined && into.test(other.source.text));
}

/** A function that says it empties the table: `deleteAll`, `clear_cache`. */
function isMeant({ file, site }: StatementContext): boolean {
  for (let id = site.functionId; id !== undefined; id = file.functions[id]?.parent) {
    const name = (file.functions[id]?.name ?? '').replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
    if (/(?:^|_)(?:all|everything)(?:_|$)|^_*(?:clear|reset|truncate|purge|wipe|flush|empty|clean|cleanup|drop|destroy|teardown|rebuild|reseed)(?:_|$)/.test(name)) return true;
  }
  return false;
}
