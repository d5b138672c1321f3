import type { Routine } from '../core/catalog/statistics';
import { quoteQualified } from '../core/sql/names';

/**
 * CREATE FUNCTION of a routine, best first: as it is, where the planner looks inside (SQL), else a stand-in of the same
 * signature, volatility and cost that does nothing.
 */
export function renderRoutine(routine: Routine): readonly string[] {
  if (routine.kind !== 'function' || /\btrigger$/i.test(routine.returns)) return [];
  return [...(routine.language === 'sql' && routine.definition !== undefined ? [routine.definition] : []), standIn(routine)];
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
