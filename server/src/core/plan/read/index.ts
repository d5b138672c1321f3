import { isRecord, recordIn, textIn, type RawNode } from '../planJson';
import { readJson } from './json';
import type { PlanInput, PlanReading } from './types';

export type { PlanFormat, PlanInput, PlanReadError, PlanReading } from './types';

/** Reads every plan of a text: the output of EXPLAIN in JSON. */
export function readPlans(text: string): PlanReading {
  const start = /[[{]/.exec(text)?.index;
  if (start === undefined) return { ok: false, error: { message: 'This is no plan.', line: 0, advice: 'Paste the output of EXPLAIN.' } };
  const { value, end, cutAt } = readJson(text, start);
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length - 1;
  const plans = (Array.isArray(value) ? (value as readonly unknown[]) : [value]).filter((item): item is RawNode => isRecord(item) && recordIn(item, 'Plan') !== undefined);
  if (plans.length === 0) return { ok: false, error: { message: 'This JSON is no plan: it has no "Plan".', line: lineOf(start), advice: 'Paste the output of EXPLAIN (FORMAT JSON).' } };
  const problems = cutAt === undefined ? [] : [`The plan breaks off in line ${lineOf(cutAt) + 1}: what stands before that is shown.`];
  return {
    ok: true, problems: [],
    plans: plans.map((document, i): PlanInput => ({
      document, format: 'json', firstLine: lineOf(start), lastLine: lineOf(end), ...(textIn(document, 'Query Text') === undefined ? {} : { sql: textIn(document, 'Query Text') }), problems: i === plans.length - 1 ? problems : [],
    })),
  };
}

