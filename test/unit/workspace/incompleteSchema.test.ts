import { afterEach, expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';
import { createProject } from '../../../server/src/workspace/project';
import { makeWorkspace } from '../../support/workspaceFolder';

const workspaces: { remove(): void }[] = [];
afterEach(() => workspaces.splice(0).forEach((workspace) => workspace.remove()));

const rulesOf = (more: Readonly<Record<string, string>>): Promise<readonly string[]> =>
  rulesIn({
    'db/migrations/20240101000000_init.sql': 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, note text);',
    'queries.sql': 'SELECT note FROM orders WHERE customer_id = $1 LIMIT 10;', ...more,
  }, 'queries.sql');

async function rulesIn(files: Readonly<Record<string, string>>, file: string): Promise<readonly string[]> {
  const workspace = makeWorkspace(files);
  workspaces.push(workspace);
  const project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: {} });
  await project.scan();
  const result = await project.lint(workspace.path(file));
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

it('what pg_dump wrote is the schema under any name, but for the tables that migrations in code index afterwards', async () => {
  const dump = '--\n-- PostgreSQL database dump\n--\n\nSET lock_timeout = 0;\nCREATE TABLE public."Orders" (id bigint NOT NULL, customer_id bigint NOT NULL, note text);\nALTER TABLE ONLY public."Orders" ADD CONSTRAINT orders_pkey PRIMARY KEY (id);\n';
  const model = "import { DataTypes, Sequelize } from 'sequelize';\nconst sequelize = new Sequelize('postgres://localhost/shop');\nexport const Order = sequelize.define('Order', { id: { type: DataTypes.BIGINT, primaryKey: true }, customer_id: DataTypes.BIGINT, note: DataTypes.TEXT }, { tableName: 'Orders', timestamps: false });\nexport const notes = (customer_id: string) => Order.findAll({ where: { customer_id }, attributes: ['note'], limit: 10 });\n";
  const index = 'CREATE INDEX orders_customer ON public."Orders" (customer_id);\n';
  const program = "module.exports = { up: (queryInterface) => queryInterface.addIndex('Orders', ['customer_id']) };\n";
  const files = (more: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({ 'package.json': '{ "dependencies": { "sequelize": "6.37.0", "pg": "8.11.0" } }', 'src/order.ts': model, ...more });
  const found = (more: Readonly<Record<string, string>>): Promise<readonly string[]> => rulesIn(files(more), 'src/order.ts');
  expect(await found({})).toContain('unindexed-predicate');
  expect(await found({ 'assets/baseline.sql': dump })).toContain('unindexed-predicate');
  expect(await found({ 'assets/baseline.sql': dump + index })).not.toContain('unindexed-predicate');
  expect(await found({ 'assets/baseline.sql': dump, 'migrations/20240301-index.js': program })).not.toContain('unindexed-predicate');
  // Sequelize's models do not say what its migrations, written by hand, index.
  expect(await found({ 'migrations/20240301-other.js': 'module.exports = { up: () => {} };' })).not.toContain('unindexed-predicate');
});
