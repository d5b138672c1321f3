import { rlsFunctionPerRow } from '../../server/src/core/rules/rls-function-per-row';
import { testRule } from '../support/ruleTester';
const path = 'db/migrations/0002_x.sql';
const migrations = { folder: 'db/migrations', format: 'plain' as const, existing: ['0001_init.sql', '0002_x.sql'] };

testRule(rlsFunctionPerRow, {
  schema: `
    CREATE TABLE notes (id bigint PRIMARY KEY, owner uuid, tenant bigint);
    CREATE TABLE tiny (owner uuid);
    CREATE FUNCTION tenant_of(text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT 1 $$;
    CREATE FUNCTION constant_one() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$;
    CREATE POLICY old ON notes USING (owner = auth.uid());
  `,
  settings: { assume: { notes: 500_000, tiny: 5 }, migrations }, path, embed: false,
  flagged: [
    { code: `
CREATE POLICY own ON notes FOR SELECT USING (owner = auth.uid()) WITH CHECK (tenant = tenant_of('x'));
--                                                   ^^^^^^^^^^ auth.uid() is called for every row of notes: (SELECT auth.uid()) is called once.`, severity: 'warning', fixed: `
CREATE POLICY own ON notes FOR SELECT USING (owner = (SELECT auth.uid())) WITH CHECK (tenant = (SELECT tenant_of('x')));` },
    `
ALTER POLICY old ON notes USING (tenant = current_setting('app.tenant', true)::bigint);
--                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    { code: `
CREATE POLICY own ON notes USING (owner = auth.uid());
--                                        ^^^^^^^^^^`, later: 3, creates: 'ALTER POLICY own ON notes USING (owner = (SELECT auth.uid()));\n' },
  ],
  clean: [
    'CREATE POLICY own ON notes USING (owner = (SELECT auth.uid()));', 'CREATE POLICY own ON notes USING (tenant = tenant_of(owner::text));', 'CREATE POLICY own ON notes USING (tenant = constant_one());',
    'CREATE POLICY own ON tiny USING (owner = auth.uid());', 'CREATE POLICY own ON notes USING (owner = auth.uid()); ALTER POLICY own ON notes USING (owner = (select auth.uid()));',
    'CREATE POLICY own ON notes USING (owner = auth.uid()); DROP POLICY own ON notes;', 'CREATE POLICY own ON notes USING (tenant = 5);',
  ],
});
