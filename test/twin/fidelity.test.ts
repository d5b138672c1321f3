import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { introspect } from '../../server/src/db/introspect';
import { openSession, type DbSession } from '../../server/src/db/session';
import type { Catalog } from '../../server/src/core/catalog/model';
import type { Twin } from '../../server/src/twin/twin';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { compareQueries, compareWhatIfs, openSource, seed, smallScale, whatIfCases, type Source } from '../support/fidelity/measure';
import { generateQueries } from '../support/fidelity/queries';
import { sharedTwin } from '../support/sharedTwin';

/** The twin beside a real server with real rows, in small; `npm run bench` has the full run. */
let database: TestDatabase;
let session: DbSession;
let source: Source;
let catalog: Catalog;
let twin: Twin;

beforeAll(async () => {
  database = await createDatabase();
  await seed(database.url, 30_000, smallScale);
  session = openSession(database.url);
  source = await openSource(database.url);
  catalog = await introspect(session);
  twin = await sharedTwin();
}, 180_000);

afterAll(async () => {
  await source.close();
  await session.close();
  await database.drop();
});

describe('fidelity', () => {
  it('plans as the server does, with its statistics', async () => {
    const agreement = await compareQueries(source, twin, catalog, generateQueries(catalog, 400, 7));
    expect(agreement.plans).toBeGreaterThanOrEqual(390);
    expect(agreement.sameShape / agreement.plans, agreement.differing.map((d) => d.sql).join('\n')).toBeGreaterThanOrEqual(0.99);
    expect(agreement.parallel).toBeGreaterThan(20);
    expect(agreement.costErrorAt(0.5)).toBeLessThan(0.005);
  });

  it('an index that does not exist costs what it costs when it does', async () => {
    const results = await compareWhatIfs(source, twin, catalog, whatIfCases);
    for (const result of results.filter((r) => r.kind !== 'brin' && r.kind !== 'expression')) {
      expect(Math.abs(result.twin - result.server) / result.server, `${result.kind} ${result.index.definition}: ${result.twin} in the twin, ${result.server} on the server`).toBeLessThan(0.15);
    }
  });
});
