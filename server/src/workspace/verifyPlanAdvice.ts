import { servesForeignKey } from '../core/catalog/foreignKeyIndex';
import { defaultRows } from '../core/catalog/assumedStatistics';
import { findColumn, findTable } from '../core/catalog/lookup';
import type { Catalog, ForeignKey, Table } from '../core/catalog/model';
import { relationKey } from '../core/catalog/names';
import type { FindOptions, PlanAdviceVerdict, PlanFinding, PlanWhatIf } from '../core/plan/findings';
import { planShape } from '../core/plan/calibration';
import { describeVolumes, type PlannedStatement } from '../core/plan/planner';
import { TwinError, type Twin } from '../twin/twin';
import { volumeOf } from '../twin/volumes';

/** Advice on a plan, with what the twin says of it. */
export interface VerifiedAdvice {
  readonly finding: PlanFinding;
  /** Position in `finding.advice`. */
  readonly advice: number;
  readonly verdict: PlanAdviceVerdict;
}

/**
 * Asks the planner twin what a piece of advice would do to a statement: its cost before and after. No database is asked and
 * nothing is executed.
 * @param sql the statement that the plan is of, parameters as `$1`; undefined where it is not known
 */
export async function verifyPlanAdvice(twin: Twin | undefined, catalog: Catalog | undefined, sql: string | undefined, whatIf: PlanWhatIf): Promise<PlanAdviceVerdict> {
  const unverified = (reason: string): PlanAdviceVerdict => ({ state: 'unverified', reason });
  if (sql === undefined) return unverified('the statement of the plan is not known');
  if (!twin) return unverified('there is no planner here');
  if (!catalog) return unverified('no schema is known here');
  try {
    const before = await twin.plan(catalog, sql);
    const after = await planAfter(twin, catalog, sql, whatIf);
    if (after === undefined) return unverified(whatIf.kind === 'index' ? `the schema that is known here has no table ${whatIf.table}` : 'the planner gave no plan');
    const used = whatIf.kind === 'index' ? after.added.some((added) => added.used) : planShape(before.root) !== planShape(after.root) || after.cost < before.cost;
    return { state: 'verified', before: before.cost, after: after.cost, used, basis: describeVolumes(after.basis) };
  } catch (error) {
    if (!(error instanceof TwinError)) throw error;
    return unverified(error.kind === 'refused' ? `the twin cannot plan it: ${error.message}` : error.message);
  }
}

async function planAfter(twin: Twin, catalog: Catalog, sql: string, whatIf: PlanWhatIf): Promise<PlannedStatement | undefined> {
  switch (whatIf.kind) {
    case 'setting': return twin.plan(catalog, sql, { settings: { [whatIf.name]: whatIf.value } });
    case 'statement': return twin.plan(catalog, whatIf.sql);
    case 'index': {
      const [name = '', ...schema] = whatIf.table.split('.').reverse();
      const table = catalog.tables.get(whatIf.table) ?? findTable(catalog, { name, ...(schema.length > 0 ? { schema: schema.reverse().join('.') } : {}) });
      if (!table) return undefined;
      return (await twin.whatIf(catalog, sql, [[{ table: relationKey(table.schema, table.name), definition: whatIf.definition }]]))[0];
    }
  }
}

/** Asks about everything that can be asked about, one after the other. Two findings may give the same advice: it is asked once. */
export async function verifyFindings(twin: Twin | undefined, catalog: Catalog | undefined, sql: string | undefined, findings: readonly PlanFinding[]): Promise<readonly VerifiedAdvice[]> {
  const known = new Map<string, PlanAdviceVerdict>();
  const verified: VerifiedAdvice[] = [];
  for (const finding of findings) for (const [position, { whatIf }] of finding.advice.entries()) {
    if (!whatIf) continue;
    const key = JSON.stringify(whatIf);
    const verdict = known.get(key) ?? await verifyPlanAdvice(twin, catalog, sql, whatIf);
    known.set(key, verdict);
    verified.push({ finding, advice: position, verdict });
  }
  return verified;
}

/** An estimate that needed proof and got none is left out. */
export function withoutRefuted(findings: readonly PlanFinding[], verified: readonly VerifiedAdvice[]): { readonly findings: readonly PlanFinding[]; readonly verified: readonly VerifiedAdvice[] } {
  const proved = new Set(verified.flatMap(({ finding, verdict }) => (verdict.state === 'verified' && verdict.used && verdict.after < verdict.before / 2 ? [finding] : [])));
  const kept = findings.filter((finding) => finding.needsProof !== true || proved.has(finding));
  return { findings: kept, verified: verified.filter(({ finding }) => kept.includes(finding)) };
}

/** What the catalog knows that a plan does not say. @param planned the plan is the twin's own: made for the sizes that the twin takes its tables to have */
export const knownToPlans = (catalog: Catalog | undefined, planned = false): FindOptions => ({
  serverVersion: catalog?.server?.version,
  relationRows: ({ schema, relation }) => {
    const table = tableOf(catalog, schema, relation);
    if (!table) return undefined;
    const rows = planned ? volumeOf(catalog!, table, defaultRows).stats.tuples : catalog!.statistics?.relations.get(relationKey(table.schema, table.name))?.tuples;
    return rows === undefined || rows < 0 ? undefined : rows;
  },
  columnType: ({ schema, relation }, column) => findColumn(tableOf(catalog, schema, relation), column)?.type,
  partitionKey: ({ schema, relation }) => {
    const table = tableOf(catalog, schema, relation);
    const parent = table?.partitionOf === undefined ? undefined : catalog!.tables.get(table.partitionOf);
    const key = parent?.partitionKey;
    return parent && key && key.columns.every((column) => findColumn(parent, column)) ? { table: parent.name, columns: key.columns, partitions: key.partitions } : undefined;
  },
  foreignKey: (name, referenced, schema) => {
    const tables = [...(catalog?.tables.values() ?? [])].filter((table) => table.partitionOf === undefined);
    const found = tables.flatMap((table) => table.foreignKeys.filter((key) => key.name === name && (referenced === undefined || refersTo(catalog!, key.references, { name: referenced, schema }))).map((key) => ({ table, key })));
    const [only] = found;
    if (!only || found.length > 1) return undefined;
    const { table, key } = only;
    return { schema: table.schema, table: table.name, columns: key.columns, ...(table.kind === 'partitioned' ? { partitioned: true as const } : {}), indexed: table.incomplete === true || catalog?.incomplete === true || table.indexes.some((index) => servesForeignKey(index, key.columns)) };
  },
});

const tableOf = (catalog: Catalog | undefined, schema: string | undefined, name: string | undefined): Table | undefined =>
  (name === undefined ? undefined : findTable(catalog, { name, ...(schema === undefined ? {} : { schema }) }));

/** A plan names the partition that a row was deleted from, a foreign key the whole table. Schemas are compared where both are known. */
function refersTo(catalog: Catalog, references: ForeignKey['references'], relation: { readonly name: string; readonly schema: string | undefined }): boolean {
  const isIt = ({ name, schema }: { readonly name: string; readonly schema?: string | undefined }): boolean => name === references.table && (schema === undefined || references.schema === undefined || schema === references.schema);
  let tables = [...catalog.tables.values()].filter(({ name, schema }) => name === relation.name && (relation.schema === undefined || schema === relation.schema));
  if (tables.length === 0) return isIt(relation);
  for (let depth = 0; depth < 8 && tables.length > 0; depth++) {
    if (tables.some(isIt)) return true;
    tables = tables.flatMap(({ partitionOf }) => (partitionOf === undefined ? [] : catalog.tables.get(partitionOf) ?? []));
  }
  return false;
}
