import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { createFlowWorkspace } from './flowWorkspace';
import { createDatabase, type TestDatabase } from './postgres';
import { runTypeScript } from './runCode';

/** How the loops of one library are proved. */
export interface BatchProofs {
  readonly library: string;
  readonly schema: string;
  /** Fills the tables anew. */
  readonly rows: string;
  /** Query of what the code may have changed. */
  readonly state: string;
  /** Module that exports `run(orders)`, with `BODY` for a case's code. */
  readonly head: string;
  /** Arguments of `run`: lists of elements. */
  readonly inputs: readonly (readonly unknown[])[];
  /** Module name → the one that is loaded for it: another version. */
  readonly modules?: Readonly<Record<string, string>>;
  /** Statements of the library's own, when it connects. */
  readonly ignored?: RegExp;
  /** A body, and the fix's title. */
  readonly cases: Readonly<Record<string, readonly [string, string]>>;
  /** Bodies whose query is found, and has no fix. */
  readonly refused: Readonly<Record<string, string>>;
}

export const READ = 'Read all rows with one query before the loop';

/** Each case is fixed, linted again and run by the real library: same value, same tables, one statement at most. */
export function proveBatching({ library, schema, rows, state, head, inputs, modules, ignored, cases, refused }: BatchProofs): void {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(schema);
  });
  afterAll(() => database?.drop());
  const run = async (text: string, input: readonly unknown[]) => {
    await database.query(rows);
    const result = await runTypeScript(text, database.url, [input], modules);
    return { value: result.value, sent: result.statements.filter((statement) => !ignored?.test(statement)), state: await database.query(state) };
  };

  describe(`${library}: one statement does what the loop did`, () => {
    for (const [name, [body, title]] of Object.entries(cases)) {
      it(name, async () => {
        const code = head.replace('BODY', () => body);
        const workspace = await createFlowWorkspace({ 'src/case.ts': code });
        const findings = await workspace.lint('src/case.ts', schema);
        expect(findings.map((finding) => finding.message)).toHaveLength(1);
        const fix = findings[0]?.fixes().find((candidate) => candidate.title === title);
        expect(fix, JSON.stringify(findings[0]?.fixes().map((f) => f.title))).toBeDefined();
        const after = applyEdits(code, fix?.edits ?? []) ?? '';
        workspace.write('src/case.ts', after);
        expect(await workspace.lint('src/case.ts', schema), after).toEqual([]);
        for (const input of inputs) {
          const before = await run(code, input);
          const now = await run(after, input);
          expect(before.sent.length).toBeGreaterThanOrEqual(Math.min(input.length, 2));
          expect(now.value, after).toEqual(before.value);
          expect(now.state, after).toEqual(before.state);
          expect(now.sent.length, after + now.sent.join('\n')).toBeLessThanOrEqual(1);
        }
      });
    }
  });

  describe(`${library}: loops that have no fix`, () => {
    for (const [name, body] of Object.entries(refused)) {
      it(name, async () => {
        const workspace = await createFlowWorkspace({ 'src/case.ts': head.replace('BODY', () => body) });
        const findings = await workspace.lint('src/case.ts', schema);
        expect(findings.length).toBeGreaterThan(0);
        expect(findings.flatMap((finding) => finding.fixes().map((fix) => fix.title))).toEqual([]);
      });
    }
  });
}
