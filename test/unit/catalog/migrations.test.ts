import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import { collectSchemaSteps, detectMigrationTarget, findAlembicHead, findSchemaSources, renderMigration, renderMigrations } from '../../../server/src/core/catalog/migrations';
import { compareMigrations } from '../../../server/src/core/catalog/schemaSources';
import type { MigrationTarget } from '../../../server/src/core/lint/rule';
import { splitStatements } from '../../../server/src/core/sql/split';
import { changesOf, statementsOf } from './schema';

const parser = { split: splitStatements, schemaChanges: changesOf };
const create = 'CREATE INDEX CONCURRENTLY t_a_idx ON app.t (a)';
const target = (format: MigrationTarget['format'], existing: readonly string[], more: Partial<MigrationTarget> = {}): MigrationTarget => ({ folder: 'db/migrations', format, existing, ...more });
const now = '2026-11-20T10:30:00.000Z';

describe('findSchemaSources', () => {
  it('finds folders and files, in running order, without the way back', () => {
    expect(findSchemaSources(['README.md', 'db/migrations/10_c.sql', 'db/migrations/9_b.sql', 'db/migrations/9_b.down.sql', 'db/schema.sql', 'test/fixtures/schema.sql', 'queries/users.sql', 'src/init.sql'])).toEqual([
      { kind: 'migrations', path: 'db/migrations', files: ['db/migrations/9_b.sql', 'db/migrations/10_c.sql'] },
      { kind: 'schema', path: 'db/schema.sql', files: ['db/schema.sql'] },
      { kind: 'schema', path: 'src/init.sql', files: ['src/init.sql'] },
    ]);
  });
  it.each([
    ['prisma', ['prisma/migrations/20240101000000_a/migration.sql', 'prisma/migrations/20230101000000_b/migration.sql'], 'prisma/migrations', 'prisma/migrations/20230101000000_b/migration.sql'],
    ['flyway', ['src/main/resources/db/migration/V10__x.sql', 'src/main/resources/db/migration/V2.1__y.sql', 'src/main/resources/db/migration/R__v.sql', 'src/main/resources/db/migration/U10__x.sql'], 'src/main/resources/db/migration', 'src/main/resources/db/migration/V2.1__y.sql'],
    ['golang-migrate', ['migrations/000002_b.up.sql', 'migrations/000001_a.up.sql', 'migrations/000001_a.down.sql'], 'migrations', 'migrations/000001_a.up.sql'],
    ['diesel', ['migrations/2024-01-02-000000_b/up.sql', 'migrations/2024-01-01-000000_a/up.sql', 'migrations/2024-01-01-000000_a/down.sql'], 'migrations', 'migrations/2024-01-01-000000_a/up.sql'],
    ['numbered', ['sql/000001.sql', 'sql/000002.sql', 'sql/000003.sql'], 'sql', 'sql/000001.sql'],
  ])('%s', (_, paths, folder, first) => {
    const [source] = findSchemaSources(paths);
    expect([source?.path, source?.files[0]]).toEqual([folder, first]);
    expect(source?.files.some((file) => /down|U10/.test(file))).toBe(false);
  });
  it('orders versions by number', () => {
    expect(['V1.10__a.sql', 'R__z.sql', 'V1.9__b.sql', 'V1.9.1__c.sql'].sort(compareMigrations)).toEqual(['V1.9__b.sql', 'V1.9.1__c.sql', 'V1.10__a.sql', 'R__z.sql']);
  });
});

describe('collectSchemaSteps', () => {
  it('runs the way up only, with exact places', () => {
    const text = '-- +goose Up\ncreate table é (a int);\n-- x\ncreate index i on é (a);\n-- +goose Down\ndrop table é;\n';
    const steps = collectSchemaSteps([{ uri: 'file:///m/1.sql', text }, { uri: 'file:///m/1.down.sql', text: 'drop table é;' }], parser);
    expect(steps.map((step) => text.slice(step.site?.span.start, step.site?.span.end))).toEqual(['create table é (a int)', 'create index i on é (a)']);
    expect(buildCatalog({ source: 'migrations', label: 'm', steps }).tables.get('public.é')?.indexes[0]).toMatchObject({ name: 'i', definedAt: { uri: 'file:///m/1.sql' } });
  });
  it('reads the guard that generators write round ADD CONSTRAINT, and leaves other DO blocks alone', () => {
    const guard = 'DO $$ BEGIN\n ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);\nEXCEPTION\n WHEN duplicate_object THEN null;\nEND $$;';
    expect(changesOf(guard)).toMatchObject([{ type: 'add-constraint', constraint: { name: 'u', columns: ['a'] } }]);
    for (const other of ['do $$ begin if true then alter table t drop column a; end if; end $$', "do $$ begin execute 'drop table t'; end $$", 'do $$ declare x int; begin alter table t drop column a; end $$', 'do $$ begin x := 1; alter table t drop column a; end $$', 'do $$ begin perform f(); end $$'])
      expect(changesOf(other)).toEqual([]);
  });
});

describe('detectMigrationTarget', () => {
  const detect = (files: Readonly<Record<string, string>>) => detectMigrationTarget(Object.keys(files), (path) => files[path]);
  it.each([
    ['goose', { 'm/migrations/001_a.sql': '-- +goose Up\nselect 1;\n-- +goose Down' }],
    ['dbmate', { 'db/migrations/20240101000000_a.sql': '-- migrate:up\nselect 1;\n-- migrate:down' }],
    ['sqlx', { 'migrations/20240101000000_a.sql': 'select 1', 'Cargo.toml': '' }],
    ['prisma', { 'prisma/migrations/20240101000000_a/migration.sql': 'select 1', 'prisma/migrations/migration_lock.toml': '' }],
    ['flyway', { 'db/migration/V1__a.sql': 'select 1' }],
    ['plain', { 'db/migrations/0001_a.sql': 'select 1' }],
    ['knex', { 'migrations/20240101000000_a.ts': "import type { Knex } from 'knex';\nexport async function up(knex: Knex) {}" }],
    ['alembic', { 'alembic/versions/abc_a.py': 'revision = "abc"\ndown_revision = None\n', 'alembic/versions/def_b.py': 'revision: str = "def"\ndown_revision: Union[str, None] = "abc"\n' }],
  ])('%s', (format, files) => expect(detect(files)?.format).toBe(format));
  it('writes nothing where the tool keeps a journal, or where there is no folder', () => {
    expect(detect({ 'drizzle/0000_a.sql': 'select 1', 'drizzle/meta/_journal.json': '{}' })).toBeUndefined();
    expect(detect({ 'src/a.ts': '' })).toBeUndefined();
    const php = (use: string, parent: string) => detect({ 'database/migrations/2024_01_01_000000_a.php': `<?php\nuse ${use};\nclass A extends ${parent} {}\n` });
    expect([php('Illuminate\\Database\\Migrations\\Migration', 'Migration')?.format, php('yii\\db\\Migration', 'Migration')?.format]).toEqual(['laravel', undefined]);
  });
  it('knows the head of alembic, and that branches have none', () => {
    expect(findAlembicHead(['revision = "a"\ndown_revision = None', "revision = 'b'\ndown_revision = 'a'", 'revision = "m"\ndown_revision = ("b", "c")', 'revision = "c"\ndown_revision = "a"'])).toBe('m');
    expect(findAlembicHead(['revision = "a"\ndown_revision = None', 'revision = "b"\ndown_revision = None'])).toBeUndefined();
  });
});

describe('renderMigration', () => {
  const render = (to: MigrationTarget) => renderMigrations(to, { name: 't_a_idx', statements: [create] }, now);
  it('goose', () => expect(render(target('goose', ['20240101000000_a.sql']))).toEqual([{ path: 'db/migrations/20261120103000_t_a_idx.sql', text: `-- +goose NO TRANSACTION\n-- +goose Up\n${create};\n\n-- +goose Down\nDROP INDEX CONCURRENTLY IF EXISTS app.t_a_idx;\n` }]));
  it('dbmate', () => expect(render(target('dbmate', []))[0]?.text).toBe(`-- migrate:up transaction:false\n${create};\n\n-- migrate:down transaction:false\nDROP INDEX CONCURRENTLY IF EXISTS app.t_a_idx;\n`));
  it('sqlx', () => expect(render(target('sqlx', ['20240101000000_a.up.sql', '20240101000000_a.down.sql'])).map((file) => [file.path, file.text])).toEqual([
    ['db/migrations/20261120103000_t_a_idx.up.sql', `-- no-transaction\n${create};\n`], ['db/migrations/20261120103000_t_a_idx.down.sql', '-- no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS app.t_a_idx;\n']]));
  it('prisma: one statement per file', () => {
    const files = renderMigrations(target('prisma', ['20240101000000_a']), { name: 'x', statements: ['CREATE EXTENSION IF NOT EXISTS pg_trgm', create] }, now);
    expect(files).toEqual([{ path: 'db/migrations/20261120103000_x_1/migration.sql', text: 'CREATE EXTENSION IF NOT EXISTS pg_trgm;\n' }, { path: 'db/migrations/20261120103001_x/migration.sql', text: `${create};\n` }]);
    expect(renderMigration(target('prisma', []), { name: 'x', statements: [create] }, now)?.text).toBe(`${create};\n`);
  });
  it('flyway', () => expect(render(target('flyway', ['V1__a.sql', 'V9__b.sql', 'R__c.sql']))).toEqual([{ path: 'db/migrations/V10__t_a_idx.sql', text: `${create};\n` }, { path: 'db/migrations/V10__t_a_idx.sql.conf', text: 'executeInTransaction=false\n' }]));
  it('knex', () => {
    expect(render(target('knex', ['20240101000000_a.js']))[0]?.text).toBe(`exports.up = async function (knex) {\n  await knex.raw(\`${create}\`);\n};\n\nexports.down = async function (knex) {\n  await knex.raw(\`DROP INDEX CONCURRENTLY IF EXISTS app.t_a_idx\`);\n};\n\nexports.config = { transaction: false };\n`);
    expect(render(target('knex', ['20240101000000_a.ts']))[0]?.text).toContain('export async function up(knex: Knex): Promise<void> {');
  });
  it('alembic', () => {
    const [file] = render(target('alembic', ['abc_a.py'], { head: 'abc' }));
    expect(file?.path).toMatch(/^db\/migrations\/[0-9a-f]{12}_t_a_idx\.py$/);
    expect(file?.text).toContain(`down_revision = "abc"`);
    expect(file?.text).toContain(`    with op.get_context().autocommit_block():\n        op.execute("${create}")\n`);
    expect(render(target('alembic', []))).toEqual([]);
  });
  it('plain: counted up, in folders for diesel', () => {
    expect(render(target('plain', ['0009_a.sql', '0010-b.sql']))[0]?.path).toBe('db/migrations/0011-t_a_idx.sql');
    expect(render(target('plain', []))[0]?.path).toBe('db/migrations/0001_t_a_idx.sql');
    expect(render(target('plain', ['2024-01-01-000000_a/up.sql'])).map((file) => file.path)).toEqual(['up.sql', 'down.sql', 'metadata.toml'].map((name) => `db/migrations/2026-11-20-103000_t_a_idx/${name}`));
  });
  it('keeps diesel\'s counter', () => {
    expect(render(target('plain', ['2027-01-01-000000-0003_a/up.sql']))[0]?.path).toBe('db/migrations/2027-01-01-000001-0000_t_a_idx/up.sql');
  });
  it('follows the newest migration without a clock', () => {
    expect(renderMigration(target('goose', ['20241231235959_a.sql']), { name: 'x', statements: [create] })?.path).toBe('db/migrations/20250101000000_x.sql');
  });
  it('keeps a transaction where nothing is concurrent', () => {
    expect(renderMigration(target('goose', ['001_a.sql']), { name: 'x y', statements: ['alter table t add a int'] })).toEqual({ path: 'db/migrations/002_x_y.sql', text: '-- +goose Up\nalter table t add a int;\n\n-- +goose Down\n\n' });
    expect(statementsOf('a;\nb')).toEqual(['a', 'b']);
  });
});
