import { beforeAll, describe, expect, it } from 'vitest';
import { collectTenantOccurrences } from '../../../server/src/core/advice/tenantEvidence';
import { findTenantColumns } from '../../../server/src/core/advice/tenantScope';
import type { Catalog } from '../../../server/src/core/catalog/model';
import { defaultSettings } from '../../../server/src/core/lint/defaults';
import type { SqlAnalyser } from '../../../server/src/core/sql/ports';
import { loadReaders, readCatalog } from '../../support/readers';

const SCHEMA = `
CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE projects (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, name text NOT NULL);
CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, project_id bigint REFERENCES projects, total numeric NOT NULL, is_public boolean NOT NULL);
CREATE TABLE lines (id bigint PRIMARY KEY, organization_id bigint NOT NULL, invoice_id bigint NOT NULL REFERENCES invoices, amount numeric NOT NULL);
CREATE TABLE members (organization_id bigint NOT NULL, user_id bigint NOT NULL, PRIMARY KEY (organization_id, user_id));
CREATE TABLE keys (id bigint PRIMARY KEY, organization_id bigint NOT NULL, token_hash text NOT NULL);
CREATE TABLE notes (id bigint PRIMARY KEY, organization_id bigint NOT NULL, body text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (organization_id = current_setting('app.org')::bigint);
CREATE TABLE posts (id bigint PRIMARY KEY, organization_id bigint NOT NULL, body text);
ALTER TABLE posts ENABLE ROW LEVEL SECURITY;
CREATE POLICY open ON posts FOR SELECT USING (true);
CREATE POLICY own ON posts FOR UPDATE USING (organization_id = current_setting('app.org')::bigint);
CREATE TABLE files (id bigint PRIMARY KEY, organization_id bigint NOT NULL, path text);
CREATE POLICY own ON files USING (organization_id = current_setting('app.org')::bigint);
CREATE TABLE countries (code text PRIMARY KEY);
`;

/** A statement and, per tenant table in order, what ties it: `alias evidence`. */
const CASES: readonly (readonly [string, string])[] = [
  // One table.
  ['SELECT id FROM invoices', 'invoices none'],
  ['SELECT id FROM invoices WHERE organization_id = $1', 'invoices predicate'],
  ['SELECT id FROM invoices i WHERE $1 = i.organization_id', 'i predicate'],
  ['SELECT id FROM invoices WHERE organization_id = $1::bigint AND id = $2', 'invoices predicate'],
  ['SELECT id FROM invoices WHERE organization_id = 7', 'invoices predicate'],
  ['SELECT id FROM invoices WHERE organization_id IN ($1, $2)', 'invoices predicate'],
  ['SELECT id FROM invoices WHERE organization_id = ANY($1)', 'invoices predicate'],
  ['SELECT id FROM invoices WHERE (organization_id, id) = ($1, $2)', 'invoices predicate'],
  ['SELECT id FROM invoices WHERE organization_id IS NOT DISTINCT FROM $1', 'invoices predicate'],
  ["SELECT id FROM invoices WHERE organization_id = current_setting('app.org')::bigint", 'invoices predicate'],
  ['SELECT id FROM invoices WHERE can_see(organization_id, $1)', 'invoices predicate'],
  // What looks like it and is not.
  ['SELECT id FROM invoices WHERE organization_id <> $1', 'invoices none'],
  ['SELECT id FROM invoices WHERE organization_id > $1', 'invoices none'],
  ['SELECT id FROM invoices WHERE organization_id BETWEEN $1 AND $2', 'invoices none'],
  ['SELECT id FROM invoices WHERE organization_id NOT IN ($1)', 'invoices none'],
  ['SELECT id FROM invoices WHERE NOT (organization_id = $1)', 'invoices none'],
  ['SELECT id FROM invoices WHERE organization_id IS NOT NULL', 'invoices none'],
  ['SELECT id FROM invoices WHERE organization_id = organization_id', 'invoices none'],
  ['SELECT id FROM invoices WHERE organization_id = project_id', 'invoices none'],
  ['SELECT organization_id FROM invoices GROUP BY organization_id HAVING count(*) > $1', 'invoices none'],
  ['SELECT id FROM invoices ORDER BY organization_id = $1', 'invoices none'],
  // OR ties what each branch ties.
  ['SELECT id FROM invoices WHERE organization_id = $1 OR id = $2', 'invoices none'],
  ['SELECT id FROM invoices WHERE organization_id = $1 OR organization_id = $2', 'invoices predicate'],
  ['SELECT id FROM invoices WHERE (organization_id = $1 AND total > 5) OR (organization_id = $1 AND total < 3)', 'invoices predicate'],
  ['SELECT id FROM invoices WHERE organization_id = $1 OR is_public', 'invoices predicate'],
  ['SELECT id FROM invoices WHERE organization_id = $1 OR organization_id IS NULL', 'invoices predicate'],
  ['SELECT id FROM invoices WHERE is_public OR total > $1', 'invoices none'],
  ['SELECT id FROM invoices WHERE id = $2 AND (organization_id = $1 OR total > 0)', 'invoices none'],
  // The closure over joins.
  ['SELECT 1 FROM invoices i JOIN projects p ON p.organization_id = i.organization_id WHERE p.organization_id = $1', 'i predicate p predicate'],
  ['SELECT 1 FROM lines l JOIN invoices i USING (organization_id) JOIN projects p USING (organization_id) WHERE l.organization_id = $1', 'l predicate i predicate p predicate'],
  ['SELECT 1 FROM lines l, invoices i WHERE l.organization_id = i.organization_id AND i.organization_id = $1', 'l predicate i predicate'],
  ['SELECT 1 FROM organizations o JOIN invoices i ON i.organization_id = o.id WHERE o.id = $1', 'i predicate'],
  ['SELECT 1 FROM invoices i JOIN countries c ON true WHERE i.organization_id = $1', 'i predicate'],
  ['SELECT 1 FROM invoices i CROSS JOIN projects p WHERE i.organization_id = $1', 'i predicate p none'],
  // One hop of ownership.
  ['SELECT 1 FROM lines l JOIN invoices i ON i.id = l.invoice_id WHERE i.organization_id = $1', 'l join i predicate'],
  ['SELECT 1 FROM lines l JOIN invoices i ON i.id = l.invoice_id WHERE i.id = $1', 'l none i none'],
  ['SELECT 1 FROM lines l JOIN invoices i ON i.id = l.invoice_id JOIN projects p ON p.id = i.project_id WHERE p.organization_id = $1', 'l join i join p predicate'],
  // Outer joins.
  ['SELECT 1 FROM invoices i LEFT JOIN projects p ON p.id = i.project_id WHERE i.organization_id = $1', 'i predicate p join'],
  ['SELECT 1 FROM invoices i LEFT JOIN projects p ON p.id = i.project_id AND p.organization_id = $1', 'i none p predicate'],
  ['SELECT 1 FROM invoices i LEFT JOIN projects p ON p.id = i.project_id AND i.organization_id = $1', 'i none p none'],
  ['SELECT 1 FROM invoices i LEFT JOIN projects p ON p.organization_id = i.organization_id AND i.organization_id = $1', 'i none p none'],
  ['SELECT 1 FROM invoices i LEFT JOIN projects p ON p.id = i.project_id WHERE p.organization_id = $1', 'i join p predicate'],
  ['SELECT 1 FROM invoices i RIGHT JOIN projects p ON p.id = i.project_id AND i.organization_id = $1', 'i predicate p none'],
  ['SELECT 1 FROM invoices i RIGHT JOIN projects p ON p.id = i.project_id WHERE p.organization_id = $1', 'i join p predicate'],
  ['SELECT 1 FROM invoices i FULL JOIN projects p ON p.id = i.project_id AND p.organization_id = $1', 'i none p none'],
  // Sub-queries.
  ['SELECT 1 FROM lines WHERE invoice_id IN (SELECT id FROM invoices WHERE organization_id = $1)', 'lines sub-query invoices predicate'],
  ['SELECT 1 FROM lines WHERE invoice_id NOT IN (SELECT id FROM invoices WHERE organization_id = $1)', 'lines none invoices predicate'],
  ['SELECT 1 FROM lines l WHERE EXISTS (SELECT 1 FROM invoices i WHERE i.id = l.invoice_id AND i.organization_id = $1)', 'l sub-query i predicate'],
  ['SELECT 1 FROM lines l WHERE NOT EXISTS (SELECT 1 FROM invoices i WHERE i.id = l.invoice_id AND i.organization_id = $1)', 'l none i predicate'],
  ['SELECT 1 FROM invoices i WHERE organization_id = $1 AND NOT EXISTS (SELECT 1 FROM lines l WHERE l.invoice_id = i.id)', 'i predicate l join'],
  ['SELECT (SELECT p.name FROM projects p WHERE p.id = i.project_id AND p.organization_id = $1) FROM invoices i', 'i none p predicate'],
  ['SELECT (SELECT count(*) FROM lines l WHERE l.invoice_id = i.id) FROM invoices i WHERE i.organization_id = $1', 'i predicate l join'],
  ['SELECT 1 FROM invoices WHERE organization_id IN (SELECT organization_id FROM members WHERE user_id = $1)', 'invoices sub-query members owner'],
  ['SELECT 1 FROM invoices WHERE organization_id IN (SELECT organization_id FROM members)', 'invoices none members none'],
  ['SELECT 1 FROM invoices WHERE organization_id IN (SELECT id FROM organizations WHERE name = $1)', 'invoices predicate'],
  ['SELECT 1 FROM invoices WHERE organization_id = (SELECT organization_id FROM keys WHERE token_hash = $1)', 'invoices predicate keys secret'],
  ['SELECT 1 FROM invoices WHERE project_id IN (SELECT id FROM projects WHERE organization_id = $1 UNION SELECT id FROM projects WHERE name = $2)', 'invoices none projects predicate projects none'],
  // CTEs, derived tables, LATERAL.
  ['WITH own AS (SELECT * FROM invoices WHERE organization_id = $1) SELECT 1 FROM own JOIN lines l ON l.invoice_id = own.id', 'l join invoices predicate'],
  ['WITH own AS (SELECT * FROM invoices) SELECT 1 FROM own WHERE id = $1', 'invoices none'],
  ['SELECT 1 FROM (SELECT * FROM invoices) i WHERE i.organization_id = $1', 'invoices predicate'],
  ['SELECT 1 FROM (SELECT id FROM invoices WHERE organization_id = $1) i JOIN lines l ON l.invoice_id = i.id', 'l join invoices predicate'],
  ['SELECT 1 FROM invoices i, LATERAL (SELECT * FROM lines l WHERE l.invoice_id = i.id LIMIT 3) x WHERE i.organization_id = $1', 'i predicate l join'],
  // Set operations: each arm for itself.
  ['SELECT id FROM invoices WHERE organization_id = $1 UNION ALL SELECT id FROM projects', 'invoices predicate projects none'],
  ['SELECT id FROM invoices WHERE organization_id = $1 EXCEPT SELECT invoice_id FROM lines WHERE organization_id = $1', 'invoices predicate lines predicate'],
  // Writes.
  ['INSERT INTO invoices (id, organization_id, total, is_public) VALUES ($1, $2, 0, false)', ''],
  ['INSERT INTO lines (id, organization_id, invoice_id, amount) SELECT $1, organization_id, id, 0 FROM invoices WHERE id = $2', 'invoices none'],
  ['UPDATE invoices SET total = 0 WHERE id = $1', 'invoices none'],
  ['UPDATE invoices SET total = 0 WHERE id = $1 AND organization_id = $2', 'invoices predicate'],
  ['UPDATE invoices SET organization_id = $1 WHERE id = $2', 'invoices none'],
  ['UPDATE lines l SET amount = 0 FROM invoices i WHERE i.id = l.invoice_id AND i.organization_id = $1', 'l join i predicate'],
  ['UPDATE lines l SET amount = 0 FROM invoices i WHERE i.id = $2 AND i.organization_id = $1', 'l none i predicate'],
  ['DELETE FROM lines USING invoices i WHERE i.id = lines.invoice_id AND i.organization_id = $1', 'lines join i predicate'],
  ['DELETE FROM lines USING invoices i WHERE i.organization_id = $1', 'lines none i predicate'],
  // Row-level security.
  ['SELECT body FROM notes WHERE id = $1', 'notes row-security'],
  ['SELECT body FROM posts WHERE id = $1', 'posts none'],
  ['UPDATE posts SET body = $2 WHERE id = $1', 'posts row-security'],
  ['DELETE FROM posts WHERE id = $1', 'posts none'],
  ['SELECT path FROM files WHERE id = $1', 'files none'],
];

let sql: SqlAnalyser;
let catalog: Catalog | undefined;
beforeAll(async () => {
  sql = (await loadReaders()).sql;
  catalog = readCatalog(sql, [SCHEMA]);
});

describe('what ties each row to one tenant', () => {
  it('covers at least sixty statements', () => expect(CASES.length).toBeGreaterThanOrEqual(60));
  it.each(CASES)('%s', (text, expected) => {
    const tenant = findTenantColumns({ catalog, settings: defaultSettings, sql });
    expect(tenant).toBeDefined();
    if (!tenant) return;
    const found = collectTenantOccurrences({ model: sql.analyse({ text, placeholders: 'dollar', interpolations: [] }), catalog }, tenant.columnOf);
    expect(found.map((o) => `${o.block.relations[o.relationIndex]?.alias} ${o.evidence}`).join(' ')).toBe(expected);
  });
});
