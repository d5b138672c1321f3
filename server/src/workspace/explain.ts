import type { Catalog } from '../core/catalog/model';
import type { StatementModel } from '../core/sql/model';
import { quoteIdentifier } from '../core/sql/names';
import { DatabaseError } from '../db/errors';
import { explainAnalyze, safeExplain, type ExplainResult, type StatementProof } from '../db/explain';
import type { DbSession } from '../db/session';
import { collectWriteRisks } from '../db/writeRisks';
import type { ExplainableQuery } from './queryAt';

export interface ExplainStatement {
  readonly query: ExplainableQuery;
  /** True: the statement is executed (and rolled back). A person has asked for it. */
  readonly analyze: boolean;
  /** True after the person has seen the reasons of a refusal. */
  readonly allowWrites?: boolean;
  /** Values as text; null is NULL. Left out: a generic plan, or with `analyze` a request for them. */
  readonly parameters?: readonly (string | null)[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type ExplainOutcome =
  | { readonly kind: 'plan'; readonly plan: Readonly<Record<string, unknown>>; readonly sql: string; readonly analyzed: boolean; readonly parameterTypes: readonly string[]; readonly notes: readonly string[]; readonly connectionLabel: string }
  | { readonly kind: 'refused'; readonly sql: string; readonly message: string; readonly reasons: readonly string[]; readonly canOverride: boolean }
  | { readonly kind: 'parametersNeeded'; readonly sql: string; readonly parameters: readonly { readonly name?: string; readonly type?: string; readonly suggestions: readonly never[] }[] }
  | { readonly kind: 'error'; readonly sql?: string; readonly message: string; readonly code?: string; readonly lost?: boolean };

/** EXPLAIN of one query, on request: refuses what the parser has not proved to be one harmless statement. */
export async function explainStatement(session: DbSession, catalog: Catalog, request: ExplainStatement): Promise<ExplainOutcome> {
  const { query, analyze, allowWrites = false, parameters } = request;
  const { sql, model } = query;
  if (model.completeness !== 'full' || query.incomplete) {
    return { kind: 'refused', sql, message: query.incomplete ?? `The statement does not parse: ${model.error?.message ?? 'it is incomplete'}.`, reasons: [], canOverride: false };
  }
  const proof: StatementProof = { single: true, kind: model.kind, writes: writesData(query.model) };
  try {
    const types = query.parameters.length > 0 && (analyze || parameters) ? (await safeExplain(session, sql, { proof })).parameterTypes : [];
    if (analyze && query.parameters.length > 0 && parameters === undefined) {
      return { kind: 'parametersNeeded', sql, parameters: query.parameters.map((_, i) => ({ name: query.names[i], type: types[i], suggestions: [] })) };
    }
    if (parameters !== undefined && parameters.length !== query.parameters.length) {
      return { kind: 'error', sql, message: `The statement has ${query.parameters.length} parameters, ${parameters.length} values were given.` };
    }
    if (analyze && !allowWrites) {
      const reasons = (await collectWriteRisks(session, sql, targetsOf(query))).map((r) => `${r.message}.`);
      if (proof.writes) return { kind: 'refused', sql, message: 'EXPLAIN ANALYZE executes this statement, and it writes. It would be rolled back; a rollback does not undo everything.', reasons, canOverride: true };
      if (reasons.length > 0) return { kind: 'refused', sql, message: 'EXPLAIN ANALYZE executes this statement, and it calls functions whose effects outlive a read-only transaction.', reasons, canOverride: true };
    }
    const values = query.parameters.length > 0 ? parameters : undefined;
    const result = analyze
      ? await explainAnalyze(session, sql, { proof, parameters: values, allowWrites, signal: request.signal, timeout: request.timeoutMs })
      : await safeExplain(session, sql, { proof, parameters: values, timeout: request.timeoutMs });
    return { kind: 'plan', plan: result.plan as Readonly<Record<string, unknown>>, sql, analyzed: result.analyzed, parameterTypes: result.parameterTypes, notes: notesOn(result, proof), connectionLabel: catalog.label };
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    if (error.kind === 'refused-statement') return { kind: 'refused', sql, message: `${error.message}.`, reasons: [], canOverride: false };
    return { kind: 'error', sql, message: error.message, ...(error.sqlState ? { code: error.sqlState } : {}), lost: error.kind === 'connection-lost' || error.kind === 'refused' };
  }
}

/** DML anywhere, row locks, or SELECT INTO: everything that a read-only transaction would refuse. */
export function writesData(model: StatementModel): boolean {
  return model.kind !== 'select' || model.blocks.some((b) => ['insert', 'update', 'delete', 'merge'].includes(b.kind) || b.locking !== undefined) || /\binto\b/i.test(selectInto(model.text));
}

/** The text up to the first FROM: where `SELECT … INTO t` would stand. */
const selectInto = (text: string): string => (/^\s*select\b/i.test(text) ? /^[\s\S]*?(?=\bfrom\b|$)/i.exec(text.replace(/'(?:[^']|'')*'/g, "''"))?.[0] ?? '' : '');

const targetsOf = ({ model }: ExplainableQuery): string[] =>
  model.blocks.flatMap((b) => b.relations).filter((r) => r.target).map((r) => (r.schema === undefined ? quoteIdentifier(r.name) : `${quoteIdentifier(r.schema)}.${quoteIdentifier(r.name)}`));

function notesOn(result: ExplainResult, proof: StatementProof): string[] {
  return [
    ...(result.generic ? ['Generic plan: made for any parameter values. A common or a rare value may get another plan.'] : []),
    ...(result.pruningOff ? ['All partitions are shown: with real values the server reads only those that can match.'] : []),
    ...(result.analyzed && proof.writes ? ['The statement was executed and rolled back.'] : []),
  ];
}
