import { isIncomplete } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import type { HostFile, QuerySite } from '../hosts/ir';
import type { FindingDraft, Fix, MigrationContext, Severity } from '../lint/rule';
import type { SqlSpan } from '../text/span';
import type { DeclaredColumn, DeclaredConstraint } from './commands';
import type { MigrationFile, MigrationStatement } from './migrationFile';

/** A column as this file declares it, in a table that is still there. */
export interface ColumnDeclaration {
  readonly statement: MigrationStatement;
  readonly column: DeclaredColumn;
  readonly key: string;
  /** The table as it is in the end. */
  readonly table: Table;
}

/** A constraint as this file declares it; `column` where it stands on one. */
export interface ConstraintDeclaration {
  readonly statement: MigrationStatement;
  readonly constraint: DeclaredConstraint;
  readonly key: string;
  readonly table: Table;
}

/** Columns that are in the end as they are declared here: same table, same type, not dropped and made again elsewhere. */
export function declaredColumns(context: MigrationContext): readonly ColumnDeclaration[] {
  return declarations(context).flatMap(({ statement, key, table, columns }) => columns.flatMap((column): readonly ColumnDeclaration[] => {
    const final = table.columns.find((other) => other.name === column.name);
    const site = table.columnSites?.get(column.name);
    return final?.type === column.type && (site === undefined || site.uri === context.file.uri) ? [{ statement, column, key, table }] : [];
  }));
}

/** Foreign keys, primary keys and unique constraints of CREATE TABLE and ALTER TABLE; those that stand on a column too. */
export function declaredConstraints(context: MigrationContext): readonly ConstraintDeclaration[] {
  return declarations(context).flatMap(({ statement, key, table, columns, constraints }) => [
    ...constraints.map((constraint): ConstraintDeclaration => ({ statement, constraint, key, table })),
    ...columns.flatMap((column): readonly ConstraintDeclaration[] => {
      const base = { span: column.span, columns: [column.name], notValid: false, plain: true };
      const kinds = [...(column.references ? [{ ...base, kind: 'foreign' as const, references: column.references }] : []), ...(column.primary ? [{ ...base, kind: 'primary' as const }] : []), ...(column.unique ? [{ ...base, kind: 'unique' as const }] : [])];
      return kinds.map((constraint): ConstraintDeclaration => ({ statement, constraint, key, table }));
    }),
  ]);
}

interface Declarations {
  readonly statement: MigrationStatement;
  readonly key: string;
  readonly table: Table;
  readonly columns: readonly DeclaredColumn[];
  readonly constraints: readonly DeclaredConstraint[];
}

/** One reading serves all rules. */
const read = new WeakMap<MigrationFile, readonly Declarations[]>();

/** What each statement declares of a table that is there in the end. */
function declarations(context: MigrationContext): readonly Declarations[] {
  let known = read.get(context.migration);
  if (!known) read.set(context.migration, (known = readDeclarations(context)));
  return known;
}

function readDeclarations(context: MigrationContext): readonly Declarations[] {
  return context.migration.statements.flatMap((statement) => {
    const { command, nested } = statement;
    if (nested || (command.type !== 'create-table' && command.type !== 'alter-table') || (command.type === 'create-table' && command.temporary)) return [];
    const { key } = statement.relation(command.table);
    const table = finalName(context, key);
    if (table === undefined) return [];
    const columns = command.type === 'create-table' ? command.columns : command.actions.flatMap((action) => (action.type === 'add-column' ? [action.column] : []));
    const constraints = command.type === 'create-table' ? command.constraints : command.actions.flatMap((action) => (action.type === 'add-constraint' ? [action.constraint] : []));
    return [{ statement, key, table, columns, constraints }];
  });
}

/** The table in the end; undefined: it is gone, or not all of it is known. */
export function finalName(context: MigrationContext, key: string): Table | undefined {
  const table = context.migration.finalTable(key);
  return table === undefined || table.kind === 'foreign' || table.incomplete === true ? undefined : table;
}

/** Something that is not here may exist: rules about what is missing say nothing. */
export const mayHaveMore = (context: MigrationContext, table: Table): boolean =>
  // What the folders of later versions run is not replayed.
  (context.migration.place?.versions ?? 0) > 0 || (context.catalog !== undefined ? isIncomplete(context.catalog, table) : table.incomplete === true) || isTouchedByBlock(context, table);

/** A DO block that decides what it does is not replayed: one that names the table and makes keys or indexes may have made one of its. */
function isTouchedByBlock({ flow }: MigrationContext, { name }: Table): boolean {
  for (const file of flow.files()) if (file.language === 'sql' && blocksOf(file).some((text) => text.includes(name))) return true;
  return false;
}

const blocks = new WeakMap<HostFile, readonly string[]>();

/** The DO blocks of a file that make keys or indexes. */
function blocksOf(file: HostFile): readonly string[] {
  let known = blocks.get(file);
  if (!known) blocks.set(file, (known = file.sites.flatMap(({ source }) => (source !== undefined && /^\s*do\b/i.test(source.text) && /\b(?:index|primary\s+key|unique)\b/i.test(source.text) ? [source.text] : []))));
  return known;
}

/** Option of the rules about declarations. */
export const LONG_RUN = 10;

export interface DeclarationFinding {
  readonly statement: MigrationStatement;
  readonly at: SqlSpan;
  readonly message: string;
  readonly because?: string;
  readonly severity?: Severity;
  readonly confidence?: FindingDraft['confidence'];
  readonly evidence?: Readonly<Record<string, unknown>>;
  fixes?(): readonly Fix[];
}

/** Of one kind in one file: more of them are one finding where the file makes a whole schema. */
const MANY = 5;

/**
 * Reports what is wrong with declarations. One by one in a migration that may still be changed; one for the file where it has long
 * been run, or makes a whole schema: there they are a habit, and the others are named with the first.
 */
export function reportDeclarations(context: MigrationContext, found: readonly DeclarationFinding[]): void {
  const placed = found.flatMap((finding): readonly (DeclarationFinding & { readonly host: NonNullable<ReturnType<MigrationStatement['place']>>; readonly site: QuerySite | undefined })[] => {
    const host = finding.statement.place(finding.at);
    return host === undefined ? [] : [{ ...finding, host, site: finding.statement.site }];
  });
  const old = (context.migration.place?.later ?? 0) >= LONG_RUN;
  const together = (old && placed.length > 1) || placed.length > MANY;
  const shown = together ? placed.slice(0, 1) : placed;
  for (const { host, site, message, because, severity, confidence = 'schema', evidence, fixes } of shown) {
    const more = together ? placed.length - 1 : 0;
    context.report({
      at: { host }, site, message: more > 0 ? `${message.replace(/\.$/, '')} (and ${more} more in this file).` : message, severity: old && severity !== 'error' ? 'hint' : severity, confidence, evidence, because,
      ...(more > 0 ? { related: placed.slice(1, 1 + 20).map((other) => ({ uri: context.file.uri, span: other.host, message: other.message })) } : {}),
      ...(fixes ? { fixes } : {}),
    });
  }
}

/** May the declaration itself be changed? In a migration that has not long been run, in an SQL text. */
export const isChangeable = (context: MigrationContext, statement: MigrationStatement): boolean =>
  (context.migration.place?.later ?? 0) === 0 && context.migration.kind === 'migrations' && statement.site !== undefined && context.file.language === 'sql' && !statement.nested;
