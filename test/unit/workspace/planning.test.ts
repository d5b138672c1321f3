import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import type { Catalog } from '../../../server/src/core/catalog/model';
import type { PlannedStatement } from '../../../server/src/core/plan/planner';
import { TwinError, type Twin, type TwinStatus } from '../../../server/src/twin/twin';
import { createPlanning } from '../../../server/src/workspace/planning';

const catalogOf = (table: string): Catalog => buildCatalog({
  source: 'schema', label: table, changes: [{ type: 'create-table', table: { name: table }, ifNotExists: false, temporary: false, columns: [], constraints: [], foreignKeys: [], like: [], inherits: [] }],
});
const planOf = (catalog: Catalog): PlannedStatement => ({ root: {} as PlannedStatement['root'], cost: catalog.tables.size, scans: [], added: [], basis: { volumes: 'assumed', assumed: [{ table: [...catalog.tables.keys()].join(), rows: 1 }], caveats: [] } });

/** A twin whose answers come when the test says so: what happens between question and answer cannot be timed with a real one. */
interface SlowTwin {
  readonly twin: Twin;
  readonly asked: string[];
  release(): void;
  state: TwinStatus['state'];
  fail: boolean;
}

function slowTwin(): SlowTwin {
  const open: (() => void)[] = [];
  const asked: string[] = [];
  const control: SlowTwin = {
    asked, state: 'running', fail: false,
    release: () => open.splice(0).forEach((answer) => answer()),
    twin: {
      plan: (catalog: Catalog, sql: string) => new Promise<PlannedStatement>((resolve, reject) => {
        asked.push(sql);
        open.push(() => { if (control.fail) reject(new TwinError('unavailable', 'it does not start')); else resolve(planOf(catalog)); });
      }),
      whatIf: () => Promise.reject(new TwinError('refused', 'not asked here')), without: () => Promise.reject(new TwinError('refused', 'not asked here')),
      status: () => ({ state: control.state }), stop: () => Promise.resolve(),
    },
  };
  return control;
}

/** Lets promises that are settled go on. */
const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

async function finish(settled: Promise<boolean>, control: SlowTwin): Promise<boolean> {
  let done = false;
  void settled.then(() => { done = true; });
  for (let i = 0; i < 100 && !done; i++) {
    control.release();
    await turn();
  }
  return settled;
}

const orders = catalogOf('orders');
const ask = (planning: ReturnType<typeof createPlanning>, sql: string): string => planning.planner.plan({ sql }).state;

describe('the planner of a catalog', () => {
  it('the same schema, read again while answers are on their way: none of the questions is lost', async () => {
    const control = slowTwin();
    const planning = createPlanning(control.twin);
    planning.use(orders);
    for (const sql of ['a', 'b', 'c']) ask(planning, sql);
    const settled = planning.settle();
    ask(planning, 'd');
    planning.use(catalogOf('orders'));
    expect(await finish(settled, control)).toBe(true);
    expect(['a', 'b', 'c', 'd'].map((sql) => ask(planning, sql))).toEqual(['planned', 'planned', 'planned', 'planned']);
  });

  it('another schema meanwhile: answers about the one before are not taken for it, and the caller looks again', async () => {
    const control = slowTwin();
    const planning = createPlanning(control.twin);
    planning.use(orders);
    for (const sql of ['a', 'b']) ask(planning, sql);
    const settled = planning.settle();
    await turn();
    planning.use(catalogOf('invoices'));
    expect(await finish(settled, control)).toBe(true);
    expect(control.asked).toEqual(['b']);
    expect([ask(planning, 'a'), ask(planning, 'b')]).toEqual(['pending', 'pending']);
    await finish(planning.settle(), control);
    expect(planning.planner.plan({ sql: 'b' })).toMatchObject({ state: 'planned', plan: { basis: { assumed: [{ table: 'public.invoices' }] } } });
    planning.use(orders);
    expect(planning.planner.plan({ sql: 'b' })).toMatchObject({ state: 'planned', plan: { basis: { assumed: [{ table: 'public.orders' }] } } });
  });

  it('a twin that has failed is no planner, and is one again when it has recovered', async () => {
    const control = slowTwin();
    const planning = createPlanning(control.twin);
    planning.use(orders);
    ask(planning, 'a');
    control.fail = true;
    const settled = planning.settle();
    control.state = 'failed';
    expect(await finish(settled, control)).toBe(true);
    const version = planning.planner.version;
    expect(ask(planning, 'a')).toBe('unavailable');
    control.fail = false;
    control.state = 'stopped';
    expect(planning.planner.version).not.toBe(version);
    expect(ask(planning, 'a')).toBe('pending');
    await finish(planning.settle(), control);
    expect(ask(planning, 'a')).toBe('planned');
  });

  it('two folders take turns: the twin is not sent to and fro between their schemas', async () => {
    const control = slowTwin();
    const [left, right] = [createPlanning(control.twin), createPlanning(control.twin)];
    left.use(orders);
    right.use(catalogOf('invoices'));
    for (const sql of ['l1', 'l2', 'l3']) ask(left, sql);
    for (const sql of ['r1', 'r2', 'r3']) ask(right, sql);
    await Promise.all([finish(left.settle(), control), finish(right.settle(), control)]);
    expect(control.asked).toEqual(['l3', 'l2', 'l1', 'r3', 'r2', 'r1']);
  });

  it('a question on which the twin died or hung is asked again: behind the others, after a while, and then no more', async () => {
    const asked: string[] = [];
    let dead = true;
    let now = 0;
    const twin: Twin = {
      plan: (catalog, sql) => {
        asked.push(sql);
        return dead && sql === 'heavy' ? Promise.reject(new TwinError(asked.length % 2 === 0 ? 'crashed' : 'timeout', 'no answer')) : Promise.resolve(planOf(catalog));
      },
      whatIf: () => Promise.reject(new TwinError('refused', 'not asked here')), without: () => Promise.reject(new TwinError('refused', 'not asked here')),
      status: () => ({ state: 'running' }), stop: () => Promise.resolve(),
    };
    const planning = createPlanning(twin, () => now);
    planning.use(orders);
    ask(planning, 'light');
    ask(planning, 'heavy');
    await planning.settle();
    expect(asked).toEqual(['heavy', 'light', 'heavy']);
    expect(ask(planning, 'heavy')).toBe('refused');
    const before = planning.planner.version;
    await planning.settle();
    expect(asked).toHaveLength(3);
    now = 60_000;
    expect(planning.planner.version).not.toBe(before);
    const due = planning.planner.version;
    expect([ask(planning, 'heavy'), planning.planner.version]).toEqual(['pending', due]);
    await planning.settle();
    expect(asked).toHaveLength(4);
    now = 600_000;
    expect([ask(planning, 'heavy'), planning.planner.version, planning.waiting]).toEqual(['refused', due, 0]);
    // Another schema, the same statement: nothing is held against it.
    dead = false;
    planning.use(catalogOf('customers'));
    ask(planning, 'heavy');
    await planning.settle();
    expect(ask(planning, 'heavy')).toBe('planned');
  });

  it('what the twin refuses is not asked again', async () => {
    const asked: string[] = [];
    const refuse = (_: Catalog, sql: string): Promise<never> => { asked.push(sql); return Promise.reject(new TwinError('refused', 'no such column')); };
    const planning = createPlanning({ plan: refuse, whatIf: refuse, without: refuse, status: () => ({ state: 'running' }), stop: () => Promise.resolve() }, () => Number.MAX_SAFE_INTEGER);
    planning.use(orders);
    for (let i = 0; i < 3; i++) {
      ask(planning, 'wrong');
      await planning.settle();
    }
    expect([asked, ask(planning, 'wrong')]).toEqual([['wrong'], 'refused']);
  });
});
