import * as vscode from 'vscode';
import type { ExplainParams, ExplainResult } from '../../protocol/requests';
import type { Connection } from './connections';
import { count } from './words';

type Attempt = Omit<ExplainParams, 'target' | 'connection'>;

/** How to go on after a question: the request to send, with what the user agreed to in it. */
export interface Answer {
  readonly attempt: Attempt;
  /** Another statement than the one that was refused. */
  readonly target?: ExplainParams['target'];
  /** The functions of the refusal may run on this database from now on. */
  readonly always?: boolean;
}

/**
 * Asks, in a modal that names the database, for what the server refuses without a person's word; with `analyze` whether
 * the estimated statement may really run. Undefined: the user did not agree.
 */
export async function askAbout(result: ExplainResult, connection: Connection, attempt: Attempt, analyze?: 'analyze'): Promise<Answer | undefined> {
  if (analyze) return (await askToRun(result, connection)) ? { attempt } : undefined;
  if (result.kind !== 'refused') return undefined;
  switch (result.consent) {
    case 'production': return attempt.confirmed ? undefined : askForProduction(connection, attempt);
    case 'functions': return askForFunctions(result, connection, attempt);
    default: return attempt.allowWrites ? undefined : askForEffects(result, connection, attempt);
  }
}

/** For a question: production is said. */
export const nameOf = ({ database }: Connection): string => `${database.production ? 'PRODUCTION database ' : ''}${database.name}`;

/** A modal question; undefined: cancelled. */
export async function ask<T extends string>(question: string, detail: readonly (string | undefined)[], ...buttons: readonly T[]): Promise<T | undefined> {
  return vscode.window.showWarningMessage(question, { modal: true, detail: detail.filter(Boolean).join('\n') }, ...buttons);
}

/** ANALYZE executes the statement, so it is always asked for, with what the planner expects it to cost. */
async function askToRun(estimate: ExplainResult, connection: Connection): Promise<boolean> {
  const detail = [
    'EXPLAIN ANALYZE executes the statement and measures it. It runs in a read-only transaction that is rolled back, and stops at the configured timeout.',
    estimate.kind === 'plan' ? `\n${describeEstimate(estimate.plan) ?? ''}` : undefined,
  ];
  return (await ask(`Run this query on ${nameOf(connection)}?`, detail, 'Run the Query')) !== undefined;
}

async function askForProduction(connection: Connection, attempt: Attempt): Promise<Answer | undefined> {
  const answer = await ask(`Plan this query on ${nameOf(connection)}?`, ['The statement is planned there, not executed. The setting allowEstimatedExplain of this database leaves the question out.'], 'Plan the Query');
  return answer && { attempt: { ...attempt, confirmed: true } };
}

async function askForFunctions({ message, reasons, functions = [] }: Extract<ExplainResult, { kind: 'refused' }>, connection: Connection, attempt: Attempt): Promise<Answer | undefined> {
  const known = attempt.allowFunctions ?? [];
  if (functions.every((name) => known.includes(name))) return undefined;
  const answer = await ask(`Let these functions run on ${nameOf(connection)}?`, [message, ...reasons.map((reason) => `• ${reason}`)], 'Allow Once', 'Always Allow Here');
  return answer && { attempt: { ...attempt, allowFunctions: [...known, ...functions] }, always: answer === 'Always Allow Here' };
}

/** For a statement whose effects reach beyond a read-only transaction; the server says how. */
async function askForEffects({ message, reasons, alternative }: Extract<ExplainResult, { kind: 'refused' }>, connection: Connection, attempt: Attempt): Promise<Answer | undefined> {
  const instead = 'Measure the SELECT Instead';
  const detail = [message, ...reasons.map((reason) => `• ${reason}`), alternative && `\nThe reading part alone: ${alternative}`];
  const answer = await ask(`Run it on ${nameOf(connection)} all the same?`, detail, 'Run and Roll Back', ...(alternative ? [instead] : []));
  if (answer === instead && alternative) return { target: { sql: alternative }, attempt: { ...attempt, parameters: undefined } };
  return answer === undefined ? undefined : { attempt: { ...attempt, allowWrites: true } };
}

function describeEstimate(plan: Readonly<Record<string, unknown>>): string | undefined {
  const root = plan['Plan'];
  if (typeof root !== 'object' || root === null) return undefined;
  const { 'Total Cost': cost, 'Plan Rows': rows } = root as Record<string, unknown>;
  if (typeof cost !== 'number' || typeof rows !== 'number') return undefined;
  return `The planner estimates a cost of ${Math.round(cost).toLocaleString('en')} and ${count(Math.round(rows), 'row')}.`;
}
