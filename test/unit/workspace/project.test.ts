import { unlinkSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hostSpan } from '../../../server/src/core/text/span';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';
import { findPoolerFile } from '../../../server/src/workspace/poolerFiles';
import { createProject, type Project } from '../../../server/src/workspace/project';
import { toUri } from '../../../server/src/workspace/paths';
import { makeWorkspace } from '../../support/workspaceFolder';

let engine: Engine;
let workspace: ReturnType<typeof makeWorkspace> | undefined;
beforeAll(async () => void (engine = await createEngine()));
afterEach(() => workspace?.remove());

async function open(files: Record<string, string>, settings = {}): Promise<Project> {
  workspace?.remove();
  workspace = makeWorkspace(files);
  const project = await createProject({ folder: workspace.folder, engine, settings, threads: 0 });
  await project.scan();
  return project;
}
const at = (name: string): string => workspace?.path(name) ?? name;
const rulesIn = async (project: Project, name: string): Promise<string[]> => {
  const result = await project.lint(at(name));
  return 'findings' in result ? result.findings.map((f) => f.rule) : [result.reason];
};

const QUERY = 'SELECT id FROM orders WHERE customer = $1 LIMIT 5;\n';
const TABLE = 'CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL);\n';

describe('the catalog of a project', () => {
  it('comes from migrations in their order and follows files that appear, change and vanish', async () => {
    const project = await open({ 'migrations/0001_a.sql': TABLE, 'q.sql': QUERY }, { assume: { orders: 500_000 } });
    expect(project.catalog?.label).toBe('migrations (1 migration)');
    expect(await rulesIn(project, 'q.sql')).toContain('unindexed-predicate');
    await project.refresh(workspace?.write('migrations/0002_b.sql', 'CREATE INDEX ON orders (customer);\n') ?? '');
    expect(await rulesIn(project, 'q.sql')).not.toContain('unindexed-predicate');
    await project.refresh(workspace?.write('migrations/0002_b.sql', 'SELECT 1 AS one;\n') ?? '');
    expect(await rulesIn(project, 'q.sql')).toContain('unindexed-predicate');
  });
  it('comes from models where there is no SQL', async () => {
    const project = await open({ 'models.py': 'from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\nclass Base(DeclarativeBase):\n    pass\n\nclass Order(Base):\n    __tablename__ = "orders"\n    id: Mapped[int] = mapped_column(primary_key=True)\n' });
    expect([...(project.catalog?.tables.keys() ?? [])]).toEqual(['public.orders']);
    expect(project.catalog?.source).toBe('models');
  });
  it('is that of the last change, even where an earlier one takes longer to read', async () => {
    const project = await open({ 'migrations/0001_a.sql': TABLE, ...Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`many/${1000 + i}_a.sql`, `CREATE TABLE t${i} (id bigint PRIMARY KEY);`])) });
    await Promise.all([project.configure({ schema: [at('many')] }), project.configure({ schema: [at('migrations')] })]);
    expect([...(project.catalog?.tables.keys() ?? [])]).toEqual(['public.orders']);
  });
  it('a table may have a name that every object has', async () => {
    const project = await open({ 'migrations/0001_a.sql': 'CREATE TABLE constructor (id bigint PRIMARY KEY, team text);\n', 'q.sql': 'SELECT id FROM constructor WHERE team = $1;\n' }, { smallTableRows: 10, assume: { other: 1 } });
    expect(project.catalog?.tables.get('public.constructor')?.rows).toBeUndefined();
    expect((await project.lint(at('q.sql')) as { readonly findings: readonly { readonly rule: string; readonly severity: string }[] }).findings).toContainEqual(expect.objectContaining({ rule: 'unindexed-predicate', severity: 'hint' }));
  });
  it('a schema that cannot be read is a problem in words, and linting goes on', async () => {
    const project = await open({ 'q.sql': 'SELECT id FROM t ORDER BY id LIMIT 5 OFFSET 500;\n' }, { schema: ['nowhere', 'q.sql'] });
    expect(project.problems).toEqual(['the schema nowhere cannot be read: it does not exist']);
    expect(await rulesIn(project, 'q.sql')).toContain('offset-pagination');
  });
});

it("a file's role is told by its path in the workspace, not by where the workspace lies", async () => {
  workspace = makeWorkspace({ 'tests/app/src/q.sql': QUERY });
  const project = await createProject({ folder: workspace.path('tests/app'), engine, settings: {}, threads: 0 });
  await project.scan();
  expect(project.files.get(toUri(workspace.path('tests/app/src/q.sql')))?.role).toBe('application');
});

it('a scan can be stopped, and says what it read', async () => {
  workspace = makeWorkspace(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}.sql`, QUERY])));
  const project = await createProject({ folder: workspace.folder, engine, settings: {}, threads: 0 });
  const abort = new AbortController();
  const summary = await project.scan({ signal: abort.signal, onProgress: (done) => done === 10 && abort.abort() });
  expect(summary.files).toBe(10);
});

it('a file that changes or goes while a scan is under way is known as it is then', async () => {
  workspace = makeWorkspace(Object.fromEntries(['a', 'b', ...Array.from({ length: 80 }, (_, i) => `c${i}`)].map((name) => [`${name}.sql`, QUERY])));
  const project = await createProject({ folder: workspace.folder, engine, settings: {}, threads: 0 });
  const told: Promise<unknown>[] = [];
  await project.scan({
    onProgress: (done) => {
      if (done !== 2) return;
      workspace?.write('a.sql', `${QUERY}${QUERY}`);
      unlinkSync(at('b.sql'));
      told.push(project.refresh(at('a.sql')), project.refresh(at('b.sql')));
    },
  });
  await Promise.all(told);
  expect(['a', 'b', 'c1'].map((name) => project.files.get(toUri(at(`${name}.sql`)))?.sites.length)).toEqual([2, undefined, 1]);
});

it('an open document is linted as it is typed, a closed one as it is saved', async () => {
  const project = await open({ 'schema.sql': TABLE, 'q.sql': QUERY });
  const uri = toUri(at('q.sql'));
  project.open(uri, 'SELECT id FROM orders WHERE customer = 1 ORDER BY id LIMIT 5 OFFSET 70;\n');
  expect(await rulesIn(project, 'q.sql')).toContain('offset-pagination');
  await project.close(uri);
  expect(await rulesIn(project, 'q.sql')).not.toContain('offset-pagination');
});

it('a text on which the reader fails has no file, and says so, until it is another text', async () => {
  const fails = (text: string): void => {
    if (text.includes('BOOM')) throw new RangeError('Maximum call stack size exceeded');
  };
  const fragile: Engine = {
    ...engine,
    open(uri, text, ...rest) {
      fails(text);
      const reader = engine.open(uri, text, ...rest);
      return {
        get file() { return reader.file; },
        get partial() { return reader.partial; },
        update(next, ...more) {
          fails(next);
          return reader.update(next, ...more);
        },
        dispose: () => reader.dispose(),
      };
    },
  };
  workspace = makeWorkspace({ 'schema.sql': TABLE, 'q.sql': QUERY });
  const project = await createProject({ folder: workspace.folder, engine: fragile, settings: {}, threads: 0 });
  await project.scan();
  const uri = toUri(at('q.sql'));
  const deep = 'SELECT id FROM orders ORDER BY id LIMIT 5 OFFSET 70;\n';
  const reason = 'could not be analysed: Maximum call stack size exceeded';
  await project.open(uri, deep);
  project.change(uri, `BOOM ${deep}`, [{ span: hostSpan(0, 0), text: 'BOOM ' }]);
  expect([project.textOf(uri), project.files.get(uri), project.lintOpen(uri), project.unread(uri), project.readWhole(uri)]).toEqual([`BOOM ${deep}`, undefined, undefined, reason, false]);
  expect(await rulesIn(project, 'q.sql')).toEqual([reason]);
  expect((await project.scan()).skipped).toEqual([{ path: at('q.sql'), reason }]);
  project.change(uri, deep, [{ span: hostSpan(0, 5), text: '' }]);
  expect([project.unread(uri), project.lintOpen(uri)?.text]).toEqual([undefined, deep]);
  expect(await rulesIn(project, 'q.sql')).toContain('offset-pagination');
  await project.open(uri, `${deep}BOOM`);
  expect(project.unread(uri)).toBe(reason);
  await project.close(uri);
  expect(project.files.get(uri)?.sites).toHaveLength(1);
});

it('an open script that is minified is not read, as it is not on disk', async () => {
  const query = "import { Pool } from 'pg';export const page=(n)=>new Pool().query('SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1',[n]);";
  const project = await open({ 'schema.sql': TABLE, 'package.json': '{"dependencies":{"pg":"8"}}', 'bundle.js': query });
  const uri = toUri(at('bundle.js'));
  await project.open(uri, query);
  expect(project.files.get(uri)?.sites).toHaveLength(1);
  project.change(uri, query.repeat(200), [{ span: hostSpan(0, query.length), text: query.repeat(200) }]);
  expect([project.files.get(uri), project.lintOpen(uri), project.unread(uri)]).toEqual([undefined, undefined, 'minified: most of it stands in lines longer than 1000 characters']);
  project.change(uri, query, [{ span: hostSpan(0, query.length * 200), text: query }]);
  expect([project.files.get(uri)?.sites.length, project.unread(uri)]).toEqual([1, undefined]);
});

it('what tells of a pooler is read where it is short, and nowhere else', async () => {
  const url = 'DATABASE_URL=postgres://a@pooler.example.com:6543/app?pgbouncer=true\n';
  workspace = makeWorkspace({ '.env': url });
  expect(await findPoolerFile(workspace.folder)).toBeDefined();
  workspace.write('.env', `${url}${'# data\n'.repeat(40_000)}`);
  expect(await findPoolerFile(workspace.folder)).toBeUndefined();
});

describe('what a transaction waits for stands in other files', () => {
  const files = {
    'src/pay.ts': "import { settle } from './settle';\nimport { db } from './db';\nexport const pay = (id: number) => db.transaction(async (tx) => {\n  await tx.query('UPDATE t SET paid = true WHERE id = $1', [id]);\n  await settle(id);\n});\n",
    'src/settle.ts': "import { charge } from './charge';\nexport async function settle(id: number) {\n  await charge(id);\n}\n",
    'src/charge.ts': 'export async function charge(id: number) {\n  return id;\n}\n',
    'src/db.ts': "import { Pool } from 'pg';\nexport const pool = new Pool();\nexport const db = { transaction: async (work: (tx: Pool) => Promise<void>) => work(pool) };\n",
  };
  const WAITS = "export async function charge(id: number) {\n  return fetch('https://payments.example/' + id);\n}\n";
  const found = (project: Project): readonly string[] => project.lintOpen(toUri(at('src/pay.ts')))?.findings.filter((f) => f.rule === 'io-in-transaction').map((f) => f.because ?? '') ?? ['not open'];

  it('the finding comes and goes with an edit two calls away', async () => {
    const project = await open(files);
    for (const name of ['src/pay.ts', 'src/charge.ts']) await project.open(toUri(at(name)), files[name as keyof typeof files]);
    const edit = (text: string): void => project.change(toUri(at('src/charge.ts')), text, []);
    expect(found(project)).toEqual([]);
    edit(WAITS);
    expect(found(project)).toHaveLength(1);
    edit(WAITS.replace('fetch(', 'String('));
    expect(found(project)).toEqual([]);
    edit(WAITS);
    expect(found(project)).toHaveLength(1);
    // The same on disk, in a file that nobody has open.
    await project.refresh(workspace?.write('src/settle.ts', files['src/settle.ts'].replace('await charge', 'void charge')) ?? '');
    expect(found(project)).toEqual([]);
  });

  it('a transaction counts once its callee runs a query', async () => {
    const project = await open({ ...files, 'src/charge.ts': WAITS, 'src/pay.ts': files['src/pay.ts'].replace(/ {2}await tx.*\n/, "  await store(id);\n").replace('import', "import { store } from './store';\nimport"), 'src/store.ts': "import { write } from './write';\nexport async function store(id: number) {\n  await write(id);\n}\n", 'src/write.ts': 'export async function write(id: number) {\n  return id;\n}\n' });
    const text = workspace?.read('src/pay.ts') ?? '';
    await project.open(toUri(at('src/pay.ts')), text);
    expect(found(project)).toEqual([]);
    await project.refresh(workspace?.write('src/write.ts', "import { pool } from './db';\nexport async function write(id: number) {\n  await pool.query('UPDATE t SET paid = true WHERE id = $1', [id]);\n}\n") ?? '');
    expect(found(project)).toHaveLength(1);
  });
});
