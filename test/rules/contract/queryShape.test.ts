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
