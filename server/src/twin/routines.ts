import { collectTokens } from '../core/catalog/expressionTokens';
import type { Routine } from '../core/catalog/statistics';
import { quoteQualified } from '../core/sql/names';

/**
 * CREATE FUNCTION of a routine, best first: as it is, where the planner looks inside (SQL), else a stand-in of the same
 * signature, volatility and cost that does nothing. `bodies`: may it be made as it is?
 */
export function renderRoutine(routine: Routine, bodies: boolean): readonly string[] {
  if (routine.kind !== 'function' || /\btrigger$/i.test(routine.returns) || !isArgumentList(routine.arguments) || !isResultType(routine.returns)) return [];
  return [...(bodies && routine.language === 'sql' && routine.definition !== undefined ? [routine.definition] : []), standIn(routine)];
}

/** Does it end where the parenthesis around it ends? Behind that a body could follow. */
function isArgumentList(text: string): boolean {
  let depth = 0;
  return collectTokens(text).every(({ text: token }) => token !== ';' && (depth += token === '(' ? 1 : token === ')' ? -1 : 0) >= 0) && depth === 0;
}

/** What may follow a type, and brings a body or a language with it. */
const bodyWords: ReadonlySet<string> = new Set(['language', 'as', 'return', 'begin', 'window', 'security', 'set', 'support', 'transform']);

function isResultType(text: string): boolean {
  let depth = 0;
  return collectTokens(text).every(({ kind, text: token }) => {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    return kind === 'word' ? depth > 0 || !bodyWords.has(token.toLowerCase()) : kind === 'number' || kind === 'quoted' || ['.', ',', '(', ')', '[', ']'].includes(token);
  }) && depth === 0;
}

function standIn(routine: Routine): string {
  const set = /^(?:setof|table)\b/i.test(routine.returns);
  const properties = [
    routine.volatility, `parallel ${routine.parallel}`, ...(routine.strict ? ['strict'] : []),
    ...(Number.isFinite(routine.cost) && routine.cost > 0 ? [`cost ${routine.cost}`] : []), ...(set && Number.isFinite(routine.rows) && routine.rows > 0 ? [`rows ${routine.rows}`] : []),
  ];
  const body = set ? 'begin return; end' : `begin return ${typicalValue(routine.returns)}; end`;
  return `create or replace function ${quoteQualified(routine.schema, routine.name)}(${routine.arguments}) returns ${routine.returns} language plpgsql ${properties.join(' ')} as '${body.replaceAll("'", "''")}'`;
}

/** With constants as arguments the planner calls it: NULL would make every comparison with it false. */
function typicalValue(type: string): string {
  const base = type.toLowerCase().replace(/\(.*\)/, '').trim();
  if (base.endsWith('[]')) return `'{}'`;
  if (/^(?:smallint|integer|bigint|numeric|real|double precision|money)$/.test(base)) return '0';
  if (/^(?:text|character varying|character|citext)$/.test(base)) return `''`;
  if (base === 'boolean') return 'true';
  if (base === 'uuid') return `'00000000-0000-0000-0000-000000000000'`;
  if (/^(?:date|timestamp)/.test(base)) return `'2020-01-01'`;
  if (/^jsonb?$/.test(base)) return `'{}'`;
  return base === 'void' ? '' : 'null';
}
