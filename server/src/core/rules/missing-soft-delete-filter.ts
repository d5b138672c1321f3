import { addMissingParts, isGoneColumn } from '../advice/partialIndex';
import { ownerTest, splitRows } from '../advice/indexDemand';
import { whollyKnownCatalog } from '../advice/known';
import { collectPins } from '../advice/pins';
import { isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { usuallyFilters } from '../advice/softDelete';
import { sqlFix } from '../advice/sqlFix';
import { isPinnedToOneRow } from '../advice/uniqueness';
import { sizeOf } from '../advice/size';
import type { Column } from '../catalog/model';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { QueryBlock } from '../sql/model';
import { quoteIdentifier } from '../sql/names';
import { escapeRegExp } from '../text/regExp';

const SCHEMA = 'CREATE TABLE users (id bigint PRIMARY KEY, team_id bigint NOT NULL, name text NOT NULL, deleted_at timestamptz);';
const file = (last: string): string => `import { Pool } from 'pg';\nconst pool = new Pool();\nexport const names = (team: string) => pool.query('SELECT name FROM users WHERE team_id = $1 AND deleted_at IS NULL', [team]);\nexport const count = (team: string) => pool.query('SELECT count(*) FROM users WHERE team_id = $1 AND deleted_at IS NULL', [team]);\nexport const first = (team: string) => pool.query('SELECT name FROM users WHERE team_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT 1', [team]);\nexport const last = (team: string) => pool.query('${last}', [team]);`;

/** Reads of a table that keeps its deleted rows, without the condition that all others have. */
export const missingSoftDeleteFilter: StatementRule = {
  id: 'missing-soft-delete-filter',
  scope: 'statement',
  category: 'query',
  severity: 'hint',
  needs: 'schema',
  fixKinds: ['review'],
  summary: 'Deleted rows are read too',
  docs: {
    why: 'A table with `deleted_at` keeps the rows that were deleted. Where most queries of the workspace leave them out, one that does not mostly forgot it: deleted users appear in a list, in a total, in a search. It also misses the partial indexes that hold the live rows alone.',
    bad: [{ language: 'typescript', schema: SCHEMA, code: file('SELECT name FROM users WHERE team_id = $1 ORDER BY id DESC LIMIT 1') }],
    good: [
      { language: 'typescript', schema: SCHEMA, code: file('SELECT name FROM users WHERE team_id = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT 1') },
      { language: 'typescript', schema: SCHEMA, code: file('SELECT name, deleted_at FROM users WHERE team_id = $1 ORDER BY id DESC LIMIT 1') },
    ],
    whenNot: 'Queries that look at the deleted rows on purpose: name the column, in the condition or among the results, and nothing is reported. Look-ups by a unique key are not reported either.',
    fixSafety: 'Offered for review: deleted rows are no longer found.',
  },
  options: {},
  check(context) {
    const catalog = whollyKnownCatalog(context);
    const { model, site, text } = context;
    if (!catalog || model.kind !== 'select' || asksForAll.test(text.slice(site.span.start, site.span.end))) return;
    const scope: Scope = { model, catalog };
    for (const block of model.blocks) if (block.kind === 'select') checkBlock(context, scope, block);
  },
};

/** How libraries are told that deleted rows are wanted. */
const asksForAll = /\bparanoid['"]?\s*[:=]\s*false\b|\b(?:with|include|only)_?(?:deleted|trashed|discarded)\b|\bunscoped?\b|\bIgnoreQueryFilters\b/i;

function checkBlock(context: StatementContext, scope: Scope, block: QueryBlock): void {
  // The table that is listed; what is joined to its rows is found by their keys.
  const relation = block.relations[0];
  const table = relation && tableOf(scope.catalog, relation);
  if (!relation || !table || table.kind !== 'table' || isSystemRelation(relation) || !['root', 'cte', 'derived', 'arm'].includes(block.role)) return;
  const gone = table.columns.find(isSoftDelete);
  if (!gone || new RegExp(`(?<![\\w$])"?${escapeRegExp(gone.name)}(?![\\w$])`, 'i').test(scope.model.text) || sizeOf(table, context.settings) === 'small') return;
  if (block.outputs.some((o) => o.star)) return;
  const pins = collectPins(scope, block);
  if (isPinnedToOneRow(scope, block, 0, pins) || !context.ask(usuallyFilters(table.name, gone.name))) return;
  const part = { key: quoteIdentifier(gone.name), operator: gone.type === 'boolean' ? 'false' : 'is null', text: '' } as const;
  context.report({
    at: { sql: relation.span },
    message: `${table.name} keeps its deleted rows, and this query reads them too: the others of the workspace leave them out.`,
    because: `Nothing here mentions ${gone.name}.`,
    confidence: 'schema',
    evidence: { table: table.name, column: gone.name },
    fixes: () => sqlFix(context, `Add ${gone.type === 'boolean' ? `NOT ${gone.name}` : `${gone.name} IS NULL`} (deleted rows are no longer found)`, 'review', addMissingParts({ scope, block, index: 0, relation, table, size: 'unknown', conjuncts: block.conjuncts.flatMap(splitRows), owns: ownerTest(scope, block, 0) }, [part])),
  });
}

/** `deleted_at timestamptz`, `is_deleted boolean NOT NULL`: not an archive that a page of its own shows. */
const isSoftDelete = ({ name, type, notNull }: Column): boolean => /^(?:is_?)?deleted(?:_?(?:at|on))?$/i.test(name) && isGoneColumn(name) && (type === 'boolean' ? notNull : !notNull && /^(?:timestamp|date)/.test(type));

