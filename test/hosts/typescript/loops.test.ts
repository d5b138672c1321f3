import { describe, expect, it } from 'vitest';
import { readScript } from '../../support/readScript';

const pool = "import { Pool } from 'pg';\nconst pool = new Pool();\n";
const query = "await pool.query('SELECT 1 FROM t WHERE id = $1', [x])";

describe('loop forms', () => {
  it.each([
    ['for (const x of xs) { QUERY; }', 'for-of', 'for (const x of xs)', 'xs', ['x'], false],
    ['for (const { x, y: [z] } of xs) QUERY;', 'for-of', 'for (const { x, y: [z] } of xs)', 'xs', ['x', 'z'], false],
    ['for (const x in xs) { QUERY; }', 'for-in', 'for (const x in xs)', 'xs', ['x'], false],
    ['for await (const x of xs) { QUERY; }', 'for-await', 'for await (const x of xs)', 'xs', ['x'], false],
    ['for (let i = 0; i < n; i++) { QUERY; }', 'for', 'for (let i = 0; i < n; i++)', undefined, [], false],
    ['while (more()) { QUERY; }', 'while', 'while (more())', undefined, [], false],
    ['do { QUERY; } while (more());', 'do', 'do', undefined, [], false],
    ['await Promise.all(xs.map(async (x) => { QUERY; }));', 'callback', 'xs.map', 'xs', ['x'], true],
    ['await Promise.allSettled(xs.flatMap((x) => pool.query("SELECT 1 FROM t WHERE id = $1", [x])));', 'callback', 'xs.flatMap', 'xs', ['x'], true],
    ['await Promise.all([...xs.map(async ({ x }) => { QUERY; })]);', 'callback', 'xs.map', 'xs', ['x'], true],
    ['xs.forEach(async function (x) { QUERY; });', 'callback', 'xs.forEach', 'xs', ['x'], true],
    ['await xs.reduce(async (before, x) => { await before; QUERY; }, Promise.resolve());', 'callback', 'xs.reduce', 'xs', ['x'], false],
    ['await pMap(xs, async (x) => { QUERY; });', 'callback', 'pMap', 'xs', ['x'], true],
    ['await async.eachLimit(xs, 5, async (x) => { QUERY; });', 'callback', 'async.eachLimit', 'xs', ['x'], true],
    ['await Promise.mapSeries(xs, async (x) => { QUERY; });', 'callback', 'Promise.mapSeries', 'xs', ['x'], false],
    ['_.each(xs, async (x) => { QUERY; });', 'callback', '_.each', 'xs', ['x'], true],
    ['Array.from(xs, async (x) => { QUERY; });', 'callback', 'Array.from', 'xs', ['x'], true],
  ])('%s', (code, kind, head, iterable, elements, concurrent) => {
    const file = readScript(`${pool}async function f(xs, n) { ${code.replace('QUERY', query)} }`);
    expect(file.loops).toHaveLength(1);
    const [loop] = file.loops;
    expect([loop?.kind, file.at(loop?.head), loop?.iterable?.text, loop?.elements, loop?.concurrent]).toEqual([kind, head, iterable, elements, concurrent]);
    expect(file.sites.map((site) => site.loopIds)).toEqual([[0]]);
    expect(loop?.functionId).toBe(0);
    expect(file.at(loop?.body)).toContain('pool.query');
  });

  it('calls a function that is passed by name once per element', () => {
    const file = readScript('async function f(ids) { await Promise.all(ids.map(loadUser)); await Promise.all(ids.map(this.users.load)); return ids.filter(Boolean).map(String); }');
    expect(file.loops.map((loop) => file.at(loop.head))).toEqual(['ids.map', 'ids.map']);
    expect(file.calls.filter((call) => call.loopIds.length > 0).map((call) => [call.callee.join('.'), call.loopIds])).toEqual([['loadUser', [0]], ['this.users.load', [1]]]);
  });

  it('runs the iterable once and nests loops innermost first', () => {
    const file = readScript(`${pool}async function f() {
  for (const a of (await pool.query('SELECT id FROM a')).rows) {
    for (let i = (await pool.query('SELECT 1 FROM b')).rows[0]; i < 3; i++) {
      await Promise.all((await pool.query('SELECT 1 FROM c')).rows.map(async (x) => pool.query('SELECT 1 FROM d')));
    }
  }
}`);
    expect(file.sites.map((site) => [site.source?.text.at(-1), site.loopIds])).toEqual([['a', []], ['b', [0]], ['c', [1, 0]], ['d', [2, 1, 0]]]);
    expect(file.loops.map((loop) => [loop.parent, loop.iterable?.kind, loop.iterable?.siteId])).toEqual([[undefined, 'query', 0], [0, undefined, undefined], [1, 'query', 2]]);
  });

  it('leaves the loop at the border of a function that is only defined in it', () => {
    const file = readScript(`${pool}for (const x of xs) { handlers.push(async () => ${query}); await run(async () => ${query}); (async () => { ${query}; })(); load(x).then(async () => { ${query}; }); }`);
    expect(file.sites.map((site) => site.loopIds)).toEqual([[], [], [0], [0]]);
    const run = file.functions[1];
    expect(file.calls[run?.callback?.callId ?? -1]?.callee).toEqual(['run']);
    expect(run?.callback?.argument).toBe(0);
  });
});

describe('iterables', () => {
  it.each([
    ["for (const x of ['a', 'b']) g(x);", 'literal', 2],
    ['for (const x of KINDS) g(x);', 'constant', 3],
    ['for (const k of Object.keys(LIMITS)) g(k);', 'constant', 2],
    ['for (const c of chunk(ids, 100)) g(c);', 'chunks', undefined],
    ['for (const c of _.chunk(ids, 100)) g(c);', 'chunks', undefined],
    ['for (const x of ids) g(x);', 'parameter', undefined],
    ['for (const x of ids.filter(Boolean).slice(1)) g(x);', 'parameter', undefined],
    ['for (const x of result.rows) g(x);', 'query', undefined],
    ['for (const x of rows) g(x);', 'query', undefined],
    ['for (const x of rows.filter((r) => r.open)) g(x);', 'query', undefined],
    ['for (const x of await fetchUsers()) g(x);', 'call', undefined],
    ['for (const [k, v] of Object.entries(ids)) g(k);', 'entries', undefined],
    ['for (const x of list) g(x);', 'local', undefined],
  ])('%s', (code, kind, size) => {
    const file = readScript(`${pool}const KINDS = ['a', 'b', 'c'] as const;\nconst LIMITS = { a: 1, b: 2 };\nasync function f(ids) { const result = await pool.query('SELECT * FROM t'); const { rows } = await pool.query('SELECT * FROM t'); let list = []; ${code} }`);
    const loop = file.loops.find((candidate) => candidate.kind === 'for-of');
    expect([loop?.iterable?.kind, loop?.iterable?.size]).toEqual([kind, size]);
  });
});

describe('facts', () => {
  it('sees conditions, steps, assignments and exits', () => {
    const file = readScript(`async function f(ids) {
  for (let i = 0; i < ids.length; i += 500) g(ids.slice(i, i + 500));
  let cursor = null;
  while (true) {
    const rows = await page(cursor);
    if (rows.length === 0) break;
    cursor = next(rows);
    for (const r of rows) { if (r.bad) break; if (r.worse) return r; }
  }
  for (const x of ids) {
    try { await save(x); } catch (e) { log(e); }
  }
  for (const x of ids) { await once(x); return; }
}`);
    expect(file.loops[0]?.facts).toMatchObject({ condition: 'i < ids.length', step: '500', assigns: [] });
    const walk = file.loops[1]?.facts;
    expect(walk?.condition).toBe('true');
    expect(walk?.assigns.map((assign) => [assign.name, assign.names, assign.calls.map((id) => file.calls[id]?.callee.join('.'))])).toEqual([['cursor', ['next', 'rows'], ['next']]]);
    expect(walk?.exits.map((exit) => [exit.kind, exit.conditional, exit.condition])).toEqual([['break', true, 'rows.length === 0'], ['return', true, 'r.worse']]);
    expect(file.loops[2]?.facts.exits.map((exit) => exit.kind)).toEqual(['break', 'return']);
    expect(file.loops.map((loop) => loop.facts.retries)).toEqual([false, false, false, true, false]);
    expect(file.loops[4]?.facts.exits).toMatchObject([{ kind: 'return', conditional: false }]);
    expect(file.calls.find((call) => call.callee[0] === 'once')?.exitsAfter).toBe(true);
    expect(file.calls.find((call) => call.callee[0] === 'save')).toMatchObject({ exitsAfter: false, awaited: true, conditional: false });
  });
});
