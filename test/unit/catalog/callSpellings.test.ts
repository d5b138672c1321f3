import { describe, expect, it } from 'vitest';
import { normaliseExpression } from '../../../server/src/core/catalog/expressionText';

/** What one version prints, what another prints, what is written; all seen from `pg_get_indexdef` of 12 and 18. */
describe('calls that SQL spells with words have one spelling', () => {
  it.each([
    ["timezone('UTC'::text, at)", "(at AT TIME ZONE 'UTC'::text)", "at at time zone 'UTC'"],
    ["date_trunc('day'::text, timezone('UTC'::text, at))", "date_trunc('day'::text, (at AT TIME ZONE 'UTC'::text))", "date_trunc('day', at at time zone 'UTC')"],
    ["(timezone('UTC'::text, at))::date", "((at AT TIME ZONE 'UTC'::text))::date", "(at at time zone 'UTC')::date"],
    ["timezone('UTC'::text, (at + '1 day'::interval))", "((at + '1 day'::interval) AT TIME ZONE 'UTC'::text)", "(at + '1 day') at time zone 'UTC'"],
    ["timezone('UTC'::text, timezone('CET'::text, at))", "((at AT TIME ZONE 'CET'::text) AT TIME ZONE 'UTC'::text)", "pg_catalog.timezone('UTC', (at at time zone 'CET'))"],
    ['lower(btrim(name))', 'lower(TRIM(BOTH FROM name))', 'lower(trim(name))'],
    ["ltrim(name, 'x'::text)", "TRIM(LEADING 'x'::text FROM name)", "ltrim(name, 'x')"],
    ["btrim((name)::text, 'x'::text)", "TRIM(BOTH 'x'::text FROM (name)::text)", "trim('x' from name)"],
    ['"substring"(name, 2, 3)', 'SUBSTRING(name FROM 2 FOR 3)', 'substring(name, 2, 3)'],
    ["\"substring\"(name, '^a'::text)", "SUBSTRING(name FROM '^a'::text)", "substring(name from '^a')"],
  ])('%s', (before, since, written) => expect([normaliseExpression(since), normaliseExpression(written)]).toEqual([normaliseExpression(before), normaliseExpression(before)]));

  it.each([
    ["timezone('UTC', at)", "timezone('CET', at)"], ['trim(name)', 'ltrim(name)'], ["trim(leading 'x' from name)", "trim('x' from name)"], ['substring(name, 2, 3)', 'substring(name, 3, 2)'],
    ['substring(name for 3)', 'substring(name, 3)'], ['timezone(at)', 'at'], ['((a or b)) and c', 'a or b and c'],
  ])('%s is not %s', (one, other) => expect(normaliseExpression(one)).not.toBe(normaliseExpression(other)));

  it('says nothing of what is not closed, and is quick with deep nesting', () => {
    expect(normaliseExpression("timezone('UTC', at")).toContain('timezone');
    expect(normaliseExpression(`${'trim('.repeat(200)}x${')'.repeat(200)}`)).toContain('btrim');
  });
});
