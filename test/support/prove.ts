import type { StatementEffects } from '../../server/src/core/sql/effects';
import { createSqlAnalyser } from '../../server/src/parser/sql/analyser';

/** What Postgres' grammar proves about a statement, as EXPLAIN needs it. Throws for what is not one statement. */
export async function prove(sql: string): Promise<StatementEffects> {
  const effects = (await createSqlAnalyser()).effects(sql);
  if (!effects) throw new Error('not one statement');
  return effects;
}
