import { afterEach, expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';
import { createProject } from '../../../server/src/workspace/project';
import { makeWorkspace } from '../../support/workspaceFolder';

const workspaces: { remove(): void }[] = [];
afterEach(() => workspaces.splice(0).forEach((workspace) => workspace.remove()));

async function rulesOf(more: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const workspace = makeWorkspace({
    'db/migrations/20240101000000_init.sql': 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, note text);',
    'queries.sql': 'SELECT note FROM orders WHERE customer_id = $1 LIMIT 10;', ...more,
  });
  workspaces.push(workspace);
  const project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: {} });
  await project.scan();
  const result = await project.lint(workspace.path('queries.sql'));
  return 'findings' in result ? result.findings.map((finding) => finding.rule) : [result.reason];
}

it('an index may be made by a migration that is a program: nothing is missing then', async () => {
  expect(await rulesOf({})).toContain('unindexed-predicate');
  expect(await rulesOf({ 'db/migrations/20240301000000_index.go': 'package migrations' })).not.toContain('unindexed-predicate');
  expect(await rulesOf({ 'db/migrations/helpers.go': 'package migrations', 'db/migrations/20240301000000_index_test.go': 'package migrations' })).toContain('unindexed-predicate');
});

it('where migrations are programs, the schema that sqlc is given tells what they made', async () => {
  const more = {
    'db/migrations/20240301000000_index.go': 'package migrations', 'db/sqlc.yaml': 'version: "2"\nsql:\n  - engine: postgresql\n    queries: queries.sql\n    schema:\n      - ../sql/tables.sql\n      - ../sql/more\n',
    'sql/tables.sql': 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, note text);', 'sql/more/a.sql': 'CREATE INDEX orders_note ON orders (note);',
  };
  expect(await rulesOf(more)).toContain('unindexed-predicate');
  expect(await rulesOf({ ...more, 'sql/more/a.sql': 'CREATE INDEX orders_customer ON orders (customer_id);' })).not.toContain('unindexed-predicate');
  expect(await rulesOf({ ...more, 'db/sqlc.yaml': 'version: [' })).not.toContain('unindexed-predicate');
});
