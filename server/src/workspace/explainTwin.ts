import type { Catalog } from '../core/catalog/model';
import { describeVolumes, type PlanBasis, type PlannedStatement } from '../core/plan/planner';
import { TwinError, type Twin } from '../twin/twin';
import { refuseUnproved, type ExplainOutcome } from './explain';
import type { ExplainableQuery } from './queryAt';

/** The plan of one query in the twin: no database is asked, nothing is executed. With the basis it rests on. */
export async function explainInTwin(twin: Twin | undefined, catalog: Catalog | undefined, query: ExplainableQuery): Promise<ExplainOutcome> {
  const refused = refuseInTwin(twin, catalog, query);
  if (refused) return refused;
  const { sql } = query;
  try {
    const planned = await twin!.plan(catalog!, sql.replace(/;\s*$/, ''));
    return planned.explained ? describeTwinPlan(query, catalog!, planned) : { kind: 'error', sql, message: 'The planner gave no plan for this statement.' };
  } catch (error) {
    if (!(error instanceof TwinError)) throw error;
    return { kind: 'error', sql, message: error.kind === 'refused' ? `The twin cannot plan this statement: ${error.message}` : error.message, ...(error.sqlState ? { code: error.sqlState } : {}) };
  }
}

/** Why the twin is not asked about a query; undefined: it is. */
export function refuseInTwin(twin: Twin | undefined, catalog: Catalog | undefined, query: ExplainableQuery): Extract<ExplainOutcome, { kind: 'refused' | 'error' }> | undefined {
  const { sql } = query;
  const refused = refuseUnproved(query);
  if (refused) return refused;
  if (query.model.kind === 'ddl' || query.model.kind === 'utility' || query.effects?.createsTable) return { kind: 'refused', sql, message: 'Plans are for SELECT, INSERT, UPDATE, DELETE and MERGE.', reasons: [], canOverride: false };
  if (!twin) return { kind: 'error', sql, message: 'There is no planner here: connect to a database.' };
  if (!catalog) return { kind: 'error', sql, message: 'No schema is known here: add migrations or a schema file, or connect to a database.' };
  return undefined;
}

/** A plan of the twin as the panel gets it. It must hold what EXPLAIN printed. */
export function describeTwinPlan(query: ExplainableQuery, catalog: Catalog, planned: PlannedStatement): Extract<ExplainOutcome, { kind: 'plan' }> {
  const generic = query.parameters.length > 0 ? ['Generic plan: made for any parameter values. A common or a rare value may get another plan.'] : [];
  return { kind: 'plan', plan: planned.explained ?? {}, sql: query.sql, analyzed: false, parameterTypes: [], notes: [...generic, ...describeBasis(planned.basis)], connectionLabel: `the twin of ${catalog.label}, with ${describeVolumes(planned.basis)}` };
}

/** What the figures of a plan rest on, one sentence each. */
const describeBasis = ({ volumes, assumed, caveats }: PlanBasis): readonly string[] => [
  `Planned in the twin with ${describeVolumes({ volumes, assumed, caveats })}; nothing was executed.`,
  ...(assumed.length > 0 ? [`Assumed: ${assumed.map(({ table, rows }) => `${table.replace(/^public\./, '')} ${Math.round(rows).toLocaleString('en')} rows`).join(', ')}.`] : []),
  ...caveats.map((caveat) => `${caveat.charAt(0).toUpperCase()}${caveat.slice(1)}.`),
];
