import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { adapters } from '../server/src/core/libraries';
import { isCommonLanguage } from '../server/src/core/hosts/syntax';
import { rules } from '../server/src/core/rules/index.generated';
import { textDrivers } from './support/textDrivers';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');

describe('ARCHITECTURE.md', () => {
  const named = [...new Set([...read('ARCHITECTURE.md').matchAll(/`((?:client|server|protocol|test|scripts|docs)\/[\w./-]*|eslint\.config\.mjs)`/g)].map((m) => m[1] ?? ''))];
  it('names files', () => expect(named.length).toBeGreaterThan(20));
  it.each(named)('%s exists', (file) => expect(fs.existsSync(path.join(root, file))).toBe(true));
});

describe('README.md', () => {
  it.each([...read('README.md').matchAll(/npm run ([\w:]+)/g)].map((m) => m[1] ?? ''))('npm run %s is a script', (name) => {
    expect(Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts)).toContain(name);
  });
  it.each([...read('README.md').matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((m) => m[1] ?? ''))('links to %s', (target) => {
    expect(fs.existsSync(path.join(root, target))).toBe(true);
  });
});

describe('rules, settings and pages are one', () => {
  const manifest = JSON.parse(read('package.json')) as { contributes: { configuration: unknown } };
  it.each(rules.map((r) => r.id))('%s has a file, a test, a page and a setting', (id) => {
    for (const file of [`server/src/core/rules/${id}.ts`, `test/rules/${id}.test.ts`, `docs/rules/${id}.md`]) expect(fs.existsSync(path.join(root, file)), file).toBe(true);
    expect(JSON.stringify(manifest.contributes.configuration)).toContain(`"${id}"`);
    expect(read('schemas/sargable.schema.json')).toContain(`"${id}"`);
  });
});

const camelCase = (id: string): string => id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** A list of proofs for `proveRewrites` with one that stands for the same rows. */
const provesSafe = (text: string, name: string): boolean =>
  text.includes('proveRewrites') && [...text.matchAll(new RegExp(`^prove\\(${name}, \\[([\\s\\S]*?)^\\]\\)`, 'gm'))].some(([, list = '']) => list.split('\n').some((line) => /^\s*(?:\.\.\..*=>\s*)?["'`{]/.test(line) && !/\bkind: 'review'|\bchanges:/.test(line)));

describe('every fix has been run', () => {
  const proofs = fs.readdirSync(path.join(root, 'test/proofs')).filter((name) => name !== 'examples.test.ts').map((name) => read(`test/proofs/${name}`));
  // The loops are proved with both rules of the workspace that they are written in.
  if (proofs.some((text) => text.includes('/flowWorkspace'))) proofs.push(read('test/support/flowWorkspace.ts'));
  it.each(rules.filter((rule) => rule.fixKinds).map((rule) => [rule.id, rule] as const))('%s', (id, { scope, fixKinds = [], docs }) => {
    // DDL has no result to compare: its examples are run by test/proofs/examples.test.ts. Whatever changes a statement or code is compared.
    const isDdl = (scope === 'migration' && !fixKinds.includes('safe')) || fixKinds.every((kind) => kind === 'new');
    const isRun = isDdl && docs.bad.some(({ language, schema }) => language === 'sql' && (schema !== undefined || scope === 'migration'));
    // Where a proof takes the rule, not where it may name it among others: an import, a call, a row of a table.
    const taken = new RegExp(`/rules/${id}'|\\bfix(?:ed)?\\('${id}'|^\\s*\\['${id}',|\\brule\\.id === '${id}'`, 'm');
    const own = proofs.filter((text) => taken.test(text));
    expect(isRun || own.length > 0, 'no file of test/proofs runs its fix').toBe(true);
    // What is called safe is compared as that: `proveRewrites` wants it of every proof that names no other kind.
    const isSafe = (text: string): boolean => /\bkind\b.*toBe\('safe'\)/.test(text) || new RegExp(`\\bprove\\(${camelCase(id)}, 'safe'`).test(text) || provesSafe(text, camelCase(id));
    if (fixKinds.includes('safe')) expect(own.some(isSafe), 'no proof runs a fix that is called safe').toBe(true);
  });
});

describe('adapters of JavaScript libraries are compared with the libraries', () => {
  const folder = 'test/hosts/libraries';
  const text = fs.readdirSync(path.join(root, folder)).map((name) => read(`${folder}/${name}`)).join('\n');
  // `test/support/adapterCases.ts` wants fifteen cases and five pieces of other code of each.
  const own = adapters.filter((adapter) => adapter.languages.includes('typescript')).map((adapter) => adapter.id);
  const generated: Readonly<Record<string, readonly string[]>> = { drizzle: ['drizzle ${major}', 'drizzle 0.45 relational', 'drizzle 1.0 relational'], typeorm: ['typeorm 1', 'typeorm 0.3'], sequelize: ['sequelize', 'sequelize sequelize-typescript'], prisma: ['prisma 7'] };
  it.each([...new Set(own)])('%s', (id) => {
    const compared = text.match(/compared\(['`][^'`]+['`]/g)?.map((match) => match.slice(10, -1)) ?? [];
    // Drivers and the two of Neon are rows of a table.
    const rows = [...text.matchAll(/^ {4}id: '([^']+)'/gm)].map((match) => match[1] ?? '');
    for (const name of generated[id] ?? [id]) expect([...compared, ...rows, ...(text.includes('compared(library, templates)') ? ['neon'] : [])]).toContain(name);
    expect(text).toMatch(new RegExp(`innocent\\('${id}'|\\['${id}', '`));
  });
});

describe('adapters of Python libraries are compared with the libraries', () => {
  const folder = 'test/hosts/python';
  const text = fs.readdirSync(path.join(root, folder)).map((name) => read(`${folder}/${name}`)).join('\n');
  /** Versions and ways of writing that differ, and libraries that stand on another's adapter. */
  const variants: Readonly<Record<string, readonly string[]>> = { psycopg: ['psycopg 3', 'psycopg2'], sqlalchemy: ['sqlalchemy 2', 'sqlalchemy core', 'sqlalchemy legacy', 'sqlmodel', 'flask-sqlalchemy'] };
  const others: Readonly<Record<string, readonly string[]>> = { ...variants, sqlalchemy: ['sqlalchemy', 'sqlmodel', 'flask-sqlalchemy'] };
  const own = adapters.filter((adapter) => adapter.languages.includes('python')).map((adapter) => adapter.id);
  it.each([...new Set(own)])('%s', (id) => {
    // Most are compared with what the library itself made of the same source (`test/fixtures/python`); drivers send their text as it is.
    for (const name of variants[id] ?? [id]) expect(text).toMatch(new RegExp(`compared(?:<[^(]*>)?\\('${name}'`));
    for (const name of others[id] ?? [id]) expect(text).toContain(`innocent('${name}'`);
  });
});

describe('adapters of the other languages have their cases', () => {
  const files = fs.readdirSync(path.join(root, 'test/hosts'), { recursive: true }).map(String).filter((name) => name.endsWith('.test.ts'));
  const text = files.map((name) => read(`test/hosts/${name}`)).join('\n');
  const recorded = new Set([...text.matchAll(/\{ fixture: '(\w+)'/g)].map((match) => (JSON.parse(read(`test/fixtures/builders/${match[1]}.json`)) as { library: string }).library));
  // Drivers of text are rows of `test/support/textDrivers.ts`, whose test wants both of each.
  const drivers = new Set(textDrivers.map((driver) => driver.library));
  const own = adapters.filter((adapter) => adapter.languages.some((language) => isCommonLanguage(language)) && !/Migrations$|-migrations$/.test(adapter.id)).map((adapter) => adapter.id);
  it.each([...new Set(own)])('%s', (id) => {
    if (drivers.has(id)) return;
    expect(recorded.has(id) || text.includes(`compared('${id}'`) || text.includes(`compared<[string, string]>('${id}'`)).toBe(true);
    expect(text).toContain(`innocent('${id}'`);
  });
});

it('no tracked file names a path of a machine or a package registry', () => {
  const files = fs.readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && !/node_modules|[\\/]\.git([\\/]|$)|[\\/]dist|\.cache|\.vscode-test|test-results/.test(`${e.parentPath}/`))
    .map((e) => path.join(e.parentPath, e.name)).filter((f) => /\.(ts|mjs|mts|json|md|sql|py|yaml|css|svg|jsonc)$/.test(f));
  const bad = files.filter((f) => /registry\.npmjs|\/home\/\w+\/|\/root\//.test(fs.readFileSync(f, 'utf8')) && !f.endsWith('repository.test.ts'));
  expect(bad).toEqual([]);
});
