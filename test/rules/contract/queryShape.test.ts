import { describe, expect, it } from 'vitest';
import { rules } from '../../../server/src/core/rules/index.generated';
import { verdictOf, type Clauses } from '../../support/contract';
import { paging } from './rows/paging';
import { relations } from './rows/relations';
import { search } from './rows/search';
import { SCHEMA, settings } from './rows/section';

/** The contract of the rules about the shape of a query, clause by clause: what each must say of a case. */
const clauses: Clauses = { ...paging, ...search, ...relations };

describe.each(Object.entries(clauses))('%s', (id, rows) => {
  it.each(rows)('%s', async (_, code, expected) => {
    expect(await verdictOf(id, code, { schema: SCHEMA, settings }), typeof code === 'string' ? code : code.code).toBe(expected);
  });
});

describe('the contract is whole', () => {
  // A statement that does not parse has a contract of one clause, in its own test.
  it.each(rules.filter((rule) => rule.category === 'query' && rule.id !== 'syntax-error').map((rule) => [rule.id, rule] as const))('%s has rows for what it fires on, what it is silent on, what it needs and each kind of its fixes', (id, rule) => {
    const rows = clauses[id] ?? [];
    const said = rows.map(([, , expected]) => expected);
    expect(said.filter((verdict) => verdict !== 'silent').length, 'fires on').toBeGreaterThan(0);
    expect(said.filter((verdict) => verdict === 'silent').length, 'silent on').toBeGreaterThan(0);
    expect([...new Set(said.flatMap((verdict) => verdict.split('/')[2]?.split('+') ?? []))].filter((kind) => kind !== 'text').sort()).toEqual([...(rule.fixKinds ?? [])].sort());
    expect(new Set(rows.map(([clause]) => clause)).size, 'a clause stands once').toBe(rows.length);
    expect(rows.filter(([clause]) => clause.startsWith('needs')).length, 'needs').toBeGreaterThan(0);
  });
  it('names no rule of another section', () => expect(Object.keys(clauses).filter((id) => rules.find((rule) => rule.id === id)?.category !== 'query')).toEqual([]));
});
