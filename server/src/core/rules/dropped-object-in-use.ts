import type { QualifiedName } from '../catalog/changes';
import { findColumn, findTable } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import type { HostFile, QuerySite } from '../hosts/ir';
import type { MigrationContext, MigrationRule, RelatedPlace } from '../lint/rule';
import type { MigrationStatement, RelationFacts } from '../migrations/migrationFile';
import { isShipped, nameOfKey, newestOption } from '../migrations/weigh';
import type { QueryBlock, StatementModel } from '../sql/model';
import { escapeRegExp } from '../text/regExp';
import { sqlSpan, type SqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, total integer, note text);';

/** Tables and columns that are dropped or renamed while queries of the workspace still use them. */
export const droppedObjectInUse: MigrationRule = {
  id: 'dropped-object-in-use',
  scope: 'migration',
  category: 'schema',
  severity: 'warning',
  needs: 'schema',
  summary: 'A migration drops or renames what a query in the workspace still uses',
  docs: {
    why: 'From the moment the migration has run, the query fails. Even where the code is changed in the same release, the old version of the application runs beside the new schema for a while: first ship code that does without the column, then drop it; instead of renaming, add the new name, use it, and drop the old one later.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'ALTER TABLE orders DROP COLUMN total;\nCREATE FUNCTION total_of(bigint) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT total FROM orders WHERE id = $1); END $$;' }],
    good: [{ language: 'sql', schema: SCHEMA, code: 'ALTER TABLE orders DROP COLUMN note;\nCREATE FUNCTION total_of(bigint) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT total FROM orders WHERE id = $1); END $$;' }],
    whenNot: 'Queries in migrations and tests do not count, nor do those that only select `*`. A name that a later migration makes again is not reported.',
  },
  options: newestOption,
  roles: ['application', 'migration'],
  check(context) {
    if (isShipped(context) || context.migration.kind === 'schema') return;
    for (const statement of context.migration.statements) {
      if (statement.nested) continue;
      for (const gone of goneBy(statement)) {
        const facts = statement.relation(gone.relation);
        if (facts.isNew || facts.temporary || facts.table === undefined || isThere(context, facts, gone.column)) continue;
        const uses = findUses(context, facts.table, gone.column);
        const at = uses.length > 0 ? statement.place(gone.at) : undefined;
        if (!at) continue;
        const what = gone.column === undefined ? nameOfKey(facts.key) : `${facts.table.name}.${gone.column}`;
        context.report({
          at: { host: at }, site: statement.site, confidence: 'schema', related: uses.slice(0, 20),
          message: `${what} is ${gone.to === undefined ? 'dropped' : `renamed to ${gone.to}`}, but ${uses.length === 1 ? 'a query still uses it' : `${uses.length} queries still use it`}.`,
          because: `${describe(context, uses[0])}${uses.length > 1 ? ` and ${uses.length - 1} more` : ''}.`, evidence: { table: facts.key, ...(gone.column === undefined ? {} : { column: gone.column }), queries: uses.length },
        });
      }
    }
  },
};

interface Gone {
  readonly relation: QualifiedName;
  readonly column?: string;
  readonly to?: string;
  readonly at: SqlSpan;
}

function goneBy({ command, text }: MigrationStatement): readonly Gone[] {
  switch (command.type) {
    case 'alter-table': return command.actions.flatMap((action) => (action.type === 'drop-column' ? [{ relation: command.table, column: action.column, at: action.span }] : []));
    case 'rename': return command.what === 'index' ? [] : [{ relation: command.relation, to: command.to, at: command.nameSpan, ...(command.column === undefined ? {} : { column: command.column }) }];
    case 'drop': return command.relations.map((relation) => ({ relation, at: nameIn(text, command.keyword, relation) }));
    default: return [];
  }
}

/** Where DROP names a relation. */
function nameIn(text: string, keyword: SqlSpan, { name }: QualifiedName): SqlSpan {
  const found = new RegExp(`"${escapeRegExp(name.replaceAll('"', '""'))}"|(?<![\\w$"])${escapeRegExp(name)}(?![\\w$"])`, 'i').exec(text.slice(keyword.end));
  return found ? sqlSpan(keyword.end + found.index, keyword.end + found.index + found[0].length) : keyword;
}

/** Made again, by this file or a later one. A live server may not have run the migration yet: what is there tells nothing. */
function isThere(context: MigrationContext, { key, table }: RelationFacts, column: string | undefined): boolean {
  const { migration, catalog } = context;
  const end = catalog?.source === 'live' ? migration.writtenTable(key) : migration.finalTable(key);
  return (end !== undefined && (column === undefined || findColumn(end, column) !== undefined)) || (migration.unreadLater && isNamedLater(context, table?.name ?? nameOfKey(key), column));
}

/** Does a later file of the folder name it? Then it may make it again. */
function isNamedLater({ file: own, flow }: MigrationContext, table: string, column: string | undefined): boolean {
  const folder = own.uri.slice(0, own.uri.lastIndexOf('/') + 1);
  for (const file of flow.files()) {
    if (file.uri <= own.uri || !file.uri.startsWith(folder)) continue;
    if (file.sites.some(({ source }) => source?.text.includes(table) && (column === undefined || source.text.includes(column)))) return true;
  }
  return false;
}

/** Places of the queries that name the column, or the table. A search of their texts goes first: most name neither. */
function findUses(context: MigrationContext, table: Table, column: string | undefined): readonly RelatedPlace[] {
  const uses: RelatedPlace[] = [];
  for (const file of context.flow.files()) {
    if (file.role === 'migration' || file.role === 'test' || file.role === 'generated' || file.role === 'vendored' || file.role === 'seed') continue;
    for (const site of file.sites) {
      const text = site.source?.text;
      if (text === undefined || !text.includes(table.name) || (column !== undefined && !text.includes(column)) || isOwnStatement(context, file, site)) continue;
      const model = context.sql.analyse(site.source!);
      if (model.blocks.length > 0 && usesObject(context, model, table, column)) uses.push({ uri: file.uri, span: site.anchor, message: `uses ${column === undefined ? table.name : `${table.name}.${column}`}` });
    }
  }
  return uses;
}

/** The statements of the migration itself, those that fill the new column from the old one among them. */
const isOwnStatement = ({ file: own }: MigrationContext, file: HostFile, site: QuerySite): boolean => file.uri === own.uri && site.functionId === undefined;

function usesObject({ catalog }: MigrationContext, model: StatementModel, table: Table, column: string | undefined): boolean {
  return model.blocks.some((block) => block.relations.some((relation) => {
    if (relation.kind !== 'table' || relation.name !== table.name || (relation.schema !== undefined && relation.schema !== table.schema)) return false;
    return column === undefined || namesColumn(model, block, relation.alias, column, (name) => findTable(catalog, name));
  }));
}

function namesColumn(model: StatementModel, block: QueryBlock, alias: string, column: string, find: (name: QualifiedName) => Table | undefined): boolean {
  const { relations } = block;
  // An unqualified name is the table's where no other relation of the block may have it.
  const others = relations.filter((relation) => relation.alias !== alias);
  const alone = others.every((relation) => relation.kind === 'table' && find(relation) !== undefined && findColumn(find(relation), column) === undefined);
  const write = block.write;
  if (write && relations.some((relation) => relation.target && relation.alias === alias) && write.columns.includes(column)) return true;
  const expressions = [...block.outputs.map((output) => output.expression), ...block.groupBy, // A bare name in ORDER BY is that of an output first.
    ...block.orderBy.map((item) => item.expression).filter(({ column: bare }) => bare === undefined || bare.qualifier !== undefined || !block.outputs.some((output) => output.alias === bare.column && output.expression.columns[0]?.column !== column)), ...block.conjuncts.flatMap((conjunct) => [conjunct.left, conjunct.right])];
  return expressions.some((expression) => expression?.columns.some((reference) => reference.column === column && (reference.qualifier === alias || (reference.qualifier === undefined && alone)))) && model.completeness === 'full';
}

/** `orders.ts:40`. */
function describe(context: MigrationContext, use: RelatedPlace | undefined): string {
  if (use === undefined) return '';
  const name = use.uri.slice(use.uri.lastIndexOf('/') + 1);
  const lines = context.flow.file(use.uri)?.lines;
  const line = lines?.findLastIndex((start) => start <= use.span.start);
  return line === undefined ? name : `${name}:${line + 1}`;
}
