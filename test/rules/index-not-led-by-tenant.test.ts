import { indexNotLedByTenant } from '../../server/src/core/rules/index-not-led-by-tenant';
import { testRule, type RuleCase } from '../support/ruleTester';

const TABLES = `CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE projects (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, name text NOT NULL);
CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, project_id bigint REFERENCES projects, due date NOT NULL, total numeric);
`;
const migrations = { folder: 'migrations', format: 'plain', existing: ['001_init.sql'] } as const;
const made = (index: string, queries: string, rest: Partial<RuleCase> = {}): RuleCase => ({ schema: `${TABLES}${index}`, code: `${index}\n${queries}\n`, embed: false, settings: { migrations }, ...rest });
const INDEX = 'CREATE INDEX invoices_due_idx ON invoices (due);';
const OWN = 'SELECT id FROM invoices WHERE organization_id = $1 AND due < $2;';

testRule(indexNotLedByTenant, {
  flagged: [
    made(INDEX, `--           ^^^^^^^^^^^^^^^^ 2 queries look for due of one tenant\n${OWN}\nSELECT id FROM invoices WHERE organization_id = $1 ORDER BY due LIMIT 10;`, { severity: 'info', fixes: 1 }),
  ],
  clean: [
    // One query over all tenants; none at all; a part that is not known.
    made(INDEX, `${OWN}\nSELECT id FROM invoices WHERE due < $1;`),
    made(INDEX, 'SELECT id FROM invoices WHERE organization_id = $1;'),
    made('CREATE UNIQUE INDEX invoices_due_idx ON invoices (due);', OWN),
    made('CREATE INDEX invoices_due_idx ON invoices (organization_id, due);', OWN),
    made('CREATE INDEX invoices_project_idx ON invoices (project_id);', 'SELECT id FROM invoices WHERE organization_id = $1 AND project_id = $2;'),
    made('ALTER TABLE invoices ADD session_id uuid;\nCREATE INDEX invoices_session_idx ON invoices (session_id, due);', 'SELECT id FROM invoices WHERE organization_id = $1 AND session_id = $2;'),
    made(INDEX, OWN, { settings: { migrations, assume: { invoices: 100 } } }),
  ],
});
