import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LintSettings, Rule } from '../../server/src/core/lint/rule';
import { applyEdits } from '../../server/src/core/text/edit';
import { createDatabase, type TestDatabase } from './postgres';
import { lintCase } from './readers';

/** A statement whose rewrite is run beside it. */
export interface Proof {
  readonly sql: string;
  readonly values?: readonly unknown[];
  /** The order is part of the result. */
  readonly ordered?: boolean;
  /** What the fix is called: `safe` by default. */
  readonly kind?: 'safe' | 'review';
  /** The rewrite is meant to return other rows: it says which in its title. Then they must differ, and the title hold this. */
  readonly changes?: string;
  /** Proposed only where the twin's plan says so. */
  readonly planner?: boolean;
  /** Further DDL that the linter sees; the database has it too. */
  readonly settings?: Partial<LintSettings>;
}

export interface RewriteSuite {
  /** DDL that both the linter and the database see. */
  readonly schema: string;
  /** Adversarial rows: NULLs, ties, duplicates, an empty table, several tenants, wide characters. */
  readonly rows: string;
  readonly settings?: Partial<LintSettings>;
}

/**
 * Proves rewriting fixes by running them: old and new statement on a real Postgres return the same bag of rows (the same
 * order where it counts). One database for the file; a statement that finds nothing proves nothing and fails.
 */
export function proveRewrites({ schema, rows, settings: common }: RewriteSuite): (rule: Rule, proofs: readonly (string | Proof)[]) => void {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(schema + rows);
  });
  afterAll(() => database?.drop());
  return (rule, proofs) => {
    describe(`the rewrite of ${rule.id}`, () => {
      for (const proof of proofs) {
        const { sql, values = [], ordered = false, kind = 'safe', changes, planner, settings = common } = typeof proof === 'string' ? { sql: proof } : proof;
        it(`${changes === undefined ? 'returns the same' : 'says what changes'}: ${sql.slice(0, 130)}`, async () => {
          const { findings } = await lintCase([rule], { language: 'sql', code: sql, schema, settings, planner });
          const fix = findings[0]?.fixes().find((f) => f.edits.length > 0);
          expect(fix, 'no rewrite is offered').toBeDefined();
          expect([fix?.kind, fix?.title.includes(changes ?? '')]).toEqual([changes === undefined ? kind : 'review', true]);
          const rewritten = applyEdits(sql, fix?.edits ?? []) ?? '';
          const [before, after] = [await database.query(sql, [...values]), await database.query(rewritten, [...values])];
          const bag = (result: readonly Record<string, unknown>[]): readonly string[] => result.map((row) => JSON.stringify(Object.values(row))).sort();
          if (changes !== undefined) return expect(bag(after), rewritten).not.toEqual(bag(before));
          expect(ordered ? after : bag(after), rewritten).toEqual(ordered ? before : bag(before));
          expect(before.length, 'the statement finds rows').toBeGreaterThan(0);
        });
      }
    });
  };
}
