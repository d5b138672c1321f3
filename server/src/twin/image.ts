import type { Catalog, Table } from '../core/catalog/model';
import { relationKey } from '../core/catalog/names';
import { isOneStatement, renderCreateTable, renderForeignKey, renderView, type DdlOptions } from '../core/catalog/renderDdl';
import { quoteIdentifier, quoteLiteral } from '../core/sql/names';
import type { StepResult } from './child/protocol';
import { isBytewise, toTwinCollation } from './collations';
import { renderKeys } from './keys';
import { extensionsFor, extensionsMissing, isLoadable, withRequirements } from './extensions';
import { assumeExpressions, readIndexes, estimateIndexes } from './indexSizes';
import { partitionBounds } from './bounds';
import { StepFailure, type PlanningServer, type PlanningStep } from './planningServer';
import { collectNames, relationsNamed, type WrittenName } from './statement';
import { renderRoutine } from './routines';
import { renderSettings } from './settings';
import { clearColumns, regclass, restoreColumns, restoreHeight, restoreRelation } from './statistics';
import { createTypeMap, type TypeMap } from './types';
import { volumeOf, type Volume } from './volumes';

/** The part of a catalog that stands in the planning server. */
export interface SchemaImage {
  /** Makes what a statement names, and what that stands on. Rejects with `TwinError`. */
  ensure(catalog: Catalog, sql: string): Promise<void>;
  /** Makes what brings the objects that Postgres misses in a message; false where that is not known, or is there. */
  addMissing(message: string): Promise<boolean>;
  /** Made tables with their volumes, by `schema.name`. */
  readonly volumes: ReadonlyMap<string, Volume>;
  /** What is not as on the server about a relation (`schema.name`). */
  caveatsAbout(key: string): readonly string[];
  /** What is not as on the server about the functions that a statement calls. */
  caveatsOf(statement: string): readonly string[];
  /** Forgets and removes everything: what is made anew is as it was at first. */
  reset(): Promise<void>;
}

interface Content {
  readonly start: number;
  readonly made: Map<string, string>;
  readonly volumes: Map<string, Volume>;
  /** About what the relations are made of: they last as long as these do. */
  readonly caveats: Map<string, Set<string>>;
  /** About the statistics that they have now. */
  readonly assumptions: Map<string, Set<string>>;
  /** Names of functions whose bodies the planner would look into, and cannot here. */
  readonly opaque: Set<string>;
  readonly extensions: Set<string>;
  readonly routines: Set<string>;
  readonly types: TypeMap;
  /** Key of the statistics that a relation has now. */
  readonly restored: Map<string, string>;
  catalog?: Catalog;
  ground?: string;
  bytewise: boolean;
}

export function createSchemaImage(server: PlanningServer, fallbackRows: number): SchemaImage {
  let content: Content | undefined;

  const addExtension = async (name: string): Promise<boolean> => {
    const now = content;
    if (now === undefined || !isLoadable(name) || now.extensions.has(name)) return false;
    for (const item of withRequirements(name)) {
      if (now.extensions.has(item)) continue;
      now.extensions.add(item);
      const schema = now.catalog?.server?.extensions.find((extension) => extension.name === item)?.schema ?? now.catalog?.searchPath[0] ?? 'public';
      await server.run([
        { type: 'sql', sql: `create schema if not exists ${quoteIdentifier(schema)}`, optional: true },
        { type: 'extension', name: item, schema },
      ]);
    }
    return true;
  };

  const fresh = (start: number): Content => ({
    start, made: new Map(), volumes: new Map(), caveats: new Map(), assumptions: new Map(), opaque: new Set(), extensions: new Set(), routines: new Set(), restored: new Map(), bytewise: false, types: createTypeMap(server, addExtension),
  });

  const reset = async (): Promise<void> => {
    content = undefined;
    const [result] = await server.run([{ type: 'sql', sql: `select nspname::text as name from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'` }]);
    const schemas = (result?.rows ?? []).map((row) => quoteIdentifier(String(row['name'])));
    try {
      await server.run([...schemas.map((schema): PlanningStep => ({ type: 'sql', sql: `drop schema ${schema} cascade` })), { type: 'sql', sql: 'create schema public' }], { timeoutMs: setupTimeoutMs });
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      await server.stop();
    }
  };

  /** The content that belongs to this catalog: what stands there is kept where the catalog says the same about it. */
  const adopt = async (catalog: Catalog): Promise<Content> => {
    const start = await server.start();
    if (content?.start !== start) content = fresh(start);
    if (content.catalog === catalog) return content;
    const ground = groundOf(catalog);
    const changed = content.ground !== undefined && (content.ground !== ground || [...content.made].some(([key, shape]) => shape !== shapeOf(catalog.tables.get(key))));
    if (changed) {
      await reset();
      content = fresh(await server.start());
    }
    const isNew = content.ground === undefined;
    content.catalog = catalog;
    content.ground = ground;
    content.bytewise = isBytewise(catalog);
    if (isNew) {
      const schemas = new Set(catalog.searchPath);
      await server.run([...schemas].map((schema) => ({ type: 'sql', sql: `create schema if not exists ${quoteIdentifier(schema)}`, optional: true })));
      for (const name of new Set([...(catalog.server?.extensions ?? []).map((extension) => extension.name), ...(catalog.extensions ?? [])])) await addExtension(name);
    }
    const path = [...new Set([...catalog.searchPath, ...(catalog.server?.extensions ?? []).map(({ schema }) => schema)])];
    await server.run([
      // Those of the catalog before.
      { type: 'sql', sql: 'reset all' },
      { type: 'sql', sql: `set search_path = ${path.length === 0 ? "''" : path.map(quoteIdentifier).join(', ')}`, optional: true },
      ...renderSettings(catalog.server?.settings ?? {}, catalog.server?.version).map((sql): PlanningStep => ({ type: 'sql', sql, optional: true })),
    ]);
    return content;
  };

  const ensure = async (catalog: Catalog, sql: string): Promise<void> => {
    const now = await adopt(catalog);
    const names = collectNames(sql);
    for (const { name } of names) for (const extension of extensionsFor(name)) await addExtension(extension);
    await now.types.resolveNamed(catalog, new Set(names.map(({ name }) => name)));
    const tables = withDependencies(catalog, relationsNamed(catalog, names));
    const missing = tables.filter((table) => !now.made.has(keyOf(table)));
    await makeRoutines(now, catalog, names);
    if (missing.length > 0) await makeRelations(now, catalog, missing);
    await restoreStatistics(now, catalog, tables.filter((table) => table.kind !== 'view'));
  };

  const addTo = (notes: Map<string, Set<string>>, key: string, text: string): void => { notes.set(key, (notes.get(key) ?? new Set()).add(text)); };
  const note = (now: Content, key: string, text: string): void => { addTo(now.caveats, key, text); };

  const makeRoutines = async (now: Content, catalog: Catalog, names: readonly WrittenName[]): Promise<void> => {
    const called = new Set(names.filter((item) => item.called).map((item) => item.name));
    for (const routine of catalog.routines ?? []) {
      const id = `${routine.schema}.${routine.name}(${routine.arguments})`;
      if (!called.has(routine.name) || now.routines.has(id)) continue;
      now.routines.add(id);
      // A relation may be the type of an argument, with or without a body that is known.
      const inside = collectNames([routine.arguments, routine.returns, routine.definition ?? ''].join(' '));
      await makeRoutines(now, catalog, inside);
      const missing = withDependencies(catalog, relationsNamed(catalog, inside)).filter((table) => !now.made.has(keyOf(table)));
      if (missing.length > 0) await makeRelations(now, catalog, missing);
      await now.types.resolveNamed(catalog, new Set(inside.map(({ name }) => name)));
      if (!server.takesBodies && routine.language === 'sql' && routine.definition !== undefined) now.opaque.add(routine.name);
      for (const sql of renderRoutine(routine, server.takesBodies)) {
        const [, result] = await server.run([{ type: 'sql', sql: `create schema if not exists ${quoteIdentifier(routine.schema)}`, optional: true }, { type: 'sql', sql, optional: true }]);
        if (result?.error === undefined) break;
      }
    }
  };

  const makeRelations = async (now: Content, catalog: Catalog, tables: readonly Table[]): Promise<void> => {
    for (const table of tables) now.made.set(keyOf(table), shapeOf(table));
    await now.types.resolve(catalog, tables.flatMap((table) => table.columns.map((column) => column.type)));
    const options: DdlOptions = { typeOf: now.types.render, collationOf: toTwinCollation, ...(now.bytewise ? { textCollation: 'C' } : {}) };
    const stored = tables.filter((table) => table.kind !== 'view');
    const bounds = partitionBounds(catalog, stored);
    for (const { table, caveat } of bounds.values()) if (caveat !== undefined) note(now, keyOf(table), caveat);
    const creations = stored.map((table) => {
      const parent = table.partitionOf === undefined ? undefined : catalog.tables.get(table.partitionOf);
      return renderCreateTable(table, { ...options, ...(parent === undefined ? {} : { parent, bound: bounds.get(keyOf(table))?.bound ?? 'DEFAULT' }) });
    });
    const schemas = [...new Set(tables.map((table) => table.schema))];
    await runAll(server, schemas.map((schema) => `create schema if not exists ${quoteIdentifier(schema)}`));
    const created = await runAll(server, creations);
    stored.forEach((table, index) => { if (created[index]?.error !== undefined) note(now, keyOf(table), `${keyOf(table)} could not be made: ${describe(created[index].error.sqlState)}`); });
    for (const table of stored) for (const column of table.columns) if (now.types.standIns.has(column.type)) note(now, keyOf(table), `the type of ${keyOf(table)}.${column.name} is not known to the planner`);
    for (const table of stored) if (table.kind === 'foreign') note(now, keyOf(table), `${keyOf(table)} is a foreign table, planned as one of its own`);
    // Partitions first: their parents' indexes then take over those that are there, with their names.
    const keys = [...stored].reverse().flatMap((table) => renderKeys(table, options).map((sql) => ({ table, sql })));
    const indexed = await runAll(server, keys.map(({ sql }) => sql));
    keys.forEach(({ table }, index) => { if (indexed[index]?.error !== undefined) note(now, keyOf(table), `an index of ${keyOf(table)} could not be made: ${describe(indexed[index].error.sqlState)}`); });
    await runAll(server, foreignKeys(now, catalog, new Set(stored.map(keyOf))));
    await runAll(server, tables.filter((table) => table.kind === 'view' && table.definition !== undefined).map(renderView));
  };

  const restoreStatistics = async (now: Content, catalog: Catalog, tables: readonly Table[]): Promise<void> => {
    const outdated = tables.filter((table) => now.restored.get(keyOf(table)) !== statisticsKey(catalog));
    // A table that could not be made has no file to be sized: its statement is refused by Postgres, and the others stand.
    const there = new Set(await existing(server, outdated.map(regclassOf)));
    const stale = outdated.filter((table) => there.has(regclassOf(table)));
    if (stale.length === 0) return;
    const steps: PlanningStep[] = [];
    for (const table of stale) {
      const key = keyOf(table);
      const volume = volumeOf(catalog, table, fallbackRows);
      if (now.restored.has(key)) steps.push(...clearColumns(table.schema, table.name, table.columns.map((column) => column.name)));
      steps.push(...restoreRelation(table.schema, table.name, volume.stats, table.kind !== 'partitioned'), ...restoreColumns(table.schema, table.name, volume.stats.columns));
      now.volumes.set(key, volume);
      now.restored.set(key, statisticsKey(catalog));
      now.assumptions.delete(key);
      for (const caveat of volume.caveats) addTo(now.assumptions, key, caveat);
    }
    await runSteps(server, steps);
    await restoreIndexes(now, catalog, stale);
  };

  const restoreIndexes = async (now: Content, catalog: Catalog, tables: readonly Table[]): Promise<void> => {
    const indexes = await readIndexes(server, tables.map(regclassOf));
    await runSteps(server, indexes.flatMap((index) => restoreHeight(index, catalog.statistics?.relations.get(relationKey(index.schema, index.name))?.filePages ?? 0)));
    const unknown = indexes.filter((index) => catalog.statistics?.relations.has(relationKey(index.schema, index.name)) !== true);
    const estimates = await estimateIndexes(server, unknown, (index) => {
      const stats = now.volumes.get(relationKey(index.schema, index.table))?.stats;
      return { tuples: stats?.tuples ?? 0, pages: stats?.filePages ?? 0 };
    });
    const steps: PlanningStep[] = [];
    for (const index of indexes) {
      const stats = catalog.statistics?.relations.get(relationKey(index.schema, index.name));
      const estimate = estimates[unknown.indexOf(index)];
      const figures = stats ?? { pages: estimate?.pages ?? 1, tuples: estimate?.tuples ?? 0, allVisible: 0, filePages: estimate?.pages ?? 1 };
      steps.push(...restoreRelation(index.schema, index.name, figures, !index.partitioned));
      if (stats !== undefined) steps.push(...restoreColumns(index.schema, index.name, stats.columns));
      // Analysed and without statistics: it was empty.
      if (index.expressions.length > 0 && (stats === undefined || (stats.columns.length === 0 && stats.tuples !== 0))) {
        const key = relationKey(index.schema, index.table);
        const assumed = assumeExpressions(catalog, index, now.volumes.get(key)?.stats);
        steps.push(...restoreColumns(index.schema, index.name, assumed.columns));
        for (const caveat of assumed.caveats) addTo(now.assumptions, key, caveat);
      }
    }
    await runSteps(server, steps);
  };

  return {
    ensure, reset,
    addMissing: async (message) => {
      let added = false;
      for (const extension of extensionsMissing(message)) added = (await addExtension(extension)) || added;
      return added;
    },
    get volumes() { return content?.volumes ?? new Map<string, Volume>(); },
    caveatsAbout: (key) => [...(content?.caveats.get(key) ?? []), ...(content?.assumptions.get(key) ?? [])],
    caveatsOf: (statement) => (content === undefined || content.opaque.size === 0 ? [] : [...new Set(collectNames(statement).filter(({ name, called }) => called && content?.opaque.has(name)).map(({ name }) => `${name}() is planned without its body`))]),
  };
}

/** Milliseconds for making things: a batch of statements. */
export const setupTimeoutMs = 60_000;

const keyOf = (table: Table): string => relationKey(table.schema, table.name);
const regclassOf = (table: Table): string => regclass(table.schema, table.name);

/** What the relation itself is made of, without what changes by the minute. */
const shapeOf = (table: Table | undefined): string =>
  table === undefined ? '' : JSON.stringify([table.kind, table.columns, table.constraints, table.foreignKeys, table.indexes.map(({ definedAt: _, ...index }) => index), table.partitionKey, table.partitionOf, table.partitionBound, table.options, table.definition]);

/** What everything else stands on. */
const groundOf = (catalog: Catalog): string => JSON.stringify([catalog.searchPath, catalog.server?.extensions, catalog.extensions, catalog.types, catalog.routines, isBytewise(catalog)]);

const statisticsKey = (catalog: Catalog): string => `${catalog.version}/${catalog.statistics?.version ?? ''}`;

/** The tables with partitions, their parents, and what views read; what others stand on comes first. */
function withDependencies(catalog: Catalog, tables: readonly Table[]): readonly Table[] {
  const children = new Map<string, Table[]>();
  for (const table of catalog.tables.values()) if (table.partitionOf !== undefined) children.set(table.partitionOf, [...(children.get(table.partitionOf) ?? []), table]);
  const found = new Set<Table>();
  const seen = new Set<Table>();
  const visit = (table: Table): void => {
    if (seen.has(table)) return;
    seen.add(table);
    const parent = table.partitionOf === undefined ? undefined : catalog.tables.get(table.partitionOf);
    if (parent !== undefined) visit(parent);
    if (table.kind === 'view' && table.definition !== undefined) for (const below of relationsNamed(catalog, collectNames(table.definition))) visit(below);
    found.add(table);
    for (const child of children.get(keyOf(table)) ?? []) visit(child);
  };
  for (const table of tables) visit(table);
  return [...found];
}

/** Foreign keys of which both ends are there: the planner looks at no others. `fresh`: tables that were just made. */
function foreignKeys(now: Content, catalog: Catalog, fresh: ReadonlySet<string>): readonly string[] {
  return [...now.made.keys()].flatMap((key) => {
    const table = catalog.tables.get(key);
    return (table?.foreignKeys ?? []).flatMap((item) => {
      const target = relationKey(item.references.schema ?? table!.schema, item.references.table);
      const found = catalog.tables.get(target);
      return found !== undefined && now.made.has(target) && (fresh.has(key) || fresh.has(target)) ? [renderForeignKey(table!, item, found)] : [];
    });
  });
}

async function existing(server: PlanningServer, relations: readonly string[]): Promise<readonly string[]> {
  const results = await runSteps(server, relations.map((name) => ({ type: 'sql', sql: `select pg_catalog.to_regclass(${quoteLiteral(name)}) is not null as found`, optional: true })));
  return relations.filter((_, index) => results[index]?.rows[0]?.['found'] === true);
}

/** Each is tried, in order; what is not one statement is not sent. */
async function runAll(server: PlanningServer, statements: readonly string[]): Promise<readonly (StepResult | undefined)[]> {
  const refused: StepResult = { rows: [], error: { step: 0, sqlState: '42601', message: 'not one statement' } };
  const sent = statements.filter(isOneStatement);
  const results = await runSteps(server, sent.map((sql) => ({ type: 'sql', sql, optional: true })));
  let at = 0;
  return statements.map((sql) => (isOneStatement(sql) ? results[at++] : refused));
}

/** In portions, each with a time limit of its own. */
async function runSteps(server: PlanningServer, steps: readonly PlanningStep[]): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (let at = 0; at < steps.length; at += 200) results.push(...(await server.run(steps.slice(at, at + 200), { timeoutMs: setupTimeoutMs })));
  return results;
}

const describe = (sqlState: string | undefined): string =>
  ({ '42704': 'a type, operator class or collation is missing', '42883': 'a function or operator is missing', '42P01': 'a relation is missing', '42P07': 'the name is taken', '42601': 'its definition is not understood' })[sqlState ?? ''] ?? `SQLSTATE ${sqlState ?? 'unknown'}`;
