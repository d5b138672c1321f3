import { describe, expect, it } from 'vitest';
import { compareWithBaseline, createBaseline } from '../../../server/src/core/lint/baseline';
import type { Fix } from '../../../server/src/core/lint/rule';
import { verifyFixes, type RelintResult } from '../../../server/src/core/lint/verifyFix';
import { selectStar } from '../../../server/src/core/rules/select-star';
import { hostSpan } from '../../../server/src/core/text/span';
import { lintCase } from '../../support/readers';

const uri = 'file:///workspace/src/case.sql';
const text = 'SELECT * FROM a';
const schema = 'CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL);';

/** The real reader and the real rule, as a relint callback. */
async function relinter(texts: readonly string[]): Promise<(changed: string) => RelintResult> {
  const known = new Map<string, RelintResult>();
  for (const code of texts) {
    const { findings, errors } = await lintCase([selectStar], { language: 'sql', code, schema });
    known.set(code, { findings, errors });
  }
  return (changed) => known.get(changed) ?? { findings: [], errors: Infinity };
}

const replace = (from: number, to: number, by: string): Fix => ({ title: by, kind: 'review', edits: [{ uri, span: hostSpan(from, to), text: by }] });

describe('verifyFixes', () => {
  const good = replace(7, 8, 'id, name');
  const broken = replace(7, 8, 'id, ,');
  const useless = replace(7, 8, 'a.*');
  const nothing = replace(7, 8, '*');
  const outside: Fix = { ...good, edits: [{ uri: 'file:///other.sql', span: hostSpan(0, 0), text: '' }] };
  const overlapping: Fix = { ...good, edits: [...good.edits, ...replace(6, 9, 'x').edits] };

  it('keeps the fix that removes the finding and drops all others', async () => {
    const relint = await relinter([text, 'SELECT id, name FROM a', 'SELECT id, , FROM a', 'SELECT a.* FROM a']);
    const finding = { rule: 'select-star', uri };
    expect(verifyFixes(text, finding, [good, broken, useless, nothing, outside, overlapping], relint)).toEqual([good]);
    expect(verifyFixes(text, finding, [], relint)).toEqual([]);
  });
});

describe('baselines', () => {
  it('know their findings wherever they moved, and may only shrink', async () => {
    const before = await lintCase([selectStar], { language: 'sql', code: 'SELECT * FROM a;\nSELECT * FROM b;' });
    const baseline = createBaseline(before.findings, (u) => u.replace('file:///workspace/', ''));
    const after = await lintCase([selectStar], { language: 'sql', code: '\n\nSELECT * FROM b;\nSELECT * FROM c;' });
    const { added, stale } = compareWithBaseline(baseline, after.findings);
    expect(added.map((f) => f.sql)).toEqual(['SELECT * FROM c']);
    expect(stale.map((entry) => entry.path)).toEqual(['src/case.sql']);
  });
});
