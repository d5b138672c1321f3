import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';
import { explainInTwin } from '../../../server/src/workspace/explainTwin';
import { createProject, type Project } from '../../../server/src/workspace/project';
import { queryFromSql } from '../../../server/src/workspace/queryAt';
import { toUri } from '../../../server/src/workspace/paths';
import { sharedTwin } from '../../support/twin';
import { makeWorkspace } from '../../support/workspaceFolder';

let engine: Engine;
let project: Project;
let workspace: ReturnType<typeof makeWorkspace>;
beforeAll(async () => {
  workspace = makeWorkspace({ 'schema.sql': 'create table orders (id bigint primary key, customer bigint not null, total int);\ncreate index orders_customer on orders (customer);\n' });
  engine = await createEngine();
  project = await createProject({ folder: workspace.folder, engine, settings: { assume: { orders: 500_000 } }, threads: 0, twin: sharedTwin() });
  await project.scan({});
});
afterAll(() => {
  workspace.remove();
});
const explain = async (sql: string): ReturnType<typeof explainInTwin> => explainInTwin(sharedTwin(), project.catalogOf(toUri(workspace.path('q.ts'))), queryFromSql(engine, sql));

describe('EXPLAIN without a database', () => {
  it('plans over the schema of the folder and says what the figures rest on', async () => {
    const outcome = await explain('select total from orders where customer = $1;');
    expect(outcome).toMatchObject({ kind: 'plan', analyzed: false });
    expect(JSON.stringify(outcome)).toContain('orders_customer');
    expect(outcome.kind === 'plan' && outcome.notes).toEqual([expect.stringContaining('Generic plan') as string, 'Planned in the twin with assumed volumes; nothing was executed.', 'Assumed: orders 500,000 rows.']);
  });
  it.each(['select 1; drop table orders', 'select from where', 'create table a as select 1', 'select 1 into a', 'notify a', 'explain analyze select 1'])('refuses %s', async (sql) => {
    expect(await explain(sql)).toMatchObject({ kind: 'refused', canOverride: false });
  });
  it('says what it does not know', async () => {
    expect(await explain('select * from nowhere')).toMatchObject({ kind: 'error', message: expect.stringContaining('cannot plan') as string });
    expect(await explainInTwin(undefined, undefined, queryFromSql(engine, 'select 1'))).toMatchObject({ kind: 'error' });
  });
});
