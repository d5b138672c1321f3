import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectTenantOccurrences } from '../../server/src/core/advice/tenantEvidence';
import { findTenantColumns } from '../../server/src/core/advice/tenantScope';
import type { Catalog } from '../../server/src/core/catalog/model';
import { defaultSettings } from '../../server/src/core/lint/defaults';
import type { SqlAnalyser } from '../../server/src/core/sql/ports';
import { introspect } from '../../server/src/db/introspect';
import { openSession } from '../../server/src/db/session';
import { createDatabase, serverVersion, type TestDatabase } from '../support/postgres';
import { loadReaders, readCatalog } from '../support/readers';

/** Ids tell the tenant: 101 is organization 1's. */
const TABLES = `
CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE projects (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, name text NOT NULL);
CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, project_id bigint NOT NULL REFERENCES projects, total numeric NOT NULL);
CREATE TABLE notes (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, body text NOT NULL);
CREATE TABLE files (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, path text NOT NULL);
CREATE TABLE currencies (id bigint PRIMARY KEY, code text NOT NULL);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (organization_id = current_setting('app.org')::bigint);
ALTER TABLE files ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON files USING (organization_id = current_setting('app.org')::bigint);
`;
const VIEWS = `
CREATE VIEW plain AS SELECT * FROM invoices;
CREATE VIEW renamed AS SELECT id, organization_id AS org, total FROM invoices;
CREATE VIEW listed (number, owner) AS SELECT i.id, i.organization_id FROM invoices i;
CREATE VIEW bare AS SELECT id, total FROM invoices;
CREATE VIEW own AS SELECT id, total FROM invoices WHERE organization_id = current_setting('app.org')::bigint;
CREATE VIEW barred WITH (security_barrier) AS SELECT id, organization_id, total FROM invoices WHERE organization_id = current_setting('app.org')::bigint;
CREATE VIEW over_own AS SELECT id FROM own WHERE total > 0;
CREATE VIEW over_plain AS SELECT p.id, p.organization_id, p.total FROM plain p;
CREATE VIEW joined AS SELECT i.id, p.name, p.organization_id FROM invoices i JOIN projects p ON p.id = i.project_id;
CREATE VIEW half AS SELECT i.id, o.total FROM invoices i JOIN own o ON o.id = i.id;
CREATE VIEW both_kinds AS SELECT id, organization_id FROM invoices UNION ALL SELECT id, organization_id FROM projects;
CREATE VIEW mixed AS SELECT id, organization_id FROM invoices WHERE organization_id = current_setting('app.org')::bigint UNION ALL SELECT id, organization_id FROM projects;
CREATE VIEW totals AS SELECT organization_id, min(id) AS id, sum(total) AS total FROM invoices GROUP BY organization_id;
CREATE VIEW overall AS SELECT count(*) AS id FROM invoices;
CREATE VIEW money AS SELECT id, code FROM currencies;
CREATE VIEW read_notes AS SELECT id, body FROM notes;
CREATE VIEW texts AS SELECT id, upper(body) AS body FROM notes;
CREATE MATERIALIZED VIEW kept AS SELECT id, organization_id, total FROM invoices;
CREATE MATERIALIZED VIEW first_only AS SELECT id, total FROM invoices WHERE organization_id = 1;
`;
/** Views have had it since 15. */
const INVOKER = `
CREATE VIEW asking WITH (security_invoker = true) AS SELECT id, path FROM files;
CREATE VIEW asking_too WITH (security_invoker) AS SELECT id FROM asking;
`;
const ROWS = `
INSERT INTO organizations VALUES (1, 'one'), (2, 'two');
INSERT INTO projects SELECT o * 100 + n, o, 'p' FROM generate_series(1, 2) o, generate_series(1, 2) n;
INSERT INTO invoices SELECT o * 100 + n, o, o * 100 + n, 5 FROM generate_series(1, 2) o, generate_series(1, 2) n;
INSERT INTO notes SELECT o * 100 + n, o, 'b' FROM generate_series(1, 2) o, generate_series(1, 2) n;
INSERT INTO files SELECT o * 100 + n, o, '/' FROM generate_series(1, 2) o, generate_series(1, 2) n;
INSERT INTO currencies VALUES (1, 'EUR'), (2, 'USD');
REFRESH MATERIALIZED VIEW kept;
REFRESH MATERIALIZED VIEW first_only;
`;

/** Run as a role without rights over the tables, as the application of organization 1. */
const QUERIES: readonly string[] = [
  'SELECT id FROM plain', 'SELECT id FROM plain WHERE organization_id = 1', 'SELECT id FROM plain WHERE id > 0',
  'SELECT id FROM renamed', 'SELECT id FROM renamed WHERE org = 1', 'SELECT id FROM renamed r WHERE r.total > 1',
  'SELECT number AS id FROM listed', 'SELECT number AS id FROM listed WHERE owner = 1',
  'SELECT id FROM bare', 'SELECT b.id FROM bare b JOIN invoices i ON i.id = b.id WHERE i.organization_id = 1',
  'SELECT id FROM own', 'SELECT id FROM own WHERE id > 0', 'SELECT id FROM barred', 'SELECT id FROM over_own', 'SELECT o.id FROM own o JOIN over_own x ON x.id = o.id',
  'SELECT id FROM over_plain', 'SELECT id FROM over_plain WHERE organization_id = 1',
  'SELECT id FROM joined', 'SELECT id FROM joined WHERE organization_id = 1', 'SELECT id FROM half',
  'SELECT id FROM both_kinds', 'SELECT id FROM both_kinds WHERE organization_id = 1', 'SELECT id FROM mixed', 'SELECT id FROM mixed WHERE organization_id = 1',
  'SELECT id FROM totals', 'SELECT id FROM totals WHERE organization_id = 1',
  'SELECT id FROM overall', 'SELECT id FROM money',
  'SELECT id FROM notes', 'SELECT id FROM read_notes', 'SELECT id FROM texts',
  'SELECT id FROM kept', 'SELECT id FROM kept WHERE organization_id = 1', 'SELECT id FROM first_only',
  'SELECT p.id FROM projects p WHERE p.organization_id = 1 AND EXISTS (SELECT FROM own o WHERE o.id = p.id)',
  'SELECT p.id FROM projects p WHERE p.id IN (SELECT id FROM own)', 'SELECT p.id FROM projects p WHERE p.id IN (SELECT id FROM plain)',
];
const WITH_INVOKER: readonly string[] = ['SELECT id FROM files', 'SELECT id FROM asking', 'SELECT id FROM asking_too', 'SELECT id FROM asking WHERE id > 0'];

async function live(url: string): Promise<Catalog> {
  const session = openSession(url);
  try {
    return await introspect(session);
  } finally {
    await session.close();
  }
}

describe('views: what the rule says of a query is what the server gives', () => {
  let database: TestDatabase;
  let sql: SqlAnalyser;
  let modern = false;
  let role = '';
  let client: pg.Client;
  const catalogs: { readonly from: string; readonly catalog: Catalog }[] = [];
  beforeAll(async () => {
    modern = (await serverVersion()) >= 150_000;
    const views = VIEWS + (modern ? INVOKER : '');
    database = await createDatabase(TABLES + views + ROWS);
    role = `reader_of_${database.name}`;
    await database.query(`CREATE ROLE ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
    sql = (await loadReaders()).sql;
    catalogs.push({ from: 'migrations', catalog: readCatalog(sql, [TABLES + views])! }, { from: 'the server', catalog: await live(database.url) });
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`SET ROLE ${role}; SET app.org = '1'`);
  });
  afterAll(async () => {
    await client?.end();
    await database?.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await database?.drop();
  });

  it('the same for definitions of migrations and of the server', async () => {
    const answers: string[] = [];
    const expected: string[] = [];
    for (const text of [...QUERIES, ...(modern ? WITH_INVOKER : [])]) {
      const { rows } = await client.query<{ id: string }>(text);
      const leaks = rows.some((row) => Number(row.id) >= 200);
      for (const { from, catalog } of catalogs) {
        const tenant = findTenantColumns({ catalog, settings: defaultSettings, sql });
        const found = tenant ? collectTenantOccurrences({ model: sql.analyse({ text, placeholders: 'dollar', interpolations: [] }), catalog }, tenant.columnOf) : [];
        answers.push(`${from}: ${text}: ${found.some((o) => o.evidence === 'none') ? 'open' : 'held'}`);
        expected.push(`${from}: ${text}: ${leaks ? 'open' : 'held'}`);
      }
    }
    expect(answers).toEqual(expected);
    expect(new Set(expected.map((line) => line.split(': ').at(-1)))).toEqual(new Set(['open', 'held']));
  });
});
