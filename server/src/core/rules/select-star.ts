import { quoteIdentifier } from '../sql/names';
import { collectPins } from '../advice/pins';
import { isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { toHostEdits } from '../advice/sqlEdits';
import type { Column, Index, Table } from '../catalog/model';
import type { Fix, Question, StatementContext, StatementRule } from '../lint/rule';
import type { Output, QueryBlock, Relation } from '../sql/model';

/** Types whose values may be large: stored out of line, read and sent only if asked for. */
const WIDE = /^(jsonb?|bytea|xml|tsvector|vector|halfvec|geometry|geography)\b|\[\]$/;
/** `text` holds names as well as documents: the column's name tells. */
const LONG_TEXT = /(^|_)(body|content|contents|html|markdown|text|description|bio|notes?|comment|message|payload|raw|source|transcript|summary|document|data|log|output|input|definition|checksum_data|template)$/i;

const isWide = (column: Column): boolean => WIDE.test(column.type) || (column.type === 'text' && LONG_TEXT.test(column.name));

/** `*` in a query that application code sends. */
export const selectStar: StatementRule = {
  id: 'select-star',
  scope: 'statement',
  category: 'query',
  severity: 'info',
  needs: 'text',
  fixKinds: ['review'],
  summary: 'Fetches every column, those of tomorrow included',
  docs: {
    why: '`*` fetches columns that nobody reads. Wide ones (jsonb, text, bytea) are stored out of line and cost a second read each; an index that covers the needed columns cannot answer alone; and each column added later is sent too, secrets included.',
    bad: [
      { language: 'typescript', schema: 'CREATE TABLE documents (id bigint PRIMARY KEY, title text NOT NULL, body text NOT NULL, meta jsonb NOT NULL);', code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const load = (id: string) => pool.query('SELECT * FROM documents WHERE id = $1', [id]);" },
    ],
    good: [
      { language: 'typescript', schema: 'CREATE TABLE documents (id bigint PRIMARY KEY, title text NOT NULL, body text NOT NULL, meta jsonb NOT NULL);', code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const load = (id: string) => pool.query('SELECT id, title FROM documents WHERE id = $1', [id]);" },
    ],
    whenNot: 'Narrow tables whose every column is used, and code that is generated from the schema.',
    fixSafety: 'Offered for review: the list holds the columns known today, in the order of the table; remove those that are not read.',
  },
  options: {},
  check(context) {
    const { site, model } = context;
    if (model.kind !== 'select' || site.executes === 'no' || site.fetches === 'none' || isEntityQuery(context)) return;
    const scope: Scope = { model, catalog: context.catalog };
    for (const block of sentBlocks(context)) {
      for (const output of block.outputs) if (output.star) checkStar(context, scope, block, output);
    }
  },
};

/** ORMs load entities: their column list is the model's. */
const isEntityQuery = ({ site }: StatementContext): boolean => site.model !== undefined || site.library === 'prisma' || (site.library === 'sqlalchemy' && site.chain.length > 0);

/** The blocks whose rows leave the database: the root, or its set-operation arms, and the sub-queries whose columns a star passes on whole. */
function sentBlocks({ model }: StatementContext): readonly QueryBlock[] {
  const sent = new Set<QueryBlock>();
  const visit = (index: number | undefined): void => {
    const block = index === undefined ? undefined : model.blocks[index];
    if (!block || sent.has(block)) return;
    sent.add(block);
    block.setOperation?.arms.forEach(visit);
    if (block.kind === 'select') for (const output of block.outputs) if (output.star) for (const relation of starredRelations(block, output)) visit(relation.block);
  };
  visit(0);
  return [...sent].filter((block) => block.kind === 'select');
}

const starredRelations = (block: QueryBlock, { qualifier }: Output): readonly Relation[] => (qualifier === undefined ? block.relations : block.relations.filter((r) => r.alias === qualifier));

/** sqlc writes the column list into the code that it generates: the star is never sent. */
const isExpanded = (context: StatementContext): boolean => context.site.library === 'sql' && context.ask(isSqlc);

const isSqlc: Question = ({ text }) => /^--\s*name:\s*\w+\s+:(one|many|exec|batch|copyfrom)/m.test(text);

function checkStar(context: StatementContext, scope: Scope, block: QueryBlock, output: Output): void {
  const relations = starredRelations(block, output);
  if (relations.length === 0 || isExpanded(context) || !relations.every((r) => r.kind === 'table' && r.hole === undefined && !isSystemRelation(r))) return;
  const tables = relations.map((relation) => ({ relation, table: tableOf(scope.catalog, relation) }));
  const wide = tables.flatMap(({ table }) => (table?.columns ?? []).filter(isWide).map((c) => `${table?.name}.${c.name} (${c.type})`));
  const known = tables.every(({ table }) => table !== undefined);
  const covering = wide.length === 0 ? tables.map(({ table, relation }) => coveringIndex(scope, block, table, relation)).find((index) => index !== undefined) : undefined;
  context.report({
    at: { sql: output.span },
    // In an SQL file a person may be looking.
    severity: (wide.length > 0 || covering) && context.site.library !== 'sql' ? undefined : 'hint',
    message: `Fetches every column of ${relations.map((r) => r.name).join(', ')}, those added later included.`,
    because: wide.length > 0 ? `Wide columns: ${wide.slice(0, 4).join(', ')}${wide.length > 4 ? ` and ${wide.length - 4} more` : ''}.` : covering && `${covering.name} holds ${[...covering.keys.map((key) => key.column), ...covering.include].join(', ')}: a query of these alone would not read the table.`,
    confidence: known ? 'schema' : 'text',
    evidence: { tables: relations.map((r) => r.name), wide },
    fixes: () => columnList(context, block, output, tables),
  });
}

/** An index that finds the rows and was made to answer alone (INCLUDE): a list of its columns would not read the table. */
function coveringIndex(scope: Scope, block: QueryBlock, table: Table | undefined, relation: Relation): Index | undefined {
  const pinned = collectPins(scope, block).columns(block.relations.indexOf(relation));
  return table?.indexes.find((index) => index.valid && index.predicate === undefined && index.include.length > 0 && index.keys.every((key) => key.column !== undefined) && pinned.has(index.keys[0]?.column ?? '') && index.keys.length + index.include.length < table.columns.length);
}

function columnList(context: StatementContext, block: QueryBlock, output: Output, tables: readonly { readonly relation: Relation; readonly table: Table | undefined }[]): readonly Fix[] {
  const { site, file, catalog } = context;
  // USING and NATURAL joins merge columns: what `*` means is then not the concatenation of both lists.
  if (/\b(using|natural)\b/i.test(context.model.text.slice(block.clauses.from?.span.start ?? 0, block.clauses.from?.span.end ?? 0))) return [];
  const qualify = block.relations.length > 1 || output.qualifier !== undefined;
  const columns: string[] = [];
  for (const { relation, table } of tables) {
    if (!table) return [];
    columns.push(...table.columns.map((c) => (qualify ? `${quoteIdentifier(relation.alias)}.` : '') + quoteIdentifier(c.name)));
  }
  if (site.chain.length > 0) return [];
  const edits = columns.length > 0 ? toHostEdits(site, file.uri, [{ span: output.span, text: columns.join(', ') }]) : undefined;
  return edits ? [{ title: `Name the ${columns.length} columns (from ${catalog?.label ?? 'the schema'})`, kind: 'review', edits }] : [];
}
