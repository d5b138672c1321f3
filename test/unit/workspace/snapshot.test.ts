import fs from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toSnapshotFiles } from '../../../server/src/core/catalog/snapshot';
import type { RelationStatistics } from '../../../server/src/core/catalog/statistics';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';
import { createProject, type Project } from '../../../server/src/workspace/project';
import { makeWorkspace } from '../../support/workspaceFolder';
import { catalogOf } from '../catalog/schema';

const DDL = 'CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL);\n';
const figures: RelationStatistics = { pages: 5000, tuples: 800_000, allVisible: 0, filePages: 5000, columns: [] };

/** Files of a snapshot of this schema, below a folder. */
function snapshotFiles(ddl: string, folder = '.sargable'): Record<string, string> {
  const live = catalogOf(ddl, { source: 'live', label: 'x' });
  const tables = new Map([...live.tables].map(([key, table]) => [key, { ...table, rows: 800_000, rowsSource: 'statistics' as const }]));
  const statistics = { source: 'live' as const, version: '1', relations: new Map([...tables.keys()].map((key) => [key, figures])) };
  const files = toSnapshotFiles({ ...live, tables, statistics, server: { version: 160004, versionText: '16.4', settings: {}, extensions: [] } }, { values: 'none', project: 'p' }) ?? [];
  return Object.fromEntries(files.map(({ path, text }) => [`${folder}/${path}`, text]));
}

let engine: Engine;
let workspace: ReturnType<typeof makeWorkspace>;
beforeAll(async () => void (engine = await createEngine()));
afterEach(() => workspace.remove());

async function open(files: Record<string, string>, settings = {}): Promise<Project> {
  workspace = makeWorkspace(files);
  const project = await createProject({ folder: workspace.folder, engine, settings, threads: 0 });
  await project.scan();
  return project;
}

describe('a snapshot in the workspace', () => {
  it('is a catalog by itself, with the statistics it holds', async () => {
    const project = await open({ ...snapshotFiles(DDL), 'q.sql': 'SELECT 1;\n' });
    expect([project.catalog?.source, project.catalog?.label, project.problems]).toEqual(['snapshot', 'snapshot (PostgreSQL 16.4)', []]);
    expect(project.catalog?.tables.get('public.orders')).toMatchObject({ rows: 800_000, rowsSource: 'statistics' });
    expect(project.catalog?.statistics).toMatchObject({ source: 'snapshot' });
  });

  it('shows what a migration of the branch adds, and the places of what it has', async () => {
    const project = await open({ ...snapshotFiles(DDL), 'migrations/0001_a.sql': DDL });
    expect(project.catalog?.label).toBe('snapshot (PostgreSQL 16.4)');
    await project.refresh(workspace.write('migrations/0002_b.sql', 'CREATE INDEX orders_customer ON orders (customer);\n'));
    expect(project.catalog?.label).toBe('snapshot (PostgreSQL 16.4) + 1 newer migration');
    expect(project.catalog?.tables.get('public.orders')).toMatchObject({ rows: 800_000, definedAt: { uri: expect.stringContaining('0001_a.sql') }, indexes: [{ name: 'orders_pkey' }, { name: 'orders_customer' }] });
    expect(project.catalog?.statistics?.relations.get('public.orders')).toEqual(figures);
  });

  it('is read anew when its files change, and its problems are told', async () => {
    const project = await open(snapshotFiles(DDL));
    const before = project.catalog?.version;
    for (const [name, text] of Object.entries(snapshotFiles(`${DDL.trimEnd()}\nCREATE TABLE carts (id int);\n`))) workspace.write(name, text);
    expect(await project.refresh(workspace.path('.sargable/meta.json'))).toBe(true);
    expect([...(project.catalog?.tables.keys() ?? [])]).toEqual(['public.carts', 'public.orders']);
    expect(project.catalog?.version).not.toBe(before);
    const file = workspace.write('.sargable/schema/public.carts.json', '{ "name": 3 }');
    await project.refresh(file);
    expect(project.problems).toEqual([expect.stringMatching(/^\.sargable\/schema\/public\.carts\.json cannot be used: schema is missing; write it anew/)]);
    expect(project.catalog?.incomplete).toBe(true);
    fs.rmSync(workspace.path('.sargable'), { recursive: true });
    await project.refresh(file);
    expect(project.catalog).toBeUndefined();
  });

  it('may stand elsewhere, beside schema files, and belong to one of several databases', async () => {
    const project = await open({ ...snapshotFiles(DDL, 'db/snapshot'), 'db/schema.sql': `${DDL}CREATE TABLE carts (id int);\n` }, { schema: ['db/snapshot', 'db/schema.sql'] });
    expect(project.catalog?.label).toBe('snapshot (PostgreSQL 16.4) + newer parts of db/schema.sql');
    expect([...(project.catalog?.tables.keys() ?? [])]).toEqual(['public.orders', 'public.carts']);
    workspace.remove();
    const several = await open({ ...snapshotFiles(DDL, '.sargable/billing'), 'billing/q.sql': 'SELECT 1;\n', 'q.sql': 'SELECT 1;\n' }, { databases: [{ name: 'billing', paths: ['billing/'] }] });
    expect(several.databases.map(({ name, state }) => [name, state.catalog?.label])).toEqual([[undefined, undefined], ['billing', 'snapshot (PostgreSQL 16.4)']]);
  });
});
