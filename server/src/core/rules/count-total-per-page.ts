import { hasUnknownPart } from '../advice/holes';
import { collectPins } from '../advice/pins';
import { containsAggregate, isSystemRelation, tableOf, walkExpression, type Scope } from '../advice/scope';
import { describeRows, sizeOf } from '../advice/size';
import { collectOuterColumns } from '../advice/subqueryJoin';
import type { FindingDraft, StatementContext, StatementRule } from '../lint/rule';
import type { QueryBlock } from '../sql/model';
import { containsSpan, spanText, type HostSpan, type SqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE events (id bigint PRIMARY KEY, name text NOT NULL);';
const VOLUMES = { events: 5_000_000 };
const page = (count: string): string => `import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function page(after: string) {\n  const { rows } = await pool.query('SELECT id, name FROM events WHERE id > $1 ORDER BY id LIMIT 20', [after]);\n${count}}`;

/** A total that is counted again for every page. */
export const countTotalPerPage: StatementRule = {
  id: 'count-total-per-page',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'statistics',
  summary: 'All rows are counted for every page',
  docs: {
    why: 'A page reads its 20 rows by an index; the total beside it reads every row that matches, again for each page. On a large table the total costs more than all pages together. An estimate (`reltuples`, or the planner’s own), a total that is kept up to date elsewhere, a cap (`SELECT count(*) FROM (… LIMIT 1001)`) or "next page" without a total cost next to nothing.',
    bad: [
      { language: 'typescript', schema: SCHEMA, assume: VOLUMES, code: page("  const total = await pool.query('SELECT count(*) FROM events');\n  return { rows, total: total.rows[0].count };\n") },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT id, name, count(*) OVER () AS total FROM events ORDER BY id LIMIT 20;' },
    ],
    good: [
      { language: 'typescript', schema: SCHEMA, assume: VOLUMES, code: page("  const total = await pool.query('SELECT count(*) FROM (SELECT 1 FROM events LIMIT 1001) t');\n  return { rows, total: total.rows[0].count };\n") },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: 'SELECT id, name FROM events ORDER BY id LIMIT 20;' },
    ],
    whenNot: 'Tables that stay small, totals over a few rows that an index finds, and totals that are asked for once.',
  },
  options: {},
  check(context) {
    const { model, site } = context;
    if (!context.catalog || model.kind !== 'select' || model.completeness !== 'full' || !site.complete || hasUnknownPart(model)) return;
    const scope: Scope = { model, catalog: context.catalog };
    const root = model.blocks[0];
    if (root?.kind !== 'select') return;
    for (const block of model.blocks) if (block.role === 'cte' || block.role === 'derived') checkInner(context, scope, block);
    for (const block of model.blocks) if (block.limit && !isOne(block)) checkOuter(context, scope, block);
    const large = largeTables(context, scope, root);
    if (large.length === 0) return;
    const both = root.limit && !isOne(root) ? countingCall(context) : undefined;
    if (both) return report(context, scope, root, { host: both }, large);
    const beside = root.limit && !isOne(root) ? totalBeside(scope, root, large) : undefined;
    if (beside) return report(context, scope, beside, { sql: beside.span }, largeTables(context, scope, beside));
    const window = root.limit ? windowCount(root, model.text) : undefined;
    if (window) return report(context, scope, root, { sql: window }, large);
    if (root.limit || root.groupBy.length > 0 || root.distinct || root.outputs.length !== 1 || !isTotal(root, model.text)) return;
    // The document is looked at last: what it says holds until the next keystroke.
    if (site.functionId !== undefined && hasPageBeside(context, large)) report(context, scope, root, { sql: root.outputs[0]?.span ?? root.span }, large);
  },
};

const largeTables = ({ settings }: StatementContext, { catalog }: Scope, block: QueryBlock): readonly string[] =>
  block.relations.flatMap((r) => (r.kind === 'table' && !isSystemRelation(r) && sizeOf(tableOf(catalog, r), settings) === 'large' ? [r.name] : []));

/** A page with a window count that is a CTE or a sub-query, as ORMs write it. */
function checkInner(context: StatementContext, scope: Scope, block: QueryBlock): void {
  const window = block.kind === 'select' && block.limit && !isOne(block) ? windowCount(block, scope.model.text) : undefined;
  const large = window ? largeTables(context, scope, block) : [];
  if (window && large.length > 0) report(context, scope, block, { sql: window }, large);
}

/** A window count inside, the page outside: `SELECT * FROM (SELECT id, count(*) OVER () AS total FROM events) t LIMIT 20`. */
function checkOuter(context: StatementContext, scope: Scope, block: QueryBlock): void {
  for (const relation of block.relations) {
    const inner = relation.block === undefined ? undefined : scope.model.blocks[relation.block];
    const window = inner?.kind === 'select' && !inner.limit && inner.groupBy.length === 0 && !inner.distinct ? windowCount(inner, scope.model.text) : undefined;
    const name = inner?.outputs.find((o) => window !== undefined && containsSpan(o.span, window))?.alias ?? 'count';
    // What nobody takes out is not computed.
    const taken = block.outputs.some((o) => (o.star ? o.qualifier === undefined || o.qualifier === relation.alias : o.expression.columns.some((c) => c.column === name)));
    const large = inner && window && taken ? largeTables(context, scope, inner) : [];
    if (inner && window && large.length > 0) report(context, scope, inner, { sql: window }, large);
  }
}

/** One call for a page and its total (`findAndCount`, `getManyAndCount`, Supabase's `{ count: 'exact' }`): the name of the call. */
function countingCall({ site }: StatementContext): HostSpan | undefined {
  return site.chain.find((call) => /^(?:findAndCount(?:All|By)?|getManyAndCount|getResultAndCount)$/.test(call.name) || (call.name === 'select' && call.args.some((arg) => arg.items?.some((item) => item.name === 'count' && item.literal === 'exact'))))?.nameSpan;
}

const isOne = ({ limit }: QueryBlock): boolean => limit?.expression.kind === 'constant' && limit.expression.value === 1;

/** `SELECT …, (SELECT count(*) FROM events) FROM events LIMIT 20`: computed once for each page, whatever row it stands beside. */
const totalBeside = (scope: Scope, root: QueryBlock, large: readonly string[]): QueryBlock | undefined =>
  scope.model.blocks.find((inner) => inner.role === 'scalar' && inner.parent === root.index && inner.kind === 'select' && !inner.limit && inner.groupBy.length === 0 && !inner.distinct && inner.outputs.length === 1 &&
    root.outputs.some((o) => containsSpan(o.span, inner.span)) && inner.relations.some((r) => r.kind === 'table' && large.includes(r.name)) && isTotal(inner, scope.model.text) && collectOuterColumns(scope, root, inner).length === 0);

/** `count(*) OVER ()`: of all rows, not of a partition. */
function windowCount({ outputs }: QueryBlock, text: string): SqlSpan | undefined {
  return outputs.flatMap((o) => [...walkExpression(o.expression)]).find((e) => e.kind === 'function' && e.name === 'count' && /\bover\s*\(\s*\)$/i.test(spanText(text, e.span)))?.span;
}

/** `count(*)` or `count(id)` as the one thing that is asked. */
const isTotal = ({ outputs }: QueryBlock, text: string): boolean =>
  outputs.every((o) => containsAggregate(o.expression) && [...walkExpression(o.expression)].some((e) => e.kind === 'aggregate' && e.name === 'count' && !/\bfilter\b/i.test(spanText(text, e.span))));

/** Does the same function read a page of one of the tables? */
function hasPageBeside({ file, site, sql }: StatementContext, tables: readonly string[]): boolean {
  return file.sites.some((other) => {
    if (other.id === site.id || other.functionId !== site.functionId || !other.source) return false;
    const root = sql.analyse(other.source).blocks[0];
    return root?.kind === 'select' && root.limit !== undefined && !(root.limit.expression.kind === 'constant' && root.limit.expression.value === 1) && root.relations.some((r) => tables.includes(r.name));
  });
}

function report(context: StatementContext, scope: Scope, block: QueryBlock, at: FindingDraft['at'], tables: readonly string[]): void {
  const pins = collectPins(scope, block);
  // What an index finds may be few.
  const narrowed = block.relations.some((_, i) => pins.columns(i).size > 0);
  const rows = block.relations.map((r) => describeRows(tableOf(scope.catalog, r), context.settings)).filter((r) => r !== undefined);
  context.report({
    at,
    severity: narrowed ? 'hint' : undefined,
    message: `All matching rows of ${tables.join(', ')} are counted for every page.`,
    because: `${rows.join('; ')}.`,
    confidence: 'statistics',
    evidence: { tables, narrowed },
  });
}
