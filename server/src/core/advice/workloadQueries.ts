import { relationKey } from '../catalog/names';
import type { Catalog, Table } from '../catalog/model';
import type { LintSettings } from '../lint/rule';
import type { StatementModel } from '../sql/model';
import { isKeySearch } from './ginAdvice';
import { hasUnknownPart } from './holes';
import type { IndexProposal } from './indexAdvice';
import { collectIndexCandidates, type ColumnUsage } from './indexCandidates';
import { collectDemand, type RelationDemand } from './indexDemand';
import { isEquality } from './indexKeys';
import { isSystemRelation, tableOf, type Scope } from './scope';
import { sizeOf } from './size';

/** One statement of a workspace, however often it stands there. */
export interface WorkloadStatement {
  /** As `plannableSql` gives it. */
  readonly sql: string;
  readonly model: StatementModel;
  /** Places that send it. */
  readonly sites: number;
  /** Milliseconds that the server spends on it: calls × mean time of pg_stat_statements; undefined: not known. */
  readonly weight?: number;
}

/** A statement with what indexes could do for it. */
export interface WorkloadQuery extends WorkloadStatement {
  readonly relations: readonly WorkloadRelation[];
}

export interface WorkloadRelation {
  readonly table: Table;
  readonly demand: RelationDemand;
  /** The preferred first. */
  readonly candidates: readonly IndexProposal[];
}

/** What a workspace writes to a table: what every further index there costs. */
export interface TableWrites {
  /** Places that insert rows. */
  readonly inserts: number;
  /** Places that update each column. */
  readonly updates: ReadonlyMap<string, number>;
}

/** The statements with candidates for each table they read. Tables known to be small are left out: no index pays there. */
export function toWorkloadQueries(statements: readonly WorkloadStatement[], catalog: Catalog, settings: LintSettings): readonly WorkloadQuery[] {
  const read = statements.map((statement) => ({ statement, relations: collectRelations({ model: statement.model, catalog }, settings) }));
  const usage = toUsage(read.flatMap(({ relations }) => relations));
  return read.map(({ statement, relations }) => ({
    ...statement,
    relations: relations.map(({ scope, block, relationIndex, table, demand }) => ({ table, demand, candidates: collectIndexCandidates({ scope, block, relationIndex, demand, settings, usage }) })),
  }));
}

interface AskedRelation {
  readonly scope: Scope;
  readonly block: StatementModel['blocks'][number];
  readonly relationIndex: number;
  readonly table: Table;
  readonly demand: RelationDemand;
}

function collectRelations(scope: Scope, settings: LintSettings): readonly AskedRelation[] {
  if (hasUnknownPart(scope.model)) return [];
  return scope.model.blocks.flatMap((block) => block.relations.flatMap((relation, relationIndex): readonly AskedRelation[] => {
    const table = tableOf(scope.catalog, relation);
    if (!table || isSystemRelation(relation) || sizeOf(table, settings) === 'small') return [];
    return [{ scope, block, relationIndex, table, demand: collectDemand(scope, block, relationIndex) }];
  }));
}

function toUsage(relations: readonly AskedRelation[]): ColumnUsage {
  const shared = new Map<string, number>();
  const keyed = new Set<string>();
  const keyOf = (table: Table, column: string): string => `${relationKey(table.schema, table.name)}.${column}`;
  for (const { table, demand } of relations) {
    for (const p of demand.predicates) {
      if (p.column === undefined) continue;
      const key = keyOf(table, p.column);
      if (isEquality(p)) shared.set(key, (shared.get(key) ?? 0) + 1);
      if (isKeySearch(p)) keyed.add(key);
    }
  }
  return { shared: (table, column) => shared.get(keyOf(table, column)) ?? 0, keyed: (table, column) => keyed.has(keyOf(table, column)) };
}

/** What the statements write, by table (`schema.name`). */
export function collectWrites(statements: readonly WorkloadStatement[], catalog: Catalog): ReadonlyMap<string, TableWrites> {
  const found = new Map<string, { inserts: number; updates: Map<string, number> }>();
  for (const { model, sites } of statements) {
    for (const block of model.blocks) {
      const target = block.relations.find((relation) => relation.target);
      const table = target && tableOf(catalog, target);
      if (!table || !block.write) continue;
      const key = relationKey(table.schema, table.name);
      const writes = found.get(key) ?? { inserts: 0, updates: new Map<string, number>() };
      found.set(key, writes);
      if (block.kind === 'insert') writes.inserts += sites;
      for (const column of new Set(block.write.assignments.map((a) => a.column))) writes.updates.set(column, (writes.updates.get(column) ?? 0) + sites);
    }
  }
  return found;
}
