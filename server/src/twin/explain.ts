import type { Catalog } from '../core/catalog/model';
import { collectScans } from '../core/plan/plannedScans';
import type { AddedIndex, HypotheticalIndex, PlanBasis, PlannedStatement } from '../core/plan/planner';
import { isRecord } from '../core/plan/planJson';
import { collectNodes, parsePlan, type PlanNode } from '../core/plan/planTree';
import type { StepResult } from './child/protocol';
import type { SchemaImage } from './image';

/** Hypothetical indexes as they stood when the plan was made. */
export interface MadeIndex {
  readonly index: HypotheticalIndex;
  /** Its own name and those of its parts on partitions. */
  readonly names: readonly string[];
  readonly pages: number;
}

/** The plan in the answer to an `explain` step. `major`: of the planner. */
export function toPlannedStatement(major: number, result: StepResult | undefined, catalog: Catalog, image: SchemaImage, made: readonly MadeIndex[] = [], caveats: readonly string[] = []): PlannedStatement {
  const written = result?.rows[0]?.['QUERY PLAN'];
  const { root } = parsePlan(written);
  const explained: unknown = Array.isArray(written) ? written[0] : undefined;
  const used = new Set(collectNodes(root).map((node) => node.index));
  const added = new Map(made.flatMap(({ names }, position) => names.map((name) => [name, position] as const)));
  const tuples = new Map([...image.volumes].map(([key, { stats }]) => [key, stats.tuples]));
  return {
    root, cost: root.totalCost, scans: collectScans(root, { tuples, added }),
    added: made.map(({ index, names, pages }): AddedIndex => ({ index, pages, used: names.some((name) => used.has(name)) })),
    basis: basisOf(major, root, catalog, image, caveats),
    ...(isRecord(explained) ? { explained } : {}),
  };
}

function basisOf(planner: number, root: PlanNode, catalog: Catalog, image: SchemaImage, caveats: readonly string[]): PlanBasis {
  const keys = [...new Set(collectNodes(root).flatMap((node) => (node.relation === undefined ? [] : [`${node.schema ?? 'public'}.${node.relation}`])))].filter((key) => image.volumes.has(key));
  const volumes = keys.map((key) => ({ key, volume: image.volumes.get(key)! }));
  const assumed = volumes.filter(({ volume }) => volume.source === 'assumed').map(({ key, volume }) => ({ table: key, rows: volume.stats.tuples }));
  const fromSnapshot = volumes.some(({ volume }) => volume.source === 'snapshot') || (volumes.length === 0 && catalog.statistics?.source === 'snapshot');
  const without = volumes.length === 0 && catalog.statistics === undefined;
  const major = catalog.server === undefined ? undefined : Math.floor(catalog.server.version / 10_000);
  return {
    volumes: assumed.length > 0 || without ? 'assumed' : fromSnapshot ? 'snapshot' : 'server',
    assumed,
    caveats: [
      ...(major === undefined || major === planner ? [] : [`planned by PostgreSQL ${planner}; the server runs ${major}`]),
      ...new Set([...keys.flatMap((key) => image.caveatsAbout(key)), ...caveats]),
    ],
  };
}
