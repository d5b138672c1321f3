import type { Catalog, Table } from '../core/catalog/model';
import { relationKey } from '../core/catalog/names';
import { isOneStatement } from '../core/catalog/renderDdl';
import type { HypotheticalIndex, PlannedStatement } from '../core/plan/planner';
import { quoteIdentifier, quoteQualified } from '../core/sql/names';
import { toPlannedStatement, type MadeIndex } from './explain';
import { setupTimeoutMs, type SchemaImage } from './image';
import { assumeExpressions, estimateIndexes, readIndexes, type TwinIndex } from './indexSizes';
import type { PlanningServer, PlanningStep } from './planningServer';
import { regclass, restoreColumns, restoreRelation } from './statistics';
import { TwinError } from './twin';

const newName = (position: number): string => `sargable_new_${position}`;

/**
 * The plan with indexes that do not exist: they are made in a transaction that is rolled back, on tables whose files seem
 * empty meanwhile, and given the size that they would have. The relations must be in the image.
 */
export async function planWith(server: PlanningServer, image: SchemaImage, catalog: Catalog, statement: string, set: readonly HypotheticalIndex[], settings: readonly string[]): Promise<PlannedStatement> {
  const tables = set.map(({ table }) => storedParts(catalog, tableOf(catalog, table)));
  const leaves = [...new Set(tables.flat())].filter((table) => table.kind !== 'partitioned');
  const creations = set.map(({ table, definition }, position) => `create index ${quoteIdentifier(newName(position))} on ${nameOf(tableOf(catalog, table))} ${definition}`);
  if (!creations.every(isOneStatement)) throw new TwinError('refused', 'the definition of an index is more than one');
  const back = leaves.map((table): PlanningStep => ({ type: 'size', relation: regclass(table.schema, table.name), pages: filePages(image, table) }));
  try {
    await server.run([
      { type: 'sql', sql: 'begin' },
      // Another row of pg_class, which goes away with the transaction: CREATE INDEX overwrites the one it finds for good.
      ...leaves.flatMap((table) => restoreRelation(table.schema, table.name, { pages: 0, tuples: 0, allVisible: 0, filePages: 0 }, false)),
      ...leaves.map((table): PlanningStep => ({ type: 'hide', relation: regclass(table.schema, table.name) })),
      ...creations.map((sql): PlanningStep => ({ type: 'sql', sql })),
      ...leaves.flatMap((table) => restoreRelation(table.schema, table.name, statsOf(image, table), false)),
      ...back,
    ], { timeoutMs: setupTimeoutMs });
    const { made, caveats } = await sizeIndexes(server, image, catalog, set, [...new Set(tables.flat())]);
    const results = await server.run([...settings.map((sql): PlanningStep => ({ type: 'sql', sql })), { type: 'explain', statement }]);
    return toPlannedStatement(server.major, results.at(-1), catalog, image, made, [...caveats, ...image.caveatsOf(statement)]);
  } finally {
    await server.run(back, { finally: 'rollback' }).catch(() => undefined);
    await server.run(back).catch(() => undefined);
  }
}

/** The plan without indexes that exist, dropped in a transaction that is rolled back. */
export async function planWithout(server: PlanningServer, image: SchemaImage, catalog: Catalog, statement: string, indexes: readonly string[], settings: readonly string[]): Promise<PlannedStatement> {
  const drops = indexes.map((key): PlanningStep => {
    for (const table of catalog.tables.values()) {
      const index = table.indexes.find((item) => relationKey(table.schema, item.name) === key);
      if (index === undefined) continue;
      const constraint = table.constraints.some((item) => item.name !== undefined && item.name === index.constraint) ? index.constraint : undefined;
      return { type: 'sql', sql: constraint === undefined ? `drop index if exists ${quoteQualified(table.schema, index.name)} cascade` : `alter table ${nameOf(table)} drop constraint if exists ${quoteIdentifier(constraint)} cascade` };
    }
    throw new TwinError('refused', `there is no index ${key}`);
  });
  const results = await server.run([{ type: 'sql', sql: 'begin' }, ...drops, ...settings.map((sql): PlanningStep => ({ type: 'sql', sql })), { type: 'explain', statement }], { finally: 'rollback' });
  return toPlannedStatement(server.major, results.at(-1), catalog, image, [], image.caveatsOf(statement));
}

async function sizeIndexes(server: PlanningServer, image: SchemaImage, catalog: Catalog, set: readonly HypotheticalIndex[], tables: readonly Table[]): Promise<{ readonly made: readonly MadeIndex[]; readonly caveats: readonly string[] }> {
  const all = await readIndexes(server, tables.map((table) => regclass(table.schema, table.name)));
  const position = positionsOf(all, set.length);
  const fresh = all.filter((index) => position.has(index));
  const estimates = await estimateIndexes(server, fresh, (index) => {
    const stats = image.volumes.get(relationKey(index.schema, index.table))?.stats;
    return { tuples: stats?.tuples ?? 0, pages: stats?.filePages ?? 0 };
  });
  const expressions = fresh.map((index) => assumeExpressions(catalog, index, image.volumes.get(relationKey(index.schema, index.table))?.stats));
  await server.run(fresh.flatMap((index, at) => [
    ...restoreRelation(index.schema, index.name, { pages: estimates[at]!.pages, tuples: estimates[at]!.tuples, allVisible: 0, filePages: estimates[at]!.pages }, !index.partitioned),
    ...(index.partitioned ? [] : restoreColumns(index.schema, index.name, expressions[at]!.columns)),
  ]), { timeoutMs: setupTimeoutMs });
  const made = set.map((index, at): MadeIndex => {
    const own = fresh.filter((item) => position.get(item) === at);
    return { index, names: own.map((item) => item.name), pages: own.reduce((sum, item) => sum + estimates[fresh.indexOf(item)]!.pages, 0) };
  });
  return { made, caveats: expressions.flatMap((item) => item.caveats) };
}

/** Which of the new indexes each is, or is part of. */
function positionsOf(indexes: readonly TwinIndex[], count: number): ReadonlyMap<TwinIndex, number> {
  const byName = new Map(indexes.map((index) => [index.name, index]));
  const names = new Map(Array.from({ length: count }, (_, position) => [newName(position), position]));
  const positions = new Map<TwinIndex, number>();
  for (const index of indexes) {
    let at: TwinIndex | undefined = index;
    for (let depth = 0; at !== undefined && depth < 16; depth++) {
      const position = names.get(at.name);
      if (position !== undefined) { positions.set(index, position); break; }
      at = at.parent === undefined ? undefined : byName.get(at.parent);
    }
  }
  return positions;
}

const nameOf = (table: Table): string => quoteQualified(table.schema, table.name);

function tableOf(catalog: Catalog, key: string): Table {
  const table = catalog.tables.get(key);
  if (table === undefined) throw new TwinError('refused', `there is no table ${key}`);
  return table;
}

/** The table with all partitions below it. */
function storedParts(catalog: Catalog, table: Table): readonly Table[] {
  const parts = [table];
  for (let at = 0; at < parts.length && parts[at]?.kind === 'partitioned'; at++) {
    const key = relationKey(parts[at]!.schema, parts[at]!.name);
    for (const child of catalog.tables.values()) if (child.partitionOf === key && !parts.includes(child)) parts.push(child);
  }
  return parts;
}

const statsOf = (image: SchemaImage, table: Table) => image.volumes.get(relationKey(table.schema, table.name))?.stats ?? { pages: 0, tuples: -1, allVisible: 0, filePages: 0 };
const filePages = (image: SchemaImage, table: Table): number => statsOf(image, table).filePages;
