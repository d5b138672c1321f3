import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { commonKeysets } from '../support/commonKeysetCases';
import { PAGED_SCHEMA } from '../support/keysetRows';
import { codeWorkspace } from '../support/readCommon';

/** EF Core names tables and columns as the classes do. */
const schema = `${PAGED_SCHEMA}\nCREATE TABLE "Orders" ("Id" bigint PRIMARY KEY, "CreatedAt" timestamptz NOT NULL);`;

describe('pages by OFFSET, in the languages that share a reader', () => {
  it.each(commonKeysets.map((one) => [one.what, one] as const))('%s', async (_, { file: [path, text], to }) => {
    const found = (await codeWorkspace({ [path]: text }, schema)).findings(path).filter((finding) => finding.rule === 'offset-pagination');
    expect(found).toHaveLength(1);
    const fixes = found[0]?.fixes() ?? [];
    expect(fixes.map((fix) => fix.kind)).toEqual(to === undefined ? [] : ['review']);
    const fixed = fixes[0] && applyEdits(text, fixes[0].edits);
    if (to === undefined) return;
    for (const part of to) expect(fixed).toContain(part);
    const after = await codeWorkspace({ [path]: fixed ?? '' }, schema);
    expect(after.file(path).errors).toEqual([]);
    expect(after.lint(path, 'offset-pagination', 'syntax-error', 'unstable-pagination'), fixed).toEqual([]);
  });
});
