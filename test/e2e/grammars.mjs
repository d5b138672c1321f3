// The injection grammars, tokenised by VS Code's own engine on top of VS Code's own grammars.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../../syntaxes');

/** Per language: code, text of a token, and whether it is SQL there. Each text stands in the code once. */
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
];

/** Tests as the runner takes them; `vscode` is the root of an installed VS Code. */
export function grammarTests(vscode) {
  return cases.map(([scope, code, token, isSql]) => ({
    name: `${JSON.stringify(token)} is ${isSql ? '' : 'not '}SQL in ${JSON.stringify(code)}`,
    async run() {
      const scopes = await findScopes(vscode, scope, code, token);
      assert.ok(scopes, 'the token exists');
      const embedded = scopes.lastIndexOf('meta.embedded.inline.sql');
      const back = scopes.findLastIndex((name) => /^meta\.(template\.expression|fstring)/.test(name));
      assert.equal(embedded > back, isSql, scopes.join(' '));
      if (isSql) assert.match(scopes.at(-1), /keyword/);
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
    ...Object.fromEntries(manifest.contributes.grammars.map(({ scopeName, path: file }) => [scopeName, path.join(folder, '..', file)])),
  };
  const grammars = new textmate.Registry({
    onigLib: Promise.resolve({ createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns), createOnigString: (text) => new oniguruma.OnigString(text) }),
    loadGrammar: async (scope) => (files[scope] ? textmate.parseRawGrammar(fs.readFileSync(files[scope], 'utf8'), files[scope]) : null),
    getInjections: (scope) => manifest.contributes.grammars.filter(({ injectTo }) => injectTo?.includes(scope)).map(({ scopeName }) => scopeName),
  });
  return { grammars, initial: textmate.INITIAL };
}
