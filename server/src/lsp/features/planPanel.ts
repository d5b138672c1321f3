import type { Connection } from 'vscode-languageserver/node';
import { planFindingsRequest, planPlacesRequest, whatIfOptionsRequest, whatIfRequest, type NodePlace, type PlanFindingsParams, type PlanFindingsResult, type PlanPlacesParams, type PlanPlacesResult, type WhatIfOptionsParams, type WhatIfOptionsResult, type WhatIfParams, type WhatIfResult } from '../../../../protocol/requests';
import { findInPlan } from '../../core/plan/findings';
import { placePlan } from '../../core/plan/planPlaces';
import { parsePlan } from '../../core/plan/planTree';
import { toHostSpan } from '../../core/text/segmentMap';
import { knownToPlans, verifyFindings, withoutRefuted } from '../../workspace/verifyPlanAdvice';
import { collectWhatIfs, planWhatIf } from '../../workspace/whatIf';
import type { Session } from '../session';
import { bindingOf, findQuery, queryOf } from './explain';

const NO_QUERY = 'No query stands here whose SQL is known.';

/** What the plan panel asks beside EXPLAIN: other plans of the twin, what the schema knows of a plan, and where a plan's nodes stand in the source. */
export function registerPlanPanel(connection: Connection, session: () => Session | undefined): void {
  connection.onRequest<WhatIfResult, void>(whatIfRequest, async ({ target, ...change }: WhatIfParams): Promise<WhatIfResult> => {
    const active = session();
    const query = active && queryOf(active, target);
    return query ? planWhatIf(active.twin, bindingOf(active, target)?.state.catalog, query, change) : { kind: 'error', message: NO_QUERY };
  });

  connection.onRequest(whatIfOptionsRequest, ({ target }: WhatIfOptionsParams): WhatIfOptionsResult => {
    const active = session();
    const query = active && queryOf(active, target);
    const binding = active && bindingOf(active, target);
    return query && binding ? collectWhatIfs(active.twin, binding.state.catalog, binding.settings, query) : { candidates: [], existing: [], settings: {}, problem: NO_QUERY };
  });

  connection.onRequest(planFindingsRequest, async ({ target, plan, planned, sql }: PlanFindingsParams): Promise<PlanFindingsResult> => {
    const active = session();
    const catalog = active && bindingOf(active, target)?.state.catalog;
    if (!active || !catalog) return {};
    const found = findInPlan(parsePlan(plan), knownToPlans(catalog, planned));
    // The others are tried when they are read.
    const proofs = await verifyFindings(active.twin, catalog, sql, found.filter(({ needsProof }) => needsProof === true));
    return { findings: withoutRefuted(found, proofs).findings };
  });

  connection.onRequest(planPlacesRequest, ({ uri, position, plan, sql }: PlanPlacesParams): PlanPlacesResult => {
    const active = session();
    const found = active && findQuery(active, uri, position);
    const site = found?.query.site;
    if (!found || !site || found.query.sql !== sql) return { places: [] };
    const places = placePlan(parsePlan(plan).root, found.query.model).flatMap(({ node, kind, span }): readonly NodePlace[] => {
      const host = toHostSpan(site.map, span);
      return host ? [{ node, kind, range: found.toRange(host) }] : [];
    });
    return { places };
  });
}
