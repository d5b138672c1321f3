import { beforeAll, describe, expect, it } from 'vitest';
import { analyse, createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { facts } from '../../support/modelFacts';
import { combinations, corpus } from './corpus';

describe('two engines, one model', () => {
  beforeAll(() => createSqlAnalyser());

  it("parses the whole corpus with Postgres' grammar", () => {
    for (const text of corpus) expect(analyse({ text, placeholders: 'dollar', interpolations: [] }), text).toMatchObject({ engine: 'pg', completeness: 'full' });
  });

  it('finds the same facts at the same places with both engines', () => {
    let compared = 0;
    for (const text of [...corpus, ...combinations(250)]) {
      const source = { text, placeholders: 'dollar', interpolations: [] } as const;
      const second = analyse(source, 'pgast');
      if (second.engine !== 'pgast') continue;
      compared++;
      expect(facts(second), text).toEqual(facts(analyse(source)));
    }
    // The second engine rejects about half of the corpus's harder forms, but none of the combinations.
    expect(compared).toBeGreaterThan(300);
  });

  it('finds the same tables, stars, limits and offsets by tokens alone', () => {
    for (const text of combinations(150)) {
      const source = { text, placeholders: 'dollar', interpolations: [] } as const;
      const names = (engine: 'pg' | 'tokens'): unknown[] => analyse(source, engine).blocks.map((block) => [
        block.span, block.relations.filter((r) => r.kind === 'table').map((r) => [r.schema, r.name, r.alias, r.span]),
        block.outputs.filter((o) => o.star).map((o) => o.span), block.limit?.clause, block.offset?.clause, Object.entries(block.clauses).sort(),
      ]);
      const byTree = names('pg').map((block) => JSON.stringify(block)).sort();
      expect(names('tokens').map((block) => JSON.stringify(block)).sort(), text).toEqual(byTree);
    }
  });
});
