import { describe, expect, it } from 'vitest';
import { codeWorkspace } from '../../support/readCommon';
import { languages, MODELS, wrap } from './rows/languages';

const SCHEMA = 'CREATE TABLE users (id bigint PRIMARY KEY, team_id bigint NOT NULL, name text NOT NULL); CREATE TABLE "Users" ("Id" int PRIMARY KEY, "Name" text NOT NULL);';

/** Clauses of the query rules in Go, Java, Ruby, PHP, C# and Rust, library by library. */
describe.each(Object.entries(languages))('%s', (id, rows) => {
  it.each(rows)('%s', async (_, path, body, speaks) => {
    const workspace = await codeWorkspace({ ...MODELS, [path]: wrap(path, body) }, SCHEMA);
    expect(workspace.lint(path, id), workspace.file(path).sites.map((site) => site.source?.text ?? '(opaque)').join('\n') || 'no query').toHaveLength(speaks ? 1 : 0);
  });
});
