import type { Catalog } from '../catalog/model';
import { describeVolumes, type PlanAnswer, type PlanBasis, type PlannedStatement } from '../plan/planner';
import type { PlannedScan } from '../plan/plannedScans';
import type { PlanNode } from '../plan/planTree';
import type { StatementContext } from '../lint/rule';
import { plannableSql } from '../sql/display';
import type { QueryBlock, Relation, StatementModel } from '../sql/model';
import { sqlSpan } from '../text/span';
import { renderCount, renderRows } from './size';
import type { SqlEdit } from './sqlEdits';

/** Plans the statement of a rule's context. `refused` where its text is not wholly known. */
export function planStatement(context: StatementContext): PlanAnswer {
  const sql = plannedSql(context);
  return sql === undefined ? { state: 'refused', reason: 'the statement is not wholly known' } : context.planner.plan({ sql });
}

/** The statement's text for further questions (`add`, `drop`); undefined where it is not wholly known. */
export const plannedSql = (context: StatementContext): string | undefined => (context.site.source && context.site.complete ? plannableSql(context.site.source, context.model) : undefined);

/** As `plannedSql`, of the statement after these edits. They must not lie inside a parameter. */
export function editedSql({ site, model }: Pick<StatementContext, 'site' | 'model'>, edits: readonly SqlEdit[]): string | undefined {
  if (!site.source || !site.complete) return undefined;
  const sorted = [...edits].sort((a, b) => a.span.start - b.span.start);
  let text = '';
  let at = 0;
  for (const edit of sorted) {
    text += site.source.text.slice(at, edit.span.start) + edit.text;
    at = edit.span.end;
  }
  text += site.source.text.slice(at);
  const shift = (offset: number): number => sorted.reduce((sum, { span, text: inserted }) => (span.end <= offset ? sum + inserted.length - (span.end - span.start) : sum), offset);
  const holes = model.holes.map((hole) => ({ ...hole, span: sqlSpan(shift(hole.span.start), shift(hole.span.end - 1) + 1) }));
  return plannableSql({ ...site.source, text }, { ...model, holes });
}

/**
 * The scans of one relation of a statement, partitions included; `table`: its key. Postgres numbers repeated aliases (`o_1`)
 * in an order that the query does not tell. Where another block reads the same table by the same name, the place in the
 * plan tells them apart (below a CTE, below another sub-plan, below none); where it does not, there is no telling: none.
 */
export function scansOf(plan: PlannedStatement, catalog: Catalog, model: StatementModel, relation: Relation, table: string): readonly PlannedScan[] {
  const own = plan.scans.filter((scan) => isPartOf(catalog, scan.table, table));
  const { alias } = relation;
  const others = model.blocks.filter((block) => block.relations.some((r) => r !== relation && r.kind === relation.kind && r.alias === alias && r.name === relation.name));
  const numbered = own.filter((scan) => scan.alias.replace(/_\d+$/, '') === alias);
  if (others.length === 0) {
    const named = own.filter((scan) => scan.alias === alias);
    return named.length > 0 ? named : numbered;
  }
  const home = model.blocks.find((block) => block.relations.includes(relation));
  const places = placesOf(plan.root);
  const at = (place: string): readonly PlannedScan[] => numbered.filter((scan) => places.get(scan.node.id) === place);
  const wanted = [home, ...others].map((block) => placeOf(block));
  return new Set(wanted).size === wanted.length && wanted.every((place) => at(place).length > 0) ? at(wanted[0] ?? '') : [];
}

/** Where Postgres plans a block, if it does not take it into the one around it: `CTE x`, `sub`, or `` for the whole's own plan. */
const placeOf = (block: QueryBlock | undefined): string =>
  block === undefined || block.parent === undefined || block.role === 'derived' || block.role === 'lateral' || block.role === 'arm' ? '' : block.cte ? `CTE ${block.cte.name}` : 'sub';

/** The same of every node of a plan, by its id. */
function placesOf(root: PlanNode): ReadonlyMap<number, string> {
  const places = new Map<number, string>();
  const visit = (node: PlanNode, around: string): void => {
    const place = node.subplan === undefined ? around : node.subplan.startsWith('CTE ') ? node.subplan : 'sub';
    places.set(node.id, place);
    for (const child of node.children) visit(child, place);
  };
  visit(root, '');
  return places;
}

function isPartOf(catalog: Catalog, key: string, table: string): boolean {
  for (let at: string | undefined = key, depth = 0; at !== undefined && depth < 8; at = catalog.tables.get(at)?.partitionOf, depth++) if (at === table) return true;
  return false;
}

/** `1,234` or `12.3`: a cost as people read it. */
export const renderCost = (cost: number): string => (cost >= 100 ? renderCount(cost) : cost.toFixed(1));

/** Facts for JSON and hover: the node, the rows read and kept, the cost, and how sure it is. */
export function planEvidence(plan: PlannedStatement, scan: PlannedScan): Readonly<Record<string, unknown>> {
  return {
    node: scan.node.nodeType + (scan.index === undefined ? '' : ` using ${scan.index}`) + ` on ${scan.table}`,
    ...(scan.rowsRead === undefined ? {} : { rowsRead: Math.round(scan.rowsRead) }), rowsKept: scan.rowsKept,
    cost: plan.cost, ...basisEvidence(plan.basis),
  };
}

export const basisEvidence = (basis: PlanBasis): Readonly<Record<string, unknown>> => ({
  basis: describeVolumes(basis),
  ...(basis.assumed.length > 0 ? { assumed: Object.fromEntries(basis.assumed.map(({ table, rows }) => [table, rows])) } : {}),
  ...(basis.caveats.length > 0 ? { caveats: basis.caveats } : {}),
});

/** `Seq Scan on orders reads 2,000,000 rows and keeps 14 (your server's statistics)`: for a finding's second line. */
export const describeScan = (plan: PlannedStatement, scan: PlannedScan): string => `${describeRead(scan)} (${describeVolumes(plan.basis)})`;

/** `Seq Scan on orders reads 2,000,000 rows and keeps 14` */
export function describeRead(scan: PlannedScan): string {
  const name = scan.table.replace(/^public\./, '');
  const read = scan.rowsRead === undefined ? '' : ` reads ${renderRows(scan.rowsRead)} and`;
  return `${scan.method} on ${name}${read} keeps ${renderCount(scan.rowsKept)}`;
}
