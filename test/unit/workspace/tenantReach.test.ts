import { expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';
import { createProject } from '../../../server/src/workspace/project';
import { makeWorkspace } from '../../support/workspaceFolder';

const STORE = "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const served = (id: string) => pool.query('SELECT total FROM invoices WHERE id = $1', [id]);\nexport const kept = (id: string) => pool.query('SELECT total FROM invoices WHERE id = $1', [id]);\n";

it('where the tenant column is only inferred, a statement by id counts if a handler runs it', async () => {
  const workspace = makeWorkspace({
    'db/migrations/20240101000000_init.sql': 'CREATE TABLE teams (id bigint PRIMARY KEY);\nCREATE TABLE invoices (id bigint PRIMARY KEY, team_id bigint NOT NULL REFERENCES teams, total int);\nCREATE TABLE projects (id bigint PRIMARY KEY, team_id bigint NOT NULL REFERENCES teams);\nCREATE TABLE notes (id bigint PRIMARY KEY, team_id bigint NOT NULL REFERENCES teams);\n',
    'src/store.ts': STORE,
    'src/app.ts': "import express from 'express';\nimport { served } from './store';\nconst app = express();\napp.get('/invoices/:id', async (req, res) => {\n  res.json(await served(req.params.id));\n});\n",
  });
  try {
    const project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: {} });
    await project.scan();
    const result = await project.lint(workspace.path('src/store.ts'));
    const found = 'findings' in result ? result.findings.filter(({ rule }) => rule === 'missing-tenant-filter') : [];
    expect(found.map(({ severity, span }) => [severity, STORE.slice(0, span.start).split('\n').length])).toEqual([['hint', 3]]);
  } finally {
    workspace.remove();
  }
});
