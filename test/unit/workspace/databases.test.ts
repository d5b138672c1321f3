import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';
import { toUri } from '../../../server/src/workspace/paths';
import { createProject } from '../../../server/src/workspace/project';
import { makeWorkspace } from '../../support/workspaceFolder';

const workspaces: { remove(): void }[] = [];
afterEach(() => workspaces.splice(0).forEach((workspace) => workspace.remove()));

/** Number of query sites per file of a workspace. */
async function sites(files: Readonly<Record<string, string>>): Promise<Record<string, number>> {
  const workspace = makeWorkspace(files);
  workspaces.push(workspace);
  const project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: {} });
  await project.scan();
  return Object.fromEntries(project.paths.map((file) => [path.relative(workspace.folder, file).replaceAll('\\', '/'), project.files.get(toUri(file))?.sites.length ?? 0]));
}

const query = "export const page = (db, n) => db.run('SELECT id FROM orders WHERE open ORDER BY id LIMIT 20 OFFSET ' + n);";
const prisma = (provider: string): string => `datasource db {\n  provider = "${provider}"\n  url = env("U")\n}\n`;
const model = 'model Order {\n  id Int @id\n  teamId Int\n}\n';
const client = "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\nexport const all = () => prisma.order.findMany({ skip: 10 });";

describe('the database a workspace speaks to', () => {
  it('the drivers of the package decide over its code', async () => {
    const found = await sites({
      'package.json': '{"private": true}',
      'shop/package.json': '{"dependencies": {"mysql2": "3"}}', 'shop/page.ts': query,
      'stats/package.json': '{"dependencies": {"pg": "8", "better-sqlite3": "9"}}', 'stats/page.ts': query,
      'web/package.json': '{"dependencies": {}}', 'web/page.ts': query,
    });
    expect(found).toEqual({ 'shop/page.ts': 0, 'stats/page.ts': 1, 'web/page.ts': 1 });
  });

  it('packages without a driver follow the others of the workspace', async () => {
    expect(await sites({ 'db/package.json': '{"dependencies": {"@libsql/client": "1"}}', 'db/index.ts': 'export const x = 1;', 'web/package.json': '{}', 'web/page.ts': query })).toMatchObject({ 'web/page.ts': 0 });
    expect(await sites({ 'package.json': '{}', 'page.ts': query })).toEqual({ 'page.ts': 1 });
  });

  it('an application of Laravel or Rails whose connections are all of another database has no queries', async () => {
    const php = "<?php\nuse Illuminate\\Support\\Facades\\DB;\nfunction page() { return DB::table('orders')->orderBy('id')->skip(10)->take(5)->get(); }\n";
    const connections = (...drivers: string[]): string => `<?php\nreturn ['connections' => [${drivers.map((driver) => `['driver' => '${driver}', 'host' => 'h'],`).join('\n')}]];\n`;
    expect((await sites({ 'app/Config/database.php': connections('mysql', 'mariadb'), 'app/page.php': php }))['app/page.php']).toBe(0);
    expect((await sites({ 'shop/config/database.php': connections('mysql'), 'shop/page.php': php, 'page.php': php }))).toMatchObject({ 'shop/page.php': 0, 'page.php': 1 });
    expect((await sites({ 'config/database.php': connections('mysql', 'pgsql', 'sqlite'), 'page.php': php }))['page.php']).toBe(1);
    const ruby = "ActiveRecord::Base.connection.execute('SELECT id FROM orders')\n";
    expect((await sites({ 'config/database.yml': 'default: &default\n  adapter: mysql2\ntest:\n  adapter: sqlite3\n', 'page.rb': ruby }))['page.rb']).toBe(0);
    expect((await sites({ 'config/database.yml': 'default:\n  adapter: <%= ENV["DB"] %>\n', 'page.rb': ruby }))['page.rb']).toBe(1);
    expect((await sites({ 'config/database.yml': 'default:\n  adapter: postgresql\n', 'page.rb': ruby }))['page.rb']).toBe(1);
  });

  it('a Prisma schema in several files for another database has no models, its client no queries', async () => {
    const found = await sites({ 'package.json': '{"dependencies": {"@prisma/client": "6"}}', 'prisma/schema/base.prisma': prisma('mysql'), 'prisma/schema/order.prisma': model, 'all.ts': client });
    expect(found['all.ts']).toBe(0);
    const postgres = await sites({ 'package.json': '{"dependencies": {"@prisma/client": "6"}}', 'prisma/schema/base.prisma': prisma('postgresql'), 'prisma/schema/order.prisma': model, 'all.ts': client });
    expect(postgres['all.ts']).toBe(1);
  });

  it('migrations whose tool wrote another dialect down, and files in its own words', async () => {
    const found = await sites({
      'drizzle/meta/_journal.json': '{"dialect": "sqlite"}', 'drizzle/0000_a.sql': 'DROP TABLE a;',
      'sqlc.yaml': 'version: "2"\nsql:\n  - engine: "mysql"\n    queries: "./queries"\n', 'queries/a.sql': 'SELECT id FROM a;',
      'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n', 'prisma/migrations/1_a/migration.sql': 'DROP TABLE a;',
      'other/a.sql': 'SELECT `id` FROM a;\nSELECT id FROM b;', 'other/b.sql': 'SELECT id FROM a;',
    });
    expect(found).toEqual({ 'drizzle/0000_a.sql': 0, 'queries/a.sql': 0, 'prisma/migrations/1_a/migration.sql': 1, 'other/a.sql': 0, 'other/b.sql': 1 });
  });

  it('files whose path names another database', async () => {
    const found = await sites({ 'riversqlite/migration/main/001_a.sql': 'DROP TABLE a;', 'migrations/mysql/001_a.sql': 'DROP TABLE a;', 'schema.sqlite.sql': 'DROP TABLE a;', 'migrations/postgres/001_a.sql': 'DROP TABLE a;', 'mysql-to-postgres/a.sql': 'DROP TABLE a;' });
    expect(found).toEqual({ 'riversqlite/migration/main/001_a.sql': 0, 'migrations/mysql/001_a.sql': 0, 'schema.sqlite.sql': 0, 'migrations/postgres/001_a.sql': 1, 'mysql-to-postgres/a.sql': 1 });
  });

  it('bundles are not read, nor what a package manager keeps', async () => {
    expect(await sites({ 'public/bundle.js': `${query}//${'x'.repeat(1_100_000)}`, 'a.ts': query })).toEqual({ 'public/bundle.js': 0, 'a.ts': 1 });
    expect(await sites({ '.yarn/releases/yarn-4.cjs': query, 'a.ts': query })).toEqual({ 'a.ts': 1 });
  });
});
