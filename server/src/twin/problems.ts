import { StepFailure } from './planningServer';
import { TwinError } from './twin';

/** Conditions whose message names objects of the schema and nothing of the statement's values. */
const namesObjects: ReadonlySet<string> = new Set(['42P01', '42703', '42883', '42704', '3F000', '42702', '42P18', '42725', '42803', '42804', '0A000', '42P10', '42P20', '42846', '42712']);

const reasons: Readonly<Record<string, string>> = {
  '22': 'a constant does not fit its type', '53': 'the planner ran out of memory', '54': 'the statement is too complex for the planner', '57': 'the planner was interrupted',
};

/** As the caller may see it: never with the statement's text or values in it. */
export function toTwinError(cause: unknown): unknown {
  if (!(cause instanceof StepFailure)) return cause;
  const { sqlState, message } = cause.error;
  if (sqlState === '42601') return new TwinError('refused', 'Postgres does not understand the statement', sqlState);
  if (sqlState !== undefined && namesObjects.has(sqlState)) return new TwinError('refused', message.split('\n')[0] ?? '', sqlState);
  return new TwinError('refused', reasons[sqlState?.slice(0, 2) ?? ''] ?? `Postgres does not plan the statement (SQLSTATE ${sqlState ?? 'unknown'})`, sqlState);
}
