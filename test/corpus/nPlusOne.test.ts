import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { figuresOf, readLoopCases, runLoopCase, suiteReport, type CaseOutcome, type SuiteFigures } from '../support/loopSuite';

describe('the labelled suite of queries in loops', () => {
  const outcomes: CaseOutcome[] = [];
  let figures: SuiteFigures;
  beforeAll(async () => {
    for (const example of readLoopCases(path.join(import.meta.dirname, 'nPlusOne'))) outcomes.push(await runLoopCase(example));
    figures = figuresOf(outcomes);
    const report = suiteReport(figures);
    const target = process.env['SARGABLE_CORPUS_REPORT'];
    if (target !== undefined) writeFileSync(target, report);
    else console.log(report);
  });
  it('is large enough', () => {
    expect(figures.positives).toBeGreaterThanOrEqual(120);
    expect(figures.innocents).toBeGreaterThanOrEqual(120);
    expect(figures.writes / (figures.positives - figures.inTemplates)).toBeGreaterThan(0.6);
  });
  it('has a label in every case', () => {
    expect(outcomes.filter((o) => !o.case.innocent && o.found.length + o.missed.length === 0).map((o) => o.case.name)).toEqual([]);
    expect(outcomes.filter((o) => o.case.innocent && !Object.values(o.case.files).some((text) => /(\/\/|#) innocent(?: #\})?$/m.test(text))).map((o) => o.case.name)).toEqual([]);
  });
  it('is found: at least four of five', () => expect(figures.recall).toBeGreaterThanOrEqual(0.8));
  it('is told from innocent loops: at most one of seven is flagged', () => expect(figures.falseRate).toBeLessThanOrEqual(1 / 7));
});
