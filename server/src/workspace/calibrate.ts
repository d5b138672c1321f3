import { calibrationQueries, summariseAgreement, type Agreement, type PlanComparison } from '../core/plan/calibration';
import type { Catalog } from '../core/catalog/model';
import { parsePlan } from '../core/plan/planTree';
import type { SqlAnalyser } from '../core/sql/ports';
import { safeExplain } from '../db/explain';
import type { DbSession } from '../db/session';
import { TwinError, type Twin } from '../twin/twin';

export interface Calibration extends Agreement {
  /** Statements that one of the two could not plan. */
  readonly unplanned: number;
}

/**
 * Compares the twin with the server it copies: both plan statements made from the catalog. Asks the live server for EXPLAIN,
 * so a person has to ask for it. Rejects with `DatabaseError` when the server does not answer at all.
 */
export async function calibrate(session: DbSession, catalog: Catalog, twin: Twin, analyser: SqlAnalyser, signal?: AbortSignal): Promise<Calibration> {
  const comparisons: PlanComparison[] = [];
  let unplanned = 0;
  for (const sql of calibrationQueries(catalog)) {
    signal?.throwIfAborted();
    // Made from the catalog, never from the user's code; proved like any other.
    const proof = analyser.effects(sql);
    if (!proof) {
      unplanned++;
      continue;
    }
    const { plan } = await safeExplain(session, sql, { proof });
    try {
      comparisons.push({ sql, server: parsePlan(plan).root, twin: (await twin.plan(catalog, sql)).root });
    } catch (error) {
      if (!(error instanceof TwinError) || error.kind === 'unavailable') throw error;
      unplanned++;
    }
  }
  return { ...summariseAgreement(comparisons), unplanned };
}

/** The result in words for people: one line, then the statements whose plans differ. */
export function describeCalibration(calibration: Calibration): { readonly summary: string; readonly differing: readonly string[] } {
  const { plans, sameShape, unplanned } = calibration;
  if (plans === 0) return { summary: 'Nothing to compare: the catalog holds no tables.', differing: [] };
  const error = (share: number): string => `${(100 * calibration.costErrorAt(share)).toFixed(1)} %`;
  return {
    summary: `${sameShape} of ${plans} plans are the same on the server and in the twin; cost differs by ${error(0.5)} (median), ${error(0.95)} (95th percentile)${unplanned > 0 ? `; ${unplanned} could not be planned in the twin` : ''}.`,
    differing: calibration.differing.map(({ sql, server, twin }) => `${sql}\n  server: ${server.nodeType}, cost ${server.totalCost}\n  twin:   ${twin.nodeType}, cost ${twin.totalCost}`),
  };
}
