import { describe, expect, it } from 'vitest';
import { createFlowGraph } from '../../../server/src/core/calls/graph';
import { createEngine } from '../../../server/src/workspace/engine';
import { createFlowWorkspace } from '../../support/flowWorkspace';

const DB = "import { Pool } from 'pg';\nexport const pool = new Pool();\n";
const USERS = "import { pool } from './db';\nexport async function find(id: string) { return pool.query('SELECT * FROM users WHERE id = $1', [id]); }\n";
const A = "import { find } from './users';\nexport async function run(ids: string[]) { for (const id of ids) await find(id); }\n";

describe('flow graph', () => {
  it('follows a change of the callee into its callers', async () => {
    const w = await createFlowWorkspace({ 'src/db.ts': DB, 'src/users.ts': USERS, 'src/a.ts': A });
    expect(w.anchors('src/a.ts')).toEqual(['find']);
    w.write('src/users.ts', USERS.replace("return pool.query('SELECT * FROM users WHERE id = $1', [id]);", 'return id;'));
    expect(w.anchors('src/a.ts')).toEqual([]);
    w.write('src/users.ts', `function first() {}\n${USERS}`);
    expect(w.anchors('src/a.ts')).toEqual(['find']);
    w.remove('src/users.ts');
    expect(w.anchors('src/a.ts')).toEqual([]);
    w.write('src/users.ts', USERS);
    expect(w.anchors('src/a.ts')).toEqual(['find']);
  });

  it('forgets a query that only a cycle keeps alive', async () => {
    const cycle = (body: string): string => `import { pool } from './db';\nexport async function even(n: number) { ${body} return odd(n - 1); }\nexport async function odd(n: number) { return even(n - 1); }\n`;
    const w = await createFlowWorkspace({ 'src/db.ts': DB, 'src/cycle.ts': cycle("await pool.query('SELECT 1 WHERE $1 > 0', [n]);") });
    expect(w.summary('src/cycle.ts', 'odd')).toMatchObject({ executes: 'yes', access: 'read', keyed: [0] });
    w.write('src/cycle.ts', cycle(''));
    expect(w.summary('src/cycle.ts', 'odd')?.executes).toBe('no');
  });

  it('summarises conditions, caches, access, keys and callbacks', async () => {
    const w = await createFlowWorkspace({
      'src/db.ts': DB,
      'src/a.ts': `import { pool } from './db';
export async function sometimes(flag: boolean, id: string) { if (flag) await pool.query('SELECT 1 WHERE $1 > 0', [id]); }
const cache = new Map();
export async function cached(id: string) { if (cache.has(id)) return cache.get(id); return pool.query('SELECT 1 WHERE $1 > 0', [id]); }
export async function both(id: string, name: string) { const key = name.trim(); await pool.query('SELECT 1 WHERE $1 > 0', [id]); await pool.query('UPDATE t SET a = 1 WHERE name = $1', [key]); }
export async function once(label: string, fn: () => Promise<void>) { return fn(); }
export async function each(items: string[], fn: (s: string) => Promise<void>) { for (const i of items) await fn(i); }
export async function nested(fn: () => Promise<void>) { await once('x', async () => { await fn(); }); }
export async function throughTransaction() { await once('x', async () => { await pool.query('DELETE FROM t WHERE id = 1'); }); }
export async function registers() { emitter.on('x', async () => { await pool.query('DELETE FROM t WHERE id = 1'); }); }
`,
    });
    const of = (name: string) => w.summary('src/a.ts', name);
    expect(of('sometimes')).toMatchObject({ executes: 'maybe', access: 'read', keyed: [1] });
    expect(of('cached')).toMatchObject({ executes: 'maybe' });
    expect(of('both')).toMatchObject({ executes: 'yes', access: 'both', keyed: [0, 1] });
    expect(of('once')).toMatchObject({ executes: 'no', runs: [{ parameter: 1, perElement: false }] });
    expect(of('each')).toMatchObject({ runs: [{ parameter: 1, perElement: true }] });
    expect(of('nested')).toMatchObject({ runs: [{ parameter: 0, perElement: false }] });
    expect(of('throughTransaction')).toMatchObject({ executes: 'yes', access: 'write' });
    expect(of('registers')).toMatchObject({ executes: 'no' });
  });

  it('names the callers of a function', async () => {
    const w = await createFlowWorkspace({ 'src/db.ts': DB, 'src/users.ts': USERS, 'src/a.ts': A });
    const id = w.file('src/users.ts').functions.find((f) => f.name === 'find')?.id ?? -1;
    expect(w.flow.callers({ uri: w.file('src/users.ts').uri, functionId: id }).map((c) => c.uri)).toEqual([w.file('src/a.ts').uri]);
  });

  it('moves the steps of callers with the text, also after their callee has got other names', async () => {
    const w = await createFlowWorkspace({ 'src/db.ts': DB, 'src/users.ts': USERS, 'src/a.ts': A });
    const place = (): readonly number[] | undefined => w.summary('src/a.ts', 'run')?.path.map(({ span }) => span.start);
    const [call, query = 0] = place() ?? [];
    w.write('src/users.ts', `${USERS}export function other() {}\n`);
    expect(place()).toEqual([call, query]);
    w.write('src/users.ts', `// moved\n${USERS}export function other() {}\n`);
    expect(place()).toEqual([call, query + 9]);
  });

  it('finds a method that a class inherits again when the class is back', async () => {
    const engine = await createEngine();
    await engine.ensure('ruby');
    const flow = createFlowGraph(() => undefined);
    const write = (path: string, text: string): void => flow.set(engine.read(`file:///w/${path}`, text, 'ruby'));
    const reached = (): unknown => {
      const uri = 'file:///w/app/job.rb';
      return flow.resolve(uri, flow.file(uri)?.calls.find(({ callee }) => callee.at(-1) === 'run_all!')?.id ?? -1).map((ref) => ref.uri);
    };
    for (const [path, text] of Object.entries({
      'app/base.rb': 'class Base\n  def self.run_all!\n    Order.delete_all\n  end\nend\n',
      'app/sweep.rb': 'module Billing\n  class Sweep < Base\n  end\nend\n',
      'app/job.rb': 'class Job\n  def perform\n    Billing::Sweep.run_all!\n  end\nend\n',
      'app/other.rb': 'class Other\n  def self.run_all!\n    1\n  end\nend\n',
    })) write(path, text);
    expect(reached()).toEqual(['file:///w/app/base.rb']);
    write('app/sweep.rb', 'module Billing\n  class Swee < Base\n  end\nend\n');
    expect(reached()).toEqual([]);
    write('app/sweep.rb', 'module Billing\n  class Sweep < Base\n  end\nend\n');
    expect(reached()).toEqual(['file:///w/app/base.rb']);
  });

  it('tries another version of a file and is as it was after, whatever became of it meanwhile', async () => {
    const w = await createFlowWorkspace({ 'src/db.ts': DB, 'src/users.ts': USERS, 'src/a.ts': A });
    const users = w.file('src/users.ts');
    const before = { version: w.flow.version, queries: w.queries('src/a.ts'), callers: w.flow.callers({ uri: users.uri, functionId: 0 }) };
    expect(before.queries).toHaveLength(1);
    const other = (await createFlowWorkspace({ 'src/users.ts': 'export async function other() {}\nexport async function find(id: string) { return id; }\n' })).file('src/users.ts');
    w.flow.during(other, () => {
      expect(w.flow.version).not.toBe(before.version);
      expect(w.anchors('src/a.ts')).toEqual([]);
      expect(w.flow.callers({ uri: users.uri, functionId: 0 })).toEqual([]);
      w.flow.during(users, () => expect(w.anchors('src/a.ts')).toEqual(['find']));
      expect(w.anchors('src/a.ts')).toEqual([]);
    });
    expect(w.file('src/users.ts')).toBe(users);
    expect({ version: w.flow.version, queries: w.queries('src/a.ts'), callers: w.flow.callers({ uri: users.uri, functionId: 0 }) }).toEqual(before);
    w.flow.during(other, () => w.write('src/b.ts', 'export const b = 1;\n'));
    expect(w.flow.version).not.toBe(before.version);
    expect(w.anchors('src/a.ts')).toEqual(['find']);
  });

  it('gives the same summaries step by step as from scratch', async () => {
    const files = { 'src/db.ts': DB, 'src/users.ts': USERS, 'src/a.ts': A, 'src/b.ts': "import { run } from './a';\nexport async function all(groups: string[][]) { for (const g of groups) await run(g); }\n" };
    const whole = await createFlowWorkspace(files);
    const steps = await createFlowWorkspace({ 'src/b.ts': files['src/b.ts'] });
    steps.anchors('src/b.ts');
    for (const [path, text] of Object.entries(files)) {
      steps.write(path, text);
      steps.anchors(path);
    }
    for (const [path, name] of [['src/users.ts', 'find'], ['src/a.ts', 'run'], ['src/b.ts', 'all']] as const) expect(steps.summary(path, name)).toEqual(whole.summary(path, name));
  });

  it('recomputes what an edit changed, and callers only when an effect changed', async () => {
    const many = Array.from({ length: 40 }, (_, n) => `export async function load${n}(id: string) {\n  const found = await pool.query('SELECT * FROM t WHERE id = $1', [id]);\n  return found.rows.map((row) => row.name);\n}\n`);
    const text = `import { pool } from './db';\n${many.join('')}`;
    const caller = "import { load3, load7 } from './many';\nexport async function run(ids: string[]) { for (const id of ids) { await load3(id); await load7(id); } }\nexport async function outer(lists: string[][]) { for (const ids of lists) await run(ids); }\n";
    const w = await createFlowWorkspace({ 'src/db.ts': DB, 'src/many.ts': text, 'src/a.ts': caller });
    expect(w.anchors('src/a.ts')).toEqual(['load3', 'load7', 'run']);
    const costs = (change: string): { summaries: number; resolutions: number } => {
      const before = { ...w.flow.work };
      w.write('src/many.ts', change);
      w.anchors('src/a.ts');
      return { summaries: w.flow.work.summaries - before.summaries, resolutions: w.flow.work.resolutions - before.resolutions };
    };
    // A comment above everything: all moves, nothing is done.
    expect(costs(`// moved\n\n${text}`)).toEqual({ summaries: 0, resolutions: 0 });
    expect(w.queries('src/a.ts')[0]?.path[1]?.span.start).toBe(w.file('src/many.ts').sites[3]?.anchor.start);
    // One function, the effect is the same: its callback and itself.
    const edited = text.replace("row.name);\n}\nexport async function load8", "row.name + '!');\n}\nexport async function load8");
    expect(edited).not.toBe(text);
    const one = costs(edited);
    expect(one.summaries).toBeLessThanOrEqual(3);
    expect(one.resolutions).toBeLessThanOrEqual(3);
    // The effect changes: callers, and theirs.
    const other = costs(edited.replace("async function load7(id: string) {\n  const found = await pool.query('SELECT * FROM t WHERE id = $1', [id]);", "async function load7(id: string) {\n  const found = await pool.query('DELETE FROM t WHERE id = $1 RETURNING name', [id]);"));
    expect(other.summaries).toBeGreaterThanOrEqual(3);
    expect(other.summaries).toBeLessThanOrEqual(8);
    expect(w.queries('src/a.ts').map((q) => q.execution.access)).toEqual(['read', 'write', 'both']);
  });
});
