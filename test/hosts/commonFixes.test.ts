import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { inserts, insertSchema, writes } from '../support/commonFixCases';
import { codeWorkspace } from '../support/readCommon';

describe('writes in loops, in the languages that share a reader', () => {
  it.each(writes)('%s', async (_, [path, text], from, to) => {
    const found = (await codeWorkspace({ [path]: text })).findings(path).filter((finding) => finding.rule === 'write-in-loop');
    expect(found).toHaveLength(1);
    const fixes = found[0]?.fixes() ?? [];
    expect(fixes.map((fix) => fix.kind)).toEqual(to === undefined ? [] : ['review']);
    const [fix] = fixes;
    if (!fix || to === undefined) return;
    const fixed = applyEdits(text, fix.edits);
    if (from.startsWith('for') || from.startsWith('list')) expect(fixed).toBe(text.replace(from, () => to));
    else expect(fixed).toContain(to);
    const after = await codeWorkspace({ [path]: fixed ?? '' });
    expect(after.file(path).errors).toEqual([]);
    expect(after.lint(path, 'write-in-loop', 'n-plus-one')).toEqual([]);
  });
});

describe('rows of values, where the schema tells their types', () => {
  it.each(inserts)('%s', async (_, [path, text], from, to) => {
    const found = (await codeWorkspace({ [path]: text }, insertSchema)).findings(path).filter((finding) => finding.rule === 'write-in-loop');
    expect(found).toHaveLength(1);
    const [fix] = found[0]?.fixes() ?? [];
    const fixed = fix && applyEdits(text, fix.edits);
    if (to === undefined) expect(fix).toBeUndefined();
    else if (from === 'x') expect(fixed).toContain(to);
    else expect(fixed).toBe(text.replace(from, () => to));
    if (fixed === undefined) return;
    const after = await codeWorkspace({ [path]: fixed }, insertSchema);
    expect(after.file(path).errors).toEqual([]);
    expect(after.lint(path, 'write-in-loop', 'n-plus-one', 'syntax-error')).toEqual([]);
  });
});
