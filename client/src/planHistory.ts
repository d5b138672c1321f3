import type { Memento } from 'vscode';
import type { ShownPlan } from '../../protocol/webview';

/** The plans that were seen of each query, the newest first. */
export interface PlanHistory {
  of(plan: ShownPlan): readonly ShownPlan[];
  add(plan: ShownPlan): void;
  pin(plan: ShownPlan, id: string, pinned: boolean): void;
  forget(plan: ShownPlan, id: string): void;
}

const KEY = 'sargable.planHistory';
/** Plans kept of one query, pinned ones apart, and queries. */
const MAX_PLANS = 12;
const MAX_QUERIES = 40;
/** A plan larger than this many characters of JSON is kept until the window closes, no longer. */
const MAX_STORED = 200_000;

/** Keeps plans for the workspace. Those made for values stay in memory: the values may be personal data. */
export function createPlanHistory(memento: Pick<Memento, 'get' | 'update'>): PlanHistory {
  const plans = new Map<string, readonly ShownPlan[]>(Object.entries(memento.get<Record<string, readonly ShownPlan[]>>(KEY, {})));

  const set = (key: string, next: readonly ShownPlan[]): void => {
    plans.delete(key);
    if (next.length > 0) plans.set(key, next);
    const [oldest] = plans.keys();
    if (plans.size > MAX_QUERIES && oldest !== undefined) plans.delete(oldest);
    void memento.update(KEY, Object.fromEntries([...plans].map(([name, list]) => [name, list.filter(isStorable)] as const).filter(([, list]) => list.length > 0)));
  };

  return {
    of: (plan) => plans.get(keyOf(plan)) ?? [plan],
    add(plan) {
      const key = keyOf(plan);
      const others = (plans.get(key) ?? []).filter((known) => known.id !== plan.id && !(known.title === plan.title && !known.pinned && samePlan(known, plan)));
      let room = MAX_PLANS;
      set(key, [plan, ...others].filter((known) => known.pinned === true || room-- > 0));
    },
    pin: (plan, id, pinned) => set(keyOf(plan), (plans.get(keyOf(plan)) ?? []).map((known) => (known.id === id ? { ...known, pinned } : known))),
    forget: (plan, id) => set(keyOf(plan), (plans.get(keyOf(plan)) ?? []).filter((known) => known.id !== id)),
  };
}

/** Plans of the same statement belong together; one from elsewhere without its statement stands alone. */
const keyOf = ({ sql, title, id }: ShownPlan): string => sql?.replaceAll(/\s+/g, ' ').trim() ?? `${title} ${id}`;

const samePlan = (a: ShownPlan, b: ShownPlan): boolean => !a.analyzed && !b.analyzed && JSON.stringify(a.source) === JSON.stringify(b.source);

const isStorable = (plan: ShownPlan): boolean => plan.parameters === undefined && plan.source.kind === 'json' && JSON.stringify(plan.source).length <= MAX_STORED;
