import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import type { Catalog } from '../../../server/src/core/catalog/model';
import { createEngine } from '../../../server/src/workspace/engine';
import { toUri } from '../../../server/src/workspace/paths';
import { createProject, type Project } from '../../../server/src/workspace/project';
import { checkSettings, type UserSettings } from '../../../server/src/workspace/settings';
import { rules } from '../../../server/src/core/rules/index.generated';
import { makeWorkspace } from '../../support/workspaceFolder';

const workspaces: { remove(): void }[] = [];
afterEach(() => workspaces.splice(0).forEach((workspace) => workspace.remove()));

const files = {
  'shop/migrations/0001_a.sql': 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);',
  'billing/migrations/0001_a.sql': 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL);\nCREATE INDEX ON orders (customer_id);',
  'shop/queries/find.sql': 'SELECT id FROM orders WHERE customer_id = $1;',
  'billing/queries/find.sql': 'SELECT id FROM orders WHERE customer_id = $1;',
};
const settings: UserSettings = { assume: { orders: 1_000_000 }, databases: [{ name: 'billing', paths: ['billing/**'] }, { name: 'shop', paths: ['shop/'] }], planner: 'off' };

async function open(user: UserSettings, content: Readonly<Record<string, string>> = files): Promise<{ project: Project; rulesOf(file: string): Promise<string[]>; uri(file: string): string }> {
  const workspace = makeWorkspace(content);
  workspaces.push(workspace);
  const project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: user, threads: 0 });
  await project.scan();
  return {
    project,
    uri: (file) => toUri(path.join(workspace.folder, file)),
    async rulesOf(file) {
      const linted = await project.lint(path.join(workspace.folder, file));
      return 'reason' in linted ? [linted.reason] : linted.findings.map((f) => f.rule);
    },
  };
}

const liveCatalog = (table: string): Catalog => buildCatalog({
  source: 'live', label: `${table} (PostgreSQL 16)`,
  changes: [{ type: 'create-table', table: { name: table }, ifNotExists: false, temporary: false, columns: [], constraints: [], foreignKeys: [], like: [], inherits: [] }],
});

describe('databases bound to paths', () => {
  it('each file is judged by the schema of its database', async () => {
    const { project, rulesOf } = await open(settings);
    expect(project.databases.map(({ name }) => name)).toEqual([undefined, 'billing', 'shop']);
    expect(await rulesOf('shop/queries/find.sql')).toContain('unindexed-predicate');
    expect(await rulesOf('billing/queries/find.sql')).not.toContain('unindexed-predicate');
  });

  it('two of one name keep planners of their own', async () => {
    const { project } = await open({ ...settings, databases: [{ name: 'shop', paths: ['shop/'] }, { name: 'shop', paths: ['billing/'] }] });
    expect(new Set(project.databases.map(({ planning }) => planning)).size).toBe(3);
  });

  it('without bindings one schema is found for all', async () => {
    const { project } = await open({ ...settings, databases: [] });
    expect(project.databases).toHaveLength(1);
  });

  it('a connection of the same name gives its catalog to the bound files alone', async () => {
    const { project, uri } = await open(settings);
    await project.setLive([{ name: 'billing', catalog: liveCatalog('invoices') }]);
    expect(project.catalogOf(uri('billing/queries/find.sql'))?.source).toBe('live');
    expect(project.catalogOf(uri('shop/queries/find.sql'))?.source).toBe('migrations');
  });

  it('a connection with paths of its own is a binding; one without is the rest', async () => {
    const { project, uri } = await open({ ...settings, databases: [] });
    await project.setLive([{ name: 'main', catalog: liveCatalog('a') }, { name: 'shop', catalog: liveCatalog('b'), paths: ['shop/**'] }]);
    expect([...(project.catalogOf(uri('shop/queries/find.sql'))?.tables.keys() ?? [])]).toContain('public.b');
    expect([...(project.catalogOf(uri('billing/queries/find.sql'))?.tables.keys() ?? [])]).toContain('public.a');
    await project.setLive([]);
    expect(project.databases).toHaveLength(1);
  });

  it('absolute patterns name their own folder', async () => {
    const { project, uri } = await open({ ...settings, databases: [] });
    await project.setLive([{ name: 'all', catalog: liveCatalog('a'), paths: [path.join(project.folder, 'shop')] }, { name: 'elsewhere', catalog: liveCatalog('b'), paths: ['/nowhere/**'] }]);
    expect(project.databases.map(({ name }) => name)).toEqual([undefined, 'all']);
    expect(project.catalogOf(uri('shop/queries/find.sql'))?.source).toBe('live');
  });

  it('settings that name no paths are refused in words', () => {
    const [problem] = checkSettings({ databases: [{ name: 'x' }] }, rules);
    expect(problem?.message).toContain("'paths'");
  });
});
