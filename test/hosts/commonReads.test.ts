import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { commonReads } from '../support/commonReadCases';
import { codeWorkspace } from '../support/readCommon';

describe('reads in loops, in the languages that share a reader', () => {
  it.each(commonReads.map((one) => [one.what, one] as const))('%s', async (_, { file: [path, text], to, title = 'Read all rows with one query before the loop' }) => {
    const found = (await codeWorkspace({ [path]: text })).findings(path).filter((finding) => finding.rule === 'n-plus-one');
    expect(found).toHaveLength(1);
    const fixes = found[0]?.fixes() ?? [];
    expect(fixes.map((fix) => [fix.kind, fix.title])).toEqual(to === undefined ? [] : [['review', title]]);
    const fixed = fixes[0] && applyEdits(text, fixes[0].edits);
    if (to === undefined) return;
    for (const part of to) expect(fixed).toContain(part);
    const after = await codeWorkspace({ [path]: fixed ?? '' });
    expect(after.file(path).errors).toEqual([]);
    expect(after.lint(path, 'write-in-loop', 'n-plus-one', 'syntax-error'), fixed).toEqual([]);
  });
});
