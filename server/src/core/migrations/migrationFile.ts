import { applyChanges } from '../catalog/apply';
import type { QualifiedName, SchemaChange } from '../catalog/changes';
import type { Catalog, Table } from '../catalog/model';
import { relationKey } from '../catalog/names';
import { creationSchema, resolveIndex, resolveTable, type KnownCheck, type SchemaState } from '../catalog/state';
import type { HostFile, QuerySite } from '../hosts/ir';
import type { MigrationStep } from '../hosts/migrationIr';
import { findPlace } from '../lint/place';
import type { SqlAnalyser } from '../sql/ports';
import type { SqlSource } from '../sql/source';
import { hostSpan, sqlSpan, type HostSpan, type SqlSpan } from '../text/span';
import type { DdlCommand } from './commands';
import { stateOf, type FindHistory, type HistoryPlace } from './history';
import { transactionMode, type TransactionMode } from './transactions';

/** A relation that a statement names, in the schema so far. */
export interface RelationFacts {
  /** `schema.name`. */
  readonly key: string;
  /** Undefined: not known. */
  readonly table?: Table;
  /** Made earlier in this file: nobody waits for it, and it holds no more than the file itself put there. */
  readonly isNew: boolean;
  readonly temporary: boolean;
  readonly checks: readonly KnownCheck[];
}

/** One statement that changes the schema or takes locks, as a step over the schema so far. */
export interface MigrationStatement {
  readonly text: string;
  /** Undefined: an operation of a migration tool, whose SQL stands nowhere. */
  readonly site?: QuerySite;
  readonly span: HostSpan;
  readonly command: DdlCommand;
  readonly changes: readonly SchemaChange[];
  /** `open`: a BEGIN of the file is in force. */
  readonly transaction: TransactionMode | 'open';
  /** In the body of a function, or behind a condition: may never run. */
  readonly nested: boolean;
  /** The operation of a migration tool that it was made of. */
  readonly step?: MigrationStep;
  /** A relation as it is before the statement; the names of the command are known. */
  relation(name: QualifiedName): RelationFacts;
  /** An index with its table. */
  index(name: QualifiedName): { readonly name: string; readonly owner: RelationFacts } | undefined;
  /** Where a stretch of the statement stands in the document; the operation's name (`op.add_column`) where its SQL stands nowhere. */
  place(span: SqlSpan): HostSpan | undefined;
}

/** A file that changes the schema, read as a step of its history. */
export interface MigrationFile {
  /** `schema`: it makes a whole schema, in an empty database. */
  readonly kind: 'migrations' | 'schema';
  readonly place?: HistoryPlace;
  /** Files of its folder run after it, and what they do is not known. */
  readonly unreadLater: boolean;
  readonly statements: readonly MigrationStatement[];
  /** Statements of every kind: whether a file holds nothing else. */
  readonly statementCount: number;
  /** The schema that counts in the end: of the history, or after this file where it belongs to none. */
  finalTable(key: string): Table | undefined;
  /** As the files alone make it in the end, whatever a server has: there they may not have run yet. */
  writtenTable(key: string): Table | undefined;
  /** All of them. */
  finalTables(): Iterable<Table>;
}

const schemaFile = /(?:^|\/)(?:schema|structure|ddl|tables|create[-_]tables|init(?:[-_]?db)?|dump|database)\.sql$/i;
/** Statements worth a look: cheaper than their parse. */
const schemaWords = /^\s*(?:create|alter|drop|reindex|refresh|vacuum|cluster|lock|truncate|begin|start|commit|end|rollback|set|do)\b|\bset_config\b/i;

export interface MigrationRequest {
  readonly file: HostFile;
  readonly text: string;
  readonly catalog: Catalog | undefined;
  readonly sql: SqlAnalyser;
  readonly history?: FindHistory;
}

/** Undefined: nothing in the file changes a schema. One parse a statement, cached by text. */
export function readMigrationFile(request: MigrationRequest): MigrationFile | undefined {
  const { file, text, catalog, sql, history } = request;
  const raw = collectRaw(request);
  if (raw.length === 0) return undefined;
  const found = history?.(file.uri);
  // Known by its neighbours alone: the schema is what the catalog says.
  const place = found !== undefined && (found.end().tables.size > 0 || found.steps.length > 0) ? found : undefined;
  const state = place?.before() ?? stateOf(catalog);
  const modeAt = transactionMode(file, text, found?.format);
  const statements: MigrationStatement[] = [];
  const made = new Set<string>();
  let open = false;
  for (const { site, span, text: statement, nested, step } of raw) {
    const commands = sql.ddlCommands(statement);
    const changes = nested ? [] : sql.schemaChanges(statement);
    for (const command of commands) {
      const within = open;
      statements.push({
        text: statement, site, span, command, changes, nested, ...(step ? { step } : {}), ...factsAt(state, command, made),
        // Few rules ask, and it takes a look at the whole file.
        get transaction() { return within ? 'open' as const : modeAt(span.start); },
        place: (part) => (site === undefined ? step?.places?.find((one) => one.start <= part.start && part.end <= one.end)?.span ?? operationName(request.text, span) : findPlace(site, part)),
      });
      if (command.type === 'begin') open = true;
      if (command.type === 'end') open = false;
      if (!nested && (command.type === 'create-table' || command.type === 'create-matview')) noteMade(state, made, command.type === 'create-table' ? command.table : command.view, place !== undefined && changes.some((change) => 'ifNotExists' in change && change.ifNotExists === true));
    }
    state.site = { uri: file.uri, span };
    applyChanges(state, changes);
    // A name that was made here is gone, or is another relation's now.
    for (const change of changes) if (change.type === 'rename-relation') moveMade(state, made, change.relation, change.to);
  }
  if (statements.length === 0) return undefined;
  const last = place?.end() ?? state;
  const inHistory = place !== undefined;
  return {
    kind: found?.kind ?? (schemaFile.test(file.uri) ? 'schema' : 'migrations'), place: found, unreadLater: !inHistory && (found?.later ?? 0) > 0, statements, statementCount: file.sites.filter((site) => site.functionId === undefined).length,
    finalTable: (key) => (inHistory ? (catalog?.tables.get(key) ?? last.tables.get(key)) : last.tables.get(key)),
    writtenTable: (key) => last.tables.get(key),
    finalTables: () => (inHistory && catalog !== undefined ? catalog.tables.values() : last.tables.values()),
  };
}

/** `op.create_index` of a call that is a migration's operation. */
function operationName(text: string, { start, end }: HostSpan): HostSpan {
  const name = /^[\w.]+(?=\s*\()/.exec(text.slice(start, end))?.[0].length;
  return hostSpan(start, name === undefined ? end : start + name);
}

interface RawStatement {
  readonly site?: QuerySite;
  readonly span: HostSpan;
  readonly text: string;
  readonly nested: boolean;
  readonly step?: MigrationStep;
}

const schemaSources = new WeakMap<SqlSource, boolean>();

/** Sites of statements that change the schema, take locks or say in what they run. Cost: one look at each site of a text seen before. */
export const schemaSites = (file: HostFile): readonly QuerySite[] =>
  file.sites.filter(({ source }) => {
    if (source === undefined) return false;
    let known = schemaSources.get(source);
    if (known === undefined) schemaSources.set(source, (known = schemaWords.test(source.text)));
    return known;
  });

/** Statements in the text, and the operations of migration tools. */
function collectRaw({ file, sql, history }: MigrationRequest): readonly RawStatement[] {
  const operations = operationsOf(file, history).filter(({ step, span }) => step?.raw !== true || !schemaSites(file).some((site) => site.complete && span.start <= site.span.start && site.span.end <= span.end));
  const raw = schemaSites(file).flatMap((site): readonly RawStatement[] => {
    const text = site.source?.text;
    if (text === undefined || !site.complete || isUndone(file, site)) return [];
    if (operations.some(({ span }) => span.start <= site.span.start && site.span.end <= span.end)) return [];
    const model = sql.analyse(site.source!);
    if (model.completeness !== 'full' || model.holes.length > 0) return [];
    return [{ site, span: site.span, text, nested: site.functionId !== undefined && (file.language === 'sql' || file.role !== 'migration') }];
  });
  return operations.length === 0 ? raw : [...raw, ...operations].sort((a, b) => a.span.start - b.span.start);
}

function operationsOf(file: HostFile, history: FindHistory | undefined): readonly RawStatement[] {
  if (file.migration === undefined) return [];
  if (file.migration.tool !== 'django') return file.migration.steps.flatMap((step) => (step.sql === undefined ? [] : [{ span: step.span, text: step.sql, nested: step.uncertain === true, step }]));
  // Django's SQL was made when the history was read: an operation that has moved since says nothing until then.
  const spans = new Set(file.migration.operations.map(({ span }) => `${span.start}-${span.end}`));
  return (history?.(file.uri)?.steps ?? []).flatMap(({ sql = [], site }) => (site !== undefined && spans.has(`${site.span.start}-${site.span.end}`) ? sql.map((text): RawStatement => ({ span: site.span, text, nested: false })) : []));
}

/** In the function of a migration that undoes it. */
function isUndone(file: HostFile, site: QuerySite): boolean {
  const name = site.functionId === undefined ? undefined : file.functions[site.functionId]?.name;
  return file.language !== 'sql' && name !== undefined && /(?:^|\.)(?:down|downgrade|rollback|revert|undo)$/i.test(name);
}

type Facts = Pick<MigrationStatement, 'relation' | 'index'>;

/** The relations that a command names, as they are now: the state goes on. */
function factsAt(state: SchemaState, command: DdlCommand, made: ReadonlySet<string>): Facts {
  const relations = new Map<string, RelationFacts>();
  const look = (name: QualifiedName): RelationFacts => {
    const key = resolveTable(state, name) ?? relationKey(name.schema ?? creationSchema(state, name), name.name);
    const table = state.tables.get(key);
    return { key, ...(table === undefined ? {} : { table }), isNew: made.has(key) || (table?.partitionOf !== undefined && made.has(table.partitionOf)), temporary: name.schema === undefined && state.temporary.has(name.name), checks: state.checks.get(key) ?? [] };
  };
  for (const name of namesIn(command)) relations.set(nameKey(name), look(name));
  const indexes = new Map<string, ReturnType<MigrationStatement['index']>>();
  for (const name of indexNamesIn(command)) {
    const found = resolveIndex(state, name);
    const table = found && state.tables.get(found.table);
    if (table !== undefined) indexes.set(nameKey(name), { name: name.name, owner: look(table) });
  }
  return { relation: (name) => relations.get(nameKey(name)) ?? { key: relationKey(name.schema ?? 'public', name.name), isNew: false, temporary: false, checks: [] }, index: (name) => indexes.get(nameKey(name)) };
}

const nameKey = (name: QualifiedName): string => `${name.schema ?? ''}.${name.name}`;

function namesIn(command: DdlCommand): readonly QualifiedName[] {
  switch (command.type) {
    case 'create-table': return [command.table, ...(command.partitionOf ? [command.partitionOf] : []), ...command.columns.flatMap((c) => c.references ?? []), ...command.constraints.flatMap((c) => c.references ?? [])];
    case 'create-index': case 'attached': case 'policy': return [command.table];
    case 'create-matview': case 'refresh': return [command.view];
    case 'reindex': return command.relation && command.what === 'table' ? [command.relation] : [];
    case 'vacuum-full': case 'truncate': case 'lock': return command.tables;
    case 'cluster': return command.table ? [command.table] : [];
    case 'rename': return [command.relation];
    case 'drop': return command.relations;
    case 'alter-table':
      return [command.table, ...command.actions.flatMap((action) => (action.type === 'add-column' ? (action.column.references ?? []) : action.type === 'add-constraint' ? (action.constraint.references ?? []) : action.type === 'attach-partition' ? [action.partition] : []))];
    default: return [];
  }
}

function indexNamesIn(command: DdlCommand): readonly QualifiedName[] {
  if (command.type === 'drop-index') return command.indexes;
  if (command.type === 'reindex' && command.what === 'index' && command.relation) return [command.relation];
  return command.type === 'rename' && command.what === 'index' ? [command.relation] : [];
}

/**
 * @param mayStand IF NOT EXISTS after a history: where that has made the table, nothing is made. A file of no history meets the
 *   catalog, whose table may be its own or a model's; and without IF NOT EXISTS there is no such table, or the statement fails.
 */
function noteMade(state: SchemaState, made: Set<string>, name: QualifiedName, mayStand: boolean): void {
  const key = relationKey(name.schema ?? creationSchema(state, name), name.name);
  if (!mayStand || !state.tables.has(key)) made.add(key);
}

function moveMade(state: SchemaState, made: Set<string>, from: QualifiedName, to: string): void {
  const schema = from.schema ?? creationSchema(state, from);
  if (made.delete(relationKey(schema, from.name))) made.add(relationKey(schema, to));
}

/** The whole statement as a span of its own text. */
export const wholeOf = (statement: Pick<MigrationStatement, 'text'>): SqlSpan => sqlSpan(0, statement.text.length);
export const emptySpan = hostSpan(0, 0);
