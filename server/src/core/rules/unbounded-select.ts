import { findAdapter } from '../libraries';
import { growthOf, type Growth } from '../advice/growth';
import { coverHoles, hasUnknownPart } from '../advice/holes';
import { tableOf } from '../advice/scope';
import { describeRows } from '../advice/size';
import { toHostEdits } from '../advice/sqlEdits';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import type { QueryBlock } from '../sql/model';
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
    if (model.kind !== 'select' || !/^(?:select|set-operation)$/.test(root.kind) || root.limit || root.locking?.skipLocked) return;
    // SQL of unknown content (`FROM t {clause}`) may bring a condition or a LIMIT.
    if (hasUnknownPart(model) || isKept(root, model.text)) return;
    const growth = growthOf(context, { model, catalog: context.catalog }, root);
    if (!growth || growth.size === 'small' || growth.size === 'medium') return;
    // An SQL file does not say who reads the rows; there only a table known to be large is worth a word.
    if (growth.size === 'unknown' && (growth.narrowed || site.library === 'sql')) return;
    report(context, root, growth);
  },
};

/** `SELECT … INTO t`, and a sample of the table: no rows of it all reach the application. */
function isKept({ clauses, outputs }: QueryBlock, text: string): boolean {
  const from = clauses.from?.span;
  const last = outputs.at(-1)?.span;
  return from !== undefined && (/\btablesample\b/i.test(text.slice(from.start, from.end)) || (last !== undefined && /^\s*into\b/i.test(text.slice(last.end, from.start))));
}

function report(context: StatementContext, block: QueryBlock, { size, narrowed, tables, at }: Growth): void {
  const large = size === 'large';
  const rows = tables.map((table) => describeRows(table, context.settings)).filter((r) => r !== undefined);
  const view = tableOf(context.catalog, at);
  // A view's name is not the one that the row counts are told of.
  const through = view !== undefined && !tables.includes(view) ? `${view.name} reads ${tables.map((table) => table.name).join(', ')}${rows.length > 0 ? ': ' : ''}` : '';
  const because = `${through}${rows.join('; ')}`;
  context.report({
    at: { sql: at.span },
    severity: large ? (narrowed ? 'info' : 'warning') : 'hint',
    message: narrowed ? 'Fetches all matching rows: their number grows with the table.' : block.clauses.limit ? 'Fetches the whole table: LIMIT ALL sets no limit, and there is no condition.' : 'Fetches the whole table: there is no LIMIT and no condition.',
    because: because === '' ? undefined : `${because}.`,
    confidence: large ? 'statistics' : 'text',
    evidence: { tables: block.relations.length > 0 ? block.relations.map((r) => r.name) : tables.map((table) => table.name) },
    fixes: () => limitFix(context, block),
  });
}

function limitFix(context: StatementContext, block: QueryBlock): readonly Fix[] {
  const { site, file, text } = context;
  const count = context.option<number>('limit');
  const last = (block.clauses.order ?? block.clauses.window ?? block.clauses.having ?? block.clauses.group ?? block.clauses.where ?? block.clauses.from)?.span ?? (block.kind === 'set-operation' ? block.span : undefined);
  if (!last || (block.kind === 'set-operation' && site.chain.length > 0) || block.offset || block.clauses.limit) return [];
  const at = coverHoles(context.model, last).end;
  const library = site.chain.length > 0 ? findAdapter(site.library)?.addLimit?.(site, { uri: file.uri, text, count }) : undefined;
  const edits = library ?? (site.chain.length === 0 ? toHostEdits(site, file.uri, [{ span: sqlSpan(at, at), text: ` LIMIT ${count}` }]) : undefined);
  return edits ? [{ title: `Add LIMIT ${count} (the caller gets fewer rows)`, kind: 'review', edits }] : [];
}
