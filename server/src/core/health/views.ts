import { quoteLiteral } from '../sql/names';
import { escapeRegExp } from '../text/regExp';
import type { CheckOutcome, HealthFinding } from './model';
import { column, figure, qualified } from './values';

export interface MaterializedView {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly populated: boolean;
  readonly bytes: number;
  /** A unique index over plain columns without a predicate: what REFRESH CONCURRENTLY needs. */
  readonly uniqueIndex: boolean;
  /** ISO. */
  readonly lastAnalyze?: string;
}

/** Something that a view reads, directly or through views. */
export interface ViewDependency {
  readonly view: string;
  readonly reads: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
}

export interface ViewFacts {
  readonly views: readonly MaterializedView[];
  readonly dependencies: readonly ViewDependency[];
  /** Commands of pg_cron's jobs; undefined where it is not installed or hidden. */
  readonly jobs?: readonly { readonly schedule: string; readonly command: string }[];
}

/** Materialised views in the order in which they have to be refreshed: those that others read first. */
export function judgeViews({ views, dependencies, jobs }: ViewFacts): CheckOutcome {
  const order = orderViews(views, dependencies);
  const refresh = (view: MaterializedView): string => `REFRESH MATERIALIZED VIEW ${view.uniqueIndex && view.populated ? 'CONCURRENTLY ' : ''}${qualified(view.schema, view.name)}`;
  const jobOf = (view: MaterializedView) => jobs?.find(({ command }) => /\brefresh\s+materialized\s+view\b/i.test(command) && new RegExp(`(^|[^\\w])"?${escapeRegExp(view.name)}"?($|[^\\w])`).test(command));
  const findings: Omit<HealthFinding, 'check'>[] = order.flatMap(({ view }): readonly Omit<HealthFinding, 'check'>[] => [
    ...(view.populated ? [] : [{ id: 'view-not-populated', severity: 'warning' as const, subject: qualified(view.schema, view.name), message: `The materialised view ${qualified(view.schema, view.name)} was never filled: reading it fails.`, evidence: {}, statement: `${refresh(view)};` }]),
    ...(view.uniqueIndex ? [] : [{
      id: 'view-blocks-readers', severity: 'info' as const, subject: qualified(view.schema, view.name), message: `${qualified(view.schema, view.name)} cannot be refreshed concurrently: each refresh keeps its readers waiting.`, evidence: { bytes: view.bytes },
      recommendation: 'It needs a unique index over plain columns, without a predicate, on what makes its rows unique:', statement: `CREATE UNIQUE INDEX CONCURRENTLY ON ${qualified(view.schema, view.name)} (<key columns>);`,
    }]),
  ]);
  return {
    figures: [figure('views', 'Materialised views', 'count', views.length), figure('concurrently', 'Refreshable concurrently', 'count', views.filter((v) => v.uniqueIndex).length), figure('bytes', 'Size', 'bytes', views.reduce((sum, { bytes }) => sum + bytes, 0)), figure('scheduled', 'With a job of pg_cron', 'count', jobs === undefined ? null : views.filter((v) => jobOf(v) !== undefined).length)],
    tables: [{
      name: 'views', title: 'Materialised views in the order of refreshing', columns: [column('order', 'Order', 'count'), column('view', 'View'), column('bytes', 'Size', 'bytes'), column('reads', 'Reads'), column('refresh', 'Refresh'), column('schedule', 'Job')],
      rows: order.map(({ view, order: position }) => ({
        order: position, view: qualified(view.schema, view.name), bytes: view.bytes, populated: view.populated, concurrently: view.uniqueIndex, lastAnalyze: view.lastAnalyze ?? null,
        reads: dependencies.filter((d) => d.view === view.oid && d.kind !== 'v').map((d) => qualified(d.schema, d.name)), refresh: `${refresh(view)};`,
        schedule: jobOf(view)?.schedule ?? null, cron: `SELECT cron.schedule(${quoteLiteral(`refresh-${view.name}`)}, '0 */6 * * *', ${quoteLiteral(refresh(view))});`,
      })),
    }],
    findings,
  };
}

/** Views that read no other come first (1); one that reads others comes after all of them. */
function orderViews(views: readonly MaterializedView[], dependencies: readonly ViewDependency[]): readonly { readonly view: MaterializedView; readonly order: number }[] {
  const orders = new Map<string, number>();
  const orderOf = (oid: string, seen: ReadonlySet<string>): number => {
    const known = orders.get(oid);
    if (known !== undefined) return known;
    const below = dependencies.filter((d) => d.view === oid && d.kind === 'm' && !seen.has(d.reads)).map((d) => orderOf(d.reads, new Set([...seen, d.reads])));
    const order = 1 + Math.max(0, ...below);
    orders.set(oid, order);
    return order;
  };
  return views.map((view) => ({ view, order: orderOf(view.oid, new Set([view.oid])) })).sort((a, b) => a.order - b.order);
}
