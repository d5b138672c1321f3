import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { inserts, insertSchema, writes } from '../support/commonFixCases';
import { commonReads } from '../support/commonReadCases';
import { commonKeysets } from '../support/commonKeysetCases';
import { PAGED_ROWS, PAGED_SCHEMA } from '../support/keysetRows';
import type { CommonFile } from '../support/commonFixCode';
import { compilers, runners } from '../support/compileCommon';
import { createDatabase } from '../support/postgres';
import { codeWorkspace } from '../support/readCommon';

const all: readonly { readonly file: CommonFile; readonly schema?: string; readonly fixed: boolean }[] = [
  ...writes.map(([, file, , to]) => ({ file, fixed: to !== undefined })),
  ...inserts.map(([, file, , to]) => ({ file, schema: insertSchema, fixed: to !== undefined })),
  ...commonReads.map(({ file, to }) => ({ file, fixed: to !== undefined })),
];
/** EF Core names tables and columns as the classes do. */
const pagedSchema = `${PAGED_SCHEMA}\nCREATE TABLE "Orders" ("Id" bigint PRIMARY KEY, "CreatedAt" timestamptz NOT NULL);`;
const pages: typeof all = commonKeysets.map(({ file, to }) => ({ file, schema: pagedSchema, fixed: to !== undefined }));

/** The text of a file when the one fix of its loop is made. */
async function fixedText({ file: [path, text], schema }: (typeof all)[number]): Promise<string> {
  const [fix] = (await codeWorkspace({ [path]: text }, schema)).findings(path).filter((finding) => finding.rule === 'write-in-loop' || finding.rule === 'n-plus-one' || finding.rule === 'offset-pagination').flatMap((finding) => finding.fixes());
  return applyEdits(text, fix?.edits ?? []) ?? '';
}

describe('what the fixes of loops write compiles', () => {
  for (const compiler of compilers) {
    const available = compiler.available();
    it.skipIf(!available)(compiler.language, async () => {
      const own = [...all, ...pages].filter(({ file, fixed }) => fixed && file[0].endsWith(`.${compiler.extension}`));
      expect(own.length).toBeGreaterThan(2);
      // The loops as they were compile too: nothing is proved by signatures that take anything.
      expect(compiler.compile([...own.map(({ file }) => file[1]), ...(await Promise.all(own.map(fixedText)))])).toBe('');
    }, 120_000);
  }
});

const tables = `
CREATE TABLE users (id bigint PRIMARY KEY, name text);
CREATE TABLE articles (id bigint PRIMARY KEY, title text, author_id bigint);
CREATE TABLE seen (order_id bigint, kind text DEFAULT 'web', position int);
INSERT INTO users VALUES (1, 'ann'), (2, 'bob'), (3, 'cy');
INSERT INTO articles VALUES (1, 'x', 1), (2, 'y', 2), (3, 'z', 1), (4, 'w', 2);
`;

describe('what the fixes of loops write does what the loop did', () => {
  for (const runner of runners) {
    const available = runner.available();
    it.skipIf(!available)(runner.language, async () => {
      const own = all.filter(({ file, fixed }) => fixed && file[0].endsWith(`.${runner.extension}`));
      expect(own.length).toBeGreaterThan(2);
      const database = await createDatabase(tables);
      try {
        const before = runner.run(own.map(({ file }) => file[1]), database.url);
        const after = runner.run(await Promise.all(own.map(fixedText)), database.url);
        for (const [at, { file }] of own.entries()) {
          const [then, now] = [before[at], after[at]];
          expect([now?.output, now?.error, now?.state], file[1]).toEqual([then?.output, then?.error, then?.state]);
          expect(then?.sent, file[1]).toBeGreaterThan(1);
          expect(now?.sent, file[1]).toBe(1);
        }
      } finally {
        await database.drop();
      }
    }, 120_000);
  }
});

describe('pages by key are the pages by number', () => {
  for (const runner of runners) {
    const available = runner.available();
    it.skipIf(!available)(runner.language, async () => {
      const own = pages.filter(({ file, fixed }) => fixed && file[0].endsWith(`.${runner.extension}`));
      expect(own.length).toBeGreaterThan(1);
      const database = await createDatabase(PAGED_SCHEMA + PAGED_ROWS);
      try {
        // A page without a total order has none to compare: its own is completed as the fix does.
        const total = own.map(({ file }) => file[1].replace("orderBy('total')", "orderBy('total')->orderBy('id')").replace('.order(:total)', '.order(:total, :id)'));
        const before = runner.run(total, database.url, total.map((text) => (/\$page\b/.test(text) ? 'page' : 'offset')));
        const after = runner.run(await Promise.all(own.map(fixedText)), database.url, own.map(() => 'after'));
        for (const [at, { file }] of own.entries()) {
          expect((JSON.parse(before[at]?.output ?? '[]') as unknown[]).length, file[1]).toBeGreaterThan(3);
          expect(after[at]?.output, file[1]).toBe(before[at]?.output);
        }
      } finally {
        await database.drop();
      }
    }, 120_000);
  }
});
