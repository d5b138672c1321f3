import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { comparePlans } from '../../../server/src/core/plan/compare';
import { findInPlan } from '../../../server/src/core/plan/findings';
import { collectNodes, parsePlan } from '../../../server/src/core/plan/planTree';
import { MAX_TEXT, readPlans, type PlanInput } from '../../../server/src/core/plan/read';
import { renderTextForm } from '../../../server/src/core/plan/textForm';
import { readCorpus } from '../../support/planCorpus';

/** Written by psql and by a server with auto_explain. */
const folder = join(import.meta.dirname, '../../fixtures/pastes');
const paste = (name: string): string => readFileSync(join(folder, name), 'utf8');
const read = (text: string): readonly PlanInput[] => {
  const reading = readPlans(text);
  if (!reading.ok) throw new Error(`${reading.error.message} ${reading.error.advice}`);
  return reading.plans;
};
const outline = ({ document }: PlanInput): string => collectNodes(parsePlan(document).root).map(({ nodeType, relation, index }) => [nodeType, relation, index].filter(Boolean).join(' ')).join(' > ');
const refuse = (text: string): string => {
  const reading = readPlans(text);
  if (reading.ok) throw new Error(`read as ${outline(reading.plans[0]!)}`);
  expect(reading.error.advice).not.toBe('');
  return reading.error.message;
};

const TEXT = `Hash Join  (cost=43.25..493.86 rows=5000 width=9) (actual time=0.413..16.747 rows=5000 loops=1)
  Hash Cond: (o.customer = c.id)
  ->  Seq Scan on orders o  (cost=0.00..398.00 rows=20000 width=4) (actual time=0.012..4.997 rows=20000 loops=1)
        Filter: (status <> 'it''s'::text)
  ->  Hash  (cost=37.00..37.00 rows=500 width=13) (actual time=0.387..0.388 rows=500 loops=1)
        Buckets: 1024  Batches: 1  Memory Usage: 32kB
        ->  Seq Scan on customers c  (cost=0.00..37.00 rows=500 width=13) (actual time=0.007..0.314 rows=500 loops=1)
              Filter: (country = 'de'::text)
              Rows Removed by Filter: 1500
Planning Time: 1.805 ms
Execution Time: 22.500 ms`;
const JOIN = 'Hash Join > Seq Scan orders > Hash > Seq Scan customers';

describe('what psql prints', () => {
  it.each(readdirSync(folder).filter((name) => !name.startsWith('log.')))('%s', (name) => {
    const [plan, ...more] = read(paste(name));
    expect(more).toEqual([]);
    expect(plan!.problems).toEqual([]);
    const model = parsePlan(plan!.document);
    expect(outline(plan!)).toBe('Limit > Sort > Seq Scan customers');
    const [, sort, scan] = collectNodes(model.root);
    expect([sort!.conditions, scan!.conditions]).toEqual([[{ label: 'Sort Key', text: "((name || 'it''s'::text))" }], [{ label: 'Filter', text: "((note <> 'a\nb'::text) AND (country = 'de'::text))" }]]);
    expect(scan).toMatchObject({ rows: 100, rowsRemoved: 1900, estimatedRows: 100 });
    expect(model.executionMs).toBeGreaterThan(0);
    expect(model.planningMs).toBeGreaterThan(0);
  });
  it('with the command above it', () => {
    expect(read(`db=# explain (analyze) select *\ndb-# from orders;\n   QUERY PLAN\n-------------\n ${TEXT.replaceAll('\n', '\n ')}\n(11 rows)\n\ndb=# `)[0]).toMatchObject({ sql: 'select *\nfrom orders', problems: [], firstLine: 4, lastLine: 14 });
  });
});

describe('log entries of auto_explain', () => {
  it.each(['log.log.txt', 'log.csv.txt', 'log.json.txt'])('%s', (name) => {
    const plans = read(paste(name));
    const sql = "select c.name, 'it''s \"quoted\"'\n  from customers c where c.id = 7 and c.note <> 'x\ty'";
    expect(plans.map(({ format, durationMs, problems, sql: text }) => [format, durationMs, problems, text])).toEqual([
      ['text', 0.03, [], sql], ['json', 0.027, [], sql], ['yaml', 0.027, [], sql], ['xml', 0.029, [], sql],
      ['text', 0.107, [], 'prepare q(int, text) as select * from orders where customer = $1 and status = $2'], ['text', 0.188, [], 'select count(*) from customers'],
    ]);
    for (const plan of plans.slice(0, 4)) {
      expect(outline(plan)).toBe('Index Scan customers customers_pkey');
      expect(parsePlan(plan.document).root).toMatchObject({ rowsRemoved: 1, selfHitBlocks: 3, schema: 'public', alias: 'c' });
    }
    expect(outline(plans[5]!)).toBe('Aggregate > Seq Scan customers');
  });
  it('of syslog, with the parameters of the statement', () => {
    const lines = ['LOG:  duration: 3.5 ms  plan:', '#011Query Text: select * from t where a = $1', "#011Query Parameters: $1 = '5'", '#011Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)', '#011  Filter: (a = 5)'];
    const log = lines.map((line, i) => `Jan  2 10:00:00 host postgres[123]: [4-${i + 1}] ${line}`).join('\n');
    expect(read(`${log}\nJan  2 10:00:01 host postgres[123]: [5-1] LOG:  checkpoint complete`)).toMatchObject([{ sql: 'select * from t where a = $1', parameters: "$1 = '5'", durationMs: 3.5, problems: [], firstLine: 3, lastLine: 4 }]);
  });
});

describe('plans that went through other hands', () => {
  it('several in one text, in several formats', () => {
    const plans = read(`before:\n${TEXT}\n\nafter:\n${TEXT.split('\n').slice(2, 4).join('\n').replace('  ->  ', '')}\n\n${JSON.stringify([{ Plan: { 'Node Type': 'Result' } }, { Plan: { 'Node Type': 'Limit' } }], undefined, 2)}`);
    expect(plans.map(outline)).toEqual([JOIN, 'Seq Scan orders', 'Result', 'Limit']);
    expect(plans.map(({ firstLine, lastLine }) => [firstLine, lastLine])).toEqual([[1, 12], [14, 16], [17, 28], [17, 28]]);
  });
  it('broken in the middle of words or between them', () => {
    for (const width of [40, 60, 72]) {
      const wrap = (line: string): string => line.match(new RegExp(`.{1,${width}}`, 'g'))!.join('\n');
      const plans = read(TEXT.split('\n').map(wrap).join('\n'));
      expect(plans.map(outline)).toEqual([JOIN]);
      expect(parsePlan(plans[0]!.document).root.totalMs).toBe(16.747);
    }
    const words = TEXT.replace(' width=4) (actual', '\nwidth=4)\n(actual').replace("(status <> 'it", "(status <>\n 'it");
    expect(read(words)[0]).toMatchObject({ problems: [] });
    expect(collectNodes(parsePlan(read(words)[0]!.document).root)[1]).toMatchObject({ rows: 20000, conditions: [{ label: 'Filter', text: "(status <> 'it''s'::text)" }] });
  });
  it('quoted line by line, or as a value of a client', () => {
    expect(read(`"QUERY PLAN"\n${TEXT.split('\n').map((line) => `"${line.replaceAll('"', '""')}"`).join('\n')}`).map(outline)).toEqual([JOIN]);
    const json = [{ Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 't' } }];
    for (const value of [json[0], json[0]!.Plan, [{ 'QUERY PLAN': json }], { 'QUERY PLAN': JSON.stringify(json) }]) expect(read(JSON.stringify(value)).map(outline)).toEqual(['Seq Scan t']);
  });
  it('without costs, without times', () => {
    const plan = TEXT.replaceAll(/ {2}\(cost=[^)]*\)| \(actual [^)]*\)/g, '');
    expect(read(plan).map(outline)).toEqual([JOIN]);
    expect(parsePlan(read(plan)[0]!.document)).toMatchObject({ analyzed: false, timed: false });
    const untimed = parsePlan(read(TEXT.replaceAll(/time=[\d.]+ /g, ''))[0]!.document);
    expect(untimed).toMatchObject({ analyzed: true, timed: false });
    expect(untimed.root.selfMs).toBeUndefined();
  });
  it('a part of one says so', () => {
    const tail = read(TEXT.split('\n').slice(2).join('\n'))[0]!;
    expect(outline(tail)).toBe('Unknown > Seq Scan orders > Hash > Seq Scan customers');
    expect(tail.problems).toEqual(['The top of the plan is missing.']);
    expect(read(TEXT.slice(0, 320))[0]!.problems).toEqual(['Line 5 is cut off.']);
    expect(read(TEXT.replace('Buckets: 1024', 'what is this?\nBuckets: 1024'))[0]!.problems).toEqual(['A line was not understood, first line 6.']);
  });
});

describe('real plans of JIT', () => {
  it('keep its times', () => {
    const text = 'Aggregate  (cost=448.50..448.51 rows=1 width=32) (actual time=651.393..651.395 rows=1 loops=1)\nJIT:\n  Functions: 5\n  Options: Inlining true, Optimization true, Expressions true, Deforming true\n  Timing: Generation 0.408 ms (Deform 0.2 ms), Inlining 400.862 ms, Optimization 149.471 ms, Emission 88.361 ms, Total 639.101 ms\nExecution Time: 1035.973 ms';
    expect(parsePlan(read(text)[0]!.document)).toMatchObject({ jitMs: 639.101, jit: { functions: 5, generationMs: 0.408, inliningMs: 400.862 }, executionMs: 1035.973 });
  });
});

describe('what is no plan', () => {
  it.each([
    ['', 'The text is empty.'],
    ['  \n ', 'The text is empty.'],
    ['hello world', 'There is no plan in this line.'],
    ['Limit\nSort', 'There is no plan in these 2 lines.'],
    ['select * from t', 'This is a statement, not its plan.'],
    ['ERROR:  relation "x" does not exist\nLINE 1: …', 'The server answered with an error, not with a plan: relation "x" does not exist'],
    ['{"a": 1, "b": []}', 'This JSON is no plan: it has no "Plan", but "a", "b".'],
    ['[]', 'This JSON is no plan: it has no "Plan".'],
    ['[{"Pl', 'The JSON breaks off in line 1, before any node of a plan.'],
    ['{"query_block": {"select_id": 1}}', 'This is a plan of MySQL; only plans of PostgreSQL are read.'],
    ['<!DOCTYPE html><html><body>QUERY PLAN</body></html>', 'This is a web page, not a plan.'],
    ['\u0000\u0001\u0002PNG', 'This is binary data, not a plan.'],
    ['<explain xmlns="x"><Query><Pl', 'The plan breaks off before its first node.'],
    ['Hash Join  (co', 'The plan breaks off in its first node.'],
  ])('%j', (text, message) => {
    expect(refuse(text)).toBe(message);
  });
  it('is refused where it is longer than anyone reads', () => {
    expect(refuse('x'.repeat(MAX_TEXT + 1))).toBe('The text is too long: 64 MB.');
  });
});

describe('hostile texts', () => {
  const plan = readCorpus()['18']!.find(({ name, kind }) => name === 'odd-names' && kind === 'untimed')!;
  it.each([['text', plan.text], ['JSON', JSON.stringify(plan.json).replaceAll(/"[^"]+":0,/g, '')], ['YAML', plan.yaml!.replaceAll(/\n.*: 0(\.0+)?(?=\n)/g, '')], ['XML', plan.xml!.replaceAll(/\n.*>0(\.0+)?<.*/g, '')]])('%s cut at every place is read or refused', (_, text) => {
    let readable = 0;
    for (let end = 0; end <= text.length; end++) {
      const reading = readPlans(text.slice(0, end));
      if (!reading.ok) continue;
      readable++;
      for (const { document } of reading.plans) {
        const model = parsePlan(document);
        if (model.root.nodeType === '') throw new Error(text.slice(0, end));
        // What comes behind the reader takes half a plan, too.
        if (end % 32 === 0) expect([findInPlan(model).length, comparePlans(model, model).sameShape, renderTextForm(document) !== '']).toEqual([expect.any(Number), true, true]);
      }
    }
    expect(readable).toBeGreaterThan(text.length / 2);
  });
  it('cut in the middle of a character is read or refused', () => {
    const bytes = Buffer.from('Seq Scan on "Straße 😀"  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (größe = \'é\'::text)\n');
    for (let end = 0; end <= bytes.length; end++) for (let start = 0; start < Math.min(end, 24); start++) {
      const reading = readPlans(bytes.subarray(start, end).toString('utf8'));
      if (reading.ok) for (const { document } of reading.plans) expect(collectNodes(parsePlan(document).root).length).toBeGreaterThan(0);
      else expect(reading.error.advice).not.toBe('');
    }
  });
  it.each(['utf8', 'latin1', 'utf16le'] as const)('binary files are no plans, as %s', (encoding) => {
    const files = [brotliCompressSync('plan'.repeat(5000)), gzipSync('QUERY PLAN'.repeat(500)), Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 197 + (i >> 3)) % 256))];
    for (const file of files) expect(refuse(file.toString(encoding))).not.toBe('');
  });
  it('keeps HTML, quotes and arrows in names as they are', () => {
    for (const text of [plan.text, JSON.stringify(plan.json), plan.yaml!, plan.xml!]) {
      const [sort, scan] = collectNodes(parsePlan(read(text)[0]!.document).root);
      expect(sort!.conditions[0]!.text).toContain('"<b>html</b>" DESC NULLS LAST');
      expect(scan).toMatchObject({ relation: 'Odd "name"', alias: 'the alias' });
      expect(scan!.conditions[0]!.text).toContain("'it''s (cost=1..2 rows=3) -> \"x\": & <'::text");
    }
  });
  const size = 300_000;
  it.each([
    ['brackets', '['.repeat(size)], ['objects', '{"Plan":'.repeat(size / 8)], ['open objects, line by line', '{"a": [\n'.repeat(size / 8)], ['elements', '<explain><Query><Plan>'.repeat(size / 22)], ['explain without end', '<explain>\n'.repeat(size / 10)],
    ['YAML lists', '- Plan: \n'.repeat(size / 9)], ['YAML steps', Array.from({ length: 700 }, (_, i) => `${' '.repeat(i)}Plan:`).join('\n')], ['open quotes', `Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n${"  Filter: ('a\n".repeat(size / 13)}`],
    ['rules', `${'-'.repeat(size)}x`], ['arrows', `Limit  (cost=0.00..1.00 rows=1 width=4)\n${'  ->  Sort\n'.repeat(size / 11)}`], ['steps', Array.from({ length: 700 }, (_, i) => `${' '.repeat(i * 2)}->  Sort`).join('\n')], ['durations', 'duration: '.repeat(size / 10)], ['explains', 'explain select\n'.repeat(size / 15)],
    ['keys of the prototype', '{"Plan": {"Node Type": "Result", "__proto__": {"x": 1}, "constructor": 3, "Plans": [{"__proto__": null}]}}'],
    ['noughts', '\u0000\n'.repeat(size / 2)],
  ])('%s', (_, text) => {
    const reading = readPlans(text);
    if (reading.ok) for (const { document } of reading.plans) expect(collectNodes(parsePlan(document).root).length).toBeGreaterThan(0);
    else expect(reading.error.message).not.toBe('');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  }, 30_000);
});
