// Lint: the import directions of ARCHITECTURE.md, one owner per outside library, and the size limit. (Import cycles: .oxlintrc.json, for its speed.)
import importPlugin from 'eslint-plugin-import';
import tseslint from 'typescript-eslint';

const root = import.meta.dirname;
/** target may not import from the listed folders. */
const directions = {
  './protocol': ['./client', './server', './test'],
  './client/src': ['./server', './client/webview'],
  './client/webview': ['./client/src', './server/src/parser', './server/src/db', './server/src/twin', './server/src/workspace', './server/src/lsp', './server/src/cli'],
  './server/src/core': ['./client', './protocol', './server/src/parser', './server/src/db', './server/src/twin', './server/src/workspace', './server/src/lsp', './server/src/cli'],
  './server/src/parser': ['./client', './protocol', './server/src/db', './server/src/twin', './server/src/workspace', './server/src/lsp', './server/src/cli'],
  './server/src/db': ['./client', './protocol', './server/src/parser', './server/src/workspace', './server/src/lsp', './server/src/cli'],
  './server/src/twin': ['./client', './protocol', './server/src/parser', './server/src/db', './server/src/workspace', './server/src/lsp', './server/src/cli'],
  './server/src/workspace': ['./client', './protocol', './server/src/lsp', './server/src/cli'],
  './server/src/lsp': ['./client', './server/src/cli', './server/src/db', './server/src/twin', './server/src/parser'],
  './server/src/cli': ['./client', './protocol', './server/src/lsp', './server/src/db', './server/src/twin', './server/src/parser'],
};
/** Of the twin, the folder that opens sockets knows what a planning server is asked and how its files look, and nothing else. */
const twinPort = { target: './server/src/db', from: './server/src/twin', except: ['./planningServer.ts', './twin.ts', './statistics.ts', './extensions.ts', './collations.ts', './child/protocol.ts', './child/btree.ts'] };
/** Outside libraries and the one folder that may import each. */
const owners = {
  pg: 'server/src/db',
  '@redis/client': 'server/src/db',
  '@electric-sql/pglite': 'server/src/twin',
  'libpg-query': 'server/src/parser',
  'pgsql-ast-parser': 'server/src/parser',
  '@vscode/tree-sitter-wasm': 'server/src/parser',
  'vscode-languageserver': 'server/src/lsp',
  'vscode-languageserver-textdocument': 'server/src/lsp',
  'vscode-languageclient': 'client/src',
  vscode: 'client/src',
  commander: 'server/src/cli',
  picocolors: 'server/src/cli',
};
const sources = ['client/src', 'client/webview', 'protocol', 'server/src/core', 'server/src/parser', 'server/src/db', 'server/src/twin', 'server/src/workspace', 'server/src/lsp', 'server/src/cli'];
const nodeOnly = { regex: '^node:|^(fs|path|os|child_process|worker_threads|url|crypto|http|net|stream|process)$', message: 'This folder is pure: no Node.' };

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'examples/**', '.cache/**', '.vscode-test/**', 'test-results/**', 'test/fixtures/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,mjs}'],
    plugins: { import: importPlugin },
    settings: { 'import/ignore': ['@electric-sql/pglite'], 'import/parsers': { '@typescript-eslint/parser': ['.ts', '.mts'] }, 'import/resolver': { node: { extensions: ['.ts', '.d.ts', '.mts', '.mjs', '.js', '.json'] } } },
    rules: {
      'max-lines': ['error', 500],
      'import/no-default-export': 'off',
      'import/no-restricted-paths': ['error', { basePath: root, zones: [twinPort, ...Object.entries(directions).flatMap(([target, froms]) => froms.map((from) => ({ target, from })))] }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  ...sources.map((folder) => ({
    files: [`${folder}/**/*.ts`],
    rules: {
      'import/no-default-export': 'error',
      'no-restricted-imports': ['error', {
        patterns: [
          ...Object.entries(owners).filter(([, owner]) => owner !== folder).map(([name]) => ({ regex: `^${name.replaceAll('/', '\\/')}(\\/|$)`, message: `Only ${owners[name]} imports ${name}.` })),
          ...(folder === 'server/src/core' || folder === 'client/webview' || folder === 'protocol' ? [nodeOnly] : []),
        ],
      }],
    },
  })),
  { files: ['server/src/core/rules/*.ts'], ignores: ['server/src/core/rules/index.generated.ts'], rules: { 'import/no-restricted-paths': ['error', { basePath: root, zones: [{ target: './server/src/core/rules', from: './server/src/core/rules', message: 'Rules never import rules.' }, ...directions['./server/src/core'].map((from) => ({ target: './server/src/core', from }))] }] } },
  { files: ['**/*.mjs'], ...tseslint.configs.disableTypeChecked },
);
