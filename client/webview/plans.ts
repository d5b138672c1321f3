import { parsePlan, type PlanModel } from '../../server/src/core/plan/planTree';
import { readPlans, type PlanInput, type PlanReadError } from '../../server/src/core/plan/read';
import type { ShownPlan } from '../../protocol/webview';

const models = new WeakMap<ShownPlan, PlanModel | PlanReadError>();
const readings = new WeakMap<ShownPlan, ReturnType<typeof readPlans>>();

/** The plan as a model, or why it cannot be read. Of a text with several plans the first. */
export function modelOf(plan: ShownPlan, number = 0): PlanModel | PlanReadError {
  const known = number === 0 ? models.get(plan) : undefined;
  if (known) return known;
  const model = plan.source.kind === 'json' ? parsePlan(plan.source.plan) : fromText(plan, number);
  if (number === 0) models.set(plan, model);
  return model;
}

function fromText(plan: ShownPlan, number: number): PlanModel | PlanReadError {
  const reading = readingOf(plan);
  if (!reading) return { message: 'This is no plan.', advice: '' };
  if (!reading.ok) return reading.error;
  return parsePlan((reading.plans[number] ?? reading.plans[0])?.document);
}

function readingOf(plan: ShownPlan): ReturnType<typeof readPlans> | undefined {
  if (plan.source.kind !== 'text') return undefined;
  const known = readings.get(plan) ?? readPlans(plan.source.text);
  readings.set(plan, known);
  return known;
}

/** The plans in a text that a person brought; empty for one that we made. */
export function inputsOf(plan: ShownPlan): readonly PlanInput[] {
  const reading = readingOf(plan);
  return reading?.ok ? reading.plans : [];
}

/** What of a text could not be read. */
export function problemsOf(plan: ShownPlan, number: number): readonly string[] {
  const reading = readingOf(plan);
  return reading?.ok ? [...reading.problems, ...(reading.plans[number]?.problems ?? [])] : [];
}

/** Element 0 of EXPLAIN (FORMAT JSON), whatever form it came in. */
export const documentOf = (plan: ShownPlan, number: number): Readonly<Record<string, unknown>> | undefined => (plan.source.kind === 'json' ? plan.source.plan : inputsOf(plan)[number]?.document);

/** The statement of a plan, where it is known. */
export const sqlOf = (plan: ShownPlan, number: number): string | undefined => plan.sql ?? inputsOf(plan)[number]?.sql;
