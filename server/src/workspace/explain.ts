import type { Catalog } from '../core/catalog/model';
import { isWriting } from '../core/sql/effects';
import { DatabaseError, PlanTimeCallsError, type ReachedFunction } from '../db/errors';
import { explainAnalyze, readWriteRisks, safeExplain, type ExplainOptions, type ExplainResult } from '../db/explain';
import type { DbSession } from '../db/session';
import { chooseValues, suggestParameters, type ParameterProposal } from './parameters';
import type { ExplainableQuery } from './queryAt';

/** What a person has decided about EXPLAIN on one connection. */
export interface ExplainPolicy {
  /** Every request must be confirmed; estimated plans too, unless `allowEstimated`. */
  readonly production?: boolean;
  readonly allowEstimated?: boolean;
  /** Functions (`schema.name`) that may run while a statement is planned or analysed. */
  readonly allowFunctions?: readonly string[];
  /** Role and settings to plan as, for row-level security. */
  readonly role?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface ExplainStatement extends Pick<ExplainPolicy, 'allowFunctions' | 'role' | 'settings'> {
  readonly query: ExplainableQuery;
  /** True: the statement is executed (and rolled back). A person has asked for it. */
  readonly analyze: boolean;
  /** True after the person has been asked about this very request; production needs it. */
  readonly confirmed?: boolean;
  /** True after the person has seen the reasons of a refusal. */
  readonly allowWrites?: boolean;
  /** Values as text; null is NULL. Left out: a generic plan, or with `analyze` a request for them. */
  readonly parameters?: readonly (string | null)[];
  /** Where `parameters` is left out: values from the statistics. */
  readonly values?: 'common' | 'rare';
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type ExplainOutcome =
  | { readonly kind: 'plan'; readonly plan: Readonly<Record<string, unknown>>; readonly sql: string; readonly analyzed: boolean; readonly parameterTypes: readonly string[]; readonly parameters?: readonly (string | null)[]; readonly notes: readonly string[]; readonly connectionLabel: string }
  | { readonly kind: 'refused'; readonly sql: string; readonly message: string; readonly reasons: readonly string[]; readonly canOverride: boolean; readonly consent?: 'production' | 'functions' | 'writes'; readonly functions?: readonly string[]; readonly alternative?: string }
  | { readonly kind: 'parametersNeeded'; readonly sql: string; readonly parameters: readonly ParameterProposal[] }
  | { readonly kind: 'error'; readonly sql?: string; readonly message: string; readonly code?: string; readonly lost?: boolean };

/** EXPLAIN of one query, on request: refuses what the parser has not proved to be one harmless statement. */
export async function explainStatement(session: DbSession, catalog: Catalog, policy: ExplainPolicy, request: ExplainStatement): Promise<ExplainOutcome> {
  const { query, analyze, allowWrites = false } = request;
  const { sql } = query;
  const unproved = refuseUnproved(query);
  if (unproved) return unproved;
  const proof = query.effects!;
  if (policy.production && !request.confirmed && (analyze || !policy.allowEstimated)) {
    return { kind: 'refused', sql, message: `${catalog.label} is a production database.`, reasons: [analyze ? 'The statement is executed there.' : 'The statement is planned there, not executed.'], canOverride: true, consent: 'production' };
  }
  const options: ExplainOptions = {
    proof, allowFunctions: [...(policy.allowFunctions ?? []), ...(request.allowFunctions ?? [])], settings: { ...policy.settings, ...request.settings },
    ...((request.role ?? policy.role) === undefined ? {} : { role: request.role ?? policy.role }), ...(request.timeoutMs === undefined ? {} : { timeout: request.timeoutMs }), ...(request.signal ? { signal: request.signal } : {}),
  };
  try {
    const given = request.parameters ?? (request.values && query.parameters.length > 0 ? await chooseValues(session, catalog, query, request.values) : undefined);
    if ((analyze || request.values) && query.parameters.length > 0 && given === undefined) {
      const { parameterTypes } = await safeExplain(session, sql, { ...options, timeout: 2000 });
      return { kind: 'parametersNeeded', sql, parameters: await suggestParameters(session, catalog, query, { types: parameterTypes }) };
    }
    if (given !== undefined && given.length !== query.parameters.length) {
      return { kind: 'error', sql, message: `The statement has ${query.parameters.length} parameters, ${given.length} values were given.` };
    }
    if (analyze && !allowWrites) {
      const refused = await refuseEffects(session, query, options);
      if (refused) return refused;
    }
    const values = query.parameters.length > 0 ? given : undefined;
    const result = analyze
      ? await explainAnalyze(session, sql, { ...options, parameters: values, allowWrites })
      : await safeExplain(session, sql, { ...options, parameters: values });
    return {
      kind: 'plan', plan: result.plan as Readonly<Record<string, unknown>>, sql, analyzed: result.analyzed, parameterTypes: result.parameterTypes,
      ...(values ? { parameters: values } : {}), notes: notesOn(result, options), connectionLabel: catalog.label,
    };
  } catch (error) {
    if (error instanceof PlanTimeCallsError) return refuseFunctions(query, error.functions);
    if (!(error instanceof DatabaseError)) throw error;
    if (error.kind === 'refused-statement') return { kind: 'refused', sql, message: `${error.message}.`, reasons: [], canOverride: false };
    return { kind: 'error', sql, message: error.message, ...(error.sqlState ? { code: error.sqlState } : {}), lost: ['connection-lost', 'refused', 'timeout', 'unknown-host'].includes(error.kind) };
  }
}

/** Nothing is planned or sent that Postgres' own grammar has not proved to be one statement. */
export function refuseUnproved({ sql, model, incomplete, effects }: ExplainableQuery): Extract<ExplainOutcome, { kind: 'refused' }> | undefined {
  const refused = (message: string): Extract<ExplainOutcome, { kind: 'refused' }> => ({ kind: 'refused', sql, message, reasons: [], canOverride: false });
  if (incomplete) return refused(incomplete);
  if (model.completeness !== 'full') return refused(`The statement does not parse: ${model.error?.message ?? 'it is incomplete'}.`);
  if (!effects) return refused('The statement could not be proved to be a single one: Postgres\' grammar did not read it.');
  return undefined;
}

async function refuseEffects(session: DbSession, query: ExplainableQuery, options: ExplainOptions): Promise<ExplainOutcome | undefined> {
  const writes = isWriting(options.proof);
  const reasons = (await readWriteRisks(session, options)).map((risk) => `${risk.message}.`);
  if (!writes && reasons.length === 0) return undefined;
  const message = writes
    ? 'EXPLAIN ANALYZE executes this statement, and it writes. It would be rolled back; a rollback does not undo everything.'
    : 'EXPLAIN ANALYZE executes this statement, and it calls functions whose effects may outlive a read-only transaction.';
  return { kind: 'refused', sql: query.sql, message, reasons, canOverride: true, consent: 'writes', ...(query.selectForm ? { alternative: query.selectForm.sql } : {}) };
}

const refuseFunctions = ({ sql }: ExplainableQuery, functions: readonly ReachedFunction[]): ExplainOutcome => ({
  kind: 'refused', sql, message: 'Even without ANALYZE the planner runs functions that are not VOLATILE, and these are not the server\'s own.', reasons: functions.map(describeFunction), canOverride: true, consent: 'functions',
  functions: functions.map(({ name }) => name),
});

const describeFunction = ({ name, volatility, language, through }: ReachedFunction): string =>
  `${name}() is ${volatility.toUpperCase()}, written in ${language}${through === 'relation' ? ', and stands in a view, rule or policy' : through === 'operator' ? ', and stands behind an operator' : through === 'cast' ? ', and stands behind a cast' : ''}.`;

function notesOn(result: ExplainResult, { proof, role, settings }: ExplainOptions): string[] {
  const assumed = [...(role === undefined ? [] : [`role ${role}`]), ...Object.keys(settings ?? {})];
  return [
    ...(result.generic && result.parameterTypes.length > 0 ? ['Generic plan: made for any parameter values. A common or a rare value may get another plan.'] : []),
    ...(result.pruningOff ? ['All partitions are shown: with real values the server reads only those that can match.'] : []),
    ...(result.analyzed && isWriting(proof) ? ['The statement was executed and rolled back.'] : []),
    ...(result.analyzed && !result.ioTiming ? ['track_io_timing is off on this server: the time of reading blocks is not measured.'] : []),
    ...(assumed.length > 0 ? [`Planned as ${assumed.join(', ')}.`] : []),
    ...(result.pooled ? ['A connection pooler stands between here and the server.'] : []),
  ];
}
