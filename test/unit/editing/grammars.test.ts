import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { INITIAL, parseRawGrammar, Registry } from 'vscode-textmate';
import { createOnigScanner, createOnigString, loadWASM } from 'vscode-oniguruma';

const root = path.resolve(import.meta.dirname, '../../..');
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { contributes: { grammars: { scopeName: string; path: string; injectTo?: string[] }[] } };
const { grammars } = manifest.contributes;

const wasm = fs.readFileSync(createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm'));
const registry = new Registry({
  onigLib: loadWASM(wasm).then(() => ({ createOnigScanner, createOnigString })),
  // The host's own grammar is not here; VS Code's are tested end to end (test/e2e/grammars.mjs). Comments are all that is needed of it.
  loadGrammar: (scope) => Promise.resolve(parseRawGrammar(own(scope) ?? JSON.stringify({ scopeName: scope, patterns: [{ name: 'comment.line', match: '(//|#(?![\\w"])).*$' }], repository: { expression: { patterns: [{ name: 'variable.other', match: '[a-z]+' }] } } }), `${scope}.json`)),
  getInjections: (scope) => grammars.filter(({ injectTo }) => injectTo?.includes(scope)).map(({ scopeName }) => scopeName),
});
const own = (scope: string): string | undefined => {
  const found = grammars.find(({ scopeName }) => scopeName === scope);
  return found && fs.readFileSync(path.join(root, found.path), 'utf8');
};

/** Text of each token inside SQL, with the last word of its scope. */
async function sqlIn(scope: string, code: string): Promise<string> {
  const grammar = await registry.loadGrammar(scope);
  let stack = INITIAL;
  const found: string[] = [];
  for (const line of code.split('\n')) {
    const { tokens, ruleStack } = grammar!.tokenizeLine(line, stack);
    stack = ruleStack;
    for (const { startIndex, endIndex, scopes } of tokens) {
      const embedded = scopes.lastIndexOf('meta.embedded.inline.sql');
      const back = scopes.findLastIndex((name) => /^meta\.(template\.expression|fstring)/.test(name));
      const text = line.slice(startIndex, endIndex).trim();
      if (embedded > back && text !== '') found.push(`${text}/${(scopes.at(-1) ?? '').split('.')[embedded === scopes.length - 1 ? 0 : 1]}`);
    }
  }
  return found.join(' ');
}

const PLAIN = 'SELECT/other id/meta FROM/other t/meta';
const hosts: readonly (readonly [scope: string, code: string, tokens: string])[] = [
  ['source.ts', 'sql`SELECT id FROM t` x', PLAIN],
  ['source.ts', 'f("SELECT id FROM t", a)', PLAIN],
  ['source.ts', 'sql`DELETE FROM t WHERE a = ${select}`', 'DELETE/other FROM/other t/meta WHERE/other a/meta =/operator'],
  ['source.ts', 'sql`SELECT a->>\'k\'::text, b ? \'k\' FROM "T" WHERE c = $1`', 'SELECT/other a/meta ->>/operator \'k\'/quoted ::/operator text/type , b/meta ?/operator \'k\'/quoted FROM/other "T"/other WHERE/other c/meta =/operator $1/other'],
  ['source.tsx', '<p>{sql`SELECT id FROM t`}</p>', PLAIN],
  ['source.js', '/* sql */ `SELECT id FROM t`', PLAIN],
  ['source.js', '"Select a file"', ''],
  ['source.python', 'execute("""\n  SELECT id\n  FROM t\n""") x', PLAIN],
  ['source.python', 'f(f"SELECT id FROM t WHERE a = {b}")', `${PLAIN} WHERE/other a/meta =/operator`],
  ['source.python', 'f("SELECT id FROM t WHERE a = %(b)s AND c = :d")', `${PLAIN} WHERE/other a/meta =/operator %(b)s/other AND/other c/meta =/operator :d/other`],
  ['source.go', 'q := `SELECT id FROM t` + x', PLAIN],
  ['source.go', 'q := `\n  SELECT id\n  FROM t\n` + x', PLAIN],
  ['source.go', 'q := "SELECT id FROM t"', PLAIN],
  ['source.java', 'String q = """\n  SELECT id\n  FROM t\n  """;', PLAIN],
  ['source.java', 'f("SELECT id FROM t WHERE a = ?", x)', `${PLAIN} WHERE/other a/meta =/operator ?/other`],
  ['source.rust', 'query!(r#"SELECT id FROM t"#, x)', PLAIN],
  ['source.rust', 'query!("SELECT id\n  FROM t", x)', PLAIN],
  ['source.cs', 'var q = @"\n  SELECT id\n  FROM t";', PLAIN],
  ['source.cs', 'var q = """\n  SELECT id\n  FROM t\n  """;', PLAIN],
  ['source.cs', 'var q = "SELECT id FROM t WHERE a = @b";', `${PLAIN} WHERE/other a/meta =/operator @b/other`],
  ['source.ruby', 'q = "SELECT id FROM t WHERE a = #{b}"', `${PLAIN} WHERE/other a/meta =/operator`],
  ['source.ruby', "q = 'SELECT id FROM t'", PLAIN],
];

describe('SQL in strings', () => {
  it.each(hosts)('%s: %s', async (scope, code, tokens) => {
    const compact = (text: string): string => text.replaceAll(/\s+/g, ' ');
    expect(compact(await sqlIn(scope, code))).toBe(tokens);
  });
  it.each([...new Set(hosts.map(([scope]) => scope))])('%s: nothing in comments', async (scope) => {
    expect(await sqlIn(scope, '// "SELECT id FROM t"')).toBe('');
  });
});

it('the grammars are those that the script writes, and all of them are contributed', () => {
  const { status, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts/grammars.mjs'), '--check'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(grammars.map(({ path: file }) => path.basename(file)).sort()).toEqual(fs.readdirSync(path.join(root, 'syntaxes')).sort());
});
