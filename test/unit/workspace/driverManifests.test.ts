import { afterAll, describe, expect, it } from 'vitest';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readDriverManifests, speaksToOther } from '../../../server/src/workspace/driverManifests';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-drivers-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

let count = 0;
async function other(files: Readonly<Record<string, string>>, ...asked: readonly string[]): Promise<readonly boolean[]> {
  const folder = path.join(root, String(count++));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
  const known = await readDriverManifests(folder);
  return asked.map((name) => speaksToOther(known, path.join(folder, name)));
}

describe('the database of a package is told by its manifests', () => {
  it.each([
    ['go.mod', 'require github.com/go-sql-driver/mysql v1.8.1', 'require github.com/jackc/pgx/v5 v5.7.1', 'cmd/main.go'],
    ['Gemfile', "source 'https://rubygems.org'\ngem 'mysql2'\n", "gem 'rails'\ngem 'pg', '~> 1.5'\n", 'app/models/user.rb'],
    ['config/database.yml', 'default:\n  adapter: mysql2\n', 'default:\n  adapter: postgresql\n', 'app/models/user.rb'],
    ['app/Config/database.php', "return ['default' => env('DB_CONNECTION', 'mysql')];", "return ['default' => env('DB_CONNECTION', 'pgsql')];", 'app/Users/Repo.php'],
    ['composer.json', '{ "require": { "ext-pdo_mysql": "*" } }', '{ "require": { "ext-pdo_pgsql": "*" } }', 'src/Repo.php'],
    ['src/App.csproj', '<PackageReference Include="Microsoft.EntityFrameworkCore.SqlServer" />', '<PackageReference Include="Npgsql.EntityFrameworkCore.PostgreSQL" />', 'src/Repo.cs'],
    ['Cargo.toml', 'sqlx = { version = "0.8", features = ["runtime-tokio", "mysql"] }', 'sqlx = { version = "0.8", features = ["postgres"] }', 'src/main.rs'],
    ['pom.xml', '<artifactId>mysql-connector-j</artifactId>', '<groupId>org.postgresql</groupId>', 'src/main/java/Repo.java'],
  ])('%s', async (manifest, mysql, postgres, file) => {
    expect(await other({ [manifest]: mysql }, file)).toEqual([true]);
    expect(await other({ [manifest]: postgres }, file)).toEqual([false]);
    expect(await other({ [manifest]: `${mysql}\n${postgres}` }, file)).toEqual([false]);
  });
  it('the deepest folder decides, each language for itself, and nothing said is no other database', async () => {
    const files = { 'go.mod': 'require github.com/lib/pq v1', 'tools/go.mod': 'require modernc.org/sqlite v1', 'Gemfile': "gem 'sqlite3'" };
    expect(await other(files, 'main.go', 'tools/x.go', 'lib/a.rb', 'src/Main.java')).toEqual([false, true, true, false]);
  });
  it('a package without a driver follows the others of its language', async () => {
    expect(await other({ 'a/go.mod': 'require github.com/go-sql-driver/mysql v1', 'b/go.mod': 'module b' }, 'b/x.go')).toEqual([true]);
    expect(await other({ 'a/go.mod': 'require github.com/go-sql-driver/mysql v1', 'c/go.mod': 'require github.com/lib/pq v1', 'b/go.mod': 'module b' }, 'b/x.go')).toEqual([false]);
  });
});
