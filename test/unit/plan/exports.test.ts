import { describe, expect, it } from 'vitest';
import { anonymisePlan } from '../../../server/src/core/plan/anonymise';
import { renderIcicleSvg } from '../../../server/src/core/plan/icicleSvg';
import { collectNodes, parsePlan } from '../../../server/src/core/plan/planTree';
import { readPlans } from '../../../server/src/core/plan/read';
import { renderTextForm } from '../../../server/src/core/plan/textForm';
import { readCorpus } from '../../support/planCorpus';

const plans = readCorpus()['18']!.filter(({ kind, mode }) => kind === 'timed' || (kind === 'untimed' && mode === 'serial'));
const outline = (document: unknown): string => collectNodes(parsePlan(document).root).map(({ nodeType, index, subplan, rows, loops, totalCost, selfHitBlocks, rowsRemoved, conditions }) => JSON.stringify([nodeType, index, subplan, rows, loops, totalCost, selfHitBlocks ?? 0, rowsRemoved, conditions.map(({ text }) => text)])).join('\n');

describe('the text form', () => {
  it('made of JSON is read as the same plan', () => {
    for (const { name, mode, json } of plans.filter(({ name: of }) => !of.startsWith('grouping-sets'))) {
      const reading = readPlans(renderTextForm(json[0]!));
      if (!reading.ok) throw new Error(`${name}: ${reading.error.message}`);
      expect(outline(reading.plans[0]!.document), `${name} ${mode}`).toBe(outline(json[0]));
      expect(reading.plans[0]!.problems).toEqual([]);
      const [model, original] = [parsePlan(reading.plans[0]!.document), parsePlan(json[0])];
      expect([model.executionMs, model.planningMs, model.triggers.length]).toEqual([original.executionMs, original.planningMs, original.triggers.length]);
    }
  });
});

describe('anonymisePlan', () => {
  const odd = plans.find(({ name, kind }) => name === 'odd-names' && kind === 'untimed')!.json[0]!;
  it('keeps no name and no literal, and the shape', () => {
    for (const { json, name } of plans) {
      const hidden = anonymisePlan({ ...json[0]!, 'Query Text': "select secret /* a note */ from orders where name = 'x' -- end", Settings: { work_mem: '64kB', 'app.user': 'ada' } });
      const text = JSON.stringify(hidden);
      expect(text, name).not.toMatch(/customers|orders|items|secret|a note|html|alias|'sent'|ada|country|status/);
      expect(text).toContain('64kB');
      expect(parsePlan(hidden).root.totalMs).toBe(parsePlan(json[0]).root.totalMs);
      expect(collectNodes(parsePlan(hidden).root).map(({ nodeType, selfMs }) => [nodeType, selfMs])).toEqual(collectNodes(parsePlan(json[0]).root).map(({ nodeType, selfMs }) => [nodeType, selfMs]));
    }
  });
  it('keeps nothing of what extensions and foreign tables say', () => {
    const hidden = JSON.stringify(anonymisePlan({ Plan: { 'Node Type': 'Custom Scan', 'Run Condition': "(row_number() OVER () <= '4711')", Relations: 'secret_one join secret_two', 'Foreign File': '/srv/secret.csv', Tasks: [{ Node: 'host=secret-host port=5432' }] } }));
    expect(hidden).not.toMatch(/secret|4711|srv/);
    expect(hidden).toContain('Custom Scan');
  });
  it('calls the same thing the same', () => {
    const [sort, scan] = collectNodes(parsePlan(anonymisePlan(odd)).root);
    expect([scan!.relation, scan!.alias]).toEqual(['t1', 'a1']);
    expect(sort!.conditions[0]!.text).toBe('c1, c2 DESC NULLS LAST');
    expect(scan!.conditions[0]!.text).toBe("((c3 <> '?'::text) AND (c1 > 0))");
  });
});

describe('the icicle as a picture', () => {
  it('names every node and lets no name be markup', () => {
    const { root } = parsePlan(plans.find(({ name, kind }) => name === 'odd-names' && kind === 'timed')!.json);
    const svg = renderIcicleSvg(root, 'time');
    expect(svg).toMatch(/^<svg [^>]+><title>The plan by time<\/title>/);
    expect(svg.match(/<rect /g)).toHaveLength(2);
    expect(svg).toContain('Seq Scan Odd &#34;name&#34;');
    expect(renderIcicleSvg({ ...root, relation: '<script>' }, 'cost')).not.toContain('<script');
    expect(renderIcicleSvg(parsePlan({ Plan: {} }).root, 'io')).toContain('nothing was measured');
  });
});
