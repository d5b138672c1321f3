import { describe, expect, it } from 'vitest';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared } from '../../support/adapterCases';
import { codeWorkspace } from '../../support/readCommon';
import { expectMarks, recordedChains, rowShape } from '../../support/recordedChains';

const analyser = await createSqlAnalyser();

interface Host {
  readonly fixture: string;
  readonly path: string;
  code(source: string): string;
}

const hosts: readonly Host[] = [
  { fixture: 'activeRecord', path: 'app/a.rb', code: (source) => `class A\n  def run(id, ids, name, page, from, to)\n    ${source}\n  end\nend\n` },
  { fixture: 'eloquent', path: 'app/A.php', code: (source) => `<?php\nuse App\\Models\\User;\nuse App\\Models\\Post;\nuse App\\Models\\Note;\nuse App\\Models\\Team;\nuse App\\Models\\Session;\nuse Illuminate\\Support\\Facades\\DB;\nfunction run(int $id, array $ids, string $name, int $page) {\n    ${source}\n}\n` },
  { fixture: 'gorm', path: 'store.go', code: (source) => `package store\n\nimport (\n\t"context"\n\t"gorm.io/gorm"\n\t"example.org/app/model"\n)\n\ntype Store struct {\n\tdb *gorm.DB\n}\n\nfunc (s *Store) run(ctx context.Context, id int64, ids []int64, name string, page int) {\n\tvar user model.User\n\tvar users []model.User\n\tvar posts []model.Post\n\tvar sessions []model.Session\n\tvar n int64\n\t${source}\n}\n` },
];

describe.each(hosts)('$fixture, against the statements of the library itself', ({ fixture, path, code }) => {
  const { library, models, statements } = recordedChains(fixture);
  let whole = 0;
  it.each(compared(library, statements))('$source', async ({ source, sql }) => {
    const text = code(source);
    const file = (await codeWorkspace({ ...models, [path]: text })).file(path);
    expectMarks(file, text);
    const sites = file.sites.filter((one) => one.executes === 'yes');
    expect(sites.map((one) => [one.library, one.access, text.slice(one.span.start, one.span.end)])).toEqual([[library, 'read', source.replace(/;$/, '')]]);
    const [site] = sites;
    if (!site?.source) throw new Error('no statement');
    if (site.complete) whole++;
    const [ours, theirs] = [rowShape(analyser, site.source), rowShape(analyser, sql)];
    const shown = `${site.source.text}${site.complete ? '' : ' …'}\n${sql}`;
    expect(ours.relation, shown).toBe(theirs.relation);
    // Where more may be in the statement, what is said of it is in it.
    // Batches are the library's own way through all rows.
    if (site.fetches === 'stream') expect(ours, shown).toEqual({ ...theirs, order: [], limit: false });
    else if (site.complete) expect(ours, shown).toEqual(theirs);
    else expect(theirs.conjuncts, shown).toEqual(expect.arrayContaining([...ours.conjuncts]));
  });

  it('is mostly understood whole', () => expect(whole / statements.length).toBeGreaterThan(0.75));
});
