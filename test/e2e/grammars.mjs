// The injection grammars, tokenised by VS Code's own engine on top of VS Code's own grammars.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../../syntaxes');

/** Per language: code, text of a token, and whether it is SQL there (a keyword or an operator), or what else its scope says. Each text stands in the code once. */
const cases = [
  ['source.ts', 'await sql`select id from t where id = ${user.id}`;', 'select', true],
  ['source.ts', 'await sql`select id from t where id = ${user.id}`;', 'user', false],
  ['source.ts', 'db.query("UPDATE users SET name = \'x\' WHERE id = $1"); after();', 'UPDATE', true],
  ['source.ts', 'db.query("UPDATE users SET name = \'x\' WHERE id = $1"); after();', 'after', false],
  ['source.ts', 'prisma.$queryRaw<Row[]>`SELECT 1`; after();', 'SELECT', true],
  ['source.ts', 'prisma.$queryRaw<Row[]>`SELECT 1 -- don\'t`; after();', 'after', false],
  ['source.ts', 'const a = `\n  SELECT o.id\n  FROM orders o -- it\'s\n`; after();', 'FROM', true],
  ['source.ts', 'const a = `\n  SELECT o.id\n  FROM orders o -- it\'s\n`; after();', 'after', false],
  ['source.ts', 'const a = `hello ${sql`delete from t`}`;', 'delete', true],
  ['source.ts', 'const a = "Select a file from the list";', 'Select a file from the list', false],
  ['source.ts', 'const a = "Update your profile";', 'Update your profile', false],
  ['source.ts', '// sql`select 1`', 'select', false],
  ['source.ts', 'html`\n  SELECT a\n`; after();', 'after', false],
  ['source.python', 'cur.execute(f"SELECT * FROM {table} WHERE y = %s", (1,)); after()', 'SELECT', true],
  ['source.python', 'cur.execute(f"SELECT * FROM {table} WHERE y = %s", (1,)); after()', 'table', false],
  ['source.python', 'cur.execute(f"SELECT * FROM {table} WHERE y = %s", (1,)); after()', 'after', false],
  ['source.python', 'q = text("""\n  SELECT id FROM t\n  WHERE a = \'it\'\n""")\nafter()', 'WHERE', true],
  ['source.python', 'q = text("""\n  SELECT id FROM t\n  WHERE a = \'it\'\n""")\nafter()', 'after', false],
  ['source.python', 's = ("SELECT a "\n     "FROM b")', 'FROM', true],
  ['source.python', 'def f():\n    """\n    SELECT is documented\n    """\n', 'SELECT', false],
  ['source.python', 't = "Update your profile"', 'Update your profile', false],
  // Postgres' own tokens, in every host alike.
  ['source.ts', 'const q = sql`SELECT data->>\'a\'::text, $1 FROM t WHERE "Odd" = 1`;', '::', true],
  ['source.ts', 'const q = sql`SELECT data->>\'a\' FROM t`;', '->>', true],
  ['source.ts', 'const q = sql`DO $x$ BEGIN $x$`;', '$x$ BEGIN $x$', 'string'],
  ['source.ts', 'const q = sql`SELECT a FROM t WHERE id = $1`;', '$1', 'placeholder'],
  ['source.ts', 'const q = sql`SELECT a FROM "Odd name"`;', '"Odd name"', 'variable'],
  ['source.ts', 'const q = `--sql\nWITH a AS (SELECT 1) SELECT 2`;', 'WITH', true],
  ['source.ts', 'sql.type(row)`SELECT 3`; after();', 'SELECT', true],
  ['source.ts', 'Prisma.sql`DELETE FROM t`', 'DELETE', true],
  ['source.ts', 'pool.query(`SELECT 4`)', 'SELECT', true],
  ['source.ts', 'const a = "With love"; after();', 'With love', false],
  ['source.python', 'q = """--sql\nSELECT 5"""\nafter()', 'SELECT', true],
  ['source.python', 'q = """--sql\nSELECT 5"""\nafter()', 'after', false],
  ['source.python', 'cur.execute("SELECT a FROM t WHERE id = %(id)s")', '%(id)s', 'placeholder'],
  ['source.python', 'text("SELECT a FROM t WHERE b = :name")', ':name', 'placeholder'],
  ['source.python', "q = 'INSERT INTO t VALUES (1)'", 'INSERT', true],

  ['source.go', 'rows, err := db.Query(`SELECT id FROM t WHERE a = $1`, x)\nafter()', 'SELECT', true],
  ['source.go', 'rows, err := db.Query(`SELECT id FROM t WHERE a = $1`, x)\nafter()', '$1', 'placeholder'],
  ['source.go', 'rows, err := db.Query(`SELECT id FROM t WHERE a = $1`, x)\nafter()', 'after', false],
  ['source.go', 'const q = `\n\tSELECT id\n\tFROM t -- it\'s\n`\nafter()', 'FROM', true],
  ['source.go', 'const q = `\n\tSELECT id\n\tFROM t -- it\'s\n`\nafter()', 'after', false],
  ['source.go', 'db.Exec("UPDATE users SET name = \'x\'", a)', 'UPDATE', true],
  ['source.go', 'db.Exec("UPDATE users SET name = \'x\'", after)', 'after', false],
  ['source.go', 'fmt.Println("Select a file")', 'Select a file', false],
  ['source.go', '// `SELECT 1`', 'SELECT', false],
  ['source.go', 'q := "SELECT a " +\n\t"FROM b"', 'FROM', true],
  ['source.go', 'q := `SELECT a::text FROM b`', '::', true],
  ['source.go', 'q := `--sql\nDELETE FROM t`', 'DELETE', true],

  ['source.java', 'var q = """\n    SELECT id\n    FROM t\n    """;\nafter();', 'FROM', true],
  ['source.java', 'var q = """\n    SELECT id\n    FROM t\n    """;\nafter();', 'after', false],
  ['source.java', 'class A { String q = "SELECT id FROM t WHERE a = ?"; int after; }', 'SELECT', true],
  ['source.java', 'class A { String q = "SELECT id FROM t WHERE a = ?"; int after; }', '?', 'placeholder'],
  ['source.java', 'class A { String q = "SELECT id FROM t WHERE a = ?"; int after; }', 'after', false],
  ['source.java', 'class A { @Query("SELECT o FROM Order o") void f(); }', 'SELECT', true],
  ['source.java', 'class A { @Query(value = "DELETE FROM t WHERE id = :id") void f(); }', ':id', 'placeholder'],
  ['source.java', 'class A { String q = "Select a file"; }', 'Select a file', false],
  ['source.java', 'class A { String q = "SELECT a " +\n  "FROM b"; }', 'FROM', true],
  ['source.java', 'class A { String q = "INSERT INTO t (a) VALUES (1)"; }', 'INSERT', true],
  ['source.java', '// "SELECT 1"', 'SELECT', false],
  ['source.java', 'class A { String q = """\n  WITH a AS (SELECT 1)\n  UPDATE t SET b = 2\n  """; }', 'UPDATE', true],

  ['source.rust', 'let q = sqlx::query!("SELECT id FROM t WHERE a = $1", x); after();', 'SELECT', true],
  ['source.rust', 'let q = sqlx::query!("SELECT id FROM t WHERE a = $1", x); after();', '$1', 'placeholder'],
  ['source.rust', 'let q = sqlx::query!("SELECT id FROM t WHERE a = $1", x); after();', 'after', false],
  ['source.rust', 'let q = r#"\n  SELECT "id"\n  FROM t\n"#;\nafter();', 'FROM', true],
  ['source.rust', 'let q = r#"\n  SELECT "id"\n  FROM t\n"#;\nafter();', 'after', false],
  ['source.rust', 'let q = r#"SELECT "id" FROM t"#; after();', 'FROM', true],
  ['source.rust', 'let q = r"DELETE FROM t"; after();', 'DELETE', true],
  ['source.rust', 'let q = r"DELETE FROM t"; after();', 'after', false],
  ['source.rust', 'let q = "\n  UPDATE t\n  SET a = 1\n";\nafter();', 'SET', true],
  ['source.rust', 'println!("Select a file {}", x);', 'Select a file', false],
  ['source.rust', '// "SELECT 1"', 'SELECT', false],
  ['source.rust', 'query_as!(Row, "SELECT a::text FROM b")', '::', true],

  ['source.cs', 'class A { string q = @"\n  SELECT id\n  FROM t\n"; int after; }', 'FROM', true],
  ['source.cs', 'class A { string q = @"\n  SELECT id\n  FROM t\n"; int after; }', 'after', false],
  ['source.cs', 'class A { string q = "SELECT id FROM t WHERE a = @id"; int after; }', 'SELECT', true],
  ['source.cs', 'class A { string q = "SELECT id FROM t WHERE a = @id"; int after; }', '@id', 'placeholder'],
  ['source.cs', 'class A { string q = "SELECT id FROM t WHERE a = @id"; int after; }', 'after', false],
  ['source.cs', 'class A { string q = """\n  SELECT "id"\n  FROM t\n  """; int after; }', 'FROM', true],
  ['source.cs', 'class A { string q = """\n  SELECT "id"\n  FROM t\n  """; int after; }', 'after', false],
  ['source.cs', 'class A { void F() { var q = $"SELECT id FROM t WHERE a = {value}"; after(); } }', 'SELECT', true],
  ['source.cs', 'class A { void F() { var q = $"SELECT id FROM t WHERE a = {value}"; after(); } }', 'value', false],
  ['source.cs', 'class A { void F() { var q = $"SELECT id FROM t WHERE a = {value}"; after(); } }', 'after', false],
  ['source.cs', 'class A { string q = @"SELECT ""a"" FROM t"; int after; }', 'FROM', true],
  ['source.cs', 'class A { string q = "Select a file"; }', 'Select a file', false],

  ['source.ruby', 'q = "SELECT id FROM t WHERE a = #{value}"\nafter', 'SELECT', true],
  ['source.ruby', 'q = "SELECT id FROM t WHERE a = #{value}"\nafter', 'value', false],
  ['source.ruby', 'q = "SELECT id FROM t WHERE a = #{value}"\nafter', 'after', false],
  ['source.ruby', "q = 'DELETE FROM t WHERE a = ?'\nafter", 'DELETE', true],
  ['source.ruby', "q = 'DELETE FROM t WHERE a = ?'\nafter", '?', 'placeholder'],
  ['source.ruby', 'find_by_sql("UPDATE t SET a = 1 WHERE b = :c")', ':c', 'placeholder'],
  ['source.ruby', 'q = "Select a file"', 'Select a file', false],
  ['source.ruby', '# "SELECT 1"', 'SELECT', false],
  ['source.ruby', 'q = "SELECT a " \\\n  "FROM b"', 'FROM', true],
  ['source.ruby', 'q = "SELECT a::text FROM b"', '::', true],
  ['source.ruby', "Order.where('created_at > ?')", 'created_at', false],
  ['source.ruby', 'q = <<~SQL\n  SELECT id FROM t\nSQL\nafter', 'after', false],
];

/** Tests as the runner takes them; `vscode` is the root of an installed VS Code. */
export function grammarTests(vscode) {
  return cases.map(([scope, code, token, isSql]) => ({
    name: `${JSON.stringify(token)} is ${isSql === false ? 'not SQL' : isSql === true ? 'SQL' : isSql} in ${scope} ${JSON.stringify(code)}`,
    async run() {
      const scopes = await findScopes(vscode, scope, code, token);
      assert.ok(scopes, 'the token exists');
      const embedded = scopes.lastIndexOf('meta.embedded.inline.sql');
      const back = scopes.findLastIndex((name) => /^meta\.(template\.expression|fstring|interpolation)/.test(name));
      assert.equal(embedded > back, isSql !== false, scopes.join(' '));
      if (isSql) assert.match(scopes.at(-1), isSql === true ? /keyword/ : new RegExp(isSql));
    },
  }));
}

let registry;

async function findScopes(vscode, scope, code, token) {
  registry ??= createRegistry(vscode);
  const { grammars, initial } = await registry;
  const grammar = await grammars.loadGrammar(scope);
  let stack = initial;
  let found;
  for (const line of code.split('\n')) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    const at = line.indexOf(token);
    found ??= at < 0 ? undefined : tokens.find(({ startIndex, endIndex }) => startIndex <= at && at < endIndex)?.scopes;
    stack = ruleStack;
  }
  return found;
}

async function createRegistry(vscode) {
  const require = createRequire(path.join(vscode, 'package.json'));
  const textmate = require('vscode-textmate');
  const oniguruma = require('vscode-oniguruma');
  await oniguruma.loadWASM(fs.readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')));
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, '../package.json'), 'utf8'));
  const files = {
    'source.ts': path.join(vscode, 'extensions/typescript-basics/syntaxes/TypeScript.tmLanguage.json'),
    'source.python': path.join(vscode, 'extensions/python/syntaxes/MagicPython.tmLanguage.json'),
    ...Object.fromEntries([['go', 'go', 'go'], ['java', 'java', 'java'], ['cs', 'csharp', 'csharp'], ['rust', 'rust', 'rust'], ['ruby', 'ruby', 'ruby']].map(([scope, extension, file]) => [`source.${scope}`, path.join(vscode, `extensions/${extension}/syntaxes/${file}.tmLanguage.json`)])),
    ...Object.fromEntries(manifest.contributes.grammars.map(({ scopeName, path: file }) => [scopeName, path.join(folder, '..', file)])),
  };
  const grammars = new textmate.Registry({
    onigLib: Promise.resolve({ createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns), createOnigString: (text) => new oniguruma.OnigString(text) }),
    loadGrammar: async (scope) => (files[scope] ? textmate.parseRawGrammar(fs.readFileSync(files[scope], 'utf8'), files[scope]) : null),
    getInjections: (scope) => manifest.contributes.grammars.filter(({ injectTo }) => injectTo?.includes(scope)).map(({ scopeName }) => scopeName),
  });
  return { grammars, initial: textmate.INITIAL };
}
