import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { rules } from '../../server/src/core/rules/index.generated';
import { splitStatements } from '../../server/src/core/sql/split';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';
import { onServer } from '../support/serverCatalog';

/** What each fix of an example in SQL leads to is run: the schema, the files that it writes and the statements that it changes are Postgres' own language, and queries can be planned. */

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

/** Schemas that examples make; theirs alone. */
const OTHER_SCHEMAS = ['auth'];

async function fresh(schema: string): Promise<void> {
  for (const name of ['example', ...OTHER_SCHEMAS]) await client.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
  await client.query(`RESET lock_timeout; CREATE SCHEMA example; SET search_path = example, public; ${schema}`);
}

/** Queries are prepared, so that parameters need no values; everything else runs, each statement on its own as CONCURRENTLY needs it. */
async function run(sql: string, schema: string): Promise<number> {
  let ran = 0;
  for (const { start, end } of splitStatements(sql, { psql: true })) {
    const statement = sql.slice(start, end).trim().replace(/;$/, '');
    // Examples repeat the declaration that they are about.
    if (schema.includes(statement)) continue;
    if (!/^(?:--[^\n]*\n|\s)*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b/i.test(statement)) await client.query(statement);
    else await client.query(`PREPARE example AS ${statement}; DEALLOCATE example`);
    ran++;
  }
  return ran;
}

const unpublic = (sql: string): string => sql.replaceAll(/\bpublic\./g, 'example.');

describe('the fixes of examples run on Postgres', () => {
  /** Fixes that ran, by rule. */
  const ran = new Map<string, number>();
  for (const rule of rules) {
    rule.docs.bad.forEach(({ language, code, schema = '', assume, server }, i) => {
      // A query without a schema has no table to be planned on.
      if (language !== 'sql' || !rule.fixKinds || (rule.scope === 'statement' && schema === '')) return;
      it(`${rule.id} ${i + 1}`, async () => {
        const path = rule.scope === 'migration' ? 'db/migrations/0002_example.sql' : undefined;
        const migrations = { folder: 'db/migrations', format: 'plain' as const, existing: ['0001_init.sql', '0002_example.sql'] };
        const base = { language, code, schema, path, settings: { migrations, ...(assume ? { assume } : {}) }, planner: assume !== undefined };
        const result = await lintCase([rule], server ? { ...onServer(base, server), later: 1 } : base);
        const fixes = result.findings.flatMap((finding) => finding.fixes());
        // A server's example may show what hangs on the statement that was run.
        const ground = unpublic(/^CREATE TABLE \w+ PARTITION OF/.test(schema) ? `${code}\n${schema}` : schema);
        await fresh(ground);
        if (rule.scope === 'statement') await run(code, ground);
        for (const fix of fixes) {
          await fresh(ground);
          const changed = applyEdits(code, fix.edits) ?? '';
          const files = (fix.creates ?? []).map((file) => file.sql ?? file.text).join('\n');
          // A migration runs after the statement that it mends; a refresh and queries need what it makes.
          const first = rule.scope === 'migration' && !/^REFRESH/i.test(changed) ? [changed, files] : [files, changed];
          expect(await run(first.join('\n'), ground), fix.title).toBeGreaterThan(0);
        }
        ran.set(rule.id, (ran.get(rule.id) ?? 0) + fixes.length);
      });
    });
  }
  it('each rule with examples has had one tried at least', () => {
    expect(ran.size).toBeGreaterThan(20);
    expect([...ran].filter(([, fixes]) => fixes === 0).map(([id]) => id)).toEqual([]);
  });
});
