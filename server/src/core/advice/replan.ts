import type { StatementContext } from '../lint/rule';
import { plannableSql } from '../sql/display';
import type { StatementModel } from '../sql/model';
import type { SqlSource } from '../sql/source';
import { plannedSql } from './planEvidence';
import { MINIMUM_GAIN, MINIMUM_SAVING } from './proveIndex';
import type { SqlEdit } from './sqlEdits';

/** A statement as the planner takes it: parameters as `$1 …`, blocks numbered as in the original. */
export interface PlannableStatement {
  readonly model: StatementModel;
  /** The text whose spans the model has, parameters as written. */
  readonly text: string;
  /** A parameter number that the text does not use. */
  readonly free: number;
}

/**
 * The statement changed for a question to the planner: a rewrite, a page further back.
 * @param change gives edits of the plannable text, undefined where the change is not possible.
 * @returns undefined where the statement is not wholly known, or the change is not possible.
 */
export function replannedSql(context: StatementContext, change: (statement: PlannableStatement) => readonly SqlEdit[] | undefined): string | undefined {
  const text = plannedSql(context);
  if (text === undefined) return undefined;
  const source: SqlSource = { text, placeholders: 'dollar', interpolations: [] };
  const model = context.sql.analyse(source);
  const numbers = model.holes.map((hole) => (hole.origin.type === 'placeholder' ? Number(hole.origin.key) : 0));
  const edits = change({ model, text, free: Math.max(0, ...numbers) + 1 });
  if (!edits) return undefined;
  const changed: SqlSource = { ...source, text: applySqlEdits(text, edits) };
  // Numbers anew: Postgres refuses a gap where a parameter has gone.
  return plannableSql(changed, context.sql.analyse(changed));
}

/** Edits of one text, none overlapping. */
function applySqlEdits(text: string, edits: readonly SqlEdit[]): string {
  const sorted = edits.map((edit, index) => ({ ...edit, index })).sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end || a.index - b.index);
  let result = '';
  let at = 0;
  for (const { span, text: inserted } of sorted) {
    result += text.slice(at, span.start) + inserted;
    at = span.end;
  }
  return result + text.slice(at);
}

/** A rewrite has to save as much as an index. */
export const isMuchCheaper = (before: number, after: number): boolean => after * MINIMUM_GAIN <= before && before - after >= MINIMUM_SAVING;
